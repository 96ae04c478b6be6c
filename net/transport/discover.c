/* discover: see discover.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial/addr.h"
#include "net/dial/proxy.h"
#include "net/dial/resolve.h"
#include "net/dial/srv.h"
#include "net/io/loop.h"
#include "net/transport/discover.h"
#include "net/transport/endpoint_parse.h"
#include "net/transport/hostmeta.h"
#include "xml/jid.h"

#define SRVS_MAX	128	/* of both kinds; the best are tried */

struct discover {
	struct discover_conf conf;
	char		 domain[JID_MAX];
	char		 name[ENDPOINT_TEXT];
	struct endpoint	 given;
	struct endpoint	 worked, elsewhere;	/* host "": none */
	struct discover_bears bears;
};

enum phase {
	DISCOVER_KNOWN,
	DISCOVER_GIVEN,
	DISCOVER_DNS,
	DISCOVER_META,
	DISCOVER_OVER
};

struct discover_search {
	struct loop	*loop;
	struct resolver	*resolver;
	struct discover	*ways;
	enum phase	 phase;		/* the next one */
	struct query	*direct, *start;	/* SRV: xmpps, xmpp */
	int		 denied;	/* DNS says that there is no TCP */
	struct hostmeta	*meta;
	struct timer	 ready;		/* found is to be told */
	struct srv	 srvs[SRVS_MAX];
	size_t		 nsrvs;
	struct endpoint	 found[DISCOVER_MAX];
	size_t		 n;
	char		 note[512];
	discover_search_fn	*fn;
	void		*arg;
};

/* What is connected to is not an address of the family that -4 or -6 leaves
 * out.  0, or -1 with a message. */
static int
check_family(const struct discover *w, char *err)
{
	const struct proxy	*proxy = proxy_for(w->conf.proxy, w->name);
	const char		*host = proxy != NULL ? proxy->host : w->name;
	struct addr		 a;

	if (w->conf.family == AF_UNSPEC || addr_read(&a, host, 0) == -1 ||
	    a.ss.ss_family == w->conf.family)
		return 0;
	snprintf(err, DISCOVER_ERR, "%.256s is no IPv%s address: leave out -%s",
	    host, w->conf.family == AF_INET6 ? "6" : "4",
	    w->conf.family == AF_INET6 ? "6" : "4");
	return -1;
}

struct discover *
discover_new(const struct discover_conf *conf, char *err)
{
	struct discover	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL) {
		snprintf(err, DISCOVER_ERR, "out of memory");
		return NULL;
	}
	w->conf = *conf;
	strlcpy(w->domain, conf->domain, sizeof(w->domain));
	w->conf.domain = w->domain;
	strlcpy(w->name, w->domain, sizeof(w->name));
	if (conf->server != NULL) {
		if (endpoint_parse(conf->server, conf->kinds, conf->cleartext,
		    conf->proxy, &w->given, err) == -1) {
			free(w);
			return NULL;
		}
		strlcpy(w->name, w->given.host, sizeof(w->name));
	}
	if (check_family(w, err) == -1) {
		free(w);
		return NULL;
	}
	return w;
}

void
discover_free(struct discover *w)
{
	free(w);
}

const struct discover_conf *
discover_conf(const struct discover *w)
{
	return &w->conf;
}

struct discover_bears *
discover_bears(struct discover *w)
{
	return &w->bears;
}

const char *
discover_name(const struct discover *w)
{
	return w->name;
}

void
discover_worked(struct discover *w, const struct endpoint *way)
{
	w->worked = *way;
}

void
discover_failed(struct discover *w, const struct endpoint *way)
{
	if (endpoint_same(&w->worked, way))
		w->worked.host[0] = '\0';
}

int
discover_elsewhere(struct discover *w, const struct endpoint *way,
    const char *where, const char *source)
{
	if (way == NULL)
		way = &w->worked;
	if (endpoint_moved(where, way, w->domain, &w->elsewhere) == -1) {
		w->elsewhere.host[0] = '\0';
		return -1;
	}
	w->elsewhere.source = source;
	return 0;
}

/*
 * Searching
 */

static void
discover_deliver(void *arg)
{
	struct discover_search	*s = arg;
	char		 note[sizeof(s->note)];

	if (s->n == 0 && s->phase != DISCOVER_OVER) {
		discover_search_next(s);
		return;
	}
	strlcpy(note, s->note, sizeof(note));
	s->note[0] = '\0';
	s->fn(s->arg, s->found, s->n, *note != '\0' ? note : NULL);
}

static void
discover_found(struct discover_search *s)
{
	timer_set(s->loop, &s->ready, clock_ms());
}

static struct endpoint *
discover_add(struct discover_search *s, const char *host, uint16_t port,
    int tls,
    const char *source)
{
	struct endpoint	*w;

	if (s->n == DISCOVER_MAX)
		return NULL;
	w = &s->found[s->n++];
	memset(w, 0, sizeof(*w));
	strlcpy(w->host, host, sizeof(w->host));
	w->port = port;
	w->tls = tls;
	w->source = source;
	return w;
}

/* Each hint is used once: no server can send us in circles. */
static void
known(struct discover_search *s)
{
	struct discover	*w = s->ways;

	if (*w->elsewhere.host != '\0')
		s->found[s->n++] = w->elsewhere;
	w->elsewhere.host[0] = '\0';
	if (*w->worked.host != '\0' && !endpoint_same(&w->worked, &w->given))
		s->found[s->n++] = w->worked;
	s->phase = *w->given.host != '\0' ? DISCOVER_GIVEN : DISCOVER_DNS;
	discover_found(s);
}

