/* probe: see probe.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/call.h"
#include "net/channel/channel_int.h"
#include "net/channel/probe.h"
#include "net/channel/probe_reach.h"
#include "net/io/loop.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "net/transport/discover.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define WAY_TIME	20000	/* ms to find a way to the peer */

static void
probe_features(void *arg, const struct elem *answer)
{
	const struct elem	*query, *e;
	const char		*var;
	struct app		*app = arg;
	struct channel		*ch;

	if (answer != NULL && stanza_error(answer) == SE_NONE)
		app_report(app, "round trip: %lld ms",
		    (long long)(clock_ms() - app->asked));
	query = elem_child(answer, NULL, "query");
	for (e = elem_child(query, NULL, "feature"); e != NULL;
	    e = elem_next(e, NULL, "feature"))
		if ((var = elem_attr(e, "var")) != NULL) {
			app_report(app, "feature: %.128s", var);
			if (strcmp(var, NS_XCAT_PROBE) == 0)
				app->peer_probes = 1;
		}
	if ((ch = channel_new(app)) == NULL ||
	    call_open(ch, app->host, app->port) == -1)
		app_fail(app, FAULT_LOCAL, "out of memory");
}

static void
probe_ask(struct app *app)
{
	struct iq_table	*t = app->iqs;

	app->asked = clock_ms();
	xw_elem(iq_request(t, "get", app->peer), "query", NS_INFO,
	    NULL);
	if (iq_ask(t, probe_features, app, app_deadline(app)) == -1)
		app_fail(app, FAULT_LOCAL, "out of memory");
}

void
probe_begin(struct app *app)
{
	app_report(app, "server: %s, %s", discover_name(app->discover),
	    session_security(app->session));
	app_report(app, "transport: %s", session_transport(app->session));
	app->reach = probe_reach(app, probe_ask);
}

static void
report_stream(struct channel *ch)
{
	struct app	*app = ch->app;
	const char	*key = stream_key(ch->stream);

	if (key != NULL)
		app_report(app, "session: tls 1.3 end to end, key %s", key);
	else
		app_report(app, "session: not encrypted end to end");
	app_report(app, "carrier: in-band (XEP-0047), %s stanzas, "
	    "blocks of %zu bytes", app->conf.message ? "message" : "iq",
	    stream_block(ch->stream));
	if (!streamhosts_allowed(app->streamhosts))
		app_report(app, "carrier: no sockets (%s)",
		    app->conf.carrier == CONF_CARRIER_IBB ? "-i" :
		    "they would not go through the proxy");
	else if (key != NULL && !app->conf.message)
		app_report(app, "carrier: sockets (XEP-0065), "
		    "if the peer takes them");
	app_report(app, "reachable: %s%s%s%s%s", app->peer,
	    app->host != NULL ? " " : "", app->host != NULL ? app->host : "",
	    app->port != NULL ? ":" : "", app->port != NULL ? app->port : "");
}

/* What the service says, and when it ends, is of no interest. */
static void
probe_over(struct channel *ch)
{
	timer_clear(ch->app->loop, &ch->app->probing);
	stream_abort(ch->stream, SE_RECIPIENT_UNAVAILABLE);
	channel_over(ch, FAULT_NONE);
}

/*
 * The way
 */

int
probe_wants_no_place(const struct app *app)
{
	return app->mode == MODE_PROBE && app->peer_probes && app->e2e != NULL;
}

/* Is a way looked for? */
static int
wants_way(const struct channel *ch)
{
	return stream_is_probe(ch->stream) && stream_key(ch->stream) != NULL &&
	    !ch->app->conf.message &&
	    streamhosts_allowed(ch->app->streamhosts);
}

static void
probe_fire(void *arg)
{
	struct app	*app = arg;
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->channels, next)
		channel_changed(ch);
}

static void
report_way(struct channel *ch)
{
	const char	*where = upgrade_where(ch->upgrade);
	const char	*why = upgrade_why(ch->upgrade);

	if (where != NULL && (upgrade_is_direct(ch->upgrade) || *why == '\0'))
		app_report(ch->app, "way: %s", where);
	else
		app_report(ch->app, "way: %s; none through the routers: %s",
		    where != NULL ? where : "in-band", *why != '\0' ? why :
		    "not found in time");
}

static void
begin_way(struct channel *ch)
{
	struct app	*app = ch->app;
	int64_t		 ms = WAY_TIME;

	if (app->conf.timeout > 0 && 1000 * (int64_t)app->conf.timeout < ms)
		ms = 1000 * (int64_t)app->conf.timeout;
	app->probing = (struct timer){ .fire = probe_fire, .arg = app };
	timer_set(app->loop, &app->probing, clock_ms() + ms);
	upgrade_check(channel_upgrade(ch));
}

void
probe_stands(struct channel *ch)
{
	if (ch->told == CHANNEL_UNTOLD) {
		channel_greet(ch);
		report_stream(ch);
		if (!wants_way(ch) || channel_upgrade(ch) == NULL) {
			probe_over(ch);
			return;
		}
		begin_way(ch);
	}
	if (upgrade_seeks(ch->upgrade) && ch->app->probing.on)
		return;
	report_way(ch);
	probe_over(ch);
}
