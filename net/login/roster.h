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

/* Ask for it; what comes goes into allow, item by item, however many there are.
 * done is called at its end, with whether all of it came.  0, or -1 if it
 * cannot be asked for. */
int	 roster_fetch(struct iq_table *t, struct allow *a, int64_t deadline,
	    void (*done)(void *arg, int good), void *arg) MUST_CHECK;
/* Take an iq if it is a push from our own account: 1, else 0. */
int	 roster_push(struct iq_table *t, struct allow *a,
	    const struct elem *iq);

#endif
