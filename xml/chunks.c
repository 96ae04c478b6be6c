/*
 * chunks: a bounded queue of bytes in chunks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xml/chunks.h"

#define CHUNK_LEAST	(2 * 1024)	/* bytes, the first in a queue */
#define CHUNK_MOST	(64 * 1024)	/* bytes, with its head */
#define SPARES		8		/* that are kept */

struct chunk {
	STAILQ_ENTRY(chunk)	 next;
	SLIST_ENTRY(chunk)	 next_spare;
	size_t			 len;	/* bytes in use, and drained ones */
	size_t			 cap;
	unsigned char		 data[];
};

#define CHUNK_FULL	(CHUNK_MOST - sizeof(struct chunk))

void
chunks_init(struct chunks *q, size_t max)
{
	memset(q, 0, sizeof(*q));
	STAILQ_INIT(&q->all);
	SLIST_INIT(&q->spare);
	q->max = max;
}

static void
chunk_free(struct chunks *q, struct chunk *k)
{
	q->storage -= k->cap;
	free(k);
}

void
chunks_trim(struct chunks *q)
{
	struct chunk	*k;

	while ((k = SLIST_FIRST(&q->spare)) != NULL) {
		SLIST_REMOVE_HEAD(&q->spare, next_spare);
		chunk_free(q, k);
	}
	q->nspare = 0;
}

void
chunks_free(struct chunks *q)
{
	chunks_drain(q, q->len);
	chunks_trim(q);
}

size_t
chunks_len(const struct chunks *q)
{
	return q->len;
}

size_t
chunks_storage(const struct chunks *q)
{
	return q->storage;
}

/* A chunk for len bytes and those that may follow: the larger the more there
 * are already, up to a bound.  NULL when out of memory. */
static struct chunk *
chunk_new(struct chunks *q, size_t len)
{
	size_t		 cap = q->len * 2;
	struct chunk	*k;

	cap = cap < CHUNK_LEAST ? CHUNK_LEAST : cap;
	cap = cap < len ? len : cap;
	cap = cap > CHUNK_FULL ? CHUNK_FULL : cap;
	if (cap == CHUNK_FULL && (k = SLIST_FIRST(&q->spare)) != NULL) {
		SLIST_REMOVE_HEAD(&q->spare, next_spare);
		q->nspare--;
	} else {
		if ((k = malloc(sizeof(*k) + cap)) == NULL)
			return NULL;
		k->cap = cap;
		q->storage += cap;
	}
	k->len = 0;
	STAILQ_INSERT_TAIL(&q->all, k, next);
	return k;
}

static void
chunk_done(struct chunks *q, struct chunk *k)
{
	if (q->at == k)
		q->at = NULL;
	if (k->cap == CHUNK_FULL && q->nspare < SPARES) {
		SLIST_INSERT_HEAD(&q->spare, k, next_spare);
		q->nspare++;
	} else {
		chunk_free(q, k);
	}
}

int
chunks_add(struct chunks *q, const void *data, size_t len)
{
	const unsigned char	*p = data;
	size_t			 before = q->len, n;
	struct chunk		*k;

	k = __extension__ STAILQ_LAST(&q->all, chunk, next);
	if (len > q->max - q->len) {
		errno = ENOBUFS;
		return -1;
	}
	while (len > 0) {
		if ((k == NULL || k->len == k->cap) &&
		    (k = chunk_new(q, len)) == NULL) {
			chunks_truncate(q, before);
			errno = ENOMEM;
			return -1;
		}
		n = k->cap - k->len < len ? k->cap - k->len : len;
		memcpy(k->data + k->len, p, n);
		k->len += n;
		q->len += n;
		p += n;
		len -= n;
	}
	return 0;
}

const unsigned char *
chunks_piece(struct chunks *q, size_t offset, size_t *len)
{
	struct chunk	*k = q->at;
	size_t		 at = q->at_offset;

	offset += q->off;	/* from the beginning of the first chunk */
	if (k == NULL || offset < at) {
		k = STAILQ_FIRST(&q->all);
		at = 0;
	}
	for (; offset - at >= k->len; k = STAILQ_NEXT(k, next))
		at += k->len;
	q->at = k;
	q->at_offset = at;
	*len = k->len - (offset - at);
	return k->data + (offset - at);
}

const unsigned char *
chunks_front(struct chunks *q, size_t len, void *room)
{
	unsigned char		*to = room;
	const unsigned char	*p;
	size_t			 done, n;

	if (len == 0)
		return room;
	p = chunks_piece(q, 0, &n);
	if (n >= len)
		return p;
	for (done = 0; done < len; done += n) {
		p = chunks_piece(q, done, &n);
		n = n < len - done ? n : len - done;
		memcpy(to + done, p, n);
	}
	return room;
}

void
chunks_drain(struct chunks *q, size_t len)
{
	struct chunk	*k;

	q->len -= len;
	q->off += len;
	while ((k = STAILQ_FIRST(&q->all)) != NULL &&
	    (q->off >= k->len || q->len == 0)) {
		q->off -= q->len == 0 ? q->off : k->len;
		if (q->at != NULL && q->at != k)
			q->at_offset -= k->len;
		STAILQ_REMOVE_HEAD(&q->all, next);
		chunk_done(q, k);
	}
}

void
chunks_truncate(struct chunks *q, size_t len)
{
	size_t		 left = q->off + len;
	struct chunk	*k = STAILQ_FIRST(&q->all), *beyond;

	if (len == 0) {
		chunks_drain(q, q->len);
		return;
	}
	for (; k != NULL && left > k->len; k = STAILQ_NEXT(k, next))
		left -= k->len;
	if (k == NULL)
		return;
	q->len = len;
	q->at = NULL;
	k->len = left;
	while ((beyond = STAILQ_NEXT(k, next)) != NULL) {
		STAILQ_REMOVE_AFTER(&q->all, k, next);
		chunk_done(q, beyond);
	}
}
