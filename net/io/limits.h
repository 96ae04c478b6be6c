/*
 * limits: what the system lets this process have, and what it lets others
 * have of it.  See getrlimit(2).
 */
#ifndef NET_IO_LIMITS_H
#define NET_IO_LIMITS_H

/* As many descriptors as the hard limit allows, beyond what soft limits,
 * which are for users of select(2), leave.  SIGXFSZ is ignored: a file that
 * gets too large is an error (EFBIG), not the end.  Once, at the start. */
void	 limits_raise(void);

/* There are secrets in memory: allow no core file, and no other process of the
 * user to look (where the system has a means to say so).  Once, at the
 * start. */
void	 limits_hide(void);

/* In a child, before exec(3): the limits that this process was given. */
void	 limits_restore(void);

/*
 * May another connection be taken?  Some descriptors are kept for the streams
 * that are open already: for the way back to a lost server, for files and
 * pipes.  fd is any descriptor that is open.
 */
int	 limits_room(int fd);

#endif
