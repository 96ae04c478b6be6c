/* udp_dial: see udp_dial.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "net/dial/resolve.h"
#include "net/dial/udp_dial.h"
#include "net/io/fd.h"

#define KERNEL_ROOM	(1024 * 1024)	/* bytes for bursts, if it has them */

/* The addresses of one family. */
struct side {
	struct udp_dial	*dial;
	struct query	*query;
	struct addr	 addrs[UDP_DIAL_MOST];
	size_t		 n;
};

struct udp_dial {
	struct side	 six, four;
	char		 err[128];
	udp_dial_fn	*fn;
	void		*arg;
};

void
udp_dial_cancel(struct udp_dial *d)
{
	if (d == NULL)
		return;
	resolve_cancel(d->six.query);
	resolve_cancel(d->four.query);
	free(d);
}

/* Both families have answered. */
static void
finish(struct udp_dial *d)
{
	struct addr	 all[UDP_DIAL_MOST];
	size_t		 i, n = 0;

	for (i = 0; i < UDP_DIAL_MOST; i++) {
		if (i < d->six.n && n < UDP_DIAL_MOST)
			all[n++] = d->six.addrs[i];
		if (i < d->four.n && n < UDP_DIAL_MOST)
			all[n++] = d->four.addrs[i];
	}
	d->fn(d->arg, all, n, n > 0 ? NULL : d->err);
	free(d);
}

static void
resolved(void *arg, const struct addr *addrs, size_t n, const char *err)
{
	struct side	*s = arg;
	struct udp_dial	*d = s->dial;

	s->query = NULL;
	s->n = n < UDP_DIAL_MOST ? n : UDP_DIAL_MOST;
	memcpy(s->addrs, addrs, s->n * sizeof(*addrs));
	if (n == 0 && d->err[0] == '\0')
		strlcpy(d->err, err, sizeof(d->err));
	if (d->six.query == NULL && d->four.query == NULL)
		finish(d);
}

struct udp_dial *
udp_dial(struct resolver *r, const char *host, uint16_t port,
    udp_dial_fn *fn, void *arg)
{
	struct udp_dial	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->six.dial = d->four.dial = d;
	d->fn = fn;
	d->arg = arg;
	d->six.query = resolve(r, host, port, AF_INET6, resolved, &d->six);
	d->four.query = resolve(r, host, port, AF_INET, resolved, &d->four);
	if (d->six.query == NULL || d->four.query == NULL) {
		udp_dial_cancel(d);
		return NULL;
	}
	return d;
}

int
udp_socket(int family)
{
	int	 fd, room = KERNEL_ROOM;

	if ((fd = socket(family, SOCK_DGRAM, 0)) == -1 ||
	    (fd = fd_ready(fd)) == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

int
udp_connect(const struct addr *to)
{
	int	 fd;

	if ((fd = udp_socket(to->ss.ss_family)) == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&to->ss, to->len) == -1)
		return fd_give_up(fd);
	return fd;
}
