/*
 * Unit tests of ibb/upload and ibb/items: the service that is found, the slot
 * that is asked for, the answers that make sense and those that do not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/items.h"
#include "ibb/upload.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"

#define UP	"urn:xmpp:http:upload:0"
#define INFO(inside) "<query xmlns='http://jabber.org/protocol/disco#info'>" \
		inside "</query>"
#define FEATURE	"<feature var='" UP "'/>"
#define FORM(type, max) "<x xmlns='jabber:x:data' type='result'>" \
		"<field var='FORM_TYPE' type='hidden'><value>" type \
		"</value></field><field var='max-file-size'><value>" max \
		"</value></field></x>"
#define SLOT(inside) "<slot xmlns='" UP "'>" inside "</slot>"
#define GET	"<get url='https://d/x'/>"

static struct iq_table		*t;
static int			 calls, none;
static struct upload_service	 service;

/* The requests that are under way, by their addressees. */
static struct {
	char	 to[64], id[64];
} asked[8];
static size_t	 nasked;

static int
take(void *arg, const void *data, size_t len)
{
	const char	*p;

	stanza_take(arg, data, len);
	if ((p = strstr(stanza_sent, " to='")) == NULL || nasked == 8)
		abort();
	snprintf(asked[nasked].to, sizeof(asked[0].to), "%.*s",
	    (int)strcspn(p + 5, "'"), p + 5);
	snprintf(asked[nasked].id, sizeof(asked[0].id), "%s", stanza_id());
	nasked++;
	return 0;
}

/* The n-th request is answered with this inside. */
static void
answer(size_t n, const char *type, const char *inside)
{
	char		 xml[4096];
	struct elem	*e;

	snprintf(xml, sizeof(xml), "<iq type='%s' id='%s' from='%s'>%s</iq>",
	    type, asked[n].id, asked[n].to, inside);
	if ((e = stanza_parse(xml)) == NULL)
		abort();
	iq_answer(t, e);
	elem_free(e);
}

static void
on_found(void *arg, const struct upload_service *s)
{
	(void)arg;
	calls++;
	none = s == NULL;
	if (s != NULL)
		service = *s;
}

/* Look for room for size bytes, where the server has items a and b. */
static void
find(uint64_t size)
{
	nasked = 0;
	calls = none = 0;
	memset(&service, 0, sizeof(service));
	if (upload_find(t, "srv", size, 1000, on_found, NULL) == NULL)
		abort();
	answer(0, "result", "<query xmlns='http://jabber.org/protocol/"
	    "disco#items'><item jid='a'/><item jid='b'/></query>");
}

static void
test_find(void)
{
	find(100);
	is_int((long)nasked, 4, "the server, its items, each of them");
	answer(1, "result", INFO(""));
	answer(2, "result", INFO(FEATURE));
	is_int(calls, 0, "b has not answered");
	answer(3, "error", "");
	ok(calls == 1 && !none, "found");
	is(service.jid, "a", "where");
	ok(service.max == UPLOAD_ANY, "without a limit");

	find(100);
	answer(2, "result", INFO(FEATURE FORM(UP, "99")));
	answer(3, "result", INFO(FEATURE FORM(UP, "100")));
	answer(1, "result", INFO(FEATURE FORM(UP, "200")));
	is(service.jid, "b", "the first with room");
	ok(service.max == 100, "its limit");

	find(1000);
	answer(2, "result", INFO(FEATURE FORM(UP, "99")));
	answer(3, "result", INFO(FEATURE FORM(UP, "98")));
	answer(1, "result", INFO(""));
	is(service.jid, "a", "or with the most room");

	find(1);
	answer(1, "result", INFO(FEATURE FORM("other", "5")
	    FORM(UP, "nonsense")));
	answer(2, "result", INFO(""));
	answer(3, "result", INFO(""));
	is(service.jid, "srv", "the server itself");
	ok(service.max == UPLOAD_ANY, "a limit that makes no sense");

	find(1);
	answer(1, "result", INFO("<feature var='x'/>"));
	answer(2, "result", "");
	iq_expire(t, 1001);
	ok(calls == 1 && none, "none, and one that is silent");
}

/* The slot as the callback saw it, as text. */
static char	 seen[1024];

static void
on_slot(void *arg, const struct upload_slot *s)
{
	static const char *const results[] = {
		"granted", "too large", "later", "refused", "nonsense",
		"silent"
	};
	size_t	 i;

	(void)arg;
	calls++;
	snprintf(seen, sizeof(seen), "%s", results[s->result]);
	if (s->result == UPLOAD_GRANTED)
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen),
		    " %s %s", s->put, s->get);
	for (i = 0; s->result == UPLOAD_GRANTED && i < s->nheaders; i++)
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen),
		    " %s=%s", s->headers[i].name, s->headers[i].value);
	if (s->max != UPLOAD_ANY)
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen),
		    " %llu", (unsigned long long)s->max);
	if (*s->stamp != '\0' || *s->text != '\0')
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen),
		    " [%s] [%s]", s->stamp, s->text);
}

