/*
 * Unit tests of net/s5b/upgrade_punch: two ends of a stream in one loop, whose
 * server is a queue.  It can hold stanzas, refuse them, or answer in the place
 * of the peer.  It tells each end that the world sees it at WORLD, and delivers
 * that as 127.0.0.1, where the sockets of both are.  Sockets by XEP-0065 are
 * refused.  Routers are in t/stream/nat.t.
 *
 * The clock is fifty times as fast.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ibb/carrier.h"
#include "ibb/dispatch.h"
#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/conf/conf.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/loop.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "net/s5b/upgrade_int.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"
#include "xml/stanza.h"

#define must(x)	do { if (!(x)) abort(); } while (0)
#define SID	"sid0123456789"
#define HERE	"a@example.org/x"
#define THERE	"b@example.org/y"
#define WORLD	"192.0.2.177"		/* by the word of the server */
#define LOCAL	"127.0.0.1"		/* where that is */
#define NONCE	"0123456789abcdef0123456789abcdef"
#define AFTER	10000		/* bytes that make a stream worth a socket */
#define TURN	50		/* ms of the fast clock */
#define TURNS	8000		/* until a test has failed: 8 s, or more */
/* Let the loop turn until this is so; false if it never is. */
#define soon(cond)	__extension__({					\
	int _n;								\
	for (_n = 0; _n < TURNS && !(cond); _n++)			\
		turn();							\
	_n < TURNS;							\
})

struct letter {
	STAILQ_ENTRY(letter)	 next;
	char			 xml[];
};

struct side {
	const char		*jid;
	struct side		*peer;
	struct conf		 conf;
	struct iq_table		*iqs;
	struct dispatch		*dispatch;
	struct ibb		*ibb;
	struct streamhosts	*hosts;
	struct upgrades		*upgrades;
	struct stream		*stream;
	struct upgrade		*upgrade;
	struct parse		*in;
	STAILQ_HEAD(, letter)	 out;
	int			 away, ending, changed, wrong;
	const char		*lose;		/* stanzas with this in them
						 * are lost, */
	const char		*refuse;	/* refused with condition, */
	const char		*condition;
	const char		*replace;	/* and answered with by */
	const char		*by;
	int			 punches;	/* <punch/> that it has sent */
	size_t			 sent, got;
};

static struct side		 a, b;
static int			 apart;		/* no candidate arrives */
static struct loop		*loop;
static struct resolver		*resolver;
static SSL_CTX			*tls;

/*
 * Stanzas
 */

static int
post(void *arg, const void *data, size_t len)
{
	struct side	*s = arg;
	struct letter	*l;

	must((l = malloc(sizeof(*l) + len + 1)) != NULL);
	memcpy(l->xml, data, len);
	l->xml[len] = '\0';
	STAILQ_INSERT_TAIL(&s->out, l, next);
	s->punches += strstr(l->xml, "<punch ") != NULL;
	return 0;
}

/* Have the parser take what is before at; then what is to stand there. */
static void
feed_up_to(struct parse *in, const char *from, const char *at,
    const char *instead)
{
	struct elem	*e = NULL;

	must(parse_feed(in, from, (size_t)(at - from)) == 0);
	must(parse_next(in, &e) == PARSE_MORE);
	must(parse_feed(in, instead, strlen(instead)) == 0);
	must(parse_next(in, &e) == PARSE_MORE);
}

/* The server writes the sender into it, and the address that it is to have. */
static struct elem *
parsed(struct side *to, const char *from, const char *xml)
{
	struct elem	*e = NULL;
	char		 head[64];
	const char	*from_world = apart ? "<candidate " : WORLD, *at;

	must(strncmp(xml, "<iq ", 4) == 0);
	snprintf(head, sizeof(head), "<iq from='%s' ", from);
	must(parse_feed(to->in, head, strlen(head)) == 0);
	must(parse_next(to->in, &e) == PARSE_MORE);
	for (xml += 4; (at = strstr(xml, from_world)) != NULL;
	    xml = at + strlen(from_world))
		feed_up_to(to->in, xml, at, apart ? "<other " : LOCAL);
	must(parse_feed(to->in, xml, strlen(xml)) == 0);
	must(parse_next(to->in, &e) == PARSE_STANZA);
	return e;
}

