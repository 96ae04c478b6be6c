/* Unit tests of hashed_token, features, sasl2 and fast_tokens in net/login:
 * what is computed and read before anything is believed. */
#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/io/tls_binding.h"
#include "net/login/fast_tokens.h"
#include "net/login/features.h"
#include "net/login/features_cache.h"
#include "net/login/hashed_token.h"
#include "net/login/sasl2.h"
#include "t/lib/tap.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/parse.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define US		"alice@example.org"
#define OTHER		"bob@example.org"
#define HT		"HT-SHA-256-NONE"
#define EXPIRY		"2999-12-31T23:59:59Z"

/* --- hashed tokens -------------------------------------------------------- */

/* Made with Python's hmac; bindings are the bytes 0 to 31. */
static const struct vector {
	const char	*mechanism, *ours, *theirs;
} vectors[] = {
	{ "HT-SHA-256-NONE",
	    "9546559072ad51d04d349542879f6ac2bebc5fc1d7386e4f8faa3252b4ddc422",
	    "265b5b3b897d208d2798c8aa110bb414a25335ede9b73f891b7c296ee7fdd7ce"
	},
	{ "HT-SHA-256-EXPR",
	    "cc260f1ecd6f8e577111d130d705985f41f7c95fda8e21cfa521a8b06c64f6cc",
	    "101890c8ab6398618cc79b27b8e4e3db7c9566265a823d27ba60d870d35fb766"
	},
	{ "HT-SHA-512-ENDP",
	    "e96cd5b6127f227f1c574595f9fd9a2562d9f1dd76f87bd59540381914c22009"
	    "99ad60a8bf908d4ff015999fbfc0ad844e1b11b4328f516766da4782cd202ad0",
	    "2315ca6c871d519b7692a150b4f15b2b55255176471dddcc589872eb82191be3"
	    "940beb191daf8105981579918d097b9bd7b355d7d1ec38e105f3b462528c5040"
	},
};

static void
bindings(struct tls_binding *b)
{
	unsigned char	 i;

	memset(b, 0, 2 * sizeof(*b));
	b[0].type = "tls-exporter";
	b[1].type = "tls-server-end-point";
	for (i = 0; i < 32; i++)
		b[0].data[i] = b[1].data[i] = i;
	b[0].len = b[1].len = 32;
}

static size_t
unhex(const char *s, unsigned char *out)
{
	static const char	 digits[] = "0123456789abcdef";
	size_t			 n;

	for (n = 0; s[2 * n] != '\0'; n++)
		out[n] = (unsigned char)((strchr(digits, s[2 * n]) - digits) *
		    16 + (strchr(digits, s[2 * n + 1]) - digits));
	return n;
}

static void
test_vector(const struct vector *v)
{
	struct tls_binding	 b[2];
	struct hashed_token		 h;
	struct buf		 out;
	unsigned char		 want[64];
	size_t			 n = unhex(v->ours, want);

	bindings(b);
	buf_init(&out, 1024);
	ok(hashed_token_init(&h, v->mechanism, "secret-token:x", b, 2) ==
	    SASL_OK &&
	    hashed_token_first(&h, "alice", &out) == SASL_OK &&
	    buf_len(&out) == 6 + n &&
	    memcmp(buf_data(&out), "alice", 6) == 0 &&
	    memcmp(buf_data(&out) + 6, want, n) == 0,
	    "%s: ours", v->mechanism);
	ok(hashed_token_success(&h, want, n) == SASL_BADSERVER,
	    "%s: not ours again", v->mechanism);
	unhex(v->theirs, want);
	ok(hashed_token_success(&h, want, n) == SASL_OK, "%s: theirs",
	    v->mechanism);
	ok(hashed_token_success(&h, want, n - 1) == SASL_BADSERVER &&
	    hashed_token_success(&h, want, 0) == SASL_BADSERVER &&
	    hashed_token_success(&h, NULL, 0) == SASL_BADSERVER, "%s: not less",
	    v->mechanism);
	want[n - 1] ^= 1;
	ok(hashed_token_success(&h, want, n) == SASL_BADSERVER,
	    "%s: nothing else", v->mechanism);
	hashed_token_free(&h);
	buf_free(&out);
}

