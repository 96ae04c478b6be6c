/*
 * tube: bare TLS 1.3 over a TCP connection, or through a SOCKS5 bytestreams
 * proxy (XEP-0065): bytes per second, from one process to another.
 *
 *	tube [-s] [-n bytes] -k certificate -K key
 *	tube [-s] [-n bytes] -k certificate -K key -x proxyhost:port
 *	    -X proxyjid -c server -C ca -j jid -p password -J targetjid
 *
 * The account is needed to activate the stream; the target is nobody's.  With
 * -s the bytes are those of standard input, and go to descriptor 3: what a
 * program has to do that is there for bytes of others.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "t/bench/stat.h"
#include "t/bench/xmpp.h"

#define PIECE	(64 * 1024)
#define WINDOW	32		/* pieces under way */
#define POKE	50		/* ms */

struct plan {
	struct xmpp_login	 login;
	const char		*target;
	const char		*proxy, *proxy_jid;
	const char		*certificate, *key;
	uint64_t		 bytes;
	int			 ends;		/* there are files */
};

static void
tcp_pair(int *fds)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	int			 l, one = 1;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((l = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(l, (struct sockaddr *)&sin, len) == -1 || listen(l, 1) == -1 ||
	    getsockname(l, (struct sockaddr *)&sin, &len) == -1 ||
	    (fds[0] = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    connect(fds[0], (struct sockaddr *)&sin, len) == -1 ||
	    (fds[1] = accept(l, NULL, NULL)) == -1)
		err(1, "loopback");
	setsockopt(fds[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(l);
}

/*
 * Through a proxy
 */

static void
exactly(int fd, void *p, size_t len)
{
	if (recv(fd, p, len, MSG_WAITALL) != (ssize_t)len)
		errx(1, "the proxy ends the connection");
}

/* RFC 1928, without a password; the name is that of the stream. */
static int
socks(const char *proxy, const char *hash)
{
	unsigned char	 b[512];
	size_t		 len = strlen(hash);
	int		 fd = tcp_connect(proxy);

	if (write(fd, "\5\1\0", 3) != 3)
		err(1, "%s", proxy);
	exactly(fd, b, 2);
	memcpy(b, "\5\1\0\3", 4);
	b[4] = (unsigned char)len;
	memcpy(b + 5, hash, len);
	memset(b + 5 + len, 0, 2);
	if (write(fd, b, len + 7) != (ssize_t)len + 7)
		err(1, "%s", proxy);
	exactly(fd, b, 5);
	if (b[1] != 0)
		errx(1, "the proxy says %d", b[1]);
	exactly(fd, b + 5, b[3] == 3 ? b[4] + 2 : b[3] == 1 ? 5 : 17);
	return fd;
}

static void
hex(const unsigned char *p, size_t len, char *out)
{
	for (; len-- > 0; out += 2)
		snprintf(out, 3, "%02x", *p++);
}

static void
proxied_pair(const struct plan *p, int *fds)
{
	struct xmpp	 x;
	unsigned char	 random[16], sum[SHA_DIGEST_LENGTH];
	char		 sid[33], hash[2 * SHA_DIGEST_LENGTH + 1], b[1024];

	xmpp_login(&x, &p->login);
	if (RAND_bytes(random, sizeof(random)) != 1)
		errx(1, "no random numbers");
	hex(random, sizeof(random), sid);
	snprintf(b, sizeof(b), "%s%s%s", sid, p->login.jid, p->target);
	SHA1((unsigned char *)b, strlen(b), sum);
	hex(sum, sizeof(sum), hash);
	fds[1] = socks(p->proxy, hash);
	fds[0] = socks(p->proxy, hash);
	snprintf(b, sizeof(b), "<iq type='set' to='%s' id='activate'><query "
	    "xmlns='http://jabber.org/protocol/bytestreams' sid='%s'>"
	    "<activate>%s</activate></query></iq>", p->proxy_jid, sid,
	    p->target);
	xmpp_send(&x, b);
	if (strstr(xmpp_expect(&x, "activate"), "result") == NULL)
		errx(1, "the proxy does not activate the stream");
}

/*
 * The bytes
 */

static SSL *
secure(const struct plan *p, int fd, int server)
{
	SSL_CTX	*ctx = SSL_CTX_new(server ? TLS_server_method() :
		    TLS_client_method());
	SSL	*ssl;

	if (ctx == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1)
		errx(1, "no TLS");
	if (server && (SSL_CTX_use_certificate_chain_file(ctx,
	    p->certificate) != 1 || SSL_CTX_use_PrivateKey_file(ctx, p->key,
	    SSL_FILETYPE_PEM) != 1))
		errx(1, "%s, %s: no certificate", p->certificate, p->key);
	if ((ssl = SSL_new(ctx)) == NULL || SSL_set_fd(ssl, fd) != 1 ||
	    (server ? SSL_accept(ssl) : SSL_connect(ssl)) != 1)
		errx(1, "TLS fails");
	return ssl;
}

static uint64_t
pieces(const struct plan *p)
{
	return (p->bytes + PIECE - 1) / PIECE;
}

/* Each is answered with a byte. */
static void
take(const struct plan *p, int fd)
{
	static unsigned char	 b[PIECE];
	SSL			*ssl = secure(p, fd, 1);
	uint64_t		 n, taken = 0, all = pieces(p);
	int			 r;

	for (n = 0; taken < all; ) {
		if ((r = SSL_read(ssl, b, sizeof(b))) <= 0)
			errx(1, "the tube broke");
		if (p->ends && write(3, b, (size_t)r) != r)
			err(1, "descriptor 3");
		for (n += (uint64_t)r; taken < n / PIECE; taken++)
			if (SSL_write(ssl, "x", 1) != 1)
				errx(1, "the tube broke");
	}
	_exit(0);
}

/* Prosody 0.12's proxy may keep the last bytes for ever, until more come. */
static void
answered(SSL *ssl)
{
	struct pollfd	 pfd = { .fd = SSL_get_fd(ssl), .events = POLLIN };
	unsigned char	 b[1];

	while (SSL_pending(ssl) == 0 && poll(&pfd, 1, POKE) == 0)
		if (SSL_write(ssl, "x", 1) != 1)
			errx(1, "the tube broke");
	if (SSL_read(ssl, b, sizeof(b)) != 1)
		errx(1, "the tube broke at its end");
}

static void
give(const struct plan *p, int fd)
{
	static unsigned char	 b[PIECE];
	SSL			*ssl = secure(p, fd, 0);
	uint64_t		 sent, landed, all = pieces(p);
	double			 began = stat_now();

	for (sent = landed = 0; landed < all; ) {
		if (sent < all && sent - landed < WINDOW) {
			if (p->ends && read(0, b, sizeof(b)) == -1)
				err(1, "standard input");
			if (SSL_write(ssl, b, sizeof(b)) != sizeof(b))
				errx(1, "the tube broke");
			sent++;
		} else {
			answered(ssl);
			landed++;
		}
	}
	printf("%.0f\n", (double)(all * PIECE) / (stat_now() - began));
}

static void
options(struct plan *p, int argc, char **argv)
{
	int	 c;

	while ((c = getopt(argc, argv, "c:C:j:J:k:K:n:p:sx:X:")) != -1)
		switch (c) {
		case 'c':	p->login.server = optarg; break;
		case 'C':	p->login.ca = optarg; break;
		case 'j':	p->login.jid = optarg; break;
		case 'J':	p->target = optarg; break;
		case 'k':	p->certificate = optarg; break;
		case 'K':	p->key = optarg; break;
		case 'n':	p->bytes = stat_number(optarg); break;
		case 'p':	p->login.password = optarg; break;
		case 's':	p->ends = 1; break;
		case 'x':	p->proxy = optarg; break;
		case 'X':	p->proxy_jid = optarg; break;
		default:	exit(2);
		}
	if (p->certificate == NULL || p->key == NULL || optind != argc ||
	    (p->proxy != NULL && (p->login.server == NULL ||
	    p->login.ca == NULL || p->login.jid == NULL ||
	    p->login.password == NULL || p->target == NULL ||
	    p->proxy_jid == NULL)))
		errx(2, "something is missing");
}

int
main(int argc, char **argv)
{
	struct plan	 p = { .bytes = 100000000 };
	int		 fds[2];
	pid_t		 child;

	options(&p, argc, argv);
	if (p.proxy != NULL)
		proxied_pair(&p, fds);
	else
		tcp_pair(fds);
	if ((child = fork()) == -1)
		err(1, "fork");
	if (child == 0) {
		close(fds[0]);
		take(&p, fds[1]);
	}
	close(fds[1]);
	give(&p, fds[0]);
	waitpid(child, NULL, 0);
	return 0;
}
