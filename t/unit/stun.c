/*
 * Unit tests of STUN: messages (net/s5b/stun), with the vectors of RFC 5769,
 * and the question from a port that is shared (net/s5b/stun_ask), to a server
 * that is scripted here.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/io/fd.h"
#include "net/io/listen.h"
#include "net/io/loop.h"
#include "net/s5b/shared_port.h"
#include "net/s5b/stun.h"
#include "net/s5b/stun_ask.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"

static const unsigned char	 id[STUN_ID] = { 0xb7, 0xe7, 0xa7, 0x01, 0xbc,
	0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae };

/* RFC 5769 sections 2.2 and 2.3. */
#define TO	"\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87" \
		"\xdf\xae"
#define SOFTWARE "\x80\x22\x00\x0b" "test vector "
#define IPV4	"\x01\x01\x00\x3c" TO SOFTWARE \
		"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43" \
		"\x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90\xc3\x8c\x74" \
		"\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7" \
		"\x80\x28\x00\x04\xc0\x7d\x4c\x96"
#define IPV6	"\x01\x01\x00\x48" TO SOFTWARE \
		"\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3" \
		"\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9" \
		"\x00\x08\x00\x14\xa3\x82\x95\x4e\x4b\xe6\x7b\xf1\x17\x84" \
		"\xc9\x7c\x82\x92\xc2\x75\xbf\xe3\xed\x41" \
		"\x80\x28\x00\x04\xc8\xfb\x0b\x4c"

/*
 * Messages
 */

static const char *
where(const struct addr *a)
{
	static char	 out[ADDR_TEXT + 8];
	char		 text[ADDR_TEXT];
	const struct sockaddr	*sa = (const struct sockaddr *)&a->ss;

	snprintf(out, sizeof(out), "%s %u", addr_text(sa, text),
	    addr_port(sa));
	return out;
}

/* In a copy of its exact size, for sanitizers. */
static enum stun_result
look(const char *in, size_t len, struct stun_response *r)
{
	unsigned char		*p = malloc(len + 1);
	enum stun_result	 result;

	must(p != NULL);
	memcpy(p + 1, in, len);
	result = stun_response(p + 1, len, id, r);
	free(p);
	return result;
}

/* The whole message has this result, each part of it is not complete, or bad
 * as the whole is. */
static void
reads(const char *in, size_t len, enum stun_result want,
    struct stun_response *r, const char *what)
{
	enum stun_result	 part;
	size_t			 i;
	int			 good = 1;

	for (i = 0; i < len; i++) {
		part = look(in, i, r);
		good = good && (part == STUN_MORE || (part == STUN_BAD &&
		    want == STUN_BAD));
		good = good && (part != STUN_MORE ||
		    stun_need((const unsigned char *)in, i) > 0);
	}
	ok(good, "%s: in parts", what);
	is_int(look(in, len, r), want, "%s", what);
}

#define READS(in, want, r, what)	reads(in, sizeof(in) - 1, want, r, what)

static void
test_addresses(void)
{
	struct stun_response	 r;

	READS(IPV4, STUN_MAPPED, &r, "the vector with IPv4");
	is(where(&r.mapped), "192.0.2.1 32853", "its address");
	READS(IPV6, STUN_MAPPED, &r, "the vector with IPv6");
	is(where(&r.mapped), "2001:db8:1234:5678:11:2233:4455:6677 32853",
	    "its address");
	READS("\1\1\0\x0c" TO "\0\1\0\x08\0\1\x12\x34\xc0\0\2\7", STUN_MAPPED,
	    &r, "MAPPED-ADDRESS alone");
	is(where(&r.mapped), "192.0.2.7 4660", "its address");
	READS("\1\1\0\x18" TO "\0\1\0\x08\0\1\x12\x34\xc0\0\2\7"
	    "\0\x20\0\x08\0\1\xa1\x47\xe1\x12\xa6\x43", STUN_MAPPED, &r,
	    "both addresses");
	is(where(&r.mapped), "192.0.2.1 32853", "the one that no router "
	    "rewrites counts");
	READS("\1\1\0\x18" TO "\0\x20\0\x08\0\1\xa1\x47\xe1\x12\xa6\x43"
	    "\0\x20\0\x08\0\1\0\0\0\0\0\0", STUN_MAPPED, &r, "two of a kind");
	is(where(&r.mapped), "192.0.2.1 32853", "the first counts");
	is_int(look(IPV4 "more", sizeof(IPV4) + 3, &r), STUN_MAPPED,
	    "bytes behind the message are not looked at");
}

