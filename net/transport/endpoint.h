/*
 * way: one place where a server may be reached, and how: what a line of -c,
 * an SRV record or a link of host-meta comes down to.
 */
#ifndef NET_TRANSPORT_ENDPOINT_H
#define NET_TRANSPORT_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>

enum endpoint_kind {
	ENDPOINT_TCP,		/* RFC 6120 */
	ENDPOINT_WEBSOCKET,		/* RFC 7395 */
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
	/* Of a URL to which a server has sent us: the name of that server,
	 * which the next one has to prove; "": host has to be proved. */
	char		 origin[ENDPOINT_HOST];
	const char	*source;	/* origin, a constant phrase */
};

/* What a user would give to -c, e.g. "xmpps://host:5223", into
 * out[ENDPOINT_TEXT], returned. */
char	*endpoint_text(const struct endpoint *w, char *out);
/* Do both lead to one place in one manner? */
int	 endpoint_same(const struct endpoint *a, const struct endpoint *b);

#endif
