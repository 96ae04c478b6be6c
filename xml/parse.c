/*
 * parse: an XML stream to stanzas, by expat and its limits.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <expat.h>

#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/heap.h"
#include "xml/parse.h"
#include "xml/skip.h"

/* Between namespace and name; a character that no XML can contain, not even
 * as a reference, so that no namespace can pose as another (CVE-2022-25236). */
#define SEP		'\x01'
#define SEP_STRING	"\x01"

/* At most so much is given to expat at once. */
#define CHUNK		65536
/* Nor so much in all: it counts in a long, and signed. */
#define PLENTY		(1UL << 30)
/* Tokens beyond this are tried again only when their end may have come. */
#define LONGTOKEN	4096
/* Fewer digits of base64 are not worth a look: see parse_next_digits(). */
#define DIGITS		64
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

static const struct parse_limits defaults = {
	.stanza = 1048576,
	.memory = 8388608,
	.depth = 64,
	.attrs = 64,
	.skip = 256 * 1024 * 1024,
};

/*
 * Positions count the bytes given to the present expat, modulo ULONG_MAX + 1;
 * only their differences mean anything.
 */
struct parse {
	XML_Parser		 expat;
	struct heap		 heap;		/* what expat takes */
	struct parse_limits	 limits;
	struct buf		 in;		/* fed, not yet given */
	int			 tried;		/* no '>' fed since then */
	unsigned long		 given;
	unsigned long		 start;		/* of this stanza */
	unsigned long		 floor;		/* what came before is done */
	unsigned long		 token;		/* expat stands here */
	unsigned long		 end;		/* of the last event */
	int			 tagged;	/* last seen: a start tag, */
	int			 behind_tag;	/* which expat stands behind */
	size_t			 spared;	/* bytes of this stanza that
						 * expat has not been given, */
	size_t			 done;		/* and those before floor */
	struct buf		 header;	/* start tag of the stream */
	int			 replaying;	/* it: see parse_renew() */

	/* What the handlers found, until parse_next() tells. */
	struct elem		*opened;
	struct elem		*stanza;
	int			 closed;

	int			 skipping;	/* a stanza, without expat */
	struct skip		 skip;

	struct elem		*at;		/* innermost open element, or */
	int			 cut;		/* the stanza, which is no
						 * longer kept */
	int			 instream;
	int			 depth;		/* open elements of a stanza */
	size_t			 size;		/* memory of its tree, ... */
	size_t			 before;	/* ... without this piece */
	parse_piece_fn		*piece;
	void			*arg;

	const char		*condition;	/* set once failed, ... */
	int			 starved;	/* ... for lack of memory */
	char			 error[128];
};

/* The stream is unusable; the first reason stays. */
static void __attribute__((__format__(__printf__, 3, 4)))
parse_fail(struct parse *p, const char *condition, const char *fmt, ...)
{
	va_list ap;

	if (p->condition != NULL)
		return;
	p->condition = condition;
	va_start(ap, fmt);
	vsnprintf(p->error, sizeof(p->error), fmt, ap);
	va_end(ap);
	XML_StopParser(p->expat, XML_FALSE);
}

static void
parse_fail_memory(struct parse *p)
{
	parse_fail(p, "policy-violation", "over the memory limit of %zu bytes",
	    p->limits.memory);
}

static void
parse_fail_nomem(struct parse *p)
{
	if (p->condition == NULL)
		p->starved = 1;
	parse_fail(p, "resource-constraint", "out of memory");
}

static unsigned long
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

/* From here on nothing of this stanza is kept. */
static void
parse_cut(struct parse *p)
{
	while (p->at->parent != NULL)
		p->at = p->at->parent;
	elem_cut(p->at);
	p->cut = 1;
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

static int
parse_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
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
	while (n > 0 && parse_white(s[n - 1]))
		n--;
	if (n > 0)
		parse_fail(p, "bad-format", "text between stanzas");
}

static void
on_cdata(void *arg)
{
	struct parse *p = arg;

	p->tagged = 0;
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

/* Make a new expat, to which nothing has been given. */
static int
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
	XML_SetStartCdataSectionHandler(p->expat, on_cdata);
	XML_SetXmlDeclHandler(p->expat, on_xmldecl);
	XML_SetCommentHandler(p->expat, on_comment);
	XML_SetProcessingInstructionHandler(p->expat, on_pi);
	XML_SetStartDoctypeDeclHandler(p->expat, on_doctype);
	XML_SetEntityDeclHandler(p->expat, on_entity);
	p->given = p->start = p->floor = p->token = p->end = 0;
	return 0;
}

