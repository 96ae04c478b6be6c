#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/inband.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/file/jingle_transfer.h"
#include "net/io/log.h"
#include "net/s5b/jingle_socket.h"
#include "net/s5b/streamhosts.h"
#include "xml/elem.h"
#include "xml/ns.h"

#define SETTLE_TIME	45000	/* ms for the two ends to find a socket */

/*
 * Ends
 */

static void
clear(struct jingle_transfer *t)
{
	timer_clear(t->app->loop, &t->timer);
	jingle_socket_free(t->socket);
	t->socket = NULL;
}

void
jingle_transfer_free(struct jingle_transfer *t, enum jingle_reason reason,
    const char *text)
{
	if (t == NULL)
		return;
	clear(t);
	if (t->session != NULL)
		jingle_session_end(t->session, reason, text);
	jingle_session_free(t->session);
	free(t);
}

static void
fail(struct jingle_transfer *t, enum jingle_reason reason, const char *why)
{
	clear(t);
	jingle_session_end(t->session, reason, why);
	t->user->failed(t->arg, why);
}

void
jingle_transfer_wait(struct jingle_transfer *t, int64_t deadline)
{
	if (deadline == INT64_MAX)
		timer_clear(t->app->loop, &t->timer);
	else
		timer_set(t->app->loop, &t->timer, deadline);
}

static void
late(void *arg)
{
	struct jingle_transfer	*t = arg;

	clear(t);
	jingle_session_end(t->session, JINGLE_TIMEOUT, NULL);
	t->user->late(t->arg);
}

/*
 * The transport
 */

/* The largest block that we offer, and that we take of what a peer offers. */
static size_t
block_of(const struct jingle_transfer *t)
{
	struct stream_conf	 sc = channel_stream_conf(t->app);
	size_t			 block = t->session->block;

	if (t->session->initiator || block > sc.block)
		block = sc.block;
	return block;
}

static void
go_inband(struct jingle_transfer *t)
{
	clear(t);
	/* The stream, or its <open/>, is what is waited for now. */
	jingle_transfer_wait(t, app_deadline(t->app));
	t->user->inband(t->arg);
}

/* The one place where a step is made; -vv shows it. */
static void
set_step(struct jingle_transfer *t, enum jingle_transfer_step step)
{
	static const char *const	 names[] = {
		"new", "ready", "wanted", "settling"
	};

	log_line(LOG_TRACE, "session %.8s: %s -> %s", t->session->sid,
	    names[t->step], names[step]);
	t->step = step;
}

/* There is no socket.  The initiator asks for another transport, and the
 * responder waits for that (XEP-0260 section 3). */
static void
no_socket(void *arg, const char *why)
{
	struct jingle_transfer	*t = arg;

	log_line(LOG_DETAIL, "%s: no socket: %s", t->session->peer, why);
	clear(t);
	jingle_transfer_wait(t, app_deadline(t->app));
	if (!t->session->initiator)
		return;
	if (t->app->conf.carrier == CONF_CARRIER_S5B)
		fail(t, JINGLE_CONNECTIVITY_ERROR, "no socket between us: name "
		    "a proxy with -P, or try without -o carrier=s5b");
	else if (jingle_session_replace(t->session, block_of(t)) == -1)
		fail(t, JINGLE_GENERAL_ERROR, "out of memory");
}

static void
socket_say(void *arg, enum jingle_says says, const char *cid)
{
	struct jingle_transfer	*t = arg;

	jingle_session_say(t->session, says, cid);
}

static void
socket_stands(void *arg, int fd, const char *proxy)
{
	struct jingle_transfer	*t = arg;
	char			 by[JID_MAX] = "";

	if (proxy != NULL)
		strlcpy(by, proxy, sizeof(by));
	clear(t);
	t->user->socket(t->arg, fd, proxy != NULL ? by : NULL);
}

/* The initiator's session-initiate, or the responder's session-accept.  0 or
 * -1. */
