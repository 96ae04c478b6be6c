/* receive: files that come, each by its stream; see receive.h. */
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
#include "net/file/oob.h"
#include "net/file/partial.h"
#include "net/file/progress.h"
#include "net/file/receive.h"
#include "net/file/receive_int.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "xml/jid.h"
#include "xml/text.h"

static const char *const phase_names[] = {
	"not described", "summing", "agreed", "moving", "complete", "failed",
	"late"
};

struct incomings	 incomings = TAILQ_HEAD_INITIALIZER(incomings);

void
incoming_set_phase(struct incoming *in, enum phase phase)
{
	if (in->phase != phase)
		log_line(2, "file from %s: %s -> %s", in->shown,
		    phase_names[in->phase], phase_names[phase]);
	in->phase = phase;
}

/*
 * Life and death
 */

struct incoming *
incoming_new(const char *peer, const char *sid)
{
	struct incoming	*in;

	if ((in = calloc(1, sizeof(*in))) == NULL)
		return NULL;
	strlcpy(in->peer, peer, sizeof(in->peer));
	text_cut(peer, in->shown, sizeof(in->shown));
	if (sid != NULL && (in->sid = strdup(sid)) == NULL) {
		free(in);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&incomings, in, next);
	return in;
}

void
incoming_let_go(struct incoming *in)
{
	timer_clear(run.loop, &in->timer);
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
	if (in->link != NULL)
		channel_detach(in->link);
	incoming_let_go(in);
	TAILQ_REMOVE(&incomings, in, next);
	free(in->sid);
	free(in->id);
	free(in->given);
	free(in);
}

void
receive_free(void)
{
	while (!TAILQ_EMPTY(&incomings))
		incoming_free(TAILQ_FIRST(&incomings));
	receive_close_folder();
}

static void
receive_left(void *file)
{
	progress_end();
	incoming_free(file);
}

size_t
incoming_count(enum phase from, enum phase to, const char *peer)
{
	struct incoming	*in;
	size_t		 n = 0;

	TAILQ_FOREACH(in, &incomings, next)
		if (in->phase >= from && in->phase <= to &&
		    (peer == NULL || jid_samebare(in->peer, peer)))
			n++;
	return n;
}

int
receive_busy(void)
{
	struct channel	*l;

	if (receive_folder())
		return 0;
	TAILQ_FOREACH(l, &run.channels, next)
		if (!channel_is_apart(l) && l->turn != CHANNEL_SHAKING)
			return 1;
	return oob_busy() || incoming_count(SUMMING, AGREED, NULL) > 0;
}

/*
 * Its failure
 */

void
incoming_fail(struct incoming *in, enum fault fault, enum stanza_error error,
    const char *why, const char *detail)
{
	snprintf(in->why, sizeof(in->why), "%s%s", why, detail);
	in->fault = fault;
	in->error = error;
	incoming_set_phase(in, FAILED);
	channel_changed(in->link);
}

/* An xcat gives up when it hears the reason; others are given up.  1: the link
 * is no more. */
static int
tell_failure(struct channel *l)
{
	struct incoming	*in = l->file;

	if (in->sid != NULL || stream_state(l->stream) != STREAM_OPEN) {
		stream_abort(l->stream, in->error);
		channel_failed(l, in->fault, in->why);
		return 1;
	}
	progress_end();
	log_line(-1, "%s: %s: %s", in->shown, in->name, in->why);
	in->told = 1;
	receive_native_tell(in, si_say_wrong, in->why);
	return 0;
}

/*
 * Its stream
 */

/* Where it goes.  A copy: the end closes it. */
static int
destination(const struct incoming *in)
{
	int	 fd = in->partial != NULL ? partial_fd(in->partial) :
		     STDOUT_FILENO;

	return fd_copy(fd);
}

static void
begin(struct channel *l)
{
	struct incoming	*in = l->file;

	channel_join(l, PUMP_NONE, destination(in));
	if (l->unjoined != 0) {
		incoming_fail(in, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    "it cannot be kept: ", strerror(l->unjoined));
		l->unjoined = 0;
		return;
	}
	incoming_set_phase(in, MOVING);
	progress_begin(in->name, in->have, in->file.size);
	if (in->have == in->file.size)
		incoming_end(in);
	channel_changed(l);
}

static int
ended_early(struct channel *l)
{
	if (stream_state(l->stream) == STREAM_OPEN)
		stream_abort(l->stream, SE_BAD_REQUEST);
	channel_failed(l, FAULT_BROKEN, "the stream ended before the file did");
	return 1;
}

