/*
 * base64: RFC 4648 section 4, strictly: one encoding for each value.
 */
#ifndef XML_BASE64_H
#define XML_BASE64_H

#include <stddef.h>

#include "xml/check.h"

/* The characters that n bytes are encoded in, without a NUL. */
#define BASE64_ENCODED(n)	(((n) + 2) / 3 * 4)
/* The most bytes that n characters decode to. */
#define BASE64_DECODED(n)	(((n) + 3) / 4 * 3)

/* Encode len bytes into BASE64_ENCODED(len) characters at out, without a
 * terminating NUL.  Returns their number. */
size_t	 base64_encode(char *out, const void *data, size_t len);

/*
 * Decode len characters into the room bytes at out, which have to be
 * BASE64_DECODED(len) at least.  XML white space between characters is skipped
 * (the examples of XEP-0047 wrap lines).  Errors are less room, every other
 * character outside the alphabet, padding that is missing, misplaced or too
 * long, and bits behind the last byte that are not zero.  Returns 0 with the
 * number of bytes in *outlen, or -1.
 */
int	 base64_decode(void *out, size_t room, size_t *outlen, const char *s,
	    size_t len) MUST_CHECK;

/* How many of the len characters at s are of the alphabet, before the first
 * that is not: padding, for example. */
size_t	 base64_span(const void *s, size_t len);

#endif
