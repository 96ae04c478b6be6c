/*
 * xcat: netcat over XMPP.
 *
 * Options, modes, and the joining: net/ logs in and moves bytes of
 * descriptors, ibb/ moves bytes of streams, and a link ties one to the other.
 * Only this file prints and exits.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/allow.h"
#include "net/conf.h"
#include "net/end.h"
#include "net/identity.h"
#include "net/known.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/session.h"
#include "net/tls.h"
#include "net/where.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/stanza.h"
#include "xml/text.h"
#include "xml/write.h"

/* The exit status; see xcat(1). */
enum {
	EX_FINE,
	EX_LOCAL,		/* I/O, memory */
	EX_USE,			/* usage or configuration */
	EX_SERVER,		/* server not reached or not trusted */
	EX_LOGIN,		/* login refused */
	EX_PEER,		/* peer absent or refusing */
	EX_BROKEN,		/* the stream broke before its end */
	EX_TIME			/* timed out */
};

#define DEFAULT_RESOURCE "xcat"
#define LOGIN_TIME	30		/* s, unless -w says otherwise */
#define ANSWER_TIME	120		/* s, likewise */
#define BACKLOG		16		/* streams that wait for their turn */
#define NS_ROSTER	"jabber:iq:roster"

enum mode { CALL, SEND, LISTEN, KEY };

/* A stream and its end. */
struct link {
	struct stream	*stream;
	struct end	*end;		/* NULL: it waits for its turn */
	int		 greeted;	/* what protects it has been told */
	struct timer	 timer;		/* -w */
	uint64_t	 progress;	/* bytes moved, as last seen */
	int		 changed;
	TAILQ_ENTRY(link) next;
};

struct xcat {
	enum mode		 mode;
	struct conf		 conf;
	char			 jid[JID_MAX];	/* account and resource */
	char			 peer[JID_MAX];
	struct where		 where;
	SSL_CTX			*tls;		/* towards the server */
	struct identity		 identity;
	SSL_CTX			*e2e;		/* towards peers; or NULL */
	struct known		*known;		/* of a caller */
	struct allow		*allow;		/* of a listener */
	struct loop		*loop;
	struct resolver		*resolver;
	struct session		*session;
	struct ibb		*ibb;
	TAILQ_HEAD(, link)	 links;
	size_t			 nlinks;
	char			 stranger[JID_MAX];	/* last one refused */
	int			 status;
	int			 ending;
	int			 signo;		/* that ends us */
};

static struct xcat	 x;

/*
 * Words
 */

static void
say(int level, const char *fmt, ...)
{
	char	 line[4096];
	va_list	 ap;

	if (x.conf.verbosity < level)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* One write: lines of several programs do not mix. */
	dprintf(STDERR_FILENO, "xcat: %s\n", line);
}

static void
usage(int status)
{
	dprintf(STDERR_FILENO,
	    "usage: xcat [-46dimNqv] [-b size] [-C file] [-c server] "
	    "[-j jid] [-o key=value]\n"
	    "            [-p file] [-w seconds] peer\n"
	    "       xcat -s [options] peer\n"
	    "       xcat -l [-k] [-a who] [options]\n"
	    "       xcat -K\n");
	exit(status);
}

/* Begin to end with this status; the first one counts. */
static void
finish(int status)
{
	if (x.ending)
		return;
	x.ending = 1;
	x.status = status;
	if (x.session != NULL)
		session_close(x.session);
	else
		loop_stop(x.loop);
}

static void
fatal(int status, const char *fmt, ...)
{
	char	 line[2048];
	va_list	 ap;

	if (x.ending)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	say(-1, "%s", line);
	finish(status);
}

/*
 * Links: a stream joined to an end
 */

static int64_t
answer_deadline(void)
{
	return clock_ms() + 1000 * (x.conf.timeout > 0 ? x.conf.timeout :
	    ANSWER_TIME);
}

static void
link_changed(void *arg)
{
	struct link	*l = arg;

	l->changed = 1;
}

static size_t
link_room(void *arg)
{
	struct link	*l = arg;
	size_t		 room = stream_room(l->stream);

	return session_room(x.session) > 0 ? room : 0;
}

