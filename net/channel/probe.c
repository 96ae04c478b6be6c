#include <stddef.h>
#include <stdint.h>

#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/channel/probe.h"
#include "net/channel/probe_reach.h"
#include "net/io/loop.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "net/transport/discover.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/write.h"

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
		if ((var = elem_attr(e, "var")) != NULL)
			app_report(app, "feature: %.128s", var);
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

void
probe_stands(struct channel *ch)
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
		app_report(app, "carrier: no sockets (-i)");
	else if (key != NULL && !app->conf.message)
		app_report(app, "carrier: sockets (XEP-0065), "
		    "if the peer takes them");
	app_report(app, "reachable: %s%s%s%s%s", app->peer,
	    app->host != NULL ? " " : "", app->host != NULL ? app->host : "",
	    app->port != NULL ? ":" : "", app->port != NULL ? app->port : "");
	/* What the service says, and when it ends, is of no interest. */
	stream_abort(ch->stream, SE_RECIPIENT_UNAVAILABLE);
	channel_over(ch, FAULT_NONE);
}
