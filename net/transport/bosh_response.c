/* bosh_response: what a BOSH server answers; see bosh_int.h. */
#include <sys/queue.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http/http.h"
#include "net/io/io.h"
#include "net/transport/bosh_int.h"
#include "net/transport/transport_int.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/number.h"
#include "xml/parse.h"
#include "xml/text.h"

#define PAUSE_MAX	3600		/* s */
#define WAIT_LEAST	2000		/* ms: no proxy is less patient */

static const struct {
	const char	*condition;
	const char	*words;
} conditions[] = {		/* XEP-0124 section 17.2 */
	{ "bad-request", "the server did not understand a request: ask its "
	    "operator" },
	{ "host-gone", "the server no longer serves this domain: check -j "
	    "and -c" },
	{ "host-unknown", "the server does not serve this domain: check -j "
	    "and -c" },
	{ "improper-addressing", "the server wants another domain: check -j "
	    "and -c" },
	{ "internal-server-error", "the server failed; try again later" },
	{ "item-not-found", "the server no longer knows this session; "
	    "try again" },
	{ "other-request", "another request has ended the session; "
	    "try again" },
	{ "policy-violation", "the server's policy forbids what we sent; "
	    "try a smaller -b" },
	{ "remote-connection-failed", "the connection manager cannot reach "
	    "the server; try again later" },
	{ "remote-stream-error", "the server ended the stream; try again, "
	    "or ask its operator" },
	{ "see-other-uri", "the server sends us elsewhere: ask its "
	    "operator" },
	{ "system-shutdown", "the server is shutting down; try again later" },
};

