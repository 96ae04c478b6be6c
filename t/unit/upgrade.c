/*
 * Unit tests of net/s5b/upgrade: two ends of a stream in one loop, each with a
 * table of iqs and its streamhosts.  Their servers are queues, which may lose
 * or refuse what goes through them; the sockets are real ones on the loopback,
 * and so is the proxy, which may relay in one direction only.
 *
 * The clock is up to ten times as fast, and retries are forced once their time
 * has been looked at.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier_int.h"
#include "ibb/dispatch.h"
#include "ibb/inband.h"
#include "ibb/s5b.h"
#include "ibb/stream.h"
#include "net/conf/conf.h"
#include "net/dial/resolve.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "net/s5b/s5b_listen.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "net/s5b/upgrade_int.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "t/lib/tls_context.h"
#include "t/lib/two_ends.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"
#include "xml/stanza.h"

#define PROXY	"proxy.example"
/* What a listener does with the offer of a stream over a socket alone. */
enum reception { ACCEPT, HOLD, REFUSE };

/* What there is besides, of one side. */
static struct extra {
	enum reception		 reception;
	int			 deaf;		/* none of its hosts answers */
	int			 closed;
	const char		*lose;		/* stanzas with this in them
						 * are lost, */
	const char		*refuse;	/* with this in them refused */
	const char		*dies;		/* as it sends this, it dies, */
	int			 dying;		/* once it is looked at next */
	char			 offer[8192];	/* of ours, as it last went */
	int			 offers;
} xa, xb;

static int		 hidden;	/* no address is offered */
static int			 old;	/* versions are not read */

static void	 proxy_take(struct side *s, const struct elem *e);

static struct extra *
extra(const struct side *s)
{
	return s == &a ? &xa : &xb;
}

/*
 * Stanzas
 */

/* What is offered can no longer be reached. */
static void
close_ports(struct upgrade *u)
{
	s5b_wait_cancel(u->negotiation->wait);
	u->negotiation->wait = NULL;
}

static void
on_sent(struct side *s, char *xml)
{
	struct extra	*x = extra(s);
	char		*v;

	if (x->dies != NULL && strstr(xml, x->dies) != NULL)
		x->dying = 1;
	if (old && (v = strstr(xml, " version='2'")) != NULL)
		memset(v, ' ', strlen(" version='2'"));
	if (strstr(xml, "<streamhost ") != NULL) {
		strlcpy(x->offer, xml, sizeof(x->offer));
		x->offers++;
		if (x->deaf)
			close_ports(s->upgrade);
	}
}

/* s hears this from there. */
static int
hear(struct side *s, const char *from, const char *xml)
{
	struct elem	*e = stanza_from(s->in, from, xml);
	int		 taken = ends_dispatch(s, e);

	elem_free(e);
	return taken;
}

static void
answer(struct side *s, const struct elem *e, const char *type, const char *in)
{
	char	 xml[1024];

	snprintf(xml, sizeof(xml), "<iq type='%s' id='%s'>%s</iq>", type,
	    elem_attr(e, "id"), in);
	hear(s, elem_attr(e, "to"), xml);
}

#define ERROR	"<error type='cancel'><item-not-found xmlns='urn:ietf:params:" \
		"xml:ns:xmpp-stanzas'/></error>"

static void
route(struct side *s, const char *xml)
{
	/* Its sender is written into it anew where it arrives. */
	struct elem	*e = stanza_from(s->peer->in, s->jid, xml);
	const char	*to = elem_attr(e, "to");

	if (extra(s)->lose != NULL && strstr(xml, extra(s)->lose) != NULL)
		;
	else if (to != NULL && strcmp(to, s->peer->jid) == 0 &&
	    (extra(s)->refuse == NULL || strstr(xml, extra(s)->refuse) == NULL))
		ends_dispatch(s->peer, e);
	else if (is_answer(e))
		;
	else if (to != NULL && strcmp(to, PROXY) == 0 &&
	    (extra(s)->refuse == NULL || strstr(xml, extra(s)->refuse) == NULL))
		proxy_take(s, e);
	else
		answer(s, e, "error", ERROR);
	elem_free(e);
}

/*
 * A proxy (XEP-0065 section 6), for the stream of a to b
 */

static struct {
	struct s5b_listen	*listen;
	struct s5b_wait		*wait[2];	/* the target comes first */
	int			 fd[2];
	struct watch		 watch[2];
	int			 active, one_way;
} proxy;

