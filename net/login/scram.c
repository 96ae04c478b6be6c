/* scram: see scram.h.  Names of values are those of RFC 5802 section 3. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <string.h>

#include "net/io/tls_binding.h"
#include "net/login/sasl.h"
#include "net/login/scram.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/jid.h"
#include "xml/number.h"

#define MSG_MAX		4096U		/* bytes of a server's message */
#define AUTH_MAX	24576U		/* ours escaped, theirs, r= again */
/* Fewer iterations help a thief of the server's tables; more, and the server
 * only keeps us busy. */
#define ITER_MIN	4096
#define ITER_MAX	10000000

/* A message is "x=value,y=value"; what has not been taken yet. */
struct msg {
	const char	*p;		/* NULL: all taken */
	const char	*end;
};

struct field {
	const char	*p;
	size_t		 len;
};

int
scram_nonce(char out[SCRAM_NONCE])
{
	unsigned char raw[(SCRAM_NONCE - 1) / 4 * 3];

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return -1;
	out[base64_encode(out, raw, sizeof(raw))] = '\0';
	return 0;
}

static int
add_base64(struct buf *b, const void *data, size_t len)
{
	unsigned char *p;

	if ((p = buf_reserve(b, BASE64_ENCODED(len))) == NULL)
		return -1;
	buf_commit(b, base64_encode((char *)p, data, len));
	return 0;
}

/* A user name, in which ',' and '=' would be taken for syntax. */
static int
add_escaped(struct buf *b, const char *s)
{
	size_t n;

	for (; *s != '\0'; s += n) {
		if ((n = strcspn(s, ",=")) > 0) {
			if (buf_add(b, s, n) == -1)
				return -1;
			continue;
		}
		if (buf_addstr(b, *s == ',' ? "=2C" : "=3D") == -1)
			return -1;
		n = 1;
	}
	return 0;
}

static int
init_bind(struct scram *s, char flag, const struct tls_binding *cb)
{
	const char letter[] = { flag, '\0' };

	if (buf_addstr(&s->bind, letter) == -1)
		return -1;
	if (flag == 'p' && (buf_addstr(&s->bind, "=") == -1 ||
	    buf_addstr(&s->bind, cb->type) == -1))
		return -1;
	if (buf_addstr(&s->bind, ",,") == -1)
		return -1;
	s->gs2len = buf_len(&s->bind);
	if (flag == 'p' && buf_add(&s->bind, cb->data, cb->len) == -1)
		return -1;
	return 0;
}

enum sasl_result
scram_init(struct scram *s, const char *hash, const char *user,
    const char *password, char flag, const struct tls_binding *cb,
    const char *nonce)
{
	char name[SCRAM_TEXT];

	memset(s, 0, sizeof(*s));
	buf_init(&s->bind, MSG_MAX);
	buf_init(&s->auth, AUTH_MAX);
	if (strlcpy(s->nonce, nonce, sizeof(s->nonce)) >= sizeof(s->nonce))
		return SASL_PROTOCOL;
	if ((s->md = EVP_get_digestbyname(hash)) == NULL)
		return SASL_NOMECH;
	/* An empty string is what is left if nothing of it may be used. */
	if (jid_saslprep(user, name, sizeof(name)) == -1 || *name == '\0' ||
	    jid_saslprep(password, s->password, sizeof(s->password)) == -1 ||
	    *s->password == '\0')
		return SASL_BADPASSWORD;
	if (init_bind(s, flag, cb) == -1 ||
	    buf_addstr(&s->auth, "n=") == -1 ||
	    add_escaped(&s->auth, name) == -1 ||
	    buf_addstr(&s->auth, ",r=") == -1 ||
	    buf_addstr(&s->auth, s->nonce) == -1)
		return SASL_NOMEM;
	return SASL_OK;
}

void
scram_free(struct scram *s)
{
	buf_free(&s->bind);
	buf_free(&s->auth);
	OPENSSL_cleanse(s, sizeof(*s));
}

/* After a failure every step fails. */
static enum sasl_result
scram_settle(struct scram *s, enum sasl_result r, enum scram_state next)
{
	s->state = r == SASL_OK ? next : SCRAM_FAILED;
	return r;
}

