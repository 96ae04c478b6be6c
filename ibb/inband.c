/*
 * inband: the in-band bytestreams of a login: their states, and the stanzas
 * that come for them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/number.h"

static const char *const state_names[] = {
	"offered", "opening", "open", "ended"
};
static const char *const half_names[] = { "open", "closing", "closed" };

static int
inband_cmp(const struct inband *a, const struct inband *b)
{
	int	 c = strcmp(a->sid, b->sid);

	return c != 0 ? c : strcmp(a->peer, b->peer);
}

RB_GENERATE(inband_tree, inband, node, inband_cmp)

/*
 * States
 */

void
inband_trace(const struct inband *s, const char *what, const char *from,
    const char *to)
{
	char	 line[256];

	if (s->ibb->host.trace == NULL || from == to)
		return;
	snprintf(line, sizeof(line), "stream %.8s: %s%s -> %s",
	    s->sid, what, from, to);
	s->ibb->host.trace(s->ibb->host.arg, line);
}

void
inband_set_state(struct inband *s, enum inband_state state)
{
	inband_trace(s, "", state_names[s->state], state_names[state]);
	if (state == INBAND_ENDED && s->state != INBAND_ENDED)
		RB_REMOVE(inband_tree, &s->ibb->streams, s);
	s->state = state;
}

void
inband_set_in(struct inband *s, enum inband_half half)
{
	inband_trace(s, "in: ", half_names[s->in], half_names[half]);
	s->in = half;
}

void
inband_set_out(struct inband *s, enum inband_half half)
{
	inband_trace(s, "out: ", half_names[s->out], half_names[half]);
	s->out = half;
}

void
inband_forget(struct inband *s)
{
	struct flight	*f;

	iq_forget(s->ibb->iqs, s);
	iq_forget(s->ibb->iqs, &s->sync);
	STAILQ_FOREACH(f, &s->flights, next)
		iq_forget(s->ibb->iqs, f);
}

void
inband_fail(struct inband *s, enum inband_fault fault, enum stanza_error err,
    const char *text)
{
	if (s->state == INBAND_ENDED)
		return;
	inband_forget(s);
	inband_end_debts(s, SE_ITEM_NOT_FOUND);
	if (s->in == INBAND_HALF_CLOSING)
		close_answer(s, 0);
	inband_set_state(s, INBAND_ENDED);
	if (s->user.failed != NULL)
		s->user.failed(s->arg, fault, err, text);
}

/*
 * Life and death
 */

struct ibb *
ibb_new(struct iq_table *iqs, const struct ibb_host *host)
{
	struct ibb	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->iqs = iqs;
	b->host = *host;
	RB_INIT(&b->streams);
	RB_INIT(&b->paths);
	TAILQ_INIT(&b->waiting);
	buf_init(&b->scratch, 2 * INBAND_RX_MAX);
	return b;
}

void
ibb_free(struct ibb *b)
{
	if (b == NULL)
		return;
	tombstone_free_all(b);
	buf_free(&b->scratch);
	free(b);
}

struct inband *
inband_make(struct ibb *b, const char *peer, const char *sid)
{
	struct inband	*s;
	size_t		 npeer = strlen(peer) + 1, nsid = strlen(sid) + 1;

	if ((s = calloc(1, sizeof(*s) + npeer + nsid)) == NULL)
		return NULL;
	s->ibb = b;
	s->state = INBAND_ENDED;	/* not in the tree yet */
	s->peer = memcpy(s->strings, peer, npeer);
	s->sid = memcpy(s->strings + npeer, sid, nsid);
	s->tags = inband_tags(s);
	s->sync.stream = s;
	STAILQ_INIT(&s->flights);
	STAILQ_INIT(&s->acks);
	return s;
}

void
inband_insert(struct inband *s, enum inband_state state)
{
	RB_INSERT(inband_tree, &s->ibb->streams, s);
	s->state = state;
}

void
inband_flight_free(struct inband *s)
{
	struct flight	*f = STAILQ_FIRST(&s->flights);

	STAILQ_REMOVE_HEAD(&s->flights, next);
	s->nflights--;
	path_land(s, f->len);
	free(f);
}

void
inband_free(struct inband *s)
{
	if (s == NULL)
		return;
	if (s->state != INBAND_ENDED)
		RB_REMOVE(inband_tree, &s->ibb->streams, s);
	if (s->ibb->hurried == s)
		s->ibb->hurried = NULL;
	inband_forget(s);
	inband_wait_no_more(s);
	while (!STAILQ_EMPTY(&s->flights))
		inband_flight_free(s);
	while (!STAILQ_EMPTY(&s->acks))
		ack_free(s);
	path_leave(s);
	free(s->open_id);
	free(s->close_id);
	free(s);
}

const char *
inband_peer(const struct inband *s)
{
	return s->peer;
}

const char *
inband_sid(const struct inband *s)
{
	return s->sid;
}

void
inband_make_sid(char *sid)
{
	unsigned char	 r[16];

	/* Random, because a party that guesses the sid may speak in the
	 * stream's name where a program checks nothing else. */
	arc4random_buf(r, sizeof(r));
	number_to_hex(r, sizeof(r), sid);
}

