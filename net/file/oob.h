/*
 * oob: URLs in the place of files (XEP-0066): one is offered to the peer, or
 * those that peers offer are fetched.
 *
 * oob.c takes the offers, oob_message.c the links in messages; oob_send.c
 * offers and serves, oob_fetch.c fetches.
 */
#ifndef NET_FILE_OOB_H
#define NET_FILE_OOB_H

#include <stddef.h>

#include "net/channel/app.h"
#include "xml/check.h"

struct dispatch;
struct oob_fetcher;
struct oob_sender;

#define OOB_ERR		4096

/* Does -s offer a URL? */
int	 oob_sends(const struct app *app);
/* Does -o oob have a listener fetch the URLs that it is offered? */
int	 oob_fetches(const struct app *app);
/* We have logged in: offers of URLs come from d now.  0, or -1 when out of
 * memory. */
int	 oob_login(struct app *app, struct dispatch *d) MUST_CHECK;

/*
 * oob_send.c
 */

/* What -o oob has us offer: a URL, or the one file in paths, which is opened.
 * NULL with a fault, and a message in err[OOB_ERR], if it cannot be. */
struct oob_sender *oob_send_new(struct app *app, char *const *paths, size_t n,
	    enum fault *fault, char *err);
/* NULL is fine. */
void	 oob_send_free(struct oob_sender *o);
/* We have logged in: offer it to the peer.  The run ends with the answer. */
void	 oob_send_start(struct oob_sender *o);
/* We have logged in anew, and the answer to the offer is lost. */
void	 oob_send_back(struct oob_sender *o);

/*
 * oob_fetch.c
 */

/* What fetches the URLs that a listener is offered with -o oob.  NULL with a
 * fault, and a message in err[OOB_ERR], if -o oob makes no sense there. */
struct oob_fetcher *oob_fetch_new(struct app *app, enum fault *fault,
	    char *err);
/* Free it and all that is being fetched.  NULL is fine. */
void	 oob_fetch_free(struct oob_fetcher *o);
/* Does a fetched URL go to standard output now? */
int	 oob_busy(struct app *app);
/* Streams, files or URLs are over for which others may have waited: see which
 * can begin, in the next turn of the loop. */
void	 oob_fetch_next(struct app *app);

#endif
