#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "t/bench/local.h"
#include "t/bench/stat.h"

static struct sockaddr_in
loopback(const char *port)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons((uint16_t)stat_number(port));
	return sin;
}

static int
tcp(int fd)
{
	int	 one = 1;

	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one)) == -1 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY,
	    &one, sizeof(one)) == -1)
		err(1, "socket");
	return fd;
}

int
local_listen(const char *port)
{
	struct sockaddr_in	 sin = loopback(port);
	int			 fd = tcp(socket(AF_INET, SOCK_STREAM, 0));

	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, SOMAXCONN) == -1)
		err(1, "port %s", port);
	return fd;
}

int
local_connect(const char *port)
{
	struct sockaddr_in	 sin = loopback(port);
	int			 fd = tcp(socket(AF_INET, SOCK_STREAM, 0));

	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(1, "port %s", port);
	return fd;
}

int
local_accept(int fd)
{
	return tcp(accept(fd, NULL, NULL));
}
