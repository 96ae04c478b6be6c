/*
 * enroll: --register: an account is made on its server.
 */
#ifndef NET_APP_ENROLL_H
#define NET_APP_ENROLL_H

#include "xml/check.h"

struct app;

/* Begin to register the account of the run, whose password is known, and is
 * asked for once more if it was typed.  The run ends with what comes of it.
 * Returns 0, or -1 after app_fail(). */
int	 enroll(struct app *app) MUST_CHECK;

#endif
