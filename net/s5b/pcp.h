/*
 * pcp: messages to a router that maps a TCP port on request: of PCP (RFC 6887,
 * opcode MAP) and of its predecessor NAT-PMP (RFC 6886), which have one port
 * and are told apart by their first byte.  No descriptors.
 */
#ifndef NET_S5B_PCP_H
#define NET_S5B_PCP_H

#include <stddef.h>
#include <stdint.h>

#include "net/dial/resolve.h"
#include "xml/check.h"

#define PCP_PORT	5351
#define PCP_NONCE	12	/* bytes */
#define PCP_REQUEST	60	/* bytes of a request of PCP */
#define NATPMP_REQUEST	12	/* bytes of the longest one of NAT-PMP */
#define PCP_MAX		1100	/* bytes of a message (RFC 6887 section 7) */

enum pcp_result {
	PCP_IGNORED,		/* no answer to what was asked */
	PCP_MAPPED,		/* external and lifetime are filled in */
	PCP_ADDRESS,		/* NAT-PMP: the address of external, without
				 * a port */
	PCP_REFUSED,		/* result says why */
	PCP_OLD			/* the router has NAT-PMP only */
};

/* The codes of a result that matter here (RFC 6887 section 7.4); those of
 * NAT-PMP (RFC 6886 section 3.5) are turned into them. */
enum pcp_code {
	PCP_SUCCESS = 0,
	PCP_UNSUPP_VERSION = 1,
	PCP_NOT_AUTHORIZED = 2,
	PCP_NETWORK_FAILURE = 7,
	PCP_NO_RESOURCES = 8
};

struct pcp_mapping {
	unsigned char	 nonce[PCP_NONCE];
	struct addr	 client;	/* our address, and the port mapped */
	struct addr	 external;	/* wanted, then granted */
	uint32_t	 lifetime;	/* s; wanted, then granted; 0: end it */
	unsigned	 result;	/* of the last answer */
};

/* Write a MAP request (RFC 6887 section 11.1) for this mapping into
 * out[PCP_REQUEST]. */
void	 pcp_request(const struct pcp_mapping *m, unsigned char *out);
/* Write a request of NAT-PMP (RFC 6886 section 3.3) for this mapping, or for
 * the router's address (section 3.2), into out[NATPMP_REQUEST].  Returns how
 * many bytes it has. */
size_t	 natpmp_map_request(const struct pcp_mapping *m,
	    unsigned char *out);
size_t	 natpmp_address_request(unsigned char *out);
/* Read what has come from the router, in either protocol, into m, which says
 * what was asked for. */
enum pcp_result pcp_response(const unsigned char *in, size_t len,
	    struct pcp_mapping *m);
/* A word for a result that is no success. */
const char *pcp_strerror(unsigned result);

#endif
