/*
 * pace: a path with one queue, simulated: what arrives at the server is taken
 * from there at its rate, and answered a round trip later.
 */
#include <stdio.h>
#include <string.h>

#include "ibb/congestion.h"
#include "t/lib/tap.h"

#define TAGS		200	/* bytes of a stanza besides the base64 */
#define FLIGHTS		4096

struct path {
	struct congestion	 pace;
	int64_t		 now;		/* us; also for those below */
	int64_t		 trip;		/* without a queue */
	double		 rate;		/* bytes of stanzas a second */
	int64_t		 busy;		/* the server, until then */
	int64_t		 stalled;	/* the reader, until then */
	double		 credit, burst;	/* bytes taken at once; at most */
	int		 pauses;	/* it takes all at once, and pauses; */
	int64_t		 owed;		/* for so long */
	int		 polite;
	size_t		 len[FLIGHTS];
	struct congestion_mark mark[FLIGHTS];
	int64_t		 due[FLIGHTS];
	size_t		 head, tail;
	uint64_t	 landed;	/* payload bytes */
	int64_t		 longest;	/* in the queue */
	size_t		 stanza_most, flying_most, nflying_most;
};

static size_t
block(const struct congestion *p)
{
	return (congestion_stanza(p) - TAGS) / 4 * 3;
}

static void
begin(struct path *t, double rate, int64_t trip)
{
	memset(t, 0, sizeof(*t));
	t->now = 1000000;
	t->rate = rate;
	t->trip = trip;
	congestion_init(&t->pace, t->now);
}

static void
waited(struct path *t, int64_t us)
{
	if (us > t->longest)
		t->longest = us;
}

/* One stanza after the other, for as long as each takes. */
static int64_t
take(struct path *t, int64_t arrives, double wire)
{
	double	 free;

	if (t->busy < arrives) {
		t->credit += (double)(arrives - t->busy) * t->rate / 1e6;
		if (t->credit > t->burst)
			t->credit = t->burst;
		t->busy = arrives;
	}
	waited(t, t->busy - arrives);
	free = wire < t->credit ? wire : t->credit;
	t->credit -= free;
	t->busy += (int64_t)((wire - free) * 1e6 / t->rate);
	return t->busy;
}

/* All that is there at once, and then nothing for as long as that takes. */
static int64_t
take_all(struct path *t, int64_t arrives, double wire)
{
	int64_t	 wakes = t->busy + t->owed;

	if (arrives > t->busy) {
		t->busy = arrives > wakes ? arrives : wakes;
		t->owed = 0;
	}
	waited(t, t->busy - arrives);
	t->owed += (int64_t)(wire * 1e6 / t->rate);
	return t->busy;
}

static void
send_one(struct path *t, size_t len)
{
	size_t	 wire = len / 3 * 4 + TAGS, i = t->tail++ % FLIGHTS;
	int64_t	 arrives = t->now + t->trip / 2;

	t->len[i] = len;
	t->due[i] = t->trip / 2 + (t->pauses ? take_all : take)(t, arrives,
	    (double)wire);
	if (t->due[i] < t->stalled)
		t->due[i] = t->stalled;
	congestion_sent(&t->pace, len, t->now, &t->mark[i]);
	if (congestion_flying(&t->pace) > t->flying_most)
		t->flying_most = congestion_flying(&t->pace);
	if (t->pace.nsent - t->pace.nlanded > t->nflying_most)
		t->nflying_most = t->pace.nsent - t->pace.nlanded;
	if (congestion_stanza(&t->pace) > t->stanza_most)
		t->stanza_most = congestion_stanza(&t->pace);
}

/* There is always something to be sent, for so long. */
static void
run_for(struct path *t, int64_t us)
{
	int64_t	 end = t->now + us;
	size_t	 i, n;

	t->longest = 0;
	t->landed = 0;
	while (t->now < end) {
		for (n = congestion_room(&t->pace, block(&t->pace)); n > 0; n--)
			send_one(t, block(&t->pace));
		if (t->head == t->tail) {
			ok(0, "something may be sent");
			return;
		}
		i = t->head++ % FLIGHTS;
		if (t->due[i] > t->now)
			t->now = t->due[i];
		t->landed += t->len[i];
		congestion_landed(&t->pace, &t->mark[i], t->now, t->polite);
	}
}

