/* pump: see pump.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/io/fd.h"
#include "net/io/loop.h"
#include "net/io/pump.h"

#define READ_MAX	(256 * 1024)

/* poll says that a pipe takes this much without waiting; a pipe shared with
 * other programs must not be made non-blocking under them. */
#define PIPE_WRITE	PIPE_BUF
#define PIECES		32	/* of a write, at most */
#define FILE_WRITE	(256 * 1024)	/* or to a pipe that does not block */
#define REST_TIME	10000	/* ms for some of its last words to be taken */

struct pump {
	struct loop	*loop;
	struct watch	 in, out;	/* fd < 0: over, or never was */
	int		 same;		/* both are one socket */
	int		 in_socket, out_socket;
	size_t		 most;		/* bytes of a write that is none */
	int		 out_full;	/* it took less than there was */
	int		 out_done;
	int		 held;		/* see pump_hold() */
	int		 out_unread;	/* our output has no reader now */
	int		 lenient;	/* see pump_outlive() */
	int		 out_broken;	/* its reader has stopped */
	int		 reset;		/* so a write has said: reading would
					 * find a proper end */
	struct timer	 rest;		/* of a socket that is out_broken: is */
	int		 rest_taken;	/* any of what it still says taken? */
	int		 err;
	const char	*failed;
	struct pump_peer	 peer;
};

static void
pump_fail(struct pump *e, int err, const char *what)
{
	if (e->err == 0) {
		e->err = err;
		e->failed = what;
	}
	pump_stop_input(e);
	loop_unwatch(e->loop, &e->out);
	e->peer.changed(e->peer.arg);
}

/*
 * Input
 */

static int
want_input(void *arg)
{
	struct pump	*e = arg;

	return !e->held && e->peer.room(e->peer.arg) > 0 ? POLLIN : WATCH_IDLE;
}

static void
ready_input(void *arg, int revents)
{
	static unsigned char	 buf[READ_MAX];
	struct pump		*e = arg;
	size_t			 room = e->peer.room(e->peer.arg);
	ssize_t			 n;

	(void)revents;
	if (room == 0)
		return;
	if (room > sizeof(buf))
		room = sizeof(buf);
	n = e->in_socket ? recv(e->in.fd, buf, room, MSG_DONTWAIT) :
	    read(e->in.fd, buf, room);
	if (n > 0) {
		e->rest_taken = 1;
		if (e->peer.write(e->peer.arg, buf, (size_t)n) == -1)
			pump_stop_input(e);
	} else if (n == 0 && e->reset) {
		pump_fail(e, ECONNRESET, "reading from");
		return;
	} else if (n == 0) {
		pump_stop_input(e);
		e->peer.finish(e->peer.arg);
	} else if (errno != EAGAIN && errno != EINTR) {
		pump_fail(e, errno, "reading from");
		return;
	}
	e->peer.changed(e->peer.arg);
}

void
pump_stop_input(struct pump *e)
{
	if (e->in.fd < 0)
		return;
	loop_unwatch(e->loop, &e->in);
	if (!e->same)
		close(e->in.fd);
	e->in.fd = -1;
}

int
pump_input_finished(const struct pump *e)
{
	return e->in.fd < 0;
}

/*
 * Output
 */

static size_t
pieces_len(const struct iovec *iov, int n)
{
	size_t	 len = 0;

	while (n-- > 0)
		len += iov[n].iov_len;
	return len;
}

/* Bytes that are to be written, at least; 0 if there are none. */
static size_t
pending(struct pump *e)
{
	struct iovec	 iov;
	size_t		 len;

	if (e->peer.pieces != NULL)
		return e->peer.pieces(e->peer.arg, &iov, 1) > 0 ?
		    iov.iov_len : 0;
	e->peer.data(e->peer.arg, &len);
	return len;
}

static int
want_output(void *arg)
{
	struct pump	*e = arg;
	size_t		 len = pending(e);

	if (e->held)
		return WATCH_IDLE;
	if (e->out_broken)	/* the write that fails comes last */
		return len > 0 && e->in.fd < 0 ? POLLOUT : WATCH_IDLE;
	if (e->out_unread)
		return len > 0 ? POLLOUT : WATCH_IDLE;
	return len > 0 ? POLLOUT : 0;
}

