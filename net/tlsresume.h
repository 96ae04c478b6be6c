/*
 * tlsresume: TLS sessions that are resumed (RFC 8446 section 2.2, RFC 5077): a
 * connection to where we have been before needs no certificate once more, and
 * with TLS 1.2 a round trip less.
 *
 * A certificate that is not shown is not verified either, so a session is kept
 * only from a handshake in which it was, and used only for a day from then, no
 * longer than each certificate of its chain is valid, and only for what was
 * verified: by the same certificates of CAs and for the same names.  Nothing is
 * sent before the handshake is done (no 0-RTT), as that could be sent again by
 * others.
 */
#ifndef NET_TLSRESUME_H
#define NET_TLSRESUME_H

#include <openssl/ssl.h>

#include "net/tickets.h"

/* Keep in t, which must outlive all connections, sessions of ctx, which is of
 * tls_context() and trusts ca_file.  0 or -1 (no memory). */
int	 tlsresume_init(SSL_CTX *ctx, const char *ca_file, struct tickets *t);

/* ssl, from tls_client(), is about to be connected to place, which is all that
 * matters but the names: keep what sessions it brings. */
void	 tlsresume_keep(SSL *ssl, const char *place);
/* Then: offer one that was kept.  Returns 1 with its key in out[TICKETS_KEY];
 * 0 with an empty one if there is none. */
int	 tlsresume_offer(SSL *ssl, char *out);
/* The handshake is done: was the session resumed? */
int	 tlsresume_done(SSL *ssl);
/* What was offered may be why it failed: keep none of these. */
void	 tlsresume_forget(SSL_CTX *ctx, const char *key);

#endif
