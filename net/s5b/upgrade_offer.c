/* upgrade_offer: we are the requester of XEP-0065: we offer hosts, and the peer
 * connects to one of them; see upgrade_int.h. */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "ibb/s5b.h"
#include "ibb/stream.h"
#include "net/io/log.h"
#include "net/s5b/assist.h"
#include "net/s5b/s5b_dial.h"
#include "net/s5b/s5b_listen.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade_int.h"
#include "xml/stanza.h"
#include "xml/write.h"

/* All in ms. */
#define ANSWER_WAIT	9000	/* for the answer to our offer */
#define ROUTER_WAIT	3000	/* for the router, which maps our port */

/* The peer has connected to one of our own addresses; its answer says whether
 * that is the host that it uses. */
static void
peer_connected(void *arg, int fd)
{
	struct upgrade	*u = arg;

	u->negotiation->fd = fd;
}

/*
 * The proxy that the peer chose (XEP-0065 section 6.3.5)
 */

static void
activated(void *arg, const struct elem *query, int used, enum stanza_error err,
    const char *why)
{
	struct upgrade		*u = arg;
	struct negotiation	*n = u->negotiation;

	(void)query;
	n->ask = NULL;
	if (used == -1)
		upgrade_withdraw(u, err, why);
	else
		upgrade_stands(u, n->fd, n->hosts[n->used].jid, 1,
		    n->version);
}

static void
proxy_reached(void *arg, int fd, size_t which, const char *err)
{
	struct upgrade		*u = arg;
	struct negotiation	*n = u->negotiation;

	(void)which;
	n->dial = NULL;
	if (fd == -1) {
		upgrade_withdraw(u, SE_NONE, err);
		return;
	}
	n->fd = fd;
	upgrade_set_state(u, UPGRADE_ACTIVATING);
	n->ask = s5b_activate(u->owner->conf.iqs, n->hosts[n->used].jid,
	    stream_sid(u->stream), upgrade_peer(u),
	    clock_ms() + S5B_PROXY_TIME, activated, u);
	if (n->ask == NULL)
		upgrade_withdraw(u, SE_NONE, "out of memory");
}

/* Connect to the proxy, by any of the addresses that it has. */
static void
dial_proxy(struct upgrade *u)
{
	struct negotiation	*n = u->negotiation;

	if (n->fd != -1)	/* the peer has come here as well */
		close(n->fd);
	n->fd = -1;
	s5b_wait_cancel(n->wait);
	n->wait = NULL;
	upgrade_set_state(u, UPGRADE_REACHING);
	if (upgrade_dial(u, n->hosts[n->used].jid, S5B_PROXY_TIME,
	    proxy_reached) == -1)
		upgrade_withdraw(u, SE_NONE, "out of memory");
}

/*
 * The offer (XEP-0065 section 5.3.1), and its answer (section 5.3.3)
 */

static void
answered(void *arg, const struct elem *query, int used, enum stanza_error err,
    const char *why)
{
	struct upgrade		*u = arg;
	struct negotiation	*n = u->negotiation;

	n->ask = NULL;
	if (used == -1 && err == SE_NONE) {
		upgrade_withdraw(u, err, why);
		return;
	}
	if (used == -1) {
		upgrade_failed(u, err, why);
		return;
	}
	n->used = (size_t)used;
	n->version = upgrade_version(query);
	if (strcmp(n->hosts[used].jid, upgrade_jid(u)) != 0)
		dial_proxy(u);
	else if (n->fd == -1)
		upgrade_withdraw(u, SE_NONE, "it says that it is connected, "
		    "but it is not");
	else
		upgrade_stands(u, n->fd, NULL, 1, n->version);
}

/* What makes the offer more than a plain program's. */
static void
write_offer(void *arg, struct xw *x)
{
	struct upgrade	*u = arg;

	if (upgrade_is_alone(u)) {
		stream_write_service(u->stream, x);
		return;
	}
	xw_start(x, "socket", NS_XCAT);
	xw_attrf(x, "number", "%u", u->number);
	xw_attrf(x, "version", "%d", CARRIER_FRAMED);
	xw_end(x);
}

