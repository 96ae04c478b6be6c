/* Unit tests of xml/number. */
#include <string.h>

#include "t/lib/tap.h"
#include "xml/number.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char	*s;
	uint64_t	 min, max;
	int		 good;
	uint64_t	 want;
} decimals[] = {
	{ "0", 0, 65535, 1, 0 },
	{ "22", 1, 65535, 1, 22 },
	{ "65535", 1, 65535, 1, 65535 },
	{ "00080", 1, 65535, 1, 80 },
	{ "18446744073709551615", 0, UINT64_MAX, 1, UINT64_MAX },
	{ "18446744073709551616", 0, UINT64_MAX, 0, 0 },
	{ "99999999999999999999999", 0, UINT64_MAX, 0, 0 },
	{ "65536", 1, 65535, 0, 0 },
	{ "70000", 0, 65535, 0, 0 },
	{ "99999", 0, 65535, 0, 0 },
	{ "0", 1, 65535, 0, 0 },
	{ "", 0, 65535, 0, 0 },
	{ "+80", 0, 65535, 0, 0 },
	{ "-1", 0, 65535, 0, 0 },
	{ " 80", 0, 65535, 0, 0 },
	{ "80 ", 0, 65535, 0, 0 },
	{ "80x", 0, 65535, 0, 0 },
	{ "0x50", 0, 65535, 0, 0 },
	{ "8.0", 0, 65535, 0, 0 },
	{ "7", 0, 5, 0, 0 },
	{ "\xd9\xa3", 0, 65535, 0, 0 },	/* an Arabic three */
};

static const struct {
	const char	*s;
	uint64_t	 max;
	int		 good;
	uint64_t	 want;
} hexes[] = {
	{ "0", 255, 1, 0 }, { "ff", 255, 1, 255 }, { "FF", 255, 1, 255 },
	{ "aF", 255, 1, 175 }, { "9a", 255, 1, 154 },
	{ "ffffffffffffffff", UINT64_MAX, 1, UINT64_MAX },
	{ "10000000000000000", UINT64_MAX, 0, 0 },
	{ "100", 255, 0, 0 }, { "", 255, 0, 0 }, { "g", 255, 0, 0 },
	{ "0x1", 255, 0, 0 }, { "+1", 255, 0, 0 }, { " 1", 255, 0, 0 },
};

static const struct {
	const char	*s;
	int		 want;
} modes[] = {
	{ "0", 0 }, { "644", 0644 }, { "0755", 0755 }, { "7777", 07777 },
	{ "10000", -1 }, { "00644", -1 }, { "", -1 }, { "8", -1 },
	{ "-1", -1 }, { " 1", -1 }, { NULL, -1 },
};

int
main(void)
{
	char		 out[16];
	uint64_t	 n;
	uint16_t	 port = 7;
	size_t		 i;
	int		 r;

	for (i = 0; i < N(decimals); i++) {
		n = 77;
		r = number_read(decimals[i].s, decimals[i].min,
		    decimals[i].max, &n);
		ok(r == (decimals[i].good ? 0 : -1) &&
		    n == (decimals[i].good ? decimals[i].want : 77),
		    "decimal '%s'", decimals[i].s);
	}
	for (i = 0; i < N(hexes); i++) {
		n = 77;
		r = number_hex(hexes[i].s, strlen(hexes[i].s), hexes[i].max,
		    &n);
		ok(r == (hexes[i].good ? 0 : -1) &&
		    n == (hexes[i].good ? hexes[i].want : 77),
		    "hexadecimal '%s'", hexes[i].s);
	}
	for (i = 0; i < N(modes); i++)
		ok(number_mode(modes[i].s) == modes[i].want, "mode '%s'",
		    modes[i].s != NULL ? modes[i].s : "none");
	ok(number_decimal("80/path", 2, 1, 65535, &n) == 0 && n == 80,
	    "only so many bytes are read");
	ok(number_decimal("8\0" "0", 3, 0, 65535, &n) == -1, "NUL is no digit");
	ok(number_hex("8\0" "0", 3, 65535, &n) == -1, "nor in hexadecimal");
	ok(number_port("0", &port) == -1 && port == 7, "0 is no port");
	ok(number_port("65535", &port) == 0 && port == 65535, "65535 is one");
	is(number_to_hex("\x00\x9f\xff", 3, out), "009fff", "bytes");
	is(number_to_hex("", 0, out), "", "no bytes");
	return tap_done();
}
