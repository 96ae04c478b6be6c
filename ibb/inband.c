#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"
#include "xml/base64.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/text.h"
#include "xml/write.h"

#define BLOCK_SMALL	512	/* if a slow path wants small stanzas */
#define HURRY		2000000	/* us that a block in a hurry is remembered */

/* All of a stanza but the addresses and the base64. */
#define TAGS	(sizeof("<iq type='set' id='0123456789abcdef' to=''>" \
		    "<data xmlns='" NS_IBB "' sid='' seq='65535'>" \
		    "</data></iq>") - 1)

static const char *const state_names[] = {
	"offered", "opening", "open", "ended"
};
static const char *const half_names[] = { "open", "closing", "closed" };

static int
inband_cmp(const struct inband *a, const struct inband *b)
{
	int	 c = strcmp(a->sid, b->sid);

	return c != 0 ? c : strcmp(a->peer, b->peer);
}

RB_GENERATE(inband_tree, inband, node, inband_cmp)

/*
 * States
 */

void
inband_trace(const struct inband *s, const char *what, const char *from,
    const char *to)
{
	char	 line[256], sid[9];

	if (s->ibb->host.trace == NULL || from == to)
		return;
	snprintf(line, sizeof(line), "stream %s: %s%s -> %s",
	    text_clean(s->sid, sid, sizeof(sid)), what, from, to);
	s->ibb->host.trace(s->ibb->host.arg, line);
}

static void
set_state(struct inband *s, enum state state)
{
	inband_trace(s, "", state_names[s->state], state_names[state]);
	if (state == ENDED && s->state != ENDED)
		RB_REMOVE(inband_tree, &s->ibb->streams, s);
	s->state = state;
}

static void
set_in(struct inband *s, enum half half)
{
	inband_trace(s, "in: ", half_names[s->in], half_names[half]);
	s->in = half;
}

static void
set_out(struct inband *s, enum half half)
{
	inband_trace(s, "out: ", half_names[s->out], half_names[half]);
	s->out = half;
}

static void	 answer_close(struct inband *, int);
static void	 refuse_debts(struct inband *, enum stanza_error);

/* Whatever is still to be answered is of no interest any more. */
static void
forget(struct inband *s)
{
	struct flight	*f;

	iq_forget(s->ibb->iqs, s);
	iq_forget(s->ibb->iqs, &s->sync);
	STAILQ_FOREACH(f, &s->flights, next)
		iq_forget(s->ibb->iqs, f);
}

/* It is over, and there is no use in telling the peer; but what it has asked
 * it must be answered. */
void
inband_fail(struct inband *s, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	if (s->state == ENDED)
		return;
	forget(s);
	refuse_debts(s, SE_ITEM_NOT_FOUND);
	if (s->in == HALF_CLOSING)
		answer_close(s, 0);
	set_state(s, ENDED);
	if (s->user.failed != NULL)
		s->user.failed(s->arg, fault, err, text);
}

/*
 * Life and death
 */

struct ibb *
ibb_new(struct iq_table *iqs, const struct ibb_host *host)
{
	struct ibb	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->iqs = iqs;
	b->host = *host;
	RB_INIT(&b->streams);
	buf_init(&b->scratch, 2 * INBAND_RX_MAX);
	return b;
}

void
ibb_free(struct ibb *b)
{
	if (b == NULL)
		return;
	sync_free_graves(b);
	buf_free(&b->scratch);
	free(b);
}

static struct inband *
stream_new(struct ibb *b, const char *peer, const char *sid)
{
	struct inband	*s;
	size_t		 npeer = strlen(peer) + 1, nsid = strlen(sid) + 1;

	if ((s = calloc(1, sizeof(*s) + npeer + nsid)) == NULL)
		return NULL;
	s->ibb = b;
	s->state = ENDED;	/* not in the tree yet */
	s->peer = memcpy(s->strings, peer, npeer);
	s->sid = memcpy(s->strings + npeer, sid, nsid);
	s->sync.stream = s;
	STAILQ_INIT(&s->flights);
	STAILQ_INIT(&s->debts);
	return s;
}

