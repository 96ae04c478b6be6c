/*
 * sm: stream management (XEP-0198): how many stanzas were handled on either
 * side, and those that the server has not acknowledged yet, which a resumed
 * session sends again.  It sends nothing itself; net/login/resume.c does.
 */
#ifndef NET_LOGIN_SM_H
#define NET_LOGIN_SM_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"
#include "xml/ns.h"

struct elem;
struct sm;

/* NULL when out of memory. */
struct sm *sm_new(void);
/* sm may be NULL. */
void	 sm_free(struct sm *sm);

/* <enable/> is being sent: what is sent from now on counts (section 4). */
void	 sm_begin(struct sm *sm);
/* <enabled/> has come: what comes from now on counts.  Ignored if it was not
 * asked for.  0, or -1 without memory. */
int	 sm_enabled(struct sm *sm, const struct elem *enabled) MUST_CHECK;
/* Counting is over, and what was not acknowledged is forgotten. */
void	 sm_end(struct sm *sm);

/* Are stanzas counted and kept? */
int	 sm_counting(const struct sm *sm);
/* Does the server let the session be resumed (section 5)? */
int	 sm_resumable(const struct sm *sm);
/* By which id?  NULL if not. */
const char *sm_id(const struct sm *sm);
/* And where, as host[:port]?  NULL: the server has no preference. */
const char *sm_location(const struct sm *sm);

/* A stanza is sent: keep it.  0, or -1 if too much is kept already. */
int	 sm_sent(struct sm *sm, const void *stanza, size_t len) MUST_CHECK;
/* A stanza has come.  Returns whether it is time for an unasked <a/>. */
int	 sm_received(struct sm *sm);
/* How many have come, for <a h=''/> and <resume h=''/>, which the caller
 * sends now. */
uint32_t sm_h(struct sm *sm);

/* The server says that it has handled h stanzas, modulo 2^32.  0, or -1 if that
 * is more than were sent. */
int	 sm_acked(struct sm *sm, uint32_t h) MUST_CHECK;
/* The h of <a/>, <resumed/> and <failed/>.  0, or -1 if it has none. */
int	 sm_parse_h(const struct elem *e, uint32_t *h) MUST_CHECK;
/* How many were sent, modulo 2^32. */
uint32_t sm_count(const struct sm *sm);
/* How many stanzas are kept. */
size_t	 sm_unacked(const struct sm *sm);
/* How many bytes these have. */
size_t	 sm_unacked_bytes(const struct sm *sm);
/* Is it time for <r/>?  Not while an earlier <r/> is unanswered. */
int	 sm_should_ask(const struct sm *sm);
/* <r/> is being sent. */
void	 sm_asked(struct sm *sm);

/* Give all stanzas that are kept to send, the oldest first.  0, or -1 as soon
 * as send returns that. */
int	 sm_resend(struct sm *sm, int (*send)(void *arg, const void *stanza,
	    size_t len), void *arg) MUST_CHECK;

#endif
