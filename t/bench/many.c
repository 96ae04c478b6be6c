/*
 * many: bytes through many connections at once.
 *
 *	many [-w] [-n count] [-s bytes] target port
 *
 * Listens on the loopback port target, makes count connections to the other
 * one, which leads to the target, sends a byte through each, and then the
 * bytes, shared out evenly.  The line has the seconds for the first bytes, and
 * those for the others.  With -w the connections stay until standard input
 * ends.
 */
#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/bench/local.h"
#include "t/bench/stat.h"

#define PIECE	(64 * 1024)
#define AHEAD	64		/* connections not accepted yet, at most */
#define LIMIT	300000		/* ms without any progress */

struct pair {
	int	 near, far;
	size_t	 to_send;
};

static char	 bytes[PIECE];

static void
allow_descriptors(size_t n)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		err(1, "getrlimit");
	rl.rlim_cur = n < rl.rlim_max ? n : rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		err(1, "setrlimit");
}

static size_t
take(int fd)
{
	ssize_t	 n = read(fd, bytes, sizeof(bytes));

	if (n == 0 || (n == -1 && errno != EAGAIN))
		errx(1, "a stream ends before its end");
	return n == -1 ? 0 : (size_t)n;
}

static void
give(struct pair *p)
{
	ssize_t	 n = write(p->near, bytes, p->to_send < sizeof(bytes) ?
		    p->to_send : sizeof(bytes));

	if (n == -1 && errno != EAGAIN)
		err(1, "write");
	p->to_send -= n == -1 ? 0 : (size_t)n;
}

static void
watch(int ep, int fd, uint32_t events, struct pair *p)
{
	struct epoll_event	 e = { .events = events, .data.ptr = p };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) == -1)
		err(1, "epoll_ctl");
}

/* Which connection became which is of no interest: all bytes are alike.  By
 * epoll(7), as it is not to take the processors from those who are measured. */
static double
move(struct pair *pairs, size_t n, size_t each)
{
	struct epoll_event	 e[64];
	struct pair		*p;
	size_t			 i, left = n * each;
	int			 ep = epoll_create1(EPOLL_CLOEXEC), got, k;
	double			 began = stat_now();

	for (i = 0; i < n; i++) {
		pairs[i].to_send = each;
		watch(ep, pairs[i].near, EPOLLOUT, &pairs[i]);
		watch(ep, pairs[i].far, EPOLLIN, &pairs[i]);
	}
	while (left > 0) {
		if ((got = epoll_wait(ep, e, 64, LIMIT)) <= 0)
			errx(1, "nothing moves, %zu bytes left", left);
		for (k = 0; k < got; k++) {
			p = e[k].data.ptr;
			if (e[k].events & EPOLLOUT && p->to_send > 0) {
				give(p);
				if (p->to_send == 0)
					epoll_ctl(ep, EPOLL_CTL_DEL, p->near,
					    NULL);
			} else
				left -= take(p->far);
		}
	}
	close(ep);
	return stat_now() - began;
}

static int
unblocked(int fd)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		err(1, "fcntl");
	return fd;
}

/* As many as the kernel keeps for the target are not accepted yet: where there
 * are more, TCP waits for seconds. */
static struct pair *
connections(size_t n, const char *target, const char *port)
{
	struct pair	*pairs = calloc(n, sizeof(*pairs));
	size_t		 i;
	int		 l = local_listen(target);

	if (pairs == NULL)
		err(1, NULL);
	for (i = 0; i < n + AHEAD; i++) {
		if (i < n)
			pairs[i].near = unblocked(local_connect(port));
		if (i >= AHEAD)
			pairs[i - AHEAD].far = unblocked(local_accept(l));
	}
	close(l);
	return pairs;
}

int
main(int argc, char **argv)
{
	struct pair	*pairs;
	size_t		 count = 1, size = 0;
	double		 began = stat_now(), opening;
	int		 c, stay = 0;

	while ((c = getopt(argc, argv, "n:s:w")) != -1)
		switch (c) {
		case 'n':	count = stat_number(optarg); break;
		case 's':	size = stat_number(optarg); break;
		case 'w':	stay = 1; break;
		default:	return 2;
		}
	if (argc - optind != 2 || count == 0)
		errx(2, "usage: many [-w] [-n count] [-s bytes] target port");
	allow_descriptors(2 * count + 16);
	pairs = connections(count, argv[optind], argv[optind + 1]);
	move(pairs, count, 1);
	opening = stat_now() - began;
	printf("%.3f %.3f\n", opening, move(pairs, count, size / count));
	fflush(stdout);
	while (stay && read(STDIN_FILENO, bytes, sizeof(bytes)) > 0)
		continue;
	return 0;
}
