/*
 * warm: the secrets that sessions leave behind at both ends, so that the next
 * session between the two begins with data (xcat-protocol(7), Beginning with
 * data).
 *
 * A secret gives a key for each session, in an order that both ends know, and
 * is changed with each: a key that was used, or passed over, cannot be had from
 * what is kept.  A listener takes each key once, so that an <open/> that is
 * repeated on the way is no session.  Secrets are kept in memory only, for an
 * hour at most, and only so many.
 */
#ifndef IBB_WARM_H
#define IBB_WARM_H

#include <stddef.h>
#include <stdint.h>

#include "ibb/e2e.h"
#include "xml/check.h"

#define WARM_ROOT	48	/* bytes that a session gives for a secret */
#define WARM_KEY	32	/* bytes of a key */
#define WARM_ID		64	/* bytes of its name, with NUL */
#define WARM_SECRETS	128	/* that are kept; the oldest one goes first */
#define WARM_OF_PEER	4	/* and of one peer */
#define WARM_SKIPPED	16	/* keys that are kept, as later ones came */
#define WARM_AHEAD	256	/* a key so far ahead is not found */

struct warm;

/* A key for one session, and whose key the peer has. */
struct warm_pass {
	char		 id[WARM_ID];		/* the name of the key */
	unsigned char	 key[WARM_KEY];
	char		 peer[E2E_FINGERPRINT];
};

/* No secrets yet.  now gives microseconds of a clock that does not go back.
 * NULL when out of memory. */
struct warm *warm_new(int64_t (*now)(void));
/* Wipe and free them.  NULL is fine. */
void	 warm_free(struct warm *w);

/*
 * A session with peer, a full JID whose key has this fingerprint, has given
 * root[WARM_ROOT]: keep a secret, of the caller (calling) or the listener.
 * Without memory none is kept.
 */
void	 warm_add(struct warm *w, int calling, const char *peer,
	    const char *fingerprint, const unsigned char *root);
/* Does a caller want another secret for peer, as it has none, or an old one,
 * for which it wants one only once? */
int	 warm_wants(struct warm *w, const char *peer);
/* A caller's next key for peer: 1, and the key is used; or 0. */
int	 warm_take(struct warm *w, const char *peer, struct warm_pass *pass);
/* The listener has not known the key: a caller forgets the secret. */
void	 warm_forget(struct warm *w, const struct warm_pass *pass);
/* A listener's key of this name, of len bytes, which peer has sent: 1; 0 if
 * there is none, or none any more. */
int	 warm_find(struct warm *w, const char *peer, const void *id, size_t len,
	    struct warm_pass *pass);
/* Peer has shown that it has the key of warm_find(): it is used. */
void	 warm_use(struct warm *w, const struct warm_pass *pass);

#endif
