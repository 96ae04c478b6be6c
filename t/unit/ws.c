/* Unit tests of net/http/ws and net/transport/wrap: frames out and in, at
 * every split. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http/ws.h"
#include "net/transport/wrap.h"
#include "t/lib/tap.h"
#include "xml/buf.h"

#define MAX	200000

static struct buf	 seen;

static void
note(const void *s, size_t len)
{
	if (buf_add(&seen, s, len) == -1)
		abort();
}

static void
tell(struct ws *w, enum ws_event ev, const unsigned char *data, size_t len)
{
	static const char *const	 names[] = {
		[WS_END] = "|", [WS_PING] = "ping:", [WS_PONG] = "pong:",
	};
	char				 text[160];

	if (ev == WS_CLOSE)
		snprintf(text, sizeof(text), "close %u:", w->code);
	else if (ev == WS_ERROR)
		snprintf(text, sizeof(text), "error %u: %s", w->code,
		    ws_error(w));
	else
		snprintf(text, sizeof(text), "%s", ev == WS_DATA ? "" :
		    names[ev]);
	note(text, strlen(text));
	if (ev != WS_ERROR && ev != WS_END)
		note(data, len);
}

static const char *
outcome(const void *s, size_t len, size_t step)
{
	const unsigned char	*p = s, *data;
	enum ws_event		 ev;
	struct ws		 w;
	struct buf		 in;
	size_t			 i, n, datalen;

	buf_truncate(&seen, 0);
	buf_init(&in, 1 << 20);
	ws_init(&w, MAX);
	for (i = 0; i < len; i += n) {
		n = len - i < step ? len - i : step;
		buf_add(&in, p + i, n);
		while ((ev = ws_next(&w, &in, &data, &datalen)) != WS_MORE) {
			tell(&w, ev, data, datalen);
			if (ev == WS_ERROR)
				goto out;
			data = NULL;
			datalen = 0;
		}
	}
out:
	note("", 1);
	buf_free(&in);
	return (const char *)buf_data(&seen);
}

static void
each_split(const void *s, size_t len, const char *want, const char *name)
{
	size_t	 step;
	int	 bad = 0;

	for (step = 1; step <= len && step < 300; step++)
		if (strcmp(outcome(s, len, step), want) != 0 && !bad++)
			is(outcome(s, len, step), want, "%s, %zu at a time",
			    name, step);
	ok(!bad, "%s", name);
}

#define CASE(s, want, name)	each_split(s, sizeof(s) - 1, want, name)
#define E_1002	"error 1002: "

static void
test_good(void)
{
	CASE("\x81\x05Hello", "Hello|", "RFC 6455 section 5.7: a message");
	CASE("\x01\x03Hel\x80\x02lo", "Hello|", "in two fragments");
	CASE("\x89\x05Hello", "ping:Hello", "a ping");
	CASE("\x8a\x00", "pong:", "an empty pong");
	CASE("\x01\x01x\x89\x01p\x00\x00\x80\x01y", "xping:py|",
	    "a ping between fragments, one of which is empty");
	CASE("\x81\x00\x81\x01x", "|x|", "an empty message");
	CASE("\x01\x01\xc3\x80\x01\xa9", "\xc3\xa9|",
	    "fragments that cut a character in two");
	CASE("\x88\x00", "close 1005:", "a close that says nothing");
	CASE("\x88\x07\x03\xe8" "bye\xc3\xa9", "close 1000:bye\xc3\xa9",
	    "a close with a reason");
	CASE("\x88\x02\x0b\xb8", "close 3000:", "a close of an application");
	CASE("\x88\x02\x03\xf4", "close 1012:", "a server that starts anew");
	CASE("\x88\x02\x03\xf6", "close 1014:", "a gateway without a server");
}

static void
test_bad(void)
{
	CASE("\xc1\x00", E_1002 "a frame has reserved bits set", "RSV1");
	CASE("\xa1\x00", E_1002 "a frame has reserved bits set", "RSV2");
	CASE("\x91\x00", E_1002 "a frame has reserved bits set", "RSV3");
	CASE("\x81\x81" "abcd\x00", E_1002 "a frame is masked", "masked");
	CASE("\x82\x00", "error 1003: a frame is binary", "binary");
	CASE("\x83\x00", E_1002 "a frame is of no known kind", "opcode 3");
	CASE("\x8b\x00", E_1002 "a frame is of no known kind", "opcode 11");
	CASE("\x80\x00", E_1002 "a frame goes on with nothing",
	    "a continuation of nothing");
	CASE("\x01\x01x\x81\x01y", "x" E_1002
	    "a message begins inside of another", "a message in a message");
	CASE("\x09\x00", E_1002 "a control frame is in pieces or too long",
	    "a ping in fragments");
	CASE("\x89\x7e\x00\x7e", E_1002
	    "a control frame is in pieces or too long", "a long ping");
	CASE("\x81\x7e\x00\x7d", E_1002 "a frame has a malformed length",
	    "a length in more bytes than it takes");
	CASE("\x81\x7f\0\0\0\0\0\0\xff\xff", E_1002
	    "a frame has a malformed length", "the same in eight");
	CASE("\x81\x7f\x80\0\0\0\0\1\0\0", E_1002
	    "a frame has a malformed length", "a length of 64 bits");
	CASE("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
	    "error 1009: a message is too large", "a huge message");
	CASE("\x01\x01x\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
	    "xerror 1009: a message is too large", "a huge fragment");
	CASE("\x88\x01x", E_1002 "its close is malformed", "half a code");
	CASE("\x88\x02\x03\xed", E_1002 "its close is malformed", "code 1005");
	CASE("\x88\x02\x03\xe7", E_1002 "its close is malformed", "code 999");
	CASE("\x88\x02\x13\x88", E_1002 "its close is malformed", "code 5000");
	CASE("\x88\x03\x03\xe8\xff", "error 1007: its close is no UTF-8",
	    "a reason that is no UTF-8");
	CASE("\x88\x04\x03\xe8\0x", E_1002 "its close is malformed",
	    "a reason with NUL");
}

/* Fragments that are each small enough. */
static void
test_sum(void)
{
	static const unsigned char	 head[] = {
		0, 0x7f, 0, 0, 0, 0, 0, 1, 0x86, 0xa0
	};
	static unsigned char		 s[3 * 100010];
	size_t				 i, n = 0;

	for (i = 0; i < 3; i++) {
		memcpy(s + n, head, sizeof(head));
		s[n] = i == 0;
		memset(s + n + 10, 'x', 100000);
		n += 100010;
	}
	outcome(s, n, 4096);
	ok(memmem(buf_data(&seen), buf_len(&seen), "error 1009", 10) != NULL,
	    "fragments are too large in sum");
}

