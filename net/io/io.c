/* io: see io.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "net/io/io.h"
#include "net/io/loop.h"
#include "net/io/record_pack.h"
#include "net/io/tls.h"
#include "xml/buf.h"

#define TOGETHER	(32 * 1024)	/* bytes of records in a write */
#define READ_AHEAD	(64 * 1024)	/* bytes of records at a time */
#define USER_TIMEOUT	300000		/* ms without an acknowledgement */
#define NOTSENT_LOW	(64 * 1024)	/* bytes */

enum io_state {
	IO_OPEN,
	IO_HANDSHAKE,
	IO_ENDED		/* by the other side, or broken */
};

struct io {
	struct loop	*loop;
	struct watch	 watch;
	enum io_state	 state;
	SSL		*ssl;
	const char	*name;
	struct buf	 in, out;
	struct record_pack pack;	/* how out is cut into records */
	int		 heard;		/* bytes came, not yet acknowledged */
	int		 paused;
	int		 more;		/* io_read() stopped for lack of room */
	int		 shutdown;	/* asked for; 2: done */
	/* What the last attempt at each operation waits for; with TLS either
	 * may need the other direction of the socket. */
	int		 read_wants, write_wants;
	int		 untrusted;
	int		 starved;	/* breaks soon, for lack of memory */
	int		 unsent;	/* a write failed: write no more */
	char		 err[IO_ERR];
	void		(*event)(void *, enum io_event);
	void		*arg;
};

static void	 io_settle(void *);
static int	 io_want(void *);
static void	 io_ready(void *, int);

/*
 * A connection whose other side is gone ends in bounded time; the connection of
 * a server that merely reads slowly does not.  What the network does not take
 * yet waits here, where io_queued() counts it.
 */
static void
set_options(int fd)
{
#ifdef TCP_USER_TIMEOUT
	unsigned int	 ms = USER_TIMEOUT;

	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
#endif
#ifdef TCP_NOTSENT_LOWAT
	int		 low = NOTSENT_LOW;

	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof(low));
#endif
	(void)fd;
}

struct io *
io_new(struct loop *l, int fd, void (*event)(void *, enum io_event),
    void *arg)
{
	struct io	*io;

	if ((io = calloc(1, sizeof(*io))) == NULL)
		return NULL;
	io->loop = l;
	io->read_wants = POLLIN;
	io->write_wants = POLLOUT;
	io->event = event;
	io->arg = arg;
	buf_init(&io->in, IO_IN_MAX);
	buf_init(&io->out, IO_OUT_MAX);
	record_pack_init(&io->pack, IO_OUT_MAX);
	set_options(fd);
	io->watch = (struct watch){ .fd = fd, .want = io_want,
	    .ready = io_ready, .settle = io_settle, .arg = io };
	loop_watch(l, &io->watch);
	return io;
}

void
io_free(struct io *io)
{
	if (io == NULL)
		return;
	loop_unwatch(io->loop, &io->watch);
	SSL_free(io->ssl);
	close(io->watch.fd);
	buf_free(&io->in);
	buf_free(&io->out);
	record_pack_free(&io->pack);
	free(io);
}

static void
io_broken(struct io *io, const char *what)
{
	io->state = IO_ENDED;
	if (io->starved)
		what = "out of memory";
	if (what != NULL)
		strlcpy(io->err, what, sizeof(io->err));
	io->event(io->arg, IO_ERROR);
}

/*
 * One attempt at an operation.  Each returns the number of bytes, 0 for the
 * end, or -1; *wants is then what to wait for, or 0 if it is broken.
 */

