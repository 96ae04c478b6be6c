/*
 * stream_close: how a stream ends: the end of each direction, the question
 * and the answer <close/>, the receipts, and a close that says why.
 */
#include <stdio.h>
#include <string.h>

#include "ibb/stream_int.h"
#include "ibb/stream_strerror.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"

int
stream_peer_finished(const struct stream *s)
{
	return s->e2e != NULL ? e2e_ended(s->e2e) :
	    s->in == STREAM_IN_CLOSING;
}

static void
stream_make_finish(struct stream *s)
{
	if (s->e2e == NULL || s->out != STREAM_OUT_FINISHED ||
	    s->state != STREAM_OPEN || !e2e_complete(s->e2e) ||
	    !carrier_ready(s->carrier))
		return;
	stream_set_out(s, STREAM_OUT_ENDED);
	if (e2e_finish(s->e2e) == -1)
		stream_session_broken(s);
	else
		carrier_push(s->carrier, 0);
}

/* Is it our turn to close, and is all done? */
static int
stream_may_close(struct stream *s)
{
	if (s->out == STREAM_OUT_OPEN)
		return 0;
	if (s->conf.close_at_end || (s->e2e == NULL && s->conf.close_plain))
		return 1;
	/* With a session both directions end first; then the caller closes. */
	return s->e2e != NULL && s->calling && e2e_ended(s->e2e) &&
	    buf_len(&s->rx) == 0;
}

/* Has the peer proved that it has received all we sent? */
static int
stream_proven(const struct stream *s)
{
	return s->e2e == NULL || e2e_verify(s->e2e, !s->calling, s->sent,
	    s->receipt);
}

static int64_t
stream_close_deadline(const struct stream *s)
{
	return s->conf.close_deadline != NULL ? s->conf.close_deadline(s->arg) :
	    s->conf.deadline(s->arg);
}

static void
stream_ask_close(struct stream *s)
{
	stream_set_out(s, STREAM_OUT_CLOSING);
	carrier_close(s->carrier, stream_close_deadline(s));
}

/* The peer asked first.  If our blocks crossed its <close/>, its receipt there
 * is not for them, and we need a later receipt. */
static void
stream_answer_close(struct stream *s)
{
	if (s->out == STREAM_OUT_CLOSING || stream_proven(s)) {
		carrier_close(s->carrier, stream_close_deadline(s));
		return;
	}
	stream_set_out(s, STREAM_OUT_CLOSING);
	carrier_close_back(s->carrier, stream_close_deadline(s));
}

void
stream_close_if_done(struct stream *s)
{
	if (s->state != STREAM_OPEN)
		return;
	if (buf_len(&s->rx) == 0 && s->in != STREAM_IN_OPEN)
		carrier_report(s->carrier);
	if (s->in == STREAM_IN_CLOSING && s->out != STREAM_OUT_CLOSING &&
	    !stream_peer_finished(s)) {
		stream_give_up(s, STREAM_HUNG_UP, SE_BAD_REQUEST,
		    "the peer hung up before the end of its data; try again");
		return;
	}
	if (s->held)
		return;
	stream_make_finish(s);
	if (s->state != STREAM_OPEN || !carrier_idle(s->carrier) ||
	    (s->e2e != NULL && s->out == STREAM_OUT_FINISHED))
		return;
	if (s->in == STREAM_IN_CLOSING) {
		if (buf_len(&s->rx) == 0)
			stream_answer_close(s);
	} else if (stream_may_close(s)) {
		stream_ask_close(s);
	}
}

/*
 * What the peer says of it
 */

/* Keep the peer's proof of what it has received, from its <close/> or from its
 * answer to ours; when these crossed, the later receipt is for more bytes. */
static void
stream_take_receipt(struct stream *s, const struct elem *e)
{
	const struct elem	*r = elem_child(e, NS_XCAT, "receipt");

	if (r != NULL)
		strlcpy(s->receipt, elem_text(r), sizeof(s->receipt));
}

_Static_assert(INBAND_RECEIPT >= E2E_RECEIPT, "a receipt fits");

int
stream_on_receipt(void *arg, char *out)
{
	struct stream	*s = arg;

	return s->e2e == NULL ? -1 : e2e_receipt(s->e2e, s->calling,
	    s->consumed, out);
}

/* An xcat that gives up because its local end failed says so in its <close/>:
 * 1 if it has. */
static int
stream_take_reason(struct stream *s, const struct elem *close)
{
	enum stanza_error	 err;
	char			 why[sizeof(s->why)];

	err = stanza_condition(elem_child(close, NS_XCAT, "reason"));
	if (err != SE_INTERNAL_SERVER_ERROR || s->state != STREAM_OPEN)
		return 0;
	stream_give_up(s, STREAM_BROKEN, err,
	    stream_strerror_inband(0, INBAND_UNDELIVERED, err, "", why,
	    sizeof(why)));
	return 1;
}

