/*
 * transport: how an XML stream gets to the server and back.  Above it there are
 * only stream headers, stanzas, and the stream's end; below it is one of
 *
 *	TCP		RFC 6120, with STARTTLS or TLS first (XEP-0368)
 *	WebSocket	RFC 7395
 *	BOSH		XEP-0124 and XEP-0206
 *
 * A transport tries one endpoint after the other until the server's first
 * features have come.  A failure before that is logged; it is an error only if
 * there is no further endpoint.  Once it has closed or failed a transport is of
 * no more use: the next is a new one, for which struct discover remembers what
 * worked.
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
	struct discover	*ways;		/* where the server may be */
	const char	*domain;	/* of the account, for the header */
	const char	*from;		/* bare JID for the header, once
					 * encrypted; may be NULL */
	const char	*tls_name;	/* domain in ASCII: the name that the
					 * certificate must have */
	int		 hurry;		/* the server is known to take STARTTLS:
					 * do not wait for its features */
	/* As parse_piece_fn (xml/parse.h); gets transport_new()'s arg. */
	int		(*piece)(void *arg, const struct elem *e);
	/* A line for -v (level 1) or -vv (level 2); gets transport_new()'s
	 * arg. */
	void		(*log)(void *arg, int level, const char *line);
};

enum transport_event {
	TRANSPORT_SECURE,	/* TLS stands, or none is wanted here; over
				 * TCP, our header is sent: more may follow */
	TRANSPORT_OPEN,		/* the server's stream header: attributes */
	TRANSPORT_STANZA,	/* a child of the stream */
	TRANSPORT_CUT,		/* a child too large to be kept: its start tag,
				 * and perhaps that of its first child; see
				 * PARSE_CUT in xml/parse.h */
	TRANSPORT_CLOSE,	/* the server ended its stream or connection */
	TRANSPORT_ERROR		/* see transport_fault(), transport_error() */
};

enum transport_fault {
	TRANSPORT_UNREACHED,		/* no connection */
	TRANSPORT_UNTRUSTED,		/* the certificate failed, or worse */
	TRANSPORT_HANDSHAKE,		/* TLS failed otherwise */
	TRANSPORT_PROTOCOL,		/* what came is no XMPP */
	TRANSPORT_TOO_BIG,		/* our stanza was too large for it */
	TRANSPORT_LOST,			/* the connection broke */
	TRANSPORT_NOMEM		/* there was no memory here to go on */
};

/*
 * A transport that could not be made is NULL, of which all functions below say
 * that it has no connection and that there was no memory.
 */

/* Gets an event.  e is for TRANSPORT_OPEN, TRANSPORT_STANZA and TRANSPORT_CUT,
 * and is freed after the call.  The call may use the transport, but not free
 * it. */
typedef void transport_fn(void *arg, enum transport_event ev,
	    const struct elem *e);

/* Begin to connect.  The strings in conf must outlive the transport.  The first
 * event is TRANSPORT_SECURE, then comes a stream; until there are features,
 * both may come again, from the next endpoint.  Before TRANSPORT_SECURE the
 * only stanza is a stream error.  NULL without memory. */
struct transport *transport_new(struct loop *l, struct resolver *r,
	    const struct transport_conf *conf, transport_fn *fn, void *arg);
/* Drop everything at once. */
void	 transport_free(struct transport *r);

/* Send one stanza or nonza, whole.  0, or -1 if too much is queued. */
int	 transport_send(struct transport *r, const void *data,
	    size_t len) MUST_CHECK;
/* Send the least there is, so that no router or server forgets the
 * connection. */
void	 transport_keepalive(struct transport *r);
/* How many ms may pass between two of these, for all that is known of
 * transports of this kind. */
int64_t	 transport_silence(const struct transport *r);
/* How many us a stanza may wait here for a request to carry it, and its answer
 * at the server for a request to come back with, both together: 0 unless it is
 * a transport of requests. */
int64_t	 transport_holds(const struct transport *r);
/* Does the transport itself send again what a broken connection lost (BOSH)? */
int	 transport_repeats(const struct transport *r);
/* Bytes that are not sent yet. */
size_t	 transport_queued(const struct transport *r);

/*
 * After <success/>: a new stream, with a new parser.  It is an error if the
 * server has sent anything behind the stanza now being handled (RFC 6120
 * section 6.4.6).
 */
void	 transport_restart(struct transport *r);

/* A stanza that is sent may have so many bytes; 0: that is not known. */
void	 transport_limit(struct transport *r, size_t bytes);
/* Stop (1) and go on (0) delivering stanzas and reading from the server. */
void	 transport_pause(struct transport *r, int pause);
/* End our side of the stream. */
void	 transport_close(struct transport *r);

/* Is there a connection? */
int	 transport_connected(const struct transport *r);
/* With hurry: has the server answered, but not STARTTLS, which it was asked for
 * early? */
int	 transport_owes(const struct transport *r);
/* The endpoint in use, or tried now; NULL while there is no connection. */
const struct endpoint *transport_way(const struct transport *r);
/* That endpoint in words, with what failed before: "xmpps://... (from an SRV
 * record)". */
const char *transport_story(struct transport *r);
/* The connection of TLS, or NULL without TLS. */
SSL	*transport_ssl(struct transport *r);
/* transport_ssl() if the login and all after it go through this one TLS
 * session, so that SASL may bind to it (RFC 5056); NULL if not. */
SSL	*transport_binding(struct transport *r);
/* After TRANSPORT_ERROR: what kind of failure it is. */
enum transport_fault transport_fault(const struct transport *r);
/* After TRANSPORT_ERROR: what happened and what to do, for people. */
const char *transport_error(const struct transport *r);

#endif
