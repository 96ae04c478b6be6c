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

/* Is the peer a user of another server than ours? */
int	 stream_strerror_far(const char *us, const char *peer);

/* A phrase for the fault in out (returned), cut to size.  far, as from
 * stream_strerror_far(): a refusal may be our own server's.  text is what the
 * peer or the server said. */
const char *stream_strerror_inband(int far, enum inband_fault fault,
	    enum stanza_error err, const char *text, char *out, size_t size);

/* Why a listener cannot have a stream for this, if it does not know of the
 * use; NULL: it need not. */
const char *stream_strerror_unknown(enum stream_use use);

#endif
