#include <stdlib.h>
#include <string.h>

#include "net/allow.h"
#include "net/roster.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define NS_ROSTER	"jabber:iq:roster"

struct fetch {
	struct allow	*allow;
	void		(*done)(int);
};

static void
answered(void *arg, const struct elem *answer)
{
	struct fetch		*f = arg;
	const struct elem	*query;
	int			 good;

	query = elem_child(answer, NS_ROSTER, "query");
	good = answer != NULL && stanza_error(answer) == SE_NONE &&
	    query != NULL && allow_roster(f->allow, query) == 0;
	f->done(good);
	free(f);
}

int
roster_fetch(struct iq_table *t, struct allow *a, int64_t deadline,
    void (*done)(int))
{
	struct fetch	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -1;
	f->allow = a;
	f->done = done;
	xw_elem(iq_request(t, "get", NULL), "query", NS_ROSTER, NULL);
	if (iq_ask(t, answered, f, deadline) == -1) {
		free(f);
		return -1;
	}
	return 0;
}

/* Section 2.1.6: anybody else's push is to be ignored. */
int
roster_push(struct iq_table *t, struct allow *a, const struct elem *iq)
{
	const struct elem	*query = elem_child(iq, NS_ROSTER, "query");
	const char		*from = elem_attr(iq, "from");
	char			 bare[JID_MAX];

	if (query == NULL || !stanza_is(iq, "iq") || !stanza_type(iq, "set") ||
	    (from != NULL && strcmp(from, jid_bare(iq_jid(t), bare)) != 0))
		return 0;
	if (allow_wants_roster(a))
		allow_roster(a, query);
	iq_ok(t, iq);
	return 1;
}
