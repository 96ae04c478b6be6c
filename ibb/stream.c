#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/inband.h"
#include "ibb/stream.h"
#include "ibb/why.h"
#include "xml/buf.h"
#include "xml/elem.h"

/* A received block: answered once all up to here has been consumed. */
struct mark {
	uint64_t		 upto;
	STAILQ_ENTRY(mark)	 next;
};

struct stream {
	struct inband		*carrier;
	enum stream_state	 state;
	struct stream_conf	 conf;
	int			 finished;	/* no more from our end */
	int			 peer_closing;	/* no more from the peer */
	struct buf		 rx;		/* received, not consumed */
	STAILQ_HEAD(, mark)	 marks;
	uint64_t		 sent, confirmed, received, consumed;
	enum stream_fault	 fault;
	char			 why[256];
	void			(*notify)(void *);
	void			*arg;
};

static void
changed(struct stream *s)
{
	s->notify(s->arg);
}

static void
fail(struct stream *s, enum stream_fault fault, const char *why)
{
	if (s->state == STREAM_CLOSED || s->state == STREAM_FAILED)
		return;
	s->state = STREAM_FAILED;
	s->fault = fault;
	snprintf(s->why, sizeof(s->why), "%s", why);
	changed(s);
}

/* Close when both directions have said and heard all they will. */
static void
close_if_done(struct stream *s)
{
	if (s->state != STREAM_OPEN || inband_unanswered(s->carrier) > 0)
		return;
	if (s->peer_closing ? buf_len(&s->rx) == 0 :
	    s->finished && s->conf.close_at_end)
		inband_close(s->carrier, s->conf.deadline());
}

/*
 * What the carrier tells
 */

static void
on_opened(void *arg, const struct elem *result)
{
	struct stream	*s = arg;

	(void)result;
	s->state = STREAM_OPEN;
	close_if_done(s);
	changed(s);
}

/* Answer the blocks that have been consumed to their end. */
static void
answer(struct stream *s)
{
	struct mark	*m;
	size_t		 n = 0;

	while ((m = STAILQ_FIRST(&s->marks)) != NULL &&
	    m->upto <= s->consumed) {
		STAILQ_REMOVE_HEAD(&s->marks, next);
		free(m);
		n++;
	}
	if (n > 0)
		inband_answer(s->carrier, n);
}

static void
on_block(void *arg, const void *data, size_t len)
{
	struct stream	*s = arg;
	struct mark	*m;

	if ((m = malloc(sizeof(*m))) == NULL ||
	    buf_add(&s->rx, data, len) == -1) {
		free(m);
		inband_abort(s->carrier, SE_BUSY);
		fail(s, STREAM_INTERNAL, "out of memory");
		return;
	}
	s->received += len;
	m->upto = s->received;
	STAILQ_INSERT_TAIL(&s->marks, m, next);
	answer(s);		/* an empty block is consumed already */
	changed(s);
}

static void
on_answered(void *arg, size_t weight)
{
	struct stream	*s = arg;

	s->confirmed += weight;
	close_if_done(s);
	changed(s);
}

static void
on_closing(void *arg)
{
	struct stream	*s = arg;

	s->peer_closing = 1;
	close_if_done(s);
	changed(s);
}

static void
on_closed(void *arg)
{
	struct stream	*s = arg;

	if (s->state != STREAM_OPEN)
		return;
	if (s->confirmed < s->sent) {
		fail(s, STREAM_BROKEN, "the peer closed before it had "
		    "taken everything");
		return;
	}
	s->peer_closing = 1;
	s->state = STREAM_CLOSED;
	changed(s);
}

static void
on_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	struct stream	*s = arg;
	char		 why[sizeof(s->why)];

	fail(s, why_fault(fault), why_inband(fault, err, text, why,
	    sizeof(why)));
}

static const struct inband_user carried = {
	.opened = on_opened,
	.block = on_block,
	.answered = on_answered,
	.closing = on_closing,
	.closed = on_closed,
	.failed = on_failed,
};

/*
 * Life and death
 */

