/* call: see call.h. */
#include <stddef.h>

#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/channel/await.h"
#include "net/channel/call.h"
#include "net/channel/channel_int.h"
#include "net/channel/probe.h"
#include "net/io/pump.h"

int
call_open(struct channel *ch, const char *host, const char *port)
{
	struct app		*app = ch->app;
	struct stream_conf	 sc = channel_stream_conf(app);
	const char		*peer = ch->called_peer != NULL ?
				     ch->called_peer : app->peer;
	char			 sid[INBAND_SID];

	ch->called_host = host;
	ch->called_port = port;
	sc.host = host;
	sc.port = port;
	if (app->mode == MODE_SEND && host == NULL)
		sc.use = STREAM_FOR_INPUT;
	if (ch->udp_client != NULL)
		sc.use = STREAM_FOR_DATAGRAMS;
	if (probe_wants_no_place(app))
		sc.use = STREAM_FOR_PROBE;
	if (ch->called_for != STREAM_FOR_ANY) {
		sc.use = ch->called_for;
		sc.require = 1;
		sc.warm = NULL;		/* their keys are judged anew */
	}
	if (ch->control != NULL && app->conf.block_size == 0)
		sc.block = INBAND_BLOCK_DEFAULT;
	if (app->conf.carrier == CONF_CARRIER_S5B) {
		inband_make_sid(sid);
		ch->stream = stream_alone(peer, sid, 1, &sc, channel_changed,
		    ch);
	} else {
		ch->stream = stream_call(app->ibb, peer, &sc, channel_changed,
		    ch);
	}
	if (ch->stream == NULL)
		return -1;
	return app->conf.carrier == CONF_CARRIER_S5B ?
	    channel_call_socket(ch) : 0;
}

/*
 * -W
 */

/* The old stream is kept until there is a new one, since the pump asks it. */
static void
call_once_more(struct channel *ch)
{
	struct stream	*old = ch->stream;

	channel_set_waits(ch, CHANNEL_PRESENT);
	channel_drop_upgrade(ch);
	ch->stream = NULL;
	if (call_open(ch, ch->called_host, ch->called_port) == -1) {
		stream_free(ch->stream);
		ch->stream = old;
		channel_failed(ch, FAULT_LOCAL, "out of memory");
		return;
	}
	stream_take_over(ch->stream, old);
	stream_free(old);
	if (ch->pump != NULL && pump_input_finished(ch->pump))
		stream_finish(ch->stream);
	channel_wait_again(ch);
}

/* A timer's.  While the server is away the peer cannot be asked. */
static void
call_again(void *arg)
{
	struct channel	*ch = arg;

	if (ch->app->server == APP_SERVER_UP)
		call_once_more(ch);
	else if (await_again(ch->app, &ch->absent) == -1)
		channel_broke(ch);
}

/* Has the peer refused as an absent one does?  A server that is away cannot
 * have said so: the stream has waited in vain for an answer.  The listener that
 * has made a code is there as long as the code is good: it has refused a wrong
 * code, which it looks at three times only, or the code has ended with it. */
static int
is_absent(const struct channel *ch)
{
	enum stanza_error	 err = stream_refusal(ch->stream);

	return ch->app->server == APP_SERVER_AWAY ||
	    (stream_fault(ch->stream) == STREAM_REFUSED &&
	    (ch->app->code == NULL ? await_is_absence(err) :
	    await_is_distance(err)));
}

int
call_again_later(struct channel *ch)
{
	if (ch->listener || ch->called_for == STREAM_FOR_CONNECTION ||
	    ch->told != CHANNEL_UNTOLD ||
	    channel_is_apart(ch) || ch->app->server == APP_SERVER_LOST ||
	    !is_absent(ch))
		return 0;
	ch->absent.timer.fire = call_again;
	ch->absent.timer.arg = ch;
	if (await_again(ch->app, &ch->absent) == -1)
		return 0;
	channel_wait_end(ch);
	channel_set_waits(ch, CHANNEL_ABSENT);
	return 1;
}

void
call_check(struct channel *ch)
{
	if (ch->pump != NULL && pump_error(ch->pump) != 0)
		channel_end_failed(ch);
}

struct channel *
call_stdio(struct app *app)
{
	struct channel	*ch;

	if ((ch = channel_new(app)) == NULL ||
	    call_open(ch, app->host, app->port) == -1) {
		app_fail(app, FAULT_LOCAL, "out of memory");
		return NULL;
	}
	channel_join_stdio(ch);
	return ch;
}
