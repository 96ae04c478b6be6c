/*
 * parse: bytes of an XML stream to its header, its stanzas and its end (RFC
 * 6120 section 4 and 11).
 *
 * Hardened: UTF-8 only; DOCTYPE, entity declarations, processing instructions
 * and comments are errors (11.1), as is text between stanzas other than white
 * space.  Nothing below stream depth is ever delivered on its own.  How the
 * bytes were split makes no difference to the result, but for which of two
 * faults is found first.
 *
 * Nothing that a peer can make a server relay may end the stream of XML.  So a
 * stanza that is too large to be kept is read to its end, too, and thrown away
 * as it comes: PARSE_CUT hands out enough to tell its sender and its stream.
 *
 * It is a pull parser, so that the reader may stop between two stanzas, ask
 * whether anything was sent behind the one just taken (STARTTLS injection) and
 * throw the parser away:
 *
 *	parse_feed(p, data, len);
 *	while ((ev = parse_next(p, &e)) != PARSE_MORE) ...
 */
#ifndef XML_PARSE_H
#define XML_PARSE_H

#include <stddef.h>

#include "xml/check.h"

struct buf;
struct elem;
struct parse;

enum parse_event {
	PARSE_MORE,		/* all fed bytes are used up */
	PARSE_OPEN,		/* the stream's header: its attributes */
	PARSE_STANZA,		/* a whole child of the stream */
	PARSE_CUT,		/* a child of the stream over the limits for
				 * what is kept: its start tag, and that of
				 * its first child if it was read by then */
	PARSE_CLOSE,		/* the stream's end tag */
	PARSE_ERROR		/* see parse_error(); final */
};

/*
 * Limits on what a stream may contain.  Each of the first four says when a
 * stanza is cut.  Where a stanza cannot be cut, that is an error, with the name
 * of the limit in it:
 *
 * - the stream's header, or a stanza's own start tag, is over "stanza" or
 *   "memory": nothing could be told of it;
 * - one token (a tag, mostly) is over "stanza": expat has to hold it whole;
 * - a stanza is over "skip".  No answer is given while a stanza comes, so it
 *   must end some time.  No server that has a limit lets a quarter of this by,
 *   and it costs minutes at the usual speeds, but no memory.  The session takes
 *   a server that says nothing else meanwhile for dead (net/login/reconnect.c).
 *
 * expat may take so much from the heap and no more (heap.h).  A stanza that
 * would take more, by its depth or by names that multiply, is skipped as well
 * (skip.h); if it is its own start tag that does, nothing is told of it.
 */
struct parse_limits {
	size_t	stanza;		/* bytes of one stanza, as sent */
	size_t	memory;		/* bytes that its tree may take */
	int	depth;		/* elements inside each other */
	int	attrs;		/* attributes of one element */
	size_t	skip;		/* bytes of one stanza, kept or not */
};

/* The limits of a stream from a server, as said above. */
const struct parse_limits *parse_defaults(void);

/* A parser for one stream; limits are copied.  NULL when out of memory. */
struct parse *parse_new(const struct parse_limits *limits);
/* NULL is fine. */
void	 parse_free(struct parse *p);

/*
 * Have fn look at each element in a child of a stanza, for example an item of a
 * roster, as soon as it has come; its parents, parent and parent->parent, have
 * their attributes by then.  An element for which fn returns nonzero is freed,
 * and counts towards no limit but "skip", so that a list of any length can be
 * taken.  fn must not call back into the parser.
 */
typedef int parse_piece_fn(void *arg, const struct elem *piece);
/* Set fn, to be called with arg. */
void	 parse_pieces(struct parse *p, parse_piece_fn *fn, void *arg);

/* Give the parser bytes, which are copied, before the first parse_next() or
 * after it said PARSE_MORE.  Returns 0, or -1 when out of memory. */
int	 parse_feed(struct parse *p, const void *data, size_t len) MUST_CHECK;
/* parse_feed() with all that is in data, which is empty afterwards. */
int	 parse_take(struct parse *p, struct buf *data) MUST_CHECK;

/*
 * The next event.  For PARSE_OPEN, PARSE_STANZA and PARSE_CUT *e is an element
 * that the caller must elem_free(); otherwise it is NULL.
 */
enum parse_event parse_next(struct parse *p, struct elem **e);

/* How many bytes were fed behind the event just taken, with white space: any of
 * them before TLS begins were injected (RFC 6120 section 5.3.3). */
size_t	 parse_pending(const struct parse *p);

/* After PARSE_ERROR: the condition for a stream error (RFC 6120 section 4.9.3),
 * for example "restricted-xml". */
const char *parse_condition(const struct parse *p);
/* After PARSE_ERROR: what happened, for people. */
const char *parse_error(const struct parse *p);
/* After PARSE_ERROR: is the cause a lack of memory here, not what was fed? */
int	 parse_starved(const struct parse *p);

#endif
