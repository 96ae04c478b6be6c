/*
 * service_udp: the target of a service that takes datagrams: a connected socket
 * of UDP, and a link (net/io/datagram_link.h) whose other end is for the
 * channel.  A datagram of the stream goes to the target, and what comes from
 * there into the stream.
 *
 * A target that is not there does no harm: what the network says of it
 * (ECONNREFUSED) is told with -v, and the next datagram is sent all the same.
 * Until the target has answered, a refusal sends what it was sent so far to its
 * next address: localhost may listen on one of two.
 */
#ifndef NET_CHANNEL_SERVICE_UDP_H
#define NET_CHANNEL_SERVICE_UDP_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

struct addr;
struct loop;
struct service_udp;

/* Connect to the first of these n addresses for which there is a route; name is
 * that of the service, for people.  Once nothing has moved for idle ms, the
 * stream ends from here.  *end is the channel's end of the link.  NULL and
 * errno on failure. */
struct service_udp *service_udp_new(struct loop *l, const char *name,
	    const struct addr *addrs, size_t n, int64_t idle, int *end)
	    MUST_CHECK;
/* Call fn, once, if the caller has not ended its direction half a minute after
 * the stream was ended from here: it is to lose the stream.  fn may free s. */
void	 service_udp_on_stuck(struct service_udp *s, void (*fn)(void *arg),
	    void *arg);
/* The channel has closed its end: send what came by the stream before, and free
 * it.  NULL is fine. */
void	 service_udp_free(struct service_udp *s);

#endif
