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
#include "net/io/tls.h"
#include "xml/buf.h"

#define RECORD		8192		/* bytes of plaintext: see below */
#define FEW		512		/* bytes to fill a record with */
#define TOGETHER	(32 * 1024)	/* bytes of records in a write */
#define READ_AHEAD	(64 * 1024)	/* bytes of records at a time */
#define BULK		100		/* ms after a held record */
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
	struct buf	 units;		/* what out is made of: lengths */
	size_t		 gone;		/* bytes of the first of these */
	size_t		 record;	/* of the write to be tried again */
	size_t		 padding;	/* spaces behind it */
	int		 pads;		/* spaces mean nothing there */
	int		 heard;		/* bytes came, not yet acknowledged */
	int64_t		 wrote;		/* ms: when a record last was */
	int64_t		 filled;	/* ms: when one last was full, almost */
	int		 paused;
	int		 more;		/* fill() stopped for lack of room */
	int		 shutdown;	/* asked for; 2: done */
	/* What the last attempt at each operation waits for; with TLS either
	 * may need the other direction of the socket. */
	int		 read_wants, write_wants;
	int		 untrusted;
	int		 starved;	/* for lack of memory it is to break */
	int		 unsent;	/* a write failed, and none follows */
	char		 err[IO_ERR];
	void		(*event)(void *, enum io_event);
	void		*arg;
};

static void	 settle(void *);
static int	 want(void *);
static void	 ready(void *, int);

/*
 * A connection whose other side is gone ends in bounded time, but not one
 * whose server only reads slowly; and what the network does not take yet waits
 * here, where io_queued() sees it.
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
	buf_init(&io->units, IO_OUT_MAX);
	set_options(fd);
	io->watch = (struct watch){ .fd = fd, .want = want, .ready = ready,
	    .settle = settle, .arg = io };
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
	buf_free(&io->units);
	free(io);
}

static void
broken(struct io *io, const char *what)
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
 * Servers leave Nagle's algorithm on (Prosody 0.12 does): a small stanza waits
 * there until what they sent before has been acknowledged, and TCP is in no
 * hurry to do so, but for 40 ms, as long as there is nothing else to be sent.
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

/* What is written says it by the way. */
static void
settle(void *arg)
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

/* Until the socket has no more, because what TLS holds poll cannot see; or
 * until the buffer is full: want() asks again when it no longer is. */
static void
fill(struct io *io)
{
	unsigned char	*p;
	size_t		 got = 0;
	ssize_t		 n = 1;

	io->read_wants = POLLIN;
	while (!io->paused && buf_room(&io->in) >= READ_SIZE) {
		if ((p = buf_reserve(&io->in, READ_SIZE)) == NULL) {
			io->starved = 1;
			broken(io, NULL);
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
		broken(io, NULL);
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

/*
 * How much to write at a time: whole units in a TLS record, if one fits.
 * Prosody 0.12, resuming a session that broke when it had read half a stanza,
 * takes all that follows for the rest of it; and it reads whole records, up to
 * 8192 bytes of them at a time.  OpenSSL wants a write that is tried again to
 * be unchanged.
 */
static size_t
next_record(struct io *io)
{
	size_t	 len, off, sum = 0;

	for (off = 0; off < buf_len(&io->units); off += sizeof(len)) {
		memcpy(&len, buf_data(&io->units) + off, sizeof(len));
		if (off == 0)
			len -= io->gone;
		if (sum > 0 && sum + len > RECORD)
			break;
		sum += len;
	}
	return sum > RECORD ? RECORD : sum;
}

/*
 * Prosody 0.12 sleeps a millisecond and more whenever it has read 8192 bytes
 * and not all of a record.  So while there is much to be sent all records are
 * of that size, with spaces behind what does not fill one.  But where records
 * are seldom the server may limit rates, and would count the spaces.
 */
static size_t
next_padding(struct io *io, size_t record)
{
	int64_t	 now, since;

	if (!io->pads || io->ssl == NULL)
		return 0;
	now = clock_ms();
	since = now - io->wrote;
	io->wrote = now;
	if (record + FEW >= RECORD)
		io->filled = now;
	return now - io->filled < BULK ||
	    (since < BULK && buf_len(&io->out) >= RECORD) ?
	    RECORD - record : 0;
}

size_t
io_fill(struct io *io, size_t len)
{
	size_t	 n = (RECORD - len % RECORD) % RECORD;
	int64_t	 now = clock_ms();

	if (n <= FEW || len >= RECORD)
		io->filled = now;
	return io->ssl != NULL && (n <= FEW || now - io->filled < BULK) ? n :
	    0;
}

static void
sent(struct io *io, size_t n)
{
	size_t	 len;

	buf_drain(&io->out, n);
	for (io->gone += n; buf_len(&io->units) > 0; io->gone -= len) {
		memcpy(&len, buf_data(&io->units), sizeof(len));
		if (io->gone < len)
			break;
		buf_drain(&io->units, sizeof(len));
	}
}

static ssize_t
write_record(struct io *io)
{
	unsigned char	 padded[RECORD];
	const void	*data = buf_data(&io->out);
	ssize_t		 n;

	if (io->record == 0) {
		io->record = next_record(io);
		io->padding = next_padding(io, io->record);
	}
	if (io->padding > 0) {
		memcpy(padded, data, io->record);
		memset(padded + io->record, ' ', io->padding);
		data = padded;
	}
	n = try_write(io, data, io->record + io->padding, &io->write_wants);
	if (n > 0) {
		sent(io, (size_t)n - io->padding);
		io->record = 0;
	} else if (io->write_wants == 0) {
		io->unsent = 1;
	}
	return n;
}

/* What is in records already, but not in the socket. */
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
flush(struct io *io)
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
		fill(io);
		if (io->state == IO_OPEN)
			broken(io, NULL);
	}
	if (n == -1)
		return;
	if (io->shutdown == 1)
		finish_shutdown(io);
	if (had && !io->watch.often)
		io->event(io->arg, IO_DRAINED);
}

static void
handshake(struct io *io)
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
		broken(io, NULL);
}

static int
want(void *arg)
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
ready(void *arg, int revents)
{
	struct io	*io = arg;

	(void)revents;
	if (io->starved) {
		broken(io, NULL);
		return;
	}
	if (io->state == IO_HANDSHAKE) {
		handshake(io);
		return;
	}
	if (io->unsent || io_queued(io) > 0 || io->shutdown == 1)
		flush(io);
	if (io->state == IO_OPEN)
		fill(io);
}

/* Several records go to the socket at once: that wakes the other side once, and
 * it reads all of them.  Without memory it works as well. */
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
	/* Nor is it read record by record, in two pieces each. */
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

/* Without what could not be written the other side would wait for ever, or take
 * the rest for something else: the connection breaks, from the loop. */
static int
unwritten(struct io *io)
{
	if (errno == ENOMEM)
		io->starved = 1;
	return -1;
}

int
io_write(struct io *io, const void *data, size_t len)
{
	if (buf_add(&io->units, &len, sizeof(len)) == -1)
		return unwritten(io);
	if (buf_add(&io->out, data, len) == -1) {
		buf_truncate(&io->units, buf_len(&io->units) - sizeof(len));
		return unwritten(io);
	}
	if (io->watch.often)
		loop_settle(io->loop, &io->watch);
	return 0;
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
	io->pads = 1;
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