static int
link_write(void *arg, const void *data, size_t len)
{
	struct link	*l = arg;

	return stream_write(l->stream, data, len);
}

static void
link_finish(void *arg)
{
	struct link	*l = arg;

	stream_finish(l->stream);
}

static const unsigned char *
link_data(void *arg, size_t *len)
{
	struct link	*l = arg;

	return stream_data(l->stream, len);
}

static void
link_consume(void *arg, size_t len)
{
	struct link	*l = arg;

	stream_consume(l->stream, len);
}

static void
link_free(struct link *l)
{
	if (l == NULL)
		return;
	timer_clear(x.loop, &l->timer);
	end_free(l->end);
	stream_free(l->stream);
	TAILQ_REMOVE(&x.links, l, next);
	x.nlinks--;
	free(l);
}

static void	 take_next(void);

/* The link is over.  A listener that keeps listening goes on. */
static void
link_over(struct link *l, int status)
{
	link_free(l);
	if (x.mode != LISTEN || !x.conf.keep)
		finish(status);
	else
		take_next();
}

static void
link_failed(struct link *l, int status, const char *why)
{
	char	 confirmed[64] = "";

	if (status != EX_PEER)
		snprintf(confirmed, sizeof(confirmed),
		    "; %llu bytes confirmed",
		    (unsigned long long)stream_confirmed(l->stream));
	say(-1, "%s: %s%s", stream_peer(l->stream), why, confirmed);
	link_over(l, status);
}

static int
stream_status(enum stream_fault fault)
{
	switch (fault) {
	case STREAM_REFUSED:
		return EX_PEER;
	case STREAM_SILENT:
		return EX_TIME;
	case STREAM_INTERNAL:
		return EX_LOCAL;
	default:
		return EX_BROKEN;
	}
}

static void
link_end_failed(struct link *l)
{
	char	 why[128];
	int	 e = end_error(l->end);

	snprintf(why, sizeof(why), "%s standard %s: %s", end_failed(l->end),
	    end_failed(l->end)[0] == 'r' ? "input" : "output", strerror(e));
	stream_abort(l->stream, SE_INTERNAL_SERVER_ERROR);
	link_failed(l, EX_LOCAL, why);
}

static uint64_t
moved(const struct link *l)
{
	size_t	 held;

	stream_data(l->stream, &held);
	return stream_sent(l->stream) + stream_confirmed(l->stream) +
	    2 * stream_received(l->stream) - held;
}

static void
link_tick(struct link *l)
{
	if (x.conf.timeout > 0)
		timer_set(x.loop, &l->timer,
		    clock_ms() + x.conf.timeout * 1000);
}

static void
link_timeout(void *arg)
{
	struct link	*l = arg;
	char		 why[64];

	snprintf(why, sizeof(why), "nothing moved for %ld seconds (-w)",
	    x.conf.timeout);
	stream_abort(l->stream, SE_REMOTE_SERVER_TIMEOUT);
	link_failed(l, EX_TIME, why);
}

/* Say once what protects the stream, and remember whom we met. */
static void
greet(struct link *l)
{
	const char	*peer = stream_peer(l->stream);
	const char	*key = stream_key(l->stream);
	char		 why[KNOWN_ERR];

	l->greeted = 1;
	if (key == NULL) {
		say(1, "%s: not encrypted end to end", peer);
		return;
	}
	say(1, "%s: tls 1.3 end to end, key %s", peer, key);
	if (x.mode == LISTEN || known_check(x.known, peer, key) != KNOWN_NEW)
		return;
	if (known_add(x.known, peer, key, why) == -1)
		say(0, "%s: first contact; its key is %s, which cannot be "
		    "remembered: %s", peer, key, why);
	else
		say(0, "%s: first contact; its key %s is now in %s", peer,
		    key, known_path(x.known));
}

