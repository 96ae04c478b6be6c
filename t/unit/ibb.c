/*
 * Unit tests of ibb/ and xml/iq.  Mending is in sync.c.
 */
#include <sys/queue.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/inband.h"
#include "ibb/inband_int.h"
#include "ibb/stream.h"
#include "ibb/stream_strerror.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

/*
 * Two engines
 */

static void
test_pair(int message)
{
	const char *mode = message ? "message" : "iq";
	struct side a, b;

	join(&a, &b, 100, message);
	is_int(inband_block(b.end->s), 100, "%s: both know the size", mode);
	is(inband_sid(b.end->s), inband_sid(a.end->s), "%s: and the sid", mode);
	is(inband_peer(b.end->s), US, "%s: and each other", mode);
	must(inband_send(a.end->s, "one", 3, 3) == 0);
	must(inband_send(b.end->s, "seven", 5, 50) == 0);
	must(inband_send(a.end->s, "two", 3, 4) == 0);
	pump(&a, &b);
	is(events(b.end), message ? "block 3; block 3; " :
	    "block 3; block 3; answered 50; ", "%s: to the callee", mode);
	is(events(a.end), message ? "block 5; " :
	    "block 5; answered 3; answered 4; ", "%s: to the caller", mode);
	ok(memcmp(buf_data(&b.end->got), "onetwo", 6) == 0, "%s: as sent",
	    mode);
	inband_close(a.end->s, CLOSE_BY);
	pump(&a, &b);
	if (message) {
		is(events(b.end), "closing; answered 50; closed; ",
		    "message: a close is answered when all is known");
		is(events(a.end), "answered 3; answered 4; "
		    "closed by answer; ", "message: which answers the rest");
	} else {
		is(events(b.end), "closing; closed; ", "iq: callee closed");
		is(events(a.end), "closed by answer; ", "iq: caller closed");
	}
	part(&a, &b);
}

/* The callee closes; then both at once. */
static void
test_pair_close(int message)
{
	const char *mode = message ? "message" : "iq";
	struct side a, b;

	join(&a, &b, 4096, message);
	a.end->receipt = b.end->receipt = "all";
	inband_close(b.end->s, CLOSE_BY);
	pump(&a, &b);
	is(events(a.end), "closing with a receipt; closed; ",
	    "%s: the callee closes", mode);
	is(events(b.end), "closed with a receipt; ", "%s: and is answered",
	    mode);
	part(&a, &b);

	join(&a, &b, 4096, message);
	must(inband_send(a.end->s, "a", 1, 1) == 0);
	must(inband_send(b.end->s, "b", 1, 1) == 0);
	inband_close(a.end->s, CLOSE_BY);
	inband_close(b.end->s, CLOSE_BY);
	pump(&a, &b);
	is_int(a.end->closed + 10 * b.end->closed, 11,
	    "%s: closes that cross", mode);
	is_int(a.end->answered + 10 * b.end->answered, 11,
	    "%s: confirm what went before", mode);
	is_int(a.end->failed + b.end->failed, 0, "%s: and fail nothing", mode);
	is_int(buf_len(&a.end->got) + buf_len(&b.end->got), 2,
	    "%s: nor lose it", mode);
	inband_close(a.end->s, CLOSE_BY);
	inband_abort(a.end->s, SE_ITEM_NOT_FOUND);
	is(said(&a), "", "%s: nothing is left to say", mode);
	part(&a, &b);
}

#define BLOCKS	65700

static void
send_numbers(struct end *e)
{
	while (e->sent < BLOCKS && inband_room(e->s) > 0) {
		must(inband_send(e->s, &e->sent, sizeof(e->sent), 1) == 0);
		e->sent++;
	}
}

static void
test_wrap(int message)
{
	const char *mode = message ? "message" : "iq";
	struct side a, b;

	join(&a, &b, 4, message);
	a.end->counting = b.end->counting = 1;
	while (a.end->sent < BLOCKS || b.end->sent < BLOCKS) {
		send_numbers(a.end);
		send_numbers(b.end);
		pump(&a, &b);
		if (a.end->failed || b.end->failed)
			break;
	}
	inband_close(a.end->s, CLOSE_BY);
	pump(&a, &b);
	is_int(b.end->came, BLOCKS, "%s: seq wraps", mode);
	is_int(a.end->came, BLOCKS, "%s: in both directions", mode);
	is_int(a.end->wrong + b.end->wrong, 0, "%s: in order", mode);
	is_int(a.end->answered + b.end->answered, 2 * BLOCKS,
	    "%s: all answered", mode);
	is_int(a.end->closed + 10 * b.end->closed, 11, "%s: closed", mode);
	part(&a, &b);
}

static void
test_window(void)
{
	struct side a, b;
	size_t n;

	join(&a, &b, 10, 0);
	b.end->eager = 0;
	a.end->counting = b.end->counting = 1;
	for (n = 0; inband_room(a.end->s) > 0; n++)
		must(inband_send(a.end->s, &a.end->sent, 4, 1) == 0);
	is_int(n, INBAND_WINDOW, "so many blocks may be unanswered");
	is_int(inband_unanswered(a.end->s), INBAND_WINDOW, "and are");
	pump(&a, &b);
	is_int(b.end->came, INBAND_WINDOW, "they come");
	is_int(inband_room(a.end->s), 0, "but there is room only");
	inband_answer(b.end->s, 3);
	pump(&a, &b);
	is_int(inband_room(a.end->s), 3, "when they are answered");
	inband_answer(b.end->s, 1000);
	pump(&a, &b);
	is_int(inband_room(a.end->s), INBAND_WINDOW, "more than all is all");
	is_int(a.end->answered, INBAND_WINDOW, "each once");
	part(&a, &b);
}

/*
 * We call
 */

static void
write_extra(void *arg, struct xw *w)
{
	(void)arg;
	xw_elem(w, "extra", "urn:x", NULL);
}

static void
test_open(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = calling(&a, 4096, 0);
	is(said(&a), "<iq type='set' to='" PEER "' id='SID'><open" IBB
	    " sid='SID' block-size='4096' stanza='iq'/></iq>", "open, iq");
	is(a.sid, inband_sid(e->s), "with its sid");
	is_int(inband_room(e->s), 0, "no room before it is open");
	is(ask(&a, PEER, "set", data_xml(a.sid, "0", "QUJD")),
	    "item-not-found/cancel", "data before the answer is too early");
	is(events(e), "", "and not taken");
	result(&a);
	is(events(e), "opened; ", "opened");
	is_int(inband_room(e->s), INBAND_WINDOW, "room");
	ok(!result(&a), "a second result is ignored");
	is(events(e), "", "without a word");

	calling(&a, 65535, 1);
	is(said(&a), "<iq type='set' to='" PEER "' id='SID'><open" IBB
	    " sid='SID' block-size='65535' stanza='message'/></iq>",
	    "open, message");
	must(*said(&a) == '\0');
	e = add_end(&a, NULL);
	e->s = inband_new(a.ibb, PEER, NULL, 10, 0, &user, e);
	must(inband_open(e->s, OPEN_BY, write_extra) == 0);
	is(said(&a), "<iq type='set' to='" PEER "' id='SID'><open" IBB
	    " sid='SID' block-size='10' stanza='iq'><extra xmlns='urn:x'/>"
	    "</open></iq>", "open with more in it");
	hear(&a, PEER, format("<iq type='result' id='%s'><extra xmlns='urn:x'/>"
	    "</iq>", a.id));
	is(events(e), "opened with extra; ", "and in its answer");

	a.broken = 1;
	e = add_end(&a, NULL);
	e->s = inband_new(a.ibb, PEER, NULL, 10, 0, &user, e);
	is_int(inband_open(e->s, OPEN_BY, NULL), -1,
	    "open that cannot be sent");
	is(events(e), "", "is no event");
	side_free(&a);
}

static void
test_open_smaller(void)
{
	struct side a;
	struct end *e;
	char sid[33];
	size_t n, block;

	side_init(&a, US);
	e = calling(&a, 65535, 0);
	must(*said(&a) != '\0');
	strlcpy(sid, a.sid, sizeof(sid));
	for (n = 0, block = 65535 / 2; block >= 64; block /= 2, n++) {
		hear(&a, PEER, error_xml(a.id, "resource-constraint", "modify",
		    open_xml(sid, "65535", "")));
		is(said(&a), format("<iq type='set' to='" PEER "' id='SID'>"
		    "<open" IBB " sid='SID' block-size='%zu' stanza='iq'/>"
		    "</iq>", block), "half as much: %zu", block);
		is(a.sid, sid, "of the same stream");
	}
	is(events(e), "", "no event yet");
	refuse(&a, "resource-constraint", "modify");
	is(events(e), "failed refused resource-constraint: so there; ",
	    "but there is an end to it");
	is(said(&a), "", "without another word");

	e = calling(&a, 5000, 0);
	must(*said(&a) != '\0');
	refuse(&a, "resource-constraint", "modify");
	must(*said(&a) != '\0');
	result(&a);
	is(events(e), "opened; ", "the half is good");
	is_int(inband_block(e->s), 2500, "and agreed on");

	e = calling(&a, 5000, 0);
	must(*said(&a) != '\0');
	refuse(&a, "resource-constraint", "wait");
	is(events(e), "failed refused resource-constraint (busy): so there; ",
	    "a busy peer is not asked again");

	e = calling(&a, 5000, 0);
	must(*said(&a) != '\0');
	a.broken = 1;
	refuse(&a, "resource-constraint", "modify");
	is(events(e), "failed unsent none; ", "a second try that fails");
	side_free(&a);
}

static const char *const conditions[] = {
	"bad-request", "conflict", "feature-not-implemented", "forbidden",
	"gone", "internal-server-error", "item-not-found", "jid-malformed",
	"not-acceptable", "not-allowed", "not-authorized", "policy-violation",
	"recipient-unavailable", "redirect", "registration-required",
	"remote-server-not-found", "remote-server-timeout",
	"service-unavailable", "subscription-required", "undefined-condition",
	"unexpected-request"
};

/* Every error to an open, with the open in it as some servers have it. */
static void
test_open_refused(void)
{
	struct side a;
	struct end *e;
	size_t i;

	side_init(&a, US);
	for (i = 0; i < N(conditions); i++) {
		e = calling(&a, 4096, 0);
		must(*said(&a) != '\0');
		hear(&a, PEER, error_xml(a.id, conditions[i], "cancel",
		    open_xml(a.sid, "4096", "")));
		is(events(e), format("failed refused %s: so there; ",
		    conditions[i]), "open refused: %s", conditions[i]);
		must(strcmp(said(&a), "") == 0);
		drop_end(&a, e);
	}
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	refuse(&a, "too-dull", "cancel");
	is(events(e), "failed refused undefined-condition: so there; ",
	    "an unheard-of condition");
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	hear(&a, PEER, format("<iq type='error' id='%s'/>", a.id));
	is(events(e), "failed refused undefined-condition; ", "no condition");
	side_free(&a);
}

