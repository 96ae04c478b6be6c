/*
 * Unit tests of net/file/send: files that are offered to any program by SI, and
 * to an xcat in a stream, as the peer sees it, stanza by stanza; what is said
 * of files that cannot be sent, and what the run ends with.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/channel.h"
#include "net/channel/linger.h"
#include "net/file/send_int.h"
#include "net/io/clock.h"
#include "net/io/log.h"
#include "t/lib/files.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/base64.h"
#include "xml/iq.h"

#define HELLO	"5d41402abc4b2a76b9719d911017c592"	/* "hello" */
#define SI	"http://jabber.org/protocol/si/profile/file-transfer"
#define IBB_NS	"http://jabber.org/protocol/ibb"
#define XCAT	"urn:xcat:0"
#define XCAT_FILE "urn:xcat:0#file"
#define ASK	"<iq type='get' to='" PEER "' id='ID'>" \
		"<query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
#define FEATURE(var) "<feature var='" var "'/>"

static const char *const names[] = {
	"idle", "asking", "summing", "offered", "opening", "said", "moving",
	"short", "finished", "uploading", "done"
};

/* The path of a file with this text. */
static const char *
file(const char *name, const char *text)
{
	snprintf(kept_path, sizeof(kept_path), "%s/%.30s", kept_dir, name);
	kept_put(text, strlen(text), 0600);
	return format("%s", kept_path);
}

static void
begin(const char *path)
{
	files_send(&path, 1);
}

static void
begin_two(const char *one, const char *two)
{
	const char	*paths[] = { one, two };

	files_send(paths, 2);
}

static char	 id[33];	/* of the request that was sent last */

/* The next stanza, as said() has it. */
static const char *
next(void)
{
	const struct letter	*l = STAILQ_FIRST(&us.out);
	const char		*p = l != NULL ? strstr(l->xml, " id='") : NULL;

	if (p != NULL)
		snprintf(id, sizeof(id), "%.*s", (int)strcspn(p + 5, "'"),
		    p + 5);
	return said(&us);
}

/* The peer answers it. */
static void
answer(const char *inside)
{
	files_hear(PEER, format("<iq type='result' id='%s'>%s</iq>", id,
	    inside));
}

static void
answer_error(const char *condition)
{
	files_hear(PEER, error_xml(id, condition, "cancel", ""));
}

/* The peer tells what it can do. */
static void
knows(const char *features)
{
	must(strcmp(next(), ASK) == 0);
	answer(format("<query xmlns='http://jabber.org/protocol/disco#info'>"
	    "%s</query>", features));
}

/* Take the next stanza, which the peer confirms, and return what is in its
 * block; "" if it has none. */
static const char *
block(void)
{
	static char	 text[8192];
	const char	*xml = next(), *p = strstr(xml, "<data ");
	size_t		 len;

	if (p == NULL)
		return "";
	p = strchr(p, '>') + 1;
	must(base64_decode(text, sizeof(text) - 1, &len, p,
	    strcspn(p, "<")) == 0);
	text[len] = '\0';
	answer("");
	return text;
}

static void
ends(enum fault fault, const char *what)
{
	if (linger_is_on(&app))
		run_fire(&app.lingering);
	ok(app.ending && app.fault == fault, "%s", what);
}

/*
 * Phases, and what can be sent
 */

/* Each line: from this phase; a + for each of the others that can follow. */
static void
test_moves(void)
{
	static const char *const moves[] = {
		"-++---+--++", "++---------", "---++-----+", "+--+-------",
		"-----+----+", "------+---+", "---++-+++-+", "----+-----+",
		"---++-----+", "----------+", "--+---+--++"
	};
	enum send_phase	 from, to;
	struct sender	*s;
	int		 moved;

	begin(file("a", "hello"));
	s = app.sender;
	is_int(s->phase, SEND_ASKING, "a sender asks");
	for (from = SEND_IDLE; from <= SEND_DONE; from++)
		for (to = SEND_IDLE; to <= SEND_DONE; to++) {
			s->phase = from;
			moved = sender_set_phase(s, to) == 0;
			ok(moved == (moves[from][to] == '+') &&
			    s->phase == (moved ? to : from), "%s -> %s",
			    names[from], names[to]);
		}
	files_end();
}

