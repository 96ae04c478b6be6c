/*
 * Unit tests of net/s5b/igd: the lines of the process that asks a router by
 * UPnP, which is the test here.  A real router is in t/stream/portmap.t.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "net/s5b/igd.h"
#include "net/s5b/igd_int.h"
#include "t/lib/bounded.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"

#define ENDED	"no: the process that asks has ended"

static struct loop	*loop;
static struct igd	*igd;
static int		 worker;	/* its end of the stream */
static char		 news[512];	/* what was told, a line for each */
static int		 frees;	/* the object: 1 if it fails, 2 at all */

static void
on_news(void *arg, const struct addr *a, const char *err)
{
	size_t	 len = strlen(news);
	char	 text[ADDR_TEXT];

	must(arg == &worker);
	if (a == NULL)
		snprintf(news + len, sizeof(news) - len, "no: %s\n", err);
	else
		snprintf(news + len, sizeof(news) - len, "%s port %u\n",
		    addr_text((const struct sockaddr *)&a->ss, text),
		    addr_port((const struct sockaddr *)&a->ss));
	if (frees == 2 || (a == NULL && frees)) {
		igd_free(igd);
		igd = NULL;
	}
}

/* Have the loop see what there is. */
static void
turn(void)
{
	must(bounded_run(loop, 0) != -1);
}

static void
begin(void)
{
	int	 fds[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	*news = '\0';
	worker = fds[1];
	must((igd = igd_open(loop, fds[0], on_news, &worker)) != NULL);
}

static void
end(void)
{
	igd_free(igd);
	igd = NULL;
	close(worker);
}

/* Nobody may listen any more. */
static void
says(const char *bytes, size_t len)
{
	(void)send(worker, bytes, len, MSG_NOSIGNAL);
	turn();
}

/* The worker says this, which is split at each place, and at all of them. */
static void
hears(const char *said, const char *want)
{
	size_t	 len = strlen(said), i, wrong = 0;

	for (i = 0; i < len; i++) {
		begin();
		says(said, i + 1);
		says(said + i + 1, len - i - 1);
		wrong += strcmp(news, want) != 0;
		end();
	}
	begin();
	for (i = 0; i < len; i++)
		says(said + i, 1);
	is(news, want, "%.20s: by bytes", said);
	end();
	is_int((long)wrong, 0, "%.20s: split anywhere", said);
}

/* A line that has no end, of so many bytes. */
static void
test_long(size_t len, const char *want)
{
	char	 line[2 * IGD_LINE];

	memset(line, 'x', len);
	begin();
	says(line, len);
	turn();
	is(news, want, "%zu bytes without an end", len);
	end();
}

int
main(void)
{
	must((loop = loop_new()) != NULL);
	hears("192.0.2.7 4000\n", "192.0.2.7 port 4000\n");
	hears("192.0.2.7 4000\n198.51.100.1 65535\n",
	    "192.0.2.7 port 4000\n198.51.100.1 port 65535\n");
	hears("no router answers UPnP\n", "no: no router answers UPnP\n");
	hears("192.0.2.7 4000\nUPnP: refused\n192.0.2.7 4000\n",
	    "192.0.2.7 port 4000\nno: UPnP: refused\n");
	hears("192.0.2.7 0\n", "no: 192.0.2.7 0\n");
	hears("192.0.2.7 65536\n", "no: 192.0.2.7 65536\n");
	hears("192.0.2.7\n", "no: 192.0.2.7\n");
	hears("router.example 4000\n", "no: router.example 4000\n");
	hears("\n", "no: \n");
	frees = 1;
	hears("UPnP: refused\nand more\n", "no: UPnP: refused\n");
	frees = 2;
	hears("192.0.2.7 4000\n192.0.2.7 4001\n", "192.0.2.7 port 4000\n");
	frees = 0;
	test_long(IGD_LINE - 1, "");
	test_long(IGD_LINE, ENDED "\n");
	test_long(IGD_LINE + 1, ENDED "\n");

	begin();
	must(shutdown(worker, SHUT_WR) == 0);
	turn();
	is(news, ENDED "\n", "it ends");
	turn();
	is(news, ENDED "\n", "which is told once");
	end();

	begin();
	says("192.0.2.7 40", 12);
	igd_free(igd);
	igd = NULL;
	ok(send(worker, "x", 1, MSG_NOSIGNAL) == -1,
	    "freed: it hears that nothing more is wanted");
	end();
	igd_free(NULL);
	loop_free(loop);
	return tap_done();
}
