/*
 * Fuzzer of streams as their ends see them: two of them, each with an engine of
 * its own, whose stanzas go to and fro as the script says, or one whose peer is
 * the script.  The first line has a letter for each circumstance:
 *
 *	2 there are two   t sessions are offered   r and required
 *	m messages   n we close at the end   h a service is named
 *	f a file is to go   i input   a a socket alone carries it
 *	b there is little memory   l the peer calls
 *	s both have a secret   w or each another one
 *	o sessions stand by the secret or not at all
 *
 * and so it goes on; a digit behind a letter says whose (0, the caller's, if
 * there is none), a number behind that how much:
 *
 *	<...		a stanza comes, $ being the id of what was asked last
 *	D, L, d		the oldest stanza is delivered; lost; all are delivered
 *	W, F, C		bytes are written; there are no more; some are consumed
 *	O, R		what is offered is accepted; refused
 *	H, G		it is held; no longer
 *	P, B, Y		is the peer there?; a new login; answers that wait are
 *			given
 *	E		close at the end
 *	A, S, K, X	it is aborted; starved; broken; refused
 *	U, V, Q, Z, T	a socket stands; its bytes move; it breaks; is dropped;
 *			ticks
 */
#include <stdint.h>
#include <sys/uio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/budget.h"
#include "ibb/carrier.h"
#include "ibb/dispatch.h"
#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/fuzz/tls.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define SID	"s1"
#define STEPS	200
#define LETTERS	256
#define MOST	(1 << 20)

struct side {
	const char	*jid;
	struct iq_table	*iqs;
	struct dispatch	*dispatch;
	struct ibb	*ibb;
	struct budget	*budget;
	struct stream	*stream;
	int		 changed;	/* times */
	uint64_t	 sent, received;	/* bytes */
	char		 id[64];	/* of the last request */
	char		*letters[LETTERS];
	size_t		 first, last;
};

static struct side	 sides[2];
static int		 two;		/* with nothing between them but us */
static int		 untouched;	/* no stanza was lost or made up */
static const char	*flags;

static int
flag(char c)
{
	return strchr(flags, c) != NULL;
}

static unsigned char
byte(uint64_t at)
{
	return (unsigned char)(at * 31 + at / 251);
}

/*
 * What the engines ask for
 */

static int
on_send(void *arg, const void *data, size_t len)
{
	struct side	*a = arg;
	const char	*p = memmem(data, len, " id='", 5);

	if (p != NULL && memmem(data, len, "='result'", 9) == NULL)
		snprintf(a->id, sizeof(a->id), "%.*s",
		    (int)strcspn(p + 5, "'"), p + 5);
	if (!two)
		return 0;
	if (a->last - a->first == LETTERS)
		return -1;
	must((a->letters[a->last++ % LETTERS] = strndup(data, len)) != NULL);
	return 0;
}

static void
on_changed(void *arg)
{
	struct side	*a = arg;

	a->changed++;
}

static int64_t
on_deadline(void *arg)
{
	(void)arg;
	return 1000000;
}

static const char *
on_judge(void *arg, const char *fingerprint)
{
	(void)arg;
	return flag('x') ? "it is not welcome" : *fingerprint != '\0' ? NULL :
	    "it has none";
}

static int
on_allowed(void *arg, const char *from)
{
	(void)arg;
	return *from != 'e';
}

static void
on_later(void *arg)
{
	(void)arg;
}

static struct stream_conf
conf_of(struct side *a)
{
	static const unsigned char	 secrets[2][E2E_SECRET] = { "a", "b" };

	return (struct stream_conf){
		.secret = flag('s') ? secrets[0] :
		    flag('w') ? secrets[a == sides] : NULL,
		.secret_only = flag('o'),
		.block = flag('b') ? 64 : 4096,
		.message = flag('m'),
		.close_at_end = flag('n'),
		.deadline = on_deadline,
		.tls = flag('t') ? fuzz_tls_ends() : NULL,
		.require = flag('r'),
		.judge = on_judge,
		.iqs = a->iqs,
		.budget = a->budget,
		.host = flag('h') ? "host" : NULL,
		.port = flag('h') ? "22" : NULL,
		.sid = SID,
		.use = flag('f') ? STREAM_FOR_FILE : flag('i') ?
		    STREAM_FOR_INPUT : STREAM_FOR_ANY,
	};
}

/* Nothing but the secret shows the secret. */
static void
look_at_secret(struct side *a, const struct stream_conf *conf,
    const struct elem *open)
{
	int	 shows = stream_shows_secret(sides[a == sides].jid, open, conf);

	must(shows >= -1 && shows <= 1);
	must(!untouched || shows == (flag('s') ? 1 : -1));
}

