/*
 * Unit tests of ibb/path: streams of one login to one peer, which send as much
 * as they may over a server of so many bytes a millisecond.
 */
#include <stdint.h>
#include <string.h>

#include "ibb/congestion.h"
#include "ibb/inband.h"
#include "ibb/inband_int.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/elem.h"

#define STREAMS	20
#define RATE	20000		/* bytes of stanzas in a millisecond */
#define SMALL	10		/* bytes */
#define MUCH	300000		/* bytes: not far from what this path holds */

/* In milliseconds: until as much is under way as the path holds, and as long
 * again to see it. */
static int	 ramp = 1000;

static int64_t	 us;

static int64_t
fake_clock(void)
{
	return us;
}

struct sender {
	struct end	*near, *far;
	uint64_t	 sent;		/* bytes */
	size_t		 largest;	/* block */
};

static struct side	 a, b;
static struct sender	 senders[STREAMS];
static size_t		 queue[STREAMS]; /* who is served first, and so on */
static char		 block[INBAND_BLOCK_MAX];

static void
add_sender(struct sender *s, struct end *near, struct end *far)
{
	memset(s, 0, sizeof(*s));
	s->near = near;
	s->far = far;
	inband_can_sync(near->s);
	inband_can_sync(far->s);
	inband_agree(near->s, INBAND_BLOCK_MAX, INBAND_BLOCK_MAX);
	inband_agree(far->s, INBAND_BLOCK_MAX, INBAND_BLOCK_MAX);
}

static void
set_up(size_t n)
{
	size_t	 i;

	us = 1000000;
	for (i = 0; i < STREAMS; i++)
		queue[i] = i;
	memset(senders, 0, sizeof(senders));
	engine_clock = fake_clock;
	join(&a, &b, 4096, 0);
	engine_clock = NULL;
	add_sender(&senders[0], a.end, b.end);
	for (i = 1; i < n; i++) {
		struct end	*near = calling(&a, 4096, 0);

		pump(&a, &b);
		must(strcmp(events(near), "opened; ") == 0);
		add_sender(&senders[i], near, b.end);
	}
}

static void
send_len(struct sender *s, size_t len)
{
	must(inband_send(s->near->s, block, len, 1) == 0);
	s->sent += len;
	if (len > s->largest)
		s->largest = len;
}

/* Returns whether it could. */
static int
send_one(struct sender *s)
{
	if (inband_room(s->near->s) == 0)
		return 0;
	send_len(s, inband_block(s->near->s));
	return 1;
}

/* As the loop does it: who is served is the last to be served again.  Only the
 * first n have something to send. */
static int
serve(size_t n)
{
	size_t	 left[STREAMS], nleft = 0, done[STREAMS], ndone = 0, i;

	for (i = 0; i < STREAMS; i++)
		if (queue[i] < n && send_one(&senders[queue[i]]))
			done[ndone++] = queue[i];
		else
			left[nleft++] = queue[i];
	memcpy(queue, left, nleft * sizeof(*queue));
	memcpy(queue + nleft, done, ndone * sizeof(*queue));
	return ndone > 0;
}

static void
clear(struct end *e)
{
	buf_truncate(&e->log, 0);
	buf_truncate(&e->got, 0);
}

/* The server takes one stanza, or waits for one.  Answers are as late as what
 * comes next. */
static void
pass(void)
{
	int	 some = !STAILQ_EMPTY(&a.out);

	us += some ? 1000 * (int)strlen(STAILQ_FIRST(&a.out)->xml) / RATE :
	    1000;
	while (!STAILQ_EMPTY(&b.out))
		deliver(&b, &a);
	if (some)
		deliver(&a, &b);
}

static void
run_for(size_t n, int ms)
{
	int64_t	 end = us + 1000 * ms;
	size_t	 i;

	while (us < end) {
		pass();
		while (serve(n))
			continue;
		for (i = 0; i < STREAMS && senders[i].near != NULL; i++) {
			clear(senders[i].near);
			clear(senders[i].far);
		}
	}
}

static void
forget(size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		senders[i].sent = senders[i].largest = 0;
}

static uint64_t
total(size_t n)
{
	uint64_t	 sum = 0;
	size_t		 i;

	for (i = 0; i < n; i++)
		sum += senders[i].sent;
	return sum;
}

