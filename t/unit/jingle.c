/*
 * Unit tests of Jingle: the stanzas of XEP-0166, 0234, 0260, 0261 and 0300
 * (ibb/jingle), which of them may come when (ibb/jingle_session), and which
 * candidate two ends agree on (ibb/jingle_choice); with what programs are known
 * to do otherwise.
 */
#include <stdio.h>
#include <string.h>

#include "ibb/jingle_choice.h"
#include "ibb/jingle_session.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define SHA	"<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>" \
		"LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=</hash>"
#define HELLO	"2cf24dba5fb0a30e26e83b2ac5b9e29e" \
		"1b161e5c1fa7425e73043362938b9824"
#define FILEXML(inside) "<description xmlns='" NS_JINGLE_FILE "'><file>" \
		inside "</file></description>"
#define PLAIN	FILEXML("<name>a b</name><size>5</size><range/>" SHA)
#define INBAND_T "<transport xmlns='" NS_JINGLE_IBB "' block-size='4096' " \
		"sid='st'/>"
#define S5B_T	"<transport xmlns='" NS_JINGLE_S5B "' sid='st'>"
#define NAMED(inside) "<content creator='initiator' name='c' " \
		"senders='initiator'>" inside "</content>"
#define OURS(inside) "<content creator='initiator' name='file' " \
		"senders='initiator'>" inside "</content>"

static struct iq_table	*iqs;
static struct jingles	*all;
static struct jingle_session *session;
static char	 sent[65536];	/* what was sent since the last look */
static char	 told[1024];	/* what the user was told */
static int	 admits = 1, saying;

/*
 * The other end
 */

static int
send_out(void *arg, const void *data, size_t len)
{
	size_t	 n = strlen(sent);

	(void)arg;
	must(n + len < sizeof(sent));
	memcpy(sent + n, data, len);
	sent[n + len] = '\0';
	return 0;
}

static void
tell(const char *what)
{
	strlcat(told, what, sizeof(told));
	strlcat(told, "\n", sizeof(told));
}

static const char *
heard(void)
{
	static char	 text[sizeof(told)];

	strlcpy(text, told, sizeof(text));
	*told = '\0';
	return text;
}

static int
sent_has(const char *s)
{
	return strstr(sent, s) != NULL;
}

/* A request comes: how it is answered, "result", the conditions of an error, or
 * "" if it is none of ours. */
static const char *
asked(const char *action, const char *sid, const char *inside)
{
	static const char *const	 conditions[] = {
		"bad-request", "out-of-order", "tie-break", "unknown-session",
		"unsupported-info", "not-acceptable", "item-not-found",
		"resource-constraint"
	};
	const char	*xml = format("<jingle xmlns='" NS_JINGLE "' sid='%s' "
			     "action='%s'>%s</jingle>", sid, action, inside);
	struct elem	*iq = stanza_iq("set", PEER, xml, strlen(xml));
	int		 ours;
	size_t		 i;

	must(iq != NULL);
	*sent = '\0';
	ours = jingles_input(all, iq, elem_child(iq, NS_JINGLE, "jingle"));
	elem_free(iq);
	if (!ours)
		return "";
	if (sent_has("<iq type='result'"))
		return "result";
	for (i = 0; i < N(conditions); i++)
		if (sent_has(format("<%s ", conditions[i])))
			return i == 6 && sent_has("unknown-session") ?
			    "unknown-session" : conditions[i];
	return sent;
}

static const char *
comes(const char *action, const char *inside)
{
	return asked(action, session->sid, inside);
}

/* The request that was sent last is answered so. */
static void
answer(const char *type, const char *inside)
{
	const char	*p = sent, *last = NULL;
	struct elem	*e;

	while ((p = strstr(p, " id='")) != NULL)
		last = p += strlen(" id='");
	must(last != NULL);
	e = stanza_parse(format("<iq type='%s' from='" PEER "' id='%.*s'>%s"
	    "</iq>", type, (int)strcspn(last, "'"), last, inside));
	must(e != NULL);
	iq_answer(iqs, e);
	elem_free(e);
}

/*
 * The user
 */

static void
on_accepted(void *arg, const struct jingle_content *c)
{
	(void)arg;
	tell(format("accepted from %llu", (unsigned long long)c->offset));
}

