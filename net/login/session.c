#include <sys/types.h>
#include <sys/socket.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial/addr.h"
#include "net/login/absence.h"
#include "net/login/rebind.h"
#include "net/login/sasl.h"
#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "net/login/trace.h"
#include "net/transport/discover.h"
#include "net/transport/transport.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/text.h"
#include "xml/write.h"

#define CLOSE_WAIT	2000		/* ms for the server's end */
#define QUEUE_HIGH	(512 * 1024)	/* bytes queued: enough for now */
#define TRACE_MAX	2048
#define HURRY_TIME	10000	/* ms for a server to bear a hurry, and ... */
#define HURRY_LEAST	1000	/* ... that are worth being divided */

static const char *const state_names[] = {
	[S_CONNECTING] = "connecting",
	[S_SECURE] = "secure",
	[S_AUTH] = "auth",
	[S_AUTHENTICATED] = "authenticated",
	[S_BINDING] = "binding",
	[S_ELSEWHERE] = "elsewhere",
	[S_RESUMING] = "resuming",
	[S_PROVING] = "proving",
	[S_READY] = "ready",
	[S_AWAY] = "away",
	[S_AGAIN] = "again",
	[S_CLOSING] = "closing",
	[S_CLOSED] = "closed",
};

void
session_log(struct session *s, int level, const char *fmt, ...)
{
	char	 line[TRACE_MAX];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->host.log(s->host.arg, level, line);
}

void
session_set_state(struct session *s, enum session_state state)
{
	if (state == s->state)
		return;
	session_log(s, 2, "session: %s -> %s", state_names[s->state],
	    state_names[state]);
	s->state = state;
}

static void
closed(struct session *s)
{
	if (s->state == S_CLOSED)
		return;
	timer_clear(s->loop, &s->timer);
	timer_clear(s->loop, &s->tell);
	session_set_state(s, S_CLOSED);
	s->host.closed(s->host.arg);
}

/* May it be that the server did not bear to be told before it asked? */
static int
bore_no_hurry(const struct session *s, enum session_fault fault)
{
	if (fault != SESSION_UNREACHED && fault != SESSION_LOST &&
	    fault != SESSION_TIMEOUT)
		return 0;
	return s->state != S_CONNECTING || transport_connected(s->transport) ||
	    transport_fault(s->transport) != TRANSPORT_UNREACHED;
}

/* Login once more, now from the timer, since a transport cannot be freed from
 * its own callbacks. */
static void
again(struct session *s)
{
	session_log(s, 1, "%s; once more, in no hurry", s->why);
	reconnect_fear_ghost(s);
	iq_forget(s->iqs, s);
	transport_close(s->transport);
	s->no_token = s->no_token || s->token;	/* or was it that? */
	s->fault = SESSION_FINE;
	session_set_state(s, S_AGAIN);
	timer_set(s->loop, &s->timer, clock_ms());
}

void
session_fail(struct session *s, enum session_fault fault, const char *fmt,
    ...)
{
	va_list	 ap;

	if (s->state == S_CLOSED || s->state == S_AWAY ||
	    s->state == S_AGAIN)
		return;
	if (s->state == S_CLOSING) {
		closed(s);
		return;
	}
	s->fault = fault;
	s->starved = 0;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	if (s->hurried && !s->patient && bore_no_hurry(s, fault))
		s->patient = s->tries > 0 ? PATIENT_NOW : PATIENT_ALWAYS;
	if (fault == SESSION_INTERNAL)
		s->starvations++;
	if (reconnect_may_return(s, fault)) {
		reconnect_begin(s);
	} else if (s->spurned || (s->hurried && s->patient &&
	    clock_ms() < s->login_ends)) {
		again(s);
	} else {
		transport_close(s->transport);
		closed(s);
	}
}

/*
 * Sending
 */

static void
trace_sent(struct session *s, const void *data, size_t len)
{
	char	 line[TRACE_MAX];

	if (s->conf.trace)
		session_log(s, 2, "SENT %s",
		    trace_bytes(data, len, line, sizeof(line)));
}

int
session_send(struct session *s, const void *data, size_t len)
{
	trace_sent(s, data, len);
	reconnect_sent(s, len);
	return transport_send(s->transport, data, len);
}

int
session_send_secret(struct session *s, const void *data, size_t len)
{
	if (s->conf.trace)
		session_log(s, 2, "SENT (secret, %zu bytes)", len);
	reconnect_sent(s, len);
	return transport_send(s->transport, data, len);
}

/* The next deadline: of a request, of the connection's silence, or of what
 * should have been said about our resource. */
