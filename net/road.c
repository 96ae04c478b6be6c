#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial.h"
#include "net/io.h"
#include "net/loop.h"
#include "net/road.h"
#include "net/tls.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/write.h"

struct road {
	struct loop		*loop;
	struct road_conf	 conf;
	struct dial		*dial;
	struct io		*io;
	struct parse		*parse;
	struct timer		 resume;	/* go on after a pause */
	int			 paused;
	int			 closed;	/* our end tag is sent */
	int			 over;		/* CLOSE or ERROR was told */
	enum road_fault		 fault;
	char			 err[IO_ERR + 64];
	road_fn			*fn;
	void			*arg;
};

static void
tell(struct road *r, enum road_event ev, const struct elem *e)
{
	if (!r->over)
		r->fn(r->arg, ev, e);
}

static void
fail(struct road *r, enum road_fault fault, const char *why)
{
	if (r->over)
		return;
	r->fault = fault;
	snprintf(r->err, sizeof(r->err), "%s", why);
	r->fn(r->arg, ROAD_ERROR, NULL);
	r->over = 1;
}

static void
ended(struct road *r)
{
	tell(r, ROAD_CLOSE, NULL);
	r->over = 1;
}

/* The header has no end tag until the stream ends, so it is not for xw. */
static void
send_header(struct road *r)
{
	struct buf	 b;
	struct xw	 w;

	parse_free(r->parse);
	r->parse = parse_new(&parse_defaults);
	buf_init(&b, 16 * 1024);
	buf_addstr(&b, "<?xml version='1.0'?>");
	xw_init(&w, &b);
	xw_start(&w, "stream:stream", NS_CLIENT);
	xw_attr(&w, "xmlns:stream", NS_STREAMS);
	xw_attr(&w, "to", r->conf.domain);
	if (road_ssl(r) != NULL)
		xw_attr(&w, "from", r->conf.from);
	xw_attr(&w, "version", "1.0");
	xw_attr(&w, "xml:lang", "en");
	xw_text(&w, "\n");	/* ends the start tag */
	if (r->parse == NULL || w.failed ||
	    io_write(r->io, buf_data(&b), buf_len(&b)) == -1)
		fail(r, ROAD_LOST, "out of memory");
	buf_free(&b);
}

static void
start_tls(struct road *r)
{
	SSL	*ssl;

	/* RFC 7301 ALPN as in XEP-0368, where TLS comes first. */
	ssl = tls_client(r->conf.tls, io_fd(r->io), r->conf.tls_name,
	    r->conf.direct_tls ? "xmpp-client" : NULL);
	if (ssl == NULL)
		fail(r, ROAD_LOST, "out of memory");
	else
		io_secure(r->io, ssl, r->conf.tls_name);
}

/*
 * Bytes to events
 */

/* XML of RFC 6120 section 4.3: the server must open an XMPP 1.0 stream. */
static int
check_header(struct road *r, const struct elem *e)
{
	const char	*version = elem_attr(e, "version");

	if (!elem_is(e, NS_STREAMS, "stream") || version == NULL ||
	    version[0] != '1' || version[1] != '.') {
		fail(r, ROAD_PROTOCOL, "it does not speak XMPP 1.0: "
		    "check -c");
		return -1;
	}
	return 0;
}

static void
bad_xml(struct road *r)
{
	char	 why[IO_ERR];

	snprintf(why, sizeof(why), "it sent bad XML (%s): check -c, or "
	    "ask its operator",
	    parse_error(r->parse));
	/* RFC 6120 section 4.9: say why, then end the stream. */
	if (!r->closed) {
		struct buf	 b;
		struct xw	 w;

		buf_init(&b, 1024);
		xw_init(&w, &b);
		xw_start(&w, "stream:error", NULL);
		xw_elem(&w, parse_condition(r->parse), NS_STREAM_ERROR, NULL);
		if (xw_done(&w) == 0)
			io_write(r->io, buf_data(&b), buf_len(&b));
		buf_free(&b);
		road_close(r);
	}
	fail(r, ROAD_PROTOCOL, why);
}

/* Deliver what the parser has until it wants more.  The handler of one event
 * may replace the parser, pause or end. */
static void
deliver(struct road *r)
{
	struct elem		*e;
	enum parse_event	 ev;

	while (!r->paused && !r->over && r->parse != NULL &&
	    (ev = parse_next(r->parse, &e)) != PARSE_MORE) {
		if (ev == PARSE_ERROR)
			bad_xml(r);
		else if (ev == PARSE_CLOSE)
			ended(r);
		else if (ev == PARSE_STANZA)
			tell(r, ROAD_STANZA, e);
		else if (check_header(r, e) == 0)
			tell(r, ROAD_OPEN, e);
		elem_free(e);
	}
}

