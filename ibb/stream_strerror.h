/*
 * stream_strerror: what went wrong with a stream, in words that say what to do.
 */
#ifndef IBB_STREAM_STRERROR_H
#define IBB_STREAM_STRERROR_H

#include <stddef.h>

#include "ibb/inband.h"
#include "ibb/stream.h"

/* The class of a carrier's fault. */
enum stream_fault stream_strerror_fault(enum inband_fault fault,
	    enum stanza_error err);

/* What the addresses tell of a refusal, which may be a server's. */
enum {
	STREAM_FAR	= 1,	/* the peer's server is another than ours */
	STREAM_NAME	= 2	/* the peer is our own server, or a name alone,
				 * without @ or dot, which is taken for one; a
				 * component has a dot */
};
/* Of these, what is so; or 0. */
int	 stream_strerror_far(const char *us, const char *peer);

/* A phrase for the fault in out (returned), cut to size.  far is from
 * stream_strerror_far(), or 0.  text is what the peer or the server said; if it
 * said anything, that takes the place of asking its owner. */
const char *stream_strerror_inband(int far, enum inband_fault fault,
	    enum stanza_error err, const char *text, char *out, size_t size);

/* Why a listener cannot have a stream for this, if it does not know of the
 * use; NULL: it need not. */
const char *stream_strerror_unknown(enum stream_use use);

#endif
