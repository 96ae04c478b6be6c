/*
 * Unit tests of net/s5b/streamhosts: what -o streamhost and -P may say, which
 * hosts are offered and in which order, how proxies are found, and which
 * addresses are connected to.  The ports are real ones; the server and the
 * proxies are strings.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/s5b.h"
#include "net/conf/conf.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "net/s5b/s5b_listen.h"
#include "net/s5b/streamhosts.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define US	"us@here.example/a"
#define QUERY	"<query xmlns='http://jabber.org/protocol/bytestreams'>"
#define ITEMS	"<query xmlns='http://jabber.org/protocol/disco#items'>"

static struct loop	*loop;
static struct conf	 conf;
static int		 is_near, knowing;

static int
on_near(void *arg)
{
	(void)arg;
	return is_near;
}

static void
on_known(void *arg)
{
	(void)arg;
	knowing++;
}

static void
on_fd(void *arg, int fd)
{
	(void)arg;
	(void)fd;
	abort();
}

/* Begin with the defaults, and with these two repeatable keywords. */
static void
configure(const char *streamhost, const char *proxy)
{
	char	 err[CONF_ERR];

	conf_free(&conf);
	conf_init(&conf);
	must(streamhost == NULL ||
	    conf_set(&conf, "streamhost", streamhost, 0, err) == 0);
	must(proxy == NULL || conf_set(&conf, "s5b-proxy", proxy, 0, err) == 0);
	is_near = 0;
}

static void
set(const char *keyword, const char *value)
{
	char	 err[CONF_ERR];

	must(conf_set(&conf, keyword, value, 0, err) == 0);
}

static struct streamhosts *
make(int proxied, char *err)
{
	struct streamhosts_conf	 c = {
		.loop = loop,
		.conf = &conf,
		.jid = US,
		.proxied = proxied,
		.near = on_near,
	};

	*err = '\0';
	return streamhosts_new(&c, err);
}

static struct streamhosts *
made(void)
{
	char			 err[STREAMHOSTS_ERR];
	struct streamhosts	*h = make(0, err);

	must(h != NULL);
	return h;
}

/* A port that can be listened on. */
static uint16_t
free_port(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	must(bind(fd, (struct sockaddr *)&sin, len) == 0);
	must(getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	close(fd);
	return ntohs(sin.sin_port);
}

static void
set_port(const char *host, uint16_t port)
{
	char	 value[64];

	snprintf(value, sizeof(value), "%s:%u", host, port);
	set("streamhost", value);
}

/*
 * The user
 */

static void
wrong(const char *streamhost, const char *proxy, const char *why)
{
	char	 err[STREAMHOSTS_ERR];

	configure(streamhost, proxy);
	ok(make(0, err) == NULL && strstr(err, why) != NULL, "%s", why);
}

static void
test_words(void)
{
	char			 err[STREAMHOSTS_ERR];
	struct streamhosts	*h;
	int			 i;

	wrong("[::1", NULL, "streamhost [::1: give an address, address:port "
	    "or none");
	wrong("h:0", NULL, "its port must be a number from 1 to 65535");
	wrong("h:65536", NULL, "its port must be");
	wrong(NULL, "a@b@c", "-P a@b@c: ");
	configure(NULL, NULL);
	for (i = 0; i < 8; i++)
		set("streamhost", "192.0.2.1");
	h = make(0, err);
	ok(h != NULL, "eight of them");
	streamhosts_free(h);
	set("streamhost", "192.0.2.1");
	ok(make(0, err) == NULL && strstr(err, "up to 8 times") != NULL,
	    "a ninth one");
	configure(NULL, NULL);
	for (i = 0; i < 6; i++)
		set("s5b-proxy", "proxy.example");
	h = make(0, err);
	ok(h != NULL, "six proxies");
	streamhosts_free(h);
	set("s5b-proxy", "proxy.example");
	ok(make(0, err) == NULL && strstr(err, "up to 6 proxies") != NULL,
	    "a seventh one");
	configure(NULL, NULL);
	for (i = 1; i <= 5; i++)
		set_port("192.0.2.1", (uint16_t)i);
	ok(make(0, err) == NULL &&
	    strstr(err, "these are 5 ports; name up to 4") != NULL,
	    "a fifth port");
}

static void
test_allowed(void)
{
	static const struct {
		const char	*carrier;
		int		 proxied, allowed;
	} table[] = {
		{ "auto", 0, 1 }, { "auto", 1, 0 }, { "s5b", 0, 1 },
		{ "s5b", 1, 1 }, { "ibb", 0, 0 }, { "ibb", 1, 0 },
	};
	char			 err[STREAMHOSTS_ERR];
	struct streamhosts	*h;
	size_t			 i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		configure(NULL, NULL);
		set("carrier", table[i].carrier);
		must((h = make(table[i].proxied, err)) != NULL);
		is_int(streamhosts_allowed(h), table[i].allowed,
		    "carrier %s, proxy %d", table[i].carrier,
		    table[i].proxied);
		streamhosts_free(h);
	}
}

