/* oob_int: what oob.c, oob_send.c and oob_fetch.c share. */
#ifndef NET_FILE_OOB_INT_H
#define NET_FILE_OOB_INT_H

#include "net/channel/app.h"
#include "net/file/oob.h"
#include "xml/check.h"
#include "xml/stanza.h"

/*
 * oob.c
 */

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

/* Fetch a URL, whose path and query is target, and answer when it is there, or
 * is not to be had.  0, or -1 if there is no room for another. */
int	 oob_fetch(struct oob_fetcher *o, const char *from, const char *id,
	    const char *url, const char *target) MUST_CHECK;

#endif