static void
proxy_close(void)
{
	int	 i;

	for (i = 0; i < 2; i++) {
		s5b_wait_cancel(proxy.wait[i]);
		proxy.wait[i] = NULL;
		if (proxy.fd[i] == -1)
			continue;
		loop_unwatch(loop, &proxy.watch[i]);
		close(proxy.fd[i]);
		proxy.fd[i] = -1;
	}
	proxy.active = 0;
}

static int
proxy_want(void *arg)
{
	const int	*fd = arg;

	return !proxy.active || (proxy.one_way && fd == &proxy.fd[0]) ? 0 : 1;
}

static void
proxy_relay(void *arg, int revents)
{
	const int	*fd = arg;
	char		 buf[65536];
	ssize_t		 n = read(*fd, buf, sizeof(buf));

	(void)revents;
	if (n <= 0)
		proxy_close();
	else
		must(write(proxy.fd[fd == &proxy.fd[0]], buf, (size_t)n) == n);
}

static void
proxy_joined(void *arg, int fd)
{
	int	 i = (int)((int *)arg - proxy.fd);

	proxy.fd[i] = fd;
	proxy.watch[i] = (struct watch){ .fd = fd, .want = proxy_want,
	    .ready = proxy_relay, .arg = &proxy.fd[i] };
	loop_watch(loop, &proxy.watch[i]);
}

/* Wait for both ends, anew. */
static void
proxy_open(void)
{
	char	 hash[S5B_HASH];
	int	 i;

	proxy_close();
	s5b_hash(SID, HERE, THERE, hash);
	for (i = 0; i < 2; i++)
		must((proxy.wait[i] = s5b_listen_wait(proxy.listen, hash,
		    proxy_joined, &proxy.fd[i])) != NULL);
}

static void
proxy_take(struct side *s, const struct elem *e)
{
	const struct elem	*query = elem_child(e, NS_BYTESTREAMS, "query");
	char			 in[256];

	if (elem_child(query, NS_BYTESTREAMS, "activate") != NULL) {
		must(proxy.fd[0] != -1 && proxy.fd[1] != -1);
		proxy.active = 1;
		answer(s, e, "result", "");
		return;
	}
	snprintf(in, sizeof(in), "<query xmlns='" NS_BYTESTREAMS "'>"
	    "<streamhost jid='" PROXY "' host='127.0.0.1' port='%u'/></query>",
	    s5b_listen_port(proxy.listen, AF_INET));
	answer(s, e, "result", in);
}

/*
 * What a side is asked and told
 */

static int
on_opens(void *arg, const char *peer)
{
	const struct side	*s = arg;

	return s == &b && !extra(s)->closed && strcmp(peer, HERE) == 0;
}

static void
on_offered(void *arg, struct s5b_offer *o)
{
	struct side		*s = arg;
	struct stream_conf	 sc = ends_stream_conf(s);

	s->stream = stream_alone(o->from, o->sid, 0, &sc, on_changed, s);
	must(s->stream != NULL && upgrade_take(upgrade_of(s), o) == 0);
	if (extra(s)->reception == REFUSE) {
		upgrade_refuse(s->upgrade, SE_NOT_ACCEPTABLE, NULL);
	} else if (extra(s)->reception == ACCEPT) {
		must(stream_accept(s->stream) == 0);
		upgrade_accept(s->upgrade);
	}
}

/*
 * The loop
 */

/*
 * Both sides
 */

static void
configure(struct side *s)
{
	char	 err[CONF_ERR];

	if (!hidden)
		return;
	must(conf_set(&s->conf, "streamhost", "none", 0, err) == 0);
	must(conf_set(&s->conf, "s5b-proxy", PROXY, 0, err) == 0);
}

static void
begin(int hide)
{
	hidden = hide;
	memset(&xa, 0, sizeof(xa));
	memset(&xb, 0, sizeof(xb));
	ends_begin();
	proxy.one_way = 0;
	proxy_open();
}

static void
end(void)
{
	ends_end();
	proxy_close();
}

/* A stream in-band, whose session stands. */
static void
begin_inband(int hide)
{
	begin(hide);
	ends_call();
}

