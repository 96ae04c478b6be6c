/*
 * Unit tests of what leads to a transport: URLs, what -c says, the order of SRV
 * records, proxies and SOCKS5, documents of host-meta.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "net/dial/proxy.h"
#include "net/dial/socks5_client.h"
#include "net/dial/srv.h"
#include "net/http/jrd.h"
#include "net/http/url.h"
#include "net/transport/bosh_keys.h"
#include "net/transport/discover.h"
#include "net/transport/endpoint_parse.h"
#include "net/transport/hostmeta.h"
#include "t/lib/tap.h"
#include "xml/buf.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* --- keys of BOSH -------------------------------------------------------- */

/* Is b = hex(SHA-1(a))? */
static int
follows(const char *a, const char *b)
{
	unsigned char	 digest[SHA_DIGEST_LENGTH];
	char		 text[BOSH_KEYS_KEY];
	size_t		 i;

	SHA1((const unsigned char *)a, strlen(a), digest);
	for (i = 0; i < sizeof(digest); i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return strcmp(text, b) == 0;
}

static void
test_keys(void)
{
	struct bosh_keys	 k;
	char		 last[BOSH_KEYS_KEY], key[BOSH_KEYS_KEY];
	unsigned	 left, n = 0;
	int		 good = 1;

	bosh_keys_begin(&k, last);
	do {
		left = bosh_keys_next(&k, key);
		good = good && follows(key, last);
		memcpy(last, key, sizeof(last));
		n++;
	} while (left > 0);
	ok(good, "each key is the hash of the next");
	ok(n >= 255 && n < 512, "%u keys", n);
	bosh_keys_begin(&k, key);
	ok(!follows(last, key) && !follows(key, last), "a new sequence");
}

/* --- URLs ----------------------------------------------------------------- */

static void
test_url(void)
{
	static const char *const	 bad[] = {
		"", "example.org", "http//x", "://x", "http://", "http://:80",
		"http://x:", "http://x:0", "http://x:65536", "http://x:8a",
		"http://x:+8", "http://[::1", "http://[::1]x", "http://a b",
		"http://x/\r\nEvil: y", "http://x/\xc3\xa9", "http://x\ty",
		"http://x%00y/", "http://a<b/", "http://u%0@x/",
		"http://u%00@x/", "averyveryverylongscheme://x",
	};
	char				 long_[URL_TARGET + 64];
	struct url			 u;
	size_t				 i;

	ok(url_parse("HTTPS://u%3a%40:p:%2fw@Host.example:8443/a?b#c", &u) ==
	    NULL, "a whole one");
	is(u.scheme, "https", "scheme");
	is(u.user, "u:@", "user");
	is(u.password, "p:/w", "password");
	is(u.host, "Host.example", "host");
	is_int(u.port, 8443, "port");
	is(u.target, "/a?b", "target");
	ok(url_parse("x://[2001:db8::1]?q", &u) == NULL && u.port == 0,
	    "the least");
	is(u.host, "2001:db8::1", "an address");
	is(u.target, "/?q", "a query without a path");
	ok(url_parse("x://a@b@c", &u) == NULL && strcmp(u.host, "c") == 0,
	    "the last @ counts");
	for (i = 0; i < COUNT(bad); i++)
		ok(url_parse(bad[i], &u) != NULL, "refused: %s", bad[i]);
	memset(long_, 'x', sizeof(long_) - 1);
	long_[sizeof(long_) - 1] = '\0';
	memcpy(long_, "http://h/", 9);
	ok(url_parse(long_, &u) != NULL, "a long target");
	memcpy(long_, "http://hh", 9);
	ok(url_parse(long_, &u) != NULL, "a long host");
}

/* --- -c ------------------------------------------------------------------- */

static void
test_where(void)
{
	static const struct {
		const char	*in, *want;
	} good[] = {
		{ "host", "xmpp://host:5222" },
		{ "host:1", "xmpp://host:1" },
		{ "::1", "xmpp://[::1]:5222" },
		{ "[::1]:7", "xmpp://[::1]:7" },
		{ "xmpp://host/", "xmpp://host:5222" },
		{ "xmpps://host", "xmpps://host:5223" },
		{ "wss://host/ws?x", "wss://host:443/ws?x" },
		{ "ws://localhost", "ws://localhost:80/" },
		{ "ws://127.0.0.2:8/", "ws://127.0.0.2:8/" },
		{ "http://[::1]:8/b", "http://[::1]:8/b" },
		{ "https://host:8/b", "https://host:8/b" },
	};
	static const char *const	 bad[] = {
		"", "host:", "host:0", "host:x", "[::1", "[::1]8", "ftp://h",
		"xmpp://host/path", "wss://user@host/", "ws://example.org/",
		"http://127.0.0.1.evil.test/", "http://127.evil.test/",
		"http://10.0.0.1/", "ws://[::2]/",
	};
	char				 err[ENDPOINT_ERR], text[ENDPOINT_TEXT];
	struct proxy			 p;
	struct endpoint			 w;
	size_t				 i;

	for (i = 0; i < COUNT(good); i++) {
		is_int(endpoint_parse(good[i].in, DISCOVER_ANY, 0, NULL, &w,
		    err),
		    0, "%s", good[i].in);
		is(endpoint_text(&w, text), good[i].want, "%s", good[i].in);
	}
	for (i = 0; i < COUNT(bad); i++)
		is_int(endpoint_parse(bad[i], DISCOVER_ANY, 0, NULL, &w, err),
		    -1, "refused: %s", bad[i]);
	is_int(endpoint_parse("ws://example.org/", DISCOVER_ANY, 1, NULL, &w,
	    err),
	    0, "in the clear, as allowed");
	proxy_parse("socks5://x", &p, err);
	is_int(endpoint_parse("ws://127.0.0.1/", DISCOVER_ANY, 0, &p, &w, err),
	    -1, "behind a proxy, 127.0.0.1 is somewhere else");
	is_int(endpoint_parse("host", DISCOVER_BOSH, 0, NULL, &w, err), -1,
	    "of another kind than asked for");
	is_int(endpoint_secure("wss://h/x", &w), 0, "secure");
	is_int(endpoint_secure("ws://localhost/x", &w), -1, "not secure");
	is_int(endpoint_secure("xmpps://h", &w), -1, "no URL of the web");
}

static void
test_moved(void)
{
	struct endpoint tcp = {.kind = ENDPOINT_TCP, .host = "old", .port = 1};
	struct endpoint	 ws = {
		.kind = ENDPOINT_WEBSOCKET, .host = "old", .tls = 1
	};
	struct endpoint	 w;

	ok(endpoint_moved("new", &tcp, "d.test", &w) == 0 && w.port == 5222 &&
	    strcmp(w.host, "new") == 0, "a host");
	tcp.tls = 1;
	ok(endpoint_moved("[::1]:7", &tcp, "d.test", &w) == 0 && w.port == 7 &&
	    w.tls, "an address and a port, TLS first as before");
	is_int(endpoint_moved("a b", &tcp, "d.test", &w), -1, "not a host");
	is_int(endpoint_moved("a\r\n", &tcp, "d.test", &w), -1, "nor is this");
	is_int(endpoint_moved("", &tcp, "d.test", &w), -1, "nor nothing");
	is_int(endpoint_moved("new", &ws, "d.test", &w), -1,
	    "no host for a WebSocket");
	is_int(endpoint_moved("ws://new/", &ws, "d.test", &w), -1,
	    "not without TLS");
	is_int(endpoint_moved("wss://new/", &ws, "d.test", &w), 0,
	    "a secure URL");
	is(w.origin, "old", "it has to be who it was");
	ws = w;
	endpoint_moved("wss://newer/", &ws, "d.test", &w);
	is(w.origin, "old", "still");
	endpoint_moved("wss://new/", &tcp, "d.test", &w);
	is(w.origin, "d.test", "who it was over TCP");
}

/* --- SRV ------------------------------------------------------------------ */

static uint32_t	 chance;

static uint32_t
least(uint32_t bound)
{
	(void)bound;
	return 0;
}

static uint32_t
most(uint32_t bound)
{
	return bound - 1;
}

/* Reproducible, and even enough. */
static uint32_t
some(uint32_t bound)
{
	chance = chance * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(chance >> 8) * bound >> 24);
}

