/* forward: see forward.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/inband.h"
#include "ibb/stream_strerror.h"
#include "net/channel/await.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/channel/forward.h"
#include "net/channel/forward_spec.h"
#include "net/channel/forward_udp.h"
#include "net/channel/remote_ask.h"
#include "net/channel/remote_serve.h"
#include "net/channel/remote_spec.h"
#include "net/dial/port.h"
#include "net/dial/socks_accept.h"
#include "net/io/background.h"
#include "net/io/log.h"
#include "net/io/systemd.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/write.h"

enum forward_state {
	FORWARD_CLOSED,			/* there has been no login yet */
	FORWARD_ASKING,			/* -f: is the peer there? */
	FORWARD_ABSENT,			/* -f and -W: it is not */
	FORWARD_BINDING,		/* -R: it is asked for its ports */
	FORWARD_OPEN			/* connections may come */
};

/* One -L. */
struct forward {
	struct app		*app;
	struct forward_spec	 spec;
};

struct forwards {
	enum forward_state	 state;
	struct await	 absent;	/* FORWARD_ABSENT: until the peer is
					 * asked again */
	size_t		 n;
	struct forward	 list[];
};

static void
forward_set_state(struct app *app, enum forward_state state)
{
	static const char *const	 names[] = {
		"closed", "asking", "absent", "binding", "open"
	};

	if (app->forwards->state == state)
		return;
	log_line(LOG_TRACE, "forward: %s -> %s", names[app->forwards->state],
	    names[state]);
	app->forwards->state = state;
	forward_settle(app);
}

/* There is no memory for a connection, which is refused; the others go on. */
static void
starved(const struct app *app, struct channel *ch)
{
	log_line(LOG_EVENT, "%s: out of memory for one more stream", app->peer);
	if (ch != NULL)
		channel_free(ch);
}

int
forward_holds(const struct app *app)
{
	return app->forwards->state != FORWARD_OPEN ||
	    app->server != APP_SERVER_UP ||
	    (app->code != NULL && app->nchannels > 0);
}

void
forward_settle(struct app *app)
{
	remote_serve_settle(app);
	if (app->forwards == NULL || app->ports == NULL)
		return;
	ports_hold(app->ports, forward_holds(app));
	forward_udp_settle(app->udp);
}

/* -L: a client has connected. */
static void
forward_connected(void *arg, int fd)
{
	const struct forward	*f = arg;
	struct app		*app = f->app;
	int			 own = f->spec.host != NULL;
	struct channel		*ch;

	if (app->ibb == NULL || app->ending) {
		close(fd);
	} else if ((ch = channel_new(app)) == NULL ||
	    call_open(ch, own ? f->spec.host : app->host,
	    own ? f->spec.port : app->port) == -1) {
		close(fd);
		starved(app, ch);
	} else {
		channel_join(ch, fd, fd);
		forward_settle(app);
	}
}

/* -D: a client has said where to; host NULL: it has gone. */
static void
forward_asked(void *arg, const char *host, const char *port)
{
	struct channel	*ch = arg;

	if (host == NULL) {
		ch->socks = NULL;
		channel_free(ch);
		return;
	}
	ch->host = strdup(host);
	ch->port = strdup(port);
	if (ch->host == NULL || ch->port == NULL ||
	    call_open(ch, ch->host, ch->port) == -1)
		starved(ch->app, ch);
}

static void
forward_socks(void *arg, int fd)
{
	struct app	*app = arg;
	struct channel	*ch;

	if (app->ibb == NULL || app->ending) {
		close(fd);
	} else if ((ch = channel_new(app)) == NULL) {
		close(fd);
		starved(app, NULL);
	} else {
		ch->socks = socks_accept_new(app->loop, fd, forward_asked, ch);
		if (ch->socks == NULL)
			starved(app, ch);
		else
			forward_settle(app);
	}
}

static int
forwards_new(struct app *app, char *why)
{
	struct conf_item	*item;
	struct forward		*f;
	size_t			 n = 0;

	STAILQ_FOREACH(item, &app->conf.forward, next)
		n++;
	app->forwards = calloc(1, sizeof(*app->forwards) +
	    n * sizeof(app->forwards->list[0]));
	if (app->forwards == NULL) {
		strlcpy(why, "out of memory", PORT_ERR);
		return -1;
	}
	STAILQ_FOREACH(item, &app->conf.forward, next) {
		f = &app->forwards->list[app->forwards->n++];
		f->app = app;
		if (forward_spec(item->value, &f->spec, why) == -1)
			return -1;
	}
	return 0;
}

/* One -L, in either kind. */
static int
open_forward(struct app *app, struct forward *f, char *why)
{
	if (app->udp == NULL)
		return ports_open(app->ports, f->spec.where,
		    forward_connected, f, why);
	if (ports_given(app->ports) == 0)
		return forward_udp_open(app->udp, f->spec.where, f->spec.host,
		    f->spec.port, why);
	strlcpy(why, "LISTEN_FDS: -u takes no sockets of systemd", PORT_ERR);
	return -1;
}

