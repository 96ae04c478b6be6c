/*
 * Unit tests of ibb/link: the message with a link as it is sent, what is found
 * in those that come, encryption, receipts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/link.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"

#define ABC	"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
#define AAAA	"AAAAAAAAAAAAAAAA"	/* 12 bytes */
#define A256	AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA \
		AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA
#define A1024	A256 A256 A256 A256
#define MSG(inside)	"<message from='a@b/c' id='m' type='chat'>" inside \
			"</message>"
#define OOB(url)	"<x xmlns='jabber:x:oob'><url>" url "</url></x>"
#define SHARING(file, sources) \
	"<file-sharing xmlns='urn:xmpp:sfs:0'>" \
	"<file xmlns='urn:xmpp:file:metadata:0'>" file "</file>" \
	"<sources>" sources "</sources></file-sharing>"
#define TARGET(url) "<url-data xmlns='http://jabber.org/protocol/url-data' " \
	"target='" url "'/>"

static struct elem	*kept;
static struct file_link	 found[LINK_READ_MAX];

static size_t
read_message(const char *xml)
{
	elem_free(kept);
	if ((kept = stanza_parse(xml)) == NULL)
		abort();
	memset(found, 0, sizeof(found));
	return link_read(kept, found);
}

static void
test_send(struct iq_table *t)
{
	struct file_link	 l = { .url = "https://h/a&b", .name = "a<b",
				     .type = "image/png", .sized = 1, .size = 5,
				     .hashed = 1 };
	char			 id[LINK_ID], other[LINK_ID];

	link_new_id(id);
	link_new_id(other);
	ok(strlen(id) == LINK_ID - 1 && strcmp(id, other) != 0,
	    "an id that cannot be guessed");
	is_int(link_send(t, "a@b", "m1", &l), 0, "a link is sent");
	ok(stanza_has("<message type='chat' to='a@b' id='m1'>"),
	    "a chat message");
	ok(stanza_has("<body>https://h/a&amp;b</body>"),
	    "the body is the URL");
	ok(stanza_has("<x xmlns='jabber:x:oob'><url>https://h/a&amp;b</url>"
	    "</x>"), "and so is XEP-0066's");
	ok(stanza_has("<request xmlns='urn:xmpp:receipts'/>"),
	    "a receipt is asked for");
	ok(stanza_has("<fallback xmlns='urn:xmpp:fallback:0' "
	    "for='urn:xmpp:sfs:0'><body/></fallback>"), "XEP-0428");
	is_int((long)read_message(stanza_sent), 1, "we understand it");
	is(found[0].url, l.url, "url");
	is(found[0].name, l.name, "name");
	is(found[0].type, l.type, "type");
	ok(found[0].sized && found[0].size == 5, "size");
	ok(found[0].hashed && found[0].described &&
	    memcmp(found[0].hash, l.hash, LINK_HASH) == 0, "hash");
	l.hashed = 0;
	is_int(link_send(t, "a@b", "m1", &l), 0, "without a hash");
	ok(!stanza_has("urn:xmpp:hashes"), "no hash is said");
}

static void
test_read(void)
{
	is_int((long)read_message(MSG("<body>https://h/x</body>")), 0,
	    "a URL that somebody writes is no file");
	is_int((long)read_message(MSG(OOB("https://h/x"))), 1, "XEP-0066");
	ok(!found[0].described && found[0].name == NULL && !found[0].sized,
	    "which says nothing else");
	is_int((long)read_message(MSG(OOB("") "<x xmlns='jabber:x:oob'/>")), 0,
	    "without a URL");
	is_int((long)read_message(MSG(OOB("https://h/1") OOB("https://h/2")
	    OOB("https://h/1"))), 2, "each URL once");
	is_int((long)read_message(MSG(OOB("https://h/1")
	    SHARING("<name>n</name>", TARGET("https://h/1"))
	    SHARING("", TARGET("https://h/2")))), 2, "two files");
	is(found[0].name, "n", "what is known of a URL comes first");
	is(found[1].url, "https://h/2", "the second");
	is_int((long)read_message(MSG(SHARING("<size>-1</size>"
	    "<hash xmlns='urn:xmpp:hashes:2' algo='sha-1'>AAAA</hash>"
	    "<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>AAAA</hash>",
	    TARGET("ftp://h/1") TARGET("HTTP://h/2") TARGET("https://h/3")))),
	    1, "several sources");
	is(found[0].url, "HTTP://h/2", "the first of the web");
	ok(!found[0].sized && !found[0].hashed, "what makes no sense is not "
	    "known");
	is_int((long)read_message(MSG(SHARING(
	    "<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>" ABC "</hash>"
	    "<size>3</size>", TARGET("https://h/3")))), 1, "a hash");
	ok(found[0].hashed && found[0].hash[0] == 0xba &&
	    found[0].hash[31] == 0xad && found[0].size == 3, "as it is");
	is_int((long)read_message(MSG(SHARING(
	    "<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>" AAAA AAAA AAAA
	    "</hash>", TARGET("https://h/3")))), 1, "a hash of 36 bytes");
	ok(!found[0].hashed, "is none");
	is_int((long)read_message(MSG(SHARING(
	    "<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>" A1024 A1024
	    "</hash>", TARGET("https://h/3")))), 1, "one of 1,536 bytes");
	ok(!found[0].hashed && found[1].url == NULL, "nor is that");
	is_int((long)read_message(MSG(SHARING("", ""))), 0, "no source yet");
	is_int((long)read_message(MSG(OOB("h:1") OOB("h:2") OOB("h:3")
	    OOB("h:4") OOB("h:5") OOB("h:6") OOB("h:7") OOB("h:8") OOB("h:9"))),
	    LINK_READ_MAX, "not without end");
}