/* What share of the rate was payload: 0.75 is all that base64 leaves. */
static double
share(const struct path *t, int64_t us)
{
	return (double)t->landed * 1e6 / (double)us / t->rate;
}

static void
test_fills(const char *name, double rate, int64_t trip)
{
	struct path	 t;
	double		 got;

	begin(&t, rate, trip);
	run_for(&t, 5000000 + 20 * trip);
	run_for(&t, 20000000);
	got = share(&t, 20000000);
	ok(got > 0.66, "%s: %.2f of the rate is payload", name, got);
	/* After a rest all of it comes at once. */
	ok(t.longest < 40000 + 2 * trip, "%s: %lld ms in the queue at most",
	    name, (long long)t.longest / 1000);
	ok(t.stanza_most <= 65536 &&
	    t.flying_most < CONGESTION_BUDGET_MAX + 65536 &&
	    t.nflying_most <= CONGESTION_BLOCKS_MAX,
	    "%s: limits are kept", name);
}

static void
test_start(void)
{
	struct path	 t;
	size_t		 n;

	begin(&t, 1e7, 10000);
	n = congestion_room(&t.pace, block(&t.pace));
	ok(n >= 2 && n * block(&t.pace) <= 32768, "it starts with little");
	ok(congestion_stanza(&t.pace) <= 8192, "and small stanzas");
	begin(&t, 300000, 10000);
	run_for(&t, 10000000);
	ok(t.stanza_most <= 8192, "they stay so where it is not fast");
	begin(&t, 2e7, 2000);
	run_for(&t, 5000000);
	ok(t.stanza_most > 32768, "and become large where it is");
}

/* Half a second each, for who types in another stream. */
static void
test_slow(void)
{
	struct path	 t;
	double		 got;

	begin(&t, 10000, 1000);
	run_for(&t, 30000000);
	run_for(&t, 60000000);
	got = share(&t, 60000000);
	ok(got >= 0.7, "10 kB/s: %.3f of the rate is payload", got);
	ok(t.longest < 1100000, "10 kB/s: %lld ms in the queue",
	    (long long)t.longest / 1000);
	ok(congestion_flying(&t.pace) <= 12000, "10 kB/s: %zu bytes under way",
	    congestion_flying(&t.pace));
	t.rate = 1e7;
	run_for(&t, 10000000);
	run_for(&t, 10000000);
	got = share(&t, 10000000);
	ok(got > 0.66, "then 10 MB/s: %.2f", got);
}

/* A server of 10 kB/s, which takes the first bytes as fast as they
 * come, or which it reads, and then nothing.  How long does a key wait? */
static void
test_limited(const char *name, double burst, int pauses, int64_t first,
    int64_t later, int polite)
{
	struct path	 t;
	double		 got;

	begin(&t, 10000, 1000);
	t.credit = t.burst = burst;
	t.pauses = pauses;
	t.polite = polite;
	run_for(&t, 20000000);
	ok(t.longest < first, "%s: %lld ms in the queue at first", name,
	    (long long)t.longest / 1000);
	run_for(&t, 300000000);
	got = share(&t, 300000000);
	ok(t.longest < later, "%s: %lld ms in the queue later", name,
	    (long long)t.longest / 1000);
	ok(got >= (polite ? 0.68 : 0.7), "%s: %.3f of the rate is payload",
	    name, got);
}

static void
test_polite(void)
{
	struct path	 t;
	double		 got;

	begin(&t, 1e7, 1000);
	run_for(&t, 5000000);
	t.polite = 1;
	run_for(&t, 1000000);
	run_for(&t, 5000000);
	got = share(&t, 5000000);
	ok(t.longest < 10000, "polite: %lld us in the queue",
	    (long long)t.longest);
	ok(got > 0.5, "polite: still %.2f of the rate is payload", got);
	t.polite = 0;
	run_for(&t, 5000000);
	run_for(&t, 5000000);
	ok(share(&t, 5000000) > 0.66, "and more when nobody hurries");
}