static const char *
slot(const char *type, const char *inside)
{
	nasked = 0;
	calls = 0;
	*seen = '\0';
	if (upload_ask(t, "up", "a'b", 5, "text/plain", 1000, on_slot, NULL) ==
	    NULL)
		abort();
	answer(0, type, inside);
	return calls == 1 ? seen : "not called once";
}

static void
test_slot(void)
{
	is(slot("result", SLOT("<put url='https://u/x'/>" GET)),
	    "granted https://u/x https://d/x", "a slot");
	ok(stanza_has("type='get'") && stanza_has("<request xmlns='" UP
	    "' filename='a&apos;b' size='5' content-type='text/plain'/>"),
	    "as it is asked for");
	is(slot("result", SLOT("<put url='https://u/x'>"
	    "<header name='authoriZation'>Basic x</header>"
	    "<header name='Host'>evil</header>"
	    "<header name='Cookie'>a=1</header>"
	    "<header name='X-Other'>&#10;</header>"
	    "<header>nameless</header>"
	    "<header name='cookie'>b=2</header>"
	    "<header name='Expires'>never</header></put>" GET)),
	    "granted https://u/x https://d/x authoriZation=Basic x Cookie=a=1 "
	    "cookie=b=2 Expires=never", "fields that are allowed, in order");
	is(slot("result", SLOT("<put url='https://u/x'>"
	    "<header name='Cookie'>a&#13;&#10;Host: evil</header></put>" GET)),
	    "nonsense [] [a field of it has a line end in it]",
	    "a field within a field");
	is(slot("result", SLOT("<put url='https://u/x'>"
	    "<header name='Cookie&#10;'>a</header></put>" GET)),
	    "granted https://u/x https://d/x", "a line end in a name");
#define FIELD "<header name='Cookie'>a</header>"
#define THREE FIELD FIELD FIELD
	is(slot("result", SLOT("<put url='https://u/x'>" THREE THREE THREE
	    "</put>" GET)), "nonsense [] [it has too many fields]",
	    "too many");
	is(slot("result", SLOT("<put url='https://u/x'/>")),
	    "nonsense [] [it lacks a URL]", "without get");
	is(slot("result", SLOT("<put/>" GET)),
	    "nonsense [] [it lacks a URL]", "without put");
	is(slot("result", ""), "nonsense [] [it lacks a URL]", "nothing");
	upload_ask_cancel(upload_ask(t, "up", "a", 5, "t", 1000, on_slot,
	    NULL));
	calls = 0;
	iq_expire(t, 1001);
	is_int(calls, 0, "taken back");
}

#define COND(c)	"<" c " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
#define TEXT(x)	"<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>" x "</text>"

static void
test_refusals(void)
{
	is(slot("error", "<request xmlns='" UP "'/><error type='modify'>"
	    COND("not-acceptable") TEXT("no") "<file-too-large xmlns='" UP
	    "'><max-file-size>20000</max-file-size></file-too-large></error>"),
	    "too large 20000 [] [no]", "too large");
	is(slot("error", "<error type='modify'>" COND("not-acceptable")
	    "<file-too-large xmlns='" UP "'/></error>"), "too large",
	    "for a limit that is not told");
	is(slot("error", "<error type='wait'>" COND("resource-constraint")
	    TEXT("quota") "<retry xmlns='" UP "' stamp='2017-12-03T23:42:05Z'/>"
	    "</error>"), "later [2017-12-03T23:42:05Z] [quota]", "a quota");
	is(slot("error", "<error type='wait'>" COND("resource-constraint")
	    "</error>"), "later", "without a time");
	is(slot("error", "<error type='auth'>" COND("forbidden") TEXT("you")
	    "</error>"), "refused [] [you]", "forbidden");
	is(slot("error", ""), "refused", "an error that says nothing");
	nasked = 0;
	calls = 0;
	if (upload_ask(t, "up", "a", 5, "t", 1000, on_slot, NULL) == NULL)
		abort();
	iq_expire(t, 1001);
	is(seen, "silent", "no answer");
}

int
main(void)
{
	if ((t = iq_new(take, NULL)) == NULL)
		abort();
	test_find();
	test_slot();
	test_refusals();
	iq_free(t);
	return tap_done();
}
