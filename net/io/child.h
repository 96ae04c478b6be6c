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
 * Start it.  The descriptors stay the caller's, and should not survive
 * exec(3).  Returns its pid, to be waited for with child_wait(), or -1 and
 * errno.  If there is no shell, its exit status is 127.
 */
pid_t	 child_spawn(const struct child_conf *c);
/* Wait for it to end.  Its status as waitpid(2) has it, or -1 and errno. */
int	 child_wait(pid_t pid);

/* Is there a command that sh would run for the first word of this?  1 also if
 * that cannot be told. */
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
/* Of child_run(): has this child not yet been collected?  When it has, its pid
 * may be another process's. */
int	 child_lives(pid_t pid);
/* Of child_run(): its stream has broken, SIGHUP to its group.  Nothing if it
 * has been collected. */
void	 child_hangup(pid_t pid);

/* Collect one child that has ended: its pid and, in words, how; 0 if none
 * has. */
pid_t	 child_reap(char *how, size_t size);

#endif
