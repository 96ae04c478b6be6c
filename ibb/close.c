/*
 * close: how an in-band bytestream ends, XEP-0047 section 2.3.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

/* The peer repeats its close, with another id: 1 if that is dealt with, 0 if it
 * may not be repeated. */
static int
close_again(struct inband *s, const char *id)
{
	char	*copy;

	if (!s->can_sync || id == NULL || (copy = strdup(id)) == NULL)
		return 0;
	free(s->close_id);
	s->close_id = copy;
	if (s->in == INBAND_HALF_CLOSED)
		close_answer(s, 1);
	return 1;
}

/* Answer the blocks whose answers are due: 1, or 0 if the stream has failed. */
static int
close_pays(struct inband *s)
{
	if (ack_pay(s) == 0)
		return 1;
	inband_fail(s, INBAND_UNSENT, SE_NONE, "");
	return 0;
}

/* The peer has asked to close for the first time. */
static void
close_begin(struct inband *s, const struct elem *close)
{
	inband_set_in(s, INBAND_HALF_CLOSING);
	if (!close_pays(s))
		return;
	if (s->state != INBAND_OPEN) {	/* an open that is not answered */
		inband_abort(s, SE_NOT_ACCEPTABLE);
		if (s->user.failed != NULL)
			s->user.failed(s->arg, INBAND_REFUSED,
			    SE_NOT_ACCEPTABLE, "closed before it was open");
		return;
	}
	if (s->since_ping > 0 && s->hold == INBAND_HOLD_NOT &&
	    inband_ask_ping(s) == -1)
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
	else
		s->user.closing(s->arg, close);
}

int
close_input(void *arg, const struct elem *stanza, const struct elem *close)
{
	struct ibb	*b = arg;
	struct inband	*s = inband_find(b, elem_attr(stanza, "from"),
			    elem_attr(close, "sid"));
	const char	*id = elem_attr(stanza, "id");

	if (s == NULL && tombstone_close(b, stanza, close))
		return 1;
	if (s != NULL && s->in != INBAND_HALF_OPEN && close_again(s, id))
		return 1;
	if (s == NULL || s->in != INBAND_HALF_OPEN) {
		inband_refuse_iq(b, stanza, SE_ITEM_NOT_FOUND);
	} else if (stanza_is(stanza, "iq") && id != NULL &&
	    (s->close_id = strdup(id)) == NULL) {
		inband_refuse_iq(b, stanza, SE_BUSY);
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
	} else {
		close_begin(s, close);
	}
	return 1;
}

static void
close_write_receipt(struct inband *s, struct xw *w)
{
	char	 receipt[INBAND_RECEIPT];

	if (s->user.receipt != NULL && s->user.receipt(s->arg, receipt) == 0)
		xw_elem(w, "receipt", NS_XCAT, receipt);
}

/* Why an accepted stream is refused after all: see inband_turn_away(). */
static void
close_write_refused(const struct inband *s, struct xw *w)
{
	if (s->turned == SE_NONE)
		return;
	xw_start(w, "refused", NS_XCAT);
	stanza_writeerror(w, s->turned, s->turned_text);
	xw_end(w);
}

void
close_answer(struct inband *s, int words)
{
	struct xw	*w;

	if (s->close_id != NULL) {
		w = iq_resultto(s->ibb->iqs, s->peer, s->close_id);
		if (words)
			close_write_receipt(s, w);
		close_write_refused(s, w);
		iq_post(s->ibb->iqs);
	}
	inband_set_in(s, INBAND_HALF_CLOSED);
}

static void
close_bury(struct inband *s)
{
	char	 receipt[INBAND_RECEIPT] = "";

	if (!s->can_sync)
		return;
	if (s->user.receipt != NULL)
		s->user.receipt(s->arg, receipt);
	tombstone_add(s, receipt);
}

/* Both directions are over; answer is the peer's answer to our close, or NULL
 * if it asked. */
static void
close_done(struct inband *s, const struct elem *answer)
{
	/* Our closes crossed: the peer waits for an answer, too. */
	if (s->in == INBAND_HALF_CLOSING)
		close_answer(s, 1);
	inband_set_in(s, INBAND_HALF_CLOSED);
	inband_set_out(s, INBAND_HALF_CLOSED);
	close_bury(s);
	inband_set_state(s, INBAND_ENDED);
	inband_forget(s);
	s->user.closed(s->arg, answer);
}

/* Our close needs no further answer, and the peer is told so. */
static void
close_settled(struct inband *s, const struct elem *answer)
{
	if (s->state == INBAND_OPEN && s->can_sync)
		tombstone_settle(s);
	if (s->state == INBAND_OPEN)
		close_done(s, answer);
}

