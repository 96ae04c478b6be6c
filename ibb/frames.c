/*
 * frames: the frames of a socket of version 2.
 */
#include <string.h>

#include "ibb/frames.h"

#define BATCH	4	/* frames of data that are begun in one write */

/*
 * Out
 */

static void
frames_write(unsigned char *p, uint64_t n, int bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (unsigned char)(n & 0xff);
		n >>= 8;
	}
}

static void
frames_write_head(unsigned char *p, enum frames_kind kind, size_t len)
{
	p[0] = (unsigned char)kind;
	frames_write(p + 1, len, 3);
}

static void
frames_begin(struct frames_out *f, enum frames_kind kind, size_t len)
{
	frames_write_head(f->head, kind, len);
	f->head_len = FRAMES_HEAD;
	f->head_gone = 0;
}

int
frames_between(const struct frames_out *f)
{
	return f->head_gone == f->head_len && f->left == 0 && f->pad == 0;
}

void
frames_put_counts(struct frames_out *f, const struct frames_counts *counts)
{
	unsigned char	*p = f->head + FRAMES_HEAD;

	frames_begin(f, FRAMES_COUNTS, FRAMES_COUNTS_LEN);
	frames_write(p, counts->received, 8);
	frames_write(p + 8, counts->consumed, 8);
	frames_write(p + 16, counts->window, 8);
	f->head_len += FRAMES_COUNTS_LEN;
}

void
frames_put_pad(struct frames_out *f)
{
	frames_begin(f, FRAMES_PAD, FRAMES_PAD_LEN);
	f->pad = FRAMES_PAD_LEN;
}

/* Data of the frame behind so many bytes of data in frames of their own. */
static size_t
frames_next(size_t ahead)
{
	return ahead < FRAMES_MOST ? ahead : FRAMES_MOST;
}

static int
frames_add(struct iovec *iov, const void *p, size_t len)
{
	if (len == 0)
		return 0;
	/* sendmsg(2) changes nothing there. */
	iov->iov_base = (void *)(uintptr_t)p;
	iov->iov_len = len;
	return 1;
}

/* The pieces of len bytes of data from this offset on, max at most. */
static int
frames_add_data(frames_piece_fn *piece, void *arg, size_t offset, size_t len,
    struct iovec *iov, int max)
{
	const unsigned char	*p;
	size_t			 some;
	int			 n = 0;

	while (len > 0 && n < max) {
		p = piece(arg, offset, &some);
		some = some < len ? some : len;
		n += frames_add(&iov[n], p, some);
		offset += some;
		len -= some;
	}
	return n;
}

int
frames_gather(struct frames_out *f, size_t len, int more,
    frames_piece_fn *piece, void *arg, struct iovec *iov, int max)
{
	static const unsigned char	 zeros[FRAMES_PAD_LEN];
	static unsigned char		 heads[BATCH][FRAMES_HEAD];
	size_t				 offset = f->left, size;
	int				 n, i;

	n = frames_add(iov, f->head + f->head_gone, f->head_len -
	    f->head_gone);
	if (n < max)
		n += frames_add(&iov[n], zeros, f->pad);
	n += frames_add_data(piece, arg, 0, f->left, &iov[n], max - n);
	f->ahead = more ? len - f->left : 0;
	for (i = 0; i < BATCH && f->left + f->ahead > offset && n < max;
	    i++) {
		size = frames_next(f->left + f->ahead - offset);
		frames_write_head(heads[i], FRAMES_DATA, size);
		n += frames_add(&iov[n], heads[i], FRAMES_HEAD);
		n += frames_add_data(piece, arg, offset, size, &iov[n],
		    max - n);
		offset += size;
	}
	return n;
}

/* Of *len bytes take as many as *n has. */
static size_t
frames_spend(size_t *len, size_t *n)
{
	size_t	 some = *len < *n ? *len : *n;

	*len -= some;
	*n -= some;
	return some;
}

size_t
frames_sent(struct frames_out *f, size_t len)
{
	size_t	 data = 0, head;

	for (;;) {
		head = f->head_len - f->head_gone;
		f->head_gone += frames_spend(&len, &head);
		frames_spend(&len, &f->pad);
		data += frames_spend(&len, &f->left);
		if (len == 0)
			return data;
		f->left = frames_next(f->ahead);
		f->ahead -= f->left;
		frames_begin(f, FRAMES_DATA, f->left);
	}
}

/*
 * In
 */

static uint64_t
frames_read(const unsigned char *p, int bytes)
{
	uint64_t	 n = 0;

	while (bytes-- > 0)
		n = n << 8 | *p++;
	return n;
}

/* Fill the head up to want bytes.  Is it full? */
static int
frames_fill(struct frames_in *f, const unsigned char **p, size_t *len,
    size_t want)
{
	size_t	 n = want - f->have < *len ? want - f->have : *len;

	memcpy(f->head + f->have, *p, n);
	f->have += n;
	*p += n;
	*len -= n;
	return f->have == want;
}

static enum frames_found
frames_take_counts(struct frames_in *f, const unsigned char **p, size_t *len,
    struct frames_counts *counts)
{
	const unsigned char	*b = f->head + FRAMES_HEAD;

	if (!frames_fill(f, p, len, FRAMES_HEAD + FRAMES_COUNTS_LEN))
		return FRAMES_FOUND_NONE;
	f->have = 0;
	counts->received = frames_read(b, 8);
	counts->consumed = frames_read(b + 8, 8);
	counts->window = frames_read(b + 16, 8);
	return FRAMES_FOUND_COUNTS;
}

/* The head of a frame is there: the bytes that follow, or -1 if this is no
 * frame. */
static int
frames_check(struct frames_in *f)
{
	size_t	 len = (size_t)frames_read(f->head + 1, 3);

	switch (f->head[0]) {
	case FRAMES_DATA:
	case FRAMES_PAD:
		f->left = len;
		return len > 0 && len <= FRAMES_MOST ? 0 : -1;
	case FRAMES_COUNTS:
		return len == FRAMES_COUNTS_LEN ? 0 : -1;
	default:
		return -1;
	}
}

enum frames_found
frames_take(struct frames_in *f, const unsigned char **p, size_t *len,
    const unsigned char **data, size_t *n, struct frames_counts *counts)
{
	if (f->have < FRAMES_HEAD) {
		if (!frames_fill(f, p, len, FRAMES_HEAD))
			return FRAMES_FOUND_NONE;
		if (frames_check(f) == -1) {
			f->have = 0;
			return FRAMES_FOUND_BAD;
		}
	}
	if (f->head[0] == FRAMES_COUNTS)
		return frames_take_counts(f, p, len, counts);
	if (*len == 0)
		return FRAMES_FOUND_NONE;
	*n = *len < f->left ? *len : f->left;
	*data = *p;
	*p += *n;
	*len -= *n;
	if ((f->left -= *n) == 0)
		f->have = 0;
	return f->head[0] == FRAMES_DATA ? FRAMES_FOUND_DATA :
	    FRAMES_FOUND_PAD;
}
