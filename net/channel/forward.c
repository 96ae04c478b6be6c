#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/channel/forward.h"
#include "net/dial/port.h"
#include "net/dial/socks_accept.h"
#include "net/io/log.h"
#include "net/io/systemd.h"

/* There is no memory for a connection, which is refused; the others go on. */
static void
starved(const struct app *app, struct channel *ch)
{
	log_line(LOG_EVENT, "%s: out of memory for one more stream", app->peer);
	if (ch != NULL)
		channel_free(ch);
}

/* -L: a client has connected. */
static void
forward_connected(void *arg, int fd)
{
	struct app	*app = arg;
	struct channel	*ch;

	if (app->ibb == NULL || app->ending) {
		close(fd);
	} else if ((ch = channel_new(app)) == NULL ||
	    call_open(ch, app->host, app->port) == -1) {
		close(fd);
		starved(app, ch);
	} else {
		channel_join(ch, fd, fd);
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
	if (open_ports(app, &app->conf.forward, forward_connected, why) == -1 ||
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
forward_stands(struct channel *ch)
{
	int	 fd;

	if (ch->socks == NULL)
		return;
	fd = socks_accept_reply(ch->socks, SOCKS_OK);
	ch->socks = NULL;
	channel_join(ch, fd, fd);
}
