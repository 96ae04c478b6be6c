/* code: see code.h. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "net/conf/code.h"

#define DIGITS		(8 * CODE_BYTES / 5)
#define GROUP		4		/* digits between hyphens */
#define SALT		"xcat code 0 "	/* the listener's JID follows */
/* scrypt's parameters: 16 MiB, which OpenSSL allows without being asked. */
#define COST		(16 * 1024)
#define BLOCK		8
#define PARALLEL	1

static const char	 alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int
code_make(unsigned char *bits)
{
	return RAND_priv_bytes(bits, CODE_BYTES) == 1 ? 0 : -1;
}

/* The five bits of digit i. */
static unsigned
code_digit(const unsigned char *bits, unsigned i)
{
	unsigned	 at = 5 * i, two;

	two = (unsigned)bits[at / 8] << 8;
	if (at / 8 + 1 < CODE_BYTES)
		two |= bits[at / 8 + 1];
	return two >> (11 - at % 8) & 31;
}

void
code_write(const unsigned char *bits, char *out)
{
	unsigned	 i;

	for (i = 0; i < DIGITS; i++) {
		if (i > 0 && i % GROUP == 0)
			*out++ = '-';
		*out++ = alphabet[code_digit(bits, i)];
	}
	*out = '\0';
}

/* The value of a digit as it is typed; -1 if it is none. */
static int
code_value(char typed)
{
	int		 c = toupper((unsigned char)typed);
	const char	*p;

	if (c == 'O')
		c = '0';
	else if (c == 'I' || c == 'L')
		c = '1';
	p = c != '\0' ? strchr(alphabet, c) : NULL;
	return p != NULL ? (int)(p - alphabet) : -1;
}

int
code_read(const char *text, unsigned char *bits)
{
	unsigned	 n = 0, held = 0, i = 0, spare;
	int		 value;

	for (; *text != '\0'; text++) {
		if (*text == '-')
			continue;
		if (n == DIGITS || (value = code_value(*text)) == -1)
			return -1;
		held = held << 5 | (unsigned)value;
		n++;
		if (5 * n >= 8 * (i + 1)) {
			spare = 5 * n - 8 * (i + 1);
			bits[i++] = (unsigned char)(held >> spare);
			held &= (1U << spare) - 1;
		}
	}
	return n == DIGITS ? 0 : -1;
}

int
code_stretch(const unsigned char *bits, const char *jid, unsigned char *secret)
{
	char	 salt[4096];
	int	 len, ok;

	len = snprintf(salt, sizeof(salt), "%s%s", SALT, jid);
	if (len < 0 || (size_t)len >= sizeof(salt))
		return -1;
	ok = EVP_PBE_scrypt((const char *)bits, CODE_BYTES,
	    (const unsigned char *)salt, (size_t)len, COST, BLOCK,
	    PARALLEL, 0, secret, CODE_SECRET) == 1;
	return ok ? 0 : -1;
}