/* Unmask a frame of ours; its payload's length. */
static size_t
unmask(const struct buf *b, char *out, size_t head)
{
	const unsigned char	*p = buf_data(b), *key = p + head;
	size_t			 i, n = buf_len(b) - head - 4;

	for (i = 0; i < n; i++)
		out[i] = (char)(p[head + 4 + i] ^ key[i % 4]);
	out[n] = '\0';
	return n;
}

static void
test_out(void)
{
	static char	 text[70001], out[70001];
	static const struct { size_t len, head; } sizes[] = {
		{ 0, 2 }, { 1, 2 }, { 7, 2 }, { 125, 2 }, { 126, 4 },
		{ 65535, 4 }, { 65536, 10 }, { 70000, 10 },
	};
	struct buf	 b, again;
	size_t		 i, n;

	buf_init(&b, 1 << 20);
	buf_init(&again, 1 << 20);
	for (i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + i % 26);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		n = sizes[i].len;
		buf_truncate(&b, 0);
		ws_text(&b, text, n);
		ok(buf_len(&b) == n + sizes[i].head + 4 &&
		    ws_header(n) == sizes[i].head + 4 &&
		    buf_data(&b)[0] == 0x81 && (buf_data(&b)[1] & 0x80) != 0 &&
		    unmask(&b, out, sizes[i].head) == n &&
		    memcmp(out, text, n) == 0, "a text of %zu", n);
	}
	ws_text(&again, text, 70000);
	ok(memcmp(buf_data(&b) + 10, buf_data(&again) + 10, 4) != 0,
	    "each frame has a mask of its own");
	buf_truncate(&b, 0);
	ws_close(&b, WS_TOO_LARGE);
	unmask(&b, out, 2);
	ok(buf_data(&b)[0] == 0x88 && memcmp(out, "\x03\xf1", 2) == 0,
	    "a close");
	buf_free(&b);
	buf_free(&again);
}

