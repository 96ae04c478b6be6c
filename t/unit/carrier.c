/*
 * Unit tests of ibb/carrier: two of them, joined by stanzas and by sockets
 * that exist in memory only, through which each sends bytes to the other.
 * Chance, the same each time, decides what happens next: sockets come, break
 * and are noticed to have broken; logins are lost with stanzas in them; readers
 * stall.  Whatever it is, every byte arrives once, in order, and is confirmed.
 */
#include <sys/queue.h>
#include <sys/uio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/carrier_int.h"
#include "ibb/dispatch.h"
#include "ibb/inband.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define BLOCK	1000
#define BLOWS	500
#define PERIOD	65536
#define STEPS	4000		/* of chance, at most */
#define HELD	100000		/* bytes that wait for a reader, at most */
#define PIPE	70000		/* bytes that the system takes */
#define PATIENCE 100000		/* of going on until all is done */

struct stanza {
	STAILQ_ENTRY(stanza)	 next;
	char			 xml[];
};

struct side {
	const char		*jid;
	struct side		*peer;
	struct iq_table		*iqs;
	struct dispatch		*dispatch;
	struct ibb		*ibb;
	struct carrier		*c;
	STAILQ_HEAD(, stanza)	 out;		/* on their way from here */
	struct parse		*parse;		/* of what comes here */
	int			 away;
	struct buf		 pipe;		/* on its way from here */
	int socket_stands; /* this end of the socket */
	int			 stalls;	/* its reader */
	size_t			 room;		/* for more */
	int			 waits;		/* answers do */
	uint64_t		 total, sent, got, gone, confirmed;
	int			 opened, closing, closed, failed, wrong;
};

static struct side	 a, b;
static int		 broken;	/* what the socket is */
static enum carrier_version version;
static unsigned		 offered;	/* number of one that b has taken */
static unsigned		 seed;
static unsigned		 scale;		/* of what a socket takes at once */

