/*
 * carrier: the interface: each call goes to what carries the stream, blocks
 * (carrier_inband.c) or a socket alone (carrier_socket.c); and the counters
 * that all carriers share.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/carrier_int.h"
#include "ibb/handover.h"
#include "xml/iq.h"

static const char *const way_names[] = {
	"in-band", "moving", "socket", "lost"
};

void
carrier_trace(const struct carrier *c, const char *what, const char *from,
    const char *to)
{
	if (c->inband != NULL)
		inband_trace(c->inband, what, from, to);
}

void
carrier_set_way(struct carrier *c, enum carrier_way way)
{
	carrier_trace(c, "carrier: ", way_names[c->way], way_names[way]);
	c->way = way;
}

/*
 * Life and death
 */

struct carrier *
carrier_make(struct iq_table *iqs, const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->iqs = iqs;
	c->user = *user;
	c->arg = arg;
	STAILQ_INIT(&c->marks);
	buf_init(&c->plain, CARRIER_WINDOW);
	c->out = &c->plain;
	c->told_window = c->window = CARRIER_WINDOW;
	return c;
}

int
carrier_is_alone(const struct carrier *c)
{
	return c->inband == NULL;
}

void
carrier_free(struct carrier *c)
{
	if (c == NULL)
		return;
	if (c->iqs != NULL)
		iq_forget(c->iqs, c);
	inband_free(c->inband);
	while (!STAILQ_EMPTY(&c->marks))
		carrier_mark_free(c);
	buf_free(&c->plain);
	free(c->peer);
	free(c->sid);
	free(c);
}

void
carrier_refuse(struct carrier *c, enum stanza_error err, const char *text)
{
	if (c->inband != NULL)
		inband_refuse(c->inband, err, text);
	c->inband = NULL;
	c->over = 1;
}

void
carrier_close(struct carrier *c, int64_t deadline)
{
	if (c->inband != NULL)
		inband_close(c->inband, deadline);
	else
		carrier_socket_close(c);
}

void
carrier_close_back(struct carrier *c, int64_t deadline)
{
	if (c->inband != NULL)
		inband_close_back(c->inband, deadline);
	else
		carrier_socket_close(c);
}

void
carrier_abort(struct carrier *c, enum stanza_error err)
{
	if (c->inband != NULL)
		inband_abort(c->inband, err);
	c->over = 1;
}

void
carrier_turn_away(struct carrier *c, enum stanza_error err, const char *text)
{
	if (c->inband != NULL)
		inband_turn_away(c->inband, err, text);
	c->over = 1;
}

void
carrier_can_sync(struct carrier *c)
{
	if (c->inband != NULL)
		inband_can_sync(c->inband);
}

void
carrier_agree(struct carrier *c, size_t ours, size_t theirs)
{
	if (c->inband != NULL)
		inband_agree(c->inband, ours, theirs);
}

void
carrier_sync(struct carrier *c)
{
	if (c->inband != NULL)
		inband_sync(c->inband);
}

int
carrier_syncs(const struct carrier *c)
{
	return c->inband == NULL || inband_syncs(c->inband);
}

int
carrier_waits(const struct carrier *c)
{
	return c->inband != NULL && inband_waits(c->inband);
}

int
carrier_away(const struct carrier *c)
{
	return c->inband != NULL && inband_away(c->inband);
}

unsigned
carrier_losses(const struct carrier *c)
{
	return c->losses;
}

size_t
carrier_held(const struct carrier *c)
{
	return c->inband != NULL ? inband_held(c->inband) : 0;
}

size_t
carrier_flying(const struct carrier *c)
{
	return c->inband != NULL ? inband_flying(c->inband) : 0;
}

const char *
carrier_peer(const struct carrier *c)
{
	return c->inband != NULL ? inband_peer(c->inband) : c->peer;
}

const char *
carrier_sid(const struct carrier *c)
{
	return c->inband != NULL ? inband_sid(c->inband) : c->sid;
}

size_t
carrier_block(const struct carrier *c)
{
	return c->inband != NULL ? inband_block(c->inband) :
	    INBAND_BLOCK_MAX;
}

/*
 * Sending
 */

struct buf *
carrier_out(struct carrier *c)
{
	return c->out;
}

void
carrier_set_out(struct carrier *c, struct buf *out)
{
	c->out = out != NULL ? out : &c->plain;
}

void
carrier_confirm(struct carrier *c, uint64_t payload)
{
	uint64_t	 more;

	if (payload > c->confirmed)
		c->confirmed = payload;
	more = c->confirmed - c->credited;
	c->credited = c->confirmed;
	if (!c->over)
		c->user.answered(c->arg, (size_t)more);
}

void
carrier_push(struct carrier *c, size_t weight)
{
	c->pushed += weight;
	if (c->socket_known + buf_len(c->out) != c->padded_to)
		c->padded = 0;
	handover_advance(c);
}

int
carrier_ready(const struct carrier *c)
{
	if (c->over)
		return 0;
	switch (c->way) {
	case CARRIER_INBAND:
		return buf_len(c->out) == 0;
	case CARRIER_SOCKET:
		return buf_len(c->out) < CARRIER_WINDOW;
	default:
		return 0;
	}
}

size_t
carrier_room_blocks(const struct carrier *c)
{
	if (c->way != CARRIER_INBAND || c->inband == NULL ||
	    !carrier_ready(c))
		return 0;
	return inband_room(c->inband);
}

/* An eighth of the memory that is left, as each of many streams wants some. */
size_t
carrier_window(const struct carrier *c)
{
	size_t	 n;

	if (c->user.room == NULL)
		return CARRIER_WINDOW;
	n = c->user.room(c->arg, 0) / 8;
	return n > CARRIER_WINDOW ? CARRIER_WINDOW :
	    n < CARRIER_WINDOW_LEAST ? CARRIER_WINDOW_LEAST : n;
}

size_t
carrier_room_bytes(const struct carrier *c)
{
	size_t	 most = carrier_window(c);

	if (c->way != CARRIER_SOCKET || !carrier_ready(c) ||
	    buf_len(c->out) >= most)
		return 0;
	return most - buf_len(c->out);
}

int
carrier_idle(const struct carrier *c)
{
	if (c->inband == NULL)
		return buf_len(c->out) == 0;
	if (inband_unanswered(c->inband) > 0)
		return 0;
	return c->number == 0 || (buf_len(c->out) <= c->padded &&
	    c->confirmed == c->pushed);
}

/*
 * Receiving
 */

int
carrier_received(struct carrier *c, uint64_t payload)
{
	struct carrier_mark	*m;

	c->received = payload;
	if (c->feeding)
		return 0;
	if ((m = malloc(sizeof(*m))) == NULL)
		return -1;
	m->upto = payload;
	STAILQ_INSERT_TAIL(&c->marks, m, next);
	carrier_answer(c);	/* a block without payload is consumed */
	return 0;
}

void
carrier_consumed(struct carrier *c, uint64_t payload)
{
	c->consumed = payload;
	carrier_answer(c);
	handover_report(c);
}

void
carrier_report(struct carrier *c)
{
	c->urgent = 1;
	handover_report(c);
}

enum carrier_way
carrier_way(const struct carrier *c)
{
	return c->way;
}