static void
insert(struct inband *s, enum state state)
{
	RB_INSERT(inband_tree, &s->ibb->streams, s);
	s->state = state;
}

static void
flight_land(struct inband *s)
{
	struct flight	*f = STAILQ_FIRST(&s->flights);

	STAILQ_REMOVE_HEAD(&s->flights, next);
	s->nflights--;
	free(f);
}

static void
debt_free(struct inband *s)
{
	struct debt	*d = STAILQ_FIRST(&s->debts);

	STAILQ_REMOVE_HEAD(&s->debts, next);
	s->rx -= d->len;
	free(d->id);
	free(d);
}

static void
refuse_debts(struct inband *s, enum stanza_error err)
{
	struct debt	*d;

	for (; (d = STAILQ_FIRST(&s->debts)) != NULL; debt_free(s))
		if (d->id != NULL)
			iq_refuseto(s->ibb->iqs, s->peer, d->id, err, NULL);
}

void
inband_free(struct inband *s)
{
	if (s == NULL)
		return;
	if (s->state != ENDED)
		RB_REMOVE(inband_tree, &s->ibb->streams, s);
	if (s->ibb->hurried == s)
		s->ibb->hurried = NULL;
	forget(s);
	while (!STAILQ_EMPTY(&s->flights))
		flight_land(s);
	while (!STAILQ_EMPTY(&s->debts))
		debt_free(s);
	free(s->open_id);
	free(s->close_id);
	free(s);
}

const char *
inband_peer(const struct inband *s)
{
	return s->peer;
}

const char *
inband_sid(const struct inband *s)
{
	return s->sid;
}

void
inband_agree(struct inband *s, size_t ours, size_t theirs)
{
	s->ours = ours;
	s->theirs = theirs;
}

/* What fits the stanza that the path likes. */
static size_t
paced_block(const struct inband *s)
{
	size_t	 stanza = pace_stanza(&s->pace);
	size_t	 tags = TAGS + strlen(s->peer) + strlen(s->sid);

	return stanza < tags + BASE64_ENCODED(BLOCK_SMALL) ? BLOCK_SMALL :
	    (stanza - tags) / 4 * 3;
}

size_t
inband_block(const struct inband *s)
{
	size_t	 limit = s->ibb->limit, paced;
	size_t	 block = s->theirs > 0 ? s->theirs : s->block;

	if (s->paced && (paced = paced_block(s)) < block)
		block = paced;
	return limit > 0 && limit < block ? limit : block;
}

/*
 * Opening
 */

static int	 ask_close(struct inband *, iq_answer_fn *, int64_t);

