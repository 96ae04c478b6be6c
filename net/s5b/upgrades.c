/* upgrades: what the upgrades of one login share; see upgrade.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "net/s5b/upgrade_int.h"
#include "xml/ns.h"

/* The proxies are known: those that wait for them can go on. */
static void
proxies_known(void *arg)
{
	struct upgrades	*us = arg;
	struct upgrade	*u;

	TAILQ_FOREACH(u, &us->all, next)
		if (u->state == UPGRADE_SEARCHING)
			u->changed(u->arg);
}

struct upgrades *
upgrades_new(const struct upgrades_conf *conf, const struct upgrades_host *host)
{
	static const struct dispatch_entry	 entries[] = {
		{ DISPATCH_SET, NS_XCAT, "socket", upgrades_socket_input },
		{ DISPATCH_SET, NS_XCAT, "punch", upgrades_punch_input },
		{ DISPATCH_SET, NS_BYTESTREAMS, "query", upgrades_query_input },
	};
	struct upgrades	*us;

	if ((us = calloc(1, sizeof(*us))) == NULL)
		return NULL;
	if (dispatch_add(conf->dispatch, entries,
	    sizeof(entries) / sizeof(*entries), us) == -1) {
		free(us);
		return NULL;
	}
	us->conf = *conf;
	us->host = *host;
	TAILQ_INIT(&us->all);
	streamhosts_on_known(conf->streamhosts, proxies_known, us);
	return us;
}

/* The place of the peer of u among those remembered; UPGRADES_KNOWN: none. */
static size_t
known_place(const struct upgrade *u)
{
	const struct upgrades	*us = u->owner;
	size_t			 i;

	for (i = 0; i < UPGRADES_KNOWN; i++)
		if (us->known[i].peer != NULL &&
		    strcmp(us->known[i].peer, upgrade_peer(u)) == 0)
			break;
	return i;
}

void
upgrades_learn(const struct upgrade *u, enum upgrade_way_known way)
{
	struct upgrades	*us = u->owner;
	size_t		 i = known_place(u);

	if (i == UPGRADES_KNOWN) {
		if (way == UPGRADE_WAY_UNKNOWN)
			return;
		i = us->next_known++ % UPGRADES_KNOWN;
		free(us->known[i].peer);
		us->known[i].peer = strdup(upgrade_peer(u));
	}
	us->known[i].way = way;
}

enum upgrade_way_known
upgrades_way(const struct upgrade *u)
{
	size_t	 i = known_place(u);

	return i < UPGRADES_KNOWN ? u->owner->known[i].way :
	    UPGRADE_WAY_UNKNOWN;
}

void
upgrades_free(struct upgrades *us)
{
	size_t	 i;

	if (us == NULL)
		return;
	for (i = 0; i < UPGRADES_KNOWN; i++)
		free(us->known[i].peer);
	streamhosts_on_known(us->conf.streamhosts, NULL, NULL);
	dispatch_forget(us->conf.dispatch, us);
	free(us);
}
