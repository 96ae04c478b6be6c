/*
 * Unit tests of port mapping: messages of PCP and NAT-PMP (net/s5b/pcp), and
 * the client (net/s5b/portmap) with a router that is scripted here.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

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
#include "t/lib/must.h"
#include "t/lib/tap.h"

static const char *
where(const struct addr *a)
{
	static char	 out[ADDR_TEXT + 8];
	const struct sockaddr	*sa = (const struct sockaddr *)&a->ss;
	char		 text[ADDR_TEXT];

	snprintf(out, sizeof(out), "%s %u", addr_text(sa, text),
	    addr_port(sa));
	return out;
}

/*
 * Messages
 */

#define NONCE	"nonce-nonce!"
#define ZEROS	"\0\0\0\0\0\0\0\0\0\0"
#define REQUEST	"\2\1\0\0\0\0\2\x58" ZEROS "\xff\xff\x0a\1\0\2" NONCE \
		"\6\0\0\0\x10\x01\x10\x01" ZEROS "\xff\xff\0\0\0\0"
#define ANSWER(code, lifetime) \
		"\2\x81\0" code "\0\0" lifetime "\0\0\0\1" ZEROS "\0\0" \
		NONCE "\6\0\0\0\x10\x01\x20\x02" ZEROS "\xff\xff\xc0\0\2\1"

/* 10.1.0.2 port 4097, with nothing particular wanted. */
static void
mapping(struct pcp_mapping *m)
{
	memset(m, 0, sizeof(*m));
	memcpy(m->nonce, NONCE, PCP_NONCE);
	must(addr_read(&m->client, "10.1.0.2", 4097) == 0);
	must(addr_make(&m->external, AF_INET, NULL, 4097) == 0);
	m->lifetime = 600;
}

static enum pcp_result
look(const char *in, size_t len, struct pcp_mapping *m)
{
	unsigned char	*p = malloc(len + 1);	/* for sanitizers */
	enum pcp_result	 r;

	must(p != NULL);
	memcpy(p + 1, in, len);
	mapping(m);
	r = pcp_response(p + 1, len, m);
	free(p);
	return r;
}

#define LOOK(in, m)	look(in, sizeof(in) - 1, m)

static void
test_requests(void)
{
	struct pcp_mapping	 m;
	unsigned char		 out[PCP_REQUEST];

	mapping(&m);
	pcp_request(&m, out);
	ok(sizeof(REQUEST) - 1 == PCP_REQUEST &&
	    memcmp(out, REQUEST, PCP_REQUEST) == 0, "PCP");
	is_int((long)natpmp_map_request(&m, out), 12, "NAT-PMP: bytes");
	ok(memcmp(out, "\0\2\0\0\x10\1\x10\1\0\0\2\x58", 12) == 0, "NAT-PMP");
	m.lifetime = 0;
	natpmp_map_request(&m, out);
	ok(memcmp(out, "\0\2\0\0\x10\1\0\0\0\0\0\0", 12) == 0,
	    "NAT-PMP: the end of a mapping");
	is_int((long)natpmp_address_request(out), 2, "NAT-PMP: the address");
	ok(memcmp(out, "\0\0", 2) == 0, "NAT-PMP: asked for");
}

static void
test_pcp(void)
{
	static const char	 answer[] = ANSWER("\0", "\0\x78");
	char			 changed[sizeof(answer)];
	struct pcp_mapping	 m;
	size_t			 i;
	int			 good = 1;

	is_int(LOOK(ANSWER("\0", "\0\x78"), &m), PCP_MAPPED, "PCP: mapped");
	is(where(&m.external), "192.0.2.1 8194", "PCP: to this");
	is_int((long)m.lifetime, 120, "PCP: for so long");
	is_int(LOOK(ANSWER("\2", "\0\x78"), &m), PCP_REFUSED, "PCP: refused");
	is(pcp_strerror(m.result), "not authorized", "PCP: why");
	for (i = 0; i < sizeof(answer) - 1; i++)
		good = good && look(answer, i, &m) == PCP_IGNORED;
	ok(good, "PCP: no part of it will do");
	for (i = 24, good = 1; i < 42; i++) {	/* nonce, protocol, port */
		memcpy(changed, answer, sizeof(changed));
		changed[i] ^= 1;
		good = good && (look(changed, sizeof(answer) - 1, &m) ==
		    PCP_IGNORED || (i > 36 && i < 40));
	}
	ok(good, "PCP: the answer to another request");
	is_int(LOOK(REQUEST, &m), PCP_IGNORED, "PCP: a request");
}

