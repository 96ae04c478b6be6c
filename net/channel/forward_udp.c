/* forward_udp: see forward_udp.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/stream.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/channel/forward.h"
#include "net/channel/forward_udp.h"
#include "net/dial/udp_port.h"
#include "net/io/datagram_link.h"
#include "net/io/limits.h"
#include "net/io/log.h"
#include "net/io/loop.h"

#define ASKED_ONCE	30000	/* ms: a question that has been answered, as
				 * those of DNS, wants no more */
#define CLOSING		30000	/* ms for the peer to end its direction */
#define REFUSED		5000	/* ms until a stream is tried again */

enum udp_state {
	UDP_WAITING,		/* for a stream that may be opened */
	UDP_OPEN,		/* it has a channel */
	UDP_REFUSED,		/* its stream never stood: what comes is
				 * dropped for a while */
	UDP_CLOSING		/* its stream ends; a datagram from there makes
				 * another client */
};

struct udp_client {
	struct udp_forward	*forward;
	struct udp_ends		 ends;
	enum udp_state		 state;
	struct datagram_link	*link;		/* NULL: UDP_REFUSED */
	int			 end;		/* of it, for the channel; -1 */
	struct channel		*ch;		/* NULL: none */
	struct timer		 timer;
	int64_t			 active;	/* when anything moved last */
	unsigned long		 asked;		/* datagrams of the client */
	int			 answered;
	int			 full;		/* the queue was, the last
						 * time */
	int			 told;		/* of an error */
	unsigned long		 dropped;
	RB_ENTRY(udp_client)	 node;		/* all but UDP_CLOSING */
	TAILQ_ENTRY(udp_client)	 next;
};

RB_HEAD(udp_tree, udp_client);
TAILQ_HEAD(udp_list, udp_client);

/* One -L. */
struct udp_forward {
	struct forward_udp	*udp;
	struct udp_port		*port;
	const char		*host, *service;
	SLIST_ENTRY(udp_forward) next;
};

struct forward_udp {
	struct app		*app;
	SLIST_HEAD(, udp_forward) forwards;	/* the last one first */
	size_t			 nforwards;
	struct udp_tree		 tree;		/* by their ends */
	struct udp_list		 clients;	/* the longest quiet first */
	struct udp_list		 closing;
	size_t			 n, nclosing;
	struct timer		 opening;	/* of those that wait */
};

static int
compare(const struct udp_client *a, const struct udp_client *b)
{
	return udp_ends_compare(&a->ends, &b->ends);
}

RB_GENERATE_INTERNAL(udp_tree, udp_client, node, compare,
    static __attribute__((__unused__)))

static const char *
text(const struct udp_client *c)
{
	static char	 out[UDP_ENDS_TEXT];

	return udp_ends_text(&c->ends, out);
}

static void
set_state(struct udp_client *c, enum udp_state state)
{
	static const char *const	 names[] = {
		"waiting", "open", "refused", "closing"
	};

	if (c->state == UDP_CLOSING || state == UDP_WAITING) {
		log_line(LOG_FAULT, "udp: %s cannot become %s",
		    names[c->state], names[state]);
		return;
	}
	log_line(LOG_TRACE, "udp: %s: %s -> %s", text(c), names[c->state],
	    names[state]);
	c->state = state;
}

/*
 * Life
 */

/* Take it off the list that it is in, and out of the tree. */
static void
take_out(struct udp_client *c)
{
	struct forward_udp	*u = c->forward->udp;

	if (c->state == UDP_CLOSING) {
		TAILQ_REMOVE(&u->closing, c, next);
		u->nclosing--;
	} else {
		TAILQ_REMOVE(&u->clients, c, next);
		RB_REMOVE(udp_tree, &u->tree, c);
		u->n--;
	}
}

/* Free a client that has no channel. */
static void
client_free(struct udp_client *c)
{
	if (c->dropped > 0)
		log_line(LOG_DETAIL, "udp: %s: %lu datagrams were dropped",
		    text(c), c->dropped);
	take_out(c);
	timer_clear(c->forward->udp->app->loop, &c->timer);
	datagram_link_free(c->link);
	if (c->end != -1)
		close(c->end);
	free(c);
}

/* It is a client no more; its stream ends once what is queued has gone. */
static void
client_close(struct udp_client *c)
{
	struct forward_udp	*u = c->forward->udp;

	take_out(c);
	set_state(c, UDP_CLOSING);
	TAILQ_INSERT_TAIL(&u->closing, c, next);
	u->nclosing++;
	datagram_link_finish(c->link);
	timer_set(u->app->loop, &c->timer, clock_ms() + CLOSING);
}

/* client_close(); but a stream that waits for its peer (-W) is given up at
 * once, with what is queued. */
static void
client_give_up(struct udp_client *c)
{
	if (c->ch == NULL) {
		client_free(c);
		return;
	}
	client_close(c);
	if (c->ch->waits == CHANNEL_ABSENT)
		channel_free(c->ch);
}

