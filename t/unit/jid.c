/* Unit tests of xml/jid. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "t/lib/tap.h"
#include "xml/jid.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define TEN	"0123456789"
#define HUNDRED	TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define L50	"abcdefghijklmnopqrstuvwxyabcdefghijklmnopqrstuvwxy"
#define L63	L50 "abcdefghijklm"

static void
good(const char *in, const char *want)
{
	char again[JID_MAX], out[JID_MAX];
	const char *why = NULL;

	if (jid_prep(in, out, &why) == -1)
		is(why, NULL, "'%s' is good", in);
	else if (is(out, want, "'%s' is good", in))
		ok(jid_prep(out, again, NULL) == 0 && strcmp(out, again) == 0,
		    "and stays as it is");
}

static void
bad(const char *in, const char *want)
{
	char out[JID_MAX] = "x";
	const char *why = NULL;

	if (jid_prep(in, out, &why) == 0)
		is(out, NULL, "'%.100s' is bad", in);
	else {
		is(why, want, "'%.100s' is bad", in);
		is(out, "", "and nothing comes out");
	}
}

#define EMPTY_LOCAL	"its localpart is empty"
#define EMPTY_DOMAIN	"its domain is empty"
#define EMPTY_LABEL	"its domain has an empty label"
#define EMPTY_RESOURCE	"its resource is empty"
#define BAD_LOCAL	"its localpart contains forbidden characters"
#define BAD_DOMAIN	"its domain is not a valid host name"
#define BAD_IPV6	"its domain is not a valid IPv6 address"
#define BAD_RESOURCE	"its resource contains forbidden characters"
#define BAD_UTF8	"it is not valid UTF-8 text"

/* RFC 7622 section 3.5, as far as RFC 6122 agrees, and others. */
static const struct part {
	const char *in, *want;		/* or why not */
} good_parts[] = {
	{ "juliet@example.com", "juliet@example.com" },
	{ "juliet@example.com/foo", "juliet@example.com/foo" },
	{ "juliet@example.com/foo bar", "juliet@example.com/foo bar" },
	{ "juliet@example.com/foo@bar", "juliet@example.com/foo@bar" },
	{ "juliet@example.com/foo/bar", "juliet@example.com/foo/bar" },
	{ "juliet@example.com/@/", "juliet@example.com/@/" },
	{ "example.com", "example.com" },
	{ "example.com/foobar", "example.com/foobar" },
	{ "a.example.com/b@example.net", "a.example.com/b@example.net" },
	{ "example.com/a@b/c", "example.com/a@b/c" },
	{ "foo\\20bar@example.com", "foo\\20bar@example.com" },
	{ "localhost", "localhost" },
	{ "User@Example.COM/Home", "user@example.com/Home" },
	{ "example.com.", "example.com" },
	{ "a@example.com./r", "a@example.com/r" },
	{ "a@my_host-1.example", "a@my_host-1.example" },
	{ "a@127.0.0.1/r", "a@127.0.0.1/r" },
	{ "[::1]", "[::1]" },
	{ "a@[::1]/[::1]", "a@[::1]/[::1]" },
	{ "a@[2001:DB8:0:0::0001]/r", "a@[2001:db8::1]/r" },
	{ "a@[::ffff:1.2.3.4]", "a@[::ffff:1.2.3.4]" },
	{ "a@[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]",
	    "a@[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]" },
	{ "a!#$%()*+,-.;=?[\\]^_`{|}~b@example.com",
	    "a!#$%()*+,-.;=?[\\]^_`{|}~b@example.com" },
}, bad_parts[] = {
	{ "", EMPTY_DOMAIN },
	{ "@", EMPTY_LOCAL },
	{ "/", EMPTY_DOMAIN },
	{ "@/", EMPTY_LOCAL },
	{ "a@", EMPTY_DOMAIN },
	{ "a@/b", EMPTY_DOMAIN },
	{ "/b", EMPTY_DOMAIN },
	{ "@example.com", EMPTY_LOCAL },
	{ "@example.com/r", EMPTY_LOCAL },
	{ "example.com/", EMPTY_RESOURCE },
	{ "a@example.com/", EMPTY_RESOURCE },
	{ ".", EMPTY_LABEL },
	{ "a@.", EMPTY_LABEL },
	{ "a@.example.com", EMPTY_LABEL },
	{ "a@example..com", EMPTY_LABEL },
	{ "a@example.com..", EMPTY_LABEL },
	{ "a@b@example.com", BAD_DOMAIN },
	{ "\"juliet\"@example.com", BAD_LOCAL },
	{ "foo bar@example.com", BAD_LOCAL },
	{ "a:b@example.com", BAD_LOCAL },
	{ "a&b@example.com", BAD_LOCAL },
	{ "a'b@example.com", BAD_LOCAL },
	{ "<a>@example.com", BAD_LOCAL },
	{ "a\tb@example.com", BAD_LOCAL },
	{ "a\x7f@example.com", BAD_LOCAL },
	{ " a@example.com", BAD_LOCAL },
	{ "a@ example.com", BAD_DOMAIN },
	{ "a@example.com ", BAD_DOMAIN },
	{ "a@example.com\n", BAD_DOMAIN },
	{ "a@exam'ple.com", BAD_DOMAIN },
	{ "a@exam<ple.com", BAD_DOMAIN },
	{ "a@example.com:5222", BAD_DOMAIN },
	{ "a@*.example.com", BAD_DOMAIN },
	{ "xmpp:a@example.com", BAD_LOCAL },
	{ "a@example.com/r\n", BAD_RESOURCE },
	{ "a@example.com/\x7f", BAD_RESOURCE },
	{ "a@[", BAD_IPV6 },
	{ "a@[]", BAD_IPV6 },
	{ "a@[::1", BAD_IPV6 },
	{ "a@[::1].example", BAD_IPV6 },
	{ "a@[::1]:5222", BAD_IPV6 },
	{ "a@[127.0.0.1]", BAD_IPV6 },
	{ "a@[::1%lo]", BAD_IPV6 },
	{ "a@[:::]", BAD_IPV6 },
	{ "a@[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
	    BAD_IPV6 },
	{ "a@::1", BAD_DOMAIN },
};

