/* bosh: the transport by BOSH, and what is to be done when; see bosh_int.h. */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>

#include "net/io/io.h"
#include "net/transport/bosh_int.h"
#include "net/transport/transport_int.h"
#include "net/transport/wrap.h"
#include "xml/parse.h"

#define TRIP_MOST	250		/* ms */

void
bosh_set_state(struct bosh *b, enum bosh_state state)
{
	static const char *const	 names[] = {
		"tls", "creating", "open", "ending", "over"
	};

	transport_log(b->transport, 2, "bosh: %s -> %s", names[b->state],
	    names[state]);
	b->state = state;
}

void
bosh_wake(struct bosh *b)
{
	timer_set(b->transport->loop, &b->work, clock_ms());
}

void
bosh_fail(struct bosh *b, enum transport_fault fault, const char *why)
{
	if (b->state == BOSH_OVER)
		return;
	bosh_set_state(b, BOSH_OVER);
	transport_broke(b->transport, fault, why);
}

void
bosh_nonsense(struct bosh *b, const char *what)
{
	char	 why[256];

	snprintf(why, sizeof(why), "it speaks bad BOSH (%s): check -c, or "
	    "ask its operator", what);
	bosh_fail(b, TRANSPORT_PROTOCOL, why);
}

/*
 * The timer: all that is to be done
 */

static void
drop_broken(struct bosh *b)
{
	struct line	*l;

	for (l = b->lines; l < b->lines + LINES; l++)
		if (l->broken) {
			/* Its response begins anew. */
			if (l->request != NULL &&
			    l->request == TAILQ_FIRST(&b->requests)) {
				parse_free(b->parse);
				b->parse = NULL;
			}
			bosh_conn_drop(l);
		}
}

static void
drop_late(struct bosh *b, int64_t now)
{
	struct request	*q;

	TAILQ_FOREACH(q, &b->requests, next)
		if (q->line != NULL && q->deadline <= now && !b->paused) {
			bosh_tried(b, q, "no answer in time");
			q->line->broken = 1;
		}
}

/* Send the oldest first, and none before its time. */
static void
send_requests(struct bosh *b)
{
	struct request	*q;
	struct line	*l;

	TAILQ_FOREACH(q, &b->requests, next) {
		if (q->line != NULL)
			continue;
		if (b->state == BOSH_OVER || q->again > clock_ms() ||
		    (l = bosh_conn_find(b)) == NULL ||
		    (q != TAILQ_FIRST(&b->requests) &&
		    clock_ms() < bosh_follows_at(b, q->stood)))
			break;
		bosh_conn_post(l, q);
	}
}

/* The answer to a request for a pause says nothing, and may never come
 * (ejabberd 23.01). */
static void
forget_pauses(struct bosh *b)
{
	struct request	*q, *next;

	for (q = TAILQ_FIRST(&b->requests); q != NULL; q = next) {
		next = TAILQ_NEXT(q, next);
		if (!q->pauses || q->line == NULL)
			continue;
		q->line->broken = 1;
		q->line->request = NULL;
		bosh_request_remove(b, q);
	}
}

/*
 * Section 10: while nothing is read, the server holds no request, and ends the
 * session soon unless it was asked for a pause.
 */
static void
pause_session(struct bosh *b, int64_t now)
{
	if (!b->paused || b->maxpause == 0 || b->state != BOSH_OPEN ||
	    now < b->pause_at || (b->pending > 0 && now < b->settled))
		return;
	forget_pauses(b);
	if (b->pending <= WINDOW)
		bosh_request_new(b, 1);
	b->pause_at = now + b->maxpause * INT64_C(500);	/* half of it */
}

static void
bosh_set_timer(struct bosh *b)
{
	int64_t		 now = clock_ms(), at = now + WAIT * 1000;
	struct request	*q;

	TAILQ_FOREACH(q, &b->requests, next) {
		/* While nothing is read, none is late. */
		if (q->line != NULL && !b->paused && q->deadline < at)
			at = q->deadline;
		if (q->line == NULL && b->retry > now && b->retry < at)
			at = b->retry;
		if (q->line == NULL && q->again > now && q->again < at)
			at = q->again;
	}
	if (bosh_renewal(b) < at)
		at = bosh_renewal(b);
	if (b->spaced > now && b->spaced < at)
		at = b->spaced;
	if (b->settled > now && b->settled < at)
		at = b->settled;
	if (b->paused && b->maxpause > 0 && b->pause_at > now &&
	    b->pause_at < at)
		at = b->pause_at;
	timer_set(b->transport->loop, &b->work, at);
}