static int
is_answer(const struct elem *e)
{
	return stanza_type(e, "result") || stanza_type(e, "error");
}

static void
dispatch(struct side *to, const struct elem *e)
{
	if (is_answer(e))
		iq_answer(to->iqs, e);
	else if (!dispatch_stanza(to->dispatch, e, 0))
		iq_refuse(to->iqs, e, SE_SERVICE_UNAVAILABLE, NULL);
}

/* Not by parsed(), as what the server itself says stays as it is. */
static void
server_says(struct side *s, const struct elem *e, const char *from,
    const char *type, const char *in)
{
	struct elem	*got = NULL;
	char		*xml;

	must(asprintf(&xml, "<iq type='%s' id='%s'%s%s%s>%s</iq>",
	    type, elem_attr(e, "id"), from == NULL ? "" : " from='",
	    from == NULL ? "" : from, from == NULL ? "" : "'", in) != -1);
	must(parse_feed(s->in, xml, strlen(xml)) == 0);
	must(parse_next(s->in, &got) == PARSE_STANZA);
	free(xml);
	dispatch(s, got);
	elem_free(got);
}

static void
server_refuses(struct side *s, const struct elem *e, const char *condition)
{
	char	 error[256];

	snprintf(error, sizeof(error), "<error type='cancel'><%s xmlns="
	    "'urn:ietf:params:xml:ns:xmpp-stanzas'/></error>", condition);
	server_says(s, e, elem_attr(e, "to"), "error", error);
}

static int
concerns(const char *pattern, const char *xml)
{
	return pattern != NULL && strstr(xml, pattern) != NULL;
}

static void
route(struct side *s, const char *xml)
{
	struct elem	*e = parsed(s->peer, s->jid, xml);
	const char	*to = elem_attr(e, "to");
	int		 to_peer = to != NULL && strcmp(to, s->peer->jid) == 0;

	if (concerns(s->lose, xml))
		;
	else if (concerns("<streamhost ", xml))
		server_refuses(s, e, "item-not-found");
	else if (concerns(s->refuse, xml))
		server_refuses(s, e, s->condition);
	else if (concerns(s->replace, xml))
		server_says(s, e, to, "result", s->by);
	else if (to_peer)
		dispatch(s->peer, e);
	else if (concerns("urn:xmpp:sic:1", xml))
		server_says(s, e, NULL, "result", "<address xmlns="
		    "'urn:xmpp:sic:1'><ip>" WORLD "</ip></address>");
	else if (!is_answer(e))
		server_refuses(s, e, "service-unavailable");
	elem_free(e);
}

static int
deliver(struct side *s)
{
	struct letter	*l = STAILQ_FIRST(&s->out);

	if (l == NULL)
		return 0;
	STAILQ_REMOVE_HEAD(&s->out, next);
	route(s, l->xml);
	free(l);
	return 1;
}

/* What s answers to an iq with this inside, from there. */
static const char *
said(struct side *s, const char *from, const char *inside)
{
	static char	 answer[4096];
	struct letter	*l;
	struct elem	*e;
	char		*xml;

	while (deliver(&a) || deliver(&b))
		;
	must(asprintf(&xml, "<iq type='set' id='z'>%s</iq>", inside) != -1);
	e = parsed(s, from, xml);
	free(xml);
	dispatch(s, e);
	elem_free(e);
	*answer = '\0';
	if ((l = STAILQ_LAST(&s->out, letter, next)) != NULL)
		strlcpy(answer, l->xml, sizeof(answer));
	return answer;
}

/*
 * What a side is asked and told
 */

