/*
 * elem: trees of received elements.
 */
#include <stdlib.h>
#include <string.h>

#include "xml/elem.h"
#include "xml/number.h"

#define TEXT_FIRST	32

static size_t
elem_count_attrs(const char **attrs)
{
	size_t n = 0;

	while (attrs[n * 2] != NULL)
		n++;
	return n;
}

/* Copy s with its NUL to *at, and move *at behind it. */
static char *
elem_put(char **at, const char *s)
{
	char *copy = *at;
	size_t n = strlen(s) + 1;

	memcpy(copy, s, n);
	*at += n;
	return copy;
}

/* Copy "ns SEP local" to *at as two strings, or "local" with the namespace "".
 */
static void
elem_put_name(char **at, const char *s, char sep, const char **ns,
    const char **name)
{
	char *copy, *mid;

	copy = elem_put(at, s);
	if ((mid = strchr(copy, sep)) == NULL) {
		*ns = "";
		*name = copy;
		return;
	}
	*mid = '\0';
	*ns = copy;
	*name = mid + 1;
}

struct elem *
elem_new(const char *name, const char **attrs, char sep, size_t *size)
{
	struct elem *e;
	size_t i, n, need;
	char *at;

	n = elem_count_attrs(attrs);
	need = sizeof(*e) + n * sizeof(*e->attrs) + strlen(name) + 1;
	for (i = 0; i < n * 2; i++)
		need += strlen(attrs[i]) + 1;
	if ((e = malloc(need)) == NULL)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->attrs = (struct attr *)(e + 1);
	e->nattrs = n;
	at = (char *)(e->attrs + n);
	elem_put_name(&at, name, sep, &e->ns, &e->name);
	for (i = 0; i < n; i++) {
		elem_put_name(&at, attrs[i * 2], sep, &e->attrs[i].ns,
		    &e->attrs[i].name);
		e->attrs[i].value = elem_put(&at, attrs[i * 2 + 1]);
	}
	*size += need;
	return e;
}

void
elem_append(struct elem *parent, struct elem *child)
{
	child->parent = parent;
	if (parent->last == NULL)
		parent->first = child;
	else
		parent->last->next = child;
	parent->last = child;
}

int
elem_addtext(struct elem *e, const char *s, size_t len)
{
	size_t cap, need;
	char *text;

	need = e->textlen + len + 1;
	if (need > e->textcap) {
		cap = e->textcap == 0 ? TEXT_FIRST : e->textcap * 2;
		if (cap < need)
			cap = need;
		if ((text = realloc(e->text, cap)) == NULL)
			return -1;
		e->text = text;
		e->textcap = cap;
	}
	memcpy(e->text + e->textlen, s, len);
	e->textlen += len;
	e->text[e->textlen] = '\0';
	return 0;
}

void
elem_drop(struct elem *parent)
{
	struct elem *e, *last = parent->last;

	parent->last = NULL;
	if (parent->first == last)
		parent->first = NULL;
	for (e = parent->first; e != NULL; e = e->next) {
		parent->last = e;
		if (e->next == last)
			e->next = NULL;
	}
	last->parent = NULL;
	elem_free(last);
}

static void
elem_drop_text(struct elem *e)
{
	free(e->text);
	e->text = NULL;
	e->textlen = e->textcap = 0;
}

static void
elem_drop_list(struct elem *e)
{
	struct elem *next;

	for (; e != NULL; e = next) {
		next = e->next;
		e->parent = NULL;
		elem_free(e);
	}
}

void
elem_cut(struct elem *e)
{
	struct elem *child = e->first;

	elem_drop_text(e);
	if (child == NULL)
		return;
	elem_drop_list(child->next);
	elem_drop_list(child->first);
	elem_drop_text(child);
	child->next = child->first = child->last = NULL;
	e->last = child;
}

/* Always the first child next, unlinked from its parent, which is where to
 * go on when it is gone: a peer's nesting must not become our stack. */
void
elem_free(struct elem *e)
{
	struct elem *child, *top, *up;

	if (e == NULL)
		return;
	top = e->parent;
	while (e != top) {
		if ((child = e->first) != NULL) {
			e->first = child->next;
			e = child;
			continue;
		}
		up = e->parent;
		free(e->text);
		free(e);
		e = up;
	}
}

int
elem_is(const struct elem *e, const char *ns, const char *name)
{
	return e != NULL && (name == NULL || strcmp(e->name, name) == 0) &&
	    (ns == NULL || strcmp(e->ns, ns) == 0);
}

static const struct elem *
elem_first_match(const struct elem *e, const char *ns, const char *name)
{
	while (e != NULL && !elem_is(e, ns, name))
		e = e->next;
	return e;
}

const struct elem *
elem_child(const struct elem *e, const char *ns, const char *name)
{
	return e == NULL ? NULL : elem_first_match(e->first, ns, name);
}

const struct elem *
elem_next(const struct elem *e, const char *ns, const char *name)
{
	return e == NULL ? NULL : elem_first_match(e->next, ns, name);
}

const char *
elem_attrns(const struct elem *e, const char *ns, const char *name)
{
	const struct attr *a;
	size_t i;

	for (i = 0; e != NULL && i < e->nattrs; i++) {
		a = &e->attrs[i];
		if (strcmp(a->name, name) == 0 && strcmp(a->ns, ns) == 0)
			return a->value;
	}
	return NULL;
}

const char *
elem_attr(const struct elem *e, const char *name)
{
	return elem_attrns(e, "", name);
}

int
elem_number(const struct elem *e, const char *name, uint64_t min, uint64_t max,
    uint64_t *n)
{
	const char *value = elem_attr(e, name);

	return value == NULL ? -1 : number_read(value, min, max, n);
}

const char *
elem_text(const struct elem *e)
{
	return e == NULL || e->text == NULL ? "" : e->text;
}
