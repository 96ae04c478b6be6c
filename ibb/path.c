/*
 * path: what the streams to one peer have in common, and how they take turns.
 *
 * All of them together may have under way what the path can take, so that each
 * of a thousand streams still sends large stanzas, one stream after the other,
 * where a fixed part for each would allow only small ones.  The stream that is
 * asked first sends; the loop asks all streams in turn.  A stream that sends
 * small blocks only, as typing does, goes past the bulk of the others:
 * look_for_hurry(), squeezes_in().
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"

#define HURRY	2000000	/* us that a block in a hurry is remembered */
#define CROWD	4	/* streams that send: enough to keep a path going */
#define WINDOW	INBAND_RX_MAX	/* bytes unanswered, of all streams */
#define MOST	(INBAND_RX_MAX / 8 * 7)	/* of one: ids count as well */
#define PARTS	8	/* streams that want a part of a window each */
#define LEAST	(64 * 1024)	/* bytes, if there is little memory */
#define LATE_MOST 64	/* blocks that were replied to but not answered */
#define STILL	100000	/* us without any answer, and four round trips */
#define STILL_MOST 4000000	/* us, most of both together */

static int
path_cmp(const struct path *a, const struct path *b)
{
	return strcmp(a->peer, b->peer);
}

RB_GENERATE_INTERNAL(path_tree, path, node, path_cmp,
    __attribute__((__unused__)) static)

static struct path *
path_new(struct ibb *b, const char *peer)
{
	struct path	*p;
	size_t		 len = strlen(peer) + 1;

	if ((p = calloc(1, sizeof(*p) + len)) == NULL)
		return NULL;
	p->peer = memcpy(p->string, peer, len);
	TAILQ_INIT(&p->flying);
	congestion_init(&p->pace, b->host.now());
	p->moved = b->host.now();
	p->window = p->told = WINDOW;
	RB_INSERT(path_tree, &b->paths, p);
	return p;
}

void
path_join(struct inband *s)
{
	struct path	 key = { .peer = s->peer };

	if (s->path != NULL || s->message || s->ibb->host.now == NULL)
		return;
	s->path = RB_FIND(path_tree, &s->ibb->paths, &key);
	if (s->path == NULL &&
	    (s->path = path_new(s->ibb, s->peer)) == NULL)
		return;
	s->path->nstreams++;
	s->path->nbusy += s->flying > 0;
	s->path->lying += s->flying;
	s->path->held += s->rx;
}

static void
path_stream_lands(struct inband *s)
{
	if (!s->flies)
		return;
	s->flies = 0;
	TAILQ_REMOVE(&s->path->flying, s, flyer);
	s->path->nflying--;
}

void
path_leave(struct inband *s)
{
	struct path	*p = s->path;

	if (p == NULL)
		return;
	path_stream_lands(s);
	p->nbusy -= s->flying > 0;
	p->lying -= s->flying;
	p->held -= s->rx;
	s->path = NULL;
	if (--p->nstreams == 0) {
		RB_REMOVE(path_tree, &s->ibb->paths, p);
		free(p);
	}
}

/* Take the streams whose blocks have all landed out of the list. */
static void
path_move_on(struct path *p, int64_t now)
{
	struct inband	*s;

	p->moved = now;
	while ((s = TAILQ_FIRST(&p->flying)) != NULL &&
	    s->last <= p->pace.landed)
		path_stream_lands(s);
}

void
path_restart(struct ibb *b)
{
	struct path	*p;

	RB_FOREACH(p, path_tree, &b->paths) {
		congestion_restart(&p->pace, b->host.now());
		path_move_on(p, b->host.now());
		p->told = 0;	/* the peer may not know the window */
	}
}

void
path_forget_told(struct inband *s)
{
	if (s->path != NULL)
		s->path->told = 0;
}

/*
 * A stream is in a hurry if a person types, or if a program asks and waits: it
 * sends small blocks only.  A single small block may be the end of large data.
 */

