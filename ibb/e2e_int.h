/*
 * e2e_int: what the files that make a session share: e2e.c, e2e_secret.c and
 * e2e_warm.c.
 */
#ifndef IBB_E2E_INT_H
#define IBB_E2E_INT_H

#include "ibb/e2e.h"
#include "ibb/warm.h"
#include "xml/chunks.h"

struct introduction;

enum e2e_state {
	E2E_SHAKING,		/* the handshake goes on */
	E2E_EARLY,		/* a listener's: it does, behind payload */
	E2E_MEETING,		/* the keys are to be shown, behind it */
	E2E_ESTABLISHED
};

/* What a session is to stand by. */
enum e2e_secret {
	E2E_SECRET_NONE,
	E2E_SECRET_GOOD,	/* and a certificate is, too */
	E2E_SECRET_ONLY
};

/* How far a session by what an earlier one has left is. */
enum e2e_warmth {
	E2E_COLD,
	E2E_WARM_MAY,		/* a listener's, for the caller to say */
	E2E_WARM_OFFERED,	/* by a caller: not yet answered */
	E2E_WARM_SHOWN,		/* by a caller, to a listener that knows it */
	E2E_WARM_STANDS
};
#define PUNCH_LABEL	"EXPORTER-xcat-punch"

struct e2e {
	SSL		*ssl;
	const unsigned char *in;	/* what e2e_input() was given ... */
	size_t		 inlen;		/* ... and is not yet read */
	struct chunks	 out;
	int		 calling;
	enum e2e_state	 state;
	int		 ended;
	int		 padding;	/* the next record is to be long */
	int		 ignore_rest;	/* what comes after the end */
	enum e2e_fault	 fault;
	char		 err[512];	/* the fault in words */
	char		 peer[E2E_FINGERPRINT];
	char		 about[64];	/* ALPN protocol */
	enum e2e_secret	 secrecy;
	unsigned char	 secret[E2E_SECRET];
	enum e2e_warmth	 warmth;
	struct warm	*warm;
	char		*warm_peer;	/* full JID */
	struct warm_pass pass;
	size_t		 early;		/* bytes before the handshake */
	int		 early_over;	/* a listener's: it has read these */
	int		 early_refused;	/* a caller's: they were not read */
	struct introduction *intro;	/* the peer's, as it comes; NULL */
	e2e_judge_fn	*judge;
	void		*arg;
};

/* e2e.c */

/* The session is broken: note the class and the phrase for people.  The first
 * fault stands.  Always -1. */
int	 e2e_fail(struct e2e *e, enum e2e_fault fault, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));
/* The session is broken, as there is no memory here.  Always -1. */
int	 e2e_without_memory(struct e2e *e);
/* After a call of OpenSSL that returned r: 0 if it waits for more bytes or the
 * peer has ended, or -1 if the session broke. */
int	 e2e_waits(struct e2e *e, int r);

/* The session that a PSK stands for (RFC 8446 section 4.2.11), of E2E_SECRET
 * bytes; NULL without memory. */
SSL_SESSION *e2e_psk_session(SSL *ssl, const unsigned char *secret);

/* e2e_secret.c */

/* A callback of OpenSSL for the first bytes of a caller. */
int	 e2e_see_hello(SSL *ssl, int *alert, void *arg);
/* The handshake is done: write our introduction if the session stands by the
 * secret; else it is established.  0 or -1. */
int	 e2e_shaken(struct e2e *e);
/* The session stands by the secret, and the peer says which its key is: once
 * that is judged, the session is established.  0 or -1. */
int	 e2e_meet(struct e2e *e);

/* e2e_warm.c */

/* Before the handshake: begin it, or read what comes in front of it to out.  1
 * if it may go on, 0 if it may not yet, or -1. */
int	 e2e_warm_take(struct e2e *e, struct buf *out);
/* Write len bytes before the handshake is done, as SSL_write(3). */
int	 e2e_warm_write(struct e2e *e, const void *data, size_t len);
/* The handshake is done: does the session stand by what was left? */
void	 e2e_warm_shaken(struct e2e *e);
/* Wipe what is kept for that. */
void	 e2e_warm_free(struct e2e *e);

#endif
