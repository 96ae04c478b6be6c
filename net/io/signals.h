/*
 * signals: signals that end or concern this process reach it through the loop.
 * A child begins with the signals as they were before.
 */
#ifndef NET_IO_SIGNALS_H
#define NET_IO_SIGNALS_H

#include <signal.h>

struct loop;

/*
 * Call fn from the loop, not from the handler, when SIGHUP, SIGINT, SIGTERM
 * (unless ignored, as nohup(1) has it) or SIGCHLD has come.  SIGPIPE is
 * ignored.  Once in a process.  0, or -1 and errno.
 */
int	 signals_catch(struct loop *l, void (*fn)(void *arg, int signo),
	    void *arg);
/* Tell of this signal, too, even if it does not end the process: SIGTSTP.  Not
 * if it is ignored.  0, or -1 and errno. */
int	 signals_catch_also(int signo);
/* The loop is about to be freed: signals are not told any more. */
void	 signals_forget(void);
/* signals_forget(), and what was caught does again what it does by default,
 * also if it has come already: the program goes on without a loop. */
void	 signals_release(void);

/*
 * Around fork(2).  In a child, a handler of its parent would still write to
 * the parent's loop, as the pipe between them is shared: so signals are
 * blocked until signals_reset() has done away with the handlers.
 */
void	 signals_block(sigset_t *old);
/* In the parent: restore what was before signals_block(). */
void	 signals_unblock(const sigset_t *old);
/* In the child: each signal does what it does by default, and none is
 * blocked.  If foreground, the child shares the parent's terminal, and what
 * the parent's parent has ignored of SIGHUP, SIGINT, SIGQUIT and SIGTERM stays
 * ignored. */
void	 signals_reset(int foreground);

/* Children are to be waited for, even if the parent's parent has ignored
 * SIGCHLD, which the parent has inherited. */
void	 signals_want_children(void);

#endif
