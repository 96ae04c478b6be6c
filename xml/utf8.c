/*
 * utf8: characters and their validity.
 */
#include <stdint.h>

#include "xml/utf8.h"

/* Length that the first byte claims, 0 if it cannot be first. */
static size_t
utf8_claimed(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc0)
		return 0;
	if (c < 0xe0)
		return 2;
	if (c < 0xf0)
		return 3;
	return c < 0xf8 ? 4 : 0;
}

static int
utf8_xml_char(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return c < 0xd800 || (c > 0xdfff && c < 0xfffe) ||
	    (c > 0xffff && c < 0x110000);
}

size_t
utf8_char(const char *s, size_t *skip)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c;
	size_t i, n;

	*skip = 1;
	if ((n = utf8_claimed(u[0])) == 0)
		return 0;
	c = n == 1 ? u[0] : u[0] & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	*skip = n;
	return c >= least[n] && utf8_xml_char(c) ? n : 0;
}

int
utf8_valid(const char *s)
{
	size_t n, skip;

	for (; *s != '\0'; s += n) {
		if ((n = utf8_char(s, &skip)) == 0)
			return 0;
	}
	return 1;
}
