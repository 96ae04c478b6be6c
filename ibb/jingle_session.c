/* jingle_session: see jingle_session.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/jingle_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/write.h"

/*
 * States
 */

#define TO(state)	(1U << (state))

static const unsigned state_next[] = {
	[JINGLE_NEW] = TO(JINGLE_OFFERED) | TO(JINGLE_ENDED),
	[JINGLE_OFFERED] = TO(JINGLE_ACTIVE) | TO(JINGLE_ENDED),
	[JINGLE_ACTIVE] = TO(JINGLE_ENDED),
	[JINGLE_ENDED] = 0
};

static const char *const state_names[] = {
	"new", "offered", "active", "ended"
};

int
jingle_set_state(struct jingle_session *s, enum jingle_state state)
{
	if ((state_next[s->state] & TO(state)) == 0)
		return -1;
	if (s->owner->host.trace != NULL)
		s->owner->host.trace(s->owner->host.arg, s,
		    state_names[s->state], state_names[state]);
	s->state = state;
	return 0;
}

/*
 * What we say
 */

/* The peer has answered what we said.  If it does not know the session any
 * more, or refuses what the session cannot do without, that is its end. */
static void
told(struct jingle_session *s, const struct elem *answer, int needed)
{
	enum stanza_error	 err = answer != NULL ? stanza_error(answer) :
				     SE_NONE;

	if (err == SE_NONE || (!needed && err != SE_ITEM_NOT_FOUND))
		return;
	if (jingle_set_state(s, JINGLE_ENDED) == 0)
		s->user->ended(s->arg, JINGLE_GENERAL_ERROR,
		    stanza_strerror(err));
}

static void
told_something(void *arg, const struct elem *answer)
{
	told(arg, answer, 0);
}

static void
told_needed(void *arg, const struct elem *answer)
{
	told(arg, answer, 1);
}

struct xw *
jingle_begin(struct jingle_session *s, enum jingle_action action)
{
	struct iq_table	*t = s->owner->iqs;
	const char	*us = iq_jid(t);

	return jingle_start(t, s->peer, s->sid, action,
	    action == JINGLE_SESSION_INITIATE ? us : NULL,
	    action == JINGLE_SESSION_ACCEPT ? us : NULL);
}

static int
send_needed(struct jingle_session *s)
{
	return iq_ask(s->owner->iqs, told_needed, s, IQ_NODEADLINE);
}

/* An answer that never comes is no matter here: the user's patience ends the
 * session. */
static void
send_said(struct jingle_session *s)
{
	if (iq_ask(s->owner->iqs, told_something, s, IQ_NODEADLINE) == -1)
		return;		/* as if it were lost on the way */
}

struct jingle_out
jingle_out_of(const struct jingle_session *s)
{
	return (struct jingle_out){
		.by_responder = s->by_responder,
		.name = s->name,
		.kind = s->kind,
		.stream = s->stream,
		.block = s->block,
	};
}

/* Fill in a transport: in-band, or by XEP-0260. */
static void
put_offer(struct jingle_session *s, const struct jingle_offer *offer,
    struct jingle_out *o)
{
	s->kind = offer->block > 0 ? JINGLE_IBB : JINGLE_S5B;
	s->block = offer->block;
	o->kind = s->kind;
	o->block = s->block;
	o->dstaddr = offer->dstaddr;
	o->candidates = offer->candidates;
	o->ncandidates = offer->n;
}

static void
offered(void *arg, const struct elem *answer)
{
	struct jingle_session	*s = arg;
	enum stanza_error	 err = answer != NULL ? stanza_error(answer) :
				     SE_NONE;

	if (answer != NULL && err == SE_NONE)
		return;		/* it will accept it, or end it */
	if (answer == NULL)
		jingle_session_end(s, JINGLE_TIMEOUT, NULL);
	else if (jingle_set_state(s, JINGLE_ENDED) == -1)
		return;
	s->user->refused(s->arg, err, answer != NULL ?
	    stanza_errortext(answer) : "");
}

int
jingle_session_offer(struct jingle_session *s, const struct si_file *f,
    const char *mime, const struct jingle_offer *offer, int64_t deadline)
{
	struct jingle_out	 o = jingle_out_of(s);

	o.file = f;
	o.mime = mime;
	s->block_most = offer->block;
	put_offer(s, offer, &o);
	jingle_write_content(jingle_begin(s, JINGLE_SESSION_INITIATE), &o);
	if (iq_ask(s->owner->iqs, offered, s, deadline) == -1)
		return -1;
	return jingle_set_state(s, JINGLE_OFFERED);
}

int
jingle_session_accept(struct jingle_session *s, const struct si_file *f,
    uint64_t offset, const struct jingle_offer *offer)
{
	struct jingle_out	 o = jingle_out_of(s);

	o.file = f;
	o.answer = 1;
	o.offset = offset;
	put_offer(s, offer, &o);
	jingle_write_content(jingle_begin(s, JINGLE_SESSION_ACCEPT), &o);
	if (send_needed(s) == -1)
		return -1;
	return jingle_set_state(s, JINGLE_ACTIVE);
}

