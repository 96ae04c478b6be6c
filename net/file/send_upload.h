/*
 * send_upload: files put on a server of the web that the own server names
 * (XEP-0363), and a link to each sent to the peer's account.
 *
 * send_upload.c finds the service, asks for a slot and puts the file there;
 * send_link.c sends the link, and waits for receipts.
 */
#ifndef NET_FILE_SEND_UPLOAD_H
#define NET_FILE_SEND_UPLOAD_H

#include "net/channel/app.h"
#include "xml/check.h"

struct file_link;
struct links;
struct sender;
struct uploads;

#define UPLOAD_ERR	512

/*
 * send_upload.c
 */

/* Make s->uploads, if -o upload may be asked to do something in this run.  0,
 * or -1 with a fault and a message in err[SEND_ERR]. */
int	 uploads_prepare(struct sender *s, enum fault *fault, char *err)
	    MUST_CHECK;
/* Stop what is under way, and free it.  NULL is fine. */
void	 uploads_free(struct uploads *u);
/* Does -o upload=yes have this run upload its files?  uploads_prepare() refuses
 * what must not be read on a server. */
int	 uploads_always(const struct app *app);
/* May this run upload its files if the peer is away (-o upload=absent)?  Not
 * what must not be read on a server. */
int	 uploads_instead(const struct app *app);
/* As struct send_method has it. */
void	 send_upload_offer(struct sender *s);
/* We have logged in anew, and the answers to what was asked are lost. */
void	 uploads_back(struct uploads *u);
/* All files have been dealt with.  Returns 1 if receipts are waited for, and
 * the run ends later, else 0. */
int	 uploads_over(struct uploads *u);

/*
 * send_link.c
 */

/* The links of a run; NULL when out of memory. */
struct links *links_new(struct sender *s);
/* NULL is fine. */
void	 links_free(struct links *l);
/* Send the link to the present file, and go on to the next file once the own
 * server has it. */
void	 links_send(struct links *l, const struct file_link *link);
/* As uploads_back() and uploads_over(). */
void	 links_back(struct links *l);
int	 links_over(struct links *l);

#endif
