/* addr: see addr.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial/addr.h"
#include "net/dial/addr_temporary.h"
#include "net/dial/resolve.h"

#define TEMPORARY_MAX	32	/* addresses of IPv6 that are known as that */

/* Blocks of IPv4 that are not public (RFC 6890). */
static const struct {
	uint32_t	 net;
	int		 bits;
	enum addr_kind	 kind;
} blocks[] = {
	{ 0x00000000, 8, ADDR_UNUSABLE },
	{ 0x0a000000, 8, ADDR_PRIVATE },
	{ 0x64400000, 10, ADDR_PRIVATE },
	{ 0x7f000000, 8, ADDR_LOOPBACK },
	{ 0xa9fe0000, 16, ADDR_LINK },
	{ 0xac100000, 12, ADDR_PRIVATE },
	{ 0xc0a80000, 16, ADDR_PRIVATE },
	{ 0xe0000000, 3, ADDR_UNUSABLE },
};

static enum addr_kind
kind4(uint32_t a)
{
	size_t	 i;

	for (i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		if ((a ^ blocks[i].net) >> (32 - blocks[i].bits) == 0)
			return blocks[i].kind;
	return ADDR_PUBLIC;
}

static uint32_t
last32(const struct in6_addr *a)
{
	return (uint32_t)a->s6_addr[12] << 24 | a->s6_addr[13] << 16 |
	    a->s6_addr[14] << 8 | a->s6_addr[15];
}

static enum addr_kind
kind6(const struct in6_addr *a)
{
	static const unsigned char	 nat64[12] = { 0, 0x64, 0xff, 0x9b };

	if (IN6_IS_ADDR_LOOPBACK(a))
		return ADDR_LOOPBACK;
	if (IN6_IS_ADDR_V4MAPPED(a) ||
	    memcmp(a->s6_addr, nat64, sizeof(nat64)) == 0)
		return kind4(last32(a));
	if (a->s6_addr[0] == 0x20 && a->s6_addr[1] == 0x02)	/* 6to4 */
		return kind4((uint32_t)a->s6_addr[2] << 24 |
		    a->s6_addr[3] << 16 | a->s6_addr[4] << 8 |
		    a->s6_addr[5]);
	if (IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_SITELOCAL(a))
		return ADDR_LINK;
	if ((a->s6_addr[0] & 0xfe) == 0xfc)
		return ADDR_PRIVATE;
	return (a->s6_addr[0] & 0xe0) == 0x20 ? ADDR_PUBLIC : ADDR_UNUSABLE;
}

enum addr_kind
addr_kind(const struct sockaddr *sa)
{
	struct sockaddr_in	 sin;
	struct sockaddr_in6	 sin6;

	if (sa->sa_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		return kind4(ntohl(sin.sin_addr.s_addr));
	}
	if (sa->sa_family != AF_INET6)
		return ADDR_UNUSABLE;
	memcpy(&sin6, sa, sizeof(sin6));
	return kind6(&sin6.sin6_addr);
}

/* The bytes of the address, *len of them; NULL if it is no internet address. */
static const void *
bytes(const struct sockaddr *sa, size_t *len)
{
	const void	*p = sa;

	*len = 0;
	if (sa->sa_family == AF_INET) {
		*len = sizeof(struct in_addr);
		return &((const struct sockaddr_in *)p)->sin_addr;
	}
	if (sa->sa_family == AF_INET6) {
		*len = sizeof(struct in6_addr);
		return &((const struct sockaddr_in6 *)p)->sin6_addr;
	}
	return NULL;
}

char *
addr_text(const struct sockaddr *sa, char *out)
{
	size_t		 len;
	const void	*p = bytes(sa, &len);

	if (p == NULL || inet_ntop(sa->sa_family, p, out, ADDR_TEXT) == NULL)
		*out = '\0';
	return out;
}

uint16_t
addr_port(const struct sockaddr *sa)
{
	const void	*p = sa;

	return sa->sa_family == AF_INET ?
	    ntohs(((const struct sockaddr_in *)p)->sin_port) :
	    sa->sa_family == AF_INET6 ?
	    ntohs(((const struct sockaddr_in6 *)p)->sin6_port) : 0;
}

int
addr_local(int fd, struct addr *local)
{
	memset(local, 0, sizeof(*local));
	local->len = sizeof(local->ss);
	return getsockname(fd, (struct sockaddr *)&local->ss, &local->len);
}

uint16_t
addr_local_port(int fd)
{
	struct addr	 local;

	return addr_local(fd, &local) == -1 ? 0 :
	    addr_port((struct sockaddr *)&local.ss);
}

int
addr_make(struct addr *out, int family, const void *address, uint16_t port)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	struct sockaddr_in6	 sin6 = { .sin6_family = AF_INET6 };

	memset(out, 0, sizeof(*out));
	if (family != AF_INET && family != AF_INET6)
		return -1;
	sin.sin_port = sin6.sin6_port = htons(port);
	if (family == AF_INET) {
		if (address != NULL)
			memcpy(&sin.sin_addr, address, sizeof(sin.sin_addr));
		memcpy(&out->ss, &sin, sizeof(sin));
		out->len = sizeof(sin);
		return 0;
	}
	if (address != NULL)
		memcpy(&sin6.sin6_addr, address, sizeof(sin6.sin6_addr));
	memcpy(&out->ss, &sin6, sizeof(sin6));
	out->len = sizeof(sin6);
	return 0;
}

