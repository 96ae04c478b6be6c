/*
 * background: a process that goes to the background once it works.
 */
#ifndef NET_IO_BACKGROUND_H
#define NET_IO_BACKGROUND_H

#include "xml/check.h"

/*
 * Fork, before there are descriptors or children that a fork would share.  In
 * the child, which goes on as the program, returns 0, and *ready is the
 * descriptor for background_ready().  In the parent, which waits until the
 * child is ready or ends, returns 1 and the child's wait status, 0 if it is
 * ready.
 * Returns -1 and errno if that cannot be.
 */
int	 background_fork(int *ready, int *status) MUST_CHECK;
/* The child works: leave the terminal and the descriptors 0 and 1, and let the
 * parent end.  Standard error stays, for what goes wrong.  ready is closed. */
void	 background_ready(int ready);
/* In a process that is to outlive its parent: the three standard descriptors
 * lead nowhere from now on, and the descriptors are closed that the parent's
 * parent has left to us, as it may wait for their end: all but keep that would
 * survive exec(3), which ours do not. */
void	 background_leave(int keep);

#endif
