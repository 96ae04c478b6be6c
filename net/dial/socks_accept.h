/*
 * socks_accept: the server's side of SOCKS5 (RFC 1928) on an accepted
 * connection: no authentication, CONNECT only; names are left to the other end.
 */
#ifndef NET_DIAL_SOCKS_ACCEPT_H
#define NET_DIAL_SOCKS_ACCEPT_H

#include "net/dial/socks5_server.h"

struct loop;
struct socks;

/* The client wants host (a name or an address) and port, in digits: answer with
 * socks_accept_reply().  host is NULL if the client is gone or speaks nonsense:
 * the connection is closed then, and the struct freed. */
typedef void socks_accept_fn(void *arg, const char *host, const char *port);

/* Serve fd, which is closed when memory is out: NULL. */
struct socks *socks_accept_new(struct loop *l, int fd, socks_accept_fn *fn,
	    void *arg);
/*
 * Answer.  After SOCKS_OK the connection is the caller's: its descriptor is
 * returned, all that was read from it was SOCKS.  Otherwise it is closed
 * and -1 returned.  Frees s.
 */
int	 socks_accept_reply(struct socks *s, enum socks_reply reply);
/* Reply, naming as bound what the client has asked for (XEP-0065 section
 * 5.3.2); a client that has not asked yet gets no reply. */
int	 socks_accept_reply_same(struct socks *s, enum socks_reply reply);

#endif
