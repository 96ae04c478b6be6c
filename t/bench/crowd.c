#include <sys/queue.h>
#include <sys/epoll.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "ibb/dispatch.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/io/clock.h"
#include "t/bench/crowd.h"
#include "t/bench/source.h"
#include "t/bench/stat.h"
#include "t/lib/stanza.h"
#include "t/lib/tls_context.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define WORD	64		/* bytes */
#define OUT_MAX	(4 * 1024 * 1024) /* bytes for the server */
#define PATIENCE 60000		/* ms for an answer */
#define PIECE	16384		/* bytes of a read */

struct client {
	const struct crowd *crowd;
	char		 jid[256], password[64];
	struct xmpp	 x;
	struct source	 source;
	struct parse	*in;
	struct buf	 out;		/* that the server has not taken */
	int		 mute;		/* what is to be sent is lost */
	struct iq_table	*iqs;
	struct dispatch	*dispatch;
	struct ibb	*ibb;
	struct stream	*stream;
	enum client_state state;
	int		 waits;		/* for a word, or an answer */
	double		 since;		/* of the call, or of the word */
	size_t		 got;		/* bytes of the word */
	uint64_t	 answers;
	int		 due;		/* it is in the list below */
	TAILQ_ENTRY(client) next;
};

static TAILQ_HEAD(, client)	 due = TAILQ_HEAD_INITIALIZER(due);

static void
must(int good)
{
	if (!good)
		errx(1, "out of memory");
}

/* To be looked at by crowd_settle(). */
static void
client_due(void *arg)
{
	struct client	*c = arg;

	if (!c->due)
		TAILQ_INSERT_TAIL(&due, c, next);
	c->due = 1;
}

/*
 * Stanzas out
 */

static int
client_post(void *arg, const void *stanza, size_t len)
{
	struct client	*c = arg;

	if (c->mute)
		return 0;
	must(buf_add(&c->out, stanza, len) == 0);
	client_due(c);
	return 0;
}

static void
client_flush(struct client *c)
{
	int	 n;

	ERR_clear_error();
	while (buf_len(&c->out) > 0) {
		n = SSL_write(c->x.ssl, buf_data(&c->out),
		    (int)buf_len(&c->out));
		if (n <= 0 && SSL_get_error(c->x.ssl, n) ==
		    SSL_ERROR_WANT_WRITE) {
			source_want(&c->source, EPOLLIN | EPOLLOUT);
			return;
		}
		if (n <= 0)
			errx(1, "%s: cannot write to the server", c->jid);
		buf_drain(&c->out, (size_t)n);
	}
	source_want(&c->source, EPOLLIN);
}

/*
 * Stanzas in
 */

static void
client_take(struct client *c, const struct elem *e)
{
	if (elem_is(e, NS_STREAMS, "error"))
		errx(1, "%s: the server ends the stream", c->jid);
	if (!stanza_is(e, "iq"))
		return;
	if (stanza_type(e, "result") || stanza_type(e, "error")) {
		c->answers++;
		iq_answer(c->iqs, e);
	} else if (!dispatch_stanza(c->dispatch, e, 0)) {
		iq_refuse(c->iqs, e, SE_SERVICE_UNAVAILABLE, NULL);
	}
}

static void
client_parse(struct client *c, const void *data, size_t len)
{
	enum parse_event	 ev;
	struct elem		*e;

	must(parse_feed(c->in, data, len) == 0);
	while ((ev = parse_next(c->in, &e)) != PARSE_MORE) {
		if (ev == PARSE_ERROR || ev == PARSE_CLOSE)
			errx(1, "%s: the server's XML: %s", c->jid,
			    ev == PARSE_CLOSE ? "ended" : parse_error(c->in));
		if (ev == PARSE_STANZA)
			client_take(c, e);
		elem_free(e);
	}
}

static void
client_ready(void *arg, uint32_t events)
{
	static char	 b[PIECE];
	struct client	*c = arg;
	int		 n;

	if (events & EPOLLOUT)
		client_due(c);
	ERR_clear_error();
	while ((n = SSL_read(c->x.ssl, b, sizeof(b))) > 0)
		client_parse(c, b, (size_t)n);
	if (SSL_get_error(c->x.ssl, n) != SSL_ERROR_WANT_READ)
		errx(1, "%s: the server ends the connection", c->jid);
}

/*
 * A login
 */

static int
allows_none(void *arg, const char *from)
{
	(void)arg;
	(void)from;
	return 0;
}