static void
set_timer(struct session *s)
{
	int64_t	 at = reconnect_deadline(s);
	int64_t	 deadline = iq_deadline(s->iqs);

	if (deadline < at)
		at = deadline;
	if (s->early && s->hurry_ends < at)
		at = s->hurry_ends;
	if (rebind_deadline(s) < at)
		at = rebind_deadline(s);
	if (s->starved)
		at = clock_ms();
	timer_set(s->loop, &s->timer, at);
}

void
session_limit(struct session *s, int risky)
{
	int64_t	 now = clock_ms(), most = s->login_ends - now;

	if (risky && s->tries == 0) {
		if (most > HURRY_LEAST)
			most /= 2;	/* the rest is for another attempt */
		if (most > HURRY_TIME)
			most = HURRY_TIME;
	}
	s->hurry_ends = now + (most > 0 ? most : 0);
	timer_set(s->loop, &s->timer, s->hurry_ends);
}

/* While there is no connection, what a resumed session can send again is
 * kept.  The rest is gone, as it is when a connection breaks behind it. */
static int
send_stanza(void *arg, const void *data, size_t len)
{
	struct session	*s = arg;

	if (s->binding)
		return session_send(s, data, len);
	if (s->state == S_CLOSING || s->state == S_CLOSED || *s->jid == '\0' ||
	    sm_sent(s->sm, data, len) == -1)
		return -1;
	if (s->state != S_READY)
		return 0;
	if (iq_deadline(s->iqs) < s->timer.at)
		set_timer(s);
	if (s->tell.on)
		resume_tell(s);
	if (session_send(s, data, len) == -1)
		return -1;
	if (sm_should_ask(s->sm))
		resume_ask(s);
	return 0;
}

/* A stanza is lost that a peer may wait for: both start anew, and what can be
 * mended is mended.  Not now: its writer is still at it. */
static void
starved(void *arg)
{
	struct session	*s = arg;

	if (s->state != S_READY)
		return;
	s->starved = 1;
	timer_set(s->loop, &s->timer, clock_ms());
}

static void
fire_ready(struct session *s, int64_t now)
{
	if (s->starved) {
		sm_end(s->sm);
		session_fail(s, SESSION_INTERNAL, "out of memory");
		return;
	}
	iq_expire(s->iqs, now);
	if (s->state == S_READY && s->early && now >= s->hurry_ends)
		session_fail(s, SESSION_TIMEOUT, "the server does not say "
		    "whether we have the resource; try again");
	if (s->state == S_READY)
		rebind_look(s, now);
	if (s->state == S_READY)
		reconnect_look(s, now);
	if (s->state == S_READY)
		set_timer(s);
}

/* A server that has not said anything yet would not without hurry, either. */
static int
is_merely_slow(const struct session *s, int64_t now)
{
	return s->hurried && now < s->login_ends &&
	    (s->state == S_CONNECTING ? !transport_owes(s->transport)
	    : s->untold > 0);
}

static void
fire_login(struct session *s, int64_t now)
{
	if (is_merely_slow(s, now))
		session_limit(s, 1);
	else if (s->state == S_CONNECTING)
		session_fail(s,
		    transport_connected(s->transport) ? SESSION_TIMEOUT
		    : SESSION_UNREACHED,
		    "no answer in time: check -c and the "
		    "network");
	else
		session_fail(s, SESSION_TIMEOUT, "the login took too long; "
		    "try again, or give it more time with -w");
}

/* One timer: the login's deadline, then set_timer()'s, then the close's. */
static void
fire(void *arg)
{
	struct session	*s = arg;
	int64_t		 now = clock_ms();

	switch (s->state) {
	case S_READY:
		fire_ready(s, now);
		break;
	case S_AWAY:
		reconnect_fire(s);
		break;
	case S_AGAIN:
		transport_free(s->transport);
		s->transport = NULL;
		if (session_set_out(s) == -1)
			session_fail(s, SESSION_INTERNAL, "out of memory");
		break;
	case S_ELSEWHERE:
		rebind_silent(s);
		break;
	case S_RESUMING:
	case S_PROVING:
		resume_silent(s);
		break;
	case S_CLOSING:
		closed(s);
		break;
	default:
		fire_login(s, now);
		break;
	}
}

