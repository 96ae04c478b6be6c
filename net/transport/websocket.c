/*
 * websocket: a stream in WebSocket messages (RFC 7395), one element
 * in each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http/http.h"
#include "net/http/ws.h"
#include "net/io/io.h"
#include "net/transport/transport_int.h"
#include "net/transport/wrap.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/text.h"
#include "xml/write.h"

#define MESSAGE_MAX	(512 * 1024 * 1024)	/* the parser wants less */
#define REQUEST_MAX	4096
#define SILENCE		25000	/* ms: proxies bear 50 s or a minute */
#define SAFE		8192	/* bytes that any server takes, */
#define SLACK		512	/* and that do not make a large one larger */

/* The parser is given this header, as if the messages were in a stream.  By RFC
 * 7395 each declares its namespaces, but not all servers do so. */
#define HEADER		"<stream:stream xmlns='" NS_CLIENT "' " \
			"xmlns:stream='" NS_STREAMS "'>"

enum websocket_state { WEBSOCKET_TLS, WEBSOCKET_UPGRADE, WEBSOCKET_STREAM };

struct websocket {
	struct transport	*transport;
	struct io	*io;
	enum websocket_state	 state;
	struct http	 http;
	char		 key[WS_KEY];
	struct ws	 ws;
	struct parse	*parse;
	int		 whole;		/* the message has its element */
	struct timer	 resume;	/* go on after a pause */
	int		 paused;
	int		 closed;	/* our <close/> is sent */
	struct buf	 text;		/* for messages on their way out */
	size_t		 largest;	/* bytes of the largest sent, or SAFE */
	struct buf	 frame;
};

static void
websocket_set_state(struct websocket *w, enum websocket_state state)
{
	static const char *const	 names[] = {
		"tls", "upgrade", "stream"
	};

	transport_log(w->transport, 2, "websocket: %s -> %s", names[w->state],
	    names[state]);
	w->state = state;
}

/*
 * Sending
 */

static void
websocket_no_memory(struct websocket *w)
{
	transport_broke(w->transport, TRANSPORT_NOMEM, "out of memory");
}

static int
send_frame(struct websocket *w)
{
	int	 r;

	r = io_write(w->io, buf_data(&w->frame), buf_len(&w->frame));
	buf_truncate(&w->frame, 0);
	return r;
}

/* Send what is in w->text, as a message. */
static int
websocket_send_text(struct websocket *w)
{
	int	 r;

	r = ws_text(&w->frame, buf_data(&w->text), buf_len(&w->text));
	buf_truncate(&w->text, 0);
	return r == -1 ? -1 : send_frame(w);
}

static void
send_open(struct websocket *w)
{
	const struct transport_conf	*conf = &w->transport->conf;
	struct elem		*header = NULL;
	struct xw		 xw;

	parse_free(w->parse);
	w->parse = transport_parser(w->transport);
	xw_init(&xw, &w->text);
	xw_start(&xw, "open", NS_FRAMING);
	xw_attr(&xw, "to", conf->domain);
	if (io_ssl(w->io) != NULL)
		xw_attr(&xw, "from", conf->from);
	xw_attr(&xw, "version", "1.0");
	xw_attr(&xw, "xml:lang", "en");
	if (w->parse == NULL || xw_done(&xw) == -1 ||
	    websocket_send_text(w) == -1 ||
	    parse_feed(w->parse, HEADER, sizeof(HEADER) - 1) == -1 ||
	    parse_next(w->parse, &header) != PARSE_OPEN)
		websocket_no_memory(w);
	elem_free(header);
}

static void
send_close(struct websocket *w)
{
	if (w->closed)
		return;
	w->closed = 1;
	if (buf_addstr(&w->text, "<close xmlns='" NS_FRAMING "'/>") == -1 ||
	    websocket_send_text(w) == -1)
		transport_log(w->transport, 2,
		    "no room for the end of the stream");
}

/* Send a close, which is our last frame. */
static void
hang_up(struct websocket *w, enum ws_code code)
{
	if (ws_close(&w->frame, code) == 0)
		send_frame(w);
	w->closed = 1;
	io_shutdown(w->io);
	io_push(w->io);
}

