#include <sys/queue.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/carrier.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define HELD_BACK	4096	/* see carrier_socket_pad() */
#define WINDOW_LEAST	(16 * 1024)	/* if memory is short */
#define REPORTS	4	/* stanzas for a window */

/* What is between us and the peer beside the in-band bytestream. */
enum socket_state {
	WIRE_NONE,
	WIRE_UP,	/* a socket stands */
	WIRE_DOWN	/* it broke; the peer is asked what has come of it */
};

static const char *const way_names[] = {
	"in-band", "moving", "socket", "lost"
};

/* A received block: answered once all up to here has been consumed. */
struct mark {
	uint64_t		 upto;
	STAILQ_ENTRY(mark)	 next;
};

struct carrier {
	struct inband		*inband;	/* NULL: a socket alone */
	struct iq_table		*iqs;
	char			*peer, *sid;	/* of a socket alone */
	struct inband_user	 user;
	void			(*extra)(void *, struct xw *);
	void			*arg;
	int			 over;		/* closed, failed or aborted */
	unsigned		 losses;	/* times that one was away */
	STAILQ_HEAD(, mark)	 marks;
	/* Payload that came, and what of it has gone on. */
	uint64_t		 received, consumed;
	/* What is to be sent, and, in a socket, what is not confirmed. */
	struct buf		 plain, *out;
	/* Payload pushed; of it, in blocks, answered as such; confirmed;
	 * reported to the user as that. */
	uint64_t		 pushed, blocked, landed, confirmed, credited;

	enum socket_state		 socket;
	enum carrier_way	 way;
	unsigned		 number;	/* of the last socket */
	int			 ready;		/* the peer has it as well */
	uint64_t		 socket_out;	/* bytes written to it */
	uint64_t		 socket_known;	/* of these, the peer has got */
	uint64_t		 socket_in;	/* bytes that came from it */
	int			(*pad)(void *);
	size_t			 padded;	/* bytes at out's end ... */
	uint64_t		 padded_to;	/* ... as it was then */
	int			 foreign;	/* and not the session's */
	int			 feeding;	/* block() is about these */
	int			 finishing;	/* a socket alone: we close */
	int			 ended;		/* and the peer has */
	/* What the peer was told last; is it still to answer that? */
	uint64_t		 told_in, told_consumed;
	int			 telling, closing_told;
	size_t			 told_window;	/* and the window for ours; */
	size_t			 window;	/* that for its bytes */
	int			 unheard;	/* it may not have heard that */
	int			 urgent;
	uint64_t		 owed;		/* consumption to be reported */
};

static void	 advance(struct carrier *);
static void	 report(struct carrier *);

static void
set_way(struct carrier *c, enum carrier_way way)
{
	if (c->inband != NULL)
		inband_trace(c->inband, "carrier: ", way_names[c->way],
		    way_names[way]);
	c->way = way;
}

/*
 * Life and death
 */

static void	 on_block(void *, const void *, size_t);
static void	 on_answered(void *, size_t);
static void	 on_mended(void *, int);

static void
write_extra(void *arg, struct xw *w)
{
	struct carrier	*c = arg;

	if (c->extra != NULL)
		c->extra(c->arg, w);
}

static void
on_opened(void *arg, const struct elem *result)
{
	struct carrier	*c = arg;

	c->user.opened(c->arg, result);
}

static void
on_closing(void *arg, const struct elem *close)
{
	struct carrier	*c = arg;

	c->user.closing(c->arg, close);
}

static void
on_closed(void *arg, const struct elem *answer)
{
	struct carrier	*c = arg;

	c->over = 1;
	c->user.closed(c->arg, answer);
}

static int
on_receipt(void *arg, char *out)
{
	struct carrier	*c = arg;

	return c->user.receipt(c->arg, out);
}

static size_t
on_room(void *arg, int all)
{
	struct carrier	*c = arg;

	return c->user.room != NULL ? c->user.room(c->arg, all) : SIZE_MAX;
}

static void
on_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	struct carrier	*c = arg;

	c->over = 1;
	c->user.failed(c->arg, fault, err, text);
}

