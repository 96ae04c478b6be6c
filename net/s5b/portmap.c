/* portmap: see portmap.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/io/fd.h"
#include "net/io/loop.h"
#include "net/s5b/pcp.h"
#include "net/s5b/portmap.h"
#include "xml/number.h"

#define FIRST_WAIT	250	/* ms, doubled for each request: RFC 6886
				 * section 3.1; RFC 6887's 3 s are long for
				 * a user who waits */
#define REQUESTS	5	/* without an answer */
#define LEASE_MIN	10	/* s; shorter leases are taken for this */
#define LEASE_MAX	3600	/* and longer ones for that */

enum portmap_state {
	PORTMAP_ASKING,		/* in PCP, then in both protocols */
	PORTMAP_ASKING_OLD,	/* in NAT-PMP */
	PORTMAP_MAPPED,
	PORTMAP_OVER
};

struct portmap {
	struct loop	*loop;
	enum portmap_state state;
	struct watch	 watch;
	struct timer	 timer;
	int		 requests;	/* since the last answer */
	int		 err;		/* errno of one of them */
	int		 old;		/* the router speaks NAT-PMP */
	int		 told;		/* of an address, which is: */
	struct addr	 external;
	struct pcp_mapping mapping;
	portmap_fn	*fn;
	void		*arg;
};

/*
 * Routes
 */

/* A line of /proc/self/net/route: interface, destination, gateway, flags ...,
 * in hexadecimal, as the processor has the bytes of an address. */
static int
parse_route(char *line, struct addr *router)
{
	char		*words[4], *s = line;
	uint64_t	 destination, gateway, flags;
	uint32_t	 address;
	size_t		 n = 0;

	while (n < 4 && (words[n] = strsep(&s, " \t")) != NULL)
		if (*words[n] != '\0')
			n++;
	if (n < 4 || number_hex(words[1], strlen(words[1]), UINT32_MAX,
	    &destination) == -1 || number_hex(words[2], strlen(words[2]),
	    UINT32_MAX, &gateway) == -1 || number_hex(words[3],
	    strlen(words[3]), UINT32_MAX, &flags) == -1)
		return -1;
	if (destination != 0 || gateway == 0 || (flags & 3) != 3)
		return -1;		/* not up, or no gateway */
	address = (uint32_t)gateway;
	return addr_make(router, AF_INET, &address, PCP_PORT);
}

int
portmap_parse_routes(const char *text, struct addr *router)
{
	char	 line[256];
	size_t	 len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		if (parse_route(line, router) == 0)
			return 0;
	}
	return -1;
}

int
portmap_router(struct addr *router)
{
	char	 text[16 * 1024];
	size_t	 len;
	FILE	*fp;

	if ((fp = fopen("/proc/self/net/route", "re")) == NULL)
		return -1;
	len = fread(text, 1, sizeof(text) - 1, fp);
	fclose(fp);
	text[len] = '\0';
	return portmap_parse_routes(text, router);
}

/*
 * Requests
 */

/* What is lost on its way is sent again.  That nothing listens there may be
 * said to the next request instead of to recv(2). */
