/* channel_check: what follows from a change of a stream or of its local end;
 * see channel.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include "ibb/inband.h"
#include "net/channel/accept.h"
#include "net/channel/admit.h"
#include "net/channel/call.h"
#include "net/channel/channel_int.h"
#include "net/channel/forward.h"
#include "net/channel/linger.h"
#include "net/channel/notes.h"
#include "net/channel/place.h"
#include "net/channel/probe.h"
#include "net/conf/trust.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/io/pump.h"
#include "xml/context.h"

/*
 * Changes, until they are looked at
 */

void
channel_changed(void *arg)
{
	struct channel	*ch = arg;

	if (!ch->changed)
		TAILQ_INSERT_TAIL(&ch->app->changed, ch, change);
	ch->changed = 1;
}

void
channel_unchanged(struct channel *ch)
{
	if (ch->changed)
		TAILQ_REMOVE(&ch->app->changed, ch, change);
	ch->changed = 0;
}

/*
 * One channel
 */

/* The bytes that came, went and were confirmed, without those that merely wait
 * here. */
static uint64_t
moved(const struct channel *ch)
{
	size_t	 held;

	stream_data(ch->stream, &held);
	return stream_sent(ch->stream) + stream_confirmed(ch->stream) +
	    2 * stream_received(ch->stream) - held;
}

void
channel_greet(struct channel *ch)
{
	const char	*peer = stream_peer(ch->stream);
	const char	*key = stream_key(ch->stream);
	char		 line[TRUST_ERR];
	int		 doubts;

	channel_set_told(ch, CHANNEL_GREETED);
	if (key == NULL) {
		log_line(LOG_DETAIL, "%s: not encrypted end to end", peer);
		if (stream_lost_session(ch->stream))
			admit_say_plain(ch->app, peer, ch->listener ?
			    "an xcat that offers no session" :
			    "it did not take the session that was offered");
		return;
	}
	log_line(LOG_DETAIL, "%s: tls 1.3 end to end, key %s", peer, key);
	if (ch->control != NULL)
		return;			/* which was greeted */
	if (ch->app->code != NULL && stream_by_secret(ch->stream)) {
		trust_proved(ch->app->trust, peer, key, line, sizeof(line));
		log_line(LOG_EVENT, "%s", line);
		channel_forget_code(ch->app);
		return;
	}
	doubts = trust_doubts(ch->app->trust, peer);
	if (trust_met(ch->app->trust, peer, key, line, sizeof(line)) != NULL)
		log_line(doubts ? LOG_FAULT : LOG_EVENT, "%s", line);
}

/* The stream is open for the first time.  1: the channel is no more, or has
 * nothing else to be looked at. */
static int
opened(struct channel *ch)
{
	if (ch->app->mode == MODE_PROBE) {
		probe_stands(ch);
		return 1;
	}
	if (ch->told == CHANNEL_UNTOLD && !stream_is_probe(ch->stream)) {
		channel_greet(ch);
		forward_stands(ch);
	}
	if (ch->turn == CHANNEL_SHAKING) {
		place_stands(ch);
		return 1;
	}
	return 0;
}

/* Has a service said something, before its end broke, which the peer has not
 * taken yet?  Where that takes long, channel_silent() ends it. */
static int
has_last_words(const struct channel *ch, enum stream_state state)
{
	return channel_is_service(ch) && state == STREAM_OPEN &&
	    stream_confirmed(ch->stream) < stream_sent(ch->stream);
}

/* The stream has all descriptors that it is to have: is one of its directions
 * over, or all of it? */
