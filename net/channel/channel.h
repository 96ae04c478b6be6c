/*
 * channel: a stream (ibb/) joined to a local end (net/io/pump.h), and what it
 * takes to have both: a service to be reached, a SOCKS client that waits, a
 * child.
 *
 * call.c and forward.c open streams, accept.c takes the streams that peers
 * open, place.c knows whose turn it is, and serve.c reaches services; probe.c
 * looks what is there.  Files attach to channels by a table of functions.
 */
#ifndef NET_CHANNEL_CHANNEL_H
#define NET_CHANNEL_CHANNEL_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdint.h>

#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/await.h"
#include "net/io/loop.h"
#include "xml/check.h"

struct account;
struct elem;
struct pump;
struct inband;
struct service_dial;
struct s5b_offer;
struct socks;
struct target;
struct upgrade;

/* How far a stream is that a peer has offered: see accept.c. */
enum channel_turn {
	CHANNEL_OURS,		/* we have opened it */
	CHANNEL_OFFERED,	/* it waits for an answer */
	CHANNEL_SHAKING,	/* accepted, while its session does not stand:
				 * it holds no place */
	CHANNEL_IN_LINE,	/* its session stands; it waits for a place */
	CHANNEL_TAKEN		/* it has its place */
};

/* Does the stream wait, and what for? */
enum channel_waits {
	CHANNEL_PRESENT,	/* it does not: peer and server are there */
	CHANNEL_WAITING,	/* for the peer or the server */
	CHANNEL_AWAY,		/* for the peer, of which a server has said, and
				 * we have, that it is away */
	CHANNEL_DOOMED,		/* it has failed, and its local end has until
				 * the next look to take what came */
	CHANNEL_ABSENT		/* it has failed, as the peer is not there yet,
				 * which will be called again (-W) */
};

/* What has been said of the stream. */
enum channel_told {
	CHANNEL_UNTOLD,		/* nothing: it has not been open */
	CHANNEL_GREETED,	/* what protects it */
	CHANNEL_NOTED,		/* that it has opened (notes.h) */
	CHANNEL_TOLD		/* and that it has ended */
};

/*
 * A file that goes or comes by a channel, as the channel knows it: functions of
 * the file's owner, each of which is given the file.  A NULL stands for what a
 * channel without a file does.
 */
struct channel_file_ops {
	/* How many of room bytes may be read for the stream now?  NULL: all. */
	size_t	(*room)(void *file, size_t room);
	/* len bytes have been read, and are about to be sent. */
	void	(*wrote)(void *file, size_t len);
	/* There is nothing more to be read.  NULL: stream_finish(). */
	void	(*ended)(void *file);
	/* How many of len bytes that came may be written now?  NULL: all. */
	size_t	(*limit)(void *file, size_t len);
	/* The first len of the stream's bytes, at data, have been written.
	 * NULL: stream_consume(). */
	void	(*took)(void *file, const void *data, size_t len);
	/* The stream or its local end has changed.  1: the channel is no more.
	 * NULL: 0. */
	int	(*check)(void *file);
	/* Has all of the file come?  NULL: 0. */
	int	(*complete)(void *file);
	/* Is its local end another one than standard input and output?  NULL:
	 * 0. */
	int	(*apart)(void *file);
	/* The channel fails, and is about to say so. */
	void	(*fails)(void *file);
	/* Has the reason of its failure been told already?  NULL: 0. */
	int	(*told)(void *file);
	/* Was it declined, so that its failure does not end a listener?  NULL:
	 * 0. */
	int	(*declined)(void *file);
	/* What goes before and behind the reason of a failure.  NULL: "". */
	const char *(*before)(void *file);
	const char *(*behind)(void *file);
	/* Are there more files to come from its peer?  NULL: 0. */
	int	(*more)(void *file);
	/* It is over, with this fault.  1: the channel has been freed, and what
	 * is next is for the file's owner to see to.  NULL: 0. */
	int	(*over)(void *file, enum fault fault);
	/* The socket that its stream needs did not come about: detach it, since
	 * another stream may come for it. */
	void	(*missed)(void *file);
	/* The channel is being freed, and forgets the file. */
	void	(*left)(void *file);
};