static void
test_parts(void)
{
	size_t i;

	for (i = 0; i < N(good_parts); i++)
		good(good_parts[i].in, good_parts[i].want);
	for (i = 0; i < N(bad_parts); i++)
		bad(bad_parts[i].in, bad_parts[i].want);
}

static void
test_unicode(void)
{
	/* Case folding and composition. */
	good("fu\xc3\x9f" "ball@example.com", "fussball@example.com");
	good("\xce\xa3@example.com/\xce\xa3",
	    "\xcf\x83@example.com/\xce\xa3");
	good("\xce\xa0\xcf\x82@example.com",
	    "\xcf\x80\xcf\x83@example.com");
	good("\xc3\x84" "A\xcc\x88@example.com",
	    "\xc3\xa4\xc3\xa4@example.com");
	good("a@B\xc3\x9c" "CHER.example", "a@b\xc3\xbc" "cher.example");
	good("a@bu\xcc\x88" "cher.example", "a@b\xc3\xbc" "cher.example");
	good("a@example.com/u\xcc\x88", "a@example.com/\xc3\xbc");
	good("a@example.com/\xe2\x99\x9a", "a@example.com/\xe2\x99\x9a");
	/* A-labels are what they stand for, if they stand for something. */
	good("a@xn--bcher-kva.example", "a@b\xc3\xbc" "cher.example");
	good("a@XN--BCHER-KVA.xn--tda", "a@b\xc3\xbc" "cher.\xc3\xbc");
	good("xn--bcher-kva.example/r", "b\xc3\xbc" "cher.example/r");
	good("a@xn--bcher-2pa.example", "a@xn--bcher-2pa.example");
	good("a@xn--strae-oqa.example", "a@xn--strae-oqa.example");
	good("a@xn--a.example", "a@xn--a.example");
	bad("a@xn--ab-r13a.example", BAD_DOMAIN);	/* a dot in it */
	good("\xe2\x85\xa3@example.com", "iv@example.com");
	good("\xef\xbc\xa1@\xef\xbc\xa5xample.com/\xef\xbc\xa1",
	    "a@example.com/A");
	good("a\xc2\xad" "b@example.com", "ab@example.com");
	good("\xf0\x9f\x90\x88@example.com/\xf0\x9f\x90\x88",
	    "\xf0\x9f\x90\x88@example.com/\xf0\x9f\x90\x88");
	/* Turkish, whatever the locale. */
	good("I\xc4\xb0@example.com", "ii\xcc\x87@example.com");
	/* Dots of other scripts. */
	good("a@example\xe3\x80\x82" "com", "a@example.com");
	good("a@example\xef\xbc\x8e" "com\xef\xbd\xa1", "a@example.com");
	/* Arabic and Hebrew: label by label. */
	good("\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a@\xd8\xb9\xd8\xb1\xd8\xa8"
	    "\xd9\x8a.example/\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a",
	    "\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a@\xd8\xb9\xd8\xb1\xd8\xa8"
	    "\xd9\x8a.example/\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a");
	bad("\xd8\xb9" "a\xd8\xb9@example.com", BAD_LOCAL);
	bad("\xd8\xb9" "1@example.com", BAD_LOCAL);
	bad("a@\xd7\x90" "b.example", BAD_DOMAIN);
	bad("a@example.com/\xd7\x90x", BAD_RESOURCE);
}

