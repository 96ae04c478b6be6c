/*
 * via: a TCP connection to a host, through a proxy if there is one.  The
 * proxy resolves the name, so that nobody here hears of it.
 */
#ifndef NET_VIA_H
#define NET_VIA_H

#include "net/dial.h"

struct proxy;
struct via;

#define VIA_ERR 512

/* As dial(); proxy NULL is dial() itself.  proxy must outlive the via. */
struct via *via(struct loop *l, struct resolver *r,
	    const struct proxy *proxy, const char *host, uint16_t port,
	    int family, dial_fn *fn, void *arg);
/* As dial_permit(), where there is no proxy, which judges for itself. */
void	 via_permit(struct via *v, int (*permit)(void *arg,
	    const struct addr *a), void *arg);
/* Not to be called after fn was.  NULL is fine. */
void	 via_cancel(struct via *v);

#endif
