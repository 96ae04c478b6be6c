/*
 * parse: the bytes of an XML stream to expat, in pieces that it can bear, and
 * what it found, one event after another.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xml/base64.h"
#include "xml/elem.h"
#include "xml/parse_int.h"

/* At most so much is given to expat at once. */
#define CHUNK		65536
/* Nor so much in all: it counts in a long, and signed. */
#define PLENTY		(1UL << 30)
/* Tokens beyond this are tried again only when their end may have come. */
#define LONGTOKEN	4096
/* Fewer digits of base64 are not worth a look: see parse_next_digits(). */
#define DIGITS		64

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
		    !parse_is_white((char)s[i]))
			parse_fail(p, "not-well-formed", "not XML");
	}
	return p->condition == NULL;
}

static enum XML_Status
parse_give(struct parse *p, size_t n)
{
	enum XML_Status status;
	void *room;

	if (!parse_plausible(p, buf_data(&p->in), n))
		return XML_STATUS_ERROR;
	/* What expat has no room for stays here. */
	if ((room = XML_GetBuffer(p->expat, (int)n)) == NULL)
		return XML_STATUS_ERROR;
	memcpy(room, buf_data(&p->in), n);
	p->given += n;
	buf_drain(&p->in, n);
	status = XML_ParseBuffer(p->expat, (int)n, XML_FALSE);
	if (buf_len(&p->in) == 0)
		p->tried = 1;
	return status;
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
