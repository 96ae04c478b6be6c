/*
 * Fuzzer of our servers: of HTTP, which offers one file, and of SOCKS5.  The
 * first line says which, H or S; behind it are the client's bytes, a line at a
 * time (script.h; $ is the path of the file).
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/socks_accept.h"
#include "net/file/http_serve.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/peer.h"
#include "t/fuzz/script.h"
#include "t/lib/must.h"

#define SIZE	2000		/* bytes of the file */
#define READS	16		/* more than a request of SOCKS5 takes */

static struct socks	*asked;		/* for a place, and not answered */
static int		 calls;

static void
on_sent(void *arg, uint64_t at)
{
	(void)arg;
	must(at <= SIZE);
}

static int
file(void)
{
	static int	 fd = -1;
	char		 bytes[SIZE];

	if (fd != -1)
		return fd;
	memset(bytes, 'x', sizeof(bytes));
	must((fd = memfd_create("x", 0)) != -1);
	must(write(fd, bytes, sizeof(bytes)) == SIZE);
	return fd;
}

/* Each answer begins as one, and a body has only the file's bytes. */
static void
check(int fd)
{
	char	 in[8192];
	size_t	 n = peer_recv(fd, in, sizeof(in) - 1);

	in[n] = '\0';
	must(n == 0 || strncmp(in, "HTTP/1.1 ", 9) == 0 || *in == 'x');
}

static void
http(struct script *s)
{
	struct http_serve_file	 f = { .fd = file(), .size = SIZE,
				    .name = "a \"file\"",
				    .type = "text/plain" };
	static struct http_serve	*server;
	char			 err[HTTP_SERVE_ERR], text[SCRIPT_LINE], *line;
	int			 fd;

	if (server == NULL)
		server = http_serve_new(peer_loop(), "127.0.0.1:0", &f,
		    on_sent, NULL, err);
	must(server != NULL);
	fd = peer_connect(http_serve_port(server));
	while ((line = script_line(s)) != NULL) {
		script_fill(text, line, http_serve_path(server));
		peer_send(fd, text, script_bytes(text));
		check(fd);
	}
	shutdown(fd, SHUT_WR);
	peer_turn(2);
	check(fd);
	peer_drop(fd);
	peer_turn(2);
}

static void
on_asked(void *arg, const char *host, const char *port)
{
	struct socks	**s = arg;

	must(calls++ == 0);
	if (host != NULL) {
		must(*host != '\0' && port != NULL);
		asked = *s;
	}
	*s = NULL;
}

static void
socks(struct script *s)
{
	struct socks	*socks;
	char		*line;
	int		 pair[2], fd, n;

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	asked = NULL;
	calls = 0;
	must((socks = socks_accept_new(peer_loop(), pair[1], on_asked,
	    &socks)) != NULL);
	while (socks != NULL && (line = script_line(s)) != NULL)
		peer_send(pair[0], line, script_bytes(line));
	shutdown(pair[0], SHUT_WR);
	for (n = 0; n < READS && calls == 0; n++)
		peer_turn(1);
	must(calls == 1);
	if (asked != NULL && (fd = socks_accept_reply(asked, s->left % 2 ?
	    SOCKS_REFUSED : SOCKS_OK)) != -1)
		close(fd);
	close(pair[0]);
}

int
fuzz_server(const uint8_t *data, size_t size)
{
	struct script	 s;
	const char	*line;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	if (*line == 'S')
		socks(&s);
	else
		http(&s);
	return 0;
}