static void
refused(char *path, enum fault want, const char *words)
{
	struct app	 unused = { .mode = MODE_SEND };
	enum fault	 fault = FAULT_NONE;
	char		 err[SEND_ERR] = "";

	ok(send_new(&unused, &path, 1, &fault, err) == NULL, "%s: refused",
	    path);
	is_int(fault, want, "its fault");
	is(err, words, "its words");
}

static void
test_new(void)
{
	char		 none[] = "/nonexistent/file", *paths[2] = { none };
	struct app	 unused = { .mode = MODE_SEND };
	struct sender	*s;
	enum fault	 fault;
	char		 err[SEND_ERR];

	refused(none, FAULT_LOCAL, "/nonexistent/file: No such file or "
	    "directory");
	paths[0] = kept_dir;
	s = send_new(&unused, paths, 1, &fault, err);
	is_int(s != NULL ? s->errors[0] : -1, 0, "a folder can be sent");
	send_free(s);
	paths[0] = none;
	file("a", "hello");
	paths[1] = kept_path;
	s = send_new(&unused, paths, 2, &fault, err);
	ok(s != NULL && s->good == 1, "one good file is enough");
	send_free(s);
}

/*
 * What the peer can take
 */

static void
unable(const char *features, const char *words)
{
	begin(file("a", "hello"));
	knows(features);
	is(run_words(), format("xcat: " PEER ": %s\n", words),
	    "a peer that cannot");
	ends(FAULT_PEER, "ends the run");
	files_end();
}

static void
test_ask(void)
{
	unable("", "it takes no files (XEP-0234, XEP-0096), or not from you: "
	    "run xcat -l there, and name this account with -a");
	unable(FEATURE(XCAT), "it takes no files: run it with -r there");
	begin(file("a", "hello"));
	app.conf.e2e = CONF_E2E_REQUIRE;
	knows(FEATURE(SI));
	is(run_words(), "xcat: " PEER ": it does not encrypt end to end, which "
	    "must be (-o e2e=require, or its key is known)\n", "a session "
	    "that must be");
	ends(FAULT_PEER, "ends the run");
	files_end();
}

static void
test_ask_errors(void)
{
	begin(file("a", "hello"));
	must(strcmp(next(), ASK) == 0);
	answer_error("service-unavailable");
	ends(FAULT_PEER, "a peer that is not there");
	files_end();
	begin(file("a", "hello"));
	must(strcmp(next(), ASK) == 0);
	answer_error("feature-not-implemented");
	ok(strstr(next(), "<si ") != NULL,
	    "a peer that does not know the question may take files");
	files_end();
	begin(file("a", "hello"));
	iq_expire(app.iqs, INT64_MAX);
	is(run_words(), "xcat: " PEER ": no answer in time; check the "
	    "address\n", "a peer that does not answer");
	ends(FAULT_TIME, "is a matter of time");
	files_end();
}

/* The login was lost, and with it the answers. */
static void
test_back(void)
{
	char	 old[sizeof(id)];

	begin(file("a", "hello"));
	must(strcmp(next(), ASK) == 0);
	strlcpy(old, id, sizeof(old));
	send_back(app.sender);
	is(next(), ASK, "the question is asked again");
	files_hear(PEER, format("<iq type='result' id='%s'/>", old));
	is_int(app.sender->phase, SEND_ASKING, "a late answer is none");
	answer("<query xmlns='http://jabber.org/protocol/disco#info'>"
	    FEATURE(SI) "</query>");
	ok(strstr(next(), "<si ") != NULL, "a file is offered");
	send_back(app.sender);
	ok(strstr(next(), "<si ") != NULL, "and again");
	files_end();
}

/*
 * By SI
 */

#define CHOICE	"<feature xmlns='http://jabber.org/protocol/feature-neg'>" \
		"<x xmlns='jabber:x:data' type='submit'>" \
		"<field var='stream-method'><value>" IBB_NS "</value></field>" \
		"</x></feature></si>"

/* The offer that is made next, as it is. */
static const char *
offered(void)
{
	const char	*xml;

	must(!STAILQ_EMPTY(&us.out));
	xml = format("%s", STAILQ_FIRST(&us.out)->xml);
	must(strstr(next(), "<si ") != NULL);
	return xml;
}

static void
take(const char *range)
{
	answer(format("<si xmlns='http://jabber.org/protocol/si'>"
	    "<file xmlns='" SI "'>%s</file>" CHOICE, range));
}

