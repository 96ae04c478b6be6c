#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "t/bench/echo.h"
#include "t/bench/local.h"
#include "t/bench/source.h"

static size_t	 connections;

/* What comes is little, and fits into the socket. */
static void
echo(void *arg, uint32_t events)
{
	struct source	*s = arg;
	char		 b[4096];
	ssize_t		 n;

	(void)events;
	if ((n = read(s->fd, b, sizeof(b))) == -1 && errno == EAGAIN)
		return;
	if (n > 0 && write(s->fd, b, (size_t)n) == n)
		return;
	source_want(s, 0);
	close(s->fd);
	free(s);
	connections--;
}

/* All that wait: as many as the kernel keeps are soon there, and the others
 * would wait for seconds, and be reset at last. */
static void
accept_all(void *arg, uint32_t events)
{
	const struct source	*l = arg;
	struct source		*s;
	int			 fd;

	(void)events;
	while ((fd = accept(l->fd, NULL, NULL)) != -1) {
		if ((s = calloc(1, sizeof(*s))) == NULL)
			err(1, NULL);
		*s = (struct source){ .fd = fd, .ready = echo, .arg = s };
		source_unblock(s);
		source_want(s, EPOLLIN);
		connections++;
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		err(1, "accept");
}

void
echo_begin(const char *port)
{
	static struct source	 l;

	l = (struct source){ .fd = local_listen(port), .ready = accept_all,
	    .arg = &l };
	source_unblock(&l);
	source_want(&l, EPOLLIN);
}

size_t
echo_connections(void)
{
	return connections;
}
