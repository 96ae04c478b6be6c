/*
 * server: the login of a run to its server: what it asks of a session, and what
 * follows from the events of that session.
 */
#ifndef NET_APP_SERVER_H
#define NET_APP_SERVER_H

#include "xml/check.h"

struct app;

/* Log in.  What the run was called for begins when the session is ready.
 * Returns 0, or -1 after app_fail(). */
int	 server_login(struct app *app) MUST_CHECK;
/* g, whose owner logs in or has logged in, begins when it may: now, perhaps. */
void	 server_guest(struct app *g);
/* How much the lines of the session are wanted has changed: log_set_level(). */
void	 server_trace(struct app *app, int trace);

#endif
