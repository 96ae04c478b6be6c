/*
 * parse_int: what the files of the parser share: parse.c, the interface, and
 * what of the bytes expat is given; parse_tree.c, expat's events to elements;
 * parse_limit.c, what ends a stream and what a stanza may take; parse_skip.c,
 * a new expat in the place of a full one, and the stanza that filled it.
 */
#ifndef XML_PARSE_INT_H
#define XML_PARSE_INT_H

#include <stddef.h>

#include <expat.h>

#include "xml/buf.h"
#include "xml/check.h"
#include "xml/heap.h"
#include "xml/parse.h"
#include "xml/skip.h"

struct elem;

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
	int			 in_cdata;
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

/* parse_limit.c */

/* End the stream, which is unusable, with the condition of a stream error (RFC
 * 6120 section 4.9.3) and what happened, for people.  The first reason
 * stays. */
void	 parse_fail(struct parse *p, const char *condition,
	    const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));
/* parse_fail(): expat or a start tag takes more memory than it may. */
void	 parse_fail_memory(struct parse *p);
/* parse_fail(): there is no memory here. */
void	 parse_fail_nomem(struct parse *p);
/* How many bytes of the present stanza are, or may be, kept. */
size_t	 parse_used(const struct parse *p);
/* How many more bytes of the present stanza may come at all. */
size_t	 parse_skip_room(const struct parse *p);
/* How many bytes may come before the stanza must be cut; once it is cut, before
 * the present token, which expat must hold whole, is too long. */
size_t	 parse_room(const struct parse *p);
/* Keep no more of the present stanza from here on. */
void	 parse_cut(struct parse *p);
/* Cut the stanza, or fail, if there is no room for more of it. */
void	 parse_check_size(struct parse *p);

/* parse_tree.c */

/* Make a new expat, to which nothing has been given, in p->expat.  Returns 0,
 * or -1 when out of memory. */
int	 parse_new_expat(struct parse *p) MUST_CHECK;
/* The position of expat's present event. */
unsigned long parse_position(const struct parse *p);
/* Append n bytes of text to the innermost open element, unless it is cut. */
void	 parse_add_text(struct parse *p, const char *s, size_t n);

/* parse_skip.c */

/*
 * What a start tag declares may multiply until expat takes more than it may.
 * Any peer can have a server relay that, so the stanza is skipped, and a new
 * expat takes what follows it.  Of a stanza whose own start tag it was nothing
 * is told.  Between two stanzas a new expat tries what comes first.  Returns 0,
 * or -1 if neither can be done.
 */
int	 parse_begin_skipping(struct parse *p) MUST_CHECK;
/* Take fed bytes of the stanza that is skipped.  Returns 0 without any. */
int	 parse_skip_some(struct parse *p);
/*
 * expat never forgets a name, and strangers may send us new names for ever.  So
 * now and then, between two stanzas, a new expat takes over, to which only the
 * header has been given.
 */
void	 parse_renew(struct parse *p);

static inline int
parse_is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

#endif
