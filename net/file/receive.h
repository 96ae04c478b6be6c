/*
 * receive: files that peers offer, to the folder of -r or to standard output.
 *
 * receive.c takes them by their streams, receive_file.c knows what there is of
 * them here; receive_si.c takes offers of any program (XEP-0096),
 * receive_words.c those in streams between xcats.
 */
#ifndef NET_FILE_RECEIVE_H
#define NET_FILE_RECEIVE_H

#include <stddef.h>

#include "xml/check.h"

struct elem;
struct file_meta;
struct incoming;
struct channel;
struct partial;

/* The folder of -r: exits, with words, if it is of no use. */
void	 receive_prepare(void);
void	 receive_free(void);
/* A stanza that nobody else took: 1 if it was ours. */
int	 receive_input(const struct elem *e);
/* What was agreed on for a stream with this sid, if it was; the link is to be
 * its stream.  A link for a file that has yet to be described.  0 or -1. */
struct incoming *receive_find(const char *peer, const char *sid);
int	 receive_take(struct channel *l, struct incoming *in) MUST_CHECK;
int	 receive_offered(struct channel *l) MUST_CHECK;
/* Its stream did not come about: another one may.  The link is no more. */
void	 receive_missed(struct channel *l);
void	 receive_leave(struct channel *l);
/* Is standard output taken, or about to be?  Not if there is a folder. */
int	 receive_busy(void);
/* A partial file in the folder.  NULL and errno; 0 if there is no folder. */
struct partial *receive_partial(const struct file_meta *m);
/* Does it go to a folder, and not to standard output? */
int	 receive_apart(const struct channel *l);
/* Its stream has changed: 1 if the link is no more. */
int	 receive_check(struct channel *l);
/* How many of len bytes may be taken; they have been. */
size_t	 receive_limit(const struct channel *l, size_t len);
void	 receive_took(struct channel *l, const void *data, size_t len);
/* Has it all come?  Has its failure been told?  Are there more to come? */
int	 receive_complete(const struct channel *l);
int	 receive_told(const struct channel *l);
int	 receive_declined(const struct channel *l);
int	 receive_more(const struct channel *l);
/* What the link's failure is about, as send_about(). */
const char *receive_about(const struct channel *l);

#endif
