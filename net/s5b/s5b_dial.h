/*
 * s5b_dial: a connection to one of several streamhosts, which is asked for a
 * stream by its hash (XEP-0065 section 5.3.2, RFC 1928).
 *
 * They are tried in their order, each a third of a second after the one
 * before unless that has failed sooner, as RFC 8305 has it for addresses; the
 * first one that says yes is it.
 */
#ifndef NET_S5B_S5B_DIAL_H
#define NET_S5B_S5B_DIAL_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct loop;
struct resolver;
struct s5b_dial;

#define S5BDIAL_MAX	16	/* hosts that are tried */

struct s5b_dial_host {
	const char	*host;	/* a name or an address; copied by none */
	uint16_t	 port;
};

/* fd is connected to host number which, does not block, and is the callee's:
 * all that was read from it was SOCKS.  Or it is -1 and err says why. */
typedef void s5b_dial_fn(void *arg, int fd, size_t which, const char *err);

/*
 * Try the first S5BDIAL_MAX of n hosts, whose names must live as long, until
 * deadline.  Only addresses that permit (may be NULL) returns 1 for are
 * connected to.  fn is called from the loop.  NULL when out of memory.
 */
struct s5b_dial *s5b_dial(struct loop *l, struct resolver *r,
	    const struct s5b_dial_host *hosts, size_t n, const char *hash,
	    int family, int (*permit)(void *arg, const struct addr *a),
	    int64_t deadline, s5b_dial_fn *fn, void *arg);
/* Not to be called after fn was.  NULL is fine. */
void	 s5b_dial_cancel(struct s5b_dial *d);

#endif
