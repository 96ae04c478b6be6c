/*
 * Unit tests of ibb/sync: streams are mended, by the script and by chance.
 */
#include <sys/queue.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/inband.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/base64.h"
#include "xml/iq.h"
#include "xml/stanza.h"

#define XCAT	" xmlns='" NS_XCAT "'"
#define OPEN	"<iq type='set' to='" PEER "' id='SID'><open" IBB \
		" sid='SID' block-size='4096' stanza='iq'/></iq>"
#define CLOSED	"<iq type='set' to='" PEER "' id='ID'><closed" XCAT \
		" sid='SID'/></iq>"

static const char *
sync_xml(const char *sid, const char *received, const char *answered,
    const char *rest)
{
	return format("<sync" XCAT " sid='%s' received='%s' answered='%s'%s/>",
	    sid, received, answered, rest);
}

/* The question how far the peer has got. */
static const char *
question(const char *sid, int received, int answered, const char *rest)
{
	return format("<iq type='set' to='" PEER "' id='ID'>%s</iq>",
	    sync_xml(sid, format("%d", received), format("%d", answered),
	    rest));
}

/* The peer answers the question seen last. */
static int
counts(struct side *a, const char *received, const char *answered)
{
	return hear(a, PEER, format("<iq type='result' id='%s'>%s</iq>", a->id,
	    sync_xml(a->sid, received, answered, "")));
}

/* A block as sent. */
static const char *
block(int seq, const char *data)
{
	return format("<iq type='set' to='" PEER "' id='ID'><data" IBB
	    " sid='SID' seq='%d'>%s</data></iq>", seq, b64(data,
	    strlen(data)));
}

/* Block seq of stream "sid" comes. */
static int
hear_block(struct side *a, const char *id, const char *seq, const char *text)
{
	return hear(a, PEER, format("<iq type='set' id='%s'>%s</iq>", id,
	    data_xml("sid", seq, text)));
}

static const char *
result_to(const char *id)
{
	return format("<iq type='result' to='" PEER "' id='%s'/>", id);
}

static int
is_refusal(const char *xml, const char *id, const char *condition)
{
	return strncmp(xml, "<iq type='error'", 16) == 0 &&
	    strstr(xml, format(" id='%s'>", id)) != NULL &&
	    strstr(xml, format("<%s ", condition)) != NULL;
}

/* A stream that can be mended, which we opened; which the peer did. */
static struct end *
calling_xcat(struct side *a)
{
	struct end *e;

	side_init(a, US);
	e = called(a, 4096, 0);
	inband_can_sync(e->s);
	return e;
}

static struct end *
called_by_xcat(struct side *a)
{
	struct end *e;

	side_init(a, US);
	e = listening(a, "4096", "");
	inband_can_sync(e->s);
	return e;
}

/* Send them, a word each, weighing ten times their length. */
static void
send_words(struct side *a, const char *one, const char *two)
{
	struct end *e = a->end;

	must(inband_send(e->s, one, strlen(one), 10 * strlen(one)) == 0);
	must(*said(a) != '\0');
	if (two == NULL)
		return;
	must(inband_send(e->s, two, strlen(two), 10 * strlen(two)) == 0);
	must(*said(a) != '\0');
}

/*
 * Blocks that come
 */

static void
test_repeated(void)
{
	struct side a;
	struct end *e;
	int i;

	e = called_by_xcat(&a);
	hear_block(&a, "b0", "0", "QUJD");
	hear_block(&a, "b1", "1", "REVG");
	is(events(e), "block 3; block 3; ", "two blocks");
	hear_block(&a, "b0", "0", "QUJD");
	hear_block(&a, "c0", "0", "QUJD");
	hear_block(&a, "c1", "1", "REVG");
	is(events(e), "", "that come again are not taken again");
	is(said(&a), "", "nor answered before their time");
	inband_answer(e->s, 1);
	is(said(&a), result_to("b0"), "then each is");
	is(said(&a), result_to("c0"), "as it was asked");
	is(said(&a), "", "once");
	hear_block(&a, "d0", "0", "QUJD");
	is(said(&a), result_to("d0"), "what was answered is answered again");
	inband_answer(e->s, 1);
	is(said(&a), result_to("b1"), "the other one");
	is(said(&a), result_to("c1"), "likewise");
	hear_block(&a, "b2", "2", "R0hJ");
	is(events(e), "block 3; ", "the next one is new");
	is_int(buf_len(&e->got), 9, "nine bytes");
	ok(memcmp(buf_data(&e->got), "ABCDEFGHI", 9) == 0, "as sent");

	for (i = 0; i < 9; i++)
		hear_block(&a, format("r%d", i), "2", "R0hJ");
	ok(is_refusal(said(&a), "r8", "unexpected-request"),
	    "too often, and its sender is to ask");
	inband_answer(e->s, 1);
	for (i = 0; i < 9; i++)
		must(strncmp(said(&a), "<iq type='result'", 17) == 0);
	is(said(&a), "", "the others are answered");
	hear_block(&a, "b3", "3", "SktM");
	hear_block(&a, "c3", "3", "SktM");
	inband_abort(e->s, SE_BUSY);
	ok(is_refusal(said(&a), "b3", "resource-constraint"), "or refused");
	ok(is_refusal(said(&a), "c3", "resource-constraint"), "each");
	side_free(&a);
}

