/*
 * Fuzzing of ibb/carrier: one end of a stream, whose peer says whatever the
 * input has it say about sockets, in requests and in answers, while bytes go
 * and come.  No more is confirmed than was sent, and the buffer never holds
 * more than a window and what was appended last.
 */
#include <sys/uio.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ibb/carrier.h"
#include "ibb/dispatch.h"
#include "ibb/frames.h"
#include "ibb/inband.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/chunks.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define PEER	"peer@example.org/x"
#define BLOCK	1000
#define SOME	60000		/* bytes at a time, at most */

static struct dispatch	*dispatch;
static struct ibb	*ibb;
static struct iq_table	*iqs;
static struct carrier	*c;
static struct parse	*parse;
static uint64_t		 pushed, confirmed, received, consumed;
static char		 ids[8][IQ_ID];	/* of our last requests */
static unsigned		 nids;
static int		 over, framed, had;	/* a socket */
static uint64_t		 told;	/* received, of the frames of the peer */
static int64_t		 now, pace;	/* microseconds; for each look */

static const uint8_t	*in;
static size_t		 left;

static unsigned
next(void)
{
	if (left == 0)
		return 0;
	left--;
	return *in++;
}

static int
take(void *arg, const void *data, size_t len)
{
	const char	*p;

	(void)arg;
	if (memmem(data, len, "'set'", 5) != NULL &&
	    (p = memmem(data, len, " id='", 5)) != NULL)
		snprintf(ids[nids++ % 8], sizeof(*ids), "%.*s",
		    (int)strcspn(p + 5, "'"), p + 5);
	return 0;
}

static struct elem *
parsed(const char *xml)
{
	struct elem	*e;

	must(parse_feed(parse, xml, strlen(xml)) == 0);
	while (parse_next(parse, &e) != PARSE_STANZA)
		must(e == NULL);
	return e;
}

static void
on_opened(void *arg, const struct elem *result)
{
	(void)arg;
	(void)result;
	carrier_can_sync(c);
}

static void
on_block(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	must(!over);
	received += len;
	must(carrier_received(c, received) == 0);
}

static void
on_answered(void *arg, size_t weight)
{
	(void)arg;
	must(!over);
	confirmed += weight;
	must(confirmed <= pushed);
}

static void
on_end(void *arg, const struct elem *e)
{
	(void)arg;
	(void)e;
}

static void
on_closed(void *arg, const struct elem *e)
{
	(void)arg;
	(void)e;
	must(!over);
	over = 1;
}

static void
on_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	(void)arg;
	(void)fault;
	(void)err;
	must(text != NULL && !over);
	over = 1;
}

static const struct inband_user user = {
	.opened = on_opened,
	.block = on_block,
	.answered = on_answered,
	.closing = on_end,
	.closed = on_closed,
	.failed = on_failed,
};

/* What can be right, is nearly right, or nonsense. */
static void
count(char *out, size_t size, uint64_t right)
{
	static const char *const	 odd[] = {
		"", "-1", "1x", " 1", "999999999999999999",
		"18446744073709551616", "4294967296", "0x1"
	};
	unsigned	 n = next();

	if (n < 200)
		snprintf(out, size, "%llu", (unsigned long long)right);
	else if (n < 240)
		snprintf(out, size, "%llu", (unsigned long long)(right +
		    n - 220));
	else
		snprintf(out, size, "%s", odd[n % 8]);
}

static void
socket_element(char *out, size_t size)
{
	static const char *const	 states[] = {
		"open", "closed", "open", "ajar"
	};
	static uint64_t	 in_socket;
	char		 n[24], got[24], gone[24];
	unsigned	 s = next();

	in_socket = s & 64 ? 0 : in_socket + next() * 16;
	count(n, sizeof(n), carrier_socket_next(c) - (s & 128 ? 0 : 1));
	count(got, sizeof(got), in_socket);
	count(gone, sizeof(gone), s & 32 ? pushed : confirmed);
	snprintf(out, size, "<socket xmlns='urn:xcat:0' sid='%s' number='%s' "
	    "state='%s' received='%s' consumed='%s'/>", carrier_sid(c), n,
	    states[s % 4], got, gone);
}

