#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "t/bench/bosh.h"
#include "t/bench/xmpp.h"

#define HEARD	(64 * 1024)	/* of one answer */
#define FRAMING	"urn:ietf:params:xml:ns:xmpp-framing"

int
tcp_connect(const char *server)
{
	char		 host[256];
	const char	*colon = strrchr(server, ':');
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM }, *ai;
	int		 fd, one = 1;

	if (colon == NULL)
		errx(2, "%s: no port", server);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - server), server);
	if (getaddrinfo(host, colon + 1, &hints, &ai) != 0)
		errx(2, "%s: no address", server);
	if ((fd = socket(ai->ai_family, SOCK_STREAM, 0)) == -1 ||
	    connect(fd, ai->ai_addr, ai->ai_addrlen) == -1)
		err(1, "%s", server);
	freeaddrinfo(ai);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/*
 * Bytes
 */

static void
put(struct xmpp *x, const void *data, size_t len)
{
	if (len == 0)
		return;
	if (x->ssl == NULL ? write(x->fd, data, len) != (ssize_t)len :
	    SSL_write(x->ssl, data, (int)len) != (int)len)
		errx(1, "cannot write to the server");
}

static size_t
get(struct xmpp *x, char *data, size_t len)
{
	ssize_t	 n;

	n = x->ssl == NULL ? read(x->fd, data, len) :
	    SSL_read(x->ssl, data, (int)len);
	if (n <= 0)
		errx(1, "the server ends the connection");
	return (size_t)n;
}

const char *
xmpp_expect(struct xmpp *x, const char *words)
{
	static char	 heard[HEARD];
	size_t		 len = 0, i;

	do {
		if (len == sizeof(heard) - 1)
			errx(1, "the server does not say %s", words);
		i = len;
		len += get(x, heard + len, sizeof(heard) - 1 - len);
		for (; i < len; i++)	/* the lengths of frames */
			if (heard[i] == '\0')
				heard[i] = ' ';
		heard[len] = '\0';
		if (strstr(heard, "<failure") != NULL ||
		    strstr(heard, "stream:error") != NULL)
			errx(1, "the server says %s", heard);
	} while (strstr(heard, words) == NULL);
	return heard;
}

size_t
xmpp_frame(const struct xmpp *x, size_t len, unsigned char *out)
{
	size_t	 n, i, bytes;

	if (x->transport != XMPP_WEBSOCKET)
		return 0;
	bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;
	n = 0;
	out[n++] = 0x81;
	out[n++] = (unsigned char)(0x80 | (bytes == 0 ? len :
	    bytes == 2 ? 126 : 127));
	for (i = bytes; i-- > 0;)
		out[n++] = (unsigned char)(len >> 8 * i);
	memset(out + n, 0, 4);
	return n + 4;
}

void
xmpp_send(struct xmpp *x, const char *stanza)
{
	unsigned char	 frame[XMPP_FRAME];
	size_t		 len = strlen(stanza);

	/* Two records, which no server minds at a login. */
	put(x, frame, xmpp_frame(x, len, frame));
	put(x, stanza, len);
}

/*
 * The login
 */

/* One for all logins, which there may be thousands of: the certificates of the
 * first. */
static SSL_CTX *
tls_context(const struct xmpp_login *l)
{
	static SSL_CTX	*ctx;

	if (ctx != NULL)
		return ctx;
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL || SSL_CTX_load_verify_locations(ctx, l->ca, NULL) != 1)
		errx(1, "%s: no certificates", l->ca);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return ctx;
}

static void
start_tls(struct xmpp *x, const struct xmpp_login *l, const char *domain)
{
	char	 name[256];

	snprintf(name, sizeof(name), "%s", domain);
	if ((x->ssl = SSL_new(tls_context(l))) == NULL ||
	    SSL_set1_host(x->ssl, name) != 1 ||
	    SSL_set_tlsext_host_name(x->ssl, name) != 1 ||
	    SSL_set_fd(x->ssl, x->fd) != 1 || SSL_connect(x->ssl) != 1)
		errx(1, "%s: TLS fails", l->server);
}