static void
test_repeated_message(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = listening(&a, "4096", " stanza='message'");
	inband_can_sync(e->s);
	hear(&a, PEER, format("<message>%s</message>", data_xml("sid", "0",
	    "QUJD")));
	hear(&a, PEER, format("<message>%s</message>", data_xml("sid", "0",
	    "QUJD")));
	hear(&a, PEER, format("<message>%s</message>", data_xml("sid", "2",
	    "QUJD")));
	is(events(e), "block 3; ", "messages: repeated, and a gap");
	is(said(&a), "<iq type='set' to='" PEER "' id='ID'><sync" XCAT
	    " sid='sid' received='1' answered='0' lost='true'/></iq>",
	    "which is said");
	hear(&a, PEER, format("<message>%s</message>", data_xml("sid", "3",
	    "QUJD")));
	is(said(&a), "", "once");
	side_free(&a);
}

/* Messages are lost, but the ping behind them is not. */
static void
test_lost_message(void)
{
	struct side a;
	struct end *e;
	char ping[17];
	int i;

	side_init(&a, US);
	e = called(&a, 4096, 1);
	inband_can_sync(e->s);
	for (i = 0; i < 16; i++) {
		must(inband_send(e->s, "x", 1, 1) == 0);
		must(*said(&a) != '\0');
		if (i % 8 == 7)
			is(said(&a), PING, "a ping");
		if (i == 7)
			strlcpy(ping, a.id, sizeof(ping));
	}
	/* A ping's answer is for what was sent before that ping. */
	must(strcmp(ask(&a, PEER, "set", sync_xml(inband_sid(e->s), "8", "8",
	    "")), "result") == 0);
	is_int(e->answered, 8, "the first half has come");
	hear(&a, PEER, format(RESULT, ping));
	is_int(e->answered, 8, "a ping before the second does not count");
	strlcpy(ping, a.id, sizeof(ping));
	must(strcmp(ask(&a, PEER, "set", sync_xml(inband_sid(e->s), "8", "8",
	    " lost='true'")), "result") == 0);
	must(strstr(said(&a), "<sync") != NULL);
	ok(!hear(&a, PEER, format(RESULT, ping)),
	    "nor does one behind what was lost");
	is_int(e->answered, 8, "which is not confirmed");
	counts(&a, "9", "8");
	for (i = 9; i < 16; i++)
		must(strstr(said(&a), format("seq='%d'", i)) != NULL);
	is(said(&a), PING, "but sent again, with a ping");
	must(result(&a));
	is_int(e->answered, 16, "whose answer counts");
	ok(!result(&a), "once");

	must(inband_send(e->s, "x", 1, 1) == 0);
	must(*said(&a) != '\0');
	must(strcmp(ask(&a, PEER, "set", sync_xml(inband_sid(e->s), "17",
	    "16", " lost='true'")), "result") == 0);
	must(strstr(said(&a), "<sync") != NULL);
	counts(&a, "17", "16");
	is(said(&a), PING, "asked after, too, if it has come");
	side_free(&a);
}

static void
test_gap(void)
{
	static const char *const wrong[] = {
		"1", "2", "32767", "32768", "65534", "65535"
	};
	struct side a;
	struct end *e;
	size_t i;

	e = called_by_xcat(&a);
	for (i = 0; i < N(wrong); i++)
		is(ask(&a, PEER, "set", data_xml("sid", wrong[i], "QUJD")),
		    "unexpected-request/cancel", "block %s before block 0",
		    wrong[i]);
	is(events(e), "", "is not taken");
	is(said(&a), "", "nor is it the end");
	hear_block(&a, "b0", "0", "QUJD");
	hear_block(&a, "b1", "1", "REVG");
	is(events(e), "block 3; block 3; ", "once the gap is filled");
	is(ask(&a, PEER, "set", data_xml("sid", "-1", "QUJD")),
	    "unexpected-request/cancel", "no number at all");
	is(events(e), "failed bad-data unexpected-request; ",
	    "is no gap, but the end");
	side_free(&a);
}

/*
 * Blocks that went
 */

