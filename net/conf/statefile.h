/*
 * statefile: the small files in which this program remembers things, in some
 * of them secrets, in most of them a line for each account,
 *
 *	jid words ...
 *
 * A file is replaced as a whole: the new content is on the disk, under another
 * name, before it gets the file's name.  So no reader finds half of it, and
 * neither a full disk nor a loss of power leaves half of it behind.
 *
 * Locks are those of flock(2), on the file that has the name.  Where the file
 * system has none, nothing is locked.
 */
#ifndef NET_CONF_STATEFILE_H
#define NET_CONF_STATEFILE_H

#include <stddef.h>

#include "xml/check.h"

struct buf;

#define STATEFILE_MAX	(64 * 1024)	/* bytes of a file of accounts */
#define STATEFILE_NOTE	512		/* bytes of a note */

/*
 * Open the file at path, which is made (mode 0600) if there is none, and lock
 * it for this program alone, without waiting.  There is a secret in it, which
 * messages call what: a file that other users can read, or that is theirs, is
 * refused.  Returns a descriptor; or -1, with a message in err[CONF_ERR] if the
 * file was refused, with an empty err if another program has locked it or it
 * cannot be opened.
 */
int	 statefile_claim(const char *path, const char *what, char *err)
	    MUST_CHECK;
/*
 * Open the file at path, which is made (mode 0600) if there is none, and lock
 * it, to be read and replaced.  Waits for a second at most for a program that
 * does so, and for ten seconds at most for many that do so in turn.  Returns a
 * descriptor, or -1 and errno (EAGAIN: locked).
 */
int	 statefile_lock(const char *path) MUST_CHECK;

/* Read all of an open file of accounts; "" for descriptor -1.  NULL if it is
 * too large or cannot be read, or without memory.  To be freed by
 * statefile_free(). */
char	*statefile_read(int fd);
/* Wipe and free what statefile_read() gave, which may be NULL. */
void	 statefile_free(char *text);

/* The words behind jid, if the line is about it; else NULL. */
char	*statefile_about(char *line, const char *jid);
/*
 * Append the lines of text (NULL: none) for which good() returns 1 and that are
 * not about jid.  If there is not room for most bytes more in the file, the
 * oldest lines are left out.  0, or -1 without memory.
 */
int	 statefile_others(struct buf *out, char *text, const char *jid,
	    int (*good)(const char *line), size_t most) MUST_CHECK;

/*
 * Replace the file at path (or the file that a symbolic link there leads to)
 * by what is in content, mode 0600.  Returns a descriptor of the new file,
 * locked as by statefile_claim() before it gets the name; or -1 and errno, and
 * the old file stays as it was (with EIO it may be the new one).
 */
int	 statefile_replace(const char *path, const struct buf *content)
	    MUST_CHECK;
/* Make the file at path as statefile_replace() does, unless there is a file:
 * then -1 and EEXIST.  0, or -1 and errno. */
int	 statefile_create(const char *path, const struct buf *content)
	    MUST_CHECK;

/* What is wrong with a file that was read, for its owner. */
struct statefile_note {
	unsigned	 first, lines;	/* the first bad line; how many */
	char		 text[STATEFILE_NOTE];	/* "" if there is none */
};

/* Note that this line of the file at path (the first is 1) makes no sense, and
 * is ignored. */
void	 statefile_bad_line(struct statefile_note *n, const char *path,
	    unsigned line);

#endif
