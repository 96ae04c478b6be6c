/*
 * stream: one byte stream between us and a peer, as the ends see it: bytes
 * in, bytes out, an end in each direction.  Between two xcats there is a
 * TLS session in it (e2e), and under that a carrier: an in-band bytestream, a
 * socket, or both in turn.  No descriptors.
 *
 * With a session each direction ends on its own and provably; without one
 * (a plain peer) the only end is XEP-0047's <close/>, which ends both.
 *
 * It never calls back with news: it says only that something has changed,
 * through notify, and whoever joined it to an end looks what.  notify must
 * not call back into the stream.
 */
#ifndef IBB_STREAM_H
#define IBB_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "ibb/inband.h"
#include "xml/check.h"
#include "xml/stanza.h"

struct budget;
struct carrier;
struct elem;
struct ibb;
struct iq_table;
struct stream;
struct xw;

#define NS_TCPPROXY	"http://prosody.im/protocol/tcpproxy"

enum stream_state {
	STREAM_OFFERED,		/* by the peer; not yet accepted */
	STREAM_OPENING,
	STREAM_OPEN,
	STREAM_CLOSED,		/* ended as it should */
	STREAM_FAILED		/* ended otherwise: see stream_fault() */
};

enum stream_fault {
	STREAM_FINE,
	STREAM_REFUSED,		/* the peer is absent or does not want us */
	STREAM_BROKEN,		/* it ended before its end */
	STREAM_HUNG_UP,		/* the peer ended it before its end */
	STREAM_SILENT,		/* the peer did not answer in time */
	STREAM_INTERNAL		/* our own fault: memory, sending */
};

/* What a caller means to do with a stream. */
enum stream_use {
	STREAM_FOR_ANY,
	STREAM_FOR_FILE,	/* send a file, see ibb/si.h */
	STREAM_FOR_INPUT	/* send its standard input, to no service that
				 * it has named */
};

struct stream_conf {
	size_t	 block;		/* largest block, bytes */
	size_t	 most;		/* largest block taken, which an xcat is told;
				 * 0: block */
	int	 message;	/* message stanzas instead of iq */
	int	 close_at_end;	/* close after the end of our bytes, even if
				 * that cuts the other direction */
	int	 close_plain;	/* the same for a stream without a session */
	int64_t	(*deadline)(void);	/* for an answer asked for now */
	int64_t	(*close_deadline)(void); /* for that to our close; NULL: the
				 * other one */
	SSL_CTX	*tls;		/* from e2e_context(); NULL: plain streams */
	int	 require;	/* a session, or nothing */
	/* Judges the peer's key, as e2e_judge_fn; arg is the stream's. */
	const char *(*judge)(void *arg, const char *fingerprint);
	struct iq_table *iqs;	/* knows our JID */
	struct budget *budget;	/* that it is charged to; may be NULL */
	/* What a caller asks for, as mod_tcpproxy names it; NULL: nothing. */
	const char *host, *port;
	const char *sid;	/* a caller's; copied.  NULL: a random one */
	enum stream_use	 use;	/* a caller's */
};

/* Open a stream to peer, a full JID.  conf is copied, its strings must
 * outlive the stream.  NULL if that cannot even be tried. */
struct stream *stream_call(struct ibb *b, const char *peer,
	    const struct stream_conf *conf, void (*notify)(void *arg),
	    void *arg);
/*
 * Own an offered stream, which waits for stream_accept() or stream_refuse();
 * it may fail before.  NULL if conf does not allow it: it is refused then.
 */
struct stream *stream_offered(struct inband *offer, const struct elem *open,
	    const struct stream_conf *conf, void (*notify)(void *arg),
	    void *arg);
/* Accept it: 0, or -1 if it has failed. */
int	 stream_accept(struct stream *s) MUST_CHECK;
/* Refuse it, with a reason for the peer's user (may be NULL), and free it; also
 * after it was accepted, if nothing has come of it. */
void	 stream_refuse(struct stream *s, enum stanza_error err,
	    const char *text);
/* Is it without a session though we have offered one, or though the caller is
 * an xcat and we would have taken one?  The peer wants it to be, or a server on
 * the way. */
int	 stream_lost_session(const struct stream *s);
/* Has its session still to stand? */
int	 stream_shakes(const struct stream *s);
/* There is nothing yet at our end of an accepted stream (1), so that the peer's
 * close is not answered; now there is (0). */
void	 stream_hold(struct stream *s, int hold);
/*
 * A stream over a socket alone, in the plain, which a peer offers (it waits
 * for stream_socket(), after stream_accept()) or we do (calling).  As above.
 */
