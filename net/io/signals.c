/* signals: see signals.h. */
#include <sys/types.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "net/io/clock.h"
#include "net/io/fd.h"
#include "net/io/loop.h"
#include "net/io/signals.h"

#ifndef NSIG
#define NSIG	65
#endif

/* The pipe through which handlers speak to the loop; signals are the
 * process's, and so is this. */
static struct {
	struct loop	*loop;
	struct watch	 pipe;		/* its end to read */
	int		 fd;		/* its end to write */
	void		(*fn)(void *, int);
	void		*arg;
} told = { .fd = -1 };

static void
on_signal(int signo)
{
	unsigned char	 c = (unsigned char)signo;
	int		 saved = errno;
	ssize_t		 n;

	n = write(told.fd, &c, 1);	/* a full pipe wakes the loop too */
	(void)n;
	errno = saved;
}

static void
on_continued(int signo)
{
	(void)signo;
	clock_continued();
}

static int
signals_want(void *arg)
{
	(void)arg;
	return POLLIN;
}

static void
signals_ready(void *arg, int revents)
{
	unsigned char	 c;

	(void)arg;
	(void)revents;
	while (told.loop != NULL && read(told.pipe.fd, &c, 1) == 1)
		told.fn(told.arg, c);
}

static int
catch(int signo, void (*handler)(int))
{
	struct sigaction	 sa = { .sa_handler = handler }, old;

	if (sigaction(signo, NULL, &old) == -1)
		return -1;
	if (old.sa_handler == SIG_IGN && signo != SIGCHLD)
		return 0;
	sigemptyset(&sa.sa_mask);
	sa.sa_flags = SA_RESTART;
	return sigaction(signo, &sa, NULL);
}

static int
catch_all(void)
{
	sigset_t	 children;

	/* A process that blocks SIGCHLD hands the mask down to its own. */
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    catch(SIGHUP, on_signal) == -1 ||
	    catch(SIGINT, on_signal) == -1 ||
	    catch(SIGTERM, on_signal) == -1 ||
	    catch(SIGCHLD, on_signal) == -1 ||
	    catch(SIGCONT, on_continued) == -1 ||
	    sigprocmask(SIG_UNBLOCK, &children, NULL) == -1 ? -1 : 0;
}

int
signals_catch(struct loop *l, void (*fn)(void *, int), void *arg)
{
	int	 fds[2];

	if (pipe(fds) == -1)
		return -1;
	if (fd_ready(fds[0]) == -1)
		return fd_give_up(fds[1]);
	if (fd_ready(fds[1]) == -1)
		return fd_give_up(fds[0]);
	told.loop = l;
	told.fn = fn;
	told.arg = arg;
	told.fd = fds[1];
	told.pipe = (struct watch){ .fd = fds[0], .want = signals_want,
	    .ready = signals_ready };
	loop_watch(l, &told.pipe);
	return catch_all();
}

int
signals_catch_also(int signo)
{
	return catch(signo, on_signal);
}

/* The handlers stay until the process ends: what they write then goes
 * nowhere. */
void
signals_forget(void)
{
	int	 fd = told.fd;

	if (told.loop == NULL)
		return;
	loop_unwatch(told.loop, &told.pipe);
	told.loop = NULL;
	told.fd = -1;
	close(fd);
	close(told.pipe.fd);
}

/* A signal that has come, and has not been told yet; or 0. */
static int
untold(void)
{
	unsigned char	 c;
	int		 signo = 0;

	while (told.loop != NULL && read(told.pipe.fd, &c, 1) == 1)
		if (c != SIGCHLD && c != SIGTSTP)
			signo = c;
	return signo;
}

void
signals_release(void)
{
	struct sigaction	 sa;
	int			 signo, came;

	for (signo = 1; signo < NSIG; signo++)
		if (sigaction(signo, NULL, &sa) == 0 &&
		    (sa.sa_handler == on_signal ||
		    sa.sa_handler == on_continued))
			signal(signo, SIG_DFL);
	came = untold();
	signals_forget();
	if (came != 0)
		raise(came);
}

void
signals_block(sigset_t *old)
{
	sigset_t	 all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, old);
}

void
signals_unblock(const sigset_t *old)
{
	sigprocmask(SIG_SETMASK, old, NULL);
}

/* Is the signal ignored by the will of our parent process? */
static int
stays_ignored(int signo)
{
	struct sigaction	 sa;

	return (signo == SIGHUP || signo == SIGINT || signo == SIGQUIT ||
	    signo == SIGTERM) && sigaction(signo, NULL, &sa) == 0 &&
	    sa.sa_handler == SIG_IGN;
}

void
signals_reset(int foreground)
{
	struct sigaction	 sa = { .sa_handler = SIG_DFL };
	sigset_t		 none;
	int			 signo;

	sigemptyset(&sa.sa_mask);
	/* sigaction(2) fails for SIGKILL and others, which need no change. */
	for (signo = 1; signo < NSIG; signo++)
		if (!foreground || !stays_ignored(signo))
			(void)sigaction(signo, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
signals_want_children(void)
{
	struct sigaction	 sa;

	if (sigaction(SIGCHLD, NULL, &sa) == 0 &&
	    (sa.sa_handler == SIG_IGN || sa.sa_flags & SA_NOCLDWAIT))
		signal(SIGCHLD, SIG_DFL);
}
