/*
 * chunks: a bounded queue of bytes in chunks, for more bytes than struct buf
 * should move: none is copied after it was added, and those that are drained
 * give their memory back.
 */
#ifndef XML_CHUNKS_H
#define XML_CHUNKS_H

#include <sys/queue.h>

#include <stddef.h>

#include "xml/check.h"

struct chunk;

struct chunks {
	STAILQ_HEAD(, chunk) all;	/* oldest first */
	SLIST_HEAD(, chunk) spare;
	size_t		 nspare;
	size_t		 off;		/* of the first, drained */
	size_t		 len;		/* bytes held */
	size_t		 storage;	/* bytes allocated */
	size_t		 max;		/* bytes that may ever be held */
	struct chunk	*at;		/* where chunks_piece() was last, */
	size_t		 at_offset;	/* the offset of its first byte */
};

/* Make q empty with room for at most max bytes.  Allocates nothing. */
void	 chunks_init(struct chunks *q, size_t max);
/* Release the storage; q is empty and usable again. */
void	 chunks_free(struct chunks *q);
/* Release the storage that holds nothing. */
void	 chunks_trim(struct chunks *q);

/* Bytes held. */
size_t	 chunks_len(const struct chunks *q);
/* Bytes of storage. */
size_t	 chunks_storage(const struct chunks *q);

/* Append len bytes, all or none.  0, or -1 with errno ENOBUFS (over max) or
 * ENOMEM. */
int	 chunks_add(struct chunks *q, const void *data, size_t len) MUST_CHECK;
/* The bytes from this offset on, which is less than chunks_len(), that lie
 * together, and how many they are: at least 1.  Valid until they are drained;
 * fast if offsets grow. */
const unsigned char *chunks_piece(struct chunks *q, size_t offset,
	    size_t *len);
/* The first len bytes, of which there are as many, in one piece: where they
 * lie, or copied to room, which has space for them.  Valid as those of
 * chunks_piece(). */
const unsigned char *chunks_front(struct chunks *q, size_t len, void *room);
/* Forget the first len bytes. */
void	 chunks_drain(struct chunks *q, size_t len);
/* Forget the last bytes, so that len remain. */
void	 chunks_truncate(struct chunks *q, size_t len);

#endif
