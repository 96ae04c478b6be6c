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

#define IGD_LINE	128	/* bytes of a line, with its newline */

/* What the worker does; arg is the port, a uint16_t. */
void	 igd_work(void *arg, int fd);

#endif
