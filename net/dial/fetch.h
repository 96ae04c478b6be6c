/*
 * fetch: a document by HTTPS, the certificate verified, whole or as it comes;
 * by HTTP only if that is allowed.  Redirections are followed, but not from
 * https to what is not.
 */
#ifndef NET_DIAL_FETCH_H
#define NET_DIAL_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "xml/check.h"

struct addr;
struct fetch;
struct loop;
struct proxy;
struct resolver;

struct fetch_conf {
	const struct proxy *proxy;	/* or NULL */
	int		 family;
	SSL_CTX		*tls;
	const char	*accept;	/* media types */
	uint64_t	 max;		/* bytes of the document */
	int64_t		 deadline;	/* of all of it, redirections too, or,
					 * with idle, until it begins */
	int		 cleartext;	/* http is allowed */
	/* Which addresses are connected to; NULL: any.  The address of a name
	 * that a proxy resolves is not known here. */
	int		(*permit)(void *arg, const struct addr *a);
	/*
	 * The document as it comes, at most as much as there is room for; NULL:
	 * whole.  The length is told first, -1 if it is not known.  body()
	 * returns 0, or -1 if it cannot keep the bytes: the fetch fails then.
	 */
	void		(*length)(void *arg, int64_t bytes);
	size_t		(*room)(void *arg);
	int		(*body)(void *arg, const void *data, size_t len)
			    MUST_CHECK;
	int64_t		 idle;		/* ms without a byte of it */
};

/* The document, or NULL and why not.  The fetch is over then. */
typedef void fetch_fn(void *arg, const void *data, size_t len,
	    const char *err);

/* conf is copied; what it points to must outlive the fetch.  Called from the
 * loop.  NULL without memory, or if url is too long. */
struct fetch *fetch(struct loop *l, struct resolver *r,
	    const struct fetch_conf *conf, const char *url, fetch_fn *fn,
	    void *arg);
/* There is room again. */
void	 fetch_resume(struct fetch *f);
/* Not to be called after fn was.  NULL is fine. */
void	 fetch_free(struct fetch *f);

#endif
