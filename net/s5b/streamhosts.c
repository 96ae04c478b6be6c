/* streamhosts: see streamhosts.h. */
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
#include "net/io/clock.h"
#include "net/io/log.h"
#include "net/s5b/gather.h"
#include "net/s5b/streamhosts.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/number.h"

#define SEARCH_TIME	4000	/* ms until we go on without proxies */
#define OWN_MAX		8	/* addresses of ours that are offered */
#define HOME_MAX	32	/* addresses of ours that are compared */
#define PROXIES_MAX	6
#define SEARCHES	(1 + PROXIES_MAX) /* the server, and what is named */
#define GIVEN_MAX	8

/* An address given with -o streamhost. */
struct given {
	char		 host[256];
	uint16_t	 port;		/* 0: the one that we listen on */
};

struct search {
	struct streamhosts	*owner;
	struct s5b_search	*search;	/* NULL: none is under way */
};

enum searching {
	STREAMHOSTS_UNSEARCHED,
	STREAMHOSTS_SEARCHING,
	STREAMHOSTS_KNOWN
};

static const char *const searching_names[] = {
	"unknown", "searching", "known"
};

struct streamhosts {
	struct streamhosts_conf	 conf;
	char			 server[JID_MAX];
	struct iq_table		*iqs;		/* NULL before the login */
	struct given		 given[GIVEN_MAX];
	size_t			 ngiven;
	int			 hidden;	/* none of ours is shown */
	int			 unmapped;	/* the router maps no ports */
	struct s5b_listen	*listen;
	enum searching		 searching;	/* for proxies */
	struct search		 searches[SEARCHES];
	struct streamhost	 proxies[PROXIES_MAX];
	size_t			 nproxies;
	void			(*on_known)(void *);
	void			*on_known_arg;
	TAILQ_HEAD(, streamhosts_wish) wishes;	/* for the same news */
};

/*
 * What the user says
 */

static int
parse_given(struct streamhosts *h, const char *s, char *err)
{
	struct given	*g = &h->given[h->ngiven];
	char		 copy[300], *host, *port;

	if (strcmp(s, "none") == 0) {
		h->hidden = 1;
		return 0;
	}
	if (h->ngiven == GIVEN_MAX ||
	    strlcpy(copy, s, sizeof(copy)) >= sizeof(copy) ||
	    addr_split(copy, &host, &port) == -1 ||
	    strlcpy(g->host, host, sizeof(g->host)) >= sizeof(g->host)) {
		snprintf(err, STREAMHOSTS_ERR, "streamhost %.100s: give an "
		    "address, address:port or none, up to %d times", s,
		    GIVEN_MAX);
		return -1;
	}
	g->port = 0;
	if (port != NULL && number_port(port, &g->port) == -1) {
		snprintf(err, STREAMHOSTS_ERR, "streamhost %.100s: its port "
		    "must be a number from 1 to 65535", s);
		return -1;
	}
	h->ngiven++;
	return 0;
}

/* What -o streamhost and -P say: 0, or -1 and a message. */
static int
parse_conf(struct streamhosts *h, char *err)
{
	struct conf_item	*i;
	char			 jid[JID_MAX];
	char			 many[48];
	const char		*why = many;
	size_t			 n = 0;

	snprintf(many, sizeof(many), "up to %d proxies can be named",
	    PROXIES_MAX);
	STAILQ_FOREACH(i, &h->conf.conf->streamhost, next)
		if (parse_given(h, i->value, err) == -1)
			return -1;
	STAILQ_FOREACH(i, &h->conf.conf->s5b_proxy, next)
		if (++n > PROXIES_MAX || jid_prep(i->value, jid, &why) == -1) {
			snprintf(err, STREAMHOSTS_ERR, "-P %.100s: %s",
			    i->value, why);
			return -1;
		}
	return 0;
}

