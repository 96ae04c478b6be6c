/* remote_ask: see remote_ask.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/channel/account.h"
#include "net/channel/app.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/channel/place.h"
#include "net/channel/remote_ask.h"
#include "net/channel/remote_spec.h"
#include "net/channel/remote_words.h"
#include "net/channel/serve.h"
#include "net/channel/service.h"
#include "net/io/log.h"
#include "xml/elem.h"
#include "xml/number.h"

enum port_state {
	PORT_WANTED,		/* or asked for */
	PORT_OPEN,		/* the peer listens there */
	PORT_CLOSED		/* it does no more */
};

/* One -R. */
struct wanted {
	struct remote_spec	 spec;
	enum port_state		 state;
	char			 place[REMOTE_PLACE];	/* at the peer */
};

struct remote_ask {
	struct app	*app;
	struct channel	*ch;		/* of the control stream; NULL: none */
	void		(*stands)(struct app *);	/* NULL: it has been */
	size_t		 n;
	size_t		 asked, open;	/* so many of them */
	struct services	*targets;	/* named "1", "2" ... */
	struct wanted	 list[];
};

/*
 * Before the login
 */

/* What the streams may go to: services of ours, by the numbers of their ports.
 * NULL with a message. */
static struct services *
targets_new(const struct remote_ask *r, char *err)
{
	char		*args[REMOTE_PORTS], why[SERVICE_ERR];
	struct services	*s = NULL;
	size_t		 i, n = 0;

	strlcpy(why, "out of memory", sizeof(why));
	for (i = 0; i < r->n; i++)
		if (asprintf(&args[n], "%zu=%s", i + 1,
		    r->list[i].spec.target) != -1)
			n++;
	if (n == r->n)
		s = services_new(args, n, n, why);
	if (s == NULL)
		snprintf(err, REMOTE_ERR, "%.250s", why);
	while (n > 0)
		free(args[--n]);
	return s;
}

int
remote_ask_new(struct app *app, char *err)
{
	const struct conf_item	*i;
	struct remote_ask	*r;
	size_t			 n = 0;

	STAILQ_FOREACH(i, &app->conf.reverse, next)
		n++;
	if (n == 0)
		return 0;
	if (n > REMOTE_PORTS) {
		snprintf(err, REMOTE_ERR, "there may be %d at a time",
		    REMOTE_PORTS);
		return -1;
	}
	if ((r = calloc(1, sizeof(*r) + n * sizeof(r->list[0]))) == NULL) {
		strlcpy(err, "out of memory", REMOTE_ERR);
		return -1;
	}
	app->remote_ask = r;
	r->app = app;
	STAILQ_FOREACH(i, &app->conf.reverse, next)
		if (remote_spec(i->value, &r->list[r->n++].spec, err) == -1)
			return -1;
	r->targets = targets_new(r, err);
	return r->targets == NULL ? -1 : 0;
}

void
remote_ask_free(struct app *app)
{
	if (app->remote_ask == NULL)
		return;
	services_free(app->remote_ask->targets);
	free(app->remote_ask);
	app->remote_ask = NULL;
}

/*
 * The control stream
 */

/* Ask for those that there is room for in the stream. */
static void
ask(struct remote_ask *r)
{
	struct stream	*s = r->ch->stream;
	char		 line[REMOTE_LINE];
	size_t		 len;

	while (r->asked < r->n && stream_state(s) == STREAM_OPEN) {
		len = remote_words_write(REMOTE_LISTEN,
		    (unsigned)r->asked + 1, r->list[r->asked].spec.where,
		    line);
		if (stream_room(s) < len || stream_write(s, line, len) == -1)
			return;
		r->asked++;
	}
}

/* Are there ports that the peer has not yet told of?  It may have closed others
 * of them already. */
static int
is_asking(const struct remote_ask *r)
{
	size_t	 i;

	for (i = 0; i < r->n; i++)
		if (r->list[i].state == PORT_WANTED)
			return 1;
	return 0;
}

