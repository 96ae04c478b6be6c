/* Unit tests of sasl and scram in net/login: published vectors, every
 * mechanism, and servers that lie. */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/tls_binding.h"
#include "net/login/sasl.h"
#include "net/login/scram.h"
#include "t/lib/tap.h"
#include "xml/base64.h"
#include "xml/buf.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define MSG		4096U
#define BIG		16384U
#define RANDOM		10000

/* --- published vectors ---------------------------------------------------- */

#define R5802	"fyko+d2lbbFgONRv9qkxdawL"
#define R5802S	R5802 "3rfcNHYJY1ZVvWVs7j"
#define R7677	"rOprNGfwEbeRWgbNEkqO"
#define R7677S	R7677 "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT	",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

/*
 * The first two are those of RFC 5802 section 5 and RFC 7677 section 3; the
 * others were made with Python's hashlib and hmac.  Bindings are the bytes 0,
 * 1, 2 and so on.
 */
static const struct vector {
	const char	*what, *hash, *user, *password;
	char		 flag;
	const char	*type;
	size_t		 len;
	const char	*nonce, *first, *challenge, *final, *proof;
} vectors[] = {
	{ "RFC 5802", "SHA1", "user", "pencil", 'n', NULL, 0, R5802,
	    "n,,n=user,r=" R5802,
	    "r=" R5802S ",s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=" R5802S ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
	{ "RFC 7677", "SHA256", "user", "pencil", 'n', NULL, 0, R7677,
	    "n,,n=user,r=" R7677, "r=" R7677S SALT,
	    "c=biws,r=" R7677S
	    ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
	{ "SHA-512", "SHA512", "user", "pencil", 'n', NULL, 0, R7677,
	    "n,,n=user,r=" R7677, "r=" R7677S SALT,
	    "c=biws,r=" R7677S ",p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw"
	    "+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
	    "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4"
	    "+5ZxXnJq199RVG2rR7N7Zw==" },
	{ "flag y", "SHA512", "user", "pencil", 'y', NULL, 0, R7677,
	    "y,,n=user,r=" R7677, "r=" R7677S SALT,
	    "c=eSws,r=" R7677S ",p=VrNrCclW9AD/Yk8l31V4OqUMu/q7GisSWUiLQyCJ/FbA"
	    "jX0cz0yg5fP8qfMm6C+ANjP+JcgB3IS6alx/nEu6Zg==",
	    "v=9ljM8X8/k7XVI8iXtN0M6JKGwlfsiNfKI2LXo41m0hFjx9B+x1naDQ5NGcCm5lXj"
	    "SgW3MM/3IGsl62659FI3Vg==" },
	{ "tls-exporter, SHA-1", "SHA1", "user", "pencil", 'p',
	    "tls-exporter", 32, R7677,
	    "p=tls-exporter,,n=user,r=" R7677, "r=" R7677S SALT,
	    "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
	    ",r=" R7677S ",p=/QKgZNBHelOsjZPTvucb5s4VtQE=",
	    "v=tK3UShY5jkJWC9Q52aNEU6Ba6Is=" },
	{ "tls-exporter, SHA-256", "SHA256", "user", "pencil", 'p',
	    "tls-exporter", 32, R7677,
	    "p=tls-exporter,,n=user,r=" R7677, "r=" R7677S SALT,
	    "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
	    ",r=" R7677S ",p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=",
	    "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs=" },
	{ "tls-server-end-point, SHA-512", "SHA512", "user", "pencil", 'p',
	    "tls-server-end-point", 64, R7677,
	    "p=tls-server-end-point,,n=user,r=" R7677, "r=" R7677S SALT,
	    "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	    "GBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==,r="
	    R7677S ",p=xLxQS9dJYb2pqavOK/r9bSqSmzKJ+ZAkR/hE57g5Mb2SqQYwAK1Onwb+"
	    "/3y4kTXaSDpitk+cTkAjiWqs8XZDTA==",
	    "v=PSORjMLGF5+dcQO0/sjIFLp9KpKpF7VFUUbmlRXInot5VsIS1IWrtzfS2Szcle7p"
	    "blwF7kfwIck3B8yatXwizA==" },
	{ "escapes and SASLprep", "SHA256", "a,b=c", "I\302\255X", 'n',
	    NULL, 0, R7677,
	    "n,,n=a=2Cb=3Dc,r=" R7677, "r=" R7677S SALT,
	    "c=biws,r=" R7677S
	    ",p=ojvAa9HrYgx5Y6ljY2Jh14xAF0q3WzMOjPsnXXy3aw0=",
	    "v=1RlAPeuO4me99aQX1cn5Jfc0646he+uGyaaNpbPt1+s=" },
};

/* What buf holds, as a string that lasts until the next call. */
static const char *
text(const struct buf *b)
{
	static char s[BIG];
	size_t n = buf_len(b);

	if (n >= sizeof(s))
		n = sizeof(s) - 1;
	if (n > 0)
		memcpy(s, buf_data(b), n);
	s[n] = '\0';
	return s;
}

static void
binding(struct tls_binding *cb, const char *type, size_t len)
{
	memset(cb, 0, sizeof(*cb));
	cb->type = type;
	for (cb->len = 0; cb->len < len; cb->len++)
		cb->data[cb->len] = (unsigned char)cb->len;
}

static enum sasl_result
step(struct scram *s, const char *in, struct buf *out)
{
	buf_truncate(out, 0);
	return scram_step(s, in, strlen(in), out);
}

static void
test_vector(const struct vector *v)
{
	struct tls_binding cb;
	struct scram s;
	struct buf out;

	buf_init(&out, MSG);
	binding(&cb, v->type, v->len);
	is_int(scram_init(&s, v->hash, v->user, v->password, v->flag, &cb,
	    v->nonce), SASL_OK, "%s: ready", v->what);
	is_int(scram_first(&s, &out), SASL_OK, "%s: first", v->what);
	is(text(&out), v->first, "%s: first message", v->what);
	is_int(step(&s, v->challenge, &out), SASL_OK, "%s: step", v->what);
	is(text(&out), v->final, "%s: final message", v->what);
	is_int(scram_success(&s, v->proof, strlen(v->proof)), SASL_OK,
	    "%s: server's proof", v->what);
	ok(memchr(s.password, v->password[0], sizeof(s.password)) == NULL,
	    "%s: the password is forgotten once used", v->what);
	scram_free(&s);
	buf_free(&out);
}

/* --- hostile messages ----------------------------------------------------- */

static void
begin(struct scram *s, struct buf *out)
{
	const struct vector *v = &vectors[1];

	buf_init(out, MSG);
	if (scram_init(s, v->hash, v->user, v->password, v->flag, NULL,
	    v->nonce) != SASL_OK || scram_first(s, out) != SASL_OK)
		abort();
}

#define GOOD	"r=" R7677S ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

static const struct hostile {
	const char		*what, *msg;
	enum sasl_result	 r;
} firsts[] = {
	{ "as it should be", GOOD, SASL_OK },
	{ "an unknown attribute behind", GOOD ",h=x", SASL_OK },
	{ "many unknown attributes", GOOD ",d=a,X=b=c,z=,,", SASL_PROTOCOL },
	{ "two unknown attributes", GOOD ",d=a,X=b=c", SASL_OK },
	{ "nothing", "", SASL_PROTOCOL },
	{ "a comma", ",", SASL_PROTOCOL },
	{ "a comma behind", GOOD ",", SASL_PROTOCOL },
	{ "a comma before", "," GOOD, SASL_PROTOCOL },
	{ "m= before", "m=x," GOOD, SASL_PROTOCOL },
	{ "m= behind", GOOD ",m=x", SASL_PROTOCOL },
	{ "our nonce and no more", "r=" R7677 SALT, SASL_PROTOCOL },
	{ "our nonce altered", "r=sOprNGfwEbeRWgbNEkqOxyz" SALT,
	    SASL_PROTOCOL },
	{ "our nonce in other case", "r=ROprNGfwEbeRWgbNEkqOxyz" SALT,
	    SASL_PROTOCOL },
	{ "our nonce cut", "r=rOprNGfwEbeRWgbNEkq" SALT, SASL_PROTOCOL },
	{ "our nonce at the end", "r=x" R7677 SALT, SASL_PROTOCOL },
	{ "only the server's nonce", "r=%hvYDpWUa2RaTCAfuxFIlj" SALT,
	    SASL_PROTOCOL },
	{ "empty nonce", "r=" SALT, SASL_PROTOCOL },
	{ "no nonce", "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", SASL_PROTOCOL },
	{ "a space in the nonce", "r=" R7677 "a b" SALT, SASL_PROTOCOL },
	{ "a control character in the nonce", "r=" R7677 "a\001" SALT,
	    SASL_PROTOCOL },
	{ "DEL in the nonce", "r=" R7677 "a\177" SALT, SASL_PROTOCOL },
	{ "UTF-8 in the nonce", "r=" R7677 "\303\251" SALT, SASL_PROTOCOL },
	{ "no salt", "r=" R7677S ",i=4096", SASL_PROTOCOL },
	{ "empty salt", "r=" R7677S ",s=,i=4096", SASL_PROTOCOL },
	{ "salt of nothing", "r=" R7677S ",s====,i=4096", SASL_PROTOCOL },
	{ "salt without padding", "r=" R7677S ",s=W22ZaJ0SNY7soEsUEjb6gQ,"
	    "i=4096", SASL_PROTOCOL },
	{ "salt with bits left over", "r=" R7677S ",s=QR==,i=4096",
	    SASL_PROTOCOL },
	{ "salt with a space", "r=" R7677S ",s=QSXC R+Q6,i=4096",
	    SASL_PROTOCOL },
	{ "salt with a newline", "r=" R7677S ",s=QSXCR+Q6\n,i=4096",
	    SASL_PROTOCOL },
	{ "salt out of the alphabet", "r=" R7677S ",s=QSXC-_Q6,i=4096",
	    SASL_PROTOCOL },
	{ "salt of one byte", "r=" R7677S ",s=QQ==,i=4096", SASL_OK },
	{ "no count", "r=" R7677S ",s=QQ==", SASL_PROTOCOL },
	{ "empty count", "r=" R7677S ",s=QQ==,i=", SASL_PROTOCOL },
	{ "i=0", "r=" R7677S ",s=QQ==,i=0", SASL_PROTOCOL },
	{ "i=1", "r=" R7677S ",s=QQ==,i=1", SASL_PROTOCOL },
	{ "i=4095", "r=" R7677S ",s=QQ==,i=4095", SASL_PROTOCOL },
	{ "i=4097", "r=" R7677S ",s=QQ==,i=4097", SASL_OK },
	{ "i=10000001", "r=" R7677S ",s=QQ==,i=10000001", SASL_PROTOCOL },
	{ "i=2^31", "r=" R7677S ",s=QQ==,i=2147483648", SASL_PROTOCOL },
	{ "i=2^32+4096", "r=" R7677S ",s=QQ==,i=4294971392", SASL_PROTOCOL },
	{ "i=2^64+4096", "r=" R7677S ",s=QQ==,i=18446744073709555712",
	    SASL_PROTOCOL },
	{ "i=-4096", "r=" R7677S ",s=QQ==,i=-4096", SASL_PROTOCOL },
	{ "i=+4096", "r=" R7677S ",s=QQ==,i=+4096", SASL_PROTOCOL },
	{ "i= 4096", "r=" R7677S ",s=QQ==,i= 4096", SASL_PROTOCOL },
	{ "i=04096", "r=" R7677S ",s=QQ==,i=04096", SASL_PROTOCOL },
	{ "i=4096x", "r=" R7677S ",s=QQ==,i=4096x", SASL_PROTOCOL },
	{ "i=0x1000", "r=" R7677S ",s=QQ==,i=0x1000", SASL_PROTOCOL },
	{ "i=1e6", "r=" R7677S ",s=QQ==,i=1e6", SASL_PROTOCOL },
	{ "a second i", GOOD ",i=4096", SASL_PROTOCOL },
	{ "a second s", GOOD ",s=QQ==", SASL_PROTOCOL },
	{ "a second r", GOOD ",r=" R7677S, SASL_PROTOCOL },
	{ "s before r", "s=QQ==,r=" R7677S ",i=4096", SASL_PROTOCOL },
	{ "i before s", "r=" R7677S ",i=4096,s=QQ==", SASL_PROTOCOL },
	{ "an attribute between", "r=" R7677S ",x=y,s=QQ==,i=4096",
	    SASL_PROTOCOL },
	{ "an error", "e=unknown-user", SASL_PROTOCOL },
	{ "an error behind", GOOD ",e=other-error", SASL_PROTOCOL },
	{ "a proof behind", GOOD ",v=AAAA", SASL_PROTOCOL },
	{ "a proof instead", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	    SASL_PROTOCOL },
	{ "R for r", "R=" R7677S SALT, SASL_PROTOCOL },
	{ "no =", "r" R7677S SALT, SASL_PROTOCOL },
	{ "a digit for a name", GOOD ",1=x", SASL_PROTOCOL },
	{ "our own message", "n,,n=user,r=" R7677, SASL_PROTOCOL },
};

static const struct hostile finals[] = {
	{ "as it should be",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", SASL_OK },
	{ "an unknown attribute behind",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=y", SASL_OK },
	{ "first byte altered",
	    "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	    SASL_BADSERVER },
	{ "last byte altered",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=",
	    SASL_BADSERVER },
	{ "a bit behind the last byte",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=",
	    SASL_PROTOCOL },
	{ "cut", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl9",
	    SASL_BADSERVER },
	{ "longer", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4A",
	    SASL_BADSERVER },
	{ "one byte", "v=6g==", SASL_BADSERVER },
	{ "empty v", "v=", SASL_PROTOCOL },
	{ "v of nothing", "v====", SASL_PROTOCOL },
	{ "not base64", "v=!!!!", SASL_PROTOCOL },
	{ "white space",
	    "v=6rriTRBi23WpRR/wtup+ mMhUZUn/dB5nLTJRsjl95G4=",
	    SASL_PROTOCOL },
	{ "our proof sent back",
	    "v=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    SASL_BADSERVER },
	{ "v twice", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,v=6g==",
	    SASL_PROTOCOL },
	{ "m behind", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,m=x",
	    SASL_PROTOCOL },
	{ "an error behind",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,e=x",
	    SASL_PROTOCOL },
	{ "an error", "e=invalid-proof", SASL_BADSERVER },
	{ "an error and the proof",
	    "e=x,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	    SASL_BADSERVER },
	{ "another attribute before",
	    "x=y,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	    SASL_PROTOCOL },
	{ "the challenge again", GOOD, SASL_PROTOCOL },
};

static void
test_firsts(void)
{
	struct scram s;
	struct buf out;
	size_t i;

	for (i = 0; i < COUNT(firsts); i++) {
		begin(&s, &out);
		is_int(step(&s, firsts[i].msg, &out), firsts[i].r,
		    "first: %s", firsts[i].what);
		if (firsts[i].r != SASL_OK) {
			is_int((int)buf_len(&out), 0, "and nothing is said");
			is_int(step(&s, GOOD, &out), SASL_PROTOCOL,
			    "nor is there another try");
		}
		scram_free(&s);
		buf_free(&out);
	}
}

static void
test_finals(void)
{
	struct scram s;
	struct buf out;
	size_t i;
	int way;

	for (i = 0; i < COUNT(finals); i++) {
		for (way = 0; way < 2; way++) {
			begin(&s, &out);
			(void)step(&s, GOOD, &out);
			is_int(way ? step(&s, finals[i].msg, &out) :
			    scram_success(&s, finals[i].msg,
			    strlen(finals[i].msg)), finals[i].r,
			    "final, in %s: %s", way ? "a challenge" :
			    "success", finals[i].what);
			is_int(scram_success(&s, NULL, 0) == SASL_OK,
			    finals[i].r == SASL_OK, "then success");
			scram_free(&s);
			buf_free(&out);
		}
	}
}

/* Messages that strings cannot hold. */
static void
test_bytes(void)
{
	static char big[65536];
	struct scram s;
	struct buf out;

	begin(&s, &out);
	is_int(scram_step(&s, GOOD ",x=a\0b", sizeof(GOOD) + 6, &out),
	    SASL_PROTOCOL, "NUL in an attribute");
	scram_free(&s);
	buf_free(&out);

	begin(&s, &out);
	is_int(scram_step(&s, GOOD, sizeof(GOOD), &out), SASL_PROTOCOL,
	    "NUL behind the message");
	scram_free(&s);
	buf_free(&out);

	memset(big, 'x', sizeof(big));
	memcpy(big, GOOD ",x=", sizeof(GOOD) + 2);
	begin(&s, &out);
	is_int(scram_step(&s, big, sizeof(big), &out), SASL_PROTOCOL,
	    "a message of 64 KiB");
	scram_free(&s);
	buf_free(&out);

	begin(&s, &out);
	is_int(scram_step(&s, big, 3000, &out), SASL_OK,
	    "a message of 3000 bytes");
	scram_free(&s);
	buf_free(&out);

	begin(&s, &out);
	is_int(scram_step(&s, NULL, 0, &out), SASL_PROTOCOL,
	    "an empty challenge");
	scram_free(&s);
	buf_free(&out);
}

/* Everything out of its order. */
static void
test_order(void)
{
	const char *proof = finals[0].msg;
	struct scram s;
	struct buf out;

	begin(&s, &out);
	is_int(scram_success(&s, NULL, 0), SASL_BADSERVER,
	    "success before any challenge");
	is_int(step(&s, GOOD, &out), SASL_PROTOCOL, "is final");
	scram_free(&s);
	buf_free(&out);

	begin(&s, &out);
	is_int(scram_success(&s, GOOD, strlen(GOOD)), SASL_PROTOCOL,
	    "success with the challenge in it");
	scram_free(&s);
	buf_free(&out);

	begin(&s, &out);
	is_int(scram_success(&s, proof, strlen(proof)), SASL_PROTOCOL,
	    "success with a proof before any challenge");
	scram_free(&s);
	buf_free(&out);

	begin(&s, &out);
	(void)step(&s, GOOD, &out);
	is_int(scram_success(&s, NULL, 0), SASL_BADSERVER,
	    "success without a proof");
	is_int(scram_success(&s, proof, strlen(proof)), SASL_PROTOCOL,
	    "which cannot be had later");
	scram_free(&s);
	buf_free(&out);

	begin(&s, &out);
	(void)step(&s, GOOD, &out);
	is_int(step(&s, proof, &out), SASL_OK, "proof in a challenge");
	is_int((int)buf_len(&out), 0, "has an empty answer");
	is_int(step(&s, proof, &out), SASL_PROTOCOL, "and no second one");
	is_int(scram_success(&s, NULL, 0), SASL_BADSERVER,
	    "which spoils everything");
	scram_free(&s);
	buf_free(&out);

	begin(&s, &out);
	(void)step(&s, GOOD, &out);
	(void)step(&s, proof, &out);
	is_int(scram_success(&s, proof, strlen(proof)), SASL_PROTOCOL,
	    "proof in a challenge and again in success");
	scram_free(&s);
	buf_free(&out);

	begin(&s, &out);
	is_int(scram_first(&s, &out), SASL_PROTOCOL, "a second beginning");
	scram_free(&s);
	buf_free(&out);
}

/* --- random messages ------------------------------------------------------ */

/* Always the same ones: xorshift. */
static uint32_t
rnd(uint32_t below)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % below;
}

/* Change, insert or remove bytes, mostly such as have a meaning. */
static size_t
mutate(char *m, size_t n)
{
	static const char meant[] = ",=rsivmenpc+/09\n\0\377";
	uint32_t i, times = 1 + rnd(4);
	size_t at;

	while (times-- > 0 && n > 0) {
		at = rnd((uint32_t)n);
		switch (rnd(5)) {
		case 0:
			m[at] = (char)rnd(256);
			break;
		case 1:
			m[at] = meant[rnd(sizeof(meant))];
			break;
		case 2:
			memmove(m + at + 1, m + at, n - at);
			m[at] = meant[rnd(sizeof(meant))];
			n++;
			break;
		case 3:
			memmove(m + at, m + at + 1, n - at - 1);
			n--;
			break;
		default:
			for (i = 0; i < rnd(8) && at + i < n; i++)
				m[at + i] = (char)rnd(256);
		}
	}
	return n;
}

/* In memory of its own, that a byte read behind the end is found. */
static char *
random_message(const char *from, size_t *len)
{
	char m[512], *copy;
	size_t n = strlcpy(m, from, sizeof(m));

	if (rnd(8) == 0)
		for (*len = 0; *len < n; ++*len)
			m[*len] = (char)rnd(256);
	else
		*len = mutate(m, n);
	if ((copy = malloc(*len > 0 ? *len : 1)) == NULL)
		abort();
	memcpy(copy, m, *len);
	return copy;
}

static void
test_random(void)
{
	struct scram s;
	struct buf out;
	char *m;
	size_t i, n, odd = 0, let = 0;

	for (i = 0; i < RANDOM; i++) {
		m = random_message(GOOD, &n);
		begin(&s, &out);
		buf_truncate(&out, 0);
		if ((scram_step(&s, m, n, &out) == SASL_OK) !=
		    (buf_len(&out) > 0))
			odd++;
		if (scram_success(&s, NULL, 0) == SASL_OK)
			let++;
		scram_free(&s);
		buf_free(&out);
		free(m);
	}
	is_int((int)odd, 0, "%d random challenges: answered or refused",
	    RANDOM);
	is_int((int)let, 0, "and none is a login");
}

static void
test_random_final(void)
{
	const char *proof = finals[0].msg;
	struct scram s;
	struct buf out;
	char *m;
	size_t i, n, let = 0;

	begin(&s, &out);
	(void)step(&s, GOOD, &out);
	for (i = 0; i < RANDOM; i++) {
		m = random_message(proof, &n);
		s.state = SCRAM_PROVED;
		/* What only appends an attribute is still the proof. */
		if (scram_success(&s, m, n) == SASL_OK &&
		    (n < strlen(proof) ||
		    memcmp(m, proof, strlen(proof)) != 0))
			let++;
		free(m);
	}
	is_int((int)let, 0, "%d random proofs: none is taken", RANDOM);
	scram_free(&s);
	buf_free(&out);
}

/* --- sasl: choosing ------------------------------------------------------- */

#define MECHS(...)	(const char *const []){ __VA_ARGS__, NULL }

#define ALL	"PLAIN", "ANONYMOUS", "SCRAM-SHA-1", "DIGEST-MD5", \
		"SCRAM-SHA-256", "SCRAM-SHA-512", "X-OAUTH2", "EXTERNAL"
#define PLUS	"SCRAM-SHA-1-PLUS", "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS"

enum { NAMED = 1, PASSWORD = 2, CERT = 4, CLEAR = 8, BOUND = 16 };

static const struct choice {
	const char		*what;
	const char *const	*offered;
	unsigned		 have;
	enum sasl_result	 r;
	const char		*mech, *begins;
} choices[] = {
	{ "everything", MECHS(ALL, PLUS), NAMED | PASSWORD | CERT | CLEAR |
	    BOUND, SASL_OK, "EXTERNAL", "me@h" },
	{ "no certificate", MECHS(ALL, PLUS), NAMED | PASSWORD | CLEAR | BOUND,
	    SASL_OK, "SCRAM-SHA-512-PLUS", "p=tls-exporter,,n=me,r=" },
	{ "without SHA-512", MECHS("SCRAM-SHA-512", "SCRAM-SHA-256-PLUS",
	    "SCRAM-SHA-1-PLUS"), NAMED | PASSWORD | BOUND, SASL_OK,
	    "SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=me,r=" },
	{ "only SHA-1 is bound", MECHS("SCRAM-SHA-512", "SCRAM-SHA-1-PLUS"),
	    NAMED | PASSWORD | BOUND, SASL_OK, "SCRAM-SHA-1-PLUS",
	    "p=tls-exporter,,n=me,r=" },
	{ "no binding in common", MECHS(ALL, PLUS), NAMED | PASSWORD | CLEAR,
	    SASL_OK, "SCRAM-SHA-512", "n,,n=me,r=" },
	{ "no -PLUS offered", MECHS(ALL), NAMED | PASSWORD | BOUND, SASL_OK,
	    "SCRAM-SHA-512", "y,,n=me,r=" },
	{ "neither side binds", MECHS(ALL), NAMED | PASSWORD, SASL_OK,
	    "SCRAM-SHA-512", "n,,n=me,r=" },
	{ "an unknown -PLUS", MECHS("SCRAM-SHA-1", "SCRAM-SHA3-512-PLUS"),
	    NAMED | PASSWORD | BOUND, SASL_OK, "SCRAM-SHA-1", "n,,n=me,r=" },
	{ "SHA-256 over SHA-1", MECHS("SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN"),
	    NAMED | PASSWORD, SASL_OK, "SCRAM-SHA-256", "n,,n=me,r=" },
	{ "SHA-1 over PLAIN", MECHS("PLAIN", "SCRAM-SHA-1"), NAMED | PASSWORD |
	    CLEAR, SASL_OK, "SCRAM-SHA-1", "n,,n=me,r=" },
	{ "PLAIN", MECHS("PLAIN", "DIGEST-MD5"), NAMED | PASSWORD | CLEAR,
	    SASL_OK, "PLAIN", NULL },
	{ "PLAIN not allowed", MECHS("PLAIN", "DIGEST-MD5"), NAMED | PASSWORD,
	    SASL_PLAINONLY, NULL, NULL },
	{ "PLAIN not allowed, no password", MECHS("PLAIN"), NAMED,
	    SASL_PLAINONLY, NULL, NULL },
	{ "no password", MECHS(ALL), NAMED | CLEAR, SASL_NOPASSWORD,
	    NULL, NULL },
	{ "no password for PLAIN", MECHS("PLAIN"), NAMED | CLEAR,
	    SASL_NOPASSWORD, NULL, NULL },
	{ "a certificate is enough", MECHS(ALL, PLUS), NAMED | CERT, SASL_OK,
	    "EXTERNAL", "me@h" },
	{ "a certificate that is not asked for", MECHS("SCRAM-SHA-1"), NAMED |
	    CERT | PASSWORD, SASL_OK, "SCRAM-SHA-1", "n,,n=me,r=" },
	{ "nobody", MECHS(ALL, PLUS), CERT | CLEAR | BOUND | PASSWORD, SASL_OK,
	    "ANONYMOUS", "" },
	{ "nobody, where somebody is asked for", MECHS("PLAIN", "SCRAM-SHA-1"),
	    CLEAR | PASSWORD, SASL_NOMECH, NULL, NULL },
	{ "somebody is never nobody", MECHS("ANONYMOUS"), NAMED | PASSWORD |
	    CLEAR, SASL_NOMECH, NULL, NULL },
	{ "nothing known", MECHS("DIGEST-MD5", "scram-sha-1", "SCRAM-SHA-1 ",
	    "-PLUS"), NAMED | PASSWORD | CLEAR, SASL_NOMECH, NULL, NULL },
	{ "nothing at all", MECHS(NULL), NAMED | PASSWORD, SASL_NOMECH, NULL,
	    NULL },
};

static void
test_choice(const struct choice *c)
{
	struct sasl_cred cred = { 0 };
	struct tls_binding cb[2];
	struct sasl *s;
	struct buf out;
	size_t n;

	cred.user = c->have & NAMED ? "me" : "";
	cred.password = c->have & PASSWORD ? "pencil" : NULL;
	cred.authzid = "me@h";
	cred.external = !!(c->have & CERT);
	cred.plain = !!(c->have & CLEAR);
	binding(&cb[0], "tls-exporter", 32);
	binding(&cb[1], "tls-server-end-point", 32);
	for (n = 0; c->offered[n] != NULL; n++)
		;
	buf_init(&out, MSG);
	(void)buf_addstr(&out, "what was there before");
	if (!is_int(sasl_new(&s, &cred, c->offered, n, cb,
	    c->have & BOUND ? 2 : 0), c->r, "choice: %s", c->what) ||
	    c->r != SASL_OK) {
		ok(s == NULL, "and nothing to free");
	} else {
		is(sasl_mechanism(s), c->mech, "%s: mechanism", c->what);
		is_int(sasl_first(s, &out), SASL_OK, "%s: first", c->what);
		if (c->begins != NULL)
			ok(strncmp(text(&out), c->begins,
			    strlen(c->begins)) == 0, "%s: begins with %s",
			    c->what, c->begins);
	}
	sasl_free(s);
	buf_free(&out);
}

/* --- sasl: whole exchanges ------------------------------------------------ */

static struct sasl *
start(const char *user, const char *password, const char *mech,
    struct buf *out)
{
	struct sasl_cred cred = { 0 };
	struct sasl *s;

	cred.user = user;
	cred.password = password;
	cred.external = 1;
	cred.plain = 1;
	buf_init(out, BIG);
	if (sasl_new(&s, &cred, &mech, 1, NULL, 0) != SASL_OK)
		return NULL;
	return s;
}

static void
test_plain(void)
{
	static const char want[] = "\0me\0pen,=cil";
	struct buf out;
	struct sasl *s = start("me", "pen,=cil", "PLAIN", &out);

	is_int(sasl_success(s, NULL, 0), SASL_PROTOCOL,
	    "PLAIN: success before anything");
	is_int(sasl_first(s, &out), SASL_OK, "PLAIN: first");
	ok(buf_len(&out) == sizeof(want) - 1 &&
	    memcmp(buf_data(&out), want, sizeof(want) - 1) == 0,
	    "PLAIN: message");
	is_int(sasl_success(s, NULL, 0), SASL_OK, "PLAIN: success");
	is_int(sasl_first(s, &out), SASL_PROTOCOL, "PLAIN: not twice");
	is_int((int)buf_len(&out), 0, "PLAIN: nor a trace of it");
	is_int(sasl_step(s, "x", 1, &out), SASL_PROTOCOL,
	    "PLAIN: a challenge makes no sense");
	sasl_free(s);
	buf_free(&out);
}

static void
test_others(void)
{
	struct buf out;
	struct sasl *s = start("me", NULL, "EXTERNAL", &out);

	is_int(sasl_first(s, &out), SASL_OK, "EXTERNAL without authzid");
	is_int((int)buf_len(&out), 0, "says nothing");
	is_int(sasl_step(s, "", 0, &out), SASL_PROTOCOL,
	    "EXTERNAL: a challenge makes no sense");
	is_int(sasl_success(s, NULL, 0), SASL_OK, "EXTERNAL: success");
	sasl_free(s);
	buf_free(&out);

	s = start(NULL, NULL, "ANONYMOUS", &out);
	is_int(sasl_first(s, &out), SASL_OK, "ANONYMOUS");
	is_int((int)buf_len(&out), 0, "says nothing");
	is_int(sasl_success(s, NULL, 0), SASL_OK, "ANONYMOUS: success");
	sasl_free(s);
	buf_free(&out);
}

/* A server: hash's proof for the account with these bytes as its salt. */
static size_t
prove(const char *hash, const char *password, const char *auth,
    unsigned char *v)
{
	const EVP_MD *md = EVP_get_digestbyname(hash);
	unsigned char salted[EVP_MAX_MD_SIZE], key[EVP_MAX_MD_SIZE];
	unsigned n = (unsigned)EVP_MD_size(md);

	if (PKCS5_PBKDF2_HMAC(password, -1, (const unsigned char *)"A", 1,
	    4096, md, (int)n, salted) != 1 ||
	    HMAC(md, salted, (int)n, (const unsigned char *)"Server Key", 10,
	    key, NULL) == NULL ||
	    HMAC(md, key, (int)n, (const unsigned char *)auth, strlen(auth),
	    v, NULL) == NULL)
		abort();
	return n;
}

/* A login with a nonce that the program chose, to a server whose password
 * is another one unless they are the same. */
static void
test_exchange(const char *mech, const char *hash, const char *known,
    enum sasl_result want)
{
	char first[MSG], challenge[MSG + 64], auth[BIG], final[MSG];
	unsigned char v[EVP_MAX_MD_SIZE];
	struct buf out;
	struct sasl *s = start("me", "pencil", mech, &out);
	size_t n;

	is_int(sasl_first(s, &out), SASL_OK, "%s: first", mech);
	(void)snprintf(first, sizeof(first), "%s", text(&out));
	is_int((int)strlen(first), (int)strlen("n,,n=me,r=") + 32,
	    "%s: a nonce of 192 bits", mech);
	(void)snprintf(challenge, sizeof(challenge), "%sserver,s=QQ==,i=4096",
	    strstr(first, "r="));
	is_int(sasl_step(s, challenge, strlen(challenge), &out), SASL_OK,
	    "%s: step", mech);
	(void)snprintf(auth, sizeof(auth), "%s,%s,%s", first + 3, challenge,
	    text(&out));
	*strstr(auth, ",p=") = '\0';
	n = prove(hash, known, auth, v);
	n = strlcpy(final, "v=", sizeof(final)) +
	    base64_encode(final + 2, v, n);
	is_int(sasl_success(s, final, n), want, "%s: success from a server "
	    "that knows %s", mech, known);
	sasl_free(s);
	buf_free(&out);
}

static void
test_nonces(void)
{
	char a[SCRAM_NONCE], b[SCRAM_NONCE];

	is_int(scram_nonce(a), 0, "a nonce");
	is_int(scram_nonce(b), 0, "another");
	ok(strcmp(a, b) != 0, "are not the same");
	ok(strlen(a) == 32 && strchr(a, ',') == NULL, "without a comma");
}

static void
test_passwords(void)
{
	static const struct {
		const char *what, *user, *password;
	} bad[] = {
		{ "empty password", "me", "" },
		{ "control character", "me", "a\001b" },
		{ "not UTF-8", "me", "a\377b" },
		{ "private use", "me", "\356\200\200" },
		{ "nothing left", "me", "\302\255" },
		{ "empty name once prepared", "\302\255", "x" },
		{ "name with a control character", "m\001e", "x" },
	};
	static const char *const mechs[] = { "SCRAM-SHA-1" };
	static char huge[8192];
	struct sasl_cred cred = { 0 };
	struct sasl *s;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		cred.user = bad[i].user;
		cred.password = bad[i].password;
		is_int(sasl_new(&s, &cred, mechs, 1, NULL, 0),
		    SASL_BADPASSWORD, "password: %s", bad[i].what);
		ok(s == NULL, "and nothing to free");
	}
	memset(huge, 'a', sizeof(huge) - 1);
	cred.user = "me";
	cred.password = huge;
	is_int(sasl_new(&s, &cred, mechs, 1, NULL, 0), SASL_BADPASSWORD,
	    "password: 8 KB");
	cred.user = huge;
	cred.password = "x";
	is_int(sasl_new(&s, &cred, mechs, 1, NULL, 0), SASL_BADPASSWORD,
	    "name: 8 KB");
}

/* The longest name, all of it escaped. */
static void
test_long_name(void)
{
	static char name[1024];
	struct buf out;
	struct sasl *s;

	memset(name, '=', sizeof(name) - 1);
	s = start(name, "x", "SCRAM-SHA-1", &out);
	is_int(sasl_first(s, &out), SASL_OK, "a name of 1023 bytes");
	is_int((int)buf_len(&out), 3 * 1023 + 8 + 32, "all escaped");
	sasl_free(s);
	buf_free(&out);
}

static void
test_results(void)
{
	int r;

	for (r = SASL_OK; r <= SASL_NOMEM; r++)
		ok(strcmp(sasl_strresult(r), "unknown result") != 0,
		    "result %d: %s", r, sasl_strresult(r));
	sasl_free(NULL);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < COUNT(vectors); i++)
		test_vector(&vectors[i]);
	test_firsts();
	test_finals();
	test_bytes();
	test_order();
	test_random();
	test_random_final();
	for (i = 0; i < COUNT(choices); i++)
		test_choice(&choices[i]);
	test_plain();
	test_others();
	test_exchange("SCRAM-SHA-1", "SHA1", "pencil", SASL_OK);
	test_exchange("SCRAM-SHA-256", "SHA256", "pencil", SASL_OK);
	test_exchange("SCRAM-SHA-512", "SHA512", "pencil", SASL_OK);
	test_exchange("SCRAM-SHA-512", "SHA512", "pen", SASL_BADSERVER);
	test_nonces();
	test_passwords();
	test_long_name();
	test_results();
	return tap_done();
}
