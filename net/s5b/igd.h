/*
 * igd: a TCP port of this machine that the router maps on request, by UPnP
 * (Internet Gateway Device, AddPortMapping), where libminiupnpc was there when
 * xcat was built.
 *
 * The library waits for routers, so it works in a process apart, which also
 * renews the lease, and gives it back when the object is freed or xcat has
 * ended, in whatever way.
 */
#ifndef NET_S5B_IGD_H
#define NET_S5B_IGD_H

#include <stdint.h>

struct addr;
struct igd;
struct loop;

/* As portmap_fn (net/s5b/portmap.h). */
typedef void igd_fn(void *arg, const struct addr *external, const char *err);

/* Have a router map this port of TCP in IPv4.  fn, called from the loop, may
 * free the object.  NULL with errno: ENOSYS without the library. */
struct igd *igd_map(struct loop *l, uint16_t port, igd_fn *fn, void *arg);
/* Give the mapping back.  NULL is fine. */
void	 igd_free(struct igd *g);

#endif
