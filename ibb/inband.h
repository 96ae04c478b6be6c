/*
 * inband: in-band bytestreams (XEP-0047), both roles, iq and message stanzas.
 *
 * Stanzas in (ibb/dispatch.h), stanzas out (xml/iq.h); no descriptors and no
 * clock.  A stream is known by (full JID of the peer, sid).  Blocks
 * received are answered only when the user says that their bytes have gone
 * where they belong: that answer is receipt and flow control in one.
 */
#ifndef IBB_INBAND_H
#define IBB_INBAND_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"
#include "xml/stanza.h"

struct dispatch;
struct elem;
struct ibb;
struct inband;
struct iq_table;
struct xw;

#define INBAND_BLOCK_MAX	65535	/* XEP-0047 section 2.1 */
#define INBAND_BLOCK_DEFAULT	4096	/* section 4 */
#define INBAND_SID	33		/* bytes of ours, with NUL */
#define INBAND_WINDOW		16	/* blocks unanswered, if not paced */
/*
 * The window of a stream that comes: bytes that may be held unanswered, ids and
 * all, if memory allows (struct inband_user, room).  XEP-0047 has a peer wait
 * for each answer, but does not demand it: TCP-over-XMPP, mod_tcpproxy and
 * programs that send messages do not wait, and may lose their stream here.
 * Nothing else does: an xcat has seven eighths of this under way at most, with
 * what ids take within it, and plain programs have one block.
 */
#define INBAND_RX_MAX	(8 * 1024 * 1024)
#define INBAND_RECEIPT	48	/* bytes of a receipt's text */

/* What the engine needs from the program that runs it; arg is passed back. */
struct ibb_host {
	/* May this JID open a stream?  If not, it is answered exactly as if
	 * nothing listened. */
	int	(*allowed)(void *arg, const char *from);
	/* A stream is offered: inband_own() it now, then inband_accept() or
	 * inband_refuse() it, now or later.  open is its <open/>, valid
	 * during the call. */
	void	(*offer)(void *arg, struct inband *s, const struct elem *open);
	/* The peer of a stream that has ended has been told so; may be
	 * NULL. */
	void	(*settled)(void *arg);
	/* Microseconds of a clock that does not go back; NULL: blocks are not
	 * paced, and INBAND_WINDOW of them may be unanswered. */
	int64_t	(*now)(void);
	/* A stream has no room now, but may have in a tenth of a second even
	 * if nothing comes: ask it again then.  NULL without a clock. */
	void	(*ask_later)(void *arg);
	/* Call ibb_answer() in a moment, when the local ends of the streams
	 * have had time to reply; NULL: no answer waits for that. */
	void	(*answer_later)(void *arg);
	/* Bytes that the server takes in a stanza (XEP-0478); 0 if it does not
	 * say.  NULL: never known. */
	size_t	(*most)(void *arg);
	/* Microseconds that a stanza and its answer may be held at this end,
	 * beside what their way takes, by a transport of requests.  NULL:
	 * never. */
	int64_t	(*held)(void *arg);
	/* A line for -v, for example "in: open -> closing". */
	void	(*trace)(void *arg, const char *line);
	void	*arg;
};

/* Why a stream ended otherwise than by closing. */
enum inband_fault {
	INBAND_REFUSED,		/* our open was refused: err says why */
	INBAND_SILENT,		/* our open or close was not answered */
	INBAND_UNDELIVERED,	/* a block or the close came back: err */
	INBAND_BAD_DATA,	/* the peer broke the protocol: err */
	INBAND_OVERRUN,		/* the peer sent more than we can hold */
	INBAND_BROKEN,		/* the socket that carried it alone broke */
	INBAND_UNSENT		/* we could not send or lacked memory */
};

