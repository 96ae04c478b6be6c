/*
 * Unit tests of ibb/congestion: paths through a server, simulated.  Flows send
 * stanzas to the server, which takes them one after the other at its rate, or
 * in a manner of its own, and each is answered a round trip after it was sent,
 * and the later the longer the server took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/congestion.h"
#include "t/lib/tap.h"

#define TAGS		200	/* bytes of a stanza besides the base64 */
#define FLIGHTS		4096
#define FLOWS		2
#define JOINS		16
#define KEYS		40
#define TYPISTS		16
#define PAYLOAD		0.75	/* of a stanza, at most: base64 */
#define MS		INT64_C(1000)
#define SECOND		INT64_C(1000000)

/* Other programs have the processor for a while, now and then: the means, 0:
 * never; and when next.  All in us. */
struct stops {
	int64_t		 runs, rests;
	int64_t		 stops, resumes;
};

/* The server, and all that is known of it to no flow. */
struct server {
	double		 rate;		/* bytes of stanzas a second */
	int64_t		 busy;		/* us: until then */
	double		 credit, burst;	/* bytes taken at once; at most */
	int		 pauses;	/* it takes all at once, and pauses; */
	int64_t		 owed;		/* us: for so long */
	int64_t		 clump;		/* us: it answers only so often */
	struct stops	 stops;
};

/* A transport of requests, of which one goes every so many us: 0, none is
 * needed.  What is sent in between waits for the next one that has room. */
struct requests {
	int64_t		 every;
	double		 most;		/* bytes in one; 0: any number */
	int64_t		 at;		/* us: when the last one goes */
	double		 in;		/* bytes in it */
};

struct flow {
	struct congestion	 pace;
	size_t		 window;	/* blocks; 0: what pace allows */
	int64_t		 trip;		/* us: without a queue */
	int64_t		 jitter;	/* us: more, at most */
	struct stops	 there, back;	/* of what is between the two */
	struct requests	 up, down;	/* at our end, */
	struct requests	 on, up_back;	/* and at the other */
	int64_t		 arrived;	/* us: the last stanza */
	double		 reader;	/* bytes a second; 0: it takes all */
	int64_t		 read;		/* us: all until now, then */
	int64_t		 stalled;	/* us: the reader, until then */
	int64_t		 paused;	/* us: the writer, until then */
	int		 polite;
	size_t		 len[FLIGHTS];
	struct congestion_mark mark[FLIGHTS];
	int64_t		 due[FLIGHTS];
	size_t		 head, tail;
	uint64_t	 landed;	/* payload bytes */
	int64_t		 longest;	/* us: in the server's queue */
	size_t		 stanza_most, flying_most, nflying_most;
};

static struct server	 server;
static struct flow	 flows[FLOWS], *const one = &flows[0];
static size_t		 nflows;
static int64_t		 now;		/* us */
static uint32_t		 seed;

static int64_t
chance(int64_t most)
{
	seed = seed * 1664525 + 1013904223;
	return most > 0 ? (int64_t)(seed >> 8) % most : 0;
}

static void
add_flow(int64_t trip)
{
	struct flow	*f = &flows[nflows++];

	memset(f, 0, sizeof(*f));
	f->trip = trip;
	f->paused = now;
	congestion_init(&f->pace, now);
}

static void
begin(double rate, int64_t trip)
{
	memset(&server, 0, sizeof(server));
	server.rate = rate;
	nflows = 0;
	now = SECOND;
	seed = 1;
	add_flow(trip);
}

static size_t
block(const struct flow *f)
{
	return f->window > 0 ? 24300 :
	    (congestion_stanza(&f->pace) - TAGS) / 4 * 3;
}

/* When is work done that takes so long, and begins at a time? */
static int64_t
work(struct stops *s, int64_t begins, int64_t takes)
{
	if (s->runs == 0)
		return begins + takes;
	for (;;) {
		if (begins >= s->resumes) {
			s->stops = s->resumes + s->runs / 2 + chance(s->runs);
			s->resumes = s->stops + s->rests / 2 +
			    chance(s->rests);
		} else if (begins >= s->stops) {
			begins = s->resumes;
		} else if (begins + takes <= s->stops) {
			return begins + takes;
		} else {
			takes -= s->stops - begins;
			begins = s->stops;
		}
	}
}