enum sasl_result
scram_first(struct scram *s, struct buf *out)
{
	if (s->state != SCRAM_START)
		return scram_settle(s, SASL_PROTOCOL, SCRAM_FAILED);
	if (buf_add(out, buf_data(&s->bind), s->gs2len) == -1 ||
	    buf_add(out, buf_data(&s->auth), buf_len(&s->auth)) == -1)
		return scram_settle(s, SASL_NOMEM, SCRAM_FAILED);
	return scram_settle(s, SASL_OK, SCRAM_SENT);
}

static int
msg_open(struct msg *m, const void *in, size_t len)
{
	if (len == 0 || len > MSG_MAX || memchr(in, '\0', len) != NULL)
		return -1;
	m->p = in;
	m->end = m->p + len;
	return 0;
}

/* Take the next field.  Returns its letter, 0 at the end, or -1. */
static int
msg_take(struct msg *m, struct field *f)
{
	const char *p = m->p, *comma;
	size_t len;

	if (p == NULL)
		return 0;
	comma = memchr(p, ',', (size_t)(m->end - p));
	len = (size_t)((comma != NULL ? comma : m->end) - p);
	if (len < 3 || p[1] != '=')
		return -1;
	if (!((p[0] >= 'a' && p[0] <= 'z') || (p[0] >= 'A' && p[0] <= 'Z')))
		return -1;
	f->p = p + 2;
	f->len = len - 2;
	m->p = comma != NULL ? comma + 1 : NULL;
	return p[0];
}

/*
 * What is left may be extensions that we do not know, but none of the fields
 * that have a place elsewhere, nor m, which says that one must know them.
 */
static int
msg_rest(struct msg *m)
{
	struct field f;
	int c;

	while ((c = msg_take(m, &f)) > 0)
		if (strchr("aceimnprsv", c) != NULL)
			return -1;
	return c;
}

/* base64_decode() passes over white space, which has no place here. */
static int
scram_decode(const struct field *f, unsigned char *out, size_t room,
    size_t *len)
{
	size_t i;

	for (i = 0; i < f->len; i++)
		if (strchr(" \t\r\n", f->p[i]) != NULL)
			return -1;
	return base64_decode(out, room, len, f->p, f->len);
}

/* The whole nonce: ours, and something of the server's own behind it. */
static int
check_nonce(const struct scram *s, const struct field *f)
{
	size_t i, n = strlen(s->nonce);

	if (f->len <= n || memcmp(f->p, s->nonce, n) != 0)
		return -1;
	for (i = n; i < f->len; i++)
		if (f->p[i] < 0x21 || f->p[i] > 0x7e)
			return -1;
	return 0;
}

/* Returns the iteration count, or -1 if it is none or one to refuse. */
static int
iterations(const struct field *f)
{
	uint64_t n;

	if (f->p[0] == '0' ||
	    number_decimal(f->p, f->len, ITER_MIN, ITER_MAX, &n) == -1)
		return -1;
	return (int)n;
}

static int
hmac(const EVP_MD *md, const unsigned char *key, const void *data, size_t len,
    unsigned char *out)
{
	return HMAC(md, key, EVP_MD_size(md), data, len, out, NULL) != NULL;
}

/*
 * ClientProof from password, salt and count, with AuthMessage complete; and
 * ServerSignature, so that nothing else derived from the password stays.
 */
static enum sasl_result
scram_prove(struct scram *s, const unsigned char *salt, size_t saltlen,
    int count,
    unsigned char *proof)
{
	unsigned char salted[EVP_MAX_MD_SIZE], key[EVP_MAX_MD_SIZE],
	    stored[EVP_MAX_MD_SIZE];
	const unsigned char *auth = buf_data(&s->auth);
	size_t len = buf_len(&s->auth);
	int done, i, n = EVP_MD_size(s->md);

	done = PKCS5_PBKDF2_HMAC(s->password, (int)strlen(s->password),
	    salt, (int)saltlen, count, s->md, n, salted) == 1 &&
	    hmac(s->md, salted, "Client Key", 10, key) &&
	    EVP_Digest(key, (size_t)n, stored, NULL, s->md, NULL) == 1 &&
	    hmac(s->md, stored, auth, len, proof);
	for (i = 0; done && i < n; i++)
		proof[i] ^= key[i];
	done = done && hmac(s->md, salted, "Server Key", 10, key) &&
	    hmac(s->md, key, auth, len, s->server);

	OPENSSL_cleanse(s->password, sizeof(s->password));
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(stored, sizeof(stored));
	return done ? SASL_OK : SASL_NOMEM;
}