void
session_ready(struct session *s)
{
	struct xw	*w;

	session_set_state(s, S_READY);
	rebind_ready(s);
	if (s->has_sm && !s->no_sm && !s->early)
		resume_enable(s);
	/* Negative: reachable by full JID, but no recipient of what people
	 * send to the account. */
	w = iq_stanza(s->iqs, "presence", NULL, NULL);
	xw_elem(w, "priority", NULL, "-1");
	if (iq_send(s->iqs) == -1) {
		session_fail(s, SESSION_INTERNAL, "out of memory");
		return;
	}
	session_log(s, 1, "logged in as %s", s->jid);
	if (!s->early)
		login_done(s);
	if (s->tries > 0) {
		session_back(s, 0);
		return;
	}
	set_timer(s);
	s->host.ready(s->host.arg);
}

void
session_back(struct session *s, int resumed)
{
	int	 too_big = s->too_big;

	login_done(s);
	/* No answer could come meanwhile. */
	iq_postpone(s->iqs, clock_ms() - s->lost_at);
	s->tries = s->starvations = 0;
	s->too_big = 0;
	s->fault = SESSION_FINE;
	set_timer(s);
	s->host.back(s->host.arg, resumed, too_big);
}

/*
 * Receiving
 */

static const struct {
	const char	*condition;
	const char	*words;
} stream_errors[] = {
	{ "conflict", "a connection that we had given up took our place" },
	{ "connection-timeout", "the server thinks we are gone; try again" },
	{ "host-gone", "the server no longer serves this domain: "
	    "check -j and -c" },
	{ "host-unknown", "the server does not serve this domain: "
	    "check -j and -c" },
	{ "not-authorized", "the server says that we are not logged in; "
	    "try again" },
	{ "policy-violation", "the server's policy forbids what we sent; "
	    "try a smaller -b" },
	{ "remote-connection-failed", "the server lacks something it needs; "
	    "try again later" },
	{ "resource-constraint", "the server is overloaded; try again later" },
	{ "system-shutdown", "the server is shutting down; "
	    "try again later" },
};

/* What a connection's failure means depends on how far we had come. */
static enum session_fault
loss(const struct session *s)
{
	return s->state == S_READY ? SESSION_LOST : SESSION_UNREACHED;
}

static void
stream_error(struct session *s, const struct elem *e)
{
	const struct elem	*c;
	const char		*cond = "undefined-condition", *words = NULL;
	char			 text[128];
	size_t			 i;

	for (c = elem_child(e, NS_STREAM_ERROR, NULL); c != NULL;
	    c = elem_next(c, NS_STREAM_ERROR, NULL))
		if (strcmp(c->name, "text") != 0)
			cond = c->name;
	for (i = 0; i < sizeof(stream_errors) / sizeof(*stream_errors); i++)
		if (strcmp(cond, stream_errors[i].condition) == 0)
			words = stream_errors[i].words;
	text_cut(elem_text(elem_child(e, NS_STREAM_ERROR, "text")), text,
	    sizeof(text));
	/* It ends the session for the server as well: nothing to resume.  Or
	 * it is about our hurry, and we have not come to a session. */
	if (!s->hurried) {
		sm_end(s->sm);
		s->too_big = strcmp(cond, "policy-violation") == 0;
	}
	if (strcmp(cond, "conflict") == 0 && s->welcome &&
	    (s->state == S_BINDING || s->state == S_ELSEWHERE))
		rebind_refused(s, SE_CONFLICT);
	else if (strcmp(cond, "conflict") == 0 && !reconnect_is_ghost(s))
		session_fail(s, SESSION_CONFLICT, "another client has logged "
		    "in as %s; give each a resource of its own with -j",
		    s->jid);
	session_fail(s, loss(s), "%s (%.40s%s%s)", words != NULL ? words :
	    "the server ended the stream; ask its operator", cond,
	    *text != '\0' ? ": " : "", text);
}

static void
ready_stanza(struct session *s, const struct elem *e)
{
	int	 iq = stanza_is(e, "iq");

	if (iq && (stanza_type(e, "result") || stanza_type(e, "error")))
		iq_answer(s->iqs, e);
	else if (s->host.stranger(s->host.arg, e))
		absence_answer(s->absence, e);
	else if (!s->host.stanza(s->host.arg, e) && iq &&
	    (stanza_type(e, "get") || stanza_type(e, "set")))
		disco_answer(s, e);
}

/* RFC 6120 section 8.3.3.12.  A sender that may not know what we can do gets
 * the answer that it always gets. */
static void
refuse_cut(struct session *s, const struct elem *iq)
{
	const char	*from = elem_attr(iq, "from");

	iq_refuse(s->iqs, iq, from == NULL || s->host.allowed(s->host.arg,
	    from) ? SE_POLICY_VIOLATION : SE_SERVICE_UNAVAILABLE, NULL);
}