static void
test_errors(void)
{
	struct stun_response	 r;

	READS("\1\x11\0\x10" TO "\0\x09\0\x0c\0\0\4\x14" "Unknown!",
	    STUN_REFUSED, &r, "an error");
	is_int(r.code, 420, "its code");
	is(r.reason, "Unknown!", "its reason");
	READS("\1\x11\0\x14" TO "\0\x0a\0\2\0\x30\0\0" "\0\x09\0\4\0\0\3\0"
	    "\x80\x22\0\0", STUN_REFUSED, &r, "with unknown attributes");
	is_int(r.code, 300, "its code");
	is(r.reason, "", "no reason");
	READS("\1\x11\0\0" TO, STUN_REFUSED, &r, "an error without a code");
	is_int(r.code, 0, "no code");
}

static void
test_bad(void)
{
	char			 changed[sizeof(IPV4)];
	struct stun_response	 r;
	size_t			 i;
	int			 good = 1;

	for (i = 0; i < sizeof(IPV4) - 1; i++) {
		if (i / 2 == (sizeof(IPV4) - 9) / 2)
			continue;	/* no FINGERPRINT any more */
		memcpy(changed, IPV4, sizeof(changed));
		changed[i] ^= 0x04;
		good = good && look(changed, sizeof(IPV4) - 1, &r) !=
		    STUN_MAPPED;
	}
	ok(good, "a bit changed in any byte");
	READS("\1\1\0\0" TO, STUN_BAD, &r, "no address");
	READS("\1\1\0\4" TO "\x7f\xff\0\0", STUN_BAD, &r,
	    "an attribute to be comprehended");
	READS("\1\1\0\4" TO "\0\x20\0\4", STUN_BAD, &r,
	    "an attribute that is longer than the message");
	READS("\1\1\0\x08" TO "\0\x20\0\1\0\0\0\0", STUN_BAD, &r,
	    "an address of one byte");
	READS("\1\1\0\x0c" TO "\0\x20\0\x08\0\3\0\0\0\0\0\0", STUN_BAD, &r,
	    "a family that does not exist");
	READS("\1\1\0\x0c" TO "\0\x20\0\x08\0\2\0\0\0\0\0\0", STUN_BAD, &r,
	    "IPv6 in four bytes");
	READS("\1\x11\0\x08" TO "\0\x09\0\4\0\0\7\0", STUN_BAD, &r,
	    "error 700");
	READS("\1\x11\0\x08" TO "\0\x09\0\4\0\0\4\x64", STUN_BAD, &r,
	    "error 400 and 100");
	READS("\1\x11\0\x08" TO "\0\x09\0\2\0\0\0\0", STUN_BAD, &r,
	    "an error of two bytes");
	READS("\1\1\xff\xfc" TO, STUN_BAD, &r, "64 KiB");
	READS("HTTP/1.1 400 Bad Request\r\n", STUN_BAD, &r, "another server");
	READS("\0\1\0\0" TO, STUN_BAD, &r, "a request");
}

static void
test_request(void)
{
	unsigned char	 out[STUN_REQUEST];

	stun_request(id, out);
	ok(memcmp(out, "\0\1\0\x08" TO "\x80\x28\0\4", 24) == 0, "a request");
	/* Its CRC is that of zlib. */
	ok(memcmp(out + 24, "\xfd\xf6\xae\x02", 4) == 0, "its fingerprint");
	is_int((long)stun_need(out, 0), 20, "a header comes first");
	is_int((long)stun_need(out, 20), 8, "then what it says");
	is_int((long)stun_need(out, 28), 0, "then nothing");
}

/*
 * The question
 */

static struct loop	*loop;

/* A server that answers what the test wants. */
static struct server {
	struct listener	 listeners[2];
	int		 which;		/* is asked */
	struct watch	 watch;
	const char	*answer;	/* behind the header; NULL: none */
	size_t		 len, step;	/* bytes at a time */
	int		 type;
	unsigned char	 request[STUN_REQUEST], out[64];
	size_t		 got, said;
	struct addr	 from;
	int		 hangs_up;	/* when asked */
} server;

static int
server_want(void *arg)
{
	(void)arg;
	return server.got < STUN_REQUEST || server.answer == NULL ||
	    server.said == 20 + server.len ? POLLIN : POLLOUT;
}

static void
server_close(void)
{
	if (server.watch.fd == -1)
		return;
	loop_unwatch(loop, &server.watch);
	close(server.watch.fd);
	server.watch.fd = -1;
}

static void
server_asked(void)
{
	if (server.hangs_up) {
		server_close();
		return;
	}
	memcpy(server.out, server.request, 20);
	server.out[0] = 1;
	server.out[1] = (unsigned char)server.type;
	server.out[3] = (unsigned char)server.len;
	if (server.answer != NULL)
		memcpy(server.out + 20, server.answer, server.len);
}

