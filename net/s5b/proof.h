/*
 * proof: the first bytes of a socket that was made by punching: each side shows
 * the other that it is the peer of a session, and one of several sockets is
 * chosen.  No descriptors.
 *
 * Anybody may connect to a port that is being punched.  Both sides have a key
 * that only they know, from their session and for this attempt alone.  Each
 * sends 32 random bytes; then the HMAC-SHA256 by that key of a letter, I or R,
 * and of both sides' random bytes, the initiator's first.  What a stranger has
 * heard elsewhere, or hears here, is of no use to it: the random bytes are
 * others, and a side does not accept its own letter.  At last the initiator
 * sends one byte to choose the socket; records of the session follow.
 */
#ifndef NET_S5B_PROOF_H
#define NET_S5B_PROOF_H

#include <stddef.h>

#define PROOF_KEY	32		/* bytes */
#define PROOF_NONCE	32
#define PROOF_MAC	32
#define PROOF_OUT	(PROOF_NONCE + PROOF_MAC + 1)

enum proof_state {
	PROOF_NONCE_DUE,	/* the peer's random bytes are to come */
	PROOF_MAC_DUE,		/* then its HMAC */
	PROOF_HOLDS,		/* the peer is the peer: the initiator may
				 * choose this socket, the other side waits */
	PROOF_CHOSEN,
	PROOF_WRONG
};

struct proof {
	enum proof_state state;
	int		 initiator;
	unsigned char	 key[PROOF_KEY];
	unsigned char	 nonce[PROOF_NONCE];	/* ours */
	unsigned char	 want[PROOF_MAC];	/* of the peer */
	unsigned char	 in[PROOF_NONCE];
	size_t		 got;
	unsigned char	 out[PROOF_OUT];
	size_t		 outlen;
};

/* Begin, as the initiator or as the other side, with the key of both. */
void	 proof_init(struct proof *p, const unsigned char key[PROOF_KEY],
	    int initiator);
/* Overwrite what is secret. */
void	 proof_wipe(struct proof *p);
/* How many bytes are to be read next, at most: no more are the proof's.  0:
 * none now. */
size_t	 proof_need(const struct proof *p);
/* The peer has sent len bytes, at most proof_need() of them.  Returns the state
 * that they lead to, which does not depend on how they are split. */
enum proof_state proof_input(struct proof *p, const void *data, size_t len);
/* The initiator chooses this socket, whose state is PROOF_HOLDS. */
void	 proof_choose(struct proof *p);
/* The bytes that are to be sent now, *len of them; each is given once. */
const void *proof_output(struct proof *p, size_t *len);

#endif