static void
test_open_answers(void)
{
	static const char *const others[] = {
		EVIL, "peer@there.example", "peer@there.example/c",
		"there.example", "here.example", "us@here.example", US, NULL
	};
	struct side a;
	struct end *e;
	size_t i;

	side_init(&a, US);
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	for (i = 0; i < N(others); i++) {
		ok(!hear(&a, others[i], format(RESULT, a.id)),
		    "a result from %s is ignored",
		    others[i] != NULL ? others[i] : "nobody");
		must(!hear(&a, others[i], error_xml(a.id, "gone", "cancel",
		    "")));
	}
	must(!hear(&a, PEER, "<iq type='result' id='0'/>"));
	must(!hear(&a, PEER, "<iq type='result'/>"));
	must(!hear(&a, PEER, "<iq type='result' id='0123456789abcdeF'/>"));
	is(events(e), "", "nobody else can say yes");
	result(&a);
	is(events(e), "opened; ", "but the peer");
	side_free(&a);
}

static void
test_open_silent(void)
{
	struct side a;
	struct end *e;
	char id[33];

	side_init(&a, US);
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	strlcpy(id, a.id, sizeof(id));
	is_int(iq_deadline(a.iqs), OPEN_BY, "the open has its time");
	iq_expire(a.iqs, OPEN_BY - 1);
	is(events(e), "", "not over");
	iq_expire(a.iqs, OPEN_BY);
	is(events(e), "failed silent none; ", "over");
	is(said(&a), CLOSE, "the peer hears that it is too late");
	hear(&a, PEER, format(RESULT, id));
	refuse(&a, "item-not-found", "cancel");
	is(events(e), "", "what it says then is ignored");
	is(ask(&a, PEER, "set", data_xml(a.sid, "0", "QUJD")),
	    "item-not-found/cancel", "what it sends is refused");
	ok(iq_deadline(a.iqs) == IQ_NODEADLINE, "nothing is waited for");
	side_free(&a);
}

static void
test_open_closed(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	is(ask(&a, PEER, "set", close_xml(a.sid)), "result",
	    "our open is answered by a close");
	is(events(e), "failed refused not-acceptable: closed before it was "
	    "open; ", "a refusal");
	result(&a);
	is(events(e), "", "final");
	is(said(&a), "", "nothing to add");
	side_free(&a);
}

static void
test_send(void)
{
	struct side a;
	struct end *e;
	char first[17];

	side_init(&a, US);
	e = called(&a, 4096, 0);
	must(inband_send(e->s, "ABC", 3, 3) == 0);
	is(said(&a), "<iq type='set' to='" PEER "' id='ID'><data" IBB
	    " sid='SID' seq='0'>QUJD</data></iq>", "a block");
	strlcpy(first, a.id, sizeof(first));
	must(inband_send(e->s, "D", 1, 1) == 0);
	is(said(&a), "<iq type='set' to='" PEER "' id='ID'><data" IBB
	    " sid='SID' seq='1'>RA==</data></iq>", "the next");
	must(!hear(&a, EVIL, format(RESULT, first)));
	must(!hear(&a, "peer@there.example", format(RESULT, first)));
	must(!hear(&a, NULL, format(RESULT, first)));
	is(events(e), "", "somebody else's answers are ignored");
	hear(&a, PEER, format(RESULT, first));
	ok(!hear(&a, PEER, format(RESULT, first)), "a second answer, too");
	is(events(e), "answered 3; ", "it counts once");
	result(&a);
	is(events(e), "answered 1; ", "the other one");

	must(inband_send(e->s, "a", 1, 10) == 0);
	must(*said(&a) != '\0');
	strlcpy(first, a.id, sizeof(first));
	must(inband_send(e->s, "b", 1, 20) == 0);
	must(*said(&a) != '\0');
	must(result(&a));
	is(events(e), "", "an answer before its turn");
	is_int(inband_unanswered(e->s), 2, "does not count yet");
	hear(&a, PEER, format(RESULT, first));
	is(events(e), "answered 10; answered 20; ", "then both do");
	a.broken = 1;
	is_int(inband_send(e->s, "E", 1, 1), -1, "a block that cannot be sent");
	is(events(e), "failed unsent none; ", "is the end");
	side_free(&a);
}

/* As large as the server takes, whatever the peer is called; returns the bytes
 * of the stanza. */
static size_t
largest_stanza(const char *peer, int message, size_t most)
{
	static const char zeros[65535];
	struct side a;
	size_t block, len;
	char *xml;

	engine_most = most;
	side_init(&a, US);
	must(strcmp(ask(&a, peer, "set", open_xml("sid", "65535", message ?
	    " stanza='message'" : "")), "result") == 0);
	block = inband_block(a.end->s);
	must(inband_send(a.end->s, zeros, block, block) == 0);
	must((xml = next_letter(&a)) != NULL);
	len = strlen(xml);
	free(xml);
	side_free(&a);
	engine_most = 0;
	return len;
}

static void
test_stanza_limit(void)
{
	static const char *const peers[] = {
		"p@example.org/x", "p@example.org/&quot;&amp;&amp;&apos;&lt;x"
	};
	size_t i, most, len, over = 0, short_of = 0;
	int message;

	for (i = 0; i < 2; i++)
		for (message = 0; message < 2; message++)
			for (most = 1000; most < 80000; most += most / 50 + 1) {
				len = largest_stanza(peers[i], message, most);
				over += len > most;
				short_of += len + 200 < most && most < 80000;
			}
	is_int((long long)over, 0, "no stanza is larger than the server takes");
	is_int((long long)short_of, 0, "but as large, almost");
	ok(largest_stanza(peers[0], 0, 0) > 87000, "if it says nothing, any");
	len = largest_stanza(peers[0], 0, 300);
	ok(len < 900, "one that takes nothing gets a little: %zu", len);
}

static void
test_send_refused(void)
{
	struct side a;
	struct end *e;
	char other[17];
	size_t i;

	side_init(&a, US);
	for (i = 0; i < N(conditions); i++) {
		e = called(&a, 4096, 0);
		must(inband_send(e->s, "one", 3, 3) == 0);
		must(inband_send(e->s, "two", 3, 3) == 0);
		must(*said(&a) != '\0');
		strlcpy(other, a.id, sizeof(other));
		must(*said(&a) != '\0');
		hear(&a, PEER, error_xml(a.id, conditions[i], "wait",
		    data_xml(a.sid, "0", "QUJD")));
		is(events(e), format("failed undelivered %s: so there; ",
		    conditions[i]), "block refused: %s", conditions[i]);
		must(strcmp(said(&a), CLOSE) == 0);
		hear(&a, PEER, format(RESULT, other));
		result(&a);
		must(strcmp(said(&a), "") == 0);
		must(strcmp(events(e), "") == 0);
		must(inband_room(e->s) == 0);
		drop_end(&a, e);
	}
	side_free(&a);
}

static void
test_close(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = called(&a, 4096, 0);
	inband_close(e->s, CLOSE_BY);
	is(said(&a), CLOSE, "a close");
	is_int(inband_room(e->s), 0, "then no more room");
	inband_close(e->s, CLOSE_BY);
	is(said(&a), "", "once is enough");
	is(ask(&a, PEER, "set", data_xml(a.sid, "0", "QUJD")), "",
	    "the peer may go on");
	is(events(e), "block 3; ", "it does");
	inband_answer(e->s, 1);
	ok(strstr(said(&a), "<iq type='result'") != NULL, "and is answered");
	is(ask(&a, PEER, "set", data_xml(a.sid, "1", "QUJD")), "",
	    "and on");
	result(&a);
	is(events(e), "block 3; closed by answer; ", "until it answers");
	inband_answer(e->s, 1);
	ok(strstr(said(&a), "<iq type='result'") != NULL,
	    "what it sent before is answered even then");
	is(ask(&a, PEER, "set", data_xml(a.sid, "2", "QUJD")),
	    "item-not-found/cancel", "after that, nothing");
	is(ask(&a, PEER, "set", close_xml(a.sid)), "item-not-found/cancel",
	    "nor another close");

	side_free(&a);
}

/* The answer to a close: before that to a block, an error, or none. */
static void
test_close_answers(void)
{
	struct side a;
	struct end *e;
	char id[33];

	side_init(&a, US);
	e = called(&a, 4096, 0);
	must(inband_send(e->s, "x", 1, 1) == 0);
	must(*said(&a) != '\0');
	strlcpy(id, a.id, sizeof(id));
	inband_close(e->s, CLOSE_BY);
	must(*said(&a) != '\0');
	result(&a);
	is(events(e), "answered 1; closed by answer; ",
	    "the answer to a close is one to all");
	ok(!hear(&a, PEER, format(RESULT, id)), "later ones are ignored");

	e = called(&a, 4096, 0);
	inband_close(e->s, CLOSE_BY);
	must(*said(&a) != '\0');
	must(!hear(&a, EVIL, format(RESULT, a.id)));
	refuse(&a, "item-not-found", "cancel");
	is(events(e), "closed by answer; ", "the peer had forgotten: closed");

	e = called(&a, 4096, 0);
	e->receipt = "r";
	inband_close(e->s, CLOSE_BY);
	is(said(&a), "<iq type='set' to='" PEER "' id='ID'><close" IBB
	    " sid='SID'><receipt xmlns='" NS_XCAT "'>r</receipt></close></iq>",
	    "a receipt");
	is_int(iq_deadline(a.iqs), CLOSE_BY, "the close has its time");
	iq_expire(a.iqs, CLOSE_BY);
	is(events(e), "failed silent none; ", "which ends");

	e = called(&a, 4096, 0);
	a.broken = 1;
	inband_close(e->s, CLOSE_BY);
	is(events(e), "failed unsent none; ", "a close that cannot be sent");
	side_free(&a);
}

/* An error to our close that means harm; what the peer has asked is answered
 * all the same. */
static void
test_close_refused(void)
{
	struct side a;
	struct end *e;
	size_t i;
	char close[17];

	side_init(&a, US);
	for (i = 0; i < N(conditions); i++) {
		if (strcmp(conditions[i], "item-not-found") == 0)
			continue;
		e = called(&a, 4096, 0);
		inband_close(e->s, CLOSE_BY);
		must(*said(&a) != '\0');
		strlcpy(close, a.id, sizeof(close));
		must(strcmp(ask(&a, PEER, "set", data_xml(a.sid, "0",
		    "QUJD")), "") == 0);
		must(strcmp(ask(&a, PEER, "set", close_xml(a.sid)), "") == 0);
		must(strcmp(events(e), "block 3; closing; ") == 0);
		hear(&a, PEER, error_xml(close, conditions[i], "cancel",
		    close_xml(a.sid)));
		is(events(e), format("failed undelivered %s: so there; ",
		    conditions[i]), "close refused: %s", conditions[i]);
		must(strstr(said(&a), "<item-not-found") != NULL);
		must(strstr(said(&a), "<iq type='result'") != NULL);
		must(strcmp(said(&a), "") == 0);
		drop_end(&a, e);
	}
	side_free(&a);
}