/* Plain senders may wait for the end of the socket, which is all that a
 * receiver can say in it; what else should come is still seen.  A proxy that
 * has not been activated yet would take that for the end of both directions. */
static void
end_socket(struct channel *l)
{
	struct carrier	*c = stream_carrier(l->stream);
	struct incoming	*in = l->file;

	if (in->ended || !carrier_is_alone(c) ||
	    (carrier_way(c) != CARRIER_SOCKET &&
	    stream_received(l->stream) == 0))
		return;
	in->ended = 1;
	stream_finish(l->stream);
	stream_close_at_end(l->stream);
	channel_changed(l);	/* for its socket */
}

/* All is there, or nothing more is wanted. */
static int
check_over(struct channel *l)
{
	enum stream_state	 state = stream_state(l->stream);
	const struct incoming	*in = l->file;
	size_t			 len;

	stream_data(l->stream, &len);
	if (len > 0 && (in->phase == COMPLETE || in->declined)) {
		stream_abort(l->stream, SE_BAD_REQUEST);
		channel_failed(l, FAULT_BROKEN, in->declined ? "it sends what "
		    "was refused" : "it sends more than it has announced");
		return 1;
	}
	if (in->phase == COMPLETE)
		end_socket(l);
	if (in->phase != FAILED)
		return 0;
	if (!in->told)
		return tell_failure(l);
	if (state != STREAM_FAILED && state != STREAM_CLOSED &&
	    !stream_eof(l->stream))
		return 0;
	channel_failed(l, in->fault, "");
	return 1;
}

static int
receive_check(void *file)
{
	struct incoming		*in = file;
	struct channel		*l = in->link;
	enum stream_state	 state = stream_state(l->stream);

	progress_at(in->have);
	switch (in->phase) {
	case DESCRIBED_NOT:
		return state == STREAM_OPEN || state == STREAM_CLOSED ?
		    receive_native_hear(l) : 0;
	case AGREED:
		if (state == STREAM_OPEN || state == STREAM_CLOSED ||
		    stream_received(l->stream) > 0)
			begin(l);
		return 0;
	case MOVING:
		return stream_eof(l->stream) && state != STREAM_FAILED ?
		    ended_early(l) : 0;
	default:
		return check_over(l);
	}
}

static size_t
receive_limit(void *file, size_t len)
{
	const struct incoming	*in = file;

	if (in->phase != MOVING)
		return 0;
	return len < in->file.size - in->have ? len :
	    (size_t)(in->file.size - in->have);
}

/* The last bytes are confirmed to the peer only if all is well with them. */
static void
receive_took(void *file, const void *data, size_t len)
{
	struct incoming	*in = file;
	struct channel	*l = in->link;
	size_t		 there;

	if (sum_add(in->sum, data, len) == -1) {
		incoming_fail(in, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    "out of memory", "");
		return;
	}
	in->have += len;
	stream_data(l->stream, &there);
	if (in->have == in->file.size && there > len)
		incoming_wrong(in, "more comes than was announced");
	else if (in->have == in->file.size)
		incoming_end(in);
	if (in->phase != FAILED)
		stream_consume(l->stream, len);
}

/*
 * How far it is
 */

static int
receive_apart(void *file)
{
	(void)file;
	return receive_folder();
}

static int
receive_complete(void *file)
{
	const struct incoming	*in = file;

	return in->phase == COMPLETE;
}

static void
receive_fails(void *file)
{
	(void)file;
	progress_end();
}

static int
receive_told(void *file)
{
	const struct incoming	*in = file;

	return in->told;
}

static int
receive_declined(void *file)
{
	const struct incoming	*in = file;

	return in->declined;
}

static int
receive_more(void *file)
{
	const struct incoming	*in = file;

	return in->phase == COMPLETE && in->file.more > 0;
}

static const char *
receive_about(void *file)
{
	static char		 line[FILE_NAME + 128];
	const struct incoming	*in = file;

	if (in->phase < MOVING)
		return "";
	if (in->partial == NULL || in->phase == COMPLETE)
		snprintf(line, sizeof(line), "; %s", in->name);
	else
		snprintf(line, sizeof(line), "; %s: %llu of %llu bytes are "
		    "kept%s", in->name, (unsigned long long)in->have,
		    (unsigned long long)in->file.size,
		    *in->file.hash != '\0' && in->file.ranged ?
		    ", have it sent again to go on" : "");
	return line;
}

/* It writes nothing, and so has nothing to end. */
static void
receive_ended(void *file)
{
	(void)file;
}

const struct channel_file_ops	 receive_ops = {
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
