/*
 * ack: the answers that a peer is owed for its blocks (XEP-0047 section 2.2):
 * they are due when the bytes of the blocks have left the local end.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

#define ACK_COST	64	/* bytes: the heap's, and a carrier's mark */

struct ack *
ack_new(const struct elem *stanza, size_t len)
{
	const char	*id = elem_attr(stanza, "id");
	struct ack	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->len = len + sizeof(*d) + ACK_COST;
	if (stanza_is(stanza, "iq") && id != NULL) {
		d->len += strlen(id);
		if ((d->id = strdup(id)) == NULL) {
			free(d);
			return NULL;
		}
	}
	return d;
}

int
ack_owe(struct inband *s, const struct elem *stanza, size_t len)
{
	struct ack	*d = ack_new(stanza, len);

	if (d == NULL)
		return -1;
	STAILQ_INSERT_TAIL(&s->acks, d, next);
	ack_count(s, d);
	return 0;
}

void
ack_count(struct inband *s, const struct ack *d)
{
	path_hold(s, d->len);
	s->ibb->rx += d->len;
}

void
ack_free(struct inband *s)
{
	struct ack	*d = STAILQ_FIRST(&s->acks);

	STAILQ_REMOVE_HEAD(&s->acks, next);
	path_let_go(s, d->len);
	s->ibb->rx -= d->len;
	free(d->id);
	free(d);
}

/*
 * In a conversation, where small blocks go to and fro, the reply of the local
 * end is more urgent than the answer to a block, but a server that handles one
 * stanza after the other would handle the answer first.  So there answers wait
 * for a moment, as TCP's delayed acknowledgements do (RFC 1122, section
 * 4.2.3.2), and go together.  This is only between xcats: other programs may
 * wait for each answer.
 */

static int
ack_may_wait(const struct inband *s)
{
	return s->chats && s->can_sync && s->state == INBAND_OPEN &&
	    s->in == INBAND_HALF_OPEN && s->ibb->host.answer_later != NULL;
}

static void
ack_wait(struct inband *s)
{
	struct ibb	*b = s->ibb;

	if (s->waits)
		return;
	s->waits = 1;
	TAILQ_INSERT_TAIL(&b->waiting, s, waiter);
	b->host.answer_later(b->host.arg);
}

void
inband_wait_no_more(struct inband *s)
{
	if (s->waits)
		TAILQ_REMOVE(&s->ibb->waiting, s, waiter);
	s->waits = 0;
}

static void
ack_write_window(struct inband *s, struct xw *w)
{
	size_t	 n = path_grant(s);

	if (n == 0)
		return;
	xw_start(w, "window", NS_XCAT);
	xw_attrf(w, "size", "%zu", n);
	xw_end(w);
}

int
ack_pay(struct inband *s)
{
	struct ack	*d;

	/* The open is answered first. */
	if (s->state == INBAND_OFFERED)
		return 0;
	inband_wait_no_more(s);
	while ((d = STAILQ_FIRST(&s->acks)) != NULL &&
	    (s->due > 0 || d->again)) {
		if (d->id != NULL) {
			ack_write_window(s, iq_resultto(s->ibb->iqs, s->peer,
			    d->id));
			if (iq_send(s->ibb->iqs) == -1)
				return -1;
		}
		if (!d->again) {
			s->paid++;
			s->due--;
		}
		ack_free(s);
	}
	return 0;
}

void
ack_end(struct inband *s, enum stanza_error err)
{
	struct ack	*d;

	while (ack_pay(s) == -1)
		ack_free(s);	/* the answer to this block cannot be sent */
	for (; (d = STAILQ_FIRST(&s->acks)) != NULL; ack_free(s))
		if (d->id != NULL)
			iq_refuseto(s->ibb->iqs, s->peer, d->id, err, NULL);
}

static void
ack_pay_or_fail(struct inband *s)
{
	if (ack_pay(s) == -1)
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
}

void
inband_answer(struct inband *s, size_t n)
{
	uint64_t	 owed = s->got - s->paid - s->due;

	s->due += n < owed ? n : (size_t)owed;
	if (ack_may_wait(s))
		ack_wait(s);
	else
		ack_pay_or_fail(s);
}

void
ibb_answer(struct ibb *b)
{
	struct inband	*s;

	while ((s = TAILQ_FIRST(&b->waiting)) != NULL)
		ack_pay_or_fail(s);
}