/* What must not come out of preparation, and what is no UTF-8. */
static void
test_unicode_bad(void)
{
	bad("a\xef\xbc\xa0" "b@example.com", BAD_LOCAL);
	bad("a\xef\xbc\x8f" "b@example.com", BAD_LOCAL);
	bad("a@good.example\xef\xbc\x8f" ".evil.example", BAD_DOMAIN);
	bad("a@good.example\xef\xbc\xa0" "evil.example", BAD_DOMAIN);
	bad("a@good.example\xe2\x84\x80" ".evil.example", BAD_DOMAIN);
	bad("a@\xe2\x92\x88" "com", BAD_DOMAIN);
	bad("a@\xe2\x80\xa6" "com", BAD_DOMAIN);
	bad("a@a\xe2\x84\x85" "b.example", BAD_DOMAIN);
	bad("a@\xef\xbc\xbb::1]", BAD_DOMAIN);
	bad("\xc2\xad@example.com", EMPTY_LOCAL);
	bad("a@\xc2\xad", EMPTY_LABEL);
	bad("a@example.com/\xc2\xad", EMPTY_RESOURCE);
	bad("a\xc2\xa0" "b@example.com", BAD_LOCAL);
	bad("a\xe2\x80\xae@example.com", BAD_LOCAL);
	bad("a\xef\xbf\xbd@example.com", BAD_LOCAL);
	bad("\xee\x80\x80@example.com", BAD_LOCAL);
	bad("a@\xe2\x80\xae" "b.example", BAD_DOMAIN);
	bad("a@example.com/\xe2\x80\xae", BAD_RESOURCE);

	bad("\xff@example.com", BAD_UTF8);
	bad("a@\xc3.example", BAD_UTF8);
	bad("a@example.com/\xe2\x82", BAD_UTF8);
	bad("\xc0\xaf@example.com", BAD_UTF8);
	bad("\xed\xa0\x80@example.com", BAD_UTF8);
	bad("a@example.com/\xf4\x90\x80\x80", BAD_UTF8);
	bad("a\xe2\x82", BAD_UTF8);
}

static void
repeat(char *out, const char *before, char c, int n, const char *behind)
{
	strlcpy(out, before, JID_MAX);
	out += strlen(out);
	memset(out, c, (size_t)n);
	strlcpy(out + n, behind, JID_MAX);
}

static void
test_lengths(void)
{
	char in[JID_MAX * 4], out[JID_MAX];
	int i;

	repeat(in, "", 'a', 1023, "@b/c");
	good(in, in);
	repeat(in, "", 'a', 1024, "@b/c");
	bad(in, "its localpart is too long");
	repeat(in, "a@b/", 'c', 1023, "");
	good(in, in);
	repeat(in, "a@b/", 'c', 1024, "");
	bad(in, "its resource is too long");
	repeat(in, "a@b/", 'c', 9000, "");
	bad(in, "its resource is too long");
	good(L63 ".example", L63 ".example");
	bad(L63 "x.example", BAD_DOMAIN);
	good(L63 "." L63 "." L63 "." L50 "abcdefghijk",
	    L63 "." L63 "." L63 "." L50 "abcdefghijk");
	bad(L63 "." L63 "." L63 "." L50 "abcdefghijkl", BAD_DOMAIN);
	bad(L63 "." L63 "." L63 "." L63 ".a", BAD_DOMAIN);
	repeat(in, "", 'b', 1024, "");
	bad(in, "its domain is too long");
	for (*in = '\0', i = 0; i < 20; i++)
		strlcat(in, L63 ".", sizeof(in));
	bad(in, "its domain is too long");
	for (*in = '\0', i = 0; i < 512; i++)
		strlcat(in, "a.", sizeof(in));
	bad(in, BAD_DOMAIN);
	strlcat(in, "a", sizeof(in));
	bad(in, "its domain is too long");

	/* U+FDFA becomes 18 characters of 33 bytes. */
	for (*in = '\0', i = 0; i < 31; i++)
		strlcat(in, "\xef\xb7\xba", sizeof(in));
	strlcat(in, "@b", sizeof(in));
	bad(in, "its localpart contains forbidden characters");
	for (strlcpy(in, "a@b/", sizeof(in)), i = 0; i < 31; i++)
		strlcat(in, "\xef\xb7\xba", sizeof(in));
	is_int(jid_prep(in, out, NULL), 0, "growing, but not too long");
	is_int((long long)strlen(jid_resource(out)), 1023, "at the limit");
	strlcat(in, "\xef\xb7\xba", sizeof(in));
	bad(in, "its resource is too long");

	/* The longest JID there is. */
	repeat(in, "", 'a', 1023, "@" L63 "/");
	i = (int)strlen(in);
	memset(in + i, 'c', 1023);
	in[i + 1023] = '\0';
	good(in, in);
}

