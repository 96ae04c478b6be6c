/*
 * Unit tests of ibb/sic (XEP-0279) and ibb/extdisco (XEP-0215): what is asked
 * of the own server, and what of its answers is of use.  They come in two
 * parts, cut at each byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/extdisco.h"
#include "ibb/sic.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/parse.h"

#define US	"a@example.org/x"
#define SERVER	"example.org"

static struct iq_table	*table;
static char		 told[4096];	/* the last answer, as text */
static int		 times;		/* how many there were */

static void
on_sic(void *arg, const char *ip, uint16_t port)
{
	must(arg == &table);
	times++;
	snprintf(told, sizeof(told), "%s %u", ip != NULL ? ip : "none", port);
}

static void
on_services(void *arg, const struct extdisco_service *s, size_t n)
{
	size_t	 i, len = 0;

	must(arg == &table && n <= EXTDISCO_MAX);
	times++;
	*told = '\0';
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(told + len, sizeof(told) - len,
		    "%s%d:%s:%u", i > 0 ? " " : "", (int)s[i].kind, s[i].host,
		    s[i].port);
}

/* An iq of this type with this inside, which comes in two parts. */
static struct elem *
answer_cut(const char *type, const char *inside, size_t at)
{
	struct parse	*in = parse_new(parse_defaults());
	struct elem	*e = NULL;
	char		*xml;
	size_t		 len;

	must(in != NULL && parse_feed(in, HEADER, strlen(HEADER)) == 0);
	must(parse_next(in, &e) == PARSE_OPEN);
	elem_free(e);
	e = NULL;
	must(asprintf(&xml, "<iq type='%s' id='%s' from='" SERVER "'>%s</iq>",
	    type, stanza_id(), inside) != -1);
	len = strlen(xml);
	at %= len;
	must(parse_feed(in, xml, at) == 0);
	must(parse_next(in, &e) == PARSE_MORE);
	must(parse_feed(in, xml + at, len - at) == 0);
	must(parse_next(in, &e) == PARSE_STANZA);
	free(xml);
	parse_free(in);
	return e;
}

static void
ask(int sic)
{
	if (sic)
		must(sic_ask(table, IQ_NODEADLINE, on_sic, &table) != NULL);
	else
		must(extdisco_ask(table, SERVER, IQ_NODEADLINE, on_services,
		    &table) != NULL);
}

static void
answer(const char *type, const char *inside, size_t at)
{
	struct elem	*e = answer_cut(type, inside, at);

	must(iq_answer(table, e) == 1);
	elem_free(e);
}

/* The server answers with this, cut at each place, and that is what is told. */
static void
hears(int sic, const char *type, const char *inside, const char *want,
    const char *what)
{
	size_t		 i, wrong = 0;

	for (i = 0; i < strlen(inside) + 40; i++) {
		times = 0;
		ask(sic);
		answer(type, inside, i);
		wrong += times != 1 || strcmp(told, want) != 0;
	}
	is(told, want, "%s", what);
	is_int((long)wrong, 0, "%s: wherever it is cut", what);
}

#define ADDRESS(x)	"<address xmlns='" NS_SIC "'>" x "</address>"

static void
test_sic(void)
{
	ask(1);
	ok(stanza_has("type='get'") && stanza_has("<address xmlns='" NS_SIC
	    "'/>"), "the own server is asked where it sees us");
	answer("error", "", 0);
	hears(1, "result", ADDRESS("<ip>192.0.2.1</ip><port>4000</port>"),
	    "192.0.2.1 4000", "address and port");
	hears(1, "result", ADDRESS("<port>4000</port><ip>2001:db8::1</ip>"),
	    "2001:db8::1 4000", "in the other order");
	hears(1, "result", ADDRESS("<ip>192.0.2.1</ip>"), "192.0.2.1 0",
	    "no port");
	hears(1, "result", ADDRESS("<ip>192.0.2.1</ip><port>65536</port>"),
	    "192.0.2.1 0", "a port that is none");
	hears(1, "result", ADDRESS("<ip>192.0.2.1</ip><port>-1</port>"),
	    "192.0.2.1 0", "another one");
	hears(1, "result", ADDRESS("<port>4000</port>"), "none 0",
	    "no address");
	hears(1, "result", ADDRESS("<ip/><port>4000</port>"), "none 0",
	    "an empty one");
	hears(1, "result", "<address xmlns='urn:xmpp:sic:0'><ip>192.0.2.1</ip>"
	    "</address>", "none 0", "another namespace");
	hears(1, "result", "", "none 0", "nothing");
	hears(1, "error", ADDRESS("<ip>192.0.2.1</ip>") "<error type='cancel'>"
	    "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
	    "/></error>", "none 0", "an error");
}

