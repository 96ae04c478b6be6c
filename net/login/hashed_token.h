/*
 * hashed_token: the client side of the Hashed Token mechanisms of SASL
 * (draft-schmaus-kitten-sasl-ht-08), by which FAST (XEP-0484) logs in with a
 * token that the server gave: one message each way, either of which proves
 * that its sender knows the token.  Internal to sasl.
 */
#ifndef NET_LOGIN_HASHED_TOKEN_H
#define NET_LOGIN_HASHED_TOKEN_H

#include <stddef.h>

#include <openssl/evp.h>

#include "net/login/sasl.h"

struct hashed_token {
	const char	*name;		/* of the mechanism */
	unsigned char	 ours[EVP_MAX_MD_SIZE];
	unsigned char	 theirs[EVP_MAX_MD_SIZE];	/* to expect */
	size_t		 len;
};

/* The best of the n mechanisms offered that can be done with these bindings;
 * NULL: none. */
const char *hashed_token_choose(const char *const *offered, size_t n,
	    const struct tls_binding *bindings, size_t nbindings);
/* Compute both proofs for a mechanism.  SASL_NOMECH if it cannot be done with
 * these bindings.  To be wiped by hashed_token_free(). */
enum sasl_result hashed_token_init(struct hashed_token *h,
	    const char *mechanism, const char *token,
	    const struct tls_binding *bindings, size_t nbindings);
/* Wipe what is in h. */
void	 hashed_token_free(struct hashed_token *h);

/* Append the initial response to out. */
enum sasl_result hashed_token_first(const struct hashed_token *h,
	    const char *user, struct buf *out);
/* Take the server's answer, len bytes, which must prove that it knows the
 * token. */
enum sasl_result hashed_token_success(const struct hashed_token *h,
	    const void *in, size_t len);

#endif
