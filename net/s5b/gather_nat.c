/* gather_nat: what is known of the router between this machine and the
 * internet;
 * see gather_int.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include "net/dial/addr.h"
#include "net/s5b/gather_int.h"

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

/* Where servers see the local port of a component in IPv4; returns how many
 * do. */
static size_t
sightings(const struct gather *g, unsigned component,
    const struct addr *out[GATHER_SERVERS + 1])
{
	const struct gather_question	*q;
	unsigned			 i;
	size_t				 n = 0;

	for (i = 0; i < GATHER_SERVERS; i++) {
		q = &g->questions[component - 1][i][0];
		if (q->mapped.len > 0)
			out[n++] = &q->mapped;
	}
	if (component == g->login && g->seen.ss.ss_family == AF_INET)
		out[n++] = &g->seen;
	return n;
}

/* Does a router map one port to both of these?  A server on this side of the
 * router sees something else than one beyond it, which tells nothing. */
static int
is_fickle(const struct gather *g, const struct addr *a, const struct addr *b)
{
	return !addr_equal(a, b) && is_own(g, a) == is_own(g, b) &&
	    addr_kind((const struct sockaddr *)&a->ss) ==
	    addr_kind((const struct sockaddr *)&b->ss);
}

enum gather_nat
gather_nat(const struct gather *g)
{
	const struct addr	*at[GATHER_SERVERS + 1];
	enum gather_nat		 nat = GATHER_NAT_UNKNOWN;
	size_t			 i, n;
	unsigned		 c;

	for (c = 1; c <= g->conf.components; c++) {
		n = sightings(g, c, at);
		for (i = 1; i < n; i++)
			if (is_fickle(g, at[0], at[i]))
				return GATHER_NAT_FICKLE;
		if (n > 0)
			nat = is_own(g, at[0]) ? GATHER_NAT_NONE :
			    GATHER_NAT_STEADY;
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
		return "unknown: no server has said where it sees us";
	}
}
