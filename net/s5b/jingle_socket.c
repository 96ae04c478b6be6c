/* jingle_socket: see jingle_socket.h. */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/jingle_choice.h"
#include "ibb/s5b.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/s5b/jingle_socket.h"
#include "net/s5b/s5b_dial.h"
#include "net/s5b/s5b_listen.h"
#include "net/s5b/streamhosts.h"
#include "xml/iq.h"

/* All in ms. */
#define TRY_TIME	6000	/* for all candidates of the peer */
#define VOTE_TIME	20000	/* for what the peer says of ours */
#define COME_TIME	2000	/* for a connection that it says it has */
#define ACTIVE_TIME	10000	/* for a proxy of the peer's to relay */

enum jingle_socket_state {
	JINGLE_SOCKET_GATHERING,	/* what we can offer */
	JINGLE_SOCKET_READY,		/* it is offered */
	JINGLE_SOCKET_TRYING,		/* both ends connect, and say so */
	JINGLE_SOCKET_COMING,		/* the peer says that it is connected */
	JINGLE_SOCKET_REACHING,		/* we connect to our proxy */
	JINGLE_SOCKET_ACTIVATING,	/* it is to relay */
	JINGLE_SOCKET_AWAITING,		/* the peer's proxy is to relay */
	JINGLE_SOCKET_OVER
};

static const char *const state_names[] = {
	"gathering", "ready", "trying", "coming", "reaching", "activating",
	"awaiting", "over"
};

#define TO(state)	(1U << JINGLE_SOCKET_ ## state)

static const unsigned state_next[] = {
	[JINGLE_SOCKET_GATHERING] = TO(READY) | TO(OVER),
	[JINGLE_SOCKET_READY] = TO(TRYING) | TO(OVER),
	[JINGLE_SOCKET_TRYING] = TO(COMING) | TO(REACHING) | TO(AWAITING) |
	    TO(OVER),
	[JINGLE_SOCKET_COMING] = TO(OVER),
	[JINGLE_SOCKET_REACHING] = TO(ACTIVATING) | TO(OVER),
	[JINGLE_SOCKET_ACTIVATING] = TO(OVER),
	[JINGLE_SOCKET_AWAITING] = TO(OVER),
	[JINGLE_SOCKET_OVER] = 0
};

struct jingle_socket {
	struct jingle_socket_conf conf;
	const struct jingle_socket_user *user;
	void			*arg;
	enum jingle_socket_state state;
	char			 peer[JID_MAX];
	char			 sid[JINGLE_SID_MAX + 1];
	struct jingle_choice	 choice;
	char			 ours[S5B_HASH];	/* DST.ADDR of ours, */
	char			 theirs[JINGLE_SID_MAX + 1];	/* theirs */
	char			 swapped[S5B_HASH];
	struct streamhosts_wish	 wish;
	struct timer		 timer;		/* of the present state */
	struct timer		 next;		/* what has been heard counts */
	struct s5b_wait		*wait[2];	/* for the peer, by ours */
	struct s5b_dial		*dial;		/* to theirs, or to our proxy */
	struct s5b_ask		*ask;		/* our proxy is to relay */
	int			 in, out;	/* connected; -1: not */
	int			 relays;	/* the peer's proxy does, */
	int			 broken;	/* or a proxy is not reached */
};

/* The one place where the state changes; -vv shows it. */
static int
set_state(struct jingle_socket *js, enum jingle_socket_state state)
{
	if ((state_next[js->state] & (1U << state)) == 0)
		return -1;
	log_line(LOG_TRACE, "session %.8s: socket: %s -> %s", js->sid,
	    state_names[js->state], state_names[state]);
	js->state = state;
	timer_clear(js->conf.loop, &js->timer);
	return 0;
}

static void
set_timer(struct jingle_socket *js, int64_t ms)
{
	timer_set(js->conf.loop, &js->timer, clock_ms() + ms);
}

/*
 * Ends
 */

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
stop(struct jingle_socket *js)
{
	streamhosts_unwish(js->conf.streamhosts, &js->wish);
	timer_clear(js->conf.loop, &js->timer);
	timer_clear(js->conf.loop, &js->next);
	s5b_wait_cancel(js->wait[0]);
	s5b_wait_cancel(js->wait[1]);
	js->wait[0] = js->wait[1] = NULL;
	s5b_dial_cancel(js->dial);
	js->dial = NULL;
	s5b_cancel(js->ask);
	js->ask = NULL;
}

