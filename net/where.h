/* where: what -c says: where and how to connect to the server. */
#ifndef NET_WHERE_H
#define NET_WHERE_H

#include "net/way.h"

#define WHERE_ERR 256

/*
 * Parse host, host:port, [address]:port, xmpp://... or xmpps://...; NULL is
 * the domain itself (in ASCII), port 5222.  0, or -1 with a message in
 * err[WHERE_ERR].
 */
int	 where_parse(const char *server, const char *domain, struct way *w,
	    char *err);

#endif