static void
on_refused(void *arg, enum stanza_error err, const char *text)
{
	(void)arg;
	tell(format("refused %s %s", stanza_strerror(err), text));
}

static int
on_said(void *arg, const struct jingle_transport *t)
{
	(void)arg;
	tell(format("said %d %s", (int)t->says, t->cid != NULL ? t->cid : "-"));
	return saying;
}

static void
on_replaced(void *arg, int ours)
{
	(void)arg;
	tell(format("replaced %s", ours ? "by us" : "by it"));
}

static void
on_kept(void *arg)
{
	(void)arg;
	tell("kept");
}

static void
on_checksum(void *arg, const struct si_file *f)
{
	(void)arg;
	tell(format("%s %s", hash_name(f->algo), f->hash));
}

static void
on_received(void *arg)
{
	(void)arg;
	tell("received");
}

static void
on_ended(void *arg, enum jingle_reason reason, const char *text)
{
	(void)arg;
	tell(format("ended %s %s", jingle_reason_name(reason), text));
}

static const struct jingle_user	 jingle_user = {
	on_accepted, on_refused, on_said, on_replaced, on_kept, on_checksum,
	on_received, on_ended
};

static int
on_opens(void *arg, const char *peer)
{
	(void)arg;
	return admits && strcmp(peer, PEER) == 0;
}

static void
on_offered(void *arg, const struct jingle *j)
{
	(void)arg;
	tell(format("offered %s", j->content.file.name));
	session = jingle_session_take(all, j, &jingle_user, NULL);
}

static void
begin(void)
{
	struct jingles_host	 host = { .opens = on_opens,
				     .offered = on_offered };

	must((iqs = iq_new(send_out, NULL)) != NULL);
	must(iq_setjid(iqs, US) == 0);
	must((all = jingles_new(iqs, &host)) != NULL);
	admits = 1;
	saying = 0;
	*sent = *told = '\0';
	session = NULL;
}

static void
end(void)
{
	jingle_session_free(session);
	jingles_free(all);
	iq_free(iqs);
}

/* A session of ours, in which a file is offered by this transport. */
static void
offer(size_t block)
{
	struct si_file		 f = { .name = "a & b", .size = 5, .dated = 1,
				     .date = 981173106, .ranged = 1,
				     .mode = -1, .algo = HASH_SHA256 };
	struct jingle_candidate	 c = { .cid = "k", .type = JINGLE_PROXY,
				     .priority = 655360,
				     .host = { "p@x", "192.0.2.1", 7777 } };
	struct jingle_offer	 o = { block, "d5", &c, block == 0 };

	begin();
	strlcpy(f.hash, HELLO, sizeof(f.hash));
	must((session = jingle_session_new(all, PEER, &jingle_user, NULL)) !=
	    NULL);
	must(jingle_session_offer(session, &f, "text/plain", &o, OPEN_BY) == 0);
}

/* One that is accepted. */
static void
offer_taken(size_t block)
{
	offer(block);
	answer("result", "");
	must(strcmp(comes("session-accept", block > 0 ? OURS(PLAIN INBAND_T) :
	    OURS(PLAIN S5B_T "</transport>")), "result") == 0);
	heard();
}

/* A session of the peer's. */
static void
taken(const char *transport)
{
	begin();
	must(strcmp(asked("session-initiate", "s1", format(NAMED(PLAIN "%s"),
	    transport)), "result") == 0);
	must(session != NULL);
	heard();
}

/*
 * What is said
 */

static void
test_offer(void)
{
	offer(4096);
	ok(sent_has("<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate"
	    "' sid='"), "an offer");
	ok(sent_has(" initiator='" US "'><content creator='initiator' name="
	    "'file' senders='initiator'><description xmlns='" NS_JINGLE_FILE
	    "'><file><date>2001-02-03T04:05:06Z</date><media-type>text/plain"
	    "</media-type><name>a &amp; b</name><size>5</size>" SHA "<range/>"
	    "</file></description><transport xmlns='" NS_JINGLE_IBB "' "
	    "block-size='4096' sid='"), "of a file, in-band");
	is(session->stream, session->sid, "one sid for session and stream");
	is_int(session->state, JINGLE_OFFERED, "it waits");
	end();
	offer(0);
	ok(sent_has(" dstaddr='d5' mode='tcp'><candidate cid='k' "
	    "host='192.0.2.1' jid='p@x' port='7777' priority='655360' "
	    "type='proxy'/></transport>"), "by candidates");
	end();
}

