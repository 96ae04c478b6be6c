/* Unit tests of net/http/http: requests to the byte, responses at every
 * split. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http/http.h"
#include "t/lib/tap.h"

#define OK	"HTTP/1.1 200 OK\r\n"

static struct buf	 seen;

static void
note(const char *s)
{
	if (buf_addstr(&seen, s) == -1)
		abort();
}

static int
tell(struct http *h, enum http_event ev, const unsigned char *data,
    size_t len)
{
	char	 number[16];

	switch (ev) {
	case HTTP_HEAD:
		snprintf(number, sizeof(number), "%d{", h->status);
		note(number);
		return 1;
	case HTTP_BODY:
		if (buf_add(&seen, data, len) == -1)
			abort();
		return 1;
	case HTTP_END:
		note(h->persistent ? "}" : "}!");
		return 0;
	case HTTP_ERROR:
		note("error: ");
		note(http_error(h));
		return 0;
	default:
		return 0;
	}
}

/* What s comes to, fed step bytes at a time: status{body}, with ! if nothing
 * may follow, then what is left over. */
static const char *
outcome(const char *s, size_t len, size_t step, int bodyless)
{
	const unsigned char	*data;
	enum http_event		 ev;
	struct http		 h;
	struct buf		 in;
	size_t			 i, n, bodylen;
	int			 done = 0;

	buf_truncate(&seen, 0);
	buf_init(&in, 1 << 20);
	http_init(&h);
	http_expect(&h, bodyless);
	for (i = 0; i < len; i += n) {
		n = len - i < step ? len - i : step;
		buf_add(&in, s + i, n);
		while (!done && (ev = http_next(&h, &in, &data, &bodylen)) !=
		    HTTP_MORE)
			done = !tell(&h, ev, data, bodylen);
	}
	if (!done)
		tell(&h, http_eof(&h), NULL, 0);
	else if (http_next(&h, &in, &data, &bodylen) != HTTP_ERROR)
		buf_add(&seen, buf_data(&in), buf_len(&in));
	buf_add(&seen, "", 1);
	buf_free(&in);
	http_free(&h);
	return (const char *)buf_data(&seen);
}

static void
each_split(const char *s, size_t len, int bodyless, const char *want,
    const char *name)
{
	size_t	 step;
	int	 bad = 0;

	for (step = 1; step <= len && step < 300; step++)
		if (strcmp(outcome(s, len, step, bodyless), want) != 0 &&
		    !bad++)
			is(outcome(s, len, step, bodyless), want,
			    "%s, %zu at a time", name, step);
	ok(!bad, "%s", name);
}

