/*
 * parse_tree: expat's events to the elements of a stanza.
 */
#include <string.h>
#include <strings.h>

#include "xml/elem.h"
#include "xml/parse_int.h"

/* Between namespace and name; a character that no XML can contain, not even
 * as a reference, so that no namespace can pose as another (CVE-2022-25236). */
#define SEP		'\x01'
#define SEP_STRING	"\x01"
/* What the first text of an element costs in the tree, besides its bytes. */
#define TEXTCOST	32
/* The depth of an item: in a child of a stanza. */
#define PIECE		3

/*
 * Since the fix of CVE-2023-52425, expat sits on a token that came in two
 * pieces until further bytes follow.  In a dialogue these may never come.
 * Distributions patched the fix into older versions, so that neither version
 * nor header tell whether there is something to turn off; the linker does.
 */
extern XML_Bool XML_SetReparseDeferralEnabled(XML_Parser, XML_Bool)
    __attribute__((__weak__));

unsigned long
parse_position(const struct parse *p)
{
	return (unsigned long)XML_GetCurrentByteIndex(p->expat);
}

/* An event is complete: let parse_next() return before anything else. */
static void
parse_stop(struct parse *p)
{
	p->end = parse_position(p) +
	    (unsigned long)XML_GetCurrentByteCount(p->expat);
	p->floor = p->end;
	XML_StopParser(p->expat, XML_TRUE);
}

/* Keep the bytes of the stream's start tag. */
static void
parse_keep_header(struct parse *p)
{
	const char *context;
	int off, size;

	context = XML_GetInputContext(p->expat, &off, &size);
	if (context != NULL && buf_add(&p->header, context + off,
	    (size_t)XML_GetCurrentByteCount(p->expat)) == -1)
		parse_fail_nomem(p);
}

static int
parse_too_many(const struct parse *p, const XML_Char **attrs)
{
	size_t n = 0;

	while (attrs[n * 2] != NULL)
		n++;
	return n > (size_t)p->limits.attrs;
}

/* The attributes that RFC 6120 section 8.1 defines for all stanzas, out of a
 * start tag that has too many others. */
static struct elem *
parse_stanza_cut(const XML_Char *name, const XML_Char **attrs, size_t *size)
{
	static const char *const common[] = { "to", "from", "id", "type" };
	const XML_Char *kept[2 * 4 + 1];
	size_t i, n = 0;

	for (; *attrs != NULL; attrs += 2)
		for (i = 0; i < 4; i++)
			if (strcmp(attrs[0], common[i]) == 0) {
				kept[n++] = attrs[0];
				kept[n++] = attrs[1];
			}
	kept[n] = NULL;
	return elem_new(name, kept, SEP, size);
}

static void
on_header(struct parse *p, struct elem *e)
{
	p->instream = 1;
	p->opened = e;
	p->size = 0;
	parse_keep_header(p);
	parse_stop(p);
}

/* A child of the stream, or the stream's own start tag. */
static void
on_outer(struct parse *p, const XML_Char *name, const XML_Char **attrs)
{
	struct elem *e;
	int many = parse_too_many(p, attrs);

	if (many && !p->instream) {
		parse_fail(p, "policy-violation", "over the attrs limit of %d",
		    p->limits.attrs);
		return;
	}
	e = many ? parse_stanza_cut(name, attrs, &p->size) :
	    elem_new(name, attrs, SEP, &p->size);
	if (e == NULL) {
		parse_fail_nomem(p);
		return;
	}
	if (p->size > p->limits.memory) {
		elem_free(e);
		parse_fail_memory(p);
		return;
	}
	if (!p->instream) {
		on_header(p, e);
		return;
	}
	p->start = p->floor = parse_position(p);
	p->depth = 1;
	p->tagged = 1;
	p->at = e;
	p->cut = many;
}

static void
on_start(void *arg, const XML_Char *name, const XML_Char **attrs)
{
	struct parse *p = arg;
	struct elem *e;

	if (p->condition != NULL || p->replaying)
		return;
	if (p->depth == 0) {
		on_outer(p, name, attrs);
		return;
	}
	if (!p->cut && (p->depth == p->limits.depth ||
	    parse_too_many(p, attrs)))
		parse_cut(p);
	if (p->depth++ == PIECE - 1)
		p->before = p->size;
	p->tagged = 1;
	if (p->cut)
		return;
	if ((e = elem_new(name, attrs, SEP, &p->size)) == NULL) {
		parse_fail_nomem(p);
		return;
	}
	elem_append(p->at, e);
	p->at = e;
	if (p->size > p->limits.memory)
		parse_cut(p);
}

