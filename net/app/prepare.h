/*
 * prepare: from the options to what a login needs: keys, tokens, the proxy, the
 * password.  All that can be wrong before the network is found here.
 */
#ifndef NET_APP_PREPARE_H
#define NET_APP_PREPARE_H

#include "xml/check.h"

struct app;

/* Prepare the run whose conf, mode and jid are given.  Returns 0, or -1 after
 * app_fail(). */
int	 prepare(struct app *app) MUST_CHECK;
/* Look whether the options leave room for the key or the code by which the peer
 * proves itself.  As prepare(). */
int	 prepare_proof(struct app *app) MUST_CHECK;
/* Prepare the keys alone: what this run knows of the keys of its peer.  As
 * prepare(). */
int	 prepare_trust(struct app *app) MUST_CHECK;

#endif
