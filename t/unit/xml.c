/* Unit tests of xml/: buf, elem, parse, write, base64. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "t/lib/tap.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/parse.h"
#include "xml/write.h"

#define HEAD	"<stream:stream xmlns='jabber:client' version='1.0' " \
		"xmlns:stream='http://etherx.jabber.org/streams'>"
#define OPEN	"open {http://etherx.jabber.org/streams}stream version=1.0\n"
#define TAIL	"</stream:stream>"
#define CLOSE	"close\n"
#define ERR(c)	"error " c "\n"

/* A result, as text: each test says what it should be, whatever the split. */

static struct buf seen;

static void
note(const char *s)
{
	if (buf_addstr(&seen, s) == -1)
		abort();
}

static void
note_name(const char *ns, const char *name)
{
	if (*ns != '\0') {
		note("{");
		note(ns);
		note("}");
	}
	note(name);
}

static void
note_elem(const struct elem *e)
{
	const struct elem *child;
	size_t i;

	note_name(e->ns, e->name);
	for (i = 0; i < e->nattrs; i++) {
		note(" ");
		note_name(e->attrs[i].ns, e->attrs[i].name);
		note("=");
		note(e->attrs[i].value);
	}
	if (e->text != NULL) {
		note(" \"");
		note(e->text);
		note("\"");
	}
	for (child = e->first; child != NULL; child = child->next) {
		if (child->parent != e)
			note("WRONG PARENT");
		note(child == e->first ? "(" : ",");
		note_elem(child);
	}
	if (e->first != NULL)
		note(")");
}

/* Note all that p has to tell.  Returns -1 after an error. */
static int
drain(struct parse *p)
{
	struct elem *e;

	for (;;) {
		switch (parse_next(p, &e)) {
		case PARSE_MORE:
			return 0;
		case PARSE_OPEN:
			note("open ");
			note_elem(e);
			break;
		case PARSE_STANZA:
			note("stanza ");
			note_elem(e);
			break;
		case PARSE_CUT:
			note("cut ");
			note_elem(e);
			break;
		case PARSE_CLOSE:
			note("close");
			break;
		case PARSE_ERROR:
			note("error ");
			note(parse_condition(p));
			note("\n");
			return -1;
		}
		note("\n");
		elem_free(e);
	}
}

/* Bytes for the parser, of which it may have the storage as well. */
static void
feed(struct parse *p, const char *s, size_t len, int take)
{
	struct buf b;

	if (!take) {
		if (parse_feed(p, s, len) == -1)
			abort();
		return;
	}
	buf_init(&b, len);
	if (buf_add(&b, s, len) == -1 || parse_take(p, &b) == -1 ||
	    buf_len(&b) != 0)
		abort();
	buf_free(&b);
}

static parse_piece_fn *piece_fn;

/* Parse len bytes of s: the first head bytes, then pieces of size bytes. */
static const char *
run(const char *s, size_t len, size_t head, size_t size,
    const struct parse_limits *limits)
{
	struct parse *p;
	size_t n;

	buf_truncate(&seen, 0);
	if ((p = parse_new(limits)) == NULL)
		abort();
	parse_pieces(p, piece_fn, NULL);
	for (n = head < len ? head : len; len > 0; s += n, len -= n,
	    n = size < len ? size : len) {
		feed(p, s, n, size % 2 == 1);
		if (drain(p) == -1)
			break;
	}
	parse_free(p);
	if (buf_add(&seen, "", 1) == -1)
		abort();
	return (const char *)buf_data(&seen);
}

/* The same at every size of pieces and with two pieces at every position. */
static void
each_split(const char *s, size_t len, const struct parse_limits *limits,
    const char *want, const char *name)
{
	const char *got;
	size_t n;

	for (n = 1; n <= len; n++) {
		got = run(s, len, n, n, limits);
		if (strcmp(got, want) != 0) {
			is(got, want, "%s, in pieces of %zu", name, n);
			return;
		}
		got = run(s, len, n, len, limits);
		if (strcmp(got, want) != 0) {
			is(got, want, "%s, split at %zu", name, n);
			return;
		}
	}
	ok(1, "%s", name);
}

static void
check(const char *s, const char *want, const char *name)
{
	each_split(s, strlen(s), parse_defaults(), want, name);
}

/* A stanza, what it should be. */
static void
check_stanza(const char *s, const char *want, const char *name)
{
	char in[4096], out[4096];

	snprintf(in, sizeof(in), HEAD "%s" TAIL, s);
	snprintf(out, sizeof(out), OPEN "stanza %s\n" CLOSE, want);
	check(in, out, name);
}

/* Something inside the stream that is an error, whatever follows. */
static void
check_bad(const char *s, const char *condition, const char *name)
{
	char in[4096], out[4096];

	snprintf(in, sizeof(in), HEAD "%s<a/>" TAIL, s);
	snprintf(out, sizeof(out), OPEN ERR("%s"), condition);
	check(in, out, name);
}

static void
test_streams(void)
{
	check("", "", "nothing");
	check(HEAD, OPEN, "header");
	check(HEAD TAIL, OPEN CLOSE, "header and end");
	check("<?xml version='1.0'?>" HEAD, OPEN, "declaration");
	check("<?xml version='1.0' encoding='utf-8'?>\n" HEAD, OPEN,
	    "declaration of UTF-8");
	check(" \n" HEAD, OPEN, "white space before");
	check(HEAD TAIL " \n", OPEN CLOSE, "white space behind");
	check("<stream:stream xmlns:stream='s' to='x'/>",
	    "open {s}stream to=x\n" CLOSE, "header that is also the end");
	check("<a/>", "open a\n" CLOSE, "short header that is also the end");
	check(HEAD TAIL "<a/>", OPEN CLOSE ERR("not-well-formed"),
	    "element behind the end");
	check(HEAD TAIL "x", OPEN CLOSE ERR("not-well-formed"),
	    "text behind the end");
	check(HEAD "<a/><b/>\n<c></c>" TAIL,
	    OPEN "stanza {jabber:client}a\nstanza {jabber:client}b\n"
	    "stanza {jabber:client}c\n" CLOSE, "stanzas");
	check(HEAD " \t\r\n<a/> &#32;&#x9;<![CDATA[ \n]]><b/> ",
	    OPEN "stanza {jabber:client}a\nstanza {jabber:client}b\n",
	    "white space between stanzas");
	check("<s xml:lang='en' xmlns:x='u' x:a='1' a='2'>",
	    "open s {http://www.w3.org/XML/1998/namespace}lang=en {u}a=1 "
	    "a=2\n", "attributes in namespaces");
}

static void
test_stanzas(void)
{
	check_stanza("<iq id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
	    "{jabber:client}iq id=1({urn:xmpp:ping}ping)", "ping");
	check_stanza("<a>x<b>y</b>z<c><d/></c><e>\n</e></a>",
	    "{jabber:client}a \"xz\"({jabber:client}b \"y\","
	    "{jabber:client}c({jabber:client}d),{jabber:client}e \"\n\")",
	    "mixed content");
	check_stanza("<a><![CDATA[<b>&amp;]]]]><![CDATA[>]]></a>",
	    "{jabber:client}a \"<b>&amp;]]>\"", "CDATA");
	check_stanza("<a b='&lt;&#x41;&quot;&apos;'>&lt;&gt;&amp;&#65;</a>",
	    "{jabber:client}a b=<A\"' \"<>&A\"", "references");
	check_stanza("<a b='x\r\ny\tz' c='&#10;&#13;'>1\r\n2\r3\n</a>",
	    "{jabber:client}a b=x y z c=\n\r \"1\n2\n3\n\"",
	    "line ends and white space");
	check_stanza("<a b='\xc3\xa4'>\xe2\x82\xac\xf0\x9f\x90\x88</a>",
	    "{jabber:client}a b=\xc3\xa4 \"\xe2\x82\xac\xf0\x9f\x90\x88\"",
	    "UTF-8");
	check_stanza("<\xc3\xa4 \xc3\xb6='1'/>",
	    "{jabber:client}\xc3\xa4 \xc3\xb6=1", "names beyond ASCII");
	check_stanza("<a b='>>/>'>]] ></a>",
	    "{jabber:client}a b=>>/> \"]] >\"", "'>' where it may be");
	check_stanza("<a\n  b = \"1\"\t></a >", "{jabber:client}a b=1",
	    "white space in tags");
	check_stanza("<a><stream:stream/></a>",
	    "{jabber:client}a({http://etherx.jabber.org/streams}stream)",
	    "stream inside a stanza");
}

