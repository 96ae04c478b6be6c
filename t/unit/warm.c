/*
 * Unit tests of what sessions leave for the next one (ibb/warm.h), and of
 * sessions that begin with data by it (ibb/e2e.h): the table of secrets, and
 * two ends whose bytes the test carries, repeats and loses.
 */
#include <stdio.h>
#include <string.h>

#include "ibb/e2e_int.h"
#include "ibb/warm.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "t/lib/tls_context.h"
#include "xml/buf.h"
#include "xml/chunks.h"
#include "xml/number.h"

#define STEPS	20		/* of both, until they have shaken hands */
#define SECOND	INT64_C(1000000)
#define CALLER	"a@h/x"
#define OTHER	"a@h/z"
#define LISTENER "b@h/y"

struct side {
	struct e2e	*e;
	SSL_CTX		*ctx;
	struct warm	*warm;
	struct buf	 rx;
	const char	*verdict;	/* of the other's key */
	int		 judged;
	int		 broken;
};

static struct side		 caller, listener;
static unsigned char		 room[65536];	/* for chunks_front() */
static int64_t			 now;		/* of the clock, us */
static const char *const	 about[] = {
	"sid", CALLER, LISTENER, "", ""
};
static const char *const	 otherwise[] = {
	"dis", CALLER, LISTENER, "", ""
};

static int64_t
on_now(void)
{
	return now;
}

/* --- the table ------------------------------------------------------------ */

static struct warm_pass		 p, q;

static void
add(struct warm *c, struct warm *l, unsigned char root)
{
	unsigned char	 bytes[WARM_ROOT];

	memset(bytes, root, sizeof(bytes));
	warm_add(c, 1, LISTENER, "key of b", bytes);
	warm_add(l, 0, CALLER, "key of a", bytes);
}

static int
find(struct warm *l, const char *peer, const struct warm_pass *pass)
{
	return warm_find(l, peer, pass->id, strlen(pass->id), &q);
}

static void
test_table(void)
{
	struct warm	*c = warm_new(on_now), *l = warm_new(on_now);
	char		 first[WARM_ID];

	must(c != NULL && l != NULL);
	ok(warm_wants(c, LISTENER) && !warm_take(c, LISTENER, &p),
	    "there is no key before there is a secret");
	add(c, l, 1);
	ok(!warm_wants(c, LISTENER) && warm_wants(c, OTHER),
	    "there is one for this peer");
	ok(warm_take(c, LISTENER, &p) && strcmp(p.peer, "key of b") == 0,
	    "a key, and whose it is");
	strlcpy(first, p.id, sizeof(first));
	ok(!find(l, OTHER, &p), "not for another address");
	ok(!find(c, LISTENER, &p), "nor for the caller itself");
	ok(find(l, CALLER, &p) && strcmp(q.peer, "key of a") == 0 &&
	    memcmp(p.key, q.key, WARM_KEY) == 0, "the listener has it, too");
	ok(find(l, CALLER, &p), "until it is used");
	warm_use(l, &q);
	ok(!find(l, CALLER, &p), "but no more then");
	must(warm_take(c, LISTENER, &p));
	ok(strcmp(p.id, first) != 0 && memcmp(p.key, q.key, WARM_KEY) != 0,
	    "the next key is another");
	ok(find(l, CALLER, &p) && memcmp(p.key, q.key, WARM_KEY) == 0,
	    "and the listener has it");
	warm_forget(c, &p);
	ok(!warm_take(c, LISTENER, &p) && warm_wants(c, LISTENER),
	    "forgotten is forgotten");
	warm_free(c);
	warm_free(l);
}