/* A listener that had to accept before it knew enough may refuse in its
 * <close/>: 1 if it has. */
static int
stream_turned_away(struct stream *s, const struct elem *e)
{
	const struct elem	*r = elem_child(e, NS_XCAT, "refused");
	char			 why[sizeof(s->why)];

	if (r == NULL || !s->calling || s->received > 0 || s->confirmed > 0)
		return 0;
	s->refusal = stanza_condition(elem_child(r, NULL, "error"));
	stream_give_up(s, STREAM_REFUSED, SE_NOT_ACCEPTABLE,
	    stream_strerror_inband(0, INBAND_REFUSED, s->refusal,
	    stanza_errortext(r), why, sizeof(why)));
	return 1;
}

void
stream_on_closing(void *arg, const struct elem *close)
{
	struct stream	*s = arg;

	stream_set_in(s, STREAM_IN_CLOSING);
	if (stream_turned_away(s, close))
		return;
	stream_take_receipt(s, close);
	if (stream_take_reason(s, close))
		return;
	if (s->state == STREAM_OPENING)
		stream_give_up(s, STREAM_REFUSED, SE_NOT_ACCEPTABLE,
		    "it closed the stream before the session stood");
	/* A peer that gives up sends no receipt and waits for nothing. */
	else if (s->e2e != NULL && s->receipt[0] == '\0' &&
	    stream_peer_finished(s))
		stream_give_up(s, STREAM_HUNG_UP, SE_BAD_REQUEST,
		    "the peer hung up without a receipt for everything; "
		    "try again");
	/* A caller that dies behind its <close/> confirms nothing else. */
	if (s->state == STREAM_OPEN && s->e2e != NULL && stream_proven(s))
		carrier_proved(s->carrier);
	stream_close_if_done(s);
	stream_changed(s);
}

void
stream_on_closed(void *arg, const struct elem *answer)
{
	struct stream	*s = arg;

	if (stream_over(s) || stream_turned_away(s, answer))
		return;
	stream_take_receipt(s, answer);
	if (s->confirmed < s->sent)
		stream_fail(s, STREAM_BROKEN,
		    "the peer closed before it had taken everything");
	else if (!stream_proven(s) &&
	    e2e_fault(s->e2e) == E2E_STARVED)
		stream_fail(s, STREAM_INTERNAL, stream_session_error(s));
	else if (!stream_proven(s))
		stream_fail(s, STREAM_BROKEN,
		    "it ended without the peer's receipt for everything");
	else {
		stream_set_in(s, STREAM_IN_CLOSING);
		stream_set_state(s, STREAM_CLOSED);
	}
	stream_changed(s);
}

/*
 * The use of a stream is bound into its session, so the handshake fails at a
 * listener that does not know the use.  What the listener says is that the
 * <open/> has been changed on the way.
 */
static int
stream_refused_unknown(struct stream *s)
{
	const char	*unknown = stream_strerror_unknown(s->conf.use);
	char		 why[sizeof(s->why)];

	if (unknown == NULL)
		return 0;
	snprintf(why, sizeof(why), "%s, or somebody on the way changes the "
	    "stream", unknown);
	stream_fail(s, STREAM_REFUSED, why);
	return 1;
}

void
stream_on_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	struct stream	*s = arg;
	char		 why[sizeof(s->why)];

	s->refusal = err;
	if (fault == INBAND_REFUSED && err == SE_BAD_REQUEST &&
	    stream_refused_unknown(s))
		return;
	stream_fail(s, stream_strerror_fault(fault, err),
	    stream_strerror_inband(stream_strerror_far(iq_jid(s->conf.iqs),
	    carrier_peer(s->carrier)),
	    fault, err, text, why, sizeof(why)));
}

/*
 * What our end does
 */

void
stream_finish(struct stream *s)
{
	stream_set_out(s, STREAM_OUT_FINISHED);
	stream_close_if_done(s);
}

void
stream_close_at_end(struct stream *s)
{
	s->conf.close_at_end = 1;
	stream_close_if_done(s);
}

void
stream_hold(struct stream *s, int hold)
{
	s->held = hold;
	if (!hold)
		stream_close_if_done(s);
	stream_changed(s);
}

int
stream_eof(const struct stream *s)
{
	return (stream_peer_finished(s) || stream_over(s)) &&
	    buf_len(&s->rx) == 0;
}

int
stream_heard_end(const struct stream *s)
{
	return s->e2e != NULL && e2e_ended(s->e2e);
}

void
stream_abort(struct stream *s, enum stanza_error err)
{
	if (stream_over(s))
		return;
	carrier_abort(s->carrier, err);
	stream_set_state(s, STREAM_CLOSED);
}

void
stream_hung_up(struct stream *s, const char *why)
{
	if (!stream_over(s))
		stream_give_up(s, STREAM_HUNG_UP, SE_RECIPIENT_UNAVAILABLE,
		    why);
}
