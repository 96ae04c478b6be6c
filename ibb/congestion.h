/*
 * congestion: how much of a stream to have under way, and in how large stanzas.
 *
 * What a path can take is not known, so it is measured, round by round: a round
 * is over when a block that was sent in it has been answered.  As long as that
 * does not take longer than it does on an empty path, more may be under way;
 * when it does, blocks stand in a queue somewhere, in which other traffic of
 * this login would stand as well, so there have to be fewer.  This is what TCP
 * Vegas does (Brakmo and Peterson, 1995).
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
#define CONGESTION_BUDGET_MAX	(1024 * 1024)	/* bytes under way */
#define CONGESTION_BLOCKS_MAX	64		/* blocks under way */
#define CONGESTION_RATES	4		/* rounds */

struct congestion {
	size_t		 budget;	/* bytes that may be under way */
	size_t		 stanza;	/* how large one is to be */
	uint64_t	 sent;		/* bytes in all */
	uint64_t	 landed;	/* of these, under way no more */
	uint64_t	 nsent;		/* blocks in all */
	uint64_t	 nlanded;	/* of these, under way no more */
	uint64_t	 start;		/* sent, when this path began */
	uint64_t	 rate;		/* bytes a second that arrive */
	uint64_t rates[CONGESTION_RATES]; /* in each of the last rounds */
	unsigned	 nrates;
	int64_t		 base;		/* round trip of an empty path, or 0 */
	struct congestion_round {
		uint64_t landed;	/* by its beginning, ... */
		int64_t	 at;		/* ... at this time */
	}		 round, last;	/* this one, and the one before */
	int64_t		 trip;		/* its shortest round trip, or 0 */
	int		 full;		/* the budget did not suffice */
	int		 idle;		/* nothing was under way before */
	uint64_t	 best;		/* rate since the last rest */
	int		 resting;	/* until all that is sent ... */
	uint64_t	 calm;		/* ... this many bytes, has landed */
	int64_t		 rested;	/* the time of the last rest */
	int64_t		 rest;		/* us from a rest to the next */
	unsigned	 probes;	/* rounds left with a small budget */
	size_t		 proven;	/* the budget before these */
};

/* What a block is sent with and lands with. */
struct congestion_mark {
	int64_t		 at;		/* 0: it says nothing of the path */
	uint64_t	 landed;	/* when it was sent */
	uint64_t	 sent, nsent;	/* with this block */
};

/* Begin on a path that is not known, at time now. */
void	 congestion_init(struct congestion *p, int64_t now);
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
