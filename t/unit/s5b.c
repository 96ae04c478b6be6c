/*
 * Unit tests of XEP-0065: the stanzas (ibb/s5b), SOCKS5 (socks5_server, and
 * socks5_client for hashes) and kinds of addresses (addr) in net/dial.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/s5b.h"
#include "net/dial/addr.h"
#include "net/dial/socks5_client.h"
#include "net/dial/socks5_server.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define QUERY	"<query xmlns='http://jabber.org/protocol/bytestreams'"
#define HOST	"<streamhost jid='a@b/c' host='192.0.2.1' port='1'/>"
#define PROXY	"proxy.example/x"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_hash(void)
{
	char	 a[S5B_HASH], b[S5B_HASH];

	/* The one of XEP-0065 has no known input; this is sha1sum(1)'s. */
	s5b_hash("sid", "a@example.org/x", "b@example.org/y", a);
	is(a, "8a49b3e839d65c7d0db747c52178c36356a92c59", "hash");
	s5b_hash("sid", "A@Example.ORG/x", "b@example.org/y", b);
	is(b, a, "JIDs are prepared");
	s5b_hash("sid", "b@example.org/y", "a@example.org/x", b);
	ok(strcmp(a, b) != 0, "the requester comes first");
	s5b_hash("\xc3\xa4", "\xc3\xa4@example.org/\xc3\xa4",
	    "b@example.org/y", b);
	is(b, "94f2c659098117adb1d35482be0d46d5b78a1774", "UTF-8");
}

/* What an offer yields: hosts, or the condition of its refusal. */
static void
offered(struct iq_table *t, const char *query, int result, size_t n,
    const char *error)
{
	struct s5b_offer	 o;
	struct elem		*e;

	*stanza_sent = '\0';
	if ((e = stanza_iq("set", "p@q/r", query, strlen(query))) == NULL)
		abort();
	is_int(s5b_parse(t, e, &o), result, "%.60s", query);
	is_int((long)o.n, (long)n, "so many hosts");
	ok(error == NULL ? *stanza_sent == '\0' : stanza_has(error),
	    "refused: %s", error != NULL ? error : "no");
	free(o.hosts);
	elem_free(e);
}

static void
test_offers(struct iq_table *t)
{
	char	 many[16 * 1024] = QUERY " sid='s'>";
	size_t	 i;

	offered(t, QUERY " sid='s'>" HOST "</query>", 1, 1, NULL);
	offered(t, QUERY " sid='s' mode='tcp'>" HOST HOST "</query>", 1, 2,
	    NULL);
	offered(t, QUERY " sid='s' mode='udp'>" HOST "</query>", -1, 0,
	    "not-acceptable");
	offered(t, QUERY " sid='s' mode='x'>" HOST "</query>", -1, 0,
	    "bad-request");
	offered(t, QUERY ">" HOST "</query>", -1, 0, "bad-request");
	offered(t, QUERY " sid=''>" HOST "</query>", -1, 0, "bad-request");
	offered(t, QUERY " sid='s'></query>", -1, 0, "bad-request");
	offered(t, QUERY " sid='s'><streamhost jid='a@b' host='c' port='0'/>"
	    "<streamhost jid='a@b' host='c' port='65536'/>"
	    "<streamhost jid='a@b' host='c' port='1x'/>"
	    "<streamhost jid='a@b' port='1'/><streamhost host='c' port='1'/>"
	    "<streamhost jid='a@b' host='c'/></query>", 1, 1, NULL);
	offered(t, "<query xmlns='jabber:iq:roster'/>", 0, 0, NULL);
	for (i = 0; i < 100; i++)
		strlcat(many, HOST, sizeof(many));
	strlcat(many, "</query>", sizeof(many));
	offered(t, many, 1, S5B_HOSTS, NULL);
}

static int	 got_used, calls;

static void
on_used(void *arg, const struct elem *query, int used, enum stanza_error err,
    const char *why)
{
	(void)query;
	(void)arg;
	(void)err;
	(void)why;
	got_used = used;
	calls++;
}

/* What we take for the answer to an offer. */
static void
answered(struct iq_table *t, const char *content, int used, const char *what)
{
	static const struct streamhost	 hosts[] = {
		{ "us@here/x", "192.0.2.1", 1 }, { PROXY, "192.0.2.2", 2 }
	};
	struct elem	*e;
	char		 xml[1024];

	calls = 0;
	ok(s5b_offer(t, "p@q/r", "s", hosts, 2, NULL, 1000, on_used, NULL) !=
	    NULL, "offer: %s", what);
	snprintf(xml, sizeof(xml), "<iq id='%s' from='p@q/r' %s</iq>",
	    stanza_id(), content);
	if ((e = stanza_parse(xml)) == NULL)
		abort();
	iq_answer(t, e);
	elem_free(e);
	is_int(calls, 1, "one answer");
	is_int(got_used, used, "%s", what);
}

