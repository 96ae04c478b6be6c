/* probe_reach: see probe_reach.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/channel/app.h"
#include "net/channel/probe_reach.h"
#include "net/dial/addr.h"
#include "net/io/log.h"
#include "net/s5b/gather.h"
#include "net/s5b/streamhosts.h"

struct probe_reach {
	struct app	*app;
	struct gather	*gather;
	int		 portmap;	/* the router is asked */
	void		(*fn)(struct app *);
};

void
probe_reach_free(struct probe_reach *r)
{
	if (r == NULL)
		return;
	gather_free(r->gather);
	free(r);
}

static void
report_candidate(struct app *app, const struct candidate *c)
{
	const struct sockaddr	*sa = (const struct sockaddr *)&c->addr.ss;
	char			 text[ADDR_TEXT];

	app_report(app, "candidate: %s, %s port %u",
	    candidate_type_name(c->type), addr_text(sa, text), addr_port(sa));
}

static void
report_portmap(struct probe_reach *r)
{
	const char	*error = gather_portmap_error(r->gather);

	if (!r->portmap)
		return;
	if (*error != '\0')
		app_report(r->app, "router: maps no port on request: %s",
		    error);
	else
		app_report(r->app, "router: asked for a port by %s",
		    gather_portmap_protocol(r->gather));
}

static void
gathered(void *arg)
{
	struct probe_reach	*r = arg;
	const struct candidate	*c;
	size_t			 i, n;

	c = gather_candidates(r->gather, &n);
	for (i = 0; i < n; i++)
		report_candidate(r->app, &c[i]);
	app_report(r->app, "nat: %s",
	    gather_nat_text(gather_nat(r->gather)));
	report_portmap(r);
	gather_free(r->gather);		/* the ports were for this */
	r->gather = NULL;
	r->fn(r->app);
}

/* What punching may tell a peer is what may be found out. */
struct probe_reach *
probe_reach(struct app *app, void (*fn)(struct app *))
{
	struct probe_reach	*r;
	struct gather_conf	 conf = {
		.loop = app->loop,
		.resolver = app->resolver,
		.iqs = app->iqs,
		.patient = 1,
		.components = 1,
	};

	if (!streamhosts_punches(app->streamhosts) ||
	    (r = calloc(1, sizeof(*r))) == NULL) {
		fn(app);
		return NULL;
	}
	streamhosts_gather_conf(app->streamhosts, &conf);
	r->app = app;
	r->fn = fn;
	r->portmap = conf.portmap;
	if ((r->gather = gather(&conf, gathered, r)) == NULL) {
		log_line(LOG_DETAIL, "candidates: %s", strerror(errno));
		free(r);
		fn(app);
		return NULL;
	}
	return r;
}
