/* send_input: -s without files: standard input goes to a stream, and the
 * terminal shows how far that is; see send.h. */
#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/file/progress.h"
#include "net/file/send.h"

static int
input_check(void *file)
{
	const struct channel	*ch = file;

	progress_at(ch->app->progress, stream_confirmed(ch->stream));
	return 0;
}

static void
input_fails(void *file)
{
	const struct channel	*ch = file;

	progress_end(ch->app->progress);
}

static int
input_over(void *file, enum fault fault)
{
	const struct channel	*ch = file;

	(void)fault;
	progress_end(ch->app->progress);
	return 0;
}

static const struct channel_file_ops	 input_ops = {
	.check = input_check,
	.fails = input_fails,
	.over = input_over,
};

void
send_input_start(struct app *app)
{
	int		 in = app_input(app);
	struct channel	*ch = call_stdio(app);

	if (ch == NULL)
		return;
	channel_attach(ch, &input_ops, ch);
	progress_input(app->progress, "standard input", in);
}
