/*
 * stream_open: how a stream begins: what <open/> and its answer say, the
 * first flights of the session in them, acceptance and refusal.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/stream_int.h"
#include "ibb/stream_strerror.h"
#include "ibb/warm.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/chunks.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/write.h"

#define HELLO_MOST	16384	/* bytes of a ClientHello: one record */

static const char *const leaves_names[] = { NULL, "true", "new" };
static const char *const use_names[] = {
	NULL, "file", "input", "probe", "datagrams", "remote", "connection"
};

#define USES		(sizeof(use_names) / sizeof(use_names[0]))

/*
 * What is written
 */

static void
stream_write_child(const struct stream *s, struct xw *w, const void *p,
    size_t len)
{
	xw_start(w, p != NULL ? "session" : "plain", NS_XCAT);
	if (s->conf.most > 0)
		xw_attrf(w, "block-size", "%zu", s->conf.most);
	xw_attr(w, "for", use_names[s->conf.use]);
	xw_attr(w, "again", leaves_names[s->leaves]);
	xw_base64(w, p, len);
	xw_end(w);
}

/* Write the child of <open/>, or of its answer, by which xcats know each other.
 * It may have to be given again. */
static void
stream_write_session(void *arg, struct xw *w)
{
	unsigned char	 room[HELLO_MOST];
	struct stream	*s = arg;
	struct chunks	*out;
	size_t		 len;

	if (s->e2e == NULL) {
		stream_write_child(s, w, NULL, 0);
		return;
	}
	if (buf_len(&s->flight) > 0) {
		stream_write_child(s, w, buf_data(&s->flight),
		    buf_len(&s->flight));
		return;
	}
	out = e2e_output(s->e2e);
	len = chunks_len(out) < sizeof(room) ? chunks_len(out) : sizeof(room);
	stream_write_child(s, w, chunks_front(out, len, room), len);
}

/* What a caller asks for, as mod_tcpproxy names it. */
static void
stream_write_target(const struct stream *s, struct xw *w)
{
	if (s->conf.host == NULL)
		return;
	xw_attr(w, "xmlns:tcp", NS_TCPPROXY);
	xw_attr(w, "tcp:host", s->conf.host);
	xw_attr(w, "tcp:port", s->conf.port);
}

void
stream_write_service(const struct stream *s, struct xw *w)
{
	if (s->conf.use != STREAM_FOR_ANY) {
		xw_attr(w, "xmlns:xcat", NS_XCAT);
		xw_attr(w, "xcat:for", use_names[s->conf.use]);
	}
	stream_write_target(s, w);
}

static void
stream_write_open(void *arg, struct xw *w)
{
	struct stream	*s = arg;

	stream_write_target(s, w);
	stream_write_session(arg, w);
}

/*
 * What is read
 */

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
	size_t			 i;

	what = child != NULL ? elem_attr(child, "for") :
	    elem_attrns(open, NS_XCAT, "for");
	for (i = 1; what != NULL && i < USES; i++)
		if (strcmp(what, use_names[i]) == 0)
			return (enum stream_use)i;
	return STREAM_FOR_ANY;
}

int
stream_is_probe(const struct stream *s)
{
	return s->probe;
}

int
stream_offers_session(const struct elem *open)
{
	return elem_child(open, NS_XCAT, "session") != NULL;
}

/* Bytes of the largest block that an xcat says it takes; 0 if it or we name
 * none. */
static size_t
stream_most_taken(const struct stream *s, const struct elem *child)
{
	uint64_t	 size;

	return s->conf.most > 0 && elem_number(child, "block-size", 1,
	    INBAND_BLOCK_MAX, &size) == 0 ? (size_t)size : 0;
}

/*
 * The session
 */

/* A session, bound to the sid, the caller, the listener and the service, for
 * which both ends have equal strings, and to what it is for, if that changes
 * what becomes of its bytes. */
static struct e2e *
stream_bound_session(const struct stream_conf *conf, int calling,
    const char *peer, const char *sid, const char *host, const char *port,
    enum stream_use use, void *arg)
{
	int		 bound = use != STREAM_FOR_ANY &&
			    use != STREAM_FOR_INPUT;
	const char	*us = iq_jid(conf->iqs);
	const char	*about[6];
	struct e2e	*e;

