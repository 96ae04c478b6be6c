/* background: see background.h. */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "net/io/background.h"
#include "net/io/fd.h"

#define FDS_MOST	4096	/* that a shell may leave open */

/* Returns 1 if the child is ready, and 0 if it has ended. */
static int
wait_ready(int fd)
{
	char	 byte;
	ssize_t	 n;

	while ((n = read(fd, &byte, 1)) == -1 && errno == EINTR)
		;
	return n == 1;
}

int
background_fork(int *ready, int *status)
{
	int	 fds[2];
	pid_t	 pid;

	if (pipe(fds) == -1)
		return -1;
	if ((pid = fork()) == -1) {
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	if (pid == 0) {
		close(fds[0]);
		(void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
		*ready = fds[1];
		return 0;
	}
	close(fds[1]);
	*status = 0;
	if (!wait_ready(fds[0]))
		while (waitpid(pid, status, 0) == -1 && errno == EINTR)
			;
	close(fds[0]);
	return 1;
}

void
background_ready(int ready)
{
	(void)fd_to_null(STDIN_FILENO);
	(void)fd_to_null(STDOUT_FILENO);
	(void)setsid();
	while (write(ready, "", 1) == -1 && errno == EINTR)
		;
	close(ready);
}

static void
close_inherited(int keep)
{
	int	 fd, flags, most = (int)sysconf(_SC_OPEN_MAX);

	if (most == -1 || most > FDS_MOST)
		most = FDS_MOST;
	for (fd = STDERR_FILENO + 1; fd < most; fd++)
		if (fd != keep && (flags = fcntl(fd, F_GETFD)) != -1 &&
		    (flags & FD_CLOEXEC) == 0)
			close(fd);
}

void
background_leave(int keep)
{
	int	 fd;

	close_inherited(keep);
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)fd_to_null(fd);
}
