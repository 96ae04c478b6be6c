/* inband_int: what the files that make an in-band bytestream share: inband.c,
 * open.c, data.c, answer.c, path.c, close.c and sync.c. */
#ifndef IBB_INBAND_INT_H
#define IBB_INBAND_INT_H

#include <sys/queue.h>
#include <sys/tree.h>

#include "ibb/congestion.h"
#include "ibb/inband.h"
#include "xml/buf.h"
#include "xml/check.h"
#include "xml/iq.h"

struct elem;
struct xw;

#define SID_MAX		128	/* ejabberd's proxies take no longer one */
#define BLOCK_MIN	64	/* no use asking for smaller */
#define MESSAGE_BATCH	(INBAND_WINDOW / 2)	/* messages between pings */
#define TOMBSTONES		64	/* ended streams that are remembered */

enum inband_state {
	INBAND_OFFERED,	/* the peer asked; the user has not said */
	INBAND_OPENING,	/* we asked */
	INBAND_OPEN,
	INBAND_ENDED	/* closed, failed or aborted: unknown to the peer */
};

/* A direction of an open stream. */
enum inband_half {
	INBAND_HALF_OPEN,
	INBAND_HALF_CLOSING,	/* in: the peer's close is to be answered;
			 * out: ours is */
	INBAND_HALF_CLOSED
};

/* Whose block was the last one? */
enum inband_turn {
	INBAND_TURN_NONE,
	INBAND_TURN_OURS,
	INBAND_TURN_THEIRS
};

/* Does a stream that can be mended send, or does it wait? */
enum inband_hold {
	INBAND_HOLD_NOT,
	INBAND_HOLD_SILENT,	/* until the peer says how far it has got */
	INBAND_HOLD_AWAY	/* its server says that it is not there */
};

/* A block sent and not yet answered. */
struct flight {
	struct inband		*stream;
	size_t			 weight;
	int			 answered;
	int			 ping;	/* one followed this message */
	struct congestion_mark	 mark;
	STAILQ_ENTRY(flight)	 next;
	size_t			 len;
	unsigned char		 data[];	/* kept if it can be resent */
};

/* A block received and not yet answered. */
struct ack {
	char			*id;	/* NULL: a message, or an iq without */
	int			 again;	/* the same block as the one before */
	size_t			 len;	/* what it counts towards rx */
	STAILQ_ENTRY(ack)	 next;
};

/* What a <sync/> is asked with, besides what else the stream asks. */
struct asker {
	struct inband		*stream;
};

struct inband {
	struct ibb		*ibb;
	const char		*peer;		/* both in strings */
	const char		*sid;
	size_t			 tags;		/* of a stanza, but the data */
	enum inband_state		 state;
	enum inband_half		 in, out;
	size_t			 block;		/* agreed on in <open/> */
	size_t			 ours, theirs;	/* most we, it takes; or 0 */
	int			 message;
	int64_t			 deadline;
	uint64_t		 sent, landed;	/* blocks; then answered */
	uint64_t		 got, paid;	/* blocks; then answered */
	STAILQ_HEAD(, flight)	 flights;
	size_t			 nflights, flying;	/* they; their bytes:
						 * see path_fly() */
	size_t			 since_ping;
	struct path		*path;		/* NULL: not paced; with it: */
	uint64_t		 taken;		/* bytes that were answered */
	unsigned int		 small;		/* blocks in a row */
	int			 flies;		/* until so many bytes of the */
	uint64_t		 last;		/* path have landed */
	TAILQ_ENTRY(inband)	 flyer;
	struct asker		 sync;
	int			 can_sync;	/* sync.c; with it: */
	enum inband_hold		 hold;
	int			 sync_asked;
	int			 peer_lost;	/* the peer was away, is back */
	unsigned int		 fruitless;	/* refusals, no answers */
	uint64_t		 landed_then;	/* at the last loss, ... */
	unsigned int		 no_further;	/* ... and how often that */
	int			 reopened;	/* our open was sent again */
	void			(*result)(void *, struct xw *);
	STAILQ_HEAD(, ack)	 acks;
	size_t			 rx;		/* bytes held for acks */
	size_t			 due;		/* acks to be answered */
	enum inband_turn		 turn;
	int			 chats;		/* their last block was a
						 * small reply, */
	int			 late;		/* ours was: its answer is */
	int			 waits;		/* that of theirs does */
	TAILQ_ENTRY(inband)	 waiter;
	enum stanza_error	 turned;	/* away, for this reason, ... */
	const char		*turned_text;	/* ... in these words */
	char			*open_id;	/* of the peer's open */
	char			*close_id;	/* of the peer's close */
	void			(*extra)(void *, struct xw *);
	struct inband_user	 user;
	void			*arg;
	RB_ENTRY(inband)	 node;
	char			 strings[];
};
RB_HEAD(inband_tree, inband);
RB_PROTOTYPE(inband_tree, inband, node, inband_cmp)

