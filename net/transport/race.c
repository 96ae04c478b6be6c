/* race: see race.h. */
#include <stdlib.h>

#include "net/dial/proxy.h"
#include "net/dial/proxy_dial.h"
#include "net/io/loop.h"
#include "net/transport/endpoint.h"
#include "net/transport/race.h"

/*
 * Between two endpoints there is more time than between two addresses of one
 * (RFC 8305): their order is the operator's will, not a guess.
 */
#define STAGGER		1000	/* ms */

struct attempt {
	struct race	*race;
	struct proxy_dial	*via;
	struct timer	 late;
};

struct race {
	struct loop		*loop;
	struct resolver		*resolver;
	const struct proxy	*proxy;
	int			 family;
	const struct endpoint	*ways;
	size_t			 n, next, live;
	uint32_t		 skip;
	int64_t			 patience;
	struct timer		 stagger;
	struct attempt		 attempts[RACE_MAX];
	race_fn			*fn;
	void			*arg;
};

static void
attempt_end(struct attempt *a)
{
	timer_clear(a->race->loop, &a->late);
	a->via = NULL;
	a->race->live--;
}

int
race_runs(const struct race *r)
{
	return r->live > 0 || r->next < r->n;
}

void
race_free(struct race *r)
{
	size_t	 i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n; i++)
		if (r->attempts[i].via != NULL) {
			proxy_dial_cancel(r->attempts[i].via);
			attempt_end(&r->attempts[i]);
		}
	timer_clear(r->loop, &r->stagger);
	free(r);
}

/* The next endpoint need not wait. */
static void
race_lost(struct attempt *a, const char *err)
{
	struct race	*r = a->race;

	attempt_end(a);
	if (r->next < r->n)
		timer_set(r->loop, &r->stagger, clock_ms());
	r->fn(r->arg, (size_t)(a - r->attempts), -1, err);
}

static void
race_connected(void *arg, int fd, const char *err)
{
	struct attempt	*a = arg;
	struct race	*r = a->race;

	if (fd == -1) {
		race_lost(a, err);
		return;
	}
	attempt_end(a);
	r->fn(r->arg, (size_t)(a - r->attempts), fd, NULL);
}

static void
late(void *arg)
{
	struct attempt	*a = arg;

	proxy_dial_cancel(a->via);
	race_lost(a, "no answer in time");
}

static void
skip(struct race *r)
{
	while (r->next < r->n && (r->skip >> r->next & 1) != 0)
		r->next++;
}

static void
race_begin(void *arg)
{
	struct race		*r = arg;
	const struct endpoint	*w = &r->ways[r->next];
	struct attempt		*a = &r->attempts[r->next++];

	skip(r);
	r->live++;
	a->via = proxy_dial(r->loop, r->resolver, proxy_for(r->proxy, w->host),
	    w->host, w->port, r->family, race_connected, a);
	if (a->via == NULL) {
		race_lost(a, NULL);
		return;
	}
	/* What the server sees of this connection tells what routers make of
	 * the port (XEP-0279). */
	proxy_dial_share_port(a->via);
	if (r->patience > 0)
		timer_set(r->loop, &a->late, clock_ms() + r->patience);
	if (r->next < r->n)
		timer_set(r->loop, &r->stagger, clock_ms() + STAGGER);
}

struct race *
race(struct loop *l, struct resolver *res, const struct proxy *proxy,
    int family, const struct endpoint *ways, size_t n, uint32_t skipped,
    int64_t patience, race_fn *fn, void *arg)
{
	struct race	*r;
	size_t		 i;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->loop = l;
	r->resolver = res;
	r->proxy = proxy;
	r->family = family;
	r->ways = ways;
	r->n = n < RACE_MAX ? n : RACE_MAX;
	r->skip = skipped;
	r->patience = patience;
	r->stagger = (struct timer){ .fire = race_begin, .arg = r };
	r->fn = fn;
	r->arg = arg;
	for (i = 0; i < r->n; i++) {
		r->attempts[i].race = r;
		r->attempts[i].late = (struct timer){ .fire = late,
		    .arg = &r->attempts[i] };
	}
	skip(r);
	if (r->next == r->n) {
		free(r);
		return NULL;
	}
	timer_set(l, &r->stagger, clock_ms());
	return r;
}
