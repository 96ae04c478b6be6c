/* punch: see punch.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/io/fd.h"
#include "net/io/listen.h"
#include "net/io/loop.h"
#include "net/s5b/punch.h"
#include "net/s5b/shared_port.h"

#define GUESTS		8	/* that have connected and proven nothing */
#define BACKLOG		64
#define PATIENCE	3000	/* ms for a proof */
#define PAUSE		100	/* ms between two attempts at an address */
#define TRIES		20	/* attempts at an address */
#define LOW_PAUSE	700	/* ms for each hop limit */
#define LOW_TRIES	200	/* attempts at an address with each */
#define LOW_MAX		4	/* the last one that is low */
/* IPv4: an error about our own packet has less left than this, what a peer
 * sends has more.  For IPv6, Linux looks at the packet that brings the error,
 * which has 64 from most routers; so the peer sends more. */
#define MINTTL4		32
#define MINTTL6		128
#define TTL6		255

enum line_state {
	LINE_OFF,
	LINE_RESTING,		/* until the next attempt */
	LINE_CONNECTING,
	LINE_PROVING
};

/* An address of the peer that is tried, or a connection that came. */
struct line {
	struct punch	*owner;
	enum line_state	 state;
	int		 guest;		/* it came, from peer */
	struct addr	 peer;
	int		 tries;
	int		 ttl;		/* of the next low attempt */
	int		 low, lows;	/* of this attempt, 0: plain; how many
					 * there were with it */
	int64_t		 since;		/* of guests */
	struct watch	 watch;		/* fd -1: closed */
	struct timer	 timer;
	struct proof	 proof;
};

struct punch {
	struct loop	*loop;
	struct punch_conf conf;
	struct listener	 listeners[2];
	size_t		 nlisteners;
	struct line	 lines[PUNCH_PEERS + GUESTS];
	size_t		 npeers;	/* of these are addresses */
	struct timer	 timer;
	char		 err[128];
	punch_fn	*fn;
	void		*arg;
};

static void	 line_begin(struct line *);

/*
 * Lines
 */

static void
line_disconnect(struct line *n)
{
	if (n->watch.fd == -1)
		return;
	loop_unwatch(n->owner->loop, &n->watch);
	close(n->watch.fd);
	n->watch.fd = -1;
}

static void
line_close(struct line *n)
{
	timer_clear(n->owner->loop, &n->timer);
	line_disconnect(n);
	proof_wipe(&n->proof);
	n->state = LINE_OFF;
}

void
punch_cancel(struct punch *p)
{
	size_t	 i;

	if (p == NULL)
		return;
	for (i = 0; i < PUNCH_PEERS + GUESTS; i++)
		line_close(&p->lines[i]);
	for (i = 0; i < p->nlisteners; i++)
		listener_close(&p->listeners[i]);
	timer_clear(p->loop, &p->timer);
	explicit_bzero(p->conf.key, sizeof(p->conf.key));
	free(p);
}

static void
punch_finish(struct punch *p, int fd, const struct addr *peer)
{
	punch_fn	*fn = p->fn;
	void		*arg = p->arg;
	char		 err[sizeof(p->err)];
	struct addr	 a;

	memcpy(err, p->err, sizeof(err));
	if (peer != NULL)
		a = *peer;
	punch_cancel(p);
	fn(arg, fd, peer != NULL ? &a : NULL, fd == -1 ? err : NULL);
}

/* The last failure of an address is what is said in the end. */
static void
note_failure(struct line *n, const char *why)
{
	const struct sockaddr	*sa = (const struct sockaddr *)&n->peer.ss;
	char			 text[ADDR_TEXT];

	snprintf(n->owner->err, sizeof(n->owner->err), "%s port %u: %s",
	    addr_text(sa, text), addr_port(sa), why);
}

/* An address is tried again, a guest is gone. */
static void
line_fail(struct line *n, const char *why)
{
	line_close(n);
	if (n->guest)
		return;
	note_failure(n, why);
	if (n->tries < TRIES) {
		n->state = LINE_RESTING;
		timer_set(n->owner->loop, &n->timer, clock_ms() + PAUSE);
	}
}

/*
 * The proof
 */

/* The output of a proof fits into the buffer of a new socket. */
static int
line_say(struct line *n)
{
	size_t		 len;
	const void	*out = proof_output(&n->proof, &len);

	return len == 0 || send(n->watch.fd, out, len, MSG_NOSIGNAL) ==
	    (ssize_t)len ? 0 : -1;
}

static void
line_chosen(struct line *n)
{
	int	 fd = n->watch.fd;

	loop_unwatch(n->owner->loop, &n->watch);
	n->watch.fd = -1;
	punch_finish(n->owner, fd, &n->peer);
}

