/*
 * child: commands run for a stream, each with a pipe to its standard input
 * and one from its standard output; standard error is ours.
 */
#ifndef NET_CHILD_H
#define NET_CHILD_H

#include <sys/types.h>

#include <stddef.h>

/* Is there a command that sh would run for the first word of this? */
int	 child_known(const char *command);

/*
 * Run sh -c command with these variables (name, value, ..., NULL) added to
 * the environment, in a process group of its own.  fds[0] is to be read,
 * fds[1] to be written.  Returns its pid, or -1 and errno.
 */
pid_t	 child_run(const char *command, const char *const *vars,
	    int fds[2]);
/* Tell it that its stream has broken: SIGHUP to its group. */
void	 child_hangup(pid_t pid);

/* Collect one child that has ended: its pid and, in words, how; 0 if none
 * has. */
pid_t	 child_reap(char *how, size_t size);

#endif
