/*
 * write: well-formed XML into a buffer.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/utf8.h"
#include "xml/write.h"

#define REPLACEMENT	"\xef\xbf\xbd"

static void
xw_unwritten(struct xw *w)
{
	w->failed = 1;
	w->starved = errno == ENOMEM;
}

static void
xw_put(struct xw *w, const char *s, size_t len)
{
	if (!w->failed && buf_add(w->out, s, len) == -1)
		xw_unwritten(w);
}

static void
xw_puts(struct xw *w, const char *s)
{
	xw_put(w, s, strlen(s));
}

/* The entity for c, or NULL if c may stand for itself.  A parser would make
 * spaces of line ends in attributes, and line feeds of carriage returns (XML
 * 1.0, 2.11 and 3.3.3). */
static const char *
xw_escape(char c, int attr)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	case '\r':
		return "&#13;";
	case '\n':
		return attr ? "&#10;" : NULL;
	case '\t':
		return attr ? "&#9;" : NULL;
	default:
		return NULL;
	}
}

/* Length of the run of s that needs no entity, neither in text nor in an
 * attribute. */
static size_t
xw_plain(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = 0;

	while (u[n] >= ' ' && u[n] < 0x80 && u[n] != '&' && u[n] != '<' &&
	    u[n] != '>' && u[n] != '"' && u[n] != '\'')
		n++;
	return n;
}

static void
xw_put_escaped(struct xw *w, const char *s, int attr)
{
	const char *esc, *from;
	size_t n, skip;

	for (from = s; *(s += xw_plain(s)) != '\0';) {
		n = utf8_char(s, &skip);
		esc = n == 0 ? REPLACEMENT : xw_escape(*s, attr);
		if (esc != NULL) {
			xw_put(w, from, (size_t)(s - from));
			xw_puts(w, esc);
			from = s + skip;
		}
		s += skip;
	}
	xw_put(w, from, (size_t)(s - from));
}

static void
xw_end_tag(struct xw *w)
{
	if (w->intag)
		xw_put(w, ">", 1);
	w->intag = 0;
}

void
xw_init(struct xw *w, struct buf *out)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
	w->mark = buf_len(out);
}

void
xw_start(struct xw *w, const char *name, const char *ns)
{
	if (w->depth == XW_DEPTH)
		w->failed = 1;
	if (w->failed)
		return;
	xw_end_tag(w);
	xw_put(w, "<", 1);
	xw_puts(w, name);
	w->open[w->depth++] = name;
	w->intag = 1;
	xw_attr(w, "xmlns", ns);
}

void
xw_attr(struct xw *w, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (!w->intag)
		w->failed = 1;
	xw_put(w, " ", 1);
	xw_puts(w, name);
	xw_put(w, "='", 2);
	xw_put_escaped(w, value, 1);
	xw_put(w, "'", 1);
}

void
xw_attrf(struct xw *w, const char *name, const char *fmt, ...)
{
	va_list ap;
	char *value;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&value, fmt, ap);
	va_end(ap);
	if (n == -1) {
		xw_unwritten(w);
		return;
	}
	xw_attr(w, name, value);
	free(value);
}

void
xw_text(struct xw *w, const char *text)
{
	if (*text == '\0')
		return;
	if (w->depth == 0)
		w->failed = 1;
	xw_end_tag(w);
	xw_put_escaped(w, text, 0);
}

void
xw_base64(struct xw *w, const void *data, size_t len)
{
	unsigned char *to;

	if (len == 0)
		return;
	if (w->depth == 0)
		w->failed = 1;
	xw_end_tag(w);
	if (w->failed)
		return;
	if ((to = buf_reserve(w->out, BASE64_ENCODED(len))) == NULL) {
		xw_unwritten(w);
		return;
	}
	buf_commit(w->out, base64_encode((char *)to, data, len));
}

void
xw_markup(struct xw *w, const void *markup, size_t len)
{
	if (len == 0)
		return;
	if (w->depth == 0)
		w->failed = 1;
	xw_end_tag(w);
	xw_put(w, markup, len);
}

void
xw_end(struct xw *w)
{
	if (w->depth == 0)
		w->failed = 1;
	if (w->failed)
		return;
	w->depth--;
	if (w->intag) {
		xw_put(w, "/>", 2);
		w->intag = 0;
		return;
	}
	xw_put(w, "</", 2);
	xw_puts(w, w->open[w->depth]);
	xw_put(w, ">", 1);
}

void
xw_elem(struct xw *w, const char *name, const char *ns, const char *text)
{
	xw_start(w, name, ns);
	if (text != NULL)
		xw_text(w, text);
	xw_end(w);
}

int
xw_done(struct xw *w)
{
	while (w->depth > 0 && !w->failed)
		xw_end(w);
	if (!w->failed)
		return 0;
	buf_truncate(w->out, w->mark);
	return -1;
}
