/*
 * share_client: a run that is done by the process which keeps the login.
 */
#ifndef NET_SHARE_SHARE_CLIENT_H
#define NET_SHARE_SHARE_CLIENT_H

#include "net/share/share.h"

/* Have the process at the other end of fd, which is closed, do this run, and
 * wait for its end: SHARE_OVER, or SHARE_ALONE, with a line for -v that says
 * why. */
enum share_way share_client(struct app *app, int fd);

#endif
