/*
 * Unit tests of net/io/child: what a command finds when it begins, and that
 * nothing which happens to it happens to us.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/io/child.h"
#include "net/io/limits.h"
#include "net/io/loop.h"
#include "net/io/signals.h"
#include "t/lib/bounded.h"
#include "t/lib/tap.h"

#define BOUND	30000		/* ms, after which a test has failed */
#define TIMES	500		/* that a child is hung up as it begins */

static const char *const	 no_vars[] = { NULL };
static struct loop		*loop;
static int			 reaped, hung_up, others, want;
static char			 how[64];

static void
told(void *arg, int signo)
{
	(void)arg;
	if (signo != SIGCHLD) {
		others++;
		return;
	}
	while (child_reap(how, sizeof(how)) != 0) {
		reaped++;
		if (strcmp(how, "killed by signal 1") == 0)
			hung_up++;
	}
	if (reaped >= want)
		loop_stop(loop);
}

/* Until so many have ended; returns whether they have. */
static int
await(int n)
{
	want = n;
	if (reaped < n && bounded_run(loop, BOUND) == -1)
		return 0;
	return reaped >= n;
}

/* A stream that is closed as soon as it is open. */
static void
test_hangups(void)
{
	int	 fds[2], i;

	for (i = 0; i < TIMES; i++) {
		pid_t	 pid = child_run("exec cat", no_vars, fds);

		if (pid == -1)
			break;
		child_hangup(pid);
		close(fds[0]);
		close(fds[1]);
	}
	is_int(i, TIMES, "children are started and hung up");
	ok(await(TIMES), "all of them end");
	is_int(hung_up, TIMES, "by the signal");
	is_int(others, 0, "which does not reach us");
}

/* What the command says, until its end. */
static const char *
says(const char *command)
{
	static char	 text[256];
	size_t		 n = 0;
	ssize_t		 r;
	int		 fds[2];

	reaped = 0;
	if (child_run(command, no_vars, fds) == -1)
		return strerror(errno);
	close(fds[1]);
	while (n < sizeof(text) - 1 &&
	    (r = read(fds[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	close(fds[0]);
	return await(1) ? text : "it does not end";
}

static void
test_signals(void)
{
	sigset_t	 set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGUSR2, SIG_IGN);
	is(says("kill -USR1 $$; echo blocked"), "", "no signal is blocked");
	is(says("kill -USR2 $$; echo ignored"), "", "nor ignored");
	is(says("kill -PIPE $$; echo ignored"), "", "nor is SIGPIPE");
	is(says("ulimit -c 0; kill -XFSZ $$; echo ignored"), "",
	    "nor is SIGXFSZ");
	is(says("kill -TERM $$; echo caught"), "", "nor caught");
	signal(SIGUSR2, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	is_int(others, 0, "and we hear of none");
}

static void
test_descriptors(void)
{
	int	 fd = open("/dev/null", O_RDWR);

	if (fd == -1 || dup2(fd, 9) == -1)
		exit(1);
	is(says("(: <&9) 2>/dev/null || echo none"), "none\n",
	    "a descriptor of ours");
	close(fd);
	close(9);
}

static void
test_limits(rlim_t files, rlim_t core)
{
	char	 want_files[32], want_core[32];

	snprintf(want_files, sizeof(want_files), "%llu\n",
	    (unsigned long long)files);
	snprintf(want_core, sizeof(want_core), "%llu\n",
	    (unsigned long long)core / 512);
	is(says("ulimit -Sn"), want_files, "the limit of descriptors");
	is(says("ulimit -Sc"), want_core, "the limit of core files");
}

static void
test_lives(void)
{
	int	 fds[2];
	pid_t	 pid;

	reaped = 0;
	pid = child_run("exec cat", no_vars, fds);
	ok(pid != -1 && child_lives(pid), "a child lives");
	is_int(getpgid(pid), pid, "in a group of its own, at once");
	close(fds[0]);
	close(fds[1]);
	ok(await(1) && !child_lives(pid), "until it has been collected");
	child_hangup(getpid());
	is_int(others, 0, "what is no child is not hung up");
}

/* In the process apart: its group and how many descriptors it has, then what
 * it is told. */
static void
work(void *arg, int fd)
{
	char	 said[64], c;
	int	 i, n = 0;

	for (i = 0; i < 64; i++)
		n += fcntl(i, F_GETFD) != -1;
	snprintf(said, sizeof(said), "%d %d %d.", n, getpgid(0) ==
	    *(pid_t *)arg, fcntl(fd, F_GETFD) != -1);
	if (write(fd, said, strlen(said)) == -1)
		_exit(1);
	while (read(fd, &c, 1) > 0)
		if (write(fd, &c, 1) == -1)
			_exit(1);
}

static void
test_work(void)
{
	pid_t		 group = getpgid(0);
	struct pollfd	 pfd;
	char		 got[64];
	size_t		 n = 0;
	ssize_t		 some;

	pfd.fd = child_work(work, &group);
	pfd.events = POLLIN;
	ok(pfd.fd != -1, "a process apart");
	ok(write(pfd.fd, "xy", 2) == 2 && shutdown(pfd.fd, SHUT_WR) == 0,
	    "is told something");
	while (poll(&pfd, 1, 10000) == 1 && (some = read(pfd.fd, got + n,
	    sizeof(got) - 1 - n)) > 0)
		n += (size_t)some;
	got[n] = '\0';
	is(got, "4 0 1.xy", "it has four descriptors and another group, and "
	    "ends");
	is_int(waitpid(-1, NULL, WNOHANG), -1, "nothing is to be waited for");
	close(pfd.fd);
}

int
main(void)
{
	struct rlimit	 files, core, now;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = 100;
	setrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_CORE, &core);
	core.rlim_cur = core.rlim_max < 512 * 1024 ? core.rlim_max : 512 * 1024;
	setrlimit(RLIMIT_CORE, &core);
	limits_raise();
	limits_hide();
	getrlimit(RLIMIT_NOFILE, &now);
	ok(now.rlim_cur == now.rlim_max, "as many descriptors as there may be");
	getrlimit(RLIMIT_CORE, &now);
	ok(now.rlim_cur == 0, "no core file");

	if ((loop = loop_new()) == NULL || signals_catch(loop, told, NULL) ==
	    -1)
		return 1;
	test_hangups();
	test_signals();
	test_descriptors();
	test_limits(files.rlim_cur, core.rlim_cur);
	test_lives();
	test_work();
	signals_forget();
	loop_free(loop);
	return tap_done();
}
