/*
 * stream: one byte stream between us and a peer, as the ends see it: bytes in,
 * bytes out, an end in each direction.  Between two xcats there is a TLS
 * session in it (e2e), and under that a carrier: an in-band bytestream, a
 * socket, or both in turn.  No descriptors.
 *
 * With a session each direction ends on its own and provably; without one (a
 * plain peer) the only end is XEP-0047's <close/>, which ends both.
 *
 * A stream does not call back with news.  Through notify it says only that
 * something has changed, and the caller that joined it to a local end looks
 * what that is.  notify must not call back into the stream.
 */
#ifndef IBB_STREAM_H
#define IBB_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "ibb/carrier.h"
#include "ibb/inband.h"
#include "xml/check.h"
#include "xml/stanza.h"

struct budget;
struct carrier;
struct elem;
struct ibb;
struct iq_table;
struct stream;
struct warm;
struct xw;

enum stream_state {
	STREAM_OFFERED,		/* by the peer; not yet accepted */
	STREAM_OPENING,		/* asked for; or its session or socket is */
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
	STREAM_FOR_INPUT,	/* send its standard input, to no service that
				 * it has named */
	STREAM_FOR_PROBE,	/* find a way to the listener, and no more */
	STREAM_FOR_DATAGRAMS,	/* send and get datagrams, with their borders,
				 * and not without the peer's agreement */
	STREAM_FOR_REMOTE,	/* ask the listener for ports of its own */
	STREAM_FOR_CONNECTION	/* of a listener, to the caller that has asked
				 * so: a connection to one of these */
};

