/*
 * sasl_login: SASL in a session (RFC 6120 section 6); what is particular to
 * SASL2 is in sasl2_login.c.
 */
#include <errno.h>
#include <string.h>

#include "net/io/tls_binding.h"
#include "net/login/features.h"
#include "net/login/sasl.h"
#include "net/login/sasl2.h"
#include "net/login/session_int.h"
#include "net/transport/transport.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/text.h"
#include "xml/write.h"

void
sasl_login_send(struct session *s, const struct buf *b, int failed)
{
	if (failed || session_send_secret(s, buf_data(b), buf_len(b)) == -1)
		session_fail(s, SESSION_INTERNAL, "out of memory");
}

/* <auth/> if there is a mechanism, else <response/>. */
static void
send_sasl(struct session *s, const char *mechanism, const struct buf *data)
{
	struct buf	 b;
	struct xw	 w;

	buf_init(&b, 2 * AUTH_MAX);
	xw_init(&w, &b);
	xw_start(&w, mechanism != NULL ? "auth" : "response",
	    s->sasl_kind == SASL_LOGIN_RFC6120 ? NS_SASL : NS_SASL2);
	xw_attr(&w, "mechanism", mechanism);
	if (buf_len(data) > 0)
		xw_base64(&w, buf_data(data), buf_len(data));
	else if (mechanism != NULL)
		xw_text(&w, "=");	/* an initial response, but empty */
	sasl_login_send(s, &b, xw_done(&w) == -1);
	buf_free(&b);
}

void
sasl_login_failed(struct session *s, enum sasl_result r)
{
	session_fail(s, r == SASL_NOMEM ? SESSION_INTERNAL : SESSION_REFUSED,
	    "%s", sasl_strresult(r));
}

/* With a token, if there is one; else by SASL2 (XEP-0388), if that offers a
 * mechanism that may be used; else by RFC 6120. */
static enum sasl_result
choose_kind(struct session *s, const struct features *o,
    const struct sasl_cred *cred)
{
	struct tls_binding	 bindings[2];
	enum sasl_result	 r;
	size_t			 n;

	n = features_bindings(o, transport_binding(s->transport), bindings);
	if (sasl2_login_may(s, o)) {
		if (sasl2_login_token(s, o, cred->user) == SASL_OK)
			return SASL_OK;
		s->sasl_kind = SASL_LOGIN_SASL2;
		r = sasl_new(&s->sasl, cred, o->mechs2, o->nmechs2, bindings,
		    n);
		if (r != SASL_NOMECH && r != SASL_PLAINONLY)
			return r;
	}
	s->sasl_kind = SASL_LOGIN_RFC6120;
	return sasl_new(&s->sasl, cred, o->mechs, o->nmechs, bindings, n);
}

/* Put the best mechanism that is offered into s->sasl, and its first message
 * into first. */
static enum sasl_result
choose_mechanism(struct session *s, const struct features *o, struct buf *first)
{
	struct sasl_cred	 cred;
	char			 user[JID_MAX];
	enum sasl_result	 r;

	sasl_free(s->sasl);	/* of a transport that has failed */
	s->sasl = NULL;
	cred = (struct sasl_cred){
		.user = jid_local(s->conf.jid, user),
		.password = s->conf.password,
		.authzid = s->bare,
		.external = s->conf.external,
		.plain = s->conf.plain && transport_ssl(s->transport) != NULL,
	};
	r = choose_kind(s, o, &cred);
	return r == SASL_OK ? sasl_first(s->sasl, first) : r;
}

/* PLAIN is not told early: the server may have learnt a better mechanism. */
static int
is_plain(const struct session *s)
{
	return strcmp(sasl_mechanism(s->sasl), "PLAIN") == 0;
}