static void
line_proceed(struct line *n, enum proof_state state)
{
	if (state == PROOF_HOLDS && n->owner->conf.initiator)
		proof_choose(&n->proof);
	if (state == PROOF_WRONG || line_say(n) == -1)
		line_fail(n, state == PROOF_WRONG ? "it is not the peer" :
		    strerror(errno));
	else if (n->proof.state == PROOF_CHOSEN)
		line_chosen(n);
}

static void
line_input(struct line *n)
{
	unsigned char	 in[PROOF_NONCE];
	ssize_t		 len;

	len = read(n->watch.fd, in, proof_need(&n->proof));
	if (len > 0)
		line_proceed(n, proof_input(&n->proof, in, (size_t)len));
	else if (len == 0)
		line_fail(n, "closed");
	else if (errno != EAGAIN && errno != EINTR)
		line_fail(n, strerror(errno));
}

/* The socket stands. */
static void
line_prove(struct line *n)
{
	struct punch	*p = n->owner;
	int		 family = n->peer.ss.ss_family;

	n->state = LINE_PROVING;
	(void)shared_port_minttl(n->watch.fd, family, 0);
	(void)shared_port_ttl(n->watch.fd, family, SHARED_PORT_TTL);
	timer_set(p->loop, &n->timer, clock_ms() + PATIENCE);
	proof_init(&n->proof, p->conf.key, p->conf.initiator);
	if (line_say(n) == -1)
		line_fail(n, strerror(errno));
}

/*
 * Connecting
 */

static int
line_want(void *arg)
{
	const struct line	*n = arg;

	return n->state == LINE_CONNECTING ? POLLOUT : POLLIN;
}

/* Has a router said that the first packet went no further than it was to go?
 * Where IP_MINTTL does not keep that from the socket, the attempt is made anew
 * at once, so that there is one when the peer's first packet comes. */
static int
line_went_low(const struct line *n, int e)
{
	return n->low > 0 && n->lows < LOW_TRIES &&
	    (e == EHOSTUNREACH || e == ENETUNREACH);
}