static void
open_answered(void *arg, const struct elem *answer)
{
	struct inband		*s = arg;
	enum stanza_error	 err;

	if (answer == NULL) {
		/* It may still say yes: let it not wait for us then. */
		ask_close(s, NULL, IQ_NODEADLINE);
		inband_fail(s, INBAND_SILENT, SE_NONE, "");
		return;
	}
	err = stanza_error(answer);
	if (err == SE_RESOURCE_CONSTRAINT && s->block / 2 >= BLOCK_MIN) {
		s->block /= 2;
		if (inband_ask_open(s) == -1)
			inband_fail(s, INBAND_UNSENT, SE_NONE, "");
	} else if (err != SE_NONE && sync_mends(s, err)) {
		return;
	} else if (err != SE_NONE) {
		inband_fail(s, INBAND_REFUSED, err, stanza_errortext(answer));
	} else {
		s->hold = HOLD_NOT;
		set_state(s, OPEN);
		s->user.opened(s->arg, answer);
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
	return iq_ask(s->ibb->iqs, open_answered, s,
	    s->reopened ? IQ_NODEADLINE : s->deadline);
}

void
inband_make_sid(char *sid)
{
	unsigned char	 r[16];
	size_t		 i;

	/* Random, because whoever guesses it may speak in its name where a
	 * program checks nothing else. */
	arc4random_buf(r, sizeof(r));
	for (i = 0; i < sizeof(r); i++)
		snprintf(sid + 2 * i, 3, "%02x", r[i]);
}

struct inband *
inband_new(struct ibb *b, const char *peer, size_t block_size, int message,
    const struct inband_user *user, void *arg)
{
	return inband_new_sid(b, peer, NULL, block_size, message, user, arg);
}

struct inband *
inband_new_sid(struct ibb *b, const char *peer, const char *sid,
    size_t block_size, int message, const struct inband_user *user, void *arg)
{
	struct inband	*s;
	char		 random[INBAND_SID];

	if (sid == NULL) {
		inband_make_sid(random);
		sid = random;
	}
	if ((s = stream_new(b, peer, sid)) == NULL)
		return NULL;
	s->block = block_size;
	s->message = message;
	s->user = *user;
	s->arg = arg;
	return s;
}

int
inband_open(struct inband *s, int64_t deadline,
    void (*extra)(void *, struct xw *))
{
	s->deadline = deadline;
	s->extra = extra;
	insert(s, OPENING);
	return inband_ask_open(s);
}

/* A sid is an NMTOKEN; what is beyond ASCII is left to the parser's eyes. */
static int
good_sid(const char *sid)
{
	const unsigned char	*p = (const unsigned char *)sid;

	if (sid == NULL || *sid == '\0' || strlen(sid) > SID_MAX)
		return 0;
	for (; *p != '\0'; p++)
		if (*p <= ' ' || (*p < 0x80 && strchr("!\"#$%&'()*+,/;<=>?@"
		    "[\\]^`{|}~\x7f", *p) != NULL))
			return 0;
	return 1;
}

/* An unsigned number of nine digits at most; -1 if it is none. */
static long
number(const char *s)
{
	long	 n = 0;

	if (s == NULL || *s == '\0' || strlen(s) > 9)
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		n = n * 10 + (*s - '0');
	}
	return n;
}

struct inband *
inband_find(struct ibb *b, const char *peer, const char *sid)
{
	struct inband	 key;

	if (peer == NULL || sid == NULL)
		return NULL;
	key.peer = peer;
	key.sid = sid;
	return RB_FIND(inband_tree, &b->streams, &key);
}

static int
answer_open(struct inband *s)
{
	struct xw	*w = iq_resultto(s->ibb->iqs, s->peer, s->open_id);

	if (s->result != NULL)
		s->result(s->arg, w);
	return iq_send(s->ibb->iqs);
}

/*
 * An open that has come before, because its sender does not know whether it
 * did.  What was answered is answered again, if nothing has happened since.
 */
static int
open_again(struct inband *s, const char *id)
{
	char	*copy;

	if (s == NULL || s->open_id == NULL || !s->can_sync ||
	    s->got > 0 || s->in != HALF_OPEN || (copy = strdup(id)) == NULL)
		return 0;
	free(s->open_id);
	s->open_id = copy;
	if (s->state == OPEN)
		answer_open(s);
	return 1;
}

