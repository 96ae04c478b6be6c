/*
 * login: from the first stream features to a bound resource (RFC 6120
 * sections 6 and 7, XEP-0440, RFC 3921 sessions).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/road.h"
#include "net/sasl.h"
#include "net/session_int.h"
#include "net/sm.h"
#include "net/tls.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/text.h"
#include "xml/write.h"

#define NS_SASL		"urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_SASL_CB	"urn:xmpp:sasl-cb:0"
#define NS_BIND		"urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SESSION	"urn:ietf:params:xml:ns:xmpp-session"

#define MECHS_MAX	32
#define SASL_MAX	(64 * 1024)	/* of one message */

/*
 * SASL
 */

static void
send_sasl(struct session *s, const char *name, const char *mechanism,
    const struct buf *data)
{
	struct buf	 b;
	struct xw	 w;

	buf_init(&b, 2 * SASL_MAX);
	xw_init(&w, &b);
	xw_start(&w, name, NS_SASL);
	xw_attr(&w, "mechanism", mechanism);
	if (buf_len(data) > 0)
		xw_base64(&w, buf_data(data), buf_len(data));
	else if (mechanism != NULL)
		xw_text(&w, "=");	/* an initial response, but empty */
	if (xw_done(&w) == -1 ||
	    session_send_secret(s, buf_data(&b), buf_len(&b)) == -1)
		session_fail(s, SESSION_INTERNAL, "out of memory");
	buf_free(&b);
}

static int
names_binding(const struct elem *list, const char *type)
{
	const struct elem	*e;
	const char		*t;

	for (e = elem_child(list, NS_SASL_CB, "channel-binding"); e != NULL;
	    e = elem_next(e, NS_SASL_CB, "channel-binding"))
		if ((t = elem_attr(e, "type")) != NULL && strcmp(t, type) == 0)
			return 1;
	return 0;
}

static int
offers_binding(const char *const *offered, size_t n)
{
	size_t	 i, len;

	for (i = 0; i < n; i++)
		if ((len = strlen(offered[i])) > 5 &&
		    strcmp(offered[i] + len - 5, "-PLUS") == 0)
			return 1;
	return 0;
}

/*
 * Of the bindings that TLS can do, keep those that the server names (XEP-0440).
 * One that offers to bind but names none predates XEP-0440 and means what
 * TLS 1.3 does not have (ejabberd 23.01), so none is kept.  One that offers
 * none is told that we could (RFC 5802 section 6), hence all are.
 */
static size_t
common_bindings(struct session *s, const struct elem *features,
    const char *const *offered, size_t noffered, struct sasl_binding *out)
{
	const struct elem	*list;
	struct sasl_binding	 ours[2];
	SSL			*ssl;
	size_t			 i, n, kept = 0;

	if ((ssl = road_binding(s->road)) == NULL)
		return 0;
	n = tls_bindings(ssl, ours);
	list = elem_child(features, NS_SASL_CB, "sasl-channel-binding");
	for (i = 0; i < n; i++)
		if (names_binding(list, ours[i].type) ||
		    !offers_binding(offered, noffered))
			out[kept++] = ours[i];
	return kept;
}

static void
auth_failed(struct session *s, enum sasl_result r)
{
	session_fail(s, r == SASL_NOMEM ? SESSION_INTERNAL : SESSION_REFUSED,
	    "%s", sasl_strresult(r));
}

static void
features_auth(struct session *s, const struct elem *features)
{
	const struct elem	*list, *e;
	struct sasl_binding	 bindings[2];
	struct sasl_cred	 cred;
	const char		*offered[MECHS_MAX];
	char			 user[JID_MAX];
	struct buf		 first;
	enum sasl_result	 r;
	size_t			 n = 0;

	list = elem_child(features, NS_SASL, "mechanisms");
	for (e = elem_child(list, NS_SASL, "mechanism");
	    e != NULL && n < MECHS_MAX;
	    e = elem_next(e, NS_SASL, "mechanism"))
		offered[n++] = elem_text(e);
	cred = (struct sasl_cred){
		.user = jid_local(s->conf.jid, user),
		.password = s->conf.password,
		.authzid = s->bare,
		.external = s->conf.external,
		.plain = s->conf.plain && road_ssl(s->road) != NULL,
	};
	buf_init(&first, SASL_MAX);
	r = sasl_new(&s->sasl, &cred, offered, n, bindings,
	    common_bindings(s, features, offered, n, bindings));
	if (r == SASL_OK)
		r = sasl_first(s->sasl, &first);
	if (r == SASL_OK) {
		session_log(s, 1, "logging in with %s",
		    sasl_mechanism(s->sasl));
		session_set_state(s, S_AUTH);
		send_sasl(s, "auth", sasl_mechanism(s->sasl), &first);
	} else {
		auth_failed(s, r);
	}
	buf_free(&first);
}

