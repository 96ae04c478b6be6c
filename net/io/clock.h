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
 * patience takes one.  Its only effect is that a program waits less long.
 */
int64_t	 clock_ms(void);

/* Milliseconds of this clock in those of the machine, rounded up: for poll(2)
 * and whatever else lets the kernel wait.  -1 (for ever) stays -1. */
int	 clock_real(int64_t ms);

/* Milliseconds of the machine left out until now.  If this has grown since the
 * last call, the process has just been woken. */
int64_t	 clock_lost(void);

/* Microseconds, for measuring; sleep and stops count. */
int64_t	 clock_us(void);

/* The loop is about to wait for ms milliseconds of the machine, or for ever
 * (-1): that time does not count as a stop. */
void	 clock_wait(int ms);

/* SIGCONT has come; safe in a signal handler. */
void	 clock_continued(void);

#endif
