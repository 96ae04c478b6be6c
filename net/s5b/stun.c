/* stun: see stun.h. */
#include <sys/types.h>
#include <sys/socket.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "net/dial/addr.h"
#include "net/s5b/stun.h"
#include "xml/octets.h"

#define HEADER		20		/* bytes */
#define COOKIE		0x2112a442u
#define FINGERPRINT_XOR	0x5354554eu
#define ADDRESS_MAX	16		/* bytes of an address */

enum {
	BINDING_REQUEST		= 0x0001,
	BINDING_SUCCESS		= 0x0101,
	BINDING_ERROR		= 0x0111
};

/* Attributes (section 18.3). */
enum {
	MAPPED_ADDRESS		= 0x0001,
	USERNAME		= 0x0006,
	MESSAGE_INTEGRITY	= 0x0008,
	ERROR_CODE		= 0x0009,
	UNKNOWN_ATTRIBUTES	= 0x000a,
	REALM			= 0x0014,
	NONCE			= 0x0015,
	INTEGRITY_SHA256	= 0x001c,
	PASSWORD_ALGORITHM	= 0x001d,
	USERHASH		= 0x001e,
	XOR_MAPPED_ADDRESS	= 0x0020,
	OPTIONAL		= 0x8000,	/* this one and those above */
	FINGERPRINT		= 0x8028
};

