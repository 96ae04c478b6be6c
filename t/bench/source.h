/* source: what epoll(7) has to say of many descriptors, to functions. */
#ifndef T_BENCH_SOURCE_H
#define T_BENCH_SOURCE_H

#include <stdint.h>

struct source {
	int	 fd;
	void	(*ready)(void *arg, uint32_t events);
	void	*arg;
	uint32_t events;	/* source's own; 0: not watched */
};

/* Have s->ready called for these events, EPOLLIN and EPOLLOUT, from now on; for
 * none with 0, as is due before s->fd is closed. */
void	 source_want(struct source *s, uint32_t events);
/* Wait for ms milliseconds at most, and call what is ready. */
void	 source_wait(int ms);
/* s->fd does not block from now on. */
void	 source_unblock(const struct source *s);

#endif
