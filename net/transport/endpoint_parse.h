/* endpoint_parse: the address of a server, as a user or a server writes it. */
#ifndef NET_TRANSPORT_ENDPOINT_PARSE_H
#define NET_TRANSPORT_ENDPOINT_PARSE_H

#include "net/transport/endpoint.h"
#include "xml/check.h"

struct proxy;
struct url;

#define ENDPOINT_ERR 256

/*
 * Take what -c says: host, host:port, [address]:port, or a URL: xmpp://,
 * xmpps:// (no path), ws://, wss://, http:// or https://.  It must be of the
 * kinds asked for (enum discover_kinds).  A server without TLS must be on
 * loopback, without a proxy between, unless cleartext is 1.  0, or -1 with a
 * message in err[ENDPOINT_ERR].
 */
int	 endpoint_parse(const char *server, int kinds, int cleartext,
	    const struct proxy *proxy, struct endpoint *w,
	    char *err) MUST_CHECK;
/* Take a wss:// or https:// URL: fills in all of w but its source.  0 or -1. */
int	 endpoint_secure(const char *url, struct endpoint *w) MUST_CHECK;
/* Take what a server of domain that was reached by `from' says that we should
 * go to: a host, host:port or [address]:port, to be reached as `from' was, if
 * by TCP; or a secure URL, whose certificate has to be for the name that the
 * certificate of `from' was for.  0 or -1. */
int	 endpoint_moved(const char *to, const struct endpoint *from,
	    const char *domain, struct endpoint *w);

#endif
