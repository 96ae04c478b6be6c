/* srv: the order in which to try SRV records (RFC 2782, XEP-0368). */
#ifndef NET_DIAL_SRV_H
#define NET_DIAL_SRV_H

#include <stddef.h>
#include <stdint.h>

#include "net/dial/resolve.h"

/*
 * Put n records in the order in which to try them: lower priorities first,
 * and within one priority by chance, heavier ones more often first.  bounded
 * gives a random number below its argument, as arc4random_uniform(3) does.
 */
void	 srv_order(struct srv *s, size_t n, uint32_t (*bounded)(uint32_t));

#endif
