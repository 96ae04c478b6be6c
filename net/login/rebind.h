/*
 * rebind: keeping our address when we log in again.  The server may still hold
 * the connection that was lost: then it refuses our resource (conflict), or
 * gives another.  Some servers always give another.
 *
 * We insist on the address for as long as the session's patience lasts, since
 * peers know us by it.  After that, or at once if nothing depends on it, we go
 * on under another.  A listener asks for its own address from time to time, and
 * goes back to it while no stream is under way.
 */
#ifndef NET_LOGIN_REBIND_H
#define NET_LOGIN_REBIND_H

#include <stdint.h>

#include "xml/stanza.h"

struct session;

/* The resource to ask the server for; "": the server is to choose. */
const char *rebind_resource(const struct session *s);
/* The server has refused the resource, with err: the session fails, for now or
 * for good. */
void	 rebind_refused(struct session *s, enum stanza_error err);
/* The server has bound us to this full JID, while our peers know another.
 * Returns 1 if we go on under it.  Otherwise the session has failed, for now or
 * for good, or is in SESSION_ELSEWHERE, from where it goes on by itself. */
int	 rebind_elsewhere(struct session *s, const char *jid);
/* In SESSION_ELSEWHERE: the session's timer has fired. */
void	 rebind_silent(struct session *s);
/* In SESSION_READY: peers know us by this address from now on. */
void	 rebind_ready(struct session *s);
/* When to ask whether our own address is free, ms of clock_ms(); INT64_MAX:
 * never. */
int64_t	 rebind_deadline(const struct session *s);
/* In SESSION_READY: ask, if it is time. */
void	 rebind_look(struct session *s, int64_t now);

#endif
