/*
 * shared_port: sockets of TCP that share one local port, so that routers see
 * all of them come from one place: the socket that asks for the address that
 * the world sees, those that connect to a peer, and the one that listens.
 */
#ifndef NET_S5B_SHARED_PORT_H
#define NET_S5B_SHARED_PORT_H

#include <stdint.h>

struct addr;

/* The hop limit of packets, while nothing else is wanted. */
#define SHARED_PORT_TTL	64

/*
 * A socket that is bound to this address, whose port other sockets of this
 * function may share (SO_REUSEADDR, SO_REUSEPORT); port 0 is any.  It does not
 * block or survive exec(3), and is for IPv6 only if the address is.  Returns
 * the descriptor, or -1 and errno.
 */
int	 shared_port_socket(const struct addr *local);
/* Begin to connect fd to an address.  Returns 0, also while it is under way, or
 * -1 and errno. */
int	 shared_port_connect(int fd, const struct addr *to);
/* Send packets of fd, a socket of this family, with this hop limit. */
int	 shared_port_ttl(int fd, int family, int ttl);
/* Ignore what comes to fd with a smaller hop limit, errors about its own
 * packets among that (IP_MINTTL); 0: nothing is ignored.  Returns 0, or -1 and
 * errno where the system has no word for it. */
int	 shared_port_minttl(int fd, int family, int ttl);

#endif
