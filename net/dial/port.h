/*
 * port: a local socket that accepts connections: TCP ("port", "addr:port",
 * "[v6]:port"; loopback unless an address is given) or Unix ("/path").
 */
#ifndef NET_DIAL_PORT_H
#define NET_DIAL_PORT_H

#include <stdint.h>

#include "xml/check.h"

struct loop;
struct port;
struct ports;

#define PORT_ERR 256

#define PORT_TEXT 320

/* Is this what port_listen() takes?  Nothing is opened.  Returns 0, or -1 with
 * a message in err[PORT_ERR]. */
int	 port_check(const char *where, char *err) MUST_CHECK;

/* fd does not block and is the callee's. */
typedef void port_fn(void *arg, int fd);

/* Any number of them, to be opened by ports_open() and closed together.  NULL
 * when out of memory. */
struct ports *ports_new(struct loop *l);
void	 ports_free(struct ports *p);
/* Listen where it says; but as long as systemd has handed sockets over, on the
 * next of these, and on those after it that no later call takes, too: a unit
 * may have one for IPv4 and one for IPv6.  0, or -1 with a message in
 * err[PORT_ERR]. */
int	 ports_open(struct ports *p, const char *where, port_fn *fn,
	    void *arg, char *err) MUST_CHECK;
/* What the i-th call of ports_open() listens on, into out[PORT_TEXT], returned:
 * where, but for a port 0 the one that the kernel has given. */
char	*ports_text(const struct ports *p, size_t i, const char *where,
	    char *out);
/* Accept no connections on the ports that are open now, or accept them again;
 * meanwhile they wait. */
void	 ports_hold(struct ports *p, int hold);

/* Listen.  "localhost" and a bare port mean IPv4 and IPv6 loopback both, as
 * far as they exist; port 0 is any port that is free, of both alike.  NULL with
 * a message in err[PORT_ERR]. */
struct port *port_listen(struct loop *l, const char *where, port_fn *fn,
	    void *arg, char *err) MUST_CHECK;
/* Accept on a socket that listens already, as systemd hands it over. */
struct port *port_inherit(struct loop *l, int fd, port_fn *fn, void *arg);
/* Of TCP: which one it is. */
uint16_t port_number(const struct port *p);
/* Closes; removes a Unix socket it has made. */
void	 port_free(struct port *p);

#endif
