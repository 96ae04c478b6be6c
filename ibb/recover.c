/*
 * recover: mending in-band bytestreams between xcats (xcat-protocol(7), Loss).
 * Connections break with stanzas in them, and servers forget what they have
 * queued.  When one end has reason to think that this happened, both ends
 * compare how many blocks they have received and answered, and the sender
 * resumes from there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/inband_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

#define LIMIT_MIN	1024	/* bytes: no server wants smaller blocks */
#define NO_FURTHER	2	/* losses in a row without progress */
#define FRUITLESS_MAX	8	/* refusals in a row without an answer */
#define REPEATS_MAX	8	/* copies of a block that is not answered */

static const char *const hold_names[] = { "not", "silent", "away" };

void
recover_set_hold(struct inband *s, enum inband_hold hold)
{
	if (hold == s->hold)
		return;
	inband_trace(s, "hold: ", hold_names[s->hold], hold_names[hold]);
	s->hold = hold;
}

/* Only streams between xcats are paced.  Some other programs send without
 * waiting for answers, so that our blocks are answered behind all that they
 * sent, and a small window would be slow. */
void
inband_can_sync(struct inband *s)
{
	s->can_sync = 1;
	path_join(s);
}

int
inband_syncs(const struct inband *s)
{
	return s->can_sync || s->state == INBAND_OPENING;
}

int
inband_waits(const struct inband *s)
{
	return s->state != INBAND_ENDED && s->hold != INBAND_HOLD_NOT;
}

int
inband_away(const struct inband *s)
{
	return inband_waits(s) && s->hold == INBAND_HOLD_AWAY;
}

/*
 * What was learned
 */

/* A server that cannot connect to the peer's server says remote-server-timeout
 * or remote-server-not-found; Prosody with lua-unbound says the latter of a
 * refused connection, too. */
int
inband_is_away(enum stanza_error err)
{
	return err == SE_SERVICE_UNAVAILABLE ||
	    err == SE_RECIPIENT_UNAVAILABLE ||
	    err == SE_REMOTE_SERVER_TIMEOUT ||
	    err == SE_REMOTE_SERVER_NOT_FOUND;
}

/* Blocks were too large: from now on the limit is half of the largest block
 * under way. */
static void
recover_learn_limit(struct ibb *b)
{
	struct inband	*s;
	struct flight	*f;
	size_t		 largest = 0;

	RB_FOREACH(s, inband_tree, &b->streams)
		STAILQ_FOREACH(f, &s->flights, next)
			if (f->len > largest)
				largest = f->len;
	if (largest / 2 < LIMIT_MIN)
		return;
	if (b->limit == 0 || largest / 2 < b->limit)
		b->limit = largest / 2;
}

/*
 * Sending again
 */

/* Cut a flight after len bytes: its tail becomes a flight of its own, with the
 * weight.  0, or -1 without memory. */
static int
recover_split(struct inband *s, struct flight *f, size_t len)
{
	size_t		 rest = f->len - len;
	struct flight	*tail;

	if ((tail = calloc(1, sizeof(*tail) + rest)) == NULL)
		return -1;
	tail->stream = s;
	tail->len = rest;
	tail->weight = f->weight;
	memcpy(tail->data, f->data + len, rest);
	f->len = len;
	f->weight = 0;
	STAILQ_INSERT_AFTER(&s->flights, f, tail, next);
	s->nflights++;
	return 0;
}

/* An answer to a ping says that the messages before it have come, which is
 * wrong if some were lost and the ping was not. */
static void
recover_forget_pings(struct inband *s)
{
	struct flight	*f;

	STAILQ_FOREACH(f, &s->flights, next)
		if (f->ping) {
			iq_forget(s->ibb->iqs, f);
			f->ping = 0;
		}
}

/*
 * Send all but the first n flights again.  A flight is cut only if it is too
 * large: its first copy may still be on its way, and both must be equal then.
 */
static int
recover_send_again(struct inband *s, uint64_t n)
{
	size_t		 most = s->ibb->limit;
	struct flight	*f;

	if (s->state == INBAND_OPENING && (most == 0 || s->block < most))
		most = s->block;
	s->sent = s->landed;
	STAILQ_FOREACH(f, &s->flights, next) {
		if (n > 0) {
			n--;
			s->sent++;
			continue;
		}
		iq_forget(s->ibb->iqs, f);
		f->answered = 0;
		if (most > 0 && f->len > most &&
		    recover_split(s, f, most) == -1)
			return -1;
		path_sent_again(s, f);
		if (inband_launch(s, f, s->sent) == -1)
			return -1;
		s->sent++;
	}
	return 0;
}

