/*
 * open: how an in-band bytestream begins, XEP-0047 section 2.1.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

/*
 * We open
 */

/* Some of the blocks behind the open may have come before the peer wanted
 * them. */
static void
open_done(struct inband *s, const struct elem *answer)
{
	int	 lost = s->early_lost;

	recover_set_hold(s, lost ? INBAND_HOLD_SILENT : INBAND_HOLD_NOT);
	inband_set_state(s, INBAND_OPEN);
	s->user.opened(s->arg, answer);
	if (lost)
		recover_lost(s);
	inband_land_answered(s);
}

static void
open_smaller(struct inband *s)
{
	s->block /= 2;
	if (inband_ask_open(s) == -1 || recover_send_all(s) == -1)
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
}

static void
open_answered(void *arg, const struct elem *answer)
{
	struct inband		*s = arg;
	enum stanza_error	 err;

	s->open_asked = 0;
	if (answer == NULL) {
		/* The peer may still accept, and must not wait for us then. */
		close_tell(s, SE_REMOTE_SERVER_TIMEOUT);
		inband_fail(s, INBAND_SILENT, SE_NONE, "");
		return;
	}
	err = stanza_error(answer);
	if (err == SE_RESOURCE_CONSTRAINT && s->block / 2 >= BLOCK_MIN) {
		open_smaller(s);
	} else if (err != SE_NONE && recover_mends(s, err)) {
		return;
	} else if (err != SE_NONE) {
		inband_fail(s, s->doubtful && s->nflights > 0 ?
		    INBAND_UNDELIVERED : INBAND_REFUSED, err,
		    stanza_errortext(answer));
	} else {
		open_done(s, answer);
	}
}

int
inband_ask_open(struct inband *s)
{
	struct xw	*w;

	/* TCP-over-XMPP takes the id of the request for the sid. */
	w = iq_request_id(s->ibb->iqs, "set", s->peer, s->sid);
	xw_start(w, "open", NS_IBB);
	xw_attr(w, "sid", s->sid);
	xw_attrf(w, "block-size", "%zu", s->block);
	xw_attr(w, "stanza", s->message ? "message" : "iq");
	if (s->extra != NULL)
		s->extra(s->arg, w);
	s->open_asked = 1;
	/* A stream that holds has the patience of its owner. */
	return iq_ask(s->ibb->iqs, open_answered, s,
	    s->hold != INBAND_HOLD_NOT ? IQ_NODEADLINE : s->deadline);
}

int
inband_open(struct inband *s, int64_t deadline,
    void (*extra)(void *, struct xw *))
{
	s->deadline = deadline;
	s->extra = extra;
	inband_insert(s, INBAND_OPENING);
	return inband_ask_open(s);
}

/*
 * Blocks before the answer
 */

void
inband_set_early(struct inband *s)
{
	s->early = 1;
	inband_can_sync(s);
}

void
inband_met(struct inband *s)
{
	s->early = 0;
}

int
inband_is_doubtful(const struct inband *s)
{
	return s->doubtful;
}

/*
 * The peer opens
 */

/* Is this a sid?  It has to be an NMTOKEN (section 2.1), of which only the
 * ASCII characters are checked. */
static int
open_good_sid(const char *sid)
{
	const unsigned char	*p = (const unsigned char *)sid;

	if (sid == NULL || *sid == '\0' || strlen(sid) > STREAM_SID_MAX)
		return 0;
	for (; *p != '\0'; p++)
		if (*p <= ' ' || (*p < 0x80 && strchr("!\"#$%&'()*+,/;<=>?@"
		    "[\\]^`{|}~\x7f", *p) != NULL))
			return 0;
	return 1;
}

static int
open_answer(struct inband *s)
{
	struct xw	*w = iq_resultto(s->ibb->iqs, s->peer, s->open_id);

	if (s->result != NULL)
		s->result(s->arg, w);
	return iq_send(s->ibb->iqs);
}

/*
 * The peer repeats its open, because it does not know whether the first has
 * come.  If that was accepted, and no block has come since that shows that the
 * peer knows, it is accepted again: 1; 0 if this is no repetition.
 */
static int
open_again(struct inband *s, const char *id)
{
	char	*copy;

	if (s == NULL || s->open_id == NULL || !s->can_sync ||
	    (s->got > 0 && !s->early) || s->in != INBAND_HALF_OPEN ||
	    (copy = strdup(id)) == NULL)
		return 0;
	free(s->open_id);
	s->open_id = copy;
	if (s->state == INBAND_OPEN && open_answer(s) == -1)
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
	return 1;
}

/* The stream that an <open/> offers; or NULL and the error for the peer in
 * *err. */
static struct inband *
open_offer(struct ibb *b, const struct elem *iq, const struct elem *open,
    enum stanza_error *err)
{
	const char	*from = elem_attr(iq, "from");
	const char	*id = elem_attr(iq, "id");
	const char	*sid = elem_attr(open, "sid");
	const char	*kind = elem_attr(open, "stanza");
	struct inband	*s;
	uint64_t	 block;

	*err = SE_BAD_REQUEST;
	if (!open_good_sid(sid) || elem_number(open, "block-size", 1,
	    INBAND_BLOCK_MAX, &block) == -1 ||
	    inband_find(b, from, sid) != NULL ||
	    (kind != NULL && strcmp(kind, "iq") != 0 &&
	    strcmp(kind, "message") != 0))
		return NULL;
	*err = SE_BUSY;
	if ((s = inband_make(b, from, sid)) == NULL ||
	    (id != NULL && (s->open_id = strdup(id)) == NULL)) {
		inband_free(s);
		return NULL;
	}
	s->block = (size_t)block;
	s->message = kind != NULL && strcmp(kind, "message") == 0;
	return s;
}

int
open_input(void *arg, const struct elem *iq, const struct elem *open)
{
	struct ibb		*b = arg;
	const char		*from = elem_attr(iq, "from");
	const char		*id = elem_attr(iq, "id");
	enum stanza_error	 err;
	struct inband		*s;

	if (from == NULL || b->host.offer == NULL ||
	    !b->host.allowed(b->host.arg, from)) {
		iq_refuse(b->iqs, iq, SE_SERVICE_UNAVAILABLE, NULL);
		return 1;
	}
	if (id != NULL && open_again(inband_find(b, from,
	    elem_attr(open, "sid")), id))
		return 1;
	if ((s = open_offer(b, iq, open, &err)) == NULL) {
		iq_refuse(b->iqs, iq, err, NULL);
		return 1;
	}
	inband_insert(s, INBAND_OFFERED);
	b->host.offer(b->host.arg, s, open);
	return 1;
}

void
inband_own(struct inband *s, const struct inband_user *user, void *arg)
{
	s->user = *user;
	s->arg = arg;
}

int
inband_accept(struct inband *s, void (*extra)(void *, struct xw *))
{
	if (s->state != INBAND_OFFERED)	/* the peer closed meanwhile */
		return -1;
	s->result = extra;
	inband_set_state(s, INBAND_OPEN);
	return open_answer(s) == -1 ? -1 : ack_pay(s);
}

void
inband_refuse(struct inband *s, enum stanza_error err, const char *text)
{
	if (s->state == INBAND_OFFERED)
		iq_refuseto(s->ibb->iqs, s->peer, s->open_id, err, text);
	ack_end(s, SE_ITEM_NOT_FOUND);
	inband_free(s);
}
