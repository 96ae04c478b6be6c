/*
 * jingle_socket: a socket between the two ends of a Jingle session (XEP-0260):
 * both offer candidates, both connect to those of the other end, and one of
 * these connections is used.
 *
 * What has to be said goes through the owner, who knows the session; which
 * candidate it is, ibb/jingle_choice.h decides.
 */
#ifndef NET_S5B_JINGLE_SOCKET_H
#define NET_S5B_JINGLE_SOCKET_H

#include "ibb/jingle.h"
#include "ibb/jingle_session.h"
#include "xml/check.h"

struct iq_table;
struct jingle_socket;
struct loop;
struct resolver;
struct streamhosts;

struct jingle_socket_conf {
	struct loop	*loop;
	struct resolver	*resolver;
	struct iq_table	*iqs;
	struct streamhosts *streamhosts;
	const char	*peer;		/* full JID; copied, as the sid is */
	const char	*sid;		/* of the stream */
	int		 initiator;	/* of the session, we are */
	int		 writes;	/* we are the sender of the file */
};

/* What the owner is told, from the loop; arg is passed to all.  The object may
 * be freed in each of them. */
struct jingle_socket_user {
	/* Our candidates are known: jingle_socket_offer() has them. */
	void	(*ready)(void *arg);
	/* Say this to the peer, by a transport-info. */
	void	(*say)(void *arg, enum jingle_says says, const char *cid);
	/* fd, which is the owner's, leads to the peer, through this proxy or
	 * (NULL) directly; it can be written to at once. */
	void	(*stands)(void *arg, int fd, const char *proxy);
	/* There is no socket, for this reason; the peer knows that, too. */
	void	(*failed)(void *arg, const char *why);
};

/* Find out what we can offer; theirs, which may be NULL, are the candidates of
 * a peer that has offered already.  NULL when out of memory. */
struct jingle_socket *jingle_socket_new(const struct jingle_socket_conf *conf,
	    const struct jingle_transport *theirs,
	    const struct jingle_socket_user *user, void *arg);
/* End it.  NULL is fine. */
void	 jingle_socket_free(struct jingle_socket *js);

/* What we offer, once ready() was called; valid as long as js is. */
struct jingle_offer jingle_socket_offer(const struct jingle_socket *js);
/* Both ends have accepted the session: connect to the peer's candidates, those
 * in t (NULL: none but those that are known). */
void	 jingle_socket_begin(struct jingle_socket *js,
	    const struct jingle_transport *t);
/* The peer says this.  0, or -1 if it makes no sense. */
int	 jingle_socket_hear(struct jingle_socket *js,
	    const struct jingle_transport *t) MUST_CHECK;

#endif