/* The way to a peer, which all streams to it share. */
struct path {
	const char		*peer;		/* in string */
	struct congestion		 pace;
	size_t			 nstreams;
	size_t			 lying;		/* bytes sent, of all streams,
						 * that are unanswered; of
						 * which the peer wants */
	size_t			 window;	/* no more than this */
	size_t			 held;		/* bytes that came and are, */
	size_t			 told;		/* and the window for these */
	TAILQ_HEAD(, inband)	 flying;	/* blocks of these are under
						 * way, by the last one */
	size_t			 nflying;
	int64_t			 moved;		/* us: when it last moved on */
	RB_ENTRY(path)		 node;
	char			 string[];
};
RB_HEAD(path_tree, path);

/* What a stream that ended well may still be asked. */
struct tombstone {
	char			*peer, *sid;
	uint64_t		 got, paid;
	int			 settled;	/* its peer knows */
	char			 receipt[INBAND_RECEIPT];
};

struct ibb {
	struct iq_table		*iqs;
	struct ibb_host		 host;
	struct inband_tree	 streams;
	struct path_tree	 paths;
	TAILQ_HEAD(, inband)	 waiting;	/* answer.c */
	struct buf		 scratch;	/* a block, decoded */
	size_t			 rx;		/* of all streams */
	size_t			 limit;		/* learned; 0: none */
	const struct inband	*hurried;	/* sent little, ... */
	int64_t			 hurried_at;	/* ... then */
	struct tombstone		 tombstones[TOMBSTONES];
	unsigned int		 next_tombstone;
};

/* inband.c */

/* All changes of state: they trace. */
void	 inband_set_state(struct inband *s, enum inband_state state);
void	 inband_set_in(struct inband *s, enum inband_half half);
void	 inband_set_out(struct inband *s, enum inband_half half);
/* A stream that nobody can find yet, or NULL; and one that can be found. */
struct inband *inband_make(struct ibb *b, const char *peer, const char *sid);
void	 inband_insert(struct inband *s, enum inband_state state);
struct inband *inband_find(struct ibb *b, const char *peer, const char *sid);
/* It is over, and there is no use in telling the peer; but what it has asked
 * it is answered. */
void	 inband_fail(struct inband *s, enum inband_fault fault,
	    enum stanza_error err, const char *text);
/* Whatever is still to be answered to us is of no interest any more. */
void	 inband_forget(struct inband *s);
/* The oldest one leaves the queue. */
void	 inband_flight_free(struct inband *s);
/* Answer an iq with an error; a message cannot be. */
void	 inband_refuse_iq(struct ibb *b, const struct elem *stanza,
	    enum stanza_error err);
/* An unsigned number of nine digits at most; -1 if it is none. */
long	 inband_number(const char *s);

/* open.c, data.c, close.c: take an element of XEP-0047. */
void	 open_input(struct ibb *b, const struct elem *iq,
	    const struct elem *open);
void	 data_input(struct ibb *b, const struct elem *stanza,
	    const struct elem *data);
void	 close_input(struct ibb *b, const struct elem *stanza,
	    const struct elem *close);

/* Ask the peer again to open; to close. */
int	 inband_ask_open(struct inband *s) MUST_CHECK;
int	 inband_ask_close_again(struct inband *s) MUST_CHECK;
/* Tell the peer to close; its answer is of no interest.  An xcat hears if our
 * local end is why. */
void	 close_tell(struct inband *s, enum stanza_error why);
/* Answer its close, with our last words or without. */
void	 close_answer(struct inband *s, int words);

