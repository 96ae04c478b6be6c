/* fetch: see fetch.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial/fetch.h"
#include "net/dial/proxy.h"
#include "net/dial/proxy_dial.h"
#include "net/dial/resolve.h"
#include "net/http/http.h"
#include "net/http/url.h"
#include "net/io/io.h"
#include "net/io/loop.h"
#include "net/io/tls.h"
#include "xml/buf.h"

#define REDIRECTIONS	5
#define REQUEST_MAX	16384
#define PUT_AHEAD	(128 * 1024)	/* bytes that wait to be sent */
#define PUT_PIECE	(16 * 1024)	/* of them, a TLS record */

struct fetch {
	struct loop		*loop;
	struct resolver		*resolver;
	struct fetch_conf	 conf;
	struct url		 url;
	char			 next[URL_TEXT];	/* where to go on */
	int			 redirections;
	struct proxy_dial		*via;
	struct io		*io;
	struct http		 http;
	struct buf		 body;
	uint64_t		 taken;		/* of what is not kept there */
	uint64_t		 given;		/* of a put, to io */
	int			 ended;		/* the connection has */
	struct timer		 timer;
	int			 done;
	enum fetch_fault	 fault;		/* if why is not NULL */
	const char		*why;		/* not: a constant phrase */
	char			 err[IO_ERR];
	fetch_fn		*fn;
	void			*arg;
};

static void	 visit(struct fetch *);

static void
fetch_leave(struct fetch *f)
{
	proxy_dial_cancel(f->via);
	f->via = NULL;
	io_free(f->io);
	f->io = NULL;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	fetch_leave(f);
	timer_clear(f->loop, &f->timer);
	http_free(&f->http);
	buf_free(&f->body);
	free(f);
}

static void
fetch_tell(struct fetch *f)
{
	if (f->why != NULL)
		f->fn(f->arg, NULL, 0, f->why);
	else
		f->fn(f->arg, buf_data(&f->body), buf_len(&f->body), NULL);
	fetch_free(f);
}

/* The timer: what must not be done from within a callback of the io, or the
 * deadline. */
static void
fetch_fire(void *arg)
{
	struct fetch	*f = arg;

	if (!f->done && f->conf.room != NULL && f->taken > 0 &&
	    f->conf.room(f->arg) < IO_IN_MAX) {	/* it waits for us */
		timer_set(f->loop, &f->timer, clock_ms() + f->conf.idle);
		return;
	}
	if (!f->done) {
		f->why = "no answer in time";
		f->fault = FETCH_SLOW;
	} else if (f->why == NULL && *f->next != '\0') {
		visit(f);
		return;
	}
	fetch_tell(f);
}

/* why is a constant phrase or f->err. */
static void
fetch_failed(struct fetch *f, enum fetch_fault fault, const char *why)
{
	if (f->done)
		return;
	f->done = 1;
	f->why = why;
	f->fault = why != NULL ? fault : FETCH_FINE;
	timer_set(f->loop, &f->timer, clock_ms());
}

/* The document is here; or there is a reason why not, which is a fault of the
 * document. */
static void
fetch_done(struct fetch *f, const char *why)
{
	fetch_failed(f, FETCH_BROKEN, why);
}

enum fetch_fault
fetch_fault(const struct fetch *f)
{
	return f->fault;
}

int
fetch_status(const struct fetch *f)
{
	return f->http.status;
}

/* RFC 9110 section 15.4: the target is a URL, or a path on the host that
 * answered. */
static const char *
redirected(struct fetch *f)
{
	const char	*to = http_field(&f->http, "location");
	int		 v6 = strchr(f->url.host, ':') != NULL, n;

	if (f->redirections++ == REDIRECTIONS)
		return "too many redirections";
	if (to == NULL)
		return "it redirects to nowhere";
	if (to[0] == '/' && to[1] != '/')
		n = snprintf(f->next, sizeof(f->next), "%s://%s%s%s:%u%s",
		    f->url.scheme, v6 ? "[" : "", f->url.host, v6 ? "]" : "",
		    f->url.port, to);
	else
		n = snprintf(f->next, sizeof(f->next), "%s", to);
	return n < 0 || (size_t)n >= sizeof(f->next) ? "its address is too "
	    "long" : NULL;
}

/* Its length, as far as it is known. */
static void
fetch_begin_body(struct fetch *f)
{
	int64_t	 length = http_field(&f->http, "content-length") != NULL ?
		     (int64_t)f->http.left : -1;

	if (length > 0 && (uint64_t)length > f->conf.max)
		fetch_done(f, "it is too large");
	else if (f->conf.length != NULL)
		f->conf.length(f->arg, length);
}

/* The answer to a put.  It may come before all is sent, if it is a refusal. */
static void
put_head(struct fetch *f)
{
	int	 status = f->http.status;

	if (status / 100 == 3) {
		fetch_failed(f, FETCH_REFUSED, "it redirects elsewhere, where "
		    "nothing is put");
	} else if (status / 100 != 2) {
		snprintf(f->err, sizeof(f->err), "it answers with status %d",
		    status);
		fetch_failed(f, FETCH_REFUSED, f->err);
	} else if (f->given < f->conf.put->size || io_queued(f->io) > 0) {
		fetch_done(f, "it says that it has all before it has");
	} else {
		fetch_done(f, NULL);
	}
}