static void
take_open(struct ibb *b, const struct elem *iq, const struct elem *open)
{
	const char	*from = elem_attr(iq, "from");
	const char	*id = elem_attr(iq, "id");
	const char	*sid = elem_attr(open, "sid");
	const char	*kind = elem_attr(open, "stanza");
	long		 block = number(elem_attr(open, "block-size"));
	struct inband	*s;

	if (from == NULL || b->host.offer == NULL ||
	    !b->host.allowed(b->host.arg, from)) {
		iq_refuse(b->iqs, iq, SE_SERVICE_UNAVAILABLE, NULL);
		return;
	}
	if (id != NULL && open_again(inband_find(b, from, sid), id))
		return;
	if (!good_sid(sid) || block < 1 || block > INBAND_BLOCK_MAX ||
	    inband_find(b, from, sid) != NULL ||
	    (kind != NULL && strcmp(kind, "iq") != 0 &&
	    strcmp(kind, "message") != 0)) {
		iq_refuse(b->iqs, iq, SE_BAD_REQUEST, NULL);
		return;
	}
	if ((s = stream_new(b, from, sid)) == NULL ||
	    (id != NULL && (s->open_id = strdup(id)) == NULL)) {
		inband_free(s);
		iq_refuse(b->iqs, iq, SE_BUSY, NULL);
		return;
	}
	s->block = block;
	s->message = kind != NULL && strcmp(kind, "message") == 0;
	insert(s, OFFERED);
	b->host.offer(b->host.arg, s, open);
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
	if (s->state != OFFERED)	/* it was closed meanwhile */
		return -1;
	s->result = extra;
	set_state(s, OPEN);
	return answer_open(s);
}

void
inband_refuse(struct inband *s, enum stanza_error err, const char *text)
{
	if (s->state == OFFERED)
		iq_refuseto(s->ibb->iqs, s->peer, s->open_id, err, text);
	inband_free(s);
}

/*
 * Sending
 */

size_t
inband_room(const struct inband *s)
{
	if (s->state != OPEN || s->out != HALF_OPEN || s->hold != HOLD_NOT)
		return 0;
	if (s->paced)
		return pace_room(&s->pace, inband_block(s));
	return s->nflights < INBAND_WINDOW ? INBAND_WINDOW - s->nflights : 0;
}

/* Messages have no answers: the peer tells us all by answering our close.  If
 * it closes first, what it has got is to be known before we answer. */
size_t
inband_unanswered(const struct inband *s)
{
	return s->message && s->in == HALF_OPEN ? 0 : s->nflights;
}

int
inband_may_carry(const struct inband *s)
{
	return s->state == OPEN && !s->message && s->in == HALF_OPEN &&
	    s->out == HALF_OPEN;
}

/* Does another stream send a little now and then, as somebody who types? */
static int
somebody_hurries(const struct inband *s)
{
	const struct ibb	*b = s->ibb;

	return b->hurried != NULL && b->hurried != s &&
	    b->host.now() - b->hurried_at < HURRY;
}

static void
pace_flight(struct inband *s, struct flight *f)
{
	struct ibb	*b = s->ibb;
	int64_t		 now = b->host.now();

	if (s->nflights <= 2 && f->len < inband_block(s) / 2) {
		b->hurried = s;
		b->hurried_at = now;
	}
	pace_sent(&s->pace, f->len, now, &f->mark);
}

void
inband_land(struct inband *s)
{
	struct flight	*f = STAILQ_FIRST(&s->flights);
	size_t		 weight = f->weight;

	if (s->paced)
		pace_landed(&s->pace, f->len, &f->mark, s->ibb->host.now(),
		    somebody_hurries(s));
	flight_land(s);
	s->landed++;
	s->fruitless = 0;
	s->user.answered(s->arg, weight);
}

/* An answer to a block.  Peers answer in order, as blocks are processed. */
static void
block_answered(void *arg, const struct elem *answer)
{
	struct flight		*f = arg;
	struct inband		*s = f->stream;
	enum stanza_error	 err = stanza_error(answer);

	f->answered = 1;
	if (err == SE_NONE) {
		/* What has come after a block that has not is no use. */
		while (s->state == OPEN &&
		    (f = STAILQ_FIRST(&s->flights)) != NULL && f->answered)
			inband_land(s);
		return;
	}
	f->answered = 0;
	if (sync_mends(s, err))
		return;
	/* Section 2.2: the sender must close; whether anybody is there to
	 * hear it is another matter. */
	inband_abort(s, SE_ITEM_NOT_FOUND);
	if (s->user.failed != NULL)
		s->user.failed(s->arg, INBAND_UNDELIVERED, err,
		    stanza_errortext(answer));
}

