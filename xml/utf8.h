/* utf8: is it, and may XML carry it? */
#ifndef XML_UTF8_H
#define XML_UTF8_H

#include <stddef.h>

/*
 * The length of the character at s, which is NUL-terminated: UTF-8 in its
 * shortest form, no surrogate, not beyond U+10FFFF, and a Char of XML 1.0.
 * If it is not, 0, and *skip bytes (at least one) belong to the mistake.
 */
size_t	 utf8_char(const char *s, size_t *skip);

/* Are all characters of s such as XML allows? */
int	 utf8_valid(const char *s);

#endif
