/*
 * e2e: the TLS 1.3 session between two xcats (RFC 8446), above any carrier:
 * bytes in, bytes out.
 *
 * Neither certificate is signed by an authority: what counts is the key, by its
 * fingerprint, which the caller's function judges.  The context, that is the
 * two peers and the subject of their stream, is bound into the handshake as the
 * ALPN protocol, so that no server on the way can connect two streams
 * crosswise.
 */
#ifndef IBB_E2E_H
#define IBB_E2E_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "xml/check.h"

struct buf;
struct chunks;
struct e2e;
struct warm;

#define E2E_SECRET	32	/* bytes that only two know */
#define E2E_FINGERPRINT	64	/* "SHA256:" and 43 characters of base64 */
#define E2E_RECEIPT	48	/* base64 of 32 bytes */
#define E2E_OVERHEAD	22	/* bytes that a record adds (RFC 8446 5.2) */
#define E2E_RECORD	16384	/* most plaintext in a record */
#define E2E_PAD		8500		/* bytes */
#define E2E_EARLY_MOST	8192	/* bytes of payload before the handshake */
#define E2E_OUT_MAX	(130 * 1024 * 1024)	/* bytes for the peer */

enum e2e_fault {
	E2E_FINE,
	E2E_BROKEN,		/* what came is not what the peer sent */
	E2E_STARVED,		/* there was no memory here */
	E2E_MISSED,		/* the peer has another secret */
	E2E_JUDGED,		/* we have refused the peer's key */
	E2E_UNWANTED		/* the peer has refused our key */
};

/* ssh's notation of a public key's SHA-256, into out[E2E_FINGERPRINT].
 * 0 or -1. */
int	 e2e_fingerprint(X509 *cert, char *out) MUST_CHECK;
/* The fingerprint of a SubjectPublicKeyInfo, len bytes of DER. */
void	 e2e_fingerprint_of(const unsigned char *der, size_t len, char *out);

/* A context for any number of sessions, both roles, which presents this
 * certificate.  NULL when out of memory. */
SSL_CTX	*e2e_context(X509 *cert, EVP_PKEY *key);

/* Judges the peer's key.  NULL if it is acceptable; otherwise a phrase for
 * people, which e2e_error() will give. */
typedef const char *e2e_judge_fn(void *arg, const char *fingerprint);

/*
 * A session; calling: we are the client.  about is the context, n strings
 * that both sides must agree on.  NULL when out of memory.
 */
struct e2e *e2e_new(SSL_CTX *ctx, int calling, const char *const *about,
	    size_t n, e2e_judge_fn *judge, void *arg);
/* Free a session.  NULL is fine. */
void	 e2e_free(struct e2e *e);

/*
 * Before its first byte: the session is to stand by secret[E2E_SECRET], as an
 * external PSK with a key exchange (RFC 8446 section 2.2), which proves to each
 * side that the other has it.  Their keys are shown, and judged, inside it:
 * ibb/introduction.h.  only: there is no session without the secret, as for a
 * caller always; else a caller may come without.  0, or -1 without memory.
 */
int	 e2e_set_secret(struct e2e *e, const unsigned char *secret, int only)
	    MUST_CHECK;
/*
 * Before its first byte, and not with a secret: the session may stand by what
 * an earlier session with peer, a full JID, has left in w (ibb/warm.h).  A
 * caller's does if there is something for this peer, and the key that the peer
 * had then is judged at once; a listener's does if the caller says so, and its
 * key is judged before it is believed.  If the peer does not know of it, the
 * session comes about as any other.  w must outlive e.
 */
void	 e2e_set_warm(struct e2e *e, struct warm *w, const char *peer);
/* Does it, or may it still?  Not a listener's before its first bytes came. */
int	 e2e_is_warm(const struct e2e *e);
/* How many more bytes a caller may write before the handshake is done. */
size_t	 e2e_early_room(const struct e2e *e);
/* Has the listener refused to read the bytes of before the handshake?  They
 * are to be written again. */
int	 e2e_early_refused(const struct e2e *e);
/* Of a listener's: are there bytes of before the handshake to come, perhaps,
 * whether they are read or passed over? */
int	 e2e_early_comes(const struct e2e *e);
/* What the session, which is established, leaves for the next one: keep it in
 * the table of e2e_set_warm(). */
void	 e2e_leave_warm(struct e2e *e, struct warm *w, const char *peer);
/* Has the peer shown the secret?  A caller may still repeat what another one
 * has said, until the session stands. */
int	 e2e_by_secret(const struct e2e *e);

/*
 * Take len bytes from the peer and append the plaintext they yield to out.
 * 0, or -1 if the session is broken: e2e_error() says how, and what is to be
 * sent (an alert) is in e2e_output() as usual.  len may be 0, to begin.
 */
int	 e2e_input(struct e2e *e, const void *data, size_t len,
	    struct buf *out) MUST_CHECK;
/* Encrypt len bytes, at least one; none if there is no room.  0 or -1. */
int	 e2e_write(struct e2e *e, const void *data, size_t len) MUST_CHECK;
/* Encrypt the end of our data (close_notify).  0 or -1. */
int	 e2e_finish(struct e2e *e) MUST_CHECK;
/* Encrypt nothing, in a record of about E2E_PAD bytes (a KeyUpdate, padded).
 * Not after the end.  0 or -1. */
int	 e2e_pad(struct e2e *e) MUST_CHECK;
/* Ignore from now on what follows the peer's end: xcat-protocol(7), Sockets. */
void	 e2e_ignore_rest(struct e2e *e);
/* Bytes for the peer, at most E2E_OUT_MAX: the caller drains what it has
 * sent. */
struct chunks *e2e_output(struct e2e *e);

/* May payload be written and read?  A warm session of a listener stands before
 * its handshake is done. */
int	 e2e_established(const struct e2e *e);
/* Is the handshake done at both ends, as far as we know?  Before that there is
 * no e2e_finish() and no e2e_pad(). */
int	 e2e_complete(const struct e2e *e);
/* Have we sent our close_notify, or an alert? */
int	 e2e_finished(const struct e2e *e);
/* Has the peer's close_notify come? */
int	 e2e_ended(const struct e2e *e);
/* The peer's fingerprint; "" before it is known. */
const char *e2e_peer(const struct e2e *e);
/* What went wrong, for people; "" if nothing did. */
const char *e2e_error(const struct e2e *e);
/* How it broke; E2E_FINE if it has not. */
enum e2e_fault e2e_fault(const struct e2e *e);

/*
 * The proof, which only the two ends can make, that calling side (1) or the
 * called (0) has received count bytes: a MAC under a key exported from the
 * session, into out[E2E_RECEIPT].  0 or -1.
 */
int	 e2e_receipt(struct e2e *e, int calling, uint64_t count, char *out)
	    MUST_CHECK;
/*
 * A key for context, of len bytes, that only the two ends can make (RFC 8446
 * section 7.5), for the proof in a punched socket, into out, of size bytes.
 * 0, or -1 while the session does not stand.
 */
int	 e2e_export(struct e2e *e, const void *context, size_t len,
	    unsigned char *out, size_t size) MUST_CHECK;
/* Is receipt what e2e_receipt() gives for this?  In constant time. */
int	 e2e_verify(struct e2e *e, int calling, uint64_t count,
	    const char *receipt);

#endif
