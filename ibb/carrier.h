/*
 * carrier: what moves the bytes of one stream: the blocks of an in-band
 * bytestream (XEP-0047); or a socket, while that stays as the control channel
 * (xcat-protocol(7), Sockets); or a socket alone, which a plain program asked
 * for (XEP-0065).
 *
 * Its user appends what is to be sent to a buffer and is told when the peer
 * has taken it; what comes is given to it in order, whatever carried it.  The
 * socket is somebody else's, who moves bytes between it and the carrier: the
 * functions carrier_socket_...() are for that one.  No descriptors.
 *
 * With in-band control nothing is lost when a socket breaks: bytes are kept
 * until the peer says that it has them, and what it has not goes in-band, or
 * through the next socket.
 */
#ifndef IBB_CARRIER_H
#define IBB_CARRIER_H

#include <stddef.h>
#include <stdint.h>

#include "ibb/inband.h"
#include "xml/check.h"

/* Bytes in a socket that the peer has not confirmed, if there is memory: what a
 * round trip of 10 ms through a busy server takes at 400 MB/s. */
#define CARRIER_WINDOW	(2 * 1024 * 1024)

struct buf;
struct carrier;
struct elem;
struct iq_table;
struct xw;

/* How our bytes go. */
enum carrier_way {
	CARRIER_INBAND,
	CARRIER_MOVING,		/* no more blocks: the last are unanswered */
	CARRIER_SOCKET,
	CARRIER_LOST		/* the socket broke; how much has arrived? */
};

/*
 * A stream in blocks, which we open or which is offered; as inband_new(),
 * inband_own().  The user's block() and answered() are called for a socket,
 * too.  NULL when out of memory; an offer stays the caller's then.
 */
struct carrier *carrier_new(struct ibb *b, struct iq_table *iqs,
	    const char *peer, size_t block_size, int message,
	    const struct inband_user *user, void *arg);
struct carrier *carrier_new_sid(struct ibb *b, struct iq_table *iqs,
	    const char *peer, const char *sid, size_t block_size, int message,
	    const struct inband_user *user, void *arg);
struct carrier *carrier_offered(struct inband *offer, struct iq_table *iqs,
	    const struct inband_user *user, void *arg);
/*
 * A stream over a socket alone.  Its only end is that of the socket: who gives
 * up or closes shuts it down, and answered() means that the system has taken
 * the bytes, for want of anything better.
 */
struct carrier *carrier_alone(const char *peer, const char *sid,
	    const struct inband_user *user, void *arg);
int	 carrier_is_alone(const struct carrier *c);
/* NULL is fine. */
void	 carrier_free(struct carrier *c);

/* As inband_...(). */
int	 carrier_open(struct carrier *c, int64_t deadline,
	    void (*extra)(void *arg, struct xw *w)) MUST_CHECK;
int	 carrier_accept(struct carrier *c,
	    void (*extra)(void *arg, struct xw *w)) MUST_CHECK;
void	 carrier_refuse(struct carrier *c, enum stanza_error err,
	    const char *text);
void	 carrier_close(struct carrier *c, int64_t deadline);
void	 carrier_close_back(struct carrier *c, int64_t deadline);
void	 carrier_abort(struct carrier *c, enum stanza_error err);
void	 carrier_turn_away(struct carrier *c, enum stanza_error err,
	    const char *text);

void	 carrier_can_sync(struct carrier *c);
void	 carrier_agree(struct carrier *c, size_t ours, size_t theirs);
void	 carrier_sync(struct carrier *c);
/* A socket alone needs no mending, and never waits for a server. */
int	 carrier_syncs(const struct carrier *c);
int	 carrier_waits(const struct carrier *c);
int	 carrier_away(const struct carrier *c);
/* How often one of the two was away, and is back. */
unsigned carrier_losses(const struct carrier *c);

