/*
 * Unit tests of net/io/listen, by both kinds of ports: what happens when there
 * are no descriptors for clients that connect.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/port.h"
#include "net/io/limits.h"
#include "net/io/loop.h"
#include "net/s5b/s5b_listen.h"
#include "t/lib/bounded.h"
#include "t/lib/tap.h"
#include "xml/number.h"

#define BOUND	30000		/* ms, after which a test has failed */
#define LOOK	300		/* ms in which a listener could spin, */
#define FEW	50		/* turns of the loop that are no spinning */

static const uint16_t	 any_port;
static struct rlimit	 given;
static struct loop	*loop;
static int		 turns, accepted, answered;

static void
count(void *arg)
{
	(void)arg;
	turns++;
}

static void
turn(int64_t ms)
{
	turns = 0;
	if (bounded_run(loop, ms) == -1)
		perror("loop");
}

static void
on_port(void *arg, int fd)
{
	(void)arg;
	accepted++;
	close(fd);
	loop_stop(loop);
}

static void
on_stream(void *arg, int fd)
{
	(void)arg;
	close(fd);
}

static int
connected(uint16_t port)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_port = htons(port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || connect(fd, (struct sockaddr *)&sin, sizeof(sin)) ==
	    -1) {
		perror("connect");
		exit(1);
	}
	return fd;
}

/* Only so many descriptors are left. */
static void
leave(rlim_t n)
{
	struct rlimit	 rl = given;
	int		 lowest;

	(void)setrlimit(RLIMIT_NOFILE, &given);
	if ((lowest = fcntl(0, F_DUPFD_CLOEXEC, 0)) == -1)
		exit(1);
	close(lowest);
	rl.rlim_cur = (rlim_t)lowest + n;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		perror("setrlimit");
}

static void
leave_all(void)
{
	(void)setrlimit(RLIMIT_NOFILE, &given);
}

static void
test_port(void)
{
	char		 why[PORT_ERR];
	struct port	*p = port_listen(loop, "127.0.0.1:0", on_port, NULL,
			     why);
	int		 fd;

	if (p == NULL) {
		ok(0, "%s", why);
		return;
	}
	fd = connected(port_number(p));
	leave(0);
	turn(LOOK);
	ok(turns < FEW, "a port without descriptors rests: %d turns", turns);
	is_int(accepted, 0, "it has accepted nothing");
	leave(1);
	turn(LOOK);
	ok(turns < FEW, "so does one with only a reserve: %d turns", turns);
	is_int(accepted, 0, "which is not for that");
	leave_all();
	turn(BOUND);
	is_int(accepted, 1, "with descriptors it accepts");
	close(fd);
	port_free(p);
}

/* The first connection of all has the others wait, whichever port it is at. */
static void
on_ports(void *arg, int fd)
{
	accepted++;
	close(fd);
	ports_hold(arg, 1);
}

static void
test_hold(void)
{
	struct ports	*p = ports_new(loop);
	char		 why[PORT_ERR], where[2][PORT_TEXT];
	uint16_t	 port;
	int		 fd[2], i;

	if (p == NULL || ports_open(p, "127.0.0.1:0", on_ports, p, why) == -1 ||
	    ports_open(p, "127.0.0.1:0", on_ports, p, why) == -1) {
		ok(0, "no ports");
		return;
	}
	for (i = 0; i < 2; i++) {
		ports_text(p, (size_t)i, "127.0.0.1:0", where[i]);
		if (number_port(strrchr(where[i], ':') + 1, &port) == -1)
			abort();
		fd[i] = connected(port);
	}
	accepted = 0;
	turn(LOOK);
	is_int(accepted, 1, "two ports, one turn: the first has all wait");
	ok(turns < FEW, "and do not spin: %d turns", turns);
	ports_hold(p, 0);
	turn(LOOK);
	is_int(accepted, 2, "and go on");
	close(fd[0]);
	close(fd[1]);
	ports_free(p);
}

/* A client that has said hello. */
static int
want(void *arg)
{
	(void)arg;
	return POLLIN;
}

static void
ready(void *arg, int revents)
{
	(void)arg;
	answered += (revents & POLLIN) != 0;
	loop_stop(loop);
}

static void
test_bytestreams(void)
{
	struct s5b_listen	*s = s5b_listen_new(loop, AF_INET, &any_port,
				     0);
	struct s5b_wait		*w = s5b_listen_wait(s, "0123", on_stream,
				     NULL);
	struct watch		 client = { .want = want, .ready = ready };

	if (w == NULL) {
		ok(0, "no port for bytestreams");
		return;
	}
	client.fd = connected(s5b_listen_port(s, AF_INET));
	loop_watch(loop, &client);
	ok(write(client.fd, "\5\1", 3) == 3, "a target says hello");
	leave(0);
	turn(LOOK);
	ok(turns < FEW, "the host without descriptors rests: %d turns",
	    turns);
	is_int(answered, 0, "and says nothing");
	leave_all();
	turn(BOUND);
	is_int(answered, 1, "with descriptors it answers");
	loop_unwatch(loop, &client);
	close(client.fd);
	s5b_wait_cancel(w);
	s5b_listen_free(s);
}

int
main(void)
{
	if ((loop = loop_new()) == NULL ||
	    getrlimit(RLIMIT_NOFILE, &given) == -1)
		return 1;
	loop_before(loop, count, NULL);
	ok(limits_room(0), "there is room");
	leave(1);
	ok(!limits_room(0), "now there is not");
	leave_all();
	test_port();
	test_hold();
	test_bytestreams();
	loop_free(loop);
	return tap_done();
}
