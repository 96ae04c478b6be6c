/* fd: see fd.h. */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "net/io/fd.h"

#define LOCK_PAUSE	20		/* ms between two tries */

int
fd_give_up(int fd)
{
	int	 saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

int
fd_write_all(int fd, const void *data, size_t len)
{
	const unsigned char	*p = data;
	ssize_t			 n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) == -1) {
			if (errno != EINTR)
				return -1;
			n = 0;
		}
	return 0;
}

int
fd_cloexec(int fd)
{
	int	 flags = fcntl(fd, F_GETFD);

	return flags == -1 ? -1 : fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

int
fd_ready(int fd)
{
	int	 flags;

	if (fd_cloexec(fd) == -1 || (flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return fd_give_up(fd);
	return fd;
}

int
fd_lock(int fd, int ms)
{
	const struct timespec	 pause = { .tv_nsec = LOCK_PAUSE * 1000000L };

	for (;; ms -= LOCK_PAUSE) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if ((errno != EWOULDBLOCK && errno != EINTR) || ms <= 0)
			return -1;
		nanosleep(&pause, NULL);
	}
}

/* Solaris alone has no SO_REUSEPORT; its SO_REUSEADDR does as much. */
int
fd_share_port(int fd)
{
	int	 on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return -1;
#ifdef SO_REUSEPORT
	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
#else
	return 0;
#endif
}

int
fd_pipe(int fds[2])
{
	if (pipe(fds) == -1)
		return -1;
	if (fd_cloexec(fds[0]) == -1 || fd_cloexec(fds[1]) == -1)
		return fd_pipe_give_up(fds);
	return 0;
}

int
fd_pipe_give_up(int fds[2])
{
	fd_give_up(fds[0]);
	return fd_give_up(fds[1]);
}

#ifdef __linux__
/* Have all that write to this pipe closed it?  A pipe that is opened after that
 * does not tell. */
static int
has_ended(int fd)
{
	struct pollfd	 p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}
#endif

int
fd_anew(int fd)
{
#ifdef __linux__
	char	 path[32];
	int	 again, flags = fcntl(fd, F_GETFD), mode, r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (flags == -1 || (mode = fcntl(fd, F_GETFL)) == -1 ||
	    (again = open(path, (mode & O_ACCMODE) | O_NONBLOCK | O_CLOEXEC |
	    O_NOCTTY)) == -1)
		return -1;
	if ((mode & O_ACCMODE) == O_RDONLY && has_ended(fd))
		return fd_give_up(again);
	r = dup3(again, fd, flags & FD_CLOEXEC ? O_CLOEXEC : 0);
	close(again);
	return r == -1 ? -1 : 0;
#else
	(void)fd;
	return -1;
#endif
}

int
fd_copy(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

int
fd_null(void)
{
	return open(_PATH_DEVNULL, O_RDWR | O_CLOEXEC);
}

int
fd_to_null(int fd)
{
	int	 null = open(_PATH_DEVNULL, O_RDWR);

	if (null == -1 || null == fd)
		return null == -1 ? -1 : 0;
	if (dup2(null, fd) == -1)
		return fd_give_up(null);
	close(null);
	return 0;
}

DIR *
fd_opendir(int fd)
{
	int	 copy = fd_copy(fd);
	DIR	*d = copy == -1 ? NULL : fdopendir(copy);

	if (d != NULL)
		rewinddir(d);
	else if (copy != -1)
		(void)fd_give_up(copy);
	return d;
}
