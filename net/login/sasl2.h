/*
 * sasl2: the elements of the Extensible SASL Profile (XEP-0388), with those of
 * Bind 2 (XEP-0386), FAST (XEP-0484) and stream management (XEP-0198) that
 * stand inside of them.  Elements in, bytes out.
 */
#ifndef NET_LOGIN_SASL2_H
#define NET_LOGIN_SASL2_H

#include <stdint.h>

#include "xml/check.h"
#include "xml/jid.h"
#include "xml/ns.h"

struct buf;
struct elem;

/* What to ask for in <authenticate/>.  NULL or 0 is: not. */
struct sasl2_request {
	const char		*mechanism;
	const struct buf	*initial;	/* response; always there */
	const char		*client;	/* UUID of the user agent */
	const char		*want;		/* mechanism of a new token */
	unsigned		 count;		/* a token is used, so often */
	int			 bind;		/* a resource, any */
	int			 enable;	/* and stream management */
	const char		*previd;	/* or the old session, if */
	uint32_t		 h;		/* so much was handled */
};

/* Append the element to out.  0 or -1. */
int	 sasl2_authenticate(struct buf *out,
	    const struct sasl2_request *request) MUST_CHECK;

/* What <success/> says; pointers go into it, NULL is what is not there. */
struct sasl2_success {
	char			 jid[JID_MAX];	/* prepared; bare or full */
	const struct elem	*data;		/* of the mechanism */
	const struct elem	*bound;
	const struct elem	*enabled;
	const struct elem	*resumed, *failed;
	const char		*token, *expiry;	/* both or none */
};

/* 0, or -1 if there is no proper authorization identifier in it. */
int	 sasl2_success(const struct elem *e, struct sasl2_success *out)
	    MUST_CHECK;

/* The condition that <failure/> names (RFC 6120 section 6.5), of this profile
 * or the old one, e.g. "not-authorized"; "no reason given" if none. */
const char *sasl2_condition(const struct elem *failure);

#endif