/* The piece has been taken: it no longer counts. */
static void
on_piece(struct parse *p)
{
	if (p->piece == NULL || !p->piece(p->arg, p->at->last))
		return;
	elem_drop(p->at);
	p->size = p->before;
	p->floor = parse_position(p) +
	    (unsigned long)XML_GetCurrentByteCount(p->expat);
	p->done = p->spared;
}

static void
on_end(void *arg, const XML_Char *name)
{
	struct parse *p = arg;

	(void)name;
	p->tagged = 0;
	if (p->condition != NULL)
		return;
	if (p->depth == 0) {
		p->closed = 1;
		p->instream = 0;
		parse_stop(p);
		return;
	}
	if (--p->depth > 0) {
		if (p->cut)
			return;
		p->at = p->at->parent;
		if (p->depth == PIECE - 1)
			on_piece(p);
		return;
	}
	p->stanza = p->at;
	p->at = NULL;
	p->size = 0;
	p->spared = p->done = 0;
	parse_stop(p);
}

void
parse_add_text(struct parse *p, const char *s, size_t n)
{
	if (p->cut)
		return;
	p->size += n + (p->at->text == NULL ? TEXTCOST : 0);
	if (p->size > p->limits.memory)
		parse_cut(p);
	else if (elem_addtext(p->at, s, n) == -1)
		parse_fail_nomem(p);
}

static void
on_text(void *arg, const XML_Char *s, int len)
{
	struct parse *p = arg;
	size_t n = (size_t)len;

	p->tagged = 0;
	if (p->condition != NULL)
		return;
	if (p->at != NULL) {
		parse_add_text(p, s, n);
		return;
	}
	while (n > 0 && parse_is_white(s[n - 1]))
		n--;
	if (n > 0)
		parse_fail(p, "bad-format", "text between stanzas");
}

static void
on_cdata(void *arg)
{
	struct parse *p = arg;

	p->tagged = 0;
	p->in_cdata = 1;
}

static void
on_cdata_end(void *arg)
{
	struct parse *p = arg;

	p->in_cdata = 0;
}

static void
on_xmldecl(void *arg, const XML_Char *version, const XML_Char *encoding,
    int standalone)
{
	(void)version;
	(void)standalone;
	if (encoding != NULL && strcasecmp(encoding, "UTF-8") != 0)
		parse_fail(arg, "unsupported-encoding",
		    "encoding is not UTF-8");
}

static void
on_comment(void *arg, const XML_Char *text)
{
	(void)text;
	parse_fail(arg, "restricted-xml", "comment");
}

static void
on_pi(void *arg, const XML_Char *target, const XML_Char *data)
{
	(void)target;
	(void)data;
	parse_fail(arg, "restricted-xml", "processing instruction");
}

static void
on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid,
    const XML_Char *pubid, int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	parse_fail(arg, "restricted-xml", "document type declaration");
}

static void
on_entity(void *arg, const XML_Char *name, int parameter,
    const XML_Char *value, int len, const XML_Char *base,
    const XML_Char *sysid, const XML_Char *pubid, const XML_Char *notation)
{
	(void)name;
	(void)parameter;
	(void)value;
	(void)len;
	(void)base;
	(void)sysid;
	(void)pubid;
	(void)notation;
	parse_fail(arg, "restricted-xml", "entity declaration");
}

int
parse_new_expat(struct parse *p)
{
	heap_use(&p->heap);
	p->expat = XML_ParserCreate_MM("UTF-8", heap_suite(), SEP_STRING);
	if (p->expat == NULL)
		return -1;
	if (XML_SetReparseDeferralEnabled != NULL)
		XML_SetReparseDeferralEnabled(p->expat, XML_FALSE);
	XML_SetUserData(p->expat, p);
	XML_SetElementHandler(p->expat, on_start, on_end);
	XML_SetCharacterDataHandler(p->expat, on_text);
	XML_SetCdataSectionHandler(p->expat, on_cdata, on_cdata_end);
	XML_SetXmlDeclHandler(p->expat, on_xmldecl);
	XML_SetCommentHandler(p->expat, on_comment);
	XML_SetProcessingInstructionHandler(p->expat, on_pi);
	XML_SetStartDoctypeDeclHandler(p->expat, on_doctype);
	XML_SetEntityDeclHandler(p->expat, on_entity);
	p->given = p->start = p->floor = p->token = p->end = 0;
	return 0;
}
