/* server: the login of a run, and what its session tells; see server.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ibb/budget.h"
#include "ibb/dispatch.h"
#include "ibb/inband.h"
#include "ibb/warm.h"
#include "net/app/server.h"
#include "net/channel/accept.h"
#include "net/channel/admit.h"
#include "net/channel/app.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/channel/forward.h"
#include "net/channel/linger.h"
#include "net/channel/probe.h"
#include "net/channel/remote_ask.h"
#include "net/conf/conf.h"
#include "net/file/oob.h"
#include "net/file/receive.h"
#include "net/file/send.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/login/roster.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "net/transport/discover.h"
#include "xml/context.h"
#include "xml/elem.h"
#include "xml/jid.h"
#include "xml/ns.h"

#define MEMORY		(64L * 1024 * 1024)	/* bytes, by default */
#define MEMORY_SINGLE	(192L * 1024 * 1024)	/* of a single stream */
#define SIGNAL_TIME	200		/* ms for a signal to be seen */
#define CAUSE		512		/* bytes of why the server was lost */

static void
trace(void *arg, const char *line)
{
	(void)arg;
	log_line(LOG_TRACE, "%s", line);
}

static void
session_line(void *arg, int level, const char *line)
{
	(void)arg;
	log_line(level, "%s", line);
}

static size_t
stanza_most(void *arg)
{
	const struct app	*app = arg;

	return session_most(app->session);
}

static int64_t
stanza_held(void *arg)
{
	struct app	*app = arg;

	return session_holds(app->session);
}

static int
roster_input(void *arg, const struct elem *iq, const struct elem *query)
{
	struct app	*app = arg;

	return app->allow != NULL &&
	    roster_push(app->iqs, app->allow, iq, query);
}

/* Have stanzas go to the modules that handle them.  0 or -1. */
static int
add_handlers(struct app *app, const struct ibb_host *host)
{
	static const struct dispatch_entry	 entries[] = {
		{ DISPATCH_SET, NS_ROSTER, "query", roster_input },
	};
	struct dispatch	*d = app->dispatch;

	app->ibb = ibb_new(app->iqs, d, host);
	return app->ibb == NULL || channels_prepare_upgrades(app) == -1 ||
	    receive_login(app->receiver, d) == -1 ||
	    oob_login(app, d) == -1 ||
	    dispatch_add(d, entries, 1, app) == -1 ? -1 : 0;
}

/* Of a listener with many streams, and of a forward, other parties may take it
 * all; a stream alone takes what its path needs. */
static size_t
memory_of_streams(const struct app *app)
{
	if (app->conf.memory > 0)
		return (size_t)app->conf.memory;
	return app_is_single(app) ? MEMORY_SINGLE : MEMORY;
}

/* A listener has no peer that it could tell before it is called. */
static enum session_presence
whom_to_tell(const struct app *app)
{
	switch (app->conf.presence) {
	case CONF_PRESENCE_CONTACTS:
		return SESSION_PRESENCE_CONTACTS;
	case CONF_PRESENCE_AUTO:
		return app_listens(app) ? SESSION_PRESENCE_CONTACTS :
		    SESSION_PRESENCE_PEER;
	case CONF_PRESENCE_PEER:
		return app_listens(app) ? SESSION_PRESENCE_NONE :
		    SESSION_PRESENCE_PEER;
	default:
		return SESSION_PRESENCE_NONE;
	}
}

/* What the run was called for begins. */
static void
run_begin(struct app *app)
{
	if (app_listens(app))
		accept_start(app);
	else if (app->mode == MODE_FORWARD)
		forward_start(app);
	else if (app->mode == MODE_PROBE)
		probe_begin(app);
	else if (app->oob_sender != NULL)
		oob_send_start(app->oob_sender);
	else if (app->sender != NULL)
		send_start(app->sender);
	else if (app->mode == MODE_SEND)
		send_input_start(app);
	else
		call_stdio(app);
}

/* The login stands: use it. */
static void
guest_begin(struct app *g)
{
	struct app	*owner = g->owner;
	unsigned	 left = context_enter(g->context);

	g->session = owner->session;
	g->iqs = owner->iqs;
	g->roster = owner->roster;
	g->dispatch = owner->dispatch;
	g->upgrades = owner->upgrades;
	g->ibb = owner->ibb;
	g->jingles = owner->jingles;
	g->budget = owner->budget;
	g->warm = owner->warm;
	g->begun = 1;
	app_set_server(g, owner->server);	/* it may have been away */
	admit_meet(owner, g->peer);
	if (whom_to_tell(g) == SESSION_PRESENCE_PEER &&
	    strcmp(g->peer, owner->peer) != 0)
		session_tell(g->session, g->peer);
	g->told->begins(g->told_arg);
	if (!g->ending)
		run_begin(g);
	context_enter(left);
}

