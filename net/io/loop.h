/*
 * loop: poll(2) and timers; one thread.
 *
 * Interest is not registered but asked for.  Before each poll the watches (all,
 * or those that are often ready or were so lately) say what they want now, from
 * the occupancy of their buffers.  A watch is asked again before it is called,
 * and is not called if it wants nothing any more.  Backpressure needs nothing
 * else.
 *
 * Each callback runs in the context (xml/context.h) in which its watch or timer
 * was set.
 *
 * With thousands of watches a timer may be some ms late.  Watches and timers
 * are members of their users' structs; they may be added and removed at any
 * time, also from callbacks.
 */
#ifndef NET_IO_LOOP_H
#define NET_IO_LOOP_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stddef.h>
#include <stdint.h>

#include "net/io/clock.h"
#include "xml/check.h"

#define WATCH_IDLE	(-1)	/* leave the descriptor out of this poll */
#define WATCH_NOW	0x4000	/* do not wait: what is wanted is at hand */

struct watch {
	int	 fd;		/* -1: none, only WATCH_NOW happens */
	/* poll events wanted now (0: errors only), or WATCH_IDLE; with
	 * WATCH_NOW, ready is called with these events at once. */
	int	(*want)(void *arg);
	void	(*ready)(void *arg, int revents);
	void	(*settle)(void *arg);	/* see loop_settle(); may be NULL */
	void	*arg;
	int	 often;			/* much comes here: among thousands,
					 * look at it more often; it is called
					 * even if it wants nothing now */
	/* The loop's own. */
	int	 on, now, idle, waits, settles;
	unsigned context;
	short	 events;			/* without WATCH_NOW */
	size_t	 place;				/* among what is polled */
	TAILQ_ENTRY(watch) next, settling;
};

struct timer {
	void	(*fire)(void *arg);
	void	*arg;
	int64_t	 at;			/* clock_ms() */
	int	 on;			/* the loop's */
	unsigned context;		/* the loop's */
	uint64_t order;			/* the loop's */
	RB_ENTRY(timer) node;		/* the loop's */
};

struct loop;

/* NULL and errno on failure. */
struct loop *loop_new(void);
/* The watches and timers are not freed, and not called any more. */
void	 loop_free(struct loop *l);

/* Have fn called before each poll, for work that was put off until no callback
 * runs. */
void	 loop_before(struct loop *l, void (*fn)(void *arg), void *arg);

/* Look at w from now on. */
void	 loop_watch(struct loop *l, struct watch *w);
/* Look at w no more.  It may be off already. */
void	 loop_unwatch(struct loop *l, struct watch *w);
/* Call w's settle before the next poll, after the function of loop_before():
 * for work that is better done once for a whole turn of the loop.  Nothing else
 * is called between it and the poll.  It may have been asked for already. */
void	 loop_settle(struct loop *l, struct watch *w);

/* Have t fire once, at a time of clock_ms().  Setting it again moves it. */
void	 timer_set(struct loop *l, struct timer *t, int64_t at);
/* t does not fire.  It may be off already. */
void	 timer_clear(struct loop *l, struct timer *t);

/* Run until loop_stop().  Returns 0, or -1 and errno if poll failed. */
int	 loop_run(struct loop *l) MUST_CHECK;
/* Have loop_run() return once the callback that calls this has. */
void	 loop_stop(struct loop *l);

#endif
