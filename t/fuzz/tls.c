/* tls: see tls.h. */
#include <signal.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ibb/e2e.h"
#include "net/io/tls.h"
#include "t/fuzz/peer.h"
#include "t/fuzz/tls.h"
#include "t/lib/must.h"

#define TURNS	8		/* of the loop, in a handshake */
#define DAY	86400		/* s */

static X509	*good;		/* what clients trust, and is shown */

static void
add_name(X509 *cert, const char *name)
{
	X509_EXTENSION	*names;

	must((names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
	    name)) != NULL);
	must(X509_add_ext(cert, names, -1) == 1);
	X509_EXTENSION_free(names);
}

static X509 *
certificate(EVP_PKEY *key, const char *name)
{
	X509	*cert = X509_new();

	must(cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1);
	must(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1);
	must(X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(cert), 100L * DAY) != NULL);
	must(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
	    MBSTRING_ASC, (const unsigned char *)"fuzz", -1, -1, 0) == 1);
	must(X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1);
	must(X509_set_pubkey(cert, key) == 1);
	add_name(cert, name);
	must(X509_sign(cert, key, EVP_sha256()) > 0);
	return cert;
}

static SSL_CTX *
server(const char *name, X509 **shown)
{
	EVP_PKEY	*key = EVP_EC_gen("P-256");
	SSL_CTX		*ctx = SSL_CTX_new(TLS_server_method());

	signal(SIGPIPE, SIG_IGN);
	must(key != NULL && ctx != NULL);
	*shown = certificate(key, name);
	must(SSL_CTX_use_certificate(ctx, *shown) == 1);
	must(SSL_CTX_use_PrivateKey(ctx, key) == 1);
	EVP_PKEY_free(key);
	return ctx;
}

static SSL_CTX *
proper(void)
{
	static SSL_CTX	*ctx;

	if (ctx == NULL)
		ctx = server("DNS:" TLS_DOMAIN ",DNS:localhost", &good);
	return ctx;
}

static SSL_CTX *
improper(void)
{
	static SSL_CTX	*ctx;
	X509		*bad;

	if (ctx == NULL) {
		ctx = server("DNS:elsewhere.example", &bad);
		X509_free(bad);
	}
	return ctx;
}

SSL_CTX *
fuzz_tls_client(void)
{
	static SSL_CTX	*ctx;
	char		 err[TLS_ERR];

	if (ctx != NULL)
		return ctx;
	proper();
	must((ctx = tls_context("-C", NULL, NULL, NULL, err)) != NULL);
	must(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), good) == 1);
	return ctx;
}

SSL_CTX *
fuzz_tls_ends(void)
{
	static SSL_CTX	*ctx;
	EVP_PKEY	*key;
	X509		*cert;

	if (ctx != NULL)
		return ctx;
	must((key = EVP_EC_gen("P-256")) != NULL);
	cert = certificate(key, "DNS:" TLS_DOMAIN);
	must((ctx = e2e_context(cert, key)) != NULL);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

SSL *
fuzz_tls_begin(int fd, int impostor)
{
	SSL	*ssl = SSL_new(impostor ? improper() : proper());
	int	 i, r = -1;

	must(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
	for (i = 0; i < TURNS && r == -1; i++) {
		ERR_clear_error();
		r = SSL_accept(ssl);
		if (r != 1 && SSL_get_error(ssl, r) != SSL_ERROR_WANT_READ)
			break;
		peer_turn(1);
	}
	if (r == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

void
fuzz_tls_send(SSL *ssl, const void *data, size_t len)
{
	ERR_clear_error();
	if (len > 0 && SSL_write(ssl, data, (int)len) <= 0)
		return;
	peer_turn(2);
}

size_t
fuzz_tls_recv(SSL *ssl, void *data, size_t size)
{
	int	 n;

	ERR_clear_error();
	n = SSL_read(ssl, data, (int)size);
	return n > 0 ? (size_t)n : 0;
}
