/* partial: files until they are whole; see partial.h. */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file/partial.h"
#include "net/file/sum.h"
#include "net/io/fd.h"

#define NUMBERS		10000		/* tried behind a name */
#define ATTEMPTS	10		/* to get a lock */

struct partial {
	int	 folder;		/* not ours */
	int	 fd;
	char	 name[sizeof(PARTIAL_PREFIX) + HASH_HEX];
};

/*
 * Any file or folder
 */

int
file_set_date(int fd, int dated, time_t date)
{
	struct timespec	 times[2] = { { .tv_nsec = UTIME_NOW },
			     { .tv_sec = date } };

	return dated ? futimens(fd, times) : 0;
}

mode_t
file_mode(int mode, mode_t usual)
{
	mode_t	 mask = umask(0);

	umask(mask);
	return (mode == -1 ? usual : (mode_t)mode & 0777) & ~mask;
}

int
file_set_attributes(int fd, int mode, mode_t usual, int dated, time_t date)
{
	if (fchmod(fd, file_mode(mode, usual)) == -1)
		return -1;
	return file_set_date(fd, dated, date);
}

/* name.n, cut where there is no room for that, or for 0 the name alone, into
 * out[FILE_NAME]. */
static void
file_number(const char *name, int n, char *out)
{
	char	 suffix[16];
	size_t	 len = strlen(name), room;

	*suffix = '\0';
	if (n > 0)
		snprintf(suffix, sizeof(suffix), ".%d", n);
	room = FILE_NAME - 1 - strlen(suffix);
	if (len > room)
		len = room;
	while (len > 0 && len < strlen(name) &&
	    ((unsigned char)name[len] & 0xc0) == 0x80)
		len--;
	snprintf(out, FILE_NAME, "%.*s%s", (int)len, name, suffix);
}

