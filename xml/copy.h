/*
 * copy: a received element, written again.
 */
#ifndef XML_COPY_H
#define XML_COPY_H

struct elem;
struct xw;

/*
 * Write e and all inside it to w, where the default namespace is ns.  The names
 * are written as they are, since the parser has checked them.  Character data
 * comes before the children: an elem does not keep their order.  A failure
 * shows in xw_done(), also that of an element deeper than XW_DEPTH.
 */
void	 copy_elem(struct xw *w, const struct elem *e, const char *ns);

#endif
