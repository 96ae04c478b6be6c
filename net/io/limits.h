/*
 * limits: what the system lets this process have, and what it lets others
 * have of it.  See getrlimit(2).
 */
#ifndef NET_IO_LIMITS_H
#define NET_IO_LIMITS_H

/* Allow as many descriptors as the hard limit does; the soft limit is for
 * programs that use select(2).  Ignore SIGXFSZ: a file that gets too large is
 * an error (EFBIG), not the end.  To be called once, at the start. */
void	 limits_raise(void);

/* There are secrets in memory: allow no core file and, where the system can do
 * that, no other process of the user to read the memory.  To be called once, at
 * the start. */
void	 limits_hide(void);

/* In a child, before exec(3): restore the limits that this process was
 * given. */
void	 limits_restore(void);

/*
 * May another connection be accepted?  Some descriptors are kept for the
 * streams that are open already: for another connection to a lost server, for
 * files and pipes.  fd is any descriptor that is open.
 */
int	 limits_room(int fd);

#endif
