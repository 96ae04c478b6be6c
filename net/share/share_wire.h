/*
 * share_wire: what the process that keeps a login and its clients say to each
 * other through a Unix socket: frames, and the fields of a request.  Bytes in,
 * bytes out; no descriptors.
 *
 * A frame is a head of eight bytes - version, type, two zeros, the length of
 * what follows as four bytes, the highest first - and at most SHARE_FRAME_MAX
 * bytes.  The fields of SHARE_RUN are pairs of strings, each with its NUL.
 */
#ifndef NET_SHARE_SHARE_WIRE_H
#define NET_SHARE_SHARE_WIRE_H

#include <stddef.h>

#include "xml/check.h"

struct buf;

#define SHARE_VERSION	1
#define SHARE_HEAD	8
#define SHARE_FRAME_MAX	(64 * 1024)

enum share_type {
	/* From a client. */
	SHARE_RUN = 1,		/* fields, and descriptors: take this run */
	SHARE_GO,		/* begin: the client will not log in itself */
	SHARE_SIGNAL,		/* a byte: the signal that ends the run */
	SHARE_HOLD,		/* the client is about to be stopped, */
	SHARE_RESUME,		/* and goes on */
	SHARE_CHECK,		/* how is it? */
	SHARE_EXIT,		/* end */
	/* To a client. */
	SHARE_TAKEN,		/* it is taken: the process, in decimal */
	SHARE_REFUSED,		/* it cannot: why */
	SHARE_BEGUN,		/* bytes may have moved from now on */
	SHARE_STANDS,		/* -L, -D: ports are open */
	SHARE_OUT,		/* a byte, 1 or 2, and text for that output */
	SHARE_HELD,		/* nothing moves any more */
	SHARE_CONFIRMED,	/* bytes that are confirmed, in decimal */
	SHARE_END,		/* two bytes: the fault, the signal or 0 */
	SHARE_STATUS,		/* a line of text: the answer to CHECK, EXIT.
				 * A run that tells of itself alone, and is
				 * asked by CHECK, sends many, and ends them
				 * with an empty one */
	SHARE_TYPES		/* no frame: the number after the last */
};

struct share_frame {
	enum share_type	 type;
	const unsigned char *data;	/* in the buffer */
	size_t		 len;
};

/* Append a frame with these len bytes.  0, or -1 and errno, EMSGSIZE if they
 * are too many. */
int	 share_wire_add(struct buf *b, enum share_type type, const void *data,
	    size_t len) MUST_CHECK;
/* The frame at the head of b, which takes *size bytes there.  1; 0 if it is not
 * whole yet; -1 if there can be none: another version, or no frame at all. */
int	 share_wire_next(const struct buf *b, struct share_frame *f,
	    size_t *size) MUST_CHECK;

/* Append a field.  0, or -1 and errno. */
int	 share_field_add(struct buf *b, const char *name, const char *value)
	    MUST_CHECK;
/* Take the next field off the *len bytes at *data.  1; 0 if there is none left;
 * -1 if what is left is no field. */
int	 share_field_next(const unsigned char **data, size_t *len,
	    const char **name, const char **value) MUST_CHECK;

#endif
