/*
 * Unit tests of candidates (net/s5b/candidate), and of what servers say about
 * the address of a login (ibb/sic, XEP-0279) and about STUN servers
 * (ibb/extdisco, XEP-0215).
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "ibb/extdisco.h"
#include "ibb/sic.h"
#include "net/dial/addr.h"
#include "net/dial/addr_temporary.h"
#include "net/s5b/candidate.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

static const char *
where(const struct addr *a)
{
	static char	 out[ADDR_TEXT + 8];
	const struct sockaddr	*sa = (const struct sockaddr *)&a->ss;
	char		 text[ADDR_TEXT];

	snprintf(out, sizeof(out), "%s %u", addr_text(sa, text),
	    addr_port(sa));
	return out;
}

/*
 * Candidates
 */

/* As a policy that has no loopback. */
static int
permit(void *arg, const struct addr *a)
{
	(void)arg;
	return addr_kind((const struct sockaddr *)&a->ss) < ADDR_LOOPBACK;
}

/* The addresses that are read of this, in a line. */
static const char *
read_all(const char *inside)
{
	static char		 out[2048];
	static char		 xml[256 * 1024];
	struct candidate	 c[CANDIDATES_MAX + 1];
	struct elem		*e;
	size_t			 i, n;

	snprintf(xml, sizeof(xml), "<x xmlns='" NS_XCAT "'>%s</x>", inside);
	must((e = stanza_parse(xml)) != NULL);
	n = candidates_read(e, permit, NULL, c, CANDIDATES_MAX + 1);
	must(n <= CANDIDATES_MAX);
	*out = '\0';
	for (i = 0; i < n; i++) {
		strlcat(out, where(&c[i].addr), sizeof(out));
		strlcat(out, ";", sizeof(out));
	}
	elem_free(e);
	return out;
}

#define C(more)	"<candidate component='1' foundation='1' protocol='tcp' " \
		"tcptype='so' type='srflx' " more "/>"
#define AT(ip, port)	C("priority='9' ip='" ip "' port='" port "'")

static void
test_read(void)
{
	is(read_all(AT("192.0.2.1", "4000")), "192.0.2.1 4000;", "IPv4");
	is(read_all(AT("2001:db8::1", "65535")), "2001:db8::1 65535;",
	    "IPv6");
	is(read_all(C("ip='192.0.2.1' port='4000' priority='1'")
	    C("ip='192.0.2.2' port='4000' priority='2147483647'")
	    C("ip='192.0.2.3' port='4000' priority='7'")
	    C("ip='192.0.2.4' port='4000' priority='7'")),
	    "192.0.2.2 4000;192.0.2.3 4000;192.0.2.4 4000;192.0.2.1 4000;",
	    "the best first");
	is(read_all(AT("192.0.2.1", "4000") AT("192.0.2.1", "4000")
	    AT("192.0.2.1", "4001")), "192.0.2.1 4000;192.0.2.1 4001;",
	    "each once");
	is(read_all("<candidate component='4' ip='192.0.2.1' port='4000' "
	    "priority='1' tcptype='passive' type='assisted' later='1'/>"),
	    "192.0.2.1 4000;", "what is not needed, and what is not known");
}

