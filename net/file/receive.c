/* receive: files that come, each by its stream; see receive_int.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/file/jingle_transfer.h"
#include "net/file/oob.h"
#include "net/file/partial.h"
#include "net/file/progress.h"
#include "net/file/receive.h"
#include "net/file/receive_folder.h"
#include "net/file/receive_int.h"
#include "net/file/sum.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "xml/jid.h"
#include "xml/text.h"

/*
 * Phases
 */

static const char *const phase_names[] = {
	"not described", "summing", "agreed", "moving", "unproved", "complete",
	"ended", "failed", "told", "declined", "late"
};

/* A stream that does not come about leaves its file agreed. */
static int
may_become(enum incoming_phase from, enum incoming_phase to)
{
	switch (from) {
	case INCOMING_UNDESCRIBED:
		return to == INCOMING_SUMMING || to == INCOMING_DECLINED;
	case INCOMING_SUMMING:
		return to == INCOMING_AGREED || to == INCOMING_DECLINED;
	case INCOMING_AGREED:
		return to == INCOMING_AGREED || to == INCOMING_MOVING ||
		    to == INCOMING_FAILED || to == INCOMING_LATE;
	case INCOMING_MOVING:
		return to == INCOMING_UNPROVED || to == INCOMING_COMPLETE ||
		    to == INCOMING_FAILED;
	case INCOMING_UNPROVED:
		return to == INCOMING_COMPLETE || to == INCOMING_FAILED;
	case INCOMING_COMPLETE:
		return to == INCOMING_ENDED;
	case INCOMING_FAILED:
		return to == INCOMING_TOLD;
	default:
		return 0;
	}
}

int
incoming_set_phase(struct incoming *in, enum incoming_phase phase)
{
	if (!may_become(in->phase, phase))
		return -1;
	if (in->phase != phase)
		log_line(LOG_TRACE, "file from %s: %s -> %s", in->shown,
		    phase_names[in->phase], phase_names[phase]);
	in->phase = phase;
	return 0;
}

/*
 * Life and death
 */

static const struct channel_file_ops	 receive_ops;

struct incoming *
incoming_new(struct receiver *r, const struct receive_method *method,
    const char *peer, const char *sid)
{
	struct incoming	*in;

	if ((in = calloc(1, sizeof(*in))) == NULL)
		return NULL;
	in->receiver = r;
	in->method = method;
	strlcpy(in->peer, peer, sizeof(in->peer));
	text_cut(peer, in->shown, sizeof(in->shown));
	if (sid != NULL && (in->sid = strdup(sid)) == NULL) {
		free(in);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&r->incomings, in, next);
	return in;
}

void
incoming_let_go(struct incoming *in)
{
	timer_clear(in->receiver->app->loop, &in->timer);
	oob_fetch_next(in->receiver->app);
	sum_cancel(in->summing);
	in->summing = NULL;
	sum_free(in->sum);
	in->sum = NULL;
	partial_close(in->partial);
	in->partial = NULL;
}

void
incoming_free(struct incoming *in)
{
	if (in == NULL)
		return;
	if (in->channel != NULL)
		channel_detach(in->channel);
	if (in->method->over != NULL)
		in->method->over(in);
	incoming_let_go(in);
	TAILQ_REMOVE(&in->receiver->incomings, in, next);
	free(in->sid);
	free(in->id);
	free(in->given);
	free(in);
}

void
incoming_attach(struct incoming *in, struct channel *ch)
{
	in->channel = ch;
	channel_attach(ch, &receive_ops, in);
}

size_t
incoming_count(const struct receiver *r, enum incoming_phase from,
    enum incoming_phase to, const char *peer)
{
	const struct incoming	*in;
	size_t			 n = 0;

	TAILQ_FOREACH(in, &r->incomings, next)
		if (in->phase >= from && in->phase <= to &&
		    (peer == NULL || jid_samebare(in->peer, peer)))
			n++;
	return n;
}

/*
 * Its failure
 */

