/*
 * hosts: which streamhosts (XEP-0065) this run offers, and which of those that
 * others offer it connects to.
 */
#ifndef LINK_HOSTS_H
#define LINK_HOSTS_H

#include <sys/types.h>

#include <stddef.h>

#include "ibb/bytestreams.h"
#include "net/s5blisten.h"
#include "xml/check.h"

struct addr;

/* Check what -o streamhost and -P say.  0, or -1 with a message in
 * err[HOSTS_ERR]. */
#define HOSTS_ERR	256
int	 hosts_prepare(char *err) MUST_CHECK;
void	 hosts_free(void);

/* Are sockets allowed at all? */
int	 hosts_allowed(void);
/* Are the proxies known?  If not, they are being looked for: all links are
 * looked at again once they are. */
int	 hosts_known(void);
/* Wait for a connection to one of our own addresses; as s5blisten_wait(). */
struct s5bwait *hosts_wait(const char *hash, s5bwait_fn *fn, void *arg);
/* What is to be offered, best first: our own addresses, as far as they are
 * waited at, and the proxies.  Returns their number. */
size_t	 hosts_list(struct streamhost *out, size_t max);
/* May we connect to this address?  As s5bdial() wants it. */
int	 hosts_permit(void *unused, const struct addr *a);
/* AF_UNSPEC, AF_INET or AF_INET6, as -4 and -6 say. */
int	 hosts_family(void);

#endif
