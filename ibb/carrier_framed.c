/*
 * carrier_framed: a socket of version 2, whose bytes go in frames, and which
 * says itself what has come of it (xcat-protocol(7), Sockets).
 *
 * It carries nothing before each end has heard the other one through it.  The
 * end that may begin sends its counts; the other end answers with its own,
 * which shows that both directions work, and hears that by the next frame.
 */
#include <string.h>

#include "ibb/carrier_int.h"
#include "ibb/frames.h"
#include "ibb/handover.h"

#define UNSENT		(256 * 1024)	/* bytes in front of the socket */
#define HELD_BACK	4096	/* bytes; see carrier_socket_pad() */

void
framed_begin(struct carrier *c, int ready)
{
	struct carrier_frames	*f = &c->frames;

	memset(f, 0, sizeof(*f));
	f->due = ready;
	f->answers = !ready;
	f->window = CARRIER_WINDOW_FIRST;
}

/*
 * Out
 */

static size_t
framed_unsent(const struct carrier *c)
{
	return c->way == CARRIER_SOCKET ? chunks_len(c->out) -
	    (size_t)(c->socket_out - c->socket_known) : 0;
}

/* What is not written yet is kept short: a key that is pressed later
 * waits behind it. */
size_t
framed_room(const struct carrier *c, size_t most)
{
	size_t	 len = chunks_len(c->out), unsent = framed_unsent(c);

	if (len >= most || unsent >= UNSENT)
		return 0;
	return most - len < UNSENT - unsent ? most - len : UNSENT - unsent;
}

static void
framed_put_counts(struct carrier *c)
{
	struct frames_counts	 counts;

	c->told_window = carrier_window(c);
	counts.received = c->told_in = c->socket_in;
	counts.consumed = c->told_consumed = c->consumed;
	counts.window = c->told_window;
	frames_put_counts(&c->frames.out, &counts);
	c->frames.due = 0;
	c->frames.padded_to = 0;
}

/* Is a proxy to be given something to hold back? */
static int
framed_wants_pad(const struct carrier *c)
{
	return c->pad != NULL && framed_unsent(c) == 0 &&
	    c->socket_out - c->socket_known > HELD_BACK &&
	    c->frames.padded_to != c->socket_out;
}

static const unsigned char *
framed_piece(void *arg, size_t offset, size_t *len)
{
	const struct carrier	*c = arg;
	size_t			 flying = (size_t)(c->socket_out -
				    c->socket_known);

	return chunks_piece(c->out, flying + offset, len);
}

int
framed_pieces(struct carrier *c, struct iovec *iov, int max)
{
	struct carrier_frames	*f = &c->frames;

	if (frames_between(&f->out)) {
		if (f->due)
			framed_put_counts(c);
		else if (framed_wants_pad(c)) {
			frames_put_pad(&f->out);
			f->padded_to = c->socket_out;
		}
	}
	return frames_gather(&f->out, framed_unsent(c), !f->due, framed_piece,
	    c, iov, max);
}

void
framed_sent(struct carrier *c, size_t len)
{
	c->socket_out += frames_sent(&c->frames.out, len);
	if (len > 0) {
		c->frames.moved = 1;
		c->frames.stuck = 0;
	}
	handover_report(c);
}

void
framed_tick(struct carrier *c)
{
	struct carrier_frames	*f = &c->frames;
	struct iovec		 iov[2];

	f->stuck = !f->moved && framed_pieces(c, iov, 2) > 0;
	f->moved = 0;
}

/*
 * In
 */

static void
framed_bad(struct carrier *c)
{
	c->frames.bad = 1;
	handover_lost(c, 1);
}

/* A frame has come.  Is that enough for the socket to stand at both ends? */
static void
framed_heard(struct carrier *c)
{
	struct carrier_frames	*f = &c->frames;

	if (f->heard < 2)
		f->heard++;
	if (c->socket != CARRIER_SOCKET_HALF)
		return;
	if (!f->answers || f->heard > 1) {
		carrier_set_stand(c, CARRIER_SOCKET_UP);
		handover_advance(c);
	}
	f->due = 1;
}

/*
 * A round trip ends when what was last written as it began is confirmed.  What
 * was confirmed meanwhile is the rate of the socket times its round trip; twice
 * as much may be under way, so that a window that is too small doubles in each
 * round trip.
 */
static void
framed_measure(struct carrier *c)
{
	struct carrier_frames	*f = &c->frames;
	uint64_t		 most;

	if (c->socket_known < f->round_end)
		return;
	most = 2 * (c->socket_known - f->round_from);
	f->window = most < CARRIER_WINDOW_FIRST ? CARRIER_WINDOW_FIRST :
	    most > CARRIER_WINDOW_MOST ? CARRIER_WINDOW_MOST : (size_t)most;
	f->round_from = c->socket_known;
	f->round_end = c->socket_out;
}

/* The counts of a socket never go back; in-band, later ones may have come
 * before these. */
static void
framed_take_counts(struct carrier *c, const struct frames_counts *n)
{
	struct frames_counts	*last = &c->frames.last;

	if (n->received < last->received || n->received > c->socket_out ||
	    n->consumed < last->consumed || n->consumed > c->pushed) {
		framed_bad(c);
		return;
	}
	*last = *n;
	c->window = n->window < CARRIER_WINDOW_LEAST ? CARRIER_WINDOW_LEAST :
	    n->window > CARRIER_WINDOW ? CARRIER_WINDOW : (size_t)n->window;
	if (n->received > c->socket_known) {
		chunks_drain(c->out, (size_t)(n->received - c->socket_known));
		c->socket_known = n->received;
		framed_measure(c);
	}
	framed_heard(c);
	carrier_confirm(c, n->consumed);
}

static void
framed_take_data(struct carrier *c, const unsigned char *p, size_t len)
{
	if (c->frames.heard == 0) {
		framed_bad(c);
		return;
	}
	framed_heard(c);
	c->socket_in += len;
	c->feeding = 1;
	c->user.block(c->arg, p, len);
	c->feeding = 0;
}

void
framed_input(struct carrier *c, const unsigned char *p, size_t len)
{
	const unsigned char	*data = NULL;
	struct frames_counts	 counts;
	size_t			 n = 0;

	while (carrier_has_socket(c))
		switch (frames_take(&c->frames.in, &p, &len, &data, &n,
		    &counts)) {
		case FRAMES_FOUND_NONE:
			c->kind->report(c);
			return;
		case FRAMES_FOUND_DATA:
			framed_take_data(c, data, n);
			break;
		case FRAMES_FOUND_COUNTS:
			framed_take_counts(c, &counts);
			break;
		case FRAMES_FOUND_PAD:
			break;
		case FRAMES_FOUND_BAD:
			framed_bad(c);
			break;
		}
}
