#include <sys/types.h>
#include <sys/queue.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/inband.h"
#include "ibb/si.h"
#include "ibb/stream.h"
#include "link/hosts.h"
#include "link/link.h"
#include "link/oob.h"
#include "link/progress.h"
#include "link/run.h"
#include "net/allow.h"
#include "net/end.h"
#include "net/file.h"
#include "net/session.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/jid.h"
#include "xml/text.h"

#define OFFERS_MAX	16	/* that wait for their streams */
#define LATE_MAX	64	/* too late, and remembered */
#define WORDS		32768	/* bytes of words to the sender */

enum phase {
	DESCRIBED_NOT,	/* a stream whose file is still to be told */
	SUMMING,	/* what there is of it is looked at */
	AGREED,		/* the sender may begin */
	MOVING,		/* its stream is there */
	COMPLETE,
	FAILED,		/* and that is to be said, or it has been */
	LATE		/* its sender has taken too long */
};

static const char *const phase_names[] = {
	"not described", "summing", "agreed", "moving", "complete", "failed",
	"late"
};

struct incoming {
	enum phase		 phase;
	char			 peer[JID_MAX];
	char			 shown[256];	/* the same, for people */
	char			*sid, *id;	/* by SI; id: unanswered */
	unsigned		 method;
	char			*given;		/* its name, as given */
	char			 name[FILE_NAME];
	struct si_file		 file;		/* but for the name */
	struct partial		*partial;	/* NULL: standard output */
	struct sum		*sum;
	struct sumfile		*summing;
	uint64_t		 begun;		/* there were so many bytes */
	uint64_t		 have;		/* and now there are */
	struct link		*link;		/* NULL: none yet */
	int			 declined;	/* before it began */
	int			 told;		/* why it failed: */
	int			 status;
	enum stanza_error	 error;
	char			 why[512];
	struct timer		 timer;
	TAILQ_ENTRY(incoming)	 next;
};

static TAILQ_HEAD(, incoming) incomings = TAILQ_HEAD_INITIALIZER(incomings);
static int	 folder = -1;

static void	 lapse(void *);
static void	 summed(void *, int);

static void
set_phase(struct incoming *in, enum phase phase)
{
	if (in->phase != phase)
		say(2, "file from %s: %s -> %s", in->shown,
		    phase_names[in->phase], phase_names[phase]);
	in->phase = phase;
}

void
receive_prepare(void)
{
	if (run.conf.receive == NULL)
		return;
	if ((folder = file_folder(run.conf.receive)) == -1)
		err(EX_USE, "-r %s", run.conf.receive);
}

/*
 * Life and death
 */

static struct incoming *
incoming_new(const char *peer, const char *sid)
{
	struct incoming	*in;

	if ((in = calloc(1, sizeof(*in))) == NULL)
		return NULL;
	strlcpy(in->peer, peer, sizeof(in->peer));
	text_clean(peer, in->shown, sizeof(in->shown));
	in->timer = (struct timer){ .fire = lapse, .arg = in };
	if (sid != NULL && (in->sid = strdup(sid)) == NULL) {
		free(in);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&incomings, in, next);
	return in;
}

/* What there is of the file stays. */
static void
let_go(struct incoming *in)
{
	timer_clear(run.loop, &in->timer);
	sum_cancel(in->summing);
	in->summing = NULL;
	sum_free(in->sum);
	in->sum = NULL;
	partial_close(in->partial);
	in->partial = NULL;
}

static void
answer_refusal(struct incoming *in, enum si_refusal why, const char *text)
{
	if (in->id != NULL)
		si_refuse(session_iqs(run.session), in->peer, in->id, why,
		    text);
	free(in->id);
	in->id = NULL;
}

static void
incoming_free(struct incoming *in)
{
	if (in->link != NULL)
		in->link->in = NULL;
	let_go(in);
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
	if (folder != -1)
		close(folder);
	folder = -1;
}

/* Nobody has come with the stream that was agreed on. */
static void
lapse(void *arg)
{
	struct incoming	*in = arg;

	say(0, "%s: offered %s, but sent nothing", in->shown, in->name);
	answer_refusal(in, SI_BUSY, NULL);
	let_go(in);
	set_phase(in, LATE);
}

static size_t
count(enum phase from, enum phase to)
{
	struct incoming	*in;
	size_t		 n = 0;

	TAILQ_FOREACH(in, &incomings, next)
		if (in->phase >= from && in->phase <= to)
			n++;
	return n;
}

/* The oldest of those that are remembered for being late goes, if there are
 * too many. */
