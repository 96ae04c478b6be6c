/*
 * Fuzzer of SASL and of what a server offers: the first line is
 *
 *	a mechanism	a login with it, and the server's messages are the
 *			lines (script.h): of SCRAM with a nonce that is known,
 *			so that seeds may have its proofs; ! before a line says
 *			that it comes with success; - or 0 before its name has
 *			no password, or an empty one
 *	<...		a nonza or features, as all lines are then
 *
 * A login succeeds only behind a proof that the server knows the password.
 */
#include <stdio.h>
#include <string.h>

#include "net/io/tls_binding.h"
#include "net/login/features.h"
#include "net/login/sasl.h"
#include "net/login/sasl2.h"
#include "net/login/scram.h"
#include "net/login/sm.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/buf.h"
#include "xml/elem.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static const struct tls_binding binding = {
	.type = "tls-exporter", .data = "channel", .len = 7
};

/* With the nonce "fuzz", this user, and the password "pencil". */
static void
scram(const char *hash, const char *user, char flag, struct script *s)
{
	enum sasl_result	 r;
	struct scram		 x;
	struct buf		 out;
	char			*line;
	size_t			 len;

	buf_init(&out, 1 << 16);
	r = scram_init(&x, hash, user, "pencil", flag, &binding, "fuzz");
	must(r == SASL_OK && scram_first(&x, &out) == SASL_OK);
	while (r == SASL_OK && (line = script_line(s)) != NULL) {
		len = script_bytes(line);
		buf_truncate(&out, 0);
		if (*line == '!') {
			r = scram_success(&x, line + 1, len - 1);
			must((r == SASL_OK) == (x.state == SCRAM_VERIFIED));
			break;
		}
		r = scram_step(&x, line, len, &out);
		must(r == SASL_OK || x.state == SCRAM_FAILED);
	}
	scram_free(&x);
	buf_free(&out);
}

static enum sasl_result
begin(struct sasl **s, const char *mech)
{
	struct sasl_cred		 cred = {
		.user = "user", .password = "pencil", .authzid = "user@x",
		.external = 1, .plain = 1
	};
	char				 words[256], *next = words;
	const char			*mechs[8];
	size_t				 n = 0;

	if (*mech == '-' || *mech == '0')
		cred.password = *mech++ == '-' ? NULL : "";
	if (strncmp(mech, "HT-", 3) == 0)
		return sasl_new_token(s, "user", mech, "secret", &binding, 1);
	strlcpy(words, mech, sizeof(words));
	while (n < N(mechs) && (mechs[n] = strsep(&next, " ")) != NULL)
		n++;
	return sasl_new(s, &cred, mechs, n, &binding, 1);
}

static void
login(const char *mech, struct script *script)
{
	struct sasl		*s = NULL;
	enum sasl_result	 r;
	struct buf		 out;
	char			*line;
	size_t			 len;

	if ((r = begin(&s, mech)) != SASL_OK) {
		must(*sasl_strresult(r) != '\0');
		return;
	}
	buf_init(&out, 1 << 16);
	must(sasl_success(s, "", 0) == SASL_PROTOCOL);
	must(sasl_first(s, &out) == SASL_OK);
	must(sasl_first(s, &out) == SASL_PROTOCOL);
	while (r == SASL_OK && (line = script_line(script)) != NULL) {
		len = script_bytes(line);
		if (*line == '!') {
			r = sasl_success(s, line + 1, len - 1);
			must(r != SASL_OK ||
			    strncmp(sasl_mechanism(s), "SCRAM", 5) != 0);
			break;
		}
		buf_truncate(&out, 0);
		r = sasl_step(s, line, len, &out);
	}
	must(*sasl_strresult(r) != '\0');
	sasl_free(s);
	buf_free(&out);
}

static void
features(const struct elem *e)
{
	struct tls_binding	 bindings[2];
	struct features_limits	 limits;
	struct features		 o;
	char first[FEATURES_CACHE_MAX], second[FEATURES_CACHE_MAX];

	features_first(e, first);
	features_second(e, second);
	must(strlen(first) < sizeof(first) && strlen(second) < sizeof(second));
	must(strpbrk(first, "\r\n") == NULL && strpbrk(second, "\r\n") ==
	    NULL);
	features_limits(e, &limits);
	must(limits.silence >= 0);
	features_parse(&o, first);
	must(o.nmechs <= MECHS_MAX && o.nbindings <= MECHS_MAX &&
	    o.nmechs2 <= MECHS_MAX && o.nfast <= MECHS_MAX);
	must(features_bindings(&o, NULL, bindings) == 0);
	sasl_choose_token(o.fast, o.nfast, &binding, 1);
}

static int
count(void *arg, const void *stanza, size_t len)
{
	must(len == 1 && *(const char *)stanza == 'x');
	(*(size_t *)arg)++;
	return 0;
}

/* Stream management with what an element says. */
static void
manage(struct sm *sm, const struct elem *e)
{
	size_t		 before = sm_unacked(sm), again = 0;
	uint32_t	 h;

	if (strcmp(e->name, "enabled") == 0) {
		sm_begin(sm);
		must(sm_enabled(sm, e) == 0);
		must(!sm_resumable(sm) || *sm_id(sm) != '\0');
	}
	must(sm_sent(sm, "x", 1) == 0);
	sm_received(sm);
	if (sm_counting(sm))
		must(sm_unacked(sm) <= before + 1);
	if (sm_parse_h(e, &h) == 0 && sm_acked(sm, h) == 0)
		must(sm_unacked(sm) <= before + 1);
	must(sm_resend(sm, count, &again) == 0 && again == sm_unacked(sm) &&
	    again == sm_unacked_bytes(sm));
}

static void
nonzas(const char *line, struct script *s)
{
	struct sasl2_success	 ok;
	struct elem		*e;
	struct sm		*sm = sm_new();

	must(sm != NULL);
	for (; line != NULL; line = script_line(s)) {
		if ((e = stanza_parse(line)) == NULL)
			continue;
		features(e);
		if (sasl2_success(e, &ok) == 0)
			must(*ok.jid != '\0' && (ok.token == NULL) ==
			    (ok.expiry == NULL));
		must(*sasl2_condition(e) != '\0');
		manage(sm, e);
		elem_free(e);
	}
	sm_free(sm);
}

int
fuzz_sasl(const uint8_t *data, size_t size)
{
	struct script	 s;
	char		*line, mech[256];

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	strlcpy(mech, line, sizeof(mech));
	if (*line == '<')
		nonzas(line, &s);
	else if (strcmp(mech, "SCRAM-SHA-1") == 0)
		scram("SHA1", "user", 'n', &s);
	else if (strcmp(mech, "SCRAM-SHA-256-PLUS") == 0)
		scram("SHA256", "user", 'p', &s);
	else if (strcmp(mech, "SCRAM-SHA-512") == 0)
		scram("SHA512", "user", 'y', &s);
	else if (strcmp(mech, "SCRAM-SHA-384") == 0)
		scram("SHA384", "u,s=er", 'n', &s);
	else
		login(mech, &s);
	return 0;
}
