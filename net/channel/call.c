#include <stddef.h>

#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"

int
call_open(struct channel *ch, const char *host, const char *port)
{
	struct app		*app = ch->app;
	struct stream_conf	 sc = channel_stream_conf(app);
	char			 sid[INBAND_SID];

	sc.host = host;
	sc.port = port;
	if (app->mode == MODE_SEND && host == NULL)
		sc.use = STREAM_FOR_INPUT;
	if (app->conf.carrier == CONF_CARRIER_S5B) {
		inband_make_sid(sid);
		ch->stream = stream_alone(app->peer, sid, 1, &sc,
		    channel_changed, ch);
	} else {
		ch->stream = stream_call(app->ibb, app->peer, &sc,
		    channel_changed, ch);
	}
	if (ch->stream == NULL)
		return -1;
	return app->conf.carrier == CONF_CARRIER_S5B ?
	    channel_call_socket(ch) : 0;
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
