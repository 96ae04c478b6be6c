/* beneath: files and folders under one folder; see beneath.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "net/file/beneath.h"

void
beneath_init(struct beneath *b, int root)
{
	b->root = root;
	b->fd = -1;
	*b->path = '\0';
}

void
beneath_end(struct beneath *b)
{
	if (b->fd != -1)
		close(b->fd);
	b->fd = -1;
	*b->path = '\0';
}

/* A folder of ours that was complete once may not be writable any more. */
static void
allow_writing(int fd)
{
	struct stat	 st;

	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & S_IRWXU) != S_IRWXU)
		fchmod(fd, (st.st_mode & 0777) | S_IRWXU);
}

/* Where a folder cannot be entered, open() fails before it can be mended. */
static int
open_closed(int at, const char *name, int flags)
{
	struct stat	 st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    fchmodat(at, name, S_IRWXU, 0) == -1) {
		errno = EACCES;
		return -1;
	}
	return openat(at, name, flags);
}

static int
open_part(int at, const char *name, int make)
{
	const int	 flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			     O_CLOEXEC;
	int		 fd = openat(at, name, flags);

	/* A link is no folder either. */
	if (fd == -1 && (errno == ENOTDIR || errno == ELOOP) && make &&
	    unlinkat(at, name, 0) == 0)
		errno = ENOENT;
	if (fd == -1 && errno == ENOENT && make) {
		if (mkdirat(at, name, S_IRWXU) == -1 && errno != EEXIST)
			return -1;
		return openat(at, name, flags);
	}
	if (fd == -1 && errno == EACCES && make)
		fd = open_closed(at, name, flags);
	else if (fd != -1 && make)
		allow_writing(fd);
	return fd;
}

/* The folder that is open is another part further on: go there. */
static int
enter(struct beneath *b, const char *part, size_t len, int make)
{
	size_t	 at = strlen(b->path);
	char	 name[FOLDER_NAME];
	int	 fd;

	if (len == 0 || len >= sizeof(name) ||
	    at + 1 + len >= sizeof(b->path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, part, len);
	name[len] = '\0';
	if (folder_path_is_dots(name)) {
		errno = EINVAL;
		return -1;
	}
	if ((fd = open_part(b->fd == -1 ? b->root : b->fd, name, make)) == -1)
		return -1;
	if (b->fd != -1)
		close(b->fd);
	b->fd = fd;
	if (at > 0)
		b->path[at++] = '/';
	memcpy(b->path + at, name, len + 1);
	return 0;
}

/* The bytes of path that are open already. */
static size_t
entered(const struct beneath *b, const char *path, size_t len)
{
	size_t	 n = strlen(b->path);

	return n <= len && memcmp(b->path, path, n) == 0 &&
	    (n == len || path[n] == '/') ? n : 0;
}

/* The folder of the first len bytes of path. */
static int
go(struct beneath *b, const char *path, size_t len, int make)
{
	size_t	 at = *b->path == '\0' ? 0 : entered(b, path, len), n;

	if (at == 0)
		beneath_end(b);
	while (at < len) {
		if (at > 0)
			at++;	/* the slash */
		n = strcspn(path + at, "/");
		if (n > len - at)
			n = len - at;
		if (enter(b, path + at, n, make) == -1)
			return -1;
		at += n;
	}
	return b->fd == -1 ? b->root : b->fd;
}

int
beneath_folder(struct beneath *b, const char *path, int make)
{
	return go(b, path, strlen(path), make);
}

int
beneath_parent(struct beneath *b, const char *path, int make,
    const char **last)
{
	const char	*slash = strrchr(path, '/');

	*last = slash != NULL ? slash + 1 : path;
	return go(b, path, slash != NULL ? (size_t)(slash - path) : 0, make);
}