#define SERVICES(x)	"<services xmlns='" NS_EXTDISCO "'>" x "</services>"
#define S(attrs)	"<service " attrs "/>"

static void
test_kinds(void)
{
	hears(0, "result", SERVICES(
	    S("type='turn' host='d' transport='udp'")
	    S("type='stun' host='c' transport='udp'")
	    S("type='turn' host='b' transport='tcp'")
	    S("type='stun' host='a' transport='tcp' port='1234'")),
	    "0:a:1234 1:b:3478 2:c:3478 3:d:3478", "the best first");
	hears(0, "result", SERVICES(S("type='stun' host='a'")
	    S("type='turn' host='a' transport='tcp'")
	    S("type='stun' host='a' port='3479'")),
	    "1:a:3478 2:a:3479", "each place once, by its better kind");
	hears(0, "result", SERVICES(S("type='stuns' host='a'")
	    S("type='turns' host='a' transport='tcp'")
	    S("type='stun' host='b' transport='sctp'") S("type='stun'")
	    S("host='c'") S("type='stun' host=''")
	    S("type='stun' host='d' port='0'")
	    S("type='stun' host='e' port='65536'")
	    S("type='stun' host='f' action='delete'")), "",
	    "what is of no use is left out");
	hears(0, "result", "<services xmlns='urn:xmpp:extdisco:1'>"
	    S("type='stun' host='a'") "</services>", "", "another namespace");
	hears(0, "result", "", "", "nothing");
	hears(0, "error", SERVICES(S("type='stun' host='a'"))
	    "<error type='cancel'><forbidden xmlns='urn:ietf:params:xml:ns:"
	    "xmpp-stanzas'/></error>", "", "an error");
}

/* More than are kept, the best of them last; and more than are looked at. */
static void
test_many(int n, const char *want, const char *what)
{
	char		*xml = NULL;
	size_t		 len;
	FILE		*fp = open_memstream(&xml, &len);
	int		 i;

	must(fp != NULL);
	fputs("<services xmlns='" NS_EXTDISCO "'>", fp);
	for (i = 1; i < n; i++)
		fprintf(fp, S("type='turn' host='h%d'"), i);
	fputs(S("type='stun' host='best' transport='tcp'") "</services>", fp);
	must(fclose(fp) == 0);
	ask(0);
	answer("result", xml, len / 2);
	free(xml);
	is(told, want, "%s", what);
}

static void
test_long(void)
{
	char	 host[300], xml[512];

	memset(host, 'h', sizeof(host) - 1);
	host[256] = '\0';
	snprintf(xml, sizeof(xml), SERVICES(S("type='stun' host='%s'")), host);
	hears(0, "result", xml, "", "a name that is too long");
}

static void
test_end(void)
{
	struct extdisco	*x;
	struct sic	*s;

	times = 0;
	must((s = sic_ask(table, 10, on_sic, &table)) != NULL);
	must((x = extdisco_ask(table, SERVER, 10, on_services, &table)) !=
	    NULL);
	iq_expire(table, 9);
	is_int(times, 0, "they have time");
	sic_cancel(s);
	extdisco_cancel(x);
	iq_expire(table, 10);
	is_int(times, 0, "nothing is told behind a cancel");
	must(sic_ask(table, 10, on_sic, &table) != NULL);
	must(extdisco_ask(table, SERVER, 10, on_services, &table) != NULL);
	iq_expire(table, 10);
	is_int(times, 2, "each is told that there is no answer");
	is(told, "", "as an answer without services");
	sic_cancel(NULL);
	extdisco_cancel(NULL);
}

int
main(void)
{
	must((table = iq_new(stanza_take, NULL)) != NULL);
	must(iq_setjid(table, US) == 0);
	test_sic();
	ask(0);
	ok(stanza_has("to='" SERVER "'") && stanza_has("<services xmlns='"
	    NS_EXTDISCO "'/>"), "a server is asked for its services");
	answer("error", "", 0);
	test_kinds();
	test_many(9, "0:best:3478 3:h1:3478 3:h2:3478 3:h3:3478 3:h4:3478 "
	    "3:h5:3478 3:h6:3478 3:h7:3478", "the best of many are kept");
	test_many(65, "3:h1:3478 3:h2:3478 3:h3:3478 3:h4:3478 3:h5:3478 "
	    "3:h6:3478 3:h7:3478 3:h8:3478", "no more than 64 are looked at");
	test_long();
	test_end();
	iq_free(table);
	return tap_done();
}
