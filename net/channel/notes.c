#include <sys/types.h>
#include <sys/queue.h>

#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/notes.h"
#include "net/channel/app.h"
#include "net/io/log.h"
#include "net/io/loop.h"

/* What the stream goes to here. */
static const char *
target(const struct channel *l)
{
	if (l->app->mode == MODE_LISTEN)
		return "standard input and output";
	return l->service != NULL ? l->service : "a service";
}

void
notes_opened(struct channel *l)
{
	if (!l->listener || !l->app->conf.keep || l->opened != 0 || !l->greeted ||
	    l->pump == NULL || l->file != NULL)
		return;
	l->noted = 1;
	l->opened = clock_ms();
	log_line(LOG_EVENT, "%s: stream to %s", stream_peer(l->stream), target(l));
}

int
notes_ended(struct channel *l, int level, const char *how)
{
	int64_t	 ms = clock_ms() - l->opened;

	if (!l->noted)
		return 0;
	l->noted = 0;
	log_line(level, "%s: stream to %s ended after %lld.%lld s, %llu bytes in, "
	    "%llu out: %s", stream_peer(l->stream), target(l),
	    (long long)ms / 1000, (long long)ms / 100 % 10,
	    (unsigned long long)stream_received(l->stream),
	    (unsigned long long)stream_confirmed(l->stream), how);
	return 1;
}
