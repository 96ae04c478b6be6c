/*
 * Unit tests of files: the stanzas of XEP-0095, 0096 and 0020, and the words
 * between two xcats (ibb/si); the names that files get (net/file).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/si.h"
#include "net/file/filename.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define SI	"<si xmlns='http://jabber.org/protocol/si' id='s' " \
		"profile='" NS_SI_FILE "'>"
#define FORM(type, field) \
		"<feature xmlns='http://jabber.org/protocol/feature-neg'>" \
		"<x xmlns='jabber:x:data' type='" type "'>" field \
		"</x></feature>"
#define FIELD(x) "<field var='stream-method' type='list-single'>" x "</field>"
#define OPTION(ns) "<option><value>" ns "</value></option>"
#define BOTH	FORM("form", FIELD(OPTION(NS_BYTESTREAMS) OPTION(NS_IBB)))
#define FILEXML(attrs) "<file xmlns='" NS_SI_FILE "' " attrs "/>"
#define VALUE(ns) FORM("submit", FIELD("<value>" ns "</value>"))

/*
 * Offers
 */

static struct elem	*kept;

static int
offer(struct iq_table *t, const char *inside, struct si_offer *o)
{
	elem_free(kept);
	*stanza_sent = '\0';
	kept = stanza_iq("set", "p@q/r", inside, strlen(inside));
	if (kept == NULL)
		abort();
	return si_parse(t, kept, o);
}

static void
test_offers(struct iq_table *t)
{
	struct si_offer	 o;

	is_int(offer(t, SI FILEXML("name='a b' size='5' "
	    "hash='552DA749930852C69AE5D2141D3766B1' "
	    "date='1969-07-21T02:56:15Z' mode='640' more='3'") BOTH "</si>",
	    &o), 1, "an offer");
	is(o.sid, "s", "sid");
	is(o.file.name, "a b", "name");
	is_int((long)o.file.size, 5, "size");
	is(o.file.hash, "552da749930852c69ae5d2141d3766b1", "hash");
	is_int((long)o.file.date, -14159025, "date");
	is_int(o.file.mode, 0640, "mode");
	is_int((long)o.file.more, 3, "more");
	is_int(o.file.ranged, 0, "no range");
	is_int(o.methods, SI_S5B | SI_IBB, "methods");

	is_int(offer(t, SI "<file xmlns='" NS_SI_FILE "' name='' size='0' "
	    "date='yesterday' hash='552da' mode='9999'><desc>x</desc><range/>"
	    "</file>" FORM("form", FIELD(OPTION("x") OPTION(NS_IBB)
	    OPTION("jabber:iq:oob"))) "</si>", &o), 1, "a sparing offer");
	is_int(o.file.ranged && !o.file.dated && *o.file.hash == '\0' &&
	    o.file.mode == -1, 1, "what makes no sense is not there");
	is_int(o.methods, SI_IBB, "the one that we know");

	is_int(offer(t, SI FILEXML("name='a' "
	    "hash='d41d8cd98f00b204e9800998ecf8427e'") BOTH "</si>", &o), 1,
	    "no size, but the hash of nothing");
	is_int((long)o.file.size, 0, "is an empty file");

	is_int(offer(t, "<query xmlns='jabber:iq:oob'/>", &o), 0,
	    "something else");
	is(stanza_sent, "", "is not answered");
}

static void
bad(struct iq_table *t, const char *inside, const char *type,
    const char *own, const char *what)
{
	struct si_offer	 o;

	is_int(offer(t, inside, &o), -1, "%s", what);
	ok(stanza_has("<bad-request ") && stanza_has(type) &&
	    (own == NULL || stanza_has(own)), "its error");
}