/* When is a stanza sent that is ready at a time? */
static int64_t
request(struct requests *r, int64_t ready, double wire)
{
	if (r->every == 0)
		return ready;
	if (ready >= r->at + r->every) {
		r->at = ready;
		r->in = 0;
	} else if (ready > r->at || (r->most > 0 && r->in + wire > r->most)) {
		r->at += r->every;
		r->in = 0;
	}
	r->in += wire;
	return r->at;
}

/* One stanza after the other, for as long as each takes. */
static int64_t
take(struct flow *f, int64_t arrives, double wire)
{
	struct server	*s = &server;
	double		 gone;

	if (s->busy < arrives) {
		s->credit += (double)(arrives - s->busy) * s->rate / 1e6;
		if (s->credit > s->burst)
			s->credit = s->burst;
		s->busy = arrives;
	}
	if (s->busy - arrives > f->longest)
		f->longest = s->busy - arrives;
	gone = wire < s->credit ? wire : s->credit;
	s->credit -= gone;
	s->busy = work(&s->stops, s->busy,
	    (int64_t)((wire - gone) * 1e6 / s->rate));
	return s->busy;
}

/* All that is there at once, and then nothing for as long as that takes. */
static int64_t
take_all(struct flow *f, int64_t arrives, double wire)
{
	struct server	*s = &server;
	int64_t		 wakes = s->busy + s->owed;

	if (arrives > s->busy) {
		s->busy = arrives > wakes ? arrives : wakes;
		s->owed = 0;
	}
	if (s->busy - arrives > f->longest)
		f->longest = s->busy - arrives;
	s->owed += (int64_t)(wire * 1e6 / s->rate);
	return s->busy;
}

/* When the reader has taken it. */
static int64_t
take_up(struct flow *f, int64_t comes, size_t len)
{
	if (f->reader <= 0)
		return comes;
	if (f->read < comes)
		f->read = comes;
	f->read += (int64_t)((double)len * 1e6 / f->reader);
	return f->read;
}

static void
note_most(struct flow *f)
{
	struct congestion	*p = &f->pace;

	if (congestion_flying(p) > f->flying_most)
		f->flying_most = congestion_flying(p);
	if (p->nsent - p->nlanded > f->nflying_most)
		f->nflying_most = (size_t)(p->nsent - p->nlanded);
	if (congestion_stanza(p) > f->stanza_most)
		f->stanza_most = congestion_stanza(p);
}

static void
send_one(struct flow *f, size_t len)
{
	size_t	 digits = len / 3 * 4;
	double	 wire = (double)digits + TAGS;
	size_t	 i = f->tail++ % FLIGHTS;
	int64_t	 arrives = work(&f->there, request(&f->up, now, wire) +
		    f->trip / 2 + chance(f->jitter), 0);
	int64_t	 done;

	if (arrives < f->arrived)
		arrives = f->arrived;
	f->arrived = arrives;
	done = (server.pauses ? take_all : take)(f, arrives, wire);
	if (server.clump > 0)
		done = (done / server.clump + 1) * server.clump;
	done = request(&f->on, done, 0);
	done = request(&f->up_back, done + f->trip / 4, 0) - f->trip / 4;
	done = request(&f->down, done, 0);
	f->len[i] = len;
	f->due[i] = take_up(f, work(&f->back, done + f->trip / 2, 0), len);
	if (f->due[i] < f->stalled)
		f->due[i] = f->stalled;
	congestion_sent(&f->pace, len, now, &f->mark[i]);
	note_most(f);
}

static size_t
room(const struct flow *f)
{
	if (now < f->paused)
		return 0;
	return f->window > 0 ? f->window - (f->tail - f->head) :
	    congestion_room(&f->pace, block(f));
}

/* Send all that may be, if there is time before an answer comes. */
static void
fill(struct flow *f)
{
	size_t	 n;

	while ((n = room(f)) > 0)
		while (n-- > 0)
			send_one(f, block(f));
}

