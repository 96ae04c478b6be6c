/*
 * Fuzzer of ibb/inband and xml/iq.  The input is a program: stanzas of the
 * peers, built from a small grammar with what is wrong chosen by the bytes,
 * and what the users of the streams do.  Whatever happens,
 *
 * - no more than INBAND_WINDOW blocks are unanswered, in either's eyes;
 * - blocks are delivered in sequence, as sent, and by the right peer;
 * - nothing is called once a stream is over;
 * - what a peer asks is answered once: at the latest when its stream is given
 *   up and freed;
 * - what we send is in sequence, and of the size agreed on; a peer that takes
 *   the blocks it says it has, and no other, gets every byte once, mended or
 *   not.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/congestion.h"
#include "ibb/dispatch.h"
#include "ibb/inband.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

#define MOST	(f.clock ? CONGESTION_BLOCKS_MAX : INBAND_WINDOW)
#define ENDS	4		/* streams at a time */
#define ASKED	1024		/* requests of each side remembered */
#define TEXT	4096
#define NUMBERS	256		/* of blocks whose place is remembered */

static const char *const peers[] = {
	"peer@there.example/b", "peer@there.example/c", "us@here.example/a",
	"evil@elsewhere.example/x", NULL
};
static const char *const sids[] = { "s1", "s2", "not good", "" };
static const char *const types[] = { "set", "get", "result", "error", "x" };
static const char *const conditions[] = {
	"item-not-found", "resource-constraint", "service-unavailable",
	"unexpected-request", "policy-violation", "nonsense"
};
static const char *const blocks[] = {
	"4", "64", "4096", "65535", "0", "65536", "99999999999", "-1", "x"
};

/* What a user does at once, when told. */
enum mood {
	ANSWERS = 1, CLOSES = 2, GIVES_UP = 4, SENDS = 8, GIVES_UP_ON_DATA = 16
};

struct end {
	struct inband *s;	/* NULL: a free slot */
	int over;
	int unasked;		/* made, but not asked for: a secret */
	int offered;		/* and not yet accepted */
	int opened;
	int closing;		/* we close */
	int mood;
	unsigned came, owed;	/* blocks */
	unsigned sent, answered;
	int message;
	size_t block;
	int syncs;		/* can be mended; with it: */
	size_t bytes;		/* given to inband_send() */
	unsigned next;		/* number of the block to be said next */
	size_t at[NUMBERS];	/* where a block begins */
};

/* A request of a peer, "f" and its index its id. */
struct request {
	const char *from;
	int answers;
};

/* A request of ours. */
struct question {
	char id[17];
	char to[64];
	char sid[40];		/* of a <sync/>; or "" */
};

static struct {
	const uint8_t *data;
	size_t size;
	struct iq_table *iqs;
	struct dispatch *dispatch;
	struct ibb *ibb;
	struct parse *in;	/* what we hear */
	struct parse *out;	/* what we say */
	struct end ends[ENDS];
	struct request requests[ASKED];
	size_t nrequests;
	struct question questions[ASKED];
	size_t nquestions;
	int64_t now;
	int clock;		/* blocks are paced, by that */
	int broken;		/* nothing can be sent */
	int xcats;		/* streams can be mended */
	int lossy;		/* so some answers may be missing */
	int windows;		/* are told; with the memory that is left: */
	size_t room;
	/* The stanza being heard. */
	const char *from;
	const struct elem *payload;	/* its <data/>, till it is delivered */
	int answering;			/* it is a result or an error */
} f;

static unsigned
take(void)
{
	if (f.size == 0)
		return 0;
	f.size--;
	return *f.data++;
}

static const char *
pick(const char *const *from, size_t n)
{
	return from[take() % n];
}

/*
 * Users
 */

static unsigned char
byte(size_t i)
{
	return (unsigned char)(i * 31 + i / 256);
}

static void
send_block(struct end *e)
{
	unsigned char data[4096];
	size_t i, len = 1 + 17 * take() % sizeof(data);

	if (len > inband_block(e->s))
		len = inband_block(e->s);
	for (i = 0; i < len; i++)
		data[i] = byte(e->bytes++);
	e->sent++;
	if (inband_send(e->s, data, len, 1) == -1)
		must(e->over);
}