void
jingle_session_say(struct jingle_session *s, enum jingle_says says,
    const char *cid)
{
	struct jingle_out	 o = jingle_out_of(s);

	o.says = says;
	o.cid = cid;
	jingle_write_content(jingle_begin(s, JINGLE_TRANSPORT_INFO), &o);
	send_said(s);
}

int
jingle_session_replace(struct jingle_session *s, size_t block)
{
	struct jingle_out	 o;

	inband_make_sid(s->stream);
	s->kind = JINGLE_IBB;
	s->block = s->block_most = block;
	o = jingle_out_of(s);
	jingle_write_content(jingle_begin(s, JINGLE_TRANSPORT_REPLACE), &o);
	if (send_needed(s) == -1)
		return -1;
	s->replacing = JINGLE_REPLACES;
	return 0;
}

/* The peer's transport-replace is taken; the session has it already. */
void
jingle_accept_transport(struct jingle_session *s)
{
	struct jingle_out	 o = jingle_out_of(s);

	jingle_write_content(jingle_begin(s, JINGLE_TRANSPORT_ACCEPT), &o);
	send_said(s);
}

void
jingle_session_received(struct jingle_session *s)
{
	struct xw	*w;

	if (s->state != JINGLE_ACTIVE)
		return;
	w = jingle_begin(s, JINGLE_SESSION_INFO);
	xw_start(w, "received", NS_JINGLE_FILE);
	xw_attr(w, "creator", s->by_responder ? "responder" : "initiator");
	xw_attr(w, "name", s->name);
	xw_end(w);
	/* Whether it is understood is no matter. */
	iq_tell(s->owner->iqs);
}

void
jingle_session_end(struct jingle_session *s, enum jingle_reason reason,
    const char *text)
{
	int	 known = s->state != JINGLE_NEW;

	if (jingle_set_state(s, JINGLE_ENDED) == -1)
		return;
	iq_forget(s->owner->iqs, s);
	if (!known)
		return;
	jingle_write_reason(jingle_begin(s, JINGLE_SESSION_TERMINATE), reason,
	    text);
	iq_tell(s->owner->iqs);
}

void
jingles_decline(struct jingles *js, const struct jingle *j,
    enum jingle_reason reason, const char *text)
{
	iq_resultto(js->iqs, j->from, j->id);
	iq_post(js->iqs);
	jingle_write_reason(jingle_start(js->iqs, j->from, j->sid,
	    JINGLE_SESSION_TERMINATE, NULL, NULL), reason, text);
	iq_tell(js->iqs);
}

/*
 * Life and death
 */

struct jingles *
jingles_new(struct iq_table *iqs, const struct jingles_host *host)
{
	struct jingles	*js;

	if ((js = calloc(1, sizeof(*js))) == NULL)
		return NULL;
	js->iqs = iqs;
	if (host != NULL)
		js->host = *host;
	TAILQ_INIT(&js->sessions);
	return js;
}

void
jingles_free(struct jingles *js)
{
	free(js);
}

void
jingles_end(struct jingles *js, enum jingle_reason reason)
{
	struct jingle_session	*s;

	TAILQ_FOREACH(s, &js->sessions, next)
		jingle_session_end(s, reason, NULL);
}

static struct jingle_session *
make(struct jingles *js, const char *peer, const struct jingle_user *user,
    void *arg)
{
	struct jingle_session	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->owner = js;
	s->user = user;
	s->arg = arg;
	strlcpy(s->peer, peer, sizeof(s->peer));
	TAILQ_INSERT_TAIL(&js->sessions, s, next);
	return s;
}

/* Gajim 1.7 computes the names of its streams from the sid of the session,
 * where others take that of the stream: one sid for both serves all. */
struct jingle_session *
jingle_session_new(struct jingles *js, const char *peer,
    const struct jingle_user *user, void *arg)
{
	struct jingle_session	*s = make(js, peer, user, arg);

	if (s == NULL)
		return NULL;
	s->initiator = 1;
	inband_make_sid(s->sid);
	strlcpy(s->stream, s->sid, sizeof(s->stream));
	strlcpy(s->name, "file", sizeof(s->name));
	return s;
}

struct jingle_session *
jingle_session_take(struct jingles *js, const struct jingle *j,
    const struct jingle_user *user, void *arg)
{
	const struct jingle_transport	*t = &j->content.transport;
	struct jingle_session		*s = make(js, j->from, user, arg);

	if (s == NULL) {
		iq_refuseto(js->iqs, j->from, j->id, SE_BUSY, NULL);
		return NULL;
	}
	strlcpy(s->sid, j->sid, sizeof(s->sid));
	strlcpy(s->name, j->content.name, sizeof(s->name));
	s->by_responder = j->content.by_responder;
	s->kind = t->kind;
	s->block = t->block > 0 ? t->block : JINGLE_BLOCK;
	s->block_most = s->block;
	strlcpy(s->stream, t->sid, sizeof(s->stream));
	jingle_set_state(s, JINGLE_OFFERED);
	iq_resultto(js->iqs, j->from, j->id);
	iq_post(js->iqs);
	return s;
}

void
jingle_session_free(struct jingle_session *s)
{
	if (s == NULL)
		return;
	jingle_session_end(s, JINGLE_CANCEL, NULL);
	iq_forget(s->owner->iqs, s);
	TAILQ_REMOVE(&s->owner->sessions, s, next);
	free(s);
}
