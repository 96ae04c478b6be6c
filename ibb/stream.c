#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/budget.h"
#include "ibb/carrier.h"
#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "ibb/stream_strerror.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

struct stream {
	struct carrier		*carrier;
	enum stream_state	 state;
	struct stream_conf	 conf;
	int			 calling;
	struct e2e		*e2e;		/* NULL: a plain stream */
	struct buf		 flight;	/* our first one, if called */
	int			 finished;	/* no more from our end */
	int			 finish_sent;	/* close_notify is made */
	int			 closing;	/* we have asked for it, too */
	int			 peer_closing;	/* <close/> has come */
	int			 xcat;		/* a caller that is one */
	int			 held;		/* nothing is at our end yet */
	int			 stuck;		/* when last looked at, ... */
	uint64_t		 stuck_at;	/* ... with so much confirmed */
	char			 receipt[E2E_RECEIPT];	/* the peer's */
	struct buf		 rx;		/* received, not consumed */
	uint64_t		 sent, confirmed, received, consumed;
	struct charge		 charge;	/* for what all this takes */
	enum stream_fault	 fault;
	enum stanza_error	 refusal;
	char			 why[512];
	void			(*notify)(void *);
	void			*arg;
};

static const char *const use_names[] = { NULL, "file", "input" };

static int
over(const struct stream *s)
{
	return s->state == STREAM_CLOSED || s->state == STREAM_FAILED;
}

static void
changed(struct stream *s)
{
	s->notify(s->arg);
}

static void
fail(struct stream *s, enum stream_fault fault, const char *why)
{
	if (over(s))
		return;
	s->state = STREAM_FAILED;
	s->fault = fault;
	snprintf(s->why, sizeof(s->why), "%s", why);
	changed(s);
}

/* Fail, telling the peer. */
static void
give_up(struct stream *s, enum stream_fault fault, enum stanza_error err,
    const char *why)
{
	carrier_abort(s->carrier, err);
	fail(s, fault, why);
}

/*
 * Memory
 */

#define STREAM_COST	(8 * 1024)	/* bytes: a stream with nothing in it */
#define SESSION_COST	(40 * 1024)	/* and what OpenSSL has for a session */
#define SOCKET_COST	(17 * 1024)	/* and for half a record of a socket */
#define SPARE		(16 * 1024)	/* of storage that may be kept empty */

static size_t
fixed(const struct stream *s)
{
	if (s->e2e == NULL)
		return STREAM_COST;
	return STREAM_COST + SESSION_COST + (carrier_has_socket(s->carrier) ?
	    SOCKET_COST : 0);
}

/* All that it keeps now, charged; storage that is empty goes if others need
 * it. */
static void
account(struct stream *s)
{
	struct buf	*out = carrier_out(s->carrier);
	size_t		 held = carrier_held(s->carrier);

	if (charge_is_tight(&s->charge)) {
		if (buf_len(&s->rx) == 0 && buf_storage(&s->rx) > SPARE)
			buf_free(&s->rx);
		if (buf_len(out) == 0 && buf_storage(out) > SPARE)
			buf_free(out);
	}
	if (held < buf_storage(&s->rx))
		held = buf_storage(&s->rx);
	charge_set(&s->charge, fixed(s), held + buf_storage(out) +
	    carrier_flying(s->carrier));
}

static size_t
on_room(void *arg, int all)
{
	struct stream	*s = arg;

	return all ? charge_rest(&s->charge) : charge_left(&s->charge);
}

/*
 * The session
 */

static const char *
session_error(const struct stream *s)
{
	const char	*why = e2e_error(s->e2e);

	return *why != '\0' ? why : "its <session/> holds no base64";
}

static void
session_broken(struct stream *s)
{
	int	 judged = e2e_judged(s->e2e);

	carrier_push(s->carrier, 0);	/* the alert */
	if (e2e_starved(s->e2e)) {
		give_up(s, STREAM_INTERNAL, SE_BUSY, session_error(s));
		return;
	}
	give_up(s, judged || e2e_unwanted(s->e2e) ? STREAM_REFUSED :
	    STREAM_BROKEN, judged ? SE_NOT_AUTHORIZED : SE_BAD_REQUEST,
	    session_error(s));
}