/* What happens to one stream.  None of these may call inband_free(). */
struct inband_user {
	/* Our open was accepted; result is the answer. */
	void	(*opened)(void *arg, const struct elem *result);
	/* The next bytes from the peer; owed an inband_answer() later. */
	void	(*block)(void *arg, const void *data, size_t len);
	/* The peer answered the oldest unanswered block, sent with weight. */
	void	(*answered)(void *arg, size_t weight);
	/* Both ends have compared their counts, and the stream can go on.
	 * lost: one of them was away, and other stanzas between them may be
	 * lost.  May be NULL. */
	void	(*mended)(void *arg, int lost);
	/* The peer wants to close: send what is left, write out what came,
	 * then inband_close().  close is its <close/>. */
	void	(*closing)(void *arg, const struct elem *close);
	/* Both ends agreed: the stream is over.  answer is the peer's to our
	 * close; NULL if the peer asked. */
	void	(*closed)(void *arg, const struct elem *answer);
	/* How many more bytes, received and sent, may be kept?  all: with the
	 * reserve for bytes that no window holds back.  NULL: INBAND_RX_MAX is
	 * the only limit. */
	size_t	(*room)(void *arg, int all);
	/* The receipt for our <close/> or our answer to the peer's.  0, or -1
	 * if there is none; may be NULL. */
	int	(*receipt)(void *arg, char out[INBAND_RECEIPT]);
	/* It is over otherwise; text is the peer's, may be "". */
	void	(*failed)(void *arg, enum inband_fault fault,
		    enum stanza_error err, const char *text);
};

/*
 * All streams
 */

/* All in-band bytestreams of one login, whose stanzas come by d; d and iqs must
 * outlive them.  host is copied.  NULL when out of memory. */
struct ibb *ibb_new(struct iq_table *iqs, struct dispatch *d,
	    const struct ibb_host *host);
/* Free it.  All its streams must have been freed before.  NULL is fine. */
void	 ibb_free(struct ibb *b);

/* Give the answers that wait. */
void	 ibb_answer(struct ibb *b);

/*
 * How many peers may still ask how their stream ended?  Our answer to their
 * <close/> may have been lost, and then they ask again: give them a little time
 * before logging out.
 */
size_t	 ibb_unsettled(const struct ibb *b);

/*
 * Does any stream hold so much that it is near its window?  Then let the server
 * wait: a peer that waits for no answers would lose its stream.  But do so only
 * where the login has no other stream, which would have to wait as well.
 */
int	 ibb_congested(struct ibb *b);

/*
 * Our connection was lost and has not been resumed: find out what was lost of
 * the streams that can be mended.  too_big: what broke it was a stanza too
 * large for the server, so blocks are smaller from now on.
 */
void	 ibb_back(struct ibb *b, int too_big);

/*
 * One stream
 */

/* A sid that cannot be guessed, into sid[INBAND_SID]. */
void	 inband_make_sid(char *sid);
/*
 * A stream to peer (a full JID), with the sid that has been agreed on (NULL: a
 * random one) and blocks of at most block_size bytes, in message stanzas if
 * message is set; not asked for yet.  NULL when out of memory.
 */
struct inband *inband_new(struct ibb *b, const char *peer,
	    const char *sid, size_t block_size, int message,
	    const struct inband_user *user, void *arg);
/*
 * Ask the peer to open (section 2.1).  On resource-constraint the peer is asked
 * again with half the size.  extra, if not NULL, writes children into <open/>.
 * Ends with opened or failed; deadline bounds each try.  0, or -1 if it cannot
 * be sent.
 */
int	 inband_open(struct inband *s, int64_t deadline,
	    void (*extra)(void *arg, struct xw *w)) MUST_CHECK;

/*
 * Blocks may go behind our open, before it is answered, and are kept until then
 * (xcat-protocol(7), Beginning with data): to be called before inband_open().
 * If the open has to be repeated, so are they.  Of an offered stream: they may
 * come, and are answered behind the open.
 */
void	 inband_set_early(struct inband *s);
/* The peer has heard that we have accepted: it will not repeat its open. */
void	 inband_met(struct inband *s);
/* Has our open been repeated though the one before it was perhaps accepted, so
 * that blocks behind that one may have been taken by a listener that is no
 * more? */
int	 inband_is_doubtful(const struct inband *s);
/* No block that was sent counts: the sum of their weights. */
size_t	 inband_unweigh(struct inband *s);
/* Own an offered stream, to be told if it ends before it is accepted. */
void	 inband_own(struct inband *s, const struct inband_user *user,
	    void *arg);
/* Accept an offered stream; extra, if not NULL, writes children into the
 * result.  0, or -1 if that cannot be sent or the offer is no more. */
int	 inband_accept(struct inband *s,
	    void (*extra)(void *arg, struct xw *w)) MUST_CHECK;
