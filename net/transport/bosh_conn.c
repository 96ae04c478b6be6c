/* bosh_conn: the connections to a BOSH server; see bosh_int.h. */
#include <sys/queue.h>

#include "net/dial/proxy.h"
#include "net/dial/proxy_dial.h"
#include "net/http/http.h"
#include "net/io/io.h"
#include "net/transport/bosh_int.h"
#include "net/transport/transport_int.h"
#include "xml/buf.h"

#define SETTLE		10		/* ms, see bosh_follows_at() */
#define SPACE		4		/* part of a round trip, see there */

static void	 bosh_conn_io_event(void *, enum io_event);

void
bosh_conn_drop(struct line *l)
{
	struct request	*q = l->request;

	proxy_dial_cancel(l->via);
	io_free(l->io);
	l->via = NULL;
	l->io = NULL;
	l->ready = l->broken = 0;
	l->request = NULL;
	if (q != NULL)
		q->line = NULL;
}

void
bosh_conn_broke(struct line *l)
{
	l->broken = 1;
	bosh_wake(l->bosh);
}

/*
 * Opening
 */

static void
line_ready(struct line *l)
{
	struct bosh	*b = l->bosh;

	l->ready = 1;
	if (b->state == BOSH_TLS) {
		bosh_set_state(b, BOSH_CREATING);
		transport_secure(b->transport);
	}
	bosh_wake(b);
}

int
bosh_conn_begin(struct line *l, int fd)
{
	struct transport	*r = l->bosh->transport;

	if ((l->io = io_new(r->loop, fd, bosh_conn_io_event, l)) == NULL)
		return -1;
	if (!r->way.tls)
		line_ready(l);
	else if (transport_tls(r, l->io, "http/1.1") == -1)
		return -1;
	return 0;
}

static void
bosh_conn_connected(void *arg, int fd, const char *err)
{
	struct line	*l = arg;

	l->via = NULL;
	if (fd == -1) {
		bosh_tried(l->bosh, TAILQ_FIRST(&l->bosh->requests), err);
		bosh_conn_broke(l);
	} else if (bosh_conn_begin(l, fd) == -1) {
		bosh_fail(l->bosh, TRANSPORT_NOMEM, "out of memory");
	}
}

static void
line_connect(struct line *l)
{
	struct transport		*r = l->bosh->transport;
	const struct discover_conf	*wc = discover_conf(r->conf.ways);

	l->via =
	    proxy_dial(r->loop, r->resolver, proxy_for(wc->proxy, r->way.host),
	    r->way.host, r->way.port, wc->family, bosh_conn_connected, l);
	if (l->via == NULL)
		bosh_fail(l->bosh, TRANSPORT_NOMEM, "out of memory");
}

struct line *
bosh_conn_find(struct bosh *b)
{
	struct line	*l, *unused = NULL;
	int		 coming = 0;

	for (l = b->lines; l < b->lines + LINES; l++) {
		if (l->ready && !l->broken && l->request == NULL)
			return l;
		if (l->io == NULL && l->via == NULL)
			unused = l;
		else if (!l->ready)
			coming = 1;
	}
	if (unused != NULL && !coming && clock_ms() >= b->retry)
		line_connect(unused);
	return NULL;
}

/*
 * Requests and responses on it
 */

