/* upgrade_answer: we are the target of XEP-0065: the peer offers hosts, and we
 * connect to one of them; see upgrade_int.h. */
#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "ibb/s5b.h"
#include "ibb/stream.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "net/s5b/upgrade_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/write.h"

/* Both in ms. */
#define TRY_TIME	6000	/* for all hosts together */
#define AGAIN_TIME	1000	/* until we offer what we have */

void
upgrade_refuse(struct upgrade *u, enum stanza_error err, const char *text)
{
	struct negotiation	*n = u != NULL ? u->negotiation : NULL;

	if (n == NULL || n->id == NULL)
		return;
	iq_refuseto(u->owner->conf.iqs, upgrade_peer(u), n->id, err, text);
	free(n->id);
	n->id = NULL;
}

/*
 * We connect (XEP-0065 section 5.3.2)
 */

static void
none_reached(struct upgrade *u, const char *why)
{
	upgrade_refuse(u, SE_ITEM_NOT_FOUND, NULL);
	upgrade_failed(u, SE_ITEM_NOT_FOUND, why);
	/* What we offer may do better. */
	if (u->listener && !upgrade_is_alone(u))
		upgrade_retry(u, AGAIN_TIME);
}

/* What tells a peer that knows frames that we do, too. */
static void
write_version(void *arg, struct xw *x)
{
	const struct upgrade	*u = arg;

	if (u->negotiation->version != CARRIER_FRAMED)
		return;
	xw_start(x, "socket", NS_XCAT);
	xw_attrf(x, "version", "%d", CARRIER_FRAMED);
	xw_end(x);
}

static void
tried(void *arg, int fd, size_t which, const char *err)
{
	struct upgrade		*u = arg;
	struct negotiation	*n = u->negotiation;
	const char		*owner;
	int			 direct;

	n->dial = NULL;
	if (fd == -1) {
		none_reached(u, err);
		return;
	}
	owner = n->hosts[which].jid;
	direct = strcmp(owner, upgrade_peer(u)) == 0;
	if (s5b_accept(u->owner->conf.iqs, upgrade_peer(u), n->id,
	    stream_sid(u->stream), owner, write_version, u) == -1) {
		close(fd);
		upgrade_failed(u, SE_INTERNAL_SERVER_ERROR, "out of memory");
		return;
	}
	free(n->id);
	n->id = NULL;
	/* To plain programs a direct connection is ready; a proxy relays once
	 * it is told to. */
	upgrade_stands(u, fd, direct ? NULL : owner,
	    direct && upgrade_is_alone(u), n->version);
}

/* The socket of the stream is there. */
static void
accept_socket(struct upgrade *u)
{
	struct negotiation	*n = u->negotiation;
	char			 proxy[JID_MAX];

	if (n->n > 0)
		strlcpy(proxy, n->hosts[0].jid, sizeof(proxy));
	upgrade_stands(u, n->fd, n->n > 0 ? proxy : NULL, 1, CARRIER_BARE);
}

void
upgrade_accept(struct upgrade *u)
{
	if (u->negotiation->fd != -1) {
		accept_socket(u);
		return;
	}
	upgrade_drop_hosts(u, upgrade_peer(u));
	if (u->negotiation->n == 0) {
		upgrade_refuse(u, SE_ITEM_NOT_FOUND, NULL);
		upgrade_failed(u, SE_ITEM_NOT_FOUND, "it offers only proxies");
		return;
	}
	upgrade_set_state(u, UPGRADE_TRYING);
	if (upgrade_dial(u, NULL, TRY_TIME, tried) == -1) {
		upgrade_refuse(u, SE_BUSY, NULL);
		upgrade_failed(u, SE_NONE, "out of memory");
	}
}

/*
 * The offer
 */

/* Begin a negotiation with this offer.  0, or -1: it stays the caller's. */
static int
own_offer(struct upgrade *u, struct s5b_offer *o)
{
	struct negotiation	*n;
	char			*id;

	if ((id = strdup(o->id)) == NULL)
		return -1;
	if (upgrade_begin(u) == -1) {
		free(id);
		return -1;
	}
	n = u->negotiation;
	n->id = id;
	n->hosts = o->hosts;
	n->n = o->n;
	n->version = upgrade_version(o->query);
	o->hosts = NULL;
	if (o->dstaddr != NULL)
		strlcpy(n->hash, o->dstaddr, sizeof(n->hash));
	else
		s5b_hash(o->sid, o->from, upgrade_jid(u), n->hash);
	return 0;
}

