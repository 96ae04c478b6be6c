#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "ibb/s5b.h"
#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/dial/addr.h"
#include "net/dial/dial.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "net/login/session.h"
#include "net/s5b/s5b_dial.h"
#include "net/s5b/s5b_listen.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

/* All in ms. */
#define UPGRADE_AGE	3000	/* a stream so old is worth a socket */
#define TRY_TIME	6000	/* the target's, for all hosts together */
#define ANSWER_WAIT	9000	/* ours for its answer */
#define PROXY_TIME	5000	/* to reach a proxy; to have it relay */
#define TICK		1000	/* of a socket that stands */
#define DOUBTS		15	/* ticks in which nothing of ours arrives */
#define LINGER		5000	/* for the peer's end behind ours */
#define RETRY_LEAST	1000
#define RETRY_MOST	(10 * 60 * 1000)
#define RETRY_NONE	(60 * 1000)	/* after nothing could be reached */
#define GOOD_BYTES	(1024 * 1024)	/* a socket worth its while */

enum upgrade_state {
	REST,		/* nothing under way */
	SEARCHING,	/* for proxies */
	OFFERED,	/* by us; the peer connects */
	REACHING,	/* we connect to the proxy that it chose */
	ACTIVATING,	/* the proxy is to relay */
	ASKED,		/* by the peer, for a stream not yet accepted */
	TRYING,		/* we connect to what it offers */
	UP
};

static const char *const state_names[] = {
	"rest", "searching", "offered", "reaching", "activating", "asked",
	"trying", "up"
};

struct upgrade {
	struct channel		*link;
	enum upgrade_state		 state;
	struct timer		 timer;
	int64_t			 not_before;	/* the next try */
	int64_t			 delay;		/* and the one after */
	unsigned		 losses;	/* as it began; carrier.h */
	unsigned		 number;
	char			 hash[256];
	struct streamhost	*hosts;
	size_t			 n;
	int			 used;		/* which of them */
	int			 fd;		/* connected, not yet in use */
	struct s5b_ask		*ask;
	struct s5b_wait		*wait;
	struct s5b_dial		*dial;
	char			*id;		/* of an offer, unanswered */
	struct pump		*pump;		/* the socket in use */
	int			 relayed;	/* it goes through a proxy */
	unsigned		 doubts;	/* ticks; see DOUBTS */
	int			 no_proxies;	/* there was such a one */
	int			 ended;
	int			 closing;	/* the stream is about to end */
	int			 shut;		/* our direction of it */
	char			 where[256];
};

static void	 offer(struct upgrade *);
static void	 fire(void *);

static const char *
peer_of(const struct upgrade *w)
{
	return stream_peer(w->link->stream);
}

static int
alone(const struct upgrade *w)
{
	return carrier_is_alone(stream_carrier(w->link->stream));
}

static void
set_state(struct upgrade *w, enum upgrade_state state)
{
	if (w->state != state)
		log_line(2, "stream %.8s: socket: %s -> %s",
		    stream_sid(w->link->stream), state_names[w->state],
		    state_names[state]);
	w->state = state;
}

static struct upgrade *
upgrade_of(struct channel *l)
{
	struct upgrade	*w;

	if (l->upgrade != NULL)
		return l->upgrade;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->link = l;
	w->fd = -1;
	w->delay = RETRY_LEAST;
	w->not_before = clock_ms() + UPGRADE_AGE;
	w->timer = (struct timer){ .fire = fire, .arg = w };
	l->upgrade = w;
	return w;
}

/* Whatever was under way is no more. */
static void
clean(struct upgrade *w)
{
	s5b_cancel(w->ask);
	w->ask = NULL;
	s5b_wait_cancel(w->wait);
	w->wait = NULL;
	s5b_dial_cancel(w->dial);
	w->dial = NULL;
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
	free(w->hosts);
	w->hosts = NULL;
	w->n = 0;
	timer_clear(run.loop, &w->timer);
}

static void
answer_error(struct upgrade *w, enum stanza_error err, const char *text)
{
	if (w->id != NULL)
		iq_refuseto(session_iqs(run.session), peer_of(w), w->id, err,
		    text);
	free(w->id);
	w->id = NULL;
}

