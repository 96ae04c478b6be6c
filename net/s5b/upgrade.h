/*
 * wire: a socket for a link's stream (XEP-0065, and xcat-protocol(7) for
 * streams that have begun in-band): when one is wanted, how it comes about,
 * and what is said of it.
 */
#ifndef NET_S5B_UPGRADE_H
#define NET_S5B_UPGRADE_H

#include "xml/check.h"
#include "xml/stanza.h"

struct elem;
struct channel;
struct s5b_offer;

/* Something about the link has changed: offer a socket if it is time for one,
 * or see to the one there is. */
void	 upgrade_check(struct channel *l);
/* Offer one for a stream that has nothing else to be carried by.  0, or -1
 * without memory. */
int	 upgrade_call(struct channel *l);
/* Own an offer of such a stream (o->hosts, too), for upgrade_accept(), which
 * connects, or upgrade_refuse(). */
int	 upgrade_take(struct channel *l, struct s5b_offer *o) MUST_CHECK;
int	 upgrade_offered(const struct channel *l);
void	 upgrade_accept(struct channel *l);
void	 upgrade_refuse(struct channel *l, enum stanza_error err,
	    const char *text);
/* NULL inside is fine. */
void	 upgrade_free(struct channel *l);

/* A stanza that nobody else took: 1 if it was ours. */
int	 upgrade_input(const struct elem *e);

#endif
