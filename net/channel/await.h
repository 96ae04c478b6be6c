/*
 * await: -W: a peer that is not there yet is asked for again, each time a
 * little later.  Servers tell of presence only after a subscription (RFC 6121
 * section 3), so there is nothing else to do than to ask.
 */
#ifndef NET_CHANNEL_AWAIT_H
#define NET_CHANNEL_AWAIT_H

#include <stdint.h>

#include "net/io/loop.h"
#include "xml/check.h"
#include "xml/stanza.h"

struct app;

#define AWAIT_FIRST	500	/* ms until an absent peer is asked again */

/* One request that waits for its peer.  All zero is a request that has not been
 * refused yet; timer.fire and timer.arg are its owner's. */
struct await {
	struct timer	 timer;		/* when to ask again */
	int64_t		 since;		/* the first refusal, clock_ms(); 0:
					 * none yet */
	int64_t		 pause;		/* ms to the next time */
};

/* Does this answer mean that the peer is not there, rather than that it does
 * not want the request?  A server answers service-unavailable for an absent
 * resource (RFC 6120 section 8.3.3.19). */
int	 await_is_absence(enum stanza_error err);
/* Does it mean that the server of the peer could not be reached, so that the
 * peer itself has not been asked?  RFC 6120 sections 8.3.3.16 and 17. */
int	 await_is_distance(enum stanza_error err);
/* The pause behind one of so many ms: twice as long, up to 5 s. */
int64_t	 await_longer(int64_t pause);
/* The peer is not there: set a->timer to ask again.  0, or -1 if it is not to
 * be waited for, or has been for long enough. */
int	 await_again(struct app *app, struct await *a) MUST_CHECK;
/* The peer is there, or it is waited for no more: the next refusal is a first
 * one. */
void	 await_end(struct app *app, struct await *a);

#endif
