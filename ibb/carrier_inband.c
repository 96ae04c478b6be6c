/*
 * carrier_inband: a carrier whose bytes go in the blocks of an in-band
 * bytestream (XEP-0047).
 */
#include <stdint.h>
#include <stdlib.h>

#include "ibb/carrier_int.h"
#include "ibb/handover.h"
#include "xml/buf.h"
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
		c->unheard |= c->telling;
		c->telling = c->closing_told = 0;
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
 * Beginning
 */

struct carrier *
carrier_new(struct ibb *b, struct iq_table *iqs, const char *peer,
    size_t block_size, int message, const struct inband_user *user, void *arg)
{
	return carrier_new_sid(b, iqs, peer, NULL, block_size, message, user,
	    arg);
}

struct carrier *
carrier_new_sid(struct ibb *b, struct iq_table *iqs, const char *peer,
    const char *sid, size_t block_size, int message,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	if ((c = carrier_make(iqs, user, arg)) == NULL)
		return NULL;
	c->inband = inband_new_sid(b, peer, sid, block_size, message,
	    &carrier_inband_user, c);
	if (c->inband == NULL) {
		carrier_free(c);
		return NULL;
	}
	return c;
}

struct carrier *
carrier_offered(struct inband *offer, struct iq_table *iqs,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	if ((c = carrier_make(iqs, user, arg)) == NULL)
		return NULL;
	c->inband = offer;
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

int
carrier_accept(struct carrier *c, void (*extra)(void *, struct xw *))
{
	c->extra = extra;
	return c->inband != NULL ?
	    inband_accept(c->inband, carrier_write_extra) : 0;
}

/*
 * Blocks out, and answers to those that came
 */

/* The block that empties the buffer carries the credit for all payload that no
 * block before it carried. */
void
carrier_send_blocks(struct carrier *c)
{
	size_t	 block = carrier_block(c), n, weight;

	while (buf_len(c->out) > 0 && inband_takes(c->inband)) {
		n = buf_len(c->out) < block ? buf_len(c->out) : block;
		weight = n == buf_len(c->out) ?
		    (size_t)(c->pushed - c->blocked) : 0;
		c->blocked += weight;
		if (inband_send(c->inband, buf_data(c->out), n, weight) == -1)
			return;
		buf_drain(c->out, n);
	}
}

void
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
