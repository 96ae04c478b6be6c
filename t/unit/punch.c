/*
 * Unit tests of punching: the proof (net/s5b/proof), and connections of two
 * sides on the loopback (net/s5b/punch), with strangers in between.  Routers
 * are in t/stream/punch.t.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/io/loop.h"
#include "net/s5b/proof.h"
#include "net/s5b/punch.h"
#include "net/s5b/shared_port.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"

#define PATIENCE	10000	/* ms that nothing here takes */

static unsigned char	 key[PROOF_KEY] = "key of this session and attempt";
static unsigned char	 other_key[PROOF_KEY] = "key of another attempt";

/*
 * The proof
 */

/* What p has to say goes to q, step bytes at a time, and to the record. */
static void
carry(struct proof *p, struct proof *q, size_t step, unsigned char *record,
    size_t *len)
{
	unsigned char	 out[PROOF_OUT];
	size_t		 n, i, some;
	const void	*bytes = proof_output(p, &n);

	memcpy(out, bytes, n);
	memcpy(record + *len, out, n);
	*len += n;
	for (i = 0; i < n; i += some) {
		some = step < n - i ? step : n - i;
		if (some > proof_need(q))
			some = proof_need(q);
		if (some == 0)
			break;
		proof_input(q, out + i, some);
	}
}

/* Of the initiator, and of the other side. */
static unsigned char	 heard[2][PROOF_OUT];
static size_t		 heard_len[2];

static void
converse(struct proof *i, struct proof *r, size_t step)
{
	int	 turn;

	heard_len[0] = heard_len[1] = 0;
	for (turn = 0; turn < 3; turn++) {
		carry(i, r, step, heard[0], &heard_len[0]);
		carry(r, i, step, heard[1], &heard_len[1]);
		if (i->state == PROOF_HOLDS)
			proof_choose(i);
	}
}

static void
test_proof(void)
{
	struct proof	 i, r;
	size_t		 step;
	int		 good = 1;

	for (step = 1; step <= PROOF_OUT; step++) {
		proof_init(&i, key, 1);
		proof_init(&r, key, 0);
		converse(&i, &r, step);
		good = good && i.state == PROOF_CHOSEN &&
		    r.state == PROOF_CHOSEN;
	}
	ok(good, "both prove, and the initiator chooses, however it is split");
	is_int((long)heard_len[0], PROOF_NONCE + PROOF_MAC + 1, "the bytes "
	    "of the initiator");
	is_int((long)heard_len[1], PROOF_NONCE + PROOF_MAC, "the bytes of "
	    "the other side");
	is_int((long)proof_need(&r), 0, "nothing more is read");
	proof_init(&i, key, 1);
	proof_init(&r, other_key, 0);
	converse(&i, &r, 64);
	ok(i.state == PROOF_WRONG && r.state == PROOF_WRONG, "another key");
	proof_init(&i, key, 1);
	proof_init(&r, key, 1);
	converse(&i, &r, 64);
	ok(i.state == PROOF_WRONG && r.state == PROOF_WRONG,
	    "two initiators");
}

/* All that a side has said once, to a new proof of each role. */
static void
test_replay(void)
{
	struct proof	 p;
	int		 role, whose, good = 1;

	proof_init(&p, key, 1);
	{
		struct proof	 r;

		proof_init(&r, key, 0);
		converse(&p, &r, 64);
	}
	for (whose = 0; whose < 2; whose++)
		for (role = 0; role < 2; role++) {
			proof_init(&p, key, role);
			proof_input(&p, heard[whose], PROOF_NONCE);
			good = good && proof_input(&p, heard[whose] +
			    PROOF_NONCE, PROOF_MAC) == PROOF_WRONG;
		}
	ok(good, "what was heard in another socket");
	proof_init(&p, key, 0);
	is_int(proof_input(&p, heard[0], PROOF_NONCE + 1), PROOF_WRONG,
	    "more than is needed");
	is_int((long)proof_need(&p), 0, "nothing is read after that");
}