/* Any answer to a ping, an error too, says that the messages before it have
 * come as far as the ping did. */
static void
ping_answered(void *arg, const struct elem *answer)
{
	struct flight	*last = arg, *f;
	struct inband	*s = last->stream;

	(void)answer;
	do {
		f = STAILQ_FIRST(&s->flights);
		if (f->ping)
			iq_forget(s->ibb->iqs, f);
		inband_land(s);
	} while (f != last && s->state == OPEN);
}

static void
write_data(struct inband *s, struct xw *w, uint16_t seq, const void *data,
    size_t len)
{
	xw_start(w, "data", NS_IBB);
	xw_attr(w, "sid", s->sid);
	xw_attrf(w, "seq", "%u", seq);
	xw_base64(w, data, len);
	xw_end(w);
}

/* Ask whether the messages up to the last have come. */
int
inband_ask_ping(struct inband *s)
{
	struct iq_table	*t = s->ibb->iqs;
	struct flight	*last = STAILQ_LAST(&s->flights, flight, next);

	if (last == NULL)
		return 0;
	last->ping = 1;
	s->since_ping = 0;
	xw_elem(iq_request(t, "get", s->peer), "ping", NS_PING, NULL);
	return iq_ask(t, ping_answered, last, IQ_NODEADLINE);
}

static int
send_message(struct inband *s, uint16_t seq, const void *data, size_t len)
{
	struct iq_table	*t = s->ibb->iqs;
	struct xw	*w = iq_stanza(t, "message", NULL, s->peer);

	/* All that some servers return of a message is its id. */
	xw_attrf(w, "id", "%s.%u", s->sid, seq);
	write_data(s, w, seq, data, len);
	/* XEP-0334: not for anybody's archive. */
	xw_elem(w, "no-store", "urn:xmpp:hints", NULL);
	if (iq_send(t) == -1)
		return -1;
	/* Nothing follows the last before the peer's close is answered. */
	if (++s->since_ping < MESSAGE_BATCH && s->in == HALF_OPEN)
		return 0;
	return inband_ask_ping(s);
}

static int
launch(struct inband *s, struct flight *f, uint16_t seq, const void *data,
    size_t len)
{
	if (s->message)
		return send_message(s, seq, data, len);
	write_data(s, iq_request(s->ibb->iqs, "set", s->peer), seq, data, len);
	/* No deadline: an answer may wait for a reader that stopped. */
	return iq_ask(s->ibb->iqs, block_answered, f, IQ_NODEADLINE);
}

int
inband_launch(struct inband *s, struct flight *f, uint64_t number)
{
	return launch(s, f, (uint16_t)number, f->data, f->len);
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
	STAILQ_INSERT_TAIL(&s->flights, f, next);
	s->nflights++;
	if (s->paced)
		pace_flight(s, f);
	/* 16 bits of the number: after 65535 comes 0. */
	if (launch(s, f, (uint16_t)s->sent, data, len) == -1) {
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
		return -1;
	}
	s->sent++;
	return 0;
}

/*
 * Receiving
 */

static void
refuse(struct ibb *b, const struct elem *stanza, enum stanza_error err)
{
	if (stanza_is(stanza, "iq"))
		iq_refuse(b->iqs, stanza, err, NULL);
}

static void
protocol_error(struct inband *s, const struct elem *stanza,
    enum inband_fault fault, enum stanza_error err)
{
	refuse(s->ibb, stanza, err);
	inband_abort(s, err);
	s->user.failed(s->arg, fault, err, "");
}

struct debt *
inband_debt(const struct elem *stanza, size_t len)
{
	const char	*id = elem_attr(stanza, "id");
	struct debt	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->len = len + sizeof(*d);
	if (stanza_is(stanza, "iq") && id != NULL) {
		d->len += strlen(id);
		if ((d->id = strdup(id)) == NULL) {
			free(d);
			return NULL;
		}
	}
	return d;
}

