/*
 * s5blisten: the streamhost's side of SOCKS5 bytestreams (XEP-0065 section
 * 5.3.2): a port on which peers ask for streams by their hash.
 *
 * For each hash exactly one connection is accepted.  The port is open only
 * while somebody is waited for.
 */
#ifndef NET_S5BLISTEN_H
#define NET_S5BLISTEN_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct s5blisten;
struct s5bwait;

#define S5BLISTEN_PORTS	4

/* fd has asked for the hash and was told yes; it does not block and is the
 * callee's.  Called from the loop, once. */
typedef void s5bwait_fn(void *arg, int fd);

/* On these ports, all of them (at most S5BLISTEN_PORTS), or if there are none
 * on one that the system chooses each time; family AF_UNSPEC, AF_INET or
 * AF_INET6.  Nothing is opened yet.  NULL when out of memory. */
struct s5blisten *s5blisten_new(struct loop *l, int family,
	    const uint16_t *ports, size_t n);
void	 s5blisten_free(struct s5blisten *s);

/* Wait for a connection with this hash, opening the ports if need be.  NULL
 * with errno if that is not possible. */
struct s5bwait *s5blisten_wait(struct s5blisten *s, const char *hash,
	    s5bwait_fn *fn, void *arg);
/*
 * There are targets that try all hosts at once and insist on the first one in
 * the list (slixmpp 1.8).  Who comes by another address of ours than this one
 * waits a moment, in case that the same target comes there as well.
 */
void	 s5bwait_prefer(struct s5bwait *w, const char *address);
/* The first of the ports, while somebody is waited for, in this family; 0 if it
 * is not open. */
uint16_t s5blisten_port(const struct s5blisten *s, int family);
/* Wait no more; fine after fn was called, which does not end the waiting of
 * itself: until then, others with the same hash are refused.  NULL, too. */
void	 s5bwait_cancel(struct s5bwait *w);

#endif