int
recover_send_all(struct inband *s)
{
	s->early_lost = 0;
	return s->early ? recover_send_again(s, 0) : 0;
}

static int
recover_go_on(struct inband *s, uint64_t received)
{
	uint64_t	 again = s->sent - received;

	/* These blocks have been refused time and again, and would be for ever.
	 */
	if (again > 0 && s->fruitless > FRUITLESS_MAX) {
		inband_abort(s, SE_REMOTE_SERVER_TIMEOUT);
		s->user.failed(s->arg, INBAND_UNDELIVERED,
		    SE_POLICY_VIOLATION, "");
		return -1;
	}
	recover_forget_pings(s);
	if ((again > 0 && recover_send_again(s, received - s->landed) == -1) ||
	    (s->message && inband_ask_ping(s) == -1) ||
	    (s->out == INBAND_HALF_CLOSING &&
	    inband_ask_close_again(s) == -1)) {
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
		return -1;
	}
	return 0;
}

/*
 * The elements
 */

static void
recover_write_sync(struct xw *w, const char *sid, uint64_t got, uint64_t paid)
{
	xw_start(w, "sync", NS_XCAT);
	xw_attr(w, "sid", sid);
	xw_attrf(w, "received", "%" PRIu64, got);
	xw_attrf(w, "answered", "%" PRIu64, paid);
}

/*
 * The peer's counts: what it has answered has landed.  Returns -1 if the
 * stream is over after that.
 */
static int
recover_take_counts(struct inband *s, const struct elem *sync,
    uint64_t *received)
{
	uint64_t	 answered;

	if (elem_number(sync, "received", 0, UINT64_MAX, received) == -1 ||
	    elem_number(sync, "answered", 0, UINT64_MAX, &answered) == -1 ||
	    answered > *received || *received > s->sent) {
		inband_abort(s, SE_BAD_REQUEST);
		if (s->user.failed != NULL)
			s->user.failed(s->arg, INBAND_BAD_DATA, SE_BAD_REQUEST,
			    "");
		return -1;
	}
	while (s->state == INBAND_OPEN && s->landed < answered &&
	    !STAILQ_EMPTY(&s->flights)) {
		iq_forget(s->ibb->iqs, STAILQ_FIRST(&s->flights));
		inband_land(s);
	}
	return s->state == INBAND_OPEN ? 0 : -1;
}

static void
recover_mended(struct inband *s, int lost)
{
	if (s->user.mended != NULL)
		s->user.mended(s->arg, lost);
}

/* The peer's counts say what is still to be sent: resume. */
static void
recover_synced(struct inband *s, const struct elem *sync)
{
	uint64_t	 received;
	int		 lost = s->peer_lost || s->hold != INBAND_HOLD_NOT;

	s->peer_lost = 0;
	/* Flights that land now are no reason to send yet. */
	if (s->hold == INBAND_HOLD_NOT)
		recover_set_hold(s, INBAND_HOLD_SILENT);
	if (recover_take_counts(s, sync, &received) == -1)
		return;
	if (received < s->landed) {	/* the peer forgot what it answered */
		inband_abort(s, SE_ITEM_NOT_FOUND);
		s->user.failed(s->arg, INBAND_UNDELIVERED, SE_ITEM_NOT_FOUND,
		    "");
		return;
	}
	path_arrived(s, received - s->landed);
	if (recover_go_on(s, received) == -1)
		return;
	recover_set_hold(s, INBAND_HOLD_NOT);
	s->user.answered(s->arg, 0);	/* there may be room */
	recover_mended(s, lost);
}

static void
recover_open_anew(struct inband *s)
{
	s->reopened = 1;
	s->doubtful |= s->open_asked;
	iq_forget(s->ibb->iqs, s);
	if (inband_ask_open(s) == -1 || recover_send_all(s) == -1)
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
}

static void
recover_answered(void *arg, const struct elem *answer)
{
	struct asker		*a = arg;
	struct inband		*s = a->stream;
	enum stanza_error	 err = stanza_error(answer);

	s->sync_asked = 0;
	if (s->state == INBAND_OPENING) {
		/* The peer has accepted our open, or never had it; a peer
		 * that is no xcat cannot say. */
		if (err == SE_NONE || err == SE_ITEM_NOT_FOUND)
			recover_open_anew(s);
	} else if (err == SE_NONE) {
		recover_synced(s, elem_child(answer, NS_XCAT, "sync"));
	} else if (inband_is_away(err)) {
		recover_set_hold(s, INBAND_HOLD_AWAY);
		s->user.answered(s->arg, 0);
	} else {
		inband_abort(s, SE_ITEM_NOT_FOUND);
		s->user.failed(s->arg, INBAND_UNDELIVERED, err,
		    stanza_errortext(answer));
	}
}

