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

/* Milliseconds that the process has been running, monotonic. */
int64_t	 clock_ms(void);

/* Milliseconds left out so far.  If this has grown since the last look, the
 * process has just been woken. */
int64_t	 clock_lost(void);

/* Microseconds, for measuring; sleep and stops count. */
int64_t	 clock_us(void);

/* The loop is about to wait for so many ms, -1 for as long as it takes: that
 * time is no stop. */
void	 clock_wait(int ms);

/* SIGCONT has come; safe in a signal handler. */
void	 clock_continued(void);

#endif
