/* limits: see limits.h. */
#include <sys/types.h>
#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "net/io/limits.h"

#define RESERVE	64		/* descriptors, */
#define PART	4		/* but this part of all at most */
#define ENOUGH	10240		/* where "unlimited" is refused, as on macOS */

static struct {
	struct rlimit	 files, core;	/* as we were given them */
	int		 raised, hidden;
} given;

void
limits_raise(void)
{
	struct rlimit	 all;

	signal(SIGXFSZ, SIG_IGN);
	if (given.raised || getrlimit(RLIMIT_NOFILE, &given.files) == -1)
		return;
	given.raised = 1;
	all = given.files;
	all.rlim_cur = all.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &all) == 0 ||
	    given.files.rlim_cur >= ENOUGH)
		return;
	all.rlim_cur = ENOUGH;
	(void)setrlimit(RLIMIT_NOFILE, &all);
}

void
limits_hide(void)
{
	struct rlimit	 none;

	if (given.hidden || getrlimit(RLIMIT_CORE, &given.core) == -1)
		return;
	given.hidden = 1;
	none = given.core;
	none.rlim_cur = 0;
	(void)setrlimit(RLIMIT_CORE, &none);
#ifdef PR_SET_DUMPABLE
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);	/* until exec(3) */
#endif
}

void
limits_restore(void)
{
	if (given.raised)
		(void)setrlimit(RLIMIT_NOFILE, &given.files);
	if (given.hidden)
		(void)setrlimit(RLIMIT_CORE, &given.core);
}

int
limits_room(int fd)
{
	struct rlimit	 rl;
	rlim_t		 reserve;
	int		 lowest;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return 1;
	reserve = rl.rlim_cur / PART < RESERVE ? rl.rlim_cur / PART : RESERVE;
	/* The lowest that is free is the next one to be given away. */
	if ((lowest = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return 0;
	close(lowest);
	return (rlim_t)lowest + reserve < rl.rlim_cur;
}
