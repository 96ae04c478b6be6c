#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "ibb/carrier.h"
#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/notes.h"
#include "net/channel/app.h"
#include "net/channel/service_dial.h"
#include "net/conf/trust.h"
#include "net/dial/port.h"
#include "net/dial/socks_accept.h"
#include "net/io/child.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "net/login/session.h"
#include "net/s5b/upgrade.h"

#define ANSWER_TIME	120		/* s, unless -w says otherwise */
#define ALIVE_TIME	10000		/* ms of silence until it is asked, */
#define ALIVE_SHARE	3		/* but this part of -w at most */
#define LINGER		10000		/* ms for a peer to ask how it ended */
#define PATIENCE	120		/* s, likewise, for one that is away */
#define ASK_LATER	100		/* ms: see struct ibb_host, */
#define ANSWER_LATER	1		/* likewise */
#define LOOK_FIRST	500		/* ms until it is asked again; twice */
#define LOOK_MOST	5000		/* that, and so on, but not more */

/* Of a channel without a file. */
static const struct channel_file_ops no_file;

static void	 channel_timeout(void *);
static void	 channel_silent(void *);
static void	 linger_over(void *);
static void	 asked_later(void *);
static void	 answer(void *);
static void	 look_again(void *);
static void	 channels_check(void *);

int64_t
answer_deadline(const struct app *app)
{
	return clock_ms() + 1000 * (app->conf.timeout > 0 ? app->conf.timeout :
	    ANSWER_TIME);
}

/* The same, for streams. */
static int64_t
channel_deadline(void *arg)
{
	const struct channel	*ch = arg;

	return answer_deadline(ch->app);
}

void
channels_init(struct app *app)
{
	TAILQ_INIT(&app->channels);
	TAILQ_INIT(&app->changed);
	app->lingering = (struct timer){ .fire = linger_over, .arg = app };
	app->asking = (struct timer){ .fire = asked_later };
	app->answering = (struct timer){ .fire = answer, .arg = app };
	app->looking = (struct timer){ .fire = look_again };
	loop_before(app->loop, channels_check, app);
}

/* Whoever gives up soon has to ask sooner, to know why. */
static void
look_later(struct channel *ch)
{
	int64_t	 most = ch->app->conf.timeout * 1000 / ALIVE_SHARE;

	timer_set(ch->app->loop, &ch->silence, clock_ms() +
	    (most > 0 && most < ALIVE_TIME ? most : ALIVE_TIME));
}

void
channel_changed(void *arg)
{
	struct channel	*ch = arg;

	if (!ch->changed)
		TAILQ_INSERT_TAIL(&ch->app->changed, ch, change);
	ch->changed = 1;
}

/* It will have been looked at. */
static void
unchanged(struct channel *ch)
{
	if (ch->changed)
		TAILQ_REMOVE(&ch->app->changed, ch, change);
	ch->changed = 0;
}

void
channel_attach(struct channel *ch, const struct channel_file_ops *ops,
    void *file)
{
	ch->file_ops = ops;
	ch->file = file;
}

void
channel_detach(struct channel *ch)
{
	ch->file = NULL;
	ch->file_ops = &no_file;
}

/* What a function that answers 0 for no file says of the channel's file. */
static int
ask_file(const struct channel *ch, int (*fn)(void *))
{
	return fn != NULL && fn(ch->file);
}

int
channel_is_apart(const struct channel *ch)
{
	return ask_file(ch, ch->file_ops->apart);
}

struct channel *
channel_new(struct app *app)
{
	struct channel	*ch;

	if ((ch = calloc(1, sizeof(*ch))) == NULL)
		return NULL;
	ch->app = app;
	ch->file_ops = &no_file;
	ch->timer = (struct timer){ .fire = channel_timeout, .arg = ch };
	ch->silence = (struct timer){ .fire = channel_silent, .arg = ch };
	ch->handshake = (struct timer){ .fire = accept_late, .arg = ch };
	look_later(ch);
	TAILQ_INSERT_TAIL(&app->channels, ch, next);
	app->nchannels++;
	return ch;
}

