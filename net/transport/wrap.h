/*
 * wrap: stanzas outside of a stream, where no header says which namespace they
 * are in (RFC 7395 section 3.3.3, XEP-0206 section 3).
 */
#ifndef NET_TRANSPORT_WRAP_H
#define NET_TRANSPORT_WRAP_H

#include <stddef.h>

#include "xml/check.h"

struct buf;

/*
 * Append an element written for a stream of jabber:client, with xmlns added if
 * it has none, and without white space around it.  0, or -1 (no memory, no
 * room, nothing but white space).
 */
int	 wrap_stanza(struct buf *out, const void *data, size_t len) MUST_CHECK;
/* Make the element at the end of out n bytes longer, by spaces in its last tag,
 * where they mean nothing.  0, or -1: the end of the element is lost then. */
int	 wrap_pad(struct buf *out, size_t n) MUST_CHECK;

#endif
