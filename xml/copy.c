/*
 * copy: a received element, written again.
 */
#include <stdio.h>
#include <string.h>

#include "xml/copy.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/write.h"

/* An attribute in a namespace needs a prefix, which is ours to choose. */
static void
copy_attr(struct xw *w, const struct attr *a, size_t n)
{
	char	 prefix[24], xmlns[32], name[256];

	if (*a->ns == '\0') {
		xw_attr(w, a->name, a->value);
		return;
	}
	if (strcmp(a->ns, NS_XML) == 0) {
		snprintf(prefix, sizeof(prefix), "xml");
	} else {
		snprintf(prefix, sizeof(prefix), "a%zu", n);
		snprintf(xmlns, sizeof(xmlns), "xmlns:%s", prefix);
		xw_attr(w, xmlns, a->ns);
	}
	if ((size_t)snprintf(name, sizeof(name), "%s:%s", prefix, a->name) <
	    sizeof(name))
		xw_attr(w, name, a->value);
}

static void
copy_start(struct xw *w, const struct elem *e, const char *ns)
{
	size_t	 i;

	xw_start(w, e->name, strcmp(e->ns, ns) == 0 ? NULL : e->ns);
	for (i = 0; i < e->nattrs; i++)
		copy_attr(w, &e->attrs[i], i);
	if (e->textlen > 0)
		xw_text(w, e->text);
}

/* Without recursion: a peer chooses the depth. */
void
copy_elem(struct xw *w, const struct elem *e, const char *ns)
{
	const struct elem	*at = e;

	copy_start(w, at, ns);
	for (;;) {
		if (w->failed)
			return;
		if (at->first != NULL) {
			copy_start(w, at->first, at->ns);
			at = at->first;
			continue;
		}
		while (at != e && at->next == NULL) {
			xw_end(w);
			at = at->parent;
		}
		xw_end(w);
		if (at == e)
			return;
		copy_start(w, at->next, at->parent->ns);
		at = at->next;
	}
}