static void
server_ready(void *arg, int revents)
{
	ssize_t	 n;

	(void)arg;
	if (revents & POLLOUT) {
		n = send(server.watch.fd, server.out + server.said, 20 +
		    server.len - server.said < server.step ? 20 + server.len -
		    server.said : server.step, MSG_NOSIGNAL);
		must(n > 0);
		server.said += (size_t)n;
		return;
	}
	n = read(server.watch.fd, server.request + server.got,
	    server.got < STUN_REQUEST ? STUN_REQUEST - server.got : 1);
	if (n <= 0) {
		server_close();
		loop_stop(loop);
	} else if ((server.got += (size_t)n) == STUN_REQUEST) {
		server_asked();
	}
}

static void
server_accepted(void *arg, int fd)
{
	(void)arg;
	server.got = server.said = 0;
	server.from.len = sizeof(server.from.ss);
	must(getpeername(fd, (struct sockaddr *)&server.from.ss,
	    &server.from.len) == 0);
	server.watch = (struct watch){ .fd = fd, .want = server_want,
	    .ready = server_ready };
	loop_watch(loop, &server.watch);
}

static char	 answer[256];

static void
answered(void *arg, const struct addr *mapped, const char *err)
{
	(void)arg;
	must(*answer == '\0');
	strlcpy(answer, mapped != NULL ? where(mapped) : err, sizeof(answer));
	loop_stop(loop);
}

/* One question from this local address, and the answer to be had for it. */
static struct stun_ask *
ask(const struct addr *from, int type, const char *said, size_t len,
    size_t step, const char *want, const char *what)
{
	struct stun_ask	*s;
	struct addr	 to;

	server.type = type;
	server.answer = said;
	server.len = len;
	server.step = step;
	*answer = '\0';
	must(addr_local(server.listeners[server.which].watch.fd, &to) == 0);
	s = stun_ask(loop, &to, from, clock_ms() + (said == NULL ? 100 :
	    10000), answered, NULL);
	must(s != NULL && loop_run(loop) == 0);
	is(answer, want, "%s", what);
	return s;
}

static void
test_asking(struct addr *any)
{
	static const char	 mapped[] = "\0\1\0\x08\0\1\x12\x34\xc0\0\2\7";
	struct stun_ask		*s, *t;
	struct addr		 local, other;

	s = ask(any, 1, mapped, 12, 1, "192.0.2.7 4660", "byte by byte");
	must(stun_ask_local(s, &local) == 0);
	ok(addr_equal(&local, &server.from), "asked from the local address");
	server_close();
	server.which = 1;
	t = ask(&local, 1, mapped, 12, 64, "192.0.2.7 4660",
	    "a second question from that port");
	must(stun_ask_local(t, &other) == 0);
	ok(addr_equal(&local, &other), "from that port indeed");
	ok(server.watch.fd != -1, "the connection stays");
	stun_ask_free(t);
	must(loop_run(loop) == 0);
	ok(server.watch.fd == -1, "until it is freed");
	stun_ask_free(s);
}

static void
test_asking_in_vain(struct addr *any)
{
	struct addr	 nothing;
	struct stun_ask	*s;
	int		 fd;

	s = ask(any, 0x11, "\0\x09\0\4\0\0\4\x14", 8, 64, "error 420",
	    "an error");
	server_close();
	stun_ask_free(s);
	s = ask(any, 1, "", 0, 64, "the answer is not that of a STUN server",
	    "an answer without an address");
	server_close();
	stun_ask_free(s);
	s = ask(any, 1, NULL, 0, 64, "no answer in time", "a silent server");
	server_close();
	stun_ask_free(s);
	server.hangs_up = 1;
	s = ask(any, 1, "", 0, 64, "the server closed the connection",
	    "a server that hangs up");
	stun_ask_free(s);
	fd = shared_port_socket(any);
	must(fd != -1 && addr_local(fd, &nothing) == 0);
	*answer = '\0';
	s = stun_ask(loop, &nothing, any, clock_ms() + 10000, answered, NULL);
	must(s != NULL && loop_run(loop) == 0);
	is(answer, strerror(ECONNREFUSED), "no server");
	stun_ask_free(s);
	close(fd);
}

int
main(void)
{
	struct in_addr	 lo = { htonl(INADDR_LOOPBACK) };
	struct addr	 any;
	size_t		 i;

	test_addresses();
	test_errors();
	test_bad();
	test_request();
	must(addr_make(&any, AF_INET, &lo, 0) == 0);
	must((loop = loop_new()) != NULL);
	server.watch.fd = -1;
	for (i = 0; i < 2; i++)
		must(listener_open(&server.listeners[i], loop, listener_socket(
		    (struct sockaddr *)&any.ss, any.len, 4), server_accepted,
		    NULL) == 0);
	test_asking(&any);
	test_asking_in_vain(&any);
	for (i = 0; i < 2; i++)
		listener_close(&server.listeners[i]);
	loop_free(loop);
	return tap_done();
}
