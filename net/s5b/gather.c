#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/extdisco.h"
#include "ibb/sic.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/s5b/gather.h"
#include "net/s5b/igd.h"
#include "net/s5b/portmap.h"
#include "net/s5b/shared_port.h"
#include "net/s5b/stun.h"
#include "net/s5b/stun_ask.h"
#include "xml/number.h"

#define SERVERS		2	/* STUN servers that are asked */
#define OWN_MAX		8	/* addresses of the machine */
#define FOUND_MAX	32
#define GUESS		0	/* local priority of a port that is a guess */
#define SEEN		8191	/* and of one that a server has seen */

/* A question to one STUN server from one local port. */
struct question {
	struct gather	*owner;
	unsigned	 component;
	unsigned	 server;
	struct stun_ask	*ask;
	struct addr	 mapped;	/* len 0: no answer */
};

/* A name of a STUN server. */
struct name {
	struct gather	*owner;
	unsigned	 number;
	struct query	*query;
};

struct gather {
	struct gather_conf	 conf;
	char			*server, *stun;
	int			 ports[CANDIDATE_COMPONENTS][2]; /* fds */
	struct candidate	 found[FOUND_MAX];
	size_t			 nfound;
	struct extdisco		*extdisco;
	struct sic		*sic;
	struct name		 names[SERVERS];
	struct question		 questions[CANDIDATE_COMPONENTS][SERVERS];
	struct portmap		*portmap;
	struct igd		*igd;
	char			 error[128];	/* of these two */
	int			 mapping;	/* they have not answered */
	unsigned		 pending;	/* answers of servers */
	struct timer		 timer;
	gather_fn		*fn;		/* NULL: it was called */
	void			*arg;
};

static const int	 families[2] = { AF_INET, AF_INET6 };

/*
 * What is found
 */

/* What is known as something better stays that. */
static void
add_found(struct gather *g, enum candidate_type type, unsigned component,
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
	if (i == FOUND_MAX)
		return;
	if (i == g->nfound)
		g->nfound++;
	for (; i > 0 && g->found[i - 1].priority < c.priority; i--)
		g->found[i] = g->found[i - 1];
	g->found[i] = c;
}

/* Is it an address by which another machine may reach this one? */
static int
is_useful(const struct addr *a)
{
	enum addr_kind	 kind = addr_kind((const struct sockaddr *)&a->ss);

	return kind == ADDR_PUBLIC || kind == ADDR_PRIVATE;
}

static void
check_done(struct gather *g)
{
	gather_fn	*fn = g->fn;

	if (g->pending > 0 || g->mapping || fn == NULL)
		return;
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

static void
answered(struct gather *g)
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

	return fd == -1 ? -1 : shared_port_local(fd, local);
}

/* One port for both families, if that is to be had. */
static void
reserve(struct gather *g, int *fds)
{
	struct addr	 a;
	uint16_t	 port = 0;
	int		 i;

	for (i = 0; i < 2; i++) {
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
		if (fds[i] != -1 && shared_port_local(fds[i], &a) == 0)
			port = addr_port((struct sockaddr *)&a.ss);
	}
}

static int
reserve_all(struct gather *g)
{
	unsigned	 i;
	int		 good = 0;

	for (i = 0; i < CANDIDATE_COMPONENTS; i++)
		g->ports[i][0] = g->ports[i][1] = -1;
	for (i = 0; i < g->conf.components; i++) {
		reserve(g, g->ports[i]);
		good += g->ports[i][0] != -1 || g->ports[i][1] != -1;
	}
	return good > 0 ? 0 : -1;
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
			if (!is_useful(&own[i]) || gather_local(g, c,
			    own[i].ss.ss_family, &local) == -1)
				continue;
			addr_set_port(&own[i],
			    addr_port((struct sockaddr *)&local.ss));
			add_found(g, CANDIDATE_HOST, c,
			    (unsigned)(SEEN - i), &own[i]);
		}
}

/*
 * STUN
 */

static void
stun_answered(void *arg, const struct addr *mapped, const char *err)
{
	struct question		*q = arg;
	struct gather		*g = q->owner;
	char			 text[ADDR_TEXT];

	if (mapped == NULL) {
		log_line(LOG_DETAIL, "stun: %s", err);
	} else {
		q->mapped = *mapped;
		log_line(LOG_TRACE, "stun: port %u of ours is %s port %u",
		    q->component, addr_text((const struct sockaddr *)
		    &mapped->ss, text),
		    addr_port((const struct sockaddr *)&mapped->ss));
		if (is_useful(mapped))
			add_found(g, CANDIDATE_REFLEXIVE, q->component,
			    SEEN - q->server, mapped);
	}
	answered(g);
}

