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
#include "net/file/progress.h"
#include "net/io/log.h"
#include "net/io/systemd.h"
#include "net/s5b/upgrade.h"

/* Open the link's stream to a service of the peer. */
int
call(struct channel *l, const char *host, const char *port)
{
	struct stream_conf	 sc = channel_stream_conf();
	char			 sid[INBAND_SID];

	sc.host = host;
	sc.port = port;
	if (run.mode == MODE_SEND && host == NULL)
		sc.use = STREAM_FOR_INPUT;
	if (run.conf.carrier == CARRIER_S5B) {
		inband_make_sid(sid);
		l->stream = stream_alone(run.peer, sid, 1, &sc, channel_changed,
		    l);
	} else {
		l->stream = stream_call(run.ibb, run.peer, &sc, channel_changed,
		    l);
	}
	if (l->stream == NULL)
		return -1;
	return run.conf.carrier == CARRIER_S5B ? upgrade_call(l) : 0;
}

/* A connection that there is no memory for is refused; others go on. */
static void
starved(struct channel *l)
{
	log_line(0, "%s: out of memory for one more stream", run.peer);
	if (l != NULL)
		channel_free(l);
}

void
call_stdio(void)
{
	struct channel	*l;

	if ((l = channel_new(&run)) == NULL || call(l, run.host, run.port) == -1) {
		app_fail(&run, FAULT_LOCAL, "out of memory");
	} else {
		if (run.mode == MODE_SEND)
			progress_input("standard input", STDIN_FILENO);
		channel_join_stdio(l);
	}
}

/* -L: a client has connected. */
static void
forward(void *arg, int fd)
{
	struct channel	*l;

	(void)arg;
	if (run.ibb == NULL || run.ending) {
		close(fd);
	} else if ((l = channel_new(&run)) == NULL ||
	    call(l, run.host, run.port) == -1) {
		close(fd);
		starved(l);
	} else {
		channel_join(l, fd, fd);
	}
}

/* -D: a client has said where to. */
static void
forward_asked(void *arg, const char *host, const char *port)
{
	struct channel	*l = arg;

	if (host == NULL) {		/* it went away */
		l->socks = NULL;
		channel_free(l);
		return;
	}
	l->host = strdup(host);
	l->port = strdup(port);
	if (l->host == NULL || l->port == NULL ||
	    call(l, l->host, l->port) == -1)
		starved(l);
}

static void
forward_socks(void *arg, int fd)
{
	struct channel	*l;

	(void)arg;
	if (run.ibb == NULL || run.ending) {
		close(fd);
	} else if ((l = channel_new(&run)) == NULL) {
		close(fd);
		starved(NULL);
	} else {
		l->socks = socks_accept_new(run.loop, fd, forward_asked, l);
		if (l->socks == NULL)
			starved(l);
	}
}

static int
open_ports(const struct conf_list *where, port_fn *fn, char *why)
{
	struct conf_item	*item;

	STAILQ_FOREACH(item, where, next)
		if (ports_open(run.ports, item->value, fn, NULL, why) == -1)
			return -1;
	return 0;
}

int
forward_open(char *why)
{
	if ((run.ports = ports_new(run.loop)) == NULL) {
		strlcpy(why, "out of memory", PORT_ERR);
		return -1;
	}
	if (open_ports(&run.conf.forward, forward, why) == -1 ||
	    open_ports(&run.conf.socks, forward_socks, why) == -1)
		return -1;
	ports_hold(run.ports, 1);	/* until there is a way to the peer */
	return 0;
}

void
forward_start(void)
{
	struct conf_item	*item;
	char			 where[PORT_TEXT];
	size_t			 i = 0;

	STAILQ_FOREACH(item, &run.conf.forward, next)
		log_line(0, "forwarding %s to %s", ports_text(run.ports, i++,
		    item->value, where), run.peer);
	STAILQ_FOREACH(item, &run.conf.socks, next)
		log_line(0, "forwarding SOCKS5 on %s to %s", ports_text(run.ports,
		    i++, item->value, where), run.peer);
	ports_hold(run.ports, 0);
	systemd_ready();
}

void
call_stands(struct channel *l)
{
	int	 fd;

	if (l->socks == NULL)
		return;
	fd = socks_accept_reply(l->socks, SOCKS_OK);
	l->socks = NULL;
	channel_join(l, fd, fd);
}