/* Keys come in another order, or not at all. */
static void
test_order(void)
{
	struct warm		*c = warm_new(on_now), *l = warm_new(on_now);
	struct warm_pass	 passes[WARM_AHEAD + 2];
	int			 i, kept = 0, gone = 0;

	must(c != NULL && l != NULL);
	add(c, l, 2);
	for (i = 0; i < WARM_AHEAD + 2; i++)
		must(warm_take(c, LISTENER, &passes[i]));
	ok(!find(l, CALLER, &passes[WARM_AHEAD]), "too far ahead");
	must(find(l, CALLER, &passes[WARM_AHEAD - 1]));
	ok(memcmp(q.key, passes[WARM_AHEAD - 1].key, WARM_KEY) == 0,
	    "far ahead");
	warm_use(l, &q);
	for (i = WARM_AHEAD - 2; i >= 0; i--) {
		if (!find(l, CALLER, &passes[i])) {
			gone++;
			continue;
		}
		kept += memcmp(q.key, passes[i].key, WARM_KEY) == 0;
		warm_use(l, &q);
	}
	is_int(kept, WARM_SKIPPED, "the last that were passed over are good");
	is_int(gone, WARM_AHEAD - 1 - WARM_SKIPPED, "others are not");
	for (i = kept = 0; i < WARM_AHEAD; i++)
		kept += find(l, CALLER, &passes[i]);
	is_int(kept, 0, "none of them twice");
	ok(find(l, CALLER, &passes[WARM_AHEAD]), "and so it goes on");
	warm_free(c);
	warm_free(l);
}

static void
test_names(void)
{
#define A32	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	static const char *const bad[] = {
		"", "xcat:again:", "xcat:code", "xcat:again:" A32, A32 ":0",
		"xcat:again:" A32 ":", "xcat:again:" A32 ":x",
		"xcat:again:" A32 ":-1", "xcat:again:" A32 ":4294967296",
		"xcat:again:" A32 ";0", "xcat:again:" A32 "a:0",
	};
	struct warm	*c = warm_new(on_now), *l = warm_new(on_now);
	size_t		 i;

	must(c != NULL && l != NULL);
	add(c, l, 0xaa);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!warm_find(l, CALLER, bad[i], strlen(bad[i]), &q),
		    "not '%s'", bad[i]);
	must(warm_take(c, LISTENER, &p));
	is(p.id, "xcat:again:" A32 ":0", "a name");
	warm_free(c);
	warm_free(l);
}

static void
test_limits(void)
{
	struct warm	*c = warm_new(on_now), *l = warm_new(on_now);
	unsigned char	 root[WARM_ROOT];
	char		 jid[32];
	int		 i, n = 0;

	must(c != NULL && l != NULL);
	for (i = 1; i <= WARM_OF_PEER + 2; i++) {
		add(c, l, (unsigned char)i);
		must(warm_take(c, LISTENER, &p));
		n += find(l, CALLER, &p);
	}
	is_int(n, WARM_OF_PEER + 2, "the newest is good");
	for (i = 0; i < WARM_SECRETS; i++) {
		snprintf(jid, sizeof(jid), "c@h/%d", i);
		memset(root, i + 100, sizeof(root));
		warm_add(l, 0, jid, "k", root);
	}
	ok(!find(l, CALLER, &p), "the oldest makes room for others");
	now += 1501 * SECOND;
	ok(warm_wants(c, LISTENER) && warm_take(c, LISTENER, &p),
	    "an old one is good, but another is wanted");
	now += 1500 * SECOND;
	ok(!warm_take(c, LISTENER, &p), "until it is too old for a caller");
	add(c, l, 7);
	must(warm_take(c, LISTENER, &p));
	now += 3599 * SECOND;
	ok(find(l, CALLER, &p), "a listener has it a little longer");
	now += 2 * SECOND;
	ok(!find(l, CALLER, &p), "but not for ever");
	warm_free(c);
	warm_free(l);
}

/* --- sessions ------------------------------------------------------------- */

static const char *
judge(void *arg, const char *fingerprint)
{
	struct side	*s = arg;

	(void)fingerprint;
	s->judged++;
	return s->verdict;
}

static void
begin(struct side *s, int calling, const char *const *what, const char *peer)
{
	e2e_free(s->e);
	buf_free(&s->rx);
	buf_init(&s->rx, 65536);
	s->broken = s->judged = 0;
	must((s->e = e2e_new(s->ctx, calling, what, 5, judge, s)) != NULL);
	if (s->warm != NULL)
		e2e_set_warm(s->e, s->warm, peer);
	if (calling)
		s->broken = e2e_input(s->e, NULL, 0, &s->rx) == -1;
}