/* Something happened to the stream or to the end: see what follows. */
static void
link_check(struct link *l)
{
	enum stream_state	 state = stream_state(l->stream);
	uint64_t		 now_moved = moved(l);

	if (l->end == NULL) {	/* it left the queue */
		if (state == STREAM_FAILED)
			link_free(l);
		return;
	}
	if (state == STREAM_OPEN && !l->greeted)
		greet(l);
	if (now_moved != l->progress) {
		l->progress = now_moved;
		link_tick(l);
	}
	if (end_error(l->end) != 0) {
		link_end_failed(l);
		return;
	}
	/* The end of input is passed on only behind all that came. */
	if (stream_eof(l->stream) && !end_output_finished(l->end)) {
		end_finish_output(l->end);
		if (end_error(l->end) != 0) {
			link_end_failed(l);
			return;
		}
	}
	if (state == STREAM_FAILED && end_output_finished(l->end))
		link_failed(l, stream_status(stream_fault(l->stream)),
		    stream_why(l->stream));
	else if (state == STREAM_CLOSED && end_output_finished(l->end))
		link_over(l, EX_FINE);
}

/* Called by the loop before it waits. */
static void
check_links(void *arg)
{
	struct link	*l, *next;

	(void)arg;
	TAILQ_FOREACH_SAFE(l, &x.links, next, next)
		if (l->changed) {
			l->changed = 0;
			link_check(l);
		}
	if (x.ibb != NULL)
		session_pause(x.session, ibb_congested(x.ibb));
}

static struct link *
link_new(void)
{
	struct link	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->timer = (struct timer){ .fire = link_timeout, .arg = l };
	TAILQ_INSERT_TAIL(&x.links, l, next);
	x.nlinks++;
	return l;
}

/* Copies, because a listener's next stream wants them again. */
static int
keep_fd(int fd)
{
	return x.conf.keep ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd;
}

/* Join the stream to standard input and output. */
static int
link_join(struct link *l)
{
	struct end_peer	 peer = {
		.room = link_room,
		.write = link_write,
		.finish = link_finish,
		.data = link_data,
		.consume = link_consume,
		.changed = link_changed,
		.arg = l,
	};

	l->end = end_new(x.loop, x.conf.no_stdin ? -1 : keep_fd(STDIN_FILENO),
	    x.mode == SEND ? -1 : keep_fd(STDOUT_FILENO), &peer);
	l->changed = 1;
	link_tick(l);
	return l->end == NULL ? -1 : 0;
}

/* Is this the peer's key, or may the caller come with it? */
static const char *
judge(void *arg, const char *fingerprint)
{
	static char	 why[512];
	struct link	*l = arg;
	const char	*peer = x.peer;

	if (x.mode == LISTEN) {
		peer = stream_peer(l->stream);
		if (allow_key(x.allow, peer, fingerprint))
			return NULL;
		snprintf(why, sizeof(why), "its key %s is not one that -a "
		    "ties it to", fingerprint);
		return why;
	}
	if (known_check(x.known, peer, fingerprint) != KNOWN_CHANGED)
		return NULL;
	snprintf(why, sizeof(why), "its key has changed: it was %s, it is "
	    "now %s; somebody may be in between; if the change is meant, "
	    "remove its line from %.200s", known_old(x.known, peer),
	    fingerprint, known_path(x.known));
	return why;
}

static struct stream_conf
stream_conf(void)
{
	return (struct stream_conf){
		.tls = x.e2e,
		.require = x.conf.e2e == E2E_REQUIRE || (x.mode != LISTEN &&
		    x.e2e != NULL && known_peer(x.known, x.peer)),
		.judge = judge,
		.iqs = session_iqs(x.session),
		.block = (size_t)x.conf.block_size,
		.message = x.conf.message,
		.close_at_end = x.conf.close_at_eof || x.mode == SEND,
		.deadline = answer_deadline,
	};
}

/*
 * Calling
 */

static void
call(void)
{
	struct stream_conf	 sc = stream_conf();
	struct link		*l;

	if ((l = link_new()) == NULL ||
	    (l->stream = stream_call(x.ibb, x.peer, &sc, link_changed, l)) ==
	    NULL || link_join(l) == -1)
		fatal(EX_LOCAL, "out of memory");
}

/*
 * Listening
 */

