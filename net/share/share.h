/*
 * share: one login for many runs (xcat(1), share).  The first run leaves a
 * process behind that keeps the login (share_master.c); it and those that
 * follow are its clients (share_client.c), which hand their descriptors over
 * and wait for the end.
 */
#ifndef NET_SHARE_SHARE_H
#define NET_SHARE_SHARE_H

#include "net/channel/app.h"

struct share_master;

enum share_way {
	SHARE_ALONE,		/* log in: nothing has been read or written */
	SHARE_OVER,		/* the run is over: app->fault, app->signo */
	SHARE_MASTER		/* this is a new process, which is to keep the
				 * login: see share_master_new() */
};

/* May this run share a login, as its options say? */
int	 share_wanted(const struct app *app);
/* Have a process that keeps the login for this run do it, if there is one.
 * app is as the options have it, not yet prepared. */
enum share_way share_use(struct app *app);
/* As share_use(), but where there is no process, begin one, which is a copy of
 * this: app is prepared.  For SHARE_MASTER *fd listens. */
enum share_way share_start(struct app *app, int *fd);

/* Is this one of the words that share_order() takes? */
int	 share_is_order(const char *order);
/* -O: "check" or "exit" the process that keeps the login of this account, or
 * "list" all of ours, and the runs that tell of themselves (share_status.h).
 * The fault of the run, after a line that says what was found. */
enum fault share_order(struct app *app);

/* Keep the login for others: before app's loop is made.  app forgets what its
 * own run would have been. */
void	 share_master_begin(struct app *app);
/* Serve clients, which connect to fd.  The loop of app exists.  NULL after
 * app_fail(). */
struct share_master *share_master_new(struct app *app, int fd);
/* The loop has ended.  NULL is fine. */
void	 share_master_free(struct share_master *m);

#endif
