/* sasl: see sasl.h. */
#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>

#include "net/io/tls_binding.h"
#include "net/login/hashed_token.h"
#include "net/login/sasl.h"
#include "net/login/scram.h"
#include "xml/buf.h"

enum kind { SASL_EXTERNAL, SASL_SCRAM, SASL_PLAIN, SASL_ANONYMOUS, SASL_TOKEN };

/*
 * Best first.  A binding to the channel is worth more than a longer hash: it
 * is what stops a man in the middle, while HMAC-SHA-1 is not broken.
 */
static const struct mech {
	const char	*name, *hash;
	enum kind	 kind;
	int		 plus;
} mechs[] = {
	{ "EXTERNAL",		NULL,		SASL_EXTERNAL, 0 },
	{ "SCRAM-SHA-512-PLUS",	"SHA512",	SASL_SCRAM, 1 },
	{ "SCRAM-SHA-256-PLUS",	"SHA256",	SASL_SCRAM, 1 },
	{ "SCRAM-SHA-1-PLUS",	"SHA1",		SASL_SCRAM, 1 },
	{ "SCRAM-SHA-512",	"SHA512",	SASL_SCRAM, 0 },
	{ "SCRAM-SHA-256",	"SHA256",	SASL_SCRAM, 0 },
	{ "SCRAM-SHA-1",	"SHA1",		SASL_SCRAM, 0 },
	{ "PLAIN",		NULL,		SASL_PLAIN, 0 },
	{ "ANONYMOUS",		NULL,		SASL_ANONYMOUS, 0 },
};

/* Under any of the names in hashed_token.c. */
static const struct mech token = { "HT", NULL, SASL_TOKEN, 0 };

#define NMECHS	(sizeof(mechs) / sizeof(mechs[0]))

struct sasl {
	const struct mech	*mech;
	struct sasl_cred	 cred;	/* until the initial response */
	struct scram		 scram;
	struct hashed_token		 ht;
	int			 sent;	/* which it has been */
};

const char *
sasl_strresult(enum sasl_result r)
{
	switch (r) {
	case SASL_OK:
		return "logged in";
	case SASL_NOMECH:
		return "the server offers no way to log in that can be used: "
		    "check -j and -c";
	case SASL_PLAINONLY:
		return "the server offers only PLAIN, which shows it the "
		    "password; \"plain yes\" would allow that";
	case SASL_NOPASSWORD:
		return "the server asks for a password and there is none";
	case SASL_BADPASSWORD:
		return "the user name or the password is empty, too long or "
		    "has characters in it that are not allowed";
	case SASL_PROTOCOL:
		return "the server's part of the login makes no sense: check "
		    "-c";
	case SASL_BADSERVER:
		return "the server failed to prove that it knows the password: "
		    "check -c; it may be an impostor";
	case SASL_NOMEM:
		return "out of memory";
	}
	return "unknown result";
}

static int
has(const char *const *offered, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(offered[i], name) == 0)
			return 1;
	return 0;
}

/* Is any -PLUS mechanism offered, known or not?  The flag y must be honest. */
static int
has_plus(const char *const *offered, size_t n)
{
	size_t i, len;

	for (i = 0; i < n; i++) {
		len = strlen(offered[i]);
		if (len > 5 && strcmp(offered[i] + len - 5, "-PLUS") == 0)
			return 1;
	}
	return 0;
}

static int
nameless(const struct sasl_cred *cred)
{
	return cred->user == NULL || *cred->user == '\0';
}

static int
sasl_usable(const struct mech *m, const struct sasl_cred *cred,
    size_t nbindings)
{
	switch (m->kind) {
	case SASL_EXTERNAL:
		return !nameless(cred) && cred->external;
	case SASL_SCRAM:
		return !nameless(cred) && (!m->plus || nbindings > 0);
	case SASL_PLAIN:
		return !nameless(cred) && cred->plain;
	case SASL_ANONYMOUS:
		return nameless(cred);
	case SASL_TOKEN:
		break;
	}
	return 0;
}

static const struct mech *
sasl_choose(const struct sasl_cred *cred, const char *const *offered, size_t n,
    size_t nbindings)
{
	size_t i;

	for (i = 0; i < NMECHS; i++)
		if (sasl_usable(&mechs[i], cred, nbindings) &&
		    has(offered, n, mechs[i].name))
			return &mechs[i];
	return NULL;
}

/* RFC 5802 section 6: flag p binds; y says that we would have bound if the
 * server had offered that, by which it notices that its offer was cut; else
 * n. */
