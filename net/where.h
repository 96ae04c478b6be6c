/* where: an address of the server as somebody has written it. */
#ifndef NET_WHERE_H
#define NET_WHERE_H

#include "net/way.h"
#include "xml/check.h"

struct proxy;
struct url;

#define WHERE_ERR 256

/*
 * What -c says: host, host:port, [address]:port, or a URL: xmpp://, xmpps://
 * (no path), ws://, wss://, http:// or https://.  Must be of one of the kinds
 * (enum ways_kinds).  What has no TLS must be on loopback, without a proxy
 * between, unless cleartext says that it need not.
 * 0, or -1 with a message in err[WHERE_ERR].
 */
int	 where_parse(const char *server, int kinds, int cleartext,
	    const struct proxy *proxy, struct way *w, char *err) MUST_CHECK;
/* A wss:// or https:// URL; host, port, path and kind of a way without a
 * source.  0 or -1. */
int	 where_secure(const char *url, struct way *w) MUST_CHECK;
/* Where a server of domain sends us that was reached by `from': a host,
 * host:port or [address]:port to be reached likewise (if by TCP), or a secure
 * URL, behind which has to be who was behind `from'.  0 or -1. */
int	 where_moved(const char *to, const struct way *from,
	    const char *domain, struct way *w);

#endif
