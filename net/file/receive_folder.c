/* receive_folder: the stream of a folder that comes from another xcat; see
 * receive_folder.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/folder_words.h"
#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/file/folder_disk.h"
#include "net/file/folder_path.h"
#include "net/file/partial.h"
#include "net/file/progress.h"
#include "net/file/receive_folder.h"
#include "net/file/receive_folder_int.h"
#include "net/file/receive_int.h"
#include "net/file/sum.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "xml/buf.h"
#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/text.h"

#define SAY_MOST	(256 * 1024)	/* bytes of words to the sender */
#define SAY_FULL	(64 * 1024)	/* so many: it has to read first */
#define SAY_SOON	(16 * 1024)	/* so many are worth a block, */
#define SAY_LATER	256		/* and the sender has as many files to
					 * send meanwhile */
#define TURN_BYTES	(256 * 1024)	/* taken in a turn of the loop, */
#define TURN_WORDS	256		/* and words */

static const char *const phase_names[] = {
	"nameless", "moving", "complete", "refusing"
};

/*
 * Life
 */

void
folder_in_set_phase(struct folder_in *f, enum folder_in_phase phase)
{
	log_line(LOG_TRACE, "folder from %s: %s -> %s", f->peer,
	    phase_names[f->phase], phase_names[phase]);
	f->phase = phase;
}

/* What came of a small file stays, too, if its stream ends before it does. */
static void
save_small(struct folder_in *f)
{
	const struct expected	*x = TAILQ_FIRST(&f->expecteds);

	if (x != NULL && buf_len(&f->small) > 0 && f->partial == NULL &&
	    (f->partial = folder_disk_begin(&f->disk, &x->file)) != NULL &&
	    (partial_truncate(f->partial, 0) == -1 ||
	    fd_write_all(partial_fd(f->partial), buf_data(&f->small),
	    buf_len(&f->small)) == -1))
		log_line(LOG_DETAIL, "%s: %s/%s: %s", f->peer, f->name,
		    x->path, strerror(errno));
	buf_truncate(&f->small, 0);
}

void
folder_in_close_present(struct folder_in *f)
{
	save_small(f);
	sum_cancel(f->summing);
	f->summing = NULL;
	partial_close(f->partial);
	f->partial = NULL;
	f->begun = 0;
}

void
folder_in_expected_over(struct folder_in *f)
{
	struct expected	*x = TAILQ_FIRST(&f->expecteds);

	TAILQ_REMOVE(&f->expecteds, x, next);
	f->n--;
	f->bytes -= strlen(x->path);
	free(x->path);
	free(x);
}

static void
folder_free(struct folder_in *f)
{
	loop_unwatch(f->receiver->app->loop, &f->watch);
	folder_in_close_present(f);
	while (!TAILQ_EMPTY(&f->expecteds))
		folder_in_expected_over(f);
	folder_disk_close(&f->disk);
	folder_reader_free(f->reader);
	buf_free(&f->say);
	buf_free(&f->small);
	sum_free(f->sum);
	free(f->given);
	LIST_REMOVE(f, next);
	free(f);
}

size_t
receive_folder_count(const struct receiver *r)
{
	const struct folder_in	*f;
	size_t			 n = 0;

	LIST_FOREACH(f, &r->folders, next)
		n += f->phase < FOLDER_IN_COMPLETE;
	return n;
}

void
receive_folder_free_all(struct receiver *r)
{
	struct folder_in	*f;

	while ((f = LIST_FIRST(&r->folders)) != NULL) {
		channel_detach(f->channel);
		folder_free(f);
	}
}

/*
 * What we say
 */

int
folder_in_say(struct folder_in *f, enum folder_kind kind, const char *name,
    const char *text, uint64_t offset)
{
	const struct folder_word	 w = {
		.kind = kind,
		.name = name,
		.text = text,
		.offset = offset,
		.mode = -1,
	};

	return folder_say(&f->say, &w);
}