int
file_take_name(char *name, int (*take)(void *, const char *), void *arg)
{
	char	 to[FILE_NAME];
	int	 n;

	for (n = 0; n < NUMBERS; n++) {
		file_number(name, n, to);
		if (take(arg, to) == 0) {
			strlcpy(name, to, FILE_NAME);
			return 0;
		}
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

/*
 * Partial files
 */

int
file_folder(const char *path)
{
	int	 fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd != -1 && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == -1 ?
	    fd_give_up(fd) : fd;
}

/* The NUL behind each part keeps the parts of one file from being taken for the
 * parts of another one. */
int
partial_temporary(const struct file_meta *m, char *out, size_t size)
{
	struct sum	*s = sum_new(HASH_MD5);
	char		 number[64], sum[HASH_HEX];
	int		 n, r;

	if (s == NULL)
		return -1;
	n = snprintf(number, sizeof(number), "%llu %d %lld",
	    (unsigned long long)m->size, m->dated,
	    m->dated ? (long long)m->date : 0);
	r = sum_add(s, m->peer, strlen(m->peer) + 1) == -1 ||
	    sum_add(s, m->name, strlen(m->name) + 1) == -1 ||
	    sum_add(s, m->hash, strlen(m->hash) + 1) == -1 ||
	    sum_add(s, number, (size_t)n) == -1 ? -1 : 0;
	sum_end(s, sum);
	sum_free(s);
	snprintf(out, size, "%s%s", PARTIAL_PREFIX, sum);
	return r;
}

static void
release(struct partial *p)
{
	if (p == NULL)
		return;
	if (p->fd != -1)
		close(p->fd);
	free(p);
}

/* Does the temporary name still lead to the file? */
static int
is_there(const struct partial *p)
{
	struct stat	 fd, name;

	return fstat(p->fd, &fd) == 0 && fstatat(p->folder, p->name, &name,
	    AT_SYMLINK_NOFOLLOW) == 0 && fd.st_dev == name.st_dev &&
	    fd.st_ino == name.st_ino;
}

/* Another program may have put something there. */
static int
is_file_of_ours(int fd, nlink_t most)
{
	struct stat	 st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && st.st_nlink <= most;
}

/*
 * Returns 1, 0 if that is to be tried again, or -1.  What is not a file of ours
 * is removed.  So is a file that has another name, too, but only once its lock
 * is ours: a process that is about to finish the file gives it that name, and
 * the lock that is had after that is one of a file that is not for writing any
 * more.
 */
static int
open_temporary(struct partial *p)
{
	p->fd = openat(p->folder, p->name, O_RDWR | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (p->fd == -1 && errno != ELOOP && errno != ENXIO && errno != EISDIR)
		return -1;
	if (p->fd == -1 || !is_file_of_ours(p->fd, (nlink_t)-1))
		return unlinkat(p->folder, p->name, 0);
	if (flock(p->fd, LOCK_EX | LOCK_NB) == -1)
		return -1;
	if (!is_there(p))
		return 0;
	return is_file_of_ours(p->fd, 1) ? 1 :
	    unlinkat(p->folder, p->name, 0);
}

static int
open_locked(struct partial *p)
{
	int	 i, r;

	for (i = 0; i < ATTEMPTS; i++) {
		if ((r = open_temporary(p)) == 1)
			return 0;
		if (r == -1)
			return -1;
		if (p->fd != -1)
			close(p->fd);
		p->fd = -1;
	}
	errno = EBUSY;
	return -1;
}

struct partial *
partial_open(int folder, const struct file_meta *m)
{
	struct partial	*p;
	int		 e;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->folder = folder;
	p->fd = -1;
	if (partial_temporary(m, p->name, sizeof(p->name)) == -1) {
		free(p);
		errno = ENOMEM;
		return NULL;
	}
	if (open_locked(p) == -1) {
		e = errno == EWOULDBLOCK ? EBUSY : errno;
		release(p);
		errno = e;
		return NULL;
	}
	return p;
}

const char *
partial_name(const struct partial *p)
{
	return p->name;
}

int
partial_fd(const struct partial *p)
{
	return p->fd;
}

int64_t
partial_size(const struct partial *p)
{
	struct stat	 st;

	return fstat(p->fd, &st) == -1 ? -1 : (int64_t)st.st_size;
}

void
partial_flush(struct partial *p)
{
#ifdef SYNC_FILE_RANGE_WRITE
	(void)sync_file_range(p->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
	(void)p;
#endif
}

int
partial_truncate(struct partial *p, uint64_t size)
{
	if (ftruncate(p->fd, (off_t)size) == -1 ||
	    lseek(p->fd, (off_t)size, SEEK_SET) == -1)
		return -1;
	return 0;
}

/* On file systems without hard links an empty file holds the place, which
 * another program that writes to the folder could use in between. */
static int
move_over(const struct partial *p, const char *to)
{
	int	 fd = openat(p->folder, to, O_WRONLY | O_CREAT | O_EXCL |
		     O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd == -1)
		return -1;
	close(fd);
	return renameat(p->folder, p->name, p->folder, to);
}

/* A link does not replace anything, as rename(2) would. */
static int
move_to(void *arg, const char *to)
{
	const struct partial	*p = arg;

	if (linkat(p->folder, p->name, p->folder, to, 0) == 0)
		return unlinkat(p->folder, p->name, 0);
	if (errno == EEXIST || errno == ENAMETOOLONG || errno == EILSEQ ||
	    errno == EINVAL)
		return -1;
	return move_over(p, to);
}

/* Write to the disk, so that a loss of power takes nothing.  Some file systems
 * cannot. */
static int
settle(int fd)
{
	return fsync(fd) == -1 && errno != EINVAL && errno != EROFS ? -1 : 0;
}

int
partial_finish(struct partial *p, char *name, int mode, int dated,
    time_t date)
{
	if (!is_there(p)) {
		errno = ESTALE;
		return -1;
	}
	if (file_set_attributes(p->fd, mode, 0666, dated, date) == -1 ||
	    settle(p->fd) == -1 || file_take_name(name, move_to, p) == -1 ||
	    settle(p->folder) == -1)
		return -1;
	release(p);
	return 0;
}

int
partial_put(struct partial *p, int folder, const char *name, int mode,
    int dated, time_t date)
{
	int	 r = file_set_attributes(p->fd, mode, 0666, dated, date), saved;

	if (r == 0)
		r = renameat(folder, p->name, folder, name);
	saved = errno;
	release(p);
	errno = saved;
	return r;
}

void
partial_discard(struct partial *p)
{
	if (p != NULL && is_there(p))
		unlinkat(p->folder, p->name, 0);
	release(p);
}

/* An empty file is nothing to go on from. */
void
partial_close(struct partial *p)
{
	if (p != NULL && partial_size(p) == 0)
		partial_discard(p);
	else
		release(p);
}