static const char *
ordered(const struct srv *in, size_t n, uint32_t (*bounded)(uint32_t))
{
	static char	 out[64];
	struct srv	 s[8];
	size_t		 i;

	memcpy(s, in, n * sizeof(*s));
	srv_order(s, n, bounded);
	out[0] = '\0';
	for (i = 0; i < n; i++)
		strlcat(out, s[i].target, sizeof(out));
	return out;
}

static void
test_srv(void)
{
	static const struct srv	 s[] = {
		{ 20, 0, 1, "e", 0 }, { 10, 60, 1, "b", 0 },
		{ 10, 0, 1, "a", 0 }, { 10, 40, 1, "c", 1 },
		{ 5, 0, 1, "x", 0 },
	};
	int			 i, b = 0, c = 0, a = 0;

	is(ordered(s, 5, least), "xabce", "priorities; least numbers");
	is(ordered(s, 5, most), "xcbae", "priorities; greatest numbers");
	is(ordered(s, 1, most), "e", "a single one");
	is(ordered(s, 0, most), "", "none");
	for (i = 0; i < 10000; i++)
		switch (ordered(s, 5, some)[1]) {
		case 'a': a++; break;
		case 'b': b++; break;
		case 'c': c++; break;
		}
	ok(b > 5700 && b < 6200, "60 of 100 are 60 percent: %d", b);
	ok(c > 3700 && c < 4200, "40 of 100 are 40 percent: %d", c);
	ok(a > 0 && a < 250, "no weight is a small chance: %d", a);
}