struct stream *stream_alone(const char *peer, const char *sid, int calling,
	    const struct stream_conf *conf, void (*notify)(void *arg),
	    void *arg);
/* Write what a caller asks for, as attributes, and if it is alone in a socket
 * what it is for. */
void	 stream_write_service(const struct stream *s, struct xw *w);
/* What an <open/> asks for; NULL if nothing. */
const char *stream_host(const struct elem *open);
const char *stream_port(const struct elem *open);
/* What does an xcat say that it is for?  open is an <open/>, or the <query/> of
 * XEP-0065 that opens a stream over a socket alone. */
enum stream_use stream_use(const struct elem *open);
/* Does this <open/> offer a session?  NULL does not. */
int	 stream_offers_session(const struct elem *open);
/* Forget it, closing it first if needed.  NULL is fine. */
void	 stream_free(struct stream *s);

const char *stream_peer(const struct stream *s);
const char *stream_sid(const struct stream *s);
/* The largest block agreed on, bytes. */
size_t	 stream_block(const struct stream *s);
/* The fingerprint of the peer's key once the session stands; NULL while not,
 * and without one. */
const char *stream_key(const struct stream *s);
enum stream_state stream_state(const struct stream *s);
/* Why it failed: the class, and a phrase for people, such as "it is busy;
 * try again later". */
enum stream_fault stream_fault(const struct stream *s);
const char *stream_why(const struct stream *s);
/* The peer's reason for refusing; SE_NONE if it gave none. */
enum stanza_error stream_refusal(const struct stream *s);

/* How many bytes stream_write() takes now; none after stream_finish(). */
size_t	 stream_room(struct stream *s);
/* Send len bytes, at most stream_room().  0 or -1 if the stream failed. */
int	 stream_write(struct stream *s, const void *data, size_t len)
	    MUST_CHECK;
/* There are no more bytes from us. */
void	 stream_finish(struct stream *s);

/* Once there are no more, and all have arrived, close: the other direction is
 * of no interest any more. */
void	 stream_close_at_end(struct stream *s);

/* Bytes that came and are not yet consumed; valid until the next call. */
const unsigned char *stream_data(const struct stream *s, size_t *len);
/* The first len of them have gone where they belong: answer the peer. */
void	 stream_consume(struct stream *s, size_t len);
/* Have the peer's last bytes come and been consumed? */
int	 stream_eof(const struct stream *s);

/* Has the peer proved that it has no more to say?  Not without a session. */
int	 stream_heard_end(const struct stream *s);

/*
 * Sockets.  What carries the stream: for carrier_socket_...().  May it have a
 * socket now?  Socket number stands, as carrier_set_socket() has it, through a
 * proxy (relayed) or not: 0, or -1 if it is not wanted.  How many bytes from it
 * would be taken now?
 */
struct carrier *stream_carrier(const struct stream *s);
int	 stream_socket_wanted(const struct stream *s);
int	 stream_socket(struct stream *s, unsigned number, int ready,
	    int relayed) MUST_CHECK;
size_t	 stream_socket_room(const struct stream *s);

/* There is no memory here for what it needs: it fails, and the peer is told
 * to try again later. */
void	 stream_starve(struct stream *s);

/* Give up, telling the peer why. */
void	 stream_abort(struct stream *s, enum stanza_error err);
/* Nothing has come for a while: find out whether an xcat is still there, or
 * is there again, and what has been lost of the stream on the way.  (Other
 * programs may not answer that: a stream fails if its peer has closed and
 * confirmed nothing since this was last called.) */
void	 stream_ping(struct stream *s);
/* Has an xcat not answered that?  Then nothing is sent until it does, and how
 * long to wait is for the caller to say.  Does its server say that it is not
 * there? */
int	 stream_waits(const struct stream *s);
int	 stream_away(const struct stream *s);
/* Can it go on when the connection was lost, and all that was on its way? */
int	 stream_mends(const struct stream *s);
/* What it was to be carried by is not to be had: it fails, refused. */
void	 stream_refused(struct stream *s, enum stanza_error err,
	    const char *why);
/* What carried it is gone, or enough has been waited: it fails, broken, for
 * this reason. */
void	 stream_break(struct stream *s, const char *why);

/* Bytes given to stream_write(); of these, confirmed by the peer; bytes
 * received from it. */
uint64_t stream_sent(const struct stream *s);
uint64_t stream_confirmed(const struct stream *s);
uint64_t stream_received(const struct stream *s);

#endif
