/* enroll: see enroll.h. */
#include <stddef.h>

#include "net/app/enroll.h"
#include "net/channel/app.h"
#include "net/io/log.h"
#include "net/login/registration.h"
#include "net/login/session.h"
#include "net/transport/discover.h"
#include "xml/jid.h"

static void
enrolled(void *arg, enum session_fault fault, const char *why)
{
	struct app	*app = arg;
	char		 bare[JID_MAX];

	if (fault != SESSION_FINE) {
		app_fail(app, fault_of_session(fault), "%s: %s",
		    discover_name(app->discover), why);
		return;
	}
	log_line(LOG_EVENT, "%s is registered; write \"jid %s\" to %s, or "
	    "give it with -j", jid_bare(app->jid, bare), bare,
	    app->conf.path);
	app_end(app, FAULT_NONE);
}

static void
enroll_line(void *arg, int level, const char *line)
{
	(void)arg;
	log_line(level, "%s", line);
}

int
enroll(struct app *app)
{
	struct registration_conf	 conf = {
		.jid = app->jid,
		.ways = app->discover,
		.ms = app_login_time(app),
		.log = enroll_line,
		.done = enrolled,
		.arg = app,
	};
	char	 local[JID_MAX], bare[JID_MAX], why[CONF_ERR];

	if (*jid_local(app->jid, local) == '\0' || app->conf.password == NULL)
		return app_fail(app, FAULT_USE, "--register needs an account, "
		    "user@domain, and a password for it");
	/* An account with a mistyped password would be lost. */
	if (conf_password_confirm(&app->conf, jid_bare(app->jid, bare), why) ==
	    -1)
		return app_fail(app, fault_blame(why), "%s", why);
	conf.password = app->conf.password;
	app->registration = registration_new(app->loop, app->resolver, &conf);
	if (app->registration == NULL)
		return app_fail(app, FAULT_LOCAL, "out of memory");
	return 0;
}