/* What is said of a service is what is heard. */
static void
look_at_service(const struct stream *s)
{
	struct buf	 b;
	struct xw	 w;
	struct elem	*e;

	buf_init(&b, MOST);
	xw_init(&w, &b);
	xw_start(&w, "x", NS_XCAT);
	stream_write_service(s, &w);
	xw_end(&w);
	must(xw_done(&w) == 0 && buf_add(&b, "", 1) == 0);
	must((e = stanza_parse((const char *)buf_data(&b))) != NULL);
	must(stream_use(e) == (flag('f') ? STREAM_FOR_FILE : flag('i') ?
	    STREAM_FOR_INPUT : STREAM_FOR_ANY));
	must((stream_host(e) != NULL) == flag('h') &&
	    (stream_port(e) != NULL) == flag('h'));
	elem_free(e);
	buf_free(&b);
}

static void
on_offer(void *arg, struct inband *offer, const struct elem *open)
{
	struct side		*a = arg;
	struct stream_conf	 conf = conf_of(a);

	if (a->stream != NULL) {
		inband_refuse(offer, SE_BUSY, NULL);
		return;
	}
	if (conf.tls != NULL && conf.secret != NULL)
		look_at_secret(a, &conf, open);
	must(stream_use(open) <= STREAM_FOR_PROBE);
	must((stream_host(open) != NULL) >= (stream_port(open) != NULL) ||
	    !untouched);
	a->stream = stream_offered(offer, open, &conf, on_changed, a);
	if (a->stream != NULL)
		must(stream_offers_session(open) || !conf.require);
}

/*
 * Both sides
 */

static void
side_begin(struct side *a, const char *jid)
{
	struct ibb_host	 host = {
		.allowed = on_allowed, .offer = on_offer,
		.answer_later = flag('b') ? NULL : on_later, .arg = a,
	};

	*a = (struct side){ .jid = jid };
	must((a->iqs = iq_new(on_send, a)) != NULL);
	must(iq_setjid(a->iqs, jid) == 0);
	must((a->dispatch = dispatch_new()) != NULL);
	must((a->ibb = ibb_new(a->iqs, a->dispatch, &host)) != NULL);
	must((a->budget = flag('b') ? budget_new(100000, 60000) :
	    budget_new(MOST, MOST)) != NULL);
}

static void
side_end(struct side *a)
{
	stream_free(a->stream);
	ibb_free(a->ibb);
	dispatch_free(a->dispatch);
	iq_free(a->iqs);
	budget_free(a->budget);
	for (; a->first < a->last; a->first++)
		free(a->letters[a->first % LETTERS]);
}

static void
hear(struct side *a, const char *xml)
{
	struct elem	*e = stanza_parse(xml);

	if (e == NULL)
		return;
	if (stanza_is(e, "iq") &&
	    (stanza_type(e, "result") || stanza_type(e, "error")))
		iq_answer(a->iqs, e);
	else if (!dispatch_stanza(a->dispatch, e, 0) && stanza_is(e, "iq") &&
	    elem_child(e, NS_PING, "ping") != NULL)
		iq_ok(a->iqs, e);
	elem_free(e);
}

/* The server writes who it is from. */
static void
deliver(struct side *from, struct side *to)
{
	char	*xml, *whole;
	size_t	 name;

	if (from->first == from->last)
		return;
	xml = from->letters[from->first++ % LETTERS];
	name = strcspn(xml, " />");
	must(asprintf(&whole, "%.*s from='%s'%s", (int)name, xml, from->jid,
	    xml + name) != -1);
	hear(to, whole);
	free(whole);
	free(xml);
}

static void
deliver_all(void)
{
	int	 i;

	for (i = 0; i < 2 * LETTERS && (sides[0].first < sides[0].last ||
	    sides[1].first < sides[1].last); i++) {
		deliver(&sides[0], &sides[1]);
		deliver(&sides[1], &sides[0]);
	}
}

static void
lose(struct side *a)
{
	if (a->first == a->last)
		return;
	untouched = 0;
	free(a->letters[a->first++ % LETTERS]);
}

/*
 * What an end does
 */

static void
write_some(struct side *a, size_t n)
{
	static unsigned char	 data[65536];
	size_t			 i, room = stream_room(a->stream);

	if (n > room)
		n = room;
	if (n > sizeof(data))
		n = sizeof(data);
	for (i = 0; i < n; i++)
		data[i] = byte(a->sent + i);
	if (n > 0 && stream_write(a->stream, data, n) == 0)
		a->sent += n;
}

static void
consume(struct side *a, size_t n)
{
	const unsigned char	*p;
	size_t			 i, len;

	p = stream_data(a->stream, &len);
	if (n < len)
		len = n;
	for (i = 0; untouched && i < len; i++)
		must(p[i] == byte(a->received + i));
	a->received += len;
	if (len > 0)
		stream_consume(a->stream, len);
}

static void
move_socket(struct side *a, size_t n)
{
	static unsigned char	 data[4096];
	struct carrier		*c = stream_carrier(a->stream);
	struct iovec		 iov[8];

	if (!carrier_has_socket(c))
		return;
	if (carrier_socket_pieces(c, iov, 8) > 0)
		carrier_socket_sent(c, iov[0].iov_len);
	untouched = 0;
	if (n > stream_socket_room(a->stream))
		n = stream_socket_room(a->stream);
	if (n > sizeof(data))
		n = sizeof(data);
	if (n > 0)
		carrier_socket_input(c, data, n);
}