void
server_guest(struct app *g)
{
	if (g->owner->ibb != NULL && !g->begun && !g->ending &&
	    g->owner->server == APP_SERVER_UP)
		guest_begin(g);
}

/* Guests that have come before the login was there, or while it was away. */
static void
guests_begin(struct app *owner)
{
	struct app	*g;

	TAILQ_FOREACH(g, &owner->guests, guest)
		server_guest(g);
}

void
server_trace(struct app *app, int trace)
{
	if (app->session != NULL)
		session_set_trace(app->session, trace);
}

static void
logged_in(void *arg)
{
	struct app	*app = arg;
	struct ibb_host	 host = {
		.allowed = admit_offers,
		.offer = app_listens(app) ? accept_offered :
		    app->remote_ask != NULL ? remote_ask_offered : NULL,
		.settled = linger_settled,
		.now = clock_us,
		.ask_later = linger_ask_later,
		.answer_later = linger_answer_later,
		.most = stanza_most,
		.held = stanza_held,
		.trace = trace,
		.arg = app,
	};
	size_t			 memory = memory_of_streams(app);

	/* A single stream leaves nothing for another one. */
	if (app->e2e != NULL && (!app_is_single(app) || app->nfiles > 1))
		app->warm = warm_new(clock_us);
	app->budget = budget_new(memory, app_listens(app) &&
	    !app_is_single(app) ? memory / 2 : memory);
	if (app->budget == NULL || add_handlers(app, &host) == -1)
		app_fail(app, FAULT_LOCAL, "out of memory");
	else if (app->mode == MODE_SHARE)
		guests_begin(app);
	else
		run_begin(app);
}

/* From a timer: a session is not freed by its own callbacks. */
static void
ask_again(void *arg)
{
	struct app	*app = arg;
	char		 why[CONF_ERR], bare[JID_MAX];

	if (conf_password_again(&app->conf, jid_bare(app->jid, bare), why) ==
	    0) {
		session_free(app->session);
		app->session = NULL;
		app->iqs = NULL;
		app_set_server(app, APP_SERVER_UP);
		if (server_login(app) == -1)
			return;
	} else if (errno == EINTR) {	/* the signal comes by the loop */
		timer_set(app->loop, &app->password_timer,
		    clock_ms() + SIGNAL_TIME);
	} else {
		app_fail(app, FAULT_USE, "%s", why);
	}
}

/* Was it a password that was typed, and are there attempts left? */
static int
may_ask_again(const struct app *app)
{
	return session_fault(app->session) == SESSION_PASSWORD &&
	    app->ibb == NULL && conf_may_ask(&app->conf);
}

/* The login is lost for all guests.  A guest that has not begun is not to
 * blame, unless the login was for it: its owner's host may let it log in. */
static void
guests_over(struct app *owner)
{
	struct app	*g, *next;
	const char	*why = session_why(owner->session);

	TAILQ_FOREACH_SAFE(g, &owner->guests, guest, next) {
		if (!g->begun && !g->first)
			continue;
		context_enter(g->context);
		g->session = owner->session;	/* which has the reason */
		app_set_server(g, APP_SERVER_LOST);
		channels_break(g, why);
		if (g->nchannels == 0)
			app_fail(g, app_session_fault(g), "%s: %s",
			    discover_name(g->discover), why);
	}
	context_enter(0);
	owner->told->ended(owner->told_arg);
}

static void
session_over(void *arg)
{
	struct app	*app = arg;

	app_set_server(app, APP_SERVER_LOST);
	if (linger_is_on(app))
		app_end(app, FAULT_NONE);
	if (app->ending) {
		loop_stop(app->loop);
		return;
	}
	if (app->mode == MODE_SHARE) {
		guests_over(app);
		return;
	}
	/* Each stream breaks after its received data is written. */
	channels_break(app, session_why(app->session));
	if (may_ask_again(app)) {
		log_line(LOG_FAULT, "%s: %s", discover_name(app->discover),
		    session_why(app->session));
		timer_set(app->loop, &app->password_timer, clock_ms());
	} else if (app->nchannels == 0)
		app_fail(app, app_session_fault(app), "%s: %s",
		    discover_name(app->discover), session_why(app->session));
}

/* The level of lines about a lost server: a run that waits for calls says them,
 * any other run says so only if it takes too long. */
static int
news_level(const struct app *app)
{
	return app->mode == MODE_FORWARD ||
	    (app_listens(app) && app->conf.keep) ? LOG_EVENT : LOG_DETAIL;
}

/* The server is lost for this run. */
static void
run_lost(struct app *app, int resumable)
{
	const char		*why = app_server_why(app);
	char			 cause[CAUSE];
	struct log_event	 e = { .kind = LOG_SERVER_LOST,
				     .server = discover_name(app->discover),
				     .reason = cause };

	/* Leave out the advice behind the semicolon: it is being followed. */
	snprintf(cause, sizeof(cause), "%.*s", (int)strcspn(why, ";"), why);
	log_event(news_level(app), &e, "%s: %s; trying again", e.server,
	    cause);
	app_set_server(app, APP_SERVER_AWAY);
	channels_away(app);
	if (!resumable)
		channels_break(app, why);
}

