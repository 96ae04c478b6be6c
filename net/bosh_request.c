/* bosh_request: what is asked of a BOSH server, and when; see bosh_int.h. */
#include <sys/queue.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "net/bosh_int.h"
#include "net/io.h"
#include "net/keyseq.h"
#include "net/road_int.h"
#include "xml/write.h"

#define NS_XBOSH	"urn:xmpp:xbosh"

#define BATCH_MAX	(128 * 1024)	/* bytes of stanzas in a request */
#define TRIES_MAX	5		/* in a row, of one request */
#define RETRY		250		/* ms, doubled with each of them */

void
bosh_request_free(struct request *q)
{
	buf_free(&q->body);
	free(q);
}

static void
put_uint(struct xw *w, const char *name, uint64_t n)
{
	xw_attrf(w, name, "%" PRIu64, n);
}

static void
put_creation(struct bosh *b, struct xw *w)
{
	const struct road_conf	*conf = &b->road->conf;

	xw_attr(w, "xmlns:xmpp", NS_XBOSH);
	xw_attr(w, "xmpp:version", "1.0");
	xw_attr(w, "content", "text/xml; charset=utf-8");
	xw_attr(w, "ver", "1.11");
	xw_attr(w, "hold", "1");
	put_uint(w, "wait", WAIT);
	put_uint(w, "ack", 1);
	xw_attr(w, "to", conf->domain);
	if (b->road->way.tls)
		xw_attr(w, "from", conf->from);
	xw_attr(w, "xml:lang", "en");
}

static void
put_restart(struct bosh *b, struct xw *w)
{
	xw_attr(w, "xmlns:xmpp", NS_XBOSH);
	xw_attr(w, "xmpp:restart", "true");
	xw_attr(w, "to", b->road->conf.domain);
	xw_attr(w, "xml:lang", "en");
}

/* Section 15: where anybody can read along, nobody is to join in. */
static void
put_key(struct bosh *b, const struct request *q, struct xw *w)
{
	char	 key[KEYSEQ_KEY];
	int	 last = q->creates;

	if (!b->keyed)
		return;
	if (!q->creates) {
		last = keyseq_next(&b->keys, key) == 0;
		xw_attr(w, "key", key);
	}
	if (last) {
		keyseq_begin(&b->keys, key);
		xw_attr(w, "newkey", key);
	}
}

/* How many bytes of whole stanzas go into the next request. */
static size_t
batch(struct bosh *b)
{
	size_t	 n = 0, len;

	while (buf_len(&b->lengths) > 0) {
		memcpy(&len, buf_data(&b->lengths), sizeof(len));
		if (n > 0 && n + len > BATCH_MAX)
			break;
		n += len;
		buf_drain(&b->lengths, sizeof(len));
	}
	return n;
}

static int
write_request(struct bosh *b, struct request *q)
{
	struct xw	 w;
	size_t		 n = 0;
	int		 r;

	buf_init(&q->body, IO_OUT_MAX);
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
			n = batch(b);
		q->terminates = b->close && !q->restarts && !q->pauses &&
		    n == buf_len(&b->out);
		if (q->terminates)
			xw_attr(&w, "type", "terminate");
	}
	r = w.failed || buf_addstr(&q->body, ">") == -1 ||
	    buf_add(&q->body, buf_data(&b->out), n) == -1 ||
	    buf_addstr(&q->body, "</body>") == -1 ? -1 : 0;
	buf_drain(&b->out, n);
	return r;
}

void
bosh_request_new(struct bosh *b, int pauses)
{
	struct request	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL) {
		bosh_fail(b, ROAD_NOMEM, "out of memory");
		return;
	}
	q->rid = b->rid++;
	q->creates = b->state == B_CREATING;
	q->pauses = pauses;
	q->restarts = !q->creates && !q->pauses && b->restart;
	if (q->restarts)
		b->restart = 0;
	TAILQ_INSERT_TAIL(&b->requests, q, next);
	b->pending++;
	if (write_request(b, q) == -1)
		bosh_fail(b, ROAD_NOMEM, "out of memory");
	else if (q->terminates)
		bosh_set_state(b, B_ENDING);
}

/*
 * Two requests on two connections may arrive in the wrong order.  Servers have
 * to cope with that (section 14.3), but ejabberd 23.01 then holds both, and
 * what is in the second, until it happens to have something to say.  So one
 * waits until the one before is answered, or was the reason for an answer, or
 * has had the time to arrive.
 */
int
bosh_overtakes(const struct bosh *b, int64_t now)
{
	return b->pending > 0 && now < b->settled;
}

int
bosh_wants_request(const struct bosh *b)
{
	if (b->pending >= b->window || bosh_overtakes(b, clock_ms()))
		return 0;
	if (b->state == B_CREATING)
		return b->pending == 0;
	return b->state == B_OPEN && (b->pending == 0 || b->restart ||
	    b->close || buf_len(&b->out) > 0);
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
		b->settled = 0;
	bosh_request_free(q);
}

void
bosh_tried(struct bosh *b, struct request *q, const char *why)
{
	if (q == NULL)
		return;
	if (++q->tries >= TRIES_MAX || q->creates) {
		bosh_fail(b, ROAD_LOST, why);
		return;
	}
	road_log(b->road, 1, "bosh: %s; request %" PRIu64 " once more", why,
	    q->rid);
	if (q->tries > 1)
		b->retry = clock_ms() + ((int64_t)RETRY << q->tries);
}