static int
on_near(void *arg)
{
	(void)arg;
	return 0;
}

static int
on_away(void *arg)
{
	const struct side	*s = arg;

	return s->away;
}

static int
on_ending(void *arg)
{
	const struct side	*s = arg;

	return s->ending;
}

static int
on_opens(void *arg, const char *peer)
{
	(void)arg;
	(void)peer;
	return 0;
}

static void
on_changed(void *arg)
{
	struct side	*s = arg;

	s->changed = 1;
}

static struct upgrade *
upgrade_of(struct side *s)
{
	if (s->upgrade == NULL)
		s->upgrade = upgrade_new(s->upgrades, s->stream, s == &b,
		    on_changed, s);
	must(s->upgrade != NULL);
	return s->upgrade;
}

static struct upgrade *
on_find(void *arg, const char *peer, const char *sid)
{
	struct side	*s = arg;

	return s->stream != NULL && strcmp(stream_sid(s->stream), sid) == 0 &&
	    strcmp(stream_peer(s->stream), peer) == 0 ? upgrade_of(s) : NULL;
}

static int64_t
in_time(void *arg)
{
	(void)arg;
	return clock_ms() + 600 * 1000;
}

static const char *
judge(void *arg, const char *fingerprint)
{
	(void)arg;
	(void)fingerprint;
	return NULL;
}

static struct stream_conf
stream_like(struct side *s)
{
	return (struct stream_conf){ .block = 4096, .deadline = in_time,
	    .tls = tls, .judge = judge, .iqs = s->iqs, .sid = SID };
}

static int
on_allowed(void *arg, const char *from)
{
	(void)arg;
	return strcmp(from, HERE) == 0;
}

static void
on_open(void *arg, struct inband *offer, const struct elem *open)
{
	struct side		*s = arg;
	struct stream_conf	 sc = stream_like(s);

	s->stream = stream_offered(offer, open, &sc, on_changed, s);
	must(s->stream != NULL && stream_accept(s->stream) == 0);
}

static void
on_trace(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

/*
 * The loop
 */

static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i * 31 + (i >> 8));
}

static void
look(struct side *s)
{
	const unsigned char	*data;
	size_t			 i, len;

	s->changed = 0;
	if (s->stream == NULL)
		return;
	data = stream_data(s->stream, &len);
	for (i = 0; i < len; i++)
		s->wrong |= data[i] != byte_at(s->got + i);
	s->got += len;
	if (len > 0)
		stream_consume(s->stream, len);
	if (s->upgrade != NULL)
		upgrade_check(s->upgrade);
}

static void
exchange(void *arg)
{
	(void)arg;
	iq_expire(a.iqs, clock_ms());
	iq_expire(b.iqs, clock_ms());
	while (deliver(&a) || deliver(&b) || a.changed || b.changed) {
		if (a.changed)
			look(&a);
		if (b.changed)
			look(&b);
	}
}

static void
stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void
turn(void)
{
	struct timer	 t = { .fire = stop };

	timer_set(loop, &t, clock_ms() + TURN);
	must(loop_run(loop) == 0);
}

/* Have it turn for so many ms of the fast clock. */
static void
wait_ms(int64_t ms)
{
	int64_t	 end = clock_ms() + ms;

	while (clock_ms() < end)
		turn();
}

static void
send_bytes(struct side *s, size_t len)
{
	unsigned char	 data[1000];
	size_t		 i, n;

	for (; len > 0; len -= n) {
		n = len < sizeof(data) ? len : sizeof(data);
		must(soon(stream_room(s->stream) >= n));
		for (i = 0; i < n; i++)
			data[i] = byte_at(s->sent + i);
		must(stream_write(s->stream, data, n) == 0);
		s->sent += n;
		s->changed = 1;
	}
}

/* Both send so much, and all of it arrives. */
static int
talk(size_t len)
{
	send_bytes(&a, len);
	send_bytes(&b, len);
	return soon(a.got == b.sent && b.got == a.sent) && !a.wrong && !b.wrong;
}

