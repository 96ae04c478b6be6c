/* bosh_request: what is asked of a BOSH server, and when; see bosh_int.h. */
#include <sys/queue.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/io.h"
#include "net/transport/bosh_int.h"
#include "net/transport/bosh_keys.h"
#include "net/transport/transport_int.h"
#include "xml/ns.h"
#include "xml/write.h"

#define BATCH_MAX	(240 * 1024)	/* bytes of stanzas in a request: with
					 * what is around them they are to be
					 * less than 256 KiB, beyond which
					 * ejabberd takes no request */
#define BODY_LEAST	1024		/* bytes that any proxy takes */
#define ENVELOPE	512		/* bytes of <body> around stanzas */
#define LIGHT		8192		/* bytes that go without an answer of
					 * TCP, with TLS and HTTP around them */
#define TRIES_MAX	5		/* in a row, of one request */
#define RETRY		250		/* ms, doubled with each of them, ... */
#define RETRY_MOST	8000		/* ... up to this */

void
bosh_request_free(struct request *q)
{
	buf_free(&q->body);
	buf_free(&q->lengths);
	free(q);
}

static void
put_uint(struct xw *w, const char *name, uint64_t n)
{
	xw_attrf(w, name, "%" PRIu64, n);
}

/* How many ms a request may last by what proxies bear, less a quarter for the
 * network. */
static int64_t
borne(const struct bosh *b)
{
	int64_t	 ms = discover_bears(b->transport->conf.ways)->wait_ms;

	return ms - ms / 4;
}

static unsigned
wait_for(const struct bosh *b)
{
	int64_t	 s = borne(b) / 1000;

	return s > 0 && s < WAIT ? (unsigned)s : WAIT;
}

static void
put_creation(struct bosh *b, struct xw *w)
{
	const struct transport_conf	*conf = &b->transport->conf;

	xw_attr(w, "xmlns:xmpp", NS_XBOSH);
	xw_attr(w, "xmpp:version", "1.0");
	xw_attr(w, "content", "text/xml; charset=utf-8");
	xw_attr(w, "ver", "1.11");
	xw_attr(w, "hold", "1");
	put_uint(w, "wait", b->wait = wait_for(b));
	put_uint(w, "ack", 1);
	xw_attr(w, "to", conf->domain);
	if (b->transport->way.tls)
		xw_attr(w, "from", conf->from);
	xw_attr(w, "xml:lang", "en");
}

static void
put_restart(struct bosh *b, struct xw *w)
{
	xw_attr(w, "xmlns:xmpp", NS_XBOSH);
	xw_attr(w, "xmpp:restart", "true");
	xw_attr(w, "to", b->transport->conf.domain);
	xw_attr(w, "xml:lang", "en");
}

/* Section 15: an eavesdropper must not be able to join in. */
static void
put_key(struct bosh *b, const struct request *q, struct xw *w)
{
	char	 key[BOSH_KEYS_KEY];
	int	 last = q->creates;

	if (!b->keyed)
		return;
	if (!q->creates) {
		last = bosh_keys_next(&b->keys, key) == 0;
		xw_attr(w, "key", key);
	}
	if (last) {
		bosh_keys_begin(&b->keys, key);
		xw_attr(w, "newkey", key);
	}
}

static size_t
batch_most(const struct bosh *b)
{
	size_t	 most = discover_bears(b->transport->conf.ways)->body;

	return most > ENVELOPE && most - ENVELOPE < BATCH_MAX ?
	    most - ENVELOPE : BATCH_MAX;
}

/* How many bytes of whole stanzas go into the request; -1: no memory. */
static int
batch(struct bosh *b, struct request *q, size_t *n)
{
	size_t	 len, most = batch_most(b);

	while (buf_len(&b->lengths) > 0) {
		memcpy(&len, buf_data(&b->lengths), sizeof(len));
		if (*n > 0 && *n + len > most)
			break;
		if (buf_add(&q->lengths, &len, sizeof(len)) == -1)
			return -1;
		*n += len;
		buf_drain(&b->lengths, sizeof(len));
	}
	return 0;
}

