/*
 * s5b_listen: the streamhost's side of SOCKS5 bytestreams (XEP-0065 section
 * 5.3.2): a port on which peers ask for streams by their hash.
 *
 * For each hash exactly one connection is accepted.  The port is open only
 * while somebody is waited for.
 */
#ifndef NET_S5B_S5B_LISTEN_H
#define NET_S5B_S5B_LISTEN_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct s5b_listen;
struct s5b_wait;

#define S5BLISTEN_PORTS	4

/* fd has asked for the hash and was told yes; it does not block and is the
 * callee's.  Called from the loop, once. */
typedef void s5b_wait_fn(void *arg, int fd);

/* On these ports, all of them (at most S5BLISTEN_PORTS), or if there are none
 * on one that the system chooses each time; family AF_UNSPEC, AF_INET or
 * AF_INET6.  Nothing is opened yet.  NULL when out of memory. */
struct s5b_listen *s5b_listen_new(struct loop *l, int family,
	    const uint16_t *ports, size_t n);
void	 s5b_listen_free(struct s5b_listen *s);

/* Wait for a connection with this hash, opening the ports if need be.  NULL
 * with errno if that is not possible. */
struct s5b_wait *s5b_listen_wait(struct s5b_listen *s, const char *hash,
	    s5b_wait_fn *fn, void *arg);
/*
 * There are targets that try all hosts at once and insist on the first one in
 * the list (slixmpp 1.8).  Who comes by another address of ours than this one
 * waits a moment, in case that the same target comes there as well.
 */
void	 s5b_wait_prefer(struct s5b_wait *w, const char *address);
/* The first of the ports, while somebody is waited for, in this family; 0 if it
 * is not open. */
uint16_t s5b_listen_port(const struct s5b_listen *s, int family);
/* Wait no more; fine after fn was called, which does not end the waiting of
 * itself: until then, others with the same hash are refused.  NULL, too. */
void	 s5b_wait_cancel(struct s5b_wait *w);

#endif