static const struct inband_user blocks = {
	.opened = on_opened,
	.block = on_block,
	.answered = on_answered,
	.mended = on_mended,
	.closing = on_closing,
	.closed = on_closed,
	.receipt = on_receipt,
	.room = on_room,
	.failed = on_failed,
};

static struct carrier *
new(struct iq_table *iqs, const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->iqs = iqs;
	c->user = *user;
	c->arg = arg;
	STAILQ_INIT(&c->marks);
	buf_init(&c->plain, CARRIER_WINDOW);
	c->out = &c->plain;
	c->told_window = c->window = CARRIER_WINDOW;
	return c;
}

struct carrier *
carrier_new(struct ibb *b, struct iq_table *iqs, const char *peer,
    size_t block_size, int message, const struct inband_user *user, void *arg)
{
	return carrier_new_sid(b, iqs, peer, NULL, block_size, message, user,
	    arg);
}

struct carrier *
carrier_new_sid(struct ibb *b, struct iq_table *iqs, const char *peer,
    const char *sid, size_t block_size, int message,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	if ((c = new(iqs, user, arg)) == NULL)
		return NULL;
	c->inband = inband_new_sid(b, peer, sid, block_size, message, &blocks,
	    c);
	if (c->inband == NULL) {
		carrier_free(c);
		return NULL;
	}
	return c;
}

struct carrier *
carrier_offered(struct inband *offer, struct iq_table *iqs,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	if ((c = new(iqs, user, arg)) == NULL)
		return NULL;
	c->inband = offer;
	inband_own(offer, &blocks, c);
	return c;
}

struct carrier *
carrier_alone(const char *peer, const char *sid,
    const struct inband_user *user, void *arg)
{
	struct carrier	*c;

	if ((c = new(NULL, user, arg)) == NULL)
		return NULL;
	c->peer = strdup(peer);
	c->sid = strdup(sid);
	if (c->peer == NULL || c->sid == NULL) {
		carrier_free(c);
		return NULL;
	}
	return c;
}

int
carrier_is_alone(const struct carrier *c)
{
	return c->inband == NULL;
}

static void
mark_free(struct carrier *c)
{
	struct mark	*m = STAILQ_FIRST(&c->marks);

	STAILQ_REMOVE_HEAD(&c->marks, next);
	free(m);
}

void
carrier_free(struct carrier *c)
{
	if (c == NULL)
		return;
	if (c->iqs != NULL)
		iq_forget(c->iqs, c);
	inband_free(c->inband);
	while (!STAILQ_EMPTY(&c->marks))
		mark_free(c);
	buf_free(&c->plain);
	free(c->peer);
	free(c->sid);
	free(c);
}

int
carrier_open(struct carrier *c, int64_t deadline,
    void (*extra)(void *, struct xw *))
{
	c->extra = extra;
	return inband_open(c->inband, deadline, write_extra);
}

int
carrier_accept(struct carrier *c, void (*extra)(void *, struct xw *))
{
	c->extra = extra;
	return c->inband != NULL ? inband_accept(c->inband, write_extra) : 0;
}

void
carrier_refuse(struct carrier *c, enum stanza_error err, const char *text)
{
	if (c->inband != NULL)
		inband_refuse(c->inband, err, text);
	c->inband = NULL;
	c->over = 1;
}

/* A socket alone says all by its end: ours, then theirs. */
static void
close_alone(struct carrier *c)
{
	c->finishing = 1;
	if (!c->ended || c->over)
		return;
	c->over = 1;
	c->user.closed(c->arg, NULL);
}

void
carrier_close(struct carrier *c, int64_t deadline)
{
	if (c->inband != NULL)
		inband_close(c->inband, deadline);
	else
		close_alone(c);
}

void
carrier_close_back(struct carrier *c, int64_t deadline)
{
	if (c->inband != NULL)
		inband_close_back(c->inband, deadline);
	else
		close_alone(c);
}

void
carrier_abort(struct carrier *c, enum stanza_error err)
{
	if (c->inband != NULL)
		inband_abort(c->inband, err);
	c->over = 1;
}

