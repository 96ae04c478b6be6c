/*
 * carrier_inband: a carrier whose bytes go in the blocks of an in-band
 * bytestream (XEP-0047).
 */
#include <stdint.h>
#include <stdlib.h>

#include "ibb/carrier_int.h"
#include "ibb/handover.h"
#include "xml/chunks.h"
#include "xml/iq.h"

/*
 * What the bytestream tells
 */

static void
carrier_write_extra(void *arg, struct xw *w)
{
	struct carrier	*c = arg;

	if (c->extra != NULL)
		c->extra(c->arg, w);
}

static void
carrier_on_opened(void *arg, const struct elem *result)
{
	struct carrier	*c = arg;

	c->user.opened(c->arg, result);
}

static void
carrier_on_closing(void *arg, const struct elem *close)
{
	struct carrier	*c = arg;

	c->user.closing(c->arg, close);
}

static void
carrier_on_closed(void *arg, const struct elem *answer)
{
	struct carrier	*c = arg;

	c->over = 1;
	c->user.closed(c->arg, answer);
}

static int
carrier_on_receipt(void *arg, char *out)
{
	struct carrier	*c = arg;

	return c->user.receipt(c->arg, out);
}

static size_t
carrier_on_room(void *arg, int all)
{
	struct carrier	*c = arg;

	return c->user.room != NULL ? c->user.room(c->arg, all) : SIZE_MAX;
}

static void
carrier_on_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	struct carrier	*c = arg;

	c->over = 1;
	c->user.failed(c->arg, fault, err, text);
}

static void
carrier_on_block(void *arg, const void *data, size_t len)
{
	struct carrier	*c = arg;

	c->user.block(c->arg, data, len);
}

static void
carrier_on_answered(void *arg, size_t weight)
{
	struct carrier	*c = arg;

	c->landed += weight;
	handover_advance(c);
	carrier_confirm(c, c->landed);
}

/* Our last word on the socket to the peer, or its answer, may be lost. */
static void
carrier_on_mended(void *arg, int lost)
{
	struct carrier	*c = arg;

	if (c->over)
		return;
	if (c->number > 0) {
		iq_forget(c->iqs, c);
		if (c->report == CARRIER_REPORT_ASKED)
			c->report = CARRIER_REPORT_UNHEARD;
		if (c->socket == CARRIER_SOCKET_TOLD)
			carrier_set_stand(c, CARRIER_SOCKET_DOWN);
		c->urgent = 1;
		handover_report(c);
	}
	if (lost) {
		c->losses++;
		c->user.answered(c->arg, 0);
	}
}

static const struct inband_user carrier_inband_user = {
	.opened = carrier_on_opened,
	.block = carrier_on_block,
	.answered = carrier_on_answered,
	.mended = carrier_on_mended,
	.closing = carrier_on_closing,
	.closed = carrier_on_closed,
	.receipt = carrier_on_receipt,
	.room = carrier_on_room,
	.failed = carrier_on_failed,
};

/*
 * Blocks out, and answers to those that came
 */

/* The block that empties the buffer carries the credit for all payload that no
 * block before it carried. */
void
carrier_send_blocks(struct carrier *c)
{
	static unsigned char	 room[INBAND_BLOCK_MAX];
	size_t			 block, n, weight;

	if (c->over || c->way != CARRIER_INBAND)
		return;
	block = inband_block(c->inband);
	while (chunks_len(c->out) > 0 && inband_takes(c->inband)) {
		n = chunks_len(c->out) < block ? chunks_len(c->out) : block;
		weight = n == chunks_len(c->out) ?
		    (size_t)(c->pushed - c->blocked) : 0;
		c->blocked += weight;
		if (inband_send(c->inband, chunks_front(c->out, n, room), n,
		    weight) == -1)
			return;
		chunks_drain(c->out, n);
	}
}

static void
carrier_mark_free(struct carrier *c)
{
	struct carrier_mark	*m = STAILQ_FIRST(&c->marks);

	STAILQ_REMOVE_HEAD(&c->marks, next);
	free(m);
}

void
carrier_answer(struct carrier *c)
{
	struct carrier_mark	*m;
	size_t		 n = 0;

	while ((m = STAILQ_FIRST(&c->marks)) != NULL &&
	    m->upto <= c->consumed) {
		carrier_mark_free(c);
		n++;
	}
	if (n > 0)
		inband_answer(c->inband, n);
}

/*
 * The kind: what goes to the bytestream
 */

static void
blocks_free(struct carrier *c)
{
	iq_forget(c->iqs, c);
	inband_free(c->inband);
	while (!STAILQ_EMPTY(&c->marks))
		carrier_mark_free(c);
}