/* Bytes from the carrier to payload. */
static int
decrypt(struct stream *s, const void *data, size_t len)
{
	size_t	 before = buf_len(&s->rx);

	if (e2e_input(s->e2e, data, len, &s->rx) == -1) {
		s->received += buf_len(&s->rx) - before;
		session_broken(s);
		return -1;
	}
	s->received += buf_len(&s->rx) - before;
	if (s->state == STREAM_OPENING && e2e_established(s->e2e))
		s->state = STREAM_OPEN;
	carrier_push(s->carrier, 0);
	return 0;
}

/*
 * The end
 */

/* Has the peer said that it has no more, or can it say no more? */
static int
peer_finished(const struct stream *s)
{
	return s->e2e != NULL ? e2e_ended(s->e2e) : s->peer_closing;
}

static void
make_finish(struct stream *s)
{
	if (s->e2e == NULL || s->finish_sent || !s->finished ||
	    s->state != STREAM_OPEN || !carrier_ready(s->carrier))
		return;
	s->finish_sent = 1;
	if (e2e_finish(s->e2e) == -1)
		session_broken(s);
	else
		carrier_push(s->carrier, 0);
}

/* Is it for us to close, and is it time? */
static int
may_close(struct stream *s)
{
	if (!s->finished)
		return 0;
	if (s->conf.close_at_end || (s->e2e == NULL && s->conf.close_plain))
		return 1;
	/* With a session both ends are heard of; the caller closes. */
	return s->e2e != NULL && s->calling && e2e_ended(s->e2e) &&
	    buf_len(&s->rx) == 0;
}

/* Has the peer proved that it has received all we sent? */
static int
proven(const struct stream *s)
{
	return s->e2e == NULL || e2e_verify(s->e2e, !s->calling, s->sent,
	    s->receipt);
}

static int64_t
close_deadline(const struct stream *s)
{
	return s->conf.close_deadline != NULL ? s->conf.close_deadline() :
	    s->conf.deadline();
}

static void
ask_close(struct stream *s)
{
	s->closing = 1;
	carrier_close(s->carrier, close_deadline(s));
}

/* The peer asked first.  Blocks of ours that crossed its <close/> are not in
 * its receipt: then we need a later one. */
static void
answer_close(struct stream *s)
{
	if (s->closing || proven(s)) {
		carrier_close(s->carrier, close_deadline(s));
		return;
	}
	s->closing = 1;
	carrier_close_back(s->carrier, close_deadline(s));
}

/* Close when both directions have said and heard all they will. */
static void
close_if_done(struct stream *s)
{
	if (s->state != STREAM_OPEN)
		return;
	if (buf_len(&s->rx) == 0 && (peer_finished(s) || s->peer_closing))
		carrier_report(s->carrier);
	if (s->peer_closing && !s->closing && !peer_finished(s)) {
		give_up(s, STREAM_HUNG_UP, SE_BAD_REQUEST, "the peer hung up "
		    "before the end of its data; try again");
		return;
	}
	if (s->held)
		return;
	make_finish(s);
	if (s->state != STREAM_OPEN || !carrier_idle(s->carrier))
		return;
	if (s->peer_closing) {
		if (buf_len(&s->rx) == 0)
			answer_close(s);
	} else if (may_close(s)) {
		ask_close(s);
	}
}

/* The peer's proof of what it has received, from its <close/> or from its
 * answer to ours; when the two crossed, the later one is for more. */
static void
take_receipt(struct stream *s, const struct elem *e)
{
	const struct elem	*r = elem_child(e, NS_XCAT, "receipt");

	if (r != NULL)
		strlcpy(s->receipt, elem_text(r), sizeof(s->receipt));
}

_Static_assert(INBAND_RECEIPT >= E2E_RECEIPT, "a receipt fits");

