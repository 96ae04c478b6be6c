/*
 * invite: a listener's code for one call (-I), which admits one caller whose
 * account nothing else admits, and introduces the two to each other.
 *
 * The code is alive until a caller has come with it, three callers have come
 * with a wrong one, or its time is over.  A caller without it is a stranger.
 */
#ifndef NET_CHANNEL_INVITE_H
#define NET_CHANNEL_INVITE_H

#include <stddef.h>

#include "xml/check.h"

struct app;
struct elem;
struct invite;
struct stream_conf;

/* Draw a code, if the user wants one and there is none yet; get it ready for
 * our present JID.  0, or -1 without memory. */
int	 invite_begin(struct app *app) MUST_CHECK;
/* Wipe and free it. */
void	 invite_free(struct app *app);

/* Write our address and the code into out of size bytes.  For how many minutes
 * the code was made; 0 if there is none or it is not alive. */
long	 invite_address(const struct app *app, char *out, size_t size);

/* A stanza has come: none before it counts. */
void	 invite_next_stanza(struct app *app);
/*
 * May this stanza of a stranger be looked at, since it is an <open/> that shows
 * the code?  A wrong code is noted, and no other is looked at for a second.
 * 1; 0 if it shows none; -1 if it shows a wrong one.
 */
int	 invite_shown(struct app *app, const struct elem *stanza) MUST_CHECK;
/* Is it this JID that has shown the code with its last stanza? */
int	 invite_passes(const struct app *app, const char *jid);
/* Have conf, for the stream that peer offers by this <open/>, stand by the code
 * if the peer shows it.  0, or -1 if it shows a wrong one. */
int	 invite_offered(struct app *app, const char *peer,
	    const struct elem *open, struct stream_conf *conf) MUST_CHECK;
/* A caller has proved that it has the code, and its key: the code is used.
 * NULL if it may; else why not, for people. */
const char *invite_claim(struct app *app, const char *peer,
	    const char *fingerprint);

#endif