static void
test_si(void)
{
	const char	*xml;

	begin(file("a b", "hello"));
	knows(FEATURE(SI));
	xml = offered();
	ok(strstr(xml, " name='a b' ") != NULL, "a name without its folder");
	ok(strstr(xml, " size='5' ") != NULL, "a size");
	ok(strstr(xml, " hash='" HELLO "'") != NULL, "a hash");
	ok(strstr(xml, "<option><value>" IBB_NS "</value></option>") != NULL &&
	    strstr(xml, "bytestreams") == NULL,
	    "no socket where none is allowed");
	is_int(app.sender->phase, SEND_OFFERED, "it waits");
	take("");
	is(next(), "<iq type='set' to='" PEER "' id='SID'><open" IBB
	    " sid='SID' block-size='4096' stanza='iq'>"
	    "<plain xmlns='" XCAT "' block-size='65535'/></open></iq>",
	    "its stream");
	ok(strstr(xml, format("<si xmlns='http://jabber.org/protocol/si' "
	    "id='%s'", us.sid)) != NULL, "by the sid of the offer");
	answer("");
	is(block(), "hello", "its bytes");
	is_int(app.sender->phase, SEND_FINISHED, "all are on their way");
	is(next(), CLOSE, "the end");
	answer("");
	ends(FAULT_NONE, "of the run");
	is(run_words(), "", "without a word");
	files_end();
}

static void
test_si_range(void)
{
	begin(file("a", "hello"));
	knows(FEATURE(SI));
	offered();
	take("<range offset='1' length='3'/>");
	is(run_words(), "xcat: " PEER ": a: going on behind 1 bytes\n",
	    "a part is wanted");
	next();
	answer("");
	is(block(), "ell", "and sent");
	is(next(), CLOSE, "no more");
	files_end();
	begin(file("a", "hello"));
	knows(FEATURE(SI));
	offered();
	take("<range offset='6'/>");
	is(run_words(), "xcat: " PEER ": a: it answers what makes no sense (it "
	    "wants a part that the file has not)\n", "a part that is none");
	ends(FAULT_PEER, "ends the run");
	files_end();
}

/* What one file runs into does not keep the next from being sent. */
static void
test_si_refused(void)
{
	begin_two(file("a", "hello"), file("b", "HELLO"));
	knows(FEATURE(SI));
	offered();
	answer_error("forbidden");
	is(run_words(), "xcat: " PEER ": a: it declines the file (forbidden: "
	    "so there)\n", "a file is declined");
	ok(strstr(offered(), " name='b' ") != NULL, "the next one is offered");
	take("");
	next();
	answer("");
	is(block(), "HELLO", "and sent");
	next();
	answer("");
	is(run_words(), "xcat: " PEER ": not sent, 1 of 2 files: a\n",
	    "the failure is named at the end");
	ends(FAULT_PEER, "and is the run's");
	files_end();
}

static void
test_si_late(void)
{
	begin_two(file("a", "hello"), file("b", "HELLO"));
	knows(FEATURE(SI));
	offered();
	iq_expire(app.iqs, INT64_MAX);
	is(run_words(), format("xcat: " PEER ": a: no answer in time; has its "
	    "user seen the offer?\nxcat: " PEER ": not sent, 2 of 2 files: a, "
	    "%s/b\n", kept_dir), "a peer that does not answer gets no more");
	ends(FAULT_TIME, "which ends the run");
	files_end();
}

#define JINGLE	"urn:xmpp:jingle:apps:file-transfer:5"

/* Jingle is chosen before SI, and SI where Jingle is not taken after all. */
static void
test_jingle(void)
{
	begin(file("a", "hello"));
	knows(FEATURE(SI) FEATURE(JINGLE));
	ok(strstr(next(), "action='session-initiate'") != NULL,
	    "by Jingle rather than SI");
	is_int(app.sender->phase, SEND_OFFERED, "it waits");
	answer_error("service-unavailable");
	ok(strstr(offered(), " hash='" HELLO "'") != NULL,
	    "by SI where it is not known after all, with its own hash");
	take("");
	next();
	answer("");
	is(block(), "hello", "and sent");
	files_end();
	begin(file("a", "hello"));
	knows(FEATURE(JINGLE));
	next();
	answer_error("service-unavailable");
	is(run_words(), "xcat: " PEER ": a: nobody there takes files, or not "
	    "from you: try xcat -l there (service-unavailable: so there)\n",
	    "without SI it is refused");
	ends(FAULT_PEER, "which ends the run");
	files_end();
}

