/*
 * inband_int: what the files that make an in-band bytestream share: inband.c,
 * open.c, data.c, ack.c, path.c, close.c, recover.c and tombstone.c.
 */
#ifndef IBB_INBAND_INT_H
#define IBB_INBAND_INT_H

#include <sys/queue.h>
#include <sys/tree.h>

#include "ibb/congestion.h"
#include "ibb/inband.h"
#include "ibb/sid.h"
#include "xml/buf.h"
#include "xml/check.h"
#include "xml/iq.h"

struct dispatch;
struct elem;
struct xw;

#define BLOCK_MIN	64	/* smaller blocks are not asked for */
#define MESSAGE_BATCH	(INBAND_WINDOW / 2)	/* messages between pings */
#define TOMBSTONES	64	/* ended streams that are remembered */

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
				 * out: our close is */
	INBAND_HALF_CLOSED
};

/* Which side sent the last block? */
enum inband_turn {
	INBAND_TURN_NONE,	/* there was no block yet */
	INBAND_TURN_OURS,
	INBAND_TURN_THEIRS
};

/* Does a stream that can be mended send, or does it wait? */
enum inband_hold {
	INBAND_HOLD_NOT,
	INBAND_HOLD_SILENT,	/* until the peer says how far it has got */
	INBAND_HOLD_AWAY	/* a server says that the peer is not there */
};

/* A block sent and not yet answered. */
struct flight {
	struct inband		*stream;
	size_t			 weight;	/* of the user's bytes */
	int			 answered;	/* but an older one is not */
	int			 ping;		/* follows this message */
	struct congestion_mark	 mark;
	STAILQ_ENTRY(flight)	 next;
	size_t			 len;
	unsigned char		 data[];	/* kept if it can be resent */
};

/* A block received and not yet answered. */
struct ack {
	char			*id;	/* NULL: a message, or an iq without */
	int			 again;	/* a repetition of the block before */
	size_t			 len;	/* what it counts towards rx */
	STAILQ_ENTRY(ack)	 next;
};

/* The arg of the request <sync/>, apart from the stream's other requests: see
 * iq_forget(). */
struct asker {
	struct inband		*stream;
};

struct inband {
	struct ibb		*ibb;
	const char		*peer;		/* both in strings */
	const char		*sid;
	size_t			 tags;		/* of a stanza, but the data */
	enum inband_state	 state;
	enum inband_half	 in, out;
	size_t			 block;		/* agreed on in <open/> */
	size_t			 ours;		/* most that we take, or 0 */
	size_t			 theirs;	/* most the peer takes, or 0 */
	int			 message;
	int64_t			 deadline;
	uint64_t		 sent;		/* blocks */
	uint64_t		 landed;	/* of these, answered */
	uint64_t		 got;		/* blocks from the peer */
	uint64_t		 paid;		/* of these, answered by us */
	STAILQ_HEAD(, flight)	 flights;
	size_t			 nflights;
	size_t			 flying;	/* bytes in flights */
	size_t			 since_ping;	/* messages */
	struct path		*path;		/* NULL: not paced; with it: */
	uint64_t		 taken;		/* bytes that were answered */
	unsigned int		 small;		/* blocks in a row */
	int			 flies;		/* in path->flying, until ... */
	uint64_t		 last;		/* ... this byte has landed */
	TAILQ_ENTRY(inband)	 flyer;
	struct asker		 sync;
	int			 can_sync;	/* recover.c; with it: */
	enum inband_hold	 hold;
	int			 sync_asked;	/* and not answered */
	int			 peer_lost;	/* the peer was away, is back */
	unsigned int		 fruitless;	/* refusals, no answers */
	uint64_t		 landed_then;	/* landed at the last loss */
	unsigned int		 no_further;	/* losses near that block */
	int			 reopened;	/* our open was sent again */
	int			 open_asked;	/* and is not answered */
	int			 early;		/* blocks may be sent, or come,
						 * before it is */
	int			 early_lost;	/* and some have not come */
	int			 doubtful;	/* inband_is_doubtful() */
	void			(*result)(void *, struct xw *);
	STAILQ_HEAD(, ack)	 acks;
	size_t			 rx;		/* bytes held for acks */
	size_t			 due;		/* acks to be answered */
	enum inband_turn	 turn;
	int			 chats;		/* the peer's last block was a
						 * small reply */
	int			 late;		/* our last block was: the
						 * peer may answer it late */
	int			 waits;		/* our answers wait */
	TAILQ_ENTRY(inband)	 waiter;
	enum stanza_error	 turned;	/* why it was turned away */
	const char		*turned_text;	/* and that in words */
	char			*open_id;	/* of the peer's open */
	char			*close_id;	/* of the peer's close */
	int			 proved;	/* inband_proved() */
	void			(*extra)(void *, struct xw *);
	struct inband_user	 user;
	void			*arg;
	RB_ENTRY(inband)	 node;
	char			 strings[];
};
RB_HEAD(inband_tree, inband);
RB_PROTOTYPE(inband_tree, inband, node, inband_cmp)

