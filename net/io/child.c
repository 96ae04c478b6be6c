/* child: see child.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/io/child.h"
#include "net/io/fd.h"
#include "net/io/limits.h"
#include "net/io/signals.h"

#define FAILED	127		/* exit status, as sh has it */

/* The processes of child_run() that have not been collected. */
static struct {
	pid_t	*pids;
	size_t	 n, size;
} living;

/*
 * Between fork and exec
 */

/* 0, or -1 if the child does not get its descriptors. */
static int
take_descriptors(const int fds[3])
{
	int	 i;

	for (i = 0; i < 3; i++) {
		if (fds[i] == CHILD_KEEP)
			continue;
		if (fds[i] == i ? fcntl(i, F_SETFD, 0) == -1 :
		    dup2(fds[i], i) == -1)
			return -1;
	}
	closefrom(STDERR_FILENO + 1);
	return 0;
}

static int
take_variables(const char *const *vars)
{
	for (; vars != NULL && *vars != NULL; vars += 2)
		if (setenv(vars[0], vars[1], 1) == -1)
			return -1;
	return 0;
}

/* All signals are blocked until this has changed what they do. */
static void
become(const struct child_conf *c)
{
	if (c->apart)
		(void)setpgid(0, 0);
	signals_reset(!c->apart);
	limits_restore();
	if (take_descriptors(c->fds) == 0 && take_variables(c->vars) == 0)
		execl(_PATH_BSHELL, "sh", "-c", c->command, "sh", c->arg,
		    (char *)NULL);
	_exit(FAILED);
}

pid_t
child_spawn(const struct child_conf *c)
{
	sigset_t	 old;
	pid_t		 pid;
	int		 saved;

	signals_want_children();
	signals_block(&old);
	if ((pid = fork()) == 0)
		become(c);
	saved = errno;
	/* The child does this, too: whichever process comes first, the group is
	 * there when we go on.  The call fails only if the child has made the
	 * group and has called exec(3) already. */
	if (pid > 0 && c->apart)
		(void)setpgid(pid, pid);
	signals_unblock(&old);
	errno = saved;
	return pid;
}

int
child_wait(pid_t pid)
{
	int	 status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return status;
}

/*
 * What is run
 */

int
child_known(const char *command)
{
	struct child_conf	 c = { .command = "command -v -- \"$1\"" };
	char			 word[256];
	size_t			 len;
	pid_t			 pid;
	int			 fd, status;

	command += strspn(command, " \t");
	len = strcspn(command, " \t");
	/* What is no plain word is left to the shell to judge. */
	if (len == 0 || len >= sizeof(word) || strcspn(command,
	    "|&;<>()$`\\\"'*?[#~=%!{}\n") < len)
		return 1;
	memcpy(word, command, len);
	word[len] = '\0';
	c.arg = word;
	if ((fd = fd_null()) == -1)
		return 1;
	c.fds[0] = c.fds[1] = c.fds[2] = fd;
	pid = child_spawn(&c);
	close(fd);
	if (pid == -1 || (status = child_wait(pid)) == -1)
		return 1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Make room for another pid.  0 or -1. */
static int
child_make_room(void)
{
	pid_t	*pids;
	size_t	 size = living.size + 16;

	if (living.n < living.size)
		return 0;
	pids = reallocarray(living.pids, size, sizeof(*pids));
	if (pids == NULL)
		return -1;
	living.pids = pids;
	living.size = size;
	return 0;
}

pid_t
child_run(const char *command, const char *const *vars, int fds[2])
{
	struct child_conf	 c = { .command = command, .vars = vars,
				     .apart = 1 };
	int			 in[2], out[2];
	pid_t			 pid;

	if (child_make_room() == -1 || fd_pipe(in) == -1)
		return -1;
	if (fd_pipe(out) == -1)
		return fd_pipe_give_up(in);
	c.fds[0] = in[0];
	c.fds[1] = out[1];
	c.fds[2] = CHILD_KEEP;
	if ((pid = child_spawn(&c)) == -1) {
		fd_pipe_give_up(in);
		return fd_pipe_give_up(out);
	}
	living.pids[living.n++] = pid;
	close(in[0]);
	close(out[1]);
	fds[0] = out[0];
	fds[1] = in[1];
	return pid;
}

/*
 * Processes apart
 */

/* In the process that works: nothing of ours is kept open or written to. */
static void
work_alone(void (*work)(void *, int), void *arg, int fd)
{
	int	 i;

	signals_reset(0);
	if ((fd = fcntl(fd, F_DUPFD, STDERR_FILENO + 1)) == -1)
		_exit(FAILED);
	for (i = 0; i <= STDERR_FILENO; i++)
		if (fd_to_null(i) == -1)
			_exit(FAILED);
	if (dup2(fd, STDERR_FILENO + 1) == -1)
		_exit(FAILED);
	closefrom(STDERR_FILENO + 2);
	work(arg, STDERR_FILENO + 1);
	_exit(0);
}

/* In the process between: its end leaves the working process to init(8), which
 * collects it. */
static void
part_from_worker(void (*work)(void *, int), void *arg, int fd)
{
	pid_t	 pid;

	(void)setsid();
	if ((pid = fork()) == 0)
		work_alone(work, arg, fd);
	_exit(pid == -1 ? FAILED : 0);
}

int
child_work(void (*work)(void *arg, int fd), void *arg)
{
	sigset_t	 old;
	int		 fds[2], status;
	pid_t		 pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return -1;
	signals_want_children();
	signals_block(&old);
	if ((pid = fork()) == 0)
		part_from_worker(work, arg, fds[1]);
	status = pid == -1 ? -1 : child_wait(pid);
	signals_unblock(&old);
	close(fds[1]);
	if (status != 0) {
		errno = pid == -1 ? errno : EAGAIN;
		return fd_give_up(fds[0]);
	}
	return fd_ready(fds[0]);
}

int
child_lives(pid_t pid)
{
	size_t	 i;

	for (i = 0; i < living.n; i++)
		if (living.pids[i] == pid)
			return 1;
	return 0;
}

void
child_hangup(pid_t pid)
{
	if (child_lives(pid))
		kill(-pid, SIGHUP);
}

/* The pid may be that of a child of child_spawn(), which is not listed. */
static void
forget(pid_t pid)
{
	size_t	 i;

	for (i = 0; i < living.n; i++)
		if (living.pids[i] == pid)
			living.pids[i] = living.pids[--living.n];
}

pid_t
child_reap(char *how, size_t size)
{
	pid_t	 pid;
	int	 status;

	if ((pid = waitpid(-1, &status, WNOHANG)) <= 0)
		return 0;
	forget(pid);
	if (WIFSIGNALED(status))
		snprintf(how, size, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(how, size, "exit status %d", WEXITSTATUS(status));
	return pid;
}
