/*
 * Fuzzer of what fetches a document by HTTP: the server's bytes are the input,
 * first a letter for how it is asked: w whole, p in pieces, s and q the same
 * over TLS, x of an impostor, u and v for a document that is put there, v over
 * TLS; then responses, one for each connection, that are
 * parted by lines of a single dot.  $ is the server's port.  A line of .A and a
 * number has so many seconds pass, and one of .R takes or makes room for
 * pieces.  With m, host-meta of this machine is asked for, which nothing
 * here serves.  And of the documents about a domain, host-meta in XML and
 * JSON, which the whole input is taken for as well.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial/addr.h"
#include "net/dial/fetch.h"
#include "net/dial/resolve.h"
#include "net/io/clock.h"
#include "net/io/io.h"
#include "net/transport/discover.h"
#include "net/transport/hostmeta.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/peer.h"
#include "t/fuzz/script.h"
#include "t/fuzz/tls.h"
#include "t/lib/must.h"
#include "xml/buf.h"

#define MOST	600		/* bytes of a document */
#define CONNS	8
#define PUT_SIZE 150000		/* more than goes out at once */

static struct fetch	*fetching;
static int		 done, pieces, putting;
static uint64_t		 put_read, put_sent;
static int		 impostor, tls;
static size_t		 room;
static int64_t		 length;
static size_t		 got;

static void
on_done(void *arg, const void *data, size_t len, const char *err)
{
	(void)arg;
	must(!done);
	must(err != NULL ? *err != '\0' : pieces || data != NULL || len == 0);
	must((err == NULL) == (fetch_fault(fetching) == FETCH_FINE));
	if (putting && err == NULL)
		must(put_read == PUT_SIZE && len == 0 &&
		    fetch_status(fetching) / 100 == 2);
	must(len <= MOST);
	if (err == NULL && pieces && length >= 0)
		must((int64_t)got == length);
	done = 1;
}

static int
on_loopback(void *arg, const struct addr *a)
{
	(void)arg;
	return addr_kind((const struct sockaddr *)&a->ss) == ADDR_LOOPBACK;
}

static void
on_length(void *arg, int64_t bytes)
{
	(void)arg;
	must(!done && got == 0 && bytes >= -1);
	length = bytes;
}

static size_t
on_room(void *arg)
{
	(void)arg;
	return room;
}

static int
on_body(void *arg, const void *data, size_t len)
{
	(void)arg;
	must(!done && data != NULL && len > 0 && len <= room);
	got += len;
	must(got <= MOST);
	return 0;
}

static ssize_t
on_read(void *arg, void *buf, size_t len)
{
	(void)arg;
	must(!done && len > 0 && len <= PUT_SIZE - put_read);
	memset(buf, 'x', len);
	put_read += len;
	return (ssize_t)len;
}

static void
on_sent(void *arg, uint64_t bytes)
{
	(void)arg;
	must(!done && bytes >= put_sent && bytes <= put_read);
	put_sent = bytes;
}

static const struct fetch_field	 fields[] = {
	{ "Authorization", "Bearer x" }, { "Cookie", "a=b" }
};
static const struct fetch_put	 put = {
	.type = "text/plain",
	.fields = fields,
	.nfields = 2,
	.size = PUT_SIZE,
	.read = on_read,
	.sent = on_sent,
};

static void
documents(const uint8_t *data, size_t size)
{
	struct endpoint	 ways[HOSTMETA_MAX];
	int		 i, n, k;

	for (k = 0; k < 2; k++) {
		n = k ? hostmeta_json(data, size, DISCOVER_ANY, ways) :
		    hostmeta_xml(data, size, DISCOVER_ANY, ways);
		must(n <= HOSTMETA_MAX);
		for (i = 0; i < n; i++)
			must(ways[i].tls && *ways[i].host != '\0' &&
			    ways[i].port != 0);
	}
}

/* What is no byte of the server's. */
static void
happen(const char *line)
{
	if (line[1] == 'A') {
		peer_later(1000 * (strtol(line + 2, NULL, 10) & 0xfff));
	} else if (line[1] == 'R') {
		room = room == 0 ? IO_IN_MAX : 0;
		if (!done)
			fetch_resume(fetching);
	}
}

/* One connection: what the server says there, up to a line with a dot. */
static void
answer(struct script *s)
{
	char	 in[8192], port[8], text[SCRIPT_LINE], *line;
	SSL	*ssl = NULL;
	int	 fd;

	if ((fd = peer_accept()) == -1)
		return;
	peer_turn(2);
	if (!tls)
		peer_recv(fd, in, sizeof(in));
	else if ((ssl = fuzz_tls_begin(fd, impostor)) != NULL)
		fuzz_tls_recv(ssl, in, sizeof(in));
	snprintf(port, sizeof(port), "%u", peer_port());
	while (!done && (line = script_line(s)) != NULL &&
	    strcmp(line, ".") != 0) {
		script_fill(text, line, port);
		if (*text == '.')
			happen(text);
		else if (ssl != NULL)
			fuzz_tls_send(ssl, text, script_bytes(text));
		else
			peer_send(fd, text, script_bytes(text));
	}
	if (!done) {
		shutdown(fd, SHUT_WR);
		peer_turn(3);
	}
	SSL_free(ssl);
	peer_drop(fd);
	peer_turn(1);
}

static void
on_ways(void *arg, const struct endpoint *ways, size_t n, const char *note)
{
	(void)arg;
	(void)ways;
	must(n > 0 || note != NULL);
	done = 1;
}

static void
host_meta(void)
{
	static struct discover_conf	 conf = { .domain = "127.0.0.1",
				    .family = AF_INET };
	struct hostmeta		*a;

	if (conf.tls == NULL)
		must((conf.tls = SSL_CTX_new(TLS_client_method())) != NULL);
	must((a = hostmeta(peer_loop(), peer_resolver(), &conf, on_ways,
	    NULL)) != NULL);
	peer_turn(30);
	if (!done)
		hostmeta_free(a);
}

int
fuzz_fetch(const uint8_t *data, size_t size)
{
	struct fetch_conf	 conf = {
		.accept = "text/plain",
		.family = AF_INET,
		.max = MOST,
		.cleartext = 1,
		.permit = on_loopback,
		.deadline = INT64_MAX,
	};
	struct script		 s;
	char			 url[64], *line;
	int			 i;

	documents(data, size);
	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	done = 0;
	got = 0;
	length = -1;
	if (*line == 'm') {
		host_meta();
		return 0;
	}
	put_read = put_sent = 0;
	if ((putting = *line == 'u' || *line == 'v')) {
		conf.put = &put;
		conf.idle = 100000;
	}
	tls = strchr("sqxv", *line) != NULL && *line != '\0';
	impostor = *line == 'x';
	room = IO_IN_MAX;
	if ((pieces = *line == 'p' || *line == 'q')) {
		conf.length = on_length;
		conf.room = on_room;
		conf.body = on_body;
		conf.idle = 100000;
	}
	conf.deadline = clock_ms() + 100000;
	conf.tls = fuzz_tls_client();
	snprintf(url, sizeof(url), "%s:%u/x", tls ? "https://localhost" :
	    "http://127.0.0.1", peer_port());
	must((fetching = fetch(peer_loop(), peer_resolver(), &conf, url,
	    on_done, NULL)) != NULL);
	for (i = 0; i < CONNS && !done && s.left > 0; i++)
		answer(&s);
	if (!done)
		fetch_free(fetching);
	peer_drop_rest();
	return 0;
}
