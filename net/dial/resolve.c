/* resolve: see resolve.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <ares.h>

#include "net/dial/resolve.h"
#include "net/io/loop.h"

#define ADDRS_MAX 16	/* of one name: no caller tries more */
#define SRVS_MAX 64	/* the best of them are tried */
#define CLASS_IN 1	/* RFC 1035 section 3.2.4 */
#define TYPE_SRV 33	/* RFC 2782 */

/* A socket of c-ares, as it told us about it. */
struct dns_socket {
	struct dns		*dns;
	struct watch		 watch;
	int			 events;
	LIST_ENTRY(dns_socket)	 next;
};

/* A channel of c-ares, which knows the name servers of the time when it was
 * made. */
struct dns {
	struct resolver		*resolver;
	ares_channel		 channel;
	struct timer		 timer;
	LIST_HEAD(, dns_socket)	 sockets;
	size_t			 queries;	/* under way */
	LIST_ENTRY(dns)		 next;
};

struct resolver {
	struct loop		*loop;
	LIST_HEAD(, dns)	 dns;	/* the first for new queries; the others
					 * end with their last query */
	struct stat		 file;	/* what the file of name servers was,
					 * when it was looked at */
};

struct query {
	struct loop		*loop;
	struct dns		*dns;
	struct timer		 ready;		/* fires when it is answered */
	uint16_t		 port;
	int			 family;
	struct addr		 addrs[ADDRS_MAX];
	size_t			 n;
	int			 status;
	int			 cancelled;
	resolve_fn		*fn;
	struct srv		 srvs[SRVS_MAX];
	resolve_srv_fn		*srv_fn;	/* or fn is set */
	void			*arg;
};

/*
 * c-ares and the loop
 */

static void
dns_free(struct dns *d)
{
	ares_destroy(d->channel);
	timer_clear(d->resolver->loop, &d->timer);
	LIST_REMOVE(d, next);
	free(d);
}

/* Wait for what c-ares waits for.  A channel that is no longer for new queries
 * ends when it has answered.  Not to be called by a callback of c-ares. */
static void
dns_settle(struct dns *d)
{
	struct timeval	 tv, *t;

	if (d->queries == 0 && d != LIST_FIRST(&d->resolver->dns))
		dns_free(d);
	else if ((t = ares_timeout(d->channel, NULL, &tv)) == NULL)
		timer_clear(d->resolver->loop, &d->timer);
	else
		timer_set(d->resolver->loop, &d->timer, clock_ms() +
		    (int64_t)t->tv_sec * 1000 + t->tv_usec / 1000 + 1);
}

static int
resolve_want(void *arg)
{
	struct dns_socket	*s = arg;

	return s->events;
}

static void
resolve_ready(void *arg, int revents)
{
	struct dns_socket	*s = arg;
	struct dns		*d = s->dns;
	ares_socket_t		 fd = s->watch.fd, bad = ARES_SOCKET_BAD;

	/* The callback below may free s. */
	ares_process_fd(d->channel,
	    revents & (POLLIN | POLLERR | POLLHUP) ? fd : bad,
	    revents & POLLOUT ? fd : bad);
	dns_settle(d);
}

static void
resolve_fire(void *arg)
{
	struct dns	*d = arg;

	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	dns_settle(d);
}

static void
socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns		*d = arg;
	struct loop		*loop = d->resolver->loop;
	struct dns_socket	*s;

	LIST_FOREACH(s, &d->sockets, next)
		if (s->watch.fd == fd)
			break;
	if (!readable && !writable) {
		if (s != NULL) {
			loop_unwatch(loop, &s->watch);
			LIST_REMOVE(s, next);
			free(s);
		}
		return;
	}
	if (s == NULL) {
		/* Without memory c-ares's own timeout ends the query. */
		if ((s = calloc(1, sizeof(*s))) == NULL)
			return;
		s->dns = d;
		s->watch = (struct watch){ .fd = fd, .want = resolve_want,
		    .ready = resolve_ready, .arg = s };
		LIST_INSERT_HEAD(&d->sockets, s, next);
		loop_watch(loop, &s->watch);
	}
	s->events = (readable ? POLLIN : 0) | (writable ? POLLOUT : 0);
}

