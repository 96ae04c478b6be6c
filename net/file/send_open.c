/* send_open: files that one process opens, and another one sends; see
 * send_int.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file/send.h"
#include "net/file/send_int.h"
#include "net/io/fd.h"

int
sender_is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* The last part of a path; a folder may be called "." or "a/", which says
 * nothing. */
void
sender_name(const char *path, char *out)
{
	char		 real[PATH_MAX];
	const char	*slash = strrchr(path, '/');
	const char	*name = slash != NULL ? slash + 1 : path;

	if (*name == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0) {
		if (realpath(path, real) == NULL)
			strlcpy(real, "folder", sizeof(real));
		slash = strrchr(real, '/');
		name = slash != NULL ? slash + 1 : real;
	}
	strlcpy(out, *name != '\0' ? name : "root", FILE_NAME);
}

int
send_open(struct sender *s, size_t at, const char **name, int *error)
{
	struct stat	 st;
	int		 fd;

	if (at >= s->n)
		return -3;
	*name = s->paths[at];
	if ((*error = s->errors[at]) != 0)
		return -1;
	if (sender_is_stdin(*name))
		fd = fd_copy(STDIN_FILENO);
	else if (stat(*name, &st) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISDIR(st.st_mode))
		return -2;
	else
		fd = open(*name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		*error = errno;
	return fd;
}

int
send_has_folder(const struct sender *s)
{
	struct stat	 st;
	size_t		 i;

	for (i = 0; i < s->n; i++)
		if (!sender_is_stdin(s->paths[i]) &&
		    stat(s->paths[i], &st) == 0 && S_ISDIR(st.st_mode))
			return 1;
	return 0;
}

/*
 * Files that another process has opened
 */

struct sender *
send_new_open(struct app *app)
{
	struct sender	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->app = app;
	s->fd = -1;
	return s;
}

/* Make room for one more.  0 or -1. */
static int
grow(struct sender *s)
{
	char	**names;
	int	 *errors, *fds;

	if ((names = reallocarray(s->names, s->n + 1, sizeof(*names))) == NULL)
		return -1;
	s->names = names;
	s->paths = names;
	if ((errors = reallocarray(s->errors, s->n + 1, sizeof(*errors))) ==
	    NULL)
		return -1;
	s->errors = errors;
	if ((fds = reallocarray(s->fds, s->n + 1, sizeof(*fds))) == NULL)
		return -1;
	s->fds = fds;
	return 0;
}

int
send_add(struct sender *s, const char *name, int fd, int error)
{
	if (grow(s) == -1 || (s->names[s->n] = strdup(name)) == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	s->errors[s->n] = error;
	s->fds[s->n] = fd;
	if (error == 0)
		s->good++;
	s->n++;
	return 0;
}

void
sender_close_open(struct sender *s)
{
	size_t	 i;

	for (i = 0; s->names != NULL && i < s->n; i++) {
		free(s->names[i]);
		if (s->fds[i] != -1)
			close(s->fds[i]);
	}
	free(s->names);
	free(s->fds);
}

/* Open a file, and do not wait for the writer of a FIFO, which poll(2) does.
 * A descriptor, or -1 and errno. */
static int
open_at_once(const char *path)
{
	struct stat	 st;
	int		 fifo = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);

	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    (fifo ? O_NONBLOCK : 0));
}

int
sender_open_next(struct sender *s, const char *path)
{
	int	 fd;

	if (s->fds != NULL) {
		fd = s->fds[s->at];
		s->fds[s->at] = -1;
		return fd;
	}
	return sender_is_stdin(path) ? fd_copy(STDIN_FILENO) :
	    open_at_once(path);
}
