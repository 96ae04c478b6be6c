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
 * Check and prepare what a user or a file gave as a JID (RFC 6122 section 2):
 * Nodeprep, Nameprep (a final dot is dropped; IP literals and IDNs are
 * accepted, and A-labels become U-labels), Resourceprep.  Returns 0 with the
 * result in out[JID_MAX], or -1 with *why (if not NULL) set to a constant
 * phrase, for example "its domain is empty", and errno ENOMEM if only memory
 * was lacking.
 */
int	 jid_prep(const char *in, char *out, const char **why) MUST_CHECK;

/* A prepared JID without its resource, into out[JID_MAX], which is returned. */
char	*jid_bare(const char *jid, char *out);
/* The domain of a prepared JID, into out[JID_MAX], which is returned. */
char	*jid_domain(const char *jid, char *out);
/* The localpart of a prepared JID ("" if it has none), into out[JID_MAX], which
 * is returned. */
char	*jid_local(const char *jid, char *out);
/* The resource of a prepared JID, in place; "" if it has none. */
const char *jid_resource(const char *jid);

/* Append a resource to the JID in jid[JID_MAX], which has none; resource NULL:
 * a random one, which cannot be guessed. */
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
