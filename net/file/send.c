/* send: files, one after another; see send.h. */
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
#include "net/file/partial.h"
#include "net/file/progress.h"
#include "net/file/send.h"
#include "net/file/send_int.h"
#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "net/login/session.h"
#include "xml/iq.h"
#include "xml/text.h"

static const char *const phase_names[] = {
	"idle", "asking", "summing", "offered", "opening", "moving", "done"
};

static int	 send_over(void *, enum fault);
static size_t	 send_room(void *, size_t);
static void	 send_wrote(void *, size_t);
static void	 send_ended(void *);
static size_t	 send_limit(void *, size_t);
static int	 send_check(void *);
static int	 send_apart(void *);
static void	 send_fails(void *);
static const char *send_about(void *);

struct outgoing	 out = { .fd = -1 };

/* A file that goes, for its channel. */
static const struct channel_file_ops	 send_ops = {
	.room = send_room,
	.wrote = send_wrote,
	.ended = send_ended,
	.limit = send_limit,
	.check = send_check,
	.apart = send_apart,
	.fails = send_fails,
	.before = send_about,
	.over = send_over,
};

void
outgoing_set_phase(enum phase phase)
{
	if (out.phase != phase)
		log_line(2, "file %zu: %s -> %s", out.at + 1,
		    phase_names[out.phase], phase_names[phase]);
	out.phase = phase;
}

/*
 * Before the login
 */

static int
is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* 0 if it can be sent, as far as that is known before; or an errno. */
static int
look_at(const char *path)
{
	struct stat	 st;

	if (is_stdin(path))
		return 0;
	if (stat(path, &st) == -1 || access(path, R_OK) == -1)
		return errno;
	return S_ISDIR(st.st_mode) ? EISDIR : 0;
}

/* What a user is told of a file with that errno. */
static const char *
look_words(const char *path, int error)
{
	static char	 line[2 * PATH_MAX];
	char		 word[PATH_MAX];

	if (error != EISDIR)
		return strerror(error);
	snprintf(line, sizeof(line), "a folder goes as a stream: tar c %s | "
	    "xcat -s peer, and there: xcat -l | tar x", text_quote(path, word,
	    sizeof(word)));
	return line;
}

static enum fault
look_fault(int error)
{
	return error == EISDIR ? FAULT_USE : FAULT_LOCAL;
}

void
send_prepare(char *const *paths, size_t n)
{
	size_t	 i;

	out.paths = paths;
	out.n = n;
	if ((out.errors = calloc(n + 1, sizeof(*out.errors))) == NULL)
		die(FAULT_LOCAL, "out of memory");
	for (i = 0; i < n; i++)
		if ((out.errors[i] = look_at(paths[i])) == 0)
			out.good++;
	if (n > 0 && out.good == 0)
		die(look_fault(out.errors[0]), "%s: %s", paths[0],
		    look_words(paths[0], out.errors[0]));
}

int
send_files(void)
{
	return out.n > 0;
}

static void
close_file(void)
{
	sum_cancel(out.summing);
	out.summing = NULL;
	sum_free(out.sum);
	out.sum = NULL;
	if (out.fd != -1)
		close(out.fd);
	out.fd = -1;
}

void
send_free(void)
{
	close_file();
	free(out.errors);
	out.errors = NULL;
}

/*
 * One after another
 */

static void
note_failure(enum fault fault, const char *name)
{
	size_t	 len = strlen(out.failures);

	if (out.fault == FAULT_NONE)
		out.fault = fault;
	out.failed++;
	snprintf(out.failures + len, sizeof(out.failures) - len, "%s%s",
	    len > 0 ? ", " : "", name);
}

/* No file follows. */
static void
over_all(void)
{
	if (out.failed > 0 && out.n > 1)
		log_line(-1, "%s: not sent, %zu of %zu files: %s", run.peer,
		    out.failed, out.n, out.failures);
	app_end(&run, out.fault);
}

/* This file is over.  A file that cannot be had, or that the peer does not
 * want, does not keep the others from being sent. */
static void
over(enum fault fault)
{
	close_file();
	progress_end();
	if (fault != FAULT_NONE)
		note_failure(fault, out.shown);
	out.at++;
	if (fault != FAULT_NONE && fault != FAULT_PEER && fault != FAULT_LOCAL &&
	    fault != FAULT_USE) {
		for (; out.at < out.n; out.at++)
			note_failure(fault, out.paths[out.at]);
		over_all();
		return;
	}
	out.again = out.missed = 0;
	outgoing_next();
}

void
outgoing_failed(enum fault fault, const char *why)
{
	outgoing_set_phase(DONE);
	progress_end();
	log_line(-1, "%s: %s: %s", run.peer, out.shown, why);
	over(fault);
}

void
outgoing_failed_file(int error)
{
	char	 why[128];

	snprintf(why, sizeof(why), "reading it: %s", strerror(error));
	outgoing_failed(FAULT_LOCAL, why);
}

static int
send_over(void *file, enum fault fault)
{
	struct channel	*l = out.link;

	(void)file;
	progress_end();
	channel_detach(l);
	out.link = NULL;
	channel_free(l);
	outgoing_set_phase(DONE);
	if (fault == FAULT_NONE)
		log_line(1, "%s: %s: %llu bytes, sent", run.peer, out.shown,
		    (unsigned long long)out.file.size);
	over(fault);
	return 1;
}

/*
 * Offering a file
 */

static void
offer(void)
{
	if (out.knows & KNOWS_XCAT)
		send_native_offer();
	else
		send_si_offer();
}

void
send_start(void)
{
	send_ask();
}