void
channel_free(struct channel *ch)
{
	timer_clear(ch->app->loop, &ch->timer);
	timer_clear(ch->app->loop, &ch->silence);
	timer_clear(ch->app->loop, &ch->handshake);
	service_dial_cancel(ch->dial);
	if (ch->socks != NULL)
		socks_accept_reply(ch->socks, SOCKS_FAILURE);
	pump_free(ch->pump);
	upgrade_free(ch);
	stream_free(ch->stream);
	if (ch->file_ops->left != NULL)
		ch->file_ops->left(ch->file);
	free(ch->service);
	free(ch->host);
	free(ch->port);
	free(ch->target);
	unchanged(ch);
	TAILQ_REMOVE(&ch->app->channels, ch, next);
	ch->app->nchannels--;
	free(ch);
}

/* After many streams at once malloc would keep what they needed. */
static void
give_memory_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/*
 * The only stream has ended well, but whether its peer knows is not known:
 * stay a little, in case it asks.  There is nothing left to be done here.
 */

static void
linger_over(void *arg)
{
	app_end(arg, FAULT_NONE);
}

int
channel_lingers(const struct app *app)
{
	return app->lingering.on;
}

void
channel_settled(void *arg)
{
	struct app	*app = arg;

	if (app->lingering.on && ibb_unsettled(app->ibb) == 0)
		app_end(app, FAULT_NONE);
}

/* So many ms after it was asked for first. */
static void
later(struct app *app, struct timer *t, int64_t ms)
{
	if (!t->on)
		timer_set(app->loop, t, clock_ms() + ms);
}

/* That the loop turns is enough. */
static void
asked_later(void *arg)
{
	(void)arg;
}

void
channel_ask_later(void *arg)
{
	struct app	*app = arg;

	later(app, &app->asking, ASK_LATER);
}

static void
answer(void *arg)
{
	struct app	*app = arg;

	ibb_answer(app->ibb);
}

void
channel_answer_later(void *arg)
{
	struct app	*app = arg;

	later(app, &app->answering, ANSWER_LATER);
}

static void
finish_settled(struct app *app, enum fault fault)
{
	if (app->signo != 0)
		app_end(app, FAULT_SIGNAL);
	else if (fault == FAULT_NONE && !app->lost &&
	    ibb_unsettled(app->ibb) > 0)
		timer_set(app->loop, &app->lingering, clock_ms() + LINGER);
	else
		app_end(app, fault);
}

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

void
channels_stop(struct app *app)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->channels, next) {
		notes_ended(ch, LOG_EVENT, "this listener was stopped");
		if (ch->stream != NULL)
			stream_abort(ch->stream, SE_RECIPIENT_UNAVAILABLE);
		if (ch->pid > 0)
			child_hangup(ch->pid);
	}
}

/* The link is over.  Where there may be others, that is all. */
void
channel_over(struct channel *ch, enum fault fault)
{
	struct app	*app = ch->app;
	int		 more = ask_file(ch, ch->file_ops->more);

	notes_ended(ch, LOG_EVENT, "complete");
	if (ch->file_ops->over != NULL && ch->file_ops->over(ch->file, fault))
		return;
	channel_free(ch);
	if (app->nchannels == 0)
		give_memory_back();
	if ((app_is_single(app) && !more) ||
	    (app->lost && app->nchannels == 0) || app->signo != 0)
		finish_settled(app, fault);
	else if (app->mode == MODE_LISTEN)
		accept_next(app);
}

/* An offer that never became a stream: a listener goes on, even without -k. */
static void
channel_lapsed(struct channel *ch)
{
	struct app	*app = ch->app;

	channel_free(ch);
	if (app->mode == MODE_LISTEN)
		accept_next(app);
}

/* A SOCKS client hears why in a byte. */
static enum socks_reply
socks_code(enum stanza_error err)
{
	switch (err) {
	case SE_INTERNAL_SERVER_ERROR:
		return SOCKS_REFUSED;
	case SE_ITEM_NOT_FOUND:
	case SE_SERVICE_UNAVAILABLE:
	case SE_NOT_ACCEPTABLE:
		return SOCKS_NOT_ALLOWED;
	default:
		return SOCKS_FAILURE;
	}
}

