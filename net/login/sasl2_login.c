/*
 * sasl2_login: SASL2 in a session (XEP-0388), with a resource (XEP-0386) or the
 * old session (XEP-0198) in that round trip, and tokens instead of passwords
 * (XEP-0484).  Only where there is TLS.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "net/io/tls.h"
#include "net/io/tls_binding.h"
#include "net/login/fast_tokens.h"
#include "net/login/features.h"
#include "net/login/sasl2.h"
#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "net/transport/transport.h"
#include "xml/buf.h"
#include "xml/elem.h"

int
sasl2_login_may(const struct session *s, const struct features *o)
{
	return o->nmechs2 > 0 && transport_ssl(s->transport) != NULL;
}

/* A token's mechanism says itself which binding it takes. */
static size_t
bindings_to(struct session *s, struct tls_binding *out)
{
	SSL	*ssl = transport_binding(s->transport);

	return ssl != NULL ? tls_bindings(ssl, out) : 0;
}

enum sasl_result
sasl2_login_token(struct session *s, const struct features *o, const char *user)
{
	struct tls_binding	 bindings[2];
	const struct fast_token	*k;
	enum sasl_result	 r;

	if (s->conf.tokens == NULL || s->tokens != TOKEN_USE_USABLE ||
	    (k = fast_tokens_get(s->conf.tokens, time(NULL))) == NULL ||
	    !features_names(o->fast, o->nfast, k->mechanism))
		return SASL_NOMECH;
	r = sasl_new_token(&s->sasl, user, k->mechanism, k->secret, bindings,
	    bindings_to(s, bindings));
	if (r == SASL_OK)
		s->sasl_kind = SASL_LOGIN_TOKEN;
	return r;
}

/* If the use of a token cannot be noted, the server may refuse the token next
 * time; the password remains. */
static void
log_token_error(struct session *s)
{
	int	 error = fast_tokens_error(s->conf.tokens);

	if (error != 0)
		session_log(s, 1, "the use of the token cannot be noted: %s",
		    strerror(error));
}

static void
drop_token(struct session *s)
{
	fast_tokens_drop(s->conf.tokens);
	log_token_error(s);
}

static void
ask_token(struct session *s, const struct features *o, struct sasl2_request *r)
{
	struct tls_binding	 bindings[2];

	if (o->nfast == 0 || s->conf.tokens == NULL)
		return;
	r->client = fast_tokens_id(s->conf.tokens);
	if (s->sasl_kind == SASL_LOGIN_TOKEN) {
		r->count = fast_tokens_use(s->conf.tokens);
		log_token_error(s);
	} else
		r->want = sasl_choose_token(o->fast, o->nfast, bindings,
		    bindings_to(s, bindings));
}

/* Once peers know us by a resource, it must be that resource again. */
static void
ask_resource(struct session *s, const struct features *o,
    struct sasl2_request *r)
{
	if (*s->jid == '\0') {
		r->bind = o->bind2 && s->conf.any_resource;
		r->enable = o->bind2_sm && resume_is_of_use(s);
	} else if (o->resume2 && sm_resumable(s->sm) && resume_is_of_use(s)) {
		r->previd = sm_id(s->sm);
		r->h = sm_h(s->sm);
		s->resume_took = -clock_ms();
	}
}

void
sasl2_login_send(struct session *s, const struct features *o,
    const struct buf *first)
{
	struct sasl2_request	 r = {
		.mechanism = sasl_mechanism(s->sasl),
		.initial = first,
	};
	struct buf		 b;

	ask_token(s, o, &r);
	ask_resource(s, o, &r);
	s->wanted = s->sasl_kind == SASL_LOGIN_TOKEN ? r.mechanism : r.want;
	session_set_inline(s, r.bind ? SASL2_INLINE_BIND : r.previd != NULL ?
	    SASL2_INLINE_RESUME : SASL2_INLINE_NONE);
	buf_init(&b, 2 * AUTH_MAX);
	sasl_login_send(s, &b, sasl2_authenticate(&b, &r) == -1);
	buf_free(&b);
}

/* A token that was asked for, or a new one in place of the token used. */
static void
keep_token(struct session *s, const struct sasl2_success *ok)
{
	if (s->wanted == NULL || ok->token == NULL)
		return;
	if (fast_tokens_put(s->conf.tokens, s->wanted, ok->token, ok->expiry,
	    time(NULL)) == -1)
		session_log(s, 1, "the server's token cannot be kept");
	else
		session_log(s, 1, "the server gives a token for the next "
		    "login");
}

/* Is it our account, and the resource that we have, if any? */
static int
is_ours(const struct session *s, const char *jid)
{
	char	 local[JID_MAX];

	if (*jid_local(s->conf.jid, local) == '\0')
		return 1;
	return jid_samebare(jid, s->conf.jid) && (*s->jid == '\0' ||
	    *jid_resource(jid) == '\0' || strcmp(jid, s->jid) == 0);
}

/* What was not asked for is ignored. */
static void
authenticated(struct session *s, const struct sasl2_success *ok)
{
	session_set_state(s, SESSION_AUTHENTICATED);
	if (s->inlined == SASL2_INLINE_RESUME && ok->resumed != NULL) {
		session_set_inline(s, SASL2_INLINE_DONE);
		session_set_state(s, SESSION_RESUMING);
		resume_input(s, ok->resumed);
	} else if (s->inlined == SASL2_INLINE_RESUME && ok->failed != NULL) {
		resume_input(s, ok->failed);	/* features will tell more */
	} else if (s->inlined == SASL2_INLINE_BIND && ok->bound != NULL) {
		if (*jid_resource(ok->jid) == '\0')
			sasl_login_failed(s, SASL_PROTOCOL);
		else
			bind_inlined(s, ok->jid, ok->enabled);
	}
}

void
sasl2_login_success(struct session *s, const struct elem *e)
{
	struct sasl2_success	 ok;
	struct buf		 in;
	enum sasl_result	 r;

	buf_init(&in, AUTH_MAX);
	if (sasl2_success(e, &ok) == -1)
		r = errno == ENOMEM ? SASL_NOMEM : SASL_PROTOCOL;
	else if (ok.data == NULL ||
	    (r = sasl_login_decode(ok.data, &in)) == SASL_OK)
		r = sasl_success(s->sasl, buf_data(&in), buf_len(&in));
	buf_free(&in);
	if (r != SASL_OK) {
		/* A server that does not know the token has no use for it. */
		if (s->sasl_kind == SASL_LOGIN_TOKEN && r != SASL_NOMEM)
			drop_token(s);
		sasl_login_failed(s, r);
	} else if (!is_ours(s, ok.jid)) {
		session_fail(s, SESSION_REFUSED, "the server gives us an "
		    "address that is not ours; check -j and -c");
	} else {
		keep_token(s, &ok);
		sasl_free(s->sasl);
		s->sasl = NULL;
		authenticated(s, &ok);
	}
}

/* The password remains, on another connection, since not every server can be
 * asked twice on a connection. */
void
sasl2_login_refused(struct session *s, const char *condition)
{
	if (strcmp(condition, "temporary-auth-failure") != 0)
		drop_token(s);
	session_set_tokens(s, TOKEN_USE_REFUSED);
	/* It is the token that is refused, not being told early. */
	session_set_early(s, EARLY_OFF);
	session_fail(s, SESSION_LOST, "the server does not take the token "
	    "(%.40s); try again", condition);
}