/* A stream over a socket alone, of which nothing is known there. */
static void
call_alone(void)
{
	struct stream_conf	 sc = ends_stream_conf(&a);

	sc.tls = NULL;
	must((a.stream = stream_alone(THERE, SID, 1, &sc, on_changed,
	    &a)) != NULL);
	upgrade_call(upgrade_of(&a));
}

static void
begin_alone(void)
{
	begin(0);
	call_alone();
}

static int
is_up(const struct side *s)
{
	return s->upgrade != NULL && s->upgrade->state == UPGRADE_UP;
}

static int
rests(const struct side *s)
{
	return s->upgrade == NULL || s->upgrade->state == UPGRADE_REST;
}

/* How far off is the next try? */
static int64_t
next_try(const struct side *s)
{
	return s->upgrade->not_before - clock_ms();
}

static void
is_about(int64_t got, int64_t want, const char *what)
{
	ok(got > want - 1000 && got <= want, "%s: in %lld ms, %lld expected",
	    what, (long long)got, (long long)want);
}

static void
try_now(struct side *s)
{
	s->upgrade->not_before = clock_ms();
	s->changed = 1;
}

static int
in_socket(void)
{
	return soon(carrier_way(stream_carrier(a.stream)) == CARRIER_SOCKET &&
	    carrier_way(stream_carrier(b.stream)) == CARRIER_SOCKET);
}

/* A side that dies gives its socket back to the system, and says nothing. */
static void
bury(struct side *s)
{
	if (!extra(s)->dying)
		return;
	upgrade_free(s->upgrade);
	s->upgrade = NULL;
	stream_free(s->stream);
	s->stream = NULL;
}

/* For loop_before(). */
static void
exchange(void *unused)
{
	bury(&a);
	bury(&b);
	ends_exchange(unused);
	bury(&a);
	bury(&b);
}

static int
in_blocks(void)
{
	return soon(carrier_way(stream_carrier(a.stream)) == CARRIER_INBAND &&
	    carrier_way(stream_carrier(b.stream)) == CARRIER_INBAND);
}

/*
 * States
 */

static const char *const state_names[] = {
	"rest", "searching", "offered", "reaching", "activating", "asked",
	"trying", "up"
};

/* Each line: from this state; a + for each of the others that can follow. */
static void
test_moves(void)
{
	static const char *const moves[] = {
		"-+---+++", "+-+---+-", "+--+--++", "+---+---",
		"+------+", "+-----++", "+------+", "+-------"
	};
	struct upgrade		*u;
	enum upgrade_state	 from, to, want;

	begin_inband(0);
	u = upgrade_of(&a);
	log_set_level(LOG_FAULT - 1);
	for (from = UPGRADE_REST; from <= UPGRADE_UP; from++)
		for (to = UPGRADE_REST; to <= UPGRADE_UP; to++) {
			u->state = from;
			upgrade_set_state(u, to);
			want = moves[from][to] == '+' ? to : from;
			is_int(u->state, want, "%s -> %s", state_names[from],
			    state_names[to]);
		}
	log_set_level(LOG_EVENT);
	u->state = UPGRADE_REST;
	end();
}

/*
 * A socket alone
 */

/* How many sockets does the system look after? */
static int
kept_alive(void)
{
	int		 fd, on, n = 0;
	socklen_t	 len;

	for (fd = 3; fd < 100; fd++) {
		len = sizeof(on);
		n += getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &len) == 0 &&
		    on != 0;
	}
	return n;
}

static void
test_alone(void)
{
	begin_alone();
	xb.reception = HOLD;
	ok(soon(upgrade_offered(b.upgrade)), "alone: it is offered");
	ok(strstr(xa.offer, "<socket ") == NULL, "as plain programs offer");
	is_int(stream_state(b.stream), STREAM_OFFERED, "nothing is done yet");
	must(stream_accept(b.stream) == 0);
	upgrade_accept(b.upgrade);
	ok(!upgrade_offered(b.upgrade), "accepted");
	ok(soon(is_up(&a) && is_up(&b)), "it stands");
	ok(soon(stream_state(a.stream) == STREAM_OPEN), "and so do streams");
	ok(talk(50000), "bytes both ways");
	is_int(kept_alive(), 2, "a peer that vanishes will be noticed");
	stream_finish(a.stream);
	stream_close_at_end(a.stream);
	a.changed = b.changed = 1;
	ok(soon(stream_state(a.stream) == STREAM_CLOSED &&
	    stream_state(b.stream) == STREAM_CLOSED), "both end");
	ok(stream_eof(a.stream) && stream_eof(b.stream), "properly");
	end();
}

