/*
 * guest: a run that uses the login of another run, its owner: it has its
 * options, streams, descriptors, messages and end for itself, and all that
 * depends on the login is its owner's.  net/share makes guests of the processes
 * that share a login.
 */
#ifndef NET_APP_GUEST_H
#define NET_APP_GUEST_H

#include "xml/check.h"

struct app;

/*
 * Make g a guest of owner, which has its loop.  g is zeroed but for what the
 * options say, input and output, sender, told and told_arg, and the context, in
 * which this is called.  It begins when the login stands.  Returns 0, or -1
 * after app_fail(): free it all the same.
 */
int	 guest_join(struct app *g, struct app *owner) MUST_CHECK;
/* Break off what g still does, and free all that it has, but not g. */
void	 guest_leave(struct app *g);

#endif