static void
post(struct portmap *p, const unsigned char *request, size_t len)
{
	if (send(p->watch.fd, request, len, MSG_NOSIGNAL) == -1 &&
	    errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
		p->err = errno;
}

static void
post_old(struct portmap *p)
{
	unsigned char	 out[NATPMP_REQUEST];

	if (p->mapping.lifetime > 0)
		post(p, out, natpmp_address_request(out));
	post(p, out, natpmp_map_request(&p->mapping, out));
}

static void
post_new(struct portmap *p)
{
	unsigned char	 out[PCP_REQUEST];

	pcp_request(&p->mapping, out);
	post(p, out, sizeof(out));
}

/* A router that has only NAT-PMP may be silent to PCP. */
static void
portmap_ask(struct portmap *p)
{
	p->mapping.lifetime = PORTMAP_LEASE;
	if (!p->old)
		post_new(p);
	if (p->old || (!p->told && p->requests > 0))
		post_old(p);
	timer_set(p->loop, &p->timer, p->err != 0 ? clock_ms() : clock_ms() +
	    ((int64_t)FIRST_WAIT << p->requests));
	p->requests++;
}

static void
portmap_fail(struct portmap *p, const char *why)
{
	p->state = PORTMAP_OVER;
	timer_clear(p->loop, &p->timer);
	p->fn(p->arg, NULL, why);
}

/* The lease is half over, or there was no answer. */
static void
portmap_fire(void *arg)
{
	struct portmap	*p = arg;

	if (p->state == PORTMAP_MAPPED) {
		p->state = p->old ? PORTMAP_ASKING_OLD : PORTMAP_ASKING;
		p->requests = 0;
	}
	if (p->err != 0)
		portmap_fail(p, strerror(p->err));
	else if (p->requests == REQUESTS)
		portmap_fail(p, "the router does not answer");
	else
		portmap_ask(p);
}

/*
 * Answers
 */

/* The mapping stands for as long as the router says. */
static void
portmap_stands(struct portmap *p)
{
	uint32_t	 s = p->mapping.lifetime;

	s = s < LEASE_MIN ? LEASE_MIN : s > LEASE_MAX ? LEASE_MAX : s;
	p->state = PORTMAP_MAPPED;
	p->requests = 0;
	p->err = 0;
	timer_set(p->loop, &p->timer, clock_ms() + 500 * (int64_t)s);
	if (p->told && addr_equal(&p->external, &p->mapping.external))
		return;
	p->told = 1;
	p->external = p->mapping.external;
	p->fn(p->arg, &p->external, NULL);
}

/* In NAT-PMP the address and the port come apart: the address is asked for
 * first, but answers may overtake each other. */
static void
portmap_mapped(struct portmap *p, const unsigned char *in)
{
	if (in[0] == 0)
		p->old = 1;
	if (addr_kind((struct sockaddr *)&p->mapping.external.ss) !=
	    ADDR_UNUSABLE)
		portmap_stands(p);
}

static void
portmap_old(struct portmap *p)
{
	if (p->old)
		return;
	p->old = 1;
	p->state = PORTMAP_ASKING_OLD;
	p->requests = 0;
	portmap_ask(p);
}

static void
portmap_ready(void *arg, int revents)
{
	struct portmap	*p = arg;
	unsigned char	 in[PCP_MAX + 1];
	ssize_t		 n = recv(p->watch.fd, in, sizeof(in), 0);

	(void)revents;
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR &&
		    p->state != PORTMAP_MAPPED && p->state != PORTMAP_OVER)
			portmap_fail(p, strerror(errno));
		return;
	}
	if (p->state == PORTMAP_OVER)
		return;
	switch (pcp_response(in, (size_t)n, &p->mapping)) {
	case PCP_IGNORED:
	case PCP_ADDRESS:
		break;
	case PCP_MAPPED:
		portmap_mapped(p, in);
		break;
	case PCP_REFUSED:
		portmap_fail(p, pcp_strerror(p->mapping.result));
		break;
	case PCP_OLD:
		portmap_old(p);
		break;
	}
}

/*
 * Life
 */

static int
portmap_want(void *arg)
{
	(void)arg;
	return POLLIN;
}

/* A socket that hears this router only, which says, too, what our address is
 * to it. */
static int
open_socket(struct portmap *p, const struct addr *router)
{
	struct addr	 to = *router, local;
	int		 fd, family = router->ss.ss_family;

	if (addr_port((struct sockaddr *)&to.ss) == 0)
		addr_set_port(&to, PCP_PORT);
	if ((fd = socket(family, SOCK_DGRAM, 0)) == -1 ||
	    (fd = fd_ready(fd)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&to.ss, to.len) == -1 ||
	    addr_local(fd, &local) == -1)
		return fd_give_up(fd);
	p->mapping.client = local;
	return fd;
}

/* The port that is mapped, and nothing in particular outside. */
static int
set_port(struct portmap *p, uint16_t port)
{
	struct addr	*c = &p->mapping.client;

	addr_set_port(c, port);
	return addr_make(&p->mapping.external, c->ss.ss_family, NULL, port);
}

struct portmap *
portmap(struct loop *l, const struct addr *router, uint16_t port,
    portmap_fn *fn, void *arg)
{
	struct portmap	*p;
	int		 saved;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->loop = l;
	p->state = PORTMAP_ASKING;
	p->fn = fn;
	p->arg = arg;
	p->timer = (struct timer){ .fire = portmap_fire, .arg = p };
	p->watch = (struct watch){ .fd = open_socket(p, router),
	    .want = portmap_want, .ready = portmap_ready, .arg = p };
	if (p->watch.fd == -1 || set_port(p, port) == -1) {
		saved = errno;
		if (p->watch.fd != -1)
			close(p->watch.fd);
		free(p);
		errno = saved;
		return NULL;
	}
	arc4random_buf(p->mapping.nonce, sizeof(p->mapping.nonce));
	loop_watch(l, &p->watch);
	portmap_ask(p);
	return p;
}

const char *
portmap_protocol(const struct portmap *p)
{
	return p->old ? "NAT-PMP" : "PCP";
}

/* Also what has been asked for and not been answered: the router may have
 * mapped it all the same. */
static void
give_back(struct portmap *p)
{
	int	 asking = p->state == PORTMAP_ASKING && !p->told;

	p->mapping.lifetime = 0;
	if (asking || (p->told && !p->old))
		post_new(p);
	if (p->state == PORTMAP_ASKING_OLD || (p->told && p->old) ||
	    (asking && p->requests > 1))
		post_old(p);
}

void
portmap_free(struct portmap *p)
{
	if (p == NULL)
		return;
	give_back(p);
	loop_unwatch(p->loop, &p->watch);
	timer_clear(p->loop, &p->timer);
	close(p->watch.fd);
	free(p);
}
