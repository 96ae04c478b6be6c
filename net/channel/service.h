/*
 * service: what a listener offers by name, and what callers ask for.
 *
 *	22			port 22 here
 *	name=port		a port here
 *	name=host:port		a port there
 *	name=/path		a Unix socket
 *	name=!command		a command, by sh -c
 *	name=udp:port		a port here, for datagrams; name=udp:host:port
 *	udp:port		the same, by the name of the port
 *	'*'=  '*:443'=		whatever host and port the caller names
 *
 * A name may be host:port, with * for either; then it stands for what a caller
 * that names a host and a port may get.  One name may be that of a service for
 * bytes and of another one for datagrams: a caller says which it means.
 */
#ifndef NET_CHANNEL_SERVICE_H
#define NET_CHANNEL_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

struct services;

#define SERVICE_ERR	256
#define SERVICE_MAX	300	/* bytes of a name, with NUL */

enum target_kind { TARGET_TCP, TARGET_UDP, TARGET_UNIX, TARGET_COMMAND };

/* Where a stream is to go. */
struct target {
	enum target_kind kind;
	char		 name[SERVICE_MAX];	/* as the caller asked */
	char		 host[256];	/* TARGET_TCP, TARGET_UDP */
	uint16_t	 port;
	const char	*path;		/* TARGET_UNIX; the services own it */
	const char	*command;	/* TARGET_COMMAND; theirs, too */
};

/* Parse n arguments.  typed of them are from the command line; the others, from
 * the file, may have the names of these, and are not reached by them.  NULL
 * with a message in err[SERVICE_ERR]. */
struct services *services_new(char *const *args, size_t n, size_t typed,
	    char *err);
/* Free them; NULL is fine. */
void	 services_free(struct services *s);

/* What a caller means to send. */
enum service_for { SERVICE_FOR_ANY, SERVICE_FOR_BYTES, SERVICE_FOR_DATAGRAMS };

enum service_match {
	SERVICE_FOUND,
	SERVICE_NONE,		/* there is none of that name, */
	SERVICE_OTHER		/* or it takes the other kind only */
};

/*
 * What a peer gets that asks for host and port, as mod_tcpproxy's attributes
 * (either may be NULL), and means to send this: of the services that take it,
 * an exact name, else the first pattern that fits; the first one if nothing is
 * asked.  With SERVICE_FOUND *t is filled in, else there is a message for the
 * peer in err[SERVICE_ERR].
 */
enum service_match services_match(const struct services *s, const char *host,
	    const char *port, enum service_for what, struct target *t,
	    char *err) MUST_CHECK;

/* Their names, with a space between each two, as far as there is room for them
 * in out[size], which is returned. */
const char *services_text(const struct services *s, char *out, size_t size);
/* May any of them start a command? */
int	 services_run_commands(const struct services *s);

/* Split what a caller asks for, and see that its port, or a name that is all
 * digits, is a number from 1 to 65535.  s is changed.  Returns 0, or -1 with a
 * message in err[SERVICE_ERR]. */
int	 service_asked(char *s, char **host, char **port, char *err)
	    MUST_CHECK;

#endif
