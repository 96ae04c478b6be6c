/*
 * Unit tests of XEP-0065: the stanzas (ibb/bytestreams), and which addresses
 * are what (net/addr).
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/bytestreams.h"
#include "net/addr.h"
#include "t/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"

#define HEADER	"<stream:stream xmlns='jabber:client' version='1.0' " \
		"xmlns:stream='http://etherx.jabber.org/streams'>"
#define QUERY	"<query xmlns='http://jabber.org/protocol/bytestreams'"
#define HOST	"<streamhost jid='a@b/c' host='192.0.2.1' port='1'/>"
#define PROXY	"proxy.example/x"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char	 sent[64 * 1024];	/* the last stanza */

static int
take(void *arg, const void *data, size_t len)
{
	(void)arg;
	snprintf(sent, sizeof(sent), "%.*s", (int)len, (const char *)data);
	return 0;
}

static struct elem *
parsed(const char *xml)
{
	struct parse	*p = parse_new(&parse_defaults);
	struct elem	*e = NULL;

	parse_feed(p, HEADER, strlen(HEADER));
	if (parse_next(p, &e) != PARSE_OPEN)
		abort();
	elem_free(e);
	parse_next(p, &e);
	parse_feed(p, xml, strlen(xml));
	if (parse_next(p, &e) != PARSE_STANZA)
		abort();
	parse_free(p);
	return e;
}

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
	char			 xml[32 * 1024];

	snprintf(xml, sizeof(xml), "<iq type='set' id='i' from='p@q/r'>%s"
	    "</iq>", query);
	e = parsed(xml);
	*sent = '\0';
	is_int(s5b_parse(t, e, &o), result, "%.60s", query);
	is_int((long)o.n, (long)n, "so many hosts");
	ok(error == NULL ? *sent == '\0' : strstr(sent, error) != NULL,
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
on_used(void *arg, int used, enum stanza_error err, const char *why)
{
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
	char		 id[17], xml[1024];

	calls = 0;
	ok(s5b_offer(t, "p@q/r", "s", hosts, 2, NULL, 1000, on_used, NULL) !=
	    NULL, "offer: %s", what);
	snprintf(id, sizeof(id), "%s", strstr(sent, "id='") + 4);
	snprintf(xml, sizeof(xml), "<iq id='%s' from='p@q/r' %s</iq>", id,
	    content);
	e = parsed(xml);
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
		{ "169.254.1.1", ADDR_LINK }, { "0.0.0.0", ADDR_NOBODY },
		{ "0.1.2.3", ADDR_NOBODY }, { "224.0.0.1", ADDR_NOBODY },
		{ "255.255.255.255", ADDR_NOBODY },
		{ "2001:db8::1", ADDR_PUBLIC }, { "fd00::1", ADDR_PRIVATE },
		{ "fc00::1", ADDR_PRIVATE }, { "::1", ADDR_LOOPBACK },
		{ "::", ADDR_NOBODY }, { "fe80::1", ADDR_LINK },
		{ "fec0::1", ADDR_LINK }, { "ff02::1", ADDR_NOBODY },
		{ "::ffff:127.0.0.1", ADDR_LOOPBACK },
		{ "::ffff:10.0.0.1", ADDR_PRIVATE },
		{ "64:ff9b::7f00:1", ADDR_LOOPBACK },
		{ "2002:7f00:1::", ADDR_LOOPBACK }, { "::127.0.0.1",
		ADDR_NOBODY },
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
	struct iq_table	*t = iq_new(take, NULL);

	iq_setjid(t, "us@here/x");
	test_hash();
	test_offers(t);
	test_answers(t);
	test_kinds();
	iq_free(t);
	return tap_done();
}
