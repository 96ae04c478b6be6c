/* Unit tests of net/io/loop: which watches are asked and called, and when. */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/io/loop.h"
#include "t/lib/bounded.h"
#include "t/lib/tap.h"

#define MANY	2000
#define ENOUGH	2000		/* times that something is ready */
#define BOUND	30000		/* ms, after which a test has failed */
#define TAKES	20		/* us to serve somebody: longer than his part
				 * of the time until all are asked */

/* A watch that counts. */
struct seen {
	struct watch	 watch;
	int		 wants;		/* what it will say */
	int		 asked, called, revents;
	int		 enough;	/* calls after which to stop */
	struct watch	*victim;	/* to be removed at the first call */
	struct loop	*loop;
};

static int
want(void *arg)
{
	struct seen	*s = arg;

	s->asked++;
	return s->wants;
}

static void
ready(void *arg, int revents)
{
	struct seen	*s = arg;

	s->revents = revents;
	if (s->victim != NULL)
		loop_unwatch(s->loop, s->victim);
	if (++s->called == s->enough)
		loop_stop(s->loop);
}

static void
watch(struct loop *l, struct seen *s, int fd, int wants, int often)
{
	memset(s, 0, sizeof(*s));
	s->loop = l;
	s->wants = wants;
	s->watch = (struct watch){ .fd = fd, .want = want, .ready = ready,
	    .arg = s, .often = often };
	loop_watch(l, &s->watch);
}

/* Until somebody stops it; returns whether that was in time. */
static int
run(struct loop *l)
{
	return bounded_run(l, BOUND) == 1;
}

static void
make_pipe(int *fds)
{
	if (pipe(fds) == -1) {
		perror("pipe");
		exit(1);
	}
}

static void
test_watches(struct loop *l)
{
	struct seen	 in, out, idle, now, gone;
	int		 fds[2];

	make_pipe(fds);
	watch(l, &idle, fds[0], WATCH_IDLE, 0);
	watch(l, &in, fds[0], POLLIN, 0);
	watch(l, &out, fds[1], POLLOUT, 0);
	out.enough = 3;
	ok(run(l), "a pipe takes bytes");
	is_int(out.revents, POLLOUT, "and says so");
	is_int(in.called, 0, "there are none in it");
	is_int(idle.called, 0, "who is idle is not called");
	ok(idle.asked >= 3, "but asked");

	loop_unwatch(l, &out.watch);
	watch(l, &now, fds[0], POLLIN | WATCH_NOW, 0);
	now.enough = 1;
	ok(run(l), "what is at hand is not waited for");
	is_int(now.revents, POLLIN, "it is what was wanted");

	now.wants = WATCH_IDLE;
	in.enough = 1;
	watch(l, &gone, fds[0], POLLIN, 0);
	in.victim = &gone.watch;
	close(fds[1]);
	ok(run(l), "the end of it is seen");
	ok((in.revents & POLLHUP) != 0, "as that");
	is_int(gone.called, 0, "who was removed is not called any more");
	loop_unwatch(l, &in.watch);
	loop_unwatch(l, &idle.watch);
	loop_unwatch(l, &now.watch);
	close(fds[0]);
}

static char	 order[8];

static void
first(void *arg)
{
	(void)arg;
	strlcat(order, "1", sizeof(order));
}

static void
second(void *arg)
{
	strlcat(order, "2", sizeof(order));
	loop_stop(arg);
}

static void
test_timers(struct loop *l)
{
	struct timer	 a = { .fire = first, .arg = l };
	struct timer	 b = { .fire = second, .arg = l };
	struct timer	 c = { .fire = first, .arg = l };
	int64_t		 now = clock_ms();

	timer_set(l, &b, now + 20);
	timer_set(l, &c, now + 15);
	timer_set(l, &a, now + 90);
	timer_set(l, &a, now + 10);
	timer_clear(l, &c);
	ok(run(l), "timers fire");
	is(order, "12", "by their time, and not if they were cleared");
	ok(clock_ms() >= now + 20, "and not too early");
}

#define TIMERS	1000
#define TIMES	31		/* different ones, ms */

static struct timer	 timers[TIMERS], *latest;
static int	 fired, in_order;

