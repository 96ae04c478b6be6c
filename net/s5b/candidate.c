/* candidate: see candidate.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "net/dial/addr.h"
#include "net/s5b/candidate.h"
#include "xml/elem.h"
#include "xml/number.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define LOOKED_AT	64	/* elements; more are not looked at */
#define PRIORITY_MAX	0x7fffffffu

static const struct {
	const char	*name;
	unsigned	 preference;	/* RFC 6544 section 4.2 */
} types[] = {
	{ "host", 126 }, { "srflx", 100 }, { "assisted", 105 }
};

/* How much a way to connect is liked, for addresses of the machine, and for
 * those that a router gives. */
static const struct {
	const char	*name;
	unsigned	 own, mapped;
} tcptypes[] = {
	{ "so", 2, 6 }, { "active", 6, 4 }, { "passive", 4, 2 }
};

const char *
candidate_type_name(enum candidate_type type)
{
	return types[type].name;
}

uint32_t
candidate_priority(enum candidate_type type, enum candidate_tcptype tcptype,
    unsigned component, unsigned local)
{
	unsigned	 direction = type == CANDIDATE_HOST ?
	    tcptypes[tcptype].own : tcptypes[tcptype].mapped;

	return (uint32_t)types[type].preference << 24 |
	    (direction << 13 | (local & 0x1fff)) << 8 | (256 - component);
}

/* Candidates of one type and family come from one place (RFC 8445 section
 * 5.1.1.3). */
static unsigned
foundation(const struct candidate *c)
{
	return 1 + 2 * (unsigned)c->type + (c->addr.ss.ss_family == AF_INET6);
}

void
candidate_write(struct xw *w, const struct candidate *c)
{
	const struct sockaddr	*sa = (const struct sockaddr *)&c->addr.ss;
	char			 text[ADDR_TEXT];

	xw_start(w, "candidate", NULL);
	xw_attrf(w, "component", "%u", c->component);
	xw_attrf(w, "foundation", "%u", foundation(c));
	xw_attr(w, "ip", addr_text(sa, text));
	xw_attrf(w, "port", "%u", addr_port(sa));
	xw_attrf(w, "priority", "%u", (unsigned)c->priority);
	xw_attr(w, "protocol", "tcp");
	xw_attr(w, "tcptype", tcptypes[c->tcptype].name);
	xw_attr(w, "type", types[c->type].name);
	xw_end(w);
}

/* 0, or -1 if it is none of them. */
static int
parse_types(const struct elem *e, struct candidate *c)
{
	const char	*type = elem_attr(e, "type");
	const char	*tcptype = elem_attr(e, "tcptype");
	size_t		 i, j;

	if (type == NULL || tcptype == NULL)
		return -1;
	for (i = 0; i < 3 && strcmp(types[i].name, type) != 0; i++)
		;
	for (j = 0; j < 3 && strcmp(tcptypes[j].name, tcptype) != 0; j++)
		;
	if (i == 3 || j == 3)
		return -1;
	c->type = (enum candidate_type)i;
	c->tcptype = (enum candidate_tcptype)j;
	return 0;
}

/* A number in an attribute, from 1 to max. */
static int
parse_number(const struct elem *e, const char *name, uint64_t max,
    uint64_t *n)
{
	const char	*s = elem_attr(e, name);

	return s == NULL ? -1 : number_read(s, 1, max, n);
}

/* An IPv4 address inside an IPv6 address is no address to connect to. */
static int
parse_address(const struct elem *e, uint64_t port, struct addr *a)
{
	const char		*ip = elem_attr(e, "ip");
	struct sockaddr_in6	 sin6;

	if (port < ADDR_SYSTEM_PORTS || ip == NULL ||
	    addr_read(a, ip, (uint16_t)port) == -1)
		return -1;
	if (a->ss.ss_family != AF_INET6)
		return 0;
	memcpy(&sin6, &a->ss, sizeof(sin6));
	return IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr) ? -1 : 0;
}

/* Read a <candidate/>: 0, or -1 if it is of no use. */
static int
parse_candidate(const struct elem *e, struct candidate *c)
{
	const char	*protocol = elem_attr(e, "protocol");
	uint64_t	 component, priority, port;

	if ((protocol != NULL && strcmp(protocol, "tcp") != 0) ||
	    parse_types(e, c) == -1 ||
	    parse_number(e, "component", CANDIDATE_COMPONENTS,
	    &component) == -1 ||
	    parse_number(e, "priority", PRIORITY_MAX, &priority) == -1 ||
	    parse_number(e, "port", UINT16_MAX, &port) == -1)
		return -1;
	c->component = (unsigned)component;
	c->priority = (uint32_t)priority;
	return parse_address(e, port, &c->addr);
}

static int
is_known(const struct candidate *out, size_t n, const struct candidate *c)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (out[i].component == c->component &&
		    addr_equal(&out[i].addr, &c->addr))
			return 1;
	return 0;
}

/* Stable, since there are few. */
static void
insert(struct candidate *out, size_t n, const struct candidate *c)
{
	size_t	 at = n;

	while (at > 0 && out[at - 1].priority < c->priority)
		at--;
	memmove(&out[at + 1], &out[at], (n - at) * sizeof(*out));
	out[at] = *c;
}

size_t
candidates_read(const struct elem *e,
    int (*permit)(void *, const struct addr *), void *arg,
    struct candidate *out, size_t max)
{
	const struct elem	*child = elem_child(e, NS_XCAT, "candidate");
	struct candidate	 c;
	size_t			 n = 0, i;

	if (max > CANDIDATES_MAX)
		max = CANDIDATES_MAX;
	for (i = 0; child != NULL && i < LOOKED_AT && n < max; i++) {
		if (parse_candidate(child, &c) == 0 && !is_known(out, n, &c) &&
		    permit(arg, &c.addr) == 1)
			insert(out, n++, &c);
		child = elem_next(child, NS_XCAT, "candidate");
	}
	return n;
}
