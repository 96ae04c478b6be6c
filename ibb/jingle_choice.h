/*
 * jingle_choice: which of the candidates of both ends of a Jingle session
 * carries the stream (XEP-0260 sections 2.3 and 2.4).
 *
 * Each end connects to the candidates of the other one, and says by which it
 * got through, or that it got through to none.  When both have said so, both
 * know which one it is.
 */
#ifndef IBB_JINGLE_CHOICE_H
#define IBB_JINGLE_CHOICE_H

#include <stddef.h>
#include <stdint.h>

#include "ibb/jingle.h"
#include "xml/check.h"

/* What an end has said. */
enum jingle_vote {
	JINGLE_VOTE_OPEN,
	JINGLE_VOTE_USED,
	JINGLE_VOTE_ERROR
};

enum jingle_outcome {
	JINGLE_UNDECIDED,
	JINGLE_USE_OURS,	/* a candidate of ours: the peer is connected */
	JINGLE_USE_THEIRS,	/* a candidate of the peer's: we are */
	JINGLE_USE_NONE
};

struct jingle_choice {
	int		 initiator;	/* of the session, we are */
	struct jingle_candidate ours[S5B_HOSTS], theirs[S5B_HOSTS];
	size_t		 nours, ntheirs;
	enum jingle_vote we, they;
	size_t		 we_use;	/* of theirs */
	size_t		 they_use;	/* of ours */
};

/* Our candidates, the best first: what streamhosts_list() gives for our JID,
 * own addresses and proxies; but none that is also in theirs (XEP-0260 section
 * 2.2).  A cid is made for each. */
void	 jingle_choice_offer(struct jingle_choice *c, const char *jid,
	    const struct streamhost *hosts, size_t n);
/* We got through to number which of theirs. */
void	 jingle_choice_use(struct jingle_choice *c, size_t which);
/* We got through to none. */
void	 jingle_choice_fail(struct jingle_choice *c);
/* The peer says this (JINGLE_CANDIDATE_USED or JINGLE_CANDIDATE_ERROR).  0, or
 * -1 if it has said so before, or names a candidate that is none of ours. */
int	 jingle_choice_hear(struct jingle_choice *c, enum jingle_says says,
	    const char *cid) MUST_CHECK;
/* How many of theirs, from the first on, are still worth a try: the others
 * would lose against the one that the peer got through to. */
size_t	 jingle_choice_worth(const struct jingle_choice *c);
/* What has been decided, and for which of the candidates of that end. */
enum jingle_outcome jingle_choice_outcome(const struct jingle_choice *c,
	    size_t *which);

#endif