/* A caller that hangs up before a byte has moved, as -z does, does not cost a
 * listener its only stream: the next caller gets its descriptors.  Returns
 * whether that is so. */
static int
hung_up_idle(struct channel *ch)
{
	if (ch->app->mode != MODE_LISTEN || ch->app->conf.keep ||
	    ch->file != NULL || stream_fault(ch->stream) != STREAM_HUNG_UP ||
	    stream_sent(ch->stream) > 0 || stream_received(ch->stream) > 0)
		return 0;
	log_line(LOG_DETAIL, "%s: %s; listening again", stream_peer(ch->stream),
	    stream_why(ch->stream));
	if (ch->pump != NULL && !end_leave(ch->pump))
		ch->app->conf.no_stdin = 1;		/* it has ended */
	ch->pump = NULL;
	channel_lapsed(ch);
	return 1;
}

/* Has a caller hung up whose service will judge for itself what that means?  A
 * socket is reset, and that is how ssh(1) ends every session; but what a
 * command leaves behind may look whole. */
static int
hung_up_on_socket(const struct channel *ch)
{
	return ch->app->mode == MODE_SERVE && ch->pid == 0 &&
	    ch->file == NULL && stream_fault(ch->stream) == STREAM_HUNG_UP;
}

/* Say why it has failed, at the level that this deserves. */
static void
say_failed(struct channel *ch, const char *why, const char *confirmed)
{
	int	 hung_up = app_listens(ch->app) &&
		    stream_fault(ch->stream) == STREAM_HUNG_UP;

	if (notes_ended(ch, hung_up ? LOG_EVENT : LOG_FAULT, why) ||
	    ask_file(ch, ch->file_ops->told))
		return;
	log_line(hung_up_on_socket(ch) ? LOG_DETAIL : LOG_FAULT,
	    "%s: %s%s%s%s", stream_peer(ch->stream),
	    ch->file_ops->before != NULL ? ch->file_ops->before(ch->file) : "",
	    why, confirmed,
	    ch->file_ops->behind != NULL ? ch->file_ops->behind(ch->file) : "");
}

void
channel_failed(struct channel *ch, enum fault fault, const char *why)
{
	char	 confirmed[64] = "";
	int	 begun = 1;

	if (hung_up_idle(ch))
		return;
	if (hung_up_on_socket(ch))
		fault = FAULT_NONE;

	/* Nothing was lost that had not begun.  It may have begun and failed
	 * in one turn. */
	if (!ch->greeted && stream_sent(ch->stream) == 0 &&
	    stream_received(ch->stream) == 0)
		begun = 0;
	if ((ch->app->lost || ch->app->away) && !begun)
		fault = app_session_fault(ch->app);
	if (fault != FAULT_PEER && fault != FAULT_NONE && begun)
		snprintf(confirmed, sizeof(confirmed),
		    "; %llu bytes confirmed",
		    (unsigned long long)stream_confirmed(ch->stream));
	if (ch->file_ops->fails != NULL)
		ch->file_ops->fails(ch->file);
	say_failed(ch, why, confirmed);
	/* The local end must not take this for a proper end. */
	if (ch->socks != NULL)
		socks_accept_reply(ch->socks,
		    socks_code(stream_refusal(ch->stream)));
	ch->socks = NULL;
	if (ch->pump != NULL && pump_output_finished(ch->pump))
		pump_free(ch->pump);	/* it had all, and its end */
	else
		pump_break(ch->pump);
	ch->pump = NULL;
	if (ch->pid > 0)
		child_hangup(ch->pid);
	if (ask_file(ch, ch->file_ops->declined) || (app_listens(ch->app) &&
	    !begun && !ch->app->lost))
		channel_lapsed(ch);
	else
		channel_over(ch, fault);
}

static enum fault
stream_to_fault(enum stream_fault fault)
{
	switch (fault) {
	case STREAM_REFUSED:
		return FAULT_PEER;
	case STREAM_SILENT:
		return FAULT_TIME;
	case STREAM_INTERNAL:
		return FAULT_LOCAL;
	default:
		return FAULT_BROKEN;
	}
}

