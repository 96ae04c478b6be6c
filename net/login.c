/*
 * login: from the first stream features to a bound resource (RFC 6120
 * sections 6 and 7, XEP-0440, RFC 3921 sessions), without waiting where the
 * server's manners are known (XEP-0305).
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

/*
 * What a server offers, as it says or as it did last time: the names of SASL
 * mechanisms, those of channel bindings (XEP-0440) with "cb:" before, "sm",
 * "session" (RFC 3921's, if it is demanded), and "granted" if the resource was
 * the one that we named.  The words, with a space between.
 */

#define BINDING	"cb:"
#define GRANTED	"granted"

struct offer {
	char		 words[MANNERS_MAX];
	const char	*mechs[MECHS_MAX];
	const char	*bindings[MECHS_MAX];
	size_t		 nmechs, nbindings;
};

/* Names that are none are no offers.  A few more than there is room for are
 * not remembered. */
static void
add_word(char *words, const char *prefix, const char *name)
{
	static const char	 good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t			 len = strlen(words);

	if (name == NULL || *name == '\0' || name[strspn(name, good)] != '\0' ||
	    len + strlen(prefix) + strlen(name) + 2 > MANNERS_MAX)
		return;
	snprintf(words + len, MANNERS_MAX - len, "%s%s%s",
	    len > 0 ? " " : "", prefix, name);
}

static void
first_words(const struct elem *features, char *words)
{
	const struct elem	*list, *e;

	*words = '\0';
	list = elem_child(features, NS_SASL, "mechanisms");
	for (e = elem_child(list, NS_SASL, "mechanism"); e != NULL;
	    e = elem_next(e, NS_SASL, "mechanism"))
		add_word(words, "", elem_text(e));
	list = elem_child(features, NS_SASL_CB, "sasl-channel-binding");
	for (e = elem_child(list, NS_SASL_CB, "channel-binding"); e != NULL;
	    e = elem_next(e, NS_SASL_CB, "channel-binding"))
		add_word(words, BINDING, elem_attr(e, "type"));
}

static void
second_words(const struct elem *features, char *words)
{
	const struct elem	*old;

	*words = '\0';
	old = elem_child(features, NS_SESSION, "session");
	if (old != NULL && elem_child(old, NS_SESSION, "optional") == NULL)
		add_word(words, "", "session");
	if (elem_child(features, NS_SM, "sm") != NULL)
		add_word(words, "", "sm");
}

static int
has_word(const char *words, const char *word)
{
	size_t		 len = strlen(word);
	const char	*p = words;

	for (; (p = strstr(p, word)) != NULL; p += len)
		if ((p == words || p[-1] == ' ') &&
		    (p[len] == '\0' || p[len] == ' '))
			return 1;
	return 0;
}

static void
parse_offer(struct offer *o, const char *words)
{
	char	*p = o->words, *word;

	o->nmechs = o->nbindings = 0;
	strlcpy(o->words, words, sizeof(o->words));
	while ((word = strsep(&p, " ")) != NULL) {
		if (strncmp(word, BINDING, strlen(BINDING)) == 0) {
			if (o->nbindings < MECHS_MAX)
				o->bindings[o->nbindings++] =
				    word + strlen(BINDING);
		} else if (*word != '\0' && o->nmechs < MECHS_MAX) {
			o->mechs[o->nmechs++] = word;
		}
	}
}

static int
names_binding(const struct offer *o, const char *type)
{
	size_t	 i;

	for (i = 0; i < o->nbindings; i++)
		if (strcmp(o->bindings[i], type) == 0)
			return 1;
	return 0;
}