/* Listen on the ports that the user names, each of them once. */
static struct s5b_listen *
make_listen(const struct streamhosts *h, char *err)
{
	uint16_t	 ports[GIVEN_MAX];
	size_t		 i, j, n = 0;

	for (i = 0; i < h->ngiven; i++) {
		for (j = 0; j < n && ports[j] != h->given[i].port; j++)
			;
		if (h->given[i].port != 0 && j == n)
			ports[n++] = h->given[i].port;
	}
	if (n > S5B_LISTEN_PORTS) {
		snprintf(err, STREAMHOSTS_ERR, "streamhost: these are %zu "
		    "ports; name up to %d", n, S5B_LISTEN_PORTS);
		return NULL;
	}
	return s5b_listen_new(h->conf.loop, conf_af(h->conf.conf), ports, n);
}

struct streamhosts *
streamhosts_new(const struct streamhosts_conf *conf, char *err)
{
	struct streamhosts	*h;

	strlcpy(err, "out of memory", STREAMHOSTS_ERR);
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	TAILQ_INIT(&h->wishes);
	h->conf = *conf;
	jid_domain(conf->jid, h->server);
	if (parse_conf(h, err) == -1 ||
	    (h->listen = make_listen(h, err)) == NULL) {
		streamhosts_free(h);
		return NULL;
	}
	return h;
}

void
streamhosts_free(struct streamhosts *h)
{
	size_t	 i;

	if (h == NULL)
		return;
	for (i = 0; i < SEARCHES; i++)
		s5b_search_free(h->searches[i].search);
	s5b_listen_free(h->listen);
	free(h);
}

void
streamhosts_login(struct streamhosts *h, struct iq_table *iqs)
{
	h->iqs = iqs;
	h->unmapped = 0;
}

int
streamhosts_allowed(const struct streamhosts *h)
{
	return h->conf.conf->carrier == CONF_CARRIER_S5B ||
	    (h->conf.conf->carrier == CONF_CARRIER_AUTO && !h->conf.proxied);
}

/*
 * Proxies
 */

static void
set_searching(struct streamhosts *h, enum searching searching)
{
	log_line(LOG_TRACE, "proxies: %s -> %s", searching_names[h->searching],
	    searching_names[searching]);
	h->searching = searching;
}

void
streamhosts_on_known(struct streamhosts *h, void (*fn)(void *), void *arg)
{
	h->on_known = fn;
	h->on_known_arg = arg;
}

void
streamhosts_wish(struct streamhosts *h, struct streamhosts_wish *w)
{
	if (!w->on)
		TAILQ_INSERT_TAIL(&h->wishes, w, next);
	w->on = 1;
}

void
streamhosts_unwish(struct streamhosts *h, struct streamhosts_wish *w)
{
	if (w->on)
		TAILQ_REMOVE(&h->wishes, w, next);
	w->on = 0;
}

static int
is_searching(const struct streamhosts *h)
{
	size_t	 i;

	for (i = 0; i < SEARCHES; i++)
		if (h->searches[i].search != NULL)
			return 1;
	return 0;
}

/* This search is over; is it the last one? */
static void
search_over(struct search *s)
{
	struct streamhosts	*h = s->owner;
	struct streamhosts_wish	*w;

	s->search = NULL;
	if (is_searching(h))
		return;
	set_searching(h, STREAMHOSTS_KNOWN);
	if (h->on_known != NULL)
		h->on_known(h->on_known_arg);
	while ((w = TAILQ_FIRST(&h->wishes)) != NULL) {
		streamhosts_unwish(h, w);
		w->fn(w->arg);
	}
}