const struct parse_limits *
parse_defaults(void)
{
	return &defaults;
}

struct parse *
parse_new(const struct parse_limits *limits)
{
	struct parse *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->limits = *limits;
	/* This is so much that other limits are reached first, unless what was
	 * sent is made to multiply. */
	p->heap.max = 65536 + 16 * limits->stanza + 4 * limits->memory;
	buf_init(&p->in, SIZE_MAX);
	buf_init(&p->header, SIZE_MAX);
	if (parse_new_expat(p) == -1) {
		free(p);
		return NULL;
	}
	return p;
}

void
parse_free(struct parse *p)
{
	struct elem *e;

	if (p == NULL)
		return;
	if ((e = p->at) != NULL) {
		while (e->parent != NULL)
			e = e->parent;
		elem_free(e);
	}
	elem_free(p->opened);
	elem_free(p->stanza);
	XML_ParserFree(p->expat);
	buf_free(&p->in);
	buf_free(&p->header);
	free(p);
}

void
parse_pieces(struct parse *p, parse_piece_fn *fn, void *arg)
{
	p->piece = fn;
	p->arg = arg;
}

static void
parse_look_for_end(struct parse *p, const void *data, size_t len)
{
	if (memchr(data, '>', len) != NULL)
		p->tried = 0;
}

int
parse_feed(struct parse *p, const void *data, size_t len)
{
	if (p->condition != NULL)
		return 0;
	parse_look_for_end(p, data, len);
	return buf_add(&p->in, data, len);
}

int
parse_take(struct parse *p, struct buf *data)
{
	if (p->condition != NULL) {
		buf_truncate(data, 0);
		return 0;
	}
	parse_look_for_end(p, buf_data(data), buf_len(data));
	return buf_move(&p->in, data);
}

/* Bytes of the present stanza that are, or may be, kept. */
static size_t
parse_used(const struct parse *p)
{
	return (size_t)(p->given - p->floor) + p->spared - p->done;
}

/* Give a new expat the header, so that it stands where stanzas come.  Returns
 * -1 when out of memory. */
static int
parse_replay(struct parse *p)
{
	int ok;

	p->replaying = 1;
	p->given = buf_len(&p->header);
	ok = XML_Parse(p->expat, (const char *)buf_data(&p->header),
	    (int)p->given, XML_FALSE) == XML_STATUS_OK;
	p->replaying = 0;
	p->start = p->floor = p->token = p->end = p->given;
	return ok ? 0 : -1;
}

/* The token that expat could not take goes back to where it came from, with all
 * that is behind it, if it is a tag.  0, or -1. */
static int
parse_take_back(struct parse *p)
{
	const char *context;
	int off, size, r = -1;
	struct buf in;

	context = XML_GetInputContext(p->expat, &off, &size);
	if (context == NULL || off >= size || context[off] != '<')
		return -1;
	buf_init(&in, SIZE_MAX);
	if (buf_add(&in, context + off, (size_t)(size - off)) == 0)
		r = buf_move(&in, &p->in);
	if (r == -1) {
		buf_free(&in);
		return -1;
	}
	buf_free(&p->in);
	p->in = in;
	return 0;
}

/*
 * What a start tag declares may multiply until expat takes more than it may.
 * Any peer can have a server relay that, so the stanza is skipped, and a new
 * expat takes what follows it.  Of a stanza whose own start tag it was nothing
 * is told.  Returns 0, or -1 if it cannot be skipped.
 */
static int
parse_begin_skipping(struct parse *p)
{
	int depth = p->depth;

	if (!p->instream || p->condition != NULL || p->stanza != NULL ||
	    buf_len(&p->header) == 0 || parse_take_back(p) == -1)
		return -1;
	p->spared = parse_used(p);
	if (p->at != NULL)
		parse_cut(p);
	XML_ParserFree(p->expat);
	p->heap.full = 0;
	if (parse_new_expat(p) == -1 || parse_replay(p) == -1) {
		parse_fail_nomem(p);
		return 0;
	}
	p->skipping = 1;
	p->tagged = p->behind_tag = 0;
	p->depth = depth > 0 ? depth : 1;
	skip_begin(&p->skip, (size_t)depth);
	return 0;
}

