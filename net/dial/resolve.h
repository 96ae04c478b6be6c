/*
 * resolve: names to addresses, by c-ares: getaddrinfo(3) would block the whole
 * program while it waits.
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
	int		tls;		/* not from DNS: for the caller's use */
};

/* Gets n addresses, best first (RFC 6724), with the port filled in; if there
 * are none, n is 0 and err says why.  Always called from the loop. */
typedef void resolve_fn(void *arg, const struct addr *addrs, size_t n,
	    const char *err);

/* Gets n records in no order.  If there are none, denied says whether DNS says
 * so (1) or has not answered (0).  Always called from the loop. */
typedef void resolve_srv_fn(void *arg, const struct srv *records, size_t n,
	    int denied);

/* NULL on failure. */
struct resolver *resolver_new(struct loop *l);
/* Queries that are under way are cancelled. */
void	 resolver_free(struct resolver *r);

/* Ask for the addresses of host (a name or an address) in one family,
 * AF_INET or AF_INET6.  NULL when out of memory. */
struct query *resolve(struct resolver *r, const char *host, uint16_t port,
	    int family, resolve_fn *fn, void *arg);
/* Ask for SRV records under name, e.g. _xmpp-client._tcp.example.org.  NULL
 * when out of memory. */
struct query *resolve_srv(struct resolver *r, const char *name,
	    resolve_srv_fn *fn, void *arg);
/* Forget the query, which may be NULL.  Not to be called after fn was. */
void	 resolve_cancel(struct query *q);

#endif
