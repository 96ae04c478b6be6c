/* channel_join: a stream and its local end, joined by a pump; see channel.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "net/channel/channel_int.h"
#include "net/io/fd.h"
#include "net/io/loop.h"
#include "net/io/pump.h"

size_t
channel_room_out(const struct channel *ch)
{
	if (ch->app->held || (app_room(ch->app) == 0 &&
	    carrier_way(stream_carrier(ch->stream)) == CARRIER_INBAND))
		return 0;
	return stream_room(ch->stream);
}

/* The bytes that may be read from the local end: as many as the stream and the
 * file take. */
static size_t
channel_room(void *arg)
{
	struct channel	*ch = arg;

	return channel_file_room(ch, channel_room_out(ch));
}

static int
channel_write(void *arg, const void *data, size_t len)
{
	struct channel	*ch = arg;

	channel_file_wrote(ch, len);
	return stream_write(ch->stream, data, len);
}

static void
channel_finish(void *arg)
{
	channel_file_ended(arg);
}

static const unsigned char *
channel_data(void *arg, size_t *len)
{
	const struct channel	*ch = arg;
	const unsigned char	*data = stream_data(ch->stream, len);

	*len = channel_file_limit(ch, *len);
	return data;
}

static void
channel_consume(void *arg, size_t len)
{
	channel_file_took(arg, len);
}

void
channel_join(struct channel *ch, int rfd, int wfd)
{
	const struct pump_peer	 peer = {
		.room = channel_room,
		.write = channel_write,
		.finish = channel_finish,
		.data = channel_data,
		.consume = channel_consume,
		.changed = channel_changed,
		.arg = ch,
	};

	if ((ch->pump = pump_new(ch->app->loop, rfd, wfd, &peer)) == NULL)
		ch->unjoined = errno;
	else
		pump_hold(ch->pump, ch->app->held);
	channel_changed(ch);
	channel_tick(ch);
}

/*
 * Standard input and output
 */

/* The descriptor to be joined, or none.  With -k it is a copy, because the next
 * stream wants it again. */
static int
stdio_fd(const struct app *app, int fd, int none)
{
	if (none)
		return PUMP_NONE;
	return app->conf.keep ? fd_copy(fd) : fd;
}

void
channel_join_stdio(struct channel *ch)
{
	struct app	*app = ch->app;
	int		 in = app_input(app), out = app_output(app);

	ch->chat = !app->conf.no_stdin && isatty(in) && isatty(out);
	app_stdio_taken(app);
	channel_join(ch, stdio_fd(app, in, app->conf.no_stdin),
	    stdio_fd(app, out, app->mode == MODE_SEND));
}

void
channels_hold(struct app *app, int hold)
{
	struct channel	*ch;

	app->held = hold;
	TAILQ_FOREACH(ch, &app->channels, next) {
		if (ch->pump != NULL)
			pump_hold(ch->pump, hold);
		if (hold)
			timer_clear(app->loop, &ch->timer);
		else if (ch->stream != NULL)
			channel_tick(ch);
		channel_changed(ch);
	}
}

int
channels_end_chat(struct app *app)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app->channels, next)
		if (ch->chat && ch->pump != NULL &&
		    stream_state(ch->stream) == STREAM_OPEN)
			break;
	if (ch == NULL)
		return 0;
	pump_stop_input(ch->pump);
	stream_finish(ch->stream);
	stream_close_at_end(ch->stream);
	channel_changed(ch);
	return 1;
}
