/*
 * meter: run a command and see what it took.
 *
 *	meter file command ...
 *
 * When the command has ended, however it did, the file has a line: seconds of
 * user and system time, and the most resident memory, KiB.
 */
#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void
ignore(int signo)
{
	(void)signo;	/* the command gets it, too */
}

int
main(int argc, char **argv)
{
	struct rusage	 ru;
	FILE		*f;
	pid_t		 child;
	int		 status;

	if (argc < 3)
		errx(2, "usage: meter file command ...");
	if ((child = fork()) == -1)
		err(1, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	signal(SIGTERM, ignore);
	signal(SIGINT, ignore);
	while (wait4(child, &status, 0, &ru) == -1)
		continue;
	if ((f = fopen(argv[1], "w")) == NULL)
		err(1, "%s", argv[1]);
	fprintf(f, "%ld.%06ld %ld.%06ld %ld\n", (long)ru.ru_utime.tv_sec,
	    (long)ru.ru_utime.tv_usec, (long)ru.ru_stime.tv_sec,
	    (long)ru.ru_stime.tv_usec, ru.ru_maxrss);
	if (fclose(f) != 0)
		err(1, "%s", argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}
