/*
 * jingle_int: what the two files of a Jingle session share: jingle_session.c,
 * what we say, and jingle_input.c, what comes.
 */
#ifndef IBB_JINGLE_INT_H
#define IBB_JINGLE_INT_H

#include "ibb/jingle_session.h"

struct xw;

struct jingles {
	struct iq_table		*iqs;
	struct jingles_host	 host;
	TAILQ_HEAD(, jingle_session) sessions;
};

/* The one place where a state changes; the host traces it.  0, or -1 and
 * nothing has changed, if there is no such move. */
int	 jingle_set_state(struct jingle_session *s, enum jingle_state state);
/* Start a stanza of the session with this action. */
struct xw *jingle_begin(struct jingle_session *s, enum jingle_action action);
/* The content of the session, with its present transport. */
struct jingle_out jingle_out_of(const struct jingle_session *s);
/* Say that the transport that the peer wants is taken. */
void	 jingle_accept_transport(struct jingle_session *s);

#endif