/* Names are what their namespaces say, whatever the prefixes. */
static void
test_namespaces(void)
{
	check_stanza("<stream:a xmlns:stream='x'><stream:b/>"
	    "<stream:c xmlns:stream='y'/><stream:d/></stream:a>",
	    "{x}a({x}b,{y}c,{x}d)", "a prefix redefined");
	check_stanza("<a xmlns=''><b xmlns='jabber:client'/></a>",
	    "a({jabber:client}b)", "the default namespace undeclared");
	check_stanza("<p:a xmlns:p='jabber:client' p:b='1' b='2'/>",
	    "{jabber:client}a {jabber:client}b=1 b=2", "prefixed");
	check_stanza("<a xmlns='x}y'><b xmlns='x y'/><c xmlns='x|y'/></a>",
	    "{x}y}a({x y}b,{x|y}c)", "separators that are none");
	check_stanza("<xml:a/>", "{http://www.w3.org/XML/1998/namespace}a",
	    "xml:");
	check_bad("<a xmlns='x\x01y'/>", "not-well-formed",
	    "the separator in a namespace");
	check_bad("<a xmlns='x&#1;y'/>", "not-well-formed",
	    "a reference to the separator");
	check_bad("<p:a/>", "bad-namespace-prefix", "prefix not declared");
	check_bad("<a p:b=''/>", "bad-namespace-prefix",
	    "prefix of an attribute not declared");
	check_bad("<a xmlns:p=''/>", "bad-namespace-prefix",
	    "prefix undeclared");
	check_bad("<a xmlns:xml='x'/>", "bad-namespace-prefix",
	    "xml: redefined");
	check_bad("<a xmlns:xmlns='x'/>", "bad-namespace-prefix",
	    "xmlns: redefined");
	check_bad("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
	    "bad-namespace-prefix", "another prefix for xml:");
	check_bad("<a xmlns='http://www.w3.org/2000/xmlns/'/>",
	    "bad-namespace-prefix", "a prefix for xmlns:");
	check_bad("<a:b:c xmlns:a='x'/>", "not-well-formed", "two colons");
	check_bad("<a xmlns:p='x' xmlns:q='x' p:b='' q:b=''/>",
	    "not-well-formed", "an attribute twice by two prefixes");
}