/* Until when it may be quiet. */
static int64_t
due(const struct udp_client *c)
{
	int64_t	 idle = 1000 * (int64_t)c->forward->udp->app->conf.udp_idle;

	if (c->state == UDP_REFUSED)
		return c->active + REFUSED;
	if (c->asked == 1 && c->answered && idle > ASKED_ONCE)
		idle = ASKED_ONCE;
	return c->active + idle;
}

/* A timer's. */
static void
client_look(void *arg)
{
	struct udp_client	*c = arg;
	struct app		*app = c->forward->udp->app;

	if (c->state == UDP_CLOSING) {
		/* The peer does not end its direction. */
		if (c->ch->stream != NULL)
			stream_close_at_end(c->ch->stream);
		channel_changed(c->ch);
	} else if (clock_ms() < due(c)) {
		timer_set(app->loop, &c->timer, due(c));
	} else if (c->state == UDP_REFUSED) {
		client_free(c);
	} else {
		log_line(LOG_DETAIL, "udp: %s: quiet for %lld s; its stream "
		    "ends", text(c), (long long)(clock_ms() - c->active) /
		    1000);
		client_give_up(c);
	}
}

/* Something moved. */
static void
client_moved(struct udp_client *c)
{
	struct forward_udp	*u = c->forward->udp;

	c->active = clock_ms();
	if (c->state == UDP_CLOSING)
		return;
	TAILQ_REMOVE(&u->clients, c, next);
	TAILQ_INSERT_TAIL(&u->clients, c, next);
	if (due(c) < c->timer.at)
		timer_set(u->app->loop, &c->timer, due(c));
}

/*
 * From the stream to the client
 */

static int
client_answer(void *arg, const unsigned char *data, size_t len)
{
	struct udp_client	*c = arg;

	if (udp_port_send(c->forward->port, &c->ends, data, len) == -1) {
		if (errno == EAGAIN)
			return -1;
		if (!c->told && errno == EMSGSIZE)
			log_line(LOG_EVENT, "udp: %s: a datagram of %zu bytes "
			    "is too large for it, and lost", text(c), len);
		else if (!c->told)
			log_line(LOG_DETAIL, "udp: %s: %s", text(c),
			    strerror(errno));
		c->told = 1;
	}
	c->answered = 1;
	client_moved(c);
	return 0;
}

static void
client_ended(void *arg)
{
	struct udp_client	*c = arg;

	if (c->state == UDP_OPEN && c->ch != NULL)
		client_close(c);
}

/* Datagrams to clients can be sent again. */
static void
forward_writable(void *arg)
{
	struct udp_forward	*f = arg;
	struct udp_client	*c;

	/* The order of the list changes meanwhile. */
	RB_FOREACH(c, udp_tree, &f->udp->tree)
		if (c->forward == f && c->link != NULL)
			datagram_link_resume(c->link);
	TAILQ_FOREACH(c, &f->udp->closing, next)
		if (c->forward == f && c->link != NULL)
			datagram_link_resume(c->link);
}

/*
 * From the client to the stream
 */

static int
holds(const struct app *app)
{
	return forward_holds(app) || app->ibb == NULL || app->ending;
}

/* Open its stream. */
static void
client_open(struct udp_client *c)
{
	struct udp_forward	*f = c->forward;
	struct app		*app = f->udp->app;
	int			 own = f->host != NULL, fd = c->end;

	if ((c->ch = channel_new(app)) == NULL) {
		log_line(LOG_EVENT, "%s: out of memory for one more stream",
		    app->peer);
		client_free(c);
		return;
	}
	c->end = -1;
	c->ch->udp_client = c;
	set_state(c, UDP_OPEN);
	if (call_open(c->ch, own ? f->host : app->host, own ? f->service :
	    app->port) == -1) {
		log_line(LOG_EVENT, "%s: out of memory for one more stream",
		    app->peer);
		close(fd);
		channel_free(c->ch);
		return;
	}
	log_line(LOG_DETAIL, "udp: %s: a stream to %s", text(c), app->peer);
	channel_join(c->ch, fd, fd);
	forward_settle(app);
}

/* A timer's: streams may be opened for clients that wait. */
static void
open_waiting(void *arg)
{
	struct forward_udp	*u = arg;
	struct udp_client	*c, *next;

	TAILQ_FOREACH_SAFE(c, &u->clients, next, next)
		if (c->state == UDP_WAITING && !holds(u->app))
			client_open(c);
}

void
forward_udp_settle(struct forward_udp *u)
{
	if (u != NULL && u->n > 0 && !holds(u->app))
		timer_set(u->app->loop, &u->opening, clock_ms());
}