static void
one_fires(void *arg)
{
	struct timer	*t = arg;

	in_order += latest == NULL || t->at > latest->at ||
	    (t->at == latest->at && t > latest);
	latest = t;
	fired++;
}

/* Those of one time in the order in which they were set. */
static void
test_many_timers(struct loop *l)
{
	struct timer	 last = { .fire = second, .arg = l };
	int64_t		 now = clock_ms();
	int		 i;

	fired = in_order = 0;
	latest = NULL;
	for (i = 0; i < TIMERS; i++) {
		timers[i] = (struct timer){ .fire = one_fires,
		    .arg = &timers[i] };
		timer_set(l, &timers[i], now + i * 7 % TIMES);
	}
	timer_set(l, &last, now + TIMES);
	for (i = 0; i < TIMERS; i += 10)
		timer_clear(l, &timers[i]);
	ok(run(l), "many timers");
	is_int(fired, TIMERS - TIMERS / 10, "all but the cleared ones fire");
	is_int(in_order, fired, "in their order");
}

/* Something is always ready there, and little elsewhere. */
static void
test_often(struct loop *l)
{
	static struct seen	 many[MANY];
	struct seen		 often, one;
	int			 zero = open("/dev/zero", O_RDONLY), fds[2], i;

	make_pipe(fds);
	for (i = 0; i < MANY; i++)
		watch(l, &many[i], fds[0], POLLIN, 0);
	watch(l, &often, zero, POLLIN, 1);
	often.enough = ENOUGH;
	ok(run(l), "one of thousands has much to do");
	ok(many[0].asked > 0, "the others are asked");
	ok(many[0].asked < ENOUGH / 2, "but not each time: %d of %d",
	    many[0].asked, ENOUGH);
	is_int(many[MANY / 2].asked, many[0].asked, "all of them as often");
	ok(many[MANY - 1].asked > many[0].asked, "but new ones more often");

	often.enough = 0;
	watch(l, &one, fds[0], POLLIN, 0);
	many[MANY / 2].enough = 1;	/* not one who is new */
	if (write(fds[1], "x", 1) != 1)
		exit(1);
	ok(run(l), "and served as well");
	is_int(many[0].called, 1, "each of them");

	for (i = 0; i < MANY; i++)
		loop_unwatch(l, &many[i].watch);
	loop_unwatch(l, &one.watch);
	order[0] = '\0';
	test_timers(l);
	test_many_timers(l);
	loop_unwatch(l, &often.watch);
	close(zero);
	close(fds[0]);
	close(fds[1]);
}

/*
 * Something is ready at all of them, but what they share suffices for few at a
 * time: it comes by one that is often ready.
 */

static struct {
	struct loop	*loop;
	int		 room, served, enough;
} shared;

static int
want_room(void *arg)
{
	(void)arg;
	return shared.room > 0 ? POLLIN : WATCH_IDLE;
}

static void
ready_room(void *arg, int revents)
{
	struct seen	*s = arg;
	int64_t		 until = clock_us() + TAKES;

	while (clock_us() < until)
		continue;
	s->revents = revents;
	s->called++;
	shared.room--;
	if (++shared.served == shared.enough)
		loop_stop(shared.loop);
}

static int
want_more(void *arg)
{
	(void)arg;
	return POLLIN;
}

static void
ready_more(void *arg, int revents)
{
	(void)arg;
	(void)revents;
	if (shared.room == 0)
		shared.room = 3;
}

static void
test_turns(struct loop *l, int n)
{
	static struct seen	 all[MANY];
	struct watch		 more = { .want = want_more,
				    .ready = ready_more, .often = 1 };
	int			 i, least = MANY, most = 0;

	shared.loop = l;
	shared.room = shared.served = 0;
	shared.enough = 5 * n + 1;
	more.fd = open("/dev/zero", O_RDONLY);
	loop_watch(l, &more);
	for (i = 0; i < n; i++) {
		watch(l, &all[i], more.fd, 0, 0);
		all[i].watch.want = want_room;
		all[i].watch.ready = ready_room;
	}
	ok(run(l), "%d share what is there", n);
	for (i = 0; i < n; i++) {
		if (all[i].called < least)
			least = all[i].called;
		if (all[i].called > most)
			most = all[i].called;
		loop_unwatch(l, &all[i].watch);
	}
	loop_unwatch(l, &more);
	close(more.fd);
	is_int(least, 5, "%d: nobody gets less than the others", n);
	is_int(most, 6, "%d: nor more", n);
	is_int(shared.room < 0, 0, "%d: nor more than there is", n);
}