static void
test_choice(void)
{
	const char *const	 all[] = { "HT-SHA-256-NONE", "HT-MD5-EXPR",
				    "HT-SHA-256-ENDP", "HT-SHA-256-EXPR",
				    "HT-SHA-256-UNIQ" };
	struct tls_binding	 b[2];
	struct hashed_token		 h;

	bindings(b);
	is(hashed_token_choose(all, 5, b, 2), "HT-SHA-256-EXPR",
	    "the best binding");
	is(hashed_token_choose(all, 5, b + 1, 1), "HT-SHA-256-ENDP",
	    "the other");
	is(hashed_token_choose(all, 5, NULL, 0), "HT-SHA-256-NONE", "none");
	ok(hashed_token_choose(all + 1, 4, NULL, 0) == NULL, "not even that");
	ok(hashed_token_choose(all, 0, b, 2) == NULL, "nothing is offered");
	ok(hashed_token_init(&h, "HT-SHA-256-EXPR", "x", b + 1, 1) ==
	    SASL_NOMECH,
	    "a token is not used without its binding");
	ok(hashed_token_init(&h, "HT-SHA-256-UNIQ", "x", b, 2) == SASL_NOMECH,
	    "nor by what is not known");
	ok(hashed_token_init(&h, "HT-SHA-256-NONE", "", b, 2) == SASL_NOMECH,
	    "an empty token is none");
}

/* --- elements ------------------------------------------------------------- */

static struct elem *
parsed(const char *text)
{
	static const char	 header[] = "<stream:stream "
				    "xmlns='jabber:client' xmlns:stream="
				    "'http://etherx.jabber.org/streams'>";
	struct parse		*p = parse_new(parse_defaults());
	struct elem		*e = NULL;

	if (p == NULL || parse_feed(p, header, sizeof(header) - 1) == -1 ||
	    parse_next(p, &e) != PARSE_OPEN)
		exit(1);
	elem_free(e);
	e = NULL;
	if (parse_next(p, &e) != PARSE_MORE ||
	    parse_feed(p, text, strlen(text)) == -1 ||
	    parse_next(p, &e) != PARSE_STANZA)
		exit(1);
	parse_free(p);
	return e;
}

#define MECHS		"<mechanism>SCRAM-SHA-1</mechanism>" \
			"<mechanism>SCRAM-SHA-256-PLUS</mechanism>"
#define SM		"<sm xmlns='urn:xmpp:sm:3'/>"
#define BIND2(f)	"<bind xmlns='urn:xmpp:bind:0'><inline>" f \
			"</inline></bind>"
#define FAST(m)		"<fast xmlns='urn:xmpp:fast:0'><mechanism>" m \
			"</mechanism></fast>"

static const struct {
	const char	*inside, *words;
} offers[] = {
	{ "", "" },
	{ "<authentication xmlns='urn:xmpp:sasl:2'>" MECHS "</authentication>",
	    "2:SCRAM-SHA-1 2:SCRAM-SHA-256-PLUS" },
	{ "<authentication xmlns='urn:xmpp:sasl:2'>" MECHS "<inline>" SM
	    BIND2("<feature var='urn:xmpp:sm:3'/><feature/>"
	    "<feature var='urn:xmpp:sm:3'/>") FAST("HT-SHA-256-NONE")
	    "</inline></authentication>",
	    "2:SCRAM-SHA-1 2:SCRAM-SHA-256-PLUS 2-resume 2-bind 2-bind-sm "
	    "fast:HT-SHA-256-NONE" },
	{ "<authentication xmlns='urn:xmpp:sasl:2'>" SM BIND2("")
	    FAST("HT-SHA-256-NONE") "</authentication>" BIND2(""), "" },
	{ "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
	    "<mechanism>2:SCRAM-SHA-1</mechanism><mechanism>A B</mechanism>"
	    "<mechanism>PLAIN</mechanism></mechanisms>"
	    "<authentication xmlns='urn:xmpp:sasl:3'>" MECHS
	    "</authentication>", "PLAIN" },
};

static struct elem *
features(const char *inside)
{
	char	 text[2048];

	snprintf(text, sizeof(text), "<stream:features>%s</stream:features>",
	    inside);
	return parsed(text);
}

static void
test_offers(void)
{
	char		 words[FEATURES_CACHE_MAX];
	struct elem	*e;
	size_t		 i;

	for (i = 0; i < COUNT(offers); i++) {
		e = features(offers[i].inside);
		features_first(e, words);
		is(words, offers[i].words, "offer %zu", i);
		elem_free(e);
	}
}

#define LIMITS(x)	"<limits xmlns='urn:xmpp:stream-limits:0'>" x \
			"</limits>"