/* The first n bytes of what is to be sent, behind the head. */
static int
put_stanzas(struct bosh *b, struct request *q, size_t n)
{
	q->at = buf_len(&q->body);
	if (buf_add(&q->body, buf_data(&b->out), n) == -1 ||
	    buf_addstr(&q->body, "</body>") == -1)
		return -1;
	buf_drain(&b->out, n);
	return 0;
}

static int
write_request(struct bosh *b, struct request *q)
{
	struct xw	 w;
	size_t		 n = 0;
	int		 r = 0;

	xw_init(&w, &q->body);
	xw_start(&w, "body", NS_BOSH);
	put_uint(&w, "rid", q->rid);
	put_key(b, q, &w);
	if (q->creates) {
		put_creation(b, &w);
	} else {
		xw_attr(&w, "sid", b->sid);
		if (b->answered != q->rid - 1)
			put_uint(&w, "ack", b->answered);
		if (q->pauses)
			put_uint(&w, "pause", b->maxpause);
		else if (q->restarts)
			put_restart(b, &w);
		else
			r = batch(b, q, &n);
		q->terminates = b->close && !q->restarts && !q->pauses &&
		    n == buf_len(&b->out);
		if (q->terminates)
			xw_attr(&w, "type", "terminate");
	}
	return r == -1 || w.failed || buf_addstr(&q->body, ">") == -1 ||
	    put_stanzas(b, q, n) == -1 ? -1 : 0;
}

/* What a request would have if it took any number of them. */
static size_t
bytes_standing(const struct bosh *b)
{
	return buf_len(&b->out) + ENVELOPE;
}

void
bosh_request_new(struct bosh *b, int pauses)
{
	struct request	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL) {
		bosh_fail(b, TRANSPORT_NOMEM, "out of memory");
		return;
	}
	buf_init(&q->body, IO_OUT_MAX);
	buf_init(&q->lengths, IO_OUT_MAX);
	q->rid = b->rid++;
	q->stood = bytes_standing(b);
	q->creates = b->state == BOSH_CREATING;
	q->pauses = pauses;
	q->restarts = !q->creates && !q->pauses && b->restart;
	if (q->restarts)
		b->restart = 0;
	TAILQ_INSERT_TAIL(&b->requests, q, next);
	b->pending++;
	if (write_request(b, q) == -1)
		bosh_fail(b, TRANSPORT_NOMEM, "out of memory");
	else if (q->terminates)
		bosh_set_state(b, BOSH_ENDING);
}

/*
 * Two requests on two connections may arrive in the wrong order.  Servers have
 * to cope with that (section 14.3), but ejabberd 23.01 then holds both, and
 * what is in the second, until it happens to have something to say.
 *
 * Both take the way there, so what decides is how long they take to be read.  A
 * request that is no smaller than the one before follows it soon; and so does
 * any, if the one before was light.  A smaller one waits until the one before
 * is answered, or was the reason for an answer, or has had the time to arrive.
 */
int64_t
bosh_follows_at(const struct bosh *b, size_t len)
{
	return len >= b->weight || b->weight <= LIGHT ? b->spaced : b->settled;
}

/* The next request would overtake the last one. */
static int
overtakes(const struct bosh *b)
{
	return b->pending > 0 &&
	    clock_ms() < bosh_follows_at(b, bytes_standing(b));
}

void
bosh_has_arrived(struct bosh *b)
{
	b->spaced = b->settled = 0;
}

/* Only if the server takes a second request, which makes it answer the first
 * (XEP-0124 section 11). */
int64_t
bosh_renewal(const struct bosh *b)
{
	const struct request	*q = TAILQ_FIRST(&b->requests);

	if (borne(b) == 0 || b->window < 2 || b->pending != 1 ||
	    b->state != BOSH_OPEN || b->paused || q->line == NULL)
		return INT64_MAX;
	return q->posted + borne(b);
}

int
bosh_wants_request(const struct bosh *b)
{
	if (b->pending >= b->window || overtakes(b))
		return 0;
	if (b->state == BOSH_CREATING)
		return b->pending == 0;
	return b->state == BOSH_OPEN && (b->pending == 0 || b->restart ||
	    b->close || buf_len(&b->out) > 0 ||
	    bosh_renewal(b) <= clock_ms());
}