static int
offers_binding(const struct offer *o)
{
	size_t	 i, len;

	for (i = 0; i < o->nmechs; i++)
		if ((len = strlen(o->mechs[i])) > 5 &&
		    strcmp(o->mechs[i] + len - 5, "-PLUS") == 0)
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
common_bindings(struct session *s, const struct offer *o,
    struct sasl_binding *out)
{
	struct sasl_binding	 ours[2];
	SSL			*ssl;
	size_t			 i, n, kept = 0;

	if ((ssl = road_binding(s->road)) == NULL)
		return 0;
	n = tls_bindings(ssl, ours);
	for (i = 0; i < n; i++)
		if (names_binding(o, ours[i].type) || !offers_binding(o))
			out[kept++] = ours[i];
	return kept;
}

static void
auth_failed(struct session *s, enum sasl_result r)
{
	session_fail(s, r == SASL_NOMEM ? SESSION_INTERNAL : SESSION_REFUSED,
	    "%s", sasl_strresult(r));
}

/* The best of what is offered, in s->sasl, and its first message. */
static enum sasl_result
choose(struct session *s, const char *words, struct buf *first)
{
	struct sasl_binding	 bindings[2];
	struct sasl_cred	 cred;
	struct offer		 o;
	char			 user[JID_MAX];
	enum sasl_result	 r;

	sasl_free(s->sasl);	/* of a road that led nowhere */
	s->sasl = NULL;
	parse_offer(&o, words);
	cred = (struct sasl_cred){
		.user = jid_local(s->conf.jid, user),
		.password = s->conf.password,
		.authzid = s->bare,
		.external = s->conf.external,
		.plain = s->conf.plain && road_ssl(s->road) != NULL,
	};
	r = sasl_new(&s->sasl, &cred, o.mechs, o.nmechs, bindings,
	    common_bindings(s, &o, bindings));
	return r == SASL_OK ? sasl_first(s->sasl, first) : r;
}

/* The password itself is not said to a server that may have learnt a better
 * mechanism since. */
static int
is_plain(const struct session *s)
{
	return strcmp(sasl_mechanism(s->sasl), "PLAIN") == 0;
}

static void
authenticate(struct session *s, const char *words)
{
	struct buf		 first;
	enum sasl_result	 r;

	buf_init(&first, SASL_MAX);
	r = choose(s, words, &first);
	if (r == SASL_OK && (s->untold == 0 || !is_plain(s))) {
		session_log(s, 1, "logging in with %s",
		    sasl_mechanism(s->sasl));
		session_set_state(s, S_AUTH);
		send_sasl(s, "auth", sasl_mechanism(s->sasl), &first);
	} else if (s->untold > 0) {
		s->untold = 0;	/* it may offer something else by now */
		session_limit(s, 0);
		sasl_free(s->sasl);
		s->sasl = NULL;
	} else {
		auth_failed(s, r);
	}
	buf_free(&first);
}

/* XEP-0305: what the server will offer is known.  Not by the other roads,
 * which have round trips of their own. */
void
login_hurry(struct session *s)
{
	const struct way	*way = road_way(s->road);

	s->untold = 0;
	if (s->hurried && (way == NULL || way->kind != WAY_TCP)) {
		s->hurried = 0;
		session_limit(s, 0);
	}
	if (!s->hurried)
		return;
	s->untold = 1;
	session_log(s, 2, "features are not waited for: they were known "
	    "last time");
	authenticate(s, manners_first(s->conf.manners));
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

	/* It may be that it does not offer any more what we went for.  If it
	 * does, it is no question of manners. */
	if (s->hurried && !s->untold &&
	    strcmp(s->first, manners_first(s->conf.manners)) != 0)
		s->patient = PATIENT_NOW;
	else
		s->hurried = 0;
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

static void	 bind_or_resume(struct session *, const char *);

static void
hurry_bind(struct session *s)
{
	const char	*words = manners_second(s->conf.manners);

	if (has_word(words, "session"))
		return;
	session_limit(s, 1);
	s->untold++;
	bind_or_resume(s, words);
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
	/* Unless that was the end of it. */
	if (s->hurried && s->state == S_AUTHENTICATED)
		hurry_bind(s);
}

static void
challenge(struct session *s, const struct buf *in)
{
	enum sasl_result	 r;
	struct buf		 out;

	if (s->hurried)		/* so far, so good */
		session_limit(s, 0);
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

/* The JID in it, prepared: 0 or -1. */
static int
bound_jid(const struct elem *answer, char *jid)
{
	const struct elem	*e;

	e = elem_child(elem_child(answer, NS_BIND, "bind"), NS_BIND, "jid");
	return jid_prep(elem_text(e), jid, NULL) == -1 ? -1 : 0;
}

static int
bound(struct session *s, const struct elem *answer)
{
	enum stanza_error	 err = stanza_error(answer);
	char			 local[JID_MAX], now[JID_MAX];

	if (err != SE_NONE) {
		session_fail(s, SESSION_REFUSED, "the server does not give "
		    "us the resource \"%.100s\": %s",
		    jid_resource(s->conf.jid), stanza_strerror(err));
		return -1;
	}
	if (bound_jid(answer, now) == -1 ||
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

/* What is offered on another road may be something else. */
static void
learn(struct session *s)
{
	const struct way	*way = road_way(s->road);

	if (s->conf.manners != NULL && way != NULL && way->kind == WAY_TCP)
		manners_learn(s->conf.manners, s->patient != PATIENT_ALWAYS,
		    s->first, s->second);
}

/* The server has had its say about a resource that we use already.  If it is
 * not ours, whom we have called knows us by a wrong name. */
static void
bound_late(void *arg, const struct elem *answer)
{
	struct session	*s = arg;
	char		 now[JID_MAX];

	if (stanza_error(answer) != SE_NONE) {
		s->patient = PATIENT_NOW;	/* it may have its reasons */
		session_fail(s, SESSION_LOST, "the server does not give us "
		    "the resource \"%.100s\": %s", jid_resource(s->jid),
		    stanza_strerror(stanza_error(answer)));
		return;
	}
	s->early = 0;
	if (bound_jid(answer, now) == -1 || strcmp(now, s->jid) != 0) {
		learn(s);	/* not to rely on that again */
		session_fail(s, SESSION_REFUSED, "the server no longer gives "
		    "us the resource \"%.100s\"; try again",
		    jid_resource(s->jid));
	} else {
		if (s->has_sm && !s->no_sm)
			resume_enable(s);
		login_done(s);
	}
}

/* The first time, and only if we name it and got the one that we named last
 * time, do we rely on what we get. */
static int
may_be_early(const struct session *s)
{
	return s->hurried && s->conf.early && *s->jid == '\0' &&
	    *jid_resource(s->conf.jid) != '\0' &&
	    has_word(manners_second(s->conf.manners), GRANTED);
}

void
login_bind(struct session *s)
{
	session_set_state(s, S_BINDING);
	if (!may_be_early(s)) {
		ask_bind(s, s->old_session ? bound_then_session :
		    bound_then_ready);
		return;
	}
	ask_bind(s, bound_late);
	if (s->state != S_BINDING)
		return;
	strlcpy(s->jid, s->conf.jid, sizeof(s->jid));
	if (iq_setjid(s->iqs, s->jid) == -1) {
		session_fail(s, SESSION_INTERNAL, "out of memory");
		return;
	}
	s->early = 1;
	session_ready(s);
}

static void
bind_or_resume(struct session *s, const char *words)
{
	s->old_session = has_word(words, "session");
	s->has_sm = has_word(words, "sm");
	if (!s->has_sm || !sm_resumable(s->sm) || resume_begin(s) == -1) {
		sm_end(s->sm);
		login_bind(s);
	}
}

/* It did not demand one last time, and it is too late for that. */
static void
session_late(struct session *s)
{
	s->patient = PATIENT_NOW;
	session_fail(s, SESSION_LOST, "the server wants a session to be "
	    "started");
}

static void
features_bind(struct session *s, const struct elem *features)
{
	second_words(features, s->second);
	if (elem_child(features, NS_BIND, "bind") == NULL)
		session_fail(s, SESSION_REFUSED, "the server lets nobody bind "
		    "a resource");
	else if (s->state == S_AUTHENTICATED)
		bind_or_resume(s, s->second);
	else if (has_word(s->second, "session"))
		session_late(s);
	else
		s->has_sm = has_word(s->second, "sm");
}

void
login_features(struct session *s, const struct elem *features)
{
	int	 untold = s->untold;

	if (untold > 0) {
		s->untold--;
		if (s->hurried && s->tries == 0 && s->state != S_READY)
			session_limit(s, 1);	/* now it owes an answer */
	}
	if (s->state == S_SECURE || (s->state == S_AUTH && untold > 0)) {
		first_words(features, s->first);
		if (s->state == S_SECURE)
			authenticate(s, s->first);
	} else if (s->state == S_AUTHENTICATED || untold > 0) {
		features_bind(s, features);
	} else {
		session_fail(s, SESSION_UNREACHED, "the server sent features "
		    "out of turn");
	}
}

void
login_done(struct session *s)
{
	if (s->hurried)
		s->bore = 1;
	s->hurried = 0;
	s->welcome = 1;
	if (strcmp(s->jid, s->conf.jid) == 0 && !has_word(s->second, GRANTED))
		add_word(s->second, "", GRANTED);
	learn(s);
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