static void
control(void)
{
	char		 xml[512], e[320];
	struct elem	*iq;

	socket_element(e, sizeof(e));
	snprintf(xml, sizeof(xml), "<iq type='set' id='i' from='" PEER "'>%s"
	    "</iq>", e);
	iq = parsed(xml);
	carrier_control(c, iq, elem_child(iq, NS_XCAT, "socket"));
	elem_free(iq);
}

static void
answer(void)
{
	char		 xml[640], e[320] = "";
	const char	*id = ids[next() % 8];
	unsigned	 how = next();
	struct elem	*iq;

	if (how % 4 == 1)
		socket_element(e, sizeof(e));
	else if (how % 4 == 2)
		snprintf(e, sizeof(e), "<error type='cancel'><%s "
		    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
		    how & 4 ? "service-unavailable" : "item-not-found");
	else if (how % 4 == 3)
		snprintf(e, sizeof(e), "<sync xmlns='urn:xcat:0' sid='%s' "
		    "received='%u' answered='%u'/>", carrier_sid(c), how / 8,
		    how / 16);
	snprintf(xml, sizeof(xml), "<iq type='%s' id='%s' from='" PEER "'>%s"
	    "</iq>", how % 4 == 2 ? "error" : "result", id, e);
	iq = parsed(xml);
	iq_answer(iqs, iq);
	elem_free(iq);
}

static void
send_some(void)
{
	static unsigned char	 data[SOME];
	size_t			 n = next() * 230 + 1;

	if (carrier_room_bytes(c) == 0) {
		if (carrier_room_blocks(c) == 0)
			return;
		n = n < carrier_block(c) ? n : carrier_block(c);
	} else if (n > carrier_room_bytes(c)) {
		n = carrier_room_bytes(c);
	}
	must(chunks_len(carrier_out(c)) < CARRIER_WINDOW_MOST);
	must(chunks_add(carrier_out(c), data, n) == 0);
	pushed += n;
	carrier_push(c, n);
}

/* A frame, in two parts; or what the input has in place of one. */
static void
frame_comes(const unsigned char *data)
{
	unsigned char		 raw[3 * FRAMES_HEAD + FRAMES_COUNTS_LEN];
	struct frames_out	 f = { .left = 0 };
	struct frames_counts	 counts;
	size_t			 n, cut;
	unsigned		 what = next();

	told += next() * 16;
	counts.received = what & 16 ? told : 0;
	counts.consumed = what & 32 ? confirmed + next() : confirmed;
	counts.window = (uint64_t)next() << next() % 64;
	frames_put_counts(&f, &counts);
	if (what % 4 == 1 || what % 4 == 3)
		f.head_len = FRAMES_HEAD, f.head[0] = what % 4 == 1 ?
		    FRAMES_DATA : FRAMES_PAD;
	else if (what % 4 == 2)
		for (f.head_len = 0; f.head_len < 12; f.head_len++)
			f.head[f.head_len] = (unsigned char)next();
	memcpy(raw, f.head, n = f.head_len);
	cut = next() % (n + 1);
	carrier_socket_input(c, raw, cut);
	carrier_socket_input(c, raw + cut, n - cut);
	if (what % 2 == 1)
		carrier_socket_input(c, data, FRAMES_COUNTS_LEN);
}

/* Something for a proxy to hold back, or nothing. */
static int
pad(void *arg)
{
	static const unsigned char	 zeros[FRAMES_HEAD];

	(void)arg;
	if (pushed % 3 == 0)
		return -1;
	must(chunks_add(carrier_out(c), zeros, sizeof(zeros)) == 0);
	return pushed % 3 == 1;
}

