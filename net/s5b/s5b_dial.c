/* s5b_dial: see s5b_dial.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/dial.h"
#include "net/dial/socks5_client.h"
#include "net/io/limits.h"
#include "net/io/loop.h"
#include "net/s5b/s5b_dial.h"

#define STAGGER		300	/* ms */

/* One host. */
struct attempt {
	struct s5b_dial		*owner;
	size_t			 which;		/* of the hosts */
	struct dial		*dial;		/* NULL: connected, or over */
	struct watch		 watch;		/* fd -1: not connected, or
						 * over */
	struct socks5_client	 socks;
};

struct s5b_dial {
	struct s5b_dial_conf	 conf;
	struct s5b_dial_host	 hosts[S5B_DIAL_MAX];
	char			 hash[SOCKS5_NAME_MAX + 1];
	struct attempt		 attempts[S5B_DIAL_MAX];
	size_t			 n;		/* hosts */
	size_t			 begun;		/* of these, attempts */
	size_t			 live;		/* of these, not over */
	struct timer		 next;		/* for the next attempt */
	struct timer		 limit;		/* for all of them */
	char			 err[128];	/* of the last that failed */
	s5b_dial_fn		*fn;
	void			*arg;
};

static void	 begin_next(struct s5b_dial *);

static void
attempt_close(struct attempt *a)
{
	dial_cancel(a->dial);
	a->dial = NULL;
	if (a->watch.fd == -1)
		return;
	loop_unwatch(a->owner->conf.loop, &a->watch);
	close(a->watch.fd);
	a->watch.fd = -1;
}

void
s5b_dial_cancel(struct s5b_dial *d)
{
	size_t	 i;

	if (d == NULL)
		return;
	for (i = 0; i < d->begun; i++)
		attempt_close(&d->attempts[i]);
	timer_clear(d->conf.loop, &d->next);
	timer_clear(d->conf.loop, &d->limit);
	free(d);
}

static void
finish(struct s5b_dial *d, int fd, size_t which)
{
	s5b_dial_fn	*fn = d->fn;
	void		*arg = d->arg;
	char		 err[sizeof(d->err)];

	memcpy(err, d->err, sizeof(err));
	s5b_dial_cancel(d);
	fn(arg, fd, which, fd == -1 ? err : NULL);
}

/* This host will not do: the next one need not wait any longer. */
static void
attempt_failed(struct attempt *a, const char *why)
{
	struct s5b_dial	*d = a->owner;

	snprintf(d->err, sizeof(d->err), "%.60s port %u: %.50s",
	    d->hosts[a->which].host, d->hosts[a->which].port, why);
	attempt_close(a);
	d->live--;
	begin_next(d);
}

/* Send what SOCKS has to say: each message is small, and one segment.  0, or -1
 * and errno. */
static int
attempt_send(struct attempt *a)
{
	size_t		 len;
	const void	*p = socks5_client_output(&a->socks, &len);

	return len == 0 || send(a->watch.fd, p, len, MSG_NOSIGNAL) ==
	    (ssize_t)len ? 0 : -1;
}

static int
want(void *arg)
{
	(void)arg;
	return POLLIN;
}

static void
ready(void *arg, int revents)
{
	struct attempt		*a = arg;
	struct s5b_dial		*d = a->owner;
	unsigned char		 buf[SOCKS5_IN];
	enum socks5_client_result r;
	ssize_t			 n;
	int			 fd = a->watch.fd;

	(void)revents;
	/* Read exactly what is still SOCKS: behind it is the stream. */
	n = read(fd, buf, socks5_client_need(&a->socks));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		attempt_failed(a, n == 0 ? "it closed the connection" :
		    strerror(errno));
		return;
	}
	r = socks5_client_input(&a->socks, buf, (size_t)n);
	if (r == SOCKS5_OPEN) {
		loop_unwatch(d->conf.loop, &a->watch);
		a->watch.fd = -1;
		finish(d, fd, a->which);
	} else if (r != SOCKS5_MORE) {
		attempt_failed(a, r == SOCKS5_REFUSED ?
		    "it does not know the stream" :
		    "it does not speak SOCKS5");
	} else if (attempt_send(a) == -1) {
		attempt_failed(a, strerror(errno));
	}
}

