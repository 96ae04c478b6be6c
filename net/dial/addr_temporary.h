/*
 * addr_temporary: which addresses of this machine are temporary (RFC 8981):
 * made at random and changed every day, so that they do not tell which machine
 * it is.
 */
#ifndef NET_DIAL_ADDR_TEMPORARY_H
#define NET_DIAL_ADDR_TEMPORARY_H

#include <stddef.h>
#include <stdio.h>

struct in6_addr;

/* Put the temporary addresses that are still preferred into out, at most max.
 * Returns their number, 0 where the system does not tell. */
size_t	 addr_temporary(struct in6_addr *out, size_t max);
/* addr_temporary() of a file in the form of Linux's /proc/self/net/if_inet6. */
size_t	 addr_temporary_read(FILE *fp, struct in6_addr *out, size_t max);

#endif
