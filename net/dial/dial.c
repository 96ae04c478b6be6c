/* dial: see dial.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/dial.h"
#include "net/dial/resolve.h"
#include "net/io/clock.h"
#include "net/io/fd.h"
#include "net/io/loop.h"

#define ATTEMPTS_MAX	16
#define ATTEMPT_DELAY	250	/* ms, RFC 8305 section 5 */
#define RESOLUTION_DELAY 50	/* ms, section 3: IPv4 waits for IPv6 */

/* The addresses of one family, which are used up from the front. */
struct side {
	struct dial	*dial;
	struct query	*query;
	struct addr	 addrs[ATTEMPTS_MAX];
	size_t		 n, next;
};

struct attempt {
	struct dial	*dial;
	struct watch	 watch;		/* fd -1: over or not begun */
};

struct dial {
	struct loop	*loop;
	struct side	 six, four;
	struct timer	 timer;		/* the next attempt may begin */
	int		 turn;		/* which family is next: 0 is six */
	struct attempt	 attempts[ATTEMPTS_MAX];
	size_t		 nattempts, live;
	int		 begun;
	int		 shared;	/* the port of each attempt */
	char		 err[128];
	int		(*permit)(void *, const struct addr *);
	void		*permit_arg;
	dial_fn		*fn;
	void		*arg;
};

static void	 dial_begin(struct dial *);

static void
attempt_close(struct attempt *a)
{
	if (a->watch.fd == -1)
		return;
	loop_unwatch(a->dial->loop, &a->watch);
	close(a->watch.fd);
	a->watch.fd = -1;
	a->dial->live--;
}

void
dial_cancel(struct dial *d)
{
	size_t	 i;

	if (d == NULL)
		return;
	for (i = 0; i < d->nattempts; i++)
		attempt_close(&d->attempts[i]);
	resolve_cancel(d->six.query);
	resolve_cancel(d->four.query);
	timer_clear(d->loop, &d->timer);
	free(d);
}

static void
dial_finish(struct dial *d, int fd)
{
	dial_fn	*fn = d->fn;
	void	*arg = d->arg;
	char	 err[sizeof(d->err)];

	memcpy(err, d->err, sizeof(err));
	dial_cancel(d);
	fn(arg, fd, fd == -1 ? err : NULL);
}

#define SILENCE	12		/* s: some retransmissions, if every second
				 * packet is lost */
#define GONE	120		/* s, where nothing takes the place of the
				 * connection */

/* Ask a side that is silent for a part of so many seconds, twice or more. */
static void
set_keepalive(int fd, int seconds)
{
	int	 on = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
#ifdef TCP_KEEPIDLE
	{
		int	 silence = (clock_real(1000 * seconds) + 999) / 1000;
		int	 n = 2;
		int	 idle = (silence + 1) / 2, between = (silence + 3) / 4;

		setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
		setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between,
		    sizeof(between));
		setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &n, sizeof(n));
	}
#else
	(void)seconds;
#endif
}

void
dial_notice_soon(int fd)
{
	set_keepalive(fd, SILENCE);
	dial_notice_tick(fd);
}

/* Linux counts TCP_USER_TIMEOUT while the other side takes nothing, too,
 * however often it answers that it is there.  So the option is for bytes that
 * have been sent and are not acknowledged, and off while the window is
 * closed. */
void
dial_notice_tick(int fd)
{
#ifdef TCP_USER_TIMEOUT
	struct tcp_info	 info;
	socklen_t	 len = sizeof(info);
	unsigned	 ms = 0;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	    info.tcpi_unacked > 0)
		ms = (unsigned)clock_real(1000 * SILENCE);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
#else
	(void)fd;
#endif
}

void
dial_notice(int fd)
{
	set_keepalive(fd, GONE);
}

static int
dial_want(void *arg)
{
	(void)arg;
	return POLLOUT;
}

