/*
 * road_bosh: a stream in HTTP requests and responses (XEP-0124, XEP-0206).
 *
 * Two connections, on each at most one request: one that the server holds
 * until it has something to say, one for what we have to say in the meantime,
 * upon which the first is answered.  Responses are taken in the order of
 * their requests: only the connection of the oldest request is read from.
 * A request whose connection breaks is sent again as it was; the server
 * then repeats its response, of which we skip what we have had already.
 */
#include <sys/queue.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "net/io.h"
#include "net/keyseq.h"
#include "net/proxy.h"
#include "net/road_int.h"
#include "net/via.h"
#include "net/wrap.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/text.h"
#include "xml/write.h"

#define NS_BOSH		"http://jabber.org/protocol/httpbind"
#define NS_XBOSH	"urn:xmpp:xbosh"

#define WINDOW		2		/* requests at a time */
#define LINES		(WINDOW + 1)	/* and one that asks for a pause */
#define WAIT		60		/* s a request may be held */
#define LATE		15000		/* ms more until it counts as lost */
#define BATCH_MAX	(128 * 1024)	/* bytes of stanzas in a request */
#define SID_MAX		256
#define TRIES_MAX	5		/* in a row, of one request */
#define RETRY		250		/* ms, doubled with each of them */
#define SETTLE		10		/* ms, see overtakes() */
#define TRIP_MOST	250		/* ms */
#define PAUSE_DELAY	5000		/* ms without requests */
#define PAUSE_MAX	3600		/* s */

enum bosh_state {
	B_TLS,			/* of the first connection */
	B_CREATING,		/* the session: asked for */
	B_OPEN,
	B_ENDING,		/* terminate is sent */
	B_OVER
};

struct request {
	uint64_t		 rid;
	struct buf		 body;
	int			 creates, restarts, terminates, pauses;
	size_t			 delivered;	/* children of its response */
	int			 tries;
	int64_t			 posted;	/* when, last */
	struct line		*line;		/* NULL: to be sent (again) */
	int64_t			 deadline;
	TAILQ_ENTRY(request)	 next;
};

/* A connection. */
struct line {
	struct bosh	*bosh;
	struct via	*via;
	struct io	*io;
	int		 ready;		/* TLS stands */
	int		 broken;	/* to be dropped, but by no callback */
	struct http	 http;
	struct request	*request;	/* under way on it */
};

