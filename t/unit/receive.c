/*
 * Unit tests of net/file/receive: files that peers offer, by SI and in streams
 * between xcats, as the peer sees it, stanza by stanza, and as the folder has
 * it in the end.
 */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/si.h"
#include "net/channel/channel.h"
#include "net/channel/linger.h"
#include "net/io/loop.h"
#include "net/file/partial.h"
#include "net/file/receive_int.h"
#include "t/lib/files.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"

#define OTHER	"other@there.example/b"
#define HELLO	"5d41402abc4b2a76b9719d911017c592"	/* "hello" */
#define FORM(options) \
	"<feature xmlns='http://jabber.org/protocol/feature-neg'>" \
	"<x xmlns='jabber:x:data' type='form'>" \
	"<field var='stream-method' type='list-single'>" options \
	"</field></x></feature>"
#define OPEN_FILE "<open" IBB " sid='%s' block-size='4096'>" \
	"<plain xmlns='urn:xcat:0' for='file'/></open>"
#define OPTION(ns) "<option><value>" ns "</value></option>"

static const char *const names[] = {
	"undescribed", "summing", "agreed", "moving", "unproved", "complete",
	"ended",
	"failed", "told", "declined", "late"
};

/* The file of the folder, "" if there is none with that name. */
static const char *
in_folder(const char *name)
{
	snprintf(kept_path, sizeof(kept_path), "%s/%.30s", kept_dir, name);
	return kept_got();
}

static void
begin(int keep)
{
	kept_empty();
	files_receive(kept_dir, keep);
}

/*
 * Phases
 */

static const struct receive_method	 no_method;

/* Each line: from this phase; a + for each of the others that can follow. */
static void
test_moves(void)
{
	static const char *const moves[] = {
		"-+-------+-", "--+------+-", "--++---+--+", "----++-+---",
		"-----+-+---", "------+----", "-----------", "--------+--",
		"-----------", "-----------", "-----------"
	};
	enum incoming_phase	 from, to;
	struct incoming		*in;
	int			 moved;

	begin(1);
	must((in = incoming_new(app.receiver, &no_method, PEER,
	    "s")) != NULL);
	is_int(in->phase, INCOMING_UNDESCRIBED, "a file begins");
	for (from = INCOMING_UNDESCRIBED; from <= INCOMING_LATE; from++)
		for (to = INCOMING_UNDESCRIBED; to <= INCOMING_LATE; to++) {
			in->phase = from;
			moved = incoming_set_phase(in, to) == 0;
			ok(moved == (moves[from][to] == '+') &&
			    in->phase == (moved ? to : from), "%s -> %s",
			    names[from], names[to]);
		}
	files_end();
}

static void
test_first_failure(void)
{
	struct incoming	*in;
	struct channel	*ch;

	begin(1);
	must((in = incoming_new(app.receiver, &no_method, PEER,
	    "s")) != NULL);
	must((ch = channel_new(&app)) != NULL);
	incoming_attach(in, ch);
	in->phase = INCOMING_MOVING;
	incoming_fail(in, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR, "no ", "room");
	incoming_fail(in, FAULT_BROKEN, SE_BAD_REQUEST, "too late", "");
	is(in->why, "no room", "the first failure stands");
	is_int(in->fault, FAULT_LOCAL, "its fault");
	is_int(in->error, SE_INTERNAL_SERVER_ERROR, "its error");
	files_end();
}

/*
 * Offers by SI
 */

static const char *
si_xml(const char *sid, const char *file, const char *options)
{
	return format("<si xmlns='http://jabber.org/protocol/si' id='%s' "
	    "profile='http://jabber.org/protocol/si/profile/file-transfer'>"
	    "<file xmlns='http://jabber.org/protocol/si/profile/"
	    "file-transfer' %s><range/></file>%s</si>", sid, file, options);
}

static const char *
offer(const char *from, const char *sid, const char *file)
{
	return files_ask(from, si_xml(sid, file,
	    FORM(OPTION("http://jabber.org/protocol/ibb"))));
}

/* Is this in the stanza that was sent first? */
static int
answer_has(const char *s)
{
	return !STAILQ_EMPTY(&us.out) &&
	    strstr(STAILQ_FIRST(&us.out)->xml, s) != NULL;
}

