/*
 * tcp: a stream on a TCP connection (RFC 6120): TLS from the
 * beginning (XEP-0368), or by STARTTLS (section 5) before anything else is
 * done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/io.h"
#include "net/transport/transport_int.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/write.h"

enum tcp_state {
	TCP_CLEAR,		/* the server's features to come */
	TCP_STARTTLS,		/* asked for, not yet answered */
	TCP_HANDSHAKE,
	TCP_SECURE
};

struct tcp {
	struct transport		*transport;
	struct io		*io;
	struct parse		*parse;
	enum tcp_state		 state;
	struct timer		 resume;	/* go on after a pause */
	int			 paused;
	int			 closed;	/* our end tag is sent */
};

static void	 tcp_close(void *);

static void
tcp_set_state(struct tcp *t, enum tcp_state state)
{
	static const char *const	 names[] = {
		"clear", "starttls", "handshake", "secure"
	};

	transport_log(t->transport, 2, "tcp: %s -> %s", names[t->state],
	    names[state]);
	t->state = state;
}

/* The header has no end tag until the stream ends, so xw cannot write it. */
static void
send_header(struct tcp *t)
{
	const struct transport_conf	*conf = &t->transport->conf;
	struct buf		 b;
	struct xw		 w;

	parse_free(t->parse);
	t->parse = transport_parser(t->transport);
	buf_init(&b, 16 * 1024);
	xw_init(&w, &b);
	w.failed = buf_addstr(&b, "<?xml version='1.0'?>") == -1;
	xw_start(&w, "stream:stream", NS_CLIENT);
	xw_attr(&w, "xmlns:stream", NS_STREAMS);
	xw_attr(&w, "to", conf->domain);
	if (t->state == TCP_SECURE)
		xw_attr(&w, "from", conf->from);
	xw_attr(&w, "version", "1.0");
	xw_attr(&w, "xml:lang", "en");
	xw_text(&w, "\n");	/* ends the start tag */
	if (t->parse == NULL || w.failed ||
	    io_write(t->io, buf_data(&b), buf_len(&b)) == -1)
		transport_broke(t->transport, TRANSPORT_NOMEM, "out of memory");
	buf_free(&b);
}

/* Is anything there that the server sent too early (RFC 6120 section 5.3.3)? */
static int
injected(struct tcp *t)
{
	if (parse_pending(t->parse) == 0 && buf_len(io_input(t->io)) == 0)
		return 0;
	transport_broke(t->transport, TRANSPORT_UNTRUSTED,
	    "something was sent before the "
	    "new stream began: somebody may be meddling with the connection");
	return 1;
}

static void
start_tls(struct tcp *t, const char *alpn)
{
	tcp_set_state(t, TCP_HANDSHAKE);
	t->transport->owes = 0;
	parse_free(t->parse);
	t->parse = NULL;
	if (transport_tls(t->transport, t->io, alpn) == -1)
		transport_broke(t->transport, TRANSPORT_NOMEM, "out of memory");
}

static void
ask_starttls(struct tcp *t)
{
	static const char	 starttls[] = "<starttls xmlns='" NS_TLS "'/>";

	if (io_write(t->io, starttls, sizeof(starttls) - 1) == -1)
		transport_broke(t->transport, TRANSPORT_LOST, "out of memory");
}

/* Features in the clear: without STARTTLS there is no login, whatever else is
 * offered. */
static void
clear_features(struct tcp *t, const struct elem *e)
{
	char	 why[ENDPOINT_HOST + 128];

	if (!elem_is(e, NS_STREAMS, "features")) {
		snprintf(why, sizeof(why), "the server sent <%.40s> "
		    "out of turn", e->name);
		transport_broke(t->transport, TRANSPORT_PROTOCOL, why);
	} else if (elem_child(e, NS_TLS, "starttls") == NULL) {
		snprintf(why, sizeof(why), "it offers no encryption, or "
		    "somebody hides it: try -c xmpps://%s",
		    t->transport->way.host);
		transport_broke(t->transport, TRANSPORT_UNTRUSTED, why);
	} else {
		tcp_set_state(t, TCP_STARTTLS);
		t->transport->owes = t->transport->conf.hurry;
		if (!t->transport->conf.hurry)
			ask_starttls(t);
	}
}

