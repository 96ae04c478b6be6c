/* channel: how one begins and ends; see channel.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "ibb/inband.h"
#include "net/channel/account.h"
#include "net/channel/channel_int.h"
#include "net/channel/forward.h"
#include "net/channel/forward_udp.h"
#include "net/channel/invite.h"
#include "net/channel/linger.h"
#include "net/channel/notes.h"
#include "net/channel/place.h"
#include "net/channel/service_dial.h"
#include "net/channel/service_udp.h"
#include "net/conf/code.h"
#include "net/conf/trust.h"
#include "net/dial/socks_accept.h"
#include "net/io/child.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/io/pump.h"

/*
 * Life
 */

void
channels_init(struct app *app)
{
	TAILQ_INIT(&app->channels);
	TAILQ_INIT(&app->changed);
	RB_INIT(&app->accounts);
	TAILQ_INIT(&app->guests);
	linger_begin(app);
	channel_check_begin(app);
}

struct channel *
channel_new(struct app *app)
{
	struct channel	*ch;

	if ((ch = calloc(1, sizeof(*ch))) == NULL)
		return NULL;
	ch->app = app;
	ch->made = clock_ms();
	channel_detach(ch);
	ch->handshake = (struct timer){ .fire = place_late, .arg = ch };
	channel_wait_begin(ch);
	TAILQ_INSERT_TAIL(&app->channels, ch, next);
	app->nchannels++;
	return ch;
}

void
channel_free(struct channel *ch)
{
	channel_wait_end(ch);
	timer_clear(ch->app->loop, &ch->handshake);
	await_end(ch->app, &ch->absent);
	service_dial_cancel(ch->dial);
	if (ch->socks != NULL)
		socks_accept_reply(ch->socks, SOCKS_FAILURE);
	pump_free(ch->pump);
	service_udp_free(ch->udp);
	forward_udp_left(ch->udp_client, ch->told != CHANNEL_UNTOLD);
	channel_drop_upgrade(ch);
	stream_free(ch->stream);
	channel_file_left(ch);
	free(ch->service);
	free(ch->host);
	free(ch->port);
	free(ch->target);
	channel_unchanged(ch);
	account_leave(ch);
	TAILQ_REMOVE(&ch->app->channels, ch, next);
	ch->app->nchannels--;
	if (ch->control != NULL)	/* it may have waited for this */
		channel_changed(ch->control);
	forward_settle(ch->app);
	free(ch);
}

void
channel_drop_stream(struct channel *ch)
{
	pump_free(ch->pump);
	ch->pump = NULL;
	channel_drop_upgrade(ch);
	stream_free(ch->stream);
	ch->stream = NULL;
	channel_set_told(ch, CHANNEL_UNTOLD);
}

int
channel_is_service(const struct channel *ch)
{
	return ch->app->mode == MODE_SERVE || ch->app->mode == MODE_FORWARD;
}

/*
 * The processes of services
 */

void
channel_child_ended(struct channel *ch)
{
	ch->pid = 0;
	if (ch->stream != NULL)
		stream_close_at_end(ch->stream);
}

void
channels_child_ended(struct app *app, pid_t pid)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->channels, next)
		if (ch->pid == pid)
			channel_child_ended(ch);
}

/*
 * Ends
 */

/* After many streams at once, or much in one, malloc would keep what they
 * needed. */
void
channels_trim(void *arg)
{
	(void)arg;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void
channel_over(struct channel *ch, enum fault fault)
{
	struct app	*app = ch->app;
	int		 more = channel_file_more(ch);

	notes_ended(ch, LOG_EVENT, fault, "complete");
	if (channel_file_over(ch, fault))
		return;
	channel_free(ch);
	if (app->nchannels == 0)
		channels_trim(NULL);
	if ((app_is_single(app) && !more) ||
	    (app->server == APP_SERVER_LOST && app->nchannels == 0) ||
	    app->signo != 0)
		linger_finish(app, fault);
	else if (app->mode == MODE_LISTEN)
		place_next(app);
}

void
channel_lapsed(struct channel *ch)
{
	struct app	*app = ch->app;

	channel_free(ch);
	if (app->mode == MODE_LISTEN)
		place_next(app);
}

void
channels_stop(struct app *app)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->channels, next) {
		notes_ended(ch, LOG_EVENT, FAULT_SIGNAL, ch->listener ?
		    "this listener was stopped" : "stopped");
		if (ch->stream == NULL)
			continue;
		stream_abort(ch->stream, SE_RECIPIENT_UNAVAILABLE);
		if (channel_is_service(ch))
			channel_break_end(ch);
		else if (ch->pid > 0)
			child_hangup(ch->pid);
	}
}

/*
 * What streams are like
 */

void
channel_forget_code(struct app *app)
{
	if (app->code != NULL)
		OPENSSL_cleanse(app->code, CODE_SECRET);
	free(app->code);
	app->code = NULL;
}

/* -R: it is the process at the other end of the control stream, or nothing. */
static const char *
judge_agreed(const struct channel *ch, const char *fingerprint)
{
	const char	*key = ch->control == NULL ? NULL :
			    stream_key(ch->control->stream);

	return key != NULL && strcmp(key, fingerprint) == 0 ? NULL :
	    "its key is not that of the stream that has asked for the port";
}

static const char *
judge(void *arg, const char *fingerprint)
{
	const struct channel	*ch = arg;
	const char		*peer = ch->offerer;

	if (ch->called_for == STREAM_FOR_CONNECTION || ch->control != NULL)
		return judge_agreed(ch, fingerprint);
	/* What an earlier session has left is looked at as the stream is made.
	 */
	if (ch->stream != NULL) {
		peer = stream_peer(ch->stream);
		if (stream_by_secret(ch->stream))
			return app_listens(ch->app) ? invite_claim(ch->app,
			    peer, fingerprint) : NULL;
	}
	return trust_judge(ch->app->trust, app_listens(ch->app) ? peer :
	    ch->app->peer, fingerprint);
}

/* Without -b a listener takes any block that a caller asks for: some callers
 * ask for 65535 bytes, and for nothing less when that is refused. */
static size_t
largest_block(const struct app *app)
{
	if (app->conf.block_size > 0)
		return (size_t)app->conf.block_size;
	return app_listens(app) ? INBAND_BLOCK_MAX : INBAND_BLOCK_DEFAULT;
}

struct stream_conf
channel_stream_conf(struct app *app)
{
	return (struct stream_conf){
		.block = largest_block(app),
		.most = app->conf.block_size > 0 ? 0 : INBAND_BLOCK_MAX,
		.message = app->conf.message,
		.close_at_end = app->conf.close_at_eof ||
		    app->mode == MODE_SEND,
		.close_plain = app->mode == MODE_SERVE ||
		    app->mode == MODE_FORWARD || app->mode == MODE_PROBE,
		.deadline = channel_deadline,
		.tls = app->e2e,
		.require = app->conf.e2e == CONF_E2E_REQUIRE ||
		    (!app_listens(app) &&
		    app->trust != NULL && (app->code != NULL ||
		    trust_expects(app->trust, app->peer))),
		.secret = app->code,
		.warm = app->warm,
		.judge = judge,
		.iqs = app->iqs,
		.budget = app->budget,
	};
}
