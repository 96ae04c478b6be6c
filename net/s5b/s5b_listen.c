/* s5b_listen: see s5b_listen.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/dial/socks_accept.h"
#include "net/io/listen.h"
#include "net/io/loop.h"
#include "net/s5b/s5b_listen.h"

#define CALLERS_MAX	16	/* that have connected and not yet asked */
#define PATIENCE	5000	/* ms for a caller to ask */
#define GRACE		200	/* ms, see s5b_wait_prefer() */
#define BACKLOG		16
#define HASH_MAX	(SOCKS5_NAME_MAX + 1)

/* A hash that a target is to ask for. */
struct s5b_wait {
	struct s5b_listen	*owner;
	char			 hash[HASH_MAX];
	char			 preferred[ADDR_TEXT];	/* "": any address */
	int			 taken;		/* a connection was told yes */
	s5b_wait_fn		*fn;
	void			*arg;
	TAILQ_ENTRY(s5b_wait)	 next;
};

/* A connection that has not been answered yet. */
struct caller {
	struct s5b_listen	*owner;
	struct socks		*socks;		/* NULL: it is gone */
	int			 fd;		/* the socks' */
	char			 hash[HASH_MAX];	/* that it waits for;
							 * or "" */
	struct timer		 timer;		/* PATIENCE or GRACE */
	TAILQ_ENTRY(caller)	 next;
};

/* A port that is open, in one family. */
struct door {
	struct s5b_listen	*owner;
	struct listener		 listener;
	int			 family;
};

struct s5b_listen {
	struct loop		*loop;
	int			 family;
	uint16_t		 ports[S5B_LISTEN_PORTS];
	size_t			 nports;
	struct door		 doors[2 * S5B_LISTEN_PORTS];
	size_t			 ndoors;
	TAILQ_HEAD(, s5b_wait)	 waits;
	TAILQ_HEAD(, caller)	 callers;	/* oldest first */
	size_t			 ncallers;
};

static void	 close_doors(struct s5b_listen *);

/*
 * Callers
 */

static void
caller_free(struct caller *c)
{
	struct s5b_listen	*s = c->owner;

	if (c->socks != NULL)
		socks_accept_reply_same(c->socks, SOCKS_NOT_ALLOWED);
	timer_clear(s->loop, &c->timer);
	TAILQ_REMOVE(&s->callers, c, next);
	s->ncallers--;
	free(c);
}

/* Is no connection waited for any more? */
static int
idle(const struct s5b_listen *s)
{
	const struct s5b_wait	*w;

	TAILQ_FOREACH(w, &s->waits, next)
		if (!w->taken)
			return 0;
	return 1;
}

static struct s5b_wait *
find(struct s5b_listen *s, const char *hash)
{
	struct s5b_wait	*w;

	TAILQ_FOREACH(w, &s->waits, next)
		if (!w->taken && strcmp(w->hash, hash) == 0)
			return w;
	return NULL;
}

/* The caller is the connection that w waits for. */
static void
say_yes(struct caller *c, struct s5b_wait *w)
{
	struct s5b_listen	*s = c->owner;
	int			 fd;

	w->taken = 1;
	fd = socks_accept_reply_same(c->socks, SOCKS_OK);
	c->socks = NULL;
	caller_free(c);
	if (idle(s))
		close_doors(s);
	w->fn(w->arg, fd);
}

/* Has it connected to the address that w prefers, if there is one? */
static int
is_preferred(const struct caller *c, const struct s5b_wait *w)
{
	struct addr	 local;
	char		 text[ADDR_TEXT];

	return *w->preferred == '\0' || addr_local(c->fd, &local) == -1 ||
	    strcmp(w->preferred, addr_text((struct sockaddr *)&local.ss,
	    text)) == 0;
}

/* The caller has asked for a hash, as the host; or host is NULL, and it is
 * gone.  The port should be 0 (XEP-0065 section 5.3.2), but programs differ. */
static void
asked(void *arg, const char *host, const char *port)
{
	struct caller	*c = arg;
	struct s5b_wait	*w = NULL;

	(void)port;
	if (host == NULL)
		c->socks = NULL;
	else
		w = find(c->owner, host);
	if (w == NULL) {
		caller_free(c);
	} else if (is_preferred(c, w)) {
		say_yes(c, w);
	} else {
		strlcpy(c->hash, host, sizeof(c->hash));
		timer_set(c->owner->loop, &c->timer, clock_ms() + GRACE);
	}
}

/* The caller has said nothing, or its target has had time to come by the
 * preferred address. */
static void
time_is_up(void *arg)
{
	struct caller	*c = arg;
	struct s5b_wait	*w = NULL;

	if (*c->hash != '\0')
		w = find(c->owner, c->hash);
	if (w != NULL)
		say_yes(c, w);
	else
		caller_free(c);
}