static void
forget_late(void)
{
	struct incoming	*in, *next;
	size_t		 n = count(LATE, LATE);

	TAILQ_FOREACH_SAFE(in, &incomings, next, next)
		if (in->phase == LATE && n > LATE_MAX) {
			incoming_free(in);
			n--;
		}
}

/*
 * Telling the peer
 */

/* To an xcat, within the stream. */
static void
tell(struct incoming *in, int (*word)(struct buf *, const char *),
    const char *text)
{
	struct stream	*s = in->link->stream;
	struct buf	 b;

	buf_init(&b, WORDS);
	if (word(&b, text) == 0 && buf_len(&b) <= stream_room(s))
		stream_write(s, buf_data(&b), buf_len(&b));
	buf_free(&b);
}

/* It is not wanted. */
static void
decline(struct incoming *in, enum si_refusal why, const char *text)
{
	say(0, "%s: refused %s: %s", in->shown, in->name, text);
	if (in->sid != NULL) {
		answer_refusal(in, why, text);
		incoming_free(in);
		return;
	}
	set_phase(in, FAILED);
	in->declined = in->told = 1;
	tell(in, si_say_refused, text);
	let_go(in);
}

/* It comes to nothing.  What follows from that is not for now, since its link
 * is in use. */
static void
fail_in(struct incoming *in, int status, enum stanza_error error,
    const char *why, const char *detail)
{
	snprintf(in->why, sizeof(in->why), "%s%s", why, detail);
	in->status = status;
	in->error = error;
	set_phase(in, FAILED);
	link_changed(in->link);
}

/* An xcat gives up when it hears the reason; others are given up.  1: the link
 * is no more. */
static int
tell_failure(struct link *l)
{
	struct incoming	*in = l->in;

	if (in->sid != NULL || stream_state(l->stream) != STREAM_OPEN) {
		stream_abort(l->stream, in->error);
		link_failed(l, in->status, in->why);
		return 1;
	}
	progress_end();
	say(-1, "%s: %s: %s", in->shown, in->name, in->why);
	in->told = 1;
	tell(in, si_say_wrong, in->why);
	return 0;
}

/*
 * The file
 */

static void
describe(struct incoming *in, const struct si_file *f)
{
	free(in->given);
	in->given = strdup(f->name);
	in->file = *f;
	in->file.name = NULL;
	file_name(f->name, in->name);
}

static int
same_file(const struct incoming *a, const struct incoming *b)
{
	return a != b && a->given != NULL && b->given != NULL &&
	    jid_samebare(a->peer, b->peer) &&
	    strcmp(a->given, b->given) == 0 &&
	    strcmp(a->file.hash, b->file.hash) == 0 &&
	    a->file.size == b->file.size &&
	    a->file.dated == b->file.dated &&
	    (!a->file.dated || a->file.date == b->file.date);
}

/* Without -k there is one file, unless it is the same one again. */
static int
one_too_many(const struct incoming *in)
{
	const struct incoming	*other;

	if (run.conf.keep)
		return 0;
	TAILQ_FOREACH(other, &incomings, next)
		if (other != in && other->phase < COMPLETE &&
		    !same_file(other, in))
			return 1;
	return 0;
}

static const char *
objection(const struct incoming *in, enum si_refusal *why)
{
	*why = SI_BUSY;
	if (in->given == NULL)
		return "out of memory";
	*why = SI_TOO_LARGE;
	if (run.conf.max_size > 0 &&
	    in->file.size > (uint64_t)run.conf.max_size)
		return "it is larger than is taken here";
	*why = SI_BUSY;
	if (one_too_many(in))
		return "another one is under way";
	return NULL;
}

static struct file_meta
meta(const struct incoming *in, char bare[JID_MAX])
{
	return (struct file_meta){
		.peer = jid_bare(in->peer, bare),
		.name = in->given,
		.hash = in->file.hash,
		.size = in->file.size,
		.dated = in->file.dated,
		.date = in->file.date,
	};
}

/* Its sender has begun anew: what was before cannot go on. */
static void
supersede(const struct incoming *in)
{
	struct incoming	*old, *next;
	struct link	*l;

	TAILQ_FOREACH_SAFE(old, &incomings, next, next) {
		if (old->partial == NULL || !same_file(old, in))
			continue;
		say(1, "%s: sends %s anew", old->shown, old->name);
		if ((l = old->link) == NULL) {
			answer_refusal(old, SI_BUSY, NULL);
			incoming_free(old);
			continue;
		}
		if (l->stream != NULL)
			stream_abort(l->stream, SE_CONFLICT);
		link_free(l);
	}
}

