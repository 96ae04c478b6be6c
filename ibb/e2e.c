/*
 * e2e: the TLS 1.3 session between two xcats, on buffers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "ibb/e2e_int.h"
#include "ibb/introduction.h"
#include "ibb/ssl_error.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/chunks.h"

#define PROTOCOL	"xcat:0:"	/* of ALPN; a hash follows */
/* The cheapest first (RFC 8446 section 9.1): a fifth of what bulk costs xcat is
 * encryption, and AES with 256 bits takes two fifths more of it. */
#define SUITES		"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:" \
			    "TLS_CHACHA20_POLY1305_SHA256"
#define RECEIPT_LABEL	"EXPORTER-xcat-receipt"

void
e2e_fingerprint_of(const unsigned char *der, size_t len, char *out)
{
	unsigned char	 hash[SHA256_DIGEST_LENGTH];
	char		 b64[BASE64_ENCODED(sizeof(hash))];

	SHA256(der, len, hash);
	base64_encode(b64, hash, sizeof(hash));
	/* As ssh writes it: without the padding. */
	snprintf(out, E2E_FINGERPRINT, "SHA256:%.43s", b64);
}

int
e2e_fingerprint(X509 *cert, char *out)
{
	unsigned char	*der = NULL;
	int		 len;

	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	if (len <= 0)
		return -1;
	e2e_fingerprint_of(der, (size_t)len, out);
	OPENSSL_free(der);
	return 0;
}

/*
 * Callbacks of OpenSSL
 */

/* The BIO reads from the bytes of e2e_input() and writes to out, so that no
 * byte is copied once more. */
static int
e2e_bio_read(BIO *b, char *p, int len)
{
	struct e2e	*e = BIO_get_data(b);
	size_t		 n = (size_t)len < e->inlen ? (size_t)len : e->inlen;

	BIO_clear_retry_flags(b);
	if (n == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	memcpy(p, e->in, n);
	e->in += n;
	e->inlen -= n;
	return (int)n;
}

static int
e2e_bio_write(BIO *b, const char *p, int len)
{
	struct e2e	*e = BIO_get_data(b);

	return chunks_add(&e->out, p, (size_t)len) == 0 ? len : -1;
}

static long
e2e_bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	struct e2e	*e = BIO_get_data(b);

	(void)num;
	(void)ptr;
	if (cmd == BIO_CTRL_PENDING)
		return e != NULL ? (long)e->inlen : 0;
	return cmd == BIO_CTRL_FLUSH;
}

static BIO *
e2e_bio_new(struct e2e *e)
{
	static BIO_METHOD	*method;
	BIO			*b;

	if (method == NULL) {
		method = BIO_meth_new(BIO_get_new_index() |
		    BIO_TYPE_SOURCE_SINK, "e2e");
		if (method == NULL)
			return NULL;
		BIO_meth_set_read(method, e2e_bio_read);
		BIO_meth_set_write(method, e2e_bio_write);
		BIO_meth_set_ctrl(method, e2e_bio_ctrl);
	}
	if ((b = BIO_new(method)) != NULL) {
		BIO_set_data(b, e);
		BIO_set_init(b, 1);
	}
	return b;
}

/* To be called before each operation of OpenSSL, which does not always note a
 * lack of memory in its queue; but malloc(3) sets errno. */
static void
e2e_begin(void)
{
	ERR_clear_error();
	errno = 0;
}

int
e2e_fail(struct e2e *e, enum e2e_fault fault, const char *fmt, ...)
{
	va_list	 ap;

	if (e->fault != E2E_FINE)
		return -1;
	e->fault = fault;
	va_start(ap, fmt);
	vsnprintf(e->err, sizeof(e->err), fmt, ap);
	va_end(ap);
	return -1;
}

int
e2e_without_memory(struct e2e *e)
{
	return e2e_fail(e, E2E_STARVED, "out of memory");
}