/* Refuse an offered stream; s is freed.  text (may be NULL) is for the caller's
 * user. */
void	 inband_refuse(struct inband *s, enum stanza_error err,
	    const char *text);

/* Bytes held that came and are unanswered. */
size_t	 inband_held(const struct inband *s);
/* Bytes held that were sent and are unanswered. */
size_t	 inband_flying(const struct inband *s);
/* A line for -v about this stream: what has gone from one state to another;
 * none if both are the one string. */
void	 inband_trace(const struct inband *s, const char *what,
	    const char *from, const char *to);

/* The full JID of the peer. */
const char *inband_peer(const struct inband *s);
/* The sid of the stream (XEP-0047 section 2.1). */
const char *inband_sid(const struct inband *s);
/* Set the largest block that we take, whatever <open/> says, as not every
 * program heeds that; and the largest that the peer has said to take.  0: what
 * <open/> says. */
void	 inband_agree(struct inband *s, size_t ours, size_t theirs);
/* The largest block to be sent at present, bytes. */
size_t	 inband_block(const struct inband *s);
/* How many blocks may be taken on to be sent now. */
size_t	 inband_room(const struct inband *s);
/* How many blocks that were sent are unanswered: messages count only after the
 * peer has asked to close. */
size_t	 inband_unanswered(const struct inband *s);
/* May a block that was taken on go now?  It may when this stream's own blocks
 * are answered; inband_room() also makes it wait for other streams. */
int	 inband_takes(const struct inband *s);

/* Can a socket carry its bytes for a while?  Not if it sends messages, whose
 * arrival is not known, and not once it closes. */
int	 inband_may_carry(const struct inband *s);

/* Send one block of 1 to inband_block() bytes, which stand for weight bytes
 * of the user's.  Only if inband_takes().  0, or -1 and it has failed. */
int	 inband_send(struct inband *s, const void *data, size_t len,
	    size_t weight) MUST_CHECK;
/* Answer the n oldest unanswered received blocks, also of a stream that has
 * ended: section 2.2. */
void	 inband_answer(struct inband *s, size_t n);

/*
 * Close (section 2.3): everything received has been answered and nothing more
 * will be sent.  Ends with closed or failed; deadline bounds the wait.  To a
 * peer that asked first this is the answer, to be given when all that we sent
 * has been answered.
 */
void	 inband_close(struct inband *s, int64_t deadline);
/* The peer has asked to close, and has proved that it has taken all that was
 * sent: if the two closes have crossed, its answer to ours is not waited for
 * any more, as it may have gone. */
void	 inband_proved(struct inband *s);
/* Close towards a peer that asked first, and ask it to close, too, for another
 * receipt: the receipt in its <close/> is out of date. */
void	 inband_close_back(struct inband *s, int64_t deadline);

/*
 * Mending: between xcats a stream goes on after blocks or answers were lost
 * on the way (xcat-protocol(7), "Loss").
 */

/* The peer has said that it is an xcat: blocks are kept from now on until they
 * are answered, and paced. */
void	 inband_can_sync(struct inband *s);
/* Can it be mended, or may it turn out that it can? */
int	 inband_syncs(const struct inband *s);
/* Find out how far the peer has got, and send again what it lacks.  If the peer
 * has not answered this by the next call, nothing is sent until it does. */
void	 inband_sync(struct inband *s);
/* Is nothing sent until the peer has answered? */
int	 inband_waits(const struct inband *s);
/* Does a server say that the peer of a stream that waits is not there? */
int	 inband_away(const struct inband *s);
/* Does this error say that the peer is away, and may be back? */
int	 inband_is_away(enum stanza_error err);

/* Give up: unanswered blocks are answered with err, the peer is sent a close,
 * nothing is waited for and no more is called.  To be called before
 * inband_free(), or the peer's requests stay unanswered. */
void	 inband_abort(struct inband *s, enum stanza_error err);
/* Give up a stream that was accepted though nothing will come of it.  The peer
 * hears err and text (may be NULL) in the close, as from inband_refuse(). */
void	 inband_turn_away(struct inband *s, enum stanza_error err,
	    const char *text);
/* Free a stream, whatever its state.  NULL is fine. */
void	 inband_free(struct inband *s);

#endif