static enum sasl_result
init_scram(struct sasl *s, const char *const *offered, size_t n,
    const struct tls_binding *bindings, size_t nbindings)
{
	char nonce[SCRAM_NONCE], flag = 'n';

	if (s->mech->plus)
		flag = 'p';
	else if (nbindings > 0 && !has_plus(offered, n))
		flag = 'y';
	if (scram_nonce(nonce) == -1)
		return SASL_NOMEM;
	return scram_init(&s->scram, s->mech->hash, s->cred.user,
	    s->cred.password, flag, bindings, nonce);
}

enum sasl_result
sasl_new(struct sasl **out, const struct sasl_cred *cred,
    const char *const *offered, size_t n,
    const struct tls_binding *bindings, size_t nbindings)
{
	const struct mech *m;
	struct sasl *s;
	enum sasl_result r = SASL_OK;

	*out = NULL;
	if ((m = sasl_choose(cred, offered, n, nbindings)) == NULL)
		return !nameless(cred) && has(offered, n, "PLAIN") ?
		    SASL_PLAINONLY : SASL_NOMECH;
	if ((m->kind == SASL_SCRAM || m->kind == SASL_PLAIN) &&
	    cred->password == NULL)
		return SASL_NOPASSWORD;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return SASL_NOMEM;
	s->mech = m;
	s->cred = *cred;
	if (m->kind == SASL_SCRAM)
		r = init_scram(s, offered, n, bindings, nbindings);
	else if (m->kind == SASL_PLAIN && *cred->password == '\0')
		r = SASL_BADPASSWORD;
	if (r != SASL_OK) {
		sasl_free(s);
		return r;
	}
	*out = s;
	return SASL_OK;
}

const char *
sasl_choose_token(const char *const *offered, size_t n,
    const struct tls_binding *bindings, size_t nbindings)
{
	return hashed_token_choose(offered, n, bindings, nbindings);
}

enum sasl_result
sasl_new_token(struct sasl **out, const char *user, const char *mechanism,
    const char *secret, const struct tls_binding *bindings, size_t nbindings)
{
	struct sasl *s;
	enum sasl_result r;

	*out = NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return SASL_NOMEM;
	s->mech = &token;
	s->cred.user = user;
	if ((r = hashed_token_init(&s->ht, mechanism, secret, bindings,
	    nbindings)) != SASL_OK)
		sasl_free(s);
	else
		*out = s;
	return r;
}

void
sasl_free(struct sasl *s)
{
	if (s == NULL)
		return;
	if (s->mech->kind == SASL_SCRAM)
		scram_free(&s->scram);
	hashed_token_free(&s->ht);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

const char *
sasl_mechanism(const struct sasl *s)
{
	return s->mech->kind == SASL_TOKEN ? s->ht.name : s->mech->name;
}

/* RFC 4616: no identity to act for, name, password.  In one reservation, as
 * growing would leave a copy of the password behind. */
static enum sasl_result
sasl_plain(const struct sasl_cred *cred, struct buf *out)
{
	size_t ulen = strlen(cred->user), plen = strlen(cred->password);
	unsigned char *p;

	if ((p = buf_reserve(out, ulen + plen + 2)) == NULL)
		return SASL_NOMEM;
	p[0] = '\0';
	memcpy(p + 1, cred->user, ulen + 1);
	memcpy(p + ulen + 2, cred->password, plen);
	buf_commit(out, ulen + plen + 2);
	return SASL_OK;
}

enum sasl_result
sasl_first(struct sasl *s, struct buf *out)
{
	buf_truncate(out, 0);
	if (s->sent)
		return SASL_PROTOCOL;
	s->sent = 1;
	switch (s->mech->kind) {
	case SASL_EXTERNAL:
		if (s->cred.authzid != NULL &&
		    buf_addstr(out, s->cred.authzid) == -1)
			return SASL_NOMEM;
		return SASL_OK;
	case SASL_SCRAM:
		return scram_first(&s->scram, out);
	case SASL_PLAIN:
		return sasl_plain(&s->cred, out);
	case SASL_ANONYMOUS:
		return SASL_OK;
	case SASL_TOKEN:
		return hashed_token_first(&s->ht, s->cred.user, out);
	}
	return SASL_PROTOCOL;
}

enum sasl_result
sasl_step(struct sasl *s, const void *in, size_t len, struct buf *out)
{
	buf_truncate(out, 0);
	/* The other mechanisms end with the initial response. */
	if (s->mech->kind != SASL_SCRAM)
		return SASL_PROTOCOL;
	return scram_step(&s->scram, in, len, out);
}

enum sasl_result
sasl_success(struct sasl *s, const void *in, size_t len)
{
	if (!s->sent)
		return SASL_PROTOCOL;
	if (s->mech->kind == SASL_TOKEN)
		return hashed_token_success(&s->ht, in, len);
	if (s->mech->kind != SASL_SCRAM)
		return SASL_OK;
	return scram_success(&s->scram, in, len);
}
