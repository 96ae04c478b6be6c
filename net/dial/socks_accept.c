/* socks_accept: see socks_accept.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/dial/socks_accept.h"
#include "net/io/loop.h"

#define PATIENCE	30000	/* ms for the client to ask */

struct socks {
	struct loop	*loop;
	struct watch	 watch;
	struct timer	 timer;
	struct socks5_server	 proto;
	int		 asked;		/* the caller speaks first */
	socks_accept_fn	*fn;
	void		*arg;
};

static void
socks_free(struct socks *s)
{
	loop_unwatch(s->loop, &s->watch);
	timer_clear(s->loop, &s->timer);
	if (s->watch.fd != -1)
		close(s->watch.fd);
	free(s);
}

static void
gone(struct socks *s)
{
	socks_accept_fn	*fn = s->fn;
	void		*arg = s->arg;

	socks_free(s);
	fn(arg, NULL, NULL);
}

static void
too_slow(void *arg)
{
	gone(arg);
}

/* A few bytes on a connection that has sent nothing yet fit its buffer. */
static void
socks_accept_put(struct socks *s)
{
	size_t		 len;
	const void	*p = socks5_server_output(&s->proto, &len);
	ssize_t		 n = 0;

	if (len > 0)
		n = send(s->watch.fd, p, len, MSG_NOSIGNAL);
	(void)n;
}

static int
socks_accept_want(void *arg)
{
	struct socks	*s = arg;

	return s->asked ? WATCH_IDLE : POLLIN;
}

static void
socks_accept_ready(void *arg, int revents)
{
	struct socks		*s = arg;
	unsigned char		 buf[SOCKS5_IN];
	enum socks5_server_result	 r;
	ssize_t			 n;

	(void)revents;
	n = read(s->watch.fd, buf, socks5_server_need(&s->proto));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		gone(s);
		return;
	}
	r = socks5_server_input(&s->proto, buf, (size_t)n);
	socks_accept_put(s);
	if (r == SOCKS5_SERVER_OVER) {
		gone(s);
	} else if (r == SOCKS5_SERVER_ASKED) {
		s->asked = 1;
		timer_clear(s->loop, &s->timer);
		s->fn(s->arg, s->proto.host, s->proto.port);
	}
}

struct socks *
socks_accept_new(struct loop *l, int fd, socks_accept_fn *fn, void *arg)
{
	struct socks	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		close(fd);
		return NULL;
	}
	s->loop = l;
	s->fn = fn;
	s->arg = arg;
	s->timer = (struct timer){ .fire = too_slow, .arg = s };
	s->watch = (struct watch){ .fd = fd, .want = socks_accept_want,
	    .ready = socks_accept_ready, .arg = s };
	socks5_server_init(&s->proto);
	loop_watch(l, &s->watch);
	timer_set(l, &s->timer, clock_ms() + PATIENCE);
	return s;
}

/* Over: the connection is the caller's, or closed. */
static int
socks_accept_answer(struct socks *s, enum socks_reply reply, int same)
{
	int	 fd = -1;

	socks5_server_reply(&s->proto, reply, same);
	socks_accept_put(s);
	if (reply == SOCKS_OK) {
		fd = s->watch.fd;
		loop_unwatch(s->loop, &s->watch);
		s->watch.fd = -1;
	}
	socks_free(s);
	return fd;
}

int
socks_accept_reply(struct socks *s, enum socks_reply reply)
{
	return socks_accept_answer(s, reply, 0);
}

int
socks_accept_reply_same(struct socks *s, enum socks_reply reply)
{
	return socks_accept_answer(s, reply, 1);
}