static void
test_not_well_formed(void)
{
	static const struct {
		const char	*in, *name;
	} bad[] = {
		{ "<a>\xff</a>", "byte FF" },
		{ "<a>\x80</a>", "continuation byte alone" },
		{ "<a>\xc3</a>", "lead byte alone" },
		{ "<a b='\xc3'/>", "lead byte that would swallow a quote" },
		{ "<a b='\xe2\x82' c='<evil/>'/>",
		    "two bytes that would swallow a quote" },
		{ "<a b='\xf0\x9f\x90'/>",
		    "three bytes that would swallow a quote" },
		{ "<\xc3>", "lead byte that would swallow a '>'" },
		{ "<a\xe2>", "lead byte at the end of a name" },
		{ "<a>\xc0\x80</a>", "NUL, overlong" },
		{ "<a>\xc0\xbc</a>", "'<', overlong" },
		{ "<a>\xc1\xbf</a>", "overlong in two bytes" },
		{ "<a>\xe0\x80\xbc</a>", "overlong in three bytes" },
		{ "<a>\xe0\x9f\xbf</a>", "overlong, the largest in three" },
		{ "<a>\xf0\x80\x80\xbc</a>", "overlong in four bytes" },
		{ "<a>\xf0\x8f\xbf\xbf</a>", "overlong, the largest in four" },
		{ "<a>\xed\xa0\x80</a>", "surrogate" },
		{ "<a>\xed\xbf\xbf</a>", "the last surrogate" },
		{ "<a>\xef\xbf\xbe</a>", "U+FFFE" },
		{ "<a>\xef\xbf\xbf</a>", "U+FFFF" },
		{ "<a>\xf4\x90\x80\x80</a>", "U+110000" },
		{ "<a>\xf8\x88\x80\x80\x80</a>", "five bytes" },
		{ "<a>\x01</a>", "control character" },
		{ "<a b='\x1f'/>", "control character in an attribute" },
		{ "<a>&#0;</a>", "reference to NUL" },
		{ "<a>&#8;</a>", "reference to a control character" },
		{ "<a>&#xd800;</a>", "reference to a surrogate" },
		{ "<a>&#xffff;</a>", "reference to U+FFFF" },
		{ "<a>&#x110000;</a>", "reference beyond Unicode" },
		{ "<a>&#4294967361;</a>", "reference that overflows" },
		{ "<a>&#;</a>", "reference to nothing" },
		{ "<a>& </a>", "lone ampersand" },
		{ "<a>]]></a>", "end of CDATA that was none" },
		{ "<a b=1/>", "attribute without quotes" },
		{ "<a b/>", "attribute without value" },
		{ "<a b='<'/>", "'<' in an attribute" },
		{ "<a b='' b=''/>", "attribute twice" },
		{ "<a b=''c=''/>", "attributes without space" },
		{ "<a></b>", "wrong end tag" },
		{ "<a><b></a></b>", "crossed tags" },
		{ "</a>", "end tag of another name" },
		{ "<1/>", "name from a digit" },
		{ "<a/ >", "space in the end of a tag" },
		{ "< a/>", "space before a name" },
		{ "<![CDATA [x]]>", "broken CDATA" },
		{ "<?xml version='1.0'?>", "declaration inside" },
		{ "<a><!ELEMENT a ANY></a>", "declaration of an element" },
		{ "<!DOCTYPE a>", "DOCTYPE inside" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(bad[i].in, "not-well-formed", bad[i].name);
	each_split(HEAD "<a>\0</a>", sizeof(HEAD "<a>\0</a>") - 1,
	    parse_defaults(), OPEN ERR("not-well-formed"), "NUL");
}

/* RFC 6120 section 11.1 and 11.6. */
static void
test_restricted(void)
{
	check_bad("<!-- x -->", "restricted-xml", "comment");
	check_bad("<a><!----></a>", "restricted-xml", "comment in a stanza");
	check_bad("<?php x ?>", "restricted-xml", "processing instruction");
	check_bad("<a><?x?></a>", "restricted-xml",
	    "processing instruction in a stanza");
	check_bad("<a>&nbsp;</a>", "restricted-xml", "entity");
	check_bad("<a b='&x;'/>", "restricted-xml", "entity in an attribute");
	check_bad("x", "bad-format", "text between stanzas");
	check_bad(" \n x", "bad-format", "text behind white space");
	check_bad("&#65;", "bad-format", "reference between stanzas");
	check_bad("<![CDATA[x]]>", "bad-format", "CDATA between stanzas");
	check_bad("\xc2\xa0", "bad-format", "no-break space");
	check("<!-- x -->" HEAD, ERR("restricted-xml"), "comment before");
	check("<?x y?>" HEAD, ERR("restricted-xml"),
	    "processing instruction before");
	check(HEAD TAIL "<!-- x -->", OPEN CLOSE ERR("restricted-xml"),
	    "comment behind");
	check("<!DOCTYPE a>" HEAD, ERR("restricted-xml"), "DOCTYPE");
	check("<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" HEAD,
	    ERR("restricted-xml"), "DOCTYPE of a file");
	check("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;", ERR("restricted-xml"),
	    "DOCTYPE with an entity");
	check("<!DOCTYPE a [<!ENTITY % b 'c'> %b;]><a>",
	    ERR("restricted-xml"), "DOCTYPE with a parameter entity");
	check("<!DOCTYPE a [<!ENTITY l0 'ha'><!ENTITY l1 '&l0;&l0;&l0;'>"
	    "<!ENTITY l2 '&l1;&l1;&l1;'>]><a>&l2;", ERR("restricted-xml"),
	    "a billion laughs");
	check("<?xml version='1.0' encoding='ISO-8859-1'?><a>",
	    ERR("unsupported-encoding"), "Latin 1 declared");
	check("<?xml version='1.0' encoding='UTF-16'?><a>",
	    ERR("unsupported-encoding"), "UTF-16 declared");
	check("<?xml version='1.0' encoding='x'?><a>",
	    ERR("unsupported-encoding"), "unknown encoding declared");
	check("\xef\xbb\xbf<a>", ERR("unsupported-encoding"),
	    "byte order mark");
	check("text", ERR("not-well-formed"), "no XML at all");
}

static void
test_utf16(void)
{
	static const char be[] = "\xfe\xff\0<\0a\0/\0>";
	static const char le[] = "\xff\xfe<\0a\0/\0>\0";
	static const char want[] = ERR("unsupported-encoding");

	each_split(be, sizeof(be) - 1, parse_defaults(), want, "UTF-16BE");
	each_split(le, sizeof(le) - 1, parse_defaults(), want, "UTF-16LE");
	each_split(be + 2, sizeof(be) - 3, parse_defaults(), want,
	    "UTF-16BE without mark");
	each_split(le + 2, sizeof(le) - 3, parse_defaults(), want,
	    "UTF-16LE without mark");
}

/* Delivered as soon as complete: nothing may wait for what comes next. */
static void
test_prompt(void)
{
	static const char *const stanzas[] = {
		"<a/>", "<a></a>", "<iq id='1'><b>text</b></iq>"
	};
	struct parse *p;
	struct elem *e;
	size_t cut, i, late = 0, len;

	for (i = 0; i < sizeof(stanzas) / sizeof(stanzas[0]); i++) {
		len = strlen(stanzas[i]);
		for (cut = 1; cut < len; cut++) {
			p = parse_new(parse_defaults());
			parse_feed(p, HEAD, sizeof(HEAD) - 1);
			if (parse_next(p, &e) != PARSE_OPEN)
				late++;
			elem_free(e);
			if (parse_next(p, &e) != PARSE_MORE)
				late++;
			parse_feed(p, stanzas[i], cut);
			if (parse_next(p, &e) != PARSE_MORE)
				late++;
			parse_feed(p, stanzas[i] + cut, len - cut);
			if (parse_next(p, &e) != PARSE_STANZA)
				late++;
			elem_free(e);
			parse_free(p);
		}
	}
	is_int((long long)late, 0,
	    "a stanza split over two reads is delivered at once");
}

/* parse_pending() after the second event of s. */
static size_t
pending(const char *s, size_t cut)
{
	struct parse *p = parse_new(parse_defaults());
	struct elem *e;
	size_t n = 0;
	int events = 0;

	parse_feed(p, s, cut);
	for (;;) {
		switch (parse_next(p, &e)) {
		case PARSE_MORE:
			parse_feed(p, s + cut, strlen(s) - cut);
			break;
		case PARSE_ERROR:
			events = 2;
			n = 99999;
			break;
		default:
			elem_free(e);
			n = parse_pending(p);
			events++;
			break;
		}
		if (events == 2)
			break;
	}
	parse_free(p);
	return n;
}

static void
test_pending(void)
{
	static const char proceed[] =
	    HEAD "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
	static const char injected[] = HEAD "<proceed></proceed>\n<iq/>";
	struct parse *p;
	struct elem *e;
	size_t cut, wrong = 0;

	for (cut = 1; cut < sizeof(proceed) - 1; cut++)
		wrong += pending(proceed, cut) != 0;
	is_int((long long)wrong, 0, "nothing behind <proceed/>");
	for (cut = 1; cut < sizeof(injected) - 7; cut++)
		wrong += pending(injected, cut) != 6;
	for (; cut < sizeof(injected) - 1; cut++)
		wrong += pending(injected, cut) != cut - sizeof(injected) + 7;
	is_int((long long)wrong, 0, "bytes behind <proceed/> that were fed");
	is_int((long long)pending(HEAD "<proceed/>\n", 1), 1,
	    "white space behind <proceed/>");
	is_int((long long)pending("<stream/>xyz", 5), 3,
	    "behind a header that is also the end");

	p = parse_new(parse_defaults());
	is_int((long long)parse_pending(p), 0, "nothing fed");
	parse_feed(p, HEAD "<a/><b/>", sizeof(HEAD "<a/><b/>") - 1);
	parse_next(p, &e);
	elem_free(e);
	is_int((long long)parse_pending(p), 8, "behind the header");
	parse_next(p, &e);
	elem_free(e);
	is_int((long long)parse_pending(p), 4, "behind the first stanza");
	parse_free(p);
}

static char *
repeat(const char *before, const char *what, size_t n, const char *behind)
{
	struct buf b;
	char *s;
	size_t i;

	buf_init(&b, SIZE_MAX);
	buf_addstr(&b, before);
	for (i = 0; i < n; i++)
		buf_addstr(&b, what);
	buf_addstr(&b, behind);
	s = strndup((const char *)buf_data(&b), buf_len(&b));
	buf_free(&b);
	return s;
}

#define D8	"AZaz09+/"
#define D64	D8 D8 D8 D8 D8 D8 D8 D8
#define A	"{jabber:client}a"
#define B	"{jabber:client}b"

/* A limit, its last good and its first bad stanza, which becomes that. */
static void
check_limit(const char *name, const struct parse_limits *limits,
    const char *good, const char *bad, const char *becomes)
{
	char in[4096], out[4096], *want;
	int fine;

	snprintf(in, sizeof(in), HEAD " %s <z/>", good);
	fine = strncmp(run(in, strlen(in), 8, 8, limits), OPEN "stanza",
	    strlen(OPEN "stanza")) == 0;
	ok(fine, "%s: exactly at the limit", name);
	want = strdup(run(in, strlen(in), strlen(in), 1, limits));
	each_split(in, strlen(in), limits, want, name);
	free(want);
	snprintf(in, sizeof(in), HEAD "<y/> %s <z/>", bad);
	snprintf(out, sizeof(out), OPEN "stanza {jabber:client}y\n%s%s",
	    becomes, strncmp(becomes, "cut", 3) == 0 ?
	    "stanza {jabber:client}z\n" : "");
	each_split(in, strlen(in), limits, out, name);
}

static void
test_limits(void)
{
	static const struct parse_limits small = {
		.stanza = 200, .memory = 100000, .depth = 3, .attrs = 2,
		.skip = 450
	};
	char good[202], bad[203], cut[300], *s;

	/* 200 and 201 bytes: in text, in an attribute, in one tag. */
	snprintf(good, sizeof(good), "<a>%0193d</a>", 0);
	snprintf(bad, sizeof(bad), "<a>%0194d</a>", 0);
	check_limit("stanza bytes", &small, good, bad, "cut " A "\n");
	snprintf(good, sizeof(good), "<a b='%0191d'/>", 0);
	snprintf(bad, sizeof(bad), "<a b='%0192d'/>", 0);
	check_limit("stanza bytes in its tag", &small, good, bad,
	    ERR("policy-violation"));
	snprintf(good, sizeof(good), "<a><b c='%0184d'/></a>", 0);
	snprintf(bad, sizeof(bad), "<a><b c='%0185d'/></a>", 0);
	snprintf(cut, sizeof(cut), "cut " A "(" B " c=%0185d)\n", 0);
	check_limit("stanza bytes in a child's tag", &small, good, bad, cut);
	snprintf(good, sizeof(good), "<a><b>%0186d</b></a>", 0);
	snprintf(bad, sizeof(bad), "<a><b>%0187d</b></a>", 0);
	check_limit("stanza bytes in a child", &small, good, bad,
	    "cut " A "(" B ")\n");
	snprintf(good, sizeof(good), "<a>%0176d</a>", 0);
	snprintf(bad, sizeof(bad), "<a>%0195d</b>", 0);
	check_limit("stanza bytes before a mistake", &small, good, bad,
	    ERR("not-well-formed"));
	check_limit("depth", &small, "<a><b><c/></b></a>",
	    "<a><b><c><d/></c></b></a>", "cut " A "(" B ")\n");
	check_limit("attributes", &small, "<a b='' c=''/>",
	    "<a b='' c='' d=''/>", "cut " A "\n");
	check_limit("attributes of which some tell whose it is", &small,
	    "<a from='b'/>", "<a b='1' id='2' type='' c='' from='3'><b/></a>",
	    "cut " A " id=2 type= from=3\n");
	check_limit("attributes of a child", &small, "<a><b c=''/></a>",
	    "<a b='1'>x<b c='' d='' e=''>y</b></a>", "cut " A " b=1\n");

	s = repeat("<?x ", "x", 200, "");
	check(s, "", "processing instruction that never ends");
	each_split(s, strlen(s), &small, ERR("policy-violation"),
	    "the same over the limit");
	free(s);
	s = repeat(HEAD, " ", 1000, "<a/>");
	each_split(s, strlen(s), &small, OPEN "stanza {jabber:client}a\n",
	    "much white space between stanzas");
	free(s);
	s = repeat("<a b='", "x", 200, "'>");
	each_split(s, strlen(s), &small, ERR("policy-violation"),
	    "header over the limit");
	free(s);
}

/* Of what is skipped only a token must fit the limit, up to a whole stanza that
 * must end some time. */
static void
test_skip(void)
{
	static const struct parse_limits small = {
		.stanza = 200, .memory = 1000, .depth = 8, .attrs = 8,
		.skip = 600
	};
	static const struct parse_limits poor = {
		.stanza = 600, .memory = 500, .depth = 8, .attrs = 8,
		.skip = 600
	};
	static const char cut[] = "cut " A " b=1(" B " c=2)\n";
	char good[700], bad[700];

#define START	"<a b='1'>x<b c='2'>y<c d='3'/>"
#define END	"</b><b c='3'>z</b>z</a>"
	snprintf(bad, sizeof(bad), START "%0200d" END, 0);
	check_limit("kept bytes", &small, START END, bad, cut);
	snprintf(bad, sizeof(bad), START "%0250d<d/>&lt;&#65;<d>\n"
	    "<![CDATA[>" D64 "]]>" D64 "</d>" END, 0);
	check_limit("kept bytes, then all that there is", &small, START END,
	    bad, cut);
	snprintf(bad, sizeof(bad), START D64 D64 D64 D64 "<b>" D64 "</b>" END);
	check_limit("kept digits", &small, START END, bad, cut);
	snprintf(bad, sizeof(bad), START "%0200d<d e='%0191d'/>" END, 0, 0);
	check_limit("a tag in what is skipped", &small, START END, bad, cut);
	snprintf(bad, sizeof(bad), START "%0200d<d e='%0193d'/>" END, 0, 0);
	check_limit("a tag too long in what is skipped", &small, START END,
	    bad, ERR("policy-violation"));
	snprintf(bad, sizeof(bad), START "%0200d</d>" END, 0);
	check_limit("a mistake in what is skipped", &small, START END, bad,
	    ERR("not-well-formed"));
	snprintf(good, sizeof(good), "<a>%0593d</a>", 0);
	snprintf(bad, sizeof(bad), "<a>%0593d</a>", 0);
	check_limit("all that may be skipped", &small, "<a/>", good,
	    "cut " A "\n");
	snprintf(bad, sizeof(bad), "<a>%0594d</a>", 0);
	check_limit("more than may be skipped", &small, "<a/>", bad,
	    ERR("policy-violation"));
	snprintf(bad, sizeof(bad), "<a><b>%0400d</b>%0100d</a>", 0, 0);
	check_limit("memory", &poor, "<a><b/></a>", bad, "cut " A "(" B ")\n");
	check_limit("memory for elements", &poor, "<a><b/></a>",
	    "<a><b/><b/><b/><b/><b/><b/><b/></a>", "cut " A "(" B ")\n");
}

/* Takes every <b/>. */
static int
on_piece(void *arg, const struct elem *piece)
{
	(void)arg;
	if (!elem_is(piece, "jabber:client", "b"))
		return 0;
	note("piece ");
	note_elem(piece->parent->parent);
	note("\n");
	return 1;
}

/* What the hook takes is gone, and does not count. */
static void
test_pieces(void)
{
	static const struct parse_limits small = {
		.stanza = 150, .memory = 1200, .depth = 3, .attrs = 8,
		.skip = 100000
	};
	char in[16384] = HEAD, out[16384] = OPEN, item[128];
	int i;

	piece_fn = on_piece;
	check_stanza("<b><b/>x<b>y</b></b>", B " \"x\"(" B "," B " \"y\")",
	    "no pieces but in a child");
	strlcat(in, "<a i='1'><q>", sizeof(in));
	for (i = 10; i < 100; i++) {
		snprintf(item, sizeof(item), "<b n='%d'>" D8 "</b>", i);
		strlcat(in, item, sizeof(in));
		snprintf(item, sizeof(item), "piece " A " i=1({jabber:client}q("
		    B " n=%d \"" D8 "\"))\n", i);
		strlcat(out, item, sizeof(out));
	}
	strlcat(in, "</q></a>" TAIL, sizeof(in));
	strlcat(out, "stanza " A " i=1({jabber:client}q)\n" CLOSE,
	    sizeof(out));
	each_split(in, strlen(in), &small, out, "ninety pieces");

	snprintf(in, sizeof(in), HEAD "<a><q><c/><b/><d/><b/></q></a>");
	snprintf(out, sizeof(out), OPEN
	    "piece " A "({jabber:client}q({jabber:client}c," B "))\n"
	    "piece " A "({jabber:client}q({jabber:client}c,"
	    "{jabber:client}d," B "))\n"
	    "stanza " A "({jabber:client}q({jabber:client}c,"
	    "{jabber:client}d))\n");
	each_split(in, strlen(in), parse_defaults(), out, "some pieces");

	snprintf(in, sizeof(in), HEAD "<a><q><b>%0150d</b><b/></q></a>", 0);
	each_split(in, strlen(in), &small, OPEN "cut " A
	    "({jabber:client}q)\n", "a piece over the limit");
	piece_fn = NULL;
}

/* What expat does not see because it would be text, and what would not. */
static void
test_digits(void)
{
	static const struct {
		const char	*in, *out;
	} good[] = {
		{ "<a>" D64 "</a>", A " \"" D64 "\"" },
		{ "<a><b c=''>" D64 D64 "==</b></a>",
		    A "(" B " c= \"" D64 D64 "==\")" },
		{ "<a>" D64 "&amp;" D64 "</a>",
		    A " \"" D64 "&" D64 "\"" },
		{ "<a>" D64 "<b/>" D64 "<b>" D64 "</b></a>",
		    A " \"" D64 D64 "\"(" B "," B " \"" D64 "\")" },
		{ "<a b='>" D64 "'/>", A " b=>" D64 },
		{ "<a><b c='>" D64 "'>" D64 "</b></a>",
		    A "(" B " c=>" D64 " \"" D64 "\")" },
		{ "<a>" D64 "<![CDATA[>" D64 "<b>]]>" D64 "</a>",
		    A " \"" D64 ">" D64 "<b>" D64 "\"" },
		{ "<a><![CDATA[" D64 "]]></a>", A " \"" D64 "\"" },
		{ "<a><![CDATA[]]>" D64 "</a>", A " \"" D64 "\"" },
		{ "<a>" D64 ">" D64 "\r\n</a>",
		    A " \"" D64 ">" D64 "\n\"" },
		{ "<a>" D64 "\xc3\xa4</a>", A " \"" D64 "\xc3\xa4\"" },
	};
	static const struct {
		const char	*in, *condition;
	} bad[] = {
		{ "<a>" D64 "]]></a>", "not-well-formed" },
		{ "<a>" D64 "\xc3</a>", "not-well-formed" },
		{ "<a>" D64 "\x01</a>", "not-well-formed" },
		{ "<a>" D64 "</b>", "not-well-formed" },
		{ "<a>" D64 "<!--" D64 "-->", "restricted-xml" },
		{ "<a><!-->" D64 "--></a>", "restricted-xml" },
		{ "<a><?b >" D64 "?></a>", "restricted-xml" },
		{ "<a/>" D64, "bad-format" },
	};
	char in[600], out[600];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check_stanza(good[i].in, good[i].out, good[i].in);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(in, sizeof(in), HEAD "%s", bad[i].in);
		snprintf(out, sizeof(out), OPEN "%s" ERR("%s"),
		    strncmp(bad[i].in, "<a/>", 4) == 0 ?
		    "stanza " A "\n" : "", bad[i].condition);
		check(in, out, bad[i].in);
	}
	check(HEAD D64, OPEN ERR("bad-format"), "digits behind the header");
	is_int((long long)pending(HEAD "<a>" D64 "</a><b>" D64,
	    sizeof(HEAD "<a>" D64 "</a><b>" D64) - 1), 67,
	    "digits behind a stanza");
}

/* Run s whole, and in pieces: memory is bounded and the verdict the same, an
 * error or, with the end of the stanza behind it, that it was cut. */
static void
check_bomb(const char *before, const char *what, size_t n,
    const char *behind, const char *name)
{
	char *s = repeat(before, what, n, behind);
	const char *want = *behind == '\0' ? OPEN ERR("policy-violation") :
	    OPEN "cut " A "\n";

	is(run(s, strlen(s), strlen(s), 1, parse_defaults()), want, "%s",
	    name);
	is(run(s, strlen(s), 1000, 1000, parse_defaults()), want,
	    "%s, in pieces", name);
	free(s);
}

/* A start tag with a long namespace that 50,000 attributes have, which expat
 * would copy for each. */
static void
add_long_names(struct buf *b, const char *tag, const char *end)
{
	char *ns = repeat(tag, "x", 400000, "' ");
	size_t i;

	buf_addstr(b, ns);
	for (i = 0; i < 50000; i++)
		buf_printf(b, "p:a%zu='' ", i);
	buf_addstr(b, end);
	free(ns);
}

/* It is skipped, whole and in pieces, and what is behind it comes. */
static void
check_skipped(struct buf *b, const char *want, const char *name)
{
	char out[1000];
	const char *s;

	snprintf(out, sizeof(out), OPEN "%sstanza {jabber:client}z\n" CLOSE,
	    want);
	buf_addstr(b, " <z/>" TAIL);
	s = (const char *)buf_data(b);
	is(run(s, buf_len(b), buf_len(b), 1, parse_defaults()), out, "%s",
	    name);
	is(run(s, buf_len(b), 1000, 1000, parse_defaults()), out,
	    "%s, in pieces", name);
	is(run(s, buf_len(b), 7, 65536, parse_defaults()), out,
	    "%s, in large pieces", name);
	buf_truncate(b, 0);
	buf_addstr(b, HEAD);
}

/* What expat may not take is skipped without it. */
static void
test_skip_alone(void)
{
	static const char tricky[] = "<b c='>' d=\"'/>\"/> <b e='\"' />'"
	    "<b><![CDATA[</a>]] ></a>]]]>]]&gt;<c/></b\n>";
	struct buf b;
	char *deep;

	buf_init(&b, SIZE_MAX);
	buf_addstr(&b, HEAD);
	add_long_names(&b, "<a xmlns:p='", "/>");
	check_skipped(&b, "", "a long namespace of many attributes");
	add_long_names(&b, "<a xmlns:p='", ">");
	buf_printf(&b, "%s</a>", tricky);
	check_skipped(&b, "", "the same, and what it contains");
	buf_printf(&b, "<a id='1'>x%s<b><c>", tricky);
	add_long_names(&b, "<d xmlns:p='", ">");
	buf_printf(&b, "%s</d></c></b>%s</a>", tricky, tricky);
	check_skipped(&b, "cut " A " id=1(" B " c=> d='/>)\n",
	    "the same in a child");
	buf_addstr(&b, "<a/>");
	add_long_names(&b, "<a xmlns:p='", "/>");
	add_long_names(&b, "<a><b xmlns:p='", "/></a>");
	check_skipped(&b, "stanza " A "\ncut " A "\n", "two of them");
	deep = repeat("<a>", "<a>", 1000000, "");
	buf_addstr(&b, deep);
	free(deep);
	deep = repeat("</a>", "</a>", 1000000, "");
	buf_addstr(&b, deep);
	free(deep);
	check_skipped(&b, "cut " A "(" A ")\n", "a million levels");
	add_long_names(&b, "<a xmlns:p='", "><!--");
	is(run((const char *)buf_data(&b), buf_len(&b), 1000, 1000,
	    parse_defaults()), OPEN ERR("restricted-xml"),
	    "a comment in what is skipped");
	buf_free(&b);
}

/* Whatever fills expat, and wherever it is full: one stanza is cut, or none is
 * told of, and what is in it is not taken for what is behind it. */
static void
check_brink(const struct buf *b, size_t head, size_t size,
    const struct parse_limits *limits, int *bad)
{
	static const char end[] = "stanza {jabber:client}z\n" CLOSE;
	const char *got = run((const char *)buf_data(b), buf_len(b), head,
	    size, limits);
	size_t n = strlen(got);

	if (strstr(got, "\nstanza {jabber:client}iq") == NULL &&
	    n >= sizeof(end) && strcmp(got + n - sizeof(end) + 1, end) == 0)
		return;
	if ((*bad)++ == 0)
		printf("# head %zu, size %zu: %.300s\n", head, size, got);
}

static void
add_times(struct buf *b, const char *s, size_t n)
{
	while (n-- > 0)
		buf_addstr(b, s);
}

/* A stanza with a child whose n names take 4 KiB each, and then what needs
 * more: begin, long text, end.  Returns where end is over, or begin if there is
 * no end. */
static size_t
make_brink(struct buf *b, size_t n, const char *begin, const char *text,
    const char *end)
{
	size_t head, k;

	buf_truncate(b, 0);
	buf_addstr(b, HEAD "<a><b xmlns:p='");
	add_times(b, "u", 3000);
	buf_addstr(b, "'");
	for (k = 0; k < n; k++)
		buf_printf(b, " p:a%zu=''", k);
	buf_printf(b, "/>%s", begin);
	head = buf_len(b);
	add_times(b, text, 20000);
	buf_addstr(b, end);
	return *end != '\0' ? buf_len(b) : head;
}

/* All that expat may have is 1.1 MB here. */
static void
test_brink(void)
{
	static const struct parse_limits limits = {
		.stanza = 60000, .memory = 20000, .depth = 64, .attrs = 64,
		.skip = 1000000
	};
	static const struct {
		const char *begin, *text, *end, *inside;
	} t[] = {
		{ "<c x='", "y", "'>", "</c>" },
		{ "<c><", "n", " />", "</c>" },
		{ "<c><![CDATA[", "]", "", "</c></a><iq/>]]></c>" },
	};
	struct buf b;
	size_t i, n, head;
	int bad;

	buf_init(&b, SIZE_MAX);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		for (bad = 0, n = 180; n < 280; n++) {
			head = make_brink(&b, n, t[i].begin, t[i].text,
			    t[i].end);
			if (*t[i].end != '\0') {
				add_times(&b, "<d>", 40);
				add_times(&b, "</d>", 40);
				buf_addstr(&b, "<iq/>");
			}
			buf_printf(&b, "%s</a> <z/>" TAIL, t[i].inside);
			check_brink(&b, head, 1000, &limits, &bad);
			check_brink(&b, head, 4000, &limits, &bad);
			check_brink(&b, head, buf_len(&b), &limits, &bad);
			check_brink(&b, 4000, 4000, &limits, &bad);
		}
		is_int(bad, 0, "expat nearly full: %s", t[i].begin);
	}
	buf_free(&b);
}