static const struct {
	const char	*name, *in, *want;
	int		 bodyless;
} cases[] = {
	{ "length", OK "Content-Length: 3\r\n\r\nabcHTTP", "200{abc}HTTP", 0 },
	{ "length 0", OK "content-length:0 \r\n\r\n", "200{}", 0 },
	{ "the same length twice",
	    OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
	    "200{abc}", 0 },
	{ "to the end", OK "\r\nabc", "200{abc}!", 0 },
	{ "close", OK "Connection: x, Close\r\nContent-Length: 1\r\n\r\na",
	    "200{a}!", 0 },
	{ "1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "200{a}!",
	    0 },
	{ "1.0, kept", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n"
	    "Content-Length: 1\r\n\r\na", "200{a}", 0 },
	{ "no reason", "HTTP/1.1 204\r\n\r\nX", "204{}X", 0 },
	{ "304 has none", "HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\nX",
	    "304{}X", 0 },
	{ "chunks", OK "Transfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\n\r\nX",
	    "200{abc0123456789}X", 0 },
	{ "chunk with a size in many digits",
	    OK "Transfer-Encoding: chunked\r\n\r\n"
	    "00000000000000000001\r\na\r\n0\r\n\r\n", "200{a}", 0 },
	{ "chunks and trailers", OK "Transfer-Encoding: Chunked\r\n\r\n"
	    "1 \r\na\r\n0\r\nX: y\r\n\r\n", "200{a}", 0 },
	{ "interim", "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" OK
	    "Content-Length: 1\r\n\r\na", "200{a}", 0 },
	{ "upgrade", "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n\x81\x01",
	    "101{}\x81\x01", 0 },
	{ "CONNECT", OK "Content-Length: 10\r\n\r\nX", "200{}X", 1 },
	{ "CONNECT refused", "HTTP/1.1 403 F\r\nContent-Length: 1\r\n\r\na",
	    "403{a}", 1 },

	{ "nothing", "", "error: the connection ended in the middle of it",
	    0 },
	{ "no HTTP", "SSH-2.0-x\r\n", "error: it does not speak HTTP", 0 },
	{ "HTTP/2", "HTTP/2 200\r\n", "error: it does not speak HTTP", 0 },
	{ "status of two digits", "HTTP/1.1 20 OK\r\n",
	    "error: it does not speak HTTP", 0 },
	{ "status of four digits", "HTTP/1.1 2000 OK\r\n",
	    "error: it does not speak HTTP", 0 },
	{ "line feed alone", "HTTP/1.1 200 OK\n\n",
	    "error: a line is malformed", 0 },
	{ "carriage return inside", OK "X: a\rb\r\n",
	    "error: a line is malformed", 0 },
	{ "folded", OK "X: a\r\n b\r\n\r\n", "error: a field is malformed",
	    0 },
	{ "space before the colon", OK "Content-Length : 3\r\n",
	    "error: a field is malformed", 0 },
	{ "no name", OK ": 3\r\n", "error: a field is malformed", 0 },
	{ "no colon", OK "x\r\n", "error: a field is malformed", 0 },
	{ "two lengths", OK "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
	    "error: its body has no length that makes sense", 0 },
	{ "a list of lengths", OK "Content-Length: 3, 3\r\n\r\n",
	    "error: its body has no length that makes sense", 0 },
	{ "negative length", OK "Content-Length: -1\r\n\r\n",
	    "error: its body has no length that makes sense", 0 },
	{ "empty length", OK "Content-Length:\r\n\r\n",
	    "error: its body has no length that makes sense", 0 },
	{ "length beyond 64 bits",
	    OK "Content-Length: 18446744073709551617\r\n\r\n",
	    "error: its body has no length that makes sense", 0 },
	{ "length and chunks", OK "Content-Length: 3\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n",
	    "error: its body has a coding that is not understood", 0 },
	{ "other coding", OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
	    "error: its body has a coding that is not understood", 0 },
	{ "coding twice", OK "Transfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n",
	    "error: its body has a coding that is not understood", 0 },
	{ "chunks in 1.0", "HTTP/1.0 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n",
	    "error: its body has a coding that is not understood", 0 },
	{ "chunk without a size", OK "Transfer-Encoding: chunked\r\n\r\n\r\n",
	    "200{error: a chunk has no size that makes sense", 0 },
	{ "chunk of size x", OK "Transfer-Encoding: chunked\r\n\r\n0x1\r\n",
	    "200{error: a chunk has no size that makes sense", 0 },
	{ "chunk of negative size",
	    OK "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
	    "200{error: a chunk has no size that makes sense", 0 },
	{ "chunk beyond 64 bits",
	    OK "Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\n",
	    "200{error: a chunk has no size that makes sense", 0 },
	{ "chunk longer than it says",
	    OK "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
	    "200{aerror: a chunk is longer than its size", 0 },
	{ "body cut short", OK "Content-Length: 3\r\n\r\nab",
	    "200{aberror: the connection ended in the middle of it", 0 },
	{ "chunks cut short", OK "Transfer-Encoding: chunked\r\n\r\n1\r\na",
	    "200{aerror: the connection ended in the middle of it", 0 },
	{ "head cut short", OK "X: y\r\n",
	    "error: the connection ended in the middle of it", 0 },
};

/* What is behind an error is nobody's business. */
static void
test_cases(void)
{
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		each_split(cases[i].in, strlen(cases[i].in),
		    cases[i].bodyless, cases[i].want, cases[i].name);
	each_split(OK "X: a\0b\r\n", sizeof(OK "X: a\0b\r\n") - 1, 0,
	    "error: a line is malformed", "NUL in a field");
}

