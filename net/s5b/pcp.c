/* pcp: see pcp.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <string.h>

#include "net/dial/addr.h"
#include "net/s5b/pcp.h"
#include "xml/octets.h"

#define TCP		6	/* its number as a protocol */
#define ADDRESS		16	/* bytes; IPv4 is mapped into IPv6 */

enum {
	PCP_VERSION	= 2,
	PCP_MAP		= 1,	/* opcode */
	NATPMP_VERSION	= 0,
	NATPMP_ADDRESS	= 0,	/* opcodes */
	NATPMP_MAP_TCP	= 2,
	RESPONSE	= 0x80	/* is added to an opcode */
};

static const unsigned char	 v4mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
					    0xff, 0xff };

/* RFC 6887 section 5. */
static void
put_address(unsigned char *p, const struct addr *a)
{
	struct sockaddr_in	 sin;
	struct sockaddr_in6	 sin6;

	if (a->ss.ss_family == AF_INET6) {
		memcpy(&sin6, &a->ss, sizeof(sin6));
		memcpy(p, &sin6.sin6_addr, ADDRESS);
		return;
	}
	memcpy(&sin, &a->ss, sizeof(sin));
	memcpy(p, v4mapped, sizeof(v4mapped));
	memcpy(p + sizeof(v4mapped), &sin.sin_addr, 4);
}

static int
get_address(const unsigned char *p, unsigned port, struct addr *a)
{
	if (memcmp(p, v4mapped, sizeof(v4mapped)) == 0)
		return addr_make(a, AF_INET, p + sizeof(v4mapped),
		    (uint16_t)port);
	return addr_make(a, AF_INET6, p, (uint16_t)port);
}

static uint16_t
port_of(const struct addr *a)
{
	return addr_port((const struct sockaddr *)&a->ss);
}

void
pcp_request(const struct pcp_mapping *m, unsigned char *out)
{
	memset(out, 0, PCP_REQUEST);
	out[0] = PCP_VERSION;
	out[1] = PCP_MAP;
	put32(out + 4, m->lifetime);
	put_address(out + 8, &m->client);
	memcpy(out + 24, m->nonce, PCP_NONCE);
	out[36] = TCP;
	put16(out + 40, port_of(&m->client));
	put16(out + 42, port_of(&m->external));
	put_address(out + 44, &m->external);
}

size_t
natpmp_map_request(const struct pcp_mapping *m, unsigned char *out)
{
	memset(out, 0, NATPMP_REQUEST);
	out[1] = NATPMP_MAP_TCP;
	put16(out + 4, port_of(&m->client));
	/* To end a mapping the external port is 0, too (section 3.4). */
	put16(out + 6, m->lifetime == 0 ? 0 : port_of(&m->external));
	put32(out + 8, m->lifetime);
	return NATPMP_REQUEST;
}

size_t
natpmp_address_request(unsigned char *out)
{
	out[0] = NATPMP_VERSION;
	out[1] = NATPMP_ADDRESS;
	return 2;
}

/* RFC 6886 section 3.5: its codes have other numbers. */
static unsigned
natpmp_code(unsigned code)
{
	static const unsigned	 codes[] = { PCP_SUCCESS, PCP_UNSUPP_VERSION,
				    PCP_NOT_AUTHORIZED, PCP_NETWORK_FAILURE,
				    PCP_NO_RESOURCES, PCP_UNSUPP_VERSION };

	return code < sizeof(codes) / sizeof(*codes) ? codes[code] :
	    PCP_NETWORK_FAILURE;
}

static enum pcp_result
natpmp_address(const unsigned char *in, size_t len, struct pcp_mapping *m)
{
	if (m->result != PCP_SUCCESS)
		return PCP_REFUSED;
	if (len < 12 || addr_make(&m->external, AF_INET, in + 8,
	    port_of(&m->external)) == -1)
		return PCP_IGNORED;
	return PCP_ADDRESS;
}

/* The router's address stays what it was. */
static enum pcp_result
natpmp_map(const unsigned char *in, size_t len, struct pcp_mapping *m)
{
	if (len >= 10 && get16(in + 8) != port_of(&m->client))
		return PCP_IGNORED;
	if (m->result != PCP_SUCCESS)
		return PCP_REFUSED;
	if (len < 16 || m->external.ss.ss_family != AF_INET)
		return PCP_IGNORED;
	addr_set_port(&m->external, (uint16_t)get16(in + 10));
	m->lifetime = get32(in + 12);
	return PCP_MAPPED;
}

/* RFC 6886; a router that has nothing else answers PCP so, too (RFC 6887
 * appendix A). */
static enum pcp_result
natpmp_response(const unsigned char *in, size_t len, struct pcp_mapping *m)
{
	unsigned	 code;

	if (len < 8)
		return PCP_IGNORED;
	code = natpmp_code(get16(in + 2));
	if (code == PCP_UNSUPP_VERSION)
		return PCP_OLD;
	if (in[1] != RESPONSE + NATPMP_ADDRESS &&
	    in[1] != RESPONSE + NATPMP_MAP_TCP)
		return PCP_IGNORED;
	m->result = code;
	return in[1] == RESPONSE + NATPMP_ADDRESS ?
	    natpmp_address(in, len, m) : natpmp_map(in, len, m);
}

enum pcp_result
pcp_response(const unsigned char *in, size_t len, struct pcp_mapping *m)
{
	if (len >= 1 && in[0] == NATPMP_VERSION)
		return natpmp_response(in, len, m);
	/* RFC 6887 sections 8.3 and 11.4. */
	if (len < PCP_REQUEST || len > PCP_MAX || len % 4 != 0 ||
	    in[0] != PCP_VERSION || in[1] != (RESPONSE | PCP_MAP) ||
	    memcmp(in + 24, m->nonce, PCP_NONCE) != 0 || in[36] != TCP ||
	    get16(in + 40) != port_of(&m->client))
		return PCP_IGNORED;
	m->result = in[3];
	if (m->result != PCP_SUCCESS)
		return PCP_REFUSED;
	if (get_address(in + 44, get16(in + 42), &m->external) == -1)
		return PCP_IGNORED;
	m->lifetime = get32(in + 4);
	return PCP_MAPPED;
}

const char *
pcp_strerror(unsigned result)
{
	static const char *const	 words[] = { "success",
		"the router knows another version", "not authorized",
		"malformed request", "unsupported opcode",
		"unsupported option", "malformed option", "network failure",
		"no more ports", "unsupported protocol", "quota exceeded",
		"external port not available", "address mismatch",
		"too many peers" };

	return result < sizeof(words) / sizeof(*words) ? words[result] :
	    "refused";
}
