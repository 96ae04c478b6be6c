/*
 * sandbox_calls: the system calls that a process gives up on Linux, by a filter
 * of seccomp(2) that is there when xcat is built: no memory and no library is
 * needed for it.
 */
#ifndef NET_IO_SANDBOX_CALLS_H
#define NET_IO_SANDBOX_CALLS_H

#include "xml/check.h"

/* From here on the process, and all that it forks, are refused (EPERM) to start
 * programs, to look into other processes, and what else xcat has no use for.
 * PR_SET_NO_NEW_PRIVS is set before.  Returns 1, or 0 if the kernel does not do
 * it, or if xcat has no filter for this system or processor. */
int	 sandbox_calls_give_up(void) MUST_CHECK;

#endif
