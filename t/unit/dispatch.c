/*
 * Unit tests of ibb/dispatch: which handler a stanza goes to, and which entries
 * a table takes.
 */
#include <stdio.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/stanza.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static char	 handled[256];	/* what the handlers were given */
static int	 answer = 1;	/* that they give */
static char	 one[] = "1", two[] = "2", three[] = "3";	/* args */

static int
note(const char *who, void *arg, const struct elem *payload)
{
	char	 line[64];

	snprintf(line, sizeof(line), "%s%s(%s) ", who, (const char *)arg,
	    payload != NULL ? payload->name : "-");
	strlcat(handled, line, sizeof(handled));
	return answer;
}

static int
on_open(void *arg, const struct elem *stanza, const struct elem *payload)
{
	(void)stanza;
	return note("open", arg, payload);
}

static int
on_any(void *arg, const struct elem *stanza, const struct elem *payload)
{
	(void)stanza;
	return note("any", arg, payload);
}

static int
on_none(void *arg, const struct elem *stanza, const struct elem *payload)
{
	(void)stanza;
	return note("none", arg, payload);
}

static const struct dispatch_entry first[] = {
	{ DISPATCH_SET, "urn:b", "open", on_open },
	{ DISPATCH_SET, "urn:b", NULL, on_any },
	{ DISPATCH_SET, "urn:a", "open", on_open },
	{ DISPATCH_MESSAGE, "urn:b", "open", on_open },
	{ DISPATCH_BOUNCE, NULL, NULL, on_none },
	{ DISPATCH_CUT, "urn:b", "open", on_open },
};
static const struct dispatch_entry second[] = {
	{ DISPATCH_GET, "urn:b", NULL, on_any },
	{ DISPATCH_SET, "urn:c", "open", on_open },
};

/* Each: a stanza; the handlers that it comes to, and how it ends. */
static const struct {
	const char	*xml, *want;
} stanzas[] = {
	{ "<iq type='set'><open xmlns='urn:b'/></iq>", "open1(open) 1" },
	{ "<iq type='set'><shut xmlns='urn:b'/></iq>", "any1(shut) 1" },
	{ "<iq type='set'><open xmlns='urn:a'/></iq>", "open1(open) 1" },
	{ "<iq type='set'><shut xmlns='urn:a'/></iq>", "0" },
	{ "<iq type='set'><open xmlns='urn:c'/></iq>", "open2(open) 1" },
	{ "<iq type='set'><open xmlns='urn:d'/></iq>", "0" },
	{ "<iq type='set'><x xmlns=''/></iq>", "0" },
	{ "<iq type='set'/>", "0" },
	{ "<iq type='set'><x xmlns='urn:d'/><open xmlns='urn:a'/></iq>",
	    "open1(open) 1" },
	{ "<iq type='get'><open xmlns='urn:b'/></iq>", "any2(open) 1" },
	{ "<iq type='get'><open xmlns='urn:a'/></iq>", "0" },
	{ "<iq type='odd'><open xmlns='urn:b'/></iq>", "any2(open) 1" },
	{ "<iq type='result'><open xmlns='urn:b'/></iq>", "0" },
	{ "<iq type='error'><open xmlns='urn:b'/></iq>", "0" },
	{ "<message><open xmlns='urn:b'/></message>", "open1(open) 1" },
	{ "<message type='chat'><open xmlns='urn:b'/></message>",
	    "open1(open) 1" },
	{ "<message><shut xmlns='urn:b'/></message>", "0" },
	{ "<message type='error'><open xmlns='urn:b'/></message>",
	    "none1(-) 1" },
	{ "<message type='error'><x xmlns=''/></message>", "none1(-) 1" },
	{ "<message type='error'/>", "none1(-) 1" },
	{ "<presence><open xmlns='urn:b'/></presence>", "0" },
};