static const char *
data(const char *from, const char *sid, const char *seq, const char *text)
{
	return files_ask(from, data_xml(sid, seq, b64(text, strlen(text))));
}

static void
test_si(void)
{
	begin(0);
	is(offer(PEER, "s", "name='../../a b' size='5' hash='" HELLO "'"),
	    "result", "an offer is taken");
	is(files_ask(PEER, open_xml("s", "4096", "")), "result", "its stream");
	is(data(PEER, "s", "0", "hel"), "result", "a piece");
	is(in_folder("a b"), "", "is no file yet");
	is(data(PEER, "s", "1", "lo"), "result", "the rest");
	is(in_folder("a b"), "hello", "a file, by the last part of its name");
	is(run_words(), "xcat: " PEER ": a b: 5 bytes, MD5 agrees\n",
	    "and a line");
	ok(!app.ending, "the sender is not cut off");
	is(files_ask(PEER, close_xml("s")), "result", "the end");
	ok(app.ending && app.fault == FAULT_NONE, "of the run, which is fine");
	is_int(kept_files(), 1, "one file");
	files_end();
}

static void
test_names(void)
{
	begin(1);
	in_folder("x");
	kept_put("mine", 4, 0600);
	is(offer(PEER, "s", "name='x' size='5'"), "result", "a name in use");
	files_ask(PEER, open_xml("s", "4096", ""));
	data(PEER, "s", "0", "hello");
	is(in_folder("x"), "mine", "is not written over");
	is(in_folder("x.1"), "hello", "another name is found");
	is(run_words(), "xcat: " PEER ": x: 5 bytes, as x.1, no hash to "
	    "compare\n", "and said");
	is(offer(PEER, "t", "name='.profile' size='0'"), "result",
	    "a hidden name");
	files_ask(PEER, open_xml("t", "4096", ""));
	is_int(access(format("%s/_profile", kept_dir), F_OK), 0, "is shown");
	files_end();
}

static void
test_refusals(void)
{
	begin(1);
	app.conf.max_size = 5;
	is(offer(EVIL, "s", "name='a' size='5'"), "",
	    "an offer of a stranger is not ours to answer");
	is(offer(PEER, "s", "name='a' size='6'"), "not-acceptable/cancel",
	    "too large a file");
	is(run_words(), "xcat: " PEER ": refused a: it is larger than is taken "
	    "here\n", "is told of");
	is(files_ask(PEER, si_xml("s", "name='a' size='5'", FORM(OPTION(
	    "http://jabber.org/protocol/bytestreams")))), "bad-request/cancel",
	    "a kind of stream that we have not");
	is(offer(PEER, "s", "name='a' size='5'"), "result", "a good one");
	is(offer(PEER, "s", "name='b' size='5'"), "bad-request/cancel",
	    "its sid again");
	is(offer(OTHER, "s", "name='b' size='5'"), "result",
	    "which is free for another peer");
	is_int((long)incoming_count(app.receiver, INCOMING_UNDESCRIBED,
	    INCOMING_LATE, NULL), 2, "what is refused is forgotten");
	is(files_ask(EVIL, open_xml("s", "4096", "")), "service-unavailable/"
	    "cancel", "a stranger cannot bring it");
	app.conf.e2e = CONF_E2E_REQUIRE;
	is(offer(PEER, "t", "name='c' size='5'"), "forbidden/auth",
	    "an offer in the plain where that must not be");
	files_end();
}

/* Without -k there is one file, but its sender may offer it anew. */
static void
test_single(void)
{
	begin(0);
	is(offer(PEER, "s", "name='a' size='5'"), "result", "a file");
	is(offer(PEER, "t", "name='b' size='5'"), "resource-constraint/wait",
	    "not another one");
	is(offer(PEER, "u", "name='a' size='5'"), "result",
	    "but the first one again");
	is(files_ask(PEER, open_xml("s", "4096", "")), "item-not-found/cancel",
	    "whose stream is no other one's");
	is(files_ask(PEER, open_xml("u", "4096", "")), "result",
	    "but that of the second offer");
	data(PEER, "u", "0", "hello");
	is(in_folder("a"), "hello", "brings the file");
	files_end();
}