static void
proxy_found(void *arg, const struct streamhost *proxy)
{
	struct search		*s = arg;
	struct streamhosts	*h = s->owner;
	size_t			 i;

	if (proxy == NULL) {
		search_over(s);
		return;
	}
	for (i = 0; i < h->nproxies; i++)
		if (strcmp(h->proxies[i].jid, proxy->jid) == 0 &&
		    strcmp(h->proxies[i].host, proxy->host) == 0 &&
		    h->proxies[i].port == proxy->port)
			return;		/* named, and found as well */
	if (h->nproxies == PROXIES_MAX)
		return;
	h->proxies[h->nproxies++] = *proxy;
	log_line(LOG_TRACE, "proxy %s: %s port %u", proxy->jid, proxy->host,
	    proxy->port);
}

static void
begin_search(struct streamhosts *h)
{
	int64_t			 deadline = clock_ms() + SEARCH_TIME;
	struct conf_item	*i;
	struct search		*s = h->searches;
	char			 jid[JID_MAX];

	s->owner = h;
	STAILQ_FOREACH(i, &h->conf.conf->s5b_proxy, next) {
		if (jid_prep(i->value, jid, NULL) == -1)
			continue;
		(++s)->owner = h;
		s->search = s5b_search_proxy(h->iqs, jid, deadline,
		    proxy_found, s);
	}
	s = h->searches;
	s->search = s5b_search_server(h->iqs, h->server, deadline, proxy_found,
	    s);
}

int
streamhosts_known(struct streamhosts *h)
{
	if (h->searching == STREAMHOSTS_UNSEARCHED) {
		begin_search(h);
		set_searching(h, is_searching(h) ? STREAMHOSTS_SEARCHING :
		    STREAMHOSTS_KNOWN);
	}
	return h->searching == STREAMHOSTS_KNOWN;
}

/*
 * What is offered
 */

struct s5b_wait *
streamhosts_wait(struct streamhosts *h, const char *hash, s5b_wait_fn *fn,
    void *arg)
{
	return h->hidden ? NULL : s5b_listen_wait(h->listen, hash, fn, arg);
}

/* A list that is being made. */
struct list {
	struct streamhost	*hosts;
	size_t			 n, max;
};

static void
list_add(struct list *l, const char *jid, const char *host, uint16_t port)
{
	struct streamhost	*h;
	size_t			 i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->hosts[i].host, host) == 0 &&
		    l->hosts[i].port == port)
			return;
	if (l->n == l->max || port == 0)
		return;
	h = &l->hosts[l->n++];
	strlcpy(h->jid, jid, sizeof(h->jid));
	strlcpy(h->host, host, sizeof(h->host));
	h->port = port;
}

static uint16_t
own_port(const struct streamhosts *h)
{
	uint16_t	 port = s5b_listen_port(h->listen, AF_INET);

	return port != 0 ? port : s5b_listen_port(h->listen, AF_INET6);
}

static void
list_add_given(struct list *l, const struct streamhosts *h)
{
	const struct given	*g;

	for (g = h->given; g < h->given + h->ngiven; g++)
		list_add(l, iq_jid(h->iqs), g->host, g->port != 0 ? g->port :
		    own_port(h));
}

/* Loopback addresses, or all others. */
static void
list_add_own(struct list *l, const struct streamhosts *h, int loopback)
{
	struct addr		 own[OWN_MAX];
	const struct sockaddr	*sa;
	char			 text[ADDR_TEXT];
	size_t			 i, n = addr_own(own, OWN_MAX);

	for (i = 0; i < n; i++) {
		sa = (const struct sockaddr *)&own[i].ss;
		if ((addr_kind(sa) == ADDR_LOOPBACK) == loopback)
			list_add(l, iq_jid(h->iqs), addr_text(sa, text),
			    s5b_listen_port(h->listen, sa->sa_family));
	}
}

/* Loopback only if the peer may be on this machine as well; then it is the best
 * there is. */