struct bosh {
	struct road	*road;
	enum bosh_state	 state;
	char		 sid[SID_MAX];
	uint64_t	 rid;		/* of the next request */
	uint64_t	 answered;	/* the last one with a response */
	unsigned	 window;	/* requests at a time */
	unsigned	 pending;
	unsigned	 maxpause;	/* s; 0: there is no pausing */
	int64_t		 trip;		/* ms, there and back, at best */
	int64_t		 settled;	/* when the last one has */
	int64_t		 pause_at;	/* when to ask for it, if paused */
	int		 keyed;		/* requests carry keys: */
	struct keyseq	 keys;
	TAILQ_HEAD(, request) requests;	/* unanswered, oldest first */
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

static void	 input_again(struct bosh *);

static void
set_state(struct bosh *b, enum bosh_state state)
{
	static const char *const	 names[] = {
		"tls", "creating", "open", "ending", "over"
	};

	road_log(b->road, 2, "bosh: %s -> %s", names[b->state], names[state]);
	b->state = state;
}

/* Whatever is to be done, soon: all of one turn goes into one request. */
static void
wake(struct bosh *b)
{
	timer_set(b->road->loop, &b->work, clock_ms());
}

static void
fail(struct bosh *b, enum road_fault fault, const char *why)
{
	if (b->state == B_OVER)
		return;
	set_state(b, B_OVER);
	road_broke(b->road, fault, why);
}

static void
nonsense(struct bosh *b, const char *what)
{
	char	 why[256];

	snprintf(why, sizeof(why), "it speaks bad BOSH (%s): check -c, or "
	    "ask its operator", what);
	fail(b, ROAD_PROTOCOL, why);
}

/*
 * Requests
 */

static void
request_free(struct request *q)
{
	buf_free(&q->body);
	free(q);
}

static void
put_uint(struct xw *w, const char *name, uint64_t n)
{
	xw_attrf(w, name, "%" PRIu64, n);
}

static void
put_creation(struct bosh *b, struct xw *w)
{
	const struct road_conf	*conf = &b->road->conf;

	xw_attr(w, "xmlns:xmpp", NS_XBOSH);
	xw_attr(w, "xmpp:version", "1.0");
	xw_attr(w, "content", "text/xml; charset=utf-8");
	xw_attr(w, "ver", "1.11");
	xw_attr(w, "hold", "1");
	put_uint(w, "wait", WAIT);
	put_uint(w, "ack", 1);
	xw_attr(w, "to", conf->domain);
	if (b->road->way.tls)
		xw_attr(w, "from", conf->from);
	xw_attr(w, "xml:lang", "en");
}

static void
put_restart(struct bosh *b, struct xw *w)
{
	xw_attr(w, "xmlns:xmpp", NS_XBOSH);
	xw_attr(w, "xmpp:restart", "true");
	xw_attr(w, "to", b->road->conf.domain);
	xw_attr(w, "xml:lang", "en");
}

/* Section 15: where anybody can read along, nobody is to join in. */
static void
put_key(struct bosh *b, const struct request *q, struct xw *w)
{
	char	 key[KEYSEQ_KEY];
	int	 last = q->creates;

	if (!b->keyed)
		return;
	if (!q->creates) {
		last = keyseq_next(&b->keys, key) == 0;
		xw_attr(w, "key", key);
	}
	if (last) {
		keyseq_begin(&b->keys, key);
		xw_attr(w, "newkey", key);
	}
}

/* How many bytes of whole stanzas go into the next request. */
static size_t
batch(struct bosh *b)
{
	size_t	 n = 0, len;

	while (buf_len(&b->lengths) > 0) {
		memcpy(&len, buf_data(&b->lengths), sizeof(len));
		if (n > 0 && n + len > BATCH_MAX)
			break;
		n += len;
		buf_drain(&b->lengths, sizeof(len));
	}
	return n;
}

static int
write_request(struct bosh *b, struct request *q)
{
	struct xw	 w;
	size_t		 n = 0;
	int		 r;

	buf_init(&q->body, IO_OUT_MAX);
	xw_init(&w, &q->body);
	xw_start(&w, "body", NS_BOSH);
	put_uint(&w, "rid", q->rid);
	put_key(b, q, &w);
	if (q->creates) {
		put_creation(b, &w);
	} else {
		xw_attr(&w, "sid", b->sid);
		if (b->answered != q->rid - 1)
			put_uint(&w, "ack", b->answered);
		if (q->pauses)
			put_uint(&w, "pause", b->maxpause);
		else if (q->restarts)
			put_restart(b, &w);
		else
			n = batch(b);
		q->terminates = b->close && !q->restarts && !q->pauses &&
		    n == buf_len(&b->out);
		if (q->terminates)
			xw_attr(&w, "type", "terminate");
	}
	r = w.failed || buf_addstr(&q->body, ">") == -1 ||
	    buf_add(&q->body, buf_data(&b->out), n) == -1 ||
	    buf_addstr(&q->body, "</body>") == -1 ? -1 : 0;
	buf_drain(&b->out, n);
	return r;
}

static void
new_request(struct bosh *b, int pauses)
{
	struct request	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL) {
		fail(b, ROAD_LOST, "out of memory");
		return;
	}
	q->rid = b->rid++;
	q->creates = b->state == B_CREATING;
	q->pauses = pauses;
	q->restarts = !q->creates && !q->pauses && b->restart;
	if (q->restarts)
		b->restart = 0;
	TAILQ_INSERT_TAIL(&b->requests, q, next);
	b->pending++;
	if (write_request(b, q) == -1)
		fail(b, ROAD_LOST, "out of memory");
	else if (q->terminates)
		set_state(b, B_ENDING);
}

/*
 * Two requests on two connections may arrive in the wrong order.  Servers have
 * to cope with that (section 14.3), but ejabberd 23.01 then holds both, and
 * what is in the second, until it happens to have something to say.  So one
 * waits until the one before is answered, or was the reason for an answer, or
 * has had the time to arrive.
 */
static int
overtakes(const struct bosh *b, int64_t now)
{
	return b->pending > 0 && now < b->settled;
}

/* Is there something to say, or nobody who listens?  An empty request is sent
 * only if no other is held: more often would be polling (section 12). */
