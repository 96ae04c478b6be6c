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

#include "ibb/carrier.h"
#include "ibb/dispatch.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "net/conf/conf.h"
#include "net/dial/addr.h"
#include "net/dial/resolve.h"
#include "net/io/loop.h"
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

#define WORLD	"192.0.2.177"		/* by the word of the server */
#define LOCAL	"127.0.0.1"		/* where that is */
#define NONCE	"0123456789abcdef0123456789abcdef"
/* What there is besides, of one side. */
static struct extra {
	const char		*lose;		/* stanzas with this in them
						 * are lost, */
	const char		*refuse;	/* refused with condition, */
	const char		*condition;
	const char		*replace;	/* and answered with by */
	const char		*by;
	int			 punches;	/* <punch/> that it has sent */
} xa, xb;

static int			 apart;		/* no candidate arrives */

/*
 * Stanzas
 */

static struct extra *
extra(const struct side *s)
{
	return s == &a ? &xa : &xb;
}

static void
on_sent(struct side *s, char *xml)
{
	extra(s)->punches += strstr(xml, "<punch ") != NULL;
}

/* As stanza_from(), but the server also writes the address into xml that its
 * sender is to have. */
static struct elem *
parsed(struct side *to, const char *from, const char *xml)
{
	const char	*from_world = apart ? "<candidate " : WORLD, *at;
	char		*text = NULL;
	struct elem	*e;
	size_t		 len;
	FILE		*fp = open_memstream(&text, &len);

	must(fp != NULL);
	for (; (at = strstr(xml, from_world)) != NULL;
	    xml = at + strlen(from_world))
		fprintf(fp, "%.*s%s", (int)(at - xml), xml,
		    apart ? "<other " : LOCAL);
	fputs(xml, fp);
	must(fclose(fp) == 0);
	e = stanza_from(to->in, from, text);
	free(text);
	return e;
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
	ends_dispatch(s, got);
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

	if (concerns(extra(s)->lose, xml))
		;
	else if (concerns("<streamhost ", xml))
		server_refuses(s, e, "item-not-found");
	else if (concerns(extra(s)->refuse, xml))
		server_refuses(s, e, extra(s)->condition);
	else if (concerns(extra(s)->replace, xml))
		server_says(s, e, to, "result", extra(s)->by);
	else if (to_peer)
		ends_dispatch(s->peer, e);
	else if (concerns("urn:xmpp:sic:1", xml))
		server_says(s, e, NULL, "result", "<address xmlns="
		    "'urn:xmpp:sic:1'><ip>" WORLD "</ip></address>");
	else if (!is_answer(e))
		server_refuses(s, e, "service-unavailable");
	elem_free(e);
}

/* What s answers to an iq with this inside, from there. */
static const char *
said(struct side *s, const char *from, const char *inside)
{
	static char	 answer[4096];
	struct letter	*l;
	struct elem	*e;
	char		*xml;

	while (ends_deliver(&a) || ends_deliver(&b))
		;
	must(asprintf(&xml, "<iq type='set' id='z'>%s</iq>", inside) != -1);
	e = parsed(s, from, xml);
	free(xml);
	ends_dispatch(s, e);
	elem_free(e);
	*answer = '\0';
	if ((l = __extension__ STAILQ_LAST(&s->out, letter, next)) != NULL)
		strlcpy(answer, l->xml, sizeof(answer));
	return answer;
}

/*
 * What a side is asked and told
 */

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

	must(conf_set(&s->conf, "portmap", "no", 0, err) == 0);
	must(conf_set(&s->conf, "family", "4", 0, err) == 0);
	must(conf_set(&s->conf, "streamhost-policy", "any", 0, err) == 0);
}

/* A stream in-band, whose session stands. */
static void
begin(void)
{
	apart = 0;
	memset(&xa, 0, sizeof(xa));
	memset(&xb, 0, sizeof(xb));
	ends_begin();
	ends_call();
}

static void
end(void)
{
	ends_end();
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
		extra(s)->lose = "urn:xmpp:sic:1";
	else if (state == UPGRADE_PUNCH_ASKED)
		xb.lose = "<punch ";
	send_bytes(&a, AFTER);
	must(soon(state_of(s) == state));
}

/* The caller asks for the n-th time. */
static void
asks(int n)
{
	send_bytes(&a, AFTER);
	must(soon(xa.punches == n));
}

/* In how many ms will the caller try again? */
static int64_t
pause_left(void)
{
	return upgrade_punch_due(a.upgrade) - clock_ms();
}

static int
rests(void)
{
	return state_of(&a) == UPGRADE_PUNCH_REST;
}

