/*
 * Fuzzer of the transports: a server on loopback whose words are a script.  The
 * first line is the kind: w (WebSocket), b (BOSH), c (TCP); and behind it
 *
 *	s		with TLS from the first byte
 *	x		the server shows another domain's certificate
 *	h		the script has the answer to the upgrade as well
 *	u		the server is known to take STARTTLS
 *	a		its host is asked by another name, which it has not
 *	2		it is looked for in DNS, and two SRV records name it
 *	n		it is looked for in DNS, which knows nothing of it
 *
 *	<...		the server says this, in a frame, a response, or plainly
 *	>...		it sends these bytes (script.h), nothing around them; $
 *			is its port
 *	T		it begins TLS on the connection that has asked last
 *	M, R, K		a stanza is sent; a new stream; a sign of life
 *	m		as many stanzas as the number behind it
 *	H, G		stop reading; go on
 *	L, E		we end the stream; the server the connection
 *	Z		the server resets the connection
 *	A		time passes, as many seconds as the number behind it
 *	B		a limit on what is sent, the number behind it
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
#include "t/fuzz/tls.h"
#include "t/lib/must.h"
#include "xml/base64.h"
#include "xml/elem.h"

#define GUID	"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define CONNS	6
#define STEPS	60
#define TURNS	16

/* The server's end of a connection. */
struct conn {
	int	 fd;
	SSL	*ssl;		/* NULL: no TLS, or not yet */
};

static struct transport	*transport;
static int		 secure, over;
static int		 tls_first, impostor;
static struct conn	 conns[CONNS];
static size_t		 nconns;

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
	if (strncmp(line, "connected to ", 13) == 0)
		secure = 0;	/* another way is tried */
}

static int
on_piece(void *arg, const struct elem *e)
{
	(void)arg;
	must(e->parent != NULL && e->parent->parent != NULL);
	return strcmp(e->name, "item") == 0;
}

static void
begin_tls(struct conn *c)
{
	if (c != NULL && c->ssl == NULL)
		c->ssl = fuzz_tls_begin(c->fd, impostor);
}

static void
conn_send(struct conn *c, const void *data, size_t len)
{
	if (c != NULL && c->ssl != NULL)
		fuzz_tls_send(c->ssl, data, len);
	else if (c != NULL)
		peer_send(c->fd, data, len);
}

static void
conn_drop(struct conn *c)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	peer_drop(c->fd);
}

/* Which connection has asked last, NULL if there is none; what it has asked is
 * in text. */
static struct conn *
asked(char *text, size_t size)
{
	struct conn	*c;
	size_t		 i, n;
	int		 fd;

	while (nconns < CONNS && (fd = peer_accept()) != -1) {
		conns[nconns] = (struct conn){ .fd = fd };
		if (tls_first)
			begin_tls(&conns[nconns]);
		nconns++;
	}
	for (i = nconns; i-- > 0;) {
		c = &conns[i];
		n = c->ssl != NULL ? fuzz_tls_recv(c->ssl, text, size - 1) :
		    peer_recv(c->fd, text, size - 1);
		if (n > 0) {
			text[n] = '\0';
			return c;
		}
	}
	*text = '\0';
	return nconns > 0 ? &conns[nconns - 1] : NULL;
}

/* RFC 6455 section 4.2.2: 1 if it was asked for, and is answered. */
static int
upgrade(void)
{
	char		 text[8192], key[64] = "", reply[256], accept[64];
	unsigned char	 hash[EVP_MAX_MD_SIZE];
	const char	*p;
	unsigned	 len;
	struct conn	*c = asked(text, sizeof(text));

	if ((p = strstr(text, "Sec-WebSocket-Key: ")) == NULL)
		return 0;
	snprintf(key, sizeof(key), "%.24s" GUID, p + 19);
	must(strlen(key) == 60 && EVP_Digest(key, strlen(key), hash, &len,
	    EVP_sha1(), NULL) == 1);
	accept[base64_encode(accept, hash, len)] = '\0';
	snprintf(reply, sizeof(reply), "HTTP/1.1 101 x\r\nUpgrade: websocket"
	    "\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
	    "Sec-WebSocket-Protocol: xmpp\r\n\r\n", accept);
	conn_send(c, reply, strlen(reply));
	return 1;
}

/* What a server of this kind puts around what it says. */
static void
say(int kind, const char *text)
{
	char		 out[SCRIPT_LINE + 128], in[8192];
	size_t		 len = strlen(text), n = 0;
	struct conn	*c = asked(in, sizeof(in));

	if (kind == 'w' && len < 126)
		n = (size_t)snprintf(out, sizeof(out), "\x81%c", (int)len);
	else if (kind == 'w') {		/* a NUL may be part of the length */
		snprintf(out, sizeof(out), "\x81\x7e%c%c", (int)(len >> 8),
		    (int)(len & 255));
		n = 4;
	} else if (kind == 'b')
		n = (size_t)snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\n"
		    "Content-Length: %zu\r\n\r\n", len);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): no string */
	memcpy(out + n, text, len);
	conn_send(c, out, n + len);
}

