/* session_int: what the files that make a session share: session.c, login.c,
 * auth.c, auth2.c, bind.c, resume.c, away.c and disco.c. */
#ifndef NET_LOGIN_SESSION_INT_H
#define NET_LOGIN_SESSION_INT_H

#include "net/io/loop.h"
#include "net/login/features.h"
#include "net/login/features_cache.h"
#include "net/login/sasl.h"
#include "net/login/session.h"
#include "net/transport/endpoint.h"
#include "xml/check.h"
#include "xml/jid.h"

struct buf;
struct elem;
struct features;
struct transport;
struct sm;

#define AUTH_MAX	(64 * 1024)	/* bytes of a message of SASL */

enum session_state {
	S_CONNECTING,		/* no transport yet that may be logged in on */
	S_SECURE,		/* there is one; features to come */
	S_AUTH,			/* SASL exchange */
	S_AUTHENTICATED,	/* new stream; features to come */
	S_BINDING,
	S_ELSEWHERE,		/* bound, but not to our address: shall we
				 * insist? */
	S_RESUMING,		/* instead of binding: asked for */
	S_PROVING,		/* resumed; do they hear us? */
	S_READY,
	S_AWAY,			/* was ready once; tries again */
	S_AGAIN,		/* never was; will try again, in no hurry */
	S_CLOSING,		/* our stream has ended; theirs not yet */
	S_CLOSED
};

struct session {
	struct loop		*loop;
	struct session_conf	 conf;
	struct session_host	 host;
	struct transport		*transport;
	struct iq_table		*iqs;
	struct absence		*absence;
	struct sasl		*sasl;
	struct sm		*sm;
	struct resolver		*resolver;
	enum session_state	 state;
	struct timer		 timer;	/* what for depends on the state */
	struct timer		 tell;	/* on: an answer to <r/> is due */
	char			 domain[JID_MAX];	/* of the account */
	char			 ascii[JID_MAX];	/* domain, for TLS */
	char			 bare[JID_MAX];
	char			 jid[JID_MAX];		/* bound */
	char			 was[JID_MAX];		/* the same at the last
							 * loss */
	char			 home[JID_MAX];		/* that we want */
	int			 anywhere;	/* the next one may be any */
	int			 appends;	/* the server gives what it
						 * likes: no use to insist */
	int			 homing;	/* this login is for home */
	int64_t			 home_at, home_pause;	/* to look for it; 0:
							 * not wanted */
	int			 binding;	/* what is sent now is for it */
	int			 old_session;	/* RFC 3921's is wanted */
	int			 paused;	/* we do not read */
	int			 has_sm, no_sm;	/* offered; not to be used */
	int			 too_big;	/* a stanza of ours was */
	int			 hurried;	/* this login is: it tells
						 * before it is asked */
	enum {
		PATIENT_NOT,
		PATIENT_NOW,	/* the next ones are not in a hurry */
		PATIENT_ALWAYS	/* nor any later program's: if it helps */
	}			 patient;
	int			 untold;	/* features to come that were
						 * not waited for */
	int			 sasl2;		/* this SASL is XEP-0388's, */
	int			 token;		/* with a token (XEP-0484) */
	int			 no_token;	/* one was refused */
	int			 spurned;	/* just now: log in again */
	const char		*wanted;	/* what was asked for with it: a
						 * token for this mechanism, */
	int			 asked_bind;	/* a resource, */
	int			 asked_resume;	/* the old session */
	int			 inlined;	/* one of these came with it:
						 * features are yet to come */
	int			 early;		/* ready before the answer to
						 * our bind */
	int			 bore;		/* a hurried login succeeded */
	int			 welcome;	/* a login did, to its end */
	struct features_limits	 limits;	/* of the server */
	char first[FEATURES_CACHE_MAX]; /* see manners.h */
	char			 second[FEATURES_CACHE_MAX];
	int64_t			 login_ends;	/* deadline, clock_ms(); */
	int64_t			 hurry_ends;	/* of what may not be borne */
	int			 tries;		/* to come back */
	int64_t			 lost_at;
	int64_t			 resume_took;	/* ms for <resumed/> */
	int			 starved;	/* a stanza of ours is lost */
	int			 starvations;	/* attempts without memory */
	int			 silent_resumes; /* not answered at all */
	int64_t			 ghost_until;	/* see reconnect_is_ghost() */
	int64_t			 last_sent, last_heard;
	int64_t			 idle_loss;	/* ms of silence before the
						 * last loss; 0: none */
	size_t			 unheard;	/* bytes sent since then */
	int64_t			 unheard_since;
	int64_t			 probed;	/* when; 0: not */
	enum session_fault	 fault;
	char			 why[512];
};

void	 session_set_state(struct session *s, enum session_state state);
void	 session_log(struct session *s, int level, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));
/* End it with a fault; once.  Or, if it may come back, go away. */
void	 session_fail(struct session *s, enum session_fault fault,
	    const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));