/* Ask for the peer's counts; lost: stanzas from the peer may be lost. */
static void
recover_ask(struct inband *s, int lost)
{
	struct xw	*w;

	iq_forget(s->ibb->iqs, &s->sync);
	w = iq_request(s->ibb->iqs, "set", s->peer);
	recover_write_sync(w, s->sid, s->got, s->paid);
	if (lost)
		xw_attr(w, "lost", "true");
	s->sync_asked = 1;
	if (iq_ask(s->ibb->iqs, recover_answered, &s->sync, IQ_NODEADLINE) ==
	    -1)
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
}

void
recover_lost(struct inband *s)
{
	s->early_lost = 0;
	if (s->state == INBAND_OPEN)
		recover_ask(s, 0);
}

void
inband_sync(struct inband *s)
{
	if (s->state == INBAND_OPENING && s->hold != INBAND_HOLD_NOT)
		recover_open_anew(s);
	else if (s->state == INBAND_OPENING)
		recover_ask(s, 0);
	if (s->state != INBAND_OPEN || !s->can_sync)
		return;
	if (s->sync_asked && s->hold == INBAND_HOLD_NOT) {
		recover_set_hold(s, INBAND_HOLD_SILENT);
		s->user.answered(s->arg, 0);
	}
	if (s->state == INBAND_OPEN)	/* still */
		recover_ask(s, 0);
}

/* The peer's counts may be older than our last blocks, so ask for new ones.
 * But not in answer to every question: two ends that did would ask each other
 * for ever. */
static int
recover_asks_back(const struct inband *s, int lost)
{
	if (!lost)
		return s->hold != INBAND_HOLD_NOT && !s->sync_asked;
	return s->hold != INBAND_HOLD_NOT || s->nflights > 0 ||
	    s->out == INBAND_HALF_CLOSING;
}

/* The peer asks how far an open stream has come. */
static void
recover_answer(struct inband *s, const struct elem *iq,
    const struct elem *sync)
{
	struct iq_table	*t = s->ibb->iqs;
	int		 lost = elem_attr(sync, "lost") != NULL;
	uint64_t	 received;

	recover_write_sync(iq_result(t, iq), s->sid, s->got, s->paid);
	if (iq_send(t) == -1) {
		inband_fail(s, INBAND_UNSENT, SE_NONE, "");
		return;
	}
	if (s->state != INBAND_OPEN ||
	    recover_take_counts(s, sync, &received) == -1)
		return;
	if (lost) {
		recover_forget_pings(s);
		path_forget_told(s);	/* the answer with it may be lost */
	}
	if (recover_asks_back(s, lost)) {
		s->peer_lost |= lost;
		recover_ask(s, 0);
	} else if (s->hold == INBAND_HOLD_NOT) {
		recover_mended(s, lost);
	}
}

int
sync_input(void *arg, const struct elem *iq, const struct elem *sync)
{
	struct ibb	*b = arg;
	const char	*from = elem_attr(iq, "from");
	const char	*sid = elem_attr(sync, "sid");
	struct inband	*s = inband_find(b, from, sid);
	struct tombstone	*g;

	if (s == NULL && (g = tombstone_find(b, from, sid)) != NULL) {
		recover_write_sync(iq_result(b->iqs, iq), sid, g->got, g->paid);
		iq_post(b->iqs);
	} else if (s != NULL && s->state == INBAND_OPENING) {
		/* The peer has accepted our open, and its answer is lost. */
		iq_refuse(b->iqs, iq, SE_RECIPIENT_UNAVAILABLE, NULL);
		recover_open_anew(s);
	} else if (s == NULL || !s->can_sync) {
		iq_refuse(b->iqs, iq, SE_ITEM_NOT_FOUND, NULL);
	} else {
		recover_answer(s, iq, sync);
	}
	return 1;
}

/*
 * When something is wrong
 */

/* A peer that has an open stream with us will come back for it. */
static int
recover_has_met(const struct inband *s)
{
	struct inband	*o;

	RB_FOREACH(o, inband_tree, &s->ibb->streams)
		if (o->state == INBAND_OPEN && o->can_sync &&
		    strcmp(o->peer, s->peer) == 0)
			return 1;
	return 0;
}

