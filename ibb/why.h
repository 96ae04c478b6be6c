/* why: what went wrong with a stream, in words that say what to do. */
#ifndef IBB_WHY_H
#define IBB_WHY_H

#include <stddef.h>

#include "ibb/inband.h"
#include "ibb/stream.h"

/* The class of a carrier's fault. */
enum stream_fault why_fault(enum inband_fault fault, enum stanza_error err);

/* A phrase for it in out (returned), cut to size.  text is what the peer
 * said; it is made harmless for a terminal. */
const char *why_inband(enum inband_fault fault, enum stanza_error err,
	    const char *text, char *out, size_t size);

#endif
