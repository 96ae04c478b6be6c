/*
 * endpoint: a place where a server may be reached, and how: what -c, an SRV
 * record or a link of host-meta means.
 */
#ifndef NET_TRANSPORT_ENDPOINT_H
#define NET_TRANSPORT_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>

enum endpoint_kind {
	ENDPOINT_TCP,		/* RFC 6120 */
	ENDPOINT_WEBSOCKET,	/* RFC 7395 */
	ENDPOINT_BOSH		/* XEP-0124, XEP-0206 */
};

#define ENDPOINT_HOST	256
#define ENDPOINT_TARGET	512
#define ENDPOINT_TEXT	(ENDPOINT_HOST + ENDPOINT_TARGET + 32)

struct endpoint {
	enum endpoint_kind	 kind;
	char		 host[ENDPOINT_HOST];	/* a name or an address */
	uint16_t	 port;
	int		 tls;		/* from the first byte */
	char		 target[ENDPOINT_TARGET]; /* path and query of a URL */
	/* Of a URL to which a server has sent us: the name of that server, for
	 * which the certificate has to be; "": it has to be for host. */
	char		 origin[ENDPOINT_HOST];
	const char	*source;	/* its origin, a constant phrase */
};

/* Put what a user would give to -c, e.g. "xmpps://host:5223", into
 * out[ENDPOINT_TEXT], which is returned. */
char	*endpoint_text(const struct endpoint *w, char *out);
/* Are both one place, reached in one manner? */
int	 endpoint_same(const struct endpoint *a, const struct endpoint *b);

#endif