/* Wait for the peer where we can. */
static void
open_port(struct upgrade *u)
{
	struct negotiation	*n = u->negotiation;

	s5b_hash(stream_sid(u->stream), upgrade_jid(u), upgrade_peer(u),
	    n->hash);
	n->wait = streamhosts_wait(u->owner->conf.streamhosts, n->hash,
	    peer_connected, u);
}

/* List where that is, and the proxies.  0, or -1 with a reason in *why. */
static int
list_hosts(struct upgrade *u, const char **why)
{
	struct streamhosts	*own = u->owner->conf.streamhosts;
	struct negotiation	*n = u->negotiation;

	*why = "out of memory";
	if ((n->hosts = calloc(S5B_HOSTS, sizeof(*n->hosts))) == NULL)
		return -1;
	n->n = streamhosts_list(own, n->hosts, S5B_HOSTS);
	if (n->mapped.len > 0)
		n->n = streamhosts_add_mapped(own, &n->mapped, n->hosts, n->n,
		    S5B_HOSTS);
	upgrade_drop_hosts(u, upgrade_jid(u));
	*why = "there is no address to offer";
	return n->n > 0 ? 0 : -1;
}

static void
send_offer(struct upgrade *u)
{
	struct negotiation	*n = u->negotiation;
	const char		*why;

	n->router_until = 0;
	timer_clear(u->owner->conf.loop, &u->timer);
	if (list_hosts(u, &why) == -1) {
		upgrade_failed(u, SE_NONE, why);
		return;
	}
	if (n->wait != NULL)
		s5b_wait_prefer(n->wait, n->hosts[0].host);
	upgrade_set_state(u, UPGRADE_OFFERED);
	n->ask = s5b_offer(u->owner->conf.iqs, upgrade_peer(u),
	    stream_sid(u->stream), n->hosts, n->n, write_offer,
	    clock_ms() + ANSWER_WAIT, answered, u);
	if (n->ask == NULL)
		upgrade_failed(u, SE_NONE, "out of memory");
}

/*
 * The router
 */

/* It maps our port, or does not; what it says behind the offer is of no use. */
static void
router_answered(void *arg, const struct addr *mapped, const char *err)
{
	struct upgrade		*u = arg;
	struct negotiation	*n = u->negotiation;

	if (n == NULL || n->router_until == 0)
		return;
	if (mapped != NULL)
		n->mapped = *mapped;
	else
		streamhosts_not_mapped(u->owner->conf.streamhosts);
	log_line(LOG_DETAIL, mapped != NULL ?
	    "the router maps a port by %s" : "the router maps no port: %s",
	    mapped != NULL ? assist_protocol(u->assist) : err);
	send_offer(u);
}

/*
 * Is the router to be waited for?  It is asked for streams over a socket alone,
 * whose peers may be other programs, for which nothing is punched.
 */
static int
router_asked(struct upgrade *u)
{
	struct negotiation	*n = u->negotiation;
	uint16_t		 port;

	port = streamhosts_mappable(u->owner->conf.streamhosts);
	if (!upgrade_is_alone(u) || port == 0)
		return 0;
	assist_free(u->assist);
	u->assist = assist(u->owner->conf.loop, port, router_answered, u);
	if (u->assist == NULL)
		return 0;
	n->router_until = clock_ms() + ROUTER_WAIT;
	timer_set(u->owner->conf.loop, &u->timer, n->router_until);
	return 1;
}

void
upgrade_offer(struct upgrade *u)
{
	if (u->negotiation != NULL && u->negotiation->router_until != 0) {
		if (clock_ms() >= u->negotiation->router_until)
			router_answered(u, NULL, "no answer in time");
		return;
	}
	u->losses = carrier_losses(stream_carrier(u->stream));
	if (upgrade_begin(u) == -1) {
		upgrade_failed(u, SE_NONE, "out of memory");
		return;
	}
	open_port(u);
	if (!router_asked(u))
		send_offer(u);
}
