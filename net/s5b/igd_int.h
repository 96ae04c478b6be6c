/*
 * igd_int: what the two processes of an igd share: igd.c, which has the object,
 * and igd_work.c, which has the library.
 *
 * The worker writes a line for each news: "ADDRESS PORT" is the mapping, other
 * words are why there is none, after which it ends.  It ends, too, when its
 * stream does, having given back the lease.
 */
#ifndef NET_S5B_IGD_INT_H
#define NET_S5B_IGD_INT_H

#include "net/s5b/igd.h"

#define IGD_LINE	128	/* bytes of a line, with its newline */

/* The object for a worker at the other end of fd, which does not block and is
 * the object's, as igd_map() makes it.  NULL when out of memory: fd is
 * closed. */
struct igd *igd_open(struct loop *l, int fd, igd_fn *fn, void *arg);
/* What the worker does; arg is the port, a uint16_t. */
void	 igd_work(void *arg, int fd);

#endif
