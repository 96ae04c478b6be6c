/*
 * congestion: how much of a stream to have under way, found by measuring.
 */
#include <string.h>

#include "ibb/congestion.h"

#define STANZA_MIN	2048
#define UNITS_MAX	7		/* in a stanza: less than 64 KiB */
#define MANY		4		/* stanzas under way that fill a path */
#define SLOW		16384		/* bytes a second */
#define FAST		1000000
#define QUEUE		40000		/* us that blocks may stand in queues */
#define QUEUE_POLITE	200
#define REST_FIRST	20000		/* us between rests, at first */
#define REST_MOST	30000000	/* us between rests, at last */
#define REST_TRIPS	60		/* or so many round trips */
#define REST_SOON	1000000		/* us, when much less arrives */
#define PROBES		2		/* rounds after a rest with little */
#define BASE_MOST	1000000		/* us: no path is longer than that */
#define PROVED		4		/* 1/4 of all that has arrived may be
					 * under way */
#define PROVED_POLITE	8		/* or 1/8 */

void
congestion_init(struct congestion *p, int64_t now)
{
	memset(p, 0, sizeof(*p));
	congestion_restart(p, now);
}

size_t
congestion_flying(const struct congestion *p)
{
	return (size_t)(p->sent - p->landed);
}

static void
begin_round(struct congestion *p, int64_t now)
{
	p->last = p->round;
	p->round.landed = p->landed;
	p->round.at = now;
	p->idle = p->sent == p->landed;
	p->trip = 0;
	p->full = 0;
}

/* A round of which those before say nothing. */
static void
begin_anew(struct congestion *p, int64_t now)
{
	begin_round(p, now);
	p->last = p->round;
}

/* The least budget: a second stanza goes while one is under way. */
static size_t
least_budget(size_t stanza)
{
	return stanza / 4 * 3;
}

void
congestion_restart(struct congestion *p, int64_t now)
{
	p->stanza = CONGESTION_FIRST;
	p->budget = least_budget(CONGESTION_FIRST);
	p->landed = p->start = p->sent;
	p->nlanded = p->nsent;
	p->probes = 0;
	p->rate = 0;
	memset(p->rates, 0, sizeof(p->rates));
	p->best = 0;
	p->base = 0;
	p->resting = 0;
	p->rested = now;
	p->rest = REST_FIRST;
	begin_anew(p, now);
}

static size_t
congestion_clamp(size_t n, size_t least, size_t most)
{
	return n < least ? least : n > most ? most : n;
}

/* On a slow path two stanzas are to take a second at most, and half a second
 * beside typing; on a fast path the number of stanzas costs. */
static size_t
choose_stanza(const struct congestion *p, int polite)
{
	if (p->rate == 0)
		return p->stanza;
	if (p->rate < SLOW)	/* base64 makes 4 of 3 */
		return congestion_clamp((size_t)p->rate * 2 / (polite ? 6 : 3),
		    STANZA_MIN, CONGESTION_UNIT);
	if (p->rate < FAST || polite)
		return CONGESTION_UNIT;
	return CONGESTION_UNIT *
	    congestion_clamp(p->budget / (MANY * CONGESTION_UNIT), 1,
	    UNITS_MAX);
}

/*
 * Now and then everything is to have arrived before more is sent.  The time of
 * that shows how long the empty path is, for a path that has become longer
 * would look like a queue for ever; and servers that read on and on come to a
 * rest (net/io/io.c says what Prosody does until then).  Rest soon after the
 * beginning, then ever more seldom; and when much less arrives than before.
 */
static void
look_for_rest(struct congestion *p, int64_t now)
{
	int64_t	 since = now - p->rested;

	if (p->best < p->rate)
		p->best = p->rate;
	if (since > p->rest || (p->rate < p->best / 2 && since > REST_SOON)) {
		p->resting = 1;
		p->calm = p->sent;
		p->best = p->rate;
	}
}

/*
 * Some servers read all they get and then rest for as long as their rate limit
 * wants.  Then an answer takes as long as the bytes under way before it, and
 * the path looks the longer the more is under way.  Measure it with little.
 */
static void
congestion_probe(struct congestion *p)
{
	p->probes = PROBES;
	p->proven = p->budget;
	p->budget = least_budget(STANZA_MIN);
	p->stanza = STANZA_MIN;
}

static void
congestion_rest(struct congestion *p, int64_t now)
{
	p->resting = 0;
	p->rested = now;
	p->rest = p->rest * 2 < REST_MOST ? p->rest * 2 : REST_MOST;
	if (p->rest < REST_TRIPS * p->base)
		p->rest = REST_TRIPS * p->base;
	p->base = 0;
	congestion_probe(p);
}

