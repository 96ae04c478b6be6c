/*
 * partial: files to be received into a folder: a temporary name until they are
 * whole, nothing overwritten.
 *
 * The temporary name is made of the peer, and of the name, size, date and hash
 * that it gives the file.  So a file that is offered again finds what there is
 * of it, and that is all that is needed to go on.  One process can have it at
 * a time.
 */
#ifndef NET_FILE_PARTIAL_H
#define NET_FILE_PARTIAL_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "net/file/filename.h"
#include "xml/check.h"

#define PARTIAL_PREFIX	".xcat-part-"	/* of no name that file_name() gives */

struct partial;

struct file_meta {
	const char	*peer;		/* bare JID */
	const char	*name;		/* as given */
	const char	*hash;		/* "" if none */
	uint64_t	 size;
	int		 dated;
	time_t		 date;
};

/* Give fd, a file or folder of ours, its date of last change, if dated.  0, or
 * -1 and errno. */
int	 file_set_date(int fd, int dated, time_t date) MUST_CHECK;
/* The permissions of a file that is to have these (0777 at most; -1: the usual
 * ones): less the umask. */
mode_t	 file_mode(int mode, mode_t usual);
/* Give fd, a file or folder of ours, these permissions (0777 at most; -1: the
 * usual ones), less the umask, and its date as above.  0, or -1 and errno. */
int	 file_set_attributes(int fd, int mode, mode_t usual, int dated,
	    time_t date) MUST_CHECK;
/*
 * Find a name that is free: take is called with name, then with name.1, name.2
 * and so on, cut where there is no room for that, while it returns -1 and errno
 * is EEXIST.  Once it returns 0 its argument is in name[FILE_NAME].  0, or -1
 * and errno.
 */
int	 file_take_name(char *name, int (*take)(void *arg, const char *name),
	    void *arg) MUST_CHECK;

/* Open the folder for partial_open(); the caller closes it.  -1 and errno if
 * there is no folder, or nothing can be made in it. */
int	 file_folder(const char *path) MUST_CHECK;

/* The temporary name of this file, into out.  0, or -1 when out of memory. */
int	 partial_temporary(const struct file_meta *m, char *out, size_t size)
	    MUST_CHECK;
/* The partial file of this file; made if there is none.  NULL and errno, which
 * is EBUSY if another process has it. */
struct partial *partial_open(int folder, const struct file_meta *m);
/* The temporary name in the folder. */
const char *partial_name(const struct partial *p);
/* The descriptor to read from and write to; it stays p's. */
int	 partial_fd(const struct partial *p);
/* The bytes that there are; -1 and errno. */
int64_t	 partial_size(const struct partial *p);
/* Have what has been written go to the disk from now on, and do not wait for
 * it: there is less to be waited for in the end. */
void	 partial_flush(struct partial *p);
/* Go back to so many bytes.  0, or -1 and errno. */
int	 partial_truncate(struct partial *p, uint64_t size) MUST_CHECK;
/*
 * The file is whole: write it to the disk, with these permissions (less the
 * umask; -1: as any file) and this date if dated, under this name or one with
 * .1, .2 and so on behind it, which is in name[FILE_NAME] then.  0 and p is
 * freed, or -1 and errno.
 */
int	 partial_finish(struct partial *p, char *name, int mode, int dated,
	    time_t date) MUST_CHECK;
/* The file is whole, and in a folder that is ours alone: give it its
 * permissions and date as above, and exactly this name, in place of any other
 * file of that name; folder is the folder that it was opened in.  The disk is
 * left to the caller.  0, or -1 and errno; in both cases p is freed. */
int	 partial_put(struct partial *p, int folder, const char *name, int mode,
	    int dated, time_t date) MUST_CHECK;
/* Remove the file, and free p.  NULL is fine. */
void	 partial_discard(struct partial *p);
/* Free p; the file stays, to go on from later, unless it is empty.  NULL is
 * fine. */
void	 partial_close(struct partial *p);

#endif
