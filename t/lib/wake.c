/*
 * wake: sleep until something may have happened to what a test waits for: a
 * file in its directory was written or made, or one of its processes ended.
 *
 *	wake directory turn [pid ...]
 *	wake -f file regex directory turn [pid ...]
 *					until a line of the file matches, for a
 *					second at most
 *	wake -p pid			until it has ended, for a second at most
 *
 * turn is 1 for the first sleep of a wait, 2 for the next, and so on.  Later
 * sleeps are longer, so that a file which grows all the time does not keep the
 * test busy.  They end at their time in any case, for what no file tells.
 */
#include <sys/inotify.h>
#include <sys/syscall.h>

#include <poll.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LEAST		3	/* ms for each turn, whatever happens */
#define LEAST_MAX	50
#define MOST		15	/* ms for each turn, if nothing happens */
#define MOST_MAX	250
#define PIDS		62	/* processes watched at most */
#define SECOND		1000	/* ms */

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

static int
has_line(const char *file, const regex_t *re)
{
	FILE	*f = fopen(file, "r");
	char	*line = NULL;
	size_t	 size = 0;
	int	 found = 0;

	if (f == NULL)
		return 0;
	while (!found && getline(&line, &size, f) != -1) {
		line[strcspn(line, "\n")] = '\0';
		found = regexec(re, line, 0, NULL, 0) == 0;
	}
	free(line);
	fclose(f);
	return found;
}

/* Whatever else is written meanwhile, until the file has the line, one of the
 * processes ends, or a second is over. */
static void
until_matched(const char *file, const regex_t *re, char *argv[])
{
	struct pollfd	 pfds[1 + PIDS];
	char		 events[4096];
	nfds_t		 n = watch(pfds, argv[0], argv + 2), i;
	int		 turn = number(argv[1]), least, slept = 0;

	for (turn = turn < 1 ? 1 : turn; slept < SECOND; turn++) {
		least = grown(LEAST, turn, LEAST_MAX);
		doze(least);
		if (has_line(file, re))
			break;
		poll(pfds, n, grown(MOST, turn, MOST_MAX) - least);
		slept += least;
		for (i = 1; i < n; i++)
			if (pfds[i].revents != 0)
				return;
		if (pfds[0].revents == 0)
			slept += grown(MOST, turn, MOST_MAX) - least;
		else if (read(pfds[0].fd, events, sizeof events) == -1)
			break;
	}
}

static int
until_line(const char *file, const char *pattern, char *argv[])
{
	regex_t	 re;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return 2;
	until_matched(file, &re, argv);
	regfree(&re);
	return 0;
}

static int
until_gone(const char *pid)
{
	struct pollfd	 pfd = { .events = POLLIN };

	pfd.fd = (int)syscall(SYS_pidfd_open, number(pid), 0);
	if (pfd.fd != -1)
		poll(&pfd, 1, SECOND);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct pollfd	 pfds[1 + PIDS];
	nfds_t		 n;
	int		 least, turn;

	if (argc > 5 && strcmp(argv[1], "-f") == 0)
		return until_line(argv[2], argv[3], argv + 4);
	if (argc == 3 && strcmp(argv[1], "-p") == 0)
		return until_gone(argv[2]);
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
