/* channel_wait: patience with a peer or a server that says nothing; see
 * channel.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <string.h>

#include "net/channel/await.h"
#include "net/channel/channel_int.h"
#include "net/channel/forward.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/io/pump.h"

#define ALIVE_TIME	10000	/* ms of silence until the peer is asked, */
#define ALIVE_SHARE	3	/* but this part of -w at most */
#define TRIM_TIME	100	/* ms for other streams to rest as well */

static void	 channel_timeout(void *);
static void	 channel_silent(void *);

int64_t
channel_deadline(void *arg)
{
	const struct channel	*ch = arg;

	return app_deadline(ch->app);
}

/* A run that gives up soon has to ask sooner, to know why. */
static void
look_later(struct channel *ch)
{
	int64_t	 most = ch->app->conf.timeout * 1000 / ALIVE_SHARE;

	timer_set(ch->app->loop, &ch->silence, clock_ms() +
	    (most > 0 && most < ALIVE_TIME ? most : ALIVE_TIME));
}

void
channel_wait_begin(struct channel *ch)
{
	ch->timer = (struct timer){ .fire = channel_timeout, .arg = ch };
	ch->silence = (struct timer){ .fire = channel_silent, .arg = ch };
	look_later(ch);
}

void
channel_wait_again(struct channel *ch)
{
	look_later(ch);
	channel_tick(ch);
}

void
channel_wait_end(struct channel *ch)
{
	timer_clear(ch->app->loop, &ch->timer);
	timer_clear(ch->app->loop, &ch->silence);
}

/* Datagrams have a limit of their own (udp-idle). */
void
channel_tick(struct channel *ch)
{
	if (ch->app->conf.timeout > 0 && !ch->app->held &&
	    ch->udp_client == NULL && ch->udp == NULL)
		timer_set(ch->app->loop, &ch->timer,
		    clock_ms() + ch->app->conf.timeout * 1000);
}

/*
 * Waiting: for the server, or for a peer with which the stream can go on
 */

static int
has_to_wait(const struct channel *ch)
{
	enum stream_state	 state = stream_state(ch->stream);

	return state != STREAM_FAILED && state != STREAM_CLOSED &&
	    (ch->app->server == APP_SERVER_AWAY || stream_waits(ch->stream));
}

static int
is_waiting(const struct channel *ch)
{
	return ch->waits == CHANNEL_WAITING || ch->waits == CHANNEL_AWAY;
}

static void
give_up(struct channel *ch, long long s)
{
	const char	*server = app_server_why(ch->app);
	char		 why[256];

	if (ch->app->server == APP_SERVER_AWAY)
		snprintf(why, sizeof(why), "%.*s, and no way back in %lld s; "
		    "check the network, or give it more time with -w",
		    (int)strcspn(server, ";"), server, s);
	else
		snprintf(why, sizeof(why), "it has been away for %lld s; "
		    "try again, or give it more time with -w", s);
	stream_break(ch->stream, why);
}

void
channel_wait(struct channel *ch)
{
	int64_t	 now = clock_ms();

	if (!has_to_wait(ch)) {
		if (!is_waiting(ch))
			return;
		look_later(ch);
		channel_set_waits(ch, CHANNEL_PRESENT);
		return;
	}
	if (!is_waiting(ch)) {
		channel_set_waits(ch, CHANNEL_WAITING);
		ch->since = now;
		ch->pause = AWAIT_FIRST;
		timer_set(ch->app->loop, &ch->silence, now + ch->pause);
	}
	if (stream_away(ch->stream) && ch->waits == CHANNEL_WAITING) {
		log_line(LOG_DETAIL, "%s: away; waiting",
		    stream_peer(ch->stream));
		channel_set_waits(ch, CHANNEL_AWAY);
	}
}

void
channel_wait_moved(struct channel *ch)
{
	channel_tick(ch);
	ch->since = clock_ms();
}

/* Ask the peer again and again, each time a little later. */
static void
still_waiting(struct channel *ch)
{
	int64_t	 now = clock_ms(), end = ch->since + app_patience(ch->app);

	if (now >= end) {
		give_up(ch, (now - ch->since) / 1000);
		return;
	}
	if (ch->app->server != APP_SERVER_AWAY)
		stream_ping(ch->stream);
	ch->pause = await_longer(ch->pause);
	timer_set(ch->app->loop, &ch->silence,
	    now + ch->pause > end ? end : now + ch->pause);
}

static void
wait_all(struct app *app)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->channels, next)
		if (ch->stream != NULL)
			channel_wait(ch);
}

void
channels_away(struct app *app)
{
	forward_settle(app);
	wait_all(app);
}

void
channels_back(struct app *app)
{
	forward_settle(app);
	wait_all(app);
}

/*
 * Silence
 */

/* A timer's: -w has passed without a byte. */
static void
channel_timeout(void *arg)
{
	struct channel	*ch = arg;
	char		 why[64];

	if (is_waiting(ch)) {
		give_up(ch, ch->app->conf.timeout);
		return;
	}
	if (ch->steady) {
		channel_tick(ch);
		return;
	}
	snprintf(why, sizeof(why), "nothing moved for %ld s; try again, "
	    "or give it more time with -w", ch->app->conf.timeout);
	stream_abort(ch->stream, SE_REMOTE_SERVER_TIMEOUT);
	channel_failed(ch, FAULT_TIME, why);
}

/* It has been quiet for a while, as streams are for hours: what it needed as it
 * was busy is given back, once for all streams that are. */
static void
rest(struct channel *ch)
{
	struct app	*app = ch->app;

	if (ch->rested == stream_sent(ch->stream) + ch->heard)
		return;
	ch->rested = stream_sent(ch->stream) + ch->heard;
	stream_rest(ch->stream);
	timer_set(app->loop, &app->trimming, clock_ms() + TRIM_TIME);
}

/* Ask the peer whether it is there, if it has been silent since the last call.
 * From a peer that owes us answers nothing else counts. */
static void
look_for_peer(struct channel *ch)
{
	uint64_t	 confirmed = stream_confirmed(ch->stream);
	uint64_t	 received = stream_received(ch->stream);

	look_later(ch);
	if (ch->confirmed == confirmed && ch->heard == received)
		rest(ch);
	if (ch->confirmed == confirmed && (ch->heard == received ||
	    confirmed < stream_sent(ch->stream)))
		stream_ping(ch->stream);
	ch->confirmed = confirmed;
	ch->heard = received;
}

/* What came before a failure is for the local end.  But a service that waits
 * until we read will never take it: the second look ends that. */
static int
is_stuck(struct channel *ch)
{
	if (stream_state(ch->stream) != STREAM_FAILED ||
	    !channel_is_service(ch))
		return 0;
	if (ch->waits == CHANNEL_DOOMED)
		return 1;
	channel_set_waits(ch, CHANNEL_DOOMED);
	return 0;
}

/* A timer's: time to look whether the peer is still there. */
static void
channel_silent(void *arg)
{
	struct channel	*ch = arg;

	look_later(ch);
	if (ch->stream == NULL)
		return;
	/* The file is complete, and its sender does not close. */
	if (channel_file_complete(ch)) {
		stream_finish(ch->stream);
		stream_close_at_end(ch->stream);
	}
	if (ch->pump != NULL && pump_error(ch->pump) != 0)
		channel_end_failed(ch);
	else if (is_stuck(ch))
		channel_broke(ch);
	else if (has_to_wait(ch) && is_waiting(ch))
		still_waiting(ch);
	else
		look_for_peer(ch);
}