static int
put_offer(struct jingle_transfer *t, const struct jingle_offer *o)
{
	struct jingle_session	*s = t->session;

	set_step(t, JINGLE_TRANSFER_SETTLING);
	if (s->initiator)
		return jingle_session_offer(s, &t->file, t->mime, o,
		    app_deadline(t->app));
	return jingle_session_accept(s, &t->file, t->offset, o);
}

static int
put_inband(struct jingle_transfer *t)
{
	struct jingle_offer	 o = { .block = block_of(t) };

	return put_offer(t, &o);
}

/* All is known that a session-accept takes. */
static void
accept_now(struct jingle_transfer *t)
{
	struct jingle_offer	 o;
	int			 r;

	if (t->socket == NULL) {
		r = put_inband(t);
	} else {
		o = jingle_socket_offer(t->socket);
		r = put_offer(t, &o);
	}
	if (r == -1) {
		fail(t, JINGLE_GENERAL_ERROR, "out of memory");
	} else if (t->socket == NULL) {
		go_inband(t);
	} else {
		jingle_transfer_wait(t, clock_ms() + SETTLE_TIME);
		jingle_socket_begin(t->socket, NULL);
	}
}

static void
socket_ready(void *arg)
{
	struct jingle_transfer	*t = arg;
	struct jingle_offer	 o = jingle_socket_offer(t->socket);

	if (t->session->initiator) {
		if (put_offer(t, &o) == -1)
			fail(t, JINGLE_GENERAL_ERROR, "out of memory");
	} else if (t->step == JINGLE_TRANSFER_WANTED) {
		accept_now(t);
	} else {
		set_step(t, JINGLE_TRANSFER_READY);
	}
}

void
jingle_transfer_accept(struct jingle_transfer *t, const struct si_file *f,
    uint64_t offset)
{
	t->file = *f;
	t->offset = offset;
	if (t->socket == NULL || t->step == JINGLE_TRANSFER_READY)
		accept_now(t);
	else
		set_step(t, JINGLE_TRANSFER_WANTED);
}

static const struct jingle_socket_user	 socket_user = {
	.ready = socket_ready,
	.say = socket_say,
	.stands = socket_stands,
	.failed = no_socket,
};

/* Look for a socket, of which the peer offers the other end (NULL: not yet).
 * 0, or -1 when out of memory. */
static int
seek_socket(struct jingle_transfer *t, const struct jingle_transport *theirs)
{
	struct app			*app = t->app;
	struct jingle_socket_conf	 conf = {
		.loop = app->loop,
		.resolver = app->resolver,
		.iqs = app->iqs,
		.streamhosts = app->streamhosts,
		.peer = t->session->peer,
		.sid = t->session->stream,
		.initiator = t->session->initiator,
		.writes = t->session->initiator,
	};

	t->socket = jingle_socket_new(&conf, theirs, &socket_user, t);
	return t->socket == NULL ? -1 : 0;
}

/*
 * What the session tells
 */

static void
session_accepted(void *arg, const struct jingle_content *c)
{
	struct jingle_transfer	*t = arg;

	if (t->user->accepted(t->arg, c) == -1)
		return;
	if (t->session->kind != JINGLE_S5B) {
		go_inband(t);
		return;
	}
	jingle_transfer_wait(t, clock_ms() + SETTLE_TIME);
	if (t->socket != NULL)
		jingle_socket_begin(t->socket, &c->transport);
}

static void
session_refused(void *arg, enum stanza_error err, const char *text)
{
	struct jingle_transfer	*t = arg;

	clear(t);
	t->user->refused(t->arg, err, text);
}

static int
session_said(void *arg, const struct jingle_transport *said)
{
	struct jingle_transfer	*t = arg;

	return t->socket == NULL ? 0 : jingle_socket_hear(t->socket, said);
}

static void
session_replaced(void *arg, int ours)
{
	struct jingle_transfer	*t = arg;

	(void)ours;
	if (t->session->state == JINGLE_ACTIVE) {
		go_inband(t);
		return;
	}
	/* The new transport is that which is accepted. */
	jingle_socket_free(t->socket);
	t->socket = NULL;
	if (t->step == JINGLE_TRANSFER_WANTED)
		accept_now(t);
}