static void
nonsense(struct websocket *w, enum ws_code code, const char *what)
{
	char	 why[256];

	hang_up(w, code);
	snprintf(why, sizeof(why), "it speaks bad WebSocket (%s): check -c, "
	    "or ask its operator", what);
	transport_broke(w->transport, TRANSPORT_PROTOCOL, why);
}

/*
 * Messages to events
 */

static void
opened(struct websocket *w, const struct elem *e)
{
	const char	*version = elem_attr(e, "version");

	if (version == NULL || version[0] != '1' || version[1] != '.')
		nonsense(w, WS_NORMAL, "not of XMPP 1.0");
	else
		transport_opened(w->transport, e);
}

static void
closed(struct websocket *w, const struct elem *e)
{
	const char	*to = elem_attr(e, "see-other-uri");

	if (to != NULL && io_ssl(w->io) != NULL &&
	    transport_moved(w->transport, to) == -1)
		transport_log(w->transport, 1, "the server sends us to a place "
		    "that makes no sense");
	send_close(w);
	hang_up(w, WS_NORMAL);
	transport_ended(w->transport);
}

static void
element(struct websocket *w, const struct elem *e)
{
	if (elem_is(e, NS_FRAMING, "open"))
		opened(w, e);
	else if (elem_is(e, NS_FRAMING, "close"))
		closed(w, e);
	else
		transport_stanza(w->transport, e);
}