void
carrier_turn_away(struct carrier *c, enum stanza_error err, const char *text)
{
	if (c->inband != NULL)
		inband_turn_away(c->inband, err, text);
	c->over = 1;
}

void
carrier_can_sync(struct carrier *c)
{
	if (c->inband != NULL)
		inband_can_sync(c->inband);
}

void
carrier_agree(struct carrier *c, size_t ours, size_t theirs)
{
	if (c->inband != NULL)
		inband_agree(c->inband, ours, theirs);
}

void
carrier_sync(struct carrier *c)
{
	if (c->inband != NULL)
		inband_sync(c->inband);
}

int
carrier_syncs(const struct carrier *c)
{
	return c->inband == NULL || inband_syncs(c->inband);
}

int
carrier_waits(const struct carrier *c)
{
	return c->inband != NULL && inband_waits(c->inband);
}

int
carrier_away(const struct carrier *c)
{
	return c->inband != NULL && inband_away(c->inband);
}

size_t
carrier_held(const struct carrier *c)
{
	return c->inband != NULL ? inband_held(c->inband) : 0;
}

size_t
carrier_flying(const struct carrier *c)
{
	return c->inband != NULL ? inband_flying(c->inband) : 0;
}

const char *
carrier_peer(const struct carrier *c)
{
	return c->inband != NULL ? inband_peer(c->inband) : c->peer;
}

const char *
carrier_sid(const struct carrier *c)
{
	return c->inband != NULL ? inband_sid(c->inband) : c->sid;
}

size_t
carrier_block(const struct carrier *c)
{
	return c->inband != NULL ? inband_block(c->inband) :
	    INBAND_BLOCK_MAX;
}

/*
 * Sending
 */

struct buf *
carrier_out(struct carrier *c)
{
	return c->out;
}

void
carrier_set_out(struct carrier *c, struct buf *out)
{
	c->out = out != NULL ? out : &c->plain;
}

/* The peer has taken so much payload of ours. */
static void
confirm(struct carrier *c, uint64_t payload)
{
	uint64_t	 more;

	if (payload > c->confirmed)
		c->confirmed = payload;
	more = c->confirmed - c->credited;
	c->credited = c->confirmed;
	if (!c->over)
		c->user.answered(c->arg, (size_t)more);
}

/* As many blocks as may go.  The one that ends what there is stands for all
 * payload that no other block stands for. */
static void
send_blocks(struct carrier *c)
{
	size_t	 block = carrier_block(c), n, weight;

	while (buf_len(c->out) > 0 && inband_takes(c->inband)) {
		n = buf_len(c->out) < block ? buf_len(c->out) : block;
		weight = n == buf_len(c->out) ?
		    (size_t)(c->pushed - c->blocked) : 0;
		c->blocked += weight;
		if (inband_send(c->inband, buf_data(c->out), n, weight) == -1)
			return;
		buf_drain(c->out, n);
	}
}

/*
 * With the last block answered everything before is where it belongs: what is
 * next may take the socket.  Streams of messages have no such moment, but
 * these get no socket.
 */
static void
advance(struct carrier *c)
{
	if (c->over || c->inband == NULL)
		return;
	if (c->way == CARRIER_INBAND && c->socket == WIRE_UP && c->ready)
		set_way(c, CARRIER_MOVING);
	if (c->way == CARRIER_MOVING && inband_unanswered(c->inband) == 0)
		set_way(c, CARRIER_SOCKET);
	if (c->way == CARRIER_INBAND)
		send_blocks(c);
}

void
carrier_push(struct carrier *c, size_t weight)
{
	c->pushed += weight;
	if (c->socket_known + buf_len(c->out) != c->padded_to)
		c->padded = 0;
	advance(c);
}

int
carrier_ready(const struct carrier *c)
{
	if (c->over)
		return 0;
	switch (c->way) {
	case CARRIER_INBAND:
		return buf_len(c->out) == 0;
	case CARRIER_SOCKET:
		return buf_len(c->out) < CARRIER_WINDOW;
	default:
		return 0;
	}
}