/* The one end goes away without a word. */
static void
test_alone_reset(void)
{
	begin_alone();
	ok(soon(is_up(&a) && is_up(&b)), "alone: it stands");
	send_bytes(&b, 1000);
	ok(soon(a.got == 1000), "and carries");
	upgrade_free(a.upgrade);
	a.upgrade = NULL;
	ok(soon(stream_state(b.stream) == STREAM_FAILED),
	    "without its end the other one fails");
	is_int(stream_fault(b.stream), STREAM_BROKEN, "broken");
	end();
}

static void
failed_with(const char *why)
{
	ok(soon(stream_state(a.stream) == STREAM_FAILED), "it fails");
	ok(strstr(stream_why(a.stream), why) != NULL, "%s: %s", why,
	    stream_why(a.stream));
	ok(rests(&a), "nothing goes on");
}

static void
test_alone_refused(void)
{
	begin_alone();
	xb.reception = REFUSE;
	failed_with("it does not want the stream");
	end();
	begin_alone();
	xb.closed = 1;
	failed_with("nobody there takes sockets");
	ok(b.upgrade == NULL, "what is nothing to it");
	end();
	begin(0);
	xa.deaf = 1;
	call_alone();
	failed_with("no socket between us");
	ok(strstr(stream_why(b.stream), "none of the hosts that it offers "
	    "can be reached") != NULL, "the other end knows why");
	end();
	begin_alone();
	xb.reception = HOLD;
	must(soon(upgrade_offered(b.upgrade)));
	upgrade_free(b.upgrade);
	b.upgrade = NULL;
	failed_with("it does not want the stream");
	end();
}

static void
test_alone_unanswered(void)
{
	begin_alone();
	xa.lose = "<streamhost ";
	failed_with("no socket between us");
	end();
}

/* The answer is a lie: it names us, and there is no connection. */
static void
test_false_answer(void)
{
	char	 in[256];
	char	*id;

	begin_alone();
	xa.lose = "<streamhost ";
	must(soon(xa.offers == 1));
	must((id = strstr(xa.offer, " id='")) != NULL);
	snprintf(in, sizeof(in), "<iq type='result'%.*s'><query xmlns='"
	    NS_BYTESTREAMS "'><streamhost-used jid='" HERE "'/></query></iq>",
	    (int)strcspn(id + 5, "'") + 5, id);
	ok(hear(&a, THERE, in), "an answer");
	failed_with("it says that it is connected, but it is not");
	end();
}

/*
 * Beside an in-band stream
 */

static void
test_inband(void)
{
	int64_t	 began;

	begin_inband(0);
	began = clock_ms();
	ok(talk(1000), "in-band: bytes both ways");
	ok(soon(is_up(&a) && is_up(&b)), "a socket");
	ok(clock_ms() - began > 2500, "not before the stream was old enough");
	ok(strstr(xa.offer, "<socket xmlns='urn:xcat:0' number='1' "
	    "version='2'/>") != NULL, "offered by its number and version");
	is_int(xa.offers, 1, "once");
	is_int(xb.offers, 0, "by the caller");
	ok(in_socket(), "it carries what comes next");
	ok(talk(50000), "both ways");
	end();
}

static void
test_busy(void)
{
	int64_t	 began;

	begin_inband(0);
	began = clock_ms();
	send_bytes(&a, AFTER);
	ok(soon(is_up(&a) && is_up(&b)), "busy: a socket");
	ok(clock_ms() - began < 2500, "at once");
	ok(talk(1000), "nothing is lost");
	end();
}

/* The peer says that it has given the socket up, and the socket ends, before we
 * look: it is lost, whichever of the two we take notice of. */
static void
test_lost_twice(void)
{
	begin_inband(0);
	send_bytes(&a, AFTER);
	must(soon(is_up(&a) && is_up(&b)) && in_socket());
	a.blind = 1;
	carrier_socket_lost(stream_carrier(b.stream), 1);
	b.changed = 1;
	wait_ms(500);
	ok(is_up(&a), "lost: it has not looked");
	a.blind = 0;
	a.changed = 1;
	ok(soon(rests(&a)), "then it sees that the socket is gone");
	is_about(next_try(&a), 1000, "and will try again");
	ok(soon(is_up(&a) && is_up(&b)), "another socket");
	ok(in_socket() && talk(1000), "carries what was lost");
	end();
}

