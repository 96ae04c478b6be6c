/* base64: RFC 4648 section 4, strict. */
#ifndef XML_BASE64_H
#define XML_BASE64_H

#include <stddef.h>

#include "xml/check.h"

/* Length of the encoding of n bytes; most bytes that n characters decode to. */
#define BASE64_ENCODED(n)	(((n) + 2) / 3 * 4)
#define BASE64_DECODED(n)	(((n) + 3) / 4 * 3)

/* Encode len bytes into BASE64_ENCODED(len) characters at out, without a
 * terminating NUL.  Returns their number. */
size_t	 base64_encode(char *out, const void *data, size_t len);

/*
 * Decode len characters into at most BASE64_DECODED(len) bytes at out.  XML
 * white space between characters is skipped (XEP-0047 examples wrap lines);
 * everything else outside the alphabet, padding that is missing, misplaced
 * or too long, and non-zero bits behind the last byte are errors.  Returns
 * 0 and the number of bytes in *outlen, or -1.
 */
int	 base64_decode(void *out, size_t *outlen, const char *s, size_t len)
	    MUST_CHECK;

/* How many of the len characters at s are digits, before the first that is
 * something else: padding, for example. */
size_t	 base64_span(const void *s, size_t len);

#endif
