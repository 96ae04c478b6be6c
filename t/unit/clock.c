/*
 * clock: that it can be wound, by a number and by nothing else.  It is wound
 * once in a process, so each case is a process of its own.
 */
#include <sys/wait.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "net/io/clock.h"
#include "t/lib/tap.h"

static void
pause_ms(int ms)
{
	struct timespec	 ts = { .tv_nsec = ms * 1000000L };

	nanosleep(&ts, NULL);
}

/* Whether it goes rate times as fast as the machine's clock, as far as that can
 * be told where other programs run between the looks. */
static int
goes(int rate)
{
	int64_t	 before = clock_us(), ms = clock_ms(), after = clock_us();
	int64_t	 least, most;

	pause_ms(50);
	least = (clock_us() - after) / 1000 - 1;
	ms = clock_ms() - ms;
	most = (clock_us() - before) / 1000 + 1;
	return ms >= rate * least && ms <= rate * most;
}

/* Run fn(arg) with the clock wound so; returns what it does. */
static int
wound(const char *rate, int (*fn)(int), int arg)
{
	pid_t	 pid;
	int	 status = -1;

	if (rate != NULL)
		setenv("XCAT_TEST_CLOCK", rate, 1);
	else
		unsetenv("XCAT_TEST_CLOCK");
	if ((pid = fork()) == 0)
		_exit(fn(arg));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
minute_takes(int ms)
{
	return clock_real(60000) == ms && clock_real(1) == 1 &&
	    clock_real(0) == 0;
}

static int
for_ever(int unused)
{
	(void)unused;
	return clock_real(-1) == -1 && clock_real(INT64_MAX / 2) > 0;
}

int
main(void)
{
	static const char	*bad[] = { "", "0", "-1", "101", "1x", "x",
				    "99999999999999999999" };
	size_t			 i;

	is_int(wound(NULL, goes, 1), 1, "it goes as the machine's");
	is_int(wound(NULL, minute_takes, 60000), 1, "a minute is one");
	is_int(wound(NULL, for_ever, 0), 1, "for ever is for ever");
	is_int(wound("20", goes, 20), 1, "wound, it goes faster");
	is_int(wound("60", minute_takes, 1000), 1, "a minute takes a second");
	is_int(wound("60", for_ever, 0), 1, "and for ever is for ever");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(wound(bad[i], goes, 1), 1, "not by \"%s\"",
		    bad[i]);
	return tap_done();
}
