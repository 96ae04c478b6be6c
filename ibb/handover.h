/*
 * handover: how a carrier moves from in-band blocks to a socket and back
 * (xcat-protocol(7), Sockets).  Only for the files of the carrier; what others
 * may call is in ibb/carrier.h.
 */
#ifndef IBB_HANDOVER_H
#define IBB_HANDOVER_H

struct carrier;

/* Go on as far as possible: to the socket once the last block is answered, and
 * with blocks while there is no socket. */
void	 handover_advance(struct carrier *c);
/* Tell the peer how the socket is, "open" or "closed", and our counts.  One
 * request at a time: its answer sets the pace. */
void	 handover_tell(struct carrier *c, const char *state);
/* Tell the peer if there is enough to be told. */
void	 handover_report(struct carrier *c);
/* Use the socket no more: what becomes of its bytes is asked of the peer. */
void	 handover_drop(struct carrier *c);

#endif