static void
ready_cut(struct session *s, const struct elem *e)
{
	int	 iq = stanza_is(e, "iq");
	char	 from[128];

	session_log(s, 1, "skipped a stanza from %s: it is too large or too "
	    "deep", text_clean(elem_attr(e, "from") != NULL ?
	    elem_attr(e, "from") : "the server", from, sizeof(from)));
	if (iq && (stanza_type(e, "result") || stanza_type(e, "error")))
		iq_answer_cut(s->iqs, e);
	else if (s->host.stranger(s->host.arg, e))
		absence_answer(s->absence, e);
	else if (!s->host.cut(s->host.arg, e) && iq &&
	    (stanza_type(e, "get") || stanza_type(e, "set")))
		refuse_cut(s, e);
}

/* There is a session: a stanza of it, whole or cut. */
static void
session_stanza(struct session *s, const struct elem *e,
    void (*take)(struct session *, const struct elem *))
{
	if (sm_received(s->sm))
		resume_tell(s);
	if (s->state == S_PROVING)
		resume_wait(s);
	take(s, e);
}

static void
input_cut(struct session *s, const struct elem *e)
{
	reconnect_heard(s);
	if (s->state == S_READY || s->state == S_PROVING)
		session_stanza(s, e, ready_cut);
	else if (s->state == S_CLOSING)
		sm_received(s->sm);
	else
		session_fail(s, loss(s), "the server sends more than it has "
		    "to say before a login; ask its operator");
}

/* What comes of a long answer is as good as a stanza: the server is there. */
static int
input_piece(void *arg, const struct elem *e)
{
	struct session	*s = arg;

	if (s->state != S_READY || !iq_piece(s->iqs, e))
		return 0;
	reconnect_heard(s);
	return 1;
}

static void
input(struct session *s, const struct elem *e)
{
	char	 line[TRACE_MAX];

	if (s->conf.trace)
		session_log(s, 2, "RECV %s",
		    trace_elem(e, line, sizeof(line)));
	reconnect_heard(s);
	if (elem_is(e, NS_STREAMS, "error")) {
		stream_error(s, e);
		return;
	}
	if ((s->untold > 0 || s->inlined) &&
	    elem_is(e, NS_STREAMS, "features")) {
		login_features(s, e);
		return;
	}
	if (resume_input(s, e))
		return;
	if (s->state == S_READY || s->state == S_PROVING)
		session_stanza(s, e, ready_stanza);
	else if (s->state == S_CLOSING)
		sm_received(s->sm);
	else if (elem_is(e, NS_STREAMS, "features"))
		login_features(s, e);
	else
		login_input(s, e);
}

static void
transport_failed(struct session *s)
{
	enum transport_fault	 fault = transport_fault(s->transport);

	if (fault == TRANSPORT_TOO_BIG) {
		sm_end(s->sm);	/* not to be sent again as it was */
		s->too_big = 1;
	}
	session_fail(s, fault == TRANSPORT_UNTRUSTED ? SESSION_UNTRUSTED :
	    fault == TRANSPORT_NOMEM ? SESSION_INTERNAL : loss(s), "%s",
	    transport_error(s->transport));
}

static void
secure(struct session *s)
{
	SSL	*ssl = transport_ssl(s->transport);

	if (ssl != NULL)
		session_log(s, 1, "secured by %s with %s",
		    SSL_get_version(ssl), SSL_get_cipher(ssl));
	session_set_state(s, S_SECURE);
	login_hurry(s);
}

static void
transport_event(void *arg, enum transport_event ev, const struct elem *e)
{
	struct session	*s = arg;

	if (s->state == S_CLOSED || s->state == S_AWAY ||
	    s->state == S_AGAIN)
		return;
	switch (ev) {
	case TRANSPORT_SECURE:
		secure(s);
		break;
	case TRANSPORT_OPEN:
		break;
	case TRANSPORT_STANZA:
		input(s, e);
		break;
	case TRANSPORT_CUT:
		input_cut(s, e);
		break;
	case TRANSPORT_CLOSE:
		if (s->state == S_CLOSING)
			closed(s);
		else
			session_fail(s, loss(s), "the server closed the "
			    "connection; try again, or ask its operator");
		break;
	case TRANSPORT_ERROR:
		transport_failed(s);
		break;
	}
}

/*
 * Life and death
 */

static void
transport_line(void *arg, int level, const char *line)
{
	struct session	*s = arg;

	s->host.log(s->host.arg, level, line);
}

/* What is at stake when coming back is more than a few round trips: only a
 * server that has just borne it is told early then. */
