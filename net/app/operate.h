/*
 * operate: what is asked, by signals, of a listener that is left running.
 */
#ifndef NET_APP_OPERATE_H
#define NET_APP_OPERATE_H

#include "xml/check.h"

struct app;
struct conf;
struct services;

/* The services that the operands name and, with -k, those in conf behind them.
 * NULL with a message in err[SERVICE_ERR]. */
struct services *operate_services(const struct app *app,
	    const struct conf *conf, char *err) MUST_CHECK;
/* Note, before it may go, whether there is a terminal. */
void	 operate_begin(struct app *app);
/* Is this a signal to read the configuration anew?  Without -k it is not, nor
 * where the terminal is gone. */
int	 operate_reloads(const struct app *app, int signo);
/* Read the allowed peers, the services and the ports of callers anew.  If
 * anything is wrong, that is said, and all stays as it was.  Streams go on in
 * any case. */
void	 operate_reload(struct app *app);
/* Is this a signal to end with the last stream (-o grace)? */
int	 operate_drains(const struct app *app, int signo);
/* Take no more streams, and end with the last one, or after the grace. */
void	 operate_drain(struct app *app, int signo);

#endif