/* The user gives up while answers are being told to it: that is all then. */
static void
test_abort_in_answer(void)
{
	struct side a;
	struct end *e;
	char first[17];
	int i;

	side_init(&a, US);
	e = called(&a, 4096, 1);
	for (i = 0; i < 8; i++) {
		must(inband_send(e->s, "x", 1, 1) == 0);
		must(*said(&a) != '\0');
	}
	is(said(&a), PING, "eight messages and a ping");
	e->abort_on_answer = 1;
	e->receipt = "not given when giving up";
	result(&a);
	is(events(e), "answered 1; ", "given up at the first answer");
	is(said(&a), CLOSE, "and closed");

	e = called(&a, 4096, 1);
	must(inband_send(e->s, "x", 1, 1) == 0);
	must(inband_send(e->s, "x", 1, 1) == 0);
	inband_close(e->s, CLOSE_BY);
	while (strcmp(said(&a), CLOSE) != 0)
		;
	e->abort_on_answer = 1;
	result(&a);
	is(events(e), "answered 1; ", "the same when the close is answered");
	is(said(&a), "", "no second close");

	e = called(&a, 4096, 0);
	must(inband_send(e->s, "a", 1, 1) == 0);
	must(*said(&a) != '\0');
	strlcpy(first, a.id, sizeof(first));
	must(inband_send(e->s, "b", 1, 1) == 0);
	must(*said(&a) != '\0');
	must(result(&a));
	hear(&a, PEER, format("<iq type='set' id='c'>%s</iq>",
	    close_xml(a.sid)));
	e->receipt = "not given when giving up";
	e->abort_on_answer = 1;
	hear(&a, PEER, format(RESULT, first));
	is(events(e), "closing; answered 1; ", "the same among blocks");
	is(said(&a), "<iq type='result' to='" PEER "' id='c'/>",
	    "giving up has no receipt");
	side_free(&a);
}

/*
 * Messages
 */

#define MESSAGE	"<message to='" PEER "' id='SID.%d'><data" IBB " sid='SID' " \
		"seq='%d'>eA==</data><no-store xmlns='urn:xmpp:hints'/>" \
		"</message>"

static void
test_message_pacing(void)
{
	struct side a;
	struct end *e;
	char first[17];
	int i;

	side_init(&a, US);
	e = called(&a, 4096, 1);
	for (i = 0; inband_room(e->s) > 0; i++) {
		must(inband_send(e->s, "x", 1, 1) == 0);
		if (i == 0)
			is(said(&a), format(MESSAGE, 0, 0), "a message");
		else
			must(strcmp(said(&a), format(MESSAGE, i, i)) == 0);
		if (i % 8 != 7)
			continue;
		is(said(&a), PING, "a ping behind message %d", i);
		if (i == 7)
			strlcpy(first, a.id, sizeof(first));
	}
	is_int(i, INBAND_WINDOW, "and then no more");
	is_int(inband_unanswered(e->s), 0, "no answer is waited for");
	must(!hear(&a, EVIL, format(RESULT, first)));
	hear(&a, PEER, format(RESULT, first));
	is_int(inband_room(e->s), 8, "the first ping's answer makes room");
	must(!hear(&a, PEER, format(RESULT, first)));
	is_int(e->answered, 8, "once");
	refuse(&a, "service-unavailable", "cancel");
	is_int(e->answered, 16, "an answer is an answer");
	is_int(inband_room(e->s), INBAND_WINDOW, "all the room");
	side_free(&a);
}

/* The peer closes first: have our last messages come? */
static void
test_message_tail(void)
{
	struct side a;
	struct end *e;
	char close[17];

	side_init(&a, US);
	e = called(&a, 4096, 1);
	must(inband_send(e->s, "x", 1, 1) == 0);
	must(*said(&a) != '\0');
	must(strcmp(events(e), "") == 0);
	hear(&a, PEER, format("<iq type='set' id='c'>%s</iq>",
	    close_xml(a.sid)));
	is(events(e), "closing; ", "the peer closes");
	is(said(&a), PING, "a ping asks for the rest");
	is_int(inband_unanswered(e->s), 1, "which is waited for");
	must(result(&a));
	is(events(e), "answered 1; ", "it came");
	must(inband_send(e->s, "x", 1, 1) == 0);
	is(said(&a), format(MESSAGE, 1, 1), "some more");
	is(said(&a), PING, "is asked for at once");
	is_int(inband_unanswered(e->s), 1, "and waited for");
	must(result(&a));
	is_int(inband_unanswered(e->s), 0, "not for ever");
	inband_close(e->s, CLOSE_BY);
	is(events(e), "answered 1; closed; ", "closed");
	is(said(&a), "<iq type='result' to='" PEER "' id='c'/>", "as asked");

	/* A peer that has forgotten the stream confirms nothing. */
	e = called(&a, 4096, 1);
	must(inband_send(e->s, "x", 1, 1) == 0);
	must(*said(&a) != '\0');
	inband_close(e->s, CLOSE_BY);
	must(*said(&a) != '\0');
	refuse(&a, "item-not-found", "cancel");
	is(events(e), "closed by answer; ",
	    "item-not-found does not confirm messages");

	/* Unless it has closed, too. */
	e = called(&a, 4096, 1);
	must(inband_send(e->s, "x", 1, 1) == 0);
	must(*said(&a) != '\0');
	inband_close(e->s, CLOSE_BY);
	must(*said(&a) != '\0');
	strlcpy(close, a.id, sizeof(close));
	hear(&a, PEER, format("<iq type='set' id='c'>%s</iq>",
	    close_xml(a.sid)));
	hear(&a, PEER, error_xml(close, "item-not-found", "cancel", ""));
	is(events(e), "closing; answered 1; closed by answer; ",
	    "but if it has closed at the same time");
	side_free(&a);
}

static const char *
bounce_xml(const char *id, const char *echo)
{
	return format("<message type='error' id='%s'>%s<error type='cancel'>"
	    "<service-unavailable" STANZAS "/></error></message>", id, echo);
}

static void
test_bounce(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = called(&a, 4096, 1);
	must(inband_send(e->s, "x", 1, 1) == 0);
	must(*said(&a) != '\0');
	must(hear(&a, EVIL, bounce_xml("1", data_xml(a.sid, "0", "eA=="))));
	must(hear(&a, PEER, bounce_xml("1", data_xml("no", "0", "eA=="))));
	must(!hear(&a, EVIL, bounce_xml(format("%s.0", a.sid), "")));
	must(!hear(&a, PEER, bounce_xml("x.0", "")));
	must(!hear(&a, PEER, bounce_xml(a.sid, "")));
	must(!hear(&a, PEER, bounce_xml(run_of('.', 3000), "")));
	is(events(e), "", "other people's bounces");
	hear(&a, PEER, bounce_xml("1", data_xml(a.sid, "0", "eA==")));
	is(events(e), "failed undelivered service-unavailable; ",
	    "a message that came back");
	is(said(&a), CLOSE, "closes the stream");
	must(hear(&a, PEER, bounce_xml("1", data_xml(a.sid, "0", "eA=="))));
	is(events(e), "", "once");

	e = called(&a, 4096, 1);
	must(inband_send(e->s, "x", 1, 1) == 0);
	must(*said(&a) != '\0');
	hear(&a, PEER, bounce_xml(format("%s.0", a.sid), ""));
	is(events(e), "failed undelivered service-unavailable; ",
	    "without what was in it");
	must(strcmp(said(&a), CLOSE) == 0);

	e = called(&a, 4096, 0);
	hear(&a, PEER, bounce_xml("1", data_xml(inband_sid(e->s), "0",
	    "eA==")));
	is(events(e), "", "a stream of iq sends no messages");
	is(said(&a), "", "nor does it answer them");
	side_free(&a);
}

static void
hear_message(struct side *a, const char *body)
{
	hear(a, PEER, format("<message>%s</message>", body));
}

static void
test_message_in(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = listening(&a, "4096", " stanza='message'");
	hear_message(&a, data_xml("sid", "0", "QUJD"));
	inband_answer(e->s, 1);
	hear_message(&a, data_xml("other", "1", "QUJD"));
	hear_message(&a, open_xml("new", "4096", ""));
	hear_message(&a, format("<what" IBB " sid='sid'/>"));
	is(said(&a), "", "messages are not answered");
	is(events(e), "block 3; ", "they are taken");
	is_int(a.nends, 1, "no open comes in one");
	must(inband_send(e->s, "x", 1, 1) == 0);
	ok(strncmp(said(&a), "<message ", 9) == 0, "what we send is one");
	hear_message(&a, data_xml("sid", "2", "QUJD"));
	is(events(e), "failed bad-data unexpected-request; ", "one is missing");
	is(said(&a), "<iq type='set' to='" PEER "' id='ID'><close" IBB
	    " sid='sid'/></iq>", "so it is closed");
	is(said(&a), "", "and no more");
	side_free(&a);
}

static void
test_congestion(void)
{
	struct side a;
	struct end *e;
	char *block;
	unsigned n;

	must((block = strdup(b64fill(30000))) != NULL);
	side_init(&a, US);
	e = listening(&a, "65535", " stanza='message'");
	e->counting = 1;
	for (n = 0; !ibb_congested(a.ibb); n++)
		hear_message(&a, data_xml("sid", format("%u", n), block));
	is_int(n * 30000 / (512 * 1024), 3, "congested by messages");
	inband_answer(e->s, 1);
	ok(!ibb_congested(a.ibb), "relieved");
	a.room = 400000;
	ok(ibb_congested(a.ibb), "by less, with less room");
	a.room = SIZE_MAX;
	for (; !e->failed; n++)
		hear_message(&a, data_xml("sid", format("%u", n), block));
	is(events(e), "failed overrun resource-constraint (busy); ",
	    "or overrun");
	ok(!ibb_congested(a.ibb), "that is over then");
	side_free(&a);
	side_init(&a, US);
	e = listening(&a, "65535", " stanza='message'");
	inband_can_sync(e->s);
	e->counting = 1;
	for (n = 0; n < 100; n++)
		hear_message(&a, data_xml("sid", format("%u", n), block));
	ok(!e->failed && inband_held(e->s) >= 100 * 30000,
	    "an xcat's window");
	ok(!ibb_congested(a.ibb), "is no congestion");
	side_free(&a);
	free(block);
}

/*
 * We listen
 */

