/*
 * carrier: what moves the bytes of one stream: the blocks of an in-band
 * bytestream (XEP-0047); a socket, while the in-band bytestream stays as the
 * control channel (xcat-protocol(7), Sockets); or a socket alone, which a plain
 * program asked for (XEP-0065).
 *
 * The user of a carrier appends what is to be sent to a queue, and is told
 * when the peer has taken it; what comes is given to the user in order, by
 * whichever of these it came.  The caller of the functions carrier_socket_...()
 * owns the socket and moves bytes between it and the carrier, which knows no
 * descriptors.
 *
 * What the peer has got of the bytes in a socket it says in-band, where the
 * socket is bare, or in the socket, between frames.
 *
 * With in-band control nothing is lost when a socket breaks: bytes are kept
 * until the peer confirms them, and those that it lacks go in-band, or through
 * the next socket.
 */
#ifndef IBB_CARRIER_H
#define IBB_CARRIER_H

#include <stddef.h>
#include <stdint.h>

#include "ibb/inband.h"
#include "xml/check.h"

/* Bytes in a bare socket that the peer has not confirmed, if there is memory:
 * what a round trip of 10 ms through a busy server takes at 400 MB/s.  A framed
 * one begins with CARRIER_WINDOW_FIRST, and doubles in each round trip in which
 * it is full, up to CARRIER_WINDOW_MOST: 440 MB/s at 300 ms. */
#define CARRIER_WINDOW	(2 * 1024 * 1024)
#define CARRIER_WINDOW_FIRST (8 * 1024 * 1024)
#define CARRIER_WINDOW_MOST (128 * 1024 * 1024)

struct chunks;
struct carrier;
struct iovec;
struct elem;
struct iq_table;
struct xw;

/* How our bytes go. */
enum carrier_way {
	CARRIER_INBAND,		/* in blocks */
	CARRIER_MOVING,		/* not yet: until the last block is answered,
				 * or a socket alone stands at both ends */
	CARRIER_SOCKET,
	CARRIER_LOST		/* the socket broke; how much has arrived? */
};

/* What goes through a socket (xcat-protocol(7), Sockets). */
enum carrier_version {
	CARRIER_BARE = 1,	/* the bytes of the stream */
	CARRIER_FRAMED		/* these in frames, and counts beside them */
};

/* A carrier of blocks, which carrier_open() asks peer to open; as inband_new().
 * The user's block() and answered() are called for the bytes of a socket, too.
 * NULL when out of memory. */
struct carrier *carrier_new(struct ibb *b, struct iq_table *iqs,
	    const char *peer, const char *sid, size_t block_size, int message,
	    const struct inband_user *user, void *arg);
/* A carrier that owns an offered bytestream, as inband_own().  NULL when out of
 * memory: the offer stays the caller's then. */
struct carrier *carrier_offered(struct inband *offer, struct iq_table *iqs,
	    const struct inband_user *user, void *arg);
/*
 * A carrier with a socket alone; peer and sid are copied, iqs sends what has to
 * be refused.  It ends with its socket: the end that gives up or closes shuts
 * the socket down.  answered() means that the system has taken the bytes, for
 * the peer confirms none.  NULL when out of memory.
 */
struct carrier *carrier_alone(struct iq_table *iqs, const char *peer,
	    const char *sid, const struct inband_user *user, void *arg);
/* Has it a socket alone, and nothing else to carry bytes? */
int	 carrier_is_alone(const struct carrier *c);
/* Free a carrier and its bytestream.  NULL is fine. */
void	 carrier_free(struct carrier *c);
/* A line for -v, as inband_trace(); none for a socket alone. */
void	 carrier_trace(const struct carrier *c, const char *what,
	    const char *from, const char *to);

/* Ask the peer to open, as inband_open(); only for a carrier of carrier_new().
 */
int	 carrier_open(struct carrier *c, int64_t deadline,
	    void (*extra)(void *arg, struct xw *w)) MUST_CHECK;