/* Files to standard output wait for nothing: it is one. */
static void
test_stdout(void)
{
	files_receive(NULL, 1);
	ok(!receive_busy(app.receiver), "standard output is free");
	is(offer(PEER, "s", "name='a' size='5'"), "result", "a file takes it");
	ok(receive_busy(app.receiver), "so it is taken");
	is(offer(OTHER, "t", "name='b' size='5'"), "resource-constraint/wait",
	    "for another one, too");
	files_end();
}

static void
test_places(void)
{
	int	 i, taken = 0;

	begin(1);
	for (i = 0; i < 16; i++)
		taken += strcmp(offer(PEER, format("s%d", i),
		    format("name='%d' size='5'", i)), "result") == 0;
	is_int(taken, 16, "an account has places");
	is(offer(PEER, "more", "name='more' size='5'"),
	    "resource-constraint/wait", "but not any number");
	is(offer("peer@there.example/c", "more", "name='more' size='5'"),
	    "resource-constraint/wait", "by no resource");
	is(offer(OTHER, "more", "name='more' size='5'"), "result",
	    "which leaves those of others");
	app.conf.max_streams = 17;
	is(offer(OTHER, "most", "name='most' size='5'"),
	    "resource-constraint/wait", "all have so many together");
	files_end();
}

/* What fires the timer of this file, without the time that it takes. */
static void
lapse(const char *sid)
{
	struct incoming	*in = receive_find(app.receiver, PEER, sid);

	must(in != NULL && in->timer.on);
	timer_set(app.loop, &in->timer, clock_ms());
	files_turn();
}

static void
test_late(void)
{
	int	 i;

	begin(1);
	offer(PEER, "s", "name='a' size='5'");
	lapse("s");
	is(run_words(), "xcat: " PEER ": offered a, but sent nothing\n",
	    "a sender is late");
	is(files_ask(PEER, open_xml("s", "4096", "")), "item-not-found/cancel",
	    "its stream is refused");
	is(offer(PEER, "s", "name='a' size='5'"), "bad-request/cancel",
	    "its sid is known");
	for (i = 0; i < 70; i++) {
		offer(PEER, format("s%d", i), "name='a' size='5'");
		lapse(format("s%d", i));
	}
	ok(receive_find(app.receiver, PEER, "s") == NULL &&
	    receive_find(app.receiver, PEER, "s69") != NULL,
	    "the oldest are forgotten");
	ok(incoming_count(app.receiver, INCOMING_LATE, INCOMING_LATE, NULL) <=
	    65, "many are not remembered");
	files_end();
}

/*
 * Going on
 */

#define FILE5	"name='a' size='5' hash='" HELLO "'"

/* What comes of a file, until its stream breaks. */
static void
leave(const char *file, const char *text)
{
	must(strcmp(offer(PEER, "cut", file), "result") == 0);
	must(strcmp(files_ask(PEER, open_xml("cut", "4096", "")), "result") ==
	    0);
	must(strcmp(data(PEER, "cut", "0", text), "result") == 0);
	files_ask(PEER, close_xml("cut"));
	drop_letters(&us);
}

static void
test_resume(void)
{
	begin(1);
	leave(FILE5, "hel");
	is(run_words(), "xcat: " PEER ": the stream ended before the file did; "
	    "0 bytes confirmed; a: 3 of 5 bytes are kept, have it sent again "
	    "to go on\n", "what is there is kept");
	files_hear(PEER, format("<iq type='set' id='i'>%s</iq>", si_xml("s",
	    FILE5, FORM(OPTION("http://jabber.org/protocol/ibb")))));
	ok(answer_has("<range offset='3'/>"), "the rest is asked for");
	is(run_words(), "xcat: " PEER ": a: going on behind 3 bytes\n",
	    "which is told");
	drop_letters(&us);
	files_ask(PEER, open_xml("s", "4096", ""));
	is(data(PEER, "s", "0", "lo"), "result", "it comes");
	is(in_folder("a"), "hello", "and is whole");
	files_end();
}

/* What is there is not of this file: nothing in the offer shows that. */
static void
test_resume_wrong(void)
{
	begin(1);
	leave(FILE5, "HEL");
	run_words();
	is(offer(PEER, "s", FILE5), "result", "the file again");
	files_ask(PEER, open_xml("s", "4096", ""));
	run_words();
	is(data(PEER, "s", "0", "lo"), "not-acceptable/cancel",
	    "the last bytes are not confirmed");
	is_int(kept_files(), 0, "nothing is kept");
	is(run_words(), "xcat: " PEER ": its content is not what was announced "
	    "by its hash; it was thrown away, have it sent again; 0 bytes "
	    "confirmed; a\n", "and that is told");
	files_end();
}