struct stream_conf {
	size_t	 block;		/* largest block, bytes */
	size_t	 most;		/* largest block taken, which an xcat is told;
				 * 0: block */
	int	 message;	/* message stanzas instead of iq */
	int	 close_at_end;	/* close after the end of our bytes, even if
				 * that cuts the other direction */
	int	 close_plain;	/* close_at_end for streams without a
				 * session */
	int64_t	(*deadline)(void *arg);	/* for an answer asked for now; arg is
				 * the stream's */
	int64_t	(*close_deadline)(void *arg); /* for the answer to our close;
				 * NULL: deadline() */
	SSL_CTX	*tls;		/* from e2e_context(); NULL: plain streams */
	int	 require;	/* a session, or nothing */
	/* A session that stands by this, of E2E_SECRET bytes, as for
	 * e2e_set_secret(); NULL: by keys alone. */
	const unsigned char *secret;
	int	 secret_only;	/* of a listener: by nothing else */
	struct warm *warm;	/* what sessions have left; NULL: nothing is
				 * left, or used */
	/* Judges the peer's key, as e2e_judge_fn; arg is the stream's. */
	const char *(*judge)(void *arg, const char *fingerprint);
	struct iq_table *iqs;	/* knows our JID */
	struct budget *budget;	/* pays for the stream's memory; may be NULL */
	/* What a caller asks for, as mod_tcpproxy names it; NULL: nothing. */
	const char *host, *port;
	const char *sid;	/* a caller's; copied.  NULL: a random one */
	enum stream_use	 use;	/* a caller's; a listener's, if it agrees */
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
/* Does this <open/> of peer, for which conf is meant, show conf's secret?  1; 0
 * if it shows none; -1 if it shows another. */
int	 stream_shows_secret(const char *peer, const struct elem *open,
	    const struct stream_conf *conf) MUST_CHECK;
/* Accept an offered stream: 0, or -1 if it has failed. */
int	 stream_accept(struct stream *s) MUST_CHECK;
/* Refuse a stream, with a reason for the peer's user (may be NULL), and free
 * it; also after it was accepted, if nothing has come of it. */
void	 stream_refuse(struct stream *s, enum stanza_error err,
	    const char *text);
/* Is it without a session, though we offered one, or though the caller is an
 * xcat and we would have taken one?  The peer wants that, or a server on the
 * way. */
int	 stream_lost_session(const struct stream *s);
/* Does the session of the stream stand by the secret, or will it, unless the
 * peer only repeats what another peer has said? */
int	 stream_by_secret(const struct stream *s);
/* Is the handshake of its session still going on, so that nothing is known of
 * the peer? */
int	 stream_shakes(const struct stream *s);
/* There is nothing yet at our end of an accepted stream (1), so that the peer's
 * close is not answered; now there is (0). */
void	 stream_hold(struct stream *s, int hold);
/*
 * A stream over a socket alone, in the plain (XEP-0065): we call, or the peer
 * has offered it, and it waits for stream_accept().  Then it waits for
 * stream_socket().  conf, notify and NULL as for stream_call().
 */
struct stream *stream_alone(const char *peer, const char *sid, int calling,
	    const struct stream_conf *conf, void (*notify)(void *arg),
	    void *arg);
/* Write what a caller of a stream over a socket alone asks for, and what the
 * stream is for, as attributes of <query/> (xcat-protocol(7), Asking for a
 * service). */
void	 stream_write_service(const struct stream *s, struct xw *w);
/* The host that an <open/> asks for; NULL if none. */
const char *stream_host(const struct elem *open);
/* The port that an <open/> asks for; NULL if none. */
const char *stream_port(const struct elem *open);
/* What does an xcat say that the stream is for?  open is an <open/>, or the
 * <query/> of XEP-0065 that opens a stream over a socket alone. */
enum stream_use stream_use(const struct elem *open);
/* Has its caller opened it for nothing but a way to the listener, so that it
 * takes no place there? */
int	 stream_is_probe(const struct stream *s);
/* Does this <open/> offer a session?  NULL does not. */
int	 stream_offers_session(const struct elem *open);
/* Free a stream, closing it first if needed.  NULL is fine. */
void	 stream_free(struct stream *s);

/* The full JID of the peer. */
const char *stream_peer(const struct stream *s);
/* The sid that both ends know the stream by. */
const char *stream_sid(const struct stream *s);
/* The largest block agreed on, bytes. */
size_t	 stream_block(const struct stream *s);
/* The fingerprint of the peer's key once the session stands; NULL while not,
 * and without one. */
const char *stream_key(const struct stream *s);
/* A key of both ends, as e2e_export().  -1 also without a session. */
int	 stream_export(struct stream *s, const void *context, size_t len,
	    unsigned char *out, size_t size) MUST_CHECK;
/* Its state. */
enum stream_state stream_state(const struct stream *s);
/* The class of what a stream failed from; STREAM_FINE if it has not failed. */
enum stream_fault stream_fault(const struct stream *s);
#define STREAM_WHY	512		/* bytes of stream_why(), at most */
/* Why it failed, for people, for example "it is busy; try again later". */
const char *stream_why(const struct stream *s);
/* The peer's reason for refusing; SE_NONE if it gave none. */
enum stanza_error stream_refusal(const struct stream *s);

/*
 * Bytes out
 */

/* How many bytes stream_write() takes now; none after stream_finish().  Before
 * the stream is open it takes the first bytes, if there is a session that
 * begins with data. */
size_t	 stream_room(struct stream *s);
/* Send len bytes, at most stream_room().  0 or -1 if the stream failed. */
int	 stream_write(struct stream *s, const void *data, size_t len)
	    MUST_CHECK;
/* The stream takes the place of another one, which was refused: what that was
 * given is given to this one. */
void	 stream_take_over(struct stream *s, const struct stream *from);
/* There are no more bytes from us. */
void	 stream_finish(struct stream *s);
/* Once there are no more bytes from us, and all have arrived, close: the other
 * direction is of no interest any more. */
void	 stream_close_at_end(struct stream *s);

/*
 * Bytes in
 */

/* Bytes that came and are not yet consumed; valid until the next call. */
const unsigned char *stream_data(const struct stream *s, size_t *len);
/* The first len of these have gone where they belong: answer the peer. */
void	 stream_consume(struct stream *s, size_t len);
/* Have the peer's last bytes come and been consumed? */
int	 stream_eof(const struct stream *s);
/* Has the peer proved that it has no more to say?  Not without a session. */
int	 stream_heard_end(const struct stream *s);

/*
 * Sockets
 */

/* What carries the stream, for the functions carrier_socket_...(). */
struct carrier *stream_carrier(const struct stream *s);
/* May the stream have a socket now?  Never in the plain beside blocks. */
int	 stream_socket_wanted(const struct stream *s);
/* Socket number stands, as for carrier_set_socket(), through a proxy (relayed)
 * or not.  0, or -1 if it is not wanted. */
int	 stream_socket(struct stream *s, unsigned number, int ready,
	    int relayed, enum carrier_version version) MUST_CHECK;
/* How many bytes from the socket are taken now. */
size_t	 stream_socket_room(const struct stream *s);

/*
 * Trouble
 */

/* There is no memory here for what the stream needs: it fails, and the peer is
 * told to try again later. */
void	 stream_starve(struct stream *s);
/* Give up, telling the peer err: the stream is closed. */
void	 stream_abort(struct stream *s, enum stanza_error err);
/* It has been quiet for a while: give back the storage that holds nothing. */
void	 stream_rest(struct stream *s);
/*
 * Nothing has come for a while: find out whether an xcat is still there, or
 * is there again, and what has been lost of the stream on the way.  Other
 * programs may not answer that: a stream fails if its peer has closed and
 * confirmed nothing since the last call.
 */
void	 stream_ping(struct stream *s);
/* Has an xcat not answered that?  Then nothing is sent until it does, and the
 * caller decides how long to wait. */
int	 stream_waits(const struct stream *s);
/* Does a server say that the peer of a stream that waits is not there? */
int	 stream_away(const struct stream *s);
/* Can the stream go on after the connection was lost, with all that was on its
 * way? */
int	 stream_mends(const struct stream *s);
/* The carrier that the stream needs is not to be had: it fails, refused. */
void	 stream_refused(struct stream *s, enum stanza_error err,
	    const char *why);
/* What carried the stream is gone, or the caller has waited enough: it fails,
 * broken, for this reason. */
void	 stream_break(struct stream *s, const char *why);
/* Another stream of the peer says that it has gone: the stream fails as if the
 * peer had hung up, for this reason. */
void	 stream_hung_up(struct stream *s, const char *why);

/* Bytes given to stream_write(). */
uint64_t stream_sent(const struct stream *s);
/* Bytes of these that the peer has confirmed. */
uint64_t stream_confirmed(const struct stream *s);
/* Bytes received from the peer. */
uint64_t stream_received(const struct stream *s);

#endif
