/*
 * tls: the client's side of TLS towards the server (RFC 7590): version 1.2
 * or later, the certificate and the name in it verified, always.
 */
#ifndef NET_IO_TLS_H
#define NET_IO_TLS_H

#include <stddef.h>

#include <openssl/ssl.h>

struct tls_binding;

#define TLS_ERR 256

/*
 * Make a context that trusts the CA certificates in ca_file (PEM), or the
 * system's if it is NULL, and presents certificate and key (PEM files; key
 * NULL: it is in the certificate's file) if given.  NULL with a message in
 * err[TLS_ERR], which calls the option or keyword of ca_file ca_origin.
 */
SSL_CTX	*tls_context(const char *ca_origin, const char *ca_file,
	    const char *certificate, const char *key, char *err);

/*
 * Make a connection on fd, which will verify that the server's certificate is
 * for name, a domain in ASCII or an IP address (RFC 6125), and which says name
 * by SNI and, if alpn is not NULL, that protocol by ALPN.  NULL without memory.
 */
SSL	*tls_client(SSL_CTX *ctx, int fd, const char *name, const char *alpn);

/* As tls_client(), for a URL's host: the certificate may also be for `also',
 * the domain that has sent us there (XEP-0156 section 2).  An address or
 * localhost names no host: then it must be for `also', which SNI says, too. */
SSL	*tls_client_url(SSL_CTX *ctx, int fd, const char *host,
	    const char *also, const char *alpn);

enum tls_fault {
	TLS_BROKEN,		/* by the connection or by the other side */
	TLS_UNTRUSTED,		/* the certificate was not accepted */
	TLS_STARVED		/* there was no memory here */
};

/* Why the last operation on ssl failed: returns the kind of fault, and puts
 * words that say what to do into err[TLS_ERR].  name is the name that the
 * certificate must have.  Takes all errors off OpenSSL's queue. */
enum tls_fault tls_why(SSL *ssl, const char *name, char *err);

/*
 * The channel bindings of this connection, best first, at most two:
 * tls-exporter (RFC 9266, TLS 1.3) and tls-server-end-point (RFC 5929).
 * Returns their number.
 */
size_t	 tls_bindings(SSL *ssl, struct tls_binding *out);

#endif
