/*
 * lines: a small file of ours with a line for each account,
 *
 *	jid words ...
 *
 * which is replaced as a whole, so that nobody finds half of it.  A bare JID
 * has no spaces.  There may be secrets in it.
 */
#ifndef NET_LINES_H
#define NET_LINES_H

#include <stddef.h>
#include <stdio.h>

#define LINES_MAX	(64 * 1024)	/* bytes of it: more is not ours */

/* All of an open file, "" for -1; lines_free() wipes it.  NULL if it is too
 * large, cannot be read, or there is no memory. */
char	*lines_read(int fd);
void	 lines_free(char *text);

/* What is behind jid in a line about it, else NULL. */
char	*lines_about(char *line, const char *jid);
/* Write those of text (NULL: none) that are not about jid.  If there is not
 * room for most bytes more, the oldest are left out. */
void	 lines_others(FILE *f, char *text, const char *jid, size_t most);

/* Replace the file at path by what write writes, mode 0600.  A descriptor of
 * the new file, exclusively locked (flock(2), where there are locks) before it
 * gets its name; or -1, and the old one stays. */
int	 lines_replace(const char *path, void (*write)(void *arg, FILE *f),
	    void *arg);

#endif
