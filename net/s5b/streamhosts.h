/*
 * streamhosts: which hosts this run offers for sockets (XEP-0065 section 4),
 * and to which of those that peers offer it connects.
 *
 * The hosts that it offers are its own addresses, best first, and proxies: the
 * ones that the user names with -P, and the ones that the server has.
 */
#ifndef NET_S5B_STREAMHOSTS_H
#define NET_S5B_STREAMHOSTS_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/s5b.h"
#include "net/s5b/s5b_dial.h"
#include "net/s5b/s5b_listen.h"
#include "xml/check.h"

struct addr;
struct conf;
struct iq_table;
struct loop;
struct streamhosts;

struct streamhosts_conf {
	struct loop	*loop;
	/* The keywords carrier, family, s5b-proxy, streamhost and
	 * streamhost-policy; it must outlive the object. */
	const struct conf *conf;
	const char	*jid;		/* the account; copied */
	int		 proxied;	/* a proxy leads to the server, perhaps
					 * because we are not to be seen */
	/* Is the server on this machine, so that a peer may be, too? */
	int		(*near)(void *arg);
	/* The local address of the connection to the server, whose port others
	 * may share.  0, or -1 if there is none.  May be NULL. */
	int		(*local)(void *arg, struct addr *local);
	void		*arg;
};

/* Bytes for a message. */
#define STREAMHOSTS_ERR	256

/* Check what -o streamhost and -P say, and make the object.  NULL with a
 * message, which may be "out of memory", in err[STREAMHOSTS_ERR]. */
struct streamhosts *streamhosts_new(const struct streamhosts_conf *conf,
	    char *err);
/* End its searches and close its ports.  NULL is fine. */
void	 streamhosts_free(struct streamhosts *h);
/* The login stands: ask for proxies with this table, whose JID is the one that
 * owns what is offered.  The table must outlive the object. */
void	 streamhosts_login(struct streamhosts *h, struct iq_table *iqs);

/* Does the user allow sockets at all? */
int	 streamhosts_allowed(const struct streamhosts *h);
/* Call fn from the loop once the proxies are known, if streamhosts_known() has
 * said that they are not. */
void	 streamhosts_on_known(struct streamhosts *h, void (*fn)(void *arg),
	    void *arg);

/* Another one that waits for that; it is its owner's. */
struct streamhosts_wish {
	void	(*fn)(void *arg);
	void	*arg;
	int	 on;
	TAILQ_ENTRY(streamhosts_wish) next;
};
/* Call w->fn, too, once.  It may be waiting already. */
void	 streamhosts_wish(struct streamhosts *h, struct streamhosts_wish *w);
/* The owner of w waits no longer.  Fine if w does not wait. */
void	 streamhosts_unwish(struct streamhosts *h, struct streamhosts_wish *w);
/* Are the proxies known?  If not, they are searched for from now on (XEP-0065
 * section 4), for 4 s at most. */
int	 streamhosts_known(struct streamhosts *h);
/* Wait for a connection to one of our own addresses, as s5b_listen_wait().
 * NULL, too, if the user hides these addresses. */
struct s5b_wait *streamhosts_wait(struct streamhosts *h, const char *hash,
	    s5b_wait_fn *fn, void *arg);
/* Put what is to be offered into out, best first: our own addresses, if
 * streamhosts_wait() waits there, and the proxies.  Returns their number, at
 * most max. */
size_t	 streamhosts_list(const struct streamhosts *h, struct streamhost *out,
	    size_t max);
/* May the router be asked to map the port of streamhosts_wait()?  Returns that
 * port, in IPv4; 0: no. */
uint16_t streamhosts_mappable(const struct streamhosts *h);
/* The router was asked, and maps no port: it is not asked again before the next
 * login. */
void	 streamhosts_not_mapped(struct streamhosts *h);
/* The router maps this address to that port: put it among the n hosts that
 * streamhosts_list() has put into out, behind our own addresses and before the
 * proxies.  Returns their number, at most max: the last one may be left out. */
size_t	 streamhosts_add_mapped(const struct streamhosts *h,
	    const struct addr *mapped, struct streamhost *out, size_t n,
	    size_t max);
/* What to connect by: AF_UNSPEC, AF_INET or AF_INET6. */
int	 streamhosts_family(const struct streamhosts *h);
/* Does the policy (xcat(1), streamhost-policy) let us connect to this
 * address?  h is a struct streamhosts. */
int	 streamhosts_permit(void *h, const struct addr *a);
/* Connect as s5b_dial(), but only where that lets us.  The loop, the family and
 * what is permitted are filled into dc. */
struct s5b_dial *streamhosts_dial(struct streamhosts *h,
	    struct s5b_dial_conf *dc, s5b_dial_fn *fn, void *arg);

/* May addresses of this machine be told to peers for punching, and those of
 * peers be punched to?  Not if the server is on this machine: it does not see
 * what others would see, and a socket needs no punching there. */
int	 streamhosts_punches(const struct streamhosts *h);
/* Set what is known about that: family, stun, portmap, server and login. */
struct gather_conf;
void	 streamhosts_gather_conf(const struct streamhosts *h,
	    struct gather_conf *conf);

#endif
