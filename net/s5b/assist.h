/*
 * assist: a TCP port of this machine that the router maps on request, so that
 * connections come in: by PCP (RFC 6887) or NAT-PMP (RFC 6886), and if the
 * router knows neither, by UPnP.
 *
 * The lease is renewed while the object lives, and given back when it is freed.
 */
#ifndef NET_S5B_ASSIST_H
#define NET_S5B_ASSIST_H

#include <stdint.h>

struct addr;
struct assist;
struct loop;

/* The router maps this address to the port now: called once it does, and when
 * that has become another one.  NULL: it does not, or not any more, and err
 * says why; in that case the object asks no more. */
typedef void assist_fn(void *arg, const struct addr *external,
	    const char *err);

/* Ask the router of this machine to map port, in IPv4.  fn, called from the
 * loop, must not free the object.  NULL with errno if there is no router
 * (ENETUNREACH), it cannot be asked, or there is no memory. */
struct assist *assist(struct loop *l, uint16_t port, assist_fn *fn, void *arg);
/* The protocol that the router was asked in last: "PCP", "NAT-PMP" or
 * "UPnP". */
const char *assist_protocol(const struct assist *a);
/* Give the mapping back.  NULL is fine. */
void	 assist_free(struct assist *a);

#endif
