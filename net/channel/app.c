/* app: see app.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/app.h"
#include "net/conf/claim.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/login/session.h"

#define ANSWER_TIME	120	/* s for an answer, unless -w says otherwise */
#define LOGIN_TIME	30	/* s for a login or a registration, so, too */
#define PATIENCE	120	/* s for an absent peer or server, with no -w */

int64_t
app_deadline(const struct app *app)
{
	return clock_ms() + 1000 * (app->conf.timeout > 0 ? app->conf.timeout :
	    ANSWER_TIME);
}

int64_t
app_login_time(const struct app *app)
{
	return 1000 * (app->conf.timeout > 0 ? app->conf.timeout : LOGIN_TIME);
}

int64_t
app_patience(const struct app *app)
{
	return 1000 * (app->conf.timeout > 0 ? app->conf.timeout : PATIENCE);
}

void
app_report(struct app *app, const char *fmt, ...)
{
	va_list	 ap;
	int	 r;

	va_start(ap, fmt);
	r = log_vreport(fmt, ap);
	va_end(ap);
	if (r == -1)
		app_fail(app, FAULT_LOCAL, "standard output: %s",
		    strerror(errno));
}

void
app_yield(struct app *app)
{
	claim_free(app->claim);
	app->claim = NULL;
}

void
app_end(struct app *app, enum fault fault)
{
	if (app->ending)
		return;
	app->ending = 1;
	app->fault = fault;
	app_yield(app);
	if (app->owner != NULL)
		app->told->ended(app->told_arg);
	else if (app->session != NULL && app->server != APP_SERVER_LOST)
		session_close(app->session);
	else if (app->loop != NULL)
		loop_stop(app->loop);
}

int
app_fail(struct app *app, enum fault fault, const char *fmt, ...)
{
	va_list	 ap;

	if (app->ending)
		return -1;
	va_start(ap, fmt);
	log_vline(LOG_FAULT, fmt, ap);
	va_end(ap);
	app_end(app, fault);
	return -1;
}

int
app_input(const struct app *app)
{
	return app->owner != NULL ? app->input : STDIN_FILENO;
}

int
app_output(const struct app *app)
{
	return app->owner != NULL ? app->output : STDOUT_FILENO;
}

void
app_stdio_taken(struct app *app)
{
	app->input = app->output = -1;
}

int
app_is_single(const struct app *app)
{
	return app->mode == MODE_CALL || app->mode == MODE_SEND ||
	    app->mode == MODE_PROBE ||
	    (app_listens(app) && !app->conf.keep);
}

int
app_listens(const struct app *app)
{
	return app->mode == MODE_LISTEN || app->mode == MODE_SERVE;
}

void
app_set_server(struct app *app, enum app_server server)
{
	static const char *const	 names[] = { "up", "away", "lost" };

	if (app->server == server)
		return;
	if (app->server == APP_SERVER_LOST && server == APP_SERVER_AWAY) {
		log_line(LOG_FAULT, "server: lost cannot become away");
		return;
	}
	log_line(LOG_TRACE, "server: %s -> %s", names[app->server],
	    names[server]);
	app->server = server;
}

enum fault
app_session_fault(const struct app *app)
{
	return fault_of_session(app->session != NULL ?
	    session_fault(app->session) : SESSION_FINE);
}

const char *
app_server_why(const struct app *app)
{
	return app->session != NULL ? session_why(app->session) : "";
}

size_t
app_room(const struct app *app)
{
	return app->session != NULL ? session_room(app->session) : SIZE_MAX;
}

void
app_pause(struct app *app, int pause)
{
	if (app->session != NULL)
		session_pause(app->session, pause);
}

void
app_woken(struct app *app)
{
	if (app->session != NULL)
		session_woken(app->session);
}
