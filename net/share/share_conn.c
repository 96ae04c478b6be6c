/* share_conn: see share_conn.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/io/fd.h"
#include "net/io/loop.h"
#include "net/share/share_conn.h"
#include "xml/buf.h"

#define OUT_MAX		(1024 * 1024)	/* bytes that wait */

struct share_conn {
	struct loop	*loop;
	struct watch	 watch;
	struct share_conn_user	 user;
	struct buf	 in, out;
	int		 fds[SHARE_FDS];	/* that came */
	size_t		 nfds;
	int		 gone;
};

/* Room for the descriptors of a message. */
union control {
	struct cmsghdr	 head;
	char		 space[CMSG_SPACE(SHARE_FDS * sizeof(int))];
};

/*
 * In
 */

static void
conn_gone(struct share_conn *c)
{
	if (c->gone)
		return;
	c->gone = 1;
	loop_unwatch(c->loop, &c->watch);
	c->user.gone(c->user.arg);
}

/* Keep a descriptor that came, or close it if there are too many.  0 or -1. */
static int
keep_fd(struct share_conn *c, int fd)
{
	if (c->nfds == SHARE_FDS || fd_cloexec(fd) == -1)
		return fd_give_up(fd);
	c->fds[c->nfds++] = fd;
	return 0;
}

/* Those of a message.  -1 if some were lost. */
static int
keep_fds(struct share_conn *c, struct msghdr *msg)
{
	struct cmsghdr	*h;
	size_t		 i, n;
	int		 fd, r = msg->msg_flags & MSG_CTRUNC ? -1 : 0;

	for (h = CMSG_FIRSTHDR(msg); h != NULL; h = CMSG_NXTHDR(msg, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(h) + i * sizeof(fd), sizeof(fd));
			if (keep_fd(c, fd) == -1)
				r = -1;
		}
	}
	return r;
}

/* Read once.  1 if something came, 0 if nothing has, -1 at the end. */
static int
conn_read(struct share_conn *c)
{
	unsigned char	 data[16 * 1024];
	union control	 control;
	struct iovec	 iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr	 msg = { .msg_iov = &iov, .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control) };
	ssize_t		 n = recvmsg(c->watch.fd, &msg, MSG_DONTWAIT);

	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (keep_fds(c, &msg) == -1 || n == 0)
		return -1;
	return buf_add(&c->in, data, (size_t)n) == 0 ? 1 : -1;
}

static void
conn_input(struct share_conn *c)
{
	struct share_frame	 f;
	size_t			 size;
	int			 r = 0, end = conn_read(c) == -1;

	while (!c->gone && (r = share_wire_next(&c->in, &f, &size)) == 1) {
		c->user.frame(c->user.arg, &f);
		buf_drain(&c->in, size);
	}
	if (end || (!c->gone && r == -1))
		conn_gone(c);
}

/*
 * Out
 */

static void
conn_output(struct share_conn *c)
{
	ssize_t	 n;

	if (buf_len(&c->out) == 0 || c->gone)
		return;
	n = send(c->watch.fd, buf_data(&c->out), buf_len(&c->out),
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		buf_drain(&c->out, (size_t)n);
}

int
share_conn_send(struct share_conn *c, enum share_type type, const void *data,
    size_t len)
{
	int	 waits = buf_len(&c->out) > 0;

	if (share_wire_add(&c->out, type, data, len) == -1)
		return -1;
	if (!waits)
		conn_output(c);
	return 0;
}

int
share_conn_send_fds(struct share_conn *c, enum share_type type,
    const void *data, size_t len, const int *fds, size_t n)
{
	union control	 control;
	struct iovec	 iov;
	struct msghdr	 msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t		 sent;

	if (n == 0)
		return share_conn_send(c, type, data, len);
	if (n > SHARE_FDS) {
		errno = EMSGSIZE;
		return -1;
	}
	if (share_wire_add(&c->out, type, data, len) == -1)
		return -1;
	memset(&control, 0, sizeof(control));
	msg.msg_control = &control;
	msg.msg_controllen = CMSG_SPACE(n * sizeof(*fds));
	control.head.cmsg_len = CMSG_LEN(n * sizeof(*fds));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&control.head), fds, n * sizeof(*fds));
	iov.iov_base = (void *)(uintptr_t)buf_data(&c->out);
	iov.iov_len = buf_len(&c->out);
	sent = sendmsg(c->watch.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == -1)
		return -1;
	buf_drain(&c->out, (size_t)sent);
	return 0;
}

int
share_conn_take_fd(struct share_conn *c)
{
	int	 fd;

	if (c->nfds == 0)
		return -1;
	fd = c->fds[0];
	memmove(c->fds, c->fds + 1, --c->nfds * sizeof(*c->fds));
	return fd;
}

size_t
share_conn_queued(const struct share_conn *c)
{
	return buf_len(&c->out);
}

/*
 * Life
 */

static int
conn_want(void *arg)
{
	const struct share_conn	*c = arg;

	return buf_len(&c->out) > 0 ? POLLIN | POLLOUT : POLLIN;
}

static void
conn_ready(void *arg, int revents)
{
	struct share_conn	*c = arg;

	if (revents & POLLOUT)
		conn_output(c);
	if (revents & ~POLLOUT)
		conn_input(c);
}

struct share_conn *
share_conn_new(struct loop *l, int fd, const struct share_conn_user *user)
{
	struct share_conn	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return NULL;
	}
	c->loop = l;
	c->user = *user;
	buf_init(&c->in, SHARE_HEAD + SHARE_FRAME_MAX + 16 * 1024);
	buf_init(&c->out, OUT_MAX);
	c->watch = (struct watch){ .fd = fd, .want = conn_want,
	    .ready = conn_ready, .arg = c };
	loop_watch(l, &c->watch);
	return c;
}

void
share_conn_free(struct share_conn *c)
{
	if (c == NULL)
		return;
	loop_unwatch(c->loop, &c->watch);
	while (c->nfds > 0)
		close(c->fds[--c->nfds]);
	close(c->watch.fd);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}
