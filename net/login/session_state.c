/*
 * session_state: the states of a session, each an enum of session_int.h with
 * one setter here, which traces the move (-vv) and refuses a move that is in no
 * table: the state stays as it was, and the trace says "impossible".
 */
#include "net/login/session_int.h"

#define TO(state)	(1U << (state))
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* The states of one kind: their names, and the bits of those that may follow
 * each. */
struct kind {
	const char		*what;
	const char *const	*names;
	const unsigned		*next;
};

/* May the state be set?  Setting it to what it is changes nothing. */
static int
may_set(struct session *s, const struct kind *k, unsigned from, unsigned to)
{
	int	 may = (k->next[from] & TO(to)) != 0;

	if (from == to)
		return 0;
	session_log(s, 2, "%s: %s -> %s%s", k->what, k->names[from],
	    k->names[to], may ? "" : ": impossible");
	return may;
}

/*
 * The session itself.  It may fail or be closed at any time.
 */

#define ENDS	(TO(SESSION_AWAY) | TO(SESSION_AGAIN) | TO(SESSION_CLOSING) | \
		TO(SESSION_CLOSED))

static const char *const state_names[] = {
	[SESSION_CONNECTING] = "connecting",
	[SESSION_SECURE] = "secure",
	[SESSION_AUTH] = "auth",
	[SESSION_AUTHENTICATED] = "authenticated",
	[SESSION_BINDING] = "binding",
	[SESSION_ELSEWHERE] = "elsewhere",
	[SESSION_RESUMING] = "resuming",
	[SESSION_PROVING] = "proving",
	[SESSION_READY] = "ready",
	[SESSION_AWAY] = "away",
	[SESSION_AGAIN] = "again",
	[SESSION_CLOSING] = "closing",
	[SESSION_CLOSED] = "closed",
};

/* A transport that has told nothing but that it is secure may yet be replaced
 * by another, though SASL has begun there (XEP-0305). */
static const unsigned state_next[] = {
	[SESSION_CONNECTING] = ENDS | TO(SESSION_SECURE),
	[SESSION_SECURE] = ENDS | TO(SESSION_AUTH),
	[SESSION_AUTH] = ENDS | TO(SESSION_AUTHENTICATED) | TO(SESSION_SECURE),
	[SESSION_AUTHENTICATED] = ENDS | TO(SESSION_BINDING) |
	    TO(SESSION_RESUMING) | TO(SESSION_READY),
	[SESSION_BINDING] = ENDS | TO(SESSION_ELSEWHERE) | TO(SESSION_READY),
	[SESSION_ELSEWHERE] = ENDS | TO(SESSION_READY),
	[SESSION_RESUMING] = ENDS | TO(SESSION_PROVING) | TO(SESSION_BINDING),
	[SESSION_PROVING] = ENDS | TO(SESSION_READY),
	[SESSION_READY] = ENDS,
	[SESSION_AWAY] = TO(SESSION_CONNECTING) | TO(SESSION_CLOSING) |
	    TO(SESSION_CLOSED),
	[SESSION_AGAIN] = TO(SESSION_CONNECTING) | TO(SESSION_CLOSING) |
	    TO(SESSION_CLOSED),
	[SESSION_CLOSING] = TO(SESSION_CLOSED),
	[SESSION_CLOSED] = 0,
};

_Static_assert(COUNT(state_next) == SESSION_CLOSED + 1 &&
    COUNT(state_names) == SESSION_CLOSED + 1, "a state without moves");

void
session_set_state(struct session *s, enum session_state state)
{
	static const struct kind	 k = { "session", state_names,
					    state_next };

	if (may_set(s, &k, s->state, state))
		s->state = state;
}

/*
 * Stream management (XEP-0198), on the session's side; what is counted is in
 * sm.c
 */

static const char *const sm_names[] = {
	[SESSION_SM_NONE] = "not offered",
	[SESSION_SM_OFFERED] = "offered",
	[SESSION_SM_GIVEN_UP] = "given up",
};

static const unsigned sm_next[] = {
	[SESSION_SM_NONE] = TO(SESSION_SM_OFFERED) | TO(SESSION_SM_GIVEN_UP),
	[SESSION_SM_OFFERED] = TO(SESSION_SM_NONE) | TO(SESSION_SM_GIVEN_UP),
	[SESSION_SM_GIVEN_UP] = 0,
};

void
session_set_sm(struct session *s, enum session_sm sm)
{
	static const struct kind	 k = { "stream management", sm_names,
					    sm_next };

	if (may_set(s, &k, s->offers_sm, sm))
		s->offers_sm = sm;
}

/*
 * Telling the server before it asks (XEP-0305)
 */

