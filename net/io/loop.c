/* loop: see loop.h. */
#include <sys/types.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/loop.h"
#include "xml/context.h"

#define SHARE	16		/* times what asking all has taken, but */
#define SHARE_EACH 8		/* us for each watch at most, is for others */
#define PAUSE	4		/* times what asking all has taken, if */
				/* none is in a hurry */
#define FEW	8		/* watches in a row that go on waiting */
#define CROWD	256		/* watches */
#define LATELY	64		/* those that were ready last */
#define STARVED	100		/* ms, without memory to poll all at once */

struct loop {
	TAILQ_HEAD(watches, watch) watches;	/* the often ones first; at the
						 * end those served last */
	TAILQ_HEAD(, watch)	 settling;
	RB_HEAD(timers, timer)	 timers;
	uint64_t		 order;		/* of the last that was set */
	size_t			 nwatches;
	struct pollfd		*pfds;		/* one for each descriptor */
	size_t			 npfds;
	size_t			*places;	/* by descriptor, see place() */
	size_t			 nplaces;
	struct watch		**polled;	/* asked; NULL if removed */
	size_t			 npolled, size;
	struct watch		**waiting;	/* they were ready, but had */
	size_t			 nwaiting;	/* to wait; NULL if removed */
	int64_t			 ask_all;	/* us: not before then */
	int64_t			 cost;		/* us that it took */
	int			 fruitless;	/* only often ones were ready */
	void			(*before)(void *);
	void			*before_arg;
	int			 stop;
};

