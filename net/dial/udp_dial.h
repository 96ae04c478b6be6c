/*
 * udp_dial: from the name of a host to sockets that are connected to it by UDP.
 *
 * UDP shakes no hands: that a socket is connected says only that there is a
 * route.  Whether a program is there shows when a datagram is answered, or
 * comes back as refused; so there are all addresses to be tried in turn.
 */
#ifndef NET_DIAL_UDP_DIAL_H
#define NET_DIAL_UDP_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

struct addr;
struct resolver;
struct udp_dial;

#define UDP_DIAL_MOST	16	/* addresses */
#define UDP_AT_ONCE	64	/* datagrams of a socket, in a turn */
#define UDP_ROOM	65536	/* bytes: no datagram is larger */

/* Gets n addresses of the host with the port, those of IPv6 and of IPv4 in
 * turn; if there are none, n is 0 and err says why.  The dial is over then. */
typedef void udp_dial_fn(void *arg, const struct addr *addrs, size_t n,
	    const char *err);

/* Look for the addresses of host, a name or an address, of both families.  fn
 * is called from the loop.  NULL when out of memory. */
struct udp_dial *udp_dial(struct resolver *r, const char *host,
	    uint16_t port, udp_dial_fn *fn, void *arg) MUST_CHECK;
/* Forget the dial, which may be NULL.  Not to be called after fn was. */
void	 udp_dial_cancel(struct udp_dial *d);

/* A socket of this family that does not block, with room for bursts.  -1 and
 * errno on failure. */
int	 udp_socket(int family) MUST_CHECK;
/* A socket that is connected to this address and does not block.  -1 and errno
 * on failure. */
int	 udp_connect(const struct addr *to) MUST_CHECK;

#endif