void
send_back(void)
{
	if (out.phase != ASKING && out.phase != OFFERED)
		return;
	iq_forget(session_iqs(run.session), &out);
	if (out.phase == ASKING)
		send_ask();
	else
		offer();
}

static void
summed(void *arg, int error)
{
	(void)arg;
	out.summing = NULL;
	if (error != 0) {
		outgoing_failed_file(error);
		return;
	}
	sum_end(out.sum, out.file.hash);
	offer();
}

/* What is said of it. */
static int
describe(const char *path)
{
	const char	*slash = strrchr(path, '/');
	struct stat	 st;

	if (fstat(out.fd, &st) == -1)
		return -1;
	strlcpy(out.name, slash != NULL && slash[1] != '\0' ? slash + 1 : path,
	    sizeof(out.name));
	if (!is_stdin(path))
		text_cut(out.name, out.shown, sizeof(out.shown));
	out.file = (struct si_file){
		.name = out.name,
		.size = (uint64_t)st.st_size,
		.dated = 1,
		.date = st.st_mtime,
		.ranged = 1,
		.mode = (int)(st.st_mode & 07777),
		.more = out.good,
	};
	if (S_ISREG(st.st_mode) && !is_stdin(path))
		return 1;
	return 0;
}

void
outgoing_next(void)
{
	const char	*path;
	int		 kind, error;

	if (out.at == out.n) {
		over_all();
		return;
	}
	path = out.paths[out.at];
	strlcpy(out.shown, is_stdin(path) ? "standard input" : path,
	    sizeof(out.shown));
	if ((error = out.errors[out.at]) != 0) {
		outgoing_failed(look_fault(error), look_words(path, error));
		return;
	}
	out.good--;
	out.fd = is_stdin(path) ? fd_copy(STDIN_FILENO) :
	    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (out.fd == -1 || (kind = describe(path)) == -1) {
		outgoing_failed_file(errno);
		return;
	}
	out.methods = send_si_methods();
	if (kind == 0) {
		send_native_pipe();
		return;
	}
	outgoing_set_phase(SUMMING);
	if ((out.sum = sum_new()) == NULL || (out.summing =
	    sum_file(run.loop, out.sum, out.fd, out.file.size, summed,
	    NULL)) == NULL)
		app_fail(&run, FAULT_LOCAL, "out of memory");
}

/*
 * Sending it
 */

struct channel *
outgoing_link(void)
{
	struct channel	*l;

	if ((l = channel_new(&run)) == NULL) {
		app_fail(&run, FAULT_LOCAL, "out of memory");
		return NULL;
	}
	channel_attach(l, &send_ops, &out);
	out.link = l;
	return l;
}

int
outgoing_seek(uint64_t offset, uint64_t length)
{
	out.offset = offset;
	out.left = length;
	out.finished = 0;
	if (lseek(out.fd, (off_t)offset, SEEK_SET) == -1)
		return -1;
	if (offset > 0)
		log_line(0, "%s: %s: going on behind %llu bytes", run.peer,
		    out.shown, (unsigned long long)offset);
	return 0;
}

/* The end closes a copy. */
void
outgoing_join(struct channel *l)
{
	int	 fd = out.left > 0 ? fd_copy(out.fd) : PUMP_NONE;

	outgoing_set_phase(MOVING);
	progress_begin(out.shown, out.offset, out.file.size);
	channel_join(l, fd, PUMP_NONE);
}

static size_t
send_room(void *file, size_t room)
{
	(void)file;
	return room < out.left ? room : (size_t)out.left;
}

static void
send_wrote(void *file, size_t len)
{
	(void)file;
	if (out.left != UINT64_MAX)
		out.left -= len;
	channel_changed(out.link);
}

static void
send_ended(void *file)
{
	(void)file;
	if (out.left == 0 || out.left == UINT64_MAX)
		stream_finish(out.link->stream);
	else
		out.left = UINT64_MAX - 1;	/* see send_check() */
}

int
outgoing_again(struct channel *l)
{
	channel_detach(l);
	out.link = NULL;
	channel_free(l);
	progress_end();
	offer();
	return 1;
}

int
outgoing_give_up(struct channel *l, enum stanza_error error, enum fault fault,
    const char *why)
{
	stream_abort(l->stream, error);
	channel_failed(l, fault, why);
	return 1;
}

static int
send_check(void *file)
{
	struct channel		*l = out.link;
	enum stream_state	 state = stream_state(l->stream);

	(void)file;
	progress_at(out.offset + stream_confirmed(l->stream));
	if (state == STREAM_FAILED && send_si_fall_back(l))
		return 1;
	if (state == STREAM_FAILED && send_si_whole(l)) {
		log_line(1, "%s: %s: all is confirmed, but the close is not "
		    "answered", run.peer, out.shown);
		channel_over(l, FAULT_NONE);
		return 1;
	}
	if (out.phase == OPENING && state == STREAM_OPEN && !out.said)
		send_native_say(l);
	if (send_native_hear(l))
		return 1;
	if (out.left == UINT64_MAX - 1)
		return outgoing_give_up(l, SE_BAD_REQUEST, FAULT_LOCAL,
		    "it has become shorter while it was sent; try again");
	if (out.phase == MOVING && out.left == 0 && state == STREAM_OPEN &&
	    !out.finished) {
		out.finished = 1;
		pump_stop_input(l->pump);
		stream_finish(l->stream);
		channel_changed(l);
	}
	return 0;
}

/* What comes by the stream is heard by send_check(). */
static size_t
send_limit(void *file, size_t len)
{
	(void)file;
	(void)len;
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
	(void)file;
	progress_end();
}

static const char *
send_about(void *file)
{
	static char	 line[FILE_NAME + 2];

	(void)file;
	snprintf(line, sizeof(line), "%s: ", out.shown);
	return line;
}
