/* script: see script.h. */
#include <stdlib.h>
#include <string.h>

#include "t/fuzz/script.h"

void
script_begin(struct script *s, const uint8_t *data, size_t size)
{
	s->p = data;
	s->left = size;
}

char *
script_line(struct script *s)
{
	const uint8_t	*end;
	size_t		 len, n;

	if (s->left == 0)
		return NULL;
	end = memchr(s->p, '\n', s->left);
	len = end != NULL ? (size_t)(end - s->p) : s->left;
	n = len < sizeof(s->line) - 1 ? len : sizeof(s->line) - 1;
	memcpy(s->line, s->p, n);
	s->line[n] = '\0';
	s->p += len + (end != NULL);
	s->left -= len + (end != NULL);
	return s->line;
}

const uint8_t *
script_rest(struct script *s, size_t *len)
{
	*len = s->left;
	return s->p;
}

static char
byte(char **p)
{
	char	 hex[3] = { 0 }, c = *(*p)++;

	switch (c) {
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'x':
		strncpy(hex, *p, 2);
		*p += strlen(hex);
		return (char)strtoul(hex, NULL, 16);
	default:
		return c;
	}
}

size_t
script_bytes(char *s)
{
	char	*in = s, *out = s;

	while (*in != '\0') {
		if (*in == '\\' && in[1] != '\0') {
			in++;
			*out++ = byte(&in);
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
	return (size_t)(out - s);
}

void
script_fill(char *out, const char *from, const char *id)
{
	size_t	 n = 0, len = strlen(id);

	for (; *from != '\0' && n < SCRIPT_LINE - 1; from++) {
		if (*from != '$') {
			out[n++] = *from;
		} else if (n + len < SCRIPT_LINE - 1) {
			memcpy(out + n, id, len);
			n += len;
		}
	}
	out[n] = '\0';
}
