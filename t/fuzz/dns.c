/*
 * Fuzzer of the resolver, with a server of DNS on loopback.  The first line is
 * what is asked for: 4 or 6 (addresses) or s (SRV records), and a name.  Each
 * line after it answers the question that came last (script.h):
 *
 *	+n...		n records, 0 to 9, which are these bytes, behind a
 *			header and the question as it was
 *	!xx...		the header's flags, two bytes, then these bytes for all
 *			that comes behind them
 *	A		so many ms pass
 *	X		nothing more is wanted
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/dial/srv.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/peer.h"
#include "t/fuzz/script.h"
#include "t/lib/must.h"

#define HEAD	12		/* bytes of a header, RFC 1035 section 4.1.1 */
#define STEPS	20
#define SRVS	64

static int			 server = -1;	/* its socket */
static struct sockaddr_in	 from;		/* who asked last, */
static unsigned char		 question[512];	/* this */
static size_t			 asked;		/* bytes; 0: nothing yet */
static int			 answered, family;

static uint16_t
begin_server(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t		 len = sizeof(sin);

	if (server == -1) {
		server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK |
		    SOCK_CLOEXEC, 0);
		must(server != -1 && bind(server, (struct sockaddr *)&sin,
		    sizeof(sin)) == 0);
	}
	must(getsockname(server, (struct sockaddr *)&sin, &len) == 0);
	return ntohs(sin.sin_port);
}

static void
on_addrs(void *arg, const struct addr *addrs, size_t n, const char *err)
{
	size_t	 i;

	(void)arg;
	must(!answered++);
	must((n == 0) == (err != NULL));
	for (i = 0; i < n; i++)
		must(addrs[i].ss.ss_family == family &&
		    addr_port((const struct sockaddr *)&addrs[i].ss) == 5222);
}

static void
on_srvs(void *arg, const struct srv *records, size_t n, int denied)
{
	struct srv	 s[SRVS];
	size_t		 i;

	(void)arg;
	(void)denied;
	must(!answered++);
	must(n <= SRVS);
	memcpy(s, records, n * sizeof(*records));
	srv_order(s, n, arc4random_uniform);
	for (i = 1; i < n; i++)
		must(s[i - 1].priority <= s[i].priority);
}

/* The question that came last, if there is one. */
static int
hear(void)
{
	socklen_t	 len = sizeof(from);
	ssize_t		 n;

	peer_turn(1);
	while ((n = recvfrom(server, question, sizeof(question), 0,
	    (struct sockaddr *)&from, &len)) > 0)
		asked = (size_t)n;
	return asked > HEAD;
}

static void
say(const void *data, size_t len)
{
	(void)!sendto(server, data, len, 0, (struct sockaddr *)&from,
	    sizeof(from));
	peer_turn(3);
}

static void
answer(char *line)
{
	unsigned char	 out[sizeof(question) + SCRIPT_LINE];
	size_t		 len = script_bytes(line), n = asked;

	if (!hear())
		return;
	memcpy(out, question, asked);
	if (*line == '!') {
		memcpy(out + 2, line + 1, len - 1);
		say(out, 1 + len);
		return;
	}
	out[2] |= 0x80;		/* it is an answer, and recursion is there */
	out[3] |= 0x80;
	out[7] = len > 1 ? (unsigned char)(line[1] - '0') % 10 : 0;
	if (len > 2) {
		memcpy(out + n, line + 2, len - 2);
		n += len - 2;
	}
	say(out, n);
}

int
fuzz_dns(const uint8_t *data, size_t size)
{
	struct resolver	*r;
	struct query	*q;
	struct script	 s;
	char		 name[256], *line;
	int		 steps = 0, dropped = 0;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL || strlen(line) < 2)
		return 0;
	strlcpy(name, line + 1, sizeof(name));
	peer_asks(begin_server());
	must((r = resolver_new(peer_loop())) != NULL);
	answered = 0;
	family = *line == '6' ? AF_INET6 : AF_INET;
	q = *line == 's' ? resolve_srv(r, name, on_srvs, NULL) :
	    resolve(r, name, 5222, family, on_addrs, NULL);
	must(q != NULL);
	hear();
	while (!answered && !dropped && steps++ < STEPS &&
	    (line = script_line(&s)) != NULL) {
		if (*line == '+' || *line == '!')
			answer(line);
		else if (*line == 'A')
			peer_later(strtol(line + 1, NULL, 10) & 0x3fff);
		else if (*line == 'X')
			dropped = 1;
		peer_turn(2);
	}
	if (!answered)
		resolve_cancel(q);
	resolver_free(r);
	peer_asks(0);
	while (recv(server, question, sizeof(question), 0) > 0)
		;
	asked = 0;
	return 0;
}