/* A socket that takes nothing more may still have something to be read.  But if
 * there is no room for that, as the peer waits until we have written, neither
 * end would ever go on. */
static void
look_at_rest(void *arg)
{
	struct pump	*e = arg;

	if (!e->held && !e->rest_taken && pending(e) > 0 &&
	    e->peer.room(e->peer.arg) == 0) {
		pump_fail(e, EPIPE, "writing to");
		return;
	}
	e->rest_taken = 0;
	if (e->in.fd >= 0)
		timer_set(e->loop, &e->rest, clock_ms() + REST_TIME);
}

/* Returns whether the failed write is no error, for now. */
static int
outlives(struct pump *e, int err)
{
	if (!e->lenient || (err != EPIPE && err != ECONNRESET) || e->in.fd < 0)
		return 0;
	e->out_broken = 1;
	e->reset = err == ECONNRESET;
	e->rest_taken = 1;
	if (e->same)
		look_at_rest(e);
	return 1;
}

static ssize_t
pump_put(struct pump *e, const void *data, size_t len)
{
	if (e->out_socket)
		return send(e->out.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(e->out.fd, data, len < e->most ? len : e->most);
}

static ssize_t
pump_put_pieces(struct pump *e, size_t *len)
{
	struct iovec	 iov[PIECES];
	struct msghdr	 msg = { .msg_iov = iov };
	int		 n = e->peer.pieces(e->peer.arg, iov, PIECES);

	*len = pieces_len(iov, n);
	msg.msg_iovlen = (size_t)n;
	return sendmsg(e->out.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
output(struct pump *e)
{
	const unsigned char	*data;
	size_t			 len;
	ssize_t			 n;

	if (e->peer.pieces != NULL) {
		n = pump_put_pieces(e, &len);
	} else {
		data = e->peer.data(e->peer.arg, &len);
		n = pump_put(e, data, len);
	}
	e->out_full = n < (ssize_t)len;
	if (n >= 0)
		e->peer.consume(e->peer.arg, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR && !outlives(e, errno)) {
		pump_fail(e, errno, "writing to");
		return;
	}
	e->peer.changed(e->peer.arg);
}

/* The reader is gone; a write would say so.  If no write follows, all is well:
 * tar(1) reads until the end of its archive, not of its input. */
static void
output_unread(struct pump *e, int revents)
{
	int	 err = revents & POLLNVAL ? EBADF : EPIPE;

	if (revents & POLLERR && !e->out_socket)
		e->out_unread = 1;
	else if (revents & (POLLERR | POLLHUP | POLLNVAL) &&
	    !outlives(e, err)) {
		if (e->lenient && err == EPIPE)
			e->out_unread = 1;
		else
			pump_fail(e, err, "writing to");
	}
}

static void
ready_output(void *arg, int revents)
{
	struct pump	*e = arg;

	if (pending(e) == 0)
		output_unread(e, revents);
	else
		output(e);
}

void
pump_push(struct pump *e)
{
	if (!e->out.on || e->out.fd < 0 || e->held || e->out_full ||
	    e->out_unread ||
	    e->out_broken || (!e->out_socket && e->most == PIPE_WRITE))
		return;
	if (pending(e) > 0)
		output(e);
}

/* Without a descriptor everything is taken at once. */
static int
want_discard(void *arg)
{
	struct pump	*e = arg;
	size_t		 len;

	e->peer.data(e->peer.arg, &len);
	return len > 0 ? WATCH_NOW | POLLIN : WATCH_IDLE;
}

static void
ready_discard(void *arg, int revents)
{
	struct pump	*e = arg;
	size_t		 len;

	(void)revents;
	e->peer.data(e->peer.arg, &len);
	e->peer.consume(e->peer.arg, len);
	e->peer.changed(e->peer.arg);
}

void
pump_hold(struct pump *e, int hold)
{
	e->held = hold;
}

void
pump_outlive(struct pump *e)
{
	e->lenient = 1;
}

void
pump_finish_output(struct pump *e)
{
	if (e->out_done)
		return;
	e->out_done = 1;
	loop_unwatch(e->loop, &e->out);
	if (e->out.fd < 0)
		return;
	if (e->same) {
		/* The peer may be gone already, which harms nothing now. */
		shutdown(e->out.fd, SHUT_WR);
		return;
	}
	/* Some file systems tell of lost writes only here. */
	if (close(e->out.fd) == -1 && errno != EINTR)
		pump_fail(e, errno, "writing to");
	e->out.fd = -1;
}

int
pump_output_finished(const struct pump *e)
{
	return e->out_done;
}

/*
 * Life and death
 */

static int
is_kind(int fd, mode_t kind)
{
	struct stat	 st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

/*
 * Linux lets a pipe be opened once more: what is then done to it does not
 * concern the processes that share the descriptor that we were given.  In its
 * place, a sixteenth of the writes does.  0 or -1.
 */
static int
open_pipe_anew(int fd)
{
	int	 mode = fcntl(fd, F_GETFL);

	return mode != -1 && (mode & O_ACCMODE) == O_WRONLY ? fd_anew(fd) : -1;
}

/* inetd gives one socket as two descriptors. */
static int
same_socket(int a, int b)
{
	struct stat	 sa, sb;

	return a >= 0 && b >= 0 && is_kind(a, S_IFSOCK) &&
	    fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	    sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static void
close_both(int rfd, int wfd)
{
	int	 saved = errno;

	if (rfd >= 0)
		close(rfd);
	if (wfd >= 0 && wfd != rfd)
		close(wfd);
	errno = saved;
}

struct pump *
pump_new(struct loop *l, int rfd, int wfd, const struct pump_peer *peer)
{
	struct pump	*e = NULL;

	if (rfd == -1 || wfd == -1 || (e = calloc(1, sizeof(*e))) == NULL) {
		close_both(rfd, wfd);
		return NULL;
	}
	e->loop = l;
	e->peer = *peer;
	e->same = same_socket(rfd, wfd);
	e->lenient = e->same && peer->pieces == NULL;
	e->in_socket = is_kind(rfd, S_IFSOCK);
	e->out_socket = is_kind(wfd, S_IFSOCK);
	/* A file takes all; what else may be there is treated as a pipe. */
	if (is_kind(wfd, S_IFREG) ||
	    (is_kind(wfd, S_IFIFO) && open_pipe_anew(wfd) == 0))
		e->most = FILE_WRITE;
	else
		e->most = PIPE_WRITE;
	e->in = (struct watch){ .fd = rfd, .want = want_input,
	    .ready = ready_input, .arg = e };
	e->out = (struct watch){ .fd = wfd, .want = want_output,
	    .ready = ready_output, .arg = e };
	e->rest = (struct timer){ .fire = look_at_rest, .arg = e };
	if (wfd == PUMP_NONE) {
		e->out.want = want_discard;
		e->out.ready = ready_discard;
	}
	loop_watch(l, &e->out);
	if (rfd != PUMP_NONE)
		loop_watch(l, &e->in);
	else
		e->peer.finish(e->peer.arg);
	return e;
}

void
pump_free(struct pump *e)
{
	if (e == NULL)
		return;
	e->same = 0;
	pump_stop_input(e);
	timer_clear(e->loop, &e->rest);
	loop_unwatch(e->loop, &e->out);
	if (e->out.fd >= 0)
		close(e->out.fd);
	free(e);
}

int
pump_leave(struct pump *e)
{
	int	 open = e->in.fd >= 0;

	if (open)
		loop_unwatch(e->loop, &e->in);
	timer_clear(e->loop, &e->rest);
	loop_unwatch(e->loop, &e->out);
	free(e);
	return open;
}

void
pump_break(struct pump *e)
{
	struct linger	 now = { .l_onoff = 1, .l_linger = 0 };

	if (e != NULL && e->out_socket && e->out.fd >= 0)
		setsockopt(e->out.fd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
	pump_free(e);
}

int
pump_error(const struct pump *e)
{
	return e->err;
}

const char *
pump_failed(const struct pump *e)
{
	return e->failed;
}
