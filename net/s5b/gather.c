/* gather: its life, and the ports that it reserves; see gather.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/io/log.h"
#include "net/s5b/assist.h"
#include "net/s5b/gather_int.h"
#include "net/s5b/shared_port.h"

#define OWN_MAX		8	/* addresses of the machine */

static const int	 families[GATHER_FAMILIES] = { AF_INET, AF_INET6 };

/*
 * What is found
 */

void
gather_add(struct gather *g, enum candidate_type type, unsigned component,
    unsigned local, const struct addr *a)
{
	struct candidate	 c = { .type = type, .tcptype = CANDIDATE_SO,
				    .component = component, .addr = *a };
	size_t			 i;

	c.priority = candidate_priority(type, c.tcptype, component, local);
	for (i = 0; i < g->nfound; i++)
		if (g->found[i].component == component &&
		    addr_equal(&g->found[i].addr, a))
			break;
	if (i < g->nfound && g->found[i].priority >= c.priority)
		return;
	if (i == GATHER_FOUND)
		return;
	if (i == g->nfound)
		g->nfound++;
	for (; i > 0 && g->found[i - 1].priority < c.priority; i--)
		g->found[i] = g->found[i - 1];
	g->found[i] = c;
}

int
gather_is_useful(const struct addr *a)
{
	enum addr_kind	 kind = addr_kind((const struct sockaddr *)&a->ss);

	return kind == ADDR_PUBLIC || kind == ADDR_PRIVATE;
}

/* A router that maps a port to one place lets itself be punched: routers that
 * know of mappings on request say so at once, or would be waited for in
 * vain. */
static int
needs_router(const struct gather *g)
{
	enum gather_nat	 nat = gather_nat(g);

	return g->conf.patient || nat == GATHER_NAT_UNKNOWN ||
	    nat == GATHER_NAT_FICKLE;
}

static void
check_done(struct gather *g)
{
	gather_fn	*fn = g->fn;

	if (g->pending > 0 || fn == NULL || (g->mapping && needs_router(g)))
		return;
	if (g->mapping && clock_ms() < g->began + GATHER_ROUTER) {
		timer_set(g->conf.loop, &g->timer, g->began + GATHER_ROUTER);
		return;
	}
	g->fn = NULL;
	timer_clear(g->conf.loop, &g->timer);
	fn(g->arg);
}

/* From the loop also if nothing is to be waited for. */
static void
time_is_up(void *arg)
{
	struct gather	*g = arg;

	if (g->mapping)
		strlcpy(g->error, "no answer in time", sizeof(g->error));
	g->pending = 0;
	g->mapping = 0;
	check_done(g);
}

void
gather_answered(struct gather *g)
{
	if (g->pending > 0)
		g->pending--;
	check_done(g);
}

/*
 * Ports
 */

int
gather_local(const struct gather *g, unsigned component, int family,
    struct addr *local)
{
	int	 fd = g->ports[component - 1][family == AF_INET6];

	return fd == -1 ? -1 : addr_local(fd, local);
}

/* One port for both families, if that is to be had: this one, unless it
 * is 0. */
static void
reserve(struct gather *g, int *fds, uint16_t port)
{
	struct addr	 a;
	int		 i;

	for (i = 0; i < GATHER_FAMILIES; i++) {
		if (g->conf.family != AF_UNSPEC &&
		    g->conf.family != families[i])
			continue;
		if (addr_make(&a, families[i], NULL, port) == -1)
			continue;
		fds[i] = shared_port_socket(&a);
		if (fds[i] == -1 && port != 0) {
			addr_set_port(&a, 0);
			fds[i] = shared_port_socket(&a);
		}
		if (fds[i] != -1 && addr_local(fds[i], &a) == 0)
			port = addr_port((struct sockaddr *)&a.ss);
	}
}

/* The last component gets the port of the login, if others may have that. */
static void
share_login(struct gather *g)
{
	const struct sockaddr	*sa = (const struct sockaddr *)
				    &g->conf.login.ss;
	unsigned		 c = g->conf.components;
	struct addr		 local;

	if (g->conf.login.len == 0)
		return;
	reserve(g, g->ports[c - 1], addr_port(sa));
	if (gather_local(g, c, sa->sa_family, &local) == 0 &&
	    addr_port((struct sockaddr *)&local.ss) == addr_port(sa))
		g->login = c;
}

