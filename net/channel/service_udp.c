/* service_udp: see service_udp.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/service.h"
#include "net/channel/service_udp.h"
#include "net/dial/resolve.h"
#include "net/dial/udp_dial.h"
#include "net/io/datagram.h"
#include "net/io/datagram_link.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "xml/buf.h"

#define CLOSING		30000	/* ms for the caller to end its direction */

struct service_udp {
	struct loop		*loop;
	struct watch		 watch;
	struct datagram_link	*link;
	struct timer		 timer;
	int64_t			 idle;		/* ms */
	int64_t			 active;	/* when anything moved last */
	void			(*stuck)(void *arg);	/* may be NULL */
	void			*stuck_arg;
	int			 ending;	/* it has been idle */
	struct addr		 addrs[UDP_DIAL_MOST];
	size_t			 n, at;		/* the one that is used */
	size_t			 hops;		/* addresses that have refused
						 * what is kept */
	int			 settled;	/* the address stays */
	struct buf		 kept;		/* frames, until then */
	int			 full;		/* a datagram could not be
						 * sent */
	int			 told;		/* of an error; until an
						 * answer comes */
	int			 told_large;
	char			 name[SERVICE_MAX];
};

/*
 * Addresses
 */

static void
settle(struct service_udp *s)
{
	s->settled = 1;
	buf_free(&s->kept);
}

/* Keep a datagram for the other addresses, if there are any. */
static void
keep(struct service_udp *s, const unsigned char *data, size_t len)
{
	if (s->settled)
		return;
	if (datagram_put(&s->kept, data, len) == -1)
		settle(s);
	s->hops = 0;
}

/* Send what was kept to the address that is used now. */
static void
send_kept(struct service_udp *s)
{
	struct buf		 old;
	const unsigned char	*data;
	size_t			 len;

	buf_init(&old, DATAGRAM_FRAME);
	if (buf_move(&old, &s->kept) == -1)
		return;
	while (datagram_first(&old, &data, &len)) {
		(void)send(s->watch.fd, data, len, MSG_DONTWAIT |
		    MSG_NOSIGNAL);
		if (datagram_put(&s->kept, data, len) == -1)
			break;
		datagram_drop(&old);
	}
	buf_free(&old);
}

/* The address in use has refused, before any has answered: use the next one.
 * Returns 1, or 0 if all have refused what was kept. */
static int
next_address(struct service_udp *s)
{
	int	 fd = -1;

	while (fd == -1 && ++s->hops < s->n) {
		s->at = (s->at + 1) % s->n;
		fd = udp_connect(&s->addrs[s->at]);
	}
	if (fd == -1) {
		buf_free(&s->kept);
		return 0;
	}
	loop_unwatch(s->loop, &s->watch);
	close(s->watch.fd);
	s->watch.fd = fd;
	loop_watch(s->loop, &s->watch);
	send_kept(s);
	return 1;
}

/* What the network or the system says of a datagram: it is lost. */
static void
failed(struct service_udp *s, int err, size_t len)
{
	if (err == EMSGSIZE) {
		if (!s->told_large)
			log_line(LOG_EVENT, "%s: a datagram of %zu bytes is "
			    "too large for the target, and lost", s->name,
			    len);
		s->told_large = 1;
		return;
	}
	if (err == ECONNREFUSED && !s->settled && next_address(s))
		return;
	if (!s->told)
		log_line(LOG_DETAIL, "%s: %s", s->name, strerror(err));
	s->told = 1;
}

/*
 * Datagrams
 */

/* One of the stream's.  A failed send may tell of the datagram before, and this
 * one has not been sent then; each address may do that. */
static int
service_udp_came(void *arg, const unsigned char *data, size_t len)
{
	struct service_udp	*s = arg;
	size_t			 tries;
	int			 err;

	s->active = clock_ms();
	for (tries = 0; tries <= s->n; tries++) {
		if (send(s->watch.fd, data, len, MSG_DONTWAIT |
		    MSG_NOSIGNAL) != -1)
			break;
		if ((err = errno) == EAGAIN) {
			s->full = 1;
			return -1;
		}
		failed(s, err, len);
		if (err == EMSGSIZE)
			return 0;
	}
	keep(s, data, len);
	return 0;
}

