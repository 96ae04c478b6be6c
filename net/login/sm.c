/* sm: see sm.h. */
#include <stdlib.h>
#include <string.h>

#include "net/login/sm.h"
#include "net/login/sm_int.h"
#include "xml/elem.h"

#define KEPT_MAX	(32 * 1024 * 1024)	/* bytes unacknowledged */
#define ASK_AFTER	4	/* stanzas unacknowledged */
#define TELL_AFTER	64	/* stanzas received and not told of */

struct sm *
sm_new(void)
{
	struct sm	*sm;

	if ((sm = calloc(1, sizeof(*sm))) != NULL)
		STAILQ_INIT(&sm->queue);
	return sm;
}

void
sm_free(struct sm *sm)
{
	if (sm == NULL)
		return;
	sm_end(sm);
	free(sm);
}

static void
drop_first(struct sm *sm)
{
	struct kept	*k = STAILQ_FIRST(&sm->queue);

	STAILQ_REMOVE_HEAD(&sm->queue, next);
	sm->nkept--;
	sm->bytes -= k->len;
	explicit_bzero(k, sizeof(*k) + k->len);
	free(k);
}

void
sm_end(struct sm *sm)
{
	while (sm->nkept > 0)
		drop_first(sm);
	free(sm->id);
	free(sm->location);
	sm->id = sm->location = NULL;
	sm->state = SM_OFF;
	sm->asked = 0;
}

void
sm_begin(struct sm *sm)
{
	sm_end(sm);
	sm->state = SM_ENABLING;
	sm->in = sm->told = sm->acked = 0;
}

static int
is_true(const char *s)
{
	return s != NULL && (strcmp(s, "true") == 0 || strcmp(s, "1") == 0);
}

int
sm_enabled(struct sm *sm, const struct elem *enabled)
{
	const char	*id = elem_attr(enabled, "id");
	const char	*location = elem_attr(enabled, "location");

	if (sm->state == SM_OFF)	/* it was not asked for */
		return 0;
	if (sm->state == SM_ENABLING)
		sm->state = SM_ENABLED;
	if (!is_true(elem_attr(enabled, "resume")) || id == NULL)
		return 0;
	free(sm->id);
	free(sm->location);
	sm->location = NULL;
	sm->state = SM_ENABLED;
	if ((sm->id = strdup(id)) == NULL ||
	    (location != NULL && (sm->location = strdup(location)) == NULL))
		return -1;
	sm->state = SM_RESUMABLE;
	return 0;
}

int
sm_counting(const struct sm *sm)
{
	return sm->state != SM_OFF;
}

int
sm_resumable(const struct sm *sm)
{
	return sm->state == SM_RESUMABLE;
}

const char *
sm_id(const struct sm *sm)
{
	return sm->id;
}

const char *
sm_location(const struct sm *sm)
{
	return sm->location;
}

int
sm_sent(struct sm *sm, const void *stanza, size_t len)
{
	struct kept	*k;

	if (sm->state == SM_OFF)
		return 0;
	if (len > KEPT_MAX - sm->bytes ||
	    (k = malloc(sizeof(*k) + len)) == NULL)
		return -1;
	k->len = len;
	memcpy(k->data, stanza, len);
	STAILQ_INSERT_TAIL(&sm->queue, k, next);
	sm->nkept++;
	sm->bytes += len;
	return 0;
}

int
sm_received(struct sm *sm)
{
	if (sm->state < SM_ENABLED)
		return 0;
	sm->in++;
	return sm->in - sm->told >= TELL_AFTER;
}

uint32_t
sm_h(struct sm *sm)
{
	sm->told = sm->in;
	return sm->in;
}

int
sm_acked(struct sm *sm, uint32_t h)
{
	uint32_t	 n = h - sm->acked;

	if (n > sm->nkept)
		return -1;
	for (; n > 0; n--)
		drop_first(sm);
	sm->acked = h;
	sm->asked = 0;
	return 0;
}

int
sm_parse_h(const struct elem *e, uint32_t *h)
{
	uint64_t	 n;

	if (elem_number(e, "h", 0, UINT32_MAX, &n) == -1)
		return -1;
	*h = (uint32_t)n;
	return 0;
}

uint32_t
sm_count(const struct sm *sm)
{
	return sm->acked + (uint32_t)sm->nkept;
}

size_t
sm_unacked(const struct sm *sm)
{
	return sm->nkept;
}

size_t
sm_unacked_bytes(const struct sm *sm)
{
	return sm->bytes;
}

int
sm_should_ask(const struct sm *sm)
{
	return sm->state >= SM_ENABLED && !sm->asked && sm->nkept >= ASK_AFTER;
}

void
sm_asked(struct sm *sm)
{
	sm->asked = 1;
}

int
sm_resend(struct sm *sm, int (*send)(void *, const void *, size_t), void *arg)
{
	struct kept	*k;

	sm->asked = 0;
	STAILQ_FOREACH(k, &sm->queue, next)
		if (send(arg, k->data, k->len) == -1)
			return -1;
	return 0;
}
