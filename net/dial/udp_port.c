/* udp_port: see udp_port.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/dial/udp_dial.h"
#include "net/dial/udp_local.h"
#include "net/dial/udp_port.h"
#include "net/io/fd.h"
#include "net/io/loop.h"

struct udp_socket {
	struct udp_port	*port;
	struct watch	 watch;
	int		 full;		/* a datagram could not be sent */
};

struct udp_port {
	struct loop		*loop;
	struct udp_socket	 sockets[PORT_ADDRS];
	size_t			 n;
	struct udp_port_user	 user;
};

/*
 * Datagrams
 */

/* 1 with a datagram, 0 if there is none. */
static int
udp_receive(struct udp_socket *s, struct udp_ends *ends, unsigned char *data,
    size_t *len)
{
	struct iovec	 iov = { .iov_base = data, .iov_len = UDP_ROOM };
	struct msghdr	 msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union udp_local	 control;
	ssize_t		 n;

	memset(ends, 0, sizeof(*ends));
	ends->fd = s->watch.fd;
	msg.msg_name = &ends->from.ss;
	msg.msg_namelen = sizeof(ends->from.ss);
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	if ((n = recvmsg(s->watch.fd, &msg, MSG_DONTWAIT)) == -1)
		return 0;
	ends->from.len = msg.msg_namelen;
	udp_local_read(&msg, &ends->local);
	*len = (size_t)n;
	return 1;
}

int
udp_port_send(struct udp_port *p, const struct udp_ends *ends,
    const void *data, size_t len)
{
	struct sockaddr_storage	 to = ends->from.ss;
	struct iovec	 iov = { .iov_len = len };
	struct msghdr	 msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union udp_local	 control;
	size_t		 i;

	memcpy(&iov.iov_base, &data, sizeof(data));	/* it is not changed */
	msg.msg_name = &to;
	msg.msg_namelen = ends->from.len;
	udp_local_write(&msg, &control, &ends->local);
	if (sendmsg(ends->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) != -1)
		return 0;
	if (errno == EWOULDBLOCK)
		errno = EAGAIN;
	for (i = 0; errno == EAGAIN && i < p->n; i++)
		if (p->sockets[i].watch.fd == ends->fd)
			p->sockets[i].full = 1;
	return -1;
}

/*
 * Sockets
 */

static int
udp_want(void *arg)
{
	const struct udp_socket	*s = arg;

	return POLLIN | (s->full ? POLLOUT : 0);
}

static void
udp_ready(void *arg, int revents)
{
	static unsigned char	 data[UDP_ROOM];
	struct udp_socket	*s = arg;
	struct udp_ends		 ends;
	size_t			 len;
	int			 i;

	if (revents & POLLOUT && s->full) {
		s->full = 0;
		s->port->user.writable(s->port->user.arg);
	}
	for (i = 0; i < UDP_AT_ONCE && udp_receive(s, &ends, data, &len); i++)
		s->port->user.came(s->port->user.arg, &ends, data, len);
}

/* Another socket on this port would take our datagrams: unlike TCP's, a socket
 * of UDP gets no SO_REUSEADDR. */
static int
udp_bind(void *arg, const struct sockaddr *sa, socklen_t len)
{
	struct udp_port		*p = arg;
	struct udp_socket	*s = &p->sockets[p->n];
	int			 fd, on = 1;

	if ((fd = udp_socket(sa->sa_family)) == -1)
		return -1;
	if ((sa->sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == -1) ||
	    udp_local_ask(fd, sa) == -1 || bind(fd, sa, len) == -1)
		return fd_give_up(fd);
	*s = (struct udp_socket){ .port = p, .watch = { .fd = fd,
	    .want = udp_want, .ready = udp_ready, .arg = s } };
	loop_watch(p->loop, &s->watch);
	p->n++;
	return 0;
}

static void
udp_close(void *arg)
{
	struct udp_port	*p = arg;

	while (p->n > 0) {
		p->n--;
		loop_unwatch(p->loop, &p->sockets[p->n].watch);
		close(p->sockets[p->n].watch.fd);
	}
}

static uint16_t
udp_number(void *arg)
{
	return udp_port_number(arg);
}

struct udp_port *
udp_port_new(struct loop *l, const char *where,
    const struct udp_port_user *user, char *err)
{
	struct port_binder	 b = {
		.bind = udp_bind,
		.number = udp_number,
		.undo = udp_close,
	};
	struct udp_port		*p;

	if ((p = calloc(1, sizeof(*p))) == NULL) {
		snprintf(err, PORT_ERR, "out of memory");
		return NULL;
	}
	p->loop = l;
	p->user = *user;
	b.arg = p;
	if (port_bind(where, SOCK_DGRAM, &b, err) == -1) {
		udp_port_free(p);
		return NULL;
	}
	return p;
}

void
udp_port_free(struct udp_port *p)
{
	if (p == NULL)
		return;
	udp_close(p);
	free(p);
}

uint16_t
udp_port_number(const struct udp_port *p)
{
	return addr_local_port(p->sockets[0].watch.fd);
}

/*
 * Ends
 */

/* The system fills in the whole of an address, and the rest is zero. */
static int
compare_addr(const struct addr *a, const struct addr *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(&a->ss, &b->ss, a->len);
}

int
udp_ends_compare(const struct udp_ends *a, const struct udp_ends *b)
{
	int	 r;

	if (a->fd != b->fd)
		return a->fd < b->fd ? -1 : 1;
	if ((r = compare_addr(&a->from, &b->from)) == 0)
		r = compare_addr(&a->local, &b->local);
	return r < 0 ? -1 : r > 0;
}

char *
udp_ends_text(const struct udp_ends *ends, char *out)
{
	const struct sockaddr	*sa = (const struct sockaddr *)&ends->from.ss;
	char			 text[ADDR_TEXT];

	snprintf(out, UDP_ENDS_TEXT, sa->sa_family == AF_INET6 ? "[%s]:%u" :
	    "%s:%u", addr_text(sa, text), addr_port(sa));
	return out;
}