/* --- proxies -------------------------------------------------------------- */

static void
test_proxy(void)
{
	static const char *const	 bad[] = {
		"host:1", "socks4://h", "https://h", "socks5://", "http://h/x",
		"socks5://u:secret@h:x",
	};
	char				 err[PROXY_ERR];
	struct proxy			 p;
	size_t				 i;

	is_int(proxy_parse("socks5://h", &p, err), 0, "SOCKS5");
	ok(p.port == 1080 && !p.has_user, "its port");
	is_int(proxy_parse("socks5h://u:p@[::1]:9", &p, err), 0, "a user");
	ok(p.kind == PROXY_SOCKS5 && p.has_user && p.port == 9 &&
	    strcmp(p.password, "p") == 0, "and all the rest");
	is_int(proxy_parse("http://h", &p, err), 0, "HTTP");
	for (i = 0; i < COUNT(bad); i++) {
		is_int(proxy_parse(bad[i], &p, err), -1, "refused: %s",
		    bad[i]);
		ok(strstr(err, "secret") == NULL, "without the password");
	}
	proxy_parse("http://h", &p, err);
	p.except = " example.org, .local,::1 10.0.0.1";
	ok(proxy_for(&p, "example.com") == &p, "no exception");
	ok(proxy_for(&p, "Example.ORG") == NULL, "a host");
	ok(proxy_for(&p, "a.example.org") == NULL, "in a domain");
	ok(proxy_for(&p, "badexample.org") == &p, "not in it");
	ok(proxy_for(&p, "x.local") == NULL, "a leading dot");
	ok(proxy_for(&p, "::1") == NULL, "an address");
	ok(proxy_for(&p, "110.0.0.1") == &p, "half an address");
	ok(proxy_for(&p, "1.10.0.0.1") == &p, "too much of one");
	ok(proxy_for(NULL, "x") == NULL, "no proxy at all");
}

/* Feed s as if by a server, step bytes at a time but no more than are asked
 * for; what is left over is appended to *sent. */
static enum socks5_client_result
talk(struct socks5_client *s, const char *in, size_t len, size_t step,
    struct buf *sent)
{
	enum socks5_client_result	 r = SOCKS5_MORE;
	const void		*p;
	size_t			 n, i = 0;

	while (r == SOCKS5_MORE) {
		p = socks5_client_output(s, &n);
		buf_add(sent, p, n);
		n = socks5_client_need(s) < step ? socks5_client_need(s) : step;
		if (i + n > len)
			break;
		r = socks5_client_input(s, in + i, n);
		i += n;
	}
	buf_add(sent, in + i, len - i);
	return r;
}

