/*
 * resume: stream management in a session (XEP-0198): enabling it, saying and
 * hearing how much has been handled, and resuming on a new connection.
 */
#include <stdio.h>
#include <string.h>

#include "net/login/session_int.h"
#include "net/login/sm.h"
#include "net/transport/transport.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define TELL_WAIT	50	/* ms for a stanza to go with <a/> */
#define RESUME_WAIT	10000	/* ms for an answer to <resume/> */
#define SILENT_MAX	2	/* attempts without an answer */
#define PROOF_WAIT	1000	/* ms for a resumed session to say anything, */
#define PROOF_TRIPS	4	/* and as often the time <resumed/> took */

static int
send_raw(void *arg, const void *data, size_t len)
{
	return session_send(arg, data, len);
}

/* 0, or -1 if too much waits to be sent.  Whether the connection has broken is
 * the transport's to tell. */
static int
send_text(struct session *s, const char *nonza)
{
	if (session_send(s, nonza, strlen(nonza)) == 0)
		return 0;
	session_log(s, 2, "not sent: %s", nonza);
	return -1;
}

void
resume_ask(struct session *s)
{
	if (send_text(s, "<r xmlns='" NS_SM "'/>") == 0)
		sm_asked(s->sm);
}

void
resume_tell(struct session *s)
{
	char	 a[64];

	timer_clear(s->loop, &s->tell);
	snprintf(a, sizeof(a), "<a xmlns='" NS_SM "' h='%u'/>", sm_h(s->sm));
	send_text(s, a);
}

/*
 * Stream management is of no use over BOSH, whose sessions outlive their
 * connections by themselves.  Prosody 0.12 never answers <resume/> over BOSH.
 * Prosody also keeps a managed BOSH session when a new session takes its
 * resource.  The old session ends when it has been silent for a minute, and
 * from then on no stanza reaches the new session.
 */
int
resume_is_of_use(const struct session *s)
{
	return s->offers_sm != SESSION_SM_GIVEN_UP &&
	    !transport_repeats(s->transport);
}

/* Section 3. */
void
resume_enable(struct session *s)
{
	sm_begin(s->sm);
	send_text(s, "<enable xmlns='" NS_SM "' resume='true'/>");
}

/*
 * Resuming
 */

int
resume_begin(struct session *s)
{
	struct buf	 b;
	struct xw	 w;
	int		 r;

	buf_init(&b, 8192);
	xw_init(&w, &b);
	xw_start(&w, "resume", NS_SM);
	xw_attr(&w, "previd", sm_id(s->sm));
	xw_attrf(&w, "h", "%u", sm_h(s->sm));
	if ((r = xw_done(&w)) == 0)
		r = session_send(s, buf_data(&b), buf_len(&b));
	buf_free(&b);
	if (r == -1)
		return -1;
	s->resume_took = -clock_ms();
	if (s->timer.at > clock_ms() + RESUME_WAIT)
		timer_set(s->loop, &s->timer, clock_ms() + RESUME_WAIT);
	session_set_state(s, SESSION_RESUMING);
	return 0;
}

/* Section 4: the server says that it has handled more than was sent, so its
 * count or ours is wrong, and none can be relied on. */
static void
overcounted(struct session *s, const struct elem *e)
{
	char		 error[320];
	uint32_t	 h = 0;

	if (sm_parse_h(e, &h) == -1)
		h = 0;
	snprintf(error, sizeof(error), "<stream:error><undefined-condition "
	    "xmlns='" NS_STREAM_ERROR "'/><handled-count-too-high xmlns='"
	    NS_SM "' h='%u' send-count='%u'/></stream:error>", h,
	    sm_count(s->sm));
	send_text(s, error);
	session_set_sm(s, SESSION_SM_GIVEN_UP);
	sm_end(s->sm);
	session_fail(s, SESSION_LOST, "the server says that it has handled "
	    "more than was sent; tell its operator");
}

/*
 * Prosody 0.12 may go on with the parser of the connection that broke, inside a
 * stanza, and swallow what follows <resume/>.  So nothing but <r/> is sent
 * before an answer proves that the server hears us.
 */