static void
land(struct flow *f)
{
	size_t	 i = f->head++ % FLIGHTS;

	f->landed += f->len[i];
	congestion_landed(&f->pace, &f->mark[i], now, f->polite);
}

/* Whose answer comes next? */
static struct flow *
next_flow(void)
{
	struct flow	*f, *first = NULL;

	for (f = flows; f < flows + nflows; f++)
		if (f->head < f->tail && (first == NULL ||
		    f->due[f->head % FLIGHTS] <
		    first->due[first->head % FLIGHTS]))
			first = f;
	return first;
}

/* All answers that come at a time are read at once: then more is sent. */
static void
step(void)
{
	struct flow	*f = next_flow();
	size_t		 i;

	if (f == NULL) {
		now += MS;
	} else {
		if (f->due[f->head % FLIGHTS] > now)
			now = f->due[f->head % FLIGHTS];
		while (f->head < f->tail && f->due[f->head % FLIGHTS] <= now)
			land(f);
	}
	for (i = 0; i < nflows; i++)
		fill(&flows[i]);
}

/* There is always something to be sent, for so long. */
static void
run_for(int64_t us)
{
	int64_t	 end = now + us;
	size_t	 i;

	for (i = 0; i < nflows; i++) {
		flows[i].longest = 0;
		flows[i].landed = 0;
		fill(&flows[i]);
	}
	while (now < end)
		step();
}

/* What share of all that base64 leaves of the rate was payload. */
static double
share(const struct flow *f, int64_t us)
{
	return (double)f->landed * 1e6 / (double)us / server.rate / PAYLOAD;
}

/* us until four fifths of that share were reached, in steps of a round trip or
 * of 100 ms. */
static int64_t
ramp(int64_t trip, int64_t most)
{
	int64_t	 began = now, piece = trip > 100 * MS ? trip : 100 * MS;

	while (now - began < most) {
		run_for(piece);
		if (share(one, piece) >= 0.8)
			break;
	}
	return now - began;
}

/*
 * A flow alone
 */

static void
limits_are_kept(const char *name)
{
	ok(one->stanza_most <= 65536 &&
	    one->flying_most < CONGESTION_BUDGET_MAX + 65536 &&
	    one->nflying_most <= CONGESTION_BLOCKS_MAX,
	    "%s: limits are kept: %zu bytes, %zu blocks", name,
	    one->flying_most, one->nflying_most);
}

static void
test_fills(const char *name, double rate, int64_t trip, int64_t jitter,
    int64_t clump)
{
	int64_t	 took, most = 10 * (trip + clump) + SECOND;
	int64_t	 piece = trip > 100 * MS ? trip : 100 * MS;
	double	 got;

	begin(rate, trip);
	one->jitter = jitter;
	server.clump = clump;
	took = ramp(trip, 10 * most);
	ok(took <= most + piece, "%s: four fifths after %lld ms", name,
	    (long long)took / 1000);
	run_for(2 * SECOND + 20 * trip);
	run_for(30 * SECOND);
	got = share(one, 30 * SECOND);
	ok(got >= 0.88, "%s: %.2f of the path", name, got);
	ok(one->longest < 130 * MS + trip / 2 + jitter, "%s: %lld ms in the "
	    "queue at most", name, (long long)one->longest / 1000);
	limits_are_kept(name);
}

static void
test_long(void)
{
	static const int64_t	 trips[] = { 1, 20, 100, 300, 600 };
	char			 name[64];
	size_t			 i;

	for (i = 0; i < sizeof(trips) / sizeof(*trips); i++) {
		snprintf(name, sizeof(name), "%d ms", (int)trips[i]);
		test_fills(name, 1e7, trips[i] * MS, 0, 0);
		snprintf(name, sizeof(name), "%d ms, a slow server",
		    (int)trips[i]);
		test_fills(name, 5e5, trips[i] * MS, 0, 0);
		snprintf(name, sizeof(name), "%d ms, jitter", (int)trips[i]);
		test_fills(name, 1e7, trips[i] * MS, 20 * MS, 0);
		snprintf(name, sizeof(name), "%d ms, clumps", (int)trips[i]);
		test_fills(name, 1e7, trips[i] * MS, 0, 30 * MS);
	}
	test_fills("fast server", 8e7, MS / 2, 0, 0);
	test_fills("fast server, 100 ms", 8e7, 100 * MS, 0, 0);
}

