/* notes: see notes.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>

#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/channel/notes.h"
#include "net/io/log.h"
#include "net/io/loop.h"

/* What the stream goes to here, or comes from, for people. */
static const char *
target(const struct channel *ch)
{
	if (ch->app->mode == MODE_LISTEN)
		return "standard input and output";
	return ch->service != NULL ? ch->service : "a service";
}

/* The service that was asked for; NULL: none by name. */
static const char *
asked(const struct channel *ch, char out[SERVICE_MAX])
{
	const char	*host = ch->called_host, *port = ch->called_port;

	if (ch->listener || ch->called_for == STREAM_FOR_CONNECTION ||
	    host == NULL)
		return ch->service;
	snprintf(out, SERVICE_MAX, "%s%s%s", host, port != NULL ? ":" : "",
	    port != NULL ? port : "");
	return out;
}

const char *
notes_service(const struct channel *ch, char out[SERVICE_MAX])
{
	const char	*name = asked(ch, out);

	if (name != NULL)
		return name;
	if (ch->called_for == STREAM_FOR_REMOTE)
		return "ports (-R)";
	if (ch->file != NULL)
		return "a file";
	return ch->listener ? target(ch) : "the first service";
}

/* Is this stream noted?  Programs that read objects want to know of all. */
static int
is_noted(const struct channel *ch)
{
	if (log_is_json())
		return ch->app->mode != MODE_PROBE;
	return (ch->listener || ch->called_for == STREAM_FOR_CONNECTION) &&
	    ch->app->conf.keep;
}

void
notes_opened(struct channel *ch)
{
	char			 service[SERVICE_MAX];
	struct log_event	 e = { .kind = LOG_STREAM_OPENED };

	if (ch->told != CHANNEL_GREETED || !is_noted(ch) || ch->pump == NULL ||
	    ch->file != NULL)
		return;
	channel_set_told(ch, CHANNEL_NOTED);
	ch->opened = clock_ms();
	e.peer = stream_peer(ch->stream);
	e.sid = stream_sid(ch->stream);
	e.service = asked(ch, service);
	log_event(LOG_EVENT, &e, "%s: stream to %s", e.peer, target(ch));
}

int
notes_ended(struct channel *ch, int level, enum fault fault, const char *how)
{
	char			 service[SERVICE_MAX];
	struct log_event	 e = { .kind = LOG_STREAM_ENDED };

	if (ch->told != CHANNEL_NOTED)
		return 0;
	channel_set_told(ch, CHANNEL_TOLD);
	e.peer = stream_peer(ch->stream);
	e.sid = stream_sid(ch->stream);
	e.service = asked(ch, service);
	e.in = stream_received(ch->stream);
	e.out = stream_confirmed(ch->stream);
	e.ms = clock_ms() - ch->opened;
	e.status = fault == FAULT_SIGNAL ? 128 + ch->app->signo :
	    fault_status(fault);
	e.reason = how;
	log_event(level, &e, "%s: stream to %s ended after %lld.%lld s, "
	    "%llu bytes in, %llu out: %s", e.peer, target(ch),
	    (long long)e.ms / 1000, (long long)e.ms / 100 % 10,
	    (unsigned long long)e.in, (unsigned long long)e.out, how);
	return 1;
}