static void
give_up(struct end *e)
{
	inband_abort(e->s, SE_INTERNAL_SERVER_ERROR);
	e->over = 1;
	e->owed = 0;
}

/* The peer is an xcat, or not. */
static void
mend(struct end *e)
{
	if (!f.xcats || take() % 4 == 0)
		return;
	e->syncs = 1;
	inband_can_sync(e->s);
}

static void
on_opened(void *arg, const struct elem *result)
{
	struct end *e = arg;

	must(!e->over && !e->opened && f.answering);
	must(stanza_type(result, "result"));
	e->opened = 1;
	e->block = f.xcats ? INBAND_BLOCK_MAX : inband_block(e->s);
	mend(e);
}

/* Is it what the stanza carries, and does it carry what is next? */
static void
on_block(void *arg, const void *data, size_t len)
{
	struct end *e = arg;
	const struct elem *p = f.payload;
	const char *seq;
	unsigned char *want;
	size_t n;

	f.payload = NULL;
	must(!e->over && e->opened && p != NULL);
	must(strcmp(inband_peer(e->s), f.from) == 0);
	must(strcmp(inband_sid(e->s), elem_attr(p, "sid")) == 0);
	/* Some peers do not begin again after 65535. */
	seq = elem_attr(p, "seq");
	must(strtoul(seq, NULL, 10) == (e->came & 0xffff) ||
	    strtoul(seq, NULL, 10) == e->came);
	e->came++;
	must((want = malloc(BASE64_DECODED(p->textlen) + 1)) != NULL);
	must(base64_decode(want, BASE64_DECODED(p->textlen), &n, elem_text(p),
	    p->textlen) == 0);
	must(n == len && memcmp(want, data, len) == 0);
	must(e->message || len <= e->block ||
	    (e->block == INBAND_BLOCK_MAX && len == INBAND_BLOCK_MAX + 1));
	free(want);
	e->owed++;
	must(e->owed <= INBAND_RX_MAX / 16);
	if (e->mood & ANSWERS) {
		e->owed--;
		inband_answer(e->s, 1);
	}
	if (e->mood & GIVES_UP_ON_DATA)
		give_up(e);
}

static void
on_answered(void *arg, size_t weight)
{
	struct end *e = arg;

	must(!e->over && (weight == 1 || f.xcats));
	must(weight == 0 || (f.answering && strcmp(inband_peer(e->s),
	    f.from) == 0) || e->syncs);
	e->answered += (unsigned)weight;
	must(e->answered <= e->sent);
	if (e->mood & GIVES_UP)
		give_up(e);
	else if (e->mood & SENDS && inband_room(e->s) > 0)
		send_block(e);
}

static void
close_it(struct end *e)
{
	e->closing = 1;
	inband_close(e->s, f.now + take());
}

static void
on_closing(void *arg, const struct elem *close)
{
	struct end *e = arg;

	must(!e->over && elem_is(close, NS_IBB, "close"));
	if (e->mood & GIVES_UP)
		give_up(e);
	else if (e->mood & CLOSES)
		close_it(e);
}

static void
on_closed(void *arg, const struct elem *answer)
{
	struct end *e = arg;

	must(!e->over && e->closing);
	must(answer == NULL || f.answering);
	e->over = 1;
}

static int
on_receipt(void *arg, char *out)
{
	(void)arg;
	strlcpy(out, "receipt", INBAND_RECEIPT);
	return 0;
}

static void
on_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	struct end *e = arg;

	must(!e->over && text != NULL);
	must(fault != INBAND_UNSENT || f.broken);
	(void)err;
	e->over = 1;
}

static size_t
on_room(void *arg, int all)
{
	(void)arg;
	(void)all;
	return f.room;
}

static const struct inband_user user = {
	.opened = on_opened,
	.room = on_room,
	.block = on_block,
	.answered = on_answered,
	.closing = on_closing,
	.closed = on_closed,
	.receipt = on_receipt,
	.failed = on_failed,
};

