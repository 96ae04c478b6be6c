/*
 * Unit tests of net/io/pump: short writes, what stands for no descriptor, and
 * what does not.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/io/loop.h"
#include "net/io/pump.h"
#include "t/lib/bounded.h"
#include "t/lib/tap.h"

#define BOUND	30000		/* ms, after which a test has failed */

static struct loop	*loop;
static unsigned char	 payload[1000000];	/* for its output */
static size_t		 gone;		/* of it, consumed */
static size_t		 left;		/* bytes that are not */
static int		 finished;

static size_t
room(void *arg)
{
	(void)arg;
	return 0;
}

static int
take(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 0;
}

static void
finish(void *arg)
{
	(void)arg;
	finished = 1;
}

static const unsigned char *
data(void *arg, size_t *len)
{
	(void)arg;
	*len = left;
	return payload + gone;
}

static void
consume(void *arg, size_t len)
{
	(void)arg;
	left -= len;
	gone += len;
	if (left == 0)
		loop_stop(loop);
}

static void
changed(void *arg)
{
	(void)arg;
}

static const struct pump_peer	 peer = { room, take, finish, data, consume,
				    changed, NULL,
				    NULL };

static int
is_closed(int fd)
{
	return fcntl(fd, F_GETFD) == -1 && errno == EBADF;
}

/* The descriptor of a call that has failed. */
static void
test_failed(void)
{
	int	 fds[2];

	if (pipe(fds) == -1)
		exit(1);
	errno = EMFILE;
	ok(pump_new(loop, fds[0], -1, &peer) == NULL && errno == EMFILE,
	    "an output that could not be had is no output to be thrown away");
	ok(is_closed(fds[0]), "the input is closed");
	errno = EMFILE;
	ok(pump_new(loop, -1, fds[1], &peer) == NULL && errno == EMFILE,
	    "nor is an input that could not be had an empty one");
	ok(is_closed(fds[1]), "the output is closed");
}

static void
test_none(void)
{
	struct pump	*e;

	left = 100;
	e = pump_new(loop, PUMP_NONE, PUMP_NONE, &peer);
	ok(e != NULL && finished, "without an input that is at its end");
	ok(bounded_run(loop, BOUND) != -1 && left == 0,
	    "without an output all is thrown away");
	is_int(pump_error(e), 0, "which is no error");
	pump_finish_output(e);
	ok(pump_output_finished(e), "and it has an end");
	pump_free(e);
}

static unsigned char	 came[sizeof(payload)];
static size_t		 ncame;

static int
want_input(void *arg)
{
	(void)arg;
	return POLLIN;
}

/* A reader of few bytes at a time. */
static void
ready_input(void *arg, int revents)
{
	const struct watch	*w = arg;
	size_t			 most = sizeof(came) - ncame;
	ssize_t			 n;

	(void)revents;
	n = read(w->fd, came + ncame, most < 1000 ? most : 1000);
	if (n > 0)
		ncame += (size_t)n;
	if (ncame == sizeof(came) || n <= 0)
		loop_stop(loop);
}

/* The output takes less than there is, again and again. */
static void
test_short(int type)
{
	struct watch	 reader = { .want = want_input, .ready = ready_input };
	struct pump	*e;
	int64_t		 end = clock_ms() + BOUND;
	int		 fds[2];

	if ((type == 0 ? pipe(fds) : socketpair(AF_UNIX, type, 0, fds)) == -1)
		exit(1);
	arc4random_buf(payload, sizeof(payload));
	memset(came, 0, sizeof(came));
	ncame = gone = 0;
	left = sizeof(payload);
	e = pump_new(loop, PUMP_NONE, fds[1], &peer);
	reader.fd = fds[0];
	reader.arg = &reader;
	loop_watch(loop, &reader);
	while (ncame < sizeof(came) && clock_ms() < end &&
	    bounded_run(loop, end - clock_ms()) != -1)
		;
	is_int((long long)ncame, (long long)sizeof(came), "%s: all comes",
	    type == 0 ? "a pipe" : "a socket");
	ok(memcmp(came, payload, sizeof(came)) == 0 && left == 0,
	    "in order, and no byte is counted twice");
	loop_unwatch(loop, &reader);
	close(fds[0]);
	pump_free(e);
}

/*
 * A program that answers and ends
 */

static size_t	 taken;		/* bytes of the answer */

static size_t
some_room(void *arg)
{
	(void)arg;
	return 1000;
}

static int
count(void *arg, const void *p, size_t len)
{
	(void)arg;
	(void)p;
	taken += len;
	return 0;
}

static void
stop_if_over(void *arg)
{
	struct pump	**e = arg;

	if (pump_error(*e) != 0 || (pump_input_finished(*e) && left == 0))
		loop_stop(loop);
}

/* It has not read the first unread bytes when it ends, which makes its end a
 * reset; so many more are to be written. */
static void
test_answer(size_t unread, size_t more, int error, const char *what)
{
	struct pump_peer answer = peer;
	struct pump	*e;
	int		 fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		exit(1);
	taken = 0;
	left = more;
	gone = 0;
	answer.room = some_room;
	answer.write = count;
	answer.changed = stop_if_over;
	answer.arg = &e;
	if ((e = pump_new(loop, fds[0], fds[0], &answer)) == NULL ||
	    write(fds[0], payload, unread) != (ssize_t)unread ||
	    write(fds[1], payload, 10000) != 10000)
		exit(1);
	close(fds[1]);
	bounded_run(loop, BOUND);
	is_int((long long)taken, 10000, "%s: the answer is read", what);
	is_int(pump_error(e), error, "and then it is known how it ended");
	pump_free(e);
}

int
main(void)
{
	if ((loop = loop_new()) == NULL)
		return 1;
	test_failed();
	test_none();
	test_short(0);
	test_short(SOCK_STREAM);
	test_answer(0, 0, 0, "an end");
	test_answer(0, 10, EPIPE, "an end before all is written");
	test_answer(10, 0, ECONNRESET, "a reset");
	test_answer(10, 10, ECONNRESET, "a reset before all is written");
	loop_free(loop);
	return tap_done();
}
