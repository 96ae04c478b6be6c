/* listen: see listen.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "net/io/fd.h"
#include "net/io/limits.h"
#include "net/io/listen.h"
#include "net/io/loop.h"

/* Nothing to do: the end of the timer makes the loop look at the socket. */
static void
rested(void *arg)
{
	(void)arg;
}

static void
rest(struct listener *ln)
{
	timer_set(ln->loop, &ln->rest, clock_ms() + LISTENER_REST);
}

static int
listener_want(void *arg)
{
	const struct listener	*ln = arg;

	return ln->rest.on || ln->held ? WATCH_IDLE : POLLIN;
}

/* Is it the connection that failed, rather than the system? */
static int
only_this_one(int err)
{
	return err == EWOULDBLOCK || err == EINTR || err == ECONNABORTED;
}

static void
listener_ready(void *arg, int revents)
{
	struct listener	*ln = arg;
	int		 fd, on = 1;

	(void)revents;
	if (!limits_room(ln->watch.fd)) {
		rest(ln);
		return;
	}
	if ((fd = accept(ln->watch.fd, NULL, NULL)) == -1) {
		if (!only_this_one(errno))
			rest(ln);
		return;
	}
	if ((fd = fd_ready(fd)) == -1)
		return;
	/* Fails for a Unix socket, which has no Nagle's algorithm. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	ln->fn(ln->arg, fd);
}

int
listener_socket(const struct sockaddr *sa, socklen_t len, int backlog)
{
	int	 fd, on = 1;

	if ((fd = socket(sa->sa_family, SOCK_STREAM, 0)) == -1 ||
	    (fd = fd_ready(fd)) == -1)
		return -1;
	if ((sa->sa_family != AF_UNIX && setsockopt(fd, SOL_SOCKET,
	    SO_REUSEADDR, &on, sizeof(on)) == -1) ||
	    (sa->sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == -1) ||
	    bind(fd, sa, len) == -1 || listen(fd, backlog) == -1)
		return fd_give_up(fd);
	return fd;
}

int
listener_open(struct listener *ln, struct loop *l, int fd, listener_fn *fn,
    void *arg)
{
	*ln = (struct listener){ .loop = l, .watch = { .fd = -1 }, .fn = fn,
	    .arg = arg };
	if (fd_ready(fd) == -1)
		return -1;
	ln->watch = (struct watch){ .fd = fd, .want = listener_want,
	    .ready = listener_ready, .arg = ln };
	ln->rest = (struct timer){ .fire = rested, .arg = ln };
	loop_watch(l, &ln->watch);
	return 0;
}

void
listener_hold(struct listener *ln, int hold)
{
	ln->held = hold;
}

void
listener_close(struct listener *ln)
{
	if (ln->watch.fd == -1)
		return;
	loop_unwatch(ln->loop, &ln->watch);
	timer_clear(ln->loop, &ln->rest);
	close(ln->watch.fd);
	ln->watch.fd = -1;
}
