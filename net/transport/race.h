/*
 * race: the first of several endpoints that can be connected to.  They are
 * tried in their order, each a while after the last, or at once when the last
 * has failed.
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

/* ways[i] is connected: fd does not block and becomes the callee's, and the
 * race is over.  Or fd is -1: ways[i] has failed, and err says why, NULL for
 * lack of memory. */
typedef void race_fn(void *arg, size_t i, int fd, const char *err);

/*
 * Race the n endpoints, except those whose bit is set in skip.  ways and proxy
 * (may be NULL) must outlive the race.  patience is how many ms each has, 0 is
 * any number.  fn is called from the loop; once all have failed the race is
 * over, too.  NULL without memory (errno is ENOMEM), or without an endpoint.
 */
struct race *race(struct loop *l, struct resolver *r,
	    const struct proxy *proxy, int family, const struct endpoint *ways,
	    size_t n, uint32_t skip, int64_t patience, race_fn *fn,
	    void *arg);
/* Are there attempts to come or under way? */
int	 race_runs(const struct race *r);
/* End the race, which may be NULL; also from within fn. */
void	 race_free(struct race *r);

#endif
