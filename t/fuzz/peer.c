/* peer: see peer.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <ares.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "t/fuzz/peer.h"

#define must(x)	do { if (!(x)) abort(); } while (0)
#define TURNS	8

static struct loop	*loop;

/*
 * No input makes the resolver ask anything of the network: these stand before
 * those of the library, and know only addresses in digits.
 */

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
	if (inet_pton(hints->ai_family, name, addr) == 1)
		real(channel, name, service, hints, fn, arg);
	else
		fn(arg, ARES_ENOTFOUND, 0, NULL);
}

void
ares_query(ares_channel channel, const char *name, int dnsclass, int type,
    ares_callback fn, void *arg)
{
	(void)channel;
	(void)name;
	(void)dnsclass;
	(void)type;
	fn(arg, ARES_ENOTFOUND, 0, NULL, 0);
}

static void
stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
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
peer_turn(int n)
{
	struct timer	 now = { .fire = stop };

	for (; n > 0; n--) {
		timer_set(peer_loop(), &now, clock_ms());
		must(loop_run(loop) == 0);
	}
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

int
peer_accept(void)
{
	int	 i, fd = -1;

	for (i = 0; i < TURNS && fd == -1; i++) {
		fd = accept4(listening(), NULL, NULL, SOCK_NONBLOCK);
		if (fd == -1)
			peer_turn(1);
	}
	return fd;
}

int
peer_connect(uint16_t port)
{
	struct sockaddr_in	 sin = loopback(port);
	int			 fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	must(fd != -1);
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