static void
socks5_client_case(const char *host, const char *user, const char *in,
    size_t len, enum socks5_client_result want, const char *out, size_t outlen,
    const char *name)
{
	struct socks5_client	 s;
	struct buf	 sent;
	size_t		 step;
	int		 good = 1;

	for (step = 1; step <= 300; step++) {
		buf_init(&sent, 4096);
		good = good &&
		    socks5_client_init(&s, host, 0x1234, user, "pw") == 0 &&
		    talk(&s, in, len, step, &sent) == want &&
		    buf_len(&sent) == outlen &&
		    memcmp(buf_data(&sent), out, outlen) == 0;
		buf_free(&sent);
	}
	ok(good, "%s", name);
}

#define SOCKS5(host, user, in, want, out, name) \
	socks5_client_case(host, user, in, sizeof(in) - 1, want, out, \
	    sizeof(out) - 1, name)
#define ASKED	"\5\1\0" "\5\1\0\3\3abc\x12\x34"

static void
test_socks5(void)
{
	char		 name[300];
	struct socks5_client	 s;

	SOCKS5("abc", NULL, "\5\0" "\5\0\0\1" "IPv4pp" "rest", SOCKS5_OPEN,
	    ASKED "rest", "a name");
	SOCKS5("10.0.0.1", NULL, "\5\0" "\5\0\0\3\4nameppX", SOCKS5_OPEN,
	    "\5\1\0" "\5\1\0\1\x0a\0\0\1\x12\x34X", "an IPv4 address");
	SOCKS5("::1", NULL, "\5\0" "\5\0\0\4sixteen bytes ..ppX", SOCKS5_OPEN,
	    "\5\1\0" "\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x12\x34X",
	    "an IPv6 address");
	SOCKS5("abc", "me", "\5\2" "\1\0" "\5\0\0\3\0ppX", SOCKS5_OPEN,
	    "\5\2\0\2" "\1\2me\2pw" "\5\1\0\3\3abc\x12\x34X", "a password");
	SOCKS5("abc", "me", "\5\0" "\5\0\0\3\0ppX", SOCKS5_OPEN,
	    "\5\2\0\2" "\5\1\0\3\3abc\x12\x34X", "no password asked for");
	SOCKS5("abc", "me", "\5\2" "\1\1", SOCKS5_REFUSED,
	    "\5\2\0\2" "\1\2me\2pw", "a wrong password");
	SOCKS5("abc", NULL, "\5\xff", SOCKS5_REFUSED, "\5\1\0", "no method");
	SOCKS5("abc", NULL, "\5\2", SOCKS5_REFUSED, "\5\1\0",
	    "a method that was not offered");
	SOCKS5("abc", NULL, "\4\0", SOCKS5_NONSENSE, "\5\1\0", "version 4");
	SOCKS5("abc", NULL, "HTTP", SOCKS5_NONSENSE, "\5\1\0TP", "no SOCKS");
	SOCKS5("abc", NULL, "\5\0" "\5\5\0\1", SOCKS5_REFUSED, ASKED,
	    "connection refused");
	SOCKS5("abc", NULL, "\5\0" "\5\x99\0\1", SOCKS5_REFUSED, ASKED,
	    "refused for no known reason");
	SOCKS5("abc", NULL, "\5\0" "\4\0\0\1", SOCKS5_NONSENSE, ASKED,
	    "a reply of version 4");
	SOCKS5("abc", NULL, "\5\0" "\5\0\0\2", SOCKS5_NONSENSE, ASKED,
	    "an address of no known kind");
	memset(name, 'x', sizeof(name));
	name[256] = '\0';
	is_int(socks5_client_init(&s, name, 1, NULL, NULL), -1, "a long name");
	is_int(socks5_client_init(&s, "h", 1, name, ""), -1, "a long user");
	is_int(socks5_client_init(&s, "", 1, NULL, NULL), -1, "no name");
	name[255] = '\0';
	is_int(socks5_client_init(&s, name, 1, name, name), 0, "all that fits");
}

/* --- host-meta ------------------------------------------------------------ */

#define WS	"urn:xmpp:alt-connections:websocket"
#define BOSH	"urn:xmpp:alt-connections:xbosh"
#define XRD(x)	"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>" \
		x "</XRD>"
#define LINK(rel, href)	"<Link rel='" rel "' href='" href "'/>"

