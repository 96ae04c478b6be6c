/*
 * way: one place where a server may be reached, and how: what a line of -c,
 * an SRV record or a link of host-meta comes down to.
 */
#ifndef NET_WAY_H
#define NET_WAY_H

#include <stddef.h>
#include <stdint.h>

enum way_kind {
	WAY_TCP,		/* RFC 6120 */
	WAY_WEBSOCKET,		/* RFC 7395 */
	WAY_BOSH		/* XEP-0124, XEP-0206 */
};

#define WAY_HOST	256
#define WAY_TARGET	512
#define WAY_TEXT	(WAY_HOST + WAY_TARGET + 32)

struct way {
	enum way_kind	 kind;
	char		 host[WAY_HOST];	/* a name or an address */
	uint16_t	 port;
	int		 tls;		/* from the first byte */
	char		 target[WAY_TARGET]; /* path and query of a URL */
	/* Of a URL to which a server has sent us: who that server was, and
	 * the next one has to be; "": whose name host is. */
	char		 origin[WAY_HOST];
	const char	*source;	/* who says so: a constant phrase */
};

/* What a user would give to -c, such as "xmpps://host:5223", into
 * out[WAY_TEXT], returned. */
char	*way_text(const struct way *w, char *out);
/* Do both lead to the same place in the same manner? */
int	 way_same(const struct way *a, const struct way *b);

#endif
