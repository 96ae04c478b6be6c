/* udp_local: see udp_local.h. */
#include <string.h>

#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/dial/udp_local.h"

/* Begin the one piece of control data. */
static void
udp_local_put(struct msghdr *msg, union udp_local *room, int level, int type,
    const void *data, size_t len)
{
	memset(room, 0, sizeof(*room));
	msg->msg_control = room;
	msg->msg_controllen = CMSG_SPACE(len);
	room->align.cmsg_level = level;
	room->align.cmsg_type = type;
	room->align.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&room->align), data, len);
}

/*
 * IPv4 has two ways: a struct in_pktinfo, or BSD's bare address.
 */

#if defined(IP_PKTINFO)

#ifndef IP_RECVPKTINFO
#define IP_RECVPKTINFO	IP_PKTINFO
#endif

static int
ask4(int fd)
{
	int	 on = 1;

	return setsockopt(fd, IPPROTO_IP, IP_RECVPKTINFO, &on, sizeof(on));
}

static void
read4(const struct cmsghdr *c, struct addr *local)
{
	struct in_pktinfo	 i;

	if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
		return;
	memcpy(&i, CMSG_DATA(c), sizeof(i));
	if (addr_make(local, AF_INET, &i.ipi_spec_dst, 0) == -1)
		local->len = 0;
}

static void
write4(struct msghdr *msg, union udp_local *room, const struct addr *local)
{
	struct sockaddr_in	 sin;
	struct in_pktinfo	 i;

	memcpy(&sin, &local->ss, sizeof(sin));
	memset(&i, 0, sizeof(i));
	i.ipi_spec_dst = sin.sin_addr;
	udp_local_put(msg, room, IPPROTO_IP, IP_PKTINFO, &i, sizeof(i));
}

#elif defined(IP_RECVDSTADDR) && defined(IP_SENDSRCADDR)

static int
ask4(int fd)
{
	int	 on = 1;

	return setsockopt(fd, IPPROTO_IP, IP_RECVDSTADDR, &on, sizeof(on));
}

static void
read4(const struct cmsghdr *c, struct addr *local)
{
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVDSTADDR &&
	    addr_make(local, AF_INET, CMSG_DATA(c), 0) == -1)
		local->len = 0;
}

static void
write4(struct msghdr *msg, union udp_local *room, const struct addr *local)
{
	struct sockaddr_in	 sin;

	memcpy(&sin, &local->ss, sizeof(sin));
	udp_local_put(msg, room, IPPROTO_IP, IP_SENDSRCADDR, &sin.sin_addr,
	    sizeof(sin.sin_addr));
}

#else

static int
ask4(int fd)
{
	(void)fd;
	return 0;
}

static void
read4(const struct cmsghdr *c, struct addr *local)
{
	(void)c;
	(void)local;
}

static void
write4(struct msghdr *msg, union udp_local *room, const struct addr *local)
{
	(void)msg;
	(void)room;
	(void)local;
}

#endif

/*
 * IPv6: RFC 3542 section 6.
 */

#ifdef IPV6_RECVPKTINFO

static int
ask6(int fd)
{
	int	 on = 1;

	return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

/* An answer to what came to a group comes from an address of our own. */
static void
read6(const struct cmsghdr *c, struct addr *local)
{
	struct sockaddr_in6	 sin6 = { .sin6_family = AF_INET6 };
	struct in6_pktinfo	 i;

	if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
		return;
	memcpy(&i, CMSG_DATA(c), sizeof(i));
	if (IN6_IS_ADDR_MULTICAST(&i.ipi6_addr))
		return;
	sin6.sin6_addr = i.ipi6_addr;
	if (IN6_IS_ADDR_LINKLOCAL(&i.ipi6_addr))
		sin6.sin6_scope_id = i.ipi6_ifindex;
	memcpy(&local->ss, &sin6, sizeof(sin6));
	local->len = sizeof(sin6);
}

static void
write6(struct msghdr *msg, union udp_local *room, const struct addr *local)
{
	struct sockaddr_in6	 sin6;
	struct in6_pktinfo	 i;

	memcpy(&sin6, &local->ss, sizeof(sin6));
	memset(&i, 0, sizeof(i));
	i.ipi6_addr = sin6.sin6_addr;
	i.ipi6_ifindex = sin6.sin6_scope_id;
	udp_local_put(msg, room, IPPROTO_IPV6, IPV6_PKTINFO, &i, sizeof(i));
}

#else

static int
ask6(int fd)
{
	(void)fd;
	return 0;
}

static void
read6(const struct cmsghdr *c, struct addr *local)
{
	(void)c;
	(void)local;
}

static void
write6(struct msghdr *msg, union udp_local *room, const struct addr *local)
{
	(void)msg;
	(void)room;
	(void)local;
}

#endif

/*
 * Either
 */

int
udp_local_ask(int fd, const struct sockaddr *sa)
{
	const void	*p = sa;

	if (sa->sa_family == AF_INET)
		return ((const struct sockaddr_in *)p)->sin_addr.s_addr ==
		    htonl(INADDR_ANY) ? ask4(fd) : 0;
	return sa->sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(
	    &((const struct sockaddr_in6 *)p)->sin6_addr) ? ask6(fd) : 0;
}

void
udp_local_read(struct msghdr *msg, struct addr *local)
{
	struct cmsghdr	*c;

	memset(local, 0, sizeof(*local));
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		read4(c, local);
		read6(c, local);
	}
}

void
udp_local_write(struct msghdr *msg, union udp_local *room,
    const struct addr *local)
{
	if (local->len == 0)
		return;
	if (local->ss.ss_family == AF_INET6)
		write6(msg, room, local);
	else
		write4(msg, room, local);
}
