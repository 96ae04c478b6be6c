/*
 * session_timer: the one timer of a session.  Until the session is ready it is
 * the deadline of the login; then that of whatever is due first, a request, the
 * server's silence, ...; at last that of the close.
 */
#include "net/login/rebind.h"
#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "net/transport/transport.h"
#include "xml/iq.h"

#define RISK_TIME	10000	/* ms for an answer to what was told early */
#define RISK_LEAST	1000	/* ms of a login that are worth halving */

void
session_set_timer(struct session *s)
{
	int64_t	 at = alive_deadline(s);
	int64_t	 deadline = iq_deadline(s->iqs);

	if (deadline < at)
		at = deadline;
	if (s->early == EARLY_READY && s->hurry_ends < at)
		at = s->hurry_ends;
	if (rebind_deadline(s) < at)
		at = rebind_deadline(s);
	if (s->starved)
		at = clock_ms();
	timer_set(s->loop, &s->timer, at);
}

void
session_limit(struct session *s, int risky)
{
	int64_t	 now = clock_ms(), most = s->login_ends - now;

	if (risky && s->tries == 0) {
		if (most > RISK_LEAST)
			most /= 2;	/* the rest is for another attempt */
		if (most > RISK_TIME)
			most = RISK_TIME;
	}
	s->hurry_ends = now + (most > 0 ? most : 0);
	timer_set(s->loop, &s->timer, s->hurry_ends);
}

static void
fire_ready(struct session *s, int64_t now)
{
	if (s->starved) {
		sm_end(s->sm);
		session_fail(s, SESSION_INTERNAL, "out of memory");
		return;
	}
	iq_expire(s->iqs, now);
	if (s->state == SESSION_READY && s->early == EARLY_READY &&
	    now >= s->hurry_ends)
		session_fail(s, SESSION_TIMEOUT, "the server does not say "
		    "whether we have the resource; try again");
	if (s->state == SESSION_READY)
		rebind_look(s, now);
	if (s->state == SESSION_READY)
		alive_look(s, now);
	if (s->state == SESSION_READY)
		session_set_timer(s);
}

static void
fire_login(struct session *s, int64_t now)
{
	if (early_is_slow(s, now))
		session_limit(s, 1);
	else if (s->state == SESSION_CONNECTING)
		session_fail(s,
		    transport_connected(s->transport) ? SESSION_TIMEOUT
		    : SESSION_UNREACHED,
		    "no answer in time: check -c and the "
		    "network");
	else
		session_fail(s, SESSION_TIMEOUT, "the login took too long; "
		    "try again, or give it more time with -w");
}

static void
fire_again(struct session *s)
{
	transport_free(s->transport);
	s->transport = NULL;
	if (session_set_out(s) == -1)
		session_fail(s, SESSION_INTERNAL, "out of memory");
}

void
session_fire(void *arg)
{
	struct session	*s = arg;
	int64_t		 now = clock_ms();

	switch (s->state) {
	case SESSION_READY:
		fire_ready(s, now);
		break;
	case SESSION_AWAY:
		reconnect_fire(s);
		break;
	case SESSION_AGAIN:
		fire_again(s);
		break;
	case SESSION_ELSEWHERE:
		rebind_silent(s);
		break;
	case SESSION_RESUMING:
	case SESSION_PROVING:
		resume_silent(s);
		break;
	case SESSION_CLOSING:
		session_end(s);
		break;
	default:
		fire_login(s, now);
		break;
	}
}