/* What is on its way to the server, or there. */
static size_t
queued(void)
{
	struct letter	*l;
	size_t		 n = 0;

	STAILQ_FOREACH(l, &a.out, next)
		n += strlen(l->xml);
	return n;
}

static void
test_turns(void)
{
	uint64_t	 all, least = UINT64_MAX, most = 0;
	size_t		 i;

	set_up(STREAMS);
	run_for(STREAMS, ramp);
	forget(STREAMS);
	run_for(STREAMS, ramp);
	all = total(STREAMS);
	for (i = 0; i < STREAMS; i++) {
		if (senders[i].sent < least)
			least = senders[i].sent;
		if (senders[i].sent > most)
			most = senders[i].sent;
	}
	ok(all > (unsigned)ramp * RATE / 100 * 66,
	    "many streams fill a path: %llu", (unsigned long long)all);
	ok(senders[0].largest > 32768, "with large blocks: %zu",
	    senders[0].largest);
	ok(most - least <= 2 * INBAND_BLOCK_MAX, "and come in turn: "
	    "%llu to %llu", (unsigned long long)least,
	    (unsigned long long)most);
	ok(queued() < 4 * MUCH + 65536 + STREAMS * 4096,
	    "together they queue no more than one: %zu", queued());
	part(&a, &b);
}

/* Until all that the last one has sent is answered. */
static void
wait_for_last(size_t n)
{
	while (inband_unanswered(senders[n].near->s) > 0)
		run_for(n, 1);
}

/* Bytes that lie before a reader. */
static size_t
lies(size_t i)
{
	return inband_flying(senders[i].near->s);
}

/* A stream whose reader has stopped, and another. */
static void
test_held(void)
{
	size_t	 before;

	set_up(2);
	run_for(2, ramp);
	wait_for_last(1);
	senders[0].far->eager = 0;
	forget(2);
	run_for(1, 60);
	is_int(inband_room(senders[0].near->s), 0, "a reader stops, and "
	    "nothing more is for it");
	ok(inband_room(senders[1].near->s) > 0, "but for the other");
	run_for(2, ramp);
	ok(senders[1].sent > (unsigned)ramp * (RATE / 100) * 60,
	    "which is as fast: %llu", (unsigned long long)senders[1].sent);
	before = lies(0);
	ok(before <= MUCH * 4, "so much lies before the reader: %zu", before);
	run_for(2, ramp);
	is_int((long)lies(0), (long)before, "and no more comes");
	part(&a, &b);
}

/* One reader after the other stops: less and less lies before each, and there
 * is always some left for the next. */
static void
test_windows(void)
{
	size_t	 all = 0, i, n = STREAMS - 1, more = 0;

	set_up(STREAMS);
	run_for(STREAMS, ramp);
	for (i = 0; i < n; i++) {
		senders[i].far->eager = 0;
		run_for(STREAMS, ramp / 2);
	}
	for (i = 0; i < n; i++) {
		all += lies(i);
		more += i > 0 && lies(i) > lies(i - 1) + 65536;
	}
	ok(lies(0) > MUCH,
	    "much lies before the first: %zu", lies(0));
	ok(lies(n - 1) < MUCH,
	    "little before the last: %zu", lies(n - 1));
	is_int((long)more, 0, "ever less in between");
	ok(all < INBAND_RX_MAX, "not too much before all: %zu",
	    all);
	forget(STREAMS);
	run_for(STREAMS, 1000);
	ok(senders[n].sent > 1000 * (RATE / 100) * 40,
	    "and one still moves: %llu", (unsigned long long)senders[n].sent);
	part(&a, &b);
}

/* The receiver has little room, and says so; then it has room again. */
static void
test_room(void)
{
	set_up(2);
	run_for(2, ramp);
	b.room = 800000;
	run_for(2, 200);
	wait_for_last(1);
	senders[0].far->eager = 0;
	run_for(2, 1000);
	ok(lies(0) <= 800000 / 4 + 65536, "its window, for all streams: %zu",
	    lies(0));
	b.room = SIZE_MAX;
	run_for(2, 1000);
	ok(lies(0) > MUCH, "and the old one: %zu",
	    lies(0));
	part(&a, &b);

	set_up(1);
	run_for(1, ramp);
	a.room = 80000;
	wait_for_last(0);
	senders[0].far->eager = 0;
	run_for(1, 1000);
	ok(lies(0) <= 80000 / 2 + 16384, "the sender's own memory: %zu",
	    lies(0));
	part(&a, &b);
}

