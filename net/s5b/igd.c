#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/child.h"
#include "net/io/loop.h"
#include "net/s5b/igd.h"
#include "net/s5b/igd_int.h"
#include "xml/number.h"

struct igd {
	struct loop	*loop;
	struct watch	 watch;		/* fd -1: the worker has ended */
	char		 line[IGD_LINE];
	size_t		 len;
	igd_fn		*fn;
	void		*arg;
};

static void
igd_close(struct igd *g)
{
	if (g->watch.fd == -1)
		return;
	loop_unwatch(g->loop, &g->watch);
	close(g->watch.fd);
	g->watch.fd = -1;
}

void
igd_free(struct igd *g)
{
	if (g == NULL)
		return;
	igd_close(g);
	free(g);
}

static void
igd_fail(struct igd *g, const char *why)
{
	igd_close(g);
	g->fn(g->arg, NULL, why);
}

/* A line of the worker.  A router's words are in it. */
static void
igd_line(struct igd *g, char *line)
{
	char		*port = strchr(line, ' ');
	struct addr	 a;
	uint16_t	 n;

	if (port != NULL)
		*port = '\0';
	if (port != NULL && number_port(port + 1, &n) == 0 &&
	    addr_read(&a, line, n) == 0) {
		g->fn(g->arg, &a, NULL);
		return;
	}
	if (port != NULL)
		*port = ' ';
	igd_fail(g, line);
}

static int
igd_want(void *arg)
{
	(void)arg;
	return POLLIN;
}

/* Lines come one at a time, with minutes between them, and each is written
 * whole. */
static void
igd_ready(void *arg, int revents)
{
	struct igd	*g = arg;
	ssize_t		 n;
	char		*end, line[IGD_LINE];

	(void)revents;
	n = read(g->watch.fd, g->line + g->len, sizeof(g->line) - g->len);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (g->len += (size_t)n) == sizeof(g->line)) {
		igd_fail(g, "the process that asks has ended");
		return;
	}
	if ((end = memchr(g->line, '\n', g->len)) == NULL)
		return;
	*end++ = '\0';
	strlcpy(line, g->line, sizeof(line));
	g->len -= (size_t)(end - g->line);
	memmove(g->line, end, g->len);
	igd_line(g, line);
}

struct igd *
igd_map(struct loop *l, uint16_t port, igd_fn *fn, void *arg)
{
#ifdef HAVE_MINIUPNPC
	struct igd	*g;
	int		 saved;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->loop = l;
	g->fn = fn;
	g->arg = arg;
	g->watch = (struct watch){ .fd = child_work(igd_work, &port),
	    .want = igd_want, .ready = igd_ready, .arg = g };
	if (g->watch.fd == -1) {
		saved = errno;
		free(g);
		errno = saved;
		return NULL;
	}
	loop_watch(l, &g->watch);
	return g;
#else
	(void)l;
	(void)port;
	(void)fn;
	(void)arg;
	(void)igd_ready;
	(void)igd_want;
	errno = ENOSYS;
	return NULL;
#endif
}