static int
blank(const unsigned char *p, size_t len)
{
	for (; len > 0; p++, len--)
		if (*p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
			return 0;
	return 1;
}

/* Take a part of a message, which is to be an element and nothing else. */
static void
message(struct websocket *w, const unsigned char *data, size_t len)
{
	struct elem		*e = NULL;
	enum parse_event	 ev = PARSE_MORE;
	size_t			 rest = len;

	if (!w->whole) {
		if (parse_feed(w->parse, data, len) == -1) {
			websocket_no_memory(w);
			return;
		}
		if ((ev = parse_next(w->parse, &e)) == PARSE_MORE)
			return;
		if (ev == PARSE_ERROR && parse_starved(w->parse)) {
			websocket_no_memory(w);
			return;
		}
		if (ev != PARSE_STANZA && ev != PARSE_CUT) {
			nonsense(w, WS_BAD_DATA, ev == PARSE_ERROR ?
			    parse_error(w->parse) : "no whole element");
			return;
		}
		w->whole = 1;
		rest = parse_pending(w->parse);
	}
	if (rest > len || !blank(data + len - rest, rest))
		nonsense(w, WS_BAD_DATA, "more than one element in a message");
	else if (ev == PARSE_CUT)
		transport_cut(w->transport, e);
	else if (e != NULL)
		element(w, e);
	elem_free(e);
}

static void
websocket_frame(struct websocket *w, enum ws_event ev,
    const unsigned char *data,
    size_t len)
{
	char	 said[WS_CONTROL_MAX + 1], why[256];

	switch (ev) {
	case WS_DATA:
		message(w, data, len);
		break;
	case WS_END:
		if (!w->whole)
			nonsense(w, WS_BAD_DATA, "no whole element");
		w->whole = 0;
		break;
	case WS_PING:
		if (ws_pong(&w->frame, data, len) == 0)
			send_frame(w);
		break;
	case WS_CLOSE:
		hang_up(w, WS_NORMAL);
		if (w->ws.code == WS_NORMAL || w->ws.code == WS_NO_CODE) {
			transport_ended(w->transport);
			break;
		}
		snprintf(why, sizeof(why), "the server closed it with code "
		    "%u (%s)%s", w->ws.code, text_cut((const char *)data,
		    said, sizeof(said)), w->ws.code == WS_TOO_LARGE ?
		    ": it takes no stanza so large; try a smaller -b" : "");
		transport_broke(w->transport, w->ws.code == WS_TOO_LARGE ?
		    TRANSPORT_TOO_BIG : TRANSPORT_LOST, why);
		break;
	case WS_ERROR:
		nonsense(w, w->ws.code, ws_error(&w->ws));
		break;
	default:
		break;
	}
}

/*
 * The upgrade (RFC 6455 section 4)
 */

static void
websocket_ask(struct websocket *w)
{
	const struct endpoint	*way = &w->transport->way;
	struct buf		 b;

	websocket_set_state(w, WEBSOCKET_UPGRADE);
	ws_key(w->key);
	http_expect(&w->http, 0);
	buf_init(&b, REQUEST_MAX);
	if (http_start(&b, "GET", way->target, way->host, way->port,
	    way->tls ? 443 : 80) == -1 ||
	    http_add(&b, "Upgrade", "websocket") == -1 ||
	    http_add(&b, "Connection", "Upgrade") == -1 ||
	    http_add(&b, "Sec-WebSocket-Key", w->key) == -1 ||
	    http_add(&b, "Sec-WebSocket-Version", "13") == -1 ||
	    http_add(&b, "Sec-WebSocket-Protocol", "xmpp") == -1 ||
	    http_end(&b) == -1 ||
	    io_write(w->io, buf_data(&b), buf_len(&b)) == -1)
		websocket_no_memory(w);
	buf_free(&b);
}

static const char *
upgrade_error(struct websocket *w)
{
	const struct http	*h = &w->http;
	const char		*accept, *protocol;

	if (h->status != 101)
		return "no WebSocket there";
	accept = http_field(h, "sec-websocket-accept");
	protocol = http_field(h, "sec-websocket-protocol");
	if (!http_has(h, "upgrade", "websocket") ||
	    !http_has(h, "connection", "upgrade") || accept == NULL ||
	    !ws_accepted(w->key, accept) ||
	    http_field(h, "sec-websocket-extensions") != NULL)
		return "a malformed answer to the upgrade";
	if (protocol == NULL || strcmp(protocol, "xmpp") != 0)
		return "a WebSocket, but not of XMPP";
	return NULL;
}

static void
websocket_answered(struct websocket *w)
{
	char		 why[256];
	const char	*err;

	if ((err = upgrade_error(w)) != NULL) {
		snprintf(why, sizeof(why), "%s (HTTP status %d): check -c, "
		    "or ask its operator", err, w->http.status);
		transport_broke(w->transport, TRANSPORT_PROTOCOL, why);
		return;
	}
	websocket_set_state(w, WEBSOCKET_STREAM);
	transport_secure(w->transport);
	send_open(w);
}

static void
upgrade(struct websocket *w)
{
	const unsigned char	*data;
	enum http_event		 ev;
	size_t			 len;
	char			 why[256];

	ev = http_next(&w->http, io_input(w->io), &data, &len);
	if (ev == HTTP_HEAD) {
		websocket_answered(w);
	} else if (ev == HTTP_ERROR) {
		snprintf(why, sizeof(why), "it speaks bad HTTP (%s): "
		    "check -c, or ask its operator", http_error(&w->http));
		transport_broke(w->transport, TRANSPORT_PROTOCOL, why);
	}
}

static void
websocket_input(struct websocket *w)
{
	const unsigned char	*data = NULL;
	enum ws_event		 ev;
	size_t			 len = 0;

	if (w->state == WEBSOCKET_UPGRADE)
		upgrade(w);
	while (w->state == WEBSOCKET_STREAM && !w->paused &&
	    !transport_deaf(w->transport) &&
	    (ev = ws_next(&w->ws, io_input(w->io), &data, &len)) != WS_MORE)
		websocket_frame(w, ev, data, len);
}

static void
websocket_go_on(void *arg)
{
	websocket_input(arg);
}

static void
websocket_io_event(void *arg, enum io_event ev)
{
	struct websocket	*w = arg;

	switch (ev) {
	case IO_SECURE:
		websocket_ask(w);
		break;
	case IO_INPUT:
		websocket_input(w);
		break;
	case IO_DRAINED:
		break;
	case IO_EOF:
		transport_ended(w->transport);
		break;
	case IO_ERROR:
		transport_broke(w->transport,
		    io_starved(w->io)         ? TRANSPORT_NOMEM
		    : w->state != WEBSOCKET_TLS   ? TRANSPORT_LOST
		    : io_untrusted(w->io) ? TRANSPORT_UNTRUSTED
		    : TRANSPORT_HANDSHAKE,
		    io_error(w->io));
		break;
	}
}

/*
 * Life and death
 */

static void
websocket_free(void *k)
{
	struct websocket	*w = k;

	timer_clear(w->transport->loop, &w->resume);
	io_free(w->io);
	http_free(&w->http);
	parse_free(w->parse);
	buf_free(&w->text);
	buf_free(&w->frame);
	free(w);
}

static void *
websocket_begin(struct transport *r, int fd)
{
	struct websocket	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->transport = r;
	w->resume = (struct timer){ .fire = websocket_go_on, .arg = w };
	buf_init(&w->text, IO_OUT_MAX);
	buf_init(&w->frame, IO_OUT_MAX);
	http_init(&w->http);
	ws_init(&w->ws, MESSAGE_MAX);
	w->largest = SAFE;
	if ((w->io = io_new(r->loop, fd, websocket_io_event, w)) == NULL ||
	    (r->way.tls && transport_tls(r, w->io, "http/1.1") == -1)) {
		websocket_free(w);
		return NULL;
	}
	io_often(w->io);
	if (!r->way.tls)
		websocket_ask(w);
	return w;
}

/* How large a message may be made: as large as the server allows, or not much
 * larger than it has taken already. */
static size_t
most(const struct websocket *w)
{
	return w->transport->limit > 0 ? w->transport->limit
	    : w->largest + SLACK;
}

/* See net/io/record_pack.h for why.  A WebSocket has no spaces between
 * elements, but in a tag they may be.  They may make the frame's header
 * longer. */
static int
fill_records(struct websocket *w)
{
	size_t	 len = buf_len(&w->text), n;

	n = io_fill(w->io, ws_header(len) + len);
	n = io_fill(w->io, ws_header(len + n) + len);
	if (w->largest < len)
		w->largest = len;
	return n > 0 && len + n <= most(w) ? wrap_pad(&w->text, n) : 0;
}

static int
websocket_send(void *k, const void *data, size_t len)
{
	struct websocket	*w = k;

	if (w->closed || w->state != WEBSOCKET_STREAM)
		return -1;
	if (wrap_stanza(&w->text, data, len) == -1 || fill_records(w) == -1) {
		buf_truncate(&w->text, 0);
		return -1;
	}
	return websocket_send_text(w);
}

/* By a ping: white space is no element (RFC 7395 section 3.8). */
static void
websocket_keepalive(void *k)
{
	struct websocket	*w = k;

	if (!w->closed && ws_ping(&w->frame, "", 0) == 0)
		send_frame(w);
}

static size_t
websocket_queued(const void *k)
{
	const struct websocket	*w = k;

	return io_queued(w->io);
}

static void
websocket_restart(void *k)
{
	send_open(k);
}

static void
websocket_pause(void *k, int pause)
{
	struct websocket	*w = k;

	if (w->paused == pause)
		return;
	w->paused = pause;
	io_pause(w->io, pause);
	if (!pause)	/* from the loop, not from within the caller */
		timer_set(w->transport->loop, &w->resume, clock_ms());
}

static void
websocket_close(void *k)
{
	struct websocket	*w = k;

	if (w->state == WEBSOCKET_STREAM)
		send_close(w);
}

static SSL *
websocket_ssl(void *k)
{
	struct websocket	*w = k;

	return io_ssl(w->io);
}

const struct transport_kind *
transport_websocket(void)
{
	static const struct transport_kind	 kind = {
		.begin = websocket_begin,
		.free = websocket_free,
		.send = websocket_send,
		.keepalive = websocket_keepalive,
		.silence = SILENCE,
		.queued = websocket_queued,
		.restart = websocket_restart,
		.pause = websocket_pause,
		.close = websocket_close,
		.ssl = websocket_ssl,
	};

	return &kind;
}
