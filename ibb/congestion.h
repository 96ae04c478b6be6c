/*
 * congestion: how much of a stream to have under way, and in how large stanzas.
 *
 * What a path can take is not known, so it is measured, round by round: a round
 * is over when a block that was sent in it has been answered.  Two numbers are
 * a model of the path, as in BBR (Cardwell, Cheng, Gunn, Yeganeh and Jacobson,
 * 2016): the highest rate at which bytes landed in the last rounds, and the
 * round trip of the path when no queue stands in it.  The budget, which is what
 * may be under way, is their product and what stands in the queue for a time
 * that depends on the rate.
 *
 * At first the budget doubles with every round trip until blocks come late,
 * which is the queue.  It does so again when the queue is gone for three full
 * rounds.  Every ten seconds, unless a round trip as short as the shortest has
 * been seen meanwhile, the budget is two thirds of the model for two round
 * trips: the queue drains, the path does not, and the round trip shows.
 *
 * It departs from BBR in that
 *  - nothing is paced: blocks go when answers come, since servers that read
 *    clumps answer in clumps, and a timer for each block would wake xcat;
 *  - the queue is wanted, and is the shorter the higher a stream's own rate is,
 *    as in FAST TCP (Jin, Wei and Low, 2004) and Copa (Arun and Balakrishnan,
 *    2018): two streams on one path that cannot know of each other so come to
 *    equal parts, where the product alone would leave any parts as they are;
 *  - the path is never emptied, unless it holds less than a stanza;
 *  - a server, relay or end that other programs keep from working for moments
 *    makes round trips long without a queue, so the queue that is wanted grows
 *    by what the round trips of a round differ, up to 50 ms; the budget grows
 *    with a single round that found no queue, sinks only if each of the last
 *    rounds found one, and then by a quarter; and two rounds in a row have to
 *    say that the path has become slower;
 *  - what shows a full path is the round trip, and that the rate no longer
 *    grows: servers that limit rates let some bytes through first;
 *  - where a round trip takes less than 25 ms the budget doubles in that time,
 *    so that a server's limit shows before much is under way.
 *
 * Blocks arrive in the order in which they were sent.  So when a block has been
 * answered, those before it are under way no longer: if they have no answer
 * yet, the reader at the other end lets them wait.
 *
 * Knows neither streams nor a clock: times are given to it, in microseconds
 * of any clock that does not go back.
 */
#ifndef IBB_CONGESTION_H
#define IBB_CONGESTION_H

#include <stddef.h>
#include <stdint.h>

#define CONGESTION_UNIT	8192		/* Prosody 0.12 reads that much */
#define CONGESTION_FIRST	4096		/* the first stanzas */
#define CONGESTION_SMALL (CONGESTION_FIRST / 2) /* typed blocks are less */
#define CONGESTION_BUDGET_MAX	(8 * 1024 * 1024)	/* bytes under way */
#define CONGESTION_BLOCKS_MAX	512		/* blocks under way */
#define CONGESTION_RATES	8		/* rounds */

enum congestion_phase {
	CONGESTION_START,	/* the budget doubles until a queue shows */
	CONGESTION_CRUISE,	/* the budget follows the model */
	CONGESTION_DRAIN	/* the queue drains, to show the round trip */
};

struct congestion {
	enum congestion_phase	 phase;
	size_t		 budget;	/* bytes that may be under way */
	size_t		 stanza;	/* how large one is to be */
	uint64_t	 sent;		/* bytes in all */
	uint64_t	 landed;	/* of these, under way no more */
	uint64_t	 nsent;		/* blocks in all */
	uint64_t	 nlanded;	/* of these, under way no more */
	int64_t		 landed_at;	/* us: when the last of these did */
	uint64_t	 rate;		/* bytes a second that arrive */
	uint64_t rates[CONGESTION_RATES]; /* in each of the last rounds */
	unsigned	 nrates;
	int64_t		 base;		/* us: a trip without a queue, or 0 */
	int64_t		 held;		/* us: more, by our own transport */
	int64_t		 based;		/* us: when it was that short last */
	int64_t		 gap;		/* us after which that is to be seen */
	uint64_t	 best;		/* rate since the queue was drained */
	struct congestion_round {
		uint64_t landed;	/* by its beginning, ... */
		int64_t	 at;		/* ... at this time */
	}		 round, last;	/* this one, and the one before */
	int64_t		 trip;		/* its shortest round trip, or 0, ... */
	int64_t		 longest;	/* ... and its longest */
	int64_t trips[CONGESTION_RATES]; /* the shortest of the last rounds, */
	int64_t spreads[CONGESTION_RATES]; /* and the longest less that */
	int		 full;		/* the budget did not suffice */
	size_t		 peak;		/* bytes under way at most, in this */
	size_t		 peaked;	/* round, and in the one before */
	uint64_t	 late;		/* bytes that landed late, in a row */
	uint64_t	 late_rate;	/* at which they did, at most */
	int		 quick;		/* full rounds without a queue */
	int		 slower;	/* rounds with far too long a queue */
	uint64_t	 drained;	/* bytes sent when the queue had ... */
	int64_t		 low;		/* ... and the shortest trip since */
	uint64_t	 calm;		/* landed when that was first seen */
	size_t		 proven;	/* the budget before */
};

/* What a block is sent with and lands with. */
struct congestion_mark {
	int64_t		 at;		/* 0: it says nothing of the path */
	uint64_t	 landed;	/* when it was sent */
	uint64_t	 sent, nsent;	/* with this block */
};

/* Begin on a path that is not known, at time now. */
void	 congestion_init(struct congestion *p, int64_t now);
/* Our own transport may hold a block and its answer for so many us, beside what
 * their way takes: that is no queue.  0 to begin with. */
void	 congestion_set_held(struct congestion *p, int64_t held);
/* The path has changed: start anew.  Nothing is under way there. */
void	 congestion_restart(struct congestion *p, int64_t now);

/* A block of len bytes has been sent: mark it. */
void	 congestion_sent(struct congestion *p, size_t len, int64_t now,
	    struct congestion_mark *mark);
/* The block with this mark has been answered.  polite: other traffic of this
 * login is in more of a hurry.  Returns 1 if it was still under way, 0 if a
 * block behind it had landed before. */
int	 congestion_landed(struct congestion *p,
	    const struct congestion_mark *mark,
	    int64_t now, int polite);
/* Bytes that are under way. */
size_t	 congestion_flying(const struct congestion *p);

/* How large a stanza should be: never beyond 64 KiB, and not beyond 8192 bytes
 * before the path has proved to be a fast one. */
size_t	 congestion_stanza(const struct congestion *p);
/* How many blocks of block bytes may be sent now. */
size_t	 congestion_room(const struct congestion *p, size_t block);

#endif