/* Note an error that expat found by itself. */
static void
parse_fail_expat(struct parse *p)
{
	enum XML_Error code = XML_GetErrorCode(p->expat);
	const char *condition = "not-well-formed";

	/* Not every lack of memory does it call by that name. */
	if (p->heap.full && parse_begin_skipping(p) == 0)
		return;
	if (p->heap.full) {
		parse_fail_memory(p);
		return;
	}
	if (p->heap.failed || code == XML_ERROR_NO_MEMORY) {
		parse_fail_nomem(p);
		return;
	}
	switch (code) {
	case XML_ERROR_UNDEFINED_ENTITY:
		condition = "restricted-xml";
		break;
	case XML_ERROR_UNBOUND_PREFIX:
	case XML_ERROR_UNDECLARING_PREFIX:
	case XML_ERROR_RESERVED_PREFIX_XML:
	case XML_ERROR_RESERVED_PREFIX_XMLNS:
	case XML_ERROR_RESERVED_NAMESPACE_URI:
		condition = "bad-namespace-prefix";
		break;
	default:
		break;
	}
	parse_fail(p, condition, "%s", XML_ErrorString(code));
}

/* How many more bytes of the stanza may come at all. */
static size_t
parse_skip_room(const struct parse *p)
{
	if (p->depth == 0)
		return SIZE_MAX;
	return p->limits.skip - (size_t)(p->given - p->start) - p->spared;
}

/* Bytes that may come before the stanza must be cut.  Once it is cut, the limit
 * is for one token, which expat must hold whole. */
static size_t
parse_room(const struct parse *p)
{
	size_t held = p->cut ? (size_t)(p->given - p->token) : parse_used(p);
	size_t left = p->limits.stanza - held;

	return left < parse_skip_room(p) ? left : parse_skip_room(p);
}

static void
parse_check_size(struct parse *p)
{
	if (parse_room(p) > 0)
		return;
	if (parse_skip_room(p) == 0) {
		parse_fail(p, "policy-violation",
		    "over the skip limit of %zu bytes", p->limits.skip);
		return;
	}
	if (p->depth > 0 && !p->cut)
		parse_cut(p);
	if (parse_room(p) == 0)
		parse_fail(p, "policy-violation",
		    "over the stanza limit of %zu bytes", p->limits.stanza);
}

/*
 * Most of what comes is base64.  To every parser it is text when a start tag is
 * right before it, and expat takes longer over it than everything else does
 * that is done with it.  So expat is given what ends with that tag, and what
 * follows the digits.
 */
static size_t
parse_next_digits(const struct parse *p, size_t n)
{
	const unsigned char *s = buf_data(&p->in), *at = s;
	size_t left;

	while ((at = memchr(at, '>', n - (size_t)(at - s))) != NULL) {
		at++;
		left = buf_len(&p->in) - (size_t)(at - s);
		if (left >= DIGITS && base64_span(at, DIGITS) == DIGITS)
			return (size_t)(at - s);
	}
	return n;
}

/* Take digits that expat need not see: 0 if there are none. */
static int
parse_take_digits(struct parse *p)
{
	size_t n = buf_len(&p->in), most = parse_room(p);

	if (!p->behind_tag)
		return 0;
	n = base64_span(buf_data(&p->in), n < most ? n : most);
	if (n == 0)
		return 0;
	parse_add_text(p, (const char *)buf_data(&p->in), n);
	p->spared += n;
	buf_drain(&p->in, n);
	if (p->condition == NULL)
		parse_check_size(p);
	return 1;
}

/*
 * Bytes to give to expat now: not beyond what one stanza may have, so that the
 * result does not depend on how the bytes came.  expat would scan a long token
 * in small pieces from its start for each piece: wait for its end.
 */
static size_t
parse_portion(struct parse *p)
{
	size_t n = buf_len(&p->in), most = parse_room(p);

	if (p->given - p->token > LONGTOKEN && p->tried && n < most)
		return 0;
	if (n > most)
		n = most;
	if (n > CHUNK)
		n = CHUNK;
	/* Do not split a pending token. */
	return p->given == p->token ? parse_next_digits(p, n) : n;
}

/* expat takes the first two bytes for UTF-16 if they look so, although it was
 * told the encoding. */
static int
parse_plausible(struct parse *p, const unsigned char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && p->given + i < 2; i++) {
		if (s[i] == '\0' || (p->given + i == 0 && s[i] >= 0x80))
			parse_fail(p, "unsupported-encoding", "not UTF-8");
		else if (p->given + i == 0 && s[i] != '<' &&
		    !parse_white((char)s[i]))
			parse_fail(p, "not-well-formed", "not XML");
	}
	return p->condition == NULL;
}

