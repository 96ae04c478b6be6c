/* send: files, one after another; see send_int.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/file/progress.h"
#include "net/file/send.h"
#include "net/file/send_int.h"
#include "net/file/send_upload.h"
#include "net/file/sum.h"
#include "net/io/clock.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "net/login/session.h"
#include "xml/iq.h"
#include "xml/text.h"

/*
 * Before the login
 */

/* Returns 0 if the file can be sent, as far as that can be known before the
 * login, or an errno. */
static int
look_at(const char *path)
{
	struct stat	 st;

	if (sender_is_stdin(path))
		return 0;
	if (stat(path, &st) == -1 || access(path, R_OK) == -1)
		return errno;
	return 0;
}

struct sender *
send_new(struct app *app, char *const *paths, size_t n, enum fault *fault,
    char *err)
{
	struct sender	*s;
	size_t		 i;

	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->errors = calloc(n + 1, sizeof(*s->errors))) == NULL) {
		free(s);
		*fault = FAULT_LOCAL;
		strlcpy(err, "out of memory", SEND_ERR);
		return NULL;
	}
	s->app = app;
	s->fd = -1;
	s->paths = paths;
	s->n = n;
	for (i = 0; i < n; i++)
		if ((s->errors[i] = look_at(paths[i])) == 0)
			s->good++;
	if (n > 0 && s->good == 0) {
		*fault = FAULT_LOCAL;
		snprintf(err, SEND_ERR, "%s: %s", paths[0],
		    strerror(s->errors[0]));
		send_free(s);
		return NULL;
	}
	if (uploads_prepare(s, fault, err) == -1) {
		send_free(s);
		return NULL;
	}
	return s;
}

