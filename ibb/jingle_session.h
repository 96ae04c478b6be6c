/*
 * jingle_session: a Jingle session (XEP-0166) about one file, as one of its two
 * ends sees it: which stanza may come when, what it is answered with, and what
 * its user is told.  No descriptors.
 *
 * A struct jingles has the sessions of one login.  The user of a session says
 * what is to be sent; every stanza that comes out of turn, or for no session,
 * is answered here and goes no further.
 */
#ifndef IBB_JINGLE_SESSION_H
#define IBB_JINGLE_SESSION_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ibb/inband.h"
#include "ibb/jingle.h"
#include "xml/check.h"
#include "xml/jid.h"

struct elem;
struct iq_table;

enum jingle_state {
	JINGLE_NEW,		/* of ours: not offered yet */
	JINGLE_OFFERED,		/* by one of the two, not accepted yet */
	JINGLE_ACTIVE,
	JINGLE_ENDED
};

/* Is another transport to take the place of the present one? */
enum jingle_replacing {
	JINGLE_KEEPS,
	JINGLE_REPLACES		/* we have asked for that */
};

struct jingle_session;

/* What the user of a session is told; arg is passed to all.  The stanza that
 * says so has been answered.  A session may be freed in each of them. */
struct jingle_user {
	/* The peer has taken the offer: the range and the transport as it has
	 * them. */
	void	(*accepted)(void *arg, const struct jingle_content *c);
	/* The offer could not be made: it was answered with this error, or not
	 * at all (SE_NONE).  The session has ended. */
	void	(*refused)(void *arg, enum stanza_error err, const char *text);
	/* The peer says something of a transport by XEP-0260.  0, or -1 if that
	 * makes no sense: then it is answered with bad-request. */
	int	(*said)(void *arg, const struct jingle_transport *t);
	/* An in-band transport has taken the place of the old one: session->
	 * stream and block are its; ours: at our wish. */
	void	(*replaced)(void *arg, int ours);
	/* The peer does not want the transport that we have asked for. */
	void	(*kept)(void *arg);
	/* The peer says what the hash of the file is. */
	void	(*checksum)(void *arg, const struct si_file *f);
	/* The peer says that it has received the file. */
	void	(*received)(void *arg);
	/* The peer has ended the session. */
	void	(*ended)(void *arg, enum jingle_reason reason,
		    const char *text);
};

struct jingle_session {
	struct jingles	*owner;
	const struct jingle_user *user;
	void		*arg;
	int		 initiator;		/* we are */
	enum jingle_state state;
	enum jingle_replacing replacing;
	int		 streams;		/* the user's: its stream is
						 * there, and the transport is
						 * not replaced any more */
	char		 peer[JID_MAX];		/* full JID */
	char		 sid[JINGLE_SID_MAX + 1];
	int		 by_responder;		/* the content's creator, */
	char		 name[JINGLE_SID_MAX + 1];	/* and its name */
	enum jingle_kind kind;			/* of the transport */
	char		 stream[JINGLE_SID_MAX + 1];	/* its sid */
	size_t		 block;			/* in-band: bytes */
	size_t		 block_most;		/* that we take, or offer */
	TAILQ_ENTRY(jingle_session) next;
};

/* What the sessions of a login ask their owner; arg is passed to all. */
struct jingles_host {
	/* May this peer offer files?  0: it is answered as by a client that
	 * knows nothing of Jingle. */
	int	(*opens)(void *arg, const char *peer);
	/* A peer that may do so offers a file, by a transport that we know:
	 * jingle_session_take() or jingles_decline() answers it. */
	void	(*offered)(void *arg, const struct jingle *j);
	/* The state of a session changes: a line for -vv.  May be NULL. */
	void	(*trace)(void *arg, const struct jingle_session *s,
		    const char *from, const char *to);
	void	*arg;
};

/* No sessions yet; iqs has to outlive them.  host (copied) may be NULL: nothing
 * is taken.  NULL when out of memory. */
struct jingles *jingles_new(struct iq_table *iqs,
	    const struct jingles_host *host);
/* There must be no session left.  NULL is fine. */
void	 jingles_free(struct jingles *js);
/* End all sessions for this reason; their users are not told. */
void	 jingles_end(struct jingles *js, enum jingle_reason reason);
/* Take <jingle/> that came in this iq.  1, and it is answered; or 0: it is to
 * be answered as any client answers what it does not know. */
int	 jingles_input(struct jingles *js, const struct elem *iq,
	    const struct elem *jingle);

/* Answer an offer with a result, and end its session at once for this reason,
 * with a text for the peer's user (may be NULL). */
void	 jingles_decline(struct jingles *js, const struct jingle *j,
	    enum jingle_reason reason, const char *text);

/* A session that we begin with peer, a full JID; NULL when out of memory. */
struct jingle_session *jingle_session_new(struct jingles *js, const char *peer,
	    const struct jingle_user *user, void *arg);
/* A session out of an offer, which is answered with a result now.  NULL when
 * out of memory: the offer is refused. */
struct jingle_session *jingle_session_take(struct jingles *js,
	    const struct jingle *j, const struct jingle_user *user, void *arg);
/* Free it, ending it with JINGLE_CANCEL if it has not ended.  NULL is fine. */
void	 jingle_session_free(struct jingle_session *s);

/* The transport of an offer or its answer: in-band, in blocks of this size; or
 * for block 0 by XEP-0260 with these candidates. */
struct jingle_offer {
	size_t		 block;
	const char	*dstaddr;
	const struct jingle_candidate *candidates;
	size_t		 n;
};

/* Offer this file; the answer has to come by deadline, monotonic milliseconds.
 * 0, or -1 if it cannot be sent. */
int	 jingle_session_offer(struct jingle_session *s, const struct si_file *f,
	    const char *mime, const struct jingle_offer *o, int64_t deadline)
	    MUST_CHECK;
/* Accept what was offered: f as it was described, from offset on.  0 or -1. */
int	 jingle_session_accept(struct jingle_session *s,
	    const struct si_file *f, uint64_t offset,
	    const struct jingle_offer *o) MUST_CHECK;
/* Say this of the transport (XEP-0260); cid may be NULL. */
void	 jingle_session_say(struct jingle_session *s, enum jingle_says says,
	    const char *cid);
/* Ask for an in-band transport instead.  0, or -1 if it cannot be sent. */
int	 jingle_session_replace(struct jingle_session *s, size_t block)
	    MUST_CHECK;
/* Say that the file has been received (XEP-0234 section 7.1). */
void	 jingle_session_received(struct jingle_session *s);
/* End it for this reason, with a text for the peer's user (may be NULL).
 * Nothing is sent of a session that has ended, or has not begun. */
void	 jingle_session_end(struct jingle_session *s,
	    enum jingle_reason reason, const char *text);

#endif
