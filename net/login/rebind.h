/*
 * rebind: keeping our address when we log in again.  The connection that was
 * lost may still be one for the server, which then refuses its resource
 * (conflict), or gives another one; some servers give another one always.
 *
 * We insist on the address for as long as the session's patience lasts, since
 * peers know us by it.  After that, or at once if nothing depends on it, we go
 * on under another; one that listens looks for its own from time to time, and
 * goes back to it while no stream is under way.
 */
#ifndef NET_LOGIN_REBIND_H
#define NET_LOGIN_REBIND_H

#include <stdint.h>

#include "xml/stanza.h"

struct session;

/* The resource to ask the server for; "": the server is to choose. */
const char *rebind_resource(const struct session *s);
/* The server has refused the resource.  The session has failed then, for now
 * or for good. */
void	 rebind_refused(struct session *s, enum stanza_error err);
/* The server has bound us to this full JID, while our peers know another.
 * Returns 1 if we go on under it.  Otherwise the session has failed, for now or
 * for good, or has gone to S_ELSEWHERE, from where it goes on by itself. */
int	 rebind_elsewhere(struct session *s, const char *jid);
/* In S_ELSEWHERE the time is over (the session's timer). */
void	 rebind_silent(struct session *s);
/* In S_READY: we go by this address from now on. */
void	 rebind_ready(struct session *s);
/* When to see whether our address is free, ms of clock_ms(); INT64_MAX: never.
 * In S_READY: do that, if it is time. */
int64_t	 rebind_deadline(const struct session *s);
void	 rebind_look(struct session *s, int64_t now);

#endif