static int
wants_request(const struct bosh *b)
{
	if (b->pending >= b->window || overtakes(b, clock_ms()))
		return 0;
	if (b->state == B_CREATING)
		return b->pending == 0;
	return b->state == B_OPEN && (b->pending == 0 || b->restart ||
	    b->close || buf_len(&b->out) > 0);
}

/*
 * Connections
 */

static void
line_drop(struct line *l)
{
	struct request	*q = l->request;

	via_cancel(l->via);
	io_free(l->io);
	l->via = NULL;
	l->io = NULL;
	l->ready = l->broken = 0;
	l->request = NULL;
	if (q != NULL)
		q->line = NULL;
}

/* Not now: this may be inside of its own callback. */
static void
line_broke(struct line *l)
{
	l->broken = 1;
	wake(l->bosh);
}

/* The oldest request has lost its connection, or had none. */
static void
tried(struct bosh *b, struct request *q, const char *why)
{
	if (q == NULL)
		return;
	if (++q->tries >= TRIES_MAX || q->creates) {
		fail(b, ROAD_LOST, why);
		return;
	}
	road_log(b->road, 1, "bosh: %s; request %" PRIu64 " once more", why,
	    q->rid);
	if (q->tries > 1)
		b->retry = clock_ms() + ((int64_t)RETRY << q->tries);
}

static void
post(struct line *l, struct request *q)
{
	const struct way	*way = &l->bosh->road->way;
	struct buf		 b;

	l->request = q;
	q->line = l;
	q->posted = clock_ms();
	q->deadline = q->posted + WAIT * 1000 + LATE;
	l->bosh->settled = q->posted + l->bosh->trip + SETTLE;
	if (!q->pauses)
		l->bosh->pause_at = q->posted + PAUSE_DELAY;
	http_expect(&l->http, 0);
	buf_init(&b, IO_OUT_MAX);
	if (http_start(&b, "POST", way->target, way->host, way->port,
	    way->tls ? 443 : 80) == -1 ||
	    http_add(&b, "Content-Type", "text/xml; charset=utf-8") == -1 ||
	    http_end_body(&b, buf_len(&q->body)) == -1 ||
	    buf_add(&b, buf_data(&q->body), buf_len(&q->body)) == -1 ||
	    io_write(l->io, buf_data(&b), buf_len(&b)) == -1)
		fail(l->bosh, ROAD_LOST, "out of memory");
	buf_free(&b);
}

static void	 io_event(void *, enum io_event);

static void
line_ready(struct line *l)
{
	struct bosh	*b = l->bosh;

	l->ready = 1;
	if (b->state == B_TLS) {
		set_state(b, B_CREATING);
		road_secure(b->road);
	}
	wake(b);
}

/* 0 or -1 (no memory). */
static int
line_begin(struct line *l, int fd)
{
	struct road	*r = l->bosh->road;

	if ((l->io = io_new(r->loop, fd, io_event, l)) == NULL)
		return -1;
	if (!r->way.tls)
		line_ready(l);
	else if (road_tls(r, l->io, "http/1.1") == -1)
		return -1;
	return 0;
}

static void
connected(void *arg, int fd, const char *err)
{
	struct line	*l = arg;

	l->via = NULL;
	if (fd == -1) {
		tried(l->bosh, TAILQ_FIRST(&l->bosh->requests), err);
		line_broke(l);
	} else if (line_begin(l, fd) == -1) {
		fail(l->bosh, ROAD_LOST, "out of memory");
	}
}

static void
line_connect(struct line *l)
{
	struct road		*r = l->bosh->road;
	const struct ways_conf	*wc = ways_conf(r->conf.ways);

	l->via = via(r->loop, r->resolver, proxy_for(wc->proxy, r->way.host),
	    r->way.host, r->way.port, wc->family, connected, l);
	if (l->via == NULL)
		fail(l->bosh, ROAD_LOST, "out of memory");
}

/* A free connection for a request; NULL if there is none yet. */
static struct line *
find_line(struct bosh *b)
{
	struct line	*l, *unused = NULL;
	int		 coming = 0;

	for (l = b->lines; l < b->lines + LINES; l++) {
		if (l->ready && !l->broken && l->request == NULL)
			return l;
		if (l->io == NULL && l->via == NULL)
			unused = l;
		else if (!l->ready)
			coming = 1;
	}
	if (unused != NULL && !coming && clock_ms() >= b->retry)
		line_connect(unused);
	return NULL;
}

