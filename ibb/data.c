/*
 * data: the blocks of an in-band bytestream and their answers, XEP-0047
 * section 2.2.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"
#include "xml/base64.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/write.h"

#define BLOCK_SMALL	512	/* if a slow path wants small stanzas */
#define SEQ_MAX		INT64_MAX	/* see data_right_seq() */
#define BLOCK_LEAST	48	/* if the server takes almost nothing */

/* Bytes of a stanza without its addresses and base64, with the header of a
 * WebSocket's frame (RFC 6455 section 5.2). */
#define TAGS	(sizeof("<iq xmlns='jabber:client' type='set' " \
		    "id='0123456789abcdef' to=''>" \
		    "<data xmlns='" NS_IBB "' sid='' seq='65535'>" \
		    "</data></iq>") - 1 + 8)
/* Bytes that a message has beyond TAGS, without the sid in its id. */
#define MESSAGE_TAGS 64

/*
 * How large they are, and how many
 */

void
inband_agree(struct inband *s, size_t ours, size_t theirs)
{
	s->ours = ours;
	s->theirs = theirs;
}

/* Bytes of s as it is written, with entities (xml/write.h). */
static size_t
data_length(const char *s)
{
	size_t	 n;

	for (n = 0; *s != '\0'; s++)
		n += strchr("&<>'\"", *s) != NULL ? sizeof("&quot;") - 1 : 1;
	return n;
}

size_t
inband_tags(const struct inband *s)
{
	return TAGS + data_length(s->peer) + data_length(s->sid);
}

/* Bytes of the block that fits a stanza of this size, but no less than least.
 */
static size_t
data_fits(const struct inband *s, size_t stanza, size_t least)
{
	size_t	 tags = s->tags;

	if (s->message)
		tags += MESSAGE_TAGS + data_length(s->sid);
	return stanza < tags + BASE64_ENCODED(least) ? least :
	    (stanza - tags) / 4 * 3;
}

/* Bytes of the largest block that the server takes, as it said (XEP-0478) or as
 * we have learned; 0 if that is not known. */
static size_t
data_limit(const struct inband *s)
{
	const struct ibb	*b = s->ibb;
	size_t			 most, limit = b->limit;

	if (b->host.most == NULL || (most = b->host.most(b->host.arg)) == 0)
		return limit;
	most = data_fits(s, most, BLOCK_LEAST);
	return limit > 0 && limit < most ? limit : most;
}

size_t
inband_block(const struct inband *s)
{
	size_t	 limit = data_limit(s), paced;
	size_t	 block = s->theirs > 0 ? s->theirs : s->block;

	if (s->path != NULL) {
		paced = data_fits(s, path_stanza(s), BLOCK_SMALL);
		if (paced < block)
			block = paced;
	}
	return limit > 0 && limit < block ? limit : block;
}

static int
data_sends(const struct inband *s)
{
	return (s->state == INBAND_OPEN || (s->state == INBAND_OPENING &&
	    s->early)) && s->out == INBAND_HALF_OPEN &&
	    s->hold == INBAND_HOLD_NOT;
}

size_t
inband_room(const struct inband *s)
{
	if (!data_sends(s))
		return 0;
	if (s->path != NULL)
		return path_room(s);
	return s->nflights < INBAND_WINDOW ? INBAND_WINDOW - s->nflights : 0;
}

int
inband_takes(const struct inband *s)
{
	if (s->path == NULL)
		return inband_room(s) > 0;
	return data_sends(s) && path_takes(s);
}

/* Messages have no answers: the peer's answer to our close confirms them all.
 * If the peer closes first, we must know what it has received before we answer.
 */
size_t
inband_unanswered(const struct inband *s)
{
	return s->message && s->in == INBAND_HALF_OPEN ? 0 : s->nflights;
}

int
inband_may_carry(const struct inband *s)
{
	return s->state == INBAND_OPEN && !s->message &&
	    s->in == INBAND_HALF_OPEN && s->out == INBAND_HALF_OPEN;
}

/*
 * Sending
 */

void
inband_land(struct inband *s)
{
	struct flight	*f = STAILQ_FIRST(&s->flights);
	size_t		 weight = f->weight;

	path_landed(s, f);
	inband_flight_free(s);
	s->landed++;
	s->fruitless = 0;
	s->user.answered(s->arg, weight);
}

/* Acknowledge in order only, and not before it is known whether the stream has
 * been accepted. */
void
inband_land_answered(struct inband *s)
{
	const struct flight	*f;

	while (s->state == INBAND_OPEN &&
	    (f = STAILQ_FIRST(&s->flights)) != NULL && f->answered)
		inband_land(s);
}

size_t
inband_unweigh(struct inband *s)
{
	struct flight	*f;
	size_t		 sum = 0;

	STAILQ_FOREACH(f, &s->flights, next) {
		sum += f->weight;
		f->weight = 0;
	}
	return sum;
}