/*
 * Both sides
 */

static SSL_CTX *
new_context(void)
{
	EVP_PKEY	*key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509		*cert = X509_new();
	SSL_CTX		*ctx;

	must(key != NULL && cert != NULL);
	must(X509_set_version(cert, X509_VERSION_3) == 1);
	must(X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(cert), 3600) != NULL);
	must(X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, NULL) > 0);
	must((ctx = e2e_context(cert, key)) != NULL);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

static void
begin_objects(struct side *s)
{
	struct ibb_host		 ih = { .allowed = on_allowed,
				     .trace = on_trace,
				     .offer = s == &b ? on_open : NULL,
				     .now = clock_us, .ask_later = on_changed,
				     .arg = s };
	struct streamhosts_conf	 hc = { .loop = loop, .conf = &s->conf,
				     .jid = s->jid, .near = on_near, .arg = s };
	struct upgrades_host	 host = { .find = on_find, .opens = on_opens,
				     .away = on_away, .ending = on_ending,
				     .arg = s };
	struct upgrades_conf	 uc = { .loop = loop, .resolver = resolver,
				     .iqs = s->iqs, .after = AFTER };
	char			 err[STREAMHOSTS_ERR];

	must((s->dispatch = dispatch_new()) != NULL);
	must((s->ibb = ibb_new(s->iqs, s->dispatch, &ih)) != NULL);
	must((s->hosts = streamhosts_new(&hc, err)) != NULL);
	streamhosts_login(s->hosts, s->iqs);
	uc.dispatch = s->dispatch;
	uc.streamhosts = s->hosts;
	must((s->upgrades = upgrades_new(&uc, &host)) != NULL);
}

static void
begin_side(struct side *s, struct side *peer, const char *jid)
{
	struct elem	*e;
	char		 err[CONF_ERR];

	memset(s, 0, sizeof(*s));
	s->jid = jid;
	s->peer = peer;
	STAILQ_INIT(&s->out);
	must(conf_init(&s->conf) == 0);
	must(conf_set(&s->conf, "portmap", "no", 0, err) == 0);
	must(conf_set(&s->conf, "family", "4", 0, err) == 0);
	must(conf_set(&s->conf, "streamhost-policy", "any", 0, err) == 0);
	must((s->iqs = iq_new(post, s)) != NULL);
	must(iq_setjid(s->iqs, jid) == 0);
	must((s->in = parse_new(parse_defaults())) != NULL);
	must(parse_feed(s->in, HEADER, strlen(HEADER)) == 0);
	must(parse_next(s->in, &e) == PARSE_OPEN);
	elem_free(e);
	begin_objects(s);
}

static void
end_side(struct side *s)
{
	struct letter	*l;

	upgrade_free(s->upgrade);
	stream_free(s->stream);
	upgrades_free(s->upgrades);
	streamhosts_free(s->hosts);
	ibb_free(s->ibb);
	dispatch_free(s->dispatch);
	iq_free(s->iqs);
	parse_free(s->in);
	conf_free(&s->conf);
	while ((l = STAILQ_FIRST(&s->out)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->out, next);
		free(l);
	}
}

/* A stream in-band, whose session stands. */
static void
begin(void)
{
	struct stream_conf	 sc;

	apart = 0;
	begin_side(&a, &b, HERE);
	begin_side(&b, &a, THERE);
	sc = stream_like(&a);
	must((a.stream = stream_call(a.ibb, THERE, &sc, on_changed,
	    &a)) != NULL);
	upgrade_of(&a);
	a.changed = 1;
	must(soon(b.stream != NULL && stream_state(a.stream) == STREAM_OPEN &&
	    stream_state(b.stream) == STREAM_OPEN));
}

static void
end(void)
{
	end_side(&a);
	end_side(&b);
}