static void
dialled(void *arg, int fd, const char *err)
{
	struct attempt	*a = arg;

	a->dial = NULL;
	if (fd == -1) {
		attempt_failed(a, err);
		return;
	}
	a->watch = (struct watch){ .fd = fd, .want = want, .ready = ready,
	    .arg = a };
	loop_watch(a->owner->conf.loop, &a->watch);
	if (socks5_client_init_hash(&a->socks, a->owner->hash) == -1)
		attempt_failed(a, "the stream has no hash");
	else if (attempt_send(a) == -1)
		attempt_failed(a, strerror(errno));
}

/*
 * One after the other
 */

static int
permitted(void *arg, const struct addr *addr)
{
	struct s5b_dial	*d = arg;

	return d->conf.permit == NULL ||
	    d->conf.permit(d->conf.permit_arg, addr);
}

/* Begin with the next host.  0, or -1 when out of memory. */
static int
attempt(struct s5b_dial *d)
{
	struct attempt			*a = &d->attempts[d->begun];
	const struct s5b_dial_host	*h = &d->hosts[d->begun];

	a->owner = d;
	a->which = d->begun++;
	a->watch.fd = -1;
	a->dial = dial(d->conf.loop, d->conf.resolver, h->host, h->port,
	    d->conf.family, dialled, a);
	if (a->dial == NULL) {
		strlcpy(d->err, "out of memory", sizeof(d->err));
		return -1;
	}
	dial_permit(a->dial, permitted, d);
	d->live++;
	return 0;
}

static void
begin_next(struct s5b_dial *d)
{
	struct loop	*l = d->conf.loop;

	timer_clear(l, &d->next);
	while (d->begun < d->n)
		if (attempt(d) == 0) {
			if (d->begun < d->n)
				timer_set(l, &d->next, clock_ms() + STAGGER);
			return;
		}
	/* All have failed: fn hears it from the loop, as promised. */
	if (d->live == 0)
		timer_set(l, &d->limit, clock_ms());
}

void
s5b_dial_keep(struct s5b_dial *d, size_t n)
{
	struct attempt	*a;

	if (n >= d->n)
		return;
	d->n = n;
	strlcpy(d->err, "there is a better host", sizeof(d->err));
	for (a = &d->attempts[n]; a < &d->attempts[d->begun]; a++) {
		if (a->dial == NULL && a->watch.fd == -1)
			continue;
		attempt_close(a);
		d->live--;
	}
	if (d->begun >= d->n && d->live == 0)
		timer_set(d->conf.loop, &d->limit, clock_ms());
}

static void
fire(void *arg)
{
	begin_next(arg);
}

static void
too_long(void *arg)
{
	struct s5b_dial	*d = arg;

	if (d->live > 0)
		strlcpy(d->err, "no answer in time", sizeof(d->err));
	finish(d, -1, 0);
}

struct s5b_dial *
s5b_dial(const struct s5b_dial_conf *conf, s5b_dial_fn *fn, void *arg)
{
	struct s5b_dial	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->conf = *conf;
	d->n = conf->n < S5B_DIAL_MAX ? conf->n : S5B_DIAL_MAX;
	memcpy(d->hosts, conf->hosts, d->n * sizeof(d->hosts[0]));
	strlcpy(d->hash, conf->hash, sizeof(d->hash));
	strlcpy(d->err, "there is no host to connect to", sizeof(d->err));
	/* A stream that goes on without a socket is better than none. */
	if (!limits_room(STDERR_FILENO)) {
		d->n = 0;
		strlcpy(d->err, "too few descriptors are left",
		    sizeof(d->err));
	}
	d->next = (struct timer){ .fire = fire, .arg = d };
	d->limit = (struct timer){ .fire = too_long, .arg = d };
	d->fn = fn;
	d->arg = arg;
	timer_set(conf->loop, &d->limit, conf->deadline);
	begin_next(d);
	return d;
}
