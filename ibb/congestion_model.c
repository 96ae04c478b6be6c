/*
 * congestion_model: what a path bears, as its rounds have shown.
 */
#include <string.h>

#include "ibb/congestion.h"
#include "ibb/congestion_model.h"

#define QUEUE		30000		/* us in queues at QUEUE_RATE; twice */
#define QUEUE_RATE	10000000	/* as long at a 16th of that rate, */
#define QUEUE_MOST	100000		/* and so on; us at most */
#define QUEUE_PART	16		/* and this part of the round trip */
#define POLITE		200		/* us in queues whatever the rate, */
#define POLITE_PART	4		/* and this part of the round trip */
#define POLITE_MOST	5000		/* up to this, or to this part if */
#define POLITE_LONG	8		/* that is more: a key waits as long */
#define NOISE_MOST	50000		/* us more where round trips differ */
#define LATE_LEAST	1000		/* us that are no queue */
#define BASE_MOST	1000000		/* us: no path is longer than that */

size_t
model_clamp(size_t n, size_t least, size_t most)
{
	return n < least ? least : n > most ? most : n;
}

/* The least budget: a second stanza goes while one is under way. */
size_t
model_least_budget(size_t stanza)
{
	return stanza / 4 * 3;
}

uint64_t
model_highest_rate(const struct congestion *p)
{
	uint64_t	 rate = 0;
	size_t		 i;

	for (i = 0; i < CONGESTION_RATES; i++)
		if (p->rates[i] > rate)
			rate = p->rates[i];
	return rate;
}

/* The shortest round trip is of a block that no transport held. */
int64_t
model_base_trip(const struct congestion *p)
{
	int64_t	 trip = p->base + p->held;

	return trip < BASE_MOST ? trip : BASE_MOST;
}

static uint64_t
square_root(uint64_t n)
{
	uint64_t	 r = n, next = (n + 1) / 2;

	while (next < r) {
		r = next;
		next = (r + n / r) / 2;
	}
	return r;
}

/* By how much the round trips of a round differ, on average: a server or an end
 * that is kept from working for moments needs as much of a queue to have
 * something to do afterwards. */
static int64_t
trip_noise(const struct congestion *p)
{
	int64_t	 sum = 0;
	size_t	 i;

	for (i = 0; i < CONGESTION_RATES; i++)
		sum += p->spreads[i];
	sum /= CONGESTION_RATES;
	return sum < NOISE_MOST ? sum : NOISE_MOST;
}

/* How long a key may wait behind blocks.  What stands in queues besides this is
 * noise, which a long path has more of. */
int64_t
model_polite_time(const struct congestion *p)
{
	int64_t	 base = model_base_trip(p), queue = base / POLITE_PART;

	if (queue < POLITE_MOST)
		return queue;
	return base / POLITE_LONG > POLITE_MOST ? base / POLITE_LONG :
	    POLITE_MOST;
}

/* How long blocks of a stream with this rate may stand in queues: the fourth
 * root of its rate decides, so that a stream that has less may have more. */
int64_t
model_queue_time(const struct congestion *p, uint64_t rate, int polite)
{
	int64_t	 queue;

	if (polite)
		return POLITE + model_polite_time(p);
	/* The fourth root of 10 MB/s is 56. */
	queue = QUEUE * (int64_t)square_root(square_root(QUEUE_RATE)) /
	    (int64_t)(square_root(square_root(rate)) + 1);
	return (queue < QUEUE_MOST ? queue : QUEUE_MOST) +
	    model_base_trip(p) / QUEUE_PART +
	    (rate < MODEL_FAST ? 0 : trip_noise(p));
}

/* From when on a round trip shows a queue. */
int64_t
model_late_trip(const struct congestion *p, int polite)
{
	int64_t	 late = model_queue_time(p, model_highest_rate(p), polite) / 2;

	return model_base_trip(p) + (late > LATE_LEAST ? late : LATE_LEAST);
}

/* What the model has under way with a queue of that time. */
size_t
model_budget(const struct congestion *p, uint64_t rate, int64_t queue)
{
	uint64_t	 time = (uint64_t)(model_base_trip(p) + queue);
	uint64_t	 n = rate * time / 1000000;

	return model_clamp(n < CONGESTION_BUDGET_MAX ? (size_t)n :
	    CONGESTION_BUDGET_MAX, model_least_budget(p->stanza),
	    CONGESTION_BUDGET_MAX);
}

/* Much less arrives than since the queue was drained. */
int
model_fell_by_half(const struct congestion *p)
{
	return p->rate < p->best / 2;
}

void
model_know_rate(struct congestion *p, uint64_t rate)
{
	p->rate = rate;
	p->trips[p->nrates % CONGESTION_RATES] = p->trip;
	p->spreads[p->nrates % CONGESTION_RATES] =
	    p->phase == CONGESTION_CRUISE ? p->longest - p->trip : 0;
	p->rates[p->nrates++ % CONGESTION_RATES] = rate;
	if (p->best < rate)
		p->best = rate;
}

/* All but the last one: the path is another. */
void
model_forget_rates(struct congestion *p)
{
	memset(p->rates, 0, sizeof(p->rates));
	p->rates[(p->nrates - 1) % CONGESTION_RATES] = p->rate;
}