static void
test_handshake(void)
{
	char	 key[WS_KEY], other[WS_KEY];

	ok(ws_accepted("dGhlIHNhbXBsZSBub25jZQ==",
	    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "RFC 6455 section 1.3");
	ok(!ws_accepted("dGhlIHNhbXBsZSBub25jZQ==",
	    "s3pPLMBiTxaQ9kYGzzhZRbK+xOp="), "not the answer");
	ws_key(key);
	ws_key(other);
	ok(strlen(key) == 24 && strcmp(key, other) != 0, "keys are new");
}

static void
wraps(const char *in, const char *want)
{
	struct buf	 b;

	buf_init(&b, 4096);
	is_int(wrap_stanza(&b, in, strlen(in)), 0, "%s", in);
	buf_add(&b, "", 1);
	is((const char *)buf_data(&b), want, "%s: with a namespace", in);
	buf_free(&b);
}

static void
pads(const char *in, const char *want)
{
	struct buf	 b;

	buf_init(&b, 100);
	buf_addstr(&b, in);
	is_int(wrap_pad(&b, 3), 0, "%s made longer", in);
	buf_add(&b, "", 1);
	is((const char *)buf_data(&b), want, "it is the same");
	is_int(wrap_pad(&b, 3), 0, "what does not end with a tag");
	is((const char *)buf_data(&b), want, "stays as it is");
	buf_truncate(&b, buf_len(&b) - 1);
	is_int(wrap_pad(&b, 100), -1, "until there is no room");
	buf_free(&b);
}

static void
test_wrap(void)
{
	struct buf	 b;

	wraps("<iq/>", "<iq xmlns='jabber:client'/>");
	wraps("<iq>x</iq>", "<iq xmlns='jabber:client'>x</iq>");
	wraps(" <iq a='b'/>\n  ", "<iq xmlns='jabber:client' a='b'/>");
	wraps("<r xmlns='urn:xmpp:sm:3'/>", "<r xmlns='urn:xmpp:sm:3'/>");
	wraps("<a b=\"x xmlns='y'\" xmlns = 'z'/>",
	    "<a b=\"x xmlns='y'\" xmlns = 'z'/>");
	wraps("<a b=\"x xmlns='y'\"><c xmlns='d'/></a>",
	    "<a xmlns='jabber:client' b=\"x xmlns='y'\"><c xmlns='d'/></a>");
	wraps("<a xmlns:b='c'/>", "<a xmlns='jabber:client' xmlns:b='c'/>");
	buf_init(&b, 16);
	pads("<iq><a b='c'/></iq>", "<iq><a b='c'/></iq   >");
	pads("<iq a='b'/>", "<iq a='b'   />");
	is_int(wrap_stanza(&b, " \n", 2), -1, "white space is no stanza");
	is_int(wrap_stanza(&b, "<iq/>", 5), -1, "no room");
	buf_free(&b);
}

int
main(void)
{
	buf_init(&seen, 1 << 20);
	test_good();
	test_bad();
	test_sum();
	test_out();
	test_handshake();
	test_wrap();
	buf_free(&seen);
	return tap_done();
}