static void
check_ends(struct channel *ch, enum stream_state state)
{
	if (ch->pump == NULL) {
		if (state == STREAM_FAILED)
			channel_broke(ch);
		else if (state == STREAM_CLOSED)
			channel_over(ch, FAULT_NONE);
		return;
	}
	/* Pass the end of input on only behind all that came, and only if it is
	 * the true end. */
	if (pump_error(ch->pump) == 0 && stream_eof(ch->stream) &&
	    !pump_output_finished(ch->pump) && (state != STREAM_FAILED ||
	    stream_heard_end(ch->stream)))
		pump_finish_output(ch->pump);
	if (pump_error(ch->pump) != 0 && has_last_words(ch, state))
		return;
	if (pump_error(ch->pump) != 0)
		channel_end_failed(ch);
	else if (state == STREAM_FAILED && stream_eof(ch->stream))
		channel_broke(ch);
	else if (state == STREAM_CLOSED && pump_output_finished(ch->pump)) {
		if (ch->app->mode == MODE_SEND &&
		    !pump_input_finished(ch->pump))
			channel_failed(ch, FAULT_BROKEN, "the peer closed the "
			    "stream before the end of the input; try again");
		else
			channel_over(ch, FAULT_NONE);
	}
}

/* The stream has its place, or needs none: join it to its local end, and see
 * to both. */
static void
check_taken(struct channel *ch, enum stream_state state)
{
	if (channel_file_check(ch))
		return;
	/* An offer that fails must not cost us the descriptors. */
	if (ch->app->mode == MODE_LISTEN && ch->file == NULL &&
	    ch->pump == NULL && (state == STREAM_OPEN ||
	    stream_received(ch->stream) > 0))
		channel_join_stdio(ch);
	if (ch->unjoined != 0) {
		channel_unjoined(ch);
		return;
	}
	notes_opened(ch);
	check_ends(ch, state);
}

static void
channel_check(struct channel *ch)
{
	enum stream_state	 state;
	uint64_t		 now_moved;

	if (ch->pump != NULL)
		pump_push(ch->pump);
	if (ch->waits == CHANNEL_ABSENT) {
		call_check(ch);
		return;
	}
	now_moved = moved(ch);
	channel_check_upgrade(ch);
	if (accept_missed(ch))
		return;
	state = stream_state(ch->stream);
	if (state == STREAM_OPEN && opened(ch))
		return;
	if (now_moved != ch->progress) {
		ch->progress = now_moved;
		channel_wait_moved(ch);
	}
	channel_wait(ch);
	if (ch->turn == CHANNEL_OURS || ch->turn == CHANNEL_TAKEN)
		check_taken(ch, state);
	else if (state == STREAM_FAILED)
		channel_broke(ch);
}

/*
 * All of them, before the loop waits
 */

static void
look_at_clock(struct app *app)
{
	if (clock_lost() == app->clock_lost)
		return;
	app->clock_lost = clock_lost();
	log_line(LOG_DETAIL, "woken; time has passed without us");
	app_woken(app);
}

/* The next channel that has changed and was not looked at in this turn: what a
 * look changes is seen in the next turn. */
static struct channel *
next_changed(struct app *app)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->changed, change)
		if (ch->looked != app->turn)
			break;
	return ch;
}

/* The loop does not wait while this timer is due, which is all it is for. */
static void
look_again(void *arg)
{
	(void)arg;
}

/* The loop does not wait if a look has changed a channel.  There may be
 * thousands of channels, few of which have changed. */
static void
channels_look(struct app *app)
{
	struct channel	*ch;

	for (app->turn++; (ch = next_changed(app)) != NULL;) {
		channel_unchanged(ch);
		ch->looked = app->turn;
		if (ch->stream != NULL)
			channel_check(ch);
	}
	if (!TAILQ_EMPTY(&app->changed))
		timer_set(app->loop, &app->looking, clock_ms());
}

static void
channels_check(void *arg)
{
	struct app	*app = arg, *g;

	look_at_clock(app);
	channels_look(app);
	TAILQ_FOREACH(g, &app->guests, guest) {
		context_enter(g->context);
		channels_look(g);
		context_enter(0);
	}
	linger_drained(app);
	/* A peer that does not wait for answers is made to wait, by the server,
	 * only where that costs no other stream anything; else it loses its
	 * own. */
	if (app->ibb != NULL)
		app_pause(app, app_is_single(app) && app->nchannels == 1 &&
		    ibb_congested(app->ibb));
}

void
channel_check_begin(struct app *app)
{
	app->looking = (struct timer){ .fire = look_again };
	app->trimming = (struct timer){ .fire = channels_trim };
	if (app->owner == NULL)
		loop_before(app->loop, channels_check, app);
}