static int
on_receipt(void *arg, char *out)
{
	struct stream	*s = arg;

	return s->e2e == NULL ? -1 : e2e_receipt(s->e2e, s->calling,
	    s->consumed, out);
}

/* An xcat that gives up since its local end failed says so, as it does in its
 * answers to blocks: 1 if it has. */
static int
take_reason(struct stream *s, const struct elem *close)
{
	enum stanza_error	 err;
	char			 why[sizeof(s->why)];

	err = stanza_condition(elem_child(close, NS_XCAT, "reason"));
	if (err != SE_INTERNAL_SERVER_ERROR || s->state != STREAM_OPEN)
		return 0;
	give_up(s, STREAM_BROKEN, err,
	    stream_strerror_inband(0, INBAND_UNDELIVERED, err, "", why,
	    sizeof(why)));
	return 1;
}

/* A listener that had to accept before it could know has refused after all. */
static int
turned_away(struct stream *s, const struct elem *e)
{
	const struct elem	*r = elem_child(e, NS_XCAT, "refused");
	char			 why[sizeof(s->why)];

	if (r == NULL || !s->calling || s->received > 0 || s->confirmed > 0)
		return 0;
	s->refusal = stanza_condition(elem_child(r, NULL, "error"));
	give_up(s, STREAM_REFUSED, SE_NOT_ACCEPTABLE, stream_strerror_inband(0,
	    INBAND_REFUSED, s->refusal, stanza_errortext(r), why,
	    sizeof(why)));
	return 1;
}

static void
on_closing(void *arg, const struct elem *close)
{
	struct stream	*s = arg;

	s->peer_closing = 1;
	if (turned_away(s, close))
		return;
	take_receipt(s, close);
	if (take_reason(s, close))
		return;
	if (s->state == STREAM_OPENING)
		give_up(s, STREAM_REFUSED, SE_NOT_ACCEPTABLE, "it closed the "
		    "stream before the session stood");
	/* A peer that gives up gives no receipt, and waits for nothing. */
	else if (s->e2e != NULL && s->receipt[0] == '\0' &&
	    peer_finished(s))
		give_up(s, STREAM_HUNG_UP, SE_BAD_REQUEST, "the peer hung up "
		    "without a receipt for everything; try again");
	close_if_done(s);
	changed(s);
}

static void
on_closed(void *arg, const struct elem *answer)
{
	struct stream	*s = arg;

	if (over(s) || turned_away(s, answer))
		return;
	take_receipt(s, answer);
	if (s->confirmed < s->sent)
		fail(s, STREAM_BROKEN, "the peer closed before it had taken "
		    "everything");
	else if (!proven(s) && e2e_starved(s->e2e))
		fail(s, STREAM_INTERNAL, session_error(s));
	else if (!proven(s))
		fail(s, STREAM_BROKEN, "it ended without the peer's receipt "
		    "for everything");
	else {
		s->peer_closing = 1;
		s->state = STREAM_CLOSED;
	}
	changed(s);
}

static void
on_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	struct stream	*s = arg;
	char		 why[sizeof(s->why)];

	s->refusal = err;
	fail(s, stream_strerror_fault(fault, err),
	    stream_strerror_inband(why_far(iq_jid(s->conf.iqs),
	    carrier_peer(s->carrier)),
	    fault, err, text, why, sizeof(why)));
}

/*
 * What comes
 */

static int
take_block(struct stream *s, const void *data, size_t len)
{
	if (s->e2e != NULL)
		return decrypt(s, data, len);
	if (buf_add(&s->rx, data, len) == -1) {
		give_up(s, STREAM_INTERNAL, SE_BUSY, "out of memory");
		return -1;
	}
	s->received += len;
	return 0;
}

static void
on_block(void *arg, const void *data, size_t len)
{
	struct stream	*s = arg;

	buf_free(&s->flight);	/* it has come */
	if (take_block(s, data, len) == 0) {
		if (carrier_received(s->carrier, s->received) == -1) {
			give_up(s, STREAM_INTERNAL, SE_BUSY, "out of memory");
			return;
		}
		close_if_done(s);
	}
	account(s);
	changed(s);
}