static void
socket_moves(void)
{
	static unsigned char	 data[SOME];
	struct iovec		 iov[8];
	size_t			 len = 0;
	int			 n, i;

	if (!carrier_has_socket(c))
		return;
	n = carrier_socket_pieces(c, iov, 1 + (int)(next() & 7));
	for (i = 0; i < n; i++) {
		must(iov[i].iov_len > 0 && iov[i].iov_base != NULL);
		len += iov[i].iov_len;
	}
	if (len > next() * 200)
		len /= 2;
	if (len > 0)
		carrier_socket_sent(c, len);
	if (framed)
		frame_comes(data);
	else
		carrier_socket_input(c, data, next() * 230 + 1);
}

static void
consume(void)
{
	uint64_t	 n = next() * 300;

	consumed += n < received - consumed ? n : received - consumed;
	carrier_consumed(c, consumed);
}

/* A carrier that does not want a socket has none. */
static void
try_wire(void)
{
	unsigned	 how = next();

	if (carrier_set_socket(c, carrier_socket_next(c), (int)(how & 1),
	    how & 2 ? CARRIER_FRAMED : CARRIER_BARE) == -1)
		return;
	must(over || carrier_has_socket(c));
	if (how & 4)
		carrier_socket_pad(c, pad);
	framed = (how & 2) != 0;
	had = 1;
	told = 0;
}

/* What is said of the socket makes sense. */
static void
look(void)
{
	must(had || carrier_socket_count(c) == 0);
	must(!carrier_socket_unproved(c) || carrier_has_socket(c));
	must(!carrier_socket_bad(c) || framed);
}

static void
step(void)
{
	unsigned	 what = next() % 12;

	if (what < 3)
		control();
	else if (what < 5)
		answer();
	else if (what == 5)
		try_wire();
	else if (what == 6)
		socket_moves();
	else if (what == 7)
		send_some();
	else if (what == 8)
		consume();
	else if (what == 9)
		carrier_socket_lost(c, 1);
	else if (what == 10) {
		carrier_socket_tick(c);
		carrier_socket_flush(c);
	} else if (next() & 1)
		carrier_drop_socket(c, carrier_socket_next(c));
	else
		ibb_back(ibb, 0);
}

/* A clock that each look at it moves, by as much as the input says. */
static int64_t
clock_now(void)
{
	return now += pace;
}

static void
later(void *arg)
{
	(void)arg;
}

static void
start(void)
{
	struct ibb_host	 host = { .now = clock_now, .ask_later = later };
	struct elem	*e;
	char		 xml[128];

	now = 1;
	pace = next() * 16;
	if (pace == 0)
		host.now = NULL;
	pushed = confirmed = received = consumed = 0;
	over = framed = had = 0;
	nids = 0;
	memset(ids, 0, sizeof(ids));
	must((iqs = iq_new(take, NULL)) != NULL);
	must(iq_setjid(iqs, "us@example.org/y") == 0);
	must((dispatch = dispatch_new()) != NULL);
	must((ibb = ibb_new(iqs, dispatch, &host)) != NULL);
	must((parse = parse_new(parse_defaults())) != NULL);
	must(parse_feed(parse, HEADER, strlen(HEADER)) == 0);
	must(parse_next(parse, &e) == PARSE_OPEN);
	elem_free(e);
	must((c = carrier_new(ibb, iqs, PEER, NULL, BLOCK, 0, &user, NULL)) !=
	    NULL);
	must(carrier_open(c, IQ_NODEADLINE, NULL) == 0);
	snprintf(xml, sizeof(xml), "<iq type='result' id='%s' from='" PEER
	    "'/>", ids[0]);
	e = parsed(xml);
	must(iq_answer(iqs, e) == 1);
	elem_free(e);
}

int
fuzz_carrier(const uint8_t *data, size_t size)
{
	in = data;
	left = size < 4096 ? size : 4096;
	start();
	while (left > 0 && !over) {
		step();
		if (!over)
			look();
	}
	must(chunks_len(carrier_out(c)) <= CARRIER_WINDOW_MOST + SOME);
	carrier_free(c);
	ibb_free(ibb);
	dispatch_free(dispatch);
	iq_free(iqs);
	parse_free(parse);
	return 0;
}
