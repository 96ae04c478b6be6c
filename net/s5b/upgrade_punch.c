/* upgrade_punch: a way through the routers of both ends; see upgrade_int.h and
 * xcat-protocol(7), Punching. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/carrier.h"
#include "ibb/stream.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/s5b/gather.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade_punch_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/number.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define BY_DESTINATION	"by-destination"	/* how a router maps ports */
/* All in ms. */
#define ANSWER_WAIT	10000	/* for the peer's candidates */
#define PING_WAIT	2000	/* to know how far the peer is */
#define HEAD_START	500	/* for XEP-0065, which needs no routers */
#define PAUSE_LOST	5000	/* until it is tried again, after a loss, */
#define PAUSE_LEAST	30000	/* and otherwise */
#define PAUSE_MOST	600000
/* How often it is tried after PAUSE_LEAST where there was a way before: what
 * broke it may be over any time. */
#define FAITH		20

static const char *const state_names[] = {
	"rest", "gathering", "asked", "trying"
};

static struct iq_table *
iqs(const struct upgrade_punch *p)
{
	return p->u->owner->conf.iqs;
}

void
upgrade_punch_set_state(struct upgrade_punch *p,
    enum upgrade_punch_state state)
{
	if (p->state != state)
		log_line(LOG_TRACE, "stream %.8s: punching: %s -> %s",
		    stream_sid(p->u->stream), state_names[p->state],
		    state_names[state]);
	p->state = state;
}

/*
 * The end of a try
 */

static void
punch_reset(struct upgrade_punch *p)
{
	iq_forget(iqs(p), p);
	upgrade_ways_end(p);
	gather_free(p->gather);
	p->gather = NULL;
	free(p->id);
	p->id = NULL;
	p->npeers = 0;
	p->pinging = 0;
	upgrade_punch_set_state(p, UPGRADE_PUNCH_REST);
}

void
upgrade_punch_free(struct upgrade *u)
{
	struct upgrade_punch	*p = u->punch;

	if (p == NULL)
		return;
	punch_reset(p);
	gather_free(p->mapped);
	timer_clear(u->owner->conf.loop, &p->timer);
	free(p);
	u->punch = NULL;
}

/* The obstacle to a direct way may be gone: do not wait.  A peer that seemed
 * not to know how to punch may have been absent: the server answers for it with
 * the error of an old xcat. */
static void
try_anew(struct upgrade_punch *p)
{
	p->unknown = 0;
	p->pause = PAUSE_LOST;
	p->not_before = clock_ms();
}

/* What broke a way may soon be over, or any time; where there was none, less
 * and less speaks for the next try. */
static void
grow_pause(struct upgrade_punch *p)
{
	int64_t	 most = p->pause < PAUSE_LEAST ? PAUSE_LEAST : PAUSE_MOST;

	if (p->pause >= PAUSE_LEAST && p->faith > 0)
		p->faith--;
	else
		p->pause = p->pause * 2 < most ? p->pause * 2 : most;
}

void
upgrade_punch_failed(struct upgrade_punch *p, const char *why)
{
	strlcpy(p->u->why, why, sizeof(p->u->why));
	log_line(LOG_DETAIL, "%s: no way through the routers: %s",
	    upgrade_peer(p->u), why);
	if (p->id != NULL)
		iq_refuseto(iqs(p), upgrade_peer(p->u), p->id,
		    SE_ITEM_NOT_FOUND, NULL);
	punch_reset(p);
	p->not_before = clock_ms() + p->pause;
	grow_pause(p);
	if (!p->u->listener)
		timer_set(p->u->owner->conf.loop, &p->timer, p->not_before);
}

void
upgrade_punch_found(struct upgrade_punch *p, int fd)
{
	struct upgrade	*u = p->u;

	gather_free(p->mapped);
	p->mapped = p->gather;
	p->gather = NULL;
	punch_reset(p);
	p->pause = PAUSE_LEAST;
	p->not_before = clock_ms() + p->pause;
	if (!u->listener)
		upgrades_learn(u, UPGRADE_WAY_PUNCHED);
	upgrade_replace(u, fd, u->listener);
}

/*
 * Candidates
 */

/* Read the peer's, and its random characters.  0, or -1 if they are none. */
static int
read_punch(struct upgrade_punch *p, const struct elem *e, int caller)
{
	const char	*nonce = elem_attr(e, "nonce"), *nat;

	if (nonce == NULL || strlen(nonce) != UPGRADE_NONCE)
		return -1;
	memcpy(p->nonces[!caller], nonce, UPGRADE_NONCE + 1);
	nat = elem_attr(e, "nat");
	p->fickle = nat != NULL && strcmp(nat, BY_DESTINATION) == 0;
	p->npeers = candidates_read(e, streamhosts_permit,
	    p->u->owner->conf.streamhosts, p->peers, CANDIDATES_MAX);
	return 0;
}

