#include <sys/epoll.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>

#include "t/bench/source.h"

#define BATCH	64		/* events at a time */

static int
epoll(void)
{
	static int	 fd = -1;

	if (fd == -1 && (fd = epoll_create1(EPOLL_CLOEXEC)) == -1)
		err(1, "epoll_create1");
	return fd;
}

void
source_want(struct source *s, uint32_t events)
{
	struct epoll_event	 e = { .events = events, .data.ptr = s };
	int			 op = s->events == 0 ? EPOLL_CTL_ADD :
				     events == 0 ? EPOLL_CTL_DEL :
				     EPOLL_CTL_MOD;

	if (s->events == events)
		return;
	if (epoll_ctl(epoll(), op, s->fd, &e) == -1)
		err(1, "epoll_ctl");
	s->events = events;
}

/* A source of these events may be freed by the function of another one: none
 * is here, as each function frees nothing but its own. */
void
source_wait(int ms)
{
	struct epoll_event	 e[BATCH];
	struct source		*s;
	int			 n, i;

	if ((n = epoll_wait(epoll(), e, BATCH, ms)) == -1 && errno != EINTR)
		err(1, "epoll_wait");
	for (i = 0; i < n; i++) {
		s = e[i].data.ptr;
		s->ready(s->arg, e[i].events);
	}
}

void
source_unblock(const struct source *s)
{
	if (fcntl(s->fd, F_SETFL, O_NONBLOCK) == -1)
		err(1, "fcntl");
}