#define S5B_NS	"http://jabber.org/protocol/bytestreams"
#define JINGLE_S5B "urn:xmpp:jingle:transports:s5b:1"
#define JINGLE_IBB "urn:xmpp:jingle:transports:ibb:1"

static char	 session[64];	/* its sid, and that of its stream */

/* The next stanza is one of Jingle with this action: take it and confirm it. */
static void
jingle_sent(const char *action)
{
	const struct letter	*l = STAILQ_FIRST(&us.out);
	const char		*p = NULL;

	if (l != NULL && (p = strstr(l->xml, " sid='")) != NULL)
		snprintf(session, sizeof(session), "%.*s",
		    (int)strcspn(p + 6, "'"), p + 6);
	ok(strstr(next(), format("action='%s'", action)) != NULL, "%s",
	    action);
	answer("");
}

/* The peer says this in the session. */
static void
jingle_said(const char *action, const char *inside)
{
	is(files_ask(PEER, format("<jingle xmlns='urn:xmpp:jingle:1' "
	    "action='%s' sid='%s'>%s</jingle>", action, session, inside)),
	    "result", "its %s", action);
}

/* As jingle_said(), of the transport with this namespace. */
static void
jingle_said_transport(const char *action, const char *ns, const char *inside)
{
	jingle_said(action, format("<content creator='initiator' name='file'>"
	    "<description xmlns='" JINGLE "'><file/></description>"
	    "<transport xmlns='%s' sid='%s' block-size='4096'>%s</transport>"
	    "</content>", ns, session, inside));
}

/* The file is offered by SI now, and goes. */
static void
goes_by_si(const char *what)
{
	ok(strstr(offered(), " hash='" HELLO "'") != NULL, "%s: by SI, with "
	    "its own hash", what);
	take("");
	next();
	answer("");
	is(block(), "hello", "and sent");
	files_end();
}

/* The peer ends the session for this reason, before there is a stream. */
static void
jingle_ends(const char *reason)
{
	jingle_sent("session-initiate");
	jingle_said("session-terminate", format("<reason><%s/></reason>",
	    reason));
}

/* What has no way by Jingle may have one by SI; what is not wanted has none. */
static void
test_jingle_no_way(void)
{
	begin(file("a", "hello"));
	knows(FEATURE(SI) FEATURE(JINGLE));
	jingle_ends("unsupported-transports");
	goes_by_si("it does not know the transport");
	begin(file("a", "hello"));
	knows(FEATURE(SI) FEATURE(JINGLE));
	jingle_ends("decline");
	is(run_words(), "xcat: " PEER ": a: it declines the file (decline)\n",
	    "what is declined is not offered again");
	ends(FAULT_PEER, "which ends the run");
	files_end();
	begin_two(file("a", "hello"), file("b", "HELLO"));
	knows(FEATURE(JINGLE));
	jingle_ends("failed-transport");
	ok(strstr(run_words(), "a: there is no stream between us") != NULL,
	    "without SI that is said");
	jingle_ends("failed-transport");
	ends(FAULT_PEER, "and the next one is offered by Jingle, too");
	files_end();
}

/* No socket comes about, and the peer takes no in-band stream. */
static void
test_jingle_kept(void)
{
	begin(file("a", "hello"));
	app.conf.carrier = CONF_CARRIER_AUTO;
	knows(FEATURE(SI) FEATURE(JINGLE) FEATURE(JINGLE_S5B));
	ok(strstr(next(), "disco#items") != NULL, "proxies are looked for");
	files_hear("here.example", error_xml(id, "service-unavailable",
	    "cancel", ""));
	jingle_sent("session-initiate");
	jingle_said_transport("session-accept", JINGLE_S5B, "");
	jingle_said_transport("transport-info", JINGLE_S5B,
	    "<candidate-error/>");
	jingle_sent("transport-info");
	jingle_sent("transport-replace");
	jingle_said_transport("transport-reject", JINGLE_IBB, "");
	jingle_sent("session-terminate");
	goes_by_si("no stream by Jingle");
}