static void
write_punch(struct upgrade_punch *p, struct xw *w)
{
	const struct candidate	*c;
	size_t			 i, n;

	xw_start(w, "punch", NS_XCAT);
	xw_attr(w, "sid", stream_sid(p->u->stream));
	xw_attr(w, "nonce", p->nonces[p->u->listener]);
	if (gather_nat(p->gather) == GATHER_NAT_FICKLE)
		xw_attr(w, "nat", BY_DESTINATION);
	c = gather_candidates(p->gather, &n);
	for (i = 0; i < n && i < CANDIDATES_MAX; i++)
		candidate_write(w, &c[i]);
	xw_end(w);
}

/* The peer's router maps ports by destination, so that it takes a port that
 * ours maps on request, and we have not waited for that. */
static int
needs_router(const struct upgrade_punch *p)
{
	return p->fickle && !p->patient && gather_router_is_asked(p->gather);
}

static void
punch_patiently(struct upgrade_punch *p)
{
	log_line(LOG_DETAIL, "%s: its router maps ports by destination; ours "
	    "is waited for", upgrade_peer(p->u));
	punch_reset(p);
	p->patient = 1;
	p->not_before = clock_ms();
	p->u->changed(p->u->arg);
}

static void
answered(void *arg, const struct elem *answer)
{
	struct upgrade_punch	*p = arg;
	enum stanza_error	 err;

	if (answer == NULL) {
		upgrade_punch_failed(p, "the peer does not answer");
		return;
	}
	err = stanza_error(answer);
	p->unknown = err == SE_SERVICE_UNAVAILABLE ||
	    err == SE_FEATURE_NOT_IMPLEMENTED;
	if (err != SE_NONE)
		upgrade_punch_failed(p, p->unknown ?
		    "the peer does not know how" : "the peer has none");
	else if (read_punch(p, elem_child(answer, NS_XCAT, "punch"), 0) == -1)
		upgrade_punch_failed(p, "the peer's answer makes no sense");
	else if (needs_router(p))
		punch_patiently(p);
	else
		upgrade_ways_begin(p);
}

static void
ask(struct upgrade_punch *p)
{
	upgrade_punch_set_state(p, UPGRADE_PUNCH_ASKED);
	write_punch(p, iq_request(iqs(p), "set", upgrade_peer(p->u)));
	if (iq_ask(iqs(p), answered, p, clock_ms() + ANSWER_WAIT) == -1)
		upgrade_punch_failed(p, "out of memory");
}

/* The listener answers once it knows its addresses and the distance. */
static void
answer(struct upgrade_punch *p)
{
	if (p->pinging || p->gather == NULL ||
	    p->state != UPGRADE_PUNCH_GATHERING)
		return;
	write_punch(p, iq_resultto(iqs(p), upgrade_peer(p->u), p->id));
	free(p->id);
	p->id = NULL;
	if (iq_send(iqs(p)) == -1)
		upgrade_punch_failed(p, "out of memory");
	else
		upgrade_ways_begin(p);
}

/* A router that maps nothing is not asked with each try. */
static void
say_portmap(struct upgrade_punch *p)
{
	const char	*err = gather_portmap_error(p->gather);

	if (*err == '\0' || !(p->patient ||
	    gather_nat(p->gather) != GATHER_NAT_STEADY))
		return;
	log_line(LOG_DETAIL, "the router maps no port: %s", err);
	streamhosts_not_mapped(p->u->owner->conf.streamhosts);
}

static void
gathered(void *arg)
{
	struct upgrade_punch	*p = arg;

	if (gather_nat(p->gather) == GATHER_NAT_FICKLE)
		log_line(LOG_DETAIL, "our router maps ports by destination");
	say_portmap(p);
	if (!p->u->listener) {
		ask(p);
	} else if (p->pinging) {
		p->pinging = 2;		/* it is all that is waited for */
	} else {
		answer(p);
	}
}

static void
ponged(void *arg, const struct elem *pong)
{
	struct upgrade_punch	*p = arg;
	int			 waits = p->pinging == 2;

	p->half = pong == NULL ? 0 : (clock_ms() - p->began) / 2;
	p->pinging = 0;
	if (waits)
		answer(p);
}

static void
ping(struct upgrade_punch *p)
{
	p->began = clock_ms();
	p->half = 0;
	xw_elem(iq_request(iqs(p), "get", upgrade_peer(p->u)), "ping",
	    NS_PING, NULL);
	p->pinging = iq_ask(iqs(p), ponged, p, p->began + PING_WAIT) == 0;
}

/* Does another stream use the port of the login already? */
static int
login_is_taken(const struct upgrade_punch *p)
{
	const struct upgrade	*u;

	TAILQ_FOREACH(u, &p->u->owner->all, next)
		if (u->punch != NULL && u->punch != p &&
		    ((u->punch->gather != NULL &&
		    gather_shares_login(u->punch->gather)) ||
		    (u->punch->mapped != NULL &&
		    gather_shares_login(u->punch->mapped))))
			return 1;
	return 0;
}

