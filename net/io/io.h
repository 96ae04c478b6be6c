/*
 * io: a connected socket with a buffer in each direction, with TLS on it or
 * not.  What was written is sent as the socket takes it; what came waits in
 * the input buffer, and is read no further when that is full.
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
	IO_DRAINED,		/* the output buffer has become empty; not if
				 * io_often() */
	IO_EOF,			/* the other side ended it, properly */
	IO_ERROR		/* it broke: see io_error() */
};

#define IO_IN_MAX	(64 * 1024)
#define IO_OUT_MAX	(16 * 1024 * 1024)
#define IO_ERR		256

/* Takes over fd, which must be connected and not block.  event is called
 * from the loop; it must not call io_free(). */
struct io *io_new(struct loop *l, int fd,
	    void (*event)(void *arg, enum io_event ev), void *arg);
/* Closes the socket at once. */
void	 io_free(struct io *io);

/*
 * Start TLS as a client with ssl, which io_free() frees; name is for
 * messages.  Nothing may be waiting in either buffer.  Ends with IO_SECURE
 * or IO_ERROR.
 */
void	 io_secure(struct io *io, SSL *ssl, const char *name);
SSL	*io_ssl(struct io *io);		/* NULL without TLS */
int	 io_fd(const struct io *io);

/* Received and not yet used: the user drains it. */
struct buf *io_input(struct io *io);

/* Queue len bytes for sending, as a unit that TLS does not split unless it is
 * larger than a record.  0, or -1 if the buffer is full or memory is out:
 * then the connection breaks, once the loop has come round to it. */
int	 io_write(struct io *io, const void *data, size_t len) MUST_CHECK;
/* How many more bytes than len, which are to be written next, would make
 * records full, if few do or many were full just now without; else 0. */
size_t	 io_fill(struct io *io, size_t len);
/* Send now what the socket takes at once: for last words, as the loop may not
 * run again. */
void	 io_push(struct io *io);
/* Bytes queued and not yet sent, a few more if they are sealed by TLS. */
size_t	 io_queued(const struct io *io);
/* From now on there may be spaces between what is written, if that makes TLS
 * records easier to read. */
void	 io_pads(struct io *io);
/* Much goes through it: see struct watch.  What is written goes to the socket
 * at the end of a turn of the loop, and IO_DRAINED is not told. */
void	 io_often(struct io *io);
/* Read no more, for now (1), or again (0). */
void	 io_pause(struct io *io, int pause);
/* End our direction once all is sent: TLS close_notify, SHUT_WR. */
void	 io_shutdown(struct io *io);

/* After IO_ERROR: what happened, in words. */
const char *io_error(const struct io *io);
/* After IO_ERROR: was it for lack of memory here? */
int	 io_starved(const struct io *io);
/* After IO_ERROR: was the certificate at fault? */
int	 io_untrusted(const struct io *io);

#endif
