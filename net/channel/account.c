/* account: see account.h. */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "net/channel/account.h"
#include "net/channel/channel.h"
#include "xml/jid.h"

static int
account_cmp(const struct account *a, const struct account *b)
{
	return strcmp(a->jid, b->jid);
}

RB_GENERATE_INTERNAL(accounts, account, node, account_cmp,
    __attribute__((__unused__)) static)

struct account *
account_find(struct app *app, const char *jid)
{
	struct account	*a = RB_ROOT(&app->accounts);
	char		 bare[JID_MAX];
	int		 cmp;

	jid_bare(jid, bare);
	while (a != NULL && (cmp = strcmp(bare, a->jid)) != 0)
		a = cmp < 0 ? RB_LEFT(a, node) : RB_RIGHT(a, node);
	return a;
}

static struct account *
account_add(struct app *app, const char *jid)
{
	struct account	*a;
	char		 bare[JID_MAX];
	size_t		 len;

	len = strlen(jid_bare(jid, bare)) + 1;
	if ((a = calloc(1, sizeof(*a) + len)) == NULL)
		return NULL;
	memcpy(a->jid, bare, len);
	TAILQ_INIT(&a->channels);
	RB_INSERT(accounts, &app->accounts, a);
	return a;
}

int
account_join(struct channel *ch, const char *peer)
{
	struct account	*a;

	if ((a = account_find(ch->app, peer)) == NULL &&
	    (a = account_add(ch->app, peer)) == NULL)
		return -1;
	ch->account = a;
	TAILQ_INSERT_TAIL(&a->channels, ch, of_account);
	return 0;
}

void
account_leave(struct channel *ch)
{
	struct account	*a = ch->account;

	if (a == NULL)
		return;
	ch->account = NULL;
	TAILQ_REMOVE(&a->channels, ch, of_account);
	if (!TAILQ_EMPTY(&a->channels))
		return;
	RB_REMOVE(accounts, &ch->app->accounts, a);
	free(a);
}

struct account *
account_first(struct app *app)
{
	return RB_MIN(accounts, &app->accounts);
}

struct account *
account_next(struct account *a)
{
	return RB_NEXT(accounts, NULL, a);
}
