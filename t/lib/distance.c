/*
 * distance: a TCP relay on loopback that puts a distance between two ends.
 *
 *	distance [-d ms] [-j ms] [-r rate] [-q ms] [-n bytes] port
 *
 * It prints "listening PORT" and relays what connects there to 127.0.0.1:port.
 * Each direction of a connection is a link of its own: it takes rate bytes a
 * second (-r; as many as come if it is 0), and what it has taken arrives the
 * delay (-d) and up to the jitter (-j) later, never before what was sent before
 * it.  Where there is a rate, up to -q ms of it stand in a queue in front of
 * the link, 200 if it is not said; what comes beyond that is not read, as by a
 * host whose buffer is full.  With -n each connection is reset after so many
 * bytes, both directions together; on SIGUSR1 all connections are.
 *
 * A link holds what is on its way in chunks, each with the time at which it
 * arrives, so that nothing sleeps: poll(2) ends when the first one is due.
 * Connecting takes no time, nor do acknowledgements of TCP: the link is what
 * programs see of a path that loses nothing.
 */
#include <sys/queue.h>
#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAIRS	256			/* connections at once */
#define PIECE	(64 * 1024)		/* bytes of a chunk */
#define PIECE_LEAST 512			/* bytes, where there is a rate */
#define PIECES	500			/* of these in a second of the rate */
#define HELD	(64 * 1024 * 1024)	/* bytes on their way, at most */
#define TURN	16			/* chunks read at a time */
#define QUEUE	200			/* ms in front of a slow link */

struct chunk {
	int64_t			 due;	/* ns */
	size_t			 len;	/* 0: the end of this direction */
	size_t			 gone;
	STAILQ_ENTRY(chunk)	 next;
	unsigned char		 data[];
};

/* A direction of a connection. */
struct link {
	int			 from, to;
	STAILQ_HEAD(, chunk)	 chunks;
	size_t			 held;		/* bytes in these */
	int64_t			 departs;	/* ns: all so far have left */
	int64_t			 arrives;	/* ns: and arrived */
	int			 ended;		/* nothing more comes */
	int			 over;		/* and the other end knows */
	int			 blocked;	/* until it can be written to */
};

struct pair {
	struct link		 link[2];
	uint64_t		 moved;
	LIST_ENTRY(pair)	 next;
};

static LIST_HEAD(, pair) pairs = LIST_HEAD_INITIALIZER(pairs);
static size_t		 npairs;
static int64_t		 delay, jitter, queue = QUEUE * INT64_C(1000000);
static uint64_t		 rate, most;
static volatile sig_atomic_t	 dropping;

static int64_t
now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* It is blocked but while the relay waits. */
static void
drop(int sig)
{
	(void)sig;
	dropping = 1;
}

/*
 * Sockets
 */

static int
loopback(uint16_t port, struct sockaddr_in *sin)
{
	int	 fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		err(1, "socket");
	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin->sin_port = htons(port);
	return fd;
}

static int
start_listening(void)
{
	struct sockaddr_in	 sin;
	socklen_t		 len = sizeof(sin);
	int			 fd = loopback(0, &sin);

	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "cannot listen");
	printf("listening %d\n", ntohs(sin.sin_port));
	fflush(stdout);
	return fd;
}

