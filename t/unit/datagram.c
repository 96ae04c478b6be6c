/*
 * Unit tests of net/io/datagram and datagram_link: frames however they are cut,
 * lengths that a hostile peer may write, and a link whose other end is slow, or
 * gone.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/io/datagram.h"
#include "net/io/datagram_link.h"
#include "net/io/loop.h"
#include "t/lib/bounded.h"
#include "t/lib/tap.h"
#include "xml/buf.h"

#define BOUND	30000		/* ms, after which a test has failed */

static unsigned char	 payload[DATAGRAM_MOST + 1];
static struct loop	*loop;

/* The lengths of a few datagrams, small and large ones. */
static const size_t	 lengths[] = { 3, 0, 1, 0, 0, 1420, 2, 600 };
#define N	(sizeof(lengths) / sizeof(lengths[0]))

/* All of them into b. */
static void
put_all(struct buf *b)
{
	size_t	 i;

	for (i = 0; i < N; i++)
		if (datagram_put(b, payload + i, lengths[i]) == -1)
			exit(1);
}

/* Take what has come whole out of b: of the datagrams that put_all() has put
 * in, the next ones from *i on.  0, or -1 if it is another one. */
static int
take_next(struct buf *b, size_t *i)
{
	const unsigned char	*data;
	size_t			 len;

	for (; datagram_first(b, &data, &len); (*i)++) {
		if (*i >= N || len != lengths[*i] ||
		    memcmp(data, payload + *i, len) != 0)
			return -1;
		datagram_drop(b);
	}
	return 0;
}

/* In pieces of each size, and cut in two at each place. */
static void
test_splits(void)
{
	struct buf	 all, in;
	size_t		 size, at, i, bad = 0, len, n;

	buf_init(&all, DATAGRAM_FRAME);
	buf_init(&in, DATAGRAM_FRAME);
	put_all(&all);
	len = buf_len(&all);
	for (size = 1; size <= len; size++) {
		i = 0;
		for (at = 0; at < len; at += n) {
			n = len - at < size ? len - at : size;
			if (buf_add(&in, buf_data(&all) + at, n) == -1)
				exit(1);
			bad += take_next(&in, &i) == -1;
		}
		bad += i != N || buf_len(&in) != 0;
		buf_free(&in);
	}
	is_int((long long)bad, 0, "pieces of 1 to %zu bytes", len);
	for (at = 0; at <= len; at++) {
		i = 0;
		if (buf_add(&in, buf_data(&all), at) == -1 ||
		    take_next(&in, &i) == -1 ||
		    buf_add(&in, buf_data(&all) + at, len - at) == -1 ||
		    take_next(&in, &i) == -1 || i != N || buf_len(&in) != 0)
			bad++;
		buf_free(&in);
	}
	is_int((long long)bad, 0, "cut in two at each of %zu places", len + 1);
	buf_free(&all);
}

/* Any two bytes are a length, and none makes more be kept than a frame. */
static void
test_lengths(void)
{
	struct buf		 in;
	const unsigned char	*data;
	unsigned char		 head[DATAGRAM_HEAD];
	size_t			 n, len, bad = 0;

	buf_init(&in, DATAGRAM_FRAME);
	for (n = 0; n <= DATAGRAM_MOST; n++) {
		head[0] = (unsigned char)(n >> 8);
		head[1] = (unsigned char)n;
		if (buf_add(&in, head, 2) == -1 ||
		    datagram_first(&in, &data, &len) != (n == 0) ||
		    buf_add(&in, payload, n) == -1 ||
		    !datagram_first(&in, &data, &len) || len != n)
			bad++;
		datagram_drop(&in);
		bad += buf_len(&in) != 0;
	}
	is_int((long long)bad, 0, "every length there is");
	datagram_drop(&in);
	is_int((long long)buf_len(&in), 0, "nothing to be dropped");
	ok(buf_add(&in, "\xff", 1) == 0 && !datagram_first(&in, &data, &len),
	    "half a head is no datagram");
	datagram_drop(&in);
	is_int((long long)buf_len(&in), 1, "nor is it dropped");
	buf_free(&in);
}

static void
test_limits(void)
{
	struct buf	 out;

	buf_init(&out, DATAGRAM_FRAME);
	errno = 0;
	ok(datagram_put(&out, payload, DATAGRAM_MOST + 1) == -1 &&
	    errno == EMSGSIZE && buf_len(&out) == 0, "too large");
	is_int(datagram_put(&out, payload, DATAGRAM_MOST), 0, "the largest");
	errno = 0;
	ok(datagram_put(&out, payload, 0) == -1 && errno == ENOBUFS &&
	    buf_len(&out) == DATAGRAM_FRAME, "no room, and nothing is added");
	buf_free(&out);
	is_int(datagram_put(&out, NULL, 0), 0, "an empty one");
	is_int((long long)buf_len(&out), DATAGRAM_HEAD, "is a head alone");
	buf_free(&out);
}

/*
 * Links
 */

static size_t	 came, bytes, ended, refuse;

static int
link_came(void *arg, const unsigned char *data, size_t len)
{
	(void)arg;
	if (refuse > 0 && --refuse == 0) {
		loop_stop(loop);
		return -1;
	}
	came++;
	bytes += len;
	if (len > 0 && memcmp(data, payload, len) != 0)
		bytes = SIZE_MAX / 2;
	return 0;
}