/*
 * A server, and what is between it and the two ends, that other programs keep
 * from working for moments: next to a window that is always enough, so that the
 * server has work whenever it may.
 */
static double
noisy_share(int64_t trip, struct stops noise, size_t window, int64_t *ramped)
{
	int64_t	 piece = trip > 500 * MS ? trip : 500 * MS, began;
	double	 most = (double)noise.runs / (double)(noise.runs + noise.rests);

	begin(1.5e7, trip);
	server.stops = one->there = one->back = noise;
	one->window = window;
	began = now;
	do
		run_for(piece);
	while (now - began < 60 * SECOND && share(one, piece) < 0.6 * most);
	*ramped = now - began;
	run_for(60 * SECOND);
	return share(one, 60 * SECOND);
}

static void
test_noise(int64_t trip, int64_t runs, int64_t rests)
{
	struct stops	 noise = { .runs = runs * MS, .rests = rests * MS };
	int64_t		 ramped;
	double		 most = noisy_share(trip, noise, 330, &ramped);
	int64_t		 longest = one->longest;
	double		 got = noisy_share(trip, noise, 0, &ramped);
	char		 name[64];

	snprintf(name, sizeof(name), "%d ms, all work for %d ms and rest %d",
	    (int)(trip / MS), (int)runs, (int)rests);
	ok(got >= 0.85 * most, "%s: %.2f of the path, a large window %.2f",
	    name, got, most);
	ok(ramped <= 10 * trip + SECOND + 20 * noise.rests, "%s: most of it "
	    "after %lld ms", name, (long long)(ramped / MS));
	ok(one->longest < longest, "%s: %lld ms in the queue, then %lld",
	    name, (long long)one->longest / 1000, (long long)longest / 1000);
}

static void
test_noises(void)
{
	static const int64_t	 trips[] = { 20, 100, 300 };
	size_t			 i;

	for (i = 0; i < sizeof(trips) / sizeof(*trips); i++) {
		test_noise(trips[i] * MS, 5, 20);
		test_noise(trips[i] * MS, 10, 10);
		test_noise(trips[i] * MS, 30, 30);
		test_noise(trips[i] * MS, 50, 50);
		test_noise(trips[i] * MS, 100, 100);
		test_noise(trips[i] * MS, 100, 30);
		test_noise(trips[i] * MS, 500, 100);
		test_noise(trips[i] * MS, 2000, 200);
	}
}

/* More than the budget can be: what it has is used. */
static void
test_longest(void)
{
	begin(1e8, 600 * MS);
	run_for(15 * SECOND);
	run_for(10 * SECOND);
	ok(one->landed > UINT64_C(9) * CONGESTION_BUDGET_MAX / 6 * 10,
	    "a path that holds more than the budget: %.1f MB/s",
	    (double)one->landed / 1e7);
	limits_are_kept("and so");
}

static void
test_start(void)
{
	size_t		 n;

	begin(1e7, 10 * MS);
	n = congestion_room(&one->pace, block(one));
	ok(n >= 2 && n * block(one) <= 32768, "it starts with little");
	ok(congestion_stanza(&one->pace) <= 8192, "and small stanzas");
	begin(300000, 10 * MS);
	run_for(10 * SECOND);
	ok(one->stanza_most <= 8192, "they stay so where it is not fast");
	begin(2e7, 2 * MS);
	run_for(5 * SECOND);
	ok(one->stanza_most > 32768, "and become large where it is");
}

