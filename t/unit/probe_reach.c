/*
 * Unit tests of net/channel/probe_reach: the lines of -z about this machine,
 * whose server answers here.  Routers and STUN servers are in
 * t/services/reach.t.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/app.h"
#include "net/channel/probe_reach.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "net/s5b/streamhosts.h"
#include "t/lib/bounded.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"

#define US	"a@example.org/x"
#define TURNS	1000		/* until a test has failed */

static struct app	 app;
static int		 is_near, called;
static char		 asked[2][64];	/* the ids of the questions: to the own
					 * server, and for its services */
static int		 questions;
static int		 real = -1, lines = -1;	/* standard output */

static int
on_near(void *arg)
{
	(void)arg;
	return is_near;
}

static int
on_stanza(void *arg, const void *data, size_t len)
{
	int	 r = stanza_take(arg, data, len);

	questions++;
	strlcpy(asked[!stanza_has(NS_SIC)], stanza_id(), sizeof(asked[0]));
	return r;
}

static void
on_known(struct app *a)
{
	must(a == &app);
	called++;
}

/* What is printed, from here to lines_end(): no line of the test's. */
static void
lines_begin(void)
{
	fflush(stdout);
	must((lines = memfd_create("lines", MFD_CLOEXEC)) != -1);
	must((real = dup(STDOUT_FILENO)) != -1);
	must(dup2(lines, STDOUT_FILENO) != -1);
}

static const char *
lines_end(void)
{
	static char	 text[16384];
	ssize_t		 n;

	fflush(stdout);
	must(dup2(real, STDOUT_FILENO) != -1);
	must((n = pread(lines, text, sizeof(text) - 1, 0)) != -1);
	text[n] = '\0';
	close(real);
	close(lines);
	return text;
}

static void
set(const char *keyword, const char *value)
{
	char	 err[CONF_ERR];

	must(conf_set(&app.conf, keyword, value, 0, err) == 0);
}

static void
begin(const char *keyword, const char *value)
{
	struct streamhosts_conf	 hc = { .jid = US, .near = on_near };
	char			 err[STREAMHOSTS_ERR];

	memset(&app, 0, sizeof(app));
	called = questions = 0;
	conf_init(&app.conf);
	set("portmap", "no");
	if (keyword != NULL)
		set(keyword, value);
	must((app.loop = loop_new()) != NULL);
	must((app.resolver = resolver_new(app.loop)) != NULL);
	must((app.iqs = iq_new(on_stanza, NULL)) != NULL);
	must(iq_setjid(app.iqs, US) == 0);
	hc.loop = app.loop;
	hc.conf = &app.conf;
	must((app.streamhosts = streamhosts_new(&hc, err)) != NULL);
	streamhosts_login(app.streamhosts, app.iqs);
	lines_begin();
	app.reach = probe_reach(&app, on_known);
}

static const char *
end(void)
{
	const char	*text = lines_end();

	probe_reach_free(app.reach);
	streamhosts_free(app.streamhosts);
	iq_free(app.iqs);
	resolver_free(app.resolver);
	loop_free(app.loop);
	conf_free(&app.conf);
	return text;
}

static void
turn(void)
{
	must(bounded_run(app.loop, 10) != -1);
}

static void
answer(const char *id, const char *inside)
{
	struct elem	*e;
	char		*xml;

	must(asprintf(&xml, "<iq type='result' id='%s' from='example.org'>%s"
	    "</iq>", id, inside) != -1);
	must((e = stanza_parse(xml)) != NULL);
	must(iq_answer(app.iqs, e) == 1);
	elem_free(e);
	free(xml);
}

/* The own server sees us there, and names no STUN server. */
static void
server_answers(const char *ip)
{
	char	 xml[256];

	answer(asked[1], "<services xmlns='" NS_EXTDISCO "'/>");
	snprintf(xml, sizeof(xml), "<address xmlns='" NS_SIC "'><ip>%s</ip>"
	    "</address>", ip);
	answer(asked[0], xml);
}

static int
known(void)
{
	int	 i;

	for (i = 0; i < TURNS && called == 0; i++)
		turn();
	return called;
}

static void
test_lines(void)
{
	const char	*text, *at;
	int		 waited;

	begin(NULL, NULL);
	waited = questions == 2 && called == 0;
	server_answers("192.0.2.77");
	must(known());
	text = end();
	ok(waited, "the server is asked twice, and waited for");
	is_int(called, 1, "then it goes on, once");
	at = strstr(text, "candidate: srflx, 192.0.2.77 port ");
	ok(at != NULL, "what the server sees");
	ok(strstr(text, "nat: ") > at, "what the router does comes last");
	ok(strstr(text, "nat: unknown: ") != NULL,
	    "which is unknown without a port");
	ok(strstr(text, "router: ") == NULL, "the router was not asked");
	ok(strstr(text, "127.0.0.1") == NULL, "nothing of loopback");
	is(text[strlen(text) - 1] == '\n' ? "line" : "", "line", "whole lines");

	begin(NULL, NULL);
	server_answers("127.0.0.1");
	must(known());
	text = end();
	ok(strstr(text, "srflx") == NULL, "no address of use from the server");

	begin(NULL, NULL);
	server_answers("router.example");
	must(known());
	text = end();
	ok(strstr(text, "srflx") == NULL, "nor a name");
}

/* Nothing is asked or said, and it goes on at once. */
static void
test_nothing(const char *keyword, const char *value, const char *what)
{
	const char	*text;

	begin(keyword, value);
	text = end();
	is_int(questions, 0, "%s: nobody is asked", what);
	is_int(called, 1, "%s: it goes on", what);
	is(text, "", "%s: nothing is said", what);
}

int
main(void)
{
	const char	*text;

	tap_wind(10);
	test_lines();
	test_nothing("punch", "no", "punch no");
	test_nothing("streamhost", "none", "streamhost none");
	test_nothing("carrier", "ibb", "-i");
	is_near = 1;
	test_nothing(NULL, NULL, "a server on this machine");
	is_near = 0;

	begin(NULL, NULL);
	known();
	text = end();
	is_int(called, 1, "a server that is silent is not waited for long");
	ok(strstr(text, "nat: unknown: ") != NULL, "nothing is known then");

	begin(NULL, NULL);
	probe_reach_free(app.reach);
	app.reach = NULL;
	turn();
	is(end(), "", "forgotten: no line");
	is_int(called, 0, "nor is it called");
	probe_reach_free(NULL);
	return tap_done();
}
