/*
 * s5b_listen: the streamhost's side of SOCKS5 bytestreams (XEP-0065 section
 * 5.3.2, RFC 1928): ports on which peers ask for streams by their hash.
 *
 * For each hash exactly one connection is accepted.  The ports are open only
 * while a connection is waited for.
 */
#ifndef NET_S5B_S5B_LISTEN_H
#define NET_S5B_S5B_LISTEN_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct s5b_listen;
struct s5b_wait;

#define S5B_LISTEN_PORTS	4

/* A connection that has asked for the hash was told yes: fd, which does not
 * block, and is the callee's.  Called from the loop, once. */
typedef void s5b_wait_fn(void *arg, int fd);

/* Listen on these n ports, all of them (at most S5B_LISTEN_PORTS), or if there
 * are none, on a port that the system chooses each time; family is AF_UNSPEC,
 * AF_INET or AF_INET6.  No port is opened yet.  NULL when out of memory. */
struct s5b_listen *s5b_listen_new(struct loop *l, int family,
	    const uint16_t *ports, size_t n);
/* Close the ports and end each wait.  NULL is fine. */
void	 s5b_listen_free(struct s5b_listen *s);

/* Wait for a connection with this hash (copied), opening the ports if need be.
 * NULL with errno if that is not possible. */
struct s5b_wait *s5b_listen_wait(struct s5b_listen *s, const char *hash,
	    s5b_wait_fn *fn, void *arg);
/*
 * Prefer connections to this address of ours (copied).  There are targets that
 * try all hosts at once and insist on the first one in the list (slixmpp 1.8):
 * a connection to another address is told yes a moment later, in case that its
 * target connects to the preferred one as well.
 */
void	 s5b_wait_prefer(struct s5b_wait *w, const char *address);
/* The first of the open ports in this family (AF_INET or AF_INET6); 0 if none
 * is open. */
uint16_t s5b_listen_port(const struct s5b_listen *s, int family);
/* End the wait.  It lasts until then, also after fn was called: other
 * connections with the hash are refused.  NULL is fine. */
void	 s5b_wait_cancel(struct s5b_wait *w);

#endif
