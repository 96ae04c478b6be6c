/*
 * pace: how much of a stream to have under way, found by measuring.
 */
#include <string.h>

#include "ibb/pace.h"

#define STANZA_MIN	2048
#define UNITS_MAX	7		/* in a stanza: less than 64 KiB */
#define START		2		/* stanzas under way at first */
#define FLOOR		2		/* and at least */
#define MANY		4		/* stanzas under way that fill a path */
#define SLOW		16384		/* bytes a second */
#define FAST		1000000
#define QUEUE		40000		/* us that blocks may stand in queues */
#define QUEUE_POLITE	4000
#define REST_FIRST	20000		/* us between rests, at first, */
#define REST_MOST	30000000	/* and at last, */
#define REST_TRIPS	20		/* or so many round trips; */
#define REST_SOON	1000000		/* or this, if it may help */

void
pace_init(struct pace *p, int64_t now)
{
	memset(p, 0, sizeof(*p));
	pace_restart(p, now);
}

static void
begin_round(struct pace *p, int64_t now)
{
	p->left = p->nflying;
	p->idle = p->nflying == 0;
	p->began = now;
	p->bytes = 0;
	p->trip = 0;
	p->full = 0;
}

void
pace_restart(struct pace *p, int64_t now)
{
	p->stanza = PACE_UNIT;
	p->budget = START * PACE_UNIT;
	p->rate = 0;
	memset(p->rates, 0, sizeof(p->rates));
	p->best = 0;
	p->base = 0;
	p->resting = 0;
	p->rested = now;
	p->rest = REST_FIRST;
	begin_round(p, now);
}

static size_t
clamp(size_t n, size_t least, size_t most)
{
	return n < least ? least : n > most ? most : n;
}

/* On a slow path two stanzas are to take a second at most, which is what
 * somebody who types can bear to wait; on a fast one it is the number of
 * stanzas that costs. */
static size_t
choose_stanza(const struct pace *p, int polite)
{
	if (p->rate == 0)
		return p->stanza;
	if (p->rate < SLOW)	/* base64 makes 4 of 3 */
		return clamp((size_t)p->rate * 2 / 3, STANZA_MIN, PACE_UNIT);
	if (p->rate < FAST || polite)
		return PACE_UNIT;
	return PACE_UNIT * clamp(p->budget / (MANY * PACE_UNIT), 1, UNITS_MAX);
}

/*
 * Now and then everything is to have arrived before more is sent.  What that
 * takes shows how long the empty path is, for one that has become longer would
 * look like a queue for ever; and servers that read on and on come to a rest
 * (see net/io.c for what Prosody does until then).  Soon after the beginning,
 * then ever more seldom; and when much less arrives than before.
 */
static void
look_for_rest(struct pace *p, int64_t now)
{
	int64_t	 since = now - p->rested;

	if (p->best < p->rate)
		p->best = p->rate;
	if (since > p->rest || (p->rate < p->best / 2 && since > REST_SOON)) {
		p->resting = 1;
		p->best = p->rate;
	}
}

static void
rest(struct pace *p, int64_t now)
{
	p->resting = 0;
	p->rested = now;
	p->rest = p->rest * 2 < REST_MOST ? p->rest * 2 : REST_MOST;
	if (p->rest < REST_TRIPS * p->base)
		p->rest = REST_TRIPS * p->base;
	p->base = 0;
}

static uint64_t
highest(const struct pace *p)
{
	uint64_t	 rate = 0;
	size_t		 i;

	for (i = 0; i < PACE_RATES; i++)
		if (p->rates[i] > rate)
			rate = p->rates[i];
	return rate;
}

/* Enough for what arrives in a round trip, and in the time that a queue may
 * take.  What arrives while there is less than that says how much can. */
static void
adjust(struct pace *p, int polite)
{
	int64_t		 queue = polite ? QUEUE_POLITE : QUEUE;
	uint64_t	 rate, budget;

	if (queue < p->base / 2)
		queue = p->base / 2;
	/* If the queue is far too long, it was faster once. */
	rate = p->trip > p->base + 2 * queue ? p->rate : highest(p);
	budget = rate * (uint64_t)(p->base + queue) / 1000000;
	if (budget > 2 * p->budget)
		budget = 2 * p->budget;
	if (budget > PACE_BUDGET_MAX)
		budget = PACE_BUDGET_MAX;
	p->budget = clamp((size_t)budget, FLOOR * p->stanza, PACE_BUDGET_MAX);
}

static void
end_round(struct pace *p, int64_t now, int polite)
{
	int64_t	 took = now > p->began ? now - p->began : 1;

	if (p->trip > 0 && (p->base == 0 || p->trip <= p->base))
		p->base = p->trip;
	if (p->full && !p->idle && p->trip > 0) {
		p->rate = (uint64_t)p->bytes * 1000000 / (uint64_t)took;
		p->rates[p->nrates++ % PACE_RATES] = p->rate;
		p->stanza = choose_stanza(p, polite);
		adjust(p, polite);
		look_for_rest(p, now);
	}
	begin_round(p, now);
}

void
pace_sent(struct pace *p, size_t len, int64_t now)
{
	if (p->nflying == 0)
		begin_round(p, now);
	p->flying += len;
	p->nflying++;
	if (p->left == 0)
		p->left = p->nflying;
	/* Not another one like it. */
	if (p->flying + len >= p->budget || p->nflying >= PACE_BLOCKS_MAX)
		p->full = 1;
}

void
pace_landed(struct pace *p, size_t len, int64_t sent, int64_t now,
    int polite)
{
	p->flying -= len;
	p->nflying--;
	p->bytes += len;
	if (sent > 0 && (p->trip == 0 || now - sent < p->trip))
		p->trip = now > sent ? now - sent : 1;
	if (p->left > 0 && --p->left == 0 && !p->resting)
		end_round(p, now, polite);
	if (p->resting && p->nflying == 0)
		rest(p, now);
}

size_t
pace_stanza(const struct pace *p)
{
	return p->stanza;
}

size_t
pace_room(const struct pace *p, size_t block)
{
	size_t	 n;

	if (p->resting || p->flying >= p->budget ||
	    p->nflying >= PACE_BLOCKS_MAX)
		return 0;
	n = (p->budget - p->flying) / block;
	return clamp(n, 1, PACE_BLOCKS_MAX - p->nflying);
}
