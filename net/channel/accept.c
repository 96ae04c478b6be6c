#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "ibb/inband.h"
#include "ibb/s5b.h"
#include "ibb/stream.h"
#include "net/channel/admit.h"
#include "net/channel/channel_int.h"
#include "net/channel/app.h"
#include "net/channel/service.h"
#include "net/channel/service_dial.h"
#include "net/conf/allow.h"
#include "net/io/child.h"
#include "net/io/limits.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "net/io/systemd.h"
#include "net/login/roster.h"
#include "net/s5b/upgrade.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/text.h"

#define PLACES		16	/* of one peer: files, or streams in line */
#define NO_KEY		"it shows no key, and -a wants one"
#define HANDSHAKE	10000	/* ms for a session to stand */

/*
 * Handshakes
 *
 * What shows that a caller has its key is the end of the handshake, behind the
 * answer to its <open/>.  Until then a stream holds no place: a server that can
 * send in its name could keep places that way.
 */

static void
handshake_begin(struct channel *ch)
{
	timer_set(ch->app->loop, &ch->handshake, clock_ms() + HANDSHAKE);
}

/* 0, or -1 if it has failed. */
static int
accept_stream(struct channel *ch)
{
	if (stream_accept(ch->stream) == -1)
		return -1;
	if (upgrade_offered(ch->upgrade))
		upgrade_accept(ch->upgrade);
	if (stream_shakes(ch->stream))
		handshake_begin(ch);
	return 0;
}

/* While our server is away nothing can come. */
void
accept_late(void *arg)
{
	struct channel	*ch = arg;

	if (!stream_shakes(ch->stream))
		return;
	if (ch->app->away) {
		handshake_begin(ch);
		return;
	}
	stream_abort(ch->stream, SE_REMOTE_SERVER_TIMEOUT);
	channel_failed(ch, FAULT_TIME, "its session did not stand in 10 s");
}

/* Refuse its stream, which goes with the socket that its caller may already
 * have offered for it. */
static void
refuse(struct channel *ch, enum stanza_error err, const char *text)
{
	upgrade_refuse(ch->upgrade, err, text);
	channel_drop_upgrade(ch);
	stream_refuse(ch->stream, err, text);
	ch->stream = NULL;
}

static void
turn_away(struct channel *ch, enum stanza_error err, const char *text)
{
	refuse(ch, err, text);
	channel_free(ch);
}

static int
by_account(const void *a, const void *b)
{
	const char	*x = stream_peer((*(struct channel *const *)a)->stream);
	const char	*y = stream_peer((*(struct channel *const *)b)->stream);
	size_t		 n = strcspn(x, "/"), m = strcspn(y, "/");
	int		 r = memcmp(x, y, n < m ? n : m);

	return r != 0 ? r : (n > m) - (n < m);
}

/* The oldest handshake of the account that ch is of; channels are in the order
 * in which they came. */
static struct channel *
oldest_shaking(const struct channel *ch)
{
	const char	*peer = stream_peer(ch->stream);
	struct channel	*o;

	TAILQ_FOREACH(o, &ch->app->channels, next)
		if (o->turn == CHANNEL_SHAKING &&
		    jid_samebare(stream_peer(o->stream), peer))
			break;
	return o;
}

/* The oldest handshake of the account that has most, of n in all; NULL when out
 * of memory. */
static struct channel *
most_shaking(struct app *app, size_t n)
{
	struct channel	**all = calloc(n, sizeof(struct channel *));
	struct channel	*ch;
	size_t		 i = 0, from = 0, most = 0, best = 0;

	if (all == NULL)
		return NULL;
	TAILQ_FOREACH(ch, &app->channels, next)
		if (ch->turn == CHANNEL_SHAKING)
			all[i++] = ch;
	qsort(all, n, sizeof(struct channel *), by_account);
	for (i = 0; i < n; i++) {
		if (by_account(&all[from], &all[i]) != 0)
			from = i;
		if (i - from >= most) {
			most = i - from + 1;
			best = from;
		}
	}
	ch = oldest_shaking(all[best]);
	free(all);
	return ch;
}