static void
head(struct fetch *f)
{
	if (f->conf.put != NULL) {
		put_head(f);
		return;
	}
	switch (f->http.status) {
	case 200:
		fetch_begin_body(f);
		break;
	case 301: case 302: case 303: case 307: case 308:
		fetch_done(f, redirected(f));
		break;
	case 404: case 410:
		fetch_failed(f, FETCH_REFUSED, "there is none");
		break;
	default:
		snprintf(f->err, sizeof(f->err), "it answers with status %d",
		    f->http.status);
		fetch_failed(f, FETCH_REFUSED, f->err);
		break;
	}
}

static void
fetch_add(struct fetch *f, const void *data, size_t len)
{
	if (f->http.status != 200 || f->conf.put != NULL)
		return;		/* words of a redirection, or of thanks */
	if (len > f->conf.max - f->taken) {
		fetch_done(f, "it is too large");
		return;
	}
	f->taken += len;
	if (f->conf.body != NULL) {
		if (f->conf.body(f->arg, data, len) == -1)
			fetch_failed(f, FETCH_LOCAL, "out of memory");
	} else if (buf_add(&f->body, data, len) == -1)
		fetch_done(f, "it is too large");
	if (f->conf.idle > 0 && !f->done)
		timer_set(f->loop, &f->timer, clock_ms() + f->conf.idle);
}

static void
fetch_take(struct fetch *f, enum http_event ev, const void *data, size_t len)
{
	switch (ev) {
	case HTTP_HEAD:
		head(f);
		break;
	case HTTP_BODY:
		fetch_add(f, data, len);
		break;
	case HTTP_END:
		fetch_done(f, NULL);
		break;
	default:
		fetch_done(f, http_error(&f->http));
		break;
	}
}

static void
fetch_input(struct fetch *f)
{
	const unsigned char	*data = NULL;
	enum http_event		 ev;
	size_t			 len = 0;

	/* A single event takes no more than the input holds. */
	while (!f->done && (f->conf.room == NULL ||
	    f->conf.room(f->arg) >= IO_IN_MAX)) {
		ev = http_next(&f->http, io_input(f->io), &data, &len);
		if (ev == HTTP_MORE && f->ended)
			ev = http_eof(&f->http);
		if (ev == HTTP_MORE)
			return;
		fetch_take(f, ev, data, len);
	}
}

/* A server that waits for our user is not idle. */
void
fetch_resume(struct fetch *f)
{
	if (f->io == NULL || f->done)
		return;
	if (f->conf.idle > 0 && f->taken > 0)
		timer_set(f->loop, &f->timer, clock_ms() + f->conf.idle);
	fetch_input(f);
}

static int
is_https(const struct fetch *f)
{
	return strcmp(f->url.scheme, "https") == 0;
}

/*
 * What is sent
 */

/* The fields that are for one of the two kinds of request. */
static int
add_fields(const struct fetch *f, struct buf *b)
{
	const struct fetch_put	*put = f->conf.put;
	size_t			 i;

	if (put == NULL)
		return http_add(b, "Accept", f->conf.accept);
	for (i = 0; i < put->nfields; i++)
		if (http_add(b, put->fields[i].name, put->fields[i].value) ==
		    -1)
			return -1;
	return http_add(b, "Content-Type", put->type);
}

/* Send more of the document, as far as there should be some on its way. */
static void
put_more(struct fetch *f)
{
	const struct fetch_put	*put = f->conf.put;
	unsigned char		 piece[PUT_PIECE];
	uint64_t		 left = put->size - f->given;
	ssize_t			 n;

	while (!f->done && left > 0 && io_queued(f->io) < PUT_AHEAD) {
		n = put->read(f->arg, piece, left < sizeof(piece) ?
		    (size_t)left : sizeof(piece));
		if (n <= 0) {
			strlcpy(f->err, n == 0 ? "it has become shorter while "
			    "it was sent; try again" : strerror(errno),
			    sizeof(f->err));
			fetch_failed(f, FETCH_LOCAL, f->err);
		} else if (io_write(f->io, piece, (size_t)n) == -1) {
			fetch_failed(f, FETCH_LOCAL, "out of memory");
		} else {
			f->given += (uint64_t)n;
			left -= (uint64_t)n;
		}
	}
}

/* What was to be sent has gone. */
static void
put_drained(struct fetch *f)
{
	if (f->conf.put == NULL || f->done)
		return;
	f->conf.put->sent(f->arg, f->given);
	timer_set(f->loop, &f->timer, clock_ms() + f->conf.idle);
	put_more(f);
}