static void
test_bombs(void)
{
	struct buf b;

	check_bomb(HEAD "<a>\n", "text", 1000000, "</a>", "much text");
	check_bomb(HEAD "<a b='", "text", 1000000, "", "endless attribute");
	check_bomb(HEAD "<a b='", ">" D64, 20000, "",
	    "one that looks like tags");
	check_bomb(HEAD "<", "a", 1100000, "", "endless name");
	check_bomb(HEAD "<a", "\t", 1100000, "",
	    "endless white space in a tag");

	buf_init(&b, SIZE_MAX);
	add_long_names(&b, "<a xmlns:p='", ">");
	is(run((const char *)buf_data(&b), buf_len(&b), buf_len(&b), 1,
	    parse_defaults()), ERR("policy-violation"),
	    "a header with a long namespace that 50,000 attributes have");
	buf_free(&b);
}

/* A million names do not stay: more than expat's ceiling would hold. */
static void
test_names(void)
{
	static const struct parse_limits small = {
		.stanza = 10000, .memory = 20000, .depth = 8, .attrs = 8,
		.skip = 10000
	};
	struct parse *p = parse_new(&small);
	struct elem *e;
	char s[128], want[32];
	int good = 1, i;

	parse_feed(p, HEAD, sizeof(HEAD) - 1);
	parse_next(p, &e);
	elem_free(e);
	for (i = 0; i < 200000 && good; i++) {
		if (parse_next(p, &e) != PARSE_MORE)
			good = 0;
		snprintf(want, sizeof(want), "name%d", i);
		snprintf(s, sizeof(s), "<%s x%d=''/>%s", want, i,
		    i & 1 ? "" : " ");
		parse_feed(p, s, strlen(s));
		if (parse_next(p, &e) != PARSE_STANZA ||
		    !elem_is(e, "jabber:client", want) ||
		    parse_pending(p) != !(i & 1))
			good = 0;
		elem_free(e);
	}
	ok(good, "200,000 stanzas with other names");
	parse_feed(p, TAIL, sizeof(TAIL) - 1);
	is_int(parse_next(p, &e), PARSE_CLOSE, "and the end of the stream");
	parse_feed(p, "<a/>", 4);
	is_int(parse_next(p, &e), PARSE_ERROR, "nothing behind it");
	parse_free(p);
}

