/*
 * dial: a TCP connection to a host, by the first of its addresses that answers
 * (RFC 8305, Happy Eyeballs): IPv6 and IPv4 in turn, each attempt a quarter of
 * a second after the last, or at once when the last has failed.
 */
#ifndef NET_DIAL_DIAL_H
#define NET_DIAL_DIAL_H

#include <stdint.h>

struct addr;
struct dial;
struct loop;
struct resolver;

/* fd is connected, does not block, and becomes the callee's; or it is -1 and
 * err says why, e.g. "connection refused".  The dial is over then. */
typedef void dial_fn(void *arg, int fd, const char *err);

/* Connect to a port of host, a name or an address.  family is AF_UNSPEC,
 * AF_INET or AF_INET6.  fn is called from the loop.  NULL when out of
 * memory. */
struct dial *dial(struct loop *l, struct resolver *r, const char *host,
	    uint16_t port, int family, dial_fn *fn, void *arg);
/* Connect only to addresses for which permit returns 1.  To be called before
 * the loop goes on. */
void	 dial_permit(struct dial *d, int (*permit)(void *arg,
	    const struct addr *a), void *arg);
/* Have other sockets of this user share the local port of the connection
 * (fd_share_port()), so that routers see them come from one place.  To be
 * called before the loop goes on. */
void	 dial_share_port(struct dial *d);
/* Have a connected socket break when the other side has not answered for about
 * twelve seconds, neither data nor the keepalives of the system; but not while
 * the other side answers that it takes no data now. */
void	 dial_notice_soon(int fd);
/* To be called each second from dial_notice_soon() on. */
void	 dial_notice_tick(int fd);
/* Have a connected socket break when it has been idle for about two minutes,
 * and the other side does not answer the keepalives of the system. */
void	 dial_notice(int fd);
/* Forget the dial, which may be NULL.  Not to be called after fn was. */
void	 dial_cancel(struct dial *d);

#endif
