/*
 * carrier_socket: the socket of a carrier, beside its in-band bytestream or
 * alone (XEP-0065).
 */
#include <string.h>

#include "ibb/carrier_int.h"
#include "ibb/handover.h"
#include "xml/buf.h"

#define HELD_BACK	4096	/* see carrier_socket_pad() */

/*
 * A socket alone
 */

struct carrier *
carrier_alone(const char *peer, const char *sid,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	if ((c = carrier_make(NULL, user, arg)) == NULL)
		return NULL;
	c->peer = strdup(peer);
	c->sid = strdup(sid);
	if (c->peer == NULL || c->sid == NULL) {
		carrier_free(c);
		return NULL;
	}
	return c;
}

void
carrier_socket_close(struct carrier *c)
{
	c->finishing = 1;
	if (!c->ended || c->over)
		return;
	c->over = 1;
	c->user.closed(c->arg, NULL);
}

/* The end of a socket alone is the end of its stream. */
static void
carrier_lost_alone(struct carrier *c, int broke)
{
	c->ended = 1;
	if (broke) {
		c->over = 1;
		c->user.failed(c->arg, INBAND_BROKEN, SE_NONE, "");
	} else if (c->finishing) {
		carrier_socket_close(c);
	} else {
		c->user.closing(c->arg, NULL);
	}
}

int
carrier_socket_finished(const struct carrier *c)
{
	return c->inband == NULL && c->finishing && buf_len(c->out) == 0;
}

/*
 * Its coming and going
 */

unsigned
carrier_socket_next(const struct carrier *c)
{
	return c->number + 1;
}

int
carrier_socket_wanted(const struct carrier *c)
{
	return !c->over && c->socket == CARRIER_SOCKET_NONE &&
	    (c->inband == NULL || inband_may_carry(c->inband));
}

int
carrier_set_socket(struct carrier *c, unsigned n, int ready)
{
	if (!carrier_socket_wanted(c) || n <= c->number)
		return -1;
	c->number = n;
	c->socket = CARRIER_SOCKET_UP;
	c->ready = ready;
	c->socket_in = c->socket_out = c->socket_known = c->told_in = 0;
	c->pad = NULL;
	c->told_consumed = c->consumed;
	if (c->inband == NULL) {
		carrier_set_way(c, ready ? CARRIER_SOCKET : CARRIER_MOVING);
		return 0;
	}
	if (ready)	/* the peer waits for that before it writes */
		handover_tell(c, "open");
	handover_advance(c);
	return 0;
}

int
carrier_has_socket(const struct carrier *c)
{
	return c->socket == CARRIER_SOCKET_UP && !c->over;
}

void
carrier_drop_socket(struct carrier *c, unsigned n)
{
	if (c->over || c->inband == NULL || c->socket != CARRIER_SOCKET_NONE ||
	    n != c->number + 1)
		return;
	c->number = n;
	c->socket_in = c->socket_out = c->socket_known = 0;
	handover_drop(c);
	handover_report(c);
}

int
carrier_socket_lost(struct carrier *c, int broke)
{
	int	 expected;

	if (!carrier_has_socket(c))
		return 1;
	if (c->inband == NULL) {
		carrier_lost_alone(c, broke);
		return 1;
	}
	expected = !inband_may_carry(c->inband);
	handover_drop(c);
	c->telling = 0;		/* the end is more than that said */
	handover_report(c);
	handover_advance(c);
	return expected;
}

/*
 * Its bytes
 */

const unsigned char *
carrier_socket_data(const struct carrier *c, size_t *len)
{
	size_t	 flying = (size_t)(c->socket_out - c->socket_known);

	*len = carrier_has_socket(c) && c->way == CARRIER_SOCKET ?
	    buf_len(c->out) - flying : 0;
	return buf_data(c->out) + flying;
}

void
carrier_socket_pad(struct carrier *c, int (*pad)(void *))
{
	c->pad = pad;
}

/* When the last bytes for now are out, send padding behind them for a proxy to
 * hold back. */
static void
carrier_pad_socket(struct carrier *c)
{
	size_t	 before = buf_len(c->out);

	if (c->pad == NULL || c->padded > 0 || before == 0 ||
	    c->socket_out - c->socket_known != before || before <= HELD_BACK)
		return;
	if ((c->foreign = c->pad(c->arg)) == -1) {
		c->foreign = 0;
		return;
	}
	c->padded = buf_len(c->out) - before;
	c->padded_to = c->socket_known + buf_len(c->out);
}

void
carrier_socket_sent(struct carrier *c, size_t len)
{
	c->socket_out += len;
	if (c->inband != NULL) {
		carrier_pad_socket(c);
		handover_report(c);
		return;
	}
	/* The peer confirms nothing: the system has taken the bytes. */
	c->socket_known += len;
	buf_drain(c->out, len);
	carrier_confirm(c, c->confirmed + len);
}

void
carrier_socket_input(struct carrier *c, const void *data, size_t len)
{
	if (!carrier_has_socket(c))
		return;
	c->socket_in += len;
	if (!c->ready)
		carrier_socket_tick(c);
	c->feeding = 1;
	c->user.block(c->arg, data, len);
	c->feeding = 0;
	handover_report(c);
}

void
carrier_socket_tick(struct carrier *c)
{
	/* What comes through a proxy proves that it relays; a plain peer that
	 * says nothing has had time enough to activate it. */
	if (c->socket == CARRIER_SOCKET_UP && !c->ready &&
	    (c->socket_in > 0 || c->inband == NULL)) {
		c->ready = 1;
		if (c->inband == NULL)
			carrier_set_way(c, CARRIER_SOCKET);
		handover_advance(c);
	}
	if (buf_len(c->out) == 0)	/* its storage may be large */
		buf_free(c->out);
	c->urgent = 1;
	handover_report(c);
}

int
carrier_socket_unproved(const struct carrier *c)
{
	return carrier_has_socket(c) && c->inband != NULL &&
	    c->socket_out > 0 && c->socket_known == 0;
}

uint64_t
carrier_socket_count(const struct carrier *c)
{
	return c->socket_in + c->socket_out;
}