/* 1 MB, whole and by single bytes: as text, as an attribute, as children. */
static void
test_large(void)
{
	static const struct {
		const char *before, *what, *behind;
		size_t n;
	} large[] = {
		{ HEAD "<a>", "some text", "</a>", 110000 },
		{ HEAD "<a b='", "x>yz", "'/>", 260000 },
		{ HEAD "<a b='", "text", "'/>", 260000 },
		{ HEAD "<a>", "<b c='1'>text</b>", "</a>", 10000 },
		{ HEAD "<a>", "&lt;", "</a>", 250000 },
		{ HEAD "<a>", "\xe2\x82\xac", "</a>", 340000 },
	};
	char *s, *whole;
	size_t i;

	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		s = repeat(large[i].before, large[i].what, large[i].n,
		    large[i].behind);
		whole = strdup(run(s, strlen(s), strlen(s), 1,
		    parse_defaults()));
		ok(strstr(whole, "stanza") != NULL, "1 MB of '%s'",
		    large[i].what);
		if (i != 1)
			ok(strcmp(run(s, strlen(s), 1, 1, parse_defaults()),
			    whole) == 0, "the same by single bytes");
		ok(strcmp(run(s, strlen(s), 1448, 1448, parse_defaults()),
		    whole) == 0, "the same by segments");
		free(whole);
		free(s);
	}
}

