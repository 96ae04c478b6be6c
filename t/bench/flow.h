/*
 * flow: blocks of XEP-0047 as fast as a server takes them: encoded once,
 * numbered for each, and answered without being looked at.  What it moves in
 * a second no program can surpass.
 */
#ifndef T_BENCH_FLOW_H
#define T_BENCH_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "t/bench/xmpp.h"

struct flow_setting {
	size_t	 block;		/* bytes of payload */
	size_t	 window;	/* blocks unanswered */
	size_t	 record;	/* bytes of a TLS record, at most 16384; of
				 * a request of BOSH, at most as they come */
	size_t	 pad;		/* stanzas end on multiples of it; or 1 */
};

struct flow;

/* To peer.  The descriptor of x does not block from now on. */
struct flow *flow_new(struct xmpp *x, const char *peer,
	    const struct flow_setting *s);
void	 flow_free(struct flow *f);
/* Send so many blocks and have them answered, and receive so many and answer
 * them. */
void	 flow_run(struct flow *f, uint64_t send, uint64_t receive);
/* Bytes a second while the last third of what was sent was confirmed. */
double	 flow_last_rate(const struct flow *f);

#endif
