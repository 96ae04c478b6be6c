/*
 * Unit tests of net/channel/accept: which offers of peers are taken, whose turn
 * it is, how many places there are, and how long a handshake may take.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/s5b.h"
#include "net/channel/accept.h"
#include "net/channel/account.h"
#include "net/channel/admit.h"
#include "net/channel/channel_int.h"
#include "net/channel/place.h"
#include "net/channel/remote_spec.h"
#include "net/channel/service.h"
#include "net/conf/allow.h"
#include "net/io/log.h"
#include "net/login/roster.h"
#include "t/lib/channels.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define ALICE	"alice@a.example/1"
#define ALICE_2	"alice@a.example/2"
#define BOB	"bob@b.example/1"
#define CAROL	"carol@c.example/1"
#define BUSY	"resource-constraint/wait"

static void
begin(enum mode mode, int keep, int tls)
{
	run_begin(mode, tls);
	app.conf.keep = keep;
	app.conf.no_stdin = 1;
}

static void
end(void)
{
	run_end();
	services_free(app.services);
}

/* A peer opens a stream.  How that is answered at once: "result", an error, or
 * "" if it is not. */
static const char *
opens(const char *from, const char *sid)
{
	return ask(&us, from, "set", open_xml(sid, "4096", ""));
}

static const char *
opens_for(const char *from, const char *sid, const char *use)
{
	return ask(&us, from, "set", format("<open" IBB " sid='%s' "
	    "block-size='4096'><plain xmlns='urn:xcat:0' for='%s'/></open>",
	    sid, use));
}

static const char *
opens_service(const char *from, const char *sid, const char *host)
{
	return ask(&us, from, "set", open_xml(sid, "4096",
	    format(" xmlns:t='http://prosody.im/protocol/tcpproxy' "
	    "t:host='%s'", host)));
}

/* The peer closes its stream. */
static void
closes(const char *from, const char *sid)
{
	hear(&us, from, format("<iq type='set' id='c'>%s</iq>",
	    close_xml(sid)));
	run_turn();
	run_turn();
	drop_letters(&us);
}

static struct channel *
channel_of(const char *sid)
{
	struct channel	*ch;

	TAILQ_FOREACH(ch, &app.channels, next)
		if (strcmp(stream_sid(ch->stream), sid) == 0)
			break;
	return ch;
}

static int
turn_of(const char *sid)
{
	const struct channel	*ch = channel_of(sid);

	return ch != NULL ? (int)ch->turn : -1;
}

static int
words_have(const char *want)
{
	return strstr(run_words(), want) != NULL;
}

/*
 * Standard input and output: one place
 */

static void
test_one_place(void)
{
	begin(MODE_LISTEN, 0, 0);
	is(opens(ALICE, "s1"), "result", "the first stream is accepted");
	is_int(turn_of("s1"), CHANNEL_TAKEN, "and has the place");
	is(opens(BOB, "s2"), BUSY, "another one is refused without -k");
	is_int((long long)app.nchannels, 1, "and forgotten");
	is(opens_for(BOB, "s3", "file"), BUSY, "as is a file");
	end();
}

static void
test_line(void)
{
	begin(MODE_LISTEN, 1, 0);
	is(opens(ALICE, "s1"), "result", "with -k the first is accepted");
	is(opens(BOB, "s2"), "", "the second waits");
	is(opens(CAROL, "s3"), "", "and the third");
	is_int(turn_of("s2"), CHANNEL_OFFERED, "unaccepted");
	run_turn();
	ok(words_have(ALICE ": stream to standard input and output"),
	    "that it has opened is said");
	closes(ALICE, "s1");
	ok(words_have(ALICE ": stream to standard input and output ended"),
	    "and that it has ended");
	is_int(turn_of("s1"), -1, "it is gone");
	is_int(turn_of("s2"), CHANNEL_TAKEN, "the longest waiting is next");
	is_int(turn_of("s3"), CHANNEL_OFFERED, "the last waits on");
	closes(BOB, "s2");
	is_int(turn_of("s3"), CHANNEL_TAKEN, "until its turn");
	ok(!app.ending, "the run goes on");
	channels_stop(&app);
	ok(words_have(" s, 0 bytes in, 0 out: this listener was stopped"),
	    "its end is said");
	channels_stop(&app);
	is(run_words(), "", "once");
	end();
}

