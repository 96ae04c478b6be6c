/* introduction: see introduction.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ibb/e2e.h"
#include "ibb/introduction.h"
#include "xml/buf.h"

#define PART_MAX	4096		/* bytes of a key, or of a signature */
#define EXPORTED	32
#define LABEL_CALLER	"EXPORTER-xcat-caller-key"
#define LABEL_LISTENER	"EXPORTER-xcat-listener-key"

struct introduction {
	struct buf	 bytes;
};

struct introduction *
introduction_new(void)
{
	struct introduction	*i;

	if ((i = calloc(1, sizeof(*i))) != NULL)
		buf_init(&i->bytes, 2 * (2 + PART_MAX));
	return i;
}

void
introduction_free(struct introduction *i)
{
	if (i == NULL)
		return;
	buf_free(&i->bytes);
	free(i);
}

/* What the caller, or else the listener, is to sign.  0 or -1. */
static int
introduction_subject(SSL *ssl, int calling, unsigned char out[EXPORTED])
{
	const char	*label = calling ? LABEL_CALLER : LABEL_LISTENER;

	return SSL_export_keying_material(ssl, out, EXPORTED, label,
	    strlen(label), NULL, 0, 0) == 1 ? 0 : -1;
}

/*
 * Ours
 */

static int
introduction_add(struct buf *b, const unsigned char *p, size_t len)
{
	unsigned char	 head[2];

	head[0] = (unsigned char)(len >> 8);
	head[1] = (unsigned char)len;
	return len > PART_MAX || buf_add(b, head, sizeof(head)) == -1 ||
	    buf_add(b, p, len) == -1 ? -1 : 0;
}

static int
introduction_add_key(struct buf *b, SSL *ssl)
{
	unsigned char	*der = NULL;
	int		 len, r;

	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(SSL_get_certificate(ssl)),
	    &der);
	if (len <= 0)
		return -1;
	r = introduction_add(b, der, (size_t)len);
	OPENSSL_free(der);
	return r;
}

static int
introduction_add_signature(struct buf *b, SSL *ssl, int calling)
{
	unsigned char	 subject[EXPORTED], signature[PART_MAX];
	size_t		 len = sizeof(signature);
	EVP_MD_CTX	*ctx;
	int		 ok;

	if (introduction_subject(ssl, calling, subject) == -1 ||
	    (ctx = EVP_MD_CTX_new()) == NULL)
		return -1;
	ok = EVP_DigestSignInit(ctx, NULL, NULL, NULL,
	    SSL_get_privatekey(ssl)) == 1 && EVP_DigestSign(ctx, signature,
	    &len, subject, sizeof(subject)) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? introduction_add(b, signature, len) : -1;
}

int
introduction_write(SSL *ssl, int calling)
{
	struct buf	 b;
	int		 r = -1;

	buf_init(&b, 2 * (2 + PART_MAX));
	if (introduction_add_key(&b, ssl) == 0 &&
	    introduction_add_signature(&b, ssl, calling) == 0 &&
	    SSL_write(ssl, buf_data(&b), (int)buf_len(&b)) ==
	    (int)buf_len(&b))
		r = 0;
	buf_free(&b);
	return r;
}

/*
 * The peer's
 */

/* The part that begins at byte from: its length, and its first byte in *part; 0
 * if not all of it is there.  *end is where it will end, as far as is known. */
static size_t
introduction_part(const struct introduction *i, size_t from,
    const unsigned char **part, size_t *end)
{
	const unsigned char	*p = buf_data(&i->bytes);
	size_t			 have = buf_len(&i->bytes), len;

	*end = from + 2;
	if (have < from + 2)
		return 0;
	*part = p + from + 2;
	len = (size_t)p[from] << 8 | p[from + 1];
	*end += len;
	return have < *end ? 0 : len;
}

/* How many bytes have to come next, as far as is known. */
static size_t
introduction_wants(const struct introduction *i)
{
	const unsigned char	*part;
	size_t			 end, have = buf_len(&i->bytes);

	introduction_part(i, 0, &part, &end);
	if (have >= end)
		introduction_part(i, end, &part, &end);
	return end > have ? end - have : 0;
}

/* A part that is too long is not read: what is there is bad, then. */
static int
introduction_is_bad(const struct introduction *i)
{
	return introduction_wants(i) > buf_room(&i->bytes);
}

int
introduction_read(struct introduction *i, SSL *ssl)
{
	unsigned char	*p;
	size_t		 n;
	int		 r;

	while ((n = introduction_wants(i)) > 0 && !introduction_is_bad(i)) {
		if ((p = buf_reserve(&i->bytes, n)) == NULL)
			return 1;	/* introduction_check() says so */
		if ((r = SSL_read(ssl, p, (int)n)) <= 0)
			return r;
		buf_commit(&i->bytes, (size_t)r);
	}
	return 1;
}

static int
introduction_verify(EVP_PKEY *key, SSL *ssl, int calling,
    const unsigned char *signature, size_t len)
{
	unsigned char	 subject[EXPORTED];
	EVP_MD_CTX	*ctx;
	int		 ok;

	if (introduction_subject(ssl, calling, subject) == -1 ||
	    (ctx = EVP_MD_CTX_new()) == NULL)
		return -1;
	ok = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, signature, len, subject, sizeof(subject)) ==
	    1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

enum introduction_result
introduction_check(const struct introduction *i, SSL *ssl, int calling,
    char *out)
{
	const unsigned char	*der = NULL, *signature = NULL, *p;
	size_t			 len, signed_len, end;
	EVP_PKEY		*key;
	int			 ok;

	if (introduction_is_bad(i))
		return INTRODUCTION_BAD;
	if (introduction_wants(i) > 0)
		return INTRODUCTION_STARVED;
	len = introduction_part(i, 0, &der, &end);
	signed_len = introduction_part(i, end, &signature, &end);
	p = der;
	if (len == 0 || signed_len == 0 ||
	    (key = d2i_PUBKEY(NULL, &p, (long)len)) == NULL)
		return INTRODUCTION_BAD;
	ok = p == der + len ? introduction_verify(key, ssl, calling, signature,
	    signed_len) : 0;
	EVP_PKEY_free(key);
	if (ok != 1)
		return ok == -1 ? INTRODUCTION_STARVED : INTRODUCTION_BAD;
	e2e_fingerprint_of(der, len, out);
	return INTRODUCTION_GOOD;
}