/* The server may only refuse to be asked early. */
static void
tcp_refused(struct tcp *t)
{
	transport_broke(t->transport,
	    t->transport->conf.hurry ? TRANSPORT_PROTOCOL : TRANSPORT_UNTRUSTED,
	    "it refuses to start encryption");
}

/* Take what comes before TLS stands. */
static void
tcp_early_stanza(struct tcp *t, const struct elem *e)
{
	if (elem_is(e, NS_STREAMS, "error"))
		transport_stanza(t->transport, e);
	else if (t->state == TCP_CLEAR)
		clear_features(t, e);
	else if (!elem_is(e, NS_TLS, "proceed"))
		tcp_refused(t);
	else if (!injected(t))
		start_tls(t, NULL);
}

/* RFC 6120 section 4.3: the server must open an XMPP 1.0 stream. */
static void
tcp_header(struct tcp *t, const struct elem *e)
{
	const char	*version = elem_attr(e, "version");

	if (!elem_is(e, NS_STREAMS, "stream") || version == NULL ||
	    version[0] != '1' || version[1] != '.')
		transport_broke(t->transport, TRANSPORT_PROTOCOL,
		    "it does not speak XMPP "
		    "1.0: check -c");
	else if (t->state == TCP_SECURE)
		transport_opened(t->transport, e);
}

static void
tcp_bad_xml(struct tcp *t)
{
	char		 why[256];
	struct buf	 b;
	struct xw	 w;

	if (parse_starved(t->parse)) {
		transport_broke(t->transport, TRANSPORT_NOMEM, "out of memory");
		return;
	}
	snprintf(why, sizeof(why), "it sent bad XML (%s): check -c, or "
	    "ask its operator", parse_error(t->parse));
	/* RFC 6120 section 4.9: say why, then end the stream. */
	if (!t->closed) {
		buf_init(&b, 1024);
		xw_init(&w, &b);
		xw_start(&w, "stream:error", NULL);
		xw_elem(&w, parse_condition(t->parse), NS_STREAM_ERROR, NULL);
		if (xw_done(&w) == -1 ||
		    io_write(t->io, buf_data(&b), buf_len(&b)) == -1)
			transport_log(t->transport, 2,
			    "no room to say what is wrong");
		buf_free(&b);
		tcp_close(t);
		io_push(t->io);
	}
	transport_broke(t->transport, TRANSPORT_PROTOCOL, why);
}

/* Deliver what the parser has until it wants more.  The handler of one event
 * may replace the parser, pause or end. */
static void
tcp_deliver(struct tcp *t)
{
	struct elem		*e;
	enum parse_event	 ev;

	while (!t->paused && !transport_deaf(t->transport) &&
	    t->parse != NULL && (ev = parse_next(t->parse, &e)) != PARSE_MORE) {
		if (ev == PARSE_ERROR)
			tcp_bad_xml(t);
		else if (ev == PARSE_CLOSE)
			transport_ended(t->transport);
		else if (ev == PARSE_STANZA && t->state == TCP_SECURE)
			transport_stanza(t->transport, e);
		else if (ev == PARSE_STANZA)
			tcp_early_stanza(t, e);
		else if (ev == PARSE_CUT)
			transport_cut(t->transport, e);
		else
			tcp_header(t, e);
		elem_free(e);
	}
}