/* Without a hash nothing tells whether what is there is of the file. */
static void
test_resume_blind(void)
{
	begin(1);
	leave("name='a' size='5'", "hel");
	files_hear(PEER, format("<iq type='set' id='i'>%s</iq>", si_xml("s",
	    "name='a' size='5'",
	    FORM(OPTION("http://jabber.org/protocol/ibb")))));
	ok(!answer_has("<range "), "all of it is asked for");
	files_end();
}

/*
 * Offers in streams
 */

/* An xcat opens a stream, and offers this file in it. */
static void
native_from(const char *from, const char *sid, const struct si_file *f)
{
	must(strcmp(files_ask(from, format(OPEN_FILE, sid)), "result") == 0);
	must(strcmp(files_ask(from, data_xml(sid, "0", files_say_file(f))),
	    "result") == 0);
}

static struct si_file
hello(void)
{
	return (struct si_file){ .name = "a", .size = 5, .hash = HELLO,
	    .ranged = 1, .mode = -1 };
}

static void
test_native(void)
{
	struct si_file	 f = hello();
	char		 text[64];

	begin(0);
	f.mode = 0640;
	native_from(PEER, "s", &f);
	is_int(files_word(text, sizeof(text)), SI_RANGE, "a file is wanted");
	is(text, "0", "all of it");
	is(data(PEER, "s", "1", "hello"), "result", "it comes");
	is(in_folder("a"), "hello", "and is there");
	is(run_words(), "xcat: " PEER ": a: 5 bytes, MD5 agrees\n", "a line");
	files_ask(PEER, close_xml("s"));
	ok(linger_is_on(&app), "a peer may ask how it ended");
	run_fire(&app.lingering);
	ok(app.ending && app.fault == FAULT_NONE, "the run ends well");
	files_end();
}

/* A run begins, and the first of two files comes, which the sender says. */
static void
first_of_two(struct si_file *f)
{
	char		 text[64];

	begin(0);
	f->more = 1;
	native_from(PEER, "s", f);
	files_word(text, sizeof(text));
	data(PEER, "s", "1", "hello");
	files_ask(PEER, close_xml("s"));
	ok(!app.ending, "a run waits for the files that follow");
	f->more = 0;
}

static void
test_native_more(void)
{
	struct si_file	 f = hello();
	char		 text[64];

	first_of_two(&f);
	f.name = "b";
	native_from(PEER, "t", &f);
	files_word(text, sizeof(text));
	data(PEER, "t", "1", "hello");
	files_ask(PEER, close_xml("t"));
	run_fire(&app.lingering);
	ok(app.ending && app.fault == FAULT_NONE, "and ends with the last");
	is_int(kept_files(), 2, "both are there");
	files_end();
}

/* The last of the files that belong together is not wanted: nothing more comes.
 */
static void
test_native_more_declined(void)
{
	struct si_file	 f = hello();
	char		 text[64];

	first_of_two(&f);
	app.conf.max_size = 5;
	f.name = "b";
	f.size = 6;
	native_from("x@y/z", "t", &f);
	is_int(files_word(text, sizeof(text)), SI_REFUSED, "another one's");
	files_ask("x@y/z", close_xml("t"));
	ok(!app.ending, "which is not what it waits for");
	f.more = 1;
	f.name = "c";
	f.size = 5;
	native_from(PEER "2", "v", &f);
	files_word(text, sizeof(text));
	f.more = 0;
	f.name = "b";
	native_from(PEER, "w", &f);
	is_int(files_word(text, sizeof(text)), SI_REFUSED, "one too many");
	files_ask(PEER, close_xml("w"));
	ok(!app.ending, "which does not end what is under way");
	data(PEER "2", "v", "1", "hello");
	files_ask(PEER "2", close_xml("v"));
	f.size = 6;
	native_from(PEER, "u", &f);
	is_int(files_word(text, sizeof(text)), SI_REFUSED, "the last one");
	files_ask(PEER, close_xml("u"));
	run_fire(&app.lingering);
	ok(app.ending && app.fault == FAULT_NONE, "which ends the run");
	is_int(kept_files(), 2, "what has come is there");
	files_end();
}

