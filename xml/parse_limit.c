/*
 * parse_limit: what a stanza may take, and what ends the stream.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "xml/elem.h"
#include "xml/parse_int.h"

static const struct parse_limits defaults = {
	.stanza = 1048576,
	.memory = 8388608,
	.depth = 64,
	.attrs = 64,
	.skip = 256 * 1024 * 1024,
};

const struct parse_limits *
parse_defaults(void)
{
	return &defaults;
}

void __attribute__((__format__(__printf__, 3, 4)))
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

void
parse_fail_memory(struct parse *p)
{
	parse_fail(p, "policy-violation", "over the memory limit of %zu bytes",
	    p->limits.memory);
}

void
parse_fail_nomem(struct parse *p)
{
	if (p->condition == NULL)
		p->starved = 1;
	parse_fail(p, "resource-constraint", "out of memory");
}

size_t
parse_used(const struct parse *p)
{
	return (size_t)(p->given - p->floor) + p->spared - p->done;
}

size_t
parse_skip_room(const struct parse *p)
{
	if (p->depth == 0)
		return SIZE_MAX;
	return p->limits.skip - (size_t)(p->given - p->start) - p->spared;
}

size_t
parse_room(const struct parse *p)
{
	size_t held = p->cut ? (size_t)(p->given - p->token) : parse_used(p);
	size_t left = p->limits.stanza - held;

	return left < parse_skip_room(p) ? left : parse_skip_room(p);
}

void
parse_cut(struct parse *p)
{
	while (p->at->parent != NULL)
		p->at = p->at->parent;
	elem_cut(p->at);
	p->cut = 1;
}

void
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
