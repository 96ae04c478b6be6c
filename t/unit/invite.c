/*
 * Unit tests of net/channel/invite: which stanzas of strangers show the code,
 * what wrong codes cost, and how a code ends.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/e2e.h"
#include "ibb/stream.h"
#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/invite.h"
#include "net/conf/allow.h"
#include "net/conf/code.h"
#include "net/conf/trust.h"
#include "net/io/clock.h"
#include "t/lib/channels.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/buf.h"
#include "xml/chunks.h"
#include "xml/elem.h"

#define ALICE	"alice@a.example/1"
#define BOB	"bob@b.example/1"
#define SID	"sid"
#define FLOOD	10000
#define KEY	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static unsigned char	 right[CODE_SECRET], wrong[CODE_SECRET];

/* --- helpers -------------------------------------------------------------- */

/* A listener that admits nobody but by its code. */
static void
begin(long seconds)
{
	struct conf_list	 none = STAILQ_HEAD_INITIALIZER(none);
	unsigned char		 bits[CODE_BYTES];
	char			 why[TRUST_ERR], address[JID_MAX + CODE_TEXT];

	run_begin(MODE_LISTEN, 1);
	trust_free(app.trust);
	allow_free(app.allow);
	must((app.allow = allow_new(&none, NULL, why)) != NULL);
	must((app.trust = trust_new(kept_dir, app.allow, why)) != NULL);
	app.conf.invite = 1;
	app.conf.invite_time = seconds;
	must(invite_begin(&app) == 0);
	must(invite_address(&app, address, sizeof(address)) > 0);
	must(strncmp(address, US "=", strlen(US "=")) == 0);
	must(code_read(address + strlen(US "="), bits) == 0);
	must(code_stretch(bits, US, right) == 0);
	memcpy(wrong, right, sizeof(wrong));
	wrong[0] ^= 1;
}

static void
end(void)
{
	invite_free(&app);
	run_end();
}

/* An <open/> by which from shows this secret, or none; to is whom it is meant
 * for. */
static struct elem *
open_of(const char *from, const char *to, const unsigned char *secret)
{
	const char	*about[] = { SID, from, to, "", "" }, *text;
	struct elem	*e;
	struct e2e	*s;
	struct buf	 rx;
	unsigned char	 room[16384];
	size_t		 len;

	buf_init(&rx, 0);
	must((s = e2e_new(app.e2e, 1, about, 5, on_judged, NULL)) != NULL);
	must(secret == NULL || e2e_set_secret(s, secret, 1) == 0);
	must(e2e_input(s, NULL, 0, &rx) == 0);
	must((len = chunks_len(e2e_output(s))) <= sizeof(room));
	text = format("<open" IBB " sid='" SID "' block-size='4096'>"
	    "<session xmlns='urn:xcat:0'>%s</session></open>",
	    b64(chunks_front(e2e_output(s), len, room), len));
	must((e = stanza_iq("set", from, text, strlen(text))) != NULL);
	e2e_free(s);
	return e;
}

/* Is it a stranger that opens so? */
static int
is_stranger(const char *from, const char *to, const unsigned char *secret)
{
	struct elem	*e = open_of(from, to, secret);
	int		 r = admit_stranger(&app, e);

	elem_free(e);
	return r;
}

static int
text_is_stranger(const char *type, const char *text)
{
	struct elem	*e = stanza_iq(type, ALICE, text, strlen(text));
	int		 r;

	must(e != NULL);
	r = admit_stranger(&app, e);
	elem_free(e);
	return r;
}

static void
rest(void)
{
	int64_t	 until = clock_ms() + 1001;

	while (clock_ms() < until)
		run_turn();
}

/* --- who is let in -------------------------------------------------------- */

static void
test_right(void)
{
	begin(3600);
	ok(is_stranger(ALICE, US, NULL), "no code: a stranger");
	ok(!admit_offers(&app, ALICE), "who opens nothing");
	ok(!is_stranger(ALICE, US, right), "the code: none");
	ok(admit_offers(&app, ALICE) && !admit_offers(&app, BOB) &&
	    !admit_knows(&app, ALICE), "who may open, and know no more");
	ok(text_is_stranger("get", "<ping xmlns='urn:xmpp:ping'/>"),
	    "the next stanza is a stranger's");
	ok(!admit_offers(&app, ALICE), "and opens nothing");
	ok(is_stranger(ALICE, "us@here.example/other", right),
	    "an open that was meant for another resource");
	ok(!is_stranger(BOB, US, right), "whoever has it");
	end();
}

