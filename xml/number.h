/*
 * number: the one reader of decimal, octal and hexadecimal numbers, and the
 * writer of bytes in hexadecimal.
 *
 * A number is digits and nothing else: no sign, no white space, no prefix.
 */
#ifndef XML_NUMBER_H
#define XML_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

/* The digits of each kind, for strspn(3). */
#define NUMBER_DIGITS		"0123456789"
#define NUMBER_HEX_LOWER	"0123456789abcdef"
#define NUMBER_HEX_DIGITS	NUMBER_HEX_LOWER "ABCDEF"

/* Read the len bytes at s as a decimal from min to max into *n.  Returns 0, or
 * -1 with *n untouched if they are anything else. */
int	 number_decimal(const char *s, size_t len, uint64_t min, uint64_t max,
	    uint64_t *n) MUST_CHECK;
/* Read the string s as a decimal from min to max into *n.  Returns 0, or -1
 * with *n untouched. */
int	 number_read(const char *s, uint64_t min, uint64_t max, uint64_t *n)
	    MUST_CHECK;
/* Read the string s as a port of TCP, from 1 to 65535.  Returns 0 or -1. */
int	 number_port(const char *s, uint16_t *port) MUST_CHECK;

/* Read the string s, of up to four octal digits, as the bits that chmod(2)
 * knows.  -1 for any other text, and for NULL. */
int	 number_mode(const char *s);
/* Read the len bytes at s as a hexadecimal, in letters of either case, up to
 * max into *n.  Returns 0, or -1 with *n untouched. */
int	 number_hex(const char *s, size_t len, uint64_t max, uint64_t *n)
	    MUST_CHECK;
/* Write n bytes in lower-case hexadecimal, as a string of 2 * n + 1 bytes into
 * out, which is returned. */
char	*number_to_hex(const void *bytes, size_t n, char *out);

#endif
