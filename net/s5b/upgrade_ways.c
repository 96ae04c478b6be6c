/* upgrade_ways: the attempts to connect through the routers of both ends, from
 * several local ports at once; see upgrade_punch_int.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <string.h>

#include "ibb/stream.h"
#include "net/dial/addr.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/s5b/gather.h"
#include "net/s5b/punch.h"
#include "net/s5b/upgrade_punch_int.h"

#define PUNCH_TIME	6000	/* ms for the attempts */

void
upgrade_ways_end(struct upgrade_punch *p)
{
	size_t	 i;

	for (i = 0; i < UPGRADE_WAYS; i++) {
		punch_cancel(p->ways[i].punch);
		p->ways[i].punch = NULL;
	}
}

static int
is_trying(const struct upgrade_punch *p)
{
	size_t	 i;

	for (i = 0; i < UPGRADE_WAYS; i++)
		if (p->ways[i].punch != NULL)
			return 1;
	return 0;
}

/* The caller of the stream is the initiator, who chooses the socket. */
static void
way_ended(void *arg, int fd, const struct addr *peer, const char *err)
{
	struct upgrade_way 	*w = arg;
	struct upgrade_punch	*p = w->owner;
	struct upgrade		*u = p->u;
	char			 text[ADDR_TEXT];

	w->punch = NULL;
	if (fd == -1) {
		if (!is_trying(p))
			upgrade_punch_failed(p, err);
		return;
	}
	log_line(LOG_DETAIL, "%s: through the routers, to %s port %u",
	    upgrade_peer(u), addr_text((const struct sockaddr *)&peer->ss,
	    text), addr_port((const struct sockaddr *)&peer->ss));
	upgrade_punch_found(p, fd);
}

/* The addresses of the peer that belong to this way, and ours.  0, or -1 if
 * there is nothing to connect with. */
static int
way_conf(struct upgrade_punch *p, unsigned component, struct punch_conf *c,
    struct addr *peers)
{
	unsigned char	 context[2 * UPGRADE_NONCE + 1];
	size_t		 i;

	memset(c, 0, sizeof(*c));
	memcpy(context, p->nonces[0], UPGRADE_NONCE);
	memcpy(context + UPGRADE_NONCE, p->nonces[1], UPGRADE_NONCE);
	context[2 * UPGRADE_NONCE] = (unsigned char)component;
	if (stream_export(p->u->stream, context, sizeof(context), c->key,
	    sizeof(c->key)) == -1)
		return -1;
	for (i = 0; i < p->npeers; i++)
		if (p->peers[i].component == component)
			peers[c->npeers++] = p->peers[i].addr;
	c->peers = peers;
	if (gather_local(p->gather, component, AF_INET,
	    &c->local[c->nlocal]) == 0)
		c->nlocal++;
	if (gather_local(p->gather, component, AF_INET6,
	    &c->local[c->nlocal]) == 0)
		c->nlocal++;
	return c->nlocal > 0 ? 0 : -1;
}

void
upgrade_ways_begin(struct upgrade_punch *p)
{
	struct addr		 peers[CANDIDATES_MAX];
	struct punch_conf	 c;
	unsigned		 i;

	if (p->fickle && gather_nat(p->gather) == GATHER_NAT_FICKLE &&
	    gather_is_in_vain(p->gather, p->peers, p->npeers)) {
		upgrade_punch_failed(p, "both map ports by destination");
		return;
	}
	upgrade_punch_set_state(p, UPGRADE_PUNCH_TRYING);
	for (i = 0; i < UPGRADE_WAYS; i++) {
		p->ways[i].owner = p;
		if (way_conf(p, i + 1, &c, peers) == -1)
			continue;
		c.initiator = !p->u->listener;
		c.ttl = i == 0 ? 0 : PUNCH_LOW;
		c.start = clock_ms() + (p->u->listener ? p->half : 0);
		c.deadline = c.start + PUNCH_TIME;
		p->ways[i].punch = punch(p->u->owner->conf.loop, &c,
		    way_ended, &p->ways[i]);
		explicit_bzero(c.key, sizeof(c.key));
	}
	if (!is_trying(p))
		upgrade_punch_failed(p, "there is no port to connect from");
}
