/*
 * session_int: what the files that make a session share.  Its functions stand
 * below in the order of the files.
 */
#ifndef NET_LOGIN_SESSION_INT_H
#define NET_LOGIN_SESSION_INT_H

#include "net/io/loop.h"
#include "net/login/features.h"
#include "net/login/features_cache.h"
#include "net/login/sasl.h"
#include "net/login/session.h"
#include "net/transport/endpoint.h"
#include "net/transport/transport.h"
#include "xml/check.h"
#include "xml/iq.h"
#include "xml/jid.h"

struct buf;
struct elem;
struct features;
struct transport;
struct sm;

#define AUTH_MAX	(64 * 1024)	/* bytes of a message of SASL */
#define SESSION_LINE	2048		/* bytes of a line for the log */

enum session_state {
	SESSION_CONNECTING,	/* no transport yet that may be logged in on */
	SESSION_SECURE,		/* there is one; features to come */
	SESSION_AUTH,		/* SASL exchange */
	SESSION_AUTHENTICATED,	/* new stream; features to come */
	SESSION_BINDING,
	SESSION_ELSEWHERE,	/* bound, but not to our address: shall we
				 * insist? */
	SESSION_RESUMING,	/* instead of binding: asked for */
	SESSION_PROVING,	/* resumed; does the server hear us? */
	SESSION_READY,
	SESSION_AWAY,		/* was ready once; tries again */
	SESSION_AGAIN,		/* never was; will try again, in no hurry */
	SESSION_CLOSING,	/* our stream has ended; the server's not yet */
	SESSION_CLOSED
};

/* What the server offers of stream management (XEP-0198). */
enum session_sm {
	SESSION_SM_NONE,
	SESSION_SM_OFFERED,
	SESSION_SM_GIVEN_UP	/* it went wrong: not to be used any more */
};

/* This login tells the server things before it asks (XEP-0305). */
enum early_phase {
	EARLY_OFF,		/* each step waits for its features */
	EARLY_ON,
	EARLY_READY		/* ready before the answer to our bind */
};

/* How the server has borne being told early, in this program. */
enum early_trust {
	EARLY_UNTRIED,
	EARLY_BORNE,		/* an early login succeeded */
	EARLY_PAUSED,		/* this program's next logins wait */
	EARLY_HARMFUL		/* so do later programs', if that helps */
};

/* What the SASL exchange is. */
enum sasl_login_kind {
	SASL_LOGIN_RFC6120,
	SASL_LOGIN_SASL2,	/* XEP-0388, */
	SASL_LOGIN_TOKEN	/* with a token (XEP-0484) */
};

/* May the token of an earlier login be used? */
enum token_use {
	TOKEN_USE_USABLE,
	TOKEN_USE_REFUSED,	/* just now: log in with the password */
	TOKEN_USE_OVER
};

/* What <authenticate/> asks for besides (XEP-0388, inline features). */
enum sasl2_inline {
	SASL2_INLINE_NONE,
	SASL2_INLINE_BIND,	/* a resource */
	SASL2_INLINE_RESUME,	/* the old session */
	SASL2_INLINE_DONE	/* granted: features are yet to come */
};

/* Which address the next login is for; see rebind.h. */
enum rebind_aim {
	REBIND_HOME,		/* our own */
	REBIND_RETURN,		/* our own, which we had left and is free */
	REBIND_ANY,		/* any: the server has refused ours too long */
	REBIND_FOREIGN,		/* the server gives what it likes, always */
	REBIND_FOREIGN_LAST	/* and has refused that too long as well */
};

struct session {
	struct loop		*loop;
	struct session_conf	 conf;
	struct session_host	 host;
	struct transport	*transport;
	struct iq_table		*iqs;
	struct dispatch		*dispatch;	/* other stanzas */
	struct absence		*absence;
	struct roster		*roster;
	struct sasl		*sasl;
	struct sm		*sm;
	struct resolver		*resolver;

	/* The states, each with a setter below. */
	enum session_state	 state;
	enum session_sm		 offers_sm;
	enum early_phase	 early;
	enum early_trust	 trust;
	enum token_use		 tokens;
	enum sasl2_inline	 inlined;
	enum rebind_aim		 aim;

