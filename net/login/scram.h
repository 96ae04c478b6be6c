/*
 * scram: the client side of SCRAM (RFC 5802), one exchange.  Internal to
 * sasl: it is apart so that tests can choose the nonce.
 */
#ifndef NET_LOGIN_SCRAM_H
#define NET_LOGIN_SCRAM_H

#include <openssl/evp.h>

#include <stddef.h>

#include "net/login/sasl.h"
#include "xml/buf.h"
#include "xml/check.h"

#define SCRAM_TEXT	3072	/* bytes of a prepared name or password */
#define SCRAM_NONCE	33	/* bytes of scram_nonce()'s text with its NUL */

enum scram_state {
	SCRAM_START,
	SCRAM_SENT,		/* the first message; a challenge is due */
	SCRAM_PROVED,		/* the proof; the server's is due */
	SCRAM_VERIFIED,		/* the server knows the password */
	SCRAM_FAILED
};

struct scram {
	enum scram_state state;
	const EVP_MD	*md;
	char		 nonce[SCRAM_NONCE];
	char		 password[SCRAM_TEXT];
	struct buf	 bind;	/* GS2 header and binding, what c= repeats */
	size_t		 gs2len; /* bytes of it that are the header */
	struct buf	 auth;	/* AuthMessage, as far as it is known */
	unsigned char	 server[EVP_MAX_MD_SIZE]; /* signature to expect */
};

/* A fresh nonce of 192 bits.  Returns 0, or -1 without randomness. */
int	 scram_nonce(char out[SCRAM_NONCE]) MUST_CHECK;

/*
 * Prepare for one exchange: hash by OpenSSL's name; flag is the GS2 flag 'n',
 * 'y' or 'p', the last with cb.  Always followed by scram_free().
 */
enum sasl_result scram_init(struct scram *s, const char *hash,
	    const char *user, const char *password, char flag,
	    const struct tls_binding *cb, const char *nonce);
/* Wipe and free what is in s. */
void	 scram_free(struct scram *s);

/* As sasl_first(); out is empty. */
enum sasl_result scram_first(struct scram *s, struct buf *out);
/* As sasl_step(); out is empty. */
enum sasl_result scram_step(struct scram *s, const void *in, size_t len,
	    struct buf *out);
/* As sasl_success(). */
enum sasl_result scram_success(struct scram *s, const void *in, size_t len);

#endif