static enum upgrade_punch_state
state_of(const struct side *s)
{
	return s->upgrade == NULL ? UPGRADE_PUNCH_REST :
	    upgrade_punch_state(s->upgrade);
}

static int
is_up(const struct side *s)
{
	return s->upgrade != NULL && s->upgrade->state == UPGRADE_UP &&
	    s->upgrade->direct;
}

/* The caller begins to punch, and s gets so far and no further. */
static void
stuck_in(struct side *s, enum upgrade_punch_state state)
{
	apart = state == UPGRADE_PUNCH_TRYING;
	if (state == UPGRADE_PUNCH_GATHERING)
		s->lose = "urn:xmpp:sic:1";
	else if (state == UPGRADE_PUNCH_ASKED)
		b.lose = "<punch ";
	send_bytes(&a, AFTER);
	must(soon(state_of(s) == state));
}

/* The caller asks for the n-th time. */
static void
asks(int n)
{
	send_bytes(&a, AFTER);
	must(soon(a.punches == n));
}

/* In how many ms will the caller try again? */
static int64_t
pause_left(void)
{
	return upgrade_punch_due(a.upgrade) - clock_ms();
}

/* Some of that may have passed before it is looked at. */
static void
rests_for(int64_t ms, const char *what)
{
	ok(soon(state_of(&a) == UPGRADE_PUNCH_REST), "%s: at rest", what);
	ok(pause_left() <= ms && pause_left() > ms - 10000,
	    "%s: for %lld ms", what, (long long)ms);
}

/*
 * The tests
 */

static void
test_through(void)
{
	begin();
	send_bytes(&a, AFTER);
	ok(soon(is_up(&a) && is_up(&b)), "a direct socket at both ends");
	is_int(a.punches + b.punches, 2, "after a question and an answer");
	ok(state_of(&a) == UPGRADE_PUNCH_REST &&
	    state_of(&b) == UPGRADE_PUNCH_REST, "no more is tried");
	ok(talk(50000), "all arrives");
	wait_ms(40000);
	is_int(a.punches, 1, "nor asked for while it stands");
	end();
}

/* Only what the listener has said is looked at. */
static void
test_answers(void)
{
	static const char *const	 bad[] = {
		"",
		"<punch xmlns='urn:xcat:0'/>",
		"<punch xmlns='urn:xcat:0' nonce=''/>",
		"<punch xmlns='urn:xcat:0' nonce='" NONCE "0'/>",
		"<punch xmlns='urn:xcat:0' nonce='0'/>",
		"<punch xmlns='urn:other' nonce='" NONCE "'/>",
		"<punched xmlns='urn:xcat:0' nonce='" NONCE "'/>"
	};
	size_t				 i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		begin();
		a.replace = "<punch ";
		a.by = bad[i];
		asks(1);
		rests_for(30000, *bad[i] == '\0' ? "nothing" : bad[i]);
		is_int(b.punches, 0, "the listener has not heard of it");
		ok(talk(1000), "in-band as before");
		end();
	}
}

static void
test_questions(void)
{
	static const char *const	 bad[] = {
		"", " nonce=''", " nonce='0'", " nonce='" NONCE "0'"
	};
	char				 xml[512];
	size_t				 i;

#define PUNCH(sid, attrs) "<punch xmlns='urn:xcat:0' sid='" sid "'" attrs "/>"
	begin();
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(xml, sizeof(xml), "<punch xmlns='urn:xcat:0' sid='"
		    SID "'%s/>", bad[i]);
		ok(strstr(said(&b, HERE, xml), "not-acceptable") != NULL,
		    "refused: %s", xml);
		ok(state_of(&b) == UPGRADE_PUNCH_REST, "nothing begins");
	}
	ok(strstr(said(&a, THERE, PUNCH(SID, " nonce='" NONCE "'")),
	    "not-acceptable") != NULL, "it is the caller that asks");
	ok(strstr(said(&b, HERE, PUNCH("other", " nonce='" NONCE "'")),
	    "service-unavailable") != NULL, "of another stream");
	ok(strstr(said(&b, "c@example.org/z", PUNCH(SID, " nonce='" NONCE
	    "'")), "service-unavailable") != NULL, "from a stranger");
	is_int(a.punches + b.punches, 0, "no candidate has left");
	b.ending = 1;
	ok(strstr(said(&b, HERE, PUNCH(SID, " nonce='" NONCE "'")),
	    "not-acceptable") != NULL, "when the run is about to end");
	end();
}