int
folder_in_refuse(struct folder_in *f, enum fault fault, const char *what,
    const char *detail)
{
	snprintf(f->why, sizeof(f->why), "%s%s", what, detail);
	f->fault = fault;
	folder_in_close_present(f);
	progress_end(f->receiver->app->progress);
	log_line(fault == FAULT_NONE ? LOG_EVENT : LOG_FAULT,
	    "%s: refused %s: %s", f->peer, f->name, f->why);
	folder_in_set_phase(f, FOLDER_IN_REFUSING);
	return folder_in_say(f, FOLDER_REFUSED, NULL, f->why, 0);
}

int
folder_in_stuck(struct folder_in *f)
{
	return folder_in_refuse(f, FAULT_LOCAL, "it cannot be kept: ",
	    strerror(errno));
}

/* While the sender has files to send, answers about others gather, so that they
 * are few blocks, against the direction of the files. */
static int
may_say(const struct folder_in *f)
{
	return buf_len(&f->say) >= SAY_SOON || (buf_len(&f->say) > 0 &&
	    (f->phase > FOLDER_IN_MOVING || f->n < f->held + SAY_LATER));
}

/* Write what there is of words, as far as the stream takes it. */
static void
flush(struct folder_in *f)
{
	size_t	 room = stream_room(f->channel->stream);
	size_t	 n = buf_len(&f->say) < room ? buf_len(&f->say) : room;

	if (n == 0 || !may_say(f) || stream_write(f->channel->stream,
	    buf_data(&f->say), n) == -1)
		return;
	buf_drain(&f->say, n);
	if (buf_len(&f->say) == 0)
		f->held = 0;
}

static int
say_want(void *arg)
{
	const struct folder_in	*f = arg;

	return may_say(f) && stream_room(f->channel->stream) > 0 ?
	    WATCH_NOW | POLLIN : WATCH_IDLE;
}

/* What was not taken, since there was too much to say, may be now. */
static void
say_ready(void *arg, int events)
{
	struct folder_in	*f = arg;

	(void)events;
	flush(f);
	channel_changed(f->channel);
}

/*
 * Its stream
 */

/* Is what came to be taken now? */
static int
may_take(struct folder_in *f)
{
	const struct expected	*x = TAILQ_FIRST(&f->expecteds);

	if (f->summing != NULL || f->phase > FOLDER_IN_MOVING ||
	    buf_len(&f->say) >= SAY_FULL)
		return 0;
	/* What is there has to be read before the rest comes. */
	if (x != NULL && x->offset > 0 && !f->begun &&
	    folder_in_begin(f, x) == -1 && folder_in_stuck(f) == -1)
		return 0;
	return f->summing == NULL && f->phase <= FOLDER_IN_MOVING;
}

/* Take what came, of much only a part in this turn.  0, or -1 if it makes no
 * sense. */
static int
take_all(struct folder_in *f)
{
	struct stream		*s = f->channel->stream;
	const unsigned char	*data;
	struct folder_word	 w;
	size_t			 len, used, at = 0, words = 0;
	int			 r = 0;

	data = stream_data(s, &len);
	while (r == 0 && at < len && may_take(f)) {
		if (at >= TURN_BYTES || words++ >= TURN_WORDS)
			break;
		if (folder_hear(f->reader, data + at, len - at, &used, &w) !=
		    FOLDER_MORE)
			r = folder_in_take(f, &w);
		at += used;
	}
	flush(f);
	if (at > 0 && r == 0)
		stream_consume(s, at);
	if (r == 0 && at < len && may_take(f))
		channel_changed(f->channel);
	if (r == 0 && f->phase == FOLDER_IN_COMPLETE)
		stream_finish(s);
	return r;
}

static int
folder_broken(struct folder_in *f, const char *why)
{
	stream_abort(f->channel->stream, SE_BAD_REQUEST);
	channel_failed(f->channel, FAULT_BROKEN, why);
	return 1;
}

/* The sender has been told, and is given the time to end its stream. */
static int
check_refused(struct folder_in *f)
{
	struct stream		*s = f->channel->stream;
	enum stream_state	 state = stream_state(s);
	size_t			 len;

	flush(f);
	stream_data(s, &len);
	if (len > 0)
		stream_consume(s, len);
	if (state != STREAM_FAILED && state != STREAM_CLOSED && !stream_eof(s))
		return 0;
	channel_failed(f->channel, f->fault, "");
	return 1;
}