static int
tls_wants(struct io *io, int r)
{
	enum tls_fault	 fault;
	int		 starved = errno == ENOMEM;

	switch (SSL_get_error(io->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		return POLLIN;
	case SSL_ERROR_WANT_WRITE:
		return POLLOUT;
	case SSL_ERROR_SYSCALL:
		io->starved = io->starved || starved;
		strlcpy(io->err, errno != 0 ? strerror(errno) :
		    "the connection was cut", sizeof(io->err));
		return 0;
	default:
		fault = tls_why(io->ssl, io->name, io->err);
		io->starved = io->starved || starved || fault == TLS_STARVED;
		io->untrusted = fault == TLS_UNTRUSTED;
		return 0;
	}
}

static ssize_t
try_read(struct io *io, void *p, size_t len, int *wants)
{
	ssize_t	 n;
	int	 r;

	if (io->ssl == NULL) {
		n = read(io->watch.fd, p, len);
		if (n == -1 && (*wants = errno == EAGAIN || errno == EINTR ?
		    POLLIN : 0) == 0)
			strlcpy(io->err, strerror(errno), sizeof(io->err));
		return n;
	}
	ERR_clear_error();
	errno = 0;
	if ((r = SSL_read(io->ssl, p, (int)len)) > 0)
		return r;
	if (SSL_get_error(io->ssl, r) == SSL_ERROR_ZERO_RETURN)
		return 0;
	*wants = tls_wants(io, r);
	return -1;
}

static ssize_t
try_write(struct io *io, const void *p, size_t len, int *wants)
{
	ssize_t	 n;
	int	 r;

	if (io->ssl == NULL) {
		n = send(io->watch.fd, p, len, MSG_NOSIGNAL);
		if (n == -1 && (*wants = errno == EAGAIN || errno == EINTR ?
		    POLLOUT : 0) == 0)
			strlcpy(io->err, strerror(errno), sizeof(io->err));
		return n;
	}
	ERR_clear_error();
	errno = 0;
	if ((r = SSL_write(io->ssl, p, (int)len)) > 0)
		return r;
	*wants = tls_wants(io, r);
	return -1;
}

/*
 * Reading and writing as far as it goes
 */

/*
 * Acknowledge at once.  A server that leaves Nagle's algorithm on (Prosody 0.12
 * does) keeps a small stanza until what it sent before has been acknowledged,
 * which TCP puts off for 40 ms unless there is something to be sent.
 */
static void
acknowledge(struct io *io)
{
#ifdef TCP_QUICKACK
	int	 on = 1;

	setsockopt(io->watch.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
#endif
	(void)io;
}

/* Send what a turn of the loop has written.  That acknowledges what came, so
 * that acknowledge() is not needed then. */
static void
io_settle(void *arg)
{
	struct io	*io = arg;
	int		 says = io->watch.often && io_queued(io) > 0;

	if (io->state != IO_OPEN)
		return;
	if (says)
		io_push(io);
	if (io->heard && (!says || io_queued(io) > 0))
		acknowledge(io);
	io->heard = 0;
}

#define READ_SIZE	(16 * 1024)	/* a TLS record */

/* Read until the socket has no more, because poll does not see what TLS holds;
 * or until the buffer is full: io_want() asks again when it no longer is. */
static void
io_read(struct io *io)
{
	unsigned char	*p;
	size_t		 got = 0;
	ssize_t		 n = 1;

	io->read_wants = POLLIN;
	while (!io->paused && buf_room(&io->in) >= READ_SIZE) {
		if ((p = buf_reserve(&io->in, READ_SIZE)) == NULL) {
			io->starved = 1;
			io_broken(io, NULL);
			return;
		}
		n = try_read(io, p, READ_SIZE, &io->read_wants);
		if (n <= 0)
			break;
		buf_commit(&io->in, (size_t)n);
		got += (size_t)n;
	}
	io->more = n > 0;
	/* What came before the end or the error is still good. */
	if (got > 0) {
		io->heard = 1;
		loop_settle(io->loop, &io->watch);
		io->event(io->arg, IO_INPUT);
	}
	if (io->state != IO_OPEN)
		return;
	if (n == 0) {
		io->state = IO_ENDED;
		io->event(io->arg, IO_EOF);
	} else if (n == -1 && io->read_wants == 0) {
		io_broken(io, NULL);
	}
}

static void
finish_shutdown(struct io *io)
{
	io->shutdown = 2;
	if (io->ssl != NULL)
		SSL_shutdown(io->ssl);
	shutdown(io->watch.fd, SHUT_WR);
}

static ssize_t
write_record(struct io *io)
{
	unsigned char	 copy[RECORD_PACK_MAX];
	const void	*data;
	size_t		 len;
	ssize_t		 n;

	data = record_pack_next(&io->pack, &io->out, io->ssl != NULL, copy,
	    &len);
	n = try_write(io, data, len, &io->write_wants);
	if (n > 0)
		record_pack_sent(&io->pack, &io->out, (size_t)n);
	else if (io->write_wants == 0)
		io->unsent = 1;
	return n;
}

/* Bytes that are in records already, but not in the socket. */
static size_t
sealed(const struct io *io)
{
	return io->ssl != NULL && io->state == IO_OPEN && io->shutdown < 2 ?
	    (size_t)BIO_wpending(SSL_get_wbio(io->ssl)) : 0;
}

/* 0, or -1 as try_write() has it. */
static int
push_sealed(struct io *io)
{
	if (sealed(io) == 0)
		return 0;
	errno = 0;
	if (BIO_flush(SSL_get_wbio(io->ssl)) > 0)
		return 0;
	io->write_wants = BIO_should_retry(SSL_get_wbio(io->ssl)) ?
	    POLLOUT : 0;
	if (io->write_wants == 0) {
		strlcpy(io->err, strerror(errno), sizeof(io->err));
		io->unsent = 1;
	}
	return -1;
}

/* A write that fails is not reported before what the other side had to say
 * has been read: servers explain themselves before they close. */
static void
io_flush(struct io *io)
{
	ssize_t	 n = io->unsent ? -1 : 0;
	int	 had = buf_len(&io->out) > 0 || sealed(io) > 0;

	io->write_wants = POLLOUT;
	while (buf_len(&io->out) > 0 && n != -1)
		n = write_record(io);
	if (n != -1)
		n = push_sealed(io);
	if (io->unsent) {
		buf_truncate(&io->out, 0);
		io_read(io);
		if (io->state == IO_OPEN)
			io_broken(io, NULL);
	}
	if (n == -1)
		return;
	if (io->shutdown == 1)
		finish_shutdown(io);
	if (had && !io->watch.often)
		io->event(io->arg, IO_DRAINED);
}

static void
io_handshake(struct io *io)
{
	int	 r;

	ERR_clear_error();
	errno = 0;
	if ((r = SSL_do_handshake(io->ssl)) == 1) {
		io->state = IO_OPEN;
		io->more = 1;	/* may have come with the last of it */
		io->event(io->arg, IO_SECURE);
		return;
	}
	if ((io->read_wants = tls_wants(io, r)) == 0)
		io_broken(io, NULL);
}

static int
io_want(void *arg)
{
	struct io	*io = arg;
	int		 events = 0;

	if (io->state == IO_ENDED)
		return WATCH_IDLE;
	if (io->starved || io->unsent)
		return WATCH_NOW | POLLOUT;
	if (io->state == IO_HANDSHAKE)
		return io->read_wants;
	if (!io->paused && buf_room(&io->in) >= READ_SIZE) {
		events |= io->read_wants;
		if (io->ssl != NULL && io->more && SSL_has_pending(io->ssl))
			events |= WATCH_NOW;
	}
	if (io_queued(io) > 0 || io->shutdown == 1)
		events |= io->write_wants;
	return events != 0 ? events : WATCH_IDLE;
}

static void
io_ready(void *arg, int revents)
{
	struct io	*io = arg;

	(void)revents;
	if (io->starved) {
		io_broken(io, NULL);
		return;
	}
	if (io->state == IO_HANDSHAKE) {
		io_handshake(io);
		return;
	}
	if (io->unsent || io_queued(io) > 0 || io->shutdown == 1)
		io_flush(io);
	if (io->state == IO_OPEN)
		io_read(io);
}

/* Write several records to the socket at once: that wakes the other side once,
 * and it reads all of them.  Without memory each is written by itself. */
static void
seal_together(SSL *ssl)
{
	BIO	*sock = SSL_get_wbio(ssl), *b = BIO_new(BIO_f_buffer());

	if (b == NULL || BIO_set_write_buffer_size(b, TOGETHER) != 1) {
		BIO_free(b);
		return;
	}
	BIO_up_ref(sock);
	SSL_set0_wbio(ssl, BIO_push(b, sock));
}

void
io_secure(struct io *io, SSL *ssl, const char *name)
{
	seal_together(ssl);
	/* Read many records at once, not each by itself in two pieces. */
	SSL_set_read_ahead(ssl, 1);
	SSL_set_default_read_buffer_len(ssl, READ_AHEAD);
	io->ssl = ssl;
	io->name = name;
	io->state = IO_HANDSHAKE;
	io->read_wants = POLLOUT;	/* the client speaks first */
}

SSL *
io_ssl(struct io *io)
{
	return io->ssl;
}

int
io_fd(const struct io *io)
{
	return io->watch.fd;
}

struct buf *
io_input(struct io *io)
{
	return &io->in;
}

/* Without a unit that could not be queued, the other side would wait for ever
 * or misunderstand the rest: the connection breaks, from the loop. */
static int
io_unwritten(struct io *io)
{
	if (errno == ENOMEM)
		io->starved = 1;
	return -1;
}

int
io_write(struct io *io, const void *data, size_t len)
{
	if (record_pack_add(&io->pack, len) == -1)
		return io_unwritten(io);
	if (buf_add(&io->out, data, len) == -1) {
		record_pack_undo(&io->pack);
		return io_unwritten(io);
	}
	if (io->watch.often)
		loop_settle(io->loop, &io->watch);
	return 0;
}

size_t
io_fill(struct io *io, size_t len)
{
	return io->ssl != NULL ? record_pack_fill(&io->pack, len) : 0;
}

void
io_push(struct io *io)
{
	while (io->state == IO_OPEN && !io->unsent && buf_len(&io->out) > 0 &&
	    write_record(io) > 0)
		;
	if (io->state == IO_OPEN && !io->unsent)
		push_sealed(io);
}

size_t
io_queued(const struct io *io)
{
	return buf_len(&io->out) + sealed(io);
}

void
io_pads(struct io *io)
{
	record_pack_pads(&io->pack);
}

void
io_often(struct io *io)
{
	loop_unwatch(io->loop, &io->watch);
	io->watch.often = 1;
	loop_watch(io->loop, &io->watch);
}

void
io_pause(struct io *io, int pause)
{
	io->paused = pause;
}

void
io_shutdown(struct io *io)
{
	if (io->shutdown == 0)
		io->shutdown = 1;
}

const char *
io_error(const struct io *io)
{
	return io->err;
}

int
io_starved(const struct io *io)
{
	return io->starved;
}

int
io_untrusted(const struct io *io)
{
	return io->untrusted;
}