static void
on_answered(void *arg, size_t weight)
{
	struct stream	*s = arg;

	s->confirmed += weight;
	account(s);
	close_if_done(s);
	changed(s);
}

/*
 * Opening
 */

/* Who speaks to whom about what: the same words at both ends. */
static struct e2e *
session_new(struct stream *s, const char *host, const char *port, int file)
{
	const char	*us = iq_jid(s->conf.iqs);
	const char	*peer = carrier_peer(s->carrier);
	const char	*about[6];

	about[0] = carrier_sid(s->carrier);
	about[1] = s->calling ? us : peer;
	about[2] = s->calling ? peer : us;
	about[3] = host != NULL ? host : "";
	about[4] = port != NULL ? port : "";
	about[5] = "file";
	return e2e_new(s->conf.tls, s->calling, about, file ? 6 : 5,
	    s->conf.judge, s->arg);
}

static void
write_child(const struct stream *s, struct xw *w, const void *p, size_t len)
{
	xw_start(w, p != NULL ? "session" : "plain", NS_XCAT);
	if (s->conf.most > 0)
		xw_attrf(w, "block-size", "%zu", s->conf.most);
	xw_attr(w, "for", use_names[s->conf.use]);
	xw_base64(w, p, len);
	xw_end(w);
}

/* The one child by which xcats know each other. */
static void
write_session(void *arg, struct xw *w)
{
	struct stream		*s = arg;
	const struct buf	*out;

	if (s->e2e == NULL) {
		write_child(s, w, NULL, 0);
		return;
	}
	out = e2e_output(s->e2e);
	write_child(s, w, buf_data(out), buf_len(out));
}

/* The same in the answer, which may have to be given again. */
static void
write_answer(void *arg, struct xw *w)
{
	struct stream	*s = arg;

	if (s->e2e == NULL)
		write_session(arg, w);
	else
		write_child(s, w, buf_data(&s->flight), buf_len(&s->flight));
}

/* The attributes of Prosody's mod_tcpproxy name it. */
void
stream_write_service(const struct stream *s, struct xw *w)
{
	if (carrier_is_alone(s->carrier) && s->conf.use != STREAM_FOR_ANY) {
		xw_attr(w, "xmlns:xcat", NS_XCAT);
		xw_attr(w, "xcat:for", use_names[s->conf.use]);
	}
	if (s->conf.host == NULL)
		return;
	xw_attr(w, "xmlns:tcp", NS_TCPPROXY);
	xw_attr(w, "tcp:host", s->conf.host);
	xw_attr(w, "tcp:port", s->conf.port);
}

static void
write_open(void *arg, struct xw *w)
{
	struct stream	*s = arg;

	stream_write_service(s, w);
	write_session(arg, w);
}

/* Our first flight has gone, in a <session/>. */
static void
flight_sent(struct stream *s)
{
	buf_truncate(e2e_output(s->e2e), 0);
}

static int
keep_flight(struct stream *s)
{
	const struct buf	*out = e2e_output(s->e2e);

	if (buf_add(&s->flight, buf_data(out), buf_len(out)) == -1)
		return -1;
	flight_sent(s);
	return 0;
}

/* The first flight out of a <session/>.  0, or -1 if it is none. */
static int
take_flight(struct stream *s, const struct elem *e)
{
	unsigned char	*p;
	size_t		 len;
	int		 r = -1;

	if ((p = malloc(BASE64_DECODED(e->textlen) + 1)) == NULL)
		return -1;
	if (base64_decode(p, &len, elem_text(e), e->textlen) == 0)
		r = e2e_input(s->e2e, p, len, &s->rx);
	s->received = buf_len(&s->rx);
	carrier_set_out(s->carrier, e2e_output(s->e2e));
	free(p);
	return r;
}

