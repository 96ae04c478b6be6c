/*
 * wake: sleep until something may have happened to what a test waits for: a
 * file in its directory was written or made, or one of its processes ended.
 *
 *	wake directory turn [pid ...]
 *
 * turn is 1 for the first sleep of a wait, 2 for the next, and so on.  Later
 * sleeps are longer, so that a file which grows all the time does not keep the
 * test busy.  They end at their time in any case, for what no file tells.
 */
#include <sys/inotify.h>
#include <sys/syscall.h>

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LEAST		3	/* ms for each turn, whatever happens */
#define LEAST_MAX	50
#define MOST		15	/* ms for each turn, if nothing happens */
#define MOST_MAX	250
#define PIDS		62	/* processes watched at most */

static int
number(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

static int
grown(int ms, int turn, int max)
{
	return turn > max / ms ? max : turn * ms;
}

static void
doze(int ms)
{
	struct timespec	 ts = { .tv_nsec = ms * 1000000L };

	nanosleep(&ts, NULL);
}

/* Returns how many of the entries are used: that of the directory, and those of
 * the processes that still run. */
static nfds_t
watch(struct pollfd *pfds, const char *dir, char **pids)
{
	nfds_t	 n = 1, i;

	pfds[0].fd = inotify_init();
	inotify_add_watch(pfds[0].fd, dir, IN_MODIFY | IN_CREATE |
	    IN_MOVED_TO | IN_DELETE);
	for (; *pids != NULL && n <= PIDS; pids++) {
		pfds[n].fd = (int)syscall(SYS_pidfd_open, number(*pids), 0);
		n += pfds[n].fd != -1;
	}
	for (i = 0; i < n; i++)
		pfds[i].events = POLLIN;
	return n;
}

int
main(int argc, char *argv[])
{
	struct pollfd	 pfds[1 + PIDS];
	nfds_t		 n;
	int		 least, turn;

	if (argc < 3)
		return 2;
	if ((turn = number(argv[2])) < 1)
		turn = 1;
	n = watch(pfds, argv[1], argv + 3);
	least = grown(LEAST, turn, LEAST_MAX);
	doze(least);
	poll(pfds, n, grown(MOST, turn, MOST_MAX) - least);
	return 0;
}
