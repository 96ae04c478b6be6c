/* skip: see skip.h. */
#include <string.h>

#include "xml/skip.h"

void
skip_begin(struct skip *s, size_t depth, int cdata)
{
	*s = (struct skip){ .state = cdata ? SKIP_CDATA : SKIP_TEXT,
	    .depth = depth };
}

/* An element is closed. */
static void
skip_close(struct skip *s)
{
	if (s->depth > 0)
		s->depth--;
	s->state = s->depth == 0 ? SKIP_OVER : SKIP_TEXT;
}

static void
skip_less(struct skip *s, char c)
{
	s->n = 0;
	s->state = c == '/' ? SKIP_END : c == '!' ? SKIP_CDATA_BEGINS :
	    c == '?' ? SKIP_FORBIDDEN : SKIP_START;
}

static void
skip_start(struct skip *s, char c)
{
	if (c == '>' && s->state == SKIP_SLASH) {
		s->depth++;
		skip_close(s);
	} else if (c == '>') {
		s->depth++;
		s->state = SKIP_TEXT;
	} else if (c == '"' || c == '\'') {
		s->quote = c;
		s->state = SKIP_QUOTED;
	} else {
		s->state = c == '/' ? SKIP_SLASH : SKIP_START;
	}
}

/* Of what begins with "<!", only this section may be in a stream. */
static void
skip_cdata_begins(struct skip *s, char c)
{
	static const char	 word[] = "[CDATA[";

	if (c != word[s->n])
		s->state = SKIP_FORBIDDEN;
	else if (word[++s->n] == '\0') {
		s->n = 0;
		s->state = SKIP_CDATA;
	}
}

static void
skip_cdata(struct skip *s, char c)
{
	if (c == '>' && s->n == 2)
		s->state = SKIP_TEXT;
	else if (c != ']')
		s->n = 0;
	else if (s->n < 2)
		s->n++;
}

static void
skip_byte(struct skip *s, char c)
{
	switch (s->state) {
	case SKIP_TEXT:
		if (c == '<')
			s->state = SKIP_LESS;
		break;
	case SKIP_LESS:
		skip_less(s, c);
		break;
	case SKIP_START:
	case SKIP_SLASH:
		skip_start(s, c);
		break;
	case SKIP_QUOTED:
		if (c == s->quote)
			s->state = SKIP_START;
		break;
	case SKIP_END:
		if (c == '>')
			skip_close(s);
		break;
	case SKIP_CDATA_BEGINS:
		skip_cdata_begins(s, c);
		break;
	case SKIP_CDATA:
		skip_cdata(s, c);
		break;
	case SKIP_OVER:
	case SKIP_FORBIDDEN:
		break;
	}
}

size_t
skip_take(struct skip *s, const void *data, size_t len)
{
	const char	*p = data;
	size_t		 i;

	for (i = 0; i < len && s->state != SKIP_OVER &&
	    s->state != SKIP_FORBIDDEN; i++)
		skip_byte(s, p[i]);
	return i;
}