size_t
carrier_room_blocks(const struct carrier *c)
{
	if (c->way != CARRIER_INBAND || c->inband == NULL ||
	    !carrier_ready(c))
		return 0;
	return inband_room(c->inband);
}

/* An eighth of what there is memory for, as each of many streams wants some. */
static size_t
window(const struct carrier *c)
{
	size_t	 n;

	if (c->user.room == NULL)
		return CARRIER_WINDOW;
	n = c->user.room(c->arg, 0) / 8;
	return n > CARRIER_WINDOW ? CARRIER_WINDOW :
	    n < WINDOW_LEAST ? WINDOW_LEAST : n;
}

size_t
carrier_room_bytes(const struct carrier *c)
{
	size_t	 most = window(c);

	if (c->way != CARRIER_SOCKET || !carrier_ready(c) ||
	    buf_len(c->out) >= most)
		return 0;
	return most - buf_len(c->out);
}

int
carrier_idle(const struct carrier *c)
{
	if (c->inband == NULL)
		return buf_len(c->out) == 0;
	if (inband_unanswered(c->inband) > 0)
		return 0;
	return c->number == 0 || (buf_len(c->out) <= c->padded &&
	    c->confirmed == c->pushed);
}

/* What we told the peer, or it answered, may have been lost. */
static void
on_mended(void *arg, int lost)
{
	struct carrier	*c = arg;

	if (c->over)
		return;
	if (c->number > 0) {
		iq_forget(c->iqs, c);
		c->unheard |= c->telling;
		c->telling = c->closing_told = 0;
		c->urgent = 1;
		report(c);
	}
	if (lost) {
		c->losses++;
		c->user.answered(c->arg, 0);
	}
}

static void
on_answered(void *arg, size_t weight)
{
	struct carrier	*c = arg;

	c->landed += weight;
	advance(c);
	confirm(c, c->landed);
}

/*
 * Receiving
 */

static void
on_block(void *arg, const void *data, size_t len)
{
	struct carrier	*c = arg;

	c->user.block(c->arg, data, len);
}

/* Answer the blocks that have been consumed to their end. */
static void
answer(struct carrier *c)
{
	struct mark	*m;
	size_t		 n = 0;

	while ((m = STAILQ_FIRST(&c->marks)) != NULL &&
	    m->upto <= c->consumed) {
		mark_free(c);
		n++;
	}
	if (n > 0)
		inband_answer(c->inband, n);
}

int
carrier_received(struct carrier *c, uint64_t payload)
{
	struct mark	*m;

	c->received = payload;
	if (c->feeding)
		return 0;
	if ((m = malloc(sizeof(*m))) == NULL)
		return -1;
	m->upto = payload;
	STAILQ_INSERT_TAIL(&c->marks, m, next);
	answer(c);	/* it may hold nothing for the end */
	return 0;
}

void
carrier_consumed(struct carrier *c, uint64_t payload)
{
	c->consumed = payload;
	answer(c);
	report(c);
}

void
carrier_report(struct carrier *c)
{
	c->urgent = 1;
	report(c);
}

enum carrier_way
carrier_way(const struct carrier *c)
{
	return c->way;
}

/*
 * What the ends tell each other of the socket
 */

static void
write_counts(struct carrier *c, struct xw *w, const char *state)
{
	xw_start(w, "socket", NS_XCAT);
	xw_attr(w, "sid", carrier_sid(c));
	xw_attrf(w, "number", "%u", c->number);
	xw_attr(w, "state", state);
	xw_attrf(w, "received", "%" PRIu64, c->socket_in);
	xw_attrf(w, "consumed", "%" PRIu64, c->consumed);
	c->told_window = window(c);
	if (c->told_window < CARRIER_WINDOW)
		xw_attrf(w, "window", "%zu", c->told_window);
	xw_end(w);
	c->told_in = c->socket_in;
	c->told_consumed = c->consumed;
}

static int
number(const char *s, uint64_t *n)
{
	*n = 0;
	if (s == NULL || *s == '\0' || strlen(s) > 18)
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		*n = *n * 10 + (uint64_t)(*s - '0');
	}
	return 0;
}

static void	 take_answer(void *, const struct elem *);

