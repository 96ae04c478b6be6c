/*
 * Fuzzer of which hosts are offered for sockets and which are connected to
 * (net/s5b/streamhosts).  First the configuration, line by line:
 *
 *	=keyword value	as in xcat(1): streamhost, s5b-proxy, carrier, family,
 *			streamhost-policy, punch
 *	~n, ~p		the server is on this machine; it is behind a proxy
 *
 * and then what happens:
 *
 *	K		are the proxies known?
 *	<...		the oldest request is answered with a result with that
 *			in it
 *	E		with an error
 *	T		no answer comes
 *	W, X		connections are waited for; no longer
 *	N, V		there is a wish to know when they are; no longer
 *	L		so many hosts at most are offered, and one more that the
 *			router maps; U: it maps none
 *	@host port	may we connect there?
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/s5b.h"
#include "net/conf/conf.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/s5b/gather.h"
#include "net/s5b/s5b_listen.h"
#include "net/s5b/streamhosts.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/peer.h"
#include "t/fuzz/script.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define US	"us@here.example/a"
#define HASH	"0123456789abcdef0123456789abcdef01234567"
#define STEPS	100
#define ASKED	32
#define LIST	32

/* A request that has no answer yet. */
struct asked {
	char	 id[IQ_ID];
	char	 to[256];
};

static struct asked	 asked[ASKED];
static size_t		 nasked;
static struct conf	 conf;
static struct iq_table	*iqs;
static struct s5b_wait	*waiting;
static int		 is_near, proxied, told;
static struct streamhosts_wish wish;

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
	told++;
}

static void
on_wish(void *arg)
{
	struct streamhosts	*h = arg;

	must(streamhosts_known(h) && !wish.on);
}

static void
on_fd(void *arg, int fd)
{
	(void)arg;
	(void)fd;
	abort();		/* nothing connects */
}

static void
copy_attribute(const char *xml, const char *name, char *out, size_t size)
{
	const char	*p = strstr(xml, name);

	*out = '\0';
	if (p != NULL)
		snprintf(out, size, "%.*s", (int)strcspn(p + strlen(name),
		    "'"), p + strlen(name));
}

static int
on_stanza(void *arg, const void *data, size_t len)
{
	char		 xml[1024];
	struct asked	*a = &asked[nasked];

	(void)arg;
	snprintf(xml, sizeof(xml), "%.*s", (int)len, (const char *)data);
	if (nasked == ASKED)
		return -1;
	copy_attribute(xml, " id='", a->id, sizeof(a->id));
	copy_attribute(xml, " to='", a->to, sizeof(a->to));
	nasked++;
	return 0;
}

/* The oldest request has this answer. */
static void
answer(const char *type, const char *inside)
{
	char		 xml[SCRIPT_LINE + 512];
	struct asked	 a = asked[0];
	struct elem	*e;

	if (nasked == 0)
		return;
	memmove(asked, asked + 1, --nasked * sizeof(*asked));
	snprintf(xml, sizeof(xml), "<iq type='%s' id='%s' from='%s'>%s</iq>",
	    type, a.id, a.to, inside);
	if ((e = stanza_parse(xml)) != NULL)
		iq_answer(iqs, e);
	elem_free(e);
}

/* It comes behind our own hosts, and no more than the last one goes. */
static void
list_mapped(const struct streamhosts *h, const struct streamhost *hosts,
    size_t n, size_t max)
{
	struct streamhost	 more[LIST + 1];
	struct addr		 mapped;
	size_t			 i, own, m;

	for (own = 0; own < n && strcmp(hosts[own].jid, US) == 0; own++)
		;
	must(addr_read(&mapped, "203.0.113.9", 5000) == 0);
	memcpy(more, hosts, sizeof(more));
	m = streamhosts_add_mapped(h, &mapped, more, n, max);
	must(m == (n < max ? n + 1 : n));
	for (i = 0; i < m; i++)
		must(strcmp(more[i].host, i == own ? "203.0.113.9" :
		    hosts[i - (i > own)].host) == 0);
	must(own == max || strcmp(more[own].jid, US) == 0);
}

/* However many are wanted: there are no more, and none twice. */
static void
list(const struct streamhosts *h, size_t max)
{
	struct streamhost	 hosts[LIST + 1];
	size_t			 n, i, j;

	memset(hosts, 0, sizeof(hosts));
	n = streamhosts_list(h, hosts, max);
	must(n <= max && *hosts[max].host == '\0');
	for (i = 0; i < n; i++) {
		must(*hosts[i].jid != '\0' && *hosts[i].host != '\0' &&
		    hosts[i].port != 0);
		for (j = 0; j < i; j++)
			must(hosts[i].port != hosts[j].port ||
			    strcmp(hosts[i].host, hosts[j].host) != 0);
	}
	list_mapped(h, hosts, n, max);
	must(streamhosts_mappable(h) == 0 || conf.portmap);
}