/* A try in place of another, and a peer whose ports are not ours to know. */
static void
test_other_nonces(void)
{
	begin();
	a.replace = "<punch ";
	a.by = "<punch xmlns='urn:xcat:0' nonce='" NONCE "'>"
	    "<candidate component='1' ip='" LOCAL "' port='1024' priority='1' "
	    "protocol='tcp' tcptype='so' type='host'/></punch>";
	asks(1);
	must(soon(state_of(&a) == UPGRADE_PUNCH_TRYING));
	said(&b, HERE, PUNCH(SID, " nonce='" NONCE "'"));
	ok(state_of(&b) == UPGRADE_PUNCH_GATHERING, "the listener gathers");
	said(&b, HERE, PUNCH(SID, " nonce='" NONCE "'"));
	ok(state_of(&b) == UPGRADE_PUNCH_GATHERING, "once more");
	ok(soon(state_of(&b) == UPGRADE_PUNCH_TRYING), "and tries");
	rests_for(30000, "two different tries");
	ok(!is_up(&a) && !is_up(&b), "do not meet");
	ok(talk(1000), "in-band as before");
	end();
}

static void
test_refusals(void)
{
	begin();
	a.refuse = "<punch ";
	a.condition = "item-not-found";
	asks(1);
	rests_for(30000, "refused");
	wait_ms(pause_left());
	must(soon(a.punches == 2));
	rests_for(60000, "refused again");
	end();

	begin();
	a.refuse = "<punch ";
	a.condition = "service-unavailable";
	asks(1);
	ok(soon(upgrade_punch_due(a.upgrade) == INT64_MAX),
	    "an old xcat: never again");
	wait_ms(40000);
	is_int(a.punches, 1, "indeed");
	end();

	begin();
	stuck_in(&a, UPGRADE_PUNCH_ASKED);
	rests_for(30000, "no answer");
	end();
}

/* The ends have other opinions on punching. */
static void
test_punch_no(void)
{
	char	 err[CONF_ERR];

	begin();
	must(conf_set(&b.conf, "punch", "no", 0, err) == 0);
	asks(1);
	ok(soon(upgrade_punch_due(a.upgrade) == INT64_MAX),
	    "a listener with punch=no is as an old one");
	is_int(b.punches, 0, "it tells nothing");
	end();

	begin();
	must(conf_set(&a.conf, "punch", "no", 0, err) == 0);
	send_bytes(&a, AFTER);
	wait_ms(5000);
	is_int(a.punches, 0, "a caller with punch=no");
	end();
}

static void
pair(int *fds)
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    fds) == 0);
}

/* A direct socket comes from elsewhere while punching is under way. */
static void
test_crossing(enum upgrade_punch_state state)
{
	int	 fds[2];

	begin();
	stuck_in(&a, state);
	pair(fds);
	upgrade_replace(a.upgrade, fds[0], 0);
	upgrade_replace(upgrade_of(&b), fds[1], 1);
	ok(soon(is_up(&a) && is_up(&b)), "crossed in state %d: it stands",
	    (int)state);
	ok(soon(state_of(&a) == UPGRADE_PUNCH_REST &&
	    state_of(&b) == UPGRADE_PUNCH_REST), "no more is tried");
	wait_ms(15000);
	ok(a.upgrade->number == b.upgrade->number && is_up(&a) && is_up(&b),
	    "it stays");
	ok(talk(20000), "all arrives");
	end();
}