static void
test_answers(void)
{
	offer(4096);
	answer("error", "<error type='cancel'><service-unavailable" STANZAS
	    "/></error>");
	is(heard(), "refused service-unavailable \n", "an offer is refused");
	is_int(session->state, JINGLE_ENDED, "and no session");
	is(comes("session-accept", OURS(PLAIN INBAND_T)), "unknown-session",
	    "what comes for it then is for no session");
	end();
	offer(4096);
	iq_expire(iqs, OPEN_BY);
	is(heard(), "refused none \n", "an offer is not answered");
	ok(sent_has("<reason><timeout/></reason>"), "it is taken back");
	end();
	offer(4096);
	answer("result", "");
	is(heard(), "", "a result is no consent");
	is(comes("session-terminate", "<reason><decline/><text>no</text>"
	    "</reason>"), "result", "declined");
	is(heard(), "ended decline no\n", "with words");
	*sent = '\0';
	jingle_session_end(session, JINGLE_CANCEL, NULL);
	is(sent, "", "it ends once");
	end();
}

/*
 * Reading
 */

static void
read_one(const char *inside, struct jingle *j, struct elem **iq)
{
	const char	*xml = format("<jingle xmlns='" NS_JINGLE "' sid='s' "
			     "action='session-initiate'>%s</jingle>", inside);

	must((*iq = stanza_iq("set", PEER, xml, strlen(xml))) != NULL);
	must(jingle_parse(*iq, elem_child(*iq, NS_JINGLE, "jingle"), j) == 0);
}

static void
hash_is(const char *inside, enum hash_algo algo, size_t len, const char *what)
{
	struct elem	*iq;
	struct jingle	 j;

	read_one(format(NAMED(FILEXML("%s") INBAND_T), inside), &j, &iq);
	ok(j.content.file.algo == algo && strlen(j.content.file.hash) == len,
	    "%s", what);
	elem_free(iq);
}

static void
test_hashes(void)
{
	static const char	 md5[] = "<hash xmlns='urn:xmpp:hashes:2' "
				     "algo='md5'>XUFAKrxLKna5cZ2REBfFkg=="
				     "</hash>";

	hash_is(SHA, HASH_SHA256, 64, "a hash");
	hash_is(format("%s" SHA, md5), HASH_SHA256, 64, "the stronger one");
	hash_is(format(SHA "%s", md5), HASH_SHA256, 64, "wherever it stands");
	hash_is("<hash-used xmlns='urn:xmpp:hashes:2' algo='sha-512'/>",
	    HASH_SHA512, 0, "one that is to come");
	hash_is("<hash xmlns='urn:xmpp:hashes:2' algo='sha-1'/>", HASH_SHA1, 0,
	    "so, too, by XEP-0234 section 4");
	hash_is(format("<hash-used xmlns='urn:xmpp:hashes:2' algo='sha-512'/>"
	    "%s", md5), HASH_MD5, 32, "rather one that is there");
	hash_is("<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>AAAA</hash>",
	    HASH_SHA256, 0, "one of another length is none");
	hash_is("<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>%%%</hash>",
	    HASH_SHA256, 0, "nor is what is no base64");
	hash_is("<hash xmlns='urn:xmpp:hashes:2' algo='rot13'>AAAA</hash>",
	    HASH_NONE, 0, "nor one that is not known");
	hash_is("", HASH_NONE, 0, "none at all");
}

#define CANDIDATE(cid, rest) "<candidate cid='" cid "' jid='p@q/r' " rest "/>"