	about[0] = sid;
	about[1] = calling ? us : peer;
	about[2] = calling ? peer : us;
	about[3] = host != NULL ? host : "";
	about[4] = port != NULL ? port : "";
	about[5] = use_names[use];
	e = e2e_new(conf->tls, calling, about, bound ? 6 : 5, conf->judge,
	    arg);
	if (e == NULL || conf->secret == NULL || e2e_set_secret(e,
	    conf->secret, calling || conf->secret_only) == 0)
		return e;
	e2e_free(e);
	return NULL;
}

static struct e2e *
stream_session_new(struct stream *s, const char *host, const char *port,
    enum stream_use use)
{
	struct e2e	*e;

	e = stream_bound_session(&s->conf, s->calling,
	    carrier_peer(s->carrier), carrier_sid(s->carrier), host, port,
	    use, s->arg);
	s->probe = use == STREAM_FOR_PROBE;
	if (e != NULL && s->conf.warm != NULL && s->conf.secret == NULL)
		e2e_set_warm(e, s->conf.warm, carrier_peer(s->carrier));
	s->conf.secret = NULL;	/* it need not outlive this */
	return e;
}

/* A first flight is no longer than what fits into a block. */
#define FLIGHT_MAX	BASE64_ENCODED(INBAND_BLOCK_MAX)

int
stream_shows_secret(const char *peer, const struct elem *open,
    const struct stream_conf *conf)
{
	const struct elem	*session = elem_child(open, NS_XCAT, "session");
	const char		*sid = elem_attr(open, "sid");
	unsigned char		*p;
	struct buf		 none;
	struct e2e		*e;
	size_t			 len;
	int			 r = 0;

	if (session == NULL || sid == NULL || session->textlen > FLIGHT_MAX)
		return 0;
	buf_init(&none, 0);
	p = malloc(BASE64_DECODED(session->textlen) + 1);
	e = stream_bound_session(conf, 0, peer, sid, stream_host(open),
	    stream_port(open), stream_use(open), NULL);
	if (p != NULL && e != NULL && base64_decode(p,
	    BASE64_DECODED(session->textlen), &len, elem_text(session),
	    session->textlen) == 0) {
		if (e2e_input(e, p, len, &none) == 0)
			r = e2e_by_secret(e);
		else if (e2e_fault(e) == E2E_MISSED)
			r = -1;
	}
	e2e_free(e);
	free(p);
	return r;
}

/* Our first flight has gone, in a <session/>: forget it. */
static void
stream_flight_sent(struct stream *s)
{
	chunks_free(e2e_output(s->e2e));
}

int
stream_keep_flight(struct stream *s)
{
	struct chunks	*out = e2e_output(s->e2e);
	size_t		 len = chunks_len(out);
	unsigned char	*p;

	if ((p = buf_reserve(&s->flight, len)) == NULL)
		return -1;
	if (chunks_front(out, len, p) != p)
		memcpy(p, chunks_front(out, len, p), len);
	buf_commit(&s->flight, len);
	stream_flight_sent(s);
	return 0;
}

/* Take the first flight out of a <session/>: 0, or -1 if the text is none. */
static int
stream_take_flight(struct stream *s, const struct elem *e)
{
	unsigned char	*p;
	size_t		 len;
	int		 r = -1;

	if ((p = malloc(BASE64_DECODED(e->textlen) + 1)) == NULL)
		return -1;
	if (base64_decode(p, BASE64_DECODED(e->textlen), &len, elem_text(e),
	    e->textlen) == 0)
		r = e2e_input(s->e2e, p, len, &s->rx);
	if (e2e_ended(s->e2e))
		stream_set_in(s, STREAM_IN_ENDED);
	s->received = buf_len(&s->rx);
	carrier_set_out(s->carrier, e2e_output(s->e2e));
	free(p);
	return r;
}

/* The listener's first flight has come. */
static void
stream_answered_session(struct stream *s, const struct elem *session)
{
	if (buf_len(&s->flight) == 0)
		stream_flight_sent(s);
	if (stream_take_flight(s, session) == -1)
		stream_session_broken(s);
	else if (stream_early_opened(s) == 0)
		(void)stream_decrypt(s, NULL, 0);
}

