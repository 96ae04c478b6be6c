/*
 * race: of several ways the first that can be connected to: one after the
 * other, in their order, each a while after the one before unless that has
 * failed sooner.
 */
#ifndef NET_TRANSPORT_RACE_H
#define NET_TRANSPORT_RACE_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct proxy;
struct race;
struct resolver;
struct endpoint;

#define RACE_MAX	32

/* ways[i] was not to be had: err says why.  Or with fd, which is connected,
 * does not block and is the callee's, it was, and the race is over. */
typedef void race_fn(void *arg, size_t i, int fd, const char *err);

/*
 * Race the n ways but those whose bit is set in skip; ways and proxy (may be
 * NULL) must outlive the race.  patience is how many ms each has; 0 is as
 * many as it takes.  fn is called from the loop; once all have failed the
 * race is over, too.  NULL without memory, or without a way.
 */
struct race *race(struct loop *l, struct resolver *r,
	    const struct proxy *proxy, int family, const struct endpoint *ways,
	    size_t n, uint32_t skip, int64_t patience, race_fn *fn,
	    void *arg);
/* Are there attempts to come or under way? */
int	 race_runs(const struct race *r);
/* Also from within fn.  NULL is fine. */
void	 race_free(struct race *r);

#endif
