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
#define NEARLY		8	/* all of a window but this part is full */

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

int
framed_dry(const struct carrier *c)
{
	return c->pad != NULL && framed_unsent(c) == 0 &&
	    c->socket_out - c->socket_known > CARRIER_HELD_BACK &&
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
		if (!framed_dry(c))
			f->flush = 0;
		if (f->due)
			framed_put_counts(c);
		else if (f->flush && framed_dry(c)) {
			frames_put_pad(&f->out);
			f->padded_to = c->socket_out;
		}
	}
	return frames_gather(&f->out, framed_unsent(c), !f->due, framed_piece,
	    c, iov, max);
}

/* A window that is nearly full bounds what is sent: when the bytes sent by now
 * are confirmed, it may grow. */
static void
framed_look_at_window(struct carrier *c)
{
	struct carrier_frames	*f = &c->frames;
	size_t			 window = carrier_window(c);
	size_t			 flying = (size_t)(c->socket_out -
				    c->socket_known);

	if (flying >= window - window / NEARLY)
		f->full_to = c->socket_out;
	if (flying > f->peak)
		f->peak = flying;
}

void
framed_sent(struct carrier *c, size_t len)
{
	c->socket_out += frames_sent(&c->frames.out, len);
	framed_look_at_window(c);
	if (len > 0) {
		c->frames.moved = 1;
		c->frames.stuck = 0;
	}
	handover_report(c);
}

/* A window of which no quarter was made use of for a second shrinks. */
static void
framed_shrink(struct carrier_frames *f)
{
	if (f->peak < f->window / 4)
		f->window -= f->window / 4;
	if (f->window < CARRIER_WINDOW_FIRST)
		f->window = CARRIER_WINDOW_FIRST;
	f->peak = 0;
}

/* Has the peer taken nothing since the last tick, though there is something?
 * Its reader may stand still, and the socket not be read any more. */
static int
framed_is_unread(const struct carrier *c)
{
	return c->confirmed < c->pushed && c->confirmed == c->frames.confirmed;
}

void
framed_tick(struct carrier *c)
{
	struct carrier_frames	*f = &c->frames;
	struct iovec		 iov[2];
	int			 was;

	framed_shrink(f);
	was = f->stuck;
	f->stuck = !f->moved && (framed_pieces(c, iov, 2) > 0 ||
	    framed_is_unread(c));
	f->moved = 0;
	f->confirmed = c->confirmed;
	/* Our counts may lie unread behind what the peer does not read: they
	 * are to be told once more, in-band. */
	if (f->stuck && !was && c->report == CARRIER_REPORT_HEARD)
		c->report = CARRIER_REPORT_UNHEARD;
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
 * The peer has confirmed so many bytes more.  If the window was full when these
 * were sent, the path may hold more than the window has, which grows as slow
 * start does (RFC 5681 section 3.1): it doubles in a round trip.  What the
 * socket does not take is no part of a full window, so that it stops to grow
 * where the path ends.
 */
static void
framed_confirmed(struct carrier *c, size_t len)
{
	struct carrier_frames	*f = &c->frames;

	chunks_drain(c->out, len);
	if (c->socket_known < f->full_to)
		f->window = len < CARRIER_WINDOW_MOST - f->window ?
		    f->window + len : CARRIER_WINDOW_MOST;
	c->socket_known += len;
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
	if (n->received > c->socket_known)
		framed_confirmed(c, (size_t)(n->received - c->socket_known));
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