static void
session_kept(void *arg)
{
	fail(arg, JINGLE_CONNECTIVITY_ERROR,
	    "no socket between us, and it takes no in-band stream");
}

static void
session_checksum(void *arg, const struct si_file *f)
{
	const struct jingle_transfer	*t = arg;

	t->user->checksum(t->arg, f);
}

static void
session_received(void *arg)
{
	const struct jingle_transfer	*t = arg;

	t->user->received(t->arg);
}

static void
session_ended(void *arg, enum jingle_reason reason, const char *text)
{
	struct jingle_transfer	*t = arg;

	clear(t);
	t->user->ended(t->arg, reason, text);
}

static const struct jingle_user	 session_user = {
	.accepted = session_accepted,
	.refused = session_refused,
	.said = session_said,
	.replaced = session_replaced,
	.kept = session_kept,
	.checksum = session_checksum,
	.received = session_received,
	.ended = session_ended,
};

/*
 * All of them
 */

static void
trace(void *arg, const struct jingle_session *s, const char *from,
    const char *to)
{
	(void)arg;
	log_line(LOG_TRACE, "session %.8s: %s -> %s", s->sid, from, to);
}

static int
jingle_input(void *arg, const struct elem *iq, const struct elem *jingle)
{
	const struct app	*app = arg;

	return jingles_input(app->jingles, iq, jingle);
}

int
jingle_transfers_login(struct app *app, struct dispatch *d,
    int (*opens)(void *, const char *),
    void (*offered)(void *, const struct jingle *))
{
	static const struct dispatch_entry	 entries[] = {
		{ DISPATCH_SET, NS_JINGLE, "jingle", jingle_input },
	};
	struct jingles_host	 host = {
		.opens = opens,
		.offered = offered,
		.trace = trace,
		.arg = app,
	};

	app->jingles = jingles_new(app->iqs, &host);
	return app->jingles == NULL ? -1 : dispatch_add(d, entries, 1, app);
}

void
jingle_transfers_stop(struct app *app)
{
	if (app->jingles != NULL)
		jingles_end(app->jingles, JINGLE_GONE);
}

void
jingle_transfers_free(struct app *app)
{
	jingles_free(app->jingles);
	app->jingles = NULL;
}

/*
 * Life
 */

static struct jingle_transfer *
make(struct app *app, const struct jingle_transfer_user *user, void *arg)
{
	struct jingle_transfer	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->app = app;
	t->user = user;
	t->arg = arg;
	t->timer = (struct timer){ .fire = late, .arg = t };
	return t;
}

struct jingle_transfer *
jingle_transfer_offer(struct app *app, const char *peer,
    const struct si_file *f, const char *mime, int socket,
    const struct jingle_transfer_user *user, void *arg)
{
	struct jingle_transfer	*t = make(app, user, arg);

	if (t == NULL || (t->session = jingle_session_new(app->jingles, peer,
	    &session_user, t)) == NULL) {
		free(t);
		return NULL;
	}
	t->file = *f;
	t->mime = mime;
	if ((socket ? seek_socket(t, NULL) : put_inband(t)) == -1) {
		jingle_transfer_free(t, JINGLE_NO_REASON, NULL);
		return NULL;
	}
	jingle_transfer_wait(t, app_deadline(app));
	return t;
}

struct jingle_transfer *
jingle_transfer_take(struct app *app, const struct jingle *j,
    const struct jingle_transfer_user *user, void *arg)
{
	struct jingle_transfer	*t = make(app, user, arg);

	if (t == NULL) {
		jingles_decline(app->jingles, j, JINGLE_BUSY, NULL);
		return NULL;
	}
	t->session = jingle_session_take(app->jingles, j, &session_user, t);
	if (t->session == NULL) {
		free(t);
		return NULL;
	}
	/* The candidates are in the offer alone. */
	if (t->session->kind == JINGLE_S5B &&
	    seek_socket(t, &j->content.transport) == -1) {
		jingle_transfer_free(t, JINGLE_BUSY, NULL);
		return NULL;
	}
	return t;
}