void
upgrade_free(struct channel *l)
{
	struct upgrade	*w = l->upgrade;

	if (w == NULL)
		return;
	answer_error(w, SE_NOT_ACCEPTABLE, NULL);
	clean(w);
	/* A socket alone has no other way to say that it broke. */
	if (w->pump != NULL && alone(w) &&
	    stream_state(l->stream) != STREAM_CLOSED)
		pump_break(w->pump);
	else
		pump_free(w->pump);
	free(w);
	l->upgrade = NULL;
}

static void
retry_at(struct upgrade *w, int64_t delay)
{
	w->not_before = clock_ms() + delay;
	timer_set(run.loop, &w->timer, w->not_before);
}

/* The next time later, and later. */
static void
retry_later(struct upgrade *w)
{
	retry_at(w, w->delay);
	w->delay = w->delay * 2 < RETRY_MOST ? w->delay * 2 : RETRY_MOST;
}

/* Why a stream that depends on it cannot be. */
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

/* Has one of the two been away since this try began? */
static int
was_away(const struct upgrade *w)
{
	return w->losses != carrier_losses(stream_carrier(w->link->stream));
}

/* It comes to nothing, this time. */
static void
failed(struct upgrade *w, enum stanza_error err, const char *why)
{
	char	 line[256];

	clean(w);
	set_state(w, REST);
	if (alone(w)) {
		snprintf(line, sizeof(line), "%s (%s)", w->link->listener ?
		    "none of the hosts that it offers can be reached" :
		    refusal(err), why);
		stream_refused(w->link->stream, err, line);
		return;
	}
	log_line(1, "%s: no socket: %s; in-band as before", peer_of(w), why);
	if (was_away(w))
		w->delay = RETRY_LEAST;
	else if (w->delay < RETRY_NONE)
		w->delay = RETRY_NONE;
	retry_later(w);
}

/* The same, but the peer may believe that there is one. */
static void
withdraw(struct upgrade *w, enum stanza_error err, const char *why)
{
	carrier_drop_socket(stream_carrier(w->link->stream), w->number);
	failed(w, err, why);
}

/*
 * A socket that stands
 */

static size_t
upgrade_room(void *arg)
{
	struct upgrade	*w = arg;

	return stream_socket_room(w->link->stream);
}

static int
upgrade_write(void *arg, const void *data, size_t len)
{
	struct upgrade	*w = arg;

	carrier_socket_input(stream_carrier(w->link->stream), data, len);
	return 0;
}

static void
upgrade_ended(void *arg)
{
	struct upgrade	*w = arg;

	w->ended = 1;
}

static const unsigned char *
upgrade_data(void *arg, size_t *len)
{
	struct upgrade	*w = arg;

	return carrier_socket_data(stream_carrier(w->link->stream), len);
}

static void
upgrade_sent(void *arg, size_t len)
{
	struct upgrade	*w = arg;

	carrier_socket_sent(stream_carrier(w->link->stream), len);
}

static void
upgrade_changed(void *arg)
{
	struct upgrade	*w = arg;

	channel_changed(w->link);
}

static void
describe(struct upgrade *w, int fd, const struct streamhost *proxy)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);
	char			 text[ADDR_TEXT] = "";
	uint16_t		 port = 0;

	if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0) {
		addr_text((struct sockaddr *)&ss, text);
		port = addr_port((struct sockaddr *)&ss);
	}
	if (proxy != NULL)
		snprintf(w->where, sizeof(w->where), "proxy %.127s "
		    "(%s port %u)", proxy->jid, text, port);
	else
		snprintf(w->where, sizeof(w->where), "direct, %s port %u",
		    text, port);
}

