/*
 * road: how an XML stream gets to the server and back.  Above it there are
 * only stream headers, stanzas, and the stream's end; below it is one of
 *
 *	TCP		RFC 6120, with STARTTLS or TLS first (XEP-0368)
 *	WebSocket	RFC 7395
 *	BOSH		XEP-0124 and XEP-0206
 *
 * A road tries one way after the other until the server's first features
 * have come; what fails before that is logged, and an error only once there
 * is no further way.  It is used up once it has closed or failed: the next
 * try is a new one, which knows by the ways what worked.
 */
#ifndef NET_ROAD_H
#define NET_ROAD_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "xml/check.h"

struct elem;
struct loop;
struct resolver;
struct road;
struct way;
struct ways;

struct road_conf {
	struct ways	*ways;		/* where it may lead along */
	const char	*domain;	/* of the account, for the header */
	const char	*from;		/* bare JID for the header, once
					 * encrypted; may be NULL */
	const char	*tls_name;	/* domain in ASCII: who it must be */
	int		 hurry;		/* it is known to take STARTTLS */
	/* As parse_piece_fn (xml/parse.h); gets road_new()'s arg. */
	int		(*piece)(void *arg, const struct elem *e);
	/* A line for -v (level 1) or -vv (level 2); gets road_new()'s arg. */
	void		(*log)(void *arg, int level, const char *line);
};

enum road_event {
	ROAD_SECURE,		/* TLS stands, or none is wanted here; over
				 * TCP, our header is sent: more may follow */
	ROAD_OPEN,		/* the server's stream header: its attributes */
	ROAD_STANZA,		/* a child of the stream */
	ROAD_CUT,		/* one too large to be kept: its start tag,
				 * and perhaps that of its first child;
				 * see PARSE_CUT in xml/parse.h */
	ROAD_CLOSE,		/* the server ended its stream or connection */
	ROAD_ERROR		/* see road_fault() and road_error() */
};

enum road_fault {
	ROAD_UNREACHED,		/* no connection */
	ROAD_UNTRUSTED,		/* the certificate failed, or worse */
	ROAD_HANDSHAKE,		/* TLS failed otherwise */
	ROAD_PROTOCOL,		/* what came is no XMPP */
	ROAD_TOO_BIG,		/* a stanza was larger than it takes */
	ROAD_LOST,		/* the connection broke */
	ROAD_NOMEM		/* there was no memory here to go on */
};

/* Of a road that could not be made, NULL, all functions below say that it has
 * no connection and that there was no memory. */
/* e is for ROAD_OPEN, ROAD_STANZA and ROAD_CUT, and is freed after the call.
 * The call may use the road, but not free it. */
typedef void road_fn(void *arg, enum road_event ev, const struct elem *e);

/* Set out.  The strings in conf must outlive the road.  The first event is
 * ROAD_SECURE, then comes a stream; it may be more than once that these begin
 * before there are features.  Stanzas come after ROAD_SECURE only, but for a
 * stream error.  NULL without memory. */
struct road *road_new(struct loop *l, struct resolver *r,
	    const struct road_conf *conf, road_fn *fn, void *arg);
/* Drop everything at once. */
void	 road_free(struct road *r);

/* Send one stanza or nonza, whole.  0, or -1 if too much is queued. */
int	 road_send(struct road *r, const void *data, size_t len) MUST_CHECK;
/* Send the least there is, so that nobody forgets the connection. */
void	 road_keepalive(struct road *r);
/* How many ms may pass between two of these, for all that is known of roads of
 * this kind. */
int64_t	 road_silence(const struct road *r);
size_t	 road_queued(const struct road *r);	/* bytes not yet sent */

/*
 * After <success/>: a new stream, with a new parser.  It is an error if the
 * server has sent anything behind the stanza now being handled (RFC 6120
 * section 6.4.6).
 */
void	 road_restart(struct road *r);

/* What is sent may have so many bytes; 0: that is not known. */
void	 road_limit(struct road *r, size_t bytes);
/* Stop (1) and go on (0) delivering stanzas and reading from the server. */
void	 road_pause(struct road *r, int pause);
/* End our side of the stream. */
void	 road_close(struct road *r);

int	 road_connected(const struct road *r);
/* In a hurry: has the server answered, but not what it was asked early? */
int	 road_owes(const struct road *r);
/* The way it has taken, or tries now; NULL while it seeks one. */
const struct way *road_way(const struct road *r);
/* The same in words, with what failed before: "xmpps://... (from an SRV
 * record)". */
const char *road_story(struct road *r);
SSL	*road_ssl(struct road *r);	/* NULL without TLS */
/* The same if the login and all after it go through this one TLS session, so
 * that SASL may bind to it (RFC 5056); NULL if not. */
SSL	*road_binding(struct road *r);
enum road_fault road_fault(const struct road *r);
/* Whole words: what, and what to do. */
const char *road_error(const struct road *r);

#endif
