/* Unit tests of net/login/absence and of xml/copy, which it rests on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/loop.h"
#include "net/login/absence.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/buf.h"
#include "xml/copy.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define PAYLOAD	"<a xmlns='u' b='1'><c>&lt;</c><d xmlns='v'/></a>"
#define ERROR	"<error type='cancel'><service-unavailable xmlns='" \
		NS_STANZA_ERROR "'/>"

static char	 sent[4096];		/* stanzas, one behind the other */

static int
on_send(void *arg, const void *stanza, size_t len)
{
	(void)arg;
	strncat(sent, stanza, len);
	return 0;
}

static void
take(struct absence *a, const char *text)
{
	struct elem	*e = stanza_parse(text);

	if (e == NULL)
		abort();
	absence_answer(a, e);
	elem_free(e);
}

/* The server answers the question in sent with what goes into the iq. */
static void
server_says(struct iq_table *t, const char *attrs, const char *inside)
{
	char		 id[64] = "", to[128] = "", text[1024];
	const char	*p = strstr(sent, "id='"), *q = strstr(sent, "to='");
	struct elem	*e;

	if (p != NULL && q != NULL) {
		strlcpy(id, p + 4, sizeof(id));
		id[strcspn(id, "'")] = '\0';
		strlcpy(to, q + 4, sizeof(to));
		to[strcspn(to, "'")] = '\0';
	}
	sent[0] = '\0';
	snprintf(text, sizeof(text), "<iq type='error' id='%s' from='%s'%s>%s"
	    "</iq>", id, to, attrs, inside);
	if ((e = stanza_parse(text)) == NULL)
		abort();
	ok(iq_answer(t, e), "the server is asked, and its answer taken");
	elem_free(e);
}

static struct iq_table *
table(void)
{
	struct iq_table	*t = iq_new(on_send, NULL);

	sent[0] = '\0';
	if (t == NULL || iq_setjid(t, "bob@example.test/xcat") == -1)
		abort();
	return t;
}

static void
test_plain_server(void)
{
	struct iq_table	*t = table();
	struct absence	*a = absence_new(t);

	take(a, "<iq type='get' id='1' from='x@y/z'>" PAYLOAD "</iq>");
	ok(strstr(sent, "to='bob@example.test/") != NULL &&
	    strstr(sent, "x@y/z") == NULL, "the first stranger waits");
	take(a, "<iq type='set' id='2' from='x@y/z'>" PAYLOAD "</iq>");
	server_says(t, "", ERROR "</error>");
	is(sent, "<iq type='error' to='x@y/z' id='1'>" ERROR "</error></iq>"
	    "<iq type='error' to='x@y/z' id='2'>" ERROR "</error></iq>",
	    "those that waited get what the server says, in order");
	sent[0] = '\0';
	take(a, "<message id='3' from='x@y/z'><body>b</body></message>");
	take(a, "<presence id='4' from='x@y/z'/>");
	take(a, "<iq type='result' id='5' from='x@y/z'/>");
	take(a, "<iq type='error' id='6' from='x@y/z'/>");
	is(sent, "", "messages, presence and answers are not answered");
	take(a, "<message type='groupchat' id='7' from='x@y/z'/>");
	is(sent, "<message type='error' to='x@y/z' id='7'>" ERROR
	    "</error></message>", "a groupchat message is");
	absence_free(a);
	iq_free(t);
}

static void
test_server_that_repeats(void)
{
	struct iq_table	*t = table();
	struct absence	*a = absence_new(t);

	take(a, "<iq type='get' id='1' from='x@y/z' xml:lang='de'>" PAYLOAD
	    "</iq>");
	server_says(t, " xml:lang='en'", "<ping xmlns='urn:xmpp:ping'/>" ERROR
	    "<text xmlns='" NS_STANZA_ERROR "' xml:lang='en'>Not found</text>"
	    "</error>");
	is(sent, "<iq type='error' to='x@y/z' id='1' xml:lang='de'>" PAYLOAD
	    ERROR "<text xmlns='" NS_STANZA_ERROR "' xml:lang='en'>Not found"
	    "</text></error></iq>", "payload, language and text as there");
	absence_free(a);
	iq_free(t);
}

static void
test_silent_server(void)
{
	struct iq_table	*t = table();
	struct absence	*a = absence_new(t);

	take(a, "<iq type='get' id='1' from='x@y/z'>" PAYLOAD "</iq>");
	sent[0] = '\0';
	iq_expire(t, clock_ms() + 60000);
	is(sent, "<iq type='error' to='x@y/z' id='1'>" ERROR "</error></iq>",
	    "a server that says nothing: the bare error");
	absence_free(a);
	a = absence_new(t);
	take(a, "<iq type='get' id='1' from='x@y/z'>" PAYLOAD "</iq>");
	absence_free(a);
	iq_free(t);
}

static void
check_copy(const char *text, const char *want, const char *what)
{
	struct elem	*e = stanza_parse(text);
	struct buf	 b;
	struct xw	 w;

	buf_init(&b, 4096);
	xw_init(&w, &b);
	if (e == NULL)
		abort();
	copy_elem(&w, e, NS_CLIENT);
	if (xw_done(&w) == -1)
		buf_truncate(&b, 0);
	if (buf_add(&b, "", 1) == -1)
		abort();
	is((const char *)buf_data(&b), want, "%s", what);
	buf_free(&b);
	elem_free(e);
}

static void
test_copy(void)
{
	char	 deep[1024] = "";
	int	 i;

	check_copy("<iq>" PAYLOAD "<e/></iq>", "<iq>" PAYLOAD "<e/></iq>",
	    "children, namespaces, text");
	check_copy("<iq><p:a xmlns:p='u' p:b='1' xml:lang='x'/></iq>",
	    "<iq><a xmlns='u' xmlns:a0='u' a0:b='1' xml:lang='x'/></iq>",
	    "attributes in namespaces");
	check_copy("<iq><a xmlns='u'><b/></a><c/></iq>",
	    "<iq><a xmlns='u'><b/></a><c/></iq>",
	    "the namespace is the parent's again after a child");
	for (i = 0; i < 40; i++)
		strlcat(deep, "<iq>", sizeof(deep));
	for (i = 0; i < 40; i++)
		strlcat(deep, "</iq>", sizeof(deep));
	check_copy(deep, "", "too deep: nothing");
}

int
main(void)
{
	test_plain_server();
	test_server_that_repeats();
	test_silent_server();
	test_copy();
	return tap_done();
}