/* One at a time: its answer is what sets the pace. */
static void
tell(struct carrier *c, const char *state)
{
	write_counts(c, iq_request(c->iqs, "set", carrier_peer(c)), state);
	c->unheard = 0;
	c->telling = iq_ask(c->iqs, take_answer, c, IQ_NODEADLINE) == 0;
}

/* Has the window for our bytes changed so much that the peer, which is to
 * report several times for each, had better know? */
static int
window_is_news(const struct carrier *c)
{
	size_t	 n = window(c);

	return n < c->told_window / 2 || n / 2 > c->told_window;
}

/* Is there something worth telling the peer? */
static void
report(struct carrier *c)
{
	uint64_t	 in = c->socket_in - c->told_in;
	uint64_t	 consumed = c->consumed - c->told_consumed;
	size_t		 worth = c->window / REPORTS;

	if (c->over || c->inband == NULL || c->number == 0 || c->telling)
		return;
	if (c->socket == WIRE_DOWN && !c->closing_told) {
		c->closing_told = 1;
		tell(c, "closed");
	} else if (c->socket == WIRE_UP && (in >= worth || consumed >= worth ||
	    window_is_news(c) || (c->urgent && (in + consumed > 0 ||
	    c->unheard)))) {
		c->urgent = 0;
		tell(c, "open");
	} else if (c->socket == WIRE_NONE && c->consumed >= c->owed &&
	    (c->told_consumed < c->owed || c->unheard)) {
		tell(c, "closed");
	}
}

static void
bad_control(struct carrier *c)
{
	carrier_abort(c, SE_BAD_REQUEST);
	c->user.failed(c->arg, INBAND_BAD_DATA, SE_BAD_REQUEST, "");
}

/* It cannot have more than was sent, nor less than it has said before. */
static int
take_counts(struct carrier *c, uint64_t in, uint64_t consumed)
{
	if (c->socket != WIRE_NONE) {
		if (in < c->socket_known || in > c->socket_out)
			return -1;
		buf_drain(c->out, (size_t)(in - c->socket_known));
		c->socket_known = in;
	}
	return consumed > c->pushed ? -1 : 0;
}

/*
 * Both ends have closed the socket and know what came of it.  What has not
 * goes in-band; a block of that, once answered, says that all before it was
 * consumed as well.
 */
static void
settle(struct carrier *c)
{
	c->socket = WIRE_NONE;
	c->owed = c->received;
	if (c->way == CARRIER_LOST)	/* or blocks are on their way */
		c->blocked = c->landed = c->confirmed;
	c->socket_out = c->socket_known = 0;
	if (c->foreign)
		buf_truncate(c->out, buf_len(c->out) > c->padded ?
		    buf_len(c->out) - c->padded : 0);
	c->padded = 0;
	c->foreign = 0;
	set_way(c, CARRIER_INBAND);
	advance(c);
}

/* We use it no more. */
static void
drop(struct carrier *c)
{
	c->socket = WIRE_DOWN;
	c->closing_told = 0;
	c->ready = 0;
	set_way(c, c->way == CARRIER_SOCKET ? CARRIER_LOST : CARRIER_INBAND);
}

static int
counts_of(const struct elem *e, uint64_t *n, uint64_t *in, uint64_t *consumed)
{
	return number(elem_attr(e, "number"), n) == -1 ||
	    number(elem_attr(e, "received"), in) == -1 ||
	    number(elem_attr(e, "consumed"), consumed) == -1 ? -1 : 0;
}

/* The window that the peer has for its bytes. */
static size_t
window_of(const struct elem *e)
{
	uint64_t	 n;

	if (number(elem_attr(e, "window"), &n) == -1 || n > CARRIER_WINDOW)
		return CARRIER_WINDOW;
	return n < WINDOW_LEAST ? WINDOW_LEAST : (size_t)n;
}

/* The peer has closed it, too, and says what came. */
static void
peer_closed(struct carrier *c, uint64_t in, uint64_t consumed)
{
	if (take_counts(c, in, consumed) == -1) {
		bad_control(c);
		return;
	}
	if (c->socket == WIRE_DOWN) {
		if (consumed > c->confirmed)
			c->confirmed = consumed;
		settle(c);
	}
	confirm(c, consumed);
}