void
incoming_fail(struct incoming *in, enum fault fault, enum stanza_error error,
    const char *why, const char *detail)
{
	if (incoming_set_phase(in, INCOMING_FAILED) == -1)
		return;
	snprintf(in->why, sizeof(in->why), "%s%s", why, detail);
	in->fault = fault;
	in->error = error;
	channel_changed(in->channel);
}

/* An xcat gives up when it hears the reason; the streams of other programs are
 * broken off.  Returns 1 if the channel is no more. */
static int
tell_failure(struct incoming *in, struct channel *ch)
{
	if (in->method->over != NULL)
		in->method->over(in);
	if (in->method->tell == NULL ||
	    stream_state(ch->stream) != STREAM_OPEN) {
		stream_abort(ch->stream, in->error);
		channel_failed(ch, in->fault, in->why);
		return 1;
	}
	progress_end(ch->app->progress);
	log_line(LOG_FAULT, "%s: %s: %s", in->shown, in->name, in->why);
	incoming_set_phase(in, INCOMING_TOLD);
	in->method->tell(in);
	return 0;
}

/*
 * Its stream
 */

/* Where the file goes: a copy, which the pump closes. */
static int
incoming_fd(const struct incoming *in)
{
	int	 fd = in->partial != NULL ? partial_fd(in->partial) :
		     STDOUT_FILENO;

	return fd_copy(fd);
}

static void
incoming_begin(struct incoming *in, struct channel *ch)
{
	channel_join(ch, PUMP_NONE, incoming_fd(in));
	if (ch->unjoined != 0) {
		incoming_fail(in, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    "it cannot be kept: ", strerror(ch->unjoined));
		ch->unjoined = 0;
		return;
	}
	incoming_set_phase(in, INCOMING_MOVING);
	progress_begin(ch->app->progress, in->name, in->have, in->file.size);
	if (in->have == in->file.size)
		incoming_end(in);
	channel_changed(ch);
}

static int
ended_early(struct channel *ch)
{
	if (stream_state(ch->stream) == STREAM_OPEN)
		stream_abort(ch->stream, SE_BAD_REQUEST);
	channel_failed(ch, FAULT_BROKEN, "the stream ended before the file "
	    "did");
	return 1;
}

/* Senders without a session may wait for the end of the socket, which is all
 * that a receiver can say in it; bytes that still come are seen.  A proxy that
 * has not been activated yet would take our end for that of both directions. */
static void
end_socket(struct incoming *in, struct channel *ch)
{
	struct carrier	*c = stream_carrier(ch->stream);

	if (!carrier_is_alone(c) ||
	    (carrier_way(c) != CARRIER_SOCKET &&
	    stream_received(ch->stream) == 0))
		return;
	incoming_set_phase(in, INCOMING_ENDED);
	stream_finish(ch->stream);
	stream_close_at_end(ch->stream);
	channel_changed(ch);	/* for its socket */
}

static int
sends_too_much(struct channel *ch, const char *why)
{
	stream_abort(ch->stream, SE_BAD_REQUEST);
	channel_failed(ch, FAULT_BROKEN, why);
	return 1;
}

/* The sender has been told, and is given the time to end its stream. */
static int
check_told(const struct incoming *in, struct channel *ch)
{
	enum stream_state	 state = stream_state(ch->stream);

	if (state != STREAM_FAILED && state != STREAM_CLOSED &&
	    !stream_eof(ch->stream))
		return 0;
	channel_failed(ch, in->fault, "");
	return 1;
}

/* All is there, or nothing more is wanted. */
static int
check_over(struct incoming *in, struct channel *ch)
{
	size_t	 len;

	stream_data(ch->stream, &len);
	switch (in->phase) {
	case INCOMING_COMPLETE:
	case INCOMING_ENDED:
		if (len > 0)
			return sends_too_much(ch, "it sends more than it has "
			    "announced");
		if (in->method->over != NULL) {
			in->method->over(in);
			/* The sender knows that all is well: how it ends the
			 * stream is no matter. */
			if (stream_state(ch->stream) == STREAM_FAILED) {
				channel_over(ch, FAULT_NONE);
				return 1;
			}
		}
		if (in->phase == INCOMING_COMPLETE)
			end_socket(in, ch);
		return 0;
	case INCOMING_FAILED:
		return tell_failure(in, ch);
	case INCOMING_DECLINED:
		if (len > 0)
			return sends_too_much(ch, "it sends what was refused");
		return check_told(in, ch);
	case INCOMING_TOLD:
		return check_told(in, ch);
	default:
		return 0;
	}
}

