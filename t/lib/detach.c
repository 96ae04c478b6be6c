/*
 * detach: become a program that a test runs in the background.
 *
 *	detach command [argument ...]
 *
 * It gets a session and a process group of its own, to be signalled as a whole;
 * it is killed when the test ends, however that ends; and no signal is ignored,
 * as a shell has SIGINT ignored by its background jobs.
 */
#include <sys/prctl.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	int	 i;

	if (argc < 2)
		return 2;
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
