/*
 * Unit tests of net/conf/code and net/conf/peer: the base32 of a code, damaged
 * at every place, and what may follow the address of a peer.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "net/conf/code.h"
#include "net/conf/peer.h"
#include "t/lib/tap.h"

#define KEY	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define DASH	"\xe2\x80\x93"
#define MINUS	"\xe2\x88\x92"
#define ALPHABET "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

static const unsigned char	 bits[CODE_BYTES] = {
	0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf
};
static const char		 text[] = "0123-4567-89AB-CDEF";

static int
reads(const char *given, const unsigned char *want)
{
	unsigned char	 got[CODE_BYTES];

	return code_read(given, got) == 0 && memcmp(got, want, sizeof(got)) ==
	    0;
}

static int
is_none(const char *given)
{
	unsigned char	 got[CODE_BYTES];

	return code_read(given, got) == -1;
}

/* --- base32 --------------------------------------------------------------- */

static void
test_known(void)
{
	char	 out[CODE_TEXT];

	code_write(bits, out);
	is(out, text, "a code is written in groups");
	ok(reads(text, bits), "and read");
	ok(reads("0123456789abcdef", bits), "without hyphens, in lower case");
	ok(reads("oi23-4567-89ab-cdef", bits), "o and i are 0 and 1");
	ok(reads("OL23-4567-89AB-CDEF", bits), "O and L are 0 and 1");
	ok(reads("0l23-4567-89AB-CDEF", bits), "so is l");
	ok(reads("-01-23456-789ABCDE-F-", bits), "with hyphens anywhere");
}

static void
test_drawn(void)
{
	unsigned char	 a[CODE_BYTES], b[CODE_BYTES];
	char		 out[CODE_TEXT];
	int		 i, good = 0, plain = 0;

	for (i = 0; i < 1000; i++) {
		if (code_make(a) == -1)
			continue;
		code_write(a, out);
		good += reads(out, a);
		plain += strspn(out, ALPHABET "-") == CODE_TEXT - 1;
	}
	is_int(good, 1000, "what is written can be read, 1000 times");
	is_int(plain, 1000, "in an alphabet without I, L, O and U");
	ok(code_make(a) == 0 && code_make(b) == 0 &&
	    memcmp(a, b, sizeof(a)) != 0, "no two codes are alike");
}

/* Each digit in turn becomes each character. */
static void
test_damage(void)
{
	char	 damaged[CODE_TEXT];
	size_t	 i;
	int	 c, none = 0, same = 0, other = 0, wrong = 0;

	for (i = 0; i < CODE_TEXT - 1; i++)
		for (c = 1; c < 256; c++) {
			memcpy(damaged, text, sizeof(damaged));
			if (text[i] == '-')
				continue;
			damaged[i] = (char)c;
			if (strchr(ALPHABET "ILO", toupper(c)) == NULL) {
				none += is_none(damaged);
				wrong += !is_none(damaged);
			} else if (reads(damaged, bits)) {
				same++;
			} else {
				other += !is_none(damaged);
				wrong += is_none(damaged);
			}
		}
	is_int(wrong, 0, "a damaged digit is none, or another one");
	/* 26 letters less U in both cases, and ten digits. */
	is_int(none, 16 * (255 - 60), "what is no digit is refused");
	is_int(same + other, 16 * 60, "what is one is taken");
	/* 0 has o and O, 1 has i, I, l and L, A to F have both cases. */
	is_int(same, 16 + 2 + 4 + 6, "only a digit's other forms are alike");
}

static void
test_length(void)
{
	ok(is_none(""), "nothing is no code");
	ok(is_none("----"), "hyphens are none");
	ok(is_none("0123-4567-89AB-CDE"), "a digit is missing");
	ok(is_none("0123-4567-89AB-CDEF0"), "a digit is too many");
	ok(is_none("0123 4567 89AB CDEF"), "blanks are none");
	ok(is_none("0123-4567-89AB-CDEU"), "U is no digit");
	ok(is_none("0123-4567-89AB-CDE\xc3\xa9"), "nor is what is not ASCII");
}

static void
test_stretched(void)
{
	unsigned char	 a[CODE_SECRET], b[CODE_SECRET], other[CODE_BYTES];
	char		 jid[5000];

	memcpy(other, bits, sizeof(other));
	other[CODE_BYTES - 1] ^= 1;
	ok(code_stretch(bits, "b@h/x", a) == 0 &&
	    code_stretch(bits, "b@h/x", b) == 0 && memcmp(a, b, sizeof(a)) ==
	    0, "a code and an address make one secret");
	ok(code_stretch(bits, "b@h/y", b) == 0 && memcmp(a, b, sizeof(a)) != 0,
	    "another resource makes another");
	ok(code_stretch(other, "b@h/x", b) == 0 &&
	    memcmp(a, b, sizeof(a)) != 0, "so does another code");
	memset(jid, 'a', sizeof(jid));
	jid[sizeof(jid) - 1] = '\0';
	is_int(code_stretch(bits, jid, b), -1, "no address is so long");
}

/* --- what follows an address ---------------------------------------------- */

static void
cuts(const char *given, enum peer_proof kind, const char *address,
    const char *follows)
{
	char		 copy[256], *proof;
	const char	*why = NULL;

	strlcpy(copy, given, sizeof(copy));
	is_int(peer_cut(copy, &proof, &why), kind, "%s: what follows", given);
	if (kind == PEER_BAD) {
		ok(why != NULL, "%s: why not", given);
		return;
	}
	is(copy, address, "%s: the address", given);
	if (follows == NULL)
		ok(proof == NULL, "%s: nothing follows", given);
	else
		is(proof, follows, "%s: it", given);
}

