/*
 * statefile: the small files in which this program remembers things, some of
 * them secret, most of them with a line for each account,
 *
 *	jid words ...
 *
 * A file is replaced as a whole: its new content is on the disk, under a name
 * of its own, before it gets the name.  So no reader finds half of it, and
 * neither a full disk nor a loss of power leaves half of it behind.
 */
#ifndef NET_CONF_STATEFILE_H
#define NET_CONF_STATEFILE_H

#include <stddef.h>

#include "xml/check.h"

struct buf;

#define STATEFILE_MAX	(64 * 1024)	/* bytes of a file of accounts */
#define STATEFILE_NOTE	512		/* bytes of a note */

/*
 * Locks are those of flock(2), on the file that has the name.  Where the file
 * system has none, nothing is locked.
 */

/*
 * Open the file at path, which is made (mode 0600) if there is none, and lock
 * it for this program alone, without waiting.  A file that may be known to
 * others, or is theirs, is refused, since there is a secret (called what in
 * messages) in it.  Returns a descriptor; or -1, with a message in
 * err[CONF_ERR] if the file was refused, with an empty err if another program
 * has it, or the file cannot be had.
 */
int	 statefile_claim(const char *path, const char *what, char *err)
	    MUST_CHECK;
/*
 * Open the file at path, which is made (mode 0600) if there is none, and lock
 * it, to be read and replaced: waits for a second at most for other programs
 * that do so.  Returns a descriptor, or -1 and errno (EAGAIN: locked).
 */
int	 statefile_lock(const char *path) MUST_CHECK;

/* All of an open file of accounts; "" for descriptor -1.  NULL if it is too
 * large or cannot be read, or without memory. */
char	*statefile_read(int fd);
/* Wipe and free what statefile_read() gave.  NULL is fine. */
void	 statefile_free(char *text);

/* What is behind jid in a line about it, else NULL. */
char	*statefile_about(char *line, const char *jid);
/*
 * Append those lines of text (NULL: none) that good() takes and that are not
 * about jid.  If there is not room for most bytes more in the file, the oldest
 * lines are left out.  0, or -1 without memory.
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
/* Make the file at path as statefile_replace() does, but leave one that is
 * there as it is.  0, or -1 and errno: EEXIST if there is one. */
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
