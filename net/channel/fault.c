/* fault: see fault.h. */
#include <errno.h>
#include <string.h>

#include "net/channel/fault.h"

int
fault_status(enum fault fault)
{
	static const int	 statuses[] = {
		[FAULT_NONE] = 0,
		[FAULT_LOCAL] = 1,
		[FAULT_USE] = 2,
		[FAULT_SERVER] = 3,
		[FAULT_LOGIN] = 4,
		[FAULT_PEER] = 5,
		[FAULT_BROKEN] = 6,
		[FAULT_TIME] = 7,
		[FAULT_SIGNAL] = 1	/* never so: xcat.c dies of it */
	};

	return statuses[fault];
}

/* Is this the reason, or behind the colon in front of the reason?  What stands
 * before that may be the name of a file. */
static int
ends_with(const char *why, const char *reason)
{
	size_t	 n = strlen(why), len = strlen(reason);

	return n >= len && strcmp(why + n - len, reason) == 0 &&
	    (n == len || (n >= len + 2 &&
	    strncmp(why + n - len - 2, ": ", 2) == 0));
}

enum fault
fault_blame(const char *why)
{
	return ends_with(why, "out of memory") ||
	    ends_with(why, strerror(ENOMEM)) ? FAULT_LOCAL : FAULT_USE;
}

enum fault
fault_of_session(enum session_fault fault)
{
	switch (fault) {
	case SESSION_REFUSED:
	/* Only a login has this fault: a registration (registration.h) sets a
	 * new password, and reports each refusal as SESSION_REFUSED. */
	case SESSION_PASSWORD:
	/* A manager that began it anew would have two listeners take the name
	 * from each other for ever. */
	case SESSION_CONFLICT:
		return FAULT_LOGIN;
	case SESSION_TIMEOUT:
		return FAULT_TIME;
	case SESSION_INTERNAL:
		return FAULT_LOCAL;
	default:
		return FAULT_SERVER;
	}
}
