/* upgrade: its life, and when it begins what; see upgrade_int.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "ibb/dispatch.h"
#include "ibb/stream.h"
#include "net/io/log.h"
#include "net/s5b/assist.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "net/s5b/upgrade_int.h"
#include "net/s5b/upgrade_socket.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"

/* All in ms but for GOOD_BYTES. */
#define UPGRADE_AGE	3000	/* a stream so old is worth a socket */
#define RETRY_LEAST	1000
#define RETRY_MOST	(10 * 60 * 1000)
#define RETRY_NONE	(60 * 1000)	/* after nothing could be reached */
#define GOOD_BYTES	(1024 * 1024)	/* a socket worth its while, */
#define GOOD_AGE	(30 * 1000)	/* or one that little goes through */
#define NEVER		INT64_MAX

static const char *const state_names[] = {
	"rest", "searching", "offered", "reaching", "activating", "asked",
	"trying", "up"
};

#define TO(state)	(1U << (state))

/* Where each state may lead.  A listener that has offered may be offered a
 * socket as well, and takes that. */
static const unsigned state_next[] = {
	[UPGRADE_REST] = TO(UPGRADE_SEARCHING) | TO(UPGRADE_ASKED) |
	    TO(UPGRADE_TRYING) | TO(UPGRADE_UP),
	[UPGRADE_SEARCHING] = TO(UPGRADE_OFFERED) | TO(UPGRADE_TRYING) |
	    TO(UPGRADE_REST),
	[UPGRADE_OFFERED] = TO(UPGRADE_REACHING) | TO(UPGRADE_UP) |
	    TO(UPGRADE_TRYING) | TO(UPGRADE_REST),
	[UPGRADE_REACHING] = TO(UPGRADE_ACTIVATING) | TO(UPGRADE_REST),
	[UPGRADE_ACTIVATING] = TO(UPGRADE_UP) | TO(UPGRADE_REST),
	[UPGRADE_ASKED] = TO(UPGRADE_TRYING) | TO(UPGRADE_UP) |
	    TO(UPGRADE_REST),
	[UPGRADE_TRYING] = TO(UPGRADE_UP) | TO(UPGRADE_REST),
	[UPGRADE_UP] = TO(UPGRADE_REST)
};

void
upgrade_set_state(struct upgrade *u, enum upgrade_state state)
{
	int	 possible = (state_next[u->state] & TO(state)) != 0;

	if (u->state == state)
		return;
	log_line(possible ? LOG_TRACE : LOG_FAULT,
	    "stream %.8s: socket: %s %s %s", stream_sid(u->stream),
	    state_names[u->state], possible ? "->" : "cannot become",
	    state_names[state]);
	if (possible)
		u->state = state;
}

const char *
upgrade_peer(const struct upgrade *u)
{
	return stream_peer(u->stream);
}

const char *
upgrade_jid(const struct upgrade *u)
{
	return iq_jid(u->owner->conf.iqs);
}

int
upgrade_is_alone(const struct upgrade *u)
{
	return carrier_is_alone(stream_carrier(u->stream));
}

/*
 * A negotiation
 */

static void
negotiation_free(struct negotiation *n)
{
	if (n == NULL)
		return;
	s5b_cancel(n->ask);
	s5b_wait_cancel(n->wait);
	s5b_dial_cancel(n->dial);
	if (n->fd != -1)
		close(n->fd);
	free(n->hosts);
	free(n->id);
	free(n);
}

static void
end_negotiation(struct upgrade *u)
{
	negotiation_free(u->negotiation);
	u->negotiation = NULL;
	timer_clear(u->owner->conf.loop, &u->timer);
}

int
upgrade_begin(struct upgrade *u)
{
	struct negotiation	*n;

	u->number = carrier_socket_next(stream_carrier(u->stream));
	if ((n = calloc(1, sizeof(*n))) == NULL)
		return -1;
	n->fd = -1;
	end_negotiation(u);
	u->negotiation = n;
	return 0;
}

void
upgrade_drop_hosts(struct upgrade *u, const char *owner)
{
	struct negotiation	*n = u->negotiation;
	size_t			 i, kept = 0;

	if (u->hosts == UPGRADE_ANY)
		return;
	for (i = 0; i < n->n; i++)
		if (strcmp(n->hosts[i].jid, owner) == 0)
			n->hosts[kept++] = n->hosts[i];
	n->n = kept;
}

