/* datagram_link: see datagram_link.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/io/datagram.h"
#include "net/io/datagram_link.h"
#include "net/io/fd.h"
#include "net/io/loop.h"
#include "xml/buf.h"

#define READ_MAX	65536

/* Our direction. */
enum link_out {
	LINK_OUT_OPEN,
	LINK_OUT_FINISHING,	/* until the queue is empty */
	LINK_OUT_ENDED
};

struct datagram_link {
	struct loop		*loop;
	struct watch		 watch;
	struct buf		 in, out;	/* frames */
	enum link_out		 state;
	int			 stuck;		/* the first one could not be
						 * taken */
	int			 ended;		/* nothing more comes */
	struct datagram_user	 user;
};

/*
 * Out
 */

static void
link_flush(struct datagram_link *d)
{
	ssize_t	 n;

	while (buf_len(&d->out) > 0) {
		n = send(d->watch.fd, buf_data(&d->out), buf_len(&d->out),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && (errno == EAGAIN || errno == ENOBUFS))
			return;
		if (n == -1 && errno == EINTR)
			continue;
		/* The stream is no more, and neither is what was for it. */
		buf_drain(&d->out, n > 0 ? (size_t)n : buf_len(&d->out));
	}
	buf_free(&d->out);
	if (d->state == LINK_OUT_FINISHING) {
		d->state = LINK_OUT_ENDED;
		shutdown(d->watch.fd, SHUT_WR);
	}
}

int
datagram_link_send(struct datagram_link *d, const void *data, size_t len)
{
	if (d->state != LINK_OUT_OPEN) {
		errno = EPIPE;
		return -1;
	}
	if (datagram_put(&d->out, data, len) == -1)
		return -1;
	loop_settle(d->loop, &d->watch);
	return 0;
}

int
datagram_link_room(const struct datagram_link *d)
{
	return buf_room(&d->out) >= DATAGRAM_FRAME;
}

void
datagram_link_finish(struct datagram_link *d)
{
	if (d->state != LINK_OUT_OPEN)
		return;
	d->state = LINK_OUT_FINISHING;
	link_flush(d);
}

/*
 * In
 */

/* Hand over what has come whole. */
static void
link_deliver(struct datagram_link *d)
{
	const unsigned char	*data;
	size_t			 len;

	while (!d->stuck && datagram_first(&d->in, &data, &len)) {
		if (d->user.came(d->user.arg, data, len) == -1)
			d->stuck = 1;
		else
			datagram_drop(&d->in);
	}
	if (buf_len(&d->in) == 0)
		buf_free(&d->in);
}

static void
link_end(struct datagram_link *d)
{
	if (d->ended || d->stuck)
		return;
	d->ended = 1;
	d->user.ended(d->user.arg);
}

/* Read once.  Returns the bytes that came: 0 if there are none now or any
 * more. */
static size_t
link_input(struct datagram_link *d)
{
	static unsigned char	 room[READ_MAX];
	ssize_t			 n;

	n = recv(d->watch.fd, room, sizeof(room), MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* Without memory the borders are lost. */
	if (n <= 0 || buf_add(&d->in, room, (size_t)n) == -1) {
		link_end(d);
		return 0;
	}
	link_deliver(d);
	return (size_t)n;
}

void
datagram_link_resume(struct datagram_link *d)
{
	d->stuck = 0;
	link_deliver(d);
}

void
datagram_link_drain(struct datagram_link *d)
{
	datagram_link_resume(d);
	while (!d->ended && !d->stuck && link_input(d) > 0)
		;
}

/*
 * The loop
 */

static int
link_want(void *arg)
{
	const struct datagram_link	*d = arg;
	int				 events = 0;

	if (!d->ended && !d->stuck)
		events |= POLLIN;
	if (buf_len(&d->out) > 0)
		events |= POLLOUT;
	return events != 0 ? events : WATCH_IDLE;
}

static void
link_ready(void *arg, int revents)
{
	struct datagram_link	*d = arg;

	if (buf_len(&d->out) > 0)
		link_flush(d);
	if (revents & (POLLIN | POLLERR | POLLHUP) && !d->ended && !d->stuck)
		(void)link_input(d);
}

static void
link_settle(void *arg)
{
	link_flush(arg);
}

struct datagram_link *
datagram_link_new(struct loop *l, const struct datagram_user *user, int *end)
{
	struct datagram_link	*d;
	int			 fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return NULL;
	if ((fds[0] = fd_ready(fds[0])) == -1) {
		(void)fd_give_up(fds[1]);
		return NULL;
	}
	if ((fds[1] = fd_ready(fds[1])) == -1 ||
	    (d = calloc(1, sizeof(*d))) == NULL) {
		if (fds[1] != -1)
			(void)fd_give_up(fds[1]);
		(void)fd_give_up(fds[0]);
		return NULL;
	}
	d->loop = l;
	d->user = *user;
	buf_init(&d->in, DATAGRAM_FRAME + READ_MAX);
	buf_init(&d->out, DATAGRAM_QUEUE);
	d->watch = (struct watch){ .fd = fds[0], .want = link_want,
	    .ready = link_ready, .settle = link_settle, .arg = d };
	loop_watch(l, &d->watch);
	*end = fds[1];
	return d;
}

void
datagram_link_free(struct datagram_link *d)
{
	if (d == NULL)
		return;
	loop_unwatch(d->loop, &d->watch);
	close(d->watch.fd);
	buf_free(&d->in);
	buf_free(&d->out);
	free(d);
}
