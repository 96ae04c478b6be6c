/*
 * budget: the memory that streams may take, shared out by account.
 */
#include <sys/tree.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/budget.h"
#include "xml/jid.h"

/* What the streams of one account have taken. */
struct share {
	struct budget	*budget;
	size_t		 used;
	size_t		 charges;
	RB_ENTRY(share)	 node;
	char		 jid[];
};
RB_HEAD(shares, share);

struct budget {
	size_t		 limit, part;
	size_t		 used;		/* by payload */
	size_t		 fixed;		/* by streams for being there */
	struct shares	 shares;
};

static int
share_cmp(const struct share *a, const struct share *b)
{
	return strcmp(a->jid, b->jid);
}

RB_GENERATE_INTERNAL(shares, share, node, share_cmp,
    __attribute__((__unused__)) static)

struct budget *
budget_new(size_t bytes, size_t part)
{
	struct budget	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->limit = bytes;
	b->part = part;
	RB_INIT(&b->shares);
	return b;
}

void
budget_free(struct budget *b)
{
	free(b);
}

static struct share *
share_find(struct budget *b, const char *jid)
{
	struct share	*s = RB_ROOT(&b->shares);
	int		 cmp;

	while (s != NULL && (cmp = strcmp(jid, s->jid)) != 0)
		s = cmp < 0 ? RB_LEFT(s, node) : RB_RIGHT(s, node);
	return s;
}

static struct share *
share_new(struct budget *b, const char *jid)
{
	struct share	*s;
	size_t		 len = strlen(jid) + 1;

	if ((s = calloc(1, sizeof(*s) + len)) == NULL)
		return NULL;
	s->budget = b;
	memcpy(s->jid, jid, len);
	RB_INSERT(shares, &b->shares, s);
	return s;
}

int
charge_begin(struct charge *c, struct budget *b, const char *peer)
{
	char	 bare[JID_MAX];

	memset(c, 0, sizeof(*c));
	if (b == NULL)
		return 0;
	jid_bare(peer, bare);
	if ((c->share = share_find(b, bare)) == NULL &&
	    (c->share = share_new(b, bare)) == NULL)
		return -1;
	c->share->charges++;
	return 0;
}

void
charge_set(struct charge *c, size_t fixed, size_t bytes)
{
	struct share	*s = c->share;

	if (s == NULL)
		return;
	s->used += bytes - c->bytes;
	s->budget->fixed += fixed - c->fixed;
	s->budget->used += bytes - c->bytes;
	c->fixed = fixed;
	c->bytes = bytes;
}

void
charge_end(struct charge *c)
{
	struct share	*s = c->share;

	if (s == NULL)
		return;
	charge_set(c, 0, 0);
	c->share = NULL;
	if (--s->charges > 0)
		return;
	RB_REMOVE(shares, &s->budget->shares, s);
	free(s);
}

/* Bytes of the budget that are taken.  However many streams there are, most of
 * the budget is for their payload: else a thousand of them would all be left
 * with the least window. */
static size_t
budget_used(const struct budget *b)
{
	size_t	 most = b->limit / 4;

	return b->used + (b->fixed < most ? b->fixed : most);
}

static size_t
budget_rest(size_t limit, size_t used)
{
	return used < limit ? limit - used : 0;
}

/* Bytes that are left if so many quarters of each limit may be taken. */
static size_t
charge_room(const struct charge *c, size_t quarters)
{
	const struct share	*s = c->share;
	size_t			 own, all;

	if (s == NULL)
		return SIZE_MAX;
	own = budget_rest(s->budget->part / 4 * quarters, s->used);
	all = budget_rest(s->budget->limit / 4 * quarters,
	    budget_used(s->budget));
	return own < all ? own : all;
}

size_t
charge_left(const struct charge *c)
{
	return charge_room(c, 3);
}

size_t
charge_rest(const struct charge *c)
{
	return charge_room(c, 4);
}

int
charge_is_tight(const struct charge *c)
{
	return c->share != NULL &&
	    (budget_used(c->share->budget) > c->share->budget->limit / 4 ||
	    c->share->used > c->share->budget->part / 4);
}