/* A channel for new queries.  0 or -1. */
static int
dns_new(struct resolver *r)
{
	struct ares_options	 opts = { .timeout = 3000, .tries = 2 };
	struct dns		*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return -1;
	d->resolver = r;
	d->timer = (struct timer){ .fire = resolve_fire, .arg = d };
	LIST_INIT(&d->sockets);
	opts.sock_state_cb = socket_state;
	opts.sock_state_cb_data = d;
	if (ares_init_options(&d->channel, &opts, ARES_OPT_SOCK_STATE_CB |
	    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS) {
		free(d);
		return -1;
	}
	LIST_INSERT_HEAD(&r->dns, d, next);
	return 0;
}

/* Has the file of name servers changed since the last call?  While it cannot be
 * read, the servers that are known are as good as any. */
static int
has_moved(struct resolver *r)
{
	struct stat	 st;
	int		 fd, moved;

	if ((fd = open(_PATH_RESCONF, O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	moved = fstat(fd, &st) == 0 && (st.st_dev != r->file.st_dev ||
	    st.st_ino != r->file.st_ino || st.st_size != r->file.st_size ||
	    st.st_mtime != r->file.st_mtime);
	close(fd);
	if (moved)
		r->file = st;
	return moved;
}

/* The channel for a new query.  c-ares reads but once which name servers there
 * are, and a machine that has come into another network has others. */
static struct dns *
dns_now(struct resolver *r)
{
	struct dns	*before = LIST_FIRST(&r->dns);

	if (has_moved(r) && dns_new(r) == 0)
		dns_settle(before);
	return LIST_FIRST(&r->dns);
}

struct resolver *
resolver_new(struct loop *l)
{
	struct resolver	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->loop = l;
	LIST_INIT(&r->dns);
	(void)has_moved(r);
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS ||
	    dns_new(r) == -1) {
		free(r);
		return NULL;
	}
	return r;
}

void
resolver_free(struct resolver *r)
{
	struct dns	*d;

	if (r == NULL)
		return;
	while ((d = LIST_FIRST(&r->dns)) != NULL)
		dns_free(d);
	ares_library_cleanup();
	free(r);
}

/*
 * Queries
 */

static void
resolve_keep(struct query *q, const struct ares_addrinfo_node *node)
{
	struct addr	*a;

	for (; node != NULL && q->n < ADDRS_MAX; node = node->ai_next) {
		a = &q->addrs[q->n];
		/* c-ares returns an address in digits whatever family was asked
		 * for. */
		if (node->ai_family != q->family ||
		    node->ai_addrlen > sizeof(a->ss))
			continue;
		memcpy(&a->ss, node->ai_addr, node->ai_addrlen);
		a->len = node->ai_addrlen;
		if (a->ss.ss_family == AF_INET6)
			((struct sockaddr_in6 *)&a->ss)->sin6_port =
			    htons(q->port);
		else
			((struct sockaddr_in *)&a->ss)->sin_port =
			    htons(q->port);
		q->n++;
	}
}

static void
resolve_done(struct query *q, int status)
{
	q->status = status;
	if (q->cancelled || status == ARES_EDESTRUCTION)
		free(q);
	else	/* not now: this may still be inside resolve() */
		timer_set(q->loop, &q->ready, clock_ms());
}

static void
resolve_answered(void *arg, int status, int timeouts, struct ares_addrinfo *res)
{
	struct query	*q = arg;

	(void)timeouts;
	q->dns->queries--;
	if (res != NULL) {
		resolve_keep(q, res->nodes);
		ares_freeaddrinfo(res);
	}
	resolve_done(q, status);
}

static void
answered_srv(void *arg, int status, int timeouts, unsigned char *answer,
    int len)
{
	struct query		*q = arg;
	struct ares_srv_reply	*list = NULL, *s;
	struct srv		*out;

	(void)timeouts;
	q->dns->queries--;
	if (status == ARES_SUCCESS)
		status = ares_parse_srv_reply(answer, len, &list);
	for (s = list; s != NULL && q->n < SRVS_MAX; s = s->next) {
		out = &q->srvs[q->n];
		out->priority = s->priority;
		out->weight = s->weight;
		out->port = s->port;
		if (strlcpy(out->target, strcmp(s->host, ".") == 0 ? "" :
		    s->host, sizeof(out->target)) < sizeof(out->target))
			q->n++;
	}
	ares_free_data(list);
	resolve_done(q, status);
}

static void
deliver_srv(struct query *q)
{
	q->srv_fn(q->arg, q->srvs, q->n, q->status == ARES_SUCCESS ||
	    q->status == ARES_ENODATA || q->status == ARES_ENOTFOUND);
	free(q);
}

static void
resolve_deliver(void *arg)
{
	struct query	*q = arg;
	const char	*err = NULL;

	if (q->srv_fn != NULL) {
		deliver_srv(q);
		return;
	}
	if (q->n == 0)
		err = q->status == ARES_SUCCESS || q->status == ARES_ENODATA ||
		    q->status == ARES_ENOTFOUND ? "no such host name" :
		    ares_strerror(q->status);
	q->fn(q->arg, q->addrs, q->n, err);
	free(q);
}

/* RFC 6761 section 6.3.  c-ares 1.18.1 knows it, too, but leaks a copy of the
 * name each time, of which a listener would lose one for each stream. */
static int
is_localhost(const char *host)
{
	static const char	 name[] = ".localhost";
	size_t			 len = strlen(host);

	return strcasecmp(host, name + 1) == 0 || (len >= sizeof(name) &&
	    strcasecmp(host + len - (sizeof(name) - 1), name) == 0);
}

/* Is host an address of this family, in digits? */
static int
is_address(const char *host, int family)
{
	unsigned char	 addr[sizeof(struct in6_addr)];

	return inet_pton(family, host, addr) == 1;
}

/* An address in digits has no other family's addresses, which DNS need not be
 * asked for: c-ares would. */
static int
is_other_family(const char *host, int family)
{
	return is_address(host, family == AF_INET6 ? AF_INET : AF_INET6);
}

struct query *
resolve(struct resolver *r, const char *host, uint16_t port, int family,
    resolve_fn *fn, void *arg)
{
	struct ares_addrinfo_hints	 hints = { .ai_family = family,
					    .ai_socktype = SOCK_STREAM };
	struct query			*q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->loop = r->loop;
	q->ready = (struct timer){ .fire = resolve_deliver, .arg = q };
	q->port = port;
	q->family = family;
	if (is_localhost(host))
		host = family == AF_INET6 ? "::1" : "127.0.0.1";
	q->fn = fn;
	q->arg = arg;
	if (is_other_family(host, family)) {
		resolve_done(q, ARES_ENODATA);
		return q;
	}
	/* An address needs no name server, whichever there are. */
	q->dns = is_address(host, family) ? LIST_FIRST(&r->dns) : dns_now(r);
	q->dns->queries++;
	ares_getaddrinfo(q->dns->channel, host, NULL, &hints, resolve_answered,
	    q);
	dns_settle(q->dns);
	return q;
}

struct query *
resolve_srv(struct resolver *r, const char *name, resolve_srv_fn *fn,
    void *arg)
{
	struct query	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->loop = r->loop;
	q->ready = (struct timer){ .fire = resolve_deliver, .arg = q };
	q->srv_fn = fn;
	q->arg = arg;
	q->dns = dns_now(r);
	q->dns->queries++;
	ares_query(q->dns->channel, name, CLASS_IN, TYPE_SRV, answered_srv, q);
	dns_settle(q->dns);
	return q;
}

void
resolve_cancel(struct query *q)
{
	if (q == NULL)
		return;
	if (q->ready.on) {
		timer_clear(q->loop, &q->ready);
		free(q);
	} else {
		q->cancelled = 1;	/* c-ares still holds it */
	}
}
