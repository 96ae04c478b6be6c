#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/s5b.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/log.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "net/transport/discover.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/number.h"

#define SEARCH_TIME	4000	/* ms until we go on without */
#define SEARCHES	8	/* proxies named, and the server */
#define OWN_MAX		8	/* addresses of ours */
#define PROXIES_MAX	6
#define GIVEN_MAX	8
#define SYSTEM_PORTS	1024	/* below are services of every machine */

/* Addresses given with -o streamhost. */
static struct {
	char		 host[256];
	uint16_t	 port;		/* 0: ours */
} given[GIVEN_MAX];
static size_t		 ngiven;
static int		 hidden;	/* none of ours */

static struct s5b_listen	*listener;
static struct streamhost proxies[PROXIES_MAX];
static size_t		 nproxies;
static struct s5b_search *searches[SEARCHES];
static size_t		 searching;
static int		 searched;

/*
 * What the user says
 */

static int
parse_given(const char *s, char *err)
{
	char	 copy[300], *host, *port;

	if (strcmp(s, "none") == 0) {
		hidden = 1;
		return 0;
	}
	if (ngiven == GIVEN_MAX ||
	    strlcpy(copy, s, sizeof(copy)) >= sizeof(copy) ||
	    addr_split(copy, &host, &port) == -1 ||
	    strlcpy(given[ngiven].host, host, sizeof(given->host)) >=
	    sizeof(given->host)) {
		snprintf(err, HOSTS_ERR, "streamhost %.100s: give an address, "
		    "address:port or none, up to %d times", s, GIVEN_MAX);
		return -1;
	}
	given[ngiven].port = 0;
	if (port != NULL && number_port(port, &given[ngiven].port) == -1) {
		snprintf(err, HOSTS_ERR, "streamhost %.100s: its port must be "
		    "a number from 1 to 65535", s);
		return -1;
	}
	ngiven++;
	return 0;
}

static int
prepare_listener(void)
{
	uint16_t	 ports[S5BLISTEN_PORTS];
	size_t		 i, j, n = 0;

	for (i = 0; i < ngiven && n < S5BLISTEN_PORTS; i++) {
		for (j = 0; j < n && ports[j] != given[i].port; j++)
			;
		if (given[i].port != 0 && j == n)
			ports[n++] = given[i].port;
	}
	listener = s5b_listen_new(run.loop, streamhosts_family(), ports, n);
	return listener == NULL ? -1 : 0;
}

int
streamhosts_prepare(char *err)
{
	struct conf_item	*i;
	char			 jid[JID_MAX];
	const char		*why;

	STAILQ_FOREACH(i, &run.conf.streamhost, next)
		if (parse_given(i->value, err) == -1)
			return -1;
	STAILQ_FOREACH(i, &run.conf.s5b_proxy, next)
		if (jid_prep(i->value, jid, &why) == -1) {
			snprintf(err, HOSTS_ERR, "-P %.100s: %s", i->value,
			    why);
			return -1;
		}
	if (prepare_listener() == -1) {
		snprintf(err, HOSTS_ERR, "out of memory");
		return -1;
	}
	return 0;
}

void
streamhosts_free(void)
{
	size_t	 i;

	for (i = 0; i < SEARCHES; i++) {
		s5b_search_free(searches[i]);
		searches[i] = NULL;
	}
	s5b_listen_free(listener);
	listener = NULL;
}

int
streamhosts_allowed(void)
{
	/* Who goes through a proxy may have reasons not to be seen. */
	return run.conf.carrier == CARRIER_S5B ||
	    (run.conf.carrier == CARRIER_AUTO &&
	    discover_conf(run.ways)->proxy == NULL);
}

int
streamhosts_family(void)
{
	return run.conf.family == FAMILY_4 ? AF_INET :
	    run.conf.family == FAMILY_6 ? AF_INET6 : AF_UNSPEC;
}

/*
 * Proxies
 */

static void
over(void)
{
	struct channel	*l;

	if (--searching > 0)
		return;
	searched = 1;
	TAILQ_FOREACH(l, &run.channels, next)
		channel_changed(l);
}