/*
 * Whoever waits is served as soon as he can be, without asking all: the first
 * is served, so that the next twelve, ready as well, have to wait; the often
 * one ends that for two of them.
 */

static struct seen	 waiter[12];

static void
ready_first(void *arg, int revents)
{
	struct seen	*s = arg;
	size_t		 i;

	(void)revents;
	s->called++;
	s->wants = WATCH_IDLE;
	for (i = 0; i < sizeof(waiter) / sizeof(*waiter); i++)
		waiter[i].wants = WATCH_IDLE;
}

/* Two of them need wait no longer; how often has this been called then? */
static void
ready_last(void *arg, int revents)
{
	struct seen	*s = arg, *first = s->victim->arg;

	(void)revents;
	if (first->called == 0)
		return;
	if (s->called++ == 0) {
		waiter[5].wants = POLLIN;
		waiter[11].wants = POLLIN | (waiter[11].watch.fd == -1 ?
		    WATCH_NOW : 0);
	}
	if (s->called == ENOUGH)
		loop_stop(s->loop);
}

static void
test_waiting(int at_hand)
{
	struct loop		*l = loop_new();
	static struct seen	 many[MANY];
	struct seen		 first, often;
	int			 zero = open("/dev/zero", O_RDONLY), fds[2], i;

	make_pipe(fds);
	watch(l, &first, zero, POLLIN, 0);
	first.watch.ready = ready_first;
	for (i = 0; i < 12; i++)
		watch(l, &waiter[i], zero, POLLIN, 0);
	if (at_hand) {
		waiter[11].watch.fd = -1;
		waiter[11].wants |= WATCH_NOW;
	}
	waiter[11].enough = 1;
	for (i = 0; i < MANY; i++)
		watch(l, &many[i], fds[0], POLLIN, 0);
	watch(l, &often, zero, POLLIN, 1);
	often.watch.ready = ready_last;
	often.victim = &first.watch;
	ok(run(l), "%d: who waits need not any more", at_hand);
	ok(often.called <= 2, "%d: and is served in the next turn, not the "
	    "%dth", at_hand, often.called);
	is_int(waiter[5].called > 0, 1, "%d: with all who can be", at_hand);
	loop_free(l);
	close(zero);
	close(fds[0]);
	close(fds[1]);
}

/* One who waited makes many new ones, more than there was room for. */

static struct seen	 news[MANY];

static int
want_slowly(void *arg)
{
	struct seen	*s = arg;
	int64_t		 until = clock_us() + TAKES;

	while (clock_us() < until)	/* for all that takes */
		continue;
	return s->wants;
}

static void
ready_crowd(void *arg, int revents)
{
	struct seen	*s = arg;
	int		 i;

	(void)revents;
	s->wants = WATCH_IDLE;
	if (s->called++ > 0)
		return;
	for (i = 0; i < MANY; i++)
		watch(s->loop, &news[i], s->watch.fd, POLLIN, 0);
	news[MANY / 2].enough = 1;
}

static void
ready_to_end_it(void *arg, int revents)
{
	struct seen	*s = arg, *first = s->victim->arg;

	(void)revents;
	if (first->called > 0)
		waiter[0].wants = POLLIN;
}

static void
test_crowd(void)
{
	struct loop	*l = loop_new();
	struct seen	 first, often;
	int		 zero = open("/dev/zero", O_RDONLY);

	memset(waiter, 0, sizeof(waiter));
	watch(l, &first, zero, POLLIN, 0);
	first.watch.want = want_slowly;
	first.watch.ready = ready_first;
	watch(l, &waiter[0], zero, POLLIN, 0);
	waiter[0].watch.ready = ready_crowd;
	watch(l, &often, zero, POLLIN, 1);
	often.watch.ready = ready_to_end_it;
	often.victim = &first.watch;
	ok(run(l), "a crowd comes, and all of them are served");
	is_int(news[0].called, 1, "from the first one");
	loop_free(l);
	close(zero);
}