static void
test_after_error(void)
{
	struct parse *p = parse_new(parse_defaults());
	struct elem *e;

	parse_feed(p, HEAD "<a/></x>", sizeof(HEAD "<a/></x>") - 1);
	is_int(parse_next(p, &e), PARSE_OPEN, "header before a mistake");
	elem_free(e);
	is_int(parse_next(p, &e), PARSE_STANZA, "stanza before a mistake");
	elem_free(e);
	is_int(parse_next(p, &e), PARSE_ERROR, "mistake");
	ok(e == NULL, "no element");
	is(parse_condition(p), "not-well-formed", "its condition");
	is(parse_error(p), "mismatched tag", "its description");
	is_int(parse_feed(p, "<a/>", 4), 0, "fed once more");
	is_int(parse_next(p, &e), PARSE_ERROR, "errors are final");
	is(parse_error(p), "mismatched tag", "and stay what they are");
	parse_free(p);

	p = parse_new(parse_defaults());
	parse_feed(p, HEAD "<a/><b><c>", sizeof(HEAD "<a/><b><c>") - 1);
	parse_next(p, &e);
	elem_free(e);
	parse_free(p);
	parse_free(NULL);
	ok(1, "freed amid a stanza");
}

static struct elem *
parse_one(const char *s)
{
	struct parse *p = parse_new(parse_defaults());
	struct elem *e;

	parse_feed(p, "<s>", 3);
	parse_next(p, &e);
	elem_free(e);
	parse_feed(p, s, strlen(s));
	if (parse_next(p, &e) == PARSE_ERROR)
		printf("# %s\n", parse_error(p));
	parse_free(p);
	return e;
}

static void
test_elem(void)
{
	struct elem *e;
	const struct elem *c;
	uint64_t n = 0;

	e = parse_one("<a xmlns='u' b='1' xmlns:p='v' p:b='2' p:c='3'>t"
	    "<x n='1'/><p:x n='2'/><y>z</y><x n='3'/></a>");
	ok(elem_is(e, "u", "a"), "is it");
	ok(!elem_is(e, "v", "a"), "another namespace");
	ok(!elem_is(e, "u", "A"), "another name");
	ok(!elem_is(NULL, NULL, NULL), "NULL is nothing");
	is(elem_attr(e, "b"), "1", "attribute");
	is(elem_attr(e, "c"), NULL, "no attribute without its namespace");
	is(elem_attrns(e, "v", "b"), "2", "attribute in a namespace");
	is(elem_attrns(e, "u", "b"), NULL,
	    "the default namespace is not for attributes");
	is(elem_attr(NULL, "b"), NULL, "attribute of NULL");
	ok(elem_number(e, "b", 1, 9, &n) == 0 && n == 1, "attribute in digits");
	is_int(elem_number(e, "b", 2, 9, &n), -1, "out of bounds");
	is_int(elem_number(e, "c", 0, 9, &n), -1, "absent");
	is_int(elem_number(NULL, "b", 0, 9, &n), -1, "of NULL");
	is_int(n, 1, "the number stays as it was");
	is(elem_text(e), "t", "text");
	is(elem_text(NULL), "", "text of NULL");
	is(elem_attr(elem_child(e, NULL, NULL), "n"), "1", "first child");
	is(elem_attr(elem_child(e, "v", NULL), "n"), "2", "child by namespace");
	is(elem_text(elem_child(e, NULL, "y")), "z", "child by name");
	is(elem_text(elem_child(e, "u", "x")), "", "no text");
	ok(elem_child(e, "w", "x") == NULL, "no child");
	ok(elem_child(NULL, NULL, NULL) == NULL, "child of NULL");
	c = elem_next(elem_child(e, "u", "x"), "u", "x");
	is(elem_attr(c, "n"), "3", "next");
	ok(elem_next(c, NULL, NULL) == NULL, "no next");
	ok(elem_next(NULL, NULL, NULL) == NULL, "next of NULL");
	elem_free(e);
	elem_free(NULL);
}