/*
 * Make room for one more handshake of this peer.  As many may be under way as
 * may be open later: a caller may open all at once.  An account at its own
 * limit loses its own oldest; where there are too many in all, the account that
 * has most of them does.
 */
static void
make_room(struct app *app, const char *peer)
{
	struct channel	*ch, *own = NULL;
	long		 all = 0, theirs = 0;

	TAILQ_FOREACH(ch, &app->channels, next) {
		if (ch->turn != CHANNEL_SHAKING)
			continue;
		all++;
		if (jid_samebare(stream_peer(ch->stream), peer) &&
		    theirs++ == 0)
			own = ch;
	}
	if (theirs >= app->conf.max_streams_per_peer)
		ch = own;
	else if (all > 0 && all >= app->conf.max_streams)
		ch = most_shaking(app, (size_t)all);
	if (ch == NULL)
		return;
	log_line(LOG_DETAIL, "%s: too many handshakes at once",
	    stream_peer(ch->stream));
	turn_away(ch, SE_BUSY, "too many streams at once");
}

static void
shake(struct channel *ch)
{
	make_room(ch->app, stream_peer(ch->stream));
	channel_set_turn(ch, CHANNEL_SHAKING);
	accept_stream(ch);
	stream_hold(ch->stream, 1);
}

/*
 * Standard input and output
 */

/* It is this link's turn. */
static void
take(struct channel *ch)
{
	channel_set_turn(ch, CHANNEL_TAKEN);
	log_line(LOG_DETAIL, "%s: stream", stream_peer(ch->stream));
	if (stream_state(ch->stream) == STREAM_OFFERED)
		accept_stream(ch);
	stream_hold(ch->stream, 0);
	channel_tick(ch);
	channel_changed(ch);
}

/* The stream that has standard input and output, or else the first stream that
 * could have them; NULL if there is none. */
static struct channel *
first_in_line(struct app *app)
{
	struct channel	*ch, *first = NULL;

	if (app->takers != NULL && app->takers->busy(app))
		return NULL;
	TAILQ_FOREACH(ch, &app->channels, next) {
		if (channel_is_apart(ch) || ch->turn == CHANNEL_SHAKING)
			continue;
		if (ch->turn == CHANNEL_TAKEN)
			return ch;
		if (first == NULL)
			first = ch;
	}
	return first;
}

/* Streams that came while another one ran, in their order.  All that have still
 * to shake hands do so at once, until one has the place. */
void
accept_next(struct app *app)
{
	struct channel	*ch;

	while (!app->ending && (ch = first_in_line(app)) != NULL &&
	    ch->turn != CHANNEL_TAKEN) {
		if (ch->turn == CHANNEL_OFFERED && stream_shakes(ch->stream))
			shake(ch);
		else
			take(ch);
	}
}

/*
 * Services
 */

/* The service is at hand, or it is not. */
static void
reached(void *arg, int rfd, int wfd, pid_t pid, const char *err)
{
	struct channel	*ch = arg;

	ch->dial = NULL;
	if (rfd == -1) {
		log_line(LOG_EVENT, "%s: %s", stream_peer(ch->stream), err);
		refuse(ch, SE_INTERNAL_SERVER_ERROR, err);
		channel_over(ch, FAULT_LOCAL);
		return;
	}
	ch->pid = pid;
	if (stream_state(ch->stream) == STREAM_OFFERED)
		accept_stream(ch);
	channel_join(ch, rfd, wfd);
	stream_hold(ch->stream, 0);
	if (pid > 0 && ch->pump != NULL)
		pump_outlive(ch->pump);
	/* A short command may have ended already. */
	if (pid > 0 && !child_lives(pid))
		channel_child_ended(ch);
}