static void
work(void *arg)
{
	struct bosh	*b = arg;

	drop_late(b, clock_ms());
	if (!b->paused)
		forget_pauses(b);
	drop_broken(b);
	if (b->state == BOSH_OVER || b->state == BOSH_TLS)
		return;
	while (b->state != BOSH_OVER && bosh_wants_request(b))
		bosh_request_new(b, 0);
	pause_session(b, clock_ms());
	send_requests(b);
	bosh_set_turn(b);
	if (b->state == BOSH_OVER)
		return;
	bosh_set_timer(b);
	bosh_input_again(b);
}

/*
 * Life and death
 */

static void
bosh_free(void *k)
{
	struct bosh	*b = k;
	struct request	*q;
	struct line	*l;

	timer_clear(b->transport->loop, &b->work);
	for (l = b->lines; l < b->lines + LINES; l++) {
		bosh_conn_drop(l);
		http_free(&l->http);
	}
	while ((q = TAILQ_FIRST(&b->requests)) != NULL) {
		TAILQ_REMOVE(&b->requests, q, next);
		bosh_request_free(q);
	}
	buf_free(&b->out);
	buf_free(&b->lengths);
	parse_free(b->parse);
	free(b);
}

static void *
bosh_begin(struct transport *r, int fd)
{
	struct bosh	*b;
	size_t		 i;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->transport = r;
	b->window = 1;
	b->wait = WAIT;
	b->inactivity = INACTIVITY;
	b->heard = clock_ms();
	/* Section 14.1: large, random, and never beyond 2^53 - 1. */
	b->rid = (uint64_t)arc4random_uniform(1 << 20) << 32 | arc4random();
	b->keyed = !r->way.tls;
	b->trip = TRIP_MOST;
	b->work = (struct timer){ .fire = work, .arg = b };
	TAILQ_INIT(&b->requests);
	buf_init(&b->out, IO_OUT_MAX);
	buf_init(&b->lengths, IO_OUT_MAX);
	for (i = 0; i < LINES; i++) {
		b->lines[i].bosh = b;
		http_init(&b->lines[i].http);
	}
	if (bosh_conn_begin(&b->lines[0], fd) == -1) {
		bosh_free(b);
		return NULL;
	}
	return b;
}

/*
 * What the transport asks for
 */

static int
bosh_send(void *k, const void *data, size_t len)
{
	struct bosh	*b = k;
	size_t		 before = buf_len(&b->out), n;

	if (b->state != BOSH_OPEN || b->close)
		return -1;
	if (wrap_stanza(&b->out, data, len) == -1) {
		buf_truncate(&b->out, before);
		return -1;
	}
	n = buf_len(&b->out) - before;
	if (buf_add(&b->lengths, &n, sizeof(n)) == -1) {
		buf_truncate(&b->out, before);
		return -1;
	}
	bosh_wake(b);
	return 0;
}

/* A request is always held, and answered every half a minute. */
static void
bosh_keepalive(void *k)
{
	(void)k;
}

static size_t
bosh_queued(const void *k)
{
	const struct bosh	*b = k;
	size_t			 n = buf_len(&b->out);
	int			 i;

	for (i = 0; i < LINES; i++)
		if (b->lines[i].io != NULL)
			n += io_queued(b->lines[i].io);
	return n;
}

/* Two requests are under way at a time: so each way a stanza waits for as long
 * as one takes. */
static int64_t
bosh_holds(const void *k)
{
	const struct bosh	*b = k;

	return 2 * b->trip * 1000;
}

static void
bosh_restart(void *k)
{
	struct bosh	*b = k;

	b->restart = 1;
	bosh_wake(b);
}

static void
bosh_pause(void *k, int pause)
{
	struct bosh	*b = k;
	struct request	*q;
	int64_t		 now = clock_ms();

	if (b->paused == pause)
		return;
	b->paused = pause;
	b->pause_at = now + PAUSE_DELAY;
	TAILQ_FOREACH(q, &b->requests, next)	/* what came was not read */
		if (q->deadline < now + LATE)
			q->deadline = now + LATE;
	bosh_set_turn(b);
	bosh_wake(b);	/* goes on from the loop, not within the caller */
}

static void
bosh_close(void *k)
{
	struct bosh	*b = k;

	if (b->state != BOSH_OPEN || b->close)
		return;
	b->close = 1;
	bosh_wake(b);
}

static SSL *
bosh_ssl(void *k)
{
	struct bosh	*b = k;
	int		 i;

	for (i = 0; i < LINES; i++)
		if (b->lines[i].io != NULL && b->lines[i].ready)
			return io_ssl(b->lines[i].io);
	return NULL;
}

const struct transport_kind *
transport_bosh(void)
{
	static const struct transport_kind	 kind = {
		.begin = bosh_begin,
		.free = bosh_free,
		.send = bosh_send,
		.keepalive = bosh_keepalive,
		.repeats = 1,
		.queued = bosh_queued,
		.holds = bosh_holds,
		.restart = bosh_restart,
		.pause = bosh_pause,
		.close = bosh_close,
		.ssl = bosh_ssl,
	};

	return &kind;
}
