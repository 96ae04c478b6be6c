/*
 * handover: how a stream moves from the blocks of its in-band bytestream to a
 * socket and back, and what the two ends tell each other of the socket
 * (xcat-protocol(7), Sockets).
 */
#include <inttypes.h>
#include <string.h>

#include "ibb/carrier_int.h"
#include "ibb/handover.h"
#include "xml/chunks.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define REPORTS	4	/* reports in each window */
#define FRAMED_REPORT	(256 * 1024)	/* bytes worth a frame of counts */

/*
 * Once the last block is answered, all payload before it has left the peer's
 * end, and the next bytes may take the socket.  Blocks in messages are not
 * answered, but their streams get no socket.
 */
void
handover_advance(struct carrier *c)
{
	if (c->over)
		return;
	if (c->way == CARRIER_INBAND && c->socket == CARRIER_SOCKET_UP)
		carrier_set_way(c, CARRIER_MOVING);
	if (c->way == CARRIER_MOVING && inband_unanswered(c->inband) == 0)
		carrier_set_way(c, CARRIER_SOCKET);
	carrier_send_blocks(c);
}

/*
 * Telling the peer
 */

/* The socket of this number is so, and that many bytes came from it. */
static void
handover_write_of(struct carrier *c, struct xw *w, unsigned number,
    const char *state, uint64_t received)
{
	xw_start(w, "socket", NS_XCAT);
	xw_attr(w, "sid", carrier_sid(c));
	xw_attrf(w, "number", "%u", number);
	xw_attr(w, "state", state);
	xw_attrf(w, "received", "%" PRIu64, received);
	xw_attrf(w, "consumed", "%" PRIu64, c->consumed);
	c->told_window = carrier_window(c);
	if (c->told_window < CARRIER_WINDOW)
		xw_attrf(w, "window", "%zu", c->told_window);
	xw_end(w);
}

static void
handover_write(struct carrier *c, struct xw *w, const char *state)
{
	handover_write_of(c, w, c->number, state, c->socket_in);
	c->told_in = c->socket_in;
	c->told_consumed = c->consumed;
}

static void	 handover_take_answer(void *, const struct elem *);

/*
 * Tell the peer how the socket is, "open" or "closed", and our counts.  One
 * request at a time: its answer sets the pace.
 */
static void
handover_tell(struct carrier *c, const char *state)
{
	handover_write(c, iq_request(c->iqs, "set", carrier_peer(c)), state);
	c->report = iq_ask(c->iqs, handover_take_answer, c, IQ_NODEADLINE) ==
	    0 ? CARRIER_REPORT_ASKED : CARRIER_REPORT_UNHEARD;
}

/* Has our window changed so much that the peer, which reports several times in
 * each window, has to know? */
static int
handover_is_news(const struct carrier *c)
{
	size_t	 n = carrier_window(c);

	return n < c->told_window / 2 || n / 2 > c->told_window;
}

/* Has so much come, or gone on, or changed, that the peer is to be told? */
static int
handover_is_worth(const struct carrier *c, uint64_t in, uint64_t consumed)
{
	size_t	 worth = c->window / REPORTS;

	if (c->version == CARRIER_FRAMED && worth > FRAMED_REPORT)
		worth = FRAMED_REPORT;
	return in >= worth || consumed >= worth || handover_is_news(c);
}

/* Do our counts go through the socket?  Not while it takes nothing: a peer
 * whose reader stands still does not read it. */
static int
handover_is_framed(const struct carrier *c)
{
	return c->version == CARRIER_FRAMED && !c->frames.stuck &&
	    carrier_has_socket(c);
}

/* Both ends have to stand before more than the first counts is said. */
static void
handover_tell_framed(struct carrier *c)
{
	if (c->socket == CARRIER_SOCKET_UP)
		c->frames.due = 1;
	if (c->report == CARRIER_REPORT_UNHEARD)
		c->report = CARRIER_REPORT_HEARD;
}