/* What was put off: once a turn, when all that happened in it has. */

static struct {
	struct seen	 seen;
	int		 turns, settled, after;
} quiet;

static void
before_settling(void *arg)
{
	loop_settle(arg, &quiet.seen.watch);
	quiet.turns++;
}

static void
settle(void *arg)
{
	(void)arg;
	quiet.settled++;
	quiet.after += quiet.settled == quiet.turns;
}

static void
ready_quiet(void *arg, int revents)
{
	loop_settle(quiet.seen.loop, &quiet.seen.watch);
	loop_settle(quiet.seen.loop, &quiet.seen.watch);
	ready(arg, revents);
}

static void
test_settle(void)
{
	struct loop	*l = loop_new();

	memset(&quiet, 0, sizeof(quiet));
	watch(l, &quiet.seen, open("/dev/zero", O_RDONLY), POLLIN, 0);
	quiet.seen.watch.ready = ready_quiet;
	quiet.seen.watch.settle = settle;
	quiet.seen.enough = 5;
	loop_before(l, before_settling, l);
	ok(run(l), "somebody settles");
	is_int(quiet.turns, 5, "in each of five turns");
	is_int(quiet.settled, 5, "once");
	is_int(quiet.after, 5, "behind what is before the poll");
	loop_unwatch(l, &quiet.seen.watch);
	loop_settle(l, &quiet.seen.watch);
	watch(l, &quiet.seen, quiet.seen.watch.fd, POLLIN, 0);
	quiet.seen.enough = 1;
	loop_before(l, NULL, NULL);
	ok(run(l), "there is nothing left of it");
	is_int(quiet.settled, 5, "when it is not watched any more");
	close(quiet.seen.watch.fd);
	loop_free(l);
}

#define FEW_FDS	16		/* pairs of sockets */

/* poll(2) takes no more entries than there may be descriptors: two watches of
 * one descriptor are one entry, and those without a descriptor are none. */
static void
test_limit(void)
{
	struct rlimit	 given, low;
	struct loop	*l = loop_new();
	struct seen	 in[2 * FEW_FDS], out[2 * FEW_FDS], none[FEW_FDS];
	int		 fds[2 * FEW_FDS], i, right = 0;

	for (i = 0; i < FEW_FDS; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds + 2 * i) == -1)
			exit(1);
	getrlimit(RLIMIT_NOFILE, &given);
	low = given;
	low.rlim_cur = 2 * FEW_FDS + 8;
	setrlimit(RLIMIT_NOFILE, &low);
	for (i = 0; i < 2 * FEW_FDS; i++) {
		watch(l, &in[i], fds[i], POLLIN, 0);
		watch(l, &out[i], fds[i], i % 2 ? POLLOUT : 0, 0);
	}
	for (i = 0; i < FEW_FDS; i++)
		watch(l, &none[i], -1, WATCH_NOW | POLLIN, 0);
	none[FEW_FDS - 1].enough = 1;
	ok(write(fds[0], "x", 1) == 1 && loop_run(l) == 0,
	    "watches beyond the limit of descriptors");
	for (i = 0; i < 2 * FEW_FDS; i++) {
		right += in[i].called == (i == 1) && (i != 1 ||
		    in[i].revents == POLLIN);
		right += out[i].called == i % 2 && (i % 2 == 0 ||
		    out[i].revents == POLLOUT);
	}
	ok(right == 4 * FEW_FDS, "and each hears what it asked for");
	setrlimit(RLIMIT_NOFILE, &given);
	for (i = 0; i < 2 * FEW_FDS; i++)
		close(fds[i]);
	loop_free(l);
}

int
main(void)
{
	struct loop	*l = loop_new();

	if (l == NULL)
		return 1;
	test_watches(l);
	test_timers(l);
	test_often(l);
	test_turns(l, 10);
	test_turns(l, MANY);
	test_waiting(0);
	test_waiting(1);
	test_crowd();
	test_settle();
	test_limit();
	loop_free(l);
	return tap_done();
}