static void
test_answers(struct iq_table *t)
{
#define USED(jid) "type='result'>" QUERY " sid='s'><streamhost-used " \
		"jid='" jid "'/></query>"
	answered(t, USED("us@here/x"), 0, "ours");
	answered(t, USED(PROXY), 1, "the proxy, with its resource");
	answered(t, USED("proxy.example"), -1, "without it");
	answered(t, USED("evil.example"), -1, "one never offered");
	answered(t, USED(""), -1, "none");
	answered(t, "type='result'>", -1, "nothing");
	answered(t, "type='error'><error type='cancel'/>", -1, "an error");
#undef USED
}

/*
 * SOCKS5
 */

#define HASH	"8a49b3e839d65c7d0db747c52178c36356a92c59"

/* Feed the server's side step bytes at a time, but no more than it wants; what
 * it says goes to out, and how many bytes it left to *left. */
static enum socks5_server_result
serve(struct socks5_server *s, const char *in, size_t len, size_t step,
    char *out, size_t *outlen, size_t *left)
{
	enum socks5_server_result	 r = SOCKS5_SERVER_MORE;
	const void		*p;
	size_t			 n;

	socks5_server_init(s);
	*outlen = 0;
	while (r == SOCKS5_SERVER_MORE) {
		n = socks5_server_need(s) < step ? socks5_server_need(s) : step;
		if ((n = n < len ? n : len) == 0)
			break;
		r = socks5_server_input(s, in, n);
		in += n;
		len -= n;
		p = socks5_server_output(s, &n);
		memcpy(out + *outlen, p, n);
		*outlen += n;
	}
	*left = len;
	return r;
}

static void
server_case(const char *in, size_t len, enum socks5_server_result want,
    const char *out, size_t outlen, size_t left, const char *name)
{
	struct socks5_server	 s;
	char		 got[1024];
	size_t		 step, n, rest;
	int		 good = 1;

	for (step = 1; step <= len; step++)
		good = good && serve(&s, in, len, step, got, &n, &rest) ==
		    want && n == outlen && memcmp(got, out, n) == 0 &&
		    rest == left;
	ok(good, "%s", name);
}

#define SERVED(in, want, out, left, name) \
	server_case(in, sizeof(in) - 1, want, out, sizeof(out) - 1, left, name)
#define REFUSED(code)	"\5\0" "\5" code "\0\1\0\0\0\0\0\0"

static void
test_server(void)
{
	static const unsigned char	 head[] = { 5, 1, 0, 5, 1, 0, 3, 255 };
	char				 name[sizeof(head) + 255 + 2 + 1];

	SERVED("\5\1\0" "\5\1\0\3\x28" HASH "\0\0" "data", SOCKS5_SERVER_ASKED,
	    "\5\0", 4, "a hash, and nothing read behind it");
	SERVED("\5\2\1\0" "\5\1\0\1\1\2\3\4\0\x50", SOCKS5_SERVER_ASKED, "\5\0",
	    0, "an IPv4 address, and two methods");
	SERVED("\5\1\0" "\5\1\0\4" "sixteen bytes .." "\0\x50x",
	    SOCKS5_SERVER_ASKED, "\5\0", 1, "an IPv6 address");
	SERVED("\5\1\0"
	       "\5\1",
	    SOCKS5_SERVER_MORE, "\5\0", 0, "half a request");
	SERVED("\5\1\2", SOCKS5_SERVER_OVER, "\5\xff", 0, "no method of ours");
	SERVED("\5\0rest", SOCKS5_SERVER_OVER, "", 4, "no method at all");
	SERVED("\4\1", SOCKS5_SERVER_OVER, "", 0, "version 4");
	SERVED("GET /", SOCKS5_SERVER_OVER, "", 3, "no SOCKS");
	SERVED("\5\1\0"
	       "\5\2\0\3",
	    SOCKS5_SERVER_OVER, REFUSED("\7"), 0, "BIND");
	SERVED("\5\1\0" "\5\1\0\2", SOCKS5_SERVER_OVER, REFUSED("\10"), 0,
	    "an address of no known kind");
	SERVED("\5\1\0" "\4\1\0\1", SOCKS5_SERVER_OVER, "\5\0", 0,
	    "a request of version 4");
	SERVED("\5\1\0" "\5\1\0\3\0\0\0", SOCKS5_SERVER_OVER, REFUSED("\1"), 2,
	    "an empty name");
	SERVED("\5\1\0" "\5\1\0\3\3a\0b\0\0", SOCKS5_SERVER_OVER, REFUSED("\1"),
	    0, "NUL in a name");
	memset(name, 'x', sizeof(name));
	memcpy(name, head, sizeof(head));
	server_case(name, sizeof(name), SOCKS5_SERVER_ASKED, "\5\0", 2,
	    1, "the longest name");
}