/* A table of both modules, added at once or entry by entry from the end. */
static struct dispatch *
make(int backwards)
{
	struct dispatch	*d = dispatch_new();
	size_t		 i;

	if (d == NULL)
		return NULL;
	if (!backwards) {
		ok(dispatch_add(d, first, N(first), one) == 0 &&
		    dispatch_add(d, second, N(second), two) == 0,
		    "two modules");
		return d;
	}
	for (i = N(second); i-- > 0;)
		if (dispatch_add(d, &second[i], 1, two) == -1)
			ok(0, "one by one");
	for (i = N(first); i-- > 0;)
		if (dispatch_add(d, &first[i], 1, one) == -1)
			ok(0, "one by one");
	return d;
}

static const char *
dispatched(const struct dispatch *d, const char *xml, int cut)
{
	struct elem	*e = stanza_parse(xml);

	*handled = '\0';
	if (e == NULL)
		return "no stanza";
	strlcat(handled, dispatch_stanza(d, e, cut) ? "1" : "0",
	    sizeof(handled));
	elem_free(e);
	return handled;
}

static void
test_stanzas(int backwards)
{
	struct dispatch	*d = make(backwards);
	size_t		 i;

	for (i = 0; i < N(stanzas); i++)
		is(dispatched(d, stanzas[i].xml, 0),
		    stanzas[i].want, "%s", stanzas[i].xml);
	is(dispatched(d, "<iq type='result'><open xmlns='urn:b'/></iq>",
	    1), "open1(open) 1", "one that is cut");
	is(dispatched(d, "<iq type='set'><shut xmlns='urn:b'/></iq>",
	    1), "0", "no entry for a cut one");
	dispatch_free(d);
}

/* A handler that does not want it: the others are asked. */
static void
test_declined(void)
{
	struct dispatch	*d = make(0);

	answer = 0;
	is(dispatched(d, "<iq type='set'><open xmlns='urn:b'/>"
	    "<open xmlns='urn:c'/><y xmlns='urn:b'/></iq>", 0),
	    "open1(open) open2(open) any1(y) 0", "each child in turn");
	answer = 1;
	dispatch_free(d);
}

static void
test_table(void)
{
	struct dispatch	*d = dispatch_new();
	static const struct dispatch_entry twice[] = {
		{ DISPATCH_SET, "urn:e", "x", on_open },
		{ DISPATCH_SET, "urn:e", "x", on_any },
	};

	is(dispatched(d, stanzas[0].xml, 0), "0", "empty");
	is_int(dispatch_add(d, first, N(first), one), 0, "filled");
	is_int(dispatch_add(d, second, N(second), two), 0, "more");
	is_int(dispatch_add(d, &first[2], 1, three), -1, "not again");
	is_int(dispatch_add(d, twice, N(twice), three), -1, "nor twice");
	is(dispatched(d, "<iq type='set'><x xmlns='urn:e'/></iq>",
	    0), "0", "nothing of it was added");
	dispatch_forget(d, stanzas);
	is(dispatched(d, stanzas[0].xml, 0), "open1(open) 1",
	    "another arg is not forgotten");
	dispatch_free(d);
	dispatch_free(NULL);
}

static void
test_forget(void)
{
	struct dispatch	*d = dispatch_new();

	ok(dispatch_add(d, first, N(first), one) == 0 &&
	    dispatch_add(d, second, N(second), two) == 0, "two modules");
	dispatch_forget(d, one);
	is(dispatched(d, stanzas[0].xml, 0), "0", "one is gone");
	is(dispatched(d, stanzas[4].xml, 0), "open2(open) 1",
	    "the other is not");
	is_int(dispatch_add(d, first, N(first), one), 0, "and it is back");
	is(dispatched(d, stanzas[0].xml, 0), "open1(open) 1",
	    "as it was");
	dispatch_free(d);
}

int
main(void)
{
	test_stanzas(0);
	test_stanzas(1);
	test_declined();
	test_table();
	test_forget();
	return tap_done();
}