/* A caller that is hung up on, as ssh(1) does it, dies behind its <close/>.
 * What it had to confirm in the socket never leaves, but its receipt says as
 * much. */
static void
test_dies_after_close(void)
{
	begin_inband(0);
	send_bytes(&a, AFTER);
	must(in_socket() && talk(1000));
	xa.dies = "<close ";
	stream_finish(a.stream);
	must(soon(stream_heard_end(b.stream) &&
	    carrier_idle(stream_carrier(a.stream))));
	send_bytes(&b, 1000);
	stream_finish(b.stream);
	ok(soon(xa.dying), "the caller closes, and dies");
	ok(soon(stream_state(b.stream) == STREAM_CLOSED),
	    "its receipt is enough for the listener to end as well");
	is_int((long)stream_confirmed(b.stream), (long)b.sent,
	    "knowing that all has arrived");
	end();
}

static void
test_not_now(void)
{
	begin_inband(0);
	a.ending = 1;
	send_bytes(&a, AFTER);
	wait_ms(4000);
	is_int(xa.offers, 0, "ending: nothing is begun");
	a.ending = 0;
	a.away = 1;
	a.changed = 1;
	wait_ms(1000);
	is_int(xa.offers, 0, "away: nothing is begun");
	a.away = 0;
	a.changed = 1;
	ok(soon(is_up(&a) && is_up(&b)), "back: a socket");
	end();
}

/* None of the hosts can be reached: wait a minute, then two; what the listener
 * has to offer may do better, once. */
static void
test_retries(void)
{
	begin_inband(0);
	xa.deaf = 1;
	send_bytes(&a, AFTER);
	ok(soon(xa.offers == 1 && rests(&a) && rests(&b)), "none is reached");
	is_about(next_try(&a), 60000, "the caller's next try");
	is_about(next_try(&b), 1000, "the listener's");
	xb.refuse = "<streamhost ";
	ok(soon(xb.offers == 1 && rests(&b)), "the listener offers");
	is_about(next_try(&b), 120000, "it has failed twice");
	xb.refuse = NULL;
	try_now(&a);
	ok(soon(xa.offers == 2 && rests(&a)), "none is reached again");
	is_about(next_try(&a), 120000, "the caller waits twice as long");
	for (a.upgrade->delay = 500 * 1000; xa.offers < 5;) {
		try_now(&a);
		must(soon(rests(&a) && next_try(&a) > 0));
	}
	is_about(next_try(&a), 600000, "and never more than ten minutes");
	xa.deaf = 0;
	try_now(&a);
	ok(soon(is_up(&a) && is_up(&b)), "reached, it stands");
	ok(in_socket() && talk(1000), "and carries");
	end();
}

/* The offer is lost with a connection to a server. */
static void
test_away(void)
{
	begin_inband(0);
	xa.lose = "<streamhost ";
	send_bytes(&a, AFTER);
	ok(soon(xa.offers == 1), "an offer goes");
	is_int(a.upgrade->state, UPGRADE_OFFERED, "and is lost");
	ibb_back(a.ibb, 0);
	xa.lose = NULL;
	ok(soon(rests(&a)), "back: it is withdrawn");
	is_about(next_try(&a), 1000, "and made again");
	ok(soon(is_up(&a) && is_up(&b)), "a socket");
	ok(strstr(xa.offer, "number='2'") != NULL, "the second one");
	ok(in_socket() && talk(1000), "it carries");
	end();
}

/* Nothing is said to an offer at all. */
static void
test_silence(void)
{
	begin_inband(0);
	xa.lose = "<streamhost ";
	send_bytes(&a, AFTER);
	ok(soon(xa.offers == 1 && rests(&a)), "no answer in time");
	is_about(next_try(&a), 60000, "the next try");
	xa.lose = NULL;
	try_now(&a);
	ok(soon(is_up(&a) && is_up(&b)), "then it stands");
	ok(strstr(xa.offer, "number='2'") != NULL, "the second one");
	end();
}

/*
 * Proxies
 */