/* XEP-0280, 0297 and 0313: what another message says is not this sender's. */
static void
test_forwarded(void)
{
	is_int((long)read_message(MSG("<received xmlns='urn:xmpp:carbons:2'>"
	    "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns="
	    "'jabber:client' from='x@y'>" OOB("https://h/1") "</message>"
	    "</forwarded></received>")), 0, "a carbon");
	is_int((long)read_message(MSG("<result xmlns='urn:xmpp:mam:2'>"
	    "<forwarded xmlns='urn:xmpp:forward:0'>" OOB("https://h/1")
	    "</forwarded></result>")), 0, "an archive");
}

static const char *
encryption(const char *xml)
{
	read_message(xml);
	return link_encryption(kept) != NULL ? link_encryption(kept) : "none";
}

static void
test_encryption(void)
{
	is(encryption(MSG(OOB("https://h/x") "<body>https://h/x</body>")),
	    "none", "not encrypted");
	is(encryption(MSG("<encrypted xmlns='eu.siacs.conversations.axolotl'/>"
	    )), "OMEMO", "OMEMO 0.3");
	is(encryption(MSG("<encrypted xmlns='urn:xmpp:omemo:2'/>")), "OMEMO",
	    "OMEMO 0.8");
	is(encryption(MSG("<openpgp xmlns='urn:xmpp:openpgp:0'/>")), "OpenPGP",
	    "XEP-0373");
	is(encryption(MSG("<x xmlns='jabber:x:encrypted'/>")), "OpenPGP",
	    "XEP-0027");
	is(encryption(MSG("<body> aesgcm://h/x#0</body>")), "aesgcm",
	    "a body");
	is(encryption(MSG(OOB("AESGCM://h/x#0"))), "aesgcm", "XEP-0066");
	is(encryption(MSG(SHARING("", TARGET("aesgcm://h/x")))), "aesgcm",
	    "XEP-0447");
	is(encryption(MSG(SHARING("", "<encrypted xmlns='urn:xmpp:esfs:0'/>"))),
	    "aesgcm", "XEP-0448");
}

static void
test_receipts(struct iq_table *t)
{
	read_message(MSG("<request xmlns='urn:xmpp:receipts'/>"));
	is_int(link_wants_receipt(kept), 1, "a receipt is wanted");
	ok(link_received(kept) == NULL, "and not given");
	link_receipt(t, "a@b/c", "m");
	ok(stanza_has("<received xmlns='urn:xmpp:receipts' id='m'/>"),
	    "a receipt");
	ok(!stanza_has("request"), "which asks for none");
	read_message(stanza_sent);
	is(link_received(kept), "m", "a receipt is understood");
	read_message("<message from='a@b/c'><request "
	    "xmlns='urn:xmpp:receipts'/></message>");
	is_int(link_wants_receipt(kept), 0, "no receipt without an id");
}

int
main(void)
{
	struct iq_table	*t = iq_new(stanza_take, NULL);

	if (t == NULL)
		abort();
	test_send(t);
	test_read();
	test_forwarded();
	test_encryption();
	test_receipts(t);
	elem_free(kept);
	iq_free(t);
	return tap_done();
}
