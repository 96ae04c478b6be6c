/* share_status: a run tells of itself; see share_status.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/un.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/notes.h"
#include "net/channel/remote_spec.h"
#include "net/channel/service.h"
#include "net/io/listen.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/login/session.h"
#include "net/s5b/upgrade.h"
#include "net/share/share_conn.h"
#include "net/share/share_socket.h"
#include "net/share/share_status.h"
#include "xml/iq.h"

#define ASKERS_MAX	16	/* at a time */
#define ASKER_TIME	10000	/* ms to ask, and to take the answer */
#define ANSWER_MAX	(768 * 1024)	/* bytes that wait for one of them */
#define TEXT_MAX	8192	/* bytes of a line */
#define NAMES		1024	/* bytes of the services of a listener */
#define OFFERS		(NAMES + 64)	/* and of what else it offers */

struct share_status {
	struct app		*app;
	struct listener		 listener;
	char			 folder[PATH_MAX];
	char			 path[sizeof(((struct sockaddr_un *)0)
				     ->sun_path)];
	size_t			 n;
	LIST_HEAD(, asker)	 askers;
};

/* A process that has connected. */
struct asker {
	struct share_status	*status;
	struct share_conn	*conn;
	struct timer		 timer;		/* for its end */
	LIST_ENTRY(asker)	 next;
};

/*
 * What is told
 */

/* What keeps the run from taking or opening streams now; "": nothing. */
static const char *
login_state(const struct app *app)
{
	if (app->draining != 0 || app->signo != 0 || app->ending)
		return ", ending";
	if (app->server == APP_SERVER_AWAY)
		return ", server away";
	return app->ibb == NULL ? ", logging in" : "";
}

static const char *
address(const struct app *app)
{
	return app->ibb != NULL ? iq_jid(app->iqs) : app->jid;
}

/* Add this to out[OFFERS], behind a comma if it is not the first. */
static void
add_offer(char *out, const char *offer)
{
	if (*out != '\0')
		strlcat(out, ", ", OFFERS);
	strlcat(out, offer, OFFERS);
}

/* "listener 1234: me@h/xcat, services 22 web, ports (-R), 2 streams" */
static void
describe_listener(const struct app *app, char *out, size_t size)
{
	char	 names[NAMES], offers[OFFERS] = "";

	if (app->services != NULL &&
	    *services_text(app->services, names, sizeof(names)) != '\0') {
		strlcpy(offers, "services ", sizeof(offers));
		strlcat(offers, names, sizeof(offers));
	}
	if (app->conf.receive != NULL)
		add_offer(offers, "files");
	if (app->conf.keep && remote_allows_any(app->remote))
		add_offer(offers, "ports (-R)");
	if (*offers == '\0')
		add_offer(offers, "standard input and output");
	snprintf(out, size, "listener %ld: %s, %s, ", (long)getpid(),
	    address(app), offers);
}

/* Add "-L 8080 " for each of the list to out[NAMES], as far as it fits. */
static void
add_ports(char *out, const char *option, const struct conf_list *list)
{
	const struct conf_item	*i;

	STAILQ_FOREACH(i, list, next) {
		strlcat(out, option, NAMES);
		strlcat(out, i->value, NAMES);
		strlcat(out, " ", NAMES);
	}
}

/* "forward 1234: me@h/0123, -L 8080 -D 1080 to friend@h/xcat, 2 streams" */
static void
describe_forward(const struct app *app, char *out, size_t size)
{
	char	 ports[NAMES];

	strlcpy(ports, app->conf.udp ? "-u " : "", sizeof(ports));
	add_ports(ports, "-L ", &app->conf.forward);
	add_ports(ports, "-D ", &app->conf.socks);
	add_ports(ports, "-R ", &app->conf.reverse);
	snprintf(out, size, "forward %ld: %s, %sto %s, ", (long)getpid(),
	    address(app), ports, app->peer);
}

/* Send a line.  0, or -1: the asker gets no more. */
static int
tell(const struct asker *a, const char *line)
{
	size_t	 len = strlen(line);

	if (share_conn_queued(a->conn) > ANSWER_MAX)
		return -1;
	return share_conn_send(a->conn, SHARE_STATUS, line, len);
}

static int
tell_run(const struct asker *a)
{
	const struct app	*app = a->status->app;
	char			 line[TEXT_MAX];
	size_t			 n;

	if (app_listens(app))
		describe_listener(app, line, sizeof(line));
	else
		describe_forward(app, line, sizeof(line));
	n = strlen(line);
	snprintf(line + n, sizeof(line) - n, "%zu stream%s%s", app->nchannels,
	    app->nchannels == 1 ? "" : "s", login_state(app));
	return tell(a, line);
}

