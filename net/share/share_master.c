/* share_master: the process that keeps a login for others; see share.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/app/run.h"
#include "net/app/server.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/file/send.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/share/share.h"
#include "net/share/share_conn.h"
#include "net/share/share_master_int.h"
#include "net/share/share_socket.h"
#include "xml/context.h"

#define EXIT_TIME	2000	/* ms for clients to hear of the end */
#define REPORT_TIME	1000	/* ms between reports of what is confirmed */

/*
 * Life and death of the process
 */

/* Take no more clients: remove the socket, if it is ours still, and only then
 * close it, or a client that finds it dead may put its own there meanwhile. */
static void
close_door(struct share_master *m)
{
	struct stat	 st;

	if (*m->path != '\0' && lstat(m->path, &st) == 0 &&
	    st.st_dev == m->dev && st.st_ino == m->ino)
		(void)unlink(m->path);
	*m->path = '\0';
	listener_close(&m->listener);
}

static void
end_now(void *arg)
{
	struct share_master	*m = arg;

	close_door(m);
	app_end(m->app, FAULT_NONE);
}

void
share_master_ends(struct share_master *m, enum master_state state)
{
	struct member	*c;

	if (m->state >= state)
		return;
	m->state = state;
	close_door(m);
	LIST_FOREACH(c, &m->members, next)
		share_member_end(c);
	m->idle.fire = end_now;
	if (LIST_EMPTY(&m->members))
		timer_set(m->app->loop, &m->idle, clock_ms());
	else if (state == MASTER_ENDING)
		timer_set(m->app->loop, &m->idle, clock_ms() + EXIT_TIME);
}

/* No program has come for long enough. */
static void
idle(void *arg)
{
	end_now(arg);
}

void
share_master_left(struct share_master *m)
{
	share_master_levels(m);
	if (!LIST_EMPTY(&m->members))
		return;
	if (m->state != MASTER_SERVING)
		timer_set(m->app->loop, &m->idle, clock_ms());
	else
		timer_set(m->app->loop, &m->idle, clock_ms() +
		    1000 * (int64_t)m->seconds);
}

static void
owner_signalled(void *arg, int signo)
{
	(void)signo;
	share_master_ends(arg, MASTER_ENDING);
}

/* The login is lost for good. */
static void
owner_ended(void *arg)
{
	share_master_ends(arg, MASTER_LOST);
}

/*
 * Words about the login: for each client that wants so much
 */

static int
put_all(void *arg, int level, int fd, const char *data, size_t len)
{
	struct share_master	*m = arg;
	struct member		*c;

	LIST_FOREACH(c, &m->members, next)
		if (level <= c->sink.level)
			(void)share_member_put(c, level, fd, data, len);
	return 0;
}

void
share_master_levels(struct share_master *m)
{
	struct member	*c;

	m->sink.level = LOG_FAULT;
	LIST_FOREACH(c, &m->members, next)
		if (c->sink.level > m->sink.level)
			m->sink.level = c->sink.level;
	server_trace(m->app, m->sink.level >= LOG_TRACE);
}

/* Tell clients how far they are, so that they know it if we end at once. */
static void
report(void *arg)
{
	struct share_master	*m = arg;
	struct member		*c;

	LIST_FOREACH(c, &m->members, next)
		share_member_report(c);
	if (!LIST_EMPTY(&m->members))
		timer_set(m->app->loop, &m->reports, clock_ms() +
		    REPORT_TIME);
}

static void
connected(void *arg, int fd)
{
	struct share_master	*m = arg;

	if (!share_socket_is_ours(fd)) {
		close(fd);
		return;
	}
	if (share_member_new(m, fd) == NULL)
		return;
	timer_clear(m->app->loop, &m->idle);
	if (!m->reports.on)
		timer_set(m->app->loop, &m->reports, clock_ms() +
		    REPORT_TIME);
}

/*
 * Begin
 */

void
share_master_begin(struct app *app)
{
	app->mode = MODE_SHARE;
	if (!log_is_json())
		log_set_style(LOG_PLAIN);	/* as others want it */
	send_free(app->sender);
	app->sender = NULL;
	app->conf.asked = 0;	/* there is no terminal */
	app->conf.background = 0;
	if (app->background > 0)	/* or its other end waits for us */
		close(app->background);
	app->background = 0;
	if (*app->conf.dir == '/' && chdir("/") == -1)
		log_line(LOG_DETAIL, "/: %s", strerror(errno));
}

/* Remember which file is our socket. */
static void
note_path(struct share_master *m, int fd)
{
	struct sockaddr_un	 sa;
	socklen_t		 len = sizeof(sa);
	struct stat		 st;

	memset(&sa, 0, sizeof(sa));
	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1 ||
	    lstat(sa.sun_path, &st) == -1)
		return;
	strlcpy(m->path, sa.sun_path, sizeof(m->path));
	m->dev = st.st_dev;
	m->ino = st.st_ino;
}

struct share_master *
share_master_new(struct app *app, int fd)
{
	static const struct app_host	 told = {
		.ended = owner_ended,
		.signalled = owner_signalled,
	};
	struct share_master		*m;

	if ((m = calloc(1, sizeof(*m))) == NULL) {
		close(fd);
		app_fail(app, FAULT_LOCAL, "out of memory");
		return NULL;
	}
	LIST_INIT(&m->members);
	m->app = app;
	m->seconds = app->conf.share;
	m->idle = (struct timer){ .fire = idle, .arg = m };
	m->reports = (struct timer){ .fire = report, .arg = m };
	m->sink = (struct log_sink){ .level = LOG_FAULT, .put = put_all,
	    .arg = m };
	app->told = &told;
	app->told_arg = m;
	note_path(m, fd);
	log_add_sink(&m->sink, 0);
	if (listener_open(&m->listener, app->loop, fd, connected, m) == -1) {
		app_fail(app, FAULT_LOCAL, "out of memory");
		share_master_free(m);
		return NULL;
	}
	timer_set(app->loop, &m->idle, clock_ms() + 1000 * m->seconds);
	return m;
}

void
share_master_free(struct share_master *m)
{
	if (m == NULL)
		return;
	close_door(m);
	while (!LIST_EMPTY(&m->members))
		share_member_free(LIST_FIRST(&m->members));
	timer_clear(m->app->loop, &m->idle);
	timer_clear(m->app->loop, &m->reports);
	log_remove_sink(&m->sink);
	free(m);
}