static void
test_candidates(void)
{
	struct jingle_candidate	 c[S5B_HOSTS];
	struct elem		*iq;
	struct jingle		 j;
	char			 many[8192] = S5B_T;
	int			 i;

	read_one(NAMED(PLAIN S5B_T
	    CANDIDATE("low", "host='h' port='1' priority='5' type='proxy'")
	    CANDIDATE("high", "host='h' port='2' priority='9' type='assisted'")
	    CANDIDATE("same", "host='h' port='3' priority='9'")
	    CANDIDATE("none", "host='h' port='3'")
	    CANDIDATE("huge", "host='h' port='3' priority='4294967296'")
	    CANDIDATE("port", "host='h' port='65536' priority='9'")
	    CANDIDATE("zero", "host='h' port='0' priority='9'")
	    CANDIDATE("", "host='h' priority='9'")
	    CANDIDATE("void", "host='' priority='9'")
	    CANDIDATE("low", "host='twice' priority='99'")
	    CANDIDATE("socks", "host='h' priority='1'") "</transport>"), &j,
	    &iq);
	is_int((long)jingle_candidates(&j.content.transport, c), 4,
	    "candidates that make sense");
	ok(strcmp(c[0].cid, "high") == 0 && strcmp(c[1].cid, "same") == 0 &&
	    strcmp(c[2].cid, "low") == 0 && strcmp(c[3].cid, "socks") == 0,
	    "the best first, equal ones in their order");
	ok(c[0].type == JINGLE_ASSISTED && c[1].type == JINGLE_DIRECT &&
	    c[2].type == JINGLE_PROXY && c[3].host.port == 1080, "their kinds");
	elem_free(iq);
	for (i = 0; i < 50; i++)
		strlcat(many, format("<candidate cid='%d' jid='j' host='h' "
		    "priority='%d'/>", i, i), sizeof(many));
	strlcat(many, "</transport>", sizeof(many));
	read_one(format(NAMED(PLAIN "%s"), many), &j, &iq);
	is_int((long)jingle_candidates(&j.content.transport, c), S5B_HOSTS,
	    "of many");
	ok(c[0].priority == 49 && c[S5B_HOSTS - 1].priority == 50 - S5B_HOSTS,
	    "the best");
	elem_free(iq);
}

/*
 * Offers
 */

/* An offer with this inside is ended at once for this reason. */
static void
ends(const char *inside, const char *reason, const char *what)
{
	begin();
	is(asked("session-initiate", "s1", inside), "result", "%s", what);
	ok(sent_has("action='session-terminate' sid='s1'><reason>") &&
	    sent_has(format("<%s/>", reason)), "%s: %s", what, reason);
	is(heard(), "", "%s: no more", what);
	end();
}

static void
malformed(const char *action, const char *inside, const char *what)
{
	begin();
	is(asked(action, "s1", inside), "bad-request", "%s", what);
	is(heard(), "", "%s: no more", what);
	end();
}

static void
test_offers(void)
{
	taken(INBAND_T);
	is(session->name, "c", "a session, with the name of its content");
	is(session->stream, "st", "its stream");
	is_int(session->state, JINGLE_OFFERED, "it waits");
	is(asked("session-initiate", "s1", NAMED(PLAIN INBAND_T)),
	    "out-of-order", "an offer that comes twice");
	end();
	begin();
	admits = 0;
	is(asked("session-initiate", "s1", NAMED(PLAIN INBAND_T)), "",
	    "of a stranger");
	is(asked("session-info", "s1", ""), "", "who learns nothing");
	end();
	ends(NAMED("<description xmlns='urn:xmpp:jingle:apps:rtp:1' "
	    "media='audio'/>" INBAND_T), "unsupported-applications", "a call");
	ends(NAMED(FILEXML("<size>5</size>") "<transport xmlns='urn:xmpp:jingle"
	    ":transports:ice-udp:1'/>"), "unsupported-transports",
	    "a transport that is not known");
	ends(NAMED(FILEXML("<size>5</size>")), "unsupported-transports",
	    "no transport");
	ends(NAMED(PLAIN "<transport xmlns='" NS_JINGLE_S5B "' mode='udp' "
	    "sid='x'/>"), "unsupported-transports", "datagrams");
	ends(NAMED(PLAIN "<transport xmlns='" NS_JINGLE_IBB "'/>"),
	    "incompatible-parameters", "a transport without a sid");
	ends(NAMED(FILEXML("<name>x</name>") INBAND_T),
	    "incompatible-parameters", "a file without a size");
	ends(NAMED(FILEXML("<size>-1</size>") INBAND_T),
	    "incompatible-parameters", "a size that is none");
	ends(NAMED(PLAIN INBAND_T) "<content name='d'/>",
	    "incompatible-parameters", "two files");
	ends("<content creator='initiator' name='c' senders='responder'>" PLAIN
	    INBAND_T "</content>", "file-not-available xmlns='"
	    NS_JINGLE_FILE_ERRORS "'", "a request for a file");
	malformed("session-initiate", "", "no content");
	malformed("session-initiate", "<content>" PLAIN INBAND_T "</content>",
	    "a content without a name");
	malformed("session-initiate", "<content name='c' disposition='x'>" PLAIN
	    INBAND_T "</content>", "a content that is none of the session");
	malformed("session-initiate", NAMED(FILEXML("<size>5</size><range "
	    "offset='18446744073709551616'/>") INBAND_T),
	    "a range beyond all numbers");
	malformed("session-begin", "", "an action that there is not");
	begin();
	is(asked("session-terminate", "s1", ""), "unknown-session",
	    "no session");
	is(asked("session-info", run_of('s', JINGLE_SID_MAX + 1), ""),
	    "bad-request", "a sid that is too long");
	end();
}