/* Has the peer agreed to a stream for bytes, of which it does not know that
 * they are something else?  A listener that knows streams for -R agrees to none
 * without a session. */
static int
stream_is_misunderstood(const struct stream *s, const struct elem *result)
{
	if (s->conf.use == STREAM_FOR_DATAGRAMS)
		return stream_use(result) != STREAM_FOR_DATAGRAMS;
	return s->conf.use == STREAM_FOR_REMOTE &&
	    !stream_offers_session(result);
}

static void
stream_on_opened(void *arg, const struct elem *result)
{
	struct stream		*s = arg;
	const struct elem	*e = elem_child(result, NS_XCAT, "session");
	const struct elem	*child;

	if ((child = elem_child(result, NS_XCAT, NULL)) != NULL) {
		carrier_can_sync(s->carrier);
		carrier_agree(s->carrier, s->conf.most,
		    stream_most_taken(s, child));
	}
	if (child == NULL || elem_attr(child, "again") == NULL)
		s->leaves = STREAM_LEAVES_NOT;
	if (stream_is_misunderstood(s, result)) {
		stream_give_up(s, STREAM_REFUSED, SE_NOT_ACCEPTABLE,
		    stream_strerror_unknown(s->conf.use));
	} else if (e != NULL && s->e2e != NULL) {
		stream_answered_session(s, e);
	} else if (s->conf.require ||
	    (s->e2e != NULL && e2e_is_warm(s->e2e))) {
		stream_give_up(s, STREAM_REFUSED, SE_NOT_ACCEPTABLE,
		    "it does not encrypt end to end, which must be "
		    "(-o e2e=require, or its key is known)");
	} else {
		carrier_set_out(s->carrier, NULL);
		e2e_free(s->e2e);
		s->e2e = NULL;
		stream_set_state(s, STREAM_OPEN);
		if (stream_early_opened(s) == -1)
			return;
	}
	stream_close_if_done(s);
	stream_changed(s);
}

static const struct inband_user stream_carrier_user = {
	.opened = stream_on_opened,
	.block = stream_on_block,
	.answered = stream_on_answered,
	.closing = stream_on_closing,
	.closed = stream_on_closed,
	.receipt = stream_on_receipt,
	.room = stream_on_room,
	.failed = stream_on_failed,
};

/*
 * Beginning
 */

static struct stream *
stream_new(enum stream_state state, const struct stream_conf *conf,
    void (*notify)(void *), void *arg)
{
	struct stream	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->state = state;
	s->stuck_at = UINT64_MAX;	/* never */
	s->conf = *conf;
	s->notify = notify;
	s->arg = arg;
	/* There is room for a block more: what the session holds back can come
	 * at once. */
	buf_init(&s->rx, INBAND_RX_MAX + INBAND_BLOCK_MAX + E2E_RECORD);
	buf_init(&s->flight, 2 * INBAND_BLOCK_MAX);
	buf_init(&s->early, E2E_EARLY_MOST);
	return s;
}

struct stream *
stream_call(struct ibb *b, const char *peer, const struct stream_conf *conf,
    void (*notify)(void *), void *arg)
{
	struct stream	*s;

	if ((s = stream_new(STREAM_OPENING, conf, notify, arg)) == NULL)
		return NULL;
	s->calling = 1;
	s->carrier = carrier_new(b, conf->iqs, peer, conf->sid, conf->block,
	    conf->message, &stream_carrier_user, s);
	s->conf.sid = NULL;
	if (s->carrier == NULL)
		goto fail;
	carrier_agree(s->carrier, conf->most, 0);
	if (conf->tls != NULL) {
		s->e2e = stream_session_new(s, conf->host, conf->port,
		    conf->use);
		if (s->e2e == NULL ||
		    e2e_input(s->e2e, NULL, 0, &s->rx) == -1 ||
		    stream_early_begin(s) == -1)
			goto fail;
		if (conf->warm != NULL)
			s->leaves = warm_wants(conf->warm, peer) ?
			    STREAM_LEAVES_NEW : STREAM_LEAVES_COLD;
	}
	if (charge_begin(&s->charge, conf->budget, peer) == -1 ||
	    carrier_open(s->carrier, conf->deadline(arg),
	    stream_write_open) == -1)
		goto fail;
	stream_account(s);
	return s;
fail:
	stream_free(s);
	return NULL;
}

