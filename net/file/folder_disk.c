/* folder_disk: a folder that comes, on the disk; see folder_disk.h. */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/file/filename.h"
#include "net/file/folder_disk.h"
#include "net/file/folder_path.h"
#include "net/file/path_set.h"
#include "net/io/fd.h"

/*
 * The folder
 */

/* Is the folder found by its name in capitals, too? */
static int
is_folding(const struct folder_disk *d, const struct stat *st)
{
	char		 other[sizeof(d->name)];
	struct stat	 found;
	size_t		 i;

	for (i = 0; i < sizeof(other); i++)
		other[i] = (char)toupper((unsigned char)d->name[i]);
	return fstatat(d->parent, other, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	    found.st_dev == st->st_dev && found.st_ino == st->st_ino;
}

/* The folder with the temporary name, made if there is none: 0, or -1 and
 * errno. */
static int
open_root(struct folder_disk *d)
{
	struct stat	 st;

	d->fresh = mkdirat(d->parent, d->name, S_IRWXU) == 0;
	if (!d->fresh && errno != EEXIST)
		return -1;
	d->root = openat(d->parent, d->name, O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC);
	if (d->root == -1 || flock(d->root, LOCK_EX | LOCK_NB) == -1 ||
	    fstat(d->root, &st) == -1)
		return -1;
	if (st.st_uid != geteuid()) {
		errno = EACCES;
		return -1;
	}
	d->folds = is_folding(d, &st);
	return fchmod(d->root, S_IRWXU);
}

int
folder_disk_open(struct folder_disk *d, int parent, const char *peer,
    const char *name, const char *which)
{
	char			 inside[FILE_NAME + 1];
	const struct file_meta	 m = { .peer = peer, .name = inside,
				     .hash = which };
	int			 e;

	memset(d, 0, sizeof(*d));
	d->parent = parent;
	d->root = -1;
	/* No file is called so. */
	snprintf(inside, sizeof(inside), "%s/", name);
	if (partial_temporary(&m, d->name, sizeof(d->name)) == -1) {
		errno = ENOMEM;
		return -1;
	}
	if (open_root(d) == -1) {
		e = errno == EWOULDBLOCK ? EBUSY : errno;
		if (d->root != -1)
			close(d->root);
		d->root = -1;
		errno = e;
		return -1;
	}
	beneath_init(&d->beneath, d->root);
	beneath_init(&d->look, d->root);
	return 0;
}

void
folder_disk_close(struct folder_disk *d)
{
	if (d->root == -1)
		return;
	beneath_end(&d->beneath);
	beneath_end(&d->look);
	path_set_free(&d->offered);
	unlinkat(d->parent, d->name, AT_REMOVEDIR);	/* if it is empty */
	close(d->root);
	d->root = -1;
}

/*
 * What is there from before, and is in the sender's folder no more
 */

/* Is this path, or one in it, of what the sender has now?  Without an answer
 * what is there stays, as it does where names may not be kept as they are
 * given. */
static int
is_offered(const struct folder_disk *d, const char *path)
{
	return d->fresh || d->folds || path_set_has(&d->offered, path);
}

/* A folder is in the way of unlink(2). */
static int
is_folder_error(void)
{
	return errno == EISDIR || errno == EPERM;
}

/* Remove the files in this folder.  1: path is that of a folder in it now, and
 * has to be removed first; 0: nothing is in it; -1 and errno. */
static int
empty(struct folder_disk *d, char path[FOLDER_PATH])
{
	int		 dir = beneath_folder(&d->look, path, 1), r = 0, saved;
	DIR		*l = dir == -1 ? NULL : fd_opendir(dir);
	struct dirent	*e;

	if (l == NULL)
		return -1;
	while (r == 0 && (e = readdir(l)) != NULL) {
		if (folder_path_is_dots(e->d_name) ||
		    unlinkat(dir, e->d_name, 0) == 0)
			continue;
		r = is_folder_error() && folder_path_append(path, strlen(path),
		    e->d_name) == 0 ? 1 : -1;
	}
	saved = errno;
	closedir(l);
	errno = saved;
	return r;
}

/* Remove this folder, with all in it: one descriptor is open at a time, however
 * deep it is.  0, or -1 and errno. */
static int
remove_folder(struct folder_disk *d, const char *path)
{
	char		 at[FOLDER_PATH];
	const char	*last;
	int		 dir, r;

	strlcpy(at, path, sizeof(at));
	while ((r = empty(d, at)) != -1) {
		if (r == 1)
			continue;
		if ((dir = beneath_parent(&d->look, at, 1, &last)) == -1 ||
		    unlinkat(dir, last, AT_REMOVEDIR) == -1)
			return -1;
		if (strlen(at) == strlen(path))
			return 0;
		*strrchr(at, '/') = '\0';
	}
	return -1;
}

/* Remove this name from the folder of path, dir, unless it was offered. */
static int
remove_if_old(struct folder_disk *d, int dir, const char *path,
    const char *name)
{
	char	 inside[FOLDER_PATH];

	strlcpy(inside, path, sizeof(inside));
	if (folder_path_append(inside, strlen(path), name) == -1)
		return -1;
	if ((!folder_path_is_partial(name) && is_offered(d, inside)) ||
	    unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	return is_folder_error() ? remove_folder(d, inside) : -1;
}

/* All that is to be in this folder was offered: remove what else is in it from
 * before, and what there is of files that changed before they were whole. */
static int
remove_old(struct folder_disk *d, const char *path)
{
	struct dirent	*e;
	DIR		*l;
	int		 dir, r = 0, saved;

	if (d->fresh)
		return 0;
	if ((dir = beneath_folder(&d->look, path, 1)) == -1 ||
	    (l = fd_opendir(dir)) == NULL)
		return -1;
	while (r == 0 && (e = readdir(l)) != NULL)
		if (!folder_path_is_dots(e->d_name))
			r = remove_if_old(d, dirfd(l), path, e->d_name);
	saved = errno;
	closedir(l);
	errno = saved;
	return r;
}

/*
 * Files
 */

static struct file_meta
meta(const struct folder_file *f, const char *name)
{
	return (struct file_meta){ .peer = "", .name = name, .hash = "",
	    .size = f->size, .dated = f->dated, .date = f->date };
}

/* Is it the file, as far as can be known without reading it? */
static int
is_whole(const struct stat *st, const struct folder_file *f)
{
	return S_ISREG(st->st_mode) && (uint64_t)st->st_size == f->size &&
	    f->dated && st->st_mtime == f->date;
}

/* Give a whole file the permissions that it has at the sender now. */
static int
keep_mode(int dir, const char *name, const struct stat *st,
    const struct folder_file *f)
{
	mode_t	 mode = file_mode(f->mode, 0666);

	return (st->st_mode & 0777) == mode ? 0 :
	    fchmodat(dir, name, mode, 0);
}

/* Something else has its name: a file that has changed since, which the new one
 * replaces, or a folder.  That stays, unless it is from before. */
static int
make_place(struct folder_disk *d, const char *path, int dir, const char *name,
    const struct stat *st)
{
	if (!S_ISDIR(st->st_mode))
		return unlinkat(dir, name, 0);
	if (is_offered(d, path)) {
		errno = EISDIR;
		return -1;
	}
	return remove_folder(d, path);
}

/* Is there something of exactly this name?  0 and errno if not. */
static int
has_name(int dir, const char *name)
{
	DIR		*l = fd_opendir(dir);
	struct dirent	*e;
	int		 found = 0;

	if (l == NULL)
		return 0;
	while (!found && (e = readdir(l)) != NULL)
		found = strcmp(e->d_name, name) == 0;
	closedir(l);
	errno = EEXIST;
	return found;
}

/* How much there is of a file that is not whole. */
static int64_t
part_size(struct folder_disk *d, const struct folder_file *f)
{
	const char		*last;
	int			 dir = beneath_parent(&d->look, f->path, 1,
				     &last);
	struct file_meta	 m = meta(f, last);
	char			 part[sizeof(PARTIAL_PREFIX) + HASH_HEX];
	struct stat		 st;

	if (dir == -1)
		return -1;
	if (partial_temporary(&m, part, sizeof(part)) == -1 ||
	    fstatat(dir, part, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) || (uint64_t)st.st_size >= f->size)
		return 0;
	return st.st_size;
}

int64_t
folder_disk_have(struct folder_disk *d, const struct folder_file *f)
{
	const char	*last;
	struct stat	 st;
	int		 dir = beneath_parent(&d->look, f->path, 1, &last);
	int		 whole = 0;

	if (dir == -1)
		return -1;
	if (fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (d->folds && !has_name(dir, last))
			return -1;
		whole = is_whole(&st, f);
		if (whole ? keep_mode(dir, last, &st, f) == -1 :
		    make_place(d, f->path, dir, last, &st) == -1)
			return -1;
	} else if (errno != ENOENT) {
		return -1;
	}
	if (d->fresh)
		return whole ? st.st_size : 0;
	path_set_add(&d->offered, f->path);
	return whole ? st.st_size : part_size(d, f);
}

/* Make this file, in place of any other of its name. */
static int
create(int dir, const char *name, const struct folder_file *f)
{
	const int	 flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			     O_CLOEXEC;
	const mode_t	 mode = f->mode == -1 ? 0666 : (mode_t)f->mode & 0777;
	int		 fd = openat(dir, name, flags, mode);

	if (fd == -1 && errno == EEXIST && unlinkat(dir, name, 0) == 0)
		fd = openat(dir, name, flags, mode);
	return fd;
}

int
folder_disk_empty(struct folder_disk *d, const struct folder_file *f)
{
	const char	*last;
	int		 dir = beneath_parent(&d->look, f->path, 1, &last), fd;

	if (dir == -1 || (fd = create(dir, last, f)) == -1)
		return -1;
	if (file_set_attributes(fd, f->mode, 0666, f->dated, f->date) == -1)
		return fd_give_up(fd);
	close(fd);
	return 0;
}

int
folder_disk_put(struct folder_disk *d, const struct folder_file *f,
    const void *data, size_t len)
{
	const char	*last;
	int		 dir = beneath_parent(&d->beneath, f->path, 1, &last);
	int		 fd = dir == -1 ? -1 : create(dir, last, f), saved;

	if (fd == -1)
		return -1;
	if (fd_write_all(fd, data, len) == 0 &&
	    file_set_date(fd, f->dated, f->date) == 0)
		return close(fd);
	saved = errno;
	unlinkat(dir, last, 0);
	errno = saved;
	return fd_give_up(fd);
}

struct partial *
folder_disk_begin(struct folder_disk *d, const struct folder_file *f)
{
	const char		*last;
	int			 dir = beneath_parent(&d->beneath, f->path, 1,
				     &last);
	struct file_meta	 m = meta(f, last);

	return dir == -1 ? NULL : partial_open(dir, &m);
}

int
folder_disk_keep(struct folder_disk *d, struct partial *p,
    const struct folder_file *f)
{
	const char	*last;
	int		 dir = beneath_parent(&d->beneath, f->path, 1, &last);

	if (dir == -1) {
		partial_close(p);
		return -1;
	}
	return partial_put(p, dir, last, f->mode, f->dated, f->date);
}

/*
 * Folders that are complete
 */

int
folder_disk_directory(struct folder_disk *d, const char *path, int mode,
    int dated, time_t date)
{
	int	 dir;

	if (!d->fresh)
		path_set_add(&d->offered, path);
	if (remove_old(d, path) == -1 ||
	    (dir = beneath_folder(&d->look, path, 1)) == -1)
		return -1;
	return file_set_attributes(dir, mode, 0777, dated, date);
}

/* Write all of it to the disk, so that a loss of power takes nothing. */
static int
settle(int fd)
{
#ifdef __linux__
	return syncfs(fd) == -1 && errno != EROFS ? -1 : 0;
#else
	(void)fd;
	sync();
	return 0;
#endif
}

/* An empty folder holds the place, which rename(2) replaces. */
static int
move_to(void *arg, const char *to)
{
	const struct folder_disk	*d = arg;

	if (mkdirat(d->parent, to, S_IRWXU) == -1)
		return -1;
	if (renameat(d->parent, d->name, d->parent, to) == 0)
		return 0;
	unlinkat(d->parent, to, AT_REMOVEDIR);
	return -1;
}

int
folder_disk_finish(struct folder_disk *d, char *name, int mode, int dated,
    time_t date)
{
	if (remove_old(d, "") == -1)
		return -1;
	beneath_end(&d->beneath);
	beneath_end(&d->look);
	if (settle(d->root) == -1 || file_take_name(name, move_to, d) == -1 ||
	    file_set_attributes(d->root, mode, 0777, dated, date) == -1 ||
	    (fsync(d->parent) == -1 && errno != EINVAL && errno != EROFS))
		return -1;
	path_set_free(&d->offered);
	close(d->root);
	d->root = -1;
	return 0;
}
