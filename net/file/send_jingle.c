/* send_jingle: files offered by Jingle (XEP-0234), and what becomes of their
 * sessions; see send_int.h. */
#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/file/jingle_transfer.h"
#include "net/file/media_type.h"
#include "net/file/progress.h"
#include "net/file/send_int.h"
#include "net/io/clock.h"
#include "net/io/log.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"

/* All in ms: for the receiver's word behind the stream, and more of it for
 * each piece of a file that the receiver may have to read again; and if the
 * stream broke. */
#define WORD_TIME	20000
#define PIECE		16384	/* bytes that are read in 1 ms */
#define BROKEN_TIME	5000

void
send_jingle_drop(struct sender *s)
{
	jingle_transfer_free(s->jingle, JINGLE_CANCEL, NULL);
	s->jingle = NULL;
}

/* End the session for this reason, and the file with it. */
static void
jingle_failed(struct sender *s, enum jingle_reason reason, enum fault fault,
    const char *why)
{
	struct channel	*ch = s->channel;

	jingle_transfer_free(s->jingle, reason, NULL);
	s->jingle = NULL;
	if (s->phase == SEND_OFFERED)
		sender_set_phase(s, SEND_IDLE);
	if (ch == NULL)
		sender_failed(s, fault, why);
	else
		sender_give_up(ch, SE_UNDEFINED_CONDITION, fault, why);
}

/*
 * The peer's reasons
 */

static const char *
reason_words(enum jingle_reason reason)
{
	switch (reason) {
	case JINGLE_DECLINE:
		return sender_refusal(SE_FORBIDDEN);
	case JINGLE_BUSY:
		return sender_refusal(SE_BUSY);
	case JINGLE_FILE_TOO_LARGE:
		return "the file is too large for it";
	case JINGLE_CANCEL:
		return "it has cancelled the file";
	case JINGLE_CONNECTIVITY_ERROR:
	case JINGLE_FAILED_TRANSPORT:
	case JINGLE_UNSUPPORTED_TRANSPORTS:
		return "there is no stream between us: try -i, or without it";
	case JINGLE_GONE:
		return "it is going away";
	case JINGLE_TIMEOUT:
	case JINGLE_EXPIRED:
		return "it has waited too long";
	case JINGLE_SUCCESS:
		return "it ended the session before the end of the file";
	case JINGLE_MEDIA_ERROR:
	case JINGLE_FAILED_APPLICATION:
		return "it could not keep the file, or it came otherwise than "
		    "it was announced";
	default:
		return "it ended the session; ask its owner";
	}
}

/* There is no stream by Jingle, and nothing has been sent: a peer that takes
 * files as before, too, may have one for them.  0, or -1 if it does not. */
static int
jingle_instead(struct sender *s)
{
	if (s->phase != SEND_OFFERED)
		return -1;
	sender_set_phase(s, SEND_IDLE);
	if (sender_instead(s) == -1)
		return -1;
	log_line(LOG_DETAIL, "%s: %s: no stream by Jingle; offered otherwise",
	    s->app->peer, s->shown);
	return 0;
}

/* Is it the way that the peer does not like, rather than the file? */
static int
is_of_way(enum jingle_reason reason)
{
	return reason == JINGLE_CONNECTIVITY_ERROR ||
	    reason == JINGLE_FAILED_TRANSPORT ||
	    reason == JINGLE_UNSUPPORTED_APPLICATIONS ||
	    reason == JINGLE_UNSUPPORTED_TRANSPORTS;
}

/* Has the peer been sent all?  Of an empty file that is so before the stream is
 * open. */
static int
is_sent(const struct sender *s)
{
	return s->phase == SEND_FINISHED ||
	    (s->phase == SEND_MOVING && s->left == 0);
}

/* Can the peer have all of it?  What has not gone into a socket yet it has not,
 * whatever it says; in-band it need not have answered the last block. */
static int
may_have_all(const struct sender *s)
{
	const struct channel	*ch = s->channel;

	return is_sent(s) && (ch == NULL || ch->stream == NULL ||
	    s->jingle->session->kind != JINGLE_S5B ||
	    stream_confirmed(ch->stream) == stream_sent(ch->stream));
}

/* The receiver has it all, and knows: what is left of the stream is no matter.
 */
