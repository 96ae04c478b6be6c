/*
 * base64: encoding and decoding, with vectors where the processor has them.
 */
#include <stdint.h>
#include <string.h>

#include "xml/base64.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/* What a character means; 0 if nothing. */
#define PAD	1
#define SPACE	2
#define DIGIT	64		/* and its value in the lower bits */
#define D(n)	(DIGIT + (n))

static const unsigned char meaning[256] = {
	['\t'] = SPACE, ['\n'] = SPACE, ['\r'] = SPACE, [' '] = SPACE,
	['='] = PAD,
	['A'] = D(0), ['B'] = D(1), ['C'] = D(2), ['D'] = D(3),
	['E'] = D(4), ['F'] = D(5), ['G'] = D(6), ['H'] = D(7),
	['I'] = D(8), ['J'] = D(9), ['K'] = D(10), ['L'] = D(11),
	['M'] = D(12), ['N'] = D(13), ['O'] = D(14), ['P'] = D(15),
	['Q'] = D(16), ['R'] = D(17), ['S'] = D(18), ['T'] = D(19),
	['U'] = D(20), ['V'] = D(21), ['W'] = D(22), ['X'] = D(23),
	['Y'] = D(24), ['Z'] = D(25), ['a'] = D(26), ['b'] = D(27),
	['c'] = D(28), ['d'] = D(29), ['e'] = D(30), ['f'] = D(31),
	['g'] = D(32), ['h'] = D(33), ['i'] = D(34), ['j'] = D(35),
	['k'] = D(36), ['l'] = D(37), ['m'] = D(38), ['n'] = D(39),
	['o'] = D(40), ['p'] = D(41), ['q'] = D(42), ['r'] = D(43),
	['s'] = D(44), ['t'] = D(45), ['u'] = D(46), ['v'] = D(47),
	['w'] = D(48), ['x'] = D(49), ['y'] = D(50), ['z'] = D(51),
	['0'] = D(52), ['1'] = D(53), ['2'] = D(54), ['3'] = D(55),
	['4'] = D(56), ['5'] = D(57), ['6'] = D(58), ['7'] = D(59),
	['8'] = D(60), ['9'] = D(61), ['+'] = D(62), ['/'] = D(63),
};

/*
 * Where compiler and processor have vectors whose bytes can be moved about,
 * they take 12 bytes or 16 digits at a time, and the loops further below take
 * only the rest.
 */
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector) && \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#if defined(__x86_64__) && __has_builtin(__builtin_cpu_supports)
#define VECTORS		__attribute__((__target__("ssse3")))
#define HAVE_VECTORS	__builtin_cpu_supports("ssse3")
#elif defined(__aarch64__)
#define VECTORS
#define HAVE_VECTORS	1
#endif
#endif
#endif

#ifdef VECTORS
typedef uint8_t	 vec __attribute__((__vector_size__(16)));
typedef int8_t	 svec __attribute__((__vector_size__(16)));
typedef uint32_t vec32 __attribute__((__vector_size__(16)));

#define VEC_DIGITS	16
#define VEC_BYTES	12

/* n in each byte for which the comparison holds, and 0 in each for which not.
 */
#define IF(comparison, n)	((vec)(comparison) & (uint8_t)(n))

/* Both return how much they have done; the decoder stops before a vector with
 * something else than digits in it. */

VECTORS static size_t
encode_vectors(char *out, const unsigned char *in, size_t len)
{
	size_t n;
	vec v;
	vec32 w;
	svec six;

	/* More bytes are read than used. */
	for (n = 0; len - n >= sizeof(v); n += VEC_BYTES) {
		memcpy(&v, in + n, sizeof(v));
		/* 24 bits, of which the first byte is the highest. */
		w = (vec32)__builtin_shufflevector(v, v, 2, 1, 0, 0, 5, 4, 3, 3,
		    8, 7, 6, 6, 11, 10, 9, 9);
		v = (vec)((w >> 18 & 0x3f) | (w >> 4 & 0x3f00) |
		    (w << 10 & 0x3f0000) | (w << 24 & 0x3f000000));
		six = (svec)v;
		v += 'A' + IF(six > 25, 'a' - 'Z' - 1) +
		    IF(six > 51, '0' - 'z' - 1) + IF(six > 61, '+' - '9' - 1) +
		    IF(six > 62, '/' - '+' - 1);
		memcpy(out, &v, sizeof(v));
		out += VEC_DIGITS;
	}
	return n;
}

VECTORS static int
all_set(svec v)
{
	uint64_t half[2];

	memcpy(half, &v, sizeof(v));
	return (half[0] & half[1]) == UINT64_MAX;
}