static void
carry(struct side *from, struct side *to, size_t at_a_time)
{
	struct chunks	*out = e2e_output(from->e);
	size_t		 n;

	while ((n = chunks_len(out)) > 0) {
		if (n > at_a_time)
			n = at_a_time;
		if (!to->broken && e2e_input(to->e, chunks_front(out, n, room),
		    n, &to->rx) == -1)
			to->broken = 1;
		chunks_drain(out, n);
	}
}

static void
shake(size_t at_a_time)
{
	int	 i;

	for (i = 0; i < STEPS; i++) {
		carry(&caller, &listener, at_a_time);
		carry(&listener, &caller, at_a_time);
	}
}

static void
both(void)
{
	begin(&caller, 1, about, LISTENER);
	begin(&listener, 0, about, CALLER);
}

static int
stand(void)
{
	return e2e_complete(caller.e) && e2e_complete(listener.e) &&
	    !caller.broken && !listener.broken;
}

static int
came(struct side *s, const char *text)
{
	size_t	 len = strlen(text);
	int	 is_it = buf_len(&s->rx) == len &&
		    memcmp(buf_data(&s->rx), text, len) == 0;

	buf_drain(&s->rx, buf_len(&s->rx));
	return is_it;
}

static void
say(struct side *s, const char *text)
{
	must(e2e_write(s->e, text, strlen(text)) == 0);
}

static void
forget(void)
{
	warm_free(caller.warm);
	warm_free(listener.warm);
	must((caller.warm = warm_new(on_now)) != NULL);
	must((listener.warm = warm_new(on_now)) != NULL);
}

/* Both have had a session. */
static void
meet(void)
{
	forget();
	both();
	must(!e2e_is_warm(caller.e) && e2e_early_room(caller.e) == 0);
	shake(65536);
	must(stand() && !e2e_is_warm(caller.e) && !e2e_is_warm(listener.e));
	e2e_leave_warm(caller.e, caller.warm, LISTENER);
	e2e_leave_warm(listener.e, listener.warm, CALLER);
}

/* Begin with data, whatever the pieces. */
static void
early(size_t at_a_time)
{
	char	 receipt[E2E_RECEIPT];

	meet();
	both();
	ok(e2e_is_warm(caller.e), "%zu: the caller has a key", at_a_time);
	say(&caller, "first ");
	say(&caller, "words");
	carry(&caller, &listener, at_a_time);
	ok(came(&listener, "first words"), "%zu: early data", at_a_time);
	ok(e2e_established(listener.e) && !e2e_complete(listener.e) &&
	    e2e_is_warm(listener.e), "%zu: and that will do", at_a_time);
	ok(strcmp(e2e_peer(listener.e), "") != 0 && listener.judged == 1 &&
	    caller.judged == 1, "%zu: keys are judged", at_a_time);
	say(&listener, "reply");
	carry(&listener, &caller, at_a_time);
	ok(came(&caller, "reply") && e2e_complete(caller.e),
	    "%zu: the reply comes with the handshake", at_a_time);
	ok(!e2e_early_refused(caller.e) && e2e_is_warm(caller.e),
	    "%zu: nothing is to be repeated", at_a_time);
	say(&listener, "more");
	say(&caller, "second");
	shake(at_a_time);
	ok(stand() && came(&listener, "second") && came(&caller, "more"),
	    "%zu: and on it goes", at_a_time);
	ok(e2e_receipt(caller.e, 1, 17, receipt) == 0 &&
	    e2e_verify(listener.e, 1, 17, receipt), "%zu: receipts",
	    at_a_time);
	must(e2e_finish(caller.e) == 0 && e2e_finish(listener.e) == 0);
	shake(at_a_time);
	ok(e2e_ended(caller.e) && e2e_ended(listener.e) && stand(),
	    "%zu: and ends", at_a_time);
}

/* The listener says something between the caller's last early word and the
 * end of its handshake. */
static void
test_half(void)
{
	meet();
	both();
	carry(&caller, &listener, 65536);
	ok(e2e_established(listener.e), "without a word it stands as well");
	say(&listener, "one ");
	carry(&listener, &caller, 65536);
	say(&listener, "two ");
	carry(&listener, &caller, 65536);
	ok(came(&caller, "one two ") && !e2e_complete(listener.e),
	    "a listener may speak first");
	shake(65536);
	ok(stand(), "and then the handshake ends");
}