/* The in-band bytestream finds out what is wrong, and whether it can be
 * mended: see on_mended(). */
static void
not_heard(struct carrier *c, enum stanza_error err)
{
	c->unheard = 1;
	if (inband_is_away(err) && inband_may_carry(c->inband))
		inband_sync(c->inband);
}

static void
take_answer(void *arg, const struct elem *answer)
{
	struct carrier		*c = arg;
	const struct elem	*e = elem_child(answer, NS_XCAT, "socket");
	uint64_t		 n, in, consumed;

	c->telling = 0;
	if (c->over)
		return;
	if (stanza_error(answer) != SE_NONE) {
		not_heard(c, stanza_error(answer));
		return;
	}
	if (e != NULL && c->socket == WIRE_DOWN && c->closing_told &&
	    counts_of(e, &n, &in, &consumed) == 0 && n == c->number)
		peer_closed(c, in, consumed);
	report(c);
}

static void
control_open(struct carrier *c, const struct elem *iq, uint64_t in,
    uint64_t consumed)
{
	iq_ok(c->iqs, iq);
	if (c->socket != WIRE_UP)
		return;		/* we have dropped it and say so */
	if (take_counts(c, in, consumed) == -1) {
		bad_control(c);
		return;
	}
	c->ready = 1;
	c->window = window_of(elem_child(iq, NS_XCAT, "socket"));
	advance(c);
	confirm(c, consumed);
}

static void
control_closed(struct carrier *c, const struct elem *iq, uint64_t in,
    uint64_t consumed)
{
	if (c->socket == WIRE_UP)
		drop(c);
	write_counts(c, iq_result(c->iqs, iq), "closed");
	c->closing_told = 1;
	if (iq_send(c->iqs) == 0)
		peer_closed(c, in, consumed);
	report(c);
}

void
carrier_control(struct carrier *c, const struct elem *iq,
    const struct elem *socket)
{
	const char	*state = elem_attr(socket, "state");
	uint64_t	 n, in, consumed;

	if (c->over || c->inband == NULL) {
		iq_refuse(c->iqs, iq, SE_ITEM_NOT_FOUND, NULL);
		return;
	}
	if (counts_of(socket, &n, &in, &consumed) == -1 || state == NULL ||
	    n > UINT32_MAX) {
		iq_refuse(c->iqs, iq, SE_BAD_REQUEST, NULL);
		return;
	}
	/* One that it has given up before we had it. */
	if (n == c->number + 1 && c->socket == WIRE_NONE &&
	    strcmp(state, "closed") == 0) {
		c->number = (unsigned)n;
		c->socket_in = c->told_in = 0;
	}
	if (n != c->number)
		iq_refuse(c->iqs, iq, SE_ITEM_NOT_FOUND, NULL);
	else if (strcmp(state, "open") == 0)
		control_open(c, iq, in, consumed);
	else if (strcmp(state, "closed") == 0)
		control_closed(c, iq, in, consumed);
	else
		iq_refuse(c->iqs, iq, SE_BAD_REQUEST, NULL);
}

/*
 * The socket
 */

unsigned
carrier_losses(const struct carrier *c)
{
	return c->losses;
}

unsigned
carrier_socket_next(const struct carrier *c)
{
	return c->number + 1;
}

int
carrier_socket_wanted(const struct carrier *c)
{
	return !c->over && c->socket == WIRE_NONE && (c->inband == NULL ||
	    inband_may_carry(c->inband));
}

int
carrier_set_socket(struct carrier *c, unsigned n, int ready)
{
	if (!carrier_socket_wanted(c) || n <= c->number)
		return -1;
	c->number = n;
	c->socket = WIRE_UP;
	c->ready = ready;
	c->socket_in = c->socket_out = c->socket_known = c->told_in = 0;
	c->pad = NULL;
	c->told_consumed = c->consumed;
	if (c->inband == NULL) {
		set_way(c, ready ? CARRIER_SOCKET : CARRIER_MOVING);
		return 0;
	}
	if (ready)		/* the peer is waiting to hear that */
		tell(c, "open");
	advance(c);
	return 0;
}

