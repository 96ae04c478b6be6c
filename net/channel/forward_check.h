/*
 * forward_check: what is wrong with -L, -D, -R and -u, as far as that shows
 * before anything is opened.
 */
#ifndef NET_CHANNEL_FORWARD_CHECK_H
#define NET_CHANNEL_FORWARD_CHECK_H

#include "xml/check.h"

struct app;

#define FORWARD_CHECK_ERR	300

/* Can these options be, in this mode?  What may be in use is seen later.  0, or
 * -1 with a message in err[FORWARD_CHECK_ERR]. */
int	 forward_check(const struct app *app, char *err) MUST_CHECK;

#endif