static void
test_native_declined(void)
{
	struct si_file	 f = hello();
	char		 text[64];

	begin(0);
	app.conf.max_size = 4;
	native_from(PEER, "s", &f);
	is_int(files_word(text, sizeof(text)), SI_REFUSED, "a file is refused");
	is(text, "it is larger than is taken here", "with the reason");
	is(run_words(), "xcat: " PEER ": refused a: it is larger than is taken "
	    "here\n", "which our user hears, too");
	files_ask(PEER, close_xml("s"));
	is(run_words(), "", "once");
	ok(!app.ending && app.nchannels == 0, "a listener goes on");
	native_from(PEER, "t", &f);
	drop_letters(&us);
	data(PEER, "t", "1", "hello");
	ok(app.nchannels == 0 && !app.ending, "what was refused is not taken");
	is_int(kept_files(), 0, "nothing is there");
	files_end();
}

/* A failure is told in the stream, which is the sender's to end. */
static void
test_native_wrong(void)
{
	struct si_file	 f = hello();
	char		 text[128];

	begin(0);
	native_from(PEER, "s", &f);
	files_word(text, sizeof(text));
	is(data(PEER, "s", "1", "HELLO"), "", "wrong bytes are not confirmed");
	is_int(files_word(text, sizeof(text)), SI_WRONG, "but told of");
	is(text, "its content is not what was announced by its hash; it was "
	    "thrown away, have it sent again", "with the reason");
	is(run_words(), "xcat: " PEER ": a: its content is not what was "
	    "announced by its hash; it was thrown away, have it sent again\n",
	    "which our user hears, too");
	ok(!app.ending, "the sender ends the stream");
	files_ask(PEER, close_xml("s"));
	run_fire(&TAILQ_FIRST(&app.channels)->silence);
	run_fire(&TAILQ_FIRST(&app.channels)->silence);
	ok(strstr(said(&us), "<sync ") != NULL, "it is looked for");
	files_hear(PEER, error_xml(us.id, "item-not-found", "cancel", ""));
	is(run_words(), "", "nothing is said twice");
	ok(app.ending && app.fault == FAULT_BROKEN, "the run fails");
	is_int(kept_files(), 0, "nothing is kept");
	files_end();
}

static void
test_native_resume(void)
{
	struct si_file	 f = hello();
	char		 text[64];

	begin(1);
	native_from(PEER, "cut", &f);
	data(PEER, "cut", "1", "hel");
	files_ask(PEER, close_xml("cut"));
	drop_letters(&us);
	run_words();
	native_from(PEER, "s", &f);
	is_int(files_word(text, sizeof(text)), SI_RANGE, "a file goes on");
	is(text, "3", "behind what is there");
	data(PEER, "s", "1", "lo");
	is(in_folder("a"), "hello", "and is whole");
	native_from(OTHER, "s", &f);
	is_int(files_word(text, sizeof(text)), SI_RANGE, "another peer's file");
	is(text, "0", "is another file");
	files_end();
}

static void
test_native_anew(void)
{
	struct si_file	 f = hello();

	begin(1);
	native_from(PEER, "s", &f);
	data(PEER, "s", "1", "hel");
	is_int((long)app.nchannels, 1, "a file comes");
	native_from(PEER, "t", &f);
	is_int((long)app.nchannels, 1, "sent anew, it is still one");
	is(data(PEER, "s", "2", "lo"), "item-not-found/cancel",
	    "the old stream is gone");
	is(data(PEER, "t", "1", "lo"), "result", "the new one goes on");
	is(in_folder("a"), "hello", "with what was there");
	files_end();
}

static void
test_native_nonsense(void)
{
	begin(1);
	must(strcmp(files_ask(PEER, format(OPEN_FILE, "s")), "result") == 0);
	data(PEER, "s", "0", "GET / HTTP/1.1\r\n\r\n");
	ok(app.nchannels == 0, "what is no offer ends the stream");
	is(run_words(), "xcat: " PEER ": it does not say what it sends; 0 "
	    "bytes confirmed\n", "and is told");
	files_end();
}