	struct timer		 timer;	/* what for depends on the state */
	struct timer		 tell;	/* on: an answer to <r/> is due */
	int			 paused;	/* we do not read */
	int			 binding;	/* what is sent now is for it */
	int			 starved;	/* a stanza of ours is lost */

	/* Addresses. */
	char			 domain[JID_MAX];	/* of the account */
	char			 ascii[JID_MAX];	/* domain, for TLS */
	char			 bare[JID_MAX];
	char			 jid[JID_MAX];		/* bound */
	char			 was[JID_MAX];	/* bound at the last loss */
	char			 home[JID_MAX];		/* that we want */
	int64_t			 home_at, home_pause;	/* to look for it; 0:
							 * not wanted */

	/* The login. */
	enum sasl_login_kind	 sasl_kind;
	const char		*wanted;	/* mechanism of the token that
						 * was asked for, or NULL */
	int			 untold;	/* features to come that were
						 * not waited for */
	int			 old_session;	/* RFC 3921's is wanted */
	int			 welcome;	/* a login came to its end */
	struct features_limits	 limits;	/* of the server */
	char			 first[FEATURES_CACHE_MAX];
	char			 second[FEATURES_CACHE_MAX];
	int64_t			 login_ends;	/* deadline, clock_ms(); */
	int64_t			 hurry_ends;	/* of what may not be borne */
	int64_t			 resume_took;	/* ms for <resumed/> */
	int			 silent_resumes; /* not answered at all */

	/* The loss of a connection, and coming back. */
	int			 tries;		/* to come back */
	int64_t			 lost_at;
	int			 starvations;	/* attempts without memory */
	int			 too_big;	/* a stanza of ours was */
	int64_t			 ghost_until;	/* see reconnect_is_ghost() */
	int64_t			 last_sent, last_heard;
	int64_t			 idle_loss;	/* ms of silence before the
						 * last loss; 0: none */
	size_t			 unheard;	/* bytes sent since then */
	int64_t			 unheard_since;
	int64_t			 probed;	/* when; 0: not */
	size_t			 probe_behind;	/* bytes that the server takes
						 * before the question */
	size_t			 probe_queue;	/* transport_queued() then, or
						 * as it was looked at last */
	enum session_fault	 fault;
	char			 why[512];
};

/*
 * session_state.c.  Each function sets a state, and traces the move; a move
 * that is impossible is refused, and traced.
 */

/* s->state. */
void	 session_set_state(struct session *s, enum session_state state);
/* s->offers_sm.  SESSION_SM_GIVEN_UP is for good. */
void	 session_set_sm(struct session *s, enum session_sm sm);
/* s->early. */
void	 session_set_early(struct session *s, enum early_phase early);
/* s->trust.  EARLY_PAUSED and EARLY_HARMFUL are for good. */
void	 session_set_trust(struct session *s, enum early_trust trust);
/* s->tokens. */
void	 session_set_tokens(struct session *s, enum token_use use);
/* s->inlined. */
void	 session_set_inline(struct session *s, enum sasl2_inline asked);
/* s->aim.  From REBIND_FOREIGN and REBIND_FOREIGN_LAST there is no way back to
 * the others. */
void	 session_set_aim(struct session *s, enum rebind_aim aim);

/*
 * session.c
 */

/* A line for the user's log, of level 1 (-v) or 2 (-vv). */
void	 session_log(struct session *s, int level, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));
/* The session has failed.  It tries again from the timer, later if it has been
 * ready before, or it is over, and session_host.closed() tells.  Without effect
 * where it has ended or waits for the next try already. */
void	 session_fail(struct session *s, enum session_fault fault,
	    const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));
/* It is over: stop the timers and tell the user, once. */
void	 session_end(struct session *s);
/* The resource is bound: announce presence, and be ready. */
void	 session_ready(struct session *s);
/* The session is ready after a loss: resumed (1) or begun anew (0). */
void	 session_back(struct session *s, int resumed);
/* Set out for the server, with a deadline for the login.  0, or -1 without
 * memory. */
int	 session_set_out(struct session *s) MUST_CHECK;

/*
 * session_send.c
 */

