/*
 * reconnect: a session whose connection is lost tries again until there is a
 * new connection.  alive.c notices the loss.
 */
#include <stdlib.h>
#include <string.h>

#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "net/transport/discover.h"
#include "net/transport/transport.h"
#include "xml/iq.h"

#define RETRY_FIRST	500		/* ms; then twice that, and so on */
#define RETRY_MOST	30000
#define RETRY_LOGIN	20000		/* ms for the first; twice that ... */
#define STARVATIONS	4		/* in a row, without memory */
#define GHOST_LIFE	60000		/* ms; ejabberd's is 20 s */
#define LAST_WORDS	100		/* ms for what waits to be sent */

/* Not if the server refuses us, or is not the right server.  After an early
 * login that was never confirmed, once only.  Memory may be there again in a
 * moment; if it is not, the program is better begun anew. */
int
reconnect_may_return(const struct session *s, enum session_fault fault)
{
	return s->conf.persist && *s->jid != '\0' &&
	    (s->welcome || s->early == EARLY_READY) &&
	    (fault == SESSION_UNREACHED ||
	    fault == SESSION_LOST || fault == SESSION_TIMEOUT ||
	    (fault == SESSION_INTERNAL && s->starvations < STARVATIONS) ||
	    (fault == SESSION_CONFLICT && (s->state == SESSION_BINDING ||
	    s->state == SESSION_ELSEWHERE)));
}

/* ejabberd may hold an answer back for 15 s, and then do what it was asked. */
static int
may_haunt(const struct session *s)
{
	return s->early == EARLY_READY || s->state == SESSION_BINDING ||
	    s->state == SESSION_RESUMING || s->state == SESSION_PROVING;
}

int
reconnect_is_ghost(const struct session *s)
{
	return clock_ms() < s->ghost_until;
}

void
reconnect_fear_ghost(struct session *s)
{
	if (may_haunt(s))
		s->ghost_until = clock_ms() + GHOST_LIFE;
}

/* The transport cannot be freed from its own callbacks: the timer does that,
 * once an error of ours has had its chance to go out. */
void
reconnect_begin(struct session *s)
{
	int	 first = s->tries == 0;

	alive_learn(s);
	if (!sm_resumable(s->sm))
		sm_end(s->sm);
	reconnect_fear_ghost(s);
	iq_forget(s->iqs, s);
	transport_close(s->transport);
	session_set_state(s, SESSION_AWAY);
	timer_clear(s->loop, &s->tell);
	timer_set(s->loop, &s->timer, clock_ms() +
	    (transport_queued(s->transport) > 0 ? LAST_WORDS : 0));
	if (first) {
		strlcpy(s->was, s->jid, sizeof(s->was));
		s->lost_at = clock_ms();
		s->tries = 1;
		s->host.lost(s->host.arg, sm_resumable(s->sm));
	} else {
		session_log(s, 1, "%s", s->why);
	}
}

static int64_t
delay(const struct session *s)
{
	int64_t	 most = RETRY_FIRST;
	int	 i;

	for (i = 1; i < s->tries && most < RETRY_MOST; i++)
		most *= 2;
	if (most > RETRY_MOST)
		most = RETRY_MOST;
	/* Clients should not come back all at once after a server's restart. */
	return most / 2 + arc4random_uniform((uint32_t)most / 2);
}

/* A network that swallows everything may work a moment later, so an attempt is
 * given up soon; but later than the last, in case the network is merely
 * slow. */
int64_t
reconnect_patience(const struct session *s)
{
	int64_t	 most = RETRY_LOGIN * (s->tries - 1);

	return s->tries == 0 || most > s->conf.login_ms ? s->conf.login_ms :
	    most;
}

void
reconnect_fire(struct session *s)
{
	if (s->transport != NULL) {
		transport_free(s->transport);
		s->transport = NULL;
		timer_set(s->loop, &s->timer, clock_ms() + delay(s));
		return;
	}
	s->tries++;
	if (session_set_out(s) == -1)
		session_fail(s, SESSION_INTERNAL, "out of memory");
}

/* XEP-0198 section 5. */
void
reconnect_hint(struct session *s)
{
	const char	*location = sm_location(s->sm);

	if (sm_resumable(s->sm) && location != NULL && s->tries == 2)
		discover_elsewhere(s->conf.ways, NULL, location,
		    "its XEP-0198 location");
}