static void
test_bad_offers(struct iq_table *t)
{
	static const char	*const sizes[] = { "", "-1", "1x", " 1",
				    "0x1", "1.5", "9223372036854775808",
				    "99999999999999999999999999" };
	char			 xml[2048];
	size_t			 i;

	bad(t, "<si xmlns='" NS_SI "' profile='" NS_SI_FILE "'>"
	    FILEXML("name='a' size='1'") BOTH "</si>", "cancel", NULL,
	    "no sid");
	bad(t, "<si xmlns='" NS_SI "' id='' profile='" NS_SI_FILE "'>"
	    FILEXML("name='a' size='1'") BOTH "</si>", "cancel", NULL,
	    "an empty sid");
	bad(t, "<si xmlns='" NS_SI "' id='s'>" FILEXML("name='a' size='1'")
	    BOTH "</si>", "modify", "<bad-profile ", "no profile");
	bad(t, "<si xmlns='" NS_SI "' id='s' profile='x'>"
	    FILEXML("name='a' size='1'") BOTH "</si>", "modify",
	    "<bad-profile ", "another profile");
	bad(t, SI BOTH "</si>", "modify", "<bad-profile ", "no file");
	bad(t, SI FILEXML("size='1'") BOTH "</si>", "modify",
	    "<bad-profile ", "no name");
	bad(t, SI FILEXML("name='a'") BOTH "</si>", "modify",
	    "<bad-profile ", "no size");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(xml, sizeof(xml), SI "<file xmlns='" NS_SI_FILE
		    "' name='a' size='%s'/>" BOTH "</si>", sizes[i]);
		bad(t, xml, "modify", "<bad-profile ", sizes[i]);
	}
	bad(t, SI FILEXML("name='a' size='1'") "</si>", "cancel",
	    "<no-valid-streams ", "no form");
	bad(t, SI FILEXML("name='a' size='1'") FORM("form", "") "</si>",
	    "cancel", "<no-valid-streams ", "no field");
	bad(t, SI FILEXML("name='a' size='1'") FORM("form", FIELD(""))
	    "</si>", "cancel", "<no-valid-streams ", "no option");
	bad(t, SI FILEXML("name='a' size='1'") FORM("form",
	    FIELD(OPTION("x"))) "</si>", "cancel", "<no-valid-streams ",
	    "an unknown one");
	bad(t, SI FILEXML("name='a' size='1'") FORM("submit",
	    FIELD(OPTION(NS_IBB))) "</si>", "cancel", "<no-valid-streams ",
	    "an answer for a question");
}

static void
test_answering(struct iq_table *t)
{
	si_accept(t, "p@q/r", "i", SI_IBB, 0);
	ok(stanza_has("type='submit'") &&
	    stanza_has("<value>" NS_IBB "</value>") && !stanza_has("range") &&
	    stanza_has("<si xmlns='" NS_SI "'>"), "all of it");
	si_accept(t, "p@q/r", "i", SI_S5B, UINT64_C(5000000000));
	ok(stanza_has("<range offset='5000000000'/>") &&
	    stanza_has("<value>" NS_BYTESTREAMS "</value>"), "a part of it");
	si_refuse(t, "p@q/r", "i", SI_DECLINED, "no");
	ok(stanza_has("<forbidden ") && stanza_has(">no<"), "declined");
}

/*
 * Answers
 */

static struct si_answer	 got;
static struct si_file	 ours;
static char		 text[256];
static int		 calls;

static void
on_answer(void *arg, const struct elem *answer)
{
	(void)arg;
	calls++;
	si_answer(answer, &ours, SI_S5B | SI_IBB, &got);
	snprintf(text, sizeof(text), "%s", got.text);
}

static void
answered(struct iq_table *t, const char *type, const char *inside,
    unsigned method, const char *what)
{
	struct elem	*e;

	calls = 0;
	si_offer(t, "p@q/r", "s", "text/plain", &ours, SI_S5B | SI_IBB,
	    on_answer, NULL, 1000);
	if ((e = stanza_iq(type, "p@q/r", inside, strlen(inside))) == NULL)
		abort();
	iq_answer(t, e);
	elem_free(e);
	is_int(calls, 1, "%s: answered", what);
	is_int(got.method, method, "%s: method", what);
}

#define ANSWER(range) "<si xmlns='" NS_SI "'><file xmlns='" NS_SI_FILE "'>" \
		range "</file>" VALUE(NS_IBB) "</si>"