static void
look_for_hurry(struct inband *s, size_t len)
{
	struct ibb	*b = s->ibb;
	size_t		 large = inband_block(s) / 2;

	if (len >= (large < CONGESTION_SMALL ? large : CONGESTION_SMALL)) {
		s->small = 0;
		if (b->hurried == s)
			b->hurried = NULL;
		return;
	}
	if (s->small++ > 0 && (s->nflights <= 1 || s->late)) {
		b->hurried = s;
		b->hurried_at = b->host.now();
	}
}

static int
path_is_hurried(const struct ibb *b)
{
	return b->hurried != NULL && b->host.now() - b->hurried_at < HURRY;
}

/*
 * Room
 */

static size_t
path_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The part of the window, and of our memory, that a stream may take of what the
 * unanswered bytes of other streams have left.  The readers of all streams may
 * stand still, and a stream that begins to leaves some for later streams: so
 * it is the part of each that has bytes there, or an eighth.  A stream alone
 * may take almost all, which a long path holds; and of our memory half.
 */
static size_t
own_window(const struct inband *s)
{
	const struct path	*p = s->path;
	size_t			 others = p->lying - s->flying, window;
	size_t			 parts = path_least(p->nbusy +
				    (s->flying == 0), PARTS);

	window = p->window > others ? (p->window - others) / parts : 0;
	if (s->user.room != NULL)
		window = path_least(window, s->user.room(s->arg, 0) /
		    (parts > 1 ? parts : 2));
	window = path_least(window, MOST);
	return window > CONGESTION_FIRST ? window : CONGESTION_FIRST;
}

/* A reader may have stopped: no more bytes are to lie before it than twice what
 * it has taken so far, which is more in each round trip. */
static size_t
own_budget(const struct inband *s)
{
	uint64_t	 most = 2 * s->taken;

	if (most < CONGESTION_FIRST)
		most = CONGESTION_FIRST;
	return path_least(most < MOST ? (size_t)most : MOST, own_window(s));
}

static size_t
own_room(const struct inband *s, size_t block)
{
	size_t	 budget = own_budget(s), n = CONGESTION_BLOCKS_MAX, fits;

	if (budget > s->path->pace.budget)
		budget = s->path->pace.budget;
	if (s->flying >= budget || s->nflights >= n)
		return 0;
	n -= s->nflights;
	fits = (budget - s->flying + block - 1) / block;
	return fits < n ? fits : n;
}

static size_t
shared_room(const struct inband *s, size_t block)
{
	size_t	 own = own_room(s, block);
	size_t	 all = congestion_room(&s->path->pace, block);

	return own < all ? own : all;
}

/*
 * Unanswered bytes
 */

void
path_fly(struct inband *s, size_t len)
{
	if (s->path != NULL) {
		s->path->nbusy += s->flying == 0;
		s->path->lying += len;
	}
	s->flying += len;
}

void
path_land(struct inband *s, size_t len)
{
	s->flying -= len;
	if (s->path != NULL) {
		s->path->nbusy -= s->flying == 0;
		s->path->lying -= len;
	}
}

void
path_hold(struct inband *s, size_t len)
{
	s->rx += len;
	if (s->path != NULL)
		s->path->held += len;
}

void
path_let_go(struct inband *s, size_t len)
{
	s->rx -= len;
	if (s->path != NULL)
		s->path->held -= len;
}

void
path_set_window(struct inband *s, size_t bytes)
{
	if (s->path != NULL)
		s->path->window = path_least(bytes, WINDOW);
}

/* Our window is what is held already and a quarter of the memory that is left:
 * other peers want some. */
size_t
path_grant(struct inband *s)
{
	struct path	*p = s->path;
	size_t		 n;

	if (p == NULL || s->user.room == NULL)
		return 0;
	n = path_least(p->held + s->user.room(s->arg, 0) / 4, WINDOW);
	if (n < LEAST)
		n = LEAST;
	if (n == p->told || (n > p->told / 2 && n / 2 < p->told))
		return 0;
	p->told = n;
	return n;
}

/*
 * Blocks
 */

