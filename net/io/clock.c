/* clock: see clock.h. */
#include <sys/types.h>

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "net/io/clock.h"
#include "xml/number.h"

#define STOPPED	5000		/* ms late */
#define FOREVER	(INT64_MAX / 4)	/* ms */
#define RATE_MAX 100

/*
 * The clock is read all the time.  If it has gone far since it was last read,
 * the process was stopped or the machine slept, at whatever place in the
 * program.  While poll waits, how much of the time was a stop is not known.
 */
static struct {
	int64_t	 last;		/* the system's, when looked at */
	int64_t	 asleep;	/* ms that poll has been asked for since */
	int64_t	 lost;		/* ms in which nothing could happen */
	int	 rate;		/* of this clock to the system's; 0: unknown */
} clk;

static volatile sig_atomic_t	 continued;

#ifdef CLOCK_BOOTTIME
#define CLOCK	CLOCK_BOOTTIME	/* Linux's other one stands in sleep */
#else
#define CLOCK	CLOCK_MONOTONIC
#endif

int64_t
clock_us(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int
rate(void)
{
	const char	*s;
	uint64_t	 n;

	if (clk.rate == 0 && (s = getenv("XCAT_TEST_CLOCK")) != NULL &&
	    number_read(s, 1, RATE_MAX, &n) == 0)
		clk.rate = (int)n;
	if (clk.rate == 0)
		clk.rate = 1;
	return clk.rate;
}

int
clock_real(int64_t ms)
{
	if (ms == -1)
		return -1;
	ms = (ms + rate() - 1) / rate();
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

int64_t
clock_ms(void)
{
	int64_t	 now = clock_us() / 1000, passed;

	passed = now - clk.last - (continued ? 0 : clk.asleep);
	if (clk.last != 0 && passed >= STOPPED)
		clk.lost += passed;
	continued = 0;
	clk.last = now;
	clk.asleep = 0;
	return (now - clk.lost) * rate();
}

int64_t
clock_lost(void)
{
	return clk.lost;
}

void
clock_wait(int ms)
{
	clock_ms();
	clk.asleep = ms >= 0 ? ms : FOREVER;
}

void
clock_continued(void)
{
	continued = 1;
}
