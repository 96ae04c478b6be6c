/* linger: see linger.h. */
#include "ibb/inband.h"
#include "net/channel/linger.h"
#include "net/io/loop.h"

#define LINGER		10000	/* ms for a peer to ask how its stream ended */
#define ASK_LATER	100	/* ms: see ask_later in struct ibb_host */
#define ANSWER_LATER	1	/* ms: see answer_later there */

static void
linger_over(void *app)
{
	app_end(app, FAULT_NONE);
}

/* The turn of the loop is all that was asked for. */
static void
asked_later(void *arg)
{
	(void)arg;
}

static void
answer(void *arg)
{
	const struct app	*app = arg;

	ibb_answer(app->ibb);
}

void
linger_begin(struct app *app)
{
	app->lingering = (struct timer){ .fire = linger_over, .arg = app };
	app->asking = (struct timer){ .fire = asked_later };
	app->answering = (struct timer){ .fire = answer, .arg = app };
}

void
linger_finish(struct app *app, enum fault fault)
{
	if (app->signo != 0)
		app_end(app, FAULT_SIGNAL);
	else if (app->owner != NULL)	/* whose login stays */
		app_end(app, fault);
	else if (fault == FAULT_NONE && app->server != APP_SERVER_LOST &&
	    ibb_unsettled(app->ibb) > 0) {
		timer_set(app->loop, &app->lingering, clock_ms() + LINGER);
		app_yield(app);
	} else {
		app_end(app, fault);
	}
}

void
linger_drained(struct app *app)
{
	if (app->draining == 0 || app->nchannels > 0 || app->ending ||
	    ibb_unsettled(app->ibb) > 0)
		return;
	app->signo = app->draining;
	app_end(app, FAULT_SIGNAL);
}

int
linger_is_on(const struct app *app)
{
	return app->lingering.on;
}

void
linger_settled(void *arg)
{
	struct app	*app = arg;

	if (app->lingering.on && ibb_unsettled(app->ibb) == 0)
		app_end(app, FAULT_NONE);
}

/* Fire so many ms after the first request that is still waited for. */
static void
later(const struct app *app, struct timer *t, int64_t ms)
{
	if (!t->on)
		timer_set(app->loop, t, clock_ms() + ms);
}

void
linger_ask_later(void *arg)
{
	struct app	*app = arg;

	later(app, &app->asking, ASK_LATER);
}

void
linger_answer_later(void *arg)
{
	struct app	*app = arg;

	later(app, &app->answering, ANSWER_LATER);
}
