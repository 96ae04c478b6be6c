/*
 * path: what the streams to one peer have in common, and how they take turns.
 *
 * All of them together may have under way what the path can take, so that one
 * of a thousand still sends large stanzas, one after the other, where each
 * alone would have to be content with small ones.  Whoever comes first sends;
 * the loop lets everybody come in turn.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"

#define HURRY	2000000	/* us that a block in a hurry is remembered */
#define CROWD	4	/* streams that send: enough to keep a path going */
#define WINDOW	(8 * CONGESTION_BUDGET_MAX)	/* bytes that may lie there */
#define LEAST	(64 * 1024)	/* or so many, if it has little room */
#define STILL	100000	/* us without any answer, and four round trips, but */
#define STILL_MOST 4000000	/* not more than that */

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
	p->lying -= s->flying;
	p->held -= s->rx;
	s->path = NULL;
	if (--p->nstreams == 0) {
		RB_REMOVE(path_tree, &s->ibb->paths, p);
		free(p);
	}
}

/* Streams of which all has landed. */
static void
look_who_landed(struct path *p, int64_t now)
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
		look_who_landed(p, b->host.now());
		p->told = 0;	/* it may not have heard of it */
	}
}

/*
 * Who is in a hurry: somebody who types, or a program that asks and waits.  One
 * small block alone may be the end of something large.
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
somebody_hurries(const struct ibb *b)
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

/* An eighth of what does not yet lie before the readers of other streams: there
 * and, as what is unanswered is kept, here.  So each of many that stand still
 * takes less than the one before, and leaves some. */
static size_t
own_window(const struct inband *s)
{
	const struct path	*p = s->path;
	size_t			 others = p->lying - s->flying, window;

	window = p->window > others ? (p->window - others) / 8 : 0;
	if (s->user.room != NULL)
		window = path_least(window, s->user.room(s->arg, 0) / 8);
	return window > CONGESTION_FIRST ? window : CONGESTION_FIRST;
}

/* No more than has gone through so far is to lie before a reader that may have
 * stopped. */
static size_t
own_budget(const struct inband *s)
{
	return path_least(s->taken > CONGESTION_FIRST ? s->taken
	    : CONGESTION_FIRST,
	    own_window(s));
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
 * What lies at either end, unanswered
 */

void
path_fly(struct inband *s, size_t len)
{
	s->flying += len;
	if (s->path != NULL)
		s->path->lying += len;
}

void
path_land(struct inband *s, size_t len)
{
	s->flying -= len;
	if (s->path != NULL)
		s->path->lying -= len;
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

/* What lies here already, and a quarter of what there is still room for: other
 * peers want some. */
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
	struct path	*p = s->path;
	int64_t		 now = s->ibb->host.now();

	if (shared_room(s, 1) == 0)
		p->moved = now;		/* the others shall wait for it */
	congestion_sent(&p->pace, f->len, now, &f->mark);
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
	if (congestion_landed(&s->path->pace, mark, now, somebody_hurries(b)))
		look_who_landed(s->path, now);
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
		f->mark.at = 0;	/* nobody has answered it */
		path_block_landed(s, &f->mark);
	}
}

/* All that is under way may lie before readers who have stopped. */
static int
stands_still(const struct inband *s)
{
	const struct path	*p = s->path;
	int64_t			 still = STILL + 4 * p->pace.base;

	return s->ibb->host.now() - p->moved >
	    (still < STILL_MOST ? still : STILL_MOST);
}

/* Has all arrived?  What the peer has replied to has, though the answer waits
 * for a moment: see answer.c.  But it may never come. */
static int
all_there(const struct inband *s)
{
	return s->nflights == 0 || (s->late && s->turn == INBAND_TURN_THEIRS &&
	    s->nflights <= s->small && own_room(s, 1) > 0);
}

/*
 * May a small block of it go even so?  It may if the stream sends small ones
 * only, or is new; or if the others may have readers who have stopped: once it
 * has landed, what these have got is known to be there.
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
