/*
 * elem: a received XML element and what is inside it, read-only.
 *
 * Texts and values of attributes are valid UTF-8 without NUL, as expat has
 * checked.  Children are in the order of the document.  The pieces of text
 * directly inside an element are joined, and their places between the children
 * are lost.
 */
#ifndef XML_ELEM_H
#define XML_ELEM_H

#include <stddef.h>
#include <stdint.h>

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
 * A new element out of what expat gives: name and the names among attrs (name,
 * value, ... NULL) are "ns SEP local", or "local" alone.  The bytes that it
 * takes are added to *size.  NULL when out of memory.
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
/* The first child {ns}name of e; ns or name NULL matches every one.  NULL if
 * there is none, or if e is NULL. */
const struct elem *elem_child(const struct elem *e, const char *ns,
	    const char *name);
/* The next sibling {ns}name of e, as elem_child(). */
const struct elem *elem_next(const struct elem *e, const char *ns,
	    const char *name);
/* The value of an attribute in no namespace; NULL if it is absent, or e is. */
const char *elem_attr(const struct elem *e, const char *name);
/* The value of an attribute in ns; NULL if it is absent, or e is. */
const char *elem_attrns(const struct elem *e, const char *ns,
	    const char *name);
/* Read an attribute in no namespace as a decimal from min to max into *n.
 * Returns 0, or -1 with *n untouched if it is absent (or e is NULL) or anything
 * else. */
int	 elem_number(const struct elem *e, const char *name, uint64_t min,
	    uint64_t max, uint64_t *n) MUST_CHECK;
/* The text inside e; "" if none or if e is NULL. */
const char *elem_text(const struct elem *e);

#endif
