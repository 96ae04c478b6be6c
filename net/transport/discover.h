/*
 * discover: where the server of an account may be reached, and what was learnt
 * about that.  There is one for an account; it outlives the transports.
 *
 * Each transport has a search of its own, which goes on until an endpoint
 * proves good:
 *
 * 	what is known	the place that the server has sent us to
 * 			(see-other-host, the location of XEP-0198), what
 * 			worked last time
 * 	what is given	by -c, and nothing else then
 * 	DNS		SRV records (RFC 6120 section 3.2, XEP-0368), else the
 * 			domain itself
 * 	host-meta	XEP-0156
 */
#ifndef NET_TRANSPORT_DISCOVER_H
#define NET_TRANSPORT_DISCOVER_H

#include <stddef.h>

#include <openssl/ssl.h>

#include "net/transport/endpoint.h"

struct loop;
struct proxy;
struct resolver;
struct discover_search;
struct discover;

#define DISCOVER_MAX 32

/* As the keyword "transport" counts them. */
enum discover_kinds {
	DISCOVER_ANY,
	DISCOVER_TCP,
	DISCOVER_WEBSOCKET,
	DISCOVER_BOSH
};

struct discover_conf {
	const char	*domain;	/* of the account, in ASCII */
	const char	*server;	/* what -c says, or NULL */
	int		 family;	/* AF_UNSPEC, AF_INET, AF_INET6 */
	int		 kinds;		/* enum discover_kinds */
	int		 cleartext;	/* without TLS beyond loopback, too */
	const struct proxy *proxy;	/* or NULL */
	SSL_CTX		*tls;
};

#define DISCOVER_ERR 512

/* The strings in conf are copied, the rest must outlive the result.  NULL with
 * a message in err[DISCOVER_ERR] if server makes no sense. */
struct discover *discover_new(const struct discover_conf *conf, char *err);
/* w may be NULL. */
void	 discover_free(struct discover *w);

/* The copy of conf. */
const struct discover_conf *discover_conf(const struct discover *w);

/* What the web servers in front of the server bear, which is learnt from what
 * they refuse; 0: not known. */
struct discover_bears {
	int64_t	 wait_ms;	/* a request without a response (504) */
	size_t	 body;		/* bytes of a request's body (413) */
	int64_t	 silence_ms;	/* a connection without traffic */
};
/* For the caller to read and to change. */
struct discover_bears *discover_bears(struct discover *w);
/* What to call the server in messages: the server of conf, else the domain. */
const char *discover_name(const struct discover *w);

/* This endpoint led to the server: it is tried first from now on. */
void	 discover_worked(struct discover *w, const struct endpoint *way);
/* It did not: it is not tried first any more. */
void	 discover_failed(struct discover *w, const struct endpoint *way);
/*
 * The server sends us elsewhere, which holds for the next search: a host,
 * host:port or [address]:port to be reached as way was (RFC 6120 section
 * 4.9.3.19, XEP-0198), or a wss or https URL.  Only to be believed behind TLS.
 * way NULL means the endpoint that worked last.
 * 0, or -1 if it makes no sense.
 */
int	 discover_elsewhere(struct discover *w, const struct endpoint *way,
	    const char *where, const char *source);

/* Gets n endpoints, which are to be tried before the next are asked for, and
 * stay valid until then.  n is 0: there are no more.  note, if not NULL, is a
 * line for -v about the search.  Called from the loop. */
typedef void discover_search_fn(void *arg, const struct endpoint *ways,
	    size_t n, const char *note);

/* Begin a search; discover_search_next() makes it look.  NULL without
 * memory. */
struct discover_search *discover_search_new(struct loop *l, struct resolver *r,
	    struct discover *w, discover_search_fn *fn, void *arg);
/* Find the next endpoints, and tell fn. */
void	 discover_search_next(struct discover_search *s);
/* Begin anew: discover_elsewhere() has told of another place. */
void	 discover_search_restart(struct discover_search *s);
/* May there be endpoints after those that fn was given last? */
int	 discover_search_goes_on(const struct discover_search *s);
/* End the search, which may be NULL. */
void	 discover_search_free(struct discover_search *s);

#endif