static int
owe(struct inband *s, const struct elem *stanza, size_t len)
{
	struct debt	*d = inband_debt(stanza, len);

	if (d == NULL)
		return -1;
	STAILQ_INSERT_TAIL(&s->debts, d, next);
	s->rx += d->len;
	return 0;
}

/* Section 2.2: after 65535 comes 0.  TCP-over-XMPP and mod_tcpproxy go on
 * counting. */
static int
right_seq(const struct inband *s, long seq)
{
	return seq == (uint16_t)s->got || (seq > 0 && (uint64_t)seq == s->got);
}

/* The largest block we take.  mod_tcpproxy heeds no size, and TCP-over-XMPP,
 * which asks for 65535, sends 65536, which is what Node.js reads at once. */
static size_t
largest(const struct inband *s)
{
	size_t	 block = s->ours > 0 ? s->ours : s->block;

	if (s->message)
		return INBAND_RX_MAX;
	return block == INBAND_BLOCK_MAX ? block + 1 : block;
}

static void
take_data(struct ibb *b, const struct elem *stanza, const struct elem *data)
{
	struct inband	*s = inband_find(b, elem_attr(stanza, "from"),
			    elem_attr(data, "sid"));
	const char	*text = elem_text(data);
	long		 seq = number(elem_attr(data, "seq"));
	unsigned char	*p;
	size_t		 len;

	if (s == NULL || s->state != OPEN || s->in != HALF_OPEN) {
		refuse(b, stanza, SE_ITEM_NOT_FOUND);
		return;
	}
	if (!right_seq(s, seq)) {
		if (seq >= 0 && seq <= UINT16_MAX &&
		    sync_repeated(s, stanza, (uint16_t)seq))
			return;
		protocol_error(s, stanza, INBAND_BAD_DATA,
		    SE_UNEXPECTED_REQUEST);
		return;
	}
	buf_truncate(&b->scratch, 0);
	if ((p = buf_reserve(&b->scratch, BASE64_DECODED(data->textlen))) ==
	    NULL || base64_decode(p, &len, text, data->textlen) == -1 ||
	    len > largest(s)) {
		protocol_error(s, stanza, INBAND_BAD_DATA, SE_BAD_REQUEST);
		return;
	}
	if (s->rx + len > INBAND_RX_MAX || owe(s, stanza, len) == -1) {
		protocol_error(s, stanza, INBAND_OVERRUN, SE_BUSY);
		return;
	}
	s->got++;
	s->user.block(s->arg, p, len);
}

void
inband_answer(struct inband *s, size_t n)
{
	struct debt	*d;

	while ((d = STAILQ_FIRST(&s->debts)) != NULL && (n > 0 || d->again)) {
		if (d->id != NULL) {
			iq_resultto(s->ibb->iqs, s->peer, d->id);
			if (iq_send(s->ibb->iqs) == -1) {
				inband_fail(s, INBAND_UNSENT, SE_NONE, "");
				return;
			}
		}
		if (!d->again) {
			s->paid++;
			n--;
		}
		debt_free(s);
	}
}

/* In messages a block may be larger than what is left then. */
int
inband_congested(const struct inband *s)
{
	return s->state != ENDED &&
	    s->rx > INBAND_RX_MAX / 4 * (s->message ? 2 : 3);
}

int
ibb_congested(struct ibb *b)
{
	struct inband	*s;

	RB_FOREACH(s, inband_tree, &b->streams)
		if (inband_congested(s))
			return 1;
	return 0;
}

/*
 * Closing
 */

/* A close that has come before. */
static int
close_again(struct inband *s, const char *id)
{
	char	*copy;

	if (!s->can_sync || id == NULL || (copy = strdup(id)) == NULL)
		return 0;
	free(s->close_id);
	s->close_id = copy;
	if (s->in == HALF_CLOSED)
		answer_close(s, 1);
	return 1;
}