static void
test_proxy(void)
{
	begin_inband(1);
	send_bytes(&a, AFTER);
	ok(soon(is_up(&a) && is_up(&b)), "proxy: a socket");
	ok(proxy.active, "through the proxy");
	ok(strstr(xa.offer, HERE "' host") == NULL, "no address is shown");
	ok(in_socket() && talk(20000), "it carries");
	proxy_open();
	ok(in_blocks() && talk(1000), "it breaks: in-band, nothing is lost");
	ok(rests(&a), "the caller rests");
	is_about(next_try(&a), 1000, "for a second");
	ok(b.upgrade->not_before == INT64_MAX, "the listener waits for it");
	ok(soon(is_up(&a) && is_up(&b)), "another socket");
	ok(in_socket() && talk(1000), "it carries");
	proxy_open();
	ok(in_blocks() && rests(&a), "it breaks at once");
	is_about(next_try(&a), 2000, "which is worth less of a hurry");
	try_now(&a);
	ok(soon(is_up(&a) && is_up(&b)), "a third socket");
	a.upgrade->stands_since -= 30000;
	proxy_open();
	ok(in_blocks() && rests(&a), "it breaks after half a minute");
	is_about(next_try(&a), 1000, "little went through, but it was good");
	end();
}

static void
test_proxy_does_not_activate(void)
{
	begin_inband(1);
	xa.refuse = "<activate";
	send_bytes(&a, AFTER);
	ok(soon(xa.offers == 1 && rests(&a)), "activation is refused");
	ok(soon(rests(&b)), "which the peer hears");
	is_about(next_try(&a), 60000, "the next try");
	ok(in_blocks() && talk(1000), "in-band as before");
	xa.refuse = NULL;
	proxy_open();
	try_now(&a);
	ok(soon(is_up(&a) && is_up(&b)), "then it stands");
	ok(in_socket() && talk(1000), "it carries");
	end();
}

/* What the target sends does not come, so that the two do not hear each other
 * through the proxy. */
static void
test_one_way(void)
{
	int64_t	 began;

	begin_inband(1);
	proxy.one_way = 1;
	send_bytes(&a, AFTER);
	ok(soon(is_up(&a) && is_up(&b)), "one way: there is a socket");
	began = clock_ms();
	ok(talk(1000), "bytes go both ways");
	ok(in_blocks(), "as before");
	ok(soon(rests(&a) && rests(&b)), "the socket is left");
	ok(clock_ms() - began > 15000 && clock_ms() - began < 30000,
	    "after 15 s");
	/* The end that gives the socket up first knows why. */
	ok(a.upgrade->hosts == UPGRADE_DIRECT ||
	    b.upgrade->hosts == UPGRADE_DIRECT, "no more proxies");
	ok(talk(1000), "in-band all goes on");
	end();
}

/* A peer of old knows no frames: bytes go bare, and what is said of them
 * in-band. */
static void
test_old_peer(void)
{
	begin_inband(1);
	old = 1;
	send_bytes(&a, AFTER);
	ok(soon(is_up(&a) && is_up(&b)) && in_socket(), "old: a socket");
	ok(stream_carrier(a.stream)->version == CARRIER_BARE &&
	    stream_carrier(b.stream)->version == CARRIER_BARE,
	    "without frames");
	ok(talk(100000) && soon(stream_confirmed(a.stream) == a.sent &&
	    stream_confirmed(b.stream) == b.sent), "it carries");
	proxy_open();
	ok(in_blocks() && talk(1000), "it breaks: nothing is lost");
	end();
	old = 0;
}

/* The same through a proxy that relays in one direction: what the target sends
 * does not come, so it must not take the proxy again. */
static void
test_old_one_way(void)
{
	int64_t	 began;

	begin_inband(1);
	old = 1;
	proxy.one_way = 1;
	send_bytes(&a, AFTER);
	ok(soon(is_up(&a) && is_up(&b)), "old, one way: it seems to stand");
	began = clock_ms();
	send_bytes(&a, 1000);
	send_bytes(&b, 1000);
	ok(soon(b.got == a.sent), "bytes of the requester come");
	is_int((long)a.got, 0, "those of the target do not");
	ok(in_blocks() && soon(a.got == b.sent), "in-band they do");
	ok(clock_ms() - began > 15000 && clock_ms() - began < 30000,
	    "after 15 s without a report");
	is_int(b.upgrade->hosts, UPGRADE_DIRECT, "no more proxies");
	ok(soon(xa.offers == 2), "the caller tries again");
	ok(soon(rests(&a) && rests(&b)), "in vain");
	is_about(next_try(&a), 60000, "and waits");
	ok(talk(1000) && !a.wrong, "in-band all goes on");
	end();
	old = 0;
}

