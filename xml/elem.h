/*
 * elem: a received XML element and what is inside it, read-only.
 *
 * Text and attribute values are valid UTF-8 without NUL, as expat checked
 * them.  Children are in document order.  Mixed content is kept as one text:
 * the character data directly inside an element, joined.
 */
#ifndef XML_ELEM_H
#define XML_ELEM_H

#include <stddef.h>

#include "xml/check.h"

struct attr {
	const char	*ns;		/* "" if in no namespace */
	const char	*name;
	const char	*value;
};

struct elem {
	const char	*ns;		/* "" if in no namespace */
	const char	*name;
	struct attr	*attrs;
	size_t		 nattrs;
	char		*text;		/* NUL-terminated, or NULL */
	size_t		 textlen;
	size_t		 textcap;
	struct elem	*parent;
	struct elem	*first, *last;	/* children */
	struct elem	*next;		/* sibling */
};

/*
 * A new element from expat's triplets: name and the attribute array hold
 * "ns SEP local", or "local" alone.  Adds the bytes it takes to *size.
 * Returns NULL when out of memory.
 */
struct elem *elem_new(const char *name, const char **attrs, char sep,
	    size_t *size);
/* Append a child, which parent owns from now on. */
void	 elem_append(struct elem *parent, struct elem *child);
/* Append character data.  Returns 0, or -1 when out of memory. */
int	 elem_addtext(struct elem *e, const char *s, size_t len) MUST_CHECK;
/* Free the last child of parent, which has one, and all inside it. */
void	 elem_drop(struct elem *parent);
/* Free all inside e but the start tag of its first child. */
void	 elem_cut(struct elem *e);
/* Free e and all inside it, without recursion.  NULL is fine. */
void	 elem_free(struct elem *e);

/* Is e {ns}name?  NULL is not. */
int	 elem_is(const struct elem *e, const char *ns, const char *name);
/* First child {ns}name; the next sibling like that.  NULL for either of ns
 * and name matches any.  NULL if there is none, or if e is NULL. */
const struct elem *elem_child(const struct elem *e, const char *ns,
	    const char *name);
const struct elem *elem_next(const struct elem *e, const char *ns,
	    const char *name);
/* Value of an attribute in no namespace, or in ns; NULL if absent. */
const char *elem_attr(const struct elem *e, const char *name);
const char *elem_attrns(const struct elem *e, const char *ns,
	    const char *name);
/* The text inside e; "" if none or if e is NULL. */
const char *elem_text(const struct elem *e);

#endif