static void
test_changes(void)
{
	struct path	 t;
	double		 got;

	begin(&t, 1e6, 10000);
	run_for(&t, 5000000);
	t.trip = 200000;
	run_for(&t, 60000000);
	run_for(&t, 20000000);
	got = share(&t, 20000000);
	ok(got > 0.66, "a path that has become longer: %.2f", got);
	t.stalled = t.now + 30000000;
	run_for(&t, 31000000);
	run_for(&t, 20000000);
	run_for(&t, 20000000);
	got = share(&t, 20000000);
	ok(got > 0.66, "after a reader that stood still: %.2f", got);
}

/* Of an idle stream nothing is learned. */
static void
test_idle(void)
{
	struct path	 t;
	size_t		 budget;
	int		 i;

	begin(&t, 1e7, 1000);
	budget = t.pace.budget;
	for (i = 0; i < 1000; i++) {
		send_one(&t, 10);
		t.now = t.due[t.head % FLIGHTS];
		congestion_landed(&t.pace, &t.mark[t.head % FLIGHTS], t.now, 0);
		t.head++;
		t.now += 100000;
	}
	ok(t.pace.budget == budget, "keystrokes change nothing");
}

/* Blocks are sent again. */
static void
test_restart(void)
{
	struct path		 t;
	size_t			 i;

	begin(&t, 1e7, 1000);
	run_for(&t, 1000000);
	congestion_restart(&t.pace, t.now);
	ok(congestion_flying(&t.pace) == 0 && t.pace.budget <= 32768,
	    "a new path begins anew, with nothing under way");
	congestion_landed(&t.pace, &t.mark[t.head % FLIGHTS], t.now, 0);
	ok(congestion_flying(&t.pace) == 0,
	    "what was sent before is not missed");
	for (i = t.head; i < t.tail; i++) {
		congestion_sent(&t.pace, t.len[i % FLIGHTS], t.now,
		    &t.mark[i % FLIGHTS]);
		t.mark[i % FLIGHTS].at = 0;
	}
	ok(congestion_room(&t.pace, 4096) == 0, "what is sent again counts");
	for (; t.head < t.tail; t.head++, t.now += 10)
		congestion_landed(&t.pace, &t.mark[t.head % FLIGHTS], t.now, 0);
	ok(congestion_flying(&t.pace) == 0 &&
	    congestion_room(&t.pace, 4096) > 0,
	    "it is over when all has landed");
	ok(t.pace.base == 0, "and says nothing of the path");
}

/* A reader lets its blocks wait, and another stream goes on. */
static void
test_held(void)
{
	struct path		 t;
	struct congestion_mark	 held[2], other;

	begin(&t, 1e7, 1000);
	congestion_sent(&t.pace, 2000, t.now, &held[0]);
	congestion_sent(&t.pace, 2000, t.now, &held[1]);
	ok(congestion_room(&t.pace, 2000) == 0, "two blocks are under way");
	congestion_sent(&t.pace, 10, t.now, &other);
	congestion_landed(&t.pace, &other, t.now + 1000, 0);
	ok(congestion_flying(&t.pace) == 0 &&
	    congestion_room(&t.pace, 2000) > 0,
	    "once one behind them has landed, they are not");
	congestion_sent(&t.pace, 2000, t.now + 2000, &other);
	congestion_landed(&t.pace, &held[0], t.now + 9000000, 0);
	congestion_landed(&t.pace, &held[1], t.now + 9000000, 0);
	ok(congestion_flying(&t.pace) == 2000, "and count no more");
	ok(t.pace.trip < 9000000 && t.pace.base < 9000000,
	    "nor does what they took");
}

int
main(void)
{
	test_start();
	test_fills("server nearby", 1e7, 1000);
	test_fills("fast server", 4e7, 500);
	test_fills("ADSL", 1e6, 40000);
	test_fills("the other side of the world", 2e6, 300000);
	test_fills("satellite", 100000, 700000);
	test_slow();
	test_limited("burst", 20000, 0, 1500000, 500000, 0);
	test_limited("burst, polite", 20000, 0, 1000000, 250000, 1);
	test_limited("large burst", 100000, 0, 4500000, 500000, 0);
	test_limited("large burst, polite", 100000, 0, 2000000, 250000, 1);
	test_limited("pauses", 0, 1, 2000000, 1700000, 0);
	test_limited("pauses, polite", 0, 1, 1000000, 800000, 1);
	test_polite();
	test_changes();
	test_idle();
	test_restart();
	test_held();
	return tap_done();
}
