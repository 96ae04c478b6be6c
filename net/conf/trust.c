/* trust: see trust.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/conf/allow.h"
#include "net/conf/conffile.h"
#include "net/conf/identity.h"
#include "net/conf/known_peers.h"
#include "net/conf/peer.h"
#include "net/conf/trust.h"
#include "xml/jid.h"
#include "xml/text.h"

#define KEY_MAX	64		/* bytes of a fingerprint */

struct trust {
	struct identity		 identity;
	struct known_peers	*known;		/* of a caller */
	struct known_peers	*paired;	/* of a listener */
	struct allow		*allow;		/* of a listener */
	char			 pinned[KEY_MAX];	/* of a caller, or "" */
	char			 why[TRUST_ERR];
};

static int
admit_paired(const struct known_peers *paired, struct allow *a)
{
	return allow_wants_paired(a) ?
	    known_peers_each(paired, allow_pair, a) : 0;
}

/* What is remembered of other keys.  0, or -1 with a message. */
static int
trust_read(struct trust *t, const char *dir, char *err)
{
	if (t->allow == NULL)
		return (t->known = known_peers_read(dir, err)) != NULL ? 0 : -1;
	if ((t->paired = known_peers_read_paired(dir, err)) == NULL)
		return -1;
	if (admit_paired(t->paired, t->allow) == -1)
		return conf_fail(err, "out of memory");
	return 0;
}

struct trust *
trust_new(const char *dir, struct allow *allow, char *err)
{
	struct trust	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL) {
		snprintf(err, TRUST_ERR, "out of memory");
		return NULL;
	}
	t->allow = allow;
	if (identity_load(&t->identity, dir, err) == -1 ||
	    trust_read(t, dir, err) == -1) {
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
	known_peers_free(t->paired);
	free(t);
}

static int
is_paired(void *arg, const char *jid, const char *fingerprint)
{
	return known_peers_check(arg, jid, fingerprint) == KNOWN_PEERS_SAME;
}

int
trust_reload(struct trust *t, const char *dir, struct allow *a, char *err)
{
	struct known_peers	*paired;

	if ((paired = known_peers_read_paired(dir, err)) == NULL)
		return -1;
	if (admit_paired(paired, a) == -1 ||
	    allow_pair_again(a, t->allow, is_paired, paired) == -1) {
		known_peers_free(paired);
		return conf_fail(err, "out of memory");
	}
	known_peers_free(t->paired);
	t->paired = paired;
	return 0;
}

void
trust_by_account(struct trust *t)
{
	if (t->known != NULL)
		known_peers_by_account(t->known);
}

void
trust_pin(struct trust *t, const char *fingerprint)
{
	strlcpy(t->pinned, fingerprint, sizeof(t->pinned));
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
	char	 name[JID_MAX], quoted[256];

	if (t->allow != NULL)
		return judge_caller(t, peer, fingerprint);
	if (*t->pinned != '\0' && strcmp(t->pinned, fingerprint) != 0) {
		snprintf(t->why, sizeof(t->why), "its key is %s, not the one "
		    "that was given, %s; somebody may be in between, or the "
		    "one given is old", fingerprint, t->pinned);
		return t->why;
	}
	if (known_peers_check(t->known, peer,
	    fingerprint) != KNOWN_PEERS_CHANGED)
		return NULL;
	known_peers_name(t->known, peer, name);
	snprintf(t->why, sizeof(t->why), "its key has changed: it was %s, it "
	    "is now %s; somebody may be in between; if the change is meant: "
	    "xcat -K forget %s", known_peers_old(t->known, peer), fingerprint,
	    text_quote(name, quoted, sizeof(quoted)));
	return t->why;
}

int
trust_expects(const struct trust *t, const char *peer)
{
	return *t->pinned != '\0' || (t->known != NULL &&
	    (known_peers_entry(t->known, peer) ||
	    known_peers_doubt(t->known, peer) == KNOWN_PEERS_HAD_KEY));
}

int
trust_doubts(const struct trust *t, const char *peer)
{
	return t->known != NULL && *t->pinned == '\0' &&
	    known_peers_doubt(t->known, peer) != KNOWN_PEERS_UNDOUBTED;
}

const char *
trust_note(const struct trust *t)
{
	return known_peers_note(t->known != NULL ? t->known : t->paired);
}

/* The line about a first contact. */
static void
say_met(const struct trust *t, const char *peer, const char *fingerprint,
    int doubts, const char *why, char *line, size_t size)
{
	const char	*how = doubts ? "its key may have been in a line that "
			    "makes no sense: compare the key with that of xcat "
			    "-K there; " : "";

	if (*why != '\0')
		snprintf(line, size, "%s: %sfirst contact; its key is %s, "
		    "which cannot be remembered: %s", peer, how, fingerprint,
		    why);
	else
		snprintf(line, size, "%s: %sfirst contact; its key %s is now "
		    "in %s", peer, how, fingerprint,
		    known_peers_path(t->known));
}

const char *
trust_met(struct trust *t, const char *peer, const char *fingerprint,
    char *line, size_t size)
{
	char	 why[KNOWN_PEERS_ERR] = "";
	int	 doubts = trust_doubts(t, peer);

	if (t->known == NULL ||
	    known_peers_check(t->known, peer, fingerprint) != KNOWN_PEERS_NEW)
		return NULL;
	if (known_peers_add(t->known, peer, fingerprint, why) == 0) {
		*why = '\0';
		/* A key that the user gave needs no trust. */
		if (*t->pinned != '\0')
			return NULL;
	}
	say_met(t, peer, fingerprint, doubts, why, line, size);
	return line;
}

/* Forget whatever makes peer have another key: there may be lines about this
 * resource and about its account.  0, or -1 with a message. */
static int
forget_others(struct trust *t, const char *peer, const char *fingerprint,
    char *err)
{
	char	 name[JID_MAX];

	while (known_peers_check(t->known, peer,
	    fingerprint) == KNOWN_PEERS_CHANGED) {
		known_peers_name(t->known, peer, name);
		if (known_peers_forget_name(t->known, name, err) == -1)
			return -1;
	}
	return 0;
}

void
trust_proved(struct trust *t, const char *peer, const char *fingerprint,
    char *line, size_t size)
{
	char	 why[KNOWN_PEERS_ERR], old[KEY_MAX];

	if (known_peers_check(t->known, peer, fingerprint) !=
	    KNOWN_PEERS_CHANGED) {
		if (trust_met(t, peer, fingerprint, line, size) == NULL)
			snprintf(line, size, "%s: the code proves its key, "
			    "which was known", peer);
		return;
	}
	strlcpy(old, known_peers_old(t->known, peer), sizeof(old));
	if (forget_others(t, peer, fingerprint, why) == -1 ||
	    known_peers_add(t->known, peer, fingerprint, why) == -1)
		snprintf(line, size, "%s: the code proves its key %s, which "
		    "cannot be remembered: %s", peer, fingerprint, why);
	else
		snprintf(line, size, "%s: the code proves that its key is now "
		    "%s; it was %s", peer, fingerprint, old);
}

int
trust_paired(struct trust *t, const char *peer, const char *fingerprint,
    char *err)
{
	char	 bare[JID_MAX];

	jid_bare(peer, bare);
	/* Its later streams of this run come without the code. */
	if (allow_pair(t->allow, peer, fingerprint) == -1 ||
	    (allow_wants_paired(t->allow) &&
	    allow_pair(t->allow, bare, fingerprint) == -1))
		return conf_fail(err, "out of memory");
	return known_peers_add_another(t->paired, bare, fingerprint, err);
}
