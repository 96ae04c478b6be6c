/*
 * candidate: addresses at which an end of a stream may be reached by TCP, as
 * the two ends tell each other, in urn:xcat:0, with the words of XEP-0371 (ICE
 * with TCP, RFC 6544) and, for a port that a router maps, of XEP-0260:
 *
 *	<candidate component='1' foundation='3' ip='192.0.2.3' port='45664'
 *	    priority='1694498815' protocol='tcp' tcptype='so' type='srflx'/>
 */
#ifndef NET_S5B_CANDIDATE_H
#define NET_S5B_CANDIDATE_H

#include <stddef.h>
#include <stdint.h>

#include "net/dial/resolve.h"

struct elem;
struct xw;

#define CANDIDATES_MAX		16	/* that a peer may name */
#define CANDIDATE_COMPONENTS	4	/* local ports of an end */

enum candidate_type {
	CANDIDATE_HOST,		/* host: an address of the machine */
	CANDIDATE_REFLEXIVE,	/* srflx: a server sees this one */
	CANDIDATE_ASSISTED	/* assisted: a router maps it on request */
};

/* RFC 6544 section 4.1: how a connection comes about. */
enum candidate_tcptype {
	CANDIDATE_SO,		/* so: from both ends at once */
	CANDIDATE_ACTIVE,	/* active: this end connects */
	CANDIDATE_PASSIVE	/* passive: the other end connects */
};

struct candidate {
	enum candidate_type type;
	enum candidate_tcptype tcptype;
	unsigned	 component;	/* 1 to CANDIDATE_COMPONENTS: the local
					 * port that it belongs to */
	uint32_t	 priority;	/* 1 to 2^31 - 1 */
	struct addr	 addr;
};

/* The name of a type: host, srflx or assisted. */
const char *candidate_type_name(enum candidate_type type);
/* The priority of a candidate (RFC 6544 section 4.2), of which local, 0 to
 * 8191, ranks the ones that are otherwise equal; the larger, the better. */
uint32_t candidate_priority(enum candidate_type type,
	    enum candidate_tcptype tcptype, unsigned component,
	    unsigned local);
/* Write it as an element. */
void	 candidate_write(struct xw *w, const struct candidate *c);

/*
 * Read the candidates in an element, which a peer has sent, into out, best
 * first, at most max and CANDIDATES_MAX; returns their number.  Left out are
 * the ones that lack something or are not understood, names instead of
 * addresses, ports below 1024, which are services of every machine, and the
 * addresses for which permit(arg) does not return 1 (streamhosts_permit()); of
 * equal ones all but the first.
 */
size_t	 candidates_read(const struct elem *e,
	    int (*permit)(void *arg, const struct addr *a), void *arg,
	    struct candidate *out, size_t max);

#endif
