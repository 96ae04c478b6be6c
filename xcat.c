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
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/allow.h"
#include "net/child.h"
#include "net/conf.h"
#include "net/end.h"
#include "net/identity.h"
#include "net/loop.h"
#include "net/port.h"
#include "net/reach.h"
#include "net/resolve.h"
#include "net/roster.h"
#include "net/service.h"
#include "net/session.h"
#include "net/socks.h"
#include "net/systemd.h"
#include "net/tls.h"
#include "net/trust.h"
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
#define ALIVE_TIME	10		/* s of silence until a peer is asked */
#define BACKLOG		16		/* streams that wait for their turn */

enum mode {
	CALL,			/* standard input and output to a peer */
	SEND,			/* standard input only */
	FORWARD,		/* -L, -D: connections here to a peer */
	PROBE,			/* -z */
	LISTEN,			/* a peer to standard input and output */
	SERVE,			/* peers to services */
	KEY			/* -K */
};

/* A stream and its end, and what it takes to have both. */
struct link {
	struct stream	*stream;
	struct end	*end;
	struct reach	*reach;		/* a service, under way */
	struct socks	*socks;		/* a client that waits for an answer */
	pid_t		 pid;		/* the service's child, or 0 */
	char		*host, *port;	/* what a client of ours asked for */
	int		 greeted;	/* what protects it has been told */
	int		 doomed;	/* failed, and seen so once */
	struct timer	 timer;		/* -w */
	uint64_t	 progress;	/* bytes moved, as last seen */
	struct timer	 silence;	/* is the peer still there? */
	uint64_t	 heard;		/* bytes received, as last seen */
	int		 changed;
	TAILQ_ENTRY(link) next;
};

static struct {
	enum mode		 mode;
	struct conf		 conf;
	char			 jid[JID_MAX];	/* account and resource */
	char			 peer[JID_MAX];
	char			*host, *port;	/* the peer's service */
	struct services		*services;	/* ours */
	struct where		 where;
	SSL_CTX			*tls;		/* towards the server */
	struct trust		*trust;		/* NULL: e2e is off */
	SSL_CTX			*e2e;		/* towards peers; likewise */
	struct allow		*allow;		/* of a listener */
	struct ports		*ports;		/* -L, -D */
	struct loop		*loop;
	struct resolver		*resolver;
	struct session		*session;
	struct ibb		*ibb;
	TAILQ_HEAD(, link)	 links;
	size_t			 nlinks;
	char			 stranger[JID_MAX];	/* last one refused */
	int64_t			 asked;		/* -z: when it was */
	int			 status;
	int			 ending;
	int			 lost;		/* the session is */
	int			 signo;		/* that ends us */
} x;

/*
 * Words
 */

