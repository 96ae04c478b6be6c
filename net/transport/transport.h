/*
 * transport: how an XML stream gets to the server and back.  Above it there are
 * only stream headers, stanzas, and the stream's end; below it is one of
 *
 *	TCP		RFC 6120, with STARTTLS or TLS first (XEP-0368)
 *	WebSocket	RFC 7395
 *	BOSH		XEP-0124 and XEP-0206
 *
 * A transport tries one way after the other until the server's first features
 * have come; what fails before that is logged, and an error only once there
 * is no further way.  It is used up once it has closed or failed: the next
 * try is a new one, which knows by the ways what worked.
 */
#ifndef NET_TRANSPORT_TRANSPORT_H
#define NET_TRANSPORT_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "xml/check.h"

struct elem;
struct loop;
struct resolver;
struct transport;
struct endpoint;
struct discover;

struct transport_conf {
	struct discover	*ways;		/* where it may lead along */
	const char	*domain;	/* of the account, for the header */
	const char	*from;		/* bare JID for the header, once
					 * encrypted; may be NULL */
	const char	*tls_name;	/* domain in ASCII: the name that the
					 * certificate must have */
	int		 hurry;		/* it is known to take STARTTLS */
	/* As parse_piece_fn (xml/parse.h); gets transport_new()'s arg. */
	int		(*piece)(void *arg, const struct elem *e);
	/* A line for -v (level 1) or -vv (level 2); gets transport_new()'s
	 * arg. */
	void		(*log)(void *arg, int level, const char *line);
};

enum transport_event {
	TRANSPORT_SECURE, /* TLS stands, or none is wanted here; over
				 * TCP, our header is sent: more may follow */
	TRANSPORT_OPEN, /* the server's stream header: its attributes */
	TRANSPORT_STANZA, /* a child of the stream */
	TRANSPORT_CUT, /* one too large to be kept: its start tag,
				 * and perhaps that of its first child;
				 * see PARSE_CUT in xml/parse.h */
	TRANSPORT_CLOSE, /* the server ended its stream or connection */
	TRANSPORT_ERROR /* see transport_fault() and transport_error() */
};

enum transport_fault {
	TRANSPORT_UNREACHED,		/* no connection */
	TRANSPORT_UNTRUSTED,		/* the certificate failed, or worse */
	TRANSPORT_HANDSHAKE,		/* TLS failed otherwise */
	TRANSPORT_PROTOCOL,		/* what came is no XMPP */
	TRANSPORT_TOO_BIG,		/* a stanza was larger than it takes */
	TRANSPORT_LOST,		/* the connection broke */
	TRANSPORT_NOMEM		/* there was no memory here to go on */
};

/* Of a transport that could not be made, NULL, all functions below say that it
 * has no connection and that there was no memory. */
/* e is for TRANSPORT_OPEN, TRANSPORT_STANZA and TRANSPORT_CUT, and is freed
 * after the call. The call may use the transport, but not free it. */
typedef void transport_fn(void *arg, enum transport_event ev,
	    const struct elem *e);

/* Set out.  The strings in conf must outlive the transport.  The first event is
 * TRANSPORT_SECURE, then comes a stream; it may be more than once that these
 * begin before there are features.  Stanzas come after TRANSPORT_SECURE only,
 * but for a stream error.  NULL without memory. */
struct transport *transport_new(struct loop *l, struct resolver *r,
	    const struct transport_conf *conf, transport_fn *fn, void *arg);
/* Drop everything at once. */
void	 transport_free(struct transport *r);

/* Send one stanza or nonza, whole.  0, or -1 if too much is queued. */
int	 transport_send(struct transport *r, const void *data,
	    size_t len) MUST_CHECK;
/* Send the least there is, so that no NAT or server forgets the connection. */
void	 transport_keepalive(struct transport *r);
/* How many ms may pass between two of these, for all that is known of
 * transports of this kind. */
int64_t	 transport_silence(const struct transport *r);
size_t	 transport_queued(const struct transport *r);	/* bytes not yet sent */

/*
 * After <success/>: a new stream, with a new parser.  It is an error if the
 * server has sent anything behind the stanza now being handled (RFC 6120
 * section 6.4.6).
 */
void	 transport_restart(struct transport *r);

/* What is sent may have so many bytes; 0: that is not known. */
void	 transport_limit(struct transport *r, size_t bytes);
/* Stop (1) and go on (0) delivering stanzas and reading from the server. */
void	 transport_pause(struct transport *r, int pause);
/* End our side of the stream. */
void	 transport_close(struct transport *r);

int	 transport_connected(const struct transport *r);
/* In a hurry: has the server answered, but not what it was asked early? */
int	 transport_owes(const struct transport *r);
/* The way it has taken, or tries now; NULL while it seeks one. */
const struct endpoint *transport_way(const struct transport *r);
/* That way in words, with what failed before: "xmpps://... (from an SRV
 * record)". */
const char *transport_story(struct transport *r);
SSL	*transport_ssl(struct transport *r);	/* NULL without TLS */
/* transport_ssl() if the login and all after it go through this one TLS
 * session, so that SASL may bind to it (RFC 5056); NULL if not. */
SSL	*transport_binding(struct transport *r);
enum transport_fault transport_fault(const struct transport *r);
/* Whole words: what, and what to do. */
const char *transport_error(const struct transport *r);

#endif