static void
blocks_trace(const struct carrier *c, const char *what, const char *from,
    const char *to)
{
	inband_trace(c->inband, what, from, to);
}

static int
blocks_accept(struct carrier *c)
{
	return inband_accept(c->inband, carrier_write_extra);
}

static void
blocks_refuse(struct carrier *c, enum stanza_error err, const char *text)
{
	inband_refuse(c->inband, err, text);
	c->inband = NULL;	/* it is freed */
}

static void
blocks_close(struct carrier *c, int64_t deadline)
{
	inband_close(c->inband, deadline);
}

static void
blocks_close_back(struct carrier *c, int64_t deadline)
{
	inband_close_back(c->inband, deadline);
}

static void
blocks_abort(struct carrier *c, enum stanza_error err)
{
	inband_abort(c->inband, err);
}

static void
blocks_turn_away(struct carrier *c, enum stanza_error err, const char *text)
{
	inband_turn_away(c->inband, err, text);
}

static void
blocks_sync(struct carrier *c)
{
	inband_sync(c->inband);
}

static int
blocks_syncs(const struct carrier *c)
{
	return inband_syncs(c->inband);
}

static int
blocks_waits(const struct carrier *c)
{
	return inband_waits(c->inband);
}

static int
blocks_away(const struct carrier *c)
{
	return inband_away(c->inband);
}

static size_t
blocks_held(const struct carrier *c)
{
	return inband_held(c->inband);
}

static size_t
blocks_flying(const struct carrier *c)
{
	return inband_flying(c->inband);
}

static size_t
blocks_block(const struct carrier *c)
{
	return inband_block(c->inband);
}

static int
blocks_idle(const struct carrier *c)
{
	if (inband_unanswered(c->inband) > 0 || chunks_len(c->out) > c->padded)
		return 0;
	return c->number == 0 || c->confirmed == c->pushed;
}

static int
blocks_may_have_socket(const struct carrier *c)
{
	return inband_may_carry(c->inband);
}

static const struct carrier_kind carrier_inband_kind = {
	.free = blocks_free,
	.trace = blocks_trace,
	.accept = blocks_accept,
	.refuse = blocks_refuse,
	.close = blocks_close,
	.close_back = blocks_close_back,
	.abort = blocks_abort,
	.turn_away = blocks_turn_away,
	.sync = blocks_sync,
	.syncs = blocks_syncs,
	.waits = blocks_waits,
	.away = blocks_away,
	.held = blocks_held,
	.flying = blocks_flying,
	.block = blocks_block,
	.idle = blocks_idle,
	.may_have_socket = blocks_may_have_socket,
	.socket_stands = handover_begin,
	.advance = handover_advance,
	.socket_sent = handover_sent,
	.socket_lost = handover_lost,
	.report = handover_report,
	.control = handover_control,
};

/*
 * Beginning
 */

struct carrier *
carrier_new(struct ibb *b, struct iq_table *iqs, const char *peer,
    const char *sid, size_t block_size, int message,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	c = carrier_make(&carrier_inband_kind, iqs, user, arg);
	if (c == NULL)
		return NULL;
	c->inband = inband_new(b, peer, sid, block_size, message,
	    &carrier_inband_user, c);
	if (c->inband == NULL) {
		carrier_free(c);
		return NULL;
	}
	c->peer = inband_peer(c->inband);
	c->sid = inband_sid(c->inband);
	return c;
}

struct carrier *
carrier_offered(struct inband *offer, struct iq_table *iqs,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	c = carrier_make(&carrier_inband_kind, iqs, user, arg);
	if (c == NULL)
		return NULL;
	c->inband = offer;
	c->peer = inband_peer(offer);
	c->sid = inband_sid(offer);
	inband_own(offer, &carrier_inband_user, c);
	return c;
}

int
carrier_open(struct carrier *c, int64_t deadline,
    void (*extra)(void *, struct xw *))
{
	c->extra = extra;
	return inband_open(c->inband, deadline, carrier_write_extra);
}

void
carrier_set_early(struct carrier *c)
{
	inband_set_early(c->inband);
}

void
carrier_met(struct carrier *c)
{
	if (c->inband != NULL)
		inband_met(c->inband);
}

int
carrier_is_doubtful(const struct carrier *c)
{
	return inband_is_doubtful(c->inband);
}

void
carrier_unweigh(struct carrier *c)
{
	c->blocked -= inband_unweigh(c->inband);
}

void
carrier_can_sync(struct carrier *c)
{
	inband_can_sync(c->inband);
}

void
carrier_agree(struct carrier *c, size_t ours, size_t theirs)
{
	inband_agree(c->inband, ours, theirs);
}
