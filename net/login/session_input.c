/*
 * session_input: what comes from the server, and where it goes: to stream
 * management, to the login, to the table of requests, to the table of handlers.
 */
#include <stdio.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "net/login/absence.h"
#include "net/login/rebind.h"
#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "net/login/trace.h"
#include "net/transport/transport.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/text.h"

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

/* The fault that a lost connection is: the server was reached if the session
 * was ready. */
static enum session_fault
session_loss(const struct session *s)
{
	return s->state == SESSION_READY ? SESSION_LOST : SESSION_UNREACHED;
}

/* Does this connection have a session, or resume one? */
static int
has_session(const struct session *s)
{
	return s->state == SESSION_READY || s->state == SESSION_RESUMING ||
	    s->state == SESSION_PROVING;
}

static void
session_stream_error(struct session *s, const struct elem *e)
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
	/* The server has ended the session, too: there is nothing to resume.
	 * In a login the error says nothing about the session that was lost,
	 * unless it is about resuming that. */
	if (elem_child(e, NS_SM, "handled-count-too-high") != NULL)
		sm_end(s->sm);
	if (s->early == EARLY_OFF && has_session(s)) {
		sm_end(s->sm);
		s->too_big = strcmp(cond, "policy-violation") == 0;
	}
	if (strcmp(cond, "conflict") == 0 && s->welcome &&
	    (s->state == SESSION_BINDING || s->state == SESSION_ELSEWHERE))
		rebind_refused(s, SE_CONFLICT);
	else if (strcmp(cond, "conflict") == 0 && !reconnect_is_ghost(s))
		session_fail(s, SESSION_CONFLICT, "another client has logged "
		    "in as %s%s%s%s; give each a resource of its own with -j",
		    s->jid, *text != '\0' ? " (" : "", text,
		    *text != '\0' ? ")" : "");
	session_fail(s, session_loss(s), "%s (%.40s%s%s)", words != NULL ?
	    words :
	    "the server ended the stream; ask its operator", cond,
	    *text != '\0' ? ": " : "", text);
}

/* Count a stanza of a session that is bound (XEP-0198 section 4). */
static void
session_count(struct session *s)
{
	if (sm_received(s->sm))
		resume_tell(s);
	if (s->state == SESSION_PROVING)
		resume_wait(s);
}

/* Take a stanza of a session that is bound. */
static void
session_stanza(struct session *s, const struct elem *e)
{
	int	 iq = stanza_is(e, "iq");

	session_count(s);
	if (iq && (stanza_type(e, "result") || stanza_type(e, "error")))
		iq_answer(s->iqs, e);
	else if (s->host.stranger(s->host.arg, e))
		absence_answer(s->absence, e);
	else if (!dispatch_stanza(s->dispatch, e, 0) && iq &&
	    (stanza_type(e, "get") || stanza_type(e, "set")))
		disco_answer(s, e);
}

/* RFC 6120 section 8.3.3.12.  A sender that may not know what we can do gets
 * the answer that it gets to any request. */
static void
refuse_cut(struct session *s, const struct elem *iq)
{
	const char	*from = elem_attr(iq, "from");

	iq_refuse(s->iqs, iq, from == NULL || s->host.allowed(s->host.arg,
	    from) ? SE_POLICY_VIOLATION : SE_SERVICE_UNAVAILABLE, NULL);
}

/* Take a stanza of a session that is bound, which was too large to be kept. */
static void
session_cut(struct session *s, const struct elem *e)
{
	int	 iq = stanza_is(e, "iq");
	char	 from[128];

	session_count(s);
	session_log(s, 1, "skipped a stanza from %s: it is too large or too "
	    "deep", text_clean(elem_attr(e, "from") != NULL ?
	    elem_attr(e, "from") : "the server", from, sizeof(from)));
	if (iq && (stanza_type(e, "result") || stanza_type(e, "error")))
		iq_answer_cut(s->iqs, e);
	else if (s->host.stranger(s->host.arg, e))
		absence_answer(s->absence, e);
	else if (!dispatch_stanza(s->dispatch, e, 1) && iq &&
	    (stanza_type(e, "get") || stanza_type(e, "set")))
		refuse_cut(s, e);
}

static void
session_input_cut(struct session *s, const struct elem *e)
{
	alive_heard(s);
	if (s->state == SESSION_READY || s->state == SESSION_PROVING)
		session_cut(s, e);
	else if (s->state == SESSION_CLOSING)
		sm_received(s->sm);
	else
		session_fail(s, session_loss(s),
		    "the server sends more than it has "
		    "to say before a login; ask its operator");
}

int
session_piece(void *arg, const struct elem *e)
{
	struct session	*s = arg;

	if (s->state != SESSION_READY || !iq_piece(s->iqs, e))
		return 0;
	alive_heard(s);
	return 1;
}

static void
session_input(struct session *s, const struct elem *e)
{
	char	 line[SESSION_LINE];

	if (s->conf.trace)
		session_log(s, 2, "RECV %s",
		    trace_elem(e, line, sizeof(line)));
	alive_heard(s);
	if (elem_is(e, NS_STREAMS, "error")) {
		session_stream_error(s, e);
		return;
	}
	if ((s->untold > 0 || s->inlined == SASL2_INLINE_DONE) &&
	    elem_is(e, NS_STREAMS, "features")) {
		login_features(s, e);
		return;
	}
	if (resume_input(s, e))
		return;
	if (s->state == SESSION_READY || s->state == SESSION_PROVING)
		session_stanza(s, e);
	else if (s->state == SESSION_CLOSING)
		sm_received(s->sm);
	else if (elem_is(e, NS_STREAMS, "features"))
		login_features(s, e);
	else
		login_input(s, e);
}

static void
session_broke(struct session *s)
{
	enum transport_fault	 fault = transport_fault(s->transport);

	if (fault == TRANSPORT_TOO_BIG && has_session(s)) {
		sm_end(s->sm);	/* not to be sent again as it was */
		s->too_big = 1;
	}
	session_fail(s, fault == TRANSPORT_UNTRUSTED ? SESSION_UNTRUSTED :
	    fault == TRANSPORT_NOMEM ? SESSION_INTERNAL : session_loss(s), "%s",
	    transport_error(s->transport));
}

static void
session_secured(struct session *s)
{
	SSL	*ssl = transport_ssl(s->transport);

	if (ssl != NULL)
		session_log(s, 1, "secured by %s with %s",
		    SSL_get_version(ssl), SSL_get_cipher(ssl));
	session_set_state(s, SESSION_SECURE);
	early_begin(s);
}

void
session_transport_event(void *arg, enum transport_event ev,
    const struct elem *e)
{
	struct session	*s = arg;

	if (s->state == SESSION_CLOSED || s->state == SESSION_AWAY ||
	    s->state == SESSION_AGAIN)
		return;
	switch (ev) {
	case TRANSPORT_SECURE:
		if (s->state != SESSION_CLOSING)
			session_secured(s);
		break;
	case TRANSPORT_OPEN:
		break;
	case TRANSPORT_STANZA:
		session_input(s, e);
		break;
	case TRANSPORT_CUT:
		session_input_cut(s, e);
		break;
	case TRANSPORT_CLOSE:
		if (s->state == SESSION_CLOSING)
			session_end(s);
		else
			session_fail(s, session_loss(s),
			    "the server closed the "
			    "connection; try again, or ask its operator");
		break;
	case TRANSPORT_ERROR:
		session_broke(s);
		break;
	}
}
