/*
 * session: a session from its beginning to its end; see session.h.  What is
 * sent is in session_send.c, what comes in session_input.c, and the states are
 * in session_state.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/login/absence.h"
#include "net/login/rebind.h"
#include "net/login/roster.h"
#include "net/login/sasl.h"
#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "net/transport/discover.h"
#include "net/transport/transport.h"
#include "xml/iq.h"
#include "xml/write.h"

#define CLOSE_WAIT	2000		/* ms for the server's end */
#define QUEUE_HIGH	(512 * 1024)	/* bytes queued: enough for now */

void
session_log(struct session *s, int level, const char *fmt, ...)
{
	char	 line[SESSION_LINE];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->host.log(s->host.arg, level, line);
}

void
session_end(struct session *s)
{
	if (s->state == SESSION_CLOSED)
		return;
	timer_clear(s->loop, &s->timer);
	timer_clear(s->loop, &s->tell);
	session_set_state(s, SESSION_CLOSED);
	s->host.closed(s->host.arg);
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
	if (s->sasl_kind == SASL_LOGIN_TOKEN)	/* or was it that? */
		session_set_tokens(s, TOKEN_USE_OVER);
	s->fault = SESSION_FINE;
	session_set_state(s, SESSION_AGAIN);
	timer_set(s->loop, &s->timer, clock_ms());
}

void
session_fail(struct session *s, enum session_fault fault, const char *fmt,
    ...)
{
	va_list	 ap;

	if (s->state == SESSION_CLOSED || s->state == SESSION_AWAY ||
	    s->state == SESSION_AGAIN)
		return;
	if (s->state == SESSION_CLOSING) {
		session_end(s);
		return;
	}
	s->fault = fault;
	s->starved = 0;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	early_failed(s, fault);
	if (fault == SESSION_INTERNAL)
		s->starvations++;
	if (reconnect_may_return(s, fault)) {
		reconnect_begin(s);
	} else if (s->tokens == TOKEN_USE_REFUSED || early_may_retry(s)) {
		again(s);
	} else {
		transport_close(s->transport);
		session_end(s);
	}
}

/* A negative priority: reachable by full JID, but no recipient of what people
 * send to the account, unless links in that are wanted (RFC 6121 section
 * 4.7.2.3).  0 or -1. */
static int
session_write_presence(struct session *s, const char *type, const char *to)
{
	struct xw	*w = iq_stanza(s->iqs, "presence", type, to);

	if (type == NULL)
		xw_elem(w, "priority", NULL, s->conf.oob ? "0" : "-1");
	return iq_send(s->iqs);
}

/* Tell the contacts or the peer that we are there, or leave (type
 * "unavailable").  0 or -1. */
static int
session_tell_presence(struct session *s, const char *type)
{
	return s->conf.presence == SESSION_PRESENCE_NONE ? 0 :
	    session_write_presence(s, type,
	    s->conf.presence == SESSION_PRESENCE_PEER ? s->conf.peer : NULL);
}

void
session_tell(struct session *s, const char *peer)
{
	if (s->state == SESSION_READY &&
	    session_write_presence(s, NULL, peer) == -1)
		session_log(s, 1, "%s: not told that we are there", peer);
}

void
session_set_trace(struct session *s, int trace)
{
	s->conf.trace = trace;
}