void
forward_udp_left(struct udp_client *c, int stood)
{
	struct app	*app;

	if (c == NULL)
		return;
	app = c->forward->udp->app;
	c->ch = NULL;
	datagram_link_drain(c->link);
	if (stood || c->state == UDP_CLOSING || app->ending) {
		client_free(c);
		return;
	}
	datagram_link_free(c->link);
	c->link = NULL;
	set_state(c, UDP_REFUSED);
	c->active = clock_ms();
	timer_set(app->loop, &c->timer, due(c));
}

/* Is there a place for one more client?  The client that has been quiet longest
 * may lose its own. */
static int
make_room(struct forward_udp *u)
{
	size_t			 most = (size_t)u->app->conf.udp_clients;
	struct udp_client	*c;

	if (u->nclosing >= most || !limits_room(STDERR_FILENO))
		return 0;
	if (u->n < most)
		return 1;
	c = TAILQ_FIRST(&u->clients);
	log_line(LOG_DETAIL, "udp: %s: evicted, as there are %zu clients and "
	    "it has been quiet longest", text(c), u->n);
	client_give_up(c);
	return 1;
}

static struct udp_client *
client_new(struct udp_forward *f, const struct udp_ends *ends)
{
	struct forward_udp	*u = f->udp;
	struct datagram_user	 user = {
		.came = client_answer,
		.ended = client_ended,
	};
	struct udp_client	*c;

	if (!make_room(u) || (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	user.arg = c;
	c->link = datagram_link_new(u->app->loop, &user, &c->end);
	if (c->link == NULL) {
		free(c);
		return NULL;
	}
	c->forward = f;
	c->ends = *ends;
	c->active = clock_ms();
	c->timer = (struct timer){ .fire = client_look, .arg = c };
	RB_INSERT(udp_tree, &u->tree, c);
	TAILQ_INSERT_TAIL(&u->clients, c, next);
	u->n++;
	timer_set(u->app->loop, &c->timer, due(c));
	if (!holds(u->app))
		timer_set(u->app->loop, &u->opening, clock_ms());
	return c;
}

static void
forward_came(void *arg, const struct udp_ends *ends,
    const unsigned char *data, size_t len)
{
	struct udp_forward	*f = arg;
	struct udp_client	 key = { .forward = f, .ends = *ends }, *c;

	if (f->udp->app->ending)
		return;
	if ((c = RB_FIND(udp_tree, &f->udp->tree, &key)) == NULL &&
	    (c = client_new(f, ends)) == NULL) {
		log_line(LOG_DETAIL, "udp: %s: a datagram of %zu bytes is "
		    "dropped: there is no room for one more client",
		    text(&key), len);
		return;
	}
	if (c->state == UDP_REFUSED) {
		c->dropped++;
		return;
	}
	if (datagram_link_send(c->link, data, len) == 0) {
		c->asked++;
		c->full = 0;
		client_moved(c);
		return;
	}
	if (!c->full)
		log_line(LOG_DETAIL, "udp: %s: a datagram of %zu bytes is "
		    "dropped: the stream does not take them as fast", text(c),
		    len);
	c->full = 1;
	c->dropped++;
}

/*
 * Ports
 */

struct forward_udp *
forward_udp_new(struct app *app)
{
	struct forward_udp	*u;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	u->app = app;
	SLIST_INIT(&u->forwards);
	RB_INIT(&u->tree);
	TAILQ_INIT(&u->clients);
	TAILQ_INIT(&u->closing);
	u->opening = (struct timer){ .fire = open_waiting, .arg = u };
	return u;
}

void
forward_udp_free(struct forward_udp *u)
{
	struct udp_client	*c;
	struct udp_forward	*f;

	if (u == NULL)
		return;
	while ((c = TAILQ_FIRST(&u->clients)) != NULL)
		client_free(c);
	while ((f = SLIST_FIRST(&u->forwards)) != NULL) {
		SLIST_REMOVE_HEAD(&u->forwards, next);
		udp_port_free(f->port);
		free(f);
	}
	timer_clear(u->app->loop, &u->opening);
	free(u);
}

int
forward_udp_open(struct forward_udp *u, const char *where, const char *host,
    const char *port, char *why)
{
	struct udp_port_user	 user = {
		.came = forward_came,
		.writable = forward_writable,
	};
	struct udp_forward	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL) {
		strlcpy(why, "out of memory", PORT_ERR);
		return -1;
	}
	f->udp = u;
	f->host = host;
	f->service = port;
	user.arg = f;
	if ((f->port = udp_port_new(u->app->loop, where, &user, why)) ==
	    NULL) {
		free(f);
		return -1;
	}
	SLIST_INSERT_HEAD(&u->forwards, f, next);
	u->nforwards++;
	return 0;
}

char *
forward_udp_text(const struct forward_udp *u, size_t i, const char *where,
    char *out)
{
	const struct udp_forward	*f;
	size_t				 n = u->nforwards;

	SLIST_FOREACH(f, &u->forwards, next)
		if (--n == i)
			return port_bind_text(where, udp_port_number(f->port),
			    out);
	strlcpy(out, where, PORT_TEXT);
	return out;
}