/* Send a nonza or a stanza of the login at once, len bytes.  0, or -1 if too
 * much waits to be sent or there is no connection. */
int	 session_send(struct session *s, const void *data, size_t len)
	    MUST_CHECK;
/* session_send() without the data in the trace. */
int	 session_send_secret(struct session *s, const void *data, size_t len)
	    MUST_CHECK;
/* As iq_send_fn (xml/iq.h), with the session as arg: send a stanza, or keep it
 * until the session is back. */
int	 session_send_stanza(void *arg, const void *data, size_t len)
	    MUST_CHECK;
/* As iq_starved_fn (xml/iq.h), with the session as arg. */
void	 session_starve(void *arg);

/*
 * session_input.c
 */

/* As transport_fn (net/transport/transport.h), with the session as arg. */
void	 session_transport_event(void *arg, enum transport_event ev,
	    const struct elem *e);
/* As parse_piece_fn (xml/parse.h), with the session as arg: a piece of a long
 * answer, which also shows that the server is there. */
int	 session_piece(void *arg, const struct elem *e);

/*
 * session_timer.c
 */

/* In SESSION_READY: set the timer for what is due first. */
void	 session_set_timer(struct session *s);
/* Before SESSION_READY: wait until the login's deadline.  If it is risky, since
 * the server may not bear what it was told, wait for less: another attempt
 * needs time. */
void	 session_limit(struct session *s, int risky);
/* The session's timer; arg is the session. */
void	 session_fire(void *arg);

/*
 * login.c
 */

/* Take stream features, in turn or, where they were not waited for, late. */
void	 login_features(struct session *s, const struct elem *features);
/* Take any other child of the stream before SESSION_READY. */
void	 login_input(struct session *s, const struct elem *e);
/* The login has succeeded: remember what the server offers and bears. */
void	 login_done(struct session *s);
/* Remember what the server offers. */
void	 login_learn(struct session *s);

/*
 * login_early.c (XEP-0305)
 */

/* May the login that is to begin tell the server early? */
int	 early_may(const struct session *s);
/* There is a stream: begin SASL, if features are not to be waited for. */
void	 early_begin(struct session *s);
/* SASL has succeeded: bind or resume, without waiting for features. */
void	 early_bind(struct session *s);
/* In SESSION_BINDING: ask for the resource and be ready at once, if that may
 * be.  Returns 0 if it may not, and nothing was asked. */
int	 early_ready(struct session *s);
/* The login has succeeded; whatever comes now was waited for. */
void	 early_done(struct session *s);
/* The server demands a session (RFC 3921) after the resource was asked for:
 * the login fails, and is made once more. */
void	 early_session_wanted(struct session *s);
/* The server has refused the login: was it for lack of the mechanism? */
void	 early_sasl_refused(struct session *s);
/* The login's time is up: is the server merely slow, so that more of it may be
 * spent? */
int	 early_is_slow(const struct session *s, int64_t now);
/* The login has failed: do not tell early again, if that may be why. */
void	 early_failed(struct session *s, enum session_fault fault);
/* May the login that has failed be made once more, step by step? */
int	 early_may_retry(const struct session *s);

/*
 * sasl_login.c
 */

/* Log in with the best mechanism in words (features.h). */
void	 sasl_login_begin(struct session *s, const char *words);
/* In SESSION_AUTH: take a child of the stream. */
void	 sasl_login_input(struct session *s, const struct elem *e);
/* Send what is in b; the session fails if that cannot be done, or if failed. */
void	 sasl_login_send(struct session *s, const struct buf *b, int failed);
/* Append the base64 in an element, "=" being nothing, to out. */
enum sasl_result sasl_login_decode(const struct elem *e,
	    struct buf *out) MUST_CHECK;
/* The session fails for r. */
void	 sasl_login_failed(struct session *s, enum sasl_result r);

/*
 * sasl2_login.c (XEP-0388)
 */

/* May SASL2 be used?  Only if it is offered, behind TLS. */
int	 sasl2_login_may(const struct session *s, const struct features *o);
/* Prepare s->sasl to use a token (XEP-0484).  SASL_NOMECH: there is none that
 * may be used. */
enum sasl_result sasl2_login_token(struct session *s, const struct features *o,
	    const char *user);