/* The largest block that an xcat says to take; 0 if we do not care. */
static size_t
most_taken(const struct stream *s, const struct elem *child)
{
	const char	*size = elem_attr(child, "block-size"), *err;

	return size == NULL || s->conf.most == 0 ? 0 :
	    (size_t)strtonum(size, 1, INBAND_BLOCK_MAX, &err);
}

static void
on_opened(void *arg, const struct elem *result)
{
	struct stream		*s = arg;
	const struct elem	*e = elem_child(result, NS_XCAT, "session");
	const struct elem	*child;

	if ((child = elem_child(result, NS_XCAT, NULL)) != NULL) {
		carrier_can_sync(s->carrier);
		carrier_agree(s->carrier, s->conf.most, most_taken(s, child));
	}
	if (e != NULL && s->e2e != NULL) {
		flight_sent(s);
		if (take_flight(s, e) == -1)
			session_broken(s);
		else
			decrypt(s, NULL, 0);
	} else if (s->conf.require) {
		give_up(s, STREAM_REFUSED, SE_NOT_ACCEPTABLE, "it does not "
		    "encrypt end to end, which must be (-o e2e=require, or "
		    "its key is known)");
	} else {
		carrier_set_out(s->carrier, NULL);
		e2e_free(s->e2e);
		s->e2e = NULL;
		s->state = STREAM_OPEN;
	}
	close_if_done(s);
	changed(s);
}

static const struct inband_user carried = {
	.opened = on_opened,
	.block = on_block,
	.answered = on_answered,
	.closing = on_closing,
	.closed = on_closed,
	.receipt = on_receipt,
	.room = on_room,
	.failed = on_failed,
};

/*
 * Life and death
 */

static struct stream *
stream_new(const struct stream_conf *conf, void (*notify)(void *), void *arg)
{
	struct stream	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->conf = *conf;
	s->notify = notify;
	s->arg = arg;
	/* A block more: what the session holds back can come at once. */
	buf_init(&s->rx, INBAND_RX_MAX + INBAND_BLOCK_MAX + E2E_RECORD);
	buf_init(&s->flight, 2 * INBAND_BLOCK_MAX);
	return s;
}

struct stream *
stream_call(struct ibb *b, const char *peer, const struct stream_conf *conf,
    void (*notify)(void *), void *arg)
{
	struct stream	*s;

	if ((s = stream_new(conf, notify, arg)) == NULL)
		return NULL;
	s->calling = 1;
	s->state = STREAM_OPENING;
	s->carrier = carrier_new_sid(b, conf->iqs, peer, conf->sid, conf->block,
	    conf->message, &carried, s);
	s->conf.sid = NULL;
	if (s->carrier == NULL)
		goto fail;
	carrier_agree(s->carrier, conf->most, 0);
	if (conf->tls != NULL) {
		s->e2e = session_new(s, conf->host, conf->port,
		    conf->use == STREAM_FOR_FILE);
		if (s->e2e == NULL ||
		    e2e_input(s->e2e, NULL, 0, &s->rx) == -1)
			goto fail;
	}
	if (charge_begin(&s->charge, conf->budget, peer) == -1 ||
	    carrier_open(s->carrier, conf->deadline(), write_open) == -1)
		goto fail;
	account(s);
	return s;
fail:
	stream_free(s);
	return NULL;
}

const char *
stream_host(const struct elem *open)
{
	return elem_attrns(open, NS_TCPPROXY, "host");
}

const char *
stream_port(const struct elem *open)
{
	return elem_attrns(open, NS_TCPPROXY, "port");
}

enum stream_use
stream_use(const struct elem *open)
{
	const struct elem	*child = elem_child(open, NS_XCAT, NULL);
	const char		*what;

	what = child != NULL ? elem_attr(child, "for") :
	    elem_attrns(open, NS_XCAT, "for");
	if (what == NULL)
		return STREAM_FOR_ANY;
	if (strcmp(what, "file") == 0)
		return STREAM_FOR_FILE;
	return strcmp(what, "input") == 0 ? STREAM_FOR_INPUT : STREAM_FOR_ANY;
}