/* It is this link's turn. */
static void
take(struct link *l)
{
	say(1, "%s: stream", stream_peer(l->stream));
	if (stream_accept(l->stream) == 0 && link_join(l) == -1)
		fatal(EX_LOCAL, "out of memory");
}

/* Those who came while another stream ran, in their order. */
static void
take_next(void)
{
	struct link	*l = TAILQ_FIRST(&x.links);

	if (l != NULL && !x.ending)
		take(l);
}

static void
say_refused(const char *jid, const char *why)
{
	char	 clean[256];

	if (strcmp(x.stranger, jid) == 0)	/* enough about that one */
		return;
	strlcpy(x.stranger, jid, sizeof(x.stranger));
	say(0, "refused a stream from %s: %s", text_clean(jid, clean,
	    sizeof(clean)), why);
}

static void
offered(void *arg, struct inband *offer, const struct elem *open)
{
	struct stream_conf	 sc = stream_conf();
	struct link		*l;
	const char		*peer = inband_peer(offer);

	(void)arg;
	if (allow_check(x.allow, peer) == ALLOW_KEY &&
	    (x.e2e == NULL || !stream_offers_session(open))) {
		say_refused(peer, "it shows no key, and -a wants one");
		inband_refuse(offer, SE_SERVICE_UNAVAILABLE, NULL);
		return;
	}
	if ((x.nlinks > 0 && !x.conf.keep) || x.nlinks > BACKLOG ||
	    (l = link_new()) == NULL) {
		inband_refuse(offer, SE_BUSY, NULL);
		return;
	}
	l->stream = stream_offered(offer, open, &sc, link_changed, l);
	if (l->stream == NULL)
		link_free(l);
	else if (x.nlinks == 1)
		take(l);
}

static int
allowed(void *arg, const char *jid)
{
	(void)arg;
	return x.allow != NULL && !x.ending &&
	    allow_check(x.allow, jid) != ALLOW_NO;
}

static int
allowed_or_said(void *arg, const char *jid)
{
	if (allowed(arg, jid))
		return 1;
	if (x.allow != NULL)
		say_refused(jid, "-a does not name it");
	return 0;
}

/* The command, quoted for sh where it must be. */
static void
announce(void)
{
	static const char	 plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%+=:,./_-";
	char			 quoted[4 * JID_MAX + 3], *o = quoted;
	const char		*p = session_jid(x.session);

	if (p[strspn(p, plain)] == '\0') {
		say(0, "listening; reach it with: xcat %s", p);
		return;
	}
	*o++ = '\'';
	for (; *p != '\0'; p++)
		if (*p == '\'') {
			memcpy(o, "'\\''", 4);
			o += 4;
		} else {
			*o++ = *p;
		}
	*o++ = '\'';
	*o = '\0';
	say(0, "listening; reach it with: xcat %s", quoted);
}

static void
roster_came(void *arg, const struct elem *answer)
{
	(void)arg;
	if (answer == NULL || stanza_error(answer) != SE_NONE ||
	    allow_roster(x.allow, elem_child(answer, NS_ROSTER, "query")) == -1)
		fatal(EX_SERVER, "%s: the server gives no roster, which -a "
		    "@roster needs", x.jid);
	else
		announce();
}

static void
listen_for_streams(void)
{
	struct iq_table	*t = session_iqs(x.session);

	if (!allow_wants_roster(x.allow)) {
		announce();
		return;
	}
	xw_elem(iq_request(t, "get", NULL), "query", NS_ROSTER, NULL);
	if (iq_ask(t, roster_came, NULL, answer_deadline()) == -1)
		fatal(EX_LOCAL, "out of memory");
}

/* RFC 6121 section 2.1.6: only our own account may push. */
static int
roster_push(const struct elem *e)
{
	const struct elem	*query = elem_child(e, NS_ROSTER, "query");
	const char		*from = elem_attr(e, "from");
	char			 bare[JID_MAX];

	if (x.allow == NULL || query == NULL || !stanza_type(e, "set") ||
	    (from != NULL && strcmp(from, jid_bare(x.jid, bare)) != 0))
		return 0;
	if (allow_wants_roster(x.allow))
		allow_roster(x.allow, query);
	iq_ok(session_iqs(x.session), e);
	return 1;
}