/* The base64 in an element; "=" is empty.  0, or -1 if it is malformed. */
static int
decode(const struct elem *e, struct buf *out)
{
	const char	*text = elem_text(e);
	unsigned char	*p;
	size_t		 len;

	if (strcmp(text, "=") == 0 || *text == '\0')
		return 0;
	if ((p = buf_reserve(out, BASE64_DECODED(e->textlen))) == NULL ||
	    base64_decode(p, &len, text, e->textlen) == -1)
		return -1;
	buf_commit(out, len);
	return 0;
}

static void
failure(struct session *s, const struct elem *e)
{
	const struct elem	*c;
	const char		*cond = "no reason given";
	char			 text[128];

	for (c = e->first; c != NULL; c = c->next)
		if (strcmp(c->name, "text") != 0)
			cond = c->name;
	text_clean(elem_text(elem_child(e, NS_SASL, "text")), text,
	    sizeof(text));
	if (strcmp(sasl_mechanism(s->sasl), "EXTERNAL") == 0)
		session_fail(s, SESSION_REFUSED, "the server does not take "
		    "the certificate for this account: %.40s", cond);
	else if (strcmp(cond, "temporary-auth-failure") == 0)
		session_fail(s, SESSION_UNREACHED, "the server cannot check "
		    "the login now; try again later");
	else if (strcmp(cond, "not-authorized") == 0)
		session_fail(s, SESSION_REFUSED, "wrong password, or no such "
		    "account: check -j and the password");
	else
		session_fail(s, SESSION_REFUSED, "the server refuses the "
		    "login (%.40s%s%s): check -j, or ask its operator", cond,
		    *text != '\0' ? ": " : "", text);
}

static void
success(struct session *s, const struct buf *in)
{
	enum sasl_result	 r;

	if ((r = sasl_success(s->sasl, buf_data(in), buf_len(in))) !=
	    SASL_OK) {
		auth_failed(s, r);
		return;
	}
	sasl_free(s->sasl);
	s->sasl = NULL;
	session_set_state(s, S_AUTHENTICATED);
	road_restart(s->road);
}

static void
challenge(struct session *s, const struct buf *in)
{
	enum sasl_result	 r;
	struct buf		 out;

	buf_init(&out, SASL_MAX);
	if ((r = sasl_step(s->sasl, buf_data(in), buf_len(in), &out)) ==
	    SASL_OK)
		send_sasl(s, "response", NULL, &out);
	else
		auth_failed(s, r);
	buf_free(&out);
}

static void
sasl_input(struct session *s, const struct elem *e)
{
	struct buf	 in;

	buf_init(&in, SASL_MAX);
	if (elem_is(e, NS_SASL, "failure"))
		failure(s, e);
	else if (decode(e, &in) == -1)
		auth_failed(s, SASL_PROTOCOL);
	else if (elem_is(e, NS_SASL, "challenge"))
		challenge(s, &in);
	else if (elem_is(e, NS_SASL, "success"))
		success(s, &in);
	else
		auth_failed(s, SASL_PROTOCOL);
	buf_free(&in);
}

/*
 * Binding
 */

static void
ask(struct session *s, iq_answer_fn *fn)
{
	int	 r;

	s->binding = 1;
	r = iq_ask(s->iqs, fn, s, IQ_NODEADLINE);
	s->binding = 0;
	if (r == -1)
		session_fail(s, SESSION_INTERNAL, "out of memory");
}