/* proxy: the one it goes through, or NULL. */
static void
stands(struct upgrade *w, int fd, const struct streamhost *proxy, int ready)
{
	struct pump_peer	 peer = {
		.room = upgrade_room,
		.write = upgrade_write,
		.finish = upgrade_ended,
		.data = upgrade_data,
		.consume = upgrade_sent,
		.changed = upgrade_changed,
		.arg = w,
	};

	describe(w, fd, proxy);
	if (w->fd == fd)
		w->fd = -1;
	clean(w);
	w->ended = w->shut = 0;
	w->relayed = proxy != NULL;
	w->doubts = 0;
	if (stream_socket(w->link->stream, w->number, ready,
	    proxy != NULL) == -1) {
		close(fd);
		set_state(w, REST);
		retry_later(w);
		return;
	}
	if ((w->pump = pump_new(run.loop, fd, fd, &peer)) == NULL) {
		stream_starve(w->link->stream);
		return;
	}
	if (!alone(w))		/* there is another way */
		dial_notice(fd);
	set_state(w, UP);
	log_line(1, "%s: socket: %s", peer_of(w), w->where);
	timer_set(run.loop, &w->timer, clock_ms() + TICK);
}

static void
lost(struct upgrade *w, const char *why)
{
	struct carrier	*c = stream_carrier(w->link->stream);

	pump_free(w->pump);
	w->pump = NULL;
	set_state(w, REST);
	if (stream_state(w->link->stream) != STREAM_OPEN || w->closing)
		return;
	log_line(1, "%s: the socket broke (%s); in-band again", peer_of(w), why);
	if (carrier_socket_count(c) >= GOOD_BYTES)
		w->delay = RETRY_LEAST;
	if (w->link->listener)	/* it is for the caller to try again */
		w->not_before = INT64_MAX;
	else
		retry_later(w);
}

static void
check_up(struct upgrade *w)
{
	struct carrier	*c = stream_carrier(w->link->stream);
	int		 err = pump_error(w->pump);

	if ((err != 0 || w->ended) && carrier_socket_lost(c, err != 0) &&
	    !carrier_is_alone(c))
		w->closing = 1;
	if (!carrier_is_alone(c) && !carrier_has_socket(c)) {
		lost(w, err != 0 ? strerror(err) : w->ended ?
		    "the other end closed it" : "says the peer");
	} else if (carrier_socket_finished(c) && !w->shut) {
		w->shut = 1;
		pump_finish_output(w->pump);
		timer_set(run.loop, &w->timer, clock_ms() + LINGER);
	}
}

/*
 * There are proxies that relay from the requester to the target only, as
 * Openfire's do; and whoever is the target sees bytes come, and takes that for
 * a proof.
 */
static int
is_one_way(struct upgrade *w)
{
	if (!w->relayed || run.away || stream_waits(w->link->stream) ||
	    !carrier_socket_unproved(stream_carrier(w->link->stream)))
		w->doubts = 0;
	else
		w->doubts++;
	return w->doubts > DOUBTS;
}

static void
tick(struct upgrade *w)
{
	struct carrier	*c = stream_carrier(w->link->stream);

	if (is_one_way(w)) {
		w->no_proxies = 1;
		carrier_socket_lost(c, 1);
		lost(w, "nothing that we sent has come");
		channel_changed(w->link);
		return;
	}
	if (w->shut) {		/* all is said; so be it */
		carrier_socket_lost(c, 0);
		channel_changed(w->link);
		return;
	}
	carrier_socket_tick(c);
	channel_changed(w->link);
	timer_set(run.loop, &w->timer, clock_ms() + TICK);
}

static void
fire(void *arg)
{
	struct upgrade	*w = arg;

	if (w->state == UP)
		tick(w);
	else
		channel_changed(w->link);
}

/* Of these hosts only the own ones of whoever offers them. */
static void
drop_proxies(struct upgrade *w, const char *owner)
{
	size_t	 i, n = 0;

	for (i = 0; i < w->n; i++)
		if (strcmp(w->hosts[i].jid, owner) == 0)
			w->hosts[n++] = w->hosts[i];
	w->n = n;
}

/*
 * We offer
 */

/* One of our own addresses: who connects there waits for the answer. */
static void
connected(void *arg, int fd)
{
	struct upgrade	*w = arg;

	w->fd = fd;
}

static void
activated(void *arg, int used, enum stanza_error err, const char *why)
{
	struct upgrade		*w = arg;
	struct streamhost	 proxy = w->hosts[w->used];

	w->ask = NULL;
	if (used == -1)
		withdraw(w, err, why);
	else
		stands(w, w->fd, &proxy, 1);
}