/* "  friend@h/abc: web, 1024 bytes in, 55 out, 12 s, in-band" */
static int
tell_stream(const struct asker *a, const struct channel *ch)
{
	const char	*peer = ch->app->peer, *way = NULL;
	char		 line[TEXT_MAX], service[SERVICE_MAX];
	uint64_t	 in = 0, out = 0;

	if (ch->stream != NULL) {
		peer = stream_peer(ch->stream);
		in = stream_received(ch->stream);
		out = stream_confirmed(ch->stream);
	}
	if (ch->upgrade != NULL)
		way = upgrade_where(ch->upgrade);
	snprintf(line, sizeof(line), "  %s: %s, %llu bytes in, %llu out, "
	    "%lld s, %s", peer, notes_service(ch, service),
	    (unsigned long long)in, (unsigned long long)out,
	    (long long)(clock_ms() - ch->made) / 1000, ch->stream == NULL ||
	    stream_state(ch->stream) < STREAM_OPEN ? "not open yet" :
	    way != NULL ? way : "in-band");
	return tell(a, line);
}

/* The run, its streams, and an empty line for the end. */
static void
answer(const struct asker *a)
{
	const struct channel	*ch;
	char			 line[64];
	size_t			 told = 0;
	int			 r = tell_run(a);

	TAILQ_FOREACH(ch, &a->status->app->channels, next) {
		if (r == -1 || (r = tell_stream(a, ch)) == -1)
			break;
		told++;
	}
	if (r == -1) {
		snprintf(line, sizeof(line), "  and %zu more",
		    a->status->app->nchannels - told);
		r = share_conn_send(a->conn, SHARE_STATUS, line, strlen(line));
	}
	if (r == -1 || share_conn_send(a->conn, SHARE_STATUS, NULL, 0) == -1)
		log_line(LOG_TRACE, "status: %s", strerror(errno));
}

/*
 * Those that ask
 */

static void
asker_free(void *arg)
{
	struct asker	*a = arg;

	timer_clear(a->status->app->loop, &a->timer);
	share_conn_free(a->conn);
	LIST_REMOVE(a, next);
	a->status->n--;
	free(a);
}

static void
asker_frame(void *arg, const struct share_frame *f)
{
	if (f->type == SHARE_CHECK)
		answer(arg);
}

/* A connection is not freed by its own functions. */
static void
asker_gone(void *arg)
{
	struct asker	*a = arg;

	timer_set(a->status->app->loop, &a->timer, clock_ms());
}

static void
connected(void *arg, int fd)
{
	struct share_status	*s = arg;
	struct share_conn_user	 user = { .frame = asker_frame,
				     .gone = asker_gone };
	struct asker		*a;

	if (s->n == ASKERS_MAX || !share_socket_is_ours(fd) ||
	    (a = calloc(1, sizeof(*a))) == NULL) {
		close(fd);
		return;
	}
	user.arg = a;
	a->status = s;
	a->timer = (struct timer){ .fire = asker_free, .arg = a };
	if ((a->conn = share_conn_new(s->app->loop, fd, &user)) == NULL) {
		free(a);
		return;
	}
	LIST_INSERT_HEAD(&s->askers, a, next);
	s->n++;
	timer_set(s->app->loop, &a->timer, clock_ms() + ASKER_TIME);
}

/*
 * Life
 */

static int
begin(struct share_status *s, char *why)
{
	struct sockaddr_un	 sa;
	int			 fd;

	if (share_status_folder(s->folder, why) == -1 ||
	    share_status_listen(s->folder, &sa, &fd, why) == -1)
		return -1;
	if (listener_open(&s->listener, s->app->loop, fd, connected, s) ==
	    -1) {
		(void)unlink(sa.sun_path);
		strlcpy(why, "out of memory", SHARE_ERR);
		return -1;
	}
	strlcpy(s->path, sa.sun_path, sizeof(s->path));
	return 0;
}

struct share_status *
share_status_new(struct app *app)
{
	struct share_status	*s;
	char			 why[SHARE_ERR] = "out of memory";

	if (app->mode != MODE_FORWARD && !(app_listens(app) && app->conf.keep))
		return NULL;
	if ((s = calloc(1, sizeof(*s))) != NULL) {
		LIST_INIT(&s->askers);
		s->app = app;
		if (begin(s, why) == 0)
			return s;
	}
	log_line(LOG_DETAIL, "-O list will not show this run: %s", why);
	free(s);
	return NULL;
}

const char *
share_status_where(const struct share_status *s)
{
	return s != NULL ? s->folder : NULL;
}

void
share_status_free(struct share_status *s)
{
	if (s == NULL)
		return;
	listener_close(&s->listener);
	(void)unlink(s->path);
	while (!LIST_EMPTY(&s->askers))
		asker_free(LIST_FIRST(&s->askers));
	free(s);
}