static void
split(const char *jid, const char *local, const char *domain,
    const char *resource, const char *bare)
{
	char out[JID_MAX];

	is(jid_local(jid, out), local, "localpart of '%s'", jid);
	is(jid_domain(jid, out), domain, "its domain");
	is(jid_resource(jid), resource, "its resource");
	is(jid_bare(jid, out), bare, "without resource");
}

static void
test_split(void)
{
	split("a@b/c", "a", "b", "c", "a@b");
	split("a@b", "a", "b", "", "a@b");
	split("b/c", "", "b", "c", "b");
	split("b", "", "b", "", "b");
	split("b/c@d/e", "", "b", "c@d/e", "b");
	split("a@b/c@d/e", "a", "b", "c@d/e", "a@b");
	split("a@[::1]/c", "a", "[::1]", "c", "a@[::1]");

	ok(jid_samebare("a@b/c", "a@b/d"), "the same but for the resource");
	ok(jid_samebare("a@b/c", "a@b"), "the same without resource");
	ok(jid_samebare("a@b", "a@b/c"), "the same with resource");
	ok(jid_samebare("b", "b/a@b"), "the same without localpart");
	ok(!jid_samebare("a@b", "c@b"), "another localpart");
	ok(!jid_samebare("a@b", "b"), "a domain is not its user");
	ok(!jid_samebare("a@b", "a@bc"), "not if one begins the other");
	ok(!jid_samebare("a@bc/d", "a@b/d"), "nor the other way");
}

static void
ascii(const char *in, const char *want)
{
	char out[JID_MAX];

	is(jid_ascii(in, out) == -1 ? NULL : out, want, "'%s' in ASCII", in);
}

static void
test_ascii(void)
{
	ascii("example.com", "example.com");
	ascii("b\xc3\xbc" "cher.example", "xn--bcher-kva.example");
	ascii("xn--bcher-kva.example", "xn--bcher-kva.example");
	ascii("\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a.example",
	    "xn--ngbrx4e.example");
	ascii("\xf0\x9f\x90\x88.example", "xn--zn8h.example");
	ascii("127.0.0.1", "127.0.0.1");
	ascii("[::1]", "[::1]");
	ascii("my_host", "my_host");
	ascii("a..b", NULL);
	ascii("", NULL);
	ascii("\xff", NULL);
	ascii(L63 "x", NULL);
}

static void
sasl(const char *in, const char *want)
{
	char out[64];

	is(jid_saslprep(in, out, sizeof(out)) == -1 ? NULL : out, want,
	    "SASLprep of '%s'", in);
}

/* RFC 4013 section 3, and others. */
static void
test_saslprep(void)
{
	char out[8];

	sasl("I\xc2\xadX", "IX");
	sasl("user", "user");
	sasl("USER", "USER");
	sasl("\xc2\xaa", "a");
	sasl("\xe2\x85\xa8", "IX");
	sasl("\x07", NULL);
	sasl("\xd8\xa7" "1", NULL);
	sasl("", "");
	sasl("pass word ~!", "pass word ~!");
	sasl("pass\xc2\xa0word", "pass word");
	sasl("pa\xc3\x9fw\xc3\xb6rd", "pa\xc3\x9fw\xc3\xb6rd");
	sasl("o\xcc\x88", "\xc3\xb6");
	sasl("\xf0\x9f\x90\x88", "\xf0\x9f\x90\x88");
	sasl("a\nb", NULL);
	sasl("a\x7f", NULL);
	sasl("\xee\x80\x80", NULL);
	sasl("\xff", NULL);
	sasl("\xc3", NULL);
	is_int(jid_saslprep("1234567", out, sizeof(out)), 0, "fits");
	is_int(jid_saslprep("12345678", out, sizeof(out)), -1, "too long");
	is_int(jid_saslprep("\xef\xac\x83\xef\xac\x83", out, sizeof(out)), 0,
	    "fits when prepared");
	is_int(jid_saslprep("\xc2\xbc\xc2\xbc", out, sizeof(out)), -1,
	    "too long when prepared");
}

int
main(void)
{
	/* Nothing here may depend on it. */
	setlocale(LC_ALL, "");
	test_parts();
	test_unicode();
	test_unicode_bad();
	test_lengths();
	test_split();
	test_ascii();
	test_saslprep();
	return tap_done();
}