static void
tcp_input(struct tcp *t)
{
	struct buf	*in = io_input(t->io);

	while (!t->paused && !transport_deaf(t->transport) && buf_len(in) > 0) {
		if (parse_take(t->parse, in) == -1) {
			transport_broke(t->transport, TRANSPORT_NOMEM,
			    "out of memory");
			return;
		}
		tcp_deliver(t);
	}
}

static void
tcp_go_on(void *arg)
{
	struct tcp	*t = arg;

	tcp_deliver(t);
	tcp_input(t);
}

static void
tcp_io_event(void *arg, enum io_event ev)
{
	struct tcp	*t = arg;

	switch (ev) {
	case IO_SECURE:
		tcp_set_state(t, TCP_SECURE);
		io_pads(t->io);
		send_header(t);
		transport_secure(t->transport);
		break;
	case IO_INPUT:
		tcp_input(t);
		break;
	case IO_DRAINED:
		break;
	case IO_EOF:
		transport_ended(t->transport);
		break;
	case IO_ERROR:
		/* A handshake that ends early is no proof of an impostor,
		 * but no trust either. */
		transport_broke(t->transport,
		    io_starved(t->io)             ? TRANSPORT_NOMEM
		    : t->state != TCP_HANDSHAKE ? TRANSPORT_LOST
		    : io_untrusted(t->io)     ? TRANSPORT_UNTRUSTED
		    : TRANSPORT_HANDSHAKE,
		    io_error(t->io));
		break;
	}
}

static void *
tcp_begin(struct transport *r, int fd)
{
	struct tcp	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->transport = r;
	t->resume = (struct timer){ .fire = tcp_go_on, .arg = t };
	if ((t->io = io_new(r->loop, fd, tcp_io_event, t)) == NULL) {
		free(t);
		return NULL;
	}
	io_often(t->io);
	/* RFC 7301 ALPN as in XEP-0368, where TLS comes first. */
	if (r->way.tls)
		start_tls(t, "xmpp-client");
	else {
		send_header(t);
		if (r->conf.hurry)
			ask_starttls(t);
	}
	return t;
}

static void
tcp_free(void *k)
{
	struct tcp	*t = k;

	timer_clear(t->transport->loop, &t->resume);
	io_free(t->io);
	parse_free(t->parse);
	free(t);
}

static int
tcp_send(void *k, const void *data, size_t len)
{
	struct tcp	*t = k;

	return t->closed ? -1 : io_write(t->io, data, len);
}

static void
tcp_keepalive(void *k)
{
	tcp_send(k, " ", 1);
}

static size_t
tcp_queued(const void *k)
{
	const struct tcp	*t = k;

	return io_queued(t->io);
}

static void
tcp_restart(void *k)
{
	struct tcp	*t = k;

	if (!injected(t))
		send_header(t);
}

static void
tcp_pause(void *k, int pause)
{
	struct tcp	*t = k;

	if (t->paused == pause)
		return;
	t->paused = pause;
	io_pause(t->io, pause);
	if (!pause)	/* from the loop, not from within the caller */
		timer_set(t->transport->loop, &t->resume, clock_ms());
}

static void
tcp_close(void *k)
{
	static const char	 end[] = "</stream:stream>";
	struct tcp		*t = k;

	if (t->closed)
		return;
	if (t->parse != NULL && io_write(t->io, end, sizeof(end) - 1) == -1)
		transport_log(t->transport, 2,
		    "no room for the end of the stream");
	t->closed = 1;
	io_shutdown(t->io);
}

static SSL *
tcp_ssl(void *k)
{
	struct tcp	*t = k;

	return io_ssl(t->io);
}

const struct transport_kind *
transport_tcp(void)
{
	static const struct transport_kind	 kind = {
		.begin = tcp_begin,
		.free = tcp_free,
		.send = tcp_send,
		.keepalive = tcp_keepalive,
		.queued = tcp_queued,
		.restart = tcp_restart,
		.pause = tcp_pause,
		.close = tcp_close,
		.ssl = tcp_ssl,
	};

	return &kind;
}
