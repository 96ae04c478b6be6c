/*
 * reload: a listener that is left running (-k) reads its configuration anew, by
 * SIGHUP.
 */
#ifndef NET_APP_RELOAD_H
#define NET_APP_RELOAD_H

#include "xml/check.h"

struct app;
struct conf;
struct services;

/* The services that the operands name and, with -k, those in conf behind them;
 * for services_free().  NULL with a message in err[SERVICE_ERR]. */
struct services *reload_services(const struct app *app,
	    const struct conf *conf, char *err) MUST_CHECK;
/* Note, before it may go, whether there is a terminal. */
void	 reload_begin(struct app *app);
/* Is this a signal to read the configuration anew?  Without -k it is not, nor
 * where the terminal is gone, nor once the listener is about to end
 * (drain.h). */
int	 reload_asked(const struct app *app, int signo);
/* Read the allowed peers, the services and the ports of callers anew.  If
 * anything is wrong, that is said, and all stays as it was.  Streams go on in
 * any case. */
void	 reload(struct app *app);

#endif
