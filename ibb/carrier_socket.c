/*
 * carrier_socket: the socket of a carrier, beside its in-band bytestream or
 * alone (XEP-0065): what its owner tells and asks.
 */
#include <sys/uio.h>

#include "ibb/carrier_int.h"
#include "ibb/handover.h"

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
	    c->kind->may_have_socket(c);
}

int
carrier_set_socket(struct carrier *c, unsigned n, int ready,
    enum carrier_version version)
{
	if (!carrier_socket_wanted(c) || n <= c->number)
		return -1;
	c->number = n;
	c->version = c->kind->alone ? CARRIER_BARE : version;
	c->socket_in = c->socket_out = c->socket_known = c->told_in = 0;
	c->skipped = 0;
	c->pad = NULL;
	c->told_consumed = c->consumed;
	carrier_set_stand(c, CARRIER_SOCKET_HALF);
	framed_begin(c, ready);
	if (ready && c->version == CARRIER_BARE)
		carrier_set_stand(c, CARRIER_SOCKET_UP);
	c->kind->socket_stands(c);
	return 0;
}

int
carrier_has_socket(const struct carrier *c)
{
	return !c->over && (c->socket == CARRIER_SOCKET_HALF ||
	    c->socket == CARRIER_SOCKET_UP);
}

void
carrier_drop_socket(struct carrier *c, unsigned n)
{
	if (c->over || c->kind->alone || c->socket != CARRIER_SOCKET_NONE ||
	    n != c->number + 1)
		return;
	handover_skip(c, n);
	handover_drop(c);
	handover_report(c);
}

int
carrier_socket_lost(struct carrier *c, int broke)
{
	return carrier_has_socket(c) ? c->kind->socket_lost(c, broke) : 1;
}

int
carrier_socket_finished(const struct carrier *c)
{
	return (c->ends == CARRIER_ENDS_OURS || c->ends == CARRIER_ENDS_BOTH) &&
	    chunks_len(c->out) == 0;
}

/*
 * Its bytes
 */

int
carrier_socket_pieces(struct carrier *c, struct iovec *iov, int max)
{
	size_t			 flying = (size_t)(c->socket_out -
				    c->socket_known);
	const unsigned char	*p;
	int			 n;

	if (!carrier_has_socket(c))
		return 0;
	if (c->version == CARRIER_FRAMED)
		return framed_pieces(c, iov, max);
	if (c->way != CARRIER_SOCKET)
		return 0;
	for (n = 0; n < max && flying < chunks_len(c->out); n++) {
		p = chunks_piece(c->out, flying, &iov[n].iov_len);
		/* sendmsg(2) changes nothing there. */
		iov[n].iov_base = (void *)(uintptr_t)p;
		flying += iov[n].iov_len;
	}
	return n;
}

void
carrier_socket_pad(struct carrier *c, int (*pad)(void *))
{
	c->pad = pad;
}

uint64_t
carrier_socket_dry(const struct carrier *c)
{
	return carrier_has_socket(c) && c->version == CARRIER_FRAMED &&
	    framed_dry(c) ? c->socket_out : 0;
}

void
carrier_socket_flush(struct carrier *c)
{
	c->frames.flush = 1;
}

void
carrier_pad_socket(struct carrier *c)
{
	size_t	 before = chunks_len(c->out);

	if (c->pad == NULL || c->padded > 0 || before == 0 ||
	    c->socket_out - c->socket_known != before ||
	    before <= CARRIER_HELD_BACK)
		return;
	if ((c->foreign = c->pad(c->arg)) == -1) {
		c->foreign = 0;
		return;
	}
	c->padded = chunks_len(c->out) - before;
	c->padded_to = c->socket_known + chunks_len(c->out);
}

void
carrier_socket_sent(struct carrier *c, size_t len)
{
	if (c->version == CARRIER_FRAMED)
		framed_sent(c, len);
	else
		c->kind->socket_sent(c, len);
}

void
carrier_socket_input(struct carrier *c, const void *data, size_t len)
{
	if (!carrier_has_socket(c))
		return;
	if (c->version == CARRIER_FRAMED) {
		framed_input(c, data, len);
		return;
	}
	c->socket_in += len;
	if (c->socket == CARRIER_SOCKET_HALF)
		carrier_socket_tick(c);
	c->feeding = 1;
	c->user.block(c->arg, data, len);
	c->feeding = 0;
	c->kind->report(c);
}

/* What comes through a proxy proves that it relays; a plain peer that says
 * nothing has had time enough to activate it. */
static void
bare_tick(struct carrier *c)
{
	if (c->socket == CARRIER_SOCKET_HALF &&
	    (c->socket_in > 0 || c->kind->alone)) {
		carrier_set_stand(c, CARRIER_SOCKET_UP);
		c->kind->advance(c);
	}
}

void
carrier_socket_tick(struct carrier *c)
{
	if (carrier_has_socket(c)) {
		if (c->version == CARRIER_FRAMED)
			framed_tick(c);
		else
			bare_tick(c);
	}
	if (chunks_len(c->out) == 0)	/* its storage may be large */
		chunks_trim(c->out);
	carrier_report(c);
}

int
carrier_socket_bad(const struct carrier *c)
{
	return c->frames.bad;
}

/* Of a socket alone the system confirms what is written at once. */
int
carrier_socket_unproved(const struct carrier *c)
{
	if (!carrier_has_socket(c))
		return 0;
	if (c->version == CARRIER_FRAMED)
		return c->socket == CARRIER_SOCKET_HALF;
	return c->socket_out > 0 && c->socket_known == 0;
}

uint64_t
carrier_socket_count(const struct carrier *c)
{
	return c->socket_in + c->socket_out;
}

void
carrier_control(struct carrier *c, const struct elem *iq,
    const struct elem *socket)
{
	c->kind->control(c, iq, socket);
}