/* Send <authenticate/> with the mechanism's first message. */
void	 sasl2_login_send(struct session *s, const struct features *o,
	    const struct buf *first);
/* Take <success/>. */
void	 sasl2_login_success(struct session *s, const struct elem *e);
/* The server has refused the token, with this condition. */
void	 sasl2_login_refused(struct session *s, const char *condition);

/*
 * bind.c
 */

/* Take the features after SASL. */
void	 bind_features(struct session *s, const struct elem *features);
/* SASL2 has bound us to this full JID (XEP-0386), and enabled stream management
 * if enabled is not NULL. */
void	 bind_inlined(struct session *s, const char *jid,
	    const struct elem *enabled);
/* Take the features that follow bind_inlined(). */
void	 bind_late(struct session *s, const struct elem *features);
/* Resume the old session, if the words (features.h) offer that and there is
 * one, or bind a resource. */
void	 bind_or_resume(struct session *s, const char *words);
/* There is nothing to resume: bind a resource. */
void	 login_bind(struct session *s);
/* Ask for the resource; fn gets the answer, with the session as arg. */
void	 bind_ask(struct session *s, iq_answer_fn *fn);
/* The JID in an answer, prepared, into jid[JID_MAX], "" if there is none.  0,
 * or -1 and errno as jid_prep(). */
int	 bind_jid(const struct elem *answer, char *jid);
/* Go on under the address that the server has given, whatever it is. */
void	 bind_elsewhere(struct session *s);

/*
 * resume.c (XEP-0198)
 */

/* Has stream management any use here? */
int	 resume_is_of_use(const struct session *s);
/* Ask to resume the old session.  0, or -1 if that cannot be sent. */
int	 resume_begin(struct session *s) MUST_CHECK;
/* Take a child of the stream, if it is one of stream management: 1, else 0. */
int	 resume_input(struct session *s, const struct elem *e);
/* Send <enable/>: from here on stanzas are counted. */
void	 resume_enable(struct session *s);
/* In SESSION_PROVING: something comes, so more may. */
void	 resume_wait(struct session *s);
/* In SESSION_RESUMING, SESSION_PROVING: nothing came in time. */
void	 resume_silent(struct session *s);
/* Send <r/>: the server is to say how much it has handled. */
void	 resume_ask(struct session *s);
/* Send <a/>: how much we have handled. */
void	 resume_tell(struct session *s);
/* Send <a/> if it is still due; arg is the session. */
void	 resume_tell_late(void *arg);

/*
 * alive.c; session_woken() is there, too
 */

/* Something has come from the server. */
void	 alive_heard(struct session *s);
/* So many bytes were given to the transport. */
void	 alive_sent(struct session *s, size_t len);
/* When to look next whether the server is still there, unless something is
 * heard, ms of clock_ms(). */
int64_t	 alive_deadline(const struct session *s);
/* If it is time to, look whether the server is still there: ask it, or fail the
 * session. */
void	 alive_look(struct session *s, int64_t now);
/* The connection is lost now, before the state says so: two losses after equal
 * silences tell how much silence a router bears, and there will be less. */
void	 alive_learn(struct session *s);

/*
 * reconnect.c
 */

/* Is this a loss that can be mended? */
int	 reconnect_may_return(const struct session *s,
	    enum session_fault fault);
/* Begin to mend it: SESSION_AWAY. */
void	 reconnect_begin(struct session *s);
/* A server may carry out what was asked of it on a connection that we have
 * given up, and bind or resume a session there instead of ours: was a conflict
 * that comes now made by ourselves? */
int	 reconnect_is_ghost(const struct session *s);
/* This connection is given up now. */
void	 reconnect_fear_ghost(struct session *s);
/* The timer of SESSION_AWAY. */
void	 reconnect_fire(struct session *s);
/* Set out where the server has said that it would like to resume us
 * (XEP-0198 section 5). */
void	 reconnect_hint(struct session *s);
/* How long this attempt may take, ms. */
int64_t	 reconnect_patience(const struct session *s);

/*
 * disco.c
 */

/* Answer an iq get or set that the session's user did not take. */
void	 disco_answer(struct session *s, const struct elem *iq);

#endif