static void
test_tie(void)
{
	offer(4096);
	admits = 0;
	is(asked("session-initiate", "~", NAMED(PLAIN INBAND_T)), "tie-break",
	    "our offer has the lower sid");
	is(asked("session-initiate", "!", NAMED(PLAIN INBAND_T)), "",
	    "theirs has, but we take none");
	is(comes("session-initiate", NAMED(PLAIN INBAND_T)), "tie-break",
	    "two of one sid");
	admits = 1;
	is(comes("session-initiate", NAMED(PLAIN INBAND_T)), "tie-break",
	    "also where files are taken");
	end();
}

/*
 * The initiator
 */

static void
test_accept(void)
{
	offer_taken(4096);
	is_int(session->state, JINGLE_ACTIVE, "accepted");
	is(comes("session-accept", OURS(PLAIN INBAND_T)), "out-of-order",
	    "once");
	is(comes("transport-accept", OURS(INBAND_T)), "out-of-order",
	    "a transport is not asked for");
	is(comes("transport-reject", OURS(INBAND_T)), "out-of-order",
	    "nor can it be rejected");
	is(comes("content-accept", OURS("")), "out-of-order",
	    "nor a content accepted");
	end();
	offer(4096);
	is(comes("session-accept", OURS(FILEXML("<range offset='3'/>")
	    "<transport xmlns='" NS_JINGLE_IBB "' block-size='65535'/>")),
	    "result", "larger blocks and no sid");
	is(heard(), "accepted from 3\n", "are no matter");
	is_int((long)session->block, 4096, "ours stands");
	is(session->stream, session->sid, "and our sid");
	end();
	offer(4096);
	comes("session-accept", OURS(PLAIN "<transport xmlns='" NS_JINGLE_IBB
	    "' block-size='1024' sid='other'/>"));
	is_int((long)session->block, 1024, "smaller blocks are");
	is(session->stream, session->sid, "another sid is none");
	end();
	offer(4096);
	is(comes("session-accept", OURS(PLAIN S5B_T "</transport>")), "result",
	    "S5B where in-band was offered");
	ok(sent_has("<failed-transport/>"), "is the end");
	is(heard(), "ended failed-transport this transport was not offered\n",
	    "which is said");
	end();
	offer(4096);
	is(comes("session-accept", NAMED(PLAIN INBAND_T)), "bad-request",
	    "a content that we have not offered");
	is(comes("session-accept", ""), "bad-request", "none at all");
	is_int(session->state, JINGLE_OFFERED, "it is not accepted");
	end();
}