void
session_ready(struct session *s)
{
	session_set_state(s, SESSION_READY);
	rebind_ready(s);
	if (s->offers_sm == SESSION_SM_OFFERED && s->early != EARLY_READY)
		resume_enable(s);
	if (session_tell_presence(s, NULL) == -1) {
		session_fail(s, SESSION_INTERNAL, "out of memory");
		return;
	}
	session_log(s, 1, "logged in as %s", s->jid);
	if (s->early != EARLY_READY)
		login_done(s);
	if (s->tries > 0) {
		session_back(s, 0);
		return;
	}
	session_set_timer(s);
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
	session_set_timer(s);
	s->host.back(s->host.arg, resumed, too_big);
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

int
session_set_out(struct session *s)
{
	struct transport_conf	 conf = {
		.ways = s->conf.ways,
		.domain = s->domain,
		.from = s->bare,
		.tls_name = s->ascii,
		.hurry = early_may(s),
		.piece = session_piece,
		.log = transport_line,
	};

	/* Once more, in no hurry, is still one login. */
	if (s->state != SESSION_AGAIN)
		s->login_ends = clock_ms() + reconnect_patience(s);
	reconnect_hint(s);
	sasl_free(s->sasl);
	s->sasl = NULL;
	session_set_early(s, conf.hurry ? EARLY_ON : EARLY_OFF);
	session_set_inline(s, SASL2_INLINE_NONE);
	if (s->tokens == TOKEN_USE_REFUSED)
		session_set_tokens(s, TOKEN_USE_OVER);
	s->untold = 0;
	s->unheard = 0;
	s->probed = 0;
	session_limit(s, conf.hurry);
	session_set_state(s, SESSION_CONNECTING);
	s->transport =
	    transport_new(s->loop, s->resolver, &conf,
	    session_transport_event, s);
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
	s->timer = (struct timer){ .fire = session_fire, .arg = s };
	s->tell = (struct timer){ .fire = resume_tell_late, .arg = s };
	jid_domain(conf->jid, s->domain);
	jid_bare(conf->jid, s->bare);
	if (jid_ascii(s->domain, s->ascii) == -1 ||
	    (s->iqs = iq_new(session_send_stanza, s)) == NULL ||
	    iq_setjid(s->iqs, s->bare) == -1 ||
	    (s->dispatch = dispatch_new()) == NULL ||
	    (s->absence = absence_new(s->iqs)) == NULL ||
	    (s->roster = roster_new(s->iqs)) == NULL ||
	    (s->sm = sm_new()) == NULL ||
	    session_set_out(s) == -1) {
		session_free(s);
		return NULL;
	}
	iq_on_starved(s->iqs, session_starve);
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
	dispatch_free(s->dispatch);
	roster_free(s->roster);
	iq_free(s->iqs);
	sm_free(s->sm);
	transport_free(s->transport);
	free(s);
}

struct dispatch *
session_dispatch(struct session *s)
{
	return s->dispatch;
}

struct iq_table *
session_iqs(struct session *s)
{
	return s->iqs;
}

struct roster *
session_roster(struct session *s)
{
	return s->roster;
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

enum addr_kind
session_server_kind(struct session *s)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);
	SSL			*ssl = transport_ssl(s->transport);

	if (ssl == NULL || discover_conf(s->conf.ways)->proxy != NULL ||
	    getpeername(SSL_get_fd(ssl), (struct sockaddr *)&ss, &len) == -1)
		return ADDR_PUBLIC;
	return addr_kind((struct sockaddr *)&ss);
}

int
session_near(struct session *s)
{
	return session_server_kind(s) == ADDR_LOOPBACK;
}

int
session_local(struct session *s, struct addr *local)
{
	SSL	*ssl = transport_binding(s->transport);

	if (ssl == NULL || discover_conf(s->conf.ways)->proxy != NULL)
		return -1;
	return addr_local(SSL_get_fd(ssl), local);
}

size_t
session_most(const struct session *s)
{
	return s->limits.bytes;
}

int64_t
session_holds(const struct session *s)
{
	return transport_holds(s->transport);
}

size_t
session_room(const struct session *s)
{
	size_t	 queued;

	if (s->state != SESSION_READY)
		return 0;
	queued = transport_queued(s->transport);
	return queued < QUEUE_HIGH ? QUEUE_HIGH - queued : 0;
}

void
session_pause(struct session *s, int pause)
{
	s->paused = pause && s->state == SESSION_READY;
	if (s->transport != NULL)
		transport_pause(s->transport, s->paused);
}

void
session_close(struct session *s)
{
	if (s->state == SESSION_CLOSED || s->state == SESSION_CLOSING)
		return;
	if (s->state == SESSION_READY) {
		(void)session_tell_presence(s, "unavailable");
		if (sm_counting(s->sm))
			resume_tell(s);
	} else if (s->transport == NULL ||
	    transport_queued(s->transport) == 0) {
		if (s->transport != NULL)
			transport_close(s->transport);
		session_end(s);
		return;
	}
	transport_pause(s->transport, 0);
	transport_close(s->transport);
	session_set_state(s, SESSION_CLOSING);
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