static void
serve(struct channel *ch, const struct target *t)
{
	struct service_env	 env = {
		.peer = stream_peer(ch->stream),
		.sid = stream_sid(ch->stream),
		.local = iq_jid(ch->app->iqs),
	};

	channel_set_turn(ch, CHANNEL_TAKEN);
	log_line(LOG_DETAIL, "%s: stream for %s", env.peer, t->name);
	ch->service = strdup(t->name);
	ch->dial = service_dial(ch->app->loop, ch->app->resolver, t, &env,
	    reached, ch);
	if (ch->dial == NULL)
		reached(ch, -1, -1, 0, "out of memory");
}

/*
 * Does the service wait for the session?  It must if the key is to be judged.
 * A command does its work by being run, and does not run for a caller whose
 * session never stands.  Without -k there is one place, which only a session
 * that stands can take.  A connection does nothing by itself: it is made
 * meanwhile, which saves the time that it takes, and the caller hears of one
 * that is refused in the answer to its <open/>.
 */
static int
waits_for_session(const struct channel *ch, const struct target *t)
{
	return stream_shakes(ch->stream) && (t->kind == TARGET_COMMAND ||
	    !ch->app->conf.keep || ch->app->conf.e2e == E2E_REQUIRE ||
	    allow_check(ch->app->allow, stream_peer(ch->stream)) == ALLOW_KEY);
}

static void
serve_shaken(struct channel *ch, const struct target *t)
{
	if ((ch->target = malloc(sizeof(*t))) == NULL) {
		reached(ch, -1, -1, 0, "out of memory");
		return;
	}
	*ch->target = *t;
	shake(ch);
}

/*
 * Places
 */

/*
 * Is there no place for one more stream of this peer?  Those that are apart are
 * files that go to a folder; they and the others do not take each other's
 * places.  Without -k there is one place for all that is not apart.
 */
static int
too_many(struct app *app, const char *peer, int apart,
    const struct channel *self)
{
	struct channel	*ch;
	long		 all = 0, theirs = 0, most = PLACES;

	if (!limits_room(STDERR_FILENO))
		return 1;
	if (!apart && app->mode == MODE_SERVE)
		most = app->conf.max_streams_per_peer;
	TAILQ_FOREACH(ch, &app->channels, next) {
		if (ch == self || ch->turn == CHANNEL_SHAKING)
			continue;
		if (!app->conf.keep && !apart)
			return 1;
		if (channel_is_apart(ch) != apart)
			continue;
		all++;
		if (jid_samebare(stream_peer(ch->stream), peer))
			theirs++;
	}
	return all >= app->conf.max_streams || theirs >= most;
}

/* The stream waits for what it is to be joined to. */
static void
join(struct channel *ch, const struct target *t)
{
	channel_set_turn(ch, CHANNEL_OFFERED);
	if (ch->app->mode == MODE_SERVE && ch->file == NULL) {
		if (waits_for_session(ch, t))
			serve_shaken(ch, t);
		else
			serve(ch, t);
	} else if (!channel_is_apart(ch)) {
		if (ch->app->mode == MODE_LISTEN)
			accept_next(ch->app);
	} else if (stream_shakes(ch->stream)) {
		shake(ch);
	} else {
		take(ch);
	}
}

void
accept_stands(struct channel *ch)
{
	timer_clear(ch->app->loop, &ch->handshake);
	if (too_many(ch->app, stream_peer(ch->stream), channel_is_apart(ch),
	    ch)) {
		log_line(LOG_DETAIL, "%s: too many streams at once",
		    stream_peer(ch->stream));
		turn_away(ch, SE_BUSY, "too many streams at once");
	} else if (ch->target != NULL) {
		serve(ch, ch->target);
	} else if (channel_is_apart(ch)) {
		take(ch);
	} else {
		channel_set_turn(ch, CHANNEL_IN_LINE);
		accept_next(ch->app);
	}
}

