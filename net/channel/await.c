/* await: see await.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include "net/channel/app.h"
#include "net/channel/await.h"
#include "net/conf/conf.h"
#include "net/io/log.h"

#define AWAIT_MOST	5000	/* ms of a pause */

int
await_is_absence(enum stanza_error err)
{
	switch (err) {
	case SE_SERVICE_UNAVAILABLE:
	case SE_RECIPIENT_UNAVAILABLE:
		return 1;
	default:
		return await_is_distance(err);
	}
}

int
await_is_distance(enum stanza_error err)
{
	return err == SE_REMOTE_SERVER_NOT_FOUND ||
	    err == SE_REMOTE_SERVER_TIMEOUT;
}

int64_t
await_longer(int64_t pause)
{
	return pause < AWAIT_MOST / 2 ? 2 * pause : AWAIT_MOST;
}

int
await_again(struct app *app, struct await *a)
{
	int64_t	 now = clock_ms(), end;

	if (app->conf.wait == CONF_WAIT_NO || app->ending)
		return -1;
	if (a->since == 0) {
		log_line(LOG_DETAIL, "%s: not there; waiting for it",
		    app->peer);
		a->since = now;
		a->pause = AWAIT_FIRST;
	}
	end = app->conf.wait == CONF_WAIT_FOREVER ? INT64_MAX :
	    a->since + 1000 * (int64_t)app->conf.wait;
	if (now >= end)
		return -1;
	timer_set(app->loop, &a->timer, end - now < a->pause ? end :
	    now + a->pause);
	a->pause = await_longer(a->pause);
	return 0;
}

void
await_end(struct app *app, struct await *a)
{
	timer_clear(app->loop, &a->timer);
	a->since = 0;
}