/* The path to a peer, which all streams to it share. */
struct path {
	const char		*peer;		/* in string */
	struct congestion	 pace;
	size_t			 nstreams;
	size_t			 nbusy;		/* streams with unanswered
						 * bytes of ours */
	size_t			 lying;		/* bytes of all streams that are
						 * sent and unanswered */
	size_t			 window;	/* most that the peer wants of
						 * these */
	size_t			 held;		/* bytes of all streams that
						 * came and are unanswered */
	size_t			 told;		/* our window for these, as the
						 * peer knows it */
	TAILQ_HEAD(, inband)	 flying;	/* streams with blocks under
						 * way, by the last block */
	size_t			 nflying;
	int64_t			 moved;		/* us: when a block landed last,
						 * or room ran out */
	RB_ENTRY(path)		 node;
	char			 string[];
};
RB_HEAD(path_tree, path);

/* What the peer may still ask of a stream that ended well. */
struct tombstone {
	char			*peer, *sid;
	uint64_t		 got, paid;	/* as the stream's */
	int			 settled;	/* the peer knows its end */
	char			 receipt[INBAND_RECEIPT];
};

struct ibb {
	struct iq_table		*iqs;
	struct dispatch		*dispatch;	/* what comes for streams */
	struct ibb_host		 host;
	struct inband_tree	 streams;
	struct path_tree	 paths;
	TAILQ_HEAD(, inband)	 waiting;	/* ack.c */
	struct buf		 scratch;	/* a block, decoded */
	size_t			 rx;		/* of all streams */
	size_t			 limit;		/* bytes of a block that the
						 * way takes; 0: unknown */
	const struct inband	*hurried;	/* sent little last ... */
	int64_t			 hurried_at;	/* ... at this time */
	struct tombstone	 tombstones[TOMBSTONES];
	unsigned int		 next_tombstone;
};

/* inband.c */

/* The setter of state: it traces the move, and an ended stream leaves the tree.
 * 0, or -1 with the state unchanged if there is no move from it to the new one:
 * a stream opens or ends once, and only inband_insert() begins. */
int	 inband_set_state(struct inband *s, enum inband_state state);
/* The setter of in, the peer's direction (XEP-0047 section 2.3), as
 * inband_set_state(): it never goes back, nor stays. */
int	 inband_set_in(struct inband *s, enum inband_half half);
/* The setter of out, our direction, as inband_set_in(). */
int	 inband_set_out(struct inband *s, enum inband_half half);
/* A stream that inband_find() does not find yet; peer and sid are copied.  NULL
 * when out of memory. */
struct inband *inband_make(struct ibb *b, const char *peer, const char *sid);
/* From now on, in this state, inband_find() finds it. */
void	 inband_insert(struct inband *s, enum inband_state state);
/* The stream with this peer and sid, which may be NULL; or NULL. */
struct inband *inband_find(struct ibb *b, const char *peer, const char *sid);
/* The stream is over, and there is no use in telling the peer; but the peer's
 * requests are answered. */
void	 inband_fail(struct inband *s, enum inband_fault fault,
	    enum stanza_error err, const char *text);
/* Answers to our requests for this stream are ignored from now on. */
void	 inband_forget(struct inband *s);
/* The oldest flight leaves the queue. */
void	 inband_flight_free(struct inband *s);
/* Answer an iq with an error; a message has no answer. */
void	 inband_refuse_iq(struct ibb *b, const struct elem *stanza,
	    enum stanza_error err);

/* open.c, data.c, close.c */

/* The functions ..._input() are of dispatch_fn (ibb/dispatch.h); arg is the
 * struct ibb. */

/* Take an <open/> (XEP-0047 section 2.1): its iq is answered, or an offer is
 * made to the host. */
int	 open_input(void *arg, const struct elem *iq, const struct elem *open);
/* Take a <data/> (section 2.2): its bytes go to the user, or it is refused. */
int	 data_input(void *arg, const struct elem *stanza,
	    const struct elem *data);
/* Take a <data/> that was too large to be kept: its stream fails. */
int	 data_cut_input(void *arg, const struct elem *stanza,
	    const struct elem *data);
/* Take a <close/> (section 2.3). */
int	 close_input(void *arg, const struct elem *stanza,
	    const struct elem *close);

