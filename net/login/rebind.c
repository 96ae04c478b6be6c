/* rebind: keeping our address when we log in again; see rebind.h. */
#include <string.h>

#include "net/login/rebind.h"
#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define ANSWER_WAIT	3000	/* ms for the answer of a client that has
				 * our address */
#define LOOK_FIRST	5000	/* ms until we ask for it; then twice that, */
#define LOOK_MOST	300000	/* up to this */

/* Does the server give addresses as it likes? */
static int
is_foreign(const struct session *s)
{
	return s->aim == REBIND_FOREIGN || s->aim == REBIND_FOREIGN_LAST;
}

const char *
rebind_resource(const struct session *s)
{
	if (*s->jid == '\0' || is_foreign(s))
		return jid_resource(s->conf.jid);
	return s->aim == REBIND_ANY ? "" : jid_resource(s->home);
}

static int
is_patient(const struct session *s)
{
	return clock_ms() - s->lost_at < s->conf.patience_ms;
}

/* Log out, and in again a little later: see reconnect_may_return(). */
static void
rebind_try_later(struct session *s, const char *how)
{
	session_fail(s, SESSION_CONFLICT, "the server %s, as if %.200s were "
	    "still logged in; if another client is, give each a resource of "
	    "its own with -j", how, s->home);
}

static void
rebind_give_up(struct session *s)
{
	session_fail(s, SESSION_REFUSED, "the server does not give us %.200s "
	    "again: another client has it, or a session that the server has "
	    "not given up yet; try again, or name another resource with -j",
	    s->home);
}

void
rebind_refused(struct session *s, enum stanza_error err)
{
	if (!is_patient(s) && (s->conf.insists || s->aim == REBIND_ANY ||
	    s->aim == REBIND_FOREIGN_LAST)) {
		rebind_give_up(s);
		return;
	}
	if (!is_patient(s))
		session_set_aim(s, is_foreign(s) ? REBIND_FOREIGN_LAST :
		    REBIND_ANY);
	rebind_try_later(s, err == SE_CONFLICT ? "reports a conflict" :
	    "does not give us our resource");
}

/* No client has our address, and yet we did not get it: insisting is
 * useless. */
static void
rebind_foreign(struct session *s)
{
	session_log(s, 1, "%s is free, but the server gives us another: it "
	    "always does", s->home);
	session_set_aim(s, REBIND_FOREIGN);
}

static void
rebind_looked(void *arg, const struct elem *answer)
{
	struct session	*s = arg;

	switch (stanza_error(answer)) {
	case SE_SERVICE_UNAVAILABLE:
	case SE_RECIPIENT_UNAVAILABLE:
	case SE_ITEM_NOT_FOUND:
		rebind_foreign(s);
		bind_elsewhere(s);
		break;
	default:
		rebind_try_later(s, "gives us another resource");
		break;
	}
}

void
rebind_silent(struct session *s)
{
	rebind_try_later(s, "gives us another resource");
}

/* Does a client have our address?  The server itself answers for an address
 * that no client has; a dead connection does not answer. */
static void
ask_home(struct session *s, iq_answer_fn *fn, int64_t deadline)
{
	xw_elem(iq_request(s->iqs, "get", s->home), "ping", NS_PING, NULL);
	if (iq_ask(s->iqs, fn, s, deadline) == -1)
		session_fail(s, SESSION_INTERNAL, "out of memory");
}

int
rebind_elsewhere(struct session *s, const char *jid)
{
	session_log(s, 1, "the server gives us %s instead of %s", jid,
	    s->home);
	if (s->aim == REBIND_RETURN)	/* it was free a moment ago */
		rebind_foreign(s);
	if (!s->welcome || is_foreign(s) || s->aim == REBIND_ANY ||
	    s->host.may_move(s->host.arg))
		return 1;
	if (!is_patient(s)) {
		if (!s->conf.insists)
			return 1;
		rebind_give_up(s);
		return 0;
	}
	session_set_state(s, SESSION_ELSEWHERE);
	timer_set(s->loop, &s->timer, clock_ms() + ANSWER_WAIT);
	s->binding = 1;
	ask_home(s, rebind_looked, IQ_NODEADLINE);
	s->binding = 0;
	return 0;
}

/*
 * Going back
 */

void
rebind_ready(struct session *s)
{
	int	 away = *s->home != '\0' && strcmp(s->jid, s->home) != 0;

	session_set_aim(s, is_foreign(s) ? REBIND_FOREIGN : REBIND_HOME);
	if (*s->home == '\0' || is_foreign(s))
		strlcpy(s->home, s->jid, sizeof(s->home));
	if (!away || is_foreign(s) || !s->conf.named) {
		s->home_pause = 0;
		return;
	}
	if (s->home_pause == 0)
		s->home_pause = LOOK_FIRST;
	s->home_at = clock_ms() + s->home_pause;
}

int64_t
rebind_deadline(const struct session *s)
{
	return s->home_pause > 0 ? s->home_at : INT64_MAX;
}

static void
rebind_found(void *arg, const struct elem *answer)
{
	struct session	*s = arg;
	int		 err = answer != NULL ? (int)stanza_error(answer) :
			    SE_NONE;

	if ((err != SE_SERVICE_UNAVAILABLE && err != SE_ITEM_NOT_FOUND &&
	    err != SE_RECIPIENT_UNAVAILABLE) || s->state != SESSION_READY ||
	    !s->host.may_move(s->host.arg))
		return;
	session_set_aim(s, REBIND_RETURN);
	sm_end(s->sm);		/* not to be resumed: it has this address */
	session_fail(s, SESSION_LOST, "%s is free again", s->home);
}

void
rebind_look(struct session *s, int64_t now)
{
	if (now < rebind_deadline(s))
		return;
	s->home_pause = s->home_pause < LOOK_MOST / 2 ? 2 * s->home_pause :
	    LOOK_MOST;
	s->home_at = now + s->home_pause;
	if (s->host.may_move(s->host.arg))
		ask_home(s, rebind_found, now + ANSWER_WAIT);
}
