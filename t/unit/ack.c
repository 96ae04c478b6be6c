/*
 * Unit tests of ibb/answer: in a conversation answers wait for a moment, and
 * nowhere else.
 */
#include <string.h>

#include "ibb/inband.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"

#define SMALL	10		/* bytes */
#define LARGE	2100
#define ANSWER(id) "<iq type='result' to='" PEER "' id='" id "'/>"

static struct side	 a;
static struct end	*e;
static int		 seq;		/* of the peer's next block */

/* A stream from a peer that is one of us, or some other program. */
static void
set_up(int waits, int xcat)
{
	engine_waits = waits;
	side_init(&a, US);
	engine_waits = 0;
	e = listening(&a, "4096", "");
	drop_letters(&a);
	e->eager = 1;
	seq = 0;
	if (xcat)
		inband_can_sync(e->s);
}

static void
tear_down(void)
{
	side_free(&a);
}

/* A block of the peer's comes, with its number as the id. */
static void
comes(size_t len)
{
	const char	*number = format("%d", seq++);

	hear(&a, PEER, format("<iq type='set' id='b%s'>%s</iq>", number,
	    data_xml("sid", number, b64fill(len))));
}

/* We send one, which the peer answers. */
static void
goes(size_t len)
{
	static const char	 block[LARGE];

	must(inband_send(e->s, block, len, 1) == 0);
	said(&a);
	result(&a);
}

static void
test_first(void)
{
	set_up(1, 1);
	comes(SMALL);
	is(said(&a), ANSWER("b0"), "the first block is answered at once");
	comes(SMALL);
	is(said(&a), ANSWER("b1"), "and so is one to which nobody replied");
	is_int(a.answers_later, 0, "nobody waits");
	tear_down();
}

static void
test_conversation(void)
{
	set_up(1, 1);
	goes(SMALL);
	comes(SMALL);
	is(said(&a), "", "a reply is not answered at once");
	is_int(a.answers_later, 1, "but later");
	goes(SMALL);
	comes(SMALL);
	is(said(&a), "", "nor is the next one");
	is_int(a.answers_later, 1, "somebody waits already");
	ibb_answer(a.ibb);
	is(said(&a), ANSWER("b0"), "then the first one is");
	is(said(&a), ANSWER("b1"), "and the next");
	is(said(&a), "", "and no more");
	ibb_answer(a.ibb);
	is(said(&a), "", "once");
	goes(SMALL);
	comes(SMALL);
	is_int(a.answers_later, 2, "the conversation goes on");
	ibb_answer(a.ibb);
	is(said(&a), ANSWER("b2"), "and so do the answers");
	tear_down();
}

static void
test_bulk(void)
{
	set_up(1, 1);
	goes(SMALL);
	comes(LARGE);
	is(said(&a), ANSWER("b0"), "a large block is answered at once");
	goes(SMALL);
	comes(SMALL);
	comes(SMALL);
	is(said(&a), ANSWER("b1"), "one after the other: the first one");
	is(said(&a), ANSWER("b2"), "and the second one, at once");
	ibb_answer(a.ibb);
	is(said(&a), "", "nobody waits any more");
	tear_down();
}

/* A small block that waits, in a conversation that ends now. */
static void
talk(void)
{
	set_up(1, 1);
	goes(SMALL);
	comes(SMALL);
	must(*said(&a) == '\0');
}

static void
test_ends(void)
{
	talk();
	hear(&a, PEER, format("<iq type='set' id='c'>%s</iq>",
	    close_xml("sid")));
	is(said(&a), ANSWER("b0"), "the peer closes: what waits is answered");
	inband_close(e->s, CLOSE_BY);
	is(said(&a), ANSWER("c"), "before that is");
	ibb_answer(a.ibb);
	is(said(&a), "", "and not again");
	tear_down();

	talk();
	inband_close(e->s, CLOSE_BY);
	is(said(&a), ANSWER("b0"), "we close: what waits is answered");
	is(said(&a), "<iq type='set' to='" PEER "' id='ID'><close" IBB
	    " sid='sid'/></iq>", "before we ask for it");
	tear_down();

	talk();
	inband_abort(e->s, SE_BUSY);
	is(said(&a), ANSWER("b0"), "we give up: what was taken is answered");
	tear_down();

	talk();
	a.broken = 1;
	ibb_answer(a.ibb);
	is_int(e->failed, 1, "an answer that cannot be sent is noticed");
	ibb_answer(a.ibb);
	tear_down();

	talk();
	inband_free(e->s);
	e->s = NULL;
	ibb_answer(a.ibb);
	is(said(&a), "", "who is gone gives no answers");
	tear_down();
}

/* Nothing is answered before it has come. */
static void
test_too_many(void)
{
	set_up(1, 1);
	e->eager = 0;
	comes(SMALL);
	inband_answer(e->s, 3);
	is(said(&a), ANSWER("b0"), "one is answered, though there were more");
	comes(SMALL);
	is(said(&a), "", "but not the one after it");
	inband_answer(e->s, 1);
	is(said(&a), ANSWER("b1"), "which is in its turn");
	tear_down();
}

static void
test_others(void)
{
	set_up(1, 0);
	goes(SMALL);
	comes(SMALL);
	is(said(&a), ANSWER("b0"), "another program may wait for it");
	tear_down();
	set_up(0, 1);
	goes(SMALL);
	comes(SMALL);
	is(said(&a), ANSWER("b0"), "nor is there always a clock");
	tear_down();
}

int
main(void)
{
	test_first();
	test_conversation();
	test_bulk();
	test_ends();
	test_too_many();
	test_others();
	return tap_done();
}
