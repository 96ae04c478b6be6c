#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/socks.h"
#include "net/socks5.h"

#define PATIENCE	30000	/* ms for the client to ask */

enum state { GREETING, METHODS, REQUEST, NAME_LENGTH, ADDRESS, ASKED };

struct socks {
	struct loop	*loop;
	struct watch	 watch;
	struct timer	 timer;
	enum state	 state;
	unsigned char	 buf[262];	/* what the state waits for */
	size_t		 have, need;
	enum socks5_atyp	 atyp;
	socks_fn	*fn;
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
	socks_fn	*fn = s->fn;
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
put(struct socks *s, const void *p, size_t len)
{
	ssize_t	 n = send(s->watch.fd, p, len, MSG_NOSIGNAL);

	(void)n;
}

static void
put_reply(struct socks *s, enum socks_reply reply)
{
	unsigned char	 r[10] = { SOCKS5_VERSION, (unsigned char)reply, 0,
			    ATYP_IPV4 };

	put(s, r, sizeof(r));
}

/* Now wait for need bytes more, exactly: what follows is not ours. */
static void
expect(struct socks *s, enum state state, size_t need)
{
	s->state = state;
	s->need = need;
	s->have = 0;
}

/* 0 to go on, -1 if the client is to be dropped. */
static int
refuse(struct socks *s, enum socks_reply reply)
{
	put_reply(s, reply);
	return -1;
}

static int
take_methods(struct socks *s)
{
	unsigned char	 answer[2] = { SOCKS5_VERSION, SOCKS5_NO_AUTH };

	if (memchr(s->buf, SOCKS5_NO_AUTH, s->have) == NULL)
		answer[1] = SOCKS5_NO_METHOD;
	put(s, answer, sizeof(answer));
	if (answer[1] == SOCKS5_NO_METHOD)
		return -1;
	expect(s, REQUEST, 4);
	return 0;
}

static int
take_request(struct socks *s)
{
	if (s->buf[0] != SOCKS5_VERSION)
		return -1;
	if (s->buf[1] != SOCKS5_CONNECT)
		return refuse(s, SOCKS_NO_COMMAND);
	s->atyp = s->buf[3];
	switch (s->atyp) {
	case ATYP_IPV4:
		expect(s, ADDRESS, 4 + 2);
		return 0;
	case ATYP_IPV6:
		expect(s, ADDRESS, 16 + 2);
		return 0;
	case ATYP_NAME:
		expect(s, NAME_LENGTH, 1);
		return 0;
	}
	return refuse(s, SOCKS_NO_ADDRESS);
}

static int
take_address(struct socks *s)
{
	char	 host[256], port[8];
	size_t	 len = s->have - 2;

	snprintf(port, sizeof(port), "%u",
	    (unsigned)s->buf[len] << 8 | s->buf[len + 1]);
	if (s->atyp == ATYP_NAME) {
		memcpy(host, s->buf, len);
		host[len] = '\0';
		if (strlen(host) != len)
			return refuse(s, SOCKS_FAILURE);
	} else if (inet_ntop(s->atyp == ATYP_IPV4 ? AF_INET : AF_INET6,
	    s->buf, host, sizeof(host)) == NULL)
		return refuse(s, SOCKS_FAILURE);
	s->state = ASKED;
	timer_clear(s->loop, &s->timer);
	s->fn(s->arg, host, port);
	return 1;
}

/* The bytes of a state are complete.  1: s may be gone. */
static int
step(struct socks *s)
{
	switch (s->state) {
	case GREETING:
		if (s->buf[0] != SOCKS5_VERSION || s->buf[1] == 0)
			return -1;
		expect(s, METHODS, s->buf[1]);
		return 0;
	case METHODS:
		return take_methods(s);
	case REQUEST:
		return take_request(s);
	case NAME_LENGTH:
		if (s->buf[0] == 0)
			return refuse(s, SOCKS_FAILURE);
		expect(s, ADDRESS, (size_t)s->buf[0] + 2);
		return 0;
	case ADDRESS:
		return take_address(s);
	case ASKED:
		break;
	}
	return 1;
}

static int
want(void *arg)
{
	struct socks	*s = arg;

	return s->state == ASKED ? WATCH_IDLE : POLLIN;
}

static void
ready(void *arg, int revents)
{
	struct socks	*s = arg;
	ssize_t		 n;
	int		 r = 0;

	(void)revents;
	n = read(s->watch.fd, s->buf + s->have, s->need - s->have);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		gone(s);
		return;
	}
	s->have += (size_t)n;
	if (s->have == s->need)
		r = step(s);
	if (r == -1)
		gone(s);
}

struct socks *
socks_new(struct loop *l, int fd, socks_fn *fn, void *arg)
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
	s->watch = (struct watch){ .fd = fd, .want = want, .ready = ready,
	    .arg = s };
	loop_watch(l, &s->watch);
	timer_set(l, &s->timer, clock_ms() + PATIENCE);
	expect(s, GREETING, 2);
	return s;
}

/* The address asked for still is in the buffer. */
static void
put_same(struct socks *s, enum socks_reply reply)
{
	unsigned char	 r[5 + sizeof(s->buf)] = { SOCKS5_VERSION,
			    (unsigned char)reply, 0,
			    (unsigned char)s->atyp };
	size_t		 n = 4;

	if (s->atyp == ATYP_NAME)
		r[n++] = (unsigned char)(s->have - 2);
	memcpy(r + n, s->buf, s->have);
	put(s, r, n + s->have);
}

/* Over: the connection is the caller's or nobody's. */
static int
release(struct socks *s, enum socks_reply reply)
{
	int	 fd = -1;

	if (reply == SOCKS_OK) {
		fd = s->watch.fd;
		loop_unwatch(s->loop, &s->watch);
		s->watch.fd = -1;
	}
	socks_free(s);
	return fd;
}

int
socks_reply(struct socks *s, enum socks_reply reply)
{
	put_reply(s, reply);
	return release(s, reply);
}

int
socks_reply_same(struct socks *s, enum socks_reply reply)
{
	if (s->state == ASKED)
		put_same(s, reply);
	return release(s, reply);
}