static void	 say(int, const char *, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
static void	 fatal(int, const char *, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

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
	    "            [-p file] [-w seconds] peer [service]\n"
	    "       xcat -s [options] peer\n"
	    "       xcat -l [-k] [-a who] [options] [service[=target] ...]\n"
	    "       xcat -L [addr:]port [options] peer [service]\n"
	    "       xcat -D [addr:]port [options] peer\n"
	    "       xcat -z [options] peer [service]\n"
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
	if (x.session != NULL && !x.lost)
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

/* Does one stream make the whole run? */
static int
single(void)
{
	return x.mode == CALL || x.mode == SEND || x.mode == PROBE ||
	    (x.mode != FORWARD && !x.conf.keep);
}

static int
listening(void)
{
	return x.mode == LISTEN || x.mode == SERVE;
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

static void	 link_timeout(void *);
static void	 link_silent(void *);
static void	 stream_stands(struct link *);
static void	 take_next(void);

static void
link_changed(void *arg)
{
	struct link	*l = arg;

	l->changed = 1;
}

static struct link *
link_new(void)
{
	struct link	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->timer = (struct timer){ .fire = link_timeout, .arg = l };
	l->silence = (struct timer){ .fire = link_silent, .arg = l };
	timer_set(x.loop, &l->silence, clock_ms() + 1000 * ALIVE_TIME);
	TAILQ_INSERT_TAIL(&x.links, l, next);
	x.nlinks++;
	return l;
}

static void
link_free(struct link *l)
{
	timer_clear(x.loop, &l->timer);
	timer_clear(x.loop, &l->silence);
	reach_cancel(l->reach);
	if (l->socks != NULL)
		socks_reply(l->socks, SOCKS_FAILURE);
	end_free(l->end);
	stream_free(l->stream);
	free(l->host);
	free(l->port);
	TAILQ_REMOVE(&x.links, l, next);
	x.nlinks--;
	free(l);
}

/* After many streams at once malloc would keep what they needed. */
static void
give_memory_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/* The link is over.  Where there may be others, that is all. */
static void
link_over(struct link *l, int status)
{
	link_free(l);
	if (x.nlinks == 0)
		give_memory_back();
	if (single() || (x.lost && x.nlinks == 0))
		finish(status);
	else if (x.mode == LISTEN)
		take_next();
}

/* A SOCKS client hears why in a byte. */
static enum socks_reply
socks_code(enum stanza_error err)
{
	switch (err) {
	case SE_INTERNAL_SERVER_ERROR:
		return SOCKS_REFUSED;
	case SE_ITEM_NOT_FOUND:
	case SE_SERVICE_UNAVAILABLE:
	case SE_NOT_ACCEPTABLE:
		return SOCKS_NOT_ALLOWED;
	default:
		return SOCKS_FAILURE;
	}
}

static int
session_status(void)
{
	switch (session_fault(x.session)) {
	case SESSION_REFUSED:
		return EX_LOGIN;
	case SESSION_TIMEOUT:
		return EX_TIME;
	case SESSION_INTERNAL:
		return EX_LOCAL;
	default:
		return EX_SERVER;
	}
}

static void
link_failed(struct link *l, int status, const char *why)
{
	char	 confirmed[64] = "";
	int	 begun = 1;

	/* Nothing was lost that had not begun.  It may have begun and failed
	 * in one turn. */
	if (!l->greeted && stream_sent(l->stream) == 0 &&
	    stream_received(l->stream) == 0)
		begun = 0;
	if (x.lost && !begun)
		status = session_status();
	if (status != EX_PEER && begun)
		snprintf(confirmed, sizeof(confirmed),
		    "; %llu bytes confirmed",
		    (unsigned long long)stream_confirmed(l->stream));
	say(-1, "%s: %s%s", stream_peer(l->stream), why, confirmed);
	/* The local end must not take this for a proper end. */
	if (l->socks != NULL)
		socks_reply(l->socks, socks_code(stream_refusal(l->stream)));
	l->socks = NULL;
	if (l->end != NULL && end_output_finished(l->end))
		end_free(l->end);	/* it had all, and its end */
	else
		end_break(l->end);
	l->end = NULL;
	if (l->pid > 0)
		child_hangup(l->pid);
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

/* The stream has failed, for the reason that it gives. */
static void
link_broke(struct link *l)
{
	link_failed(l, stream_status(stream_fault(l->stream)),
	    stream_why(l->stream));
}

static void
link_end_failed(struct link *l)
{
	char	 why[128];
	int	 e = end_error(l->end);

	snprintf(why, sizeof(why), x.mode == SERVE || x.mode == FORWARD ?
	    "%s the local end: %s" : end_failed(l->end)[0] == 'r' ?
	    "%s standard input: %s" : "%s standard output: %s",
	    end_failed(l->end), strerror(e));
	stream_abort(l->stream, SE_INTERNAL_SERVER_ERROR);
	link_failed(l, EX_LOCAL, why);
}

/* What came and what went; not what merely waits here. */
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

	snprintf(why, sizeof(why), "nothing moved for %ld s; try again, "
	    "or give it more time with -w",
	    x.conf.timeout);
	stream_abort(l->stream, SE_REMOTE_SERVER_TIMEOUT);
	link_failed(l, EX_TIME, why);
}

static void
link_silent(void *arg)
{
	struct link	*l = arg;

	timer_set(x.loop, &l->silence, clock_ms() + 1000 * ALIVE_TIME);
	if (l->stream == NULL)
		return;
	/* What came before a failure is for the local end, but one that waits
	 * for us to read will never take it. */
	if (stream_state(l->stream) == STREAM_FAILED &&
	    (x.mode == SERVE || x.mode == FORWARD) && l->doomed++) {
		link_broke(l);
		return;
	}
	if (l->heard == stream_received(l->stream))
		stream_ping(l->stream);
	l->heard = stream_received(l->stream);
}

/* Say once what protects the stream, and remember whom we met. */
static void
greet(struct link *l)
{
	const char	*peer = stream_peer(l->stream);
	const char	*key = stream_key(l->stream);
	char		 line[TRUST_ERR];

	l->greeted = 1;
	if (key == NULL) {
		say(1, "%s: not encrypted end to end", peer);
		return;
	}
	say(1, "%s: tls 1.3 end to end, key %s", peer, key);
	if (trust_met(x.trust, peer, key, line, sizeof(line)) != NULL)
		say(0, "%s", line);
}

/* Something happened to the stream or to the end: see what follows. */
static void
link_check(struct link *l)
{
	enum stream_state	 state = stream_state(l->stream);
	uint64_t		 now_moved = moved(l);

	if (state == STREAM_OPEN && !l->greeted) {
		greet(l);
		stream_stands(l);
	}
	if (now_moved != l->progress) {
		l->progress = now_moved;
		link_tick(l);
	}
	if (l->end == NULL) {
		if (state == STREAM_FAILED)
			link_broke(l);
		else if (state == STREAM_CLOSED)
			link_over(l, EX_FINE);
		return;
	}
	/* The end of input is passed on only behind all that came, and only
	 * if it is the true end. */
	if (end_error(l->end) == 0 && stream_eof(l->stream) &&
	    !end_output_finished(l->end) && (state != STREAM_FAILED ||
	    stream_heard_end(l->stream)))
		end_finish_output(l->end);
	if (end_error(l->end) != 0)
		link_end_failed(l);
	else if (state == STREAM_FAILED && stream_eof(l->stream))
		link_broke(l);
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
			if (l->stream != NULL)
				link_check(l);
		}
	if (x.ibb != NULL)
		session_pause(x.session, ibb_congested(x.ibb));
}

/* A stream's side of an end. */

static size_t
link_room(void *arg)
{
	struct link	*l = arg;

	return session_room(x.session) > 0 ? stream_room(l->stream) : 0;
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

/* Join the stream to these descriptors, which it closes when it is over. */
static void
link_join(struct link *l, int rfd, int wfd)
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

	l->end = end_new(x.loop, rfd, wfd, &peer);
	l->changed = 1;
	link_tick(l);
	if (l->end == NULL)
		fatal(EX_LOCAL, "out of memory");
}

/* Copies, because a listener's next stream wants them again. */
static int
keep_fd(int fd)
{
	return x.conf.keep ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd;
}

static void
link_join_stdio(struct link *l)
{
	link_join(l, x.conf.no_stdin ? -1 : keep_fd(STDIN_FILENO),
	    x.mode == SEND ? -1 : keep_fd(STDOUT_FILENO));
}

static const char *
judge(void *arg, const char *fingerprint)
{
	struct link	*l = arg;

	return trust_judge(x.trust, listening() ? stream_peer(l->stream) :
	    x.peer, fingerprint);
}

static struct stream_conf
stream_conf(void)
{
	return (struct stream_conf){
		.block = (size_t)x.conf.block_size,
		.message = x.conf.message,
		.close_at_end = x.conf.close_at_eof || x.mode == SEND,
		.close_plain = x.mode == SERVE || x.mode == FORWARD ||
		    x.mode == PROBE,
		.deadline = answer_deadline,
		.tls = x.e2e,
		.require = x.conf.e2e == E2E_REQUIRE || (!listening() &&
		    x.trust != NULL && trust_expects(x.trust, x.peer)),
		.judge = judge,
		.iqs = session_iqs(x.session),
	};
}

/*
 * Calling
 */

/* Open the link's stream to a service of the peer. */
static int
call(struct link *l, const char *host, const char *port)
{
	struct stream_conf	 sc = stream_conf();

	sc.host = host;
	sc.port = port;
	l->stream = stream_call(x.ibb, x.peer, &sc, link_changed, l);
	if (l->stream == NULL)
		fatal(EX_LOCAL, "out of memory");
	return l->stream == NULL ? -1 : 0;
}

static void
call_stdio(void)
{
	struct link	*l;

	if ((l = link_new()) == NULL)
		fatal(EX_LOCAL, "out of memory");
	else if (call(l, x.host, x.port) == 0)
		link_join_stdio(l);
}

/* -L: somebody has connected. */
static void
forward(void *arg, int fd)
{
	struct link	*l;

	(void)arg;
	if (x.ibb == NULL || x.ending || (l = link_new()) == NULL)
		close(fd);
	else if (call(l, x.host, x.port) == 0)
		link_join(l, fd, fd);
	else
		close(fd);
}

/* -D: somebody has said where to. */
static void
forward_asked(void *arg, const char *host, const char *port)
{
	struct link	*l = arg;

	if (host == NULL) {		/* it went away */
		l->socks = NULL;
		link_free(l);
		return;
	}
	l->host = strdup(host);
	l->port = strdup(port);
	if (l->host == NULL || l->port == NULL)
		fatal(EX_LOCAL, "out of memory");
	else
		call(l, l->host, l->port);
}

static void
forward_socks(void *arg, int fd)
{
	struct link	*l;

	(void)arg;
	if (x.ibb == NULL || x.ending || (l = link_new()) == NULL)
		close(fd);
	else if ((l->socks = socks_new(x.loop, fd, forward_asked, l)) == NULL)
		link_free(l);
}

/* -L and -D are bound before the login: what cannot work fails at once. */
static void
open_ports(const struct conf_list *where, port_fn *fn)
{
	struct conf_item	*item;
	char			 why[PORT_ERR];

	STAILQ_FOREACH(item, where, next)
		if (ports_open(x.ports, item->value, fn, NULL, why) == -1)
			errx(EX_LOCAL, "%s", why);
}

static void
announce_ports(void)
{
	struct conf_item	*item;

	STAILQ_FOREACH(item, &x.conf.forward, next)
		say(0, "forwarding %s to %s", item->value, x.peer);
	STAILQ_FOREACH(item, &x.conf.socks, next)
		say(0, "forwarding SOCKS5 on %s to %s", item->value, x.peer);
	ports_hold(x.ports, 0);
	systemd_ready();
}

/*
 * -z: what is there
 */

static void
probe_features(void *arg, const struct elem *answer)
{
	const struct elem	*query, *e;
	const char		*var;
	struct link		*l;
	char			 clean[128];

	(void)arg;
	if (answer != NULL && stanza_error(answer) == SE_NONE)
		printf("round trip: %lld ms\n",
		    (long long)(clock_ms() - x.asked));
	query = elem_child(answer, NULL, "query");
	for (e = elem_child(query, NULL, "feature"); e != NULL;
	    e = elem_next(e, NULL, "feature"))
		if ((var = elem_attr(e, "var")) != NULL)
			printf("feature: %s\n", text_clean(var, clean,
			    sizeof(clean)));
	if ((l = link_new()) == NULL)
		fatal(EX_LOCAL, "out of memory");
	else
		call(l, x.host, x.port);
}

static void
probe(void)
{
	struct iq_table	*t = session_iqs(x.session);

	printf("server: %s port %u, %s\n", x.where.host, x.where.port,
	    session_security(x.session));
	x.asked = clock_ms();
	xw_elem(iq_request(t, "get", x.peer), "query",
	    "http://jabber.org/protocol/disco#info", NULL);
	if (iq_ask(t, probe_features, NULL, answer_deadline()) == -1)
		fatal(EX_LOCAL, "out of memory");
}

static void
probed(struct link *l)
{
	const char	*key = stream_key(l->stream);

	printf("session: %s%s\n", key != NULL ? "tls 1.3 end to end, key " :
	    "not encrypted end to end", key != NULL ? key : "");
	printf("carrier: in-band (XEP-0047), %s stanzas, blocks of %zu bytes\n",
	    x.conf.message ? "message" : "iq", stream_block(l->stream));
	printf("reachable: %s%s%s%s%s\n", x.peer, x.host != NULL ? " " : "",
	    x.host != NULL ? x.host : "", x.port != NULL ? ":" : "",
	    x.port != NULL ? x.port : "");
	stream_finish(l->stream);
}

/* The stream is open: those who had to wait for that go on. */
static void
stream_stands(struct link *l)
{
	if (x.mode == PROBE) {
		probed(l);
	} else if (l->socks != NULL) {
		int	 fd = socks_reply(l->socks, SOCKS_OK);

		l->socks = NULL;
		link_join(l, fd, fd);
	}
}

/*
 * Listening
 */

/* It is this link's turn at standard input and output. */
static void
take(struct link *l)
{
	say(1, "%s: stream", stream_peer(l->stream));
	if (stream_accept(l->stream) == 0)
		link_join_stdio(l);
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

/* The service is at hand, or it is not. */
static void
reached(void *arg, int rfd, int wfd, pid_t pid, const char *err)
{
	struct link	*l = arg;

	l->reach = NULL;
	if (rfd == -1) {
		say(0, "%s: %s", stream_peer(l->stream), err);
		stream_refuse(l->stream, SE_INTERNAL_SERVER_ERROR, err);
		l->stream = NULL;
		link_over(l, EX_LOCAL);
		return;
	}
	l->pid = pid;
	stream_accept(l->stream);
	link_join(l, rfd, wfd);
	if (pid > 0 && l->end != NULL)
		end_outlive(l->end);
}

static void
serve(struct link *l, const struct target *t)
{
	struct reach_env	 env = {
		.peer = stream_peer(l->stream),
		.sid = stream_sid(l->stream),
		.local = session_jid(x.session),
	};

	say(1, "%s: stream for %s", env.peer, t->name);
	l->reach = reach(x.loop, x.resolver, t, &env, reached, l);
	if (l->reach == NULL)
		reached(l, -1, -1, 0, "out of memory");
}

static int
too_many(const char *peer)
{
	char		 bare[JID_MAX];
	struct link	*l;
	long		 theirs = 0;

	if (x.mode == LISTEN)
		return (x.nlinks > 0 && !x.conf.keep) || x.nlinks > BACKLOG;
	jid_bare(peer, bare);
	TAILQ_FOREACH(l, &x.links, next)
		if (jid_samebare(stream_peer(l->stream), bare))
			theirs++;
	return (x.nlinks > 0 && !x.conf.keep) ||
	    x.nlinks >= (size_t)x.conf.max_streams ||
	    theirs >= x.conf.max_streams_per_peer;
}

static void
offered(void *arg, struct inband *offer, const struct elem *open)
{
	struct stream_conf	 sc = stream_conf();
	struct target		 target;
	struct link		*l;
	const char		*peer = inband_peer(offer);
	char			 why[SERVICE_ERR];

	(void)arg;
	if (allow_check(x.allow, peer) == ALLOW_KEY &&
	    (x.e2e == NULL || !stream_offers_session(open))) {
		say_refused(peer, "it shows no key, and -a wants one");
		inband_refuse(offer, SE_SERVICE_UNAVAILABLE, NULL);
	} else if (x.mode == SERVE && services_match(x.services,
	    stream_host(open), stream_port(open), &target, why) == -1) {
		say(0, "%s: %s", peer, why);
		inband_refuse(offer, SE_ITEM_NOT_FOUND, why);
	} else if (too_many(peer) || (l = link_new()) == NULL) {
		inband_refuse(offer, SE_BUSY, "too many streams at once");
	} else if ((l->stream = stream_offered(offer, open, &sc, link_changed,
	    l)) == NULL) {
		link_free(l);
	} else if (x.mode == SERVE) {
		serve(l, &target);
	} else if (x.nlinks == 1) {
		take(l);
	}
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

static void
announce(void)
{
	char	 quoted[4 * JID_MAX];

	say(0, "listening; reach it with: xcat %s",
	    text_quote(session_jid(x.session), quoted, sizeof(quoted)));
	systemd_ready();
}

static void
roster_came(int good)
{
	if (good)
		announce();
	else
		fatal(EX_SERVER, "%s: the server gives no roster, which -a "
		    "@roster needs", x.jid);
}

static void
listen_for_streams(void)
{
	if (!allow_wants_roster(x.allow))
		announce();
	else if (roster_fetch(session_iqs(x.session), x.allow,
	    answer_deadline(), roster_came) == -1)
		fatal(EX_LOCAL, "out of memory");
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
session_line(void *arg, int level, const char *line)
{
	(void)arg;
	say(level, "%s", line);
}

static void
logged_in(void *arg)
{
	struct ibb_host	 host = {
		.allowed = allowed_or_said,
		.offer = listening() ? offered : NULL,
		.trace = trace,
	};

	(void)arg;
	if ((x.ibb = ibb_new(session_iqs(x.session), &host)) == NULL)
		fatal(EX_LOCAL, "out of memory");
	else if (listening())
		listen_for_streams();
	else if (x.mode == FORWARD)
		announce_ports();
	else if (x.mode == PROBE)
		probe();
	else
		call_stdio();
}

static int
stanza(void *arg, const struct elem *e)
{
	(void)arg;
	return ibb_input(x.ibb, e) || (x.allow != NULL &&
	    roster_push(session_iqs(x.session), x.allow, e));
}

/* With streams open, these break, once what came of them is out. */
static void
session_over(void *arg)
{
	struct link	*l, *next;

	(void)arg;
	x.lost = 1;
	if (x.ending) {
		loop_stop(x.loop);
		return;
	}
	TAILQ_FOREACH_SAFE(l, &x.links, next, next)
		if (l->stream == NULL) {
			link_free(l);
		} else {
			/* It may have opened in this very turn. */
			if (stream_state(l->stream) == STREAM_OPEN &&
			    !l->greeted)
				greet(l);
			stream_break(l->stream, session_why(x.session));
		}
	if (x.nlinks == 0)
		fatal(session_status(), "%s: %s", x.where.host,
		    session_why(x.session));
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
		.closed = session_over,
		.log = session_line,
	};

	x.session = session_new(x.loop, x.resolver, &sc, &host);
	if (x.session == NULL)
		errx(EX_LOCAL, "out of memory");
}

/*
 * Signals
 */

static void
reap(void)
{
	struct link	*l;
	char		 how[64];
	pid_t		 pid;

	while ((pid = child_reap(how, sizeof(how))) != 0) {
		say(1, "command (process %ld): %s", (long)pid, how);
		TAILQ_FOREACH(l, &x.links, next)
			if (l->pid == pid) {
				l->pid = 0;
				/* It hears no more: its last word ends all. */
				if (l->stream != NULL)
					stream_close_at_end(l->stream);
			}
	}
}

static void
signalled(void *arg, int signo)
{
	struct link	*l;

	(void)arg;
	if (signo == SIGCHLD) {
		reap();
		return;
	}
	if (x.signo != 0) {	/* twice: at once */
		loop_stop(x.loop);
		return;
	}
	x.signo = signo;
	TAILQ_FOREACH(l, &x.links, next) {
		if (l->stream != NULL)
			stream_abort(l->stream, SE_RECIPIENT_UNAVAILABLE);
		if (l->pid > 0)
			child_hangup(l->pid);
	}
	finish(128 + signo);
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
set_mode(enum mode mode)
{
	if (x.mode != CALL && x.mode != mode)
		errx(EX_USE, "of -l, -s, -z, -K and -L or -D, only one can "
		    "be");
	x.mode = mode;
}

static void
parse_options(int argc, char *argv[])
{
	char	 why[CONF_ERR];
	int	 c;

	/* With + the first operand ends the options everywhere: a service may
	 * begin with a dash. */
	while ((c = getopt(argc, argv,
	    "+46a:b:C:c:D:dhij:KkL:lmNo:p:qsvw:z")) != -1)
		switch (c) {
		case '?':
			usage(EX_USE);
			break;
		case 'h':
			usage(EX_FINE);
			break;
		case 'K':
			set_mode(KEY);
			break;
		case 'l':
			set_mode(LISTEN);
			break;
		case 's':
			set_mode(SEND);
			break;
		case 'z':
			set_mode(PROBE);
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
			if (conf_letter(&x.conf, c, optarg, why) == -1)
				errx(EX_USE, "-%c: %s", c, why);
			break;
		}
	if (!STAILQ_EMPTY(&x.conf.forward) || !STAILQ_EMPTY(&x.conf.socks))
		set_mode(FORWARD);
}

/* -K */
static void
show_key(void)
{
	struct identity	 id;
	char		 why[IDENTITY_ERR], fingerprint[E2E_FINGERPRINT];

	if (identity_load(&id, x.conf.dir, why) == -1)
		errx(EX_USE, "%s", why);
	if (*id.note != '\0')
		errx(EX_LOCAL, "%s", id.note);
	if (e2e_fingerprint(id.cert, fingerprint) == -1 ||
	    printf("%s\n", fingerprint) == -1 || fflush(stdout) == EOF)
		err(EX_LOCAL, "standard output");
	exit(EX_FINE);
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
	if (x.conf.jid == NULL)
		errx(EX_USE, "no account: give one with -j user@domain, "
		    "XCAT_JID, or a line \"jid user@domain\" in %s",
		    x.conf.path);
	prepare_jid(x.conf.jid, x.jid, "-j");
	if (*jid_resource(x.jid) == '\0')
		jid_setresource(x.jid, listening() ? DEFAULT_RESOURCE : NULL);
}

static void
peer_jid(const char *given)
{
	char	 local[JID_MAX];

	prepare_jid(given, x.peer, "peer");
	/* A bare domain is a component, which has no resources. */
	if (*jid_resource(x.peer) == '\0' &&
	    *jid_local(x.peer, local) != '\0')
		jid_setresource(x.peer, DEFAULT_RESOURCE);
}

static void
listen_arguments(int argc, char *argv[])
{
	char	 why[SERVICE_ERR];

	if (argc == 0)
		return;
	x.mode = SERVE;
	x.services = services_new(argv, (size_t)argc, why);
	if (x.services == NULL)
		errx(EX_USE, "%s", why);
}

static void
call_arguments(int argc, char *argv[])
{
	int	 most = x.mode == SEND ? 1 : 2;

	if (!STAILQ_EMPTY(&x.conf.socks) && STAILQ_EMPTY(&x.conf.forward))
		most = 1;	/* its clients name the service */
	if (argc < 1 || argc > most)
		usage(EX_USE);
	if (x.conf.keep)
		errx(EX_USE, "-k needs -l");
	if (x.mode == SEND && x.conf.no_stdin)
		errx(EX_USE, "-s and -d together leave nothing to do");
	peer_jid(argv[0]);
	if (argc == 2 && service_split(argv[1], &x.host, &x.port) == -1)
		errx(EX_USE, "service %s: give a name, a port or host:port",
		    argv[1]);
}

static void
check_arguments(int argc, char *argv[])
{
	if (x.mode == KEY && argc > 0)
		usage(EX_USE);
	if (x.mode == KEY)
		show_key();
	if (x.mode == LISTEN)
		listen_arguments(argc, argv);
	else
		call_arguments(argc, argv);
	own_jid();
}

/*
 * From here to there
 */

/* What the sessions with other xcats need. */
static void
prepare_e2e(void)
{
	const struct identity	*id;
	char			 why[TRUST_ERR];

	if (x.conf.e2e == E2E_OFF)
		return;
	if ((x.trust = trust_new(x.conf.dir, x.allow, why)) == NULL)
		errx(EX_USE, "%s", why);
	id = trust_identity(x.trust);
	if (*id->note != '\0')
		say(0, "%s", id->note);
	if ((x.e2e = e2e_context(id->cert, id->key)) == NULL)
		errx(EX_LOCAL, "out of memory");
}

/* Everything that can be wrong before the network is. */
static void
prepare(void)
{
	char	 why[CONF_ERR], domain[JID_MAX], ascii[JID_MAX];
	char	 local[JID_MAX];
	int	 anonymous = *jid_local(x.jid, local) == '\0';

	if (jid_ascii(jid_domain(x.jid, domain), ascii) == -1)
		errx(EX_USE, "-j %s: its domain cannot be a host name",
		    x.jid);
	if (where_parse(x.conf.server, ascii, &x.where, why) == -1)
		errx(EX_USE, "%s", why);
	if (listening() && (x.allow = allow_new(&x.conf.allow,
	    anonymous ? NULL : x.jid, why)) == NULL)
		errx(EX_USE, "%s", why);
	x.tls = tls_context(x.conf.ca_file, x.conf.certificate, x.conf.key,
	    why);
	if (x.tls == NULL)
		errx(EX_USE, "%s", why);
	prepare_e2e();
	if (!anonymous && x.conf.certificate == NULL &&
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
	if (loop_signals(x.loop, signalled, NULL) == -1)
		err(EX_LOCAL, "signals");
	if (x.mode != FORWARD)
		return;
	if ((x.ports = ports_new(x.loop)) == NULL)
		errx(EX_LOCAL, "out of memory");
	open_ports(&x.conf.forward, forward);
	open_ports(&x.conf.socks, forward_socks);
	ports_hold(x.ports, 1);	/* until there is a way to the peer */
}

static void
tear_down(void)
{
	struct link	*l;

	while ((l = TAILQ_FIRST(&x.links)) != NULL)
		link_free(l);
	ports_free(x.ports);
	ibb_free(x.ibb);
	session_free(x.session);
	resolver_free(x.resolver);
	loop_free(x.loop);
	services_free(x.services);
	trust_free(x.trust);
	allow_free(x.allow);
	SSL_CTX_free(x.tls);
	SSL_CTX_free(x.e2e);
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
	if (fflush(stdout) == EOF)
		err(EX_LOCAL, "standard output");
	return x.status;
}