static int
may_hurry(const struct session *s)
{
	return features_cache_hurry(s->conf.manners) && !s->patient &&
	    (s->tries == 0 || s->bore);
}

int
session_set_out(struct session *s)
{
	struct transport_conf	 conf = {
		.ways = s->conf.ways,
		.domain = s->domain,
		.from = s->bare,
		.tls_name = s->ascii,
		.hurry = may_hurry(s),
		.piece = input_piece,
		.log = transport_line,
	};

	/* Once more, in no hurry, is still one login. */
	if (s->state != S_AGAIN)
		s->login_ends = clock_ms() + reconnect_patience(s);
	reconnect_hint(s);
	sasl_free(s->sasl);
	s->sasl = NULL;
	s->hurried = conf.hurry;
	s->untold = s->early = s->inlined = s->spurned = 0;
	s->unheard = 0;
	s->probed = 0;
	session_limit(s, s->hurried);
	session_set_state(s, S_CONNECTING);
	s->transport =
	    transport_new(s->loop, s->resolver, &conf, transport_event, s);
	return s->transport == NULL ? -1 : 0;
}

struct session *
session_new(struct loop *l, struct resolver *r,
    const struct session_conf *conf, const struct session_host *host)
{
	struct session	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->loop = l;
	s->resolver = r;
	s->conf = *conf;
	s->host = *host;
	s->timer = (struct timer){ .fire = fire, .arg = s };
	s->tell = (struct timer){ .fire = resume_tell_late, .arg = s };
	jid_domain(conf->jid, s->domain);
	jid_bare(conf->jid, s->bare);
	if (jid_ascii(s->domain, s->ascii) == -1 ||
	    (s->iqs = iq_new(send_stanza, s)) == NULL ||
	    iq_setjid(s->iqs, s->bare) == -1 ||
	    (s->absence = absence_new(s->iqs)) == NULL ||
	    (s->sm = sm_new()) == NULL ||
	    session_set_out(s) == -1) {
		session_free(s);
		return NULL;
	}
	iq_on_starved(s->iqs, starved);
	return s;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	timer_clear(s->loop, &s->timer);
	timer_clear(s->loop, &s->tell);
	sasl_free(s->sasl);
	absence_free(s->absence);
	iq_free(s->iqs);
	sm_free(s->sm);
	transport_free(s->transport);
	free(s);
}

struct iq_table *
session_iqs(struct session *s)
{
	return s->iqs;
}

const char *
session_jid(const struct session *s)
{
	return s->jid;
}

int
session_moved(const struct session *s)
{
	return *s->was != '\0' && strcmp(s->was, s->jid) != 0;
}

const char *
session_security(struct session *s)
{
	SSL	*ssl = transport_ssl(s->transport);

	return ssl != NULL ? SSL_get_version(ssl) : "not encrypted";
}

const char *
session_transport(struct session *s)
{
	return transport_story(s->transport);
}

int
session_near(struct session *s)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);
	SSL			*ssl = transport_ssl(s->transport);

	return ssl != NULL && discover_conf(s->conf.ways)->proxy == NULL &&
	    getpeername(SSL_get_fd(ssl),
	    (struct sockaddr *)&ss, &len) == 0 &&
	    addr_kind((struct sockaddr *)&ss) == ADDR_LOOPBACK;
}

size_t
session_most(const struct session *s)
{
	return s->limits.bytes;
}

size_t
session_room(const struct session *s)
{
	size_t	 queued;

	if (s->state != S_READY)
		return 0;
	queued = transport_queued(s->transport);
	return queued < QUEUE_HIGH ? QUEUE_HIGH - queued : 0;
}

void
session_pause(struct session *s, int pause)
{
	s->paused = pause;
	if (s->transport != NULL)
		transport_pause(s->transport, pause);
}

void
session_close(struct session *s)
{
	if (s->state == S_CLOSED || s->state == S_CLOSING)
		return;
	if (s->state == S_READY) {
		iq_stanza(s->iqs, "presence", "unavailable", NULL);
		iq_post(s->iqs);
		if (sm_counting(s->sm))
			resume_tell(s);
	} else if (s->transport == NULL ||
	    transport_queued(s->transport) == 0) {
		if (s->transport != NULL)
			transport_close(s->transport);
		closed(s);
		return;
	}
	transport_pause(s->transport, 0);
	transport_close(s->transport);
	session_set_state(s, S_CLOSING);
	timer_set(s->loop, &s->timer, clock_ms() + CLOSE_WAIT);
}

enum session_fault
session_fault(const struct session *s)
{
	return s->fault;
}

const char *
session_why(const struct session *s)
{
	return s->why;
}
