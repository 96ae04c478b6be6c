#include <stdio.h>
#include <string.h>

#include "xml/text.h"

/* Bytes of the character that starts at p, as valid UTF-8 has it; 1 for a
 * stray byte. */
static size_t
charlen(const unsigned char *p)
{
	size_t	 n, i;

	n = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc2 ? 2 : 1;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

static int
harmless(const unsigned char *p, size_t n)
{
	if (n == 1)
		return *p >= 0x20 && *p < 0x7f;
	if (n == 2)		/* C1 controls; the Arabic letter mark */
		return !(p[0] == 0xc2 && p[1] < 0xa0) &&
		    !(p[0] == 0xd8 && p[1] == 0x9c);
	if (n == 3 && p[0] == 0xe2) {
		if (p[1] == 0x80)	/* U+200E, 200F, 2028 to 202E */
			return p[2] != 0x8e && p[2] != 0x8f &&
			    !(p[2] >= 0xa8 && p[2] <= 0xae);
		if (p[1] == 0x81)	/* U+2066 to 2069 */
			return !(p[2] >= 0xa6 && p[2] <= 0xa9);
	}
	return 1;
}

char *
text_clean(const char *in, char *out, size_t size)
{
	const unsigned char	*p = (const unsigned char *)in;
	size_t			 o = 0, n, i;

	for (; *p != '\0'; p += n) {
		n = charlen(p);
		if (o + n >= size)
			break;
		if (!harmless(p, n)) {
			out[o++] = '?';
			continue;
		}
		for (i = 0; i < n; i++)
			out[o++] = (char)p[i];
	}
	if (size > 0)
		out[o] = '\0';
	return out;
}

char *
text_quote(const char *in, char *out, size_t size)
{
	static const char	 plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%+=:,./_-";
	size_t			 o = 0;

	if (*in != '\0' && in[strspn(in, plain)] == '\0') {
		snprintf(out, size, "%s", in);
		return out;
	}
	if (size < 3)
		return out;
	out[o++] = '\'';
	for (; *in != '\0' && o + 6 < size; in++)
		if (*in == '\'') {
			memcpy(out + o, "'\\''", 4);
			o += 4;
		} else {
			out[o++] = *in;
		}
	out[o++] = '\'';
	out[o] = '\0';
	return out;
}