/* CRC-32 of ITU V.42, which section 14.7 names. */
static uint32_t
crc32(const unsigned char *p, size_t len)
{
	uint32_t	 crc = 0xffffffffu;
	int		 bit;

	while (len-- > 0) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

void
stun_request(const unsigned char id[STUN_ID], unsigned char *out)
{
	put16(out, BINDING_REQUEST);
	put16(out + 2, STUN_REQUEST - HEADER);
	put32(out + 4, COOKIE);
	memcpy(out + 8, id, STUN_ID);
	put16(out + HEADER, FINGERPRINT);
	put16(out + HEADER + 2, 4);
	put32(out + HEADER + 4, crc32(out, HEADER) ^ FINGERPRINT_XOR);
}

size_t
stun_need(const unsigned char *in, size_t len)
{
	size_t	 whole = HEADER;

	if (len >= HEADER)
		whole += get16(in + 2);
	return len < whole ? whole - len : 0;
}

/* What is being read. */
struct reading {
	const unsigned char	*in;		/* the message */
	struct stun_response	*r;
	int			 plain, xored;	/* addresses that came */
	int			 sealed;	/* the integrity came: what
						 * follows is not looked at */
};

/* An address (section 14.1), with its bytes exclusive-ored (14.2) or not. */
static int
read_address(struct reading *g, const unsigned char *p, size_t len, int xored)
{
	unsigned char	 a[ADDRESS_MAX], mask[ADDRESS_MAX] = { 0 };
	int		 family;
	size_t		 i, n;
	unsigned	 port;

	if (len < 4)
		return -1;
	family = p[1] == 1 ? AF_INET : p[1] == 2 ? AF_INET6 : AF_UNSPEC;
	n = family == AF_INET ? 4 : ADDRESS_MAX;
	if (family == AF_UNSPEC || len != 4 + n)
		return -1;
	if (xored)
		memcpy(mask, g->in + 4, sizeof(mask));	/* cookie and id */
	for (i = 0; i < n; i++)
		a[i] = p[4 + i] ^ mask[i];
	port = get16(p + 2) ^ get16(mask);
	return addr_make(&g->r->mapped, family, a, (uint16_t)port);
}

/* ERROR-CODE (section 14.8). */
static int
read_error(struct stun_response *r, const unsigned char *p, size_t len)
{
	if (len < 4 || (p[2] & 7) < 3 || (p[2] & 7) > 6 || p[3] > 99)
		return -1;
	r->code = 100 * (p[2] & 7) + p[3];
	snprintf(r->reason, sizeof(r->reason), "%.*s", (int)(len - 4),
	    (const char *)p + 4);
	return 0;
}

/* Attributes that may be in a response and are of no interest here. */
static int
is_known(unsigned type)
{
	switch (type) {
	case USERNAME:
	case UNKNOWN_ATTRIBUTES:
	case REALM:
	case NONCE:
	case PASSWORD_ALGORITHM:
	case USERHASH:
		return 1;
	default:
		return type >= OPTIONAL;
	}
}

/* The FINGERPRINT at p, which covers all before it, and is the last. */
static int
check_fingerprint(const struct reading *g, const unsigned char *p, size_t len,
    size_t rest)
{
	return len == 4 && rest == 8 && get32(p) ==
	    (crc32(g->in, (size_t)(p - 4 - g->in)) ^ FINGERPRINT_XOR) ? 0 : -1;
}

/* Of several attributes of one type the first counts (section 14).  rest is the
 * length of the message from this attribute on. */
static int
read_attribute(struct reading *g, unsigned type, const unsigned char *p,
    size_t len, size_t rest)
{
	if (type == FINGERPRINT)
		return check_fingerprint(g, p, len, rest);
	if (g->sealed)
		return 0;
	switch (type) {
	case XOR_MAPPED_ADDRESS:
		return g->xored++ > 0 ? 0 : read_address(g, p, len, 1);
	case MAPPED_ADDRESS:
		return g->plain++ > 0 || g->xored > 0 ? 0 :
		    read_address(g, p, len, 0);
	case ERROR_CODE:
		return g->r->code != 0 ? 0 : read_error(g->r, p, len);
	case MESSAGE_INTEGRITY:
	case INTEGRITY_SHA256:
		g->sealed = 1;
		return 0;
	default:
		return is_known(type) ? 0 : -1;
	}
}

/* Each attribute is padded to four bytes, and its length is without that. */
static int
read_attributes(struct reading *g, const unsigned char *p, size_t rest)
{
	size_t	 len, padded;

	while (rest > 0) {
		if (rest < 4)
			return -1;
		len = get16(p + 2);
		padded = 4 + (len + 3) / 4 * 4;
		if (padded > rest || read_attribute(g, get16(p), p + 4, len,
		    rest) == -1)
			return -1;
		p += padded;
		rest -= padded;
	}
	return 0;
}

/* Can these bytes begin a response to this request? */
static int
header_fits(const unsigned char *in, size_t len, const unsigned char *id)
{
	unsigned char	 want[HEADER];
	size_t		 n = len < HEADER ? len : HEADER;

	put16(want, BINDING_SUCCESS);
	put16(want + 2, 0);
	put32(want + 4, COOKIE);
	memcpy(want + 8, id, STUN_ID);
	if (n > 1 && get16(in) == BINDING_ERROR)
		put16(want, BINDING_ERROR);
	if (n > 0 && in[0] != want[0])
		return 0;
	if (n > 1 && in[1] != want[1])
		return 0;
	if (n > 3 && (get16(in + 2) % 4 != 0 ||
	    HEADER + get16(in + 2) > STUN_MAX))
		return 0;
	return n <= 4 || memcmp(in + 4, want + 4, n - 4) == 0;
}

enum stun_result
stun_response(const unsigned char *in, size_t len,
    const unsigned char id[STUN_ID], struct stun_response *r)
{
	struct reading	 g = { .in = in, .r = r };

	memset(r, 0, sizeof(*r));
	if (!header_fits(in, len, id))
		return STUN_BAD;
	if (stun_need(in, len) > 0)
		return STUN_MORE;
	if (read_attributes(&g, in + HEADER, get16(in + 2)) == -1)
		return STUN_BAD;
	if (get16(in) == BINDING_ERROR)
		return STUN_REFUSED;
	return g.plain + g.xored > 0 ? STUN_MAPPED : STUN_BAD;
}
