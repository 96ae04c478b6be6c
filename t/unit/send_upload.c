/*
 * Unit tests of net/file/send_upload: when files are uploaded rather than
 * offered to the peer; what is asked of the service, once; which slots are
 * used; what is said of the others; links, and what comes back to them.  What
 * goes by HTTP is for t/file/upload*.t.
 */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/link.h"
#include "net/channel/channel.h"
#include "net/file/send_int.h"
#include "net/file/send_upload_int.h"
#include "net/io/log.h"
#include "t/lib/files.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/iq.h"

#define SERVER	"here.example"
#define UP	"urn:xmpp:http:upload:0"
#define QUERY(what, inside) \
	"<query xmlns='http://jabber.org/protocol/disco#" what "'>" inside \
	"</query>"
#define SERVICE(max) QUERY("info", "<feature var='" UP "'/>" \
	"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'>" \
	"<value>" UP "</value></field><field var='max-file-size'><value>" max \
	"</value></field></x>")
#define SLOT(put, get) "<slot xmlns='" UP "'><put url='" put "'/>" \
	"<get url='" get "'/></slot>"

static char	 id[33];	/* of the request that was sent last */

/* What was sent so far is of no interest. */
static void
us_forget(void)
{
	while (!STAILQ_EMPTY(&us.out))
		said(&us);
}

/* The path of a file with this text. */
static const char *
file(const char *name, const char *text)
{
	snprintf(kept_path, sizeof(kept_path), "%s/%.30s", kept_dir, name);
	kept_put(text, strlen(text), 0600);
	return format("%s", kept_path);
}

static void
begin(enum conf_upload upload, const char *one, const char *two)
{
	const char	*paths[] = { one, two };

	files_upload(paths, two != NULL ? 2 : 1, upload);
}

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

/* Is this in the next stanza? */
static int
says(const char *what)
{
	return strstr(next(), what) != NULL;
}

static void
answer(const char *from, const char *inside)
{
	files_hear(from, format("<iq type='result' id='%s'>%s</iq>", id,
	    inside));
}

static void
refused(const char *from, const char *inside)
{
	files_hear(from, format("<iq type='error' id='%s'>%s</iq>", id,
	    inside));
}

/* The search for a service, which is at a component. */
static void
service(const char *info)
{
	ok(says("disco#items"), "the server is asked for its items");
	answer(SERVER, QUERY("items", "<item jid='up.here.example'/>"));
	ok(says("disco#info"), "and itself");
	answer(SERVER, QUERY("info", ""));
	ok(says(" to='up.here.example'"), "its item is asked, too");
	answer("up.here.example", info);
}

static void
test_large(void)
{
	begin(CONF_UPLOAD_YES, file("a", "hello"), file("b", "h"));
	service(SERVICE("4"));
	ok(strstr(run_words(), "a: it is too large: up.here.example takes 4 "
	    "bytes at most, and it has 5; nothing was uploaded\n") != NULL,
	    "too large, and that is said before a slot is asked for");
	ok(says("<request xmlns='" UP "' filename='b' size='1' "
	    "content-type='application/octet-stream'/>"),
	    "the next file; the service is known");
	refused("up.here.example", "<error type='modify'><not-acceptable "
	    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><file-too-large "
	    "xmlns='" UP "'><max-file-size>0</max-file-size></file-too-large>"
	    "</error>");
	ok(strstr(run_words(), "takes 0 bytes at most, and it has 1; ") != NULL,
	    "the service has another limit now");
	ok(app.ending && app.fault == FAULT_PEER, "and the run ends");
	files_end();
}

static void
test_none(void)
{
	begin(CONF_UPLOAD_YES, file("a", "hello"), NULL);
	ok(says("disco#items"), "a server without a service");
	iq_expire(app.iqs, INT64_MAX / 2);
	files_turn();
	ok(app.ending && app.fault == FAULT_PEER, "fails");
	ok(strstr(run_words(), "here.example has no service for uploads") !=
	    NULL, "that is said");
	files_end();
}