/* Some of that may have passed before it is looked at. */
static void
rests_for(int64_t ms, const char *what)
{
	ok(soon(rests()), "%s: at rest", what);
	ok(pause_left() <= ms && pause_left() > ms - 10000,
	    "%s: for %lld ms", what, (long long)ms);
}

/* The caller, refused once, was away: the end of a case. */
static void
comes_back(void)
{
	xa.refuse = NULL;
	ibb_back(a.ibb, 0);
	a.changed = 1;
	ok(soon(xa.punches == 2), "back: tried at once");
	ok(soon(is_up(&a) && is_up(&b)), "with a way");
	end();
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
	is_int(xa.punches + xb.punches, 2, "after a question and an answer");
	ok(state_of(&a) == UPGRADE_PUNCH_REST &&
	    state_of(&b) == UPGRADE_PUNCH_REST, "no more is tried");
	ok(talk(50000), "all arrives");
	wait_ms(40000);
	is_int(xa.punches, 1, "nor asked for while it stands");
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
		xa.replace = "<punch ";
		xa.by = bad[i];
		asks(1);
		rests_for(30000, *bad[i] == '\0' ? "nothing" : bad[i]);
		is_int(xb.punches, 0, "the listener has not heard of it");
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
	is_int(xa.punches + xb.punches, 0, "no candidate has left");
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
	xa.replace = "<punch ";
	xa.by = "<punch xmlns='urn:xcat:0' nonce='" NONCE "'>"
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
	xa.refuse = "<punch ";
	xa.condition = "item-not-found";
	asks(1);
	rests_for(30000, "refused");
	wait_ms(pause_left());
	must(soon(xa.punches == 2));
	rests_for(60000, "refused again");
	end();

	begin();
	xa.refuse = "<punch ";
	xa.condition = "service-unavailable";
	asks(1);
	ok(soon(upgrade_punch_due(a.upgrade) == INT64_MAX),
	    "an old xcat: not again");
	wait_ms(40000);
	is_int(xa.punches, 1, "indeed");
	comes_back();

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
	is_int(xb.punches, 0, "it tells nothing");
	end();

	begin();
	must(conf_set(&a.conf, "punch", "no", 0, err) == 0);
	send_bytes(&a, AFTER);
	wait_ms(5000);
	is_int(xa.punches, 0, "a caller with punch=no");
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
	xa.refuse = "<punch ";
	xa.condition = "item-not-found";
	carrier_socket_lost(stream_carrier(a.stream), 1);
	a.changed = 1;
	ok(soon(xa.punches == 2), "lost: tried again");
	ok(clock_ms() - began < 15000, "at once");
	rests_for(5000, "soon after that");
	for (i = 0; i < 4; i++) {
		wait_ms(pause_left() + 1);
		must(soon(xa.punches == 3 + i));
		rests_for(i < 2 ? 10000 << i : 30000, "and again");
	}
	xa.refuse = NULL;
	wait_ms(pause_left());
	ok(soon(is_up(&a) && is_up(&b)), "until there is a way");
	ok(talk(50000), "nothing is lost");
	end();
}

static void
test_anew(void)
{
	begin();
	xa.refuse = "<punch ";
	xa.condition = "item-not-found";
	asks(1);
	rests_for(30000, "refused");
	comes_back();
}

/* A socket broke as the peer went away, which a server tells in the words of a
 * peer that does not know how to punch. */
static void
test_lost_and_away(void)
{
	begin();
	send_bytes(&a, AFTER);
	must(soon(is_up(&a) && is_up(&b)) && talk(1000));
	xa.refuse = "<punch ";
	xa.condition = "service-unavailable";
	carrier_socket_lost(stream_carrier(a.stream), 1);
	a.changed = 1;
	must(soon(xa.punches == 2 && rests()));
	xa.refuse = NULL;
	wait_ms(20000);
	is_int(xa.punches, 2, "away: not tried");
	ibb_back(b.ibb, 0);
	b.changed = 1;
	ok(soon(xa.punches == 3), "the peer is back: tried at once");
	ok(soon(is_up(&a) && is_up(&b)) && talk(50000), "with a way");
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
	xa.replace = "<punch ";
	xa.by = xml;
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
	tap_wind(50);
	must((loop = loop_new()) != NULL);
	must((resolver = resolver_new(loop)) != NULL);
	loop_before(loop, ends_exchange, NULL);
	tls = tls_context_new();
	ends = (struct ends){ .configure = configure, .sent = on_sent,
	    .route = route };
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
	test_lost_and_away();
	test_hostile();
	SSL_CTX_free(tls);
	resolver_free(resolver);
	loop_free(loop);
	return tap_done();
}