static void
path_stream_flies(struct inband *s, struct flight *f)
{
	const struct ibb_host	*host = &s->ibb->host;
	struct path		*p = s->path;
	int64_t			 now = host->now();

	if (shared_room(s, 1) == 0)
		p->moved = now;		/* the others wait for this block */
	if (host->held != NULL)
		congestion_set_held(&p->pace, host->held(host->arg));
	/* Its tags stand in queues as well: base64 makes 4 of 3. */
	congestion_sent(&p->pace, f->len + s->tags / 4 * 3, now, &f->mark);
	path_stream_lands(s);
	s->flies = 1;
	s->last = f->mark.sent;
	TAILQ_INSERT_TAIL(&p->flying, s, flyer);
	p->nflying++;
}

void
path_sent(struct inband *s, struct flight *f)
{
	if (s->path == NULL)
		return;
	look_for_hurry(s, f->len);
	path_stream_flies(s, f);
	if (s->late)
		f->mark.at = 0;
}

void
path_sent_again(struct inband *s, struct flight *f)
{
	if (s->path == NULL)
		return;
	path_stream_flies(s, f);
	f->mark.at = 0;
}

static void
path_block_landed(struct inband *s, const struct congestion_mark *mark)
{
	struct ibb	*b = s->ibb;
	int64_t		 now = b->host.now();

	/* A late answer tells of a reader, not of the path. */
	if (congestion_landed(&s->path->pace, mark, now, path_is_hurried(b)))
		path_move_on(s->path, now);
}

void
path_landed(struct inband *s, const struct flight *f)
{
	if (s->path == NULL)
		return;
	s->taken += f->len;
	path_block_landed(s, &f->mark);
}

void
path_arrived(struct inband *s, uint64_t n)
{
	struct flight	*f;

	if (s->path == NULL)
		return;
	STAILQ_FOREACH(f, &s->flights, next) {
		if (n-- == 0)
			break;
		f->mark.at = 0;	/* no answer says how long it took */
		path_block_landed(s, &f->mark);
	}
}

/* Do all blocks under way perhaps lie before readers that have stopped? */
static int
stands_still(const struct inband *s)
{
	const struct path	*p = s->path;
	int64_t			 still = STILL + 4 * p->pace.base;

	return s->ibb->host.now() - p->moved >
	    (still < STILL_MOST ? still : STILL_MOST);
}

/* Have all blocks of the stream arrived?  If the peer has sent a reply, they
 * have, though their answers wait for a moment: see ack.c. */
static int
all_there(const struct inband *s)
{
	return s->nflights == 0 || (s->late && s->turn == INBAND_TURN_THEIRS &&
	    s->nflights <= s->small && s->nflights < LATE_MOST &&
	    own_room(s, 1) > 0);
}

/*
 * May a small block go though the path is full?  It may if the stream sends
 * small blocks only, or is new; or if the other streams perhaps have readers
 * that have stopped: once it has landed, their blocks have arrived, too.
 */
static int
squeezes_in(const struct inband *s)
{
	return all_there(s) && (s->small > 0 || s->taken < CONGESTION_FIRST ||
	    s->path->nflying < CROWD || stands_still(s));
}

size_t
path_stanza(const struct inband *s)
{
	size_t	 stanza = congestion_stanza(&s->path->pace);
	size_t	 window = own_window(s);

	if (stanza > window)
		stanza = window < CONGESTION_UNIT ? CONGESTION_FIRST :
		    window / CONGESTION_UNIT * CONGESTION_UNIT;
	if (stanza > CONGESTION_FIRST && (s->taken < CONGESTION_FIRST ||
	    shared_room(s, 1) == 0))
		return CONGESTION_FIRST;
	return stanza;
}

size_t
path_room(const struct inband *s)
{
	const struct ibb_host	*host = &s->ibb->host;

	if (shared_room(s, 1) > 0)
		return shared_room(s, inband_block(s));
	if (squeezes_in(s))
		return 1;
	if (all_there(s) && host->ask_later != NULL)
		host->ask_later(host->arg);
	return 0;
}

int
path_takes(const struct inband *s)
{
	return all_there(s) || shared_room(s, 1) > 0;
}
