/* send_folder: the stream of a folder that goes to another xcat; see
 * send_folder.h. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/file/folder_path.h"
#include "net/file/progress.h"
#include "net/file/send_folder.h"
#include "net/file/send_int.h"
#include "net/file/sum.h"
#include "net/file/walk.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/loop.h"

#define TELL_MAX	100	/* lines about what does not go */
#define MEASURE_TURN	256	/* files in a turn of the loop */
#define HOST		256	/* bytes of a host's name */

/* How far the folder is. */
enum send_folder_phase {
	SEND_FOLDER_OPENING,	/* its stream */
	SEND_FOLDER_MOVING,	/* files are offered and sent */
	SEND_FOLDER_ASKED,	/* all is sent: has the receiver read it? */
	SEND_FOLDER_OVER,	/* it is to put the folder in its place */
	SEND_FOLDER_KEPT
};

static const char *const phase_names[] = {
	"opening", "moving", "asked", "over", "kept"
};

struct folder_send {
	struct sender	*sender;
	struct channel	*channel;
	enum send_folder_phase phase;
	struct folder_queue queue;
	struct folder_reader *reader;
	struct watch	 watch;		/* while there is something to send, or
					 * to be measured */
	struct walk	*measure;	/* for size, before it begins */
	char		 wire[FOLDER_NAME];	/* the folder's name */
	char		 which[HASH_HEX];	/* of those of this name */
	time_t		 date;
	int		 mode;
	uint64_t	 size;		/* bytes of the files in it */
	int		 starved;	/* there was no memory */
	size_t		 left_out, failed;	/* things that do not go */
	enum fault	 fault;		/* of these, the first */
	char		 behind[128];
};

/*
 * Phases
 */

static void
folder_set_phase(struct folder_send *f, enum send_folder_phase phase)
{
	log_line(LOG_TRACE, "folder %s: %s -> %s", f->sender->shown,
	    phase_names[f->phase], phase_names[phase]);
	f->phase = phase;
}

static void
folder_free(struct folder_send *f)
{
	loop_unwatch(f->sender->app->loop, &f->watch);
	walk_free(f->measure);
	folder_queue_end(&f->queue);
	folder_reader_free(f->reader);
	free(f);
}

/* A file or link does not go: say so, of the first of them. */
static void
folder_tell(void *arg, enum fault fault, const char *path, const char *why)
{
	struct folder_send	*f = arg;
	size_t			 n = f->left_out + f->failed;

	if (fault == FAULT_NONE)
		f->left_out++;
	else
		f->failed++;
	if (f->fault == FAULT_NONE)
		f->fault = fault;
	if (n < TELL_MAX)
		log_line(fault == FAULT_NONE ? LOG_EVENT : LOG_FAULT,
		    "%s: %s/%s: %s%s", f->sender->app->peer, f->sender->shown,
		    path, why, fault == FAULT_NONE ? ", left out" : "");
	else if (n == TELL_MAX)
		log_line(LOG_FAULT, "%s: %s: there is more that does not go; "
		    "it is counted at the end", f->sender->app->peer,
		    f->sender->shown);
}

/*
 * Sending
 */

static void
folder_changed(void *arg)
{
	struct folder_send	*f = arg;

	if (f->channel != NULL)
		channel_changed(f->channel);
}

static int
folder_want(void *arg)
{
	struct folder_send	*f = arg;

	if (f->phase == SEND_FOLDER_OPENING)
		return f->measure != NULL ? WATCH_NOW | POLLIN : WATCH_IDLE;
	if (f->starved ||
	    stream_state(f->channel->stream) != STREAM_OPEN ||
	    channel_room_out(f->channel) == 0)
		return WATCH_IDLE;
	return buf_len(&f->queue.out) > 0 || (f->phase <= SEND_FOLDER_ASKED &&
	    folder_queue_ready(&f->queue)) ? WATCH_NOW | POLLIN : WATCH_IDLE;
}

/* Write what there is of words and pieces, as far as the stream takes it. */
static void
folder_flush(struct folder_send *f)
{
	struct buf	*out = &f->queue.out;
	size_t		 room = channel_room_out(f->channel);
	size_t		 n = buf_len(out) < room ? buf_len(out) : room;

	if (n > 0 && stream_write(f->channel->stream, buf_data(out), n) == 0)
		buf_drain(out, n);
	channel_changed(f->channel);
}

static int
folder_say_word(struct folder_send *f, enum folder_kind kind)
{
	const struct folder_word	 w = { .kind = kind, .mode = -1 };

	return folder_say(&f->queue.out, &w);
}

/* All is sent.  Of files that did not begin in their middle none comes back,
 * which spares a round trip. */
static void
folder_sent(struct folder_send *f)
{
	int	 ask = folder_queue_may_come_back(&f->queue);

	if (folder_say_word(f, ask ? FOLDER_DONE : FOLDER_OVER) == -1)
		f->starved = 1;
	folder_set_phase(f, ask ? SEND_FOLDER_ASKED : SEND_FOLDER_OVER);
}

