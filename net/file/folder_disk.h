/*
 * folder_disk: a folder that comes, on the disk.
 *
 * Until it is whole it has a temporary name, made of the peer and of what the
 * peer calls it, and is open to its owner alone; then it gets its own name, and
 * nothing that is there is touched.  Files that are whole have their names in
 * it, a file that is not has a temporary one.  So what was sent before is found
 * by its path, size and date; what the sender does not offer any more is
 * removed before the folder gets its name.  One stream can have it at a time.
 */
#ifndef NET_FILE_FOLDER_DISK_H
#define NET_FILE_FOLDER_DISK_H

#include <sys/types.h>

#include <stdint.h>
#include <time.h>

#include "ibb/hash.h"
#include "net/file/beneath.h"
#include "net/file/partial.h"
#include "net/file/path_set.h"
#include "xml/check.h"

struct folder_disk {
	int		 parent;	/* the folder of -r; not ours */
	int		 root;		/* -1: none */
	int		 fresh;		/* this stream has made it */
	int		 folds;		/* names here may differ in their case
					 * only, and are one */
	char		 name[sizeof(PARTIAL_PREFIX) + HASH_HEX];
	struct path_set	 offered;	/* by this stream, unless it is fresh */
	struct beneath	 look;		/* for all but the file that comes */
	struct beneath	 beneath;	/* for that */
};

/* A file in it, as its sender describes it; the path is as in folder_path.h. */
struct folder_file {
	const char	*path;
	uint64_t	 size;
	int		 dated;
	time_t		 date;
	int		 mode;		/* -1: as any file */
};

/* Open, or make, what there is of the folder that this account calls so; which
 * tells it from its others of this name, "": it does not say.  0, or -1 and
 * errno, which is EBUSY if another stream has it. */
int	 folder_disk_open(struct folder_disk *d, int parent, const char *peer,
	    const char *name, const char *which) MUST_CHECK;
/* Close it: it stays for the next time, unless nothing is in it.  A disk that
 * is not open is fine. */
void	 folder_disk_close(struct folder_disk *d);
/* How many bytes of the file are there: its size if it is whole.  A file that
 * has its name and is another is removed.  -1 and errno: EISDIR if a folder has
 * its name, EEXIST if another file has, which this file system does not tell
 * from it. */
int64_t	 folder_disk_have(struct folder_disk *d, const struct folder_file *f);
/* Make an empty file, or make it what it is to be if it is there.  0, or -1 and
 * errno. */
int	 folder_disk_empty(struct folder_disk *d, const struct folder_file *f)
	    MUST_CHECK;
/* Make a file of which all bytes are at hand; it has its date only once all of
 * them are written, so that a part of it is never taken for it.  0, or -1 and
 * errno. */
int	 folder_disk_put(struct folder_disk *d, const struct folder_file *f,
	    const void *data, size_t len) MUST_CHECK;
/* Open what there is of a file that is not whole; no other is opened before it
 * is closed.  NULL and errno. */
struct partial *folder_disk_begin(struct folder_disk *d,
	    const struct folder_file *f);
/* All bytes of it are there: give the file its name.  p is freed.  0, or -1 and
 * errno. */
int	 folder_disk_keep(struct folder_disk *d, struct partial *p,
	    const struct folder_file *f) MUST_CHECK;
/* The folder in it with this path, which is made if it is not there, is
 * complete: all that is to be in it was asked for by folder_disk_have(), or is
 * a folder and complete.  0, or -1 and errno. */
int	 folder_disk_directory(struct folder_disk *d, const char *path,
	    int mode, int dated, time_t date) MUST_CHECK;
/* All is there: write it to the disk, and give the folder this name, or one
 * with .1, .2 and so on behind it, which is in name[FILE_NAME] then.  0 and it
 * is closed, or -1 and errno. */
int	 folder_disk_finish(struct folder_disk *d, char *name, int mode,
	    int dated, time_t date) MUST_CHECK;

#endif