static void
line_ready(void *arg, int revents)
{
	struct line	*n = arg;
	int		 e = 0;
	socklen_t	 len = sizeof(e);

	(void)revents;
	if (n->state == LINE_PROVING) {
		line_input(n);
		return;
	}
	if (getsockopt(n->watch.fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1)
		e = errno;
	if (e == 0) {
		line_prove(n);
	} else if (line_went_low(n, e)) {
		line_disconnect(n);
		line_begin(n);
	} else {
		line_fail(n, strerror(e));
	}
}

/* The hop limit of the first packet of the next attempt; 0: as usual. */
static int
next_ttl(struct line *n)
{
	const struct punch_conf	*c = &n->owner->conf;

	n->lows = 0;
	return c->ttl == 0 || !c->initiator || n->ttl > LOW_MAX ? 0 :
	    n->ttl++;
}

/* The first packet leaves with connect(2); those after it are as usual. */
static int
connect_low(int fd, const struct addr *to, int ttl)
{
	int	 family = to->ss.ss_family;

	(void)shared_port_minttl(fd, family,
	    family == AF_INET6 ? MINTTL6 : MINTTL4);
	if (shared_port_ttl(fd, family, ttl) == -1 ||
	    shared_port_connect(fd, to) == -1)
		return -1;
	return shared_port_ttl(fd, family, SHARED_PORT_TTL);
}

/* To where packets with few hops left are ignored. */
static int
connect_far(const struct punch_conf *c, int fd, const struct addr *to)
{
	if (c->ttl > 0 && !c->initiator && to->ss.ss_family == AF_INET6)
		(void)shared_port_ttl(fd, AF_INET6, TTL6);
	return shared_port_connect(fd, to);
}

static const struct addr *
local_of(const struct punch_conf *c, int family)
{
	size_t	 i;

	for (i = 0; i < c->nlocal; i++)
		if (c->local[i].ss.ss_family == family)
			return &c->local[i];
	return NULL;
}

/* Make an attempt with the hop limit that it has now. */
static void
line_begin(struct line *n)
{
	struct punch	*p = n->owner;
	int		 fd;

	n->lows++;
	fd = shared_port_socket(local_of(&p->conf, n->peer.ss.ss_family));
	if (fd == -1 || (n->low > 0 ? connect_low(fd, &n->peer, n->low) :
	    connect_far(&p->conf, fd, &n->peer)) == -1) {
		/* EADDRNOTAVAIL: a guest has come from there already. */
		if (fd != -1)
			fd_give_up(fd);
		line_fail(n, strerror(errno));
		return;
	}
	n->state = LINE_CONNECTING;
	n->watch.fd = fd;
	loop_watch(p->loop, &n->watch);
}

static void
line_connect(struct line *n)
{
	n->tries++;
	n->low = next_ttl(n);
	if (n->low > 0)
		timer_set(n->owner->loop, &n->timer, clock_ms() + LOW_PAUSE);
	line_begin(n);
}

static void
line_fire(void *arg)
{
	struct line	*n = arg;

	switch (n->state) {
	case LINE_CONNECTING:	/* the next hop limit */
		line_close(n);
		line_connect(n);
		break;
	case LINE_RESTING:
		line_connect(n);
		break;
	case LINE_PROVING:
		line_fail(n, "it has proven nothing");
		break;
	case LINE_OFF:
		break;
	}
}

/*
 * Guests
 */

/* A guest that is silent must not keep the next ones from being heard: the
 * oldest gives way. */
static struct line *
room_for_guest(struct punch *p)
{
	struct line	*n, *oldest = NULL;
	size_t		 i;

	for (i = 0; i < GUESTS; i++) {
		n = &p->lines[PUNCH_PEERS + i];
		if (n->state == LINE_OFF)
			return n;
		if (n->proof.state < PROOF_HOLDS && (oldest == NULL ||
		    n->since < oldest->since))
			oldest = n;
	}
	if (oldest != NULL)
		line_close(oldest);
	return oldest;
}

static void
guest_came(void *arg, int fd)
{
	struct punch	*p = arg;
	struct line	*n = room_for_guest(p);

	if (n == NULL) {
		close(fd);
		return;
	}
	n->peer.len = sizeof(n->peer.ss);
	if (getpeername(fd, (struct sockaddr *)&n->peer.ss, &n->peer.len) ==
	    -1) {
		close(fd);
		return;
	}
	n->since = clock_ms();
	n->watch.fd = fd;
	loop_watch(p->loop, &n->watch);
	line_prove(n);
}

static int
listen_at(struct punch *p, const struct addr *local)
{
	struct listener	*ln = &p->listeners[p->nlisteners];
	int		 fd;

	if ((fd = shared_port_socket(local)) == -1)
		return -1;
	if (listen(fd, BACKLOG) == -1)
		return fd_give_up(fd);
	if (listener_open(ln, p->loop, fd, guest_came, p) == -1)
		return -1;
	p->nlisteners++;
	return 0;
}

/*
 * All of it
 */

static void
line_init(struct punch *p, struct line *n, int guest)
{
	n->owner = p;
	n->guest = guest;
	n->ttl = p->conf.ttl;
	n->watch = (struct watch){ .fd = -1, .want = line_want,
	    .ready = line_ready, .arg = n };
	n->timer = (struct timer){ .fire = line_fire, .arg = n };
}

static void
add_peers(struct punch *p, const struct addr *peers, size_t npeers)
{
	size_t	 i;

	for (i = 0; i < npeers && p->npeers < PUNCH_PEERS; i++)
		if (local_of(&p->conf, peers[i].ss.ss_family) != NULL)
			p->lines[p->npeers++].peer = peers[i];
}

static void
punch_expired(void *arg)
{
	punch_finish(arg, -1, NULL);
}

static void
punch_begin(void *arg)
{
	struct punch	*p = arg;
	size_t		 i;

	p->timer.fire = punch_expired;
	timer_set(p->loop, &p->timer, p->conf.deadline);
	for (i = 0; i < p->npeers; i++)
		line_connect(&p->lines[i]);
}

static int
listen_everywhere(struct punch *p)
{
	size_t	 i;

	for (i = 0; i < p->conf.nlocal; i++)
		if (listen_at(p, &p->conf.local[i]) == -1)
			return -1;
	return 0;
}

struct punch *
punch(struct loop *l, const struct punch_conf *c, punch_fn *fn, void *arg)
{
	struct punch	*p;
	size_t		 i;
	int		 saved;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->loop = l;
	p->conf = *c;
	p->conf.peers = NULL;
	p->fn = fn;
	p->arg = arg;
	p->timer = (struct timer){ .fire = punch_begin, .arg = p };
	strlcpy(p->err, "no answer", sizeof(p->err));
	for (i = 0; i < PUNCH_PEERS + GUESTS; i++)
		line_init(p, &p->lines[i], i >= PUNCH_PEERS);
	add_peers(p, c->peers, c->npeers);
	if (listen_everywhere(p) == -1) {
		saved = errno;
		punch_cancel(p);
		errno = saved;
		return NULL;
	}
	timer_set(l, &p->timer, c->start + (c->ttl > 0 && !c->initiator ?
	    PUNCH_LAG : 0));
	return p;
}