static int
open_ports(struct app *app, char *why)
{
	struct conf_item	*item;
	size_t			 i;

	for (i = 0; i < app->forwards->n; i++)
		if (open_forward(app, &app->forwards->list[i], why) == -1)
			return -1;
	STAILQ_FOREACH(item, &app->conf.socks, next)
		if (ports_open(app->ports, item->value, forward_socks, app,
		    why) == -1)
			return -1;
	return 0;
}

int
forward_open(struct app *app, char *why)
{
	if (forwards_new(app, why) == -1 || remote_ask_new(app, why) == -1)
		return -1;
	if ((app->ports = ports_new(app->loop)) == NULL ||
	    (app->conf.udp &&
	    (app->udp = forward_udp_new(app)) == NULL)) {
		strlcpy(why, "out of memory", PORT_ERR);
		return -1;
	}
	if (open_ports(app, why) == -1)
		return -1;
	forward_settle(app);
	return 0;
}

void
forward_free(struct app *app)
{
	if (app->forwards != NULL)
		await_end(app, &app->forwards->absent);
	if (app->iqs != NULL)
		iq_forget(app->iqs, app);
	forward_udp_free(app->udp);
	app->udp = NULL;
	free(app->forwards);
	app->forwards = NULL;
	remote_ask_free(app);
}

/* " service" of the peer, as a client reaches it by this port. */
static const char *
service_text(const struct forward_spec *s, char *out, size_t size)
{
	if (s->host == NULL)
		return "";
	snprintf(out, size, " %.200s%s%s", s->host, s->port != NULL ? ":" : "",
	    s->port != NULL ? s->port : "");
	return out;
}

/* All ports, here and at the peer, may be connected to. */
static void
forward_stand(struct app *app)
{
	const struct forward_spec	*s;
	struct conf_item		*item;
	char				 where[PORT_TEXT], service[300];
	size_t				 i;

	for (i = 0; i < app->forwards->n; i++) {
		s = &app->forwards->list[i].spec;
		log_line(LOG_EVENT, "forwarding %s%s to %s%s",
		    app->udp != NULL ? "udp " : "", app->udp != NULL ?
		    forward_udp_text(app->udp, i, s->where, where) :
		    ports_text(app->ports, i, s->where, where), app->peer,
		    service_text(s, service, sizeof(service)));
	}
	STAILQ_FOREACH(item, &app->conf.socks, next)
		log_line(LOG_EVENT, "forwarding SOCKS5 on %s to %s",
		    ports_text(app->ports, i++, item->value, where),
		    app->peer);
	forward_set_state(app, FORWARD_OPEN);
	if (app->told != NULL) {
		app->told->stands(app->told_arg);
		return;
	}
	systemd_ready();
	if (app->background > 0)
		background_ready(app->background);
	app->background = 0;
}

/* There is a way to the peer. */
static void
forward_begin(struct app *app)
{
	if (app->remote_ask == NULL) {
		forward_stand(app);
		return;
	}
	forward_set_state(app, FORWARD_BINDING);
	remote_ask_begin(app, forward_stand);
}

/*
 * -f: is the peer there?
 */

static void	 forward_ask(void *arg);

/* Any answer that is not that of an absent peer shows that it is there. */
static void
forward_answered(void *arg, const struct elem *answer)
{
	struct app		*app = arg;
	struct await		*absent = &app->forwards->absent;
	enum stanza_error	 err = answer == NULL ? SE_NONE :
				     stanza_error(answer);
	char			 why[512];

	if (answer == NULL) {
		app_fail(app, FAULT_TIME, "%s: no answer in time; check the "
		    "address", app->peer);
	} else if (!await_is_absence(err)) {
		await_end(app, absent);
		forward_begin(app);
	} else if (await_again(app, absent) == 0) {
		forward_set_state(app, FORWARD_ABSENT);
	} else {
		app_fail(app, FAULT_PEER, "%s: %s", app->peer,
		    stream_strerror_inband(stream_strerror_far(app->jid,
		    app->peer), INBAND_REFUSED, err, stanza_errortext(answer),
		    why, sizeof(why)));
	}
}

static void
forward_ask(void *arg)
{
	struct app	*app = arg;

	forward_set_state(app, FORWARD_ASKING);
	if (app->server != APP_SERVER_UP)
		return;			/* forward_back() will ask */
	xw_elem(iq_request(app->iqs, "get", app->peer), "query", NS_INFO,
	    NULL);
	if (iq_ask(app->iqs, forward_answered, app, app_deadline(app)) == -1)
		app_fail(app, FAULT_LOCAL, "out of memory");
}

void
forward_start(struct app *app)
{
	app->forwards->absent.timer.fire = forward_ask;
	app->forwards->absent.timer.arg = app;
	/* To a caller without its code no listener that has made one answers,
	 * and the code is for a stream. */
	if (app->conf.background && app->code == NULL)
		forward_ask(app);
	else
		forward_begin(app);
}

void
forward_back(struct app *app)
{
	if (app->forwards->state != FORWARD_ASKING)
		return;
	iq_forget(app->iqs, app);
	forward_ask(app);
}

void
forward_stands(struct channel *ch)
{
	int	 fd;

	forward_settle(ch->app);
	if (ch->socks == NULL)
		return;
	fd = socks_accept_reply(ch->socks, SOCKS_OK);
	ch->socks = NULL;
	channel_join(ch, fd, fd);
}
