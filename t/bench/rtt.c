/*
 * rtt: how long a byte takes to a far end and back.
 *
 *	rtt [-b] [-i ms] [-n count] target port
 *
 * Listens on the loopback port target, connects to the other one, which leads
 * to the target, and sends a byte that the target sends back, so many times,
 * with a pause before each.  Both ends are here: nothing but the way between
 * them takes time.  The line has the microseconds, median, 99th percentile and
 * most, and how many trips there were.  With -b a second connection sends as
 * much as goes meanwhile, and another line has its bytes per second.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <err.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/bench/local.h"
#include "t/bench/stat.h"

#define WARM	20		/* trips that are not counted */
#define RAMP	1000		/* ms for the bulk to get going */

static atomic_ulong	*moved;		/* by the bulk */
static pid_t		 children[2];

static void
move(int from, int to)
{
	char	 c = 'x';

	if (write(from, &c, 1) != 1 || read(to, &c, 1) != 1)
		errx(1, "the stream ends");
}

static void
flood(int fd)
{
	static char	 b[65536];

	while (write(fd, b, sizeof(b)) > 0)
		continue;
	_exit(1);
}

static void
drain(int fd)
{
	static char	 b[65536];
	ssize_t		 n;

	while ((n = read(fd, b, sizeof(b))) > 0)
		atomic_fetch_add(moved, (unsigned long)n);
	_exit(1);
}

static void
start_bulk(int target, const char *port)
{
	int	 near = local_connect(port), far = local_accept(target);

	moved = mmap(NULL, sizeof(*moved), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (moved == MAP_FAILED)
		err(1, "mmap");
	if ((children[0] = fork()) == 0)
		flood(near);
	if ((children[1] = fork()) == 0)
		drain(far);
	if (children[0] == -1 || children[1] == -1)
		err(1, "fork");
	stat_sleep(RAMP);
}

static void
stop_bulk(double seconds, unsigned long before)
{
	int	 i;

	printf("%.0f\n", (double)(*moved - before) / seconds);
	for (i = 0; i < 2; i++) {
		if (waitpid(children[i], NULL, WNOHANG) != 0)
			errx(1, "the bulk has ended");
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
}

int
main(int argc, char **argv)
{
	struct stat_list	 l = { 0 };
	unsigned int		 pause = 0;
	unsigned long		 before = 0;
	size_t			 count = 1000, i;
	double			 began, since;
	int			 c, bulk = 0, target, near, far;

	while ((c = getopt(argc, argv, "bi:n:")) != -1)
		switch (c) {
		case 'b':	bulk = 1; break;
		case 'i':	pause = (unsigned)stat_number(optarg); break;
		case 'n':	count = stat_number(optarg); break;
		default:	return 2;
		}
	if (argc - optind != 2)
		errx(2, "usage: rtt [-b] [-i ms] [-n count] target port");
	target = local_listen(argv[optind]);
	near = local_connect(argv[optind + 1]);
	far = local_accept(target);
	for (i = 0; i < WARM; i++) {
		move(near, far);
		move(far, near);
	}
	if (bulk) {
		start_bulk(target, argv[optind + 1]);
		before = *moved;
	}
	since = stat_now();
	for (i = 0; i < count; i++) {
		stat_sleep(pause);
		began = stat_now();
		move(near, far);
		move(far, near);
		stat_add(&l, stat_now() - began);
	}
	stat_print(&l);
	if (bulk)
		stop_bulk(stat_now() - since, before);
	return 0;
}
