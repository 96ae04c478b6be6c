/*
 * buf: the one bounded buffer.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/buf.h"

#define BUF_FIRST	256

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

/* What is in a buffer may be a secret. */
static void
forget(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	free(b->p);
}

void
buf_free(struct buf *b)
{
	int saved = errno;

	forget(b);
	buf_init(b, b->max);
	errno = saved;
}

size_t
buf_len(const struct buf *b)
{
	return b->len;
}

size_t
buf_room(const struct buf *b)
{
	return b->max - b->len;
}

size_t
buf_storage(const struct buf *b)
{
	return b->cap;
}

const unsigned char *
buf_data(const struct buf *b)
{
	static const unsigned char none[1];

	return b->p == NULL ? none : b->p + b->off;
}

int
buf_add(struct buf *b, const void *data, size_t len)
{
	unsigned char *p;

	if (len == 0)
		return 0;
	if ((p = buf_reserve(b, len)) == NULL)
		return -1;
	memcpy(p, data, len);
	buf_commit(b, len);
	return 0;
}

int
buf_addstr(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	unsigned char	*p;
	va_list		 ap;
	int		 n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	/* vsnprintf() writes a NUL behind the text, which is not kept. */
	if (n < 0 || (p = buf_reserve(b, (size_t)n + 1)) == NULL)
		return -1;
	va_start(ap, fmt);
	n = vsnprintf((char *)p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	buf_commit(b, (size_t)n);
	return 0;
}

/*
 * Storage for need bytes.  It doubles, up to twice max: then there is always
 * so much drained space in front of a full tail that moving the live bytes
 * down costs no more than adding them did.
 */
static int
buf_grow(struct buf *b, size_t need)
{
	size_t cap, most;
	unsigned char *p;

	most = b->max > SIZE_MAX / 2 ? SIZE_MAX : b->max * 2;
	cap = b->cap > most / 2 ? most : b->cap * 2;
	if (cap < need)
		cap = need;
	if (cap < BUF_FIRST && BUF_FIRST <= most)
		cap = BUF_FIRST;
	if ((p = malloc(cap)) == NULL)
		return -1;
	if (b->p != NULL)
		memcpy(p, b->p + b->off, b->len);
	forget(b);
	b->p = p;
	b->off = 0;
	b->cap = cap;
	return 0;
}

unsigned char *
buf_reserve(struct buf *b, size_t len)
{
	if (len > buf_room(b)) {
		errno = ENOBUFS;
		return NULL;
	}
	if (b->p == NULL || len > b->cap - b->off - b->len) {
		if (b->p != NULL && b->off >= b->len &&
		    len <= b->cap - b->len) {
			memmove(b->p, b->p + b->off, b->len);
			b->off = 0;
		} else if (buf_grow(b, b->len + len) == -1)
			return NULL;
	}
	return b->p + b->off + b->len;
}

void
buf_commit(struct buf *b, size_t len)
{
	b->len += len;
}

/* Could b have grown to storage of this size? */
static int
buf_may_have(const struct buf *b, size_t cap)
{
	return cap / 2 <= b->max;
}

int
buf_move(struct buf *to, struct buf *from)
{
	struct buf old = *to;

	if (to->len > 0 || from->len > to->max ||
	    !buf_may_have(to, from->cap) || !buf_may_have(from, to->cap)) {
		if (buf_add(to, buf_data(from), from->len) == -1)
			return -1;
		buf_truncate(from, 0);
		return 0;
	}
	*to = *from;
	to->max = old.max;
	old.max = from->max;
	*from = old;
	return 0;
}

void
buf_drain(struct buf *b, size_t len)
{
	b->off += len;
	b->len -= len;
	if (b->len == 0)
		b->off = 0;
}

void
buf_truncate(struct buf *b, size_t len)
{
	b->len = len;
	if (b->len == 0)
		b->off = 0;
}
