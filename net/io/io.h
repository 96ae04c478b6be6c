/*
 * io: a connected socket with a buffer in each direction, with TLS on it or
 * not.  What was written is sent as the socket takes it.  What has come waits
 * in the input buffer; when that is full, nothing more is read.
 */
#ifndef NET_IO_IO_H
#define NET_IO_IO_H

#include <stddef.h>

#include <openssl/ssl.h>

#include "xml/check.h"

struct buf;
struct io;
struct loop;

enum io_event {
	IO_SECURE,		/* the TLS handshake is done */
	IO_INPUT,		/* bytes were added to io_input() */
	IO_DRAINED,		/* the output buffer has become empty; not
				 * told after io_often() */
	IO_EOF,			/* the other side ended it, properly */
	IO_ERROR		/* it broke: see io_error() */
};

#define IO_IN_MAX	(64 * 1024)
#define IO_OUT_MAX	(16 * 1024 * 1024)
#define IO_ERR		256

/* Take over fd, which must be connected and not block.  event is called from
 * the loop; it must not call io_free().  NULL without memory: fd stays the
 * caller's. */
struct io *io_new(struct loop *l, int fd,
	    void (*event)(void *arg, enum io_event ev), void *arg);
/* Close the socket at once.  io may be NULL. */
void	 io_free(struct io *io);

/*
 * Start TLS as a client with ssl, which io_free() frees; name is for
 * messages.  Nothing may be waiting in either buffer.  Ends with IO_SECURE
 * or IO_ERROR.
 */
void	 io_secure(struct io *io, SSL *ssl, const char *name);
/* The connection of TLS, or NULL without TLS. */
SSL	*io_ssl(struct io *io);
/* The socket. */
int	 io_fd(const struct io *io);

/* The bytes that were received; the user drains what it has used. */
struct buf *io_input(struct io *io);

/* Queue len bytes for sending, as a unit that TLS does not split unless it is
 * larger than a record.  0, or -1 if the buffer is full or memory is out:
 * then the connection breaks, once the loop has come round to it. */
int	 io_write(struct io *io, const void *data, size_t len) MUST_CHECK;
/* How many more bytes than len, of the unit to be written next, would fill TLS
 * records, if that is worth it; else 0.  See record_pack_fill(). */
size_t	 io_fill(struct io *io, size_t len);
/* Send at once what the socket takes: for last words, since the loop may not
 * run again. */
void	 io_push(struct io *io);
/* Bytes queued and not yet sent; TLS adds a few to those in its records. */
size_t	 io_queued(const struct io *io);
/* From now on there may be spaces between the units, which mean nothing there,
 * to fill TLS records (record_pack.h). */
void	 io_pads(struct io *io);
/* Much goes through this socket (see `often' in struct watch).  What is written
 * is sent at the end of a turn of the loop, and IO_DRAINED is not told. */
void	 io_often(struct io *io);
/* Read no more, for now (1), or again (0). */
void	 io_pause(struct io *io, int pause);
/* End our direction once all is sent: TLS close_notify, SHUT_WR. */
void	 io_shutdown(struct io *io);

/* After IO_ERROR: what happened, for people. */
const char *io_error(const struct io *io);
/* After IO_ERROR: was it for lack of memory here? */
int	 io_starved(const struct io *io);
/* After IO_ERROR: was the certificate at fault? */
int	 io_untrusted(const struct io *io);

#endif
