/*
 * inband: the in-band bytestreams of a login: their states, and the stanzas
 * that come for them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/inband_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/number.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

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

int
inband_set_state(struct inband *s, enum inband_state state)
{
	/* A stream that is offered or asked for opens or ends; an end is final.
	 */
	if (s->state == INBAND_ENDED || state < INBAND_OPEN ||
	    state == s->state)
		return -1;
	inband_trace(s, "", state_names[s->state], state_names[state]);
	if (state == INBAND_ENDED)
		RB_REMOVE(inband_tree, &s->ibb->streams, s);
	s->state = state;
	return 0;
}

/* A direction goes from open to closed, with a stop between or without. */
static int
inband_set_half(const struct inband *s, const char *what,
    enum inband_half *half, enum inband_half to)
{
	if (to <= *half)
		return -1;
	inband_trace(s, what, half_names[*half], half_names[to]);
	*half = to;
	return 0;
}

int
inband_set_in(struct inband *s, enum inband_half half)
{
	return inband_set_half(s, "in: ", &s->in, half);
}

int
inband_set_out(struct inband *s, enum inband_half half)
{
	return inband_set_half(s, "out: ", &s->out, half);
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
	ack_end(s, SE_ITEM_NOT_FOUND);
	if (s->in == INBAND_HALF_CLOSING)
		close_answer(s, 0);
	inband_set_state(s, INBAND_ENDED);
	if (s->user.failed != NULL)
		s->user.failed(s->arg, fault, err, text);
}

/*
 * What comes
 */

void
inband_refuse_iq(struct ibb *b, const struct elem *stanza,
    enum stanza_error err)
{
	if (stanza_is(stanza, "iq"))
		iq_refuse(b->iqs, stanza, err, NULL);
}

/* The stream of which a message came back.  Not all servers return its
 * content, but all return its id: the sid, a dot and the seq. */
static struct inband *
inband_bounced(struct ibb *b, const struct elem *stanza,
    const struct elem *data)
{
	const char	*from = elem_attr(stanza, "from");
	const char	*id = elem_attr(stanza, "id"), *dot;
	char		 sid[STREAM_SID_MAX + 1];

	if (data != NULL)
		return inband_find(b, from, elem_attr(data, "sid"));
	if (id == NULL || (dot = strrchr(id, '.')) == NULL ||
	    dot - id > STREAM_SID_MAX)
		return NULL;
	snprintf(sid, sizeof(sid), "%.*s", (int)(dot - id), id);
	return inband_find(b, from, sid);
}

static int
inband_bounce_input(void *arg, const struct elem *stanza,
    const struct elem *none)
{
	const struct elem	*data = elem_child(stanza, NS_IBB, NULL);
	struct inband		*s = inband_bounced(arg, stanza, data);

	(void)none;
	if (s != NULL && s->state == INBAND_OPEN && s->message) {
		inband_abort(s, SE_ITEM_NOT_FOUND);
		s->user.failed(s->arg, INBAND_UNDELIVERED,
		    stanza_error(stanza), stanza_errortext(stanza));
	}
	return s != NULL || data != NULL;
}

/* Refuse an element of the namespace that XEP-0047 does not define there. */
static int
inband_bad_input(void *arg, const struct elem *stanza,
    const struct elem *payload)
{
	(void)payload;
	inband_refuse_iq(arg, stanza, SE_BAD_REQUEST);
	return 1;
}

static const struct dispatch_entry inband_entries[] = {
	{ DISPATCH_SET, NS_IBB, "open", open_input },
	{ DISPATCH_SET, NS_IBB, "data", data_input },
	{ DISPATCH_SET, NS_IBB, "close", close_input },
	{ DISPATCH_SET, NS_IBB, NULL, inband_bad_input },
	{ DISPATCH_SET, NS_XCAT, "sync", sync_input },
	{ DISPATCH_SET, NS_XCAT, "closed", closed_input },
	{ DISPATCH_GET, NS_IBB, NULL, inband_bad_input },
	{ DISPATCH_MESSAGE, NS_IBB, "data", data_input },
	{ DISPATCH_MESSAGE, NS_IBB, "close", close_input },
	{ DISPATCH_MESSAGE, NS_IBB, NULL, inband_bad_input },
	{ DISPATCH_BOUNCE, NULL, NULL, inband_bounce_input },
	{ DISPATCH_CUT, NS_IBB, "data", data_cut_input },
};

/*
 * Life and death
 */

struct ibb *
ibb_new(struct iq_table *iqs, struct dispatch *d, const struct ibb_host *host)
{
	struct ibb	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	if (dispatch_add(d, inband_entries, N(inband_entries), b) == -1) {
		free(b);
		return NULL;
	}
	b->iqs = iqs;
	b->dispatch = d;
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
	dispatch_forget(b->dispatch, b);
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

	/* The sid is random: where a program checks nothing else, a party that
	 * guessed it could speak in the stream's name. */
	arc4random_buf(r, sizeof(r));
	number_to_hex(r, sizeof(r), sid);
}

struct inband *
inband_new(struct ibb *b, const char *peer, const char *sid,
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
 * What is known of them
 */

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

/* With little memory the limit is half of it.  A peer that is an xcat keeps to
 * the window that it was told, however long what it sends is held here. */
static int
inband_congested(struct inband *s)
{
	return !s->can_sync && (s->rx > CONGESTED ||
	    (s->rx > CONGESTED_LEAST && s->user.room != NULL &&
	    s->user.room(s->arg, 1) < s->rx));
}

int
ibb_congested(struct ibb *b)
{
	struct inband	*s;

	if (b->rx <= CONGESTED_LEAST)
		return 0;	/* this is called before each poll */
	RB_FOREACH(s, inband_tree, &b->streams)
		if (inband_congested(s))
			return 1;
	return 0;
}
