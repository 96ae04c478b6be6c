/*
 * port: a local socket that accepts connections: TCP ("port", "addr:port",
 * "[v6]:port"; loopback unless an address is given) or Unix ("/path").
 */
#ifndef NET_DIAL_PORT_H
#define NET_DIAL_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "net/dial/port_bind.h"	/* PORT_ERR, PORT_TEXT */
#include "xml/check.h"

struct loop;
struct port;
struct ports;

/* Is this what port_listen() takes?  Opens nothing.  Returns 0, or -1 with a
 * message in err[PORT_ERR]. */
int	 port_check(const char *where, char *err) MUST_CHECK;

/* Gets an accepted connection.  fd does not block and becomes the callee's. */
typedef void port_fn(void *arg, int fd);

/* A set of ports, which are opened by ports_open() and closed together.  NULL
 * when out of memory. */
struct ports *ports_new(struct loop *l);
/* Close all of them. */
void	 ports_free(struct ports *p);
/* Listen at `where'.  If systemd has handed sockets over, listen on the next of
 * these instead, and on the ones behind it until a later call takes them: a
 * unit may have a socket for IPv4 and another for IPv6.  0, or -1 with a
 * message in err[PORT_ERR]. */
int	 ports_open(struct ports *p, const char *where, port_fn *fn,
	    void *arg, char *err) MUST_CHECK;
/* How many sockets systemd has handed over. */
size_t	 ports_given(const struct ports *p);
/* What the i-th call of ports_open() listens on, into out[PORT_TEXT], which is
 * returned: its `where', with the port that the kernel has given in place of
 * port 0. */
char	*ports_text(const struct ports *p, size_t i, const char *where,
	    char *out);
/* Accept no connections on the ports that are open now (hold is 1), or accept
 * them again: connections wait meanwhile. */
void	 ports_hold(struct ports *p, int hold);

/* Listen at `where'.  "localhost" and a bare port mean the loopback of IPv4 and
 * of IPv6, as far as they exist; port 0 is any port that is free on both.  NULL
 * with a message in err[PORT_ERR]. */
struct port *port_listen(struct loop *l, const char *where, port_fn *fn,
	    void *arg, char *err) MUST_CHECK;
/* Accept on a socket that listens already, as systemd hands it over.  NULL and
 * errno on failure. */
struct port *port_inherit(struct loop *l, int fd, port_fn *fn, void *arg);
/* The number of a TCP port. */
uint16_t port_number(const struct port *p);
/* Accept no connections (hold is 1), or accept them again. */
void	 port_hold(struct port *p, int hold);
/* Close it; a Unix socket that it has made is removed. */
void	 port_free(struct port *p);

#endif
