/*
 * parse_skip: a new expat in the place of a full one: between two stanzas, or
 * amid a stanza, whose rest is read to its end without expat.
 */
#include <stdint.h>
#include <stdlib.h>

#include "xml/parse_int.h"

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

void
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

/* The token that expat could not take, if there is one, goes back to where it
 * came from, with all that is behind it.  0, or -1. */
static int
parse_take_back(struct parse *p)
{
	const char *context;
	int off, size, r = -1;
	struct buf in;

	context = XML_GetInputContext(p->expat, &off, &size);
	if (context == NULL)
		return -1;
	if (off >= size)
		return 0;
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

int
parse_begin_skipping(struct parse *p)
{
	int depth = p->depth, cdata = p->in_cdata, filled;

	/* Did the stanzas before this one fill expat? */
	filled = depth == 0 && p->floor > buf_len(&p->header);
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
	p->tagged = p->behind_tag = p->in_cdata = p->tried = 0;
	if (filled) {
		p->spared = 0;
		return 0;
	}
	p->skipping = 1;
	p->depth = depth > 0 ? depth : 1;
	skip_begin(&p->skip, (size_t)depth, cdata);
	return 0;
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

int
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
