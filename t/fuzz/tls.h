/*
 * tls: the server's side of TLS, for fuzzers.  Its certificates are made when
 * the process first needs them.
 */
#ifndef T_FUZZ_TLS_H
#define T_FUZZ_TLS_H

#include <stddef.h>

#include <openssl/ssl.h>

#define TLS_DOMAIN	"here.example"

/* A client's context, as tls_context() makes it, that trusts what
 * fuzz_tls_begin() shows. */
SSL_CTX	*fuzz_tls_client(void);

/* A context for the sessions of streams, as e2e_context() makes it; both ends
 * have the same key. */
SSL_CTX	*fuzz_tls_ends(void);

/* Shake hands with the client at fd, a descriptor that does not block, for some
 * turns of the loop, with a certificate for TLS_DOMAIN, or, if impostor is 1,
 * for another domain.  Returns NULL if the handshake does not come to its
 * end. */
SSL	*fuzz_tls_begin(int fd, int impostor);

/* Send all of it.  What has come is at most size bytes; 0: nothing. */
void	 fuzz_tls_send(SSL *ssl, const void *data, size_t len);
size_t	 fuzz_tls_recv(SSL *ssl, void *data, size_t size);

#endif