static void
opened(struct remote_ask *r, struct wanted *w, const char *place)
{
	struct app	*app = r->app;
	void		(*stands)(struct app *) = r->stands;
	size_t		 i;

	strlcpy(w->place, place, sizeof(w->place));
	w->state = PORT_OPEN;
	r->open++;
	if (is_asking(r))
		return;
	for (i = 0; i < r->n; i++)
		if (r->list[i].state == PORT_OPEN)
			log_line(LOG_EVENT, "forwarding %s of %s to %s",
			    r->list[i].place, app->peer,
			    r->list[i].spec.target);
	r->stands = NULL;
	r->ch->steady = 1;
	stands(app);
}

/* The run ends before its time: the peer is to close its ports at once, not
 * when it misses us. */
static void
give_up(struct remote_ask *r, enum fault fault)
{
	channels_stop(r->app);
	app_end(r->app, fault);
}

/* Are there streams by the ports that were open? */
static int
has_streams(const struct remote_ask *r)
{
	const struct channel	*ch;

	TAILQ_FOREACH(ch, &r->app->channels, next)
		if (ch->control == r->ch)
			return 1;
	return 0;
}

/* The run ends with its last port, and the last stream that came by one. */
static int
is_over(const struct remote_ask *r)
{
	return r->stands == NULL && r->open == 0 && !has_streams(r);
}

/* A line of the peer: for remote_words_take(). */
static int
heard(void *arg, const struct remote_line *l)
{
	struct remote_ask	*r = arg;
	struct wanted		*w = &r->list[l->number - 1];

	if (l->number > r->asked)
		return -1;
	if (l->word == REMOTE_LISTENING && w->state == PORT_WANTED) {
		opened(r, w, l->text);
	} else if (l->word == REMOTE_REFUSED && w->state == PORT_WANTED) {
		log_line(LOG_FAULT, "%s: it does not listen on %s for us: %s",
		    r->app->peer, w->spec.where, l->text);
		give_up(r, FAULT_PEER);
	} else if (l->word == REMOTE_CLOSED && w->state == PORT_OPEN) {
		w->state = PORT_CLOSED;
		r->open--;
		log_line(LOG_FAULT, "%s: it has closed %s: %s", r->app->peer,
		    w->place, l->text);
	} else {
		return -1;
	}
	return r->app->ending != 0;
}

static int
ask_check(void *arg)
{
	struct remote_ask	*r = arg;

	ask(r);
	if (!r->app->ending &&
	    remote_words_take(r->ch->stream, heard, r) == -1) {
		stream_abort(r->ch->stream, SE_BAD_REQUEST);
		channel_failed(r->ch, FAULT_BROKEN, "its answer to -R makes "
		    "no sense");
		return 1;
	}
	if (is_over(r) && !r->app->ending)
		give_up(r, FAULT_PEER);
	else if (stream_eof(r->ch->stream))
		stream_finish(r->ch->stream);
	return 0;
}

static void
say_ended(const struct remote_ask *r)
{
	log_line(LOG_FAULT, "%s: the listener has ended, and its ports with "
	    "it; run this again once it is back, or now with -W, which waits "
	    "for it", r->app->peer);
}

/* The listener ends without a word if it has no time for one. */
static int
ask_told(void *arg)
{
	const struct remote_ask	*r = arg;

	if (r->stands != NULL ||
	    stream_fault(r->ch->stream) != STREAM_HUNG_UP)
		return 0;
	say_ended(r);
	return 1;
}

/* The ports are closed with the control stream, and the run ends. */
static int
ask_over(void *arg, enum fault fault)
{
	struct remote_ask	*r = arg;

	if (r->app->ending)
		return 0;
	if (fault == FAULT_NONE) {
		say_ended(r);
		fault = FAULT_PEER;
	}
	give_up(r, fault);
	return 0;
}