static void
test_accept(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	a.accept = 0;
	e = listening(&a, "4096", "");
	is(events(e), "", "an offer is not answered at once");
	is(ask(&a, PEER, "set", data_xml("sid", "0", "QUJD")),
	    "item-not-found/cancel", "data is too early");
	is(ask(&a, PEER, "set", open_xml("sid", "4096", "")),
	    "bad-request/cancel", "a second offer of the same");
	must(inband_accept(e->s, write_extra) == 0);
	ok(strstr(said(&a), "<extra xmlns='urn:x'/></iq>") != NULL,
	    "accepted with extra");
	is_int(inband_accept(e->s, NULL), -1, "accepted once");
	is(said(&a), "", "nothing said twice");
	is(ask(&a, PEER, "set", data_xml("sid", "0", "QUJD")), "",
	    "data is taken");
	is(events(e), "block 3; ", "all of it");
	is_int(inband_room(e->s), INBAND_WINDOW, "room");

	hear(&a, PEER, format("<iq type='set' id='o2'>%s</iq>",
	    open_xml("s2", "1", "")));
	inband_refuse(a.end->s, SE_NOT_ACCEPTABLE, "a <reason>");
	a.end->s = NULL;
	is(said(&a), "<iq type='error' to='" PEER "' id='o2'>"
	    "<error type='cancel'><not-acceptable" STANZAS "/><text" STANZAS
	    ">a &lt;reason&gt;</text></error></iq>", "refused");
	is(ask(&a, PEER, "set", data_xml("s2", "0", "QQ==")),
	    "item-not-found/cancel", "refused is forgotten");
	is(events(e), "", "without harm to the other");
	side_free(&a);
}

/* The peer takes its offer back. */
static void
test_offer_closed(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	a.accept = 0;
	hear(&a, PEER, format("<iq type='set' id='o'>%s</iq>",
	    open_xml("sid", "1", "")));
	e = a.end;
	hear(&a, PEER, format("<iq type='set' id='c'>%s</iq>",
	    close_xml("sid")));
	is(events(e), "failed refused not-acceptable: closed before it was "
	    "open; ", "an offer is closed");
	is(said(&a), "<iq type='error' to='" PEER "' id='o'>"
	    "<error type='cancel'><not-acceptable" STANZAS "/></error></iq>",
	    "the offer is answered");
	is(said(&a), "<iq type='result' to='" PEER "' id='c'/>", "the close");
	is_int(inband_accept(e->s, NULL), -1, "too late to accept it");
	inband_refuse(e->s, SE_BUSY, NULL);
	e->s = NULL;
	is(said(&a), "", "or to refuse it");
	is(ask(&a, PEER, "set", close_xml("sid")), "item-not-found/cancel",
	    "or to close it again");
	side_free(&a);
}

static void
test_open_bad(void)
{
	static const struct {
		const char *sid, *block, *rest;
	} bad[] = {
		{ "", "4096", "" },
		{ " ", "4096", "" },
		{ "a b", "4096", "" },
		{ "a/b", "4096", "" },
		{ "a@b", "4096", "" },
		{ "a&lt;b", "4096", "" },
		{ "a&apos;b", "4096", "" },
		{ "a&#9;b", "4096", "" },
		{ "a&#127;b", "4096", "" },
		{ "a,b", "4096", "" },
		{ "a+b", "4096", "" },
		{ "ok", "", "" },
		{ "ok", "0", "" },
		{ "ok", "00000", "" },
		{ "ok", "-1", "" },
		{ "ok", "+1", "" },
		{ "ok", " 1", "" },
		{ "ok", "65536", "" },
		{ "ok", "99999999999", "" },
		{ "ok", "4294967297", "" },
		{ "ok", "18446744073709551617", "" },
		{ "ok", "0x10", "" },
		{ "ok", "4096.0", "" },
		{ "ok", "4k", "" },
		{ "ok", "four", "" },
		{ "ok", "4096", " stanza='carrier-pigeon'" },
		{ "ok", "4096", " stanza=''" },
		{ "ok", "4096", " stanza='IQ'" },
	};
	struct side a;
	size_t i;

	side_init(&a, US);
	for (i = 0; i < N(bad); i++)
		is(ask(&a, PEER, "set", open_xml(bad[i].sid, bad[i].block,
		    bad[i].rest)), "bad-request/cancel", "open '%s' '%s' %s",
		    bad[i].sid, bad[i].block, bad[i].rest);
	is(ask(&a, PEER, "set", open_xml(run_of('s', 129), "4096", "")),
	    "bad-request/cancel", "a sid too long");
	is(ask(&a, PEER, "set", "<open" IBB " sid='ok'/>"),
	    "bad-request/cancel", "no block-size");
	is(ask(&a, PEER, "set", "<open" IBB " block-size='1'/>"),
	    "bad-request/cancel", "no sid");
	is(ask(&a, PEER, "set", "<open" IBB "/>"), "bad-request/cancel",
	    "nothing");
	is(ask(&a, PEER, "get", open_xml("ok", "4096", "")),
	    "bad-request/cancel", "a get");
	is(ask(&a, PEER, "set", "<what" IBB "/>"), "bad-request/cancel",
	    "no open at all");
	is_int(a.nends, 0, "none was offered");
	side_free(&a);
}

static void
test_open_good(void)
{
	static const char *const good[] = {
		"a", "a.b-c_d:e", "0", "\xc3\xa9\xe4\xb8\xad", "-", "."
	};
	struct side a;
	size_t i;

	side_init(&a, US);
	for (i = 0; i < N(good); i++)
		is(ask(&a, PEER, "set", open_xml(good[i], "65535", "")),
		    "result", "sid '%s'", good[i]);
	is(ask(&a, PEER, "set", open_xml(run_of('s', 128), "1",
	    " stanza='iq'")), "result", "a long sid, the smallest block");
	is(ask(&a, PEER, "set", open_xml("m", "1", " stanza='message'")),
	    "result", "messages");
	is_int(inband_block(a.end->s), 1, "and its size is known");
	side_free(&a);
}

/* What has no id or no sender, and what is not for us. */
static void
test_odd_stanzas(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	is(ask(&a, NULL, "set", open_xml("sid", "4096", "")),
	    "service-unavailable/cancel", "an open from nobody");
	is(ask(&a, NULL, "set", data_xml("sid", "0", "QQ==")),
	    "item-not-found/cancel", "data from nobody");
	is(ask(&a, NULL, "set", close_xml("sid")), "item-not-found/cancel",
	    "a close from nobody");
	must(hear(&a, PEER, format("<iq type='set'>%s</iq>",
	    open_xml("noid", "4096", ""))));
	is_int(a.nends, 1, "an open without an id");
	e = a.end;
	drop_letters(&a);
	must(hear(&a, PEER, format("<iq type='set'>%s</iq>",
	    data_xml("noid", "0", "QQ=="))));
	inband_answer(e->s, 1);
	is(said(&a), "", "data without an id has no answer");
	must(hear(&a, PEER, format("<iq type='set'>%s</iq>",
	    close_xml("noid"))));
	inband_close(e->s, CLOSE_BY);
	is(said(&a), "", "nor a close");
	is(events(e), "block 1; closing; closed; ", "but they count");

	must(!hear(&a, PEER, format("<iq type='error' id='x'>%s</iq>",
	    open_xml("a", "4096", ""))));
	must(!hear(&a, PEER, format("<iq type='result' id='x'>%s</iq>",
	    open_xml("a", "4096", ""))));
	is(said(&a), "", "answers are never answered");
	is_int(a.nends, 1, "nor taken for questions");
	must(!hear(&a, PEER, "<iq type='set' id='x'><q xmlns='urn:y'/></iq>"));
	must(!hear(&a, PEER, "<message><body>hello</body></message>"));
	must(!hear(&a, PEER, "<message type='error'/>"));
	must(!hear(&a, PEER, format("<presence>%s</presence>",
	    open_xml("a", "4096", ""))));
	must(hear(&a, PEER, format("<iq id='x'>%s</iq>",
	    open_xml("a", "4096", ""))));
	ok(strstr(said(&a), "<bad-request") != NULL, "an iq of no type");
	is(said(&a), "", "nothing else is ours");
	is(ask(&a, PEER, "set", "<data" IBB " seq='0'>QQ==</data>"),
	    "item-not-found/cancel", "data without a sid");
	is(ask(&a, PEER, "set", "<close" IBB "/>"), "item-not-found/cancel",
	    "a close without a sid");
	side_free(&a);
}

#define NREQUESTS	7

static const char *
request(size_t i)
{
	switch (i) {
	case 0:
		return open_xml("sid", "4096", "");
	case 1:
		return open_xml("sid", "4096", " stanza='message'");
	case 2:
		return open_xml("not good", "0", " stanza='x'");
	case 3:
		return data_xml("sid", "0", "QQ==");
	case 4:
		return data_xml("sid", "x", "Q");
	case 5:
		return close_xml("sid");
	default:
		return "<what" IBB "/>";
	}
}

/* To a stranger we look exactly like somebody who does not listen. */
static void
test_stranger(void)
{
	static const struct ibb_host deaf_host;
	struct side a;
	struct dispatch *silence, *ears;
	struct ibb *deaf;
	const char *iq, *listens;
	size_t i;

	side_init(&a, US);
	must((silence = dispatch_new()) != NULL);
	must((deaf = ibb_new(a.iqs, silence, &deaf_host)) != NULL);
	listening(&a, "4096", "");
	for (i = 0; i < 2 * NREQUESTS; i++) {
		iq = format("<iq type='%s' id='t'>%s</iq>",
		    i < NREQUESTS ? "set" : "get", request(i % NREQUESTS));
		ears = a.dispatch;
		hear(&a, EVIL, iq);
		listens = said(&a);
		a.dispatch = silence;
		hear(&a, EVIL, iq);
		a.dispatch = ears;
		is(listens, said(&a), "a stranger cannot tell: %zu", i);
		if (i == 0)
			is(listens, "<iq type='error' to='" EVIL "' id='t'>"
			    "<error type='cancel'><service-unavailable" STANZAS
			    "/></error></iq>", "and hears the usual");
	}
	is_int(a.nends, 1, "nothing was offered");
	is(events(a.end), "", "nothing has happened");
	is(said(&a), "", "nothing else was said");
	ibb_free(deaf);
	dispatch_free(silence);
	side_free(&a);
}