int
addr_read(struct addr *out, const char *text, uint16_t port)
{
	unsigned char	 b[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, text, b) == 1)
		return addr_make(out, AF_INET, b, port);
	if (inet_pton(AF_INET6, text, b) == 1)
		return addr_make(out, AF_INET6, b, port);
	return -1;
}

void
addr_set_port(struct addr *a, uint16_t port)
{
	struct sockaddr_in	 sin;
	struct sockaddr_in6	 sin6;

	if (a->ss.ss_family == AF_INET) {
		memcpy(&sin, &a->ss, sizeof(sin));
		sin.sin_port = htons(port);
		memcpy(&a->ss, &sin, sizeof(sin));
	} else if (a->ss.ss_family == AF_INET6) {
		memcpy(&sin6, &a->ss, sizeof(sin6));
		sin6.sin6_port = htons(port);
		memcpy(&a->ss, &sin6, sizeof(sin6));
	}
}

int
addr_equal(const struct addr *a, const struct addr *b)
{
	const struct sockaddr	*x = (const struct sockaddr *)&a->ss;
	const struct sockaddr	*y = (const struct sockaddr *)&b->ss;
	const void		*p, *q;
	size_t			 n, m;

	p = bytes(x, &n);
	q = bytes(y, &m);
	return p != NULL && q != NULL && n == m && memcmp(p, q, n) == 0 &&
	    addr_port(x) == addr_port(y);
}

/* The temporary addresses of this machine. */
struct temporary {
	struct in6_addr	 addrs[TEMPORARY_MAX];
	size_t		 n;
};

static int
is_temporary(const struct addr *a, const struct temporary *t)
{
	struct sockaddr_in6	 sin6;
	size_t			 i;

	if (a->ss.ss_family != AF_INET6)
		return 0;
	memcpy(&sin6, &a->ss, sizeof(sin6));
	for (i = 0; i < t->n; i++)
		if (IN6_ARE_ADDR_EQUAL(&t->addrs[i], &sin6.sin6_addr))
			return 1;
	return 0;
}

/* The smaller, the better. */
static int
addr_rank(const struct addr *a, const struct temporary *t)
{
	const struct sockaddr	*sa = (const struct sockaddr *)&a->ss;

	return 4 * (int)addr_kind(sa) + 2 * (sa->sa_family == AF_INET) +
	    !is_temporary(a, t);
}

/* Of equal ones the first stays first. */
static void
insert_own(struct addr *out, size_t n, const struct addr *a,
    const struct temporary *t)
{
	int	 rank = addr_rank(a, t);

	for (; n > 0 && addr_rank(&out[n - 1], t) > rank; n--)
		out[n] = out[n - 1];
	out[n] = *a;
}

static int
offerable(const struct ifaddrs *i)
{
	return i->ifa_addr != NULL && (i->ifa_flags & IFF_UP) &&
	    addr_kind(i->ifa_addr) < ADDR_LINK;
}

size_t
addr_own(struct addr *out, size_t max)
{
	struct temporary	 t;
	struct ifaddrs		*all, *i;
	struct addr		 a;
	size_t			 n = 0;

	if (getifaddrs(&all) == -1)
		return 0;
	t.n = addr_temporary(t.addrs, TEMPORARY_MAX);
	for (i = all; i != NULL && n < max; i = i->ifa_next) {
		if (!offerable(i))
			continue;
		memset(&a, 0, sizeof(a));
		a.len = i->ifa_addr->sa_family == AF_INET ?
		    sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
		memcpy(&a.ss, i->ifa_addr, a.len);
		insert_own(out, n++, &a, &t);
	}
	freeifaddrs(all);
	return n;
}

int
addr_split(char *s, char **host, char **port)
{
	char	*end;

	*host = s;
	*port = NULL;
	if (*s == '[') {
		if ((end = strchr(s, ']')) == NULL || end[1] != ':')
			return -1;
		*host = s + 1;
		*end = '\0';
		*port = end + 2;
	} else if ((end = strrchr(s, ':')) != NULL) {
		*end = '\0';
		*port = end + 1;
	}
	return **host == '\0' || (*port != NULL && **port == '\0') ? -1 : 0;
}