/*
 * The session
 */

static void
trace(void *arg, const char *line)
{
	(void)arg;
	say(2, "%s", line);
}

static void
session_log_line(void *arg, int level, const char *line)
{
	(void)arg;
	say(level, "%s", line);
}

static void
logged_in(void *arg)
{
	struct ibb_host	 host = {
		.allowed = allowed_or_said,
		.offer = x.mode == LISTEN ? offered : NULL,
		.trace = trace,
	};

	(void)arg;
	if ((x.ibb = ibb_new(session_iqs(x.session), &host)) == NULL)
		fatal(EX_LOCAL, "out of memory");
	else if (x.mode == LISTEN)
		listen_for_streams();
	else
		call();
}

static int
stanza(void *arg, const struct elem *e)
{
	(void)arg;
	return ibb_input(x.ibb, e) || (stanza_is(e, "iq") && roster_push(e));
}

static void
drained(void *arg)
{
	(void)arg;	/* ends ask link_room() before each poll */
}

static int
session_status(void)
{
	switch (session_fault(x.session)) {
	case SESSION_REFUSED:
		return EX_LOGIN;
	case SESSION_LOST:
		return TAILQ_EMPTY(&x.links) ? EX_SERVER : EX_BROKEN;
	case SESSION_TIMEOUT:
		return EX_TIME;
	case SESSION_INTERNAL:
		return EX_LOCAL;
	default:
		return EX_SERVER;
	}
}

/* With streams open, these break, once what came of them is out. */
static void
session_over(void *arg)
{
	struct link	*l;

	(void)arg;
	if (x.ending) {
		loop_stop(x.loop);
		return;
	}
	if (TAILQ_EMPTY(&x.links)) {
		fatal(session_status(), "%s: %s", x.where.host,
		    session_why(x.session));
		loop_stop(x.loop);
		return;
	}
	x.conf.keep = 0;
	TAILQ_FOREACH(l, &x.links, next)
		stream_break(l->stream, session_why(x.session));
}

static void
log_in(void)
{
	struct session_conf	 sc = {
		.jid = x.jid,
		.password = x.conf.password,
		.host = x.where.host,
		.port = x.where.port,
		.direct_tls = x.where.direct_tls,
		.family = x.conf.family == FAMILY_4 ? AF_INET :
		    x.conf.family == FAMILY_6 ? AF_INET6 : AF_UNSPEC,
		.plain = x.conf.plain,
		.external = x.conf.certificate != NULL,
		.tls = x.tls,
		.login_ms = 1000 * (x.conf.timeout > 0 ? x.conf.timeout :
		    LOGIN_TIME),
		.trace = x.conf.verbosity >= 2,
	};
	struct session_host	 host = {
		.ready = logged_in,
		.stanza = stanza,
		.allowed = allowed,
		.drained = drained,
		.closed = session_over,
		.log = session_log_line,
	};

	x.session = session_new(x.loop, x.resolver, &sc, &host);
	if (x.session == NULL)
		errx(EX_LOCAL, "out of memory");
}

/*
 * Signals
 */

static void
signalled(void *arg, int signo)
{
	struct link	*l;

	(void)arg;
	if (x.signo != 0) {	/* twice: at once */
		loop_stop(x.loop);
		return;
	}
	x.signo = signo;
	TAILQ_FOREACH(l, &x.links, next)
		stream_abort(l->stream, SE_RECIPIENT_UNAVAILABLE);
	finish(128 + signo);
}