/* A response of head, then n times what, fed in pieces: an error, and soon. */
static void
endless(const char *head, const char *what, const char *want,
    const char *name)
{
	const unsigned char	*data;
	enum http_event		 ev = HTTP_MORE;
	struct http		 h;
	struct buf		 in;
	size_t			 len, n, most = 0;

	buf_init(&in, 1 << 20);
	http_init(&h);
	http_expect(&h, 0);
	buf_addstr(&in, head);
	for (n = 0; n < 10000000 && ev != HTTP_ERROR; n += strlen(what)) {
		buf_addstr(&in, what);
		while ((ev = http_next(&h, &in, &data, &len)) == HTTP_HEAD)
			;
		if (buf_len(&in) + buf_len(&h.fields) > most)
			most = buf_len(&in) + buf_len(&h.fields);
	}
	is(ev == HTTP_ERROR ? http_error(&h) : "none", want, "%s", name);
	ok(most < 2 * HTTP_HEAD_MAX, "%s: memory is bounded", name);
	buf_free(&in);
	http_free(&h);
}

static void
test_endless(void)
{
	endless("", "x", "a line is too long", "endless status");
	endless(OK "X: ", "x", "a line is too long", "endless field");
	endless(OK, "X: y\r\n", "its head is too long", "endless fields");
	endless("", "HTTP/1.1 100 C\r\n\r\n", "it sends no end of interim "
	    "responses", "endless interim responses");
	endless(OK "Transfer-Encoding: chunked\r\n\r\n", "0",
	    "a line is too long", "endless chunk size");
	endless(OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n",
	    "its head is too long", "endless trailers");
}

static void
test_fields(void)
{
	const unsigned char	*data;
	struct http		 h;
	struct buf		 in;
	size_t			 len;

	buf_init(&in, 4096);
	http_init(&h);
	http_expect(&h, 0);
	buf_addstr(&in, OK "Location:  /x y \t\r\nVary: a , b;q=1,,\"c\"\r\n"
	    "vary: D\r\nEmpty:\r\nContent-Length: 0\r\n\r\n");
	is_int(http_next(&h, &in, &data, &len), HTTP_HEAD, "a head");
	is(http_field(&h, "LOCATION"), "/x y", "a field, trimmed");
	is(http_field(&h, "Empty"), "", "an empty one");
	ok(http_field(&h, "Locatio") == NULL, "none of that name");
	ok(http_has(&h, "Vary", "a") && http_has(&h, "Vary", "B") &&
	    http_has(&h, "Vary", "d"), "tokens of a list, in several fields");
	ok(!http_has(&h, "Vary", "q") && !http_has(&h, "Vary", "c") &&
	    !http_has(&h, "None", "a"), "no tokens of it");
	buf_free(&in);
	http_free(&h);
}

static void
test_requests(void)
{
	struct buf	 b;

	buf_init(&b, 4096);
	is_int(http_start(&b, "POST", "/x?y", "::1", 8080, 443), 0, "start");
	is_int(http_add(&b, "X", "y"), 0, "add");
	is_int(http_add_basic(&b, "Authorization", "Aladdin",
	    "open sesame"), 0, "RFC 7617's example");
	is_int(http_end_body(&b, 5), 0, "end");
	buf_add(&b, "", 1);
	is((const char *)buf_data(&b), "POST /x?y HTTP/1.1\r\n"
	    "Host: [::1]:8080\r\nX: y\r\n"
	    "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"
	    "Content-Length: 5\r\n\r\n", "a request");
	is_int(http_add(&b, "X", "a\r\nY: b"), -1, "no line end in a value");
	is_int(http_add(&b, "X", "a\nb"), -1, "no line feed either");
	buf_truncate(&b, 0);
	http_start(&b, "GET", "/", "example.org", 443, 443);
	http_end(&b);
	buf_add(&b, "", 1);
	is((const char *)buf_data(&b), "GET / HTTP/1.1\r\n"
	    "Host: example.org\r\n\r\n", "the default port is not said");
	buf_free(&b);
}

int
main(void)
{
	buf_init(&seen, 1 << 20);
	test_cases();
	test_endless();
	test_fields();
	test_requests();
	buf_free(&seen);
	return tap_done();
}
