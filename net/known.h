/*
 * known: the keys of listeners that we have met, by full JID, in the file
 * known_peers: a line each, "jid SHA256:...".  A JID may have several.
 */
#ifndef NET_KNOWN_H
#define NET_KNOWN_H

#include "xml/check.h"

struct known;

#define KNOWN_ERR 512

enum known_result {
	KNOWN_NEW,		/* never met */
	KNOWN_SAME,		/* this is its key, or one of them */
	KNOWN_CHANGED		/* it has another: see known_old() */
};

enum known_doubt {
	KNOWN_UNDOUBTED,
	KNOWN_DOUBTED,		/* a line was cut where its JID may be this */
	KNOWN_HAD_KEY		/* a line begins with this JID */
};

/* Read the file of directory dir; a file that is not there is empty.  Lines
 * that make no sense are ignored, see known_note().  NULL with a message in
 * err[KNOWN_ERR] if the file cannot be read, or others could have written it.
 * To be freed with known_free(). */
struct known *known_read(const char *dir, char *err);
/* NULL is fine. */
void	 known_free(struct known *k);

/* The file's name, for messages. */
const char *known_path(const struct known *k);
/* Which lines were ignored, for people; "" if there were none. */
const char *known_note(const struct known *k);

/* Is any key known of jid? */
int	 known_peer(const struct known *k, const char *jid);
/* Is no key known of jid, but might a line that was ignored have held one? */
enum known_doubt known_doubt(const struct known *k, const char *jid);
/* Is this a key of jid? */
enum known_result known_check(const struct known *k, const char *jid,
	    const char *fingerprint);
/* A key that jid is known to have; NULL if there is none. */
const char *known_old(const struct known *k, const char *jid);

/* Remember this key of jid, here and in the file (mode 0600).  0, or -1 with a
 * message in err[KNOWN_ERR] if the file cannot be written: it is as it was. */
int	 known_add(struct known *k, const char *jid, const char *fingerprint,
	    char *err) MUST_CHECK;

#endif