static void
found(void *arg, const struct streamhost *h)
{
	size_t	 i;

	if (h == NULL) {
		*(struct s5b_search **)arg = NULL;
		over();
		return;
	}
	for (i = 0; i < nproxies; i++)
		if (strcmp(proxies[i].jid, h->jid) == 0 &&
		    strcmp(proxies[i].host, h->host) == 0 &&
		    proxies[i].port == h->port)
			return;		/* named, and found as well */
	if (nproxies == PROXIES_MAX)
		return;
	proxies[nproxies++] = *h;
	log_line(2, "proxy %s: %s port %u", h->jid, h->host, h->port);
}

static void
begin(const struct s5b_search *s)
{
	if (s != NULL)
		searching++;
}

int
streamhosts_known(void)
{
	struct iq_table		*t = session_iqs(run.session);
	int64_t			 deadline = clock_ms() + SEARCH_TIME;
	struct conf_item	*i;
	char			 jid[JID_MAX];
	size_t			 n = 1;

	if (searched || searching > 0)
		return searched;
	STAILQ_FOREACH(i, &run.conf.s5b_proxy, next)
		if (n < SEARCHES && jid_prep(i->value, jid, NULL) == 0) {
			searches[n] = s5b_search_proxy(t, jid, deadline,
			    found, &searches[n]);
			begin(searches[n++]);
		}
	jid_domain(run.jid, jid);
	searches[0] = s5b_search_server(t, jid, deadline, found,
	    &searches[0]);
	begin(searches[0]);
	searched = searching == 0;
	return searched;
}

/*
 * What is offered
 */

struct s5b_wait *
streamhosts_wait(const char *hash, s5b_wait_fn *fn, void *arg)
{
	return hidden ? NULL : s5b_listen_wait(listener, hash, fn, arg);
}

struct list {
	struct streamhost	*hosts;
	size_t			 n, max;
};

static void
add(struct list *l, const char *jid, const char *host, uint16_t port)
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
own_port(void)
{
	uint16_t	 port = s5b_listen_port(listener, AF_INET);

	return port != 0 ? port : s5b_listen_port(listener, AF_INET6);
}

static void
add_given(struct list *l, const char *jid)
{
	size_t	 i;

	for (i = 0; i < ngiven; i++)
		add(l, jid, given[i].host, given[i].port != 0 ?
		    given[i].port : own_port());
}

/* Loopback only where the peer may be on this machine as well, and then it is
 * the best there is. */
static void
add_own(struct list *l, const char *jid, int loopback)
{
	struct addr		 own[OWN_MAX];
	const struct sockaddr	*sa;
	char			 text[ADDR_TEXT];
	size_t			 i, n = addr_own(own, OWN_MAX);

	for (i = 0; i < n; i++) {
		sa = (const struct sockaddr *)&own[i].ss;
		if ((addr_kind(sa) == ADDR_LOOPBACK) == loopback)
			add(l, jid, addr_text(sa, text),
			    s5b_listen_port(listener, sa->sa_family));
	}
}

size_t
streamhosts_list(struct streamhost *out, size_t max)
{
	struct list	 l = { out, 0, max - nproxies };
	const char	*jid = session_jid(run.session);
	size_t		 i;

	if (own_port() != 0) {
		add_given(&l, jid);
		if (session_near(run.session))
			add_own(&l, jid, 1);
		add_own(&l, jid, 0);
	}
	l.max = max;
	for (i = 0; i < nproxies; i++)
		add(&l, proxies[i].jid, proxies[i].host, proxies[i].port);
	return l.n;
}

/*
 * What is connected to
 */

/* Have we an address like that? */
static int
at_home(enum addr_kind kind, int family)
{
	struct addr	 own[32];
	size_t		 i, n = addr_own(own, 32);

	for (i = 0; i < n; i++)
		if (own[i].ss.ss_family == family &&
		    addr_kind((const struct sockaddr *)&own[i].ss) == kind)
			return 1;
	return 0;
}

int
streamhosts_permit(void *unused, const struct addr *a)
{
	const struct sockaddr	*sa = (const struct sockaddr *)&a->ss;
	enum addr_kind		 kind = addr_kind(sa);

	(void)unused;
	switch (kind) {
	case ADDR_PUBLIC:
		return 1;
	case ADDR_PRIVATE:
	case ADDR_LOOPBACK:
		break;
	default:
		return 0;
	}
	if (run.conf.policy == POLICY_ANY)
		return 1;
	if (run.conf.policy == POLICY_PUBLIC || addr_port(sa) < SYSTEM_PORTS)
		return 0;
	return session_near(run.session) || (kind == ADDR_PRIVATE &&
	    at_home(kind, sa->sa_family));
}
