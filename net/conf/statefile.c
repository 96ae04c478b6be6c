/* statefile: see statefile.h. */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/conf/conffile.h"
#include "net/conf/statefile.h"
#include "net/io/fd.h"
#include "xml/buf.h"

#define LOCK_TRIES	100		/* while one program has it; */
#define LOCK_MOST	1000		/* in all, while others do their work */
#define LOCK_PAUSE	10		/* ms between two of them */
#define SUFFIX		".XXXXXXXX"	/* of a name of its own */

/*
 * Locking
 */

/* Is fd still the file at path? */
static int
is_current(int fd, const char *path, struct stat *st)
{
	struct stat	 now;

	return fstat(fd, st) == 0 && stat(path, &now) == 0 &&
	    st->st_dev == now.st_dev && st->st_ino == now.st_ino;
}

static int
open_or_make(const char *path, int flags)
{
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | flags,
	    0600);
}

int
statefile_claim(const char *path, const char *what, char *err)
{
	struct stat	 st;
	int		 fd;

	*err = '\0';
	if ((fd = open_or_make(path, O_NOFOLLOW)) == -1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == -1 || !is_current(fd, path, &st))
		return fd_give_up(fd);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		conf_fail(err, "%s: belongs to someone else; make it yours "
		    "with chown", path);
	else if (conf_private(path, &st, what, err) == 0)
		return fd;
	return fd_give_up(fd);
}

/* 1 if the file is locked now, 0 if another program has locked it, -1 and
 * errno. */
static int
try_lock(int fd, const char *path)
{
	struct stat	 st;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		errno = EAGAIN;
		return is_current(fd, path, &st);
	}
	if (errno == EWOULDBLOCK)
		return 0;
	return errno == EOPNOTSUPP || errno == ENOLCK || errno == ENOSYS ?
	    1 : -1;
}

/* Is it another file than was seen last, or another version of it?  Then the
 * program that had the lock has done its work. */
static int
has_changed(int fd, struct stat *last)
{
	struct stat	 st;
	int		 r;

	if (fstat(fd, &st) == -1)
		return 0;
	r = st.st_ino != last->st_ino || st.st_size != last->st_size;
	*last = st;
	return r;
}

int
statefile_lock(const char *path)
{
	struct timespec	 pause = { .tv_nsec = LOCK_PAUSE * 1000000L };
	struct stat	 last = { 0 };
	int		 fd, i, left = LOCK_TRIES, r;

	for (i = 0;; i++) {
		if ((fd = open_or_make(path, 0)) == -1)
			return -1;
		if ((r = try_lock(fd, path)) == 1)
			return fd;
		if (has_changed(fd, &last))
			left = LOCK_TRIES;
		(void)fd_give_up(fd);
		if (r == -1 || left-- == 0 || i == LOCK_MOST)
			return -1;
		nanosleep(&pause, NULL);
		errno = EAGAIN;
	}
}

/*
 * Reading
 */

char *
statefile_read(int fd)
{
	char	*text;
	ssize_t	 n = 0;

	if ((text = calloc(1, STATEFILE_MAX + 1)) == NULL)
		return NULL;
	if (fd != -1)
		n = pread(fd, text, STATEFILE_MAX + 1, 0);
	if (n >= 0 && n <= STATEFILE_MAX)
		return text;
	statefile_free(text);
	return NULL;
}

void
statefile_free(char *text)
{
	if (text != NULL)
		OPENSSL_cleanse(text, STATEFILE_MAX + 1);
	free(text);
}

char *
statefile_about(char *line, const char *jid)
{
	size_t	 len = strlen(jid);

	return strncmp(line, jid, len) == 0 && line[len] == ' ' ?
	    line + len + 1 : NULL;
}

int
statefile_others(struct buf *out, char *text, const char *jid,
    int (*good)(const char *), size_t most)
{
	char	*line;

	while (text != NULL && strlen(text) > STATEFILE_MAX - most)
		strsep(&text, "\n");
	while (text != NULL && (line = strsep(&text, "\n")) != NULL)
		if (*line != '\0' && statefile_about(line, jid) == NULL &&
		    good(line) && buf_printf(out, "%s\n", line) == -1)
			return -1;
	return 0;
}

void
statefile_bad_line(struct statefile_note *n, const char *path, unsigned line)
{
	char	 more[48] = "";

	if (n->lines++ == 0)
		n->first = line;
	else
		snprintf(more, sizeof(more), ", as are %u other lines",
		    n->lines - 1);
	snprintf(n->text, sizeof(n->text), "%.400s:%u: makes no sense and is "
	    "ignored%s; mend or remove it", path, n->first, more);
}

/*
 * Writing
 */

/* Not every file system can, or has to, write at once. */
static int
statefile_settle(int fd)
{
	return fsync(fd) == -1 && errno != EINVAL && errno != EROFS ? -1 : 0;
}

/* Have the folder of path know the new name after a loss of power. */
static int
settle_folder(const char *path)
{
	char	 folder[PATH_MAX], *slash;
	int	 fd, r;

	strlcpy(folder, path, sizeof(folder));
	if ((slash = strrchr(folder, '/')) == NULL)
		strlcpy(folder, ".", sizeof(folder));
	else
		slash[slash == folder] = '\0';
	/* A folder that may be written to need not be readable. */
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return 0;
	r = statefile_settle(fd);
	return r == -1 ? fd_give_up(fd) : close(fd);
}

/* Make a file with this content beside path, and put its name into
 * name[PATH_MAX].  Returns a descriptor, locked, or -1 and errno. */
static int
statefile_prepare(const char *path, const struct buf *content, char *name)
{
	int	 fd, saved;

	if (snprintf(name, PATH_MAX, "%s" SUFFIX, path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = mkostemp(name, O_CLOEXEC)) == -1)
		return -1;
	/* A file system without locks is no error. */
	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		errno = 0;
	if (fd_write_all(fd, buf_data(content), buf_len(content)) == 0 &&
	    statefile_settle(fd) == 0)
		return fd;
	saved = errno;
	unlink(name);
	errno = saved;
	return fd_give_up(fd);
}

/* Follow symbolic links from path to a file, into real[PATH_MAX]. */
static const char *
resolve(const char *path, char *real)
{
	return realpath(path, real) != NULL ? real : path;
}

int
statefile_replace(const char *path, const struct buf *content)
{
	char	 name[PATH_MAX], real[PATH_MAX];
	int	 fd, saved;

	path = resolve(path, real);
	if ((fd = statefile_prepare(path, content, name)) == -1)
		return -1;
	if (rename(name, path) == -1) {
		saved = errno;
		unlink(name);
		errno = saved;
		return fd_give_up(fd);
	}
	return settle_folder(path) == -1 ? fd_give_up(fd) : fd;
}

int
statefile_create(const char *path, const struct buf *content)
{
	char	 name[PATH_MAX];
	int	 fd, r, saved;

	if ((fd = statefile_prepare(path, content, name)) == -1)
		return -1;
	r = link(name, path);
	saved = errno;
	unlink(name);
	errno = saved;
	if (r == -1)
		return fd_give_up(fd);
	return close(fd) == -1 ? -1 : settle_folder(path);
}
