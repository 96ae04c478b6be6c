/*
 * number: the one reader of decimal, octal and hexadecimal numbers.
 */
#include <string.h>

#include "xml/number.h"

/* Read the digits of one base, whose values are their places in the string
 * of digits, but for capital letters. */
static int
number_read_base(const char *s, size_t len, const char *digits, uint64_t base,
    uint64_t max, uint64_t *out)
{
	const char	*digit;
	uint64_t	 n = 0, value;
	size_t		 i;

	if (len == 0)
		return -1;
	for (i = 0; i < len; i++) {
		if (s[i] == '\0' || (digit = strchr(digits, s[i])) == NULL)
			return -1;
		value = (uint64_t)(digit - digits);
		if (value >= 16)	/* a capital letter */
			value -= 6;
		if (value > max || n > (max - value) / base)
			return -1;
		n = n * base + value;
	}
	*out = n;
	return 0;
}

int
number_decimal(const char *s, size_t len, uint64_t min, uint64_t max,
    uint64_t *n)
{
	uint64_t	 got;

	if (number_read_base(s, len, NUMBER_DIGITS, 10, max, &got) == -1 ||
	    got < min)
		return -1;
	*n = got;
	return 0;
}

int
number_read(const char *s, uint64_t min, uint64_t max, uint64_t *n)
{
	return number_decimal(s, strlen(s), min, max, n);
}

int
number_port(const char *s, uint16_t *port)
{
	uint64_t	 n;

	if (number_read(s, 1, UINT16_MAX, &n) == -1)
		return -1;
	*port = (uint16_t)n;
	return 0;
}

int
number_mode(const char *s)
{
	uint64_t	 n;

	if (s == NULL || strlen(s) > 4 || number_read_base(s, strlen(s),
	    "01234567", 8, 07777, &n) == -1)
		return -1;
	return (int)n;
}

int
number_hex(const char *s, size_t len, uint64_t max, uint64_t *n)
{
	return number_read_base(s, len, NUMBER_HEX_DIGITS, 16, max, n);
}

char *
number_to_hex(const void *bytes, size_t n, char *out)
{
	static const char	 digits[] = NUMBER_HEX_LOWER;
	const unsigned char	*p = bytes;
	size_t			 i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
	return out;
}