static void
test_resend(void)
{
	struct side a;
	struct end *e;
	char old[17];

	e = calling_xcat(&a);
	send_words(&a, "one", "three");
	strlcpy(old, a.id, sizeof(old));
	send_words(&a, "fifteen", NULL);
	ibb_back(a.ibb, 0);
	is(said(&a), question("SID", 0, 0, " lost='true'"), "what was lost?");
	is_int(inband_room(e->s), 0, "until it is known nothing is sent");
	ok(inband_waits(e->s) && !inband_away(e->s), "it waits");
	must(!hear(&a, EVIL, format(RESULT, a.id)));
	counts(&a, "1", "1");
	is(said(&a), block(1, "three"), "one has come; the second");
	is(said(&a), block(2, "fifteen"), "and the third did not");
	is(said(&a), "", "that was all");
	is(events(e), "answered 30; answered 0; ", "the first is answered");
	ok(!inband_waits(e->s), "it goes on");
	is_int(inband_room(e->s), INBAND_WINDOW - 2, "with room");
	ok(!hear(&a, PEER, format(RESULT, old)), "an answer from before");
	is(events(e), "", "is of no interest");
	result(&a);
	is(events(e), "", "nor one before its turn");
	send_words(&a, "more", NULL);
	ibb_back(a.ibb, 0);
	must(strcmp(said(&a), question("SID", 0, 0, " lost='true'")) == 0);
	counts(&a, "4", "3");
	is(said(&a), "", "nothing was lost but answers");
	is(events(e), "answered 50; answered 70; answered 0; ",
	    "and these are known now");
	is_int(inband_unanswered(e->s), 1, "one is to be answered");
	inband_sync(e->s);
	is(said(&a), question("SID", 0, 0, ""), "the peer is asked after it");
	is_int(inband_room(e->s), INBAND_WINDOW - 1, "without a hold");
	inband_sync(e->s);
	is_int(inband_room(e->s), 0, "until it does not answer");
	is(said(&a), question("SID", 0, 0, ""), "and is asked once more");
	counts(&a, "4", "4");
	is(events(e), "answered 0; answered 40; answered 0; ",
	    "it is answered");
	must(inband_send(e->s, "x", 1, 1) == 0);
	is(said(&a), block(4, "x"), "the numbers go on");
	side_free(&a);
}

/* The peer of a block says that one before it is missing. */
static void
test_missed(void)
{
	struct side a;
	struct end *e;
	int i;

	e = calling_xcat(&a);
	send_words(&a, "one", "three");
	refuse(&a, "unexpected-request", "cancel");
	is(said(&a), question("SID", 0, 0, ""), "a gap: how far has it got?");
	counts(&a, "0", "0");
	is(said(&a), block(0, "one"), "all");
	is(said(&a), block(1, "three"), "again");
	is(events(e), "answered 0; ", "that is all");
	for (i = 0; i < 7; i++) {
		refuse(&a, "unexpected-request", "cancel");
		must(strcmp(said(&a), question("SID", 0, 0, "")) == 0);
		counts(&a, "0", "0");
		must(strcmp(said(&a), block(0, "one")) == 0);
		must(strcmp(said(&a), block(1, "three")) == 0);
		must(strcmp(events(e), "answered 0; ") == 0);
	}
	refuse(&a, "unexpected-request", "cancel");
	must(strcmp(said(&a), question("SID", 0, 0, "")) == 0);
	counts(&a, "0", "0");
	is(events(e), "failed undelivered policy-violation; ",
	    "but not for ever");
	is(said(&a), CLOSE, "closed");
	side_free(&a);
}

static void
test_error(void)
{
	struct side a;
	struct end *e;

	e = calling_xcat(&a);
	send_words(&a, "one", NULL);
	refuse(&a, "forbidden", "auth");
	is(events(e), "failed undelivered forbidden: so there; ",
	    "other errors are final");
	is(said(&a), CLOSE, "as ever");
	side_free(&a);

	e = calling_xcat(&a);
	send_words(&a, "one", NULL);
	ibb_back(a.ibb, 0);
	must(*said(&a) != '\0');
	refuse(&a, "item-not-found", "cancel");
	is(events(e), "failed undelivered item-not-found: so there; ",
	    "a peer that no longer knows the stream");
	is(said(&a), CLOSE, "is told so");
	side_free(&a);

	e = calling_xcat(&a);
	send_words(&a, "one", NULL);
	a.broken = 1;
	ibb_back(a.ibb, 0);
	is(events(e), "failed unsent none; ", "a question that cannot be sent");
	side_free(&a);

	e = calling_xcat(&a);
	send_words(&a, "one", NULL);
	ibb_back(a.ibb, 0);
	must(*said(&a) != '\0');
	a.broken = 1;
	counts(&a, "0", "0");
	is(events(e), "failed unsent none; ", "nor the block again");
	side_free(&a);
}

static void
test_away(void)
{
	static const char *const away[] = {
		"service-unavailable", "recipient-unavailable",
		"remote-server-timeout", "remote-server-not-found"
	};
	struct side a;
	struct end *e;
	size_t i;

	for (i = 0; i < N(away); i++) {
		e = calling_xcat(&a);
		send_words(&a, "one", NULL);
		refuse(&a, away[i], "cancel");
		is(events(e), "answered 0; ", "%s: not over", away[i]);
		ok(inband_away(e->s), "but away");
		is_int(inband_room(e->s), 0, "nothing is sent meanwhile");
		is(said(&a), "", "nor asked at once");
		inband_sync(e->s);
		is(said(&a), question("SID", 0, 0, ""), "only when told to");
		refuse(&a, away[i], "cancel");
		ok(inband_away(e->s), "still away");
		must(strcmp(events(e), "answered 0; ") == 0);
		inband_sync(e->s);
		must(*said(&a) != '\0');
		counts(&a, "0", "0");
		is(said(&a), block(0, "one"), "back: it goes on");
		is(events(e), "answered 0; ", "and may go on");
		ok(!inband_waits(e->s) && !inband_away(e->s), "as before");
		side_free(&a);
	}
}

