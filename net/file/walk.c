/* walk: what is in a folder; see walk.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file/beneath.h"
#include "net/file/folder_path.h"
#include "net/file/walk.h"
#include "net/io/fd.h"

/* A folder that the walk is in. */
struct level {
	char		**names;	/* sorted */
	size_t		  n, at;
	size_t		  path, wire;	/* lengths of its paths */
	struct stat	  st;
	SLIST_ENTRY(level) up;
};

struct walk {
	SLIST_HEAD(, level) levels;
	size_t		 depth;
	struct beneath	 beneath;
	char		 path[FOLDER_PATH], wire[FOLDER_PATH];
};

/*
 * Folders
 */

static void
level_free(struct level *l)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
	free(l);
}

static int
level_add(struct level *l, const char *name)
{
	char	**names = l->names;

	/* Twice as many whenever their number is a power of two. */
	if ((l->n & (l->n - 1)) == 0 && (names = reallocarray(l->names,
	    l->n > 0 ? 2 * l->n : 1, sizeof(*names))) == NULL)
		return -1;
	l->names = names;
	if ((names[l->n] = strdup(name)) == NULL)
		return -1;
	l->n++;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Read the names in the folder that fd is: 0, or -1 and errno. */
static int
level_read(struct level *l, int fd)
{
	DIR		*d = fd_opendir(fd);
	struct dirent	*e;
	int		 r = 0, saved;

	if (d == NULL)
		return -1;
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL)
		if (!folder_path_is_dots(e->d_name))
			r = level_add(l, e->d_name);
	if (errno != 0)
		r = -1;
	saved = errno;
	closedir(d);
	if (l->n > 0)
		qsort(l->names, l->n, sizeof(*l->names), by_name);
	errno = saved;
	return r;
}

/* Enter the folder of w->path, which fd is: 0, or -1 and errno. */
static int
walk_enter(struct walk *w, int fd)
{
	struct level	*l;

	if (w->depth == FOLDER_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return -1;
	l->path = strlen(w->path);
	l->wire = strlen(w->wire);
	if (fstat(fd, &l->st) == -1 || level_read(l, fd) == -1) {
		level_free(l);
		return -1;
	}
	SLIST_INSERT_HEAD(&w->levels, l, up);
	w->depth++;
	return 0;
}

struct walk *
walk_new(int fd)
{
	struct walk	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	SLIST_INIT(&w->levels);
	beneath_init(&w->beneath, fd);
	if (walk_enter(w, fd) == -1) {
		free(w);
		return NULL;
	}
	return w;
}

void
walk_free(struct walk *w)
{
	struct level	*l;

	if (w == NULL)
		return;
	while ((l = SLIST_FIRST(&w->levels)) != NULL) {
		SLIST_REMOVE_HEAD(&w->levels, up);
		level_free(l);
	}
	beneath_end(&w->beneath);
	free(w);
}

/*
 * What is in them
 */

static const char *
kind_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a pipe";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

static void
walk_fails(struct walk_item *item, int error)
{
	item->kind = WALK_FAILED;
	item->error = error;
}

/* Enter the folder of w->path, of which there will be an item at its end. */
static void
walk_descend(struct walk *w, struct walk_item *item)
{
	int	 fd = beneath_folder(&w->beneath, w->path, 0);

	if (fd == -1 || walk_enter(w, fd) == -1)
		walk_fails(item, errno);
	else
		item->kind = WALK_END;	/* nothing to be said */
}

/* The next name of this folder.  Leaves WALK_END for a folder, which is then
 * the one that the walk is in. */
static void
walk_look(struct walk *w, struct level *l, struct walk_item *item)
{
	const char	*name = l->names[l->at++];
	char		 part[FOLDER_NAME];
	int		 fd;

	*item = (struct walk_item){ .kind = WALK_FILE, .path = w->path,
	    .wire = w->wire };
	/* The errors, too, are told with the path. */
	if (folder_path_append(w->path, l->path, name) == -1 ||
	    folder_path_escape(name, part) == -1 ||
	    folder_path_append(w->wire, l->wire, part) == -1) {
		walk_fails(item, ENAMETOOLONG);
		return;
	}
	w->path[l->path] = '\0';
	fd = beneath_folder(&w->beneath, w->path, 0);
	if (l->path > 0)
		w->path[l->path] = '/';
	else
		strlcpy(w->path, name, sizeof(w->path));
	if (fd == -1 || fstatat(fd, name, &item->st, AT_SYMLINK_NOFOLLOW) == -1)
		walk_fails(item, errno);
	else if (folder_path_is_partial(part)) {
		item->kind = WALK_LEFT_OUT;
		item->what = "a file that is not whole";
	} else if (S_ISDIR(item->st.st_mode)) {
		walk_descend(w, item);
	} else if (!S_ISREG(item->st.st_mode)) {
		item->kind = WALK_LEFT_OUT;
		item->what = kind_name(item->st.st_mode);
	}
}

/* All in this folder has been seen. */
static void
walk_leave(struct walk *w, struct level *l, struct walk_item *item)
{
	w->path[l->path] = w->wire[l->wire] = '\0';
	*item = (struct walk_item){ .kind = WALK_LEAVE, .path = w->path,
	    .wire = w->wire, .st = l->st };
	SLIST_REMOVE_HEAD(&w->levels, up);
	w->depth--;
	level_free(l);
}

void
walk_next(struct walk *w, struct walk_item *item)
{
	struct level	*l;

	*item = (struct walk_item){ .kind = WALK_END };
	while (item->kind == WALK_END &&
	    (l = SLIST_FIRST(&w->levels)) != NULL) {
		if (l->at == l->n)
			walk_leave(w, l, item);
		else
			walk_look(w, l, item);
	}
}