static int
receive_check(void *file)
{
	struct incoming		*in = file;
	struct channel		*ch = in->channel;
	enum stream_state	 state = stream_state(ch->stream);

	progress_at(ch->app->progress, in->have);
	switch (in->phase) {
	case INCOMING_UNDESCRIBED:
		return state == STREAM_OPEN || state == STREAM_CLOSED ?
		    in->method->hear(in) : 0;
	case INCOMING_AGREED:
		if (state == STREAM_OPEN || state == STREAM_CLOSED ||
		    stream_received(ch->stream) > 0)
			incoming_begin(in, ch);
		return 0;
	case INCOMING_UNPROVED:
		return 1;	/* the channel waits, whatever comes */
	case INCOMING_MOVING:
		return stream_eof(ch->stream) && state != STREAM_FAILED ?
		    ended_early(ch) : 0;
	default:
		return check_over(in, ch);
	}
}

static size_t
receive_limit(void *file, size_t len)
{
	const struct incoming	*in = file;

	if (in->phase != INCOMING_MOVING)
		return 0;
	return len < in->file.size - in->have ? len :
	    (size_t)(in->file.size - in->have);
}

/* The last bytes are confirmed to the peer only if all is well with them. */
static void
receive_took(void *file, const void *data, size_t len)
{
	struct incoming	*in = file;
	struct stream	*s = in->channel->stream;
	size_t		 there;

	if (sum_add(in->sum, data, len) == -1) {
		incoming_fail(in, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    "out of memory", "");
		return;
	}
	in->have += len;
	stream_data(s, &there);
	if (in->have == in->file.size && there > len)
		incoming_wrong(in, "more comes than was announced");
	else if (in->have == in->file.size)
		incoming_end(in);
	if (in->phase != INCOMING_FAILED)
		stream_consume(s, len);
}

/* The stream did not come about: another one may, for a time. */
static void
receive_missed(void *file)
{
	struct incoming	*in = file;
	struct app	*app = in->receiver->app;

	channel_detach(in->channel);
	in->channel = NULL;
	if (incoming_set_phase(in, INCOMING_AGREED) == -1) {
		incoming_free(in);
	} else if (in->jingle != NULL) {
		in->jingle->session->streams = 0;
		jingle_transfer_wait(in->jingle, app_deadline(app));
	} else {
		timer_set(app->loop, &in->timer, app_deadline(app));
	}
}

static void
receive_left(void *file)
{
	struct incoming	*in = file;

	progress_end(in->receiver->app->progress);
	incoming_free(in);
}

/*
 * What its channel asks
 */

static int
receive_apart(void *file)
{
	const struct incoming	*in = file;

	return in->receiver->folder != -1;
}

static int
is_complete(const struct incoming *in)
{
	return in->phase == INCOMING_COMPLETE || in->phase == INCOMING_ENDED;
}

static int
receive_complete(void *file)
{
	return is_complete(file);
}

static void
receive_fails(void *file)
{
	const struct incoming	*in = file;

	progress_end(in->receiver->app->progress);
}

static int
receive_told(void *file)
{
	const struct incoming	*in = file;

	return in->phase == INCOMING_TOLD || in->phase == INCOMING_DECLINED;
}

static int
receive_declined(void *file)
{
	const struct incoming	*in = file;

	return in->phase == INCOMING_DECLINED &&
	    !receive_was_last(in->receiver, in->peer, in->file.more);
}

static int
receive_more(void *file)
{
	const struct incoming	*in = file;

	return is_complete(in) && in->file.more > 0;
}