/* Either end is freed in each state; nothing of it is left for the loop. */
static void
test_cancel(struct side *s, enum upgrade_punch_state state)
{
	begin();
	stuck_in(s, state);
	upgrade_free(s->upgrade);
	s->upgrade = NULL;
	ok(talk(1000), "%s: freed in state %d", s->jid, (int)state);
	wait_ms(12000);
	ok(!is_up(&a) && !is_up(&b), "no socket comes of it");
	end();
}

/* An end whose login is away, or that is about to end, gives the try up. */
static void
test_not_now(struct side *s, int *why, const char *what)
{
	begin();
	stuck_in(s, UPGRADE_PUNCH_GATHERING);
	*why = 1;
	s->changed = 1;
	ok(soon(state_of(s) == UPGRADE_PUNCH_REST), "%s: given up", what);
	end();
}

/* It broke, so the next try comes at once, and again soon. */
static void
test_lost(void)
{
	int64_t	 began;
	int	 i;

	begin();
	send_bytes(&a, AFTER);
	must(soon(is_up(&a) && is_up(&b)) && talk(1000));
	began = clock_ms();
	a.refuse = "<punch ";
	a.condition = "item-not-found";
	carrier_socket_lost(stream_carrier(a.stream), 1);
	a.changed = 1;
	ok(soon(a.punches == 2), "lost: tried again");
	ok(clock_ms() - began < 15000, "at once");
	rests_for(5000, "soon after that");
	for (i = 0; i < 4; i++) {
		wait_ms(pause_left() + 1);
		must(soon(a.punches == 3 + i));
		rests_for(i < 2 ? 10000 << i : 30000, "and again");
	}
	a.refuse = NULL;
	wait_ms(pause_left());
	ok(soon(is_up(&a) && is_up(&b)), "until there is a way");
	ok(talk(50000), "nothing is lost");
	end();
}

/* One of the ends was away. */
static void
test_anew(void)
{
	begin();
	a.refuse = "<punch ";
	a.condition = "item-not-found";
	asks(1);
	rests_for(30000, "refused");
	a.refuse = NULL;
	ibb_back(a.ibb, 0);
	a.changed = 1;
	ok(soon(a.punches == 2), "back: tried at once");
	ok(soon(is_up(&a) && is_up(&b)), "with a way");
	end();
}

/*
 * Candidates that are not to be connected to
 */

/* A port of this machine that is not the peer's. */
struct trap {
	int		 fd;
	unsigned	 port;
};

static struct trap
set_trap(int family)
{
	struct addr	 at;
	struct trap	 t;

	must(addr_read(&at, family == AF_INET6 ? "::1" : LOCAL, 0) == 0);
	must((t.fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0)) != -1);
	must(bind(t.fd, (struct sockaddr *)&at.ss, at.len) == 0 &&
	    listen(t.fd, 64) == 0);
	at.len = sizeof(at.ss);
	must(getsockname(t.fd, (struct sockaddr *)&at.ss, &at.len) == 0);
	t.port = addr_port((struct sockaddr *)&at.ss);
	return t;
}

/* How often it was connected to. */
static int
caught(struct trap *t)
{
	int	 fd, n = 0;

	for (; (fd = accept(t->fd, NULL, NULL)) != -1; n++)
		close(fd);
	close(t->fd);
	return n;
}

#define CANDIDATE	"<candidate component='%d' ip='%s' port='%u' " \
			"priority='1' protocol='tcp' tcptype='so' " \
			"type='srflx'/>"

/* A <punch/> with n times filler, and then the address with both components;
 * the caller's to free. */