static void
jingle_done(struct sender *s)
{
	struct channel	*ch = s->channel;

	if (ch != NULL) {
		channel_detach(ch);
		s->channel = NULL;
		channel_free(ch);
	}
	jingle_transfer_free(s->jingle, JINGLE_SUCCESS, NULL);
	s->jingle = NULL;
	sender_sent(s);
}

static void
jingle_ended(void *arg, enum jingle_reason reason, const char *text)
{
	struct sender	*s = arg;
	enum fault	 fault = s->phase == SEND_OFFERED ? FAULT_PEER :
			     FAULT_BROKEN;
	char		 why[512];

	if (reason == JINGLE_SUCCESS && may_have_all(s))
		jingle_done(s);
	else if (!is_of_way(reason) || jingle_instead(s) == -1)
		jingle_failed(s, JINGLE_NO_REASON, fault, sender_refusal_text(
		    reason_words(reason), reason != JINGLE_NO_REASON ?
		    jingle_reason_name(reason) : "no reason given", text, why,
		    sizeof(why)));
}

/* Its end of the session is to follow: it may still be that of a receiver that
 * compares hashes after it has said so. */
static void
jingle_received(void *arg)
{
	struct sender	*s = arg;

	if (is_sent(s) && s->channel == NULL)
		jingle_done(s);
}

static void
jingle_checksum(void *arg, const struct si_file *f)
{
	(void)arg;
	(void)f;
}

/*
 * The stream
 */

/* A channel for the file, of which is sent what the peer wants; NULL, and all
 * is said, if there is none. */
static struct channel *
stream_channel(struct sender *s)
{
	jingle_transfer_wait(s->jingle, INT64_MAX);
	s->jingle->session->streams = 1;
	sender_set_phase(s, SEND_IDLE);
	sender_say_plain(s);
	return sender_channel(s);
}

static void
jingle_inband(void *arg)
{
	struct sender		*s = arg;
	struct stream_conf	 sc = channel_stream_conf(s->app);
	struct channel		*ch = stream_channel(s);

	if (ch == NULL)
		return;
	sc.sid = s->jingle->session->stream;
	sc.block = s->jingle->session->block;
	sc.tls = NULL;
	sc.close_deadline = sender_close_deadline;
	if (sender_call(s, ch, &sc) != NULL)
		sender_join(s, ch);
}

static void
jingle_socket(void *arg, int fd, const char *proxy)
{
	struct sender		*s = arg;
	struct stream_conf	 sc = channel_stream_conf(s->app);
	struct channel		*ch = stream_channel(s);
	struct upgrade		*u = NULL;

	if (ch != NULL && (ch->stream = stream_alone(s->app->peer,
	    s->jingle->session->stream, 1, &sc, channel_changed, ch)) != NULL)
		u = channel_upgrade(ch);
	if (u == NULL) {
		close(fd);
		app_fail(s->app, FAULT_LOCAL, "out of memory");
	} else if (upgrade_take_socket(u, fd, proxy) == -1) {
		app_fail(s->app, FAULT_LOCAL, "out of memory");
	} else {
		upgrade_accept(u);
		sender_join(s, ch);
	}
}

/*
 * The offer
 */

static int
jingle_accepted(void *arg, const struct jingle_content *c)
{
	struct sender	*s = arg;
	uint64_t	 size = s->file.size, length;

	if (c->offset > size) {
		jingle_failed(s, JINGLE_INCOMPATIBLE_PARAMETERS, FAULT_PEER,
		    "it wants a part that the file has not");
		return -1;
	}
	length = size - c->offset < c->length ? size - c->offset : c->length;
	if (sender_seek(s, c->offset, length) == 0)
		return 0;
	jingle_failed(s, JINGLE_FAILED_APPLICATION, FAULT_LOCAL,
	    strerror(errno));
	return -1;
}

/* A program that names Jingle among what it knows, but does not take it, may
 * take files as before. */
static void
jingle_refused(void *arg, enum stanza_error err, const char *text)
{
	struct sender	*s = arg;
	char		 why[512];

	sender_set_phase(s, SEND_IDLE);
	if ((err == SE_FEATURE_NOT_IMPLEMENTED ||
	    err == SE_SERVICE_UNAVAILABLE) && sender_instead(s) == 0)
		return;
	if (err == SE_NONE)
		jingle_failed(s, JINGLE_NO_REASON, FAULT_TIME,
		    SEND_UNANSWERED);
	else
		jingle_failed(s, JINGLE_NO_REASON, FAULT_PEER,
		    sender_refusal_text(sender_refusal(err),
		    stanza_strerror(err), text, why, sizeof(why)));
}

