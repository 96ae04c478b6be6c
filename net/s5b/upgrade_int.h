/*
 * upgrade_int: what the files that make an upgrade share: upgrades.c (all
 * upgrades of a run), upgrade.c (the life of one, and when it begins what),
 * upgrade_offer.c (the requester of XEP-0065: we offer), upgrade_answer.c (the
 * target: the peer offers) and upgrade_punch.c (a direct way through NATs).
 * The socket that comes of it is in upgrade_socket.c, which knows none of this.
 */
#ifndef NET_S5B_UPGRADE_INT_H
#define NET_S5B_UPGRADE_INT_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/carrier.h"
#include "ibb/s5b.h"
#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "net/s5b/s5b_dial.h"
#include "net/s5b/s5b_listen.h"
#include "net/s5b/upgrade.h"

struct upgrade_punch;
struct upgrade_socket;

#define UPGRADES_KNOWN	16	/* peers whose sockets are remembered */

/* How a socket with a peer came about last time. */
enum upgrade_way_known {
	UPGRADE_WAY_UNKNOWN,	/* it did not, or not in this login */
	UPGRADE_WAY_OFFERED,	/* XEP-0065 found it */
	UPGRADE_WAY_PUNCHED
};

struct upgrades {
	struct {
		char			*peer;	/* full JID; NULL: none */
		enum upgrade_way_known	 way;
	} known[UPGRADES_KNOWN];
	size_t			 next_known;
	struct upgrades_conf	 conf;
	struct upgrades_host	 host;
	TAILQ_HEAD(, upgrade)	 all;
};

enum upgrade_state {
	UPGRADE_REST,		/* nothing under way */
	UPGRADE_SEARCHING,	/* for proxies, to be offered */
	UPGRADE_OFFERED,	/* by us; the peer connects */
	UPGRADE_REACHING,	/* we connect to the proxy that it chose */
	UPGRADE_ACTIVATING,	/* the proxy is to relay */
	UPGRADE_ASKED,		/* by the peer, for a stream not yet accepted */
	UPGRADE_TRYING,		/* we connect to what it offers */
	UPGRADE_UP
};

enum upgrade_punch_state {
	UPGRADE_PUNCH_REST,
	UPGRADE_PUNCH_GATHERING,	/* our candidates */
	UPGRADE_PUNCH_ASKED,		/* the peer, for its candidates */
	UPGRADE_PUNCH_TRYING
};

/* Which hosts are of use to a stream. */
enum upgrade_hosts {
	UPGRADE_ANY,
	UPGRADE_DIRECT		/* its proxy has relayed in one direction
				 * only */
};

/* What an upgrade needs from an offer until its socket stands, or until nothing
 * comes of it. */
struct negotiation {
	char			 hash[256];	/* DST.ADDR, section 5.3.2 */
	struct streamhost	*hosts;		/* that are offered */
	size_t			 n;
	size_t			 used;		/* the one that was chosen */
	int			 fd;		/* connected, not yet in use;
						 * or -1 */
	enum carrier_version	 version;	/* of the socket */
	struct s5b_ask		*ask;		/* an offer or activation */
	struct s5b_wait		*wait;		/* for the peer, by us */
	struct s5b_dial		*dial;
	char			*id;		/* of an offer that is to be
						 * answered, or NULL */
	int64_t			 router_until;	/* the router's answer is waited
						 * for; 0: it is not */
	struct addr		 mapped;	/* by the router, to our port;
						 * len 0: none */
};

struct upgrade {
	struct upgrades		*owner;
	struct stream		*stream;
	int			 listener;
	void			(*changed)(void *);
	void			*arg;
	enum upgrade_state	 state;
	enum upgrade_hosts	 hosts;
	struct timer		 timer;		/* for the next try */
	int64_t			 not_before;	/* the next try */
	int64_t			 delay;		/* and the one after, ms */
	int64_t			 stands_since;	/* the socket, clock_ms() */
	unsigned		 losses;	/* carrier_losses() as the last
						 * try began */
	unsigned		 number;	/* of the last try */
	struct negotiation	*negotiation;	/* NULL: none */
	struct upgrade_socket	*socket;	/* NULL: none */
	int			 better;	/* takes the place of that one
						 * once it is given up; or -1 */
	int			 better_ready;	/* for upgrade_stands() */
	int			 direct;	/* the socket goes through no
						 * proxy */
	struct assist		*assist;	/* a router maps the port that
						 * is offered; or NULL */
	char			 why[256];	/* nothing came of a try, and
						 * where that was punching, of
						 * that */
	struct upgrade_punch	*punch;		/* NULL: never thought of */
	TAILQ_ENTRY(upgrade)	 next;
};

