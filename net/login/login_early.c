/*
 * login_early: telling the server what it is about to ask (XEP-0305).  What it
 * offers is known from the last login (features_cache.h), so SASL and the
 * binding of the resource begin before its features have come, and the session
 * may be ready before the resource is granted.
 *
 * A server that does not bear that must cost little: it has less time to answer
 * (session_limit()), and when it fails the login is made once more, step by
 * step.
 */
#include <errno.h>
#include <string.h>

#include "net/login/features.h"
#include "net/login/features_cache.h"
#include "net/login/session_int.h"
#include "net/transport/transport.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/stanza.h"

/* Has the server borne it, as far as is known? */
static int
early_trusted(const struct session *s)
{
	return s->trust == EARLY_UNTRIED || s->trust == EARLY_BORNE;
}

/* A session that comes back risks more than a few round trips: only a server
 * that has borne it in this program is told early then. */
int
early_may(const struct session *s)
{
	return features_cache_hurry(s->conf.features) && early_trusted(s) &&
	    (s->tries == 0 || s->trust == EARLY_BORNE);
}

/* Only over TCP: the other transports have round trips of their own, and what
 * is offered there was not remembered. */
void
early_begin(struct session *s)
{
	const struct endpoint	*way = transport_way(s->transport);

	s->untold = 0;
	if (s->early != EARLY_OFF &&
	    (way == NULL || way->kind != ENDPOINT_TCP)) {
		session_set_early(s, EARLY_OFF);
		session_limit(s, 0);
	}
	if (s->early == EARLY_OFF)
		return;
	s->untold = 1;
	session_log(s, 2, "features are not waited for: they were known "
	    "last time");
	sasl_login_begin(s, features_cache_first(s->conf.features));
}

void
early_bind(struct session *s)
{
	const char	*words = features_cache_second(s->conf.features);

	if (features_has(words, FEATURES_SESSION))
		return;
	session_limit(s, 1);
	s->untold++;
	bind_or_resume(s, words);
}

void
early_done(struct session *s)
{
	if (s->early != EARLY_OFF && s->trust == EARLY_UNTRIED)
		session_set_trust(s, EARLY_BORNE);
	session_set_early(s, EARLY_OFF);
}

/*
 * Being ready before the resource is granted
 */

/* Only at the first login, and only if we name a resource and were given what
 * we named last time. */
static int
may_be_ready(const struct session *s)
{
	return s->early == EARLY_ON && s->conf.early && *s->jid == '\0' &&
	    *jid_resource(s->conf.jid) != '\0' &&
	    features_has(features_cache_second(s->conf.features),
	    FEATURES_GRANTED);
}

/* The server's answer about a resource that is used already.  If it gives
 * another one, the peer that was called knows us by a wrong name. */
static void
early_bound(void *arg, const struct elem *answer)
{
	struct session	*s = arg;
	char		 now[JID_MAX];

	if (stanza_error(answer) != SE_NONE) {
		/* The server may have its reasons. */
		session_set_trust(s, EARLY_PAUSED);
		session_fail(s, SESSION_LOST, "the server does not give us "
		    "the resource \"%.100s\": %s", jid_resource(s->jid),
		    stanza_strerror(stanza_error(answer)));
		return;
	}
	if (bind_jid(answer, now) == -1 && errno == ENOMEM) {
		session_fail(s, SESSION_INTERNAL, "out of memory");
	} else if (strcmp(now, s->jid) != 0) {
		login_learn(s);	/* not to rely on that again */
		session_set_trust(s, EARLY_PAUSED);
		session_fail(s, SESSION_LOST, "the server no longer gives "
		    "us the resource \"%.100s\"", jid_resource(s->jid));
	} else {
		if (s->offers_sm == SESSION_SM_OFFERED)
			resume_enable(s);
		login_done(s);
	}
}

int
early_ready(struct session *s)
{
	if (!may_be_ready(s))
		return 0;
	bind_ask(s, early_bound);
	if (s->state != SESSION_BINDING)
		return 1;
	strlcpy(s->jid, s->conf.jid, sizeof(s->jid));
	if (iq_setjid(s->iqs, s->jid) == -1) {
		session_fail(s, SESSION_INTERNAL, "out of memory");
		return 1;
	}
	session_set_early(s, EARLY_READY);
	session_ready(s);
	return 1;
}

/*
 * Failing
 */

/* It did not demand one last time, and now it is too late to start one. */
void
early_session_wanted(struct session *s)
{
	session_set_trust(s, EARLY_PAUSED);
	session_fail(s, SESSION_LOST, "the server wants a session to be "
	    "started");
}

/* The server may no longer offer the mechanism that was taken.  If it does, it
 * means its refusal. */
void
early_sasl_refused(struct session *s)
{
	if (s->early != EARLY_OFF && s->untold == 0 &&
	    strcmp(s->first, features_cache_first(s->conf.features)) != 0)
		session_set_trust(s, EARLY_PAUSED);
	else
		session_set_early(s, EARLY_OFF);
}

/* A server that has not said a word would not have done so without this,
 * either. */
int
early_is_slow(const struct session *s, int64_t now)
{
	return s->early != EARLY_OFF && now < s->login_ends &&
	    (s->state == SESSION_CONNECTING ? !transport_owes(s->transport)
	    : s->untold > 0);
}

/* May it be that the server did not bear to be told early? */
static int
is_to_blame(const struct session *s, enum session_fault fault)
{
	if (fault != SESSION_UNREACHED && fault != SESSION_LOST &&
	    fault != SESSION_TIMEOUT)
		return 0;
	return s->state != SESSION_CONNECTING ||
	    transport_connected(s->transport) ||
	    transport_fault(s->transport) != TRANSPORT_UNREACHED;
}

void
early_failed(struct session *s, enum session_fault fault)
{
	if (s->early != EARLY_OFF && early_trusted(s) && is_to_blame(s, fault))
		session_set_trust(s, s->tries > 0 ? EARLY_PAUSED :
		    EARLY_HARMFUL);
}

int
early_may_retry(const struct session *s)
{
	return s->early != EARLY_OFF && !early_trusted(s) &&
	    clock_ms() < s->login_ends;
}
