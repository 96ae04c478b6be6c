/*
 * call: streams that we open to the peer.
 */
#ifndef NET_CHANNEL_CALL_H
#define NET_CHANNEL_CALL_H

#include "xml/check.h"

struct app;
struct channel;

/* Open the channel's stream to a service of the peer; NULL: to none.  The
 * strings have to outlive the channel, and called_peer and called_for are set,
 * if they are to be.  0 or -1. */
int	 call_open(struct channel *ch, const char *host, const char *port)
	    MUST_CHECK;
/* The channel's stream has come to nothing.  If that is because its peer is not
 * there yet, and the peer is to be waited for (-W), call it again later:
 * returns 1, and the channel goes on.  Else 0. */
int	 call_again_later(struct channel *ch) MUST_CHECK;
/* The channel waits for its next call: has its local end failed meanwhile? */
void	 call_check(struct channel *ch);
/* Call the peer, and join standard input and output to that.  NULL, and the run
 * ends, when out of memory. */
struct channel *call_stdio(struct app *app);

#endif