static unsigned
chance(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* What is sent repeats itself after this many bytes.  The bytes from number i
 * on, PERIOD of them: most of the time would go into making each anew. */
static const unsigned char *
bytes_from(uint64_t i)
{
	static unsigned char	 all[2 * PERIOD];
	size_t			 n;

	if (all[1] == 0)
		for (n = 0; n < sizeof(all); n++)
			all[n] = (unsigned char)(n * 31 + (n >> 8));
	return all + i % PERIOD;
}

/*
 * Stanzas
 */

static int
take(void *arg, const void *data, size_t len)
{
	struct side	*s = arg;
	struct stanza	*z;

	if (s->away)
		return 0;	/* lost with its connection */
	must((z = malloc(sizeof(*z) + len + 1)) != NULL);
	memcpy(z->xml, data, len);
	z->xml[len] = '\0';
	STAILQ_INSERT_TAIL(&s->out, z, next);
	return 0;
}

static void
dispatch(struct side *to, const struct elem *e)
{
	const struct elem	*socket = elem_child(e, NS_XCAT, "socket");

	if (stanza_type(e, "result") || stanza_type(e, "error"))
		iq_answer(to->iqs, e);
	else if (socket != NULL)
		carrier_control(to->c, e, socket);
	else
		must(dispatch_stanza(to->dispatch, e, 0) == 1);
}

/* The server says that nobody is there. */
static void
bounce(struct side *s, const struct elem *e)
{
	char		 xml[256];
	struct elem	*error;

	if (stanza_type(e, "result") || stanza_type(e, "error") || s->away)
		return;
	snprintf(xml, sizeof(xml), "<iq type='error' id='%s'><error "
	    "type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:"
	    "xmpp-stanzas'/></error></iq>", elem_attr(e, "id"));
	error = stanza_from(s->parse, s->peer->jid, xml);
	iq_answer(s->iqs, error);
	elem_free(error);
}

static int
deliver(struct side *from)
{
	struct stanza	*z = STAILQ_FIRST(&from->out);
	struct elem	*e;

	if (z == NULL)
		return 0;
	STAILQ_REMOVE_HEAD(&from->out, next);
	e = stanza_from(from->peer->parse, from->jid, z->xml);
	if (from->peer->away)
		bounce(from, e);
	else
		dispatch(from->peer, e);
	elem_free(e);
	free(z);
	return 1;
}

static void
forget_stanzas(struct side *s)
{
	struct stanza	*z;

	while ((z = STAILQ_FIRST(&s->out)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->out, next);
		free(z);
	}
}

static void
lose_login(struct side *s)
{
	if (s->away)
		return;
	s->away = 1;
	forget_stanzas(s);	/* and what is on its way here bounces */
}

static void
come_back(struct side *s)
{
	if (!s->away)
		return;
	s->away = 0;
	ibb_back(s->ibb, 0);
}

/*
 * What carriers call
 */

static void
on_opened(void *arg, const struct elem *result)
{
	struct side	*s = arg;

	(void)result;
	s->opened = 1;
	carrier_can_sync(s->c);
}

static void
on_block(void *arg, const void *data, size_t len)
{
	struct side		*s = arg;
	const unsigned char	*p = data;
	size_t			 n;

	for (; len > 0; len -= n, p += n) {
		n = len < PERIOD ? len : PERIOD;
		s->wrong |= memcmp(p, bytes_from(s->got), n) != 0;
		s->got += n;
	}
	must(carrier_received(s->c, s->got) == 0);
}

static void
on_answered(void *arg, size_t weight)
{
	struct side	*s = arg;

	s->confirmed += weight;
	s->wrong |= s->confirmed > s->peer->gone;
}

static void
on_closing(void *arg, const struct elem *close)
{
	struct side	*s = arg;

	(void)close;
	s->closing = 1;
}

static void
on_closed(void *arg, const struct elem *answer)
{
	struct side	*s = arg;

	(void)answer;
	s->closed = 1;
}

static int
on_receipt(void *arg, char *out)
{
	(void)arg;
	(void)out;
	return -1;
}

static void
on_failed(void *arg, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	struct side	*s = arg;

	(void)fault;
	(void)err;
	(void)text;
	s->failed = 1;
}

/* Nothing is refused for want of it, but windows shrink. */
static size_t
on_room(void *arg, int all)
{
	struct side	*s = arg;
	size_t		 own;

	if (all || s->room == SIZE_MAX)
		return SIZE_MAX;
	own = chunks_storage(carrier_out(s->c));
	return s->room > own ? s->room - own : 0;
}

static const struct inband_user user = {
	.opened = on_opened,
	.block = on_block,
	.answered = on_answered,
	.closing = on_closing,
	.closed = on_closed,
	.receipt = on_receipt,
	.room = on_room,
	.failed = on_failed,
};

static int
allowed(void *arg, const char *from)
{
	(void)arg;
	(void)from;
	return 1;
}

static void
on_offer(void *arg, struct inband *offer, const struct elem *open)
{
	struct side	*s = arg;

	(void)open;
	inband_can_sync(offer);
	s->c = carrier_offered(offer, s->iqs, &user, s);
	must(s->c != NULL && carrier_accept(s->c, NULL) == 0);
	s->opened = 1;
}

/*
 * Sockets
 */

/* Both have said so: b connects, and a hears of it later. */
static void
connect_to(void)
{
	if (broken == 0 || a.socket_stands || b.socket_stands || offered != 0 ||
	    !carrier_socket_wanted(a.c) || !carrier_socket_wanted(b.c) ||
	    carrier_socket_next(a.c) != carrier_socket_next(b.c))
		return;
	offered = carrier_socket_next(a.c);
	must(carrier_set_socket(b.c, offered, 0, version) == 0);
	b.socket_stands = 1;
	broken = 0;
}

static void
hear_of_it(int good)
{
	if (offered == 0)
		return;
	if (!good)
		carrier_drop_socket(a.c, offered);
	a.socket_stands = good && carrier_set_socket(a.c, offered, 1,
	    version) == 0;
	if (!a.socket_stands)
		broken = 1;
	offered = 0;
}

static void
hang_up(struct side *s)
{
	s->socket_stands = 0;
	broken = 1;
	buf_truncate(&a.pipe, 0);	/* whatever was under way is gone */
	buf_truncate(&b.pipe, 0);
}

/* Somebody who still has the socket finds out what has become of it. */
static void
notice(struct side *s)
{
	if (s->socket_stands && !carrier_has_socket(s->c))
		hang_up(s);
	if (s->socket_stands && broken) {
		hang_up(s);
		carrier_socket_lost(s->c, 1);
	}
}

/* The system takes no more than fits the pipe. */
static int
socket_writes(struct side *s, size_t most)
{
	struct iovec	 iov[8];
	size_t		 len, room = buf_room(&s->pipe), n = 0;
	int		 pieces = carrier_socket_pieces(s->c, iov, 8), i;

	most = most < room ? most : room;
	for (i = 0; i < pieces && n < most; i++) {
		len = iov[i].iov_len < most - n ? iov[i].iov_len : most - n;
		must(buf_add(&s->pipe, iov[i].iov_base, len) == 0);
		n += len;
	}
	if (n > 0)
		carrier_socket_sent(s->c, n);
	return n > 0;
}

/* It is not read while much waits for the reader. */
static int
socket_reads(struct side *s, size_t most)
{
	struct buf	*pipe = &s->peer->pipe;
	size_t		 len = buf_len(pipe) < most ? buf_len(pipe) : most;

	if (len == 0 || s->got - s->gone > HELD)
		return 0;
	carrier_socket_input(s->c, buf_data(pipe), len);
	buf_drain(pipe, len);
	return 1;
}

static int
socket_moves(struct side *s, size_t most)
{
	int	 moved;

	if (!s->socket_stands || broken || !carrier_has_socket(s->c))
		return 0;
	moved = socket_writes(s, most);
	if (carrier_has_socket(s->c))
		moved |= socket_reads(s, most);
	return moved;
}

/*
 * Ends
 */

static int
send_some(struct side *s, size_t most)
{
	size_t	 n = most, left, piece;

	if (carrier_room_blocks(s->c) == 0 && carrier_room_bytes(s->c) == 0)
		return 0;
	if (n > s->total - s->sent)
		n = (size_t)(s->total - s->sent);
	if (carrier_way(s->c) == CARRIER_SOCKET &&
	    n > carrier_room_bytes(s->c))
		n = carrier_room_bytes(s->c);
	if (n == 0 || (carrier_way(s->c) == CARRIER_INBAND &&
	    n > carrier_block(s->c)))
		return 0;
	for (left = n; left > 0; left -= piece) {
		piece = left < PERIOD ? left : PERIOD;
		must(chunks_add(carrier_out(s->c), bytes_from(s->sent),
		    piece) == 0);
		s->sent += piece;
	}
	carrier_push(s->c, n);
	return 1;
}

static int
consume(struct side *s, uint64_t most)
{
	uint64_t	 n = s->got - s->gone;

	if (s->stalls)
		return 0;
	if ((n = n < most ? n : most) == 0)
		return 0;
	s->gone += n;
	carrier_consumed(s->c, s->gone);
	return 1;
}

/* Answers wait until somebody gives them. */
static void
answer_later(void *arg)
{
	struct side	*s = arg;

	s->waits = 1;
}

static int
give_answers(struct side *s)
{
	int	 waited = s->waits;

	s->waits = 0;
	ibb_answer(s->ibb);
	return waited;
}

static void
side_start(struct side *s, const char *jid, struct side *peer, uint64_t total)
{
	struct ibb_host	 host = { .allowed = allowed, .offer = on_offer,
			    .answer_later = answer_later, .arg = s };
	struct elem	*e;

	memset(s, 0, sizeof(*s));
	s->jid = jid;
	s->peer = peer;
	s->total = total;
	STAILQ_INIT(&s->out);
	s->room = SIZE_MAX;
	buf_init(&s->pipe, PIPE);
	must((s->iqs = iq_new(take, s)) != NULL);
	must(iq_setjid(s->iqs, jid) == 0);
	must((s->dispatch = dispatch_new()) != NULL);
	must((s->ibb = ibb_new(s->iqs, s->dispatch, &host)) != NULL);
	must((s->parse = parse_new(parse_defaults())) != NULL);
	parse_feed(s->parse, HEADER, strlen(HEADER));
	must(parse_next(s->parse, &e) == PARSE_OPEN);
	elem_free(e);
	parse_next(s->parse, &e);
}

static void
side_end(struct side *s)
{
	carrier_free(s->c);
	ibb_free(s->ibb);
	dispatch_free(s->dispatch);
	iq_free(s->iqs);
	parse_free(s->parse);
	forget_stanzas(s);
	buf_free(&s->pipe);
}

static void
start(unsigned n, uint64_t up, uint64_t down)
{
	seed = n * 7919 + 1;
	broken = 1;
	offered = 0;
	side_start(&a, "a@example.org/x", &b, up);
	side_start(&b, "b@example.org/y", &a, down);
	a.c = carrier_new(a.ibb, a.iqs, b.jid, NULL, BLOCK, 0, &user, &a);
	must(a.c != NULL);
	must(carrier_open(a.c, IQ_NODEADLINE, NULL) == 0);
	while (deliver(&a) || deliver(&b))
		;
	must(a.opened && b.opened);
}

static void
end(void)
{
	side_end(&a);
	side_end(&b);
}

/*
 * What may happen
 */

static unsigned
most(const struct side *s)
{
	return carrier_way(s->c) == CARRIER_SOCKET ? scale * BLOCK : BLOCK;
}

/* Memory runs short, or there is some again; sockets tick. */
static void
change_room(struct side *s)
{
	static const size_t	 rooms[] = { SIZE_MAX, 3000000, 600000, 0 };

	s->room = rooms[chance(4)];
	carrier_socket_tick(s->c);
}

static void
something(int logins)
{
	struct side	*s = chance(2) ? &a : &b;
	unsigned	 what = chance(logins ? 100 : 97);

	if (chance(6) == 0)
		give_answers(s);
	if (what < 30)
		deliver(s);
	else if (what < 50)
		send_some(s, 1 + chance(chance(4) ? most(s) : 20));
	else if (what < 65)
		socket_moves(s, scale * (1 + chance(chance(3) ? 3000 : 5)));
	else if (what < 80)
		consume(s, scale * (1 + chance(5000)));
	else if (what < 88)
		notice(s);
	else if (what < 91)
		connect_to();
	else if (what < 94)
		hear_of_it(chance(8) > 0);
	else if (what < 95)
		broken = 1;
	else if (what < 96)
		s->stalls = !s->stalls;
	else if (what < 97)
		change_room(s);
	else if (what < 98)
		lose_login(s);
	else
		come_back(s);
}

static int
all_confirmed(const struct side *s)
{
	return s->confirmed == s->total && carrier_idle(s->c);
}

/* Everybody does all that there is to do: 0 if there is nothing left. */
static int
go_on(struct side *s)
{
	int	 moved;

	notice(s);
	moved = deliver(s);
	moved |= send_some(s, most(s));
	moved |= socket_moves(s, 100000);
	moved |= consume(s, 100000);
	moved |= give_answers(s);
	return moved;
}

/* After some silence those that can be mended are asked; and sockets tick. */
static void
look(struct side *s)
{
	carrier_socket_tick(s->c);
	if (!carrier_away(s->c) || chance(2))
		carrier_sync(s->c);
}

/* The same goes on while both do what they can, so that it meets the end, and
 * then no more. */
static void
last_blows(int logins)
{
	struct side	*s = chance(2) ? &a : &b;
	unsigned	 what = chance(100);

	if (what < 5)
		broken = 1;
	else if (what < 10)
		connect_to();
	else if (what < 20)
		hear_of_it(1);
	else if (what < 30)
		s->stalls = !s->stalls;
	else if (what < 35 && logins)
		lose_login(s);
	else if (what < 50)
		come_back(s);
}

static void
peace(void)
{
	a.stalls = b.stalls = 0;
	come_back(&a);
	come_back(&b);
	hear_of_it(0);
}

static int
finishes(int logins)
{
	int	 i, quiet = 0;

	for (i = 0; i < PATIENCE && quiet < 20; i++) {
		if (i < BLOWS)
			last_blows(logins);
		else if (i == BLOWS)
			peace();
		if (a.failed || b.failed)
			return 0;
		if (i > BLOWS && all_confirmed(&a) && all_confirmed(&b))
			return 1;
		if (go_on(&a) + go_on(&b) > 0 || i <= BLOWS) {
			quiet = 0;
			continue;
		}
		quiet++;
		look(&a);
		look(&b);
	}
	return 0;
}

static int
closes(void)
{
	int	 i;

	carrier_close(a.c, IQ_NODEADLINE);
	for (i = 0; i < 1000 && !(a.closed && b.closed); i++) {
		go_on(&a);
		go_on(&b);
		if (b.closing && !b.closed && carrier_idle(b.c))
			carrier_close(b.c, IQ_NODEADLINE);
	}
	return a.closed && b.closed && !carrier_has_socket(a.c) &&
	    !carrier_has_socket(b.c);
}

static int
is_right(const struct side *s)
{
	return !s->wrong && !s->failed && s->got == s->peer->total &&
	    s->gone == s->got && s->confirmed == s->total;
}

static void
complain(unsigned n)
{
	const struct side	*s;

	for (s = &a;; s = &b) {
		printf("# run %u, %s: total %llu sent %llu got %llu gone %llu "
		    "confirmed %llu, way %d wired %d waits %d failed %d wrong "
		    "%d\n", n, s->jid, (unsigned long long)s->total,
		    (unsigned long long)s->sent, (unsigned long long)s->got,
		    (unsigned long long)s->gone,
		    (unsigned long long)s->confirmed, carrier_way(s->c),
		    s->socket_stands, carrier_waits(s->c), s->failed, s->wrong);
		if (s == &b)
			break;
	}
}

static int
run(unsigned n, int logins)
{
	unsigned	 steps;
	int		 good;

	scale = n % 5 != 0 ? 1 : n % 20 == 0 || tap_soak() ? 100 : 10;
	version = n % 4 == 0 ? CARRIER_BARE : CARRIER_FRAMED;
	start(n, scale * (20000 + n * 77 % 50000),
	    n % 3 == 0 ? 0 : scale * (n * 177 % 70000));
	for (steps = chance(STEPS); steps > 0; steps--)
		something(logins);
	good = finishes(logins) && closes() && is_right(&a) && is_right(&b);
	if (!good)
		complain(n);
	end();
	return good;
}

/*
 * Frames that make no sense
 */

static void
bring_socket(void)
{
	version = CARRIER_FRAMED;
	connect_to();
	hear_of_it(1);
	while (go_on(&a) + go_on(&b) > 0)
		;
	must(carrier_way(a.c) == CARRIER_SOCKET &&
	    carrier_way(b.c) == CARRIER_SOCKET);
	must(buf_len(&a.pipe) == 0 && frames_between(&a.c->frames.out));
}

/* b has sent some bytes: what a cannot have received of them, or has said
 * already that it has. */
static void
test_nonsense(const char *what, const void *bytes, size_t len)
{
	start(3, 30000, 20000);
	a.total = b.total = 10000;
	bring_socket();
	carrier_socket_tick(a.c);	/* both say all that they have got */
	carrier_socket_tick(b.c);
	while (go_on(&a) + go_on(&b) > 0)
		;
	must(buf_add(&a.pipe, bytes, len) == 0);
	socket_reads(&b, len);
	ok(!carrier_has_socket(b.c) && carrier_socket_bad(b.c),
	    "%s: the socket is left", what);
	a.total = 30000;
	b.total = 20000;
	ok(finishes(0) && is_right(&a) && is_right(&b),
	    "%s: and no byte is lost or doubled", what);
	end();
}

static void
test_counts(const char *what, uint64_t received, uint64_t consumed)
{
	struct frames_out	 f = { .left = 0 };
	struct frames_counts	 n = { received, consumed, CARRIER_WINDOW };

	frames_put_counts(&f, &n);
	test_nonsense(what, f.head, f.head_len);
}

static void
test_hostile(void)
{
	test_nonsense("no frame", "HTTP/1.1 400", 12);
	test_nonsense("a record of TLS", "\027\003\003\0", 4);
	test_nonsense("kind 0", "\0\0\0\1x", 5);
	test_nonsense("kind 4", "\4\0\0\1x", 5);
	test_nonsense("no data", "\1\0\0\0", 4);
	test_nonsense("long data", "\1\1\0\1", 4);
	test_nonsense("no padding", "\3\0\0\0", 4);
	test_nonsense("long padding", "\3\377\377\377", 4);
	test_nonsense("short counts", "\2\0\0\027", 4);
	test_nonsense("long counts", "\2\0\0\031", 4);
	test_counts("more received", 10001, 10000);
	test_counts("most received", UINT64_MAX, 10000);
	test_counts("more consumed", 10000, 10001);
	test_counts("less received", 0, 10000);
	test_counts("less consumed", 10000, 9999);
}

/* Before the socket has said anything, bytes in it are no bytes of ours. */
static void
test_early(const char *what, const void *bytes, size_t len)
{
	start(3, 30000, 20000);
	version = CARRIER_FRAMED;
	connect_to();
	hear_of_it(1);
	must(buf_add(&a.pipe, bytes, len) == 0);
	socket_reads(&b, len);
	ok(!carrier_has_socket(b.c) && carrier_socket_bad(b.c),
	    "%s: the socket is left", what);
	ok(finishes(0) && is_right(&a) && is_right(&b),
	    "%s: nothing of it has come", what);
	end();
}

/* A proxy that relays in one direction: no byte is trusted to it. */
static void
test_one_way(void)
{
	start(3, 30000, 20000);
	version = CARRIER_FRAMED;
	connect_to();
	hear_of_it(1);
	must(socket_writes(&a, PIPE) && socket_reads(&b, PIPE));
	ok(socket_writes(&b, PIPE), "the target answers what it hears");
	buf_truncate(&b.pipe, 0);
	ok(carrier_socket_unproved(a.c) && carrier_socket_unproved(b.c) &&
	    carrier_way(a.c) == CARRIER_INBAND &&
	    carrier_way(b.c) == CARRIER_INBAND, "one way: not used");
	carrier_socket_lost(a.c, 1);
	ok(finishes(0) && is_right(&a) && is_right(&b), "one way: in-band");
	end();
}

/* b's reader stands still: b does not read what a says of b's bytes.  a has so
 * many bytes to send. */
static void
still_reader(uint64_t bytes)
{
	int	 i;

	start(3, 8000000, 8000000);
	scale = 50;
	a.total = b.total = 1000;
	bring_socket();
	a.total = bytes;
	b.total = 8000000;
	b.stalls = 1;
	for (i = 0; i < 100 && b.confirmed < b.total; i++) {
		while (go_on(&a) + go_on(&b) > 0)
			;
		carrier_socket_tick(a.c);
		carrier_socket_tick(b.c);
	}
	is_int((long)b.confirmed, (long)b.total,
	    "one direction goes on while the other stands still");
	ok(carrier_way(b.c) == CARRIER_SOCKET, "in the socket");
}

static void
test_still_reader(void)
{
	still_reader(8000000);
	b.stalls = 0;
	ok(finishes(0) && is_right(&a) && is_right(&b), "then the other does");
	end();

	still_reader(HELD + 30000);
	ok(a.sent == a.total && a.confirmed < a.total, "also if all has left, "
	    "and is not read");
	b.stalls = 0;
	ok(finishes(0) && is_right(&a) && is_right(&b), "then it is");
	end();
}

/* Bytes for which there is no room in the window are not sent yet, and what was
 * sent before them is answered. */
static void
test_waiting(void)
{
	start(3, 10000, 10000);
	while (go_on(&a) + go_on(&b) > 0)
		;
	ok(carrier_idle(a.c), "all is answered");
	must(chunks_add(carrier_out(a.c), "12345", 5) == 0);
	ok(!carrier_idle(a.c), "but not what waits");
	end();
}

/* b's answer to the end of the socket is lost with a's login, and b gives up
 * the next socket before a can ask again: each tells the other of the end of
 * another socket. */
static void
test_withdrawn(void)
{
	start(3, 30000, 20000);
	a.total = b.total = 10000;
	bring_socket();
	hang_up(&a);
	carrier_socket_lost(a.c, 1);
	while (deliver(&a))
		;
	must(!carrier_has_socket(a.c) && !carrier_has_socket(b.c));
	b.socket_stands = 0;
	lose_login(&a);
	while (deliver(&b))
		;
	carrier_drop_socket(b.c, carrier_socket_next(b.c));
	while (deliver(&b))
		;
	a.total = 30000;
	b.total = 20000;
	come_back(&a);
	ok(finishes(0) && is_right(&a) && is_right(&b),
	    "a socket is given up while the end of another is unheard");
	end();
}

/* a writes all that it may; b confirms it a round trip later. */
static size_t
one_round(void)
{
	uint64_t	 before = a.sent;

	while (send_some(&a, 100 * BLOCK) + socket_writes(&a, PIPE) > 0) {
		while (socket_reads(&b, PIPE))
			consume(&b, PIPE);
	}
	while (socket_writes(&b, PIPE) + socket_reads(&a, PIPE) > 0)
		;
	return (size_t)(a.sent - before);
}

static size_t
most_in_rounds(int n)
{
	size_t	 most = 0, now;

	while (n-- > 0)
		if ((now = one_round()) > most)
			most = now;
	return most;
}

static void
start_bulk(void)
{
	start(3, 1000, 0);
	bring_socket();
	a.total = UINT64_MAX;
}

/* All that may be under way in a round trip is this, or a little less. */
static void
ok_window(size_t window, const char *name)
{
	size_t	 n = one_round();

	ok(n > window - window / 16 && n <= window, "%s: %zu", name, n);
}

/* The window doubles in each round trip that it bounds, as far as there is
 * memory. */
static void
test_window(void)
{
	size_t	 most;

	start_bulk();
	ok_window(CARRIER_WINDOW_FIRST, "a window of 8 MiB");
	ok_window(2 * CARRIER_WINDOW_FIRST, "a round trip later, 16 MiB");
	ok_window(4 * CARRIER_WINDOW_FIRST, "32 MiB");
	ok_window(8 * CARRIER_WINDOW_FIRST, "64 MiB");
	ok_window(CARRIER_WINDOW_MOST, "128 MiB");
	ok_window(CARRIER_WINDOW_MOST, "and no more");
	a.room = 8000000;
	most = one_round();
	ok(most > 6000000 && most < 9000000, "less memory: %zu", most);
	a.total = a.sent;
	while (go_on(&a) + go_on(&b) > 0)
		;
	carrier_socket_tick(b.c);
	while (go_on(&a) + go_on(&b) > 0)
		;
	carrier_socket_tick(a.c);
	is_int((long)chunks_storage(carrier_out(a.c)), 0, "given back at rest");
	end();
}

/* Little memory: an eighth of it, until there is a sign that bytes arrive. */
static void
test_window_short(void)
{
	size_t	 n;

	start_bulk();
	a.room = 8000000;
	n = one_round();
	ok(n > 800000 && n <= 1000000, "an eighth of the memory: %zu", n);
	ok_window(7000000, "then most of it");
	a.room = 32000000;
	n = one_round();
	ok(n > CARRIER_WINDOW_FIRST, "when there is more, more: %zu", n);
	end();
}

/* Other streams have taken all the memory: what this one has and does not need
 * is no reason to take more. */
static void
test_window_none(void)
{
	size_t	 n;

	start_bulk();
	most_in_rounds(2);
	a.room = 0;
	ok(chunks_storage(carrier_out(a.c)) > 100000, "storage is kept");
	n = most_in_rounds(5);
	ok(n > 0 && n <= CARRIER_WINDOW_LEAST, "the least window: %zu", n);
	end();
}

/* b confirms it as it comes: the window is never full. */
static void
one_near_round(void)
{
	while (send_some(&a, 100 * BLOCK) + socket_writes(&a, PIPE) > 0) {
		while (socket_reads(&b, PIPE))
			consume(&b, PIPE);
		while (socket_writes(&b, PIPE) + socket_reads(&a, PIPE) > 0)
			;
		if (a.sent > CARRIER_WINDOW_MOST)
			break;
	}
}

/* Where the path ends, the window stays; what a path does not need any more is
 * taken from it. */
static void
test_window_unused(void)
{
	int	 i;

	start_bulk();
	one_near_round();
	ok(a.sent > CARRIER_WINDOW_MOST, "much was sent over a short path");
	ok_window(CARRIER_WINDOW_FIRST, "the window is as it was");
	most_in_rounds(4);
	ok_window(CARRIER_WINDOW_MOST, "the path gets longer");
	for (i = 0; i < 20; i++)
		carrier_socket_tick(a.c);
	ok_window(CARRIER_WINDOW_FIRST, "twenty quiet seconds");
	end();
}

/* What is not written yet is kept short, however large the window is. */
static void
test_short_queue(void)
{
	uint64_t	 before;

	start(3, 1000, 0);
	bring_socket();
	a.total = UINT64_MAX;
	most_in_rounds(8);
	for (before = a.sent; send_some(&a, 1000);)
		;
	is_int((long)(a.sent - before), 256 * 1024,
	    "so many bytes wait for the socket");
	end();
}

/* This is for bare sockets. */
static int
no_pad(void *arg)
{
	(void)arg;
	return -1;
}

static void
test_padding(void)
{
	start(3, 1000, 0);
	bring_socket();
	carrier_socket_pad(a.c, no_pad);
	a.total += 4000;
	while (send_some(&a, 1000) + socket_writes(&a, PIPE) > 0)
		;
	ok(carrier_socket_dry(a.c) == 0, "too little for a proxy to keep");
	a.total += 4000;
	while (send_some(&a, 1000) + socket_writes(&a, PIPE) > 0)
		;
	ok(carrier_socket_dry(a.c) != 0, "it may keep the last of that");
	ok(!socket_writes(&a, PIPE), "padding waits for a pause");
	carrier_socket_flush(a.c);
	a.total += 1000;
	must(send_some(&a, 1000) > 0);
	buf_truncate(&a.pipe, 0);
	while (socket_writes(&a, PIPE))
		;
	ok(buf_len(&a.pipe) < 1200, "none if more follows");
	carrier_socket_flush(a.c);
	buf_truncate(&a.pipe, 0);
	while (socket_writes(&a, PIPE))
		;
	ok(buf_len(&a.pipe) > 8191, "else more than a proxy keeps");
	ok(carrier_socket_dry(a.c) == 0, "once");
	end();
}

static void
test_runs(const char *what, unsigned first, unsigned n, int logins)
{
	unsigned	 i;

	for (i = first; i < first + n; i++)
		if (!run(i, logins))
			break;
	is_int(i - first, n, "%s", what);
}

int
main(int argc, char **argv)
{
	if (argc == 3)		/* which: one run alone, to look into */
		return !run((unsigned)strtoul(argv[1], NULL, 10),
		    *argv[2] != '0');
	test_hostile();
	test_early("data first", "\1\0\0\1x", 5);
	test_early("garbage first", "SSH-2.0", 7);
	test_one_way();
	test_waiting();
	test_withdrawn();
	test_still_reader();
	test_window();
	test_window_short();
	test_window_none();
	test_window_unused();
	test_short_queue();
	test_padding();
	test_runs("sockets come and go", 0, 300, 0);
	test_runs("and logins, too", 1000, 300, 1);
	return tap_done();
}
