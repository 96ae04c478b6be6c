/*
 * remote_serve: ports that a listener opens for its callers (-R there, the
 * keyword remote here): a control stream of each caller, and for each
 * connection that comes, a stream that we open to that caller.
 */
#ifndef NET_CHANNEL_REMOTE_SERVE_H
#define NET_CHANNEL_REMOTE_SERVE_H

#include "xml/check.h"
#include "xml/stanza.h"

struct app;
struct channel;
struct elem;
struct remote_allowed;

/* May this <open/> begin a control stream?  SE_NONE, or why not, with a text
 * for people in why[SERVICE_ERR]. */
enum stanza_error remote_serve_refuses(const struct app *app,
	    const struct elem *open, char *why);
/* The stream of this channel is to be a control stream, which has still to be
 * accepted.  0, or -1 when out of memory. */
int	 remote_serve_new(struct channel *ch) MUST_CHECK;
/* Accept connections, or have them wait, as it is now: they wait while the
 * caller or the server is away, and while the caller has as many streams as it
 * may. */
void	 remote_serve_settle(struct app *app);
/* Other ports are allowed now: close those that are not. */
void	 remote_serve_reloaded(struct app *app);
/* The listener takes no more streams: close all ports. */
void	 remote_serve_drain(struct app *app);

#endif
