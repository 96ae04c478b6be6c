/*
 * trust: which keys are good for which peers: our own key, those of listeners
 * that we have met (known_peers), and those that -a ties callers to (allow).
 */
#ifndef NET_CONF_TRUST_H
#define NET_CONF_TRUST_H

#include <stddef.h>

#include "xml/check.h"

struct allow;
struct identity;
struct trust;

#define TRUST_ERR 512

/*
 * Read the keys kept in directory dir.  A listener judges by allow, which gets
 * the callers that @paired is about; a caller (allow NULL) judges by what it
 * remembers.  NULL with a message in err[TRUST_ERR].
 */
struct trust *trust_new(const char *dir, struct allow *allow, char *err);
/* t may be NULL. */
void	 trust_free(struct trust *t);

/* Read anew which callers have been paired, in dir, as xcat -K forget and other
 * listeners change that.  Have a, by which a listener is to judge from now on,
 * admit them, if @paired is in it, and those that came to this run with a code,
 * unless they have been forgotten.  0, or -1 with a message in err[TRUST_ERR],
 * and t is as it was. */
int	 trust_reload(struct trust *t, const char *dir, struct allow *a,
	    char *err) MUST_CHECK;
/* A key of any resource of an account is one of all its resources
 * (known=account). */
void	 trust_by_account(struct trust *t);
/* The user says that the peer has this key: no other one is good, and this one
 * is to be remembered without a word. */
void	 trust_pin(struct trust *t, const char *fingerprint);

/* Our own key. */
const struct identity *trust_identity(const struct trust *t);

/* Is this fingerprint good for this peer?  NULL if it is, else why not, in
 * words that are valid until the next call. */
const char *trust_judge(struct trust *t, const char *peer,
	    const char *fingerprint);
/* Is the peer known to have a key, so that a plain stream will not do? */
int	 trust_expects(const struct trust *t, const char *peer);
/* May the key of the peer have been known, in a line that cannot be read? */
int	 trust_doubts(const struct trust *t, const char *peer);
/* What is wrong with the file of known peers, for people; "" if nothing. */
const char *trust_note(const struct trust *t);
/* The peer has proved to have this key: a caller remembers it.  If there is
 * something to tell the user, it is put into line, of size bytes, which is
 * returned; else NULL. */
const char *trust_met(struct trust *t, const char *peer,
	    const char *fingerprint, char *line, size_t size);

/*
 * Codes (net/conf/code.h)
 */

/* The code of a call has proved that the peer has this key: a caller remembers
 * it in place of what it knew.  What there is to tell the user is put into
 * line, of size bytes. */
void	 trust_proved(struct trust *t, const char *peer,
	    const char *fingerprint, char *line, size_t size);
/* A caller has come with the code, and has this key.  A listener admits it with
 * this key, from this address until the run ends, and from its account as
 * @paired says.  0, or -1 with a message in err[KNOWN_PEERS_ERR]: it is
 * admitted but cannot be remembered. */
int	 trust_paired(struct trust *t, const char *peer,
	    const char *fingerprint, char *err) MUST_CHECK;

#endif
