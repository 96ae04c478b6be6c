/*
 * key: -K: our key, and what is known of others'.
 */
#ifndef NET_APP_KEY_H
#define NET_APP_KEY_H

#include "net/channel/app.h"

/* Print our account and key on standard output.  The fault, after a line that
 * says what is wrong. */
enum fault key_show(const struct app *app);
/* Forget the keys of this JID, as the user has written it.  The fault, after a
 * line that says what is wrong. */
enum fault key_forget(const struct app *app, const char *given);

#endif