int
stream_offers_session(const struct elem *open)
{
	return elem_child(open, NS_XCAT, "session") != NULL;
}

/* What can be said about an offer before it is taken. */
static enum stanza_error
objection(const struct inband *offer, const struct elem *session,
    const struct stream_conf *conf, const char **text)
{
	*text = NULL;
	if (inband_block(offer) > conf->block)
		return SE_RESOURCE_CONSTRAINT;
	if (session == NULL && conf->require) {
		*text = "end-to-end encryption is required";
		return SE_NOT_ACCEPTABLE;
	}
	return SE_NONE;
}

struct stream *
stream_offered(struct inband *offer, const struct elem *open,
    const struct stream_conf *conf, void (*notify)(void *), void *arg)
{
	const struct elem	*session = NULL, *child;
	enum stanza_error	 err;
	struct stream		*s;
	const char		*text;

	if (conf->tls != NULL)
		session = elem_child(open, NS_XCAT, "session");
	if ((err = objection(offer, session, conf, &text)) != SE_NONE) {
		inband_refuse(offer, err, text);
		return NULL;
	}
	if ((s = stream_new(conf, notify, arg)) == NULL ||
	    charge_begin(&s->charge, conf->budget, inband_peer(offer)) == -1 ||
	    (s->carrier = carrier_offered(offer, conf->iqs, &carried, s)) ==
	    NULL) {
		stream_free(s);
		inband_refuse(offer, SE_BUSY, NULL);
		return NULL;
	}
	s->state = STREAM_OFFERED;
	child = elem_child(open, NS_XCAT, NULL);
	inband_agree(offer, conf->most, most_taken(s, child));
	if (child != NULL) {
		inband_can_sync(offer);
		s->xcat = 1;
	}
	account(s);
	if (session == NULL)
		return s;
	s->e2e = session_new(s, stream_host(open), stream_port(open),
	    stream_use(open) == STREAM_FOR_FILE);
	if (s->e2e == NULL || take_flight(s, session) == -1) {
		stream_refuse(s, SE_BAD_REQUEST, s->e2e != NULL ?
		    session_error(s) : NULL);
		return NULL;
	}
	account(s);
	return s;
}

struct stream *
stream_alone(const char *peer, const char *sid, int calling,
    const struct stream_conf *conf, void (*notify)(void *), void *arg)
{
	struct stream	*s;

	if ((s = stream_new(conf, notify, arg)) == NULL)
		return NULL;
	s->calling = calling;
	s->state = calling ? STREAM_OPENING : STREAM_OFFERED;
	s->carrier = carrier_alone(peer, sid, &carried, s);
	if (s->carrier == NULL ||
	    charge_begin(&s->charge, conf->budget, peer) == -1) {
		stream_free(s);
		return NULL;
	}
	account(s);
	return s;
}

int
stream_accept(struct stream *s)
{
	if (s->state != STREAM_OFFERED)
		return -1;
	/* One over a socket alone has yet to get it. */
	s->state = s->e2e != NULL || carrier_is_alone(s->carrier) ?
	    STREAM_OPENING : STREAM_OPEN;
	if ((s->e2e != NULL && keep_flight(s) == -1) ||
	    carrier_accept(s->carrier, s->xcat ? write_answer : NULL) == -1) {
		fail(s, STREAM_INTERNAL, "cannot answer");
		return -1;
	}
	return 0;
}

void
stream_refuse(struct stream *s, enum stanza_error err, const char *text)
{
	if (s->state == STREAM_OFFERED)
		carrier_refuse(s->carrier, err, text);
	else if (!over(s))
		carrier_turn_away(s->carrier, err, text);
	s->state = STREAM_FAILED;
	stream_free(s);
}

int
stream_lost_session(const struct stream *s)
{
	return s->e2e == NULL && s->conf.tls != NULL &&
	    !carrier_is_alone(s->carrier) && (s->calling || s->xcat);
}

int
stream_shakes(const struct stream *s)
{
	return s->e2e != NULL && !e2e_established(s->e2e) && !over(s);
}