static void
close_file(struct sender *s)
{
	send_jingle_drop(s);
	sum_cancel(s->summing);
	s->summing = NULL;
	sum_free(s->sum);
	s->sum = NULL;
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

void
send_free(struct sender *s)
{
	if (s == NULL)
		return;
	if (s->app->loop != NULL)
		await_end(s->app, &s->absent);
	if (s->app->iqs != NULL)	/* a guest's outlive its files */
		iq_forget(s->app->iqs, s);
	uploads_free(s->uploads);
	send_folder_free(s);
	send_inside_end(s);
	close_file(s);
	sender_close_open(s);
	free(s->errors);
	free(s);
}

/*
 * One after another
 */

void
sender_note_failure(struct sender *s, enum fault fault, const char *name)
{
	size_t	 len = strlen(s->failures);

	if (s->fault == FAULT_NONE)
		s->fault = fault;
	s->failed++;
	snprintf(s->failures + len, sizeof(s->failures) - len, "%s%s",
	    len > 0 ? ", " : "", name);
}

void
sender_end(struct sender *s)
{
	if (s->failed > 0 && s->n + s->within > 1)
		log_line(LOG_FAULT, "%s: not sent, %zu of %zu files: %s",
		    s->app->peer, s->failed, s->n + s->within, s->failures);
	app_end(s->app, s->fault);
}

/* No file follows. */
static void
sender_over_all(struct sender *s)
{
	if (s->uploads == NULL || !uploads_over(s->uploads))
		sender_end(s);
}

/* A file that cannot be had, or that the peer does not want, does not keep the
 * others from being sent. */
static int
ends_all(enum fault fault)
{
	return fault != FAULT_NONE && fault != FAULT_PEER &&
	    fault != FAULT_LOCAL && fault != FAULT_USE;
}

void
sender_over(struct sender *s, enum fault fault)
{
	close_file(s);
	progress_end(s->app->progress);
	if (fault != FAULT_NONE)
		sender_note_failure(s, fault, s->shown);
	if (ends_all(fault))
		send_inside_end(s);
	if (s->inside == NULL)
		s->at++;
	if (ends_all(fault)) {
		for (; s->at < s->n; s->at++)
			sender_note_failure(s, fault, s->paths[s->at]);
		sender_over_all(s);
		return;
	}
	s->attempt = SEND_FIRST;
	sender_next(s);
}

void
sender_failed(struct sender *s, enum fault fault, const char *why)
{
	sender_set_phase(s, SEND_DONE);
	progress_end(s->app->progress);
	log_line(LOG_FAULT, "%s: %s: %s", s->app->peer, s->shown, why);
	sender_over(s, fault);
}

void
sender_uploaded(struct sender *s, const char *to)
{
	sender_set_phase(s, SEND_DONE);
	log_line(LOG_DETAIL, "%s: %s: %llu bytes, uploaded; the link is sent",
	    to, s->shown, (unsigned long long)s->file.size);
	sender_over(s, FAULT_NONE);
}

void
sender_failed_file(struct sender *s, int error)
{
	char	 why[128];

	snprintf(why, sizeof(why), "reading it: %s", strerror(error));
	sender_failed(s, FAULT_LOCAL, why);
}

/*
 * Offering a file
 */

/* The ways to send a file of a known size, the best first. */
static const struct send_method methods[] = {
	{ SEND_KNOWS_NATIVE, HASH_MD5, send_native_offer,
	    send_native_check },
	{ SEND_KNOWS_JINGLE, HASH_SHA256, send_jingle_offer,
	    send_jingle_check },
	{ SEND_KNOWS_SI, HASH_MD5, send_si_offer, send_si_check }
};
/* The way that is taken only if -o upload says so. */
static const struct send_method upload_method = {
	SEND_KNOWS_LINKS, HASH_NONE, send_upload_offer, NULL
};
static const struct send_method pipe_method = {
	SEND_KNOWS_NATIVE, HASH_NONE, send_pipe_offer, send_pipe_check
};
static const struct send_method folder_method = {
	SEND_KNOWS_FOLDERS, HASH_NONE, send_folder_offer, NULL
};

/* How a file goes to this peer, which send_ask() has found to know one of the
 * methods. */
static const struct send_method *
choose(const struct sender *s, int sized)
{
	size_t	 i = 0;

	if (s->knows & SEND_KNOWS_LINKS)
		return &upload_method;
	if (!sized)
		return &pipe_method;
	while (i + 1 < sizeof(methods) / sizeof(methods[0]) &&
	    (s->knows & methods[i].knows) == 0)
		i++;
	return &methods[i];
}

static void
sender_offer(struct sender *s)
{
	send_jingle_drop(s);
	s->offset = 0;
	s->kind = 0;
	s->method->offer(s);
}

void
send_start(struct sender *s)
{
	send_ask(s);
}

void
send_back(struct sender *s)
{
	if (s->phase == SEND_UPLOADING)
		uploads_back(s->uploads);
	if (s->phase != SEND_ASKING && s->phase != SEND_OFFERED)
		return;
	iq_forget(s->app->iqs, s);
	if (s->phase == SEND_ASKING)
		send_ask(s);
	else
		sender_offer(s);
}

static void
sender_summed(void *arg, int error)
{
	struct sender	*s = arg;

	s->summing = NULL;
	if (error != 0) {
		sender_failed_file(s, error);
		return;
	}
	s->file.algo = s->method->algo;
	sum_end(s->sum, s->file.hash);
	sender_offer(s);
}

/* Read the file for the hash that its method offers it with. */
static void
sender_sum(struct sender *s)
{
	sender_set_phase(s, SEND_SUMMING);
	sum_free(s->sum);
	if ((s->sum = sum_new(s->method->algo)) == NULL || (s->summing =
	    sum_file(s->app->loop, s->sum, s->fd, s->file.size, sender_summed,
	    s)) == NULL)
		app_fail(s->app, FAULT_LOCAL, "out of memory");
}

int
sender_instead(struct sender *s)
{
	unsigned	 knows = s->knows;

	s->knows &= ~s->method->knows;
	if ((choose(s, 1)->knows & s->knows) == 0) {
		s->knows = knows;
		return -1;
	}
	send_jingle_drop(s);
	s->method = choose(s, 1);
	sender_sum(s);
	return 0;
}

void
sender_describe(struct sender *s, const struct stat *st)
{
	s->file = (struct si_file){
		.name = s->name,
		.size = (uint64_t)st->st_size,
		.dated = 1,
		.date = st->st_mtime,
		.ranged = 1,
		.mode = (int)(st->st_mode & 07777),
		.more = s->good + s->inside_left,
	};
}

void
sender_offer_open(struct sender *s, int sized)
{
	s->kinds = send_si_kinds(s);
	s->method = choose(s, sized);
	if (!sized || s->method == &upload_method)
		sender_offer(s);
	else
		sender_sum(s);
}

/* The folder that is open goes whole to an xcat; others are offered what is in
 * it. */
static void
offer_folder(struct sender *s)
{
	if ((s->knows & SEND_KNOWS_FOLDERS) == 0 ||
	    (s->knows & SEND_KNOWS_LINKS) != 0) {
		send_inside_begin(s);
		return;
	}
	s->method = &folder_method;
	sender_offer(s);
}

void
sender_next(struct sender *s)
{
	const char	*path;
	struct stat	 st;

	if (s->inside != NULL) {
		send_inside_next(s);
		return;
	}
	if (s->at == s->n) {
		sender_over_all(s);
		return;
	}
	path = s->paths[s->at];
	strlcpy(s->shown, sender_is_stdin(path) ? "standard input" : path,
	    sizeof(s->shown));
	if (s->errors[s->at] != 0) {
		sender_failed(s, FAULT_LOCAL, strerror(s->errors[s->at]));
		return;
	}
	s->good--;
	if ((s->fd = sender_open_next(s, path)) == -1 ||
	    fstat(s->fd, &st) == -1) {
		sender_failed_file(s, errno);
		return;
	}
	sender_name(path, s->name);
	if (!sender_is_stdin(path))
		text_cut(s->name, s->shown, sizeof(s->shown));
	sender_describe(s, &st);
	if (S_ISDIR(st.st_mode))
		offer_folder(s);
	else
		sender_offer_open(s, S_ISREG(st.st_mode) &&
		    !sender_is_stdin(path));
}

/*
 * Sending it
 */

static const struct channel_file_ops	 send_ops;

struct channel *
sender_channel(struct sender *s)
{
	struct channel	*ch;

	if ((ch = channel_new(s->app)) == NULL) {
		app_fail(s->app, FAULT_LOCAL, "out of memory");
		return NULL;
	}
	channel_attach(ch, &send_ops, s);
	s->channel = ch;
	return ch;
}

struct stream *
sender_call(struct sender *s, struct channel *ch, const struct stream_conf *sc)
{
	ch->stream = stream_call(s->app->ibb, s->app->peer, sc,
	    channel_changed, ch);
	if (ch->stream == NULL)
		app_fail(s->app, FAULT_LOCAL, "out of memory");
	return ch->stream;
}

int
sender_seek(struct sender *s, uint64_t offset, uint64_t length)
{
	s->offset = offset;
	s->left = length;
	if (lseek(s->fd, (off_t)offset, SEEK_SET) == -1)
		return -1;
	if (offset > 0)
		log_line(LOG_EVENT, "%s: %s: going on behind %llu bytes",
		    s->app->peer, s->shown, (unsigned long long)offset);
	return 0;
}

/* The pump closes a copy: the file may be needed for another attempt. */
void
sender_join(struct sender *s, struct channel *ch)
{
	int	 fd = s->left > 0 ? fd_copy(s->fd) : PUMP_NONE;

	sender_set_phase(s, SEND_MOVING);
	progress_begin(s->app->progress, s->shown, s->offset, s->file.size);
	channel_join(ch, fd, PUMP_NONE);
}

int
sender_again(struct sender *s, struct channel *ch)
{
	channel_detach(ch);
	s->channel = NULL;
	channel_free(ch);
	progress_end(s->app->progress);
	sender_offer(s);
	return 1;
}

void
sender_sent(struct sender *s)
{
	progress_end(s->app->progress);
	sender_set_phase(s, SEND_DONE);
	log_line(LOG_DETAIL, "%s: %s: %llu bytes, sent", s->app->peer,
	    s->shown, (unsigned long long)s->file.size);
	sender_over(s, FAULT_NONE);
}

int
sender_give_up(struct channel *ch, enum stanza_error error, enum fault fault,
    const char *why)
{
	stream_abort(ch->stream, error);
	channel_failed(ch, fault, why);
	return 1;
}

int
sender_check_closed(struct channel *ch, const char *why)
{
	enum stream_state	 state = stream_state(ch->stream);

	if (state != STREAM_CLOSED && (state == STREAM_FAILED ||
	    !stream_eof(ch->stream)))
		return 0;
	return sender_give_up(ch, SE_BAD_REQUEST, FAULT_BROKEN, why);
}

/*
 * What its channel asks
 */

static size_t
send_room(void *file, size_t room)
{
	const struct sender	*s = file;

	return room < s->left ? room : (size_t)s->left;
}

static void
send_wrote(void *file, size_t len)
{
	struct sender	*s = file;

	if (s->left != SEND_UNSIZED)
		s->left -= len;
	channel_changed(s->channel);
}

static void
send_ended(void *file)
{
	struct sender	*s = file;

	if (s->left == 0 || s->left == SEND_UNSIZED)
		stream_finish(s->channel->stream);
	else
		sender_set_phase(s, SEND_SHORT);	/* see send_check() */
}

/* What comes by the stream is for the method to hear, in send_check(). */
static int
send_check(void *file)
{
	struct sender	*s = file;
	struct channel	*ch = s->channel;

	progress_at(s->app->progress, s->offset + stream_confirmed(ch->stream));
	if (s->method->check(s, ch))
		return 1;
	if (s->phase == SEND_SHORT)
		return sender_give_up(ch, SE_BAD_REQUEST, FAULT_LOCAL,
		    "it has become shorter while it was sent; try again");
	if (s->phase == SEND_MOVING && s->left == 0 &&
	    stream_state(ch->stream) == STREAM_OPEN) {
		sender_set_phase(s, SEND_FINISHED);
		pump_stop_input(ch->pump);
		stream_finish(ch->stream);
		channel_changed(ch);
	}
	return 0;
}

static int
send_apart(void *file)
{
	(void)file;
	return 1;
}

static void
send_fails(void *file)
{
	const struct sender	*s = file;

	progress_end(s->app->progress);
}

static const char *
send_about(void *file)
{
	struct sender	*s = file;

	snprintf(s->about, sizeof(s->about), "%s: ", s->shown);
	return s->about;
}

static int
send_over(void *file, enum fault fault)
{
	struct sender	*s = file;
	struct channel	*ch = s->channel;

	progress_end(s->app->progress);
	channel_detach(ch);
	s->channel = NULL;
	channel_free(ch);
	if (fault == FAULT_NONE) {
		sender_sent(s);
	} else {
		sender_set_phase(s, SEND_DONE);
		sender_over(s, fault);
	}
	return 1;
}

static const struct channel_file_ops	 send_ops = {
	.room = send_room,
	.wrote = send_wrote,
	.ended = send_ended,
	.limit = channel_file_none,
	.check = send_check,
	.apart = send_apart,
	.fails = send_fails,
	.before = send_about,
	.over = send_over,
};
