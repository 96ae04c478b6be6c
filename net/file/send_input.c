/* send_input: -s without files: standard input goes to a stream, and the
 * terminal shows how far that is; see send.h. */
#include <sys/types.h>

#include <unistd.h>

#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/file/progress.h"
#include "net/file/send.h"

static int
input_check(void *file)
{
	const struct channel	*l = file;

	progress_at(l->app->progress, stream_confirmed(l->stream));
	return 0;
}

static void
input_fails(void *file)
{
	const struct channel	*l = file;

	progress_end(l->app->progress);
}

static int
input_over(void *file, enum fault fault)
{
	const struct channel	*l = file;

	(void)fault;
	progress_end(l->app->progress);
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
	struct channel	*l = call_stdio(app);

	if (l == NULL)
		return;
	channel_attach(l, &input_ops, l);
	progress_input(app->progress, "standard input", STDIN_FILENO);
}
