/*
 * carrier: the interface: each call goes to the kind of the carrier, in-band
 * (carrier_inband.c) or a socket alone (carrier_alone.c); and the states and
 * counters that both kinds have.
 */
#include <stdint.h>
#include <stdlib.h>

#include "ibb/carrier_int.h"

/*
 * States
 */

int
carrier_set_way(struct carrier *c, enum carrier_way way)
{
	static const char *const	 names[] = {
		"in-band", "moving", "socket", "lost"
	};
	static const unsigned		 moves[] = {
		[CARRIER_INBAND] = 1u << CARRIER_MOVING,
		[CARRIER_MOVING] = 1u << CARRIER_SOCKET | 1u << CARRIER_INBAND,
		[CARRIER_SOCKET] = 1u << CARRIER_LOST,
		[CARRIER_LOST] = 1u << CARRIER_INBAND,
	};

	if (way == c->way)
		return 0;
	if ((moves[c->way] & 1u << way) == 0)
		return -1;
	carrier_trace(c, "carrier: ", names[c->way], names[way]);
	c->way = way;
	return 0;
}

int
carrier_set_stand(struct carrier *c, enum carrier_socket socket)
{
	static const char *const	 names[] = {
		"none", "half", "up", "down", "told"
	};
	static const unsigned		 moves[] = {
		[CARRIER_SOCKET_NONE] = 1u << CARRIER_SOCKET_HALF |
		    1u << CARRIER_SOCKET_DOWN,
		[CARRIER_SOCKET_HALF] = 1u << CARRIER_SOCKET_UP |
		    1u << CARRIER_SOCKET_DOWN,
		[CARRIER_SOCKET_UP] = 1u << CARRIER_SOCKET_DOWN,
		[CARRIER_SOCKET_DOWN] = 1u << CARRIER_SOCKET_TOLD,
		[CARRIER_SOCKET_TOLD] = 1u << CARRIER_SOCKET_DOWN |
		    1u << CARRIER_SOCKET_NONE,
	};

	if (socket == c->socket)
		return 0;
	if ((moves[c->socket] & 1u << socket) == 0)
		return -1;
	carrier_trace(c, "socket: ", names[c->socket], names[socket]);
	c->socket = socket;
	return 0;
}

enum carrier_way
carrier_way(const struct carrier *c)
{
	return c->way;
}

int
carrier_is_alone(const struct carrier *c)
{
	return c->kind->alone;
}

void
carrier_trace(const struct carrier *c, const char *what, const char *from,
    const char *to)
{
	c->kind->trace(c, what, from, to);
}

/*
 * Life and death
 */

struct carrier *
carrier_make(const struct carrier_kind *kind, struct iq_table *iqs,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->kind = kind;
	c->iqs = iqs;
	c->user = *user;
	c->arg = arg;
	STAILQ_INIT(&c->marks);
	chunks_init(&c->plain, CARRIER_WINDOW_MOST);
	c->out = &c->plain;
	c->told_window = c->window = CARRIER_WINDOW;
	return c;
}

void
carrier_free(struct carrier *c)
{
	if (c == NULL)
		return;
	c->kind->free(c);
	chunks_free(&c->plain);
	free(c);
}

int
carrier_accept(struct carrier *c, void (*extra)(void *, struct xw *))
{
	c->extra = extra;
	return c->kind->accept(c);
}

void
carrier_refuse(struct carrier *c, enum stanza_error err, const char *text)
{
	c->kind->refuse(c, err, text);
	carrier_free(c);
}

void
carrier_close(struct carrier *c, int64_t deadline)
{
	c->kind->close(c, deadline);
}

void
carrier_close_back(struct carrier *c, int64_t deadline)
{
	c->kind->close_back(c, deadline);
}

void
carrier_abort(struct carrier *c, enum stanza_error err)
{
	c->kind->abort(c, err);
	c->over = 1;
}

void
carrier_turn_away(struct carrier *c, enum stanza_error err, const char *text)
{
	c->kind->turn_away(c, err, text);
	c->over = 1;
}

/*
 * What is known of it
 */

void
carrier_sync(struct carrier *c)
{
	c->kind->sync(c);
}

int
carrier_syncs(const struct carrier *c)
{
	return c->kind->syncs(c);
}

int
carrier_waits(const struct carrier *c)
{
	return c->kind->waits(c);
}

int
carrier_away(const struct carrier *c)
{
	return c->kind->away(c);
}

unsigned
carrier_losses(const struct carrier *c)
{
	return c->losses;
}

size_t
carrier_held(const struct carrier *c)
{
	return c->kind->held(c);
}

size_t
carrier_flying(const struct carrier *c)
{
	return c->kind->flying(c);
}

const char *
carrier_peer(const struct carrier *c)
{
	return c->peer;
}

const char *
carrier_sid(const struct carrier *c)
{
	return c->sid;
}

size_t
carrier_block(const struct carrier *c)
{
	return c->kind->block(c);
}

/*
 * Sending
 */

struct chunks *
carrier_out(struct carrier *c)
{
	return c->out;
}

void
carrier_set_out(struct carrier *c, struct chunks *out)
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
	if (c->socket_known + chunks_len(c->out) != c->padded_to)
		c->padded = 0;
	carrier_send_blocks(c);
}

/* Bytes that may be unconfirmed, whatever memory there is. */
static size_t
carrier_window_most(const struct carrier *c)
{
	return c->version == CARRIER_FRAMED ? c->frames.window :
	    CARRIER_WINDOW;
}

int
carrier_ready(const struct carrier *c)
{
	if (c->over)
		return 0;
	switch (c->way) {
	case CARRIER_INBAND:
		return chunks_len(c->out) == 0;
	case CARRIER_SOCKET:
		return chunks_len(c->out) < carrier_window_most(c);
	default:
		return 0;
	}
}

size_t
carrier_room_blocks(const struct carrier *c)
{
	return c->way == CARRIER_INBAND && carrier_ready(c) ?
	    inband_room(c->inband) : 0;
}

/* An eighth of the memory that is left, so that each of many streams gets some;
 * a window that has been full and was confirmed, so that its bytes do not lie
 * before a reader that stands still, gets most of what other streams leave.
 * Its own part is counted by its bytes, not by its storage: that has up to two
 * chunks more, which would make the window larger, and that the storage, though
 * nothing is left. */
size_t
carrier_window(const struct carrier *c)
{
	size_t	 most = carrier_window_most(c), left, n;

	if (c->user.room == NULL)
		return most;
	left = c->user.room(c->arg, 0);
	n = left / 8;
	if (most > CARRIER_WINDOW_FIRST && left < SIZE_MAX / 2)
		n = (left + chunks_len(c->out)) / 8 * 7;
	return n > most ? most :
	    n < CARRIER_WINDOW_LEAST ? CARRIER_WINDOW_LEAST : n;
}

size_t
carrier_room_bytes(const struct carrier *c)
{
	size_t	 most = carrier_window(c);

	if (c->way != CARRIER_SOCKET || !carrier_ready(c) ||
	    chunks_len(c->out) >= most)
		return 0;
	if (c->version == CARRIER_FRAMED)
		return framed_room(c, most);
	return most - chunks_len(c->out);
}

void
carrier_proved(struct carrier *c)
{
	c->proved = 1;
	if (c->inband != NULL)
		inband_proved(c->inband);
	carrier_confirm(c, c->pushed);
}

int
carrier_idle(const struct carrier *c)
{
	return c->proved || c->kind->idle(c);
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
	c->kind->report(c);
}

void
carrier_report(struct carrier *c)
{
	c->urgent = 1;
	c->kind->report(c);
}