static struct end *
free_slot(void)
{
	size_t i;

	for (i = 0; i < ENDS; i++)
		if (f.ends[i].s == NULL) {
			memset(&f.ends[i], 0, sizeof(f.ends[i]));
			f.ends[i].mood = (int)take();
			return &f.ends[i];
		}
	return NULL;
}

static void
accept_it(struct end *e)
{
	int gone = e->over;

	e->offered = 0;
	e->opened = 1;
	must((inband_accept(e->s, NULL) == 0) == (!gone && !f.broken));
}

static void
refuse_it(struct end *e)
{
	inband_refuse(e->s, SE_NOT_ACCEPTABLE, "no");
	e->s = NULL;
}

static int
on_allowed(void *arg, const char *from)
{
	(void)arg;
	return strncmp(from, "evil", 4) != 0;
}

static void
on_offer(void *arg, struct inband *s, const struct elem *open)
{
	struct end *e = free_slot();
	unsigned at_once = take();

	(void)arg;
	must(strcmp(inband_sid(s), elem_attr(open, "sid")) == 0);
	must(inband_block(s) >= 1 && inband_block(s) <= INBAND_BLOCK_MAX);
	if (e == NULL) {
		inband_refuse(s, SE_BUSY, NULL);
		return;
	}
	e->s = s;
	e->offered = 1;
	e->message = elem_attr(open, "stanza") != NULL &&
	    strcmp(elem_attr(open, "stanza"), "message") == 0;
	e->block = f.xcats ? INBAND_BLOCK_MAX : inband_block(s);
	inband_own(s, &user, e);
	mend(e);
	if (at_once % 4 == 0)
		refuse_it(e);
	else if (at_once % 4 != 1)
		accept_it(e);
}

static void
on_trace(void *arg, const char *line)
{
	(void)arg;
	must(*line != '\0');
}

/*
 * What we say
 */

static struct end *
end_of(const char *peer, const char *sid)
{
	size_t i;

	for (i = 0; i < ENDS; i++)
		if (f.ends[i].s != NULL && !f.ends[i].over &&
		    strcmp(inband_peer(f.ends[i].s), peer) == 0 &&
		    strcmp(inband_sid(f.ends[i].s), sid) == 0)
			return &f.ends[i];
	return NULL;
}

static void
said_answer(const struct elem *e)
{
	const char *to = elem_attr(e, "to"), *id = elem_attr(e, "id");
	struct request *r;
	size_t i;

	if (id == NULL)
		return;		/* the question had none */
	must(*id == 'f');
	i = strtoul(id + 1, NULL, 10);
	must(i < f.nrequests);
	r = &f.requests[i];
	must((to == NULL) == (r->from == NULL));
	must(to == NULL || strcmp(to, r->from) == 0);
	must(++r->answers == 1);
}

/* Does a block of this number begin where the one before it ends?  One that is
 * said again may be shorter than it was. */
static void
in_place(struct end *e, unsigned long seq, const unsigned char *p, size_t len)
{
	unsigned behind = (e->next - (unsigned)seq) & 0xffff;
	size_t i, at;

	must(seq <= UINT16_MAX && behind <= e->next && behind < NUMBERS);
	must(behind == 0 || e->syncs);
	e->next -= behind;
	at = e->at[e->next++ % NUMBERS];
	must(at + len <= e->bytes);
	for (i = 0; i < len; i++)
		must(p[i] == byte(at + i));
	e->at[e->next % NUMBERS] = at + len;
}

static void
said_data(const struct elem *e, const struct elem *data)
{
	struct end *end;
	unsigned char *p;
	size_t len;

	must(elem_attr(data, "seq") != NULL && data->textlen > 0);
	must((p = malloc(BASE64_DECODED(data->textlen))) != NULL);
	must(base64_decode(p, BASE64_DECODED(data->textlen), &len,
	    elem_text(data), data->textlen) == 0);
	end = end_of(elem_attr(e, "to"), elem_attr(data, "sid"));
	must(end != NULL && end->opened && (!end->closing || end->syncs));
	must(len <= inband_block(end->s));
	in_place(end, strtoul(elem_attr(data, "seq"), NULL, 10), p, len);
	free(p);
}