/*
 * What is offered
 */

static int
is_loopback(const struct streamhost *h)
{
	return strncmp(h->host, "127.", 4) == 0 || strcmp(h->host, "::1") == 0;
}

static size_t
count_loopback(const struct streamhost *hosts, size_t n)
{
	size_t	 i, found = 0;

	for (i = 0; i < n; i++)
		found += (size_t)is_loopback(&hosts[i]);
	return found;
}

static void
test_own(struct iq_table *t)
{
	struct streamhost	 hosts[S5B_HOSTS];
	struct streamhosts	*h;
	struct s5b_wait		*w;
	uint16_t		 port = free_port();
	size_t			 n;

	configure("203.0.113.7", NULL);
	set_port("home.example", port);
	h = made();
	streamhosts_login(h, t);
	is_int((long)streamhosts_list(h, hosts, S5B_HOSTS), 0,
	    "no port is open: no address is offered");
	must((w = streamhosts_wait(h, "hash", on_fd, NULL)) != NULL);
	n = streamhosts_list(h, hosts, S5B_HOSTS);
	ok(n >= 2, "addresses");
	is(hosts[0].jid, US, "of ours");
	is(hosts[0].host, "203.0.113.7", "the one that was given is first");
	is_int(hosts[0].port, port, "with the port that is listened on");
	is(hosts[1].host, "home.example", "then the other one");
	is_int(hosts[1].port, port, "with its port");
	is_int((long)count_loopback(hosts, n), 0, "no loopback: we are far");
	is_near = 1;
	n = streamhosts_list(h, hosts, S5B_HOSTS);
	ok(n > 2 && is_loopback(&hosts[2]), "near, loopback is next");
	is_int((long)streamhosts_list(h, hosts, 2), 2, "no more than asked");
	s5b_wait_cancel(w);
	is_int((long)streamhosts_list(h, hosts, S5B_HOSTS), 0,
	    "nothing once nothing is waited for");
	streamhosts_free(h);
}

/* The n hosts have the mapped one at i. */
static void
is_mapped_at(const struct streamhost *hosts, size_t n, size_t i,
    const char *what)
{
	ok(i < n && strcmp(hosts[i].host, "192.0.2.7") == 0 &&
	    hosts[i].port == 4000 && strcmp(hosts[i].jid, US) == 0,
	    "%s: a mapped address", what);
}

/* A router maps the port: another of our addresses, before the proxies. */
static void
test_mapped(struct iq_table *t)
{
	struct streamhost	 hosts[S5B_HOSTS];
	struct streamhosts	*h;
	struct s5b_wait		*w;
	struct addr		 a;

	must(addr_read(&a, "192.0.2.7", 4000) == 0);
	configure(NULL, NULL);
	h = made();
	streamhosts_login(h, t);
	is_int(streamhosts_mappable(h), 0, "no port is open: nothing to map");
	must((w = streamhosts_wait(h, "hash", on_fd, NULL)) != NULL);
	ok(streamhosts_mappable(h) != 0, "an open port may be mapped");
	set("portmap", "no");
	is_int(streamhosts_mappable(h), 0, "not with portmap=no");
	set("portmap", "yes");
	is_near = 1;
	is_int(streamhosts_mappable(h), 0, "nor if the server is here");
	is_near = 0;
	streamhosts_not_mapped(h);
	is_int(streamhosts_mappable(h), 0, "nor if that was in vain");
	streamhosts_login(h, t);
	ok(streamhosts_mappable(h) != 0, "but again after a login");

	hosts[0] = (struct streamhost){ .jid = US, .host = "10.1.2.3" };
	hosts[1] = (struct streamhost){ .jid = "proxy.example",
	    .host = "proxy" };
	hosts[2] = hosts[1];
	is_int((long)streamhosts_add_mapped(h, &a, hosts, 2, 3), 3, "added");
	is_mapped_at(hosts, 3, 1, "between");
	is(hosts[2].jid, "proxy.example", "before the proxy");
	hosts[1] = hosts[2];
	is_int((long)streamhosts_add_mapped(h, &a, hosts, 2, 2), 2, "full");
	is_mapped_at(hosts, 2, 1, "in place of the last");
	is_int((long)streamhosts_add_mapped(h, &a, hosts, 0, 1), 1, "alone");
	is_mapped_at(hosts, 1, 0, "alone");
	s5b_wait_cancel(w);
	streamhosts_free(h);
}

