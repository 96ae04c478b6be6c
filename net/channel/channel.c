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
	const struct channel	*l = arg;

	return answer_deadline(l->app);
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
look_later(struct channel *l)
{
	int64_t	 most = l->app->conf.timeout * 1000 / ALIVE_SHARE;

	timer_set(l->app->loop, &l->silence, clock_ms() +
	    (most > 0 && most < ALIVE_TIME ? most : ALIVE_TIME));
}

void
channel_changed(void *arg)
{
	struct channel	*l = arg;

	if (!l->changed)
		TAILQ_INSERT_TAIL(&l->app->changed, l, change);
	l->changed = 1;
}

/* It will have been looked at. */
static void
unchanged(struct channel *l)
{
	if (l->changed)
		TAILQ_REMOVE(&l->app->changed, l, change);
	l->changed = 0;
}

void
channel_attach(struct channel *l, const struct channel_file_ops *ops,
    void *file)
{
	l->file_ops = ops;
	l->file = file;
}

void
channel_detach(struct channel *l)
{
	l->file = NULL;
	l->file_ops = &no_file;
}

/* What a function that answers 0 for no file says of the channel's file. */
static int
ask_file(const struct channel *l, int (*fn)(void *))
{
	return fn != NULL && fn(l->file);
}

int
channel_is_apart(const struct channel *l)
{
	return ask_file(l, l->file_ops->apart);
}

struct channel *
channel_new(struct app *app)
{
	struct channel	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->app = app;
	l->file_ops = &no_file;
	l->timer = (struct timer){ .fire = channel_timeout, .arg = l };
	l->silence = (struct timer){ .fire = channel_silent, .arg = l };
	l->handshake = (struct timer){ .fire = accept_late, .arg = l };
	look_later(l);
	TAILQ_INSERT_TAIL(&app->channels, l, next);
	app->nchannels++;
	return l;
}

void
channel_free(struct channel *l)
{
	timer_clear(l->app->loop, &l->timer);
	timer_clear(l->app->loop, &l->silence);
	timer_clear(l->app->loop, &l->handshake);
	service_dial_cancel(l->dial);
	if (l->socks != NULL)
		socks_accept_reply(l->socks, SOCKS_FAILURE);
	pump_free(l->pump);
	upgrade_free(l);
	stream_free(l->stream);
	if (l->file_ops->left != NULL)
		l->file_ops->left(l->file);
	free(l->service);
	free(l->host);
	free(l->port);
	free(l->target);
	unchanged(l);
	TAILQ_REMOVE(&l->app->channels, l, next);
	l->app->nchannels--;
	free(l);
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
	else if (fault == FAULT_NONE && !app->lost && ibb_unsettled(app->ibb) > 0)
		timer_set(app->loop, &app->lingering, clock_ms() + LINGER);
	else
		app_end(app, fault);
}

void
channel_child_ended(struct channel *l)
{
	l->pid = 0;
	if (l->stream != NULL)
		stream_close_at_end(l->stream);
}