static void
test_left_out(void)
{
	is(read_all(AT("127.0.0.1", "4000") AT("::1", "4000")
	    AT("0.0.0.0", "4000") AT("::", "4000") AT("224.0.0.1", "4000")
	    AT("fe80::1", "4000") AT("::ffff:192.0.2.1", "4000")
	    AT("::ffff:127.0.0.1", "4000")), "",
	    "addresses that are not permitted");
	is(read_all(AT("192.0.2.1", "25") AT("192.0.2.1", "1023")
	    AT("192.0.2.1", "0") AT("192.0.2.1", "65536")
	    AT("192.0.2.1", "-1") AT("192.0.2.1", "4000 ")
	    AT("192.0.2.1", "")), "", "ports");
	is(read_all(AT("example.org", "4000") AT("", "4000")
	    AT("192.0.2.1 ", "4000") AT("fe80::1%eth0", "4000")
	    AT("192.0.2", "4000") AT("3221225985", "4000")
	    AT("0x7f.1", "4000")), "", "no addresses");
	is(read_all("<candidate component='1' ip='192.0.2.1' port='4000' "
	    "priority='1' protocol='udp' tcptype='so' type='host'/>"
	    "<candidate component='1' ip='192.0.2.1' port='4000' "
	    "priority='1' tcptype='so' type='relay'/>"
	    "<candidate component='1' ip='192.0.2.1' port='4000' "
	    "priority='1' tcptype='x' type='host'/>"
	    "<candidate component='5' ip='192.0.2.1' port='4000' "
	    "priority='1' tcptype='so' type='host'/>"
	    "<candidate component='1' ip='192.0.2.1' port='4000' "
	    "priority='2147483648' tcptype='so' type='host'/>"
	    "<candidate/><candidate xmlns='a' type='host'/><x/>"), "",
	    "what is not understood");
}

static void
test_many(void)
{
	static char	 many[200 * 1024];
	const char	*s;
	size_t		 i, n = 0;

	for (i = 0; i < 1000; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
		    "<candidate component='1' ip='192.0.2.1' port='%zu' "
		    "priority='1' tcptype='so' type='host'/>", 2000 + i);
	for (s = read_all(many); *s != '\0'; s++)
		n += *s == ';';
	is_int((long)n, CANDIDATES_MAX, "of a thousand");
	*many = '\0';
	for (i = 0; i < 1000; i++)
		strlcat(many, "<candidate/>", sizeof(many));
	strlcat(many, AT("192.0.2.1", "4000"), sizeof(many));
	is(read_all(many), "", "behind a thousand that are none");
}

/* What is written is read, as it was. */
static void
test_write(void)
{
	struct candidate	 c = { CANDIDATE_ASSISTED, CANDIDATE_PASSIVE,
				    2, 77, { .len = 0 } }, d;
	struct buf		 b;
	struct xw		 w;
	struct elem		*e;

	must(addr_read(&c.addr, "2001:db8::7", 4711) == 0);
	buf_init(&b, 4096);
	xw_init(&w, &b);
	xw_start(&w, "x", NS_XCAT);
	candidate_write(&w, &c);
	must(xw_done(&w) == 0 && buf_add(&b, "", 1) == 0);
	is((const char *)buf_data(&b), "<x xmlns='" NS_XCAT "'><candidate "
	    "component='2' foundation='6' ip='2001:db8::7' port='4711' "
	    "priority='77' protocol='tcp' tcptype='passive' "
	    "type='assisted'/></x>", "written");
	must((e = stanza_parse((const char *)buf_data(&b))) != NULL);
	is_int((long)candidates_read(e, permit, NULL, &d, 1), 1, "read");
	ok(d.type == c.type && d.tcptype == c.tcptype && d.component == 2 &&
	    d.priority == 77 && addr_equal(&d.addr, &c.addr), "as it was");
	elem_free(e);
	buf_free(&b);
}

static void
test_priority(void)
{
	/* RFC 6544 section 4.2, and 126 << 24 | (6 << 13 | 8191) << 8 | 255 */
	is_int(candidate_priority(CANDIDATE_HOST, CANDIDATE_ACTIVE, 1, 8191),
	    2128609279, "a host's");
	ok(candidate_priority(CANDIDATE_HOST, CANDIDATE_SO, 1, 0) >
	    candidate_priority(CANDIDATE_ASSISTED, CANDIDATE_SO, 1, 8191),
	    "a host's before one that a router maps");
	ok(candidate_priority(CANDIDATE_ASSISTED, CANDIDATE_PASSIVE, 1, 0) >
	    candidate_priority(CANDIDATE_REFLEXIVE, CANDIDATE_SO, 1, 8191),
	    "mapped on request before mapped by chance");
	ok(candidate_priority(CANDIDATE_REFLEXIVE, CANDIDATE_SO, 1, 5) >
	    candidate_priority(CANDIDATE_REFLEXIVE, CANDIDATE_SO, 2, 5),
	    "the first port before the second");
	is(candidate_type_name(CANDIDATE_REFLEXIVE), "srflx", "a name");
}

