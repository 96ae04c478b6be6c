/*
 * gather_int: what the files that make a gather share: gather.c (its life, the
 * ports, the addresses of the machine and what the router maps), gather_ask.c
 * (what servers say) and gather_nat.c (what that tells about the router).
 */
#ifndef NET_S5B_GATHER_INT_H
#define NET_S5B_GATHER_INT_H

#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "net/s5b/gather.h"
#include "xml/check.h"

#define GATHER_SERVERS	2	/* STUN servers that are asked */
#define GATHER_FOUND	32	/* candidates, at most */
/* Local priorities (candidate_priority()). */
#define GATHER_GUESS	0	/* of a port that is a guess */
#define GATHER_SEEN	8191	/* of one that a server has seen */

struct assist;
struct extdisco;
struct sic;
struct stun_ask;

#define GATHER_FAMILIES	2	/* IPv4, and IPv6 */

/* A question to one STUN server from one local port, in one family. */
struct gather_question {
	struct gather	*owner;
	unsigned	 component;
	unsigned	 server;
	int		 six;		/* in IPv6 */
	struct stun_ask	*ask;
	struct addr	 mapped;	/* len 0: no answer */
};

/* A STUN server, whose addresses of one family are looked for. */
struct gather_name {
	struct gather	*owner;
	unsigned	 number;
	int		 six;
	struct query	*query;
	int		 failed;	/* to answer, as was said */
	char		 text[300];	/* its name and port, for people */
};

struct gather {
	struct gather_conf	 conf;
	char			*server, *stun;
	/* Descriptors, or -1. */
	int			 ports[CANDIDATE_COMPONENTS][GATHER_FAMILIES];
	unsigned		 login;		/* the component that has the
						 * login's port; 0: none */
	struct addr		 seen;		/* where the own server sees
						 * that; len 0: not said */
	struct candidate	 found[GATHER_FOUND];	/* best first */
	size_t			 nfound;
	struct extdisco		*extdisco;
	struct sic		*sic;
	struct gather_name	 names[GATHER_SERVERS][GATHER_FAMILIES];
	struct gather_question	 questions[CANDIDATE_COMPONENTS]
				    [GATHER_SERVERS][GATHER_FAMILIES];
	struct assist		*assist;
	char			 error[128];	/* of that one */
	int			 mapping;	/* it has not answered */
	unsigned		 pending;	/* answers of servers */
	int64_t			 began;
	struct timer		 timer;
	gather_fn		*fn;		/* NULL: it was called */
	void			*arg;
};

/* A component has this address, with this local priority; what is known as
 * something better stays that. */
void	 gather_add(struct gather *g, enum candidate_type type,
	    unsigned component, unsigned local, const struct addr *a);
/* Has the machine an address of this family that others may reach? */
int	 gather_has_own(const struct gather *g, int family);
/* Is it an address by which another machine may reach this one? */
int	 gather_is_useful(const struct addr *a);
/* One of the answers that g->pending counts has come, or will not. */
void	 gather_answered(struct gather *g);

/* Ask the own server and STUN servers.  0, or -1 if the STUN server that the
 * user names is no host and port. */
int	 gather_ask_servers(struct gather *g) MUST_CHECK;
/* Forget what is still to be answered, and close the connections that keep what
 * a router maps. */
void	 gather_ask_end(struct gather *g);

#endif