static void
no_trace(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

/* The streams of a connection that is there already. */
static void
client_begin(struct client *c)
{
	struct ibb_host	 host = { .allowed = allows_none, .trace = no_trace,
			     .now = clock_us, .ask_later = client_due,
			     .arg = c };

	buf_init(&c->out, OUT_MAX);
	must((c->iqs = iq_new(client_post, c)) != NULL);
	must(iq_setjid(c->iqs, c->jid) == 0);
	must((c->dispatch = dispatch_new()) != NULL);
	must((c->ibb = ibb_new(c->iqs, c->dispatch, &host)) != NULL);
	must((c->in = parse_new(parse_defaults())) != NULL);
	c->source = (struct source){ .fd = c->x.fd, .ready = client_ready,
	    .arg = c };
	source_unblock(&c->source);
	source_want(&c->source, EPOLLIN);
	client_parse(c, HEADER, strlen(HEADER));
}

struct client *
client_new(const struct crowd *cr, size_t n)
{
	struct xmpp_login	 l = cr->login;
	struct client		*c = calloc(1, sizeof(*c));

	must(c != NULL);
	c->crowd = cr;
	snprintf(c->jid, sizeof(c->jid), "crowd%zu@%s/load", n, cr->domain);
	snprintf(c->password, sizeof(c->password), "pencil-crowd%zu", n);
	l.jid = c->jid;
	l.password = c->password;
	xmpp_login(&c->x, &l);
	client_begin(c);
	return c;
}

/*
 * Streams
 */

static int64_t
deadline(void *arg)
{
	(void)arg;
	return clock_ms() + PATIENCE;
}

static const char *
content(void *arg, const char *fingerprint)
{
	(void)arg;
	(void)fingerprint;
	return NULL;
}

static struct stream *
client_stream(struct client *c)
{
	static SSL_CTX		*tls;
	struct stream_conf	 sc = { .block = INBAND_BLOCK_DEFAULT,
				     .most = INBAND_BLOCK_MAX,
				     .deadline = deadline, .judge = content,
				     .iqs = c->iqs,
				     .host = c->crowd->service };
	struct stream		*s;

	if (tls == NULL)
		tls = tls_context_new();
	sc.tls = tls;
	s = stream_call(c->ibb, c->crowd->listener, &sc, client_due, c);
	must(s != NULL);
	return s;
}

void
client_call(struct client *c)
{
	c->got = 0;
	c->waits = 0;
	c->since = stat_now();
	c->state = CLIENT_OPENING;
	c->stream = client_stream(c);
}

/* Free it without a word to its peer. */
static void
drop_silently(struct client *c, struct stream *s)
{
	c->mute = 1;
	stream_free(s);
	c->mute = 0;
}

void
client_half_call(struct client *c)
{
	drop_silently(c, client_stream(c));
}

void
client_forget(struct client *c)
{
	drop_silently(c, c->stream);
	c->stream = NULL;
	c->state = CLIENT_IDLE;
}

void
client_knock(struct client *c)
{
	struct xw	*w = iq_request(c->iqs, "set", c->crowd->listener);

	xw_start(w, "open", NS_IBB);
	xw_attr(w, "sid", "knock");
	xw_attr(w, "block-size", "4096");
	iq_tell(c->iqs);
}

void
client_say(struct client *c, double since)
{
	static const char	 word[WORD];

	if (stream_write(c->stream, word, sizeof(word)) == -1)
		return;		/* it has failed, as a look will show */
	c->got = 0;
	c->waits = 1;
	c->since = since;
	client_due(c);
}

static void
mirrored(void *arg, const struct elem *answer)
{
	struct client	*c = arg;

	(void)answer;		/* it is refused */
	c->waits = 0;
	c->crowd->mirrored(c, stat_now() - c->since);
}

void
client_mirror(struct client *c, double since)
{
	struct xw	*w = iq_request(c->iqs, "get", c->jid);

	xw_elem(w, "mirror", "t:bench", "");
	must(iq_ask(c->iqs, mirrored, c, IQ_NODEADLINE) == 0);
	c->waits = 1;
	c->since = since;
}

int
client_waits(const struct client *c)
{
	return c->waits;
}

void
client_close(struct client *c)
{
	c->state = CLIENT_CLOSING;
	stream_finish(c->stream);
	client_due(c);
}

uint64_t
client_answers(const struct client *c)
{
	return c->answers;
}

enum client_state
client_state(const struct client *c)
{
	return c->state;
}

/*
 * What has become of them
 */

static void
client_listen(struct client *c)
{
	double	 took = stat_now() - c->since;
	size_t	 len;

	stream_data(c->stream, &len);
	if (len > 0)
		stream_consume(c->stream, len);
	c->got += len;
	if (!c->waits || c->got < WORD)
		return;
	c->waits = 0;
	if (c->state == CLIENT_TRYING) {
		c->state = CLIENT_OPEN;
		c->crowd->opened(c, took);
	} else {
		c->crowd->echoed(c, took);
	}
}

static void
client_ended(struct client *c, const char *why)
{
	struct stream	*s = c->stream;

	c->stream = NULL;
	c->state = CLIENT_IDLE;
	c->crowd->ended(c, why);
	stream_free(s);
}

static void
client_look(struct client *c)
{
	enum stream_state	 state;

	if (c->stream == NULL)
		return;
	client_listen(c);
	state = stream_state(c->stream);
	if (c->state == CLIENT_OPENING && state == STREAM_OPEN) {
		c->state = CLIENT_TRYING;
		client_say(c, c->since);
	} else if (state == STREAM_FAILED) {
		client_ended(c, stream_why(c->stream));
	} else if (state == STREAM_CLOSED) {
		client_ended(c, c->state == CLIENT_CLOSING ? NULL :
		    "closed by the listener");
	}
}

void
crowd_settle(void)
{
	struct client	*c;
	int64_t		 now = clock_ms();

	while ((c = TAILQ_FIRST(&due)) != NULL) {
		TAILQ_REMOVE(&due, c, next);
		c->due = 0;
		iq_expire(c->iqs, now);
		client_look(c);
		client_flush(c);
	}
}