static void
test_buf(void)
{
	struct buf b;
	unsigned char *p, in = 0, out = 0;
	int good = 1, i, j;

	buf_init(&b, 1000);
	ok(buf_data(&b) != NULL && buf_len(&b) == 0, "empty");
	is_int((long long)buf_room(&b), 1000, "room");
	errno = 0;
	is_int(buf_add(&b, "", 0), 0, "add nothing");
	ok((p = buf_reserve(&b, 1000)) != NULL, "reserve all");
	memset(p, 'x', 1000);
	buf_commit(&b, 1000);
	ok(buf_add(&b, "y", 1) == -1 && errno == ENOBUFS, "one too many");
	ok(buf_reserve(&b, SIZE_MAX) == NULL && errno == ENOBUFS, "far more");
	is_int(buf_add(&b, "", 0), 0, "add nothing to a full buffer");
	buf_drain(&b, 1);
	is_int(buf_add(&b, "yz", 2), -1, "all or none");
	is_int((long long)buf_len(&b), 999, "none");
	is_int(buf_addstr(&b, "y"), 0, "as many as were drained");
	ok(buf_data(&b)[999] == 'y' && buf_data(&b)[998] == 'x', "in place");
	buf_truncate(&b, 1);
	buf_drain(&b, 1);
	is_int((long long)buf_room(&b), 1000, "empty again");
	errno = EDOM;
	buf_free(&b);
	ok(errno == EDOM && buf_len(&b) == 0, "freed");
	is_int(buf_addstr(&b, "again"), 0, "usable after that");
	buf_free(&b);
	buf_free(&b);

	buf_init(&b, 777);
	for (i = 0; i < 20000; i++) {
		for (j = i % 61; j > 0 && buf_room(&b) > 0; j--) {
			buf_add(&b, &in, 1);
			in++;
		}
		for (j = i * 7 % 59; j > 0 && buf_len(&b) > 0; j--) {
			good &= *buf_data(&b) == out++;
			buf_drain(&b, 1);
		}
		good &= b.cap <= 2 * b.max && b.off + b.len <= b.cap;
	}
	ok(good, "a queue");
	buf_free(&b);
}

/* Moved as it is, or, where it does not fit, copied or refused. */
static void
test_buf_move(void)
{
	static const char some[] = "0123456789";
	struct buf from, to;
	const unsigned char *p;

	buf_init(&from, 1000);
	buf_init(&to, 20);
	buf_addstr(&from, some);
	buf_addstr(&from, some);
	buf_drain(&from, 5);
	is_int(buf_move(&to, &from), 0, "move it");
	ok(buf_len(&from) == 0 && buf_room(&from) == 1000, "it is gone");
	ok(buf_len(&to) == 15 && buf_room(&to) == 5 &&
	    memcmp(buf_data(&to), "567890123456789", 15) == 0, "and there");
	ok(to.cap <= 2 * to.max, "in what may be its storage");
	buf_addstr(&from, some);
	errno = 0;
	ok(buf_move(&to, &from) == -1 && errno == ENOBUFS, "too much more");
	is_int((long long)buf_len(&from), 10, "is left where it is");
	buf_truncate(&from, 5);
	is_int(buf_move(&to, &from), 0, "enough");
	ok(buf_len(&from) == 0 && buf_len(&to) == 20 &&
	    memcmp(buf_data(&to) + 15, "01234", 5) == 0, "goes behind");
	buf_free(&to);
	buf_init(&to, 1000);
	buf_addstr(&from, some);
	p = buf_data(&from);
	is_int(buf_move(&to, &from), 0, "to a larger one");
	ok(buf_data(&to) == p, "without a copy");
	is_int(buf_move(&to, &from), 0, "nothing at all");
	ok(buf_len(&to) == 10 && buf_len(&from) == 0, "changes nothing");
	buf_free(&from);
	buf_free(&to);
}

static const char *
written(struct buf *b)
{
	buf_add(b, "", 1);
	return (const char *)buf_data(b);
}

static void
test_write(void)
{
	struct buf b;
	struct xw w;
	int i;

	buf_init(&b, 1000);
	xw_init(&w, &b);
	xw_start(&w, "iq", NULL);
	xw_attr(&w, "type", "get");
	xw_attr(&w, "from", NULL);
	xw_attrf(&w, "id", "%s-%d", "a'b", 7);
	xw_start(&w, "ping", "urn:xmpp:ping");
	xw_end(&w);
	xw_elem(&w, "x", "u&v", "1 < 2\n");
	xw_elem(&w, "y", NULL, NULL);
	xw_elem(&w, "z", NULL, "");
	xw_start(&w, "data", NULL);
	xw_base64(&w, "xcat", 4);
	is_int(xw_done(&w), 0, "written");
	is(written(&b), "<iq type='get' id='a&apos;b-7'>"
	    "<ping xmlns='urn:xmpp:ping'/><x xmlns='u&amp;v'>1 &lt; 2\n</x>"
	    "<y/><z/><data>eGNhdA==</data></iq>", "as it should be");
	buf_truncate(&b, 0);

	xw_init(&w, &b);
	xw_start(&w, "a", NULL);
	xw_attr(&w, "b", "&<>\"'\t\n\r");
	xw_text(&w, "&<>\"'\t\n\r");
	xw_done(&w);
	is(written(&b), "<a b='&amp;&lt;&gt;&quot;&apos;&#9;&#10;&#13;'>"
	    "&amp;&lt;&gt;&quot;&apos;\t\n&#13;</a>", "escapes");
	buf_truncate(&b, 0);

	buf_addstr(&b, "before");
	xw_init(&w, &b);
	for (i = 0; i < XW_DEPTH; i++)
		xw_start(&w, "a", NULL);
	is_int(xw_done(&w), 0, "as deep as can be");
	buf_truncate(&b, 6);
	xw_init(&w, &b);
	for (i = 0; i < XW_DEPTH + 1; i++)
		xw_start(&w, "a", NULL);
	xw_end(&w);
	is_int(xw_done(&w), -1, "too deep");
	is_int((long long)buf_len(&b), 6, "nothing written");

	xw_init(&w, &b);
	xw_start(&w, "a", NULL);
	for (i = 0; i < 100; i++)
		xw_text(&w, "0123456789");
	is_int(xw_done(&w), -1, "too long");
	is_int((long long)buf_len(&b), 6, "nothing written");
	xw_init(&w, &b);
	xw_start(&w, "a", NULL);
	xw_base64(&w, written(&b), 900);
	is_int(xw_done(&w), -1, "too much base64");
	buf_free(&b);
}

