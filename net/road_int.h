/* road_int: what road.c and the kinds of roads share. */
#ifndef NET_ROAD_INT_H
#define NET_ROAD_INT_H

#include "net/loop.h"
#include "net/road.h"
#include "net/way.h"
#include "net/ways.h"
#include "xml/check.h"

struct io;
struct parse;
struct race;

/*
 * What each kind does in its own way.  k is what begin() made.  What a kind
 * finds it tells by the functions below; inside of them send(), pause(),
 * restart() and close() may be called, but never free().
 */
struct road_kind {
	/* A connection stands; fd becomes the kind's.  NULL: no memory. */
	void	*(*begin)(struct road *r, int fd);
	void	 (*free)(void *k);
	int	 (*send)(void *k, const void *data, size_t len);
	void	 (*keepalive)(void *k);
	int64_t	 silence;	/* ms that what is usual on the way bears */
	size_t	 (*queued)(const void *k);
	void	 (*restart)(void *k);
	void	 (*pause)(void *k, int pause);
	void	 (*close)(void *k);
	SSL	*(*ssl)(void *k);
};

extern const struct road_kind road_tcp, road_ws, road_bosh;

struct road {
	struct loop		*loop;
	struct resolver		*resolver;
	struct road_conf	 conf;
	struct search		*search;
	const struct way	*ways;		/* some that it has found */
	size_t			 nways;
	uint32_t		 gone;		/* bits of those tried */
	struct race		*race;
	struct way		 way;		/* the one taken */
	const struct road_kind	*kind;
	void			*k;		/* the kind's own, or NULL */
	struct timer		 timer;		/* the next try; too slow */
	int			 failed;	/* the next one is due */
	int			 committed;	/* features came: it is good */
	size_t			 limit;		/* see road_limit() */
	int			 owes;		/* see road_owes() */
	int			 over;		/* CLOSE or ERROR was told */
	int			 hops;		/* see-other-host */
	unsigned		 tried;		/* ways that failed */
	enum road_fault		 fault;
	char			 err[768];
	char			 history[512];	/* of failures */
	char			 story[1024];
	road_fn			*fn;
	void			*arg;
};

/* A parser for what the server sends; NULL without memory. */
struct parse *road_parser(struct road *r);

/* What a kind tells; see enum road_event. */
void	 road_secure(struct road *r);
void	 road_opened(struct road *r, const struct elem *header);
void	 road_stanza(struct road *r, const struct elem *e);
void	 road_cut(struct road *r, const struct elem *e);
void	 road_ended(struct road *r);
void	 road_broke(struct road *r, enum road_fault fault, const char *why);

/* The server sends us elsewhere, and it is the server that says so.  0, or -1
 * if it makes no sense. */
int	 road_moved(struct road *r, const char *to) MUST_CHECK;
/* Nothing more is to be told: it is over, or another way will be tried. */
int	 road_deaf(const struct road *r);

/* A line for -v (1) or -vv (2). */
void	 road_log(struct road *r, int level, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));

/* Begin TLS on io; ALPN may be NULL.  The certificate has to be for the
 * account's domain, or for the host of a URL.  0 or -1 (no memory). */
int	 road_tls(struct road *r, struct io *io, const char *alpn) MUST_CHECK;

#endif