static void
test_foreign(void)
{
	static const char *const others[] = {
		EVIL, "peer@there.example", "peer@there.example/c",
		"there.example", NULL
	};
	struct side a;
	struct end *e;
	size_t i;

	side_init(&a, US);
	e = listening(&a, "4096", "");
	for (i = 0; i < N(others); i++) {
		const char *who = others[i] != NULL ? others[i] : "nobody";

		is(ask(&a, others[i], "set", data_xml("sid", "0", "QUJD")),
		    "item-not-found/cancel", "data from %s", who);
		is(ask(&a, others[i], "set", data_xml("sid", "7", "&#160;")),
		    "item-not-found/cancel", "bad data from %s", who);
		is(ask(&a, others[i], "set", close_xml("sid")),
		    "item-not-found/cancel", "a close from %s", who);
	}
	is(ask(&a, PEER, "set", data_xml("SID", "0", "QUJD")),
	    "item-not-found/cancel", "data for another sid");
	is(ask(&a, PEER, "set", close_xml("sid2")), "item-not-found/cancel",
	    "a close of another sid");
	is(ask(&a, PEER, "set", open_xml("sid", "1", "")),
	    "bad-request/cancel", "the same sid again");
	is(ask(&a, PEER, "set", open_xml("sid", "1", " stanza='message'")),
	    "bad-request/cancel", "and again");
	is(events(e), "", "the stream does not notice");
	is_int(inband_block(e->s), 4096, "nor change");

	is(ask(&a, "peer@there.example/c", "set", open_xml("sid", "10", "")),
	    "result", "another peer may have the same sid");
	is(ask(&a, "peer@there.example/c", "set", data_xml("sid", "0",
	    "QQ==")), "", "its data");
	is(events(a.end), "block 1; ", "is its own");
	inband_abort(a.end->s, SE_BAD_REQUEST);
	drop_letters(&a);
	is(ask(&a, PEER, "set", data_xml("sid", "0", "QUJD")), "",
	    "ours goes on");
	is(events(e), "block 3; ", "unharmed");
	side_free(&a);
}

/* Data that breaks the stream: refused, closed, failed, and the stream is
 * unknown from then on.  Blocks before it are good. */
static void
breaks(const char *body, const char *refused, const char *event,
    const char *name)
{
	struct side a;
	struct end *e;
	char *line;

	side_init(&a, US);
	e = listening(&a, "6", "");
	must(strcmp(ask(&a, PEER, "set", data_xml("sid", "0", "QUJD")),
	    "") == 0);
	must(strcmp(events(e), "block 3; ") == 0);
	is(ask(&a, PEER, "set", body), refused, "%s", name);
	is(events(e), event, "%s: fails", name);
	must((line = strdup(said(&a))) != NULL);
	must(strstr(line, "<iq type='error'") != NULL);	/* block 0 */
	free(line);
	ok(strstr(said(&a), "<close" IBB " sid='sid'/>") != NULL,
	    "%s: closed", name);
	must(strcmp(said(&a), "") == 0);
	must(strcmp(ask(&a, PEER, "set", data_xml("sid", "1", "QUJD")),
	    "item-not-found/cancel") == 0);
	must(strcmp(events(e), "") == 0);
	must(buf_len(&e->got) == 3);
	side_free(&a);
}

static void
test_seq(void)
{
	static const char *const wrong[] = {
		"0", "2", "3", "65535", "65536", "65537", "4294967297",
		"18446744073709551617", "-1", "-65535", "+1", "", " 1", "1 ",
		"0x1", "1.0", "one", "1e0", "\xd9\xa1"
	};
	size_t i;

	for (i = 0; i < N(wrong); i++)
		breaks(data_xml("sid", wrong[i], "QUJD"),
		    "unexpected-request/cancel",
		    "failed bad-data unexpected-request; ",
		    format("seq '%s'", wrong[i]));
	breaks("<data" IBB " sid='sid'>QUJD</data>",
	    "unexpected-request/cancel",
	    "failed bad-data unexpected-request; ", "no seq");
}

static void
test_base64(void)
{
	static const char *const bad[] = {
		"Q", "QQ", "QQ=", "QQQ", "QUJDR", "QUJDRA", "QUJDRA=",
		"QUJDRE", "=", "==", "====", "=AAA", "A===", "QQ==QQ==",
		"QUI=QUJD", "QQ==\n=", "QQ===", "QR==", "QUJ=", "BBBB=CCC",
		"QU-D", "QU_D", "QU,D", "QU.D", "QUJD!", "QU&#160;D",
		"QU\xe2\x80\x8bJD", "QU&#x2028;JD", "&lt;QUJ", "QUJD*",
		"\xc3\xa9\xc3\xa9",
	};
	static const char *const fine[] = {
		"QUJDREVG", "\nQUJD\n\tREVG\n", " Q U J D R E V G ",
		"QUJD&#13;&#10;REVG", "<![CDATA[QUJDREVG]]>",
		"QUJD<x xmlns='urn:x'>!!</x>REVG",
	};
	struct side a;
	struct end *e;
	size_t i;

	for (i = 0; i < N(bad); i++)
		breaks(data_xml("sid", "1", bad[i]), "bad-request/cancel",
		    "failed bad-data bad-request; ",
		    format("base64 '%s'", bad[i]));
	side_init(&a, US);
	e = listening(&a, "6", "");
	for (i = 0; i < N(fine); i++) {
		is(ask(&a, PEER, "set", data_xml("sid", format("%zu", i),
		    fine[i])), "", "base64 '%s'", fine[i]);
		must(strcmp(events(e), "block 6; ") == 0);
		must(memcmp(buf_data(&e->got) + 6 * i, "ABCDEF", 6) == 0);
	}
	is(ask(&a, PEER, "set", data_xml("sid", format("%zu", i), "QQ==\n")),
	    "", "white space after the end");
	is(events(e), "block 1; ", "one byte");
	side_free(&a);
}

static void
test_block_size(void)
{
	struct side a;
	struct end *e;

	breaks(data_xml("sid", "1", "QUJDREVGRw=="), "bad-request/cancel",
	    "failed bad-data bad-request; ", "a byte over the block size");
	breaks(data_xml("sid", "1", b64fill(500000)), "bad-request/cancel",
	    "failed bad-data bad-request; ", "a huge block");

	side_init(&a, US);
	e = listening(&a, "65535", "");
	is(ask(&a, PEER, "set", data_xml("sid", "0", b64fill(65535))), "",
	    "exactly the block size");
	is(events(e), "block 65535; ", "all of it");
	is(ask(&a, PEER, "set", data_xml("sid", "1", "")), "", "no bytes");
	is(events(e), "block 0; ", "are a block, too");
	inband_answer(e->s, 1);
	must(*said(&a) != '\0');
	inband_answer(e->s, 1);
	ok(strstr(said(&a), "'result'") != NULL, "which is answered");
	is(ask(&a, PEER, "set", data_xml("sid", "2", "QQ==")), "", "go on");
	must(strcmp(events(e), "block 1; ") == 0);
	is(ask(&a, PEER, "set", data_xml("sid", "3", b64fill(65536))), "",
	    "what Node.js reads at once");
	is(events(e), "block 65536; ", "a byte over the largest");
	is(ask(&a, PEER, "set", data_xml("sid", "4", b64fill(65537))),
	    "bad-request/cancel", "two bytes over the largest");
	side_free(&a);

	side_init(&a, US);
	e = listening(&a, "6", " stanza='message'");
	hear_message(&a, data_xml("sid", "0", b64fill(500000)));
	is(events(e), "block 500000; ", "a message heeds no size");
	side_free(&a);

	side_init(&a, US);
	e = listening(&a, "1", "");
	must(strcmp(ask(&a, PEER, "set", data_xml("sid", "0", "")), "") == 0);
	is(events(e), "block 0; ", "a stream's first block is empty");
	side_free(&a);
}

static void
test_answer(void)
{
	struct side a;
	struct end *e;
	int i;

	side_init(&a, US);
	e = listening(&a, "4096", "");
	for (i = 0; i < 3; i++)
		hear(&a, PEER, format("<iq type='set' id='d&amp;%d'>%s</iq>", i,
		    data_xml("sid", format("%d", i), "QQ==")));
	is(said(&a), "", "no answer before the bytes are gone");
	inband_answer(e->s, 2);
	is(said(&a), "<iq type='result' to='" PEER "' id='d&amp;0'/>",
	    "then in order");
	is(said(&a), "<iq type='result' to='" PEER "' id='d&amp;1'/>",
	    "as many as said");
	is(said(&a), "", "no more");
	a.broken = 1;
	inband_answer(e->s, 1);
	is(events(e), "block 1; block 1; block 1; failed unsent none; ",
	    "an answer that cannot be sent");
	side_free(&a);
}

/* The peer closes while we have something to write out. */
static void
test_peer_closes(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = listening(&a, "4096", "");
	must(strcmp(ask(&a, PEER, "set", data_xml("sid", "0", "QQ==")),
	    "") == 0);
	hear(&a, PEER, format("<iq type='set' id='c'>%s</iq>",
	    close_xml("sid")));
	is(events(e), "block 1; closing; ", "closed while data pends");
	is(said(&a), "", "so it is not answered");
	is(ask(&a, PEER, "set", data_xml("sid", "1", "QQ==")),
	    "item-not-found/cancel", "data after close");
	is(ask(&a, PEER, "set", close_xml("sid")), "item-not-found/cancel",
	    "a second close");
	is(ask(&a, PEER, "set", open_xml("sid", "4096", "")),
	    "bad-request/cancel", "the sid is still in use");
	is(events(e), "", "that changes nothing");
	is_int(inband_room(e->s), INBAND_WINDOW, "we may still send");
	must(inband_send(e->s, "Z", 1, 1) == 0);
	must(*said(&a) != '\0');
	must(result(&a));
	is(events(e), "answered 1; ", "and are answered");
	inband_answer(e->s, 1);
	ok(strstr(said(&a), "'result'") != NULL, "then the data is");
	e->receipt = "r";
	inband_close(e->s, CLOSE_BY);
	is(said(&a), "<iq type='result' to='" PEER "' id='c'>"
	    "<receipt xmlns='" NS_XCAT "'>r</receipt></iq>", "and the close");
	is(events(e), "closed; ", "closed");
	is(said(&a), "", "without a close of ours");
	is(ask(&a, PEER, "set", open_xml("sid", "4096", "")), "result",
	    "the sid may be used again");
	side_free(&a);
}

/* A stream of which our close and the peer's, with the id c, have crossed. */
static struct end *
crossing(struct side *a)
{
	struct end *e = listening(a, "4096", "");

	inband_close(e->s, CLOSE_BY);
	must(*said(a) != '\0');
	hear(a, PEER, format("<iq type='set' id='c'>%s</iq>",
	    close_xml("sid")));
	return e;
}

/* Our close crosses the peer's, which is answered only when both are. */
static void
test_crossing(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = crossing(&a);
	is(events(e), "closing; ", "the peer's close crosses ours");
	inband_close(e->s, CLOSE_BY);
	is(said(&a), "<iq type='result' to='" PEER "' id='c'/>", "answered");
	is(events(e), "", "but ours is not yet");
	refuse(&a, "item-not-found", "cancel");
	is(events(e), "closed by answer; ", "by a peer that has forgotten");

	e = crossing(&a);
	result(&a);
	is(said(&a), "<iq type='result' to='" PEER "' id='c'/>",
	    "the other order");
	is(events(e), "closing; closed by answer; ", "closed");
	inband_close(e->s, CLOSE_BY);
	is(said(&a), "", "nothing is left");
	side_free(&a);
}

