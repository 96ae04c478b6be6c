/*
 * roster: the contact list (RFC 6121 section 2), as far as allow needs it.
 */
#ifndef NET_LOGIN_ROSTER_H
#define NET_LOGIN_ROSTER_H

#include <stdint.h>

#include "xml/check.h"

struct allow;
struct elem;
struct iq_table;
struct roster;

/* For a login whose requests t sends.  NULL when out of memory. */
struct roster *roster_new(struct iq_table *t);
/* What was asked for is forgotten: nothing more is called.  r may be NULL. */
void	 roster_free(struct roster *r);

/*
 * Ask for the roster (section 2.1.3).  Its contacts go into a, item by item,
 * however many there are; a must outlive r.  done is called once, with arg,
 * and 1 if all of it came, or 0 if it did not until deadline, ms of
 * clock_ms(), was refused, or memory ran out.
 *
 * A request that is under way is replaced: its answer may have been lost with
 * the login in which it was asked for.  The answer to the new request is told
 * to the done of each, in the order of the calls, but once to each function and
 * arg.  Returns 0, or -1 if the roster cannot be asked for: an earlier request
 * goes on then.
 */
int	 roster_fetch(struct roster *r, struct allow *a, int64_t deadline,
	    void (*done)(void *arg, int good), void *arg) MUST_CHECK;

/* Take an iq with the <query/> of the roster in it (section 2.1.6): 1 if it is
 * a push from our own account, else 0. */
int	 roster_push(struct iq_table *t, struct allow *a,
	    const struct elem *iq, const struct elem *query);

#endif