static void
proxy_reached(void *arg, int fd, size_t which, const char *err)
{
	struct upgrade	*w = arg;

	(void)which;
	w->dial = NULL;
	if (fd == -1) {
		withdraw(w, SE_NONE, err);
		return;
	}
	w->fd = fd;
	set_state(w, ACTIVATING);
	w->ask = s5b_activate(session_iqs(run.session),
	    w->hosts[w->used].jid, stream_sid(w->link->stream), peer_of(w),
	    clock_ms() + PROXY_TIME, activated, w);
	if (w->ask == NULL)
		withdraw(w, SE_NONE, "out of memory");
}

/* The addresses of the proxy that was chosen: any of them will do. */
static void
dial_proxy(struct upgrade *w)
{
	struct s5b_dial_host	 hosts[S5B_HOSTS];
	size_t			 i, n = 0;

	if (w->fd != -1)	/* it has come here as well */
		close(w->fd);
	w->fd = -1;
	s5b_wait_cancel(w->wait);
	w->wait = NULL;
	for (i = 0; i < w->n; i++)
		if (strcmp(w->hosts[i].jid, w->hosts[w->used].jid) == 0)
			hosts[n++] = (struct s5b_dial_host){ w->hosts[i].host,
			    w->hosts[i].port };
	set_state(w, REACHING);
	w->dial = s5b_dial(run.loop, run.resolver, hosts, n, w->hash,
	    streamhosts_family(), streamhosts_permit, clock_ms() + PROXY_TIME,
	    proxy_reached, w);
	if (w->dial == NULL)
		withdraw(w, SE_NONE, "out of memory");
}

static void
answered(void *arg, int used, enum stanza_error err, const char *why)
{
	struct upgrade	*w = arg;

	w->ask = NULL;
	w->used = used;
	if (used == -1 && err == SE_NONE)
		withdraw(w, err, why);
	else if (used == -1)
		failed(w, err, why);
	else if (strcmp(w->hosts[used].jid, session_jid(run.session)) != 0)
		dial_proxy(w);
	else if (w->fd == -1)
		withdraw(w, SE_NONE, "it says that it is connected, but it "
		    "is not");
	else
		stands(w, w->fd, NULL, 1);
}

/* What makes it more than a plain program's. */
static void
write_offer(void *arg, struct xw *x)
{
	struct upgrade	*w = arg;

	if (alone(w)) {
		stream_write_service(w->link->stream, x);
		return;
	}
	xw_start(x, "socket", NS_XCAT);
	xw_attrf(x, "number", "%u", w->number);
	xw_end(x);
}

static void
offer(struct upgrade *w)
{
	const char	*sid = stream_sid(w->link->stream);

	clean(w);
	w->number = carrier_socket_next(stream_carrier(w->link->stream));
	w->losses = carrier_losses(stream_carrier(w->link->stream));
	s5b_hash(sid, session_jid(run.session), peer_of(w), w->hash);
	w->wait = streamhosts_wait(w->hash, connected, w);
	if ((w->hosts = calloc(S5B_HOSTS, sizeof(*w->hosts))) == NULL) {
		failed(w, SE_NONE, "out of memory");
		return;
	}
	w->n = streamhosts_list(w->hosts, S5B_HOSTS);
	if (w->no_proxies)
		drop_proxies(w, session_jid(run.session));
	if (w->n == 0) {
		failed(w, SE_NONE, "there is no address to offer");
		return;
	}
	if (w->wait != NULL)
		s5b_wait_prefer(w->wait, w->hosts[0].host);
	set_state(w, OFFERED);
	w->ask = s5b_offer(session_iqs(run.session), peer_of(w), sid,
	    w->hosts, w->n, write_offer, clock_ms() + ANSWER_WAIT, answered,
	    w);
	if (w->ask == NULL)
		failed(w, SE_NONE, "out of memory");
}

static void
search(struct upgrade *w)
{
	timer_clear(run.loop, &w->timer);
	set_state(w, SEARCHING);
	if (streamhosts_known())
		offer(w);
}

int
upgrade_call(struct channel *l)
{
	struct upgrade	*w;

	if ((w = upgrade_of(l)) == NULL)
		return -1;
	search(w);
	return 0;
}

/*
 * The peer offers
 */

