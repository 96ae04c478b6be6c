/* igd_work: the process that asks a router, by miniupnpc; see igd_int.h. */
#ifdef HAVE_MINIUPNPC
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>
#endif

#include <sys/types.h>
#include <sys/socket.h>

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/s5b/igd_int.h"

#ifdef HAVE_MINIUPNPC

#define DISCOVERY	400	/* ms for each kind of router to answer */
#define LEASE		"600"	/* s */
#define RENEWAL		300000	/* ms */
#define TTL		2	/* of the question */
#define TRIES		4	/* ports that are asked for */
#define TAKEN		718	/* ConflictInMappingEntry */
#define ONLY_PERMANENT	725	/* OnlyPermanentLeasesSupported */

/* A router, and what it maps. */
struct gateway {
	struct UPNPUrls	 urls;
	struct IGDdatas	 data;
	char		 lan[64];	/* our address */
	char		 inside[6];	/* our port */
	char		 outside[6];
	char		 address[64];	/* the router's */
	const char	*lease;
};

/* A line for the parent, which may have gone. */
static void
tell(int fd, const char *a, const char *between, const char *b)
{
	char	 line[IGD_LINE];

	snprintf(line, sizeof(line) - 1, "%s%s%s", a, between, b);
	line[strcspn(line, "\r\n")] = '\0';
	strcat(line, "\n");
	(void)send(fd, line, strlen(line), MSG_NOSIGNAL);
}

/* 0, or -1 if there is no router that maps ports. */
static int
discover(struct gateway *g)
{
	struct UPNPDev	*list;
	int		 error = 0, found;

	list = upnpDiscover(DISCOVERY, NULL, NULL, UPNP_LOCAL_PORT_ANY, 0, TTL,
	    &error);
	if (list == NULL)
		return -1;
#if MINIUPNPC_API_VERSION >= 18
	found = UPNP_GetValidIGD(list, &g->urls, &g->data, g->lan,
	    sizeof(g->lan), g->address, sizeof(g->address));
#else
	found = UPNP_GetValidIGD(list, &g->urls, &g->data, g->lan,
	    sizeof(g->lan));
#endif
	freeUPNPDevlist(list);
	return found == 1 ? 0 : -1;
}

static int
add(struct gateway *g)
{
	return UPNP_AddPortMapping(g->urls.controlURL,
	    g->data.first.servicetype, g->outside, g->inside, g->lan, "xcat",
	    "TCP", NULL, g->lease);
}

/* Old routers have no leases that end by themselves, and a port may be
 * another machine's. */
static int
map(struct gateway *g)
{
	int	 e = add(g), i;

	if (e == ONLY_PERMANENT) {
		g->lease = "0";
		e = add(g);
	}
	for (i = 1; i < TRIES && e == TAKEN; i++) {
		snprintf(g->outside, sizeof(g->outside), "%u",
		    1024 + arc4random_uniform(65536 - 1024));
		e = add(g);
	}
	return e;
}

/* Map, and tell if that is news.  0, or -1: the parent knows why not. */
static int
map_and_tell(struct gateway *g, int fd)
{
	char	 address[sizeof(g->address)] = "", before[6];
	int	 e;

	memcpy(before, g->outside, sizeof(before));
	if ((e = map(g)) != UPNPCOMMAND_SUCCESS || (e =
	    UPNP_GetExternalIPAddress(g->urls.controlURL,
	    g->data.first.servicetype, address)) != UPNPCOMMAND_SUCCESS) {
		const char	*why = strupnperror(e);

		tell(fd, "UPnP: ", "", why != NULL ? why : "refused");
		return -1;
	}
	if (strcmp(address, g->address) != 0 ||
	    strcmp(before, g->outside) != 0)
		tell(fd, address, " ", g->outside);
	memcpy(g->address, address, sizeof(g->address));
	return 0;
}

/* Wait until the lease is to be renewed: 1, or 0 when the parent has closed its
 * end. */
static int
wait_for_renewal(int fd)
{
	struct pollfd	 pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, RENEWAL) == 0;
}

void
igd_work(void *arg, int fd)
{
	struct gateway	 g = { .lease = LEASE };
	uint16_t	 port = *(uint16_t *)arg;

	(void)signal(SIGPIPE, SIG_IGN);
	if (discover(&g) == -1) {
		tell(fd, "no router answers UPnP", "", "");
		return;
	}
	snprintf(g.inside, sizeof(g.inside), "%u", port);
	memcpy(g.outside, g.inside, sizeof(g.outside));
	*g.address = '\0';		/* nothing is told yet */
	if (map_and_tell(&g, fd) == -1)
		return;
	while (wait_for_renewal(fd))
		if (map_and_tell(&g, fd) == -1)
			break;
	(void)UPNP_DeletePortMapping(g.urls.controlURL,
	    g.data.first.servicetype, g.outside, "TCP", NULL);
}

#else

void
igd_work(void *arg, int fd)
{
	(void)arg;
	(void)fd;
}

#endif