/* The peer has been away: what has it lost, and what have we? */
static void
test_asked(void)
{
	struct side a;
	struct end *e;

	e = calling_xcat(&a);
	send_words(&a, "one", "three");
	is(ask(&a, PEER, "set", sync_xml(a.sid, "1", "1", "")), "result",
	    "asked how far we have got");
	is(events(e), "answered 30; ", "its own counts are taken");
	is(said(&a), "", "but nothing is sent again for them");
	is(ask(&a, PEER, "set", sync_xml(a.sid, "1", "1", " lost='true'")),
	    "result", "it has lost something");
	is(said(&a), question("SID", 0, 0, ""), "then it is asked, too");
	counts(&a, "1", "1");
	is(said(&a), block(1, "three"), "what it has not");
	result(&a);
	must(strcmp(events(e), "answered 0; answered 50; ") == 0);
	is(ask(&a, PEER, "set", sync_xml(a.sid, "2", "2", " lost='true'")),
	    "result", "it has lost nothing of ours");
	is(said(&a), "", "so there is nothing to ask");

	hear(&a, PEER, format("<iq type='set' id='b0'>%s</iq>", data_xml(a.sid,
	    "0", "QUJD")));
	hear(&a, PEER, format("<iq type='set' id='b1'>%s</iq>", data_xml(a.sid,
	    "1", "QUJD")));
	inband_answer(e->s, 1);
	must(*said(&a) != '\0');
	hear(&a, PEER, format("<iq type='set' id='s'>%s</iq>", sync_xml(a.sid,
	    "2", "2", "")));
	is(said(&a), format("<iq type='result' to='" PEER "' id='s'>%s</iq>",
	    sync_xml("SID", "2", "1", "")), "what came, what was answered");
	side_free(&a);
}

/*
 * Blocks too large for the server
 */

/* The payload of the block said next is that of data from an offset. */
static int
carries(struct side *a, int seq, const char *data, size_t len)
{
	return strcmp(said(a), format("<iq type='set' to='" PEER "' id='ID'>"
	    "<data" IBB " sid='SID' seq='%d'>%s</data></iq>", seq, b64(data,
	    len))) == 0;
}

static void
test_split(void)
{
	char data[4096];
	struct side a;
	struct end *e;
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * i / 7);
	e = calling_xcat(&a);
	must(inband_send(e->s, data, 3000, 30) == 0);
	must(inband_send(e->s, data, 4096, 40) == 0);
	must(inband_send(e->s, data, 2048, 20) == 0);
	drop_letters(&a);
	ibb_back(a.ibb, 1);
	must(strcmp(said(&a), question("SID", 0, 0, " lost='true'")) == 0);
	is_int(inband_block(e->s), 2048, "half of the largest");
	counts(&a, "0", "0");
	ok(carries(&a, 0, data, 2048), "the first");
	ok(carries(&a, 1, data + 2048, 952), "in two");
	ok(carries(&a, 2, data, 2048), "the second");
	ok(carries(&a, 3, data + 2048, 2048), "in two");
	ok(carries(&a, 4, data, 2048), "the third as it was");
	is(said(&a), "", "all");
	is_int(inband_unanswered(e->s), 5, "five in all");
	must(strcmp(events(e), "answered 0; ") == 0);

	/* Three of them have come, and their answers are lost. */
	inband_sync(e->s);
	must(*said(&a) != '\0');
	counts(&a, "3", "1");
	is(events(e), "answered 0; answered 0; ", "a part weighs nothing");
	ok(carries(&a, 3, data + 2048, 2048), "the rest");
	ok(carries(&a, 4, data, 2048), "again");
	must(strcmp(said(&a), "") == 0);
	inband_sync(e->s);
	must(*said(&a) != '\0');
	counts(&a, "5", "5");
	is(events(e), "answered 30; answered 0; answered 40; answered 20; "
	    "answered 0; ", "but the last, which weighs all");
	must(inband_send(e->s, data, 10, 1) == 0);
	ok(carries(&a, 5, data, 10), "the numbers have gone on");

	ibb_back(a.ibb, 1);
	is_int(inband_block(e->s), 2048, "small ones are not to blame");
	side_free(&a);
}

static const char zeros[4096];

/* An xcat that has a block of zeros under way. */
static struct end *
sending_zeros(struct side *a)
{
	struct end *e = calling_xcat(a);

	must(inband_send(e->s, zeros, sizeof(zeros), 1) == 0);
	return e;
}

static void
test_policy(void)
{
	struct side a;
	struct end *e = sending_zeros(&a);
	int i;

	must(*said(&a) != '\0');
	refuse(&a, "policy-violation", "modify");
	is(events(e), "", "a block that the server does not want");
	must(strcmp(said(&a), question("SID", 0, 0, "")) == 0);
	counts(&a, "0", "0");
	ok(carries(&a, 0, zeros, 2048), "goes in two");
	ok(carries(&a, 1, zeros, 2048), "parts");
	refuse(&a, "policy-violation", "modify");
	must(*said(&a) != '\0');
	is_int(inband_block(e->s), 1024, "or four");
	counts(&a, "0", "0");
	for (i = 0; i < 4; i++)
		must(carries(&a, i, zeros, 1024));
	refuse(&a, "policy-violation", "modify");
	must(*said(&a) != '\0');
	is_int(inband_block(e->s), 1024, "no smaller ones");
	side_free(&a);
}