static const char *const early_names[] = {
	[EARLY_OFF] = "off",
	[EARLY_ON] = "on",
	[EARLY_READY] = "ready",
};

static const unsigned early_next[] = {
	[EARLY_OFF] = TO(EARLY_ON),
	[EARLY_ON] = TO(EARLY_OFF) | TO(EARLY_READY),
	[EARLY_READY] = TO(EARLY_OFF) | TO(EARLY_ON),
};

void
session_set_early(struct session *s, enum early_phase early)
{
	static const struct kind	 k = { "early", early_names,
					    early_next };

	if (may_set(s, &k, s->early, early))
		s->early = early;
}

static const char *const trust_names[] = {
	[EARLY_UNTRIED] = "untried",
	[EARLY_BORNE] = "borne",
	[EARLY_PAUSED] = "paused",
	[EARLY_HARMFUL] = "harmful",
};

/* A program that has once ceased to hurry does not begin again. */
static const unsigned trust_next[] = {
	[EARLY_UNTRIED] = TO(EARLY_BORNE) | TO(EARLY_PAUSED) |
	    TO(EARLY_HARMFUL),
	[EARLY_BORNE] = TO(EARLY_PAUSED) | TO(EARLY_HARMFUL),
	[EARLY_PAUSED] = 0,
	[EARLY_HARMFUL] = 0,
};

void
session_set_trust(struct session *s, enum early_trust trust)
{
	static const struct kind	 k = { "early trust", trust_names,
					    trust_next };

	if (may_set(s, &k, s->trust, trust))
		s->trust = trust;
}

/*
 * SASL2: tokens (XEP-0484), and what is asked for in the login's round trip
 * (XEP-0386, XEP-0198)
 */

static const char *const token_names[] = {
	[TOKEN_USE_USABLE] = "usable",
	[TOKEN_USE_REFUSED] = "refused",
	[TOKEN_USE_OVER] = "over",
};

static const unsigned token_next[] = {
	[TOKEN_USE_USABLE] = TO(TOKEN_USE_REFUSED) | TO(TOKEN_USE_OVER),
	[TOKEN_USE_REFUSED] = TO(TOKEN_USE_OVER),
	[TOKEN_USE_OVER] = 0,
};

void
session_set_tokens(struct session *s, enum token_use use)
{
	static const struct kind	 k = { "tokens", token_names,
					    token_next };

	if (may_set(s, &k, s->tokens, use))
		s->tokens = use;
}

static const char *const inline_names[] = {
	[SASL2_INLINE_NONE] = "nothing",
	[SASL2_INLINE_BIND] = "bind",
	[SASL2_INLINE_RESUME] = "resume",
	[SASL2_INLINE_DONE] = "done",
};

static const unsigned inline_next[] = {
	[SASL2_INLINE_NONE] = TO(SASL2_INLINE_BIND) | TO(SASL2_INLINE_RESUME),
	[SASL2_INLINE_BIND] = TO(SASL2_INLINE_NONE) |
	    TO(SASL2_INLINE_RESUME) | TO(SASL2_INLINE_DONE),
	[SASL2_INLINE_RESUME] = TO(SASL2_INLINE_NONE) |
	    TO(SASL2_INLINE_BIND) | TO(SASL2_INLINE_DONE),
	[SASL2_INLINE_DONE] = TO(SASL2_INLINE_NONE),
};

void
session_set_inline(struct session *s, enum sasl2_inline asked)
{
	static const struct kind	 k = { "inline", inline_names,
					    inline_next };

	if (may_set(s, &k, s->inlined, asked))
		s->inlined = asked;
}

/*
 * The address that the next login is for
 */

static const char *const aim_names[] = {
	[REBIND_HOME] = "home",
	[REBIND_RETURN] = "return",
	[REBIND_ANY] = "any",
	[REBIND_FOREIGN] = "foreign",
	[REBIND_FOREIGN_LAST] = "foreign, at last",
};

static const unsigned aim_next[] = {
	[REBIND_HOME] = TO(REBIND_RETURN) | TO(REBIND_ANY) |
	    TO(REBIND_FOREIGN),
	[REBIND_RETURN] = TO(REBIND_HOME) | TO(REBIND_ANY) |
	    TO(REBIND_FOREIGN),
	[REBIND_ANY] = TO(REBIND_HOME) | TO(REBIND_FOREIGN),
	[REBIND_FOREIGN] = TO(REBIND_FOREIGN_LAST),
	[REBIND_FOREIGN_LAST] = TO(REBIND_FOREIGN),
};

void
session_set_aim(struct session *s, enum rebind_aim aim)
{
	static const struct kind	 k = { "address", aim_names,
					    aim_next };

	if (may_set(s, &k, s->aim, aim))
		s->aim = aim;
}
