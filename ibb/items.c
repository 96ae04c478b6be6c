/* items: see items.h. */
#include <stdlib.h>
#include <string.h>

#include "ibb/items.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/stanza.h"
#include "xml/write.h"

struct items {
	struct iq_table	*iqs;
	int64_t		 deadline;
	size_t		 pending;	/* questions not answered */
	items_fn	*fn;
	void		*arg;
};

void
items_cancel(struct items *s)
{
	if (s == NULL)
		return;
	iq_forget(s->iqs, s);
	free(s);
}

/* A question is answered; after the last answer the search is over. */
static void
items_answered(struct items *s)
{
	items_fn	*fn = s->fn;
	void		*arg = s->arg;

	if (--s->pending > 0)
		return;
	items_cancel(s);
	fn(arg, NULL, NULL);
}

static void
items_send(struct items *s, const char *jid, const char *ns, iq_answer_fn *fn)
{
	xw_elem(iq_request(s->iqs, "get", jid), "query", ns, NULL);
	if (iq_ask(s->iqs, fn, s, s->deadline) == 0)
		s->pending++;
}

static void
items_got_info(void *arg, const struct elem *answer)
{
	struct items		*s = arg;
	const struct elem	*query = NULL;

	if (answer != NULL && stanza_error(answer) == SE_NONE)
		query = elem_child(answer, NS_INFO, "query");
	if (query != NULL && elem_attr(answer, "from") != NULL)
		s->fn(s->arg, elem_attr(answer, "from"), query);
	items_answered(s);
}

static void
items_got_items(void *arg, const struct elem *answer)
{
	struct items		*s = arg;
	const struct elem	*e = elem_child(answer, NS_ITEMS, "query");
	char			 jid[JID_MAX];
	size_t			 n = 0;

	if (answer != NULL && stanza_error(answer) == SE_NONE)
		for (e = elem_child(e, NS_ITEMS, "item");
		    e != NULL && n < ITEMS_MAX;
		    e = elem_next(e, NS_ITEMS, "item"))
			if (elem_attr(e, "jid") != NULL &&
			    elem_attr(e, "node") == NULL &&
			    jid_prep(elem_attr(e, "jid"), jid, NULL) == 0) {
				items_send(s, jid, NS_INFO, items_got_info);
				n++;
			}
	items_answered(s);
}

struct items *
items_ask(struct iq_table *t, const char *server, int itself,
    int64_t deadline, items_fn *fn, void *arg)
{
	struct items	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->iqs = t;
	s->deadline = deadline;
	s->fn = fn;
	s->arg = arg;
	items_send(s, server, NS_ITEMS, items_got_items);
	if (itself)
		items_send(s, server, NS_INFO, items_got_info);
	if (s->pending == 0) {
		free(s);
		return NULL;
	}
	return s;
}

/* Is the attribute of e, if e has it, this? */
static int
items_attr_is(const struct elem *e, const char *name, const char *value)
{
	const char	*has = elem_attr(e, name);

	return has != NULL && strcmp(has, value) == 0;
}

int
items_identity(const struct elem *query, const char *category,
    const char *type)
{
	const struct elem	*e;

	for (e = elem_child(query, NS_INFO, "identity"); e != NULL;
	    e = elem_next(e, NS_INFO, "identity"))
		if (items_attr_is(e, "category", category) &&
		    items_attr_is(e, "type", type))
			return 1;
	return 0;
}

int
items_feature(const struct elem *query, const char *var)
{
	const struct elem	*e;

	for (e = elem_child(query, NS_INFO, "feature"); e != NULL;
	    e = elem_next(e, NS_INFO, "feature"))
		if (items_attr_is(e, "var", var))
			return 1;
	return 0;
}
