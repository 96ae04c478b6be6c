/* remote_serve: see remote_serve.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/stream.h"
#include "net/channel/account.h"
#include "net/channel/app.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/channel/place.h"
#include "net/channel/remote_serve.h"
#include "net/channel/remote_spec.h"
#include "net/channel/remote_words.h"
#include "net/channel/service.h"
#include "net/conf/allow.h"
#include "net/dial/port.h"
#include "net/io/limits.h"
#include "net/io/log.h"
#include "xml/elem.h"
#include "xml/jid.h"

#define NEXT_TRIES	1000	/* ports, if any will do */

/* A port of a caller. */
struct opened {
	struct remote_control	*control;
	struct port		*port;		/* NULL: closed */
	struct remote_place	 place;		/* with its number */
	unsigned		 number;	/* of the caller's */
};

/* A caller, and its control stream. */
struct remote_control {
	struct app		*app;
	struct channel		*ch;
	char			 peer[JID_MAX];
	struct opened		*opened[REMOTE_PORTS];	/* by number, from 1;
							 * NULL: not asked
							 * for */
	LIST_ENTRY(remote_control) next;
};

/* Is it a port on which we listen?  o may be NULL. */
static int
is_open(const struct opened *o)
{
	return o != NULL && o->port != NULL;
}

/*
 * Words
 */

/* Tell the caller.  A caller that does not read what it has asked for loses
 * its stream. */
static void
tell(struct remote_control *c, enum remote_word word, unsigned number,
    const char *text)
{
	char	 line[REMOTE_LINE];
	size_t	 len = remote_words_write(word, number, text, line);

	if (stream_room(c->ch->stream) < len ||
	    stream_write(c->ch->stream, line, len) == -1) {
		stream_abort(c->ch->stream, SE_RESOURCE_CONSTRAINT);
		channel_changed(c->ch);
	}
}

static void
say(const struct opened *o, enum log_kind kind, const char *why)
{
	char			 place[REMOTE_PLACE];
	struct log_event	 e = { .kind = kind, .reason = why };

	e.peer = o->control->peer;
	e.port = remote_place_text(&o->place, o->place.port, place);
	if (kind == LOG_PORT_OPENED)
		log_event(LOG_EVENT, &e, "%s: listening for it on %s", e.peer,
		    e.port);
	else
		log_event(LOG_EVENT, &e, "%s: no longer listening for it on "
		    "%s: %s", e.peer, e.port, why);
}

/* Close a port, and tell the caller why, unless that has gone. */
static void
shut(struct opened *o, const char *why, int gone)
{
	if (o->port == NULL)
		return;
	port_free(o->port);
	o->port = NULL;
	say(o, LOG_PORT_CLOSED, why);
	if (!gone)
		tell(o->control, REMOTE_CLOSED, o->number, why);
}

/*
 * Connections
 */

/* A stream to the caller, for this connection. */
static struct channel *
call_back(struct opened *o)
{
	struct remote_control	*c = o->control;
	char			 place[REMOTE_PLACE], number[12];
	struct channel		*ch;

	snprintf(number, sizeof(number), "%u", o->number);
	if ((ch = channel_new(c->app)) == NULL)
		return NULL;
	ch->control = c->ch;
	ch->called_peer = c->peer;
	ch->called_for = STREAM_FOR_CONNECTION;
	ch->host = strdup(stream_sid(c->ch->stream));
	ch->port = strdup(number);
	ch->service = strdup(remote_place_text(&o->place, o->place.port,
	    place));
	if (ch->host == NULL || ch->port == NULL || ch->service == NULL ||
	    account_join(ch, c->peer) == -1 ||
	    call_open(ch, ch->host, ch->port) == -1) {
		channel_free(ch);
		return NULL;
	}
	return ch;
}

static void
connected(void *arg, int fd)
{
	struct opened		*o = arg;
	struct remote_control	*c = o->control;
	struct channel		*ch;

	if (c->app->ending || c->app->signo != 0 ||
	    (ch = call_back(o)) == NULL) {
		log_line(LOG_DETAIL, "%s: no stream for a connection",
		    c->peer);
		close(fd);
		return;
	}
	channel_join(ch, fd, fd);
	remote_serve_settle(c->app);
}

static int
is_held(const struct remote_control *c)
{
	return c->app->server != APP_SERVER_UP ||
	    c->ch->waits != CHANNEL_PRESENT ||
	    place_is_full(c->app, c->peer, 0, NULL);
}