/* What the writer should make of text: a second opinion, bit by bit. */
static void
sanitize(const unsigned char *s, struct buf *b)
{
	static const struct {
		unsigned char mask, lead;
		unsigned long least;
	} form[] = {
		{ 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
	};
	unsigned long c;
	size_t i, n;

	for (; *s != '\0'; s += n) {
		for (n = 0; n < 4 && (*s & form[n].mask) != form[n].lead; n++)
			;
		c = n < 4 ? *s & (unsigned char)~form[n].mask : 0;
		for (i = 1; n < 4 && i <= n; i++) {
			if ((s[i] & 0xc0) != 0x80)
				n = 4;
			else
				c = c * 64 + s[i] % 64;
		}
		if (n < 4 && c >= form[n].least && c != 0xfffe &&
		    c != 0xffff && (c < 0xd800 || c > 0xdfff) &&
		    c <= 0x10ffff && (c >= 0x20 || c == '\t' || c == '\n' ||
		    c == '\r'))
			buf_add(b, s, n + 1);
		else
			buf_addstr(b, "\xef\xbf\xbd");
		n = n < 4 ? n + 1 : 1;
	}
	buf_add(b, "", 1);
}

/* Through the writer and the parser, in an attribute and as text. */
static int
round_trip(const char *s)
{
	struct buf b, want;
	struct xw w;
	struct elem *e;
	int same;

	buf_init(&b, SIZE_MAX);
	buf_init(&want, SIZE_MAX);
	xw_init(&w, &b);
	xw_start(&w, "a", NULL);
	xw_attr(&w, "b", s);
	xw_text(&w, s);
	xw_done(&w);
	sanitize((const unsigned char *)s, &want);
	e = parse_one(written(&b));
	same = e != NULL &&
	    strcmp(elem_text(e), (const char *)buf_data(&want)) == 0 &&
	    strcmp(elem_attr(e, "b"), (const char *)buf_data(&want)) == 0;
	elem_free(e);
	buf_free(&b);
	buf_free(&want);
	return same;
}

static void
test_round_trip(void)
{
	static const char *const pieces[] = {
		"<", "&", "]]>", "\r\n", "\xc3\xa4", "\xe2\x82\xac", "\xed",
		"\xf0\x9f\x90\x88", "\xef\xbf\xbe", "\xf4\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xe0\x80", "\x01", "a", "&amp;", "'", "\""
	};
	char s[64];
	int bad = 0, c, i, j, n;

	for (c = 1; c < 256; c++) {
		for (i = 1; i < 256; i++) {
			snprintf(s, sizeof(s), "%c%c", c, i);
			bad += !round_trip(s);
		}
	}
	is_int(bad, 0, "any two bytes");
	srand(1);
	for (i = 0; i < 20000; i++) {
		n = rand() % 60;
		for (j = 0; j < n; j++)
			s[j] = (char)(rand() % 255 + 1);
		s[n] = '\0';
		bad += !round_trip(s);
		for (*s = '\0', j = 0; j < 10; j++)
			strlcat(s, pieces[(size_t)rand() % (sizeof(pieces) /
			    sizeof(pieces[0]))], sizeof(s));
		bad += !round_trip(s);
	}
	is_int(bad, 0, "random bytes and pieces");
	ok(round_trip("\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\x7f\xc2\x80"),
	    "the edges of what is allowed");
}

static void
check_base64(const char *s, const char *want)
{
	char out[64];
	size_t n;

	if (base64_decode(out, sizeof(out), &n, s, strlen(s)) == -1)
		is(NULL, want, "base64 %s", want == NULL ? s : want);
	else {
		out[n] = '\0';
		is(out, want, "base64 %s", want == NULL ? s : want);
	}
}

static void
test_base64_vectors(void)
{
	static const char *const good[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }
	};
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zm8", "Zm9vY", "Zm9vYg", "Zm9vYg=",
		"Zg===", "Zg====", "Zm8==", "Zm9v=", "Zm9v==", "Zm9v====",
		"=", "==", "===", "====", "=Zg=", "Z=g=", "Z===", "Zg=g",
		"Zg==Zg==", "Zg==Zm9v", "Zm8=Zm9v", "Zh==", "Zk==", "Zn==",
		"Zm9=", "Zm+=", "Zm-_", "Zm9v!", "Zm9v.", "Zm\0139v",
		"Zm\0149v", "Zm9\xff", "\303\244Zm", "Zm9v&", "Zm9v-"
	};
	char out[64];
	size_t i, n;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		n = base64_encode(out, good[i][0], strlen(good[i][0]));
		out[n] = '\0';
		is(out, good[i][1], "base64 of '%s'", good[i][0]);
		check_base64(good[i][1], good[i][0]);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_base64(bad[i], NULL);
	check_base64(" \r\n Z m\t8\n=  ", "fo");
	check_base64("Zg\n=\n=\n", "f");
	check_base64("Zm9v\nYmFy", "foobar");
	check_base64(" ", "");
	is_int(base64_decode(out, sizeof(out), &n, "Zm9\0", 4), -1,
	    "NUL in base64");
	is_int(base64_decode(out, 5, &n, "Zm9vYmFy", 8), -1,
	    "too little room");
	is_int(base64_decode(out, 6, &n, "Zm9vYmFy", 8), 0, "just enough");
}

/* Is there a digit of base64? */
static int
is_digit64(int c)
{
	return c < 128 && (isalnum(c) || c == '+' || c == '/');
}

/* One character in each place of a long run of digits: only a digit is fine
 * there, and is what it is. */
static void
test_base64_places(const char *run, size_t len)
{
	unsigned char back[BASE64_DECODED(80)];
	char text[80], again[80];
	size_t i, n;
	int c, r, spans = 0, others = 0, values = 0;

	for (c = 0; c < 256; c++) {
		for (i = 0; i < len; i++) {
			memcpy(text, run, len);
			text[i] = (char)c;
			spans += base64_span(text, len) !=
			    (is_digit64(c) ? len : i);
			r = base64_decode(back, sizeof(back), &n, text, len);
			others += (r == 0) != is_digit64(c);
			values += r == 0 && (n != BASE64_DECODED(len) ||
			    base64_encode(again, back, n) != len ||
			    memcmp(again, text, len) != 0);
		}
	}
	is_int(spans, 0, "how many digits there are");
	is_int(others, 0, "no character beyond the alphabet, anywhere");
	is_int(values, 0, "every digit anywhere");
}

static void
test_base64_all(void)
{
	unsigned char in[300], back[BASE64_DECODED(400)];
	unsigned char openssl[BASE64_ENCODED(300) + 1];
	char out[BASE64_ENCODED(300) + 1];
	size_t i, len, n;
	int differs = 0, bad = 0;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 167 + i / 256);
	for (len = 0; len <= sizeof(in); len++) {
		n = base64_encode(out, in, len);
		EVP_EncodeBlock(openssl, in, (int)len);
		differs += n != BASE64_ENCODED(len) ||
		    memcmp(out, openssl, n) != 0;
		bad += base64_decode(back, sizeof(back), &i, out, n) == -1 ||
		    i != len || memcmp(in, back, len) != 0;
	}
	is_int(differs, 0, "base64 of any length, as OpenSSL has it");
	is_int(bad, 0, "and back");
	for (bad = 0, len = 0; len <= n; len++)
		bad += base64_span(out, len) != len;
	is_int(bad, 0, "digits of any length");
	test_base64_places(out, 80);
}

int
main(void)
{
	buf_init(&seen, SIZE_MAX);
	test_buf();
	test_buf_move();
	test_elem();
	test_streams();
	test_stanzas();
	test_namespaces();
	test_not_well_formed();
	test_restricted();
	test_utf16();
	test_prompt();
	test_pending();
	test_limits();
	test_skip();
	test_pieces();
	test_digits();
	test_bombs();
	test_skip_alone();
	test_brink();
	test_names();
	test_large();
	test_after_error();
	test_write();
	test_round_trip();
	test_base64_vectors();
	test_base64_all();
	buf_free(&seen);
	return tap_done();
}
