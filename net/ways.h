/*
 * ways: where the server of an account may be reached, and what was learnt
 * about that in the meantime.  One for an account; it outlives the roads.
 *
 * Each road has a search of its own, which goes on until a way proves good:
 *
 *	what was known	the place the server has sent us to (see-other-host,
 *			the location of XEP-0198), what worked last time
 *	what was given	by -c, and nothing else then
 *	DNS		SRV records (RFC 6120 section 3.2, XEP-0368), else the
 *			domain itself
 *	host-meta	XEP-0156
 */
#ifndef NET_WAYS_H
#define NET_WAYS_H

#include <stddef.h>

#include <openssl/ssl.h>

#include "net/way.h"

struct loop;
struct proxy;
struct resolver;
struct search;
struct ways;

#define WAYS_MAX 32

/* As the keyword "road" counts them. */
enum ways_kinds { WAYS_ANY, WAYS_TCP, WAYS_WEBSOCKET, WAYS_BOSH };

struct ways_conf {
	const char	*domain;	/* of the account, in ASCII */
	const char	*server;	/* what -c says, or NULL */
	int		 family;	/* AF_UNSPEC, AF_INET, AF_INET6 */
	int		 kinds;		/* enum ways_kinds */
	int		 cleartext;	/* without TLS beyond loopback, too */
	const struct proxy *proxy;	/* or NULL */
	SSL_CTX		*tls;
};

#define WAYS_ERR 512

/* The strings in conf are copied, the rest must outlive the ways.  NULL with
 * a message in err[WAYS_ERR] if server makes no sense. */
struct ways *ways_new(const struct ways_conf *conf, char *err);
void	 ways_free(struct ways *w);

const struct ways_conf *ways_conf(const struct ways *w);
/* What the web servers in front of the server bear, which is learnt from what
 * they refuse; 0: not known.  The caller writes into it. */
struct ways_bears {
	int64_t	 wait_ms;	/* a request without a response (504) */
	size_t	 body;		/* bytes of a request's body (413) */
	int64_t	 silence_ms;	/* a connection on which nothing goes */
};
struct ways_bears *ways_bears(struct ways *w);
/* What to call the server: what was given, else the domain. */
const char *ways_name(const struct ways *w);

/* This way led to the server: it is tried first from now on; or not again. */
void	 ways_worked(struct ways *w, const struct way *way);
void	 ways_failed(struct ways *w, const struct way *way);
/*
 * The server sends us elsewhere, which holds for the next search: a host,
 * host:port or [address]:port in the manner of way (RFC 6120 section
 * 4.9.3.19, XEP-0198), or a wss or https URL.  Only to be believed behind TLS.
 * way NULL is the one that worked last.
 * 0, or -1 if it makes no sense.
 */
int	 ways_elsewhere(struct ways *w, const struct way *way,
	    const char *where, const char *source);

/* Some ways, to be tried before the next are asked for; in ways_search's
 * memory until then.  n is 0: there are no more.  note, if not NULL, is what
 * was found out on the way, for -v.  Called from the loop. */
typedef void search_fn(void *arg, const struct way *ways, size_t n,
	    const char *note);

/* NULL without memory. */
struct search *search_new(struct loop *l, struct resolver *r,
	    struct ways *w, search_fn *fn, void *arg);
void	 search_next(struct search *s);
/* Begin anew, for there is somewhere else to go. */
void	 search_restart(struct search *s);
/* May there be others than those last given? */
int	 search_goes_on(const struct search *s);
void	 search_free(struct search *s);

#endif