void
jingle_socket_free(struct jingle_socket *js)
{
	if (js == NULL)
		return;
	stop(js);
	close_fd(&js->in);
	close_fd(&js->out);
	free(js);
}

static void
fail(struct jingle_socket *js, const char *why)
{
	if (set_state(js, JINGLE_SOCKET_OVER) == -1)
		return;
	stop(js);
	close_fd(&js->in);
	close_fd(&js->out);
	js->user->failed(js->arg, why);
}

static void
stand(struct jingle_socket *js, int *fd, const struct jingle_candidate *c)
{
	int	 got = *fd;

	if (set_state(js, JINGLE_SOCKET_OVER) == -1)
		return;
	*fd = -1;
	stop(js);
	close_fd(&js->in);
	close_fd(&js->out);
	js->user->stands(js->arg, got, c->type == JINGLE_PROXY ? c->host.jid :
	    NULL);
}

/* The proxy that was agreed on is of no use: the peer has to know, too
 * (XEP-0260 section 2.4). */
static void
proxy_failed(struct jingle_socket *js, const char *why)
{
	js->user->say(js->arg, JINGLE_PROXY_ERROR, NULL);
	fail(js, why);
}

/*
 * Our proxy (XEP-0260 section 2.4)
 */

static void
activated(void *arg, const struct elem *query, int used, enum stanza_error err,
    const char *why)
{
	struct jingle_socket		*js = arg;
	const struct jingle_candidate	*c =
					 &js->choice.ours[js->choice.they_use];

	(void)query;
	(void)err;
	js->ask = NULL;
	if (used == -1) {
		proxy_failed(js, why);
		return;
	}
	js->user->say(js->arg, JINGLE_ACTIVATED, c->cid);
	stand(js, &js->out, c);
}

static void
proxy_reached(void *arg, int fd, size_t which, const char *err)
{
	struct jingle_socket		*js = arg;
	const struct jingle_candidate	*c =
					 &js->choice.ours[js->choice.they_use];

	(void)which;
	js->dial = NULL;
	if (fd == -1) {
		proxy_failed(js, err);
		return;
	}
	js->out = fd;
	set_state(js, JINGLE_SOCKET_ACTIVATING);
	js->ask = s5b_activate(js->conf.iqs, c->host.jid, js->sid, js->peer,
	    clock_ms() + S5B_PROXY_TIME, activated, js);
	if (js->ask == NULL)
		proxy_failed(js, "out of memory");
}

/* Connect to n candidates.  0, or -1 when out of memory. */
static int
dial(struct jingle_socket *js, const struct jingle_candidate *c, size_t n,
    const char *hash, int64_t ms, s5b_dial_fn *fn)
{
	struct s5b_dial_host	 hosts[S5B_HOSTS];
	struct s5b_dial_conf	 dc = {
		.resolver = js->conf.resolver,
		.n = n,
		.hash = hash,
		.deadline = clock_ms() + ms,
	};
	size_t			 i;

	for (i = 0; i < n; i++)
		hosts[i] = (struct s5b_dial_host){ c[i].host.host,
		    c[i].host.port };
	dc.hosts = hosts;
	js->dial = streamhosts_dial(js->conf.streamhosts, &dc, fn, js);
	return js->dial == NULL ? -1 : 0;
}

/*
 * Deciding
 */

static void
use_ours(struct jingle_socket *js, const struct jingle_candidate *c)
{
	close_fd(&js->out);
	if (c->type != JINGLE_PROXY && js->in != -1) {
		stand(js, &js->in, c);
	} else if (c->type != JINGLE_PROXY) {
		set_state(js, JINGLE_SOCKET_COMING);
		set_timer(js, COME_TIME);
	} else {
		set_state(js, JINGLE_SOCKET_REACHING);
		if (dial(js, c, 1, js->ours, S5B_PROXY_TIME,
		    proxy_reached) == -1)
			proxy_failed(js, "out of memory");
	}
}

static void
use_theirs(struct jingle_socket *js, const struct jingle_candidate *c)
{
	if (c->type != JINGLE_PROXY || js->relays) {
		stand(js, &js->out, c);
		return;
	}
	set_state(js, JINGLE_SOCKET_AWAITING);
	set_timer(js, ACTIVE_TIME);
}

static void
vote(struct jingle_socket *js, enum jingle_says says, const char *cid)
{
	s5b_dial_cancel(js->dial);
	js->dial = NULL;
	js->user->say(js->arg, says, cid);
	timer_set(js->conf.loop, &js->next, clock_ms());
	set_timer(js, VOTE_TIME);
}