/* Send nonzas and stanzas of the login; secret ones are not traced. */
int	 session_send(struct session *s, const void *data, size_t len)
	    MUST_CHECK;
int	 session_send_secret(struct session *s, const void *data, size_t len)
	    MUST_CHECK;
/* Bound: available from now on. */
void	 session_ready(struct session *s);
/* Ready again. */
void	 session_back(struct session *s, int resumed);
/* Set out for the server, with a deadline for the login.  0 or -1. */
int	 session_set_out(struct session *s) MUST_CHECK;
/* Before S_READY: wait until the login's deadline.  If it is risky, as the
 * server may not bear what it was told, less: another attempt needs time. */
void	 session_limit(struct session *s, int risky);

/* login.c: take a stream's child before S_READY, or features that come late. */
void	 login_features(struct session *s, const struct elem *features);
/* There is a stream: begin, if there is no need to wait for features. */
void	 login_hurry(struct session *s);
void	 login_input(struct session *s, const struct elem *e);
/* It has succeeded: remember how; remember what is offered only. */
void	 login_done(struct session *s);
void	 login_learn(struct session *s);

/* auth.c: log in with the best of what is offered, in words of offer.h.  Take
 * a child of the stream in S_AUTH. */
void	 sasl_login_begin(struct session *s, const char *words);
void	 sasl_login_input(struct session *s, const struct elem *e);
/* Send what is in b, unless that failed; the base64 in an element, "=" being
 * nothing, into out: 0, or -1 if it is malformed; end the session for r. */
void	 sasl_login_send(struct session *s, const struct buf *b, int failed);
enum sasl_result sasl_login_decode(const struct elem *e,
	    struct buf *out) MUST_CHECK;
void	 sasl_login_failed(struct session *s, enum sasl_result r);

/* auth2.c: may SASL2 be used?  Prepare s->sasl to use a token, if there is one
 * that may be used.  Send <authenticate/> with s->sasl's first message.  Take
 * <success/>; take the refusal of a token. */
int	 sasl2_login_may(const struct session *s, const struct features *o);
enum sasl_result sasl2_login_token(struct session *s, const struct features *o,
	    const char *user);
void	 sasl2_login_send(struct session *s, const struct features *o,
	    const struct buf *first);
void	 sasl2_login_success(struct session *s, const struct elem *e);
void	 sasl2_login_refused(struct session *s, const char *condition);

/* bind.c: take the features after SASL; begin without them, if they are known
 * from the last time. */
void	 bind_features(struct session *s, const struct elem *features);
void	 bind_hurry(struct session *s);
/* SASL2 has brought a resource, and stream management if enabled is not NULL;
 * take the features behind that. */
void	 bind_inlined(struct session *s, const char *jid,
	    const struct elem *enabled);
void	 bind_late(struct session *s, const struct elem *features);
/* There is nothing to resume: bind the resource. */
void	 login_bind(struct session *s);
/* Go on under the address that the server has given, whatever it is. */
void	 bind_elsewhere(struct session *s);

/* resume.c: ask to resume what there is: 0 or -1.  Take a child of the stream
 * that may be of stream management; returns 1 if it was. */
int	 resume_begin(struct session *s) MUST_CHECK;
int	 resume_input(struct session *s, const struct elem *e);
void	 resume_enable(struct session *s);
/* In S_PROVING: something comes, so more may. */
void	 resume_wait(struct session *s);
/* In S_RESUMING, S_PROVING: nothing came in time. */
void	 resume_silent(struct session *s);
/* Send <r/>; <a/>. */
void	 resume_ask(struct session *s);
void	 resume_tell(struct session *s);
/* Send <a/> if it is still due; arg is the session. */
void	 resume_tell_late(void *arg);

/* away.c: something came; len bytes went. */
void	 reconnect_heard(struct session *s);
void	 reconnect_sent(struct session *s, size_t len);
/* When to look next whether the server is still there, unless something is
 * heard; do that. */
int64_t	 reconnect_deadline(const struct session *s);
void	 reconnect_look(struct session *s, int64_t now);
/* Is this a loss that can be mended?  Begin to. */
int	 reconnect_may_return(const struct session *s,
	    enum session_fault fault);
void	 reconnect_begin(struct session *s);
/* A server may carry out what was asked of it on a connection that we have
 * given up, and bind or resume a session there instead of ours: was a conflict
 * that comes now made by ourselves? */
int	 reconnect_is_ghost(const struct session *s);
/* This connection is given up now. */
void	 reconnect_fear_ghost(struct session *s);
/* The timer of S_AWAY. */
void	 reconnect_fire(struct session *s);
/* Where to go now. */
void	 reconnect_hint(struct session *s);
/* How long this attempt may take, ms. */
int64_t	 reconnect_patience(const struct session *s);

/* disco.c: answer an iq get or set that the session's user did not take. */
void	 disco_answer(struct session *s, const struct elem *iq);

#endif
