/*
 * road: how an XML stream gets to the server and back: TCP, with STARTTLS or
 * direct TLS (RFC 6120 section 4 and 5, XEP-0368).  Above it there are only
 * stream headers, stanzas, and the stream's end.
 */
#ifndef NET_ROAD_H
#define NET_ROAD_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

struct elem;
struct loop;
struct resolver;
struct road;

struct road_conf {
	const char	*host;		/* where to connect */
	uint16_t	 port;
	int		 family;	/* AF_UNSPEC, AF_INET, AF_INET6 */
	int		 direct_tls;	/* TLS first, then the stream */
	const char	*domain;	/* of the account, for the header */
	const char	*from;		/* bare JID for the header, once
					 * encrypted; may be NULL */
	const char	*tls_name;	/* domain in ASCII: who it must be */
	SSL_CTX		*tls;
};

enum road_event {
	ROAD_CONNECTED,		/* TCP stands: for -v */
	ROAD_SECURE,		/* TLS stands */
	ROAD_OPEN,		/* the server's stream header: its attributes */
	ROAD_STANZA,		/* a child of the stream */
	ROAD_DRAINED,		/* all that was sent is out of our hands */
	ROAD_CLOSE,		/* the server ended its stream or connection */
	ROAD_ERROR		/* see road_fault() and road_error() */
};

enum road_fault {
	ROAD_UNREACHED,		/* no connection */
	ROAD_UNTRUSTED,		/* TLS or the certificate failed */
	ROAD_PROTOCOL,		/* what came is no XMPP */
	ROAD_LOST		/* the connection broke */
};

/* e is for ROAD_OPEN and ROAD_STANZA and is freed after the call.  The call
 * may use the road, but not free it. */
typedef void road_fn(void *arg, enum road_event ev, const struct elem *e);

/* Set out.  The strings in conf must outlive the road.  Once connected (and
 * secure, with direct TLS) the stream header is sent.  NULL without memory. */
struct road *road_new(struct loop *l, struct resolver *r,
	    const struct road_conf *conf, road_fn *fn, void *arg);
/* Drop everything at once. */
void	 road_free(struct road *r);

/* Send one stanza, or white space.  0, or -1 if too much is queued. */
int	 road_send(struct road *r, const void *data, size_t len);
size_t	 road_queued(const struct road *r);	/* bytes not yet sent */

/*
 * After <proceed/>: TLS, then a new stream.  After <success/>: a new stream.
 * Both with a new parser; it is an error if the server has sent anything
 * behind the stanza now being handled (RFC 6120 section 5.3.3).
 */
void	 road_starttls(struct road *r);
void	 road_restart(struct road *r);

/* Stop (1) and go on (0) delivering stanzas and reading from the server. */
void	 road_pause(struct road *r, int pause);
/* End our side of the stream. */
void	 road_close(struct road *r);

int	 road_connected(const struct road *r);
SSL	*road_ssl(struct road *r);	/* NULL while in the clear */
enum road_fault road_fault(const struct road *r);
const char *road_error(const struct road *r);

#endif