static void
test_ranges(struct iq_table *t)
{
	answered(t, "result", ANSWER("<range/>"), SI_IBB, "no range");
	is_int((long)got.length, 1000, "all of it");
	answered(t, "result", ANSWER("<range offset='10'/>"), SI_IBB,
	    "an offset");
	is_int((long)got.offset, 10, "from there");
	is_int((long)got.length, 990, "to the end");
	answered(t, "result", ANSWER("<range length='10'/>"), SI_IBB,
	    "a length");
	is_int((long)(got.offset * 10000 + got.length), 10, "from the start");
	answered(t, "result", ANSWER("<range offset='1000'/>"), SI_IBB,
	    "the end");
	is_int((long)got.length, 0, "nothing");
	answered(t, "result", ANSWER("<range offset='1001'/>"), 0,
	    "beyond the end");
	answered(t, "result", ANSWER("<range offset='10' length='991'/>"), 0,
	    "too long");
	answered(t, "result", ANSWER("<range offset='10' "
	    "length='9223372036854775807'/>"), 0, "no overflow");
	answered(t, "result", ANSWER("<range offset='-1'/>"), 0, "negative");
	answered(t, "result", ANSWER("<range offset=''/>"), 0, "empty");
	ours.ranged = 0;
	answered(t, "result", ANSWER("<range offset='10'/>"), SI_IBB,
	    "not offered");
	is_int((long)got.length, 1000, "all of it");
	ours.ranged = 1;
}

static void
test_answers(struct iq_table *t)
{
	answered(t, "result", "<si xmlns='" NS_SI "'>" VALUE(NS_BYTESTREAMS)
	    "</si>", SI_S5B, "sockets");
	ok(stanza_has("mime-type='text/plain'") &&
	    stanza_has("name='n &amp; m'") &&
	    stanza_has("size='1000'") && stanza_has("<range/>") &&
	    !stanza_has("mode=") &&
	    stanza_has("date='2001-02-03T04:05:06Z'") &&
	    strstr(stanza_sent, NS_BYTESTREAMS) < strstr(stanza_sent, NS_IBB),
	    "what is offered");
	answered(t, "result", "<si xmlns='" NS_SI "'>" VALUE("x") "</si>", 0,
	    "a method that was not offered");
	answered(t, "result", "", 0, "an empty result");
	answered(t, "result", "<si xmlns='" NS_SI "'>" FORM("form",
	    FIELD("<value>" NS_IBB "</value>")) "</si>", 0, "a question");
	answered(t, "error", "<error type='cancel'><forbidden xmlns='"
	    NS_STANZA_ERROR "'/><text xmlns='" NS_STANZA_ERROR "'>no</text>"
	    "</error>", 0, "declined");
	is_int(got.err, SE_FORBIDDEN, "its error");
	is(text, "no", "its text");
	answered(t, "error", "<error type='cancel'><bad-request xmlns='"
	    NS_STANZA_ERROR "'/><no-valid-streams xmlns='" NS_SI "'/>"
	    "</error>", 0, "no streams");
	is_int(got.no_streams, 1, "says so");
	calls = 0;
	si_offer(t, "p@q/r", "s", NULL, &ours, SI_IBB, on_answer, NULL, 1000);
	ok(!stanza_has("mime-type") && !stanza_has(NS_BYTESTREAMS),
	    "no more than is known");
	iq_expire(t, 1001);
	is_int(calls, 1, "no answer");
	is_int(got.method == 0 && got.err == SE_NONE, 1, "is none");
}

/*
 * Between two xcats
 */

static enum si_word
heard(const struct buf *b, size_t len, struct si_file *f, uint64_t *offset)
{
	struct elem	*e;
	const char	*s;
	size_t		 used = 0;
	enum si_word	 w;

	w = si_hear(buf_data(b), len, &used, &e, f, offset, &s);
	if (w != SI_MORE && w != SI_NONSENSE)
		is_int((long)used, (long)len, "all of it is used");
	if (w == SI_REFUSED || w == SI_WRONG)
		snprintf(text, sizeof(text), "%s", s);
	if (w == SI_FILE) {
		snprintf(text, sizeof(text), "%s", f->name);
		f->name = text;
	}
	elem_free(e);
	return w;
}