static void
link_ended(void *arg)
{
	(void)arg;
	ended++;
	loop_stop(loop);
}

/* Run until the test stops it, for ms at most. */
static void
run(int64_t ms)
{
	ok(bounded_run(loop, ms) != -1, "the loop");
}

static struct datagram_link *
link_new(int *end)
{
	const struct datagram_user	 user = {
		.came = link_came,
		.ended = link_ended,
	};
	struct datagram_link		*d;

	if ((d = datagram_link_new(loop, &user, end)) == NULL)
		exit(1);
	came = bytes = ended = refuse = 0;
	return d;
}

/* How many bytes are in a socket, and its end if that has come. */
static size_t
read_all(int fd, int *end)
{
	static unsigned char	 room[65536];
	size_t			 all = 0;
	ssize_t			 n;

	while ((n = recv(fd, room, sizeof(room), MSG_DONTWAIT)) > 0)
		all += (size_t)n;
	*end = n == 0;
	return all;
}

/* What is queued is bounded, and no more of it is lost than does not fit. */
static void
test_queue(void)
{
	struct datagram_link	*d;
	size_t			 n = 0, all = 0;
	int			 fd, end = 0, turns;

	d = link_new(&fd);
	ok(datagram_link_room(d), "a new link has room");
	while (n < 100000 && datagram_link_send(d, payload, 1418) == 0)
		n++;
	ok(errno == ENOBUFS, "the queue is full");
	is_int((long long)n, DATAGRAM_QUEUE / 1420, "of %zu datagrams", n);
	ok(!datagram_link_room(d), "and says so");
	datagram_link_finish(d);
	errno = 0;
	ok(datagram_link_send(d, payload, 1) == -1 && errno == EPIPE,
	    "none behind the end");
	for (turns = 0; turns < 1000 && !end; turns++) {
		run(1);
		all += read_all(fd, &end);
	}
	is_int((long long)all, (long long)n * 1420, "all arrive");
	ok(end, "and then the end");
	datagram_link_free(d);
	close(fd);
}

/* A datagram that cannot be taken comes again; then the others. */
static void
test_stuck(void)
{
	struct datagram_link	*d;
	struct buf		 b;
	int			 fd, i;

	d = link_new(&fd);
	buf_init(&b, DATAGRAM_FRAME);
	for (i = 0; i < 5; i++)
		if (datagram_put(&b, payload, 100) == -1)
			exit(1);
	refuse = 3;
	is_int(send(fd, buf_data(&b), buf_len(&b), 0),
	    (long long)buf_len(&b), "five are sent");
	close(fd);
	run(BOUND);
	ok(came == 2 && ended == 0, "two come, the third is not taken");
	datagram_link_resume(d);
	ok(came == 5 && bytes == 500, "all have come");
	run(BOUND);
	is_int((long long)ended, 1, "and the end");
	datagram_link_free(d);
	buf_free(&b);
}

/* What the other end has left behind is handed over at once; half a datagram is
 * none. */
static void
test_drain(void)
{
	struct datagram_link	*d;
	struct buf		 b;
	int			 fd, i;

	d = link_new(&fd);
	buf_init(&b, 2 * DATAGRAM_FRAME);
	for (i = 0; i < 50; i++)
		if (datagram_put(&b, payload, 1000) == -1)
			exit(1);
	if (datagram_put(&b, payload, 1000) == -1)
		exit(1);
	buf_truncate(&b, buf_len(&b) - 1);
	is_int(send(fd, buf_data(&b), buf_len(&b), MSG_DONTWAIT),
	    (long long)buf_len(&b), "fifty and a piece are sent");
	close(fd);
	datagram_link_drain(d);
	ok(came == 50 && bytes == 50000, "fifty have come");
	is_int((long long)ended, 1, "and the end, once");
	ok(datagram_link_send(d, payload, 10) == 0, "an answer");
	run(1);
	datagram_link_finish(d);
	datagram_link_free(d);
	datagram_link_free(NULL);
	buf_free(&b);
}

/* The largest datagrams, through a socket that holds few of them. */
static void
test_large(void)
{
	struct datagram_link	*d;
	struct buf		 b;
	size_t			 at = 0;
	ssize_t			 n;
	int			 fd, i;

	d = link_new(&fd);
	buf_init(&b, 8 * DATAGRAM_FRAME);
	for (i = 0; i < 8; i++)
		if (datagram_put(&b, payload, DATAGRAM_MOST) == -1)
			exit(1);
	for (i = 0; i < 10000 && at < buf_len(&b); i++) {
		n = send(fd, buf_data(&b) + at, buf_len(&b) - at,
		    MSG_DONTWAIT);
		if (n > 0)
			at += (size_t)n;
		run(1);
	}
	close(fd);
	run(BOUND);
	ok(came == 8 && bytes == 8 * (size_t)DATAGRAM_MOST && ended == 1,
	    "eight of %d bytes", DATAGRAM_MOST);
	datagram_link_free(d);
	buf_free(&b);
}

int
main(void)
{
	size_t	 i;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = (unsigned char)(i * 7);
	if ((loop = loop_new()) == NULL)
		exit(1);
	test_splits();
	test_lengths();
	test_limits();
	test_queue();
	test_stuck();
	test_drain();
	test_large();
	loop_free(loop);
	return tap_done();
}
