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
struct budget_part {
	struct budget		*budget;
	size_t			 used;
	size_t			 charges;
	RB_ENTRY(budget_part)	 node;
	char			 jid[];
};
RB_HEAD(parts, budget_part);

struct budget {
	size_t		 limit, part_limit;
	size_t		 used;		/* by payload */
	size_t		 fixed;		/* by streams for being there */
	struct parts	 parts;
};

static int
part_cmp(const struct budget_part *a, const struct budget_part *b)
{
	return strcmp(a->jid, b->jid);
}

RB_GENERATE_INTERNAL(parts, budget_part, node, part_cmp,
    __attribute__((__unused__)) static)

struct budget *
budget_new(size_t bytes, size_t part)
{
	struct budget	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->limit = bytes;
	b->part_limit = part;
	RB_INIT(&b->parts);
	return b;
}

void
budget_free(struct budget *b)
{
	free(b);
}

static struct budget_part *
part_find(struct budget *b, const char *jid)
{
	struct budget_part	*p = RB_ROOT(&b->parts);
	int			 cmp;

	while (p != NULL && (cmp = strcmp(jid, p->jid)) != 0)
		p = cmp < 0 ? RB_LEFT(p, node) : RB_RIGHT(p, node);
	return p;
}

static struct budget_part *
part_new(struct budget *b, const char *jid)
{
	struct budget_part	*p;
	size_t			 len = strlen(jid) + 1;

	if ((p = calloc(1, sizeof(*p) + len)) == NULL)
		return NULL;
	p->budget = b;
	memcpy(p->jid, jid, len);
	RB_INSERT(parts, &b->parts, p);
	return p;
}

int
charge_begin(struct charge *c, struct budget *b, const char *peer)
{
	char	 bare[JID_MAX];

	memset(c, 0, sizeof(*c));
	if (b == NULL)
		return 0;
	jid_bare(peer, bare);
	if ((c->part = part_find(b, bare)) == NULL &&
	    (c->part = part_new(b, bare)) == NULL)
		return -1;
	c->part->charges++;
	return 0;
}

void
charge_set(struct charge *c, size_t fixed, size_t bytes)
{
	struct budget_part	*p = c->part;

	if (p == NULL)
		return;
	p->used += bytes - c->bytes;
	p->budget->fixed += fixed - c->fixed;
	p->budget->used += bytes - c->bytes;
	c->fixed = fixed;
	c->bytes = bytes;
}

void
charge_end(struct charge *c)
{
	struct budget_part	*p = c->part;

	if (p == NULL)
		return;
	charge_set(c, 0, 0);
	c->part = NULL;
	if (--p->charges > 0)
		return;
	RB_REMOVE(parts, &p->budget->parts, p);
	free(p);
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
	const struct budget_part	*p = c->part;
	size_t				 own, all;

	if (p == NULL)
		return SIZE_MAX;
	own = budget_rest(p->budget->part_limit / 4 * quarters, p->used);
	all = budget_rest(p->budget->limit / 4 * quarters,
	    budget_used(p->budget));
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
	return c->part != NULL &&
	    (budget_used(c->part->budget) > c->part->budget->limit / 4 ||
	    c->part->used > c->part->budget->part_limit / 4);
}