/* Take the socket out of the attempt: it is connected. */
static void
won(struct attempt *a)
{
	struct dial	*d = a->dial;
	int		 fd = a->watch.fd, on = 1;

	loop_unwatch(d->loop, &a->watch);
	a->watch.fd = -1;
	d->live--;
	/* What is written is whole messages, for which Nagle's algorithm would
	 * wait in vain. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	dial_finish(d, fd);
}

static void
dial_ready(void *arg, int revents)
{
	struct attempt	*a = arg;
	struct dial	*d = a->dial;
	int		 e = 0;
	socklen_t	 len = sizeof(e);

	(void)revents;
	if (getsockopt(a->watch.fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1)
		e = errno;
	if (e == 0) {
		won(a);
		return;
	}
	strlcpy(d->err, strerror(e), sizeof(d->err));
	attempt_close(a);
	dial_begin(d);
}

static int
nonblocking_socket(int family)
{
	int	 fd;

	if ((fd = socket(family, SOCK_STREAM, 0)) == -1)
		return -1;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Returns 0 if the attempt is under way. */
static int
attempt(struct dial *d, const struct addr *addr)
{
	struct attempt	*a = &d->attempts[d->nattempts];
	int		 fd;

	if (d->permit != NULL && !d->permit(d->permit_arg, addr)) {
		strlcpy(d->err, "such addresses are not connected to",
		    sizeof(d->err));
		return -1;
	}
	if ((fd = nonblocking_socket(addr->ss.ss_family)) == -1 ||
	    (d->shared && fd_share_port(fd) == -1) ||
	    (connect(fd, (const struct sockaddr *)&addr->ss, addr->len) == -1 &&
	    errno != EINPROGRESS)) {
		strlcpy(d->err, strerror(errno), sizeof(d->err));
		if (fd != -1)
			close(fd);
		return -1;
	}
	d->nattempts++;
	d->live++;
	a->dial = d;
	a->watch = (struct watch){ .fd = fd, .want = dial_want,
	    .ready = dial_ready, .arg = a };
	loop_watch(d->loop, &a->watch);
	return 0;
}

/* The families take turns while both have addresses. */
static const struct addr *
next_addr(struct dial *d)
{
	struct side	*sides[2] = { &d->six, &d->four }, *s;
	int		 i;

	if (d->nattempts == ATTEMPTS_MAX)
		return NULL;
	for (i = 0; i < 2; i++) {
		s = sides[(d->turn + i) % 2];
		if (s->next < s->n) {
			d->turn = (d->turn + i + 1) % 2;
			return &s->addrs[s->next++];
		}
	}
	return NULL;
}

static void
dial_begin(struct dial *d)
{
	const struct addr	*addr;

	d->begun = 1;
	while ((addr = next_addr(d)) != NULL)
		if (attempt(d, addr) == 0) {
			timer_set(d->loop, &d->timer,
			    clock_ms() + ATTEMPT_DELAY);
			return;
		}
	if (d->live == 0 && d->six.query == NULL && d->four.query == NULL)
		dial_finish(d, -1);
}

static void
dial_fire(void *arg)
{
	dial_begin(arg);
}

static void
resolved(void *arg, const struct addr *addrs, size_t n, const char *err)
{
	struct side	*s = arg;
	struct dial	*d = s->dial;

	s->query = NULL;
	s->n = n < ATTEMPTS_MAX ? n : ATTEMPTS_MAX;
	memcpy(s->addrs, addrs, s->n * sizeof(*addrs));
	if (n == 0 && d->err[0] == '\0')
		strlcpy(d->err, err, sizeof(d->err));
	/* RFC 8305 section 3: IPv4 waits a moment for the addresses of IPv6. */
	if (!d->begun && s == &d->four && n > 0 && d->six.query != NULL)
		timer_set(d->loop, &d->timer, clock_ms() + RESOLUTION_DELAY);
	else if (!d->begun || d->live == 0 || !d->timer.on)
		dial_begin(d);
}

void
dial_permit(struct dial *d, int (*permit)(void *, const struct addr *),
    void *arg)
{
	d->permit = permit;
	d->permit_arg = arg;
}

void
dial_share_port(struct dial *d)
{
	d->shared = 1;
}

struct dial *
dial(struct loop *l, struct resolver *r, const char *host, uint16_t port,
    int family, dial_fn *fn, void *arg)
{
	struct dial	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->loop = l;
	d->six.dial = d->four.dial = d;
	d->timer = (struct timer){ .fire = dial_fire, .arg = d };
	d->fn = fn;
	d->arg = arg;
	if (family != AF_INET)
		d->six.query = resolve(r, host, port, AF_INET6, resolved,
		    &d->six);
	if (family != AF_INET6)
		d->four.query = resolve(r, host, port, AF_INET, resolved,
		    &d->four);
	if ((family != AF_INET && d->six.query == NULL) ||
	    (family != AF_INET6 && d->four.query == NULL)) {
		dial_cancel(d);
		return NULL;
	}
	return d;
}
