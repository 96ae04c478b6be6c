/*
 * admit: which addresses learn that this run is there, and which may open
 * streams to it.
 */
#ifndef NET_CHANNEL_ADMIT_H
#define NET_CHANNEL_ADMIT_H

#include <stddef.h>

#include "xml/jid.h"

struct app;
struct elem;

#define ADMIT_TOLD	16

/* The last accounts of which something was told on standard error. */
struct admit_told {
	char	 jid[ADMIT_TOLD][JID_MAX];
	size_t	 next;
};

/*
 * Does this stanza come from an address that has nothing to do with this run?
 * For a listener these are the addresses that -a does not name, for a caller
 * all but its peer and its own account; never our own server, nor the peer of
 * a stream that stands.  If the stanza was to open a stream to a listener, a
 * line on standard error says so.
 */
int	 admit_stranger(void *app, const struct elem *e);
/* A run that uses the login of owner calls this peer, which may still have
 * something to ask when that has ended: it is no stranger for a while. */
void	 admit_meet(struct app *owner, const char *peer);
/* May this JID know that we take streams?  As struct session_host has it. */
int	 admit_knows(void *app, const char *jid);
/* May it open a stream now?  As struct ibb_host has it. */
int	 admit_opens(void *app, const char *jid);
/* May it offer a stream by a stanza that has just come?  With the code of -I,
 * too.  As struct ibb_host has it. */
int	 admit_offers(void *app, const char *jid);
/* Say that this peer is not served, and why; once for each of the last few
 * accounts. */
void	 admit_say_refused(struct app *app, const char *jid, const char *why);
/* Say that the stream of this peer has no session though it could have one, and
 * why; once for each of the last few accounts.  Nothing is said with e2e=off,
 * nor of components, behind which there is no xcat. */
void	 admit_say_plain(struct app *app, const char *jid, const char *why);

#endif
