/*
 * text: words of peers and servers, made fit for a terminal.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "xml/text.h"
#include "xml/utf8.h"

/* The code point of the n bytes of valid UTF-8 at s. */
static uint32_t
text_code_point(const char *s, size_t n)
{
	const unsigned char	*u = (const unsigned char *)s;
	uint32_t		 c = n == 1 ? u[0] : u[0] & (0x7fU >> n);
	size_t			 i;

	for (i = 1; i < n; i++)
		c = c << 6 | (u[i] & 0x3f);
	return c;
}

/* Does the character neither control a terminal, nor end a line, nor turn
 * the direction of writing? */
static int
text_harmless(uint32_t c)
{
	static const struct {
		uint32_t	 first, last;
	} harmful[] = {
		{ 0x0000, 0x001f },	/* C0 controls */
		{ 0x007f, 0x009f },	/* DEL, C1 controls */
		{ 0x061c, 0x061c },	/* the Arabic letter mark */
		{ 0x200e, 0x200f },	/* marks of direction */
		{ 0x2028, 0x202e },	/* line ends, embeddings, overrides */
		{ 0x2066, 0x206f },	/* isolates, shaping */
		{ 0xfff9, 0xfffb },	/* annotations */
		{ 0xe0000, 0xe007f },	/* tags, which are invisible */
	};
	size_t	 i;

	for (i = 0; i < sizeof(harmful) / sizeof(*harmful); i++)
		if (c >= harmful[i].first && c <= harmful[i].last)
			return 0;
	return 1;
}

char *
text_clean(const char *in, char *out, size_t size)
{
	size_t	 o = 0, n, skip;

	for (; *in != '\0'; in += skip) {
		n = utf8_char(in, &skip);
		if (n > 0 && !text_harmless(text_code_point(in, n)))
			n = 0;
		if (o + (n > 0 ? n : 1) >= size)
			break;
		if (n == 0)
			out[o++] = '?';
		memcpy(out + o, in, n);
		o += n;
	}
	if (size > 0)
		out[o] = '\0';
	return out;
}

/* The character at in, of n bytes or (0) no character of XML, as JSON has it:
 * the length of what is in out. */
static size_t
text_escape(const char *in, size_t n, char out[16])
{
	uint32_t	 c = n > 0 ? text_code_point(in, n) :
			    (unsigned char)*in < 0x80 ? (unsigned char)*in :
			    0xfffd;

	if (c == '"' || c == '\\')
		return (size_t)snprintf(out, 16, "\\%c", (int)c);
	if (n > 0 && text_harmless(c)) {
		memcpy(out, in, n);
		return n;
	}
	if (c < 0x10000)
		return (size_t)snprintf(out, 16, "\\u%04x", (unsigned)c);
	c -= 0x10000;
	return (size_t)snprintf(out, 16, "\\u%04x\\u%04x",
	    0xd800U + (unsigned)(c >> 10), 0xdc00U + (unsigned)(c & 0x3ff));
}

char *
text_json(const char *in, char *out, size_t size)
{
	char	 escaped[16];
	size_t	 o = 0, n, skip;

	for (; *in != '\0'; in += skip) {
		n = utf8_char(in, &skip);
		n = text_escape(in, n, escaped);
		if (o + n >= size)
			break;
		memcpy(out + o, escaped, n);
		o += n;
	}
	if (size > 0)
		out[o] = '\0';
	return out;
}

char *
text_cut(const char *in, char *out, size_t size)
{
	size_t	 o, n = 0, skip;

	if (size == 0)
		return out;
	/* What is no UTF-8 is cut anywhere. */
	for (o = 0; in[o] != '\0'; o += n > 0 ? n : 1) {
		n = utf8_char(in + o, &skip);
		if (o + (n > 0 ? n : 1) >= size)
			break;
	}
	memcpy(out, in, o);
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