enum carrier_version
upgrade_version(const struct elem *query)
{
	const struct elem	*e = elem_child(query, NS_XCAT, "socket");
	uint64_t		 n;

	return elem_number(e, "version", 1, UINT32_MAX, &n) == 0 &&
	    n >= CARRIER_FRAMED ? CARRIER_FRAMED : CARRIER_BARE;
}

int
upgrade_dial(struct upgrade *u, const char *owner, int64_t ms, s5b_dial_fn *fn)
{
	const struct upgrades_conf	*conf = &u->owner->conf;
	struct negotiation		*n = u->negotiation;
	struct s5b_dial_host		 hosts[S5B_HOSTS];
	struct s5b_dial_conf		 dc = {
		.resolver = conf->resolver,
		.hosts = hosts,
		.hash = n->hash,
		.deadline = clock_ms() + ms,
	};
	size_t				 i;

	for (i = 0; i < n->n; i++)
		if (owner == NULL || strcmp(n->hosts[i].jid, owner) == 0)
			hosts[dc.n++] = (struct s5b_dial_host){
			    n->hosts[i].host, n->hosts[i].port };
	n->dial = streamhosts_dial(conf->streamhosts, &dc, fn, u);
	return n->dial == NULL ? -1 : 0;
}

/*
 * What becomes of a try
 */

void
upgrade_retry(struct upgrade *u, int64_t ms)
{
	u->not_before = clock_ms() + ms;
	timer_set(u->owner->conf.loop, &u->timer, u->not_before);
}

/* Wait twice as long after each try. */
static void
retry_later(struct upgrade *u)
{
	upgrade_retry(u, u->delay);
	u->delay = u->delay * 2 < RETRY_MOST ? u->delay * 2 : RETRY_MOST;
}

/* Has one of the two been away since this try began? */
static int
was_away(const struct upgrade *u)
{
	return u->losses != carrier_losses(stream_carrier(u->stream));
}

/* Why a stream that depends on the socket cannot be. */
static const char *
refusal(enum stanza_error err)
{
	switch (err) {
	case SE_NOT_ACCEPTABLE:
		return "it does not want the stream; ask its owner";
	case SE_SERVICE_UNAVAILABLE:
	case SE_FEATURE_NOT_IMPLEMENTED:
	case SE_RECIPIENT_UNAVAILABLE:
		return "nobody there takes sockets, or not from you: try "
		    "without -o carrier=s5b";
	default:
		return "no socket between us: name a proxy with -P, or try "
		    "without -o carrier=s5b";
	}
}

void
upgrade_failed(struct upgrade *u, enum stanza_error err, const char *why)
{
	char	 line[256];

	end_negotiation(u);
	upgrade_set_state(u, UPGRADE_REST);
	if (upgrade_is_alone(u)) {
		snprintf(line, sizeof(line), "%s (%s)", u->listener ?
		    "none of the hosts that it offers can be reached" :
		    refusal(err), why);
		stream_refused(u->stream, err, line);
		return;
	}
	if (*u->why == '\0')
		strlcpy(u->why, why, sizeof(u->why));
	if (u->socket == NULL && u->better == -1)
		upgrades_learn(u, UPGRADE_WAY_UNKNOWN);
	log_line(LOG_DETAIL, "%s: no socket: %s; in-band as before",
	    upgrade_peer(u), why);
	if (was_away(u))
		u->delay = RETRY_LEAST;
	else if (u->delay < RETRY_NONE)
		u->delay = RETRY_NONE;
	retry_later(u);
}

void
upgrade_withdraw(struct upgrade *u, enum stanza_error err, const char *why)
{
	carrier_drop_socket(stream_carrier(u->stream), u->number);
	upgrade_failed(u, err, why);
}

static int
socket_away(void *arg)
{
	const struct upgrade	*u = arg;

	return u->owner->host.away(u->owner->host.arg);
}

static void
socket_doubted(void *arg)
{
	const struct upgrade	*u = arg;

	if (u->owner->host.broke != NULL)
		u->owner->host.broke(u->owner->host.arg);
}

static void
socket_changed(void *arg)
{
	struct upgrade	*u = arg;

	u->changed(u->arg);
}