/*
 * What servers say
 */

static struct iq_table	*t;
static char		 said[4096];
static int		 calls;

static void
on_services(void *arg, const struct extdisco_service *s, size_t n)
{
	size_t	 i, len;

	(void)arg;
	calls++;
	for (i = 0; i < n; i++) {
		len = strlen(said);
		snprintf(said + len, sizeof(said) - len, "%d %s %u;",
		    (int)s[i].kind, s[i].host, s[i].port);
	}
}

static void
on_address(void *arg, const char *ip, uint16_t port)
{
	(void)arg;
	calls++;
	snprintf(said, sizeof(said), "%s %u", ip != NULL ? ip : "none", port);
}

/* The answer to what was asked. */
static const char *
hear(const char *from, const char *type, const char *inside)
{
	static char	 xml[64 * 1024];
	struct elem	*e;

	*said = '\0';
	calls = 0;
	snprintf(xml, sizeof(xml), "<iq id='%s' from='%s' type='%s'>%s</iq>",
	    stanza_id(), from, type, inside);
	must((e = stanza_parse(xml)) != NULL);
	iq_answer(t, e);
	elem_free(e);
	iq_expire(t, 2000);
	is_int(calls, 1, "one answer");
	return said;
}

static const char *
services(const char *inside)
{
	static char	 xml[32 * 1024];

	must(extdisco_ask(t, "here", 1000, on_services, NULL) != NULL);
	snprintf(xml, sizeof(xml), "<services xmlns='" NS_EXTDISCO "'>%s"
	    "</services>", inside);
	return hear("here", "result", xml);
}

static void
test_extdisco(void)
{
	char	 many[16 * 1024] = "";
	size_t	 i;

	is(services("<service host='a' port='1' transport='udp' type='stun'/>"
	    "<service host='b' port='2' transport='tcp' type='turn'/>"
	    "<service host='c' port='3' transport='tcp' type='stun'/>"
	    "<service host='d' type='stun'/>"),
	    "0 c 3;1 b 2;2 a 1;2 d 3478;", "the best first");
	ok(stanza_has("<services xmlns='urn:xmpp:extdisco:2'/>") &&
	    stanza_has("to='here'"), "what was asked");
	is(services("<service host='a' port='1' transport='udp' type='stun'/>"
	    "<service host='b' port='1' transport='udp' type='stun'/>"
	    "<service host='b' port='1' transport='tcp' type='turn'/>"
	    "<service host='a' port='1' transport='tcp' type='turn'/>"
	    "<service host='a' port='1' transport='tcp' type='stun'/>"),
	    "0 a 1;1 b 1;", "each place once");
	is(services("<service host='a' port='0' type='stun'/>"
	    "<service host='a' port='x' type='stun'/>"
	    "<service port='1' type='stun'/><service host='' type='stun'/>"
	    "<service host='a' type='stuns'/><service host='a' type='ftp'/>"
	    "<service host='a' transport='sctp' type='stun'/>"
	    "<service host='a' type='stun' action='delete'/>"
	    "<service host='a'/><service xmlns='x' host='a' type='stun'/>"),
	    "", "what is of no use");
	for (i = 0; i < 100; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
		    "<service host='a%zu' transport='%s' type='stun'/>", i,
		    i < 20 ? "udp" : "tcp");
	is(services(many), "0 a20 3478;0 a21 3478;0 a22 3478;0 a23 3478;"
	    "0 a24 3478;0 a25 3478;0 a26 3478;0 a27 3478;", "of a hundred");
	must(extdisco_ask(t, "here", 1000, on_services, NULL) != NULL);
	is(hear("here", "error", "<error type='cancel'/>"), "", "an error");
	must(extdisco_ask(t, "here", 1000, on_services, NULL) != NULL);
	is(hear("elsewhere", "result", "<services xmlns='" NS_EXTDISCO "'>"
	    "<service host='a' type='stun'/></services>"), "",
	    "another server's answer");
}

