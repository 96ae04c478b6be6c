/* gather_ask: what servers say about the addresses of this machine: STUN
 * servers, and the own one; see gather_int.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <string.h>

#include "ibb/extdisco.h"
#include "ibb/sic.h"
#include "net/dial/addr.h"
#include "net/io/log.h"
#include "net/s5b/gather_int.h"
#include "net/s5b/stun.h"
#include "net/s5b/stun_ask.h"
#include "xml/number.h"

/*
 * STUN
 */

static void
stun_answered(void *arg, const struct addr *mapped, const char *err)
{
	struct gather_question		*q = arg;
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
		if (gather_is_useful(mapped))
			gather_add(g, CANDIDATE_REFLEXIVE, q->component,
			    GATHER_SEEN - q->server, mapped);
	}
	gather_answered(g);
}

static void
ask_stun(struct gather *g, unsigned server, const struct addr *to)
{
	struct gather_question	*q;
	struct addr	 local;
	unsigned	 c;

	for (c = 1; c <= g->conf.components; c++) {
		q = &g->questions[c - 1][server];
		if (q->ask != NULL || gather_local(g, c, to->ss.ss_family,
		    &local) == -1)
			continue;
		*q = (struct gather_question){ .owner = g, .component = c,
		    .server = server };
		q->ask = stun_ask(g->conf.loop, to, &local, clock_ms() +
		    GATHER_TIME, stun_answered, q);
		g->pending += q->ask != NULL;
	}
}

static void
resolved(void *arg, const struct addr *addrs, size_t n, const char *err)
{
	struct gather_name	*name = arg;
	struct gather	*g = name->owner;

	name->query = NULL;
	if (n > 0)
		ask_stun(g, name->number, &addrs[0]);
	else
		log_line(LOG_DETAIL, "stun: %s", err);
	gather_answered(g);
}

/* IPv4 is where the routers are that map ports. */
static void
find_server(struct gather *g, unsigned number, const char *host,
    uint16_t port)
{
	struct gather_name	*name = &g->names[number];

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
	for (i = 0; i < n && i < GATHER_SERVERS; i++)
		find_server(g, i, s[i].host, s[i].port);
	gather_answered(g);
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
 * The own server
 */

/* The port is that of the login: most routers keep the ports that they can. */
static void
seen(void *arg, const char *ip, uint16_t port)
{
	struct gather	*g = arg;
	struct addr	 a, local;
	unsigned	 c;

	g->sic = NULL;
	if (ip != NULL && addr_read(&a, ip, port) == 0 && gather_is_useful(&a)) {
		log_line(LOG_TRACE, "the server sees us at %s port %u", ip,
		    port);
		for (c = 1; c <= g->conf.components; c++)
			if (gather_local(g, c, a.ss.ss_family, &local) == 0) {
				addr_set_port(&a, addr_port(
				    (struct sockaddr *)&local.ss));
				gather_add(g, CANDIDATE_REFLEXIVE, c, GATHER_GUESS,
				    &a);
			}
	}
	gather_answered(g);
}

/*
 * All of them
 */

int
gather_ask_servers(struct gather *g)
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

void
gather_ask_end(struct gather *g)
{
	unsigned	 i, j;

	extdisco_cancel(g->extdisco);
	sic_cancel(g->sic);
	for (j = 0; j < GATHER_SERVERS; j++)
		resolve_cancel(g->names[j].query);
	for (i = 0; i < CANDIDATE_COMPONENTS; i++)
		for (j = 0; j < GATHER_SERVERS; j++)
			stun_ask_free(g->questions[i][j].ask);
}
