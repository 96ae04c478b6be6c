/*
 * budget: the memory that all streams of a login may take together, and the
 * part of it that is for those of one account.
 *
 * Each stream says what it takes, and asks what is left before it takes more:
 * windows shrink as memory does, and a peer that lets its streams stand still
 * takes nothing from other peers but the rest of its own part.  Each window is
 * a fraction of what is left, so that something remains for the next stream.  A
 * quarter of all is not for windows: it is for what they never shrink below,
 * and for what was under way when they shrank.  Only a peer that heeds no
 * window gets to the end of that, and loses its stream.
 */
#ifndef IBB_BUDGET_H
#define IBB_BUDGET_H

#include <stddef.h>

struct budget;
struct budget_part;

/* What one stream has taken.  A charge that is all zero has no budget and no
 * limit. */
struct charge {
	struct budget_part	*part;	/* of its account */
	size_t			 fixed;	/* bytes, for being there */
	size_t			 bytes;	/* and for its payload */
};

/* A budget of so many bytes, of which an account may have part.  NULL when out
 * of memory. */
struct budget *budget_new(size_t bytes, size_t part);
/* Free a budget, all charges of which must have ended.  NULL is fine. */
void	 budget_free(struct budget *b);

/* Begin to charge the account of peer, a JID; b NULL charges nothing.  0, or -1
 * when out of memory. */
int	 charge_begin(struct charge *c, struct budget *b, const char *peer);
/* The stream has taken so many bytes by now.  Only bytes, not fixed, count for
 * the part of its account: the number of streams has a limit of its own.  What
 * is fixed takes a quarter of the budget at most. */
void	 charge_set(struct charge *c, size_t fixed, size_t bytes);
/* The stream has given all back, and has no budget any more. */
void	 charge_end(struct charge *c);

/* How many bytes are left for windows, of the budget or of the account's part
 * of it, whichever is less; SIZE_MAX without a budget. */
size_t	 charge_left(const struct charge *c);
/* How many bytes are left at all, with the quarter that is not for windows. */
size_t	 charge_rest(const struct charge *c);
/* Is so much of the budget taken that no stream should keep storage that is
 * empty? */
int	 charge_is_tight(const struct charge *c);

#endif