static int
reserve_all(struct gather *g)
{
	unsigned	 i;
	int		 good = 0;

	for (i = 0; i < CANDIDATE_COMPONENTS; i++)
		g->ports[i][0] = g->ports[i][1] = -1;
	share_login(g);
	for (i = 0; i < g->conf.components; i++) {
		if (g->ports[i][0] == -1 && g->ports[i][1] == -1)
			reserve(g, g->ports[i], 0);
		good += g->ports[i][0] != -1 || g->ports[i][1] != -1;
	}
	return good > 0 ? 0 : -1;
}

int
gather_shares_login(const struct gather *g)
{
	return g->login > 0;
}

/* The addresses of the machine, which are best first. */
static void
add_own(struct gather *g)
{
	struct addr	 own[OWN_MAX], local;
	size_t		 i, n = addr_own(own, OWN_MAX);
	unsigned	 c;

	for (c = 1; c <= g->conf.components; c++)
		for (i = 0; i < n; i++) {
			if (!gather_is_useful(&own[i]) || gather_local(g, c,
			    own[i].ss.ss_family, &local) == -1)
				continue;
			addr_set_port(&own[i],
			    addr_port((struct sockaddr *)&local.ss));
			gather_add(g, CANDIDATE_HOST, c,
			    (unsigned)(GATHER_SEEN - i), &own[i]);
		}
}

/*
 * The router
 */

static void
map_answered(void *arg, const struct addr *external, const char *err)
{
	struct gather	*g = arg;

	if (external != NULL && gather_is_useful(external)) {
		log_line(LOG_DETAIL, "the router maps a port by %s",
		    gather_portmap_protocol(g));
		gather_add(g, CANDIDATE_ASSISTED, 1, GATHER_SEEN, external);
	}
	strlcpy(g->error, external != NULL ? "" : err, sizeof(g->error));
	g->mapping = 0;
	check_done(g);
}

/* The first port is the one that it may map. */
static void
ask_router(struct gather *g)
{
	struct addr	 local;

	if (!g->conf.portmap || gather_local(g, 1, AF_INET, &local) == -1)
		return;
	g->assist = assist(g->conf.loop, addr_port((struct sockaddr *)
	    &local.ss), map_answered, g);
	g->mapping = g->assist != NULL;
	if (g->assist == NULL && errno != ENETUNREACH)
		strlcpy(g->error, strerror(errno), sizeof(g->error));
}

/*
 * All of it
 */

struct gather *
gather(const struct gather_conf *conf, gather_fn *fn, void *arg)
{
	struct gather	*g;
	int		 saved;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->conf = *conf;
	g->fn = fn;
	g->arg = arg;
	g->began = clock_ms();
	g->timer = (struct timer){ .fire = time_is_up, .arg = g };
	if (reserve_all(g) == -1 ||
	    (g->server = strdup(conf->server)) == NULL ||
	    (conf->stun != NULL && (g->stun = strdup(conf->stun)) == NULL)) {
		saved = errno;
		gather_free(g);
		errno = saved;
		return NULL;
	}
	add_own(g);
	if (gather_ask_servers(g) == -1)
		log_line(LOG_EVENT, "stun: %s is no host and port",
		    conf->stun);
	ask_router(g);
	timer_set(conf->loop, &g->timer, g->began +
	    (g->pending > 0 || g->mapping ? GATHER_TIME : 0));
	return g;
}

int
gather_has_own(const struct gather *g, int family)
{
	size_t	 i;

	for (i = 0; i < g->nfound; i++)
		if (g->found[i].type == CANDIDATE_HOST &&
		    g->found[i].addr.ss.ss_family == family)
			return 1;
	return 0;
}

const struct candidate *
gather_candidates(const struct gather *g, size_t *n)
{
	*n = g->nfound;
	return g->found;
}

const char *
gather_portmap_error(const struct gather *g)
{
	return g->error;
}

int
gather_router_is_asked(const struct gather *g)
{
	return g->assist != NULL;
}

const char *
gather_portmap_protocol(const struct gather *g)
{
	return g->assist != NULL ? assist_protocol(g->assist) : "none";
}

void
gather_free(struct gather *g)
{
	unsigned	 i, j;

	if (g == NULL)
		return;
	gather_ask_end(g);
	for (i = 0; i < CANDIDATE_COMPONENTS; i++)
		for (j = 0; j < GATHER_FAMILIES; j++)
			if (g->ports[i][j] != -1)
				close(g->ports[i][j]);
	assist_free(g->assist);
	timer_clear(g->conf.loop, &g->timer);
	free(g->server);
	free(g->stun);
	free(g);
}