/* The answer that told the window may be lost with the sender's login. */
static void
test_room_again(void)
{
	set_up(1);
	b.room = 800000;
	run_for(1, ramp);
	b.room = SIZE_MAX;
	run_for(1, ramp);
	path_set_window(senders[0].near->s, 65536);
	ibb_back(a.ibb, 0);
	run_for(1, ramp);
	wait_for_last(0);
	senders[0].far->eager = 0;
	run_for(1, 1000);
	ok(lies(0) > 65536 * 4, "a window is told again: %zu", lies(0));
	part(&a, &b);
}

/* All but one have stopped, and there is nothing else under way. */
static void
test_still(void)
{
	size_t	 i, n;

	set_up(STREAMS);
	run_for(STREAMS, ramp);
	wait_for_last(STREAMS - 1);
	for (i = 0; i < STREAMS - 1; i++)
		senders[i].far->eager = 0;
	while (serve(STREAMS - 1) || !STAILQ_EMPTY(&a.out))
		pass();
	pass();
	a.asks_later = 0;
	is_int(inband_room(senders[i].near->s), 0, "it is not its turn");
	is_int(a.asks_later, 1, "but will be");
	us += 1000000;
	is_int(inband_room(senders[i].near->s), 1, "if nobody moves");
	send_one(&senders[i]);
	is_int(inband_room(senders[0].near->s), 0, "one is enough");
	for (n = 0; n < 20 && inband_room(senders[i].near->s) < 2; n++) {
		pass();
		send_one(&senders[i]);
	}
	ok(inband_room(senders[i].near->s) > 1, "and shows that they stand");
	part(&a, &b);
}

/* All but two have stopped, and one of these reads what it got long ago. */
static void
test_slow(void)
{
	struct sender	*last = &senders[STREAMS - 1];
	size_t		 i;

	set_up(STREAMS);
	run_for(STREAMS, ramp);
	for (i = 0; i < STREAMS - 1; i++)
		senders[i].far->eager = 0;
	for (i = 0; i < 16; i++)
		send_len(&senders[0], SMALL);
	send_len(last, CONGESTION_FIRST / 2);
	wait_for_last(STREAMS - 1);
	while (serve(STREAMS - 1) || !STAILQ_EMPTY(&a.out))
		pass();
	pass();
	is_int(inband_room(last->near->s), 0, "a path is full");
	for (i = 0; i < 16 && inband_room(last->near->s) == 0; i++) {
		us += 50000;
		inband_answer(senders[0].far->s, 1);
		while (!STAILQ_EMPTY(&b.out))
			deliver(&b, &a);
	}
	is_int(inband_room(last->near->s), 1, "late answers say nothing of it");
	ok(inband_unanswered(senders[0].near->s) > 0, "there are more");
	part(&a, &b);
}

/* Of those that have never taken anything none gets much. */
static void
test_new(void)
{
	size_t	 i;

	set_up(STREAMS);
	run_for(1, ramp);
	for (i = 1; i < STREAMS; i++)
		senders[i].far->eager = 0;
	forget(STREAMS);
	run_for(STREAMS, 1000);
	for (i = 1; i < STREAMS && senders[i].sent <= 2 * CONGESTION_FIRST; i++)
		continue;
	is_int((long)i, STREAMS, "a new stream gets little at first");
	ok(senders[0].sent > 1000 * (RATE / 100) * 60,
	    "nor do they stop the old one: %llu",
	    (unsigned long long)senders[0].sent);
	part(&a, &b);
}

static void
fill(size_t n)
{
	while (serve(n))
		continue;
}

