#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/bytestreams.h"
#include "ibb/carrier.h"
#include "ibb/inband.h"
#include "ibb/si.h"
#include "ibb/stream.h"
#include "ibb/why.h"
#include "link/hosts.h"
#include "link/link.h"
#include "link/progress.h"
#include "link/run.h"
#include "link/wire.h"
#include "net/end.h"
#include "net/file.h"
#include "net/session.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/text.h"
#include "xml/write.h"

#define NS_INFO		"http://jabber.org/protocol/disco#info"
#define WORDS		32768	/* bytes of words to an xcat */

enum phase {
	IDLE,
	ASKING,		/* what the peer can do */
	SUMMING,
	OFFERED,	/* by SI */
	OPENING,	/* a stream, to an xcat, and its word */
	MOVING,
	DONE
};

static const char *const phase_names[] = {
	"idle", "asking", "summing", "offered", "opening", "moving", "done"
};

/* What the peer can do. */
enum {
	KNOWS_XCAT = 1,		/* files in streams */
	KNOWS_SI = 2,
	KNOWS_S5B = 4
};

struct outgoing {
	enum phase	 phase;
	char *const	*paths;
	size_t		 n, at;		/* the present one */
	unsigned	 knows;
	int		 fd;
	char		 name[FILE_NAME], shown[FILE_NAME];
	struct si_file	 file;
	struct sum	*sum;
	struct sumfile	*summing;
	char		 sid[INBAND_SID];
	unsigned	 methods, method;
	uint64_t	 offset, left;
	int		 said;		/* the offer, to an xcat */
	int		 finished;	/* all of it is on its way */
	int		 again;		/* it has been sent twice */
	int		 missed;	/* sockets did not come about */
	int		 status;	/* the first that was not fine */
	struct link	*link;
};

/* One after another. */
static struct outgoing	 out = { .fd = -1 };

static void	 next(void);
static void	 offer(void);
static void	 ask(void);