/* The stream has failed, for the reason that it gives. */
static void
channel_broke(struct channel *ch)
{
	enum fault	 fault = stream_to_fault(stream_fault(ch->stream));

	if (fault == FAULT_BROKEN && ch->app->lost &&
	    app_session_fault(ch->app) == FAULT_LOCAL)
		fault = FAULT_LOCAL;
	channel_failed(ch, fault, stream_why(ch->stream));
}

/* Is its local end neither a file nor standard input and output? */
static int
is_service(const struct channel *ch)
{
	return ch->app->mode == MODE_SERVE || ch->app->mode == MODE_FORWARD;
}

/* What reading or writing has failed. */
static const char *
end_name(const struct channel *ch)
{
	if (is_service(ch))
		return "the local end";
	if (channel_is_apart(ch))
		return "the file";
	return pump_failed(ch->pump)[0] == 'r' ? "standard input" :
	    "standard output";
}

static void
channel_end_failed(struct channel *ch)
{
	char	 why[128];

	snprintf(why, sizeof(why), "%s %s: %s", pump_failed(ch->pump),
	    end_name(ch), strerror(pump_error(ch->pump)));
	stream_abort(ch->stream, SE_INTERNAL_SERVER_ERROR);
	channel_failed(ch, FAULT_LOCAL, why);
}

/* There are no descriptors, or no memory, for its local end. */
static void
channel_unjoined(struct channel *ch)
{
	char	 why[128];

	snprintf(why, sizeof(why), "it cannot be joined to anything here: "
	    "%s", strerror(ch->unjoined));
	stream_abort(ch->stream, SE_INTERNAL_SERVER_ERROR);
	channel_failed(ch, FAULT_LOCAL, why);
}

/* What came and what went; not what merely waits here. */
static uint64_t
moved(const struct channel *ch)
{
	size_t	 held;

	stream_data(ch->stream, &held);
	return stream_sent(ch->stream) + stream_confirmed(ch->stream) +
	    2 * stream_received(ch->stream) - held;
}

void
channel_tick(struct channel *ch)
{
	if (ch->app->conf.timeout > 0)
		timer_set(ch->app->loop, &ch->timer,
		    clock_ms() + ch->app->conf.timeout * 1000);
}

/*
 * Waiting: for the server or for the peer, if it is one that we can go on with
 */

static int
is_waiting(const struct channel *ch)
{
	enum stream_state	 state = stream_state(ch->stream);

	return state != STREAM_FAILED && state != STREAM_CLOSED &&
	    (ch->app->away || stream_waits(ch->stream));
}

static void
gave_up_waiting(struct channel *ch, long long s)
{
	const char	*server = session_why(ch->app->session);
	char		 why[256];

	if (ch->app->away)
		snprintf(why, sizeof(why), "%.*s, and no way back in %lld s; "
		    "check the network, or give it more time with -w",
		    (int)strcspn(server, ";"), server, s);
	else
		snprintf(why, sizeof(why), "it has been away for %lld s; "
		    "try again, or give it more time with -w", s);
	stream_break(ch->stream, why);
}

int64_t
channel_patience(const struct app *app)
{
	return 1000 * (app->conf.timeout > 0 ? app->conf.timeout : PATIENCE);
}

/* Begin or stop to wait, as things are. */
static void
channel_wait(struct channel *ch)
{
	int64_t	 now = clock_ms();

	if (!is_waiting(ch)) {
		if (ch->since != 0)
			look_later(ch);
		ch->since = 0;
		ch->said_away = 0;
		return;
	}
	if (ch->since == 0) {
		ch->since = now;
		ch->pause = LOOK_FIRST;
		timer_set(ch->app->loop, &ch->silence, now + ch->pause);
	}
	if (stream_away(ch->stream) && !ch->said_away) {
		log_line(LOG_DETAIL, "%s: away; waiting",
		    stream_peer(ch->stream));
		ch->said_away = 1;
	}
}

