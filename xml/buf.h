/*
 * buf: the one bounded buffer: a queue of bytes, which are added at the tail
 * and drained at the head.  It grows as needed, but never beyond max, so that
 * no peer chooses how much memory we take.
 */
#ifndef XML_BUF_H
#define XML_BUF_H

#include <stddef.h>

#include "xml/check.h"

struct buf {
	unsigned char	*p;	/* storage, or NULL */
	size_t		 off;	/* first live byte */
	size_t		 len;	/* live bytes */
	size_t		 cap;	/* bytes allocated */
	size_t		 max;	/* bytes that may ever be live */
};

/* Make b empty with room for at most max live bytes.  Allocates nothing. */
void	 buf_init(struct buf *b, size_t max);

/* Wipe and release the storage; b is empty and usable again.  Keeps errno. */
void	 buf_free(struct buf *b);

/* Bytes held. */
size_t	 buf_len(const struct buf *b);
/* Bytes that may still be added: max less those held. */
size_t	 buf_room(const struct buf *b);
/* Bytes of storage, of which buf_len() are held. */
size_t	 buf_storage(const struct buf *b);

/* The live bytes, buf_len() of them; valid until b is next changed. */
const unsigned char *buf_data(const struct buf *b);

/*
 * Append len bytes, all or none.  Returns 0, or -1 with errno ENOBUFS (over
 * max) or ENOMEM.
 */
int	 buf_add(struct buf *b, const void *data, size_t len) MUST_CHECK;
/* Append a string without its NUL, as buf_add(). */
int	 buf_addstr(struct buf *b, const char *s) MUST_CHECK;
/* Append what printf(3) makes of the format, without its NUL.  As buf_add(). */
int	 buf_printf(struct buf *b, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3))) MUST_CHECK;

/* Room for len bytes at the tail, to be written by the caller and then added by
 * buf_commit().  NULL with errno as buf_add() sets it. */
unsigned char *buf_reserve(struct buf *b, size_t len) MUST_CHECK;
/* Add the first len bytes of what buf_reserve() returned. */
void	 buf_commit(struct buf *b, size_t len);

/* Append all that is in from, which is empty afterwards.  0, or -1 as
 * buf_add().  If to is empty and their limits allow it, the storages are
 * exchanged and no byte is copied. */
int	 buf_move(struct buf *to, struct buf *from) MUST_CHECK;

/* Forget the first len live bytes. */
void	 buf_drain(struct buf *b, size_t len);
/* Forget the last live bytes, so that len remain. */
void	 buf_truncate(struct buf *b, size_t len);

#endif