static void
use_socket(struct side *a, char what, size_t n)
{
	struct carrier	*c = stream_carrier(a->stream);

	if (what == 'U')
		(void)!stream_socket(a->stream, carrier_socket_next(c),
		    (int)(n & 1), (int)(n >> 1 & 1), n & 4 ?
		    CARRIER_FRAMED : CARRIER_BARE);
	else if (what == 'V')
		move_socket(a, n);
	else if (what == 'Q')
		carrier_socket_lost(c, (int)(n & 1));
	else if (what == 'Z')
		carrier_drop_socket(c, carrier_socket_next(c));
	else if (what == 'T')
		carrier_socket_tick(c);
}

static void
refuse(struct side *a)
{
	stream_refuse(a->stream, SE_NOT_ACCEPTABLE, "not today");
	a->stream = NULL;
}

static void
check(const struct side *a)
{
	const struct stream	*s = a->stream;

	must(stream_confirmed(s) <= stream_sent(s));
	must(stream_sent(s) == a->sent);
	must(stream_received(s) >= a->received);
	must((stream_state(s) == STREAM_FAILED) ==
	    (stream_fault(s) != STREAM_FINE));
	if (stream_state(s) == STREAM_FAILED)
		must(*stream_why(s) != '\0');
	must(stream_key(s) == NULL || !stream_lost_session(s));
	must(stream_block(s) <= 65535 && *stream_sid(s) != '\0' &&
	    *stream_peer(s) != '\0');
	must(stream_refusal(s) == SE_NONE || stream_state(s) == STREAM_FAILED);
}

/* Of a stream that there is. */
static void
act(struct side *a, char what, size_t n)
{
	struct stream	*s = a->stream;

	switch (what) {
	case 'W':
		write_some(a, n);
		break;
	case 'F':
		stream_finish(s);
		break;
	case 'C':
		consume(a, n);
		break;
	case 'O':
		if (stream_state(s) == STREAM_OFFERED)
			(void)!stream_accept(s);
		break;
	case 'R':
		if (a->received == 0 && a->sent == 0)
			refuse(a);
		break;
	case 'H':
	case 'G':
		stream_hold(s, what == 'H');
		break;
	case 'P':
		stream_ping(s);
		break;
	case 'E':
		stream_close_at_end(s);
		break;
	case 'A':
		stream_abort(s, SE_INTERNAL_SERVER_ERROR);
		break;
	case 'S':
		stream_starve(s);
		break;
	case 'K':
		stream_break(s, "it is broken");
		break;
	case 'X':
		stream_refused(s, SE_ITEM_NOT_FOUND, "there is none");
		break;
	default:
		use_socket(a, what, n);
		break;
	}
}

static void
step(char *line)
{
	char		 text[SCRIPT_LINE], what = *line;
	struct side	*a = &sides[what != '\0' && line[1] == '1'];
	size_t		 n = what == '\0' || line[1] == '\0' ? 0 :
			     strtoul(line + 2, NULL, 10);

	if (what == '<') {
		untouched = 0;
		script_fill(text, line, sides[0].id);
		hear(&sides[0], text);
	} else if (what == 'D') {
		deliver(a, &sides[a == &sides[0]]);
	} else if (what == 'd') {
		deliver_all();
	} else if (what == 'L') {
		lose(a);
	} else if (what == 'B') {
		ibb_back(a->ibb, (int)(n & 1));
	} else if (what == 'Y') {
		ibb_answer(a->ibb);
	} else if (a->stream != NULL) {
		act(a, what, n);
	}
	if (a->stream != NULL)
		check(a);
}

static void
begin_stream(struct side *a, const char *peer)
{
	struct stream_conf	 conf = conf_of(a);

	if (flag('a'))
		a->stream = stream_alone(peer, SID, !flag('l'), &conf,
		    on_changed, a);
	else if (!flag('l'))
		a->stream = stream_call(a->ibb, peer, &conf, on_changed, a);
	if (a->stream != NULL) {
		look_at_service(a->stream);
		check(a);
	}
}

int
fuzz_stream(const uint8_t *data, size_t size)
{
	struct script	 s;
	char		*line, first[32];
	int		 steps;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	strlcpy(first, line, sizeof(first));
	flags = first;
	two = flag('2');
	untouched = two && !flag('a');
	side_begin(&sides[0], "us@here.example/a");
	side_begin(&sides[1], "peer@there.example/b");
	begin_stream(&sides[0], sides[1].jid);
	for (steps = 0; steps < STEPS && (line = script_line(&s)) != NULL;
	    steps++)
		step(line);
	side_end(&sides[0]);
	side_end(&sides[1]);
	return 0;
}
