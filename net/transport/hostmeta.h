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

#define HOSTMETA_MAX	8	/* endpoints taken from a document */

/* Gets n endpoints, WebSocket first; note says why there are none, or what is
 * wrong with them, or is NULL.  The hostmeta is over then. */
typedef void hostmeta_fn(void *arg, const struct endpoint *ways, size_t n,
	    const char *note);

/* Ask the domain in conf for its host-meta, in XML and, if that names nothing,
 * in JSON.  fn is called from the loop.  NULL without memory. */
struct hostmeta *hostmeta(struct loop *l, struct resolver *r,
	    const struct discover_conf *conf, hostmeta_fn *fn, void *arg);
/* Forget the request, which may be NULL.  Not to be called after fn was. */
void	 hostmeta_free(struct hostmeta *a);

/* Put the endpoints of a document in XML that are of these kinds (enum
 * discover_kinds) into ways[HOSTMETA_MAX].  Returns their number, or -1 if the
 * document is malformed. */
int	 hostmeta_xml(const void *data, size_t len, int kinds,
	    struct endpoint *ways);
/* hostmeta_xml() for a document in JSON. */
int	 hostmeta_json(const void *data, size_t len, int kinds,
	    struct endpoint *ways);

#endif
