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

/* Read the file of directory dir; one that is not there is empty.  NULL with
 * a message in err[KNOWN_ERR], also if it is somebody else's. */
struct known *known_read(const char *dir, char *err);
void	 known_free(struct known *k);

/* The file's name, for messages. */
const char *known_path(const struct known *k);
/* Is any key known of jid?  Is it this one? */
int	 known_peer(const struct known *k, const char *jid);
enum known_result known_check(const struct known *k, const char *jid,
	    const char *fingerprint);
/* A key that jid is known to have. */
const char *known_old(const struct known *k, const char *jid);
/* Remember it, here and in the file (mode 0600).  0, or -1 with a message if
 * the file cannot be written. */
int	 known_add(struct known *k, const char *jid, const char *fingerprint,
	    char *err) MUST_CHECK;

#endif
