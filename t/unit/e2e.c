/*
 * Unit tests of sessions that stand by a secret (ibb/e2e.h): two of them, whose
 * bytes the test carries, damages, repeats and forges.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ibb/e2e.h"
#include "t/lib/tap.h"
#include "xml/buf.h"
#include "xml/chunks.h"

#define STEPS	20		/* of both, until they have shaken hands */

struct side {
	struct e2e	*e;
	SSL_CTX		*ctx;
	struct buf	 rx;
	char		 own[E2E_FINGERPRINT];
	char		 judged[E2E_FINGERPRINT];
	const char	*verdict;	/* of the other's key */
	int		 broken;
};

static struct side		 caller, listener, middle;
static unsigned char		 room[65536];	/* for chunks_front() */
static const unsigned char	 code[E2E_SECRET] =
	"the secret of the code itself..";
static const unsigned char	 guess[E2E_SECRET] =
	"the secret of the code itself,.";
static const char *const	 about[] = {
	"sid", "a@h/x", "b@h/y", "", ""
};

/* --- helpers -------------------------------------------------------------- */

static const char *
judge(void *arg, const char *fingerprint)
{
	struct side	*s = arg;

	strlcpy(s->judged, fingerprint, sizeof(s->judged));
	return s->verdict;
}

static void
make_context(struct side *s)
{
	EVP_PKEY	*key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509		*cert = X509_new();

	if (key == NULL || cert == NULL || X509_set_pubkey(cert, key) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(cert), 0) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(cert), 100000) == NULL ||
	    X509_sign(cert, key, NULL) == 0 ||
	    e2e_fingerprint(cert, s->own) == -1 ||
	    (s->ctx = e2e_context(cert, key)) == NULL)
		exit(1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* secret NULL: none. */
static void
begin(struct side *s, int calling, const unsigned char *secret, int only)
{
	e2e_free(s->e);
	buf_free(&s->rx);
	buf_init(&s->rx, 65536);
	*s->judged = '\0';
	s->broken = 0;
	s->e = e2e_new(s->ctx, calling, about, 5, judge, s);
	if (s->e == NULL || (secret != NULL &&
	    e2e_set_secret(s->e, secret, only) == -1))
		exit(1);
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
		if (e2e_input(to->e, chunks_front(out, n, room), n,
		    &to->rx) == -1)
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
both(const unsigned char *callers, const unsigned char *listeners, int only)
{
	begin(&caller, 1, callers, 1);
	begin(&listener, 0, listeners, only);
}

static int
stand(void)
{
	return e2e_established(caller.e) && e2e_established(listener.e) &&
	    !caller.broken && !listener.broken;
}

/* --- what is to be -------------------------------------------------------- */

static void
agree(size_t at_a_time, const char *what)
{
	char	 receipt[E2E_RECEIPT];

	both(code, code, 1);
	shake(at_a_time);
	ok(stand(), "%s: the session stands", what);
	ok(e2e_by_secret(caller.e) && e2e_by_secret(listener.e),
	    "%s: by the secret", what);
	is(caller.judged, listener.own, "%s: the caller sees its key", what);
	is(listener.judged, caller.own, "%s: the listener, too", what);
	is(e2e_peer(caller.e), listener.own, "%s: and says it", what);
	ok(buf_len(&caller.rx) == 0 && buf_len(&listener.rx) == 0,
	    "%s: which is no payload", what);
	if (e2e_write(caller.e, "hello", 5) == -1 ||
	    e2e_write(listener.e, "world", 5) == -1)
		exit(1);
	shake(at_a_time);
	ok(buf_len(&listener.rx) == 5 && memcmp(buf_data(&listener.rx),
	    "hello", 5) == 0 && buf_len(&caller.rx) == 5, "%s: payload", what);
	ok(e2e_receipt(caller.e, 1, 5, receipt) == 0 &&
	    e2e_verify(listener.e, 1, 5, receipt), "%s: receipts", what);
}

static void
test_agree(void)
{
	agree(65536, "at once");
	agree(1, "byte by byte");
	both(NULL, NULL, 0);
	shake(65536);
	ok(stand() && !e2e_by_secret(caller.e), "without a secret as before");
	both(NULL, code, 0);
	shake(65536);
	ok(stand() && !e2e_by_secret(listener.e) &&
	    strcmp(listener.judged, caller.own) == 0,
	    "where it is not demanded, a key is good, too");
}

/* A key is judged in both directions, as it is without a secret. */
static void
test_judged(void)
{
	both(code, code, 1);
	listener.verdict = "not this one";
	shake(65536);
	ok(listener.broken && e2e_fault(listener.e) == E2E_JUDGED &&
	    !e2e_established(listener.e), "the listener judges");
	listener.verdict = NULL;
	both(code, code, 1);
	caller.verdict = "not this one";
	shake(65536);
	ok(caller.broken && e2e_fault(caller.e) == E2E_JUDGED &&
	    !e2e_established(caller.e), "the caller judges");
	caller.verdict = NULL;
}

/* --- what is not to be ---------------------------------------------------- */

static void
test_wrong(void)
{
	both(guess, code, 1);
	shake(65536);
	ok(listener.broken && e2e_fault(listener.e) == E2E_MISSED,
	    "a wrong secret: the listener sees it at once");
	ok(!e2e_established(caller.e) && *listener.judged == '\0' &&
	    *caller.judged == '\0', "a wrong secret: no key is shown");
	both(NULL, code, 1);
	shake(65536);
	ok(listener.broken && e2e_fault(listener.e) == E2E_BROKEN &&
	    *listener.judged == '\0', "no secret where one is demanded");
	both(code, NULL, 0);
	shake(65536);
	ok(caller.broken && e2e_fault(caller.e) == E2E_JUDGED &&
	    strstr(e2e_error(caller.e), "does not know this code") != NULL &&
	    *caller.judged == '\0',
	    "a listener that has none: %s", e2e_error(caller.e));
	both(code, guess, 0);
	shake(65536);
	ok(listener.broken && !e2e_established(caller.e),
	    "a listener with another one");
}

/* Somebody who knows all but the secret stands between them. */
static void
test_middle(void)
{
	struct chunks	*out;
	struct buf	 first;

	begin(&caller, 1, code, 1);
	begin(&middle, 0, NULL, 0);
	carry(&caller, &middle, 65536);
	carry(&middle, &caller, 65536);
	ok(caller.broken && !e2e_established(caller.e) && *caller.judged ==
	    '\0', "a false listener with a key of its own");
	begin(&caller, 1, code, 1);
	begin(&middle, 0, guess, 1);
	carry(&caller, &middle, 65536);
	ok(middle.broken && chunks_len(e2e_output(middle.e)) < 32,
	    "a false listener that guesses");

	/* What a caller has said once. */
	begin(&caller, 1, code, 1);
	buf_init(&first, 65536);
	out = e2e_output(caller.e);
	buf_add(&first, chunks_front(out, chunks_len(out), room),
	    chunks_len(out));
	begin(&listener, 0, code, 1);
	if (e2e_input(listener.e, buf_data(&first), buf_len(&first),
	    &listener.rx) == -1)
		exit(1);
	ok(e2e_by_secret(listener.e) && !e2e_established(listener.e),
	    "what a caller said, said again, is answered");
	begin(&middle, 1, guess, 1);
	carry(&listener, &middle, 65536);
	carry(&middle, &listener, 65536);
	ok(!e2e_established(listener.e) && *listener.judged == '\0' &&
	    *middle.judged == '\0', "and leads to nothing");
	buf_free(&first);
}

/* Each byte of the first flights is changed in turn. */
static void
test_damage(void)
{
	struct chunks	*out;
	size_t		 i, n, stood = 0;
	unsigned char	 bytes[4096];

	begin(&caller, 1, code, 1);
	n = chunks_len(e2e_output(caller.e));
	for (i = 0; i < n; i++) {
		both(code, code, 1);
		out = e2e_output(caller.e);
		memcpy(bytes, chunks_front(out, n, room), n);
		chunks_drain(out, n);
		bytes[i] ^= 1;
		if (e2e_input(listener.e, bytes, n, &listener.rx) == -1)
			listener.broken = 1;
		shake(65536);
		stood += e2e_established(listener.e) != 0 ||
		    e2e_established(caller.e) != 0;
	}
	/* The version in a record's header is for nobody. */
	ok(stood <= 2, "a changed first flight: %zu of %zu stand", stood, n);
	for (i = 0; i < 300; i++) {
		both(code, code, 1);
		carry(&caller, &listener, 65536);
		carry(&listener, &caller, 65536);
		out = e2e_output(caller.e);
		n = chunks_len(out);
		if (i >= n)
			break;
		memcpy(bytes, chunks_front(out, n, room), n);
		chunks_drain(out, n);
		bytes[i] ^= 1;
		if (e2e_input(listener.e, bytes, n, &listener.rx) == -1)
			listener.broken = 1;
		if (e2e_established(listener.e)) {
			ok(0, "a changed second flight, byte %zu", i);
			return;
		}
	}
	ok(i > 100, "a changed second flight: %zu bytes", i);
}

int
main(void)
{
	make_context(&caller);
	make_context(&listener);
	make_context(&middle);
	test_agree();
	test_judged();
	test_wrong();
	test_middle();
	test_damage();
	e2e_free(caller.e);
	e2e_free(listener.e);
	e2e_free(middle.e);
	buf_free(&caller.rx);
	buf_free(&listener.rx);
	buf_free(&middle.rx);
	SSL_CTX_free(caller.ctx);
	SSL_CTX_free(listener.ctx);
	SSL_CTX_free(middle.ctx);
	return tap_done();
}