/* A peer whose own close proves that it has all may be gone. */
static void
test_crossing_gone(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = crossing(&a);
	is(events(e), "closing; ", "the peer's close crosses ours");
	inband_proved(e->s);
	inband_close(e->s, CLOSE_BY);
	is(said(&a), "<iq type='result' to='" PEER "' id='c'/>", "answered");
	is(events(e), "closed; ", "and ours needs no answer");
	ok(!refuse(&a, "service-unavailable", "cancel"), "as it has gone");
	is(events(e), "", "which is no news");
	side_free(&a);
}

/* A peer that sends without waiting can fill only so much. */
static void
test_overrun(void)
{
	struct side a;
	struct end *e;
	const char *verdict = "";
	char *block;
	unsigned n;

	must((block = strdup(b64fill(50000))) != NULL);
	side_init(&a, US);
	e = listening(&a, "65535", "");
	e->counting = 1;
	for (n = 0; n < 1000 && *verdict == '\0'; n++)
		verdict = ask(&a, PEER, "set", data_xml("sid",
		    format("%u", n), block));
	is(verdict, "resource-constraint/wait", "a peer that floods");
	is_int((n - 1) * 50000 / 100000, INBAND_RX_MAX / 100000,
	    "has its megabytes");
	is(events(e), "failed overrun resource-constraint (busy); ",
	    "and no more");
	side_free(&a);

	/* With no room left it has one block. */
	side_init(&a, US);
	a.room = 0;
	e = listening(&a, "65535", "");
	e->counting = 1;
	is(ask(&a, PEER, "set", data_xml("sid", "0", b64fill(65535))), "",
	    "a block is taken whatever room there is");
	inband_answer(e->s, 1);
	drop_letters(&a);
	is(ask(&a, PEER, "set", data_xml("sid", "1", block)), "",
	    "and another one then");
	a.room = 50000;
	is(ask(&a, PEER, "set", data_xml("sid", "2", block)), "",
	    "two if there is room");
	a.room = 49999;
	is(ask(&a, PEER, "set", data_xml("sid", "3", block)),
	    "resource-constraint/wait", "not if there is none");
	is(events(e), "failed overrun resource-constraint (busy); ",
	    "which is the end of it");
	side_free(&a);
	free(block);
}

/* Empty blocks cost memory, too, most of all those with huge ids. */
static void
test_overrun_ids(void)
{
	struct side a;
	struct end *e;
	char *ids;
	unsigned n;

	must((ids = strdup(run_of('i', 100000))) != NULL);
	side_init(&a, US);
	e = listening(&a, "65535", "");
	e->counting = 1;
	for (n = 0; n < 1000 && !e->failed; n++)
		hear(&a, PEER, format("<iq type='set' id='%s'>%s</iq>", ids,
		    data_xml("sid", format("%u", n), "")));
	is_int(n, INBAND_RX_MAX / 100000 + 2, "ids of 100 kB count");
	is(events(e), "failed overrun resource-constraint (busy); ",
	    "they overrun");
	side_free(&a);

	/* As do very many small ones. */
	side_init(&a, US);
	e = listening(&a, "65535", "");
	e->counting = 1;
	for (n = 0; n < 100000 && !e->failed; n++)
		hear(&a, PEER, format("<iq type='set' id='i'>%s</iq>",
		    data_xml("sid", format("%u", n), "")));
	ok(n < INBAND_RX_MAX / 16, "empty blocks count: %u", n);
	side_free(&a);

	/* An id that cannot be written back is the peer's own loss. */
	side_init(&a, US);
	e = listening(&a, "65535", "");
	hear(&a, PEER, format("<iq type='set' id=\"%s\">%s</iq>",
	    run_of('\'', 100000), data_xml("sid", "0", "QQ==")));
	inband_answer(e->s, 1);
	is(events(e), "block 1; failed unsent none; ", "an id of quotes");
	side_free(&a);
	free(ids);
}

/*
 * Ends of all kinds
 */

enum stage {
	S_NEW, S_OPENING, S_OPEN, S_DATA, S_CLOSING_OUT, S_CLOSING_IN,
	S_CROSSED, S_CLOSED, S_FAILED, S_OFFERED, S_ACCEPTED, S_MAX
};

/* Bring a stream to a stage: e->s stands there, its peer owed so many
 * answers. */
static struct end *
bring(struct side *a, enum stage stage, int message, int *owed)
{
	struct end *e;

	*owed = 0;
	side_init(a, US);
	if (stage == S_OFFERED || stage == S_ACCEPTED) {
		a->accept = stage == S_ACCEPTED;
		e = listening(a, "4096", message ? " stanza='message'" : "");
		*owed = stage == S_OFFERED;
		drop_letters(a);
		return e;
	}
	if (stage == S_NEW) {
		e = add_end(a, NULL);
		e->s = inband_new(a->ibb, PEER, NULL, 4096, message, &user, e);
		return e;
	}
	e = calling(a, 4096, message);
	must(*said(a) != '\0');
	if (stage == S_OPENING)
		return e;
	must(result(a));
	must(strcmp(events(e), "opened; ") == 0);
	if (stage == S_OPEN)
		return e;
	must(inband_send(e->s, "x", 1, 1) == 0);
	must(strcmp(ask(a, PEER, "set", data_xml(inband_sid(e->s), "0",
	    "QQ==")), "something else") == 0);
	*owed = 1;
	if (stage == S_CLOSING_OUT || stage == S_CROSSED || stage == S_CLOSED)
		inband_close(e->s, CLOSE_BY);
	if (stage == S_CLOSING_IN || stage == S_CROSSED) {
		hear(a, PEER, format("<iq type='set' id='c'>%s</iq>",
		    close_xml(inband_sid(e->s))));
		*owed = 2;
	}
	if (stage == S_CLOSED) {
		while (strcmp(said(a), CLOSE) != 0)
			;
		must(result(a));
		must(e->closed == 1);
	}
	drop_letters(a);
	if (stage == S_FAILED) {
		hear(a, PEER, format("<iq type='set' id='z'>%s</iq>",
		    data_xml(inband_sid(e->s), "9", "")));
		must(e->failed == 1);
		*owed = 2;
	}
	events(e);
	return e;
}

/* How many answers and how many closes a has sent. */
static int
count_letters(struct side *a, int *closes)
{
	const char *s;
	int n = 0;

	*closes = 0;
	while (*(s = said(a)) != '\0') {
		n += strncmp(s, "<iq type='result'", 17) == 0 ||
		    strncmp(s, "<iq type='error'", 16) == 0;
		*closes += strstr(s, "<close") != NULL;
	}
	return n;
}

static void
test_stages(int message)
{
	static const int closes[S_MAX] = {
		[S_OPENING] = 1, [S_OPEN] = 1, [S_DATA] = 1, [S_FAILED] = 1,
		[S_ACCEPTED] = 1
	};
	struct side a;
	struct end *e;
	enum stage stage;
	int owed, n, c;

	for (stage = 0; stage < S_MAX; stage++) {
		e = bring(&a, stage, message, &owed);
		inband_abort(e->s, SE_INTERNAL_SERVER_ERROR);
		n = count_letters(&a, &c);
		is_int(n, owed, "stage %d: abort answers all", stage);
		is_int(c, closes[stage], "stage %d: and closes", stage);
		inband_abort(e->s, SE_INTERNAL_SERVER_ERROR);
		inband_answer(e->s, 5);
		inband_close(e->s, CLOSE_BY);
		iq_expire(a.iqs, INT64_MAX - 1);
		must(strcmp(ask(&a, PEER, "set", data_xml(inband_sid(e->s),
		    "1", "QQ==")), "item-not-found/cancel") == 0);
		is(said(&a), "", "stage %d: then there is silence", stage);
		is(events(e), "", "stage %d: without an event", stage);
		is_int(inband_room(e->s), 0, "stage %d: and no room", stage);
		drop_end(&a, e);
		side_free(&a);

		/* Freed as it stands: nothing may refer to it later. */
		e = bring(&a, stage, message, &owed);
		drop_letters(&a);
		drop_end(&a, e);
		is(said(&a), "", "stage %d: free says nothing", stage);
		ok(iq_deadline(a.iqs) == IQ_NODEADLINE,
		    "stage %d: and waits for nothing", stage);
		side_free(&a);
	}
	inband_free(NULL);
}

/* Everybody's first stream is called 1. */
static void
test_many(void)
{
	enum { MANY = 1000 };
	struct side a;
	struct end *e;
	char from[64];
	int i, good = 0;

	side_init(&a, US);
	for (i = 0; i < MANY; i++) {
		snprintf(from, sizeof(from), "u%d@there.example/b", i);
		good += strcmp(ask(&a, from, "set", open_xml("1", "4096", "")),
		    "result") == 0;
	}
	is_int(good, MANY, "%d streams of one name", MANY);
	SLIST_FOREACH(e, &a.ends, next)
		e->counting = 1;
	for (i = 0; i < MANY; i++) {
		snprintf(from, sizeof(from), "u%d@there.example/b", i);
		must(strcmp(ask(&a, from, "set", data_xml("1", "0",
		    b64(&(uint32_t){ 0 }, 4))), "") == 0);
		if (i % 2 == 0)
			must(strcmp(ask(&a, from, "set", close_xml("1")),
			    "") == 0);
	}
	good = 0;
	SLIST_FOREACH(e, &a.ends, next)
		good += e->came == 1 && e->wrong == 0;
	is_int(good, MANY, "each has its data");
	SLIST_FOREACH(e, &a.ends, next) {
		inband_answer(e->s, 1);
		if (buf_len(&e->log) > 0)
			inband_close(e->s, CLOSE_BY);
	}
	good = 0;
	SLIST_FOREACH(e, &a.ends, next)
		good += e->closed;
	is_int(good, MANY / 2, "half of them were closed");
	drop_letters(&a);
	for (i = 0; i < MANY; i++) {
		snprintf(from, sizeof(from), "u%d@there.example/b", i);
		good += strcmp(ask(&a, from, "set", data_xml("1", "1",
		    b64(&(uint32_t){ 1 }, 4))), "") == 0;
	}
	is_int(good, MANY, "the others go on");
	side_free(&a);
}

/*
 * Requests and answers
 */

struct asked {
	struct iq_table *t;
	int answers, errors, timeouts;
	int again;		/* ask once more */
	struct asked *victim;	/* forget its requests */
};

static void
got_answer(void *arg, const struct elem *answer)
{
	struct asked *q = arg;

	if (answer == NULL)
		q->timeouts++;
	else if (stanza_error(answer) != SE_NONE)
		q->errors++;
	else
		q->answers++;
	if (q->victim != NULL)
		iq_forget(q->t, q->victim);
	if (q->again-- > 0) {
		iq_request(q->t, "get", NULL);
		must(iq_ask(q->t, got_answer, q, 50) == 0);
	}
}