static void
tried(void *arg, int fd, size_t which, const char *err)
{
	struct upgrade		*w = arg;
	struct channel		*l = w->link;
	struct streamhost	 host;
	int			 direct, listener = l->listener;

	w->dial = NULL;
	if (fd == -1) {
		answer_error(w, SE_ITEM_NOT_FOUND, NULL);
		failed(w, SE_ITEM_NOT_FOUND, err);
		/* What we offer may do better. */
		if (listener && !alone(w))
			retry_at(w, RETRY_LEAST);
		return;
	}
	host = w->hosts[which];
	direct = strcmp(host.jid, peer_of(w)) == 0;
	if (s5b_accept(session_iqs(run.session), peer_of(w), w->id,
	    stream_sid(l->stream), host.jid) == -1) {
		close(fd);
		failed(w, SE_INTERNAL_SERVER_ERROR, "out of memory");
		return;
	}
	free(w->id);
	w->id = NULL;
	/* To plain programs a connection is ready; a proxy is once it is told
	 * so. */
	stands(w, fd, direct ? NULL : &host, direct && alone(w));
}

static void
try(struct upgrade *w)
{
	struct s5b_dial_host	 hosts[S5B_HOSTS];
	size_t			 i;

	if (w->no_proxies)
		drop_proxies(w, peer_of(w));
	if (w->n == 0) {
		answer_error(w, SE_ITEM_NOT_FOUND, NULL);
		failed(w, SE_ITEM_NOT_FOUND, "it offers only proxies");
		return;
	}
	for (i = 0; i < w->n; i++)
		hosts[i] = (struct s5b_dial_host){ w->hosts[i].host,
		    w->hosts[i].port };
	set_state(w, TRYING);
	w->dial = s5b_dial(run.loop, run.resolver, hosts, w->n, w->hash,
	    streamhosts_family(), streamhosts_permit, clock_ms() + TRY_TIME,
	    tried, w);
	if (w->dial == NULL) {
		answer_error(w, SE_BUSY, NULL);
		failed(w, SE_NONE, "out of memory");
	}
}

static int
take(struct upgrade *w, struct s5b_offer *o)
{
	clean(w);
	w->number = carrier_socket_next(stream_carrier(w->link->stream));
	w->hosts = o->hosts;
	w->n = o->n;
	o->hosts = NULL;
	if (o->dstaddr != NULL)
		strlcpy(w->hash, o->dstaddr, sizeof(w->hash));
	else
		s5b_hash(o->sid, o->from, session_jid(run.session), w->hash);
	return (w->id = strdup(o->id)) == NULL ? -1 : 0;
}

int
upgrade_take(struct channel *l, struct s5b_offer *o)
{
	struct upgrade	*w = upgrade_of(l);

	if (w == NULL || take(w, o) == -1)
		return -1;
	set_state(w, ASKED);
	return 0;
}

int
upgrade_offered(const struct channel *l)
{
	return l->upgrade != NULL && l->upgrade->state == ASKED;
}

void
upgrade_accept(struct channel *l)
{
	try(l->upgrade);
}

void
upgrade_refuse(struct channel *l, enum stanza_error err, const char *text)
{
	if (l->upgrade != NULL)
		answer_error(l->upgrade, err, text);
}

static struct channel *
find(const char *peer, const char *sid)
{
	struct channel	*l;

	if (peer == NULL || sid == NULL)
		return NULL;
	TAILQ_FOREACH(l, &run.channels, next)
		if (l->stream != NULL &&
		    strcmp(stream_sid(l->stream), sid) == 0 &&
		    strcmp(stream_peer(l->stream), peer) == 0)
			return l;
	return NULL;
}

/* Does it offer the socket that would be the next one, and may it? */
static int
acceptable(struct channel *l, const struct elem *query)
{
	const struct elem	*e = elem_child(query, NS_XCAT, "socket");
	const char		*number = elem_attr(e, "number");
	char			 next[16];

	snprintf(next, sizeof(next), "%u",
	    carrier_socket_next(stream_carrier(l->stream)));
	if (!stream_socket_wanted(l->stream) || number == NULL ||
	    strcmp(number, next) != 0)
		return 0;
	/* Offers that cross: the caller's counts. */
	return l->upgrade == NULL || l->upgrade->state == REST ||
	    (l->listener && l->upgrade->state <= OFFERED);
}

