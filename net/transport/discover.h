/*
 * ways: where the server of an account may be reached, and what was learnt
 * about that in the meantime.  One for an account; it outlives the transports.
 *
 * Each transport has a search of its own, which goes on until a way proves
 * good:
 *
 * 	what was known	the place the server has sent us to (see-other-host,
 * 			the location of XEP-0198), what worked last time
 * 	what was given	by -c, and nothing else then
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

/* The strings in conf are copied, the rest must outlive the ways.  NULL with
 * a message in err[DISCOVER_ERR] if server makes no sense. */
struct discover *discover_new(const struct discover_conf *conf, char *err);
void	 discover_free(struct discover *w);

const struct discover_conf *discover_conf(const struct discover *w);
/* What the web servers in front of the server bear, which is learnt from what
 * they refuse; 0: not known.  The caller writes into it. */
struct discover_bears {
	int64_t	 wait_ms;	/* a request without a response (504) */
	size_t	 body;		/* bytes of a request's body (413) */
	int64_t	 silence_ms;	/* a connection on which nothing goes */
};
struct discover_bears *discover_bears(struct discover *w);
/* What to call the server: what was given, else the domain. */
const char *discover_name(const struct discover *w);

/* This way led to the server: it is tried first from now on; or not again. */
void	 discover_worked(struct discover *w, const struct endpoint *way);
void	 discover_failed(struct discover *w, const struct endpoint *way);
/*
 * The server sends us elsewhere, which holds for the next search: a host,
 * host:port or [address]:port in the manner of way (RFC 6120 section
 * 4.9.3.19, XEP-0198), or a wss or https URL.  Only to be believed behind TLS.
 * way NULL means the way that worked last.
 * 0, or -1 if it makes no sense.
 */
int	 discover_elsewhere(struct discover *w, const struct endpoint *way,
	    const char *where, const char *source);

/* Some ways, to be tried before the next are asked for; in discover_search's
 * memory until then.  n is 0: there are no more.  note, if not NULL, is what
 * was found out on the way, for -v.  Called from the loop. */
typedef void discover_search_fn(void *arg, const struct endpoint *ways,
	    size_t n, const char *note);

/* NULL without memory. */
struct discover_search *discover_search_new(struct loop *l, struct resolver *r,
	    struct discover *w, discover_search_fn *fn, void *arg);
void	 discover_search_next(struct discover_search *s);
/* Begin anew, for there is somewhere else to go. */
void	 discover_search_restart(struct discover_search *s);
/* May there be others than those last given? */
int	 discover_search_goes_on(const struct discover_search *s);
void	 discover_search_free(struct discover_search *s);

#endif