int
carrier_has_socket(const struct carrier *c)
{
	return c->socket == WIRE_UP && !c->over;
}

void
carrier_drop_socket(struct carrier *c, unsigned n)
{
	if (c->over || c->inband == NULL || c->socket != WIRE_NONE ||
	    n != c->number + 1)
		return;
	c->number = n;
	c->socket_in = c->socket_out = c->socket_known = 0;
	drop(c);
	report(c);
}

const unsigned char *
carrier_socket_data(const struct carrier *c, size_t *len)
{
	size_t	 flying = (size_t)(c->socket_out - c->socket_known);

	*len = carrier_has_socket(c) && c->way == CARRIER_SOCKET ?
	    buf_len(c->out) - flying : 0;
	return buf_data(c->out) + flying;
}

void
carrier_socket_pad(struct carrier *c, int (*pad)(void *))
{
	c->pad = pad;
}

/* The last bytes for now are out: if they are held back, let it be padding. */
static void
pad(struct carrier *c)
{
	size_t	 before = buf_len(c->out);

	if (c->pad == NULL || c->padded > 0 || before == 0 ||
	    c->socket_out - c->socket_known != before || before <= HELD_BACK)
		return;
	if ((c->foreign = c->pad(c->arg)) == -1) {
		c->foreign = 0;
		return;
	}
	c->padded = buf_len(c->out) - before;
	c->padded_to = c->socket_known + buf_len(c->out);
}

void
carrier_socket_sent(struct carrier *c, size_t len)
{
	c->socket_out += len;
	if (c->inband != NULL) {
		pad(c);
		report(c);
		return;
	}
	/* Nobody will say more of these. */
	c->socket_known += len;
	buf_drain(c->out, len);
	confirm(c, c->confirmed + len);
}

void
carrier_socket_input(struct carrier *c, const void *data, size_t len)
{
	if (!carrier_has_socket(c))
		return;
	c->socket_in += len;
	if (!c->ready)
		carrier_socket_tick(c);
	c->feeding = 1;
	c->user.block(c->arg, data, len);
	c->feeding = 0;
	report(c);
}

int
carrier_socket_finished(const struct carrier *c)
{
	return c->inband == NULL && c->finishing && buf_len(c->out) == 0;
}

/* The end of a socket alone is the end of the stream. */
static void
lost_alone(struct carrier *c, int broke)
{
	c->ended = 1;
	if (broke) {
		c->over = 1;
		c->user.failed(c->arg, INBAND_BROKEN, SE_NONE, "");
	} else if (c->finishing) {
		close_alone(c);
	} else {
		c->user.closing(c->arg, NULL);
	}
}

int
carrier_socket_lost(struct carrier *c, int broke)
{
	int	 expected;

	if (!carrier_has_socket(c))
		return 1;
	if (c->inband == NULL) {
		lost_alone(c, broke);
		return 1;
	}
	expected = !inband_may_carry(c->inband);
	drop(c);
	c->telling = 0;		/* whatever it was, this is more */
	report(c);
	advance(c);
	return expected;
}

void
carrier_socket_tick(struct carrier *c)
{
	/* What comes through a proxy proves that it relays; a plain peer that
	 * says nothing has had time enough to activate it. */
	if (c->socket == WIRE_UP && !c->ready &&
	    (c->socket_in > 0 || c->inband == NULL)) {
		c->ready = 1;
		if (c->inband == NULL)
			set_way(c, CARRIER_SOCKET);
		advance(c);
	}
	if (buf_len(c->out) == 0)	/* it may have been large */
		buf_free(c->out);
	c->urgent = 1;
	report(c);
}

int
carrier_socket_unproved(const struct carrier *c)
{
	return carrier_has_socket(c) && c->inband != NULL &&
	    c->socket_out > 0 && c->socket_known == 0;
}

uint64_t
carrier_socket_count(const struct carrier *c)
{
	return c->socket_in + c->socket_out;
}
