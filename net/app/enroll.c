#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>

#include "net/app/enroll.h"
#include "net/channel/app.h"
#include "net/io/log.h"
#include "net/login/registration.h"
#include "net/login/session.h"
#include "net/transport/discover.h"
#include "xml/jid.h"

#define ENROLL_TIME	30		/* s, unless -w says otherwise */

static enum fault
fault_of(enum session_fault fault)
{
	switch (fault) {
	case SESSION_FINE:
		return FAULT_NONE;
	case SESSION_REFUSED:
		return FAULT_LOGIN;
	case SESSION_TIMEOUT:
		return FAULT_TIME;
	case SESSION_INTERNAL:
		return FAULT_LOCAL;
	default:
		return FAULT_SERVER;
	}
}

static void
enrolled(void *arg, enum session_fault fault, const char *why)
{
	struct app	*app = arg;
	char		 bare[JID_MAX];

	if (fault != SESSION_FINE) {
		app_fail(app, fault_of(fault), "%s: %s",
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

/* What was typed once may have been mistyped, and the account is lost then.
 * 0, or -1 after app_fail(). */
static int
confirm_password(struct app *app)
{
	char	*first, why[CONF_ERR], bare[JID_MAX];
	int	 same;

	if (app->conf.asked == 0)
		return 0;
	if ((first = strdup(app->conf.password)) == NULL)
		return app_fail(app, FAULT_LOCAL, "out of memory");
	same = conf_password_again(&app->conf, jid_bare(app->jid, bare),
	    why) == 0;
	if (same && strcmp(first, app->conf.password) != 0) {
		strlcpy(why, "these were two passwords; try again",
		    sizeof(why));
		same = 0;
	}
	OPENSSL_cleanse(first, strlen(first));
	free(first);
	return same ? 0 : app_fail(app, FAULT_USE, "%s", why);
}

int
enroll(struct app *app)
{
	struct registration_conf	 conf = {
		.jid = app->jid,
		.ways = app->discover,
		.ms = 1000 * (app->conf.timeout > 0 ? app->conf.timeout :
		    ENROLL_TIME),
		.log = enroll_line,
		.done = enrolled,
		.arg = app,
	};
	char	 local[JID_MAX];

	if (*jid_local(app->jid, local) == '\0' || app->conf.password == NULL)
		return app_fail(app, FAULT_USE, "--register needs an account, "
		    "user@domain, and a password for it");
	if (confirm_password(app) == -1)
		return -1;
	conf.password = app->conf.password;
	app->registration = registration_new(app->loop, app->resolver, &conf);
	if (app->registration == NULL)
		return app_fail(app, FAULT_LOCAL, "out of memory");
	return 0;
}
