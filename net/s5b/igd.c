/* igd: see igd.h. */
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
#include "net/io/fd.h"
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
	int		 telling;	/* of a port: fn may free the object, */
	int		 gone;		/* which is done behind it then */
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
	g->gone = 1;
	if (!g->telling)
		free(g);
}

static void
igd_fail(struct igd *g, const char *why)
{
	igd_close(g);
	g->fn(g->arg, NULL, why);
}

/* Tell of a port.  0, or -1: the object is gone. */
static int
igd_mapped(struct igd *g, const struct addr *a)
{
	g->telling = 1;
	g->fn(g->arg, a, NULL);
	g->telling = 0;
	if (!g->gone)
		return 0;
	free(g);
	return -1;
}

/* A line of the worker, in which may be a router's words.  0, or -1: the object
 * may be gone. */
static int
igd_line(struct igd *g, char *line)
{
	char		*port = strchr(line, ' ');
	struct addr	 a;
	uint16_t	 n;

	if (port != NULL)
		*port = '\0';
	if (port != NULL && number_port(port + 1, &n) == 0 &&
	    addr_read(&a, line, n) == 0)
		return igd_mapped(g, &a);
	if (port != NULL)
		*port = ' ';
	igd_fail(g, line);
	return -1;
}

/* Take the lines that are whole.  0, or -1 as igd_line(). */
static int
igd_lines(struct igd *g)
{
	char	 line[IGD_LINE];
	char	*end;

	while ((end = memchr(g->line, '\n', g->len)) != NULL) {
		*end++ = '\0';
		strlcpy(line, g->line, sizeof(line));
		g->len -= (size_t)(end - g->line);
		memmove(g->line, end, g->len);
		if (igd_line(g, line) == -1)
			return -1;
	}
	return 0;
}

static int
igd_want(void *arg)
{
	(void)arg;
	return POLLIN;
}

static void
igd_ready(void *arg, int revents)
{
	struct igd	*g = arg;
	ssize_t		 n;

	(void)revents;
	n = read(g->watch.fd, g->line + g->len, sizeof(g->line) - g->len);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		g->len += (size_t)n;
		if (igd_lines(g) == -1 || g->len < sizeof(g->line))
			return;
	}
	igd_fail(g, "the process that asks has ended");
}

struct igd *
igd_open(struct loop *l, int fd, igd_fn *fn, void *arg)
{
	struct igd	*g;

	if ((g = calloc(1, sizeof(*g))) == NULL) {
		(void)fd_give_up(fd);
		return NULL;
	}
	g->loop = l;
	g->fn = fn;
	g->arg = arg;
	g->watch = (struct watch){ .fd = fd, .want = igd_want,
	    .ready = igd_ready, .arg = g };
	loop_watch(l, &g->watch);
	return g;
}

struct igd *
igd_map(struct loop *l, uint16_t port, igd_fn *fn, void *arg)
{
#ifdef HAVE_MINIUPNPC
	int	 fd = child_work(igd_work, &port);

	return fd == -1 ? NULL : igd_open(l, fd, fn, arg);
#else
	(void)l;
	(void)port;
	(void)fn;
	(void)arg;
	errno = ENOSYS;
	return NULL;
#endif
}
