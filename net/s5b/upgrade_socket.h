/*
 * upgrade_socket: a connected socket that carries a stream, beside its in-band
 * bytestream or alone: bytes between the two, the once-a-second reports to the
 * peer, and the signs that it has broken.
 *
 * How the socket came about does not matter here.
 */
#ifndef NET_S5B_UPGRADE_SOCKET_H
#define NET_S5B_UPGRADE_SOCKET_H

#include "ibb/carrier.h"

struct loop;
struct stream;
struct upgrade_socket;

struct upgrade_socket_conf {
	struct loop	*loop;
	struct stream	*stream;	/* has to outlive the socket */
	unsigned	 number;	/* among the stream's sockets */
	int		 ready;		/* as for stream_socket() */
	enum carrier_version version;	/* that the ends have agreed on */
	const char	*proxy;		/* that it goes through; NULL: none */
	/* Is the server away, so that the peer cannot report what has come? */
	int		(*away)(void *arg);
	/* Nothing has moved for a while, though something of ours is on its
	 * way: the network may be gone.  May be NULL. */
	void		(*doubted)(void *arg);
	/* upgrade_socket_check() is to be called. */
	void		(*changed)(void *arg);
	void		*arg;
};

enum upgrade_socket_fate {
	UPGRADE_SOCKET_STANDS,
	UPGRADE_SOCKET_LOST,	/* the stream goes on without it */
	UPGRADE_SOCKET_ONE_WAY,	/* lost, since its proxy relays in one
				 * direction only */
	UPGRADE_SOCKET_DONE	/* it has ended, as the stream is about to */
};

/*
 * Join the stream to fd, which becomes the socket's, and is closed also if that
 * fails.  NULL if the stream does not want it any more, or out of memory: then
 * the stream fails with stream_starve().
 */
struct upgrade_socket *upgrade_socket_new(
	    const struct upgrade_socket_conf *conf, int fd);
/* Close it.  A socket alone whose stream has not closed is reset, since it has
 * no other way to say that it broke.  NULL is fine. */
void	 upgrade_socket_free(struct upgrade_socket *s);

/* Look what has become of it.  If it no longer stands, it is to be freed. */
enum upgrade_socket_fate upgrade_socket_check(struct upgrade_socket *s);
/* Why it was lost, for people. */
const char *upgrade_socket_why(const struct upgrade_socket *s);
/* Where it leads, for people: "direct, 192.0.2.1 port 4000". */
const char *upgrade_socket_where(const struct upgrade_socket *s);

#endif