static void
said_question(const struct elem *e)
{
	struct question *q = &f.questions[f.nquestions++ % ASKED];
	const struct elem *sync;

	must(elem_attr(e, "to") != NULL);
	strlcpy(q->id, elem_attr(e, "id"), sizeof(q->id));
	strlcpy(q->to, elem_attr(e, "to"), sizeof(q->to));
	q->sid[0] = '\0';
	if ((sync = elem_child(e, NS_XCAT, "sync")) != NULL)
		strlcpy(q->sid, elem_attr(sync, "sid"), sizeof(q->sid));
}

static int
said(void *arg, const void *stanza, size_t len)
{
	const struct elem *data;
	struct elem *e;

	(void)arg;
	if (f.broken)
		return -1;
	must(parse_feed(f.out, stanza, len) == 0);
	must(parse_next(f.out, &e) == PARSE_STANZA);
	if (stanza_type(e, "result") || stanza_type(e, "error"))
		said_answer(e);
	else {
		if ((data = elem_child(e, NS_IBB, "data")) != NULL)
			said_data(e, data);
		if (stanza_is(e, "iq"))
			said_question(e);
	}
	elem_free(e);
	must(parse_next(f.out, &e) == PARSE_MORE);
	return 0;
}

/*
 * What we hear
 */

/* A stanza in the making. */
static struct buf text;
static struct xw w;

static void
begin(const char *kind, const char *type, const char *from)
{
	buf_truncate(&text, 0);
	xw_init(&w, &text);
	xw_start(&w, kind, NULL);
	xw_attr(&w, "type", type);
	xw_attr(&w, "from", from);
	f.from = from;
}

/* A new id for a request, or none. */
static void
identify(int question)
{
	if (f.nrequests == ASKED || (take() & 15) == 15)
		return;
	f.requests[f.nrequests].from = f.from;
	f.requests[f.nrequests].answers = question ? 0 : -1;
	xw_attrf(&w, "id", "f%zu", f.nrequests++);
}

static void
hear(void)
{
	struct elem *e;
	int answer;

	must(xw_done(&w) == 0);
	must(parse_feed(f.in, buf_data(&text), buf_len(&text)) == 0);
	must(parse_next(f.in, &e) == PARSE_STANZA);
	answer = stanza_is(e, "iq") &&
	    (stanza_type(e, "result") || stanza_type(e, "error"));
	f.answering = answer;
	f.payload = elem_child(e, NS_IBB, "data");
	if (answer)
		iq_answer(f.iqs, e);
	else if (!dispatch_stanza(f.dispatch, e, 0) && stanza_is(e, "iq"))
		iq_refuse(f.iqs, e, SE_SERVICE_UNAVAILABLE, NULL);
	ibb_congested(f.ibb);
	f.answering = 0;
	f.payload = NULL;
	elem_free(e);
	must(parse_next(f.in, &e) == PARSE_MORE);
}

/* The peer of a stream that may soon be gone, in words that stay. */
static const char *
peer_of(const struct end *e)
{
	size_t i;

	for (i = 0; strcmp(peers[i], inband_peer(e->s)) != 0; i++)
		;
	return peers[i];
}

/* A stream to talk of: its peer and sid, or some. */
static struct end *
about(const char **from, const char **sid)
{
	unsigned n = take();
	struct end *e = &f.ends[n % ENDS];

	*from = pick(peers, N(peers));
	*sid = pick(sids, N(sids));
	if (n & 0x80 || e->s == NULL || e->unasked)
		return NULL;
	*sid = inband_sid(e->s);
	if (!(n & 0x40))
		*from = peer_of(e);
	return e;
}

/* Something to send it in: an iq or a message, mostly of the right type. */
static void
wrap(const char *from)
{
	unsigned n = take();
	const char *type = n & 0x10 ? pick(types, N(types)) : NULL;
	int answer = type != NULL && (strcmp(type, "result") == 0 ||
	    strcmp(type, "error") == 0);

	if (n & 1) {
		begin("message", type, from);
		return;
	}
	begin("iq", type != NULL ? type : "set", from);
	identify(!answer);
}

