/*
 * bosh_int: a stream in HTTP requests and responses (XEP-0124, XEP-0206): what
 * the files that make it share.  bosh.c is the transport, with the timer that
 * calls every step; bosh_request.c writes requests, bosh_conn.c has the
 * connections, bosh_response.c takes the responses.
 *
 * There are two connections, each with at most one request: the server holds
 * the first until it has something to say, the second carries what we have to
 * say in the meantime, upon which the first is answered.  Responses are taken
 * in the order of their requests: only the connection of the oldest request is
 * read from.  A request whose connection breaks is sent again as it was; the
 * server then repeats its response, of which we skip what has come already.
 */
#ifndef NET_TRANSPORT_BOSH_INT_H
#define NET_TRANSPORT_BOSH_INT_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "net/http/http.h"
#include "net/io/loop.h"
#include "net/transport/bosh_keys.h"
#include "net/transport/transport.h"
#include "xml/buf.h"
#include "xml/check.h"
#include "xml/ns.h"

struct io;
struct parse;
struct proxy_dial;

#define WINDOW		2		/* requests at a time */
#define LINES		(WINDOW + 1)	/* and a request for a pause */
#define WAIT		30		/* s a request may be held: proxies
					 * bear 60 at most, as they come */
#define INACTIVITY	60		/* s, if the server does not say */
#define LATE		15000		/* ms more until it counts as lost */
#define PAUSE_DELAY	5000		/* ms without requests */
#define SID_MAX		256

enum bosh_state {
	BOSH_TLS,		/* of the first connection */
	BOSH_CREATING,		/* the session is asked for */
	BOSH_OPEN,
	BOSH_ENDING,		/* terminate is sent */
	BOSH_OVER
};

struct request {
	uint64_t		 rid;
	struct buf		 body;
	size_t			 stood;		/* bytes that were to go then;
						 * it has some of them */
	size_t			 at;		/* of the stanzas in it, ... */
	struct buf		 lengths;	/* ... and of each, size_t */
	int			 creates, restarts, terminates, pauses;
	size_t			 delivered;	/* children of its response */
	int			 tries;
	int64_t			 again;		/* not to be sent before */
	int64_t			 posted;	/* when it was sent last */
	struct line		*line;		/* NULL: to be sent (again) */
	int64_t			 deadline;
	TAILQ_ENTRY(request)	 next;
};

/* A connection. */
struct line {
	struct bosh	*bosh;
	struct proxy_dial	*via;
	struct io	*io;
	int		 ready;		/* TLS stands */
	int		 broken;	/* to be dropped, from the timer */
	struct http	 http;
	struct request	*request;	/* under way on it */
	int		 headed;	/* the response's status is known, */
	int		 begun;		/* and its body is being read */
};

struct bosh {
	struct transport	*transport;
	enum bosh_state	 state;
	char		 sid[SID_MAX];
	uint64_t	 rid;		/* of the next request */
	uint64_t	 answered;	/* the last one with a response */
	unsigned	 window;	/* requests at a time */
	unsigned	 pending;
	unsigned	 wait;		/* s that the server holds a request */
	unsigned	 inactivity;	/* s that it lasts without a request */
	int64_t		 heard;		/* when a request was answered last */
	unsigned	 maxpause;	/* s; 0: there is no pausing */
	int64_t		 trip;		/* ms, there and back, at best */
	int64_t		 settled;	/* when the last request has arrived, */
	int64_t		 spaced;	/* and when it is well on its way */
	size_t		 weight;	/* bytes of its body */
	int64_t		 pause_at;	/* when to ask for a pause, if paused */
	int		 keyed;		/* requests carry keys: */
	struct bosh_keys	 keys;
	TAILQ_HEAD(requests, request) requests;	/* unanswered, oldest first */
	struct line	 lines[LINES];
	struct buf	 out;		/* stanzas to be sent */
	struct buf	 lengths;	/* of each of them, size_t */
	int		 restart, close;	/* asked for */

	/* The response that is being read, to the oldest request. */
	struct parse	*parse;
	size_t		 children;
	int		 opened, ended;	/* <body> has begun, has ended */
	int		 repeat;	/* a recoverable error */
	int		 terminated;
	char		 condition[64];

	struct timer	 work;
	int64_t		 retry;		/* no new connections until then */
	int		 paused;
};

/*
 * bosh.c
 */

/* Set the state, and trace it. */
void	 bosh_set_state(struct bosh *b, enum bosh_state state);
/* Do what is to be done, from the timer: the stanzas of a turn of the loop go
 * into one request. */
void	 bosh_wake(struct bosh *b);
/* The transport is broken, for this reason. */
void	 bosh_fail(struct bosh *b, enum transport_fault fault, const char *why);
/* The transport is broken: what the server says makes no sense, and what names
 * it. */
void	 bosh_nonsense(struct bosh *b, const char *what);

/*
 * bosh_request.c
 */

/* Is there something to say, or does the server hold no request?  An empty
 * request is sent only if no other is held: more often would be polling
 * (section 12). */
int	 bosh_wants_request(const struct bosh *b);
/* When a request may be sent for which len bytes stand, so that it does not
 * arrive before the last request: ms of clock_ms(). */
int64_t	 bosh_follows_at(const struct bosh *b, size_t len);
/* The last request has arrived, so that any may follow. */
void	 bosh_has_arrived(struct bosh *b);
/* When to send another request, so that the request that the server holds is
 * answered before a proxy loses patience; INT64_MAX: never. */
int64_t	 bosh_renewal(const struct bosh *b);
/* Make the next request, which is sent later: with what there is to say, or
 * with pauses (1) to ask for a pause. */
void	 bosh_request_new(struct bosh *b, int pauses);
/* The request is answered: free it. */
void	 bosh_request_remove(struct bosh *b, struct request *q);
/* Free a request that is in no list. */
void	 bosh_request_free(struct request *q);
/* The oldest request (may be NULL) has lost its connection, or had none, for
 * this reason: it will be sent again, unless it has been too often. */
void	 bosh_tried(struct bosh *b, struct request *q, const char *why);
/* A proxy has answered for the server, with this HTTP status: send the request
 * again, for as long as the server remembers the session. */
void	 bosh_refused(struct bosh *b, struct request *q, int status);
/* The request is too large for the server or a proxy (403, 413): divide it, if
 * that is possible; or give up the transport, which has learnt. */
void	 bosh_divide(struct bosh *b, struct request *q);

/*
 * bosh_conn.c
 */

/* Begin with a connection that stands: 0, or -1 when out of memory. */
int	 bosh_conn_begin(struct line *l, int fd) MUST_CHECK;
/* A free connection for a request; NULL if there is none yet. */
struct line *bosh_conn_find(struct bosh *b);
/* Send a request on a free connection. */
void	 bosh_conn_post(struct line *l, struct request *q);
/* Drop the connection from the timer, since this may be inside its callback. */
void	 bosh_conn_broke(struct line *l);
/* Drop it at once. */
void	 bosh_conn_drop(struct line *l);
/* Read from the connection of the oldest request only. */
void	 bosh_set_turn(struct bosh *b);
/* Take input that came while the transport was paused, or before its turn. */
void	 bosh_input_again(struct bosh *b);

/*
 * bosh_response.c
 */

/* Take an event of http_next().  A head may come before its turn: proxies
 * answer requests that the server never gets to see. */
void	 bosh_response(struct line *l, enum http_event ev,
	    const unsigned char *data, size_t len);
/* The response is complete. */
void	 bosh_response_end(struct line *l);
/* Tell what the parser has of the response to the oldest request. */
void	 bosh_deliver(struct bosh *b);

#endif
