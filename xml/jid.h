/*
 * jid: XMPP addresses (RFC 6122, stringprep by libidn), as plain strings in
 * their prepared form: localpart@domainpart/resourcepart.
 */
#ifndef XML_JID_H
#define XML_JID_H

#include <stddef.h>

#include "xml/check.h"

#define JID_MAX	3072	/* 3 parts of 1023 bytes, '@', '/' and NUL */

/*
 * Check and prepare what a user or a file gave as a JID: Nodeprep, Nameprep
 * (a final dot dropped; IP literals and IDNs accepted, the latter also as
 * A-labels, which become U-labels), Resourceprep.
 * Returns 0 with the result in out[JID_MAX], or -1 with *why (if not NULL)
 * set to a constant phrase such as "its domain is empty", and errno ENOMEM if
 * nothing but memory was wrong.
 */
int	 jid_prep(const char *in, char *out, const char **why) MUST_CHECK;

/* The parts of a prepared JID, copied into out[JID_MAX] and returned: the JID
 * without its resource, its domain, its localpart ("" if none). */
char	*jid_bare(const char *jid, char *out);
char	*jid_domain(const char *jid, char *out);
char	*jid_local(const char *jid, char *out);
/* Points into jid; "" if it has no resource. */
const char *jid_resource(const char *jid);

/* Append a resource to a JID in jid[JID_MAX] that has none; resource NULL
 * stands for a random one that cannot be guessed. */
void	 jid_setresource(char *jid, const char *resource);

/* Are the bare JIDs of a and b equal? */
int	 jid_samebare(const char *a, const char *b);

/* The domain of a prepared JID in its ASCII form for DNS and certificates
 * (IDNA), in out[JID_MAX].  Returns 0, or -1 with errno ENOMEM or EINVAL. */
int	 jid_ascii(const char *domain, char *out) MUST_CHECK;

/* SASLprep (RFC 4013) of a user name or password, into out of size bytes.
 * Returns 0, or -1 (forbidden characters, too long). */
int	 jid_saslprep(const char *in, char *out, size_t size) MUST_CHECK;

#endif
