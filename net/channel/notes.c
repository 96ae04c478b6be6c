#include <sys/types.h>
#include <sys/queue.h>

#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/channel/notes.h"
#include "net/io/log.h"
#include "net/io/loop.h"

/* What the stream goes to here. */
static const char *
target(const struct channel *ch)
{
	if (ch->app->mode == MODE_LISTEN)
		return "standard input and output";
	return ch->service != NULL ? ch->service : "a service";
}

void
notes_opened(struct channel *ch)
{
	if (!ch->listener || !ch->app->conf.keep ||
	    ch->told != CHANNEL_GREETED || ch->pump == NULL || ch->file != NULL)
		return;
	channel_set_told(ch, CHANNEL_NOTED);
	ch->opened = clock_ms();
	log_line(LOG_EVENT, "%s: stream to %s", stream_peer(ch->stream),
	    target(ch));
}

int
notes_ended(struct channel *ch, int level, const char *how)
{
	int64_t	 ms = clock_ms() - ch->opened;

	if (ch->told != CHANNEL_NOTED)
		return 0;
	channel_set_told(ch, CHANNEL_TOLD);
	log_line(level, "%s: stream to %s ended after %lld.%lld s, "
	    "%llu bytes in, %llu out: %s", stream_peer(ch->stream), target(ch),
	    (long long)ms / 1000, (long long)ms / 100 % 10,
	    (unsigned long long)stream_received(ch->stream),
	    (unsigned long long)stream_confirmed(ch->stream), how);
	return 1;
}
