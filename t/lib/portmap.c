/*
 * portmap: a port that the router maps, for tests with a real one.
 *
 *	portmap pcp|upnp|any port
 *
 * Writes "PROTOCOL ADDRESS PORT" when the port is mapped, or "no: ..." when it
 * is not; ends when its standard input has a byte, or ends, and gives the
 * mapping back.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "net/s5b/assist.h"
#include "net/s5b/igd.h"
#include "net/s5b/portmap.h"
#include "xml/number.h"

static struct loop	*loop;
static struct portmap	*map;
static struct assist	*any;

static void
mapped(void *arg, const struct addr *a, const char *why)
{
	const struct sockaddr	*sa;
	char			 text[ADDR_TEXT];

	(void)arg;
	if (a == NULL) {
		printf("no: %s\n", why);
	} else {
		sa = (const struct sockaddr *)&a->ss;
		printf("%s %s %u\n", map != NULL ? portmap_protocol(map) :
		    any != NULL ? assist_protocol(any) : "UPnP",
		    addr_text(sa, text), addr_port(sa));
	}
	fflush(stdout);
}

static int
input_want(void *arg)
{
	(void)arg;
	return POLLIN;
}

static void
input_ready(void *arg, int revents)
{
	char	 c;

	(void)arg;
	(void)revents;
	(void)!read(STDIN_FILENO, &c, 1);
	loop_stop(loop);
}

int
main(int argc, char **argv)
{
	struct watch	 input = { .fd = STDIN_FILENO, .want = input_want,
		.ready = input_ready };
	struct addr	 router;
	struct igd	*igd = NULL;
	uint16_t	 port;

	if (argc != 3 || number_port(argv[2], &port) == -1)
		errx(2, "usage: portmap pcp|upnp|any port");
	if ((loop = loop_new()) == NULL)
		err(1, NULL);
	if (strcmp(argv[1], "pcp") == 0) {
		if (portmap_router(&router) == -1)
			errx(1, "no router");
		map = portmap(loop, &router, port, mapped, NULL);
	} else if (strcmp(argv[1], "any") == 0) {
		any = assist(loop, port, mapped, NULL);
	} else {
		igd = igd_map(loop, port, mapped, NULL);
	}
	if (map == NULL && any == NULL && igd == NULL)
		err(1, "%s", argv[1]);
	loop_watch(loop, &input);
	if (loop_run(loop) == -1)
		err(1, NULL);
	portmap_free(map);
	assist_free(any);
	igd_free(igd);
	return 0;
}
