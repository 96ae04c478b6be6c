/* hashed_token: see hashed_token.h. */
#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <string.h>

#include "net/io/tls_binding.h"
#include "net/login/hashed_token.h"
#include "xml/buf.h"

/* Best first: a token that is tied to the channel is of no use to a relay
 * (XEP-0484 section 7).  tls-unique, that of -UNIQ, does not exist in TLS 1.3
 * and is not safe before. */
static const struct mech {
	const char	*name, *hash, *binding;
} mechs[] = {
	{ "HT-SHA-512-EXPR",	"SHA512",	"tls-exporter" },
	{ "HT-SHA-256-EXPR",	"SHA256",	"tls-exporter" },
	{ "HT-SHA-512-ENDP",	"SHA512",	"tls-server-end-point" },
	{ "HT-SHA-256-ENDP",	"SHA256",	"tls-server-end-point" },
	{ "HT-SHA-512-NONE",	"SHA512",	NULL },
	{ "HT-SHA-256-NONE",	"SHA256",	NULL },
};

#define ROLE	9		/* bytes of "Initiator", of "Responder" */
#define NMECHS	(sizeof(mechs) / sizeof(mechs[0]))

static const struct tls_binding none;

/* The binding that the mechanism needs, which is empty for -NONE; NULL: this
 * connection has none of the kind. */
static const struct tls_binding *
binding_of(const struct mech *m, const struct tls_binding *bindings, size_t n)
{
	size_t	 i;

	if (m->binding == NULL)
		return &none;
	for (i = 0; i < n; i++)
		if (strcmp(bindings[i].type, m->binding) == 0)
			return &bindings[i];
	return NULL;
}

const char *
hashed_token_choose(const char *const *offered, size_t n,
    const struct tls_binding *bindings, size_t nbindings)
{
	size_t	 i, j;

	for (i = 0; i < NMECHS; i++)
		for (j = 0; j < n; j++)
			if (strcmp(mechs[i].name, offered[j]) == 0 &&
			    binding_of(&mechs[i], bindings, nbindings) != NULL)
				return mechs[i].name;
	return NULL;
}

/* HMAC(token, name || binding) into out, its length into *outlen. */
static enum sasl_result
hashed_token_prove(const char *hash, const char *token, const char *who,
    const struct tls_binding *cb, unsigned char *out, size_t *outlen)
{
	unsigned char	 text[ROLE + sizeof(cb->data)];

	memcpy(text, who, ROLE);
	memcpy(text + ROLE, cb->data, cb->len);
	return EVP_Q_mac(NULL, "HMAC", NULL, hash, NULL, token, strlen(token),
	    text, ROLE + cb->len, out, EVP_MAX_MD_SIZE, outlen) != NULL ?
	    SASL_OK : SASL_NOMEM;
}

enum sasl_result
hashed_token_init(struct hashed_token *h, const char *mechanism,
    const char *token, const struct tls_binding *bindings, size_t nbindings)
{
	const struct tls_binding	*cb;
	const struct mech		*m = mechs;
	enum sasl_result		 r;

	memset(h, 0, sizeof(*h));
	while (m < mechs + NMECHS && strcmp(m->name, mechanism) != 0)
		m++;
	h->name = m < mechs + NMECHS ? m->name : NULL;
	if (h->name == NULL || *token == '\0' ||
	    (cb = binding_of(m, bindings, nbindings)) == NULL)
		return SASL_NOMECH;
	if ((r = hashed_token_prove(m->hash, token, "Initiator", cb, h->ours,
	    &h->len)) ==
	    SASL_OK)
		r = hashed_token_prove(m->hash, token, "Responder", cb,
		    h->theirs, &h->len);
	return r;
}

void
hashed_token_free(struct hashed_token *h)
{
	OPENSSL_cleanse(h, sizeof(*h));
}

enum sasl_result
hashed_token_first(const struct hashed_token *h, const char *user,
    struct buf *out)
{
	return buf_add(out, user, strlen(user) + 1) == 0 &&
	    buf_add(out, h->ours, h->len) == 0 ? SASL_OK : SASL_NOMEM;
}

enum sasl_result
hashed_token_success(const struct hashed_token *h, const void *in, size_t len)
{
	return len == h->len && CRYPTO_memcmp(in, h->theirs, len) == 0 ?
	    SASL_OK : SASL_BADSERVER;
}
