/*
 * login: from the first stream features to a bound resource, without waiting
 * where the server's manners are known (XEP-0305): what auth.c and bind.c do,
 * in turn.
 */
#include <errno.h>
#include <string.h>

#include "net/login/features.h"
#include "net/login/session_int.h"
#include "net/transport/transport.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"

/* XEP-0305: what the server will offer is known.  Not by the other transports,
 * which have round trips of their own. */
void
login_hurry(struct session *s)
{
	const struct endpoint	*way = transport_way(s->transport);

	s->untold = 0;
	if (s->hurried && (way == NULL || way->kind != ENDPOINT_TCP)) {
		s->hurried = 0;
		session_limit(s, 0);
	}
	if (!s->hurried)
		return;
	s->untold = 1;
	session_log(s, 2, "features are not waited for: they were known "
	    "last time");
	sasl_login_begin(s, features_cache_first(s->conf.manners));
}

void
login_features(struct session *s, const struct elem *features)
{
	int	 untold = s->untold;

	features_limits(features, &s->limits);
	transport_limit(s->transport, s->limits.bytes);
	if (s->inlined) {
		bind_late(s, features);
		return;
	}
	if (untold > 0) {
		s->untold--;
		if (s->hurried && s->tries == 0 && s->state != S_READY)
			session_limit(s, 1);	/* now it owes an answer */
	}
	if (s->state == S_SECURE || (s->state == S_AUTH && untold > 0)) {
		features_first(features, s->first);
		if (s->state == S_SECURE)
			sasl_login_begin(s, s->first);
	} else if (s->state == S_AUTHENTICATED || untold > 0) {
		bind_features(s, features);
	} else {
		session_fail(s, SESSION_UNREACHED, "the server sent features "
		    "out of turn");
	}
}

/* What is offered on another transport may be something else. */
void
login_learn(struct session *s)
{
	const struct endpoint	*way = transport_way(s->transport);

	if (s->conf.manners != NULL && way != NULL &&
	    way->kind == ENDPOINT_TCP &&
	    features_cache_learn(s->conf.manners, s->patient != PATIENT_ALWAYS,
	    s->first, s->second) == -1)
		session_log(s, 1, "what the server offers cannot be "
		    "remembered: %s", strerror(errno));
}

void
login_done(struct session *s)
{
	if (s->hurried)
		s->bore = 1;
	s->hurried = 0;
	s->welcome = 1;
	if (strcmp(s->jid, s->conf.jid) == 0 &&
	    !features_has(s->second, OFFER_GRANTED))
		features_add(s->second, "", OFFER_GRANTED);
	login_learn(s);
}

void
login_input(struct session *s, const struct elem *e)
{
	switch (s->state) {
	case S_AUTH:
		sasl_login_input(s, e);
		break;
	case S_BINDING:
	case S_ELSEWHERE:
		if (stanza_is(e, "iq"))
			iq_answer(s->iqs, e);
		break;
	default:
		session_fail(s, SESSION_UNREACHED, "the server sent <%.40s> "
		    "out of turn", e->name);
		break;
	}
}