void
stream_hold(struct stream *s, int hold)
{
	s->held = hold;
	if (!hold)
		close_if_done(s);
	changed(s);
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	if (s->carrier != NULL)
		carrier_abort(s->carrier, SE_ITEM_NOT_FOUND);
	carrier_free(s->carrier);
	charge_end(&s->charge);
	e2e_free(s->e2e);
	buf_free(&s->flight);
	buf_free(&s->rx);
	free(s);
}

const char *
stream_peer(const struct stream *s)
{
	return carrier_peer(s->carrier);
}

const char *
stream_sid(const struct stream *s)
{
	return carrier_sid(s->carrier);
}

size_t
stream_block(const struct stream *s)
{
	return carrier_block(s->carrier);
}

const char *
stream_key(const struct stream *s)
{
	return s->e2e != NULL && e2e_established(s->e2e) ?
	    e2e_peer(s->e2e) : NULL;
}

enum stream_state
stream_state(const struct stream *s)
{
	return s->state;
}

enum stream_fault
stream_fault(const struct stream *s)
{
	return s->fault;
}

const char *
stream_why(const struct stream *s)
{
	return s->why;
}

enum stanza_error
stream_refusal(const struct stream *s)
{
	return s->refusal;
}

/*
 * Bytes out
 */

#define SMALL	512	/* blocks under this have records across them */

static int
small_blocks(const struct stream *s)
{
	return s->e2e != NULL && carrier_block(s->carrier) < SMALL;
}

/* The payload that fits a block: what is left of it by the headers of the
 * records in it. */
static size_t
payload(const struct stream *s)
{
	size_t	 block = carrier_block(s->carrier), records;

	if (s->e2e == NULL)
		return block;
	if (small_blocks(s))
		return SMALL;
	records = (block + E2E_RECORD + E2E_OVERHEAD - 1) /
	    (E2E_RECORD + E2E_OVERHEAD);
	return block - records * E2E_OVERHEAD;
}

size_t
stream_room(struct stream *s)
{
	size_t	 blocks = carrier_room_blocks(s->carrier);

	if (s->state != STREAM_OPEN || s->finished || s->peer_closing)
		return 0;
	/* A record that takes many blocks goes out alone. */
	if (small_blocks(s) && blocks > 1)
		blocks = 1;
	return blocks > 0 ? blocks * payload(s) :
	    carrier_room_bytes(s->carrier);
}

static int
write_block(struct stream *s, const void *data, size_t len)
{
	s->sent += len;
	if (s->e2e == NULL) {
		if (buf_add(carrier_out(s->carrier), data, len) == -1) {
			give_up(s, STREAM_INTERNAL, SE_BUSY, "out of memory");
			return -1;
		}
	} else if (e2e_write(s->e2e, data, len) == -1) {
		session_broken(s);
		return -1;
	}
	carrier_push(s->carrier, len);
	return s->state == STREAM_FAILED ? -1 : 0;
}

int
stream_write(struct stream *s, const void *data, size_t len)
{
	const unsigned char	*p = data;
	size_t			 most = payload(s), n;

	if (carrier_way(s->carrier) == CARRIER_SOCKET)
		most = len;
	for (; len > 0; p += n, len -= n) {
		n = len < most ? len : most;
		if (write_block(s, p, n) == -1)
			return -1;
	}
	account(s);
	return 0;
}

void
stream_finish(struct stream *s)
{
	s->finished = 1;
	close_if_done(s);
}

void
stream_close_at_end(struct stream *s)
{
	s->conf.close_at_end = 1;
	close_if_done(s);
}

/*
 * Bytes in
 */

const unsigned char *
stream_data(const struct stream *s, size_t *len)
{
	*len = buf_len(&s->rx);
	return buf_data(&s->rx);
}

void
stream_consume(struct stream *s, size_t len)
{
	buf_drain(&s->rx, len);
	s->consumed += len;
	carrier_consumed(s->carrier, s->consumed);
	account(s);
	close_if_done(s);
}

