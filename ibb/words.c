/* words: elements behind their length; see words.h. */
#include "ibb/words.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/write.h"

int
words_begin(struct buf *out, struct xw *w, size_t *begin)
{
	*begin = buf_len(out);
	if (buf_add(out, "\0\0\0", WORDS_HEAD) == -1)
		return -1;
	xw_init(w, out);
	return 0;
}

int
words_end(struct buf *out, struct xw *w, size_t begin)
{
	unsigned char	*p;
	size_t		 len;

	if (xw_done(w) == -1 ||
	    (len = buf_len(out) - begin - WORDS_HEAD) > WORDS_MAX) {
		buf_truncate(out, begin);
		return -1;
	}
	p = out->p + out->off + begin;
	p[2] = (unsigned char)(len >> 8);
	p[3] = (unsigned char)len;
	return 0;
}

int
words_length(const unsigned char *data, size_t len)
{
	size_t	 n;

	if (len < WORDS_HEAD)
		return 0;
	n = (size_t)data[0] << 24 | (size_t)data[1] << 16 |
	    (size_t)data[2] << 8 | (size_t)data[3];
	return n == 0 || n > WORDS_MAX ? -1 : (int)(WORDS_HEAD + n);
}

/* The words are the stanzas of a stream, whose header is read here. */
struct parse *
words_parser(void)
{
	static const char	 open[] = "<stream xmlns='" NS_STREAMS "'>";
	struct parse		*p = parse_new(parse_defaults());
	struct elem		*e = NULL;

	if (p != NULL && (parse_feed(p, open, sizeof(open) - 1) == -1 ||
	    parse_next(p, &e) != PARSE_OPEN)) {
		parse_free(p);
		p = NULL;
	}
	elem_free(e);
	return p;
}

struct elem *
words_parse(struct parse *p, const unsigned char *data, size_t len)
{
	struct elem	*e = NULL;

	if (parse_next(p, &e) == PARSE_MORE && parse_feed(p, data, len) == 0 &&
	    parse_next(p, &e) == PARSE_STANZA && parse_pending(p) == 0)
		return e;
	elem_free(e);
	return NULL;
}
