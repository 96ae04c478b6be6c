/*
 * known_peers: the keys of listeners that we have met, by full JID, in the file
 * known_peers: a line each, "jid SHA256:...".  A JID may have several.  A line
 * whose JID has no resource is about all resources of the account.  The file
 * paired is of the same kind: it has the keys of callers that came with a code.
 */
#ifndef NET_CONF_KNOWN_PEERS_H
#define NET_CONF_KNOWN_PEERS_H

#include "xml/check.h"

struct known_peers;

#define KNOWN_PEERS_ERR 512

enum known_peers_result {
	KNOWN_PEERS_NEW,	/* the peer was never met */
	KNOWN_PEERS_SAME,	/* this is its key, or one of them */
	KNOWN_PEERS_CHANGED	/* it has another: see known_peers_old() */
};

enum known_peers_doubt {
	KNOWN_PEERS_UNDOUBTED,
	KNOWN_PEERS_DOUBTED,	/* a line was cut where its JID may be this */
	KNOWN_PEERS_HAD_KEY		/* a line begins with this JID */
};

/* Read the file of directory dir; no file counts as an empty file.  Lines that
 * make no sense are ignored, see known_peers_note().  NULL with a message in
 * err[KNOWN_PEERS_ERR] if the file cannot be read, or if other users could have
 * written it. */
struct known_peers *known_peers_read(const char *dir, char *err);
/* As known_peers_read(), of the file paired. */
struct known_peers *known_peers_read_paired(const char *dir, char *err);
/* A key of any resource is one of the whole account, from now on. */
void	 known_peers_by_account(struct known_peers *k);
/* k may be NULL. */
void	 known_peers_free(struct known_peers *k);

/* The file's name, for messages. */
const char *known_peers_path(const struct known_peers *k);
/* Which lines were ignored, for people; "" if there were none. */
const char *known_peers_note(const struct known_peers *k);

/* Is any key known of jid? */
int	 known_peers_entry(const struct known_peers *k, const char *jid);
/* Is no key known of jid, but might a line that was ignored have held one? */
enum known_peers_doubt known_peers_doubt(const struct known_peers *k,
	    const char *jid);
/* Is this a key of jid? */
enum known_peers_result known_peers_check(const struct known_peers *k,
	    const char *jid, const char *fingerprint);
/* A key that jid is known to have; NULL if there is none. */
const char *known_peers_old(const struct known_peers *k, const char *jid);
/* The JID under which that key is remembered, or would be, into out[JID_MAX],
 * which is returned. */
const char *known_peers_name(const struct known_peers *k, const char *jid,
	    char *out);
/* Show each key, until see() returns -1.  0, or -1 if it did. */
int	 known_peers_each(const struct known_peers *k,
	    int (*see)(void *arg, const char *jid, const char *fingerprint),
	    void *arg);

/* Remember this key of jid, here and in the file (mode 0600).  0, or -1 with a
 * message in err[KNOWN_PEERS_ERR] if the file cannot be written, or if another
 * program has just met the peer with another key: the file stays as it was, and
 * the key counts in this process only. */
int	 known_peers_add(struct known_peers *k, const char *jid,
	    const char *fingerprint, char *err) MUST_CHECK;
/* As known_peers_add(), beside any other keys that jid has. */
int	 known_peers_add_another(struct known_peers *k, const char *jid,
	    const char *fingerprint, char *err) MUST_CHECK;
/*
 * Forget the keys of jid, here and in the file; without a resource, those of
 * the whole account.  1; 0 if there were none; or -1 with a message in
 * err[KNOWN_PEERS_ERR], and the file stays as it was.
 */
int	 known_peers_forget(struct known_peers *k, const char *jid, char *err)
	    MUST_CHECK;
/* As known_peers_forget(), but an account stands for its own lines only, unless
 * known_peers_by_account() was called. */
int	 known_peers_forget_name(struct known_peers *k, const char *jid,
	    char *err) MUST_CHECK;

#endif
