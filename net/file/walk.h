/*
 * walk: what is in a folder and in the folders in it, one after another, in the
 * order of the names.  Symbolic links are not followed.  One descriptor is open
 * besides the folder, however deep the others are; in memory are the names of
 * the folders that the walk is in.
 */
#ifndef NET_FILE_WALK_H
#define NET_FILE_WALK_H

#include <sys/types.h>
#include <sys/stat.h>

struct walk;

enum walk_kind {
	WALK_FILE,		/* a regular file */
	WALK_LEAVE,		/* a folder, behind all that is in it */
	WALK_LEFT_OUT,		/* neither; see what */
	WALK_FAILED,		/* it cannot be read; see error */
	WALK_END
};

/* What the walk has come to; valid until the next call. */
struct walk_item {
	enum walk_kind	 kind;
	const char	*path;		/* relative to the folder, on disk */
	const char	*wire;		/* and as folder_path.h has it */
	const char	*what;		/* what it is, for people */
	struct stat	 st;		/* of files and folders */
	int		 error;		/* an errno */
};

/* A walk through the folder that fd is, which stays the caller's and open.
 * NULL and errno. */
struct walk *walk_new(int fd);
/* NULL is fine. */
void	 walk_free(struct walk *w);
/* The next thing in the folder. */
void	 walk_next(struct walk *w, struct walk_item *item);

#endif
