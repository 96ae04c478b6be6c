#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/inband.h"
#include "ibb/stream.h"
#include "link/link.h"
#include "link/progress.h"
#include "link/run.h"
#include "link/wire.h"
#include "net/port.h"
#include "net/socks.h"
#include "net/systemd.h"

/* Open the link's stream to a service of the peer. */
int
call(struct link *l, const char *host, const char *port)
{
	struct stream_conf	 sc = link_stream_conf();
	char			 sid[INBAND_SID];

	sc.host = host;
	sc.port = port;
	if (run.mode == SEND && host == NULL)
		sc.use = STREAM_FOR_INPUT;
	if (run.conf.carrier == CARRIER_S5B) {
		inband_make_sid(sid);
		l->stream = stream_alone(run.peer, sid, 1, &sc, link_changed,
		    l);
	} else {
		l->stream = stream_call(run.ibb, run.peer, &sc, link_changed,
		    l);
	}
	if (l->stream == NULL)
		return -1;
	return run.conf.carrier == CARRIER_S5B ? wire_call(l) : 0;
}

/* A connection that there is no memory for is refused; others go on. */
static void
starved(struct link *l)
{
	say(0, "%s: out of memory for one more stream", run.peer);
	if (l != NULL)
		link_free(l);
}

void
call_stdio(void)
{
	struct link	*l;

	if ((l = link_new()) == NULL || call(l, run.host, run.port) == -1) {
		fatal(EX_LOCAL, "out of memory");
	} else {
		if (run.mode == SEND)
			progress_input("standard input", STDIN_FILENO);
		link_join_stdio(l);
	}
}

/* -L: somebody has connected. */
static void
forward(void *arg, int fd)
{
	struct link	*l;

	(void)arg;
	if (run.ibb == NULL || run.ending) {
		close(fd);
	} else if ((l = link_new()) == NULL ||
	    call(l, run.host, run.port) == -1) {
		close(fd);
		starved(l);
	} else {
		link_join(l, fd, fd);
	}
}

/* -D: somebody has said where to. */
static void
forward_asked(void *arg, const char *host, const char *port)
{
	struct link	*l = arg;

	if (host == NULL) {		/* it went away */
		l->socks = NULL;
		link_free(l);
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
	struct link	*l;

	(void)arg;
	if (run.ibb == NULL || run.ending) {
		close(fd);
	} else if ((l = link_new()) == NULL) {
		close(fd);
		starved(NULL);
	} else {
		l->socks = socks_new(run.loop, fd, forward_asked, l);
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
		say(0, "forwarding %s to %s", ports_text(run.ports, i++,
		    item->value, where), run.peer);
	STAILQ_FOREACH(item, &run.conf.socks, next)
		say(0, "forwarding SOCKS5 on %s to %s", ports_text(run.ports,
		    i++, item->value, where), run.peer);
	ports_hold(run.ports, 0);
	systemd_ready();
}

void
call_stands(struct link *l)
{
	int	 fd;

	if (l->socks == NULL)
		return;
	fd = socks_reply(l->socks, SOCKS_OK);
	l->socks = NULL;
	link_join(l, fd, fd);
}