/* Add up the files in the folder, for the line on a terminal, while the peer is
 * called: some of them in each turn. */
static void
folder_measure(struct folder_send *f)
{
	struct walk_item	 item = { .kind = WALK_LEAVE };
	int			 n;

	for (n = 0; n < MEASURE_TURN && item.kind != WALK_END; n++) {
		walk_next(f->measure, &item);
		if (item.kind == WALK_FILE)
			f->size += (uint64_t)item.st.st_size;
	}
	if (item.kind != WALK_END)
		return;
	walk_free(f->measure);
	f->measure = NULL;
	progress_begin(f->sender->app->progress, f->sender->shown, 0, f->size);
	channel_changed(f->channel);
}

static void
folder_ready(void *arg, int events)
{
	struct folder_send	*f = arg;

	(void)events;
	if (f->phase == SEND_FOLDER_OPENING) {
		folder_measure(f);
		return;
	}
	if (folder_queue_fill(&f->queue) == -1)
		f->starved = 1;
	if (f->phase == SEND_FOLDER_MOVING && folder_queue_done(&f->queue))
		folder_sent(f);
	folder_flush(f);
}

/* The stream stands: say what comes. */
static void
folder_begin(struct folder_send *f)
{
	struct folder_word		 w = {
		.kind = FOLDER_FOLDER,
		.name = f->wire,
		.dated = 1,
		.size = f->size,
		.date = f->date,
		.mode = f->mode,
		.more = f->sender->good,
	};

	strlcpy(w.hash, f->which, sizeof(w.hash));
	if (folder_say(&f->queue.out, &w) == -1)
		f->starved = 1;
	folder_set_phase(f, SEND_FOLDER_MOVING);
}

/*
 * What the receiver says
 */

static int
folder_nonsense(struct folder_send *f)
{
	return sender_give_up(f->channel, SE_BAD_REQUEST, FAULT_BROKEN,
	    "it answers what makes no sense");
}

/* The receiver does not take the folder, or cannot keep it. */
static int
folder_declined(struct folder_send *f, const char *text)
{
	char	 why[256];

	snprintf(why, sizeof(why), "it does not take it: %.192s", text);
	return sender_give_up(f->channel, SE_UNDEFINED_CONDITION, FAULT_PEER,
	    why);
}

/* The receiver has read everything: it may say of files that they are to come
 * once more, and then this is asked again. */
static int
folder_read(struct folder_send *f)
{
	if (f->phase != SEND_FOLDER_ASKED)
		return -1;
	if (!folder_queue_done(&f->queue)) {
		folder_set_phase(f, SEND_FOLDER_MOVING);
		return 0;
	}
	folder_set_phase(f, SEND_FOLDER_OVER);
	return folder_say_word(f, FOLDER_OVER);
}

/* All is there. */
static int
folder_kept(struct folder_send *f, const char *name)
{
	if (f->phase != SEND_FOLDER_OVER)
		return -1;
	folder_set_phase(f, SEND_FOLDER_KEPT);
	log_line(LOG_DETAIL, "%s: %s: %llu files, %llu bytes, sent; it is "
	    "%s there", f->sender->app->peer, f->sender->shown,
	    (unsigned long long)f->queue.files,
	    (unsigned long long)f->queue.sent, name);
	stream_finish(f->channel->stream);
	channel_changed(f->channel);
	return 0;
}

/* Take a word: 0, -1 if it makes no sense, or 1: the channel is no more. */
static int
folder_take(struct folder_send *f, const struct folder_word *w)
{
	switch (w->kind) {
	case FOLDER_RANGE:
		return folder_queue_range(&f->queue, w->offset);
	case FOLDER_REFUSED:
		return w->name == NULL ? folder_declined(f, w->text) :
		    folder_queue_refused(&f->queue, w->text);
	case FOLDER_WRONG:
		return folder_queue_wrong(&f->queue, w->name);
	case FOLDER_DONE:
		return folder_read(f);
	case FOLDER_KEPT:
		return folder_kept(f, w->name);
	default:
		return -1;
	}
}

/* Take all that the receiver has said.  1: the channel is no more. */
static int
folder_hear_all(struct folder_send *f)
{
	struct stream		*s = f->channel->stream;
	const unsigned char	*data;
	struct folder_word	 w;
	size_t			 len, used, at = 0;
	enum folder_kind	 kind;
	int			 r = 0;

	data = stream_data(s, &len);
	while (r == 0 && at < len) {
		kind = folder_hear(f->reader, data + at, len - at, &used, &w);
		at += used;
		if (kind != FOLDER_MORE)
			r = folder_take(f, &w);
	}
	if (r == 1)
		return 1;
	if (r == -1)
		return folder_nonsense(f);
	if (at > 0)
		stream_consume(s, at);
	return 0;
}

/*
 * What its channel asks
 */