void
upgrade_stands(struct upgrade *u, int fd, const char *proxy, int ready,
    enum carrier_version version)
{
	struct upgrade_socket_conf	 conf = {
		.loop = u->owner->conf.loop,
		.stream = u->stream,
		.number = u->number,
		.ready = ready,
		.version = version,
		.proxy = proxy,
		.away = socket_away,
		.doubted = socket_doubted,
		.changed = socket_changed,
		.arg = u,
	};
	struct log_event		 e = { .kind = LOG_CARRIER,
					     .carrier = "socket" };

	if (u->negotiation != NULL) {
		if (u->negotiation->fd == fd)
			u->negotiation->fd = -1;
		if (!u->listener && upgrades_way(u) == UPGRADE_WAY_UNKNOWN)
			upgrades_learn(u, UPGRADE_WAY_OFFERED);
	}
	u->direct = proxy == NULL;
	u->socket = upgrade_socket_new(&conf, fd);
	end_negotiation(u);
	if (u->socket == NULL) {
		upgrade_set_state(u, UPGRADE_REST);
		retry_later(u);
		return;
	}
	u->stands_since = clock_ms();
	upgrade_set_state(u, UPGRADE_UP);
	e.peer = upgrade_peer(u);
	e.sid = stream_sid(u->stream);
	e.way = upgrade_socket_where(u->socket);
	log_event(LOG_DETAIL, &e, "%s: socket: %s", e.peer, e.way);
}

/* Was the socket that broke worth its while? */
static int
was_good(const struct upgrade *u)
{
	return carrier_socket_count(stream_carrier(u->stream)) >= GOOD_BYTES ||
	    clock_ms() - u->stands_since >= GOOD_AGE;
}

/* The socket is gone; done: because the stream is about to end. */
static void
lost(struct upgrade *u, int done)
{
	char			 why[128];
	struct log_event	 e = { .kind = LOG_CARRIER,
				     .carrier = "in-band", .reason = why };

	strlcpy(why, upgrade_socket_why(u->socket), sizeof(why));
	upgrade_socket_free(u->socket);
	u->socket = NULL;
	upgrade_set_state(u, UPGRADE_REST);
	if (stream_state(u->stream) != STREAM_OPEN || done || u->better != -1)
		return;
	e.peer = upgrade_peer(u);
	e.sid = stream_sid(u->stream);
	log_event(LOG_DETAIL, &e, "%s: the socket broke (%s); in-band again",
	    e.peer, why);
	socket_doubted(u);
	if (u->direct)
		upgrade_punch_lost(u);
	if (was_good(u))
		u->delay = RETRY_LEAST;
	if (u->listener)	/* it is for the caller to try again */
		u->not_before = NEVER;
	else
		retry_later(u);
}

/* The better socket stands as soon as the old one is given up at both ends. */
static void
stand_better(struct upgrade *u)
{
	int	 fd = u->better;

	if (fd == -1 || u->state != UPGRADE_REST ||
	    !stream_socket_wanted(u->stream))
		return;
	u->better = -1;
	u->number = carrier_socket_next(stream_carrier(u->stream));
	upgrade_stands(u, fd, NULL, u->better_ready, CARRIER_FRAMED);
}

void
upgrade_replace(struct upgrade *u, int fd, int chosen)
{
	if (u->better != -1)
		close(u->better);
	u->better = fd;
	u->better_ready = chosen;
	if (u->state != UPGRADE_REST && u->state != UPGRADE_UP)
		upgrade_withdraw(u, SE_NONE, "there is a better way");
	if (!chosen && u->socket != NULL)
		carrier_socket_lost(stream_carrier(u->stream), 1);
	u->changed(u->arg);
}

static void
check_socket(struct upgrade *u)
{
	switch (upgrade_socket_check(u->socket)) {
	case UPGRADE_SOCKET_STANDS:
		break;
	case UPGRADE_SOCKET_ONE_WAY:
		u->hosts = UPGRADE_DIRECT;
		lost(u, 0);
		break;
	case UPGRADE_SOCKET_LOST:
		lost(u, 0);
		break;
	case UPGRADE_SOCKET_DONE:
		lost(u, 1);
		break;
	}
}

/*
 * When
 */

static void
fire(void *arg)
{
	struct upgrade	*u = arg;

	u->changed(u->arg);
}

/* An absence may be why the last try came to nothing, and the peer may be
 * elsewhere since: do not wait as long. */
