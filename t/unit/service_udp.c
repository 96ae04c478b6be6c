/*
 * Unit tests of net/channel/service_udp and net/dial/udp_port: a target at one
 * of several addresses, frames that a hostile caller sends, and ends at any
 * moment.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/service_udp.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/dial/udp_port.h"
#include "net/io/loop.h"
#include "t/lib/bounded.h"
#include "t/lib/tap.h"

#define TIMES	10		/* as fast (XCAT_TEST_CLOCK) */
#define BOUND	(TIMES * 10000)	/* ms, after which a test has failed */
#define NEVER	(TIMES * 100000) /* ms: it does not become idle */

static struct loop	*loop;
static struct udp_port	*port;		/* the target, which answers */
static struct addr	 here, dead4, dead6;
static size_t		 came, bytes;	/* at the target */
static unsigned char	 big[70000];

static void
target_came(void *arg, const struct udp_ends *ends, const unsigned char *data,
    size_t len)
{
	(void)arg;
	came++;
	bytes += len;
	if (udp_port_send(port, ends, data, len) == -1)
		exit(1);
}

static void
target_writable(void *arg)
{
	(void)arg;
}

static void
note_stuck(void *arg)
{
	*(int *)arg = 1;
}

static void
turn(int64_t ms)
{
	if (bounded_run(loop, ms) == -1)
		exit(1);
}

/* Until the target has n. */
static void
until(size_t n)
{
	int64_t	 end = clock_ms() + BOUND;

	while (came < n && clock_ms() < end)
		turn(5);
}

/* Read n bytes of answers, or what comes until the end; how many. */
static size_t
answers(int fd, size_t n, int *ended)
{
	int64_t	 end = clock_ms() + BOUND;
	size_t	 all = 0;
	ssize_t	 r = -1;

	while (all < n && r != 0 && clock_ms() < end) {
		turn(5);
		if ((r = recv(fd, big, sizeof(big), MSG_DONTWAIT)) > 0)
			all += (size_t)r;
	}
	*ended = r == 0;
	return all;
}

static struct service_udp *
service(const struct addr *addrs, size_t n, int64_t idle, int *end)
{
	struct service_udp	*s;

	if ((s = service_udp_new(loop, "x", addrs, n, idle, end)) == NULL)
		exit(1);
	came = bytes = 0;
	return s;
}

/* The end of the channel may take only a part at a time. */
static void
say(int fd, const void *data, size_t len)
{
	const unsigned char	*p = data;
	int64_t			 end = clock_ms() + BOUND;
	ssize_t			 n;

	while (len > 0 && clock_ms() < end) {
		if ((n = send(fd, p, len, MSG_DONTWAIT)) > 0) {
			p += n;
			len -= (size_t)n;
		} else {
			turn(1);
		}
	}
}

/* What the addresses before have refused, the next one gets, all of it. */
static void
test_addresses(void)
{
	struct addr		 addrs[3];
	struct service_udp	*s;
	int			 fd, ended, i;

	addrs[0] = dead6;
	addrs[1] = dead4;
	addrs[2] = here;
	s = service(addrs, 3, NEVER, &fd);
	say(fd, "\0\5hello\0\0\0\3abc", 14);
	until(3);
	ok(came == 3 && bytes == 8, "three datagrams, at the third address");
	is_int((long long)answers(fd, 14, &ended), 14, "and their answers");
	close(fd);
	service_udp_free(s);
	s = service(addrs, 2, NEVER, &fd);
	for (i = 0; i < 50; i++) {
		say(fd, "\0\1x", 3);
		turn(1);
	}
	is_int((long long)came, 0, "no address at all");
	close(fd);
	service_udp_free(s);
}

static void
test_hostile(void)
{
	struct service_udp	*s;
	unsigned char		 c;
	int			 fd, ended, i;

	s = service(&here, 1, NEVER, &fd);
	memset(big, 0xff, sizeof(big));
	say(fd, big, 65537);
	say(fd, "\0\1x", 3);
	until(1);
	ok(came == 1 && bytes == 1, "one behind one that is too large");
	is_int((long long)answers(fd, 3, &ended), 3, "and its answer");
	for (i = 0; i < 1000; i++) {
		c = i % 10 == 0 ? 0 : i % 10 == 1 ? 8 : 'y';
		say(fd, &c, 1);
	}
	until(101);
	ok(came == 101 && bytes == 801, "byte by byte");
	say(fd, "\0\11half", 6);
	close(fd);
	service_udp_free(s);
	turn(20);
	is_int((long long)came, 101, "half of one is none");
}

static void
test_ends(void)
{
	struct service_udp	*s;
	int64_t			 end;
	int			 fd, ended, i, stuck = 0;

	s = service(&here, 1, NEVER, &fd);
	for (i = 0; i < 40; i++)
		say(fd, "\0\2ab", 4);
	close(fd);
	service_udp_free(s);
	until(40);
	is_int((long long)came, 40, "what has come before the end is sent");
	s = service(&here, 1, 50, &fd);
	ok(answers(fd, 1, &ended) == 0 && ended, "quiet: its direction ends");
	say(fd, "\0\1x", 3);
	until(1);
	is_int((long long)came, 1, "the other one need not yet");
	service_udp_on_stuck(s, note_stuck, &stuck);
	end = clock_ms() + BOUND;
	while (!stuck && clock_ms() < end)
		turn(100);
	ok(stuck, "a caller that does not end it is told of");
	close(fd);
	service_udp_free(s);
	s = service(&here, 1, NEVER, &fd);
	shutdown(fd, SHUT_WR);
	ok(answers(fd, 1, &ended) == 0 && ended, "an end is answered with one");
	close(fd);
	service_udp_free(s);
	service_udp_free(NULL);
}

int
main(void)
{
	const struct udp_port_user	 user = { target_came, target_writable,
					    NULL };
	char				 err[PORT_ERR];

	tap_wind(TIMES);
	if ((loop = loop_new()) == NULL || (port = udp_port_new(loop,
	    "127.0.0.1:0", &user, err)) == NULL ||
	    addr_read(&here, "127.0.0.1", udp_port_number(port)) == -1 ||
	    addr_read(&dead4, "127.0.0.1", 1) == -1 ||
	    addr_read(&dead6, "::1", 1) == -1)
		exit(1);
	test_addresses();
	test_hostile();
	test_ends();
	udp_port_free(port);
	loop_free(loop);
	return tap_done();
}