static void
permit(struct streamhosts *h, char *line)
{
	struct addr	 a;
	char		*port = strchr(line, ' ');
	enum addr_kind	 kind;
	int		 good;

	if (port != NULL)
		*port++ = '\0';
	if (addr_read(&a, line, port == NULL ? 0 :
	    (uint16_t)strtoul(port, NULL, 10)) == -1)
		return;
	kind = addr_kind((const struct sockaddr *)&a.ss);
	good = streamhosts_permit(h, &a);
	must(kind != ADDR_PUBLIC || good);
	must((kind != ADDR_LINK && kind != ADDR_UNUSABLE) || !good);
	must(conf.policy != CONF_POLICY_PUBLIC || good == (kind ==
	    ADDR_PUBLIC));
	must(kind != ADDR_LOOPBACK || is_near || !good ||
	    conf.policy == CONF_POLICY_ANY);
}

static void
step(struct streamhosts *h, char *line)
{
	switch (*line) {
	case 'K':
		must(streamhosts_known(h) || told == 0);
		break;
	case '<':
		answer("result", line);
		break;
	case 'E':
		answer("error", "");
		break;
	case 'T':
		iq_expire(iqs, INT64_MAX - 1);
		nasked = 0;
		break;
	case 'W':
		if (waiting == NULL)
			waiting = streamhosts_wait(h, HASH, on_fd, NULL);
		peer_turn(1);
		break;
	case 'X':
		s5b_wait_cancel(waiting);
		waiting = NULL;
		break;
	case 'N':
		if (!streamhosts_known(h))
			streamhosts_wish(h, &wish);
		break;
	case 'V':
		streamhosts_unwish(h, &wish);
		break;
	case 'U':
		streamhosts_not_mapped(h);
		must(streamhosts_mappable(h) == 0);
		break;
	case 'L':
		list(h, strtoul(line + 1, NULL, 10) % LIST);
		break;
	case '@':
		permit(h, line + 1);
		break;
	default:
		break;
	}
}

static void
use(struct streamhosts *h, struct script *s, char *line)
{
	struct gather_conf	 gather = { 0 };
	int			 steps = 0;

	must((iqs = iq_new(on_stanza, NULL)) != NULL);
	must(iq_setjid(iqs, US) == 0);
	nasked = 0;
	waiting = NULL;
	told = 0;
	wish = (struct streamhosts_wish){ .fn = on_wish, .arg = h };
	streamhosts_login(h, iqs);
	streamhosts_on_known(h, on_known, NULL);
	must(!streamhosts_punches(h) || streamhosts_allowed(h));
	streamhosts_gather_conf(h, &gather);
	must(strcmp(gather.server, "here.example") == 0);
	for (; line != NULL && steps++ < STEPS; line = script_line(s))
		step(h, line);
	must(told <= 1);
	s5b_wait_cancel(waiting);
	streamhosts_free(h);
	iq_free(iqs);
}

/* Only keywords that are about sockets: others name files. */
static void
configure(char *line)
{
	static const char *const	 keywords[] = { "streamhost",
					    "s5b-proxy", "carrier", "family",
					    "streamhost-policy", "punch" };
	char				*value = strchr(line, ' ');
	char				 err[CONF_ERR];
	size_t				 i;

	if (value == NULL)
		return;
	*value++ = '\0';
	for (i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (strcmp(line, keywords[i]) == 0 &&
		    conf_set(&conf, line, value, 0, err) == -1)
			must(*err != '\0');
}

int
fuzz_streamhosts(const uint8_t *data, size_t size)
{
	struct streamhosts_conf	 c = {
		.loop = peer_loop(),
		.conf = &conf,
		.jid = US,
		.near = on_near,
	};
	struct script		 s;
	struct streamhosts	*h;
	char			*line, err[STREAMHOSTS_ERR];

	script_begin(&s, data, size);
	conf_init(&conf);
	is_near = proxied = 0;
	while ((line = script_line(&s)) != NULL &&
	    (*line == '=' || *line == '~')) {
		if (*line == '=')
			configure(line + 1);
		else if (line[1] == 'n')
			is_near = 1;
		else
			proxied = 1;
	}
	c.proxied = proxied;
	*err = '\0';
	if ((h = streamhosts_new(&c, err)) != NULL)
		use(h, &s, line);
	else
		must(*err != '\0');
	conf_free(&conf);
	return 0;
}