static void
input(struct road *r)
{
	struct buf	*in = io_input(r->io);

	while (!r->paused && !r->over && buf_len(in) > 0) {
		if (parse_feed(r->parse, buf_data(in), buf_len(in)) == -1) {
			fail(r, ROAD_LOST, "out of memory");
			return;
		}
		buf_truncate(in, 0);
		deliver(r);
	}
}

static void
go_on(void *arg)
{
	struct road	*r = arg;

	deliver(r);
	input(r);
}

void
road_pause(struct road *r, int pause)
{
	if (r->paused == pause || r->io == NULL)
		return;
	r->paused = pause;
	io_pause(r->io, pause);
	if (!pause)	/* from the loop, not from within the caller */
		timer_set(r->loop, &r->resume, clock_ms());
}

/*
 * The connection
 */

static void
io_event(void *arg, enum io_event ev)
{
	struct road	*r = arg;

	switch (ev) {
	case IO_SECURE:
		tell(r, ROAD_SECURE, NULL);
		send_header(r);
		break;
	case IO_INPUT:
		input(r);
		break;
	case IO_DRAINED:
		tell(r, ROAD_DRAINED, NULL);
		break;
	case IO_EOF:
		ended(r);
		break;
	case IO_ERROR:
		/* A handshake that ends early is no proof of an impostor,
		 * but no trust either. */
		fail(r, road_ssl(r) != NULL && r->parse == NULL ?
		    ROAD_UNTRUSTED : ROAD_LOST, io_error(r->io));
		break;
	}
}

static void
dialled(void *arg, int fd, const char *err)
{
	struct road	*r = arg;

	r->dial = NULL;
	if (fd == -1) {
		fail(r, ROAD_UNREACHED, err);
		return;
	}
	if ((r->io = io_new(r->loop, fd, io_event, r)) == NULL) {
		fail(r, ROAD_LOST, "out of memory");
		return;
	}
	tell(r, ROAD_CONNECTED, NULL);
	if (r->conf.direct_tls)
		start_tls(r);
	else
		send_header(r);
}

struct road *
road_new(struct loop *l, struct resolver *res, const struct road_conf *conf,
    road_fn *fn, void *arg)
{
	struct road	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->loop = l;
	r->conf = *conf;
	r->fn = fn;
	r->arg = arg;
	r->resume = (struct timer){ .fire = go_on, .arg = r };
	r->dial = dial(l, res, conf->host, conf->port, conf->family, dialled,
	    r);
	if (r->dial == NULL) {
		free(r);
		return NULL;
	}
	return r;
}

void
road_free(struct road *r)
{
	if (r == NULL)
		return;
	dial_cancel(r->dial);
	timer_clear(r->loop, &r->resume);
	io_free(r->io);
	parse_free(r->parse);
	free(r);
}

int
road_send(struct road *r, const void *data, size_t len)
{
	if (r->io == NULL || r->over || r->closed)
		return -1;
	return io_write(r->io, data, len);
}

size_t
road_queued(const struct road *r)
{
	return r->io != NULL ? io_queued(r->io) : 0;
}

/* Is anything there that the server sent too early? */
static int
injected(struct road *r)
{
	if (parse_pending(r->parse) == 0 && buf_len(io_input(r->io)) == 0)
		return 0;
	fail(r, ROAD_UNTRUSTED, "something was sent before the new stream "
	    "began: somebody may be meddling with the connection");
	return 1;
}

void
road_starttls(struct road *r)
{
	if (injected(r))
		return;
	parse_free(r->parse);
	r->parse = NULL;
	start_tls(r);
}

void
road_restart(struct road *r)
{
	if (!injected(r))
		send_header(r);
}

void
road_close(struct road *r)
{
	static const char	 end[] = "</stream:stream>";

	if (r->io == NULL || r->closed || r->over)
		return;
	if (r->parse != NULL)
		io_write(r->io, end, sizeof(end) - 1);
	r->closed = 1;
	io_shutdown(r->io);
}

int
road_connected(const struct road *r)
{
	return r->io != NULL;
}

SSL *
road_ssl(struct road *r)
{
	return r->io != NULL ? io_ssl(r->io) : NULL;
}

enum road_fault
road_fault(const struct road *r)
{
	return r->fault;
}

const char *
road_error(const struct road *r)
{
	return r->err;
}