static void
test_malformed(void)
{
	begin(3600);
	ok(text_is_stranger("set", "<open" IBB " sid='s' block-size='1'/>") &&
	    text_is_stranger("set", "<open" IBB " block-size='1'>"
	    "<session xmlns='urn:xcat:0'>AAAA</session></open>") &&
	    text_is_stranger("set", "<open" IBB " sid='s'>"
	    "<session xmlns='urn:xcat:0'>!</session></open>") &&
	    text_is_stranger("set", "<open" IBB " sid='s'>"
	    "<session xmlns='urn:xcat:0'/></open>") &&
	    text_is_stranger("get", "<open" IBB " sid='s'/>"),
	    "what is none of all that is a stranger's");
	ok(strstr(run_words(), "wrong code") == NULL, "but no wrong code");
	ok(!is_stranger(ALICE, US, right), "and the code is alive");
	end();
}

/* --- wrong codes ---------------------------------------------------------- */

static void
test_wrong(void)
{
	begin(3600);
	ok(is_stranger(ALICE, US, wrong), "a wrong code: a stranger");
	ok(strstr(run_words(), "after 2 more") != NULL, "it is told");
	ok(is_stranger(ALICE, US, right), "then no code is looked at");
	rest();
	ok(!is_stranger(ALICE, US, right), "for a second");
	ok(is_stranger(ALICE, US, wrong), "the second");
	rest();
	run_words();
	ok(is_stranger(BOB, US, wrong), "the third, of another account");
	ok(strstr(run_words(), "the third") != NULL, "is the last");
	rest();
	ok(is_stranger(ALICE, US, right), "then there is no code");
	ok(invite_address(&app, (char[1]){ 0 }, 1) == 0, "nor is it printed");
	end();
}

/* All at once: a second each, and nothing else changes. */
static void
test_flood(void)
{
	struct elem	*e;
	char		 from[64];
	int64_t		 began, last = 0;
	int		 i, strangers = 0, seen = 0, soon = 0;

	begin(3600);
	for (i = 0; i < FLOOD; i++) {
		snprintf(from, sizeof(from), "m%d@evil.example/x", i);
		wrong[1] = (unsigned char)i;
		e = open_of(from, US, wrong);
		began = clock_ms();
		strangers += admit_stranger(&app, e);
		elem_free(e);
		if (strstr(run_words(), "wrong code") == NULL)
			continue;
		/* Each code is looked at between began and clock_ms(). */
		soon += seen++ > 0 && clock_ms() - last < 1000;
		last = began;
	}
	is_int(strangers, FLOOD, "10,000 wrong codes: all are strangers");
	ok(seen >= 1 && seen <= 3, "of which %d were looked at", seen);
	is_int(soon, 0, "a second each");
	is_int((long long)app.nchannels, 0, "and none has got a stream");
	end();
}

/* --- the end of a code ---------------------------------------------------- */

static void
test_used(void)
{
	begin(3600);
	ok(invite_claim(&app, ALICE, KEY) == NULL, "a code is used");
	ok(allow_key(app.allow, ALICE, KEY) && allow_check(app.allow,
	    "alice@a.example/2") == ALLOW_NO, "by this one");
	ok(invite_claim(&app, BOB, KEY) != NULL, "once");
	ok(is_stranger(BOB, US, right), "and for all");
	end();
}

static void
test_expired(void)
{
	int64_t	 until;

	begin(1);
	until = clock_ms() + 5000;
	while (strstr(run_words(), "has expired") == NULL &&
	    clock_ms() < until)
		run_turn();
	ok(clock_ms() < until, "a code expires");
	ok(is_stranger(ALICE, US, right), "then it shows nothing");
	ok(invite_claim(&app, ALICE, KEY) != NULL, "nor proves");
	end();
}

/* An offer that may have been repeated by a server waits, and few of them. */
static void
test_handshakes(void)
{
	struct elem	*e;
	char		 from[64];
	int		 i, n = 0;

	begin(3600);
	app.conf.keep = 1;
	for (i = 0; i < 10; i++) {
		snprintf(from, sizeof(from), "m%d@evil.example/x", i);
		e = open_of(from, US, right);
		if (!admit_stranger(&app, e)) {
			n++;
			must(dispatch_stanza(app.dispatch, e, 0) == 1);
		}
		elem_free(e);
		run_turn();
	}
	is_int(n, 4, "no more than four handshakes at a time");
	is_int((long long)app.nchannels, 4, "each of a stream");
	ok(strstr(run_words(), "came with") == NULL, "which proves nothing");
	ok(allow_check(app.allow, "m0@evil.example/x") == ALLOW_NO,
	    "and admits nobody");
	end();
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	tap_wind(50);
	test_right();
	test_malformed();
	test_wrong();
	test_flood();
	test_used();
	test_expired();
	test_handshakes();
	return tap_done();
}
