/* Unit tests of net/login/sm: which stanzas are counted, kept, sent again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/login/sm.h"
#include "net/login/sm_int.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/parse.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* An element with these attributes; the caller's to free. */
static struct elem *
element(const char *attrs)
{
	struct parse *p = parse_new(parse_defaults());
	struct elem *e;
	char xml[256];

	must(p != NULL && parse_feed(p, HEADER, strlen(HEADER)) == 0);
	must(parse_next(p, &e) == PARSE_OPEN);
	elem_free(e);
	snprintf(xml, sizeof(xml), "<x xmlns='" NS_SM "' %s/>", attrs);
	must(parse_feed(p, xml, strlen(xml)) == 0);
	must(parse_next(p, &e) == PARSE_STANZA);
	parse_free(p);
	return e;
}

static struct sm *
enabled(const char *attrs)
{
	struct sm *sm = sm_new();
	struct elem *e = element(attrs);

	must(sm != NULL);
	sm_begin(sm);
	must(sm_enabled(sm, e) == 0);
	elem_free(e);
	return sm;
}

static void
send_some(struct sm *sm, const char *letters)
{
	for (; *letters != '\0'; letters++)
		must(sm_sent(sm, letters, 1) == 0);
}

/* What is sent again, as a string. */
struct heard {
	char text[32];
	size_t len, most;
};

static int
hear(void *arg, const void *stanza, size_t len)
{
	struct heard *h = arg;

	if (h->len == h->most)
		return -1;
	must(h->len + len < sizeof(h->text));
	memcpy(h->text + h->len, stanza, len);
	h->len += len;
	h->text[h->len] = '\0';
	return 0;
}

static int
again(struct sm *sm, struct heard *h, size_t most)
{
	memset(h, 0, sizeof(*h));
	h->most = most;
	return sm_resend(sm, hear, h);
}

static void
test_begin(void)
{
	struct sm *sm = sm_new();
	struct elem *e = element("id='some' resume='true'");

	must(sm != NULL);
	ok(!sm_counting(sm), "nothing is counted without <enable/>");
	send_some(sm, "ab");
	is_int(sm_unacked(sm), 0, "nor kept");
	must(sm_enabled(sm, e) == 0);
	ok(!sm_resumable(sm), "<enabled/> that was not asked for is ignored");
	sm_received(sm);
	is_int(sm_h(sm), 0, "so nothing counts that comes");
	sm_begin(sm);
	ok(sm_counting(sm), "behind it what is sent is");
	ok(!sm_resumable(sm), "but there is nothing to resume");
	send_some(sm, "cd");
	is_int(sm_unacked(sm), 2, "and kept");
	is_int(sm_count(sm), 2, "and counted");
	ok(!sm_received(sm), "what comes is not, before <enabled/>");
	is_int(sm_h(sm), 0, "so it is none");
	must(sm_enabled(sm, e) == 0);
	sm_received(sm);
	is_int(sm_h(sm), 1, "behind it that is");
	is_int(sm_unacked(sm), 2, "what was sent between them stays");
	is(sm_id(sm), "some", "the id to resume by");
	sm_end(sm);
	is_int(sm_unacked(sm) + sm_unacked_bytes(sm), 0, "all is forgotten");
	ok(!sm_counting(sm) && !sm_resumable(sm) && sm_id(sm) == NULL,
	    "at the end");
	sm_begin(sm);
	is_int(sm_h(sm) + sm_count(sm), 0, "a new session counts anew");
	elem_free(e);
	sm_free(sm);
	sm_free(NULL);
}

static void
test_resumable(void)
{
	static const struct {
		const char *attrs, *id, *location;
		int resumable;
	} t[] = {
		{ "id='a' resume='true'", "a", NULL, 1 },
		{ "id='a' resume='1'", "a", NULL, 1 },
		{ "id='a' resume='true' location='h:5'", "a", "h:5", 1 },
		{ "resume='true'", NULL, NULL, 0 },
		{ "id='a'", NULL, NULL, 0 },
		{ "id='a' resume='false'", NULL, NULL, 0 },
		{ "id='a' resume='0' location='h'", NULL, NULL, 0 },
		{ "id='a' resume='TRUE'", NULL, NULL, 0 },
		{ "", NULL, NULL, 0 },
	};
	struct sm *sm;
	size_t i;

	for (i = 0; i < N(t); i++) {
		sm = enabled(t[i].attrs);
		is_int(sm_resumable(sm), t[i].resumable, "<enabled %s/>",
		    t[i].attrs);
		is(sm_id(sm), t[i].id, "its id");
		is(sm_location(sm), t[i].location, "its place");
		sm_free(sm);
	}
}

static void
test_acked(void)
{
	struct sm *sm = enabled("id='a' resume='true'");
	struct heard h;

	send_some(sm, "abcdef");
	is_int(sm_unacked_bytes(sm), 6, "six are kept");
	is_int(sm_acked(sm, 2), 0, "two are handled");
	is_int(sm_unacked(sm), 4, "four are not");
	is_int(sm_acked(sm, 2), 0, "the same again");
	is_int(sm_unacked(sm), 4, "changes nothing");
	is_int(sm_acked(sm, 7), -1, "more than were sent");
	is_int(sm_acked(sm, 1), -1, "fewer than before");
	is_int(sm_acked(sm, UINT32_MAX), -1, "fewer than none");
	is_int(sm_unacked(sm), 4, "are not believed");
	is_int(sm_count(sm), 6, "so many were sent");
	is_int(again(sm, &h, 9), 0, "the rest is sent again");
	is(h.text, "cdef", "in order");
	is_int(sm_unacked(sm), 4, "and still kept");
	is_int(again(sm, &h, 1), -1, "what cannot be sent");
	is(h.text, "c", "ends that");
	is_int(sm_unacked(sm), 4, "and loses nothing");
	send_some(sm, "g");
	is_int(again(sm, &h, 9), 0, "later ones");
	is(h.text, "cdefg", "come last");
	is_int(sm_acked(sm, 7), 0, "all are handled");
	is_int(sm_unacked(sm) + sm_unacked_bytes(sm), 0, "nothing is kept");
	is_int(again(sm, &h, 9), 0, "nor sent again");
	is(h.text, "", "then");
	sm_free(sm);
}

