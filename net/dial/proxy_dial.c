/* proxy_dial: see proxy_dial.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/proxy.h"
#include "net/dial/proxy_dial.h"
#include "net/dial/socks5_client.h"
#include "net/http/http.h"
#include "net/io/loop.h"
#include "xml/buf.h"

#define REQUEST_MAX	2048

struct proxy_dial {
	struct loop		*loop;
	const struct proxy	*proxy;
	char			 host[URL_HOST];
	uint16_t		 port;
	struct dial		*dial;
	struct watch		 watch;		/* fd -1: not connected */
	struct buf		 out, in;
	struct socks5_client		 socks5;
	struct http		 http;
	char			 err[PROXY_DIAL_ERR];
	dial_fn			*fn;
	void			*arg;
};

void
proxy_dial_cancel(struct proxy_dial *v)
{
	if (v == NULL)
		return;
	dial_cancel(v->dial);
	loop_unwatch(v->loop, &v->watch);
	if (v->watch.fd != -1)
		close(v->watch.fd);
	buf_free(&v->out);
	buf_free(&v->in);
	http_free(&v->http);
	explicit_bzero(&v->socks5, sizeof(v->socks5));
	free(v);
}

/* Over: err NULL is success. */
static void
proxy_dial_finish(struct proxy_dial *v, const char *err)
{
	dial_fn		*fn = v->fn;
	void		*arg = v->arg;
	char		 text[PROXY_DIAL_ERR];
	int		 fd = -1;

	if (err != NULL && v->proxy != NULL) {
		snprintf(text, sizeof(text), "proxy %s port %u: %s",
		    v->proxy->host, v->proxy->port, err);
	} else if (err != NULL) {
		strlcpy(text, err, sizeof(text));
	} else {
		fd = v->watch.fd;
		loop_unwatch(v->loop, &v->watch);
		v->watch.fd = -1;
	}
	proxy_dial_cancel(v);
	fn(arg, fd, fd == -1 ? text : NULL);
}

static int
proxy_dial_want(void *arg)
{
	struct proxy_dial	*v = arg;

	return buf_len(&v->out) > 0 ? POLLOUT : POLLIN;
}