int
accept_missed(struct channel *ch)
{
	struct app	*app = ch->app;

	if (!ch->listener || ch->told != CHANNEL_UNTOLD ||
	    stream_state(ch->stream) != STREAM_FAILED ||
	    !carrier_is_alone(stream_carrier(ch->stream)))
		return 0;
	log_line(LOG_EVENT, "%s: %s", stream_peer(ch->stream),
	    stream_why(ch->stream));
	if (ch->pid > 0)
		child_hangup(ch->pid);
	channel_file_missed(ch);
	channel_free(ch);
	if (app->mode == MODE_LISTEN)
		accept_next(app);
	return 1;
}

static struct channel *
listening_channel(struct app *app)
{
	struct channel	*ch;

	if ((ch = channel_new(app)) != NULL)
		ch->listener = 1;
	return ch;
}

/* The file that was agreed on for a stream, or NULL. */
static void *
find_file(struct app *app, const char *peer, const char *sid)
{
	return app->takers != NULL ? app->takers->find(app, peer, sid) : NULL;
}

/* A listener without services has none of any name. */
static enum stanza_error
find_no_service(const struct elem *e, char *why)
{
	char	 asked[100];

	if (stream_host(e) == NULL)
		return SE_NONE;
	snprintf(why, SERVICE_ERR, "there are no services here, and so no "
	    "%s: leave out the name", text_cut(stream_host(e), asked,
	    sizeof(asked)));
	return SE_ITEM_NOT_FOUND;
}

/* The service that this offer, an <open/> or a <query/>, asks for: SE_NONE and
 * *t, or why there is none for it. */
static enum stanza_error
find_service(struct app *app, const struct elem *e, struct target *t,
    char *why)
{
	enum stream_use	 use = stream_use(e);

	if (app->mode == MODE_LISTEN)
		return find_no_service(e, why);
	if (use == STREAM_FOR_FILE) {
		strlcpy(why, "takes no files: run it with -r there",
		    SERVICE_ERR);
		return SE_NOT_ACCEPTABLE;
	}
	if (services_match(app->services, stream_host(e), stream_port(e), t,
	    why) == -1)
		return SE_ITEM_NOT_FOUND;
	if (use != STREAM_FOR_INPUT || stream_host(e) != NULL)
		return SE_NONE;
	/* What was meant for standard output is not for the first service. */
	snprintf(why, SERVICE_ERR, "-s names no service; the first one here "
	    "is %.100s, for xcat without -s", t->name);
	return SE_NOT_ACCEPTABLE;
}

void
accept_offered(void *arg, struct inband *offer, const struct elem *open)
{
	struct app		*app = arg;
	struct stream_conf	 sc = channel_stream_conf(app);
	struct target		 target = { .kind = TARGET_TCP };
	struct channel		*ch;
	const char		*peer = inband_peer(offer);
	void			*in = find_file(app, peer, inband_sid(offer));
	int			 file = in == NULL && app->takers != NULL &&
				     stream_use(open) == STREAM_FOR_FILE;
	int			 apart = app->conf.receive != NULL;
	enum stanza_error	 err;
	char			 why[SERVICE_ERR];

	if (allow_check(app->allow, peer) == ALLOW_KEY &&
	    (app->e2e == NULL || !stream_offers_session(open))) {
		admit_say_refused(app, peer, NO_KEY);
		inband_refuse(offer, SE_SERVICE_UNAVAILABLE, NULL);
	} else if (in == NULL && !(file && apart) &&
	    (err = find_service(app, open, &target, why)) != SE_NONE) {
		log_line(LOG_EVENT, "%s: %s", peer, why);
		inband_refuse(offer, err, why);
	} else if (too_many(app, peer, (in != NULL || file) && apart, NULL) ||
	    (ch = listening_channel(app)) == NULL) {
		inband_refuse(offer, SE_BUSY, "too many streams at once");
	} else if ((ch->stream = stream_offered(offer, open, &sc,
	    channel_changed, ch)) == NULL) {
		channel_free(ch);
	} else if ((in != NULL && app->takers->take(ch, in) == -1) ||
	    (file && app->takers->offered(ch) == -1)) {
		turn_away(ch, SE_ITEM_NOT_FOUND, NULL);
	} else {
		join(ch, &target);
	}
}