/* Bytes of in-band blocks that are kept: received, sent. */
size_t	 carrier_held(const struct carrier *c);
size_t	 carrier_flying(const struct carrier *c);

const char *carrier_peer(const struct carrier *c);
const char *carrier_sid(const struct carrier *c);
/* The largest block, also when there are none at present. */
size_t	 carrier_block(const struct carrier *c);

/*
 * Sending.  The bytes in the buffer that carrier_out() gives are on their way
 * once carrier_push() is called, which says for how many bytes of payload
 * more they stand.  A session's own buffer can take its place.
 */
struct buf *carrier_out(struct carrier *c);
void	 carrier_set_out(struct carrier *c, struct buf *out);
void	 carrier_push(struct carrier *c, size_t weight);
/* May more be appended?  How many blocks, of carrier_block() bytes, or how
 * many bytes, if they go through a socket (0 if they do not). */
int	 carrier_ready(const struct carrier *c);
size_t	 carrier_room_blocks(const struct carrier *c);
size_t	 carrier_room_bytes(const struct carrier *c);
/* Has the peer taken all that was pushed? */
int	 carrier_idle(const struct carrier *c);

/*
 * Receiving.  In block(): so much payload has come in all, with the bytes just
 * given.  0, or -1 when out of memory.  At any time: so much of it has left for
 * where it belongs.  There will be no more: tell the peer now.
 */
int	 carrier_received(struct carrier *c, uint64_t payload) MUST_CHECK;
void	 carrier_consumed(struct carrier *c, uint64_t payload);
void	 carrier_report(struct carrier *c);

enum carrier_way carrier_way(const struct carrier *c);

/*
 * The socket.
 */

/* The number for the next one; of the last one, 0 if there was none.  May it
 * be offered, accepted now? */
unsigned carrier_socket_next(const struct carrier *c);
int	 carrier_socket_wanted(const struct carrier *c);
/*
 * Socket number stands.  ready: the peer, too, can be written to; else that is
 * known when it says so or when bytes come.  0, or -1 if it is not wanted any
 * more.
 */
int	 carrier_set_socket(struct carrier *c, unsigned number,
	    int ready) MUST_CHECK;
/*
 * It goes through a proxy, of which some (Prosody 0.12) hold back the last
 * bytes until others follow: up to 8191, if more than 4096 are under way.  pad
 * is to append bytes that mean nothing, more than that; it returns whether
 * these are no part of the session, or -1.
 */
void	 carrier_socket_pad(struct carrier *c, int (*pad)(void *arg));
/* Is it still in use?  If not, it is to be closed. */
int	 carrier_has_socket(const struct carrier *c);
/* Socket number will not come about, though we had said that it would. */
void	 carrier_drop_socket(struct carrier *c, unsigned number);
/* Bytes to be written to it; the first len of them are. */
const unsigned char *carrier_socket_data(const struct carrier *c, size_t *len);
void	 carrier_socket_sent(struct carrier *c, size_t len);
/* These came from it. */
void	 carrier_socket_input(struct carrier *c, const void *data, size_t len);
/* All is written, and our direction is to be shut down (a socket alone). */
int	 carrier_socket_finished(const struct carrier *c);
/* It has ended, or it broke.  With the stream about to be closed, that is as
 * it should be: 1 then, else 0. */
int	 carrier_socket_lost(struct carrier *c, int broke);
/* Has the peer got nothing of what was written to it?  Its reports come once a
 * second, if it can be reached. */
int	 carrier_socket_unproved(const struct carrier *c);
/* Time has passed: confirm to the peer what came since. */
void	 carrier_socket_tick(struct carrier *c);
/* Bytes that the present or the last one has carried, both ways. */
uint64_t carrier_socket_count(const struct carrier *c);

/* The peer's word on the socket: an iq of type set with <socket/> in it, of
 * this stream.  It is answered. */
void	 carrier_control(struct carrier *c, const struct elem *iq,
	    const struct elem *socket);

#endif
