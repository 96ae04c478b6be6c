/*
 * upgrade_punch_int: what the files that punch share: upgrade_punch.c (when,
 * and what the ends tell each other) and upgrade_ways.c (the attempts).
 */
#ifndef NET_S5B_UPGRADE_PUNCH_INT_H
#define NET_S5B_UPGRADE_PUNCH_INT_H

#include "net/s5b/candidate.h"
#include "net/s5b/upgrade_int.h"

#define UPGRADE_WAYS	2	/* local ports: one connects plainly, one with a
				 * low hop limit */
#define UPGRADE_NONCE	32	/* characters */

struct gather;
struct punch;

/* A local port and the attempts from it. */
struct upgrade_way {
	struct upgrade_punch	*owner;
	struct punch		*punch;		/* NULL: over, or not begun */
};

struct upgrade_punch {
	struct upgrade		*u;
	enum upgrade_punch_state state;
	int			 unknown;	/* the peer does not know it */
	unsigned		 tries;
	struct timer		 timer;
	int64_t			 not_before, pause;
	unsigned		 faith;		/* tries until pause grows */
	int			 patient;	/* our router's answer is to be
						 * waited for */
	unsigned		 losses;	/* carrier_losses() as the last
						 * try began */
	struct gather		*gather;
	struct gather		*mapped;	/* of the try that has led to
						 * the socket: what a router
						 * maps for it stays */
	char			 nonces[2][UPGRADE_NONCE + 1];	/* the caller's
						 * first */
	struct candidate	 peers[CANDIDATES_MAX];
	size_t			 npeers;
	int			 fickle;	/* the peer's router maps ports
						 * by destination */
	/* Of the listener: the request that is to be answered, and half of the
	 * round trip to the caller. */
	char			*id;
	int			 pinging;
	int64_t			 began, half;
	struct upgrade_way	 ways[UPGRADE_WAYS];
};

/* Move to this state, which -vv shows. */
void	 upgrade_punch_set_state(struct upgrade_punch *p,
	    enum upgrade_punch_state state);
/* Nothing has come of this try, for this reason: it is over, and it is for the
 * caller to begin the next one. */
void	 upgrade_punch_failed(struct upgrade_punch *p, const char *why);
/* The socket fd leads to the peer: the try is over. */
void	 upgrade_punch_found(struct upgrade_punch *p, int fd);

/* Connect to the peer's candidates from all local ports.  Both ends do this at
 * one time: the caller when the answer has come, the other end half a round
 * trip after it has gone. */
void	 upgrade_ways_begin(struct upgrade_punch *p);
/* End all attempts. */
void	 upgrade_ways_end(struct upgrade_punch *p);

#endif
