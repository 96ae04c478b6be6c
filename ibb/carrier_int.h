/*
 * carrier_int: what the files that make a carrier share: carrier.c,
 * carrier_inband.c, carrier_socket.c and handover.c.
 */
#ifndef IBB_CARRIER_INT_H
#define IBB_CARRIER_INT_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/carrier.h"
#include "xml/buf.h"

#define CARRIER_WINDOW_LEAST	(16 * 1024)	/* if memory is short */

/* The socket that stands beside the in-band bytestream, or alone. */
enum carrier_socket {
	CARRIER_SOCKET_NONE,
	CARRIER_SOCKET_UP,	/* it stands */
	CARRIER_SOCKET_DOWN	/* it broke: what has the peer received? */
};

/* A received block: it is answered once payload up to here is consumed. */
struct carrier_mark {
	uint64_t		 upto;
	STAILQ_ENTRY(carrier_mark) next;
};

struct carrier {
	struct inband		*inband;	/* NULL: a socket alone */
	struct iq_table		*iqs;
	char			*peer, *sid;	/* of a socket alone */
	struct inband_user	 user;
	void			(*extra)(void *, struct xw *);
	void			*arg;
	int			 over;		/* closed, failed or aborted */
	unsigned		 losses;	/* absences of peer or login */
	STAILQ_HEAD(, carrier_mark) marks;
	uint64_t		 received;	/* payload from the peer */
	uint64_t		 consumed;	/* of it, gone on */
	struct buf		 plain;		/* out, without a session */
	struct buf		*out;		/* bytes to be sent and, in a
						 * socket, not confirmed */
	uint64_t		 pushed;	/* payload to be sent */
	uint64_t		 blocked;	/* of it, credited to blocks */
	uint64_t		 landed;	/* of that, answered */
	uint64_t		 confirmed;	/* payload the peer has */
	uint64_t		 credited;	/* of it, told to the user */

	enum carrier_socket	 socket;
	enum carrier_way	 way;
	unsigned		 number;	/* of the last socket */
	int			 ready;		/* the peer has it as well */
	uint64_t		 socket_out;	/* bytes written to it */
	uint64_t		 socket_known;	/* of these, the peer has got */
	uint64_t		 socket_in;	/* bytes that came from it */
	int			(*pad)(void *);
	size_t			 padded;	/* bytes at out's end ... */
	uint64_t		 padded_to;	/* ... as it was then */
	int			 foreign;	/* padding not of the session */
	int			 feeding;	/* block() has socket bytes */
	int			 finishing;	/* a socket alone: we close */
	int			 ended;		/* and the peer has */
	uint64_t		 told_in;	/* socket_in, as last told */
	uint64_t		 told_consumed;	/* consumed, as last told */
	size_t			 told_window;	/* for the peer's bytes */
	int			 telling;	/* that is not answered yet */
	int			 closing_told;	/* and it said "closed" */
	size_t			 window;	/* that the peer has for ours */
	int			 unheard;	/* the peer may have missed
						 * what it was told last */
	int			 urgent;	/* tell the peer now */
	uint64_t		 owed;		/* consumption to be reported */
};

/* carrier.c */

/* The setter of way: it traces. */
void	 carrier_set_way(struct carrier *c, enum carrier_way way);
/* A carrier without anything that carries; NULL when out of memory. */
struct carrier *carrier_make(struct iq_table *iqs,
	    const struct inband_user *user, void *arg);
/* The peer has so much payload of ours, counted from the beginning: tell the
 * user what is new of it. */
void	 carrier_confirm(struct carrier *c, uint64_t payload);
/* Bytes in a socket that may be unconfirmed, as far as memory allows. */
size_t	 carrier_window(const struct carrier *c);

/* carrier_inband.c */

/* Send as many blocks as the bytestream takes now. */
void	 carrier_send_blocks(struct carrier *c);
/* Answer the received blocks that are consumed to their end. */
void	 carrier_answer(struct carrier *c);
/* Forget the oldest received block that is not answered. */
void	 carrier_mark_free(struct carrier *c);

/* carrier_socket.c */

/* Close a socket alone: our direction ends now, the stream when both have. */
void	 carrier_socket_close(struct carrier *c);

#endif
