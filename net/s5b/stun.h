/*
 * stun: messages of STUN (RFC 8489), as far as a client needs them that asks
 * a server which address and port a connection comes from: the Binding request
 * and its responses.  No descriptors: net/s5b/stun_ask.h has the connection.
 *
 * Over TCP a message says its own length (section 6.2.2).
 */
#ifndef NET_S5B_STUN_H
#define NET_S5B_STUN_H

#include <stddef.h>

#include "net/dial/resolve.h"
#include "xml/check.h"

#define STUN_ID		12	/* bytes of a transaction id */
#define STUN_REQUEST	28	/* bytes of stun_request() */
#define STUN_MAX	1500	/* bytes of a response; longer ones are bad */
#define STUN_REASON	128	/* bytes of an error's text, with its NUL */

enum stun_result {
	STUN_MORE,		/* the response is not complete */
	STUN_MAPPED,		/* a success response: the address */
	STUN_REFUSED,		/* an error response: code and reason */
	STUN_BAD		/* no response to this request */
};

/* What a response says. */
struct stun_response {
	struct addr	 mapped;	/* STUN_MAPPED */
	int		 code;		/* STUN_REFUSED: 300 to 699; 0 if it
					 * gives none */
	char		 reason[STUN_REASON];	/* UTF-8, as it came */
};

/* Write a Binding request (section 2) with this id and a FINGERPRINT (section
 * 14.7) into out[STUN_REQUEST]. */
void	 stun_request(const unsigned char id[STUN_ID], unsigned char *out);

/*
 * Read the first len bytes of what the server of a request with this id has
 * sent.  The result does not depend on how the bytes were split.  r is filled
 * in with STUN_MAPPED and STUN_REFUSED.  A response is bad (section 6.3) if its
 * id, its class, its FINGERPRINT or a length in it is wrong, or if it has an
 * unknown attribute that is to be comprehended or no address.
 */
enum stun_result stun_response(const unsigned char *in, size_t len,
	    const unsigned char id[STUN_ID], struct stun_response *r);
/* How many bytes the message of len bytes lacks, as far as they tell; at least
 * 1 while stun_response() says STUN_MORE. */
size_t	 stun_need(const unsigned char *in, size_t len);

#endif