/* Complete AuthMessage; *mark is where client-final-without-proof begins. */
static int
scram_complete(struct scram *s, const void *in, size_t len,
    const struct field *r,
    size_t *mark)
{
	if (buf_addstr(&s->auth, ",") == -1 ||
	    buf_add(&s->auth, in, len) == -1 ||
	    buf_addstr(&s->auth, ",") == -1)
		return -1;
	*mark = buf_len(&s->auth);
	if (buf_addstr(&s->auth, "c=") == -1 ||
	    add_base64(&s->auth, buf_data(&s->bind),
	    buf_len(&s->bind)) == -1 ||
	    buf_addstr(&s->auth, ",r=") == -1 ||
	    buf_add(&s->auth, r->p, r->len) == -1)
		return -1;
	return 0;
}

/* The server's first message to our final one. */
static enum sasl_result
server_first(struct scram *s, const void *in, size_t len, struct buf *out)
{
	unsigned char salt[BASE64_DECODED(MSG_MAX)], proof[EVP_MAX_MD_SIZE];
	struct field fr, fs, fi;
	struct msg m;
	size_t saltlen, mark;
	enum sasl_result res;
	int count;

	if (msg_open(&m, in, len) == -1 || msg_take(&m, &fr) != 'r' ||
	    msg_take(&m, &fs) != 's' || msg_take(&m, &fi) != 'i' ||
	    msg_rest(&m) == -1)
		return SASL_PROTOCOL;
	if (check_nonce(s, &fr) == -1 || scram_decode(&fs, salt,
	    sizeof(salt), &saltlen) == -1 ||
	    saltlen == 0 || (count = iterations(&fi)) == -1)
		return SASL_PROTOCOL;

	if (scram_complete(s, in, len, &fr, &mark) == -1)
		return SASL_NOMEM;
	if ((res = scram_prove(s, salt, saltlen, count, proof)) != SASL_OK)
		return res;
	if (buf_add(out, buf_data(&s->auth) + mark,
	    buf_len(&s->auth) - mark) == -1 ||
	    buf_addstr(out, ",p=") == -1 ||
	    add_base64(out, proof, (size_t)EVP_MD_size(s->md)) == -1)
		return SASL_NOMEM;
	return SASL_OK;
}

/* The server's final message: its proof, or e= for ours being wrong. */
static enum sasl_result
server_final(const struct scram *s, const void *in, size_t len)
{
	unsigned char sig[BASE64_DECODED(MSG_MAX)];
	struct field f;
	struct msg m;
	size_t n;
	int c;

	if (msg_open(&m, in, len) == -1)
		return SASL_PROTOCOL;
	if ((c = msg_take(&m, &f)) == 'e')
		return SASL_BADSERVER;
	if (c != 'v' || msg_rest(&m) == -1 ||
	    scram_decode(&f, sig, sizeof(sig), &n) == -1)
		return SASL_PROTOCOL;
	if (n != (size_t)EVP_MD_size(s->md) ||
	    CRYPTO_memcmp(sig, s->server, n) != 0)
		return SASL_BADSERVER;
	return SASL_OK;
}

enum sasl_result
scram_step(struct scram *s, const void *in, size_t len, struct buf *out)
{
	switch (s->state) {
	case SCRAM_SENT:
		return scram_settle(s, server_first(s, in, len, out),
		    SCRAM_PROVED);
	case SCRAM_PROVED:
		return scram_settle(s, server_final(s, in, len),
		    SCRAM_VERIFIED);
	default:
		return scram_settle(s, SASL_PROTOCOL, SCRAM_FAILED);
	}
}

enum sasl_result
scram_success(struct scram *s, const void *in, size_t len)
{
	/* Without its proof, the server may be an impostor that let us in. */
	if (len == 0)
		return s->state == SCRAM_VERIFIED ? SASL_OK :
		    scram_settle(s, SASL_BADSERVER, SCRAM_FAILED);
	if (s->state != SCRAM_PROVED)
		return scram_settle(s, SASL_PROTOCOL, SCRAM_FAILED);
	return scram_settle(s, server_final(s, in, len), SCRAM_VERIFIED);
}
