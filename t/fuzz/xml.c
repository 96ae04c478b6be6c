/*
 * Fuzzer of parser, tree, writer and base64.  The first bytes choose limits
 * and split, the rest is the stream.  However it is split, the events must be
 * the same; and a stanza written anew must parse to what it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/transport/wrap.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/parse.h"
#include "xml/skip.h"
#include "xml/text.h"
#include "xml/utf8.h"
#include "xml/write.h"

static void
note(struct buf *b, const char *s)
{
	must(buf_add(b, s, strlen(s) + 1) == 0);
}

/* All of e, or what the writer can write: no attributes in namespaces. */
static void
note_elem(struct buf *b, const struct elem *e, int all)
{
	const struct elem *child;
	size_t i;

	note(b, e->ns);
	note(b, e->name);
	for (i = 0; i < e->nattrs; i++) {
		if (*e->attrs[i].ns != '\0' && !all)
			continue;
		note(b, e->attrs[i].ns);
		note(b, e->attrs[i].name);
		note(b, e->attrs[i].value);
	}
	note(b, elem_text(e));
	must(strlen(elem_text(e)) == e->textlen);
	for (child = e->first; child != NULL; child = child->next) {
		must(child->parent == e);
		note(b, "(");
		note_elem(b, child, all);
		note(b, ")");
	}
}

static int
write_elem(struct xw *w, const struct elem *e)
{
	const struct elem *child;
	size_t i;

	/* The namespace of xml: cannot be a default one. */
	if (w->depth == XW_DEPTH ||
	    strcmp(e->ns, "http://www.w3.org/XML/1998/namespace") == 0)
		return -1;
	xw_start(w, e->name, e->ns);
	for (i = 0; i < e->nattrs; i++) {
		if (*e->attrs[i].ns == '\0')
			xw_attr(w, e->attrs[i].name, e->attrs[i].value);
	}
	xw_text(w, elem_text(e));
	for (child = e->first; child != NULL; child = child->next) {
		if (write_elem(w, child) == -1)
			return -1;
	}
	xw_end(w);
	return 0;
}

static struct elem *
parse_stanza(const struct buf *b)
{
	struct parse *p = parse_new(parse_defaults());
	struct elem *e;

	must(p != NULL);
	must(parse_feed(p, "<s>", 3) == 0);
	must(parse_next(p, &e) == PARSE_OPEN);
	elem_free(e);
	must(parse_feed(p, buf_data(b), buf_len(b)) == 0);
	must(parse_next(p, &e) == PARSE_STANZA);
	must(parse_pending(p) == 0);
	parse_free(p);
	return e;
}

/* A stanza for a transport that has no stream around it, and with room in its
 * last tag, is the same stanza. */
static void
wrap_anew(const struct buf *stanza, const struct buf *before)
{
	struct buf out, after;
	struct elem *e;

	buf_init(&out, SIZE_MAX);
	must(wrap_stanza(&out, buf_data(stanza), buf_len(stanza)) == 0);
	must(wrap_pad(&out, buf_len(stanza) % 64) == 0);
	e = parse_stanza(&out);
	buf_init(&after, SIZE_MAX);
	note_elem(&after, e, 0);
	/* It may have been without a namespace, which is another one there. */
	if (*e->ns != '\0' && strcmp(e->ns, "jabber:client") != 0)
		must(buf_len(before) == buf_len(&after) && memcmp(
		    buf_data(before), buf_data(&after), buf_len(&after)) == 0);
	elem_free(e);
	buf_free(&after);
	buf_free(&out);
}

static void
write_anew(const struct elem *e)
{
	struct buf after, before, out;
	struct elem *again;
	struct xw w;

	buf_init(&out, SIZE_MAX);
	xw_init(&w, &out);
	if (write_elem(&w, e) == -1) {
		buf_free(&out);
		return;
	}
	must(xw_done(&w) == 0);
	again = parse_stanza(&out);
	buf_init(&before, SIZE_MAX);
	buf_init(&after, SIZE_MAX);
	note_elem(&before, e, 0);
	note_elem(&after, again, 0);
	must(buf_len(&before) == buf_len(&after) && memcmp(buf_data(&before),
	    buf_data(&after), buf_len(&after)) == 0);
	wrap_anew(&out, &before);
	elem_free(again);
	buf_free(&after);
	buf_free(&before);
	buf_free(&out);
}

/* Decode the text of e; what decodes has one encoding. */
static void
try_base64(const struct elem *e)
{
	unsigned char *data;
	char *again;
	size_t len, n;

	if (e->text == NULL)
		return;
	data = malloc(BASE64_DECODED(e->textlen));
	must(data != NULL);
	if (base64_decode(data, BASE64_DECODED(e->textlen), &len, e->text,
	    e->textlen) == 0) {
		must(len <= BASE64_DECODED(e->textlen));
		again = malloc(BASE64_ENCODED(len) + 1);
		must(again != NULL);
		n = base64_encode(again, data, len);
		must(n == BASE64_ENCODED(len) && n <= e->textlen);
		if (n == e->textlen)
			must(memcmp(again, e->text, n) == 0);
		free(again);
	}
	free(data);
}

/* expat does not tell text in front of a "]]>" if it has both: then the text
 * goes unnoticed. */
static const char *
condition(struct parse *p)
{
	const char *s = parse_condition(p);

	if (strcmp(s, "bad-format") == 0)
		return "not-well-formed";
	return s;
}

