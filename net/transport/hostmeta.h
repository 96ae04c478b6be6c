/*
 * hostmeta: what a domain says in its host-meta about WebSocket and BOSH
 * (XEP-0156, RFC 6415).  Taken only from the domain itself by HTTPS, and only
 * wss and https URLs of it.
 */
#ifndef NET_TRANSPORT_HOSTMETA_H
#define NET_TRANSPORT_HOSTMETA_H

#include <stddef.h>

#include "net/transport/endpoint.h"

struct hostmeta;
struct loop;
struct resolver;
struct discover_conf;

#define ALTMETA_MAX	8	/* ways that are taken from one document */

/* n ways, WebSocket first; note says why there are none, or what was not
 * fine about them, or is NULL.  The hostmeta is over then. */
typedef void hostmeta_fn(void *arg, const struct endpoint *ways, size_t n,
	    const char *note);

/* Ask the domain in conf for its host-meta, in XML and, if there is nothing
 * in that, in JSON.  Called from the loop.  NULL without memory. */
struct hostmeta *hostmeta(struct loop *l, struct resolver *r,
	    const struct discover_conf *conf, hostmeta_fn *fn, void *arg);
/* Not to be called after fn was.  NULL is fine. */
void	 hostmeta_free(struct hostmeta *a);

/* The ways of a document that are of these kinds (enum discover_kinds), at
 * most ALTMETA_MAX, into ways.  Returns their number, or -1 if it is none. */
int	 hostmeta_xml(const void *data, size_t len, int kinds,
	    struct endpoint *ways);
int	 hostmeta_json(const void *data, size_t len, int kinds,
	    struct endpoint *ways);

#endif
