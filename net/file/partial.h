/*
 * partial: files to be received into a folder: harmless names, a temporary name
 * until they are whole, nothing overwritten; and sums of files.
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

#include "ibb/hash.h"
#include "xml/check.h"

struct loop;

#define FILE_NAME	256		/* a name, with NUL */
#define PARTIAL_PREFIX	".xcat-part-"	/* of no name that file_name() gives */

/*
 * A name for a file here out of what a peer calls it, into out[FILE_NAME],
 * returned: what is behind the last slash or backslash, in valid UTF-8,
 * without control characters, marks that turn the direction of writing, a
 * dot or dash at the beginning; cut between characters if it is too long.
 */
char	*file_name(const char *given, char *out);

/*
 * Partial files
 */

struct partial;

struct file_meta {
	const char	*peer;		/* bare JID */
	const char	*name;		/* as given */
	const char	*hash;		/* "" if none */
	uint64_t	 size;
	int		 dated;
	time_t		 date;
};

/* Open the folder for partial_open(); the caller closes it.  -1 and errno if
 * there is no folder, or nothing can be made in it. */
int	 file_folder(const char *path) MUST_CHECK;

/* The temporary name of this file, into out.  0, or -1 when out of memory. */
int	 partial_temporary(const struct file_meta *m, char *out, size_t size)
	    MUST_CHECK;
/* name.n, cut where there is no room for that, or for 0 the name alone, into
 * out[FILE_NAME]. */
void	 partial_numbered(const char *name, int n, char *out);
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

/*
 * Sums
 */

struct sum;

/* A sum by this function (not HASH_NONE), of nothing yet.  NULL when out of
 * memory. */
struct sum *sum_new(enum hash_algo algo);
/* NULL is fine. */
void	 sum_free(struct sum *s);
/* Begin anew, with the same function.  0, or -1 when out of memory. */
int	 sum_again(struct sum *s) MUST_CHECK;
/* Add len bytes.  0, or -1 when out of memory. */
int	 sum_add(struct sum *s, const void *data, size_t len) MUST_CHECK;
/* The sum of all that was added, as bytes: returns how many, 0 if it cannot be
 * had.  Nothing can be added then. */
size_t	 sum_bytes(struct sum *s, unsigned char out[HASH_BYTES]);
/* The sum of all that was added, in hexadecimal; nothing can be added then. */
void	 sum_end(struct sum *s, char out[HASH_HEX]);

struct sumfile;

/* Add the first size bytes of a file to s, while the loop goes on; then fn is
 * called, with 0, or an errno (EIO if the file is shorter), and the sumfile is
 * freed.  NULL when out of memory. */
struct sumfile *sum_file(struct loop *l, struct sum *s, int fd,
	    uint64_t size, void (*fn)(void *arg, int err), void *arg);
/* Stop before fn was called, and free.  NULL is fine. */
void	 sum_cancel(struct sumfile *f);

#endif
