/*
 * resolve: names to addresses, without waiting (c-ares, because
 * getaddrinfo(3) stops everything while it waits).
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

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

/* n addresses, best first (RFC 6724), with the port filled in; n is 0 if
 * there are none, why in err.  Always called from the loop. */
typedef void resolve_fn(void *arg, const struct addr *addrs, size_t n,
	    const char *err);

struct resolver *resolver_new(struct loop *l);	/* NULL on failure */
void	 resolver_free(struct resolver *r);	/* queries are cancelled */

/* Ask for the addresses of host (a name or an address) in one family,
 * AF_INET or AF_INET6.  NULL when out of memory. */
struct query *resolve(struct resolver *r, const char *host, uint16_t port,
	    int family, resolve_fn *fn, void *arg);
/* Not to be called after fn was.  NULL is fine. */
void	 resolve_cancel(struct query *q);

#endif