static void
server_lost(void *arg, int resumable)
{
	struct app	*app = arg, *g;

	app_set_server(app, APP_SERVER_AWAY);
	TAILQ_FOREACH(g, &app->guests, guest) {
		context_enter(g->context);
		if (g->begun)
			run_lost(g, resumable);
	}
	context_enter(0);
	if (app->mode != MODE_SHARE)
		run_lost(app, resumable);
}

/* Have any of the guests a stream, or are about to? */
static int
has_guests(const struct app *app)
{
	return !TAILQ_EMPTY(&app->guests);
}

/* A peer knows a stream by our address, which may change while there is no
 * stream.  A listener without -k has told its address once. */
static int
may_move(void *arg)
{
	const struct app	*app = arg;

	return app->nchannels == 0 && !has_guests(app) &&
	    (!app_listens(app) || app->conf.keep);
}

/* The server is back: tell the streams of this run what is lost. */
static void
run_back(struct app *app, int resumed)
{
	const struct log_event	 e = { .kind = LOG_SERVER_BACK,
				     .server = discover_name(app->discover),
				     .resumed = resumed };

	log_event(news_level(app), &e, "back: %s", resumed ?
	    "session resumed" : "logged in again");
	app_set_server(app, APP_SERVER_UP);
	if (resumed)
		return;
	channels_break(app, "the session could not be resumed, and the "
	    "peer is no xcat, which could go on without; try again");
	if (session_moved(app->session))
		channels_moved(app);
}

/* The run goes on: ask anew for what was lost. */
static void
run_goes_on(struct app *app, int resumed)
{
	if (!resumed) {
		if (app_listens(app))
			accept_back(app, session_moved(app->session));
		else if (app->oob_sender != NULL)
			oob_send_back(app->oob_sender);
		else if (app->sender != NULL)
			send_back(app->sender);
	}
	channels_back(app);
	if (app->mode == MODE_FORWARD)
		forward_back(app);
}

static void
guest_goes_on(struct app *g, int resumed)
{
	if (!g->begun) {
		server_guest(g);
		return;
	}
	if (!resumed && whom_to_tell(g) == SESSION_PRESENCE_PEER)
		session_tell(g->session, g->peer);
	run_goes_on(g, resumed);
}

static void
server_back(void *arg, int resumed, int too_big)
{
	struct app	*app = arg, *g;

	TAILQ_FOREACH(g, &app->guests, guest) {
		context_enter(g->context);
		if (g->begun)
			run_back(g, resumed);
	}
	context_enter(0);
	if (app->mode == MODE_SHARE)
		app_set_server(app, APP_SERVER_UP);
	else
		run_back(app, resumed);
	if (!resumed)
		ibb_back(app->ibb, too_big);
	TAILQ_FOREACH(g, &app->guests, guest) {
		context_enter(g->context);
		guest_goes_on(g, resumed);
	}
	context_enter(0);
	run_goes_on(app, resumed);
}

int
server_login(struct app *app)
{
	struct session_conf	 sc = {
		.presence = whom_to_tell(app),
		.peer = app->peer,
		.jid = app->jid,
		.password = app->conf.password,
		.ways = app->discover,
		.plain = app->conf.plain,
		.bytestreams = streamhosts_allowed(app->streamhosts),
		.files = app->mode == MODE_LISTEN || app->conf.receive != NULL,
		.folders = app->conf.receive != NULL,
		.oob = app_listens(app) && oob_fetches(app),
		.external = app->conf.certificate != NULL,
		.login_ms = app_login_time(app),
		.trace = app->conf.verbosity >= 2,
		.features = app->features,
		.tokens = app->tokens,
		.any_resource = app->any_resource,
		.early = !app_listens(app) && app->mode != MODE_PROBE &&
		    *jid_resource(app->conf.jid) == '\0',
		.persist = app->mode != MODE_PROBE ||
		    app->conf.wait != CONF_WAIT_NO,
		.patience_ms = app_patience(app),
		.insists = app_listens(app) && !app->conf.keep,
		.named = app_listens(app),
	};
	const struct session_host	 host = {
		.ready = logged_in,
		.stranger = admit_stranger,
		.allowed = admit_knows,
		.lost = server_lost,
		.back = server_back,
		.may_move = may_move,
		.closed = session_over,
		.log = session_line,
		.arg = app,
	};

	app->password_timer = (struct timer){ .fire = ask_again, .arg = app };
	app->session = session_new(app->loop, app->resolver, &sc, &host);
	if (app->session == NULL)
		return app_fail(app, FAULT_LOCAL, "out of memory");
	app->iqs = session_iqs(app->session);
	app->roster = session_roster(app->session);
	app->dispatch = session_dispatch(app->session);
	return 0;
}
