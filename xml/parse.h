/*
 * parse: bytes of an XML stream to its header, its stanzas and its end
 * (RFC 6120 section 4 and 11).
 *
 * Hardened: UTF-8 only; DOCTYPE, entity declarations, processing
 * instructions and comments are errors (11.1), as is text between stanzas
 * other than white space.  Nothing below stream depth is ever delivered on
 * its own.  How the bytes were split makes no difference to the result,
 * but for which of two faults is found first.
 *
 * It is a pull parser, so that the reader may stop between two stanzas, ask
 * whether anything was sent behind the one just taken (STARTTLS injection)
 * and throw the parser away:
 *
 *	parse_feed(p, data, len);
 *	while ((ev = parse_next(p, &e)) != PARSE_MORE) ...
 */
#ifndef XML_PARSE_H
#define XML_PARSE_H

#include <stddef.h>

struct buf;
struct elem;
struct parse;

enum parse_event {
	PARSE_MORE,		/* all fed bytes are used up */
	PARSE_OPEN,		/* the stream's header: its attributes */
	PARSE_STANZA,		/* a whole child of the stream */
	PARSE_CLOSE,		/* the stream's end tag */
	PARSE_ERROR		/* see parse_error(); final */
};

/* Limits on what a stream may contain; each has its name in the error. */
struct parse_limits {
	size_t	stanza;		/* bytes of one stanza, as sent */
	size_t	memory;		/* bytes that its tree may take */
	int	depth;		/* elements inside each other */
	int	attrs;		/* attributes of one element */
};

extern const struct parse_limits parse_defaults;

/* A parser for one stream; limits are copied.  NULL when out of memory. */
struct parse *parse_new(const struct parse_limits *limits);
void	 parse_free(struct parse *p);

/*
 * Give it bytes, which are copied.  Only after parse_next() said PARSE_MORE
 * or before the first.  Returns 0, or -1 when out of memory.
 */
int	 parse_feed(struct parse *p, const void *data, size_t len);
/* The same with all that is in a buffer, which is empty then. */
int	 parse_take(struct parse *p, struct buf *data);

/*
 * The next event.  For PARSE_OPEN and PARSE_STANZA *e is an element that the
 * caller must elem_free(); otherwise it is NULL.
 */
enum parse_event parse_next(struct parse *p, struct elem **e);

/* How many bytes were fed behind the event just taken, white space too. */
size_t	 parse_pending(const struct parse *p);

/* After PARSE_ERROR: the stream error condition of RFC 6120 section 4.9.3
 * (such as "restricted-xml"), and what happened, for people. */
const char *parse_condition(const struct parse *p);
const char *parse_error(const struct parse *p);

#endif
