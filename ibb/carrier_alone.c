/*
 * carrier_alone: a carrier with a socket alone, which a plain program asked for
 * (XEP-0065), or which we ask of it.  No stanza says what has arrived or that
 * the stream is over: the socket does.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/carrier_int.h"
#include "xml/iq.h"
#include "xml/stanza.h"

/*
 * What takes a bytestream to be done
 */

static void
alone_nothing(struct carrier *c)
{
	(void)c;
}

static void
alone_tells_nothing(struct carrier *c, enum stanza_error err, const char *text)
{
	(void)c;
	(void)err;
	(void)text;
}

static int
alone_yes(const struct carrier *c)
{
	(void)c;
	return 1;
}

static int
alone_no(const struct carrier *c)
{
	(void)c;
	return 0;
}

static size_t
alone_holds_none(const struct carrier *c)
{
	(void)c;
	return 0;
}

/* Without a bytestream there is no line for -v that could name it. */
static void
alone_trace(const struct carrier *c, const char *what, const char *from,
    const char *to)
{
	(void)c;
	(void)what;
	(void)from;
	(void)to;
}

/* The offer was a request of XEP-0065, which is answered when a connection
 * stands (net/s5b/upgrade.h). */
static int
alone_accept(struct carrier *c)
{
	(void)c;
	return 0;
}

/* The socket is closed by its owner, and the peer sees that. */
static void
alone_abort(struct carrier *c, enum stanza_error err)
{
	(void)c;
	(void)err;
}

static size_t
alone_block(const struct carrier *c)
{
	(void)c;
	return INBAND_BLOCK_MAX;
}

static void
alone_control(struct carrier *c, const struct elem *iq,
    const struct elem *socket)
{
	(void)socket;
	iq_refuse(c->iqs, iq, SE_ITEM_NOT_FOUND, NULL);
}

/*
 * Its ends
 */

static void
alone_set_ends(struct carrier *c, enum carrier_ends ended)
{
	if (c->ends == CARRIER_ENDS_NONE)
		c->ends = ended;
	else if (c->ends != ended)
		c->ends = CARRIER_ENDS_BOTH;
}

/* Both directions have ended: so has the stream. */
static void
alone_close_if_done(struct carrier *c)
{
	if (c->ends != CARRIER_ENDS_BOTH || c->over)
		return;
	c->over = 1;
	c->user.closed(c->arg, NULL);
}

/* Our direction ends now, when what is in out is written. */
static void
alone_close(struct carrier *c, int64_t deadline)
{
	(void)deadline;
	alone_set_ends(c, CARRIER_ENDS_OURS);
	alone_close_if_done(c);
}

/* Behind the peer's end, nothing that befalls the socket matters but to what is
 * still to be written. */
static int
alone_socket_lost(struct carrier *c, int broke)
{
	if ((c->ends == CARRIER_ENDS_THEIRS || c->ends == CARRIER_ENDS_BOTH) &&
	    (!broke || chunks_len(c->out) == 0))
		return 1;
	alone_set_ends(c, CARRIER_ENDS_THEIRS);
	if (broke) {
		c->over = 1;
		c->user.failed(c->arg, INBAND_BROKEN, SE_NONE, "");
	} else if (c->ends == CARRIER_ENDS_BOTH) {
		alone_close_if_done(c);
	} else {
		c->user.closing(c->arg, NULL);
	}
	return 1;
}

static int
alone_idle(const struct carrier *c)
{
	return chunks_len(c->out) == 0;
}

/*
 * Its socket
 */

static void
alone_advance(struct carrier *c)
{
	if (c->socket == CARRIER_SOCKET_UP)
		carrier_set_way(c, CARRIER_SOCKET);
}

/* The peer confirms nothing: the system has taken the bytes. */
static void
alone_socket_sent(struct carrier *c, size_t len)
{
	c->socket_out += len;
	c->socket_known += len;
	chunks_drain(c->out, len);
	carrier_confirm(c, c->confirmed + len);
}

/*
 * Life and death
 */

static void
alone_free(struct carrier *c)
{
	free(c->names);
}

static const struct carrier_kind carrier_alone_kind = {
	.alone = 1,
	.free = alone_free,
	.trace = alone_trace,
	.accept = alone_accept,
	.refuse = alone_tells_nothing,
	.close = alone_close,
	.close_back = alone_close,
	.abort = alone_abort,
	.turn_away = alone_tells_nothing,
	.sync = alone_nothing,
	.syncs = alone_yes,
	.waits = alone_no,
	.away = alone_no,
	.held = alone_holds_none,
	.flying = alone_holds_none,
	.block = alone_block,
	.idle = alone_idle,
	.may_have_socket = alone_yes,
	.socket_stands = alone_advance,
	.advance = alone_advance,
	.socket_sent = alone_socket_sent,
	.socket_lost = alone_socket_lost,
	.report = alone_nothing,
	.control = alone_control,
};

struct carrier *
carrier_alone(struct iq_table *iqs, const char *peer, const char *sid,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c = carrier_make(&carrier_alone_kind, iqs, user, arg);
	size_t		 npeer = strlen(peer) + 1, nsid = strlen(sid) + 1;

	if (c == NULL)
		return NULL;
	if ((c->names = malloc(npeer + nsid)) == NULL) {
		carrier_free(c);
		return NULL;
	}
	c->peer = memcpy(c->names, peer, npeer);
	c->sid = memcpy(c->names + npeer, sid, nsid);
	c->way = CARRIER_MOVING;	/* until the socket stands */
	return c;
}