/* What the peer has said may make some of its candidates not worth a try any
 * more. */
static void
try_on(struct jingle_socket *js)
{
	size_t	 n = jingle_choice_worth(&js->choice);

	if (js->choice.we != JINGLE_VOTE_OPEN || js->dial == NULL)
		return;
	s5b_dial_keep(js->dial, n);
}

static void
decide(void *arg)
{
	struct jingle_socket	*js = arg;
	size_t			 which;

	if (js->state == JINGLE_SOCKET_AWAITING && js->relays) {
		stand(js, &js->out, &js->choice.theirs[js->choice.we_use]);
		return;
	}
	if (js->broken) {
		fail(js, "a proxy is not reached by both ends");
		return;
	}
	if (js->state != JINGLE_SOCKET_TRYING)
		return;
	switch (jingle_choice_outcome(&js->choice, &which)) {
	case JINGLE_UNDECIDED:
		try_on(js);
		break;
	case JINGLE_USE_OURS:
		use_ours(js, &js->choice.ours[which]);
		break;
	case JINGLE_USE_THEIRS:
		use_theirs(js, &js->choice.theirs[which]);
		break;
	case JINGLE_USE_NONE:
		fail(js, "no candidate of either end is reached by the other");
		break;
	}
}

/* Nothing has come in time. */
static void
late(void *arg)
{
	struct jingle_socket	*js = arg;

	switch (js->state) {
	case JINGLE_SOCKET_TRYING:
		if (jingle_choice_hear(&js->choice, JINGLE_CANDIDATE_ERROR,
		    NULL) == 0)
			decide(js);
		break;
	case JINGLE_SOCKET_COMING:
		fail(js, "it says that it is connected, but it is not");
		break;
	case JINGLE_SOCKET_AWAITING:
		/* There are peers that do not say that their proxy relays: a
		 * receiver only waits for what comes. */
		if (js->conf.writes)
			proxy_failed(js, "its proxy does not relay");
		else
			stand(js, &js->out,
			    &js->choice.theirs[js->choice.we_use]);
		break;
	default:
		break;
	}
}

/*
 * Connecting
 */

static void
dialled(void *arg, int fd, size_t which, const char *err)
{
	struct jingle_socket	*js = arg;

	js->dial = NULL;
	if (fd == -1) {
		log_line(LOG_DETAIL, "%s: none of its candidates: %s", js->peer,
		    err);
		jingle_choice_fail(&js->choice);
		vote(js, JINGLE_CANDIDATE_ERROR, NULL);
		return;
	}
	js->out = fd;
	jingle_choice_use(&js->choice, which);
	vote(js, JINGLE_CANDIDATE_USED, js->choice.theirs[which].cid);
}

static void
come(void *arg, int fd)
{
	struct jingle_socket	*js = arg;

	if (js->in != -1) {	/* by its other name */
		close(fd);
		return;
	}
	js->in = fd;
	if (js->state == JINGLE_SOCKET_COMING)
		stand(js, &js->in, &js->choice.ours[js->choice.they_use]);
}

/* Without candidates there is nothing to wait for. */
static void
begin_dial(struct jingle_socket *js)
{
	size_t	 n = streamhosts_allowed(js->conf.streamhosts) ?
		     jingle_choice_worth(&js->choice) : 0;

	s5b_dial_cancel(js->dial);
	js->dial = NULL;
	if (dial(js, js->choice.theirs, n, js->theirs, TRY_TIME, dialled) ==
	    -1) {
		jingle_choice_fail(&js->choice);
		vote(js, JINGLE_CANDIDATE_ERROR, NULL);
	}
}

/* Add the candidates of the peer in t to those that are known. */
static void
know(struct jingle_socket *js, const struct jingle_transport *t)
{
	struct jingle_choice	*c = &js->choice;
	struct jingle_candidate	 more[S5B_HOSTS];
	size_t			 i, k, n = jingle_candidates(t, more);

	if (t->dstaddr != NULL)
		strlcpy(js->theirs, t->dstaddr, sizeof(js->theirs));
	for (i = 0; i < n && c->ntheirs < S5B_HOSTS; i++) {
		for (k = c->ntheirs++; k > 0 &&
		    c->theirs[k - 1].priority < more[i].priority; k--)
			c->theirs[k] = c->theirs[k - 1];
		c->theirs[k] = more[i];
	}
}