/* A server that breaks the connection at the same place time and again. */
static void
test_no_further(void)
{
	struct side a;
	struct end *e = sending_zeros(&a);
	int i;

	for (i = 0; i < 2; i++) {
		is_int(inband_block(e->s), 4096, "lost %d times", i);
		drop_letters(&a);
		ibb_back(a.ibb, 0);
		must(*said(&a) != '\0');
		counts(&a, "0", "0");
	}
	is_int(inband_block(e->s), 2048, "may be for the size");
	side_free(&a);
}

/*
 * Counts that cannot be
 */

static void
test_forged(void)
{
	static const struct {
		const char *received, *answered;
	} bad[] = {
		{ "3", "0" }, { "3", "3" }, { "1", "2" }, { "0", "1" },
		{ "65538", "0" }, { "4294967298", "0" },
		{ "9223372036854775807", "0" },
		{ "9999999999999999999", "0" },
		{ "18446744073709551615", "0" },
		{ "18446744073709551618", "0" },
		{ "99999999999999999999999999999999", "0" },
		{ "2", "9999999999999999999" },
		{ "-1", "0" }, { "0", "-1" }, { "-1", "-1" }, { "+1", "0" },
		{ "", "" }, { "", "0" }, { "0", "" }, { " 1", "0" },
		{ "1 ", "0" }, { "0x1", "0" }, { "1.0", "0" }, { "1e0", "0" },
		{ "one", "0" }, { "\xd9\xa1", "0" },
	};
	struct side a;
	struct end *e;
	size_t i;

	for (i = 0; i < N(bad); i++) {
		e = calling_xcat(&a);
		send_words(&a, "one", "three");
		ibb_back(a.ibb, 0);
		must(*said(&a) != '\0');
		counts(&a, bad[i].received, bad[i].answered);
		is(events(e), "failed bad-data bad-request; ",
		    "answered that it has '%s' and answered '%s'",
		    bad[i].received, bad[i].answered);
		is(said(&a), CLOSE, "closed");
		must(*said(&a) == '\0');
		side_free(&a);

		e = calling_xcat(&a);
		send_words(&a, "one", "three");
		must(strcmp(ask(&a, PEER, "set", sync_xml(a.sid,
		    bad[i].received, bad[i].answered, " lost='true'")),
		    "result") == 0);
		is(events(e), "failed bad-data bad-request; ",
		    "saying so unasked");
		is(said(&a), CLOSE, "closed, too");
		must(*said(&a) == '\0');
		side_free(&a);
	}
}

/* Answers that are not what was asked for. */
static void
test_no_counts(void)
{
	struct side a;
	struct end *e;

	e = calling_xcat(&a);
	ibb_back(a.ibb, 0);
	must(*said(&a) != '\0');
	result(&a);
	is(events(e), "failed bad-data bad-request; ", "a result of nothing");
	side_free(&a);

	e = calling_xcat(&a);
	send_words(&a, "one", "three");
	must(strcmp(ask(&a, PEER, "set", sync_xml(a.sid, "2", "2", "")),
	    "result") == 0);
	must(strcmp(events(e), "answered 30; answered 50; ") == 0);
	ibb_back(a.ibb, 0);
	must(*said(&a) != '\0');
	counts(&a, "1", "1");
	is(events(e), "failed undelivered item-not-found; ",
	    "it has forgotten what it had answered");
	is(said(&a), CLOSE, "closed");
	side_free(&a);
}

static void
test_foreign(void)
{
	static const char *const others[] = {
		EVIL, "peer@there.example", "peer@there.example/c", US, NULL
	};
	struct side a;
	struct end *e;
	char sid[33];
	size_t i;

	e = calling_xcat(&a);
	send_words(&a, "one", NULL);
	strlcpy(sid, a.sid, sizeof(sid));
	for (i = 0; i < N(others); i++) {
		is(ask(&a, others[i], "set", sync_xml(sid, "1", "1",
		    " lost='true'")), "item-not-found/cancel",
		    "counts from %s", others[i] != NULL ? others[i] : "nobody");
		is(ask(&a, others[i], "set", format("<closed" XCAT
		    " sid='%s'/>", sid)), "item-not-found/cancel",
		    "a farewell likewise");
	}
	is(ask(&a, PEER, "set", sync_xml("other", "0", "0", "")),
	    "item-not-found/cancel", "of another stream");
	is(ask(&a, PEER, "set", "<sync" XCAT " received='0' answered='0'/>"),
	    "item-not-found/cancel", "of none");
	is(ask(&a, PEER, "set", "<closed" XCAT "/>"),
	    "item-not-found/cancel", "a farewell to none");
	is(events(e), "", "the stream does not notice");
	ok(!hear(&a, PEER, format("<iq type='set' id='x'><what" XCAT
	    "/></iq>")), "other things are for others");
	side_free(&a);

	/* Who has not said that it can is not to ask. */
	side_init(&a, US);
	e = listening(&a, "4096", "");
	is(ask(&a, PEER, "set", sync_xml("sid", "0", "0", "")),
	    "item-not-found/cancel", "a stream that cannot be mended");
	ibb_back(a.ibb, 0);
	inband_sync(e->s);
	is(said(&a), "", "is not asked about");
	is(events(e), "", "nor does it end by that");
	side_free(&a);
}

