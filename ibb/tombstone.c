/*
 * tombstone: in-band bytestreams between xcats that have ended, kept as long as
 * their peers may ask how: an answer to a <close/> can be lost on the way.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

static void
tombstone_clear(struct tombstone *g)
{
	free(g->peer);
	free(g->sid);
	memset(g, 0, sizeof(*g));
}

void
tombstone_add(struct inband *s, const char *receipt)
{
	struct ibb	*b = s->ibb;
	struct tombstone *g = &b->tombstones[b->next_tombstone++ % TOMBSTONES];

	tombstone_clear(g);
	g->peer = strdup(s->peer);
	g->sid = strdup(s->sid);
	g->got = s->got;
	g->paid = s->paid;
	g->settled = s->close_id == NULL;	/* it has not asked us */
	strlcpy(g->receipt, receipt, sizeof(g->receipt));
	if (g->peer == NULL || g->sid == NULL)
		tombstone_clear(g);
}

struct tombstone *
tombstone_find(struct ibb *b, const char *peer, const char *sid)
{
	struct tombstone	*g;

	if (peer == NULL || sid == NULL)
		return NULL;
	for (g = b->tombstones; g < b->tombstones + TOMBSTONES; g++)
		if (g->peer != NULL && strcmp(g->peer, peer) == 0 &&
		    strcmp(g->sid, sid) == 0)
			return g;
	return NULL;
}

size_t
ibb_unsettled(const struct ibb *b)
{
	const struct tombstone	*g;
	size_t			 n = 0;

	for (g = b->tombstones; g < b->tombstones + TOMBSTONES; g++)
		n += g->peer != NULL && !g->settled;
	return n;
}

int
tombstone_close(struct ibb *b, const struct elem *iq,
    const struct elem *close)
{
	struct tombstone	*g = tombstone_find(b, elem_attr(iq, "from"),
			    elem_attr(close, "sid"));
	struct xw	*w;

	if (g == NULL || !stanza_is(iq, "iq"))
		return 0;
	w = iq_result(b->iqs, iq);
	if (*g->receipt != '\0')
		xw_elem(w, "receipt", NS_XCAT, g->receipt);
	iq_post(b->iqs);
	return 1;
}

void
tombstone_settle(struct inband *s)
{
	struct xw	*w = iq_request(s->ibb->iqs, "set", s->peer);

	xw_start(w, "closed", NS_XCAT);
	xw_attr(w, "sid", s->sid);
	iq_tell(s->ibb->iqs);
}

int
closed_input(void *arg, const struct elem *iq, const struct elem *closed)
{
	struct ibb		*b = arg;
	struct tombstone	*g = tombstone_find(b, elem_attr(iq, "from"),
			    elem_attr(closed, "sid"));

	if (g == NULL) {
		iq_refuse(b->iqs, iq, SE_ITEM_NOT_FOUND, NULL);
		return 1;
	}
	g->settled = 1;
	iq_ok(b->iqs, iq);
	if (b->host.settled != NULL)
		b->host.settled(b->host.arg);
	return 1;
}

void
tombstone_free_all(struct ibb *b)
{
	struct tombstone	*g;

	for (g = b->tombstones; g < b->tombstones + TOMBSTONES; g++)
		tombstone_clear(g);
}