/* upgrades.c: remember how a socket with the peer of u came about, or that none
 * did; and what is remembered.  With a peer whose socket stood once, another
 * stream of this login does not wait until it is worth a socket. */
void	 upgrades_learn(const struct upgrade *u, enum upgrade_way_known way);
enum upgrade_way_known upgrades_way(const struct upgrade *u);

/* Move to this state, which -vv shows.  An impossible move is a mistake of
 * ours: it is not made, and standard error has a line about it. */
void	 upgrade_set_state(struct upgrade *u, enum upgrade_state state);
/* The full JID of the stream's peer. */
const char *upgrade_peer(const struct upgrade *u);
/* Our full JID. */
const char *upgrade_jid(const struct upgrade *u);
/* Is the socket to be all that the stream has? */
int	 upgrade_is_alone(const struct upgrade *u);

/* Begin the negotiation of the next socket, in place of one that may be under
 * way.  0, or -1 when out of memory: the old one goes on. */
int	 upgrade_begin(struct upgrade *u) MUST_CHECK;
/* Connect to the hosts of the negotiation that this JID owns (NULL: to all of
 * them), as s5b_dial(), for ms milliseconds at most.  0, or -1 when out of
 * memory. */
int	 upgrade_dial(struct upgrade *u, const char *owner, int64_t ms,
	    s5b_dial_fn *fn) MUST_CHECK;
/* Of the hosts of the negotiation keep those that are of use; owner is the JID
 * of the end that offers them. */
void	 upgrade_drop_hosts(struct upgrade *u, const char *owner);

/* This try has come to nothing, for this reason. */
void	 upgrade_failed(struct upgrade *u, enum stanza_error err,
	    const char *why);
/* upgrade_failed(), and tell the peer, which may believe that it stands. */
void	 upgrade_withdraw(struct upgrade *u, enum stanza_error err,
	    const char *why);
/* Begin the next try in ms milliseconds. */
void	 upgrade_retry(struct upgrade *u, int64_t ms);
/* fd, which leads to the peer through the proxy with this JID (NULL: directly),
 * is the socket; ready and version as for stream_socket().  The negotiation is
 * over. */
void	 upgrade_stands(struct upgrade *u, int fd, const char *proxy,
	    int ready, enum carrier_version version);
/* The version of sockets that an offer or its answer, <query/>, names. */
enum carrier_version upgrade_version(const struct elem *query);

/*
 * fd leads to the peer directly: it becomes the socket, in place of the one
 * that stands, if one does, and of any that is being negotiated.  One of the
 * ends has chosen it, and the other (chosen: 1) has heard that through it, so
 * that both have it.  The end that chose gives up the old socket; what was
 * under way in it goes again, in-band or by the new one, which is framed: ends
 * that find better sockets know the frames.
 */
void	 upgrade_replace(struct upgrade *u, int fd, int chosen);

/* Offer what we have (upgrade_offer.c), now or once the router has answered:
 * until then to be called again. */
void	 upgrade_offer(struct upgrade *u);

/*
 * upgrade_punch.c: a way through the routers of both ends, beside what XEP-0065
 * does: xcat-protocol(7), Punching.
 */

/* Something has changed: begin to punch if it is time for that, which the
 * caller of the stream decides. */
void	 upgrade_punch_check(struct upgrade *u);
/* A direct way has been lost: begin the next try at once. */
void	 upgrade_punch_lost(struct upgrade *u);
/* What is being done about a direct way. */
enum upgrade_punch_state upgrade_punch_state(const struct upgrade *u);
/* Has a direct way still to be tried for the first time? */
int	 upgrade_punch_is_new(const struct upgrade *u);
/* When the caller begins the next try (clock_ms()), INT64_MAX if it does not
 * unless one of the ends was away. */
int64_t	 upgrade_punch_due(const struct upgrade *u);
/* End it.  Fine if there is none. */
void	 upgrade_punch_free(struct upgrade *u);
/* Take the peer's candidates, <punch/>; of dispatch_fn. */
int	 upgrades_punch_input(void *arg, const struct elem *iq,
	    const struct elem *punch);

/* upgrade_answer.c: of dispatch_fn (ibb/dispatch.h), with the struct upgrades
 */

/* Take the peer's word on the socket of a stream, <socket/> (xcat-protocol(7),
 * Sockets). */
int	 upgrades_socket_input(void *arg, const struct elem *iq,
	    const struct elem *socket);
/* Take an offer, <query/> (XEP-0065 section 5.3.1).  0 if the peer is to be
 * answered as any client answers. */
int	 upgrades_query_input(void *arg, const struct elem *iq,
	    const struct elem *query);

#endif
