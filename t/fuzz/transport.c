/*
 * Fuzzer of the transports: a server on loopback, without TLS, whose words are
 * a script.  The first line is the kind: w (WebSocket), b (BOSH), c (TCP); with
 * an h behind it the script has the answer to the upgrade as well.
 *
 *	<...		the server says this, in a frame, a response, or plainly
 *	>...		it sends these bytes (script.h), nothing around them
 *	M, R, K		a stanza is sent; a new stream; a sign of life
 *	H, G		stop reading; go on
 *	L, E		we end the stream; the server the connection
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "net/transport/discover.h"
#include "net/transport/transport.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/peer.h"
#include "t/fuzz/script.h"
#include "xml/base64.h"
#include "xml/elem.h"

#define must(x)	do { if (!(x)) abort(); } while (0)
#define GUID	"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define CONNS	4
#define STEPS	60
#define TURNS	16

static struct transport	*transport;
static int		 secure, over;
static int		 fds[CONNS];
static size_t		 nfds;

static void
on_event(void *arg, enum transport_event ev, const struct elem *e)
{
	(void)arg;
	must(!over);
	if (ev == TRANSPORT_SECURE)
		secure = 1;
	else if (ev == TRANSPORT_STANZA || ev == TRANSPORT_CUT)
		must(e != NULL && (secure || elem_is(e,
		    "http://etherx.jabber.org/streams", "error")));
	else if (ev == TRANSPORT_ERROR)
		must(*transport_error(transport) != '\0');
	over = ev == TRANSPORT_CLOSE || ev == TRANSPORT_ERROR;
}

static void
on_log(void *arg, int level, const char *line)
{
	(void)arg;
	must(level >= 1 && level <= 2 && *line != '\0');
}

static int
on_piece(void *arg, const struct elem *e)
{
	(void)arg;
	must(e->parent != NULL && e->parent->parent != NULL);
	return strcmp(e->name, "item") == 0;
}

/* Which connection has asked last; what it has asked is in asked. */
static int
asked(char *text, size_t size)
{
	size_t	 i, n;
	int	 fd;

	while (nfds < CONNS && (fd = peer_accept()) != -1)
		fds[nfds++] = fd;
	for (i = nfds; i-- > 0;)
		if ((n = peer_recv(fds[i], text, size - 1)) > 0) {
			text[n] = '\0';
			return fds[i];
		}
	*text = '\0';
	return nfds > 0 ? fds[nfds - 1] : -1;
}

/* RFC 6455 section 4.2.2: 1 if it was asked for, and is answered. */
static int
upgrade(void)
{
	char		 text[8192], key[64] = "", reply[256], accept[64];
	unsigned char	 hash[EVP_MAX_MD_SIZE];
	const char	*p;
	unsigned	 len;
	int		 fd = asked(text, sizeof(text));

	if ((p = strstr(text, "Sec-WebSocket-Key: ")) == NULL)
		return 0;
	snprintf(key, sizeof(key), "%.24s" GUID, p + 19);
	must(strlen(key) == 60 && EVP_Digest(key, strlen(key), hash, &len,
	    EVP_sha1(), NULL) == 1);
	accept[base64_encode(accept, hash, len)] = '\0';
	snprintf(reply, sizeof(reply), "HTTP/1.1 101 x\r\nUpgrade: websocket"
	    "\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
	    "Sec-WebSocket-Protocol: xmpp\r\n\r\n", accept);
	peer_send(fd, reply, strlen(reply));
	return 1;
}

/* What a server of this kind puts around what it says. */
static void
say(int kind, const char *text)
{
	char	 out[SCRIPT_LINE + 128], in[8192];
	size_t	 len = strlen(text);
	int	 n = 0, fd;

	fd = asked(in, sizeof(in));
	if (kind == 'w')
		n = len < 126 ? snprintf(out, sizeof(out), "\x81%c",
		    (int)len) : snprintf(out, sizeof(out), "\x81\x7e%c%c",
		    (int)(len >> 8), (int)(len & 255));
	else if (kind == 'b')
		n = snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\n"
		    "Content-Length: %zu\r\n\r\n", len);
	/* A NUL may be part of a frame's length. */
	if (kind == 'w')
		n = len < 126 ? 2 : 4;
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): no string */
	memcpy(out + n, text, len);
	peer_send(fd, out, (size_t)n + len);
}

static void
step(int kind, char *line)
{
	static const char	 stanza[] = "<message to='f@x'><body>x</body>"
				    "</message>";
	char			 in[8192];
	size_t			 len;
	int			 fd;

	switch (*line) {
	case '<':
		say(kind, line);
		break;
	case '>':
		len = script_bytes(line + 1);
		fd = asked(in, sizeof(in));
		peer_send(fd, line + 1, len);
		break;
	case 'M':
		if (secure)	/* not all kinds can at all times */
			(void)!transport_send(transport, stanza,
			    sizeof(stanza) - 1);
		break;
	case 'R':
		if (secure)
			transport_restart(transport);
		break;
	case 'K':
		if (secure)
			transport_keepalive(transport);
		break;
	case 'H':
		transport_pause(transport, 1);
		break;
	case 'G':
		transport_pause(transport, 0);
		break;
	case 'L':
		transport_close(transport);
		break;
	case 'E':
		if ((fd = asked(in, sizeof(in))) != -1)
			shutdown(fd, SHUT_WR);
		break;
	default:
		break;
	}
	peer_turn(2);
}

static void
run(struct script *s, int kind, int by_hand, struct discover *ways)
{
	struct transport_conf	 conf = {
		.ways = ways,
		.domain = "here.example",
		.from = "us@here.example",
		.tls_name = "here.example",
		.piece = on_piece,
		.log = on_log,
	};
	char			*line;
	int			 steps;

	must((transport = transport_new(peer_loop(), peer_resolver(), &conf,
	    on_event, NULL)) != NULL);
	peer_turn(4);
	if (kind == 'w' && !by_hand)
		for (steps = 0; steps < TURNS && !upgrade(); steps++)
			peer_turn(1);
	for (steps = 0; !over && steps < STEPS &&
	    (line = script_line(s)) != NULL; steps++)
		step(kind, line);
	while (nfds > 0)
		peer_drop(fds[--nfds]);
	peer_turn(1);
	transport_free(transport);
}

int
fuzz_transport(const uint8_t *data, size_t size)
{
	struct discover_conf	 conf = { .domain = "here.example",
				    .family = AF_INET };
	struct script		 s;
	struct discover		*ways;
	char			 err[DISCOVER_ERR], server[64], *line;
	int			 kind, by_hand, fd;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	kind = (unsigned char)*line;
	by_hand = strchr(line, 'h') != NULL;
	snprintf(server, sizeof(server), "%s://127.0.0.1:%u", kind == 'w' ?
	    "ws" : kind == 'b' ? "http" : "xmpp", peer_port());
	conf.server = server;
	secure = over = 0;
	nfds = 0;
	must((ways = discover_new(&conf, err)) != NULL);
	run(&s, kind, by_hand, ways);
	discover_free(ways);
	/* Connections that came too late belong to no other input. */
	while ((fd = peer_accept()) != -1)
		peer_drop(fd);
	return 0;
}