static const struct {
	const char	*inside;
	long long	 bytes, silence;
} limits[] = {
	{ "", 0, 0 },
	{ LIMITS(""), 0, 0 },
	{ LIMITS("<max-bytes>10000</max-bytes>"), 10000, 0 },
	{ LIMITS("<idle-seconds>1800</idle-seconds><max-bytes>262144"
	    "</max-bytes>"), 262144, 1800 },
	{ LIMITS("<max-bytes>999</max-bytes><idle-seconds>0</idle-seconds>"),
	    0, 0 },
	{ LIMITS("<max-bytes>-1</max-bytes><idle-seconds>-1</idle-seconds>"),
	    0, 0 },
	{ LIMITS("<max-bytes>4294967295</max-bytes><idle-seconds>4294967295"
	    "</idle-seconds>"), 4294967295, 4294967295 },
	{ LIMITS("<max-bytes>4294967296</max-bytes><idle-seconds>4294967296"
	    "</idle-seconds>"), 0, 0 },
	{ LIMITS("<max-bytes>10k</max-bytes><idle-seconds/>"), 0, 0 },
	{ "<limits><max-bytes>10000</max-bytes></limits>", 0, 0 },
};

static void
test_limits(void)
{
	struct features_limits	 l;
	struct elem		*e;
	size_t			 i;

	for (i = 0; i < COUNT(limits); i++) {
		e = features(limits[i].inside);
		features_limits(e, &l);
		is_int((long long)l.bytes, limits[i].bytes, "limits %zu", i);
		is_int(l.silence, limits[i].silence, "the other one");
		elem_free(e);
	}
}

static void
test_offer(void)
{
	struct features	 o;

	features_parse(&o,
	    "A B 2:C 2-bind-sm fast:D cb:E 2-bind 2-resume fast:F");
	is_int((long long)o.nmechs, 2, "mechanisms of SASL");
	is_int((long long)o.nmechs2, 1, "of SASL2");
	is(o.mechs2[0], "C", "their names");
	is_int((long long)o.nfast, 2, "of FAST");
	is(o.fast[1], "F", "their names");
	is_int((long long)o.nbindings, 1, "bindings");
	ok(o.bind2 && o.bind2_sm && o.resume2, "and the rest");
	features_parse(&o, "");
	ok(o.nmechs + o.nmechs2 + o.nfast + o.nbindings == 0 && !o.bind2 &&
	    !o.bind2_sm && !o.resume2, "nothing is nothing");
}

#define ID(jid)		"<authorization-identifier>" jid \
			"</authorization-identifier>"
#define SUCCESS(in)	"<success xmlns='urn:xmpp:sasl:2'>" in "</success>"

static int
reads(const char *text, struct sasl2_success *out, struct elem **e)
{
	*e = parsed(text);
	return sasl2_success(*e, out);
}

static void
test_success(void)
{
	struct sasl2_success	 s;
	struct elem		*e;

	ok(reads(SUCCESS(ID("Alice@EXAMPLE.org")), &s, &e) == 0 &&
	    strcmp(s.jid, US) == 0 && s.data == NULL && s.bound == NULL &&
	    s.enabled == NULL && s.resumed == NULL && s.failed == NULL &&
	    s.token == NULL, "the least");
	elem_free(e);
	ok(reads(SUCCESS("<additional-data>YQ==</additional-data>"
	    ID(US "/x") "<bound xmlns='urn:xmpp:bind:0'>"
	    "<enabled xmlns='urn:xmpp:sm:3' id='1'/></bound>"
	    "<resumed xmlns='urn:xmpp:sm:3'/><failed xmlns='urn:xmpp:sm:3'/>"
	    "<token xmlns='urn:xmpp:fast:0' token='t' expiry='e'/>"), &s, &e)
	    == 0 && strcmp(s.jid, US "/x") == 0, "the most");
	is(elem_text(s.data), "YQ==", "its data");
	ok(s.bound != NULL && s.enabled != NULL && s.resumed != NULL &&
	    s.failed != NULL, "its parts");
	is(s.token, "t", "its token");
	is(s.expiry, "e", "and until when");
	elem_free(e);
	ok(reads(SUCCESS(ID(US) "<token xmlns='urn:xmpp:fast:0' token='t'/>"
	    "<enabled xmlns='urn:xmpp:sm:3'/><bound/>"), &s, &e) == 0 &&
	    s.token == NULL && s.expiry == NULL && s.enabled == NULL &&
	    s.bound == NULL, "what is not where it should be is not there");
	elem_free(e);
	ok(reads(SUCCESS(""), &s, &e) == -1, "nobody");
	elem_free(e);
	ok(reads(SUCCESS(ID("@")), &s, &e) == -1, "nobody who could be");
	elem_free(e);
}