static void
ask_left(void *arg)
{
	struct remote_ask	*r = arg;
	struct channel		*ch;

	TAILQ_FOREACH(ch, &r->app->channels, next)
		if (ch->control == r->ch)
			ch->control = NULL;
	r->ch = NULL;
}

static const struct channel_file_ops ask_ops = {
	.check = ask_check,
	.told = ask_told,
	.over = ask_over,
	.left = ask_left,
};

void
remote_ask_begin(struct app *app, void (*stands)(struct app *app))
{
	struct remote_ask	*r = app->remote_ask;

	r->stands = stands;
	if ((r->ch = channel_new(app)) == NULL) {
		app_fail(app, FAULT_LOCAL, "out of memory");
		return;
	}
	r->ch->called_for = STREAM_FOR_REMOTE;
	channel_attach(r->ch, &ask_ops, r);
	if (call_open(r->ch, NULL, NULL) == -1)
		app_fail(app, FAULT_LOCAL, "out of memory");
}

/*
 * Streams of the peer
 */

/* The control stream stands, and has asked. */
static int
is_open(const struct remote_ask *r)
{
	return r != NULL && r->ch != NULL && r->asked > 0 &&
	    r->ch->stream != NULL && stream_key(r->ch->stream) != NULL;
}

int
remote_ask_admits(const struct app *app, const char *jid)
{
	const struct remote_ask	*r = app->remote_ask;

	return is_open(r) && !app->ending && app->signo == 0 &&
	    strcmp(stream_peer(r->ch->stream), jid) == 0;
}

/* The port that the stream is for, and its target; NULL: none. */
static const struct wanted *
find(const struct remote_ask *r, const struct elem *open, struct target *t)
{
	const char	*host = stream_host(open), *port = stream_port(open);
	char		 why[SERVICE_ERR];
	uint64_t	 n;

	if (stream_use(open) != STREAM_FOR_CONNECTION || host == NULL ||
	    port == NULL || strcmp(host, stream_sid(r->ch->stream)) != 0 ||
	    number_read(port, 1, r->asked, &n) == -1 ||
	    r->list[n - 1].state == PORT_CLOSED ||
	    services_match(r->targets, port, NULL, SERVICE_FOR_BYTES, t,
	    why) != SERVICE_FOUND)
		return NULL;
	strlcpy(t->name, r->list[n - 1].spec.target, sizeof(t->name));
	return &r->list[n - 1];
}

void
remote_ask_offered(void *arg, struct inband *offer, const struct elem *open)
{
	struct app		*app = arg;
	struct remote_ask	*r = app->remote_ask;
	struct stream_conf	 sc = channel_stream_conf(app);
	const char		*peer = inband_peer(offer);
	struct channel		*ch;
	struct target		 t;

	sc.require = 1;
	sc.secret = NULL;
	sc.warm = NULL;
	if (app->conf.block_size == 0)
		sc.block = INBAND_BLOCK_MAX;
	if (!remote_ask_admits(app, peer) || find(r, open, &t) == NULL) {
		log_line(LOG_DETAIL, "%s: refused a stream that was not "
		    "agreed on", peer);
		inband_refuse(offer, SE_ITEM_NOT_FOUND, NULL);
	} else if (place_is_full(app, peer, 0, NULL) ||
	    (ch = channel_new(app)) == NULL) {
		inband_refuse(offer, SE_BUSY, "too many streams at once");
	} else {
		ch->listener = 1;
		ch->control = r->ch;
		if (account_join(ch, peer) == -1)
			inband_refuse(offer, SE_BUSY, NULL);
		else
			ch->stream = stream_offered(offer, open, &sc,
			    channel_changed, ch);
		if (ch->stream == NULL) {
			channel_free(ch);
			return;
		}
		channel_set_turn(ch, CHANNEL_OFFERED);
		serve_offered(ch, &t);
	}
}
