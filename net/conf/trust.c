#include <stdio.h>
#include <stdlib.h>

#include "net/conf/allow.h"
#include "net/conf/identity.h"
#include "net/conf/known_peers.h"
#include "net/conf/trust.h"

struct trust {
	struct identity		 identity;
	struct known_peers		*known;		/* of a caller */
	const struct allow	*allow;		/* of a listener */
	char			 why[TRUST_ERR];
};

struct trust *
trust_new(const char *dir, const struct allow *allow, char *err)
{
	struct trust	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL) {
		snprintf(err, TRUST_ERR, "out of memory");
		return NULL;
	}
	t->allow = allow;
	if (identity_load(&t->identity, dir, err) == -1 || (allow == NULL &&
	    (t->known = known_peers_read(dir, err)) == NULL)) {
		trust_free(t);
		return NULL;
	}
	return t;
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	identity_free(&t->identity);
	known_peers_free(t->known);
	free(t);
}

const struct identity *
trust_identity(const struct trust *t)
{
	return &t->identity;
}

static const char *
judge_caller(struct trust *t, const char *peer, const char *fingerprint)
{
	if (allow_key(t->allow, peer, fingerprint))
		return NULL;
	snprintf(t->why, sizeof(t->why), "its key %s is not one that -a ties "
	    "it to", fingerprint);
	return t->why;
}

const char *
trust_judge(struct trust *t, const char *peer, const char *fingerprint)
{
	if (t->allow != NULL)
		return judge_caller(t, peer, fingerprint);
	if (known_peers_check(t->known, peer,
	    fingerprint) != KNOWN_PEERS_CHANGED)
		return NULL;
	snprintf(t->why, sizeof(t->why), "its key has changed: it was %s, it "
	    "is now %s; somebody may be in between; if the change is meant, "
	    "remove its line from %.200s", known_peers_old(t->known, peer),
	    fingerprint, known_peers_path(t->known));
	return t->why;
}

int
trust_expects(const struct trust *t, const char *peer)
{
	return t->known != NULL && (known_peers_entry(t->known, peer) ||
	    known_peers_doubt(t->known, peer) == KNOWN_PEERS_HAD_KEY);
}

int
trust_doubts(const struct trust *t, const char *peer)
{
	return t->known != NULL &&
	    known_peers_doubt(t->known, peer) != KNOWN_PEERS_UNDOUBTED;
}

const char *
trust_note(const struct trust *t)
{
	return t->known != NULL ? known_peers_note(t->known) : "";
}

const char *
trust_met(struct trust *t, const char *peer, const char *fingerprint,
    char *line, size_t size)
{
	char		 why[KNOWN_PEERS_ERR];
	const char	*how = trust_doubts(t, peer) ? "its key may have been "
			    "in a line that makes no sense: compare the key "
			    "with that of xcat -K there; " : "";

	if (t->known == NULL ||
	    known_peers_check(t->known, peer, fingerprint) != KNOWN_PEERS_NEW)
		return NULL;
	if (known_peers_add(t->known, peer, fingerprint, why) == -1)
		snprintf(line, size, "%s: %sfirst contact; its key is %s, "
		    "which cannot be remembered: %s", peer, how, fingerprint,
		    why);
	else
		snprintf(line, size,
		    "%s: %sfirst contact; its key %s is now "
		    "in %s",
		    peer, how, fingerprint, known_peers_path(t->known));
	return line;
}