static void
test_replace(void)
{
	offer_taken(0);
	*sent = '\0';
	must(jingle_session_replace(session, 4096) == 0);
	ok(sent_has("action='transport-replace'") &&
	    sent_has("<content creator='initiator' name='file'><transport "
	    "xmlns='" NS_JINGLE_IBB "' block-size='4096' sid='"),
	    "another transport is asked for");
	ok(strcmp(session->stream, session->sid) != 0, "by another sid");
	is(comes("transport-info", OURS(S5B_T "<candidate-error/>"
	    "</transport>")),
	    "result", "what is still said of the old one");
	is(comes("transport-replace", OURS(INBAND_T)), "tie-break",
	    "two at once: the initiator's counts");
	is(heard(), "", "is no matter");
	is(comes("transport-accept", OURS("<transport xmlns='" NS_JINGLE_IBB
	    "' block-size='512' sid='x'/>")), "result", "accepted");
	is(heard(), "replaced by us\n", "it is there");
	is_int((long)session->block, 512, "in smaller blocks");
	is(comes("transport-accept", OURS(INBAND_T)), "out-of-order", "once");
	end();
	offer_taken(0);
	must(jingle_session_replace(session, 4096) == 0);
	is(comes("session-accept", OURS(PLAIN INBAND_T)), "result",
	    "a session-accept instead of a transport-accept");
	is(heard(), "replaced by us\n", "serves as well");
	end();
	offer_taken(0);
	must(jingle_session_replace(session, 4096) == 0);
	is(comes("transport-reject", OURS(INBAND_T)), "result", "rejected");
	is(heard(), "kept\n", "which is said");
	end();
	offer_taken(0);
	must(jingle_session_replace(session, 4096) == 0);
	is(comes("transport-accept", OURS(S5B_T "</transport>")), "result",
	    "accepted, but another one");
	is(heard(), "ended failed-transport another transport was asked for\n",
	    "is the end");
	end();
	offer_taken(0);
	must(jingle_session_replace(session, 4096) == 0);
	answer("error", "<error type='cancel'><bad-request" STANZAS
	    "/></error>");
	is(heard(), "ended general-error bad-request\n",
	    "a peer that knows no transport-replace");
	end();
}

/*
 * Either
 */

static void
test_infos(void)
{
	offer_taken(4096);
	is(comes("session-info", ""), "result", "a ping");
	is(comes("session-info", "<ringing xmlns='urn:xmpp:jingle:apps:rtp:"
	    "info:1'/>"), "unsupported-info", "what we do not know");
	is(heard(), "", "both are no matter");
	is(comes("session-info", "<received xmlns='" NS_JINGLE_FILE "' name="
	    "'file'/>"), "result", "received");
	is(heard(), "received\n", "which is said");
	is(comes("session-info", "<checksum xmlns='" NS_JINGLE_FILE "' name="
	    "'file'><file>" SHA "</file></checksum>"), "result", "a checksum");
	is(heard(), "sha-256 " HELLO "\n", "which is said");
	is(comes("description-info", OURS("")), "unsupported-info",
	    "hints of the description");
	is(comes("security-info", OURS("")), "unsupported-info",
	    "and of security");
	is(comes("transport-info", OURS(S5B_T "<candidate-error/>"
	    "</transport>")),
	    "unsupported-info", "of a transport that it is not");
	is(comes("content-modify", OURS("")), "not-acceptable",
	    "another direction");
	is(comes("content-add", NAMED(PLAIN INBAND_T)), "result",
	    "another file");
	ok(sent_has("action='content-reject'") &&
	    sent_has("<content creator='initiator' name='c'></content>") +
	    sent_has("<content creator='initiator' name='c'/>") == 1,
	    "is not taken");
	is(comes("content-remove", NAMED("")), "item-not-found",
	    "a file that is not there");
	is(comes("content-remove", OURS("")), "result", "the file");
	ok(sent_has("<reason><cancel/></reason>"), "no session without it");
	is(heard(), "ended cancel \n", "which is said");
	is(comes("session-info", ""), "unknown-session",
	    "a ping for a session that has ended");
	end();
}

static void
test_said(void)
{
	offer_taken(0);
	is(comes("transport-info", OURS(S5B_T "<candidate-used cid='k'/>"
	    "</transport>")), "result", "what is said of candidates");
	is(heard(), "said 1 k\n", "goes on");
	saying = -1;
	is(comes("transport-info", OURS(S5B_T "<activated cid='k'/>"
	    "</transport>")), "bad-request", "and is refused if that is none");
	is(comes("transport-info", NAMED(S5B_T "<candidate-error/>"
	    "</transport>")), "bad-request", "of another file");
	is(heard(), "said 3 k\n", "it goes no further");
	*sent = '\0';
	jingle_session_say(session, JINGLE_CANDIDATE_USED, "k");
	ok(sent_has("action='transport-info'") &&
	    sent_has("' sid='") && sent_has("<candidate-used cid='k'/>"),
	    "what we say");
	answer("error", "<error type='cancel'><bad-request" STANZAS
	    "/></error>");
	is(heard(), "", "need not please");
	*sent = '\0';
	jingle_session_say(session, JINGLE_CANDIDATE_ERROR, NULL);
	answer("error", "<error type='cancel'><item-not-found" STANZAS
	    "/><unknown-session xmlns='" NS_JINGLE_ERRORS "'/></error>");
	is(heard(), "ended general-error item-not-found\n",
	    "but a session that is not known is none");
	end();
}

