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
/* Let the loop poll n times. */
void	 peer_turn(int n);

/* A port of 127.0.0.1 that listens for as long as the process runs. */
uint16_t peer_port(void);
/* Accept a connection to it, a descriptor that does not block; -1 if there is
 * none after some turns. */
int	 peer_accept(void);
/* Connect to a port of 127.0.0.1 that is listened on by the loop.  The same. */
int	 peer_connect(uint16_t port);

/* Send what fits, and let the loop take it. */
void	 peer_send(int fd, const void *data, size_t len);
/* What has come, at most size bytes; 0: nothing. */
size_t	 peer_recv(int fd, void *data, size_t size);
/* Close at once, so that the port is free again.  -1 is fine. */
void	 peer_drop(int fd);

#endif