/* An answer that does not repeat what the file is takes all of it. */
static void
test_jingle_undescribed(void)
{
	begin(file("a", "hello"));
	knows(FEATURE(SI) FEATURE(JINGLE) FEATURE(JINGLE_IBB));
	jingle_sent("session-initiate");
	jingle_said("session-accept", format("<content creator='initiator' "
	    "name='file'><transport xmlns='%s' sid='%s' block-size='4096'/>"
	    "</content>", JINGLE_IBB, session));
	next();
	answer("");
	is(block(), "hello", "an answer without a description");
	files_end();
}

/* The peer would have a socket, and reaches none of our addresses: the stream
 * that is in-band then is the one that was agreed on. */
static void
test_si_fall_back(void)
{
	const char	*xml;
	char		 sid[33];

	begin(file("a", "hello"));
	app.conf.carrier = CONF_CARRIER_AUTO;
	knows(FEATURE(SI) FEATURE(S5B_NS));
	xml = offered();
	ok(strstr(xml, "<option><value>" S5B_NS "</value></option>"
	    "<option><value>" IBB_NS "</value></option>") != NULL,
	    "a socket is offered first");
	strlcpy(sid, strstr(xml, "/si' id='") + strlen("/si' id='"),
	    sizeof(sid));
	answer("<si xmlns='http://jabber.org/protocol/si'>"
	    "<feature xmlns='http://jabber.org/protocol/feature-neg'>"
	    "<x xmlns='jabber:x:data' type='submit'>"
	    "<field var='stream-method'><value>" S5B_NS "</value></field>"
	    "</x></feature></si>");
	ok(strstr(next(), "disco#items") != NULL, "proxies are looked for");
	files_hear("here.example", error_xml(id, "service-unavailable",
	    "cancel", ""));
	ok(strstr(next(), "<query xmlns='" S5B_NS "' ") != NULL,
	    "addresses are offered");
	answer_error("item-not-found");
	ok(strstr(next(), "<open ") != NULL && strcmp(us.sid, sid) == 0,
	    "of which none is reached: the stream is in-band");
	answer_error("not-acceptable");
	ok(strstr(offered(), "<option><value>" IBB_NS "</value></option>"
	    "</field>") != NULL, "or it is offered so, and not otherwise");
	take("");
	next();
	answer("");
	is(block(), "hello", "and sent");
	files_end();
}

/* libpurple never answers our close, but has confirmed all. */
static void
test_si_whole(void)
{
	begin(file("a", "hello"));
	knows(FEATURE(SI));
	offered();
	take("");
	next();
	answer("");
	is(block(), "hello", "a file");
	is(next(), CLOSE, "a close");
	iq_expire(app.iqs, INT64_MAX);
	files_turn();
	ends(FAULT_NONE, "that is not answered harms nothing");
	files_end();
}

static void
test_shorter(void)
{
	const char	*path = file("a", "hello");

	begin(path);
	knows(FEATURE(SI));
	offered();
	must(truncate(path, 2) == 0);
	take("");
	next();
	answer("");
	files_turn();
	ok(strstr(run_words(), ": it has become shorter while it was sent; try "
	    "again; ") != NULL, "a file that shrinks is found out");
	ends(FAULT_LOCAL, "which is our fault");
	files_end();
}

static void
test_gone(void)
{
	const char	*path = file("a", "hello");

	begin(path);
	must(unlink(path) == 0);
	knows(FEATURE(SI));
	is(run_words(), format("xcat: " PEER ": %s: reading it: No such file "
	    "or directory\n", path), "a file that is gone by now");
	ends(FAULT_LOCAL, "is a local fault");
	files_end();
}

/*
 * To an xcat
 */

/* The stream that is opened next is for a file; the offer in it names it. */
static void
native(const char *name)
{
	char	 text[64];

	ok(strstr(next(), "<plain xmlns='" XCAT "'") != NULL,
	    "a stream is opened");
	answer("");
	is_int(files_word(text, sizeof(text)), SI_FILE, "a file is offered");
	is(text, name, "by its name");
	is_int(app.sender->phase, SEND_SAID, "it waits");
}

/* The peer says this in the stream; the next number is counted. */
static const char *
says(int seq, const char *words)
{
	return files_ask(PEER, data_xml(us.sid, format("%d", seq), words));
}

