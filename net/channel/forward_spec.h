/*
 * forward_spec: what -L says: where to listen, and for which service of the
 * peer.
 */
#ifndef NET_CHANNEL_FORWARD_SPEC_H
#define NET_CHANNEL_FORWARD_SPEC_H

#include "xml/check.h"

#define FORWARD_TEXT	1100	/* more than a value may have */
#define FORWARD_ERR	256

struct forward_spec {
	char	 text[FORWARD_TEXT];	/* what the others point into */
	char	*where;			/* for port_listen() */
	char	*host, *port;		/* of the service, as service_asked()
					 * has them; both NULL: that of the
					 * operand */
};

/*
 * Take apart "[addr:]port", "[addr:]port=service" and, as ssh(1) has it,
 * "[addr:]port:host:port".  An absolute path, of a Unix socket, may take the
 * place of "[addr:]port" before "=service".  Returns 0, or -1 with a message in
 * err[FORWARD_ERR].
 */
int	 forward_spec(const char *arg, struct forward_spec *f, char *err)
	    MUST_CHECK;

/* Cut text behind its "[addr:]port", or absolute path, and return what follows:
 * the service of -L, or the target of -R.  NULL: nothing does. */
char	*forward_cut(char *text);

#endif