#define NS		" xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"

static const struct {
	const char	*inside, *condition;
} failures[] = {
	{ "", "no reason given" },
	{ "<text>x</text>", "no reason given" },
	{ "<aborted" NS "/><text>x</text>", "aborted" },
	{ "<mine xmlns='urn:x'/><aborted" NS "/>", "aborted" },
	{ "<aborted" NS "/><mine xmlns='urn:x'/>", "aborted" },
	{ "<malformed-request/><text" NS ">x</text>", "malformed-request" },
};

static void
test_failures(void)
{
	char		 text[512];
	struct elem	*e;
	size_t		 i;

	for (i = 0; i < COUNT(failures); i++) {
		snprintf(text, sizeof(text), "<failure xmlns='urn:xmpp:sasl:2'>"
		    "%s</failure>", failures[i].inside);
		e = parsed(text);
		is(sasl2_condition(e), failures[i].condition, "failure %zu",
		    i);
		elem_free(e);
	}
}

static void
test_request(void)
{
	struct sasl2_request	 r = {
		.mechanism = "HT", .client = "id", .want = "W", .count = 3,
		.bind = 1, .enable = 1, .previd = "<&>", .h = 4294967295U,
	};
	struct buf		 in, out;

	buf_init(&in, 64);
	buf_init(&out, 4096);
	r.initial = &in;
	ok(sasl2_authenticate(&out, &r) == 0 && buf_add(&out, "", 1) == 0,
	    "a request for everything");
	is((const char *)buf_data(&out), "<authenticate "
	    "xmlns='urn:xmpp:sasl:2' mechanism='HT'><initial-response/>"
	    "<user-agent id='id'><software>xcat</software></user-agent>"
	    "<request-token xmlns='urn:xmpp:fast:0' mechanism='W'/>"
	    "<fast xmlns='urn:xmpp:fast:0' count='3'/>"
	    "<resume xmlns='urn:xmpp:sm:3' previd='&lt;&amp;&gt;' "
	    "h='4294967295'/><bind xmlns='urn:xmpp:bind:0'>"
	    "<enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>"
	    "</authenticate>", "and what it looks like");
	buf_free(&in);
	buf_free(&out);
}

/* --- tokens --------------------------------------------------------------- */

static char dir[] = "/tmp/xcat-tokens.XXXXXX";
static char why[FAST_TOKENS_ERR];

/* The number of files there, after removing them, if wanted. */
static int
files(int removed)
{
	char		 path[sizeof(dir) + 256];
	struct dirent	*d;
	DIR		*p = opendir(dir);
	int		 n = 0;

	while (p != NULL && (d = readdir(p)) != NULL) {
		if (*d->d_name == '.')
			continue;
		n++;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		if (removed)
			unlink(path);
	}
	if (p != NULL)
		closedir(p);
	return n;
}

/* The token that is kept for jid, or "". */
static const char *
kept(const char *jid, int64_t now)
{
	static char		 secret[TOKEN_MAX];
	struct fast_tokens		*t = fast_tokens_open(dir, jid, why);
	const struct fast_token	*k = t != NULL ? fast_tokens_get(t, now) : NULL;

	strlcpy(secret, k != NULL ? k->secret : "", sizeof(secret));
	fast_tokens_close(t);
	return secret;
}

