/* tlsresume: see tlsresume.h. */
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/tlsresume.h"

#define HASH	32			/* bytes of SHA-256 */

/* What there is of a context. */
struct keeper {
	struct tickets	*tickets;
	unsigned char	 trust[HASH];	/* what verifies, what we show */
};

/* What there is of a connection. */
struct resumption {
	struct tickets	*tickets;
	char		 key[TICKETS_KEY];
	int64_t		 trusted;	/* of the session offered */
};

static void
release(void *parent, void *p, CRYPTO_EX_DATA *ad, int idx, long argl,
    void *argp)
{
	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	free(p);
}

static int
keeper_index(void)
{
	static int	 i = -1;

	if (i == -1)
		i = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, release);
	return i;
}

static int
resumption_index(void)
{
	static int	 i = -1;

	if (i == -1)
		i = SSL_get_ex_new_index(0, NULL, NULL, NULL, release);
	return i;
}

/*
 * What a session is good for
 */

static int
add_string(EVP_MD_CTX *md, const char *s)
{
	return s == NULL || EVP_DigestUpdate(md, s, strlen(s) + 1) == 1;
}

static int
add_certificate(EVP_MD_CTX *md, const X509 *cert)
{
	unsigned char	 hash[EVP_MAX_MD_SIZE];
	unsigned int	 len;

	return cert == NULL || (X509_digest(cert, EVP_sha256(), hash,
	    &len) == 1 && EVP_DigestUpdate(md, hash, len) == 1);
}

static int
add_store(EVP_MD_CTX *md, SSL_CTX *ctx)
{
	STACK_OF(X509)	*certs;
	int		 i, good = 1;

	certs = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(ctx));
	if (certs == NULL)
		return 0;
	for (i = 0; good && i < sk_X509_num(certs); i++)
		good = add_certificate(md, sk_X509_value(certs, i));
	sk_X509_pop_free(certs, X509_free);
	return good;
}

/* The system's are read when they are wanted: whether these are the same ones
 * shows in when they were changed last. */
static int
add_path(EVP_MD_CTX *md, const char *variable, const char *path)
{
	const char	*s = getenv(variable);
	char		 when[64] = "none";
	struct stat	 st;

	if (s == NULL)
		s = path;
	if (stat(s, &st) == 0)
		snprintf(when, sizeof(when), "%jd %jd.%09ld",
		    (intmax_t)st.st_ino, (intmax_t)st.st_mtim.tv_sec,
		    st.st_mtim.tv_nsec);
	return add_string(md, s) && add_string(md, when);
}

static int
add_system(EVP_MD_CTX *md)
{
	return add_path(md, X509_get_default_cert_file_env(),
	    X509_get_default_cert_file()) &&
	    add_path(md, X509_get_default_cert_dir_env(),
	    X509_get_default_cert_dir());
}

/* Who says so, and who we say that we are.  0 or -1. */
static int
hash_trust(SSL_CTX *ctx, const char *ca_file, unsigned char *out)
{
	EVP_MD_CTX	*md = EVP_MD_CTX_new();
	int		 good;

	good = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    add_store(md, ctx) && (ca_file != NULL || add_system(md)) &&
	    add_string(md, "we") &&
	    add_certificate(md, SSL_CTX_get0_certificate(ctx)) &&
	    EVP_DigestFinal_ex(md, out, NULL) == 1;
	EVP_MD_CTX_free(md);
	return good ? 0 : -1;
}