static void
still_waiting(struct channel *ch)
{
	int64_t	 now = clock_ms(), end = ch->since + channel_patience(ch->app);

	if (now >= end) {
		gave_up_waiting(ch, (now - ch->since) / 1000);
		return;
	}
	if (!ch->app->away)
		stream_ping(ch->stream);
	ch->pause = ch->pause < LOOK_MOST / 2 ? 2 * ch->pause : LOOK_MOST;
	timer_set(ch->app->loop, &ch->silence,
	    now + ch->pause > end ? end : now + ch->pause);
}

static void
waits_all(struct app *app)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->channels, next)
		if (ch->stream != NULL)
			channel_wait(ch);
}

void
channels_away(struct app *app)
{
	if (app->ports != NULL)
		ports_hold(app->ports, 1);
	waits_all(app);
}

static void
break_stream(struct channel *ch, const char *why)
{
	/* It may have opened in this very turn. */
	if (stream_state(ch->stream) == STREAM_OPEN && !ch->greeted)
		channel_greet(ch);
	stream_break(ch->stream, why);
}

void
channels_break(struct app *app, const char *why)
{
	struct channel	*ch, *next;

	TAILQ_FOREACH_SAFE(ch, &app->channels, next, next)
		if (ch->stream == NULL) {
			if (app->lost)
				channel_free(ch);
		} else if (app->lost || !stream_mends(ch->stream))
			break_stream(ch, why);
}

void
channels_moved(struct app *app)
{
	struct channel	*ch, *next;

	TAILQ_FOREACH_SAFE(ch, &app->channels, next, next)
		if (ch->stream != NULL &&
		    stream_state(ch->stream) != STREAM_OPENING)
			break_stream(ch, "the server has given us another "
			    "address after a loss, by which the peer does "
			    "not know us; try again");
}

void
channels_back(struct app *app)
{
	if (app->ports != NULL)
		ports_hold(app->ports, 0);
	waits_all(app);
}

static void
channel_timeout(void *arg)
{
	struct channel	*ch = arg;
	char		 why[64];

	if (ch->since != 0) {
		gave_up_waiting(ch, ch->app->conf.timeout);
		return;
	}
	snprintf(why, sizeof(why), "nothing moved for %ld s; try again, "
	    "or give it more time with -w",
	    ch->app->conf.timeout);
	stream_abort(ch->stream, SE_REMOTE_SERVER_TIMEOUT);
	channel_failed(ch, FAULT_TIME, why);
}

/* Has the peer been silent since this was last called?  If it owes us answers,
 * what else it says does not count. */
static void
look_for_peer(struct channel *ch)
{
	uint64_t	 confirmed = stream_confirmed(ch->stream);
	uint64_t	 received = stream_received(ch->stream);

	look_later(ch);
	if (ch->confirmed == confirmed && (ch->heard == received ||
	    confirmed < stream_sent(ch->stream)))
		stream_ping(ch->stream);
	ch->confirmed = confirmed;
	ch->heard = received;
}

static void
channel_silent(void *arg)
{
	struct channel	*ch = arg;

	look_later(ch);
	if (ch->stream == NULL)
		return;
	/* It has all that it wants, and its sender does not close. */
	if (ask_file(ch, ch->file_ops->complete)) {
		stream_finish(ch->stream);
		stream_close_at_end(ch->stream);
	}
	/* What came before a failure is for the local end, but one that waits
	 * for us to read will never take it. */
	if (stream_state(ch->stream) == STREAM_FAILED &&
	    is_service(ch) && ch->doomed++)
		channel_broke(ch);
	else if (is_waiting(ch) && ch->since != 0)
		still_waiting(ch);
	else
		look_for_peer(ch);
}