/* What there is can be gone on from only if its sum tells whether it is of
 * this file. */
static int
open_partial(struct incoming *in)
{
	char			 bare[JID_MAX];
	struct file_meta	 m = meta(in, bare);
	int64_t			 size;

	supersede(in);
	if ((in->partial = partial_open(folder, &m)) == NULL ||
	    (size = partial_size(in->partial)) == -1)
		return -1;
	if (*in->file.hash == '\0' || !in->file.ranged ||
	    (uint64_t)size > in->file.size)
		size = 0;
	in->have = (uint64_t)size;
	return partial_truncate(in->partial, in->have);
}

static int
sum_differs(struct incoming *in)
{
	char	 sum[FILE_SUM];

	sum_end(in->sum, sum);
	return *in->file.hash != '\0' && strcmp(sum, in->file.hash) != 0;
}

/* There was something else. */
static int
start_over(struct incoming *in)
{
	sum_free(in->sum);
	in->have = 0;
	if ((in->sum = sum_new()) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	return in->partial == NULL ? 0 : partial_truncate(in->partial, 0);
}

static void
local_failure(struct incoming *in, int error)
{
	decline(in, error == EBUSY ? SI_BUSY : SI_DECLINED, error == EBUSY ?
	    "another process receives it" : strerror(error));
}

static void
agree(struct incoming *in)
{
	struct buf	 b;

	in->begun = in->have;
	set_phase(in, AGREED);
	if (in->have > 0)
		say(0, "%s: %s: going on behind %llu bytes", in->shown,
		    in->name, (unsigned long long)in->have);
	if (in->sid != NULL) {
		si_accept(session_iqs(run.session), in->peer, in->id,
		    in->method, in->have);
		free(in->id);
		in->id = NULL;
		timer_set(run.loop, &in->timer, answer_deadline());
		return;
	}
	buf_init(&b, WORDS);
	if (si_say_range(&b, in->have) == -1)
		fatal(EX_LOCAL, "out of memory");
	else
		stream_write(in->link->stream, buf_data(&b), buf_len(&b));
	buf_free(&b);
	link_changed(in->link);
}

static void
summed(void *arg, int error)
{
	struct incoming	*in = arg;

	in->summing = NULL;
	/* All is there; is it right? */
	if (error == 0 && in->have == in->file.size) {
		if (sum_differs(in) && start_over(in) == -1)
			error = errno;
		else if (in->have > 0) {
			sum_free(in->sum);	/* it has been ended */
			in->sum = NULL;
		}
	}
	if (error != 0)
		local_failure(in, error);
	else
		agree(in);
}

/* It is wanted: see what there is of it. */
static void
prepare(struct incoming *in)
{
	enum si_refusal	 why;
	const char	*text;

	if ((text = objection(in, &why)) != NULL) {
		decline(in, why, text);
		return;
	}
	set_phase(in, SUMMING);
	if ((folder != -1 && open_partial(in) == -1) ||
	    (in->sum = sum_new()) == NULL) {
		local_failure(in, errno);
		return;
	}
	if (in->have == 0) {
		agree(in);
		return;
	}
	in->summing = sum_file(run.loop, in->sum, partial_fd(in->partial),
	    in->have, summed, in);
	if (in->summing == NULL)
		local_failure(in, ENOMEM);
}

/*
 * Its end
 */

static void
say_complete(const struct incoming *in, const char *name)
{
	char	 as[FILE_NAME + 8] = "";

	if (strcmp(name, in->name) != 0)
		snprintf(as, sizeof(as), ", as %s", name);
	progress_at(in->have);
	progress_end();
	say(in->partial != NULL ? 0 : 1, "%s: %s: %llu bytes%s%s", in->shown,
	    in->name, (unsigned long long)in->file.size, as,
	    *in->file.hash != '\0' ? ", MD5 agrees" :
	    ", no hash to compare");
}

static void
wrong_content(struct incoming *in, const char *what)
{
	if (in->partial != NULL) {
		partial_discard(in->partial);
		in->partial = NULL;
	}
	fail_in(in, EX_BROKEN, SE_NOT_ACCEPTABLE, what, folder != -1 ?
	    "; it was thrown away, have it sent again" :
	    "; it is not to be relied on");
}

/* All bytes are there.  0, or -1 if that was not good enough. */
static int
complete(struct incoming *in)
{
	char	 name[FILE_NAME];

	if (in->sum != NULL && sum_differs(in)) {
		wrong_content(in, "its content is not what was announced "
		    "by its hash");
		return -1;
	}
	strlcpy(name, in->name, sizeof(name));
	if (in->partial != NULL) {
		if (partial_finish(in->partial, name, in->file.mode,
		    in->file.dated, in->file.date) == -1) {
			fail_in(in, EX_LOCAL, SE_INTERNAL_SERVER_ERROR,
			    "it cannot be kept: ", strerror(errno));
			return -1;
		}
	}
	say_complete(in, name);
	in->partial = NULL;
	set_phase(in, COMPLETE);
	return 0;
}

/*
 * Its stream
 */

struct incoming *
receive_find(const char *peer, const char *sid)
{
	struct incoming	*in;

	TAILQ_FOREACH(in, &incomings, next)
		if (in->sid != NULL && strcmp(in->sid, sid) == 0 &&
		    strcmp(in->peer, peer) == 0)
			return in;
	return NULL;
}

int
receive_take(struct link *l, struct incoming *in)
{
	if (in->phase != AGREED || in->link != NULL)
		return -1;
	timer_clear(run.loop, &in->timer);
	in->link = l;
	l->in = in;
	return 0;
}

int
receive_offered(struct link *l)
{
	struct incoming	*in = incoming_new(stream_peer(l->stream), NULL);

	if (in == NULL)
		return -1;
	in->link = l;
	l->in = in;
	strlcpy(in->name, "a file", sizeof(in->name));
	return 0;
}

void
receive_missed(struct link *l)
{
	struct incoming	*in = l->in;

	if (in == NULL)
		return;
	in->link = NULL;
	l->in = NULL;
	set_phase(in, AGREED);
	timer_set(run.loop, &in->timer, answer_deadline());
}

void
receive_leave(struct link *l)
{
	if (l->in == NULL)
		return;
	progress_end();
	incoming_free(l->in);
}

int
receive_apart(const struct link *l)
{
	return l->in != NULL && folder != -1;
}

static int
says_nonsense(struct link *l)
{
	stream_abort(l->stream, SE_BAD_REQUEST);
	link_failed(l, EX_BROKEN, "it does not say what it sends");
	return 1;
}

/* The words of an xcat that come before a file.  1: the link is no more. */
static int
hear(struct link *l)
{
	struct incoming		*in = l->in;
	struct si_file		 f;
	struct elem		*e;
	const unsigned char	*data;
	const char		*text;
	size_t			 len, used;
	uint64_t		 offset;

	data = stream_data(l->stream, &len);
	switch (si_hear(data, len, &used, &e, &f, &offset, &text)) {
	case SI_MORE:
		return stream_eof(l->stream) ? says_nonsense(l) : 0;
	case SI_FILE:
		describe(in, &f);
		elem_free(e);
		stream_consume(l->stream, used);
		prepare(in);
		return 0;
	default:
		elem_free(e);
		return says_nonsense(l);
	}
}

/* Where it goes.  A copy: the end closes it. */
static int
destination(const struct incoming *in)
{
	int	 fd = in->partial != NULL ? partial_fd(in->partial) :
		     STDOUT_FILENO;

	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static void
begin(struct link *l)
{
	struct incoming	*in = l->in;
	int		 fd = destination(in);

	if (fd == -1) {
		fatal(EX_LOCAL, "%s", strerror(errno));
		return;
	}
	set_phase(in, MOVING);
	progress_begin(in->name, in->have, in->file.size);
	link_join(l, -1, fd);
	if (in->have == in->file.size)
		complete(in);
	link_changed(l);
}

static int
ended_early(struct link *l)
{
	if (stream_state(l->stream) == STREAM_OPEN)
		stream_abort(l->stream, SE_BAD_REQUEST);
	link_failed(l, EX_BROKEN, "the stream ended before the file did");
	return 1;
}

/* All is there, or nothing more is wanted. */
static int
check_over(struct link *l)
{
	enum stream_state	 state = stream_state(l->stream);
	size_t			 len;

	stream_data(l->stream, &len);
	if (len > 0 && (l->in->phase == COMPLETE || l->in->declined)) {
		stream_abort(l->stream, SE_BAD_REQUEST);
		link_failed(l, EX_BROKEN, l->in->declined ? "it sends what "
		    "was refused" : "it sends more than it has announced");
		return 1;
	}
	if (l->in->phase != FAILED)
		return 0;
	if (!l->in->told)
		return tell_failure(l);
	if (state != STREAM_FAILED && state != STREAM_CLOSED &&
	    !stream_eof(l->stream))
		return 0;
	link_failed(l, l->in->status, "");
	return 1;
}

int
receive_check(struct link *l)
{
	struct incoming		*in = l->in;
	enum stream_state	 state = stream_state(l->stream);

	progress_at(in->have);
	switch (in->phase) {
	case DESCRIBED_NOT:
		return state == STREAM_OPEN || state == STREAM_CLOSED ?
		    hear(l) : 0;
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

size_t
receive_limit(const struct link *l, size_t len)
{
	const struct incoming	*in = l->in;

	if (in == NULL)
		return len;
	if (in->phase != MOVING)
		return 0;
	return len < in->file.size - in->have ? len :
	    (size_t)(in->file.size - in->have);
}

/* The last ones are confirmed to the peer only if all is well with them. */
void
receive_took(struct link *l, const void *data, size_t len)
{
	struct incoming	*in = l->in;
	size_t		 there;

	if (in == NULL) {
		stream_consume(l->stream, len);
		return;
	}
	sum_add(in->sum, data, len);
	in->have += len;
	stream_data(l->stream, &there);
	if (in->have == in->file.size && there > len)
		wrong_content(in, "more comes than was announced");
	else if (in->have < in->file.size || complete(in) == 0)
		stream_consume(l->stream, len);
}

int
receive_complete(const struct link *l)
{
	return l->in == NULL || l->in->phase == COMPLETE;
}

int
receive_told(const struct link *l)
{
	return l->in != NULL && l->in->told;
}

int
receive_declined(const struct link *l)
{
	return l->in != NULL && l->in->declined;
}

int
receive_more(const struct link *l)
{
	return l->in != NULL && l->in->phase == COMPLETE &&
	    l->in->file.more > 0;
}

const char *
receive_about(const struct link *l)
{
	static char		 line[FILE_NAME + 128];
	const struct incoming	*in = l->in;

	if (in == NULL || in->phase < MOVING)
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

/*
 * Offers by SI
 */

int
receive_busy(void)
{
	struct link	*l;

	if (folder != -1)
		return 0;
	TAILQ_FOREACH(l, &run.links, next)
		if (!receive_apart(l))
			return 1;
	return oob_busy() || count(SUMMING, AGREED) > 0;
}

struct partial *
receive_partial(const struct file_meta *m)
{
	errno = 0;
	return folder == -1 ? NULL : partial_open(folder, m);
}

static const char *
refusal(const struct si_offer *o, enum si_refusal *why)
{
	struct stream_conf	 sc = link_stream_conf();

	*why = SI_DECLINED;
	if (sc.require)
		return "end-to-end encryption is required";
	*why = SI_BAD_REQUEST;
	if (receive_find(o->from, o->sid) != NULL)
		return "this stream is already agreed on";
	*why = SI_BUSY;
	if (count(SUMMING, AGREED) >= OFFERS_MAX)
		return "too many files at once";
	if (receive_busy())
		return "another stream is under way";
	return NULL;
}

/* The kind that we like best of those offered (XEP-0096 section 3.1). */
static unsigned
choose(unsigned methods)
{
	return (methods & SI_S5B) != 0 && hosts_allowed() ? SI_S5B :
	    methods & SI_IBB;
}

static void
take_offer(const struct si_offer *o)
{
	struct iq_table	*t = session_iqs(run.session);
	struct incoming	*in;
	enum si_refusal	 why;
	const char	*text;
	unsigned	 method = choose(o->methods);

	if (method == 0) {
		si_refuse(t, o->from, o->id, SI_NO_STREAMS, NULL);
		return;
	}
	if ((text = refusal(o, &why)) != NULL) {
		si_refuse(t, o->from, o->id, why, text);
		return;
	}
	if ((in = incoming_new(o->from, o->sid)) == NULL ||
	    (in->id = strdup(o->id)) == NULL) {
		si_refuse(t, o->from, o->id, SI_BUSY, NULL);
		return;
	}
	in->method = method;
	describe(in, &o->file);
	prepare(in);
}

int
receive_input(const struct elem *e)
{
	const char	*from = elem_attr(e, "from");
	struct si_offer	 o;

	if (!stanza_is(e, "iq") || !stanza_type(e, "set") || from == NULL ||
	    elem_child(e, NS_SI, "si") == NULL)
		return 0;
	/* To strangers this is nothing that we know. */
	if ((run.mode != LISTEN && folder == -1) ||
	    !listen_allowed_or_said(NULL, from))
		return 0;
	if (allow_check(run.allow, from) == ALLOW_KEY) {
		listen_say_refused(from, "it shows no key, and -a wants one");
		return 0;
	}
	forget_late();
	if (si_parse(session_iqs(run.session), e, &o) == 1)
		take_offer(&o);
	return 1;
}