static void
take_close(struct ibb *b, const struct elem *stanza, const struct elem *close)
{
	struct inband	*s = inband_find(b, elem_attr(stanza, "from"),
			    elem_attr(close, "sid"));
	const char	*id = elem_attr(stanza, "id");

	if (s == NULL && sync_close_again(b, stanza, close))
		return;
	if (s != NULL && s->in != HALF_OPEN && close_again(s, id))
		return;
	if (s == NULL || s->in != HALF_OPEN) {
		refuse(b, stanza, SE_ITEM_NOT_FOUND);
		return;
	}
	if (stanza_is(stanza, "iq") && id != NULL)
		s->close_id = strdup(id);
	set_in(s, HALF_CLOSING);
	if (s->state != OPEN) {		/* an open that is not answered */
		inband_abort(s, SE_NOT_ACCEPTABLE);
		if (s->user.failed != NULL)
			s->user.failed(s->arg, INBAND_REFUSED,
			    SE_NOT_ACCEPTABLE, "closed before it was open");
		return;
	}
	if (s->since_ping > 0 && s->hold == HOLD_NOT &&
	    inband_ask_ping(s) == -1)
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
	else
		s->user.closing(s->arg, close);
}

static void
write_receipt(struct inband *s, struct xw *w)
{
	char	 receipt[INBAND_RECEIPT];

	if (s->user.receipt != NULL && s->user.receipt(s->arg, receipt) == 0)
		xw_elem(w, "receipt", NS_XCAT, receipt);
}

static void
answer_close(struct inband *s, int words)
{
	struct xw	*w;

	if (s->close_id != NULL) {
		w = iq_resultto(s->ibb->iqs, s->peer, s->close_id);
		if (words)
			write_receipt(s, w);
		iq_send(s->ibb->iqs);
	}
	set_in(s, HALF_CLOSED);
}

static void
bury(struct inband *s)
{
	char	 receipt[INBAND_RECEIPT] = "";

	if (!s->can_sync)
		return;
	if (s->user.receipt != NULL)
		s->user.receipt(s->arg, receipt);
	sync_bury(s, receipt);
}

/* Both directions are over; answer is the peer's to our close, if any. */
static void
ended(struct inband *s, const struct elem *answer)
{
	/* Closes that crossed: the peer waits for its answer too. */
	if (s->in == HALF_CLOSING)
		answer_close(s, 1);
	set_in(s, HALF_CLOSED);
	set_out(s, HALF_CLOSED);
	bury(s);
	set_state(s, ENDED);
	forget(s);
	s->user.closed(s->arg, answer);
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
	/* A peer that closed at the same time no longer knows the stream. */
	err = stanza_error(answer);
	if (err != SE_NONE && sync_mends(s, err))
		return;
	if (err != SE_NONE && err != SE_ITEM_NOT_FOUND) {
		inband_fail(s, INBAND_UNDELIVERED, err,
		    stanza_errortext(answer));
		return;
	}
	forget(s);
	/* One that never knew it has not taken our messages either. */
	if (err == SE_NONE || (s->message && s->in != HALF_OPEN))
		while (s->state == OPEN && !STAILQ_EMPTY(&s->flights))
			inband_land(s);
	if (s->state == OPEN && s->can_sync)
		sync_settle(s);
	if (s->state == OPEN)
		ended(s, answer);
}

static int
ask_close(struct inband *s, iq_answer_fn *fn, int64_t deadline)
{
	struct xw	*w = iq_request(s->ibb->iqs, "set", s->peer);

	xw_start(w, "close", NS_IBB);
	xw_attr(w, "sid", s->sid);
	if (fn != NULL)
		write_receipt(s, w);
	return iq_ask(s->ibb->iqs, fn, s, deadline);
}

static void
close_out(struct inband *s, int64_t deadline)
{
	set_out(s, HALF_CLOSING);
	if (ask_close(s, close_answered, deadline) == -1)
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
}