void
sasl_login_begin(struct session *s, const char *words)
{
	struct features		 o;
	struct buf		 first;
	enum sasl_result	 r;

	features_parse(&o, words);
	buf_init(&first, AUTH_MAX);
	r = choose_mechanism(s, &o, &first);
	if (r == SASL_OK && (s->untold == 0 || !is_plain(s))) {
		session_log(s, 1, "logging in with %s",
		    sasl_mechanism(s->sasl));
		session_set_state(s, SESSION_AUTH);
		if (s->sasl_kind != SASL_LOGIN_RFC6120)
			sasl2_login_send(s, &o, &first);
		else
			send_sasl(s, sasl_mechanism(s->sasl), &first);
	} else if (s->untold > 0 && r != SASL_NOMEM) {
		s->untold = 0;	/* it may offer something else by now */
		session_limit(s, 0);
		sasl_free(s->sasl);
		s->sasl = NULL;
	} else {
		sasl_login_failed(s, r);
	}
	buf_free(&first);
}

enum sasl_result
sasl_login_decode(const struct elem *e, struct buf *out)
{
	const char	*text = elem_text(e);
	unsigned char	*p;
	size_t		 len;

	if (strcmp(text, "=") == 0 || *text == '\0')
		return SASL_OK;
	if ((p = buf_reserve(out, BASE64_DECODED(e->textlen))) == NULL)
		return errno == ENOMEM ? SASL_NOMEM : SASL_PROTOCOL;
	if (base64_decode(p, BASE64_DECODED(e->textlen), &len, text,
	    e->textlen) == -1)
		return SASL_PROTOCOL;
	buf_commit(out, len);
	return SASL_OK;
}

static void
failure(struct session *s, const struct elem *e)
{
	const char	*cond = sasl2_condition(e);
	char		 text[128];

	if (s->sasl_kind == SASL_LOGIN_TOKEN) {
		sasl2_login_refused(s, cond);
		return;
	}
	early_sasl_refused(s);
	text_cut(elem_text(elem_child(e, NULL, "text")), text,
	    sizeof(text));
	if (strcmp(sasl_mechanism(s->sasl), "EXTERNAL") == 0)
		session_fail(s, SESSION_REFUSED, "the server does not take "
		    "the certificate for this account: %.40s", cond);
	else if (strcmp(cond, "temporary-auth-failure") == 0)
		session_fail(s, SESSION_UNREACHED, "the server cannot check "
		    "the login now; try again later");
	else if (strcmp(cond, "not-authorized") == 0)
		session_fail(s, SESSION_PASSWORD, "wrong password, or no such "
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
		sasl_login_failed(s, r);
		return;
	}
	sasl_free(s->sasl);
	s->sasl = NULL;
	session_set_state(s, SESSION_AUTHENTICATED);
	transport_restart(s->transport);
	/* Unless that was the end of it. */
	if (s->early != EARLY_OFF && s->state == SESSION_AUTHENTICATED)
		early_bind(s);
}

static void
challenge(struct session *s, const struct buf *in)
{
	enum sasl_result	 r;
	struct buf		 out;

	if (s->early != EARLY_OFF)	/* so far, so good */
		session_limit(s, 0);
	buf_init(&out, AUTH_MAX);
	if ((r = sasl_step(s->sasl, buf_data(in), buf_len(in), &out)) ==
	    SASL_OK)
		send_sasl(s, NULL, &out);
	else
		sasl_login_failed(s, r);
	buf_free(&out);
}

void
sasl_login_input(struct session *s, const struct elem *e)
{
	int			 sasl2 = s->sasl_kind != SASL_LOGIN_RFC6120;
	const char		*ns = sasl2 ? NS_SASL2 : NS_SASL;
	struct buf		 in;
	enum sasl_result	 r;

	buf_init(&in, AUTH_MAX);
	if (elem_is(e, ns, "failure"))
		failure(s, e);
	else if (elem_is(e, NS_SASL2, "success") && sasl2)
		sasl2_login_success(s, e);
	else if (elem_is(e, NS_SASL2, "continue") && sasl2)
		session_fail(s, SESSION_REFUSED, "the server wants more than "
		    "a password, which xcat cannot give; ask its operator");
	else if ((r = sasl_login_decode(e, &in)) != SASL_OK)
		sasl_login_failed(s, r);
	else if (elem_is(e, ns, "challenge"))
		challenge(s, &in);
	else if (elem_is(e, ns, "success"))
		success(s, &in);
	else
		sasl_login_failed(s, SASL_PROTOCOL);
	buf_free(&in);
}