/* Ask the peer to open, for the first time or again: 0 or -1. */
int	 inband_ask_open(struct inband *s) MUST_CHECK;
/* Tell the user of the oldest flights, as far as they are answered. */
void	 inband_land_answered(struct inband *s);
/* Ask the peer to close once more: 0 or -1. */
int	 inband_ask_close_again(struct inband *s) MUST_CHECK;
/* Tell the peer to close, and ignore its answer.  An xcat hears if our local
 * end is why. */
void	 close_tell(struct inband *s, enum stanza_error why);
/* Answer the peer's close; words: with our receipt. */
void	 close_answer(struct inband *s, int words);

/* The oldest flight has been answered: tell the user. */
void	 inband_land(struct inband *s);
/* Bytes of an iq with a block, without its base64, and of the header that a
 * WebSocket puts before it. */
size_t	 inband_tags(const struct inband *s);
/* Send a flight with this number, for the first time or again: 0 or -1. */
int	 inband_launch(struct inband *s, struct flight *f, uint64_t number)
	    MUST_CHECK;
/* Ask whether the messages up to the last have come: 0 or -1. */
int	 inband_ask_ping(struct inband *s) MUST_CHECK;

/* ack.c */

/* An ack for a stanza with len bytes of data; NULL without memory. */
struct ack *ack_new(const struct elem *stanza, size_t len);
/* Count the bytes of an ack that was queued as held until it is freed. */
void	 ack_count(struct inband *s, const struct ack *d);
/* The oldest ack leaves the queue. */
void	 ack_free(struct inband *s);
/* Queue an ack for this block as the newest: 0, or -1 without memory. */
int	 ack_owe(struct inband *s, const struct elem *stanza, size_t len)
	    MUST_CHECK;
/* Answer now what is due: 0, or -1 if an answer cannot be sent, without which
 * the stream cannot go on. */
int	 ack_pay(struct inband *s) MUST_CHECK;
/* The answers of this stream no longer wait for others. */
void	 inband_wait_no_more(struct inband *s);
/* The stream ends: answer what is due, and the other blocks with this error, as
 * far as answers can be sent. */
void	 ack_end(struct inband *s, enum stanza_error err);

/* path.c */

/* From now on the stream is paced, if it is of iqs and there is a clock. */
void	 path_join(struct inband *s);
/* The stream no longer counts for its path. */
void	 path_leave(struct inband *s);
/* The connection is another one: measure all paths anew. */
void	 path_restart(struct ibb *b);
/* A block was sent for the first time. */
void	 path_sent(struct inband *s, struct flight *f);
/* A block was sent again. */
void	 path_sent_again(struct inband *s, struct flight *f);
/* A block has been answered. */
void	 path_landed(struct inband *s, const struct flight *f);
/* The first n flights have arrived, though no answer says so. */
void	 path_arrived(struct inband *s, uint64_t n);
/* Count len bytes as sent and unanswered. */
void	 path_fly(struct inband *s, size_t len);
/* Count len bytes that were sent as answered. */
void	 path_land(struct inband *s, size_t len);
/* Count len bytes that came as held. */
void	 path_hold(struct inband *s, size_t len);
/* Count len bytes that came as held no more. */
void	 path_let_go(struct inband *s, size_t len);
/* The peer wants no more than this many bytes unanswered, of all streams to
 * it. */
void	 path_set_window(struct inband *s, size_t bytes);
/* Our window for the peer's bytes, if it is news to the peer; else 0. */
size_t	 path_grant(struct inband *s);
/* The peer may not know the window that was told last: tell it again. */
void	 path_forget_told(struct inband *s);
/* How large a stanza of a paced stream should be, bytes. */
size_t	 path_stanza(const struct inband *s);
/* How many blocks a paced stream may take on now. */
size_t	 path_room(const struct inband *s);
/* May a block that was taken on go now?  path_room() is stricter. */
int	 path_takes(const struct inband *s);

/* recover.c */

/* Send all blocks again, behind an open that was: 0, or -1 without memory. */
int	 recover_send_all(struct inband *s) MUST_CHECK;
/* Blocks did not come: find out which, and send them again. */
void	 recover_lost(struct inband *s);

/* The setter of hold: it traces the move. */
void	 recover_set_hold(struct inband *s, enum inband_hold hold);
/* An error came back for a block or an open: if that can be mended, begin
 * to, and return 1. */
int	 recover_mends(struct inband *s, enum stanza_error err);
/* Take the peer's <sync/>: its counts, and it is told ours. */
int	 sync_input(void *arg, const struct elem *iq, const struct elem *sync);
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
int	 closed_input(void *arg, const struct elem *iq,
	    const struct elem *closed);
/* Forget all remembered streams. */
void	 tombstone_free_all(struct ibb *b);

#endif
