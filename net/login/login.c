/*
 * login: from the first stream features to a bound resource: what sasl_login.c
 * and bind.c do, in turn.
 */
#include <errno.h>
#include <string.h>

#include "net/login/features.h"
#include "net/login/session_int.h"
#include "net/transport/transport.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"

void
login_features(struct session *s, const struct elem *features)
{
	int	 untold = s->untold;

	features_limits(features, &s->limits);
	transport_limit(s->transport, s->limits.bytes);
	if (s->inlined == SASL2_INLINE_DONE) {
		bind_late(s, features);
		return;
	}
	if (untold > 0) {
		s->untold--;
		if (s->early != EARLY_OFF && s->tries == 0 &&
		    s->state != SESSION_READY)
			session_limit(s, 1);	/* now it owes an answer */
	}
	if (s->state == SESSION_SECURE ||
	    (s->state == SESSION_AUTH && untold > 0)) {
		features_first(features, s->first);
		if (s->state == SESSION_SECURE)
			sasl_login_begin(s, s->first);
	} else if (s->state == SESSION_AUTHENTICATED || untold > 0) {
		bind_features(s, features);
	} else {
		session_fail(s, SESSION_UNREACHED, "the server sent features "
		    "out of turn");
	}
}

/* Only over TCP: another transport may offer something else. */
void
login_learn(struct session *s)
{
	const struct endpoint	*way = transport_way(s->transport);

	if (s->conf.features != NULL && way != NULL &&
	    way->kind == ENDPOINT_TCP &&
	    features_cache_learn(s->conf.features, s->trust != EARLY_HARMFUL,
	    s->first, s->second) == -1)
		session_log(s, 1, "what the server offers cannot be "
		    "remembered: %s", strerror(errno));
}

void
login_done(struct session *s)
{
	early_done(s);
	s->welcome = 1;
	if (strcmp(s->jid, s->conf.jid) == 0 &&
	    !features_has(s->second, FEATURES_GRANTED))
		features_add(s->second, "", FEATURES_GRANTED);
	login_learn(s);
}

void
login_input(struct session *s, const struct elem *e)
{
	switch (s->state) {
	case SESSION_AUTH:
		sasl_login_input(s, e);
		break;
	case SESSION_BINDING:
	case SESSION_ELSEWHERE:
		if (stanza_is(e, "iq"))
			iq_answer(s->iqs, e);
		break;
	default:
		session_fail(s, SESSION_UNREACHED, "the server sent <%.40s> "
		    "out of turn", e->name);
		break;
	}
}
