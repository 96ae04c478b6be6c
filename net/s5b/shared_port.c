/* shared_port: see shared_port.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <errno.h>

#include "net/dial/resolve.h"
#include "net/io/fd.h"
#include "net/s5b/shared_port.h"

int
shared_port_socket(const struct addr *local)
{
	int	 family = local->ss.ss_family, fd, on = 1;

	if ((fd = socket(family, SOCK_STREAM, 0)) == -1 ||
	    (fd = fd_ready(fd)) == -1)
		return -1;
	if (fd_share_port(fd) == -1 || (family == AF_INET6 && setsockopt(fd,
	    IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1) ||
	    bind(fd, (const struct sockaddr *)&local->ss, local->len) == -1)
		return fd_give_up(fd);
	return fd;
}

int
shared_port_connect(int fd, const struct addr *to)
{
	return connect(fd, (const struct sockaddr *)&to->ss, to->len) == 0 ||
	    errno == EINPROGRESS ? 0 : -1;
}

int
shared_port_ttl(int fd, int family, int ttl)
{
	return family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6,
	    IPV6_UNICAST_HOPS, &ttl, sizeof(ttl)) :
	    setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
}

int
shared_port_minttl(int fd, int family, int ttl)
{
	errno = ENOPROTOOPT;
#ifdef IP_MINTTL
	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_MINTTL, &ttl,
		    sizeof(ttl));
#endif
#ifdef IPV6_MINHOPCOUNT
	if (family == AF_INET6)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &ttl,
		    sizeof(ttl));
#endif
	return -1;
}
