/* oob_int: what oob.c, oob_send.c and oob_fetch.c share. */
#ifndef NET_FILE_OOB_INT_H
#define NET_FILE_OOB_INT_H

#include "xml/check.h"
#include "xml/stanza.h"

/* oob.c: what follows this word and its colon in -o oob, "" if nothing does;
 * NULL if the word is another one. */
const char *oob_option(const char *word);
/* Answer that this URL is not fetched; id NULL: nobody waits for an answer. */
void	 oob_refuse(const char *from, const char *id, const char *url,
	    enum stanza_error err);

/* oob_fetch.c: fetch it, and answer when it is there, or is not to be had;
 * target is the URL's path and query.  -1: there is no room for another. */
int	 oob_fetch(const char *from, const char *id, const char *url,
	    const char *target) MUST_CHECK;

#endif
