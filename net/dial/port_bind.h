/*
 * port_bind: "port", "addr:port" and "[v6]:port", the local addresses that they
 * mean, and sockets bound to these: one for each of them, to one port.
 */
#ifndef NET_DIAL_PORT_BIND_H
#define NET_DIAL_PORT_BIND_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdint.h>

#include "xml/check.h"

#define PORT_ADDRS	4	/* addresses of one port, at most */
#define PORT_ERR	256
#define PORT_TEXT	320

/* What owns the sockets; arg is passed to all. */
struct port_binder {
	/* Bind a socket to this address, and keep it.  0, or -1 and errno. */
	int	 (*bind)(void *arg, const struct sockaddr *sa, socklen_t len);
	/* The port of the first socket that was bound. */
	uint16_t (*number)(void *arg);
	/* Close all that were bound. */
	void	 (*undo)(void *arg);
	void	*arg;
};

/* Is `where' what port_bind() takes?  0, or -1 with a message in
 * err[PORT_ERR]. */
int	 port_bind_check(const char *where, char *err) MUST_CHECK;
/*
 * Have sockets of this type (SOCK_STREAM, SOCK_DGRAM) bound to the addresses of
 * `where', as far as they exist here.  "localhost" and a bare port mean the
 * loopback of IPv4 and of IPv6, "*" all addresses; port 0 is any port that is
 * free on each of them.  0, or -1 with a message in err[PORT_ERR]; then some
 * may be bound, which their owner closes.
 */
int	 port_bind(const char *where, int type, const struct port_binder *b,
	    char *err) MUST_CHECK;
/* `where', with this number in place of its port, into out[PORT_TEXT], which is
 * returned. */
char	*port_bind_text(const char *where, uint16_t number, char *out);

#endif