/* A direct way takes the place of a proxy, while bytes go both ways. */
static void
test_better(int lag)
{
	int64_t	 began;
	int	 fds[2], i;

	begin_inband(1);
	send_bytes(&a, AFTER);
	must(soon(is_up(&a) && is_up(&b)) && in_socket());
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    fds) == 0);
	for (i = 0; i < 20; i++) {
		send_bytes(&a, 5000);
		send_bytes(&b, 5000);
		if (i == 5 + lag)
			upgrade_replace(a.upgrade, fds[0], 0);
		if (i == 5 - lag)
			upgrade_replace(b.upgrade, fds[1], 1);
	}
	began = clock_ms();
	ok(soon(a.upgrade->number == 2 && b.upgrade->number == 2 &&
	    is_up(&a) && is_up(&b)) && in_socket(), "better: it stands");
	ok(clock_ms() - began < 500, "without a pause");
	ok(talk(50000), "nothing is lost");
	ok(proxy.fd[0] == -1, "the proxy is left");
	ok(in_socket() && is_up(&a) && is_up(&b), "for good");
	end();
}

/* There is no socket yet, and then the peer turns out not to have its end. */
static void
test_better_alone(void)
{
	int	 fds[2];

	begin_inband(0);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    fds) == 0);
	upgrade_replace(a.upgrade, fds[0], 0);
	upgrade_replace(upgrade_of(&b), fds[1], 1);
	ok(soon(is_up(&a) && is_up(&b)) && in_socket(), "better than none");
	ok(talk(1000), "it carries");
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    fds) == 0);
	upgrade_replace(a.upgrade, fds[0], 0);
	send_bytes(&a, 5000);
	ok(soon(a.upgrade->number == 2), "the next one, of which the peer has "
	    "not heard");
	ok(soon(b.got == a.sent), "in-band meanwhile");
	close(fds[1]);
	ok(soon(rests(&a) && rests(&b)), "it is no good");
	ok(talk(1000), "nothing is lost");
	ok(soon(is_up(&a) && is_up(&b)), "then a socket as usual");
	ok(strstr(xa.offer, "number='3'") != NULL, "the third one");
	ok(in_socket() && talk(1000), "which carries");
	end();
}

/*
 * What peers offer
 */

static const char *
offer_of(const char *sid, const char *inside)
{
	static char	 xml[512];
	static int	 n;

	snprintf(xml, sizeof(xml), "<iq type='set' id='q%d'><query xmlns='"
	    NS_BYTESTREAMS "' sid='%s'>%s<streamhost jid='x' host='127.0.0.1' "
	    "port='9'/></query></iq>", ++n, sid, inside);
	return xml;
}

/* What s answers to this; "" if it is for others to answer. */
static const char *
said(struct side *s, const char *from, const char *xml)
{
	static char	 answer[1024];
	struct letter	*l;
	struct elem	*e;
	int		 taken;

	while (ends_deliver(&a) || ends_deliver(&b))
		;
	e = stanza_from(s->in, from, xml);
	taken = dispatch_stanza(s->dispatch, e, 0);
	elem_free(e);
	l = __extension__ STAILQ_LAST(&s->out, letter, next);
	if (!taken || l == NULL)
		return "";
	strlcpy(answer, l->xml, sizeof(answer));
	return answer;
}

#define SOCKET(n)	"<socket xmlns='urn:xcat:0' number='" n "'/>"
#define CONTROL		"<iq type='set' id='c'><socket xmlns='urn:xcat:0' " \
			"sid='%s' number='1' state='open' received='0' " \
			"consumed='0'/></iq>"

static void
refuses(struct side *s, const char *xml, const char *error)
{
	const char	*answer = said(s, s->peer->jid, xml);

	ok(strstr(answer, error) != NULL, "%s: %s", error, answer);
}

