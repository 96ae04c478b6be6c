/*
 * bounded: a loop (net/io/loop.h) that runs for a bounded time: a test whose
 * event does not come ends all the same, and a test can wait for an event that
 * is not to come.
 */
#ifndef T_LIB_BOUNDED_H
#define T_LIB_BOUNDED_H

#include <stdint.h>

struct loop;

/* Run l until a callback stops it, but for no more than so many ms; with 0 for
 * one turn.  Returns 1 if a callback has, 0 if the time was up, and -1 and
 * errno if poll failed. */
int	 bounded_run(struct loop *l, int64_t ms);

#endif
