/*
 * alive: is the server still there?  The silence that a connection bears is
 * kept short, and a loss is noticed in bounded time; reconnect.c mends it.
 */
#include <errno.h>
#include <stdlib.h>

#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "net/transport/discover.h"
#include "net/transport/transport.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/write.h"

#define IDLE_LEAST	1500		/* ms: silence that may cause a loss */
#define QUIET_IDLE	60000		/* ms without hearing anything, ... */
#define QUIET_SENT	20000		/* ... and since something was sent */
#define PROBE_WAIT	20000		/* ms for an answer, and ... */
#define SLOWEST		3		/* ... bytes a ms that servers take, */
#define SLACK_MOST	20000		/* ms at most for that: a server speaks
					 * before it has taken everything */

void
alive_heard(struct session *s)
{
	s->last_heard = clock_ms();
	s->unheard = 0;
	s->probed = 0;
}

void
alive_sent(struct session *s, size_t len)
{
	s->last_sent = clock_ms();
	if (s->unheard == 0)
		s->unheard_since = s->last_sent;
	s->unheard += len;
	if (s->state == SESSION_READY && alive_deadline(s) < s->timer.at)
		timer_set(s->loop, &s->timer, alive_deadline(s));
}

/* How many ms of silence there should be at most: half of what the server
 * bears, or two thirds of what a proxy before it bears, if that is less. */
static int64_t
keepalive(const struct session *s)
{
	int64_t	 most = transport_silence(s->transport);
	int64_t	 server = s->limits.silence * 1000 / 2;
	int64_t	 proxy = discover_bears(s->conf.ways)->silence_ms;

	proxy -= proxy / 3;
	if (server > 0 && server < most)
		most = server;
	if (proxy > 0 && proxy < most)
		most = proxy;
	return most;
}

/* Two losses, each after a silence as long as the other, are no coincidence: a
 * router or proxy forgets connections without traffic. */
void
alive_learn(struct session *s)
{
	struct discover_bears	*bears = discover_bears(s->conf.ways);
	int64_t			 last = s->last_sent > s->last_heard ?
				    s->last_sent : s->last_heard;
	int64_t			 idle = clock_ms() - last, then = s->idle_loss;

	if (s->state != SESSION_READY || s->probed != 0 || idle < IDLE_LEAST)
		return;
	s->idle_loss = idle;
	if (then == 0 || llabs(idle - then) > then / 4)
		return;
	if (bears->silence_ms == 0 || idle < bears->silence_ms)
		bears->silence_ms = idle;
	session_log(s, 1, "connections are lost after %lld ms of silence; "
	    "there will be less from now on", (long long)idle);
}

/* When the server's silence becomes suspicious, or is proof enough. */
int64_t
alive_deadline(const struct session *s)
{
	int64_t	 at = s->last_heard + QUIET_IDLE;
	int64_t	 slack = (int64_t)s->probe_behind / SLOWEST;

	if (s->probed != 0)
		return s->probed + PROBE_WAIT +
		    (slack < SLACK_MOST ? slack : SLACK_MOST);
	if (s->unheard > 0 && s->unheard_since + QUIET_SENT < at)
		at = s->unheard_since + QUIET_SENT;
	if (s->last_sent + keepalive(s) < at)
		at = s->last_sent + keepalive(s);
	return at;
}

static void
pong(void *arg, const struct elem *answer)
{
	(void)arg;
	(void)answer;	/* any answer shows that the server is there */
}

/* The question is behind what waits here to be sent.  Has anything of that left
 * since it was asked, or looked at last?  On a dead connection nothing does. */
static int
question_moves(struct session *s)
{
	size_t	 before = s->probe_queue;

	s->probe_queue = transport_queued(s->transport);
	return s->probe_queue > 0 && s->probe_queue < before;
}

static void
send_probe(struct session *s, int64_t now)
{
	s->probed = now;
	if (sm_counting(s->sm)) {
		resume_ask(s);
		return;
	}
	xw_elem(iq_request(s->iqs, "get", s->domain), "ping", NS_PING,
	    NULL);
	errno = 0;
	if (iq_ask(s->iqs, pong, s, IQ_NODEADLINE) == 0)
		return;
	/* Without a question there is no answer, and PROBE_WAIT ends it. */
	if (errno == ENOMEM)
		session_fail(s, SESSION_INTERNAL, "out of memory");
	else
		session_log(s, 1, "the server cannot be asked whether it is "
		    "there: too much waits to be sent");
}

static void
probe(struct session *s, int64_t now)
{
	send_probe(s, now);
	if (s->state == SESSION_READY)
		s->probe_queue = transport_queued(s->transport);
	s->probe_behind = s->unheard;
}

void
alive_look(struct session *s, int64_t now)
{
	if (s->paused)		/* we do not read, so nothing is heard */
		alive_heard(s);
	if (s->probed != 0 && now >= alive_deadline(s) &&
	    question_moves(s))
		s->probed = now;
	if (now < alive_deadline(s))
		return;
	if (s->probed != 0)
		session_fail(s, SESSION_LOST, "the server no longer answers; "
		    "check the network and try again");
	else if (now - s->last_heard >= QUIET_SENT)
		probe(s, now);
	else {
		s->last_sent = now;
		transport_keepalive(s->transport);
	}
}

/* A router or proxy may have forgotten the connection meanwhile, or the network
 * may be there again. */
void
session_woken(struct session *s)
{
	int64_t	 now = clock_ms();

	if (s->state == SESSION_READY && s->probed == 0) {
		probe(s, now);
		if (s->state == SESSION_READY)
			timer_set(s->loop, &s->timer, alive_deadline(s));
	} else if (s->state == SESSION_AWAY) {
		timer_set(s->loop, &s->timer, now);
	}
}