static void
test_long_line(void)
{
	int	 i;

	begin(MODE_LISTEN, 1, 0);
	opens(ALICE, "s0");
	for (i = 1; i < 16; i++)
		is(opens(i % 2 == 0 ? ALICE : ALICE_2, format("s%d", i)), "",
		    "stream %d of an account", i);
	is(opens(ALICE_2, "s16"), BUSY, "there is no place for more");
	is(opens(BOB, "s17"), "", "but there is for another account");
	app.conf.max_streams = 17;
	is(opens(CAROL, "s18"), BUSY, "up to max-streams");
	end();
}

/*
 * Services
 */

/* A service whose socket is not there: it is looked for when the loop turns. */
static void
begin_service(int keep)
{
	static char	 service[] = "web=/nonexistent/socket";
	char		*args[] = { service }, why[SERVICE_ERR];

	begin(MODE_SERVE, keep, 0);
	must((app.services = services_new(args, 1, 1, why)) != NULL);
}

static void
test_services(void)
{
	begin_service(1);
	app.conf.max_streams_per_peer = 2;
	is(opens_service(ALICE, "s1", "web"), "", "a service is looked for");
	is_int(turn_of("s1"), CHANNEL_TAKEN, "and its place is taken");
	is(opens(ALICE_2, "s2"), "", "the first service needs no name");
	is(opens(ALICE, "s3"), BUSY, "an account has so many places");
	is(opens(BOB, "s4"), "", "others have their own");
	is(opens_service(BOB, "s5", "mail"), "item-not-found/cancel",
	    "a service that is not there");
	ok(words_have(BOB ": no such service: mail"), "which is said");
	is(opens_for(BOB, "s6", "file"), "not-acceptable/cancel",
	    "it takes no files");
	is(opens_for(BOB, "s7", "input"), "not-acceptable/cancel",
	    "nor input for no service");
	run_turn();
	is_int((long long)app.nchannels, 0, "none could be reached");
	ok(words_have("web: No such file"), "which is said");
	ok(strstr(said(&us), "<internal-server-error") != NULL,
	    "and told to the peers");
	ok(!app.ending, "and the run goes on");
	end();
}

static void
test_no_services(void)
{
	begin(MODE_LISTEN, 1, 0);
	is(opens_service(ALICE, "s1", "web"), "item-not-found/cancel",
	    "standard input and output have no name");
	ok(words_have("there are no services here, and so no web"),
	    "which is said");
	end();
}

/*
 * Handshakes
 */

struct caller {
	struct side	 side;
	struct stream	*streams[4];
	size_t		 n;
};

static void
caller_begin(struct caller *c, const char *jid)
{
	memset(c, 0, sizeof(*c));
	side_init(&c->side, jid);
}

static void
caller_end(struct caller *c)
{
	size_t	 i;

	for (i = 0; i < c->n; i++)
		stream_free(c->streams[i]);
	side_free(&c->side);
}

/* The caller opens a stream with a session, which does not get further than the
 * first flight.  Returns its sid. */
static const char *
shakes(struct caller *c)
{
	struct stream_conf	 conf = {
		.block = 4096,
		.deadline = on_deadline,
		.tls = app.e2e,
		.judge = on_judged,
		.iqs = c->side.iqs,
	};
	struct stream		*s;

	s = stream_call(c->side.ibb, US, &conf, on_ignored, NULL);
	must(s != NULL && c->n < N(c->streams));
	c->streams[c->n++] = s;
	deliver(&c->side, &us);
	return stream_sid(s);
}