static void
send_out(struct proxy_dial *v)
{
	ssize_t	 n;

	n = send(v->watch.fd, buf_data(&v->out), buf_len(&v->out),
	    MSG_NOSIGNAL);
	if (n > 0)
		buf_drain(&v->out, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		proxy_dial_finish(v, strerror(errno));
}

static int
socks5_client_ask(struct proxy_dial *v)
{
	const void	*p;
	size_t		 len;

	p = socks5_client_output(&v->socks5, &len);
	return buf_add(&v->out, p, len);
}

static void
socks5_client_take(struct proxy_dial *v, const unsigned char *p, size_t len)
{
	switch (socks5_client_input(&v->socks5, p, len)) {
	case SOCKS5_MORE:
		if (socks5_client_ask(v) == -1)
			proxy_dial_finish(v, "out of memory");
		break;
	case SOCKS5_OPEN:
		proxy_dial_finish(v, NULL);
		break;
	default:
		proxy_dial_finish(v, socks5_client_error(&v->socks5));
		break;
	}
}

static int
http_ask(struct proxy_dial *v)
{
	char	 target[URL_HOST + 16];
	int	 v6 = strchr(v->host, ':') != NULL;

	snprintf(target, sizeof(target), "%s%s%s:%u", v6 ? "[" : "", v->host,
	    v6 ? "]" : "", v->port);
	http_expect(&v->http, 1);
	/* The Host field repeats the target: CONNECT has no default port. */
	return http_start(&v->out, "CONNECT", target, v->host, v->port, 0) ==
	    -1 || (v->proxy->has_user && http_add_basic(&v->out,
	    "Proxy-Authorization", v->proxy->user, v->proxy->password) ==
	    -1) || http_end(&v->out) == -1 ? -1 : 0;
}

static void
http_answered(struct proxy_dial *v)
{
	char	 why[64];

	switch (v->http.status) {
	case 401:	/* tinyproxy, if the password is wrong */
	case 407:
		proxy_dial_finish(v, v->proxy->has_user ?
		    "the proxy does not take the "
		    "user and the password" :
		    "the proxy wants a user and a password");
		break;
	case 403:
		proxy_dial_finish(v, "the proxy does not allow it");
		break;
	default:
		if (v->http.status / 100 == 2) {
			proxy_dial_finish(v, NULL);
			break;
		}
		snprintf(why, sizeof(why), "the proxy answers with status %d",
		    v->http.status);
		proxy_dial_finish(v, why);
		break;
	}
}

static void
http_take(struct proxy_dial *v, const unsigned char *p, size_t len)
{
	const unsigned char	*data;
	enum http_event		 ev;
	size_t			 n;

	if (buf_add(&v->in, p, len) == -1) {
		proxy_dial_finish(v, "out of memory");
		return;
	}
	if ((ev = http_next(&v->http, &v->in, &data, &n)) == HTTP_ERROR)
		proxy_dial_finish(v, http_error(&v->http));
	else if (ev != HTTP_MORE)
		http_answered(v);
}

/* Read no byte that follows the proxy's answer: an HTTP answer does not say
 * how long it is before it ends. */
static void
receive(struct proxy_dial *v)
{
	unsigned char	 p[SOCKS5_IN];
	int		 socks = v->proxy->kind == PROXY_SOCKS5;
	ssize_t		 n;

	n = read(v->watch.fd, p, socks ? socks5_client_need(&v->socks5) : 1);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		proxy_dial_finish(v, n == 0 ? "it closed the connection" :
		    strerror(errno));
	else if (socks)
		socks5_client_take(v, p, (size_t)n);
	else
		http_take(v, p, (size_t)n);
}

static void
proxy_dial_ready(void *arg, int revents)
{
	struct proxy_dial	*v = arg;

	(void)revents;
	if (buf_len(&v->out) > 0)
		send_out(v);
	else
		receive(v);
}

static int
proxy_dial_ask(struct proxy_dial *v)
{
	if (v->proxy->kind == PROXY_HTTP)
		return http_ask(v);
	if (socks5_client_init(&v->socks5, v->host, v->port,
	    v->proxy->has_user ? v->proxy->user : NULL,
	    v->proxy->password) == -1)
		return -1;
	return socks5_client_ask(v);
}

static void
proxy_dial_dialled(void *arg, int fd, const char *err)
{
	struct proxy_dial	*v = arg;

	v->dial = NULL;
	v->watch = (struct watch){ .fd = fd, .want = proxy_dial_want,
	    .ready = proxy_dial_ready, .arg = v };
	if (fd == -1) {
		proxy_dial_finish(v, err);
		return;
	}
	loop_watch(v->loop, &v->watch);
	if (v->proxy == NULL)
		proxy_dial_finish(v, NULL);
	else if (proxy_dial_ask(v) == -1)
		proxy_dial_finish(v, "user, password or host are too "
		    "long for it");
}

struct proxy_dial *
proxy_dial(struct loop *l, struct resolver *r, const struct proxy *proxy,
    const char *host, uint16_t port, int family, dial_fn *fn, void *arg)
{
	struct proxy_dial	*v;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		return NULL;
	v->loop = l;
	v->proxy = proxy;
	v->port = port;
	v->watch.fd = -1;
	v->fn = fn;
	v->arg = arg;
	buf_init(&v->out, REQUEST_MAX);
	buf_init(&v->in, HTTP_LINE_MAX + 1);
	http_init(&v->http);
	if (strlcpy(v->host, host, sizeof(v->host)) < sizeof(v->host))
		v->dial = proxy != NULL ? dial(l, r, proxy->host, proxy->port,
		    family, proxy_dial_dialled, v) :
		    dial(l, r, host, port, family, proxy_dial_dialled, v);
	if (v->dial == NULL) {
		proxy_dial_cancel(v);
		return NULL;
	}
	return v;
}

void
proxy_dial_permit(struct proxy_dial *v,
    int (*permit)(void *, const struct addr *), void *arg)
{
	if (v->proxy == NULL)
		dial_permit(v->dial, permit, arg);
}

void
proxy_dial_share_port(struct proxy_dial *v)
{
	dial_share_port(v->dial);
}
