/*
 * answer: what a peer is owed for its blocks, until their bytes have gone where
 * they belong.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"
#include "xml/elem.h"
#include "xml/iq.h"

struct debt *
inband_debt(const struct elem *stanza, size_t len)
{
	const char	*id = elem_attr(stanza, "id");
	struct debt	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->len = len + sizeof(*d);
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
inband_owe(struct inband *s, const struct elem *stanza, size_t len)
{
	struct debt	*d = inband_debt(stanza, len);

	if (d == NULL)
		return -1;
	STAILQ_INSERT_TAIL(&s->debts, d, next);
	inband_debt_count(s, d);
	return 0;
}

void
inband_debt_count(struct inband *s, const struct debt *d)
{
	s->rx += d->len;
	s->ibb->rx += d->len;
}

void
inband_debt_free(struct inband *s)
{
	struct debt	*d = STAILQ_FIRST(&s->debts);

	STAILQ_REMOVE_HEAD(&s->debts, next);
	s->rx -= d->len;
	s->ibb->rx -= d->len;
	free(d->id);
	free(d);
}

void
inband_refuse_debts(struct inband *s, enum stanza_error err)
{
	struct debt	*d;

	for (; (d = STAILQ_FIRST(&s->debts)) != NULL; inband_debt_free(s))
		if (d->id != NULL)
			iq_refuseto(s->ibb->iqs, s->peer, d->id, err, NULL);
}

void
inband_answer(struct inband *s, size_t n)
{
	struct debt	*d;

	while ((d = STAILQ_FIRST(&s->debts)) != NULL && (n > 0 || d->again)) {
		if (d->id != NULL) {
			iq_resultto(s->ibb->iqs, s->peer, d->id);
			if (iq_send(s->ibb->iqs) == -1) {
				inband_fail(s, INBAND_UNSENT, SE_NONE, "");
				return;
			}
		}
		if (!d->again) {
			s->paid++;
			n--;
		}
		inband_debt_free(s);
	}
}