static int
e2e_judge_key(X509_STORE_CTX *store, void *arg)
{
	SSL		*ssl;
	struct e2e	*e;
	const char	*why = "it shows no key";
	X509		*cert = X509_STORE_CTX_get0_cert(store);

	(void)arg;
	ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	e = SSL_get_app_data(ssl);
	if (cert != NULL && e2e_fingerprint(cert, e->peer) == -1) {
		e2e_without_memory(e);
		X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
		return 0;
	}
	if (e->secrecy == E2E_SECRET_ONLY)
		why = "it does not know this code: a code is good for one "
		    "call, and not for long";
	else if (cert != NULL)
		why = e->judge(e->arg, e->peer);
	if (why == NULL)
		return 1;
	e2e_fail(e, E2E_JUDGED, "%s", why);
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/* Bytes of padding for a record of len bytes (RFC 8446 section 5.4). */
static size_t
e2e_padding(SSL *ssl, int type, size_t len, void *arg)
{
	struct e2e	*e = SSL_get_app_data(ssl);

	(void)type;
	(void)arg;
	return e->padding && len < E2E_PAD ? E2E_PAD - len : 0;
}

/* The caller must mean our stream: its ALPN protocol must be ours. */
static int
e2e_select_protocol(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned int inlen, void *arg)
{
	struct e2e	*e = SSL_get_app_data(ssl);
	size_t		 len = strlen(e->about);

	(void)arg;
	if (inlen != len + 1 || in[0] != len ||
	    memcmp(in + 1, e->about, len) != 0)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = in + 1;
	*outlen = (unsigned char)len;
	return SSL_TLSEXT_ERR_OK;
}

SSL_CTX *
e2e_context(X509 *cert, EVP_PKEY *key)
{
	SSL_CTX	*ctx;

	if ((ctx = SSL_CTX_new(TLS_method())) == NULL)
		return NULL;
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_ciphersuites(ctx, SUITES) != 1 ||
	    SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
	    SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, e2e_judge_key, NULL);
	SSL_CTX_set_record_padding_callback(ctx, e2e_padding);
	SSL_CTX_set_alpn_select_cb(ctx, e2e_select_protocol, NULL);
	SSL_CTX_set_client_hello_cb(ctx, e2e_see_hello, NULL);
	/* Sessions are not resumed, so tickets would be bytes for nothing. */
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	return ctx;
}

/*
 * Sessions
 */

/* The ALPN protocol holds the hash of the strings, each with its NUL. */
static int
e2e_bind_context(struct e2e *e, const char *const *about, size_t n)
{
	unsigned char	 hash[SHA256_DIGEST_LENGTH];
	char		 b64[BASE64_ENCODED(sizeof(hash))];
	EVP_MD_CTX	*md;
	size_t		 i;
	int		 ok;

	if ((md = EVP_MD_CTX_new()) == NULL)
		return -1;
	ok = EVP_DigestInit_ex(md, EVP_sha256(), NULL);
	for (i = 0; i < n; i++)
		ok = ok && EVP_DigestUpdate(md, about[i],
		    strlen(about[i]) + 1);
	ok = ok && EVP_DigestFinal_ex(md, hash, NULL);
	EVP_MD_CTX_free(md);
	base64_encode(b64, hash, sizeof(hash));
	snprintf(e->about, sizeof(e->about), PROTOCOL "%.43s", b64);
	return ok ? 0 : -1;
}

static int
e2e_offer_protocol(struct e2e *e)
{
	unsigned char	 wire[sizeof(e->about) + 1];
	size_t		 len = strlen(e->about);

	wire[0] = (unsigned char)len;
	memcpy(wire + 1, e->about, len);
	return SSL_set_alpn_protos(e->ssl, wire, (unsigned)len + 1) == 0 ?
	    0 : -1;
}