static const char *
address(const char *inside)
{
	char	 xml[1024];

	must(sic_ask(t, 1000, on_address, NULL) != NULL);
	snprintf(xml, sizeof(xml), "<address xmlns='" NS_SIC "'>%s</address>",
	    inside);
	return hear("us@here", "result", xml);
}

static void
test_sic(void)
{
	is(address("<ip>192.0.2.1</ip><port>4711</port>"), "192.0.2.1 4711",
	    "an address and a port");
	ok(stanza_has("<address xmlns='urn:xmpp:sic:1'/>") &&
	    !stanza_has(" to="), "what was asked");
	is(address("<ip>2001:db8::1</ip>"), "2001:db8::1 0", "no port");
	is(address("<ip>192.0.2.1</ip><port>70000</port>"), "192.0.2.1 0",
	    "a port that is none");
	is(address("<port>4711</port>"), "none 0", "no address");
	is(address("<ip/><ip>192.0.2.1</ip>"), "none 0", "an empty address");
	must(sic_ask(t, 1000, on_address, NULL) != NULL);
	is(hear("us@here", "error", "<error type='cancel'/>"), "none 0",
	    "an error");
	must(sic_ask(t, 1000, on_address, NULL) != NULL);
	is(hear("evil@there", "result", "<address xmlns='" NS_SIC "'><ip>"
	    "192.0.2.1</ip></address>"), "none 0", "another JID's answer");
}

static void
test_cancel(void)
{
	struct extdisco	*x = extdisco_ask(t, "here", 1, on_services, NULL);
	struct sic	*s = sic_ask(t, 1, on_address, NULL);

	calls = 0;
	extdisco_cancel(x);
	sic_cancel(s);
	iq_expire(t, 2000);
	is_int(calls, 0, "no answer to what was cancelled");
}

/* Lines as Linux has them, for interfaces with several addresses. */
static void
test_temporary(void)
{
	char		 lines[] =
	    "fe80000000000000005450fffe000001 02 40 20 80     eth0\n"
	    "20010db8000000010000000000000002 02 40 00 80     eth0\n"
	    "20010db80000000100000000000000a1 02 40 00 01     eth0\n"
	    "20010db80000000100000000000000a2 02 40 00 21     eth0\n"
	    "20010db80000000100000000000000a3 02 40 00 41     eth0\n"
	    "20010db80000000100000000000000a4 02 40 00 301    eth0\n"
	    "20010db8 02 40 00 01 eth0\n"
	    "20010db80000000g00000000000000a5 02 40 00 01     eth0\n\n"
	    "20010db80000000100000000000000a6 02 40 00 09     eth0\n"
	    "20010db80000000100000000000000a7 02 40 00 01     eth0\n";
	struct in6_addr	 out[4];
	FILE		*fp = fmemopen(lines, sizeof(lines) - 1, "r");

	must(fp != NULL);
	is_int((long)addr_temporary_read(fp, out, 4), 3, "temporary ones");
	is_int(out[0].s6_addr[15], 0xa1, "the first");
	is_int(out[1].s6_addr[15], 0xa4, "one with other flags, too");
	is_int(out[2].s6_addr[15], 0xa7, "the last");
	rewind(fp);
	is_int((long)addr_temporary_read(fp, out, 2), 2, "no more than fit");
	fclose(fp);
}

int
main(void)
{
	test_temporary();
	test_read();
	test_left_out();
	test_many();
	test_write();
	test_priority();
	must((t = iq_new(stanza_take, NULL)) != NULL);
	must(iq_setjid(t, "us@here/x") == 0);
	test_extdisco();
	test_sic();
	test_cancel();
	iq_free(t);
	return tap_done();
}
