/*
 * congestion: how much of a stream to have under way, found by measuring.
 */
#include <string.h>

#include "ibb/congestion.h"
#include "ibb/congestion_model.h"

#define STANZA_MIN	2048
#define UNITS_MAX	7		/* in a stanza: less than 64 KiB */
#define MANY		4		/* stanzas under way that fill a path */
#define SLOW		16384		/* bytes a second */
#define START_PART	2		/* of the round trip, at the start */
#define START_LEAST	60000		/* us, or two round trips if shorter */
#define SLOWER		2		/* rounds until it is no chance */
#define SHRINK		4		/* of the budget, in a round */
#define FEW		8		/* of the budget, not late */
#define AGAIN		4		/* budgets that were late */
#define DOUBLING	25000		/* us, or a round trip if longer */
#define QUICK		3		/* rounds until the budget doubles */
#define GAP_FIRST	1500000		/* us until a queue is drained */
#define GAP_MOST	10000000
#define GAP_TRIPS	10		/* or so many round trips */
#define GAP_SOON	500000		/* us, when much less arrives */
#define DRAIN_PART	3		/* of the model that is left out */
#define IDLE		2000		/* us without anything to be sent */

void
congestion_init(struct congestion *p, int64_t now)
{
	memset(p, 0, sizeof(*p));
	congestion_restart(p, now);
}

void
congestion_set_held(struct congestion *p, int64_t held)
{
	p->held = held;
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
	p->trip = p->longest = 0;
	p->full = 0;
	p->peaked = p->peak;
	p->peak = congestion_flying(p);
}

/* A round of which those before say nothing. */
static void
begin_anew(struct congestion *p, int64_t now)
{
	begin_round(p, now);
	p->last = p->round;
}

void
congestion_restart(struct congestion *p, int64_t now)
{
	p->phase = CONGESTION_START;
	p->stanza = CONGESTION_FIRST;
	p->budget = model_least_budget(CONGESTION_FIRST);
	p->landed = p->sent;
	p->nlanded = p->nsent;
	p->rate = p->best = 0;
	memset(p->rates, 0, sizeof(p->rates));
	memset(p->trips, 0, sizeof(p->trips));
	memset(p->spreads, 0, sizeof(p->spreads));
	p->base = 0;
	p->gap = GAP_FIRST;
	p->late = 0;
	p->slower = p->quick = 0;
	p->landed_at = p->based = now;
	begin_anew(p, now);
}

/* On a slow path two stanzas are to take a second at most, and half a second
 * beside typing; on a fast path the number of stanzas costs. */
static size_t
choose_stanza(const struct congestion *p, int polite)
{
	if (p->rate == 0)
		return p->stanza;
	if (p->rate < SLOW)	/* base64 makes 4 of 3 */
		return model_clamp((size_t)p->rate * 2 / (polite ? 6 : 3),
		    STANZA_MIN, CONGESTION_UNIT);
	if (p->rate < MODEL_FAST || polite)
		return CONGESTION_UNIT;
	return CONGESTION_UNIT *
	    model_clamp(p->budget / (MANY * CONGESTION_UNIT), 1,
	    UNITS_MAX);
}

/* Measure over two rounds: if a server rests for what it has read, a block of
 * this round waits for those of the round before. */
static void
congestion_measure(struct congestion *p, int64_t now)
{
	int64_t	 took = now - p->last.at;

	model_know_rate(p, (p->landed - p->last.landed) * 1000000 /
	    (uint64_t)(took > 0 ? took : 1));
}

/*
 * Start: the budget grows by what lands, as long as it is made use of.
 */

static void
congestion_grow(struct congestion *p, size_t len, int64_t trip)
{
	uint64_t	 more = len;

	if (trip < DOUBLING)
		more = more * (uint64_t)trip / DOUBLING;
	p->budget = model_clamp(p->budget + (size_t)more, p->budget,
	    CONGESTION_BUDGET_MAX);
}

/* What landed in the trip of a late block is what the path can take; if that
 * trip was long by noise, at least half of the budget is right. */
static void
leave_start(struct congestion *p, int64_t now, int polite)
{
	uint64_t	 rate;
	size_t		 budget;

	p->phase = CONGESTION_CRUISE;
	p->quick = 0;
	model_know_rate(p, p->late_rate);
	p->stanza = choose_stanza(p, polite);
	rate = model_highest_rate(p);
	budget = model_budget(p, rate, model_queue_time(p, rate, polite));
	if (rate >= MODEL_FAST && !polite && budget < p->budget / 2)
		budget = p->budget / 2;
	if (budget < p->budget)
		p->budget = budget;
	begin_anew(p, now);
}

/* How late a block has to be: bursts and noise are no queue. */
static int64_t
start_burst(const struct congestion *p, int polite)
{
	int64_t	 base = model_base_trip(p), burst = base / START_PART;

	if (polite)
		return model_polite_time(p);
	if (burst < START_LEAST)
		burst = 2 * base < START_LEAST ? 2 * base : START_LEAST;
	return burst;
}