/* As much as is allowed, and more than that. */
static void
test_much(void)
{
	static char	 bytes[E2E_EARLY_MOST + 1];
	size_t		 i;

	meet();
	both();
	is_int((long long)e2e_early_room(caller.e), E2E_EARLY_MOST, "room");
	for (i = 0; i < E2E_EARLY_MOST; i++)
		must(e2e_write(caller.e, "x", 1) == 0);
	is_int((long long)e2e_early_room(caller.e), 0, "no room is left");
	carry(&caller, &listener, 65536);
	is_int((long long)buf_len(&listener.rx), E2E_EARLY_MOST,
	    "in single bytes");
	shake(65536);
	ok(stand(), "all is well");
	meet();
	both();
	must(e2e_write(caller.e, bytes, E2E_EARLY_MOST) == 0);
	carry(&caller, &listener, 65536);
	is_int((long long)buf_len(&listener.rx), E2E_EARLY_MOST, "in one");
	meet();
	both();
	ok(e2e_write(caller.e, bytes, sizeof(bytes)) == -1, "no more");
}

/* The caller writes early, the listener does not know the key: as without. */
static void
refused(const char *why, size_t at_a_time)
{
	say(&caller, "first words");
	carry(&caller, &listener, at_a_time);
	ok(came(&listener, "") && !e2e_established(listener.e) &&
	    e2e_early_comes(listener.e), "%s: nothing is read", why);
	carry(&listener, &caller, at_a_time);
	ok(e2e_complete(caller.e) && e2e_early_refused(caller.e) &&
	    !e2e_is_warm(caller.e), "%s: the caller sees that", why);
	say(&caller, "first words");
	shake(at_a_time);
	ok(stand() && came(&listener, "first words") &&
	    !e2e_early_comes(listener.e), "%s: and says it again", why);
	ok(warm_wants(caller.warm, LISTENER), "%s: the secret is forgotten",
	    why);
}

static void
test_refused(void)
{
	struct warm	*w;
	size_t		 n;

	for (n = 1; n < 8; n++) {
		meet();
		warm_free(listener.warm);
		must((listener.warm = warm_new(on_now)) != NULL);
		both();
		refused("begun anew", n);
	}
	meet();
	w = listener.warm;
	listener.warm = NULL;
	both();
	refused("without a table", 65536);
	listener.warm = w;
	meet();
	begin(&caller, 1, about, LISTENER);
	begin(&listener, 0, about, OTHER);
	refused("from another address", 65536);
	meet();
	both();
	listener.verdict = "no";
	say(&caller, "first words");
	shake(65536);
	ok(listener.broken && came(&listener, "") &&
	    e2e_fault(listener.e) == E2E_JUDGED,
	    "a key that is good no more is refused as ever");
	listener.verdict = NULL;
	meet();
	caller.verdict = "no";
	begin(&caller, 1, about, LISTENER);
	caller.verdict = NULL;
	ok(!e2e_is_warm(caller.e) && e2e_early_room(caller.e) == 0,
	    "nor does a caller use one");
}

/* --- attacks -------------------------------------------------------------- */

/* What the caller has sent so far, repeated to a listener. */
static void
test_repeated(void)
{
	unsigned char	 copy[8192];
	size_t		 len;

	meet();
	both();
	say(&caller, "pay");
	len = chunks_len(e2e_output(caller.e));
	must(len <= sizeof(copy));
	memcpy(copy, chunks_front(e2e_output(caller.e), len, room), len);
	shake(65536);
	ok(stand() && came(&listener, "pay"), "once");
	begin(&listener, 0, about, CALLER);
	(void)e2e_input(listener.e, copy, len, &listener.rx);
	ok(came(&listener, "") && !e2e_established(listener.e),
	    "a repetition is not read");
	meet();
	both();
	say(&caller, "pay");
	begin(&listener, 0, otherwise, CALLER);
	carry(&caller, &listener, 65536);
	ok(came(&listener, "") && listener.broken, "nor in another stream");
	begin(&listener, 0, about, CALLER);
	begin(&caller, 1, about, LISTENER);
	say(&caller, "pay");
	carry(&caller, &listener, 65536);
	ok(came(&listener, "pay"), "which has cost the next one nothing");
}

