/*
 * sasl: the client side of SASL as XMPP uses it (RFC 6120 section 6): SCRAM
 * (RFC 5802, 7677, and with SHA-512) with and without channel binding,
 * EXTERNAL, ANONYMOUS, PLAIN only when asked for, and hashed tokens, which
 * FAST (XEP-0484) puts in the place of a password.  Bytes in, bytes out;
 * base64 and the XML around it are the session's.
 */
#ifndef NET_LOGIN_SASL_H
#define NET_LOGIN_SASL_H

#include <stddef.h>

struct buf;
struct sasl;
struct tls_binding;

/* What may be used to log in.  Strings are the caller's, until sasl_first()
 * has returned. */
struct sasl_cred {
	const char	*user;		/* NULL or "": ANONYMOUS only */
	const char	*password;	/* NULL: no mechanism that needs one */
	const char	*authzid;	/* bare JID for EXTERNAL, "" for none */
	int		 external;	/* TLS presented a client certificate */
	int		 plain;		/* PLAIN is allowed */
};

enum sasl_result {
	SASL_OK,
	SASL_NOMECH,		/* nothing offered that may be used */
	SASL_PLAINONLY,		/* only PLAIN, and it is not allowed */
	SASL_NOPASSWORD,	/* a password is needed and there is none */
	SASL_BADPASSWORD,	/* it cannot be used with SCRAM (SASLprep) */
	SASL_PROTOCOL,		/* the server's message makes no sense */
	SASL_BADSERVER,		/* the server does not know our password */
	SASL_NOMEM
};

/* A phrase for people, e.g. "the server failed to prove that it knows
 * the password". */
const char *sasl_strresult(enum sasl_result r);

/*
 * Choose the best of the n mechanisms offered and prepare for it.  Bindings
 * are those that both sides can do, best first; may be none.  Whether the
 * server offered any -PLUS mechanism decides between the flags y and n
 * (RFC 5802 section 6).  On SASL_OK *out is to be freed by sasl_free().
 */
enum sasl_result sasl_new(struct sasl **out, const struct sasl_cred *cred,
	    const char *const *offered, size_t n,
	    const struct tls_binding *bindings, size_t nbindings);
/*
 * Instead: with a token that the server gave for this mechanism, by the
 * bindings that this connection can do.  SASL_NOMECH if it needs another.
 */
enum sasl_result sasl_new_token(struct sasl **out, const char *user,
	    const char *mechanism, const char *secret,
	    const struct tls_binding *bindings, size_t nbindings);
/* For which of the n mechanisms offered should a token be asked?  NULL: none
 * of them can be done. */
const char *sasl_choose_token(const char *const *offered, size_t n,
	    const struct tls_binding *bindings, size_t nbindings);
/* Wipe and free; s may be NULL. */
void	 sasl_free(struct sasl *s);

/* The mechanism's name. */
const char *sasl_mechanism(const struct sasl *s);

/* The initial response into out (which is emptied first). */
enum sasl_result sasl_first(struct sasl *s, struct buf *out);
/* The answer to a challenge of len bytes. */
enum sasl_result sasl_step(struct sasl *s, const void *in, size_t len,
	    struct buf *out);
/*
 * The server says success, with len bytes of additional data (may be 0).
 * SASL_OK only if everything the mechanism demands has happened: for SCRAM
 * the server's signature was verified, in constant time, here or in an
 * earlier challenge; for a token, that the server knows it.
 */
enum sasl_result sasl_success(struct sasl *s, const void *in, size_t len);

#endif