/* Only the response to the oldest request may be read. */
static void
set_turn(struct bosh *b)
{
	struct request	*q = TAILQ_FIRST(&b->requests);
	struct line	*l;

	for (l = b->lines; l < b->lines + LINES; l++)
		if (l->io != NULL && l->ready)
			io_pause(l->io, l->request != NULL &&
			    (l->request != q || b->paused));
}

/*
 * The timer: all that is to be done
 */

static void
drop_broken(struct bosh *b)
{
	struct line	*l;

	for (l = b->lines; l < b->lines + LINES; l++)
		if (l->broken) {
			/* Its response begins anew. */
			if (l->request != NULL &&
			    l->request == TAILQ_FIRST(&b->requests)) {
				parse_free(b->parse);
				b->parse = NULL;
			}
			line_drop(l);
		}
}

static void
drop_late(struct bosh *b, int64_t now)
{
	struct request	*q;

	TAILQ_FOREACH(q, &b->requests, next)
		if (q->line != NULL && q->deadline <= now && !b->paused) {
			tried(b, q, "no answer in time");
			q->line->broken = 1;
		}
}

/* The oldest first, and none before its time. */
static void
send_requests(struct bosh *b)
{
	struct request	*q;
	struct line	*l;

	TAILQ_FOREACH(q, &b->requests, next) {
		if (q->line != NULL)
			continue;
		if (b->state == B_OVER || (l = find_line(b)) == NULL ||
		    (q != TAILQ_FIRST(&b->requests) &&
		    clock_ms() < b->settled))
			break;
		post(l, q);
	}
}

static void
remove_request(struct bosh *b, struct request *q)
{
	if (q == TAILQ_FIRST(&b->requests))
		b->answered = q->rid;
	TAILQ_REMOVE(&b->requests, q, next);
	if (clock_ms() - q->posted < b->trip)
		b->trip = clock_ms() - q->posted;
	if (--b->pending == 0)
		b->settled = 0;
	request_free(q);
}

/* The answer to a pause says nothing, and may be missing (ejabberd 23.01). */
static void
forget_pauses(struct bosh *b)
{
	struct request	*q, *next;

	for (q = TAILQ_FIRST(&b->requests); q != NULL; q = next) {
		next = TAILQ_NEXT(q, next);
		if (!q->pauses || q->line == NULL)
			continue;
		q->line->broken = 1;
		q->line->request = NULL;
		remove_request(b, q);
	}
}

/*
 * Section 10: while nothing is read, no request is held, and a session that
 * holds none ends soon, unless the server was told.
 */
static void
pause_session(struct bosh *b, int64_t now)
{
	if (!b->paused || b->maxpause == 0 || b->state != B_OPEN ||
	    now < b->pause_at || overtakes(b, now))
		return;
	forget_pauses(b);
	if (b->pending <= WINDOW)
		new_request(b, 1);
	b->pause_at = now + b->maxpause * INT64_C(500);	/* half of it */
}

static void
set_timer(struct bosh *b)
{
	int64_t		 now = clock_ms(), at = now + WAIT * 1000;
	struct request	*q;

	TAILQ_FOREACH(q, &b->requests, next) {
		if (q->line != NULL && q->deadline < at)
			at = q->deadline;
		if (q->line == NULL && b->retry > now && b->retry < at)
			at = b->retry;
	}
	if (b->settled > now && b->settled < at)
		at = b->settled;
	if (b->paused && b->maxpause > 0 && b->pause_at > now &&
	    b->pause_at < at)
		at = b->pause_at;
	timer_set(b->road->loop, &b->work, at);
}

static void
work(void *arg)
{
	struct bosh	*b = arg;

	drop_late(b, clock_ms());
	if (!b->paused)
		forget_pauses(b);
	drop_broken(b);
	if (b->state == B_OVER || b->state == B_TLS)
		return;
	while (b->state != B_OVER && wants_request(b))
		new_request(b, 0);
	pause_session(b, clock_ms());
	send_requests(b);
	set_turn(b);
	if (b->state == B_OVER)
		return;
	set_timer(b);
	input_again(b);
}

/*
 * Responses
 */

