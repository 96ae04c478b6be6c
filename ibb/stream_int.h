/*
 * stream_int: what the files that make a stream share: stream.c, stream_open.c
 * and stream_close.c.
 */
#ifndef IBB_STREAM_INT_H
#define IBB_STREAM_INT_H

#include <stddef.h>
#include <stdint.h>

#include "ibb/budget.h"
#include "ibb/carrier.h"
#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "xml/buf.h"

/* Our direction of an open stream. */
enum stream_out {
	STREAM_OUT_OPEN,
	STREAM_OUT_FINISHED,	/* our end has no more bytes */
	STREAM_OUT_ENDED,	/* the session's end of them is on its way */
	STREAM_OUT_CLOSING	/* we have asked the peer to close */
};

/* Do both ends keep what the session leaves for the next one? */
enum stream_leaves {
	STREAM_LEAVES_NOT,
	STREAM_LEAVES_COLD,	/* if it does not stand by what is kept */
	STREAM_LEAVES_NEW	/* in any case */
};

/* The peer's direction of an open stream. */
enum stream_in {
	STREAM_IN_OPEN,
	STREAM_IN_ENDED,	/* the session's end of it has come */
	STREAM_IN_CLOSING	/* the peer has asked to close, or agreed */
};

struct stream {
	struct carrier		*carrier;
	enum stream_state	 state;
	enum stream_out		 out;
	enum stream_in		 in;
	struct stream_conf	 conf;
	int			 calling;	/* we opened it */
	struct e2e		*e2e;		/* NULL: a plain stream */
	struct buf		 flight;	/* our first one, if called, or
						 * if data follows it */
	struct buf		 early;		/* payload from our end before
						 * the stream was open */
	int			 early_waits;	/* and is not given away */
	enum stream_leaves	 leaves;
	int			 xcat;		/* the caller is an xcat */
	int			 probe;		/* STREAM_FOR_PROBE, at either
						 * end */
	int			 held;		/* nothing is at our end yet */
	uint64_t		 stuck_at;	/* confirmed at the last ping
						 * of a peer that closes */
	char			 receipt[E2E_RECEIPT];	/* the peer's */
	struct buf		 rx;		/* received, not consumed */
	uint64_t		 sent;		/* bytes from our end */
	uint64_t		 confirmed;	/* of these, by the peer */
	uint64_t		 received;	/* bytes from the peer */
	uint64_t		 consumed;	/* of these, by our end */
	struct charge		 charge;	/* for its memory */
	enum stream_fault	 fault;
	enum stanza_error	 refusal;
	char			 why[STREAM_WHY];
	void			(*notify)(void *);
	void			*arg;
};

/* stream.c */

/* The setter of state: it traces the move.  0, or -1 with the state unchanged
 * if there is no move from it to the new one: an ended stream stays as it is,
 * and nothing is opened or offered twice. */
int	 stream_set_state(struct stream *s, enum stream_state state);
/* The setter of out, as stream_set_state(): our direction never goes back, nor
 * stays. */
int	 stream_set_out(struct stream *s, enum stream_out out);
/* The setter of in, as stream_set_out(). */
int	 stream_set_in(struct stream *s, enum stream_in in);
/* Is it closed or failed? */
int	 stream_over(const struct stream *s);
/* Tell the owner that something has changed. */
void	 stream_changed(struct stream *s);
/* It has failed: note the class and the phrase for people.  The first failure
 * stands. */
void	 stream_fail(struct stream *s, enum stream_fault fault,
	    const char *why);
/* Fail, telling the peer err. */
void	 stream_give_up(struct stream *s, enum stream_fault fault,
	    enum stanza_error err, const char *why);
/* Charge all that the stream keeps now to its account. */
void	 stream_account(struct stream *s);
/* Why the session broke, for people. */
const char *stream_session_error(const struct stream *s);
/* The session broke: send its alert, and fail. */
void	 stream_session_broken(struct stream *s);
/* The session stands, or its handshake is over. */
void	 stream_stands(struct stream *s);
/* Give payload to the session or the carrier, in pieces that fit a block: 0, or
 * -1 if the stream failed. */
int	 stream_push(struct stream *s, const void *data, size_t len,
	    int counted) MUST_CHECK;
/* Take bytes from the carrier through the session to rx: 0, or -1 if it
 * broke. */
int	 stream_decrypt(struct stream *s, const void *data, size_t len);

/* stream_open.c */

/* Keep our first flight, which is all that the session has written, to be given
 * again.  0, or -1 without memory. */
int	 stream_keep_flight(struct stream *s) MUST_CHECK;

/* stream_early.c: payload before the stream is open */

/* A caller's session begins with data: have it follow the <open/>.  0 or -1. */
int	 stream_early_begin(struct stream *s) MUST_CHECK;
/* How much of it may be written. */
size_t	 stream_early_room(const struct stream *s);
/* Payload was given to the session before the stream was open: it may have to
 * be given again.  0, or -1 without memory. */
int	 stream_early_keep(struct stream *s, const void *data, size_t len)
	    MUST_CHECK;
/* The stream is open: give it again what has not been read.  0, or -1 if the
 * stream has failed. */
int	 stream_early_opened(struct stream *s) MUST_CHECK;

/* stream_close.c */

/* Do what is due at the end, if anything: finish the session, ask to close,
 * answer the peer's close. */
void	 stream_close_if_done(struct stream *s);
/* Has the peer said that it has no more, or can it say no more? */
int	 stream_peer_finished(const struct stream *s);

/* What the carrier tells and asks: struct inband_user, in the file of its
 * subject. */

/* Bytes that may still be kept, by the budget. */
size_t	 stream_on_room(void *arg, int all);
/* Payload came: through the session into rx. */
void	 stream_on_block(void *arg, const void *data, size_t len);
/* The peer has weight more bytes of payload. */
void	 stream_on_answered(void *arg, size_t weight);
/* The peer asks to close, with or without a receipt (stream_close.c). */
void	 stream_on_closing(void *arg, const struct elem *close);
/* Both ends have closed: does the peer's receipt prove that all is there? */
void	 stream_on_closed(void *arg, const struct elem *answer);
/* Our receipt for the peer, into out: 0, or -1 without a session. */
int	 stream_on_receipt(void *arg, char *out);
/* The carrier has failed: why, in words. */
void	 stream_on_failed(void *arg, enum inband_fault fault,
	    enum stanza_error err, const char *text);

#endif