static void
test_hidden(struct iq_table *t)
{
	struct streamhost	 hosts[S5B_HOSTS];
	struct streamhosts	*h;

	configure("none", NULL);
	is_near = 1;
	h = made();
	streamhosts_login(h, t);
	ok(streamhosts_wait(h, "hash", on_fd, NULL) == NULL,
	    "hidden: nothing is waited for");
	is_int((long)streamhosts_list(h, hosts, S5B_HOSTS), 0,
	    "nor offered");
	streamhosts_free(h);
}

/*
 * Proxies
 */

/* The two requests that a search begins with, and their answers. */
static char	 asked[2][512], ids[2][64];
static int	 requests;

static int
take(void *arg, const void *data, size_t len)
{
	(void)arg;
	stanza_take(NULL, data, len);
	if (requests < 2) {
		strlcpy(asked[requests], stanza_sent, sizeof(asked[0]));
		strlcpy(ids[requests], stanza_id(), sizeof(ids[0]));
	}
	requests++;
	return 0;
}

static void
answer(struct iq_table *t, const char *id, const char *from, const char *in)
{
	char		 xml[2048];
	struct elem	*e;

	snprintf(xml, sizeof(xml), "<iq type='result' id='%s' from='%s'>%s"
	    "</iq>", id, from, in);
	must((e = stanza_parse(xml)) != NULL);
	ok(iq_answer(t, e), "%s answers", from);
	elem_free(e);
}

static void
test_proxies(struct iq_table *t)
{
	struct streamhost	 hosts[S5B_HOSTS];
	struct streamhosts	*h;

	configure("none", "p.example");
	h = made();
	streamhosts_login(h, t);
	streamhosts_on_known(h, on_known, NULL);
	requests = knowing = 0;
	is_int(streamhosts_known(h), 0, "they are searched for");
	is_int(streamhosts_known(h), 0, "once");
	is_int(requests, 2, "two are asked");
	ok(strstr(asked[0], "to='p.example'") != NULL, "the one named");
	ok(strstr(asked[1], "to='here.example'") != NULL, "the server");
	answer(t, ids[0], "p.example", QUERY "<streamhost jid='p.example' "
	    "host='192.0.2.9' port='7'/><streamhost jid='p.example' "
	    "host='192.0.2.9' port='7'/><streamhost jid='p.example' "
	    "host='192.0.2.9' port='8'/></query>");
	is_int(streamhosts_known(h), 0, "the server has yet to answer");
	is_int(knowing, 0, "so nothing is told");
	answer(t, ids[1], "here.example", ITEMS "</query>");
	is_int(knowing, 1, "told once");
	is_int(streamhosts_known(h), 1, "they are known");
	is_int((long)streamhosts_list(h, hosts, S5B_HOSTS), 2,
	    "two, one of which was named twice");
	is(hosts[0].jid, "p.example", "its JID");
	is_int(hosts[0].port + hosts[1].port, 15, "both ports");
	is_int(requests, 2, "and nothing more is asked");
	streamhosts_free(h);
}

/* No list is so full of own addresses that there is no place for proxies. */
static void
test_room_for_proxies(struct iq_table *t)
{
	struct streamhost	 hosts[S5B_HOSTS];
	struct streamhosts	*h;
	struct s5b_wait		*w;
	int			 i;

	configure(NULL, "p.example");
	for (i = 0; i < 8; i++)
		set("streamhost", (const char *[]){ "h1", "h2", "h3", "h4",
		    "h5", "h6", "h7", "h8" }[i]);
	h = made();
	streamhosts_login(h, t);
	requests = 0;
	streamhosts_known(h);
	answer(t, ids[0], "p.example", QUERY "<streamhost jid='p.example' "
	    "host='192.0.2.9' port='7'/><streamhost jid='p.example' "
	    "host='192.0.2.9' port='8'/></query>");
	answer(t, ids[1], "here.example", ITEMS "</query>");
	if ((w = streamhosts_wait(h, "hash", on_fd, NULL)) == NULL)
		abort();
	is_int((long)streamhosts_list(h, hosts, 4), 4, "a short list");
	is(hosts[1].host, "h2", "has the best of ours");
	is(hosts[2].jid, "p.example", "and a proxy");
	is(hosts[3].jid, "p.example", "and the other one");
	is_int((long)streamhosts_list(h, hosts, 1), 1,
	    "a list without room for all proxies has one");
	s5b_wait_cancel(w);
	streamhosts_free(h);
}

