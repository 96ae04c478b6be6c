/*
 * portmap: a TCP port of this machine that the router maps on request, so that
 * connections come in: by PCP (RFC 6887) or NAT-PMP (RFC 6886).
 *
 * The router is asked for a short lease, which is renewed while the object
 * lives, and given back when it is freed.
 */
#ifndef NET_S5B_PORTMAP_H
#define NET_S5B_PORTMAP_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

struct addr;
struct loop;
struct portmap;

#define PORTMAP_LEASE	600	/* s */

/* The router maps this address to the port now: called once it does, and when
 * that has become another one.  NULL: it does not, or not any more, and err
 * says why; in that case the object asks no more. */
typedef void portmap_fn(void *arg, const struct addr *external,
	    const char *err);

/*
 * Ask the router at this address, at its port of PCP unless it has another, to
 * map port.  fn, called from the loop, may free the object.  NULL with errno if
 * there is no way to that router, or no memory.
 */
struct portmap *portmap(struct loop *l, const struct addr *router,
	    uint16_t port, portmap_fn *fn, void *arg);
/* The protocol that the router has answered in: "PCP" or "NAT-PMP". */
const char *portmap_protocol(const struct portmap *p);
/* Give the mapping back.  NULL is fine. */
void	 portmap_free(struct portmap *p);

/* The address of the router to the internet in IPv4, as the system has it in
 * its table of routes.  0, or -1 if there is none, or no telling. */
int	 portmap_router(struct addr *router) MUST_CHECK;
/* portmap_router(), from the text of Linux's /proc/self/net/route. */
int	 portmap_parse_routes(const char *text, struct addr *router)
	    MUST_CHECK;

#endif
