/*
 * carrier_int: what the files that make a carrier share: carrier.c, which is
 * the interface; the two kinds, carrier_inband.c and carrier_alone.c;
 * carrier_socket.c, the socket of either kind; and handover.c, which moves a
 * carrier of blocks to a socket and back.
 */
#ifndef IBB_CARRIER_INT_H
#define IBB_CARRIER_INT_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/carrier.h"
#include "ibb/frames.h"
#include "xml/check.h"
#include "xml/chunks.h"

#define CARRIER_WINDOW_LEAST	(16 * 1024)	/* if memory is short */
/* With more bytes than this under way a proxy may hold back the last of them:
 * see carrier_socket_pad(). */
#define CARRIER_HELD_BACK	4096

/* The socket, beside the in-band bytestream or alone. */
enum carrier_socket {
	CARRIER_SOCKET_NONE,
	CARRIER_SOCKET_HALF,	/* it stands here; the peer may not know yet */
	CARRIER_SOCKET_UP,	/* it stands at both ends */
	CARRIER_SOCKET_DOWN,	/* it broke, and the peer is to be told */
	CARRIER_SOCKET_TOLD	/* the peer is told: what has it received? */
};

/* Our last word on the socket to the peer, "open" or "closed". */
enum carrier_report {
	CARRIER_REPORT_HEARD,	/* or there was none */
	CARRIER_REPORT_ASKED,	/* its answer has not come */
	CARRIER_REPORT_UNHEARD	/* it may be lost */
};

/* The directions of a stream over a socket alone that have ended. */
enum carrier_ends {
	CARRIER_ENDS_NONE,
	CARRIER_ENDS_OURS,	/* we have no more to send */
	CARRIER_ENDS_THEIRS,	/* the peer has no more */
	CARRIER_ENDS_BOTH
};

/* A socket of version 2. */
struct carrier_frames {
	struct frames_out	 out;
	struct frames_in	 in;
	struct frames_counts	 last;		/* of the peer, here */
	int			 answers;	/* the peer speaks first */
	unsigned		 heard;		/* frames, up to 2 */
	int			 due;		/* our counts are to be sent */
	uint64_t		 padded_to;	/* socket_out, at the last
						 * padding */
	int			 flush;		/* pad, if it is dry */
	int			 moved;		/* since the last tick */
	int			 stuck;		/* nothing did in a second,
						 * though there is something,
						 * here or unread there */
	uint64_t		 confirmed;	/* of the carrier, then */
	int			 bad;		/* what came is no frame */
	size_t			 window;	/* as measured, memory aside */
	uint64_t		 full_to;	/* socket_out, as the window
						 * was last full */
	size_t			 peak;		/* bytes unconfirmed, the most
						 * since the last tick */
};

/* A received block: it is answered once payload up to here is consumed. */
struct carrier_mark {
	uint64_t		 upto;
	STAILQ_ENTRY(carrier_mark) next;
};

/*
 * What each kind of carrier does in its own way.  Each function stands for the
 * function of carrier.h with its name; the others say what they are for.
 */
struct carrier_kind {
	int	 alone;		/* a socket is all that it has */
	void	(*free)(struct carrier *c);
	void	(*trace)(const struct carrier *c, const char *what,
		    const char *from, const char *to);
	int	(*accept)(struct carrier *c);
	void	(*refuse)(struct carrier *c, enum stanza_error err,
		    const char *text);
	void	(*close)(struct carrier *c, int64_t deadline);
	void	(*close_back)(struct carrier *c, int64_t deadline);
	void	(*abort)(struct carrier *c, enum stanza_error err);
	void	(*turn_away)(struct carrier *c, enum stanza_error err,
		    const char *text);
	void	(*sync)(struct carrier *c);
	int	(*syncs)(const struct carrier *c);
	int	(*waits)(const struct carrier *c);
	int	(*away)(const struct carrier *c);
	size_t	(*held)(const struct carrier *c);
	size_t	(*flying)(const struct carrier *c);
	size_t	(*block)(const struct carrier *c);
	int	(*idle)(const struct carrier *c);
	/* May a socket move its bytes now? */
	int	(*may_have_socket)(const struct carrier *c);
	/* A socket stands, CARRIER_SOCKET_HALF or _UP. */
	void	(*socket_stands)(struct carrier *c);
	/* The socket stands at both ends: use it, if nothing is in the way. */
	void	(*advance)(struct carrier *c);
	void	(*socket_sent)(struct carrier *c, size_t len);
	int	(*socket_lost)(struct carrier *c, int broke);
	/* Tell the peer of the socket if there is enough to be told. */
	void	(*report)(struct carrier *c);
	void	(*control)(struct carrier *c, const struct elem *iq,
		    const struct elem *socket);
};

