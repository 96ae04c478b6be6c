/*
 * s5b_dial: a connection to one of several streamhosts, each of which is asked
 * for a stream by its hash (XEP-0065 section 5.3.2, RFC 1928).
 *
 * The hosts are tried in their order, each a third of a second after the one
 * before unless that has failed sooner, as RFC 8305 does it with addresses; the
 * first host that knows the stream is used.
 */
#ifndef NET_S5B_S5B_DIAL_H
#define NET_S5B_S5B_DIAL_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct loop;
struct resolver;
struct s5b_dial;

#define S5B_DIAL_MAX	16	/* hosts that are tried */
#define S5B_PROXY_TIME	5000	/* ms in which a requester reaches the proxy of
				 * its own that is used; and again, in which the
				 * proxy says that it relays */

struct s5b_dial_host {
	const char	*host;	/* a name or an address */
	uint16_t	 port;
};

struct s5b_dial_conf {
	struct loop	*loop;
	struct resolver	*resolver;
	/* n hosts, of which the first S5B_DIAL_MAX are tried.  The array is
	 * copied; the names have to outlive the dial. */
	const struct s5b_dial_host *hosts;
	size_t		 n;
	const char	*hash;		/* of the stream; copied */
	int		 family;	/* AF_UNSPEC, AF_INET or AF_INET6 */
	/* May we connect to this address?  NULL: to any. */
	int		(*permit)(void *permit_arg, const struct addr *a);
	void		*permit_arg;
	int64_t		 deadline;	/* for all of them, clock_ms() */
};

/* fd is connected to host number which, does not block, and is the callee's:
 * all that was read from it was SOCKS.  Or fd is -1 and err says why. */
typedef void s5b_dial_fn(void *arg, int fd, size_t which, const char *err);

/* Begin.  fn is called once, from the loop; the dial is over then.  NULL when
 * out of memory. */
struct s5b_dial *s5b_dial(const struct s5b_dial_conf *conf, s5b_dial_fn *fn,
	    void *arg);
/* Only the first n of its hosts are still worth a connection: give up the
 * others.  If nothing is left to be tried, fn is called from the loop. */
void	 s5b_dial_keep(struct s5b_dial *d, size_t n);
/* End it; not to be called after fn was.  NULL is fine. */
void	 s5b_dial_cancel(struct s5b_dial *d);

#endif