/* Where nothing but a socket may be, another offer would find none either. */
static void
jingle_no_way(void *arg, const char *why)
{
	struct sender	*s = arg;

	if (s->app->conf.carrier == CONF_CARRIER_S5B || jingle_instead(s) == -1)
		jingle_failed(s, JINGLE_NO_REASON, FAULT_PEER, why);
}

/* Behind the stream the receiver has not said whether it has the file.  Answers
 * to all blocks do not say so, either: Dino 0.4 gives them, and keeps
 * nothing. */
static void
jingle_late(void *arg)
{
	struct sender	*s = arg;
	char		 why[sizeof(s->why)];

	if (s->broken != FAULT_NONE) {
		strlcpy(why, s->why, sizeof(why));
		jingle_failed(s, JINGLE_NO_REASON, s->broken, why);
	} else if (!is_sent(s)) {
		jingle_failed(s, JINGLE_NO_REASON, FAULT_TIME,
		    SEND_UNANSWERED);
	} else {
		jingle_failed(s, JINGLE_NO_REASON, FAULT_TIME, "all is sent, "
		    "but it does not say that it has it");
	}
}

static const struct jingle_transfer_user	 transfer_user = {
	.accepted = jingle_accepted,
	.refused = jingle_refused,
	.inband = jingle_inband,
	.socket = jingle_socket,
	.failed = jingle_no_way,
	.late = jingle_late,
	.checksum = jingle_checksum,
	.received = jingle_received,
	.ended = jingle_ended,
};

static int
wants_socket(const struct sender *s)
{
	return s->app->conf.carrier == CONF_CARRIER_S5B ||
	    (streamhosts_allowed(s->app->streamhosts) &&
	    (s->knows & SEND_KNOWS_JINGLE_S5B) != 0);
}

void
send_jingle_offer(struct sender *s)
{
	sender_set_phase(s, SEND_OFFERED);
	s->broken = FAULT_NONE;
	s->jingle = jingle_transfer_offer(s->app, s->app->peer, &s->file,
	    media_type(s->name), wants_socket(s), &transfer_user, s);
	if (s->jingle == NULL)
		app_fail(s->app, FAULT_LOCAL, "out of memory");
}

/*
 * Behind the stream
 */

/* The stream is over: what counts is the receiver's last word, which may say
 * why it has broken. */
static int
await_word(struct sender *s, struct channel *ch, int64_t ms)
{
	channel_detach(ch);
	s->channel = NULL;
	channel_free(ch);
	jingle_transfer_wait(s->jingle, clock_ms() + ms);
	return 1;
}

/* What the stream broke with.  In-band all may be there without an answer to
 * the close: the receiver's word is enough. */
static void
note_break(struct sender *s, const struct channel *ch)
{
	const struct stream	*st = ch->stream;
	unsigned long long	 confirmed = s->offset;

	if (is_sent(s) && s->jingle->session->kind == JINGLE_IBB &&
	    stream_confirmed(st) == stream_sent(st))
		return;
	s->broken = stream_fault(st) == STREAM_REFUSED ? FAULT_PEER :
	    stream_fault(st) == STREAM_SILENT ? FAULT_TIME :
	    stream_fault(st) == STREAM_INTERNAL ? FAULT_LOCAL : FAULT_BROKEN;
	confirmed += stream_confirmed(st);
	snprintf(s->why, sizeof(s->why), "%.160s; %llu bytes confirmed",
	    stream_why(st), confirmed);
}

int
send_jingle_check(struct sender *s, struct channel *ch)
{
	size_t	 len;

	stream_data(ch->stream, &len);
	if (len > 0)		/* what it may send means nothing */
		stream_consume(ch->stream, len);
	if (s->phase == SEND_SHORT)
		return 0;
	switch (stream_state(ch->stream)) {
	case STREAM_CLOSED:
		if (is_sent(s))
			return await_word(s, ch, WORD_TIME +
			    (int64_t)(s->file.size / PIECE));
		s->broken = FAULT_BROKEN;
		strlcpy(s->why, "it closed the stream before the end of the "
		    "file", sizeof(s->why));
		return await_word(s, ch, BROKEN_TIME);
	case STREAM_FAILED:
		note_break(s, ch);
		return await_word(s, ch, BROKEN_TIME);
	default:
		return 0;
	}
}
