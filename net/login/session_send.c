/*
 * session_send: stanzas on their way out of a session.
 */
#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "net/login/trace.h"
#include "net/transport/transport.h"
#include "xml/iq.h"

static void
trace_sent(struct session *s, const void *data, size_t len)
{
	char	 line[SESSION_LINE];

	if (s->conf.trace)
		session_log(s, 2, "SENT %s",
		    trace_bytes(data, len, line, sizeof(line)));
}

int
session_send(struct session *s, const void *data, size_t len)
{
	trace_sent(s, data, len);
	alive_sent(s, len);
	return transport_send(s->transport, data, len);
}

int
session_send_secret(struct session *s, const void *data, size_t len)
{
	if (s->conf.trace)
		session_log(s, 2, "SENT (secret, %zu bytes)", len);
	alive_sent(s, len);
	return transport_send(s->transport, data, len);
}

/* While there is no connection, a stanza is kept for a session that may be
 * resumed.  Without one it is lost, as if the connection had broken behind
 * it. */
int
session_send_stanza(void *arg, const void *data, size_t len)
{
	struct session	*s = arg;

	if (s->binding)
		return session_send(s, data, len);
	if (s->state == SESSION_CLOSING || s->state == SESSION_CLOSED ||
	    *s->jid == '\0' ||
	    sm_sent(s->sm, data, len) == -1)
		return -1;
	if (s->state != SESSION_READY)
		return 0;
	if (iq_deadline(s->iqs) < s->timer.at)
		session_set_timer(s);
	if (s->tell.on)
		resume_tell(s);
	if (session_send(s, data, len) == -1)
		return -1;
	if (sm_should_ask(s->sm))
		resume_ask(s);
	return 0;
}

/* A stanza is lost that a peer may wait for: the session is begun anew, and its
 * user mends what can be mended.  Not now: the stanza's writer is still at
 * work. */
void
session_starve(void *arg)
{
	struct session	*s = arg;

	if (s->state != SESSION_READY)
		return;
	s->starved = 1;
	timer_set(s->loop, &s->timer, clock_ms());
}