/* By time, and where that is equal, in the order in which they were set. */
static int
timer_cmp(const struct timer *a, const struct timer *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

RB_GENERATE_INTERNAL(timers, timer, node, timer_cmp,
    __attribute__((__unused__)) static)

struct loop *
loop_new(void)
{
	struct loop	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	TAILQ_INIT(&l->watches);
	TAILQ_INIT(&l->settling);
	RB_INIT(&l->timers);
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	free(l->pfds);
	free(l->places);
	free(l->polled);
	free(l->waiting);
	free(l);
}

void
loop_before(struct loop *l, void (*fn)(void *), void *arg)
{
	l->before = fn;
	l->before_arg = arg;
}

void
loop_watch(struct loop *l, struct watch *w)
{
	if (w->on)
		return;
	w->on = 1;
	w->context = context_now();
	if (w->often)
		TAILQ_INSERT_HEAD(&l->watches, w, next);
	else
		TAILQ_INSERT_TAIL(&l->watches, w, next);
	l->nwatches++;
}

void
loop_unwatch(struct loop *l, struct watch *w)
{
	size_t	 i;

	if (!w->on)
		return;
	w->on = 0;
	if (w->settles)
		TAILQ_REMOVE(&l->settling, w, settling);
	w->settles = 0;
	TAILQ_REMOVE(&l->watches, w, next);
	l->nwatches--;
	for (i = 0; i < l->npolled; i++)
		if (l->polled[i] == w)
			l->polled[i] = NULL;
	for (i = 0; w->waits && i < l->nwaiting; i++)
		if (l->waiting[i] == w)
			l->waiting[i] = NULL;
	w->waits = 0;
}

void
loop_settle(struct loop *l, struct watch *w)
{
	if (!w->on || w->settles)
		return;
	w->settles = 1;
	TAILQ_INSERT_TAIL(&l->settling, w, settling);
}

static void
loop_settle_all(struct loop *l)
{
	struct watch	*w;

	while ((w = TAILQ_FIRST(&l->settling)) != NULL) {
		TAILQ_REMOVE(&l->settling, w, settling);
		w->settles = 0;
		context_enter(w->context);
		w->settle(w->arg);
		context_enter(0);
	}
}

void
timer_set(struct loop *l, struct timer *t, int64_t at)
{
	timer_clear(l, t);
	t->at = at;
	t->order = ++l->order;
	t->on = 1;
	t->context = context_now();
	RB_INSERT(timers, &l->timers, t);
}

void
timer_clear(struct loop *l, struct timer *t)
{
	if (!t->on)
		return;
	t->on = 0;
	RB_REMOVE(timers, &l->timers, t);
}

static void
fire_timers(struct loop *l)
{
	struct timer	*t;
	int64_t		 now = clock_ms();

	while ((t = RB_MIN(timers, &l->timers)) != NULL && t->at <= now) {
		timer_clear(l, t);
		context_enter(t->context);
		t->fire(t->arg);
		context_enter(0);
	}
}

/*
 * The loop
 */

static int
grow(struct loop *l)
{
	struct pollfd	*pfds;
	struct watch	**polled, **waiting;
	size_t		 size = l->nwatches + 16;

	if ((pfds = reallocarray(l->pfds, size, sizeof(*pfds))) == NULL)
		return -1;
	l->pfds = pfds;
	if ((polled = reallocarray(l->polled, size, sizeof(*polled))) == NULL)
		return -1;
	l->polled = polled;
	if ((waiting = reallocarray(l->waiting, size,
	    sizeof(*waiting))) == NULL)
		return -1;
	l->waiting = waiting;
	l->size = size;
	return 0;
}

/* Room to ask all.  Without memory for that, as many are asked as there is room
 * for: those at the end of the queue have to wait.  -1 if there is none. */
static int
loop_make_room(struct loop *l)
{
	if (l->nwatches <= l->size || grow(l) == 0)
		return 0;
	return l->size > 0 ? 0 : -1;
}

/*
 * The entry in pfds for this descriptor.  There is one for all of its watches:
 * poll refuses to look at more entries than a process may have descriptors.
 * What l->places says is checked, so it need not be cleared.
 */
static size_t
place(struct loop *l, int fd)
{
	size_t	*places, n = (size_t)fd, most = n + 64;

	if (n >= l->nplaces && (places = reallocarray(l->places, most,
	    sizeof(*places))) != NULL) {
		memset(places + l->nplaces, 0,
		    (most - l->nplaces) * sizeof(*places));
		l->places = places;
		l->nplaces = most;
	}
	if (n < l->nplaces && l->places[n] < l->npfds &&
	    l->pfds[l->places[n]].fd == fd)
		return l->places[n];
	l->pfds[l->npfds] = (struct pollfd){ .fd = fd };
	if (n < l->nplaces)	/* without memory it has two entries */
		l->places[n] = l->npfds;
	return l->npfds++;
}

/* What has happened of what this watch, which was asked, waits for. */
static int
happened(const struct loop *l, const struct watch *w)
{
	int	 revents = w->now ? w->events : 0;

	if (w->fd >= 0)
		revents |= l->pfds[w->place].revents & (w->events | POLLERR |
		    POLLHUP | POLLNVAL);
	return revents;
}

/* Returns whether it will not wait. */
static int
loop_ask(struct loop *l, struct watch *w)
{
	int	 events = w->want(w->arg);

	w->now = 0;
	if (events == WATCH_IDLE || l->npolled == l->size)
		return 0;
	w->now = (events & WATCH_NOW) != 0;
	w->events = (short)(events & ~WATCH_NOW);
	l->polled[l->npolled++] = w;
	if (w->fd >= 0) {
		w->place = place(l, w->fd);
		l->pfds[w->place].events = (short)(w->events |
		    l->pfds[w->place].events);
	}
	return w->now;
}

/* Ask every watch.  Returns how long to wait, 0 if one will not wait. */
static int
ask_all(struct loop *l)
{
	struct watch	*w;
	struct timer	*t = RB_MIN(timers, &l->timers);
	int64_t		 wait = -1;
	size_t		 n;

	if (t != NULL && (wait = t->at - clock_ms()) < 0)
		wait = 0;
	l->npolled = l->npfds = 0;
	TAILQ_FOREACH(w, &l->watches, next) {
		n = l->npolled;
		if (loop_ask(l, w))
			wait = 0;
		w->idle = l->npolled == n;
	}
	if (l->nwatches > l->size && (wait == -1 || wait > STARVED))
		wait = STARVED;
	return wait > 60000 ? 60000 : (int)wait;
}

/* Poll for so many ms what was asked. */
static int
loop_poll(struct loop *l, int wait)
{
	size_t	 i;

	clock_wait(wait);
	if (poll(l->pfds, l->npfds, wait) == -1) {
		if (errno != EINTR && errno != EAGAIN)
			return -1;
		for (i = 0; i < l->npfds; i++)
			l->pfds[i].revents = 0;
	}
	clock_ms();
	return 0;
}

/*
 * Many watches may want what there is not enough of, e.g. room in a stream that
 * they share.  So a watch that is served goes to the end of the queue, and a
 * watch that no longer wants anything keeps its place.
 */
static void
loop_serve(struct loop *l, struct watch *w, int revents)
{
	if (!w->often) {
		TAILQ_REMOVE(&l->watches, w, next);
		TAILQ_INSERT_TAIL(&l->watches, w, next);
	}
	context_enter(w->context);
	w->ready(w->arg, revents);
	context_enter(0);
}

static int
is_ready(const struct watch *w, int events)
{
	struct pollfd	 pfd = { .fd = w->fd };

	pfd.events = (short)(events & ~WATCH_NOW);
	if (events & WATCH_NOW)
		return pfd.events;
	return poll(&pfd, 1, 0) == 1 ? pfd.revents : 0;
}

/* Serve the watches that waited: if a few in a row still have to wait, so will
 * the others.  Returns whether any watch was served. */
static int
serve_waiting(struct loop *l)
{
	struct watch	*w;
	size_t		 i, n = 0, idle = 0;
	int		 events, served = 0;

	for (i = 0; i < l->nwaiting && idle < FEW && !l->stop; i++) {
		if ((w = l->waiting[i]) == NULL)
			continue;
		if ((events = w->want(w->arg)) == WATCH_IDLE) {
			idle++;
			l->waiting[n++] = w;
			continue;
		}
		w->waits = 0;
		idle = 0;
		if ((events = is_ready(w, events)) != 0) {
			loop_serve(l, w, events);
			served = 1;
		}
	}
	memmove(l->waiting + n, l->waiting + i,
	    (l->nwaiting - i) * sizeof(*l->waiting));
	l->nwaiting -= i - n;
	return served;
}

/* There may be no room in the list, which removed watches still fill: then w is
 * found when all are asked. */
static void
waits(struct loop *l, struct watch *w)
{
	if (w->waits || l->nwaiting == l->size)
		return;
	w->waits = 1;
	l->waiting[l->nwaiting++] = w;
}

static void
dispatch(struct loop *l)
{
	struct watch	*w;
	size_t		 i;
	int		 revents;

	for (i = 0; i < l->npolled && !l->stop; i++) {
		if ((w = l->polled[i]) == NULL)
			continue;
		if ((revents = happened(l, w)) == 0)
			continue;
		if (w->often || w->want(w->arg) != WATCH_IDLE)
			loop_serve(l, w, revents);
		else
			waits(l, w);
	}
	l->npolled = l->npfds = 0;
}

/* Ask the watches that are ready often or were ready lately, unless these are
 * almost all.  A watch that wanted nothing when all were asked may stand behind
 * others in the queue.  Returns whether a watch will not wait. */
static int
ask_some(struct loop *l)
{
	struct watch	*w;
	size_t		 n = 0;
	int		 now = 0;

	l->npolled = l->npfds = 0;
	TAILQ_FOREACH(w, &l->watches, next) {
		if (!w->often)
			break;
		now |= loop_ask(l, w);
	}
	if (l->nwatches < CROWD)
		return now;
	TAILQ_FOREACH_REVERSE(w, &l->watches, watches, next) {
		if (w->often || n++ == LATELY)
			break;
		if (!w->idle)
			now |= loop_ask(l, w);
	}
	return now;
}

/*
 * With thousands of descriptors, asking all of them and polling them takes
 * longer than serving one of them.  Meanwhile more comes where most comes
 * anyway: until asking all is a small part of the time spent, only the busy
 * watches are asked, and those that waited.  If any of these is ready, or if
 * the last round of all found none but them, there is no hurry to look for
 * others; else poll waits for these, a few times as long as asking all would
 * take, since processor time is not the loop's alone.  Returns 1 if a watch was
 * ready, 0 if none was, or -1 as poll has it.
 */
static int
glance(struct loop *l)
{
	size_t	 i;
	int64_t	 left = l->ask_all - clock_us();
	int	 ready, wait;

	if (left <= 0)
		return 0;
	ready = serve_waiting(l);
	if (loop_make_room(l) == -1)	/* there may be more than before */
		return -1;
	ready |= ask_some(l);
	if (l->npolled == 0)
		return ready;
	if (l->nwaiting == 0 && !l->fruitless && left > PAUSE * l->cost)
		left = PAUSE * l->cost;
	wait = ready ? 0 : (int)((left + 500) / 1000);
	if (loop_poll(l, wait) == -1)
		return -1;
	for (i = 0; i < l->npfds; i++)
		ready |= l->pfds[i].revents != 0;
	return ready;
}

/* Forget the watches that do not wait any more: they are asked with all the
 * others. */
static void
look_who_waits(struct loop *l)
{
	struct watch	*w;
	size_t		 i, n = 0;

	for (i = 0; i < l->nwaiting; i++) {
		if ((w = l->waiting[i]) == NULL)
			continue;
		if ((w->waits = w->idle))
			l->waiting[n++] = w;
	}
	l->nwaiting = n;
}

/* Were none ready but the watches that are asked every time? */
static void
look_for_fruit(struct loop *l)
{
	size_t	 i;

	l->fruitless = 1;
	for (i = 0; i < l->npolled && l->fruitless; i++)
		l->fruitless = l->polled[i]->often ||
		    happened(l, l->polled[i]) == 0;
}

/* Ask and poll all watches, with all the time there is. */
static int
gaze(struct loop *l)
{
	int64_t	 began = clock_us(), share, most;
	int	 r, wait = ask_all(l);

	look_who_waits(l);
	l->cost = clock_us() - began;
	r = loop_poll(l, clock_real(wait));
	look_for_fruit(l);
	share = SHARE * l->cost;
	most = SHARE_EACH * (int64_t)l->nwatches;
	l->ask_all = clock_us() + (share < most ? share : most);
	return r;
}

static int
turn(struct loop *l)
{
	int	 r;

	if (l->before != NULL)
		l->before(l->before_arg);
	if (l->stop)
		return 0;
	loop_settle_all(l);
	if (loop_make_room(l) == -1)
		return -1;
	if ((r = glance(l)) == 0)
		r = gaze(l);
	if (r == -1)
		return -1;
	dispatch(l);
	if (!l->stop)
		fire_timers(l);
	return 0;
}

int
loop_run(struct loop *l)
{
	for (l->stop = 0; !l->stop;)
		if (turn(l) == -1)
			return -1;
	return 0;
}

void
loop_stop(struct loop *l)
{
	l->stop = 1;
}