static const struct {
	const char	*condition;
	const char	*words;
} conditions[] = {		/* XEP-0124 section 17.2 */
	{ "bad-request", "the server did not understand a request: ask its "
	    "operator" },
	{ "host-gone", "the server no longer serves this domain: check -j "
	    "and -c" },
	{ "host-unknown", "the server does not serve this domain: check -j "
	    "and -c" },
	{ "improper-addressing", "the server wants another domain: check -j "
	    "and -c" },
	{ "internal-server-error", "the server failed; try again later" },
	{ "item-not-found", "the server no longer knows this session; "
	    "try again" },
	{ "other-request", "another request has ended the session; "
	    "try again" },
	{ "policy-violation", "the server's policy forbids what we sent; "
	    "try a smaller -b" },
	{ "remote-connection-failed", "the connection manager cannot reach "
	    "the server; try again later" },
	{ "remote-stream-error", "the server ended the stream; try again, "
	    "or ask its operator" },
	{ "see-other-uri", "the server sends us elsewhere: ask its "
	    "operator" },
	{ "system-shutdown", "the server is shutting down; try again later" },
};

static void
terminate(struct bosh *b)
{
	const char	*words = "the server ended the session; ask its "
			    "operator";
	char		 why[256];
	size_t		 i;
	int		 ours = b->close;

	set_state(b, B_OVER);
	if (*b->condition == '\0' || ours) {
		road_ended(b->road);
		return;
	}
	for (i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
		if (strcmp(conditions[i].condition, b->condition) == 0)
			words = conditions[i].words;
	snprintf(why, sizeof(why), "%s (%s)", words, b->condition);
	/* Whole words already, and no fault of the connection. */
	road_broke(b->road, ROAD_PROTOCOL, why);
}

static unsigned
get_uint(const struct elem *e, const char *name, unsigned absent)
{
	const char	*s = elem_attr(e, name), *bound;
	unsigned	 n;

	if (s == NULL)
		return absent;
	n = (unsigned)strtonum(s, 0, INT32_MAX, &bound);
	return bound != NULL ? absent : n;
}

static void
created(struct bosh *b, const struct elem *body)
{
	const char	*sid = elem_attr(body, "sid");

	if (sid == NULL || *sid == '\0' ||
	    strlcpy(b->sid, sid, sizeof(b->sid)) >= sizeof(b->sid)) {
		nonsense(b, "a session without an identifier");
		return;
	}
	/* Without the attribute there may be any number. */
	b->window = get_uint(body, "requests", WINDOW);
	if (b->window > WINDOW)
		b->window = WINDOW;
	if (b->window == 0)
		b->window = 1;
	b->maxpause = get_uint(body, "maxpause", 0);
	if (b->maxpause > PAUSE_MAX)
		b->maxpause = PAUSE_MAX;
	set_state(b, B_OPEN);
	road_opened(b->road, body);
}

static void
take_body(struct bosh *b, struct request *q, const struct elem *e)
{
	const char	*type = elem_attr(e, "type");
	const char	*condition = elem_attr(e, "condition");

	if (!elem_is(e, NS_BOSH, "body")) {
		nonsense(b, "something else than <body/>");
	} else if (type != NULL && strcmp(type, "terminate") == 0) {
		b->terminated = 1;
		text_clean(condition != NULL ? condition : "", b->condition,
		    sizeof(b->condition));
	} else if (type != NULL && strcmp(type, "error") == 0) {
		b->repeat = 1;
	} else if (q->creates) {
		created(b, e);
	} else if (q->restarts) {
		road_opened(b->road, e);
	}
}

static void
take_child(struct bosh *b, struct request *q, const struct elem *e)
{
	/* What came before the response was cut is not told twice. */
	if (++b->children <= q->delivered)
		return;
	q->delivered++;
	if (b->terminated && elem_is(e, NS_BOSH, "uri"))
		(void)(b->road->way.tls && road_moved(b->road,
		    elem_text(e)) == 0);
	else
		road_stanza(b->road, e);
}

/* What the parser has of the response to the oldest request. */
static void
deliver(struct bosh *b)
{
	struct request		*q = TAILQ_FIRST(&b->requests);
	struct elem		*e;
	enum parse_event	 ev;

	while (!b->paused && b->state != B_OVER && !road_deaf(b->road) &&
	    b->parse != NULL && !b->ended &&
	    (ev = parse_next(b->parse, &e)) != PARSE_MORE) {
		if (ev == PARSE_ERROR)
			nonsense(b, parse_error(b->parse));
		else if (ev == PARSE_CLOSE)
			b->ended = 1;
		else if (ev == PARSE_OPEN)
			take_body(b, q, e);
		else
			take_child(b, q, e);
		elem_free(e);
	}
}

static void
begin_response(struct bosh *b, int status)
{
	char	 why[64];

	/* Section 17.1: older servers say by status what others say in XML. */
	if (b->state != B_CREATING && (status == 400 || status == 403 ||
	    status == 404)) {
		strlcpy(b->condition, status == 400 ? "bad-request" :
		    status == 403 ? "policy-violation" : "item-not-found",
		    sizeof(b->condition));
		terminate(b);
		return;
	}
	if (status != 200) {
		snprintf(why, sizeof(why), "HTTP status %d", status);
		nonsense(b, why);
		return;
	}
	parse_free(b->parse);
	b->parse = parse_new(&parse_defaults);
	b->children = 0;
	b->ended = b->repeat = b->terminated = 0;
	if (b->parse == NULL)
		fail(b, ROAD_LOST, "out of memory");
}

static void
end_response(struct line *l)
{
	struct bosh	*b = l->bosh;
	struct request	*q = l->request;
	struct elem	*e = NULL;

	if (!b->ended) {
		nonsense(b, "half a <body/>");
		return;
	}
	if (parse_next(b->parse, &e) == PARSE_ERROR) {
		nonsense(b, "more than a <body/>");
		return;
	}
	elem_free(e);
	parse_free(b->parse);
	b->parse = NULL;
	l->request = NULL;
	q->line = NULL;
	/* What is behind it nobody has asked for. */
	if (!l->http.persistent || buf_len(io_input(l->io)) > 0)
		line_broke(l);
	if (b->terminated || q->terminates) {
		terminate(b);
	} else if (b->repeat) {		/* section 17.3 */
		tried(b, q, "the server asks for it");
	} else {
		/* With nothing in it, it is the next one that it answers. */
		if (b->children == 0)
			b->settled = 0;
		remove_request(b, q);
		if (b->pending == 0 && buf_len(&b->out) == 0)
			road_drained(b->road);
	}
	wake(b);
}

static void
response(struct line *l, enum http_event ev, const unsigned char *data,
    size_t len)
{
	struct bosh	*b = l->bosh;

	switch (ev) {
	case HTTP_HEAD:
		begin_response(b, l->http.status);
		break;
	case HTTP_BODY:
		if (b->parse == NULL)
			break;
		if (parse_feed(b->parse, data, len) == -1)
			fail(b, ROAD_LOST, "out of memory");
		else
			deliver(b);
		break;
	case HTTP_END:
		end_response(l);
		break;
	default:
		nonsense(b, http_error(&l->http));
		break;
	}
}

static void
input(struct line *l)
{
	struct bosh		*b = l->bosh;
	const unsigned char	*data = NULL;
	enum http_event		 ev;
	size_t			 len = 0;

	/* Nobody has asked. */
	if (l->request == NULL && buf_len(io_input(l->io)) > 0) {
		line_broke(l);
		return;
	}
	while (l->request != NULL && !b->paused && b->state != B_OVER &&
	    !road_deaf(b->road) &&
	    l->request == TAILQ_FIRST(&b->requests) && !l->broken &&
	    (ev = http_next(&l->http, io_input(l->io), &data, &len)) !=
	    HTTP_MORE)
		response(l, ev, data, len);
}

/* What came behind a pause, or before its turn. */
static void
input_again(struct bosh *b)
{
	struct request	*q = TAILQ_FIRST(&b->requests);

	deliver(b);
	if (q != NULL && q->line != NULL && buf_len(io_input(q->line->io)) > 0)
		input(q->line);
}

static void
line_ended(struct line *l, const char *why)
{
	struct bosh	*b = l->bosh;
	struct request	*q = l->request;

	if (b->state == B_TLS) {
		fail(b, io_untrusted(l->io) ? ROAD_UNTRUSTED :
		    ROAD_HANDSHAKE, why);
		return;
	}
	/* Its end may be the end of the response; not so before its turn. */
	if (q != NULL && q == TAILQ_FIRST(&b->requests) && b->parse != NULL &&
	    b->ended && http_eof(&l->http) == HTTP_END) {
		end_response(l);
		return;
	}
	if (q != NULL || !l->ready)
		tried(b, q != NULL ? q : TAILQ_FIRST(&b->requests), why);
	line_broke(l);
}

static void
io_event(void *arg, enum io_event ev)
{
	struct line	*l = arg;

	if (l->bosh->state == B_OVER || l->broken)
		return;
	switch (ev) {
	case IO_SECURE:
		line_ready(l);
		break;
	case IO_INPUT:
		input(l);
		break;
	case IO_DRAINED:
		break;
	case IO_EOF:
		line_ended(l, "the server closed a connection");
		break;
	case IO_ERROR:
		line_ended(l, io_error(l->io));
		break;
	}
}

/*
 * Life and death
 */

static void
bosh_free(void *k)
{
	struct bosh	*b = k;
	struct request	*q;
	struct line	*l;

	timer_clear(b->road->loop, &b->work);
	for (l = b->lines; l < b->lines + LINES; l++) {
		line_drop(l);
		http_free(&l->http);
	}
	while ((q = TAILQ_FIRST(&b->requests)) != NULL) {
		TAILQ_REMOVE(&b->requests, q, next);
		request_free(q);
	}
	buf_free(&b->out);
	buf_free(&b->lengths);
	parse_free(b->parse);
	free(b);
}

static void *
bosh_begin(struct road *r, int fd)
{
	struct bosh	*b;
	size_t		 i;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->road = r;
	b->window = 1;
	/* Section 14.1: large, random, and never beyond 2^53 - 1. */
	b->rid = (uint64_t)arc4random_uniform(1 << 20) << 32 | arc4random();
	b->keyed = !r->way.tls;
	b->trip = TRIP_MOST;
	b->work = (struct timer){ .fire = work, .arg = b };
	TAILQ_INIT(&b->requests);
	buf_init(&b->out, IO_OUT_MAX);
	buf_init(&b->lengths, IO_OUT_MAX);
	for (i = 0; i < LINES; i++) {
		b->lines[i].bosh = b;
		http_init(&b->lines[i].http);
	}
	if (line_begin(&b->lines[0], fd) == -1) {
		bosh_free(b);
		return NULL;
	}
	return b;
}

static int
bosh_send(void *k, const void *data, size_t len)
{
	struct bosh	*b = k;
	size_t		 before = buf_len(&b->out), n;

	if (b->state != B_OPEN || b->close)
		return -1;
	if (wrap_stanza(&b->out, data, len) == -1) {
		buf_truncate(&b->out, before);
		return -1;
	}
	n = buf_len(&b->out) - before;
	if (buf_add(&b->lengths, &n, sizeof(n)) == -1) {
		buf_truncate(&b->out, before);
		return -1;
	}
	wake(b);
	return 0;
}

/* A request is always held, and answered once a minute. */
static void
bosh_keepalive(void *k)
{
	(void)k;
}

static size_t
bosh_queued(const void *k)
{
	const struct bosh	*b = k;
	size_t			 n = buf_len(&b->out);
	int			 i;

	for (i = 0; i < LINES; i++)
		if (b->lines[i].io != NULL)
			n += io_queued(b->lines[i].io);
	return n;
}

static void
bosh_restart(void *k)
{
	struct bosh	*b = k;

	b->restart = 1;
	wake(b);
}

static void
bosh_pause(void *k, int pause)
{
	struct bosh	*b = k;
	struct request	*q;
	int64_t		 now = clock_ms();

	if (b->paused == pause)
		return;
	b->paused = pause;
	b->pause_at = now + PAUSE_DELAY;
	TAILQ_FOREACH(q, &b->requests, next)	/* what came was not read */
		if (q->deadline < now + LATE)
			q->deadline = now + LATE;
	set_turn(b);
	wake(b);	/* goes on from the loop, not from within the caller */
}

static void
bosh_close(void *k)
{
	struct bosh	*b = k;

	if (b->state != B_OPEN || b->close)
		return;
	b->close = 1;
	wake(b);
}

static SSL *
bosh_ssl(void *k)
{
	struct bosh	*b = k;
	int		 i;

	for (i = 0; i < LINES; i++)
		if (b->lines[i].io != NULL && b->lines[i].ready)
			return io_ssl(b->lines[i].io);
	return NULL;
}

const struct road_kind road_bosh = {
	.begin = bosh_begin,
	.free = bosh_free,
	.send = bosh_send,
	.keepalive = bosh_keepalive,
	.queued = bosh_queued,
	.restart = bosh_restart,
	.pause = bosh_pause,
	.close = bosh_close,
	.ssl = bosh_ssl,
};