/* Returns 0 after an error. */
static int
drain(struct parse *p, struct buf *b, int first)
{
	enum parse_event event;
	struct elem *e;

	while ((event = parse_next(p, &e)) != PARSE_MORE) {
		must(buf_add(b, &(char){ (char)('0' + event) }, 1) == 0);
		if (event == PARSE_ERROR) {
			note(b, condition(p));
			return 0;
		}
		if (e == NULL)
			continue;
		note_elem(b, e, 1);
		if (event == PARSE_CUT)
			must(e->text == NULL && e->first == e->last &&
			    (e->first == NULL || e->first->first == NULL));
		if (first && event == PARSE_STANZA) {
			write_anew(e);
			try_base64(e);
		}
		elem_free(e);
	}
	return 1;
}

/* Every second one is taken. */
static int
take_piece(void *arg, const struct elem *piece)
{
	struct buf *b = arg;

	note(b, "piece");
	note_elem(b, piece->parent->parent, 1);
	return (strlen(piece->name) & 1) != 0;
}

/* Parse s in pieces of 1 to most bytes as the seed has it, or whole. */
static void
run(const uint8_t *s, size_t len, unsigned seed, size_t most,
    const struct parse_limits *limits, int taking, struct buf *b)
{
	struct parse *p = parse_new(limits);
	size_t n;

	must(p != NULL);
	buf_init(b, SIZE_MAX);
	if (taking)
		parse_pieces(p, take_piece, b);
	for (; len > 0; s += n, len -= n) {
		seed = seed * 1103515245 + 12345;
		n = most == 0 ? len : 1 + (seed >> 16) % most;
		if (n > len)
			n = len;
		must(parse_feed(p, s, n) == 0);
		if (!drain(p, b, most == 0))
			break;
	}
	parse_free(p);
}

/* Where the parser finds the end of a stanza, what only counts tags does. */
static void
try_skip(const uint8_t *data, size_t size)
{
	struct parse *p = parse_new(parse_defaults());
	enum parse_event event;
	struct skip skip;
	struct elem *e;
	size_t n;

	must(p != NULL && parse_feed(p, "<s>", 3) == 0);
	must(parse_next(p, &e) == PARSE_OPEN);
	elem_free(e);
	must(parse_feed(p, data, size) == 0);
	event = parse_next(p, &e);
	skip_begin(&skip, 0, 0);
	n = skip_take(&skip, data, size);
	must(n == size || skip.state == SKIP_OVER ||
	    skip.state == SKIP_FORBIDDEN);
	if (event == PARSE_STANZA || event == PARSE_CUT)
		must(skip.state == SKIP_OVER && n == size - parse_pending(p));
	elem_free(e);
	parse_free(p);
}

/* The inside of a JSON string (RFC 8259 section 7), where no escape is cut. */
static void
check_json(const char *s)
{
	must(utf8_valid(s));
	for (; *s != '\0'; s++) {
		must((unsigned char)*s >= ' ' && *s != 0x7f && *s != '"');
		if (*s != '\\')
			continue;
		s++;
		if (*s == 'u')
			must(strspn(s + 1, "0123456789abcdef") >= 4);
		else
			must(*s == '"' || *s == '\\');
	}
}

/* Text to be shown is what can be shown, whatever it was. */
static void
try_text(const uint8_t *data, size_t size)
{
	char out[100], *s = malloc(size + 1);
	size_t i;

	must(s != NULL);
	memcpy(s, data, size);
	s[size] = '\0';
	text_clean(s, out, sizeof(out));
	must(utf8_valid(out));
	for (i = 0; out[i] != '\0'; i++)
		must((unsigned char)out[i] >= ' ' && out[i] != 0x7f);
	must(strlen(text_json(s, out, sizeof(out))) < sizeof(out));
	check_json(out);
	text_cut(s, out, sizeof(out));
	must(strlen(out) <= strlen(s));
	text_quote(s, out, sizeof(out));
	free(s);
}

int
fuzz_xml(const uint8_t *data, size_t size)
{
	struct parse_limits limits = *parse_defaults();
	struct buf pieces, whole;
	uint8_t *s;
	size_t len;

	if (size < 3)
		return 0;
	if (data[0] & 1)
		limits.stanza = data[1] * 4U + 16;
	if (data[0] & 2)
		limits.memory = data[1] * 16U + 512;
	if (data[0] & 4)
		limits.depth = limits.attrs = data[1] % 8 + 1;
	if (data[0] & 16)
		limits.skip = limits.stanza + data[1] * 3U;
	/* So little memory that names may multiply beyond it, which depends on
	 * how the bytes came. */
	if (data[0] & 64) {
		limits.stanza = 4096;
		limits.memory = 1024;
	}
	try_text(data + 3, size - 3);
	try_skip(data + 3, size - 3);
	/* A mistake inside a long token may go unnoticed until a '>'. */
	len = size - 2;
	s = malloc(len);
	must(s != NULL);
	memcpy(s, data + 3, len - 1);
	s[len - 1] = '>';
	run(s, len, 0, 0, &limits, data[0] & 32, &whole);
	run(s, len, data[2], data[0] & 8 ? 1 : data[2] % 64U + 1, &limits,
	    data[0] & 32, &pieces);
	must((data[0] & 64) || (buf_len(&whole) == buf_len(&pieces) &&
	    memcmp(buf_data(&whole), buf_data(&pieces), buf_len(&whole)) ==
	    0));
	buf_free(&pieces);
	buf_free(&whole);
	free(s);
	return 0;
}