static void
test_shaking(void)
{
	struct caller	 alice;
	const char	*sid;
	char		*answer;

	begin(MODE_LISTEN, 1, 1);
	caller_begin(&alice, ALICE);
	sid = shakes(&alice);
	is_int(turn_of(sid), CHANNEL_SHAKING, "a session begins");
	answer = next_letter(&us);
	is(opens(BOB, "s2"), "result", "a handshake holds no place");
	is_int(turn_of("s2"), CHANNEL_TAKEN, "so another stream has it");
	hear(&alice.side, US, answer);
	free(answer);
	pump(&us, &alice.side);
	run_turn();
	is_int(turn_of(sid), CHANNEL_IN_LINE, "a session that stands waits");
	ok(!channel_of(sid)->handshake.on, "without a limit");
	closes(BOB, "s2");
	is_int(turn_of(sid), CHANNEL_TAKEN, "for its turn");
	end();
	caller_end(&alice);

	begin(MODE_LISTEN, 1, 1);
	caller_begin(&alice, ALICE);
	sid = shakes(&alice);
	pump(&us, &alice.side);
	run_turn();
	is_int(turn_of(sid), CHANNEL_TAKEN, "a session that is alone does not");
	end();
	caller_end(&alice);
}

static void
test_late(void)
{
	struct caller	 alice;
	const char	*sid;
	struct channel	*ch;

	begin(MODE_LISTEN, 1, 1);
	caller_begin(&alice, ALICE);
	sid = shakes(&alice);
	must((ch = channel_of(sid)) != NULL);
	ok(ch->handshake.at <= clock_ms() + 10000, "it has ten seconds");
	app_set_server(&app, APP_SERVER_AWAY);
	run_fire(&ch->handshake);
	ok(ch->handshake.on, "and more while our server is away");
	app_set_server(&app, APP_SERVER_UP);
	run_fire(&ch->handshake);
	is_int((long long)app.nchannels, 0, "then it is over");
	ok(words_have("its session did not stand in 10 s"), "and says so");
	ok(!app.ending, "the run goes on");
	end();
	caller_end(&alice);
}

/* The accounts that have called, each with the channels that it has. */
static void
test_accounts(void)
{
	struct account	*a;

	begin(MODE_LISTEN, 1, 0);
	app.conf.max_streams = 3;
	is(opens(ALICE, "s1"), "result", "a stream of an account");
	is(opens(ALICE_2, "s2"), "", "a second one");
	is(opens(BOB, "s3"), "", "one of another account");
	is(opens(CAROL, "s4"), BUSY, "three are too many");
	a = account_find(&app, ALICE);
	ok(a != NULL && a == account_find(&app, ALICE_2) &&
	    TAILQ_FIRST(&a->channels) == channel_of("s1") &&
	    TAILQ_NEXT(channel_of("s1"), of_account) == channel_of("s2"),
	    "the first has two channels");
	ok(a == account_first(&app) && account_next(a) ==
	    account_find(&app, BOB) && account_next(account_next(a)) == NULL,
	    "the accounts are two");
	closes(ALICE, "s1");
	ok(account_find(&app, ALICE) == a, "it is known while it has one");
	closes(ALICE_2, "s2");
	ok(account_find(&app, ALICE) == NULL, "and no longer");
	is(opens(CAROL, "s5"), "", "there is a place again");
	end();
}

static void
test_handshakes(void)
{
	struct caller	 alice, bob;
	const char	*first, *second, *third, *his;

	begin(MODE_LISTEN, 1, 1);
	app.conf.max_streams_per_peer = 2;
	caller_begin(&alice, ALICE);
	caller_begin(&bob, BOB);
	first = shakes(&alice);
	his = shakes(&bob);
	second = shakes(&alice);
	is_int((long long)app.nchannels, 3, "three shake hands");
	third = shakes(&alice);
	is_int(turn_of(first), -1, "an account loses its oldest");
	ok(turn_of(his) == CHANNEL_SHAKING &&
	    turn_of(second) == CHANNEL_SHAKING &&
	    turn_of(third) == CHANNEL_SHAKING, "and no other");
	app.conf.max_streams = 3;
	app.conf.max_streams_per_peer = 100;
	shakes(&bob);
	is_int((long long)app.nchannels, 3, "not too many in all");
	is_int(turn_of(second), -1, "it is whoever has most that loses one");
	end();
	caller_end(&alice);
	caller_end(&bob);
}

