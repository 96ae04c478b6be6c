/*
 * trust: which keys are good for which peers: our own key, those of listeners
 * that we have met (known_peers), and those that -a ties callers to (allow).
 */
#ifndef NET_CONF_TRUST_H
#define NET_CONF_TRUST_H

#include <stddef.h>

struct allow;
struct identity;
struct trust;

#define TRUST_ERR 512

/*
 * Read the keys kept in directory dir.  A listener judges by allow; a caller
 * (allow NULL) by what it remembers.  NULL with a message in err[TRUST_ERR].
 */
struct trust *trust_new(const char *dir, const struct allow *allow,
	    char *err);
/* t may be NULL. */
void	 trust_free(struct trust *t);

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

#endif
