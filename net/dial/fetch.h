/*
 * fetch: a document by HTTPS, whole or as it comes, with the certificate
 * verified; by HTTP only if that is allowed.  Redirections are followed, but
 * never from https to http.
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
	/* Returns 1 for an address that may be connected to; NULL: any may.
	 * The address of a name that a proxy resolves is not known here. */
	int		(*permit)(void *arg, const struct addr *a);
	/*
	 * For a document that is taken as it comes, else all NULL: length() is
	 * told its length first, -1 if that is not known; body() gets at most
	 * as many bytes as room() returns, and returns 0, or -1 if it cannot
	 * keep them: the fetch fails then.
	 */
	void		(*length)(void *arg, int64_t bytes);
	size_t		(*room)(void *arg);
	int		(*body)(void *arg, const void *data, size_t len)
			    MUST_CHECK;
	int64_t		 idle;		/* ms without a byte of it */
};

/* Gets the document, or NULL and the reason in err.  The fetch is over then. */
typedef void fetch_fn(void *arg, const void *data, size_t len,
	    const char *err);

/* Fetch url.  conf is copied; what it points to must outlive the fetch.  fn is
 * called from the loop.  NULL without memory, or if url is too long. */
struct fetch *fetch(struct loop *l, struct resolver *r,
	    const struct fetch_conf *conf, const char *url, fetch_fn *fn,
	    void *arg);
/* room() returns more than it did. */
void	 fetch_resume(struct fetch *f);
/* Forget the fetch, which may be NULL.  Not to be called after fn was. */
void	 fetch_free(struct fetch *f);

#endif
