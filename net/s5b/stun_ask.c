/* stun_ask: see stun_ask.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/io/loop.h"
#include "net/s5b/shared_port.h"
#include "net/s5b/stun.h"
#include "net/s5b/stun_ask.h"

#define ERR	(STUN_REASON + 64)

enum ask_state {
	STUN_ASK_CONNECTING,
	STUN_ASK_WAITING,	/* for the response */
	STUN_ASK_ANSWERED	/* the connection is kept */
};

struct stun_ask {
	struct loop	*loop;
	enum ask_state	 state;
	struct watch	 watch;		/* fd -1: closed */
	struct timer	 timer;
	unsigned char	 id[STUN_ID];
	unsigned char	 in[STUN_MAX];
	size_t		 len;
	stun_ask_fn	*fn;
	void		*arg;
};

static void
ask_close(struct stun_ask *s)
{
	if (s->watch.fd == -1)
		return;
	loop_unwatch(s->loop, &s->watch);
	close(s->watch.fd);
	s->watch.fd = -1;
}

void
stun_ask_free(struct stun_ask *s)
{
	if (s == NULL)
		return;
	ask_close(s);
	timer_clear(s->loop, &s->timer);
	free(s);
}

static void
ask_answer(struct stun_ask *s, const struct addr *mapped, const char *err)
{
	s->state = STUN_ASK_ANSWERED;
	timer_clear(s->loop, &s->timer);
	if (mapped == NULL)
		ask_close(s);
	s->fn(s->arg, mapped, err);
}

static void
ask_fail(struct stun_ask *s, int e)
{
	ask_answer(s, NULL, e == 0 ? "the server closed the connection" :
	    strerror(e));
}

static void
ask_fire(void *arg)
{
	ask_answer(arg, NULL, "no answer in time");
}

static void
ask_refused(struct stun_ask *s, const struct stun_response *r)
{
	char	 err[ERR];

	snprintf(err, sizeof(err), "error %d%s%s", r->code,
	    *r->reason != '\0' ? ": " : "", r->reason);
	ask_answer(s, NULL, err);
}

static void
ask_look(struct stun_ask *s)
{
	struct stun_response	 r;

	switch (stun_response(s->in, s->len, s->id, &r)) {
	case STUN_MORE:
		break;
	case STUN_MAPPED:
		ask_answer(s, &r.mapped, NULL);
		break;
	case STUN_REFUSED:
		ask_refused(s, &r);
		break;
	case STUN_BAD:
		ask_answer(s, NULL, "the answer is not that of a STUN server");
		break;
	}
}

static void
ask_input(struct stun_ask *s)
{
	ssize_t	 n;

	n = read(s->watch.fd, s->in + s->len, stun_need(s->in, s->len));
	if (n > 0) {
		s->len += (size_t)n;
		ask_look(s);
	} else if (n == 0) {
		ask_fail(s, 0);
	} else if (errno != EAGAIN && errno != EINTR) {
		ask_fail(s, errno);
	}
}

/* Connected, or not.  The request goes into an empty socket whole. */
static void
ask_connected(struct stun_ask *s)
{
	unsigned char	 request[STUN_REQUEST];
	int		 e = 0;
	socklen_t	 len = sizeof(e);

	if (getsockopt(s->watch.fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1)
		e = errno;
	if (e != 0) {
		ask_fail(s, e);
		return;
	}
	stun_request(s->id, request);
	s->state = STUN_ASK_WAITING;
	if (send(s->watch.fd, request, sizeof(request), MSG_NOSIGNAL) !=
	    sizeof(request))
		ask_fail(s, errno);
}

static int
ask_want(void *arg)
{
	const struct stun_ask	*s = arg;

	switch (s->state) {
	case STUN_ASK_CONNECTING:
		return POLLOUT;
	default:
		return POLLIN;
	}
}

/* After the answer, what comes is the end or nothing that was asked for. */
static void
ask_ready(void *arg, int revents)
{
	struct stun_ask	*s = arg;

	(void)revents;
	if (s->state == STUN_ASK_CONNECTING)
		ask_connected(s);
	else if (s->state == STUN_ASK_WAITING)
		ask_input(s);
	else
		ask_close(s);
}

struct stun_ask *
stun_ask(struct loop *l, const struct addr *server, const struct addr *from,
    int64_t deadline, stun_ask_fn *fn, void *arg)
{
	struct stun_ask	*s;
	int		 saved;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->loop = l;
	s->state = STUN_ASK_CONNECTING;
	s->fn = fn;
	s->arg = arg;
	arc4random_buf(s->id, sizeof(s->id));
	s->timer = (struct timer){ .fire = ask_fire, .arg = s };
	s->watch = (struct watch){ .fd = shared_port_socket(from),
	    .want = ask_want, .ready = ask_ready, .arg = s };
	if (s->watch.fd == -1) {
		saved = errno;
		free(s);
		errno = saved;
		return NULL;
	}
	loop_watch(l, &s->watch);
	if (shared_port_connect(s->watch.fd, server) == -1) {
		saved = errno;
		stun_ask_free(s);
		errno = saved;
		return NULL;
	}
	timer_set(l, &s->timer, deadline);
	return s;
}

int
stun_ask_local(const struct stun_ask *s, struct addr *local)
{
	return s->watch.fd == -1 ? -1 : addr_local(s->watch.fd, local);
}