static void
hear_open(void)
{
	const char *from, *sid, *block = pick(blocks, N(blocks));
	unsigned n = take();

	about(&from, &sid);
	wrap(from);
	xw_start(&w, "open", NS_IBB);
	xw_attr(&w, "sid", sid);
	xw_attr(&w, "block-size", block);
	xw_attr(&w, "stanza", n % 4 == 0 ? NULL : n % 4 == 1 ? "iq" :
	    n % 4 == 2 ? "message" : "carrier-pigeon");
	hear();
}

/* So many bytes in base64, mostly unharmed. */
static void
write_payload(void)
{
	char data[96], out[BASE64_ENCODED(sizeof(data)) + 1];
	size_t len = take() % sizeof(data), n;
	unsigned harm = take();

	memset(data, (int)len, sizeof(data));
	n = base64_encode(out, data, len);
	out[n] = '\0';
	if (harm & 0x40 && n > 0)
		out[take() % n] = (char)take();
	if (harm & 0x20 && n > 0)
		out[n - 1] = '\0';
	xw_text(&w, out);
}

static void
hear_data(void)
{
	const char *from, *sid;
	struct end *e = about(&from, &sid);
	unsigned n = take(), seq = e != NULL ? e->came & 0xffff : 0;

	wrap(from);
	xw_start(&w, "data", NS_IBB);
	xw_attr(&w, "sid", sid);
	if (n & 0x80)
		seq += n % 4 - 1;
	if (n & 0x40)
		seq += 65536;
	if ((n & 0x3f) != 0x3f)
		xw_attrf(&w, "seq", "%d", (int)seq);
	write_payload();
	hear();
}

/* Blocks without end: the 16 bits wrap, or the memory is full. */
static void
hear_flood(void)
{
	unsigned n = 64 * take(), i = take() % ENDS;
	struct end *e = &f.ends[i];

	while (n-- > 0 && e->s != NULL && !e->over && e->opened) {
		begin("message", NULL, peer_of(e));
		xw_start(&w, "data", NS_IBB);
		xw_attr(&w, "sid", inband_sid(e->s));
		xw_attrf(&w, "seq", "%u", e->came & 0xffff);
		hear();
	}
}

static void
hear_close(void)
{
	const char *from, *sid;

	about(&from, &sid);
	wrap(from);
	xw_start(&w, "close", NS_IBB);
	xw_attr(&w, "sid", sid);
	hear();
}

/* Counts of a peer, which may be true. */
static void
write_sync(const struct end *e, const char *sid)
{
	unsigned n = take(), got = e != NULL ? e->next : 0, paid;

	got -= n % 16 < got ? n % 16 : got;
	paid = got - (n / 16 < got ? n / 16 : got);
	if (n == 255)
		got += take();
	xw_start(&w, "sync", NS_XCAT);
	xw_attr(&w, "sid", sid);
	xw_attrf(&w, "received", n == 254 ? "-%u" : n == 253 ?
	    "1844674407370955%u" : "%u", got);
	xw_attrf(&w, "answered", "%u", paid);
	if (take() % 2 == 0)
		xw_attr(&w, "lost", "true");
	xw_end(&w);
}

static void
hear_sync(void)
{
	const char *from, *sid;
	struct end *e = about(&from, &sid);

	wrap(from);
	write_sync(e, sid);
	hear();
}

static void
hear_closed(void)
{
	const char *from, *sid;

	about(&from, &sid);
	wrap(from);
	xw_start(&w, "closed", NS_XCAT);
	xw_attr(&w, "sid", sid);
	hear();
}

static void
write_error(void)
{
	xw_start(&w, "error", NULL);
	xw_attr(&w, "type", take() & 1 ? "wait" : "modify");
	xw_elem(&w, pick(conditions, N(conditions)), NS_STANZA_ERROR, NULL);
	xw_end(&w);
}