struct carrier {
	const struct carrier_kind *kind;
	struct inband		*inband;	/* NULL in a socket alone */
	struct iq_table		*iqs;
	const char		*peer, *sid;
	char			*names;		/* these, of a socket alone */
	struct inband_user	 user;
	void			(*extra)(void *, struct xw *);
	void			*arg;
	int			 over;		/* closed, failed or aborted */
	unsigned		 losses;	/* absences of peer or login */
	STAILQ_HEAD(, carrier_mark) marks;
	uint64_t		 received;	/* payload from the peer */
	uint64_t		 consumed;	/* of it, gone on */
	struct chunks		 plain;		/* out, without a session */
	struct chunks		*out;		/* bytes to be sent and, in a
						 * socket, not confirmed */
	uint64_t		 pushed;	/* payload to be sent */
	uint64_t		 blocked;	/* of it, credited to blocks */
	uint64_t		 landed;	/* of that, answered */
	uint64_t		 confirmed;	/* payload the peer has */
	uint64_t		 credited;	/* of it, told to the user */
	int			 proved;	/* the peer has all of it */

	enum carrier_socket	 socket;
	enum carrier_way	 way;
	enum carrier_ends	 ends;		/* of a socket alone */
	unsigned		 number;	/* of the last socket */
	uint64_t		 socket_out;	/* bytes written to it */
	uint64_t		 socket_known;	/* of these, the peer has got */
	uint64_t		 socket_in;	/* bytes that came from it */
	int			 skipped;	/* it never stood here, and */
	uint64_t		 before_in;	/* these bytes came from the one
						 * before it */
	enum carrier_version	 version;	/* of the socket */
	struct carrier_frames	 frames;	/* of version 2 */
	int			 feeding;	/* block() has socket bytes */
	int			(*pad)(void *);
	size_t			 padded;	/* bytes at out's end ... */
	uint64_t		 padded_to;	/* ... as it was then */
	int			 foreign;	/* padding not of the session */
	enum carrier_report	 report;
	uint64_t		 told_in;	/* socket_in, as last told */
	uint64_t		 told_consumed;	/* consumed, as last told */
	size_t			 told_window;	/* our window, as last told */
	size_t			 window;	/* the peer's, for what it
						 * sends */
	int			 urgent;	/* tell the peer now */
	uint64_t		 owed;		/* consumption to be reported */
};

/* carrier.c */

/* A carrier of this kind with no bytestream and no socket; NULL when out of
 * memory. */
struct carrier *carrier_make(const struct carrier_kind *kind,
	    struct iq_table *iqs, const struct inband_user *user, void *arg);
/* The setter of way: it traces the move.  0, or -1 with the way unchanged if no
 * move leads from it to the new one. */
int	 carrier_set_way(struct carrier *c, enum carrier_way way);
/* The setter of socket, as carrier_set_way(). */
int	 carrier_set_stand(struct carrier *c, enum carrier_socket socket);
/* The peer has so much payload of ours, counted from the beginning: tell the
 * user what is new of it. */
void	 carrier_confirm(struct carrier *c, uint64_t payload);
/* Bytes in a socket that may be unconfirmed, as measured and as far as memory
 * allows. */
size_t	 carrier_window(const struct carrier *c);

/* carrier_inband.c */

/* Send as many blocks as the bytestream takes now, if bytes go in blocks. */
void	 carrier_send_blocks(struct carrier *c);
/* Answer the received blocks that are consumed to their end. */
void	 carrier_answer(struct carrier *c);

/* carrier_framed.c: a socket of version 2 */

/* The socket stands here; ready: it can be written to, so that we speak
 * first. */
void	 framed_begin(struct carrier *c, int ready);
/* As carrier_socket_pieces(). */
int	 framed_pieces(struct carrier *c, struct iovec *iov, int max);
/* As carrier_socket_sent(). */
void	 framed_sent(struct carrier *c, size_t len);
/* Is a proxy to be given something to hold back? */
int	 framed_dry(const struct carrier *c);
/* As carrier_socket_input(). */
void	 framed_input(struct carrier *c, const unsigned char *p, size_t len);
/* Bytes that may be appended now, if out may hold so many. */
size_t	 framed_room(const struct carrier *c, size_t most);
/* A second has passed: if the peer reads nothing, as its own reader stands
 * still, our counts have to go in-band. */
void	 framed_tick(struct carrier *c);

/* carrier_socket.c */

/* When the last bytes for now are out, send padding behind them for a proxy to
 * hold back: see carrier_socket_pad(). */
void	 carrier_pad_socket(struct carrier *c);

#endif
