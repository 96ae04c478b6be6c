#include <stdlib.h>
#include <string.h>

#include "net/conf/allow.h"
#include "net/login/roster.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/write.h"

struct fetch {
	struct allow	*allow;
	int		 failed;	/* memory ran out */
	void		(*done)(void *, int);
	void		*arg;
};

/* One item, as it comes. */
static int
take_item(void *arg, const struct elem *item)
{
	struct fetch	*f = arg;

	if (!elem_is(item->parent, NS_ROSTER, "query") ||
	    !elem_is(item, NS_ROSTER, "item"))
		return 0;
	if (allow_contact(f->allow, item) == -1)
		f->failed = 1;
	return 1;
}

static void
answered(void *arg, const struct elem *answer)
{
	struct fetch	*f = arg;
	int		 good;

	good = answer != NULL && stanza_error(answer) == SE_NONE &&
	    elem_child(answer, NS_ROSTER, "query") != NULL && !f->failed;
	if (good)
		allow_roster_ends(f->allow);
	f->done(f->arg, good);
	free(f);
}

int
roster_fetch(struct iq_table *t, struct allow *a, int64_t deadline,
    void (*done)(void *, int), void *arg)
{
	struct fetch	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -1;
	f->allow = a;
	f->done = done;
	f->arg = arg;
	allow_roster_begins(a);
	xw_elem(iq_request(t, "get", NULL), "query", NS_ROSTER, NULL);
	iq_in_pieces(t, take_item);
	if (iq_ask(t, answered, f, deadline) == -1) {
		free(f);
		return -1;
	}
	return 0;
}

/* Section 2.1.6: a push from anywhere else is to be ignored. */
int
roster_push(struct iq_table *t, struct allow *a, const struct elem *iq)
{
	const struct elem	*query = elem_child(iq, NS_ROSTER, "query");
	const struct elem	*item;
	const char		*from = elem_attr(iq, "from");
	char			 bare[JID_MAX];

	if (query == NULL || !stanza_is(iq, "iq") || !stanza_type(iq, "set") ||
	    (from != NULL && strcmp(from, jid_bare(iq_jid(t), bare)) != 0))
		return 0;
	for (item = elem_child(query, NS_ROSTER, "item"); item != NULL &&
	    allow_wants_roster(a); item = elem_next(item, NS_ROSTER, "item"))
		if (allow_contact(a, item) == -1)
			return 0;
	iq_ok(t, iq);
	return 1;
}