/* One slot that makes no sense ends the run: the next would be no better. */
static void
bad_slot(const char *slot, const char *words, const char *what)
{
	begin(CONF_UPLOAD_YES, file("a", "hello"), NULL);
	service(SERVICE("100"));
	ok(strstr(run_words(), PEER ": files go to it by up.here.example: that "
	    "server can read them, and so can all that have a link\n") != NULL,
	    "%s: one line says that servers can read it", what);
	next();
	answer("up.here.example", slot);
	ok(app.ending && app.fault == FAULT_SERVER, "%s: the run ends", what);
	ok(strstr(run_words(), words) != NULL, "%s: said", what);
	files_end();
}

static void
test_slots(void)
{
	bad_slot(SLOT("http://h/x", "https://h/x"),
	    "with http://h/x, which is not https; nothing", "put by http");
	bad_slot(SLOT("https://h/x", "http://h/x"),
	    "which is not https; nothing", "get by http");
	bad_slot(SLOT("https://u@h/x", "https://h/x"),
	    "which names a user; nothing", "a user");
	bad_slot(SLOT("https://h/a b", "https://h/x"), "which is no URL",
	    "a space");
	bad_slot(SLOT("https://10.0.0.1/x", "https://h/x"),
	    "such addresses are not connected to", "a private address");
	bad_slot(SLOT("https://127.0.0.1/x", "https://h/x"),
	    "such addresses are not connected to", "this machine");
	bad_slot(SLOT("https://169.254.169.254/x", "https://h/x"),
	    "such addresses are not connected to", "a link-local address");
}

#define CONDITION(c) "<error type='cancel'><" c \
	" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"

static void
test_absent(void)
{
	begin(CONF_UPLOAD_ABSENT, file("a", "hello"), NULL);
	ok(says(" to='" PEER "'"), "absent: the peer is asked first");
	refused(PEER, CONDITION("service-unavailable"));
	ok(says("disco#items"), "it is not there: uploaded");
	files_end();

	begin(CONF_UPLOAD_ABSENT, file("a", "hello"), NULL);
	next();
	answer(PEER, QUERY("info", "<feature var='urn:xmpp:ping'/>"));
	ok(says("disco#items"), "it takes no files: uploaded");
	files_end();

	begin(CONF_UPLOAD_ABSENT, file("a", "hello"), NULL);
	next();
	refused(PEER, CONDITION("remote-server-not-found"));
	ok(app.ending && app.fault == FAULT_PEER,
	    "its server is not there: nothing is");
	files_end();

	begin(CONF_UPLOAD_ABSENT, file("a", "hello"), NULL);
	next();
	answer(PEER, QUERY("info", "<feature var='http://jabber.org/protocol/"
	    "si/profile/file-transfer'/>"));
	ok(says("<si "), "it takes files: they are offered");
	refused(PEER, CONDITION("forbidden"));
	ok(app.ending && app.fault == FAULT_PEER,
	    "it does not want one: that is the end");
	files_end();
}

/* With -W the peer is waited for first, as long as that says. */
static void
test_absent_wait(void)
{
	begin(CONF_UPLOAD_ABSENT, file("a", "hello"), NULL);
	app.conf.wait = 60;
	next();
	refused(PEER, CONDITION("service-unavailable"));
	is(next(), "", "absent, -W: nothing is uploaded yet");
	run_fire(&app.sender->absent.timer);
	files_turn();
	ok(says(" to='" PEER "'"), "the peer is asked again");
	app.sender->absent.since -= 60 * 1000;
	refused(PEER, CONDITION("service-unavailable"));
	ok(says("disco#items"), "and when it was waited for, uploaded");
	files_end();

	begin(CONF_UPLOAD_ABSENT, file("a", "hello"), NULL);
	app.conf.wait = CONF_WAIT_FOREVER;
	next();
	refused(PEER, CONDITION("service-unavailable"));
	run_fire(&app.sender->absent.timer);
	files_turn();
	next();
	answer(PEER, QUERY("info", "<feature var='http://jabber.org/protocol/"
	    "si/profile/file-transfer'/>"));
	ok(says("<si "), "a peer that comes gets the file itself");
	files_end();
}