/* What accept.c asks about files that peers offer: app->takers. */
struct channel_takers {
	/* The file that was agreed on for a stream with this sid; or NULL. */
	void	*(*find)(struct app *app, const char *peer, const char *sid);
	/* Attach that file to the channel of its stream.  0 or -1. */
	int	 (*take)(struct channel *ch, void *file);
	/* Attach a file that is still to be described in the channel's stream.
	 * 0 or -1. */
	int	 (*offered)(struct channel *ch);
	/* Does standard output belong to a file that comes by no channel? */
	int	 (*busy)(struct app *app);
	/* A stream is over: standard output may be free for these. */
	void	 (*next)(struct app *app);
};

struct channel {
	struct app	*app;		/* the run that it belongs to */
	struct stream	*stream;	/* NULL: none yet */
	struct pump	*pump;		/* its local end; NULL: none yet */
	int		 unjoined;	/* errno, if there can be no end */
	int		 listener;	/* it was the peer that called, */
	struct account	*account;	/* which has this account; or NULL */
	const char	*offerer;	/* it, until there is a stream */
	struct upgrade	*upgrade;	/* a socket for the stream, or the
					 * prospect of one; or NULL */
	struct service_dial *dial;	/* a service, under way */
	struct socks	*socks;		/* a client that waits for an answer */
	struct udp_client *udp_client;	/* of -u; NULL: none */
	struct service_udp *udp;	/* the target of datagrams; NULL */
	const struct channel_file_ops *file_ops;
	void		*file;		/* for these; NULL: there is none */
	pid_t		 pid;		/* the service's child, or 0 */
	char		*host, *port;	/* what a client of ours asked for */
	const char	*called_host;	/* what our caller asked the peer for */
	const char	*called_port;
	const char	*called_peer;	/* NULL: app->peer */
	enum stream_use	 called_for;	/* of -R; else STREAM_FOR_ANY */
	struct channel	*control;	/* of -R: the stream by which this one
					 * was agreed on; NULL */
	enum channel_turn turn;
	struct timer	 handshake;	/* how long its session may take */
	struct target	*target;	/* the service, until it is reached */
	char		*service;	/* of ours, that a caller gets; NULL */
	enum channel_told told;
	int64_t		 made;		/* when the channel was, clock_ms() */
	int64_t		 opened;	/* when that was noted, clock_ms() */
	int		 chat;		/* its end is a terminal, both ways */
	struct timer	 timer;		/* -w */
	int		 steady;	/* quiet for hours as a rule: -w is for
					 * its peer's absence alone */
	uint64_t	 progress;	/* bytes moved, as last seen */
	enum channel_waits waits;
	struct timer	 silence;	/* until we look for the peer */
	uint64_t	 heard, confirmed;	/* bytes, as last seen */
	uint64_t	 rested;		/* bytes both ways, by the time
						 * that it was quiet */
	int64_t		 since;		/* waiting: when that began */
	int64_t		 pause;		/* waiting: ms to the next look */
	struct await	 absent;	/* CHANNEL_ABSENT: to the next call */
	int		 changed;	/* it is in app->changed */
	unsigned	 looked;	/* app->turn, when last looked at */
	TAILQ_ENTRY(channel) next, change, of_account;
};

/*
 * channel_state.c: the setters of the states.  Each traces the move, and
 * refuses an impossible one, which is a mistake of ours, with a line on
 * standard error.
 */
void	 channel_set_turn(struct channel *ch, enum channel_turn turn);
void	 channel_set_waits(struct channel *ch, enum channel_waits waits);
void	 channel_set_told(struct channel *ch, enum channel_told told);

/*
 * channel.c
 */

/* The app has its loop: let it have channels, none yet. */
void	 channels_init(struct app *app);
/* A new channel in app->channels, with neither stream nor end; NULL when out of
 * memory. */
