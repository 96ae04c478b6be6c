/*
 * datagram: datagrams in a stream of bytes, with their borders: before each of
 * them go two bytes, its length, the more significant one first
 * (xcat-protocol(7), Datagrams).  A datagram may be empty.  No descriptors.
 */
#ifndef NET_IO_DATAGRAM_H
#define NET_IO_DATAGRAM_H

#include <stddef.h>

#include "xml/check.h"

struct buf;

#define DATAGRAM_HEAD	2		/* bytes before each, */
#define DATAGRAM_MOST	65535		/* and of the largest */
#define DATAGRAM_FRAME	(DATAGRAM_HEAD + DATAGRAM_MOST)

/* Append a datagram of len bytes to out, all of it or nothing.  0, or -1 and
 * errno: EMSGSIZE if it is larger than DATAGRAM_MOST, else as buf_add(). */
int	 datagram_put(struct buf *out, const void *data, size_t len)
	    MUST_CHECK;
/* Find the first datagram of in: 1, and *data and *len are its bytes, which are
 * valid until in is next changed; 0 if it has not come whole. */
int	 datagram_first(const struct buf *in, const unsigned char **data,
	    size_t *len) MUST_CHECK;
/* Forget the first datagram of in, if it has come whole. */
void	 datagram_drop(struct buf *in);

#endif