static void
terminate(struct bosh *b)
{
	const char	*words = "the server ended the session; ask its "
			    "operator";
	char		 why[256];
	size_t		 i;
	int		 ours = b->close;

	bosh_set_state(b, BOSH_OVER);
	if (*b->condition == '\0' || ours) {
		transport_ended(b->transport);
		return;
	}
	for (i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
		if (strcmp(conditions[i].condition, b->condition) == 0)
			words = conditions[i].words;
	snprintf(why, sizeof(why), "%s (%s)", words, b->condition);
	/* Whole words already, and no fault of the connection. */
	transport_broke(b->transport, TRANSPORT_PROTOCOL, why);
}

static unsigned
get_uint(const struct elem *e, const char *name, unsigned absent)
{
	const char	*s = elem_attr(e, name);
	uint64_t	 n;

	if (s == NULL || number_read(s, 0, INT32_MAX, &n) == -1)
		return absent;
	return (unsigned)n;
}

static void
created(struct bosh *b, const struct elem *body)
{
	const char	*sid = elem_attr(body, "sid");

	if (sid == NULL || *sid == '\0' ||
	    strlcpy(b->sid, sid, sizeof(b->sid)) >= sizeof(b->sid)) {
		bosh_nonsense(b, "a session without an identifier");
		return;
	}
	b->wait = get_uint(body, "wait", b->wait);
	if (b->wait > WAIT)
		b->wait = WAIT;		/* it should not have said that */
	b->inactivity = get_uint(body, "inactivity", INACTIVITY);
	/* Without the attribute there may be any number. */
	b->window = get_uint(body, "requests", WINDOW);
	if (b->window > WINDOW)
		b->window = WINDOW;
	if (b->window == 0)
		b->window = 1;
	b->maxpause = get_uint(body, "maxpause", 0);
	if (b->maxpause > PAUSE_MAX)
		b->maxpause = PAUSE_MAX;
	bosh_set_state(b, BOSH_OPEN);
	transport_opened(b->transport, body);
}

static void
take_body(struct bosh *b, struct request *q, const struct elem *e)
{
	const char	*type = elem_attr(e, "type");
	const char	*condition = elem_attr(e, "condition");

	if (!elem_is(e, NS_BOSH, "body")) {
		bosh_nonsense(b, "something else than <body/>");
	} else if (type != NULL && strcmp(type, "terminate") == 0) {
		b->terminated = 1;
		text_cut(condition != NULL ? condition : "", b->condition,
		    sizeof(b->condition));
	} else if (type != NULL && strcmp(type, "error") == 0) {
		b->repeat = 1;
	} else if (q->creates) {
		created(b, e);
	} else if (q->restarts) {
		transport_opened(b->transport, e);
	}
}

static void
take_child(struct bosh *b, struct request *q, const struct elem *e, int cut)
{
	/* What came before the response was cut is not told twice. */
	if (++b->children <= q->delivered)
		return;
	q->delivered++;
	if (b->terminated && elem_is(e, NS_BOSH, "uri"))
		(void)(b->transport->way.tls && transport_moved(b->transport,
		    elem_text(e)) == 0);
	else if (cut)
		transport_cut(b->transport, e);
	else
		transport_stanza(b->transport, e);
}

static void
bosh_bad_xml(struct bosh *b)
{
	if (parse_starved(b->parse))
		bosh_fail(b, TRANSPORT_NOMEM, "out of memory");
	else
		bosh_nonsense(b, parse_error(b->parse));
}

void
bosh_deliver(struct bosh *b)
{
	struct request		*q = TAILQ_FIRST(&b->requests);
	struct elem		*e;
	enum parse_event	 ev;

	while (!b->paused && b->state != BOSH_OVER &&
	    !transport_deaf(b->transport) && b->parse != NULL && !b->ended &&
	    (ev = parse_next(b->parse, &e)) != PARSE_MORE) {
		if (ev == PARSE_ERROR)
			bosh_bad_xml(b);
		else if (ev == PARSE_CLOSE)
			b->ended = 1;
		else if (ev == PARSE_OPEN)
			take_body(b, q, e);
		else
			take_child(b, q, e, ev == PARSE_CUT);
		elem_free(e);
	}
}

/* Does a proxy say this, of a server that may be there again? */
static int
is_gateway(int status)
{
	return status == 502 || status == 503 || status == 504;
}

/* A proxy has not borne how long the server held the request. */
static void
learn_wait(struct bosh *b, const struct request *q)
{
	struct discover_bears *bears = discover_bears(b->transport->conf.ways);
	int64_t			 ms = clock_ms() - q->posted;

	if (ms < WAIT_LEAST || (bears->wait_ms != 0 && ms >= bears->wait_ms))
		return;
	bears->wait_ms = ms;
	transport_log(b->transport, 1,
	    "bosh: a proxy does not wait for more than %" PRId64 " ms", ms);
}

/* The request is too large: for a proxy, or for ejabberd, whose limit for
 * stanzas is for requests as well, and which then has not looked at it. */
static int
is_too_large(const struct request *q, int status)
{
	return status == 413 ||
	    (status == 403 && buf_len(&q->lengths) > sizeof(size_t));
}

static void
bosh_take_status(struct line *l)
{
	struct bosh	*b = l->bosh;
	struct request	*q = l->request;
	int		 status = l->http.status;
	char		 why[64];

	if (is_too_large(q, status)) {
		bosh_conn_broke(l);	/* the page behind it is of no use */
		bosh_divide(b, q);
		return;
	}
	/* Section 17.1: older servers say by status what others say in XML. */
	if (b->state != BOSH_CREATING && (status == 400 || status == 403 ||
	    status == 404)) {
		strlcpy(b->condition, status == 400 ? "bad-request" :
		    status == 403 ? "policy-violation" : "item-not-found",
		    sizeof(b->condition));
		terminate(b);
		return;
	}
	if (is_gateway(status)) {
		bosh_conn_broke(l);
		if (status == 504)
			learn_wait(b, q);
		bosh_refused(b, q, status);
	} else if (status != 200) {
		snprintf(why, sizeof(why), "HTTP status %d", status);
		bosh_nonsense(b, why);
	}
}

static void
bosh_begin_body(struct line *l)
{
	struct bosh	*b = l->bosh;

	if (l->begun)
		return;
	l->begun = 1;
	parse_free(b->parse);
	b->parse = transport_parser(b->transport);
	b->children = 0;
	b->ended = b->repeat = b->terminated = 0;
	if (b->parse == NULL)
		bosh_fail(b, TRANSPORT_NOMEM, "out of memory");
}

void
bosh_response_end(struct line *l)
{
	struct bosh	*b = l->bosh;
	struct request	*q = l->request;
	struct elem	*e = NULL;

	if (!b->ended) {
		bosh_nonsense(b, "half a <body/>");
		return;
	}
	if (parse_next(b->parse, &e) == PARSE_ERROR) {
		bosh_nonsense(b, "more than a <body/>");
		return;
	}
	elem_free(e);
	parse_free(b->parse);
	b->parse = NULL;
	l->request = NULL;
	q->line = NULL;
	/* No request asked for what is behind it. */
	if (!l->http.persistent || buf_len(io_input(l->io)) > 0)
		bosh_conn_broke(l);
	if (b->terminated || q->terminates) {
		terminate(b);
	} else if (b->repeat) {		/* section 17.3 */
		bosh_tried(b, q, "the server asks for it");
	} else {
		/* An empty response answers the next request. */
		if (b->children == 0)
			bosh_has_arrived(b);
		b->heard = clock_ms();
		bosh_request_remove(b, q);
	}
	bosh_wake(b);
}

void
bosh_response(struct line *l, enum http_event ev, const unsigned char *data,
    size_t len)
{
	struct bosh	*b = l->bosh;

	switch (ev) {
	case HTTP_HEAD:
		l->headed = 1;
		bosh_take_status(l);
		break;
	case HTTP_BODY:
		bosh_begin_body(l);
		if (b->state == BOSH_OVER)
			break;
		if (parse_feed(b->parse, data, len) == -1)
			bosh_fail(b, TRANSPORT_NOMEM, "out of memory");
		else
			bosh_deliver(b);
		break;
	case HTTP_END:
		bosh_begin_body(l);
		if (b->state != BOSH_OVER)
			bosh_response_end(l);
		break;
	default:
		bosh_nonsense(b, http_error(&l->http));
		break;
	}
}