static void
fetch_request(struct fetch *f)
{
	const struct fetch_put	*put = f->conf.put;
	struct buf		 b;

	buf_init(&b, REQUEST_MAX);
	http_expect(&f->http, 0);
	if (http_start(&b, put != NULL ? "PUT" : "GET", f->url.target,
	    f->url.host, f->url.port, is_https(f) ? 443 : 80) == -1 ||
	    add_fields(f, &b) == -1 ||
	    http_add(&b, "User-Agent", "xcat") == -1 ||
	    http_add(&b, "Connection", "close") == -1 ||
	    (put != NULL ? http_end_body(&b, put->size) : http_end(&b)) == -1 ||
	    io_write(f->io, buf_data(&b), buf_len(&b)) == -1)
		fetch_failed(f, FETCH_LOCAL, put == NULL ? "out of memory" :
		    "out of memory, or its fields make no sense");
	else if (put != NULL)
		put_more(f);
	buf_free(&b);
}

static void
fetch_io_event(void *arg, enum io_event ev)
{
	struct fetch	*f = arg;

	switch (ev) {
	case IO_SECURE:
		fetch_request(f);
		break;
	case IO_INPUT:
		fetch_input(f);
		break;
	case IO_DRAINED:
		put_drained(f);
		break;
	case IO_EOF:
		f->ended = 1;
		fetch_input(f);
		break;
	case IO_ERROR:
		if (!f->done) {
			strlcpy(f->err, io_error(f->io), sizeof(f->err));
			fetch_failed(f, io_untrusted(f->io) ? FETCH_UNTRUSTED :
			    FETCH_BROKEN, f->err);
		}
		break;
	}
}

static void
fetch_connected(void *arg, int fd, const char *err)
{
	struct fetch	*f = arg;
	SSL		*ssl;

	f->via = NULL;
	if (fd == -1) {
		strlcpy(f->err, err, sizeof(f->err));
		fetch_failed(f, FETCH_UNREACHED, f->err);
	} else if ((f->io = io_new(f->loop, fd, fetch_io_event, f)) == NULL) {
		fetch_failed(f, FETCH_LOCAL, "out of memory");
	} else if (!is_https(f)) {
		fetch_request(f);
	} else if ((ssl = tls_client(f->conf.tls, fd, f->url.host,
	    "http/1.1")) == NULL) {
		fetch_failed(f, FETCH_LOCAL, "out of memory");
	} else {
		io_secure(f->io, ssl, f->url.host);
	}
}

/* Is host an address in digits?  Puts it into a. */
static int
literal(const char *host, struct addr *a)
{
	struct sockaddr_in	*in = (struct sockaddr_in *)&a->ss;
	struct sockaddr_in6	*in6 = (struct sockaddr_in6 *)&a->ss;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1)
		in->sin_family = AF_INET;
	else if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1)
		in6->sin6_family = AF_INET6;
	else
		return 0;
	return 1;
}

static void
connect_to(struct fetch *f, const struct proxy *proxy)
{
	struct addr	 a;

	if (proxy != NULL && f->conf.permit != NULL &&
	    literal(f->url.host, &a) && !f->conf.permit(f->arg, &a)) {
		fetch_failed(f, FETCH_UNREACHED, "its address is not allowed");
		return;
	}
	f->via = proxy_dial(f->loop, f->resolver, proxy, f->url.host,
	    f->url.port, f->conf.family, fetch_connected, f);
	if (f->via == NULL)
		fetch_failed(f, FETCH_LOCAL, "out of memory");
	else if (f->conf.permit != NULL)
		proxy_dial_permit(f->via, f->conf.permit, f->arg);
}

static int
allowed_scheme(const struct fetch *f, int was_https)
{
	return is_https(f) || (f->conf.cleartext && !was_https &&
	    strcmp(f->url.scheme, "http") == 0);
}

/* Set out for f->next. */
static void
visit(struct fetch *f)
{
	int	 was_https = is_https(f);

	fetch_leave(f);
	buf_truncate(&f->body, 0);
	f->done = f->ended = 0;
	f->taken = f->given = 0;
	f->http.status = 0;
	if (url_parse(f->next, &f->url) != NULL || f->url.has_user ||
	    !allowed_scheme(f, was_https)) {
		fetch_failed(f, FETCH_UNREACHED, f->redirections == 0 ?
		    "it is no address that is fetched from" :
		    "it redirects to what is not https");
		return;
	}
	f->next[0] = '\0';
	if (f->url.port == 0)
		f->url.port = is_https(f) ? 443 : 80;
	timer_set(f->loop, &f->timer, f->conf.deadline);
	connect_to(f, proxy_for(f->conf.proxy, f->url.host));
}

struct fetch *
fetch(struct loop *l, struct resolver *r, const struct fetch_conf *conf,
    const char *url, fetch_fn *fn, void *arg)
{
	struct fetch	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->loop = l;
	f->resolver = r;
	f->conf = *conf;
	f->timer = (struct timer){ .fire = fetch_fire, .arg = f };
	f->fn = fn;
	f->arg = arg;
	http_init(&f->http);
	buf_init(&f->body, conf->body == NULL ? (size_t)conf->max : 0);
	if (strlcpy(f->next, url, sizeof(f->next)) >= sizeof(f->next)) {
		fetch_free(f);
		return NULL;
	}
	visit(f);
	return f;
}