/* Accept what was offered, as inband_accept(). */
int	 carrier_accept(struct carrier *c,
	    void (*extra)(void *arg, struct xw *w)) MUST_CHECK;
/* Refuse what was offered, as inband_refuse(); the carrier is freed. */
void	 carrier_refuse(struct carrier *c, enum stanza_error err,
	    const char *text);
/* Close, as inband_close(). */
void	 carrier_close(struct carrier *c, int64_t deadline);
/* Answer the peer's close and ask it to close as well, as
 * inband_close_back(). */
void	 carrier_close_back(struct carrier *c, int64_t deadline);
/* Give up, telling the peer err, as inband_abort(). */
void	 carrier_abort(struct carrier *c, enum stanza_error err);
/* Give up what was accepted, as inband_turn_away(). */
void	 carrier_turn_away(struct carrier *c, enum stanza_error err,
	    const char *text);

/* Blocks may come or go before the open is answered, as inband_set_early(). */
void	 carrier_set_early(struct carrier *c);
/* The peer has heard that we have accepted, as inband_met(). */
void	 carrier_met(struct carrier *c);
/* May bytes that were pushed have been taken by a listener that is no more, as
 * inband_is_doubtful()? */
int	 carrier_is_doubtful(const struct carrier *c);
/* The bytes that were pushed stand for no payload: the payload will be pushed
 * once more, without weight. */
void	 carrier_unweigh(struct carrier *c);
/* The peer is an xcat, as inband_can_sync(); not with a socket alone. */
void	 carrier_can_sync(struct carrier *c);
/* Set the largest blocks, as inband_agree(); not with a socket alone. */
void	 carrier_agree(struct carrier *c, size_t ours, size_t theirs);
/* Compare counts with the peer, as inband_sync(). */
void	 carrier_sync(struct carrier *c);
/* Can it be mended, as inband_syncs()?  A socket alone needs no mending: 1. */
int	 carrier_syncs(const struct carrier *c);
/* Does it wait for the peer, as inband_waits()?  A socket alone never does. */
int	 carrier_waits(const struct carrier *c);
/* Does a server say that the peer is not there, as inband_away()? */
int	 carrier_away(const struct carrier *c);
/* How often the peer or our login was away, and is back. */
unsigned carrier_losses(const struct carrier *c);

/* Bytes of received in-band blocks that are kept. */
size_t	 carrier_held(const struct carrier *c);
/* Bytes of sent in-band blocks that are kept. */
size_t	 carrier_flying(const struct carrier *c);

/* The full JID of the peer. */
const char *carrier_peer(const struct carrier *c);
/* The sid that both ends know the stream by. */
const char *carrier_sid(const struct carrier *c);
/* The largest block in bytes, also when no blocks are sent at present. */
size_t	 carrier_block(const struct carrier *c);

/*
 * Sending
 */

/* The queue to which bytes for the peer are appended; then carrier_push(). */
struct chunks *carrier_out(struct carrier *c);
/* Have a session's own queue take the place of that one; NULL: no more. */
void	 carrier_set_out(struct carrier *c, struct chunks *out);
/* Send what was appended, which stands for weight more bytes of payload. */
void	 carrier_push(struct carrier *c, size_t weight);
/* May more be appended now? */
int	 carrier_ready(const struct carrier *c);
/* How many blocks of carrier_block() bytes may be appended now; 0 if bytes go
 * through a socket. */
size_t	 carrier_room_blocks(const struct carrier *c);
/* How many bytes may be appended now for a socket; 0 if they go in blocks. */
size_t	 carrier_room_bytes(const struct carrier *c);
/* The peer has proved that it has taken all that was pushed: nothing it says of
 * single bytes is waited for any more. */
void	 carrier_proved(struct carrier *c);
/* Has the peer taken all that was pushed? */
int	 carrier_idle(const struct carrier *c);

/*
 * Receiving
 */

/* To be called in block(): payload is what has come in all, with the bytes just
 * given.  0, or -1 when out of memory. */