static struct stream *
stream_new(const struct stream_conf *conf, void (*notify)(void *), void *arg)
{
	struct stream	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->conf = *conf;
	s->notify = notify;
	s->arg = arg;
	buf_init(&s->rx, INBAND_RX_MAX);
	STAILQ_INIT(&s->marks);
	return s;
}

struct stream *
stream_call(struct ibb *b, const char *peer, const struct stream_conf *conf,
    void (*notify)(void *), void *arg)
{
	struct stream	*s;

	if ((s = stream_new(conf, notify, arg)) == NULL)
		return NULL;
	s->carrier = inband_open(b, peer, conf->block, conf->message,
	    conf->deadline(), NULL, &carried, s);
	if (s->carrier == NULL) {
		stream_free(s);
		return NULL;
	}
	return s;
}

struct stream *
stream_take(struct inband *offer, const struct elem *open,
    const struct stream_conf *conf, void (*notify)(void *), void *arg)
{
	struct stream	*s;

	(void)open;
	if (inband_block(offer) > conf->block) {
		inband_refuse(offer, SE_RESOURCE_CONSTRAINT, NULL);
		return NULL;
	}
	if ((s = stream_new(conf, notify, arg)) == NULL) {
		inband_refuse(offer, SE_BUSY, NULL);
		return NULL;
	}
	s->carrier = offer;
	s->state = STREAM_OPEN;
	if (inband_accept(offer, NULL, &carried, s) == -1)
		fail(s, STREAM_INTERNAL, "cannot answer");
	return s;
}

void
stream_free(struct stream *s)
{
	struct mark	*m;

	if (s == NULL)
		return;
	if (s->carrier != NULL)
		inband_abort(s->carrier, SE_ITEM_NOT_FOUND);
	inband_free(s->carrier);
	while ((m = STAILQ_FIRST(&s->marks)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->marks, next);
		free(m);
	}
	buf_free(&s->rx);
	free(s);
}

const char *
stream_peer(const struct stream *s)
{
	return inband_peer(s->carrier);
}

const char *
stream_sid(const struct stream *s)
{
	return inband_sid(s->carrier);
}

enum stream_state
stream_state(const struct stream *s)
{
	return s->state;
}

enum stream_fault
stream_fault(const struct stream *s)
{
	return s->fault;
}

const char *
stream_why(const struct stream *s)
{
	return s->why;
}

/*
 * Bytes out
 */

size_t
stream_room(const struct stream *s)
{
	if (s->state != STREAM_OPEN || s->finished || s->peer_closing)
		return 0;
	return inband_room(s->carrier) * inband_block(s->carrier);
}

int
stream_write(struct stream *s, const void *data, size_t len)
{
	const unsigned char	*p = data;
	size_t			 block = inband_block(s->carrier), n;

	for (; len > 0; p += n, len -= n) {
		n = len < block ? len : block;
		s->sent += n;
		if (inband_send(s->carrier, p, n, n) == -1)
			return -1;
	}
	return 0;
}

void
stream_finish(struct stream *s)
{
	s->finished = 1;
	close_if_done(s);
}

/*
 * Bytes in
 */

const unsigned char *
stream_data(const struct stream *s, size_t *len)
{
	*len = buf_len(&s->rx);
	return buf_data(&s->rx);
}

void
stream_consume(struct stream *s, size_t len)
{
	buf_drain(&s->rx, len);
	s->consumed += len;
	answer(s);
	close_if_done(s);
}

int
stream_eof(const struct stream *s)
{
	return (s->peer_closing || s->state == STREAM_FAILED) &&
	    buf_len(&s->rx) == 0;
}

void
stream_abort(struct stream *s, enum stanza_error err)
{
	if (s->state == STREAM_CLOSED || s->state == STREAM_FAILED)
		return;
	inband_abort(s->carrier, err);
	s->state = STREAM_CLOSED;
}

void
stream_break(struct stream *s, const char *why)
{
	fail(s, STREAM_BROKEN, why);
}

uint64_t
stream_sent(const struct stream *s)
{
	return s->sent;
}

uint64_t
stream_confirmed(const struct stream *s)
{
	return s->confirmed;
}

uint64_t
stream_received(const struct stream *s)
{
	return s->received;
}