static void
test_responder(void)
{
	struct si_file		 f = { .name = "a b", .size = 5, .ranged = 1,
				     .mode = -1 };
	struct jingle_offer	 o = { .block = 1024 };

	taken(INBAND_T);
	*sent = '\0';
	must(jingle_session_accept(session, &f, 3, &o) == 0);
	ok(sent_has("action='session-accept' sid='s1' responder='" US "'>") &&
	    sent_has("<range offset='3'/>") && sent_has("block-size='1024' "
	    "sid='st'"), "accepted, from where we have it");
	answer("result", "");
	is(comes("session-accept", NAMED(PLAIN INBAND_T)), "out-of-order",
	    "it is not for the initiator to accept");
	*sent = '\0';
	jingle_session_received(session);
	ok(sent_has("<received xmlns='" NS_JINGLE_FILE "' creator='initiator' "
	    "name='c'/>"), "received");
	*sent = '\0';
	jingle_session_end(session, JINGLE_FILE_TOO_LARGE, "so <large>");
	ok(sent_has("<reason><media-error/><text>so &lt;large&gt;</text>"
	    "<file-too-large xmlns='" NS_JINGLE_FILE_ERRORS "'/></reason>"),
	    "ended");
	end();
	taken(S5B_T "</transport>");
	is(comes("transport-replace", NAMED(S5B_T "</transport>")), "result",
	    "another socket");
	ok(sent_has("action='transport-reject'"), "is not taken");
	is(heard(), "", "nor said");
	is(comes("transport-replace", NAMED("<transport xmlns='" NS_JINGLE_IBB
	    "' block-size='70000' sid='n'/>")), "result", "in-band is");
	ok(sent_has("action='transport-accept'") && sent_has("block-size='4096'"
	    " sid='n'"), "by its sid");
	is(heard(), "replaced by it\n", "and said");
	session->streams = 1;
	is(comes("transport-replace", NAMED("<transport xmlns='" NS_JINGLE_IBB
	    "' block-size='4096' sid='m'/>")), "result", "beside a stream");
	ok(sent_has("action='transport-reject'") && sent_has("sid='n'"),
	    "none is taken");
	is(heard(), "", "nor said");
	end();
	taken(S5B_T "</transport>");
	*sent = '\0';
	jingles_end(all, JINGLE_GONE);
	ok(sent_has("<reason><gone/></reason>"), "a run that ends says so");
	end();
}

/*
 * Candidates
 */

static struct jingle_choice
choice(int initiator, uint32_t ours, uint32_t theirs)
{
	struct jingle_choice	 c = { .initiator = initiator, .nours = 2,
				     .ntheirs = 3 };

	strlcpy(c.ours[0].cid, "o0", JINGLE_CID);
	strlcpy(c.ours[1].cid, "o1", JINGLE_CID);
	c.ours[0].priority = ours + 1;
	c.ours[1].priority = ours;
	c.theirs[0].priority = theirs + 1;
	c.theirs[1].priority = theirs;
	c.theirs[2].priority = theirs - 1;
	return c;
}

static void
chosen(int initiator, uint32_t ours, uint32_t theirs, enum jingle_outcome want,
    const char *what)
{
	struct jingle_choice	 c = choice(initiator, ours, theirs);
	size_t			 which;

	jingle_choice_use(&c, 1);
	is_int(jingle_choice_outcome(&c, &which), JINGLE_UNDECIDED,
	    "%s: one end has not said yet", what);
	must(jingle_choice_hear(&c, JINGLE_CANDIDATE_USED, "o1") == 0);
	is_int(jingle_choice_outcome(&c, &which), want, "%s", what);
	is_int((long)which, 1, "%s: which", what);
}