static char *
punch_with(int n, const char *address, unsigned port)
{
	char	*xml = NULL;
	size_t	 len;
	FILE	*fp = open_memstream(&xml, &len);
	int	 i;

	must(fp != NULL);
	fputs("<punch xmlns='urn:xcat:0' sid='" SID "' nonce='" NONCE "'>",
	    fp);
	for (i = 0; i < n; i++)
		fprintf(fp, CANDIDATE, 1 + i % 2, LOCAL, 20000U + (unsigned)i);
	for (i = 1; i <= 2; i++)
		fprintf(fp, CANDIDATE, i, address, port);
	fputs("</punch>", fp);
	must(fclose(fp) == 0);
	return xml;
}

static void
begin_with_policy(const char *policy)
{
	char	 err[CONF_ERR];

	begin();
	must(conf_set(&a.conf, "streamhost-policy", policy, 0, err) == 0);
	must(conf_set(&b.conf, "streamhost-policy", policy, 0, err) == 0);
	must(conf_set(&a.conf, "family", "any", 0, err) == 0);
	must(conf_set(&b.conf, "family", "any", 0, err) == 0);
}

/* Both ends are told of the trap in this way, and try what they were told. */
static int
is_caught(int family, const char *policy, int n, const char *address)
{
	struct trap	 t = set_trap(family);
	char		*xml = punch_with(n, address, t.port);
	int		 count;

	begin_with_policy(policy);
	a.replace = "<punch ";
	a.by = xml;
	asks(1);
	must(soon(state_of(&a) == UPGRADE_PUNCH_TRYING));
	said(&b, HERE, xml);
	must(soon(state_of(&b) == UPGRADE_PUNCH_TRYING));
	must(soon(state_of(&a) == UPGRADE_PUNCH_REST &&
	    state_of(&b) == UPGRADE_PUNCH_REST));
	count = caught(&t);
	ok(talk(1000), "in-band as before");
	free(xml);
	end();
	return count;
}

static void
test_hostile(void)
{
	static const char *const	 mine[] = {
		LOCAL, "127.1.2.3", "0.0.0.0", "::ffff:127.0.0.1", "localhost",
		"127.1", "2130706433"
	};
	size_t				 i;

	ok(is_caught(AF_INET, "any", 0, LOCAL) > 0, "the trap works");
	for (i = 0; i < sizeof(mine) / sizeof(*mine); i++)
		is_int(is_caught(AF_INET, "auto", 0, mine[i]), 0,
		    "a port of ours, %s", mine[i]);
	is_int(is_caught(AF_INET, "public", 0, LOCAL), 0, "public");
	is_int(is_caught(AF_INET, "any", 0, "localhost"), 0, "a name");
	is_int(is_caught(AF_INET6, "auto", 0, "::1"), 0, "of IPv6");
	is_int(is_caught(AF_INET, "any", 1000, LOCAL), 0,
	    "the thousandth candidate");
}

int
main(void)
{
	must(setenv("XCAT_TEST_CLOCK", "50", 1) == 0);
	must((loop = loop_new()) != NULL);
	must((resolver = resolver_new(loop)) != NULL);
	loop_before(loop, exchange, NULL);
	tls = new_context();
	test_through();
	test_answers();
	test_questions();
	test_other_nonces();
	test_refusals();
	test_punch_no();
	test_crossing(UPGRADE_PUNCH_GATHERING);
	test_crossing(UPGRADE_PUNCH_ASKED);
	test_crossing(UPGRADE_PUNCH_TRYING);
	test_cancel(&a, UPGRADE_PUNCH_GATHERING);
	test_cancel(&a, UPGRADE_PUNCH_ASKED);
	test_cancel(&a, UPGRADE_PUNCH_TRYING);
	test_cancel(&b, UPGRADE_PUNCH_GATHERING);
	test_cancel(&b, UPGRADE_PUNCH_TRYING);
	test_not_now(&a, &a.away, "the caller is away");
	test_not_now(&b, &b.away, "the listener is away");
	test_not_now(&a, &a.ending, "the caller ends");
	test_lost();
	test_anew();
	test_hostile();
	SSL_CTX_free(tls);
	resolver_free(resolver);
	loop_free(loop);
	return tap_done();
}