/* Ask, to be answered by deadline; the id stays in a->id. */
static void
put(struct side *a, struct asked *q, const char *to, int64_t deadline)
{
	iq_request(a->iqs, "get", to);
	must(iq_ask(a->iqs, got_answer, q, deadline) == 0);
	must(*said(a) != '\0');
}

static void
test_iq_from(void)
{
	static const struct {
		const char *to, *from;
		int counts;
	} t[] = {
		{ NULL, NULL, 1 },
		{ NULL, US, 1 },
		{ NULL, "us@here.example", 1 },
		{ NULL, "here.example", 1 },
		{ NULL, "us@here.example/b", 0 },
		{ NULL, "HERE.example", 0 },
		{ NULL, "evil@here.example", 0 },
		{ NULL, EVIL, 0 },
		{ "us@here.example", NULL, 1 },
		{ "us@here.example", "us@here.example", 1 },
		{ "us@here.example", "here.example", 0 },
		{ "here.example", NULL, 1 },
		{ "here.example", "here.example", 1 },
		{ "here.example", "us@here.example", 0 },
		{ PEER, PEER, 1 },
		{ PEER, NULL, 0 },
		{ PEER, US, 0 },
		{ PEER, "here.example", 0 },
		{ PEER, "peer@there.example", 0 },
		{ PEER, PEER "b", 0 },
		{ "there.example", NULL, 0 },
	};
	struct side a;
	struct asked q = { 0 };
	size_t i;

	side_init(&a, US);
	for (i = 0; i < N(t); i++) {
		put(&a, &q, t[i].to, IQ_NODEADLINE);
		is_int(hear(&a, t[i].from, format(RESULT, a.id)), t[i].counts,
		    "asked %s, answered by %s",
		    t[i].to != NULL ? t[i].to : "the server",
		    t[i].from != NULL ? t[i].from : "nobody");
	}
	is_int(q.answers, 9, "so many answers");
	is_int(q.errors + q.timeouts, 0, "and nothing else");
	side_free(&a);
}

/* What is told is not kept until it is answered, as it may never be; of what is
 * asked, each forgets its own. */
static void
test_iq_forget(void)
{
	struct side	 a;
	struct asked	 q[3] = { 0 };
	char		 ids[9][IQ_ID];
	int		 i;

	side_init(&a, US);
	iq_request(a.iqs, "set", PEER);
	iq_tell(a.iqs);
	must(*said(&a) != '\0');
	ok(!result(&a), "what is told has no answer");
	for (i = 0; i < 9; i++) {
		put(&a, &q[i % 3], PEER, IQ_NODEADLINE);
		strlcpy(ids[i], a.id, sizeof(ids[i]));
	}
	iq_forget(a.iqs, &q[1]);
	iq_forget(a.iqs, &a);
	for (i = 0; i < 9; i++)
		is_int(hear(&a, PEER, format(RESULT, ids[i])), i % 3 != 1,
		    "request %d is %s", i, i % 3 == 1 ? "forgotten" : "known");
	ok(q[0].answers == 3 && q[1].answers == 0 && q[2].answers == 3,
	    "answers of those that were not forgotten");
	side_free(&a);
}

static void
test_iq_deadline(void)
{
	struct side a;
	struct asked q = { 0 }, other = { 0 };

	side_init(&a, US);
	q.t = other.t = a.iqs;
	ok(iq_deadline(a.iqs) == IQ_NODEADLINE, "nothing is waited for");
	put(&a, &q, PEER, 30);
	put(&a, &q, PEER, IQ_NODEADLINE);
	put(&a, &q, PEER, 10);
	put(&a, &q, PEER, 20);
	is_int(iq_deadline(a.iqs), 10, "the earliest");
	iq_expire(a.iqs, 9);
	is_int(q.timeouts, 0, "none has passed");
	iq_expire(a.iqs, 10);
	is_int(q.timeouts, 1, "the first");
	is_int(iq_deadline(a.iqs), 20, "the next");
	iq_expire(a.iqs, 30);
	is_int(q.timeouts, 3, "all");
	ok(iq_deadline(a.iqs) == IQ_NODEADLINE, "but that without");
	ok(!result(&a), "an answer too late");

	q.again = 3;
	put(&a, &q, PEER, 40);
	iq_expire(a.iqs, 60);
	is_int(q.timeouts, 7, "one that asks again, until it is served");
	q.again = 0;
	drop_letters(&a);

	/* Forgetting what would expire next, from within. */
	q.victim = &other;
	put(&a, &q, PEER, 100);
	put(&a, &other, PEER, 101);
	put(&a, &other, NULL, 102);
	iq_expire(a.iqs, 200);
	is_int(q.timeouts, 8, "it expires");
	is_int(other.timeouts, 0, "and takes others with it");
	q.victim = &q;
	put(&a, &q, PEER, 300);
	put(&a, &q, PEER, 300);
	must(result(&a));
	iq_expire(a.iqs, 400);
	is_int(q.timeouts, 8, "forgotten requests do not expire");
	is_int(q.answers, 1, "nor are they answered");
	ok(iq_deadline(a.iqs) == IQ_NODEADLINE, "nor waited for");
	side_free(&a);
}

static void
test_iq_misc(void)
{
	struct side a;
	struct asked q = { 0 };
	struct xw *w;

	side_init(&a, US);
	put(&a, &q, PEER, IQ_NODEADLINE);
	hear(&a, PEER, error_xml(a.id, "gone", "cancel", ""));
	is_int(q.errors, 1, "an error is an answer");
	iq_request(a.iqs, "set", PEER);
	must(iq_ask(a.iqs, NULL, NULL, IQ_NODEADLINE) == 0);
	must(*said(&a) != '\0');
	ok(result(&a), "an answer that nobody cares for");
	a.broken = 1;
	iq_request(a.iqs, "set", PEER);
	is_int(iq_ask(a.iqs, got_answer, &q, 10), -1, "nothing can be sent");
	ok(iq_deadline(a.iqs) == IQ_NODEADLINE, "so nothing is waited for");
	a.broken = 0;
	w = iq_request(a.iqs, "set", PEER);
	xw_elem(w, "big", "urn:x", run_of('x', 300000));
	is_int(iq_ask(a.iqs, got_answer, &q, 10), -1, "a stanza too large");
	is(said(&a), "", "is not sent in part");
	put(&a, &q, PEER, 10);
	is_int(q.answers + q.errors + q.timeouts, 1, "the next one is fine");
	iq_request(a.iqs, "set", EVIL);	/* begun and not ended */
	put(&a, &q, PEER, 10);
	must(result(&a));
	is_int(q.answers, 1, "one begun anew");
	iq_request(a.iqs, "set", PEER);
	is(iq_jid(a.iqs), US, "who we are");
	must(iq_setjid(a.iqs, PEER) == 0);
	is(iq_jid(a.iqs), PEER, "who we are then");
	side_free(&a);		/* with one pending and one begun */
}

/*
 * Words
 */

static void
test_why(void)
{
	static const struct {
		enum inband_fault fault;
		enum stanza_error err;
		enum stream_fault class;
		const char *words;
	} t[] = {
		{ INBAND_REFUSED, SE_SERVICE_UNAVAILABLE, STREAM_REFUSED,
		    "nobody listens there" },
		{ INBAND_REFUSED, SE_FEATURE_NOT_IMPLEMENTED, STREAM_REFUSED,
		    "does not speak in-band" },
		{ INBAND_REFUSED, SE_FORBIDDEN, STREAM_REFUSED,
		    "does not allow you" },
		{ INBAND_REFUSED, SE_REMOTE_SERVER_NOT_FOUND, STREAM_REFUSED,
		    "cannot find the peer's server" },
		{ INBAND_REFUSED, SE_BUSY, STREAM_REFUSED, "busy" },
		{ INBAND_REFUSED, SE_NONE, STREAM_REFUSED, "refused" },
		{ INBAND_SILENT, SE_NONE, STREAM_SILENT, "no answer" },
		{ INBAND_UNDELIVERED, SE_ITEM_NOT_FOUND, STREAM_BROKEN,
		    "no longer knows the stream" },
		{ INBAND_UNDELIVERED, SE_SERVICE_UNAVAILABLE, STREAM_BROKEN,
		    "the peer has gone" },
		{ INBAND_BAD_DATA, SE_UNEXPECTED_REQUEST, STREAM_BROKEN,
		    "lost or repeated" },
		{ INBAND_BAD_DATA, SE_BAD_REQUEST, STREAM_BROKEN,
		    "malformed or too large" },
		{ INBAND_OVERRUN, SE_BUSY, STREAM_BROKEN,
		    "more than it was allowed" },
		{ INBAND_UNSENT, SE_NONE, STREAM_INTERNAL, "out of memory" },
	};
	char out[512];
	size_t i;

	for (i = 0; i < N(t); i++) {
		is_int(stream_strerror_fault(t[i].fault, t[i].err), t[i].class,
		    "%s %s: its class", faults[t[i].fault],
		    stanza_strerror(t[i].err));
		ok(strstr(stream_strerror_inband(0, t[i].fault, t[i].err, "",
		    out, sizeof(out)),
		       t[i].words) != NULL,
		    "%s", out);
	}
}

/* Faults of every kind have phrases, which fit. */
static void
test_why_all(void)
{
	char out[512], small[20];
	int fault, err, bad = 0;

	for (fault = 0; fault <= INBAND_UNSENT; fault++)
		for (err = SE_NONE; err <= SE_UNEXPECTED_REQUEST; err++) {
			stream_strerror_inband(0, fault, err, "text", out,
			    sizeof(out));
			bad += *out == '\0';
			stream_strerror_inband(0, fault, err, "text", small,
			    sizeof(small));
			bad += strlen(small) >= sizeof(small);
		}
	is_int(bad, 0, "every combination has words");
	ok(stream_strerror_far("a@here/r", "b@there/r") &&
	    !stream_strerror_far("a@here/r", "b@here"),
	    "which servers are the same");
	stream_strerror_inband(1, INBAND_REFUSED, SE_NOT_ALLOWED, "", out,
	    sizeof(out));
	ok(strstr(out, "federation") != NULL, "far away: %s", out);
	is_int(stream_strerror_far("a@here/r", "there"),
	    STREAM_FAR | STREAM_NAME, "a peer without an account");
	is_int(stream_strerror_far("a@he.re/r", "he.re/r.s"), STREAM_NAME,
	    "and our own server");
	is_int(stream_strerror_far("a@here/r", "tcp.here"), STREAM_FAR,
	    "but not a component");
	stream_strerror_inband(STREAM_FAR | STREAM_NAME, INBAND_REFUSED,
	    SE_NOT_ALLOWED, "", out, sizeof(out));
	is(out, "it is taken for a server, which is no peer: an account is "
	    "user@domain (not-allowed)", "the domain was forgotten");
	stream_strerror_inband(STREAM_NAME, INBAND_REFUSED, SE_ITEM_NOT_FOUND,
	    "", out, sizeof(out));
	ok(strstr(out, "no such service") != NULL, "a component: %s", out);
	stream_strerror_inband(0, INBAND_REFUSED, SE_NOT_ACCEPTABLE, "", out,
	    sizeof(out));
	is(out, "it does not want the stream; ask its owner (not-acceptable)",
	    "it says nothing");
	stream_strerror_inband(0, INBAND_REFUSED, SE_NOT_ACCEPTABLE,
	    "leave out -u", out, sizeof(out));
	is(out, "it does not want the stream (not-acceptable: leave out -u)",
	    "it says what to do");
	stream_strerror_inband(0, INBAND_REFUSED, SE_GONE, "to Oz", out,
	    sizeof(out));
	ok(strstr(out, "(gone: to Oz)") != NULL, "the peer's own: %s", out);
	stream_strerror_inband(0, INBAND_REFUSED, SE_GONE, run_of('y', 5000),
	    out, sizeof(out));
	ok(strlen(out) < 300, "not too many of them");
	stream_strerror_inband(0, INBAND_SILENT, SE_NONE, "", out, sizeof(out));
	ok(strchr(out, '(') == NULL, "no condition, no brackets");
}

