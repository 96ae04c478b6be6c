/*
 * wire: a socket for a link's stream (XEP-0065, and xcat-protocol(7) for
 * streams that have begun in-band): when one is wanted, how it comes about,
 * and what is said of it.
 */
#ifndef LINK_WIRE_H
#define LINK_WIRE_H

#include "xml/check.h"
#include "xml/stanza.h"

struct elem;
struct link;
struct s5b_offer;

/* Something about the link has changed: offer a socket if it is time for one,
 * or see to the one there is. */
void	 wire_check(struct link *l);
/* Offer one for a stream that has nothing else to be carried by.  0, or -1
 * without memory. */
int	 wire_call(struct link *l);
/* Own an offer of such a stream (o->hosts, too), for wire_accept(), which
 * connects, or wire_refuse(). */
int	 wire_take(struct link *l, struct s5b_offer *o) MUST_CHECK;
int	 wire_offered(const struct link *l);
void	 wire_accept(struct link *l);
void	 wire_refuse(struct link *l, enum stanza_error err, const char *text);
/* NULL inside is fine. */
void	 wire_free(struct link *l);

/* A stanza that nobody else took: 1 if it was ours. */
int	 wire_input(const struct elem *e);

#endif
