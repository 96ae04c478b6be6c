/*
 * fetch: a small document by HTTPS, the certificate verified; redirections
 * are followed, but to https only.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

struct fetch;
struct loop;
struct proxy;
struct resolver;

struct fetch_conf {
	const struct proxy *proxy;	/* or NULL */
	int		 family;
	SSL_CTX		*tls;
	const char	*accept;	/* media types */
	size_t		 max;		/* bytes of the document */
	int64_t		 deadline;	/* of all of it, redirections too */
};

/* The document, or NULL and why not.  The fetch is over then. */
typedef void fetch_fn(void *arg, const void *data, size_t len,
	    const char *err);

/* conf is copied; what it points to must outlive the fetch.  Called from the
 * loop.  NULL without memory, or if url is none of https. */
struct fetch *fetch(struct loop *l, struct resolver *r,
	    const struct fetch_conf *conf, const char *url, fetch_fn *fn,
	    void *arg);
/* Not to be called after fn was.  NULL is fine. */
void	 fetch_free(struct fetch *f);

#endif