static void
test_choice(void)
{
	struct jingle_choice	 c;
	size_t			 which;

	chosen(1, 10, 20, JINGLE_USE_THEIRS, "theirs is better");
	chosen(0, 10, 20, JINGLE_USE_THEIRS, "so it is for a responder");
	chosen(1, 20, 10, JINGLE_USE_OURS, "ours is better");
	chosen(0, 20, 10, JINGLE_USE_OURS, "so it is for a responder");
	chosen(1, 10, 10, JINGLE_USE_THEIRS, "equal: what we chose");
	chosen(0, 10, 10, JINGLE_USE_OURS, "equal: what the initiator chose");
	c = choice(1, 10, 10);
	jingle_choice_fail(&c);
	must(jingle_choice_hear(&c, JINGLE_CANDIDATE_USED, "o0") == 0);
	is_int(jingle_choice_outcome(&c, &which), JINGLE_USE_OURS,
	    "one end got through");
	c = choice(1, 99, 10);
	jingle_choice_use(&c, 2);
	must(jingle_choice_hear(&c, JINGLE_CANDIDATE_ERROR, NULL) == 0);
	is_int(jingle_choice_outcome(&c, &which), JINGLE_USE_THEIRS,
	    "the other one did");
	c = choice(1, 10, 10);
	jingle_choice_fail(&c);
	must(jingle_choice_hear(&c, JINGLE_CANDIDATE_ERROR, NULL) == 0);
	is_int(jingle_choice_outcome(&c, &which), JINGLE_USE_NONE, "neither");
	is_int(jingle_choice_hear(&c, JINGLE_CANDIDATE_ERROR, NULL), -1,
	    "an end that says so twice");
	c = choice(1, 10, 10);
	is_int(jingle_choice_hear(&c, JINGLE_CANDIDATE_USED, "x"), -1,
	    "a candidate that is none of ours");
	is_int(jingle_choice_hear(&c, JINGLE_CANDIDATE_USED, NULL), -1,
	    "or has no name");
}

static void
test_worth(void)
{
	struct jingle_choice	 c = choice(1, 10, 10);

	is_int((long)jingle_choice_worth(&c), 3, "all are worth a try");
	must(jingle_choice_hear(&c, JINGLE_CANDIDATE_USED, "o1") == 0);
	is_int((long)jingle_choice_worth(&c), 2,
	    "of an initiator those that are as good");
	c = choice(0, 10, 10);
	must(jingle_choice_hear(&c, JINGLE_CANDIDATE_USED, "o1") == 0);
	is_int((long)jingle_choice_worth(&c), 1,
	    "of a responder those that are better");
	c = choice(1, 99, 10);
	must(jingle_choice_hear(&c, JINGLE_CANDIDATE_USED, "o1") == 0);
	is_int((long)jingle_choice_worth(&c), 0, "none is");
}

static void
test_ours(void)
{
	struct streamhost	 hosts[] = {
		{ US, "192.0.2.1", 1000 }, { "proxy.x", "192.0.2.9", 7777 },
		{ US, "192.0.2.2", 1000 }
	};
	struct jingle_choice	 c = { .ntheirs = 1 };

	c.theirs[0].host = hosts[1];
	jingle_choice_offer(&c, US, hosts, N(hosts));
	is_int((long)c.nours, 2, "what the peer has offered is not offered");
	is_int((long)c.ours[0].priority, 126 * 65536 + 65535, "priority");
	ok(c.ours[0].priority > c.ours[1].priority, "the best first");
	ok(strcmp(c.ours[0].cid, c.ours[1].cid) != 0, "each by its name");
	c.ntheirs = 0;
	jingle_choice_offer(&c, US, hosts, N(hosts));
	is_int((long)c.ours[1].priority >> 16, 10, "a proxy");
	is_int(c.ours[1].type, JINGLE_PROXY, "is one");
}

int
main(void)
{
	test_offer();
	test_answers();
	test_hashes();
	test_candidates();
	test_offers();
	test_tie();
	test_accept();
	test_replace();
	test_infos();
	test_said();
	test_responder();
	test_choice();
	test_worth();
	test_ours();
	return tap_done();
}