/* Both numbers go round after 2^32. */
static void
test_modulo(void)
{
	struct sm *sm = enabled("id='a' resume='true'");
	struct heard h;

	sm->acked = sm->in = UINT32_MAX;	/* on the brink */
	is_int(sm_count(sm), UINT32_MAX, "as many as there are numbers");
	is_int(sm_h(sm), UINT32_MAX, "in both directions");
	send_some(sm, "abc");
	is_int(sm_count(sm), 2, "after 4294967295 comes 0");
	sm_received(sm);
	is_int(sm_h(sm), 0, "there, too");
	is_int(sm_acked(sm, 3), -1, "more than were sent");
	is_int(sm_acked(sm, UINT32_MAX - 1), -1, "and fewer");
	is_int(sm_acked(sm, 0), 0, "the one on the brink");
	again(sm, &h, 9);
	is(h.text, "bc", "leaves the others");
	is_int(sm_acked(sm, 2), 0, "these are handled, too");
	is_int(sm_unacked(sm), 0, "and gone");
	sm_free(sm);
}

static void
test_asking(void)
{
	struct sm *sm = enabled("id='a' resume='true'");
	struct heard h;
	int i, n = 0;

	send_some(sm, "abc");
	ok(!sm_should_ask(sm), "three are not worth a question");
	send_some(sm, "d");
	ok(sm_should_ask(sm), "four are");
	sm_asked(sm);
	send_some(sm, "efgh");
	ok(!sm_should_ask(sm), "one question at a time");
	must(sm_acked(sm, 1) == 0);
	ok(sm_should_ask(sm), "once it is answered the next");
	sm_asked(sm);
	again(sm, &h, 99);
	ok(sm_should_ask(sm), "a question may be lost, too");
	must(sm_acked(sm, 8) == 0);
	ok(!sm_should_ask(sm), "nothing to ask for");

	for (i = 0; i < 63; i++)
		n += sm_received(sm);
	is_int(n, 0, "63 that came are not worth saying");
	ok(sm_received(sm), "the next is");
	ok(sm_received(sm), "until it is said");
	is_int(sm_h(sm), 65, "how many there were");
	ok(!sm_received(sm), "then it has time again");
	sm_free(sm);

	sm = sm_new();
	must(sm != NULL);
	sm_begin(sm);
	send_some(sm, "abcdef");
	ok(!sm_should_ask(sm), "nobody is asked before <enabled/>");
	sm_free(sm);
}

static void
test_bounds(void)
{
	enum { MEGA = 1024 * 1024 };
	struct sm *sm = enabled("id='a' resume='true'");
	char *big = malloc(MEGA);
	int n = 0;

	must(big != NULL);
	memset(big, 'x', MEGA);
	while (n < 1000 && sm_sent(sm, big, MEGA) == 0)
		n++;
	is_int(n, 32, "so many megabytes are kept");
	is_int(sm_unacked(sm), n, "each as a stanza");
	is_int(sm_unacked_bytes(sm), (long long)n * MEGA, "to the byte");
	is_int(sm_sent(sm, "x", 1), -1, "and not one byte more");
	is_int(sm_count(sm), n, "which is not counted");
	must(sm_acked(sm, 1) == 0);
	is_int(sm_sent(sm, big, MEGA), 0, "until one is handled");
	free(big);
	sm_free(sm);
}

static void
test_h(void)
{
	static const struct {
		const char *attrs;
		int r;
		uint32_t h;
	} t[] = {
		{ "h='0'", 0, 0 },
		{ "h='17'", 0, 17 },
		{ "h='4294967295'", 0, UINT32_MAX },
		{ "h='0000000007'", 0, 7 },
		{ "h='4294967296'", -1, 0 },
		{ "h='9999999999'", -1, 0 },
		{ "h='18446744073709551617'", -1, 0 },
		{ "h='00000000007'", 0, 7 },
		{ "h='-1'", -1, 0 },
		{ "h='+1'", -1, 0 },
		{ "h=' 1'", -1, 0 },
		{ "h='1 '", -1, 0 },
		{ "h='0x1'", -1, 0 },
		{ "h='1.0'", -1, 0 },
		{ "h=''", -1, 0 },
		{ "h='many'", -1, 0 },
		{ "H='1'", -1, 0 },
		{ "", -1, 0 },
	};
	struct elem *e;
	uint32_t h;
	size_t i;

	for (i = 0; i < N(t); i++) {
		e = element(t[i].attrs);
		h = 0;
		is_int(sm_parse_h(e, &h), t[i].r, "<a %s/>", t[i].attrs);
		if (t[i].r == 0)
			is_int(h, t[i].h, "its number");
		elem_free(e);
	}
}

int
main(void)
{
	test_begin();
	test_resumable();
	test_acked();
	test_asking();
	test_bounds();
	test_h();
	test_modulo();
	return tap_done();
}