/* An answer to one of the last questions, or to the last again. */
static void
hear_answer(void)
{
	unsigned n = take();
	struct question *q;

	if (f.nquestions == 0)
		return;
	q = &f.questions[(f.nquestions - 1 - n % 32 %
	    (f.nquestions < ASKED ? f.nquestions : ASKED)) % ASKED];
	begin("iq", n & 0x20 ? "error" : "result",
	    n & 0x40 ? pick(peers, N(peers)) : q->to);
	xw_attr(&w, "id", q->id);
	if ((n & 0x80) && f.windows) {
		xw_start(&w, "window", NS_XCAT);
		xw_attrf(&w, "size", "%u", take() * 512);
		xw_end(&w);
	} else if (n & 0x80)
		xw_elem(&w, "open", NS_IBB, NULL);
	if (n & 0x20)
		write_error();
	else if (q->sid[0] != '\0')
		write_sync(end_of(q->to, q->sid), q->sid);
	hear();
}

static void
hear_bounce(void)
{
	const char *from, *sid;
	unsigned n = take();

	about(&from, &sid);
	begin("message", "error", from);
	xw_attrf(&w, "id", "%s%s", sid, n & 1 ? ".1" : "");
	if (n & 2) {
		xw_start(&w, "data", NS_IBB);
		xw_attr(&w, "sid", sid);
		xw_end(&w);
	}
	write_error();
	hear();
}

/* Whatever the bytes say. */
static void
hear_odd(void)
{
	char s[16];
	size_t i, len = take() % sizeof(s);

	for (i = 0; i < len; i++)
		s[i] = (char)take();
	s[len] = '\0';
	wrap(pick(peers, N(peers)));
	xw_start(&w, take() & 1 ? "open" : "what", NS_IBB);
	xw_attr(&w, "sid", s);
	xw_attr(&w, "block-size", take() & 1 ? "1" : s);
	hear();
}

/*
 * What users do
 */

static void
call(void)
{
	struct end *e = free_slot();
	unsigned n = take();

	if (e == NULL)
		return;
	e->s = inband_new(f.ibb, peers[n % 2], NULL, 1 + 64 * take(),
	    (n & 0x80) != 0, &user, e);
	must(e->s != NULL);
	e->message = (n & 0x80) != 0;
	e->unasked = (n & 0x40) != 0;
	if (e->unasked)
		return;
	if (inband_open(e->s, f.now + take(), NULL) == -1)
		must(f.broken);
}

static void
end_free(struct end *e, int abort_first)
{
	if (e->s == NULL)
		return;
	if (abort_first)
		give_up(e);
	else
		f.lossy = 1;
	e->over = 1;
	inband_free(e->s);
	e->s = NULL;
}

static void
answer(struct end *e)
{
	unsigned n = take();

	e->owed -= n < e->owed ? n : e->owed;
	inband_answer(e->s, n);
}

/* There is no service behind it after all. */
static void
turn_away(struct end *e)
{
	if (!e->opened)
		return;
	inband_turn_away(e->s, SE_ITEM_NOT_FOUND, "no");
	e->over = 1;
	e->owed = 0;
}

static void
act(struct end *e, unsigned what)
{
	if (e->s == NULL)
		return;
	switch (what) {
	case 0:
		if (e->offered)
			accept_it(e);
		break;
	case 1:
		if (e->offered)
			refuse_it(e);
		break;
	case 2:
		if (inband_room(e->s) > 0)
			send_block(e);
		break;
	case 3:
		while (inband_room(e->s) > 0)
			send_block(e);
		break;
	case 4:
		answer(e);
		break;
	case 5:
		if (e->opened)
			close_it(e);
		break;
	case 6:
		give_up(e);
		break;
	case 7:
		end_free(e, 1);
		break;
	case 8:
		end_free(e, 0);
		break;
	case 9:
		e->mood = (int)take();
		break;
	case 10:
		if (!e->unasked)
			inband_sync(e->s);
		break;
	case 11:
		if (e->opened && !e->closing) {
			e->closing = 1;
			inband_close_back(e->s, f.now + take());
		}
		break;
	default:
		turn_away(e);
		break;
	}
}

static void
breakdown(void)
{
	f.broken = !f.broken;
	f.lossy = 1;
}

