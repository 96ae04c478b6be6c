/*
 * manners: what the server offered at our last login, in the file
 * known_servers, so that the next login need not ask and wait before it tells
 * (XEP-0305): a line for each account,
 *
 *	jid yes|no words / words
 *
 * The words are the server's first features and those after SASL.  "no": it
 * did not bear to be told things early.
 */
#ifndef NET_MANNERS_H
#define NET_MANNERS_H

#include "xml/check.h"

struct manners;

#define MANNERS_MAX 1024		/* bytes of words of either kind */

/* What is remembered of the server of jid (bare), in directory dir.  A file
 * that is not there, or not ours, is as good as empty.  NULL: no memory. */
struct manners *manners_read(const char *dir, const char *jid);
void	 manners_free(struct manners *m);
/* Which lines of the file were ignored, as they make no sense, for people; ""
 * if there were none. */
const char *manners_note(const struct manners *m);

/* May it be told things early?  Not if it is new, or refused to. */
int	 manners_hurry(const struct manners *m);
/* Its words of old; NULL if it is new. */
const char *manners_first(const struct manners *m);
const char *manners_second(const struct manners *m);

/* A login succeeded, and these were its words: remember that, here and in the
 * file (mode 0600), unless it is known.  hurry 0: it was told early first, and
 * failed.  0, or -1 and errno if the file cannot be written: the next login
 * will take longer. */
int	 manners_learn(struct manners *m, int hurry, const char *first,
	    const char *second) MUST_CHECK;

#endif