/* More than was announced is seen before the file is in its place. */
static void
test_too_much(void)
{
	begin(1);
	offer(PEER, "s", FILE5);
	files_ask(PEER, open_xml("s", "4096", ""));
	data(PEER, "s", "0", "hello, world");
	is(run_words(), "xcat: " PEER ": more comes than was announced; it was "
	    "thrown away, have it sent again; 0 bytes confirmed; a\n",
	    "too many bytes at once");
	is_int(kept_files(), 0, "and nothing is kept");
	offer(PEER, "t", FILE5);
	files_ask(PEER, open_xml("t", "4096", ""));
	data(PEER, "t", "0", "hello");
	run_words();
	data(PEER, "t", "1", "!");
	is(run_words(), "xcat: " PEER ": it sends more than it has announced; "
	    "0 bytes confirmed; a\n", "too many, and later");
	is(in_folder("a"), "hello", "what was whole stays");
	files_end();
}

/* Streams for files have places of their own, so many for each account. */
static void
test_native_places(void)
{
	struct si_file	 f = hello();
	char		 name[16];
	int		 i;

	begin(1);
	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "%d", i);
		f.name = name;
		native_from(PEER, name, &f);
	}
	is_int((long)app.nchannels, 16, "files of an account at once");
	is(files_ask("peer@there.example/c", format(OPEN_FILE, "more")),
	    "resource-constraint/wait", "but no more");
	native_from(OTHER, "s", &f);
	is_int((long)app.nchannels, 17, "another account has its own");
	files_end();
}

static void
take_away(void)
{
	must(unlink(format("%s/%s", kept_dir, partial_name(TAILQ_FIRST(
	    &app.receiver->incomings)->partial))) == 0);
}

/* What is taken away while it comes cannot be put in its place. */
static void
test_native_unkept(void)
{
	struct si_file	 f = hello();
	char		 text[128];

	begin(1);
	native_from(PEER, "s", &f);
	files_word(text, sizeof(text));
	take_away();
	is(data(PEER, "s", "1", "hello"), "", "bytes that are lost are not "
	    "confirmed");
	is_int(files_word(text, sizeof(text)), SI_REFUSED, "but told of");
	is(text, "it cannot be kept: Stale file handle", "with the reason");
	is_int(TAILQ_FIRST(&app.receiver->incomings)->fault, FAULT_LOCAL,
	    "which is our fault");
	is_int(TAILQ_FIRST(&app.receiver->incomings)->phase, INCOMING_TOLD,
	    "and has been told");
	files_end();
}

/* What is resumed cannot be kept: that is no fault of what was there. */
static void
test_native_unkept_part(void)
{
	struct si_file	 f = hello();
	char		 text[128];

	begin(1);
	native_from(PEER, "cut", &f);
	data(PEER, "cut", "1", "hel");
	files_ask(PEER, close_xml("cut"));
	drop_letters(&us);
	run_words();
	native_from(PEER, "s", &f);
	is_int(files_word(text, sizeof(text)), SI_RANGE, "a file is resumed");
	take_away();
	is(data(PEER, "s", "1", "lo"), "", "where it has no place any more, "
	    "its last bytes are not confirmed");
	is_int(files_word(text, sizeof(text)), SI_REFUSED, "it is refused");
	ok(strncmp(text, "it cannot be kept: ", 19) == 0,
	    "with the reason: %s", text);
	files_end();
}

/*
 * The receiver
 */

static void
test_folder(void)
{
	enum fault	 fault = FAULT_NONE;
	char		 err[RECEIVE_ERR];

	begin(1);
	receive_free(app.receiver);
	free(app.conf.receive);
	app.conf.receive = strdup("/nonexistent/folder");
	app.receiver = receive_new(&app, &fault, err);
	ok(app.receiver == NULL, "a folder that is none");
	is_int(fault, FAULT_USE, "is a mistake of use");
	is(err, "-r /nonexistent/folder: No such file or directory",
	    "and the words say which");
	files_end();
}

int
main(void)
{
	kept_begin("x");
	atexit(kept_clean);
	test_moves();
	test_first_failure();
	test_si();
	test_names();
	test_refusals();
	test_single();
	test_stdout();
	test_places();
	test_late();
	test_resume();
	test_resume_wrong();
	test_resume_blind();
	test_native();
	test_native_more();
	test_native_more_declined();
	test_native_declined();
	test_native_wrong();
	test_native_resume();
	test_native_anew();
	test_native_nonsense();
	test_too_much();
	test_native_places();
	test_native_unkept();
	test_native_unkept_part();
	test_folder();
	return tap_done();
}
