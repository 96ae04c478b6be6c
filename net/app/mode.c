/* mode: see mode.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>

#include "net/app/mode.h"
#include "net/channel/app.h"
#include "net/conf/conf.h"
#include "net/file/oob.h"

int
mode_forwards(const struct app *app)
{
	const struct conf	*c = &app->conf;

	if (conf_given(c, "forward") || conf_given(c, "socks") ||
	    conf_given(c, "reverse"))
		return 1;
	return app->mode == MODE_CALL && (!STAILQ_EMPTY(&c->forward) ||
	    !STAILQ_EMPTY(&c->socks) || !STAILQ_EMPTY(&c->reverse));
}

static void
ignore_all(struct conf *c, const char *const *keywords)
{
	for (; *keywords != NULL; keywords++)
		conf_ignore(c, *keywords);
}

/* Standard input, which is no file, is all that there is to send. */
static void
ignore_for_input(struct app *app)
{
	conf_ignore(&app->conf, "upload");
	if (!oob_sends(app))
		conf_ignore(&app->conf, "no-stdin");
}

void
mode_ignore(struct app *app, int operands)
{
	static const char *const	 of_listeners[] = {
		"invite", "keep-listening", "receive", NULL
	};
	static const char *const	 of_forwards[] = {
		"background", "forward", "reverse", "socks", "udp", NULL
	};

	if (!app_listens(app))
		ignore_all(&app->conf, of_listeners);
	if (app->mode != MODE_FORWARD)
		ignore_all(&app->conf, of_forwards);
	else if (STAILQ_EMPTY(&app->conf.forward))
		conf_ignore(&app->conf, "udp");
	if (app->mode == MODE_SEND && operands == 1)
		ignore_for_input(app);
}

/* Of a listener: what would be ignored.  In the file these are for others. */
static const char *
listener_objection(const struct app *app)
{
	if (app->conf.keep)
		return NULL;
	return conf_given(&app->conf, "remote") ? "remote needs -k" :
	    conf_given(&app->conf, "service") ? "service needs -k" : NULL;
}

const char *
mode_objection(const struct app *app, int operands)
{
	if (app->conf.background && app->mode != MODE_FORWARD)
		return "-f needs -L, -D or -R";
	if (app_listens(app))
		return listener_objection(app);
	if (app->conf.keep)
		return "-k needs -l";
	if (app->conf.invite)
		return "-I needs -l";
	if (app->conf.receive != NULL)
		return "-r needs -l";
	if (app->mode == MODE_SEND && app->conf.no_stdin && operands == 1 &&
	    !oob_sends(app))
		return "-s and -d together leave nothing to do";
	return NULL;
}
