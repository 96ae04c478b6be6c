/*
 * wan: a wire between two network namespaces on which packets take their time,
 * where the kernel has no netem(8): a tun device in each.
 *
 *	wan ms namespace device namespace device
 *
 * Says "ready" when both devices are there, and passes packets on until it is
 * ended.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/if.h>
#include <linux/if_tun.h>

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PACKET	2048		/* bytes */
#define QUEUE	4096		/* packets; more are lost */

/* One direction. */
struct way {
	int		 from, to;
	unsigned	 head, tail;
	struct packet {
		int64_t		 due;	/* us */
		ssize_t		 len;
		unsigned char	 data[PACKET];
	}		*queue;
};

static int64_t	 delay;		/* us */

static int64_t
now_us(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int
open_tun(const char *netns, const char *device)
{
	struct ifreq	 ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	char		 path[PATH_MAX];
	int		 fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	if ((fd = open(path, O_RDONLY)) == -1 || setns(fd, CLONE_NEWNET) == -1)
		err(1, "%s", path);
	close(fd);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	if ((fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK)) == -1 ||
	    ioctl(fd, TUNSETIFF, &ifr) == -1)
		err(1, "/dev/net/tun");
	return fd;
}

static void
take(struct way *w)
{
	struct packet	*p;

	while (w->tail - w->head < QUEUE) {
		p = &w->queue[w->tail % QUEUE];
		if ((p->len = read(w->from, p->data, PACKET)) <= 0)
			return;
		p->due = now_us() + delay;
		w->tail++;
	}
}

/* Pass on what is due; returns when the next is, or INT64_MAX. */
static int64_t
give(struct way *w)
{
	struct packet	*p;

	for (; w->head != w->tail; w->head++) {
		p = &w->queue[w->head % QUEUE];
		if (p->due > now_us())
			return p->due;
		if (write(w->to, p->data, (size_t)p->len) == -1) {
			/* lost, as packets are */
		}
	}
	return INT64_MAX;
}

int
main(int argc, char **argv)
{
	struct way	 ways[2];
	struct pollfd	 pfds[2];
	struct timespec	 ts;
	int64_t		 next, due;
	int		 i;

	if (argc != 6)
		errx(2, "usage: wan ms namespace device namespace device");
	delay = 1000 * (int64_t)strtol(argv[1], NULL, 10);
	ways[0].from = ways[1].to = open_tun(argv[2], argv[3]);
	ways[1].from = ways[0].to = open_tun(argv[4], argv[5]);
	for (i = 0; i < 2; i++) {
		ways[i].head = ways[i].tail = 0;
		if ((ways[i].queue = calloc(QUEUE, sizeof(struct packet))) ==
		    NULL)
			err(1, NULL);
		pfds[i].fd = ways[i].from;
		pfds[i].events = POLLIN;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		next = give(&ways[0]);
		if ((due = give(&ways[1])) < next)
			next = due;
		if (next != INT64_MAX) {
			next = next > now_us() ? next - now_us() : 0;
			ts.tv_sec = next / 1000000;
			ts.tv_nsec = next % 1000000 * 1000;
		}
		if (ppoll(pfds, 2, next == INT64_MAX ? NULL : &ts, NULL) > 0)
			for (i = 0; i < 2; i++)
				take(&ways[i]);
	}
}
