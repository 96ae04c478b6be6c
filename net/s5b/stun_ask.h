/*
 * stun_ask: the question to a STUN server (RFC 8489, over TCP) which address
 * and port a connection from a local port comes from.
 */
#ifndef NET_S5B_STUN_ASK_H
#define NET_S5B_STUN_ASK_H

#include <stdint.h>

struct addr;
struct loop;
struct stun_ask;

/*
 * The answer, given once, from the loop: the address that the server sees, or
 * NULL and why there is none.  The connection stays, so that a router keeps
 * what it maps the local port to, until stun_ask_free(), which may be called
 * from here.
 */
typedef void stun_ask_fn(void *arg, const struct addr *mapped,
	    const char *err);

/*
 * Ask server from a local address, whose port other sockets may share
 * (net/s5b/shared_port.h); port 0 is any.  fn is called by deadline
 * (clock_ms()) at the latest.  NULL with errno if that cannot begin.
 */
struct stun_ask *stun_ask(struct loop *l, const struct addr *server,
	    const struct addr *from, int64_t deadline, stun_ask_fn *fn,
	    void *arg);
/* The local address that is asked from; 0, or -1 if the connection is gone. */
int	 stun_ask_local(const struct stun_ask *s, struct addr *local);
/* Close the connection; fn is not called any more.  NULL is fine. */
void	 stun_ask_free(struct stun_ask *s);

#endif
