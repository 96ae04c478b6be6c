/*
 * xmpp: a bare login for programs that measure: TCP with STARTTLS or TLS at
 * once, a WebSocket, or BOSH; SASL PLAIN; no parser, only a look for the words
 * that a server says.  Whatever goes wrong ends the program, by err(3).
 */
#ifndef T_BENCH_XMPP_H
#define T_BENCH_XMPP_H

#include <stddef.h>

#include <openssl/ssl.h>

enum xmpp_transport {
	XMPP_STARTTLS,
	XMPP_TLS,
	XMPP_WEBSOCKET,		/* wss://host:port/xmpp-websocket */
	XMPP_BOSH		/* https://host:port/http-bind */
};

struct xmpp_login {
	enum xmpp_transport	 transport;
	const char	*server;	/* host:port */
	const char	*ca;		/* PEM */
	const char	*jid;		/* full */
	const char	*password;
};

struct xmpp {
	int		 fd;
	SSL		*ssl;
	enum xmpp_transport	 transport;
	struct bosh	*bosh;		/* in place of fd and ssl */
};

#define XMPP_FRAME	14	/* bytes before a stanza in a WebSocket */

/* Connect to host:port; the descriptor. */
int	 tcp_connect(const char *server);

/* A connection with TLS from the beginning, and nothing sent. */
void	 xmpp_secure(struct xmpp *x, const struct xmpp_login *l,
	    const char *domain);
/* Bound and available, of negative priority.  The descriptor blocks. */
void	 xmpp_login(struct xmpp *x, const struct xmpp_login *l);
/* Send a stanza as it is; wait for what has these words in it.  What came is
 * in a buffer that the next call uses again. */
void	 xmpp_send(struct xmpp *x, const char *stanza);
const char *xmpp_expect(struct xmpp *x, const char *words);

/* What a server wants before a stanza of len bytes, into out[XMPP_FRAME]: a
 * frame's header (masked with zeros, which changes nothing) or nothing.
 * Returns its length. */
size_t	 xmpp_frame(const struct xmpp *x, size_t len, unsigned char *out);

#endif