static void
test_tokens(void)
{
	struct fast_tokens	*a = fast_tokens_open(dir, US, why), *b;
	char		 id[64];

	if (!ok(a != NULL, "a client"))
		return;
	strlcpy(id, fast_tokens_id(a), sizeof(id));
	is_int((long long)strlen(id), 36, "with a name");
	ok(fast_tokens_get(a, 0) == NULL, "and no token");
	is_int(fast_tokens_put(a, HT, "one", EXPIRY, 0), 0, "a token");
	is_int((long long)fast_tokens_use(a), 1, "its first use");
	is_int((long long)fast_tokens_use(a), 2, "its second");
	is_int(fast_tokens_put(a, HT, "t o", EXPIRY, 0), -1, "no token");
	is_int(fast_tokens_put(a, "HT X", "t", EXPIRY, 0), -1, "no mechanism");
	is_int(fast_tokens_put(a, HT, "two", EXPIRY, 32503679999LL), -1,
	    "one that has expired");
	is_int(fast_tokens_put(a, HT, "two", "1969-12-31T23:59:59Z", 0), -1,
	    "one of before 1970");
	is_int(fast_tokens_put(a, HT, "two", "tomorrow", 0), -1, "no time");
	is_int(fast_tokens_put(a, HT, "two", "2999-12-31T23:59:59", 0), -1,
	    "a time without its zone");
	is_int(fast_tokens_put(a, HT, "two", " " EXPIRY, 0), -1,
	    "a time behind a blank");
	is(fast_tokens_get(a, 0)->secret, "one", "the old one stays");
	ok(fast_tokens_get(a, 32503679999LL) == NULL, "but not for ever");
	b = fast_tokens_open(dir, US, why);
	ok(b != NULL && strcmp(fast_tokens_id(b), id) != 0 &&
	    fast_tokens_get(b, 0) == NULL, "beside it there is another");
	fast_tokens_close(b);
	fast_tokens_close(a);
	is(kept(US, 0), "one", "it is kept");
	is(kept(OTHER, 0), "", "for its account");
	a = fast_tokens_open(dir, OTHER, why);
	ok(a != NULL && strcmp(fast_tokens_id(a), id) == 0,
	    "the same client again");
	is_int(fast_tokens_put(a, HT, "other", EXPIRY, 0), 0,
	    "another account");
	fast_tokens_close(a);
	is(kept(US, 0), "one", "the one");
	is(kept(OTHER, 0), "other", "and the other");
	a = fast_tokens_open(dir, US, why);
	fast_tokens_drop(a);
	ok(fast_tokens_get(a, 0) == NULL, "one is dropped");
	fast_tokens_close(a);
	is(kept(US, 0), "", "for good");
	is(kept(OTHER, 0), "other", "the other is not");
	is_int(files(1), 2, "no other file is left");
}

static void
test_many(void)
{
	struct fast_tokens	*t[9];
	int		 i, n = 0;

	for (i = 0; i < 9; i++)
		n += (t[i] = fast_tokens_open(dir, US, why)) != NULL;
	is_int(n, 8, "so many at a time");
	is(why, "", "which is no fault");
	for (i = 0; i < 9; i++)
		fast_tokens_close(t[i]);
	is_int(files(1), 8, "so many files");
	ok(fast_tokens_open("/nonexistent", US, why) == NULL && *why == '\0',
	    "nor is it that there is no directory");
}

static const char *const nonsense[] = {
	"", "\n", "x\n", "01234567-89ab-4cde-8123-456789abcdef",
	"01234567-89ab-4cde-8123-456789abcdef\n" US,
	"01234567-89ab-4cde-8123-456789abcdef\n" US " ",
	"01234567-89ab-4cde-8123-456789abcdef\n" US " HT 1 1",
	"01234567-89ab-4cde-8123-456789abcdef\n" US " HT x 1 t\n",
	"01234567-89ab-4cde-8123-456789abcdef\n" US " HT 9 -1 t\n",
	"01234567-89ab-4cde-8123-456789abcdef\n" US " HT 9 1 t t\n",
	"01234567-89ab-4cde-8123-456789abcdef\n" US " HT 9 1 t\r\n",
	"01234567-89ab-4cde-8123-456789abcdef\n" US "x HT 9 1 t\n",
	"01234567-89ab-4cde-8123-456789abcdeg\n" US " HT 9 1 t\n",
	"01234567-89ab-1cde-8123-456789abcdef\n" US " HT 9 1 t\n",
	US " HT 9 1 t\n",
};

static void
test_nonsense(void)
{
	char	 path[sizeof(dir) + 16];
	FILE	*f;
	size_t	 i;

	snprintf(path, sizeof(path), "%s/tokens.0", dir);
	for (i = 0; i < COUNT(nonsense); i++) {
		if ((f = fopen(path, "w")) == NULL)
			exit(1);
		fputs(nonsense[i], f);
		fclose(f);
		chmod(path, 0600);
		is(kept(US, 0), "", "nonsense %zu", i);
		is(why, "", "is no fault");
	}
	chmod(path, 0640);
	ok(fast_tokens_open(dir, US, why) == NULL && *why != '\0',
	    "a file that others can read is one");
	files(1);
}

int
main(void)
{
	size_t	 i;

	if (mkdtemp(dir) == NULL)
		return 1;
	for (i = 0; i < COUNT(vectors); i++)
		test_vector(&vectors[i]);
	test_choice();
	test_offers();
	test_offer();
	test_limits();
	test_success();
	test_failures();
	test_request();
	test_tokens();
	test_many();
	test_nonsense();
	rmdir(dir);
	return tap_done();
}