static void
send_stanza(void)
{
	static const char	 stanza[] = "<message to='f@x'><body>x</body>"
				    "</message>";

	if (secure)	/* not all kinds can at all times */
		(void)!transport_send(transport, stanza, sizeof(stanza) - 1);
}

/* What happens on our side, or to the clock. */
static void
happen(const char *line)
{
	unsigned long	 n;

	switch (*line) {
	case 'M':
		send_stanza();
		break;
	case 'm':
		for (n = strtoul(line + 1, NULL, 10) & 0xff; n > 0; n--)
			send_stanza();
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
	case 'G':
		transport_pause(transport, *line == 'H');
		break;
	case 'L':
		transport_close(transport);
		break;
	case 'A':
		peer_later(1000 * (strtol(line + 1, NULL, 10) & 0xfff));
		break;
	case 'B':
		transport_limit(transport, strtoul(line + 1, NULL, 10));
		break;
	default:
		break;
	}
}

static void
step(int kind, const char *line)
{
	char		 in[8192], text[SCRIPT_LINE], port[8];
	struct conn	*c;
	size_t		 len;

	snprintf(port, sizeof(port), "%u", peer_port());
	script_fill(text, line, port);
	switch (*text) {
	case '<':
		say(kind, text);
		break;
	case '>':
		len = script_bytes(text + 1);
		conn_send(asked(in, sizeof(in)), text + 1, len);
		break;
	case 'T':
		begin_tls(asked(in, sizeof(in)));
		break;
	case 'E':
		if ((c = asked(in, sizeof(in))) != NULL)
			shutdown(c->fd, SHUT_WR);
		break;
	case 'Z':
		if ((c = asked(in, sizeof(in))) != NULL) {
			conn_drop(c);
			*c = conns[--nconns];
		}
		break;
	default:
		happen(text);
		break;
	}
	peer_turn(2);
}

/* What the session asks a transport that is not over. */
static void
check(const char *flags)
{
	must(transport_holds(transport) >= 0);
	must(transport_queued(transport) < SIZE_MAX / 2);
	must(transport_ssl(transport) == NULL || tls_first || *flags == 'c');
	must(transport_binding(transport) == NULL ||
	    transport_ssl(transport) != NULL);
}

static void
run(struct script *s, const char *flags, struct discover *ways)
{
	struct transport_conf	 conf = {
		.ways = ways,
		.domain = TLS_DOMAIN,
		.from = "us@" TLS_DOMAIN,
		.tls_name = TLS_DOMAIN,
		.hurry = strchr(flags, 'u') != NULL,
		.piece = on_piece,
		.log = on_log,
	};
	char			*line;
	int			 steps;

	must((transport = transport_new(peer_loop(), peer_resolver(), &conf,
	    on_event, NULL)) != NULL);
	peer_turn(6);
	if (*flags == 'w' && strchr(flags, 'h') == NULL)
		for (steps = 0; steps < TURNS && !upgrade(); steps++)
			peer_turn(1);
	for (steps = 0; !over && steps < STEPS &&
	    (line = script_line(s)) != NULL; steps++) {
		step(*flags, line);
		if (!over)
			check(flags);
	}
	must(*transport_story(transport) != '\0');
	while (nconns > 0)
		conn_drop(&conns[--nconns]);
	peer_turn(1);
	transport_free(transport);
}

/* The URL that -c would have. */
static void
name_server(const char *flags, char *out, size_t size)
{
	static const char *const	 clear[] = { "ws", "http", "xmpp" };
	static const char *const	 safe[] = { "wss", "https", "xmpps" };
	size_t				 i = *flags == 'w' ? 0 : *flags == 'b' ?
					    1 : 2;

	snprintf(out, size, "%s://%s:%u", tls_first ? safe[i] : clear[i],
	    strchr(flags, 'a') != NULL ? "host.localhost" : "127.0.0.1",
	    peer_port());
}

int
fuzz_transport(const uint8_t *data, size_t size)
{
	struct discover_conf	 conf = { .domain = TLS_DOMAIN,
				    .family = AF_INET };
	struct script		 s;
	struct discover		*ways;
	char			 err[DISCOVER_ERR], server[64], flags[16];
	const char		*line;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	strlcpy(flags, line, sizeof(flags));
	tls_first = strchr(flags, 's') != NULL;
	impostor = strchr(flags, 'x') != NULL;
	name_server(flags, server, sizeof(server));
	if (strpbrk(flags, "2n") == NULL)
		conf.server = server;
	peer_serves(strchr(flags, '2') != NULL ? 2 : 0, tls_first);
	conf.tls = fuzz_tls_client();
	secure = over = 0;
	nconns = 0;
	/* Not in the clear to a host that is not this machine by its name. */
	if ((ways = discover_new(&conf, err)) != NULL)
		run(&s, flags, ways);
	else
		must(*err != '\0');
	discover_free(ways);
	/* Connections that came too late belong to no other input. */
	peer_drop_rest();
	return 0;
}
