/* channel_upgrade: the sockets of channels (net/s5b/upgrade.h): which channel a
 * peer means, and when there is an upgrade at all. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdint.h>
#include <string.h>

#include "ibb/s5b.h"
#include "ibb/stream.h"
#include "net/channel/accept.h"
#include "net/channel/admit.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/channel/channel_int.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "xml/context.h"

struct upgrade *
channel_upgrade(struct channel *ch)
{
	if (ch->upgrade == NULL)
		ch->upgrade = upgrade_new(ch->app->upgrades, ch->stream,
		    ch->listener, channel_changed, ch);
	return ch->upgrade;
}

int
channel_call_socket(struct channel *ch)
{
	struct upgrade	*u;

	if ((u = channel_upgrade(ch)) == NULL)
		return -1;
	upgrade_call(u);
	return 0;
}

void
channel_drop_upgrade(struct channel *ch)
{
	upgrade_free(ch->upgrade);
	ch->upgrade = NULL;
}

/* A listener's begins with what its caller offers. */
void
channel_check_upgrade(struct channel *ch)
{
	if (ch->upgrade != NULL ||
	    (!ch->listener && channel_upgrade(ch) != NULL))
		upgrade_check(ch->upgrade);
}

/*
 * What upgrades ask for
 */

static struct upgrade *
find_in(const struct app *app, const char *peer, const char *sid)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->channels, next)
		if (ch->stream != NULL &&
		    strcmp(stream_sid(ch->stream), sid) == 0 &&
		    strcmp(stream_peer(ch->stream), peer) == 0)
			return channel_upgrade(ch);
	return NULL;
}

/* What follows is the business of the run that has the stream. */
static struct upgrade *
find(void *arg, const char *peer, const char *sid)
{
	struct app	*app = arg, *g;
	struct upgrade	*u = find_in(app, peer, sid);

	TAILQ_FOREACH(g, &app->guests, guest)
		if (u == NULL && (u = find_in(g, peer, sid)) != NULL)
			context_enter(g->context);
	return u;
}

static int
opens(void *arg, const char *peer)
{
	return app_listens(arg) && admit_opens(arg, peer);
}

static void
offered(void *arg, struct s5b_offer *o)
{
	accept_socket_offered(arg, o);
}

static int
is_away(void *arg)
{
	const struct app	*app = arg;

	return app->server == APP_SERVER_AWAY;
}

static int
is_ending(void *arg)
{
	const struct app	*app = arg;

	return app->ending;
}

static void
broke(void *arg)
{
	const struct app	*app = arg;

	session_woken(app->session);
}

int
channels_prepare_upgrades(struct app *app)
{
	struct upgrades_conf	 conf = {
		.loop = app->loop,
		.resolver = app->resolver,
		.iqs = app->iqs,
		.dispatch = app->dispatch,
		.streamhosts = app->streamhosts,
		.after = app->mode == MODE_PROBE ? 0 :
		    (uint64_t)app->conf.upgrade_after,
	};
	struct upgrades_host	 host = {
		.find = find,
		.opens = opens,
		.offered = offered,
		.away = is_away,
		.broke = broke,
		.ending = is_ending,
		.arg = app,
	};

	streamhosts_login(app->streamhosts, conf.iqs);
	app->upgrades = upgrades_new(&conf, &host);
	return app->upgrades == NULL ? -1 : 0;
}
