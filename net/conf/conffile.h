/*
 * conffile: what the parts of conf (table, file, password) share.
 */
#ifndef NET_CONF_CONFFILE_H
#define NET_CONF_CONFFILE_H

#include <sys/stat.h>

#include "xml/check.h"

/* Put a message into err[CONF_ERR].  Returns -1, for the caller to return. */
int	 conf_fail(char *err, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

/*
 * Open a file that tells us what to do.  It must be ours or root's, and no
 * other user may be able to write to it.  Returns a descriptor, with *st about
 * it, or -1 with errno and a message.
 */
int	 conf_open(const char *path, struct stat *st, char *err) MUST_CHECK;
/* Refuse a file that other users can read, since there is a secret in it, which
 * messages call what.  0, or -1 with a message. */
int	 conf_private(const char *path, const struct stat *st, const char *what,
    char *err) MUST_CHECK;

/* Put a NUL behind the keyword at the start of s, and return its value, which
 * is in s, too: an = that touches the keyword or stands alone is no part of
 * it. */
char	*conf_split(char *s);

#define KEYWORD_MAX	20		/* letters of the longest name */

/* Letters to insert, delete or change to make b of a (Levenshtein); b is a
 * keyword, no longer than KEYWORD_MAX. */
int	 conf_distance(const char *a, const char *b);

/* Our home folder, or NULL. */
const char *conf_home(void);
/* A copy of path, a leading ~/ being the home folder.  NULL with a message. */
char	*conf_expand(const char *path, char *err);

#endif