int	 carrier_received(struct carrier *c, uint64_t payload) MUST_CHECK;
/* Of the payload that came, so much in all has left for where it belongs: the
 * peer's blocks are answered up to there. */
void	 carrier_consumed(struct carrier *c, uint64_t payload);
/* No more payload will come or be consumed: tell the peer our counts now. */
void	 carrier_report(struct carrier *c);

/* How its bytes go at present. */
enum carrier_way carrier_way(const struct carrier *c);

/*
 * The socket
 */

/* The number for the next socket, as both ends count them (xcat-protocol(7),
 * Sockets). */
unsigned carrier_socket_next(const struct carrier *c);
/* May a socket be offered or accepted now? */
int	 carrier_socket_wanted(const struct carrier *c);
/*
 * Socket number stands, of this version.  ready: the peer, too, can be written
 * to; else that is known when the peer says so or when bytes come.  A framed
 * socket is used once both ends have heard each other through it, and the end
 * that is ready speaks first.  0, or -1 if no socket is wanted any more.
 */
int	 carrier_set_socket(struct carrier *c, unsigned number, int ready,
	    enum carrier_version version) MUST_CHECK;
/*
 * The socket goes through a proxy.  Some proxies (Prosody 0.12) hold back the
 * last bytes until more follow: up to 8191, if more than 4096 are under way.
 * So more than 8191 bytes that mean nothing follow them: a frame, or in a bare
 * socket what pad appends.  It returns 1 if these bytes are no part of the
 * session, 0 if they are, or -1 without memory.
 */
void	 carrier_socket_pad(struct carrier *c, int (*pad)(void *arg));
/* Is all written, and may a proxy hold back the last of it?  How many bytes
 * that is in all, or 0.  When this has stayed so for a moment,
 * carrier_socket_flush() is to be called.  A bare socket sees to that itself.
 */
uint64_t carrier_socket_dry(const struct carrier *c);
/* If it is still so, have padding follow, as carrier_socket_pad() says. */
void	 carrier_socket_flush(struct carrier *c);
/* Is the socket still in use?  If not, it is to be closed. */
int	 carrier_has_socket(const struct carrier *c);
/* Socket number will not stand, though the peer was told that it would. */
void	 carrier_drop_socket(struct carrier *c, unsigned number);
/* What is to be written to the socket, in at most max pieces: fills iov, and
 * returns how many there are.  Valid until more bytes are appended. */
int	 carrier_socket_pieces(struct carrier *c, struct iovec *iov, int max);
/* The first len of these bytes are written. */
void	 carrier_socket_sent(struct carrier *c, size_t len);
/* These len bytes came from the socket: those of the stream are given to
 * block().  If they make no sense, the socket is used no more. */
void	 carrier_socket_input(struct carrier *c, const void *data, size_t len);
/* Is all written, and is our direction of a socket alone to be shut down? */
int	 carrier_socket_finished(const struct carrier *c);
/* The socket has ended, or it broke.  Returns 1 if that was to be expected, as
 * the stream is about to be closed; else 0. */
int	 carrier_socket_lost(struct carrier *c, int broke);
/* Is there no sign yet that the peer gets what is written to the socket?  In a
 * bare socket the peer's reports are one, which come in-band once a second, if
 * the peer can be reached; in a framed one its frames are. */
int	 carrier_socket_unproved(const struct carrier *c);
/* Has something come by the socket that makes no sense? */
int	 carrier_socket_bad(const struct carrier *c);
/* A second has passed: confirm to the peer what came since. */
void	 carrier_socket_tick(struct carrier *c);
/* Bytes that the present or the last socket has carried, both ways. */
uint64_t carrier_socket_count(const struct carrier *c);

/* Take the peer's word on the socket of this stream: an iq of type set with
 * <socket/> in it (xcat-protocol(7), Sockets).  The iq is answered. */
void	 carrier_control(struct carrier *c, const struct elem *iq,
	    const struct elem *socket);

#endif
