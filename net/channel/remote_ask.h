/*
 * remote_ask: -R: ports that the peer opens for us.  One control stream asks
 * for them; for each connection that comes to one of them, the peer opens a
 * stream to us, which goes to the target of that port.
 */
#ifndef NET_CHANNEL_REMOTE_ASK_H
#define NET_CHANNEL_REMOTE_ASK_H

#include "xml/check.h"

struct app;
struct elem;
struct inband;

/* Look at what -R says (app->conf.reverse), before the login; without it, do
 * nothing.  0, or -1 with a message in err[REMOTE_ERR]. */
int	 remote_ask_new(struct app *app, char *err) MUST_CHECK;
/* Forget it. */
void	 remote_ask_free(struct app *app);
/* Ask the peer for its ports.  stands is called, once, when all of them accept
 * connections, which has been said; if one cannot be had, the run ends. */
void	 remote_ask_begin(struct app *app, void (*stands)(struct app *app));
/* May this JID, which has offered a stream, know that we take any?  Only the
 * full JID of the peer may, while the control stream stands. */
int	 remote_ask_admits(const struct app *app, const char *jid);
/* A stream is offered by this <open/>, as struct ibb_host has it: take it, if
 * it is for a port that was agreed on. */
void	 remote_ask_offered(void *app, struct inband *offer,
	    const struct elem *open);

#endif
