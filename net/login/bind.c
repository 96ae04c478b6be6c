/*
 * bind: from a login to a bound resource (RFC 6120 section 7, RFC 3921
 * sessions), or to a resumed session instead.
 */
#include <errno.h>
#include <string.h>

#include "net/login/features.h"
#include "net/login/rebind.h"
#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/write.h"

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
	const char	*resource = rebind_resource(s);

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

/* The JID in it, prepared, or "" if there is none: 0, or -1 as jid_prep(). */
static int
bound_jid(const struct elem *answer, char *jid)
{
	const struct elem	*e;

	e = elem_child(elem_child(answer, NS_BIND, "bind"), NS_BIND, "jid");
	return jid_prep(elem_text(e), jid, NULL) == -1 ? -1 : 0;
}

static void
refused(struct session *s, enum stanza_error err)
{
	const char	*resource = jid_resource(s->conf.jid);

	if (s->welcome)
		rebind_refused(s, err);
	else if (err == SE_CONFLICT)
		session_fail(s, SESSION_REFUSED, "the resource \"%.100s\" is "
		    "taken (conflict), by another client or by a session that "
		    "the server has not given up yet; try again in a minute, "
		    "or name another with -j", resource);
	else
		session_fail(s, SESSION_REFUSED, "the server does not give "
		    "us the resource \"%.100s\": %s", resource,
		    stanza_strerror(err));
}

static int
bound(struct session *s, const struct elem *answer)
{
	enum stanza_error	 err = stanza_error(answer);
	char			 local[JID_MAX], now[JID_MAX];

	if (err != SE_NONE) {
		refused(s, err);
		return -1;
	}
	if (bound_jid(answer, now) == -1 && errno == ENOMEM) {
		session_fail(s, SESSION_INTERNAL, "out of memory");
		return -1;
	}
	if (*jid_resource(now) == '\0' ||
	    (*jid_local(s->conf.jid, local) != '\0' &&
	    !jid_samebare(now, s->conf.jid))) {
		session_fail(s, SESSION_REFUSED, "the server gives us an "
		    "address that is not ours");
		return -1;
	}
	if (iq_setjid(s->iqs, now) == -1) {
		session_fail(s, SESSION_INTERNAL, "out of memory");
		return -1;
	}
	if (*s->jid != '\0' && strcmp(now, s->home) != 0 &&
	    !rebind_elsewhere(s, now))
		return -1;
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
start_session(struct session *s)
{
	xw_elem(iq_request(s->iqs, "set", NULL), "session", NS_SESSION, NULL);
	ask(s, session_started);
}

static void
bound_then_session(void *arg, const struct elem *answer)
{
	struct session	*s = arg;

	if (bound(s, answer) == 0)
		start_session(s);
}

void
bind_elsewhere(struct session *s)
{
	strlcpy(s->jid, iq_jid(s->iqs), sizeof(s->jid));
	if (s->old_session)
		start_session(s);
	else
		session_ready(s);
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
	if (bound_jid(answer, now) == -1 && errno == ENOMEM) {
		session_fail(s, SESSION_INTERNAL, "out of memory");
	} else if (strcmp(now, s->jid) != 0) {
		login_learn(s);	/* not to rely on that again */
		s->patient = PATIENT_NOW;
		session_fail(s, SESSION_LOST, "the server no longer gives "
		    "us the resource \"%.100s\"", jid_resource(s->jid));
	} else {
		s->early = 0;
		if (s->has_sm && !s->no_sm)
			resume_enable(s);
		login_done(s);
	}
}

/* Rely on what we get the first time only, and only if we name a resource and
 * got what we named last time. */
static int
may_be_early(const struct session *s)
{
	return s->hurried && s->conf.early && *s->jid == '\0' &&
	    *jid_resource(s->conf.jid) != '\0' &&
	    features_has(features_cache_second(s->conf.manners), OFFER_GRANTED);
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
	s->old_session = features_has(words, OFFER_SESSION);
	s->has_sm = features_has(words, OFFER_SM);
	if (!s->has_sm || !sm_resumable(s->sm) || resume_begin(s) == -1) {
		sm_end(s->sm);
		login_bind(s);
	}
}

void
bind_hurry(struct session *s)
{
	const char	*words = features_cache_second(s->conf.manners);

	if (features_has(words, OFFER_SESSION))
		return;
	session_limit(s, 1);
	s->untold++;
	bind_or_resume(s, words);
}

/* It did not demand one last time, and it is too late for that. */
static void
session_late(struct session *s)
{
	s->patient = PATIENT_NOW;
	session_fail(s, SESSION_LOST, "the server wants a session to be "
	    "started");
}

/* With SASL2 they come when there is a resource already. */
void
bind_late(struct session *s, const struct elem *features)
{
	if (s->state != S_READY || sm_counting(s->sm) || s->no_sm ||
	    elem_child(features, NS_SM, "sm") == NULL)
		return;
	s->has_sm = 1;
	resume_enable(s);
}

/* What is learnt of Bind 2 says nothing of a resource that is named. */
static void
remember(struct session *s)
{
	const char	*words = NULL;

	if (s->conf.manners != NULL)
		words = features_cache_second(s->conf.manners);
	strlcpy(s->second, words != NULL ? words : "", sizeof(s->second));
}

void
bind_inlined(struct session *s, const char *jid, const struct elem *enabled)
{
	s->inlined = 1;
	s->has_sm = 0;		/* it is on, or has to wait for features */
	remember(s);
	strlcpy(s->jid, jid, sizeof(s->jid));
	if (iq_setjid(s->iqs, jid) == -1) {
		session_fail(s, SESSION_INTERNAL, "out of memory");
		return;
	}
	sm_end(s->sm);
	if (enabled != NULL) {
		sm_begin(s->sm);
		if (sm_enabled(s->sm, enabled) == -1) {
			session_fail(s, SESSION_INTERNAL, "out of memory");
			return;
		}
	}
	session_ready(s);
}

void
bind_features(struct session *s, const struct elem *features)
{
	features_second(features, s->second);
	if (elem_child(features, NS_BIND, "bind") == NULL)
		session_fail(s, SESSION_REFUSED, "the server lets nobody bind "
		    "a resource");
	else if (s->state == S_AUTHENTICATED)
		bind_or_resume(s, s->second);
	else if (features_has(s->second, OFFER_SESSION))
		session_late(s);
	else
		s->has_sm = features_has(s->second, OFFER_SM);
}