static void
resumed(struct session *s, const struct elem *e)
{
	uint32_t	 h;

	if (sm_parse_h(e, &h) == -1 || sm_acked(s->sm, h) == -1) {
		overcounted(s, e);
		return;
	}
	s->resume_took += clock_ms();
	session_set_state(s, SESSION_PROVING);
	resume_ask(s);
	resume_wait(s);
}

void
resume_wait(struct session *s)
{
	timer_set(s->loop, &s->timer, clock_ms() + PROOF_WAIT +
	    PROOF_TRIPS * s->resume_took);
}

/* A server that does not even refuse may never answer: begin a new session, and
 * after SILENT_MAX attempts use stream management no more. */
void
resume_silent(struct session *s)
{
	int	 unheard = s->state == SESSION_RESUMING &&
		    s->early != EARLY_OFF;

	if (!unheard)	/* else it was told early: ask again, in turn */
		sm_end(s->sm);
	if (!unheard && s->state == SESSION_RESUMING &&
	    ++s->silent_resumes >= SILENT_MAX)
		session_set_sm(s, SESSION_SM_GIVEN_UP);
	session_fail(s, SESSION_LOST, s->state == SESSION_PROVING ?
	    "the server resumed the session but does not hear it" :
	    "the server does not say whether it resumes the session");
}

/* If the unacknowledged stanzas do not fit the connection's buffer, they would
 * not fit that of the next resumption either: a new session is begun. */
static void
proved(struct session *s)
{
	session_set_state(s, SESSION_READY);
	if (sm_resend(s->sm, send_raw, s) == 0) {
		session_back(s, 1);
		return;
	}
	sm_end(s->sm);
	session_fail(s, SESSION_LOST, "too much waits to be sent again");
}

/* XEP-0198 section 5: <failed/> may say how much was handled, too. */
static void
resume_failed(struct session *s, const struct elem *e)
{
	uint32_t	 h;

	if (sm_parse_h(e, &h) == 0 && sm_acked(s->sm, h) == -1)
		session_log(s, 1, "the server says that it has handled more "
		    "than was sent");
	if (s->state == SESSION_RESUMING) {
		session_log(s, 1, "the server does not resume the session");
		sm_end(s->sm);
		login_bind(s);
	} else {
		sm_end(s->sm);
	}
}

static void
resume_acked(struct session *s, const struct elem *e)
{
	uint32_t	 h;

	if (!sm_counting(s->sm))
		return;
	if (sm_parse_h(e, &h) == -1 || sm_acked(s->sm, h) == -1)
		overcounted(s, e);
	else if (s->state == SESSION_PROVING)
		proved(s);
}

/* <a/> by itself would be a short TLS record, which slows a server that reads
 * many (net/io/record_pack.h): it goes with the next stanza, if that is sent
 * soon. */
static void
resume_asked(struct session *s)
{
	if (s->state != SESSION_READY)
		resume_tell(s);
	else if (!s->tell.on)
		timer_set(s->loop, &s->tell, clock_ms() + TELL_WAIT);
}

void
resume_tell_late(void *arg)
{
	struct session	*s = arg;

	if (s->state == SESSION_READY)
		resume_tell(s);
}

int
resume_input(struct session *s, const struct elem *e)
{
	if (strcmp(e->ns, NS_SM) != 0)
		return 0;
	if (strcmp(e->name, "r") == 0)
		resume_asked(s);
	else if (strcmp(e->name, "a") == 0)
		resume_acked(s, e);
	else if (strcmp(e->name, "failed") == 0)
		resume_failed(s, e);
	else if (strcmp(e->name, "resumed") == 0 &&
	    s->state == SESSION_RESUMING)
		resumed(s, e);
	else if (strcmp(e->name, "enabled") == 0 && s->state == SESSION_READY &&
	    sm_enabled(s->sm, e) == -1)
		session_fail(s, SESSION_INTERNAL, "out of memory");
	return 1;
}