int
upgrade_take(struct upgrade *u, struct s5b_offer *o)
{
	if (own_offer(u, o) == -1)
		return -1;
	upgrade_set_state(u, UPGRADE_ASKED);
	return 0;
}

int
upgrade_take_socket(struct upgrade *u, int fd, const char *proxy)
{
	struct negotiation	*n;

	if (upgrade_begin(u) == -1) {
		close(fd);
		return -1;
	}
	n = u->negotiation;
	n->fd = fd;
	upgrade_set_state(u, UPGRADE_ASKED);
	if (proxy == NULL)
		return 0;
	if ((n->hosts = calloc(1, sizeof(*n->hosts))) == NULL)
		return -1;	/* n owns fd */
	n->n = 1;
	strlcpy(n->hosts[0].jid, proxy, sizeof(n->hosts[0].jid));
	return 0;
}

int
upgrade_offered(const struct upgrade *u)
{
	return u != NULL && u->state == UPGRADE_ASKED;
}

/* Does it offer the socket that would be the next one, and may it? */
static int
is_acceptable(const struct upgrade *u, const struct elem *query)
{
	const struct elem	*e = elem_child(query, NS_XCAT, "socket");
	const char		*number = elem_attr(e, "number");
	char			 next[16];

	snprintf(next, sizeof(next), "%u",
	    carrier_socket_next(stream_carrier(u->stream)));
	if (!stream_socket_wanted(u->stream) || number == NULL ||
	    strcmp(number, next) != 0)
		return 0;
	/* Of two offers that cross, the caller's counts. */
	return u->state == UPGRADE_REST ||
	    (u->listener && u->state <= UPGRADE_OFFERED);
}

/* An offer for a stream that there is. */
static void
take_offer(struct upgrade *u, struct s5b_offer *o)
{
	if (!is_acceptable(u, o->query) || own_offer(u, o) == -1)
		iq_refuseto(u->owner->conf.iqs, o->from, o->id,
		    SE_NOT_ACCEPTABLE, NULL);
	else
		upgrade_accept(u);
}

/*
 * Stanzas
 */

static struct upgrade *
find(struct upgrades *us, const char *peer, const char *sid)
{
	return peer != NULL && sid != NULL &&
	    streamhosts_allowed(us->conf.streamhosts) ?
	    us->host.find(us->host.arg, peer, sid) : NULL;
}

/* u: the upgrade of the stream that it is for, or NULL. */
static void
input_query(struct upgrades *us, const struct elem *iq, struct upgrade *u)
{
	struct iq_table		*t = us->conf.iqs;
	struct s5b_offer	 o;

	if (s5b_parse(t, iq, &o) != 1)
		return;
	if (o.hosts == NULL)
		iq_refuse(t, iq, SE_BUSY, NULL);
	else if (u != NULL)
		take_offer(u, &o);
	else if (elem_child(o.query, NS_XCAT, "socket") != NULL)
		iq_refuse(t, iq, SE_ITEM_NOT_FOUND, NULL);
	else
		us->host.offered(us->host.arg, &o);
	free(o.hosts);
}

int
upgrades_socket_input(void *arg, const struct elem *iq,
    const struct elem *socket)
{
	struct upgrades	*us = arg;
	struct upgrade	*u = find(us, elem_attr(iq, "from"),
			    elem_attr(socket, "sid"));

	if (u == NULL)
		return 0;
	/* It may be of a socket that takes the place of another one. */
	if (u->better != -1)
		upgrade_check(u);
	carrier_control(stream_carrier(u->stream), iq, socket);
	return 1;
}

int
upgrades_query_input(void *arg, const struct elem *iq,
    const struct elem *query)
{
	struct upgrades	*us = arg;
	const char	*from = elem_attr(iq, "from");
	struct upgrade	*u = find(us, from, elem_attr(query, "sid"));

	if (from == NULL || !streamhosts_allowed(us->conf.streamhosts) ||
	    (u == NULL && !us->host.opens(us->host.arg, from)))
		return 0;
	input_query(us, iq, u);
	return 1;
}