struct inband *
inband_new(struct ibb *b, const char *peer, size_t block_size, int message,
    const struct inband_user *user, void *arg)
{
	return inband_new_sid(b, peer, NULL, block_size, message, user, arg);
}

struct inband *
inband_new_sid(struct ibb *b, const char *peer, const char *sid,
    size_t block_size, int message, const struct inband_user *user, void *arg)
{
	struct inband	*s;
	char		 random[INBAND_SID];

	if (sid == NULL) {
		inband_make_sid(random);
		sid = random;
	}
	if ((s = inband_make(b, peer, sid)) == NULL)
		return NULL;
	s->block = block_size;
	s->message = message;
	s->user = *user;
	s->arg = arg;
	return s;
}

struct inband *
inband_find(struct ibb *b, const char *peer, const char *sid)
{
	struct inband	 key;

	if (peer == NULL || sid == NULL)
		return NULL;
	key.peer = peer;
	key.sid = sid;
	return RB_FIND(inband_tree, &b->streams, &key);
}

/*
 * What comes
 */

long
inband_number(const char *s)
{
	long	 n = 0;

	if (s == NULL || *s == '\0' || strlen(s) > 9)
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		n = n * 10 + (*s - '0');
	}
	return n;
}

void
inband_refuse_iq(struct ibb *b, const struct elem *stanza,
    enum stanza_error err)
{
	if (stanza_is(stanza, "iq"))
		iq_refuse(b->iqs, stanza, err, NULL);
}

size_t
inband_held(const struct inband *s)
{
	return s->rx;
}

size_t
inband_flying(const struct inband *s)
{
	return s->nflights * sizeof(struct flight) +
	    (s->can_sync ? s->flying : 0);
}

#define CONGESTED	(3 * 512 * 1024)
#define CONGESTED_LEAST	(128 * 1024)

/* A peer that is an xcat has less under way than CONGESTED.  With little memory
 * the limit is half of it. */
static int
inband_congested(struct inband *s)
{
	return s->rx > CONGESTED || (s->rx > CONGESTED_LEAST &&
	    s->user.room != NULL && s->user.room(s->arg, 1) < s->rx);
}

int
ibb_congested(struct ibb *b)
{
	struct inband	*s;

	if (b->rx <= CONGESTED_LEAST)
		return 0;	/* this is asked before each poll */
	RB_FOREACH(s, inband_tree, &b->streams)
		if (inband_congested(s))
			return 1;
	return 0;
}

/* The stream of which a message came back.  Not all servers return its
 * content, but all return its id: the sid, a dot and the seq. */
static struct inband *
inband_bounced(struct ibb *b, const struct elem *stanza,
    const struct elem *data)
{
	const char	*from = elem_attr(stanza, "from");
	const char	*id = elem_attr(stanza, "id"), *dot;
	char		 sid[SID_MAX + 1];

	if (data != NULL)
		return inband_find(b, from, elem_attr(data, "sid"));
	if (id == NULL || (dot = strrchr(id, '.')) == NULL ||
	    dot - id > SID_MAX)
		return NULL;
	snprintf(sid, sizeof(sid), "%.*s", (int)(dot - id), id);
	return inband_find(b, from, sid);
}

static int
inband_take_bounce(struct ibb *b, const struct elem *stanza,
    const struct elem *data)
{
	struct inband	*s = inband_bounced(b, stanza, data);

	if (s != NULL && s->state == INBAND_OPEN && s->message) {
		inband_abort(s, SE_ITEM_NOT_FOUND);
		s->user.failed(s->arg, INBAND_UNDELIVERED,
		    stanza_error(stanza), stanza_errortext(stanza));
	}
	return s != NULL || data != NULL;
}

int
ibb_input(struct ibb *b, const struct elem *stanza)
{
	const struct elem	*e = elem_child(stanza, NS_IBB, NULL);
	const struct elem	*own = elem_child(stanza, NS_XCAT, NULL);
	int			 iq = stanza_is(stanza, "iq");

	if (!iq && !stanza_is(stanza, "message"))
		return 0;
	/* Errors may echo what they refuse: the type comes first. */
	if (stanza_type(stanza, "error"))
		return !iq && inband_take_bounce(b, stanza, e);
	if (iq && stanza_type(stanza, "set") && own != NULL)
		return recover_input(b, stanza, own);
	if (e == NULL || (iq && stanza_type(stanza, "result")))
		return 0;
	if (iq && !stanza_type(stanza, "set"))
		inband_refuse_iq(b, stanza, SE_BAD_REQUEST);
	else if (elem_is(e, NS_IBB, "open") && iq)
		open_input(b, stanza, e);
	else if (elem_is(e, NS_IBB, "data"))
		data_input(b, stanza, e);
	else if (elem_is(e, NS_IBB, "close"))
		close_input(b, stanza, e);
	else
		inband_refuse_iq(b, stanza, SE_BAD_REQUEST);
	return 1;
}
