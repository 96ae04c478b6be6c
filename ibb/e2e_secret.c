/*
 * e2e_secret: sessions that stand by a secret, see e2e_set_secret().
 */
#include <string.h>

#include <openssl/evp.h>

#include "ibb/e2e_int.h"
#include "ibb/introduction.h"

#define SECRET_NAME	"xcat:code"	/* the identity of the PSK */
#define SECRET_SUITES	"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"

SSL_SESSION *
e2e_psk_session(SSL *ssl, const unsigned char *secret)
{
	static const unsigned char	 suite[] = { 0x13, 0x01 };
	const SSL_CIPHER		*cipher;
	SSL_SESSION			*session;

	cipher = SSL_CIPHER_find(ssl, suite);
	if (cipher == NULL || (session = SSL_SESSION_new()) == NULL)
		return NULL;
	if (SSL_SESSION_set1_master_key(session, secret, E2E_SECRET) == 1 &&
	    SSL_SESSION_set_cipher(session, cipher) == 1 &&
	    SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1)
		return session;
	SSL_SESSION_free(session);
	return NULL;
}

/* A caller's: it says which secret it has. */
static int
e2e_use_secret(SSL *ssl, const EVP_MD *md, const unsigned char **id,
    size_t *idlen, SSL_SESSION **session)
{
	struct e2e	*e = SSL_get_app_data(ssl);

	*session = NULL;
	*id = (const unsigned char *)SECRET_NAME;
	*idlen = strlen(SECRET_NAME);
	if (md != NULL && !EVP_MD_is_a(md, "SHA256"))
		return 1;
	return (*session = e2e_psk_session(ssl, e->secret)) != NULL;
}

/* A listener's: which secret does the caller mean? */
static int
e2e_find_secret(SSL *ssl, const unsigned char *id, size_t idlen,
    SSL_SESSION **session)
{
	struct e2e	*e = SSL_get_app_data(ssl);

	*session = NULL;
	if (idlen != strlen(SECRET_NAME) ||
	    memcmp(id, SECRET_NAME, idlen) != 0)
		return e->secrecy != E2E_SECRET_ONLY;
	return (*session = e2e_psk_session(ssl, e->secret)) != NULL;
}

/* A caller that shows no secret where one is wanted is not worth a key
 * exchange. */
int
e2e_see_hello(SSL *ssl, int *alert, void *arg)
{
	const struct e2e	*e = SSL_get_app_data(ssl);
	const unsigned char	*p;
	size_t			 len;

	(void)arg;
	if (e->secrecy != E2E_SECRET_ONLY ||
	    SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_psk, &p, &len) == 1)
		return SSL_CLIENT_HELLO_SUCCESS;
	*alert = SSL_AD_HANDSHAKE_FAILURE;
	return SSL_CLIENT_HELLO_ERROR;
}

int
e2e_set_secret(struct e2e *e, const unsigned char *secret, int only)
{
	e->secrecy = only ? E2E_SECRET_ONLY : E2E_SECRET_GOOD;
	memcpy(e->secret, secret, sizeof(e->secret));
	if ((e->intro = introduction_new()) == NULL)
		return -1;
	if (!e->calling) {
		SSL_set_psk_find_session_callback(e->ssl, e2e_find_secret);
		/* OpenSSL wants one, since it takes this for a resumption. */
		return SSL_set_session_id_context(e->ssl,
		    (const unsigned char *)SECRET_NAME, sizeof(SECRET_NAME) -
		    1) == 1 ? 0 : -1;
	}
	/* Without another hash there is no reason to do without the secret. */
	SSL_set_psk_use_session_callback(e->ssl, e2e_use_secret);
	return SSL_set_ciphersuites(e->ssl, SECRET_SUITES) == 1 ? 0 : -1;
}

int
e2e_by_secret(const struct e2e *e)
{
	return e->secrecy != E2E_SECRET_NONE && e->fault == E2E_FINE &&
	    SSL_session_reused(e->ssl) == 1;
}

int
e2e_shaken(struct e2e *e)
{
	if (!e2e_by_secret(e)) {
		introduction_free(e->intro);
		e->intro = NULL;
	}
	e->state = e->intro == NULL ? E2E_ESTABLISHED : E2E_MEETING;
	if (e->intro != NULL && introduction_write(e->ssl, e->calling) == -1)
		return e2e_without_memory(e);
	return 0;
}

int
e2e_meet(struct e2e *e)
{
	const char	*why;
	int		 r;

	if ((r = introduction_read(e->intro, e->ssl)) <= 0) {
		if (e2e_waits(e, r) == -1)
			return -1;
		return !e->ended ? 0 : e2e_fail(e, E2E_BROKEN,
		    "it ended before it had shown its key");
	}
	switch (introduction_check(e->intro, e->ssl, !e->calling, e->peer)) {
	case INTRODUCTION_STARVED:
		return e2e_without_memory(e);
	case INTRODUCTION_BAD:
		return e2e_fail(e, E2E_BROKEN,
		    "it shows a key that it has not got");
	case INTRODUCTION_GOOD:
		break;
	}
	if ((why = e->judge(e->arg, e->peer)) != NULL)
		return e2e_fail(e, E2E_JUDGED, "%s", why);
	introduction_free(e->intro);
	e->intro = NULL;
	e->state = E2E_ESTABLISHED;
	return 0;
}
