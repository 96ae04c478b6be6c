/*
 * hosts: which streamhosts (XEP-0065) this run offers, and which of those that
 * others offer it connects to.
 */
#ifndef NET_S5B_STREAMHOSTS_H
#define NET_S5B_STREAMHOSTS_H

#include <sys/types.h>

#include <stddef.h>

#include "ibb/s5b.h"
#include "net/s5b/s5b_listen.h"
#include "xml/check.h"

struct addr;

/* Check what -o streamhost and -P say.  0, or -1 with a message in
 * err[HOSTS_ERR]. */
#define HOSTS_ERR	256
int	 streamhosts_prepare(char *err) MUST_CHECK;
void	 streamhosts_free(void);

/* Are sockets allowed at all? */
int	 streamhosts_allowed(void);
/* Are the proxies known?  If not, they are being looked for: all links are
 * looked at again once they are. */
int	 streamhosts_known(void);
/* Wait for a connection to one of our own addresses; as s5b_listen_wait(). */
struct s5b_wait *streamhosts_wait(const char *hash, s5b_wait_fn *fn, void *arg);
/* What is to be offered, best first: our own addresses, as far as they are
 * waited at, and the proxies.  Returns their number. */
size_t	 streamhosts_list(struct streamhost *out, size_t max);
/* May we connect to this address?  As s5b_dial() wants it. */
int	 streamhosts_permit(void *unused, const struct addr *a);
/* AF_UNSPEC, AF_INET or AF_INET6, as -4 and -6 say. */
int	 streamhosts_family(void);

#endif
