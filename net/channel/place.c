/* place: whose turn it is among the streams that peers offer; see place.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <unistd.h>

#include "net/channel/account.h"
#include "net/channel/channel_int.h"
#include "net/channel/place.h"
#include "net/channel/serve.h"
#include "net/io/limits.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/s5b/upgrade.h"

#define PLACES		16	/* of one peer: files, or streams in line */
#define HANDSHAKE	10000	/* ms for a session to stand */
#define PROBE		40000	/* and to find a way here, which is longer than
				 * a caller looks for it */

void
place_refuse(struct channel *ch, enum stanza_error err, const char *text)
{
	upgrade_refuse(ch->upgrade, err, text);
	channel_drop_upgrade(ch);
	stream_refuse(ch->stream, err, text);
	ch->stream = NULL;
}

void
place_turn_away(struct channel *ch, enum stanza_error err, const char *text)
{
	place_refuse(ch, err, text);
	channel_free(ch);
}

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
	timer_set(ch->app->loop, &ch->handshake, clock_ms() +
	    (stream_is_probe(ch->stream) ? PROBE : HANDSHAKE));
}

void
place_accept(struct channel *ch)
{
	if (stream_accept(ch->stream) == -1)
		return;
	if (upgrade_offered(ch->upgrade))
		upgrade_accept(ch->upgrade);
	if (stream_shakes(ch->stream) || stream_is_probe(ch->stream))
		handshake_begin(ch);
}

void
place_late(void *arg)
{
	struct channel	*ch = arg;
	const char	*why;

	if (!stream_shakes(ch->stream) && !stream_is_probe(ch->stream))
		return;
	/* Nothing can come while our server is away. */
	if (ch->app->server == APP_SERVER_AWAY) {
		handshake_begin(ch);
		return;
	}
	why = stream_shakes(ch->stream) ? "its session did not stand in 10 s"
	    : "it has looked for a way here for 40 s";
	stream_abort(ch->stream, SE_REMOTE_SERVER_TIMEOUT);
	channel_failed(ch, FAULT_TIME, why);
}

/* How many handshakes of the account are under way, and the oldest of them, or
 * NULL, in *oldest. */
static long
account_shaking(const struct account *a, struct channel **oldest)
{
	struct channel	*ch;
	long		 n = 0;

	*oldest = NULL;
	TAILQ_FOREACH(ch, &a->channels, of_account)
		if (ch->turn == CHANNEL_SHAKING && n++ == 0)
			*oldest = ch;
	return n;
}

/* The oldest handshake of the account that has most; NULL if there are fewer in
 * all than there may be. */
static struct channel *
most_shaking(struct app *app)
{
	struct account	*a;
	struct channel	*ch = NULL, *oldest;
	long		 all = 0, most = 0, n;

	for (a = account_first(app); a != NULL; a = account_next(a)) {
		n = account_shaking(a, &oldest);
		all += n;
		if (n > most) {
			most = n;
			ch = oldest;
		}
	}
	return all >= app->conf.max_streams ? ch : NULL;
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
	const struct account	*a = account_find(app, peer);
	struct channel		*ch = NULL, *own = NULL;

	if (a != NULL &&
	    account_shaking(a, &own) >= app->conf.max_streams_per_peer)
		ch = own;
	else if ((long)app->nchannels >= app->conf.max_streams)
		ch = most_shaking(app);
	if (ch == NULL)
		return;
	log_line(LOG_DETAIL, "%s: too many handshakes at once",
	    stream_peer(ch->stream));
	place_turn_away(ch, SE_BUSY, "too many streams at once");
}

void
place_shake(struct channel *ch)
{
	make_room(ch->app, stream_peer(ch->stream));
	channel_set_turn(ch, CHANNEL_SHAKING);
	place_accept(ch);
	stream_hold(ch->stream, 1);
}

/*
 * Standard input and output
 */

void
place_take(struct channel *ch)
{
	channel_set_turn(ch, CHANNEL_TAKEN);
	log_line(LOG_DETAIL, "%s: stream", stream_peer(ch->stream));
	if (stream_state(ch->stream) == STREAM_OFFERED)
		place_accept(ch);
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
		if (channel_is_apart(ch) || ch->turn == CHANNEL_SHAKING ||
		    ch->turn == CHANNEL_OURS)
			continue;
		if (ch->turn == CHANNEL_TAKEN)
			return ch;
		if (first == NULL)
			first = ch;
	}
	return first;
}

/* The streams are taken in the order in which they came.  All that have still
 * to shake hands do so at once, until one stands and has the place. */
void
place_next(struct app *app)
{
	struct channel	*ch;

	while (!app->ending && (ch = first_in_line(app)) != NULL &&
	    ch->turn != CHANNEL_TAKEN) {
		if (ch->turn == CHANNEL_OFFERED && stream_shakes(ch->stream))
			place_shake(ch);
		else
			place_take(ch);
	}
	if (app->takers != NULL)
		app->takers->next(app);
}

/*
 * Limits
 */

/* Does a channel other than self have a place of this kind? */
static int
has_place(const struct channel *ch, const struct channel *self, int apart)
{
	return ch != self && ch->turn != CHANNEL_SHAKING &&
	    channel_is_apart(ch) == apart;
}

/* How many have, of all accounts. */
static long
all_places(const struct app *app, const struct channel *self, int apart)
{
	struct channel	*ch;
	long		 n = 0;

	TAILQ_FOREACH(ch, &app->channels, next)
		n += has_place(ch, self, apart);
	return n;
}

/* How many have, of this peer's account. */
static long
places_of(struct app *app, const char *peer, const struct channel *self,
    int apart)
{
	const struct account	*a = account_find(app, peer);
	struct channel		*ch;
	long			 n = 0;

	if (a != NULL)
		TAILQ_FOREACH(ch, &a->channels, of_account)
			n += has_place(ch, self, apart);
	return n;
}

/* Where there are fewer channels than places, none is counted but the peer's
 * own. */
int
place_is_full(struct app *app, const char *peer, int apart,
    const struct channel *self)
{
	long	 most = !apart && (app->mode == MODE_SERVE ||
		     app->mode == MODE_FORWARD) ?
		     app->conf.max_streams_per_peer : PLACES;

	if (!limits_room(STDERR_FILENO))
		return 1;
	if (app_is_single(app) && !apart)
		return all_places(app, self, 0) + all_places(app, self, 1) > 0;
	return places_of(app, peer, self, apart) >= most ||
	    ((long)app->nchannels >= app->conf.max_streams &&
	    all_places(app, self, apart) >= app->conf.max_streams);
}

void
place_stands(struct channel *ch)
{
	const char	*peer = stream_peer(ch->stream);

	if (stream_is_probe(ch->stream))
		return;		/* it wants none, and its caller ends it */
	timer_clear(ch->app->loop, &ch->handshake);
	if (place_is_full(ch->app, peer, channel_is_apart(ch), ch)) {
		log_line(LOG_DETAIL, "%s: too many streams at once", peer);
		place_turn_away(ch, SE_BUSY, "too many streams at once");
	} else if (ch->target != NULL) {
		serve_begin(ch, ch->target);
	} else if (channel_is_apart(ch)) {
		place_take(ch);
	} else {
		channel_set_turn(ch, CHANNEL_IN_LINE);
		place_next(ch->app);
	}
}
