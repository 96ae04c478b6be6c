/* jingle_input: what comes for Jingle sessions, and what may come when; see
 * jingle_session.h. */
#include <string.h>

#include "ibb/jingle_int.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

static void
answer(const struct jingle_session *s, const struct jingle *j)
{
	iq_resultto(s->owner->iqs, j->from, j->id);
	iq_post(s->owner->iqs);
}

static void
refuse(const struct jingle_session *s, const struct jingle *j,
    enum stanza_error err)
{
	iq_refuseto(s->owner->iqs, j->from, j->id, err, NULL);
}

/* Answer it, and end the session for this reason: the user hears of it as if
 * the peer had ended it. */
static void
give_up(struct jingle_session *s, const struct jingle *j,
    enum jingle_reason reason, const char *text)
{
	answer(s, j);
	jingle_session_end(s, reason, text);
	s->user->ended(s->arg, reason, text);
}

/* Is the stanza about the session's content? */
static int
is_ours(const struct jingle_session *s, const struct jingle *j)
{
	return j->ncontents > 0 && strcmp(j->content.name, s->name) == 0;
}

/*
 * Offers
 */

/* A lone content that is none of the session would be a session without any
 * (XEP-0166 section 7.2.10). */
static int
is_disposed(const struct jingle *j)
{
	const struct elem	*e = elem_child(j->elem, NS_JINGLE, "content");
	const char		*d = elem_attr(e, "disposition");

	return j->ncontents > 1 || d == NULL || strcmp(d, "session") == 0;
}

/* Why an offer cannot be taken, whatever is in the file; JINGLE_NO_REASON if it
 * can. */
static enum jingle_reason
objection(const struct jingle *j, const char **text)
{
	const struct jingle_content	*c = &j->content;

	*text = NULL;
	if (!c->is_file)
		return JINGLE_UNSUPPORTED_APPLICATIONS;
	if (c->senders == JINGLE_RESPONDER)
		return JINGLE_FILE_NOT_AVAILABLE;
	if (c->transport.kind == JINGLE_NO_TRANSPORT ||
	    c->transport.kind == JINGLE_OTHER_TRANSPORT)
		return JINGLE_UNSUPPORTED_TRANSPORTS;
	*text = "one file a session";
	if (j->ncontents > 1)
		return JINGLE_INCOMPATIBLE_PARAMETERS;
	*text = "the transport has no sid";
	if (c->transport.sid == NULL)
		return JINGLE_INCOMPATIBLE_PARAMETERS;
	*text = "the file has no size";
	return c->sized ? JINGLE_NO_REASON : JINGLE_INCOMPATIBLE_PARAMETERS;
}

/* An offer of ours that its peer has not answered yet, and that overrules one
 * with this sid (XEP-0166 section 7.2.16). */
static int
overrules(const struct jingles *js, const struct jingle *j)
{
	const struct jingle_session	*s;

	TAILQ_FOREACH(s, &js->sessions, next)
		if (s->initiator && s->state == JINGLE_OFFERED &&
		    strcmp(s->peer, j->from) == 0 && strcmp(s->sid, j->sid) < 0)
			return 1;
	return 0;
}

static int
input_offer(struct jingles *js, const struct jingle *j)
{
	enum jingle_reason	 reason;
	const char		*text;

	if (js->host.opens == NULL || !js->host.opens(js->host.arg, j->from)) {
		/* A file each way is no tie, but here is no way for theirs. */
		if (!overrules(js, j))
			return 0;
		jingle_refuse(js->iqs, j, JINGLE_TIE_BREAK);
		return 1;
	}
	if (j->ncontents == 0 || j->content.nonsense || !is_disposed(j))
		iq_refuseto(js->iqs, j->from, j->id, SE_BAD_REQUEST, NULL);
	else if ((reason = objection(j, &text)) != JINGLE_NO_REASON)
		jingles_decline(js, j, reason, text);
	else
		js->host.offered(js->host.arg, j);
	return 1;
}

/* An offer for a session that there is.  Of two that the ends have given one
 * sid, the one from the lower JID counts (XEP-0166 section 7.2.16); it is not
 * taken here, as its sid is not free. */
static void
input_twice(struct jingle_session *s, const struct jingle *j)
{
	jingle_refuse(s->owner->iqs, j, s->initiator &&
	    s->state == JINGLE_OFFERED ? JINGLE_TIE_BREAK :
	    JINGLE_OUT_OF_ORDER);
}

/*
 * Its transport
 */