static void
take_upgrade(struct channel *l, struct s5b_offer *o)
{
	struct iq_table	*t = session_iqs(run.session);
	struct upgrade	*w;

	if (!acceptable(l, o->query) || (w = upgrade_of(l)) == NULL ||
	    take(w, o) == -1)
		iq_refuseto(t, o->from, o->id, SE_NOT_ACCEPTABLE, NULL);
	else
		try(w);
}

static void
take_query(const struct elem *iq, struct channel *l)
{
	struct iq_table		*t = session_iqs(run.session);
	struct s5b_offer	 o;

	if (s5b_parse(t, iq, &o) != 1)
		return;
	if (o.hosts == NULL)
		iq_refuse(t, iq, SE_BUSY, NULL);
	else if (l != NULL)
		take_upgrade(l, &o);
	else if (elem_child(o.query, NS_XCAT, "socket") != NULL)
		iq_refuse(t, iq, SE_ITEM_NOT_FOUND, NULL);
	else
		accept_socket_offered(&run, &o);
	free(o.hosts);
}

static int
take_control(const struct elem *iq, const struct elem *e)
{
	struct channel	*l = find(elem_attr(iq, "from"), elem_attr(e, "sid"));

	if (l == NULL || carrier_is_alone(stream_carrier(l->stream)))
		iq_refuse(session_iqs(run.session), iq, SE_ITEM_NOT_FOUND,
		    NULL);
	else
		carrier_control(stream_carrier(l->stream), iq, e);
	return 1;
}

int
upgrade_input(const struct elem *iq)
{
	const struct elem	*e;
	const char		*from = elem_attr(iq, "from");
	struct channel		*l;

	if (!streamhosts_allowed() || from == NULL || !stanza_is(iq, "iq") ||
	    !stanza_type(iq, "set"))
		return 0;
	if ((e = elem_child(iq, NS_XCAT, "socket")) != NULL)
		return find(from, elem_attr(e, "sid")) != NULL &&
		    take_control(iq, e);
	if ((e = elem_child(iq, NS_BYTESTREAMS, "query")) == NULL)
		return 0;
	/* Others are answered as any client answers. */
	l = find(from, elem_attr(e, "sid"));
	if (l == NULL && (!app_listens(&run) || !admit_opens(&run, from)))
		return 0;
	take_query(iq, l);
	return 1;
}

/*
 * When
 */

/* That may be why the last try came to nothing, or what has changed since. */
static void
look_anew(struct upgrade *w)
{
	if (w->number == 0 || !was_away(w) || w->link->listener)
		return;
	w->losses = carrier_losses(stream_carrier(w->link->stream));
	w->delay = RETRY_LEAST;
	if (w->not_before > clock_ms() + RETRY_LEAST)
		retry_at(w, RETRY_LEAST);
}

static int
time_for_it(struct channel *l)
{
	struct upgrade	*w;
	uint64_t	 moved;

	if (l->listener && l->upgrade == NULL)
		return 0;	/* it is the caller who begins */
	if (!streamhosts_allowed() || run.ending || run.away ||
	    stream_waits(l->stream) || !stream_socket_wanted(l->stream) ||
	    (w = upgrade_of(l)) == NULL || w->state != REST)
		return 0;
	look_anew(w);
	moved = stream_sent(l->stream) + stream_received(l->stream);
	if (w->number == 0 && !w->timer.on)	/* it has just begun */
		timer_set(run.loop, &w->timer, w->not_before);
	return clock_ms() >= w->not_before || (w->number == 0 &&
	    !l->listener && moved >= (uint64_t)run.conf.upgrade_after);
}

void
upgrade_check(struct channel *l)
{
	struct upgrade	*w = l->upgrade;

	if (w != NULL && w->state == UP) {
		check_up(w);
	} else if (w != NULL && w->state == SEARCHING) {
		if (streamhosts_known())
			offer(w);
	} else if (w != NULL && w->state == OFFERED && was_away(w)) {
		/* The offer or its answer may have been lost. */
		withdraw(w, SE_NONE, "a connection to a server broke");
	} else if (time_for_it(l)) {
		search(l->upgrade);
	}
}
