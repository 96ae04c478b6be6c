/*
 * udp_local: which of our addresses a datagram was for, and from which one it
 * is to go, as ip(7), ipv6(7) and RFC 3542 have it in the control data of
 * recvmsg(2) and sendmsg(2).  Where the system cannot say, it chooses.
 */
#ifndef NET_DIAL_UDP_LOCAL_H
#define NET_DIAL_UDP_LOCAL_H

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include "xml/check.h"

struct addr;

/* Room for that control data. */
union udp_local {
	struct cmsghdr	 align;
	unsigned char	 room[128];
};

/* Have the socket, which is to be bound to sa, tell that, if sa is all
 * addresses.  0, or -1 and errno. */
int	 udp_local_ask(int fd, const struct sockaddr *sa) MUST_CHECK;
/* The address that a datagram was for; local->len is 0 if it is not told. */
void	 udp_local_read(struct msghdr *msg, struct addr *local);
/* Have a datagram go from this address, by msg and the control data in room; if
 * local->len is 0, from any. */
void	 udp_local_write(struct msghdr *msg, union udp_local *room,
	    const struct addr *local);

#endif
