/*
 * receive: files that peers offer, to the folder of -r or to standard output.
 *
 * receive.c takes the bytes from their streams, receive_file.c knows what there
 * is of the files here; receive_si.c and receive_jingle.c take offers of any
 * program (XEP-0096, XEP-0234), receive_native.c those in streams between
 * xcats.  Another way of offering files ends in incoming_prepare(), too.
 */
#ifndef NET_FILE_RECEIVE_H
#define NET_FILE_RECEIVE_H

#include "net/channel/app.h"
#include "xml/check.h"

struct dispatch;
struct file_meta;
struct partial;
struct receiver;

#define RECEIVE_ERR	512

/* A receiver for this run, with the folder of -r if there is one; channels find
 * it by app->takers, others by app->receiver.  NULL with a fault, and
 * a message in err[RECEIVE_ERR], if the folder is of no use. */
struct receiver *receive_new(struct app *app, enum fault *fault, char *err);
/* Free it and all files that are on their way.  NULL is fine. */
void	 receive_free(struct receiver *r);

/* We have logged in: offers by SI (XEP-0095) come from d now, and those by
 * Jingle (XEP-0234), which senders need, too.  0, or -1 when out of memory. */
int	 receive_login(struct receiver *r, struct dispatch *d) MUST_CHECK;
/* Is standard output taken by a stream or file, or about to be?  Not if there
 * is a folder. */
int	 receive_busy(const struct receiver *r);
/* A partial file in the folder, as partial_open() has it; NULL and errno, which
 * is 0 if there is no folder. */
struct partial *receive_partial(const struct receiver *r,
	    const struct file_meta *m);

#endif
