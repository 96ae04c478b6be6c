/* oob_int: what oob.c, oob_send.c and oob_fetch.c share. */
#ifndef NET_FILE_OOB_INT_H
#define NET_FILE_OOB_INT_H

#include "net/channel/app.h"
#include "net/file/oob.h"
#include "xml/check.h"
#include "xml/stanza.h"

struct dispatch;
struct file_link;
struct url;

/* A URL that a peer offers: in an iq, or in a message. */
struct oob_offer {
	const char	*from;
	const char	*url;
	const char	*id;		/* of the iq; NULL: a message, to which
					 * no answer is awaited */
	const char	*receipt;	/* id of the message, if a receipt is to
					 * be given for it; or NULL */
	const struct file_link *said;	/* what is said of the file; NULL */
};

/*
 * oob.c
 */

/* Why nothing is fetched from url, which is taken apart into u; NULL if it can
 * be. */
const char *oob_objection(struct app *app, const char *url, struct url *u);
/* The name of the file of a URL with this path and query: what is behind the
 * last slash of the path, into out[FILE_NAME]. */
void	 oob_name(const char *target, char *out);
/* May this sender offer URLs here? */
int	 oob_admits(struct app *app, const char *from);

/* What follows this word and its colon in -o oob, "" if nothing does; NULL if
 * the word is another one. */
const char *oob_option(const struct app *app, const char *word);
/* Answer that this URL is not fetched.  Does nothing if id is NULL: the URL
 * came in a message, and no answer is awaited. */
void	 oob_refuse(struct app *app, const char *from, const char *id,
	    const char *url, enum stanza_error err);

/*
 * oob_fetch.c
 */

/* Fetch a URL, whose path and query is target, now, or if it came in a message
 * after those before it; and answer when it is there, or is not to be had.  0,
 * or -1 if there is no room for another. */
int	 oob_fetch(struct oob_fetcher *o, const struct oob_offer *offer,
	    const char *target) MUST_CHECK;

/*
 * oob_message.c
 */

/* Have links in messages come from d.  0, or -1 when out of memory. */
int	 oob_message_login(struct app *app, struct dispatch *d) MUST_CHECK;

#endif
