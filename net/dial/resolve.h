/*
 * resolve: names to addresses, without waiting (c-ares, because
 * getaddrinfo(3) stops everything while it waits).
 */
#ifndef NET_DIAL_RESOLVE_H
#define NET_DIAL_RESOLVE_H

#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

struct loop;
struct query;
struct resolver;

struct addr {
	struct sockaddr_storage	ss;
	socklen_t		len;
};

#define SRV_NAME 256

/* An SRV record (RFC 2782). */
struct srv {
	uint16_t	priority, weight, port;
	char		target[SRV_NAME];	/* "": no service */
	int		tls;		/* not of DNS: the asker's own */
};

/* n addresses, best first (RFC 6724), with the port filled in; n is 0 if
 * there are none, why in err.  Always called from the loop. */
typedef void resolve_fn(void *arg, const struct addr *addrs, size_t n,
	    const char *err);

/* n records in no order.  With none, denied says whether that is what DNS
 * said, or whether it said nothing.  Always called from the loop. */
typedef void resolve_srv_fn(void *arg, const struct srv *records, size_t n,
	    int denied);

struct resolver *resolver_new(struct loop *l);	/* NULL on failure */
void	 resolver_free(struct resolver *r);	/* queries are cancelled */

/* Ask for the addresses of host (a name or an address) in one family,
 * AF_INET or AF_INET6.  NULL when out of memory. */
struct query *resolve(struct resolver *r, const char *host, uint16_t port,
	    int family, resolve_fn *fn, void *arg);
/* Ask for SRV records under name, e.g. _xmpp-client._tcp.example.org. */
struct query *resolve_srv(struct resolver *r, const char *name,
	    resolve_srv_fn *fn, void *arg);
/* Not to be called after fn was.  NULL is fine. */
void	 resolve_cancel(struct query *q);

#endif