/* The queue is drained now and then, and the path is not. */
static void
test_drain(void)
{
	int64_t	 least = INT64_MAX, base, i;

	begin(1e7, 300 * MS);
	run_for(10 * SECOND);
	one->pace.base = 310 * MS;	/* more than it is */
	for (i = 0; i < 100; i++) {
		run_for(300 * MS);
		if ((int64_t)one->landed < least)
			least = (int64_t)one->landed;
	}
	base = one->pace.base;
	ok(base >= 300 * MS && base < 308 * MS, "the round trip shows: %lld ms",
	    (long long)base / 1000);
	ok(least > 1350000, "no round trip has less than six tenths: %lld",
	    (long long)least);
}

/* Transports of requests at both ends make round trips longer, and none is as
 * short as the first: that is no queue, so nothing is drained for it. */
static void
test_requests(void)
{
	struct requests	 r = { .every = 25 * MS };
	double		 most = 245760 / 0.025, got, least = 1;
	int		 i;

	begin(1e7, 100 * MS);
	one->up = one->down = one->on = one->up_back = r;
	one->up.most = 245760;
	congestion_set_held(&one->pace, 100 * MS);
	run_for(2 * SECOND);
	for (i = 0; i < 16; i++) {
		run_for(SECOND);
		got = share(one, SECOND) * server.rate / most;
		least = got < least ? got : least;
	}
	ok(least >= 0.9, "requests: %.2f of what they hold, in each second",
	    least);
}

/*
 * Servers that limit
 */

/* Half a second each, for somebody that types in another stream. */
static void
test_slow(void)
{
	double	 got;

	begin(10000, MS);
	run_for(30 * SECOND);
	run_for(60 * SECOND);
	got = share(one, 60 * SECOND);
	ok(got >= 0.93, "10 kB/s: %.3f of the path", got);
	ok(one->longest < 1100 * MS, "10 kB/s: %lld ms in the queue",
	    (long long)one->longest / 1000);
	ok(congestion_flying(&one->pace) <= 12000, "10 kB/s: %zu bytes under "
	    "way", congestion_flying(&one->pace));
	server.rate = 1e7;
	run_for(10 * SECOND);
	run_for(10 * SECOND);
	got = share(one, 10 * SECOND);
	ok(got > 0.88, "then 10 MB/s: %.2f", got);
}

/* A server of 10 kB/s, which takes the first bytes as fast as they
 * come, or which it reads, and then nothing.  How long does a key wait? */
static void
test_limited(const char *name, int64_t trip, double burst, int pauses,
    int64_t first, int64_t later, int polite)
{
	double	 got;

	begin(10000, trip);
	server.credit = server.burst = burst;
	server.pauses = pauses;
	one->polite = polite;
	run_for(20 * SECOND);
	ok(one->longest < first, "%s: %lld ms in the queue at first", name,
	    (long long)one->longest / 1000);
	run_for(300 * SECOND);
	got = share(one, 300 * SECOND);
	ok(one->longest < later, "%s: %lld ms in the queue later", name,
	    (long long)one->longest / 1000);
	ok(got >= (polite ? 0.9 : 0.93), "%s: %.3f of the path", name, got);
}

static void
test_limits(void)
{
	test_limited("burst", MS, 20000, 0, 1500 * MS, 500 * MS, 0);
	test_limited("burst, polite", MS, 20000, 0, 1000 * MS, 250 * MS, 1);
	test_limited("large burst", MS, 100000, 0, 2000 * MS, 500 * MS, 0);
	test_limited("large burst, polite", MS, 100000, 0, 2000 * MS,
	    250 * MS, 1);
	test_limited("pauses", MS, 0, 1, 2000 * MS, 1700 * MS, 0);
	test_limited("pauses, polite", MS, 0, 1, 1000 * MS, 800 * MS, 1);
	test_limited("burst, 100 ms", 100 * MS, 20000, 0, 2000 * MS,
	    700 * MS, 0);
	test_limited("burst, 100 ms, polite", 100 * MS, 20000, 0, 2000 * MS,
	    500 * MS, 1);
	test_limited("pauses, 100 ms", 100 * MS, 0, 1, 2000 * MS,
	    1700 * MS, 0);
}

