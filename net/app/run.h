/*
 * run: what a run lives by: its loop, signals, listening ports, and the folders
 * and sockets that its options name.
 */
#ifndef NET_APP_RUN_H
#define NET_APP_RUN_H

#include "xml/check.h"

struct app;

/* Make the loop and what hangs on it, of a run that is prepared (prepare.h).
 * Returns 0, or -1 after app_fail(). */
int	 run_new(struct app *app) MUST_CHECK;
/* This signal ends the run: what is typed ends properly, other streams break
 * off. */
void	 run_signalled(struct app *app, int signo);
/* Free all that the app has, when its loop has ended. */
void	 run_free(struct app *app);

#endif
