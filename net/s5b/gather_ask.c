/* gather_ask: what servers say about the addresses of this machine: STUN
 * servers, and the own one; see gather_int.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ibb/extdisco.h"
#include "ibb/sic.h"
#include "net/dial/addr.h"
#include "net/io/log.h"
#include "net/s5b/gather_int.h"
#include "net/s5b/stun.h"
#include "net/s5b/stun_ask.h"
#include "xml/number.h"

static const int	 families[GATHER_FAMILIES] = { AF_INET, AF_INET6 };

/*
 * STUN
 */

/* A line for each server, though it is asked from several ports. */
static void
stun_failed(struct gather_name *name, const char *err)
{
	log_line(name->failed ? LOG_TRACE : LOG_DETAIL, "stun: %s%s: %s",
	    name->text, name->six ? ", IPv6" : "", err);
	name->failed = 1;
}

static void
stun_answered(void *arg, const struct addr *mapped, const char *err)
{
	struct gather_question	*q = arg;
	struct gather		*g = q->owner;
	struct gather_name	*name = &g->names[q->server][q->six];
	char			 text[ADDR_TEXT];

	if (mapped == NULL) {
		stun_failed(name, err);
	} else {
		q->mapped = *mapped;
		log_line(LOG_TRACE, "stun: %s: port %u of ours is %s port %u",
		    name->text, q->component, addr_text((const struct
		    sockaddr *)&mapped->ss, text),
		    addr_port((const struct sockaddr *)&mapped->ss));
		if (gather_is_useful(mapped))
			gather_add(g, CANDIDATE_REFLEXIVE, q->component,
			    GATHER_SEEN - q->server, mapped);
	}
	gather_answered(g);
}

static void
ask_stun(struct gather_name *name, const struct addr *to)
{
	struct gather		*g = name->owner;
	struct gather_question	*q;
	struct addr		 local;
	unsigned		 c;

	for (c = 1; c <= g->conf.components; c++) {
		q = &g->questions[c - 1][name->number][name->six];
		if (q->ask != NULL || gather_local(g, c, to->ss.ss_family,
		    &local) == -1)
			continue;
		*q = (struct gather_question){ .owner = g, .component = c,
		    .server = name->number, .six = name->six };
		q->ask = stun_ask(g->conf.loop, to, &local, clock_ms() +
		    GATHER_TIME, stun_answered, q);
		if (q->ask == NULL)
			stun_failed(name, strerror(errno));
		g->pending += q->ask != NULL;
	}
}

static void
resolved(void *arg, const struct addr *addrs, size_t n, const char *err)
{
	struct gather_name	*name = arg;
	struct gather		*g = name->owner;

	name->query = NULL;
	if (n > 0)
		ask_stun(name, &addrs[0]);
	else if (!name->six)	/* most have no address of IPv6 */
		stun_failed(name, err);
	gather_answered(g);
}

/* May the server, a name or an address, be asked in this family?  IPv6 is for
 * machines that have it. */
static int
is_wanted(const struct gather *g, const char *host, int family)
{
	struct addr	 a;

	if (addr_read(&a, host, 0) == 0 && a.ss.ss_family != family)
		return 0;
	if (g->conf.family != AF_UNSPEC)
		return g->conf.family == family;
	return family == AF_INET || gather_has_own(g, family);
}

static void
find_server(struct gather *g, unsigned number, const char *host,
    uint16_t port)
{
	struct gather_name	*name;
	int			 f;

	for (f = 0; f < GATHER_FAMILIES; f++) {
		if (!is_wanted(g, host, families[f]))
			continue;
		name = &g->names[number][f];
		name->owner = g;
		name->number = number;
		name->six = families[f] == AF_INET6;
		snprintf(name->text, sizeof(name->text), "%.255s port %u",
		    host, port);
		name->query = resolve(g->conf.resolver, host, port,
		    families[f], resolved, name);
		g->pending += name->query != NULL;
	}
}

static void
services_known(void *arg, const struct extdisco_service *s, size_t n)
{
	struct gather	*g = arg;
	unsigned	 i;

	g->extdisco = NULL;
	if (n == 0)
		log_line(LOG_DETAIL, "stun: the server names no STUN server");
	for (i = 0; i < n && i < GATHER_SERVERS; i++)
		find_server(g, i, s[i].host, s[i].port);
	gather_answered(g);
}

/* An address of IPv6 alone may have its brackets, too. */
static int
find_given(struct gather *g)
{
	char		*host, *port;
	size_t		 len = strlen(g->stun);
	uint16_t	 number = STUN_PORT;

	if (*g->stun == '[' && g->stun[len - 1] == ']') {
		g->stun[len - 1] = '\0';
		find_server(g, 0, g->stun + 1, number);
		return 0;
	}
	if (addr_split(g->stun, &host, &port) == -1 ||
	    (port != NULL && number_port(port, &number) == -1))
		return -1;
	find_server(g, 0, host, number);
	return 0;
}

/*
 * The own server
 */

/* The port that the server sees is that of the login, and of the component that
 * shares it. */
static void
add_shared(struct gather *g, const struct addr *a)
{
	g->seen = *a;
	gather_add(g, CANDIDATE_REFLEXIVE, g->login, GATHER_SEEN -
	    GATHER_SERVERS, a);
}

/* Most routers keep the ports that they can: the guess that this one does, if
 * it has been seen to, or not to be otherwise. */
static void
add_guesses(struct gather *g, const struct addr *a)
{
	struct addr	 guess = *a, local;
	unsigned	 c;

	if (g->seen.len > 0 && (gather_local(g, g->login, a->ss.ss_family,
	    &local) == -1 || addr_port((struct sockaddr *)&local.ss) !=
	    addr_port((const struct sockaddr *)&a->ss)))
		return;
	for (c = 1; c <= g->conf.components; c++) {
		if (gather_local(g, c, a->ss.ss_family, &local) == -1)
			continue;
		addr_set_port(&guess, addr_port((struct sockaddr *)&local.ss));
		gather_add(g, CANDIDATE_REFLEXIVE, c, GATHER_GUESS, &guess);
	}
}

static void
seen(void *arg, const char *ip, uint16_t port)
{
	struct gather	*g = arg;
	struct addr	 a;

	g->sic = NULL;
	if (ip != NULL && addr_read(&a, ip, port) == 0 &&
	    gather_is_useful(&a)) {
		log_line(LOG_TRACE, "the server sees us at %s port %u", ip,
		    port);
		if (g->login > 0 && port > 0 &&
		    a.ss.ss_family == g->conf.login.ss.ss_family)
			add_shared(g, &a);
		add_guesses(g, &a);
	} else {
		log_line(LOG_DETAIL, "the server does not say where it sees "
		    "us (XEP-0279)");
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
	int		 f;

	extdisco_cancel(g->extdisco);
	sic_cancel(g->sic);
	for (j = 0; j < GATHER_SERVERS; j++)
		for (f = 0; f < GATHER_FAMILIES; f++) {
			resolve_cancel(g->names[j][f].query);
			for (i = 0; i < CANDIDATE_COMPONENTS; i++)
				stun_ask_free(g->questions[i][j][f].ask);
		}
}