static void
test_peers(void)
{
	cuts("b@h/x", PEER_NONE, "b@h/x", NULL);
	cuts("b@h/x=" KEY, PEER_KEY, "b@h/x", KEY);
	cuts("b@h=" KEY, PEER_KEY, "b@h", KEY);
	cuts("b@h/x=1=" KEY, PEER_KEY, "b@h/x=1", KEY);
	cuts("b@h/=" KEY "=" KEY, PEER_KEY, "b@h/=" KEY, KEY);
	cuts("b@h/=SHA256:x=" KEY, PEER_KEY, "b@h/=SHA256:x", KEY);
	cuts("b@h/x=SHA256:short", PEER_BAD, NULL, NULL);
	cuts("b@h/x=" KEY "A", PEER_BAD, NULL, NULL);
	cuts("b@h/x=SHA256:", PEER_BAD, NULL, NULL);
	cuts("b@h/x=0123-4567-89ab-cdef", PEER_CODE, "b@h/x",
	    "0123-4567-89ab-cdef");
	cuts("b@h/x=0123456789ABCDEF", PEER_CODE, "b@h/x",
	    "0123456789ABCDEF");
	cuts("b@h/a=0123-4567-89AB-CDEF=" KEY, PEER_KEY,
	    "b@h/a=0123-4567-89AB-CDEF", KEY);
	cuts("b@h/x=0123-4567-89AB-CDEU", PEER_BAD, NULL, NULL);
	cuts("b@h/x=0123-4567-89AB-CDE", PEER_BAD, NULL, NULL);
	cuts("b@h/x=0123-4567-89AB-CDEF0", PEER_BAD, NULL, NULL);
	cuts("b@h/x=-", PEER_ASK, "b@h/x", "-");
	cuts("b@h/x=y", PEER_NONE, "b@h/x=y", NULL);
	cuts("a=b@h/x", PEER_NONE, "a=b@h/x", NULL);
	cuts("b@h/x=a-long-resource-of-another-kind", PEER_NONE,
	    "b@h/x=a-long-resource-of-another-kind", NULL);
	cuts("", PEER_NONE, "", NULL);
}

/* A peer with this behind the sign, valid until the next call. */
static const char *
behind(const char *what)
{
	static char	 given[128];

	snprintf(given, sizeof(given), "b@h/xcat=%s", what);
	return given;
}

/* Of a code with which something has happened no server learns a part. */
static void
test_damaged_peers(void)
{
	static const char *const	 damaged[] = {
		"7QNM0Z3KV5RT2XG", "7QNM0Z3KV5RT2XGHJ", "7QNM0Z3KV5RT2XGU",
		"7QNM0Z3KV5RT", "7QNM0Z3K", "7QNM-0Z3K-V5RT", "7QNM-0Z3K",
		"7QNM-0Z3K-V5RT-2XGH-7QNM", "7QNM-0Z3K-V5RT-2X?H",
		"7QNM0Z3K-V5RT", "7QNM 0Z3K V5RT 2XGH",
		"7QNM" DASH "0Z3K" DASH "V5RT" DASH "2XGH",
		"7QNM" MINUS "0Z3K" MINUS "V5RT",
		"7qnm0z3kv5rt2xg", "7qnm0z3kv5rt2xghj", "7qnm-0z3k-v5rt",
		"7qnm-0z3k-v5rt-2xg", "0123-4567-89ab-cde",
		"QNMZ-KVRT-XGHJ-MMM",
	};
	size_t				 i;

	for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++)
		cuts(behind(damaged[i]), PEER_BAD, NULL, NULL);
}

/* Resources that servers and people give. */
static void
test_resources(void)
{
	static const char *const	 resources[] = {
		"laptop", "SERVER01", "WORKSTATION7", "LAPTOP-3F2K9Q1",
		"DESKTOP-4KJ2L9M", "myworkstation1", "workstation2024",
		"web1-prod-east", "k8s-node-west", "my-big-home-server",
		"my old mac mini2", "Gajim.3K9QX7ZP", "5f2a9c01",
		"5f2a9c01b7de",
		"5F2A9C01B7DE", "1234567890", "12345678901234567890",
		"5f2a9c01b7de4", "aB3dE5fG7hJ9kLm", "k3j9x0q2m5vz", "2",
		"f47ac10b-58cc-4372-a567-0e02b2c3d479", "A1", "7QNM0Z3",
		"b64text/7QNM0Z3KV5RT2XG", "7QNM0Z3KV5RT2XG7QNM0Z3KV5RT",
		"caf\xc3\xa9-7QNM-0Z3K",
	};
	const char			*given;
	size_t				 i;

	for (i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		given = behind(resources[i]);
		cuts(given, PEER_NONE, given, NULL);
	}
	cuts("b@h/xcat=WEB1PROD=" KEY, PEER_KEY, "b@h/xcat=WEB1PROD", KEY);
}

static void
test_callers(void)
{
	char		 copy[] = "a@h/x=0123-4567-89AB-CDEF", *proof;
	const char	*why;

	is_int(peer_cut_key(copy, &proof, &why), PEER_NONE,
	    "-a takes no codes");
	ok(peer_is_key(KEY) && !peer_is_key(KEY "A") && !peer_is_key(KEY "=") &&
	    !peer_is_key(&KEY[1]) && !peer_is_key(""), "what a key is");
}

int
main(void)
{
	test_known();
	test_drawn();
	test_damage();
	test_length();
	test_stretched();
	test_peers();
	test_damaged_peers();
	test_resources();
	test_callers();
	return tap_done();
}
