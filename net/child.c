#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/child.h"

#define SHELL	"/bin/sh"

/* Signals as a program expects to find them. */
static void
reset_signals(void)
{
	static const int	 changed[] = { SIGPIPE, SIGHUP, SIGINT,
				    SIGTERM, SIGCHLD };
	size_t			 i;

	for (i = 0; i < sizeof(changed) / sizeof(*changed); i++)
		signal(changed[i], SIG_DFL);
}

int
child_known(const char *command)
{
	char	 word[256];
	size_t	 len;
	pid_t	 pid;
	int	 status, fd;

	command += strspn(command, " \t");
	len = strcspn(command, " \t");
	/* Anything but a plain word is the shell's to judge, later. */
	if (len == 0 || len >= sizeof(word) || strcspn(command,
	    "|&;<>()$`\\\"'*?[#~=%!{}\n") < len)
		return 1;
	memcpy(word, command, len);
	word[len] = '\0';
	if ((pid = fork()) == -1)
		return 1;
	if (pid == 0) {
		reset_signals();
		if ((fd = open("/dev/null", O_RDWR)) != -1)
			for (int i = 0; i < 3; i++)
				dup2(fd, i);
		execl(SHELL, "sh", "-c", "command -v -- \"$1\"", "sh", word,
		    (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
run(const char *command, const char *const *vars, int in, int out)
{
	setpgid(0, 0);
	reset_signals();
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1)
		_exit(126);
	for (; *vars != NULL; vars += 2)
		setenv(vars[0], vars[1], 1);
	execl(SHELL, "sh", "-c", command, (char *)NULL);
	_exit(126);
}

static int
make_pipe(int fds[2])
{
	if (pipe(fds) == -1)
		return -1;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

static void
close_pipe(int fds[2])
{
	int	 saved = errno;

	close(fds[0]);
	close(fds[1]);
	errno = saved;
}

pid_t
child_run(const char *command, const char *const *vars, int fds[2])
{
	int	 in[2], out[2];
	pid_t	 pid;

	if (make_pipe(in) == -1)
		return -1;
	if (make_pipe(out) == -1) {
		close_pipe(in);
		return -1;
	}
	if ((pid = fork()) == 0)
		run(command, vars, in[0], out[1]);
	if (pid == -1) {
		close_pipe(in);
		close_pipe(out);
		return -1;
	}
	close(in[0]);
	close(out[1]);
	fds[0] = out[0];
	fds[1] = in[1];
	return pid;
}

void
child_hangup(pid_t pid)
{
	if (kill(-pid, SIGHUP) == -1)
		kill(pid, SIGHUP);	/* before it has its group */
}

pid_t
child_reap(char *how, size_t size)
{
	pid_t	 pid;
	int	 status;

	if ((pid = waitpid(-1, &status, WNOHANG)) <= 0)
		return 0;
	if (WIFSIGNALED(status))
		snprintf(how, size, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(how, size, "exit status %d", WEXITSTATUS(status));
	return pid;
}