void
handover_report(struct carrier *c)
{
	uint64_t	 in = c->socket_in - c->told_in;
	uint64_t	 consumed = c->consumed - c->told_consumed;
	int		 unheard = c->report == CARRIER_REPORT_UNHEARD;
	int		 framed = handover_is_framed(c);

	if (c->over || c->number == 0 ||
	    (c->report == CARRIER_REPORT_ASKED && !framed))
		return;
	switch (c->socket) {
	case CARRIER_SOCKET_HALF:
	case CARRIER_SOCKET_UP:
		if (!handover_is_worth(c, in, consumed) &&
		    !(c->urgent && (in + consumed > 0 || unheard)))
			return;
		c->urgent = 0;
		if (framed)
			handover_tell_framed(c);
		else
			handover_tell(c, "open");
		break;
	case CARRIER_SOCKET_DOWN:
		carrier_set_stand(c, CARRIER_SOCKET_TOLD);
		handover_tell(c, "closed");
		break;
	case CARRIER_SOCKET_NONE:
		if (c->consumed >= c->owed &&
		    (c->told_consumed < c->owed || unheard))
			handover_tell(c, "closed");
		break;
	case CARRIER_SOCKET_TOLD:
		break;
	}
}

void
handover_begin(struct carrier *c)
{
	/* The peer waits for that before it writes to a bare socket. */
	if (c->socket == CARRIER_SOCKET_UP)
		handover_tell(c, "open");
	handover_advance(c);
}

/* Its bytes are kept until the peer confirms them. */
void
handover_sent(struct carrier *c, size_t len)
{
	c->socket_out += len;
	carrier_pad_socket(c);
	handover_report(c);
}

int
handover_lost(struct carrier *c, int broke)
{
	int	 expected = !inband_may_carry(c->inband);

	(void)broke;
	handover_drop(c);
	/* What is being told does not say that the socket has ended. */
	if (c->report == CARRIER_REPORT_ASKED)
		c->report = CARRIER_REPORT_HEARD;
	handover_report(c);
	handover_advance(c);
	return expected;
}

/*
 * The peer tells
 */

static void
handover_bad(struct carrier *c)
{
	carrier_abort(c, SE_BAD_REQUEST);
	c->user.failed(c->arg, INBAND_BAD_DATA, SE_BAD_REQUEST, "");
}

/* The peer cannot have received more than was sent, nor less than it has said
 * before: 0, or -1 if its counts say so. */
static int
handover_take_counts(struct carrier *c, uint64_t in, uint64_t consumed)
{
	if (c->socket != CARRIER_SOCKET_NONE) {
		if (in < c->socket_known || in > c->socket_out)
			return -1;
		chunks_drain(c->out, (size_t)(in - c->socket_known));
		c->socket_known = in;
	}
	return consumed > c->pushed ? -1 : 0;
}

/*
 * Both ends have closed the socket and know what has arrived.  What has not
 * goes in-band; when a block of that is answered, all payload before it has
 * been consumed as well.
 */
static void
handover_settle(struct carrier *c)
{
	carrier_set_stand(c, CARRIER_SOCKET_NONE);
	c->owed = c->received;
	if (c->way == CARRIER_LOST)	/* no blocks are on their way */
		c->blocked = c->landed = c->confirmed;
	c->socket_out = c->socket_known = 0;
	if (c->foreign)
		chunks_truncate(c->out, chunks_len(c->out) > c->padded ?
		    chunks_len(c->out) - c->padded : 0);
	c->padded = 0;
	c->foreign = 0;
	carrier_set_way(c, CARRIER_INBAND);
	handover_advance(c);
}

void
handover_skip(struct carrier *c, unsigned n)
{
	c->before_in = c->socket_in;
	c->skipped = 1;
	c->number = n;
	c->socket_in = c->socket_out = c->socket_known = c->told_in = 0;
}

void
handover_drop(struct carrier *c)
{
	carrier_set_stand(c, CARRIER_SOCKET_DOWN);
	carrier_set_way(c, c->way == CARRIER_SOCKET ? CARRIER_LOST :
	    CARRIER_INBAND);
}

static int
handover_counts(const struct elem *e, uint64_t *n, uint64_t *in,
    uint64_t *consumed)
{
	return elem_number(e, "number", 0, UINT32_MAX, n) == -1 ||
	    elem_number(e, "received", 0, UINT64_MAX, in) == -1 ||
	    elem_number(e, "consumed", 0, UINT64_MAX, consumed) == -1 ? -1 : 0;
}

/* The peer's window for what it sends; CARRIER_WINDOW if it names none. */
static size_t
handover_window(const struct elem *e)
{
	uint64_t	 n;

	if (elem_number(e, "window", 0, CARRIER_WINDOW, &n) == -1)
		return CARRIER_WINDOW;
	return n < CARRIER_WINDOW_LEAST ? CARRIER_WINDOW_LEAST : (size_t)n;
}