/* Who it has to be.  Returns how many names; -1: it failed. */
static int
add_names(EVP_MD_CTX *md, SSL *ssl)
{
	X509_VERIFY_PARAM	*param = SSL_get0_param(ssl);
	const char		*host;
	char			*ip;
	int			 i, good = 1;

	for (i = 0; good &&
	    (host = X509_VERIFY_PARAM_get0_host(param, i)) != NULL; i++)
		good = add_string(md, host);
	if ((ip = X509_VERIFY_PARAM_get1_ip_asc(param)) != NULL)
		i++;
	good = good && add_string(md, "ip") && add_string(md, ip) &&
	    add_string(md, "sni") && add_string(md,
	    SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	OPENSSL_free(ip);
	return good ? i : -1;
}

/* 0 or -1. */
static int
make_key(SSL *ssl, const struct keeper *k, const char *place, char *out)
{
	EVP_MD_CTX	*md = EVP_MD_CTX_new();
	unsigned char	 hash[HASH];
	int		 good;
	size_t		 i;

	good = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, k->trust, HASH) == 1 &&
	    add_string(md, place) && add_names(md, ssl) > 0 &&
	    EVP_DigestFinal_ex(md, hash, NULL) == 1;
	EVP_MD_CTX_free(md);
	for (i = 0; good && i < HASH; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
	return good ? 0 : -1;
}

/*
 * Keeping
 */

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How long what has just been verified may be relied on; 0: not at all. */
static int64_t
trusted_until(const SSL *ssl, int64_t now)
{
	STACK_OF(X509)	*chain = SSL_get0_verified_chain(ssl);
	struct tm	 tm;
	int64_t		 until = now + TICKETS_DAY;
	int		 i;

	if (chain == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
		return 0;
	for (i = 0; i < sk_X509_num(chain); i++) {
		if (ASN1_TIME_to_tm(X509_get0_notAfter(
		    sk_X509_value(chain, i)), &tm) != 1)
			return 0;
		until = least(until, timegm(&tm));
	}
	return until;
}

/* Until when the server takes it; 0: never.  In TLS 1.3 it has to say. */
static int64_t
lives_until(const SSL_SESSION *session)
{
	int64_t	 hint;

	hint = (int64_t)SSL_SESSION_get_ticket_lifetime_hint(session);
	if (hint == 0 &&
	    SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION)
		return 0;
	return SSL_SESSION_get_time(session) +
	    (hint > 0 ? hint : SSL_SESSION_get_timeout(session));
}

/* A copy, as OpenSSL gives up sessions whose connection breaks: just those are
 * wanted. */
static void
keep(const struct resumption *r, const SSL *ssl, SSL_SESSION *session)
{
	int64_t		 now = time(NULL);
	struct ticket	 k;
	unsigned char	*p = k.data;
	int		 len = i2d_SSL_SESSION(session, NULL);

	k.trusted = SSL_session_reused(ssl) ? r->trusted :
	    trusted_until(ssl, now);
	k.until = least(k.trusted, lives_until(session));
	if (len <= 0 || len > TICKET_MAX || k.until <= now)
		return;
	k.len = (size_t)i2d_SSL_SESSION(session, &p);
	tickets_put(r->tickets, r->key, &k, now);
	OPENSSL_cleanse(&k, sizeof(k));
}

/* A ticket of TLS 1.3 has come, which is behind the handshake.  Returns 0: we
 * take no reference. */
static int
created(SSL *ssl, SSL_SESSION *session)
{
	const struct resumption	*r;

	r = SSL_get_ex_data(ssl, resumption_index());
	if (r != NULL && SSL_version(ssl) >= TLS1_3_VERSION)
		keep(r, ssl, session);
	return 0;
}

void
tlsresume_keep(SSL *ssl, const char *place)
{
	const struct keeper	*k;
	struct resumption	*r;

	k = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keeper_index());
	if (k == NULL || (r = calloc(1, sizeof(*r))) == NULL)
		return;
	r->tickets = k->tickets;
	if (make_key(ssl, k, place, r->key) == -1 ||
	    SSL_set_ex_data(ssl, resumption_index(), r) != 1)
		free(r);
}

int
tlsresume_init(SSL_CTX *ctx, const char *ca_file, struct tickets *t)
{
	struct keeper	*k = calloc(1, sizeof(*k));

	if (k == NULL || hash_trust(ctx, ca_file, k->trust) == -1 ||
	    SSL_CTX_set_ex_data(ctx, keeper_index(), k) != 1) {
		free(k);
		return -1;
	}
	k->tickets = t;
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, created);
	return 0;
}

/*
 * Using
 */

/* What OpenSSL looks at only where there is a chain to be verified. */
static int
is_for_us(SSL *ssl, X509 *leaf)
{
	X509_VERIFY_PARAM	*param = SSL_get0_param(ssl);
	unsigned int		 flags;
	const char		*host;
	char			*ip;
	int			 i, good = 0;

	flags = X509_VERIFY_PARAM_get_hostflags(param);
	for (i = 0; !good &&
	    (host = X509_VERIFY_PARAM_get0_host(param, i)) != NULL; i++)
		good = X509_check_host(leaf, host, 0, flags, NULL) == 1;
	if ((ip = X509_VERIFY_PARAM_get1_ip_asc(param)) != NULL)
		good = (good || i == 0) && X509_check_ip_asc(leaf, ip, 0) == 1;
	OPENSSL_free(ip);
	return good;
}

static int
is_valid(SSL *ssl, SSL_SESSION *session)
{
	X509	*leaf = SSL_SESSION_get0_peer(session);

	return leaf != NULL && SSL_SESSION_is_resumable(session) &&
	    X509_cmp_current_time(X509_get0_notBefore(leaf)) < 0 &&
	    X509_cmp_current_time(X509_get0_notAfter(leaf)) > 0 &&
	    is_for_us(ssl, leaf);
}

/* 1 if it is offered. */
static int
offer(SSL *ssl, const struct ticket *k)
{
	const unsigned char	*p = k->data;
	SSL_SESSION		*session;
	int			 good;

	if ((session = d2i_SSL_SESSION(NULL, &p, (long)k->len)) == NULL)
		return 0;
	good = is_valid(ssl, session) && SSL_set_session(ssl, session) == 1;
	SSL_SESSION_free(session);
	return good;
}

int
tlsresume_offer(SSL *ssl, char *out)
{
	struct resumption	*r = SSL_get_ex_data(ssl, resumption_index());
	struct ticket		 k;
	int			 offered = 0;

	*out = '\0';
	while (r != NULL && !offered &&
	    tickets_take(r->tickets, r->key, time(NULL), &k) == 0) {
		offered = offer(ssl, &k);
		r->trusted = k.trusted;
		OPENSSL_cleanse(&k, sizeof(k));
	}
	if (offered)
		strlcpy(out, r->key, TICKETS_KEY);
	return offered;
}

/* Those of TLS 1.2 are used again and again, if they are bound to the handshake
 * that made them (RFC 7627 section 5.4). */
int
tlsresume_done(SSL *ssl)
{
	const struct resumption	*r;

	r = SSL_get_ex_data(ssl, resumption_index());
	if (r != NULL && SSL_version(ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(ssl) == 1)
		keep(r, ssl, SSL_get_session(ssl));
	return SSL_session_reused(ssl);
}

void
tlsresume_forget(SSL_CTX *ctx, const char *key)
{
	const struct keeper	*k = SSL_CTX_get_ex_data(ctx, keeper_index());

	if (k != NULL && *key != '\0')
		tickets_forget(k->tickets, key, time(NULL));
}
