/*
 * forward: -L and -D: a stream to the peer for each connection to a port here.
 * -R, the ports of the peer, begins with them: remote_ask.h.
 */
#ifndef NET_CHANNEL_FORWARD_H
#define NET_CHANNEL_FORWARD_H

#include "xml/check.h"

struct app;
struct channel;

/* Bind what -L and -D name: what cannot work fails before the login.  0, or
 * -1 with a reason of PORT_ERR bytes. */
int	 forward_open(struct app *app, char *why) MUST_CHECK;
/*
 * Do connections and clients have to wait?  They do until forward_start() lets
 * them come, while the server is away, and while another one meets the peer by
 * a code, which is good for one stream: those behind it come by the key that
 * the first has found.
 */
int	 forward_holds(const struct app *app);
/* Forget what -L says. */
void	 forward_free(struct app *app);
/* There is a login: accept connections, and say so; with -R, once the peer
 * does so, too; with -f, once the peer has been found, and then from the
 * background. */
void	 forward_start(struct app *app);
/* Accept connections, or have them wait, as forward_holds() has it now.  The
 * ports of a listener are settled, too (remote_serve.h). */
void	 forward_settle(struct app *app);
/* The server is back, and what was asked of the peer may be lost: ask again. */
void	 forward_back(struct app *app);
/* The stream stands: a SOCKS client that waits for that goes on. */
void	 forward_stands(struct channel *ch);

#endif