static void
test_native(void)
{
	begin(file("a", "hello"));
	knows(FEATURE(XCAT) FEATURE(XCAT_FILE) FEATURE(SI));
	native("a");
	is(says(0, files_say_range(3)), "result", "the peer has a part");
	is(run_words(), "xcat: " PEER ": a: going on behind 3 bytes\n",
	    "which is told");
	is(block(), "lo", "the rest is sent");
	is(next(), CLOSE, "the end");
	answer("");
	ends(FAULT_NONE, "of the run");
	files_end();
}

static void
test_native_refused(void)
{
	begin_two(file("a", "hello"), file("b", "HELLO"));
	knows(FEATURE(XCAT_FILE));
	native("a");
	says(0, files_say(si_say_refused, "it is too large"));
	is(run_words(), "xcat: " PEER ": a: it does not take it: it is too "
	    "large\n", "a file is refused");
	drop_letters(&us);
	ok(!app.ending && app.sender->at == 1, "the next one follows");
	files_end();
}

/* An end in good order before the file is wanted is none that was sent. */
static void
test_native_closed(void)
{
	begin(file("a", "hello"));
	knows(FEATURE(XCAT_FILE));
	native("a");
	files_ask(PEER, close_xml(us.sid));
	ok(strstr(run_words(), "a: the peer closed the stream before it took "
	    "the file") != NULL, "the peer closes the stream");
	ends(FAULT_BROKEN, "which is the end");
	files_end();
}

/* Skip what ends a stream, up to the next open. */
static void
skip_to_open(void)
{
	while (!STAILQ_EMPTY(&us.out) &&
	    strstr(STAILQ_FIRST(&us.out)->xml, "<open ") == NULL)
		free(next_letter(&us));
}

/* What the peer had was of another file: the file is sent anew, but once. */
static void
test_native_wrong(void)
{
	begin(file("a", "hello"));
	knows(FEATURE(XCAT_FILE));
	native("a");
	says(0, files_say_range(3));
	is(block(), "lo", "the rest is sent");
	run_words();
	says(1, files_say(si_say_wrong, "its content is another"));
	is(run_words(), "xcat: " PEER ": a: what was there was of something "
	    "else; sending all of it\n", "what was there was wrong");
	skip_to_open();
	native("a");
	says(0, files_say_range(1));
	is(block(), "ello", "what it wants then is sent");
	run_words();
	says(1, files_say(si_say_wrong, "its content is another"));
	ok(strstr(run_words(), "xcat: " PEER ": a: it says: its content is "
	    "another") != NULL, "wrong again");
	ends(FAULT_BROKEN, "is the end");
	files_end();
}

/* The peer cannot keep what it has: that is not sent anew. */
static void
test_native_unkept(void)
{
	begin(file("a", "hello"));
	knows(FEATURE(XCAT_FILE));
	native("a");
	says(0, files_say_range(3));
	must(strlen(block()) == 2);
	run_words();
	says(1, files_say(si_say_refused, "it cannot be kept: no"));
	ok(strstr(run_words(), "xcat: " PEER ": a: it says: it cannot be kept: "
	    "no") != NULL, "what cannot be kept is told");
	ends(FAULT_BROKEN, "and is the end");
	files_end();
}

/* Each file has its second attempt. */
static void
test_native_wrong_both(void)
{
	const char	*const files[] = { "a", "b" };
	int		 i;

	begin_two(file("a", "hello"), file("b", "HELLO"));
	knows(FEATURE(XCAT_FILE));
	for (i = 0; i < 2; i++) {
		native(files[i]);
		says(0, files_say_range(3));
		must(strlen(block()) == 2);
		says(1, files_say(si_say_wrong, "its content is another"));
		skip_to_open();
		native(files[i]);
		says(0, files_say_range(0));
		is_int((long)strlen(block()), 5, "all of %s", files[i]);
		next();
		answer("");
	}
	ends(FAULT_NONE, "both are sent in the end");
	files_end();
}

static void
nonsense(const char *words, const char *what)
{
	begin(file("a", "hello"));
	knows(FEATURE(XCAT_FILE));
	native("a");
	says(0, words);
	ok(strstr(run_words(), "xcat: " PEER ": a: it answers what makes no "
	    "sense") != NULL, "%s", what);
	ends(FAULT_BROKEN, "ends the run");
	files_end();
}

