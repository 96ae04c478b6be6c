/* peer: see peer.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>

#include <ares.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/dial/resolve.h"
#include "net/io/clock.h"
#include "net/io/loop.h"
#include "t/fuzz/peer.h"
#include "t/lib/bounded.h"
#include "t/lib/must.h"

#define TURNS	8

#define SRVS	8

static struct loop	*loop, *used;	/* that of the process; another one */
static int64_t		 passed;	/* ms, more than the system's clock */
static uint16_t		 dns_port;	/* 0: no server */
static int		 nsrvs, srv_direct;

/*
 * The clock: this stands before that of the library.
 */

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int	 r = (int)syscall(SYS_clock_gettime, id, ts);

	if (r == 0 && id == CLOCK_BOOTTIME)	/* that of net/io/clock.c */
		ts->tv_sec += (time_t)(passed / 1000);
	return r;
}

void
peer_later(int64_t ms)
{
	clock_wait(-1);		/* it passes in poll(2), so to say */
	passed += ms;
	peer_turn(2);
}

/*
 * DNS: these stand before those of the library, and ask nothing of the network.
 */

void
peer_serves(int n, int direct)
{
	nsrvs = n < SRVS ? n : SRVS;
	srv_direct = direct;
}

void
peer_asks(uint16_t port)
{
	dns_port = port;
}

/* The fuzzer's server is to be asked: 1, if there is one. */
static int
ask_server(ares_channel channel)
{
	char	 server[32];

	if (dns_port == 0)
		return 0;
	snprintf(server, sizeof(server), "127.0.0.1:%u", dns_port);
	/* It fails while a query is under way, and was done then. */
	ares_set_servers_ports_csv(channel, server);
	return 1;
}

void
ares_getaddrinfo(ares_channel channel, const char *name, const char *service,
    const struct ares_addrinfo_hints *hints, ares_addrinfo_callback fn,
    void *arg)
{
	static void	(*real)(ares_channel, const char *, const char *,
			    const struct ares_addrinfo_hints *,
			    ares_addrinfo_callback, void *);
	unsigned char	 addr[sizeof(struct in6_addr)];

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "ares_getaddrinfo");
	if (ask_server(channel) || inet_pton(hints->ai_family, name, addr) == 1)
		real(channel, name, service, hints, fn, arg);
	else
		fn(arg, ARES_ENOTFOUND, 0, NULL);
}

/* RFC 1035 section 4.1, RFC 2782: records that lead to localhost, for the
 * question whether there are some at the root. */
static size_t
records(unsigned char *out, uint16_t port)
{
	static const unsigned char	 head[] = {
		0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 33, 0, 1
	};
	static const unsigned char	 srv[] = {
		0, 0, 33, 0, 1, 0, 0, 0, 60, 0, 17, 0, 0, 0, 0, 0, 0,
		9, 'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't', 0
	};
	size_t				 n = sizeof(head);
	int				 i;

	memcpy(out, head, sizeof(head));
	out[7] = (unsigned char)nsrvs;
	for (i = 0; i < nsrvs; i++) {
		memcpy(out + n, srv, sizeof(srv));
		out[n + 12] = (unsigned char)i;		/* priority */
		out[n + 15] = (unsigned char)(port >> 8);
		out[n + 16] = (unsigned char)port;
		n += sizeof(srv);
	}
	return n;
}

void
ares_query(ares_channel channel, const char *name, int dnsclass, int type,
    ares_callback fn, void *arg)
{
	static void	(*real)(ares_channel, const char *, int, int,
			    ares_callback, void *);
	unsigned char	 out[512];
	int		 direct = strncmp(name, "_xmpps", 6) == 0;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "ares_query");
	if (ask_server(channel))
		real(channel, name, dnsclass, type, fn, arg);
	else if (nsrvs > 0 && direct == srv_direct)
		fn(arg, ARES_SUCCESS, 0, out, (int)records(out, peer_port()));
	else
		fn(arg, ARES_ENOTFOUND, 0, NULL, 0);
}

struct loop *
peer_loop(void)
{
	if (loop == NULL)
		must((loop = loop_new()) != NULL);
	return loop;
}

struct resolver *
peer_resolver(void)
{
	static struct resolver	*r;

	if (r == NULL)
		must((r = resolver_new(peer_loop())) != NULL);
	return r;
}

void
peer_use(struct loop *l)
{
	used = l;
}

void
peer_turn(int n)
{
	struct loop	*l = used != NULL ? used : peer_loop();

	for (; n > 0; n--)
		must(bounded_run(l, 0) != -1);
}

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int
listening(void)
{
	static int		 fd = -1;
	struct sockaddr_in	 sin = loopback(0);

	if (fd != -1)
		return fd;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	must(fd != -1);
	must(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	must(listen(fd, 16) == 0);
	return fd;
}

uint16_t
peer_port(void)
{
	struct sockaddr_in	 sin = { 0 };
	socklen_t		 len = sizeof(sin);

	must(getsockname(listening(), (struct sockaddr *)&sin, &len) == 0);
	return ntohs(sin.sin_port);
}

/* Nothing waits for an acknowledgement of what was sent before, which may take
 * 40 ms. */
static void
hurry(int fd)
{
	int	 one = 1;

	must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
}

int
peer_accept(void)
{
	int	 i, fd = -1;

	for (i = 0; i < TURNS && fd == -1; i++) {
		fd = accept4(listening(), NULL, NULL, SOCK_NONBLOCK);
		if (fd == -1)
			peer_turn(1);
	}
	if (fd != -1)
		hurry(fd);
	return fd;
}

void
peer_drop_rest(void)
{
	int	 fd;

	while ((fd = peer_accept()) != -1)
		peer_drop(fd);
}

int
peer_connect(uint16_t port)
{
	struct sockaddr_in	 sin = loopback(port);
	int			 fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	must(fd != -1);
	hurry(fd);
	must(connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 ||
	    errno == EINPROGRESS);
	peer_turn(2);
	return fd;
}

void
peer_send(int fd, const void *data, size_t len)
{
	if (fd != -1 && len > 0 &&
	    send(fd, data, len, MSG_NOSIGNAL) == -1)
		return;
	peer_turn(2);
}

size_t
peer_recv(int fd, void *data, size_t size)
{
	ssize_t	 n = fd == -1 ? -1 : recv(fd, data, size, 0);

	return n > 0 ? (size_t)n : 0;
}

void
peer_drop(int fd)
{
	struct linger	 at_once = { .l_onoff = 1 };

	if (fd == -1)
		return;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}
