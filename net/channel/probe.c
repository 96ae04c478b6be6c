#include <stddef.h>
#include <stdint.h>

#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/io/loop.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "net/transport/discover.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

static int64_t	 asked;		/* when the peer was */

static void
probe_features(void *arg, const struct elem *answer)
{
	const struct elem	*query, *e;
	const char		*var;
	struct channel		*l;

	(void)arg;
	if (answer != NULL && stanza_error(answer) == SE_NONE)
		app_report(&run, "round trip: %lld ms",
		    (long long)(clock_ms() - asked));
	query = elem_child(answer, NULL, "query");
	for (e = elem_child(query, NULL, "feature"); e != NULL;
	    e = elem_next(e, NULL, "feature"))
		if ((var = elem_attr(e, "var")) != NULL)
			app_report(&run, "feature: %.128s", var);
	if ((l = channel_new(&run)) == NULL)
		app_fail(&run, FAULT_LOCAL, "out of memory");
	else
		call(l, run.host, run.port);
}

void
probe(void)
{
	struct iq_table	*t = session_iqs(run.session);

	app_report(&run, "server: %s, %s", discover_name(run.ways),
	    session_security(run.session));
	app_report(&run, "road: %s", session_transport(run.session));
	asked = clock_ms();
	xw_elem(iq_request(t, "get", run.peer), "query",
	    "http://jabber.org/protocol/disco#info", NULL);
	if (iq_ask(t, probe_features, NULL, answer_deadline()) == -1)
		app_fail(&run, FAULT_LOCAL, "out of memory");
}

void
probe_stands(struct channel *l)
{
	const char	*key = stream_key(l->stream);

	app_report(&run, "session: %s%s", key != NULL ? "tls 1.3 end to end, key " :
	    "not encrypted end to end", key != NULL ? key : "");
	app_report(&run, "carrier: in-band (XEP-0047), %s stanzas, blocks of %zu bytes",
	    run.conf.message ? "message" : "iq", stream_block(l->stream));
	if (!streamhosts_allowed())
		app_report(&run, "carrier: no sockets (-i)");
	else if (key != NULL && !run.conf.message)
		app_report(&run, "carrier: sockets (XEP-0065), if the peer takes them");
	app_report(&run, "reachable: %s%s%s%s%s", run.peer, run.host != NULL ? " " : "",
	    run.host != NULL ? run.host : "", run.port != NULL ? ":" : "",
	    run.port != NULL ? run.port : "");
	/* What the service says, and when it ends, is of no interest. */
	stream_abort(l->stream, SE_RECIPIENT_UNAVAILABLE);
	channel_over(l, FAULT_NONE);
}
