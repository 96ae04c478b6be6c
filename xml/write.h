/*
 * write: well-formed XML into a buffer, whatever text it is given.
 *
 * Markup characters are escaped; what XML cannot carry (control characters,
 * bytes that are not UTF-8) becomes U+FFFD.  Element and attribute names are
 * the program's own constants, or the parser has checked them.  Errors are
 * sticky: write the whole stanza, then ask xw_done() once.
 *
 *	struct xw w;
 *	xw_init(&w, &buf);
 *	xw_start(&w, "iq", NULL);
 *	xw_attr(&w, "type", "get");
 *	xw_start(&w, "ping", "urn:xmpp:ping");
 *	if (xw_done(&w) == -1) ...
 */
#ifndef XML_WRITE_H
#define XML_WRITE_H

#include <stddef.h>

#include "xml/check.h"

struct buf;

#define XW_DEPTH 16

struct xw {
	struct buf	*out;
	size_t		 mark;		/* where this writing began in out */
	const char	*open[XW_DEPTH];
	int		 depth;
	int		 intag;		/* start tag not yet ended by '>' */
	int		 failed;	/* something could not be written, */
	int		 starved;	/* ... for lack of memory */
};

/* Begin to append to out, which must outlive w. */
void	 xw_init(struct xw *w, struct buf *out);
/* Start an element; ns, if not NULL, becomes its xmlns. */
void	 xw_start(struct xw *w, const char *name, const char *ns);
/* Write an attribute of the element just started; none if value is NULL. */
void	 xw_attr(struct xw *w, const char *name, const char *value);
/* Write an attribute with what printf(3) makes of the format. */
void	 xw_attrf(struct xw *w, const char *name, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));
/* Write character data, escaped. */
void	 xw_text(struct xw *w, const char *text);
/* Write len bytes as base64 (RFC 4648 section 4). */
void	 xw_base64(struct xw *w, const void *data, size_t len);
/* Write len bytes of markup that another xw has made. */
void	 xw_markup(struct xw *w, const void *markup, size_t len);
/* End the innermost open element. */
void	 xw_end(struct xw *w);
/* Write a whole element, <name xmlns='ns'>text</name>; ns and text may be
 * NULL. */
void	 xw_elem(struct xw *w, const char *name, const char *ns,
	    const char *text);
/* End all open elements.  Returns 0, or -1 (out of room or memory, nested
 * too deep) with out as it was at xw_init(). */
int	 xw_done(struct xw *w) MUST_CHECK;

#endif
