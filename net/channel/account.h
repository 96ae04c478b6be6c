/*
 * account: the accounts that have called a listener, and the channels of each,
 * in the order in which they came.  A listener may have thousands of channels,
 * and asks at each stanza of a stranger, and at each call, for those of one
 * account.
 */
#ifndef NET_CHANNEL_ACCOUNT_H
#define NET_CHANNEL_ACCOUNT_H

#include <sys/queue.h>
#include <sys/tree.h>

#include "xml/check.h"

struct app;
struct channel;

struct account {
	TAILQ_HEAD(, channel)	 channels;	/* by of_account; never empty */
	RB_ENTRY(account)	 node;
	char			 jid[];		/* bare */
};

/* The channel, which has no stream yet, is of the account of peer, a JID, from
 * now on.  0, or -1 when out of memory. */
int	 account_join(struct channel *ch, const char *peer) MUST_CHECK;
/* The account of the channel forgets the channel, which is about to be freed.
 * A channel that is of no account is fine. */
void	 account_leave(struct channel *ch);
/* The account of this JID; NULL if it has no channels. */
struct account *account_find(struct app *app, const char *jid);
/* The first account, and the one behind a; NULL if there is none. */
struct account *account_first(struct app *app);
struct account *account_next(struct account *a);

#endif