/* Say once what protects the stream, and remember whom we met. */
void
channel_greet(struct channel *ch)
{
	const char	*peer = stream_peer(ch->stream);
	const char	*key = stream_key(ch->stream);
	char		 line[TRUST_ERR];
	int		 doubts;

	ch->greeted = 1;
	if (key == NULL) {
		log_line(LOG_DETAIL, "%s: not encrypted end to end", peer);
		if (stream_lost_session(ch->stream))
			admit_say_plain(ch->app, peer, ch->listener ?
			    "an xcat that offers no session" :
			    "it did not take the session that was offered");
		return;
	}
	log_line(LOG_DETAIL, "%s: tls 1.3 end to end, key %s", peer, key);
	doubts = trust_doubts(ch->app->trust, peer);
	if (trust_met(ch->app->trust, peer, key, line, sizeof(line)) != NULL)
		log_line(doubts ? LOG_FAULT : LOG_EVENT, "%s", line);
}

/* The stream has its descriptors, or needs none: is one of its directions over,
 * or all of it? */
static void
channel_check_ends(struct channel *ch, enum stream_state state)
{
	if (ch->pump == NULL) {
		if (state == STREAM_FAILED)
			channel_broke(ch);
		else if (state == STREAM_CLOSED)
			channel_over(ch, FAULT_NONE);
		return;
	}
	/* The end of input is passed on only behind all that came, and only
	 * if it is the true end. */
	if (pump_error(ch->pump) == 0 && stream_eof(ch->stream) &&
	    !pump_output_finished(ch->pump) && (state != STREAM_FAILED ||
	    stream_heard_end(ch->stream)))
		pump_finish_output(ch->pump);
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

/* Something happened to the stream or to the end: see what follows. */
static void
channel_check(struct channel *ch)
{
	enum stream_state	 state;
	uint64_t		 now_moved;

	if (ch->pump != NULL)
		pump_push(ch->pump);
	now_moved = moved(ch);
	upgrade_check(ch);
	if (accept_missed(ch))
		return;
	state = stream_state(ch->stream);
	if (state == STREAM_OPEN && !ch->greeted) {
		channel_greet(ch);
		if (ch->app->mode == MODE_PROBE) {
			probe_stands(ch);
			return;
		}
		call_stands(ch);
	}
	if (ch->turn == CHANNEL_SHAKING && state == STREAM_OPEN) {
		accept_stands(ch);
		return;
	}
	if (now_moved != ch->progress) {
		ch->progress = now_moved;
		channel_tick(ch);
		if (ch->since != 0)
			ch->since = clock_ms();
	}
	channel_wait(ch);
	if (ch->turn != CHANNEL_OURS && ch->turn != CHANNEL_TAKEN) {
		if (state == STREAM_FAILED)
			channel_broke(ch);
		return;
	}
	if (ask_file(ch, ch->file_ops->check))
		return;
	/* Not before: an offer that fails must not cost us the descriptors. */
	if (ch->app->mode == MODE_LISTEN && ch->file == NULL &&
	    ch->pump == NULL && (state == STREAM_OPEN ||
	    stream_received(ch->stream) > 0))
		channel_join_stdio(ch);
	if (ch->unjoined != 0) {
		channel_unjoined(ch);
		return;
	}
	notes_opened(ch);
	channel_check_ends(ch, state);
}

static void
look_at_clock(struct app *app)
{
	if (clock_lost() == app->clock_lost)
		return;
	app->clock_lost = clock_lost();
	log_line(LOG_DETAIL, "woken; time has passed without us");
	if (app->session != NULL)
		session_woken(app->session);
}

/* The next one that has changed and was not looked at in this turn: what a look
 * changes is seen in the next one. */
static struct channel *
next_changed(struct app *app)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->changed, change)
		if (ch->looked != app->turn)
			break;
	return ch;
}

/* Not to wait is all that it is for. */
static void
look_again(void *arg)
{
	(void)arg;
}

/* Called by the loop before it waits, which it does not if a look has changed
 * a channel.  There may be thousands, few of which have changed. */
static void
channels_check(void *arg)
{
	struct app	*app = arg;
	struct channel	*ch;

	look_at_clock(app);
	for (app->turn++; (ch = next_changed(app)) != NULL;) {
		unchanged(ch);
		ch->looked = app->turn;
		if (ch->stream != NULL)
			channel_check(ch);
	}
	if (!TAILQ_EMPTY(&app->changed))
		timer_set(app->loop, &app->looking, clock_ms());
	/* A peer that does not wait for answers is waited for only where that
	 * costs no other stream anything; else it loses its own. */
	if (app->ibb != NULL)
		session_pause(app->session, app_is_single(app) &&
		    app->nchannels == 1 && ibb_congested(app->ibb));
}

