/*
 * skip: the rest of a stanza that expat cannot hold, read to its end without
 * expat.  Only tags are counted: what is in them, and whether their names
 * agree, makes no difference to where a well-formed stanza ends.
 */
#ifndef XML_SKIP_H
#define XML_SKIP_H

#include <stddef.h>

enum skip_state {
	SKIP_TEXT,
	SKIP_LESS,		/* '<' was the last byte */
	SKIP_START,		/* in a start tag, */
	SKIP_QUOTED,		/* in a value in it, */
	SKIP_SLASH,		/* behind a '/' in it */
	SKIP_END,		/* in an end tag */
	SKIP_CDATA_BEGINS,	/* behind "<!" */
	SKIP_CDATA,
	SKIP_OVER,		/* the last element is closed */
	SKIP_FORBIDDEN		/* a comment or an instruction */
};

struct skip {
	enum skip_state	 state;
	size_t		 depth;	/* open elements */
	char		 quote;	/* SKIP_QUOTED: what ends it */
	size_t		 n;	/* bytes of "[CDATA[" or "]]" that were seen */
};

/* So many elements are open, and what comes next is text of a CDATA section, or
 * text or a tag. */
void	 skip_begin(struct skip *s, size_t depth, int cdata);

/* Take what of these bytes belongs to the stanza: returns their number, which
 * is len unless s->state is SKIP_OVER or SKIP_FORBIDDEN. */
size_t	 skip_take(struct skip *s, const void *data, size_t len);

#endif