static uint64_t
congestion_highest(const struct congestion *p)
{
	uint64_t	 rate = 0;
	size_t		 i;

	for (i = 0; i < CONGESTION_RATES; i++)
		if (p->rates[i] > rate)
			rate = p->rates[i];
	return rate;
}

/*
 * The budget is what arrives in a round trip and in the time that a queue may
 * take; the rate while less is under way says how much that is.  But it is no
 * more than a part of all that has arrived, for a server may let the first
 * bytes through before its limit is felt.
 */
static void
congestion_adjust(struct congestion *p, int polite)
{
	int64_t		 base = p->base < BASE_MOST ? p->base : BASE_MOST;
	int64_t		 queue = polite ? QUEUE_POLITE : QUEUE;
	uint64_t	 proved = (p->landed - p->start) /
			    (polite ? PROVED_POLITE : PROVED);
	uint64_t	 rate, budget;

	if (queue < base / 2)
		queue = base / 2;
	/* If the queue is far too long, the path has become slower. */
	rate = p->trip > base + 2 * queue ? p->rate : congestion_highest(p);
	budget = rate * (uint64_t)(base + queue) / 1000000;
	if (budget > 2 * p->budget)
		budget = 2 * p->budget;
	if (budget > proved)
		budget = proved;
	p->budget = congestion_clamp((size_t)budget, least_budget(p->stanza),
	    CONGESTION_BUDGET_MAX);
}

/* Measure over two rounds: if a server rests for what it has read, a block of
 * this round waits for those of the round before. */
static void
congestion_measure(struct congestion *p, int64_t now)
{
	int64_t	 took = now - p->last.at;

	p->rate = (p->landed - p->last.landed) * 1000000 /
	    (uint64_t)(took > 0 ? took : 1);
	p->rates[p->nrates++ % CONGESTION_RATES] = p->rate;
}

/* The rate is that of before: it cannot be measured with little. */
static void
end_probe(struct congestion *p, int polite)
{
	if (--p->probes > 0)
		return;
	p->budget = p->proven;
	p->stanza = choose_stanza(p, polite);
}

static void
end_round(struct congestion *p, int64_t now, int polite)
{
	if (p->trip > 0 && (p->base == 0 || p->trip <= p->base))
		p->base = p->trip;
	if (p->probes > 0) {
		end_probe(p, polite);
		begin_anew(p, now);
		return;
	}
	if (p->full && !p->idle && p->trip > 0) {
		congestion_measure(p, now);
		p->stanza = choose_stanza(p, polite);
		congestion_adjust(p, polite);
		look_for_rest(p, now);
	}
	begin_round(p, now);
}

static int
is_full(const struct congestion *p)
{
	return congestion_flying(p) >= p->budget ||
	    p->nsent - p->nlanded >= CONGESTION_BLOCKS_MAX;
}

void
congestion_sent(struct congestion *p, size_t len, int64_t now,
    struct congestion_mark *mark)
{
	if (p->sent == p->landed)
		begin_anew(p, now);
	mark->at = now;
	mark->landed = p->landed;
	mark->sent = p->sent += len;
	mark->nsent = ++p->nsent;
	if (is_full(p))
		p->full = 1;
}

static void
look_at_trip(struct congestion *p, int64_t trip)
{
	if (trip < 1)
		trip = 1;
	if (p->trip == 0 || trip < p->trip)
		p->trip = trip;
}

int
congestion_landed(struct congestion *p, const struct congestion_mark *mark,
    int64_t now, int polite)
{
	if (mark->sent <= p->landed)
		return 0;
	p->landed = mark->sent;
	p->nlanded = mark->nsent;
	if (mark->at > 0) {
		look_at_trip(p, now - mark->at);
		if (mark->landed >= p->round.landed && !p->resting)
			end_round(p, now, polite);
	}
	if (p->resting && p->landed >= p->calm)
		congestion_rest(p, now);
	return 1;
}

size_t
congestion_stanza(const struct congestion *p)
{
	return p->stanza;
}

size_t
congestion_room(const struct congestion *p, size_t block)
{
	size_t	 n;

	if (p->resting || is_full(p))
		return 0;
	n = (p->budget - congestion_flying(p) + block - 1) / block;
	return congestion_clamp(n, 1,
	    CONGESTION_BLOCKS_MAX - (size_t)(p->nsent - p->nlanded));
}
