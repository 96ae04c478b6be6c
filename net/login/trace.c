/* trace: see trace.h. */
#include <stdio.h>
#include <string.h>

#include "net/login/trace.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/text.h"
#include "xml/write.h"

#define TRACE_DEPTH	8
#define TEXT_SHOWN	100	/* longer text is payload */

/* Is the text of this element never shown, however short?  The names of
 * mechanisms that a server offers are no secret. */
static int
secret(const struct elem *e)
{
	if (strcmp(e->name, "mechanism") == 0)
		return 0;
	return strcmp(e->ns, NS_SASL) == 0 || strcmp(e->ns, NS_SASL2) == 0 ||
	    strcmp(e->ns, NS_IBB) == 0 || strcmp(e->ns, NS_UPLOAD) == 0 ||
	    (strcmp(e->ns, NS_REGISTER) == 0 &&
	    strcmp(e->name, "password") == 0) ||
	    strncmp(e->ns, NS_XCAT, sizeof(NS_XCAT) - 1) == 0;
}

/* A token (XEP-0484), the password of a TURN server (XEP-0215) and the URL by
 * which a file is uploaded (XEP-0363) are attributes. */
static int
secret_attr(const struct elem *e, const struct attr *a)
{
	static const struct {
		const char	*ns, *name;
	} secrets[] = {
		{ NS_FAST, "token" }, { NS_EXTDISCO, "password" },
		{ NS_UPLOAD, "url" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
		if (strcmp(e->ns, secrets[i].ns) == 0 &&
		    strcmp(a->name, secrets[i].name) == 0)
			return 1;
	return 0;
}

static void
write_text(struct xw *w, const struct elem *e)
{
	char	 shown[64];

	if (e->textlen == 0)
		return;
	if (!secret(e) && e->textlen <= TEXT_SHOWN) {
		xw_text(w, e->text);
		return;
	}
	snprintf(shown, sizeof(shown), "[%zu characters]", e->textlen);
	xw_text(w, shown);
}

static void
write_elem(struct xw *w, const struct elem *e, const char *ns, int depth)
{
	const struct elem	*c;
	size_t			 i;

	xw_start(w, e->name, strcmp(e->ns, ns) == 0 ? NULL : e->ns);
	for (i = 0; i < e->nattrs; i++)
		xw_attr(w, e->attrs[i].name, secret_attr(e, &e->attrs[i]) ?
		    "[secret]" : e->attrs[i].value);
	write_text(w, e);
	if (depth < TRACE_DEPTH)
		for (c = e->first; c != NULL; c = c->next)
			write_elem(w, c, e->ns, depth + 1);
	xw_end(w);
}

char *
trace_elem(const struct elem *e, char *out, size_t size)
{
	struct buf	 b;
	struct xw	 w;

	buf_init(&b, 64 * 1024);
	xw_init(&w, &b);
	write_elem(&w, e, NS_CLIENT, 0);
	if (xw_done(&w) == -1 || buf_add(&b, "", 1) == -1)
		snprintf(out, size, "<%s> of much content", e->name);
	else
		text_cut((const char *)buf_data(&b), out, size);
	buf_free(&b);
	return out;
}

char *
trace_bytes(const void *stanza, size_t len, char *out, size_t size)
{
	static const char	 header[] = "<stream xmlns='" NS_CLIENT "'>";
	struct parse		*p;
	struct elem		*e = NULL;

	snprintf(out, size, "(%zu bytes)", len);
	if ((p = parse_new(parse_defaults())) == NULL)
		return out;
	if (parse_feed(p, header, sizeof(header) - 1) == 0 &&
	    parse_next(p, &e) == PARSE_OPEN) {
		elem_free(e);
		e = NULL;
		if (parse_next(p, &e) == PARSE_MORE &&
		    parse_feed(p, stanza, len) == 0 &&
		    parse_next(p, &e) == PARSE_STANZA)
			trace_elem(e, out, size);
		elem_free(e);
	}
	parse_free(p);
	return out;
}