struct e2e *
e2e_new(SSL_CTX *ctx, int calling, const char *const *about, size_t n,
    e2e_judge_fn *judge, void *arg)
{
	struct e2e	*e;
	BIO		*bio;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	chunks_init(&e->out, E2E_OUT_MAX);
	e->calling = calling;
	e->judge = judge;
	e->arg = arg;
	bio = e2e_bio_new(e);
	e->ssl = SSL_new(ctx);
	if (bio == NULL || e->ssl == NULL) {
		BIO_free(bio);
		e2e_free(e);
		return NULL;
	}
	SSL_set_bio(e->ssl, bio, bio);
	if (SSL_set_app_data(e->ssl, e) != 1 ||
	    e2e_bind_context(e, about, n) == -1 ||
	    (calling && e2e_offer_protocol(e) == -1)) {
		e2e_free(e);
		return NULL;
	}
	if (calling)
		SSL_set_connect_state(e->ssl);
	else
		SSL_set_accept_state(e->ssl);
	return e;
}

void
e2e_free(struct e2e *e)
{
	if (e == NULL)
		return;
	SSL_free(e->ssl);
	introduction_free(e->intro);
	e2e_warm_free(e);
	OPENSSL_cleanse(e->secret, sizeof(e->secret));
	chunks_free(&e->out);
	free(e);
}

/* The alert that the peer sent (RFC 8446 section 6), or -1 if it sent none. */
static int
e2e_alert(unsigned long err)
{
	int	 reason = ERR_GET_REASON(err);

	return ERR_GET_LIB(err) == ERR_LIB_SSL &&
	    reason >= SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET :
	    -1;
}

/* Is this an alert by which implementations refuse a key? */
static int
e2e_about_key(int alert)
{
	return alert == SSL_AD_BAD_CERTIFICATE ||
	    alert == SSL_AD_CERTIFICATE_UNKNOWN ||
	    alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_ACCESS_DENIED;
}

static int
e2e_broken(struct e2e *e)
{
	int		 starved;
	unsigned long	 err = ssl_error_take(&starved);
	const char	*reason = ERR_reason_error_string(err);

	if (starved || errno == ENOMEM)
		return e2e_without_memory(e);
	if (e->secrecy != E2E_SECRET_NONE && ERR_GET_LIB(err) == ERR_LIB_SSL &&
	    ERR_GET_REASON(err) == SSL_R_BINDER_DOES_NOT_VERIFY)
		return e2e_fail(e, E2E_MISSED, "its code is wrong");
	if (e2e_about_key(e2e_alert(err)))
		return e2e_fail(e, E2E_UNWANTED, "it does not accept our "
		    "key: have it named there (xcat -K shows it)");
	return e2e_fail(e, E2E_BROKEN, "what %s is not what was sent (%s): "
	    "somebody on the way changes the stream",
	    e2e_alert(err) == -1 ? "came" : "it got",
	    reason != NULL ? reason : "bad TLS");
}