static void
look_anew(struct upgrade *u)
{
	if (u->number == 0 || !was_away(u) || u->listener)
		return;
	u->losses = carrier_losses(stream_carrier(u->stream));
	u->delay = RETRY_LEAST;
	if (u->not_before > clock_ms() + RETRY_LEAST)
		upgrade_retry(u, RETRY_LEAST);
}

/* May a socket be offered at all? */
static int
may_offer(const struct upgrade *u)
{
	const struct upgrades	*us = u->owner;

	return streamhosts_allowed(us->conf.streamhosts) &&
	    !us->host.ending(us->host.arg) && !us->host.away(us->host.arg) &&
	    !stream_waits(u->stream) && stream_socket_wanted(u->stream);
}

static int
is_time(struct upgrade *u)
{
	uint64_t	 moved;

	if (u->listener && u->number == 0)
		return 0;	/* it is for the caller to begin */
	if (!may_offer(u))
		return 0;
	look_anew(u);
	if (u->number == 0 && upgrades_way(u) != UPGRADE_WAY_UNKNOWN)
		return 1;
	if (u->not_before == NEVER && !u->listener)
		upgrade_retry(u, UPGRADE_AGE);
	else if (u->number == 0 && !u->timer.on)
		timer_set(u->owner->conf.loop, &u->timer, u->not_before);
	moved = stream_sent(u->stream) + stream_received(u->stream);
	return clock_ms() >= u->not_before ||
	    (u->number == 0 && moved >= u->owner->conf.after);
}

static void
search(struct upgrade *u)
{
	timer_clear(u->owner->conf.loop, &u->timer);
	upgrade_set_state(u, UPGRADE_SEARCHING);
	if (streamhosts_known(u->owner->conf.streamhosts))
		upgrade_offer(u);
}

void
upgrade_call(struct upgrade *u)
{
	search(u);
}

void
upgrade_check(struct upgrade *u)
{
	if (u->state == UPGRADE_UP)
		check_socket(u);
	stand_better(u);
	switch (u->state) {
	case UPGRADE_SEARCHING:
		if (streamhosts_known(u->owner->conf.streamhosts))
			upgrade_offer(u);
		break;
	case UPGRADE_OFFERED:
		/* The offer or its answer may have been lost. */
		if (was_away(u))
			upgrade_withdraw(u, SE_NONE, "a connection to a "
			    "server broke");
		break;
	case UPGRADE_REST:
		if (u->better == -1 && is_time(u))
			search(u);
		break;
	default:
		break;
	}
	upgrade_punch_check(u);
}

/*
 * For people
 */

int
upgrade_seeks(const struct upgrade *u)
{
	if (upgrade_is_direct(u))
		return 0;
	return (u->state != UPGRADE_REST && u->state != UPGRADE_UP) ||
	    (u->number == 0 && may_offer(u)) || u->better != -1 ||
	    upgrade_punch_state(u) != UPGRADE_PUNCH_REST ||
	    upgrade_punch_is_new(u);
}

const char *
upgrade_where(const struct upgrade *u)
{
	return u->socket != NULL ? upgrade_socket_where(u->socket) : NULL;
}

int
upgrade_is_direct(const struct upgrade *u)
{
	return u->state == UPGRADE_UP && u->direct;
}

const char *
upgrade_why(const struct upgrade *u)
{
	return u->why;
}

/*
 * Life and death
 */

struct upgrade *
upgrade_new(struct upgrades *us, struct stream *stream, int listener,
    void (*changed)(void *), void *arg)
{
	struct upgrade	*u;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	u->owner = us;
	u->stream = stream;
	u->listener = listener;
	u->changed = changed;
	u->arg = arg;
	u->not_before = NEVER;
	u->delay = RETRY_LEAST;
	u->better = -1;
	u->timer = (struct timer){ .fire = fire, .arg = u };
	TAILQ_INSERT_TAIL(&us->all, u, next);
	return u;
}

void
upgrade_free(struct upgrade *u)
{
	if (u == NULL)
		return;
	upgrade_refuse(u, SE_NOT_ACCEPTABLE, NULL);
	upgrade_punch_free(u);
	end_negotiation(u);
	assist_free(u->assist);
	upgrade_socket_free(u->socket);
	if (u->better != -1)
		close(u->better);
	TAILQ_REMOVE(&u->owner->all, u, next);
	free(u);
}
