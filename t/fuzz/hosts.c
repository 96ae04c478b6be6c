/*
 * Fuzzer of sockets for streams (XEP-0065 section 5.3.2), both sides.  The
 * first line says which:
 *
 *	d		we connect to hosts: lines of
 *	@host port	name them, $ being the port of the fuzzer's server; then
 *	>...		the server sends these bytes (script.h) on the
 *			connection that came last
 *	E, Z		it ends that connection; resets it
 *	K n		only the first n hosts are still worth it
 *
 *	l		we wait for connections: a client
 *	C		connects, and
 *	>...		sends these bytes, E, Z end its connection as above
 *	W, X		one more hash is waited for; one less
 *	P...		this address is preferred for the hash that came last
 *
 *	A		in both: so many ms pass
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/clock.h"
#include "net/s5b/s5b_dial.h"
#include "net/s5b/s5b_listen.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/peer.h"
#include "t/fuzz/script.h"
#include "t/lib/must.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define HASH	"0123456789abcdef0123456789abcdef01234567"
#define DEADLINE 8000		/* ms */
#define CONNS	32
#define STEPS	100

static int		 fds[CONNS];	/* of the other side */
static size_t		 nfds;
static int		 over;		/* s5b_dial has told */
static struct s5b_wait	*waits[4];
static size_t		 nwaits;

static void
drop_all(void)
{
	while (nfds > 0)
		peer_drop(fds[--nfds]);
	peer_drop_rest();
	peer_turn(1);
}

/* What happens to the connection that came last, on both sides. */
static void
last(char *line)
{
	int	 fd = nfds > 0 ? fds[nfds - 1] : -1;

	switch (*line) {
	case '>':
		peer_send(fd, line + 1, script_bytes(line + 1));
		break;
	case 'E':
		if (fd != -1)
			shutdown(fd, SHUT_WR);
		break;
	case 'Z':
		if (fd != -1)
			peer_drop(fds[--nfds]);
		break;
	case 'A':
		peer_later(strtol(line + 1, NULL, 10) & 0x3fff);
		break;
	default:
		break;
	}
	peer_turn(2);
}

/*
 * Dialling
 */

static void
on_dialled(void *arg, int fd, size_t which, const char *err)
{
	const size_t	*n = arg;

	must(!over);
	over = 1;
	must((fd == -1) == (err != NULL));
	if (fd == -1) {
		must(*err != '\0');
		return;
	}
	must(which < *n);
	close(fd);
}

static int
on_permit(void *arg, const struct addr *a)
{
	(void)arg;
	return addr_kind((const struct sockaddr *)&a->ss) == ADDR_LOOPBACK;
}

/* Those that are named, up to the first other line. */
static size_t
name_hosts(struct script *s, struct s5b_dial_host *hosts, size_t max)
{
	static char	 names[S5B_DIAL_MAX + 1][256];
	struct script	 old = *s;
	char		 text[SCRIPT_LINE], port[8], *line, *p;
	size_t		 n = 0;

	snprintf(port, sizeof(port), "%u", peer_port());
	for (; n < max && (line = script_line(s)) != NULL && *line == '@';
	    n++) {
		script_fill(text, line + 1, port);
		if ((p = strchr(text, ' ')) == NULL)
			p = text + strlen(text);
		else
			*p++ = '\0';
		strlcpy(names[n], text, sizeof(names[n]));
		hosts[n].host = names[n];
		hosts[n].port = (uint16_t)strtoul(p, NULL, 10);
		old = *s;
	}
	*s = old;
	return n;
}

static void
dial_hosts(struct script *s)
{
	struct s5b_dial_host	 hosts[S5B_DIAL_MAX + 1];
	struct s5b_dial_conf	 conf = {
		.loop = peer_loop(),
		.resolver = peer_resolver(),
		.hosts = hosts,
		.hash = HASH,
		.family = AF_INET,
		.permit = on_permit,
	};
	struct s5b_dial		*d;
	size_t			 n = name_hosts(s, hosts, N(hosts));
	char			*line;
	int			 fd, steps = 0;

	over = 0;
	conf.n = n;
	conf.deadline = clock_ms() + DEADLINE;
	must((d = s5b_dial(&conf, on_dialled, &n)) != NULL);
	peer_turn(4);
	while (!over && steps++ < STEPS && (line = script_line(s)) != NULL) {
		while (nfds < CONNS && (fd = peer_accept()) != -1)
			fds[nfds++] = fd;
		if (over)
			break;
		if (*line == 'K')
			s5b_dial_keep(d, strtoul(line + 1, NULL, 10));
		last(line);
	}
	if (!over)
		s5b_dial_cancel(d);
	drop_all();
}

/*
 * Waiting
 */

static void
on_caller(void *arg, int fd)
{
	struct s5b_wait	**w = arg;

	must(*w != NULL && fd != -1);
	close(fd);
}

static void
wait_more(struct s5b_listen *l)
{
	struct s5b_wait	**w = &waits[nwaits];

	if (nwaits == N(waits))
		return;
	must((*w = s5b_listen_wait(l, HASH, on_caller, w)) != NULL);
	nwaits++;
}

static void
wait_less(void)
{
	if (nwaits == 0)
		return;
	s5b_wait_cancel(waits[--nwaits]);
	waits[nwaits] = NULL;
}

static void
be_client(struct s5b_listen *l, char *line)
{
	uint16_t	 port = s5b_listen_port(l, AF_INET);

	switch (*line) {
	case 'C':
		if (port != 0 && nfds < CONNS)
			fds[nfds++] = peer_connect(port);
		break;
	case 'W':
		wait_more(l);
		break;
	case 'X':
		wait_less();
		break;
	case 'P':
		if (nwaits > 0)
			s5b_wait_prefer(waits[nwaits - 1], line + 1);
		break;
	default:
		last(line);
		break;
	}
}

static void
wait_for_hosts(struct script *s)
{
	struct s5b_listen	*l;
	char			*line;
	int			 steps = 0;

	must((l = s5b_listen_new(peer_loop(), AF_INET, NULL, 0)) != NULL);
	nwaits = 0;
	wait_more(l);
	while (steps++ < STEPS && (line = script_line(s)) != NULL)
		be_client(l, line);
	while (nwaits > 0)
		wait_less();
	must(s5b_listen_port(l, AF_INET) == 0);
	s5b_listen_free(l);
	drop_all();
}

int
fuzz_hosts(const uint8_t *data, size_t size)
{
	struct script	 s;
	const char	*line;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	nfds = 0;
	if (*line == 'd')
		dial_hosts(&s);
	else if (*line == 'l')
		wait_for_hosts(&s);
	return 0;
}