/*
 * Opening and closing
 */

static void
test_open_again(void)
{
	struct side a;
	struct end *e;

	side_init(&a, US);
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	ibb_back(a.ibb, 0);
	is(said(&a), OPEN, "an open is asked again");
	is(a.sid, inband_sid(e->s), "of the same stream");
	ok(inband_waits(e->s), "for long");
	ok(iq_deadline(a.iqs) == IQ_NODEADLINE, "by the patience of others");
	refuse(&a, "service-unavailable", "cancel");
	ok(inband_away(e->s), "until the peer is there");
	must(strcmp(events(e), "answered 0; ") == 0);
	inband_sync(e->s);
	is(said(&a), OPEN, "and again");
	result(&a);
	is(events(e), "opened; ", "it opens");
	ok(!inband_waits(e->s), "and waits no more");
	side_free(&a);

	side_init(&a, US);
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	refuse(&a, "service-unavailable", "cancel");
	is(events(e), "failed refused service-unavailable: so there; ",
	    "the first time it must be there");
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	ibb_back(a.ibb, 0);
	must(*said(&a) != '\0');
	refuse(&a, "forbidden", "auth");
	is(events(e), "failed refused forbidden: so there; ",
	    "and it may say no");
	side_free(&a);

	/* Silence: has it heard of us? */
	side_init(&a, US);
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	inband_sync(e->s);
	is(said(&a), question("SID", 0, 0, ""), "no answer to an open");
	refuse(&a, "item-not-found", "cancel");
	is(said(&a), OPEN, "it has not come");
	inband_sync(e->s);
	must(*said(&a) != '\0');
	refuse(&a, "feature-not-implemented", "cancel");
	is(said(&a), "", "who cannot say is not asked again");
	is(ask(&a, PEER, "set", sync_xml(a.sid, "0", "0", "")),
	    "recipient-unavailable/wait", "it has, and we do not know it");
	is(said(&a), OPEN, "so it is asked to say so again");
	is(events(e), "", "all that is no event");
	is_int(iq_deadline(a.iqs), OPEN_BY, "a peer that says nothing then");
	iq_expire(a.iqs, OPEN_BY);
	is(events(e), "failed silent none; ", "has no more time than at first");
	side_free(&a);
}

/* Who has a stream with us and is away will be back for another one, too. */
static void
test_open_away(void)
{
	struct side a;
	struct end *met, *e;

	met = calling_xcat(&a);
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	refuse(&a, "service-unavailable", "cancel");
	is(events(e), "answered 0; ", "an open to one that we have met");
	ok(inband_away(e->s), "waits, too");
	inband_sync(e->s);
	is(said(&a), OPEN, "and is asked again");
	is(a.sid, inband_sid(e->s), "of the same stream");
	result(&a);
	is(events(e), "opened; ", "until it opens");
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	refuse(&a, "item-not-found", "cancel");
	is(events(e), "failed refused item-not-found: so there; ",
	    "who is there may say no");
	inband_abort(met->s, SE_NONE);
	inband_abort(a.end->s, SE_NONE);
	side_free(&a);

	side_init(&a, US);
	called(&a, 4096, 0);
	e = calling(&a, 4096, 0);
	must(*said(&a) != '\0');
	refuse(&a, "service-unavailable", "cancel");
	is(events(e), "failed refused service-unavailable: so there; ",
	    "but others do not come back");
	side_free(&a);
}

static void
test_opened_again(void)
{
	struct side a;
	struct end *e;
	const char *open;

	side_init(&a, US);
	a.accept = 0;
	open = open_xml("sid", "4096", "");
	e = listening(&a, "4096", "");
	inband_can_sync(e->s);
	hear(&a, PEER, format("<iq type='set' id='o2'>%s</iq>", open));
	is(said(&a), "", "an open that comes twice");
	is_int(a.nends, 1, "is one");
	must(inband_accept(e->s, NULL) == 0);
	is(said(&a), result_to("o2"), "and answered as it was asked last");
	hear(&a, PEER, format("<iq type='set' id='o3'>%s</iq>", open));
	is(said(&a), result_to("o3"), "or again");
	is_int(a.nends, 1, "without another stream");
	hear_block(&a, "b0", "0", "QUJD");
	is(ask(&a, PEER, "set", open), "bad-request/cancel",
	    "not when it has been used");
	is(ask(&a, EVIL, "set", open), "service-unavailable/cancel",
	    "nor by others");
	is(events(e), "block 3; ", "which it is");
	side_free(&a);
}