/* An xcat says in an answer how many bytes it has room for, if that has
 * changed. */
static void
data_take_window(struct inband *s, const struct elem *answer)
{
	const struct elem	*window;
	uint64_t		 n;

	if (!s->can_sync)
		return;
	window = elem_child(answer, NS_XCAT, "window");
	if (elem_number(window, "size", 0, UINT32_MAX, &n) == 0)
		path_set_window(s, (size_t)n);
}

/* An answer to a block (section 2.2): peers answer in order, as they process
 * the blocks. */
static void
data_answered(void *arg, const struct elem *answer)
{
	struct flight		*f = arg;
	struct inband		*s = f->stream;
	enum stanza_error	 err = stanza_error(answer);

	f->answered = 1;
	if (err == SE_NONE) {
		data_take_window(s, answer);
		inband_land_answered(s);
		return;
	}
	f->answered = 0;
	/* The answer to the open says more, and may be that it is too early for
	 * blocks. */
	if (s->state == INBAND_OPENING) {
		s->early_lost = 1;
		return;
	}
	if (recover_mends(s, err))
		return;
	/* Section 2.2: the sender must close, though the peer may be gone. */
	inband_abort(s, SE_ITEM_NOT_FOUND);
	if (s->user.failed != NULL)
		s->user.failed(s->arg, INBAND_UNDELIVERED, err,
		    stanza_errortext(answer));
}

/* Any answer to a ping (XEP-0199), also an error, says that the messages before
 * the ping have come as far as it has. */
static void
data_ping_answered(void *arg, const struct elem *answer)
{
	struct flight	*last = arg, *f;
	struct inband	*s = last->stream;

	(void)answer;
	do {
		f = STAILQ_FIRST(&s->flights);
		if (f->ping)
			iq_forget(s->ibb->iqs, f);
		inband_land(s);
	} while (f != last && s->state == INBAND_OPEN);
}

static void
data_write(struct inband *s, struct xw *w, uint16_t seq, const void *data,
    size_t len)
{
	xw_start(w, "data", NS_IBB);
	xw_attr(w, "sid", s->sid);
	xw_attrf(w, "seq", "%u", seq);
	xw_base64(w, data, len);
	xw_end(w);
}

int
inband_ask_ping(struct inband *s)
{
	struct iq_table	*t = s->ibb->iqs;
	struct flight	*last;

	last = __extension__ STAILQ_LAST(&s->flights, flight, next);
	if (last == NULL)
		return 0;
	last->ping = 1;
	s->since_ping = 0;
	xw_elem(iq_request(t, "get", s->peer), "ping", NS_PING, NULL);
	return iq_ask(t, data_ping_answered, last, IQ_NODEADLINE);
}

static int
data_send_message(struct inband *s, uint16_t seq, const void *data, size_t len)
{
	struct iq_table	*t = s->ibb->iqs;
	struct xw	*w = iq_stanza(t, "message", NULL, s->peer);

	/* Some servers return nothing of a message but its id. */
	xw_attrf(w, "id", "%s.%u", s->sid, seq);
	data_write(s, w, seq, data, len);
	/* XEP-0334: no archive is to keep it. */
	xw_elem(w, "no-store", NS_HINTS, NULL);
	if (iq_send(t) == -1)
		return -1;
	/* Ping after a batch; but once the peer has asked to close, no message
	 * may follow, so ping at once. */
	if (++s->since_ping < MESSAGE_BATCH && s->in == INBAND_HALF_OPEN)
		return 0;
	return inband_ask_ping(s);
}

static int
data_launch(struct inband *s, struct flight *f, uint16_t seq, const void *data,
    size_t len)
{
	if (s->message)
		return data_send_message(s, seq, data, len);
	data_write(s, iq_request(s->ibb->iqs, "set", s->peer), seq, data, len);
	/* No deadline: an answer may wait for a reader that stopped. */
	return iq_ask(s->ibb->iqs, data_answered, f, IQ_NODEADLINE);
}

int
inband_launch(struct inband *s, struct flight *f, uint64_t number)
{
	return data_launch(s, f, (uint16_t)number, f->data, f->len);
}

int
inband_send(struct inband *s, const void *data, size_t len, size_t weight)
{
	struct flight	*f;

	if ((f = calloc(1, sizeof(*f) + (s->can_sync ? len : 0))) == NULL) {
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
		return -1;
	}
	f->stream = s;
	f->weight = weight;
	f->len = len;
	if (s->can_sync)
		memcpy(f->data, data, len);
	s->late = s->can_sync && s->turn == INBAND_TURN_THEIRS &&
	    len < CONGESTION_SMALL;
	path_sent(s, f);
	s->turn = INBAND_TURN_OURS;
	STAILQ_INSERT_TAIL(&s->flights, f, next);
	s->nflights++;
	path_fly(s, len);
	/* The seq is 16 bits of the number: after 65535 comes 0. */
	if (data_launch(s, f, (uint16_t)s->sent, data, len) == -1) {
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
		return -1;
	}
	s->sent++;
	return 0;
}

