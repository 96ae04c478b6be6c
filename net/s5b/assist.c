#include <errno.h>
#include <stdlib.h>

#include "net/dial/resolve.h"
#include "net/s5b/assist.h"
#include "net/s5b/igd.h"
#include "net/s5b/portmap.h"

struct assist {
	struct loop	*loop;
	uint16_t	 port;
	struct portmap	*portmap;	/* NULL: it could not be asked */
	struct igd	*igd;		/* NULL: not asked, or not there */
	assist_fn	*fn;
	void		*arg;
};

static void
igd_answered(void *arg, const struct addr *external, const char *err)
{
	struct assist	*a = arg;

	a->fn(a->arg, external, err);
}

/* UPnP is for routers that know neither of the others. */
static void
portmap_answered(void *arg, const struct addr *external, const char *err)
{
	struct assist	*a = arg;

	if (external == NULL && a->igd == NULL && (a->igd =
	    igd_map(a->loop, a->port, igd_answered, a)) != NULL)
		return;
	a->fn(a->arg, external, err);
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
	a->portmap = portmap(l, &router, port, portmap_answered, a);
	saved = errno;
	if (a->portmap == NULL)
		a->igd = igd_map(l, port, igd_answered, a);
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
	return a->igd != NULL ? "UPnP" : portmap_protocol(a->portmap);
}

void
assist_free(struct assist *a)
{
	if (a == NULL)
		return;
	portmap_free(a->portmap);
	igd_free(a->igd);
	free(a);
}