static int
discover_is_address(const char *host)
{
	unsigned char	 a[16];

	return inet_pton(AF_INET, host, a) == 1 ||
	    inet_pton(AF_INET6, host, a) == 1;
}

/* The endpoints of a domain without SRV records. */
static void
fall_back(struct discover_search *s)
{
	discover_add(s, s->ways->domain, 5222, 0, "the domain itself");
}

/* Both answers are there: one list of both kinds (XEP-0368 section 3). */
static void
srvs_known(struct discover_search *s)
{
	const struct srv	*r;
	size_t			 i;

	srv_order(s->srvs, s->nsrvs, arc4random_uniform);
	for (i = 0; i < s->nsrvs; i++) {
		r = &s->srvs[i];
		if (*r->target == '\0')
			s->denied = 1;
		else
			discover_add(s, r->target, r->port, r->tls,
			    "an SRV record");
	}
	if (s->n == 0 && s->denied)
		strlcpy(s->note, "DNS says that the domain serves no XMPP "
		    "over TCP", sizeof(s->note));
	else if (s->n == 0)
		fall_back(s);
	discover_found(s);
}

static void
take_srvs(struct discover_search *s, const struct srv *records, size_t n,
    int tls)
{
	size_t	 i;

	for (i = 0; i < n && s->nsrvs < SRVS_MAX; i++) {
		s->srvs[s->nsrvs] = records[i];
		s->srvs[s->nsrvs++].tls = tls;
	}
	if (s->direct == NULL && s->start == NULL)
		srvs_known(s);
}

static void
direct_known(void *arg, const struct srv *records, size_t n, int denied)
{
	struct discover_search	*s = arg;

	(void)denied;
	s->direct = NULL;
	take_srvs(s, records, n, 1);
}

static void
start_known(void *arg, const struct srv *records, size_t n, int denied)
{
	struct discover_search	*s = arg;

	(void)denied;
	s->start = NULL;
	take_srvs(s, records, n, 0);
}

/* With a proxy no name is looked up here. */
static void
ask_dns(struct discover_search *s)
{
	struct discover	*w = s->ways;
	char		 name[SRV_NAME] = "_xmpps-client._tcp.";

	s->phase = DISCOVER_META;
	if (w->conf.kinds != DISCOVER_ANY && w->conf.kinds != DISCOVER_TCP) {
		discover_found(s);
		return;
	}
	if (proxy_for(w->conf.proxy, w->domain) != NULL ||
	    discover_is_address(w->domain) ||
	    strlcat(name, w->domain, sizeof(name)) >= sizeof(name)) {
		fall_back(s);
		discover_found(s);
		return;
	}
	s->direct = resolve_srv(s->resolver, name, direct_known, s);
	strlcpy(name, "_xmpp-client._tcp.", sizeof(name));
	strlcat(name, w->domain, sizeof(name));
	s->start = resolve_srv(s->resolver, name, start_known, s);
	if (s->direct == NULL && s->start == NULL) {
		strlcpy(s->note, "out of memory", sizeof(s->note));
		discover_found(s);
	}
}

static void
meta_known(void *arg, const struct endpoint *ways, size_t n, const char *note)
{
	struct discover_search	*s = arg;
	size_t		 i;

	s->meta = NULL;
	for (i = 0; i < n && s->n < DISCOVER_MAX; i++)
		s->found[s->n++] = ways[i];
	if (note != NULL) {
		if (*s->note != '\0')
			strlcat(s->note, "; ", sizeof(s->note));
		strlcat(s->note, note, sizeof(s->note));
	}
	discover_found(s);
}

static void
ask_meta(struct discover_search *s)
{
	const struct discover	*w = s->ways;

	s->phase = DISCOVER_OVER;
	if (w->conf.kinds != DISCOVER_TCP && (s->meta = hostmeta(s->loop,
	    s->resolver, &w->conf, meta_known, s)) != NULL)
		return;
	discover_found(s);
}

void
discover_search_next(struct discover_search *s)
{
	s->n = 0;
	switch (s->phase) {
	case DISCOVER_KNOWN:
		known(s);
		break;
	case DISCOVER_GIVEN:
		s->found[s->n++] = s->ways->given;
		s->phase = DISCOVER_OVER;
		discover_found(s);
		break;
	case DISCOVER_DNS:
		ask_dns(s);
		break;
	case DISCOVER_META:
		ask_meta(s);
		break;
	case DISCOVER_OVER:
		discover_found(s);
		break;
	}
}

void
discover_search_restart(struct discover_search *s)
{
	s->phase = DISCOVER_KNOWN;
	s->n = 0;
}

int
discover_search_goes_on(const struct discover_search *s)
{
	return s->phase != DISCOVER_OVER &&
	    !(s->phase == DISCOVER_META && s->ways->conf.kinds == DISCOVER_TCP);
}

struct discover_search *
discover_search_new(struct loop *l, struct resolver *r, struct discover *w,
    discover_search_fn *fn, void *arg)
{
	struct discover_search	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->loop = l;
	s->resolver = r;
	s->ways = w;
	s->ready = (struct timer){ .fire = discover_deliver, .arg = s };
	s->fn = fn;
	s->arg = arg;
	return s;
}

void
discover_search_free(struct discover_search *s)
{
	if (s == NULL)
		return;
	resolve_cancel(s->direct);
	resolve_cancel(s->start);
	hostmeta_free(s->meta);
	timer_clear(s->loop, &s->ready);
	free(s);
}
