#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/dial/port.h"
#include "net/dial/socks_accept.h"
#include "net/io/log.h"
#include "net/io/systemd.h"

/* Open the link's stream to a service of the peer. */
int
call(struct channel *ch, const char *host, const char *port)
{
	struct app		*app = ch->app;
	struct stream_conf	 sc = channel_stream_conf(app);
	char			 sid[INBAND_SID];

	sc.host = host;
	sc.port = port;
	if (app->mode == MODE_SEND && host == NULL)
		sc.use = STREAM_FOR_INPUT;
	if (app->conf.carrier == CARRIER_S5B) {
		inband_make_sid(sid);
		ch->stream = stream_alone(app->peer, sid, 1, &sc,
		    channel_changed, ch);
	} else {
		ch->stream = stream_call(app->ibb, app->peer, &sc,
		    channel_changed, ch);
	}
	if (ch->stream == NULL)
		return -1;
	return app->conf.carrier == CARRIER_S5B ? channel_call_socket(ch) : 0;
}

/* A connection that there is no memory for is refused; others go on. */
static void
starved(const struct app *app, struct channel *ch)
{
	log_line(LOG_EVENT, "%s: out of memory for one more stream", app->peer);
	if (ch != NULL)
		channel_free(ch);
}

struct channel *
call_stdio(struct app *app)
{
	struct channel	*ch;

	if ((ch = channel_new(app)) == NULL ||
	    call(ch, app->host, app->port) == -1) {
		app_fail(app, FAULT_LOCAL, "out of memory");
		return NULL;
	}
	channel_join_stdio(ch);
	return ch;
}

/* -L: a client has connected. */
static void
forward(void *arg, int fd)
{
	struct app	*app = arg;
	struct channel	*ch;

	if (app->ibb == NULL || app->ending) {
		close(fd);
	} else if ((ch = channel_new(app)) == NULL ||
	    call(ch, app->host, app->port) == -1) {
		close(fd);
		starved(app, ch);
	} else {
		channel_join(ch, fd, fd);
	}
}

/* -D: a client has said where to. */
static void
forward_asked(void *arg, const char *host, const char *port)
{
	struct channel	*ch = arg;

	if (host == NULL) {		/* it went away */
		ch->socks = NULL;
		channel_free(ch);
		return;
	}
	ch->host = strdup(host);
	ch->port = strdup(port);
	if (ch->host == NULL || ch->port == NULL ||
	    call(ch, ch->host, ch->port) == -1)
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
	}
}

static int
open_ports(struct app *app, const struct conf_list *where, port_fn *fn,
    char *why)
{
	struct conf_item	*item;

	STAILQ_FOREACH(item, where, next)
		if (ports_open(app->ports, item->value, fn, app, why) == -1)
			return -1;
	return 0;
}

int
forward_open(struct app *app, char *why)
{
	if ((app->ports = ports_new(app->loop)) == NULL) {
		strlcpy(why, "out of memory", PORT_ERR);
		return -1;
	}
	if (open_ports(app, &app->conf.forward, forward, why) == -1 ||
	    open_ports(app, &app->conf.socks, forward_socks, why) == -1)
		return -1;
	ports_hold(app->ports, 1);	/* until there is a way to the peer */
	return 0;
}

void
forward_start(struct app *app)
{
	struct conf_item	*item;
	char			 where[PORT_TEXT];
	size_t			 i = 0;

	STAILQ_FOREACH(item, &app->conf.forward, next)
		log_line(LOG_EVENT, "forwarding %s to %s",
		    ports_text(app->ports, i++, item->value, where),
		    app->peer);
	STAILQ_FOREACH(item, &app->conf.socks, next)
		log_line(LOG_EVENT, "forwarding SOCKS5 on %s to %s",
		    ports_text(app->ports, i++, item->value, where),
		    app->peer);
	ports_hold(app->ports, 0);
	systemd_ready();
}

void
call_stands(struct channel *ch)
{
	int	 fd;

	if (ch->socks == NULL)
		return;
	fd = socks_accept_reply(ch->socks, SOCKS_OK);
	ch->socks = NULL;
	channel_join(ch, fd, fd);
}