int
stream_eof(const struct stream *s)
{
	return (peer_finished(s) || over(s)) && buf_len(&s->rx) == 0;
}

int
stream_heard_end(const struct stream *s)
{
	return s->e2e != NULL && e2e_ended(s->e2e);
}

struct carrier *
stream_carrier(const struct stream *s)
{
	return s->carrier;
}

int
stream_socket_wanted(const struct stream *s)
{
	if (carrier_is_alone(s->carrier))
		return s->state == STREAM_OPENING;
	/* Never in the plain. */
	return s->state == STREAM_OPEN && s->e2e != NULL &&
	    carrier_socket_wanted(s->carrier);
}

/* Behind our end there is nothing more to encrypt. */
static int
pad(void *arg)
{
	static const unsigned char	 zeros[E2E_PAD];
	struct stream			*s = arg;

	if (s->finish_sent)
		return buf_add(e2e_output(s->e2e), zeros, sizeof(zeros)) ==
		    0 ? 1 : -1;
	return e2e_pad(s->e2e);
}

int
stream_socket(struct stream *s, unsigned number, int ready, int relayed)
{
	if (!stream_socket_wanted(s) ||
	    carrier_set_socket(s->carrier, number, ready) == -1)
		return -1;
	if (s->e2e != NULL) {
		e2e_ignore_rest(s->e2e);
		if (relayed)
			carrier_socket_pad(s->carrier, pad);
	}
	s->state = STREAM_OPEN;
	changed(s);
	return 0;
}

#define WIRE_READ	(64 * 1024)	/* at a time */
#define WIRE_LEAST	E2E_RECORD	/* or so, if memory is short */
#define WIRE_HELD	(512 * 1024)	/* not consumed: enough for now */

/* With little memory it is an eighth of what there is, as each of many streams
 * wants some. */
size_t
stream_socket_room(const struct stream *s)
{
	size_t	 len = buf_len(&s->rx), most = charge_left(&s->charge) / 8;

	if (over(s) || len >= WIRE_HELD || (len > 0 && len >= most))
		return 0;
	return most >= WIRE_READ ? WIRE_READ :
	    most < WIRE_LEAST ? WIRE_LEAST : most;
}

void
stream_abort(struct stream *s, enum stanza_error err)
{
	if (over(s))
		return;
	carrier_abort(s->carrier, err);
	s->state = STREAM_CLOSED;
}

void
stream_ping(struct stream *s)
{
	/* Blocks that a dying session has swallowed are never answered. */
	if (s->state == STREAM_OPEN && !carrier_syncs(s->carrier) &&
	    s->peer_closing && !carrier_idle(s->carrier)) {
		if (s->stuck && s->confirmed == s->stuck_at)
			give_up(s, STREAM_BROKEN, SE_REMOTE_SERVER_TIMEOUT,
			    "the peer closed before it had taken "
			    "everything; try again");
		s->stuck = 1;
		s->stuck_at = s->confirmed;
		return;
	}
	if (!over(s))
		carrier_sync(s->carrier);
}

int
stream_mends(const struct stream *s)
{
	return carrier_syncs(s->carrier);
}

int
stream_waits(const struct stream *s)
{
	return carrier_waits(s->carrier);
}

int
stream_away(const struct stream *s)
{
	return carrier_away(s->carrier);
}

void
stream_refused(struct stream *s, enum stanza_error err, const char *why)
{
	s->refusal = err;
	fail(s, STREAM_REFUSED, why);
}

void
stream_starve(struct stream *s)
{
	if (!over(s))
		give_up(s, STREAM_INTERNAL, SE_BUSY, "out of memory");
}

void
stream_break(struct stream *s, const char *why)
{
	if (!over(s))
		give_up(s, STREAM_BROKEN, SE_REMOTE_SERVER_TIMEOUT, why);
}

uint64_t
stream_sent(const struct stream *s)
{
	return s->sent;
}

uint64_t
stream_confirmed(const struct stream *s)
{
	return s->confirmed;
}

uint64_t
stream_received(const struct stream *s)
{
	return s->received;
}
