/* jingle_choice: see jingle_choice.h. */
#include <stdio.h>
#include <string.h>

#include "ibb/inband.h"
#include "ibb/jingle_choice.h"

static int
is_offered(const struct jingle_choice *c, const struct streamhost *h)
{
	size_t	 i;

	for (i = 0; i < c->ntheirs; i++)
		if (c->theirs[i].host.port == h->port &&
		    strcmp(c->theirs[i].host.host, h->host) == 0)
			return 1;
	return 0;
}

/* Of two candidates of one kind the one that comes first is the better one. */
void
jingle_choice_offer(struct jingle_choice *c, const char *jid,
    const struct streamhost *hosts, size_t n)
{
	struct jingle_candidate	*o;
	char			 sid[INBAND_SID];
	size_t			 i;

	c->nours = 0;
	for (i = 0; i < n && c->nours < S5B_HOSTS; i++) {
		if (is_offered(c, &hosts[i]))
			continue;
		o = &c->ours[c->nours++];
		o->host = hosts[i];
		o->type = strcmp(hosts[i].jid, jid) == 0 ? JINGLE_DIRECT :
		    JINGLE_PROXY;
		o->priority = ((uint32_t)o->type << 16) +
		    (uint32_t)(UINT16_MAX - i);
		inband_make_sid(sid);
		snprintf(o->cid, sizeof(o->cid), "%s", sid);
	}
}

void
jingle_choice_use(struct jingle_choice *c, size_t which)
{
	c->we = JINGLE_VOTE_USED;
	c->we_use = which;
}

void
jingle_choice_fail(struct jingle_choice *c)
{
	c->we = JINGLE_VOTE_ERROR;
}

int
jingle_choice_hear(struct jingle_choice *c, enum jingle_says says,
    const char *cid)
{
	size_t	 i;

	if (c->they != JINGLE_VOTE_OPEN)
		return -1;
	if (says == JINGLE_CANDIDATE_ERROR) {
		c->they = JINGLE_VOTE_ERROR;
		return 0;
	}
	for (i = 0; cid != NULL && i < c->nours; i++)
		if (strcmp(c->ours[i].cid, cid) == 0) {
			c->they = JINGLE_VOTE_USED;
			c->they_use = i;
			return 0;
		}
	return -1;
}

/* Would number which of theirs win against the one of ours that the peer uses?
 * Of equal ones it is the one that the initiator has chosen. */
static int
would_win(const struct jingle_choice *c, size_t which)
{
	uint32_t	 mine = c->theirs[which].priority;
	uint32_t	 other = c->ours[c->they_use].priority;

	return mine > other || (mine == other && c->initiator);
}

size_t
jingle_choice_worth(const struct jingle_choice *c)
{
	size_t	 n = c->ntheirs;

	if (c->they == JINGLE_VOTE_USED)
		while (n > 0 && !would_win(c, n - 1))
			n--;
	return n;
}

enum jingle_outcome
jingle_choice_outcome(const struct jingle_choice *c, size_t *which)
{
	*which = 0;
	if (c->we == JINGLE_VOTE_OPEN || c->they == JINGLE_VOTE_OPEN)
		return JINGLE_UNDECIDED;
	if (c->we == JINGLE_VOTE_ERROR && c->they == JINGLE_VOTE_ERROR)
		return JINGLE_USE_NONE;
	if (c->they == JINGLE_VOTE_ERROR || (c->we == JINGLE_VOTE_USED &&
	    would_win(c, c->we_use))) {
		*which = c->we_use;
		return JINGLE_USE_THEIRS;
	}
	*which = c->they_use;
	return JINGLE_USE_OURS;
}