/* The in-band transport as the peer has it: it may want smaller blocks, but
 * larger ones are not granted. */
static void
agree_inband(struct jingle_session *s, const struct jingle_transport *t)
{
	if (t->block > 0 && t->block < s->block)
		s->block = t->block;
}

/* The answer to our transport-replace. */
static void
input_replaced(struct jingle_session *s, const struct jingle *j)
{
	s->replacing = JINGLE_KEEPS;
	if (j->content.transport.kind != JINGLE_IBB) {
		give_up(s, j, JINGLE_FAILED_TRANSPORT,
		    "another transport was asked for");
		return;
	}
	agree_inband(s, &j->content.transport);
	answer(s, j);
	s->user->replaced(s->arg, 1);
}

/* Some peers answer a transport-replace with a session-accept. */
static void
input_accept(struct jingle_session *s, const struct jingle *j)
{
	const struct jingle_content	*c = &j->content;

	if (s->initiator && s->state == JINGLE_ACTIVE &&
	    s->replacing == JINGLE_REPLACES && is_ours(s, j)) {
		input_replaced(s, j);
	} else if (!s->initiator || s->state != JINGLE_OFFERED) {
		jingle_refuse(s->owner->iqs, j, JINGLE_OUT_OF_ORDER);
	} else if (!is_ours(s, j) || c->nonsense) {
		refuse(s, j, SE_BAD_REQUEST);
	} else if (c->transport.kind != s->kind) {
		give_up(s, j, JINGLE_FAILED_TRANSPORT,
		    "this transport was not offered");
	} else {
		agree_inband(s, &c->transport);
		jingle_set_state(s, JINGLE_ACTIVE);
		answer(s, j);
		s->user->accepted(s->arg, c);
	}
}

static void
input_transport(struct jingle_session *s, const struct jingle *j)
{
	struct iq_table	*t = s->owner->iqs;

	if (!is_ours(s, j)) {
		refuse(s, j, SE_BAD_REQUEST);
	} else if (s->kind != JINGLE_S5B && s->replacing == JINGLE_KEEPS) {
		jingle_refuse(t, j, JINGLE_UNSUPPORTED_INFO);
	} else if (s->kind != JINGLE_S5B ||
	    j->content.transport.kind != JINGLE_S5B) {
		/* It is late: the transport is about to go. */
		answer(s, j);
	} else if (s->user->said(s->arg, &j->content.transport) == -1) {
		iq_refuseto(t, j->from, j->id, SE_BAD_REQUEST, NULL);
	} else {
		/* The session may have been freed since. */
		iq_resultto(t, j->from, j->id);
		iq_post(t);
	}
}

static void
reject_transport(struct jingle_session *s, const struct jingle *j)
{
	struct jingle_out	 o = jingle_out_of(s);

	answer(s, j);
	jingle_write_content(jingle_begin(s, JINGLE_TRANSPORT_REJECT), &o);
	iq_tell(s->owner->iqs);
}

static void
input_replace(struct jingle_session *s, const struct jingle *j)
{
	const struct jingle_transport	*t = &j->content.transport;

	if (!is_ours(s, j)) {
		refuse(s, j, SE_BAD_REQUEST);
		return;
	}
	if (s->initiator && s->replacing == JINGLE_REPLACES) {
		jingle_refuse(s->owner->iqs, j, JINGLE_TIE_BREAK);
		return;
	}
	if (t->kind != JINGLE_IBB || t->sid == NULL || s->streams) {
		reject_transport(s, j);
		return;
	}
	answer(s, j);
	s->kind = JINGLE_IBB;
	strlcpy(s->stream, t->sid, sizeof(s->stream));
	s->block = t->block > 0 ? t->block : JINGLE_BLOCK;
	jingle_accept_transport(s);
	s->user->replaced(s->arg, 0);
}

static void
input_reject(struct jingle_session *s, const struct jingle *j)
{
	s->replacing = JINGLE_KEEPS;
	answer(s, j);
	s->user->kept(s->arg);
}

/*
 * The rest
 */

static void
input_info(struct jingle_session *s, const struct jingle *j)
{
	switch (j->info) {
	case JINGLE_PING:
		answer(s, j);
		break;
	case JINGLE_RECEIVED:
		answer(s, j);
		s->user->received(s->arg);
		break;
	case JINGLE_CHECKSUM:
		answer(s, j);
		s->user->checksum(s->arg, &j->content.file);
		break;
	case JINGLE_OTHER_INFO:
		jingle_refuse(s->owner->iqs, j, JINGLE_UNSUPPORTED_INFO);
		break;
	}
}

