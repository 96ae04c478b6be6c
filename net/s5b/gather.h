/*
 * gather: where this machine may be reached by punching: it reserves local
 * ports, and finds out by which addresses the world sees them.
 *
 * A component is a local port, of which several are of use, since one attempt
 * may spoil a port for the next (net/s5b/punch.h).  For each there are the
 * addresses of the machine; those that STUN servers see (RFC 8489), which the
 * user names, or the own server (XEP-0215); and what the own server sees of the
 * login (XEP-0279): the last component shares its port with the login, and for
 * the others it is a guess that a router keeps ports.  For the first component
 * the router is asked for a mapping (PCP, NAT-PMP, UPnP).
 */
#ifndef NET_S5B_GATHER_H
#define NET_S5B_GATHER_H

#include <stddef.h>
#include <stdint.h>

#include "net/s5b/candidate.h"
#include "xml/check.h"

struct addr;
struct gather;
struct iq_table;
struct loop;
struct resolver;

#define GATHER_TIME	3000	/* ms until what is known has to do */
#define GATHER_ROUTER	400	/* ms for a router that may not be needed */

struct gather_conf {
	struct loop	*loop;
	struct resolver	*resolver;
	struct iq_table	*iqs;		/* of the login that stands */
	const char	*server;	/* the own server's domain */
	const char	*stun;		/* host[:port] of a STUN server; NULL:
					 * those that the own server names */
	int		 family;	/* AF_UNSPEC, AF_INET or AF_INET6 */
	int		 portmap;	/* may the router be asked? */
	int		 patient;	/* is its answer to be waited for,
					 * even if punching may do without? */
	/* The local address of the connection to the server, if its port may be
	 * shared by the last component; len 0: not. */
	struct addr	 login;
	unsigned	 components;	/* 1 to CANDIDATE_COMPONENTS */
};

/* What the router between this machine and the internet does. */
enum gather_nat {
	GATHER_NAT_UNKNOWN,	/* no server has answered */
	GATHER_NAT_NONE,	/* the world sees an address of the machine */
	GATHER_NAT_STEADY,	/* it maps a port to one place, so far as the
				 * servers show that have answered: STUN servers
				 * and, for the port of the login, the own */
	GATHER_NAT_FICKLE	/* it maps by destination: to what cannot be
				 * known before */
};

/* All is known, or the time is up. */
typedef void gather_fn(void *arg);

/* Begin; conf is copied, its strings as well.  fn is called once, from the
 * loop.  NULL with errno if no port is to be had, or no memory. */
struct gather *gather(const struct gather_conf *conf, gather_fn *fn,
	    void *arg);
/* What has been found so far, best first, *n of them. */
const struct candidate *gather_candidates(const struct gather *g, size_t *n);
/* The local address of a component in this family.  0, or -1 if it has none. */
int	 gather_local(const struct gather *g, unsigned component, int family,
	    struct addr *local) MUST_CHECK;
/* Does its last component share the port of the login?  Only one gather should,
 * since sockets that share a port cannot connect to one place. */
int	 gather_shares_login(const struct gather *g);
/* What the router does, in IPv4. */
enum gather_nat gather_nat(const struct gather *g);
/*
 * This router maps ports by destination, and so does that of the peer, whose n
 * candidates these are: is there no port at either end that the other could
 * connect to?  Ports of a home are none, unless both have one router.
 */
int	 gather_is_in_vain(const struct gather *g,
	    const struct candidate *peers, size_t n);
/* What gather_nat() has said in words, for people. */
const char *gather_nat_text(enum gather_nat nat);
/* Why the router maps no port on request, for people; "" if it does, or was not
 * asked, or has not answered. */
const char *gather_portmap_error(const struct gather *g);
/* The protocol that the router was asked in. */
const char *gather_portmap_protocol(const struct gather *g);
/* Is the router still asked for a port, or has it mapped one? */
int	 gather_router_is_asked(const struct gather *g);
/* Give back the ports, and what the router maps.  NULL is fine. */
void	 gather_free(struct gather *g);

#endif