static enum XML_Status
parse_give(struct parse *p, size_t n)
{
	enum XML_Status status;

	if (!parse_plausible(p, buf_data(&p->in), n))
		return XML_STATUS_ERROR;
	p->given += n;
	status = XML_Parse(p->expat, (const char *)buf_data(&p->in), (int)n,
	    XML_FALSE);
	buf_drain(&p->in, n);
	if (buf_len(&p->in) == 0)
		p->tried = 1;
	return status;
}

/*
 * expat never forgets a name, and strangers may send us new names for ever.  So
 * now and then, between two stanzas, a new expat takes over, to which only the
 * header has been given.
 */
static void
parse_renew(struct parse *p)
{
	XML_Parser old = p->expat;

	if (buf_len(&p->header) == 0)
		return;
	if (parse_new_expat(p) == -1) {
		p->expat = old;
		p->heap.full = p->heap.failed = 0;
		return;
	}
	if (parse_replay(p) == -1)
		parse_fail_nomem(p);
	XML_ParserFree(old);
}

/* After expat used up all that it was given. */
static void
parse_settle(struct parse *p)
{
	p->token = parse_position(p);
	if (p->depth == 0)
		p->floor = p->token;
	p->behind_tag = p->tagged && p->token == p->given;
	parse_check_size(p);
	if (p->condition == NULL && p->given == p->floor && p->instream &&
	    (p->heap.used > p->heap.max / 4 || p->given > PLENTY))
		parse_renew(p);
}

/* The stanza that is skipped has ended. */
static void
parse_end_skipping(struct parse *p)
{
	p->skipping = 0;
	p->depth = 0;
	p->stanza = p->at;
	p->at = NULL;
	p->size = 0;
	p->spared = p->done = 0;
}

/* Returns 0 if there is nothing to skip. */
static int
parse_skip_some(struct parse *p)
{
	size_t n = buf_len(&p->in), most = parse_skip_room(p);

	if (n == 0)
		return 0;
	n = skip_take(&p->skip, buf_data(&p->in), n < most ? n : most);
	p->spared += n;
	buf_drain(&p->in, n);
	if (p->skip.state == SKIP_OVER)
		parse_end_skipping(p);
	else if (p->skip.state == SKIP_FORBIDDEN)
		parse_fail(p, "restricted-xml", "comment or instruction");
	else
		parse_check_size(p);
	return 1;
}

/* Let expat go on.  Returns 0 if there is nothing to go on with. */
static int
parse_step(struct parse *p)
{
	XML_ParsingStatus was;
	enum XML_Status status;
	size_t n;

	heap_use(&p->heap);
	if (p->skipping)
		return parse_skip_some(p);
	XML_GetParsingStatus(p->expat, &was);
	if (was.parsing == XML_SUSPENDED)
		status = XML_ResumeParser(p->expat);
	else if (parse_take_digits(p))
		return 1;
	else if ((n = parse_portion(p)) > 0)
		status = parse_give(p, n);
	else
		return 0;
	if (status == XML_STATUS_ERROR)
		parse_fail_expat(p);
	else if (status == XML_STATUS_OK)
		parse_settle(p);
	return 1;
}

/* If one event is complete, hand it out. */
static enum parse_event
parse_hand_out(struct parse *p, struct elem **e)
{
	enum parse_event event;

	if ((*e = p->opened) != NULL) {
		p->opened = NULL;
		return PARSE_OPEN;
	}
	if ((*e = p->stanza) != NULL) {
		p->stanza = NULL;
		event = p->cut ? PARSE_CUT : PARSE_STANZA;
		p->cut = 0;
		return event;
	}
	if (p->closed) {
		p->closed = 0;
		return PARSE_CLOSE;
	}
	return p->condition != NULL ? PARSE_ERROR : PARSE_MORE;
}

enum parse_event
parse_next(struct parse *p, struct elem **e)
{
	enum parse_event event;

	while ((event = parse_hand_out(p, e)) == PARSE_MORE && parse_step(p))
		;
	return event;
}

size_t
parse_pending(const struct parse *p)
{
	return (size_t)(p->given - p->end) + p->spared + buf_len(&p->in);
}

const char *
parse_condition(const struct parse *p)
{
	return p->condition;
}

int
parse_starved(const struct parse *p)
{
	return p->starved;
}

const char *
parse_error(const struct parse *p)
{
	return p->error;
}
