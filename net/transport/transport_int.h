/* transport_int: what transport.c and the kinds of transports share. */
#ifndef NET_TRANSPORT_TRANSPORT_INT_H
#define NET_TRANSPORT_TRANSPORT_INT_H

#include "net/io/loop.h"
#include "net/transport/discover.h"
#include "net/transport/endpoint.h"
#include "net/transport/transport.h"
#include "xml/check.h"

struct io;
struct parse;
struct race;

/*
 * The functions of a kind of transport.  k is what begin() returned.  A kind
 * tells what happens by the functions below, from within which send(), pause(),
 * restart() and close() may be called, but never free().
 */
struct transport_kind {
	/* A connection stands; fd becomes the kind's.  NULL: no memory. */
	void	*(*begin)(struct transport *r, int fd);
	void	 (*free)(void *k);
	int	 (*send)(void *k, const void *data, size_t len);
	void	 (*keepalive)(void *k);
	int64_t	 silence;	/* ms of silence that the proxies usual for
				 * the kind bear; 0: not known */
	int	 repeats;	/* see transport_repeats() */
	size_t	 (*queued)(const void *k);
	int64_t	 (*holds)(const void *k); /* see transport_holds(); NULL: 0 */
	void	 (*restart)(void *k);
	void	 (*pause)(void *k, int pause);
	void	 (*close)(void *k);
	SSL	*(*ssl)(void *k);
};

/* tcp.c. */
const struct transport_kind *transport_tcp(void);
/* websocket.c. */
const struct transport_kind *transport_websocket(void);
/* bosh.c. */
const struct transport_kind *transport_bosh(void);

struct transport {
	struct loop		*loop;
	struct resolver		*resolver;
	struct transport_conf	 conf;
	struct discover_search		*search;
	const struct endpoint	*ways;		/* some that search has found */
	size_t			 nways;
	uint32_t		 gone;		/* bits of those tried */
	struct race		*race;
	struct endpoint		 way;		/* the one of them in use */
	const struct transport_kind	*kind;
	void			*k;		/* the kind's own, or NULL */
	struct timer		 timer;		/* the next try; too slow */
	int			 failed;	/* the next endpoint is due */
	int			 committed;	/* features came: no other
						 * endpoint will be tried */
	size_t			 limit;		/* see transport_limit() */
	int			 owes;		/* see transport_owes() */
	int			 over;		/* CLOSE or ERROR was told */
	int			 hops;		/* see-other-host */
	unsigned		 tried;		/* endpoints that failed */
	enum transport_fault		 fault;
	char			 err[768];
	char			 history[512];	/* of failures */
	char			 story[1024];
	transport_fn			*fn;
	void			*arg;
};

/* A parser for what the server sends; NULL without memory. */
struct parse *transport_parser(struct transport *r);

/*
 * What a kind tells
 */

/* TRANSPORT_SECURE. */
void	 transport_secure(struct transport *r);
/* TRANSPORT_OPEN: the stream header has come. */
void	 transport_opened(struct transport *r, const struct elem *header);
/* TRANSPORT_STANZA, unless it is a stream error before any features: that may
 * lead to the next endpoint. */
void	 transport_stanza(struct transport *r, const struct elem *e);
/* TRANSPORT_CUT. */
void	 transport_cut(struct transport *r, const struct elem *e);
/* The server has ended the stream or the connection, in order. */
void	 transport_ended(struct transport *r);
/* The connection has broken, or is to be given up, for this reason. */
void	 transport_broke(struct transport *r, enum transport_fault fault,
	    const char *why);
/* The server itself sends us elsewhere.  0, or -1 if `to' makes no sense. */
int	 transport_moved(struct transport *r, const char *to) MUST_CHECK;
/* Nothing more is to be told: the transport is over, or another endpoint will
 * be tried. */
int	 transport_deaf(const struct transport *r);

/* A line for -v (1) or -vv (2). */
void	 transport_log(struct transport *r, int level, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));

/* Begin TLS on io; ALPN may be NULL.  The certificate has to be for the
 * account's domain, or for the host of a URL.  0 or -1 (no memory). */
int	 transport_tls(struct transport *r, struct io *io,
	    const char *alpn) MUST_CHECK;

#endif
