/*
 * frames: the frames of a socket of version 2 (xcat-protocol(7), Sockets): a
 * kind in one byte, a length in three, most significant first, and so many
 * bytes.  Those of data carry the TLS stream; those of counts say what has come
 * and gone; those of padding mean nothing.
 *
 * Nothing is copied: what is to be written is described by pieces for
 * sendmsg(2), and what has come is handed on from where it lies.
 */
#ifndef IBB_FRAMES_H
#define IBB_FRAMES_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stddef.h>
#include <stdint.h>

#define FRAMES_HEAD	4
#define FRAMES_MOST	65536	/* bytes of data or padding in a frame */
#define FRAMES_COUNTS_LEN 24	/* bytes in a frame of counts */
#define FRAMES_PAD_LEN	8500	/* bytes of the padding that we send */

enum frames_kind {
	FRAMES_DATA = 1,
	FRAMES_COUNTS,
	FRAMES_PAD
};

struct frames_counts {
	uint64_t	 received;	/* bytes of data in this socket */
	uint64_t	 consumed;	/* payload of the whole stream */
	uint64_t	 window;	/* bytes that the sender may have
					 * under way */
};

/* What is being written.  All zero: nothing yet. */
struct frames_out {
	unsigned char	 head[FRAMES_HEAD + FRAMES_COUNTS_LEN];
	size_t		 head_len, head_gone;
	size_t		 left;		/* data of the frame begun */
	size_t		 pad;		/* padding of the frame begun */
	size_t		 ahead;		/* data in frames behind it, as the
					 * last pieces had them */
};

/* What is being read.  All zero: nothing yet. */
struct frames_in {
	unsigned char	 head[FRAMES_HEAD + FRAMES_COUNTS_LEN];
	size_t		 have;		/* bytes of head */
	size_t		 left;		/* bytes of the frame to come */
};

/* What frames_take() has found. */
enum frames_found {
	FRAMES_FOUND_NONE,	/* all is read */
	FRAMES_FOUND_DATA,
	FRAMES_FOUND_COUNTS,
	FRAMES_FOUND_PAD,
	FRAMES_FOUND_BAD	/* no frame: nothing that follows has a sense */
};

/* Is the output between two frames, so that a frame of another kind than data
 * may begin? */
int	 frames_between(const struct frames_out *f);
/* Begin a frame of counts; only between two frames. */
void	 frames_put_counts(struct frames_out *f,
	    const struct frames_counts *counts);
/* Begin a frame of padding; only between two frames. */
void	 frames_put_pad(struct frames_out *f);

/* Gives a piece of the data that begins at this offset of what is not written
 * yet, and its length, at least 1. */
typedef const unsigned char *frames_piece_fn(void *arg, size_t offset,
	    size_t *len);

/*
 * What is to be written: the rest of the frame that is begun and, with more,
 * frames of the data behind it, of which there are len bytes with what is left
 * of the frame begun.  Fills iov, and returns how many of max, at least 1, it
 * has filled.
 */
int	 frames_gather(struct frames_out *f, size_t len, int more,
	    frames_piece_fn *piece, void *arg, struct iovec *iov, int max);
/* The first len bytes of what frames_gather() gave are written.  Returns how
 * many of these are data. */
size_t	 frames_sent(struct frames_out *f, size_t len);

/*
 * Read the next of the *len bytes at *p, both of which move on.  Data: *data
 * and *n are what there is of them here; counts: these.
 */
enum frames_found frames_take(struct frames_in *f, const unsigned char **p,
	    size_t *len, const unsigned char **data, size_t *n,
	    struct frames_counts *counts);

#endif