static void
input_terminate(struct jingle_session *s, const struct jingle *j)
{
	answer(s, j);
	jingle_set_state(s, JINGLE_ENDED);
	s->user->ended(s->arg, j->reason, j->text);
}

/* There is one file a session, and it is there already. */
static void
input_add(struct jingle_session *s, const struct jingle *j)
{
	struct jingle_out	 o = {
		.by_responder = j->content.by_responder,
		.name = j->content.name,
	};
	struct xw		*w;

	if (j->ncontents == 0) {
		refuse(s, j, SE_BAD_REQUEST);
		return;
	}
	answer(s, j);
	w = jingle_begin(s, JINGLE_CONTENT_REJECT);
	jingle_write_content(w, &o);
	jingle_write_reason(w, JINGLE_INCOMPATIBLE_PARAMETERS,
	    "one file a session");
	iq_tell(s->owner->iqs);
}

/* A session without a content is void (XEP-0166 section 7.2.5). */
static void
input_remove(struct jingle_session *s, const struct jingle *j)
{
	if (!is_ours(s, j))
		refuse(s, j, SE_ITEM_NOT_FOUND);
	else
		give_up(s, j, j->reason != JINGLE_NO_REASON ? j->reason :
		    JINGLE_CANCEL, j->text);
}

static void
input_known(struct jingle_session *s, const struct jingle *j)
{
	switch (j->action) {
	case JINGLE_SESSION_INITIATE:
		input_twice(s, j);
		return;
	case JINGLE_SESSION_ACCEPT:
		input_accept(s, j);
		return;
	case JINGLE_SESSION_INFO:
		input_info(s, j);
		return;
	case JINGLE_SESSION_TERMINATE:
		input_terminate(s, j);
		return;
	case JINGLE_TRANSPORT_INFO:
		input_transport(s, j);
		return;
	case JINGLE_TRANSPORT_REPLACE:
		input_replace(s, j);
		return;
	case JINGLE_TRANSPORT_ACCEPT:
	case JINGLE_TRANSPORT_REJECT:
		if (s->replacing == JINGLE_KEEPS || !is_ours(s, j))
			break;
		if (j->action == JINGLE_TRANSPORT_ACCEPT)
			input_replaced(s, j);
		else
			input_reject(s, j);
		return;
	case JINGLE_CONTENT_ADD:
		input_add(s, j);
		return;
	case JINGLE_CONTENT_REMOVE:
		input_remove(s, j);
		return;
	case JINGLE_CONTENT_MODIFY:
		refuse(s, j, SE_NOT_ACCEPTABLE);
		return;
	case JINGLE_DESCRIPTION_INFO:
	case JINGLE_SECURITY_INFO:
		jingle_refuse(s->owner->iqs, j, JINGLE_UNSUPPORTED_INFO);
		return;
	default:
		break;
	}
	jingle_refuse(s->owner->iqs, j, JINGLE_OUT_OF_ORDER);
}

/* A session that has ended, or that the peer does not know of yet, is none. */
static struct jingle_session *
find(struct jingles *js, const char *peer, const char *sid)
{
	struct jingle_session	*s;

	TAILQ_FOREACH(s, &js->sessions, next)
		if (s->state != JINGLE_ENDED && s->state != JINGLE_NEW &&
		    strcmp(s->sid, sid) == 0 && strcmp(s->peer, peer) == 0)
			return s;
	return NULL;
}

/* Have we anything to do with this peer? */
static int
knows(struct jingles *js, const char *peer)
{
	const struct jingle_session	*s;

	if (peer == NULL)
		return 0;
	TAILQ_FOREACH(s, &js->sessions, next)
		if (strcmp(s->peer, peer) == 0)
			return 1;
	return js->host.opens != NULL && js->host.opens(js->host.arg, peer);
}

int
jingles_input(struct jingles *js, const struct elem *iq,
    const struct elem *jingle)
{
	struct jingle		 j;
	struct jingle_session	*s;

	if (!knows(js, elem_attr(iq, "from")))
		return 0;
	if (jingle_parse(iq, jingle, &j) == -1)
		iq_refuse(js->iqs, iq, SE_BAD_REQUEST, NULL);
	else if ((s = find(js, j.from, j.sid)) != NULL)
		input_known(s, &j);
	else if (j.action == JINGLE_SESSION_INITIATE)
		return input_offer(js, &j);
	else
		jingle_refuse(js->iqs, &j, JINGLE_UNKNOWN_SESSION);
	return 1;
}