static void
close_answered(void *arg, const struct elem *answer)
{
	struct inband		*s = arg;
	enum stanza_error	 err;

	if (answer == NULL) {
		inband_fail(s, INBAND_SILENT, SE_NONE, "");
		return;
	}
	/* A peer whose close crossed ours no longer knows the stream. */
	err = stanza_error(answer);
	if (err != SE_NONE && recover_mends(s, err))
		return;
	if (err != SE_NONE && err != SE_ITEM_NOT_FOUND) {
		inband_fail(s, INBAND_UNDELIVERED, err,
		    stanza_errortext(answer));
		return;
	}
	inband_forget(s);
	/* A peer that never knew the stream has not taken our messages. */
	if (err == SE_NONE || (s->message && s->in != INBAND_HALF_OPEN))
		while (s->state == INBAND_OPEN && !STAILQ_EMPTY(&s->flights))
			inband_land(s);
	close_settled(s, answer);
}

static struct xw *
close_start(struct inband *s)
{
	struct xw	*w = iq_request(s->ibb->iqs, "set", s->peer);

	xw_start(w, "close", NS_IBB);
	xw_attr(w, "sid", s->sid);
	return w;
}

static int
close_ask(struct inband *s, int64_t deadline)
{
	close_write_receipt(s, close_start(s));
	return iq_ask(s->ibb->iqs, close_answered, s, deadline);
}

/* While bytes go through a socket there are no blocks whose errors could say
 * that our local end failed.  Other reasons tell the peer nothing more. */
void
close_tell(struct inband *s, enum stanza_error why)
{
	struct xw	*w = close_start(s);

	close_write_refused(s, w);
	if (s->turned == SE_NONE && s->can_sync &&
	    why == SE_INTERNAL_SERVER_ERROR) {
		xw_start(w, "reason", NS_XCAT);
		stanza_writecondition(w, why);
		xw_end(w);
	}
	iq_tell(s->ibb->iqs);
}

static void
close_out(struct inband *s, int64_t deadline)
{
	inband_set_out(s, INBAND_HALF_CLOSING);
	if (close_ask(s, deadline) == -1)
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
}

int
inband_ask_close_again(struct inband *s)
{
	iq_forget(s->ibb->iqs, s);
	return close_ask(s, IQ_NODEADLINE);
}

void
inband_close(struct inband *s, int64_t deadline)
{
	if (!close_pays(s) || s->state != INBAND_OPEN)
		return;
	if (s->in == INBAND_HALF_CLOSING)
		close_answer(s, 1);
	if (s->in == INBAND_HALF_CLOSED && s->out == INBAND_HALF_OPEN)
		close_done(s, NULL);
	else if (s->in == INBAND_HALF_CLOSED && s->proved)
		close_settled(s, NULL);
	else if (s->out == INBAND_HALF_OPEN)
		close_out(s, deadline);
}

void
inband_proved(struct inband *s)
{
	s->proved = 1;
}

void
inband_close_back(struct inband *s, int64_t deadline)
{
	if (!close_pays(s) || s->state != INBAND_OPEN)
		return;
	if (s->out == INBAND_HALF_OPEN)
		close_out(s, deadline);
	/* Ask first: once its close is answered, the peer forgets the
	 * stream. */
	if (s->state == INBAND_OPEN && s->in == INBAND_HALF_CLOSING)
		close_answer(s, 1);
}

void
inband_abort(struct inband *s, enum stanza_error err)
{
	ack_end(s, err);
	if (s->state == INBAND_ENDED)
		return;
	if (s->state == INBAND_OFFERED)
		iq_refuseto(s->ibb->iqs, s->peer, s->open_id, err, NULL);
	inband_forget(s);
	/* A peer that is given up gets no receipt. */
	if (s->in == INBAND_HALF_CLOSING)
		close_answer(s, 0);
	else if (s->state != INBAND_OFFERED && s->out == INBAND_HALF_OPEN)
		close_tell(s, err);
	inband_set_state(s, INBAND_ENDED);
}

/* Tell the reason before blocks are refused with err, which says less. */
void
inband_turn_away(struct inband *s, enum stanza_error err, const char *text)
{
	s->turned = err;
	s->turned_text = text;
	if (s->state == INBAND_OPEN && s->in != INBAND_HALF_CLOSING &&
	    s->out == INBAND_HALF_OPEN) {
		close_tell(s, err);
		inband_set_out(s, INBAND_HALF_CLOSED);
	}
	inband_abort(s, err);
	s->turned_text = NULL;
}
