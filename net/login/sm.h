/*
 * sm: stream management (XEP-0198): how many stanzas were handled on either
 * side, and those that the server has not acknowledged yet, which a resumed
 * session sends again.  It sends nothing itself; net/login/session.c does.
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
void	 sm_free(struct sm *sm);

/* <enable/> is being sent: what is sent from now on counts (section 4). */
void	 sm_begin(struct sm *sm);
/* <enabled/> has come: what comes from now on counts.  0, or -1 without
 * memory. */
int	 sm_enabled(struct sm *sm, const struct elem *enabled) MUST_CHECK;
/* Counting is over, and what was not acknowledged is forgotten. */
void	 sm_end(struct sm *sm);

/* Are stanzas counted and kept?  Does the server let the session be resumed?
 * By which id, and where (host[:port], NULL: no preference)? */
int	 sm_counting(const struct sm *sm);
int	 sm_resumable(const struct sm *sm);
const char *sm_id(const struct sm *sm);
const char *sm_location(const struct sm *sm);

/* A stanza is sent: keep it.  0, or -1 if too much is kept already. */
int	 sm_sent(struct sm *sm, const void *stanza, size_t len) MUST_CHECK;
/* A stanza has come.  Is it time to say so unasked? */
int	 sm_received(struct sm *sm);
/* How many have come, for <a h=''/> and <resume h=''/>; saying it counts as
 * having said so. */
uint32_t sm_h(struct sm *sm);

/* The server has handled h stanzas, modulo 2^32.  0, or -1 if that is more
 * than were sent. */
int	 sm_acked(struct sm *sm, uint32_t h) MUST_CHECK;
/* The h of <a/>, <resumed/> and <failed/>.  0, or -1 if it has none. */
int	 sm_parse_h(const struct elem *e, uint32_t *h) MUST_CHECK;
/* How many were sent, modulo 2^32. */
uint32_t sm_count(const struct sm *sm);
/* How many stanzas are kept; the bytes of them. */
size_t	 sm_unacked(const struct sm *sm);
size_t	 sm_unacked_bytes(const struct sm *sm);
/* Is it time for <r/>?  Not while one is unanswered. */
int	 sm_should_ask(const struct sm *sm);
void	 sm_asked(struct sm *sm);

/* Give all that are kept to send, oldest first.  0, or -1 as send does. */
int	 sm_resend(struct sm *sm, int (*send)(void *arg, const void *stanza,
	    size_t len), void *arg) MUST_CHECK;

#endif
