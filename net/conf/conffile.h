/*
 * conffile: what the parts of conf (table, file, password) share.
 */
#ifndef NET_CONF_CONFFILE_H
#define NET_CONF_CONFFILE_H

#include <sys/stat.h>

#include "xml/check.h"

/* Put a message into err[CONF_ERR].  Returns -1, for the caller to. */
int	 conf_fail(char *err, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

/*
 * Open a file that tells us what to do, hence only a file that is ours or
 * root's and that no other user can write to.  Returns a descriptor, with *st
 * about it, or -1 with errno and a message.
 */
int	 conf_open(const char *path, struct stat *st, char *err) MUST_CHECK;
/* Refuse a file that others can read, as there is a secret in it: what. */
int	 conf_private(const char *path, const struct stat *st, const char *what,
    char *err) MUST_CHECK;

/* End the keyword at the start of s and return its value, in s as well: an =
 * that touches the keyword or stands alone is not part of it. */
char	*conf_split(char *s);

/* Our home folder, or NULL. */
const char *conf_home(void);
/* A copy of path, a leading ~/ being the home folder.  NULL with a message. */
char	*conf_expand(const char *path, char *err);

#endif
