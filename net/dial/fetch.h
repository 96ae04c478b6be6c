/*
 * fetch: a document by HTTPS, whole or as it comes, with the certificate
 * verified; by HTTP only if that is allowed.  Redirections are followed, but
 * never from https to http.  Or a document is put there: see struct fetch_put.
 */
#ifndef NET_DIAL_FETCH_H
#define NET_DIAL_FETCH_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "xml/check.h"

struct addr;
struct fetch;
struct loop;
struct proxy;
struct resolver;

/* A field of a request. */
struct fetch_field {
	const char	*name, *value;
};

/*
 * A document to be put at the URL (RFC 9110 section 9.3.4), instead of one to
 * be fetched from there.  Only a status of success will do: a redirection is an
 * error.  What the server says besides is not kept.
 */
struct fetch_put {
	const char	*type;		/* its media type */
	const struct fetch_field *fields;	/* nfields more of the head; one
					 * with a line end in it fails */
	size_t		 nfields;
	uint64_t	 size;		/* bytes of the document */
	/* Put up to len bytes of it into buf and return how many; 0 if there
	 * are no more, -1 and errno if they cannot be had: both fail. */
	ssize_t		(*read)(void *arg, void *buf, size_t len);
	/* So many bytes of it have gone out. */
	void		(*sent)(void *arg, uint64_t bytes);
};

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
	/* NULL, or a document to put there, for which idle counts, too; it must
	 * outlive the fetch.  max, length, room and body are of no use then. */
	const struct fetch_put *put;
};

/* What kind of failure it is. */
enum fetch_fault {
	FETCH_FINE,
	FETCH_LOCAL,		/* memory, or the document to put */
	FETCH_UNREACHED,	/* there is no connection, or it may not be */
	FETCH_UNTRUSTED,	/* the certificate is at fault */
	FETCH_REFUSED,		/* the server answers, but with no success */
	FETCH_BROKEN,		/* the connection broke, or makes no sense */
	FETCH_SLOW		/* no answer in time */
};

/* Gets the document, or NULL and the reason in err.  The fetch is over then. */
typedef void fetch_fn(void *arg, const void *data, size_t len,
	    const char *err);

/* Fetch url.  conf is copied; what it points to must outlive the fetch.  fn is
 * called from the loop.  NULL without memory, or if url is too long. */
struct fetch *fetch(struct loop *l, struct resolver *r,
	    const struct fetch_conf *conf, const char *url, fetch_fn *fn,
	    void *arg);
/* In fn: what kind of failure it is. */
enum fetch_fault fetch_fault(const struct fetch *f);
/* In fn: the status that the server has answered with; 0 if it has not. */
int	 fetch_status(const struct fetch *f);
/* room() returns more than it did. */
void	 fetch_resume(struct fetch *f);
/* Forget the fetch, which may be NULL.  Not to be called after fn was. */
void	 fetch_free(struct fetch *f);

#endif
