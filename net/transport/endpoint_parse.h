/* where: an address of the server as a user or a server has written it. */
#ifndef NET_TRANSPORT_ENDPOINT_PARSE_H
#define NET_TRANSPORT_ENDPOINT_PARSE_H

#include "net/transport/endpoint.h"
#include "xml/check.h"

struct proxy;
struct url;

#define ENDPOINT_ERR 256

/*
 * What -c says: host, host:port, [address]:port, or a URL: xmpp://, xmpps://
 * (no path), ws://, wss://, http:// or https://.  Must be of one of the kinds
 * (enum discover_kinds).  What has no TLS must be on loopback, without a proxy
 * between, unless cleartext says that it need not.
 * 0, or -1 with a message in err[ENDPOINT_ERR].
 */
int	 endpoint_parse(const char *server, int kinds, int cleartext,
	    const struct proxy *proxy, struct endpoint *w,
	    char *err) MUST_CHECK;
/* A wss:// or https:// URL; host, port, path and kind of a way without a
 * source.  0 or -1. */
int	 endpoint_secure(const char *url, struct endpoint *w) MUST_CHECK;
/* Where a server of domain sends us that was reached by `from': a host,
 * host:port or [address]:port to be reached as `from' was (if by TCP), or a
 * secure URL, whose server has to prove the name that `from' proved.  0 or
 * -1. */
int	 endpoint_moved(const char *to, const struct endpoint *from,
	    const char *domain, struct endpoint *w);

#endif