static size_t
channel_room(void *arg)
{
	struct channel	*ch = arg;
	size_t		 room;

	/* What goes through a socket is not for the server to take. */
	if (session_room(ch->app->session) == 0 &&
	    carrier_way(stream_carrier(ch->stream)) == CARRIER_INBAND)
		return 0;
	room = stream_room(ch->stream);
	return ch->file_ops->room != NULL ? ch->file_ops->room(ch->file, room) :
	    room;
}

static int
channel_write(void *arg, const void *data, size_t len)
{
	struct channel	*ch = arg;

	if (ch->file_ops->wrote != NULL)
		ch->file_ops->wrote(ch->file, len);
	return stream_write(ch->stream, data, len);
}

static void
channel_finish(void *arg)
{
	struct channel	*ch = arg;

	if (ch->file_ops->ended != NULL)
		ch->file_ops->ended(ch->file);
	else
		stream_finish(ch->stream);
}

static const unsigned char *
channel_data(void *arg, size_t *len)
{
	const struct channel	*ch = arg;
	const unsigned char	*data = stream_data(ch->stream, len);

	if (ch->file_ops->limit != NULL)
		*len = ch->file_ops->limit(ch->file, *len);
	return data;
}

static void
channel_consume(void *arg, size_t len)
{
	struct channel	*ch = arg;
	size_t		 there;

	if (ch->file_ops->took != NULL)
		ch->file_ops->took(ch->file, stream_data(ch->stream, &there),
		    len);
	else
		stream_consume(ch->stream, len);
}

void
channel_join(struct channel *ch, int rfd, int wfd)
{
	struct pump_peer	 peer = {
		.room = channel_room,
		.write = channel_write,
		.finish = channel_finish,
		.data = channel_data,
		.consume = channel_consume,
		.changed = channel_changed,
		.arg = ch,
	};

	if ((ch->pump = pump_new(ch->app->loop, rfd, wfd, &peer)) == NULL)
		ch->unjoined = errno;
	channel_changed(ch);
	channel_tick(ch);
}

/* The descriptor to be joined, or none.  With -k it is a copy, because the next
 * stream wants it again. */
static int
stdio_fd(const struct app *app, int fd, int none)
{
	if (none)
		return PUMP_NONE;
	return app->conf.keep ? fd_copy(fd) : fd;
}

void
channel_join_stdio(struct channel *ch)
{
	const struct app	*app = ch->app;

	ch->chat = !app->conf.no_stdin && isatty(STDIN_FILENO) &&
	    isatty(STDOUT_FILENO);
	channel_join(ch, stdio_fd(app, STDIN_FILENO, app->conf.no_stdin),
	    stdio_fd(app, STDOUT_FILENO, app->mode == MODE_SEND));
}

int
channels_end_chat(struct app *app)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->channels, next)
		if (ch->chat && ch->pump != NULL &&
		    stream_state(ch->stream) == STREAM_OPEN)
			break;
	if (ch == NULL)
		return 0;
	pump_stop_input(ch->pump);
	stream_finish(ch->stream);
	stream_close_at_end(ch->stream);
	channel_changed(ch);
	return 1;
}

static const char *
judge(void *arg, const char *fingerprint)
{
	struct channel	*ch = arg;

	return trust_judge(ch->app->trust, app_listens(ch->app) ?
	    stream_peer(ch->stream) : ch->app->peer, fingerprint);
}

/* Unless -b says it, callers do: some ask for 65535 and for nothing else. */
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
		.require = app->conf.e2e == E2E_REQUIRE || (!app_listens(app) &&
		    app->trust != NULL && trust_expects(app->trust, app->peer)),
		.judge = judge,
		.iqs = session_iqs(app->session),
		.budget = app->budget,
	};
}