/* A side hears itself. */
static void
test_mirror(void)
{
	struct proof	 p;
	int		 role;

	for (role = 0; role < 2; role++) {
		proof_init(&p, key, role);
		heard_len[0] = 0;
		carry(&p, &p, 64, heard[0], &heard_len[0]);
		carry(&p, &p, 64, heard[0], &heard_len[0]);
		is_int(p.state, PROOF_WRONG, "a mirror of role %d", role);
	}
}

/*
 * Punching
 */

static struct loop	*loop;

static int
descriptors(void)
{
	DIR		*d = opendir("/dev/fd");
	int		 n = 0;

	must(d != NULL);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* A side: its port, and what came of it. */
struct side {
	struct punch	*punch;
	struct addr	 local;
	int		 fd, calls;
	char		 err[128];
};

static int	 pending;

static void
punched(void *arg, int fd, const struct addr *peer, const char *err)
{
	struct side	*s = arg;

	must((fd == -1) == (peer == NULL) && (fd == -1) == (err != NULL));
	s->punch = NULL;
	s->fd = fd;
	s->calls++;
	strlcpy(s->err, err != NULL ? err : "", sizeof(s->err));
	if (--pending == 0)
		loop_stop(loop);
}

/* A port on the loopback that is free. */
static void
find_port(struct addr *a, int family)
{
	struct in_addr	 lo = { htonl(INADDR_LOOPBACK) };
	const void	*address = family == AF_INET ? (const void *)&lo :
	    (const void *)&in6addr_loopback;
	int		 fd;

	must(addr_make(a, family, address, 0) == 0);
	fd = shared_port_socket(a);
	must(fd != -1 && addr_local(fd, a) == 0);
	close(fd);
}

static int
have_ipv6(void)
{
	struct addr	 a;
	int		 fd;

	must(addr_make(&a, AF_INET6, &in6addr_loopback, 0) == 0);
	if ((fd = shared_port_socket(&a)) == -1)
		return 0;
	close(fd);
	return 1;
}

static void
begin(struct side *s, const struct addr *peers, size_t n,
    const unsigned char *k, int initiator, int ttl, int64_t deadline)
{
	struct punch_conf	 c = { .peers = peers, .npeers = n,
		.nlocal = 1, .initiator = initiator, .ttl = ttl,
		.start = clock_ms(), .deadline = deadline };

	c.local[0] = s->local;
	memcpy(c.key, k, sizeof(c.key));
	s->fd = -1;
	s->calls = 0;
	s->punch = punch(loop, &c, punched, s);
	must(s->punch != NULL);
	pending++;
}

static int
joined(int a, int b)
{
	char	 c = 0;

	return a != -1 && b != -1 && write(a, "x", 1) == 1 &&
	    read(b, &c, 1) == 1 && c == 'x';
}

/* read(2) in joined() is to wait. */
static void
block(int fd)
{
	struct timeval	 tv = { .tv_sec = 5 };

	if (fd == -1)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	must(fcntl(fd, F_SETFL, 0) == 0);
}

static void
meet(int family, int ttl, const char *what)
{
	struct side	 a, b;
	int		 before = descriptors();

	find_port(&a.local, family);
	find_port(&b.local, family);
	begin(&a, &b.local, 1, key, 1, ttl, clock_ms() + PATIENCE);
	begin(&b, &a.local, 1, key, 0, ttl, clock_ms() + PATIENCE);
	must(loop_run(loop) == 0);
	block(a.fd);
	block(b.fd);
	ok(joined(a.fd, b.fd) && joined(b.fd, a.fd), "%s: joined", what);
	ok(a.calls == 1 && b.calls == 1, "%s: told once", what);
	is_int(descriptors(), before + 2, "%s: no other descriptor", what);
	close(a.fd);
	close(b.fd);
}

/* Addresses without an answer in front of the right one. */
static void
test_many(void)
{
	struct addr	 peers[PUNCH_PEERS + 4];
	struct side	 a, b;
	size_t		 i;

	find_port(&a.local, AF_INET);
	find_port(&b.local, AF_INET);
	for (i = 0; i < PUNCH_PEERS + 4; i++)
		find_port(&peers[i], AF_INET);
	peers[PUNCH_PEERS - 1] = b.local;
	begin(&a, peers, PUNCH_PEERS + 4, key, 1, 0, clock_ms() + PATIENCE);
	begin(&b, peers, 0, key, 0, 0, clock_ms() + PATIENCE);
	must(loop_run(loop) == 0);
	block(b.fd);
	ok(joined(a.fd, b.fd), "many addresses, of which one is right");
	close(a.fd);
	close(b.fd);
}

static void
test_vain(void)
{
	struct side	 a, b;
	int		 before = descriptors();

	find_port(&a.local, AF_INET);
	find_port(&b.local, AF_INET);
	begin(&a, &b.local, 1, key, 1, 0, clock_ms() + 300);
	must(loop_run(loop) == 0);
	ok(a.fd == -1 && strstr(a.err, "127.0.0.1 port ") == a.err &&
	    strstr(a.err, strerror(ECONNREFUSED)) != NULL, "no peer: %s",
	    a.err);
	begin(&a, &b.local, 1, key, 1, 0, clock_ms() + 300);
	begin(&b, &a.local, 1, other_key, 0, 0, clock_ms() + 300);
	must(loop_run(loop) == 0);
	ok(a.fd == -1 && b.fd == -1, "a peer with another key");
	begin(&a, &b.local, 1, key, 1, 0, clock_ms() + PATIENCE);
	punch_cancel(a.punch);
	pending = 0;
	is_int(descriptors(), before, "no descriptor is left");
}

/* Strangers hold connections to both sides, which say nothing, garbage, or what
 * was heard in another socket. */
#define STRANGERS 30

static void
invite(const struct addr *to, int *fds)
{
	static const char	 garbage[] = "GET / HTTP/1.1\r\n"
				    "Host: example.org\r\n"
				    "User-Agent: stranger/1.0\r\n\r\n";
	int			 i;

	for (i = 0; i < STRANGERS; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		must(fds[i] != -1 && connect(fds[i],
		    (const struct sockaddr *)&to->ss, to->len) == 0);
		if (i % 3 == 1)
			must(write(fds[i], garbage, sizeof(garbage) - 1) > 0);
		if (i % 3 == 2)
			must(write(fds[i], heard[0], PROOF_OUT) > 0);
	}
}

static void
test_strangers(void)
{
	struct side	 a, b;
	int		 before = descriptors(), fds[STRANGERS], i;
	int64_t		 began = clock_ms();

	find_port(&a.local, AF_INET);
	find_port(&b.local, AF_INET);
	begin(&b, &a.local, 0, key, 0, 0, clock_ms() + PATIENCE);
	invite(&b.local, fds);
	begin(&a, &b.local, 1, key, 1, 0, clock_ms() + PATIENCE);
	must(loop_run(loop) == 0);
	block(b.fd);
	ok(joined(a.fd, b.fd), "strangers: the peer gets through");
	ok(clock_ms() - began < 3000, "strangers: no wait for them");
	for (i = 0; i < STRANGERS; i++)
		close(fds[i]);
	is_int(descriptors(), before + 2, "strangers: no descriptor is left");
	close(a.fd);
	close(b.fd);
}

int
main(void)
{
	test_proof();
	test_replay();
	test_mirror();
	must((loop = loop_new()) != NULL);
	meet(AF_INET, 0, "IPv4");
	meet(AF_INET, PUNCH_LOW, "IPv4 with a low hop limit");
	if (have_ipv6()) {
		meet(AF_INET6, 0, "IPv6");
		meet(AF_INET6, PUNCH_LOW, "IPv6 with a low hop limit");
	}
	test_many();
	test_vain();
	test_strangers();
	loop_free(loop);
	return tap_done();
}
