/*
 * altmeta: what a domain says in its host-meta about WebSocket and BOSH
 * (XEP-0156, RFC 6415).  Taken only from the domain itself by HTTPS, and only
 * wss and https URLs of it.
 */
#ifndef NET_ALTMETA_H
#define NET_ALTMETA_H

#include <stddef.h>

#include "net/way.h"

struct altmeta;
struct loop;
struct resolver;
struct ways_conf;

#define ALTMETA_MAX	8	/* ways that are taken from one document */

/* n ways, WebSocket first; note says why there are none, or what was not
 * fine about them, or is NULL.  The altmeta is over then. */
typedef void altmeta_fn(void *arg, const struct way *ways, size_t n,
	    const char *note);

/* Ask the domain in conf for its host-meta, in XML and, if there is nothing
 * in that, in JSON.  Called from the loop.  NULL without memory. */
struct altmeta *altmeta(struct loop *l, struct resolver *r,
	    const struct ways_conf *conf, altmeta_fn *fn, void *arg);
/* Not to be called after fn was.  NULL is fine. */
void	 altmeta_free(struct altmeta *a);

/* The ways of such a document that are of these kinds (enum ways_kinds), at
 * most ALTMETA_MAX, into ways.  Returns their number, or -1 if it is none. */
int	 altmeta_xml(const void *data, size_t len, int kinds,
	    struct way *ways);
int	 altmeta_json(const void *data, size_t len, int kinds,
	    struct way *ways);

#endif