static void
note_late(struct congestion *p, size_t len, uint64_t rate)
{
	if (p->late == 0 || p->late_rate < rate)
		p->late_rate = rate;
	p->late += len;
}

/* The path is full if blocks come late, and at no higher rate than before: a
 * pause of the server makes them late, too.  That is looked at anew after some
 * budgets, for the rate before is forgotten as well: a budget that was less
 * than a block stayed so where none but the first blocks had been quick. */
static void
congestion_start(struct congestion *p, const struct congestion_mark *mark,
    size_t len, int64_t now, int polite)
{
	int64_t	 trip = now - mark->at;

	if (trip < model_late_trip(p, polite) ||
	    trip < model_base_trip(p) + start_burst(p, polite)) {
		p->late = 0;
		if (p->peak >= p->budget / 2 || p->peaked >= p->budget / 2)
			congestion_grow(p, len, trip);
		return;
	}
	note_late(p, len, (mark->sent - mark->landed) * 1000000 /
	    (uint64_t)trip);
	if (p->late < p->budget - p->budget / FEW)
		return;
	if (p->late_rate < model_highest_rate(p) / 4 * 5 || polite)
		leave_start(p, now, polite);
	else if (p->late >= AGAIN * p->budget)
		p->late = 0;
}

/*
 * Cruise: the budget follows the model.
 */

/* The shortest round trip of the last rounds. */
static int64_t
lasting_trip(const struct congestion *p)
{
	int64_t	 trip = INT64_MAX;
	size_t	 i;

	for (i = 0; i < CONGESTION_RATES; i++)
		if (p->trips[i] < trip)
			trip = p->trips[i];
	return trip;
}

/*
 * The rate cannot show what more the path can take than the budget has; but
 * while no queue stands there, the path can take more.  And a rate that is less
 * because the two ends or the server were kept from working for a moment is no
 * reason to have less under way, as long as the queue is no longer than wanted
 * in any of the last rounds.
 */
static size_t
hold_budget(struct congestion *p, size_t budget, int64_t queue, int polite)
{
	size_t	 least = p->budget;

	/* A round without a queue, among the last ones, is remembered. */
	p->quick = p->quick > 1 ||
	    (p->quick == 1 && lasting_trip(p) < model_late_trip(p, polite));
	if (polite || p->slower >= SLOWER || model_highest_rate(p) < SLOW)
		return budget;
	if (lasting_trip(p) >= model_base_trip(p) + queue)
		least -= least / SHRINK;
	return budget > least ? budget : least;
}

static size_t
probe_budget(struct congestion *p, size_t budget, int64_t queue, int polite)
{
	if (p->trip >= model_late_trip(p, polite))
		return hold_budget(p, budget, queue, polite);
	if (++p->quick >= QUICK && !polite) {
		p->phase = CONGESTION_START;
		p->late = 0;
	}
	if (p->quick < QUICK - 1)
		return budget > p->budget ? budget : p->budget;
	return model_clamp(budget, p->budget + p->budget / 4,
	    CONGESTION_BUDGET_MAX);
}

static void
congestion_adjust(struct congestion *p, int polite)
{
	uint64_t	 rate = model_highest_rate(p);
	int64_t		 queue = model_queue_time(p, rate, polite);
	size_t		 budget;

	/* If the queue is far too long, and not by chance, the path has become
	 * slower. */
	p->slower = p->trip > model_base_trip(p) + 2 * queue ?
	    p->slower + 1 : 0;
	if (p->slower >= SLOWER) {
		model_forget_rates(p);
		rate = p->rate;
		queue = model_queue_time(p, rate, polite);
	}
	budget = model_budget(p, rate, queue);
	if (budget > 2 * p->budget)
		budget = 2 * p->budget;
	p->budget = model_clamp(probe_budget(p, budget, queue,
	    polite), model_least_budget(p->stanza), CONGESTION_BUDGET_MAX);
}

/*
 * Drain: the budget is less than what the path holds.
 */

/* Where that is less than a stanza, stanzas are small: some servers read all
 * they get and then rest for as long as their rate limit wants, so that an
 * answer takes as long as the bytes under way before it. */
static void
begin_drain(struct congestion *p)
{
	uint64_t	 rate = model_fell_by_half(p) ? p->rate :
			    model_highest_rate(p);
	size_t		 model;

	p->phase = CONGESTION_DRAIN;
	p->proven = p->budget;
	p->drained = UINT64_MAX;
	p->low = 0;
	p->calm = UINT64_MAX;
	model = model_budget(p, rate, 0);
	p->budget = model_clamp(model - model / DRAIN_PART,
	    model_least_budget(STANZA_MIN), p->budget);
	if (p->budget < CONGESTION_UNIT)
		p->stanza = STANZA_MIN;
}