static void
test_polite(int64_t trip)
{
	int	 ms = (int)(trip / 1000);
	double	 got;

	begin(1e7, trip);
	run_for(5 * SECOND);
	one->polite = 1;
	run_for(SECOND + 4 * trip);
	run_for(5 * SECOND);
	got = share(one, 5 * SECOND);
	ok(one->longest < 10 * MS + trip / 2, "%d ms, polite: %lld us in the "
	    "queue", ms, (long long)one->longest);
	ok(got > 0.66, "%d ms, polite: still %.2f of the path", ms, got);
	one->polite = 0;
	run_for(5 * SECOND);
	run_for(5 * SECOND);
	ok(share(one, 5 * SECOND) > 0.88, "%d ms: and more when nothing is in "
	    "a hurry: %.2f", ms, share(one, 5 * SECOND));
}

/* A key of another stream goes after what is under way: how long is it until
 * its answer? */
static int64_t
press_key(struct flow *f)
{
	int64_t	 arrives = work(&f->there, now + f->trip / 2, 0);

	if (arrives < f->arrived)
		arrives = f->arrived;
	f->arrived = arrives;
	return work(&f->back, take(f, arrives, TAGS) + f->trip / 2, 0) - now;
}

static int
compare_times(const void *a, const void *b)
{
	const int64_t	*x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* A person types when the bulk begins, and goes on: the median, and of all the
 * longest. */
static void
type_beside(int64_t trip, struct stops noise, uint32_t from, int64_t *median,
    int64_t *longest)
{
	int64_t	 keys[KEYS], next;
	size_t	 n = 0;

	begin(1e7, trip);
	seed = from;
	server.stops = one->there = one->back = noise;
	one->polite = 1;
	run_for(SECOND);
	for (next = now; n < KEYS; step())
		if (now >= next) {
			keys[n] = press_key(one);
			next = now + keys[n++] + 100 * MS;
		}
	qsort(keys, KEYS, sizeof(*keys), compare_times);
	*median = keys[KEYS / 2];
	*longest = keys[KEYS - 1];
}

/* The medians of what many persons see, in round trips. */
static void
test_keys(int64_t trip, int64_t runs, int64_t rests, double median_most,
    double longest_most)
{
	struct stops	 noise = { .runs = runs * MS, .rests = rests * MS };
	int64_t		 medians[TYPISTS], longest[TYPISTS];
	double		 m, l;
	uint32_t	 i, middle = TYPISTS / 2;

	for (i = 0; i < TYPISTS; i++)
		type_beside(trip, noise, 7 + i * 1234567, &medians[i],
		    &longest[i]);
	qsort(medians, TYPISTS, sizeof(*medians), compare_times);
	qsort(longest, TYPISTS, sizeof(*longest), compare_times);
	m = (double)medians[middle] / (double)trip;
	l = (double)longest[middle] / (double)trip;
	ok(m <= median_most && l <= longest_most, "%d ms, work for %d ms and "
	    "rest %d: a key takes %.2f round trips, at most %.2f",
	    (int)(trip / MS), (int)runs, (int)rests, m, l);
}

/*
 * Paths that change
 */

static void
test_longer(int64_t before, int64_t after)
{
	double	 got;
	int64_t	 took;

	begin(1e7, before);
	run_for(5 * SECOND);
	one->trip = after;
	took = ramp(after, 100 * SECOND);
	ok(took < 3 * SECOND + 20 * after, "a path of %d ms, then %d: fast "
	    "after %lld ms", (int)(before / MS), (int)(after / MS),
	    (long long)(took / MS));
	run_for(30 * SECOND);
	got = share(one, 30 * SECOND);
	ok(got > 0.88, "and so it stays: %.2f", got);
}

/* The first blocks are quicker than any later ones, and that is no queue: of an
 * end that then has more to do, or a transport that holds what it is given. */
static void
test_longer_soon(int64_t before, int64_t then, int64_t after)
{
	int64_t	 i, took, most = 0;

	for (i = 0; i < 50; i++) {
		begin(1e7, before);
		run_for(before / 2 + i * 10 * MS);
		one->trip = then;
		run_for(then);
		one->trip = after;
		took = ramp(after, 20 * SECOND);
		most = took > most ? took : most;
	}
	ok(most < 3 * SECOND + 20 * after, "%d ms, soon %d and then %d: fast "
	    "after %lld ms", (int)(before / MS), (int)(then / MS),
	    (int)(after / MS), (long long)(most / MS));
}

static void
test_changes(void)
{
	double	 got;

	test_longer(10 * MS, 200 * MS);
	test_longer(100 * MS, 300 * MS);
	test_longer(300 * MS, 20 * MS);
	test_longer_soon(120 * MS, 190 * MS, 245 * MS);
	test_longer_soon(20 * MS, 90 * MS, 150 * MS);
	test_longer_soon(1 * MS, 70 * MS, 100 * MS);
	one->stalled = now + 30 * SECOND;
	run_for(31 * SECOND);
	run_for(10 * SECOND);
	run_for(20 * SECOND);
	got = share(one, 20 * SECOND);
	ok(got > 0.88, "after a reader that stood still: %.2f", got);
	begin(1e6, 100 * MS);
	run_for(20 * SECOND);
	server.rate = 1e7;
	ok(ramp(100 * MS, 100 * SECOND) < 3 * SECOND, "a server that becomes "
	    "fast");
	server.rate = 1e6;
	run_for(10 * SECOND);
	run_for(20 * SECOND);
	ok(share(one, 20 * SECOND) > 0.88 && one->longest < 200 * MS,
	    "and slow again: %.2f, %lld ms in the queue", share(one,
	    20 * SECOND), (long long)one->longest / 1000);
}

/* The reader takes less than the path. */
static void
test_reader(void)
{
	begin(1e7, 100 * MS);
	one->reader = 1e6;
	run_for(10 * SECOND);
	run_for(20 * SECOND);
	ok(one->landed > 19 * UINT64_C(1000000), "a slow reader has enough: "
	    "%.2f MB/s", (double)one->landed / 2e7);
	ok(congestion_flying(&one->pace) < 400000, "and not much lies before "
	    "it: %zu", congestion_flying(&one->pace));
	one->reader = 0;
	ok(ramp(100 * MS, 100 * SECOND) < 3 * SECOND, "a reader that becomes "
	    "fast");
}

/* The writer makes pauses: the budget stays. */
static void
test_pauses(void)
{
	size_t	 before;
	int	 i;

	begin(1e7, 100 * MS);
	run_for(5 * SECOND);
	before = one->pace.budget;
	for (i = 0; i < 20; i++) {
		one->paused = now + 500 * MS;
		run_for(700 * MS);
	}
	ok(one->pace.budget >= before / 2, "a writer that pauses: %zu, "
	    "then %zu", before, one->pace.budget);
}

/*
 * Flows that share a server
 */

/* The second one comes at some moment, and what follows depends on it. */
static void
test_two(double rate, int64_t trip)
{
	int	 ms = (int)(trip / MS), i;
	double	 a, b, least = 1, sum = 2;
	int64_t	 longest = 0;

	for (i = 0; i < JOINS; i++) {
		begin(rate, trip);
		run_for(5 * SECOND + i * 137 * MS);
		add_flow(trip);
		run_for(25 * SECOND);
		run_for(30 * SECOND);
		a = share(&flows[0], 30 * SECOND);
		b = share(&flows[1], 30 * SECOND);
		least = a < least ? a : least;
		least = b < least ? b : least;
		sum = a + b < sum ? a + b : sum;
		longest += one->longest / JOINS;
	}
	ok(least >= 0.3, "%d ms, %.0f kB/s: two flows have parts: %.2f at "
	    "least", ms, rate / 1e3, least);
	ok(sum > 0.88, "%d ms: and the path is full: %.2f", ms, sum);
	ok(longest < 250 * MS + trip / 2, "%d ms: %lld ms in the queue",
	    ms, (long long)longest / 1000);
	nflows = 1;
	run_for(3 * SECOND + 10 * trip);
	run_for(10 * SECOND);
	a = share(one, 10 * SECOND);
	ok(a > 0.88, "%d ms: one goes, and the other has all: %.2f", ms, a);
}

/* A flow of another kind, which keeps blocks under way whatever that does. */
static void
test_competing(int64_t trip, size_t window)
{
	double	 a, b;

	begin(1e7, trip);
	run_for(5 * SECOND);
	add_flow(trip);
	flows[1].window = window;
	run_for(25 * SECOND);
	run_for(30 * SECOND);
	a = share(&flows[0], 30 * SECOND);
	b = share(&flows[1], 30 * SECOND);
	ok(a >= 0.1 && b >= 0.1, "%d ms: beside a fixed window of %zu blocks: "
	    "%.2f and %.2f", (int)(trip / MS), window, a, b);
}

/*
 * What a flow learns nothing from
 */

/* Of an idle stream nothing is learned. */
static void
test_idle(void)
{
	size_t	 budget, i;

	begin(1e7, MS);
	budget = one->pace.budget;
	for (i = 0; i < 1000; i++) {
		send_one(one, 10);
		now = one->due[one->head % FLIGHTS];
		land(one);
		now += 100 * MS;
	}
	ok(one->pace.budget == budget, "keystrokes change nothing");
}

/* Blocks are sent again. */
static void
test_restart(void)
{
	struct congestion	*p = &one->pace;
	size_t			 i;

	begin(1e7, MS);
	run_for(SECOND);
	congestion_restart(p, now);
	ok(congestion_flying(p) == 0 && p->budget <= 32768,
	    "a new path begins anew, with nothing under way");
	congestion_landed(p, &one->mark[one->head % FLIGHTS], now, 0);
	ok(congestion_flying(p) == 0,
	    "what was sent before is not missed");
	for (i = one->head; i < one->tail; i++) {
		congestion_sent(p, one->len[i % FLIGHTS], now,
		    &one->mark[i % FLIGHTS]);
		one->mark[i % FLIGHTS].at = 0;
	}
	ok(congestion_room(p, 4096) == 0, "what is sent again counts");
	for (; one->head < one->tail; now += 10)
		land(one);
	ok(congestion_flying(p) == 0 && congestion_room(p, 4096) > 0,
	    "it is over when all has landed");
	ok(p->base == 0, "and says nothing of the path");
}

/* A reader lets its blocks wait, and another stream goes on. */
static void
test_held(void)
{
	struct congestion	*p = &one->pace;
	struct congestion_mark	 held[2], other;

	begin(1e7, MS);
	congestion_sent(p, 2000, now, &held[0]);
	congestion_sent(p, 2000, now, &held[1]);
	ok(congestion_room(p, 2000) == 0, "two blocks are under way");
	congestion_sent(p, 10, now, &other);
	congestion_landed(p, &other, now + 1000, 0);
	ok(congestion_flying(p) == 0 && congestion_room(p, 2000) > 0,
	    "once a block behind them has landed, they are not");
	congestion_sent(p, 2000, now + 2000, &other);
	congestion_landed(p, &held[0], now + 9000000, 0);
	congestion_landed(p, &held[1], now + 9000000, 0);
	ok(congestion_flying(p) == 2000, "and count no more");
	ok(p->trip < 9000000 && p->base < 9000000,
	    "nor does what they took");
}

int
main(void)
{
	test_start();
	test_long();
	test_noises();
	test_longest();
	test_drain();
	test_requests();
	test_slow();
	test_limits();
	test_polite(MS);
	test_polite(100 * MS);
	test_keys(100 * MS, 0, 0, 1.2, 1.5);
	test_keys(100 * MS, 30, 30, 1.4, 2.2);
	test_keys(100 * MS, 50, 50, 1.4, 2.7);
	test_keys(300 * MS, 50, 50, 1.4, 2.2);
	test_changes();
	test_reader();
	test_pauses();
	test_two(1e7, MS);
	test_two(1e7, 20 * MS);
	test_two(1e7, 100 * MS);
	test_two(1e7, 300 * MS);
	test_two(1e6, 100 * MS);
	test_competing(20 * MS, 16);
	test_competing(100 * MS, 64);
	test_idle();
	test_restart();
	test_held();
	return tap_done();
}