static void
test_close_again(void)
{
	struct side a;
	struct end *e;

	e = calling_xcat(&a);
	e->receipt = "r";
	inband_close(e->s, CLOSE_BY);
	must(*said(&a) != '\0');
	ibb_back(a.ibb, 0);
	must(strcmp(said(&a), question("SID", 0, 0, " lost='true'")) == 0);
	counts(&a, "0", "0");
	is(said(&a), "<iq type='set' to='" PEER "' id='ID'><close" IBB
	    " sid='SID'><receipt" XCAT ">r</receipt></close></iq>",
	    "a close is asked again");
	must(strcmp(events(e), "answered 0; ") == 0);
	refuse(&a, "recipient-unavailable", "wait");
	is(events(e), "answered 0; ", "the peer is away");
	ok(inband_away(e->s), "which is waited for");
	inband_sync(e->s);
	must(*said(&a) != '\0');
	counts(&a, "0", "0");
	must(*said(&a) != '\0');
	result(&a);
	is(events(e), "answered 0; closed by answer; ", "until it answers");
	is(said(&a), CLOSED, "and hears that we know");
	is_int(ibb_unsettled(a.ibb), 0, "nobody will ask us");
	is(ask(&a, PEER, "set", sync_xml(a.sid, "0", "0", "")), "result",
	    "though somebody might");
	side_free(&a);
}

/* Closes that cross: a peer whose close proves that it has all is told that its
 * answer is not waited for. */
static void
test_closed_crossing(void)
{
	struct side a;
	struct end *e;

	e = called_by_xcat(&a);
	inband_close(e->s, CLOSE_BY);
	must(*said(&a) != '\0');
	hear(&a, PEER, format("<iq type='set' id='c'>%s</iq>",
	    close_xml("sid")));
	inband_proved(e->s);
	inband_close(e->s, CLOSE_BY);
	must(*said(&a) != '\0');
	is(said(&a), "<iq type='set' to='" PEER "' id='ID'><closed" XCAT
	    " sid='sid'/></iq>", "the peer is told that we know");
	is(events(e), "closing; closed; ", "without its answer");
	side_free(&a);
}

/* Our answer to the peer's close is lost. */
static void
test_closed_again(void)
{
	struct side a;
	struct end *e;
	int i;

	e = called_by_xcat(&a);
	e->receipt = "all";
	hear_block(&a, "b0", "0", "QUJD");
	inband_answer(e->s, 1);
	must(*said(&a) != '\0');
	hear(&a, PEER, format("<iq type='set' id='c1'>%s</iq>",
	    close_xml("sid")));
	hear(&a, PEER, format("<iq type='set' id='c2'>%s</iq>",
	    close_xml("sid")));
	is(events(e), "block 3; closing; ", "a close that comes twice");
	is(said(&a), "", "is answered in time");
	inband_close(e->s, CLOSE_BY);
	is(said(&a), "<iq type='result' to='" PEER "' id='c2'><receipt" XCAT
	    ">all</receipt></iq>", "as it was asked last");
	is(events(e), "closed; ", "closed");
	is_int(ibb_unsettled(a.ibb), 1, "its peer may not know");
	drop_end(&a, e);
	hear(&a, PEER, format("<iq type='set' id='c3'>%s</iq>",
	    close_xml("sid")));
	is(said(&a), "<iq type='result' to='" PEER "' id='c3'><receipt" XCAT
	    ">all</receipt></iq>", "and asks again");
	hear(&a, PEER, format("<iq type='set' id='s'>%s</iq>", sync_xml("sid",
	    "0", "0", " lost='true'")));
	is(said(&a), format("<iq type='result' to='" PEER "' id='s'>%s</iq>",
	    sync_xml("sid", "1", "1", "")), "or asks how far it got");
	is(ask(&a, EVIL, "set", close_xml("sid")), "item-not-found/cancel",
	    "others have no part in that");
	is(ask(&a, EVIL, "set", "<closed" XCAT " sid='sid'/>"),
	    "item-not-found/cancel", "nor know");
	is_int(ibb_unsettled(a.ibb), 1, "that it knows");
	is(ask(&a, PEER, "set", "<closed" XCAT " sid='sid'/>"), "result",
	    "it does");
	is_int(ibb_unsettled(a.ibb), 0, "and will ask no more");

	/* There is no end to streams, but to memory. */
	for (i = 0; i < 100; i++) {
		must(strcmp(ask(&a, PEER, "set", open_xml(format("s%d", i),
		    "4096", "")), "result") == 0);
		e = a.end;
		inband_can_sync(e->s);
		hear(&a, PEER, format("<iq type='set' id='c'>%s</iq>",
		    close_xml(format("s%d", i))));
		inband_close(e->s, CLOSE_BY);
		must(*said(&a) != '\0');
		drop_end(&a, e);
	}
	is_int(ibb_unsettled(a.ibb), 64, "so many are remembered");
	is(ask(&a, PEER, "set", close_xml("s35")), "item-not-found/cancel",
	    "older ones are not");
	is(ask(&a, PEER, "set", close_xml("s36")), "result", "the others are");
	side_free(&a);
}

/*
 * By chance
 */

#define TOTAL	60000		/* bytes each way */

static unsigned char
byte(const struct side *a, size_t i)
{
	return (unsigned char)(i * 7 + i / 251 + (a->jid[0] == 'u'));
}