void
remote_serve_settle(struct app *app)
{
	struct remote_control	*c;
	unsigned		 n;
	int			 hold;

	LIST_FOREACH(c, &app->controls, next) {
		hold = is_held(c);
		for (n = 0; n < REMOTE_PORTS; n++)
			if (is_open(c->opened[n]))
				port_hold(c->opened[n]->port, hold);
	}
}

/*
 * Ports
 */

/* Look for the other callers of this account: a caller may have been started
 * anew, and the call of before, which the peer has forgotten, may have the
 * port. */
static void
look_for_others(const struct remote_control *c)
{
	struct remote_control	*o;

	LIST_FOREACH(o, &c->app->controls, next)
		if (o != c && jid_samebare(o->peer, c->peer))
			stream_ping(o->ch->stream);
}

/* Close those of an earlier call of this account, which waits for its caller in
 * vain, with this caller's key. */
static int
take_over(const struct remote_control *c)
{
	const char		*key = stream_key(c->ch->stream), *other;
	struct remote_control	*o;
	unsigned		 n;
	int			 taken = 0;

	LIST_FOREACH(o, &c->app->controls, next) {
		other = stream_key(o->ch->stream);
		if (o == c || o->ch->waits == CHANNEL_PRESENT ||
		    key == NULL || other == NULL || strcmp(key, other) != 0 ||
		    !jid_samebare(o->peer, c->peer))
			continue;
		for (n = 0; n < REMOTE_PORTS; n++)
			if (is_open(o->opened[n])) {
				shut(o->opened[n], "its caller has called "
				    "anew", 0);
				taken = 1;
			}
	}
	return taken;
}

/* The ports that are open for the account of this caller. */
static int
count_open(const struct remote_control *c)
{
	const struct remote_control	*o;
	unsigned			 n;
	int				 count = 0;

	LIST_FOREACH(o, &c->app->controls, next)
		for (n = 0; n < REMOTE_PORTS; n++)
			if (is_open(o->opened[n]) &&
			    jid_samebare(o->peer, c->peer))
				count++;
	return count;
}

/* Listen on this one of its ports.  0, or -1 with a message in
 * why[PORT_ERR]. */
static int
listen_on(struct opened *o, uint16_t port, char *why)
{
	char	 where[REMOTE_PLACE];

	remote_place_text(&o->place, port, where);
	o->port = port_listen(o->control->app->loop, where, connected, o, why);
	if (o->port == NULL)
		return -1;
	o->place.port = port_number(o->port);
	return 0;
}

static int
listen_anywhere(struct opened *o, char *why)
{
	uint16_t	 port = 0;
	int		 tries;

	for (tries = 0; tries < NEXT_TRIES &&
	    remote_next(o->control->app->remote, &o->place, &port); tries++) {
		if (listen_on(o, port, why) == 0)
			return 0;
		if (port == 0)
			break;
	}
	strlcpy(why, tries > 0 ? "none of the ports of -o remote there can be "
	    "had" : "-o remote there has no port of that address", PORT_ERR);
	return -1;
}

/* 0, or -1 with a message for the caller in why[PORT_ERR]. */
static int
open_port(struct opened *o, char *why)
{
	char	 where[REMOTE_PLACE];

	if (count_open(o->control) >= REMOTE_PORTS ||
	    !limits_room(STDERR_FILENO)) {
		snprintf(why, PORT_ERR, "too many ports are open; %d are all "
		    "that an account may have", REMOTE_PORTS);
		return -1;
	}
	if (o->place.port == 0)
		return listen_anywhere(o, why);
	if (!remote_allows(o->control->app->remote, &o->place)) {
		snprintf(why, PORT_ERR, "%s is not among the ports of -o "
		    "remote there; ask for one of them, or have it added",
		    remote_place_text(&o->place, o->place.port, where));
		return -1;
	}
	if (listen_on(o, o->place.port, why) == 0 ||
	    (take_over(o->control) &&
	    listen_on(o, o->place.port, why) == 0))
		return 0;
	look_for_others(o->control);
	strlcat(why, "; ask for another port", PORT_ERR);
	return -1;
}

