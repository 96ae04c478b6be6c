/*
 * child: every process that xcat starts is started here.
 *
 * A child begins as if it had been started in place of xcat: with the signals
 * and limits of before, and without a descriptor but its standard ones.
 */
#ifndef NET_IO_CHILD_H
#define NET_IO_CHILD_H

#include <sys/types.h>

#include <stddef.h>

#define CHILD_KEEP	(-2)	/* a standard descriptor that stays ours */

/* What the shell is to run, and how. */
struct child_conf {
	const char	*command;	/* for sh -c */
	const char	*arg;		/* its $1, or NULL */
	const char	*const *vars;	/* name, value, ..., NULL: added to the
					 * environment; NULL: none */
	int		 fds[3];	/* its standard input, output and error
					 * are to be these, or CHILD_KEEP */
	int		 apart;		/* in a process group of its own; else
					 * it shares our terminal */
};

/*
 * Start the shell.  The descriptors stay the caller's, and should not survive
 * exec(3).  Returns the child's pid, to be waited for with child_wait(), or -1
 * and errno.  If there is no shell, the child's exit status is 127.
 */
pid_t	 child_spawn(const struct child_conf *c);
/* Wait for the child to end.  Returns its status as waitpid(2) has it, or -1
 * and errno. */
int	 child_wait(pid_t pid);

/* Is there a command that sh would run for the first word of command?  Returns
 * 1 also if that cannot be told. */
int	 child_known(const char *command);

/*
 * Run sh -c command with these variables (name, value, ..., NULL) added to
 * the environment, in a process group of its own, with a pipe to its standard
 * input and one from its standard output; standard error is ours.  fds[0] is
 * to be read, fds[1] to be written.  Returns its pid, to be collected by
 * child_reap(), or -1 and errno.
 */
pid_t	 child_run(const char *command, const char *const *vars,
	    int fds[2]);
/* Is this a child of child_run() that has not been collected?  Once it has
 * been, its pid may be another process's. */
int	 child_lives(pid_t pid);
/* The stream of a child of child_run() has broken: send SIGHUP to its group,
 * unless it has been collected. */
void	 child_hangup(pid_t pid);

/*
 * Run work(arg, fd) in a process apart, for calls of libraries that wait.  fd
 * is one end of a stream of bytes; the other end is returned, for the caller to
 * read and write, and does not block.  The process has no other descriptors,
 * ends when work returns, and is not to be waited for.  It outlives us if work
 * does.  What it changes in memory is lost.  Returns -1 and errno if there is
 * no process.
 */
int	 child_work(void (*work)(void *arg, int fd), void *arg);

/* Collect a child that has ended.  Returns its pid, and in how, of size bytes,
 * how it ended, in words; 0 if none has ended. */
pid_t	 child_reap(char *how, size_t size);

#endif