/*
 * Files
 */

static int	 busy, takes, offers;

static void *
find(struct app *a, const char *peer, const char *sid)
{
	must(a == &app);
	return strcmp(peer, ALICE) == 0 && *sid == 'f' ? &takes : NULL;
}

static int
take(struct channel *ch, void *file)
{
	static const struct channel_file_ops	 ops;

	must(file == &takes);
	if (takes++ > 0)
		return -1;
	channel_attach(ch, &ops, file);
	return 0;
}

static int
offered(struct channel *ch)
{
	must(ch->stream != NULL);
	return offers++ == 0 ? 0 : -1;
}

static int
is_busy(struct app *a)
{
	must(a == &app);
	return busy;
}

static void
on_next(struct app *a)
{
	must(a == &app);
}

static const struct channel_takers takers = {
	.find = find,
	.take = take,
	.offered = offered,
	.busy = is_busy,
	.next = on_next,
};

static void
test_takers(void)
{
	begin(MODE_LISTEN, 1, 0);
	app.takers = &takers;
	takes = offers = 0;
	busy = 1;
	is(opens(ALICE, "f1"), "", "a file that was agreed on");
	ok(takes == 1 && channel_of("f1")->file == &takes, "is attached");
	is_int(turn_of("f1"), CHANNEL_OFFERED, "it waits where one is fetched");
	busy = 0;
	place_next(&app);
	is_int(turn_of("f1"), CHANNEL_TAKEN, "until that is there");
	drop_letters(&us);
	is(opens(ALICE, "f4"), "item-not-found/cancel",
	    "a file that has its stream takes no other");
	is(opens_for(BOB, "f2", "file"), "", "a file by a stream");
	is_int(offers, 1, "is told");
	is(opens_for(CAROL, "f3", "file"), "item-not-found/cancel",
	    "a stream that no file attaches to");
	is_int(turn_of("f3"), -1, "is refused");
	end();
}

/*
 * Sockets
 */

static void
test_socket(void)
{
	struct s5b_offer	 o = { .from = ALICE, .sid = "s", .id = "i" };
	struct elem		*query;

	begin(MODE_LISTEN, 1, 0);
	query = stanza_iq("set", ALICE, "<query xmlns="
	    "'http://jabber.org/protocol/bytestreams' sid='s'/>", 67);
	must(query != NULL);
	o.query = elem_child(query, NULL, "query");
	app.conf.e2e = CONF_E2E_REQUIRE;
	accept_socket_offered(&app, &o);
	ok(strstr(said(&us), "<not-acceptable") != NULL,
	    "a socket alone has no session");
	is_int((long long)app.nchannels, 0, "and no channel");
	elem_free(query);
	end();
}

/* Has the run said this to a peer since the last call? */
static int
answers(const char *what)
{
	const char	*s;
	int		 found = 0;

	while (*(s = said(&us)) != '\0')
		found |= strstr(s, what) != NULL;
	return found;
}

/* A caller offers a socket as soon as its session stands, and the listener has
 * no place for the stream: the offer is refused, too. */
static void
test_socket_too_many(void)
{
	struct caller	 alice;
	struct elem	*offer;
	const char	*sid, *query;
	char		*answer;

	begin(MODE_LISTEN, 1, 1);
	app.conf.max_streams = 1;
	app.conf.carrier = CONF_CARRIER_AUTO;
	caller_begin(&alice, ALICE);
	sid = shakes(&alice);
	answer = next_letter(&us);
	is(opens(BOB, "s2"), "result", "the place is taken meanwhile");
	hear(&alice.side, US, answer);
	free(answer);
	pump(&us, &alice.side);
	query = format("<query xmlns='http://jabber.org/protocol/bytestreams' "
	    "sid='%s'><socket xmlns='urn:xcat:0' number='1'/><streamhost "
	    "jid='" ALICE "' host='127.0.0.1' port='65535'/></query>", sid);
	offer = stanza_iq("set", ALICE, query, strlen(query));
	must(offer != NULL);
	is_int(dispatch_stanza(app.dispatch, offer, 0), 1,
	    "a socket is offered");
	ok(channel_of(sid)->upgrade != NULL, "for a stream that has no place");
	elem_free(offer);
	ok(!answers(" id='i'"), "it is tried");
	run_turn();
	is_int(turn_of(sid), -1, "the stream is refused");
	ok(answers(" id='i'><error type='wait'><resource-constraint"),
	    "and the socket with it");
	end();
	caller_end(&alice);
}

