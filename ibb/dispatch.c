/*
 * dispatch: a sorted table of handlers, searched for each child of a stanza.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "xml/context.h"
#include "xml/elem.h"
#include "xml/stanza.h"

/* An entry with its arg.  No element has one of these names, so they can stand
 * for NULL: every name in a namespace, and no element at all. */
#define NAME_ANY	""
#define NAME_NONE	"*"

struct handler {
	enum dispatch_kind kind;
	const char	*ns, *name;
	dispatch_fn	*fn;
	void		*arg;
};

struct dispatch {
	struct handler	*handlers;	/* sorted by kind, ns and name */
	size_t		 n;
};

struct dispatch *
dispatch_new(void)
{
	return calloc(1, sizeof(struct dispatch));
}

void
dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	free(d->handlers);
	free(d);
}

static int
handler_cmp(const void *a, const void *b)
{
	const struct handler	*x = a, *y = b;
	int			 c;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if ((c = strcmp(x->ns, y->ns)) != 0)
		return c;
	return strcmp(x->name, y->name);
}

/* Are two neighbours of the sorted table for one element? */
static int
dispatch_has_twins(const struct handler *h, size_t n)
{
	size_t	 i;

	for (i = 1; i < n; i++)
		if (handler_cmp(&h[i - 1], &h[i]) == 0)
			return 1;
	return 0;
}

int
dispatch_add(struct dispatch *d, const struct dispatch_entry *e, size_t n,
    void *arg)
{
	struct handler	*all, *h;
	size_t		 i;

	if ((all = reallocarray(NULL, d->n + n, sizeof(*all))) == NULL)
		return -1;
	if (d->n > 0)
		memcpy(all, d->handlers, d->n * sizeof(*all));
	for (i = 0; i < n; i++) {
		h = &all[d->n + i];
		h->kind = e[i].kind;
		h->ns = e[i].ns != NULL ? e[i].ns : "";
		h->name = e[i].ns == NULL ? NAME_NONE :
		    e[i].name == NULL ? NAME_ANY : e[i].name;
		h->fn = e[i].fn;
		h->arg = arg;
	}
	qsort(all, d->n + n, sizeof(*all), handler_cmp);
	if (dispatch_has_twins(all, d->n + n)) {
		free(all);
		return -1;
	}
	free(d->handlers);
	d->handlers = all;
	d->n += n;
	return 0;
}

void
dispatch_forget(struct dispatch *d, const void *arg)
{
	size_t	 i, n = 0;

	for (i = 0; i < d->n; i++)
		if (d->handlers[i].arg != arg)
			d->handlers[n++] = d->handlers[i];
	d->n = n;
}

static const struct handler *
dispatch_find(const struct dispatch *d, enum dispatch_kind kind,
    const char *ns, const char *name)
{
	struct handler	 key = { .kind = kind, .ns = ns, .name = name };

	return d->n == 0 ? NULL : bsearch(&key, d->handlers, d->n, sizeof(key),
	    handler_cmp);
}

/* The kind of a stanza that is whole: 0, or -1 if no entry is for it. */
static int
dispatch_kind(const struct elem *stanza, enum dispatch_kind *kind)
{
	int	 error = stanza_type(stanza, "error");

	if (stanza_is(stanza, "message")) {
		*kind = error ? DISPATCH_BOUNCE : DISPATCH_MESSAGE;
		return 0;
	}
	if (!stanza_is(stanza, "iq") || error || stanza_type(stanza, "result"))
		return -1;
	*kind = stanza_type(stanza, "set") ? DISPATCH_SET : DISPATCH_GET;
	return 0;
}

/* A handler may enter the context of the stream that a stanza is for. */
static int
dispatch_call(const struct handler *h, const struct elem *stanza,
    const struct elem *payload)
{
	unsigned	 left = context_now();
	int		 taken;

	if (h == NULL)
		return 0;
	taken = h->fn(h->arg, stanza, payload);
	context_enter(left);
	return taken;
}

int
dispatch_stanza(const struct dispatch *d, const struct elem *stanza, int cut)
{
	enum dispatch_kind	 kind = DISPATCH_CUT;
	const struct handler	*h;
	const struct elem	*e;

	if (!cut && dispatch_kind(stanza, &kind) == -1)
		return 0;
	for (e = stanza->first; e != NULL; e = e->next) {
		if ((h = dispatch_find(d, kind, e->ns, e->name)) == NULL)
			h = dispatch_find(d, kind, e->ns, NAME_ANY);
		if (dispatch_call(h, stanza, e))
			return 1;
	}
	return dispatch_call(dispatch_find(d, kind, "", NAME_NONE), stanza,
	    NULL);
}
