/* road_int: what road.c and the kinds of roads share. */
#ifndef NET_ROAD_INT_H
#define NET_ROAD_INT_H

#include "net/loop.h"
#include "net/road.h"

struct dial;
struct io;
struct parse;

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
	size_t	 (*queued)(const void *k);
	void	 (*restart)(void *k);
	void	 (*pause)(void *k, int pause);
	void	 (*close)(void *k);
	SSL	*(*ssl)(void *k);
};

extern const struct road_kind road_tcp;

struct road {
	struct loop		*loop;
	struct resolver		*resolver;
	struct road_conf	 conf;
	const struct way	*way;		/* the one taken */
	int			 over;		/* CLOSE or ERROR was told */
	struct dial		*dial;
	const struct road_kind	*kind;
	void			*k;		/* the kind's own */
	enum road_fault		 fault;
	char			 err[512];
	road_fn			*fn;
	void			*arg;
};

/* What a kind tells; see enum road_event. */
void	 road_secure(struct road *r);
void	 road_opened(struct road *r, const struct elem *header);
void	 road_stanza(struct road *r, const struct elem *e);
void	 road_drained(struct road *r);
void	 road_ended(struct road *r);
void	 road_broke(struct road *r, enum road_fault fault, const char *why);

/* A line for -v (1) or -vv (2). */
void	 road_log(struct road *r, int level, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));

/* Begin TLS on io, ALPN may be NULL.  0 or -1 (no memory). */
int	 road_tls(struct road *r, struct io *io, const char *alpn);

#endif
