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

/*
 * Claim a file with a secret in it, called what in messages: an exclusively
 * locked descriptor of the one at path, made (mode 0600) if it is not there.
 * -1 with a message in err[CONF_ERR] if others may know the secret, or it is
 * theirs; -1 with an empty err if somebody else has claimed it just now, or it
 * cannot be had.
 */
int	 lines_claim(const char *path, const char *what, char *err);

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
