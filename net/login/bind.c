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

/* Send the request that was begun, ahead of what is kept to be sent once the
 * session is ready. */
static void
bind_send(struct session *s, iq_answer_fn *fn)
{
	int	 r;

	s->binding = 1;
	r = iq_ask(s->iqs, fn, s, IQ_NODEADLINE);
	s->binding = 0;
	if (r == -1)
		session_fail(s, SESSION_INTERNAL, "out of memory");
}

/* A listener asks for the resource that peers know it by.  The name of any
 * other does not matter, but must not be guessable. */
void
bind_ask(struct session *s, iq_answer_fn *fn)
{
	struct xw	*w = iq_request(s->iqs, "set", NULL);
	const char	*resource = rebind_resource(s);

	xw_start(w, "bind", NS_BIND);
	if (*resource != '\0')
		xw_elem(w, "resource", NULL, resource);
	bind_send(s, fn);
}

static void
session_started(void *arg, const struct elem *answer)
{
	struct session	*s = arg;

	/* A server that demands a session and refuses it is of no use. */
	if (stanza_error(answer) != SE_NONE)
		session_fail(s, SESSION_REFUSED, "the server starts no "
		    "session: %s", stanza_strerror(stanza_error(answer)));
	else
		session_ready(s);
}

int
bind_jid(const struct elem *answer, char *jid)
{
	const struct elem	*e;

	e = elem_child(elem_child(answer, NS_BIND, "bind"), NS_BIND, "jid");
	return jid_prep(elem_text(e), jid, NULL) == -1 ? -1 : 0;
}

static void
bind_refused(struct session *s, enum stanza_error err)
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
		bind_refused(s, err);
		return -1;
	}
	if (bind_jid(answer, now) == -1 && errno == ENOMEM) {
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
	bind_send(s, session_started);
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

void
login_bind(struct session *s)
{
	session_set_state(s, SESSION_BINDING);
	if (!early_ready(s))
		bind_ask(s, s->old_session ? bound_then_session :
		    bound_then_ready);
}

static void
offers_sm(struct session *s, int offers)
{
	if (s->offers_sm != SESSION_SM_GIVEN_UP)
		session_set_sm(s, offers && resume_is_of_use(s) ?
		    SESSION_SM_OFFERED : SESSION_SM_NONE);
}

void
bind_or_resume(struct session *s, const char *words)
{
	s->old_session = features_has(words, FEATURES_SESSION);
	offers_sm(s, features_has(words, FEATURES_SM));
	if (s->offers_sm != SESSION_SM_OFFERED || !sm_resumable(s->sm) ||
	    resume_begin(s) == -1) {
		sm_end(s->sm);
		login_bind(s);
	}
}

void
bind_late(struct session *s, const struct elem *features)
{
	if (s->state != SESSION_READY || sm_counting(s->sm) ||
	    !resume_is_of_use(s) ||
	    elem_child(features, NS_SM, "sm") == NULL)
		return;
	session_set_sm(s, SESSION_SM_OFFERED);
	resume_enable(s);
}

/* A login by Bind 2 says nothing about binding a resource by name: remember
 * what was known about that. */
static void
remember(struct session *s)
{
	const char	*words = NULL;

	if (s->conf.features != NULL)
		words = features_cache_second(s->conf.features);
	strlcpy(s->second, words != NULL ? words : "", sizeof(s->second));
}

void
bind_inlined(struct session *s, const char *jid, const struct elem *enabled)
{
	session_set_inline(s, SASL2_INLINE_DONE);
	offers_sm(s, 0);	/* it is on, or waits for features */
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
	else if (s->state == SESSION_AUTHENTICATED)
		bind_or_resume(s, s->second);
	else if (features_has(s->second, FEATURES_SESSION))
		early_session_wanted(s);
	else
		offers_sm(s, features_has(s->second, FEATURES_SM));
}