static void
test_native_nonsense(void)
{
	struct si_file	 f = { .name = "x", .mode = -1 };

	nonsense(files_say_range(6), "a part that the file has not");
	nonsense(files_say_file(&f), "an offer for an answer");
	nonsense(b64("HTTP/1.1 200 OK\r\n\r\n", 19), "what is no word");
	begin(file("a", "hello"));
	knows(FEATURE(XCAT_FILE));
	native("a");
	says(0, files_say_range(0));
	says(1, files_say_range(0));
	ends(FAULT_BROKEN, "a second answer ends the run");
	files_end();
}

/*
 * Pipes
 */

/* A pipe that has ended behind this text, by a path. */
static const char *
pipe_path(const char *text)
{
	static int	 fds[2] = { -1, -1 };

	if (fds[0] != -1)
		close(fds[0]);
	must(pipe2(fds, O_CLOEXEC) == 0);
	must(write(fds[1], text, strlen(text)) == (ssize_t)strlen(text));
	close(fds[1]);
	return format("/dev/fd/%d", fds[0]);
}

static void
test_pipe(void)
{
	begin(pipe_path("hello"));
	knows(FEATURE(XCAT) FEATURE(XCAT_FILE));
	ok(strstr(next(), "<plain xmlns='" XCAT "'") != NULL,
	    "a stream is opened for a pipe");
	answer("");
	is(block(), "hello", "its bytes are all that is sent");
	is(says(0, b64("hm?\n", 4)), "result", "what the peer sends");
	is(run_words(), "", "means nothing");
	is(next(), CLOSE, "the end of the pipe");
	answer("");
	ends(FAULT_NONE, "ends the run");
	files_end();
	begin(pipe_path("hello"));
	knows(FEATURE(SI));
	ok(strstr(run_words(), ": it is no file of a known size, and the peer "
	    "is no xcat, which could take it: ") != NULL,
	    "other programs take no pipes");
	ends(FAULT_PEER, "which is told");
	files_end();
}

/* What the peer of a pipe sends is no word about the file before it. */
static void
test_pipe_behind_file(void)
{
	begin_two(file("a", "hello"), pipe_path("HELLO"));
	knows(FEATURE(XCAT) FEATURE(XCAT_FILE));
	native("a");
	says(0, files_say_range(0));
	is(block(), "hello", "a file");
	next();
	answer("");
	ok(strstr(next(), "<plain xmlns='" XCAT "'") != NULL,
	    "and a pipe behind it");
	answer("");
	is(block(), "HELLO", "its bytes");
	is(says(0, b64("HTTP/1.1 200 OK\r\n\r\n", 19)), "result",
	    "what the peer sends");
	next();
	answer("");
	is(run_words(), "", "means nothing");
	ends(FAULT_NONE, "and the run ends well");
	files_end();
}

/* A guest of a login is gone before its peer answers. */
static void
test_left(void)
{
	begin(file("a", "hello"));
	must(strcmp(next(), ASK) == 0);
	send_free(app.sender);
	app.sender = NULL;
	is_int(files_hear(PEER, format("<iq type='result' id='%s'/>", id)), 0,
	    "an answer for a sender that has gone is for none");
	files_end();
	begin(file("a", "hello"));
	knows(FEATURE(SI));
	must(strstr(next(), "<si ") != NULL);
	send_free(app.sender);
	app.sender = NULL;
	is_int(files_hear(PEER, error_xml(id, "forbidden", "cancel", "")), 0,
	    "nor is one to its offer");
	is(run_words(), "", "and nothing is said");
	files_end();
}

int
main(void)
{
	kept_begin("x");
	atexit(kept_clean);
	test_moves();
	test_new();
	test_ask();
	test_ask_errors();
	test_back();
	test_left();
	test_si();
	test_si_range();
	test_si_refused();
	test_si_late();
	test_jingle();
	test_jingle_no_way();
	test_jingle_kept();
	test_jingle_undescribed();
	test_si_fall_back();
	test_si_whole();
	test_shorter();
	test_gone();
	test_native();
	test_native_refused();
	test_native_closed();
	test_native_wrong();
	test_native_wrong_both();
	test_native_unkept();
	test_native_nonsense();
	test_pipe();
	test_pipe_behind_file();
	return tap_done();
}