static void
test_search_times_out(struct iq_table *t)
{
	struct streamhosts	*h;

	configure(NULL, "p.example");
	h = made();
	streamhosts_login(h, t);
	streamhosts_on_known(h, on_known, NULL);
	knowing = 0;
	streamhosts_known(h);
	iq_expire(t, clock_ms() + 3900);
	is_int(knowing, 0, "four seconds are given to it");
	iq_expire(t, clock_ms() + 4100);
	is_int(knowing, 1, "and no more");
	streamhosts_free(h);
	configure(NULL, "p.example");
	h = made();
	streamhosts_login(h, t);
	streamhosts_known(h);
	streamhosts_free(h);
	iq_expire(t, clock_ms() + 4100);
	ok(1, "a search that is freed is not answered");
}

/*
 * What is connected to
 */

static int
permitted(struct streamhosts *h, const char *address, uint16_t port)
{
	struct addr		 a = { .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	struct sockaddr_in6	 sin6 = { .sin6_family = AF_INET6 };

	sin.sin_port = sin6.sin6_port = htons(port);
	if (inet_pton(AF_INET, address, &sin.sin_addr) == 1)
		memcpy(&a.ss, &sin, sizeof(sin));
	else if (inet_pton(AF_INET6, address, &sin6.sin6_addr) == 1)
		memcpy(&a.ss, &sin6, sizeof(sin6));
	else
		abort();
	return streamhosts_permit(h, &a);
}

static void
test_permit(void)
{
	static const struct {
		const char	*policy;
		int		 near;
		const char	*address;
		uint16_t	 port;
		int		 permitted;
	} table[] = {
		{ "auto", 0, "198.51.100.1", 22, 1 },
		{ "auto", 0, "2001:db8::1", 22, 1 },
		{ "auto", 0, "127.0.0.1", 4000, 0 },
		{ "auto", 1, "127.0.0.1", 4000, 1 },
		{ "auto", 1, "127.0.0.1", 1023, 0 },
		{ "auto", 1, "10.0.0.1", 1024, 1 },
		{ "auto", 1, "::1", 4000, 1 },
		{ "auto", 1, "::ffff:127.0.0.1", 80, 0 },
		{ "auto", 1, "169.254.169.254", 4000, 0 },
		{ "auto", 1, "0.0.0.0", 4000, 0 },
		{ "auto", 1, "224.0.0.1", 4000, 0 },
		{ "public", 1, "127.0.0.1", 4000, 0 },
		{ "public", 1, "10.0.0.1", 4000, 0 },
		{ "public", 0, "198.51.100.1", 22, 1 },
		{ "any", 0, "127.0.0.1", 22, 1 },
		{ "any", 0, "10.0.0.1", 22, 1 },
		{ "any", 0, "fe80::1", 4000, 0 },
	};
	struct streamhosts	*h;
	size_t			 i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		configure(NULL, NULL);
		set("streamhost-policy", table[i].policy);
		is_near = table[i].near;
		h = made();
		is_int(permitted(h, table[i].address, table[i].port),
		    table[i].permitted, "policy %s, %s: %s port %u",
		    table[i].policy, is_near ? "near" : "far",
		    table[i].address, table[i].port);
		streamhosts_free(h);
	}
}

int
main(void)
{
	struct iq_table	*t;

	must((loop = loop_new()) != NULL);
	must((t = iq_new(take, NULL)) != NULL);
	must(iq_setjid(t, US) == 0);
	conf_init(&conf);
	test_words();
	test_allowed();
	test_own(t);
	test_mapped(t);
	test_hidden(t);
	test_proxies(t);
	test_room_for_proxies(t);
	test_search_times_out(t);
	test_permit();
	conf_free(&conf);
	iq_free(t);
	loop_free(loop);
	return tap_done();
}