static void
set_signals(void)
{
	static const int	 ours[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction	 old;
	size_t			 i;

	signal(SIGPIPE, SIG_IGN);
	if (loop_signals(x.loop, signalled, NULL) == -1)
		err(EX_LOCAL, "pipe");
	for (i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		/* nohup(1) stays in force. */
		if (sigaction(ours[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			loop_signal(x.loop, ours[i]);
}

/* Death by signal stays death by signal. */
static void
die_by_signal(void)
{
	signal(x.signo, SIG_DFL);
	raise(x.signo);
}

/*
 * Options
 */

static void
option(int c, const char *value)
{
	static const struct {
		int		 letter;
		const char	*keyword;
		const char	*value;		/* NULL: the argument */
	} letters[] = {
		{ '4', "family", "4" },
		{ '6', "family", "6" },
		{ 'a', "allow", NULL },
		{ 'b', "block-size", NULL },
		{ 'C', "ca-file", NULL },
		{ 'c', "server", NULL },
		{ 'd', "no-stdin", "yes" },
		{ 'i', "in-band-only", "yes" },
		{ 'j', "jid", NULL },
		{ 'k', "keep-listening", "yes" },
		{ 'm', "message", "yes" },
		{ 'N', "close-at-eof", "yes" },
		{ 'p', "password-file", NULL },
		{ 'q', "verbosity", "-1" },
		{ 'w', "timeout", NULL },
	};
	char	 why[CONF_ERR];
	size_t	 i;

	for (i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (letters[i].letter == c)
			break;
	if (i == sizeof(letters) / sizeof(*letters))
		usage(EX_USE);
	if (letters[i].value != NULL)
		value = letters[i].value;
	if (conf_set(&x.conf, letters[i].keyword, value, 0, why) == -1)
		errx(EX_USE, "-%c: %s", c, why);
}

static void
parse_options(int argc, char *argv[])
{
	char	 why[CONF_ERR];
	int	 c;

	while ((c = getopt(argc, argv, "46a:b:C:c:dhij:KklmNo:p:qsvw:")) != -1)
		switch (c) {
		case 'h':
			usage(EX_FINE);
			break;
		case 'K':
			x.mode = KEY;
			break;
		case 'l':
			x.mode = LISTEN;
			break;
		case 's':
			x.mode = SEND;
			break;
		case 'o':
			if (conf_option(&x.conf, optarg, why) == -1)
				errx(EX_USE, "-o: %s", why);
			break;
		case 'v':
			if (x.conf.verbosity < 2)
				x.conf.verbosity++;
			break;
		default:
			option(c, optarg);
			break;
		}
}

static void
prepare_jid(const char *given, char *out, const char *what)
{
	const char	*why;

	if (jid_prep(given, out, &why) == -1)
		errx(EX_USE, "%s %.200s: %s", what, given, why);
}

/* A listener is known by its resource; a caller is nobody's business. */
static void
own_jid(void)
{
	char		 r[33];
	unsigned char	 random[16];
	size_t		 i, len;

	if (x.conf.jid == NULL)
		errx(EX_USE, "no account: give one with -j user@domain, "
		    "XCAT_JID, or a line \"jid user@domain\" in %s",
		    x.conf.path);
	prepare_jid(x.conf.jid, x.jid, "-j");
	if (*jid_resource(x.jid) != '\0')
		return;
	arc4random_buf(random, sizeof(random));
	for (i = 0; i < sizeof(random); i++)
		snprintf(r + 2 * i, 3, "%02x", random[i]);
	len = strlen(x.jid);
	snprintf(x.jid + len, sizeof(x.jid) - len, "/%s",
	    x.mode == LISTEN ? DEFAULT_RESOURCE : r);
}

static void
peer_jid(const char *given)
{
	char	 local[JID_MAX];
	size_t	 len;

	prepare_jid(given, x.peer, "peer");
	/* A bare domain is a component, which has no resources. */
	if (*jid_resource(x.peer) != '\0' ||
	    *jid_local(x.peer, local) == '\0')
		return;
	len = strlen(x.peer);
	snprintf(x.peer + len, sizeof(x.peer) - len, "/%s", DEFAULT_RESOURCE);
}

static void
load_identity(void)
{
	char	 why[IDENTITY_ERR];

	if (identity_load(&x.identity, x.conf.dir, why) == -1)
		errx(EX_USE, "%s", why);
}

/* -K */
static void
show_key(void)
{
	char	 fingerprint[E2E_FINGERPRINT];

	load_identity();
	if (*x.identity.note != '\0')
		errx(EX_LOCAL, "%s", x.identity.note);
	if (e2e_fingerprint(x.identity.cert, fingerprint) == -1 ||
	    printf("%s\n", fingerprint) == -1 || fflush(stdout) == EOF)
		err(EX_LOCAL, "standard output");
	exit(EX_FINE);
}

static void
check_arguments(int argc, char *argv[])
{
	if (x.mode == KEY && argc == 0)
		show_key();
	if (x.mode == LISTEN ? argc > 0 : argc != 1)
		usage(EX_USE);
	if (x.conf.keep && x.mode != LISTEN)
		errx(EX_USE, "-k needs -l");
	if (x.mode == SEND && x.conf.no_stdin)
		errx(EX_USE, "-s and -d together leave nothing to do");
	own_jid();
	if (x.mode != LISTEN)
		peer_jid(argv[0]);
}

/* What the sessions with other xcats need. */
static void
prepare_e2e(void)
{
	char	 why[KNOWN_ERR];

	if (x.conf.e2e == E2E_OFF)
		return;
	load_identity();
	if (*x.identity.note != '\0')
		say(0, "%s", x.identity.note);
	x.e2e = e2e_context(x.identity.cert, x.identity.key);
	if (x.e2e == NULL)
		errx(EX_LOCAL, "out of memory");
	if (x.mode != LISTEN &&
	    (x.known = known_read(x.conf.dir, why)) == NULL)
		errx(EX_USE, "%s", why);
}

/* Everything that can be wrong before the network is. */
static void
prepare(void)
{
	char	 why[CONF_ERR], domain[JID_MAX], ascii[JID_MAX];
	char	 local[JID_MAX];

	if (jid_ascii(jid_domain(x.jid, domain), ascii) == -1)
		errx(EX_USE, "-j %s: its domain cannot be a host name",
		    x.jid);
	if (where_parse(x.conf.server, ascii, &x.where, why) == -1)
		errx(EX_USE, "%s", why);
	if (x.mode == LISTEN && (x.allow = allow_new(&x.conf.allow,
	    *jid_local(x.jid, local) != '\0' ? x.jid : NULL, why)) == NULL)
		errx(EX_USE, "%s", why);
	x.tls = tls_context(x.conf.ca_file, x.conf.certificate, x.conf.key,
	    why);
	if (x.tls == NULL)
		errx(EX_USE, "%s", why);
	prepare_e2e();
	if (*jid_local(x.jid, local) != '\0' && x.conf.certificate == NULL &&
	    conf_password(&x.conf, x.jid, why) == -1)
		errx(EX_USE, "%s", why);
}

/* A missing standard descriptor must not become a socket's number; reading
 * it finds the end, writing to it fails. */
static void
check_descriptors(void)
{
	int	 fd;

	while ((fd = open("/dev/null", O_RDONLY)) != -1 && fd <= 2)
		;
	if (fd > 2)
		close(fd);
}

static void
set_up(void)
{
	TAILQ_INIT(&x.links);
	if ((x.loop = loop_new()) == NULL ||
	    (x.resolver = resolver_new(x.loop)) == NULL)
		errx(EX_LOCAL, "out of memory");
	loop_before(x.loop, check_links, NULL);
	set_signals();
}

static void
tear_down(void)
{
	struct link	*l;

	while ((l = TAILQ_FIRST(&x.links)) != NULL)
		link_free(l);
	ibb_free(x.ibb);
	session_free(x.session);
	resolver_free(x.resolver);
	loop_free(x.loop);
	allow_free(x.allow);
	SSL_CTX_free(x.tls);
	SSL_CTX_free(x.e2e);
	identity_free(&x.identity);
	known_free(x.known);
	conf_free(&x.conf);
}

int
main(int argc, char *argv[])
{
	char	 why[CONF_ERR];

	setlocale(LC_CTYPE, "");
	check_descriptors();
	if (conf_init(&x.conf) == -1)
		errx(EX_LOCAL, "out of memory");
	if (conf_read(&x.conf, why) == -1)
		errx(EX_USE, "%s", why);
	parse_options(argc, argv);
	check_arguments(argc - optind, argv + optind);
	prepare();
	set_up();
	log_in();
	if (loop_run(x.loop) == -1)
		err(EX_LOCAL, "poll");
	tear_down();
	if (x.signo != 0)
		die_by_signal();
	return x.status;
}