/* After a loss all is asked again that had not been answered. */
static void
test_back(void)
{
	begin(CONF_UPLOAD_YES, file("a", "hello"), NULL);
	ok(says("disco#items"), "a search");
	next();
	send_back(app.sender);
	service(SERVICE("100"));
	ok(says("filename='a'"), "a slot");
	send_back(app.sender);
	ok(says("filename='a'"), "asked for again");
	answer("up.here.example", SLOT("http://h/x", "https://h/x"));
	ok(app.ending, "and answered");
	files_end();
}

#define ACCOUNT	"peer@there.example"
#define RECEIVED "<message><received xmlns='urn:xmpp:receipts' id='%s'/>" \
		"</message>"

static char	 link_id[33];

/* The file is there, by whatever way: its link goes out. */
static void
linked(void)
{
	struct file_link	 link = { .url = "https://h/x", .name = "a",
				     .type = "t", .sized = 1, .size = 5 };

	begin(CONF_UPLOAD_YES, file("a", "hello"), NULL);
	us_forget();
	uploads_stop(app.sender->uploads);
	uploads_set_step(app.sender->uploads, UPLOADS_LINKING);
	links_send(app.sender->uploads->links, &link);
	ok(says("<message type='chat' to='" ACCOUNT "' id='"),
	    "the account gets a message");
	strlcpy(link_id, id, sizeof(link_id));
	ok(says("<ping xmlns='urn:xmpp:ping'/>"), "and ours a ping");
}

static void
test_links(void)
{
	linked();
	files_hear(EVIL, format(RECEIVED, link_id));
	files_hear(PEER, format(RECEIVED, "other"));
	answer(US, "");
	ok(!app.ending, "a receipt is waited for");
	files_hear(PEER, format(RECEIVED, link_id));
	ok(app.ending && app.fault == FAULT_NONE, "it ends the run");
	is(run_words(), "xcat: " PEER ": a: received\n", "and is told");
	files_end();

	linked();
	files_hear(PEER, format(RECEIVED, link_id));
	ok(!app.ending, "a receipt that is faster than our server");
	answer(US, "");
	ok(app.ending && app.fault == FAULT_NONE, "counts, too");
	files_end();

	linked();
	answer(US, "");
	files_hear(ACCOUNT, format("<message type='error' id='%s'>%s</message>",
	    link_id, CONDITION("service-unavailable")));
	ok(app.ending && app.fault == FAULT_PEER, "a message that comes back");
	ok(strstr(run_words(), "a: the link was refused: service-unavailable")
	    != NULL, "that is said");
	files_end();
}

static void
test_links_lost(void)
{
	linked();
	send_back(app.sender);
	ok(says("<message ") && strcmp(id, link_id) == 0,
	    "after a loss: the id is the same");
	next();
	answer(US, "");
	ok(!app.ending, "our server has got it now");
	files_end();

	linked();
	iq_expire(app.iqs, INT64_MAX / 2);
	files_turn();
	ok(app.ending && app.fault == FAULT_TIME, "our server says nothing");
	files_end();
}

/* What a server must not read it gets in no case. */
static void
test_objections(void)
{
	static char	*path, *paths[1];
	enum fault	 fault;
	char		 err[SEND_ERR];

	path = paths[0] = strdup(file("a", "hello"));
	must(path != NULL);
	run_begin(MODE_SEND, 0);
	app.conf.upload = CONF_UPLOAD_YES;
	app.conf.e2e = CONF_E2E_REQUIRE;
	ok(send_new(&app, paths, 1, &fault, err) == NULL &&
	    fault == FAULT_USE && strstr(err, "e2e=require") != NULL,
	    "e2e=require");
	app.conf.e2e = CONF_E2E_PREFER;
	app.peer_key = path;
	ok(send_new(&app, paths, 1, &fault, err) == NULL &&
	    fault == FAULT_USE, "a key in the address");
	app.conf.upload = CONF_UPLOAD_ABSENT;
	app.sender = send_new(&app, paths, 1, &fault, err);
	ok(app.sender != NULL && app.sender->uploads == NULL,
	    "with absent it is not uploaded then");
	app.peer_key = NULL;
	files_end();
	free(path);
}

int
main(void)
{
	kept_begin("x");
	atexit(kept_clean);
	test_large();
	test_none();
	test_slots();
	test_absent();
	test_absent_wait();
	test_back();
	test_links();
	test_links_lost();
	test_objections();
	return tap_done();
}