static const char *
receive_about(void *file)
{
	struct incoming	*in = file;

	*in->about = '\0';
	if (in->phase < INCOMING_MOVING)
		return in->about;
	if (in->partial == NULL || is_complete(in))
		snprintf(in->about, sizeof(in->about), "; %s", in->name);
	else
		snprintf(in->about, sizeof(in->about), "; %s: %llu of %llu "
		    "bytes are kept%s", in->name, (unsigned long long)in->have,
		    (unsigned long long)in->file.size,
		    *in->file.hash != '\0' && in->file.ranged ?
		    ", have it sent again to go on" : "");
	return in->about;
}

/* A file that comes has nothing to read from. */
static void
receive_ended(void *file)
{
	(void)file;
}

static const struct channel_file_ops	 receive_ops = {
	.ended = receive_ended,
	.limit = receive_limit,
	.took = receive_took,
	.check = receive_check,
	.complete = receive_complete,
	.apart = receive_apart,
	.fails = receive_fails,
	.told = receive_told,
	.declined = receive_declined,
	.behind = receive_about,
	.more = receive_more,
	.missed = receive_missed,
	.left = receive_left,
};

/*
 * The receiver
 */

int
receive_busy(const struct receiver *r)
{
	struct channel	*ch;

	if (r->folder != -1)
		return 0;
	TAILQ_FOREACH(ch, &r->app->channels, next)
		if (!channel_is_apart(ch) && ch->turn != CHANNEL_SHAKING)
			return 1;
	return oob_busy(r->app) || incoming_count(r,
	    INCOMING_SUMMING, INCOMING_AGREED, NULL) > 0;
}

/* The file that was agreed on for this stream. */
static void *
receive_find_file(struct app *app, const char *peer, const char *sid)
{
	return receive_find(app->receiver, peer, sid);
}

static int
receive_take(struct channel *ch, void *file)
{
	struct incoming	*in = file;

	if (in->phase != INCOMING_AGREED || in->channel != NULL)
		return -1;
	timer_clear(ch->app->loop, &in->timer);
	/* From here on the stream says whether it goes on. */
	if (in->jingle != NULL) {
		jingle_transfer_wait(in->jingle, INT64_MAX);
		in->jingle->session->streams = 1;
	}
	incoming_attach(in, ch);
	return 0;
}

static const struct channel_takers	 takers = {
	.find = receive_find_file,
	.take = receive_take,
	.offered = receive_native_offered,
	.busy = oob_busy,
	.next = oob_fetch_next,
};

int
receive_login(struct receiver *r, struct dispatch *d)
{
	return receive_si_login(r, d) == -1 ? -1 :
	    jingle_transfers_login(r->app, d, receive_opens,
	    receive_jingle_offered);
}

struct receiver *
receive_new(struct app *app, enum fault *fault, char *err)
{
	const char	*dir = app->conf.receive;
	struct receiver	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		*fault = FAULT_LOCAL;
		strlcpy(err, "out of memory", RECEIVE_ERR);
		return NULL;
	}
	r->app = app;
	app->takers = &takers;
	r->folder = -1;
	TAILQ_INIT(&r->incomings);
	LIST_INIT(&r->folders);
	if (dir != NULL && (r->folder = file_folder(dir)) == -1) {
		*fault = FAULT_USE;
		snprintf(err, RECEIVE_ERR, "-r %s: %s", dir, strerror(errno));
		receive_free(r);
		return NULL;
	}
	return r;
}

void
receive_free(struct receiver *r)
{
	if (r == NULL)
		return;
	receive_folder_free_all(r);
	while (!TAILQ_EMPTY(&r->incomings))
		incoming_free(TAILQ_FIRST(&r->incomings));
	if (r->folder != -1)
		close(r->folder);
	free(r);
}

struct partial *
receive_partial(const struct receiver *r, const struct file_meta *m)
{
	errno = 0;
	return r->folder == -1 ? NULL : partial_open(r->folder, m);
}