#define SMALL	300		/* bytes, at most: as somebody types */

/* Some blocks of the bytes that are next. */
static void
send_bytes(struct side *a)
{
	static unsigned char data[INBAND_BLOCK_MAX];
	struct end *e = a->end;
	size_t i, len;

	while (e->sent < TOTAL && inband_room(e->s) > 0 && random() % 4 != 0) {
		len = 1 + (size_t)random() % inband_block(e->s);
		if (random() % 2 == 0)
			len = 1 + len % SMALL;
		if (len > TOTAL - e->sent)
			len = TOTAL - e->sent;
		for (i = 0; i < len; i++)
			data[i] = byte(a, e->sent + i);
		must(inband_send(e->s, data, len, len) == 0);
		e->sent += (uint32_t)len;
	}
}

/* What came so far is the beginning of what the other one sends.  It only
 * grows: what was right is not looked at again. */
static int
is_prefix(struct end *e, const struct side *from)
{
	const unsigned char *got = buf_data(&e->got);

	for (; e->came < buf_len(&e->got); e->came++)
		if (got[e->came] != byte(from, e->came))
			return 0;
	return 1;
}

/* a loses its connection, and with it whatever was on its way. */
static void
lose(struct side *a, struct side *b)
{
	while (random() % 4 != 0 && !STAILQ_EMPTY(&a->out))
		deliver(a, b);
	while (random() % 4 != 0 && !STAILQ_EMPTY(&b->out))
		deliver(b, a);
	drop_letters(a);
	drop_letters(b);
	ibb_back(a->ibb, random() % 32 == 0);
}

static int64_t chance_now;

static int64_t
chance_clock(void)
{
	return chance_now;
}

static void
turn(struct side *a, struct side *b)
{
	int n;

	chance_now += random() % 4000000;	/* blocks become smaller */
	send_bytes(a);
	send_bytes(b);
	for (n = (int)(random() % 8); n > 0; n--) {
		if (!STAILQ_EMPTY(&a->out))
			deliver(a, b);
		if (!STAILQ_EMPTY(&b->out))
			deliver(b, a);
		if (!a->end->eager && random() % 2 == 0)
			inband_answer(a->end->s, (size_t)random() % 4);
		if (!b->end->eager && random() % 2 == 0)
			inband_answer(b->end->s, (size_t)random() % 4);
	}
	if (random() % 4 == 0)		/* answers have waited */
		ibb_answer(a->ibb);
	if (random() % 4 == 0)
		ibb_answer(b->ibb);
	if (random() % 16 == 0)		/* it has waited for long */
		inband_sync(a->end->s);
	if (random() % 16 == 0)
		lose(a, b);
	if (random() % 16 == 0)
		lose(b, a);
	events(a->end);
	events(b->end);
}

static int
is_done(const struct end *e)
{
	return e->answered == TOTAL && buf_len(&e->got) == TOTAL;
}

static int waited;	/* answers */

static const char *
by_chance(unsigned seed, int message, int paced)
{
	struct side a, b;
	const char *wrong = NULL;
	int i;

	srandom(seed);
	engine_clock = paced ? chance_clock : NULL;
	engine_waits = 1;
	join(&a, &b, 4096, message);
	engine_clock = NULL;
	engine_waits = 0;
	inband_can_sync(a.end->s);
	inband_can_sync(b.end->s);
	if (paced) {
		inband_agree(a.end->s, INBAND_BLOCK_MAX, INBAND_BLOCK_MAX);
		inband_agree(b.end->s, INBAND_BLOCK_MAX, INBAND_BLOCK_MAX);
	}
	a.end->eager = random() % 2 == 0;
	b.end->eager = random() % 2 == 0;
	for (i = 0; wrong == NULL && i < 20000 &&
	    !(is_done(a.end) && is_done(b.end)); i++) {
		turn(&a, &b);
		if (a.end->failed || b.end->failed)
			wrong = "one has failed";
		else if (!is_prefix(a.end, &b) || !is_prefix(b.end, &a))
			wrong = "bytes are wrong";
	}
	if (wrong == NULL && !(is_done(a.end) && is_done(b.end)))
		wrong = "they do not come to an end";
	waited += a.answers_later + b.answers_later;
	part(&a, &b);
	return wrong;
}

static void
test_chance(void)
{
	const char *wrong = NULL;
	unsigned seed;

	for (seed = 1; wrong == NULL && seed <= 400; seed++)
		wrong = by_chance(seed, seed % 2 == 0, seed % 4 < 2);
	is(wrong, NULL, "whatever is lost, all arrives (seed %u)", seed - 1);
	ok(waited > 1000, "and %d answers have waited", waited);
}

int
main(void)
{
	test_repeated();
	test_repeated_message();
	test_lost_message();
	test_gap();
	test_resend();
	test_missed();
	test_error();
	test_away();
	test_asked();
	test_split();
	test_policy();
	test_no_further();
	test_forged();
	test_no_counts();
	test_foreign();
	test_open_again();
	test_open_away();
	test_opened_again();
	test_close_again();
	test_closed_again();
	test_closed_crossing();
	test_chance();
	return tap_done();
}