VECTORS static size_t
decode_vectors(unsigned char *out, const unsigned char *in, size_t len)
{
	size_t n;
	svec s, upper, lower, digit, plus, slash;
	vec v;
	vec32 w;

	for (n = 0; len - n >= VEC_DIGITS; n += VEC_DIGITS) {
		memcpy(&s, in + n, sizeof(s));
		upper = (s >= 'A') & (s <= 'Z');
		lower = (s >= 'a') & (s <= 'z');
		digit = (s >= '0') & (s <= '9');
		plus = s == '+';
		slash = s == '/';
		if (!all_set(upper | lower | digit | plus | slash))
			break;
		w = (vec32)((vec)s - IF(upper, 'A') - IF(lower, 'a' - 26) +
		    IF(digit, 52 - '0') + IF(plus, 62 - '+') +
		    IF(slash, 63 - '/'));
		v = (vec)((w << 18 & 0xfc0000) | (w << 4 & 0x3f000) |
		    (w >> 10 & 0xfc0) | w >> 24);
		v = __builtin_shufflevector(v, v, 2, 1, 0, 6, 5, 4, 10, 9, 8,
		    14, 13, 12, 3, 3, 3, 3);
		memcpy(out, &v, VEC_BYTES);
		out += VEC_BYTES;
	}
	return n;
}
#else
#define HAVE_VECTORS	0
#define encode_vectors(out, in, len)	0
#define decode_vectors(out, in, len)	0
#endif

size_t
base64_encode(char *out, const void *data, size_t len)
{
	const unsigned char *in = data;
	char *o = out;
	uint32_t v;
	size_t n;

	if (HAVE_VECTORS) {
		n = encode_vectors(out, in, len);
		in += n;
		len -= n;
		o += n / 3 * 4;
	}
	for (; len >= 3; len -= 3, in += 3) {
		v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		*o++ = digits[v >> 6 & 63];
		*o++ = digits[v & 63];
	}
	if (len > 0) {
		v = (uint32_t)in[0] << 16;
		if (len == 2)
			v |= (uint32_t)in[1] << 8;
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		*o++ = digits[len == 2 ? v >> 6 & 63 : 64];
		*o++ = '=';
	}
	return (size_t)(o - out);
}

/* Whole groups of four digits, up to the first that is something else. */
static const unsigned char *
decode_run(unsigned char **out, const unsigned char *s,
    const unsigned char *end)
{
	unsigned char a, b, c, d, *o = *out;
	size_t n;

	if (HAVE_VECTORS) {
		n = decode_vectors(o, s, (size_t)(end - s));
		s += n;
		o += n / 4 * 3;
	}
	for (; end - s >= 4; s += 4) {
		a = meaning[s[0]];
		b = meaning[s[1]];
		c = meaning[s[2]];
		d = meaning[s[3]];
		if (!(a & b & c & d & DIGIT))
			break;
		*o++ = (unsigned char)(a << 2 | (b >> 4 & 3));
		*o++ = (unsigned char)(b << 4 | (c >> 2 & 15));
		*o++ = (unsigned char)(c << 6 | (d & 63));
	}
	*out = o;
	return s;
}

/* The last group: n digits, their bits in acc, and so many '='. */
static int
decode_last(unsigned char **out, uint32_t acc, int n, int pads)
{
	if (n == 0 && pads == 0)
		return 0;
	if (n + pads != 4)
		return -1;
	if (n == 2 && (acc & 15) == 0) {
		*(*out)++ = (unsigned char)(acc >> 4);
		return 0;
	}
	if (n == 3 && (acc & 3) == 0) {
		*(*out)++ = (unsigned char)(acc >> 10);
		*(*out)++ = (unsigned char)(acc >> 2);
		return 0;
	}
	return -1;
}

int
base64_decode(void *out, size_t room, size_t *outlen, const char *str,
    size_t len)
{
	const unsigned char *s = (const unsigned char *)str, *end = s + len;
	unsigned char m, *o = out;
	uint32_t acc = 0;
	int n = 0, pads = 0;

	if (room < BASE64_DECODED(len))
		return -1;
	while (s < end) {
		if (n == 0 && pads == 0 &&
		    (s = decode_run(&o, s, end)) == end)
			break;
		if ((m = meaning[*s++]) == SPACE)
			continue;
		if (m == PAD && ++pads <= 2)
			continue;
		if (!(m & DIGIT) || pads > 0)
			return -1;
		acc = acc << 6 | (m & 63);
		if (++n == 4) {
			*o++ = (unsigned char)(acc >> 16);
			*o++ = (unsigned char)(acc >> 8);
			*o++ = (unsigned char)acc;
			n = 0;
			acc = 0;
		}
	}
	if (decode_last(&o, acc, n, pads) == -1)
		return -1;
	*outlen = (size_t)(o - (unsigned char *)out);
	return 0;
}

#define SPAN	32

/* Are so many digits there?  Without a branch compilers do this with vectors.
 */
static int
all_digits(const unsigned char *s)
{
	unsigned char	 others = 0;
	int		 i;

	for (i = 0; i < SPAN; i++)
		others |= (unsigned char)!(
		    ((unsigned char)((s[i] | 0x20) - 'a') < 26) |
		    ((unsigned char)(s[i] - '0') < 10) |
		    (s[i] == '+') | (s[i] == '/'));
	return !others;
}

size_t
base64_span(const void *data, size_t len)
{
	const unsigned char	*s = data, *end = s + len;

	while (end - s >= SPAN && all_digits(s))
		s += SPAN;
	while (s < end && (meaning[*s] & DIGIT))
		s++;
	return (size_t)(s - (const unsigned char *)data);
}
