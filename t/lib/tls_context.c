#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ibb/e2e.h"
#include "t/lib/must.h"
#include "t/lib/tls_context.h"

SSL_CTX *
tls_context_new(void)
{
	EVP_PKEY	*key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509		*cert = X509_new();
	SSL_CTX		*ctx;

	must(key != NULL && cert != NULL);
	must(X509_set_version(cert, X509_VERSION_3) == 1);
	must(X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(cert), 3600) != NULL);
	must(X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, NULL) > 0);
	must((ctx = e2e_context(cert, key)) != NULL);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}