/* Why not; SE_NONE if it may be. */
static enum stanza_error
object(struct app *app, const struct s5b_offer *o,
    const struct stream_conf *sc, struct target *target, char *why)
{
	enum stanza_error	 err;

	*why = '\0';
	if (find_file(app, o->from, o->sid) != NULL)
		return SE_NONE;		/* it has been agreed on */
	if (allow_check(app->allow, o->from) == ALLOW_KEY) {
		admit_say_refused(app, o->from, NO_KEY);
		return SE_SERVICE_UNAVAILABLE;
	}
	if (sc->require) {
		strlcpy(why, "end-to-end encryption is required",
		    SERVICE_ERR);
		return SE_NOT_ACCEPTABLE;
	}
	if ((err = find_service(app, o->query, target, why)) != SE_NONE) {
		log_line(LOG_EVENT, "%s: %s", o->from, why);
		return err;
	}
	return too_many(app, o->from, 0, NULL) ? SE_BUSY : SE_NONE;
}

void
accept_socket_offered(struct app *app, struct s5b_offer *o)
{
	struct stream_conf	 sc = channel_stream_conf(app);
	struct iq_table		*t = app->iqs;
	struct target		 target = { .kind = TARGET_TCP };
	void			*in = find_file(app, o->from, o->sid);
	struct channel		*ch;
	enum stanza_error	 err;
	char			 why[SERVICE_ERR];

	if ((err = object(app, o, &sc, &target, why)) != SE_NONE ||
	    (ch = listening_channel(app)) == NULL) {
		iq_refuseto(t, o->from, o->id, err != SE_NONE ? err : SE_BUSY,
		    *why != '\0' ? why : NULL);
		return;
	}
	ch->stream = stream_alone(o->from, o->sid, 0, &sc, channel_changed, ch);
	if (ch->stream == NULL ||
	    (in != NULL && app->takers->take(ch, in) == -1) ||
	    channel_upgrade(ch) == NULL ||
	    upgrade_take(ch->upgrade, o) == -1) {
		iq_refuseto(t, o->from, o->id, SE_BUSY, NULL);
		channel_free(ch);
		return;
	}
	join(ch, &target);
}

static void
announce(struct app *app)
{
	char	 quoted[4 * JID_MAX];

	log_line(LOG_EVENT, "listening; reach it with: xcat %s",
	    text_quote(iq_jid(app->iqs), quoted, sizeof(quoted)));
	systemd_ready();
}

static void
roster_came(void *arg, int good)
{
	struct app	*app = arg;

	if (good)
		announce(app);
	else
		app_fail(app, FAULT_SERVER, "%s: the server gives no roster, "
		    "which -a @roster needs; name the peers instead",
		    app->jid);
}

static void
fetch_roster(struct app *app, void (*came)(void *, int))
{
	if (roster_fetch(app->roster, app->allow,
	    answer_deadline(app), came, app) == -1)
		app_fail(app, FAULT_LOCAL, "out of memory");
}

void
accept_start(struct app *app)
{
	if (allow_wants_roster(app->allow))
		fetch_roster(app, roster_came);
	else
		announce(app);
}

/* What the roster was is still good; changes reach sessions that have asked. */
static void
roster_came_again(void *arg, int good)
{
	const struct app	*app = arg;

	if (!good)
		log_line(LOG_EVENT, "%s: the server gives no roster now; "
		    "changes to it will not be seen", app->jid);
}

void
accept_back(struct app *app, int moved)
{
	if (moved)
		announce(app);
	if (allow_wants_roster(app->allow))
		fetch_roster(app, roster_came_again);
}