/* A caller's that takes no notice of what is allowed. */
static int
offer_more(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len,
    SSL_SESSION **session)
{
	struct e2e	*e = SSL_get_app_data(ssl);

	(void)md;
	*id = (const unsigned char *)e->pass.id;
	*len = strlen(e->pass.id);
	*session = e2e_psk_session(ssl, e->pass.key);
	must(*session != NULL &&
	    SSL_SESSION_set_max_early_data(*session, 1000000) == 1 &&
	    SSL_SESSION_set1_alpn_selected(*session,
	    (const unsigned char *)e->about, strlen(e->about)) == 1);
	return 1;
}

static void
say_too_much(void)
{
	static char	 bytes[E2E_EARLY_MOST];
	int		 i;

	e2e_free(caller.e);
	caller.e = e2e_new(caller.ctx, 1, about, 5, judge, &caller);
	must(caller.e != NULL);
	e2e_set_warm(caller.e, caller.warm, LISTENER);
	SSL_set_psk_use_session_callback(caller.e->ssl, offer_more);
	must(e2e_input(caller.e, NULL, 0, &caller.rx) == 0);
	begin(&listener, 0, about, CALLER);
	for (i = 0; i < 10; i++)
		must(e2e_write(caller.e, bytes, sizeof(bytes)) == 0);
	carry(&caller, &listener, 65536);
}

static void
test_too_much(void)
{
	meet();
	say_too_much();
	ok(listener.broken && buf_len(&listener.rx) <= E2E_EARLY_MOST,
	    "more than is allowed breaks the session");
	meet();
	warm_free(listener.warm);
	must((listener.warm = warm_new(on_now)) != NULL);
	say_too_much();
	ok(listener.broken && came(&listener, ""),
	    "nor is it passed over for ever");
}

/* Each byte of the first flight and of early data is changed. */
static void
test_changed(void)
{
	unsigned char	 copy[8192];
	size_t		 len, i;
	int		 wrong = 0;

	for (i = 0;; i += 7) {
		meet();
		both();
		say(&caller, "pay");
		len = chunks_len(e2e_output(caller.e));
		must(len <= sizeof(copy));
		memcpy(copy, chunks_front(e2e_output(caller.e), len, room),
		    len);
		if (i >= len)
			break;
		copy[i] ^= 1;
		(void)e2e_input(listener.e, copy, len, &listener.rx);
		/* TLS does not look at the version of a record. */
		if (came(&listener, "pay") && copy[i] != 0x02 && i > 2)
			wrong++;
	}
	is_int(wrong, 0, "no change goes unseen");
}

/* A party that has heard the name of a key, and has not got the key. */
static void
test_guessed(void)
{
	unsigned char	 root[WARM_ROOT];
	uint64_t	 byte;
	size_t		 i;

	meet();
	must(warm_take(caller.warm, LISTENER, &p));
	warm_free(caller.warm);
	must((caller.warm = warm_new(on_now)) != NULL);
	memset(root, 0, sizeof(root));
	for (i = 0; i < 16; i++) {
		must(number_hex(p.id + strlen("xcat:again:") + 2 * i, 2, 255,
		    &byte) == 0);
		root[i] = (unsigned char)byte;
	}
	warm_add(caller.warm, 1, LISTENER, "k", root);
	both();
	say(&caller, "pay");
	carry(&caller, &listener, 65536);
	ok(listener.broken && came(&listener, ""), "a guess is no key");
	ok(warm_find(listener.warm, CALLER, p.id, strlen(p.id), &q),
	    "and uses up none");
}

int
main(void)
{
	size_t	 n;

	test_table();
	test_order();
	test_names();
	test_limits();
	caller.ctx = tls_context_new();
	listener.ctx = tls_context_new();
	for (n = 1; n < 10; n++)
		early(n);
	early(100);
	early(65536);
	test_half();
	test_much();
	test_refused();
	test_repeated();
	test_too_much();
	test_changed();
	test_guessed();
	return tap_done();
}