static void
caller_new(struct s5b_listen *s, int fd)
{
	struct caller	*c;

	/* A silent caller must not keep the next ones from being heard. */
	if (s->ncallers >= CALLERS_MAX)
		caller_free(TAILQ_FIRST(&s->callers));
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->owner = s;
	c->fd = fd;
	c->timer = (struct timer){ .fire = time_is_up, .arg = c };
	TAILQ_INSERT_TAIL(&s->callers, c, next);
	s->ncallers++;
	timer_set(s->loop, &c->timer, clock_ms() + PATIENCE);
	if ((c->socks = socks_accept_new(s->loop, fd, asked, c)) == NULL)
		caller_free(c);
}

/*
 * The ports
 */

static void
accepted(void *arg, int fd)
{
	const struct door	*d = arg;
	int			 on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	caller_new(d->owner, fd);
}

/* The address of this port, on all interfaces. */
static socklen_t
any(int family, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	struct sockaddr_in6	 sin6 = { .sin6_family = AF_INET6 };

	memset(ss, 0, sizeof(*ss));
	sin.sin_port = sin6.sin6_port = htons(port);
	if (family == AF_INET) {
		memcpy(ss, &sin, sizeof(sin));
		return sizeof(sin);
	}
	memcpy(ss, &sin6, sizeof(sin6));
	return sizeof(sin6);
}

/* Open a port, or with 0 one that the system chooses.  Returns which, or 0 if
 * that cannot be. */
static uint16_t
open_door(struct s5b_listen *s, int family, uint16_t port)
{
	struct door		*d = &s->doors[s->ndoors];
	struct sockaddr_storage	 ss;
	socklen_t		 len = any(family, port, &ss);
	int			 fd;

	if ((s->family != AF_UNSPEC && s->family != family) ||
	    (fd = listener_socket((struct sockaddr *)&ss, len, BACKLOG)) == -1)
		return 0;
	d->owner = s;
	d->family = family;
	if (listener_open(&d->listener, s->loop, fd, accepted, d) == -1)
		return 0;
	s->ndoors++;
	return addr_local_port(fd);
}

/* 0, or -1 with errno if no port is to be had. */
static int
open_doors(struct s5b_listen *s)
{
	uint16_t	 port;
	size_t		 i;

	errno = EADDRNOTAVAIL;
	for (i = 0; i < s->nports; i++) {
		open_door(s, AF_INET, s->ports[i]);
		open_door(s, AF_INET6, s->ports[i]);
	}
	if (s->nports == 0) {
		/* One number for both families.  If it is taken in IPv6, IPv4
		 * has to do. */
		port = open_door(s, AF_INET, 0);
		open_door(s, AF_INET6, port);
	}
	return s->ndoors > 0 ? 0 : -1;
}

static void
close_doors(struct s5b_listen *s)
{
	while (s->ndoors > 0)
		listener_close(&s->doors[--s->ndoors].listener);
	while (!TAILQ_EMPTY(&s->callers))
		caller_free(TAILQ_FIRST(&s->callers));
}

uint16_t
s5b_listen_port(const struct s5b_listen *s, int family)
{
	size_t	 i;

	for (i = 0; i < s->ndoors; i++)
		if (s->doors[i].family == family)
			return addr_local_port(s->doors[i].listener.watch.fd);
	return 0;
}

/*
 * Life and death
 */

struct s5b_listen *
s5b_listen_new(struct loop *l, int family, const uint16_t *ports, size_t n)
{
	struct s5b_listen	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->loop = l;
	s->family = family;
	s->nports = n < S5B_LISTEN_PORTS ? n : S5B_LISTEN_PORTS;
	if (s->nports > 0)	/* else ports may be NULL */
		memcpy(s->ports, ports, s->nports * sizeof(*ports));
	TAILQ_INIT(&s->waits);
	TAILQ_INIT(&s->callers);
	return s;
}

void
s5b_listen_free(struct s5b_listen *s)
{
	if (s == NULL)
		return;
	while (!TAILQ_EMPTY(&s->waits))
		s5b_wait_cancel(TAILQ_FIRST(&s->waits));
	close_doors(s);
	free(s);
}

struct s5b_wait *
s5b_listen_wait(struct s5b_listen *s, const char *hash, s5b_wait_fn *fn,
    void *arg)
{
	struct s5b_wait	*w;

	if (s->ndoors == 0 && open_doors(s) == -1)
		return NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		if (TAILQ_EMPTY(&s->waits))
			close_doors(s);
		return NULL;
	}
	w->owner = s;
	strlcpy(w->hash, hash, sizeof(w->hash));
	w->fn = fn;
	w->arg = arg;
	TAILQ_INSERT_TAIL(&s->waits, w, next);
	return w;
}

void
s5b_wait_prefer(struct s5b_wait *w, const char *address)
{
	strlcpy(w->preferred, address, sizeof(w->preferred));
}

void
s5b_wait_cancel(struct s5b_wait *w)
{
	struct s5b_listen	*s;

	if (w == NULL)
		return;
	s = w->owner;
	TAILQ_REMOVE(&s->waits, w, next);
	free(w);
	if (idle(s))
		close_doors(s);
}