static void
test_natpmp(void)
{
	struct pcp_mapping	 m;

	is_int(LOOK("\0\x80\0\0\0\0\0\1\xc0\0\2\1", &m), PCP_ADDRESS,
	    "NAT-PMP: the address");
	is(where(&m.external), "192.0.2.1 4097", "NAT-PMP: is this");
	is_int(LOOK("\0\x82\0\0\0\0\0\1\x10\1\x20\2\0\0\0\x78", &m),
	    PCP_MAPPED, "NAT-PMP: mapped");
	is(where(&m.external), "0.0.0.0 8194", "NAT-PMP: to this port");
	is_int((long)m.lifetime, 120, "NAT-PMP: for so long");
	is_int(LOOK("\0\x82\0\0\0\0\0\1\x10\2\x20\2\0\0\0\x78", &m),
	    PCP_IGNORED, "NAT-PMP: another port");
	is_int(LOOK("\0\x82\0\4\0\0\0\1\x10\1\0\0\0\0\0\0", &m), PCP_REFUSED,
	    "NAT-PMP: refused");
	is(pcp_strerror(m.result), "no more ports", "NAT-PMP: why");
	is_int(LOOK("\0\x81\0\1\0\0\0\1", &m), PCP_OLD,
	    "NAT-PMP: an answer to PCP");
	is_int(LOOK("\0\x82\0\0\0\0\0\1\x10\1\x20\2\0\0\0", &m), PCP_IGNORED,
	    "NAT-PMP: too short");
	is_int(LOOK("\0\x80\0\0\0\0\0\1\xc0\0\2", &m), PCP_IGNORED,
	    "NAT-PMP: an address too short");
	is_int(LOOK("\0\1\0\0\0\0\0\1", &m), PCP_IGNORED,
	    "NAT-PMP: a request");
	is_int(LOOK("", &m), PCP_IGNORED, "nothing");
	is(pcp_strerror(99), "refused", "an unknown code");
}

static void
test_routes(void)
{
	static const char	 head[] = "Iface\tDestination\tGateway \tFlags"
				    "\tRefCnt\tUse\tMetric\tMask\t\tMTU\n";
	char			 text[512], gateway[9];
	struct addr		 a;
	unsigned char		 b[4] = { 10, 1, 0, 1 };
	uint32_t		 n;

	memcpy(&n, b, 4);
	snprintf(gateway, sizeof(gateway), "%08X", (unsigned)n);
	snprintf(text, sizeof(text), "%seth0\t0001010A\t00000000\t0001\t0\t0"
	    "\t0\t00FFFFFF\t0\t0\t0\neth0\t00000000\t%s\t0003\t0\t0\t0\t"
	    "00000000\t0\t0\t0\n", head, gateway);
	is_int(portmap_parse_routes(text, &a), 0, "a router");
	is(where(&a), "10.1.0.1 5351", "its address");
	is_int(portmap_parse_routes(head, &a), -1, "no router");
	is_int(portmap_parse_routes("", &a), -1, "no routes");
	is_int(portmap_parse_routes("a\t00000000\t0101010A\t0001\n", &a), -1,
	    "a route without a gateway");
	is_int(portmap_parse_routes("a b c\n\n\t\t\t\n", &a), -1, "garbage");
}

/*
 * A router
 */

enum kind {
	NEW,			/* PCP */
	OLD,			/* NAT-PMP, which says so to PCP */
	OLD_SILENT,		/* NAT-PMP, which does not */
	REFUSING,
	SILENT
};

static struct loop	*loop;
static struct router {
	struct watch	 watch;
	struct addr	 addr;
	enum kind	 kind;
	int		 ended;		/* leases */
	unsigned char	 last;			/* byte of the address */
} router;
static char	 told[256];
static int	 tells;

static int
router_want(void *arg)
{
	(void)arg;
	return POLLIN;
}

static size_t
answer_new(unsigned char *m)
{
	m[1] |= 0x80;
	m[3] = router.kind == REFUSING ? 2 : 0;
	m[4] = m[5] = m[6] = 0;
	m[7] = 120;
	memset(m + 8, 0, 16);
	m[42] = 0x20;
	m[43] = 2;
	memcpy(m + 44, ZEROS "\xff\xff\xc0\0\2", 15);
	m[59] = router.last;
	return PCP_REQUEST;
}