void
bosh_request_remove(struct bosh *b, struct request *q)
{
	if (q == TAILQ_FIRST(&b->requests))
		b->answered = q->rid;
	TAILQ_REMOVE(&b->requests, q, next);
	if (clock_ms() - q->posted < b->trip)
		b->trip = clock_ms() - q->posted;
	if (--b->pending == 0)
		bosh_has_arrived(b);
	bosh_request_free(q);
}

void
bosh_tried(struct bosh *b, struct request *q, const char *why)
{
	if (q == NULL)
		return;
	if (++q->tries >= TRIES_MAX || q->creates) {
		bosh_fail(b, TRANSPORT_LOST, why);
		return;
	}
	transport_log(b->transport, 1,
	    "bosh: %s; request %" PRIu64 " once more", why, q->rid);
	if (q->tries > 1)
		b->retry = clock_ms() + ((int64_t)RETRY << q->tries);
}

void
bosh_refused(struct bosh *b, struct request *q, int status)
{
	int64_t	 now = clock_ms(), pause = 0;
	int	 i;
	char	 why[128];

	if (q->creates || now - b->heard > b->inactivity * INT64_C(1000)) {
		snprintf(why, sizeof(why), "the web server in front of it has "
		    "no answer from it (HTTP status %d): try again later, or "
		    "ask its operator", status);
		bosh_fail(b, TRANSPORT_PROTOCOL, why);
		return;
	}
	/* The first time at once: a session without a request ends soon. */
	for (i = 0; i < q->tries && pause < RETRY_MOST; i++)
		pause = pause > 0 ? 2 * pause : RETRY;
	q->again = now + pause;
	q->tries++;
	transport_log(b->transport, 1, "bosh: HTTP status %d; request %" PRIu64
	    " once more", status, q->rid);
}

static int
put_before(struct buf *b, const void *data, size_t len)
{
	struct buf	 all;

	buf_init(&all, IO_OUT_MAX);
	if (buf_add(&all, data, len) == -1 ||
	    buf_add(&all, buf_data(b), buf_len(b)) == -1) {
		buf_free(&all);
		return -1;
	}
	buf_free(b);
	*b = all;
	return 0;
}

/* Write the request with fewer stanzas behind its old head, whose key is not to
 * be spent twice. */
static int
rewrite(struct bosh *b, struct request *q)
{
	size_t	 n = buf_len(&q->body) - q->at - strlen("</body>");

	if (put_before(&b->out, buf_data(&q->body) + q->at, n) == -1 ||
	    put_before(&b->lengths, buf_data(&q->lengths),
	    buf_len(&q->lengths)) == -1)
		return -1;
	buf_truncate(&q->body, q->at);
	buf_truncate(&q->lengths, 0);
	n = 0;
	return batch(b, q, &n) == -1 ? -1 : put_stanzas(b, q, n);
}

/* The server has not seen the request, so its number may stand for less.  But
 * what has gone after it would overtake the rest. */
void
bosh_divide(struct bosh *b, struct request *q)
{
	struct discover_bears *bears = discover_bears(b->transport->conf.ways);
	size_t			 half = buf_len(&q->body) / 2;

	if (half < BODY_LEAST) {
		bosh_nonsense(b, "HTTP status 413");
		return;
	}
	if (bears->body == 0 || half < bears->body)
		bears->body = half;
	transport_log(b->transport, 1,
	    "bosh: %zu bytes are too large; at most %zu from now on",
	    buf_len(&q->body), half);
	if (buf_len(&q->lengths) == sizeof(size_t))
		bosh_fail(b, TRANSPORT_TOO_BIG,
		    "a proxy in front of the server "
		    "takes no stanza so large (HTTP status 413); try a "
		    "smaller -b");
	else if (TAILQ_NEXT(q, next) != NULL || q->terminates)
		bosh_fail(b, TRANSPORT_LOST,
		    "a request was too large");
	else if (rewrite(b, q) == -1)
		bosh_fail(b, TRANSPORT_NOMEM, "out of memory");
}