/* The caller asks for a port: for remote_words_take(). */
static int
asked(void *arg, const struct remote_line *l)
{
	struct remote_control	*c = arg;
	struct opened		*o;
	char			 why[PORT_ERR > REMOTE_ERR ? PORT_ERR :
				     REMOTE_ERR];
	char			 place[REMOTE_PLACE];

	if (l->word != REMOTE_LISTEN || c->opened[l->number - 1] != NULL ||
	    (o = calloc(1, sizeof(*o))) == NULL)
		return -1;
	c->opened[l->number - 1] = o;
	o->control = c;
	o->number = l->number;
	if (c->app->draining != 0) {
		tell(c, REMOTE_REFUSED, l->number, "it is about to end");
	} else if (remote_place_read(l->text, &o->place, why) == -1 ||
	    open_port(o, why) == -1) {
		log_line(LOG_EVENT, "%s: refused a port: %s", c->peer, why);
		tell(c, REMOTE_REFUSED, l->number, why);
	} else {
		c->ch->steady = 1;
		say(o, LOG_PORT_OPENED, NULL);
		tell(c, REMOTE_LISTENING, l->number,
		    remote_place_text(&o->place, o->place.port, place));
	}
	return 0;
}

/*
 * The control stream
 */

static int
control_check(void *arg)
{
	struct remote_control	*c = arg;
	struct stream		*s = c->ch->stream;

	if (remote_words_take(s, asked, c) == -1) {
		stream_abort(s, SE_BAD_REQUEST);
		channel_failed(c->ch, FAULT_BROKEN, "what it asks of us for -R "
		    "makes no sense");
		return 1;
	}
	if (stream_eof(s))
		stream_finish(s);
	remote_serve_settle(c->app);
	return 0;
}

static int
control_apart(void *arg)
{
	(void)arg;
	return 1;
}

/* A caller that has hung up is no fault: what becomes of its ports is said. */
static int
control_told(void *arg)
{
	const struct remote_control	*c = arg;

	return stream_fault(c->ch->stream) == STREAM_HUNG_UP;
}

/* The connections of a control stream end with it. */
static void
control_left(void *arg)
{
	struct remote_control	*c = arg;
	struct channel		*ch;
	unsigned		 n;

	for (n = 0; n < REMOTE_PORTS; n++) {
		if (c->opened[n] != NULL)
			shut(c->opened[n], "its caller has gone", 1);
		free(c->opened[n]);
	}
	TAILQ_FOREACH(ch, &c->app->channels, next)
		if (ch->control == c->ch) {
			ch->control = NULL;
			ch->called_peer = NULL;
			stream_hung_up(ch->stream, "its caller has gone");
			channel_changed(ch);
		}
	LIST_REMOVE(c, next);
	free(c);
}

static const struct channel_file_ops control_ops = {
	.check = control_check,
	.apart = control_apart,
	.told = control_told,
	.left = control_left,
};

enum stanza_error
remote_serve_refuses(const struct app *app, const struct elem *open, char *why)
{
	if (!app->conf.keep || !remote_allows_any(app->remote)) {
		strlcpy(why, "it opens no ports for callers: start it with "
		    "-k and -o remote=port there", SERVICE_ERR);
		return SE_NOT_ACCEPTABLE;
	}
	if (app->e2e == NULL || !stream_offers_session(open)) {
		strlcpy(why, "end-to-end encryption is required for -R",
		    SERVICE_ERR);
		return SE_NOT_ACCEPTABLE;
	}
	return SE_NONE;
}

int
remote_serve_new(struct channel *ch)
{
	struct remote_control	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -1;
	c->app = ch->app;
	c->ch = ch;
	strlcpy(c->peer, stream_peer(ch->stream), sizeof(c->peer));
	LIST_INSERT_HEAD(&ch->app->controls, c, next);
	ch->called_for = STREAM_FOR_REMOTE;
	channel_attach(ch, &control_ops, c);
	return 0;
}

/*
 * All of them
 */

static void
shut_all(struct app *app, int (*stays)(const struct opened *o),
    const char *why)
{
	struct remote_control	*c;
	struct opened		*o;
	unsigned		 n;

	LIST_FOREACH(c, &app->controls, next)
		for (n = 0; n < REMOTE_PORTS; n++)
			if ((o = c->opened[n]) != NULL && !stays(o))
				shut(o, why, 0);
}

/* May the port be open still, and its caller open streams? */
static int
is_allowed(const struct opened *o)
{
	const struct remote_control	*c = o->control;
	const char			*key = stream_key(c->ch->stream);
	enum allow_result		 v = allow_check(c->app->allow,
					     c->peer);

	return remote_allows(c->app->remote, &o->place) && (v == ALLOW_YES ||
	    (v == ALLOW_KEY && key != NULL && allow_key(c->app->allow, c->peer,
	    key)));
}

static int
never(const struct opened *o)
{
	(void)o;
	return 0;
}

void
remote_serve_reloaded(struct app *app)
{
	shut_all(app, is_allowed,
	    "it is no longer allowed there (-a, -o remote)");
}

void
remote_serve_drain(struct app *app)
{
	shut_all(app, never, "the listener is about to end");
}
