/*
 * dial: a TCP connection to a host, whichever of its addresses answers first
 * (RFC 8305, Happy Eyeballs): IPv6 and IPv4 in turn, each attempt a quarter
 * of a second after the one before unless that has failed sooner.
 */
#ifndef NET_DIAL_DIAL_H
#define NET_DIAL_DIAL_H

#include <stdint.h>

struct addr;
struct dial;
struct loop;
struct resolver;

/* fd is connected, does not block, and is the callee's; or it is -1 and err
 * says why, e.g. "connection refused".  The dial is over then. */
typedef void dial_fn(void *arg, int fd, const char *err);

/* family is AF_UNSPEC, AF_INET or AF_INET6.  fn is called from the loop.
 * NULL when out of memory. */
struct dial *dial(struct loop *l, struct resolver *r, const char *host,
	    uint16_t port, int family, dial_fn *fn, void *arg);
/* Of the addresses that a name has, connect only to those that permit returns 1
 * for.  To be called before the loop goes on. */
void	 dial_permit(struct dial *d, int (*permit)(void *arg,
	    const struct addr *a), void *arg);
/* A connected socket that breaks when the other side has been silent for about
 * twenty seconds, to data or to the system's own questions. */
void	 dial_notice(int fd);
/* Not to be called after fn was.  NULL is fine. */
void	 dial_cancel(struct dial *d);

#endif
