/*
 * punch: a connection between two machines that are both behind routers which
 * let nothing in: each connects to the other from a known port, at one time, so
 * that each router takes what comes for an answer (simultaneous open, RFC 9293
 * section 3.5; RFC 5382 section 4.3).
 *
 * From one local port this side connects to all addresses of the peer, and
 * listens there as well.  Routers that answer the peer's first packet with RST,
 * because it comes before ours has left, spoil the port of the attempt.  So
 * there is another way: the initiator's first packet has a hop limit with which
 * it passes its own router and does not reach the peer's; the peer connects a
 * moment later.
 *
 * Whatever connects is to prove that it is the peer (net/s5b/proof.h).
 */
#ifndef NET_S5B_PUNCH_H
#define NET_S5B_PUNCH_H

#include <stddef.h>
#include <stdint.h>

#include "net/dial/resolve.h"
#include "net/s5b/proof.h"

struct loop;
struct punch;

#define PUNCH_PEERS	16	/* addresses of a peer that are tried */
#define PUNCH_LOW	2	/* the first hop limit that may be of use */
#define PUNCH_LAG	100	/* ms that the other side begins later */

struct punch_conf {
	/* The local addresses: one for each family, with a port, which other
	 * sockets may share (net/s5b/shared_port.h). */
	struct addr	 local[2];
	size_t		 nlocal;
	/* The peer's, best first; of those above PUNCH_PEERS, and of a family
	 * that is not local, nothing is made. */
	const struct addr *peers;
	size_t		 npeers;
	unsigned char	 key[PROOF_KEY];	/* for this attempt alone */
	int		 initiator;
	/* Begin with this hop limit, PUNCH_LOW or more, which both sides have
	 * agreed on; 0: connect plainly. */
	int		 ttl;
	int64_t		 start, deadline;	/* clock_ms() */
};

/* fd is connected to the peer, which has proven that it is the peer; it does
 * not block, and is the callee's.  peer is its address.  Or fd is -1 and err
 * says what became of the attempts.  The punch is over then. */
typedef void punch_fn(void *arg, int fd, const struct addr *peer,
	    const char *err);

/* Listen now, and connect from start to deadline.  fn is called once, from the
 * loop.  NULL with errno if there is no listening there, or no memory. */
struct punch *punch(struct loop *l, const struct punch_conf *c, punch_fn *fn,
	    void *arg);
/* Close all of it; not to be called after fn was.  NULL is fine. */
void	 punch_cancel(struct punch *p);

#endif
