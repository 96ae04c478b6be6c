/* tls_context: a TLS context for sessions of peers, as e2e_context() makes
 * them, in tests and fuzzers. */
#ifndef T_LIB_TLS_CONTEXT_H
#define T_LIB_TLS_CONTEXT_H

#include <openssl/ssl.h>

/* With a new key, and a certificate of its own.  The program ends if there can
 * be none. */
SSL_CTX	*tls_context_new(void);

#endif
