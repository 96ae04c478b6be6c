/*
 * via: a TCP connection to a host, through a proxy if there is one.  The
 * proxy resolves the name, so that no local resolver hears of it.
 */
#ifndef NET_DIAL_PROXY_DIAL_H
#define NET_DIAL_PROXY_DIAL_H

#include "net/dial/dial.h"

struct proxy;
struct proxy_dial;

#define VIA_ERR 512

/* As dial(); proxy NULL is dial() itself.  proxy must outlive the via. */
struct proxy_dial *proxy_dial(struct loop *l, struct resolver *r,
	    const struct proxy *proxy, const char *host, uint16_t port,
	    int family, dial_fn *fn, void *arg);
/* As dial_permit(), where there is no proxy, which judges for itself. */
void	 proxy_dial_permit(struct proxy_dial *v, int (*permit)(void *arg,
	    const struct addr *a), void *arg);
/* Not to be called after fn was.  NULL is fine. */
void	 proxy_dial_cancel(struct proxy_dial *v);

#endif