static void
service_udp_ended(void *arg)
{
	struct service_udp	*s = arg;

	datagram_link_finish(s->link);
}

/* One of the target's; 0 if there is none now. */
static int
service_udp_receive(struct service_udp *s)
{
	static unsigned char	 data[UDP_ROOM];
	ssize_t			 n;

	n = recv(s->watch.fd, data, sizeof(data), MSG_DONTWAIT);
	if (n == -1) {
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		failed(s, errno, 0);
		return 1;
	}
	settle(s);
	s->told = 0;
	s->active = clock_ms();
	/* There is room; behind the end there is none to be sent. */
	return datagram_link_send(s->link, data, (size_t)n) == 0;
}

static int
service_udp_want(void *arg)
{
	const struct service_udp	*s = arg;
	int				 events = 0;

	if (!s->ending && datagram_link_room(s->link))
		events |= POLLIN;
	if (s->full)
		events |= POLLOUT;
	return events != 0 ? events : WATCH_IDLE;
}

static void
service_udp_ready(void *arg, int revents)
{
	struct service_udp	*s = arg;
	int			 i;

	if (revents & POLLOUT && s->full) {
		s->full = 0;
		datagram_link_resume(s->link);
	}
	for (i = 0; i < UDP_AT_ONCE && datagram_link_room(s->link); i++)
		if (!service_udp_receive(s))
			break;
}

/*
 * Life
 */

/* A timer's: end the stream if it is idle.  A caller that does not end its
 * direction in turn loses it. */
static void
service_udp_look(void *arg)
{
	struct service_udp	*s = arg;
	int64_t			 due = s->active + s->idle;

	if (s->ending) {
		if (s->stuck != NULL)
			s->stuck(s->stuck_arg);
		return;
	}
	if (clock_ms() < due) {
		timer_set(s->loop, &s->timer, due);
		return;
	}
	log_line(LOG_DETAIL, "%s: quiet for %lld s; its stream ends", s->name,
	    (long long)s->idle / 1000);
	s->ending = 1;
	datagram_link_finish(s->link);
	timer_set(s->loop, &s->timer, clock_ms() + CLOSING);
}

/* A socket for the first address to which there is a route, or -1. */
static int
first_address(struct service_udp *s)
{
	int	 fd = -1;

	errno = EADDRNOTAVAIL;
	for (s->at = 0; s->at < s->n; s->at++)
		if ((fd = udp_connect(&s->addrs[s->at])) != -1)
			break;
	return fd;
}

struct service_udp *
service_udp_new(struct loop *l, const char *name, const struct addr *addrs,
    size_t n, int64_t idle, int *end)
{
	struct datagram_user	 user = {
		.came = service_udp_came,
		.ended = service_udp_ended,
	};
	struct service_udp	*s;
	int			 fd, err;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->loop = l;
	s->n = n < UDP_DIAL_MOST ? n : UDP_DIAL_MOST;
	memcpy(s->addrs, addrs, s->n * sizeof(*addrs));
	strlcpy(s->name, name, sizeof(s->name));
	user.arg = s;
	if ((fd = first_address(s)) == -1 ||
	    (s->link = datagram_link_new(l, &user, end)) == NULL) {
		err = errno;
		if (fd != -1)
			close(fd);
		free(s);
		errno = err;
		return NULL;
	}
	s->idle = idle;
	s->active = clock_ms();
	s->settled = s->n < 2;
	buf_init(&s->kept, DATAGRAM_FRAME);
	s->timer = (struct timer){ .fire = service_udp_look, .arg = s };
	timer_set(l, &s->timer, s->active + idle);
	s->watch = (struct watch){ .fd = fd, .want = service_udp_want,
	    .ready = service_udp_ready, .arg = s };
	loop_watch(l, &s->watch);
	return s;
}

void
service_udp_on_stuck(struct service_udp *s, void (*fn)(void *arg), void *arg)
{
	s->stuck = fn;
	s->stuck_arg = arg;
}

void
service_udp_free(struct service_udp *s)
{
	if (s == NULL)
		return;
	datagram_link_drain(s->link);
	datagram_link_free(s->link);
	timer_clear(s->loop, &s->timer);
	loop_unwatch(s->loop, &s->watch);
	close(s->watch.fd);
	buf_free(&s->kept);
	free(s);
}
