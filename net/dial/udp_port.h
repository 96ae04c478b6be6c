/*
 * udp_port: a local port that datagrams come to, from many places, and go from:
 * "port", "addr:port", "[v6]:port" as port_bind.h has them.
 *
 * A socket that is bound to all addresses notes which of them a datagram was
 * for, and an answer comes from there: its client would not know it otherwise.
 */
#ifndef NET_DIAL_UDP_PORT_H
#define NET_DIAL_UDP_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "net/dial/port_bind.h"
#include "net/dial/resolve.h"
#include "xml/check.h"

struct loop;
struct udp_port;

#define UDP_ENDS_TEXT	64	/* bytes of udp_ends_text() */

/* The two ends of what a client says to us. */
struct udp_ends {
	int		 fd;		/* the socket that it came to */
	struct addr	 from;		/* the client's */
	struct addr	 local;		/* ours; len is 0 where the socket has
					 * one address only */
};

/* What a port tells; arg is passed to both, which must not free the port. */
struct udp_port_user {
	/* A datagram of len bytes has come. */
	void	(*came)(void *arg, const struct udp_ends *ends,
		    const unsigned char *data, size_t len);
	/* Datagrams can be sent again, behind an EAGAIN of udp_port_send(). */
	void	(*writable)(void *arg);
	void	*arg;
};

/* Bind sockets to `where'.  NULL with a message in err[PORT_ERR]. */
struct udp_port *udp_port_new(struct loop *l, const char *where,
	    const struct udp_port_user *user, char *err) MUST_CHECK;
/* Close them; NULL is fine. */
void	 udp_port_free(struct udp_port *p);
/* The number of the port. */
uint16_t udp_port_number(const struct udp_port *p);
/* Send a datagram to the client at these ends, from the address that it has
 * sent to.  0, or -1 and errno: with EAGAIN, writable() is called later. */
int	 udp_port_send(struct udp_port *p, const struct udp_ends *ends,
	    const void *data, size_t len) MUST_CHECK;

/* The order of ends, for trees: 0 if they are equal, else -1 or 1. */
int	 udp_ends_compare(const struct udp_ends *a, const struct udp_ends *b);
/* The client's address and port into out[UDP_ENDS_TEXT], which is returned. */
char	*udp_ends_text(const struct udp_ends *ends, char *out);

#endif