int
e2e_waits(struct e2e *e, int r)
{
	switch (SSL_get_error(e->ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		e->ended = 1;
		return 0;
	default:
		return e2e_broken(e);
	}
}

static int
e2e_negotiated(const struct e2e *e)
{
	const unsigned char	*p;
	unsigned int		 len;

	SSL_get0_alpn_selected(e->ssl, &p, &len);
	return len == strlen(e->about) && memcmp(p, e->about, len) == 0;
}

static int
e2e_handshake(struct e2e *e)
{
	int	 r;

	if ((r = SSL_do_handshake(e->ssl)) != 1)
		return e2e_waits(e, r);
	if (!e2e_negotiated(e))
		return e2e_fail(e, E2E_BROKEN,
		    "its session is about another stream");
	e2e_warm_shaken(e);
	return e2e_shaken(e);
}

static int
e2e_read_all(struct e2e *e, struct buf *out)
{
	unsigned char	*p;
	int		 r;

	for (;;) {
		if ((p = buf_reserve(out, E2E_RECORD)) == NULL)
			return e2e_without_memory(e);
		if ((r = SSL_read(e->ssl, p, E2E_RECORD)) <= 0)
			return e2e_waits(e, r);
		buf_commit(out, (size_t)r);
	}
}

static int
e2e_take(struct e2e *e, struct buf *out)
{
	int	 r;

	if (e->state <= E2E_EARLY) {
		if ((r = e2e_warm_take(e, out)) == 1)
			r = e2e_handshake(e);
		if (r == -1)
			return -1;
	}
	if (e->state == E2E_MEETING && e2e_meet(e) == -1)
		return -1;
	if (e->state == E2E_ESTABLISHED && !e->ended &&
	    e2e_read_all(e, out) == -1)
		return -1;
	/* Nothing can follow the end. */
	return e->ended && e->inlen > 0 && !e->ignore_rest ? e2e_broken(e) : 0;
}

int
e2e_input(struct e2e *e, const void *data, size_t len, struct buf *out)
{
	int	 r;

	e2e_begin();
	e->in = data;
	e->inlen = len;
	r = e2e_take(e, out);
	e->inlen = 0;
	return r;
}

int
e2e_write(struct e2e *e, const void *data, size_t len)
{
	int	 r;

	e2e_begin();
	r = e->state <= E2E_EARLY ? e2e_warm_write(e, data, len) :
	    SSL_write(e->ssl, data, (int)len);
	return r == (int)len ? 0 : e2e_broken(e);
}

int
e2e_finish(struct e2e *e)
{
	e2e_begin();
	return SSL_shutdown(e->ssl) >= 0 ? 0 : e2e_broken(e);
}

int
e2e_pad(struct e2e *e)
{
	int	 ok;

	e2e_begin();
	e->padding = 1;
	ok = SSL_key_update(e->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
	    SSL_do_handshake(e->ssl) == 1;
	e->padding = 0;
	return ok ? 0 : e2e_broken(e);
}

void
e2e_ignore_rest(struct e2e *e)
{
	e->ignore_rest = 1;
}

struct chunks *
e2e_output(struct e2e *e)
{
	return &e->out;
}

int
e2e_established(const struct e2e *e)
{
	return e->state == E2E_ESTABLISHED || e->state == E2E_EARLY;
}

int
e2e_complete(const struct e2e *e)
{
	return e->state == E2E_ESTABLISHED;
}

int
e2e_finished(const struct e2e *e)
{
	return (SSL_get_shutdown(e->ssl) & SSL_SENT_SHUTDOWN) != 0;
}

int
e2e_ended(const struct e2e *e)
{
	return e->ended;
}

const char *
e2e_peer(const struct e2e *e)
{
	return e->peer;
}

const char *
e2e_error(const struct e2e *e)
{
	return e->err;
}

enum e2e_fault
e2e_fault(const struct e2e *e)
{
	return e->fault;
}

/*
 * Receipts
 */

int
e2e_receipt(struct e2e *e, int calling, uint64_t count, char *out)
{
	unsigned char	 key[32], mac[32];
	char		 text[64];
	unsigned int	 len;
	int		 n, ok;

	n = snprintf(text, sizeof(text), "%s %" PRIu64,
	    calling ? "caller" : "listener", count);
	ok = e2e_established(e) && SSL_export_keying_material(e->ssl, key,
	    sizeof(key), RECEIPT_LABEL, sizeof(RECEIPT_LABEL) - 1, NULL, 0,
	    0) == 1 && HMAC(EVP_sha256(), key, sizeof(key),
	    (const unsigned char *)text, (size_t)n, mac, &len) != NULL;
	explicit_bzero(key, sizeof(key));
	if (!ok)
		return !e2e_established(e) ? -1 :
		    e2e_without_memory(e);
	out[base64_encode(out, mac, sizeof(mac))] = '\0';
	return 0;
}

int
e2e_export(struct e2e *e, const void *context, size_t len, unsigned char *out,
    size_t size)
{
	return e2e_established(e) &&
	    SSL_export_keying_material(e->ssl, out, size,
	    PUNCH_LABEL, sizeof(PUNCH_LABEL) - 1, context, len, 1) == 1 ?
	    0 : -1;
}

int
e2e_verify(struct e2e *e, int calling, uint64_t count, const char *receipt)
{
	char	 want[E2E_RECEIPT];

	return e2e_receipt(e, calling, count, want) == 0 &&
	    strlen(receipt) == strlen(want) &&
	    CRYPTO_memcmp(receipt, want, strlen(want)) == 0;
}
