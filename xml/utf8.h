/*
 * utf8: is it valid UTF-8, and may XML carry it?
 */
#ifndef XML_UTF8_H
#define XML_UTF8_H

#include <stddef.h>

/*
 * The length of the character at s, which is NUL-terminated, if it is UTF-8 in
 * its shortest form (RFC 3629), no surrogate, not beyond U+10FFFF, and a Char
 * of XML 1.0 (section 2.2).  Else 0, with the bytes of the mistake, at least
 * one, in *skip.
 */
size_t	 utf8_char(const char *s, size_t *skip);

/* Are all characters of s valid UTF-8 that XML may carry? */
int	 utf8_valid(const char *s);

#endif