/*
 * Receiving
 */

/* The stream ends with this fault, and its peer hears err.  Always 1: the
 * stanza is dealt with. */
static int
data_bad(struct inband *s, const struct elem *stanza,
    enum inband_fault fault, enum stanza_error err)
{
	inband_refuse_iq(s->ibb, stanza, err);
	inband_abort(s, err);
	s->user.failed(s->arg, fault, fault == INBAND_UNSENT ? SE_NONE : err,
	    "");
	return 1;
}

/* Section 2.2: after 65535 comes 0.  TCP-over-XMPP and mod_tcpproxy go on
 * counting. */
static int
data_right_seq(const struct inband *s, uint64_t seq)
{
	return seq == (uint16_t)s->got || seq == s->got;
}

/* Bytes of the largest block that we take.  mod_tcpproxy heeds no size, and
 * TCP-over-XMPP sends what Node.js reads at once, up to 65536 bytes. */
static size_t
data_largest(const struct inband *s)
{
	size_t	 block = s->ours > 0 ? s->ours : s->block;

	if (s->message)
		return INBAND_RX_MAX;
	return block == INBAND_BLOCK_MAX ? block + 1 : block;
}

#define HOLD_ALWAYS	(INBAND_BLOCK_MAX + 1024)	/* a block and its id */

/*
 * Is there room for a block?  Each stream may hold HOLD_ALWAYS, even if other
 * streams have taken all the memory.
 */
static int
data_has_room(struct inband *s, size_t len)
{
	if (s->rx + len > INBAND_RX_MAX)
		return 0;
	return s->rx + len <= HOLD_ALWAYS ||
	    s->user.room == NULL || len <= s->user.room(s->arg, 1);
}

/* Can this stream take blocks?  NULL cannot. */
static int
data_hears(const struct inband *s)
{
	return s != NULL && (s->state == INBAND_OPEN ||
	    (s->state == INBAND_OFFERED && s->early)) &&
	    s->in == INBAND_HALF_OPEN;
}

/* Is the answer to our open, which the peer sent before this block, lost? */
static int
data_is_ahead(const struct inband *s)
{
	return s != NULL && s->state == INBAND_OPENING && s->early;
}

int
data_cut_input(void *arg, const struct elem *stanza, const struct elem *data)
{
	struct inband	*s = inband_find(arg, elem_attr(stanza, "from"),
			    elem_attr(data, "sid"));

	if (!data_hears(s) || stanza_type(stanza, "error"))
		return 0;
	return data_bad(s, stanza, INBAND_BAD_DATA, SE_POLICY_VIOLATION);
}

int
data_input(void *arg, const struct elem *stanza, const struct elem *data)
{
	struct ibb	*b = arg;
	struct inband	*s = inband_find(b, elem_attr(stanza, "from"),
			    elem_attr(data, "sid"));
	unsigned char	*p;
	uint64_t	 seq;
	size_t		 len;

	if (!data_hears(s)) {
		inband_refuse_iq(b, stanza, data_is_ahead(s) ?
		    SE_RECIPIENT_UNAVAILABLE : SE_ITEM_NOT_FOUND);
		return 1;
	}
	if (elem_number(data, "seq", 0, SEQ_MAX, &seq) == -1)
		seq = UINT64_MAX;	/* no block has this number */
	if (!data_right_seq(s, seq))
		return (seq <= UINT16_MAX &&
		    recover_repeated(s, stanza, (uint16_t)seq)) ||
		    data_bad(s, stanza, INBAND_BAD_DATA,
		    SE_UNEXPECTED_REQUEST);
	buf_truncate(&b->scratch, 0);
	p = buf_reserve(&b->scratch, BASE64_DECODED(data->textlen));
	if (p == NULL)
		return data_bad(s, stanza, INBAND_UNSENT, SE_BUSY);
	if (base64_decode(p, BASE64_DECODED(data->textlen), &len,
	    elem_text(data), data->textlen) == -1 ||
	    len > data_largest(s))
		return data_bad(s, stanza, INBAND_BAD_DATA,
		    SE_BAD_REQUEST);
	if (!data_has_room(s, len))
		return data_bad(s, stanza, INBAND_OVERRUN, SE_BUSY);
	if (ack_owe(s, stanza, len) == -1)
		return data_bad(s, stanza, INBAND_UNSENT, SE_BUSY);
	s->got++;
	s->chats = s->turn == INBAND_TURN_OURS && len < CONGESTION_SMALL;
	s->turn = INBAND_TURN_THEIRS;
	s->user.block(s->arg, p, len);
	return 1;
}