/*
 * Ports for callers
 */

static void
test_remote(void)
{
	struct conf_item	 item = { .value = strdup("8080") };
	struct conf_list	 l = STAILQ_HEAD_INITIALIZER(l);
	char			 err[REMOTE_ERR];

	begin(MODE_SERVE, 1, 0);
	is(opens_for(ALICE, "s1", "remote"), "not-acceptable/cancel",
	    "ports, of a listener that opens none");
	ok(words_have("-o remote"), "which says so");
	STAILQ_INSERT_TAIL(&l, &item, next);
	app.remote = remote_allowed_new(&l, err);
	is(opens_for(ALICE, "s2", "remote"), "not-acceptable/cancel",
	    "without a session");
	ok(words_have("end-to-end"), "which says so");
	is(opens_for(ALICE, "s3", "connection"), "not-acceptable/cancel",
	    "a connection, of a listener");
	is_int((long long)app.nchannels, 0, "nothing is left of these");
	remote_allowed_free(app.remote);
	app.remote = NULL;
	end();
	free(item.value);
}

/*
 * Admission
 */

static void
test_admit(void)
{
	int	 i;

	begin(MODE_LISTEN, 1, 0);
	ok(admit_knows(&app, ALICE) && admit_opens(&app, ALICE), "-a '*'");
	admit_say_refused(&app, ALICE, "why");
	ok(words_have("refused a stream from " ALICE ": why"), "said");
	admit_say_refused(&app, ALICE_2, "why");
	is(run_words(), "", "once for an account");
	for (i = 0; i < ADMIT_TOLD; i++)
		admit_say_refused(&app, format("u%d@x.example/1", i), "why");
	run_words();
	admit_say_refused(&app, ALICE, "why");
	ok(words_have(ALICE), "and again when others came between");
	timer_set(app.loop, &app.lingering, clock_ms() + 10000);
	ok(admit_knows(&app, ALICE) && !admit_opens(&app, ALICE),
	    "no streams behind the last one");
	timer_clear(app.loop, &app.lingering);
	app.ending = 1;
	ok(!admit_knows(&app, ALICE), "nothing at the end");
	app.ending = 0;
	end();
}

/* SIGHUP: the roster is asked for again, if it ever was. */
static void
test_reloaded(void)
{
	static char		 word[] = "@roster";
	struct conf_item	 item = { .value = word };
	struct conf_list	 list = STAILQ_HEAD_INITIALIZER(list);
	struct allow		*allow;
	char			 why[ALLOW_ERR];

	STAILQ_INSERT_TAIL(&list, &item, next);
	begin(MODE_LISTEN, 1, 0);
	must((allow = allow_new(&list, NULL, why)) != NULL);
	allow_renew(app.allow, allow);
	must((app.roster = roster_new(app.iqs)) != NULL);
	app.ibb = NULL;
	accept_reloaded(&app);
	is(said(&us), "", "during the first login nothing is asked");
	app.ibb = us.ibb;
	accept_reloaded(&app);
	ok(strstr(said(&us), "jabber:iq:roster") != NULL,
	    "later the roster is");
	ok(!app.ending, "and the run goes on");
	roster_free(app.roster);
	end();
}

int
main(void)
{
	test_one_place();
	test_line();
	test_long_line();
	test_services();
	test_no_services();
	test_shaking();
	test_late();
	test_accounts();
	test_handshakes();
	test_takers();
	test_remote();
	test_socket();
	test_socket_too_many();
	test_admit();
	test_reloaded();
	return tap_done();
}