void
xmpp_secure(struct xmpp *x, const struct xmpp_login *l, const char *domain)
{
	x->fd = tcp_connect(l->server);
	x->ssl = NULL;
	start_tls(x, l, domain);
}

static void
open_stream(struct xmpp *x, const char *domain)
{
	char	 b[512];

	if (x->transport == XMPP_BOSH) {
		bosh_restart(x->bosh);
		return;
	}
	if (x->transport == XMPP_WEBSOCKET) {
		snprintf(b, sizeof(b), "<open xmlns='" FRAMING "' to='%s' "
		    "version='1.0'/>", domain);
		xmpp_send(x, b);
		xmpp_expect(x, "features>");
		return;
	}
	snprintf(b, sizeof(b), "<?xml version='1.0'?><stream:stream to='%s' "
	    "version='1.0' xmlns='jabber:client' "
	    "xmlns:stream='http://etherx.jabber.org/streams'>", domain);
	put(x, b, strlen(b));
	xmpp_expect(x, "</stream:features>");
}

static void
upgrade(struct xmpp *x, const struct xmpp_login *l)
{
	char	 b[512];

	snprintf(b, sizeof(b), "GET /xmpp-websocket HTTP/1.1\r\nHost: %s\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Protocol: xmpp\r\n\r\n", l->server);
	put(x, b, strlen(b));
	xmpp_expect(x, "\r\n\r\n");
}

static void
tell(struct xmpp *x, const char *stanza)
{
	if (x->transport == XMPP_BOSH) {
		bosh_put(x->bosh, stanza, strlen(stanza));
		bosh_post(x->bosh);
	} else {
		xmpp_send(x, stanza);
	}
}

static void
ask(struct xmpp *x, const char *stanza, const char *words)
{
	if (x->transport == XMPP_BOSH) {
		bosh_ask(x->bosh, "", stanza, words);
	} else {
		xmpp_send(x, stanza);
		xmpp_expect(x, words);
	}
}

/* SASL PLAIN, RFC 4616. */
static void
authenticate(struct xmpp *x, const struct xmpp_login *l)
{
	unsigned char	 plain[512], coded[1024];
	char		 b[2048];
	int		 n;

	n = snprintf((char *)plain, sizeof(plain), "%c%.*s%c%s", '\0',
	    (int)strcspn(l->jid, "@"), l->jid, '\0', l->password);
	EVP_EncodeBlock(coded, plain, n);
	snprintf(b, sizeof(b), "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
	    "mechanism='PLAIN'>%s</auth>", coded);
	ask(x, b, "<success");
}

/* Until there is a stream with features. */
static void
begin(struct xmpp *x, const struct xmpp_login *l, const char *domain)
{
	if (l->transport == XMPP_BOSH) {
		x->bosh = bosh_new(l, domain);
		x->transport = XMPP_BOSH;
		return;
	}
	x->fd = tcp_connect(l->server);
	x->ssl = NULL;
	x->transport = XMPP_STARTTLS;
	if (l->transport == XMPP_STARTTLS) {
		open_stream(x, domain);
		xmpp_send(x, "<starttls "
		    "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
		xmpp_expect(x, "<proceed");
	}
	start_tls(x, l, domain);
	if (l->transport == XMPP_WEBSOCKET)
		upgrade(x, l);
	x->transport = l->transport;
	open_stream(x, domain);
}

void
xmpp_login(struct xmpp *x, const struct xmpp_login *l)
{
	const char	*at = strchr(l->jid, '@');
	const char	*slash = strchr(l->jid, '/');
	char		 domain[256], b[1024];

	if (at == NULL || slash == NULL || slash < at)
		errx(2, "%s: not user@domain/resource", l->jid);
	snprintf(domain, sizeof(domain), "%.*s", (int)(slash - at - 1), at + 1);
	begin(x, l, domain);
	authenticate(x, l);
	open_stream(x, domain);
	snprintf(b, sizeof(b), "<iq xmlns='jabber:client' type='set' id='b'>"
	    "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
	    "<resource>%s</resource></bind></iq>", slash + 1);
	ask(x, b, l->jid);
	tell(x, "<presence xmlns='jabber:client'>"
	    "<priority>-1</priority></presence>");
}