static int
folder_check(void *file)
{
	struct folder_in	*f = file;
	struct stream		*s = f->channel->stream;
	enum stream_state	 state = stream_state(s);
	size_t			 len;

	if (f->phase <= FOLDER_IN_MOVING && take_all(f) == -1)
		return folder_broken(f, "what it sends makes no sense");
	progress_at(f->receiver->app->progress, f->here);
	if (f->phase == FOLDER_IN_REFUSING)
		return check_refused(f);
	flush(f);
	stream_data(s, &len);
	if (f->phase == FOLDER_IN_COMPLETE)
		return len > 0 ? folder_broken(f, "it sends more than it has "
		    "announced") : 0;
	return stream_eof(s) && state != STREAM_FAILED ? folder_broken(f,
	    "the stream ended before the folder did") : 0;
}

/*
 * What its channel asks
 */

static int
folder_complete(void *file)
{
	const struct folder_in	*f = file;

	return f->phase == FOLDER_IN_COMPLETE;
}

static int
folder_apart(void *file)
{
	const struct folder_in	*f = file;

	return f->receiver->folder != -1;
}

static void
folder_fails(void *file)
{
	const struct folder_in	*f = file;

	progress_end(f->receiver->app->progress);
}

static int
folder_told(void *file)
{
	const struct folder_in	*f = file;

	return f->phase == FOLDER_IN_REFUSING;
}

static int
folder_declined(void *file)
{
	const struct folder_in	*f = file;

	return f->phase == FOLDER_IN_REFUSING && f->fault == FAULT_NONE &&
	    !receive_was_last(f->receiver, f->peer, f->about.more);
}

static const char *
folder_behind(void *file)
{
	struct folder_in	*f = file;

	*f->behind = '\0';
	if (f->phase == FOLDER_IN_MOVING)
		snprintf(f->behind, sizeof(f->behind), "; %s: %llu files are "
		    "kept, have it sent again to go on", f->name,
		    (unsigned long long)f->files);
	return f->behind;
}

static int
folder_more(void *file)
{
	const struct folder_in	*f = file;

	return f->phase == FOLDER_IN_COMPLETE && f->about.more > 0;
}

static void
folder_left(void *file)
{
	struct folder_in	*f = file;

	progress_end(f->receiver->app->progress);
	folder_free(f);
}

static const struct channel_file_ops	 folder_ops = {
	.limit = channel_file_none,
	.check = folder_check,
	.complete = folder_complete,
	.apart = folder_apart,
	.fails = folder_fails,
	.told = folder_told,
	.declined = folder_declined,
	.behind = folder_behind,
	.more = folder_more,
	.left = folder_left,
};

int
receive_folder_offered(struct receiver *r, struct channel *ch)
{
	struct folder_in	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -1;
	f->receiver = r;
	f->channel = ch;
	f->disk.root = -1;
	TAILQ_INIT(&f->expecteds);
	buf_init(&f->say, SAY_MOST);
	buf_init(&f->small, FOLDER_PIECE);
	strlcpy(f->peer, stream_peer(ch->stream), sizeof(f->peer));
	strlcpy(f->name, "a folder", sizeof(f->name));
	LIST_INSERT_HEAD(&r->folders, f, next);
	if ((f->reader = folder_reader_new()) == NULL) {
		folder_free(f);
		return -1;
	}
	f->watch = (struct watch){ .fd = -1, .want = say_want,
	    .ready = say_ready, .arg = f };
	loop_watch(r->app->loop, &f->watch);
	channel_attach(ch, &folder_ops, f);
	channel_changed(ch);
	return 0;
}

int
receive_folder_is(const unsigned char *data, size_t len)
{
	static const char	 begin[] = "<folder ";

	if (len < FOLDER_HEAD + sizeof(begin) - 1)
		return -1;
	return memcmp(data + FOLDER_HEAD, begin, sizeof(begin) - 1) == 0;
}
