/* assist: see assist.h. */
#include <sys/types.h>

#include <errno.h>
#include <stdlib.h>

#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "net/s5b/assist.h"
#include "net/s5b/igd.h"
#include "net/s5b/portmap.h"

/* Many routers that know neither PCP nor NAT-PMP are silent about it: so long,
 * in ms, until they are asked by UPnP as well. */
#define UPNP_AFTER	600

struct assist {
	struct loop	*loop;
	uint16_t	 port;
	struct portmap	*portmap;	/* NULL: it has come to nothing */
	struct igd	*igd;		/* NULL: so it has, or is not begun */
	int		 begun;		/* UPnP is */
	struct timer	 timer;
	assist_fn	*fn;
	void		*arg;
};

/* One of the two has come to nothing. */
static void
assist_less(struct assist *a, const char *err)
{
	if (a->portmap == NULL && a->igd == NULL)
		a->fn(a->arg, NULL, err);
}

static void
igd_answered(void *arg, const struct addr *external, const char *err)
{
	struct assist	*a = arg;

	if (external == NULL) {
		igd_free(a->igd);
		a->igd = NULL;
		assist_less(a, err);
		return;
	}
	portmap_free(a->portmap);
	a->portmap = NULL;
	a->fn(a->arg, external, NULL);
}

static void
begin_upnp(struct assist *a)
{
	timer_clear(a->loop, &a->timer);
	if (a->begun)
		return;
	a->begun = 1;
	a->igd = igd_map(a->loop, a->port, igd_answered, a);
}

static void
assist_fire(void *arg)
{
	begin_upnp(arg);
}

static void
portmap_answered(void *arg, const struct addr *external, const char *err)
{
	struct assist	*a = arg;

	if (external == NULL) {
		portmap_free(a->portmap);
		a->portmap = NULL;
		begin_upnp(a);
		assist_less(a, err);
		return;
	}
	timer_clear(a->loop, &a->timer);
	igd_free(a->igd);
	a->igd = NULL;
	a->fn(a->arg, external, NULL);
}

struct assist *
assist(struct loop *l, uint16_t port, assist_fn *fn, void *arg)
{
	struct addr	 router;
	struct assist	*a;
	int		 saved;

	if (portmap_router(&router) == -1) {
		errno = ENETUNREACH;
		return NULL;
	}
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->loop = l;
	a->port = port;
	a->fn = fn;
	a->arg = arg;
	a->timer = (struct timer){ .fire = assist_fire, .arg = a };
	a->portmap = portmap(l, &router, port, portmap_answered, a);
	saved = errno;
	if (a->portmap == NULL)
		begin_upnp(a);
	else
		timer_set(l, &a->timer, clock_ms() + UPNP_AFTER);
	if (a->portmap == NULL && a->igd == NULL) {
		free(a);
		errno = saved;
		return NULL;
	}
	return a;
}

const char *
assist_protocol(const struct assist *a)
{
	return a->portmap != NULL ? portmap_protocol(a->portmap) : "UPnP";
}

void
assist_free(struct assist *a)
{
	if (a == NULL)
		return;
	timer_clear(a->loop, &a->timer);
	portmap_free(a->portmap);
	igd_free(a->igd);
	free(a);
}