static void
ask_stun(struct gather *g, unsigned server, const struct addr *to)
{
	struct question	*q;
	struct addr	 local;
	unsigned	 c;

	for (c = 1; c <= g->conf.components; c++) {
		q = &g->questions[c - 1][server];
		if (q->ask != NULL || gather_local(g, c, to->ss.ss_family,
		    &local) == -1)
			continue;
		*q = (struct question){ .owner = g, .component = c,
		    .server = server };
		q->ask = stun_ask(g->conf.loop, to, &local, clock_ms() +
		    GATHER_TIME, stun_answered, q);
		g->pending += q->ask != NULL;
	}
}

static void
resolved(void *arg, const struct addr *addrs, size_t n, const char *err)
{
	struct name	*name = arg;
	struct gather	*g = name->owner;

	name->query = NULL;
	if (n > 0)
		ask_stun(g, name->number, &addrs[0]);
	else
		log_line(LOG_DETAIL, "stun: %s", err);
	answered(g);
}

/* IPv4 is where the routers are that map ports. */
static void
find_server(struct gather *g, unsigned number, const char *host,
    uint16_t port)
{
	struct name	*name = &g->names[number];

	name->owner = g;
	name->number = number;
	name->query = resolve(g->conf.resolver, host, port,
	    g->conf.family == AF_INET6 ? AF_INET6 : AF_INET, resolved, name);
	g->pending += name->query != NULL;
}

static void
services_known(void *arg, const struct extdisco_service *s, size_t n)
{
	struct gather	*g = arg;
	unsigned	 i;

	g->extdisco = NULL;
	for (i = 0; i < n && i < SERVERS; i++)
		find_server(g, i, s[i].host, s[i].port);
	answered(g);
}

static int
find_given(struct gather *g)
{
	char		*host, *port;
	uint16_t	 number = STUN_PORT;

	if (addr_split(g->stun, &host, &port) == -1 ||
	    (port != NULL && number_port(port, &number) == -1))
		return -1;
	find_server(g, 0, host, number);
	return 0;
}

/*
 * The own server, and the router
 */

/* The port is that of the login: most routers keep the ports that they can. */
static void
seen(void *arg, const char *ip, uint16_t port)
{
	struct gather	*g = arg;
	struct addr	 a, local;
	unsigned	 c;

	g->sic = NULL;
	if (ip != NULL && addr_read(&a, ip, port) == 0 && is_useful(&a)) {
		log_line(LOG_TRACE, "the server sees us at %s port %u", ip,
		    port);
		for (c = 1; c <= g->conf.components; c++)
			if (gather_local(g, c, a.ss.ss_family, &local) == 0) {
				addr_set_port(&a, addr_port(
				    (struct sockaddr *)&local.ss));
				add_found(g, CANDIDATE_REFLEXIVE, c, GUESS,
				    &a);
			}
	}
	answered(g);
}

static void
map_answered(struct gather *g, const struct addr *external, const char *err)
{
	if (external != NULL && is_useful(external)) {
		log_line(LOG_DETAIL, "the router maps a port by %s",
		    gather_portmap_protocol(g));
		add_found(g, CANDIDATE_ASSISTED, 1, SEEN, external);
	}
	strlcpy(g->error, external != NULL ? "" : err, sizeof(g->error));
	g->mapping = 0;
	check_done(g);
}

static void
igd_answered(void *arg, const struct addr *external, const char *err)
{
	map_answered(arg, external, err);
}

/* UPnP is for routers that know neither of the others. */
static void
map_by_upnp(struct gather *g, uint16_t port, const char *err)
{
	g->igd = igd_map(g->conf.loop, port, igd_answered, g);
	if (g->igd == NULL)
		map_answered(g, NULL, err);
}

static uint16_t
mapped_port(const struct gather *g)
{
	struct addr	 local;

	return gather_local(g, 1, AF_INET, &local) == -1 ? 0 :
	    addr_port((struct sockaddr *)&local.ss);
}

static void
portmap_answered(void *arg, const struct addr *external, const char *err)
{
	struct gather	*g = arg;

	if (external != NULL)
		map_answered(g, external, NULL);
	else if (g->igd == NULL)
		map_by_upnp(g, mapped_port(g), err);
}

static void
ask_router(struct gather *g)
{
	struct addr	 router;
	uint16_t	 port = mapped_port(g);

	if (!g->conf.portmap || port == 0 || portmap_router(&router) == -1)
		return;
	g->mapping = 1;
	g->portmap = portmap(g->conf.loop, &router, port, portmap_answered,
	    g);
	if (g->portmap == NULL)
		map_by_upnp(g, port, strerror(errno));
}

/*
 * All of it
 */

