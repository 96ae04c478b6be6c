/* drain: see drain.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <signal.h>

#include "net/app/drain.h"
#include "net/app/run.h"
#include "net/channel/app.h"
#include "net/channel/remote_serve.h"
#include "net/io/log.h"
#include "net/io/loop.h"

int
drain_asked(const struct app *app, int signo)
{
	return signo == SIGTERM && app_listens(app) && app->conf.keep &&
	    app->conf.grace > 0 && app->draining == 0 && app->ibb != NULL;
}

static void
grace_over(void *arg)
{
	struct app	*app = arg;

	if (!app->ending && app->signo == 0)
		run_signalled(app, app->draining);
}

void
drain_begin(struct app *app, int signo)
{
	struct log_event	 e = { .kind = LOG_DRAINING,
				     .streams = app->nchannels };

	app->draining = signo;
	remote_serve_drain(app);
	log_event(LOG_EVENT, &e, "told to end: no new streams; %zu that there "
	    "are have %ld s", app->nchannels, app->conf.grace);
	app->grace_timer = (struct timer){ .fire = grace_over, .arg = app };
	timer_set(app->loop, &app->grace_timer, clock_ms() +
	    1000 * (int64_t)app->conf.grace);
}