static int
folder_check(void *file)
{
	struct folder_send	*f = file;
	struct stream		*s = f->channel->stream;

	progress_at(f->sender->app->progress, f->queue.there + f->queue.sent);
	if (f->starved)
		return sender_give_up(f->channel, SE_INTERNAL_SERVER_ERROR,
		    FAULT_LOCAL, "out of memory");
	if (f->phase == SEND_FOLDER_OPENING && f->measure == NULL &&
	    stream_state(s) == STREAM_OPEN)
		folder_begin(f);
	if (f->phase != SEND_FOLDER_OPENING && folder_hear_all(f))
		return 1;
	return f->phase != SEND_FOLDER_KEPT ? sender_check_closed(f->channel,
	    "the peer closed the stream before it had all of the folder; "
	    "try again") : 0;
}

static int
folder_apart(void *file)
{
	(void)file;
	return 1;
}

static void
folder_fails(void *file)
{
	const struct folder_send	*f = file;

	progress_end(f->sender->app->progress);
}

static const char *
folder_before(void *file)
{
	const struct folder_send	*f = file;

	snprintf(f->sender->about, sizeof(f->sender->about), "%s: ",
	    f->sender->shown);
	return f->sender->about;
}

static const char *
folder_behind(void *file)
{
	struct folder_send	*f = file;

	*f->behind = '\0';
	if (f->queue.sent > 0)
		snprintf(f->behind, sizeof(f->behind), "; %llu files are "
		    "there, send it again to go on",
		    (unsigned long long)f->queue.files);
	return f->behind;
}

/* What did not go makes the folder one that was not sent, though the rest is
 * there. */
static int
folder_over(void *file, enum fault fault)
{
	struct folder_send	*f = file;
	struct sender		*s = f->sender;
	struct channel		*ch = f->channel;

	progress_end(s->app->progress);
	if (fault == FAULT_NONE && f->failed + f->left_out >= TELL_MAX)
		log_line(LOG_FAULT, "%s: %s: %zu left out, %zu not sent",
		    s->app->peer, s->shown, f->left_out, f->failed);
	if (fault == FAULT_NONE)
		fault = f->fault;
	s->folder = NULL;
	s->channel = NULL;
	channel_detach(ch);
	channel_free(ch);
	folder_free(f);
	sender_set_phase(s, SEND_DONE);
	sender_over(s, fault);
	return 1;
}

static const struct channel_file_ops	 folder_ops = {
	.limit = channel_file_none,
	.check = folder_check,
	.apart = folder_apart,
	.fails = folder_fails,
	.before = folder_before,
	.behind = folder_behind,
	.over = folder_over,
};

/*
 * Beginning
 */

void
send_folder_free(struct sender *s)
{
	if (s->folder != NULL)
		folder_free(s->folder);
	s->folder = NULL;
}

/* What tells the folder from others of its name, on this machine and on others
 * of this account: what there is of one of them is no part of this one.  It is
 * the path, since the numbers of a file system may be others after a boot.  The
 * receiver learns of all that no more than it has guessed. */
static int
folder_identify(struct folder_send *f)
{
	struct sum	*s = sum_new(FOLDER_HASH);
	const char	*path = f->sender->paths[f->sender->at];
	char		 host[HOST] = "", real[PATH_MAX];
	int		 r;

	if (s == NULL)
		return -1;
	(void)gethostname(host, sizeof(host) - 1);
	if (realpath(path, real) != NULL)
		path = real;
	r = sum_add(s, host, strlen(host) + 1) == -1 ? -1 :
	    sum_add(s, path, strlen(path));
	sum_end(s, f->which);
	sum_free(s);
	return r;
}

static struct folder_send *
folder_new(struct sender *s)
{
	struct folder_send	*f;
	struct stat		 st;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->sender = s;
	f->watch = (struct watch){ .fd = -1, .want = folder_want,
	    .ready = folder_ready, .arg = f };
	if ((f->reader = folder_reader_new()) == NULL ||
	    fstat(s->fd, &st) == -1 || folder_identify(f) == -1 ||
	    folder_queue_init(&f->queue, s->app->loop, fd_copy(s->fd)) == -1) {
		folder_free(f);
		return NULL;
	}
	f->queue.tell = folder_tell;
	f->queue.changed = folder_changed;
	f->queue.arg = f;
	f->date = st.st_mtime;
	f->mode = (int)(st.st_mode & 07777);
	if (folder_path_escape(s->name, f->wire) == -1)
		strlcpy(f->wire, "folder", sizeof(f->wire));
	return f;
}

void
send_folder_offer(struct sender *s)
{
	struct stream_conf	 sc = channel_stream_conf(s->app);
	struct folder_send	*f;
	struct channel		*ch;

	if ((f = folder_new(s)) == NULL) {
		sender_failed_file(s, errno);
		return;
	}
	if ((ch = sender_channel(s)) == NULL) {
		folder_free(f);
		return;
	}
	s->folder = f;
	f->channel = ch;
	channel_attach(ch, &folder_ops, f);
	sender_set_phase(s, SEND_MOVING);
	f->measure = walk_new(s->fd);
	sc.use = STREAM_FOR_FILE;
	if (sender_call(s, ch, &sc) != NULL)
		loop_watch(s->app->loop, &f->watch);
}