/* The peer has closed the socket, too, and says how much has arrived. */
static void
handover_peer_closed(struct carrier *c, uint64_t in, uint64_t consumed)
{
	if (handover_take_counts(c, in, consumed) == -1) {
		handover_bad(c);
		return;
	}
	if (c->socket == CARRIER_SOCKET_TOLD) {
		if (consumed > c->confirmed)
			c->confirmed = consumed;
		handover_settle(c);
	}
	carrier_confirm(c, consumed);
}

/* The peer did not hear of the socket.  Let the in-band bytestream find out
 * why, and mend itself: see carrier_on_mended(). */
static void
handover_not_heard(struct carrier *c, enum stanza_error err)
{
	c->report = CARRIER_REPORT_UNHEARD;
	if (inband_is_away(err) && inband_may_carry(c->inband))
		inband_sync(c->inband);
}

static void
handover_take_answer(void *arg, const struct elem *answer)
{
	struct carrier		*c = arg;
	const struct elem	*e = elem_child(answer, NS_XCAT, "socket");
	uint64_t		 n, in, consumed;

	c->report = CARRIER_REPORT_HEARD;
	if (c->over)
		return;
	if (stanza_error(answer) != SE_NONE) {
		handover_not_heard(c, stanza_error(answer));
		return;
	}
	if (e != NULL && c->socket == CARRIER_SOCKET_TOLD &&
	    handover_counts(e, &n, &in, &consumed) == 0 && n == c->number)
		handover_peer_closed(c, in, consumed);
	handover_report(c);
}

static void
handover_hear_open(struct carrier *c, const struct elem *iq, uint64_t in,
    uint64_t consumed)
{
	iq_ok(c->iqs, iq);
	if (!carrier_has_socket(c))
		return;		/* we dropped it, and told the peer */
	if (c->version == CARRIER_FRAMED && in < c->socket_known)
		return;		/* frames have told us more since */
	if (handover_take_counts(c, in, consumed) == -1) {
		handover_bad(c);
		return;
	}
	if (c->version == CARRIER_BARE)
		carrier_set_stand(c, CARRIER_SOCKET_UP);
	c->window = handover_window(elem_child(iq, NS_XCAT, "socket"));
	handover_advance(c);
	carrier_confirm(c, consumed);
}

static void
handover_hear_closed(struct carrier *c, const struct elem *iq, uint64_t in,
    uint64_t consumed)
{
	if (carrier_has_socket(c))
		handover_drop(c);
	handover_write(c, iq_result(c->iqs, iq), "closed");
	if (c->socket == CARRIER_SOCKET_DOWN)
		carrier_set_stand(c, CARRIER_SOCKET_TOLD);
	if (iq_send(c->iqs) == 0)
		handover_peer_closed(c, in, consumed);
	handover_report(c);
}

/* Our answer to the end of the socket before this one was lost with a login,
 * and meanwhile we have given up this one, which the peer cannot know before it
 * has that answer. */
static void
handover_answer_before(struct carrier *c, const struct elem *iq)
{
	handover_write_of(c, iq_result(c->iqs, iq), c->number - 1, "closed",
	    c->before_in);
	if (iq_send(c->iqs) == 0)
		c->told_consumed = c->consumed;
}

void
handover_control(struct carrier *c, const struct elem *iq,
    const struct elem *socket)
{
	const char	*state = elem_attr(socket, "state");
	uint64_t	 n, in, consumed;

	if (c->over) {
		iq_refuse(c->iqs, iq, SE_ITEM_NOT_FOUND, NULL);
		return;
	}
	if (handover_counts(socket, &n, &in, &consumed) == -1 ||
	    state == NULL) {
		iq_refuse(c->iqs, iq, SE_BAD_REQUEST, NULL);
		return;
	}
	/* The peer aborted a socket that has not reached us yet. */
	if (n == c->number + 1 && c->socket == CARRIER_SOCKET_NONE &&
	    strcmp(state, "closed") == 0)
		handover_skip(c, (unsigned)n);
	if (n + 1 == c->number && c->skipped && strcmp(state, "closed") == 0)
		handover_answer_before(c, iq);
	else if (n != c->number)
		iq_refuse(c->iqs, iq, SE_ITEM_NOT_FOUND, NULL);
	else if (strcmp(state, "open") == 0)
		handover_hear_open(c, iq, in, consumed);
	else if (strcmp(state, "closed") == 0)
		handover_hear_closed(c, iq, in, consumed);
	else
		iq_refuse(c->iqs, iq, SE_BAD_REQUEST, NULL);
}
