/*
 * buf: the one bounded byte buffer.
 *
 * A queue of bytes: added at the tail, drained at the head.  It grows as
 * needed but never beyond max, so that no peer chooses our memory size.
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

/* Bytes held; bytes that may still be added; bytes of storage. */
size_t	 buf_len(const struct buf *b);
size_t	 buf_room(const struct buf *b);
size_t	 buf_storage(const struct buf *b);

/* The live bytes, buf_len() of them; valid until b is next changed. */
const unsigned char *buf_data(const struct buf *b);

/*
 * Append len bytes, all or none.  Returns 0, or -1 with errno ENOBUFS (over
 * max) or ENOMEM.
 */
int	 buf_add(struct buf *b, const void *data, size_t len) MUST_CHECK;
int	 buf_addstr(struct buf *b, const char *s) MUST_CHECK;
/* Append what printf(3) makes of the format, without its NUL.  As buf_add(). */
int	 buf_printf(struct buf *b, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3))) MUST_CHECK;

/*
 * Room for len bytes at the tail to be written directly and then made live
 * by buf_commit() (of as many or fewer).  Returns NULL as buf_add() fails.
 */
unsigned char *buf_reserve(struct buf *b, size_t len) MUST_CHECK;
void	 buf_commit(struct buf *b, size_t len);

/* Append all that is in from, which is empty then.  0, or -1 as buf_add().
 * Nothing is copied if to is empty and their sizes are about equal. */
int	 buf_move(struct buf *to, struct buf *from) MUST_CHECK;

/* Forget the first len live bytes; the last ones, so that len remain. */
void	 buf_drain(struct buf *b, size_t len);
void	 buf_truncate(struct buf *b, size_t len);

#endif
