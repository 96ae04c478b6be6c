/*
 * clock: the time that the process has been running.
 *
 * Deadlines are for time in which something could have happened, so spans of
 * five seconds or more in which the process was stopped, or the machine slept,
 * are left out.
 */
#ifndef NET_IO_CLOCK_H
#define NET_IO_CLOCK_H

#include <stdint.h>

/*
 * Milliseconds that the process has been running, monotonic.
 *
 * Tests wind this clock: with XCAT_TEST_CLOCK=n in the environment, n from 1
 * to 100, a second of the machine is n seconds here, so that a minute of
 * patience takes one.  All that this does is that a program waits less long.
 */
int64_t	 clock_ms(void);

/* So many ms of this clock, in those of the machine, rounded up: for poll(2)
 * and for what else the kernel waits.  -1 (for ever) stays what it is. */
int	 clock_real(int64_t ms);

/* Milliseconds of the machine left out so far.  If this has grown since the
 * last look, the process has just been woken. */
int64_t	 clock_lost(void);

/* Microseconds, for measuring; sleep and stops count. */
int64_t	 clock_us(void);

/* The loop is about to wait for so many ms of the machine, -1 for as long as
 * it takes: that time is no stop. */
void	 clock_wait(int ms);

/* SIGCONT has come; safe in a signal handler. */
void	 clock_continued(void);

#endif