/* Why an offer is refused at once, in *text for people; SE_NONE: it is not. */
static enum stanza_error
stream_objection(const struct inband *offer, const struct elem *session,
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
	const char		*text, *again;

	if (conf->tls != NULL)
		session = elem_child(open, NS_XCAT, "session");
	if ((err = stream_objection(offer, session, conf, &text)) != SE_NONE) {
		inband_refuse(offer, err, text);
		return NULL;
	}
	if ((s = stream_new(STREAM_OFFERED, conf, notify, arg)) == NULL ||
	    charge_begin(&s->charge, conf->budget, inband_peer(offer)) == -1 ||
	    (s->carrier = carrier_offered(offer, conf->iqs,
	    &stream_carrier_user, s)) == NULL) {
		stream_free(s);
		inband_refuse(offer, SE_BUSY, NULL);
		return NULL;
	}
	child = elem_child(open, NS_XCAT, NULL);
	inband_agree(offer, conf->most, stream_most_taken(s, child));
	if (child != NULL) {
		inband_can_sync(offer);
		s->xcat = 1;
	}
	stream_account(s);
	if (session == NULL)
		return s;
	s->e2e = stream_session_new(s, stream_host(open), stream_port(open),
	    stream_use(open));
	if (s->e2e == NULL || stream_take_flight(s, session) == -1) {
		stream_refuse(s, SE_BAD_REQUEST, s->e2e != NULL ?
		    stream_session_error(s) : NULL);
		return NULL;
	}
	again = elem_attr(session, "again");
	if (conf->warm != NULL && again != NULL)
		s->leaves = strcmp(again, leaves_names[STREAM_LEAVES_NEW]) ==
		    0 ? STREAM_LEAVES_NEW : STREAM_LEAVES_COLD;
	if (e2e_early_comes(s->e2e))
		carrier_set_early(s->carrier);
	stream_account(s);
	return s;
}

struct stream *
stream_alone(const char *peer, const char *sid, int calling,
    const struct stream_conf *conf, void (*notify)(void *), void *arg)
{
	struct stream	*s;

	s = stream_new(calling ? STREAM_OPENING : STREAM_OFFERED, conf,
	    notify, arg);
	if (s == NULL)
		return NULL;
	s->calling = calling;
	s->conf.tls = NULL;	/* there is no session in the plain */
	s->carrier = carrier_alone(conf->iqs, peer, sid, &stream_carrier_user,
	    s);
	if (s->carrier == NULL ||
	    charge_begin(&s->charge, conf->budget, peer) == -1) {
		stream_free(s);
		return NULL;
	}
	stream_account(s);
	return s;
}

int
stream_accept(struct stream *s)
{
	if (s->state != STREAM_OFFERED)
		return -1;
	/* The session, or the only socket, may have to come first. */
	stream_set_state(s, (s->e2e != NULL && !e2e_established(s->e2e)) ||
	    carrier_way(s->carrier) != CARRIER_INBAND ? STREAM_OPENING :
	    STREAM_OPEN);
	if ((s->e2e != NULL && stream_keep_flight(s) == -1) ||
	    carrier_accept(s->carrier, s->xcat ? stream_write_session :
	    NULL) == -1) {
		stream_fail(s, STREAM_INTERNAL, "cannot answer");
		return -1;
	}
	if (s->e2e != NULL)
		stream_stands(s);
	return 0;
}

void
stream_refuse(struct stream *s, enum stanza_error err, const char *text)
{
	enum stream_state	 before = s->state;

	if (stream_set_state(s, STREAM_FAILED) == 0) {
		if (before == STREAM_OFFERED) {
			carrier_refuse(s->carrier, err, text);
			s->carrier = NULL;
		} else {
			carrier_turn_away(s->carrier, err, text);
		}
	}
	stream_free(s);
}

int
stream_lost_session(const struct stream *s)
{
	return s->e2e == NULL && s->conf.tls != NULL &&
	    (s->calling || s->xcat);
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
	buf_free(&s->early);
	buf_free(&s->rx);
	free(s);
}
