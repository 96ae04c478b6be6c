/*
 * proxy_dial: a TCP connection to a host, through a proxy if there is one.  The
 * proxy resolves the name, so that no local resolver hears of it.
 */
#ifndef NET_DIAL_PROXY_DIAL_H
#define NET_DIAL_PROXY_DIAL_H

#include "net/dial/dial.h"

struct proxy;
struct proxy_dial;

#define PROXY_DIAL_ERR 512

/* dial() through a proxy; without one (NULL), dial() itself.  proxy must
 * outlive the result. */
struct proxy_dial *proxy_dial(struct loop *l, struct resolver *r,
	    const struct proxy *proxy, const char *host, uint16_t port,
	    int family, dial_fn *fn, void *arg);
/* dial_permit(), if there is no proxy; a proxy judges addresses for itself. */
void	 proxy_dial_permit(struct proxy_dial *v, int (*permit)(void *arg,
	    const struct addr *a), void *arg);
/* dial_share_port(). */
void	 proxy_dial_share_port(struct proxy_dial *v);
/* Forget the connection, which may be NULL.  Not to be called after fn was. */
void	 proxy_dial_cancel(struct proxy_dial *v);

#endif
