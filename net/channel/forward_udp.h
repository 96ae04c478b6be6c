/*
 * forward_udp: -u with -L: datagrams to a port here, a stream to the peer for
 * each client, which is an address and a port that datagrams come from.
 *
 * No client says that it is done: a stream ends when its client has been quiet
 * for so long (udp-idle), or longer than all other clients, when there are too
 * many (udp-clients).  While a stream cannot be opened or does not take
 * datagrams as fast as they come, they are queued, within DATAGRAM_QUEUE, and
 * dropped then, as networks do.
 */
#ifndef NET_CHANNEL_FORWARD_UDP_H
#define NET_CHANNEL_FORWARD_UDP_H

#include <stddef.h>

#include "xml/check.h"

struct app;
struct forward_udp;
struct udp_client;

/* The ports of a run; none yet.  NULL when out of memory. */
struct forward_udp *forward_udp_new(struct app *app);
/* Close them, and forget their clients, whose channels have been freed.  NULL
 * is fine. */
void	 forward_udp_free(struct forward_udp *u);
/* Bind `where' (net/dial/port_bind.h), for this service of the peer, whose
 * strings outlive u; host NULL: that of the operand.  0, or -1 with a message
 * in why[PORT_ERR]. */
int	 forward_udp_open(struct forward_udp *u, const char *where,
	    const char *host, const char *port, char *why) MUST_CHECK;
/* What the i-th call of forward_udp_open() has bound, as ports_text() has it,
 * into out[PORT_TEXT], which is returned. */
char	*forward_udp_text(const struct forward_udp *u, size_t i,
	    const char *where, char *out);
/* forward_holds() may say something else now: streams for clients that wait are
 * opened, once no callback runs, if it allows that.  NULL is fine. */
void	 forward_udp_settle(struct forward_udp *u);
/* The channel of this client is being freed, and has closed its end; stood is
 * whether its stream ever stood.  NULL is fine. */
void	 forward_udp_left(struct udp_client *c, int stood);

#endif
