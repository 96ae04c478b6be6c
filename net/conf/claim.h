/*
 * claim: one listener for each address on this machine.  A second listener that
 * logs in under the address of the first takes it away from the first (RFC 6120
 * section 7.7.2.2), so that both would have to be looked at.
 */
#ifndef NET_CONF_CLAIM_H
#define NET_CONF_CLAIM_H

#include "xml/check.h"

#define CLAIM_ERR	16384	/* bytes: a JID, and another in quotes */

struct claim;

/*
 * Claim this full JID until claim_free() or the end of the process: a lock
 * (flock(2)) on a file in $XDG_RUNTIME_DIR, or else in dir, which may not exist
 * yet.  The descriptor is not passed on to commands; a file that is left over
 * claims nothing.  Where there can be no lock, there is no claim, which is no
 * error.  A listener whose stream has ended keeps its claim until the peer has
 * answered, when inetd(8) may have begun the next one: another's claim is
 * waited for, 2 s.  Returns 0 and the claim, NULL if there is none, in *out; or
 * -1 if another process has it still, with a message in why[CLAIM_ERR] that has
 * the command for a resource of its own.
 */
int	 claim_take(const char *jid, const char *dir, struct claim **out,
	    char *why) MUST_CHECK;
/* Give a claim back: another listener may begin.  NULL is fine. */
void	 claim_free(struct claim *c);

#endif