/* Listeners ask for the resource they are known by; for the others the name
 * does not matter, but must not be guessable. */
static void
ask_bind(struct session *s, iq_answer_fn *fn)
{
	struct xw	*w = iq_request(s->iqs, "set", NULL);
	const char	*resource;

	/* Coming back: the one that our peers know. */
	resource = jid_resource(*s->jid != '\0' ? s->jid : s->conf.jid);
	xw_start(w, "bind", NS_BIND);
	if (*resource != '\0')
		xw_elem(w, "resource", NULL, resource);
	ask(s, fn);
}

static void
session_started(void *arg, const struct elem *answer)
{
	struct session	*s = arg;

	/* A server that demands it and refuses it is of no use. */
	if (stanza_error(answer) != SE_NONE)
		session_fail(s, SESSION_REFUSED, "the server starts no "
		    "session: %s", stanza_strerror(stanza_error(answer)));
	else
		session_ready(s);
}

static int
bound(struct session *s, const struct elem *answer)
{
	const struct elem	*jid;
	enum stanza_error	 err = stanza_error(answer);
	char			 local[JID_MAX], now[JID_MAX];

	if (err != SE_NONE) {
		session_fail(s, SESSION_REFUSED, "the server does not give "
		    "us the resource \"%.100s\": %s",
		    jid_resource(s->conf.jid), stanza_strerror(err));
		return -1;
	}
	jid = elem_child(elem_child(answer, NS_BIND, "bind"), NS_BIND, "jid");
	if (jid_prep(elem_text(jid), now, NULL) == -1 ||
	    *jid_resource(now) == '\0' ||
	    (*jid_local(s->conf.jid, local) != '\0' &&
	    !jid_samebare(now, s->conf.jid)) ||
	    (*s->jid != '\0' && strcmp(now, s->jid) != 0) ||
	    iq_setjid(s->iqs, now) == -1) {
		session_fail(s, SESSION_REFUSED, "the server gives us an "
		    "address that is not ours");
		return -1;
	}
	strlcpy(s->jid, now, sizeof(s->jid));
	return 0;
}

static void
bound_then_ready(void *arg, const struct elem *answer)
{
	struct session	*s = arg;

	if (bound(s, answer) == 0)
		session_ready(s);
}

static void
bound_then_session(void *arg, const struct elem *answer)
{
	struct session	*s = arg;

	if (bound(s, answer) == -1)
		return;
	xw_elem(iq_request(s->iqs, "set", NULL), "session", NS_SESSION, NULL);
	ask(s, session_started);
}

void
login_bind(struct session *s)
{
	session_set_state(s, S_BINDING);
	ask_bind(s, s->old_session ? bound_then_session : bound_then_ready);
}

static void
features_bind(struct session *s, const struct elem *features)
{
	const struct elem	*old;

	if (elem_child(features, NS_BIND, "bind") == NULL) {
		session_fail(s, SESSION_REFUSED, "the server lets nobody bind "
		    "a resource");
		return;
	}
	old = elem_child(features, NS_SESSION, "session");
	s->old_session = old != NULL &&
	    elem_child(old, NS_SESSION, "optional") == NULL;
	s->has_sm = elem_child(features, NS_SM, "sm") != NULL;
	if (!s->has_sm || !sm_resumable(s->sm) || resume_begin(s) == -1) {
		sm_end(s->sm);
		login_bind(s);
	}
}

void
login_features(struct session *s, const struct elem *features)
{
	switch (s->state) {
	case S_SECURE:
		features_auth(s, features);
		break;
	case S_AUTHENTICATED:
		features_bind(s, features);
		break;
	default:
		session_fail(s, SESSION_UNREACHED, "the server sent features "
		    "out of turn");
		break;
	}
}

void
login_input(struct session *s, const struct elem *e)
{
	switch (s->state) {
	case S_AUTH:
		sasl_input(s, e);
		break;
	case S_BINDING:
		if (stanza_is(e, "iq"))
			iq_answer(s->iqs, e);
		break;
	default:
		session_fail(s, SESSION_UNREACHED, "the server sent <%.40s> "
		    "out of turn", e->name);
		break;
	}
}
