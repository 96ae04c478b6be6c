/*
 * addr: kinds of internet addresses, and our own; host:port taken apart.
 */
#ifndef NET_DIAL_ADDR_H
#define NET_DIAL_ADDR_H

#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

struct addr;

enum addr_kind {
	ADDR_PUBLIC,
	ADDR_PRIVATE,		/* RFC 1918, RFC 4193, RFC 6598 */
	ADDR_LOOPBACK,
	ADDR_LINK,		/* of one link only: it would need a scope */
	ADDR_UNUSABLE		/* unspecified, multicast, reserved */
};

#define ADDR_TEXT	46	/* as INET6_ADDRSTRLEN */
/* The ports below this are those of services that every machine may have:
 * System Ports, RFC 6335 section 6. */
#define ADDR_SYSTEM_PORTS	1024

/* The kind of sa.  An IPv4 address inside an IPv6 address counts as IPv4. */
enum addr_kind addr_kind(const struct sockaddr *sa);
/* Put sa in digits, without the port, into out[ADDR_TEXT], which is returned;
 * "" if it is no internet address. */
char	*addr_text(const struct sockaddr *sa, char *out);
/* The port of sa; 0 if it is no internet address. */
uint16_t addr_port(const struct sockaddr *sa);

/* Make an address of this family (AF_INET or AF_INET6), with these 4 or 16
 * bytes in network order, NULL for the unspecified address, and this port.
 * Returns 0, or -1 for another family. */
int	 addr_make(struct addr *out, int family, const void *bytes,
	    uint16_t port) MUST_CHECK;
/* Read a numeric address, without a scope; names are refused.  Returns 0 or
 * -1. */
int	 addr_read(struct addr *out, const char *text, uint16_t port)
	    MUST_CHECK;
/* Where the socket fd is bound.  Returns 0, or -1 and errno. */
int	 addr_local(int fd, struct addr *local) MUST_CHECK;
/* The port that the socket fd is bound to; 0 if it has none. */
uint16_t addr_local_port(int fd);
/* Change the port of an address of these families. */
void	 addr_set_port(struct addr *a, uint16_t port);
/* Are the family, the address and the port of both equal? */
int	 addr_equal(const struct addr *a, const struct addr *b);

/*
 * The addresses of the interfaces that are up, at most max, public ones first
 * and IPv6 before IPv4, temporary ones of IPv6 (RFC 8981) before the others,
 * but none of one link only.  Returns their number.
 */
size_t	 addr_own(struct addr *out, size_t max);

/* Split "name" or "host:port" ("[v6]:port") into host and port; *port is NULL
 * if there is none.  s is changed.  Returns 0 or -1. */
int	 addr_split(char *s, char **host, char **port) MUST_CHECK;

#endif