void
jingle_socket_begin(struct jingle_socket *js, const struct jingle_transport *t)
{
	if (set_state(js, JINGLE_SOCKET_TRYING) == -1)
		return;
	if (t != NULL)
		know(js, t);
	begin_dial(js);
	timer_set(js->conf.loop, &js->next, clock_ms());
}

/*
 * What the peer says
 */

static int
hear_more(struct jingle_socket *js, const struct jingle_transport *t)
{
	if (js->state > JINGLE_SOCKET_TRYING ||
	    js->choice.we != JINGLE_VOTE_OPEN)
		return 0;	/* too late to be of use */
	know(js, t);
	if (js->state == JINGLE_SOCKET_TRYING)
		begin_dial(js);
	return 0;
}

/* Only the end that chose a proxy of the other one is told that it relays. */
static int
hear_activated(struct jingle_socket *js, const char *cid)
{
	const struct jingle_choice	*c = &js->choice;

	if (js->out == -1 || c->we != JINGLE_VOTE_USED ||
	    c->theirs[c->we_use].type != JINGLE_PROXY ||
	    (cid != NULL && strcmp(cid, c->theirs[c->we_use].cid) != 0))
		return -1;
	js->relays = 1;
	return 0;
}

int
jingle_socket_hear(struct jingle_socket *js, const struct jingle_transport *t)
{
	int	 r = 0;

	if (js->state == JINGLE_SOCKET_OVER)
		return 0;
	switch (t->says) {
	case JINGLE_CANDIDATES:
		return hear_more(js, t);
	case JINGLE_CANDIDATE_USED:
	case JINGLE_CANDIDATE_ERROR:
		r = jingle_choice_hear(&js->choice, t->says, t->cid);
		break;
	case JINGLE_ACTIVATED:
		r = hear_activated(js, t->cid);
		break;
	case JINGLE_PROXY_ERROR:
		js->broken = 1;
		break;
	}
	/* What follows is said behind the answer to this. */
	timer_set(js->conf.loop, &js->next, clock_ms());
	return r;
}

/*
 * Our candidates
 */

static void
wait_by(struct jingle_socket *js, int i, const char *hash)
{
	js->wait[i] = streamhosts_wait(js->conf.streamhosts, hash, come, js);
}

/* Some programs compute the name of a stream as if the initiator had offered
 * all of its candidates: wait by both names. */
static void
gathered(void *arg)
{
	struct jingle_socket	*js = arg;
	struct streamhost	 hosts[S5B_HOSTS];
	size_t			 n = 0;

	if (set_state(js, JINGLE_SOCKET_READY) == -1)
		return;
	js->timer.fire = late;
	if (streamhosts_allowed(js->conf.streamhosts)) {
		wait_by(js, 0, js->ours);
		wait_by(js, 1, js->swapped);
		n = streamhosts_list(js->conf.streamhosts, hosts, S5B_HOSTS);
	}
	jingle_choice_offer(&js->choice, iq_jid(js->conf.iqs), hosts, n);
	js->user->ready(js->arg);
}

struct jingle_offer
jingle_socket_offer(const struct jingle_socket *js)
{
	return (struct jingle_offer){ 0, js->ours, js->choice.ours,
	    js->choice.nours };
}

struct jingle_socket *
jingle_socket_new(const struct jingle_socket_conf *conf,
    const struct jingle_transport *theirs,
    const struct jingle_socket_user *user, void *arg)
{
	const char		*us = iq_jid(conf->iqs);
	struct jingle_socket	*js;

	if ((js = calloc(1, sizeof(*js))) == NULL)
		return NULL;
	js->conf = *conf;
	js->user = user;
	js->arg = arg;
	js->in = js->out = -1;
	strlcpy(js->peer, conf->peer, sizeof(js->peer));
	strlcpy(js->sid, conf->sid, sizeof(js->sid));
	js->choice.initiator = conf->initiator;
	js->timer = (struct timer){ .fire = gathered, .arg = js };
	js->next = (struct timer){ .fire = decide, .arg = js };
	js->wish = (struct streamhosts_wish){ .fn = gathered, .arg = js };
	s5b_hash(js->sid, us, js->peer, js->ours);
	s5b_hash(js->sid, js->peer, us, js->swapped);
	strlcpy(js->theirs, js->swapped, sizeof(js->theirs));
	if (theirs != NULL)
		know(js, theirs);
	if (!streamhosts_allowed(conf->streamhosts) ||
	    streamhosts_known(conf->streamhosts)) {
		set_timer(js, 0);
	} else {
		streamhosts_wish(conf->streamhosts, &js->wish);
	}
	return js;
}
