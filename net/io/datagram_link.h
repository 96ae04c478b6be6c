/*
 * datagram_link: what speaks datagrams, joined to what speaks bytes.
 *
 * A link is one end of a pair of sockets (socketpair(2)) that carry frames as
 * datagram.h has them; the other end is for a pump, to which it is a connection
 * as any other, with an end in each direction.  Nothing blocks: what the pump
 * does not take yet is queued, within DATAGRAM_QUEUE.
 */
#ifndef NET_IO_DATAGRAM_LINK_H
#define NET_IO_DATAGRAM_LINK_H

#include <stddef.h>

#include "xml/check.h"

struct datagram_link;
struct loop;

#define DATAGRAM_QUEUE	(256 * 1024)	/* bytes, with the heads */

/* What a link tells; arg is passed to both, which must not free the link. */
struct datagram_user {
	/* This datagram has come out of the stream.  0; or -1 if it cannot be
	 * taken now: it comes again after datagram_link_resume(). */
	int	(*came)(void *arg, const unsigned char *data, size_t len);
	/* No more come. */
	void	(*ended)(void *arg);
	void	*arg;
};

/* Make a link, and store the descriptor of the other end in *end, which is the
 * caller's and does not block.  NULL and errno on failure. */
struct datagram_link *datagram_link_new(struct loop *l,
	    const struct datagram_user *user, int *end);
/* Close our end; NULL is fine. */
void	 datagram_link_free(struct datagram_link *d);

/* Queue a datagram for the stream.  0; or -1 and errno, with nothing queued:
 * ENOBUFS if the queue is full, EPIPE behind datagram_link_finish(), else as
 * datagram_put(). */
int	 datagram_link_send(struct datagram_link *d, const void *data,
	    size_t len) MUST_CHECK;
/* Does the queue take a datagram of any length now? */
int	 datagram_link_room(const struct datagram_link *d);
/* There are no more datagrams for the stream: end that direction once all that
 * are queued have gone. */
void	 datagram_link_finish(struct datagram_link *d);
/* A datagram that could not be taken can be taken now: go on. */
void	 datagram_link_resume(struct datagram_link *d);
/* The other end has been closed: hand over at once what it has left behind. */
void	 datagram_link_drain(struct datagram_link *d);

#endif
