/* peer: see peer.h. */
#include <stddef.h>
#include <string.h>

#include <openssl/crypto.h>

#include "net/conf/code.h"
#include "net/conf/peer.h"

#define HASH		"SHA256:"
#define HASH_DIGITS	43		/* base64 of 32 bytes, unpadded */
#define HYPHENS		3		/* of a code as it is printed */
#define GROUP		4		/* digits between them */

int
peer_is_key(const char *text)
{
	static const char	 base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	return strncmp(text, HASH, strlen(HASH)) == 0 &&
	    strlen(text) == strlen(HASH) + HASH_DIGITS &&
	    strspn(text + strlen(HASH), base64) == HASH_DIGITS;
}

/* The last =SHA256: in text, or NULL. */
static char *
peer_last_key(char *text)
{
	char	*p = text, *last = NULL;

	while ((p = strstr(p, "=" HASH)) != NULL)
		last = p++;
	return last;
}

enum peer_proof
peer_cut_key(char *text, char **proof, const char **why)
{
	char	*mark;

	*proof = NULL;
	if ((mark = peer_last_key(text)) == NULL)
		return PEER_NONE;
	*mark = '\0';
	*proof = mark + 1;
	if (peer_is_key(*proof))
		return PEER_KEY;
	*why = "after = comes SHA256: and 43 characters, as xcat -K prints "
	    "them";
	return PEER_BAD;
}

/* What a text is made of. */
struct shape {
	size_t	 chars;		/* all, but for what stands between groups */
	size_t	 digits;
	size_t	 hyphens;
	size_t	 gaps;		/* these, and what stands in their place */
	size_t	 fours;		/* groups as long as those of a code */
	int	 upper, lower, others;	/* are there any? */
	int	 behind;	/* a letter somewhere behind a digit */
	int	 inside;	/* a letter right behind one */
	int	 hex;		/* nothing but hexadecimal digits */
};

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of what stands between two groups here: a hyphen, a space, or a dash
 * that a program has made of the hyphen, U+2010 to U+2015 or U+2212.  0: no
 * group ends here. */
static size_t
shape_gap(const char *p)
{
	if (*p == '-' || *p == ' ')
		return 1;
	return (strncmp(p, "\xe2\x80", 2) == 0 && p[2] >= '\x90' &&
	    p[2] <= '\x95') || strncmp(p, "\xe2\x88\x92", 3) == 0 ? 3 : 0;
}

/* c comes behind the character before, which is '\0' at the beginning of a
 * group. */
static void
shape_char(struct shape *s, const char *before, char c)
{
	s->chars++;
	if (strchr("0123456789ABCDEFabcdef", c) == NULL)
		s->hex = 0;
	if (is_digit(c)) {
		s->digits++;
		return;
	}
	s->behind |= s->digits > 0;
	s->inside |= is_digit(*before);
	if (c >= 'A' && c <= 'Z')
		s->upper = 1;
	else if (c >= 'a' && c <= 'z')
		s->lower = 1;
	else
		s->others = 1;
}

static struct shape
shape_of(const char *text)
{
	struct shape	 s = { .hex = 1 };
	size_t		 gap, group = 0;

	for (; *text != '\0'; text += gap > 0 ? gap : 1) {
		if ((gap = shape_gap(text)) == 0) {
			shape_char(&s, group++ > 0 ? &text[-1] : "", *text);
			continue;
		}
		s.hyphens += *text == '-';
		s.gaps++;
		s.fours += group == GROUP;
		group = 0;
	}
	s.fours += group == GROUP;
	return s;
}

/* Sixteen characters that code_read() does not take, fewer or more, without
 * what only names and identifiers have: digits at their end alone, hexadecimal
 * digits alone, letters in both cases.  Names in lower case are many, and a
 * code in lower case was typed, so that little of it is missing. */
static int
shape_is_code(const struct shape *s)
{
	if (s->others || s->hex || !s->behind || (s->upper && s->lower) ||
	    (s->gaps > 0 && s->fours == 0))
		return 0;
	if (!s->lower)
		return s->chars >= 8 && s->chars <= 20;
	if (!s->inside || s->digits < 2)
		return 0;
	return s->gaps > 0 ? s->chars >= 11 && s->chars <= 20 :
	    s->chars >= 14 && s->chars <= 18;
}

/* Is this more likely to be a damaged code than the end of a resource?  The
 * servers are not to learn a code, damaged or not. */
static int
peer_resembles_code(const char *text)
{
	const struct shape	 s = shape_of(text);
	size_t			 len = strlen(text);

	if (strpbrk(text, "/@") != NULL)
		return 0;
	if (s.hyphens == HYPHENS && s.gaps == HYPHENS && len > CODE_TEXT - 6 &&
	    len < CODE_TEXT + 4)
		return s.digits > 0 || !s.lower;
	return shape_is_code(&s);
}

static enum peer_proof
peer_cut_code(char *text, char **proof, const char **why)
{
	unsigned char	 bits[CODE_BYTES];
	enum peer_proof	 kind = PEER_NONE;
	char		*mark;

	if ((mark = strrchr(text, '=')) == NULL)
		return PEER_NONE;
	if (strcmp(mark + 1, "-") == 0)
		kind = PEER_ASK;
	else if (code_read(mark + 1, bits) == 0)
		kind = PEER_CODE;
	else if (peer_resembles_code(mark + 1))
		kind = PEER_BAD;
	OPENSSL_cleanse(bits, sizeof(bits));
	*why = "its code is damaged: a code has sixteen letters and digits, "
	    "and no U; if what follows the last = is no code, write =SHA256:"
	    "... behind it, the peer's key";
	if (kind == PEER_NONE)
		return kind;
	*mark = '\0';
	*proof = mark + 1;
	return kind;
}

enum peer_proof
peer_cut(char *text, char **proof, const char **why)
{
	enum peer_proof	 kind = peer_cut_key(text, proof, why);

	return kind != PEER_NONE ? kind : peer_cut_code(text, proof, why);
}
