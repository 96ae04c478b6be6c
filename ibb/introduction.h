/*
 * introduction: how the two ends of a session that stands by a secret show each
 * other their keys, since there are no certificates in its handshake.
 *
 * The first bytes of the session in each direction are the DER of the public
 * key (SubjectPublicKeyInfo) and a signature by it, each behind its length in
 * two bytes.  What is signed is exported from the session, so that nothing of
 * it can be used in another session, and names the side, so that neither can be
 * handed back.
 */
#ifndef IBB_INTRODUCTION_H
#define IBB_INTRODUCTION_H

#include <openssl/ssl.h>

#include "xml/check.h"

struct introduction;

enum introduction_result {
	INTRODUCTION_GOOD,
	INTRODUCTION_BAD,	/* no key, or no proof that it is the peer's */
	INTRODUCTION_STARVED	/* there was no memory here */
};

/* What is to come from the peer.  NULL without memory. */
struct introduction *introduction_new(void);
/* i may be NULL. */
void	 introduction_free(struct introduction *i);

/* Write ours into the session, whose handshake is done; calling: we are its
 * client.  0, or -1 without memory. */
int	 introduction_write(SSL *ssl, int calling) MUST_CHECK;
/* Read the peer's, and no byte behind it.  1 if it is whole; else what
 * SSL_read(3) returned, which may be that more has to come. */
int	 introduction_read(struct introduction *i, SSL *ssl) MUST_CHECK;
/* Check the peer's, which is whole; calling: the peer is the client.  If it is
 * good its fingerprint is in out[E2E_FINGERPRINT]. */
enum introduction_result introduction_check(const struct introduction *i,
	    SSL *ssl, int calling, char *out);

#endif