/* The oldest flight has been answered. */
void	 inband_land(struct inband *s);
/* Bytes of an iq with a block, without its base64, and of what a WebSocket puts
 * before it. */
size_t	 inband_tags(const struct inband *s);
/* Send a flight with this number, for the first time or again: 0 or -1. */
int	 inband_launch(struct inband *s, struct flight *f, uint64_t number)
	    MUST_CHECK;
/* Ask whether the messages up to the last have come. */
int	 inband_ask_ping(struct inband *s) MUST_CHECK;

/* answer.c */

/* A debt for a stanza with so many bytes of data; NULL without memory.  It
 * counts from now on, until it is freed; the oldest one is. */
struct ack *ack_new(const struct elem *stanza, size_t len);
void	 ack_count(struct inband *s, const struct ack *d);
void	 ack_free(struct inband *s);
/* The newest one, for this block: 0, or -1 without memory. */
int	 ack_owe(struct inband *s, const struct elem *stanza, size_t len)
	    MUST_CHECK;
/* Answer now what is due: 0, or -1 if an answer cannot be sent, without which
 * the stream cannot go on. */
int	 ack_pay(struct inband *s) MUST_CHECK;
/* The answers of this stream no longer wait for others. */
void	 inband_wait_no_more(struct inband *s);
/* The stream ends: answer what is due, and the other blocks with this error, as
 * far as answers can be sent. */
void	 inband_end_debts(struct inband *s, enum stanza_error err);

/* path.c */

/* From now on the stream is paced, if it is of iqs and there is a clock. */
void	 path_join(struct inband *s);
void	 path_leave(struct inband *s);
/* The connection is another one. */
void	 path_restart(struct ibb *b);
/* A block was sent for the first time, again; it has been answered. */
void	 path_sent(struct inband *s, struct flight *f);
void	 path_sent_again(struct inband *s, struct flight *f);
void	 path_landed(struct inband *s, const struct flight *f);
/* The first n that have not been answered are there. */
void	 path_arrived(struct inband *s, uint64_t n);
/* So many bytes more are under way; are not.  Likewise for what has come and is
 * held. */
void	 path_fly(struct inband *s, size_t len);
void	 path_land(struct inband *s, size_t len);
void	 path_hold(struct inband *s, size_t len);
void	 path_let_go(struct inband *s, size_t len);
/* The peer wants no more bytes unanswered than that, of all streams to it. */
void	 path_set_window(struct inband *s, size_t bytes);
/* The same from us, if it is news to the peer; else 0. */
size_t	 path_grant(struct inband *s);
/* How large a stanza of a paced stream should be, and how many blocks it may
 * take on now. */
size_t	 path_stanza(const struct inband *s);
size_t	 path_room(const struct inband *s);
/* What it has taken on is not kept waiting as long: may a block go now? */
int	 path_takes(const struct inband *s);

/* recover.c */

/* An error came back for a block or an open: if that can be mended, begin
 * to, and return 1. */
int	 recover_mends(struct inband *s, enum stanza_error err);
/* Take an iq set with an element of NS_XCAT: 1, or 0 if it is not for
 * streams. */
int	 recover_input(struct ibb *b, const struct elem *iq,
	    const struct elem *e);
/* A block came that is not the expected one: 1 if it has been dealt with. */
int	 recover_repeated(struct inband *s, const struct elem *stanza,
	    uint16_t seq);

/* tombstone.c */

/* The stream has ended well: remember it, with our receipt. */
void	 tombstone_add(struct inband *s, const char *receipt);
/* The remembered stream with this peer and sid, which may be NULL; or NULL. */
struct tombstone *tombstone_find(struct ibb *b, const char *peer,
	    const char *sid);
/* Answer a <close/> for a remembered stream: 1, or 0 if it is for none. */
int	 tombstone_close(struct ibb *b, const struct elem *iq,
	    const struct elem *close);
/* The peer has answered our <close/>: tell it that the answer has come. */
void	 tombstone_settle(struct inband *s);
/* Take the peer's word <closed/> that our answer to its <close/> has come. */
void	 tombstone_settled(struct ibb *b, const struct elem *iq,
	    const struct elem *closed);
/* Forget all remembered streams. */
void	 tombstone_free_all(struct ibb *b);

#endif