static void
pass_time(void)
{
	f.now += take();
	if (f.windows) {
		f.room = take() * 4096U;
		f.now += 16 * take();
	}
	iq_expire(f.iqs, f.now);
	must(iq_deadline(f.iqs) > f.now);
}

static void
step(void)
{
	unsigned n = take(), what;

	switch (n % 24) {
	case 0: case 1:
		hear_open();
		break;
	case 2: case 3: case 4:
		hear_data();
		break;
	case 5:
		hear_close();
		break;
	case 6: case 7: case 8:
		hear_answer();
		break;
	case 9:
		hear_bounce();
		break;
	case 10:
		hear_odd();
		break;
	case 11:
		call();
		if (take() % 2 == 0)
			hear_answer();
		break;
	case 12:
		pass_time();
		break;
	case 13:
		if (take() % 8 == 0)
			breakdown();
		break;
	case 14:
		hear_flood();
		break;
	case 15:
		hear_sync();
		break;
	case 16:
		hear_closed();
		break;
	case 17:
		ibb_back(f.ibb, take() % 4 == 0);
		if (take() % 2 == 0)
			hear_answer();
		break;
	case 18:
		ibb_answer(f.ibb);
		break;
	default:
		what = take();
		act(&f.ends[n / 24 % ENDS], what == 0xff ? 12 : what % 12);
	}
}

static void
check(void)
{
	struct end *e;
	size_t i;

	for (i = 0; i < ENDS; i++) {
		e = &f.ends[i];
		if (e->s == NULL)
			continue;
		must(inband_unanswered(e->s) <= MOST || e->syncs);
		must(inband_room(e->s) <= MOST);
		must(inband_room(e->s) == 0 || !e->over);
		must(e->sent - e->answered <= MOST || e->over || e->syncs);
	}
}

/* It will, or it will be freed before. */
static void
on_answer_later(void *arg)
{
	(void)arg;
}

static int64_t
on_now(void)
{
	return f.now * 1000 + 1;
}

static struct parse *
parser(void)
{
	struct parse *p;
	struct elem *e;

	must((p = parse_new(parse_defaults())) != NULL);
	must(parse_feed(p, HEADER, strlen(HEADER)) == 0);
	must(parse_next(p, &e) == PARSE_OPEN);
	elem_free(e);
	must(parse_next(p, &e) == PARSE_MORE);
	return p;
}

static void
start(const uint8_t *data, size_t size)
{
	struct ibb_host host = {
		.allowed = on_allowed,
		.offer = on_offer,
		.trace = on_trace,
		.answer_later = on_answer_later,
		.now = on_now,
		.ask_later = on_answer_later,
	};
	unsigned flags;

	memset(&f, 0, sizeof(f));
	f.data = data;
	f.size = size;
	buf_init(&text, TEXT);
	must((f.iqs = iq_new(said, NULL)) != NULL);
	must(iq_setjid(f.iqs, "us@here.example/a") == 0);
	flags = take();
	f.clock = (flags & 2) != 0;
	if (!f.clock)
		host.now = NULL;
	must((f.dispatch = dispatch_new()) != NULL);
	must((f.ibb = ibb_new(f.iqs, f.dispatch, &host)) != NULL);
	f.in = parser();
	f.out = parser();
	/* Of what is asked again only the last is answered. */
	f.xcats = f.lossy = flags % 2 == 1;
	f.windows = (flags & 4) != 0;
	f.room = SIZE_MAX;
}

static void
finish(void)
{
	size_t i;

	for (i = 0; i < ENDS; i++)
		end_free(&f.ends[i], 1);
	for (i = 0; i < f.nrequests; i++)
		must(f.requests[i].answers == 1 ||
		    f.requests[i].answers == -1 ||
		    (f.lossy && f.requests[i].answers == 0));
	must(iq_deadline(f.iqs) == IQ_NODEADLINE);
	ibb_free(f.ibb);
	dispatch_free(f.dispatch);
	iq_free(f.iqs);
	parse_free(f.in);
	parse_free(f.out);
	buf_free(&text);
}

int
fuzz_ibb(const uint8_t *data, size_t size)
{
	start(data, size);
	while (f.size > 0) {
		step();
		check();
	}
	finish();
	return 0;
}
