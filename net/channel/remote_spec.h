/*
 * remote_spec: what -R says, and what the keyword remote of a listener allows:
 * ports that a listener opens for a caller.
 */
#ifndef NET_CHANNEL_REMOTE_SPEC_H
#define NET_CHANNEL_REMOTE_SPEC_H

#include <stdint.h>

#include "net/conf/conf.h"
#include "net/dial/addr.h"
#include "xml/check.h"

#define REMOTE_TEXT	1100	/* more than a value may have */
#define REMOTE_ERR	256
#define REMOTE_PLACE	(ADDR_TEXT + 10)	/* bytes of "[addr]:port" */

/* One -R. */
struct remote_spec {
	char	 text[REMOTE_TEXT];	/* what the others point into */
	char	*where;			/* for remote_place_read() there */
	char	*target;		/* port, host:port or /socket here */
};

/* Take apart "[addr:]port=target" and, as ssh(1) has it,
 * "[addr:]port:host:port".  Returns 0, or -1 with a message in
 * err[REMOTE_ERR]. */
int	 remote_spec(const char *arg, struct remote_spec *r, char *err)
	    MUST_CHECK;

/* Where a listener is to accept connections. */
struct remote_place {
	char		 host[ADDR_TEXT];	/* digits; "": the loopback,
						 * "*": any address */
	uint16_t	 port;			/* 0: one of those allowed */
};

/* Read "[addr:]port", where addr is localhost, *, or an address in digits: a
 * listener asks no resolver for its callers.  Returns 0, or -1 with a message
 * in err[REMOTE_ERR]. */
int	 remote_place_read(const char *where, struct remote_place *p,
	    char *err) MUST_CHECK;
/* "[addr:]port", with this port, as port_listen() takes it, into
 * out[REMOTE_PLACE], which is returned. */
char	*remote_place_text(const struct remote_place *p, uint16_t port,
	    char *out);

struct remote_allowed;

/*
 * The ports of these values of the keyword remote: each has some of "port",
 * "port-port" and "*" between commas, of the loopback alone, or, as
 * "addr:port", of this address (* of all addresses).  NULL with a message in
 * err[REMOTE_ERR].
 */
struct remote_allowed *remote_allowed_new(const struct conf_list *l,
	    char *err);
/* NULL is fine. */
void	 remote_allowed_free(struct remote_allowed *a);
/* Are any allowed?  NULL allows none. */
int	 remote_allows_any(const struct remote_allowed *a);
/* Is this place, which has a port, allowed? */
int	 remote_allows(const struct remote_allowed *a,
	    const struct remote_place *p);
/* Port 0 was asked for: set *port to the next that is allowed there behind
 * *port, or to 0, for one that the system chooses, if all are; begin with 0.
 * Returns 1, or 0 if there is none. */
int	 remote_next(const struct remote_allowed *a,
	    const struct remote_place *p, uint16_t *port) MUST_CHECK;

#endif