int
recover_mends(struct inband *s, enum stanza_error err)
{
	int	 opening = s->state == INBAND_OPENING &&
		    (s->reopened || recover_has_met(s));

	if (!opening && (s->state != INBAND_OPEN || !s->can_sync))
		return 0;
	if (inband_is_away(err)) {
		recover_set_hold(s, INBAND_HOLD_AWAY);
		s->user.answered(s->arg, 0);
		return 1;
	}
	if (opening)
		return 0;
	if (err == SE_POLICY_VIOLATION)
		recover_learn_limit(s->ibb);
	else if (err != SE_UNEXPECTED_REQUEST)
		return 0;
	if (s->hold == INBAND_HOLD_NOT) {
		s->fruitless++;
		recover_set_hold(s, INBAND_HOLD_SILENT);
		recover_ask(s, 0);
	}
	return 1;
}

/*
 * A block that is not answered yet has come once more.  Both copies are to be
 * answered, since we do not know for which id its sender waits: 0, or -1 if
 * there are too many, or no memory.
 */
static int
recover_owe_again(struct inband *s, struct ack *d, const struct elem *stanza)
{
	const char	*id = elem_attr(stanza, "id");
	struct ack	*again;
	unsigned int	 n;

	for (n = 0; n < REPEATS_MAX; n++) {
		if (d->id != NULL && strcmp(d->id, id) == 0)
			return 0;	/* a copy with this id is known */
		again = STAILQ_NEXT(d, next);
		if (again == NULL || !again->again)
			break;
		d = again;
	}
	if (n == REPEATS_MAX || (again = ack_new(stanza, 0)) == NULL)
		return -1;
	again->again = 1;
	STAILQ_INSERT_AFTER(&s->acks, d, again, next);
	ack_count(s, again);
	return 0;
}

/* The ack for the block of this number, which is not answered yet. */
static struct ack *
recover_find_ack(struct inband *s, uint64_t number)
{
	struct ack	*d;

	number -= s->paid;
	STAILQ_FOREACH(d, &s->acks, next)
		if (!d->again && number-- == 0)
			break;
	return d;
}

int
recover_repeated(struct inband *s, const struct elem *stanza, uint16_t seq)
{
	uint16_t	 behind = (uint16_t)(s->got - seq);
	uint64_t	 number = s->got - behind;
	int		 ahead = behind > s->got || behind > UINT16_MAX / 2;
	struct ack	*d;

	if (!s->can_sync)
		return 0;
	if (!stanza_is(stanza, "iq") || elem_attr(stanza, "id") == NULL) {
		/* Ask before the ping behind it is answered. */
		if (ahead && !s->sync_asked)
			recover_ask(s, 1);
		return 1;
	}
	if (!ahead) {
		if (number < s->paid) {
			iq_ok(s->ibb->iqs, stanza);
			return 1;
		}
		d = recover_find_ack(s, number);
		if (d != NULL && s->rx < INBAND_RX_MAX &&
		    recover_owe_again(s, d, stanza) == 0)
			return 1;
	}
	/* Blocks before this one were lost: its sender will ask. */
	iq_refuse(s->ibb->iqs, stanza, SE_UNEXPECTED_REQUEST, NULL);
	return 1;
}

/* A server that breaks the connection because of a large block may not be heard
 * to say so, and may let a block through by chance.  Does the connection break
 * time and again before a window of blocks is through? */
static int
recover_breaks_there(struct inband *s)
{
	if (s->nflights == 0 || s->landed - s->landed_then >= INBAND_WINDOW)
		s->no_further = 0;
	else
		s->no_further++;
	s->landed_then = s->landed;
	return s->no_further > 0 && s->no_further % NO_FURTHER == 0;
}

void
ibb_back(struct ibb *b, int too_big)
{
	struct inband	*s, *next;

	RB_FOREACH(s, inband_tree, &b->streams)
		too_big |= s->can_sync && recover_breaks_there(s);
	if (too_big)
		recover_learn_limit(b);
	path_restart(b);
	RB_FOREACH_SAFE(s, inband_tree, &b->streams, next) {
		if (s->state == INBAND_OPEN && s->can_sync) {
			s->fruitless += too_big != 0;
			recover_set_hold(s, INBAND_HOLD_SILENT);
			recover_forget_pings(s);
			recover_ask(s, 1);
		} else if (s->state == INBAND_OPENING) {
			recover_set_hold(s, INBAND_HOLD_SILENT);
			recover_open_anew(s);
		}
	}
}
