/*
 * link: a stream (ibb/) joined to an end (net/), and what it takes to have
 * both: a service to be reached, a SOCKS client that waits, a child.
 *
 * link.c joins and watches them, call.c opens streams, listen.c takes those
 * that peers open, probe.c looks what is there; wire.c gets them sockets,
 * send.c and receive.c let files go by them.
 */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdint.h>

#include "ibb/stream.h"
#include "net/loop.h"
#include "xml/check.h"

struct elem;
struct end;
struct inband;
struct incoming;
struct outgoing;
struct reach;
struct s5b_offer;
struct socks;
struct target;
struct wire;

/* How far a stream is that a peer has offered: see listen.c. */
enum link_turn {
	LINK_OURS,		/* we have opened it */
	LINK_OFFERED,		/* it waits for an answer */
	LINK_SHAKING,		/* it is accepted, and its session has yet to
				 * stand: it holds no place */
	LINK_IN_LINE,		/* its session stands; it waits for a place */
	LINK_TAKEN		/* it has got its place */
};

struct link {
	struct stream	*stream;
	struct end	*end;
	int		 unjoined;	/* errno, if there can be no end */
	int		 listener;	/* it was the peer who called */
	struct wire	*wire;		/* a socket for the stream, or its
					 * prospect; NULL */
	struct reach	*reach;		/* a service, under way */
	struct socks	*socks;		/* a client that waits for an answer */
	struct incoming	*in;		/* a file that comes by it, or NULL */
	struct outgoing	*out;		/* one that goes */
	pid_t		 pid;		/* the service's child, or 0 */
	char		*host, *port;	/* what a client of ours asked for */
	enum link_turn	 turn;
	struct timer	 handshake;	/* how long that may take */
	struct target	*target;	/* the service, until it is reached */
	int		 greeted;	/* what protects it has been told */
	char		*service;	/* of ours, that a caller gets; NULL */
	int		 noted;		/* it has been said that it opened, */
	int64_t		 opened;	/* at this time, clock_ms() */
	int		 chat;		/* its end is a terminal, both ways */
	int		 doomed;	/* failed, and seen so once */
	struct timer	 timer;		/* -w */
	uint64_t	 progress;	/* bytes moved, as last seen */
	struct timer	 silence;	/* is the peer still there? */
	uint64_t	 heard, confirmed;	/* bytes, as last seen */
	int64_t		 since;		/* when it began to wait for the peer
					 * or the server; 0: it does not */
	int64_t		 pause;		/* ms to the next look */
	int		 said_away;
	int		 changed;	/* in run.changed */
	unsigned	 looked;	/* when last looked at, see link.c */
	TAILQ_ENTRY(link) next, change;
};

/* A new one in run.links, with neither; NULL when out of memory. */
struct link *link_new(void);
void	 link_free(struct link *l);
/* It is over, and freed.  Where there may be others, that is all; else the
 * run ends with this status. */
void	 link_over(struct link *l, int status);
/* Is everything done, and we stay only in case the peer asks how it ended? */
int	 link_lingers(void);
/* A peer has nothing more to ask about a stream that ended. */
void	 link_settled(void *unused);
/* What struct ibb_host has under these names. */
void	 link_ask_later(void *unused);
void	 link_answer_later(void *unused);
/* Look at it before the loop waits next; an argument for stream_call(). */
void	 link_changed(void *link);
/* Join its stream to these descriptors, as end_new() has them.  If that cannot
 * be, l->unjoined says why, and the link fails when it is looked at next. */
void	 link_join(struct link *l, int rfd, int wfd);
/* Join its stream to standard input and output. */
void	 link_join_stdio(struct link *l);
/* A signal ends what was typed at the terminals of such a stream, if there is
 * one: the stream is closed when all of it has arrived.  Returns 1, or 0 if
 * there is no such stream. */
int	 links_end_chat(void);
/* Something moved, or may from now on: -w counts from here. */
void	 link_tick(struct link *l);
/* The command of its service has ended: it hears no more, and its last word
 * ends the stream. */
void	 link_child_ended(struct link *l);
/* It has failed, for this reason: say so, and end it. */
void	 link_failed(struct link *l, int status, const char *why);
/* Say once what protects its stream, and remember whom we met. */
void	 link_greet(struct link *l);
/* What streams of this run are like. */
struct stream_conf link_stream_conf(void);
/* Until when an answer asked for now is waited for. */
int64_t	 answer_deadline(void);
/* The server is away, or back: how long streams may wait is limited. */
void	 links_away(void);
void	 links_back(void);
/* What was on its way is lost: streams that cannot be mended break, once
 * what came of them is out; all of them if the server is lost for good. */
void	 links_break(const char *why);
/* Our address is another one: streams break, which peers know by the old one,
 * but for those that are only being opened. */
void	 links_moved(void);
/* How long to wait for a server or a peer to be back, ms. */
int64_t	 link_patience(void);
/* What changed in all of them; called by the loop before it waits. */
void	 links_check(void *unused);

/*
 * call.c
 */

/* Open the link's stream to a service of the peer.  0 or -1. */
int	 call(struct link *l, const char *host, const char *port);
void	 call_stdio(void);
/* Bind what -L and -D name: what cannot work fails before the login.  0, or
 * -1 with a reason of PORT_ERR bytes. */
int	 forward_open(char *why) MUST_CHECK;
/* There is a way to the peer: accept, and say so. */
void	 forward_start(void);
/* The stream is open: those who had to wait for that go on. */
void	 call_stands(struct link *l);

/*
 * probe.c: -z
 */
void	 probe(void);
/* The stream stands: report, and end it. */
void	 probe_stands(struct link *l);

/*
 * listen.c
 */

/* Say that we listen, once we can. */
void	 listen_start(void);
/* We have logged in again; moved: our address is another one, to be told. */
void	 listen_back(int moved);
/* A stream is offered, as ibb_host has it. */
void	 listen_offered(void *unused, struct inband *offer,
	    const struct elem *open);
/* A stream over a socket alone is (ibb/bytestreams.h). */
void	 listen_socket_offered(struct s5b_offer *o);
/* A stream that a peer has opened was to be over a socket that is not to be
 * had: 1, and it is gone, as if it had not been offered. */
int	 listen_missed(struct link *l);
/* The session of a link that was SHAKING stands: it gets its place, or a place
 * in the line, or is refused; the link may be gone. */
void	 listen_stands(struct link *l);
/* A timer's: the session should stand by now, or the link fails. */
void	 listen_late(void *link);
/* Standard input and output are free: whoever has waited longest. */
void	 listen_next(void);

#endif
