/*
 * copy: a received element, written again.
 */
#ifndef XML_COPY_H
#define XML_COPY_H

struct elem;
struct xw;

/*
 * Write e and all inside it to w, where the default namespace is ns.  The
 * parser has checked the names.  Character data comes before the children,
 * since an elem does not keep their order.  It fails as writing does, by
 * xw_done(), also for an element of more depth than an xw has.
 */
void	 copy_elem(struct xw *w, const struct elem *e, const char *ns);

#endif
