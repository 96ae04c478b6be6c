/*
 * Unit tests of net/share/share_status: a run with more streams than an asker
 * is told of.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/share/share_conn.h"
#include "net/share/share_socket.h"
#include "net/share/share_status.h"
#include "t/lib/channels.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/jid.h"

#define STREAMS	600
#define LONG	3000		/* bytes of an address: 1.8 MB in all */
#define TURNS	100000
#define AND	"  and "	/* a number, and "more" */

_Static_assert(LONG < JID_MAX, "the address fits");

/* What the run has told. */
static size_t	 lines, streams, more;
static char	 first[4 * LONG];
static int	 ended;

static void
on_frame(void *arg, const struct share_frame *f)
{
	static char	 line[SHARE_FRAME_MAX + 1];

	(void)arg;
	memcpy(line, f->data, f->len);
	line[f->len] = '\0';
	if (f->len == 0)
		ended++;
	else if (lines++ == 0)
		snprintf(first, sizeof(first), "%.*s", 4 * LONG - 1, line);
	else if (strncmp(line, AND, strlen(AND)) == 0)
		more += strtoul(line + strlen(AND), NULL, 10);
	else
		streams++;
}

static void
on_gone(void *arg)
{
	(void)arg;
	ended++;
}

static struct share_conn *
connect_to(const struct share_status *s)
{
	const struct share_conn_user	 asker = { .frame = on_frame,
					     .gone = on_gone };
	struct sockaddr_un		 sa = { .sun_family = AF_UNIX };
	struct share_conn		*c;
	char				 why[SHARE_ERR];
	int				 fd;

	must(snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%ld",
	    share_status_where(s), (long)getpid()) <
	    (int)sizeof(sa.sun_path));
	must(share_socket_connect(&sa, &fd, why) == SHARE_FOUND);
	must((c = share_conn_new(app.loop, fd, &asker)) != NULL);
	return c;
}

static void
ask_run(const struct share_status *s)
{
	struct share_conn	*c = connect_to(s);
	int			 i;

	lines = streams = more = 0;
	ended = 0;
	must(share_conn_send(c, SHARE_CHECK, NULL, 0) == 0);
	for (i = 0; i < TURNS && !ended; i++)
		run_turn();
	share_conn_free(c);
	run_turn();
}

static void
test_many(void)
{
	struct share_status	*s;
	size_t			 i;

	run_begin(MODE_FORWARD, 0);
	must((s = share_status_new(&app)) != NULL);
	memset(app.peer, 'x', LONG);
	app.peer[LONG] = '\0';
	for (i = 0; i < STREAMS; i++)
		must(channel_new(&app) != NULL);
	ask_run(s);
	ok(strstr(first, ", 600 streams") != NULL, "the run, and how many "
	    "streams it has");
	ok(streams >= 200, "%zu of them have a line", streams);
	ok(more > 0, "the others have one together");
	is_int((long long)(streams + more), STREAMS, "none is left out");
	is_int((long long)lines, (long long)streams + 2, "nothing else is "
	    "said");
	is_int(ended, 1, "and that is the end");
	ask_run(s);
	is_int((long long)(streams + more), STREAMS, "so once more");
	share_status_free(s);
	run_end();
}

int
main(void)
{
	char	 path[128];

	kept_begin(SHARE_STATUS_DIR ".lock");
	must(setenv("XDG_RUNTIME_DIR", kept_dir, 1) == 0);
	test_many();
	snprintf(path, sizeof(path), "%s/" SHARE_STATUS_DIR, kept_dir);
	is_int(rmdir(path), 0, "no socket is left");
	is_int(kept_end(), 0, "nor anything else");
	return tap_done();
}