static void
test_words(void)
{
	struct buf	 b;
	struct si_file	 f;
	uint64_t	 offset = 0;
	size_t		 i;
	int		 early = 0;

	buf_init(&b, 65536);
	ours.mode = 0640;
	ours.more = 7;
	is_int(si_say_file(&b, &ours), 0, "a file is said");
	for (i = 0; i < buf_len(&b); i++)
		early += heard(&b, i, &f, &offset) != SI_MORE;
	is_int(early, 0, "it is not heard before its end");
	is_int(heard(&b, i, &f, &offset), SI_FILE, "and then it is");
	ok(strcmp(f.name, ours.name) == 0 && f.size == ours.size &&
	    f.date == ours.date && strcmp(f.hash, ours.hash) == 0 &&
	    f.mode == 0640 && f.more == 7 && f.ranged, "as it was said");
	buf_truncate(&b, 0);
	si_say_range(&b, UINT64_C(5000000000));
	is_int(heard(&b, buf_len(&b), &f, &offset), SI_RANGE, "a range");
	is_int(offset == UINT64_C(5000000000), 1, "from there");
	buf_truncate(&b, 0);
	si_say_refused(&b, "<&>");
	is_int(heard(&b, buf_len(&b), &f, &offset), SI_REFUSED, "a refusal");
	is(text, "<&>", "in its words");
	buf_truncate(&b, 0);
	si_say_wrong(&b, "hash");
	is_int(heard(&b, buf_len(&b), &f, &offset), SI_WRONG, "a mistake");
	buf_free(&b);
}

static void
test_nonsense(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
	} words[] = {
		{ "\377\377\377\377", 4 }, { "\0\0\100\1", 4 },
		{ "\0\0\0\1x", 5 }, { "\0\0\0\0", 4 }, { "\0\0\0\4<a/>", 8 },
		{ "\0\0\0\11<a/> <b/>", 13 }, { "\0\0\0\3<a>", 7 },
		{ "\0\0\0\13</stream>  ", 15 },
		{ "\0\0\0\17<!DOCTYPE a><a/>", 19 },
	};
	struct buf	 b;
	struct si_file	 f;
	uint64_t	 offset;
	size_t		 i;

	buf_init(&b, 64);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		buf_truncate(&b, 0);
		buf_add(&b, words[i].bytes, words[i].len);
		is_int(heard(&b, buf_len(&b), &f, &offset), SI_NONSENSE,
		    "nonsense, number %zu", i);
	}
	buf_free(&b);
}

/*
 * Names
 */

static void
named(const char *given, const char *want)
{
	char	 out[FILE_NAME];

	is(file_name(given, out), want, "%.40s", given);
}

static void
test_names(void)
{
	char	 given[4097], out[FILE_NAME];

	named("plain.txt", "plain.txt");
	named("with spaces \xc3\xa4", "with spaces \xc3\xa4");
	named("../x", "x");
	named("/etc/passwd", "passwd");
	named("C:\\x\\y", "y");
	named("", "file");
	named("a/", "file");
	named(".", "_");
	named("..", "_.");
	named(".ssh", "_ssh");
	named("-rf", "_rf");
	named("a.b-c", "a.b-c");
	named("a\nb\x7f", "a_b_");
	named("x\xe2\x80\xaegpj.exe", "x_gpj.exe");
	named("a\xff" "b\xc3", "a_b_");
	named(".xcat-part-0", "_xcat-part-0");
	memset(given, 'x', 4096);
	given[4096] = '\0';
	is_int((long)strlen(file_name(given, out)), 255, "4096 bytes");
	given[255] = '\0';
	is(file_name(given, out), given, "255 bytes");
	memcpy(given + 254, "\xc3\xa4", 3);
	is_int((long)strlen(file_name(given, out)), 254,
	    "no character is cut");
}

int
main(void)
{
	struct iq_table	*t = iq_new(stanza_take, NULL);

	iq_setjid(t, "us@here/x");
	ours = (struct si_file){ .name = "n & m", .size = 1000, .dated = 1,
	    .date = 981173106, .ranged = 1, .mode = 0600,
	    .hash = "552da749930852c69ae5d2141d3766b1" };
	test_offers(t);
	test_bad_offers(t);
	test_answering(t);
	test_answers(t);
	test_ranges(t);
	test_words();
	test_nonsense();
	test_names();
	elem_free(kept);
	iq_free(t);
	return tap_done();
}