/* 0, or -1 if there is nothing to begin with. */
static int
punch_begin(struct upgrade_punch *p)
{
	const struct upgrades_conf	*uc = &p->u->owner->conf;
	struct gather_conf		 conf = {
		.loop = uc->loop,
		.resolver = uc->resolver,
		.iqs = uc->iqs,
		.components = UPGRADE_WAYS,
	};
	unsigned char			 random[UPGRADE_NONCE / 2];

	p->tries++;
	p->losses = carrier_losses(stream_carrier(p->u->stream));
	arc4random_buf(random, sizeof(random));
	number_to_hex(random, sizeof(random), p->nonces[p->u->listener]);
	streamhosts_gather_conf(uc->streamhosts, &conf);
	conf.patient = p->patient;
	if (login_is_taken(p))
		conf.login.len = 0;
	p->gather = gather(&conf, gathered, p);
	if (p->gather == NULL)
		return -1;
	upgrade_punch_set_state(p, UPGRADE_PUNCH_GATHERING);
	return 0;
}

/*
 * When
 */

static void
punch_fire(void *arg)
{
	const struct upgrade_punch	*p = arg;

	p->u->changed(p->u->arg);
}

/* Is there a session, whose peer may know our addresses, and no direct way? */
static int
may_punch(const struct upgrade *u)
{
	const struct upgrades	*us = u->owner;

	return streamhosts_punches(us->conf.streamhosts) &&
	    stream_state(u->stream) == STREAM_OPEN &&
	    stream_key(u->stream) != NULL && !upgrade_is_alone(u) &&
	    !us->host.ending(us->host.arg) && !us->host.away(us->host.arg) &&
	    !stream_waits(u->stream) && u->better == -1 &&
	    !(u->state == UPGRADE_UP && u->direct);
}

static struct upgrade_punch *
punch_of(struct upgrade *u)
{
	struct upgrade_punch	*p = u->punch;

	if (p != NULL || (p = calloc(1, sizeof(*p))) == NULL)
		return p;
	p->u = u;
	p->losses = carrier_losses(stream_carrier(u->stream));
	p->pause = PAUSE_LEAST;
	p->not_before = clock_ms() + (upgrades_way(u) == UPGRADE_WAY_PUNCHED ?
	    0 : HEAD_START);
	p->timer = (struct timer){ .fire = punch_fire, .arg = p };
	u->punch = p;
	return p;
}

/* XEP-0065 has begun, and goes on beside this. */
void
upgrade_punch_check(struct upgrade *u)
{
	struct upgrade_punch	*p = u->punch;

	if (p != NULL && p->state != UPGRADE_PUNCH_REST && !may_punch(u))
		punch_reset(p);
	if (u->listener || u->number == 0 || !may_punch(u) ||
	    (p = punch_of(u)) == NULL)
		return;
	if (p->state != UPGRADE_PUNCH_REST)
		return;
	/* One of the ends was away, and may be elsewhere since. */
	if (p->losses != carrier_losses(stream_carrier(u->stream)))
		try_anew(p);
	if (p->unknown)
		return;
	if (clock_ms() < p->not_before)
		timer_set(u->owner->conf.loop, &p->timer, p->not_before);
	else if (punch_begin(p) == -1)
		upgrade_punch_failed(p, strerror(errno));
}

void
upgrade_punch_lost(struct upgrade *u)
{
	struct upgrade_punch	*p = u->punch;

	if (p == NULL)
		return;
	p->faith = FAITH;
	gather_free(p->mapped);
	p->mapped = NULL;
	try_anew(p);
}

enum upgrade_punch_state
upgrade_punch_state(const struct upgrade *u)
{
	return u->punch == NULL ? UPGRADE_PUNCH_REST : u->punch->state;
}

int
upgrade_punch_is_new(const struct upgrade *u)
{
	return !u->listener && may_punch(u) &&
	    (u->punch == NULL || u->punch->tries == 0);
}

int64_t
upgrade_punch_due(const struct upgrade *u)
{
	return u->punch == NULL || u->punch->unknown ? INT64_MAX :
	    u->punch->not_before;
}

/* Of the listener: begin, in place of a try that the caller has given up. */
static int
punch_asked(struct upgrade *u, const struct elem *iq, const struct elem *e)
{
	struct upgrade_punch	*p;
	const char		*id = elem_attr(iq, "id");

	if (!u->listener || !may_punch(u) || id == NULL ||
	    (p = punch_of(u)) == NULL)
		return -1;
	punch_reset(p);
	if (read_punch(p, e, 1) == -1 || (p->id = strdup(id)) == NULL)
		return -1;
	p->patient = p->fickle;
	if (punch_begin(p) == -1) {
		free(p->id);
		p->id = NULL;
		return -1;
	}
	ping(p);
	return 0;
}

int
upgrades_punch_input(void *arg, const struct elem *iq, const struct elem *e)
{
	struct upgrades	*us = arg;
	const char	*from = elem_attr(iq, "from"), *sid;
	struct upgrade	*u;

	sid = elem_attr(e, "sid");
	if (from == NULL || sid == NULL ||
	    !streamhosts_punches(us->conf.streamhosts) ||
	    (u = us->host.find(us->host.arg, from, sid)) == NULL)
		return 0;
	if (punch_asked(u, iq, e) == -1)
		iq_refuse(us->conf.iqs, iq, SE_NOT_ACCEPTABLE, NULL);
	return 1;
}