void
bosh_conn_post(struct line *l, struct request *q)
{
	struct bosh		*b = l->bosh;
	const struct endpoint	*way = &b->transport->way;
	struct buf		 out;

	l->request = q;
	l->headed = l->begun = 0;
	q->line = l;
	q->posted = clock_ms();
	q->deadline = q->posted + b->wait * INT64_C(1000) + LATE;
	b->settled = q->posted + b->trip + SETTLE;
	b->spaced = q->posted + (b->trip / SPACE > SETTLE ? b->trip / SPACE :
	    SETTLE);
	b->weight = buf_len(&q->body);
	if (!q->pauses)
		b->pause_at = q->posted + PAUSE_DELAY;
	http_expect(&l->http, 0);
	buf_init(&out, IO_OUT_MAX);
	if (http_start(&out, "POST", way->target, way->host, way->port,
	    way->tls ? 443 : 80) == -1 ||
	    http_add(&out, "Content-Type", "text/xml; charset=utf-8") == -1 ||
	    http_end_body(&out, buf_len(&q->body)) == -1 ||
	    buf_add(&out, buf_data(&q->body), buf_len(&q->body)) == -1 ||
	    io_write(l->io, buf_data(&out), buf_len(&out)) == -1)
		bosh_fail(b, TRANSPORT_NOMEM, "out of memory");
	buf_free(&out);
}

void
bosh_set_turn(struct bosh *b)
{
	struct request	*q = TAILQ_FIRST(&b->requests);
	struct line	*l;

	for (l = b->lines; l < b->lines + LINES; l++)
		if (l->io != NULL && l->ready)
			io_pause(l->io, l->request != NULL && (b->paused ||
			    (l->request != q && l->headed)));
}

/* The head of a response may be read at any time, the rest in turn. */
static int
may_read(const struct line *l)
{
	const struct bosh	*b = l->bosh;

	return l->request != NULL && !b->paused && b->state != BOSH_OVER &&
	    !transport_deaf(b->transport) && !l->broken &&
	    (l->request == TAILQ_FIRST(&b->requests) || !l->headed);
}

static void
bosh_conn_input(struct line *l)
{
	const unsigned char	*data = NULL;
	enum http_event		 ev;
	size_t			 len = 0;

	/* What has come answers no request. */
	if (l->request == NULL && buf_len(io_input(l->io)) > 0) {
		bosh_conn_broke(l);
		return;
	}
	while (may_read(l) &&
	    (ev = http_next(&l->http, io_input(l->io), &data, &len)) !=
	    HTTP_MORE)
		bosh_response(l, ev, data, len);
	if (l->headed && l->request != NULL &&
	    l->request != TAILQ_FIRST(&l->bosh->requests))
		bosh_wake(l->bosh);	/* it has to wait for its turn */
}

void
bosh_input_again(struct bosh *b)
{
	struct request	*q = TAILQ_FIRST(&b->requests);

	bosh_deliver(b);
	if (q != NULL && q->line != NULL && (q->line->headed ||
	    buf_len(io_input(q->line->io)) > 0))
		bosh_conn_input(q->line);
}

static void
line_ended(struct line *l, const char *why)
{
	struct bosh	*b = l->bosh;
	struct request	*q = l->request;

	if (io_starved(l->io)) {
		bosh_fail(b, TRANSPORT_NOMEM, why);
		return;
	}
	if (b->state == BOSH_TLS) {
		bosh_fail(b, io_untrusted(l->io) ? TRANSPORT_UNTRUSTED :
		    TRANSPORT_HANDSHAKE, why);
		return;
	}
	/* The end of the connection may be the end of the response, but not
	 * before its turn. */
	if (q != NULL && q == TAILQ_FIRST(&b->requests) && b->parse != NULL &&
	    b->ended && http_eof(&l->http) == HTTP_END) {
		bosh_response_end(l);
		return;
	}
	if (q != NULL || !l->ready)
		bosh_tried(b, q != NULL ? q : TAILQ_FIRST(&b->requests), why);
	bosh_conn_broke(l);
}

static void
bosh_conn_io_event(void *arg, enum io_event ev)
{
	struct line	*l = arg;

	if (l->bosh->state == BOSH_OVER || l->broken)
		return;
	switch (ev) {
	case IO_SECURE:
		line_ready(l);
		break;
	case IO_INPUT:
		bosh_conn_input(l);
		break;
	case IO_DRAINED:
		break;
	case IO_EOF:
		line_ended(l, "the server closed a connection");
		break;
	case IO_ERROR:
		line_ended(l, io_error(l->io));
		break;
	}
}
