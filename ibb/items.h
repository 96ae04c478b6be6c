/*
 * items: what a server and its items can do: each of them is asked (XEP-0030).
 */
#ifndef IBB_ITEMS_H
#define IBB_ITEMS_H

#include <stdint.h>

struct elem;
struct iq_table;
struct items;

#define ITEMS_MAX	32	/* items of a server that are asked */

/* Called for each entity that answers, with its JID and the <query/> in which
 * it says what it can do, valid during the call; and with NULL for both at the
 * end, by the deadline (monotonic milliseconds) at the latest.  Must not call
 * items_cancel(), but with NULL, when the search is freed already. */
typedef void items_fn(void *arg, const char *jid, const struct elem *query);

/* Ask a server for its items (section 4.1), and then each item what it can do
 * (section 3.1); with itself, the server as well.  NULL if that cannot be
 * sent. */
struct items *items_ask(struct iq_table *t, const char *server, int itself,
	    int64_t deadline, items_fn *fn, void *arg);
/* End a search; not to be called after fn had NULL.  NULL is fine. */
void	 items_cancel(struct items *s);

/* Has a <query/> an identity of this category and type? */
int	 items_identity(const struct elem *query, const char *category,
	    const char *type);
/* Has it this feature? */
int	 items_feature(const struct elem *query, const char *var);

#endif
