/*
 * upgrade: a socket for a stream (XEP-0065; xcat-protocol(7), Sockets, for
 * streams that have begun in-band): when one is wanted, how the two ends agree
 * on it, and what happens to it until it ends.
 *
 * The owner of a stream makes an upgrade for it, and calls upgrade_check()
 * after each change of the stream, and when changed() asks for it.  The
 * upgrade does the rest: the caller's offers a socket when the stream is old
 * or busy enough, the listener's connects to what is offered; a socket that
 * breaks is followed by another one, and meanwhile bytes go in-band.
 *
 * A struct upgrades is what the upgrades of one login share.
 */
#ifndef NET_S5B_UPGRADE_H
#define NET_S5B_UPGRADE_H

#include <stdint.h>

#include "xml/check.h"
#include "xml/stanza.h"

struct dispatch;
struct iq_table;
struct loop;
struct resolver;
struct s5b_offer;
struct stream;
struct streamhosts;
struct upgrade;
struct upgrades;

struct upgrades_conf {
	struct loop	*loop;
	struct resolver	*resolver;
	struct iq_table	*iqs;		/* of the login that stands */
	struct dispatch	*dispatch;	/* where stanzas for them come from */
	struct streamhosts *streamhosts; /* logged in, too */
	uint64_t	 after;		/* bytes that make a stream worth a
					 * socket, however young it is */
};

/* What the upgrades ask their owner; arg is passed to all. */
struct upgrades_host {
	/* The upgrade of the stream with this peer (a full JID) and sid, made
	 * now if it has none yet.  NULL: there is no stream like that. */
	struct upgrade *(*find)(void *arg, const char *peer, const char *sid);
	/* May this peer offer a stream over a socket alone? */
	int	(*opens)(void *arg, const char *peer);
	/* A peer that may do so offers one: refuse it, or give it to
	 * upgrade_take(). */
	void	(*offered)(void *arg, struct s5b_offer *o);
	/* Is the server away for now? */
	int	(*away)(void *arg);
	/* A socket broke, or seems to be broken, so that our way to the server
	 * may be, too.  May be NULL. */
	void	(*broke)(void *arg);
	/* Is the run about to end, so that nothing new is begun? */
	int	(*ending)(void *arg);
	void	*arg;
};

/* conf and host are copied; what conf points to must outlive the object.  NULL
 * when out of memory. */
struct upgrades *upgrades_new(const struct upgrades_conf *conf,
	    const struct upgrades_host *host);
/* There must be no upgrade left.  NULL is fine. */
void	 upgrades_free(struct upgrades *us);

/*
 * The upgrade of this stream, which has to outlive it; listener: the peer
 * called.  changed(arg) is called when upgrade_check() has to be.  Nothing is
 * begun yet.  NULL when out of memory.
 */
struct upgrade *upgrade_new(struct upgrades *us, struct stream *stream,
	    int listener, void (*changed)(void *arg), void *arg);
/* Close the socket; refuse an offer that is not answered yet.  NULL is fine. */
void	 upgrade_free(struct upgrade *u);

/* Something about the stream or the upgrade has changed: offer a socket if it
 * is time for one, or see to the one there is. */
void	 upgrade_check(struct upgrade *u);
/* Is a socket being looked for, or a better one, or about to be, for the first
 * time? */
int	 upgrade_seeks(const struct upgrade *u);
/* Where the socket leads, for people: "direct, 192.0.2.1 port 4000"; NULL:
 * there is none. */
const char *upgrade_where(const struct upgrade *u);
/* Does the socket lead to the peer directly? */
int	 upgrade_is_direct(const struct upgrade *u);
/* Why nothing came of the last try, for people; "" if none has failed. */
const char *upgrade_why(const struct upgrade *u);
/* Offer a socket now, to the peer of a stream over a socket alone.  If that
 * comes to nothing, the stream fails with stream_refused(). */
void	 upgrade_call(struct upgrade *u);
/* Own the offer of a stream over a socket alone (o->hosts, too), for
 * upgrade_accept() or upgrade_refuse().  0, or -1 when out of memory: the offer
 * stays the caller's. */
int	 upgrade_take(struct upgrade *u, struct s5b_offer *o) MUST_CHECK;
/*
 * Own a socket for a stream over a socket alone, which was agreed on elsewhere,
 * and leads to the peer through this proxy (NULL: directly): it carries the
 * stream from upgrade_accept() on.  0, or -1 when out of memory: fd is closed.
 */
int	 upgrade_take_socket(struct upgrade *u, int fd, const char *proxy)
	    MUST_CHECK;
/* Does u wait for upgrade_accept() or upgrade_refuse()?  NULL does not. */
int	 upgrade_offered(const struct upgrade *u);
/* Connect to what was offered (XEP-0065 section 5.3.2), or use the socket that
 * was given. */
void	 upgrade_accept(struct upgrade *u);
/* Refuse what was offered, with a reason for the peer's user (may be NULL), if
 * it is not answered yet.  NULL is fine. */
void	 upgrade_refuse(struct upgrade *u, enum stanza_error err,
	    const char *text);

#endif