static int
ask_server(struct gather *g)
{
	int64_t	 deadline = clock_ms() + GATHER_TIME;

	g->sic = sic_ask(g->conf.iqs, deadline, seen, g);
	g->pending += g->sic != NULL;
	if (g->stun != NULL)
		return find_given(g);
	g->extdisco = extdisco_ask(g->conf.iqs, g->server, deadline,
	    services_known, g);
	g->pending += g->extdisco != NULL;
	return 0;
}

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
	if (ask_server(g) == -1)
		log_line(LOG_EVENT, "stun: %s is no host and port",
		    conf->stun);
	ask_router(g);
	timer_set(conf->loop, &g->timer, clock_ms() +
	    (g->pending > 0 || g->mapping ? GATHER_TIME : 0));
	return g;
}

const struct candidate *
gather_candidates(const struct gather *g, size_t *n)
{
	*n = g->nfound;
	return g->found;
}

static int
is_own(const struct gather *g, const struct addr *a)
{
	size_t	 i;

	for (i = 0; i < g->nfound; i++)
		if (g->found[i].type == CANDIDATE_HOST &&
		    addr_equal(&g->found[i].addr, a))
			return 1;
	return 0;
}

enum gather_nat
gather_nat(const struct gather *g)
{
	const struct question	*q;
	enum gather_nat		 nat = GATHER_NAT_UNKNOWN;
	unsigned		 c;

	for (c = 0; c < g->conf.components; c++) {
		q = g->questions[c];
		if (q[0].mapped.len > 0 && q[1].mapped.len > 0 &&
		    !addr_equal(&q[0].mapped, &q[1].mapped))
			return GATHER_NAT_FICKLE;
		if (q[0].mapped.len == 0 && q[1].mapped.len == 0)
			continue;
		nat = is_own(g, q[0].mapped.len > 0 ? &q[0].mapped :
		    &q[1].mapped) ? GATHER_NAT_NONE : GATHER_NAT_STEADY;
	}
	return nat;
}

static int
has_family(const struct candidate *c, size_t n, int family)
{
	size_t	 i;

	for (i = 0; i < n && c[i].addr.ss.ss_family != family; i++)
		;
	return i < n;
}

/* Does one server or another see both at one address? */
static int
have_one_router(const struct candidate *c, size_t n,
    const struct candidate *d, size_t m)
{
	struct addr	 a, b;
	size_t		 i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < m; j++) {
			a = c[i].addr;
			b = d[j].addr;
			addr_set_port(&a, 0);
			addr_set_port(&b, 0);
			if (c[i].type == CANDIDATE_REFLEXIVE &&
			    d[j].type == CANDIDATE_REFLEXIVE &&
			    addr_equal(&a, &b))
				return 1;
		}
	return 0;
}

/* Can d connect to one of c, whatever the routers do with what it maps? */
static int
is_open(const struct candidate *c, size_t n, const struct candidate *d,
    size_t m)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (c[i].type == CANDIDATE_ASSISTED ||
		    (c[i].type == CANDIDATE_HOST &&
		    addr_kind((const struct sockaddr *)&c[i].addr.ss) ==
		    ADDR_PUBLIC &&
		    has_family(d, m, c[i].addr.ss.ss_family)))
			return 1;
	return 0;
}

int
gather_is_in_vain(const struct gather *g, const struct candidate *peers,
    size_t n)
{
	return !is_open(g->found, g->nfound, peers, n) &&
	    !is_open(peers, n, g->found, g->nfound) &&
	    !have_one_router(g->found, g->nfound, peers, n);
}

const char *
gather_nat_text(enum gather_nat nat)
{
	switch (nat) {
	case GATHER_NAT_NONE:
		return "none: the world sees an address of this machine";
	case GATHER_NAT_STEADY:
		return "it maps a port to one place";
	case GATHER_NAT_FICKLE:
		return "it maps a port by destination: punching is in vain";
	default:
		return "unknown: no STUN server has answered";
	}
}

const char *
gather_portmap_error(const struct gather *g)
{
	return g->error;
}

const char *
gather_portmap_protocol(const struct gather *g)
{
	return g->igd != NULL ? "UPnP" : g->portmap != NULL ?
	    portmap_protocol(g->portmap) : "none";
}

void
gather_free(struct gather *g)
{
	unsigned	 i, j;

	if (g == NULL)
		return;
	extdisco_cancel(g->extdisco);
	sic_cancel(g->sic);
	for (j = 0; j < SERVERS; j++)
		resolve_cancel(g->names[j].query);
	for (i = 0; i < CANDIDATE_COMPONENTS; i++) {
		for (j = 0; j < SERVERS; j++)
			stun_ask_free(g->questions[i][j].ask);
		for (j = 0; j < 2; j++)
			if (g->ports[i][j] != -1)
				close(g->ports[i][j]);
	}
	portmap_free(g->portmap);
	igd_free(g->igd);
	timer_clear(g->conf.loop, &g->timer);
	free(g->server);
	free(g->stun);
	free(g);
}
