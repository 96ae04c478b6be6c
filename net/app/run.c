/* run: the loop of a run and all that lives by it; see run.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/budget.h"
#include "ibb/inband.h"
#include "ibb/warm.h"
#include "net/app/drain.h"
#include "net/app/reload.h"
#include "net/app/run.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/channel/forward.h"
#include "net/channel/invite.h"
#include "net/channel/probe_reach.h"
#include "net/channel/remote_spec.h"
#include "net/channel/service.h"
#include "net/conf/allow.h"
#include "net/conf/conf.h"
#include "net/conf/trust.h"
#include "net/dial/port.h"
#include "net/dial/resolve.h"
#include "net/file/jingle_transfer.h"
#include "net/file/oob.h"
#include "net/file/progress.h"
#include "net/file/receive.h"
#include "net/file/send.h"
#include "net/io/child.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/io/signals.h"
#include "net/login/fast_tokens.h"
#include "net/login/features_cache.h"
#include "net/login/registration.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "net/transport/discover.h"

#define CHAT_TIME	2000		/* ms for the last line of a chat */

/*
 * Signals
 */

static void
reap(struct app *app)
{
	char	 how[64];
	pid_t	 pid;

	while ((pid = child_reap(how, sizeof(how))) != 0) {
		log_line(LOG_DETAIL, "command (process %ld): %s", (long)pid,
		    how);
		channels_child_ended(app, pid);
	}
}

/* A chat that was to be ended takes too long. */
static void
chat_over(void *arg)
{
	app_end(arg, FAULT_SIGNAL);
}

void
run_signalled(struct app *app, int signo)
{
	app->signo = signo;
	if (channels_end_chat(app)) {
		app->chat_timer = (struct timer){ .fire = chat_over,
		    .arg = app };
		timer_set(app->loop, &app->chat_timer, clock_ms() + CHAT_TIME);
		return;
	}
	channels_stop(app);
	/* A guest's transfers end with its files, and others' go on. */
	if (app->owner == NULL)
		jingle_transfers_stop(app);
	app_end(app, FAULT_SIGNAL);
}

static void
signalled(void *arg, int signo)
{
	struct app	*app = arg;

	if (signo == SIGCHLD)
		reap(app);
	else if (app->mode == MODE_SHARE && app->told != NULL)
		app->told->signalled(app->told_arg, signo);
	else if (reload_asked(app, signo))
		reload(app);
	else if (drain_asked(app, signo))
		drain_begin(app, signo);
	else if (app->signo != 0)	/* twice: at once */
		loop_stop(app->loop);
	else
		run_signalled(app, signo);
}

/*
 * Begin and end
 */

/* What takes files and URLs of peers, and shows how far they are. */
static int
files_new(struct app *app)
{
	enum fault	 fault;
	char		 why[OOB_ERR > RECEIVE_ERR ? OOB_ERR : RECEIVE_ERR];

	app->progress = progress_new(app->loop, app->conf.verbosity < 0);
	if (app->progress == NULL)
		return app_fail(app, FAULT_LOCAL, "out of memory");
	log_set_before(progress_clear, app->progress);
	if ((app->receiver = receive_new(app, &fault, why)) == NULL)
		return app_fail(app, fault, "%s", why);
	if (app_listens(app) &&
	    (app->fetcher = oob_fetch_new(app, &fault, why)) == NULL)
		return app_fail(app, fault, "%s", why);
	return 0;
}

/* A peer may be on this machine if the server is. */
static int
server_is_near(void *arg)
{
	const struct app	*app = arg;

	return session_near(app->session);
}

static int
server_local(void *arg, struct addr *local)
{
	const struct app	*app = arg;

	return session_local(app->session, local);
}

static int
sockets_new(struct app *app)
{
	struct streamhosts_conf	 conf = {
		.loop = app->loop,
		.conf = &app->conf,
		.jid = app->jid,
		.proxied = discover_conf(app->discover)->proxy != NULL,
		.near = server_is_near,
		.local = server_local,
		.arg = app,
	};
	char			 why[STREAMHOSTS_ERR];

	app->streamhosts = streamhosts_new(&conf, why);
	if (app->streamhosts == NULL)
		return app_fail(app, fault_blame(why), "%s", why);
	return 0;
}

int
run_new(struct app *app)
{
	char	 why[PORT_ERR];

	if ((app->loop = loop_new()) == NULL ||
	    (app->resolver = resolver_new(app->loop)) == NULL)
		return app_fail(app, FAULT_LOCAL, "out of memory");
	channels_init(app);
	reload_begin(app);
	if (signals_catch(app->loop, signalled, app) == -1)
		return app_fail(app, FAULT_LOCAL, "signals: %s",
		    strerror(errno));
	if (app->mode == MODE_FORWARD && forward_open(app, why) == -1)
		return app_fail(app, FAULT_LOCAL, "%s", why);
	if (files_new(app) == -1)
		return -1;
	return sockets_new(app);
}

void
run_free(struct app *app)
{
	struct channel	*l;

	while ((l = TAILQ_FIRST(&app->channels)) != NULL)
		channel_free(l);
	invite_free(app);
	receive_free(app->receiver);
	oob_fetch_free(app->fetcher);
	oob_send_free(app->oob_sender);
	send_free(app->sender);
	jingle_transfers_free(app);
	log_set_before(NULL, NULL);
	progress_free(app->progress);
	upgrades_free(app->upgrades);
	probe_reach_free(app->reach);
	streamhosts_free(app->streamhosts);
	forward_free(app);
	ports_free(app->ports);
	ibb_free(app->ibb);
	warm_free(app->warm);
	app_yield(app);
	free(app->peer_given);
	budget_free(app->budget);
	session_free(app->session);
	registration_free(app->registration);
	discover_free(app->discover);
	features_cache_free(app->features);
	fast_tokens_close(app->tokens);
	resolver_free(app->resolver);
	signals_forget();
	loop_free(app->loop);
	services_free(app->services);
	remote_allowed_free(app->remote);
	trust_free(app->trust);
	allow_free(app->allow);
	SSL_CTX_free(app->tls);
	SSL_CTX_free(app->e2e);
	channel_forget_code(app);
	conf_free(&app->conf);
}
