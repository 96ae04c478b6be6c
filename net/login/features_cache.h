/*
 * features_cache: what the server offered at our last login, in the file
 * known_servers, so that the next login need not wait before it tells
 * (XEP-0305): a line for each account,
 *
 *	jid yes|no words / words
 *
 * The words are the server's first features and those after SASL.  "no": it
 * did not bear to be told things early.
 */
#ifndef NET_LOGIN_FEATURES_CACHE_H
#define NET_LOGIN_FEATURES_CACHE_H

#include "xml/check.h"

struct features_cache;

#define FEATURES_CACHE_MAX 1024		/* bytes of words of either kind */

/* Read what is remembered of the server of jid (bare), in directory dir.  A
 * file that is not there, or not ours, counts as empty.  NULL without
 * memory. */
struct features_cache *features_cache_read(const char *dir, const char *jid);
/* m may be NULL. */
void	 features_cache_free(struct features_cache *m);
/* Which lines of the file were ignored, as they make no sense, for people; ""
 * if there were none. */
const char *features_cache_note(const struct features_cache *m);

/* May the server be told things early?  Not if it is new, or refused them. */
int	 features_cache_hurry(const struct features_cache *m);
/* The words of its first features then; NULL if it is new. */
const char *features_cache_first(const struct features_cache *m);
/* The words of its features after SASL then; NULL if it is new. */
const char *features_cache_second(const struct features_cache *m);

/* A login succeeded, and these were its words: remember that, here and in the
 * file (mode 0600), unless it is known.  hurry 0: it was told early first, and
 * failed.  0, or -1 and errno if the file cannot be written: the next login
 * will take longer. */
int	 features_cache_learn(struct features_cache *m, int hurry,
	    const char *first,
	    const char *second) MUST_CHECK;

#endif