static void
test_squeeze(void)
{
	struct sender	*last = &senders[STREAMS - 1];
	struct inband	*s;

	set_up(STREAMS);
	s = last->near->s;
	run_for(STREAMS, ramp);
	wait_for_last(STREAMS - 1);
	fill(STREAMS - 1);
	is_int(inband_room(s), 0, "a full path takes on no more bulk");
	ok(inband_takes(s) && inband_block(s) <= CONGESTION_FIRST,
	    "but a small block that is there");
	send_len(last, SMALL);
	is_int(inband_room(s) + (size_t)inband_takes(s), 0, "only one");
	wait_for_last(STREAMS - 1);
	fill(STREAMS - 1);
	is_int(inband_room(s), 1, "and more of who sends small ones");
	part(&a, &b);
}

/* Keys of the second stream, so often. */
static size_t
largest_beside_keys(int every, int ms)
{
	int	 i;

	for (i = 0; i < ms; i += every) {
		if (inband_room(senders[1].near->s) > 0)
			send_len(&senders[1], SMALL);
		if (i >= ms / 2)
			senders[0].largest = 0;
		run_for(1, every);
	}
	return senders[0].largest;
}

static void
test_hurry(void)
{
	set_up(2);
	run_for(2, ramp);
	forget(2);
	run_for(1, 100);
	ok(senders[0].largest > 32768, "bulk goes in large blocks");
	send_len(&senders[1], SMALL);
	run_for(1, 300);
	senders[0].largest = 0;
	run_for(1, 1000);
	ok(senders[0].largest > 32768, "the end of other bulk is no hurry");
	ok(largest_beside_keys(100, 2000) <= 8192,
	    "while somebody types they are small");
	run_for(1, 3000);
	ok(senders[0].largest > 32768, "and then large again");
	part(&a, &b);
}

/* One stream is in a conversation, of which no answer has come yet; the others
 * fill the path. */
static void
test_conversation(void)
{
	struct sender	*s = &senders[1];

	set_up(2);
	senders[0].far->eager = s->far->eager = 0;
	must(inband_send(s->far->s, block, SMALL, 1) == 0);
	deliver(&b, &a);
	while (send_one(&senders[0]))
		continue;
	ok(inband_takes(s->near->s), "a word squeezes in");
	send_len(s, SMALL);
	ok(!inband_takes(s->near->s), "and the next one waits");
	while (!STAILQ_EMPTY(&a.out))
		deliver(&a, &b);
	must(inband_send(s->far->s, block, SMALL, 1) == 0);
	while (!STAILQ_EMPTY(&b.out))
		deliver(&b, &a);
	ok(inband_takes(s->near->s), "until there was a reply");
	send_len(s, SMALL);
	ok(!inband_takes(s->near->s), "to each");
	part(&a, &b);
}

/* A peer that talks on and answers nothing is not told more and more. */
static void
test_unanswered(size_t len, size_t most)
{
	struct sender	*s = &senders[0];
	size_t		 i, n = 0;

	set_up(1);
	s->far->eager = 0;
	for (i = 0; i < 1000; i++) {
		must(inband_send(s->far->s, block, SMALL, 1) == 0);
		while (!STAILQ_EMPTY(&b.out))
			deliver(&b, &a);
		if (inband_room(s->near->s) > 0 && inband_takes(s->near->s)) {
			send_len(s, len);
			n++;
		}
		while (!STAILQ_EMPTY(&a.out))
			deliver(&a, &b);
	}
	ok(n > 1 && n <= most, "blocks of %zu without an answer: %zu", len, n);
	part(&a, &b);
}

/* Not a byte of a path stays with those who have left it. */
static void
test_gone(void)
{
	size_t	 i;

	set_up(STREAMS);
	run_for(STREAMS, ramp);
	for (i = 1; i < STREAMS; i++)
		inband_abort(senders[i].near->s, SE_ITEM_NOT_FOUND);
	forget(STREAMS);
	run_for(1, 2000);
	ok(senders[0].sent > 2000 * (RATE / 100) * 60,
	    "when the others are gone, one goes on: %llu",
	    (unsigned long long)senders[0].sent);
	part(&a, &b);
}

int
main(void)
{
	if (tap_soak())
		ramp = 3000;
	memset(block, 'x', sizeof(block));
	test_turns();
	test_held();
	test_windows();
	test_room();
	test_room_again();
	test_still();
	test_slow();
	test_new();
	test_squeeze();
	test_hurry();
	test_conversation();
	test_unanswered(SMALL, 64);
	test_unanswered(1400, 3);
	test_gone();
	return tap_done();
}