static void
look_for_drain(struct congestion *p, int64_t now)
{
	int64_t	 since = now - p->based, soon = GAP_SOON;

	if (soon < 4 * p->trip)
		soon = 4 * p->trip;
	if (since > p->gap ||
	    (p->slower >= SLOWER && model_fell_by_half(p) && since > soon))
		begin_drain(p);
}

static void
end_drain(struct congestion *p, int64_t now, int polite)
{
	uint64_t	 rate;
	size_t		 budget;

	p->base = p->low;
	p->based = now;
	p->gap = p->gap < GAP_MOST / 2 ? 2 * p->gap : GAP_MOST;
	if (p->gap < GAP_TRIPS * p->base)
		p->gap = GAP_TRIPS * p->base;
	if (model_fell_by_half(p))
		model_forget_rates(p);
	p->best = rate = model_highest_rate(p);
	p->stanza = choose_stanza(p, polite);
	budget = model_budget(p, rate, model_queue_time(p, rate, polite));
	p->budget = model_clamp(budget, model_least_budget(p->stanza),
	    2 * p->proven);
	p->phase = CONGESTION_CRUISE;
	p->late = 0;
	p->slower = 0;
	p->quick = -1;	/* the first round was sent without a queue */
	begin_anew(p, now);
}

/* Two round trips: an answer alone may have been late by chance. */
static void
congestion_drain(struct congestion *p, const struct congestion_mark *mark,
    int64_t now, int polite)
{
	int64_t	 trip = now - mark->at;

	if (mark->sent <= p->drained)
		return;
	if (p->low == 0 || trip < p->low)
		p->low = trip;
	if (p->calm == UINT64_MAX)
		p->calm = p->landed;
	else if (mark->landed >= p->calm)
		end_drain(p, now, polite);
}

/*
 * Blocks
 */

static void
end_round(struct congestion *p, int64_t now, int polite)
{
	size_t	 stanza;

	if (p->full && p->trip > 0 && p->phase != CONGESTION_DRAIN) {
		congestion_measure(p, now);
		stanza = choose_stanza(p, polite);
		if (p->phase == CONGESTION_CRUISE || stanza > p->stanza)
			p->stanza = stanza;
		if (p->phase == CONGESTION_CRUISE) {
			congestion_adjust(p, polite);
			look_for_drain(p, now);
		}
	}
	begin_round(p, now);
}

static int
is_full(const struct congestion *p)
{
	return congestion_flying(p) >= p->budget ||
	    p->nsent - p->nlanded >= CONGESTION_BLOCKS_MAX;
}

/*
 * Nothing was under way, and for some time: the rounds before say nothing of
 * the next.  But on a long path all blocks of a round often land at once, and
 * more follow at once: that is no pause.  Where it was taken for one, no round
 * was ever measured, and a budget that was small stayed so: some 20,000 bytes a
 * round trip with ejabberd, whose answers come in clumps.
 */
static int
was_idle(const struct congestion *p, int64_t now)
{
	return p->sent == p->landed &&
	    now - p->landed_at > IDLE + p->base / 4;
}

void
congestion_sent(struct congestion *p, size_t len, int64_t now,
    struct congestion_mark *mark)
{
	if (was_idle(p, now))
		begin_anew(p, now);
	if (p->phase == CONGESTION_DRAIN && p->drained == UINT64_MAX &&
	    congestion_flying(p) < p->budget)
		p->drained = p->sent;
	mark->at = now;
	mark->landed = p->landed;
	mark->sent = p->sent += len;
	mark->nsent = ++p->nsent;
	if (p->peak < congestion_flying(p))
		p->peak = congestion_flying(p);
	if (is_full(p))
		p->full = 1;
}

static void
look_at_trip(struct congestion *p, int64_t trip, int64_t now)
{
	if (p->trip == 0 || trip < p->trip)
		p->trip = trip;
	if (trip > p->longest)
		p->longest = trip;
	if (p->base == 0 || trip < p->base)
		p->base = trip;
	if (trip <= p->base + p->base / 16 + p->held)
		p->based = now;
}

int
congestion_landed(struct congestion *p, const struct congestion_mark *mark,
    int64_t now, int polite)
{
	struct congestion_mark	 m = *mark;
	size_t			 len;

	if (m.sent <= p->landed)
		return 0;
	len = (size_t)(m.sent - p->landed);
	p->landed = m.sent;
	p->nlanded = m.nsent;
	p->landed_at = now;
	if (m.at == 0)
		return 1;
	if (m.at >= now)
		m.at = now - 1;
	look_at_trip(p, now - m.at, now);
	if (p->phase == CONGESTION_START)
		congestion_start(p, &m, len, now, polite);
	else if (p->phase == CONGESTION_DRAIN)
		congestion_drain(p, &m, now, polite);
	if (m.landed >= p->round.landed)
		end_round(p, now, polite);
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

	if (is_full(p))
		return 0;
	n = (p->budget - congestion_flying(p) + block - 1) / block;
	return model_clamp(n, 1,
	    CONGESTION_BLOCKS_MAX - (size_t)(p->nsent - p->nlanded));
}