struct channel *channel_new(struct app *app);
/* Free it with all that it has.  The peer of its stream is told. */
void	 channel_free(struct channel *ch);
/* Free its stream, and what joins that: another stream takes its place. */
void	 channel_drop_stream(struct channel *ch);
/* It is over with this fault: free it.  Where there may be other channels, the
 * run goes on; else it ends with the fault. */
void	 channel_over(struct channel *ch, enum fault fault);
/* The command of its service has ended: it hears no more, and its last word
 * ends the stream. */
void	 channel_child_ended(struct channel *ch);
/* The process of a service has ended: see to the channel that it belongs to. */
void	 channels_child_ended(struct app *app, pid_t pid);
/* A signal ends the run: tell the peers. */
void	 channels_stop(struct app *app);
/* What streams of this run are like. */
struct stream_conf channel_stream_conf(struct app *app);
/* Wipe and free a caller's code: it was good for one call. */
void	 channel_forget_code(struct app *app);

/*
 * channel_file.c
 */

/* A file goes or comes by the channel, until it is detached. */
void	 channel_attach(struct channel *ch, const struct channel_file_ops *ops,
	    void *file);
/* For limit() of files for which nothing that comes is to be written. */
size_t	 channel_file_none(void *file, size_t len);
/* No file does any more. */
void	 channel_detach(struct channel *ch);
/* Is there a file, whose local end is another one than standard input and
 * output? */
int	 channel_is_apart(const struct channel *ch);

/*
 * channel_join.c
 */

/* Join its stream to these descriptors, as pump_new() has them.  If that
 * cannot be, ch->unjoined says why, and the channel fails when it is looked at
 * next. */
void	 channel_join(struct channel *ch, int rfd, int wfd);
/* How many bytes its stream takes now, and the server if they go through it:
 * for files that write to the stream themselves. */
size_t	 channel_room_out(const struct channel *ch);
/* Join its stream to standard input and output. */
void	 channel_join_stdio(struct channel *ch);
/* The process that has the local ends was stopped (hold is 1), or goes on (0):
 * nothing is read or written meanwhile, nor of the channels to come. */
void	 channels_hold(struct app *app, int hold);
/* A signal ends what is typed at a terminal for a stream, if there is one: the
 * stream is closed when all of that has arrived.  Returns 1, or 0 if no stream
 * ends at terminals. */
int	 channels_end_chat(struct app *app);

/*
 * channel_check.c
 */

/* Look at it before the loop waits next; an argument for stream_call(). */
void	 channel_changed(void *channel);
/* Say once what protects its stream, and remember the peer's key. */
void	 channel_greet(struct channel *ch);

/*
 * channel_wait.c
 */

/* Something moved, or may from now on: -w counts from here. */
void	 channel_tick(struct channel *ch);
/* The server is away: streams wait for it, for a limited time. */
void	 channels_away(struct app *app);
/* The server is back. */
void	 channels_back(struct app *app);

/*
 * channel_fail.c
 */

/* It has failed, for this reason: say so, and end it. */
void	 channel_failed(struct channel *ch, enum fault fault, const char *why);
/* What was on its way is lost: streams that cannot be mended break, after their
 * received data is written; all of them if the server is lost for good. */
void	 channels_break(struct app *app, const char *why);
/* Our address is another one: streams break, because peers know them by the old
 * one, except streams that are still being opened. */
void	 channels_moved(struct app *app);

/*
 * channel_upgrade.c: sockets
 */

/* The login stands: streams may have sockets (app->upgrades) from now on.  0,
 * or -1 when out of memory. */
int	 channels_prepare_upgrades(struct app *app) MUST_CHECK;
/* The upgrade of its stream, made if there is none; NULL when out of memory. */
struct upgrade *channel_upgrade(struct channel *ch);
/* Its stream has changed: as upgrade_check(). */
void	 channel_check_upgrade(struct channel *ch);
/* Its stream is over a socket alone, and we call: as upgrade_call().  0, or -1
 * when out of memory. */
int	 channel_call_socket(struct channel *ch) MUST_CHECK;
/* Its stream is about to go, and its socket, if it has one, with it. */
void	 channel_drop_upgrade(struct channel *ch);

#endif
