/* roster: see roster.h. */
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

/* A call of roster_fetch().  Only the last has a request; the earlier ones wait
 * for its answer. */
struct fetch {
	struct roster	*roster;
	struct allow	*allow;
	int		 failed;	/* memory ran out */
	void		(*done)(void *, int);
	void		*arg;
	struct fetch	*earlier;
};

struct roster {
	struct iq_table	*iqs;
	struct fetch	*last;		/* NULL: nothing is asked for */
};

struct roster *
roster_new(struct iq_table *t)
{
	struct roster	*r;

	if ((r = calloc(1, sizeof(*r))) != NULL)
		r->iqs = t;
	return r;
}

void
roster_free(struct roster *r)
{
	struct fetch	*f;

	if (r == NULL)
		return;
	if (r->last != NULL)
		iq_forget(r->iqs, r->last);
	while ((f = r->last) != NULL) {
		r->last = f->earlier;
		free(f);
	}
	free(r);
}

/* One item, as it comes. */
static int
roster_item(void *arg, const struct elem *item)
{
	struct fetch	*f = arg;

	if (!elem_is(item->parent, NS_ROSTER, "query") ||
	    !elem_is(item, NS_ROSTER, "item"))
		return 0;
	if (allow_contact(f->allow, item) == -1)
		f->failed = 1;
	return 1;
}

/* The first caller of roster_fetch() is told first. */
static void
roster_tell(struct fetch *f, int good)
{
	if (f->earlier != NULL)
		roster_tell(f->earlier, good);
	f->done(f->arg, good);
	free(f);
}

static void
roster_answered(void *arg, const struct elem *answer)
{
	struct fetch	*f = arg;
	int		 good;

	good = answer != NULL && stanza_error(answer) == SE_NONE &&
	    elem_child(answer, NS_ROSTER, "query") != NULL && !f->failed;
	if (good)
		allow_roster_ends(f->allow);
	f->roster->last = NULL;
	roster_tell(f, good);
}

/* The new fetch f stands for those before it, and for those that would call
 * its own done. */
static void
roster_replace(struct roster *r, struct fetch *f)
{
	struct fetch	**p = &f->earlier, *old;

	if (r->last != NULL)
		iq_forget(r->iqs, r->last);
	f->earlier = r->last;
	r->last = f;
	while ((old = *p) != NULL)
		if (old->done == f->done && old->arg == f->arg) {
			*p = old->earlier;
			free(old);
		} else {
			p = &old->earlier;
		}
}

int
roster_fetch(struct roster *r, struct allow *a, int64_t deadline,
    void (*done)(void *, int), void *arg)
{
	struct fetch	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -1;
	f->roster = r;
	f->allow = a;
	f->done = done;
	f->arg = arg;
	xw_elem(iq_request(r->iqs, "get", NULL), "query", NS_ROSTER, NULL);
	iq_in_pieces(r->iqs, roster_item);
	if (iq_ask(r->iqs, roster_answered, f, deadline) == -1) {
		free(f);
		return -1;
	}
	roster_replace(r, f);
	allow_roster_begins(a);
	return 0;
}

/* Section 2.1.6: a push from anywhere else is to be ignored. */
int
roster_push(struct iq_table *t, struct allow *a, const struct elem *iq,
    const struct elem *query)
{
	const struct elem	*item;
	const char		*from = elem_attr(iq, "from");
	char			 bare[JID_MAX];

	if (from != NULL && strcmp(from, jid_bare(iq_jid(t), bare)) != 0)
		return 0;
	for (item = elem_child(query, NS_ROSTER, "item"); item != NULL &&
	    allow_wants_roster(a); item = elem_next(item, NS_ROSTER, "item"))
		if (allow_contact(a, item) == -1)
			return 0;
	iq_ok(t, iq);
	return 1;
}