static void
test_offers(void)
{
	begin_inband(0);
	refuses(&b, offer_of(SID, ""), "not-acceptable");
	refuses(&b, offer_of(SID, SOCKET("2")), "not-acceptable");
	refuses(&b, offer_of(SID, SOCKET("1x")), "not-acceptable");
	refuses(&b, offer_of("other", SOCKET("1")), "item-not-found");
	refuses(&b, "<iq type='set' id='z'><query xmlns='" NS_BYTESTREAMS
	    "' sid='" SID "'/></iq>", "bad-request");
	is(said(&b, "c@example.org/z", offer_of(SID, SOCKET("1"))), "",
	    "strangers hear nothing");
	is(said(&a, "c@example.org/z", offer_of(SID, SOCKET("1"))), "",
	    "of the caller, too");
	is(said(&a, THERE, offer_of("other", "")), "",
	    "a caller takes no streams");
	is_int(b.made, 1, "one upgrade for the stream");
	ok(rests(&b), "at rest");
	is_int(xb.offers, 0, "which offers nothing");
	wait_ms(4000);
	is_int(xb.offers, 0, "of itself");
	end();
}

/* Offers that cross: the caller's counts. */
static void
test_crossing(void)
{
	begin_inband(0);
	xa.lose = xb.lose = "<streamhost ";
	send_bytes(&a, AFTER);
	must(soon(xa.offers == 1));
	is_int(a.upgrade->state, UPGRADE_OFFERED, "the caller has offered");
	refuses(&a, offer_of(SID, SOCKET("1")), "not-acceptable");
	is_int(a.upgrade->state, UPGRADE_OFFERED, "it stays with that");
	upgrade_call(upgrade_of(&b));
	ok(soon(b.upgrade->state == UPGRADE_OFFERED),
	    "the listener offers, too");
	is(said(&b, HERE, offer_of(SID, SOCKET("1"))), xa.offer + strlen(
	    xa.offer), "and takes what the caller offers");
	is_int(b.upgrade->state, UPGRADE_TRYING, "in place of its own");
	end();
}

static void
test_controls(void)
{
	char	 xml[256];

	begin_alone();
	must(soon(is_up(&a) && is_up(&b)));
	snprintf(xml, sizeof(xml), CONTROL, SID);
	refuses(&b, xml, "item-not-found");
	snprintf(xml, sizeof(xml), CONTROL, "other");
	is(said(&b, HERE, xml), "", "of no stream: for others to answer");
	end();
}

static void
test_in_band_only(void)
{
	char	 err[CONF_ERR];

	begin_inband(0);
	must(conf_set(&a.conf, "carrier", "ibb", 0, err) == 0);
	must(conf_set(&b.conf, "carrier", "ibb", 0, err) == 0);
	send_bytes(&a, AFTER);
	wait_ms(4000);
	is_int(xa.offers, 0, "-i: nothing is offered");
	is(said(&b, HERE, offer_of(SID, SOCKET("1"))), "", "nor taken");
	is(said(&b, HERE, offer_of("other", "")), "", "of any stream");
	end();
}

/* A port that can be listened on. */
static uint16_t
free_port(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	must(bind(fd, (struct sockaddr *)&sin, len) == 0);
	must(getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	close(fd);
	return ntohs(sin.sin_port);
}

int
main(void)
{
	uint16_t	 port;

	tap_wind(10);
	must((loop = loop_new()) != NULL);
	must((resolver = resolver_new(loop)) != NULL);
	loop_before(loop, exchange, NULL);
	tls = tls_context_new();
	ends = (struct ends){ .configure = configure, .sent = on_sent,
	    .route = route, .near = 1, .opens = on_opens,
	    .offered = on_offered };
	proxy.fd[0] = proxy.fd[1] = -1;
	port = free_port();
	must((proxy.listen = s5b_listen_new(loop, AF_INET, &port, 1)) != NULL);
	test_moves();
	test_alone();
	test_alone_reset();
	test_alone_refused();
	test_alone_unanswered();
	test_false_answer();
	test_inband();
	test_busy();
	test_lost_twice();
	test_dies_after_close();
	test_not_now();
	test_retries();
	test_away();
	test_silence();
	test_proxy();
	test_proxy_does_not_activate();
	test_one_way();
	test_old_peer();
	test_old_one_way();
	test_better(0);
	test_better(3);
	test_better(-3);
	test_better_alone();
	test_offers();
	test_crossing();
	test_controls();
	test_in_band_only();
	s5b_listen_free(proxy.listen);
	SSL_CTX_free(tls);
	resolver_free(resolver);
	loop_free(loop);
	return tap_done();
}