/*
 * Plain streams, as the ends see them
 */

struct party {			/* who has a stream, and its engine */
	struct side side;
	struct stream_conf conf;
	struct stream *s;
	int changes;
};

static void
on_change(void *arg)
{
	struct party *t = arg;

	t->changes++;
}

static int64_t
deadline(void *arg)
{
	(void)arg;
	return CLOSE_BY;
}

static void
stream_offer(void *arg, struct inband *offer, const struct elem *open)
{
	struct party *t = arg;

	t->s = stream_offered(offer, open, &t->conf, on_change, t);
	if (t->s != NULL)
		must(stream_accept(t->s) == 0);
}

static void
party_init(struct party *t, const char *jid, int message)
{
	struct ibb_host host = {
		.allowed = on_allowed,
		.offer = stream_offer,
		.arg = t,
	};

	memset(t, 0, sizeof(*t));
	side_init(&t->side, jid);
	ibb_free(t->side.ibb);
	t->side.ibb = ibb_new(t->side.iqs, t->side.dispatch, &host);
	must(t->side.ibb != NULL);
	t->conf.block = 100;
	t->conf.message = message;
	t->conf.deadline = deadline;
	t->conf.iqs = t->side.iqs;
}

static void
join_parties(struct party *a, struct party *b, int message)
{
	party_init(a, US, message);
	party_init(b, PEER, message);
	a->s = stream_call(a->side.ibb, PEER, &a->conf, on_change, a);
	must(a->s != NULL);
	pump(&a->side, &b->side);
	must(b->s != NULL);
}

static void
part_parties(struct party *a, struct party *b)
{
	stream_free(a->s);
	stream_free(b->s);
	side_free(&a->side);
	side_free(&b->side);
}

static int
holds(struct party *t, const char *want)
{
	const unsigned char *p;
	size_t len;

	p = stream_data(t->s, &len);
	return len == strlen(want) && memcmp(p, want, len) == 0;
}

/* A plain listener sends a larger block than it was asked for. */
static int
takes_large(size_t most)
{
	struct party a, b;
	size_t len = 0;

	party_init(&a, US, 0);
	party_init(&b, PEER, 0);
	a.conf.most = most;
	a.s = stream_call(a.side.ibb, PEER, &a.conf, on_change, &a);
	must(a.s != NULL);
	pump(&a.side, &b.side);
	must(b.s != NULL);
	ask(&a.side, PEER, "set", data_xml(stream_sid(a.s), "0",
	    b64fill(INBAND_BLOCK_MAX + 1)));
	if (stream_state(a.s) == STREAM_OPEN)
		stream_data(a.s, &len);
	part_parties(&a, &b);
	return len == INBAND_BLOCK_MAX + 1;
}

static void
test_large_blocks(void)
{
	ok(takes_large(INBAND_BLOCK_MAX),
	    "a plain peer may send what it likes");
	ok(!takes_large(0), "unless a bound was set");
}

static void
test_stream(int message)
{
	const char *mode = message ? "message" : "iq";
	struct party a, b;

	join_parties(&a, &b, message);
	is_int(stream_state(a.s), STREAM_OPEN, "%s: a stream opens", mode);
	is(stream_key(a.s), NULL, "%s: a plain one", mode);
	is_int(stream_block(b.s), 100, "%s: of small blocks", mode);
	ok(stream_room(a.s) >= 100, "%s: with room", mode);
	must(stream_write(a.s, "to b", 4) == 0);
	must(stream_write(b.s, "to a", 4) == 0);
	pump(&a.side, &b.side);
	ok(holds(&a, "to a") && holds(&b, "to b"), "%s: both ways", mode);
	is_int(stream_confirmed(a.s), 0, "%s: nothing is confirmed", mode);
	stream_finish(a.s);
	stream_finish(b.s);
	stream_consume(b.s, 4);
	pump(&a.side, &b.side);
	is_int(stream_confirmed(a.s), message ? 0 : 4,
	    "%s: what was consumed is", mode);
	is_int(stream_state(a.s), STREAM_OPEN, "%s: still open", mode);
	stream_consume(a.s, 4);
	stream_abort(a.s, SE_ITEM_NOT_FOUND);
	part_parties(&a, &b);
}

/* The listener has said all; the caller closes at the end of its bytes. */
static void
test_stream_closes(int message)
{
	const char *mode = message ? "message" : "iq";
	struct party a, b;

	join_parties(&a, &b, message);
	must(stream_write(b.s, "answer", 6) == 0);
	pump(&a.side, &b.side);
	stream_consume(a.s, 6);
	must(stream_write(a.s, "bye", 3) == 0);
	stream_free(a.s);
	a.s = NULL;
	pump(&a.side, &b.side);
	ok(holds(&b, "bye"), "%s: what came before the close", mode);
	is_int(stream_state(b.s), STREAM_OPEN, "%s: may be taken", mode);
	ok(!stream_eof(b.s), "%s: it is not the end", mode);
	stream_consume(b.s, 3);
	ok(stream_eof(b.s), "%s: now it is", mode);
	pump(&a.side, &b.side);
	is_int(stream_state(b.s), STREAM_CLOSED, "%s: closed", mode);
	is_int(stream_confirmed(b.s), 6, "%s: all confirmed", mode);
	part_parties(&a, &b);

	/* The caller closes after its end. */
	party_init(&a, US, message);
	party_init(&b, PEER, message);
	a.conf.close_at_end = 1;
	a.s = stream_call(a.side.ibb, PEER, &a.conf, on_change, &a);
	pump(&a.side, &b.side);
	must(stream_write(a.s, "all", 3) == 0);
	stream_finish(a.s);
	pump(&a.side, &b.side);
	is_int(stream_state(a.s), STREAM_OPEN, "%s: not before it is taken",
	    mode);
	stream_consume(b.s, 3);
	pump(&a.side, &b.side);
	is_int(stream_state(a.s), STREAM_CLOSED, "%s: the caller's", mode);
	is_int(stream_state(b.s), STREAM_CLOSED, "%s: the listener's", mode);
	is_int(stream_confirmed(a.s), 3, "%s: confirmed", mode);
	ok(a.changes > 0 && b.changes > 0, "%s: both were told", mode);
	part_parties(&a, &b);
}

static void
test_stream_refused(void)
{
	struct party a, b;

	party_init(&a, EVIL, 0);
	party_init(&b, PEER, 0);
	a.s = stream_call(a.side.ibb, PEER, &a.conf, on_change, &a);
	pump(&a.side, &b.side);
	is_int(stream_state(a.s), STREAM_FAILED, "a stranger's stream");
	is_int(stream_fault(a.s), STREAM_REFUSED, "is refused");
	is_int(stream_refusal(a.s), SE_SERVICE_UNAVAILABLE, "as ever");
	ok(strstr(stream_why(a.s), "nobody listens") != NULL, "%s",
	    stream_why(a.s));
	part_parties(&a, &b);
}

/* A + for each move that there is, from the state of the line. */
static void
test_moves(void)
{
	static const char *const moves[] = { "--++", "--++", "---+", "----" };
	struct side a;
	struct inband *s;
	unsigned from, to;
	int moved;

	side_init(&a, US);
	must((s = inband_make(a.ibb, PEER, "moves")) != NULL);
	for (from = INBAND_OFFERED; from <= INBAND_ENDED; from++)
		for (to = INBAND_OFFERED; to <= INBAND_ENDED; to++) {
			inband_insert(s, (enum inband_state)from);
			moved = inband_set_state(s,
			    (enum inband_state)to) == 0;
			ok(moved == (moves[from][to] == '+') &&
			    s->state == (moved ? to : from),
			    "stream: %u -> %u", from, to);
			if (s->state != INBAND_ENDED || !moved)
				RB_REMOVE(inband_tree, &a.ibb->streams, s);
			s->state = INBAND_ENDED;
		}
	ok(RB_EMPTY(&a.ibb->streams), "an ended stream leaves the tree");
	for (from = INBAND_HALF_OPEN; from <= INBAND_HALF_CLOSED; from++)
		for (to = INBAND_HALF_OPEN; to <= INBAND_HALF_CLOSED; to++) {
			s->in = s->out = (enum inband_half)from;
			moved = inband_set_in(s, (enum inband_half)to) == 0;
			ok(moved == (to > from) &&
			    s->in == (moved ? to : from) && s->out == from,
			    "in: %u -> %u", from, to);
			moved = inband_set_out(s, (enum inband_half)to) == 0;
			ok(moved == (to > from) &&
			    s->out == (moved ? to : from),
			    "out: %u -> %u", from, to);
		}
	inband_free(s);
	side_free(&a);
}

int
main(void)
{
	int message;

	test_moves();

	for (message = 0; message <= 1; message++) {
		test_pair(message);
		test_pair_close(message);
		test_wrap(message);
		test_stages(message);
		test_stream(message);
		test_stream_closes(message);
	}
	test_large_blocks();
	test_window();
	test_open();
	test_open_smaller();
	test_open_refused();
	test_open_answers();
	test_open_silent();
	test_open_closed();
	test_send();
	test_stanza_limit();
	test_send_refused();
	test_close();
	test_close_answers();
	test_close_refused();
	test_abort_in_answer();
	test_message_pacing();
	test_message_tail();
	test_bounce();
	test_message_in();
	test_congestion();
	test_accept();
	test_offer_closed();
	test_open_bad();
	test_open_good();
	test_odd_stanzas();
	test_stranger();
	test_foreign();
	test_seq();
	test_base64();
	test_block_size();
	test_answer();
	test_peer_closes();
	test_crossing();
	test_crossing_gone();
	test_overrun();
	test_overrun_ids();
	test_many();
	test_iq_from();
	test_iq_forget();
	test_iq_deadline();
	test_iq_misc();
	test_why();
	test_why_all();
	test_stream_refused();
	return tap_done();
}