int
inband_ask_close_again(struct inband *s)
{
	iq_forget(s->ibb->iqs, s);
	return ask_close(s, close_answered, IQ_NODEADLINE);
}

void
inband_close(struct inband *s, int64_t deadline)
{
	if (s->state != OPEN)
		return;
	if (s->in == HALF_CLOSING)
		answer_close(s, 1);
	if (s->in == HALF_CLOSED && s->out == HALF_OPEN)
		ended(s, NULL);
	else if (s->out == HALF_OPEN)
		close_out(s, deadline);
}

void
inband_close_back(struct inband *s, int64_t deadline)
{
	if (s->state != OPEN)
		return;
	if (s->out == HALF_OPEN)
		close_out(s, deadline);
	/* After the question: once answered, the peer forgets the stream. */
	if (s->state == OPEN && s->in == HALF_CLOSING)
		answer_close(s, 1);
}

void
inband_abort(struct inband *s, enum stanza_error err)
{
	refuse_debts(s, err);
	if (s->state == ENDED)
		return;
	if (s->state == OFFERED)
		iq_refuseto(s->ibb->iqs, s->peer, s->open_id, err, NULL);
	forget(s);
	/* Giving up has no last words. */
	if (s->in == HALF_CLOSING)
		answer_close(s, 0);
	else if (s->state != OFFERED && s->out == HALF_OPEN)
		ask_close(s, NULL, IQ_NODEADLINE);
	set_state(s, ENDED);
}

/* The stream of which a message came back.  Not all servers return what was
 * in it, but its id they do: the sid, a dot and the seq. */
static struct inband *
bounced(struct ibb *b, const struct elem *stanza, const struct elem *data)
{
	const char	*from = elem_attr(stanza, "from");
	const char	*id = elem_attr(stanza, "id"), *dot;
	char		 sid[SID_MAX + 1];

	if (data != NULL)
		return inband_find(b, from, elem_attr(data, "sid"));
	if (id == NULL || (dot = strrchr(id, '.')) == NULL ||
	    dot - id > SID_MAX)
		return NULL;
	snprintf(sid, sizeof(sid), "%.*s", (int)(dot - id), id);
	return inband_find(b, from, sid);
}

static int
take_bounce(struct ibb *b, const struct elem *stanza, const struct elem *data)
{
	struct inband	*s = bounced(b, stanza, data);

	if (s != NULL && s->state == OPEN && s->message) {
		inband_abort(s, SE_ITEM_NOT_FOUND);
		s->user.failed(s->arg, INBAND_UNDELIVERED,
		    stanza_error(stanza), stanza_errortext(stanza));
	}
	return s != NULL || data != NULL;
}

int
ibb_input(struct ibb *b, const struct elem *stanza)
{
	const struct elem	*e = elem_child(stanza, NS_IBB, NULL);
	const struct elem	*own = elem_child(stanza, NS_XCAT, NULL);
	int			 iq = stanza_is(stanza, "iq");

	if (!iq && !stanza_is(stanza, "message"))
		return 0;
	/* Errors may echo what they refuse: the type comes first. */
	if (stanza_type(stanza, "error"))
		return !iq && take_bounce(b, stanza, e);
	if (iq && stanza_type(stanza, "set") && own != NULL)
		return sync_input(b, stanza, own);
	if (e == NULL || (iq && stanza_type(stanza, "result")))
		return 0;
	if (iq && !stanza_type(stanza, "set"))
		refuse(b, stanza, SE_BAD_REQUEST);
	else if (elem_is(e, NS_IBB, "open") && iq)
		take_open(b, stanza, e);
	else if (elem_is(e, NS_IBB, "data"))
		take_data(b, stanza, e);
	else if (elem_is(e, NS_IBB, "close"))
		take_close(b, stanza, e);
	else
		refuse(b, stanza, SE_BAD_REQUEST);
	return 1;
}