static void
test_replies(void)
{
	static const char	 ask[] = "\5\1\0" "\5\1\0\3\x28" HASH "\0\7";
	static const char	 same[] = "\5\0\0\3\x28" HASH "\0\7";
	struct socks5_server		 s;
	char			 out[1024];
	const void		*p;
	size_t			 n, left;

	serve(&s, ask, sizeof(ask) - 1, 100, out, &n, &left);
	is(s.host, HASH, "what was asked for");
	is(s.port, "7", "and its port");
	socks5_server_reply(&s, SOCKS_OK, 1);
	p = socks5_server_output(&s, &n);
	ok(n == sizeof(same) - 1 && memcmp(p, same, n) == 0,
	    "the same is said to be bound");
	socks5_server_reply(&s, SOCKS_REFUSED, 0);
	p = socks5_server_output(&s, &n);
	ok(n == 10 && memcmp(p, "\5\5\0\1\0\0\0\0\0\0", n) == 0,
	    "or nothing is");
	serve(&s, ask, 20, 100, out, &n, &left);
	socks5_server_reply(&s, SOCKS_NOT_ALLOWED, 1);
	socks5_server_output(&s, &n);
	is_int((long)n, 0, "no reply to what was not asked");
}

/* A hash is a name, whatever it looks like. */
static void
test_asking(void)
{
	struct socks5_client	 s;
	const char	*p;
	size_t		 n;

	is_int(socks5_client_init_hash(&s, ""), -1, "no hash");
	is_int(socks5_client_init_hash(&s, "1.2.3.4"), 0, "an odd hash");
	socks5_client_output(&s, &n);
	is_int(socks5_client_input(&s, "\5\0", 2), SOCKS5_MORE, "it may ask");
	p = socks5_client_output(&s, &n);
	ok(n == 14 && memcmp(p, "\5\1\0\3\7" "1.2.3.4" "\0\0", n) == 0,
	    "it asks for a name and port 0");
}

static void
test_kinds(void)
{
	static const struct {
		const char	*text;
		enum addr_kind	 kind;
	} all[] = {
		{ "192.0.2.1", ADDR_PUBLIC }, { "10.1.2.3", ADDR_PRIVATE },
		{ "172.15.0.1", ADDR_PUBLIC }, { "172.16.0.1", ADDR_PRIVATE },
		{ "172.31.255.255", ADDR_PRIVATE },
		{ "172.32.0.1", ADDR_PUBLIC },
		{ "192.168.0.1", ADDR_PRIVATE },
		{ "100.64.0.1", ADDR_PRIVATE }, { "100.128.0.1", ADDR_PUBLIC },
		{ "127.0.0.1", ADDR_LOOPBACK }, { "127.9.9.9", ADDR_LOOPBACK },
		{ "169.254.1.1", ADDR_LINK }, { "0.0.0.0", ADDR_UNUSABLE },
		{ "0.1.2.3", ADDR_UNUSABLE }, { "224.0.0.1", ADDR_UNUSABLE },
		{ "255.255.255.255", ADDR_UNUSABLE },
		{ "2001:db8::1", ADDR_PUBLIC }, { "fd00::1", ADDR_PRIVATE },
		{ "fc00::1", ADDR_PRIVATE }, { "::1", ADDR_LOOPBACK },
		{ "::", ADDR_UNUSABLE }, { "fe80::1", ADDR_LINK },
		{ "fec0::1", ADDR_LINK }, { "ff02::1", ADDR_UNUSABLE },
		{ "::ffff:127.0.0.1", ADDR_LOOPBACK },
		{ "::ffff:10.0.0.1", ADDR_PRIVATE },
		{ "64:ff9b::7f00:1", ADDR_LOOPBACK },
		{ "2002:7f00:1::", ADDR_LOOPBACK }, { "::127.0.0.1",
		ADDR_UNUSABLE },
	};
	struct sockaddr_in	 sin;
	struct sockaddr_in6	 sin6;
	size_t			 i;

	for (i = 0; i < COUNT(all); i++) {
		memset(&sin, 0, sizeof(sin));
		memset(&sin6, 0, sizeof(sin6));
		sin.sin_family = AF_INET;
		sin6.sin6_family = AF_INET6;
		is_int(inet_pton(AF_INET, all[i].text, &sin.sin_addr) == 1 ?
		    (int)addr_kind((struct sockaddr *)&sin) :
		    inet_pton(AF_INET6, all[i].text, &sin6.sin6_addr) == 1 ?
		    (int)addr_kind((struct sockaddr *)&sin6) : -1, all[i].kind,
		    "%s", all[i].text);
	}
}

int
main(void)
{
	struct iq_table	*t = iq_new(stanza_take, NULL);

	iq_setjid(t, "us@here/x");
	test_hash();
	test_offers(t);
	test_answers(t);
	test_server();
	test_replies();
	test_asking();
	test_kinds();
	iq_free(t);
	return tap_done();
}