static size_t
answer_old(unsigned char *m)
{
	if (m[0] == 2) {
		memcpy(m, "\0\x81\0\1\0\0\0\1", 8);
		return 8;
	}
	if (m[1] == 0) {
		memcpy(m, "\0\x80\0\0\0\0\0\1\xc0\0\2", 11);
		m[11] = router.last;
		return 12;
	}
	memcpy(m + 8, m + 4, 2);	/* the internal port */
	memcpy(m, "\0\x82\0\0\0\0\0\1", 8);
	memcpy(m + 10, "\x20\2\0\0\0\x78", 6);
	return 16;
}

static void
router_ready(void *arg, int revents)
{
	unsigned char		 m[PCP_MAX];
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);
	ssize_t			 n;
	size_t			 out = 0;

	(void)arg;
	(void)revents;
	n = recvfrom(router.watch.fd, m, sizeof(m), 0, (struct sockaddr *)&ss,
	    &len);
	must(n >= 2);
	if ((m[0] == 2 && memcmp(m + 4, "\0\0\0", 4) == 0) ||
	    (m[0] == 0 && m[1] == 2 && memcmp(m + 8, "\0\0\0", 4) == 0)) {
		router.ended++;
		loop_stop(loop);
		return;
	}
	if (m[0] == 2 && (router.kind == NEW || router.kind == REFUSING))
		out = answer_new(m);
	else if (router.kind == OLD || (router.kind == OLD_SILENT &&
	    m[0] == 0))
		out = answer_old(m);
	if (out > 0)
		must(sendto(router.watch.fd, m, out, 0,
		    (struct sockaddr *)&ss, len) == (ssize_t)out);
}

static void
mapped(void *arg, const struct addr *a, const char *err)
{
	(void)arg;
	tells++;
	strlcpy(told, a != NULL ? where(a) : err, sizeof(told));
	loop_stop(loop);
}

static void
router_open(void)
{
	struct in_addr	 lo = { htonl(INADDR_LOOPBACK) };
	struct addr	*a = &router.addr;
	int		 fd = fd_ready(socket(AF_INET, SOCK_DGRAM, 0));

	must(fd != -1 && addr_make(a, AF_INET, &lo, 0) == 0 &&
	    bind(fd, (struct sockaddr *)&a->ss, a->len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a->ss, &a->len) == 0);
	router.watch = (struct watch){ .fd = fd, .want = router_want,
	    .ready = router_ready };
	loop_watch(loop, &router.watch);
}

static struct portmap *
ask(enum kind kind, const char *want, const char *what)
{
	struct portmap	*p;

	router.kind = kind;
	router.ended = tells = 0;
	router.last = 1;
	*told = '\0';
	must((p = portmap(loop, &router.addr, 4097, mapped, NULL)) != NULL);
	must(loop_run(loop) == 0);
	is(told, want, "%s", what);
	return p;
}

/* The lease is given back with one message. */
static void
give_back(struct portmap *p, const char *what)
{
	portmap_free(p);
	while (router.ended == 0)
		must(loop_run(loop) == 0);
	ok(router.ended == 1, "%s: given back", what);
}

static void
test_router(void)
{
	struct portmap	*p;

	p = ask(NEW, "192.0.2.1 8194", "PCP");
	is(portmap_protocol(p), "PCP", "by this protocol");
	router.last = 9;		/* a minute later */
	must(loop_run(loop) == 0);
	is(told, "192.0.2.9 8194", "the address has changed");
	router.kind = SILENT;
	must(loop_run(loop) == 0);
	is(told, "the router does not answer", "the router is gone");
	is_int(tells, 3, "all was told once");
	portmap_free(p);
	while (router.ended == 0)
		must(loop_run(loop) == 0);
	p = ask(OLD, "192.0.2.1 8194", "NAT-PMP");
	is(portmap_protocol(p), "NAT-PMP", "by this protocol");
	give_back(p, "NAT-PMP");
	p = ask(OLD_SILENT, "192.0.2.1 8194", "NAT-PMP, silent to PCP");
	give_back(p, "NAT-PMP, silent to PCP");
	p = ask(NEW, "192.0.2.1 8194", "PCP again");
	give_back(p, "PCP");
	portmap_free(ask(REFUSING, "not authorized", "a router that refuses"));
	portmap_free(ask(SILENT, "the router does not answer",
	    "a silent router"));
	loop_unwatch(loop, &router.watch);
	close(router.watch.fd);
	portmap_free(ask(SILENT, strerror(ECONNREFUSED), "no such router"));
}

int
main(void)
{
	tap_wind(50);
	test_requests();
	test_pcp();
	test_natpmp();
	test_routes();
	must((loop = loop_new()) != NULL);
	router_open();
	test_router();
	loop_free(loop);
	return tap_done();
}