static const char *
xml(const char *s, int kinds)
{
	static char	 out[2 * ENDPOINT_TEXT];
	struct endpoint	 ways[HOSTMETA_MAX];
	int		 i, n;

	if ((n = hostmeta_xml(s, strlen(s), kinds, ways)) == -1)
		return "bad";
	out[0] = '\0';
	for (i = 0; i < n; i++) {
		strlcat(out, i > 0 ? " " : "", sizeof(out));
		endpoint_text(&ways[i], out + strlen(out));
	}
	return out;
}

static const char *
json(const char *s)
{
	static char	 text[ENDPOINT_TEXT];
	struct endpoint	 ways[HOSTMETA_MAX];
	int		 n = hostmeta_json(s, strlen(s), DISCOVER_ANY, ways);

	return n == -1 ? "bad" : n == 0 ? "" : endpoint_text(&ways[0], text);
}

static void
test_xml(void)
{
	is(xml(XRD(LINK(BOSH, "https://h/b") LINK(WS, "wss://h/w")),
	    DISCOVER_ANY), "wss://h:443/w https://h:443/b", "WebSocket first");
	is(xml(XRD(LINK(BOSH, "https://h/b") LINK(WS, "wss://h/w")),
	    DISCOVER_BOSH), "https://h:443/b", "BOSH only");
	is(xml(XRD(LINK(WS, "ws://h/w") LINK(BOSH, "http://h/b")
	    LINK(WS, "https://h/w") LINK(BOSH, "wss://h/b")
	    LINK("other", "wss://h/w") "<Link/><x rel='" WS "'/>"),
	    DISCOVER_ANY), "", "nothing that can be used");
	is(xml("<!-- c -->" XRD("<!-- <Link> -->" LINK(WS, "wss://h/w")),
	    DISCOVER_ANY), "wss://h:443/w", "comments");
	is(xml("<?xml version='1.0'?>\n" XRD(" <Subject>x</Subject>"),
	    DISCOVER_ANY), "", "a declaration, and other elements");
	is(xml("<XRD>" LINK(WS, "wss://h/w") "</XRD>", DISCOVER_ANY), "bad",
	    "another namespace");
	is(xml(XRD("<!-- "), DISCOVER_ANY), "bad", "half a comment");
	is(xml("", DISCOVER_ANY), "bad", "nothing");
	is(xml("<html><p></html>", DISCOVER_ANY), "bad", "HTML");
	is(xml("<!DOCTYPE x [<!ENTITY a 'b'>]>" XRD(""), DISCOVER_ANY), "bad",
	    "DOCTYPE");
}

static void
test_json(void)
{
	static const char *const	 bad[] = {
		"", "[]", "{", "{\"links\":[}", "{\"links\":[{]}", "{} x",
		"{\"a\":}", "{\"a\" 1}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}",
		"{\"a\":\"b", "{\"a\":1,}", "{\"a\":[1,]}", "{a:1}",
		"{\"a\":\"\n\"}",
	};
	char				 deep[256];
	size_t				 i;

	is(json("{\"links\":[{\"rel\":\"" WS "\",\"href\":\"wss://h/w\"}]}"),
	    "wss://h:443/w", "a link");
	is(json(" { \"a\" : [ 1.5e-3 , null, {} ] , \"links\" : [ [], 1, "
	    "{ \"x\" : { \"links\" : [] }, \"href\":\"wss:\\/\\/h\\u002fw\","
	    "\"rel\":\"\\u0075rn:xmpp:alt-connections:websocket\"}]}\n"),
	    "wss://h:443/w", "among other things, and escaped");
	is(json("{\"links\":[{\"rel\":\"" WS "\",\"href\":1}]}"), "",
	    "a number for an address");
	is(json("{\"x\":{\"links\":[{\"rel\":\"" WS
	    "\",\"href\":\"wss://h/w\"}]}}"), "", "links of something else");
	is(json("{\"links\":[{\"rel\":\"" WS
	    "\",\"href\":\"wss://h/\\u0000x\"}]}"), "", "NUL in an address");
	is(json("{}"), "", "nothing in it");
	for (i = 0; i < COUNT(bad); i++)
		is(json(bad[i]), "bad", "no JSON: %s", bad[i]);
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	memcpy(deep, "{\"a\":", 5);
	is(json(deep), "bad", "too deep");
}

int
main(void)
{
	test_keys();
	test_url();
	test_where();
	test_moved();
	test_srv();
	test_proxy();
	test_socks5();
	test_xml();
	test_json();
	return tap_done();
}