/* The link is over.  Where there may be others, that is all. */
void
channel_over(struct channel *l, enum fault fault)
{
	struct app	*app = l->app;
	int		 more = ask_file(l, l->file_ops->more);

	notes_ended(l, LOG_EVENT, "complete");
	if (l->file_ops->over != NULL && l->file_ops->over(l->file, fault))
		return;
	channel_free(l);
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
channel_lapsed(struct channel *l)
{
	struct app	*app = l->app;

	channel_free(l);
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
hung_up_idle(struct channel *l)
{
	if (l->app->mode != MODE_LISTEN || l->app->conf.keep || l->file != NULL ||
	    stream_fault(l->stream) != STREAM_HUNG_UP ||
	    stream_sent(l->stream) > 0 || stream_received(l->stream) > 0)
		return 0;
	log_line(LOG_DETAIL, "%s: %s; listening again", stream_peer(l->stream),
	    stream_why(l->stream));
	if (l->pump != NULL && !end_leave(l->pump))
		l->app->conf.no_stdin = 1;		/* it has ended */
	l->pump = NULL;
	channel_lapsed(l);
	return 1;
}

/* Has a caller hung up whose service will judge for itself what that means?  A
 * socket is reset, and that is how ssh(1) ends every session; but what a
 * command leaves behind may look whole. */
static int
hung_up_on_socket(const struct channel *l)
{
	return l->app->mode == MODE_SERVE && l->pid == 0 && l->file == NULL &&
	    stream_fault(l->stream) == STREAM_HUNG_UP;
}

/* Say why it has failed, at the level that this deserves. */
static void
say_failed(struct channel *l, const char *why, const char *confirmed)
{
	int	 hung_up = app_listens(l->app) &&
		    stream_fault(l->stream) == STREAM_HUNG_UP;

	if (notes_ended(l, hung_up ? LOG_EVENT : LOG_FAULT, why) ||
	    ask_file(l, l->file_ops->told))
		return;
	log_line(hung_up_on_socket(l) ? LOG_DETAIL : LOG_FAULT,
	    "%s: %s%s%s%s", stream_peer(l->stream),
	    l->file_ops->before != NULL ? l->file_ops->before(l->file) : "",
	    why, confirmed,
	    l->file_ops->behind != NULL ? l->file_ops->behind(l->file) : "");
}

void
channel_failed(struct channel *l, enum fault fault, const char *why)
{
	char	 confirmed[64] = "";
	int	 begun = 1;

	if (hung_up_idle(l))
		return;
	if (hung_up_on_socket(l))
		fault = FAULT_NONE;

	/* Nothing was lost that had not begun.  It may have begun and failed
	 * in one turn. */
	if (!l->greeted && stream_sent(l->stream) == 0 &&
	    stream_received(l->stream) == 0)
		begun = 0;
	if ((l->app->lost || l->app->away) && !begun)
		fault = app_session_fault(l->app);
	if (fault != FAULT_PEER && fault != FAULT_NONE && begun)
		snprintf(confirmed, sizeof(confirmed),
		    "; %llu bytes confirmed",
		    (unsigned long long)stream_confirmed(l->stream));
	if (l->file_ops->fails != NULL)
		l->file_ops->fails(l->file);
	say_failed(l, why, confirmed);
	/* The local end must not take this for a proper end. */
	if (l->socks != NULL)
		socks_accept_reply(l->socks,
		    socks_code(stream_refusal(l->stream)));
	l->socks = NULL;
	if (l->pump != NULL && pump_output_finished(l->pump))
		pump_free(l->pump);	/* it had all, and its end */
	else
		pump_break(l->pump);
	l->pump = NULL;
	if (l->pid > 0)
		child_hangup(l->pid);
	if (ask_file(l, l->file_ops->declined) || (app_listens(l->app) &&
	    !begun && !l->app->lost))
		channel_lapsed(l);
	else
		channel_over(l, fault);
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
channel_broke(struct channel *l)
{
	enum fault	 fault = stream_to_fault(stream_fault(l->stream));

	if (fault == FAULT_BROKEN && l->app->lost && app_session_fault(l->app) == FAULT_LOCAL)
		fault = FAULT_LOCAL;
	channel_failed(l, fault, stream_why(l->stream));
}

static void
channel_end_failed(struct channel *l)
{
	char	 why[128];
	int	 e = pump_error(l->pump);

	snprintf(why, sizeof(why), l->app->mode == MODE_SERVE || l->app->mode == MODE_FORWARD ?
	    "%s the local end: %s" : channel_is_apart(l) ?
	    "%s the file: %s" : pump_failed(l->pump)[0] == 'r' ?
	    "%s standard input: %s" : "%s standard output: %s",
	    pump_failed(l->pump), strerror(e));
	stream_abort(l->stream, SE_INTERNAL_SERVER_ERROR);
	channel_failed(l, FAULT_LOCAL, why);
}

/* There are no descriptors, or no memory, for its local end. */
static void
channel_unjoined(struct channel *l)
{
	char	 why[128];

	snprintf(why, sizeof(why), "it cannot be joined to anything here: "
	    "%s", strerror(l->unjoined));
	stream_abort(l->stream, SE_INTERNAL_SERVER_ERROR);
	channel_failed(l, FAULT_LOCAL, why);
}

/* What came and what went; not what merely waits here. */
static uint64_t
moved(const struct channel *l)
{
	size_t	 held;

	stream_data(l->stream, &held);
	return stream_sent(l->stream) + stream_confirmed(l->stream) +
	    2 * stream_received(l->stream) - held;
}

void
channel_tick(struct channel *l)
{
	if (l->app->conf.timeout > 0)
		timer_set(l->app->loop, &l->timer,
		    clock_ms() + l->app->conf.timeout * 1000);
}

/*
 * Waiting: for the server or for the peer, if it is one that we can go on with
 */

static int
is_waiting(const struct channel *l)
{
	enum stream_state	 state = stream_state(l->stream);

	return state != STREAM_FAILED && state != STREAM_CLOSED &&
	    (l->app->away || stream_waits(l->stream));
}

static void
gave_up_waiting(struct channel *l, long long s)
{
	const char	*server = session_why(l->app->session);
	char		 why[256];

	if (l->app->away)
		snprintf(why, sizeof(why), "%.*s, and no way back in %lld s; "
		    "check the network, or give it more time with -w",
		    (int)strcspn(server, ";"), server, s);
	else
		snprintf(why, sizeof(why), "it has been away for %lld s; "
		    "try again, or give it more time with -w", s);
	stream_break(l->stream, why);
}

int64_t
channel_patience(const struct app *app)
{
	return 1000 * (app->conf.timeout > 0 ? app->conf.timeout : PATIENCE);
}

/* Begin or stop to wait, as things are. */
static void
channel_wait(struct channel *l)
{
	int64_t	 now = clock_ms();

	if (!is_waiting(l)) {
		if (l->since != 0)
			look_later(l);
		l->since = 0;
		l->said_away = 0;
		return;
	}
	if (l->since == 0) {
		l->since = now;
		l->pause = LOOK_FIRST;
		timer_set(l->app->loop, &l->silence, now + l->pause);
	}
	if (stream_away(l->stream) && !l->said_away) {
		log_line(1, "%s: away; waiting", stream_peer(l->stream));
		l->said_away = 1;
	}
}

static void
still_waiting(struct channel *l)
{
	int64_t	 now = clock_ms();

	if (now - l->since >= channel_patience(l->app)) {
		gave_up_waiting(l, (now - l->since) / 1000);
		return;
	}
	if (!l->app->away)
		stream_ping(l->stream);
	l->pause = l->pause < LOOK_MOST / 2 ? 2 * l->pause : LOOK_MOST;
	if (now + l->pause > l->since + channel_patience(l->app))
		timer_set(l->app->loop, &l->silence, l->since + channel_patience(l->app));
	else
		timer_set(l->app->loop, &l->silence, now + l->pause);
}

static void
waits_all(struct app *app)
{
	struct channel	*l;

	TAILQ_FOREACH(l, &app->channels, next)
		if (l->stream != NULL)
			channel_wait(l);
}

void
channels_away(struct app *app)
{
	if (app->ports != NULL)
		ports_hold(app->ports, 1);
	waits_all(app);
}

static void
break_stream(struct channel *l, const char *why)
{
	/* It may have opened in this very turn. */
	if (stream_state(l->stream) == STREAM_OPEN && !l->greeted)
		channel_greet(l);
	stream_break(l->stream, why);
}

void
channels_break(struct app *app, const char *why)
{
	struct channel	*l, *next;

	TAILQ_FOREACH_SAFE(l, &app->channels, next, next)
		if (l->stream == NULL) {
			if (app->lost)
				channel_free(l);
		} else if (app->lost || !stream_mends(l->stream))
			break_stream(l, why);
}

void
channels_moved(struct app *app)
{
	struct channel	*l, *next;

	TAILQ_FOREACH_SAFE(l, &app->channels, next, next)
		if (l->stream != NULL &&
		    stream_state(l->stream) != STREAM_OPENING)
			break_stream(l, "the server has given us another "
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
	struct channel	*l = arg;
	char		 why[64];

	if (l->since != 0) {
		gave_up_waiting(l, l->app->conf.timeout);
		return;
	}
	snprintf(why, sizeof(why), "nothing moved for %ld s; try again, "
	    "or give it more time with -w",
	    l->app->conf.timeout);
	stream_abort(l->stream, SE_REMOTE_SERVER_TIMEOUT);
	channel_failed(l, FAULT_TIME, why);
}

/* Has the peer been silent since this was last called?  If it owes us answers,
 * what else it says does not count. */
static void
look_for_peer(struct channel *l)
{
	uint64_t	 confirmed = stream_confirmed(l->stream);
	uint64_t	 received = stream_received(l->stream);

	look_later(l);
	if (l->confirmed == confirmed && (l->heard == received ||
	    confirmed < stream_sent(l->stream)))
		stream_ping(l->stream);
	l->confirmed = confirmed;
	l->heard = received;
}

static void
channel_silent(void *arg)
{
	struct channel	*l = arg;

	look_later(l);
	if (l->stream == NULL)
		return;
	/* It has all that it wants, and its sender does not close. */
	if (ask_file(l, l->file_ops->complete)) {
		stream_finish(l->stream);
		stream_close_at_end(l->stream);
	}
	/* What came before a failure is for the local end, but one that waits
	 * for us to read will never take it. */
	if (stream_state(l->stream) == STREAM_FAILED &&
	    (l->app->mode == MODE_SERVE || l->app->mode == MODE_FORWARD) && l->doomed++)
		channel_broke(l);
	else if (is_waiting(l) && l->since != 0)
		still_waiting(l);
	else
		look_for_peer(l);
}

/* Say once what protects the stream, and remember whom we met. */
void
channel_greet(struct channel *l)
{
	const char	*peer = stream_peer(l->stream);
	const char	*key = stream_key(l->stream);
	char		 line[TRUST_ERR];
	int		 doubts;

	l->greeted = 1;
	if (key == NULL) {
		log_line(1, "%s: not encrypted end to end", peer);
		if (stream_lost_session(l->stream))
			admit_say_plain(l->app, peer, l->listener ? "an xcat that "
			    "offers no session" : "it did not take the "
			    "session that was offered");
		return;
	}
	log_line(LOG_DETAIL, "%s: tls 1.3 end to end, key %s", peer, key);
	doubts = trust_doubts(l->app->trust, peer);
	if (trust_met(l->app->trust, peer, key, line, sizeof(line)) != NULL)
		log_line(doubts ? -1 : 0, "%s", line);
}

/* The stream has its descriptors, or needs none: is one of its directions over,
 * or all of it? */
static void
channel_check_ends(struct channel *l, enum stream_state state)
{
	if (l->pump == NULL) {
		if (state == STREAM_FAILED)
			channel_broke(l);
		else if (state == STREAM_CLOSED)
			channel_over(l, FAULT_NONE);
		return;
	}
	/* The end of input is passed on only behind all that came, and only
	 * if it is the true end. */
	if (pump_error(l->pump) == 0 && stream_eof(l->stream) &&
	    !pump_output_finished(l->pump) && (state != STREAM_FAILED ||
	    stream_heard_end(l->stream)))
		pump_finish_output(l->pump);
	if (pump_error(l->pump) != 0)
		channel_end_failed(l);
	else if (state == STREAM_FAILED && stream_eof(l->stream))
		channel_broke(l);
	else if (state == STREAM_CLOSED && pump_output_finished(l->pump)) {
		if (l->app->mode == MODE_SEND && !pump_input_finished(l->pump))
			channel_failed(l, FAULT_BROKEN, "the peer closed the "
			    "stream before the end of the input; try again");
		else
			channel_over(l, FAULT_NONE);
	}
}

/* Something happened to the stream or to the end: see what follows. */
static void
channel_check(struct channel *l)
{
	enum stream_state	 state;
	uint64_t		 now_moved;

	if (l->pump != NULL)
		pump_push(l->pump);
	now_moved = moved(l);
	upgrade_check(l);
	if (accept_missed(l))
		return;
	state = stream_state(l->stream);
	if (state == STREAM_OPEN && !l->greeted) {
		channel_greet(l);
		if (l->app->mode == MODE_PROBE) {
			probe_stands(l);
			return;
		}
		call_stands(l);
	}
	if (l->turn == CHANNEL_SHAKING && state == STREAM_OPEN) {
		accept_stands(l);
		return;
	}
	if (now_moved != l->progress) {
		l->progress = now_moved;
		channel_tick(l);
		if (l->since != 0)
			l->since = clock_ms();
	}
	channel_wait(l);
	if (l->turn != CHANNEL_OURS && l->turn != CHANNEL_TAKEN) {
		if (state == STREAM_FAILED)
			channel_broke(l);
		return;
	}
	if (ask_file(l, l->file_ops->check))
		return;
	/* Not before: an offer that fails must not cost us the descriptors. */
	if (l->app->mode == MODE_LISTEN && l->file == NULL && l->pump == NULL &&
	    (state == STREAM_OPEN || stream_received(l->stream) > 0))
		channel_join_stdio(l);
	if (l->unjoined != 0) {
		channel_unjoined(l);
		return;
	}
	notes_opened(l);
	channel_check_ends(l, state);
}

static void
look_at_clock(struct app *app)
{
	if (clock_lost() == app->clock_lost)
		return;
	app->clock_lost = clock_lost();
	log_line(1, "woken; time has passed without us");
	if (app->session != NULL)
		session_woken(app->session);
}

/* The next one that has changed and was not looked at in this turn: what a look
 * changes is seen in the next one. */
static struct channel *
next_changed(struct app *app)
{
	struct channel	*l;

	TAILQ_FOREACH(l, &app->changed, change)
		if (l->looked != app->turn)
			break;
	return l;
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
	struct channel	*l;

	look_at_clock(app);
	for (app->turn++; (l = next_changed(app)) != NULL;) {
		unchanged(l);
		l->looked = app->turn;
		if (l->stream != NULL)
			channel_check(l);
	}
	if (!TAILQ_EMPTY(&app->changed))
		timer_set(app->loop, &app->looking, clock_ms());
	/* A peer that does not wait for answers is waited for only where that
	 * costs no other stream anything; else it loses its own. */
	if (app->ibb != NULL)
		session_pause(app->session, app_is_single(app) && app->nchannels == 1 &&
		    ibb_congested(app->ibb));
}

static size_t
channel_room(void *arg)
{
	struct channel	*l = arg;
	size_t		 room;

	/* What goes through a socket is not for the server to take. */
	if (session_room(l->app->session) == 0 &&
	    carrier_way(stream_carrier(l->stream)) == CARRIER_INBAND)
		return 0;
	room = stream_room(l->stream);
	return l->file_ops->room != NULL ? l->file_ops->room(l->file, room) :
	    room;
}

static int
channel_write(void *arg, const void *data, size_t len)
{
	struct channel	*l = arg;

	if (l->file_ops->wrote != NULL)
		l->file_ops->wrote(l->file, len);
	return stream_write(l->stream, data, len);
}

static void
channel_finish(void *arg)
{
	struct channel	*l = arg;

	if (l->file_ops->ended != NULL)
		l->file_ops->ended(l->file);
	else
		stream_finish(l->stream);
}

static const unsigned char *
channel_data(void *arg, size_t *len)
{
	const struct channel	*l = arg;
	const unsigned char	*data = stream_data(l->stream, len);

	if (l->file_ops->limit != NULL)
		*len = l->file_ops->limit(l->file, *len);
	return data;
}

static void
channel_consume(void *arg, size_t len)
{
	struct channel	*l = arg;
	size_t		 there;

	if (l->file_ops->took != NULL)
		l->file_ops->took(l->file, stream_data(l->stream, &there), len);
	else
		stream_consume(l->stream, len);
}

void
channel_join(struct channel *l, int rfd, int wfd)
{
	struct pump_peer	 peer = {
		.room = channel_room,
		.write = channel_write,
		.finish = channel_finish,
		.data = channel_data,
		.consume = channel_consume,
		.changed = channel_changed,
		.arg = l,
	};

	if ((l->pump = pump_new(l->app->loop, rfd, wfd, &peer)) == NULL)
		l->unjoined = errno;
	channel_changed(l);
	channel_tick(l);
}

/* Copies, because a listener's next stream wants them again. */
static int
keep_fd(const struct app *app, int fd)
{
	return app->conf.keep ? fd_copy(fd) : fd;
}

void
channel_join_stdio(struct channel *l)
{
	l->chat = !l->app->conf.no_stdin && isatty(STDIN_FILENO) &&
	    isatty(STDOUT_FILENO);
	channel_join(l, l->app->conf.no_stdin ? PUMP_NONE : keep_fd(l->app, STDIN_FILENO),
	    l->app->mode == MODE_SEND ? PUMP_NONE : keep_fd(l->app, STDOUT_FILENO));
}

int
channels_end_chat(struct app *app)
{
	struct channel	*l;

	TAILQ_FOREACH(l, &app->channels, next)
		if (l->chat && l->pump != NULL &&
		    stream_state(l->stream) == STREAM_OPEN)
			break;
	if (l == NULL)
		return 0;
	pump_stop_input(l->pump);
	stream_finish(l->stream);
	stream_close_at_end(l->stream);
	channel_changed(l);
	return 1;
}

static const char *
judge(void *arg, const char *fingerprint)
{
	struct channel	*l = arg;

	return trust_judge(l->app->trust, app_listens(l->app) ? stream_peer(l->stream) :
	    l->app->peer, fingerprint);
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
		.close_at_end = app->conf.close_at_eof || app->mode == MODE_SEND,
		.close_plain = app->mode == MODE_SERVE || app->mode == MODE_FORWARD ||
		    app->mode == MODE_PROBE,
		.deadline = channel_deadline,
		.tls = app->e2e,
		.require = app->conf.e2e == E2E_REQUIRE || (!app_listens(app) &&
		    app->trust != NULL && trust_expects(app->trust, app->peer)),
		.judge = judge,
		.iqs = session_iqs(app->session),
		.budget = app->budget,
	};
}