static void
set_phase(enum phase phase)
{
	if (out.phase != phase)
		say(2, "file %zu: %s -> %s", out.at + 1,
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

void
send_prepare(char *const *paths, size_t n)
{
	struct stat	 st;
	size_t		 i;
	char		 word[PATH_MAX];

	out.paths = paths;
	out.n = n;
	for (i = 0; i < n; i++) {
		if (is_stdin(paths[i]))
			continue;
		if (stat(paths[i], &st) == -1 || access(paths[i], R_OK) == -1)
			err(EX_LOCAL, "%s", paths[i]);
		if (S_ISDIR(st.st_mode))
			errx(EX_USE, "%s: a folder goes as a stream: "
			    "tar c %s | xcat -s peer, and there: "
			    "xcat -l | tar x", paths[i], text_quote(paths[i],
			    word, sizeof(word)));
	}
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
}

/*
 * One after another
 */

/* This one is over.  One that cannot be had, or that the peer does not want,
 * does not keep the others from being sent. */
static void
over(int status)
{
	close_file();
	progress_end();
	if (status != EX_FINE && out.status == EX_FINE)
		out.status = status;
	if (status != EX_FINE && status != EX_PEER && status != EX_LOCAL) {
		finish(status);
		return;
	}
	out.at++;
	out.again = out.missed = 0;
	next();
}

static void
failed(int status, const char *why)
{
	set_phase(DONE);
	progress_end();
	say(-1, "%s: %s: %s", run.peer, out.shown, why);
	over(status);
}

static void
failed_file(int error)
{
	char	 why[128];

	snprintf(why, sizeof(why), "reading it: %s", strerror(error));
	failed(EX_LOCAL, why);
}

void
send_over(struct link *l, int status)
{
	l->out = NULL;
	out.link = NULL;
	link_free(l);
	set_phase(DONE);
	if (status == EX_FINE)
		say(1, "%s: %s: %llu bytes, sent", run.peer, out.shown,
		    (unsigned long long)out.file.size);
	over(status);
}

/*
 * What the peer can do
 */

static void
take_features(const struct elem *query)
{
	static const struct {
		const char	*var;
		unsigned	 flag;
	} known[] = {
		{ NS_XCAT_FILE, KNOWS_XCAT },
		{ NS_SI_FILE, KNOWS_SI },
		{ NS_BYTESTREAMS, KNOWS_S5B },
	};
	const struct elem	*e;
	const char		*var;
	size_t			 i;

	out.knows = 0;
	for (e = elem_child(query, NS_INFO, "feature"); e != NULL;
	    e = elem_next(e, NS_INFO, "feature"))
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if ((var = elem_attr(e, "var")) != NULL &&
			    strcmp(var, known[i].var) == 0)
				out.knows |= known[i].flag;
}

static int
require(void)
{
	struct stream_conf	 sc = link_stream_conf();

	return sc.require;
}

static void
asked(void *arg, const struct elem *answer)
{
	enum stanza_error	 err;
	char			 why[512];

	(void)arg;
	set_phase(IDLE);
	if (answer == NULL) {
		fatal(EX_TIME, "%s: no answer in time; is it the right "
		    "address?", run.peer);
		return;
	}
	err = stanza_error(answer);
	if (err == SE_FEATURE_NOT_IMPLEMENTED)	/* just try */
		out.knows = KNOWS_SI | KNOWS_S5B;
	else if (err != SE_NONE) {
		fatal(EX_PEER, "%s: %s", run.peer, why_inband(INBAND_REFUSED,
		    err, stanza_errortext(answer), why, sizeof(why)));
		return;
	} else
		take_features(elem_child(answer, NS_INFO, "query"));
	if (run.conf.message)
		out.knows &= ~(unsigned)KNOWS_XCAT;
	if ((out.knows & KNOWS_XCAT) == 0 && require())
		fatal(EX_PEER, "%s: it does not encrypt end to end, which "
		    "must be (-o e2e=require, or its key is known)", run.peer);
	else if ((out.knows & (KNOWS_XCAT | KNOWS_SI)) == 0)
		fatal(EX_PEER, "%s: it takes no files (XEP-0096), or not "
		    "from you: run xcat -l there, and name this account with "
		    "-a", run.peer);
	else
		next();
}

static void
ask(void)
{
	set_phase(ASKING);
	xw_elem(iq_request(session_iqs(run.session), "get", run.peer),
	    "query", NS_INFO, NULL);
	if (iq_ask(session_iqs(run.session), asked, &out,
	    answer_deadline()) == -1)
		fatal(EX_LOCAL, "out of memory");
}

void
send_start(void)
{
	ask();
}

/* Answers to what was asked are lost. */
void
send_back(void)
{
	if (out.phase != ASKING && out.phase != OFFERED)
		return;
	iq_forget(session_iqs(run.session), &out);
	if (out.phase == ASKING)
		ask();
	else
		offer();
}

/*
 * A pipe, or what else has no size: the stream is all there is
 */

static void
send_stream(void)
{
	struct link	*l;
	int		 fd = out.fd;

	if ((out.knows & KNOWS_XCAT) == 0) {
		failed(EX_PEER, "it is no file of a known size, and the peer "
		    "is no xcat, which could take it: send a file, or "
		    "without naming one");
		return;
	}
	if ((l = link_new()) == NULL) {
		fatal(EX_LOCAL, "out of memory");
		return;
	}
	set_phase(MOVING);
	progress_input(out.shown, fd);
	out.fd = -1;
	out.link = l;
	l->out = &out;
	out.method = 0;
	out.left = UINT64_MAX;
	out.offset = out.file.size = 0;
	if (call(l, run.host, run.port) == 0)
		link_join(l, fd, -1);
	else
		close(fd);
}

/*
 * Offering a file
 */

static const char *
mime_type(const char *name)
{
	static const char *const types[][2] = {
		{ "bz2", "application/x-bzip2" },
		{ "csv", "text/csv" }, { "gif", "image/gif" },
		{ "gz", "application/gzip" }, { "html", "text/html" },
		{ "jpeg", "image/jpeg" }, { "jpg", "image/jpeg" },
		{ "json", "application/json" }, { "mp3", "audio/mpeg" },
		{ "mp4", "video/mp4" }, { "ogg", "audio/ogg" },
		{ "pdf", "application/pdf" }, { "png", "image/png" },
		{ "svg", "image/svg+xml" }, { "tar", "application/x-tar" },
		{ "txt", "text/plain" }, { "webm", "video/webm" },
		{ "webp", "image/webp" }, { "xml", "application/xml" },
		{ "xz", "application/x-xz" }, { "zip", "application/zip" },
	};
	const char	*dot = strrchr(name, '.');
	size_t		 i;

	for (i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot + 1, types[i][0]) == 0)
			return types[i][1];
	return NULL;
}

/* A word in the stream. */
static void
say_offer(struct link *l)
{
	struct buf	 b;

	buf_init(&b, WORDS);
	if (si_say_file(&b, &out.file) == -1)
		fatal(EX_LOCAL, "out of memory");
	else
		stream_write(l->stream, buf_data(&b), buf_len(&b));
	buf_free(&b);
	out.said = 1;
}

static struct link *
new_link(void)
{
	struct link	*l;

	if ((l = link_new()) == NULL) {
		fatal(EX_LOCAL, "out of memory");
		return NULL;
	}
	l->out = &out;
	out.link = l;
	return l;
}

static void
offer_xcat(void)
{
	struct stream_conf	 sc = link_stream_conf();
	struct link		*l = new_link();

	if (l == NULL)
		return;
	set_phase(OPENING);
	out.method = 0;
	out.said = 0;
	sc.file = 1;
	l->stream = stream_call(run.ibb, run.peer, &sc, link_changed, l);
	if (l->stream == NULL)
		fatal(EX_LOCAL, "out of memory");
}

static const char *
refusal(const struct si_answer *a)
{
	if (a->no_streams)
		return "it knows none of the kinds of stream that we offer: "
		    "try without -i, or -o carrier";
	switch (a->err) {
	case SE_FORBIDDEN:
		return "it declines the file";
	case SE_NOT_ACCEPTABLE:
		return "it does not take this file";
	case SE_BUSY:
	case SE_RESOURCE_CONSTRAINT:
		return "it is busy; try again later";
	case SE_SERVICE_UNAVAILABLE:
	case SE_RECIPIENT_UNAVAILABLE:
	case SE_FEATURE_NOT_IMPLEMENTED:
		return "nobody there takes files, or not from you: "
		    "try xcat -l there";
	case SE_BAD_REQUEST:
		return "it does not understand the offer";
	case SE_NONE:
		return "it answers what makes no sense";
	default:
		return "the file was refused; ask its owner";
	}
}

static void
refused(const struct si_answer *a)
{
	char	 text[128], why[512];

	text_clean(a->text, text, sizeof(text));
	if (a->err != SE_NONE)
		snprintf(why, sizeof(why), "%s (%s%s%s)", refusal(a),
		    stanza_strerror(a->err), *text != '\0' ? ": " : "", text);
	else
		snprintf(why, sizeof(why), "%s (%s)", refusal(a), text);
	failed(EX_PEER, why);
}

/* From where on the file is to be read. */
static int
seek(uint64_t offset, uint64_t length)
{
	out.offset = offset;
	out.left = length;
	out.finished = 0;
	if (lseek(out.fd, (off_t)offset, SEEK_SET) == -1)
		return -1;
	if (offset > 0)
		say(0, "%s: %s: going on behind %llu bytes", run.peer,
		    out.shown, (unsigned long long)offset);
	return 0;
}

/* The end closes a copy. */
static void
join(struct link *l)
{
	int	 fd = out.left > 0 ? fcntl(out.fd, F_DUPFD_CLOEXEC, 3) : -1;

	set_phase(MOVING);
	if (fd == -1 && out.left > 0) {
		fatal(EX_LOCAL, "%s", strerror(errno));
		return;
	}
	progress_begin(out.shown, out.offset, out.file.size);
	link_join(l, fd, -1);
}

static void
open_inband(struct link *l)
{
	struct stream_conf	 sc = link_stream_conf();

	sc.sid = out.sid;
	sc.tls = NULL;
	out.method = SI_IBB;
	l->stream = stream_call(run.ibb, run.peer, &sc, link_changed, l);
	if (l->stream == NULL)
		fatal(EX_LOCAL, "out of memory");
	else
		join(l);
}

static void
open_socket(struct link *l)
{
	struct stream_conf	 sc = link_stream_conf();

	out.method = SI_S5B;
	l->stream = stream_alone(run.peer, out.sid, 1, &sc, link_changed, l);
	if (l->stream == NULL) {
		fatal(EX_LOCAL, "out of memory");
		return;
	}
	join(l);
	wire_call(l);
}

static void
answered(void *arg, const struct elem *answer)
{
	struct si_answer	 a;
	struct link		*l;

	(void)arg;
	set_phase(IDLE);
	si_answer(answer, &out.file, out.methods, &a);
	if (answer == NULL)
		failed(EX_TIME, "no answer in time; has its user seen the "
		    "offer?");
	else if (a.method == 0)
		refused(&a);
	else if (seek(a.offset, a.length) == -1)
		failed_file(errno);
	else if ((l = new_link()) == NULL)
		return;
	else if (a.method == SI_S5B)
		open_socket(l);
	else
		open_inband(l);
}

static void
offer_si(void)
{
	inband_make_sid(out.sid);
	set_phase(OFFERED);
	if (si_offer(session_iqs(run.session), run.peer, out.sid,
	    mime_type(out.name), &out.file, out.methods, answered, &out,
	    answer_deadline()) == -1)
		fatal(EX_LOCAL, "out of memory");
}

static void
offer(void)
{
	if (out.knows & KNOWS_XCAT)
		offer_xcat();
	else
		offer_si();
}

static void
summed(void *arg, int error)
{
	(void)arg;
	out.summing = NULL;
	if (error != 0) {
		failed_file(error);
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
		text_clean(out.name, out.shown, sizeof(out.shown));
	out.file = (struct si_file){
		.name = out.name,
		.size = (uint64_t)st.st_size,
		.dated = 1,
		.date = st.st_mtime,
		.ranged = 1,
		.mode = (int)(st.st_mode & 07777),
		.more = out.n - out.at - 1,
	};
	if (S_ISREG(st.st_mode) && !is_stdin(path))
		return 1;
	return 0;
}

static unsigned
our_methods(void)
{
	if (run.conf.carrier == CARRIER_S5B)
		return SI_S5B;
	return (hosts_allowed() && (out.knows & KNOWS_S5B) ? SI_S5B : 0) |
	    SI_IBB;
}

static void
next(void)
{
	const char	*path;
	int		 kind;

	if (out.at == out.n) {
		finish(out.status);
		return;
	}
	path = out.paths[out.at];
	strlcpy(out.shown, is_stdin(path) ? "standard input" : path,
	    sizeof(out.shown));
	out.fd = is_stdin(path) ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
	    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (out.fd == -1 || (kind = describe(path)) == -1) {
		failed_file(errno);
		return;
	}
	out.methods = our_methods();
	if (kind == 0) {
		send_stream();
		return;
	}
	set_phase(SUMMING);
	if ((out.sum = sum_new()) == NULL || (out.summing =
	    sum_file(run.loop, out.sum, out.fd, out.file.size, summed,
	    NULL)) == NULL)
		fatal(EX_LOCAL, "out of memory");
}

/*
 * Sending it
 */

size_t
send_room(const struct link *l, size_t room)
{
	if (l->out == NULL)
		return room;
	return room < out.left ? room : (size_t)out.left;
}

void
send_wrote(struct link *l, size_t len)
{
	if (l->out == NULL)
		return;
	if (out.left != UINT64_MAX)
		out.left -= len;
	link_changed(l);
}

void
send_ended(struct link *l)
{
	if (out.left == 0 || out.left == UINT64_MAX)
		stream_finish(l->stream);
	else
		out.left = UINT64_MAX - 1;	/* see send_check() */
}

/* It is gone; begin again, as if it had not been. */
static int
again(struct link *l)
{
	l->out = NULL;
	out.link = NULL;
	link_free(l);
	progress_end();
	offer();
	return 1;
}

static int
gave_up(struct link *l, enum stanza_error error, int status, const char *why)
{
	stream_abort(l->stream, error);
	link_failed(l, status, why);
	return 1;
}

/* The peer has thrown away what it had; if that was from before, it may have
 * been something else. */
static int
wrong(struct link *l, const char *text)
{
	char	 why[256], clean[192];

	if (out.offset > 0 && !out.again) {
		say(0, "%s: %s: what was there was of something else; "
		    "sending all of it", run.peer, out.shown);
		out.again = 1;
		stream_abort(l->stream, SE_CONFLICT);
		return again(l);
	}
	snprintf(why, sizeof(why), "it says: %s", text_clean(text, clean,
	    sizeof(clean)));
	return gave_up(l, SE_UNDEFINED_CONDITION, EX_BROKEN, why);
}

static int
declined(struct link *l, const char *text)
{
	char	 why[256], clean[192];

	snprintf(why, sizeof(why), "it does not take it: %s", text_clean(text,
	    clean, sizeof(clean)));
	return gave_up(l, SE_UNDEFINED_CONDITION, EX_PEER, why);
}

static int
take_word(struct link *l, enum si_word word, uint64_t offset,
    const char *text)
{
	switch (word) {
	case SI_RANGE:
		if (out.phase != OPENING || offset > out.file.size)
			break;
		if (seek(offset, out.file.size - offset) == -1)
			return gave_up(l, SE_INTERNAL_SERVER_ERROR, EX_LOCAL,
			    strerror(errno));
		join(l);
		return 0;
	case SI_REFUSED:
		return declined(l, text);
	case SI_WRONG:
		return wrong(l, text);
	default:
		break;
	}
	return gave_up(l, SE_BAD_REQUEST, EX_BROKEN, "it answers what makes "
	    "no sense");
}

/* What an xcat says; what others may send means nothing. */
static int
hear(struct link *l)
{
	const unsigned char	*data;
	struct si_file		 f;
	struct elem		*e;
	enum si_word		 word;
	const char		*text;
	size_t			 len, used;
	uint64_t		 offset = 0;
	int			 r;

	data = stream_data(l->stream, &len);
	if (out.method != 0 || !out.said) {
		if (len > 0)
			stream_consume(l->stream, len);
		return 0;
	}
	word = si_hear(data, len, &used, &e, &f, &offset, &text);
	if (word == SI_MORE)
		return 0;
	r = take_word(l, word, offset, text);
	elem_free(e);
	if (r == 0 && word != SI_NONSENSE)
		stream_consume(l->stream, used);
	return r;
}

/* No streamhost could be reached: the same stream in-band, or if that is not
 * wanted, a new offer that names nothing else. */
static int
fall_back(struct link *l)
{
	if (stream_fault(l->stream) != STREAM_REFUSED ||
	    stream_sent(l->stream) > 0 || (out.methods & SI_IBB) == 0)
		return 0;
	if (out.missed && out.methods != SI_IBB) {
		out.methods = SI_IBB;
		return again(l);
	}
	if (out.method != SI_S5B)
		return 0;
	say(1, "%s: %s: in-band, then: %s", run.peer, out.shown,
	    stream_why(l->stream));
	out.missed = 1;
	end_free(l->end);
	l->end = NULL;
	wire_free(l);
	stream_free(l->stream);
	l->stream = NULL;
	l->greeted = 0;
	if (lseek(out.fd, (off_t)out.offset, SEEK_SET) == -1) {
		fatal(EX_LOCAL, "%s", strerror(errno));
		return 0;
	}
	open_inband(l);
	return 1;
}

int
send_check(struct link *l)
{
	enum stream_state	 state = stream_state(l->stream);

	progress_at(out.offset + stream_confirmed(l->stream));
	if (state == STREAM_FAILED && fall_back(l))
		return 1;
	if (out.phase == OPENING && state == STREAM_OPEN && !out.said)
		say_offer(l);
	if (hear(l))
		return 1;
	if (out.left == UINT64_MAX - 1)
		return gave_up(l, SE_BAD_REQUEST, EX_LOCAL, "it has become "
		    "shorter while it was sent; try again");
	if (out.phase == MOVING && out.left == 0 && state == STREAM_OPEN &&
	    !out.finished) {
		out.finished = 1;
		end_stop_input(l->end);
		stream_finish(l->stream);
		link_changed(l);
	}
	return 0;
}

const char *
send_about(const struct link *l)
{
	static char	 line[FILE_NAME + 2];

	if (l->out == NULL)
		return "";
	snprintf(line, sizeof(line), "%s: ", out.shown);
	return line;
}