size_t
streamhosts_list(const struct streamhosts *h, struct streamhost *out,
    size_t max)
{
	struct list	 l = { .hosts = out };
	size_t		 i;

	if (max > h->nproxies)
		l.max = max - h->nproxies;
	if (own_port(h) != 0) {
		list_add_given(&l, h);
		if (h->conf.near(h->conf.arg))
			list_add_own(&l, h, 1);
		list_add_own(&l, h, 0);
	}
	l.max = max;
	for (i = 0; i < h->nproxies; i++)
		list_add(&l, h->proxies[i].jid, h->proxies[i].host,
		    h->proxies[i].port);
	return l.n;
}

uint16_t
streamhosts_mappable(const struct streamhosts *h)
{
	return !h->conf.conf->portmap || h->hidden || h->unmapped ||
	    h->conf.near(h->conf.arg) ? 0 : s5b_listen_port(h->listen,
	    AF_INET);
}

void
streamhosts_not_mapped(struct streamhosts *h)
{
	h->unmapped = 1;
}

size_t
streamhosts_add_mapped(const struct streamhosts *h, const struct addr *mapped,
    struct streamhost *out, size_t n, size_t max)
{
	const struct sockaddr	*sa = (const struct sockaddr *)&mapped->ss;
	struct streamhost	*at;
	size_t			 i;

	for (i = 0; i < n && strcmp(out[i].jid, iq_jid(h->iqs)) == 0; i++)
		;
	if (i == max)
		return n;
	if (n == max)
		n--;
	at = &out[i];
	memmove(at + 1, at, (n - i) * sizeof(*at));
	strlcpy(at->jid, iq_jid(h->iqs), sizeof(at->jid));
	addr_text(sa, at->host);
	at->port = addr_port(sa);
	return n + 1;
}

/*
 * What is connected to
 */

int
streamhosts_family(const struct streamhosts *h)
{
	return conf_af(h->conf.conf);
}

/* Have we an address of this kind and family? */
static int
at_home(enum addr_kind kind, int family)
{
	struct addr	 own[HOME_MAX];
	size_t		 i, n = addr_own(own, HOME_MAX);

	for (i = 0; i < n; i++)
		if (own[i].ss.ss_family == family &&
		    addr_kind((const struct sockaddr *)&own[i].ss) == kind)
			return 1;
	return 0;
}

int
streamhosts_permit(void *arg, const struct addr *a)
{
	const struct streamhosts *h = arg;
	const struct sockaddr	*sa = (const struct sockaddr *)&a->ss;
	enum addr_kind		 kind = addr_kind(sa);

	switch (kind) {
	case ADDR_PUBLIC:
		return 1;
	case ADDR_PRIVATE:
	case ADDR_LOOPBACK:
		break;
	default:
		return 0;
	}
	if (h->conf.conf->policy == CONF_POLICY_ANY)
		return 1;
	if (h->conf.conf->policy == CONF_POLICY_PUBLIC ||
	    addr_port(sa) < ADDR_SYSTEM_PORTS)
		return 0;
	return h->conf.near(h->conf.arg) || (kind == ADDR_PRIVATE &&
	    at_home(kind, sa->sa_family));
}

struct s5b_dial *
streamhosts_dial(struct streamhosts *h, struct s5b_dial_conf *dc,
    s5b_dial_fn *fn, void *arg)
{
	dc->loop = h->conf.loop;
	dc->family = streamhosts_family(h);
	dc->permit = streamhosts_permit;
	dc->permit_arg = h;
	return s5b_dial(dc, fn, arg);
}

int
streamhosts_punches(const struct streamhosts *h)
{
	return streamhosts_allowed(h) && !h->hidden && h->conf.conf->punch &&
	    !h->conf.near(h->conf.arg);
}

void
streamhosts_gather_conf(const struct streamhosts *h, struct gather_conf *conf)
{
	conf->family = streamhosts_family(h);
	conf->stun = h->conf.conf->stun;
	conf->portmap = h->conf.conf->portmap && !h->unmapped;
	conf->server = h->server;
	if (h->conf.local == NULL ||
	    h->conf.local(h->conf.arg, &conf->login) == -1)
		conf->login.len = 0;
}