static void
set_options(int fd)
{
	int	 one = 1;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* A server that leaves Nagle's algorithm on is not to wait for the kernel of
 * this relay as well. */
static void
acknowledge(int fd)
{
#ifdef TCP_QUICKACK
	int	 one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
#endif
	(void)fd;
}

/* The end of a connection that is closed so comes as an error. */
static void
reset(int fd)
{
	struct linger	 l = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

/*
 * Connections
 */

static void
pair_free(struct pair *p, void (*closing)(int))
{
	struct chunk	*c;
	int		 i;

	closing(p->link[0].from);
	closing(p->link[1].from);
	for (i = 0; i < 2; i++)
		while ((c = STAILQ_FIRST(&p->link[i].chunks)) != NULL) {
			STAILQ_REMOVE_HEAD(&p->link[i].chunks, next);
			free(c);
		}
	LIST_REMOVE(p, next);
	npairs--;
	free(p);
}

static void
link_init(struct link *l, int from, int to)
{
	l->from = from;
	l->to = to;
	STAILQ_INIT(&l->chunks);
	set_options(from);
}

static void
pair_new(int listener, uint16_t port)
{
	struct sockaddr_in	 sin;
	struct pair		*p;
	int			 near, far;

	if ((near = accept(listener, NULL, NULL)) == -1)
		return;
	far = loopback(port, &sin);
	if (connect(far, (struct sockaddr *)&sin, sizeof(sin)) == -1) {
		close(far);
		reset(near);
		return;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL)
		err(1, NULL);
	link_init(&p->link[0], near, far);
	link_init(&p->link[1], far, near);
	LIST_INSERT_HEAD(&pairs, p, next);
	npairs++;
}

static void
close_fd(int fd)
{
	close(fd);
}

/*
 * What is on its way
 */

static int64_t
take_time(uint64_t bytes)
{
	return rate == 0 ? 0 : (int64_t)(bytes * UINT64_C(1000000000) / rate);
}

static size_t
piece(void)
{
	uint64_t	 n = rate / PIECES;

	if (rate == 0 || n > PIECE)
		return PIECE;
	return n < PIECE_LEAST ? PIECE_LEAST : (size_t)n;
}

static int
link_reads(const struct link *l, int64_t at)
{
	return !l->ended && l->held < HELD && l->departs - at <= queue;
}

static void
link_add(struct link *l, const void *data, size_t len, int64_t at)
{
	struct chunk	*c;

	if ((c = calloc(1, sizeof(*c) + len)) == NULL)
		err(1, NULL);
	if (l->departs < at)
		l->departs = at;
	l->departs += take_time(len);
	c->due = l->departs + delay +
	    (jitter > 0 ? (int64_t)(random() % 1024) * jitter / 1024 : 0);
	if (c->due < l->arrives)
		c->due = l->arrives;
	l->arrives = c->due;
	c->len = len;
	if (len > 0)
		memcpy(c->data, data, len);
	l->held += len;
	STAILQ_INSERT_TAIL(&l->chunks, c, next);
}

/* Returns -1 if the connection is broken. */
static int
link_read(struct link *l)
{
	static unsigned char	 b[PIECE];
	ssize_t			 n;
	int			 i;

	for (i = 0; i < TURN && link_reads(l, now()); i++) {
		n = read(l->from, b, piece());
		if (n == -1)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		acknowledge(l->from);
		link_add(l, b, (size_t)n, now());
		if (n == 0)
			l->ended = 1;
	}
	return 0;
}

/* The first chunk has arrived: 0, 1 if it cannot be written, -1 for an end
 * that is broken. */
static int
chunk_write(struct pair *p, struct link *l, struct chunk *c)
{
	ssize_t	 n;

	if (c->len == 0) {
		l->over = 1;
		shutdown(l->to, SHUT_WR);
	} else {
		n = send(l->to, c->data + c->gone, c->len - c->gone,
		    MSG_NOSIGNAL);
		if (n == -1)
			return errno == EAGAIN || errno == EINTR ? 1 : -1;
		c->gone += (size_t)n;
		l->held -= (size_t)n;
		p->moved += (uint64_t)n;
		if (c->gone < c->len)
			return 1;
	}
	STAILQ_REMOVE_HEAD(&l->chunks, next);
	free(c);
	return 0;
}

static int
link_write(struct pair *p, struct link *l)
{
	struct chunk	*c;
	int		 r = 0;

	while (r == 0 && (c = STAILQ_FIRST(&l->chunks)) != NULL &&
	    c->due <= now())
		r = chunk_write(p, l, c);
	l->blocked = r == 1;
	return r == -1 || (most > 0 && p->moved >= most) ? -1 : 0;
}

/*
 * The loop
 */

/* What a link waits for, besides descriptors: the least of that and *wake. */
static void
link_want(const struct link *l, int64_t at, struct pollfd *from,
    struct pollfd *to, int64_t *wake)
{
	const struct chunk	*c = STAILQ_FIRST(&l->chunks);
	int64_t			 when = INT64_MAX;

	if (link_reads(l, at))
		from->events |= POLLIN;
	else if (!l->ended && l->held < HELD)
		when = l->departs - queue;
	if (l->blocked)
		to->events |= POLLOUT;
	else if (c != NULL && c->due < when)
		when = c->due;
	if (when < *wake)
		*wake = when;
}

static void
wait_for(struct pollfd *pfds, nfds_t n, int64_t wake, int64_t at)
{
	struct timespec	 ts = { 0 };
	sigset_t	 none;

	if (wake > at) {
		ts.tv_sec = (wake - at) / 1000000000;
		ts.tv_nsec = (wake - at) % 1000000000;
	}
	sigemptyset(&none);
	if (ppoll(pfds, n, wake == INT64_MAX ? NULL : &ts, &none) == -1) {
		if (errno != EINTR)
			err(1, "poll");
		for (; n > 0; n--)
			pfds[n - 1].revents = 0;
	}
}

static void
pair_move(struct pair *p, const struct pollfd *ends)
{
	int	 i;

	for (i = 0; i < 2; i++) {
		if ((ends[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
		    link_read(&p->link[i]) == -1) {
			pair_free(p, reset);
			return;
		}
		if (ends[!i].revents & POLLOUT)
			p->link[i].blocked = 0;
		if (!p->link[i].blocked && link_write(p, &p->link[i]) == -1) {
			pair_free(p, reset);
			return;
		}
	}
	if (p->link[0].over && p->link[1].over)
		pair_free(p, close_fd);
}

/* A descriptor that nothing is wanted of is left out: poll(2) would report its
 * end again and again. */
static void
turn(int listener, uint16_t port)
{
	struct pollfd	 pfds[1 + 2 * PAIRS] = {
		{ .fd = listener, .events = npairs < PAIRS ? POLLIN : 0 } };
	struct pair	*p, *following;
	int64_t		 at = now(), wake = INT64_MAX;
	nfds_t		 n = 1, i;

	LIST_FOREACH(p, &pairs, next) {
		for (i = 0; i < 2; i++)
			pfds[n + i].fd = p->link[i].from;
		for (i = 0; i < 2; i++)
			link_want(&p->link[i], at, &pfds[n + i],
			    &pfds[n + !i], &wake);
		for (i = 0; i < 2; i++)
			if (pfds[n + i].events == 0)
				pfds[n + i].fd = -1;
		n += 2;
	}
	wait_for(pfds, n, wake, at);
	n = 1;
	for (p = LIST_FIRST(&pairs); p != NULL; p = following) {
		following = LIST_NEXT(p, next);
		pair_move(p, &pfds[n]);
		n += 2;
	}
	if (pfds[0].revents & POLLIN)
		pair_new(listener, port);
}

static uint64_t
number(const char *text)
{
	char			*end;
	unsigned long long	 n = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0')
		errx(2, "%s: not a number", text);
	return n;
}

/* In nanoseconds. */
static int64_t
milliseconds(const char *text)
{
	return (int64_t)number(text) * 1000000;
}

int
main(int argc, char *argv[])
{
	struct sigaction	 sa = { .sa_handler = drop };
	sigset_t		 set;
	int			 c, listener;
	uint16_t		 port;

	while ((c = getopt(argc, argv, "d:j:n:q:r:")) != -1)
		switch (c) {
		case 'd':	delay = milliseconds(optarg); break;
		case 'j':	jitter = milliseconds(optarg); break;
		case 'n':	most = number(optarg); break;
		case 'q':	queue = milliseconds(optarg); break;
		case 'r':	rate = number(optarg); break;
		default:	return 2;
		}
	if (argc - optind != 1)
		errx(2, "usage: distance [-d ms] [-j ms] [-r rate] [-q ms] "
		    "[-n bytes] port");
	port = (uint16_t)number(argv[optind]);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	listener = start_listening();
	for (;;) {
		turn(listener, port);
		if (dropping)
			while (!LIST_EMPTY(&pairs))
				pair_free(LIST_FIRST(&pairs), reset);
		dropping = 0;
	}
}
