/*
 * handover: how a carrier moves from in-band blocks to a socket and back
 * (xcat-protocol(7), Sockets).  Only for the files of the carrier, and only for
 * carriers with an in-band bytestream; what others may call is in
 * ibb/carrier.h.
 */
#ifndef IBB_HANDOVER_H
#define IBB_HANDOVER_H

#include <stddef.h>

struct carrier;
struct elem;

/* A socket stands: tell the peer if it waits for that, and go on. */
void	 handover_begin(struct carrier *c);
/* Go on as far as possible: to the socket once the last block is answered, and
 * with blocks while there is no socket. */
void	 handover_advance(struct carrier *c);
/* Tell the peer how the socket is and our counts, if there is enough to be
 * told and the last request is answered. */
void	 handover_report(struct carrier *c);
/* len bytes are written to the socket. */
void	 handover_sent(struct carrier *c, size_t len);
/* The socket has ended or it broke, as carrier_socket_lost(). */
int	 handover_lost(struct carrier *c, int broke);
/* Socket n, the next one, never stood here, and is over. */
void	 handover_skip(struct carrier *c, unsigned n);
/* Use the socket no more: what becomes of its bytes is asked of the peer. */
void	 handover_drop(struct carrier *c);
/* Take the peer's word on the socket, as carrier_control(). */
void	 handover_control(struct carrier *c, const struct elem *iq,
	    const struct elem *socket);

#endif
