/* reload: see reload.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/app/reload.h"
#include "net/channel/accept.h"
#include "net/channel/app.h"
#include "net/channel/remote_serve.h"
#include "net/channel/remote_spec.h"
#include "net/channel/service.h"
#include "net/conf/allow.h"
#include "net/conf/conf.h"
#include "net/conf/trust.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "xml/jid.h"

static size_t
count(const struct app *app, const struct conf *conf)
{
	const struct conf_item	*i;
	size_t			 n = app->noperands;

	STAILQ_FOREACH(i, &conf->service, next)
		if (app->conf.keep)
			n++;
	return n;
}

struct services *
reload_services(const struct app *app, const struct conf *conf, char *err)
{
	size_t			 n = app->noperands;
	char			**all = calloc(count(app, conf) + 1,
				    sizeof(char *));
	const struct conf_item	*i;
	struct services		*s;

	if (all == NULL) {
		strlcpy(err, "out of memory", SERVICE_ERR);
		return NULL;
	}
	if (n > 0)
		memcpy(all, app->operands, n * sizeof(char *));
	STAILQ_FOREACH(i, &conf->service, next)
		if (app->conf.keep)
			all[n++] = i->value;
	s = services_new(all, n, app->noperands, err);
	free(all);
	return s;
}

static int
has_terminal(void)
{
	int	 fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

void
reload_begin(struct app *app)
{
	app->terminal = has_terminal();
}

int
reload_asked(const struct app *app, int signo)
{
	return signo == SIGHUP && app_listens(app) && app->conf.keep &&
	    app->signo == 0 && app->draining == 0 &&
	    (!app->terminal || has_terminal());
}

/* The allowed peers of this configuration.  NULL with a message in
 * why[CONF_ERR]. */
static struct allow *
new_allow(const struct app *app, const struct conf *conf, char *why)
{
	char		 local[JID_MAX];
	struct allow	*a = allow_new(&conf->allow,
			    *jid_local(app->jid, local) == '\0' ? NULL :
			    app->jid, why);

	if (a == NULL)
		return NULL;
	if (app->trust != NULL) {
		if (trust_reload(app->trust, conf->dir, a, why) == 0)
			return a;
	} else if (allow_wants_key(a)) {
		strlcpy(why, "allow with a key needs end-to-end encryption",
		    CONF_ERR);
	} else {
		return a;
	}
	allow_free(a);
	return NULL;
}

/* Commands need what a run without commands has given up (confine.h). */
static int
is_confined(const struct app *app, const struct services *s)
{
	return app->confined && s != NULL && services_run_commands(s);
}

/* Let these peers in, and no others.  Contacts that were of no interest before
 * are known once the roster has come. */
static void
admit(struct app *app, struct allow *allow)
{
	int	 unknown = allow_wants_roster(allow) &&
		    !allow_wants_roster(app->allow);

	allow_renew(app->allow, allow);
	if (!unknown)
		remote_serve_reloaded(app);
	accept_reloaded(app);
}

/* Use what conf says.  0, or -1 with a message in why[CONF_ERR], and nothing is
 * changed.  What a listener without services offers stays standard input and
 * output alone. */
static int
use(struct app *app, const struct conf *conf, char *why)
{
	struct services		*services = NULL;
	struct remote_allowed	*remote;
	struct allow		*allow;

	if (app->mode == MODE_SERVE && count(app, conf) == 0 &&
	    STAILQ_EMPTY(&conf->remote)) {
		strlcpy(why, "there are no services in it", CONF_ERR);
		return -1;
	}
	if ((remote = remote_allowed_new(&conf->remote, why)) == NULL)
		return -1;
	if (app->mode == MODE_SERVE)
		services = reload_services(app, conf, why);
	if (is_confined(app, services))
		strlcpy(why, "a first command can be added only at a start, or "
		    "with sandbox=no", CONF_ERR);
	if ((app->mode == MODE_SERVE && services == NULL) ||
	    is_confined(app, services) ||
	    (allow = new_allow(app, conf, why)) == NULL) {
		services_free(services);
		remote_allowed_free(remote);
		return -1;
	}
	if (services != NULL) {
		services_free(app->services);
		app->services = services;
		remote_allowed_free(app->remote);
		app->remote = remote;
	} else {
		remote_allowed_free(remote);
	}
	admit(app, allow);
	return 0;
}

void
reload(struct app *app)
{
	struct conf		 conf;
	struct log_event	 e = { .kind = LOG_RELOADED };
	char			 why[CONF_ERR];

	conf_init(&conf);
	if (conf_read(&conf, why) == -1 ||
	    conf_add_given(&conf, &app->conf, why) == -1 ||
	    use(app, &conf, why) == -1) {
		log_line(LOG_FAULT, "%s; all stays as it was", why);
	} else {
		e.services = app->mode == MODE_SERVE ? count(app, &conf) : 0;
		log_event(LOG_EVENT, &e, "the configuration was read anew");
	}
	conf_free(&conf);
}
