/*
 * code: the code for one call, 80 random bits that a listener prints and a
 * caller types: four groups of four characters in Crockford's base32, whose
 * alphabet has no I, L, O and U.
 */
#ifndef NET_CONF_CODE_H
#define NET_CONF_CODE_H

#include "xml/check.h"

#define CODE_BYTES	10	/* of randomness */
#define CODE_TEXT	20	/* XXXX-XXXX-XXXX-XXXX and NUL */
#define CODE_SECRET	32	/* bytes of the shared secret */

/* Draw a code into bits[CODE_BYTES].  0, or -1 if there is no randomness. */
int	 code_make(unsigned char *bits) MUST_CHECK;
/* Write the code into out[CODE_TEXT]. */
void	 code_write(const unsigned char *bits, char *out);
/*
 * Read a code as people type it into bits[CODE_BYTES]: in either case, O for 0,
 * I and L for 1, with hyphens anywhere or nowhere.  0, or -1 if it is none.
 */
int	 code_read(const char *text, unsigned char *bits) MUST_CHECK;
/*
 * The secret of the code for calls of this listener, by its full JID, into
 * secret[CODE_SECRET]: scrypt (RFC 7914), so that each guess costs 16 MiB and
 * some tens of milliseconds; see xcat-protocol(7).  0, or -1 without memory.
 */
int	 code_stretch(const unsigned char *bits, const char *jid,
	    unsigned char *secret) MUST_CHECK;

#endif
