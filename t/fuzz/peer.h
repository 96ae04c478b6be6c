/*
 * peer: the other end of a connection on loopback, for fuzzers of what owns a
 * descriptor and a loop.  Nothing here waits: the loop is run for as many
 * turns as are asked for.
 */
#ifndef T_FUZZ_PEER_H
#define T_FUZZ_PEER_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct resolver;

/* The loop and the resolver of the process, made at first use. */
struct loop	*peer_loop(void);
struct resolver	*peer_resolver(void);
/* From now on it is this loop that polls, until that is said of NULL. */
void	 peer_use(struct loop *l);
/* Let the loop poll n times. */
void	 peer_turn(int n);
/* Let so many ms of the loop's clock pass (net/io/clock.h), without a stop, and
 * the loop fire what is due then. */
void	 peer_later(int64_t ms);

/*
 * What DNS knows.  No input makes the resolver ask anything of the network:
 * addresses in digits are known, and other names are not.  Two things change
 * that.
 */

/* There are n SRV records for _xmpps-client (direct 1) or _xmpp-client (0) of
 * any domain, at most 8, and each leads to peer_port(). */
void	 peer_serves(int n, int direct);
/* A server on 127.0.0.1 at this port of UDP is asked, by resolvers that were
 * made after that; 0: it is no longer. */
void	 peer_asks(uint16_t port);

/* A port of 127.0.0.1 that listens for as long as the process runs. */
uint16_t peer_port(void);
/* Accept a connection to it, a descriptor that does not block; -1 if there is
 * none after some turns. */
int	 peer_accept(void);
/* Drop the connections that nothing has accepted. */
void	 peer_drop_rest(void);
/* Connect to a port of 127.0.0.1 that is listened on by the loop.  The same. */
int	 peer_connect(uint16_t port);

/* Send what fits, and let the loop take it. */
void	 peer_send(int fd, const void *data, size_t len);
/* What has come, at most size bytes; 0: nothing. */
size_t	 peer_recv(int fd, void *data, size_t size);
/* Close at once, so that the port is free again.  -1 is fine. */
void	 peer_drop(int fd);

#endif
