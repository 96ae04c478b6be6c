/*
 * Unit tests of net/transport/bosh_request: how much goes into a request, and
 * when the next one may follow.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/io.h"
#include "net/transport/bosh_int.h"
#include "net/transport/transport_int.h"
#include "t/lib/tap.h"

#define STANZA		11000	/* bytes */
#define LIMIT		262144	/* of a request: ejabberd as it comes */
#define LATER		60000	/* ms: a round trip that is not over */

static struct transport	 transport;
static struct bosh	 bosh;

/* A session that is open, and has so many stanzas to send. */
static void
begin(size_t stanzas)
{
	struct discover_conf	 conf = { .domain = "example.test" };
	static char		 stanza[STANZA], err[256];
	size_t			 len = sizeof(stanza);

	memset(&bosh, 0, sizeof(bosh));
	memset(stanza, 'x', sizeof(stanza));
	transport.conf.ways = discover_new(&conf, err);
	transport.way.tls = 1;
	bosh.transport = &transport;
	bosh.state = BOSH_OPEN;
	bosh.window = WINDOW;
	TAILQ_INIT(&bosh.requests);
	buf_init(&bosh.out, IO_OUT_MAX);
	buf_init(&bosh.lengths, IO_OUT_MAX);
	for (; stanzas > 0; stanzas--)
		if (buf_add(&bosh.out, stanza, len) == -1 ||
		    buf_add(&bosh.lengths, &len, sizeof(len)) == -1)
			abort();
}

static void
end(void)
{
	struct request	*q;

	while ((q = TAILQ_FIRST(&bosh.requests)) != NULL)
		bosh_request_remove(&bosh, q);
	buf_free(&bosh.out);
	buf_free(&bosh.lengths);
	discover_free(transport.conf.ways);
}

/* The next request has gone; the round trip that it takes is not over, but it
 * is well on its way. */
static struct request *
post(void)
{
	struct request	*q;

	bosh_request_new(&bosh, 0);
	q = TAILQ_LAST(&bosh.requests, requests);
	q->posted = clock_ms();
	bosh.weight = buf_len(&q->body);
	bosh.settled = q->posted + LATER;
	bosh.spaced = q->posted;
	return q;
}

static void
test_size(void)
{
	struct request	*q;

	begin(100);
	q = post();
	ok(buf_len(&q->body) < LIMIT, "servers take it: %zu bytes",
	    buf_len(&q->body));
	ok(buf_len(&q->body) > LIMIT / 10 * 9, "and they take no more");
	is_int(buf_len(&q->lengths) / sizeof(size_t),
	    buf_len(&q->body) / STANZA, "whole stanzas");
	end();
}

static void
test_order(void)
{
	struct request	*q;

	begin(100);
	post();
	ok(bosh_wants_request(&bosh), "a large one follows a large one");
	/* Stanzas of other sizes do not fill it as well. */
	bosh.weight += STANZA / 2;
	bosh_request_new(&bosh, 0);
	q = TAILQ_LAST(&bosh.requests, requests);
	ok(buf_len(&q->body) < bosh.weight &&
	    bosh_follows_at(&bosh, q->stood) <= clock_ms(),
	    "though a stanza more would not have fitted into it");
	end();
	begin(24);
	post();
	ok(!bosh_wants_request(&bosh), "a small one would overtake it");
	bosh_has_arrived(&bosh);
	ok(bosh_wants_request(&bosh), "unless that has arrived");
	end();
	begin(24);
	bosh_request_new(&bosh, 0);
	bosh_request_remove(&bosh, TAILQ_FIRST(&bosh.requests));
	ok(bosh_wants_request(&bosh), "or is answered");
	end();
	begin(0);
	post();
	ok(!bosh_wants_request(&bosh), "without a word a request is held");
	end();
}

/* Keys of a person who types, and acknowledgements. */
static void
test_light(void)
{
	size_t	 len = 100;

	begin(0);
	post();
	if (buf_add(&bosh.out, "x", 1) == -1 ||
	    buf_add(&bosh.lengths, &len, sizeof(len)) == -1)
		abort();
	ok(bosh_wants_request(&bosh), "a small one follows a small one");
	bosh.spaced = clock_ms() + LATER;
	ok(!bosh_wants_request(&bosh), "but not at once");
	end();
}

static void
test_window(void)
{
	begin(100);
	post();
	post();
	ok(!bosh_wants_request(&bosh), "no more than the server allows");
	end();
}

int
main(void)
{
	test_size();
	test_order();
	test_light();
	test_window();
	return tap_done();
}
